//! What can't be fixed is told, with why and what else there is.

use serde_json::Value;

use crate::support::registry::{Supplied, statuses};
use crate::support::run::{found, gap};

/// The only fix of a document, which is none; its reason and its alternatives.
#[track_caller]
fn none(document: &Value) -> (String, String) {
    let fixes = document["fixes"].as_array().unwrap();
    assert_eq!(fixes.len(), 1, "{document:#}");
    assert_eq!(fixes[0]["status"], "none", "{document:#}");
    let reason = fixes[0]["reason"].as_str().unwrap().to_owned();
    (reason, fixes[0]["alternatives"].to_string())
}

/// Asserts that there is no fix, for this reason, and that the project stays what it is.
#[track_caller]
fn assert_stuck(project: &Supplied, reason: &str, alternative: &str) {
    let before = ["Cargo.toml", "Cargo.lock"].map(|file| project.text(file));
    let document = project.fix(1);
    let (because, alternatives) = none(&document);
    assert!(because.contains(reason), "{because}");
    assert!(alternatives.contains(alternative), "{alternatives}");
    assert_eq!(
        ["Cargo.toml", "Cargo.lock"].map(|file| project.text(file)),
        before
    );
    let fingerprint = &document["fixes"][0]["findings"][0];
    assert_eq!(&document["findings"][0]["fingerprint"], fingerprint);
}

#[test]
fn no_patched_version() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "");
    assert_stuck(
        &project,
        "no version of parser is free of it; the newest is 1.3.0",
        "replace parser",
    );
    project.fix_shown(1).shows(&[
        "not fixed: parser 1.2.0",
        "no version of parser",
        "replace parser",
    ]);
}

#[test]
fn a_parent_without_a_release() {
    let project = Supplied::new(
        "user = \"1\"\n",
        &["parser 1.2.0", "user 1.0.0: parser =1.2.0"],
        &["parser 1.3.0", "user 1.1.0: parser =1.2.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    assert_stuck(
        &project,
        "user 1.0.0 asks for parser =1.2.0, and none of its versions up to 1.1.0 takes 1.3.0",
        "ask the maintainers of user",
    );
}

#[test]
fn the_patched_version_was_yanked() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0!"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    assert_stuck(
        &project,
        "no version of parser is free of it",
        "replace parser",
    );
}

#[test]
fn the_patched_version_has_another_fault() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "parser", "\"< 1.3.0\"");
    assert_stuck(
        &project,
        "no version of parser is free of it",
        "replace parser",
    );
}

#[test]
fn what_comes_with_it_has_a_fault() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &["deep 1.0.0", "parser 1.3.0: deep ^1"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "deep", "");
    assert_stuck(
        &project,
        "parser 1.3.0 would bring RUSTSEC-2026-0002 of deep",
        "replace parser",
    );
    // The next one does without.
    project.registry.publish(&["parser 1.4.0"]);
    project.fix(0);
    assert_eq!(project.locked("parser"), ["1.4.0"]);
}

#[test]
fn the_promised_rust_is_kept() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &["parser 1.3.0 rust=1.99"],
    );
    let manifest = project.text("Cargo.toml");
    let promised = manifest.replace("edition", "rust-version = \"1.75\"\nedition");
    project.world.write("project/Cargo.toml", promised);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    assert_stuck(
        &project,
        "needs Rust 1.99.0",
        "raise `rust-version` to 1.99.0",
    );
}

#[test]
fn some_is_fixed_and_the_rest_is_told() {
    let project = Supplied::new(
        "parser = \"1\"\nother = \"1\"\n",
        &["parser 1.2.0", "other 1.0.0"],
        &["parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "other", "");
    let document = project.fix(1);
    assert_eq!(
        statuses(&document),
        ["applied parser@1.2.0", "none other@1.0.0"]
    );
    assert_eq!(found(&document), ["RUSTSEC-2026-0002 other@1.0.0"]);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn what_only_warns_remains_as_well() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &[]);
    project.world.advisory(
        "RUSTSEC-2026-0001",
        "parser",
        "informational = \"unmaintained\"\n",
    );
    project.audit(&[]).exits(0);
    project.fix(1);
}

#[test]
fn what_is_ignored_is_not_touched() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let document = project
        .audit(&["--fix", "--ignore", "RUSTSEC-2026-0001"])
        .json(0);
    assert_eq!(statuses(&document), [""; 0]);
    assert_eq!(project.locked("parser"), ["1.2.0"]);
}

#[test]
fn without_knowledge_of_versions_it_is_incomplete() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let before = project.text("Cargo.lock");
    let document = project.audit(&["--fix", "--offline"]).json(1);
    assert!(gap(&document, "fix", &["not known"]), "{document:#}");
    assert_eq!(statuses(&document), ["none parser@1.2.0"]);
    assert_eq!(project.text("Cargo.lock"), before);
}

#[test]
fn what_cargo_has_is_enough_offline() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let old = project.text("Cargo.lock");
    project.cargo(&["update"]);
    project.cargo(&["fetch"]);
    project.world.write("project/Cargo.lock", old);
    // What is known from before, though what has come since is not.
    project.audit(&[]).exits(1);
    project.registry.publish(&["parser 1.2.1"]);
    project.audit(&["--fix", "--offline"]).json(0);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}
