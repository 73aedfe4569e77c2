//! The least change of a project's dependencies that rids it of a faulty package.
//!
//! A version that will do is looked for among all that the registry has. If all who depend on the
//! package take one, that is an update of the lockfile. Else those who take none have to change first:
//! a manifest of the workspace asks for a newer version, a package of the registry is itself replaced
//! by its first newer version that asks for one, by the same rules, and so on upwards.
//!
//! *Invariants.* What is proposed satisfies every requirement that is known of it, is not yanked, and
//! has no fault that the version in its place has not. Cargo has the last word: what it does with a
//! proposal is looked at again by whoever carries it out.

mod stuck;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use semver::{Comparator, Op, Version, VersionReq};

pub use stuck::{Parent, Stuck};

use super::Edit;
use super::manifest::{Asked, Local};
use super::requirement::raised;
use crate::graph::metadata::DependencyKind;
use crate::graph::paths::Dependents;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::registry::Published;

/// So many packages are looked at to mend one: chains upwards can be as many as there are paths.
const MAX_VISITS: usize = 20_000;
/// No chain of packages that have to change is longer.
const MAX_CHAIN: usize = 24;

/// The versions of packages, by name; or why they are not known.
pub type Versions = BTreeMap<String, Result<Vec<Published>, String>>;

/// What a plan is made of.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The lockfile.
    pub graph: &'a Graph,
    /// The packages in folders, with what they ask.
    pub locals: &'a [Local],
    /// What the registry has. What is missing is asked for: [`Planner::missing`].
    pub versions: &'a Versions,
    /// What is known against a version of a package of crates.io: ids of advisories.
    pub faults: &'a dyn Fn(&str, &Version) -> BTreeSet<String>,
    /// The oldest Rust that the workspace builds with.
    pub rust_version: Option<&'a Version>,
    /// What was tried and was of no use.
    pub refused: &'a BTreeSet<(String, Version)>,
}

/// A part of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Another version in the lockfile, which all requirements take.
    Update {
        /// The package.
        name: String,
        /// Its version in the lockfile.
        from: Version,
        /// The one in its place.
        to: Version,
    },
    /// Another requirement in a manifest.
    Raise {
        /// What is written now, and where.
        asked: Asked,
        /// What is to be written.
        requirement: String,
        /// The version that is to be taken.
        to: Version,
    },
}

impl Move {
    /// The package, and its version after the move.
    #[must_use]
    pub fn target(&self) -> (String, Version) {
        match self {
            Self::Update { name, to, .. } => (name.clone(), to.clone()),
            Self::Raise { asked, to, .. } => (asked.package.clone(), to.clone()),
        }
    }

    /// The edit of a manifest, by its text.
    #[must_use]
    pub fn edit(&self, manifest: &str) -> Option<Edit> {
        let Self::Raise {
            asked, requirement, ..
        } = self
        else {
            return None;
        };
        let quote = match manifest.get(asked.at.start..asked.at.start + 1)? {
            "'" => '\'',
            _ => '"',
        };
        Some(Edit {
            file: asked.file.clone(),
            start: asked.at.start,
            end: asked.at.end,
            text: format!("{quote}{requirement}{quote}"),
        })
    }
}

/// Who depends on a package, and what it asks of it.
struct Edge<'a> {
    dependent: PackageIdx,
    requirements: Vec<VersionReq>,
    /// Where they are written, if in a folder.
    places: Vec<&'a Asked>,
}

impl Edge<'_> {
    fn takes(&self, version: &Version) -> bool {
        let mut all = self.requirements.iter();
        all.all(|requirement| requirement.matches(version))
    }

    fn shown(&self) -> String {
        let texts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        texts.join(" and ")
    }
}

/// Plans changes of one situation.
pub struct Planner<'a> {
    situation: Situation<'a>,
    dependents: Dependents<'a>,
    missing: RefCell<BTreeSet<String>>,
    visits: Cell<usize>,
}

impl<'a> Planner<'a> {
    /// A planner.
    #[must_use]
    pub fn new(situation: Situation<'a>) -> Self {
        Self {
            dependents: Dependents::new(situation.graph),
            situation,
            missing: RefCell::default(),
            visits: Cell::new(0),
        }
    }

    /// The packages whose versions were asked about and are not in [`Situation::versions`]. What was
    /// planned without them may be wrong.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<String> {
        self.missing.borrow().clone()
    }

    /// The least change that rids a package of as many of its faults as can be: ids of advisories, and
    /// whatever words for what is wrong with this version alone, as that it was yanked.
    ///
    /// # Errors
    /// [`Stuck`] if no change rids it of any.
    pub fn mend(&self, index: PackageIdx, faults: &BTreeSet<String>) -> Result<Vec<Move>, Stuck> {
        self.visits.set(0);
        let Some(package) = self.situation.graph.get(index) else {
            return Ok(Vec::new());
        };
        let all = self.versions(&package.name)?;
        let known = (self.situation.faults)(&package.name, &package.version);
        // How many of the faults are left; none if there are new ones.
        let left = |release: &Published| {
            let left = (self.situation.faults)(&package.name, &release.version);
            let is_new = |fault: &String| !known.contains(fault) && !faults.contains(fault);
            (!left.iter().any(is_new)).then(|| left.intersection(faults).count())
        };
        let mut counts: Vec<usize> = all.iter().filter_map(left).collect();
        counts.retain(|count| *count < faults.len());
        counts.sort_unstable();
        counts.dedup();
        let mut stuck = None;
        for count in counts {
            let goal = |release: &Published| left(release).is_some_and(|left| left <= count);
            match self.way(index, &goal, &mut Vec::new()) {
                Ok(moves) => return Ok(moves),
                Err(why) => stuck = stuck.or(Some(why)),
            }
        }
        let without = self.way(index, &|_| false, &mut Vec::new());
        without.map_err(|why| stuck.unwrap_or(why))
    }

    fn versions(&self, name: &str) -> Result<&'a [Published], Stuck> {
        let unknown = |reason: &str| Stuck::Unknown {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        match self.situation.versions.get(name) {
            Some(Ok(versions)) => Ok(versions),
            Some(Err(reason)) => Err(unknown(reason)),
            None => {
                self.missing.borrow_mut().insert(name.to_owned());
                Err(unknown("the registry was not asked"))
            }
        }
    }

    /// What has to change so that a package is of a version that `goal` takes.
    fn way(
        &self,
        index: PackageIdx,
        goal: &dyn Fn(&Published) -> bool,
        below: &mut Vec<PackageIdx>,
    ) -> Result<Vec<Move>, Stuck> {
        self.visits.set(self.visits.get() + 1);
        if self.visits.get() > MAX_VISITS || below.len() > MAX_CHAIN || below.contains(&index) {
            return Err(Stuck::TooMany);
        }
        let Some(package) = self.situation.graph.get(index) else {
            return Ok(Vec::new());
        };
        let all = self.versions(&package.name)?;
        let mut candidates = self.candidates(package, all, goal);
        let edges = self.edges(index, package);
        let taken = |candidate: &&Published| {
            let takes = edges.iter().filter(|edge| edge.takes(&candidate.version));
            takes.count()
        };
        let of_all = candidates.iter().find(|c| taken(c) == edges.len());
        if let Some(release) = of_all {
            return Ok(vec![update(package, release)]);
        }
        // Of those that some have to change for, the one that the most take already; the first of them.
        let best = candidates.iter().rev().max_by_key(|c| taken(c)).copied();
        let takes_some = |edge: &Edge<'_>| candidates.iter().any(|c| edge.takes(&c.version));
        match best {
            // Each would take another one, and there can be only one.
            Some(best) if edges.iter().all(takes_some) => candidates = vec![best],
            Some(_) => {}
            None => {
                let may_do_without = |edge: &Edge<'_>| {
                    let dependent = self.situation.graph.get(edge.dependent);
                    dependent.is_some_and(Package::is_crates_io)
                };
                if edges.is_empty() || !edges.iter().all(may_do_without) {
                    return Err(self.no_release(package, all, goal));
                }
            }
        }
        let mut moves = Vec::new();
        for edge in &edges {
            if candidates.iter().any(|c| edge.takes(&c.version)) {
                continue;
            }
            below.push(index);
            let more = self.change(edge, package, best, &candidates, goal, below);
            below.pop();
            // That nobody can do without it is no more than that there is no version.
            let more = more.map_err(|why| match (best, &why) {
                (Some(_), _) | (None, Stuck::Unknown { .. }) => why,
                (None, _) if below.is_empty() => why,
                (None, _) => self.no_release(package, all, goal),
            });
            more?.into_iter().for_each(|new| join(&mut moves, new));
        }
        Ok(moves)
    }

    /// What has to change so that a dependent takes one of the candidates, or does without the package
    /// if there is none.
    fn change(
        &self,
        edge: &Edge<'a>,
        package: &Package,
        best: Option<&Published>,
        candidates: &[&Published],
        goal: &dyn Fn(&Published) -> bool,
        below: &mut Vec<PackageIdx>,
    ) -> Result<Vec<Move>, Stuck> {
        let Some(dependent) = self.situation.graph.get(edge.dependent) else {
            return Ok(Vec::new());
        };
        if let Some(best) = best.filter(|_| !dependent.is_crates_io()) {
            let places = edge.places.iter();
            let places = places.filter(|asked| !asked.requirement.matches(&best.version));
            return match edge.places.is_empty() {
                false => places.map(|asked| self.raise(asked, best, goal)).collect(),
                true => Err(Stuck::Elsewhere {
                    parent: dependent.id(),
                    package: package.name.clone(),
                    wanted: best.version.clone(),
                }),
            };
        }
        let has = (self.situation.faults)(&dependent.name, &dependent.version);
        let takes = |release: &Published| {
            let of_package = asks_of(release, &package.name);
            let is_taken =
                |asked: &VersionReq| candidates.iter().any(|c| asked.matches(&c.version));
            release.version > dependent.version
                && of_package.into_iter().all(is_taken)
                && (self.situation.faults)(&dependent.name, &release.version).is_subset(&has)
        };
        let way = self.way(edge.dependent, &takes, below);
        way.map_err(|stuck| match stuck {
            Stuck::NoRelease { name, newest } if name == dependent.name => {
                Stuck::Parent(Box::new(Parent {
                    name,
                    version: dependent.version.clone(),
                    newest: newest.unwrap_or_else(|| dependent.version.clone()),
                    package: package.name.clone(),
                    requirement: edge.shown(),
                    wanted: best.map(|best| best.version.clone()),
                }))
            }
            stuck => stuck,
        })
    }

    fn raise(
        &self,
        asked: &Asked,
        release: &Published,
        goal: &dyn Fn(&Published) -> bool,
    ) -> Result<Move, Stuck> {
        let to = release.version.clone();
        if !asked.is_editable {
            return Err(Stuck::Place {
                asked: Box::new(asked.clone()),
                wanted: to,
            });
        }
        let all = self.versions(&asked.package)?;
        let is_faulty = |new: &VersionReq, release: &&Published| {
            !release.yanked && new.matches(&release.version) && !goal(release)
        };
        let may_be = |new: &VersionReq| !all.iter().any(|release| is_faulty(new, &release));
        Ok(Move::Raise {
            requirement: raised(&asked.text, &to, &may_be),
            asked: asked.clone(),
            to,
        })
    }

    /// The newest Rust that a package may need: the one that is promised, or what it needs already.
    fn newest_rust(&self, package: &Package, all: &'a [Published]) -> Option<&'a Version> {
        let promised = self.situation.rust_version?;
        let now = all.iter().find(|now| now.version == package.version);
        let now = now.and_then(|now| now.rust_version.as_ref());
        Some(now.map_or(promised, |now| now.max(promised)))
    }

    /// Whether a release may be taken in a package's place, whatever Rust it needs.
    fn is_choice(
        &self,
        package: &Package,
        release: &Published,
        goal: &dyn Fn(&Published) -> bool,
    ) -> bool {
        !release.yanked
            && release.version != package.version
            && (release.version.pre.is_empty() || !package.version.pre.is_empty())
            && !self.is_refused(&package.name, &release.version)
            && goal(release)
    }

    /// The versions that will do, the least change first: newer ones before older ones, then what is
    /// nearest.
    fn candidates(
        &self,
        package: &Package,
        all: &'a [Published],
        goal: &dyn Fn(&Published) -> bool,
    ) -> Vec<&'a Published> {
        let newest_rust = self.newest_rust(package, all);
        let builds = |release: &Published| match (&release.rust_version, newest_rust) {
            (Some(needed), Some(newest)) => needed <= newest,
            _ => true,
        };
        let (older, mut newer): (Vec<_>, Vec<_>) = all
            .iter()
            .filter(|release| builds(release) && self.is_choice(package, release, goal))
            .partition(|release| release.version < package.version);
        newer.extend(older.into_iter().rev());
        newer
    }

    /// Why there is nothing to choose.
    fn no_release(
        &self,
        package: &Package,
        all: &[Published],
        goal: &dyn Fn(&Published) -> bool,
    ) -> Stuck {
        let mut choices = all
            .iter()
            .filter(|release| self.is_choice(package, release, goal));
        if let Some(release) = choices.next()
            && let Some(rust) = &release.rust_version
        {
            return Stuck::Rust {
                name: package.name.clone(),
                version: release.version.clone(),
                rust: rust.clone(),
            };
        }
        let mut newest = all.iter().rev().filter(|release| !release.yanked);
        Stuck::NoRelease {
            name: package.name.clone(),
            newest: newest.next().map(|release| release.version.clone()),
        }
    }

    fn is_refused(&self, name: &str, version: &Version) -> bool {
        let mut refused = self.situation.refused.iter();
        refused.any(|(refused, at)| refused == name && at == version)
    }

    fn edges(&self, index: PackageIdx, package: &Package) -> Vec<Edge<'a>> {
        let dependents = self.dependents.of(index).iter();
        dependents
            .map(|dependent| self.edge(*dependent, package))
            .collect()
    }

    fn edge(&self, dependent: PackageIdx, package: &Package) -> Edge<'a> {
        // What is not known is taken to be what most requirements are.
        let unknown = || Edge {
            dependent,
            requirements: vec![compatible(&package.version)],
            places: Vec::new(),
        };
        let Some(by) = self.situation.graph.get(dependent) else {
            return unknown();
        };
        if by.source.is_none() {
            let local = self.situation.locals.iter().find(|l| l.name == by.name);
            let asks = local.map(|local| local.asks.as_slice()).unwrap_or_default();
            let of_package = |asked: &&Asked| asked.package == package.name;
            let takes = |asked: &&Asked| asked.requirement.matches(&package.version);
            let places: Vec<&Asked> = asks.iter().filter(of_package).filter(takes).collect();
            return match places.is_empty() {
                true => unknown(),
                false => Edge {
                    dependent,
                    requirements: places.iter().map(|p| p.requirement.clone()).collect(),
                    places,
                },
            };
        }
        let release = by
            .is_crates_io()
            .then(|| self.versions(&by.name).ok())
            .flatten()
            .and_then(|all| all.iter().find(|release| release.version == by.version));
        let asks = release.map(|release| asks_of(release, &package.name));
        let takes = |asked: &&VersionReq| asked.matches(&package.version);
        let requirements: Vec<VersionReq> =
            asks.into_iter().flatten().filter(takes).cloned().collect();
        match requirements.is_empty() {
            true => unknown(),
            false => Edge {
                dependent,
                requirements,
                places: Vec::new(),
            },
        }
    }
}

fn update(package: &Package, release: &Published) -> Move {
    Move::Update {
        name: package.name.clone(),
        from: package.version.clone(),
        to: release.version.clone(),
    }
}

/// What a release asks of a package of the same registry.
fn asks_of<'r>(release: &'r Published, package: &str) -> Vec<&'r VersionReq> {
    let needs = release.needs.iter();
    needs
        .filter(|need| need.is_here && need.kind != DependencyKind::Dev && need.package == package)
        .map(|need| &need.requirement)
        .collect()
}

/// `^VERSION`.
fn compatible(version: &Version) -> VersionReq {
    VersionReq {
        comparators: vec![Comparator {
            op: Op::Caret,
            major: version.major,
            minor: Some(version.minor),
            patch: Some(version.patch),
            pre: version.pre.clone(),
        }],
    }
}

/// Adds a move. Of two of the same place, the one that goes further does for both.
fn join(moves: &mut Vec<Move>, new: Move) {
    let is_same = |old: &Move| match (old, &new) {
        (
            Move::Update { name, from, .. },
            Move::Update {
                name: n, from: f, ..
            },
        ) => name == n && from == f,
        (Move::Raise { asked, .. }, Move::Raise { asked: other, .. }) => {
            asked.file == other.file && asked.at == other.at
        }
        _ => false,
    };
    match moves.iter_mut().find(|old| is_same(old)) {
        Some(old) if old.target().1 < new.target().1 => *old = new,
        Some(_) => {}
        None => moves.push(new),
    }
}

#[cfg(test)]
mod tests;
