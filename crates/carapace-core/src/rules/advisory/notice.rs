//! A package has a notice
//!
//! An advisory tells something about this package that is neither a vulnerability nor unsoundness nor
//! abandonment, but worth knowing. Informational kinds that this program does not know yet are shown
//! as notices too, so that none is lost.
//!
//! ## What to do
//! Read it.
//!
//! ## Known problems
//! None.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0005.md
//! informational = "notice"
//! patched = [">= 1.3.0"]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0005.md
//! informational = "notice"
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
    code: "ADV005",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    advisory::findings(
        rule,
        context,
        |hit| is_kind(hit, Kind::Notice),
        |subject, advisory| match &advisory.title {
            Some(title) => format!("{subject} has a notice: {title}"),
            None => format!("{subject} has a notice"),
        },
    )
}
