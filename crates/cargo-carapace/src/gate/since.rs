//! What a project was at a revision of its own repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carapace_core::census::Census;
use carapace_core::census::baseline::SiteKey;
use carapace_core::census::since::Since;
use carapace_core::census::survey::Known;
use carapace_core::graph::Graph;
use carapace_core::graph::lockfile;
use carapace_core::report::Gap;
use serde::Deserialize;

use super::archive;
use crate::cli::Failure;
use crate::host::files::normalized;
use crate::host::foreign;
use crate::host::git::{GitError, GitLimits, GitSnapshot, Skipped, files_at_revision};
use crate::host::workspace::{Project, repository_root};

/// What reading a revision may cost: a large workspace, read at once.
pub(crate) const LIMITS: GitLimits = GitLimits {
    max_files: 2_000_000,
    max_file_bytes: 16 << 20,
    max_total_bytes: 512 << 20,
    max_fetched_bytes: 0,
    total: Duration::from_secs(120),
};

/// A package in a folder, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageThen {
    /// Its name.
    pub name: String,
    /// Its folder, from the root of the repository, without a `/` at its end.
    pub folder: String,
    /// Its sources, by their paths from its folder, with `/`, in git's order.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A project as it was.
#[derive(Debug)]
pub struct Then {
    /// The full hash of the commit.
    pub revision: String,
    /// Its lockfile's packages; none if it had no lockfile.
    pub graph: Option<Graph>,
    /// Its packages in folders, sorted by folder.
    pub packages: Vec<PackageThen>,
    /// Sources that were not read.
    pub skipped: Vec<Skipped>,
}

/// Reads what a project was at a revision. Nothing is checked out, fetched or run of it.
///
/// # Errors
/// [`Failure`] where there is no repository or no such commit, or more than is read at once.
pub fn read(project: &Project, revision: &str) -> Result<Then, Failure> {
    let root = &project.root;
    let Some(checkout) = repository_root(root) else {
        return Err(Failure(format!(
            "{} is in no git repository, so it has no revision {}; a baseline needs none",
            foreign::path(root),
            foreign::shown(revision)
        )));
    };
    let taken = sources_at(project, &checkout, revision)?;
    let lock = below(&checkout, &project.lockfile);
    let mut graph = None;
    if let Some(lock) = lock
        && let Some((_, bytes)) = taken.files.iter().find(|(path, _)| *path == lock)
    {
        let fault = |error: &dyn std::fmt::Display| {
            let revision = foreign::shown(revision);
            Failure(format!(
                "{} at {revision}: {}; name a revision whose lockfile is whole",
                foreign::shown(&lock),
                foreign::shown(&error.to_string())
            ))
        };
        let locked = lockfile::read(bytes).map_err(|error| fault(&error))?;
        graph = Some(Graph::from_lockfile(&locked).map_err(|error| fault(&error))?);
    }
    Ok(Then {
        revision: taken.revision,
        graph,
        packages: packages(taken.files),
        skipped: taken.skipped,
    })
}

/// The sources, manifests and lockfiles of a project's folders at a revision; `checkout` is its
/// repository's root.
///
/// # Errors
/// See [`GitError`].
pub(crate) fn sources_at(
    project: &Project,
    checkout: &Path,
    revision: &str,
) -> Result<GitSnapshot, GitError> {
    let roots = roots(project, checkout);
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    files_at_revision(checkout, revision, &roots, is_wanted, &LIMITS)
}

/// The unsafe sites of a package's sources, by what they are known by, compiled or not. The files are
/// given with their paths from the package's folder.
pub type Extract<'a> = &'a dyn Fn(&[(String, Vec<u8>)]) -> Vec<SiteKey>;

/// The unsafe code that is known of a graph, as it was at a revision.
///
/// What has not changed is known whole. Packages in folders are known as they were; of other packages
/// that changed, what the version before had is known, if cargo has its archive in `cargo_home`. If
/// not, everything in them is new, and a gap says why.
///
/// # Errors
/// As [`read`].
pub fn known(
    project: &Project,
    revision: &str,
    graph: &Graph,
    census: &Census,
    cargo_home: Option<&Path>,
    extract: Extract<'_>,
) -> Result<(Known, Vec<Gap>), Failure> {
    let then = read(project, revision)?;
    let since = Since::of(then.graph.as_ref(), graph);
    let mut baseline = since.known(graph, census);
    for package in since.local.iter().filter_map(|index| graph.get(*index)) {
        let mut versions = then.graph.iter().flat_map(Graph::packages);
        let version = versions.find(|old| old.name == package.name && old.source.is_none());
        let version = version.map_or(&package.version, |old| &old.version);
        for old in then.packages.iter().filter(|old| old.name == package.name) {
            baseline.know_sites(&package.name, version, extract(&old.files));
        }
    }
    let mut gaps: Vec<Gap> = then
        .skipped
        .iter()
        .map(|skipped| Gap {
            path: Some(skipped.path.clone()),
            ..Gap::new(
                "new-unsafe",
                format!(
                    "not read as it was at {revision}: a link, a submodule, or too large; what is \
                     unsafe in it counts as new"
                ),
            )
        })
        .collect();
    for changed in &since.changed {
        let (Some(now), Some(before)) = (graph.get(changed.package), changed.before) else {
            continue;
        };
        let Some(before) = then.graph.as_ref().and_then(|graph| graph.get(before)) else {
            continue;
        };
        match cargo_home.and_then(|home| archive::find(home, before)) {
            Some(files) => {
                baseline.know_sites(&before.name, &before.version, extract(&files));
            }
            None => gaps.push(Gap {
                package: Some(now.id()),
                ..Gap::new(
                    "new-unsafe",
                    format!(
                        "the archive of {} {}, which it was at {revision}, is not in cargo's cache: \
                         all that is unsafe in it counts as new",
                        before.name, before.version
                    ),
                )
            }),
        }
    }
    let short = then.revision.get(..12).unwrap_or_default();
    let from = match then.revision.starts_with(revision) {
        true => short.to_owned(),
        false => format!("{revision} ({short})"),
    };
    Ok((Known { baseline, from }, gaps))
}

/// What of a repository is read: sources, and what says whose they are.
fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".rs") || matches!(name, "Cargo.toml" | "Cargo.lock")
}

/// The folders of a project, from the root of its repository, none in another.
fn roots(project: &Project, checkout: &Path) -> Vec<String> {
    let folders = std::iter::once(&project.root).chain(project.members.iter().map(|m| &m.dir));
    let mut folders: Vec<PathBuf> = folders.map(|folder| normalized(folder)).collect();
    folders.sort();
    folders.dedup();
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in folders {
        if !roots.iter().any(|root| folder.starts_with(root)) {
            roots.push(folder);
        }
    }
    roots
        .iter()
        .filter_map(|root| below(checkout, root))
        .collect()
}

/// A path from the root of the repository, with `/`; none if it is not in it.
fn below(checkout: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(checkout).ok()?.components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

#[derive(Deserialize)]
struct Manifest {
    package: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Each source belongs to the nearest manifest above it that names a package.
fn packages(files: Vec<(String, Vec<u8>)>) -> Vec<PackageThen> {
    let mut packages: BTreeMap<String, PackageThen> = BTreeMap::new();
    let mut sources = Vec::new();
    for (path, bytes) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name != "Cargo.toml" {
            sources.push((path, bytes));
            continue;
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        // A manifest that was broken then names no package: its sources count as the one's above.
        let manifest: Option<Manifest> = toml::from_str(&text).ok();
        if let Some(package) = manifest.and_then(|manifest| manifest.package) {
            let folder = folder.to_owned();
            packages.insert(
                folder.clone(),
                PackageThen {
                    name: package.name,
                    folder,
                    files: Vec::new(),
                },
            );
        }
    }
    for (path, bytes) in sources
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
    {
        let mut folder = path.as_str();
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            if let Some(package) = packages.get_mut(folder) {
                let at = if folder.is_empty() {
                    0
                } else {
                    folder.len() + 1
                };
                let inside = path.get(at..).unwrap_or_default().to_owned();
                package.files.push((inside, bytes));
                break;
            }
        }
    }
    packages.into_values().collect()
}
