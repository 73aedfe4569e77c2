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
    let mut facts = Vec::new();
    // What the fix is about has its own lines; the rest is what comes with it.
    let (mut others, mut new, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for change in &fixed.changes {
        match change {
            FixChange::Requirement {
                file,
                line,
                package,
                from,
                to,
            } => facts.push((
                "manifest",
                format!("{file}:{line}: {package} \"{from}\" → \"{to}\""),
            )),
            FixChange::Source { file, edits } => {
                let edits = count(*edits, "edit", "edits");
                facts.push(("source", format!("{file}: {edits}")));
            }
            FixChange::Lockfile { package, from, to } => {
                let (from, to) = (from.join(" and "), to.join(" and "));
                let is_subject = fixed.subject.split(' ').next() == Some(package);
                match (from.is_empty(), to.is_empty()) {
                    (true, _) => new.push(format!("{package} {to}")),
                    (_, true) => gone.push(format!("{package} {from}")),
                    _ if is_subject => {
                        facts.push(("lockfile", format!("{package} {from} → {to}")));
                    }
                    _ => others.push(format!("{package} {from} → {to}")),
                }
            }
        }
    }
    let lists = [("lockfile", others), ("new", new), ("gone", gone)];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    facts.extend(lists.map(|(key, list)| (key, list.join(", "))));
    facts.extend(fixed.reason.iter().map(|reason| ("reason", reason.clone())));
    facts.extend(
        fixed
            .alternatives
            .iter()
            .map(|other| ("help", other.clone())),
    );
    facts.extend(fixed.notes.iter().map(|note| ("note", note.clone())));
    let facts = facts.into_iter();
    facts.map(|(key, text)| (key, shown(&text))).collect()
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
