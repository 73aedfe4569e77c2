//! The registry's index and the manifest in the archive declare something else
//!
//! Cargo chooses versions by what the registry's index says of a package, and builds by the manifest
//! in its archive. Here they do not agree on dependencies, features or the native library that is
//! linked: who looks at one of them does not see what the other has.
//!
//! ## What to do
//! Read the manifest in the archive, and ask the package's owners. The registry makes the index from
//! the manifest, so the two differ by a fault, by an attack, or in what is kept on this machine.
//!
//! ## Known problems
//! Dependencies for tests are not compared: a package that is depended on is built without them.
//! The index is cargo's copy of it; where there is none, nothing is compared.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"features":{},"cksum":"aa","yanked":false}
//! --- archive/parser-1.0.0
//! + Cargo.toml
//! [package]
//! name = "parser"
//! version = "1.0.0"
//! [dependencies]
//! hidden = "1.0"
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[{"name":"hidden","req":"^1.0","features":[],"optional":false,"default_features":true,"target":null,"kind":"normal"}],"features":{},"cksum":"aa","yanked":false}
//! --- archive/parser-1.0.0
//! + Cargo.toml
//! [package]
//! name = "parser"
//! version = "1.0.0"
//! [dependencies]
//! hidden = "1.0"
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::archive::differences;

pub(crate) const META: Meta = Meta {
    code: "SUP012",
    level: Level::Deny,
    is_lowered: false,
};

/// Differences that a finding lists.
const LISTED: usize = 20;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        let manifest = known
            .archive
            .as_ref()
            .and_then(|found| found.manifest.as_ref());
        let (Some(indexed), Some(manifest)) = (&known.indexed, manifest) else {
            continue;
        };
        let mut differences = differences(&indexed.declared, &manifest.declared);
        if differences.is_empty() {
            continue;
        }
        let more = differences.len().saturating_sub(LISTED);
        differences.truncate(LISTED);
        if more > 0 {
            differences.push(format!("and {more} more"));
        }
        let (name, version) = (&package.name, &package.version);
        let message =
            format!("the manifest in the archive of {name} {version} is not what the index says");
        let mut finding = context.finding(rule, index, message);
        finding.evidence = differences;
        finding.help = vec!["read the manifest in the archive before you build it".to_owned()];
        findings.push(finding);
    }
    findings
}
