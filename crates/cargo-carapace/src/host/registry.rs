//! What crates.io's index says of the packages of a run.
//!
//! What it holds to:
//! - A file of the index is asked for once, by name, and only if it changed.
//!   Nothing but names of packages leaves the machine.
//! - An answer is the registry's own ([`Lookup::Fresh`]), a kept copy's
//!   ([`Lookup::Kept`]), or missing with the reason. None is ever made up:
//!   what can't be read as this package's index file is no answer, and what a
//!   server that has no index does not find was not removed.
//! - A network that is not there costs a few attempts, not one for each name,
//!   and a run's questions end in [`RegistryLimits::whole`].
//! - Nothing here fails: a folder that can't be written keeps no copies.

mod address;
mod kept;
mod online;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use carapace_core::knowledge::registry::{
    Answer, History, IndexEntry, Lookup, MAX_BYTES, Published, Registry, RegistryError, entry,
    entry_in_cargo_cache, history, history_in_cargo_cache, path, published as published_in,
    published_in_cargo_cache, read_sparse,
};
use semver::Version;

pub(crate) use address::base;
pub use address::{CRATES_IO, IndexAddress, IndexAddressError, index_address};
pub(crate) use kept::folder;

use crate::host::dirs;
use crate::host::http::{Door, Limits};
use kept::Store;
pub(crate) use kept::is_crates_io;
use online::Index;

/// More connections at once than any index needs, and than the door keeps.
const MAX_CONNECTIONS: usize = 16;

/// How a registry's index is asked. Everything here is the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Where.
    pub index: IndexAddress,
    /// The folder for our own copies of what it says; it is made where it is
    /// missing.
    pub cache: Option<PathBuf>,
    /// The user's cargo home, whose copies are read.
    pub cargo_home: Option<PathBuf>,
    /// Asks nobody, and answers from copies only.
    pub offline: bool,
    /// How many connections are open at once: 1 to 16, others count as these.
    pub connections: usize,
    /// What the answers may cost.
    pub limits: RegistryLimits,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            index: IndexAddress::default(),
            cache: None,
            cargo_home: None,
            offline: false,
            connections: 8,
            limits: RegistryLimits::default(),
        }
    }
}

impl RegistrySettings {
    /// The index that a flag names, else the user's configuration of cargo; copies are kept and found
    /// in the user's folders.
    ///
    /// # Errors
    /// When what is named is no address of a sparse index.
    pub fn of_user(named: Option<&str>, offline: bool) -> Result<Self, IndexAddressError> {
        let home = dirs::cargo_home(&dirs::env);
        Ok(Self {
            index: match named {
                Some(address) => IndexAddress::named(address)?,
                None => index_address(home.as_deref(), &dirs::env),
            },
            cache: dirs::cache(&dirs::env).map(|cache| cache.join("index")),
            cargo_home: home,
            offline,
            ..Self::default()
        })
    }
}

/// What the index's answers may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryLimits {
    /// One answer.
    pub request: Limits,
    /// Time for all of them. What is not answered then is not asked.
    pub whole: Duration,
    /// The longest wait that a busy server is granted, once for each name.
    pub wait: Duration,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            request: Limits {
                max_bytes: MAX_BYTES as u64,
                connect: Duration::from_secs(10),
                total: Duration::from_secs(30),
            },
            whole: Duration::from_secs(60),
            wait: Duration::from_secs(5),
        }
    }
}

/// What the index says of each of the packages, all of which have to be
/// crates.io's: their names are sent to it.
///
/// Without a door, as with [`RegistrySettings::offline`], only what is kept is
/// read. `progress` is told how many names are done, of how many, from several
/// threads.
pub fn ask(
    packages: &[(&str, &Version)],
    settings: &RegistrySettings,
    door: Option<&Door>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Registry {
    let mut names: BTreeMap<&str, BTreeSet<&Version>> = BTreeMap::new();
    for (name, version) in packages {
        names.entry(name).or_default().insert(version);
    }
    let names: Vec<(&str, Vec<&Version>)> = names
        .into_iter()
        .map(|(name, versions)| (name, versions.into_iter().collect()))
        .collect();
    let source = Source::new(settings, door);
    let lookups = each(settings, &names, progress, |(name, versions)| {
        source.lookups(name, versions)
    });
    let mut registry = Registry::default();
    for ((name, versions), lookups) in names.iter().zip(lookups) {
        for (version, lookup) in versions.iter().zip(lookups) {
            registry.insert(name, (*version).clone(), lookup);
        }
    }
    registry
}

/// All versions of each of the packages, the oldest first, in the order of the
/// names; or why they are not known. Otherwise as [`ask`].
///
/// What is kept answers where the index does not, and may lack the newest.
pub fn published(
    names: &[&str],
    settings: &RegistrySettings,
    door: Option<&Door>,
) -> Vec<Result<Vec<Published>, String>> {
    let source = Source::new(settings, door);
    each(settings, names, &|_, _| {}, |name| {
        source.all(name, published_in, published_in_cargo_cache)
    })
}

/// The history of each of the packages, in the order of the names; or why it is not known. Otherwise
/// as [`ask`] and [`published`].
pub fn histories(
    names: &[&str],
    settings: &RegistrySettings,
    door: Option<&Door>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Result<History, String>> {
    let source = Source::new(settings, door);
    each(settings, names, progress, |name| {
        source.all(name, history, history_in_cargo_cache)
    })
}

/// What is kept on this machine of crates.io's index: nobody is asked.
pub(crate) struct KeptIndex(Store);

impl KeptIndex {
    /// Of our own copies and of cargo's.
    pub(crate) fn new(cache: Option<&Path>, cargo_home: Option<&Path>) -> Self {
        Self(Store::of(CRATES_IO, cache, cargo_home))
    }

    /// What the newest copy that knows a version says of it, for each of the versions in their order.
    pub(crate) fn entries(&self, name: &str, versions: &[&Version]) -> Vec<Option<IndexEntry>> {
        type Entries = Vec<Option<IndexEntry>>;
        let each = |entry: &dyn Fn(&Version) -> Result<Option<IndexEntry>, RegistryError>| {
            let entries = versions.iter().map(|version| entry(version));
            // A copy that is damaged where one version stands may be right about another.
            Ok(entries.map(Result::unwrap_or_default).collect::<Entries>())
        };
        let copies = path(name).map(|path| {
            self.0.copies(
                &path,
                |bytes| each(&|version| entry(bytes, name, version)),
                |bytes| each(&|version| entry_in_cargo_cache(bytes, name, version)),
            )
        });
        let mut best: Entries = vec![None; versions.len()];
        for copy in copies.into_iter().flatten() {
            for (best, older) in best.iter_mut().zip(copy) {
                *best = best.take().or(older);
            }
        }
        best
    }
}

/// The answer for each of the things, in their order, by several threads.
fn each<T: Sync, A: Send>(
    settings: &RegistrySettings,
    all: &[T],
    progress: &(dyn Fn(usize, usize) + Sync),
    answer: impl Fn(&T) -> A + Sync,
) -> Vec<A> {
    let answers = Mutex::new(Vec::with_capacity(all.len()));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at) else { break };
            let answer = answer(one);
            answers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((at, answer));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, all.len());
        }
    };
    let threads = settings.connections.clamp(1, MAX_CONNECTIONS);
    thread::scope(|scope| {
        for _ in 1..threads.min(all.len()) {
            // With fewer threads than wanted, or this one alone, all gets done.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_unstable_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Where the answers of a run come from.
struct Source<'a> {
    store: Store,
    /// The index, or why it is not asked.
    index: Result<Index<'a>, String>,
}

impl<'a> Source<'a> {
    fn new(settings: &RegistrySettings, door: Option<&'a Door>) -> Self {
        let address = match &settings.index {
            IndexAddress::Sparse(text) => address::sparse(text)
                .ok_or_else(|| "its address is not that of a sparse index".to_owned()),
            IndexAddress::NotSparse(reason) => Err(reason.clone()),
        };
        let kept = address.as_deref().unwrap_or(CRATES_IO);
        Self {
            store: Store::of(
                kept,
                settings.cache.as_deref(),
                settings.cargo_home.as_deref(),
            ),
            index: match (address, door) {
                (Ok(address), Some(door)) if !settings.offline => {
                    Ok(Index::new(door, address, settings.limits))
                }
                (Err(reason), Some(_)) if !settings.offline => Err(reason),
                _ => Err("the run is offline".to_owned()),
            },
        }
    }

    /// What is known of each of the versions, in their order.
    fn lookups(&self, name: &str, versions: &[&Version]) -> Vec<Lookup> {
        let Some(path) = path(name) else {
            let reason = "not a package name that a registry can hold; it was not asked";
            return vec![Lookup::Unknown(reason.to_owned()); versions.len()];
        };
        let asked = match &self.index {
            Ok(index) => {
                let read = |bytes: &[u8]| read_sparse(bytes, name, versions);
                let answers = index.answer(&self.store, &path, read);
                let none = || vec![Answer::NoPackage; versions.len()];
                answers.map(|answers| answers.unwrap_or_else(none))
            }
            Err(reason) => Err(format!("not asked, as {reason}")),
        };
        let reason = match asked {
            Ok(answers) => return answers.into_iter().map(Lookup::Fresh).collect(),
            Err(reason) => reason,
        };
        match self.store.answers(name, &path, versions) {
            Some(answers) => answers
                .into_iter()
                .map(|answer| match answer {
                    Answer::Release(_) => Lookup::Kept(answer),
                    // The copies may be older than the version. Where the
                    // registry should have answered, why it did not says more.
                    _ if self.index.is_ok() => Lookup::Unknown(reason.clone()),
                    _ => Lookup::Kept(answer),
                })
                .collect(),
            None if self.index.is_ok() => vec![Lookup::Unknown(reason); versions.len()],
            None => {
                let reason = format!("{reason}, and no copy of the index is kept");
                vec![Lookup::Unknown(reason); versions.len()]
            }
        }
    }

    /// All versions of a package, as `read` and `read_cargos` take them out of an index file and of
    /// one that cargo keeps; none of one that the registry does not know.
    fn all<T: Default>(
        &self,
        name: &str,
        read: Read<T>,
        read_cargos: Read<T>,
    ) -> Result<T, String> {
        let path = path(name).ok_or("not a package name that a registry can hold")?;
        let asked = match &self.index {
            Ok(index) => index.answer(&self.store, &path, |bytes| read(bytes, name)),
            Err(reason) => Err(format!("not asked, as {reason}")),
        };
        let reason = match asked {
            Ok(versions) => return Ok(versions.unwrap_or_default()),
            Err(reason) => reason,
        };
        let copies = self.store.copies(
            &path,
            |bytes| read(bytes, name),
            |bytes| read_cargos(bytes, name),
        );
        let newest = copies.into_iter().next();
        newest.ok_or_else(|| format!("{reason}, and no copy of the index is kept"))
    }
}

/// What takes all versions of the package with a name out of a file.
type Read<T> = fn(&[u8], &str) -> Result<T, RegistryError>;
