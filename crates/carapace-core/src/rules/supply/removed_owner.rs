//! A package has lost an owner that the lock of facts knows
//!
//! Since the lock was written, an account has stopped being an owner: it can publish no new versions.
//! Maintainers move on. Where others took their place at the same time, the package may have been
//! taken over.
//!
//! ## What to do
//! Where it comes with a new owner, find out whether the package was handed over. `--write-lock` takes
//! the owner out of the lock.
//!
//! ## Known problems
//! As of new owners (SUP006): only what the registry has said since the lock was written counts.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! parser owners 7
//! --- lock
//! user 7 ann
//! user 8 bob
//! parser owners 7 8
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! parser owners 7
//! --- lock
//! user 7 ann
//! parser owners 7
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::drift::owner_findings;

pub(crate) const META: Meta = Meta {
    code: "SUP009",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    owner_findings(
        rule,
        context,
        |owners| owners.removed(),
        |name, accounts| {
            format!("{name} has lost an owner that the lock of facts knows: {accounts}")
        },
    )
}
