//! The time of an ignored advisory is over
//!
//! A setting ignores an advisory until a day, and that day is over: the advisory counts again.
//!
//! ## What to do
//! See what has become of it: a fix may be there now. Else agree on a new day.
//!
//! ## Known problems
//! The day is that of the machine, in UTC.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- crates/parser/RUSTSEC-2099-0009.md
//! patched = [">= 1.3.0"]
//! --- ignore
//! RUSTSEC-2099-0009 until 2099-01-01
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0009.md
//! patched = [">= 1.3.0"]
//! --- ignore
//! RUSTSEC-2099-0009 until 2099-12-31
//! ```

use crate::finding::{Finding, Level};
use crate::policy::Idle;
use crate::rules::{Context, Meta, Rule, policy};

pub(crate) const META: Meta = Meta {
    code: "POL004",
    level: Level::Warn,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    policy::idle(rule, context, Idle::Expired, |ignore| {
        let until = ignore.until.map(|until| format!(" until {until}"));
        let until = until.unwrap_or_default();
        format!(
            "the advisory {} was ignored{until}, and counts again",
            ignore.id
        )
    })
}
