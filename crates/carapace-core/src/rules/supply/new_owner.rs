//! A package has an owner that the lock of facts does not know
//!
//! Since the lock was written, an account has become an owner: it can publish new versions. That is
//! how projects grow. It also is what happens before somebody who has talked or broken their way in
//! publishes.
//!
//! ## What to do
//! See whether the project speaks of its new maintainer, and look at new versions with more care than
//! usual. `--write-lock` takes the owner into the lock.
//!
//! ## Known problems
//! Who joins a team that owns the package is not seen. Owners are those of the newest answer: where
//! the registry has not been asked since the lock was written, nothing is found. `--verify` asks.
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
//! user 8 eve
//! parser owners 7 8
//! --- lock
//! user 7 ann
//! parser owners 7
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! user 8 eve
//! parser owners 7 8
//! --- lock
//! user 7 ann
//! user 8 eve
//! parser owners 7 8
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::drift::owner_findings;

pub(crate) const META: Meta = Meta {
    code: "SUP006",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    owner_findings(
        rule,
        context,
        |owners| owners.added(),
        |name, accounts| {
            format!("{name} has an owner that the lock of facts does not know: {accounts}")
        },
    )
}
