//! A version changes its build script
//!
//! The build script is made of other sources than that of the version before. That is common, and a
//! good place to begin a review: it is code that runs on every machine that builds the package.
//!
//! ## What to do
//! Read the difference of the build script's files.
//!
//! ## Known problems
//! Changes of a procedural macro are not told: its whole library is one.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + build.rs
//! fn main() {}
//! --- archive/parser-1.0.1
//! + build.rs
//! fn main() { println!("cargo::rerun-if-changed=build.rs"); }
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + build.rs
//! fn main() {}
//! --- archive/parser-1.0.1
//! + build.rs
//! fn main() {}
//! + src/lib.rs
//! pub fn parse() {}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/build-scripts.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP014",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in context.changed_archives() {
        let (Some(before), Some(now)) = (&change.before.build_script, &change.now.build_script)
        else {
            continue;
        };
        if before.hash == now.hash {
            continue;
        }
        let (name, version) = (&change.package.name, &change.package.version);
        let message = format!(
            "{name} {version} has another build script than {}",
            change.from
        );
        let mut finding = context.finding(rule, change.index, message);
        finding.evidence = vec![format!("build script: {}", now.path)];
        findings.push(finding);
    }
    findings
}
