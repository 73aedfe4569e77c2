//! What of unsafe code safe code could replace, in the words that several formats share.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{count, cut, shown};
use crate::census::dance::{Dance, Outlook, Outlooks, PackageSteps, kept};
use crate::facts::dance::rust;
use crate::finding::{Confidence, Finding};
use crate::fix::Applicability;
use crate::report::{Input, Report};
use crate::rules::Group;

/// Names of what is called that are told if nobody asks for more.
const NAMED: usize = 4;

/// Characters of such a name.
const NAME: usize = 60;

/// `12 unsafe sites: 5 could go (3 automatically, 1 after a look, 1 by hand), 7 stay (1 of them with
/// less in it)`.
pub(in crate::render) fn outlooks(outlooks: &Outlooks) -> String {
    let of = |outlook| outlooks.of(outlook);
    let total = count(outlooks.total(), "unsafe site", "unsafe sites");
    if outlooks.total() == 0 {
        return "no unsafe code".to_owned();
    }
    let mut text = match outlooks.replaceable() {
        0 => format!("{total}: none could go"),
        could => format!(
            "{total}: {could} could go ({} automatically, {} after a look, {} by hand)",
            of(Outlook::Automatic),
            of(Outlook::Look),
            of(Outlook::Shown)
        ),
    };
    let partly = of(Outlook::Partly);
    let stay = partly + of(Outlook::Stays) + of(Outlook::Declared);
    if stay > 0 {
        text += &format!(", {}", count(stay, "stays", "stay"));
    }
    if partly > 0 {
        text += &format!(" ({partly} with less in it)");
    }
    if of(Outlook::Unread) > 0 {
        text += &format!(", {} not read", of(Outlook::Unread));
    }
    text
}

/// What all packages come to that were judged; none where nobody looked.
pub(super) fn sum(report: &Report) -> Option<String> {
    let dances = || {
        let inputs = report.inputs.iter();
        inputs.filter_map(|input| Some((input, input.dance.as_deref()?)))
    };
    dances().next()?;
    let (mut all, mut unseen) = (Outlooks::default(), 0);
    let mut faults: BTreeMap<Reverse<Confidence>, usize> = BTreeMap::new();
    for (input, dance) in dances() {
        let counts = |steps: &PackageSteps| steps.is_asked || dance.nominations.is_some();
        for (_, _, steps) in dance.looked_at(&input.graph).filter(|(_, _, s)| counts(s)) {
            all.merge(&steps.outlooks());
        }
        unseen += dance.unseen;
        for fault in dance.faults(&input.graph) {
            *faults.entry(Reverse(fault.confidence)).or_default() += 1;
        }
    }
    let mut text = outlooks(&all);
    if !faults.is_empty() {
        let places = count(faults.values().sum(), "unsound place", "unsound places");
        let by = faults.iter();
        let by: Vec<String> = by
            .map(|(Reverse(confidence), number)| format!("{number} {}", confidence.name()))
            .collect();
        text += &format!(", {places} ({})", by.join(", "));
    }
    if unseen > 0 {
        let packages = count(unseen, "package", "packages");
        text += &format!(", {packages} not looked at");
    }
    Some(text)
}

/// How the fix of a finding is applied; none of other rules' findings.
pub(in crate::render) fn fix(finding: &Finding) -> Option<&'static str> {
    if finding.rule.group != Group::Dance {
        return None;
    }
    let applicability = finding.fix.as_ref().map(|fix| fix.applicability);
    Some(match applicability {
        Some(Applicability::Safe) => "automatic: --fix applies it",
        Some(Applicability::Unsafe) => "to be looked at: --fix --unsafe-fixes applies it",
        Some(Applicability::Display) | None => "by hand: this only shows the way",
    })
}

/// What an outlook is called in a list of sites.
pub(in crate::render) fn outlook(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Automatic => "goes automatically",
        Outlook::Look => "goes after a look",
        Outlook::Shown => "goes by hand",
        Outlook::Partly => "stays, with less in it",
        Outlook::Stays => "stays",
        Outlook::Declared => "declares: whoever uses it decides",
        Outlook::Unread => "was not read",
    }
}

/// Why sites of a package stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::render) struct Stays {
    /// How many, and what is done there: our own words.
    pub(in crate::render) head: String,
    /// What is called there, as far as it is told; safe to show.
    pub(in crate::render) names: Vec<String>,
    /// How many more names there are.
    pub(in crate::render) more: usize,
    /// What would be needed; none where nothing is done.
    pub(in crate::render) missing: Option<&'static str>,
}

impl Stays {
    /// All of it in one line; `name` says how a name is written.
    pub(in crate::render) fn line(&self, name: impl Fn(&str) -> String) -> String {
        let mut names: Vec<String> = self.names.iter().map(|found| name(found)).collect();
        if self.more > 0 {
            names.push(format!("and {} more", self.more));
        }
        let mut text = self.head.clone();
        if !names.is_empty() {
            text += &format!(" ({})", names.join(", "));
        }
        if let Some(missing) = self.missing {
            text += &format!("; missing: {missing}");
        }
        text
    }
}

/// Why sites of a package stay, the most frequent reason first.
pub(in crate::render) fn stays(steps: &PackageSteps, verbose: bool) -> Vec<Stays> {
    let most = if verbose { usize::MAX } else { NAMED };
    let mut all: Vec<Stays> = kept(steps)
        .iter()
        .map(|kept| {
            let names = kept.names.iter().take(most);
            Stays {
                head: format!(
                    "{}: {}",
                    count(kept.sites, "site", "sites"),
                    kept.reason.does
                ),
                names: names.map(|name| cut(name, NAME)).collect(),
                more: kept.names.len().saturating_sub(most),
                missing: Some(kept.reason.missing),
            }
        })
        .collect();
    let declared = steps.outlooks().of(Outlook::Declared);
    if declared > 0 {
        all.push(Stays {
            head: format!(
                "{}: declares what others use",
                count(declared, "site", "sites")
            ),
            names: Vec::new(),
            more: 0,
            missing: None,
        });
    }
    all
}

/// What a newer compiler would let go; none where nothing.
pub(in crate::render) fn newer(steps: &PackageSteps) -> Option<String> {
    let newer = || steps.sites.iter().filter_map(|site| site.newer);
    let first = newer().min()?;
    let sites = count(newer().count(), "site", "sites");
    Some(format!(
        "of {sites} more could go with a newer Rust, from {} on",
        rust(first)
    ))
}

/// The packages of which findings were asked for and that have unsafe code.
pub(in crate::render) fn with_sites<'a>(
    input: &'a Input,
    dance: &'a Dance,
) -> impl Iterator<Item = (crate::graph::PackageIdx, &'a PackageSteps)> {
    let asked = dance.asked(&input.graph);
    asked.filter_map(|(index, _, steps)| (!steps.sites.is_empty()).then_some((index, steps)))
}

/// Lines of a diff, safe to show: what stands behind a line's sign may not begin like a command to a CI
/// system, which finds that behind white space, too.
pub(in crate::render) fn diff(patch: &str) -> impl Iterator<Item = String> {
    patch.lines().map(|line| {
        let line = shown(&line.replace('\t', "    "));
        match line.trim_start().starts_with("::") {
            true => line.replacen("::", "\\u{3a}:", 1),
            false => line,
        }
    })
}
