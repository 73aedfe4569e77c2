//! Taking a whole database in, from wherever it is.

use std::path::Path;
use std::time::Duration;

use carapace_core::knowledge::advisory::database::Collector;
use carapace_core::knowledge::advisory::index::{
    Contents, DatabaseInfo, Index, IndexError, piece, write,
};
use carapace_core::knowledge::date::Date;

use super::source::Source;
use super::{DatabaseError, archive, folder};
use crate::host::git::{GitLimits, GitSource, SkippedBecause, snapshot};
use crate::host::http::{Door, Limits, Request, Response};

/// An archive above this many bytes is refused: a hundred times the RustSec database of 2026.
const MAX_ARCHIVE_BYTES: u64 = 64 << 20;

/// What a server said of the copy that is held, to ask only for what is newer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
}

/// A database that was taken in.
#[derive(Debug)]
pub enum Taken {
    /// The server has nothing newer than what the validators are of.
    NotModified,
    /// A whole database.
    Database {
        /// What it is.
        info: DatabaseInfo,
        /// Its compact index.
        index: Vec<u8>,
        /// To ask with next time.
        validators: Validators,
    },
}

/// How a database is taken in.
#[derive(Debug)]
pub struct Taking<'a> {
    /// The network; none where the run is offline.
    pub door: Option<&'a Door>,
    /// A folder of ours for git to work in.
    pub work: &'a Path,
    /// Of the copy that is held.
    pub validators: Validators,
    /// Time to connect.
    pub connect: Duration,
    /// Time for everything.
    pub total: Duration,
    /// What of it is kept.
    pub contents: Contents,
    /// The address to name as its source, if it is not the one that it came from.
    pub label: Option<&'a str>,
}

/// Takes a database in.
///
/// # Errors
/// [`DatabaseError`] where the source cannot be read or holds no advisories.
pub fn take(source: &Source, taking: Taking<'_>) -> Result<Taken, DatabaseError> {
    let offline = || DatabaseError::Archive {
        source: source.name(),
        reason: "not fetched, as the run is offline".to_owned(),
    };
    let (collector, info, validators) = match source {
        Source::Folder(path) => match folder::read(path, None) {
            Ok((collector, info)) => (collector, info, Validators::default()),
            // A bare repository has no `crates` to list.
            Err(DatabaseError::Empty(_)) if path.join("HEAD").is_file() => {
                let (collector, info) = from_git(&GitSource::local(path), source, &taking)?;
                (collector, info, Validators::default())
            }
            Err(error) => return Err(error),
        },
        Source::Git(git, _) => {
            if taking.door.is_none() {
                return Err(offline());
            }
            let (collector, info) = from_git(git, source, &taking)?;
            (collector, info, Validators::default())
        }
        Source::Archive(url) => {
            let door = taking.door.ok_or_else(offline)?;
            match from_archive(url, source, door, &taking)? {
                Some(taken) => taken,
                None => return Ok(Taken::NotModified),
            }
        }
    };
    let (mut info, advisories) = collector.finish(info);
    if let Some(label) = taking.label {
        label.clone_into(&mut info.source);
    }
    if advisories.is_empty() {
        return Err(DatabaseError::Empty(source.name()));
    }
    let index = write(&info, &advisories, taking.contents);
    // Nothing that could not be read again takes the place of what can be.
    readable(&index).map_err(|error| DatabaseError::Archive {
        source: source.name(),
        reason: format!("cannot be kept: {error}"),
    })?;
    Ok(Taken::Database {
        info,
        index,
        validators,
    })
}

fn readable(index: &[u8]) -> Result<(), IndexError> {
    let pieces = &mut |place| piece(index, place);
    Index::read(index)?.all(pieces).map(drop)
}

fn from_git(
    git: &GitSource,
    source: &Source,
    taking: &Taking<'_>,
) -> Result<(Collector, DatabaseInfo), DatabaseError> {
    std::fs::create_dir_all(taking.work).map_err(DatabaseError::io(taking.work))?;
    let limits = GitLimits {
        total: taking.total,
        ..GitLimits::default()
    };
    let snapshot = snapshot(git, taking.work, &["crates", "rust"], &limits)?;
    let mut collector = Collector::default();
    for (path, bytes) in &snapshot.files {
        collector.add(path, bytes);
    }
    for skipped in &snapshot.skipped {
        if let SkippedBecause::TooLarge { bytes } = &skipped.why {
            let reason = format!("{bytes} bytes are too many for an advisory");
            collector.unreadable(&skipped.path, reason);
        }
    }
    let info = DatabaseInfo {
        source: source.name(),
        revision: Some(snapshot.revision),
        date: Date::from_unix(snapshot.committed),
        committed: Some(snapshot.committed),
        ..DatabaseInfo::default()
    };
    Ok((collector, info))
}

fn from_archive(
    url: &str,
    source: &Source,
    door: &Door,
    taking: &Taking<'_>,
) -> Result<Option<(Collector, DatabaseInfo, Validators)>, DatabaseError> {
    let limits = Limits {
        max_bytes: MAX_ARCHIVE_BYTES,
        connect: taking.connect,
        total: taking.total,
    };
    let request = Request {
        etag: taking.validators.etag.as_deref(),
        last_modified: taking.validators.last_modified.as_deref(),
        ..Request::new(url, limits)
    };
    let (bytes, validators) = match door.get(&request)? {
        Response::NotModified => return Ok(None),
        Response::Body {
            bytes,
            etag,
            last_modified,
            ..
        } => (
            bytes,
            Validators {
                etag,
                last_modified,
            },
        ),
    };
    let unpacked = archive::read(&bytes, archive::ArchiveLimits::default());
    let unpacked = unpacked.map_err(|reason| DatabaseError::Archive {
        source: source.name(),
        reason,
    })?;
    // Only an archive of a commit has the commit's time on its files.
    let committed = unpacked.revision.as_ref().and(unpacked.newest);
    let info = DatabaseInfo {
        source: source.name(),
        date: committed.and_then(Date::from_unix),
        committed,
        revision: unpacked.revision,
        ..DatabaseInfo::default()
    };
    Ok(Some((unpacked.collector, info, validators)))
}
