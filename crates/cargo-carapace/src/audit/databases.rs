//! The advisories of a run: kept fresh, chosen, read.

use std::time::Duration;

use sha2::{Digest, Sha256};

use carapace_core::engine::Knowledge;
use carapace_core::graph::Graph;
use carapace_core::knowledge::advisory::Advisory;
use carapace_core::knowledge::advisory::index::{Contents, DatabaseInfo, Wanted};
use carapace_core::report::Gap;

use super::settings::{Databases, Settings};
use crate::advisories::load::{self, Loaded, Question};
use crate::advisories::source::Source;
use crate::advisories::store::{MAIN, NewSlot, Slot, Store};
use crate::advisories::take::{Taken, Taking, take};
use crate::advisories::{DatabaseError, RUSTSEC_ARCHIVE};
use crate::host::dirs;
use crate::host::http::Door;

/// A kept database is asked for anew after so many seconds.
const FRESH_SECONDS: i64 = 24 * 60 * 60;
/// After a failed attempt, the next one waits so many seconds.
const RETRY_SECONDS: i64 = 60 * 60;

/// How long a run may wait for a newer database.
const PATIENCE: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(15);

/// How the slots of databases begin that one run named by their address; no other run uses them.
pub const ONE_RUN: &str = "url-";

/// Whether a slot is one that runs use beside the main one.
fn is_for_every_run(name: &str) -> bool {
    name != MAIN && !name.starts_with(ONE_RUN)
}

/// Which of two databases is newer, as far as that can be told.
#[must_use]
pub fn is_older(new: &DatabaseInfo, held: &DatabaseInfo) -> bool {
    match (new.committed, held.committed) {
        (Some(new), Some(held)) => new < held,
        // A folder has no commit's time, and its newest advisory is a little older than its last
        // commit: like is compared with like. Nothing known is older than anything.
        _ => new.newest < held.newest,
    }
}

/// What a run has at hand to bring databases.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Where databases are kept; none without a cache folder.
    pub store: Option<&'a Store>,
    /// The network; none where the run is offline.
    pub door: Option<&'a Door>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

impl Sources<'_> {
    /// Reads the advisories that a run needs, after fetching newer ones where that is due.
    ///
    /// # Errors
    /// [`DatabaseError`] if a database that was named cannot be had. Where only a newer one cannot
    /// be had, that is a gap, and what is held is used.
    pub fn bring(
        &self,
        settings: &Settings,
        question: Question<'_>,
        gaps: &mut Vec<Gap>,
    ) -> Result<Knowledge, DatabaseError> {
        let mut loaded = match &settings.databases {
            Databases::Folders(folders) => folders
                .iter()
                .map(|folder| load::path(folder, question))
                .collect::<Result<Vec<_>, _>>()?,
            Databases::Fetched(Source::Folder(folder)) => vec![load::path(folder, question)?],
            Databases::Fetched(source) => vec![self.fetched(source, question, gaps)?],
            Databases::Held => self.held(question, gaps)?,
        };
        for folder in &settings.added {
            loaded.push(load::path(folder, question)?);
        }
        Ok(knowledge(loaded, question))
    }

    /// The main database or the built-in snapshot, whichever is newer, then all named ones.
    fn held(
        &self,
        question: Question<'_>,
        gaps: &mut Vec<Gap>,
    ) -> Result<Vec<Loaded>, DatabaseError> {
        let Some(store) = self.store else {
            return Ok(vec![load::embedded(question)?]);
        };
        let rustsec = || Source::Archive(RUSTSEC_ARCHIVE.to_owned());
        let main = match self.refresh(store, MAIN, rustsec, gaps) {
            Some(index) => Some((false, load::memory(&index, question)?)),
            None => self
                .readable(store, MAIN, question, gaps)
                .map(|(slot, main)| (slot.older_allowed, main)),
        };
        let embedded = load::embedded_info();
        let main = main
            .filter(|(allowed, main)| *allowed || !is_older(&main.database.info, &embedded))
            .map(|(_, main)| main);
        let mut loaded = vec![match main {
            Some(main) => main,
            None => load::embedded(question)?,
        }];
        let names = store.names();
        for name in names.iter().filter(|name| is_for_every_run(name)) {
            let slot = store.slot(name).filter(|slot| slot.remote);
            let source = slot.and_then(|slot| Source::parse(&slot.source).ok());
            let in_memory =
                source.and_then(|source| self.refresh(store, name, || source.clone(), gaps));
            loaded.extend(match in_memory {
                Some(index) => Some(load::memory(&index, question)?),
                None => self
                    .readable(store, name, question, gaps)
                    .map(|(_, named)| named),
            });
        }
        Ok(loaded)
    }

    /// A kept database, or a gap that says why it cannot be read. Others are missing without it, so
    /// a named one that is damaged blocks; for the main one the built-in snapshot stands in.
    fn readable(
        &self,
        store: &Store,
        name: &str,
        question: Question<'_>,
        gaps: &mut Vec<Gap>,
    ) -> Option<(Slot, Loaded)> {
        match load::kept(store, name, question) {
            Ok(loaded) => loaded,
            Err(error) => {
                let mut gap = Gap::new("database", format!("{name} cannot be read: {error}"));
                gap.blocking = name != MAIN;
                gaps.push(gap);
                None
            }
        }
    }

    /// What a source has, kept under a name made of its address.
    fn fetched(
        &self,
        source: &Source,
        question: Question<'_>,
        gaps: &mut Vec<Gap>,
    ) -> Result<Loaded, DatabaseError> {
        let store = self.store.ok_or(DatabaseError::NoCacheFolder)?;
        let hash = Sha256::digest(source.name().as_bytes());
        let hash: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let name = format!("{ONE_RUN}{hash}");
        if let Some(index) = self.refresh(store, &name, || source.clone(), gaps) {
            return load::memory(&index, question);
        }
        if let Some((_, loaded)) = load::kept(store, &name, question)? {
            return Ok(loaded);
        }
        // Nothing stands in for what was named; why it could not be fetched is the last gap.
        let reason = match gaps.pop_if(|gap| gap.what == "database") {
            Some(gap) => gap.reason,
            None if self.door.is_none() => "not fetched, as the run is offline".to_owned(),
            None => "it could not be fetched a short while ago".to_owned(),
        };
        Err(DatabaseError::Archive {
            source: source.name(),
            reason,
        })
    }

    /// Asks for a newer database where that is due. Gives its index where it could not be kept.
    fn refresh(
        &self,
        store: &Store,
        name: &str,
        source: impl Fn() -> Source,
        gaps: &mut Vec<Gap>,
    ) -> Option<Vec<u8>> {
        let door = self.door?;
        let slot = store.slot(name);
        let age = slot
            .as_ref()
            .map(|slot| self.now.saturating_sub(slot.checked));
        // A time in the future says nothing.
        let is_fresh = age.is_some_and(|age| (0..FRESH_SECONDS).contains(&age));
        if is_fresh || store.failed_within(name, self.now, RETRY_SECONDS) {
            return None;
        }
        // What came from a folder is not asked for there again.
        let source = match slot.as_ref().filter(|slot| slot.remote) {
            Some(slot) => Source::parse(&slot.source).unwrap_or_else(|_| source()),
            None => source(),
        };
        let update = Update {
            store,
            name,
            source: &source,
            door: Some(door),
            now: self.now,
            patience: PATIENCE,
            connect: CONNECT,
            total: TOTAL,
            allow_older: false,
        };
        match update.run() {
            Ok(_) => None,
            Err(UpdateError::NotKept { index, error }) => {
                let reason = format!("the newest database could not be kept: {error}");
                gaps.push(Gap::new("cache", reason));
                Some(index)
            }
            Err(UpdateError::Failed(error)) => {
                // Another update, which is just under way, may yet bring what is newest.
                if !matches!(error, DatabaseError::Busy(_)) {
                    store.note_failure(name, self.now);
                }
                let reason = format!("no newer advisories could be fetched: {error}");
                gaps.push(Gap::new("database", reason));
                None
            }
        }
    }
}

/// The advisories on packages of a graph that are held here: nothing is fetched. What cannot be read,
/// and nothing stands in for, is a gap.
pub fn held_here(graph: &Graph, gaps: &mut Vec<Gap>) -> Vec<Advisory> {
    let packages = graph.packages().iter();
    let wanted: Wanted<'_> = packages
        .map(|package| (&*package.name, &package.version))
        .collect();
    let question = Question {
        wanted: &wanted,
        ids: &[],
    };
    let store = dirs::cache(&dirs::env).map(|cache| Store::new(&cache));
    let sources = Sources {
        store: store.as_ref(),
        door: None,
        now: 0,
    };
    let mut unread = Vec::new();
    let held = sources.held(question, &mut unread);
    // These only tell that something is known: what a run finds does not hang on them.
    let unread = unread.into_iter().filter(|gap| gap.blocking);
    gaps.extend(unread.map(|gap| Gap {
        blocking: false,
        ..gap
    }));
    match held {
        Ok(loaded) => knowledge(loaded, question).advisories,
        Err(error) => {
            gaps.push(Gap::new("database", error.to_string()));
            Vec::new()
        }
    }
}

fn knowledge(loaded: Vec<Loaded>, question: Question<'_>) -> Knowledge {
    let mut knowledge = Knowledge::default();
    let mut known = vec![false; question.ids.len()];
    for loaded in loaded {
        knowledge.databases.push(loaded.database);
        knowledge.advisories.extend(loaded.advisories);
        for (known, knows) in known.iter_mut().zip(loaded.knows) {
            *known |= knows;
        }
    }
    let unknown = question.ids.iter().zip(known).filter(|(_, known)| !known);
    knowledge.unknown_ignores = unknown.map(|(id, _)| id.clone()).collect();
    knowledge
}

/// Taking a database into a slot.
#[derive(Debug)]
pub struct Update<'a> {
    /// Where it is kept.
    pub store: &'a Store,
    /// The slot's name.
    pub name: &'a str,
    /// Where it comes from.
    pub source: &'a Source,
    /// The network; none where the run is offline.
    pub door: Option<&'a Door>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Time to wait for another update.
    pub patience: Duration,
    /// Time to connect.
    pub connect: Duration,
    /// Time for everything.
    pub total: Duration,
    /// Whether something older than what is held is taken too.
    pub allow_older: bool,
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The source has nothing newer.
    Unchanged(DatabaseInfo),
    /// This is held now.
    Taken(DatabaseInfo),
}

/// Why an update did not come to its end.
#[derive(Debug)]
pub enum UpdateError {
    /// It was fetched, but could not be kept; it is good for this run.
    NotKept {
        /// The compact index.
        index: Vec<u8>,
        /// Why.
        error: DatabaseError,
    },
    /// It could not be had.
    Failed(DatabaseError),
}

impl From<DatabaseError> for UpdateError {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error)
    }
}

impl Update<'_> {
    /// Takes the database in. Whatever goes wrong, what was held is held.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn run(&self) -> Result<Updated, UpdateError> {
        // Two that fetch the same at once would only waste one of the two downloads; where nothing
        // can be written, there is nothing to guard.
        let writer = self.store.lock(self.patience);
        if let Err(busy @ DatabaseError::Busy(_)) = writer {
            return Err(busy.into());
        }
        let slot = self.store.slot(self.name);
        let held = self.store.info(self.name);
        let same = |slot: &&Slot| slot.source == self.source.name() && held.is_some();
        let validators = slot
            .as_ref()
            .filter(same)
            .map(Slot::validators)
            .unwrap_or_default();
        let work = match &writer {
            Ok(_) => self.store.work(),
            Err(_) => dirs::temporary().map_err(DatabaseError::io(std::env::temp_dir()))?,
        };
        let taken = take(
            self.source,
            Taking {
                door: self.door,
                work: &work,
                validators,
                connect: self.connect,
                total: self.total,
                contents: Contents::Whole,
                label: None,
            },
        );
        let _ = std::fs::remove_dir_all(&work);
        let (info, index, validators) = match (taken?, slot, held) {
            (Taken::NotModified, Some(slot), Some(held)) => {
                if let Ok(writer) = &writer {
                    writer.confirm(self.name, &slot, self.now)?;
                }
                return Ok(Updated::Unchanged(held));
            }
            (Taken::NotModified, ..) => {
                // Without a copy nothing was asked conditionally, so a server cannot say this.
                return Err(DatabaseError::Empty(self.source.name()).into());
            }
            (
                Taken::Database {
                    info,
                    index,
                    validators,
                },
                _,
                held,
            ) => {
                self.refuse_older(&info, held)?;
                (info, index, validators)
            }
        };
        let remote = !matches!(self.source, Source::Folder(_));
        let kept = writer.and_then(|writer| {
            let slot = NewSlot {
                remote,
                validators,
                older_allowed: self.allow_older,
                now: self.now,
            };
            writer.keep(self.name, &index, &info, slot)
        });
        match kept {
            Ok(()) => Ok(Updated::Taken(info)),
            Err(error) => Err(UpdateError::NotKept { index, error }),
        }
    }

    /// Whoever can answer for a server could otherwise make known advisories unknown again.
    fn refuse_older(
        &self,
        new: &DatabaseInfo,
        held: Option<DatabaseInfo>,
    ) -> Result<(), DatabaseError> {
        if self.allow_older {
            return Ok(());
        }
        // The built-in snapshot is RustSec's; a company's own database has its own age.
        let embedded = (self.name == MAIN).then(load::embedded_info);
        match held
            .into_iter()
            .chain(embedded)
            .find(|held| is_older(new, held))
        {
            Some(held) => Err(DatabaseError::Older {
                new: Box::new(new.clone()),
                held: Box::new(held),
            }),
            None => Ok(()),
        }
    }
}
