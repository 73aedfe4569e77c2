//! A version was published by somebody who had not published the package
//!
//! The version in use is another than the one in the lock of facts, and who published it neither
//! published a version that is in the lock nor owned the package when that was written.
//!
//! ## What to do
//! See whether the project speaks of its new maintainer or of its workflow, and look at what has
//! changed since the version in the lock. `--write-lock` takes the publisher into the lock.
//!
//! ## Known problems
//! Of a team only the team is known: a member who publishes for the first time is found where a team
//! owns the package, with low confidence.
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
//! user 8 eve
//! parser 1.1.0 by 8
//! --- lock
//! user 7 ann
//! parser 1.0.0 by 7
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! user 8 bob
//! parser 1.1.0 by 8
//! --- lock
//! user 7 ann
//! user 8 bob
//! parser owners 7 8
//! parser 1.0.0 by 7
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Confidence, Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::drift::{drifts, who};

pub(crate) const META: Meta = Meta {
    code: "SUP007",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, drift) in drifts(context) {
        // That says more.
        if drift.lost_workflow().is_some() {
            continue;
        }
        let Some((before, publisher)) = drift.new_publisher() else {
            continue;
        };
        let (name, version) = (&package.name, &package.version);
        let message = format!(
            "{name} {version} was published by {}, who published nothing of it that is in the lock \
             of facts, as {before} is, and did not own it",
            who(drift.people, &publisher.value),
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("publisher: {}", publisher.origin())];
        if drift.had_team() {
            finding.confidence = Confidence::Low;
            let team = "a team owned it, whose members are not known";
            finding.evidence.push(team.to_owned());
        }
        findings.push(finding);
    }
    findings
}
