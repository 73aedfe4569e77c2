//! Finding lockfiles, or all files, below a folder.

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
    /// The files, sorted. Lockfiles are regular files, or links to such that
    /// stay in the folder; where all files are looked for, links are not among
    /// them, as what they lead to is found by itself, or is elsewhere.
    pub files: Vec<PathBuf>,
    /// How many links, FIFOs, devices and sockets were left out, where all
    /// files are looked for.
    pub left_out: usize,
    /// What was not looked at and why, sorted.
    pub gaps: Vec<(PathBuf, String)>,
}

/// Finds every `Cargo.lock` below a folder, in an order that depends on the
/// names alone. Links to folders are not followed; `.git` is not looked into,
/// nor are target folders and vendored packages unless asked for.
///
/// What can't be looked at is in [`Found::gaps`], the folder itself included.
pub fn find_lockfiles(folder: &Path, options: &SearchOptions) -> Found {
    find(folder, options, Wanted::Lockfiles)
}

/// Finds every regular file below a folder, target folders and vendored
/// packages included; otherwise as [`find_lockfiles`] does.
pub fn find_files(folder: &Path) -> Found {
    let options = SearchOptions {
        include_target: true,
        include_vendored: true,
        ..SearchOptions::default()
    };
    find(folder, &options, Wanted::Files)
}

#[derive(Clone, Copy)]
enum Wanted {
    Lockfiles,
    Files,
}

fn find(folder: &Path, options: &SearchOptions, wanted: Wanted) -> Found {
    let mut search = Search {
        root: folder,
        options,
        wanted,
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
    search.found.files.sort();
    search.found.gaps.sort();
    search.found
}

struct Search<'a> {
    root: &'a Path,
    options: &'a SearchOptions,
    wanted: Wanted,
    looked_at: usize,
    found: Found,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.looked_at > self.options.max_files
    }

    /// Takes what is wanted of a folder, and says which folders in it are to be
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
            match self.wanted {
                Wanted::Lockfiles if path.file_name().is_some_and(|name| name == "Cargo.lock") => {
                    self.lockfile(path);
                }
                Wanted::Files if kind.is_file() => self.found.files.push(path),
                _ if kind.is_dir() => {
                    if self.is_searched(folder, &path) {
                        below.push(path);
                    }
                }
                Wanted::Files => self.found.left_out += 1,
                Wanted::Lockfiles => {}
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
                Ok(_) => return self.found.files.push(path),
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
