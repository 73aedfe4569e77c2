//! The examples of rules on replaceable unsafe code: one file each, `src/lib.rs` of a package.

use std::collections::BTreeSet;

use super::example::example;
use super::registry::RULES;
use super::{Group, Rule};
use crate::dance;
use crate::facts::dance::{Change, PackageDance};
use crate::fix::{Applicability, Edit, apply};

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| rule.group == Group::Dance)
}

fn danced(text: &str) -> PackageDance {
    dance::package(
        vec![dance::read("src/lib.rs", text.as_bytes())],
        dance::one_by_one,
    )
}

/// The codes of the rules that propose something.
fn codes(text: &str) -> BTreeSet<String> {
    let danced = danced(text);
    let sites = danced.files.iter().flat_map(|file| &file.sites);
    sites
        .flat_map(|site| site.proposals.iter().map(|proposal| proposal.rule.clone()))
        .collect()
}

/// The text after all that can be applied, round after round.
fn fixed(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..4 {
        let danced = danced(&text);
        let mut edits: Vec<Edit> = Vec::new();
        let mut add = |changes: &[Change]| {
            edits.extend(changes.iter().map(|change| Edit {
                file: String::new(),
                start: change.start as usize,
                end: change.end as usize,
                text: change.text.clone(),
            }));
        };
        for site in danced.files.iter().flat_map(|file| &file.sites) {
            match site.plans.first() {
                Some(plan) => add(&plan.changes),
                None => {
                    let mut last = None;
                    for proposal in &site.proposals {
                        // Of several for one place, the newest.
                        if last.replace(&proposal.span) != Some(&proposal.span) {
                            add(&proposal.changes);
                        }
                    }
                }
            }
        }
        if edits.is_empty() {
            break;
        }
        text = apply(&text, &edits).unwrap();
    }
    text
}

#[test]
fn every_bad_example_is_found_and_every_good_one_is_not() {
    for rule in rules() {
        let found = codes(&example(rule, "bad"));
        let code: Vec<String> = vec![rule.meta.code.to_owned()];
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            code,
            "{}: bad",
            rule.name
        );
        let found = codes(&example(rule, "good"));
        assert!(found.is_empty(), "{}: good: {found:?}", rule.name);
    }
}

#[test]
fn applying_the_fixes_to_a_bad_example_gives_the_good_one() {
    for rule in rules() {
        let bad = example(rule, "bad");
        let danced = danced(&bad);
        let mut proposals = danced
            .files
            .iter()
            .flat_map(|f| &f.sites)
            .flat_map(|s| &s.proposals);
        if proposals.all(|proposal| proposal.applicability == Applicability::Display) {
            assert_eq!(fixed(&bad), bad, "{}", rule.name);
            continue;
        }
        let good = example(rule, "good");
        let after = fixed(&bad);
        assert!(
            after == good,
            "{}:\n{after}\n--- expected:\n{good}",
            rule.name
        );
    }
}

#[test]
fn no_rule_speaks_of_another_rules_example() {
    for rule in rules() {
        for mark in ["bad", "good"] {
            for code in codes(&example(rule, mark)) {
                assert_eq!(code, rule.meta.code, "{}: {mark}", rule.name);
            }
        }
    }
}
