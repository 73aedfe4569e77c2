//! The baseline's file.

use std::path::Path;

use carapace_core::baseline::{BaselineError, MAX_BYTES};
use carapace_core::text::visible;

use crate::cli::Failure;
use crate::host::files::{FileError, read_found, read_regular, resolve_within};
use crate::host::rewrite::Beside;

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
    let written = Beside::write(&path, text.as_bytes(), None);
    let written = written.and_then(|mut beside| beside.put(&path));
    written.map_err(|error| fault(&path, &error))
}

fn fault(path: &Path, what: &dyn std::fmt::Display) -> Failure {
    Failure(format!(
        "{}: {}",
        visible(&path.to_string_lossy()),
        visible(&what.to_string())
    ))
}
