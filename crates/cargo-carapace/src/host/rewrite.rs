//! Writing files of the user's project anew: all of them, or none.

use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::foreign;

/// A file's new content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The file.
    pub path: PathBuf,
    /// What it held when it was read; none if it was not there.
    pub before: Option<Vec<u8>>,
    /// What it is to hold.
    pub after: Vec<u8>,
}

/// Why nothing was written.
#[derive(Debug)]
#[non_exhaustive]
pub enum RewriteError {
    /// It is a link, or anything else than a regular file.
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Its permissions forbid to write it.
    ReadOnly {
        /// The path.
        path: PathBuf,
    },
    /// Somebody has changed it since it was read.
    Changed {
        /// The path.
        path: PathBuf,
    },
    /// The system refused it.
    Io {
        /// The path.
        path: PathBuf,
        /// What it says.
        error: io::Error,
        /// The files that could not be made again what they were.
        left: Vec<PathBuf>,
    },
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile { path } => write!(
                f,
                "`{}` is no regular file (a link is none), and was not written; put the file itself in its place",
                foreign::path(path)
            ),
            Self::ReadOnly { path } => write!(
                f,
                "`{}` may not be written; change its permissions",
                foreign::path(path)
            ),
            Self::Changed { path } => write!(
                f,
                "`{}` has been changed in the meantime, and was not written; run this again",
                foreign::path(path)
            ),
            Self::Io { path, error, left } => {
                write!(f, "can't write `{}`: {error}", foreign::path(path))?;
                for left in left {
                    write!(
                        f,
                        "; `{}` was written and could not be made again what it was",
                        foreign::path(left)
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for RewriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Writes all files beside their places, and then puts them there, one after the other. If one can't
/// be, those before it are made again what they were.
///
/// # Errors
/// See [`RewriteError`]. Nothing is changed then, but for what [`RewriteError::Io`] names.
pub fn rewrite(files: &[Rewrite]) -> Result<(), RewriteError> {
    let mut ready: Vec<Beside> = Vec::with_capacity(files.len());
    for file in files {
        let permissions = check(file)?;
        let io = |error| failed(&file.path, error);
        ready.push(Beside::write(&file.path, &file.after, permissions).map_err(io)?);
    }
    for (at, (beside, file)) in ready.iter_mut().zip(files).enumerate() {
        if let Err(error) = beside.put(&file.path) {
            let done = files.get(..at).unwrap_or_default().iter();
            let left = done.filter(|file| undo(file).is_err());
            return Err(RewriteError::Io {
                left: left.map(|file| file.path.clone()).collect(),
                path: file.path.clone(),
                error,
            });
        }
    }
    Ok(())
}

fn failed(path: &Path, error: io::Error) -> RewriteError {
    RewriteError::Io {
        path: path.to_owned(),
        error,
        left: Vec::new(),
    }
}

/// Whether a file is still what it was, and may be written. Its permissions.
fn check(file: &Rewrite) -> Result<Option<Permissions>, RewriteError> {
    let path = file.path.clone();
    let meta = match fs::symlink_metadata(&path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match file.before {
                None => Ok(None),
                Some(_) => Err(RewriteError::Changed { path }),
            };
        }
        Err(error) => return Err(failed(&path, error)),
    };
    if !meta.is_file() {
        return Err(RewriteError::NotAFile { path });
    }
    if meta.permissions().readonly() {
        return Err(RewriteError::ReadOnly { path });
    }
    // What the file may hold is bounded by what it held.
    let limit = file.before.as_ref().map_or(0, Vec::len) as u64;
    match super::files::read_regular(&path, limit) {
        Ok(now) if Some(&now) == file.before.as_ref() => Ok(Some(meta.permissions())),
        _ => Err(RewriteError::Changed { path }),
    }
}

fn undo(file: &Rewrite) -> io::Result<()> {
    match &file.before {
        None => fs::remove_file(&file.path),
        Some(before) => {
            let permissions = fs::symlink_metadata(&file.path)?.permissions();
            Beside::write(&file.path, before, Some(permissions))?.put(&file.path)
        }
    }
}

/// A file beside the one whose place it is to take; gone if it does not.
pub(crate) struct Beside {
    path: PathBuf,
    is_put: bool,
}

impl Beside {
    /// Writes it. What is there already may be somebody's trap, and stays.
    pub(crate) fn write(
        path: &Path,
        bytes: &[u8],
        permissions: Option<Permissions>,
    ) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}.carapace", std::process::id()));
        let path = path.with_file_name(beside);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", foreign::path(&path)))
        };
        let mut file = file.map_err(named)?;
        let beside = Self {
            path,
            is_put: false,
        };
        file.write_all(bytes)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()?;
        Ok(beside)
    }

    /// Puts it in the place of the file.
    pub(crate) fn put(&mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.is_put = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_put {
            // What can't be removed is no file of the project's.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(path: PathBuf, before: Option<&str>, after: &str) -> Rewrite {
        Rewrite {
            path,
            before: before.map(|text| text.as_bytes().to_vec()),
            after: after.as_bytes().to_vec(),
        }
    }

    fn texts(folder: &Path) -> Vec<(String, String)> {
        let mut texts: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read_to_string(&path).unwrap())
            })
            .collect();
        texts.sort();
        texts
    }

    #[test]
    fn all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        fs::create_dir(path("c")).unwrap();
        let before = texts(folder.path());
        let good = [
            of(path("a"), Some("old"), "new"),
            of(path("b"), None, "made"),
        ];
        // A folder in the way, a file that has changed, one that has come, and one that is gone.
        for bad in [
            of(path("c"), None, "x"),
            of(path("a"), Some("other"), "x"),
            of(path("a"), None, "x"),
            of(path("d"), Some("gone"), "x"),
            of(path("no/such"), None, "x"),
        ] {
            let files = [good.as_slice(), &[bad]].concat();
            assert!(rewrite(&files).is_err());
            assert_eq!(texts(folder.path()), before);
        }
        rewrite(&good).unwrap();
        let expected = [("a", "new"), ("b", "made")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(texts(folder.path()), expected);
    }

    #[test]
    fn what_was_put_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        let good = [
            of(path("a"), Some("old"), "new"),
            of(path("b"), None, "made"),
        ];
        rewrite(&good).unwrap();
        for file in &good {
            undo(file).unwrap();
        }
        assert_eq!(texts(folder.path()), [("a".to_owned(), "old".to_owned())]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_what_is_read_only_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
        let error = rewrite(&[of(path("link"), Some("old"), "new")]).unwrap_err();
        assert!(matches!(error, RewriteError::NotAFile { .. }), "{error}");
        fs::set_permissions(path("a"), Permissions::from_mode(0o640)).unwrap();
        rewrite(&[of(path("a"), Some("old"), "new")]).unwrap();
        assert_eq!(
            fs::metadata(path("a")).unwrap().permissions().mode() & 0o777,
            0o640
        );
        fs::set_permissions(path("a"), Permissions::from_mode(0o444)).unwrap();
        let error = rewrite(&[of(path("a"), Some("new"), "newer")]).unwrap_err();
        assert!(error.to_string().contains("permissions"), "{error}");
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "new");
    }
}
