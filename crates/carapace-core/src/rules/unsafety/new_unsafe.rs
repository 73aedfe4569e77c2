//! Unsafe code is new
//!
//! There is unsafe code that the baseline, or the revision that was named, does not have: in the
//! workspace or in a package that it depends on. A site is known by its file, the item around it, its
//! kind and what is done in it, not by its line: code that only moves within its file is not new, nor
//! is what a new version of a package left as it was.
//!
//! Without a baseline or a revision this rule says nothing.
//!
//! ## What to do
//! Review each site: what must hold for it to be sound, and does it? In your own code, write that
//! beside it, or do without it. Of a dependency, see whether its use of unsafe code is worth it. Then
//! write the baseline anew, and have that change reviewed. `allow-new` in `carapace.toml`, with a
//! reason, lets a package grow.
//!
//! ## Known problems
//! A renamed file or item makes its sites new. Of sites that are alike, the last ones are shown:
//! which of them came later cannot be told. A baseline is of the features and the target that it was
//! written for; write and check it with the same ones. What another feature switches on in a package
//! that did not change is new to a baseline, not to a revision.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- Cargo.toml
//! [package]
//! name = "app"
//! version = "0.1.0"
//! --- src/lib.rs
//! pub fn first(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     // SAFETY: it is not empty.
//!     unsafe { *bytes.get_unchecked(0) }
//! }
//!
//! pub fn last(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     // SAFETY: it is not empty.
//!     unsafe { *bytes.get_unchecked(bytes.len() - 1) }
//! }
//! --- carapace-baseline.toml
//! version = 1
//!
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! sites = [
//!     { file = "src/lib.rs", item = "first", kind = "block", operations = ["unchecked"] },
//! ]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- Cargo.toml
//! [package]
//! name = "app"
//! version = "0.1.0"
//! --- src/lib.rs
//! pub fn last(bytes: &[u8]) -> Option<u8> {
//!     bytes.last().copied()
//! }
//!
//! pub fn first(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     // SAFETY: it is not empty.
//!     unsafe { *bytes.get_unchecked(0) }
//! }
//! --- carapace-baseline.toml
//! version = 1
//!
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! sites = [
//!     { file = "src/lib.rs", item = "first", kind = "block", operations = ["unchecked"] },
//! ]
//! ```

use std::collections::BTreeMap;

use crate::census::baseline::{New, SiteKey};
use crate::census::survey::Survey;
use crate::census::{PackageCensus, Site};
use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule, in_words, operations};

pub(crate) const META: Meta = Meta {
    code: "UNS001",
    level: Level::Deny,
    is_lowered: false,
};

/// Sites of a dependency that a finding lists: no more than people read. The report's packages list
/// all of them.
const LISTED: usize = 100;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let (Some(survey), Some(changes)) = (context.survey, context.changes) else {
        return Vec::new();
    };
    let from = survey.known.as_ref().map_or("", |known| &known.from);
    let mut findings = Vec::new();
    for new in &changes.new {
        let at = context.graph.position(new.package);
        let Some(census) = at.and_then(|at| survey.census.packages.get(at)) else {
            continue;
        };
        findings.extend(
            of_member(rule, context, survey, census, new, from).unwrap_or_else(|| {
                let finding = of_dependency(rule, context, census, new, from);
                finding.into_iter().collect()
            }),
        );
    }
    findings
}

fn sites<'a>(census: &'a PackageCensus, new: &'a New) -> impl Iterator<Item = &'a Site> {
    new.sites.iter().filter_map(|at| census.sites.get(*at))
}

/// In the user's own code each site is a finding; none if the package is not of the workspace.
fn of_member(
    rule: &'static Rule,
    context: &Context<'_>,
    survey: &Survey,
    census: &PackageCensus,
    new: &New,
    from: &str,
) -> Option<Vec<Finding>> {
    let mut members = survey.members.iter();
    let member = members.find(|member| member.package == new.package)?;
    let name = &context.graph.get(new.package)?.name;
    // How many of those that are alike came before tells them apart.
    let mut alike: BTreeMap<SiteKey, u32> = BTreeMap::new();
    let findings = sites(census, new).map(|site| {
        let message = format!("{}: not in {from}", in_words(site));
        let mut finding = context.site(rule, member, site, message);
        let key = SiteKey::of(site);
        let code = rule.meta.code;
        let number = alike.entry(key.clone()).or_default();
        *number += 1;
        finding.fingerprint = format!("{code}:{name}:{key}#{number}");
        finding.help =
            vec!["review it, then write the baseline anew; or do without unsafe code".to_owned()];
        finding
    });
    Some(findings.collect())
}

/// Those of a dependency are one finding.
fn of_dependency(
    rule: &'static Rule,
    context: &Context<'_>,
    census: &PackageCensus,
    new: &New,
    from: &str,
) -> Option<Finding> {
    let package = context.graph.get(new.package)?;
    let (name, version) = (&package.name, &package.version);
    let count = match new.sites.len() {
        1 => "1 unsafe site".to_owned(),
        n => format!("{n} unsafe sites"),
    };
    let message = match &new.known {
        None => format!("{name} {version} is not in {from}, and has {count}"),
        Some(known) if known == version => format!("{name} {version} has {count} not in {from}"),
        Some(known) => format!("{name} {version} has {count} not in {from}, where it is {known}"),
    };
    let mut finding = context.finding(rule, new.package, message);
    let listed = sites(census, new).take(LISTED).map(|site| {
        let place = format!("{}:{}:{}", site.file, site.line, site.column);
        match operations(site) {
            Some(operations) => format!("{place}: {}; {operations}", in_words(site)),
            None => format!("{place}: {}", in_words(site)),
        }
    });
    finding.evidence = listed.collect();
    if let Some(more) = new.sites.len().checked_sub(LISTED).filter(|more| *more > 0) {
        finding.evidence.push(format!("and {more} more"));
    }
    finding.help = vec![format!(
        "review what {name} does there, then write the baseline anew; or do without {name}"
    )];
    Some(finding)
}
