//! The examples of rules on unsound code: one file each, `src/lib.rs` of a package.

use std::collections::BTreeSet;

use super::example::example;
use super::registry::RULES;
use super::{Group, Rule};
use crate::dance;

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| rule.group == Group::Soundness)
}

/// The codes of the rules that find something unsound.
fn codes(text: &str) -> BTreeSet<String> {
    let danced = dance::package(
        vec![dance::read("src/lib.rs", text.as_bytes())],
        dance::one_by_one,
    );
    let faults = danced.files.into_iter().flat_map(|file| file.faults);
    faults.map(|fault| fault.rule).collect()
}

#[test]
fn every_bad_example_is_found_by_its_rule_alone_and_every_good_one_by_none() {
    for rule in rules() {
        let found: Vec<String> = codes(&example(rule, "bad")).into_iter().collect();
        assert_eq!(found, [rule.meta.code], "{}: bad", rule.name);
        let found = codes(&example(rule, "good"));
        assert!(found.is_empty(), "{}: good: {found:?}", rule.name);
    }
}

#[test]
fn examples_of_replaceable_code_are_found_unsound_by_rules_that_say_so_only() {
    for rule in RULES.iter().filter(|rule| rule.group == Group::Dance) {
        let found = codes(&example(rule, "good"));
        assert!(found.is_empty(), "{}: good: {found:?}", rule.name);
    }
}

#[test]
fn a_doubt_tells_its_reasoning_and_what_would_make_it_sound() {
    for rule in rules() {
        let text = example(rule, "bad");
        let danced = dance::package(
            vec![dance::read("src/lib.rs", text.as_bytes())],
            dance::one_by_one,
        );
        for fault in danced.files.iter().flat_map(|file| &file.faults) {
            assert!(
                !fault.chain.is_empty() && !fault.sound.is_empty(),
                "{fault:?}"
            );
            let lines = text.lines().count() as u32;
            assert!(
                fault.chain.iter().all(|link| link.line <= lines),
                "{fault:?}"
            );
        }
    }
}
