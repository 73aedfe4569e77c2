//! A version was published by somebody who owns the package no more
//!
//! The account that published the version in use is not among the package's owners, nor is the
//! workflow of a repository. That may be as it should be: maintainers move on. It also is what a
//! version looks like that was published before its owners took the account's rights away.
//!
//! ## What to do
//! See whether later versions were published by the owners of today, and whether the package was
//! handed over. Nothing has to be done where it was.
//!
//! ## Known problems
//! Of who could publish as a member of a team, only the team is known: where a team owns the package,
//! nothing is said.
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
//! user 8 bob
//! parser owners 8
//! parser 1.0.0 by 7
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann
//! user 8 bob
//! parser owners 7 8
//! parser 1.0.0 by 7
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/publishing.html#cargo-owner>

use crate::finding::{Finding, Level};
use crate::knowledge::people::{AccountId, Publisher};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP030",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        let people = &supply.people;
        let Some(krate) = people.crates.get(&package.name) else {
            continue;
        };
        let version = krate.versions.get(&package.version);
        let publisher = version.and_then(|version| version.publisher.as_ref());
        let (Some(owners), Some(publisher)) = (&krate.owners, publisher) else {
            continue;
        };
        let Publisher::User(number) = publisher.value else {
            continue;
        };
        let may = |account: AccountId| match account {
            AccountId::User(owner) => owner == number,
            AccountId::Team(_) => true,
        };
        if owners.value.iter().any(|owner| may(owner.account)) {
            continue;
        }
        let message = format!(
            "{} {} was published by {}, who does not own it",
            package.name,
            package.version,
            people.login(AccountId::User(number)),
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![
            format!("publisher: {}", publisher.origin()),
            format!("owners: {}", owners.origin()),
        ];
        findings.push(finding);
    }
    findings
}
