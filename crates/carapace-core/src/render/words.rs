//! What several formats say in the same words.
//!
//! *Invariants.* Every text that leaves this module is made [`visible`] and of bounded length, so
//! it holds no line break and nothing that acts; formats pass it on as it is. None of it is to
//! stand first in a line: GitHub's runner obeys `::…` there, even behind white space.

pub(super) mod dance;
pub(super) mod fixes;
pub(super) mod people;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::census::compiled::{PackageComparison, Reconciliation};
use crate::census::summary::{Documented, Status, Summary};
use crate::finding::{Finding, Level};
use crate::graph::units::Role;
use crate::graph::{Graph, PackageIdx};
use crate::report::{
    ConfigEffect, Database, DatabaseOrigin, Input, InputKind, Report, Ruling, Verdict,
};
use crate::rules::Group;
use crate::text::visible;

/// Characters of a text from outside that are shown; titles and reasons have some hundred.
const LONGEST: usize = 1_000;

/// Subjects of a gap that are named.
const NAMED: usize = 3;

/// A text from outside, safe to show and not endless.
pub(super) fn shown(text: &str) -> String {
    cut(text, LONGEST)
}

/// The same with another bound on the characters taken from the text.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => visible(text).into_owned(),
        Some((end, _)) => format!("{}…", visible(text.get(..end).unwrap_or_default())),
    }
}

/// What rustc and SARIF call a level.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    }
}

/// All findings with their inputs, over all inputs by level: where a reader or a service takes
/// only so many, these are the ones that fail.
pub(super) fn by_level(report: &Report) -> Vec<(&Input, &Finding)> {
    let inputs = report.inputs.iter();
    let mut findings: Vec<_> = inputs
        .flat_map(|input| input.findings.iter().map(move |finding| (input, finding)))
        .collect();
    findings.sort_by_key(|(_, finding)| Reverse(finding.level));
    findings
}

/// `3 things`, `1 thing`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What compiler and census come to, in a few lines without any text from outside.
pub(super) fn reconciliation(compared: &Reconciliation) -> Vec<String> {
    let sum = |of: fn(&PackageComparison) -> usize| compared.packages.iter().map(of).sum();
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let of = |of: fn(&PackageComparison) -> u32| -> usize {
        let packages = compared.packages.iter();
        packages.map(|package| number(of(package))).sum()
    };
    let differences = sum(|package| package.compiler_only.len() + package.census_only.len());
    let mut lines = vec![format!(
        "compiled {}: compiler and census agree on {}, {}",
        count(of(|package| package.units), "unit", "units"),
        count(of(|package| package.agreed), "site", "sites"),
        count(differences, "difference", "differences"),
    )];
    let (in_macros, generated) = (of(|p| p.in_macros), of(|p| p.generated));
    if in_macros + generated > 0 {
        lines.push(format!(
            "the compiler also reports {in_macros} in macros' bodies, which the census has apart, \
             and {generated} in generated code"
        ));
    }
    let decided = of(|package| package.decided);
    if decided > 0 {
        lines.push(format!(
            "the compiler decided {} that build scripts' conditions left open",
            count(decided, "site", "sites")
        ));
    }
    lines
}

/// `name 1.2.3`.
pub(super) fn package(graph: &Graph, index: PackageIdx) -> String {
    graph.get(index).map_or_else(
        || "?".to_owned(),
        |package| shown(&format!("{} {}", package.name, package.version)),
    )
}

/// `app 0.1.0 → x 1.2.0 → y 3.0.0`. What does not fit into `width` characters loses packages from
/// its middle: its ends tell who can act, and on what.
pub(super) fn path(graph: &Graph, path: &[PackageIdx], width: Option<usize>) -> String {
    const ARROW: &str = " → ";
    let names: Vec<String> = path.iter().map(|index| package(graph, *index)).collect();
    let whole = names.join(ARROW);
    let fits = |text: &str| width.is_none_or(|width| text.chars().count() <= width);
    let Some((first, rest)) = names.split_first().filter(|_| !fits(&whole)) else {
        return whole;
    };
    let shorter = (1..rest.len()).map(|left_out| {
        let rest = rest.get(left_out..).unwrap_or_default().join(ARROW);
        format!("{first}{ARROW}…{ARROW}{rest}")
    });
    let mut shortest = whole.clone();
    for text in shorter {
        if fits(&text) {
            return text;
        }
        shortest = text;
    }
    shortest
}

/// `RUSTSEC-2026-0001 of 2026-01-02, also CVE-2026-1`; none without an advisory.
pub(super) fn advisory(finding: &Finding) -> Option<String> {
    let advisory = finding.advisory.as_deref()?;
    let mut text = format!("{} of {}", shown(&advisory.id), advisory.date);
    if !advisory.aliases.is_empty() {
        text += &format!(", also {}", shown(&advisory.aliases.join(", ")));
    }
    Some(text)
}

/// What the package of a finding is for; none where that is not known, or no matter.
pub(super) fn roles(input: &Input, finding: &Finding) -> Option<String> {
    if !matches!(finding.rule.group, Group::Advisory | Group::Supply) {
        return None;
    }
    let at = input.graph.position(finding.package?)?;
    let roles = input.details.roles.get(at)?;
    let names: Vec<&str> = roles.iter().map(Role::name).collect();
    let rest = match (input.kind.ships_none_of(*roles), input.kind) {
        (true, InputKind::Binary) => ": not in the binary",
        (true, _) => ": not in what is shipped",
        (false, _) => "",
    };
    (!names.is_empty()).then(|| format!("{}{rest}", names.join(", ")))
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Those that fail and are known vulnerabilities.
    pub(super) vulnerabilities: usize,
    /// The others that fail.
    pub(super) errors: usize,
    /// Those that warn.
    pub(super) warnings: usize,
    /// Those worth knowing.
    pub(super) notes: usize,
}

impl Counts {
    /// Counts a report's findings.
    pub(super) fn of(report: &Report) -> Self {
        let mut counts = Self::default();
        for finding in report.inputs.iter().flat_map(|input| &input.findings) {
            let counter = match finding.level {
                Level::Deny if finding.rule.name == "vulnerability" => &mut counts.vulnerabilities,
                Level::Deny => &mut counts.errors,
                Level::Warn => &mut counts.warnings,
                Level::Note => &mut counts.notes,
            };
            *counter += 1;
        }
        counts
    }

    /// All of them.
    pub(super) fn total(self) -> usize {
        self.vulnerabilities + self.errors + self.warnings + self.notes
    }

    fn text(self) -> String {
        let errors = match self.vulnerabilities {
            0 => ("error", "errors"),
            _ => ("other error", "other errors"),
        };
        let counts = [
            (self.vulnerabilities, "vulnerability", "vulnerabilities"),
            (self.errors, errors.0, errors.1),
            (self.warnings, "warning", "warnings"),
            (self.notes, "note", "notes"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(n, _, _)| *n > 0)
            .map(|(n, one, many)| count(*n, one, many))
            .collect();
        match counts.as_slice() {
            [] => "nothing found".to_owned(),
            counts => counts.join(", "),
        }
    }
}

/// The line that says how the run ended: its first word, and what follows that and a colon.
pub(super) fn summary(report: &Report) -> (&'static str, String) {
    let counts = Counts::of(report);
    let word = match report.verdict {
        Verdict::Fail | Verdict::Incomplete => "error",
        Verdict::Pass if counts.warnings > 0 => "warning",
        Verdict::Pass => "ok",
    };
    let incomplete = match report.verdict {
        Verdict::Incomplete => "incomplete: ",
        Verdict::Pass | Verdict::Fail => "",
    };
    let packages = report.inputs.iter().map(|i| i.graph.packages().len()).sum();
    let packages = count(packages, "package", "packages");
    let place = match report.inputs.as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("{} ({packages})", input(one)),
        many => format!("{} inputs ({packages})", many.len()),
    };
    let counts_text = counts.text();
    if let Some(census) = census(report) {
        // Unsafe code that nobody forbade is no finding, and neither is it nothing.
        let text = match counts.total() {
            0 => format!("{place}: {census}"),
            _ => format!("{counts_text} in {place}; {census}"),
        };
        return (word, format!("{incomplete}{text}"));
    }
    if let Some(dance) = dance::sum(report) {
        let text = match counts.total() {
            0 => format!("{place}: {dance}"),
            _ => format!("{counts_text} in {place}; {dance}"),
        };
        return (word, format!("{incomplete}{text}"));
    }
    let mut judged = report.inputs.iter();
    if let Some(reached) = judged.find_map(|input| input.details.reached.as_ref()) {
        let people = people::sum(reached);
        // That nobody is known is not that nobody can change anything.
        let word = match word {
            "ok" if reached.accounts.is_empty() && reached.sum.crates > 0 => "warning",
            word => word,
        };
        let text = match counts.total() {
            0 => format!("{place}: {people}"),
            _ => format!("{counts_text} in {place}; {people}"),
        };
        return (word, format!("{incomplete}{text}"));
    }
    let databases: Vec<String> = report.databases.iter().map(database).collect();
    let databases = match databases.as_slice() {
        [] => "no advisory database".to_owned(),
        databases => databases.join("; "),
    };
    (
        word,
        format!("{incomplete}{counts_text} in {place}; {databases}"),
    )
}

/// `unsafe code in 3 of them (40 sites at runtime, 2 at build time; 12 of 30 with a SAFETY comment),
/// 2 forbid it`; none if unsafe code was not counted.
fn census(report: &Report) -> Option<String> {
    let censuses: Vec<_> = report.inputs.iter().map(|i| i.census.as_ref()).collect();
    if censuses.iter().all(Option::is_none) {
        return None;
    }
    let (mut total, mut by_status, mut unseen) = (Summary::default(), [0_usize; 3], 0_usize);
    for package in censuses.iter().flatten().flat_map(|c| &c.packages) {
        let summary = Summary::of(package);
        let status = Status::of(package, &summary, false);
        if let Some(count) = by_status.get_mut(status as usize) {
            *count += 1;
        }
        unseen += usize::from(!package.scanned);
        total.merge(&summary);
    }
    let [forbid, _, using] = by_status;
    let (runtime, build) = total.unsafe_code_by_role();
    let Documented { sites, with_safety } = total.documented;
    let runtime = usize::try_from(runtime).unwrap_or(usize::MAX);
    let mut text = format!(
        "unsafe code in {using} of them ({} at runtime, {build} at build time; {with_safety} of \
         {sites} with a SAFETY comment), {} it",
        count(runtime, "site", "sites"),
        count(forbid, "forbids", "forbid"),
    );
    if unseen > 0 {
        text += &format!(", {unseen} not looked at");
    }
    Some(text)
}

/// An input's name.
pub(super) fn input(input: &Input) -> String {
    match input.id.as_str() {
        "-" => "standard input".to_owned(),
        id => shown(id),
    }
}

/// `database of 2026-08-20, 1225 advisories, built in`.
fn database(database: &Database) -> String {
    let info = &database.info;
    let date = match info.date {
        Some(date) => format!("of {date}"),
        None => "of unknown date".to_owned(),
    };
    let origin = match database.origin {
        DatabaseOrigin::Embedded => "built in".to_owned(),
        DatabaseOrigin::Cache => "from the cache".to_owned(),
        DatabaseOrigin::Path => format!("from {}", shown(&info.source)),
    };
    let advisories = count(info.advisories, "advisory", "advisories");
    format!("database {date}, {advisories}, {origin}")
}

/// `.cargo/audit.toml:4 ignores …`.
pub(super) fn effect(effect: &ConfigEffect) -> String {
    let (file, effect_text) = (shown(&effect.file), shown(&effect.effect));
    format!("{file}:{} {effect_text}", effect.line)
}

/// Which configuration ruled: `carapace.toml, under /etc/carapace.toml`.
pub(super) fn ruling(ruling: &Ruling) -> String {
    let file = ruling
        .file
        .as_deref()
        .map_or_else(|| "no configuration".to_owned(), shown);
    match &ruling.floor {
        Some(floor) => format!("{file}, under {}", shown(floor)),
        None => file,
    }
}

/// What was left out, one text each.
pub(super) fn ignored(report: &Report) -> impl Iterator<Item = String> {
    report.ignored.iter().map(|ignored| {
        let code = shown(&ignored.code);
        match ignored.reason.as_str() {
            "" => code,
            reason => format!("{code}: {}", shown(reason)),
        }
    })
}

/// Gaps with the same reason, as one.
#[derive(Debug)]
pub(super) struct GapGroup {
    /// Whether the verdict is `incomplete` for it.
    pub(super) blocking: bool,
    /// What was to be done.
    pub(super) what: &'static str,
    /// That, why it was not, and for what.
    pub(super) text: String,
}

/// The gaps, blocking ones first, each reason once.
pub(super) fn gaps(report: &Report) -> Vec<GapGroup> {
    let mut groups: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for gap in &report.gaps {
        let key = (Reverse(gap.blocking), gap.what, gap.reason.as_str());
        // The part of a package's id behind its source.
        let package = gap.package.as_deref();
        let package = package.map(|id| id.rsplit('#').next().unwrap_or(id));
        let several = report.inputs.len() > 1;
        let input = gap.input.as_deref().filter(|_| several);
        let parts: Vec<String> = [package, gap.path.as_deref(), input]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .map(shown)
            .collect();
        let subjects = groups.entry(key).or_default();
        if !parts.is_empty() {
            subjects.insert(parts.join(" in "));
        }
    }
    groups
        .into_iter()
        .map(|((Reverse(blocking), what, reason), subjects)| {
            let mut text = format!("{what}: {}", shown(reason));
            if !subjects.is_empty() {
                let mut named: Vec<String> = subjects.iter().take(NAMED).cloned().collect();
                if let Some(more @ 1..) = subjects.len().checked_sub(NAMED) {
                    named.push(format!("and {more} more"));
                }
                text += &format!(" ({})", named.join(", "));
            }
            GapGroup {
                blocking,
                what,
                text,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Gap;
    use crate::rules::example;

    #[test]
    fn long_texts_end() {
        let text = shown(&"é\n".repeat(50_000));
        assert!(text.len() < 10 * LONGEST, "{}", text.len());
        assert!(text.ends_with('…') && !text.contains('\n'));
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn paths_lose_their_middle() {
        let mut lock = "--- Cargo.lock\n".to_owned();
        for (name, next) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "")] {
            lock += &format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
            if !next.is_empty() {
                lock += &format!("dependencies = [\"{next}\"]\n");
            }
        }
        let report = example::run(&lock);
        let graph = &report.inputs[0].graph;
        let all: Vec<_> = graph.iter().map(|(index, _)| index).collect();
        assert_eq!(
            path(graph, &all, None),
            "a 1.0.0 → b 1.0.0 → c 1.0.0 → d 1.0.0"
        );
        assert_eq!(
            path(graph, &all, Some(30)),
            "a 1.0.0 → … → c 1.0.0 → d 1.0.0".replace("c 1.0.0 → ", "")
        );
        assert_eq!(
            path(graph, &all, Some(31)),
            "a 1.0.0 → … → c 1.0.0 → d 1.0.0"
        );
        assert_eq!(path(graph, &all, Some(1)), "a 1.0.0 → … → d 1.0.0");
        assert_eq!(path(graph, &all[..1], Some(1)), "a 1.0.0");
    }

    #[test]
    fn a_reason_is_told_once() {
        let mut report =
            example::run("--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n");
        report.gaps = (0..5)
            .map(|n| Gap {
                package: Some(format!("registry+u#p{n}@1.0.0")),
                ..Gap::new("yanked", "no answer")
            })
            .collect();
        report.gaps.push(Gap {
            blocking: true,
            ..Gap::new("database", "old")
        });
        let texts: Vec<_> = gaps(&report).into_iter().map(|gap| gap.text).collect();
        assert_eq!(
            texts,
            [
                "database: old",
                "yanked: no answer (p0@1.0.0, p1@1.0.0, p2@1.0.0, and 2 more)"
            ]
        );
    }
}
