//! What a registry's index says of a package's versions.
//!
//! Two forms are read: the sparse index's file, a JSON object a line
//! (<https://doc.rust-lang.org/cargo/reference/registry-index.html>), and the file in which cargo
//! keeps such an answer (`cargo::sources::registry::index::cache`, formats 1 to 3).

mod entry;
mod history;
mod published;

use std::collections::BTreeMap;
use std::fmt;

pub use entry::{Declared, IndexDependency, IndexEntry, entry, entry_in_cargo_cache};
pub use history::{History, PastEdge, PastVersion, history, history_in_cargo_cache};
pub use published::{Need, Published, published, published_in_cargo_cache, rust_version};

use semver::Version;
use serde::Deserialize;

/// Index files above this many bytes are refused. The largest of crates.io are near 1 MB.
pub const MAX_BYTES: usize = 32 << 20;

/// A version that the index knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The SHA-256 of the archive, in lower-case hexadecimal.
    pub checksum: String,
    /// Taken back by its owners: not to be chosen anew.
    pub yanked: bool,
}

/// What the index says of one version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    Release(Release),
    /// The package is there, this version is not.
    NoVersion,
    /// The package is not there.
    NoPackage,
}

/// An answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The registry said so now.
    Fresh(Answer),
    /// A kept copy says so, which may be older than the version asked about.
    Kept(Answer),
    /// It could not be asked; the reason.
    Unknown(String),
}

/// What is known of the packages of a run, by name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    lookups: BTreeMap<String, BTreeMap<Version, Lookup>>,
}

impl Registry {
    /// Adds what is known of a version.
    pub fn insert(&mut self, name: &str, version: Version, lookup: Lookup) {
        let versions = self.lookups.entry(name.to_owned()).or_default();
        versions.insert(version, lookup);
    }

    /// Takes in what another one knows.
    pub fn extend(&mut self, other: Self) {
        for (name, versions) in other.lookups {
            self.lookups.entry(name).or_default().extend(versions);
        }
    }

    /// What is known of a version; none if it was not asked about.
    #[must_use]
    pub fn get(&self, name: &str, version: &Version) -> Option<&Lookup> {
        self.lookups.get(name)?.get(version)
    }
}

/// The path of a package's file below a sparse index's address
/// (<https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files>); none for what
/// is no package name, which so never becomes part of an address or a file name.
#[must_use]
pub fn path(name: &str) -> Option<String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(known) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let part = |range| {
        name.get::<std::ops::Range<usize>>(range)
            .unwrap_or_default()
    };
    Some(match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", part(0..1)),
        _ => format!("{}/{}/{name}", part(0..2), part(2..4)),
    })
}

/// The package and version that a text `NAME-VERSION` is of. As a name has no dots and a version has
/// them, there is one way to read it.
#[must_use]
pub fn name_and_version(text: &[u8]) -> Option<(&str, Version)> {
    /// crates.io takes no longer names.
    const MAX_NAME: usize = 64;
    let text = std::str::from_utf8(text).ok()?;
    let hyphens = text.match_indices('-').take(MAX_NAME);
    let mut ways = hyphens.filter_map(|(at, _)| {
        let version = text
            .get(at + 1..)
            .filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))?;
        Some((text.get(..at)?, Version::parse(version).ok()?))
    });
    let is_name = |name: &str| {
        name.len() <= MAX_NAME
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    ways.find(|(name, _)| is_name(name))
}

/// Why an index file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryError {
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// A line, counted from 1, is not what an index holds.
    Line(usize),
    /// It speaks of another package.
    OtherPackage,
    /// Nothing in it.
    Empty,
    /// Kept by a release of cargo whose format is not known.
    Format,
    /// Its end is missing.
    Cut,
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "larger than {} MiB", MAX_BYTES >> 20),
            Self::Line(line) => write!(f, "line {line} is not what a registry index holds"),
            Self::OtherPackage => f.write_str("it speaks of another package"),
            Self::Empty => f.write_str("it is empty"),
            Self::Format => f.write_str("kept by cargo in a format that is not known"),
            Self::Cut => f.write_str("its end is missing"),
        }
    }
}

impl std::error::Error for RegistryError {}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    vers: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    cksum: std::borrow::Cow<'a, str>,
    #[serde(default)]
    yanked: Option<bool>,
}

/// What a sparse index's file says of each of the versions, in their order.
///
/// Every line is read, so that a page that is no index is never taken for one that lacks a
/// version.
///
/// # Errors
/// [`RegistryError`] if it is not an index file of this package.
pub fn read_sparse(
    bytes: &[u8],
    name: &str,
    versions: &[&Version],
) -> Result<Vec<Answer>, RegistryError> {
    answers(sparse_lines(bytes)?, name, versions)
}

/// What a file that cargo keeps says of each of the versions, in their order.
///
/// # Errors
/// [`RegistryError`] if it is not such a file, or of another package.
pub fn read_cargo_cache(
    bytes: &[u8],
    name: &str,
    versions: &[&Version],
) -> Result<Vec<Answer>, RegistryError> {
    answers(cache_lines(bytes)?, name, versions)
}

/// The lines of a sparse index's file, with their numbers from 1.
fn sparse_lines(bytes: &[u8]) -> Result<impl Iterator<Item = (usize, &[u8])>, RegistryError> {
    if bytes.len() > MAX_BYTES {
        return Err(RegistryError::TooLarge);
    }
    let lines = split(bytes, b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty());
    Ok(lines.map(|(index, line)| (index + 1, line)))
}

/// The lines in a file that cargo keeps, with their numbers from 1.
fn cache_lines(bytes: &[u8]) -> Result<impl Iterator<Item = (usize, &[u8])>, RegistryError> {
    let lines = cache_versions(bytes)?.enumerate();
    Ok(lines.map(|(index, (_, line))| (index + 1, line)))
}

/// The versions in a file that cargo keeps, each with its line.
fn cache_versions(bytes: &[u8]) -> Result<impl Iterator<Item = (&[u8], &[u8])>, RegistryError> {
    if bytes.len() > MAX_BYTES {
        return Err(RegistryError::TooLarge);
    }
    // The format; from 2 on, that of the index's lines as well; then a revision, and after it a
    // version and a line for each. Format 3 is written as 2 is: it was counted up to be rid of
    // versions that 2 had cut at their `+`, and those are read from the lines here.
    let texts = match bytes {
        [1, texts @ ..] | [2 | 3, 1 | 2, 0, 0, 0, texts @ ..] => texts,
        _ => return Err(RegistryError::Format),
    };
    // Each text is ended by a zero byte, so that a cut one is seen.
    let texts = texts.strip_suffix(&[0]).ok_or(RegistryError::Cut)?;
    if memchr::memchr_iter(0, texts).count() % 2 == 1 {
        return Err(RegistryError::Cut);
    }
    let mut texts = split(texts, 0).skip(1);
    Ok(std::iter::from_fn(move || {
        Some((texts.next()?, texts.next()?))
    }))
}

/// What stands between bytes of a value, as [`slice::split`] gives it: most of what is read of an index
/// is read only to find these.
fn split(bytes: &[u8], end: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = memchr::memchr(end, text);
        rest = at.and_then(|at| text.get(at + 1..));
        at.map_or(Some(text), |at| text.get(..at))
    })
}

fn answers<'a>(
    entries: impl Iterator<Item = (usize, &'a [u8])>,
    name: &str,
    versions: &[&Version],
) -> Result<Vec<Answer>, RegistryError> {
    let mut answers = vec![Answer::NoVersion; versions.len()];
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    each_line(entries, name, |entry: Entry<'_>, _| {
        for (text, answer) in texts.iter().zip(&mut answers) {
            if entry.vers == *text {
                *answer = Answer::Release(Release {
                    checksum: entry.cksum.to_ascii_lowercase(),
                    yanked: entry.yanked == Some(true),
                });
            }
        }
    })?;
    Ok(answers)
}

/// What a line of an index says of the package that it is about.
trait Named {
    fn name(&self) -> &str;
}

impl Named for Entry<'_> {
    fn name(&self) -> &str {
        &self.name
    }
}

/// Has `take` look at each line, and at what of it was read. Every line is read, so that what is no
/// index of this package is never taken for one.
fn each_line<'a, L: Named + Deserialize<'a>>(
    lines: impl Iterator<Item = (usize, &'a [u8])>,
    name: &str,
    mut take: impl FnMut(L, &'a [u8]),
) -> Result<(), RegistryError> {
    let mut empty = true;
    for (number, text) in lines {
        empty = false;
        let line: L = serde_json::from_slice(text).map_err(|_| RegistryError::Line(number))?;
        if line.name() != name {
            return Err(RegistryError::OtherPackage);
        }
        take(line, text);
    }
    if empty {
        return Err(RegistryError::Empty);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        r#"{"name":"a","vers":"1.0.0","deps":[],"cksum":"AA","features":{},"yanked":false}"#,
        "\n",
        r#"{"name":"a","vers":"1.1.0","deps":[{"x":1}],"cksum":"bb","features":{},"yanked":true,"v":2}"#,
        "\n"
    );

    fn ask(file: &[u8], version: &str) -> Result<Answer, RegistryError> {
        let version = version.parse().unwrap();
        read_sparse(file, "a", &[&version]).map(|mut answers| answers.remove(0))
    }

    fn release(checksum: &str, yanked: bool) -> Answer {
        let checksum = checksum.to_owned();
        Answer::Release(Release { checksum, yanked })
    }

    #[test]
    fn says_what_the_index_says() {
        assert_eq!(ask(FILE.as_bytes(), "1.0.0"), Ok(release("aa", false)));
        assert_eq!(ask(FILE.as_bytes(), "1.1.0"), Ok(release("bb", true)));
        assert_eq!(ask(FILE.as_bytes(), "1.2.0"), Ok(Answer::NoVersion));
    }

    #[test]
    fn what_is_no_index_is_never_an_answer() {
        assert_eq!(ask(b"<html>", "1.0.0"), Err(RegistryError::Line(1)));
        assert_eq!(ask(b"", "1.0.0"), Err(RegistryError::Empty));
        let cut = &FILE.as_bytes()[..FILE.len() - 9];
        assert_eq!(ask(cut, "1.0.0"), Err(RegistryError::Line(2)));
        let other = FILE.replace("\"a\"", "\"b\"");
        assert_eq!(
            ask(other.as_bytes(), "1.0.0"),
            Err(RegistryError::OtherPackage)
        );
    }

    fn kept_by_cargo(head: &[u8]) -> Vec<u8> {
        let mut kept = head.to_vec();
        kept.extend(b"etag: x\0");
        for (version, line) in ["1.0.0", "1.1.0"].iter().zip(FILE.lines()) {
            kept.extend(format!("{version}\0{line}\0").bytes());
        }
        kept
    }

    fn ask_cargo(kept: &[u8], version: &str) -> Result<Answer, RegistryError> {
        let version = version.parse().unwrap();
        read_cargo_cache(kept, "a", &[&version]).map(|mut answers| answers.remove(0))
    }

    #[test]
    fn the_copy_that_cargo_keeps() {
        for head in [
            &[1][..],
            &[2, 1, 0, 0, 0],
            &[2, 2, 0, 0, 0],
            &[3, 2, 0, 0, 0],
        ] {
            let kept = kept_by_cargo(head);
            assert_eq!(ask_cargo(&kept, "1.0.0"), Ok(release("aa", false)));
            assert_eq!(ask_cargo(&kept, "1.1.0"), Ok(release("bb", true)));
            assert_eq!(ask_cargo(&kept, "1.2.0"), Ok(Answer::NoVersion));
        }
        for head in [&[9][..], &[3, 3, 0, 0, 0], &[3, 2, 1, 0, 0], &[0]] {
            assert_eq!(
                ask_cargo(&kept_by_cargo(head), "1.1.0"),
                Err(RegistryError::Format)
            );
        }
        assert_eq!(ask_cargo(b"", "1.1.0"), Err(RegistryError::Format));
    }

    #[test]
    fn a_cut_copy_of_cargo_is_no_answer() {
        let kept = kept_by_cargo(&[3, 2, 0, 0, 0]);
        let last = "1.1.0".len() + FILE.lines().last().unwrap().len() + 2;
        let between = kept.len() - last;
        for end in 0..kept.len() {
            let answer = ask_cargo(&kept[..end], "1.1.0");
            // Cut between two versions it looks whole, and lacks the second.
            if end == between {
                assert_eq!(answer, Ok(Answer::NoVersion));
            } else {
                assert!(answer.is_err(), "{end}: {answer:?}");
            }
        }
    }

    #[test]
    fn names_become_paths_and_nothing_else_does() {
        let paths = ["a", "ab", "abc", "Rand", "serde_json"].map(|name| path(name).unwrap());
        assert_eq!(
            paths,
            ["1/a", "2/ab", "3/a/abc", "ra/nd/rand", "se/rd/serde_json"]
        );
        for wrong in ["", "../x", "a/b", "é", "a b"] {
            assert_eq!(path(wrong), None);
        }
    }
}
