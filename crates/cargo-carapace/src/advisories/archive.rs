//! An advisory database from a `.tar.gz`, as git hosts give it.
//!
//! Such an archive is what `git archive` writes: the commit stands in a global header, its time is
//! every entry's, and all paths begin with one folder that is named after the repository.

use std::io::{self, Read};

use carapace_core::knowledge::advisory::database::{Collector, place};
use carapace_core::knowledge::advisory::format;

/// What unpacking may cost.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveLimits {
    /// Bytes of everything that is unpacked.
    pub total_bytes: u64,
    /// Entries of any kind.
    pub entries: usize,
}

impl Default for ArchiveLimits {
    /// Two hundred times the RustSec database of 2026.
    fn default() -> Self {
        Self {
            total_bytes: 512 << 20,
            entries: 200_000,
        }
    }
}

/// What an archive holds.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// The advisories.
    pub collector: Collector,
    /// How many files were advisories by their path.
    pub files: usize,
    /// The commit, if the archive names one.
    pub revision: Option<String>,
    /// The newest time of an advisory's file, in seconds since 1970-01-01T00:00:00Z.
    pub newest: Option<i64>,
}

/// Reads the advisories of an archive, nothing else of it, and writes nothing.
///
/// # Errors
/// A sentence that says what is wrong: not a gzip or tar, cut, or beyond the limits.
pub fn read(bytes: &[u8], limits: ArchiveLimits) -> Result<Unpacked, String> {
    let stream = Bounded {
        inner: flate2::read::MultiGzDecoder::new(bytes),
        left: limits.total_bytes,
    };
    let mut archive = tar::Archive::new(stream);
    let mut unpacked = Unpacked::default();
    let entries = archive.entries().map_err(|e| fault(&e))?;
    for (count, entry) in entries.enumerate() {
        if count >= limits.entries {
            return Err(format!("more than {} entries", limits.entries));
        }
        let mut entry = entry.map_err(|e| fault(&e))?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            let mut text = String::new();
            let read = entry.by_ref().take(4096).read_to_string(&mut text);
            read.map_err(|e| fault(&e))?;
            unpacked.revision = commit(&text).or(unpacked.revision);
            continue;
        }
        if !kind.is_file() {
            continue;
        }
        let path = entry.path_bytes().into_owned();
        let Some(path) = std::str::from_utf8(&path).ok().and_then(within) else {
            continue;
        };
        unpacked.files += 1;
        if entry.size() > format::MAX_BYTES as u64 {
            let reason = format!("{} bytes are too many for an advisory", entry.size());
            unpacked.collector.unreadable(path, reason);
            continue;
        }
        let time = entry
            .header()
            .mtime()
            .ok()
            .and_then(|t| i64::try_from(t).ok());
        unpacked.newest = unpacked.newest.max(time);
        let mut text = Vec::new();
        entry.read_to_end(&mut text).map_err(|e| fault(&e))?;
        unpacked.collector.add(path, &text);
    }
    // What stands behind the archive's end is read too, so that a cut stream is never whole.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|e| fault(&e))?;
    Ok(unpacked)
}

/// A path within the database: what follows the archive's own folder.
fn within(path: &str) -> Option<&str> {
    if place(path).is_some() {
        return Some(path);
    }
    let (_, inner) = path.strip_prefix("./").unwrap_or(path).split_once('/')?;
    place(inner).map(|_| inner)
}

/// `LENGTH comment=COMMIT`, as `git archive` writes a commit into the global header.
fn commit(header: &str) -> Option<String> {
    let (_, comment) = header.split_once(" comment=")?;
    let commit = comment.lines().next()?;
    let is_hash = matches!(commit.len(), 40 | 64) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| commit.to_owned())
}

fn fault(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive is cut".to_owned(),
        _ => format!(
            "not a whole .tar.gz: {}",
            crate::host::foreign::shown(&error.to_string())
        ),
    }
}

/// Ends with an error where a stream gives more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it unpacks to more than it may"))?;
        Ok(read)
    }
}
