//! What the rules on unsafe code that safe code can replace share: from a proposal to a finding.

use std::collections::{BTreeMap, HashMap};

use super::{Context, Rule};
use crate::census::dance::{Dance, PackageSteps, SiteDance};
use crate::census::{Site, State};
use crate::facts::dance::{Change, Proposal, rust};
use crate::finding::{Finding, Location};
use crate::fix::{Edit, Fix};
use crate::graph::{Graph, PackageIdx};

/// The findings of a rule: its proposals for the packages that were asked for.
pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let Some(dance) = context.dance else {
        return Vec::new();
    };
    let proposed = context
        .proposed
        .get_or_init(|| by_rule(dance, context.graph));
    let own = proposed.get(rule.meta.code).into_iter().flatten();
    own.map(|proposed| proposed.finding(rule, context))
        .collect()
}

/// What is proposed for the packages that were asked for, by the rules' codes.
fn by_rule<'a>(dance: &'a Dance, graph: &'a Graph) -> HashMap<&'a str, Vec<Proposed<'a>>> {
    let mut all: HashMap<&str, Vec<Proposed<'_>>> = HashMap::new();
    for (index, census, steps) in dance.asked(graph) {
        let mut alike: BTreeMap<[&str; 4], u32> = BTreeMap::new();
        for (site, known) in census.sites.iter().zip(&steps.sites) {
            for proposal in &known.proposals {
                let key = [&proposal.rule, &site.file, &site.item, &proposal.code];
                let number = alike.entry(key.map(String::as_str)).or_default();
                *number += 1;
                all.entry(&proposal.rule).or_default().push(Proposed {
                    index,
                    steps,
                    site,
                    known,
                    proposal,
                    number: *number,
                });
            }
        }
    }
    all
}

/// What a rule proposes for a site of a package.
#[derive(Debug)]
pub(crate) struct Proposed<'a> {
    index: PackageIdx,
    steps: &'a PackageSteps,
    site: &'a Site,
    known: &'a SiteDance,
    proposal: &'a Proposal,
    /// Tells it from those before it that are alike.
    number: u32,
}

impl Proposed<'_> {
    fn finding(&self, rule: &'static Rule, context: &Context<'_>) -> Finding {
        let (proposal, number) = (self.proposal, self.number);
        let mut finding = context.finding(rule, self.index, proposal.message.clone());
        let file = self.steps.shown(&self.site.file);
        let span = proposal.span;
        let item = &self.site.item;
        // Where it stands and which version of the package it is does not matter: moved lines and a new
        // release leave it the same.
        let name = context.graph.get(self.index).map(|package| &*package.name);
        finding.fingerprint = format!(
            "{}:{}:{}:{item}:{}#{number}",
            rule.meta.code,
            name.unwrap_or_default(),
            self.site.file,
            proposal.code
        );
        finding.item = (!item.is_empty()).then(|| item.clone());
        finding.evidence = vec![proposal.code.clone()];
        finding.evidence.extend(state(self.site).map(str::to_owned));
        finding.help = vec![help(proposal)];
        let fix = self.known.fix_of(proposal);
        finding.fix = fix.map(|(applicability, changes)| Fix {
            applicability,
            edits: changes.iter().map(|change| edit(&file, change)).collect(),
        });
        finding.location = Some(Location {
            file,
            repository_file: None,
            line: span.line,
            column: span.column,
            end_line: span.end_line,
            end_column: span.end_column,
        });
        finding
    }
}

/// What comes in its place.
fn help(proposal: &Proposal) -> String {
    let since = match proposal.since {
        0 => String::new(),
        minor => format!(" (Rust {})", rust(minor)),
    };
    match proposal.with.as_str() {
        "" => "take it out".to_owned(),
        with => format!("use `{with}`{since}"),
    }
}

/// Why the site is not simply used.
pub(super) fn state(site: &Site) -> Option<&'static str> {
    match site.state {
        State::Active => None,
        State::Unknown => Some("state: unknown, a build script's condition decides"),
        State::Test => Some("state: test, in tests, benchmarks or examples only"),
        State::Macro => Some("state: macro, in the definition of a macro or a template for code"),
        State::Inactive => Some("state: inactive, not compiled here"),
    }
}

fn edit(file: &str, change: &Change) -> Edit {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    Edit {
        file: file.to_owned(),
        start: place(change.start),
        end: place(change.end),
        text: change.text.clone(),
    }
}
