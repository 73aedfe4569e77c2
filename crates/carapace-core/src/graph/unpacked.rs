//! Whether an unpacked package is what its archive held.
//!
//! Cargo builds a vendored package as it lies there. It checks only the files that the package's own
//! list names, by that list, and only before it first builds them; a file beside the list is built
//! unseen, and whoever changes a file can change the list.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::checksum::Checksum;

/// A larger list is not read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// What the files of a package are to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The files, from the package's folder, with `/`, with the SHA-256 of each.
    pub files: BTreeMap<String, Checksum>,
    /// The checksum of the archive, where that is known.
    pub archive: Option<Checksum>,
}

/// Why a list was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentsError {
    /// What is wrong.
    message: String,
}

impl fmt::Display for ContentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; `cargo vendor` writes the list and the files anew",
            self.message
        )
    }
}

impl std::error::Error for ContentsError {}

#[derive(Deserialize)]
struct RawList {
    files: BTreeMap<String, String>,
    package: Option<String>,
}

impl Contents {
    /// Reads a `.cargo-checksum.json`
    /// (<https://doc.rust-lang.org/cargo/reference/source-replacement.html#directory-sources>).
    ///
    /// # Errors
    /// [`ContentsError`] for what is no such list.
    pub fn parse(bytes: &[u8]) -> Result<Self, ContentsError> {
        let fault = |message| ContentsError { message };
        if bytes.len() > MAX_BYTES {
            return Err(fault(format!("larger than {MAX_BYTES} bytes")));
        }
        let raw: RawList =
            serde_json::from_slice(bytes).map_err(|error| fault(error.to_string()))?;
        let files = raw.files.into_iter();
        Ok(Self {
            files: files
                .map(|(file, checksum)| (file, Checksum::parse(&checksum)))
                .collect(),
            archive: raw.package.as_deref().map(Checksum::parse),
        })
    }
}

/// How an unpacked package differs from its archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The list is of another archive than the lockfile's.
    Archive {
        /// What the list says; none if it says nothing.
        listed: Option<Checksum>,
        /// What the lockfile says.
        locked: Checksum,
    },
    /// A file is not what it was.
    Changed {
        /// The file.
        file: String,
    },
    /// A file of the archive is not there.
    Missing {
        /// The file.
        file: String,
    },
    /// A source that the archive does not have.
    Extra {
        /// The file.
        file: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive {
                listed: Some(listed),
                locked,
            } => write!(f, "of the archive {listed}, and locked is {locked}"),
            Self::Archive {
                listed: None,
                locked,
            } => write!(f, "of no archive that it names, and locked is {locked}"),
            Self::Changed { file } => write!(f, "changed: {file}"),
            Self::Missing { file } => write!(f, "missing: {file}"),
            Self::Extra { file } => write!(f, "not in the archive: {file}"),
        }
    }
}

/// What `cargo vendor` leaves out, in whichever folder
/// (`cp_sources` in <https://github.com/rust-lang/cargo/blob/master/src/cargo/ops/vendor.rs>). None of
/// it is built.
fn is_left_out(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    matches!(name, ".gitattributes" | ".gitignore" | ".git" | ".cargo-ok")
        || name.ends_with(".orig")
        || name.ends_with(".rej")
}

/// What differs between what a package is to be and the files that are there, with the SHA-256 of
/// the bytes that were read. `locked` is the lockfile's checksum of the archive. Sorted.
///
/// Of files that are not listed, those count that can be Rust: they could be built.
#[must_use]
pub fn differences(
    expected: &Contents,
    found: &BTreeMap<String, Checksum>,
    locked: Option<&Checksum>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let Some(locked) = locked.filter(|locked| expected.archive.as_ref() != Some(*locked)) {
        differences.push(Difference::Archive {
            listed: expected.archive.clone(),
            locked: locked.clone(),
        });
    }
    for (file, checksum) in &expected.files {
        let file = file.clone();
        match found.get(&file) {
            Some(found) if found == checksum => {}
            Some(_) => differences.push(Difference::Changed { file }),
            None if is_left_out(&file) => {}
            None => differences.push(Difference::Missing { file }),
        }
    }
    let extra = found.keys().filter(|file| {
        let is_rust = file
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extension == "rs");
        is_rust && !expected.files.contains_key(*file)
    });
    differences.extend(extra.map(|file| Difference::Extra { file: file.clone() }));
    differences.sort();
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, Checksum> {
        let files = files.iter();
        files
            .map(|(file, hash)| ((*file).to_owned(), Checksum::parse(hash)))
            .collect()
    }

    #[test]
    fn every_difference_is_seen() {
        let list = br#"{"files":{"src/lib.rs":"AA","src/a.rs":"bb","x.rej":"cc","a/.gitignore":"cc","y":"dd"},"package":"ee"}"#;
        let expected = Contents::parse(list).unwrap();
        let same = files(&[
            ("src/lib.rs", "aa"),
            ("src/a.rs", "bb"),
            ("y", "dd"),
            ("z.md", "1"),
        ]);
        let locked = Checksum::parse("EE");
        assert_eq!(differences(&expected, &same, Some(&locked)), []);
        let other = files(&[("src/lib.rs", "ff"), ("src/b.rs", "bb")]);
        let found = differences(&expected, &other, Some(&Checksum::parse("00")));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "of the archive ee, and locked is 00",
                "changed: src/lib.rs",
                "missing: src/a.rs",
                "missing: y",
                "not in the archive: src/b.rs",
            ]
        );
    }

    #[test]
    fn an_emptied_list_hides_nothing() {
        let expected = Contents::parse(br#"{"files":{}}"#).unwrap();
        let found = files(&[("src/lib.rs", "aa")]);
        let locked = Checksum::parse("ee");
        assert_eq!(differences(&expected, &found, Some(&locked)).len(), 2);
        assert_eq!(differences(&expected, &found, None).len(), 1);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for text in ["", "[]", "{}", r#"{"files":[]}"#, r#"{"files":{"a":1}}"#] {
            let error = Contents::parse(text.as_bytes()).unwrap_err();
            assert!(
                error.to_string().contains("`cargo vendor`"),
                "{text}: {error}"
            );
        }
    }
}
