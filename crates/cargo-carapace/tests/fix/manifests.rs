//! Where a manifest has to ask for more.

use crate::support::registry::{Supplied, statuses};

#[test]
fn a_requirement_of_a_member_in_its_own_style() {
    let project = Supplied::new(
        "# why we need it\nparser = { version = '0.3', default-features = false } # ours\n",
        &["parser 0.3.0"],
        &[
            "parser 0.4.0",
            "parser 0.4.2",
            "parser 0.4.3",
            "parser 0.5.0",
        ],
    );
    project.advisory(1, "parser", "\">= 0.4.2\"");
    let before = project.text("Cargo.toml");
    let document = project.fix(0);
    assert_eq!(statuses(&document), ["applied parser@0.3.0"]);
    // Shorter, it would take the faulty 0.4.0, too.
    assert_eq!(
        project.text("Cargo.toml"),
        before.replace("'0.3'", "'0.4.2'")
    );
    assert_eq!(project.locked("parser"), ["0.4.2"]);
    let change = &document["fixes"][0]["changes"][0];
    assert_eq!(change["action"], "requirement");
    assert_eq!(change["manifest"], "Cargo.toml");
    assert_eq!(
        (&change["from"], &change["to"]),
        (&"0.3".into(), &"0.4.2".into())
    );
    project.cargo(&["check", "--locked"]);
}

#[test]
fn what_is_exact_stays_exact() {
    let project = Supplied::new(
        "parser = \"=1.2.0\"\n",
        &["parser 1.2.0"],
        &["parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.fix(0);
    assert!(project.text("Cargo.toml").contains("parser = \"=1.3.0\""));
}

#[test]
fn a_renamed_dependency_of_one_platform() {
    let project = Supplied::new("", &["parser 0.3.0"], &[]);
    let manifest = project.text("Cargo.toml");
    let table =
        "[target.'cfg(unix)'.dev-dependencies]\np = { package = \"parser\", version = \"0.3\" }\n";
    project
        .world
        .write("project/Cargo.toml", format!("{manifest}{table}"));
    project.lock();
    project.registry.publish(&["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    project.fix(0);
    let expected = table.replace("\"0.3\"", "\"0.4\"");
    assert_eq!(project.text("Cargo.toml"), format!("{manifest}{expected}"));
    assert_eq!(project.locked("parser"), ["0.4.0"]);
}

#[test]
fn the_workspace_s_own_requirement_for_all_who_inherit_it() {
    let project = Supplied::unlocked("");
    let root = "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"2\"\n\n\
                [workspace.dependencies]\nparser = \"0.3\"\n";
    project.world.write("project/Cargo.toml", root);
    for name in ["a", "b"] {
        let member = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n[dependencies]\nparser.workspace = true\n"
        );
        project
            .world
            .write(&format!("project/{name}/Cargo.toml"), member);
        project
            .world
            .write(&format!("project/{name}/src/lib.rs"), "");
    }
    project.registry.publish(&["parser 0.3.0"]);
    project.lock();
    project.registry.publish(&["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let member = project.text("a/Cargo.toml");
    project.fix(0);
    assert_eq!(project.text("Cargo.toml"), root.replace("0.3", "0.4"));
    assert_eq!(project.text("a/Cargo.toml"), member);
    assert_eq!(project.locked("parser"), ["0.4.0"]);
}

#[test]
fn the_requirement_on_a_parent() {
    let project = Supplied::new(
        "user = \"1\"\n",
        &["parser 0.3.0", "user 1.0.0: parser ^0.3"],
        &[
            "parser 0.4.0",
            "user 1.5.0: parser ^0.3",
            "user 2.0.0: parser ^0.4",
        ],
    );
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let output = project.fix_shown(0);
    assert!(project.text("Cargo.toml").contains("user = \"2\""));
    assert_eq!(project.locked("parser"), ["0.4.0"]);
    output.shows(&["Cargo.toml:7: user \"1\" → \"2\"", "build and test"]);
}

#[test]
fn a_member_and_a_package_at_odds() {
    let project = Supplied::new(
        "parser = \"=1.2.0\"\nuser = \"1\"\n",
        &["parser 1.2.0", "user 1.0.0: parser ^1.2"],
        &["parser 1.3.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.fix(0);
    assert!(project.text("Cargo.toml").contains("parser = \"=1.3.0\""));
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}

#[test]
fn what_is_outside_of_the_workspace_stays() {
    let project = Supplied::unlocked("near = { path = \"near\" }\n");
    let manifest = project.text("Cargo.toml");
    let root = format!("[workspace]\nexclude = [\"near\"]\n\n{manifest}");
    project.world.write("project/Cargo.toml", root);
    let near =
        "[package]\nname = \"near\"\nversion = \"0.1.0\"\n[dependencies]\nparser = \"0.3\"\n";
    project.world.write("project/near/Cargo.toml", near);
    project.world.write("project/near/src/lib.rs", "");
    project.registry.publish(&["parser 0.3.0"]);
    project.lock();
    project.registry.publish(&["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let output = project.fix_shown(1);
    output.shows(&["near/Cargo.toml:5 asks for parser 0.3, which is not this workspace's"]);
    assert_eq!(project.text("near/Cargo.toml"), near);
}
