//! One account alone can publish a package
//!
//! The package has one owner, and that is a person. What happens to that account happens to the
//! package: there is nobody to take a bad version back, and nobody who is told of a new one. Most
//! packages of crates.io are so; nothing is said of it unless policy asks:
//!
//! ```toml
//! [rules]
//! warn = ["single-owner"]
//! ```
//!
//! ## What to do
//! Of packages that much depends on, ask the owner to add a second one, or take a version only after
//! some days (`min-age`).
//!
//! ## Known problems
//! A team counts as more than one, though it may have one member: who its members are is not public.
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
//! --- carapace.toml
//! [rules]
//! warn = ["single-owner"]
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
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Finding, Level};
use crate::knowledge::people::AccountId;
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP025",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        let krate = supply.people.crates.get(&package.name);
        let Some(owners) = krate.and_then(|krate| krate.owners.as_ref()) else {
            continue;
        };
        let [owner] = owners.value.as_slice() else {
            continue;
        };
        let is_asked = context.policy.speaks_of(rule, Some(package));
        if !is_asked || !matches!(owner.account, AccountId::User(_)) {
            continue;
        }
        let login = supply.people.login(owner.account);
        let message = format!("{login} alone can publish {}", package.name);
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("owners: {}", owners.origin())];
        findings.push(finding);
    }
    findings
}
