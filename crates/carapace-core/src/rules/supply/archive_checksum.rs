//! What lies in cargo's cache is not the archive that was locked
//!
//! Cargo checks an archive when it downloads it, and not again when it unpacks it. What lies in its
//! cache under the name of this version has another SHA-256 than the lockfile, or where that has none,
//! than the registry's index: somebody or something changed it on this machine, or it came from
//! elsewhere.
//!
//! ## What to do
//! Find out what changed it: other files of this machine may be changed, too. Then delete the file
//! and the folder that was unpacked from it, and let `cargo fetch` bring the archive again.
//!
//! ## Known problems
//! Cargo's folders for crates.io are looked into, and not those of other registries, which may have
//! another package of the same name.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "aa"
//! --- archive/parser-1.0.0
//! sha256 bb
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "aa"
//! --- archive/parser-1.0.0
//! sha256 aa
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/guide/cargo-home.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP011",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        let Some(other) = &known.other_archive else {
            continue;
        };
        let (name, version) = (&package.name, &package.version);
        let message =
            format!("the archive of {name} {version} in cargo's cache is not what was published");
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("in cargo's cache: {other}")];
        if let Some(locked) = &package.checksum {
            finding.evidence.push(format!("in the lockfile: {locked}"));
        }
        if let Some(indexed) = &known.indexed {
            let checksum = &indexed.checksum;
            finding.evidence.push(format!("in the index: {checksum}"));
        }
        finding.help = vec![format!(
            "find out what changed it, delete {name}-{version}.crate from cargo's cache and its \
             folder from registry/src, and run `cargo fetch`"
        )];
        findings.push(finding);
    }
    findings
}
