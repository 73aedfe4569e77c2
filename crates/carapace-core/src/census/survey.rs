//! What rules on unsafe code look at, beside the graph.

use super::Census;
use super::baseline::Baseline;
use crate::graph::PackageIdx;
use crate::graph::unpacked::Difference;

/// A text file of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceText {
    /// Its path, as locations show it.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The package.
    pub package: PackageIdx,
    /// Its folder, as locations show it, without a `/` at its end; empty for where paths begin.
    pub folder: String,
    /// Its manifest.
    pub manifest: SourceText,
    /// The roots of its crates, of all that [`super::PackageCensus::lint`] is about.
    pub roots: Vec<SourceText>,
}

impl Member {
    /// A file of it, as locations show it.
    #[must_use]
    pub fn shown(&self, file: &str) -> String {
        match self.folder.as_str() {
            "" => file.to_owned(),
            folder => format!("{folder}/{file}"),
        }
    }
}

/// Unsafe code that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What is known.
    pub baseline: Baseline,
    /// What it is of, for people: a baseline's file, or a revision.
    pub from: String,
}

/// A package whose sources are not those of its archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The package.
    pub package: PackageIdx,
    /// Its folder, as shown.
    pub folder: String,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// What was found out about the unsafe code of a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// All of it.
    pub census: Census,
    /// What it is held against, if anything was asked for.
    pub known: Option<Known>,
    /// The members of the workspace.
    pub members: Vec<Member>,
    /// The manifest that has `[workspace]`.
    pub workspace: Option<SourceText>,
    /// Packages that differ from their archives.
    pub edited: Vec<Edited>,
}
