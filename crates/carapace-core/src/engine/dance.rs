//! `dance`: what of the unsafe code safe code can replace.
//!
//! It is an inventory, as the census is: nothing fails unless policy raises a rule.

use std::sync::Arc;

use super::{InputGaps, Run, Subject, Told};
use crate::census::Census;
use crate::census::dance::{Advised, Asked, Dance, Outlook, nominate as ranked};
use crate::finding::Confidence;
use crate::graph::Graph;
use crate::knowledge::advisory::{Advisory, Collection, Kind};
use crate::policy::Policy;
use crate::report::{ConfigEffect, Edges, Gap, Report, Settings};

/// What is asked for, and what the edge found out before it.
#[derive(Debug, Clone)]
pub struct DanceRequest {
    /// What to judge.
    pub subject: Subject,
    /// Its unsafe code.
    pub census: Census,
    /// What rules propose for its packages, by their places in the graph.
    pub packages: Vec<Asked>,
    /// Advisories that may speak of its packages.
    pub advisories: Vec<Advisory>,
    /// How sure rules have to be that something is unsound, to be told.
    pub confidence: Confidence,
    /// Whether packages are to be ranked by what a dance there would win.
    pub nominate: bool,
    /// Who depends on whom in what is built.
    pub edges: Arc<Edges>,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What the edge could not do; among these, why sources were not at hand.
    pub gaps: Vec<Gap>,
}

/// Judges what rules propose by what the user wants.
#[must_use]
pub fn dance(request: DanceRequest, policy: &Policy) -> Report {
    let DanceRequest {
        subject,
        census,
        mut packages,
        advisories,
        confidence,
        nominate,
        edges,
        config,
        gaps,
    } = request;
    let unread: Vec<_> = packages
        .iter_mut()
        .map(|asked| {
            asked
                .facts
                .as_mut()
                .map(|facts| std::mem::take(&mut facts.gaps))
        })
        .collect();
    let mut dance = Dance::link(census, packages);
    dance.least = confidence;
    dance.advised = advised(&subject.graph, &advisories);
    if nominate {
        dance.nominations = Some(ranked(&subject.graph, &dance, &subject.roles, &edges));
    }
    let told = Told {
        dance: Some(&dance),
        ..Told::default()
    };
    let mut run = Run::new("dance", policy, config, gaps);
    run.judge(subject, told, |graph, gaps| {
        for (package, found) in graph.packages().iter().zip(unread) {
            for gap in found.into_iter().flatten() {
                gaps.of_file("dance", package, gap.path, gap.reason);
            }
        }
        unseen(graph, &dance, gaps);
    });
    if let Some(input) = run.inputs.last_mut() {
        input.dance = Some(Arc::new(dance));
        input.details.edges = Some(edges);
    }
    run.report(Vec::new(), Settings::default())
}

/// Advisories on unsound code that speak of packages of a graph: a vulnerability of memory or threads, or
/// one that says so.
fn advised(graph: &Graph, advisories: &[Advisory]) -> Vec<Advised> {
    const CATEGORIES: [&str; 3] = ["memory-corruption", "memory-exposure", "thread-safety"];
    let is_of_memory = |advisory: &&Advisory| {
        let mut categories = advisory.categories.iter();
        advisory.kind() == Kind::Unsound || categories.any(|own| CATEGORIES.contains(&own.as_str()))
    };
    let mut advised = Vec::new();
    for advisory in advisories.iter().filter(is_of_memory) {
        for (package, of) in graph.iter() {
            let is_own = of.name == advisory.package && advisory.affects(&of.version);
            // The folder of a package may be what is in the registry.
            let is_it = of.source.is_none() || advisory.is_about(of.source.as_deref());
            if is_own && is_it && advisory.collection == Collection::Crates {
                let functions = advisory
                    .affected
                    .iter()
                    .flat_map(|named| named.functions.keys());
                advised.push(Advised {
                    package,
                    advisory: advisory.id.clone(),
                    functions: functions.cloned().collect(),
                });
            }
        }
    }
    advised.sort();
    advised.dedup();
    advised
}

/// What no rule has looked at.
fn unseen(graph: &Graph, dance: &Dance, gaps: &mut InputGaps<'_>) {
    for (index, census, steps) in dance.looked_at(graph) {
        let Some(package) = graph.get(index) else {
            continue;
        };
        let unread = census.sites.iter().zip(&steps.sites);
        let unread = unread.filter(|(_, known)| known.outlook == Outlook::Unread);
        let mut files: Vec<&str> = unread.map(|(site, _)| site.file.as_str()).collect();
        files.dedup();
        for file in files {
            let reason = "unsafe code in it could not be read as expressions: no rule has seen it";
            gaps.of_file("dance", package, file.to_owned(), reason.to_owned());
        }
        if steps.unknown > 0 {
            let reason = "rules looked at places that the census does not have: what they propose \
                          there is left out";
            gaps.add("dance", Some(package), reason, false);
        }
    }
}
