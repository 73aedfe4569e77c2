//! A copy of a project in which cargo can resolve: its manifests, and empty
//! files in the place of sources. Nothing else of the project is in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::files::{self, FileError};
use super::glob;
use super::manifest::{Manifest, ManifestError};
use super::resolve::ResolveError;
use super::targets;
use super::workspace;

/// How many manifests are copied.
const MAX_MANIFESTS: usize = 10_000;
/// What they may weigh together, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What the copy will consist of.
#[derive(Debug)]
pub(crate) struct Mirror {
    /// The folder that all manifests are below, which the copy stands for.
    pub(crate) base: PathBuf,
    /// By folder.
    pub(crate) manifests: BTreeMap<PathBuf, Manifest>,
    /// The first manifest that leads to another one by an absolute path, and
    /// that path: in a copy, it would lead back into the original.
    absolute: Option<(PathBuf, String)>,
}

impl Mirror {
    /// Reads all manifests that cargo would read to resolve the workspace: its
    /// members' and, from manifest to manifest, those that a `path` leads to.
    /// A manifest that is not there is left to cargo, which knows whether it
    /// matters.
    pub(crate) fn of(
        root: &Path,
        tree: &Path,
        cargo_home: Option<&Path>,
    ) -> Result<Self, ResolveError> {
        let mut manifests = BTreeMap::new();
        let mut absolute = None;
        let mut seen = BTreeSet::from([root.to_owned()]);
        let mut todo = VecDeque::from([root.to_owned()]);
        let mut bytes = 0_usize;
        // Whether the root is that of a workspace; it comes first.
        let mut is_workspace = false;
        while let Some(folder) = todo.pop_front() {
            let manifest = match Manifest::of(tree, &folder) {
                Ok(manifest) => manifest,
                Err(ManifestError::File(FileError::NotFound { .. })) if folder != root => continue,
                Err(error) => return Err(error.into()),
            };
            bytes = bytes.saturating_add(manifest.text.len());
            if manifests.len() >= MAX_MANIFESTS || bytes > MAX_BYTES {
                let (what, limit) = if bytes > MAX_BYTES {
                    ("bytes of manifests", MAX_BYTES)
                } else {
                    ("manifests", MAX_MANIFESTS)
                };
                return Err(ResolveError::TooMany { what, limit });
            }
            let mut next = paths_of(&manifest, &mut absolute);
            if folder == root {
                next.extend(members(&manifest, tree, &mut absolute)?);
            }
            // Fields and dependencies may be inherited from another workspace,
            // but not from one above that does not count the project in: cargo
            // would refuse the project for it.
            let roots = workspace::possible_root(&manifest, cargo_home);
            let is_none_of_ours = |above: &Manifest| {
                above.folder != root && root.starts_with(&above.folder) && !above.excludes(root)
            };
            next.extend(
                roots
                    .filter(|above| is_workspace || !is_none_of_ours(above))
                    .map(|above| above.folder),
            );
            is_workspace |= folder == root && manifest.workspace().is_some();
            todo.extend(
                next.into_iter()
                    .filter(|folder| seen.insert(folder.clone())),
            );
            manifests.insert(folder, manifest);
        }
        let base = common_ancestor(manifests.keys(), root);
        Ok(Self {
            base,
            manifests,
            absolute,
        })
    }

    /// Whether a copy would stand on its own.
    pub(crate) fn check_copy(&self) -> Result<(), ResolveError> {
        match &self.absolute {
            None => Ok(()),
            Some((manifest, path)) => Err(ResolveError::AbsolutePath {
                manifest: manifest.clone(),
                path: path.clone(),
            }),
        }
    }

    /// Writes the copy into a folder.
    pub(crate) fn write(&self, into: &Path) -> io::Result<()> {
        for (folder, manifest) in &self.manifests {
            let Ok(relative) = folder.strip_prefix(&self.base) else {
                continue;
            };
            let copy = into.join(relative);
            fs::create_dir_all(&copy)?;
            fs::write(copy.join("Cargo.toml"), &manifest.text)?;
            for stub in stubs(manifest) {
                let stub = copy.join(stub);
                if let Some(parent) = stub.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(stub, "")?;
            }
        }
        Ok(())
    }
}

/// The folders that a manifest's paths lead to.
fn paths_of(manifest: &Manifest, absolute: &mut Option<(PathBuf, String)>) -> Vec<PathBuf> {
    let package = manifest.package();
    let pointer = package.and_then(|package| package.get("workspace")?.as_str());
    let paths = manifest.written_paths().into_iter().chain(pointer);
    paths
        .map(|path| {
            note_absolute(manifest, path, absolute);
            files::normalized(&manifest.folder.join(path))
        })
        .collect()
}

/// The folders that a workspace lists.
fn members(
    root: &Manifest,
    tree: &Path,
    absolute: &mut Option<(PathBuf, String)>,
) -> Result<Vec<PathBuf>, ResolveError> {
    let mut folders = Vec::new();
    let mut left = glob::MAX_ENTRIES;
    let lists = ["members", "default-members"];
    for pattern in lists.iter().flat_map(|key| root.workspace_list(key)) {
        note_absolute(root, pattern, absolute);
        let expanded = glob::expand(tree, &root.folder, pattern, &mut left);
        if let Some((path, why)) = expanded.gaps.into_iter().next() {
            return Err(ResolveError::Members { path, why });
        }
        folders.extend(expanded.folders);
    }
    folders.retain(|folder| !root.excludes(folder));
    Ok(folders)
}

fn note_absolute(manifest: &Manifest, path: &str, absolute: &mut Option<(PathBuf, String)>) {
    let leads_away = |part| matches!(part, Component::Prefix(_) | Component::RootDir);
    if absolute.is_none() && Path::new(path).components().any(leads_away) {
        *absolute = Some((manifest.path(), path.to_owned()));
    }
}

fn common_ancestor<'a>(folders: impl Iterator<Item = &'a PathBuf>, root: &Path) -> PathBuf {
    let mut base = root.to_owned();
    for folder in folders {
        while !folder.starts_with(&base) && base.pop() {}
    }
    base
}

/// Empty files, by which cargo finds the same targets as in the original; and
/// those without which it refuses to load a manifest.
fn stubs(manifest: &Manifest) -> Vec<PathBuf> {
    let Some(package) = manifest.package() else {
        return Vec::new();
    };
    let mut stubs = targets::discovered(&manifest.folder);
    let is_there = |path: &Path| stubs.iter().any(|stub| stub == path);
    let mut more = Vec::new();
    let library = Path::new("src/lib.rs");
    // Where a `[lib]` stands, or nothing else is there that could be built.
    let has_target = stubs.iter().any(|stub| stub.starts_with("src"));
    let may_lack = manifest.has_library_table() || !has_target;
    if manifest.needs_library_file() && may_lack && !is_there(library) {
        more.push(library.to_owned());
    }
    for (kind, folder) in targets::FOLDERS {
        let default = package.get("default-run").and_then(toml::Value::as_str);
        let default = default.filter(|_| kind == "bin");
        let names = manifest.targets_without_path(kind).into_iter();
        for name in names.chain(default).filter(|name| is_file_stem(name)) {
            let file = Path::new(folder).join(format!("{name}.rs"));
            let inner = Path::new(folder).join(name).join("main.rs");
            let is_main = kind == "bin"
                && package.get("name").and_then(toml::Value::as_str) == Some(name)
                && is_there(Path::new("src/main.rs"));
            let is_declared = manifest.has_target(kind, name);
            if !is_there(&file) && !is_there(&inner) && !is_main && !is_declared {
                more.push(file);
            }
        }
    }
    // `links` without a build script is an error.
    let script = Path::new("build.rs");
    if package.contains_key("links") && !package.contains_key("build") && !is_there(script) {
        more.push(script.to_owned());
    }
    // An inherited readme has to be somewhere.
    let readmes = ["README.md", "README.txt", "README"].into_iter();
    let exists = |name: &&str| manifest.folder.join(name).is_file();
    more.extend(readmes.filter(exists).map(PathBuf::from));
    stubs.append(&mut more);
    stubs
}

/// Whether a foreign name makes a file in the folder that it is put in.
fn is_file_stem(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+');
    !name.is_empty() && name.len() < 200 && !name.starts_with('.') && name.chars().all(is_plain)
}
