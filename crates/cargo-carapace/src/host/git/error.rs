//! What can go wrong when git is asked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::host::foreign;

/// Why a repository could not be taken in.
///
/// Sources in it are fit to be shown: no credentials, no control characters.
#[derive(Debug)]
#[non_exhaustive]
pub enum GitError {
    /// The source is none that git is given.
    Refused {
        /// The source.
        source: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// There is no `git` program in an absolute folder of `PATH`.
    NoGit,
    /// The folder is no git repository.
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// The repository has no such commit.
    NoRevision {
        /// The repository.
        source: String,
        /// What was asked for, made harmless.
        revision: String,
    },
    /// Git ended with an error.
    Failed {
        /// What it was to do.
        doing: &'static str,
        /// With what.
        source: String,
        /// What it said, made harmless and cut.
        said: String,
    },
    /// Git was stopped, for it took too long.
    TimedOut {
        /// What it was to do.
        doing: &'static str,
        /// With what.
        source: String,
        /// The limit for the whole snapshot.
        limit: Duration,
    },
    /// The repository is larger than the limits.
    TooLarge {
        /// With what.
        source: String,
        /// Which limit: `files`, `bytes of files`, `bytes fetched` …
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Git's answer makes no sense.
    Malformed {
        /// What it was to do.
        doing: &'static str,
    },
    /// The system refused something on our side.
    Io {
        /// What was to be done.
        doing: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { source, why } => write!(
                f,
                "refused the repository `{source}`: {why}; give an https or ssh address, or a local folder"
            ),
            Self::NoGit => f.write_str(
                "the program git is not there; install it, or use another kind of source",
            ),
            Self::NotARepository { path } => write!(
                f,
                "`{}` is no git repository; check the path",
                foreign::shown(&path.to_string_lossy())
            ),
            Self::NoRevision { source, revision } => write!(
                f,
                "`{source}` has no commit `{revision}`; check its name, or fetch it: a shallow clone has only the newest commits"
            ),
            Self::Failed {
                doing,
                source,
                said,
            } => {
                write!(
                    f,
                    "git could not {doing} `{source}`: {said}; check the address and that you may read it"
                )
            }
            Self::TimedOut {
                doing,
                source,
                limit,
            } => write!(
                f,
                "git took longer than {} s to {doing} `{source}`; check the connection, or try again later",
                limit.as_secs()
            ),
            Self::TooLarge {
                source,
                what,
                limit,
            } => write!(
                f,
                "the repository `{source}` has more than {limit} {what}; check that it is the right one"
            ),
            Self::Malformed { doing } => {
                write!(
                    f,
                    "git answered with nonsense when asked to {doing}; check that `git --version` works"
                )
            }
            Self::Io { doing, error } => write!(
                f,
                "can't {doing}: {error}; check the folder's permissions and space"
            ),
        }
    }
}

impl std::error::Error for GitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
