//! What happens to the project's files, and what does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::project::listing;
use crate::support::registry::{Supplied, statuses};
use crate::support::run::gap;

/// A project with a fault that a lockfile's update mends, and one that a manifest's change does.
fn project() -> Supplied {
    let project = Supplied::new(
        "parser = \"1\"\nother = \"0.3\"\n",
        &["parser 1.2.0", "other 0.3.0"],
        &["parser 1.3.0", "other 0.4.0"],
    );
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project.advisory(2, "other", "\">= 0.4.0\"");
    project
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(project: &Supplied) -> Files {
    let all = listing(&project.world.path("project"));
    all.into_iter()
        .map(|(path, (_, bytes))| (path, bytes))
        .collect()
}

#[test]
fn a_dry_run_changes_nothing() {
    let project = project();
    let before = listing(&project.world.path("project"));
    let document = project.audit(&["--fix", "--dry-run"]).json(1);
    assert_eq!(
        statuses(&document),
        ["planned other@0.3.0", "planned parser@1.2.0"]
    );
    assert_eq!(listing(&project.world.path("project")), before);
    assert_eq!(document["findings"].as_array().unwrap().len(), 2);
    // It is what is done then.
    let done = project.fix(0);
    let changes = |document: &serde_json::Value| -> Vec<String> {
        let fixes = document["fixes"].as_array().unwrap();
        fixes.iter().map(|fix| fix["changes"].to_string()).collect()
    };
    assert_eq!(changes(&done), changes(&document));
}

#[test]
fn nothing_else_is_touched() {
    let project = project();
    let mut before = files(&project);
    project.fix(0);
    let mut after = files(&project);
    for file in ["Cargo.toml", "Cargo.lock"] {
        let path = project.file(file);
        assert_ne!(before.remove(&path), after.remove(&path), "{file}");
    }
    assert_eq!(after, before);
}

#[test]
fn where_cargo_fails_all_is_as_before() {
    let project = project();
    let before = files(&project);
    // What the index promises can't be had.
    project.registry.lose("parser", "1.3.0");
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["nothing was changed", "parser"]));
    assert_eq!(files(&project), before);
    assert_eq!(document["findings"].as_array().unwrap().len(), 2);
    let all = ["none other@0.3.0", "none parser@1.2.0"];
    assert_eq!(statuses(&document), all);
}

#[test]
fn where_cargo_fails_there_is_no_lockfile_if_there_was_none() {
    let project = Supplied::unlocked("parser = \"0.3\"\n");
    project.registry.publish(&["parser 0.3.0", "parser 0.4.0"]);
    project.registry.lose("parser", "0.4.0");
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let before = files(&project);
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["nothing was changed"]));
    assert_eq!(files(&project), before);
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_left() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = project();
    let lockfile = project.file("Cargo.lock");
    fs::set_permissions(&lockfile, fs::Permissions::from_mode(0o444)).unwrap();
    let before = files(&project);
    let document = project.fix(1);
    assert!(gap(
        &document,
        "fix",
        &["Cargo.lock", "change its permissions"]
    ));
    assert_eq!(files(&project), before);
    fs::set_permissions(&lockfile, fs::Permissions::from_mode(0o644)).unwrap();
    fs::rename(&lockfile, project.file("real.lock")).unwrap();
    symlink("real.lock", &lockfile).unwrap();
    let before = files(&project);
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["Cargo.lock", "no regular file"]));
    assert_eq!(files(&project), before);
    assert!(fs::symlink_metadata(&lockfile).unwrap().is_symlink());
}

#[test]
fn manifests_outside_of_the_tree_are_left() {
    let project = Supplied::unlocked("near = { path = \"../near\" }\n");
    let near =
        "[package]\nname = \"near\"\nversion = \"0.1.0\"\n[dependencies]\nparser = \"0.3\"\n";
    project.world.write("near/Cargo.toml", near);
    project.world.write("near/src/lib.rs", "");
    project.registry.publish(&["parser 0.3.0"]);
    project.lock();
    project.registry.publish(&["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let before = files(&project);
    let document = project.fix(1);
    assert_eq!(statuses(&document), ["none parser@0.3.0"]);
    let reason = document["fixes"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("not this workspace's to change"),
        "{reason}"
    );
    assert_eq!(files(&project), before);
    let now = fs::read_to_string(project.world.path("near/Cargo.toml")).unwrap();
    assert_eq!(now, near);
}

#[test]
fn packages_in_a_folder_of_the_project_are_not_updated() {
    let project = project();
    project.cargo(&["vendor", "--respect-source-config", "vendor"]);
    project.world.write(
        "project/.cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"ours\"\n[source.ours]\ndirectory = \"vendor\"\n",
    );
    let before = files(&project);
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["cargo vendor"]));
    assert_eq!(files(&project), before);
}

#[test]
fn each_project_by_itself() {
    let project = project();
    for (name, requirement) in [("one", "1"), ("two", "=1.2.0")] {
        let folder = format!("project/{name}");
        project.world.write(
            &format!("{folder}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n[workspace]\n[dependencies]\nparser = \"{requirement}\"\n"
            ),
        );
        project.world.write(&format!("{folder}/src/lib.rs"), "");
        let lock = crate::support::run::lock(&[("parser", "1.2.0")]);
        let lock = lock.replace("\"app\"", &format!("\"{name}\""));
        project.world.write(&format!("{folder}/Cargo.lock"), lock);
    }
    let document = project.audit(&["--fix", "one", "two"]).json(0);
    assert_eq!(
        statuses(&document),
        ["applied parser@1.2.0", "applied parser@1.2.0"]
    );
    assert!(project.text("one/Cargo.lock").contains("1.3.0"));
    assert!(project.text("two/Cargo.toml").contains("\"=1.3.0\""));
    assert_eq!(
        project.locked("parser"),
        ["1.2.0"],
        "nobody asked for this one"
    );
}

#[test]
fn what_is_no_project_can_t_be_fixed() {
    let project = project();
    let lone = "name the folder or the Cargo.toml of one";
    fs::create_dir(project.file("lone")).unwrap();
    fs::copy(project.file("Cargo.lock"), project.file("lone/Cargo.lock")).unwrap();
    for arguments in [
        &["--fix", "-f", "Cargo.lock"][..],
        &["--fix", "Cargo.lock"],
        &["--fix", "-"],
        &["--fix", "lone"],
        &["--fix", "-r"],
        &["fix", "-f", "Cargo.lock"],
    ] {
        project.audit(arguments).exits(2).says(&[lone]);
    }
    project.audit(&["--dry-run"]).exits(2).says(&["--fix"]);
    for flag in ["--locked", "--frozen"] {
        project
            .audit(&["--fix", flag])
            .exits(2)
            .says(&["--dry-run"]);
    }
    project
        .audit(&["--fix", "--manifest-path", "Cargo.toml"])
        .exits(0);
}
