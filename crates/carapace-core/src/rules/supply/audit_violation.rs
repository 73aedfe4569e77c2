//! Others have looked at this version, and say that it is not fit
//!
//! The project's audits, or audits that it imports, as cargo-vet keeps them in `supply-chain/`, name
//! this version as one that breaks a criterion: `violation` in `audits.toml` or `imports.lock`.
//! Somebody has read it and decided so.
//!
//! ## What to do
//! Read the notes of whoever decided, and move to a version that is not named.
//!
//! ## Known problems
//! None.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- supply-chain/audits.toml
//! [[audits.parser]]
//! who = "Ann Lee"
//! criteria = "safe-to-deploy"
//! violation = "<1.1.0"
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- supply-chain/audits.toml
//! [[audits.parser]]
//! who = "Ann Lee"
//! criteria = "safe-to-deploy"
//! violation = "<1.1.0"
//! ```
//!
//! ## References
//! - <https://mozilla.github.io/cargo-vet/audit-entries.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP031",
    level: Level::Deny,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        if known.violations.is_empty() {
            continue;
        }
        let message = format!(
            "{} {} is named in audits as unfit",
            package.name, package.version
        );
        let mut finding = context.finding(rule, index, message);
        let violations = known.violations.iter().map(|violation| {
            let mut text = format!("not {}", violation.criteria.join(", "));
            if !violation.who.is_empty() {
                text += &format!(", says {}", violation.who.join(", "));
            }
            if let Some(import) = &violation.import {
                text += &format!(" (from {import})");
            }
            text
        });
        finding.evidence = violations.collect();
        finding.help = vec!["read the notes there, and move to another version".to_owned()];
        findings.push(finding);
    }
    findings
}
