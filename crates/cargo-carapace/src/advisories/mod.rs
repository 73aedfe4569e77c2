//! Advisory databases on this machine: where they come from, where they are kept, what is read.
//!
//! [`take`] reads a whole database from a folder, a git repository or an archive and compiles it to
//! the compact index of `carapace_core::knowledge::advisory::index`; [`store`] keeps such indexes
//! in the user's cache folder; [`load`] reads from them, from a folder, or from the built-in
//! snapshot what a run needs.

pub mod archive;
pub mod folder;
pub mod load;
pub mod source;
pub mod store;
pub mod take;

use std::fmt;
use std::path::PathBuf;

use carapace_core::knowledge::advisory::index::{DatabaseInfo, IndexError};

use crate::host::git::GitError;
use crate::host::http::HttpError;

/// The RustSec database as an archive: what is fetched if nothing else is asked for.
pub const RUSTSEC_ARCHIVE: &str =
    "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz";

/// Where the RustSec database lives; also in `audit.toml` files, with other cases of letters.
pub const RUSTSEC_REPOSITORY: &str = "https://github.com/rustsec/advisory-db";

/// The index that is in the program: facts only.
pub static SNAPSHOT: &[u8] = include_bytes!("../../snapshot/rustsec.idx");

/// Why a database could not be taken in or read.
#[derive(Debug)]
pub enum DatabaseError {
    /// A folder or file could not be read or written.
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Nothing there is an advisory.
    Empty(String),
    /// The server did not give it.
    Http(HttpError),
    /// git did not give it.
    Git(GitError),
    /// The archive is none, or too large.
    Archive {
        /// Where it comes from.
        source: String,
        /// What is wrong.
        reason: String,
    },
    /// The kept index is damaged.
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: IndexError,
    },
    /// The source is no address that is known.
    Source(String),
    /// It is older than what is held.
    Older {
        /// What was to be taken in.
        new: Box<DatabaseInfo>,
        /// What is held.
        held: Box<DatabaseInfo>,
    },
    /// Another process is at work on the store.
    Busy(PathBuf),
    /// There is no folder to keep it in.
    NoCacheFolder,
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use carapace_core::text::visible;
        let day = |info: &DatabaseInfo| {
            info.date
                .map_or_else(|| "unknown date".to_owned(), |date| date.to_string())
        };
        match self {
            Self::Io { path, error } => {
                write!(f, "{}: {error}", visible(&path.to_string_lossy()))
            }
            Self::Empty(source) => write!(
                f,
                "{} holds no advisories: an advisory database has the folders `crates` and `rust`",
                visible(source)
            ),
            Self::Http(error) => write!(f, "{error}"),
            Self::Git(error) => write!(f, "{error}"),
            Self::Archive { source, reason } => write!(f, "{}: {reason}", visible(source)),
            Self::Index { path, error } => write!(
                f,
                "{}: {error}; `cargo carapace db update` makes it anew",
                visible(&path.to_string_lossy())
            ),
            Self::Source(source) => write!(
                f,
                "`{}` is no advisory database: give a folder, a git repository or the https \
                 address of a .tar.gz",
                visible(source)
            ),
            Self::Older { new, held } => write!(
                f,
                "{} is of {}, older than what is held, which is of {}: --allow-older takes it",
                visible(&new.source),
                day(new),
                day(held)
            ),
            Self::Busy(path) => write!(
                f,
                "another process is at work on {}; try again when it has ended",
                visible(&path.to_string_lossy())
            ),
            Self::NoCacheFolder => f.write_str(
                "there is no cache folder: set CARAPACE_CACHE_DIR to one that can be written",
            ),
        }
    }
}

impl std::error::Error for DatabaseError {}

impl From<HttpError> for DatabaseError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<GitError> for DatabaseError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl DatabaseError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}
