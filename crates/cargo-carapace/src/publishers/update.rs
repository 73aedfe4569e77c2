//! `publishers update`: takes the registry's dump in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carapace_core::knowledge::people::index::DumpInfo;

use super::dump::{self, DumpLimits};
use super::error::{PeopleError, StreamFault};
use super::index;
use super::store::{Store, Writer};
use crate::host::files;
use crate::host::http::{BodyStream, Door, Limits, Request, Streamed};
use crate::host::progress::Progress;

/// The dump of crates.io, made anew each day: 1.7 GiB in 2026.
pub const CRATES_IO_DUMP: &str = "https://static.crates.io/db-dump.tar.gz";

/// How an update is made.
#[derive(Debug)]
pub struct Update<'a> {
    /// The cache folder.
    pub cache: &'a Path,
    /// Where the dump is: an address, or a file.
    pub dump: &'a str,
    /// The network; none where the run is offline.
    pub door: Option<&'a Door>,
    /// Whether one may be taken that is older than what is held.
    pub allow_older: bool,
    /// Whether to show nothing of how far it is.
    pub quiet: bool,
    /// What it may cost.
    pub limits: DumpLimits,
    /// What of the network it may cost.
    pub times: Times,
}

/// How long an update waits.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For another process that makes one, too.
    pub patience: Duration,
    /// To connect.
    pub connect: Duration,
    /// While the server is silent.
    pub stall: Duration,
    /// For everything that comes from the server.
    pub total: Duration,
}

impl Default for Times {
    /// Enough for two megabits a second.
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(60),
            total: Duration::from_secs(2 * 60 * 60),
        }
    }
}

/// What came of an update.
#[derive(Debug)]
pub enum Updated {
    /// There is a new index.
    Taken(DumpInfo),
    /// The server has nothing newer than what is held.
    Unchanged(DumpInfo),
}

/// A dump that can be read.
enum Opened {
    File(File, u64),
    Body(Box<BodyStream>),
}

impl Update<'_> {
    /// Reads the dump, and puts its index in the place of the one that is held.
    ///
    /// # Errors
    /// [`PeopleError`]; then what is held is as it was.
    pub fn run(&self) -> Result<Updated, PeopleError> {
        let store = Store::new(self.cache);
        let writer = store.lock(self.times.patience)?;
        writer.sweep();
        let held = self.held();
        let source = match is_address(self.dump) {
            true => self.dump.to_owned(),
            false => shown(self.dump),
        };
        let same = held.as_ref().filter(|held| held.source == source);
        match self.open(same)? {
            Some(opened) => self.take(opened, source, held.as_ref(), &writer),
            // The server answers so only where it was told what is held.
            None => Ok(Updated::Unchanged(held.unwrap_or_default())),
        }
    }

    /// What dump is held. An index that is damaged anywhere is none, so that it is made anew.
    fn held(&self) -> Option<DumpInfo> {
        let index = index::open(self.cache).ok()??;
        index.verify().ok()?;
        Some(index.info().clone())
    }

    /// Opens the dump; none if it is the one that is held.
    fn open(&self, held: Option<&DumpInfo>) -> Result<Option<Opened>, PeopleError> {
        if !is_address(self.dump) {
            let path = Path::new(self.dump);
            let (file, length) = files::open_regular(path, self.limits.packed_bytes)?;
            return Ok(Some(Opened::File(file, length)));
        }
        let door = self
            .door
            .ok_or_else(|| PeopleError::Offline(self.dump.to_owned()))?;
        let limits = Limits {
            max_bytes: self.limits.packed_bytes,
            connect: self.times.connect,
            total: self.times.total,
        };
        let request = Request {
            etag: held.and_then(|held| held.etag.as_deref()),
            last_modified: held.and_then(|held| held.last_modified.as_deref()),
            stall: Some(self.times.stall),
            ..Request::new(self.dump, limits)
        };
        Ok(match door.stream(&request)? {
            Streamed::NotModified => None,
            Streamed::Body(body) => Some(Opened::Body(body)),
        })
    }

    fn take(
        &self,
        opened: Opened,
        source: String,
        held: Option<&DumpInfo>,
        writer: &Writer<'_>,
    ) -> Result<Updated, PeopleError> {
        let mut info = DumpInfo {
            source: source.clone(),
            ..DumpInfo::default()
        };
        let (stream, length): (Box<dyn Read + Send>, u64) = match opened {
            Opened::File(file, length) => (Box::new(file), length),
            Opened::Body(body) => {
                info.etag.clone_from(&body.etag);
                info.last_modified.clone_from(&body.last_modified);
                let length = body.length.unwrap_or(0);
                (body, length)
            }
        };
        let held = held.map(|held| held.time);
        let newest = held.filter(|_| !self.allow_older);
        let progress = Progress::bytes("reading the dump", length, self.quiet);
        let made = dump::read(stream, &self.limits, newest, &progress)
            .and_then(|dump| Ok(dump.index(info)?));
        let (info, parts) = made.map_err(|fault| match fault {
            StreamFault::Http(error) => PeopleError::Http(error),
            StreamFault::Archive(reason) => PeopleError::Archive { source, reason },
            StreamFault::Dump(error) => PeopleError::Dump { source, error },
            StreamFault::Older(time) => PeopleError::Older {
                source,
                time,
                held: held.unwrap_or_default(),
            },
        })?;
        writer.keep(&parts)?;
        Ok(Updated::Taken(info))
    }
}

/// Whether a dump is named by its address, not as a file.
fn is_address(dump: &str) -> bool {
    dump.contains("://")
}

/// A file, as an index names it: whatever the current folder is.
fn shown(file: &str) -> String {
    let path = std::path::absolute(file).unwrap_or_else(|_| PathBuf::from(file));
    path.to_string_lossy().into_owned()
}
