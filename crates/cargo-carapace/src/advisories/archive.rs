//! An advisory database from a `.tar.gz`, as git hosts give it.
//!
//! Such an archive is what `git archive` writes: the commit stands in a global header, its time is
//! every entry's, and all paths begin with one folder that is named after the repository.

use std::io::{self, Read};

use carapace_core::knowledge::advisory::database::{Collector, place};
use carapace_core::knowledge::advisory::format;

use crate::host::tarball::{Piece, TarFault, walk};

/// What unpacking may cost.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveLimits {
    /// Bytes of everything that is unpacked.
    pub total_bytes: u64,
    /// How many times larger than the archive that may be, once it is larger than
    /// `FREE_BYTES`.
    pub ratio: u64,
    /// Entries of any kind.
    pub entries: usize,
}

/// Archives may unpack to so many bytes at any ratio.
const FREE_BYTES: u64 = 16 << 20;

impl Default for ArchiveLimits {
    /// Two hundred times the RustSec database of 2026, and ten times its ratio.
    fn default() -> Self {
        Self {
            total_bytes: 512 << 20,
            ratio: 100,
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
        left: limits
            .ratio
            .saturating_mul(bytes.len() as u64)
            .clamp(FREE_BYTES.min(limits.total_bytes), limits.total_bytes),
    };
    let mut unpacked = Unpacked::default();
    walk(stream, limits.entries, |piece| {
        let (path, entry) = match piece {
            Piece::Records(records) => {
                unpacked.revision = commit(records).or(unpacked.revision.take());
                return Ok(());
            }
            Piece::File(path, entry) => (path, entry),
        };
        let Some(path) = std::str::from_utf8(path).ok().and_then(within) else {
            return Ok(());
        };
        unpacked.files += 1;
        if entry.size() > format::MAX_BYTES as u64 {
            let reason = format!("{} bytes are too many for an advisory", entry.size());
            unpacked.collector.unreadable(path, reason);
            return Ok(());
        }
        let time = entry
            .header()
            .mtime()
            .ok()
            .and_then(|t| i64::try_from(t).ok());
        unpacked.newest = unpacked.newest.max(time);
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        unpacked.collector.add(path, &text);
        Ok(())
    })
    .map_err(|fault: TarFault| fault.to_string())?;
    Ok(unpacked)
}

/// A path within the database: what follows the archive's own folder.
fn within(path: &str) -> Option<&str> {
    if place(path).is_some() {
        return Some(path);
    }
    let (own, inner) = path.strip_prefix("./").unwrap_or(path).split_once('/')?;
    place(inner)
        .filter(|_| !matches!(own, "" | "." | ".."))
        .map(|_| inner)
}

/// `LENGTH comment=COMMIT`, as `git archive` writes a commit into the global header.
fn commit(header: &str) -> Option<String> {
    let (_, comment) = header.split_once(" comment=")?;
    let commit = comment.lines().next()?;
    let is_hash = matches!(commit.len(), 40 | 64) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| commit.to_owned())
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
