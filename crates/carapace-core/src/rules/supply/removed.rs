//! A package or version is not in the registry
//!
//! The lockfile says that this package comes from crates.io, but its index does not know the
//! package, or not this version. The registry deletes packages only for harm done or by a mistake
//! of minutes; or the lockfile names something that never was there.
//!
//! ## What to do
//! Find out what it was: the registry's and RustSec's announcements name packages that were removed
//! for harm. If it was one, treat the machines that built it as compromised. Otherwise look where
//! the lockfile's entry comes from.
//!
//! ## Known problems
//! Only the registry's own answer counts: a kept copy of the index, which may be older than the
//! version, gives a gap instead.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"0.9.0","cksum":"aa","yanked":false}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "0.9.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"0.9.0","cksum":"aa","yanked":false}
//! ```
//!
//! ## References
//! - <https://crates.io/policies>

use crate::finding::{Finding, Level};
use crate::knowledge::registry::{Answer, Lookup};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP002",
    level: Level::Deny,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    context
        .lookups()
        .filter_map(|(index, package, lookup)| {
            let what = match lookup {
                Lookup::Fresh(Answer::NoPackage) => "the registry does not know the package",
                Lookup::Fresh(Answer::NoVersion) => "the registry does not know this version",
                _ => return None,
            };
            let message = format!("{} {}: {what}", package.name, package.version);
            let mut finding = context.finding(rule, index, message);
            finding.help = vec![format!(
                "find out why it is gone; if it was removed for harm, treat every machine that \
                 built {} as compromised",
                package.name
            )];
            Some(finding)
        })
        .collect()
}
