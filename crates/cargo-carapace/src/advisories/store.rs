//! The store: compact indexes of databases in the user's cache folder.
//!
//! ```text
//! advisories/indexes/KEY.idx    an index; KEY is made of its bytes and its source, so it never changes
//! advisories/slots/NAME.json    which index a name stands for, and when it was asked about last
//! advisories/lock               held by whoever changes anything
//! ```
//!
//! *Invariants.* A file in `indexes` or `slots` appears whole or not at all: it is written beside
//! and renamed. A slot names an index that is there: the index comes first, and what no slot names
//! any more is removed last. Readers take no lock; one that comes between reads the slot again.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use carapace_core::knowledge::advisory::index::{DatabaseInfo, Index, IndexError};

use super::DatabaseError;
use super::take::Validators;
use crate::host::whole;

/// The slot that runs use first, for the RustSec database or what stands in for it.
pub const MAIN: &str = "main";

/// How often a slot whose index is missing is read again, a millisecond apart.
const OPEN_TRIES: usize = 20;

/// A kept database, as its slot's file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The index's file name.
    index: String,
    /// Where the database came from.
    pub source: String,
    /// Whether it can be asked for anew: not a folder of this machine.
    pub remote: bool,
    /// `ETag` of the answer that it came in.
    pub etag: Option<String>,
    /// `Last-Modified` of the answer that it came in.
    pub last_modified: Option<String>,
    /// Whether the user wanted it though it is older than the built-in snapshot.
    #[serde(default)]
    pub older_allowed: bool,
    /// When it was last taken in or found unchanged, in seconds since 1970-01-01T00:00:00Z.
    pub checked: i64,
}

impl Slot {
    /// The index's name becomes part of a path.
    fn stays_inside(&self) -> bool {
        let stem = self.index.strip_suffix(".idx").unwrap_or_default();
        !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric())
    }

    /// To ask only for what is newer.
    #[must_use]
    pub fn validators(&self) -> Validators {
        Validators {
            etag: self.etag.clone(),
            last_modified: self.last_modified.clone(),
        }
    }
}

/// What a slot notes of a database besides the database itself.
#[derive(Debug, Clone)]
pub struct NewSlot {
    /// Whether it can be asked for anew.
    pub remote: bool,
    /// To ask only for what is newer.
    pub validators: Validators,
    /// Whether the user wanted it though it is older.
    pub older_allowed: bool,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// A kept database, opened.
#[derive(Debug)]
pub struct Held {
    /// What its slot says.
    pub slot: Slot,
    /// The index's path, to speak of it.
    pub path: PathBuf,
    /// The index.
    pub file: File,
}

/// The folder of databases; it need not be there yet.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in a cache folder.
    #[must_use]
    pub fn new(cache: &Path) -> Self {
        Self {
            root: cache.join("advisories"),
        }
    }

    /// A folder for programs to work in while something is taken in.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The names of the slots, [`MAIN`] first, the others sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.slots()).into_iter().flatten().flatten();
        let name = |entry: fs::DirEntry| {
            let file = entry.file_name().into_string().ok()?;
            file.strip_suffix(".json").map(str::to_owned)
        };
        let mut names: Vec<String> = entries.filter_map(name).collect();
        names.sort_by_key(|name| (name != MAIN, name.clone()));
        names
    }

    /// The slot of a name; none if there is none or it cannot be read.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.read_slot(name).ok().flatten()
    }

    /// The slot of a name, if there is one.
    ///
    /// # Errors
    /// [`DatabaseError::Io`] if its file cannot be read, [`DatabaseError::Index`] if it is damaged.
    pub fn read_slot(&self, name: &str) -> Result<Option<Slot>, DatabaseError> {
        let path = self.slot_file(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DatabaseError::Io { path, error }),
        };
        let slot: Option<Slot> = serde_json::from_slice(&bytes).ok();
        match slot.filter(Slot::stays_inside) {
            Some(slot) => Ok(Some(slot)),
            None => Err(DatabaseError::Index {
                path,
                error: IndexError::Damaged,
            }),
        }
    }

    /// Opens what a slot holds, if there is such a slot. The file stays readable while it is open,
    /// whatever happens to the store.
    ///
    /// # Errors
    /// As [`Self::read_slot`], and [`DatabaseError::Io`] if the index cannot be opened.
    pub fn open(&self, name: &str) -> Result<Option<Held>, DatabaseError> {
        let mut tries = 0;
        loop {
            let Some(slot) = self.read_slot(name)? else {
                return Ok(None);
            };
            let path = self.indexes().join(&slot.index);
            match File::open(&path) {
                Ok(file) => return Ok(Some(Held { slot, path, file })),
                // An update may have come between the slot and its index, and another one since.
                Err(error) if error.kind() == ErrorKind::NotFound && tries < OPEN_TRIES => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(DatabaseError::Io { path, error }),
            }
        }
    }

    /// What a slot holds; none if it cannot be read.
    #[must_use]
    pub fn info(&self, name: &str) -> Option<DatabaseInfo> {
        let mut held = self.open(name).ok()??;
        let mut bytes = Vec::new();
        held.file.read_to_end(&mut bytes).ok()?;
        Some(Index::read(&bytes).ok()?.info)
    }

    /// Takes the right to change the store, waiting so long for another process.
    ///
    /// # Errors
    /// [`DatabaseError::Busy`] if another process does not end in time, [`DatabaseError::Io`] if
    /// the folder cannot be written.
    pub fn lock(&self, patience: Duration) -> Result<Writer<'_>, DatabaseError> {
        for folder in [&self.root, &self.slots(), &self.indexes()] {
            fs::create_dir_all(folder).map_err(DatabaseError::io(folder))?;
        }
        let path = self.root.join("lock");
        let file = whole::lock(&path, patience).map_err(DatabaseError::io(&path))?;
        let Some(file) = file else {
            return Err(DatabaseError::Busy(path));
        };
        Ok(Writer {
            store: self,
            _lock: file,
        })
    }

    /// Whether a failed attempt to ask for a slot is younger than `seconds`.
    #[must_use]
    pub fn failed_within(&self, name: &str, now: i64, seconds: i64) -> bool {
        let text = fs::read_to_string(self.failure_file(name)).ok();
        let failed: Option<i64> = text.and_then(|text| text.trim().parse().ok());
        failed.is_some_and(|failed| (0..seconds).contains(&now.saturating_sub(failed)))
    }

    /// Notes that a slot could not be asked for. That nothing can be written is no matter: then it
    /// is asked for again.
    pub fn note_failure(&self, name: &str, now: i64) {
        let _ = fs::create_dir_all(&self.root);
        let _ = write_whole(&self.failure_file(name), now.to_string().as_bytes());
    }

    fn slots(&self) -> PathBuf {
        self.root.join("slots")
    }

    fn indexes(&self) -> PathBuf {
        self.root.join("indexes")
    }

    fn slot_file(&self, name: &str) -> PathBuf {
        self.slots().join(format!("{name}.json"))
    }

    fn failure_file(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.failed"))
    }
}

/// The right to change the store, until it is dropped.
#[derive(Debug)]
pub struct Writer<'a> {
    store: &'a Store,
    _lock: File,
}

impl Writer<'_> {
    /// Keeps an index under a slot's name, and removes what no slot names any more.
    ///
    /// # Errors
    /// [`DatabaseError::Io`]; then the slot is as it was.
    pub fn keep(
        &self,
        name: &str,
        index: &[u8],
        info: &DatabaseInfo,
        slot: NewSlot,
    ) -> Result<(), DatabaseError> {
        let store = self.store;
        let mut hash = Sha256::new();
        hash.update(info.source.as_bytes());
        hash.update([0]);
        hash.update(index);
        let key: String = hash
            .finalize()
            .iter()
            .take(16)
            .map(|b| format!("{b:02x}"))
            .collect();
        let file = format!("{key}.idx");
        let path = store.indexes().join(&file);
        let is_kept = fs::read(&path).is_ok_and(|kept| kept == index);
        if !is_kept {
            write_whole(&path, index)?;
        }
        self.point(
            name,
            &Slot {
                index: file,
                source: info.source.clone(),
                remote: slot.remote,
                etag: slot.validators.etag,
                last_modified: slot.validators.last_modified,
                older_allowed: slot.older_allowed,
                checked: slot.now,
            },
        )?;
        self.sweep();
        Ok(())
    }

    /// Notes that a slot is still what its source has.
    ///
    /// # Errors
    /// [`DatabaseError::Io`]; then the slot is as it was.
    pub fn confirm(&self, name: &str, slot: &Slot, now: i64) -> Result<(), DatabaseError> {
        let slot = Slot {
            checked: now,
            ..slot.clone()
        };
        self.point(name, &slot)
    }

    /// Removes a slot and what only it named; whether it was there.
    ///
    /// # Errors
    /// [`DatabaseError::Io`] if its file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, DatabaseError> {
        let path = self.store.slot_file(name);
        match fs::remove_file(&path) {
            Ok(()) => {
                let _ = fs::remove_file(self.store.failure_file(name));
                self.sweep();
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(DatabaseError::Io { path, error }),
        }
    }

    fn point(&self, name: &str, slot: &Slot) -> Result<(), DatabaseError> {
        let text = serde_json::to_vec(slot).unwrap_or_default();
        write_whole(&self.store.slot_file(name), &text)?;
        let _ = fs::remove_file(self.store.failure_file(name));
        Ok(())
    }

    /// Removes indexes that no slot names, what a killed process left behind, and git's folders.
    fn sweep(&self) {
        let named: Vec<String> = self
            .store
            .names()
            .iter()
            .filter_map(|name| Some(self.store.slot(name)?.index))
            .collect();
        let (root, indexes, slots) = (&self.store.root, self.store.indexes(), self.store.slots());
        for folder in [root, &slots, &indexes] {
            let is_index = |file: &str| *folder == indexes && file.ends_with(".idx");
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(file) = entry.file_name().into_string() else {
                    continue;
                };
                let stale = is_index(&file) && !named.contains(&file);
                if stale || whole::is_unfinished(&file) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        let _ = fs::remove_dir_all(self.store.work());
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DatabaseError> {
    whole::write(path, &[bytes]).map_err(DatabaseError::io(path))
}
