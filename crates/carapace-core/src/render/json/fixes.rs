//! What was done about findings.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::unsafety::SiteKind;
use crate::report::{FixChange, Fixed, Proof};

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

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ProofDocument<'a> {
    /// The workspace or package.
    subject: &'a str,
    /// What was so before, and what could not be looked at: a sentence each.
    before: &'a [String],
    /// How many fixes of each rule are kept, by its code.
    kept: &'a BTreeMap<String, usize>,
    /// The unsafe sites by kind.
    kinds: Vec<KindDocument>,
    /// The roots of crates that forbid unsafe code from now on.
    forbids: &'a [String],
    /// The kept fixes as a unified diff from the root of the workspace or package.
    patch: &'a str,
    /// A message for a commit of the patch.
    message: String,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct KindDocument {
    kind: SiteKind,
    before: usize,
    /// With the fixes that are kept.
    after: usize,
}

pub(super) fn proof(proof: &Proof) -> ProofDocument<'_> {
    let kinds = proof.kinds.iter().map(|one| KindDocument {
        kind: one.kind,
        before: one.before,
        after: one.after,
    });
    ProofDocument {
        subject: &proof.subject,
        before: &proof.before,
        kept: &proof.kept,
        kinds: kinds.collect(),
        forbids: &proof.forbids,
        patch: &proof.patch,
        message: proof.message(),
    }
}
