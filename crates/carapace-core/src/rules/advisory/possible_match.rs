//! A package from elsewhere has the name and version of an affected one
//!
//! An advisory speaks of a package of crates.io. This package comes from a git repository, a folder
//! or another registry, but has the same name and an affected version. Forks and vendored copies
//! mostly keep name, version and fault; a package of your own may just have the same name.
//!
//! The name is compared on this machine. It is sent nowhere.
//!
//! ## What to do
//! Find out whether it is a copy of that package. If it is, treat it as the advisory says; if not,
//! ignore the advisory, with that as the reason.
//!
//! ## Known problems
//! A copy that took the fix without changing the version is reported; a copy that changed its name
//! or version is not.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.1.0"
//! source = "git+https://example.org/parser?branch=fork#0123456789012345678901234567890123456789"
//! --- crates/parser/RUSTSEC-2099-0006.md
//! patched = [">= 1.2.0"]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "git+https://example.org/parser?branch=fork#0123456789012345678901234567890123456789"
//! --- crates/parser/RUSTSEC-2099-0006.md
//! patched = [">= 1.2.0"]
//! ```

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule, advisory};

pub(crate) const META: Meta = Meta {
    code: "ADV006",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    advisory::findings(
        rule,
        context,
        |hit| !hit.certain,
        |subject, advisory| {
            let kind = if advisory.is_malicious() {
                "malicious package"
            } else {
                match advisory.kind().name() {
                    "vulnerability" => "vulnerable package",
                    "notice" => "package with a notice",
                    other => {
                        return format!(
                            "{subject} has the name and version of an {other} package, but another source"
                        );
                    }
                }
            };
            format!("{subject} has the name and version of a {kind}, but another source")
        },
    )
}
