//! A locked checksum is not the registry's
//!
//! The lockfile holds another SHA-256 for this version than the registry's index. A published
//! version never changes, so one of them is wrong: the lockfile was changed, or what was locked came
//! from somewhere else than it says.
//!
//! ## What to do
//! See in your history who changed the lockfile's entry and why. Do not build before that is clear:
//! cargo would refuse the registry's archive, and take any other that fits the lockfile.
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
//! checksum = "ff"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","cksum":"aa","yanked":false}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "AA"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","cksum":"aa","yanked":false}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/registry-index.html>

use crate::finding::{Finding, Level};
use crate::graph::checksum::Checksum;
use crate::knowledge::registry::Answer;
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP003",
    level: Level::Deny,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    context
        .answers()
        .filter_map(|(index, package, answer)| {
            let (Answer::Release(release), Some(locked)) = (answer, &package.checksum) else {
                return None;
            };
            if *locked == Checksum::parse(&release.checksum) {
                return None;
            }
            let message = format!(
                "{} {} has another checksum in the lockfile than in the registry",
                package.name, package.version
            );
            let mut finding = context.finding(rule, index, message);
            finding.evidence = vec![
                format!("in the lockfile: {locked}"),
                format!("in the registry: {}", release.checksum),
            ];
            finding.help = vec![
                "find out who changed the lockfile's entry, and do not build before".to_owned(),
            ];
            Some(finding)
        })
        .collect()
}
