//! Reading what a run needs.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use carapace_core::knowledge::advisory::Advisory;
use carapace_core::knowledge::advisory::index::{
    DatabaseInfo, Index, IndexError, MAX_HEADER_BYTES, Pieces, Wanted, bytes_needed, piece,
};
use carapace_core::report::{Database, DatabaseOrigin};

use super::store::{Held, Slot, Store};
use super::{DatabaseError, SNAPSHOT, folder};
use crate::host::files::fill;

/// The advisories of one database that speak of wanted packages.
#[derive(Debug)]
pub struct Loaded {
    /// What it is.
    pub database: Database,
    /// The advisories; with texts where it has them.
    pub advisories: Vec<Advisory>,
    /// Which of the asked ids it knows, in their order.
    pub knows: Vec<bool>,
}

/// What is asked of a database.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The packages of the run.
    pub wanted: &'a Wanted<'a>,
    /// Ids of which is asked whether it knows them.
    pub ids: &'a [String],
}

/// Reads from the built-in snapshot.
///
/// # Errors
/// [`DatabaseError::Index`] if it is damaged, which a test rules out.
pub fn embedded(question: Question<'_>) -> Result<Loaded, DatabaseError> {
    in_memory(
        SNAPSHOT,
        question,
        DatabaseOrigin::Embedded,
        "the built-in snapshot",
    )
}

/// Reads from an index that could not be kept.
///
/// # Errors
/// [`DatabaseError::Index`] if it is none.
pub fn memory(index: &[u8], question: Question<'_>) -> Result<Loaded, DatabaseError> {
    in_memory(
        index,
        question,
        DatabaseOrigin::Cache,
        "the fetched database",
    )
}

fn in_memory(
    index: &[u8],
    question: Question<'_>,
    origin: DatabaseOrigin,
    name: &str,
) -> Result<Loaded, DatabaseError> {
    let pieces = &mut |place| piece(index, place);
    answer(index, question, origin, pieces).map_err(|error| DatabaseError::Index {
        path: name.into(),
        error,
    })
}

/// What the built-in snapshot is.
#[must_use]
pub fn embedded_info() -> DatabaseInfo {
    Index::read(SNAPSHOT)
        .map(|index| index.info)
        .unwrap_or_default()
}

/// Reads from what a slot holds, if there is such a slot.
///
/// # Errors
/// [`DatabaseError`] if it cannot be read or is damaged.
pub fn kept(
    store: &Store,
    name: &str,
    question: Question<'_>,
) -> Result<Option<(Slot, Loaded)>, DatabaseError> {
    let Some(held) = store.open(name)? else {
        return Ok(None);
    };
    let Held {
        slot,
        path,
        mut file,
    } = held;
    let length = file.metadata().map_err(DatabaseError::io(&path))?.len();
    let keys = keys(&mut file, length, &path)?;
    let pieces = &mut |place| read_piece(&mut file, length, place).map(Cow::Owned);
    let origin = DatabaseOrigin::Cache;
    match answer(&keys, question, origin, pieces) {
        Ok(loaded) => Ok(Some((slot, loaded))),
        Err(error) => Err(DatabaseError::Index { path, error }),
    }
}

/// The header and keys of an index's file.
fn keys(file: &mut File, length: u64, path: &Path) -> Result<Vec<u8>, DatabaseError> {
    // Holds both, for a database twice as large as today's, in one read.
    const FIRST: usize = 96 << 10;
    let damaged = |error| DatabaseError::Index {
        path: path.to_owned(),
        error,
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    let mut read = |bytes: &mut Vec<u8>, to: usize| {
        fill(file, bytes, to.min(length)).map_err(DatabaseError::io(path))
    };
    read(&mut bytes, FIRST)?;
    let needed = match bytes_needed(&bytes) {
        Ok(needed) => needed,
        Err(_) if bytes.len() < length => {
            read(&mut bytes, MAX_HEADER_BYTES + FIRST)?;
            bytes_needed(&bytes).map_err(damaged)?
        }
        Err(error) => return Err(damaged(error)),
    };
    read(&mut bytes, needed)?;
    Ok(bytes)
}

/// A checksum tells damage, not malice: what is asked for is bounded by the file's length.
pub(crate) fn read_piece(
    file: &mut File,
    length: u64,
    place: Range<u64>,
) -> Result<Vec<u8>, IndexError> {
    let wanted = place
        .end
        .checked_sub(place.start)
        .filter(|_| place.end <= length);
    let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    let wanted = wanted.ok_or(IndexError::Damaged)?;
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(place.start));
    let read = read.and_then(|_| fill(file, &mut bytes, wanted));
    match read {
        Ok(()) if bytes.len() == wanted => Ok(bytes),
        _ => Err(IndexError::Damaged),
    }
}

fn answer(
    keys: &[u8],
    question: Question<'_>,
    origin: DatabaseOrigin,
    pieces: Pieces<'_, '_>,
) -> Result<Loaded, IndexError> {
    let index = Index::read(keys)?;
    let advisories = index.select(question.wanted, pieces)?;
    let ids = question.ids.iter();
    let knows = ids
        .map(|id| index.knows(id, pieces))
        .collect::<Result<_, _>>()?;
    let database = Database {
        origin,
        info: index.info,
    };
    Ok(Loaded {
        database,
        advisories,
        knows,
    })
}

/// Reads from a folder that the user named. Nothing is kept.
///
/// # Errors
/// [`DatabaseError`] if it is no database.
pub fn path(path: &Path, question: Question<'_>) -> Result<Loaded, DatabaseError> {
    let origin = DatabaseOrigin::Path;
    if !question.ids.is_empty() {
        // Whether an id is known can be told only by reading all advisories.
        let (collector, info) = folder::read(path, None)?;
        let (info, advisories) = collector.finish(info);
        let known = |id: &String| advisories.iter().any(|advisory| advisory.is_named(id));
        return Ok(Loaded {
            knows: question.ids.iter().map(known).collect(),
            advisories: matching(advisories, question.wanted),
            database: Database { origin, info },
        });
    }
    let (collector, info) = folder::read(path, Some(question.wanted))?;
    let (info, advisories) = collector.finish(info);
    if info.advisories == 0 && info.set_aside.is_empty() {
        return Err(DatabaseError::Empty(info.source));
    }
    Ok(Loaded {
        advisories: matching(advisories, question.wanted),
        knows: Vec::new(),
        database: Database { origin, info },
    })
}

fn matching(advisories: Vec<Advisory>, wanted: &Wanted<'_>) -> Vec<Advisory> {
    advisories
        .into_iter()
        .filter(|advisory| wanted.matches(advisory))
        .collect()
}
