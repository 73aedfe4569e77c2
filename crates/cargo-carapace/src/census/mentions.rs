//! From packages' folders to the names that their items mention, kept like facts.

use carapace_core::facts::mentions::{
    Mentioned, PackageMentions, Scope, VERSION, mentions, package,
};

use super::extract::{Folder, keep, look, make, scan_files};
use super::sources::Listing;
use super::store::{Column, FactsStore};
use crate::host::parallel::{Cores, parallel};

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
    let mut looked = parallel(folders, |folder| look(column, folder, store));
    make(folders, &mut looked, |fresh| read(fresh, scope));
    keep(looked, store)
}

fn read(folders: &[(&Folder, &Listing)], scope: Scope) -> Vec<PackageMentions> {
    let scan = |(): &mut (), path: &str, bytes: &[u8]| mentions(path, bytes, scope);
    let made = scan_files(Cores::All, folders, || (), scan, Mentioned::wanted);
    let made = made.into_iter().map(|(files, gaps)| {
        let mut package = package(files);
        package.gaps.extend(gaps);
        package.gaps.sort();
        package
    });
    made.collect()
}
