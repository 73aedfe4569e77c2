//! Whether git could give back what a fix changes.
//!
//! `git status` runs what a repository's configuration names (filters, a monitor of files), so it is
//! not asked: the sources of the newest commit are read and compared with what lies there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::gate::since::{LIMITS, sources_at};
use crate::host::files;
use crate::host::foreign;
use crate::host::workspace::{Project, repository_root};

/// Sees to it that the project's sources and manifests are those of the newest commit, and that what
/// is to be changed is among them.
///
/// # Errors
/// [`Failure`] if they are not, or that can't be told.
pub(super) fn check<'a>(
    project: &Project,
    changed: impl Iterator<Item = &'a Path>,
) -> Result<(), Failure> {
    let Some(checkout) = repository_root(&project.root) else {
        return Err(Failure(format!(
            "{} is in no git repository, and nothing could give back what --fix changes: commit it to \
             one, or add --allow-dirty",
            foreign::path(&project.root)
        )));
    };
    let committed = sources_at(project, &checkout, "HEAD").map_err(|error| {
        Failure(format!(
            "whether everything is committed can't be told: {error}; commit what there is, or add \
             --allow-dirty"
        ))
    })?;
    let files: BTreeMap<PathBuf, Vec<u8>> = committed
        .files
        .into_iter()
        .map(|(path, bytes)| (checkout.join(path), bytes))
        .collect();
    let mut differing: Vec<&Path> = files
        .iter()
        .filter(|(path, bytes)| !is_same(path, bytes))
        .map(|(path, _)| path.as_path())
        .collect();
    for path in changed.filter(|path| !files.contains_key(*path)) {
        differing.push(path);
    }
    let Some(first) = differing.first() else {
        return Ok(());
    };
    let more = match differing.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Failure(format!(
        "`{}`{more}: not as the newest commit has it, so that what --fix changes could not be told \
         from your own changes; `git commit` or `git stash` these first, or add --allow-dirty",
        foreign::path(first)
    )))
}

/// Whether a file is what was committed. Where git has put the ends of lines that this system uses, it
/// is.
fn is_same(path: &Path, committed: &[u8]) -> bool {
    let Ok(bytes) = files::read_regular(path, LIMITS.max_file_bytes) else {
        return false;
    };
    if bytes == committed {
        return true;
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let plain = lines.flat_map(|line| match line.strip_suffix(b"\r\n") {
        Some(text) => [text, b"\n"],
        None => [line, b""],
    });
    !committed.contains(&b'\r') && plain.flatten().eq(committed)
}
