//! The examples of rules on unsound code: one file each, `src/lib.rs` of a package.

use std::collections::BTreeSet;

use super::example::example;
use super::registry::RULES;
use super::{Group, Rule};
use crate::dance;
use crate::finding::Confidence;

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
fn what_nobody_reaches_is_less_sure_and_a_crates_root_may_lie_anywhere() {
    let text = "pub fn name<'a>(of: &[u8], at: *const str) -> &'a str { unsafe { &*at } }";
    let sure = |path: &str, root: &str| {
        let mut files = vec![dance::read(path, text.as_bytes())];
        if !root.is_empty() {
            files.push(dance::read("src/lib.rs", root.as_bytes()));
        }
        let danced = dance::package(files, dance::one_by_one);
        let faults = danced.files.iter().flat_map(|file| &file.faults);
        faults.map(|fault| fault.confidence).max()
    };
    let (high, medium) = (Some(Confidence::High), Some(Confidence::Medium));
    assert_eq!(sure("src/lib.rs", ""), high);
    assert_eq!(sure("src/names.rs", ""), high);
    assert_eq!(sure("rust/names.rs", ""), high);
    assert_eq!(sure("src/names.rs", "pub mod names;"), high);
    assert_eq!(
        sure("src/names.rs", "mod names; pub use names::name;"),
        high
    );
    assert_eq!(sure("src/names.rs", "mod names;"), medium);
    let hidden = "mod names; mod inner { pub use crate::names::*; }";
    assert_eq!(sure("src/names.rs", hidden), medium);
    assert_eq!(sure("src/lost/names.rs", "pub fn f() {}"), medium);
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
