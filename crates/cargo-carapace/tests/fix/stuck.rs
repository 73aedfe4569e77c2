//! Where nothing helps: why, what else could be done, and that the run does not end well.

use crate::support::registry::{Supplied, statuses};
use crate::support::run::gap;

#[test]
fn no_version_is_free_of_it() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "");
    let before = project.text("Cargo.lock");
    let output = project.fix_shown(1);
    output.shows(&[
        "not fixed: parser 1.2.0: RUSTSEC-2026-0001",
        "no version of parser is free of it; the newest is 1.3.0",
        "replace parser",
    ]);
    assert_eq!(project.text("Cargo.lock"), before);
}

#[test]
fn the_parent_has_no_version_that_takes_it() {
    let project = Supplied::new(
        "user = \"1\"\n",
        &["parser 0.3.0", "user 1.0.0: parser ^0.3"],
        &["parser 0.4.0", "user 1.5.0: parser ^0.3"],
    );
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let document = project.fix(1);
    assert_eq!(statuses(&document), ["none parser@0.3.0"]);
    let fix = &document["fixes"][0];
    assert_eq!(
        fix["reason"],
        "user 1.0.0 asks for parser ^0.3, and none of its versions up to 1.5.0 takes 0.4.0"
    );
    let help = fix["alternatives"][0].as_str().unwrap();
    assert!(help.contains("maintainers of user"), "{help}");
    assert_eq!(document["verdict"], "fail");
}

#[test]
fn what_would_bring_another_fault_is_not_done() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &["deep 1.0.0", "parser 1.3.0: deep ^1"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "deep", "");
    let output = project.fix_shown(1);
    output.shows(&["parser 1.3.0 would bring RUSTSEC-2026-0002 of deep"]);
    assert_eq!(project.locked("parser"), ["1.2.0"]);
    project.registry.publish(&["parser 1.4.0"]);
    project.fix(0);
    assert_eq!(project.locked("parser"), ["1.4.0"]);
}

#[test]
fn what_can_be_is_done_though_something_is_left() {
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
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn a_warning_that_is_left_is_something_that_is_left() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &[]);
    let unmaintained = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"parser\"\n\
                        date = \"2026-06-01\"\ninformational = \"unmaintained\"\n[versions]\n\
                        patched = []\n```\n\n# Nobody\n\nNobody.\n";
    let file = "db/crates/parser/RUSTSEC-2026-0001.md";
    project.world.write(file, unmaintained);
    project.audit(&[]).exits(0);
    project.fix(1);
    // Who agrees to it says so.
    project
        .audit(&["--fix", "--ignore", "RUSTSEC-2026-0001"])
        .exits(0);
}

#[test]
fn offline_only_what_is_known_is_planned_with() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let before = project.text("Cargo.lock");
    let output = project.audit(&["--fix", "-n"]).exits(1);
    assert_eq!(project.text("Cargo.lock"), before, "{output:?}");
    output.shows(&["not fixed: parser 1.2.0"]);
}

#[test]
fn what_is_no_project_is_told_so() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &[]);
    for arguments in [
        &["--fix", "-f", "Cargo.lock"][..],
        &["--fix", "Cargo.lock"],
        &["--fix", "-"],
        &["--fix", "-r", "."],
    ] {
        project
            .audit(arguments)
            .exits(2)
            .says(&["--fix needs projects"]);
    }
    project
        .audit(&["--fix", "--locked"])
        .exits(2)
        .says(&["--locked"]);
    project.audit(&["--dry-run"]).exits(2).says(&["--fix"]);
}

#[test]
fn a_vendored_project_is_not_updated() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.cargo(&["vendor", "--quiet", "--respect-source-config"]);
    let config =
        "[source.crates-io]\nreplace-with = \"own\"\n[source.own]\ndirectory = \"vendor\"\n";
    project.world.write("project/.cargo/config.toml", config);
    let before = project.text("Cargo.lock");
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["cargo vendor"]));
    assert_eq!(project.text("Cargo.lock"), before);
}
