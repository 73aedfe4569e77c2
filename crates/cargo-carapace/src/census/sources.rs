//! Which files a package has, and their bytes.
//!
//! A package's folder is somebody else's: links that leave the tree that it may read, FIFOs and
//! devices are not opened, packages inside of it are not its own, and everything is bounded. What
//! was not read is a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::host::files;

/// How many entries of folders of one package are looked at.
const MAX_ENTRIES: usize = 400_000;
/// How deep folders may nest.
const MAX_DEPTH: usize = 64;
/// What one file may weigh, in bytes.
pub(crate) const MAX_FILE: u64 = 512 * 1024 * 1024;

/// Endings of sources that are no Rust but are compiled and linked with it.
const NATIVE: [&str; 12] = [
    "c", "cc", "cpp", "cxx", "m", "mm", "s", "S", "asm", "f90", "cu", "go",
];

/// The files of a package.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Paths from the package's folder, with `/`, of all files, and where they are.
    pub(crate) files: BTreeMap<String, PathBuf>,
    /// Sizes and times of all files, where they were asked for.
    pub(crate) stamps: BTreeMap<String, (u64, u128)>,
    /// How many are sources of other languages.
    pub(crate) native: u32,
    /// What was not looked at, and why: paths from the package's folder.
    pub(crate) gaps: Vec<(String, String)>,
}

impl Listing {
    /// Those that are Rust by their name.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &Path)> {
        let rust = self.files.iter().filter(|(path, _)| path.ends_with(".rs"));
        rust.map(|(path, place)| (path.as_str(), place.as_path()))
    }
}

/// Lists a package's folder, with the files' stamps if asked for. Links may lead to anywhere in `tree`.
pub(crate) fn list(root: &Path, tree: &Path, stamps: bool) -> Listing {
    let mut listing = Listing::default();
    let mut entries = 0_usize;
    let mut seen = BTreeSet::new();
    let mut work = vec![(root.to_owned(), String::new(), 0_usize)];
    while let Some((folder, prefix, depth)) = work.pop() {
        let read = match fs::read_dir(&folder) {
            Ok(read) => read,
            Err(error) => {
                listing.gap(&prefix, format!("can't be listed: {error}"));
                continue;
            }
        };
        let read: Vec<_> = read.take(MAX_ENTRIES - entries + 1).flatten().collect();
        entries += read.len();
        if entries > MAX_ENTRIES {
            listing.gap(
                &prefix,
                format!("the package has more than {MAX_ENTRIES} files"),
            );
            return listing;
        }
        // Another package's.
        if !prefix.is_empty() && read.iter().any(|entry| entry.file_name() == "Cargo.toml") {
            continue;
        }
        for entry in read {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                listing.gap(&prefix, "has a file whose name is not UTF-8".to_owned());
                continue;
            };
            let path = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}/{name}")
            };
            let mut place = entry.path();
            let (mut is_dir, mut is_file) = (kind.is_dir(), kind.is_file());
            if kind.is_symlink() {
                match files::resolve_within(tree, &place) {
                    Ok(resolved) => {
                        is_dir = resolved.is_dir();
                        is_file = resolved.is_file();
                        // A link to a folder around it has no end.
                        let is_around =
                            folder.starts_with(&resolved) || root.starts_with(&resolved);
                        if is_dir && (is_around || !seen.insert(resolved.clone())) {
                            continue;
                        }
                        place = resolved;
                    }
                    Err(error) => {
                        if name.ends_with(".rs") {
                            listing.gap(&path, error.to_string());
                        }
                        continue;
                    }
                }
            }
            if is_dir {
                if is_searched(name, &place, prefix.is_empty()) {
                    if depth >= MAX_DEPTH {
                        listing.gap(&path, format!("folders more than {MAX_DEPTH} deep"));
                    } else {
                        work.push((place, path, depth + 1));
                    }
                }
            } else if is_file {
                let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                if NATIVE.contains(&ending) {
                    listing.native += 1;
                }
                if stamps {
                    let stamp = fs::metadata(&place).ok().and_then(|meta| {
                        let time = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
                        Some((meta.len(), time.as_nanos()))
                    });
                    listing
                        .stamps
                        .insert(path.clone(), stamp.unwrap_or_default());
                }
                listing.files.insert(path, place);
            } else if name.ends_with(".rs") {
                let what = files::kind(kind);
                listing.gap(&path, format!("is a {what}, and was not opened"));
            }
        }
    }
    listing.gaps.sort();
    listing
}

impl Listing {
    fn gap(&mut self, path: &str, reason: String) {
        self.gaps.push((path.to_owned(), reason));
    }
}

fn is_searched(name: &str, place: &Path, is_top: bool) -> bool {
    if name == ".git" {
        return false;
    }
    let exists = |name: &str| fs::symlink_metadata(place.join(name)).is_ok();
    let is_built =
        name == "target" && (exists("CACHEDIR.TAG") || is_top && exists(".rustc_info.json"));
    !is_built
}
