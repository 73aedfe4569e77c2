//! Units: each package as often as a build has it, with the features that it has there.
//!
//! Cargo builds a package for the *host*, where build scripts and procedural macros run, and for
//! the *target*, what is shipped, and with resolver 2 each of the two has features of its own.
//! The metadata has one set of features for both and for everything; so the set of each unit is
//! worked out here, as cargo's `FeatureResolver` does
//! (<https://doc.rust-lang.org/cargo/reference/resolver.html#features>), and dependencies are
//! followed as its `unit_dependencies` and `cargo tree` do.
//!
//! *Invariants.* Every index is of a unit, or of a package of the metadata that it was made from. A
//! unit is there once per (package, host). What could not be decided is a [`UnitProblem`].

mod edges;
mod features;
mod roles;
mod selection;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::PackageIdx;
use super::metadata::{DependencyKind, Metadata, Target};
use crate::cfg::CfgSet;
use edges::Edges;
use features::{Activated, World};

pub use roles::{Role, Roles, counterparts, of_lockfile, roles};
pub use selection::{FeatureFlags, Selected, SelectionError};

/// How features are unified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolver {
    /// One set of features for all: host and target, tests, and all platforms.
    V1,
    /// Host and target apart; tests and other platforms only where they take part. Resolver 3 is
    /// the same where features are concerned.
    #[default]
    V2,
}

impl Resolver {
    /// What a root manifest asks for: by `resolver`, or by the edition of its package; a virtual
    /// manifest has none.
    #[must_use]
    pub fn of_manifest(resolver: Option<&str>, edition: Option<&str>) -> Self {
        match (resolver, edition) {
            (Some("1"), _) => Self::V1,
            (Some(_), _) => Self::V2,
            (None, None | Some("2015" | "2018")) => Self::V1,
            (None, Some(_)) => Self::V2,
        }
    }
}

/// A platform: what a compiler sets for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platform {
    /// Its triple.
    pub triple: Box<str>,
    /// What `rustc --print cfg` prints.
    pub cfg: CfgSet,
}

/// What it is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platforms<'a> {
    /// For every platform at once, as `--target all` of `cargo tree`.
    All,
    /// For these; what one of them has, it has. Without one, for the host.
    Only(&'a [Platform]),
}

/// What is built.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// How features are unified.
    pub resolver: Resolver,
    /// Which members.
    pub selected: Selected,
    /// With which features.
    pub features: FeatureFlags,
    /// Whether tests, examples and benchmarks take part, and their dependencies with them.
    pub dev: bool,
    /// Where it is built.
    pub host: &'a Platform,
    /// What it is built for.
    pub targets: Platforms<'a>,
}

/// A unit's place in [`Units::units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitIdx(u32);

impl UnitIdx {
    fn new(index: usize) -> Self {
        // At most two for each package, whose indices are as wide; see `PackageIdx`.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place in [`Units::units`].
    #[must_use]
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// A package as a build has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The package.
    pub package: PackageIdx,
    /// Whether it is built for the host: a procedural macro, a dependency of one, or of a build
    /// script. A build script itself has the features of the unit that it belongs to.
    pub host: bool,
    /// Whether its package is one of procedural macros.
    pub is_proc_macro: bool,
    /// Whether the build was asked for it.
    pub is_root: bool,
    /// Whether it is compiled: not if only an edge that is not used leads to it.
    pub is_built: bool,
    /// Its features, sorted.
    pub features: Vec<Arc<str>>,
    /// What it depends on, sorted by unit, kind and name.
    pub dependencies: Vec<UnitEdge>,
}

impl Unit {
    /// Whether a feature is on.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        let found = self.features.binary_search_by(|key| (**key).cmp(name));
        found.is_ok()
    }
}

/// That a unit depends on another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitEdge {
    /// On which.
    pub to: UnitIdx,
    /// By which table. A build dependency is the build script's.
    pub kind: DependencyKind,
    /// The name by which the code calls it.
    pub name: Arc<str>,
    /// Whether it is only there because a feature turned it on.
    pub optional: bool,
    /// Whether something is compiled with it. A build dependency is not used where there is no
    /// build script, nor a test's where a member is built only for others to depend on; `cargo tree`
    /// shows those, too.
    pub is_used: bool,
}

/// What could not be decided. Each becomes a gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitProblem {
    /// The metadata does not say what an active dependency has become: mostly a package without a
    /// library.
    Unresolved {
        /// Who depends.
        package: PackageIdx,
        /// The dependency's key.
        dependency: Box<str>,
    },
    /// A dependency could be several packages; all are taken.
    Ambiguous {
        /// Who depends.
        package: PackageIdx,
        /// The dependency's key.
        dependency: Box<str>,
    },
    /// A platform's condition can't be read; the dependency is taken as active.
    Platform {
        /// Who depends.
        package: PackageIdx,
        /// The condition.
        text: Box<str>,
    },
    /// A dependency on a program or other artifact. Its library is followed, as if it were asked
    /// for.
    Artifact {
        /// Who depends.
        package: PackageIdx,
        /// The dependency's key.
        dependency: Box<str>,
    },
    /// A feature that is turned on and that its package does not have.
    Feature {
        /// The package.
        package: PackageIdx,
        /// The feature.
        feature: Box<str>,
    },
}

impl UnitProblem {
    /// The package that it is about.
    #[must_use]
    pub fn package(&self) -> PackageIdx {
        match self {
            Self::Unresolved { package, .. }
            | Self::Ambiguous { package, .. }
            | Self::Platform { package, .. }
            | Self::Artifact { package, .. }
            | Self::Feature { package, .. } => *package,
        }
    }
}

impl fmt::Display for UnitProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved { dependency, .. } => write!(
                f,
                "cargo does not say which package its dependency `{dependency}` is"
            ),
            Self::Ambiguous { dependency, .. } => write!(
                f,
                "its dependency `{dependency}` could be several packages; all were taken"
            ),
            Self::Platform { text, .. } => write!(
                f,
                "the platform `{text}` of a dependency can't be read; it was taken as built"
            ),
            Self::Artifact { dependency, .. } => write!(
                f,
                "its dependency `{dependency}` is on an artifact, which is not followed"
            ),
            Self::Feature { feature, .. } => write!(
                f,
                "its feature `{feature}` is turned on, but it has none of that name"
            ),
        }
    }
}

/// The units of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    units: Vec<Unit>,
    /// By package: the unit for the target, and that for the host.
    places: Vec<[Option<UnitIdx>; 2]>,
    /// Where `cargo tree` begins.
    roots: Vec<UnitIdx>,
    /// What could not be decided, sorted.
    pub problems: Vec<UnitProblem>,
}

/// Which dependencies are followed, as `--edges` of `cargo tree` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// `build`: those of build scripts.
    pub build: bool,
    /// `dev`: those of tests; none are there unless the request has them.
    pub dev: bool,
    /// Procedural macros; without them it is `no-proc-macro`.
    pub proc_macros: bool,
}

impl Follow {
    /// `normal,no-proc-macro`: what is linked into what is shipped.
    pub const LINKED: Self = Self {
        build: false,
        dev: false,
        proc_macros: false,
    };
    /// `normal,build`: all that is built.
    pub const BUILT: Self = Self {
        build: true,
        dev: false,
        proc_macros: true,
    };
    /// `normal,build,dev`: with what only tests need.
    pub const ALL: Self = Self {
        build: true,
        dev: true,
        proc_macros: true,
    };

    fn follows(self, edge: &UnitEdge, to: &Unit) -> bool {
        let kind = match edge.kind {
            DependencyKind::Normal => true,
            DependencyKind::Build => self.build,
            DependencyKind::Dev => self.dev,
        };
        kind && (self.proc_macros || !to.is_proc_macro)
    }
}

impl Units {
    /// Works out what a build has. Takes time that grows with packages, dependencies and features.
    ///
    /// # Errors
    /// [`SelectionError`] where what was asked for is not there.
    pub fn resolve(metadata: &Metadata, request: &Request<'_>) -> Result<Self, SelectionError> {
        let participants = selection::participants(metadata, request)?;
        let edges = Edges::new(metadata, request);
        let mut takes_part = vec![false; metadata.packages.len()];
        for (member, _) in &participants {
            if let Some(mark) = takes_part.get_mut(member.get()) {
                *mark = true;
            }
        }
        let activated = features::activate(metadata, &edges, request, &participants, &takes_part);
        let mut walk = Walk {
            metadata,
            edges: &edges,
            request,
            takes_part: &takes_part,
            activated: &activated,
            units: Units {
                places: vec![[None; 2]; metadata.packages.len()],
                ..Units::default()
            },
            problems: BTreeSet::new(),
        };
        for (member, _) in &participants {
            walk.root(*member);
        }
        walk.run();
        let (mut units, mut problems) = (walk.units, walk.problems);
        for unit in &mut units.units {
            unit.dependencies.sort_unstable();
            unit.dependencies.dedup();
        }
        problems.extend(edges.problems);
        problems.extend(activated.problems);
        units.problems = problems.into_iter().collect();
        units.mark_built(metadata, request.dev);
        Ok(units)
    }

    fn mark_built(&mut self, metadata: &Metadata, dev: bool) {
        // A member that has only tests is built only with them, as by `--all-targets`.
        let is_root = |unit: &Unit| {
            let targets = metadata.get(unit.package).map(|package| &package.targets);
            let mut targets = targets.into_iter().flatten();
            unit.is_root
                && targets.any(|target| {
                    let mut required = target.required_features.iter();
                    let is_wanted = match target.is_dev() {
                        true => dev && (target.test || !target.is_test()),
                        false => !target.is_build_script(),
                    };
                    is_wanted
                        && (target.is_library() || required.all(|name| unit.has_feature(name)))
                })
        };
        let roots = self.iter().filter(|(_, unit)| is_root(unit));
        let mut todo: Vec<UnitIdx> = roots.map(|(index, _)| index).collect();
        while let Some(index) = todo.pop() {
            let unit = self.units.get_mut(index.get());
            let Some(unit) = unit.filter(|unit| !unit.is_built) else {
                continue;
            };
            unit.is_built = true;
            let used = unit.dependencies.iter().filter(|edge| edge.is_used);
            todo.extend(used.map(|edge| edge.to));
        }
    }

    /// All of them, those that the build was asked for first.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// A unit by its index; none if the index is another build's.
    #[must_use]
    pub fn get(&self, index: UnitIdx) -> Option<&Unit> {
        self.units.get(index.get())
    }

    /// The units with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (UnitIdx, &Unit)> {
        let indices = (0..self.units.len()).map(UnitIdx::new);
        indices.zip(&self.units)
    }

    /// What `cargo tree` begins with: the selected members, each once.
    #[must_use]
    pub fn roots(&self) -> &[UnitIdx] {
        &self.roots
    }

    /// The units of a package: none, one for the target or the host, or both.
    pub fn units_of(&self, package: PackageIdx) -> impl Iterator<Item = (UnitIdx, &Unit)> {
        let places = self.places.get(package.get());
        let indices = places.into_iter().flatten().flatten();
        indices.filter_map(|index| Some((*index, self.get(*index)?)))
    }

    /// The packages that `cargo tree` shows.
    #[must_use]
    pub fn tree(&self, follow: Follow) -> BTreeSet<PackageIdx> {
        let units = self.reached(follow).into_iter();
        units
            .filter_map(|index| Some(self.get(index)?.package))
            .collect()
    }

    /// The units that `cargo tree` comes to from [`Self::roots`].
    #[must_use]
    pub fn reached(&self, follow: Follow) -> BTreeSet<UnitIdx> {
        let mut seen = BTreeSet::new();
        let mut todo = self.roots.clone();
        while let Some(index) = todo.pop() {
            let Some(unit) = self.get(index).filter(|_| seen.insert(index)) else {
                continue;
            };
            let edges = unit.dependencies.iter();
            let followed = edges.filter(|edge| {
                let to = self.get(edge.to);
                to.is_some_and(|to| follow.follows(edge, to))
            });
            todo.extend(followed.map(|edge| edge.to));
        }
        seen
    }
}

/// Following dependencies from unit to unit.
struct Walk<'a> {
    metadata: &'a Metadata,
    edges: &'a Edges<'a>,
    request: &'a Request<'a>,
    takes_part: &'a [bool],
    activated: &'a Activated,
    units: Units,
    problems: BTreeSet<UnitProblem>,
}

impl Walk<'_> {
    fn root(&mut self, member: PackageIdx) {
        let Some(package) = self.metadata.get(member) else {
            return;
        };
        let is_proc_macro = package.is_proc_macro();
        let unit = self.unit(member, is_proc_macro);
        self.units.roots.push(unit);
        // The programs and tests of a package of procedural macros are built for the target.
        let others = package.targets.iter().any(|target| {
            !target.is_library()
                && !target.is_build_script()
                && (self.request.dev || !target.is_dev())
        });
        let other = (is_proc_macro && others).then(|| self.unit(member, false));
        for unit in [Some(unit), other].into_iter().flatten() {
            if let Some(unit) = self.units.units.get_mut(unit.get()) {
                unit.is_root = true;
            }
        }
    }

    /// The unit of a package; made where there is none yet.
    fn unit(&mut self, package: PackageIdx, host: bool) -> UnitIdx {
        let new = UnitIdx::new(self.units.units.len());
        let places = self.units.places.get_mut(package.get());
        let Some(place) = places.and_then(|places| places.get_mut(usize::from(host))) else {
            return new;
        };
        if let Some(known) = place {
            return *known;
        }
        *place = Some(new);
        let world = World::of(self.request, host);
        let metadata = self.metadata.get(package);
        self.units.units.push(Unit {
            package,
            host,
            is_proc_macro: self.edges.is_proc_macro(package),
            is_root: false,
            is_built: false,
            features: metadata.map_or_else(Vec::new, |metadata| {
                let names = metadata.features.iter().map(|(name, _)| name);
                let on = self.activated.features(self.edges, package, world);
                names
                    .zip(on)
                    .filter(|(_, on)| **on)
                    .map(|(name, _)| Arc::clone(name))
                    .collect()
            }),
            dependencies: Vec::new(),
        });
        new
    }

    fn run(&mut self) {
        let mut at = 0;
        // Units are added at the end, so this comes to each of them.
        while let Some(unit) = self.units.units.get(at) {
            let (package, host, is_root) = (unit.package, unit.host, unit.is_root);
            let world = World::of(self.request, host);
            let takes_part = self.takes_part.get(package.get()) == Some(&true);
            let has_script = self.metadata.get(package).is_some_and(|package| {
                let mut targets = package.targets.iter();
                targets.any(Target::is_build_script)
            });
            let mut dependencies = Vec::new();
            for edge in self.edges.of(package) {
                let is_dev = edge.kind == DependencyKind::Dev;
                if is_dev && !(self.request.dev && takes_part) {
                    continue;
                }
                let is_build = edge.kind == DependencyKind::Build;
                if !self.edges.is_active(edge, host || is_build) {
                    continue;
                }
                if edge.optional && !self.activated.has_dependency(edge.key, world) {
                    continue;
                }
                let (declared, key) = (edge.declared, Box::from(edge.declared.key()));
                if declared.is_artifact {
                    self.problems.insert(UnitProblem::Artifact {
                        package,
                        dependency: key,
                    });
                } else if edge.to.is_none() {
                    self.problems.insert(UnitProblem::Unresolved {
                        package,
                        dependency: key,
                    });
                }
                let Some((to, name)) = &edge.to else {
                    continue;
                };
                let host = host || is_build || self.edges.is_proc_macro(*to);
                dependencies.push(UnitEdge {
                    to: self.unit(*to, host),
                    kind: edge.kind,
                    name: Arc::clone(name),
                    optional: edge.optional,
                    is_used: match edge.kind {
                        DependencyKind::Normal => true,
                        DependencyKind::Build => has_script,
                        DependencyKind::Dev => is_root,
                    },
                });
            }
            if let Some(unit) = self.units.units.get_mut(at) {
                unit.dependencies = dependencies;
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests;
