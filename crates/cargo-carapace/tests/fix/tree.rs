//! What happens to the project's files: what was promised, all of it, or nothing.

use std::fs;

use crate::support::project::listing;
use crate::support::registry::{Supplied, statuses};
use crate::support::run::gap;

/// With a vulnerability that an update takes away.
fn faulty() -> Supplied {
    let project = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &["parser 1.3.0"]);
    project.advisory(1, "parser", "\">= 1.3.0\"");
    project
}

#[test]
fn a_dry_run_changes_nothing() {
    let project = faulty();
    let before = listing(&project.world.path("project"));
    let document = project.audit(&["--fix", "--dry-run"]).json(1);
    assert_eq!(statuses(&document), ["planned parser@1.2.0"]);
    assert_eq!(listing(&project.world.path("project")), before);
    // Nor does it where the rest is forbidden.
    project.audit(&["--fix", "--dry-run", "--locked"]).json(1);
    assert_eq!(listing(&project.world.path("project")), before);
}

#[test]
fn nothing_is_written_where_cargo_cannot_get_the_packages() {
    let project = faulty();
    project.registry.lose("parser", "1.3.0");
    let before = listing(&project.world.path("project"));
    let document = project.fix(1);
    assert!(gap(
        &document,
        "fix",
        &["nothing was changed", "cargo says"]
    ));
    assert_eq!(statuses(&document), ["none parser@1.2.0"]);
    assert_eq!(listing(&project.world.path("project")), before);
}

#[test]
fn a_lockfile_that_was_not_there_is_not_made_by_what_fails() {
    let project = Supplied::unlocked("parser = \"0.3\"\n");
    project.registry.publish(&["parser 0.3.0", "parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    project.registry.lose("parser", "0.4.0");
    let before = listing(&project.world.path("project"));
    project.fix(1);
    assert_eq!(listing(&project.world.path("project")), before);
}

#[test]
fn a_project_without_a_lockfile_gets_one_with_the_fix() {
    let project = Supplied::unlocked("parser = \"0.3\"\n");
    project.registry.publish(&["parser 0.3.0", "parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    project.fix(0);
    assert!(project.text("Cargo.toml").contains("parser = \"0.4\""));
    assert_eq!(project.locked("parser"), ["0.4.0"]);
}

#[test]
fn line_ends_of_a_manifest_stay_and_the_lockfile_is_as_cargo_writes_it() {
    let project = faulty();
    let lockfile = project
        .text("Cargo.lock")
        .replace("version = 4\n", "version = 3\n");
    let lockfile = lockfile.replace('\n', "\r\n");
    let manifest = project.text("Cargo.toml").replace('\n', "\r\n");
    let manifest = manifest.replace("parser = \"1\"", "parser = \"=1.2.0\"");
    project.world.write("project/Cargo.lock", &lockfile);
    project.world.write("project/Cargo.toml", &manifest);
    project.fix(0);
    let fixed = manifest.replace("=1.2.0", "=1.3.0");
    assert_eq!(project.text("Cargo.toml"), fixed);
    let written = project.text("Cargo.lock");
    project.world.write("project/Cargo.lock", &lockfile);
    project.cargo(&["update", "--workspace"]);
    assert_eq!(project.text("Cargo.lock"), written);
}

#[cfg(unix)]
#[test]
fn links_and_what_may_not_be_written_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = faulty();
    let (lockfile, real) = (project.file("Cargo.lock"), project.file("real.lock"));
    fs::rename(&lockfile, &real).unwrap();
    symlink("real.lock", &lockfile).unwrap();
    let before = fs::read(&real).unwrap();
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["no regular file"]));
    assert!(fs::symlink_metadata(&lockfile).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), before);

    fs::remove_file(&lockfile).unwrap();
    fs::rename(&real, &lockfile).unwrap();
    fs::set_permissions(&lockfile, fs::Permissions::from_mode(0o444)).unwrap();
    let document = project.fix(1);
    assert!(gap(&document, "fix", &["permissions"]));
    assert_eq!(fs::read(&lockfile).unwrap(), before);
}

#[test]
fn several_projects_each_by_itself() {
    let (one, two) = (faulty(), faulty());
    let path = two.world.path("project");
    two.registry.lose("parser", "1.3.0");
    // Both have the registry of the first.
    let run = one.audit(&["--fix", ".", path.to_str().unwrap()]);
    run.exits(0);
    assert_eq!(one.locked("parser"), ["1.3.0"]);
    assert_eq!(two.locked("parser"), ["1.3.0"]);
}

/// What a hostile project's configuration and toolchain file would have cargo run.
#[cfg(unix)]
#[test]
fn nothing_of_the_project_runs() {
    use std::os::unix::fs::PermissionsExt;
    let project = faulty();
    let canary = project.world.path("canary");
    let script = format!("#!/bin/sh\necho \"$0\" >> '{}'\nexit 1\n", canary.display());
    project.world.write("project/tool", script);
    let tool = project.file("tool");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let tool = tool.to_str().unwrap();
    project.world.write(
        "project/.cargo/config.toml",
        format!(
            "[build]\nrustc = {tool:?}\nrustc-wrapper = {tool:?}\n[registry]\n\
             global-credential-providers = [{tool:?}]\n[alias]\nupdate = \"run\"\n"
        ),
    );
    project
        .world
        .write("project/build.rs", "fn main() { panic!() }");
    // The plain tool fires it.
    let plain = std::process::Command::new(std::env::var_os("CARGO").unwrap())
        .args(["check", "--quiet"])
        .current_dir(project.world.path("project"))
        .env("CARGO_HOME", project.world.path("cargo"))
        .env("CARGO_TARGET_DIR", project.world.path("target"))
        .output()
        .unwrap();
    assert!(!plain.status.success() && canary.exists());
    fs::remove_file(&canary).unwrap();
    project.fix(0);
    assert!(!canary.exists(), "{:?}", fs::read_to_string(&canary));
    assert_eq!(project.locked("parser"), ["1.3.0"]);
}
