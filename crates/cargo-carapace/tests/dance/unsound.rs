//! What is told of code that is unsound, and how sure that has to be.

use serde_json::{Value, json};

use super::project::{findings_of, project};
use crate::support::run::World;

/// A promise without the bound that it needs: sure. One for a pointer of which nothing else is known:
/// likely. The same in a test: nobody's business.
const UNSOUND: &str = "\
use std::cell::UnsafeCell;

pub mod slots {
    pub struct Slot<T>(pub(crate) super::UnsafeCell<Option<T>>);

    impl<T> Slot<T> {
        pub fn new(value: T) -> Self {
            Self(super::UnsafeCell::new(Some(value)))
        }
        pub fn into_inner(self) -> Option<T> {
            self.0.into_inner()
        }
    }

    unsafe impl<T> Send for Slot<T> {}

    pub struct Ref<T>(*const T);

    unsafe impl<T> Sync for Ref<T> {}
}

#[cfg(test)]
mod tests {
    pub struct Own<T>(*mut T);
    unsafe impl<T> Send for Own<T> {}
    unsafe impl<T> Sync for Own<T> {}
}
";

fn unsound(world: &World, arguments: &[&str]) -> Vec<Value> {
    let run = world.plain(&["dance", "--offline"]).args(arguments);
    let document = run.json(0);
    let found = findings_of(&document, "soundness").into_iter();
    found.cloned().collect()
}

#[test]
fn a_finding_has_its_pattern_its_reasoning_and_what_would_make_it_sound() {
    let world = project(UNSOUND);
    let found = unsound(&world, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found[0];
    assert_eq!(finding["pattern"], "SEND_SYNC");
    assert_eq!(finding["confidence"], "high");
    assert_eq!(finding["level"], "warn");
    assert_eq!(finding["item"], "slots::Slot");
    assert_eq!(finding["location"]["file"], "src/lib.rs");
    assert_eq!(finding["location"]["line"], 15);
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("src/lib.rs:4:"), "{evidence}");
    assert!(evidence.contains("src/lib.rs:15:"), "{evidence}");
    assert_eq!(finding["help"], json!(["ask for `T: Send`"]));
    let references = finding["references"].to_string();
    assert!(
        references.contains("rustsec.org/advisories/"),
        "{references}"
    );
}

#[test]
fn what_is_less_sure_is_told_where_it_is_asked_for() {
    let world = project(UNSOUND);
    let items = |confidence: &str| -> Vec<Value> {
        let found = unsound(&world, &["--confidence", confidence]).into_iter();
        found.map(|finding| finding["item"].clone()).collect()
    };
    assert_eq!(items("high"), ["slots::Slot"]);
    assert_eq!(items("medium"), ["slots::Ref", "slots::Slot"]);
    assert_eq!(items("low"), items("medium"));
}

#[test]
fn an_unpacked_package_is_judged_alone_and_people_are_told() {
    let world = project(UNSOUND);
    let output = world.plain(&["dance", "--no-deps", "."]).exits(0);
    output.shows(&[
        "warning[SND001]",
        "--> src/lib.rs:15:",
        "`Slot` is Send whatever `T` is",
        "help: ask for `T: Send`",
    ]);
}

#[test]
fn the_sum_counts_it_and_a_packages_audit_has_it_beside_what_could_go() {
    let world = project(UNSOUND);
    let output = world.plain(&["dance", "--no-deps", ".", "--confidence", "low"]);
    output
        .exits(0)
        .shows(&["2 unsound places (1 high, 1 medium)"]);
    let audit = world.plain(&["dance", "--offline", "--report", "app"]);
    audit.exits(0).shows(&[
        "### Unsound",
        "- [ ] `src/lib.rs:15:5`: <code>&#96;Slot&#96; is Send whatever &#96;T&#96; is",
        "(`SND001`, SEND_SYNC, high confidence)",
        "  - what makes it sound: <code>ask for &#96;T&#58; Send&#96;</code>",
        "### Sites",
    ]);
}

#[test]
fn what_an_advisory_speaks_of_already_is_told_with_it() {
    let world = project(UNSOUND);
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.7\"\n");
    let found = |name: &str| {
        world.write("project/Cargo.toml", manifest(name));
        let document = world.plain(&["dance", "--no-deps", "."]).json(0);
        let found = findings_of(&document, "soundness");
        assert_eq!(found.len(), 1);
        found[0].clone()
    };
    let known = found("may_queue");
    assert_eq!(known["covered_by"], json!(["RUSTSEC-2020-0111"]));
    let evidence = known["evidence"].to_string();
    assert!(
        evidence.contains("may be covered by RUSTSEC-2020-0111, which"),
        "{evidence}"
    );
    assert_eq!(found("may_queue_of_ours")["covered_by"], Value::Null);
}
