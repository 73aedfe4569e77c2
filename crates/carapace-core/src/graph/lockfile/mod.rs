//! `Cargo.lock`, versions 1 to 4, as it is written: texts with their lines, nothing resolved.
//!
//! Two readers give the same value. [`canonical`] takes exactly the shape that cargo writes and
//! nothing else, in one pass without copying; [`general`] takes any TOML. The first says `None`
//! for whatever is not that shape, and then the second decides. *Invariant, fuzzed:* where the
//! canonical reader gives a value, the general one gives the same.

pub mod canonical;
pub mod general;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The newest lockfile version that is understood.
pub const NEWEST_VERSION: u32 = 4;

/// Lockfiles above this many bytes are refused. The largest known real ones are under 2 MB.
pub const MAX_BYTES: usize = 32 << 20;

/// A lockfile as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile<'a> {
    /// The format: as the file says, else 1 or 2 by whether checksums stand beside packages.
    pub version: u32,
    /// `[[package]]`, in the file's order, a `[root]` of old files last.
    pub packages: Vec<LockedPackage<'a>>,
    /// Whether the last of `packages` is the `[root]` table of an old file.
    pub has_root_table: bool,
    /// `[[patch.unused]]`: patches that nothing uses.
    pub unused_patches: Vec<LockedPackage<'a>>,
    /// All dependency texts, each `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`.
    pub dependencies: Vec<Cow<'a, str>>,
    /// Version 1: what `[metadata]` says of `checksum NAME VERSION (SOURCE)`.
    pub checksums: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// A package as a lockfile writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage<'a> {
    /// The package's name.
    pub name: Cow<'a, str>,
    /// Its version, not yet read.
    pub version: Cow<'a, str>,
    /// Its source; none for a package in a folder.
    pub source: Option<Cow<'a, str>>,
    /// The archive's SHA-256, in versions 2 and up.
    pub checksum: Option<Cow<'a, str>>,
    /// The package that a `[replace]` puts in its place.
    pub replace: Option<Cow<'a, str>>,
    /// Its part of [`Lockfile::dependencies`].
    pub dependencies: Range<usize>,
    /// The line, from 1, of `name`.
    pub line: u32,
}

/// Why a lockfile could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockfileError {
    /// The line, from 1, where that is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: LockfileErrorKind,
}

/// What is wrong with a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockfileErrorKind {
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// Not UTF-8.
    NotText,
    /// Not TOML, or TOML of another shape; the parser's own words.
    Syntax(String),
    /// A version that this program does not know.
    Version(i64),
    /// A package's version is not semantic versioning.
    PackageVersion {
        /// The package.
        name: String,
        /// Its version as written.
        version: String,
    },
    /// A package's source is not one that cargo writes.
    Source {
        /// The package.
        name: String,
        /// Its source as written.
        source: String,
    },
    /// Neither a package nor a version: an empty or unrelated file.
    NotALockfile,
}

impl fmt::Display for LockfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.kind {
            LockfileErrorKind::TooLarge => write!(
                f,
                "larger than {} MiB, which no lockfile is",
                MAX_BYTES >> 20
            ),
            LockfileErrorKind::NotText => f.write_str("not UTF-8 text"),
            LockfileErrorKind::Syntax(message) => write!(f, "not a lockfile: {message}"),
            LockfileErrorKind::Version(version) => write!(
                f,
                "lockfile version {version} is not known to this program, which reads 1 to \
                 {NEWEST_VERSION}; a newer release may"
            ),
            LockfileErrorKind::PackageVersion { name, version } => write!(
                f,
                "package `{name}` has the version `{version}`, which is not semantic versioning"
            ),
            LockfileErrorKind::Source { name, source } => write!(
                f,
                "package `{name}` has the source `{source}`, which cargo does not write"
            ),
            LockfileErrorKind::NotALockfile => f.write_str(
                "there is no `version` and no `[[package]]`: not a lockfile, or an empty one",
            ),
        }
    }
}

impl std::error::Error for LockfileError {}

impl From<LockfileErrorKind> for LockfileError {
    fn from(kind: LockfileErrorKind) -> Self {
        Self { line: None, kind }
    }
}

/// Reads a lockfile of any version.
///
/// # Errors
/// [`LockfileError`] if it is too large, not text, not TOML, not a lockfile, or of a version that
/// is not known.
pub fn read(bytes: &[u8]) -> Result<Lockfile<'_>, LockfileError> {
    if bytes.len() > MAX_BYTES {
        return Err(LockfileErrorKind::TooLarge.into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| LockfileErrorKind::NotText)?;
    match canonical::read(text) {
        Some(lockfile) => Ok(lockfile),
        None => general::read(text),
    }
}

/// Files without `version` are 1, unless a checksum stands beside a package.
fn version_without_marker(packages: &[LockedPackage<'_>]) -> u32 {
    if packages.iter().any(|package| package.checksum.is_some()) {
        2
    } else {
        1
    }
}
