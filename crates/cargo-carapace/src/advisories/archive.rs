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
    let mut archive = tar::Archive::new(stream);
    let mut unpacked = Unpacked::default();
    // The tar library would hold a name of any length in memory; here names are bounded.
    let entries = archive.entries().map_err(|e| fault(&e))?.raw(true);
    let mut long_name = None;
    for (count, entry) in entries.enumerate() {
        if count >= limits.entries {
            return Err(format!("more than {} entries", limits.entries));
        }
        let mut entry = entry.map_err(|e| fault(&e))?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            let text = extension(&mut entry)?;
            unpacked.revision = commit(&text).or(unpacked.revision);
            continue;
        }
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            let text = extension(&mut entry)?;
            let name = match kind.is_gnu_longname() {
                true => Some(text.trim_end_matches('\0').as_bytes().to_vec()),
                false => pax_path(&text)?,
            };
            long_name = name.or(long_name);
            continue;
        }
        let long_name = long_name.take();
        if !kind.is_file() {
            continue;
        }
        let path = long_name.unwrap_or_else(|| entry.path_bytes().into_owned());
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
    let (own, inner) = path.strip_prefix("./").unwrap_or(path).split_once('/')?;
    place(inner)
        .filter(|_| !matches!(own, "" | "." | ".."))
        .map(|_| inner)
}

/// The text of an entry that says something of others.
fn extension(entry: &mut tar::Entry<'_, impl Read>) -> Result<String, String> {
    const MAX: u64 = 64 << 10;
    if entry.size() > MAX {
        return Err("not a whole .tar.gz: a name or header that is too long".to_owned());
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(|e| fault(&e))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The path among `LENGTH KEY=VALUE` records, if it is there.
fn pax_path(records: &str) -> Result<Option<Vec<u8>>, String> {
    let mut path = None;
    for record in records.lines() {
        let (_, record) = record.split_once(' ').unwrap_or_default();
        match record.split_once('=') {
            Some(("path", value)) => path = Some(value.as_bytes().to_vec()),
            // It is for files of gigabytes, and would say where the next entry is.
            Some(("size", _)) => {
                return Err("not a whole .tar.gz: an entry with two sizes".to_owned());
            }
            _ => {}
        }
    }
    Ok(path)
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
