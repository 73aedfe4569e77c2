//! Finding the project: the root manifest of a workspace and its members, by
//! cargo's own rules (`src/workspace/workspace.rs` of cargo) and without cargo.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{self, FileError};
use super::foreign;
use super::glob;
use super::manifest::{MAX_MANIFEST, Manifest};

pub use super::manifest::ManifestError;

/// How many members a workspace may have.
pub const MAX_MEMBERS: usize = 10_000;

/// A workspace, or a package that is in none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Project {
    /// The folder of the root manifest, its links resolved.
    pub root: PathBuf,
    /// The root manifest.
    pub manifest: PathBuf,
    /// Where cargo keeps the lockfile.
    pub lockfile: PathBuf,
    /// Whether there is anything of the lockfile's name.
    pub has_lockfile: bool,
    /// The workspace's packages, sorted by folder, as far as their manifests
    /// can be read.
    pub members: Vec<Member>,
    /// Which members or folders could not be read, and why.
    pub gaps: Vec<(PathBuf, String)>,
}

impl Project {
    /// A folder by itself, whatever is around it.
    pub(crate) fn alone(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            manifest: root.join("Cargo.toml"),
            lockfile: root.join("Cargo.lock"),
            has_lockfile: false,
            members: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// What links may not leave: the repository that the project is in, or the
    /// root's folder. A repository that the user's home is in (one that keeps
    /// the home's own settings) is no such tree.
    pub fn tree(&self, home: Option<&Path>) -> PathBuf {
        let repository = repository_root(&self.root);
        let home = home.and_then(|home| fs::canonicalize(home).ok());
        repository
            .filter(|tree| !home.is_some_and(|home| home.starts_with(tree)))
            .unwrap_or_else(|| self.root.clone())
    }
}

/// A package of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name, which is foreign text.
    pub name: String,
    /// Its version as it is written, the workspace's where it is inherited.
    pub version: Option<String>,
    /// Its folder.
    pub dir: PathBuf,
}

/// Why there is no project.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProjectError {
    /// There is no manifest in the folder or above.
    NoManifest {
        /// The folder.
        from: PathBuf,
    },
    /// A file was named that is no `Cargo.toml`.
    NotCargoToml {
        /// The file.
        path: PathBuf,
    },
    /// A manifest can't be used.
    Manifest(ManifestError),
    /// `package.workspace` leads to a manifest without `[workspace]`.
    NotARoot {
        /// The manifest that points.
        manifest: PathBuf,
        /// Where it points.
        root: PathBuf,
    },
}

impl From<ManifestError> for ProjectError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}

impl From<FileError> for ProjectError {
    fn from(error: FileError) -> Self {
        Self::Manifest(error.into())
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifest { from } => write!(
                f,
                "no Cargo.toml in `{}` or any folder above it; give the path of a project, or of a Cargo.lock",
                foreign::path(from)
            ),
            Self::NotCargoToml { path } => write!(
                f,
                "`{}` is not called Cargo.toml; give the path of a manifest or of its folder",
                foreign::path(path)
            ),
            Self::Manifest(error) => error.fmt(f),
            Self::NotARoot { manifest, root } => write!(
                f,
                "`package.workspace` of `{}` points to `{}`, which has no [workspace]; correct one of them",
                foreign::path(manifest),
                foreign::path(root)
            ),
        }
    }
}

impl std::error::Error for ProjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Manifest(error) => Some(error),
            _ => None,
        }
    }
}

/// The project that a folder is in, or that a `Cargo.toml` belongs to. Cargo is
/// not run, and nothing that is not a regular file is opened.
///
/// As in cargo, the search for a workspace goes up no further than `cargo_home`:
/// a package that is unpacked there belongs to no workspace above.
///
/// A package below a workspace that counts it neither among its members nor
/// among what it excludes is refused by cargo; here it is a project of its own.
///
/// # Errors
/// See [`ProjectError`]. Members that can't be read are [`Project::gaps`].
pub fn discover(start: &Path, cargo_home: Option<&Path>) -> Result<Project, ProjectError> {
    let manifest = nearest(start)?;
    let (root, members) = root_of(manifest, cargo_home)?;
    let lockfile = root.folder.join("Cargo.lock");
    Ok(Project {
        manifest: root.path(),
        has_lockfile: fs::symlink_metadata(&lockfile).is_ok(),
        lockfile,
        root: root.folder,
        members: members.found.into_values().flatten().collect(),
        gaps: members.gaps,
    })
}

/// The root of the repository that a path is in: the nearest folder with a
/// `.git`, a folder or (in worktrees and submodules) a file. Git is not run.
pub fn repository_root(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    let has_git = |folder: &&Path| {
        let meta = fs::symlink_metadata(folder.join(".git"));
        meta.is_ok_and(|meta| meta.is_dir() || meta.is_file())
    };
    path.ancestors().find(has_git).map(Path::to_owned)
}

/// What links in a folder may not leave.
fn fence(folder: &Path) -> PathBuf {
    repository_root(folder).unwrap_or_else(|| folder.to_owned())
}

/// The manifest that was named, or the nearest one upwards.
fn nearest(start: &Path) -> Result<Manifest, ProjectError> {
    let meta = fs::metadata(start).map_err(|error| FileError::of(start, error))?;
    if !meta.is_dir() {
        if start.file_name().is_none_or(|name| name != "Cargo.toml") {
            return Err(ProjectError::NotCargoToml {
                path: start.to_owned(),
            });
        }
        let bytes = files::read_regular(start, MAX_MANIFEST)?;
        let folder = match start.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let folder = fs::canonicalize(folder).map_err(|error| FileError::of(folder, error))?;
        return Ok(Manifest::parse(start, folder, bytes)?);
    }
    let from = fs::canonicalize(start).map_err(|error| FileError::of(start, error))?;
    let has_manifest = |folder: &&Path| folder.join("Cargo.toml").exists();
    match from.ancestors().find(has_manifest) {
        Some(folder) => Ok(Manifest::of(&fence(folder), folder)?),
        None => Err(ProjectError::NoManifest { from }),
    }
}

/// The root manifest of the workspace that a manifest belongs to, and the
/// workspace's members.
fn root_of(
    manifest: Manifest,
    cargo_home: Option<&Path>,
) -> Result<(Manifest, Members), ProjectError> {
    if manifest.workspace().is_some() {
        let members = Members::of(&manifest);
        return Ok((manifest, members));
    }
    if let Some(root) = pointed_root(&manifest)? {
        let members = Members::of(&root);
        return Ok((root, members));
    }
    for candidate in roots_above(&manifest, cargo_home) {
        let candidate = candidate?;
        let members = Members::of(&candidate);
        if members.found.contains_key(&manifest.folder) {
            return Ok((candidate, members));
        }
    }
    let members = Members::of(&manifest);
    Ok((manifest, members))
}

/// The root manifest that a manifest's inherited fields come from, without a
/// look at membership. What is wrong with it, cargo says better where it matters.
pub(crate) fn possible_root(manifest: &Manifest, cargo_home: Option<&Path>) -> Option<Manifest> {
    if manifest.workspace().is_some() {
        return None;
    }
    match pointed_root(manifest) {
        Ok(None) => roots_above(manifest, cargo_home).next()?.ok(),
        pointed => pointed.ok()?,
    }
}

/// Where `package.workspace` points.
fn pointed_root(manifest: &Manifest) -> Result<Option<Manifest>, ProjectError> {
    let Some(folder) = manifest.workspace_pointer() else {
        return Ok(None);
    };
    let root = Manifest::of(&fence(&manifest.folder), &folder)?;
    if root.workspace().is_some() {
        return Ok(Some(root));
    }
    Err(ProjectError::NotARoot {
        manifest: manifest.path(),
        root: root.path(),
    })
}

/// The workspaces above a manifest that do not exclude it, nearest first.
fn roots_above(
    manifest: &Manifest,
    cargo_home: Option<&Path>,
) -> impl Iterator<Item = Result<Manifest, ProjectError>> {
    let cargo_home = cargo_home.and_then(|home| fs::canonicalize(home).ok());
    let folders: Vec<PathBuf> = manifest
        .folder
        .ancestors()
        // Going up from cargo's home ends the search, as does the folder that
        // `cargo package` unpacks into.
        .take_while(|folder| cargo_home.as_deref() != Some(folder))
        .filter_map(Path::parent)
        .take_while(|folder| !folder.ends_with("target/package"))
        .filter(|folder| folder.join("Cargo.toml").exists())
        .map(Path::to_owned)
        .collect();
    let from = manifest.folder.clone();
    folders.into_iter().filter_map(move |folder| {
        let above = match Manifest::of(&fence(&folder), &folder) {
            Ok(above) => above,
            Err(error) => return Some(Err(error.into())),
        };
        let root = if above.workspace().is_some() {
            Ok(Some(above))
        } else {
            pointed_root(&above)
        };
        root.map(|root| root.filter(|root| !root.excludes(&from)))
            .transpose()
    })
}

/// The folders that belong to a workspace.
struct Members {
    /// By folder; `None` for a virtual manifest, which is no package.
    found: BTreeMap<PathBuf, Option<Member>>,
    gaps: Vec<(PathBuf, String)>,
}

impl Members {
    /// Those that are listed, and the path dependencies of members that are
    /// below the root or point at it.
    fn of(root: &Manifest) -> Self {
        let mut members = Self {
            found: BTreeMap::new(),
            gaps: Vec::new(),
        };
        let tree = fence(&root.folder);
        let mut seen = BTreeSet::from([root.folder.clone()]);
        let mut todo = VecDeque::from([(root.folder.clone(), false)]);
        let mut left = glob::MAX_ENTRIES;
        // What is listed comes before what only a dependency leads to.
        for pattern in root.workspace_list("members") {
            let expanded = glob::expand(&tree, &root.folder, pattern, &mut left);
            members.gaps.extend(expanded.gaps);
            let new = expanded.folders.into_iter();
            let new = new.filter(|folder| seen.insert(folder.clone()));
            todo.extend(new.map(|folder| (folder, false)));
        }
        // Without a workspace, path dependencies are packages of their own.
        let is_workspace = root.workspace().is_some();
        while let Some((folder, is_dependency)) = todo.pop_front() {
            if members.found.len() >= MAX_MEMBERS {
                let why = format!("more than {MAX_MEMBERS} members; the rest was not read");
                members.gaps.push((folder, why));
                break;
            }
            if folder != root.folder && root.excludes(&folder) {
                continue;
            }
            let manifest = match Manifest::of(&tree, &folder) {
                Ok(manifest) => manifest,
                Err(error) => {
                    members.gaps.push((folder, error.to_string()));
                    continue;
                }
            };
            let points_here = manifest.workspace_pointer().as_ref() == Some(&root.folder);
            let is_nested = manifest.workspace().is_some() && folder != root.folder;
            if is_dependency && (is_nested || !(folder.starts_with(&root.folder) || points_here)) {
                continue;
            }
            if is_workspace {
                let new = manifest.path_dependencies(root).into_iter();
                let new = new.filter(|folder| seen.insert(folder.clone()));
                todo.extend(new.map(|folder| (folder, true)));
            }
            let name = manifest.package().and_then(|package| package.get("name"));
            let member = name.and_then(toml::Value::as_str).map(|name| Member {
                name: name.to_owned(),
                version: manifest.field("version", root).map(str::to_owned),
                dir: folder.clone(),
            });
            members.found.insert(folder, member);
        }
        members
    }
}
