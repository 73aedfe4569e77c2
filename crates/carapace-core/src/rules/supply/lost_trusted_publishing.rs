//! A package is no longer published by its workflow
//!
//! The version in the lock of facts was published by the workflow of a repository, without anybody's
//! token, and the version in use by a token or from another repository. That is what a version looks
//! like that somebody published with a stolen token, past the repository and all who review it.
//!
//! ## What to do
//! Do not build before you know why: look for the version's commit and tag in the repository, and for
//! what its maintainers say. Go back to the version in the lock until then. `--write-lock` takes the
//! publisher into the lock.
//!
//! ## Known problems
//! A repository that has got another name looks like another repository. Of versions before the one in
//! the lock nothing is said: they may be from before the workflow.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! parser 1.1.0 by 7
//! --- lock
//! user 7 ann
//! parser owners 7
//! parser 1.0.0 from ann/parser
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! parser 1.1.0 from ann/parser
//! --- lock
//! user 7 ann
//! parser owners 7
//! parser 1.0.0 from ann/parser
//! ```
//!
//! ## References
//! - <https://crates.io/docs/trusted-publishing>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::drift::{drifts, who};

pub(crate) const META: Meta = Meta {
    code: "SUP008",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, drift) in drifts(context) {
        let Some((before, workflow, publisher)) = drift.lost_workflow() else {
            continue;
        };
        let (name, version) = (&package.name, &package.version);
        let message = format!(
            "{name} {version} was published by {}, and {before} by {}",
            who(drift.people, &publisher.value),
            who(drift.lock, workflow),
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("publisher: {}", publisher.origin())];
        finding.help = vec![format!(
            "find out why, and stay at {before} until then: `cargo update {name} --precise {before}`"
        )];
        findings.push(finding);
    }
    findings
}
