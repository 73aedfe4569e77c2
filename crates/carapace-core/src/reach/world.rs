//! What is known of a build, package by package.

use std::collections::{BTreeSet, HashSet};

use super::built::{Built, is_apart};
use super::cone::{Cone, depends, reached};
use super::table::Part;
use crate::cfg::CfgSet;
use crate::facts::mentions::{MentionKind, PackageMentions};
use crate::graph::metadata::{Metadata, MetadataPackage};
use crate::graph::units::{Platform, Unit, Units};

/// What is known of a build.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The packages.
    pub metadata: &'a Metadata,
    /// What is built of them.
    pub units: &'a Units,
    /// What it is built for; none where every platform counts.
    pub platforms: Option<&'a [Platform]>,
    /// What the compiler sets where it is built.
    pub host: &'a CfgSet,
    /// Whether the workspace's tests, examples and benchmarks count.
    pub tests: bool,
    /// Whose sources tell.
    pub cone: &'a Cone,
    /// What the cone's packages mention, in its order; none where their sources are not at hand.
    pub mentions: &'a [Option<PackageMentions>],
    /// The same of its generators.
    pub generated: &'a [Option<PackageMentions>],
}

/// Why not all is known.
pub(super) struct Blocker {
    /// The packages that it is about, by their places in the metadata; none for all.
    packages: Option<BTreeSet<usize>>,
    pub(super) reason: String,
}

impl Blocker {
    /// About what a package's code may call.
    fn of(packages: BTreeSet<usize>, reason: String) -> Self {
        Self {
            packages: Some(packages),
            reason,
        }
    }

    /// About all packages.
    pub(super) fn of_all(reason: String) -> Self {
        Self {
            packages: None,
            reason,
        }
    }

    pub(super) fn is_about(&self, package: usize) -> bool {
        let packages = self.packages.as_ref();
        packages.is_none_or(|packages| packages.contains(&package))
    }
}

impl<'a> World<'a> {
    /// The packages of the cone whose sources are at hand.
    pub(super) fn parts(&self, blockers: &mut Vec<Blocker>) -> Vec<Part<'a>> {
        let depends = depends(self.metadata, self.units);
        let there = self.cone.packages.iter().zip(self.mentions);
        let there: Vec<(usize, Option<&PackageMentions>)> = there
            .map(|(index, mentions)| (index.get(), mentions.as_ref()))
            .collect();
        let mut parts = Vec::new();
        // The places of those whose sources are at hand, among the parts.
        let places: Vec<usize> = there
            .iter()
            .filter(|(_, mentions)| mentions.is_some())
            .map(|(index, _)| *index)
            .collect();
        for (index, mentions) in there {
            let Some(package) = self.metadata.packages.get(index) else {
                continue;
            };
            let below = reached([index].into_iter(), |at| depends.get(at).map(Vec::as_slice));
            let Some(mentions) = mentions else {
                let reason = format!("the sources of {} are not at hand", shown(package));
                blockers.push(Blocker::of(below, reason));
                continue;
            };
            let sees = places.iter().enumerate();
            let sees = sees.filter(|(_, place)| below.contains(place));
            let sees = sees.map(|(at, _)| at).collect();
            let part = self.part(index, package, mentions, sees);
            let unread = mentions.gaps.iter().chain(&part.parts.gaps);
            let unread = unread.filter(|gap| part.is_member || !is_apart(&gap.path));
            if let Some(gap) = unread.min() {
                let reason = format!("{}: {} {}", shown(package), gap.path, gap.reason);
                blockers.push(Blocker::of(below, reason));
            }
            parts.push(part);
        }
        parts
    }

    fn part(
        &self,
        index: usize,
        package: &'a MetadataPackage,
        mentions: &'a PackageMentions,
        sees: HashSet<usize>,
    ) -> Part<'a> {
        let units = self.units.units().iter();
        let units: Vec<&Unit> = units
            .filter(|unit| unit.package.get() == index && unit.is_built)
            .collect();
        let mut members = self.metadata.members.iter();
        let is_member = members.any(|member| member.get() == index);
        let built = Built {
            package,
            units: &units,
            is_member,
            tests: self.tests,
            platforms: self.platforms,
            host: self.host,
        };
        let library = package.library();
        let own = library.map(|target| target.name.replace('-', "_"));
        let edges = self
            .units
            .units()
            .iter()
            .flat_map(|unit| &unit.dependencies);
        let edges = edges.filter(|edge| {
            let to = self.units.get(edge.to);
            to.is_some_and(|to| to.package.get() == index)
        });
        let mut names: Vec<String> = own.into_iter().collect();
        names.extend(edges.map(|edge| edge.name.to_string()));
        names.sort();
        names.dedup();
        Part {
            mentions,
            parts: built.parts(mentions),
            names,
            shown: shown(package),
            is_member,
            knows: self.known_names(index),
            is_library: library.is_some(),
            is_proc_macro: package.is_proc_macro(),
            sees,
        }
    }

    /// The names by which a package's code calls others.
    fn known_names(&self, index: usize) -> HashSet<String> {
        let units = self.units.units().iter();
        let own = units.filter(|unit| unit.package.get() == index);
        let edges = own.flat_map(|unit| &unit.dependencies);
        let libraries = ["std", "core", "alloc", "proc_macro", "test"];
        let names = edges.map(|edge| edge.name.to_string());
        names.chain(libraries.map(str::to_owned)).collect()
    }

    /// The names in what procedural macros generate.
    pub(super) fn generated_names(
        &self,
        blockers: &mut Vec<Blocker>,
    ) -> Vec<(MentionKind, &'a str)> {
        let mut names = HashSet::new();
        for (index, mentions) in self.cone.generators.iter().zip(self.generated) {
            let Some(mentions) = mentions else {
                let package = self.metadata.get(*index).map(shown).unwrap_or_default();
                blockers.push(Blocker::of_all(format!(
                    "the sources of {package}, whose macros make code, are not at hand"
                )));
                continue;
            };
            let items = mentions.files.iter().flat_map(|file| &file.items);
            let found = items.flat_map(|item| &item.mentions).filter(|mention| {
                matches!(mention.kind, MentionKind::Loose | MentionKind::Pattern)
            });
            names.extend(found.map(|mention| (mention.kind, mentions.word(mention.name))));
        }
        let mut names: Vec<(MentionKind, &str)> = names.into_iter().collect();
        names.sort_unstable();
        names
    }
}

fn shown(package: &MetadataPackage) -> String {
    format!("{} {}", package.name, package.version)
}
