//! From packages' folders to what rules propose for their unsafe code, kept like facts.

use std::cmp::Reverse;
use std::fs;
use std::ops::Range;
use std::sync::Mutex;

use carapace_core::dance::{self, Danced};
use carapace_core::facts::FactGap;
use carapace_core::facts::dance::{PackageDance, VERSION};

use super::extract::{Folder, keep, look, make, scan_files};
use super::sources::Listing;
use super::store::{Column, FactsStore};
use crate::host::parallel::parallel;

const COLUMN: Column = Column {
    name: "dance",
    version: VERSION,
};
/// How much source is held as trees at a time, in bytes, unless one package alone has more.
const BATCH: u64 = 16 << 20;

/// Reads packages, in their order. What is kept of those that can be trusted is not read again.
pub fn extract(folders: &[Folder], store: Option<&FactsStore>) -> Vec<PackageDance> {
    let mut looked = parallel(folders, |folder| look(COLUMN, folder, store));
    make(folders, &mut looked, read);
    keep(looked, store)
}

fn read(folders: &[(&Folder, &Listing)]) -> Vec<PackageDance> {
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

/// Files on all cores, and then packages on all cores: the rules cost more than the reading.
fn packages(folders: &[(&Folder, &Listing)], weights: &[u64]) -> Vec<PackageDance> {
    let scan = |(): &mut (), path: &str, bytes: &[u8]| dance::read(path, bytes);
    let scanned = scan_files(folders, || (), scan, Danced::wanted);
    let mut work: Vec<(usize, Mutex<(Vec<Danced>, Vec<FactGap>)>)> = Vec::new();
    work.extend(scanned.into_iter().map(Mutex::new).enumerate());
    // The largest first: no core is to begin with one when the others have nothing left.
    work.sort_by_key(|(at, _)| Reverse(weights.get(*at)));
    let mut all = parallel(&work, |(at, scanned)| {
        let scanned = scanned.lock().map(|mut held| std::mem::take(&mut *held));
        let (files, gaps) = scanned.unwrap_or_default();
        let mut package = dance::package(files);
        package.gaps.extend(gaps);
        package.gaps.sort();
        (*at, package)
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, package)| package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_and_lose_nothing() {
        for (weights, expected) in [
            (vec![], vec![0..0]),
            (vec![1, 2], vec![0..2]),
            (vec![BATCH, 1], vec![0..1, 1..2]),
            (vec![1, 3 * BATCH, 1, 1], vec![0..1, 1..2, 2..4]),
            (vec![u64::MAX, u64::MAX], vec![0..1, 1..2]),
        ] {
            assert_eq!(batches(&weights), expected);
        }
    }
}
