//! `publishers`: who can change what a project depends on, and whether what they published looks
//! right.
//!
//! People are an inventory: without policy nothing fails for who they are.

use std::sync::Arc;

use super::{InputGaps, Run, Subject, Told};
use crate::graph::Graph;
use crate::policy::Policy;
use crate::report::{ConfigEffect, Gap, Report, Settings};
use crate::supply::Supply;

/// What is asked for, and what the edge found out before it.
#[derive(Debug, Clone)]
pub struct PublishersRequest {
    /// What to judge.
    pub subject: Subject,
    /// What was found out about how its packages are published.
    pub supply: Supply,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What the edge could not do.
    pub gaps: Vec<Gap>,
}

/// Judges how packages are published by what the user wants.
#[must_use]
pub fn publishers(request: PublishersRequest, policy: &Policy) -> Report {
    let PublishersRequest {
        subject,
        supply,
        config,
        gaps,
    } = request;
    let told = Told {
        supply: Some(&supply),
        ..Told::default()
    };
    let mut run = Run::new("publishers", policy, config, gaps);
    run.judge(subject, told, |graph, gaps| {
        foreign(graph, &supply, gaps);
        unknown(graph, &supply, gaps);
    });
    if let Some(input) = run.inputs.last_mut() {
        input.supply = Some(Arc::new(supply));
    }
    run.report(Vec::new(), Settings::default())
}

/// Packages from elsewhere: crates.io says nothing of who can change them.
fn foreign(graph: &Graph, supply: &Supply, gaps: &mut InputGaps<'_>) {
    for (package, known) in graph.packages().iter().zip(&supply.packages) {
        if known.is_built && package.source.is_some() && !package.is_crates_io() {
            let reason = "not from crates.io: who can change it is not known";
            gaps.add("people", Some(package), reason, false);
        }
    }
}

/// Packages of which no source says who owns them.
fn unknown(graph: &Graph, supply: &Supply, gaps: &mut InputGaps<'_>) {
    for (package, known) in graph.packages().iter().zip(&supply.packages) {
        if !known.is_built || !package.is_crates_io() {
            continue;
        }
        let krate = supply.people.crates.get(&package.name);
        let is_gone = krate
            .and_then(|krate| krate.exists.as_ref())
            .is_some_and(|exists| !exists.value);
        if !is_gone && krate.is_none_or(|krate| krate.owners.is_none()) {
            let reason = "who owns it is not known: `cargo carapace publishers update` fetches that \
                          for all packages at once";
            gaps.add("people", Some(package), reason, false);
        }
    }
}
