//! The lock of facts: its file.

use std::path::{Path, PathBuf};

use carapace_core::baseline::MAX_BYTES;
use carapace_core::graph::Graph;
use carapace_core::knowledge::people::{CratePeople, People, lock};
use carapace_core::supply::Supply;
use carapace_core::text::visible;

use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::PublishersArgs;
use crate::host::files::{FileError, read_found, read_regular};
use crate::host::rewrite::{Rewrite, rewrite};

/// The file, beside the lockfile.
const FILE: &str = "carapace-publishers.lock";

/// A lock's file, as it was when the run began.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    before: Option<Vec<u8>>,
}

impl LockFile {
    /// The lock of the project whose lockfile is in a folder, and what it says; nothing where it is
    /// not there.
    ///
    /// # Errors
    /// [`Failure`] for what is named, or asked to be verified, and is not there, and for what cannot
    /// be read or understood.
    pub(super) fn open(
        folder: &Path,
        arguments: &PublishersArgs,
    ) -> Result<(Self, Option<People>), Failure> {
        let sources = &arguments.sources;
        let folder = match folder == Path::new("") {
            true => Path::new("."),
            false => folder,
        };
        let path = sources.lock.clone().unwrap_or_else(|| folder.join(FILE));
        let is_named = sources.lock.is_some();
        let limit = MAX_BYTES as u64;
        let read = match is_named {
            true => read_regular(&path, limit),
            false => read_found(folder, &path, limit),
        };
        let before = match read {
            Ok(bytes) => Some(bytes),
            Err(FileError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        // The project's own word, as all of its configuration.
        let is_followed = is_named || arguments.config.is_projects_followed();
        let people = before.as_deref().filter(|_| is_followed);
        let people = people.map(lock::parse);
        let people = people.transpose();
        let people = people.map_err(|error| fault(&path, &visible(&error.to_string())))?;
        let is_wanted = sources.verify || (is_named && !sources.write_lock);
        if people.is_none() && is_wanted {
            let why = "there is no lock of facts; `--write-lock` writes one";
            return Err(fault(&path, why));
        }
        Ok((Self { path, before }, people))
    }

    /// Writes what is known of the packages of a graph. What is locked of others goes; a fact that
    /// never changes keeps its day.
    ///
    /// # Errors
    /// [`Failure`] if the file cannot be written, or has changed since it was read.
    pub fn write(&self, graph: &Graph, supply: &Supply) -> Result<(), Failure> {
        let after = lock::write(&locked(graph, supply)).into_bytes();
        if self.before.as_ref() == Some(&after) {
            return Ok(());
        }
        if after.len() > MAX_BYTES {
            return Err(fault(&self.path, "there is more than a lock can hold"));
        }
        let file = Rewrite {
            path: self.path.clone(),
            before: self.before.clone(),
            after,
        };
        Ok(rewrite(&[file])?)
    }

    /// Its path, to be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        visible(&shown(&self.path)).into_owned()
    }
}

/// What of the facts belongs into a lock.
fn locked(graph: &Graph, supply: &Supply) -> People {
    let mut locked = People {
        accounts: supply.people.accounts.clone(),
        ..People::default()
    };
    for package in graph.packages().iter().filter(|p| p.is_crates_io()) {
        let Some(known) = supply.people.crates.get(&package.name) else {
            continue;
        };
        let krate = locked.crates.entry(package.name.clone());
        let krate = krate.or_insert_with(|| CratePeople {
            owners: known.owners.clone(),
            ..CratePeople::default()
        });
        let Some(version) = known.versions.get(&package.version) else {
            continue;
        };
        let mut version = version.clone();
        let lock = supply.lock.as_ref();
        let before = lock.and_then(|lock| lock.version(&package.name, &package.version));
        let before = before.and_then(|before| before.publisher.as_ref());
        if let (Some(now), Some(before)) = (&mut version.publisher, before)
            && now.value == before.value
        {
            now.as_of = before.as_of;
        }
        krate.versions.insert(package.version.clone(), version);
    }
    locked
}

fn fault(path: &Path, what: &str) -> Failure {
    Failure(format!("{}: {what}", visible(&shown(path))))
}
