//! The sources as they were before anything was run: what is run can change those in the copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Subject;
use crate::cli::Failure;
use crate::gate::archive;
use crate::host::{files, foreign};

/// What a source may weigh, in bytes.
const MAX_SOURCE: u64 = 24 << 20;
/// How many files and folders are looked at.
const MAX_FILES: usize = 300_000;

/// Where they are.
pub(super) enum Originals {
    /// In a folder of the user's, the root of the workspace or package.
    Folder(PathBuf),
    /// In the archive of a package, by their paths in it.
    Archive {
        /// Its name and version.
        package: String,
        /// All files of it.
        files: BTreeMap<String, Vec<u8>>,
    },
}

impl Originals {
    /// Those of a subject.
    pub(super) fn of(subject: &Subject) -> Result<Self, Failure> {
        match subject {
            Subject::Workspace { root, .. } => Ok(Self::Folder(root.clone())),
            Subject::Folder { folder } => Ok(Self::Folder(folder.clone())),
            Subject::Archive {
                bytes,
                name,
                version,
            } => {
                let files = archive::read(bytes, &format!("{name}-{version}/"));
                let package = format!("{name} {version}");
                let files = files.map_err(|why| {
                    let package = foreign::shown(&package);
                    Failure(format!("the archive of {package} can't be read: {why}"))
                })?;
                Ok(Self::Archive {
                    package,
                    files: files.into_iter().collect(),
                })
            }
        }
    }

    /// The text of a file, by its path from the root.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn read(&self, file: &str) -> Result<String, String> {
        let path = Path::new(file);
        let shown = foreign::shown(file);
        if !files::is_plain(path) {
            return Err(format!("`{shown}` is no file of the package"));
        }
        let bytes = match self {
            Self::Folder(root) => files::read_found(root, &root.join(path), MAX_SOURCE)
                .map_err(|error| error.to_string())?,
            Self::Archive { files, .. } => {
                let bytes = files.get(file).cloned();
                bytes.ok_or_else(|| format!("`{shown}` is not in the archive"))?
            }
        };
        String::from_utf8(bytes).map_err(|_| format!("`{shown}` is no text"))
    }

    /// Whether a file, by its path from the root, is behind a link.
    pub(super) fn is_linked(&self, file: &str) -> bool {
        match self {
            Self::Folder(root) => !matches!(files::unlinked(root, file), Ok(Some(_))),
            Self::Archive { .. } => false,
        }
    }

    /// The Rust files in a folder and below, by their paths from the root; none if they cannot all be
    /// listed.
    pub(super) fn sources(&self, folder: &str) -> Option<Vec<String>> {
        let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
        let root = match self {
            Self::Folder(root) => root,
            Self::Archive { files, .. } => {
                let all = files.keys().map(Path::new);
                let inside = all.filter(|file| file.starts_with(folder) && is_source(file));
                return inside.map(|file| Some(file.to_str()?.to_owned())).collect();
            }
        };
        let mut found = Vec::new();
        let mut todo = vec![PathBuf::from(folder)];
        let mut seen = 0;
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(root.join(&folder)).ok()? {
                let entry = entry.ok()?;
                seen += 1;
                if seen > MAX_FILES {
                    return None;
                }
                let path = folder.join(entry.file_name());
                match entry.file_type().ok()? {
                    kind if kind.is_dir() => todo.push(path),
                    _ if is_source(&path) => found.push(path.to_str()?.replace('\\', "/")),
                    _ => {}
                }
            }
        }
        Some(found)
    }
}
