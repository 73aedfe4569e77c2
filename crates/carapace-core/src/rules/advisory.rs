//! What the rules on advisories share: from an advisory that speaks of a package to a finding.

use std::sync::Arc;

use semver::{BuildMetadata, Op, Version, VersionReq};

use super::{Context, Hit, Rule};
use crate::finding::{Confidence, Finding};
use crate::knowledge::advisory::range::Range;
use crate::knowledge::advisory::{Advisory, Kind};
use crate::reach::{FunctionReach, Reachability, Verdict};

/// How many functions, and how many steps of a way, are told.
const LISTED: usize = 8;

/// The findings of a rule that passes on the advisories that it applies to.
pub(crate) fn findings(
    rule: &'static Rule,
    context: &Context<'_>,
    applies: impl Fn(&Hit) -> bool,
    message: impl Fn(&str, &Advisory) -> String,
) -> Vec<Finding> {
    let hits = context.hits.iter().filter(|hit| applies(hit));
    hits.filter_map(|hit| {
        let package = context.graph.get(hit.package)?;
        let advisory = &hit.advisory;
        let subject = format!("{} {}", package.name, package.version);
        let mut finding = context.finding(rule, hit.package, message(&subject, advisory));
        finding.fingerprint = format!("{}:{}", advisory.id, package.id());
        if !hit.certain {
            finding.confidence = Confidence::Low;
        }
        finding.evidence = evidence(&package.version, advisory);
        let reached = context.reached;
        let reached = reached.and_then(|reached| reached.get(&(hit.package, advisory.id.clone())));
        if let Some(reached) = reached {
            if reached.verdict == Verdict::NotReached {
                finding.level = context.level_of_unreached(rule, hit.package);
            }
            finding.evidence.extend(in_words(reached));
            finding.reachability = Some(Arc::clone(reached));
        }
        finding.help = vec![help(&package.name, &package.version, advisory)];
        finding.references.push(advisory.link());
        finding.advisory = Some(Arc::clone(advisory));
        Some(finding)
    })
    .collect()
}

/// Whether a hit is certain, not malicious, and of a kind.
pub(crate) fn is_kind(hit: &Hit, kind: Kind) -> bool {
    hit.certain && !hit.advisory.is_malicious() && hit.advisory.kind() == kind
}

pub(crate) fn evidence(version: &Version, advisory: &Advisory) -> Vec<String> {
    // Of many ranges, only the one that the version is in says something about it.
    let ranges = advisory.ranges.iter();
    let range = ranges.filter(|range| range.contains(version)).map(affected);
    let mut evidence: Vec<String> = range
        .map(|range| format!("affected versions: {range}"))
        .collect();
    if let Some(severity) = advisory.severity() {
        let (score, level) = (severity.score, severity.level.name());
        evidence.push(format!("severity: {score:.1} ({level})"));
    }
    evidence
}

/// Whether functions are reached, a line each, those that are first.
fn in_words(reached: &Reachability) -> Vec<String> {
    let mut functions: Vec<&FunctionReach> = reached.functions.iter().collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.verdict));
    let told = functions.iter().take(LISTED);
    let mut lines: Vec<String> = told.map(|function| function_in_words(function)).collect();
    if functions.len() > LISTED {
        lines.push(format!("and {} more", functions.len() - LISTED));
    }
    lines
}

fn function_in_words(function: &FunctionReach) -> String {
    let verdict = function.verdict.name();
    let mut text = format!("{verdict}: {}: {}", function.function, function.reason);
    let steps = function.path.iter().map(|step| {
        let (package, item, file, line) = (&step.package, &step.item, &step.file, step.line);
        match item.as_str() {
            "" => format!("{package} ({file}:{line})"),
            item => format!("{package} `{item}` ({file}:{line})"),
        }
    });
    let mut steps: Vec<String> = steps.collect();
    if steps.len() > LISTED {
        let rest = steps.len() - LISTED;
        steps.splice(LISTED / 2..LISTED / 2 + rest, [format!("{rest} more")]);
    }
    if !steps.is_empty() {
        text.push_str(": ");
        text.push_str(&steps.join(" > "));
    }
    text
}

fn affected(range: &Range) -> String {
    match (&range.introduced, &range.fixed) {
        (None, None) => "all".to_owned(),
        (Some(from), None) => format!(">={from}"),
        (None, Some(to)) => format!("<{to}"),
        (Some(from), Some(to)) => format!(">={from}, <{to}"),
    }
}

/// What to do about an advisory.
pub(crate) fn help(name: &str, version: &Version, advisory: &Advisory) -> String {
    if advisory.is_malicious() {
        return format!(
            "remove {name}, and treat every machine that built or ran it as compromised"
        );
    }
    let newer = |versions: &[String], word: &str| {
        let newer = versions
            .iter()
            .filter(|requirement| is_newer(requirement, version));
        let newer: Vec<&str> = newer.map(String::as_str).collect();
        (!newer.is_empty()).then(|| format!("{} ({word})", newer.join(" or ")))
    };
    let ways = [
        newer(&advisory.patched, "fixed"),
        newer(&advisory.unaffected, "never affected"),
    ];
    let ways: Vec<String> = ways.into_iter().flatten().collect();
    match (advisory.kind(), ways.is_empty()) {
        (_, false) => format!("move to {name} {}", ways.join(", or ")),
        (Kind::Unmaintained, true) => {
            format!("nobody will fix what comes: look for what can replace {name}")
        }
        (_, true) => format!("no fixed version of {name} is known"),
    }
}

/// Whether a requirement's versions come after a version. An older one would be a step back, which
/// other packages of the graph mostly forbid.
fn is_newer(requirement: &str, version: &Version) -> bool {
    let Ok(requirement) = VersionReq::parse(requirement) else {
        return false;
    };
    requirement.comparators.iter().any(|comparator| {
        let lower = Version {
            major: comparator.major,
            minor: comparator.minor.unwrap_or(0),
            patch: comparator.patch.unwrap_or(0),
            pre: comparator.pre.clone(),
            build: BuildMetadata::EMPTY,
        };
        !matches!(comparator.op, Op::Less | Op::LessEq) && lower.cmp_precedence(version).is_ge()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_ahead_is_a_way_on() {
        let version = Version::new(1, 2, 0);
        for newer in [
            ">=1.2.1",
            ">1.2.0",
            "^2",
            "=1.3.0",
            "~1.3",
            ">=1.3.0, <1.4.0",
        ] {
            assert!(is_newer(newer, &version), "{newer}");
        }
        for older in [
            "<1.0.0",
            "<=1.1.0",
            "=1.1.0",
            "^0.9",
            ">=0.3.0, <0.4.0",
            "nonsense",
        ] {
            assert!(!is_newer(older, &version), "{older}");
        }
    }
}
