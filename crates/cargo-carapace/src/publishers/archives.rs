//! The archives of packages in cargo's cache: found, held against their checksums, and read.
//!
//! Every archive is read and hashed in every run, as it is the bytes that are there now which cargo
//! would unpack; what they say is kept by their checksum. Nothing is unpacked to a disk.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carapace_core::graph::checksum::Checksum;
use carapace_core::graph::{Graph, Package};
use carapace_core::knowledge::registry::{IndexEntry, name_and_version};
use carapace_core::report::Gap;
use carapace_core::supply::Supply;
use carapace_core::supply::archive::{AnomalyKind, ArchiveFacts, Limits, VERSION};
use semver::Version;
use sha2::{Digest as _, Sha256};

use crate::census::store::FactsStore;
use crate::gate::archive::{MAX_PACKED, checksum, registries};
use crate::host::files::read_regular;
use crate::host::parallel::parallel;
use crate::host::progress::Progress;
use crate::host::registry::{KeptIndex, is_crates_io};
use crate::host::toolchain::Fingerprint;

/// What several threads may unpack at once, each; larger archives are read one after the other.
const TOGETHER: Limits = Limits { unpacked: 64 << 20 };
/// More archives than any cache holds.
pub(super) const MAX_ARCHIVES: usize = 1_000_000;

/// Adds what the archives of the packages that are built say, and gives what was not at hand.
pub(super) fn look(
    graph: &Graph,
    supply: &mut Supply,
    cargo_home: Option<&Path>,
    cache: Option<&Path>,
    quiet: bool,
) -> Vec<Gap> {
    let built = supply.of_crates_io(graph);
    let built: Vec<(usize, &Package)> = built.map(|(at, package, _)| (at.get(), package)).collect();
    let names: HashSet<&str> = built.iter().map(|(_, package)| &*package.name).collect();
    let copies = cache.map(|cache| cache.join("index"));
    let reader = Reader {
        archives: cargo_home
            .map(|home| archives(home, &names))
            .unwrap_or_default(),
        index: KeptIndex::new(copies.as_deref(), cargo_home),
        store: cache.map(FactsStore::new),
    };
    let progress = Progress::new("reading archives", built.len(), quiet);
    let done = AtomicUsize::new(0);
    let one_more = || progress.reached(done.fetch_add(1, Ordering::Relaxed) + 1);
    let mut found = parallel(&built, |(_, package)| {
        let found = reader.package(package, TOGETHER);
        if !found.is_left {
            one_more();
        }
        found
    });
    for (found, (_, package)) in found.iter_mut().zip(&built) {
        if found.is_left {
            *found = reader.package(package, Limits::CARGO);
            one_more();
        }
    }
    reader.keep(&found);
    let mut gaps = Vec::new();
    let mut alone = 0_usize;
    for ((at, package), found) in built.into_iter().zip(found) {
        if let Some(reason) = found.missing {
            gaps.push(Gap {
                package: Some(package.id()),
                ..Gap::new("archive", reason)
            });
        }
        alone += usize::from(found.now.is_some() && found.before.is_none());
        if let Some(known) = supply.packages.get_mut(at) {
            known.archive = found.now.map(|read| read.facts);
            known.before = found.before.map(|(version, read)| (version, read.facts));
            known.other_archive = found.other;
            known.indexed = found.indexed.map(Arc::new);
        }
    }
    if alone > 0 {
        let reason = format!(
            "of {alone} package{} no archive of a lower version is in cargo's cache: what is new \
             there was not looked for",
            if alone == 1 { "" } else { "s" }
        );
        gaps.push(Gap::new("archives before", reason));
    }
    gaps
}

/// The archives of packages with these names: by name and version, one of each registry.
fn archives(
    cargo_home: &Path,
    names: &HashSet<&str>,
) -> HashMap<String, BTreeMap<Version, Vec<PathBuf>>> {
    let mut all: HashMap<String, BTreeMap<Version, Vec<PathBuf>>> = HashMap::new();
    for registry in registries(cargo_home) {
        let entries = fs::read_dir(registry).into_iter().flatten().flatten();
        for entry in entries.take(MAX_ARCHIVES) {
            let file = entry.file_name();
            let stem = file.to_str().and_then(|name| name.strip_suffix(".crate"));
            let Some((name, version)) = stem.and_then(|stem| name_and_version(stem.as_bytes()))
            else {
                continue;
            };
            if names.contains(name) {
                let versions = all.entry(name.to_owned()).or_default();
                versions.entry(version).or_default().push(entry.path());
            }
        }
    }
    for versions in all.values_mut() {
        versions.values_mut().for_each(|paths| paths.sort());
    }
    all
}

/// An archive that was read.
struct Read {
    /// What its facts are kept by.
    key: String,
    facts: Arc<ArchiveFacts>,
    is_kept: bool,
}

/// What was found of one package.
#[derive(Default)]
struct Found {
    now: Option<Read>,
    before: Option<(Version, Read)>,
    other: Option<Checksum>,
    indexed: Option<IndexEntry>,
    /// Why its archive was not read.
    missing: Option<String>,
    /// Whether an archive is too large to be read beside others.
    is_left: bool,
}

struct Reader {
    archives: HashMap<String, BTreeMap<Version, Vec<PathBuf>>>,
    index: KeptIndex,
    store: Option<FactsStore>,
}

impl Reader {
    fn package(&self, package: &Package, limits: Limits) -> Found {
        let (name, version) = (&*package.name, &package.version);
        let versions = self.archives.get(name);
        let before = versions.and_then(|versions| versions.range(..version).next_back());
        let asked = std::iter::once(version).chain(before.map(|(version, _)| version));
        let asked: Vec<&Version> = asked.collect();
        let mut indexed = self.index.entries(name, &asked).into_iter();
        let (indexed, indexed_before) = (indexed.next().flatten(), indexed.next().flatten());
        let mut found = Found::default();
        let in_index = indexed
            .as_ref()
            .map(|entry| Checksum::parse(&entry.checksum));
        let expected = package.checksum.clone().or(in_index);
        let paths = versions.and_then(|versions| versions.get(version));
        match paths {
            Some(paths) => match self.archive((name, version), paths, expected.as_ref(), limits) {
                Ok(read) => found.now = Some(read),
                Err(Refused::TooLarge) => found.is_left = true,
                Err(Refused::Other(other)) => found.other = Some(other),
                Err(Refused::Unreadable(reason)) => found.missing = Some(reason),
            },
            None => {
                let reason = "its archive is not in cargo's cache: `cargo fetch` gets it";
                found.missing = Some(reason.to_owned());
            }
        }
        if let Some((version, paths)) = before {
            let expected = indexed_before.map(|entry| Checksum::parse(&entry.checksum));
            match self.archive((name, version), paths, expected.as_ref(), limits) {
                Ok(read) => found.before = Some((version.clone(), read)),
                Err(Refused::TooLarge) => found.is_left = true,
                // Nothing is held against what is not what was published.
                Err(Refused::Other(_) | Refused::Unreadable(_)) => {}
            }
        }
        found.indexed = indexed;
        found
    }

    /// The first of the archives that has the checksum; where none is known, the first.
    fn archive(
        &self,
        (name, version): (&str, &Version),
        paths: &[PathBuf],
        expected: Option<&Checksum>,
        limits: Limits,
    ) -> Result<Read, Refused> {
        let mut refused = None;
        for path in paths {
            let bytes = match read_regular(path, MAX_PACKED) {
                Ok(bytes) => bytes,
                Err(error) => {
                    refused.get_or_insert(Refused::Unreadable(error.to_string()));
                    continue;
                }
            };
            let own = checksum(&bytes);
            if expected.is_some_and(|expected| *expected != own) {
                let folder = path.parent().and_then(Path::file_name);
                let is_theirs = folder
                    .and_then(|name| name.to_str())
                    .is_some_and(is_crates_io);
                refused = Some(match is_theirs {
                    true => Refused::Other(own),
                    false => refused.unwrap_or_else(|| {
                        let reason = "its archive is not in cargo's cache, but another one of \
                                      another registry";
                        Refused::Unreadable(reason.to_owned())
                    }),
                });
                continue;
            }
            return self.read((name, version), &bytes, &own, limits);
        }
        let none = || Refused::Unreadable("its archive is not in cargo's cache".to_owned());
        Err(refused.unwrap_or_else(none))
    }

    fn read(
        &self,
        (name, version): (&str, &Version),
        bytes: &[u8],
        own: &Checksum,
        limits: Limits,
    ) -> Result<Read, Refused> {
        let mut key = Fingerprint::new("archive");
        key.part(&VERSION.to_le_bytes());
        for part in [name, &version.to_string(), &own.to_string()] {
            key.part(part.as_bytes());
        }
        let key = key.finish();
        if let Some(facts) = self.store.as_ref().and_then(|store| store.get(&key)) {
            return Ok(Read {
                key,
                facts: Arc::new(facts),
                is_kept: true,
            });
        }
        let sha256 = |bytes: &[u8]| Sha256::digest(bytes).into();
        let facts = ArchiveFacts::read(bytes, name, version, limits, sha256);
        let is_large = |kind| kind == AnomalyKind::TooLarge;
        if limits != Limits::CARGO && facts.anomalies.iter().any(|found| is_large(found.kind)) {
            return Err(Refused::TooLarge);
        }
        Ok(Read {
            key,
            facts: Arc::new(facts),
            is_kept: false,
        })
    }

    fn keep(&self, found: &[Found]) {
        let reads = found.iter().flat_map(|found| {
            let before = found.before.iter().map(|(_, read)| read);
            found.now.iter().chain(before)
        });
        let new = reads.filter(|read| !read.is_kept);
        let new: Vec<(&String, &ArchiveFacts)> =
            new.map(|read| (&read.key, &*read.facts)).collect();
        if let Some(store) = &self.store {
            store.put(&new);
        }
    }
}

/// Why an archive was not read.
enum Refused {
    /// It unpacks to more than the limits allow.
    TooLarge,
    /// It is another one than was published.
    Other(Checksum),
    /// It cannot be read; the reason.
    Unreadable(String),
}
