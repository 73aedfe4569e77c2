//! Which of several fixes can be applied together.
//!
//! *Invariants.* A fix is chosen whole or not at all; chosen edits never overlap; the same fixes in any
//! order give the same choice.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edit, Fix};

/// What is chosen of fixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The edits of each file, by place, each once.
    pub files: BTreeMap<&'a str, Vec<&'a Edit>>,
    /// For each fix, by its place among those given, whether it is chosen.
    pub is_chosen: Vec<bool>,
}

/// Chooses of fixes: those that change most come first, then by file and place. What changes the same
/// text otherwise than one that was chosen is left.
#[must_use]
pub fn select<'a>(fixes: &[&'a Fix]) -> Choice<'a> {
    let mut order: Vec<(usize, Vec<&'a Edit>)> = fixes
        .iter()
        .map(|fix| {
            let mut edits: Vec<&Edit> = fix.edits.iter().collect();
            edits.sort();
            edits.dedup();
            edits
        })
        .enumerate()
        .collect();
    order.sort_by(|(_, a), (_, b)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    let mut chosen: BTreeMap<&str, BTreeMap<(usize, usize), &Edit>> = BTreeMap::new();
    let mut is_chosen = vec![false; fixes.len()];
    for (at, edits) in order {
        let is_free = |edit: &&Edit| {
            let others = chosen.get(edit.file.as_str());
            others.is_none_or(|others| !is_taken(others, edit))
        };
        if edits.is_empty() || !edits.iter().all(is_free) || contradicts(&edits) {
            continue;
        }
        for edit in edits {
            let file = chosen.entry(edit.file.as_str()).or_default();
            file.insert((edit.start, edit.end), edit);
        }
        if let Some(slot) = is_chosen.get_mut(at) {
            *slot = true;
        }
    }
    let files = chosen.into_iter();
    Choice {
        files: files
            .map(|(file, edits)| (file, edits.into_values().collect()))
            .collect(),
        is_chosen,
    }
}

/// Whether an edit changes what another one changes, otherwise than that.
fn is_taken(others: &BTreeMap<(usize, usize), &Edit>, edit: &Edit) -> bool {
    // The others do not overlap: going back, their ends only come earlier.
    let before = others.range(..=(edit.end, usize::MAX)).rev();
    before
        .take_while(|((_, end), _)| *end >= edit.start)
        .any(|(_, other)| overlaps(other, edit))
}

/// Whether two edits of one file cannot both be made, each as it is meant. The same one twice is one.
fn overlaps(a: &Edit, b: &Edit) -> bool {
    if a == b {
        return false;
    }
    let is_insertion = |edit: &Edit| edit.start == edit.end;
    match (is_insertion(a), is_insertion(b)) {
        // Which text would come first is not said.
        (true, true) => a.start == b.start,
        _ => a.start < b.end && b.start < a.end || (a.start, a.end) == (b.start, b.end),
    }
}

/// For each of the fixes that cannot be applied beside some others, which these are, by their numbers.
#[must_use]
pub fn contradictions(fixes: &[&Fix]) -> BTreeMap<usize, BTreeSet<usize>> {
    // Many fixes may have an edit in common: it is compared once.
    let mut edits: BTreeMap<&Edit, Vec<usize>> = BTreeMap::new();
    for (at, fix) in fixes.iter().enumerate() {
        for edit in &fix.edits {
            edits.entry(edit).or_default().push(at);
        }
    }
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut open: Vec<(&Edit, &[usize])> = Vec::new();
    for (edit, of) in &edits {
        open.retain(|(other, _)| other.file == edit.file && other.end >= edit.start);
        for (_, others) in open.iter().filter(|(other, _)| overlaps(other, edit)) {
            let pairs = of.iter().flat_map(|a| others.iter().map(|b| (*a, *b)));
            for (a, b) in pairs.filter(|(a, b)| a != b) {
                found.entry(a).or_default().insert(b);
                found.entry(b).or_default().insert(a);
            }
        }
        open.push((edit, of));
    }
    found
}

/// Whether a fix by itself is none; edits are sorted.
fn contradicts(edits: &[&Edit]) -> bool {
    let pairs = edits.iter().zip(edits.iter().skip(1));
    pairs
        .filter(|(a, b)| a.file == b.file)
        .any(|(a, b)| overlaps(a, b) || a.end > b.start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fix::{Applicability, apply};

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|(start, end, text)| Edit {
            file: "a".to_owned(),
            start: *start,
            end: *end,
            text: (*text).to_owned(),
        });
        Fix {
            applicability: Applicability::Safe,
            edits: edits.collect(),
        }
    }

    fn chosen(fixes: &[Fix]) -> Vec<bool> {
        let fixes: Vec<&Fix> = fixes.iter().collect();
        select(&fixes).is_chosen
    }

    #[test]
    fn what_changes_most_comes_first_and_parts_of_it_are_no_conflict() {
        let whole = fix(&[(0, 7, ""), (9, 10, "x"), (20, 21, "")]);
        let part = fix(&[(9, 10, "x")]);
        let other = fix(&[(9, 10, "y")]);
        let beside = fix(&[(10, 12, "z"), (21, 21, "!")]);
        let within = fix(&[(3, 4, "z")]);
        assert_eq!(
            chosen(&[other, part, within, whole, beside]),
            [false, true, false, true, true]
        );
    }

    #[test]
    fn two_insertions_at_one_place_have_no_order() {
        let (one, two) = (fix(&[(3, 3, "a")]), fix(&[(3, 3, "b")]));
        assert_eq!(
            chosen(&[two.clone(), one.clone(), one.clone()]),
            [false, true, true]
        );
        assert_eq!(chosen(&[fix(&[(3, 3, "a"), (3, 3, "b")])]), [false]);
        assert_eq!(chosen(&[fix(&[]), two]), [false, true]);
    }

    proptest! {
        #[test]
        fn contradictions_are_those_of_all_pairs(
            fixes in proptest::collection::vec(
                proptest::collection::vec((0_usize..12, 0_usize..4, "[xy]{0,1}"), 0..4),
                0..8,
            ),
        ) {
            let fixes: Vec<Fix> = fixes
                .iter()
                .map(|edits| {
                    let edits = edits.iter().map(|(s, len, text)| (*s, s + len, text.as_str()));
                    fix(&edits.collect::<Vec<_>>())
                })
                .collect();
            let found = contradictions(&fixes.iter().collect::<Vec<_>>());
            for (a, one) in fixes.iter().enumerate() {
                for (b, other) in fixes.iter().enumerate().filter(|(b, _)| *b != a) {
                    let mut pairs = one.edits.iter().flat_map(|a| other.edits.iter().map(move |b| (a, b)));
                    let expected = pairs.any(|(a, b)| overlaps(a, b));
                    let has = found.get(&a).is_some_and(|others| others.contains(&b));
                    prop_assert_eq!(has, expected, "{:?} {:?}", one, other);
                }
            }
        }

        #[test]
        fn what_is_chosen_can_be_applied_in_whatever_order_it_comes(
            fixes in proptest::collection::vec(
                proptest::collection::vec((0_usize..30, 0_usize..4, "[xy]{0,2}"), 0..4),
                0..8,
            ),
        ) {
            let fixes: Vec<Fix> = fixes
                .iter()
                .map(|edits| {
                    let edits = edits.iter().map(|(s, len, text)| (*s, s + len, text.as_str()));
                    fix(&edits.collect::<Vec<_>>())
                })
                .collect();
            let all: Vec<&Fix> = fixes.iter().collect();
            let choice = select(&all);
            let edits: Vec<&Edit> = choice.files.values().flatten().copied().collect();
            let source = "a".repeat(40);
            prop_assert!(apply(&source, edits.iter().copied()).is_ok());
            for (fix, is_chosen) in fixes.iter().zip(&choice.is_chosen) {
                prop_assert!(!is_chosen || fix.edits.iter().all(|edit| edits.contains(&edit)));
            }
            let turned: Vec<&Fix> = fixes.iter().rev().collect();
            prop_assert_eq!(select(&turned).files, choice.files);
        }
    }
}
