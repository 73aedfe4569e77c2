//! A version brings code that runs during builds, and the one before had none
//!
//! A build script or a procedural macro runs on every machine that builds the package, with the rights
//! of whoever builds. The version before this one had neither. Packages that were taken over mostly
//! got theirs in just one release. Where that code can use the network, load code, or start a program
//! that it names, it counts in full, else a level less: well-known packages get build scripts that ask
//! the compiler what it can do.
//!
//! ## What to do
//! Read the build script or the macro, and what it can do (`--format json` lists that with places).
//! See whether the package's repository has it, and its changelog says why.
//!
//! ## Known problems
//! The version before is the next lower one of which cargo's cache has the archive. Where it has none,
//! nothing is compared, and a gap counts that.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! --- archive/parser-1.0.1
//! + src/lib.rs
//! pub fn parse() {}
//! + build.rs
//! fn main() {}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! + build.rs
//! fn main() {}
//! --- archive/parser-1.0.1
//! + src/lib.rs
//! pub fn parse() {}
//! + build.rs
//! fn main() {}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/build-scripts.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::archive::capability::Part;

pub(crate) const META: Meta = Meta {
    code: "SUP013",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in context.changed_archives() {
        if change.before.runs_at_build() || !change.now.runs_at_build() {
            continue;
        }
        let (name, version) = (&change.package.name, &change.package.version);
        let what = match change.now.is_proc_macro() {
            true => "is a procedural macro",
            false => "has a build script",
        };
        let message = format!(
            "{name} {version} {what}, and {} did not run code during builds",
            change.from
        );
        let mut finding = context.finding(rule, change.index, message);
        if let Some(script) = &change.now.build_script {
            finding
                .evidence
                .push(format!("build script: {}", script.path));
        }
        let abilities = change.now.capabilities.iter();
        let at_build = abilities.filter(|found| found.part != Part::Library);
        let at_build: Vec<_> = at_build.collect();
        if !at_build.iter().any(|found| found.is_severe()) {
            finding.level = context.lesser(rule, change.index);
        }
        finding
            .evidence
            .extend(at_build.iter().map(|found| found.words()));
        finding.help = vec!["read what runs during builds, and why it is new".to_owned()];
        findings.push(finding);
    }
    findings
}
