//! The toolchain has a known vulnerability
//!
//! An advisory of the database's collection about Rust itself speaks of the version of the compiler
//! that builds the project, of its standard library, of cargo or of rustdoc. The version is the one
//! that the project's `rust-toolchain.toml` pins, else the one that is installed; of a binary, the one
//! that it says has compiled it.
//!
//! ## What to do
//! Move to a newer Rust; build again what is shipped.
//!
//! ## Known problems
//! What builds the shipped program may be another version than the one on this machine.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- toolchain
//! 1.50.0
//! --- rust/std/CVE-2099-0001.md
//! patched = [">= 1.53.0"]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- toolchain
//! 1.53.0
//! --- rust/std/CVE-2099-0001.md
//! patched = [">= 1.53.0"]
//! ```
//!
//! ## References
//! - <https://rust-lang.org/policies/security>

use std::sync::Arc;

use crate::finding::{Finding, Level, Location};
use crate::report::InputKind;
use crate::rules::{Context, Meta, Rule, advisory};

pub(crate) const META: Meta = Meta {
    code: "ADV007",
    level: Level::Deny,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let Some((toolchain, advisories)) = context.toolchain else {
        return Vec::new();
    };
    let version = &toolchain.version;
    // What is known of a binary's packages says nothing of what compiled it.
    let is_project = context.kind != InputKind::Binary;
    let members = is_project.then(|| context.graph.members());
    let member = members.and_then(|members| members.first().copied());
    let advisories = advisories.iter();
    advisories
        .map(|found| {
            let component = &found.package;
            let message = match &found.title {
                Some(title) => format!("{component} of Rust {version} has a fault: {title}"),
                None => format!("{component} of Rust {version} has a known vulnerability"),
            };
            let mut finding = Finding::new(rule, member, message);
            finding.level = context.policy.level(rule, None);
            finding.location = toolchain.pinned.as_ref().map(|place| Location {
                file: place.file.clone(),
                repository_file: None,
                line: place.line,
                column: 1,
                end_line: place.line,
                end_column: 1,
            });
            finding.fingerprint = format!("{}:{component}", found.id);
            finding.evidence = advisory::evidence(version, found);
            finding.help = vec![advisory::help("Rust", version, found)];
            finding.references.push(found.link());
            finding.advisory = Some(Arc::clone(found));
            finding
        })
        .collect()
}
