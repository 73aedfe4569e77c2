//! From packages' folders to the names that their items mention, kept like facts.

use carapace_core::facts::mentions::{
    Mentioned, PackageMentions, Scope, VERSION, mentions, package,
};

use super::extract::{Folder, scan_files};
use super::sources::{self, Listing};
use super::store::{Column, FactsStore};
use crate::host::parallel::parallel;

/// A package that is read for names.
#[derive(Debug)]
struct Looked {
    listing: Listing,
    key: Option<String>,
    kept: Option<PackageMentions>,
}

/// Reads packages, in their order. What is kept of those that can be trusted is not read again.
pub fn extract(
    folders: &[Folder],
    scope: Scope,
    store: Option<&FactsStore>,
) -> Vec<PackageMentions> {
    let column = Column {
        name: match scope.strings {
            true => "mentions and strings",
            false => "mentions",
        },
        version: VERSION,
    };
    let looked = parallel(folders, |folder| {
        let store = store.filter(|_| folder.identity.is_some());
        let listing = sources::list(&folder.root, &folder.tree, store.is_some());
        let key = store.map(|_| FactsStore::key(column, folder, &listing));
        let kept = store
            .zip(key.as_ref())
            .and_then(|(store, key)| store.get(key));
        Looked { listing, key, kept }
    });
    let fresh: Vec<(&Folder, &Listing)> = folders
        .iter()
        .zip(&looked)
        .filter(|(_, looked)| looked.kept.is_none())
        .map(|(folder, looked)| (folder, &looked.listing))
        .collect();
    let scan = |(): &mut (), path: &str, bytes: &[u8]| mentions(path, bytes, scope);
    let made = scan_files(&fresh, || (), scan, Mentioned::wanted);
    let made = made.into_iter().map(|(files, gaps)| {
        let mut package = package(files);
        package.gaps.extend(gaps);
        package.gaps.sort();
        package
    });
    let made: Vec<PackageMentions> = made.collect();
    if let Some(store) = store {
        let keys = looked.iter().filter(|looked| looked.kept.is_none());
        let keys = keys.map(|looked| looked.key.as_ref());
        let keep: Vec<_> = keys
            .zip(&made)
            .filter_map(|(key, made)| Some((key?, made)))
            .collect();
        store.put(&keep);
    }
    let mut made = made.into_iter();
    let looked = looked.into_iter();
    looked
        .map(|looked| looked.kept.or_else(|| made.next()).unwrap_or_default())
        .collect()
}
