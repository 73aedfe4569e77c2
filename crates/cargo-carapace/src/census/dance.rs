//! From packages' folders to what rules propose for their unsafe code, kept like facts.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::sync::Mutex;

use carapace_core::dance::{self, Danced, Said};
use carapace_core::facts::FactGap;
use carapace_core::facts::dance::{PackageDance, VERSION};

use serde::{Deserialize, Serialize};

use super::extract::{Folder, Seen, keep, make, scan_files};
use super::sources::Listing;
use super::store::Column;
use crate::host::parallel::parallel;

const COLUMN: Column = Column {
    name: "dance",
    version: VERSION,
};
/// How much source is held as trees at a time, in bytes, unless one package alone has more.
const BATCH: u64 = 16 << 20;
/// From what weight on a package's files are shared out among the cores, in bytes: lighter packages are
/// shared out whole.
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

fn read(folders: &[(&Folder, &Listing)]) -> Vec<Proposed> {
    let weights = parallel(folders, |(_, listing)| weight(listing));
    let batches = batches(&weights).into_iter();
    let all = batches.flat_map(|batch| {
        let (folders, weights) = (folders.get(batch.clone()), weights.get(batch));
        packages(folders.unwrap_or_default(), weights.unwrap_or_default())
    });
    all.collect()
}

/// Packages that are held together.
fn batches(weights: &[u64]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut held) = (0, 0_u64);
    for (at, weight) in weights.iter().enumerate() {
        if at > start && held.saturating_add(*weight) > BATCH {
            batches.push(start..at);
            (start, held) = (at, 0);
        }
        held = held.saturating_add(*weight);
    }
    batches.push(start..weights.len());
    batches
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

/// Files on all cores, then the files of heavy packages and the light packages: the rules cost more than
/// the reading.
fn packages(folders: &[(&Folder, &Listing)], weights: &[u64]) -> Vec<Proposed> {
    let scan = |(): &mut (), path: &str, bytes: &[u8]| {
        let stamp = (path.to_owned(), Stamp::of(bytes));
        (dance::read(path, bytes), stamp)
    };
    let scanned = scan_files(folders, || (), scan, |_| Vec::new());
    let held = scanned.into_iter().map(Mutex::new);
    let mut work: Vec<(usize, Mutex<_>)> = held.enumerate().collect();
    // The largest first: no core is to begin with one when the others have nothing left.
    work.sort_by_key(|(at, _)| Reverse(weights.get(*at)));
    // One that weighs more than all others together would leave the other cores with nothing.
    let all: u64 = weights.iter().sum();
    let is_heavy = |weight: u64| weight > HEAVY && weight > all / 2;
    let heavy = work
        .iter()
        .take_while(|(at, _)| weights.get(*at).is_some_and(|weight| is_heavy(*weight)))
        .count();
    let (heavy, light) = work.split_at(heavy);
    let take = |scanned: &Mutex<_>| {
        let taken = scanned.lock().map(|mut held| std::mem::take(&mut *held));
        taken.unwrap_or_default()
    };
    let mut all: Vec<(usize, Proposed)> = heavy
        .iter()
        .map(|(at, scanned)| (*at, Proposed::of(take(scanned), on_all_cores)))
        .collect();
    all.extend(parallel(light, |(at, scanned)| {
        (*at, Proposed::of(take(scanned), dance::one_by_one))
    }));
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, package)| package).collect()
}

fn on_all_cores(count: usize, judge: &(dyn Fn(usize) -> Said + Sync)) -> Vec<Said> {
    let files: Vec<usize> = (0..count).collect();
    parallel(&files, |file| judge(*file))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_and_lose_nothing() {
        for (weights, expected) in [
            (vec![], vec![(0, 0)]),
            (vec![1, 2], vec![(0, 2)]),
            (vec![BATCH, 1], vec![(0, 1), (1, 2)]),
            (vec![1, 3 * BATCH, 1, 1], vec![(0, 1), (1, 2), (2, 4)]),
            (vec![u64::MAX, u64::MAX], vec![(0, 1), (1, 2)]),
        ] {
            let batches = batches(&weights).into_iter();
            let batches: Vec<_> = batches.map(|batch| (batch.start, batch.end)).collect();
            assert_eq!(batches, expected);
        }
    }
}
