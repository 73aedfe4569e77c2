//! A version is younger than policy wants
//!
//! `min-age` of `[publishers]` in `carapace.toml`, or `--min-age`, says how many days old each version
//! has to be. Harmful releases are mostly found and taken back within hours or days: who waits does
//! not meet them. Days count from the time of publication to the beginning of today.
//!
//! ## What to do
//! Stay on the version before until this one is old enough. What cannot wait, as it mends a
//! vulnerability, is exempt by name, with a reason and a last day:
//!
//! ```toml
//! [[publishers.exempt]]
//! package = "parser@1.0.1"
//! rule = "young-version"
//! reason = "fixes RUSTSEC-2099-0001"
//! until = "2099-06-15"
//! ```
//!
//! ## Known problems
//! A version without a time of publication, from git or from another registry, is no version that is
//! old enough: where an age is asked for it makes the run incomplete, unless it is exempt.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2099-05-27T10:00:00Z"}
//! --- carapace.toml
//! [publishers]
//! min-age = "7days"
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2099-05-24T10:00:00Z"}
//! --- carapace.toml
//! [publishers]
//! min-age = "7days"
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/registry-index.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::times::time;

pub(crate) const META: Meta = Meta {
    code: "SUP022",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let Some(least) = &context.policy.publishers.min_age else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        let Some(published) = supply.published(package) else {
            continue;
        };
        let age = supply.days_since(published).unwrap_or_default();
        if age >= i64::from(least.days) {
            continue;
        }
        let message = format!(
            "{} {} was published {}, which is less than {} days ago",
            package.name,
            package.version,
            time(published),
            least.days
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("min-age: {}", least.origin())];
        let history = supply.history(&package.name);
        let mut before = history.into_iter().flat_map(|h| h.before(&package.version));
        let is_old = |published: i64| {
            let days = supply.days_since(published);
            days.is_some_and(|days| days >= i64::from(least.days))
        };
        let old = before.find(|past| !past.yanked && past.published.is_some_and(is_old));
        if let Some(old) = old {
            finding.help = vec![format!(
                "{} is old enough: `cargo update {} --precise {}`",
                old.version, package.name, old.version
            )];
        }
        findings.push(finding);
    }
    findings
}
