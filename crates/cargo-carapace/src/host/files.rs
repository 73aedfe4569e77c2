//! Reading files of the analysed project, which may be anything but files.

use std::fmt;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use super::foreign;

/// Has the opening of a FIFO return at once. That a path is a regular file is
/// looked at before; this is for one that is replaced in between.
///
/// The value is `O_NONBLOCK` of the platform's `fcntl.h`. On Linux it is the
/// same on all architectures but MIPS and SPARC, where, as on other systems,
/// nothing is passed.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(
        target_arch = "mips",
        target_arch = "mips64",
        target_arch = "mips32r6",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64"
    ))
))]
const NON_BLOCKING: i32 = 0o4000;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
const NON_BLOCKING: i32 = 0x4;
#[cfg(all(
    unix,
    not(any(target_vendor = "apple", target_os = "freebsd")),
    any(
        not(any(target_os = "linux", target_os = "android")),
        target_arch = "mips",
        target_arch = "mips64",
        target_arch = "mips32r6",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64"
    )
))]
const NON_BLOCKING: i32 = 0;

/// Why a file was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// There is nothing of that name.
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// It is something else than a regular file, and was not opened.
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is: `folder`, `FIFO`, `device`, `socket` …
        what: &'static str,
    },
    /// It is larger than what is read.
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It is not ours to read.
    Denied {
        /// The path.
        path: PathBuf,
    },
    /// A link leads out of the tree that it was found in; it was not followed.
    Leaves {
        /// The path.
        path: PathBuf,
        /// The tree.
        tree: PathBuf,
    },
    /// The system refused it for another reason.
    Other {
        /// The path.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl FileError {
    /// The path that was to be read.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound { path }
            | Self::NotAFile { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Denied { path }
            | Self::Leaves { path, .. }
            | Self::Other { path, .. } => path,
        }
    }

    /// The error of the system, with the path that it is about.
    pub(crate) fn of(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            // A part of the path that is no folder leads nowhere either.
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NotFound { path },
            ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Other { path, error },
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = foreign::path(self.path());
        match self {
            Self::NotFound { .. } => write!(f, "`{path}` does not exist; check the path"),
            Self::NotAFile { what, .. } => write!(
                f,
                "`{path}` is a {what}, not a regular file, and was not opened; put a file in its place"
            ),
            Self::TooLarge { limit, .. } => write!(
                f,
                "`{path}` is larger than {limit} bytes and was not read; check what wrote it"
            ),
            Self::Denied { .. } => {
                write!(f, "`{path}` may not be read; check its permissions")
            }
            Self::Leaves { tree, .. } => write!(
                f,
                "`{path}` leads out of `{}` by a link and was not followed; put the file itself there, or name it on the command line",
                foreign::path(tree)
            ),
            Self::Other { error, .. } => {
                write!(
                    f,
                    "can't read `{path}`: {error}; check the file and its disk"
                )
            }
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Other { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Reads a regular file of at most `limit` bytes, however it grows meanwhile.
///
/// Links are followed, wherever they lead: this is for what the user has named.
/// For what was found, see [`read_found`].
///
/// # Errors
/// See [`FileError`]. Nothing that is not a regular file is opened.
pub fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, length) = open_regular(path, limit)?;
    let mut bytes = Vec::new();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    // What comes behind the length that the file had is what it has grown by.
    fill(&mut &file, &mut bytes, length)
        .and_then(|()| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| FileError::of(path, error))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read <= limit) {
        return Ok(bytes);
    }
    Err(FileError::TooLarge {
        path: path.to_owned(),
        limit,
    })
}

/// Opens a regular file of at most `limit` bytes, and gives its length; as [`read_regular`] does.
///
/// # Errors
/// See [`FileError`].
pub(crate) fn open_regular(path: &Path, limit: u64) -> Result<(File, u64), FileError> {
    let seen = fs::metadata(path).map_err(|error| FileError::of(path, error))?;
    check(path, &seen, limit)?;
    let file = open(path).map_err(|error| FileError::of(path, error))?;
    let meta = file
        .metadata()
        .map_err(|error| FileError::of(path, error))?;
    check(path, &meta, limit)?;
    if !is_same(&seen, &meta) {
        return Err(FileError::Other {
            path: path.to_owned(),
            error: io::Error::other("it was replaced while it was opened"),
        });
    }
    Ok((file, meta.len()))
}

/// Reads a regular file, as [`read_regular`] does, if it begins as is wanted;
/// none if it does not, however large it is. `is_wanted` is shown at most
/// `head` bytes.
///
/// # Errors
/// See [`FileError`].
pub(crate) fn read_wanted(
    path: &Path,
    head: usize,
    limit: u64,
    is_wanted: impl FnOnce(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, FileError> {
    let fault = |error| FileError::of(path, error);
    check(path, &fs::metadata(path).map_err(fault)?, u64::MAX)?;
    let mut file = open(path).map_err(fault)?;
    check(path, &file.metadata().map_err(fault)?, u64::MAX)?;
    let mut bytes = Vec::new();
    fill(&mut file, &mut bytes, head).map_err(fault)?;
    if !is_wanted(&bytes) {
        return Ok(None);
    }
    let meta = file.metadata().map_err(fault)?;
    check(path, &meta, limit)?;
    let length = usize::try_from(meta.len()).unwrap_or(usize::MAX);
    // The limit is the caller's, and may be none.
    let room = bytes.try_reserve_exact(length.saturating_sub(bytes.len()));
    room.map_err(|_| fault(ErrorKind::OutOfMemory.into()))?;
    fill(&mut file, &mut bytes, length).map_err(fault)?;
    Ok(Some(bytes))
}

/// Memory for files that are read one after the other.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<u8>);

impl Memory {
    /// Reads a file that a listing has just shown to be a regular one: with less asking than
    /// [`read_regular`], for many.
    ///
    /// # Errors
    /// See [`FileError`]. What has taken its place in between and is no file is not read.
    pub(crate) fn read_listed(&mut self, path: &Path, limit: u64) -> Result<&[u8], FileError> {
        /// Beyond so many bytes it is given back to the system.
        const MAX_KEPT: usize = 16 << 20;
        let fault = |error| FileError::of(path, error);
        let mut file = open(path).map_err(fault)?;
        let meta = file.metadata().map_err(fault)?;
        check(path, &meta, limit)?;
        // One more than there should be: a read that does not fill it is the last one.
        let wanted = usize::try_from(meta.len())
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        if self.0.len() < wanted || self.0.len() > MAX_KEPT {
            self.0 = vec![0; wanted];
        }
        let memory = self.0.get_mut(..wanted).unwrap_or_default();
        // Files of the system's own have no length, and content all the same.
        let enough = (wanted - 1).max(1);
        let read = read_at_least(&mut file, memory, enough).map_err(fault)?;
        if read < wanted {
            return Ok(self.0.get(..read).unwrap_or_default());
        }
        // It has grown since it was asked for its length.
        self.0.truncate(read);
        let more = limit.saturating_add(1).saturating_sub(read as u64);
        file.take(more).read_to_end(&mut self.0).map_err(fault)?;
        match u64::try_from(self.0.len()).is_ok_and(|read| read <= limit) {
            true => Ok(&self.0),
            false => Err(FileError::TooLarge {
                path: path.to_owned(),
                limit,
            }),
        }
    }
}

/// Reads until there are so many bytes or more, or to the end, in as few reads as the system allows:
/// how many there are.
pub(crate) fn read_at_least(
    from: &mut impl Read,
    into: &mut [u8],
    enough: usize,
) -> io::Result<usize> {
    let mut at = 0;
    while at < enough {
        match from.read(into.get_mut(at..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => at += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

/// Reads on until there are `length` bytes, or to the end; in as few reads as the system allows.
/// `length` has to be one that the caller has bounded: the memory is taken at once.
pub(crate) fn fill(from: &mut impl Read, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let mut at = bytes.len();
    if at == 0 {
        // The system gives zeroed memory as it is first written to; this way nothing else does.
        *bytes = vec![0; length];
    }
    bytes.resize(length.max(at), 0);
    let rest = bytes.get_mut(at..).unwrap_or_default();
    at += read_at_least(from, rest, rest.len())?;
    bytes.truncate(at);
    Ok(())
}

/// Reads a regular file that was found in a tree, as [`read_regular`] does, if
/// it stays there with its links resolved.
///
/// # Errors
/// See [`FileError`]; [`FileError::Leaves`] for a link that leads elsewhere.
pub fn read_found(tree: &Path, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let resolved = resolve_within(tree, path)?;
    // What is opened is what was judged, not what the links say by then.
    read_regular(&resolved, limit)
}

/// Whether a path, its links resolved, is in a tree (its links resolved too).
/// What does not exist is in no tree.
pub fn within(tree: &Path, path: &Path) -> bool {
    resolve_within(tree, path).is_ok()
}

/// The path with its links resolved, if that is in the tree.
///
/// # Errors
/// [`FileError::Leaves`], and what the system says of a path that leads nowhere.
pub(crate) fn resolve_within(tree: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let tree = fs::canonicalize(tree).map_err(|error| FileError::of(tree, error))?;
    let resolved = fs::canonicalize(path).map_err(|error| FileError::of(path, error))?;
    if resolved.starts_with(&tree) {
        return Ok(resolved);
    }
    Err(FileError::Leaves {
        path: path.to_owned(),
        tree,
    })
}

fn check(path: &Path, meta: &Metadata, limit: u64) -> Result<(), FileError> {
    let path = || path.to_owned();
    if !meta.is_file() {
        let what = kind(meta.file_type());
        return Err(FileError::NotAFile { path: path(), what });
    }
    if meta.len() > limit {
        return Err(FileError::TooLarge {
            path: path(),
            limit,
        });
    }
    Ok(())
}

/// What a thing is called that is no regular file.
pub(crate) fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "folder";
    }
    if kind.is_symlink() {
        return "link";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "FIFO";
        }
        if kind.is_socket() {
            return "socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "device";
        }
    }
    "special file"
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NON_BLOCKING);
    options.open(path)
}

/// Whether both tell of the same file, where the system numbers its files.
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = (a, b);
        true
    }
}

/// A file below a folder, in full, if no link is on the way from there; none if one is. Its path from
/// there has `/`.
///
/// # Errors
/// What the system says of a path that leads nowhere.
pub(crate) fn unlinked(folder: &Path, inside: &str) -> io::Result<Option<PathBuf>> {
    let folder = fs::canonicalize(folder)?;
    let path = inside.split('/').fold(folder, |path, part| path.join(part));
    Ok((fs::canonicalize(&path)? == path).then_some(path))
}

/// The folder that a full path begins in: nothing is above it.
pub(crate) fn root_of(path: &Path) -> &Path {
    path.ancestors().last().unwrap_or(path)
}

/// Whether a path is made of names alone, and so leads to what is below a folder that it is joined to.
pub(crate) fn is_plain(path: &Path) -> bool {
    let mut parts = path.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Makes a link, where one to a folder is made as one to a file is.
///
/// # Errors
/// What the system says, and that this one has no such links.
#[cfg(unix)]
pub(crate) fn link(leads: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(leads, at)
}

/// The same: there are none here.
#[cfg(not(unix))]
pub(crate) fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The path without `.` and `..`, as cargo takes them: by the letters, whatever
/// links there are.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// The path with its links resolved, if it stays where its letters say, or in
/// the tree: a manifest may point at a sibling of its project by `..`, but not
/// at anything by a link. The path is absolute, and normal.
///
/// # Errors
/// [`FileError::Leaves`], and what the system says of a path that leads nowhere.
pub(crate) fn resolve_reached(tree: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let resolved = fs::canonicalize(path).map_err(|error| FileError::of(path, error))?;
    if resolved == path || resolved.starts_with(tree) {
        return Ok(resolved);
    }
    Err(FileError::Leaves {
        path: path.to_owned(),
        tree: tree.to_owned(),
    })
}
