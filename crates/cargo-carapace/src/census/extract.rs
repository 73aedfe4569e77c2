//! From packages' folders to their facts, on all cores.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use carapace_core::facts::build_script::BuildScriptFacts;
use carapace_core::facts::package::{package, to_read_again, wanted};
use carapace_core::facts::scan::{Scan, Scanner};
use carapace_core::facts::{FactGap, PackageFacts, VERSION};
use carapace_core::graph::Package;
use carapace_core::graph::metadata::MetadataPackage;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::manifest::{self, ManifestLint};
use super::sources::{self, Listing};
use super::store::{Column, FactsStore};
use crate::host::files::{self, FileError, Memory};
use crate::host::parallel::{self, Cores, parallel, parallel_with};

/// What is kept of what is extracted here.
const COLUMN: Column = Column {
    name: "facts",
    version: VERSION,
};
/// What a file of a build script may weigh, in bytes.
const MAX_SCRIPT: u64 = 4 * 1024 * 1024;

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
    /// What `[workspace.lints.rust] unsafe_code` says that its manifest may inherit.
    pub workspace_lint: Option<String>,
    /// What it is called where its files can be trusted to be what they were, as those in cargo's own
    /// home can: its name, version and checksum. Its facts are kept by it and by a stamp of the
    /// files.
    pub identity: Option<String>,
}

/// A file that is to be read, and where its scan goes.
struct Task {
    folder: usize,
    path: String,
    place: PathBuf,
}

/// What a thread reads with, file for file.
#[derive(Default)]
struct Reader {
    memory: Memory,
    scanner: Scanner,
}

impl Reader {
    /// Looks through a file once more, and leaves nothing out.
    fn again(&mut self, folder: &Folder, listing: &Listing, path: &str) -> Result<Scan, FactGap> {
        let gap = |reason: String| FactGap {
            path: path.to_owned(),
            reason,
        };
        let gone = || gap("is gone since it was read: some of its modules are unknown".to_owned());
        let task = task(0, folder, listing, path).ok_or_else(gone)?;
        let bytes = self.memory.read_listed(&task.place, sources::MAX_FILE);
        let bytes = bytes.map_err(|error| gap(error.to_string()))?;
        Ok(self.scanner.scan_fully(path, bytes))
    }
}

/// What is known of a package's folder before it is read.
#[derive(Debug)]
pub(super) struct Looked<T> {
    listing: Arc<Listing>,
    /// Its key, where what is made of it is kept.
    key: Option<String>,
    /// What was kept.
    kept: Option<T>,
    /// What was made of its files.
    made: Option<T>,
}

/// What was seen while facts of packages were made, for what else a run makes of them.
#[derive(Debug, Default)]
pub struct Seen {
    /// What lies in packages' folders, by folder.
    listings: HashMap<PathBuf, Arc<Listing>>,
    /// What is kept of those that are not read in every run.
    kept: Option<FactsStore>,
}

impl Seen {
    pub(super) fn kept(&self) -> Option<&FactsStore> {
        self.kept.as_ref()
    }

    /// Looks at a folder, and lists it only where nobody has.
    pub(super) fn look<T: DeserializeOwned>(&self, column: Column, folder: &Folder) -> Looked<T> {
        match self.listings.get(&folder.root) {
            Some(listing) => known(column, folder, self.kept(), Arc::clone(listing)),
            None => look(column, folder, self.kept()),
        }
    }
}

pub(super) fn look<T: DeserializeOwned>(
    column: Column,
    folder: &Folder,
    kept: Option<&FactsStore>,
) -> Looked<T> {
    let is_kept = kept.is_some() && folder.identity.is_some();
    let listing = sources::list(&folder.root, &folder.tree, is_kept);
    known(column, folder, kept, Arc::new(listing))
}

/// What is known of a folder whose files are listed.
fn known<T: DeserializeOwned>(
    column: Column,
    folder: &Folder,
    kept: Option<&FactsStore>,
    listing: Arc<Listing>,
) -> Looked<T> {
    let store = kept.filter(|_| folder.identity.is_some());
    let key = store.map(|_| FactsStore::key(column, folder, &listing));
    let known = store.zip(key.as_ref());
    Looked {
        kept: known.and_then(|(store, key)| store.get(key)),
        listing,
        key,
        made: None,
    }
}

/// Makes those of which nothing is kept or made yet.
pub(super) fn make<T>(
    folders: &[Folder],
    looked: &mut [Looked<T>],
    read: impl Fn(&[(&Folder, &Listing)]) -> Vec<T>,
) {
    let is_fresh = |looked: &Looked<T>| looked.kept.is_none() && looked.made.is_none();
    let fresh = folders.iter().zip(looked.iter());
    let fresh: Vec<(&Folder, &Listing)> = fresh
        .filter(|(_, looked)| is_fresh(looked))
        .map(|(folder, looked)| (folder, &*looked.listing))
        .collect();
    let mut made = read(&fresh).into_iter();
    for looked in looked.iter_mut().filter(|looked| is_fresh(looked)) {
        looked.made = made.next();
    }
}

/// Keeps what was made, and gives all of it.
pub(super) fn keep<T: Serialize + Sync + Default>(
    looked: Vec<Looked<T>>,
    store: Option<&FactsStore>,
) -> Vec<T> {
    if let Some(store) = store {
        let made = looked.iter();
        let made: Vec<(&String, &T)> = made
            .filter_map(|looked| Some((looked.key.as_ref()?, looked.made.as_ref()?)))
            .collect();
        store.put(&made);
    }
    let looked = looked.into_iter();
    looked
        .map(|looked| looked.kept.or(looked.made).unwrap_or_default())
        .collect()
}

/// What is made of the packages whose folders are there, in their order.
pub fn of_those_there<T>(
    folders: &[Option<Folder>],
    make: impl FnOnce(&[Folder]) -> Vec<T>,
) -> Vec<Option<T>> {
    let there: Vec<Folder> = folders.iter().flatten().cloned().collect();
    let mut made = make(&there).into_iter();
    let folders = folders.iter();
    folders
        .map(|folder| folder.as_ref().and_then(|_| made.next()))
        .collect()
}

/// What there is before cargo says what the targets are.
#[derive(Debug, Default)]
pub struct Early {
    /// The packages that were read by then, by folder.
    looked: HashMap<PathBuf, Looked<PackageFacts>>,
    /// What is kept of those that are not read in every run.
    kept: Option<FactsStore>,
}

/// Reads packages while cargo still answers: of these, only folder, tree and identity count.
pub fn early(folders: &[Folder], kept: Option<FactsStore>) -> Early {
    let mut looked = parallel(folders, |folder| look(COLUMN, folder, kept.as_ref()));
    make(folders, &mut looked, read);
    let roots = folders.iter().map(|folder| folder.root.clone());
    Early {
        looked: roots.zip(looked).collect(),
        kept,
    }
}

/// Reads packages, each into its facts, in their order. What is kept of trusted ones, or was read
/// early, is not read again.
pub fn extract(folders: &[Folder], early: Early) -> (Vec<PackageFacts>, Seen) {
    let Early {
        mut looked,
        kept: store,
    } = early;
    let kept = store.as_ref();
    let known: Vec<Mutex<Option<Looked<PackageFacts>>>> = folders
        .iter()
        .map(|folder| {
            let is_plain = folder.identity.is_some() && folder.odd_roots().next().is_none();
            let known = is_plain.then(|| looked.remove(&folder.root)).flatten();
            Mutex::new(known)
        })
        .collect();
    let places: Vec<usize> = (0..folders.len()).collect();
    let looked = parallel(&places, |at| {
        let folder = folders.get(*at)?;
        let known = known.get(*at)?.lock().ok()?.take();
        Some(known.unwrap_or_else(|| look(COLUMN, folder, kept)))
    });
    let mut looked: Vec<Looked<PackageFacts>> = looked.into_iter().flatten().collect();
    make(folders, &mut looked, read);
    let rest = parallel(&places, |at| {
        let (folder, looked) = (folders.get(*at)?, looked.get(*at)?);
        looked.kept.is_none().then(|| {
            let script = folder.build_script.as_deref();
            (
                manifest_lint(folder, &looked.listing),
                script.map(|root| build_script(root, folder, &looked.listing)),
            )
        })
    });
    for (looked, rest) in looked.iter_mut().zip(rest) {
        if let (Some(facts), Some((lint, script))) = (&mut looked.made, rest) {
            facts.manifest_lint = lint;
            facts.build_script = script;
        }
    }
    let roots = folders.iter().map(|folder| folder.root.clone());
    let listings = looked.iter().map(|looked| Arc::clone(&looked.listing));
    let listings = roots.zip(listings).collect();
    let facts = keep(looked, kept);
    let seen = Seen {
        listings,
        kept: store,
    };
    (facts, seen)
}

impl Folder {
    /// Of a package that cargo has described, and of its entry in the lockfile, if its folder is there.
    #[must_use]
    pub fn of_package(
        package: &MetadataPackage,
        locked: Option<&Package>,
        tree: &Path,
    ) -> Option<Self> {
        let root = PathBuf::from(package.root_dir());
        if !root.is_dir() {
            return None;
        }
        let is_ours = root.starts_with(tree) || package.source.is_none();
        let script = package
            .targets
            .iter()
            .find(|target| target.is_build_script());
        Some(Self {
            tree: if is_ours {
                tree.to_owned()
            } else {
                root.clone()
            },
            roots: roots(package, &root),
            build_script: script.map(|target| from_root(&root, &target.src_path)),
            workspace_lint: None,
            identity: locked.filter(|_| !is_ours).map(identity),
            root,
        })
    }

    /// Roots of targets that are called otherwise than Rust files are, or lie elsewhere.
    fn odd_roots(&self) -> impl Iterator<Item = &String> {
        let roots = self.roots.iter();
        roots.filter(|path| !path.ends_with(".rs") || path.starts_with(".."))
    }
}

/// The files of packages, each made something of, and what could not be read.
pub(super) type Scanned<T> = Vec<(Vec<T>, Vec<FactGap>)>;

/// Reads the files of packages, and those that these call for by their paths (`wanted`); each
/// thread's `memory` is handed to `scan`.
pub(super) fn scan_files<T: Send, S>(
    cores: Cores,
    folders: &[(&Folder, &Listing)],
    memory: impl Fn() -> S + Sync,
    scan: impl Fn(&mut S, &str, &[u8]) -> T + Sync,
    wanted: impl Fn(&T) -> Vec<String>,
) -> Scanned<T> {
    let mut tasks: Vec<Task> = Vec::new();
    for (index, (folder, listing)) in folders.iter().enumerate() {
        for (path, place) in listing.rust() {
            tasks.push(Task {
                folder: index,
                path: path.to_owned(),
                place: place.to_owned(),
            });
        }
        for path in folder.odd_roots() {
            tasks.extend(task(index, folder, listing, path));
        }
    }
    let gaps = folders.iter().map(|(_, listing)| {
        let gaps = listing.gaps.iter();
        gaps.map(|(path, reason)| FactGap {
            path: path.clone(),
            reason: reason.clone(),
        })
    });
    let mut scanned: Scanned<T> = gaps.map(|gaps| (Vec::new(), gaps.collect())).collect();
    let mut read: Vec<BTreeSet<String>> = folders.iter().map(|_| BTreeSet::new()).collect();
    // What one file leads to may lead on.
    while !tasks.is_empty() {
        for task in &tasks {
            if let Some(read) = read.get_mut(task.folder) {
                read.insert(task.path.clone());
            }
        }
        let state = || (Memory::default(), memory());
        let done = parallel::on(cores, &tasks, state, |(memory, state), task| {
            let bytes = memory.read_listed(&task.place, sources::MAX_FILE)?;
            Ok::<T, FileError>(scan(state, &task.path, bytes))
        });
        let mut next = Vec::new();
        for (task, done) in tasks.into_iter().zip(done) {
            let index = task.folder;
            let (Some((folder, listing)), Some(read), Some((scans, gaps))) = (
                folders.get(index),
                read.get_mut(index),
                scanned.get_mut(index),
            ) else {
                continue;
            };
            match done {
                Ok(scan) => {
                    for path in wanted(&scan) {
                        if read.contains(&path) {
                            continue;
                        }
                        // What is not there, and would be built, the link stage misses.
                        next.extend(self::task(index, folder, listing, &path));
                        read.insert(path);
                    }
                    scans.push(scan);
                }
                Err(error) => gaps.push(FactGap {
                    path: task.path,
                    reason: error.to_string(),
                }),
            }
        }
        tasks = next;
    }
    scanned
}

/// Reads packages whose files are listed.
fn read(folders: &[(&Folder, &Listing)]) -> Vec<PackageFacts> {
    let scanner = |scanner: &mut Scanner, path: &str, bytes: &[u8]| scanner.scan(path, bytes);
    let scanned = scan_files(Cores::All, folders, Scanner::default, scanner, wanted);
    let (scans, gaps): (Vec<Vec<Scan>>, Vec<Vec<FactGap>>) = scanned.into_iter().unzip();
    let mut work: Vec<_> = folders.iter().zip(scans).enumerate().collect();
    // The largest first: no core is to begin with one when the others have nothing left.
    let weight = |scans: &[Scan]| -> u64 { scans.iter().map(Scan::weight).sum() };
    work.sort_by_cached_key(|(_, (_, scans))| std::cmp::Reverse(weight(scans)));
    let work: Vec<_> = work
        .into_iter()
        .map(|(at, ((folder, listing), scans))| (at, folder, listing, Mutex::new(scans)))
        .collect();
    let mut all = parallel_with(
        &work,
        Reader::default,
        |reader, (at, folder, listing, scans)| {
            let scans = scans.lock().map(|mut scans| std::mem::take(&mut *scans));
            let mut scans = scans.unwrap_or_default();
            let mut gaps = Vec::new();
            for at in to_read_again(&scans) {
                let Some(scan) = scans.get_mut(at) else {
                    continue;
                };
                match reader.again(folder, listing, scan.path()) {
                    Ok(again) => *scan = again,
                    Err(gap) => gaps.push(gap),
                }
            }
            let mut facts = package(scans);
            facts.gaps.extend(gaps);
            (*at, facts)
        },
    );
    all.sort_by_key(|(at, _)| *at);
    let mut all: Vec<PackageFacts> = all.into_iter().map(|(_, facts)| facts).collect();
    for ((facts, (_, listing)), gaps) in all.iter_mut().zip(folders).zip(gaps) {
        facts.native_sources = listing.native;
        facts.gaps.extend(gaps);
        facts.gaps.sort();
    }
    all
}

/// What a package's manifest says of `unsafe_code`.
fn manifest_lint(folder: &Folder, listing: &Listing) -> Option<String> {
    let bytes = files::read_regular(listing.files.get("Cargo.toml")?, manifest::MAX_BYTES).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let manifest = manifest::lint(&text)?;
    match manifest {
        ManifestLint::Level(level) => Some(level),
        ManifestLint::Workspace => Some(format!("workspace:{}", folder.workspace_lint.as_ref()?)),
    }
}

/// A file that is none of a listing's Rust files, if it may be read.
fn task(index: usize, folder: &Folder, listing: &Listing, path: &str) -> Option<Task> {
    let place = match listing.files.get(path) {
        Some(place) => place.clone(),
        // Out of the package's folder: only where links may lead, too.
        None if path.starts_with("..") => {
            let place = files::resolve_within(&folder.tree, &folder.root.join(path)).ok()?;
            place.is_file().then_some(place)?
        }
        None => return None,
    };
    Some(Task {
        folder: index,
        path: path.to_owned(),
        place,
    })
}

/// What a build script may set, and its sources.
fn build_script(root: &str, folder: &Folder, listing: &Listing) -> BuildScriptFacts {
    let files: Vec<&str> = listing.files.keys().map(String::as_str).collect();
    BuildScriptFacts::read(root, &files, &mut |path| {
        let place = match listing.files.get(path) {
            Some(place) => place.clone(),
            None if path.starts_with("..") => {
                files::resolve_within(&folder.tree, &folder.root.join(path)).ok()?
            }
            None => return None,
        };
        files::read_regular(&place, MAX_SCRIPT).ok()
    })
}

/// What a package's facts are kept by, besides its files.
pub(super) fn identity(package: &Package) -> String {
    let checksum = package.checksum.as_ref().map(ToString::to_string);
    let checksum = checksum.unwrap_or_default();
    format!("{} {}\n{checksum}", package.name, package.version)
}

fn roots(package: &MetadataPackage, root: &Path) -> Vec<String> {
    let targets = package.targets.iter();
    targets
        .map(|target| from_root(root, &target.src_path))
        .collect()
}

/// A path as facts have it.
pub fn from_root(root: &Path, path: &str) -> String {
    carapace_core::census::link::from_root(&root.to_string_lossy(), path)
}
