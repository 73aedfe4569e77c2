//! An ignored advisory is not known
//!
//! A setting or `--ignore` names an advisory that is in none of the databases, neither as an id nor
//! as another name: it is misspelt, or was removed. It hides nothing now, and would hide an advisory
//! that takes that id one day.
//!
//! ## What to do
//! Correct or remove it.
//!
//! ## Known problems
//! A database that is older than the advisory does not know it yet.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- ignore
//! RUSTSEC-2099-9999
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0007.md
//! aliases = ["CVE-2099-0001"]
//! patched = []
//! --- ignore
//! CVE-2099-0001
//! ```

use crate::finding::{Finding, Level};
use crate::policy::Idle;
use crate::rules::{Context, Meta, Rule, policy};

pub(crate) const META: Meta = Meta {
    code: "POL001",
    level: Level::Warn,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    policy::idle(rule, context, Idle::Unknown, |ignore| {
        format!("the ignored advisory {} is in no database", ignore.id)
    })
}
