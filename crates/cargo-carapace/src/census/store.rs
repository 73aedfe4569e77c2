//! The facts of packages, kept so that a published version is read once.
//!
//! ```text
//! facts/NAME.pack    the facts of the packages that one run had to read
//!     carapace-facts 1 COUNT CHECKSUM      the checksum of the list that follows
//!     KEY START LENGTH CHECKSUM            a package; START from the end of the list
//!     …
//!     the packages' bytes, one behind the other
//! ```
//!
//! A package's key is made of what it is (name, version, checksum), of what is kept of it and the version of its extractor, and
//! of a stamp of every file that lies there now, its manifest among them: an edited file has another
//! one. What lies in the
//! analysed tree has no key: it is read in every run.
//!
//! *Invariants.* A pack appears whole or not at all, and never changes: it is written beside and
//! renamed, under a name that is made of its content. So readers need no lock, and processes do not
//! wait for each other. A damaged list is as if the pack were not there, a damaged package as if it
//! were not in it. One file for many packages, since a file each took a tenth of a first run.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::extract::Folder;
use super::sources::Listing;
use crate::host::parallel::parallel;
use crate::host::toolchain::Fingerprint;

/// What a pack begins with.
const MARK: &str = "carapace-facts 1";
/// How many packs are kept; before there are more, they are put together into one.
const MAX_PACKS: usize = 32;
/// What all packs may weigh together, in bytes; the oldest go first.
const MAX_TOTAL: u64 = 512 << 20;
/// What the list of a pack may weigh, in bytes.
const MAX_LIST: u64 = 16 << 20;
/// What one package's facts may weigh, in bytes.
const MAX_FACTS: u64 = 256 << 20;

/// What is kept of packages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// What it is called in keys.
    pub(super) name: &'static str,
    /// The version of its extractor.
    pub(super) version: u32,
}

/// Where facts are kept.
#[derive(Debug)]
pub struct FactsStore {
    folder: PathBuf,
    packs: Vec<Pack>,
    /// In which pack each package is, and where.
    places: HashMap<String, (usize, Place)>,
}

#[derive(Debug)]
struct Pack {
    path: PathBuf,
    len: u64,
    modified: SystemTime,
    file: Mutex<File>,
}

/// Where a package's facts are in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: u64,
    len: u64,
    checksum: u32,
}

impl FactsStore {
    /// In our cache folder, which need not be there yet.
    #[must_use]
    pub fn new(cache: &Path) -> Self {
        let mut store = Self {
            folder: cache.join("facts"),
            packs: Vec::new(),
            places: HashMap::new(),
        };
        let entries = fs::read_dir(&store.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "pack"))
            .collect();
        paths.sort();
        for path in paths {
            // What can't be read of what can be made anew is no matter.
            let _ = store.open(path);
        }
        store
    }

    fn open(&mut self, path: PathBuf) -> io::Result<()> {
        let file = File::open(&path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Ok(());
        }
        let (list, behind) = read_list(&file)?;
        let at = self.packs.len();
        for (key, mut place) in list {
            place.start += behind;
            self.places.insert(key, (at, place));
        }
        self.packs.push(Pack {
            path,
            len: meta.len(),
            modified: meta.modified()?,
            file: Mutex::new(file),
        });
        Ok(())
    }

    pub(super) fn key(column: Column, folder: &Folder, listing: &Listing) -> String {
        let mut key = Fingerprint::new(column.name);
        key.part(&column.version.to_le_bytes());
        key.part(folder.identity.as_deref().unwrap_or_default().as_bytes());
        for (path, (len, time)) in &listing.stamps {
            key.part(path.as_bytes());
            key.part(&len.to_le_bytes());
            key.part(&time.to_le_bytes());
        }
        key.finish()
    }

    fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        let (pack, place) = self.places.get(key)?;
        if place.len > MAX_FACTS {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(place.len).ok()?];
        {
            let mut file = self.packs.get(*pack)?.file.lock().ok()?;
            file.seek(SeekFrom::Start(place.start)).ok()?;
            file.read_exact(&mut bytes).ok()?;
        }
        (crc32fast::hash(&bytes) == place.checksum).then_some(bytes)
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        postcard::from_bytes(&self.bytes(key)?).ok()
    }

    /// Keeps facts, each with its key. That nothing can be written is no matter: then they are made
    /// again.
    pub(crate) fn put<T: Serialize + Sync>(&self, facts: &[(&String, &T)]) {
        let entries = parallel(facts, |(key, facts)| {
            Some(((*key).clone(), postcard::to_stdvec(facts).ok()?))
        });
        let mut entries: Vec<(String, Vec<u8>)> = entries.into_iter().flatten().collect();
        if entries.is_empty() {
            return;
        }
        let together = self.packs.len() >= MAX_PACKS;
        if together {
            let known: Vec<&String> = self.places.keys().collect();
            let others = known.into_iter().filter_map(|key| {
                let is_new = entries.iter().any(|(new, _)| new == key);
                let bytes = (!is_new).then(|| self.bytes(key))??;
                Some((key.clone(), bytes))
            });
            let others: Vec<_> = others.collect();
            entries.extend(others);
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        if total > MAX_TOTAL || self.write(&entries).is_err() {
            return;
        }
        let mut packs: Vec<&Pack> = self.packs.iter().collect();
        packs.sort_by_key(|pack| std::cmp::Reverse(pack.modified));
        for pack in packs {
            total = total.saturating_add(pack.len);
            if together || total > MAX_TOTAL {
                let _ = fs::remove_file(&pack.path);
            }
        }
    }

    fn write(&self, entries: &[(String, Vec<u8>)]) -> io::Result<()> {
        let mut list = String::new();
        let mut start = 0;
        for (key, bytes) in entries {
            let checksum = crc32fast::hash(bytes);
            // Writing to a string cannot fail.
            let _ = writeln!(list, "{key} {start} {} {checksum:08x}", bytes.len());
            start += bytes.len();
        }
        let first = format!(
            "{MARK} {} {:08x}\n",
            entries.len(),
            crc32fast::hash(list.as_bytes())
        );
        let mut content = Vec::with_capacity(first.len() + list.len() + start);
        content.extend_from_slice(first.as_bytes());
        content.extend_from_slice(list.as_bytes());
        for (_, bytes) in entries {
            content.extend_from_slice(bytes);
        }
        let mut name = Fingerprint::new("pack");
        name.part(list.as_bytes());
        let name = name.finish();
        fs::create_dir_all(&self.folder)?;
        let beside = self
            .folder
            .join(format!("{name}.{}.part", std::process::id()));
        let written = fs::write(&beside, &content)
            .and_then(|()| fs::rename(&beside, self.folder.join(format!("{name}.pack"))));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

/// A pack's list, and the place behind it.
fn read_list(file: &File) -> io::Result<(Vec<(String, Place)>, u64)> {
    let damaged = || io::Error::other("damaged");
    let mut reader = io::BufReader::with_capacity(64 * 1024, file.take(MAX_LIST));
    let mut first = String::new();
    io::BufRead::read_line(&mut reader, &mut first)?;
    let mut words = first
        .strip_prefix(MARK)
        .ok_or_else(damaged)?
        .split_whitespace();
    let count: usize = words
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or_else(damaged)?;
    let checksum = words
        .next()
        .and_then(|word| u32::from_str_radix(word, 16).ok());
    let mut text = String::new();
    let mut list = Vec::new();
    for _ in 0..count {
        let from = text.len();
        if io::BufRead::read_line(&mut reader, &mut text)? == 0 {
            return Err(damaged());
        }
        let line = text.get(from..).unwrap_or_default();
        list.push(place(line).ok_or_else(damaged)?);
    }
    if checksum != Some(crc32fast::hash(text.as_bytes())) {
        return Err(damaged());
    }
    Ok((list, (first.len() + text.len()) as u64))
}

fn place(line: &str) -> Option<(String, Place)> {
    let mut words = line.split_whitespace();
    let key = words.next()?.to_owned();
    let place = Place {
        start: words.next()?.parse().ok()?,
        len: words.next()?.parse().ok()?,
        checksum: u32::from_str_radix(words.next()?, 16).ok()?,
    };
    Some((key, place))
}

#[cfg(test)]
mod tests {
    use carapace_core::facts::PackageFacts;

    use super::*;

    fn facts(bytes: u64) -> PackageFacts {
        PackageFacts {
            bytes,
            ..PackageFacts::default()
        }
    }

    #[test]
    fn what_was_kept_is_there_and_what_is_damaged_is_not() {
        let cache = tempfile::tempdir().unwrap();
        let (a, b) = ("aa".to_owned(), "bb".to_owned());
        FactsStore::new(cache.path()).put(&[(&a, &facts(1)), (&b, &facts(2))]);
        let store = FactsStore::new(cache.path());
        assert_eq!(store.get(&a), Some(facts(1)));
        assert_eq!(store.get(&b), Some(facts(2)));
        assert_eq!(store.get::<PackageFacts>("cc"), None);
        let pack = store.packs[0].path.clone();
        let whole = fs::read(&pack).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            fs::write(&pack, &bytes).unwrap();
            let store = FactsStore::new(cache.path());
            for (key, expected) in [(&a, facts(1)), (&b, facts(2))] {
                let got: Option<PackageFacts> = store.get(key);
                assert!(got.is_none() || got == Some(expected), "{at}");
            }
        }
        for len in 0..whole.len() {
            fs::write(&pack, &whole[..len]).unwrap();
            let store = FactsStore::new(cache.path());
            let got: Option<PackageFacts> = store.get(&a);
            assert!(got.is_none() || got == Some(facts(1)));
            assert_eq!(store.get::<PackageFacts>(&b), None);
        }
    }

    #[test]
    fn many_packs_become_one() {
        let cache = tempfile::tempdir().unwrap();
        let keys: Vec<String> = (0..MAX_PACKS + 3).map(|n| format!("{n:04x}")).collect();
        for (n, key) in keys.iter().enumerate() {
            FactsStore::new(cache.path()).put(&[(key, &facts(n as u64))]);
        }
        let store = FactsStore::new(cache.path());
        assert!(store.packs.len() < 5);
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(store.get(key), Some(facts(n as u64)));
        }
    }
}
