//! What takes another requirement in a manifest.

use crate::support::registry::{Supplied, statuses};

/// A project whose manifest has these dependencies on `parser` 0.3.0, of which only 0.4.5 and above
/// are good.
fn project(dependencies: &str) -> Supplied {
    let project = Supplied::new(
        dependencies,
        &["parser 0.3.0", "other 1.0.0"],
        &["parser 0.4.0", "parser 0.4.5", "parser 0.5.0"],
    );
    project.advisory(1, "parser", "\">= 0.4.5\"");
    project
}

/// Asserts that a fix of a project with these dependencies changes one place of its manifest.
#[track_caller]
fn assert_changes(dependencies: &str, from: &str, to: &str) {
    let project = project(dependencies);
    let before = project.text("Cargo.toml");
    let document = project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.5"], "{document:#}");
    assert_eq!(project.text("Cargo.toml"), before.replacen(from, to, 1));
    project.cargo(&["metadata", "--locked", "--format-version", "1"]);
}

#[test]
fn it_is_written_as_it_was() {
    for (dependencies, from, to) in [
        ("parser = \"0.3\"\n", "0.3", "0.4.5"),
        (
            "# why\nparser   = '~0.3' # because\nother = \"1\"",
            "~0.3",
            "~0.4.5",
        ),
        (
            "parser = { version = \"^0.3.0\", default-features = false } # x\r\n",
            "^0.3.0",
            "^0.4.5",
        ),
        ("parser.version = \"0.3\"\nother = \"*\"\n", "0.3", "0.4.5"),
        (
            "[dependencies.parser]\nfeatures = []\nversion = \">=0.3, <0.4\"\n",
            ">=0.3, <0.4",
            ">=0.4.5, <0.5.0",
        ),
        (
            "renamed = { package = \"parser\", version = \"0.3\" }\n",
            "0.3",
            "0.4.5",
        ),
        (
            "[target.'cfg(unix)'.dev-dependencies]\nparser = \"=0.3.0\"\n",
            "=0.3.0",
            "=0.4.5",
        ),
        ("[build-dependencies]\nparser = \"0.3\"\n", "0.3", "0.4.5"),
    ] {
        assert_changes(dependencies, from, to);
    }
}

#[test]
fn what_is_changed_is_told() {
    let project = project("parser = \"0.3\"\n");
    let document = project.fix(0);
    assert_eq!(statuses(&document), ["applied parser@0.3.0"]);
    let change = &document["fixes"][0]["changes"][0];
    assert_eq!(change["action"], "requirement");
    assert_eq!(change["manifest"], "Cargo.toml");
    assert_eq!(
        (&change["from"], &change["to"]),
        (&"0.3".into(), &"0.4.5".into())
    );
    let line = change["line"].as_u64().unwrap() as usize;
    let text = project.text("Cargo.toml");
    assert_eq!(text.lines().nth(line - 1), Some("parser = \"0.4.5\""));
    let notes = document["fixes"][0]["notes"].to_string();
    assert!(notes.contains("build and test"), "{notes}");
}

#[test]
fn a_workspace_s_shared_requirement_and_a_member_s_own() {
    let project = Supplied::unlocked("");
    project.world.write(
        "project/Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\nresolver = \"2\"\n\n\
         [workspace.dependencies]\nparser = { version = \"0.3\" } # shared\n",
    );
    for (name, dependency) in [
        ("a", "parser.workspace = true"),
        ("b", "parser = { workspace = true, optional = true }"),
        ("c", "again = { package = \"parser\", version = \"0.3.0\" }"),
    ] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[dependencies]\n{dependency}\n"
        );
        project
            .world
            .write(&format!("project/{name}/Cargo.toml"), manifest);
        project
            .world
            .write(&format!("project/{name}/src/lib.rs"), "");
    }
    project.registry.publish(&["parser 0.3.0"]);
    project.lock();
    project.registry.publish(&["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let members = ["a/Cargo.toml", "b/Cargo.toml"].map(|file| project.text(file));
    let document = project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.0"], "{document:#}");
    assert_eq!(
        ["a/Cargo.toml", "b/Cargo.toml"].map(|file| project.text(file)),
        members
    );
    let root = project.text("Cargo.toml");
    assert!(
        root.contains("parser = { version = \"0.4\" } # shared"),
        "{root}"
    );
    let own = project.text("c/Cargo.toml");
    assert!(own.contains("version = \"0.4.0\" }"), "{own}");
    project.cargo(&["check", "--locked"]);
    // From a member's folder, it is the same project.
    let again = project.audit(&["--fix", "a"]).json(0);
    assert_eq!(statuses(&again), [""; 0]);
}

#[test]
fn the_parent_s_requirement_where_it_has_to_be() {
    let project = Supplied::new(
        "user = \"1\"\n",
        &["parser 0.3.0", "user 1.0.0: parser ^0.3"],
        &[
            "parser 0.4.0",
            "user 2.0.0: parser ^0.3",
            "user 2.1.0: parser ^0.4",
        ],
    );
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let document = project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.0"], "{document:#}");
    assert_eq!(project.locked("user"), ["2.1.0"]);
    let manifest = project.text("Cargo.toml");
    assert!(manifest.contains("user = \"2.1\""), "{manifest}");
}

#[test]
fn a_member_and_a_parent_together() {
    let project = Supplied::new(
        "user = \"1\"\nparser = \"0.3\"\n",
        &["parser 0.3.0", "user 1.0.0: parser ^0.3"],
        &["parser 0.4.0", "user 1.1.0: parser ^0.4"],
    );
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let document = project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.0"], "{document:#}");
    assert_eq!(project.locked("user"), ["1.1.0"]);
    assert!(project.text("Cargo.toml").contains("parser = \"0.4\""));
}

#[test]
fn without_a_lockfile_there_is_one_afterwards() {
    let project = Supplied::unlocked("parser = \"0.3\"\n");
    project.registry.publish(&["parser 0.3.0", "parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    project.audit(&["--fix", "--dry-run"]).exits(1);
    assert!(!project.file("Cargo.lock").exists());
    project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.0"]);
}

#[test]
fn a_lockfile_that_does_not_fit_is_fitted() {
    let project = project("parser = \"0.3\"\n");
    let manifest = project.text("Cargo.toml");
    project
        .world
        .write("project/Cargo.toml", format!("{manifest}other = \"1\"\n"));
    project.fix(0);
    assert_eq!(project.locked("parser"), ["0.4.5"]);
    assert_eq!(project.locked("other"), ["1.0.0"]);
}
