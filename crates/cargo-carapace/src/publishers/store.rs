//! Where the index of the registry's dump is kept.
//!
//! ```text
//! people/index    the index
//! people/lock     held by whoever makes a new one
//! ```
//!
//! *Invariants.* The index is whole or not there: a new one is written beside and renamed. Readers
//! take no lock: the file that they have open stays what it is.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::PeopleError;
use crate::host::whole;

/// The folder of the index; it need not be there yet.
#[derive(Debug, Clone)]
pub(super) struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in a cache folder.
    pub(super) fn new(cache: &Path) -> Self {
        Self {
            root: cache.join("people"),
        }
    }

    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Opens the index, if there is one.
    pub(super) fn open(&self) -> Result<Option<File>, PeopleError> {
        let path = self.index();
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PeopleError::Io { path, error }),
        }
    }

    /// Takes the right to make a new index, waiting so long for another process.
    pub(super) fn lock(&self, patience: Duration) -> Result<Writer<'_>, PeopleError> {
        fs::create_dir_all(&self.root).map_err(PeopleError::io(&self.root))?;
        let path = self.root.join("lock");
        match whole::lock(&path, patience).map_err(PeopleError::io(&path))? {
            Some(file) => Ok(Writer {
                store: self,
                _lock: file,
            }),
            None => Err(PeopleError::Busy(path)),
        }
    }
}

/// The right to make a new index, until it is dropped.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    store: &'a Store,
    _lock: File,
}

impl Writer<'_> {
    /// Puts an index, given in parts, in the place of the one that is there.
    pub(super) fn keep(&self, parts: &[Vec<u8>]) -> Result<(), PeopleError> {
        let path = self.store.index();
        whole::write(&path, parts).map_err(PeopleError::io(&path))
    }

    /// Removes what a killed process left behind.
    pub(super) fn sweep(&self) {
        let entries = fs::read_dir(&self.store.root).into_iter().flatten();
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(whole::is_unfinished) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
