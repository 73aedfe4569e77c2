//! `publishers`: who can change what a project depends on, and whether what they published looks
//! right.
//!
//! People are an inventory: without policy nothing fails for who they are.

use std::sync::Arc;

use super::{InputGaps, Run, Subject, Told};
use crate::graph::{Graph, Package};
use crate::policy::Policy;
use crate::report::{ConfigEffect, Gap, Report, Settings};
use crate::rules::Rule;
use crate::supply::Supply;
use crate::supply::reach::reached;

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
    let policy = &policy.with_exemptions(supply.today);
    let mut run = Run::new("publishers", policy, config, gaps);
    run.judge(subject, told, |graph, gaps| {
        foreign(graph, &supply, gaps);
        unknown(graph, &supply, gaps);
        outdated(graph, &supply, gaps);
        ageless(graph, &supply, policy, gaps);
    });
    if let Some(input) = run.inputs.last_mut() {
        let reached = reached(&input.graph, &input.details.roles, &supply);
        input.details.reached = Some(Arc::new(reached));
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

/// Packages of which the copy of the index is older than their version.
fn outdated(graph: &Graph, supply: &Supply, gaps: &mut InputGaps<'_>) {
    for (_, package, _) in supply.of_crates_io(graph) {
        let history = supply.history(&package.name);
        let lacks = history.is_some_and(|history| history.get(&package.version).is_none());
        if lacks {
            let reason =
                "the registry's index, or the copy of it that is kept, does not know this version";
            gaps.add("history", Some(package), reason, false);
        }
    }
}

/// What policy wants to be of an age, and of which none is known.
fn ageless(graph: &Graph, supply: &Supply, policy: &Policy, gaps: &mut InputGaps<'_>) {
    let is_exempt = |name: &str, package: &Package| {
        let rule = Rule::find(name);
        rule.is_some_and(|rule| policy.allows(rule, Some(package)).is_some())
    };
    let asked = &policy.publishers;
    for (package, known) in graph.packages().iter().zip(&supply.packages) {
        if !known.is_built || package.source.is_none() {
            continue;
        }
        let is_asked = asked.min_age.is_some() && !is_exempt("young-version", package);
        if is_asked && (supply.published(package).is_none() || supply.today.is_none()) {
            let reason = "when it was published is not known, and `min-age` asks for it";
            gaps.add("min-age", Some(package), reason, true);
        }
        let is_asked = asked.min_account_age.is_some() && !is_exempt("young-account", package);
        if is_asked && !has_known_accounts(package, supply) {
            let reason = "since when the accounts of who publishes it exist is not known, and \
                          `min-account-age` asks for it: `cargo carapace publishers update` fetches that";
            gaps.add("min-account-age", Some(package), reason, true);
        }
    }
}

/// Whether it is known when the accounts were made that a package is published from.
fn has_known_accounts(package: &Package, supply: &Supply) -> bool {
    let people = &supply.people;
    let krate = people.crates.get(&package.name);
    let has_owners = krate.is_some_and(|krate| krate.owners.is_some());
    let users = people.users_of(&package.name, &package.version);
    let is_known = |account| {
        let account = people.accounts.get(account);
        account.is_some_and(|account| account.created.is_some())
    };
    package.is_crates_io() && has_owners && users.keys().all(is_known)
}

/// Packages of which no source says who owns them.
fn unknown(graph: &Graph, supply: &Supply, gaps: &mut InputGaps<'_>) {
    for (_, package, _) in supply.of_crates_io(graph) {
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
