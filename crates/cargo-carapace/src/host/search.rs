//! Finding lockfiles below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::files;

/// How a folder is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchOptions {
    /// Look into cargo's target folders.
    pub include_target: bool,
    /// Look into folders of vendored packages.
    pub include_vendored: bool,
    /// How many entries of folders are looked at.
    pub max_files: usize,
    /// How many folders deep; 0 is the folder itself.
    pub max_depth: usize,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            include_target: false,
            include_vendored: false,
            max_files: 2_000_000,
            max_depth: 64,
        }
    }
}

/// What a search has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The lockfiles, sorted. They are regular files, or links to such that
    /// stay in the folder.
    pub lockfiles: Vec<PathBuf>,
    /// What was not looked at and why, sorted.
    pub gaps: Vec<(PathBuf, String)>,
}

/// Finds every `Cargo.lock` below a folder, in an order that depends on the
/// names alone. Links to folders are not followed; `.git` is not looked into,
/// nor are target folders and vendored packages unless asked for.
///
/// What can't be looked at is in [`Found::gaps`], the folder itself included.
pub fn find_lockfiles(folder: &Path, options: &SearchOptions) -> Found {
    let mut search = Search {
        root: folder,
        options,
        looked_at: 0,
        found: Found::default(),
    };
    let mut todo = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        let mut below = search.folder(&folder);
        if search.is_full() {
            let why = format!(
                "the search ended after {} entries; search a smaller folder",
                options.max_files
            );
            search.found.gaps.push((folder, why));
            break;
        }
        if depth == options.max_depth && !below.is_empty() {
            let why = format!("the folders in it are more than {depth} deep and were not searched");
            search.found.gaps.push((folder, why));
            continue;
        }
        // The last one is taken next.
        below.sort_by(|a, b| b.cmp(a));
        todo.extend(below.into_iter().map(|path| (path, depth + 1)));
    }
    search.found.lockfiles.sort();
    search.found.gaps.sort();
    search.found
}

struct Search<'a> {
    root: &'a Path,
    options: &'a SearchOptions,
    looked_at: usize,
    found: Found,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.looked_at > self.options.max_files
    }

    /// Takes a folder's lockfile, and says which folders in it are to be
    /// searched.
    fn folder(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut below = Vec::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let why = format!("can't be searched: {error}");
                self.found.gaps.push((folder.to_owned(), why));
                return below;
            }
        };
        for entry in entries {
            self.looked_at += 1;
            if self.is_full() {
                return below;
            }
            let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))
            {
                Ok(entry) => entry,
                Err(error) => {
                    let why = format!("can't be searched: {error}");
                    self.found.gaps.push((folder.to_owned(), why));
                    continue;
                }
            };
            if path.file_name().is_some_and(|name| name == "Cargo.lock") {
                self.lockfile(path);
            } else if kind.is_dir() && self.is_searched(folder, &path) {
                below.push(path);
            }
        }
        below
    }

    fn lockfile(&mut self, path: PathBuf) {
        let why = match fs::metadata(&path) {
            Err(error) => format!("can't be read: {error}"),
            Ok(meta) if !meta.is_file() => {
                format!("is a {}, not a regular file", files::kind(meta.file_type()))
            }
            Ok(_) => match files::resolve_within(self.root, &path) {
                Ok(_) => return self.found.lockfiles.push(path),
                Err(error) => error.to_string(),
            },
        };
        self.found.gaps.push((path, why));
    }

    fn is_searched(&self, folder: &Path, path: &Path) -> bool {
        let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
        let name = path.file_name().unwrap_or_default();
        if name == ".git" {
            return false;
        }
        let is_target = || {
            name == "target"
                && (exists(&path.join("CACHEDIR.TAG")) || exists(&folder.join("Cargo.toml")))
        };
        if !self.options.include_target && is_target() {
            return false;
        }
        // A package that cargo has vendored says so in a file of its own,
        // whatever the folder around is called.
        let is_vendored = || name == "vendor" || exists(&path.join(".cargo-checksum.json"));
        self.options.include_vendored || !is_vendored()
    }
}
