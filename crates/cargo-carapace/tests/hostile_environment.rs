//! Programs and variables that lead into the analysed project: what a user's
//! shell or build server may have taken from there.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use cargo_carapace::host::resolve::ResolveError;
use support::project::{asks_the_compiler, hostile};

#[test]
fn a_cargo_of_the_project_is_not_run() {
    let (mut fixture, _) = hostile();
    let fake = fixture.program("bin/cargo");
    for name in ["rustc", "git", "kill", "ssh", "rustup"] {
        fixture.program(&format!("bin/{name}"));
    }
    fixture.plain(&fake, &["metadata"]);
    fixture.fires("the fake cargo");
    let bin = fixture.project().join("bin");
    let real = std::env::var_os("PATH").unwrap();
    let linked = fixture.path("linked");
    symlink(&bin, &linked).unwrap();
    // A folder outside, with a program that is a link into the tree.
    let outside = fixture.path("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&fake, outside.join("cargo")).unwrap();

    for first in [
        bin.clone(),
        linked.clone(),
        outside.clone(),
        PathBuf::from("bin"),
        PathBuf::from("."),
        PathBuf::from(""),
        bin.join("../bin"),
    ] {
        let mut path = OsString::from(&first);
        path.push(":");
        path.push(&real);
        fixture.variables.insert("PATH", Some(path));
        for cargo in [
            None,
            Some(fake.clone()),
            Some(linked.join("cargo")),
            Some(outside.join("cargo")),
            Some(PathBuf::from("bin/cargo")),
            Some(PathBuf::from("cargo")),
            Some(bin.clone()),
        ] {
            fixture.variables.insert("CARGO", cargo.map(Into::into));
            fixture.survey().unwrap();
        }
    }
    fixture.variables.insert("PATH", Some(bin.into()));
    let error = fixture.survey().unwrap_err();
    assert!(matches!(error, ResolveError::NoCargo { .. }), "{error}");
}

/// Variables that a shell took from the project's folder.
#[test]
fn variables_that_would_have_cargo_run_more() {
    const INNER: &str = "CARAPACE_TEST_INNER";
    let (fixture, program) = hostile();
    asks_the_compiler(&fixture);
    if std::env::var_os(INNER).is_some() {
        fixture.survey().unwrap();
        return;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (name, can_be_shown) in [
        ("RUSTC", true),
        ("RUSTC_WRAPPER", true),
        ("RUSTC_WORKSPACE_WRAPPER", true),
        ("CARGO_BUILD_RUSTC", true),
        ("CARGO_BUILD_RUSTC_WRAPPER", true),
        ("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", false),
        ("GIT_SSH", false),
        ("GIT_SSH_COMMAND", false),
        ("GIT_ASKPASS", false),
    ] {
        if can_be_shown {
            let mut plain = Command::new(&cargo);
            plain.args(["check", "--offline"]).env(name, &program);
            // A target folder of its own: what a compiler has said is kept there.
            plain.env("CARGO_TARGET_DIR", fixture.path(name));
            plain.current_dir(fixture.project()).output().unwrap();
            fixture.fires(name);
        }
        // What this process has is what a child would get that is not cleaned.
        let mut inner = Command::new(std::env::current_exe().unwrap());
        inner.args(["--exact", "variables_that_would_have_cargo_run_more"]);
        let inner = inner.env(name, &program).env(INNER, "1").output().unwrap();
        let said = String::from_utf8_lossy(&inner.stdout);
        assert!(inner.status.success(), "{name}: {said}");
        assert!(said.contains("1 passed"), "{name}: {said}");
        assert!(!fixture.canary().exists(), "{name}");
    }
}

#[test]
fn a_cargo_home_in_the_project() {
    let (mut fixture, program) = hostile();
    // As some build servers have it.
    let home = fixture.project().join("home");
    fixture.write(
        "home/config.toml",
        &format!("[build]\nrustc = {program:?}\n"),
    );
    asks_the_compiler(&fixture);
    fixture.variables.insert("CARGO_HOME", Some(home.into()));
    fixture.survey().unwrap();
}
