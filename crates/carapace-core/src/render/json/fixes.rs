//! What was done about findings.

use serde::Serialize;

use crate::report::{FixChange, Fixed};

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct FixedDocument<'a> {
    /// The path of the input.
    input: &'a str,
    /// The faulty package's id, before the fix.
    package: &'a str,
    /// The fingerprints of the findings that go with it, or that stay.
    findings: Vec<&'a str>,
    /// What these are called: ids of advisories, names of rules.
    names: Vec<&'a str>,
    /// `applied`; `planned`: it was tried in a copy; `none`: nothing helps, and `reason` says why.
    status: &'static str,
    /// What it changes.
    changes: Vec<ChangeDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// What can be done instead.
    alternatives: &'a [String],
    /// What to know of it before it is used.
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(tag = "action", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum ChangeDocument<'a> {
    /// A requirement in a manifest.
    Requirement {
        manifest: &'a str,
        /// From 1.
        line: u32,
        package: &'a str,
        from: &'a str,
        to: &'a str,
    },
    /// Code in a source.
    Source {
        file: &'a str,
        /// In how many places.
        edits: usize,
    },
    /// Versions in the lockfile.
    Lockfile {
        package: &'a str,
        /// Those that are gone.
        from: &'a [String],
        /// Those that have come.
        to: &'a [String],
    },
}

pub(super) fn document(fixed: &Fixed) -> FixedDocument<'_> {
    FixedDocument {
        input: &fixed.input,
        package: &fixed.package,
        findings: fixed
            .findings
            .iter()
            .map(|f| f.fingerprint.as_str())
            .collect(),
        names: fixed.findings.iter().map(|f| f.name.as_str()).collect(),
        status: fixed.status.name(),
        changes: fixed.changes.iter().map(change).collect(),
        reason: fixed.reason.as_deref(),
        alternatives: &fixed.alternatives,
        notes: &fixed.notes,
    }
}

fn change(change: &FixChange) -> ChangeDocument<'_> {
    match change {
        FixChange::Requirement {
            file,
            line,
            package,
            from,
            to,
        } => ChangeDocument::Requirement {
            manifest: file,
            line: *line,
            package,
            from,
            to,
        },
        FixChange::Source { file, edits } => ChangeDocument::Source {
            file,
            edits: *edits,
        },
        FixChange::Lockfile { package, from, to } => ChangeDocument::Lockfile { package, from, to },
    }
}
