//! An archive was made from files that were not committed
//!
//! `.cargo_vcs_info.json` says that the folder had changes when it was packed
//! (`cargo publish --allow-dirty`). The commit that it names does not hold all that is in the archive.
//!
//! ## What to do
//! Compare the archive with the commit. Mostly it is a version number that a release script wrote, or
//! a file that is generated.
//!
//! ## Known problems
//! Well-known packages are published so; before cargo 1.83 changes were not recorded.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + .cargo_vcs_info.json
//! {"git":{"sha1":"0000000000000000000000000000000000000001","dirty":true},"path_in_vcs":""}
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
    code: "SUP017",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        let vcs = known
            .archive
            .as_ref()
            .and_then(|archive| archive.vcs.as_ref());
        if let Some(vcs) = vcs.filter(|vcs| vcs.is_dirty) {
            let message = format!(
                "the archive of {} {} holds what its commit does not",
                package.name, package.version
            );
            let mut finding = context.finding(rule, index, message);
            finding.evidence = vec![format!("commit: {}", vcs.commit)];
            findings.push(finding);
        }
    }
    findings
}
