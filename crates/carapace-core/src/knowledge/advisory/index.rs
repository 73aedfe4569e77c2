//! The compact index: a whole advisory database in one file, of which a run reads what it needs.
//!
//! ```text
//! carapace-advisory-index/2
//! CHECKSUM {"info":…,"keys":LENGTH,"checksum":…}
//! PACKAGE\tRANGES\tPLACE,CHECKSUM            keys: a line per advisory, sorted; read by every run
//! …
//! PLACE,CHECKSUM|TITLE\t{"id":…}            facts: a line per advisory; read for findings only
//! …
//! Titles and descriptions, end to end       texts: read for findings only
//! ```
//!
//! The keys are sorted by package, so that the sorted names of a graph and the lines are read
//! together in one pass; what none of the versions in use is affected by is never parsed. The
//! `rust/` collection has the key `rust/COMPONENT`, which no package name can be. A place is
//! `OFFSET+LENGTH` in bytes from the start of its section; TITLE is how many of the bytes are the
//! title, and the rest is the description. *Invariant.* Nothing is believed that is not under a
//! checksum (CRC-32: of the header, of the keys, of each line of facts and of each text). They tell
//! damage, not malice: the file lies in the user's own cache.
//!
//! Nothing here reads a file: what lies behind the keys is asked for by its place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range as ByteRange;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::range::Range;
use super::{Advisory, Collection, SetAside};
use crate::knowledge::date::Date;
use crate::knowledge::index_head;

const MAGIC: &str = "carapace-advisory-index/2\n";

/// An index's header is at most this many bytes, so that a first read of as many holds it.
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// No line of facts and no text of an advisory is longer, in bytes.
pub const MAX_PIECE_BYTES: u64 = 4 << 20;

/// What a database is, apart from its advisories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseInfo {
    /// The address or folder that it was taken from.
    pub source: String,
    /// The commit, where the source has one; else none.
    pub revision: Option<String>,
    /// The day of that commit; without one, of the newest advisory.
    pub date: Option<Date>,
    /// The newest day of disclosure of its advisories.
    pub newest: Option<Date>,
    /// The moment of that commit, in seconds since 1970-01-01T00:00:00Z.
    pub committed: Option<i64>,
    /// How many advisories it holds, the `rust/` collection and withdrawn ones included.
    pub advisories: usize,
    /// The advisories that could not be read.
    pub set_aside: Vec<SetAside>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    info: DatabaseInfo,
    /// Bytes of the keys.
    keys: usize,
    /// Bytes of the facts.
    facts: u64,
    /// CRC-32 of the keys.
    checksum: u32,
}

/// Why an index could not be read. Whoever keeps it makes it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexError {
    /// Another format or version.
    Magic,
    /// The header is no header, or too large.
    Header(String),
    /// Bytes are missing or changed.
    Damaged,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not an index of this program"),
            Self::Header(message) => write!(f, "the header cannot be read: {message}"),
            Self::Damaged => f.write_str("bytes are missing or changed"),
        }
    }
}

impl std::error::Error for IndexError {}

/// Which part of an advisory is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Everything.
    Whole,
    /// Facts only: no title, text, keyword, address or relation.
    Facts,
}

/// Writes the index of a database. Same advisories, same bytes.
#[must_use]
pub fn write(info: &DatabaseInfo, advisories: &[Advisory], contents: Contents) -> Vec<u8> {
    let mut order: Vec<&Advisory> = advisories.iter().collect();
    order.sort_by_cached_key(|advisory| (key(advisory), advisory.id.clone()));
    let (mut keys, mut facts, mut texts) = (String::new(), String::new(), String::new());
    for advisory in order {
        let ranges: Vec<String> = advisory.ranges.iter().map(ToString::to_string).collect();
        let advisory = match contents {
            Contents::Whole => advisory.clone(),
            Contents::Facts => facts_of(advisory),
        };
        let (title, description) = (advisory.title.as_deref(), advisory.description.as_deref());
        let place = match title.or(description) {
            None => String::new(),
            Some(_) => {
                let title = title.unwrap_or_default();
                let text = format!("{title}{}", description.unwrap_or_default());
                let place = place_of(texts.len(), &text);
                texts.push_str(&text);
                format!("{place}|{}", title.len())
            }
        };
        // Serialising strings, lists and maps with string keys cannot fail.
        let json = serde_json::to_string(&advisory).unwrap_or_default();
        let line = format!("{place}\t{json}");
        let (key, ranges) = (key(&advisory), ranges.join(","));
        let place = place_of(facts.len(), &line);
        keys.push_str(&format!("{key}\t{ranges}\t{place}\n"));
        facts.push_str(&line);
        facts.push('\n');
    }
    let header = Header {
        info: info.clone(),
        keys: keys.len(),
        facts: facts.len() as u64,
        checksum: crc32fast::hash(keys.as_bytes()),
    };
    let head = index_head::write(MAGIC, &header);
    [head.as_str(), &keys, &facts, &texts].concat().into_bytes()
}

/// What lines are sorted and found by: a package's name, `rust/NAME` for a component of the toolchain.
pub(crate) fn key(advisory: &Advisory) -> String {
    key_of(advisory.collection, &advisory.package)
}

pub(super) fn key_of(collection: Collection, package: &str) -> String {
    match collection {
        Collection::Crates => package.to_owned(),
        Collection::Rust => format!("rust/{package}"),
    }
}

fn facts_of(advisory: &Advisory) -> Advisory {
    Advisory {
        title: None,
        description: None,
        keywords: Vec::new(),
        references: Vec::new(),
        related: Vec::new(),
        url: None,
        license: None,
        ..advisory.clone()
    }
}

/// The packages that a run asks about, with their versions; components of the toolchain as `rust/NAME`.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// Sorted by name.
    packages: Vec<(&'a str, &'a Version)>,
}

impl<'a> FromIterator<(&'a str, &'a Version)> for Wanted<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a Version)>>(packages: I) -> Self {
        let mut packages: Vec<_> = packages.into_iter().collect();
        packages.sort_by_key(|(name, _)| *name);
        Self { packages }
    }
}

impl Wanted<'_> {
    /// Whether a package is asked about, in any version.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.packages
            .binary_search_by_key(&name, |(name, _)| name)
            .is_ok()
    }

    /// Whether an advisory speaks of a version that is asked about.
    #[must_use]
    pub fn matches(&self, advisory: &Advisory) -> bool {
        let key = key(advisory);
        let start = self.packages.partition_point(|(name, _)| **name < *key);
        let packages = self.packages.iter().skip(start);
        let mut versions = packages.take_while(|(name, _)| *name == key);
        versions.any(|(_, version)| advisory.affects(version))
    }
}

/// Gives the bytes at a place of the index's file, as many as asked for or an error.
pub type Pieces<'a, 'b> = &'a mut dyn FnMut(ByteRange<u64>) -> Result<Cow<'b, [u8]>, IndexError>;

/// The pieces of an index that is in memory as a whole.
///
/// # Errors
/// [`IndexError::Damaged`] for a place outside.
pub fn piece(index: &[u8], place: ByteRange<u64>) -> Result<Cow<'_, [u8]>, IndexError> {
    let bound = |at: u64| usize::try_from(at).map_err(|_| IndexError::Damaged);
    let bytes = index.get(bound(place.start)?..bound(place.end)?);
    bytes.map(Cow::Borrowed).ok_or(IndexError::Damaged)
}

/// An index whose header and keys are at hand.
#[derive(Debug, Clone)]
pub struct Index<'a> {
    /// What database it is.
    pub info: DatabaseInfo,
    keys: &'a str,
    /// Where the facts are in the file.
    facts: ByteRange<u64>,
}

/// How many bytes, from its start, an index must be read for its header and keys.
///
/// # Errors
/// [`IndexError`] if `start`, the first [`MAX_HEADER_BYTES`] of the file, holds no header.
pub fn bytes_needed(start: &[u8]) -> Result<usize, IndexError> {
    let (header, from) = header(start)?;
    from.checked_add(header.keys).ok_or(IndexError::Damaged)
}

fn header(start: &[u8]) -> Result<(Header, usize), IndexError> {
    index_head::read(start, MAGIC, MAX_HEADER_BYTES)
}

impl<'a> Index<'a> {
    /// Reads the header and keys of an index; what lies behind them need not be there.
    ///
    /// # Errors
    /// [`IndexError`] if it is of another version or damaged.
    pub fn read(bytes: &'a [u8]) -> Result<Self, IndexError> {
        let (header, from) = header(bytes)?;
        let to = from.checked_add(header.keys).ok_or(IndexError::Damaged)?;
        let keys = bytes.get(from..to).ok_or(IndexError::Damaged)?;
        if crc32fast::hash(keys) != header.checksum {
            return Err(IndexError::Damaged);
        }
        let start = to as u64;
        let end = start.checked_add(header.facts).ok_or(IndexError::Damaged)?;
        Ok(Self {
            info: header.info,
            keys: std::str::from_utf8(keys).map_err(|_| IndexError::Damaged)?,
            facts: start..end,
        })
    }

    /// The advisories that speak of the wanted versions, in the index's order, with their texts.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if something that is needed cannot be read, and what `pieces` gives.
    pub fn select(
        &self,
        wanted: &Wanted<'_>,
        pieces: Pieces<'_, '_>,
    ) -> Result<Vec<Advisory>, IndexError> {
        let mut selected = Vec::new();
        let mut packages = wanted.packages.as_slice();
        for line in lines(self.keys) {
            // Most lines are of packages that are not asked about: only their key is looked at.
            let end = line.bytes().position(|byte| byte == b'\t');
            let package = end
                .and_then(|end| line.get(..end))
                .ok_or(IndexError::Damaged)?;
            let before = packages.iter().take_while(|(name, _)| *name < package);
            packages = packages.get(before.count()..).unwrap_or_default();
            let named = packages.iter().take_while(|(name, _)| *name == package);
            let mut versions = named.map(|(_, version)| version).peekable();
            if versions.peek().is_none() {
                continue;
            }
            let key = Key::split(line).ok_or(IndexError::Damaged)?;
            let ranges = key.ranges()?;
            if versions.any(|version| ranges.iter().any(|range| range.contains(version))) {
                selected.push(self.advisory(&key, ranges, pieces)?);
            }
        }
        Ok(selected)
    }

    /// All advisories, in the index's order.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn all(&self, pieces: Pieces<'_, '_>) -> Result<Vec<Advisory>, IndexError> {
        lines(self.keys)
            .map(|line| {
                let key = Key::split(line).ok_or(IndexError::Damaged)?;
                let ranges = key.ranges()?;
                self.advisory(&key, ranges, pieces)
            })
            .collect()
    }

    /// Whether an advisory of the database, withdrawn ones included, has this id or other name.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn knows(&self, id: &str, pieces: Pieces<'_, '_>) -> Result<bool, IndexError> {
        let facts = pieces(self.facts.clone())?;
        let facts = std::str::from_utf8(&facts).map_err(|_| IndexError::Damaged)?;
        // Ids stand in the facts as JSON strings and need no escapes.
        let quoted = format!("\"{id}\"");
        let is_named = |line: &str| {
            let json = line.split_once('\t').map(|(_, json)| json);
            let advisory = json.and_then(|json| serde_json::from_str::<Advisory>(json).ok());
            advisory.is_some_and(|advisory| advisory.is_named(id))
        };
        let mut mentions = lines(facts).filter(|line| line.contains(&quoted));
        Ok(mentions.any(is_named))
    }

    fn advisory(
        &self,
        key: &Key<'_>,
        ranges: Vec<Range>,
        pieces: Pieces<'_, '_>,
    ) -> Result<Advisory, IndexError> {
        let damaged = || IndexError::Damaged;
        let line = text_at(self.facts.start, key.place, pieces)?;
        let (texts, json) = line.split_once('\t').ok_or_else(damaged)?;
        let advisory: Advisory = serde_json::from_str(json).map_err(|_| damaged())?;
        let (title, description) = match texts.rsplit_once('|') {
            None => (None, None),
            Some((place, title)) => {
                let texts = text_at(self.facts.end, place, pieces)?;
                let title = title.parse().map_err(|_| damaged())?;
                let (title, description) = texts.split_at_checked(title).ok_or_else(damaged)?;
                (Some(title.to_owned()), Some(description.to_owned()))
            }
        };
        Ok(Advisory {
            ranges,
            title,
            description,
            ..advisory
        })
    }
}

/// As an index writes a checksum: always as long.
fn checksum(bytes: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(bytes))
}

/// `OFFSET+LENGTH,CHECKSUM`
fn place_of(start: usize, text: &str) -> String {
    format!("{start}+{},{}", text.len(), checksum(text.as_bytes()))
}

/// The text at a place, which is as it was written.
fn text_at(section: u64, place: &str, pieces: Pieces<'_, '_>) -> Result<String, IndexError> {
    let (place, sum) = place.split_once(',').ok_or(IndexError::Damaged)?;
    let bytes = pieces(place_from(section, place)?)?;
    if sum != checksum(&bytes) {
        return Err(IndexError::Damaged);
    }
    String::from_utf8(bytes.into_owned()).map_err(|_| IndexError::Damaged)
}

/// `OFFSET+LENGTH` as a place in the file.
fn place_from(section: u64, place: &str) -> Result<ByteRange<u64>, IndexError> {
    let place = || -> Option<ByteRange<u64>> {
        let (start, length) = place.split_once('+')?;
        let start = section.checked_add(start.parse().ok()?)?;
        let length = length
            .parse()
            .ok()
            .filter(|length| *length <= MAX_PIECE_BYTES)?;
        Some(start..start.checked_add(length)?)
    };
    place().ok_or(IndexError::Damaged)
}

/// Lines that each end with a line's end.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest.as_bytes())?;
        let (line, behind) = rest.split_at_checked(end)?;
        rest = behind.get(1..)?;
        Some(line)
    })
}

/// A line of keys, split but not parsed.
struct Key<'a> {
    ranges: &'a str,
    place: &'a str,
}

impl<'a> Key<'a> {
    fn split(line: &'a str) -> Option<Self> {
        let (_, rest) = line.split_once('\t')?;
        let (ranges, place) = rest.split_once('\t')?;
        Some(Self { ranges, place })
    }

    fn ranges(&self) -> Result<Vec<Range>, IndexError> {
        let ranges = self.ranges.split(',').filter(|range| !range.is_empty());
        let parse = |range: &str| range.parse().map_err(|_| IndexError::Damaged);
        ranges.map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::format;
    use super::*;

    fn advisory(id: &str, package: &str, patched: &str, collection: Collection) -> Advisory {
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2020-01-01\"\n\
             aliases = [\"CVE-{id}\"]\n[versions]\npatched = [{patched}]\n```\n# Title {id}\nBody\tof {id}\n"
        );
        format::parse(text.as_bytes(), collection).unwrap()
    }

    fn database() -> Vec<Advisory> {
        vec![
            advisory("RUSTSEC-2020-0002", "b", "\">=2.0.0\"", Collection::Crates),
            advisory("RUSTSEC-2020-0001", "b", "", Collection::Crates),
            advisory("CVE-2020-1", "std", "\">=1.50.0\"", Collection::Rust),
            advisory(
                "RUSTSEC-2020-0003",
                "a-a",
                "\">=1.0.0\"",
                Collection::Crates,
            ),
        ]
    }

    fn select(index: &[u8], wanted: &[(&str, &str)]) -> Vec<String> {
        let versions: Vec<Version> = wanted.iter().map(|w| w.1.parse().unwrap()).collect();
        let asked: Wanted<'_> = wanted.iter().map(|w| w.0).zip(&versions).collect();
        let pieces = &mut |place| piece(index, place);
        let selected = Index::read(index).unwrap().select(&asked, pieces).unwrap();
        selected.into_iter().map(|advisory| advisory.id).collect()
    }

    #[test]
    fn selects_by_name_and_version() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Whole);
        assert_eq!(
            select(&index, &[("b", "1.0.0")]),
            ["RUSTSEC-2020-0001", "RUSTSEC-2020-0002"]
        );
        assert_eq!(
            select(&index, &[("b", "2.0.0"), ("a", "0.1.0")]),
            ["RUSTSEC-2020-0001"]
        );
        assert_eq!(
            select(&index, &[("a-a", "0.9.0"), ("z", "1.0.0")]),
            ["RUSTSEC-2020-0003"]
        );
        assert_eq!(
            select(&index, &[("std", "1.0.0"), ("rust", "1.0.0")]),
            [""; 0]
        );
    }

    #[test]
    fn keeps_everything_and_the_order_of_input_does_not_show() {
        let mut advisories = database();
        let index = write(&DatabaseInfo::default(), &advisories, Contents::Whole);
        advisories.reverse();
        assert_eq!(
            index,
            write(&DatabaseInfo::default(), &advisories, Contents::Whole)
        );
        let read = Index::read(&index)
            .unwrap()
            .all(&mut |place| piece(&index, place))
            .unwrap();
        assert_eq!(read.len(), advisories.len());
        for advisory in read {
            assert!(advisories.contains(&advisory), "{advisory:?}");
        }
    }

    #[test]
    fn facts_hold_no_texts() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Facts);
        let text = String::from_utf8(index.clone()).unwrap();
        assert!(!text.contains("Title") && !text.contains("Body"));
        let read = Index::read(&index).unwrap();
        let all = read.all(&mut |place| piece(&index, place)).unwrap();
        assert!(
            all.iter()
                .all(|a| a.title.is_none() && a.aliases.len() == 1)
        );
    }

    #[test]
    fn knows_ids_and_other_names() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Whole);
        let knows = |id: &str| {
            let read = Index::read(&index).unwrap();
            read.knows(id, &mut |place| piece(&index, place)).unwrap()
        };
        assert!(knows("RUSTSEC-2020-0003") && knows("CVE-RUSTSEC-2020-0003"));
        assert!(!knows("RUSTSEC-2020-000") && !knows("b"));
    }

    #[test]
    fn damage_is_seen() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Whole);
        let needed = bytes_needed(&index).unwrap();
        assert!(Index::read(&index[..needed]).is_ok());
        for length in 0..needed {
            assert!(Index::read(&index[..length]).is_err(), "{length}");
        }
        let whole = |index: &[u8]| Index::read(index)?.all(&mut |place| piece(index, place));
        let sound = whole(&index).unwrap();
        for at in 0..index.len() {
            let mut changed = index.clone();
            changed[at] ^= 1;
            // The header and the texts are not under a checksum: what runs decide by is.
            if let Ok(read) = whole(&changed) {
                let facts = |all: &[Advisory]| all.iter().map(facts_of).collect::<Vec<_>>();
                assert_eq!(facts(&read), facts(&sound), "{at}");
            }
        }
    }
}
