//! The compact index: a whole advisory database in one file, of which a run reads what it needs.
//!
//! ```text
//! carapace-advisory-index/1
//! {"source":…,"facts":LENGTH,"checksum":…}
//! PACKAGE\tRANGES\tTITLE,DESCRIPTION\t{"id":…}      facts: a line per advisory, sorted
//! …
//! Titles and descriptions, end to end                texts: read for findings only
//! ```
//!
//! The facts are sorted by package, so that the sorted names of a graph and the lines are read
//! together in one pass; a line whose ranges hold none of the versions in use is never parsed. The
//! `rust/` collection has the key `rust/COMPONENT`, which no package name can be. The checksum
//! (CRC-32) tells damage, not malice: the file lies in the user's own cache.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range as ByteRange;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::range::Range;
use super::{Advisory, Collection, SetAside};
use crate::knowledge::date::Date;

const MAGIC: &str = "carapace-advisory-index/1\n";

/// An index's header is at most this many bytes, so that a first read of as many holds it.
pub const MAX_HEADER_BYTES: usize = 1 << 20;

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
    /// Bytes of the facts.
    facts: usize,
    /// Bytes of the texts.
    texts: u64,
    /// CRC-32 of the facts.
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
            Self::Magic => f.write_str("not an advisory index of this program"),
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
    let (mut facts, mut texts) = (String::new(), String::new());
    for advisory in order {
        let ranges: Vec<String> = advisory.ranges.iter().map(ToString::to_string).collect();
        let advisory = match contents {
            Contents::Whole => advisory.clone(),
            Contents::Facts => facts_of(advisory),
        };
        let mut text = |text: Option<&str>| {
            text.map_or_else(String::new, |text| {
                let start = texts.len();
                texts.push_str(text);
                format!("{start}+{}", text.len())
            })
        };
        let title = text(advisory.title.as_deref());
        let description = text(advisory.description.as_deref());
        // Serialising strings, lists and maps with string keys cannot fail.
        let json = serde_json::to_string(&advisory).unwrap_or_default();
        let (key, ranges) = (key(&advisory), ranges.join(","));
        facts.push_str(&format!("{key}\t{ranges}\t{title},{description}\t{json}\n"));
    }
    let header = Header {
        info: info.clone(),
        facts: facts.len(),
        texts: texts.len() as u64,
        checksum: crc32fast::hash(facts.as_bytes()),
    };
    let header = serde_json::to_string(&header).unwrap_or_default();
    [MAGIC, &header, "\n", &facts, &texts].concat().into_bytes()
}

/// What lines are sorted and found by.
fn key(advisory: &Advisory) -> String {
    match advisory.collection {
        Collection::Crates => advisory.package.clone(),
        Collection::Rust => format!("rust/{}", advisory.package),
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

/// The packages that a run asks about, with their versions.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    packages: BTreeMap<&'a str, Vec<&'a Version>>,
}

impl<'a> Wanted<'a> {
    /// Adds a package.
    pub fn add(&mut self, name: &'a str, version: &'a Version) {
        self.packages.entry(name).or_default().push(version);
    }

    /// Whether a package is asked about, in any version.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.packages.contains_key(name)
    }

    /// Whether an advisory speaks of a version that is asked about.
    #[must_use]
    pub fn matches(&self, advisory: &Advisory) -> bool {
        let versions = self.packages.get(&*advisory.package);
        advisory.collection == Collection::Crates
            && versions.is_some_and(|v| v.iter().any(|version| advisory.affects(version)))
    }
}

/// An index whose header and facts are at hand.
#[derive(Debug, Clone)]
pub struct Index<'a> {
    /// What database it is.
    pub info: DatabaseInfo,
    facts: &'a str,
    /// Where the texts begin, in bytes from the start of the file.
    texts: u64,
}

/// An advisory of the index with the places of its texts in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The advisory, without title and description.
    pub advisory: Advisory,
    /// Where its title is, in bytes from the start of the file.
    pub title: Option<ByteRange<u64>>,
    /// Where its description is.
    pub description: Option<ByteRange<u64>>,
}

/// How many bytes, from its start, an index must be read for its header and facts.
///
/// # Errors
/// [`IndexError`] if `start`, the first [`MAX_HEADER_BYTES`] of the file, holds no header.
pub fn bytes_needed(start: &[u8]) -> Result<usize, IndexError> {
    let (header, from) = header(start)?;
    from.checked_add(header.facts).ok_or(IndexError::Damaged)
}

fn header(start: &[u8]) -> Result<(Header, usize), IndexError> {
    let rest = start
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(IndexError::Magic)?;
    let end = memchr::memchr(b'\n', rest).filter(|end| *end < MAX_HEADER_BYTES);
    let line = end.and_then(|end| rest.get(..end));
    let line = line.ok_or_else(|| IndexError::Header("it does not end".to_owned()))?;
    let header = serde_json::from_slice(line);
    let header = header.map_err(|error| IndexError::Header(error.to_string()))?;
    Ok((header, MAGIC.len() + line.len() + 1))
}

impl<'a> Index<'a> {
    /// Reads the header and facts of an index; the texts behind them need not be there.
    ///
    /// # Errors
    /// [`IndexError`] if it is of another version or damaged.
    pub fn read(bytes: &'a [u8]) -> Result<Self, IndexError> {
        let (header, from) = header(bytes)?;
        let to = from.checked_add(header.facts).ok_or(IndexError::Damaged)?;
        let facts = bytes.get(from..to).ok_or(IndexError::Damaged)?;
        if crc32fast::hash(facts) != header.checksum {
            return Err(IndexError::Damaged);
        }
        Ok(Self {
            info: header.info,
            facts: std::str::from_utf8(facts).map_err(|_| IndexError::Damaged)?,
            texts: to as u64,
        })
    }

    /// The advisories that speak of the wanted versions, in the index's order.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if a line that is needed is none.
    pub fn select(&self, wanted: &Wanted<'_>) -> Result<Vec<Selected>, IndexError> {
        let mut selected = Vec::new();
        let mut packages = wanted.packages.iter().peekable();
        for line in self.lines() {
            let line = line?;
            while packages.next_if(|(name, _)| **name < line.key).is_some() {}
            let Some((name, versions)) = packages.peek() else {
                break;
            };
            if **name == line.key && line.affects_any(versions)? {
                selected.push(self.parse(&line)?);
            }
        }
        Ok(selected)
    }

    /// All advisories, in the index's order.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if a line is none.
    pub fn all(&self) -> Result<Vec<Selected>, IndexError> {
        self.lines().map(|line| self.parse(&line?)).collect()
    }

    /// Whether an advisory of the database, withdrawn ones included, has this id or other name.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        // Ids stand in the facts as JSON strings and need no escapes.
        let quoted = format!("\"{id}\"");
        let mut at = 0;
        let finder = memchr::memmem::Finder::new(&quoted);
        while let Some(found) = self.facts.get(at..).and_then(|f| finder.find(f.as_bytes())) {
            let here = at + found;
            let start = self.facts.get(..here).and_then(|f| f.rfind('\n'));
            let line = self.facts.get(start.map_or(0, |s| s + 1)..);
            let line = line.and_then(|l| l.lines().next()).and_then(Line::split);
            let advisory = line.and_then(|line| self.parse(&line).ok());
            if advisory.is_some_and(|selected| selected.advisory.is_named(id)) {
                return true;
            }
            at = here + quoted.len();
        }
        false
    }

    fn lines(&self) -> impl Iterator<Item = Result<Line<'a>, IndexError>> {
        let mut rest = self.facts;
        std::iter::from_fn(move || {
            let end = memchr::memchr(b'\n', rest.as_bytes())?;
            let (line, behind) = rest.split_at_checked(end)?;
            rest = behind.get(1..)?;
            Some(Line::split(line).ok_or(IndexError::Damaged))
        })
    }

    fn parse(&self, line: &Line<'_>) -> Result<Selected, IndexError> {
        let advisory: Advisory =
            serde_json::from_str(line.json).map_err(|_| IndexError::Damaged)?;
        let (title, description) = line.texts.split_once(',').ok_or(IndexError::Damaged)?;
        Ok(Selected {
            advisory: Advisory {
                ranges: line.ranges()?,
                ..advisory
            },
            title: self.place(title)?,
            description: self.place(description)?,
        })
    }

    fn place(&self, text: &str) -> Result<Option<ByteRange<u64>>, IndexError> {
        if text.is_empty() {
            return Ok(None);
        }
        let place = || -> Option<ByteRange<u64>> {
            let (start, length) = text.split_once('+')?;
            let start = self.texts.checked_add(start.parse().ok()?)?;
            Some(start..start.checked_add(length.parse().ok()?)?)
        };
        place().map(Some).ok_or(IndexError::Damaged)
    }
}

/// A line of facts, split but not parsed.
struct Line<'a> {
    key: &'a str,
    ranges: &'a str,
    texts: &'a str,
    json: &'a str,
}

impl<'a> Line<'a> {
    fn split(line: &'a str) -> Option<Self> {
        let (key, rest) = line.split_once('\t')?;
        let (ranges, rest) = rest.split_once('\t')?;
        let (texts, json) = rest.split_once('\t')?;
        Some(Self {
            key,
            ranges,
            texts,
            json,
        })
    }

    fn ranges(&self) -> Result<Vec<Range>, IndexError> {
        let ranges = self.ranges.split(',').filter(|range| !range.is_empty());
        let parse = |range: &str| range.parse().map_err(|_| IndexError::Damaged);
        ranges.map(parse).collect()
    }

    fn affects_any(&self, versions: &[&Version]) -> Result<bool, IndexError> {
        let ranges = self.ranges()?;
        let affected = |version: &&&Version| ranges.iter().any(|range| range.contains(version));
        Ok(versions.iter().find(affected).is_some())
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
        let mut asked = Wanted::default();
        for ((name, _), version) in wanted.iter().zip(&versions) {
            asked.add(name, version);
        }
        let selected = Index::read(index).unwrap().select(&asked).unwrap();
        selected.into_iter().map(|s| s.advisory.id).collect()
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
        let texts = |range: Option<ByteRange<u64>>| {
            let range = range.unwrap();
            let bytes = index[range.start as usize..range.end as usize].to_vec();
            Some(String::from_utf8(bytes).unwrap())
        };
        for selected in Index::read(&index).unwrap().all().unwrap() {
            let advisory = Advisory {
                title: texts(selected.title),
                description: texts(selected.description),
                ..selected.advisory
            };
            assert!(advisories.contains(&advisory), "{advisory:?}");
        }
    }

    #[test]
    fn facts_hold_no_texts() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Facts);
        let text = String::from_utf8(index.clone()).unwrap();
        assert!(!text.contains("Title") && !text.contains("Body"));
        let all = Index::read(&index).unwrap().all().unwrap();
        assert!(
            all.iter()
                .all(|s| s.title.is_none() && s.advisory.aliases.len() == 1)
        );
    }

    #[test]
    fn knows_ids_and_other_names() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Whole);
        let index = Index::read(&index).unwrap();
        assert!(index.knows("RUSTSEC-2020-0003") && index.knows("CVE-RUSTSEC-2020-0003"));
        assert!(!index.knows("RUSTSEC-2020-000") && !index.knows("b"));
    }

    #[test]
    fn damage_is_seen() {
        let index = write(&DatabaseInfo::default(), &database(), Contents::Whole);
        let needed = bytes_needed(&index).unwrap();
        assert!(Index::read(&index[..needed]).is_ok());
        for length in 0..needed {
            assert!(Index::read(&index[..length]).is_err(), "{length}");
        }
        for at in 0..needed {
            let mut changed = index.clone();
            changed[at] ^= 1;
            // A changed header may still be one; changed facts never pass.
            if let Ok(read) = Index::read(&changed) {
                assert_eq!(read.facts, Index::read(&index).unwrap().facts);
            }
        }
    }
}
