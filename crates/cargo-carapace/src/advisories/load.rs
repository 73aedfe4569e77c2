//! Reading what a run needs.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use carapace_core::knowledge::advisory::Advisory;
use carapace_core::knowledge::advisory::format;
use carapace_core::knowledge::advisory::index::{
    Contents, DatabaseInfo, Index, IndexError, MAX_HEADER_BYTES, Selected, Wanted, bytes_needed,
    write,
};
use carapace_core::report::{Database, DatabaseOrigin};

use super::store::Store;
use super::{DatabaseError, SNAPSHOT, folder};

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
    let origin = DatabaseOrigin::Embedded;
    answer(SNAPSHOT, question, origin, |_| Ok(None)).map_err(|error| DatabaseError::Index {
        path: "the built-in snapshot".into(),
        error,
    })
}

/// Reads from an index that could not be kept.
///
/// # Errors
/// [`DatabaseError::Index`] if it is none.
pub fn memory(index: &[u8], question: Question<'_>) -> Result<Loaded, DatabaseError> {
    let texts = |place: Range<u64>| {
        let start = usize::try_from(place.start).map_err(|_| IndexError::Damaged)?;
        let end = usize::try_from(place.end).map_err(|_| IndexError::Damaged)?;
        let bytes = index.get(start..end).ok_or(IndexError::Damaged)?;
        let text = std::str::from_utf8(bytes).map_err(|_| IndexError::Damaged)?;
        Ok(Some(text.to_owned()))
    };
    let answer = answer(index, question, DatabaseOrigin::Cache, texts);
    answer.map_err(|error| DatabaseError::Index {
        path: "the fetched database".into(),
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

/// Reads from a kept index.
///
/// # Errors
/// [`DatabaseError`] if it cannot be read or is damaged.
pub fn kept(store: &Store, name: &str, question: Question<'_>) -> Result<Loaded, DatabaseError> {
    let slot = store.slot(name).ok_or_else(|| DatabaseError::Io {
        path: name.into(),
        error: std::io::ErrorKind::NotFound.into(),
    })?;
    let (path, mut file) = store.open(name, &slot)?;
    let facts = facts(&mut file, &path)?;
    let texts = |place: Range<u64>| text(&mut file, place);
    let origin = DatabaseOrigin::Cache;
    answer(&facts, question, origin, texts).map_err(|error| DatabaseError::Index { path, error })
}

/// The header and facts of an index's file, without its texts.
fn facts(file: &mut File, path: &Path) -> Result<Vec<u8>, DatabaseError> {
    // Half a megabyte holds all facts of a database twice as large as today's, in one read.
    const FIRST: usize = 512 << 10;
    let damaged = |error| DatabaseError::Index {
        path: path.to_owned(),
        error,
    };
    let mut bytes = Vec::with_capacity(FIRST);
    let mut read = |bytes: &mut Vec<u8>, to: usize| {
        let more = to.saturating_sub(bytes.len()) as u64;
        let read = (&mut *file).take(more).read_to_end(bytes);
        read.map(drop).map_err(DatabaseError::io(path))
    };
    read(&mut bytes, FIRST)?;
    let needed = match bytes_needed(&bytes) {
        Ok(needed) => needed,
        Err(_) if bytes.len() == FIRST => {
            read(&mut bytes, MAX_HEADER_BYTES + FIRST)?;
            bytes_needed(&bytes).map_err(damaged)?
        }
        Err(error) => return Err(damaged(error)),
    };
    // The header is not under the checksum: what it asks for must be bounded by the file.
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if needed as u64 > length {
        return Err(damaged(IndexError::Damaged));
    }
    read(&mut bytes, needed)?;
    Ok(bytes)
}

fn text(file: &mut File, place: Range<u64>) -> Result<Option<String>, IndexError> {
    let length = place.end.saturating_sub(place.start);
    if length > format::MAX_BYTES as u64 {
        return Err(IndexError::Damaged);
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(place.start))
        .and_then(|_| file.take(length).read_to_end(&mut bytes))
        .map_err(|_| IndexError::Damaged)?;
    if bytes.len() as u64 != length {
        return Err(IndexError::Damaged);
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| IndexError::Damaged)
}

fn answer(
    facts: &[u8],
    question: Question<'_>,
    origin: DatabaseOrigin,
    mut text: impl FnMut(Range<u64>) -> Result<Option<String>, IndexError>,
) -> Result<Loaded, IndexError> {
    let index = Index::read(facts)?;
    let mut texts = |selected: Selected| -> Result<Advisory, IndexError> {
        let mut read = |place: Option<Range<u64>>| place.map_or(Ok(None), &mut text);
        Ok(Advisory {
            title: read(selected.title)?,
            description: read(selected.description)?,
            ..selected.advisory
        })
    };
    let selected = index.select(question.wanted)?;
    Ok(Loaded {
        advisories: selected
            .into_iter()
            .map(&mut texts)
            .collect::<Result<_, _>>()?,
        knows: question.ids.iter().map(|id| index.knows(id)).collect(),
        database: Database {
            origin,
            info: index.info,
        },
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
        let index = write(&info, &advisories, Contents::Facts);
        let index = Index::read(&index).map_err(|error| DatabaseError::Index {
            path: path.to_owned(),
            error,
        })?;
        return Ok(Loaded {
            knows: question.ids.iter().map(|id| index.knows(id)).collect(),
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
