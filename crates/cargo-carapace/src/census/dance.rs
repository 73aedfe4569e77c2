//! From packages' folders to what rules propose for their unsafe code, kept like facts.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;

use carapace_core::dance::{self, Danced, Said};
use carapace_core::facts::FactGap;
use carapace_core::facts::dance::{PackageDance, VERSION};

use serde::{Deserialize, Serialize};

use super::extract::{Folder, Seen, keep, make, scan_files};
use super::sources::Listing;
use super::store::Column;
use crate::host::parallel::{self, Cores, parallel};

const COLUMN: Column = Column {
    name: "dance",
    version: VERSION,
};
/// Up to what weight no package is heavy, in bytes.
const HEAVY: u64 = 2 << 20;

/// What a file held when the rules saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    bytes: u64,
    checksum: u32,
}

impl Stamp {
    /// Of a file that holds these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            checksum: crc32fast::hash(bytes),
        }
    }
}

/// What rules propose for a package, and for what bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// What they propose.
    pub facts: PackageDance,
    /// The files that it speaks of, by their paths from the package's folder.
    pub stamps: BTreeMap<String, Stamp>,
}

/// Reads packages, in their order. What is kept of those that can be trusted is not read again.
pub fn extract(folders: &[Folder], seen: &Seen) -> Vec<Proposed> {
    let mut looked = parallel(folders, |folder| seen.look(COLUMN, folder));
    make(folders, &mut looked, read);
    keep(looked, seen.kept())
}

/// One after another on each core, the heaviest first; those that would leave the other cores with
/// nothing to do, file by file on all of them.
fn read(folders: &[(&Folder, &Listing)]) -> Vec<Proposed> {
    let weights = parallel(folders, |(_, listing)| weight(listing));
    let all: u64 = weights.iter().sum();
    let mut work: Vec<(usize, u64)> = weights.into_iter().enumerate().collect();
    work.sort_by_key(|(at, weight)| (Reverse(*weight), *at));
    let heavy = work.partition_point(|(_, weight)| *weight > HEAVY && *weight > all / 8);
    let (heavy, light) = work.split_at(heavy);
    let of = |(at, _): &(usize, u64), cores| Some((*at, package(*folders.get(*at)?, cores)));
    let heavy = heavy.iter().map(|one| of(one, Cores::All));
    let mut made: Vec<(usize, Proposed)> = heavy.flatten().collect();
    let light = parallel(light, |one| of(one, Cores::One));
    made.extend(light.into_iter().flatten());
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, package)| package).collect()
}

/// What a package's Rust files weigh, in bytes.
fn weight(listing: &Listing) -> u64 {
    let sizes = listing
        .rust()
        .map(|(path, place)| match listing.stamps.get(path) {
            Some((len, _)) => *len,
            None => fs::metadata(place).map_or(0, |meta| meta.len()),
        });
    sizes.sum()
}

/// A file that is read, and what it held.
type Stamped = (Danced, (String, Stamp));

fn package(one: (&Folder, &Listing), cores: Cores) -> Proposed {
    let scan = |(): &mut (), path: &str, bytes: &[u8]| {
        let stamp = (path.to_owned(), Stamp::of(bytes));
        (dance::read(path, bytes), stamp)
    };
    let scanned = scan_files(cores, &[one], || (), scan, |_| Vec::new());
    let each = |count: usize, judge: &(dyn Fn(usize) -> Said + Sync)| {
        let files: Vec<usize> = (0..count).collect();
        parallel::on(cores, &files, || (), |(), file| judge(*file))
    };
    let files = scanned.into_iter().next();
    Proposed::of(files.unwrap_or_default(), each)
}

impl Proposed {
    /// Of a package's files, and what could not be read of it.
    fn of(
        (files, gaps): (Vec<Stamped>, Vec<FactGap>),
        each: impl FnOnce(usize, &(dyn Fn(usize) -> Said + Sync)) -> Vec<Said>,
    ) -> Self {
        let (files, stamps): (Vec<Danced>, BTreeMap<String, Stamp>) = files.into_iter().unzip();
        let mut facts = dance::package(files, each);
        facts.gaps.extend(gaps);
        facts.gaps.sort();
        let mut proposed = Self { facts, stamps };
        proposed.forget_others();
        proposed
    }

    /// Forgets the stamps of files in which nothing could be changed.
    fn forget_others(&mut self) {
        let files = &self.facts.files;
        self.stamps
            .retain(|path, _| files.binary_search_by(|file| file.path.cmp(path)).is_ok());
    }
}
