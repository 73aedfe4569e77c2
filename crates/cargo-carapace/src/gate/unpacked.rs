//! Whether a vendored or unpacked package is what its archive held: by the bytes that are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use carapace_core::graph::Package;
use carapace_core::graph::checksum::Checksum;
use carapace_core::graph::unpacked::{Contents, Difference, MAX_BYTES, differences};

use super::archive;
use crate::host::files::{FileError, read_found};
use crate::host::foreign;

/// Files and folders of a package; crates.io has none with a fifth of it.
const MAX_ENTRIES: usize = 100_000;
/// Bytes of a file.
const MAX_FILE: u64 = 64 << 20;
/// Bytes of all files.
const MAX_TOTAL: u64 = 512 << 20;
/// Folders in folders.
const MAX_DEPTH: usize = 64;

/// The list that cargo keeps in a vendored package.
const LIST: &str = ".cargo-checksum.json";

/// What differs between a package's folder and its archive. `cargo_home` is where the archive is
/// looked for; where it is not, the list in the folder is what files are held against.
///
/// # Errors
/// A sentence that says what could not be read: nothing is known of the package then.
pub fn check(
    folder: &Path,
    package: &Package,
    cargo_home: Option<&Path>,
) -> Result<Vec<Difference>, String> {
    let found = hashes(folder)?;
    let archive = cargo_home.and_then(|home| archive::find(home, package));
    if let Some(files) = archive {
        let files = files.into_iter();
        let expected = Contents {
            files: files
                .map(|(path, bytes)| (path, archive::checksum(&bytes)))
                .collect(),
            archive: package.checksum.clone(),
        };
        return Ok(differences(&expected, &found, package.checksum.as_ref()));
    }
    let list = match read_found(folder, &folder.join(LIST), MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(FileError::NotFound { .. }) => {
            return Err("neither its archive nor a list of its files is at hand".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    };
    let expected = Contents::parse(&list)
        .map_err(|error| format!("{}: {error}", foreign::path(&folder.join(LIST))))?;
    Ok(differences(&expected, &found, package.checksum.as_ref()))
}

/// The files below a folder with their SHA-256. What is no regular file is there with what it is in
/// place of that: it never passes for one. Cargo's own two files are left out.
///
/// # Errors
/// A sentence that says what could not be read, or is beyond the limits.
pub fn hashes(folder: &Path) -> Result<BTreeMap<String, Checksum>, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(folder.to_owned(), String::new(), 0_usize)];
    let (mut entries, mut total) = (0_usize, 0_u64);
    while let Some((path, prefix, depth)) = open.pop() {
        let fault = |error: std::io::Error| format!("{}: {error}", foreign::path(&path));
        for entry in fs::read_dir(&path).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(format!("more than {MAX_ENTRIES} files and folders"));
            }
            let Ok(name) = entry.file_name().into_string() else {
                return Err(format!(
                    "{}: a name that is no text",
                    foreign::path(&entry.path())
                ));
            };
            let is_cargos = depth == 0 && matches!(name.as_str(), LIST | ".cargo-ok");
            let name = format!("{prefix}{name}");
            if is_cargos {
                continue;
            }
            let kind = entry.file_type().map_err(fault)?;
            if kind.is_dir() {
                if depth >= MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} folders in each other"));
                }
                open.push((entry.path(), name + "/", depth + 1));
                continue;
            }
            let checksum = match read_found(folder, &entry.path(), MAX_FILE) {
                Ok(bytes) => {
                    total = total.saturating_add(bytes.len() as u64);
                    if total > MAX_TOTAL {
                        return Err(format!("more than {MAX_TOTAL} bytes"));
                    }
                    archive::checksum(&bytes)
                }
                Err(
                    error @ (FileError::NotAFile { .. }
                    | FileError::Leaves { .. }
                    | FileError::NotFound { .. }),
                ) => Checksum::Other(error.to_string().into()),
                Err(error) => return Err(error.to_string()),
            };
            found.insert(name, checksum);
        }
    }
    Ok(found)
}
