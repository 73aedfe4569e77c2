//! A copy of a project in which cargo changes the lockfile: nothing in the project itself is run,
//! obeyed or written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::fix::manifest::Local;
use carapace_core::fix::manifest::{Manifest, locals};
use carapace_core::knowledge::registry::rust_version;
use semver::Version;

use super::files;
use super::project_config::ProjectConfig;
use super::resolve::{self, ResolveError, ResolveOptions, Workplace};
use super::workspace::Project;

/// What decides which versions a project has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its lockfile.
    pub lockfile: Vec<u8>,
    /// The texts of its manifests, and of those in folders that it depends on, by their folders in
    /// the project.
    pub manifests: BTreeMap<PathBuf, String>,
}

/// The copy.
pub struct Bench<'a> {
    place: Workplace<'a>,
    shown: fn(&Path) -> String,
}

impl<'a> Bench<'a> {
    /// Makes the copy, and what the project is in now; with the lockfile that cargo would use, where
    /// there is none or it does not fit.
    ///
    /// # Errors
    /// See [`ResolveError`].
    pub fn new(
        project: &'a Project,
        options: &'a ResolveOptions,
        shown: fn(&Path) -> String,
    ) -> Result<(Self, State), ResolveError> {
        let place = Workplace::new(project, options)?;
        let bench = Self { place, shown };
        if let Some(lockfile) = bench.original()? {
            write(&bench.place.copy.root.join("Cargo.lock"), &lockfile)?;
        }
        bench.settle()?;
        let folders = bench.place.mirror.manifests.iter();
        let manifests = folders.map(|(folder, manifest)| (folder.clone(), manifest.text.clone()));
        let state = State {
            manifests: manifests.collect(),
            lockfile: bench.place.copy.lockfile()?,
        };
        Ok((bench, state))
    }

    /// The project's lockfile as it is.
    ///
    /// # Errors
    /// [`ResolveError::Lockfile`] if it can't be read.
    pub fn original(&self) -> Result<Option<Vec<u8>>, ResolveError> {
        if !self.place.project.has_lockfile {
            return Ok(None);
        }
        let bytes = files::read_found(
            &self.place.tree,
            &self.place.project.lockfile,
            resolve::MAX_LOCKFILE,
        );
        bytes.map(Some).map_err(ResolveError::Lockfile)
    }

    /// Whether the project has its packages in a folder of its own, from which cargo takes them.
    #[must_use]
    pub fn is_vendored(&self) -> bool {
        let config = ProjectConfig::read(&self.place.project.root, &self.place.tree, &self.shown);
        config.passed_on.is_some()
    }

    /// The packages in folders, and what they ask of the registry in a state. What is written in the
    /// workspace's own manifests may be changed, unless they are outside of the tree.
    #[must_use]
    pub fn locals(&self, state: &State) -> Vec<Local> {
        let all = state.manifests.iter();
        let all: Vec<Manifest> = all
            .map(|(folder, text)| Manifest {
                file: (self.shown)(&folder.join("Cargo.toml")),
                text: text.clone(),
                is_editable: self.is_editable(folder),
            })
            .collect();
        let root = (self.shown)(&self.place.project.manifest);
        let root = all.iter().find(|manifest| manifest.file == root);
        locals(&all, root)
    }

    /// The folder of a manifest, by the file as it is shown.
    #[must_use]
    pub fn folder(&self, file: &str) -> Option<&Path> {
        let mut folders = self.place.mirror.manifests.keys();
        let folder = folders.find(|folder| (self.shown)(&folder.join("Cargo.toml")) == file);
        folder.map(PathBuf::as_path)
    }

    fn is_editable(&self, folder: &Path) -> bool {
        let is_member = || self.place.project.members.iter().any(|m| m.dir == folder);
        folder.starts_with(&self.place.tree) && (folder == self.place.project.root || is_member())
    }

    /// The oldest Rust that a member promises to build with.
    #[must_use]
    pub fn rust_version(&self) -> Option<Version> {
        let root = self.place.mirror.manifests.get(&self.place.project.root)?;
        let members = self.place.mirror.manifests.iter();
        let members = members.filter(|(folder, _)| self.is_editable(folder));
        let promised = members.filter_map(|(_, manifest)| manifest.field("rust-version", root));
        promised.filter_map(rust_version).min()
    }

    /// Takes a state into the copy.
    ///
    /// # Errors
    /// [`ResolveError::Io`].
    pub fn take(&self, state: &State) -> Result<(), ResolveError> {
        for (folder, text) in &state.manifests {
            if let Ok(relative) = folder.strip_prefix(&self.place.mirror.base) {
                let copy = self.place.copy.base.join(relative).join("Cargo.toml");
                write(&copy, text.as_bytes())?;
            }
        }
        write(&self.place.copy.root.join("Cargo.lock"), &state.lockfile)
    }

    /// The lockfile in the copy.
    ///
    /// # Errors
    /// [`ResolveError::NoLockfile`].
    pub fn lockfile(&self) -> Result<Vec<u8>, ResolveError> {
        self.place.copy.lockfile()
    }

    /// Has cargo fit the lockfile to the manifests, with no more change than that takes.
    ///
    /// # Errors
    /// [`ResolveError`] of cargo.
    pub fn settle(&self) -> Result<(), ResolveError> {
        self.run(&["update", "--workspace"])
    }

    /// Has cargo put another version of a package, by its specification, in the lockfile.
    ///
    /// # Errors
    /// [`ResolveError`] of cargo.
    pub fn update(&self, package: &str, to: &Version) -> Result<(), ResolveError> {
        let to = to.to_string();
        self.run(&["update", "--package", package, "--precise", &to])
    }

    /// Has cargo get all packages of the lockfile: what can't be had can't be built either.
    ///
    /// # Errors
    /// [`ResolveError`] of cargo.
    pub fn fetch(&self) -> Result<(), ResolveError> {
        self.run(&["fetch", "--locked"])
    }

    fn run(&self, arguments: &[&str]) -> Result<(), ResolveError> {
        // New packages are chosen as the promise has it, whatever the edition.
        let fallback = ("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback");
        self.place.run(arguments, &[fallback])
    }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), ResolveError> {
    fs::write(file, bytes).map_err(|error| ResolveError::Io {
        doing: "write the copy of the project",
        error,
    })
}
