//! Repositories, by way of the program `git`, which can be told to run nearly
//! anything by a repository's configuration, hooks, attributes and addresses.
//!
//! What it holds to:
//! - Git runs in a folder of ours, with an environment and settings of ours,
//!   and never checks anything out: objects are read as they are.
//! - A repository that is fetched is never the one that git runs in. The
//!   exception is a local source, where git serves it (`git upload-pack`) with
//!   git's own protection: hooks for packing only from the user's
//!   configuration, which is off here, and only in repositories of the same owner.
//! - In a project's own repository git runs only `cat-file` and `ls-tree`: they
//!   read objects, start nothing, and look at no attribute and no file of the
//!   working tree.
//! - All that comes out is bounded, in number, in bytes and in time.

mod at_revision;
mod error;
mod read;
mod run;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use at_revision::files_at_revision;
pub use error::GitError;
pub use source::GitSource;

use super::child::SearchPath;
use run::Git;

/// Tells the fetches of this process from each other.
static FETCHES: AtomicU64 = AtomicU64::new(0);

/// What a snapshot may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GitLimits {
    /// Number of files below the roots, skipped ones included.
    pub max_files: usize,
    /// Size of a file, in bytes. Larger ones are skipped and named.
    pub max_file_bytes: u64,
    /// Size of all files together, in bytes.
    pub max_total_bytes: u64,
    /// What may be fetched, packed, in bytes.
    pub max_fetched_bytes: u64,
    /// Time for everything.
    pub total: Duration,
}

impl Default for GitLimits {
    fn default() -> Self {
        Self {
            max_files: 200_000,
            max_file_bytes: 1024 * 1024,
            max_total_bytes: 256 * 1024 * 1024,
            max_fetched_bytes: 256 * 1024 * 1024,
            total: Duration::from_secs(120),
        }
    }
}

/// The files of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSnapshot {
    /// The full hash of the commit, in hexadecimal.
    pub revision: String,
    /// The committer's date, in seconds since 1970, as the commit states it.
    pub committed: i64,
    /// Path and content of every regular file below the roots, in git's order.
    /// The paths have no empty, `.` or `..` parts, and `/` between them; they
    /// are foreign text all the same.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is below the roots and was not read.
    pub skipped: Vec<Skipped>,
}

/// An entry that is not in [`GitSnapshot::files`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The path, with whatever is not UTF-8 replaced.
    pub path: String,
    /// Why it was not read.
    pub why: SkippedBecause,
}

/// Why an entry of a tree was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkippedBecause {
    /// It is a symbolic link.
    Symlink,
    /// It is a submodule.
    Submodule,
    /// It is larger than [`GitLimits::max_file_bytes`].
    TooLarge {
        /// Its size, in bytes.
        bytes: u64,
    },
    /// Its path is not UTF-8, or has parts that would lead elsewhere.
    Path,
}

/// Fetches the newest commit of a repository, without history, and reads the
/// regular files of its tree below `roots` (names of top-level folders; none for all).
///
/// `work` is a folder of ours, which exists. Git has it as working folder and
/// as home; what is fetched is removed again before this returns.
///
/// # Errors
/// See [`GitError`]; each of them means that there is no snapshot.
pub fn snapshot(
    source: &GitSource,
    work: &Path,
    roots: &[&str],
    limits: &GitLimits,
) -> Result<GitSnapshot, GitError> {
    let program = SearchPath::of_process()
        .find("git")
        .ok_or(GitError::NoGit)?;
    let remote = source.remote()?;
    let work = fs::canonicalize(work).map_err(|error| GitError::Io {
        doing: "enter the folder to fetch into",
        error,
    })?;
    let number = FETCHES.fetch_add(1, Ordering::Relaxed);
    let repository = Temporary(work.join(format!("fetch-{}-{number}.git", std::process::id())));
    repository.clear();
    let shown = source.to_string();
    let git = Git {
        program: &program,
        repository: &repository.0,
        home: &work,
        protocol: source.protocol(),
        source: &shown,
        deadline: Instant::now() + limits.total,
        limit: limits.total,
    };
    let none = || Ok(());
    git.run(
        "make a repository for",
        &["init", "--quiet", "--bare", "--template="],
        Vec::new(),
        read::nothing,
        &none,
    )?;
    add_remote(&repository.0, &remote)?;

    let fetched = || {
        let bytes = read::size_of_files(&repository.0.join("objects").join("pack"));
        if bytes <= limits.max_fetched_bytes {
            return Ok(());
        }
        Err(GitError::TooLarge {
            source: shown.clone(),
            what: "bytes to fetch",
            limit: limits.max_fetched_bytes,
        })
    };
    let fetch = [
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-commit-graph",
        "--end-of-options",
        "source",
        "HEAD",
    ];
    git.run("fetch", &fetch, Vec::new(), read::nothing, &fetched)?;
    fetched()?;

    read::snapshot(&git, "FETCH_HEAD^{commit}", roots, |_| true, limits)
}

/// The revision that is checked out in a folder, and its committer's date in
/// seconds since 1970. `None` where that can't be said: no git, no repository,
/// no commit.
///
/// Whether the files in the folder are those of the revision is not looked at:
/// that would have git run the repository's filters.
pub fn head_of_checkout(dir: &Path) -> Option<(String, i64)> {
    let program = SearchPath::of_process().find("git")?;
    let dir = fs::canonicalize(dir).ok()?;
    let repository = repository_of(&dir)?;
    let limit = Duration::from_secs(10);
    let git = Git {
        program: &program,
        repository: &repository,
        home: dir.ancestors().last()?,
        protocol: "none",
        source: "",
        deadline: Instant::now() + limit,
        limit,
    };
    read::commit(&git, "HEAD^{commit}").ok()
}

/// The repository of a checkout, or of a folder that is one itself.
fn repository_of(dir: &Path) -> Option<PathBuf> {
    let dot_git = dir.join(".git");
    let repository = match fs::symlink_metadata(&dot_git) {
        // A file points at the repository, in worktrees and submodules.
        Ok(meta) if meta.is_dir() || meta.is_file() => dot_git,
        Ok(_) => return None,
        Err(_) if dir.join("HEAD").is_file() && dir.join("objects").is_dir() => dir.to_owned(),
        Err(_) => return None,
    };
    // A pipe in the place of one of these would have git wait for the deadline.
    let odd = |name| fs::symlink_metadata(repository.join(name)).is_ok_and(|meta| !meta.is_file());
    if ["HEAD", "config", "packed-refs"].into_iter().any(odd) {
        return None;
    }
    Some(repository)
}

/// Names the remote in the repository's own configuration: credentials in an
/// argument could be seen by every user of the machine, and a foreign word in a
/// file can't become an option.
fn add_remote(repository: &Path, remote: &str) -> Result<(), GitError> {
    let io = |error| GitError::Io {
        doing: "write the configuration of our own repository",
        error,
    };
    let quoted = remote.replace('\\', "\\\\").replace('"', "\\\"");
    let file = repository.join("config");
    let mut config = fs::read_to_string(&file).map_err(io)?;
    config.push_str(&format!("[remote \"source\"]\n\turl = \"{quoted}\"\n"));
    fs::write(&file, config).map_err(io)
}

/// A folder that is gone when it is no longer used.
struct Temporary(PathBuf);

impl Temporary {
    fn clear(&self) {
        // What can't be removed makes the next step fail, and say so.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.clear();
    }
}
