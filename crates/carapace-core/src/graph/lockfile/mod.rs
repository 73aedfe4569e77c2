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

/// The newest lockfile version that is understood.
pub const NEWEST_VERSION: u32 = 4;

/// Lockfiles above this many bytes are refused. The largest known real ones are under 2 MB.
pub const MAX_BYTES: usize = 32 << 20;

/// A lockfile as it is written. Everything in it is a place in one text, so that reading one of
/// thousands of packages takes a handful of allocations.
#[derive(Debug, Clone)]
pub struct Lockfile<'a> {
    /// The format: as the file says, else 1 or 2 by whether checksums stand beside packages.
    pub version: u32,
    /// Whether the last of the packages is the `[root]` table of an old file.
    pub has_root_table: bool,
    text: Cow<'a, str>,
    packages: Vec<Entry>,
    unused_patches: Vec<Entry>,
    /// The dependencies of all entries, one after the other.
    dependencies: Vec<Span>,
    checksums: Vec<(Span, Span)>,
}

/// A place in [`Lockfile::text`], in bytes. A lockfile is at most [`MAX_BYTES`].
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The place of what an optional key does not have.
    const NONE: Self = Self {
        start: u32::MAX,
        end: u32::MAX,
    };
}

/// A package's places.
#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Span,
    version: Span,
    source: Span,
    checksum: Span,
    replace: Span,
    /// Its part of [`Lockfile::dependencies`].
    dependencies: Span,
    line: u32,
}

/// A package as a lockfile writes it.
#[derive(Clone, Copy)]
pub struct LockedPackage<'l> {
    lockfile: &'l Lockfile<'l>,
    entry: &'l Entry,
}

impl<'l> LockedPackage<'l> {
    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &'l str {
        self.lockfile.at(self.entry.name).unwrap_or_default()
    }

    /// Its version, not yet read.
    #[must_use]
    pub fn version(&self) -> &'l str {
        self.lockfile.at(self.entry.version).unwrap_or_default()
    }

    /// Its source; none for a package in a folder.
    #[must_use]
    pub fn source(&self) -> Option<&'l str> {
        self.lockfile.at(self.entry.source)
    }

    /// The archive's SHA-256, in versions 2 and up.
    #[must_use]
    pub fn checksum(&self) -> Option<&'l str> {
        self.lockfile.at(self.entry.checksum)
    }

    /// The package that a `[replace]` puts in its place.
    #[must_use]
    pub fn replace(&self) -> Option<&'l str> {
        self.lockfile.at(self.entry.replace)
    }

    /// What it depends on: `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`.
    pub fn dependencies(&self) -> impl ExactSizeIterator<Item = &'l str> + use<'l> {
        let Span { start, end } = self.entry.dependencies;
        let spans = self.lockfile.dependencies.get(start as usize..end as usize);
        let lockfile = self.lockfile;
        let spans = spans.unwrap_or_default().iter();
        spans.map(|span| lockfile.at(*span).unwrap_or_default())
    }

    /// The line, from 1, of `name`.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.entry.line
    }
}

impl PartialEq for LockedPackage<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.version() == other.version()
            && self.source() == other.source()
            && self.checksum() == other.checksum()
            && self.replace() == other.replace()
            && self.line() == other.line()
            && self.dependencies().eq(other.dependencies())
    }
}

impl fmt::Debug for LockedPackage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedPackage")
            .field("name", &self.name())
            .field("version", &self.version())
            .field("source", &self.source())
            .field("checksum", &self.checksum())
            .field("replace", &self.replace())
            .field("dependencies", &self.dependencies().collect::<Vec<_>>())
            .field("line", &self.line())
            .finish()
    }
}

impl<'a> Lockfile<'a> {
    fn empty(text: Cow<'a, str>) -> Self {
        Self {
            version: 0,
            has_root_table: false,
            text,
            packages: Vec::new(),
            unused_patches: Vec::new(),
            dependencies: Vec::new(),
            checksums: Vec::new(),
        }
    }

    fn at(&self, span: Span) -> Option<&str> {
        self.text.get(span.start as usize..span.end as usize)
    }

    /// `[[package]]`, in the file's order, a `[root]` of old files last.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = LockedPackage<'_>> {
        self.entries(&self.packages)
    }

    /// A package by its place in [`Self::packages`].
    #[must_use]
    pub fn package(&self, index: usize) -> Option<LockedPackage<'_>> {
        let entry = self.packages.get(index)?;
        Some(LockedPackage {
            lockfile: self,
            entry,
        })
    }

    /// How many dependencies all entries have together.
    #[must_use]
    pub fn dependencies_len(&self) -> usize {
        self.dependencies.len()
    }

    /// `[[patch.unused]]`: patches that nothing uses.
    pub fn unused_patches(&self) -> impl ExactSizeIterator<Item = LockedPackage<'_>> {
        self.entries(&self.unused_patches)
    }

    /// Version 1: what `[metadata]` says of `checksum NAME VERSION (SOURCE)`.
    pub fn checksums(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let text = |span: Span| self.at(span).unwrap_or_default();
        self.checksums
            .iter()
            .map(move |(key, value)| (text(*key), text(*value)))
    }

    fn entries<'l>(
        &'l self,
        entries: &'l [Entry],
    ) -> impl ExactSizeIterator<Item = LockedPackage<'l>> {
        entries.iter().map(|entry| LockedPackage {
            lockfile: self,
            entry,
        })
    }

    /// Files without `version` are 1, unless a checksum stands beside a package.
    fn version_without_marker(&self) -> u32 {
        match self.packages().any(|package| package.checksum().is_some()) {
            true => 2,
            false => 1,
        }
    }
}

impl PartialEq for Lockfile<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
            && self.has_root_table == other.has_root_table
            && self.packages().eq(other.packages())
            && self.unused_patches().eq(other.unused_patches())
            && self.checksums().eq(other.checksums())
    }
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
