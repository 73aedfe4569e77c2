//! The baseline's file.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use carapace_core::baseline::{BaselineError, MAX_BYTES};
use carapace_core::text::visible;

use crate::cli::Failure;
use crate::host::files::{FileError, read_found, read_regular, resolve_within};

/// Reads a baseline. `tree` is what it may not lie outside of, where a project named it; what the
/// user names may be anywhere.
///
/// # Errors
/// [`Failure`] with the file, what is wrong and what to do.
pub fn read<T>(
    path: &Path,
    tree: Option<&Path>,
    parse: impl Fn(&[u8]) -> Result<T, BaselineError>,
) -> Result<T, Failure> {
    let limit = MAX_BYTES as u64;
    let bytes = match tree {
        Some(tree) => read_found(tree, path, limit),
        None => read_regular(path, limit),
    };
    let bytes = bytes.map_err(|error| match error {
        FileError::NotFound { .. } => fault(
            path,
            &"there is no such baseline; `--write-baseline` writes it",
        ),
        error => error.into(),
    })?;
    parse(&bytes).map_err(|error| fault(path, &error))
}

/// Writes a baseline's text, whole or not at all. `tree` is as for [`read`]. A link in the place of
/// the file is replaced, not followed.
///
/// # Errors
/// [`Failure`] with the file and what is wrong.
pub fn write(path: &Path, tree: Option<&Path>, text: &str) -> Result<(), Failure> {
    if text.len() > MAX_BYTES {
        let why = "there is more than a baseline can hold; judge less at once";
        return Err(fault(path, &why));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = match tree {
        Some(tree) => resolve_within(tree, folder)?,
        None => folder.to_owned(),
    };
    let name = path
        .file_name()
        .ok_or_else(|| fault(path, &"names no file"))?;
    let path = folder.join(name);
    let beside = folder.join(format!(
        ".{}-{}.new",
        name.to_string_lossy(),
        std::process::id()
    ));
    // A file that is there already may be somebody's trap.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside);
    let mut file = file.map_err(|error| fault(&beside, &error))?;
    let beside = Beside(beside);
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside.0, &path));
    written.map_err(|error| fault(&path, &error))
}

/// A file that is gone when it was not renamed.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // After the renaming there is nothing of that name.
        let _ = fs::remove_file(&self.0);
    }
}

fn fault(path: &Path, what: &dyn std::fmt::Display) -> Failure {
    Failure(format!(
        "{}: {}",
        visible(&path.to_string_lossy()),
        visible(&what.to_string())
    ))
}
