//! Copies of index files that are kept on this machine: our own, and cargo's.
//!
//! Several processes at once are safe: a copy is written beside its place and
//! renamed, and carries a checksum. No lock of cargo's is taken, and nothing of
//! cargo's is written; a file that cargo is just writing is one that is cut.

use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use carapace_core::knowledge::registry::{
    Answer, MAX_BYTES, RegistryError, read_cargo_cache, read_sparse,
};
use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What our copies begin with. The number counts up when their form changes.
const FORM: &[u8] = b"carapace index copy 1\n";
/// No header of ours is longer, in bytes.
const MAX_HEADER: u64 = 8 * 1024;
/// Where cargo keeps what the *git* index of crates.io said: until 1.84 on
/// machines of 64 and of 32 bits, and since. Other registries of that host have
/// folders of the same beginning.
const CARGO_GIT: [&str; 3] = [
    "github.com-1ecc6299db9ec823",
    "github.com-88ac128001ac3a9a",
    "github.com-25cdd57fae9f0462",
];
/// What its folders for the *sparse* index of crates.io begin with.
const CARGO_SPARSE: &str = "index.crates.io-";
/// More folders than cargo has for one registry.
const MAX_FOLDERS: usize = 16;

/// The first line of our copies, after [`FORM`].
#[derive(Serialize, Deserialize)]
struct Header {
    etag: Option<String>,
    last_modified: Option<String>,
    /// SHA-256 of the body, in hexadecimal.
    sha256: String,
}

/// A copy of ours.
pub(super) struct Copy {
    pub(super) body: Vec<u8>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// When it was written, or last confirmed by the server.
    written: SystemTime,
}

/// Where the copies are.
pub(super) struct Store {
    ours: Option<PathBuf>,
    /// Cargo's folders for crates.io, of which some may not exist.
    cargos: Vec<PathBuf>,
}

impl Store {
    /// The copies of what the index at `address` said.
    pub(super) fn of(address: &str, cache: Option<&Path>, cargo_home: Option<&Path>) -> Self {
        Self {
            ours: cache.map(|cache| cache.join(folder(address))),
            cargos: cargo_home.map(cargo_folders).unwrap_or_default(),
        }
    }

    /// Our copy of an index file, if there is one and it is whole.
    pub(super) fn ours(&self, path: &str) -> Option<Copy> {
        let file = self.ours.as_ref()?.join(path);
        let (mut bytes, written) = read(&file, MAX_HEADER + MAX_BYTES as u64)?;
        let rest = bytes.strip_prefix(FORM)?;
        let end = rest.iter().position(|b| *b == b'\n')?;
        let (header, body) = (rest.get(..end)?, rest.get(end + 1..)?);
        let header: Header = serde_json::from_slice(header).ok()?;
        if header.sha256 != sha256(body) {
            return None;
        }
        let start = bytes.len() - body.len();
        bytes.drain(..start);
        Some(Copy {
            body: bytes,
            etag: header.etag,
            last_modified: header.last_modified,
            written,
        })
    }

    /// Keeps what the server said. What can't be kept is not: the answer counts
    /// without it.
    pub(super) fn keep(
        &self,
        path: &str,
        body: &[u8],
        etag: Option<String>,
        last_modified: Option<String>,
    ) {
        let Some(ours) = &self.ours else { return };
        let header = Header {
            etag,
            last_modified,
            sha256: sha256(body),
        };
        let _ = write(&ours.join(path), &header, body);
    }

    /// Notes that the server says that our copy is still right.
    pub(super) fn confirm(&self, path: &str) {
        if let Some(ours) = &self.ours {
            // A copy that looks older than it is costs nothing but its rank.
            let _ = File::open(ours.join(path))
                .and_then(|file| file.set_times(FileTimes::new().set_modified(SystemTime::now())));
        }
    }

    /// Drops our copy of what the server says is not there any more.
    pub(super) fn forget(&self, path: &str) {
        if let Some(ours) = &self.ours {
            let _ = fs::remove_file(ours.join(path));
        }
    }

    /// What the copies say, the newest first, by what reads ours and what reads
    /// cargo's. What can't be read says nothing.
    pub(super) fn copies<T>(
        &self,
        path: &str,
        ours: impl FnOnce(&[u8]) -> Result<T, RegistryError>,
        cargos: impl Fn(&[u8]) -> Result<T, RegistryError>,
    ) -> Vec<T> {
        let mut copies: Vec<(SystemTime, T)> = Vec::new();
        if let Some(copy) = self.ours(path)
            && let Ok(answer) = ours(&copy.body)
        {
            copies.push((copy.written, answer));
        }
        for folder in &self.cargos {
            if let Some((bytes, written)) = read(&folder.join(path), MAX_BYTES as u64)
                && let Ok(answer) = cargos(&bytes)
            {
                copies.push((written, answer));
            }
        }
        copies.sort_by_key(|(written, _)| std::cmp::Reverse(*written));
        copies.into_iter().map(|(_, answer)| answer).collect()
    }

    /// What the copies say of each of the versions: the newest that knows it,
    /// else that none does. Nothing if there is no copy that can be read.
    pub(super) fn answers(
        &self,
        name: &str,
        path: &str,
        versions: &[&Version],
    ) -> Option<Vec<Answer>> {
        let copies = self.copies(
            path,
            |bytes| read_sparse(bytes, name, versions),
            |bytes| read_cargo_cache(bytes, name, versions),
        );
        let mut copies = copies.into_iter();
        let mut best = copies.next()?;
        for older in copies {
            for (answer, older) in best.iter_mut().zip(older) {
                if !matches!(answer, Answer::Release(_)) {
                    *answer = older;
                }
            }
        }
        Some(best)
    }
}

/// A folder's name for what an address says: to be read by people, and then to
/// tell addresses apart.
pub(crate) fn folder(address: &str) -> String {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let host = host.chars().take(64);
    let host: String = host.map(|c| if plain(c) { c } else { '_' }).collect();
    let hash = sha256(address.as_bytes());
    let hash: String = hash.chars().take(16).collect();
    // With the dash it is none of the names that mean another folder.
    format!("{host}-{hash}")
}

/// Whether cargo's folder of this name, below `registry/index` or `registry/cache`, is of crates.io.
pub(crate) fn is_crates_io(folder: &str) -> bool {
    folder.starts_with(CARGO_SPARSE) || CARGO_GIT.contains(&folder)
}

/// The folders in which cargo keeps what crates.io said.
fn cargo_folders(cargo_home: &Path) -> Vec<PathBuf> {
    let index = cargo_home.join("registry").join("index");
    let found = fs::read_dir(&index).into_iter().flatten().flatten();
    let mut names: Vec<String> = found
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_crates_io(name))
        .collect();
    names.sort();
    names.truncate(MAX_FOLDERS);
    let names = names.iter();
    names.map(|name| index.join(name).join(".cache")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A regular file of at most so many bytes, and when it was written. Whatever
/// else is in its place, links too, is left alone.
fn read(file: &Path, limit: u64) -> Option<(Vec<u8>, SystemTime)> {
    let is_good = |about: &fs::Metadata| about.is_file() && about.len() <= limit;
    // Opening a FIFO would wait for a writer.
    if !is_good(&fs::symlink_metadata(file).ok()?) {
        return None;
    }
    let file = File::open(file).ok()?;
    let about = file.metadata().ok().filter(is_good)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).ok()?);
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .ok()?;
    if bytes.len() as u64 > limit {
        return None;
    }
    Some((bytes, about.modified().ok()?))
}

/// Writes a copy beside its place, and renames it.
fn write(file: &Path, header: &Header, body: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    // No package's name begins with a dot. Processes in containers that share
    // the folder may have the same number.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    let beside = folder.join(format!(".{}-{count}-{now}.part", std::process::id()));
    let header = serde_json::to_vec(header)?;
    let mut options = OpenOptions::new();
    let mut out = options.write(true).create_new(true).open(&beside)?;
    let written = [FORM, &header, b"\n", body]
        .iter()
        .try_for_each(|part| out.write_all(part));
    drop(out);
    let done = written.and_then(|()| fs::rename(&beside, file));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}
