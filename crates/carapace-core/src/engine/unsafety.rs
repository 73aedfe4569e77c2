//! `unsafe`: where unsafe code is, and whether that is what was agreed on.
//!
//! The census is an inventory: without policy or baseline nothing fails. What was asked for (limits,
//! a comparison, rules that are to fail) and cannot be answered for every package, blocks.

use std::sync::Arc;

use super::{InputGaps, Run, Subject, Told};
use crate::census::survey::Survey;
use crate::census::{baseline, budget};
use crate::finding::Level;
use crate::graph::{Graph, PackageIdx};
use crate::policy::Policy;
use crate::report::{ConfigEffect, Gap, Report, Settings};
use crate::rules::Group;
use crate::rules::registry::RULES;

/// What is asked for, and what the edge found out before it.
#[derive(Debug, Clone)]
pub struct UnsafetyRequest {
    /// What to judge.
    pub subject: Subject,
    /// What was found out about its unsafe code.
    pub survey: Survey,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What the edge could not do; among these, why sources were not at hand.
    pub gaps: Vec<Gap>,
}

/// How many packages a gap names.
const NAMED: usize = 5;

/// Judges a census by what the user wants.
#[must_use]
pub fn unsafety(request: UnsafetyRequest, policy: &Policy) -> Report {
    let UnsafetyRequest {
        subject,
        survey,
        config,
        gaps,
    } = request;
    let known = survey.known.as_ref();
    let changes =
        known.map(|known| baseline::compare(&known.baseline, &subject.graph, &survey.census));
    let told = Told {
        survey: Some(&survey),
        changes: changes.as_ref(),
        ..Told::default()
    };
    let mut run = Run::new("unsafe", policy, config, gaps);
    run.judge(subject, told, |graph, gaps| {
        unanswered(graph, &survey, policy, gaps);
    });
    if let Some(input) = run.inputs.last_mut() {
        input.census = Some(Arc::new(survey.census));
    }
    run.report(Vec::new(), Settings::default())
}

/// What was asked for, and cannot be answered as sources are not at hand.
fn unanswered(graph: &Graph, survey: &Survey, policy: &Policy, gaps: &mut InputGaps<'_>) {
    let unknown = budget::unknown(graph, &survey.census);
    let is_member = |index: PackageIdx| survey.members.iter().any(|m| m.package == index);
    let limits = &policy.unsafety.limits;
    let is_limited = |index: PackageIdx| {
        let named =
            |name: &crate::policy::PackageName| graph.get(index).is_some_and(|p| name.is(p));
        let mut packages = policy.unsafety.packages.iter();
        limits.max.is_some()
            || limits.runtime.is_some()
            || (limits.undocumented.is_some() && is_member(index))
            || packages.any(|said| said.limits.is_set() && named(&said.package))
    };
    // The rules of the group that look at members only: what is new is asked for in its own way.
    let is_ruled = RULES.iter().any(|rule| {
        let mut settings = policy.rules.iter();
        rule.group == Group::Unsafety
            && rule.meta.level < Level::Deny
            && settings.any(|s| s.rule == rule.name && s.level == Some(Level::Deny))
    });
    let questions: [(&'static str, &dyn Fn(PackageIdx) -> bool); 3] = [
        ("budget", &is_limited),
        ("new-unsafe", &|_| survey.known.is_some()),
        ("rules", &|index| is_ruled && is_member(index)),
    ];
    for (what, is_asked) in questions {
        let packages = unknown.iter().copied().filter(|index| is_asked(*index));
        let packages: Vec<PackageIdx> = packages.collect();
        let named = packages.iter().filter_map(|index| graph.get(*index));
        let named: Vec<String> = named
            .take(NAMED)
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        let of = match packages.len() {
            0 => continue,
            1 => named.concat(),
            n if n <= NAMED => format!("{n} packages ({})", named.join(", ")),
            n => format!("{n} packages ({}, …)", named.join(", ")),
        };
        let reason = format!("what is unsafe in {of} is not known: the sources were not read");
        gaps.add(what, None, reason, true);
    }
}

#[cfg(test)]
mod tests;
