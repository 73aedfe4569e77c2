//! A package is unmaintained
//!
//! An advisory says that nobody maintains this package any more: nobody will answer a report or
//! publish a fix.
//!
//! ## What to do
//! Look for a replacement, which the advisory mostly names, or offer to take the package over. There
//! is no hurry as long as nothing else is known of it.
//!
//! ## Known problems
//! Finished and abandoned look alike from outside; the advisory is the word of people who asked.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0004.md
//! informational = "unmaintained"
//! patched = [">= 1.3.0"]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0004.md
//! informational = "unmaintained"
//! patched = [">= 1.3.0"]
//! ```
//!
//! ## References
//! - <https://rustsec.org>

use crate::finding::{Finding, Level};
use crate::knowledge::advisory::Kind;
use crate::rules::advisory::{self, is_kind};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "ADV004",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    advisory::findings(
        rule,
        context,
        |hit| is_kind(hit, Kind::Unmaintained),
        |subject, advisory| match &advisory.title {
            Some(title) => format!("{subject} is unmaintained: {title}"),
            None => format!("{subject} is unmaintained"),
        },
    )
}
