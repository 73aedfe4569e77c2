//! A version was yanked
//!
//! The owners took this version back: the registry gives it only to those who have it in a lockfile
//! already. Mostly it is broken or has a fault that they do not want to spread.
//!
//! ## What to do
//! `cargo update PACKAGE` chooses a version that was not yanked. If there is none that fits, look
//! for why it was yanked in the package's changelog or repository.
//!
//! ## Known problems
//! The registry does not say why a version was yanked. Whether the check could be made is shown:
//! without the registry and without a kept copy of its index, it is a gap; with `-D yanked`, the
//! run is incomplete.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "aa"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","cksum":"aa","yanked":true}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! checksum = "bb"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","cksum":"aa","yanked":true}
//! {"name":"parser","vers":"1.0.1","cksum":"bb","yanked":false}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/commands/cargo-yank.html>

use crate::finding::{Finding, Level};
use crate::knowledge::registry::Answer;
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP001",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    context
        .answers()
        .filter(|(_, _, answer)| matches!(answer, Answer::Release(release) if release.yanked))
        .map(|(index, package, _)| {
            let message = format!(
                "{} {} was yanked by its owners",
                package.name, package.version
            );
            let mut finding = context.finding(rule, index, message);
            finding.help = vec![format!(
                "choose another version: `cargo update {}`",
                package.name
            )];
            finding
        })
        .collect()
}
