//! What was done about findings, or could be.

use crate::graph::Package;

/// How far a fix has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixStatus {
    /// Nothing helps.
    None,
    /// It was tried in a copy and helps; the project is as it was.
    Planned,
    /// It is in the project.
    Applied,
}

impl FixStatus {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Planned => "planned",
            Self::Applied => "applied",
        }
    }
}

/// One change, or a package for which there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The path of the input.
    pub input: String,
    /// The faulty package's id.
    pub package: String,
    /// Its name and version.
    pub subject: String,
    /// What was found and is gone with the change; of none: what stays.
    pub findings: Vec<FixedFinding>,
    /// How far it has come.
    pub status: FixStatus,
    /// What it changes, manifests first.
    pub changes: Vec<FixChange>,
    /// Why there is none.
    pub reason: Option<String>,
    /// What can be done instead.
    pub alternatives: Vec<String>,
    /// What to know of it before it is used.
    pub notes: Vec<String>,
}

impl Fixed {
    /// Nothing that is done about a package; which findings that leaves, and why, is for who tells it.
    #[must_use]
    pub fn left(input: &str, package: Option<&Package>) -> Self {
        let subject = |package: &Package| format!("{} {}", package.name, package.version);
        Self {
            input: input.to_owned(),
            package: package.map(Package::id).unwrap_or_default(),
            subject: package.map(subject).unwrap_or_default(),
            findings: Vec::new(),
            status: FixStatus::None,
            changes: Vec::new(),
            reason: None,
            alternatives: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// A finding that a fix is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FixedFinding {
    /// The finding's fingerprint before the fix.
    pub fingerprint: String,
    /// What people call it: the advisory's id, else the rule's name.
    pub name: String,
}

/// One thing that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixChange {
    /// A requirement in a manifest.
    Requirement {
        /// The manifest.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The package.
        package: String,
        /// What was written.
        from: String,
        /// What is written.
        to: String,
    },
    /// Code in a source.
    Source {
        /// The file, as locations show it.
        file: String,
        /// In how many places.
        edits: usize,
    },
    /// Versions of a package in the lockfile.
    Lockfile {
        /// The package.
        package: String,
        /// Those that are gone.
        from: Vec<String>,
        /// Those that have come.
        to: Vec<String>,
    },
}
