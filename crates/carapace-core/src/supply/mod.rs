//! How the packages of a graph come to be what they are: who can publish them, and who did.
//!
//! A [`Supply`] is what the rules about that look at, and what a report shows of people.

pub mod archive;
pub(crate) mod drift;
pub mod names;
pub mod reach;
pub(crate) mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

use archive::ArchiveFacts;

use crate::graph::checksum::Checksum;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::date::Date;
use crate::knowledge::people::People;
use crate::knowledge::registry::{History, IndexEntry};
use crate::knowledge::vet::{Certified, Store, Violation};

/// What was found out of how the packages of a graph are published.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Supply {
    /// Who can publish them, and who did.
    pub people: People,
    /// What the lock of facts says of that, where there is one.
    pub lock: Option<People>,
    /// What is known of each, by the places of packages in the graph.
    pub packages: Vec<PackageSupply>,
    /// All versions of each package, by its name, where the registry's index or a copy of it was at
    /// hand. Of crates.io alone.
    pub histories: BTreeMap<String, Arc<History>>,
    /// Names that are downloaded most, beside those that [`names::well_known`] lists; none without a
    /// source of that.
    pub popular: BTreeSet<String>,
    /// The day of the run, which ages are counted to.
    pub today: Option<Date>,
}

impl Supply {
    /// The packages of crates.io that are built, with what is known of each.
    pub fn of_crates_io<'s, 'g>(
        &'s self,
        graph: &'g Graph,
    ) -> impl Iterator<Item = (PackageIdx, &'g Package, &'s PackageSupply)> {
        let packages = graph.iter().zip(&self.packages);
        packages.filter_map(|((index, package), known)| {
            let counts = known.is_built && package.is_crates_io();
            counts.then_some((index, package, known))
        })
    }

    /// Takes in what audits by others come to for each of the packages that are built. What else is
    /// known of people has to be there before: trust is in who published.
    pub fn hold_against(&mut self, graph: &Graph, audits: &Store) {
        for (package, known) in graph.packages().iter().zip(&mut self.packages) {
            if !known.is_built || !package.is_crates_io() {
                continue;
            }
            let (name, version) = (&package.name, &package.version);
            let people = self.people.version(name, version);
            known.certified = audits.certified(name, version, people);
            known.violations = audits.violations(name, version);
        }
    }
}

/// What is known of one package, beside its people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageSupply {
    /// Whether it is a part of what is judged: chosen features, platforms and tables need it.
    pub is_built: bool,
    /// Whether it runs code on the machine that builds it: it has a build script, or is a procedural
    /// macro.
    pub runs_at_build: bool,
    /// Its authors, as its manifest writes them: anybody can write any name there.
    pub authors: Vec<String>,
    /// What audits by others come to for this version.
    pub certified: Vec<Certified>,
    /// What others say that this version breaks.
    pub violations: Vec<Violation>,
    /// What its archive says, where that is at hand.
    pub archive: Option<Arc<ArchiveFacts>>,
    /// The checksum of what lies in cargo's cache in the place of its archive and is another one.
    pub other_archive: Option<Checksum>,
    /// The version before it, and what that one's archive says.
    pub before: Option<(Version, Arc<ArchiveFacts>)>,
    /// What the registry's index says of it, where cargo keeps that.
    pub indexed: Option<Arc<IndexEntry>>,
}
