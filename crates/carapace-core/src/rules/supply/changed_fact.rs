//! The lock of facts says otherwise than the registry what never changes
//!
//! Who published a version and the checksum of its archive never change. The lock in the repository
//! has another publisher or checksum for the version in use than the registry, or another checksum
//! than Cargo.lock. Somebody has written into one of these files what is not so.
//!
//! ## What to do
//! See in your history who changed the lock's entry, or that of Cargo.lock, and why. Do not build
//! before that is clear. Once it is, take the entry out of the lock: `--write-lock` writes nothing
//! while this is found.
//!
//! ## Known problems
//! What the registry says is known only where it was asked, in this run or before: `--verify` asks for
//! all that the lock says.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! user 8 eve
//! parser 1.0.0 by 8
//! --- lock
//! user 7 ann
//! parser 1.0.0 by 7
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! user 8 eve
//! parser 1.0.0 by 8
//! --- lock
//! user 8 eve
//! parser 1.0.0 by 8
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::drift::drifts;

pub(crate) const META: Meta = Meta {
    code: "SUP005",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, drift) in drifts(context) {
        let changed = drift.changed();
        if changed.is_empty() {
            continue;
        }
        let message = format!(
            "the lock of facts says of {} {} what is not so",
            package.name, package.version
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = changed;
        finding.help =
            vec!["find out who changed the lock or Cargo.lock, and do not build before".to_owned()];
        findings.push(finding);
    }
    findings
}
