//! What packages are for.

use std::collections::HashMap;
use std::fmt;

use super::super::metadata::{DependencyKind, Metadata};
use super::super::source::Source;
use super::super::{Graph, PackageIdx};
use super::{Platforms, Request, SelectionError, Unit, UnitIdx, Units};

/// What a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is linked into what is shipped.
    Runtime,
    /// A build script needs it.
    Build,
    /// It is a procedural macro, or one needs it.
    ProcMacro,
    /// Tests, examples or benchmarks need it.
    Dev,
    /// It would be built for another platform.
    OtherTarget,
    /// Nothing that is selected has it on, on any platform.
    Disabled,
}

impl Role {
    /// All of them, in the order of the document.
    pub const ALL: [Self; 6] = [
        Self::Runtime,
        Self::Build,
        Self::ProcMacro,
        Self::Dev,
        Self::OtherTarget,
        Self::Disabled,
    ];

    /// The name in the JSON document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Build => "build",
            Self::ProcMacro => "proc-macro",
            Self::Dev => "dev",
            Self::OtherTarget => "other-target",
            Self::Disabled => "disabled",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The roles of a package; there is at least one, if anything is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Whether it has a role.
    #[must_use]
    pub fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether there is one, and each is one of these.
    #[must_use]
    pub fn are_among(self, some: &[Role]) -> bool {
        self.0 != 0 && self.iter().all(|role| some.contains(&role))
    }

    /// Whether it is for tests only, or built by nothing.
    #[must_use]
    pub fn are_never_shipped(self) -> bool {
        self.are_among(&[Role::Dev, Role::Disabled])
    }

    /// Its roles, in the order of the document.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .into_iter()
            .filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

/// The roles of all packages, in the metadata's order. What tests need is looked at whether the
/// request has them or not. Where the request names no platforms, what others than the host need is
/// [`Role::OtherTarget`]; where it does, nothing is built for others.
///
/// # Errors
/// [`SelectionError`] where what was asked for is not there.
pub fn roles(metadata: &Metadata, request: &Request<'_>) -> Result<Vec<Roles>, SelectionError> {
    let mut roles = vec![Roles::default(); metadata.packages.len()];
    let mut add = |units: &Units, role: &dyn Fn(State) -> Option<Role>, only_new: bool| {
        let before = roles.clone();
        for (unit, states) in units.units().iter().zip(states(units)) {
            let has_none = before.get(unit.package.get()) == Some(&Roles::default());
            if only_new && !has_none {
                continue;
            }
            let Some(roles) = roles.get_mut(unit.package.get()) else {
                continue;
            };
            // A macro that a build script uses is for both.
            if unit.is_proc_macro && role(State::ProcMacro) == Some(Role::ProcMacro) {
                roles.0 |= Role::ProcMacro.bit();
            }
            for state in State::ALL {
                if states & state.bit() != 0
                    && let Some(role) = role(state)
                {
                    roles.0 |= role.bit();
                }
            }
        }
    };
    let of = |dev, targets| {
        let request = Request {
            dev,
            targets,
            ..request.clone()
        };
        Units::resolve(metadata, &request)
    };
    add(&of(false, request.targets)?, &State::role, false);
    let dev_only = |state: State| (state == State::Dev).then_some(Role::Dev);
    add(&of(true, request.targets)?, &dev_only, false);
    if request.targets == Platforms::Only(&[]) {
        let all = of(true, Platforms::All)?;
        add(&all, &|_| Some(Role::OtherTarget), true);
    }
    for roles in &mut roles {
        if roles.0 == 0 {
            roles.0 = Role::Disabled.bit();
        }
    }
    Ok(roles)
}

/// The roles of the packages of a lockfile's graph, in its order: what metadata of all features and
/// platforms does not have, nothing builds. Of partial metadata that is not known.
#[must_use]
pub fn of_lockfile(
    graph: &Graph,
    metadata: &Metadata,
    roles: &[Roles],
    is_partial: bool,
) -> Vec<Roles> {
    let absent = match is_partial {
        true => Roles::default(),
        false => Roles::from_iter([Role::Disabled]),
    };
    let found = counterparts(graph, metadata).into_iter();
    found
        .map(|found| {
            let known = found.iter().filter_map(|index| roles.get(index.get()));
            match found.is_empty() {
                true => absent,
                false => Roles(known.fold(0, |bits, roles| bits | roles.0)),
            }
        })
        .collect()
}

/// Which packages of the metadata each package of a lockfile's graph is, in that one's order: mostly
/// one; none of those that nothing builds.
#[must_use]
pub fn counterparts(graph: &Graph, metadata: &Metadata) -> Vec<Vec<PackageIdx>> {
    let mut known: HashMap<_, Vec<PackageIdx>> = HashMap::new();
    for (index, package) in metadata.iter() {
        let source = package.source.as_deref().map(Source::without_commit);
        let key = (&*package.name, &package.version, source);
        known.entry(key).or_default().push(index);
    }
    let packages = graph.packages().iter();
    packages
        .map(|package| {
            let source = package.source.as_deref().map(Source::without_commit);
            let key = (&*package.name, &package.version, source);
            known.get(&key).cloned().unwrap_or_default()
        })
        .collect()
}

/// On which way a unit was come to: what was left behind last of what ships is what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Runtime,
    Build,
    ProcMacro,
    Dev,
}

impl State {
    const ALL: [Self; 4] = [Self::Runtime, Self::Build, Self::ProcMacro, Self::Dev];

    fn bit(self) -> u8 {
        1 << self as u8
    }

    fn role(self) -> Option<Role> {
        Some(match self {
            Self::Runtime => Role::Runtime,
            Self::Build => Role::Build,
            Self::ProcMacro => Role::ProcMacro,
            Self::Dev => Role::Dev,
        })
    }

    /// The way goes on: the first step away from what ships decides.
    fn then(self, kind: DependencyKind, to: &Unit) -> Self {
        match (self, kind) {
            (Self::Runtime, DependencyKind::Dev) => Self::Dev,
            (Self::Runtime, DependencyKind::Build) => Self::Build,
            (Self::Runtime, DependencyKind::Normal) if to.is_proc_macro => Self::ProcMacro,
            (state, _) => state,
        }
    }
}

/// By unit: the ways on which it is come to, as bits.
fn states(units: &Units) -> Vec<u8> {
    let mut found = vec![0_u8; units.units().len()];
    let mut todo: Vec<(UnitIdx, State)> = units
        .iter()
        .filter(|(_, unit)| unit.is_root)
        // A member that is a procedural macro is shipped as such, with what it is made of.
        .map(|(index, _)| (index, State::Runtime))
        .collect();
    while let Some((index, state)) = todo.pop() {
        let Some(bits) = found.get_mut(index.get()) else {
            continue;
        };
        if *bits & state.bit() != 0 {
            continue;
        }
        *bits |= state.bit();
        let unit = units.get(index);
        for edge in unit.into_iter().flat_map(|unit| &unit.dependencies) {
            if let Some(to) = units.get(edge.to) {
                // Of a member that is a procedural macro, tests are still tests.
                let state = match (unit, edge.kind) {
                    (Some(unit), DependencyKind::Dev) if unit.is_root => State::Dev,
                    _ => state.then(edge.kind, to),
                };
                todo.push((edge.to, state));
            }
        }
    }
    found
}
