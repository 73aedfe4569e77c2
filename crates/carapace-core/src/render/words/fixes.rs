//! What was done about findings, in words.

use super::{count, shown};
use crate::report::{FixChange, FixStatus, Fixed};

/// The first word of a fix's line, and what follows it and a colon. Foreign text is visible.
pub(in crate::render) fn line(fixed: &Fixed) -> (&'static str, String) {
    let word = match fixed.status {
        FixStatus::Applied => "fixed",
        FixStatus::Planned => "would fix",
        FixStatus::None => "not fixed",
    };
    let mut names: Vec<&str> = fixed.findings.iter().map(|f| f.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    (word, shown(&format!("{}: {names}", fixed.subject)))
}

/// What it changes, or why nothing does and what else could be done: a fact a line, with its key.
pub(in crate::render) fn facts(fixed: &Fixed) -> Vec<(&'static str, String)> {
    let mut facts: Vec<_> = fixed.changes.iter().map(change).collect();
    let reason = fixed.reason.iter().map(|reason| ("reason", reason.clone()));
    facts.extend(reason);
    let others = fixed
        .alternatives
        .iter()
        .map(|other| ("help", other.clone()));
    facts.extend(others);
    let notes = fixed.notes.iter().map(|note| ("note", note.clone()));
    facts.extend(notes);
    let facts = facts.into_iter();
    facts.map(|(key, text)| (key, shown(&text))).collect()
}

fn change(change: &FixChange) -> (&'static str, String) {
    match change {
        FixChange::Requirement {
            file,
            line,
            package,
            from,
            to,
        } => (
            "manifest",
            format!("{file}:{line}: {package} \"{from}\" → \"{to}\""),
        ),
        FixChange::Lockfile { package, from, to } => {
            let (from, to) = (from.join(" and "), to.join(" and "));
            let text = match (from.is_empty(), to.is_empty()) {
                (true, _) => format!("{package} {to} is new"),
                (_, true) => format!("{package} {from} is gone"),
                _ => format!("{package} {from} → {to}"),
            };
            ("lockfile", text)
        }
    }
}

/// How much was done, of how much.
pub(in crate::render) fn sum(fixes: &[Fixed]) -> String {
    let (stuck, others): (Vec<_>, Vec<_>) = fixes
        .iter()
        .partition(|fixed| fixed.status == FixStatus::None);
    let of = |fixes: &[&Fixed]| {
        count(
            fixes.iter().map(|f| f.findings.len()).sum(),
            "finding",
            "findings",
        )
    };
    let done = match others.first().map(|fixed| fixed.status) {
        Some(FixStatus::Planned) => {
            format!("{} would go (nothing was changed)", of(&others))
        }
        Some(_) => format!("{} gone", of(&others)),
        None => "nothing was changed".to_owned(),
    };
    match stuck.is_empty() {
        true => done,
        false => format!("{done}; no fix for {}", of(&stuck)),
    }
}
