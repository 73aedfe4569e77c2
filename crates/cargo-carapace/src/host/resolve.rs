//! Resolving a project that has no lockfile: by cargo, in a copy of its
//! manifests, so that nothing in the project is run, obeyed or written.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use carapace_core::graph::metadata::MetadataError;

use super::cargo::{Cargo, Environment};
use super::child::{self, ChildError};
use super::files::{self, FileError};
use super::foreign;
use super::manifest::ManifestError;
use super::mirror::Mirror;
use super::workspace::Project;

/// What a lockfile may weigh, in bytes.
pub(crate) const MAX_LOCKFILE: u64 = 64 * 1024 * 1024;
/// What cargo may say on standard output, in bytes. It says nothing there.
pub(crate) const MAX_OUTPUT: u64 = 1024 * 1024;
/// How much of cargo's messages is shown, in characters.
const MAX_SHOWN: usize = 1500;
/// Where the copy is, below the folder that is made for it. Cargo looks for a
/// workspace no further up than a folder `target/package`: the copy is not
/// taken for part of whatever our cache is in.
const COPY: &str = "target/package/copy";

/// Tells the copies of this process from each other.
static COPIES: AtomicU64 = AtomicU64::new(0);

/// How a project is resolved.
#[derive(Debug, Clone)]
pub struct ResolveOptions {
    /// Use only what cargo has already.
    pub offline: bool,
    /// Time for cargo.
    pub timeout: Duration,
    /// A folder of ours, which exists. The copy goes into a fresh folder in it,
    /// which is removed again.
    pub work: PathBuf,
    /// What cargo, its home and the network are found by.
    pub environment: Environment,
}

/// Why a project could not be resolved.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// There is no cargo outside of the analysed tree.
    NoCargo {
        /// The tree.
        tree: PathBuf,
    },
    /// A manifest can't be copied.
    Manifest(ManifestError),
    /// The members can't be listed.
    Members {
        /// The folder that is in the way.
        path: PathBuf,
        /// What is wrong with it, fit to be shown.
        why: String,
    },
    /// A manifest leads to another one by an absolute path.
    AbsolutePath {
        /// The manifest.
        manifest: PathBuf,
        /// The path, as it is written.
        path: String,
    },
    /// There is more than is copied.
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Cargo ended with an error.
    Failed {
        /// The root manifest.
        manifest: PathBuf,
        /// What cargo said, made harmless and cut.
        said: String,
        /// A configuration of the project that was not used and may have to do
        /// with it.
        unused: Option<PathBuf>,
        /// Whether cargo was kept from the network.
        offline: bool,
    },
    /// Cargo was stopped, for it took too long.
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// Cargo has written no lockfile that can be read.
    NoLockfile(FileError),
    /// The project's lockfile can't be read.
    Lockfile(FileError),
    /// What cargo says of the project can't be understood.
    Metadata(MetadataError),
    /// The lockfile is missing or does not fit the manifests, and may not be changed.
    Locked {
        /// Where it is, or would be.
        lockfile: PathBuf,
    },
    /// The system refused something on our side.
    Io {
        /// What was to be done.
        doing: &'static str,
        /// What the system says.
        error: io::Error,
    },
}

impl From<ManifestError> for ResolveError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCargo { tree } => write!(
                f,
                "there is no cargo to resolve with outside of `{}`; install it in an absolute folder of PATH, or give a Cargo.lock",
                foreign::path(tree)
            ),
            Self::Manifest(error) => error.fmt(f),
            Self::Members { path, why } => write!(
                f,
                "can't list the workspace's members: `{}`: {why}",
                foreign::path(path)
            ),
            Self::AbsolutePath { manifest, path } => write!(
                f,
                "`{}` names the absolute path `{}`, which can't be resolved in a copy; make it relative, or run `cargo generate-lockfile` and give the Cargo.lock",
                foreign::path(manifest),
                foreign::shown(path)
            ),
            Self::TooMany { what, limit } => write!(
                f,
                "the project has more than {limit} {what}; give a Cargo.lock instead"
            ),
            Self::Failed {
                manifest,
                said,
                unused,
                offline,
            } => {
                let manifest = foreign::path(manifest);
                write!(f, "cargo could not resolve `{manifest}`: {said}")?;
                if let Some(unused) = unused {
                    write!(
                        f,
                        "; the project's own `{}` was not used, which may name registries or replace sources: put what you trust of it into the config.toml of your cargo home",
                        foreign::path(unused)
                    )?;
                }
                f.write_str(if *offline {
                    "; try again without --offline, or give a Cargo.lock"
                } else {
                    "; correct the manifests, or give a Cargo.lock"
                })
            }
            Self::TimedOut { limit } => write!(
                f,
                "cargo took longer than {} s to resolve the project; check the connection, or give a Cargo.lock",
                limit.as_secs()
            ),
            Self::NoLockfile(error) => {
                write!(
                    f,
                    "cargo has resolved the project, but its lockfile can't be read: {error}"
                )
            }
            Self::Lockfile(error) => error.fmt(f),
            Self::Metadata(error) => write!(
                f,
                "what cargo says of the project can't be used: {}",
                foreign::shown(&error.to_string())
            ),
            Self::Locked { lockfile } => write!(
                f,
                "`{}` is missing or does not fit the manifests, and --locked forbids to change it; leave that out, or run `cargo update --workspace`",
                foreign::path(lockfile)
            ),
            Self::Io { doing, error } => write!(
                f,
                "can't {doing}: {error}; check the folder's permissions and space"
            ),
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Manifest(error) => Some(error),
            Self::NoLockfile(error) | Self::Lockfile(error) => Some(error),
            Self::Metadata(error) => Some(error),
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// The `Cargo.lock` that cargo would write for the project, which is read and
/// not written to.
///
/// Cargo runs in a copy of the manifests, outside of the tree, with a cleaned
/// environment and the user's own configuration: none of the project's.
///
/// # Errors
/// See [`ResolveError`]; each of them means that there is no lockfile, and
/// leaves nothing behind.
pub fn resolve(project: &Project, options: &ResolveOptions) -> Result<Vec<u8>, ResolveError> {
    let place = Workplace::new(project, options)?;
    place.run(&["generate-lockfile"], &[])?;
    place.copy.lockfile()
}

/// A copy of a project's manifests, and the cargo that works in it.
pub(crate) struct Workplace<'a> {
    pub(crate) project: &'a Project,
    options: &'a ResolveOptions,
    /// What links may not leave.
    pub(crate) tree: PathBuf,
    cargo: Cargo,
    pub(crate) mirror: Mirror,
    temporary: Temporary,
    pub(crate) copy: Copy,
}

impl<'a> Workplace<'a> {
    /// Finds cargo, and makes the copy.
    pub(crate) fn new(
        project: &'a Project,
        options: &'a ResolveOptions,
    ) -> Result<Self, ResolveError> {
        let environment = &options.environment;
        let tree = project.tree(environment.home().as_deref());
        let Some(cargo) = Cargo::find(environment, &tree) else {
            return Err(ResolveError::NoCargo { tree });
        };
        let mirror = Mirror::of(&project.root, &tree, environment.cargo_home().as_deref())?;
        let temporary = Temporary::new(&options.work)?;
        let copy = Copy::write(&mirror, project, &temporary)?;
        Ok(Self {
            project,
            options,
            tree,
            cargo,
            mirror,
            temporary,
            copy,
        })
    }

    /// Runs cargo on the copy's manifest, with some variables more.
    pub(crate) fn run(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<(), ResolveError> {
        let mut command = self.temporary.command(&self.cargo);
        command
            .envs(variables.iter().copied())
            .args(arguments)
            .args(["--quiet", "--manifest-path"])
            .arg(self.copy.root.join("Cargo.toml"));
        if self.options.offline {
            command.arg("--offline");
        }
        let (_, status, said) = run(command, self.options.timeout, MAX_OUTPUT)?;
        if status.success() {
            return Ok(());
        }
        let said = self.copy.said(&self.mirror, &said);
        Err(failed(
            self.project,
            &self.tree,
            &said,
            self.options.offline,
        ))
    }
}

/// Runs cargo to its end: what it says on standard output, at most `limit`
/// bytes; how it ended, and why.
pub(crate) fn run(
    command: Command,
    timeout: Duration,
    limit: u64,
) -> Result<(Vec<u8>, ExitStatus, String), ResolveError> {
    let running = |error| ResolveError::Io {
        doing: "run cargo",
        error,
    };
    let deadline = Instant::now() + timeout;
    let goes_on = || Ok(());
    let read = move |output: ChildStdout| {
        let mut bytes = Vec::new();
        output.take(limit + 1).read_to_end(&mut bytes)?;
        match u64::try_from(bytes.len()).is_ok_and(|read| read <= limit) {
            true => Ok(bytes),
            false => Err(io::Error::other("it says too much")),
        }
    };
    let ended = child::run(command, Vec::new(), deadline, read, |_| true, &goes_on);
    let ended = ended.map_err(|error| match error {
        ChildError::TimedOut => ResolveError::TimedOut { limit: timeout },
        ChildError::Io(error) | ChildError::Stopped(error) => running(error),
        ChildError::Lost => running(io::Error::other("its output was lost")),
    })?;
    let said = if ended.said.is_empty() {
        ended.status.to_string()
    } else {
        ended.said
    };
    Ok((ended.read.map_err(running)?, ended.status, said))
}

/// The error of a cargo that did not do it.
pub(crate) fn failed(project: &Project, tree: &Path, said: &str, offline: bool) -> ResolveError {
    ResolveError::Failed {
        manifest: project.manifest.clone(),
        unused: unused_configuration(project, tree, said),
        said: foreign::shown_up_to(said, MAX_SHOWN),
        offline,
    }
}

/// A copy of a project's manifests, written.
pub(crate) struct Copy {
    /// What stands for the mirror's base.
    pub(crate) base: PathBuf,
    /// What stands for the project's root.
    pub(crate) root: PathBuf,
}

impl Copy {
    /// Writes it.
    pub(crate) fn write(
        mirror: &Mirror,
        project: &Project,
        temporary: &Temporary,
    ) -> Result<Self, ResolveError> {
        mirror.check_copy()?;
        let base = temporary.0.join(COPY);
        mirror.write(&base).map_err(|error| ResolveError::Io {
            doing: "write the copy of the manifests",
            error,
        })?;
        let root = project.root.strip_prefix(&mirror.base);
        let root = base.join(root.unwrap_or(Path::new("")));
        Ok(Self { base, root })
    }

    /// What cargo says in it, with the files where the user knows them to be.
    pub(crate) fn said(&self, mirror: &Mirror, said: &str) -> String {
        let base = mirror.base.to_string_lossy();
        said.replace(&*self.base.to_string_lossy(), &base)
    }

    /// The lockfile that cargo has written.
    pub(crate) fn lockfile(&self) -> Result<Vec<u8>, ResolveError> {
        let file = self.root.join("Cargo.lock");
        files::read_found(&self.root, &file, MAX_LOCKFILE).map_err(ResolveError::NoLockfile)
    }
}

/// The project's configuration of cargo, if what cargo says could come from
/// its not having been used.
fn unused_configuration(project: &Project, tree: &Path, said: &str) -> Option<PathBuf> {
    let said = said.to_lowercase();
    let signs = [
        "registry",
        "index",
        "source",
        "vendor",
        "no matching package",
        "download",
        "401",
        "403",
        "offline",
    ];
    if !signs.iter().any(|sign| said.contains(sign)) {
        return None;
    }
    let folders = project.root.ancestors();
    folders
        .take_while(|folder| folder.starts_with(tree))
        .flat_map(|folder| [".cargo/config.toml", ".cargo/config"].map(|name| folder.join(name)))
        .find(|file| fs::symlink_metadata(file).is_ok())
}

/// A folder that is ours alone, and gone when it is no longer used.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    /// Cargo, to be started in the folder above all others: it reads the
    /// configuration, and rustup the toolchain file, of every folder from there
    /// up. A cache may be in the analysed tree; this isn't, or there would be
    /// no cargo outside of it.
    pub(crate) fn command(&self, cargo: &Cargo) -> Command {
        cargo.command(files::root_of(&self.0), &self.0.join("home"))
    }

    pub(crate) fn new(work: &Path) -> Result<Self, ResolveError> {
        let io = |error| ResolveError::Io {
            doing: "make a folder for a copy of the manifests",
            error,
        };
        let work = std::path::absolute(work).map_err(io)?;
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // What a process of the same number has left is not used again.
        let mut attempts = 100;
        loop {
            let number = COPIES.fetch_add(1, Ordering::Relaxed);
            let folder = work.join(format!("resolve-{}-{number}", std::process::id()));
            match builder.create(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts > 0 => {
                    attempts -= 1;
                }
                Err(error) => return Err(io(error)),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What can't be removed is in our own cache, and of nobody's making
        // but ours.
        let _ = fs::remove_dir_all(&self.0);
    }
}
