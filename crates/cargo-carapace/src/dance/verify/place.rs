//! Where fixes are tried: the copy, the home that commands get, and what is around them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::originals::Originals;
use super::{Options, Subject, copy};
use crate::cli::Failure;
use crate::host::cargo::Cargo;
use crate::host::child::SearchPath;
use crate::host::compiler::{self, Programs};
use crate::host::confine::{Confinement, Task, Walls, variable};
#[cfg(not(windows))]
use crate::host::files::link as link_folder;
use crate::host::mirror::Mirror;
use crate::host::project_config::{ProjectConfig, directories, user_sources};
use crate::host::resolve::Temporary;
use crate::host::{files, foreign};

/// Where the copy is in the commands' folder: cargo looks for a workspace no further up than this.
const COPY: &str = "target/package/copy";

/// The place.
pub(super) struct Place {
    pub(super) cargo: Cargo,
    pub(super) programs: Programs,
    /// The root of the workspace or package, in the copy.
    pub(super) root: PathBuf,
    /// Where it was copied from, for messages; none for an archive.
    pub(super) original: Option<PathBuf>,
    pub(super) confinement: Confinement,
    /// What of the original is not in the copy.
    pub(super) notes: Vec<String>,
    /// The platform that it runs on; none if the compiler does not say so.
    pub(super) host: Option<String>,
    /// A configuration of the project that says where packages are.
    pub(super) sources: String,
    /// The same of the user's.
    user_sources: String,
    path: OsString,
    own: PathBuf,
    temporary: Temporary,
}

impl Place {
    /// Makes it, with the copy in it.
    pub(super) fn new(
        subject: &Subject,
        originals: &Originals,
        options: &Options<'_>,
    ) -> Result<Self, Failure> {
        let original = match subject {
            Subject::Workspace { root, .. } => Some(root.clone()),
            Subject::Folder { folder } => Some(folder.clone()),
            Subject::Archive { .. } => None,
        };
        let temporary = Temporary::new(&options.work)?;
        let tree = match subject {
            Subject::Workspace { tree, .. } => tree.clone(),
            Subject::Folder { folder } => folder.clone(),
            Subject::Archive { .. } => temporary.0.clone(),
        };
        let Some(cargo) = Cargo::find(&options.environment, &tree) else {
            return Err(Failure(format!(
                "there is no cargo to build with outside of `{}`; install it in an absolute folder \
                 of PATH",
                foreign::path(&tree)
            )));
        };
        let io = |error: io::Error| {
            Failure(format!(
                "can't make a folder to try fixes in, in `{}`: {error}; check its permissions and \
                 space",
                foreign::path(&options.work)
            ))
        };
        let folder = fs::canonicalize(&temporary.0).map_err(io)?;
        let own = folder.join("run");
        for name in ["home/.cargo", "tmp", "built"] {
            fs::create_dir_all(own.join(name)).map_err(io)?;
        }
        let (start, home) = (files::root_of(&folder), folder.join("home"));
        let programs = compiler::programs(&cargo, start, &home).map_err(Failure)?;
        let host = compiler::host(&cargo, start, &home);
        let (root, notes) = copied(subject, originals, &cargo, &own.join(COPY))?;
        let sources = match subject {
            Subject::Workspace { root, tree, .. } => {
                let shown = |path: &Path| foreign::path(path);
                ProjectConfig::read(root, tree, &shown).passed_on
            }
            _ => None,
        };
        let sources = sources.unwrap_or_default();
        let user_sources = user_sources(&cargo);
        let hidden = hidden(options, original.as_deref(), &own);
        let path = SearchPath::new(options.environment.get("PATH").unwrap_or_default());
        let path = path.outside(&tree);
        let path = hidden
            .iter()
            .fold(path, |path, hidden| path.outside(hidden));
        let bin = programs.root.join("bin");
        let folders = [bin].into_iter().chain(path.folders().iter().cloned());
        let path = std::env::join_paths(folders).unwrap_or_else(|_| path.variable());
        let readable = readable(&programs, &cargo, [&sources, &user_sources], &tree);
        let walls = Walls {
            own: own.clone(),
            hidden,
            readable,
        };
        let make = match options.use_namespaces {
            true => Confinement::new,
            false => Confinement::without_namespaces,
        };
        let confinement = make(&options.program, &folder, walls, options.limits.clone());
        let confinement = confinement.map_err(|error| {
            Failure(format!(
                "what is run cannot be confined: {error}; nothing was run"
            ))
        })?;
        Ok(Self {
            cargo,
            programs,
            root,
            original,
            confinement,
            notes,
            host,
            sources,
            user_sources,
            path,
            own,
            temporary,
        })
    }

    /// Where cargo puts what it builds.
    pub(super) fn built(&self) -> PathBuf {
        self.own.join("built")
    }

    /// The command of cargo that resolves and fetches: the user's own, with the network, which is
    /// given nothing of the package to run.
    pub(super) fn fetching(&self) -> std::process::Command {
        self.temporary.command(&self.cargo)
    }

    /// Where cargo that fetches keeps what it fetches.
    fn fetched(&self) -> PathBuf {
        let own = || self.temporary.0.join("home");
        self.cargo.home().map_or_else(own, Path::to_owned)
    }

    /// Gives commands what cargo has fetched, to be read, and where packages come from; nothing else
    /// of the user's configuration.
    pub(super) fn hand_over(&self) -> Result<(), Failure> {
        let home = self.own.join("home/.cargo");
        let io = |error: io::Error| {
            Failure(format!(
                "can't give the commands a cargo home: {error}; check the permissions of `{}`",
                foreign::path(&home)
            ))
        };
        let config = format!("{}{}", self.sources, self.user_sources);
        fs::write(home.join("config.toml"), config).map_err(io)?;
        for name in ["registry", "git"] {
            let from = self.fetched().join(name);
            let to = home.join(name);
            if from.is_dir() && fs::symlink_metadata(&to).is_err() {
                link_folder(&from, &to).map_err(io)?;
            }
        }
        Ok(())
    }

    /// A command of cargo on the copy, confined.
    pub(super) fn task(&self, arguments: Vec<OsString>) -> Task {
        let home = self.own.join("home");
        let mut variables = vec![
            variable("PATH", &self.path),
            variable("HOME", &home),
            variable("CARGO_HOME", home.join(".cargo")),
            variable("TMPDIR", self.own.join("tmp")),
            variable("TMP", self.own.join("tmp")),
            variable("TEMP", self.own.join("tmp")),
            variable("CARGO_TARGET_DIR", self.built()),
            variable("CARGO_BUILD_BUILD_DIR", self.built()),
            variable("CARGO_NET_OFFLINE", "true"),
            variable("CARGO_TERM_COLOR", "never"),
            variable("CARGO_INCREMENTAL", "1"),
            // Lines in what a panic says, and less to write and link than all that there is.
            variable("CARGO_PROFILE_DEV_DEBUG", "line-tables-only"),
            variable("RUSTC", &self.programs.rustc),
            variable("LC_ALL", "C"),
        ];
        if let Some(rustdoc) = &self.programs.rustdoc {
            variables.push(variable("RUSTDOC", rustdoc));
        }
        // Programs of Windows can't start without these.
        let system = self.cargo.variables().iter();
        let system = system.filter(|(name, _)| matches!(*name, "SystemRoot" | "SystemDrive"));
        variables.extend(system.map(|(name, value)| variable(name, value)));
        Task {
            program: self.programs.cargo.clone(),
            arguments,
            variables,
            // Cargo reads the configuration of every folder from there up.
            folder: files::root_of(&self.own).to_owned(),
            is_merged: false,
            timeout: std::time::Duration::ZERO,
        }
    }

    /// What a command said, with files where the user knows them to be.
    pub(super) fn said(&self, text: &str) -> String {
        let copy = self.root.to_string_lossy().into_owned();
        match &self.original {
            Some(original) => text.replace(&copy, &original.to_string_lossy()),
            None => text.replace(&format!("{copy}/"), ""),
        }
    }
}

/// Makes the copy: the root in it, and what was left out.
fn copied(
    subject: &Subject,
    originals: &Originals,
    cargo: &Cargo,
    to: &Path,
) -> Result<(PathBuf, Vec<String>), Failure> {
    let fault = |from: &Path, why: String| {
        Failure(format!(
            "`{}` can't be copied to try fixes in: {why}",
            foreign::path(from)
        ))
    };
    match (originals, subject) {
        (Originals::Archive { package, files }, _) => {
            copy::archive(files, to).map_err(|why| fault(Path::new(package), why))?;
            Ok((to.to_owned(), Vec::new()))
        }
        (Originals::Folder(root), Subject::Workspace { tree, .. }) => {
            let mirror = Mirror::of(root, tree, cargo.home())?;
            mirror.check_copy()?;
            let notes = copy::folder(&mirror.base, to).map_err(|why| fault(root, why))?;
            let inside = root.strip_prefix(&mirror.base).unwrap_or(Path::new(""));
            Ok((to.join(inside), notes))
        }
        (Originals::Folder(folder), _) => {
            let notes = copy::folder(folder, to).map_err(|why| fault(folder, why))?;
            Ok((to.to_owned(), notes))
        }
    }
}

/// What commands cannot look into: the user's home, where sessions have their sockets, where other
/// programs have their temporary files, and the original.
fn hidden(options: &Options<'_>, original: Option<&Path>, own: &Path) -> Vec<PathBuf> {
    let system = ["/run", "/tmp", "/var/tmp"].map(PathBuf::from);
    let folders = options.environment.home().into_iter().chain(system);
    let folders = folders.chain(original.map(Path::to_owned));
    let mut folders: Vec<PathBuf> = folders
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .filter(|folder| folder.is_dir() && folder.parent().is_some() && !folder.starts_with(own))
        .collect();
    folders.sort_unstable();
    // A folder comes before what is in it.
    folders.dedup_by(|inner, outer| inner.starts_with(outer));
    folders
}

/// What of the hidden commands need: the toolchain, and packages' sources.
fn readable(programs: &Programs, cargo: &Cargo, sources: [&str; 2], tree: &Path) -> Vec<PathBuf> {
    let home = cargo.home().map(Path::to_owned);
    let fetched = home
        .iter()
        .flat_map(|home| ["registry", "git"].map(|name| home.join(name)));
    let mut folders = vec![programs.root.clone()];
    folders.extend([&programs.cargo, &programs.rustc].map(|at| at.with_file_name("")));
    folders.extend(fetched);
    folders.extend(sources.into_iter().flat_map(directories));
    let mut folders: Vec<PathBuf> = folders
        .into_iter()
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .filter(|folder| folder.is_dir() && folder != tree && folder.parent().is_some())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

#[cfg(windows)]
fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(from, to)
}
