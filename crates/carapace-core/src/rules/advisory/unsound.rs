//! A package has an unsound interface
//!
//! An advisory says that safe code can cause undefined behaviour through this package: its interface
//! breaks the promise of safe Rust, whether or not anyone is known to be hurt by it.
//!
//! ## What to do
//! Move to a version that the advisory calls patched. Until then, read which functions and types it
//! names and see whether you use them in the way that it tells.
//!
//! ## Known problems
//! Whether your program reaches the fault is not judged here.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0003.md
//! informational = "unsound"
//! patched = [">= 1.3.0"]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0003.md
//! informational = "unsound"
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
    code: "ADV003",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    advisory::findings(
        rule,
        context,
        |hit| is_kind(hit, Kind::Unsound),
        |subject, advisory| match &advisory.title {
            Some(title) => format!("{subject} is unsound: {title}"),
            None => format!("{subject} is unsound"),
        },
    )
}
