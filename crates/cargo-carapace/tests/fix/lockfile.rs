//! What an update of the lockfile is enough for.

use crate::support::registry::{Supplied, statuses};
use crate::support::run::found;

#[test]
fn the_nearest_version_that_will_do() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &["parser 1.3.0", "parser 1.4.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let manifest = project.text("Cargo.toml");
    let output = project.fix_shown(0);
    assert_eq!(project.locked("parser"), ["1.3.0"], "{}", output.stdout);
    assert_eq!(project.text("Cargo.toml"), manifest);
    output.shows(&[
        "fixed: parser 1.2.0",
        "RUSTSEC-2026-0001",
        "parser 1.2.0 → 1.3.0",
    ]);
    // The lockfile is cargo's own, and builds.
    project.cargo(&["check", "--locked"]);
    let document = project.fix(0);
    assert_eq!(statuses(&document), [""; 0]);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn all_who_depend_on_it_have_to_take_it() {
    let project = Supplied::new(
        "parser = \"1\"\nuser = \"1\"\n",
        &["parser 1.2.0", "user 1.0.0: parser ~1.2"],
        &["parser 1.2.5", "parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 1.2.5\"");
    project.fix(0);
    assert_eq!(project.locked("parser"), ["1.2.5"]);
}

#[test]
fn of_two_versions_the_faulty_one() {
    let project = Supplied::new(
        "parser = \"1\"\nuser = \"1\"\n",
        &["parser 0.9.0", "parser 1.2.0", "user 1.0.0: parser ^0.9"],
        &["parser 0.9.1", "parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 0.9.1\"");
    project.fix(0);
    assert_eq!(project.locked("parser"), ["0.9.1", "1.2.0"]);
    // Both.
    project.advisory(2, "parser", "\">= 1.3.0\"");
    project.registry.publish(&["user 1.1.0: parser ^1"]);
    let document = project.fix(0);
    assert_eq!(project.locked("parser"), ["1.3.0"], "{document:#}");
    assert_eq!(project.locked("user"), ["1.1.0"]);
}

#[test]
fn the_parent_is_updated_where_it_holds_it_back() {
    let project = Supplied::new(
        "user = \"1\"\n",
        &["parser 1.2.0", "user 1.0.0: parser =1.2.0"],
        &[
            "parser 1.3.0",
            "user 1.1.0: parser =1.2.0",
            "user 1.2.0: parser ^1.3",
        ],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let document = project.fix(0);
    assert_eq!(statuses(&document), ["applied parser@1.2.0"]);
    assert_eq!(project.locked("user"), ["1.2.0"]);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn a_chain_of_two() {
    let project = Supplied::new(
        "top = \"1\"\n",
        &[
            "parser 0.3.0",
            "user 1.0.0: parser ^0.3",
            "top 1.0.0: user ^1",
        ],
        &[
            "parser 0.4.0",
            "user 2.0.0: parser ^0.4",
            "top 1.1.0: user ^2",
        ],
    );
    project.advisory(1, "parser", "\">= 0.4.0\"");
    project.fix(0);
    assert_eq!(project.locked("top"), ["1.1.0"]);
    assert_eq!(project.locked("user"), ["2.0.0"]);
    assert_eq!(project.locked("parser"), ["0.4.0"]);
}

#[test]
fn a_parent_that_lets_go_without_being_changed_further() {
    // Both hold it back, each by itself.
    let project = Supplied::new(
        "one = \"1\"\ntwo = \"1\"\n",
        &[
            "parser 1.2.0",
            "one 1.0.0: parser =1.2.0",
            "two 1.0.0: parser =1.2.0",
        ],
        &[
            "parser 1.3.0",
            "one 1.0.1: parser ^1.2",
            "two 1.0.1: parser ^1.3",
        ],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.fix(0);
    assert_eq!(project.locked("one"), ["1.0.1"]);
    assert_eq!(project.locked("two"), ["1.0.1"]);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn neither_yanked_nor_faulty_versions() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &[
            "parser 1.3.0!",
            "parser 1.4.0",
            "parser 1.5.0-rc.1",
            "parser 1.6.0",
        ],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "parser", "\"< 1.4.0\", \">= 1.5.0\"");
    project.fix(0);
    assert_eq!(project.locked("parser"), ["1.6.0"]);
}

#[test]
fn what_was_yanked_is_replaced() {
    let project = Supplied::unlocked("parser = \"1\"\n");
    project.advisory(1, "other", "\">= 1.3.0\"");
    project.registry.publish(&["parser 1.2.0"]);
    project.lock();
    let project_again = Supplied {
        registry: crate::support::registry::Registry::new(),
        ..project
    };
    project_again.use_registry();
    project_again
        .registry
        .publish(&["parser 1.2.0!", "parser 1.2.1"]);
    let document = project_again.fix(0);
    assert_eq!(statuses(&document), ["applied parser@1.2.0"]);
    assert_eq!(project_again.locked("parser"), ["1.2.1"]);
}

#[test]
fn versions_that_build_with_the_promised_rust() {
    let project = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.2.0"],
        &["parser 1.3.0 rust=1.99", "parser 1.4.0 rust=1.70"],
    );
    let manifest = project.text("Cargo.toml");
    let promised = manifest.replace("edition", "rust-version = \"1.75\"\nedition");
    project.world.write("project/Cargo.toml", promised);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.fix(0);
    assert_eq!(project.locked("parser"), ["1.4.0"]);
}

#[test]
fn what_one_fix_does_away_with_needs_no_other() {
    let project = Supplied::new(
        "user = \"1\"\nparser = \"1\"\n",
        &[
            "deep 1.0.0",
            "parser 1.2.0: deep ^1",
            "user 1.0.0: parser ^1",
        ],
        &["parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "deep", "");
    let document = project.fix(0);
    assert_eq!(project.locked("deep"), [""; 0], "{document:#}");
    assert_eq!(found(&document), [""; 0]);
}

#[test]
fn as_users_of_cargo_audit_type_it() {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    let run = |words: &[&str]| project.world.plain(words).unset("CARGO_HTTP_PROXY");
    let db = project.world.path("db");
    let db = db.to_str().unwrap();
    let before = project.text("Cargo.lock");
    run(&["audit", "fix", "--dry-run", "-d", db])
        .exits(1)
        .shows(&["would fix: parser 1.2.0"]);
    assert_eq!(project.text("Cargo.lock"), before);
    run(&["audit", "-d", db, "fix"])
        .exits(0)
        .shows(&["fixed: parser 1.2.0"]);
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}
