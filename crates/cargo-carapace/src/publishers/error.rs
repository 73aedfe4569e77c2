//! What can go wrong with the registry's dump and the index of it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use carapace_core::knowledge::advisory::index::IndexError;
use carapace_core::knowledge::date::rfc3339;
use carapace_core::knowledge::people::dump::DumpError;

use crate::host::files::FileError;
use crate::host::foreign;
use crate::host::http::HttpError;
use crate::host::tarball::TarFault;

/// Why there is no dump, or no index of one. What was held before is as it was.
#[derive(Debug)]
pub enum PeopleError {
    /// There is no folder to keep the index in.
    NoCacheFolder,
    /// Something of the store could not be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process is at work on the store.
    Busy(PathBuf),
    /// The kept index cannot be read.
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: IndexError,
    },
    /// A dump was asked for of a server by a run that may ask nobody.
    Offline(String),
    /// The server did not give it.
    Http(HttpError),
    /// The file could not be read.
    File(FileError),
    /// It is no whole `.tar.gz`, or larger than it may be.
    Archive {
        /// Where it is from.
        source: String,
        /// What is wrong.
        reason: String,
    },
    /// It is none that facts can be taken from.
    Dump {
        /// Where it is from.
        source: String,
        /// What is wrong.
        error: DumpError,
    },
    /// It is older than what is held.
    Older {
        /// Where it is from.
        source: String,
        /// The moment of which it is, in seconds since 1970-01-01T00:00:00Z.
        time: i64,
        /// The moment of which what is held is.
        held: i64,
    },
}

impl PeopleError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}

impl fmt::Display for PeopleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &i64| rfc3339(*time).unwrap_or_else(|| "an unknown time".to_owned());
        match self {
            Self::NoCacheFolder => f.write_str(
                "there is no cache folder: set CARAPACE_CACHE_DIR to one that can be written",
            ),
            Self::Io { path, error } => write!(f, "{}: {error}", foreign::path(path)),
            Self::Busy(path) => write!(
                f,
                "another process is at work on {}; try again when it has ended",
                foreign::path(path)
            ),
            Self::Index { path, error } => write!(
                f,
                "{}: {error}; `cargo carapace publishers update` makes it anew",
                foreign::path(path)
            ),
            Self::Offline(source) => write!(
                f,
                "{} is not asked for, as the run is offline; name a file instead",
                foreign::address(source)
            ),
            Self::Http(error) => write!(f, "{error}"),
            Self::File(error) => write!(f, "{error}"),
            Self::Archive { source, reason } => write!(
                f,
                "{}: {reason}; nothing of it was taken",
                foreign::address(source)
            ),
            Self::Dump { source, error } => write!(
                f,
                "{} is no dump of the registry: {error}; nothing of it was taken",
                foreign::address(source)
            ),
            Self::Older {
                source,
                time: new,
                held,
            } => write!(
                f,
                "{} is of {}, older than what is held, which is of {}: --allow-older takes it",
                foreign::address(source),
                time(new),
                time(held)
            ),
        }
    }
}

impl std::error::Error for PeopleError {}

impl From<HttpError> for PeopleError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<FileError> for PeopleError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Why the stream of a dump was given up; whose dump it is, is added by the update.
#[derive(Debug)]
pub(super) enum StreamFault {
    Http(HttpError),
    Archive(String),
    Dump(DumpError),
    /// It is of this moment, which is older than what is held.
    Older(i64),
}

impl StreamFault {
    /// What stopped the archive's reader, which may be the network's.
    pub(super) fn of(error: io::Error) -> Self {
        match error.downcast::<HttpError>() {
            Ok(error) => Self::Http(error),
            Err(error) => error.into(),
        }
    }
}

impl From<TarFault> for StreamFault {
    fn from(fault: TarFault) -> Self {
        Self::Archive(fault.into())
    }
}

impl From<DumpError> for StreamFault {
    fn from(error: DumpError) -> Self {
        Self::Dump(error)
    }
}

impl From<io::Error> for StreamFault {
    fn from(error: io::Error) -> Self {
        TarFault::from(error).into()
    }
}
