//! There is more unsafe code than agreed on
//!
//! `carapace.toml` limits how much unsafe code there may be, in all packages or in one: `max` of what
//! is built, `runtime` of what is built into what is shipped, `undocumented` of what does not say why
//! it is sound (over all, that counts in the workspace only). There is more.
//!
//! ## What to do
//! See what came: a baseline or `--since REV` shows it site by site. Do without it, or have the new
//! limit agreed on.
//!
//! ## Known problems
//! Sites that a build script's condition decides on count as built. How much there is depends on
//! features and target; check with the same ones.
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
//! --- carapace.toml
//! [unsafe.budget]
//! max = 0
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
//! pub fn first(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     // SAFETY: it is not empty.
//!     unsafe { *bytes.get_unchecked(0) }
//! }
//! --- carapace.toml
//! [unsafe.budget]
//! max = 1
//!
//! [unsafe.packages.app]
//! undocumented = 0
//! ```

use crate::census::PackageCensus;
use crate::census::budget::Counted;
use crate::finding::{Finding, Level, Location};
use crate::graph::{Package, PackageIdx};
use crate::policy::unsafety::{Limit, Limits};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "UNS004",
    level: Level::Deny,
    is_lowered: false,
};

/// Packages that a finding over all of them names: those that have the most.
const NAMED: usize = 10;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let Some(survey) = context.survey else {
        return Vec::new();
    };
    let mut findings = over_all(rule, context, &survey.census.packages);
    for said in &context.policy.unsafety.packages {
        let packages = context.graph.iter().zip(&survey.census.packages);
        for ((index, package), census) in packages {
            if !said.package.is(package) {
                continue;
            }
            let counted = Counted::of(census);
            for (limit, count, what) in exceeded(&said.limits, counted) {
                let (name, version) = (&package.name, &package.version);
                let message = over(&format!("{name} {version}"), limit, count, what);
                let mut finding = context.finding(rule, index, message);
                locate(&mut finding, limit);
                finding.fingerprint = format!("{}:{what}:{name}", rule.meta.code);
                finding.help = help();
                findings.push(finding);
            }
        }
    }
    findings
}

fn over_all(
    rule: &'static Rule,
    context: &Context<'_>,
    packages: &[PackageCensus],
) -> Vec<Finding> {
    let limits = &context.policy.unsafety.limits;
    let counted: Vec<(PackageIdx, &Package, Counted)> = context
        .graph
        .iter()
        .zip(packages)
        .map(|((index, package), census)| (index, package, Counted::of(census)))
        .collect();
    let all = counted.iter();
    let all = all.fold(Counted::default(), |sum, (.., counted)| sum.and(*counted));
    // Only the user's own code is asked for a word on why it is sound.
    let members = context.members().map(|(_, census)| Counted::of(census));
    let undocumented = members.fold(Counted::default(), Counted::and).undocumented;
    let all = Counted {
        undocumented,
        ..all
    };
    let is_member = |index: PackageIdx| {
        let mut members = context.members();
        members.any(|(member, _)| member.package == index)
    };
    let mut findings = Vec::new();
    for (limit, count, what) in exceeded(limits, all) {
        let mut finding = Finding::new(rule, None, over("all packages", limit, count, what));
        finding.level = context.policy.level(rule, None);
        let mut most: Vec<(u32, &Package)> = counted
            .iter()
            .filter(|(index, ..)| what != UNDOCUMENTED || is_member(*index))
            .map(|(_, package, counted)| (of(*counted, what), *package))
            .filter(|(count, _)| *count > 0)
            .collect();
        most.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.name.cmp(&y.name)));
        let most = most.iter().take(NAMED);
        finding.evidence = most
            .map(|(count, package)| format!("{count} in {} {}", package.name, package.version))
            .collect();
        locate(&mut finding, limit);
        finding.fingerprint = format!("{}:{what}", rule.meta.code);
        finding.help = help();
        findings.push(finding);
    }
    findings
}

const BUILT: &str = "built";
const SHIPPED: &str = "shipped";
const UNDOCUMENTED: &str = "undocumented";

/// The limits that are exceeded, by how much there is and of what.
fn exceeded(limits: &Limits, counted: Counted) -> Vec<(&Limit, u32, &'static str)> {
    let all = [
        (&limits.max, BUILT),
        (&limits.runtime, SHIPPED),
        (&limits.undocumented, UNDOCUMENTED),
    ];
    let all = all.into_iter().filter_map(|(limit, what)| {
        let limit = limit.as_ref()?;
        let count = of(counted, what);
        (count > limit.most).then_some((limit, count, what))
    });
    all.collect()
}

fn of(counted: Counted, what: &str) -> u32 {
    match what {
        BUILT => counted.built,
        SHIPPED => counted.runtime,
        _ => counted.undocumented,
    }
}

fn over(whose: &str, limit: &Limit, count: u32, what: &str) -> String {
    let sites = if count == 1 { "site" } else { "sites" };
    let verb = if whose == "all packages" {
        "have"
    } else {
        "has"
    };
    let most = limit.most;
    match what {
        BUILT => format!("{whose} {verb} {count} unsafe {sites}, and {most} are agreed on"),
        SHIPPED => {
            format!(
                "{whose} {verb} {count} unsafe {sites} that are shipped, and {most} are agreed on"
            )
        }
        _ => {
            format!("{whose} {verb} {count} undocumented unsafe {sites}, and {most} are agreed on")
        }
    }
}

fn locate(finding: &mut Finding, limit: &Limit) {
    if let Some(place) = &limit.place {
        finding.location = Some(Location::line(&place.file, place.line));
    }
}

fn help() -> Vec<String> {
    vec!["do without what came, or have a higher limit agreed on".to_owned()]
}
