//! Whether functions that advisories name are reached: whose sources tell that, read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use carapace_core::engine::{Affected, Reached};
use carapace_core::facts::mentions::{PackageMentions, Scope};
use carapace_core::graph::units::{Platforms, Request, Selected, Units, counterparts};
use carapace_core::graph::{Graph, Package, PackageIdx};
use carapace_core::reach::{Question, Reachability, World, cone, judge};

use super::roles::{Built, Shipped};
use crate::census::extract::{Folder, of_those_there};
use crate::census::mentions::extract;
use crate::census::store::FactsStore;

/// A project of which cargo has told what it builds.
#[derive(Debug)]
pub struct Ground {
    pub(super) built: Built,
    pub(super) shipped: Shipped,
    /// Whether its tests count.
    pub(super) tests: bool,
}

impl Ground {
    /// Whether affected functions are reached, by package and advisory; what is read is kept in our
    /// cache folder.
    #[must_use]
    pub fn reached(&self, graph: &Graph, affected: &[Affected], cache: Option<&Path>) -> Reached {
        if affected.is_empty() {
            return Reached::new();
        }
        match self.answers(graph, affected, cache) {
            Ok(reached) => reached,
            Err(reason) => all(affected, |asked| {
                Reachability::impossible(&asked.functions, &reason)
            }),
        }
    }

    fn answers(
        &self,
        graph: &Graph,
        affected: &[Affected],
        cache: Option<&Path>,
    ) -> Result<Reached, String> {
        let described = &self.built.described;
        let metadata = &described.metadata;
        let targets = &self.built.compiler.targets;
        let is_named = !self.shipped.targets.is_empty();
        let exclude = Vec::new();
        let request = Request {
            resolver: described.resolver,
            selected: Selected::Workspace { exclude },
            features: self.shipped.features.clone(),
            dev: self.tests,
            host: &self.built.compiler.host,
            targets: match is_named {
                true => Platforms::Only(targets),
                false => Platforms::All,
            },
        };
        let units = Units::resolve(metadata, &request).map_err(|error| error.to_string())?;
        let counterparts = counterparts(graph, metadata);
        let of = |package: PackageIdx| {
            let at = graph.position(package);
            let found = at.and_then(|at| counterparts.get(at)).map(Vec::as_slice);
            found.unwrap_or_default()
        };
        let asked: Vec<PackageIdx> = affected
            .iter()
            .flat_map(|asked| of(asked.package).iter().copied())
            .collect();
        let cone = cone(metadata, &units, &asked);
        let store = cache.map(FactsStore::new);
        let mut locked = BTreeMap::new();
        for (package, found) in graph.packages().iter().zip(&counterparts) {
            locked.extend(found.iter().map(|index| (*index, package)));
        }
        let read =
            |packages: &[PackageIdx], scope| self.read(&locked, packages, scope, store.as_ref());
        let mentions = read(&cone.packages, Scope { strings: false });
        let generated = read(&cone.generators, Scope { strings: true });
        let world = World {
            metadata,
            units: &units,
            platforms: is_named.then_some(targets.as_slice()),
            host: &self.built.compiler.host.cfg,
            tests: self.tests,
            cone: &cone,
            mentions: &mentions,
            generated: &generated,
        };
        let unseen = unseen(graph, &counterparts, affected, described.is_partial);
        let questions = affected.iter().zip(&unseen).flat_map(|(asked, unseen)| {
            of(asked.package).iter().map(|package| Question {
                package: *package,
                functions: asked.functions.clone(),
                unseen: unseen.clone(),
            })
        });
        let questions: Vec<Question> = questions.collect();
        let mut answers = judge(&world, &questions).into_iter();
        Ok(all(affected, |asked| {
            let found = answers.by_ref().take(of(asked.package).len());
            let found = found.max_by_key(|answer| answer.verdict);
            let reason = "cargo does not describe the package";
            found.unwrap_or_else(|| Reachability::impossible(&asked.functions, reason))
        }))
    }

    /// What packages mention, in their order; none of those whose folder is not there. `locked` are
    /// their entries in the lockfile.
    fn read(
        &self,
        locked: &BTreeMap<PackageIdx, &Package>,
        packages: &[PackageIdx],
        scope: Scope,
        store: Option<&FactsStore>,
    ) -> Vec<Option<PackageMentions>> {
        let metadata = &self.built.described.metadata;
        let packages = packages.iter().map(|index| {
            let package = metadata.get(*index)?;
            Some((package, locked.get(index).copied()))
        });
        let folders: Vec<Option<Folder>> = packages
            .map(|found| {
                let (package, locked) = found?;
                Folder::of_package(package, locked, &self.built.tree)
            })
            .collect();
        of_those_there(&folders, |there| extract(there, scope, store))
    }
}

fn all(affected: &[Affected], mut answer: impl FnMut(&Affected) -> Reachability) -> Reached {
    let affected = affected.iter();
    affected
        .map(|asked| {
            let key = (asked.package, asked.advisory.clone());
            (key, Arc::new(answer(asked)))
        })
        .collect()
}

/// For each affected package: what of the lockfile depends on it, and cargo may not have described,
/// as it has it not.
fn unseen(
    graph: &Graph,
    counterparts: &[Vec<PackageIdx>],
    affected: &[Affected],
    is_partial: bool,
) -> Vec<Option<String>> {
    let mut dependents: BTreeMap<PackageIdx, Vec<PackageIdx>> = BTreeMap::new();
    for (index, _) in graph.iter() {
        for on in graph.depends_on(index) {
            dependents.entry(on).or_default().push(index);
        }
    }
    let affected = affected.iter();
    affected
        .map(|asked| {
            let mut seen = BTreeSet::new();
            let mut todo = vec![asked.package];
            while let Some(index) = todo.pop().filter(|_| is_partial) {
                if seen.insert(index) {
                    todo.extend(dependents.get(&index).into_iter().flatten());
                }
            }
            let mut seen = seen.into_iter();
            let missing = seen.find(|index| {
                let at = graph.position(*index);
                at.and_then(|at| counterparts.get(at))
                    .is_none_or(Vec::is_empty)
            })?;
            let package = graph.get(missing)?;
            let (name, version) = (&package.name, &package.version);
            Some(format!(
                "cargo has not {name} {version}, which depends on it"
            ))
        })
        .collect()
}
