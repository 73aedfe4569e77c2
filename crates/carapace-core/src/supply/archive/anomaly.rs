//! What in an archive is not as `cargo package` makes it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Anomalies of one archive that are kept; one is enough to refuse it.
const MAX_ANOMALIES: usize = 100;
/// Bytes of a path that are kept.
const MAX_PATH: usize = 1024;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AnomalyKind {
    /// It is no gzip stream, or a damaged one.
    NotGzip,
    /// It unpacks to more than cargo takes.
    TooLarge,
    /// Bytes behind the first gzip stream: cargo passes over them, other tools unpack them.
    BehindGzip,
    /// It ends within an entry, or before the mark that ends it.
    Cut,
    /// A header that is none.
    Header,
    /// More entries than any package has.
    TooMany,
    /// Bytes behind the mark that ends it: tools differ in whether they read on.
    Behind,
    /// A symbolic link.
    SymbolicLink,
    /// A hard link.
    HardLink,
    /// A device or a FIFO.
    Device,
    /// An entry of a kind that packages do not have.
    OtherKind,
    /// Two sizes of one entry: tools differ in where the next one begins (CVE-2026-33055).
    TwoSizes,
    /// Two paths of one entry.
    TwoPaths,
    /// Records of the PAX form that cannot be read, or that hold for all entries.
    Records,
    /// A path that is no text, or has characters that hide or that some system takes for others.
    OddPath,
    /// A path from the root of a file system.
    Absolute,
    /// A path with `..`.
    Parent,
    /// A path that is not in the package's folder.
    Outside,
    /// A path that is there twice: tools differ in which one counts.
    Duplicate,
    /// A path that is a file and a folder.
    FileAndFolder,
    /// Paths that are one where upper and lower case are the same.
    SameButCase,
    /// A file that takes its owner's rights when it is run.
    SetId,
    /// No manifest that can be read.
    NoManifest,
    /// A manifest of another package or version.
    OtherPackage,
    /// A program or a library, as a machine runs it: nobody can review that.
    Executable,
}

impl AnomalyKind {
    /// What is wrong, in words.
    fn words(self) -> &'static str {
        match self {
            Self::NotGzip => "not a whole gzip stream",
            Self::TooLarge => "unpacks to more than cargo takes",
            Self::BehindGzip => "bytes behind the gzip stream",
            Self::Cut => "the archive ends too early",
            Self::Header => "a header that cannot be read",
            Self::TooMany => "more entries than any package has",
            Self::Behind => "bytes behind the end of the archive",
            Self::SymbolicLink => "symbolic link",
            Self::HardLink => "hard link",
            Self::Device => "device or FIFO",
            Self::OtherKind => "an entry of a kind that packages do not have",
            Self::TwoSizes => "two sizes of one entry",
            Self::TwoPaths => "two paths of one entry",
            Self::Records => "records that packages do not have",
            Self::OddPath => "a deceptive path",
            Self::Absolute => "absolute path",
            Self::Parent => "a path with `..`",
            Self::Outside => "a path outside of the package's folder",
            Self::Duplicate => "a path that is there twice",
            Self::FileAndFolder => "a path that is a file and a folder",
            Self::SameButCase => "paths that differ in case only",
            Self::SetId => "a file that takes its owner's rights",
            Self::NoManifest => "no manifest that can be read",
            Self::OtherPackage => "the manifest of another package",
            Self::Executable => "executable",
        }
    }
}

/// Something that is not as `cargo package` makes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Anomaly {
    /// What is wrong.
    pub kind: AnomalyKind,
    /// The path that it is about, as the archive has it; empty where it is about none.
    pub path: String,
    /// More, in words; empty where there is no more to say.
    pub detail: String,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Anomalies(Vec<Anomaly>);

impl Anomalies {
    pub(super) fn add(&mut self, kind: AnomalyKind, path: &str, detail: impl Into<String>) {
        if self.0.len() < MAX_ANOMALIES {
            self.0.push(Anomaly {
                kind,
                path: path.chars().take(MAX_PATH).collect(),
                detail: detail.into(),
            });
        }
    }

    pub(super) fn finish(mut self) -> Vec<Anomaly> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
