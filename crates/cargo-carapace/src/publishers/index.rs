//! The kept index of people: what a run asks of it is read in pieces.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use carapace_core::knowledge::advisory::index::IndexError;
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::People;
use carapace_core::knowledge::people::index::record::CrateRecord;
use carapace_core::knowledge::people::index::{DumpInfo, Index, MAX_HEADER_BYTES, bytes_needed};

use super::error::PeopleError;
use super::store::Store;
use crate::advisories::load::read_piece;
use crate::host::files::fill;

/// Holds the header and directories of an index of twice what crates.io has in 2026.
const FIRST: usize = 512 << 10;
/// Header and directories are never longer, in bytes.
const MAX_HEAD: usize = 64 << 20;

/// The kept index, opened. It stays readable whatever becomes of the store.
#[derive(Debug)]
pub struct PeopleIndex {
    index: Index,
    path: PathBuf,
    length: u64,
    file: Mutex<File>,
}

/// Opens the index in a cache folder, if there is one.
///
/// # Errors
/// [`PeopleError::Io`] if it cannot be read, [`PeopleError::Index`] if it is damaged or of another
/// version of this program.
pub fn open(cache: &Path) -> Result<Option<PeopleIndex>, PeopleError> {
    let store = Store::new(cache);
    let path = store.index();
    let Some(mut file) = store.open()? else {
        return Ok(None);
    };
    let length = file.metadata().map_err(PeopleError::io(&path))?.len();
    match head(&mut file, length).map_err(PeopleError::io(&path))? {
        Ok(index) => Ok(Some(PeopleIndex {
            index,
            path,
            length,
            file: Mutex::new(file),
        })),
        Err(error) => Err(PeopleError::Index { path, error }),
    }
}

fn head(file: &mut File, length: u64) -> std::io::Result<Result<Index, IndexError>> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    const { assert!(FIRST >= MAX_HEADER_BYTES) };
    fill(file, &mut bytes, FIRST.min(length))?;
    let needed = match bytes_needed(&bytes) {
        Ok(needed) if needed <= length.min(MAX_HEAD) => needed,
        Ok(_) => return Ok(Err(IndexError::Damaged)),
        Err(error) => return Ok(Err(error)),
    };
    if bytes.len() < needed {
        fill(file, &mut bytes, needed)?;
    }
    let index = Index::read(&bytes);
    Ok(
        index.and_then(|index| match index.length() == length as u64 {
            true => Ok(index),
            false => Err(IndexError::Damaged),
        }),
    )
}

impl PeopleIndex {
    /// What dump it is of.
    #[must_use]
    pub fn info(&self) -> &DumpInfo {
        &self.index.info
    }

    /// The day of which its facts are.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.index.as_of()
    }

    /// Who may publish packages, and who did; see [`Index::people`].
    ///
    /// # Errors
    /// [`PeopleError::Index`] if what is needed of it is damaged.
    pub fn people(&self, names: &[&str]) -> Result<People, PeopleError> {
        self.reading(|pieces| self.index.people(names, pieces))
    }

    /// All that it says of packages; see [`Index::packages`].
    ///
    /// # Errors
    /// As [`Self::people`].
    pub fn packages(&self, names: &[&str]) -> Result<BTreeMap<String, CrateRecord>, PeopleError> {
        self.reading(|pieces| self.index.packages(names, pieces))
    }

    /// The names of the most downloaded packages; see [`Index::most_downloaded`].
    ///
    /// # Errors
    /// As [`Self::people`].
    pub fn most_downloaded(&self, most: usize) -> Result<Vec<String>, PeopleError> {
        self.reading(|pieces| self.index.most_downloaded(most, pieces))
    }

    /// Reads all of it, and whether it is as it was written.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub fn verify(&self) -> Result<(), PeopleError> {
        self.reading(|pieces| self.index.verify(pieces))
    }

    fn reading<T>(
        &self,
        read: impl FnOnce(
            &mut dyn FnMut(Range<u64>) -> Result<Cow<'static, [u8]>, IndexError>,
        ) -> Result<T, IndexError>,
    ) -> Result<T, PeopleError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        read(&mut |place| read_piece(&mut file, self.length, place).map(Cow::Owned)).map_err(
            |error| PeopleError::Index {
                path: self.path.clone(),
                error,
            },
        )
    }
}
