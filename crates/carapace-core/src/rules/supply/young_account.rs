//! An account that can publish a package, or did, is new
//!
//! The account that published the version in use, or one of the package's owners, was made less than 30
//! days ago, or less than `min-account-age` of `[publishers]` or `--min-account-age` asks for. Most
//! impostors are published from accounts of the same week. Teams are not looked at.
//!
//! ## What to do
//! See who the account belongs to, and whether the other owners announced it.
//!
//! ## Known problems
//! The registry's API does not tell when an account was made; the database dump does. Where it is not
//! known, nothing is said; where an age is asked for by name, the run is incomplete.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann 2099-05-20
//! parser owners 7
//! parser 1.0.0 by 7
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! user 7 ann 2095-05-20
//! parser owners 7
//! parser 1.0.0 by 7
//! ```
//!
//! ## References
//! - <https://rustsec.org/categories/malicious.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP024",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let least = context.policy.publishers.account_age();
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        for (account, part) in supply.people.users_of(&package.name, &package.version) {
            let created = supply.people.accounts.get(&account);
            let Some(created) = created.and_then(|account| account.created) else {
                continue;
            };
            let age = supply.today.map(|today| today.days() - created.days());
            if age.is_none_or(|age| age >= i64::from(least)) {
                continue;
            }
            let login = supply.people.login(account);
            let message = format!(
                "{login}, {part} {} {}, has been an account since {created} only",
                package.name, package.version
            );
            let mut finding = context.finding(rule, index, message);
            finding.fingerprint += &format!(":{}", account.number());
            findings.push(finding);
        }
    }
    findings
}
