//! A package's sources are not those of its archive
//!
//! The lockfile names an archive by its checksum, and the sources that lie here under its name
//! differ from it: a file was changed, added or taken away after it was unpacked or vendored. What is
//! built is not what was published, reviewed and locked.
//!
//! ## What to do
//! Find out who changed it and why. `cargo vendor` brings back what was published; a change that is
//! meant belongs into a fork, which `[patch]` names for all to see.
//!
//! ## Known problems
//! Without the archive at hand, the list that cargo keeps in the folder is what files are held
//! against; whoever changes a file can change the list.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "aa"
//! --- vendor/parser/.cargo-checksum.json
//! {"files":{"src/lib.rs":"0000000000000000000000000000000000000000000000000000000000000000"},"package":"aa"}
//! --- vendor/parser/src/lib.rs
//! pub fn parse() {}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "aa"
//! --- vendor/parser/.cargo-checksum.json
//! {"files":{"src/lib.rs":"e15aa76c42eb11b315dd032de35f539026f74214d64c1c90d531f811644a08e5"},"package":"aa"}
//! --- vendor/parser/src/lib.rs
//! pub fn parse() {}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/source-replacement.html#directory-sources>
//! - <https://doc.rust-lang.org/cargo/reference/overriding-dependencies.html#the-patch-section>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP004",
    level: Level::Deny,
    is_lowered: true,
};

/// Differences that a finding lists.
const LISTED: usize = 100;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let survey = context.survey.into_iter();
    let edited = survey.flat_map(|survey| &survey.edited);
    edited
        .filter(|edited| !edited.differences.is_empty())
        .filter_map(|edited| {
            let package = context.graph.get(edited.package)?;
            let (name, version) = (&package.name, &package.version);
            let message = format!(
                "the sources of {name} {version} in {} are not those of its archive",
                edited.folder
            );
            let mut finding = context.finding(rule, edited.package, message);
            let differences = edited.differences.iter();
            finding.evidence = differences.take(LISTED).map(ToString::to_string).collect();
            let more = edited.differences.len().saturating_sub(LISTED);
            if more > 0 {
                finding.evidence.push(format!("and {more} more"));
            }
            finding.help = vec![
                "find out who changed them; `cargo vendor` brings back what was published, and \
                 [patch] is for changes that are meant"
                    .to_owned(),
            ];
            Some(finding)
        })
        .collect()
}
