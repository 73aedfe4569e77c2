//! The copy of a package or a workspace.
//!
//! *Invariants.* Nothing of the original is written to, and nothing in the copy leads out of it: of
//! links, those are made again that stay inside; the others are left out and told.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::host::files;
use crate::host::foreign;

/// How many files and folders are copied.
const MAX_ENTRIES: usize = 300_000;
/// What a file may weigh, in bytes.
const MAX_FILE: u64 = 1 << 30;
/// What all of them may weigh, in bytes.
const MAX_BYTES: u64 = 8 << 30;
/// How deep folders may be.
const MAX_DEPTH: usize = 100;

/// What was not copied, in words.
pub(super) type Notes = Vec<String>;

/// Copies a folder's content into one that is not there yet, and may be in that. Folders of version
/// control and of what cargo has built are left out.
///
/// # Errors
/// What is in the way, in words.
pub(super) fn folder(from: &Path, to: &Path) -> Result<Notes, String> {
    let mut copy = Copying {
        from,
        to,
        entries: 0,
        bytes: 0,
        notes: Vec::new(),
    };
    let mut todo = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        if depth > MAX_DEPTH {
            return Err(format!("folders in it are deeper than {MAX_DEPTH}"));
        }
        let folders = copy.entries_of(&folder)?;
        todo.extend(folders.into_iter().map(|folder| (folder, depth + 1)));
    }
    copy.notes.sort();
    Ok(copy.notes)
}

struct Copying<'a> {
    from: &'a Path,
    to: &'a Path,
    entries: usize,
    bytes: u64,
    notes: Notes,
}

impl Copying<'_> {
    /// Copies what is right in a folder: the folders in it.
    fn entries_of(&mut self, folder: &Path) -> Result<Vec<PathBuf>, String> {
        let fault = |error: io::Error| {
            let at = foreign::path(&self.from.join(folder));
            format!("`{at}` can't be copied: {error}")
        };
        fs::create_dir_all(self.to.join(folder)).map_err(fault)?;
        let entries = fs::read_dir(self.from.join(folder)).map_err(fault)?;
        let entries: Vec<_> = entries.collect::<io::Result<_>>().map_err(fault)?;
        let mut folders = Vec::new();
        for entry in entries {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(format!("it has more than {MAX_ENTRIES} files and folders"));
            }
            let path = folder.join(entry.file_name());
            let kind = entry.file_type();
            let fault = |error| format!("`{}` can't be copied: {error}", foreign::path(&path));
            let kind = kind.map_err(fault)?;
            if kind.is_dir() {
                if entry.path() != self.to && !is_left_out(&entry.path()) {
                    folders.push(path);
                }
            } else if kind.is_file() {
                self.file(&path)?;
            } else if kind.is_symlink() {
                self.link(&path)?;
            } else {
                let what = files::kind(kind);
                self.notes
                    .push(format!("`{}` is a {what}", foreign::path(&path)));
            }
        }
        Ok(folders)
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        let from = self.from.join(path);
        let fault =
            |error: io::Error| format!("`{}` can't be copied: {error}", foreign::path(path));
        let bytes = files::read_regular(&from, MAX_FILE).map_err(|error| error.to_string())?;
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES {
            return Err(format!("its files are more than {MAX_BYTES} bytes"));
        }
        let to = self.to.join(path);
        fs::write(&to, bytes).map_err(fault)?;
        make_runnable(&to, is_runnable(&from)).map_err(fault)
    }

    fn link(&mut self, path: &Path) -> Result<(), String> {
        let from = self.from.join(path);
        let leads = fs::read_link(&from).ok().filter(|to| stays(path, to));
        let is_inside = files::within(self.from, &from);
        let made = leads
            .filter(|_| is_inside)
            .map(|leads| files::link(&leads, &self.to.join(path)));
        if !matches!(made, Some(Ok(()))) {
            let path = foreign::path(path);
            self.notes
                .push(format!("`{path}` is a link that leads elsewhere"));
        }
        Ok(())
    }
}

/// Whether a relative link stays in the tree by its letters.
fn stays(path: &Path, to: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    to.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => match depth.checked_sub(1) {
            Some(less) => {
                depth = less;
                true
            }
            None => false,
        },
        _ => false,
    })
}

/// Version control, and what cargo has built, which says so itself.
fn is_left_out(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    let is_control = [".git", ".hg", ".jj", ".svn"]
        .iter()
        .any(|control| name == *control);
    is_control || folder.join("CACHEDIR.TAG").is_file() || name == "target" && is_built(folder)
}

/// What old cargos have built says nothing.
fn is_built(folder: &Path) -> bool {
    folder.join(".rustc_info.json").is_file() || folder.join("debug/.fingerprint").is_dir()
}

#[cfg(unix)]
fn is_runnable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_runnable(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn make_runnable(file: &Path, is_runnable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match is_runnable {
        true => fs::set_permissions(file, fs::Permissions::from_mode(0o755)),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_runnable(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

/// Writes the files of a package's archive into a folder that is not there yet.
///
/// # Errors
/// What is in the way, in words.
pub(super) fn archive(files: &BTreeMap<String, Vec<u8>>, to: &Path) -> Result<(), String> {
    if files.is_empty() {
        return Err("the archive has no files of that package".to_owned());
    }
    for (path, content) in files {
        let path = Path::new(path);
        if !files::is_plain(path) {
            let path = foreign::path(path);
            return Err(format!(
                "the archive has a file `{path}`, which leads elsewhere"
            ));
        }
        let fault = |error| format!("`{}` can't be unpacked: {error}", foreign::path(path));
        let to = to.join(path);
        fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(fault)?;
        fs::write(&to, content).map_err(fault)?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_hold_itself() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::write(root.join("a"), "a").unwrap();
        let to = root.join("cache/copy");
        super::folder(&root, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "a");
        assert!(to.join("cache").is_dir() && !to.join("cache/copy").exists());
    }

    #[test]
    fn a_copy_holds_what_is_inside() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let (from, to) = (root.join("from"), root.join("to"));
        for name in [
            "src/deep",
            ".git",
            "target/debug/.fingerprint",
            "named/target",
        ] {
            fs::create_dir_all(from.join(name)).unwrap();
        }
        for name in [
            "src/lib.rs",
            ".git/config",
            "target/debug/x",
            "named/target/kept",
        ] {
            fs::write(from.join(name), name).unwrap();
        }
        fs::write(root.join("secret"), "canary").unwrap();
        for (at, leads) in [
            ("src/inside.rs", "lib.rs"),
            ("src/deep/up.rs", "../lib.rs"),
            ("src/out.rs", "../../secret"),
            ("src/full.rs", "/etc/passwd"),
            ("src/there_and_back", "../../from/src/lib.rs"),
        ] {
            std::os::unix::fs::symlink(leads, from.join(at)).unwrap();
        }
        make_runnable(&from.join("src/lib.rs"), true).unwrap();
        let notes = super::folder(&from, &to).unwrap();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert_eq!(
            fs::read_to_string(to.join("src/deep/up.rs")).unwrap(),
            "src/lib.rs"
        );
        assert!(is_runnable(&to.join("src/inside.rs")) && to.join("named/target/kept").is_file());
        for gone in [".git", "target", "src/out.rs", "src/full.rs"] {
            assert!(fs::symlink_metadata(to.join(gone)).is_err(), "{gone}");
        }
    }
}
