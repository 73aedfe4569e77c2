//! The versions before a young one were yanked
//!
//! The version in use is the newest of its package and less than 30 days old, at least two releases
//! right below it were yanked, and the last of these had stood for 30 days or more. Owners take back
//! what is broken, mostly within days. Who has stolen an account takes back what is good: with it gone,
//! everybody who resolves anew gets the bad version.
//!
//! ## What to do
//! Look for why they were yanked in the package's changelog or repository, and for whether its owners
//! published this version: above all where it also has a new dependency (`SUP020`).
//!
//! ## Known problems
//! The index does not say when a version was yanked.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.2"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","yanked":true,"pubtime":"2095-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.1","deps":[],"cksum":"bb","yanked":true,"pubtime":"2097-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.2","deps":[],"cksum":"cc","pubtime":"2099-05-31T10:00:00Z"}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.2"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","yanked":false,"pubtime":"2095-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.1","deps":[],"cksum":"bb","yanked":false,"pubtime":"2097-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.2","deps":[],"cksum":"cc","pubtime":"2099-05-31T10:00:00Z"}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/commands/cargo-yank.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::times::{DAY, time};

pub(crate) const META: Meta = Meta {
    code: "SUP023",
    level: Level::Warn,
    is_lowered: false,
};

/// A version is young for so many days, and after as many it has stood.
const YOUNG: i64 = 30;
/// A version that is yanked once a better one is out is usual; so many in a row are not.
const LEAST: usize = 2;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        let (name, version) = (&package.name, &package.version);
        let published = supply.published(package);
        let Some((history, published)) = supply.history(name).zip(published) else {
            continue;
        };
        let is_young = supply
            .days_since(published)
            .is_some_and(|days| days < YOUNG);
        let yanked = history.yanked_below(version).count();
        let last = history
            .before(version)
            .next()
            .and_then(|last| last.published);
        let has_stood = last.is_some_and(|last| published - last >= YOUNG * DAY);
        let is_newest = version.pre.is_empty() && history.is_newest(version);
        if !is_young || yanked < LEAST || !has_stood || !is_newest {
            continue;
        }
        let message = format!("the {yanked} releases of {name} right below {version} were yanked");
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![format!("{name} {version}: published {}", time(published))];
        finding.evidence.extend(supply.yanked_below(package));
        finding
            .evidence
            .extend(supply.published_together(context.graph, package, published));
        findings.push(finding);
    }
    findings
}
