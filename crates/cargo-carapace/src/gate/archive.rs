//! Packages' archives as cargo keeps them: read into memory, never unpacked to a disk.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use carapace_core::graph::Package;
use carapace_core::graph::checksum::Checksum;
use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use crate::host::files::read_regular;

/// A larger archive is not read, in bytes; crates.io takes none of a fifth of it.
pub(crate) const MAX_PACKED: u64 = 64 << 20;
/// What an archive may unpack to, in bytes.
const MAX_UNPACKED: u64 = 512 << 20;
/// How many entries an archive may have.
const MAX_ENTRIES: usize = 100_000;
/// More registries than anyone has.
const MAX_REGISTRIES: usize = 64;

/// The SHA-256 of bytes.
#[must_use]
pub fn checksum(bytes: &[u8]) -> Checksum {
    Checksum::Sha256(Sha256::digest(bytes).into())
}

/// The files of a package's archive, from cargo's cache. None if it is not there, or is not the one
/// with the package's checksum: without one nothing says which archive it is.
#[must_use]
pub fn find(cargo_home: &Path, package: &Package) -> Option<Vec<(String, Vec<u8>)>> {
    let prefix = format!("{}-{}/", package.name, package.version);
    read(&bytes(cargo_home, package)?, &prefix).ok()
}

/// A package's archive, from cargo's cache; none as with [`find`].
#[must_use]
pub(crate) fn bytes(cargo_home: &Path, package: &Package) -> Option<Vec<u8>> {
    let locked = package.checksum.as_ref()?;
    // Names and versions come from a lockfile; these cannot lead elsewhere.
    let name = format!("{}-{}.crate", package.name, package.version);
    if name.contains(['/', '\\', ':', '\0']) {
        return None;
    }
    let registries = registries(cargo_home);
    let mut archives = registries.iter().filter_map(|registry| {
        let bytes = read_regular(&registry.join(&name), MAX_PACKED).ok()?;
        (checksum(&bytes) == *locked).then_some(bytes)
    });
    archives.next()
}

/// Cargo's folders of archives, one for each registry, sorted.
pub(crate) fn registries(cargo_home: &Path) -> Vec<PathBuf> {
    let cache = cargo_home.join("registry").join("cache");
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let entries = entries.take(MAX_REGISTRIES);
    let mut registries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    registries.sort();
    registries
}

/// The regular files of an archive, without the folder that all of them are in.
///
/// # Errors
/// A sentence that says what is wrong: not a gzip or tar, or beyond the limits.
pub fn read(bytes: &[u8], folder: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let stream = MultiGzDecoder::new(bytes).take(MAX_UNPACKED);
    let mut archive = tar::Archive::new(stream);
    let fault = |error: std::io::Error| format!("not an archive of a package: {error}");
    let mut files = Vec::new();
    for (count, entry) in archive.entries().map_err(fault)?.enumerate() {
        if count >= MAX_ENTRIES {
            return Err(format!("more than {MAX_ENTRIES} entries"));
        }
        let mut entry = entry.map_err(fault)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path_bytes().into_owned();
        let path = std::str::from_utf8(&path).map_err(|_| "a path that is no text".to_owned())?;
        let Some(path) = path.strip_prefix(folder).map(str::to_owned) else {
            continue;
        };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(fault)?;
        files.push((path, content));
    }
    Ok(files)
}
