//! cargo-vet's store beside a project's lockfile: a folder of the project, read as any file of it.

use std::path::Path;

use carapace_core::knowledge::vet::{Files, Store};
use carapace_core::report::Gap;

use crate::audit::inputs::shown;
use crate::host::files::{FileError, read_found};

/// The folder.
const FOLDER: &str = "supply-chain";
/// A file of the store, in bytes; the largest that are public have some megabytes of imports.
const MAX_BYTES: u64 = 32 << 20;

/// The store of a project, if it has one; and what of it could not be read.
pub(super) fn store(root: &Path, gaps: &mut Vec<Gap>) -> Option<Store> {
    let folder = root.join(FOLDER);
    folder.symlink_metadata().ok()?;
    let gap = |path: &Path, reason: String| Gap {
        path: Some(shown(path)),
        ..Gap::new("audits", reason)
    };
    let mut read = |name: &str| {
        let path = folder.join(name);
        match read_found(root, &path, MAX_BYTES) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => return Some(text),
                Err(_) => gaps.push(gap(&path, "not UTF-8 text".to_owned())),
            },
            Err(FileError::NotFound { .. }) => {}
            Err(error) => gaps.push(gap(&path, error.to_string())),
        }
        None
    };
    let texts = ["audits.toml", "config.toml", "imports.lock"].map(&mut read);
    let [audits, config, imports] = texts.each_ref().map(Option::as_deref);
    let files = Files {
        audits,
        config,
        imports,
    };
    match Store::read(&files) {
        Ok(store) => {
            if store.set_aside > 0 {
                let reason = format!(
                    "{} of its entries are not understood, and certify nothing",
                    store.set_aside
                );
                gaps.push(gap(&folder, reason));
            }
            Some(store)
        }
        Err(error) => {
            gaps.push(gap(&folder, error.to_string()));
            None
        }
    }
}
