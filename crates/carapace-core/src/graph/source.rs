//! Where a package comes from, as a lockfile writes it.
//!
//! The grammar is cargo's `SourceId` URL form: `KIND+URL`, for git with an optional
//! `?branch=|tag=|rev=` reference and a `#commit`
//! (<https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>, `cargo::core::source_id`).

use std::borrow::Cow;
use std::fmt;

/// The address under which cargo writes the crates.io registry into lockfiles, whatever protocol
/// it used to reach it.
pub const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The sparse address of the same registry. Cargo writes it only in package ids.
const CRATES_IO_SPARSE: &str = "sparse+https://index.crates.io/";

/// Which commit of a git repository was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GitReference {
    /// Whatever the remote's `HEAD` names.
    DefaultBranch,
    /// `branch = "…"` in the manifest.
    Branch(String),
    /// `tag = "…"` in the manifest.
    Tag(String),
    /// `rev = "…"` in the manifest.
    Rev(String),
}

/// What kind of place a source is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A registry whose index is a git repository, and crates.io whatever the protocol.
    Registry,
    /// A registry whose index is served file by file over HTTP.
    Sparse,
    /// A git repository.
    Git(GitReference),
    /// A folder.
    Path,
    /// A `local-registry` or `directory` replacement, which cargo never writes but older tools do.
    Local,
}

/// The source of a package: kind, address and, for git, the commit that is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The source exactly as the lockfile has it.
    pub text: String,
    /// What kind of place it is.
    pub kind: SourceKind,
    /// The address, without kind, reference and commit.
    pub url: String,
    /// The locked commit of a git source.
    pub commit: Option<String>,
}

/// A source's text without its commit: what a lockfile of one version writes and one of another does
/// not.
pub(super) fn without_commit(text: &str) -> &str {
    text.split('#').next().unwrap_or_default()
}

impl Source {
    /// Its text without its commit.
    #[must_use]
    pub fn without_commit(&self) -> &str {
        without_commit(&self.text)
    }

    /// Reads a source as a lockfile writes it.
    ///
    /// # Errors
    /// [`SourceError`] if there is no `KIND+`, or the kind is not one that cargo knows.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let invalid = || SourceError {
            text: text.to_owned(),
        };
        let (kind, address) = text.split_once('+').ok_or_else(invalid)?;
        if address.is_empty() {
            return Err(invalid());
        }
        let (address, fragment) = match address.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (address, None),
        };
        let (kind, url, commit) = match kind {
            "registry" => (SourceKind::Registry, address, None),
            "sparse" => (SourceKind::Sparse, address, None),
            "path" => (SourceKind::Path, address, None),
            "local-registry" | "directory" => (SourceKind::Local, address, None),
            "git" => {
                let (url, query) = address.split_once('?').unwrap_or((address, ""));
                (
                    SourceKind::Git(git_reference(query)),
                    url,
                    fragment.map(str::to_owned),
                )
            }
            _ => return Err(invalid()),
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
            url: url.to_owned(),
            commit,
        })
    }

    /// Whether this is crates.io, the registry that the RustSec database speaks about.
    #[must_use]
    pub fn is_crates_io(&self) -> bool {
        self.text == CRATES_IO || self.text == CRATES_IO_SPARSE
    }

    /// What tells places apart, whatever commit each is locked to: address and kind.
    ///
    /// Lockfiles up to version 2 write a git source on the branch `master` without a reference,
    /// so there the two are one.
    #[must_use]
    pub fn place(&self) -> (&str, &SourceKind) {
        static HEAD: SourceKind = SourceKind::Git(GitReference::DefaultBranch);
        let kind = match &self.kind {
            SourceKind::Git(GitReference::Branch(branch)) if branch == "master" => &HEAD,
            kind => kind,
        };
        (&self.url, kind)
    }

    /// Whether two texts name the same place.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

/// The last known key wins, as in cargo; `ref` is the oldest spelling of `branch`.
fn git_reference(query: &str) -> GitReference {
    let mut reference = GitReference::DefaultBranch;
    for pair in query.split('&') {
        let Some((key, value)) = pair.split_once('=') else {
            continue;
        };
        let value = || percent_decode(value).into_owned();
        match key {
            "branch" | "ref" => reference = GitReference::Branch(value()),
            "tag" => reference = GitReference::Tag(value()),
            "rev" => reference = GitReference::Rev(value()),
            _ => {}
        }
    }
    reference
}

/// `application/x-www-form-urlencoded` decoding, as version 4 lockfiles encode git references.
/// What is not a valid escape stays as it is.
fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(text);
    }
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = (*byte == b'%')
            .then(|| Some(hex(bytes.get(at + 1))? * 16 + hex(bytes.get(at + 2))?))
            .flatten()
            .and_then(|value| u8::try_from(value).ok());
        match (escape, byte) {
            (Some(value), _) => {
                decoded.push(value);
                at += 3;
            }
            (None, b'+') => {
                decoded.push(b' ');
                at += 1;
            }
            (None, other) => {
                decoded.push(*other);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A source that is not `KIND+URL` with a kind that cargo knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// The source as it was written.
    pub text: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a source that cargo writes", self.text)
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_4_references_are_decoded() {
        let encoded = Source::parse("git+https://e.org/r?branch=a%2Fb%2Bc#0123").unwrap();
        let plain = Source::parse("git+https://e.org/r?branch=a/b%2bc").unwrap();
        assert_eq!(
            encoded.kind,
            SourceKind::Git(GitReference::Branch("a/b+c".into()))
        );
        assert_eq!(encoded.commit.as_deref(), Some("0123"));
        assert!(encoded.same_place(&plain));
    }

    #[test]
    fn a_different_reference_is_a_different_place() {
        let tag = Source::parse("git+https://e.org/r?tag=v1").unwrap();
        let branch = Source::parse("git+https://e.org/r?branch=v1").unwrap();
        assert!(!tag.same_place(&branch));
        let head = Source::parse("git+https://e.org/r").unwrap();
        let master = Source::parse("git+https://e.org/r?branch=master#f00").unwrap();
        assert!(head.same_place(&master));
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(percent_decode("a%2"), "a%2");
        assert_eq!(percent_decode("a%zz+%41"), "a%zz A");
    }

    #[test]
    fn only_the_public_registry_is_crates_io() {
        assert!(Source::parse(CRATES_IO).unwrap().is_crates_io());
        let evil = "registry+https://github.com/rust-lang/crates.io-index.evil";
        assert!(!Source::parse(evil).unwrap().is_crates_io());
        assert!(Source::parse("crates.io").is_err());
        assert!(Source::parse("ftp+x").is_err());
    }
}
