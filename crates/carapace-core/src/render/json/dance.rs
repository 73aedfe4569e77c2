//! What the document says of a package's unsafe code that safe code could replace.

use serde::Serialize;

use crate::census::dance::{Nomination, Outlook, Outlooks, PackageSteps, kept};
use crate::facts::dance::rust;

/// What could become of a package's unsafe sites.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct DanceDocument<'a> {
    /// The oldest Rust that it has to build with: `1.70`.
    rust: String,
    /// How many unsafe sites it has, compiled or not.
    sites: usize,
    /// How many could go: `automatic`, `look` and `shown` together.
    replaceable: usize,
    /// How many go by a fix that can be applied unseen.
    automatic: usize,
    /// How many go by a fix that is to be looked at.
    look: usize,
    /// How many could go, by hand.
    shown: usize,
    /// How many stay with less in them.
    partly: usize,
    /// How many stay as they are.
    stays: usize,
    /// How many only declare something: whoever uses that decides.
    declared: usize,
    /// How many could not be read; a gap says where.
    unread: usize,
    /// Why sites stay, the most frequent first.
    kept: Vec<KeptDocument>,
    /// What a dance there would win; with `--nominate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u64>,
    /// How many packages depend on it, directly or by way of others; with `--nominate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dependents: Option<usize>,
    /// What the score is made of; with `--nominate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<&'a [String]>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct KeptDocument {
    /// What is done there.
    does: &'static str,
    /// The safe abstraction that would be needed.
    missing: &'static str,
    /// How many sites do it.
    sites: usize,
    /// What is called or used there, as it is written.
    names: Vec<String>,
}

pub(super) fn document<'a>(
    steps: &PackageSteps,
    nomination: Option<&'a Nomination>,
) -> DanceDocument<'a> {
    let outlooks: Outlooks = steps.outlooks();
    let of = |outlook| outlooks.of(outlook);
    DanceDocument {
        rust: rust(steps.rust),
        sites: outlooks.total(),
        replaceable: outlooks.replaceable(),
        automatic: of(Outlook::Automatic),
        look: of(Outlook::Look),
        shown: of(Outlook::Shown),
        partly: of(Outlook::Partly),
        stays: of(Outlook::Stays),
        declared: of(Outlook::Declared),
        unread: of(Outlook::Unread),
        kept: kept(steps)
            .into_iter()
            .map(|kept| KeptDocument {
                does: kept.reason.does,
                missing: kept.reason.missing,
                sites: kept.sites,
                names: kept.names.into_iter().collect(),
            })
            .collect(),
        score: nomination.map(|found| found.score),
        dependents: nomination.map(|found| found.dependents),
        reasons: nomination.map(|found| found.reasons.as_slice()),
    }
}
