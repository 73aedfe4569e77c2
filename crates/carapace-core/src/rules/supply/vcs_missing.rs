//! An archive does not say from which commit it was made
//!
//! `cargo package` writes the commit that it packs into `.cargo_vcs_info.json`. This archive has no
//! such file, or none that can be read: it was packed outside of a repository, by another tool, or by
//! a cargo from before 2018. What is in it can be held against no commit.
//!
//! ## What to do
//! Compare the archive with the sources of the tag that has its version. Ask for releases from a
//! clean checkout.
//!
//! ## Known problems
//! The file is the publisher's own word; one that is there proves nothing by itself.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! - .cargo_vcs_info.json
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + .cargo_vcs_info.json
//! {"git":{"sha1":"0000000000000000000000000000000000000001"},"path_in_vcs":""}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/commands/cargo-package.html#cargo_vcs_infojson-format>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP016",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        if known
            .archive
            .as_ref()
            .is_some_and(|archive| archive.vcs.is_none())
        {
            let message = format!(
                "the archive of {} {} names no commit that it was made from",
                package.name, package.version
            );
            findings.push(context.finding(rule, index, message));
        }
    }
    findings
}
