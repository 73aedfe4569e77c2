//! From packages' folders to their facts, on all cores.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use carapace_core::facts::build_script::BuildScriptFacts;
use carapace_core::facts::package::{package, wanted};
use carapace_core::facts::scan::{Scan, scan};
use carapace_core::facts::{FactGap, PackageFacts};

use super::sources::{self, Listing};
use crate::host::files;

/// A package that is to be read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its folder.
    pub root: PathBuf,
    /// What its files may lead to: the analysed tree, or its own folder.
    pub tree: PathBuf,
    /// The roots of its targets, from its folder.
    pub roots: Vec<String>,
    /// The root of its build script, from its folder.
    pub build_script: Option<String>,
}

/// A file that is to be read, and where its scan goes.
struct Task {
    folder: usize,
    path: String,
    place: PathBuf,
}

/// Reads packages, each into its facts, in their order.
pub fn extract(folders: &[Folder]) -> Vec<PackageFacts> {
    let listings = parallel(folders, |folder| sources::list(&folder.root, &folder.tree));
    let mut tasks: Vec<Task> = Vec::new();
    for (index, (folder, listing)) in folders.iter().zip(&listings).enumerate() {
        for (path, place) in listing.rust() {
            tasks.push(Task {
                folder: index,
                path: path.to_owned(),
                place: place.to_owned(),
            });
        }
        // Targets whose root is called otherwise, or lies elsewhere.
        for path in folder
            .roots
            .iter()
            .filter(|path| !path.ends_with(".rs") || path.starts_with(".."))
        {
            tasks.extend(task(index, folder, listing, path));
        }
    }
    let mut scans: Vec<Vec<Scan>> = folders.iter().map(|_| Vec::new()).collect();
    let mut gaps: Vec<Vec<FactGap>> = listings
        .iter()
        .map(|listing| {
            let gaps = listing.gaps.iter();
            gaps.map(|(path, reason)| FactGap {
                path: path.clone(),
                reason: reason.clone(),
            })
            .collect()
        })
        .collect();
    let mut read: Vec<BTreeSet<String>> = folders.iter().map(|_| BTreeSet::new()).collect();
    // What one file leads to may lead on.
    while !tasks.is_empty() {
        for task in &tasks {
            if let Some(read) = read.get_mut(task.folder) {
                read.insert(task.path.clone());
            }
        }
        let done = parallel(&tasks, |task| {
            files::read_regular(&task.place, sources::MAX_FILE).map(|bytes| scan(&task.path, bytes))
        });
        let mut next = Vec::new();
        for (task, done) in tasks.into_iter().zip(done) {
            let (Some(folder), Some(listing)) =
                (folders.get(task.folder), listings.get(task.folder))
            else {
                continue;
            };
            match done {
                Ok(scan) => {
                    if let Some(read) = read.get_mut(task.folder) {
                        for path in wanted(&scan) {
                            if !read.contains(&path)
                                && let Some(task) = self::task(task.folder, folder, listing, &path)
                            {
                                read.insert(path);
                                next.push(task);
                            }
                        }
                    }
                    if let Some(scans) = scans.get_mut(task.folder) {
                        scans.push(scan);
                    }
                }
                Err(error) => {
                    if let Some(gaps) = gaps.get_mut(task.folder) {
                        gaps.push(FactGap {
                            path: task.path,
                            reason: error.to_string(),
                        });
                    }
                }
            }
        }
        tasks = next;
    }
    let work: Vec<_> = scans
        .into_iter()
        .map(|scans| Mutex::new(Some(scans)))
        .collect();
    let mut all = parallel(&work, |scans| {
        let scans = scans.lock().ok().and_then(|mut scans| scans.take());
        package(scans.unwrap_or_default())
    });
    let rest = folders.iter().zip(&listings).zip(gaps);
    for (facts, ((folder, listing), gaps)) in all.iter_mut().zip(rest) {
        facts.native_sources = listing.native;
        facts.gaps.extend(gaps);
        facts.gaps.sort();
        facts.build_script = folder
            .build_script
            .as_deref()
            .map(|root| build_script(root, listing));
    }
    all
}

/// A file that is none of a listing's Rust files, if it may be read.
fn task(index: usize, folder: &Folder, listing: &Listing, path: &str) -> Option<Task> {
    let place = match listing.files.get(path) {
        Some(place) => place.clone(),
        // Out of the package's folder: only where links may lead, too.
        None if path.starts_with("..") => {
            files::resolve_within(&folder.tree, &folder.root.join(path)).ok()?
        }
        None => return None,
    };
    Some(Task {
        folder: index,
        path: path.to_owned(),
        place,
    })
}

/// What a build script may set, by its root and the files beside it that are not the library's.
fn build_script(root: &str, listing: &Listing) -> BuildScriptFacts {
    let beside = root
        .rsplit_once('/')
        .map(|(folder, _)| format!("{folder}/"));
    let is_part = |path: &str| match &beside {
        Some(folder) => path.starts_with(folder.as_str()) && folder != "src/",
        None => path.starts_with("build/"),
    };
    let parts = listing
        .rust()
        .filter(|(path, _)| *path == root || is_part(path));
    let texts: Vec<Vec<u8>> = parts
        .filter_map(|(_, place)| files::read_regular(place, 4 * 1024 * 1024).ok())
        .collect();
    BuildScriptFacts::new(texts.iter().map(Vec::as_slice))
}

/// Does one thing to each of many, on all cores; the results are in their order.
pub(super) fn parallel<T: Sync, R: Send>(many: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(many.len());
    if threads < 2 {
        return many.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = Vec::with_capacity(many.len());
    thread::scope(|scope| {
        let run = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = many.get(at) else { return done };
                done.push((at, work(one)));
            }
        };
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        results.extend(run());
        for other in others {
            // A thread that panicked is a fault of ours: it goes on here.
            match other.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// A path as facts have it.
pub fn from_root(root: &Path, path: &str) -> String {
    let root = root.to_string_lossy().replace('\\', "/");
    let path = path.replace('\\', "/");
    match path.strip_prefix(&root) {
        Some(path) if path.starts_with('/') => path.trim_start_matches('/').to_owned(),
        _ => carapace_core::census::link::relative(&root, &path),
    }
}
