//! An ignored advisory hides nothing
//!
//! A setting or `--ignore` names an advisory that nothing here has: the package was updated or
//! removed since, or the setting is about another version, package or parent. It would hide the
//! advisory should it come back, and then nobody would have looked at it.
//!
//! ## What to do
//! Remove it.
//!
//! ## Known problems
//! One configuration for several projects names what one of them has; judge them in one run, or say
//! `allow = [{ rule = "unused-ignore", reason = "…" }]`.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0008.md
//! patched = [">= 1.3.0"]
//! --- ignore
//! RUSTSEC-2099-0008
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0008.md
//! patched = [">= 1.3.0"]
//! --- ignore
//! RUSTSEC-2099-0008
//! ```

use crate::finding::{Finding, Level};
use crate::policy::Idle;
use crate::rules::{Context, Meta, Rule, policy};

pub(crate) const META: Meta = Meta {
    code: "POL003",
    level: Level::Warn,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    policy::idle(rule, context, Idle::Unused, |ignore| {
        let of = match (&ignore.package, &ignore.parent) {
            (Some(package), Some(parent)) => format!(" in {package} below {parent}"),
            (Some(package), None) => format!(" in {package}"),
            (None, Some(parent)) => format!(" below {parent}"),
            (None, None) => String::new(),
        };
        format!(
            "the advisory {} is ignored{of}, and nothing has it",
            ignore.id
        )
    })
}
