//! Projects that try to have a program run, or to have something else read or written, when cargo
//! is asked what it knows of them. Each is first shown to succeed with plain cargo.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use cargo_carapace::host::resolve::ResolveError;
use support::project::{CARGO_CONFIG, Fixture, asks_the_compiler, hostile, names_a_toolchain};
use support::run::fifo;

/// With a lockfile and without: cargo is asked about the original, or about a copy.
fn both_ways(fixture: &Fixture) {
    fixture.inquest().unwrap();
    let lockfile = fixture.project().join("Cargo.lock");
    let kept = fs::read(&lockfile).unwrap();
    fs::remove_file(&lockfile).unwrap();
    fixture.inquest().unwrap();
    fs::write(lockfile, kept).unwrap();
}

#[test]
fn the_compiler_and_its_wrappers() {
    for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"] {
        let (fixture, program) = hostile();
        asks_the_compiler(&fixture);
        fixture.lock();
        fixture.write(CARGO_CONFIG, &format!("[build]\n{key} = {program:?}\n"));
        let plain = if key == "rustc-workspace-wrapper" {
            "check"
        } else {
            "metadata"
        };
        fixture.plain_cargo(&[plain, "--offline"]);
        fixture.fires(key);
        both_ways(&fixture);
        // It is told.
        let effects = fixture.describe().unwrap().effects;
        assert_eq!(effects.len(), 1, "{effects:?}");
        assert_eq!(effects[0].effect, "`build` was not used");
    }
}

/// What the compiler says, plain cargo notes in the project's target folder, and believes next time.
#[test]
fn notes_in_the_target_folder() {
    let (fixture, _) = hostile();
    fixture.lock();
    let target = fixture.project().join("target");
    fs::create_dir(&target).unwrap();
    let notes = target.join(".rustc_info.json");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut plain = Command::new(cargo);
    plain
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(fixture.project())
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("CARGO_CACHE_RUSTC_INFO");
    assert!(plain.output().unwrap().status.success());
    assert!(notes.exists(), "plain cargo notes nothing");
    fs::remove_file(&notes).unwrap();
    // Each looks that nothing in the project changes.
    both_ways(&fixture);
    assert!(!notes.exists());
}

#[test]
fn a_toolchain_of_the_project() {
    let (mut fixture, _) = hostile();
    fixture.lock();
    let toolchain = names_a_toolchain(&mut fixture);
    both_ways(&fixture);
    fixture
        .variables
        .insert("RUSTUP_TOOLCHAIN", Some(toolchain.clone().into()));
    both_ways(&fixture);
    // Programs of the project that come first in the user's own path.
    let path = std::env::var_os("PATH").unwrap();
    let mut folders = vec![toolchain.join("bin")];
    folders.extend(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).unwrap();
    fixture.variables.insert("PATH", Some(path));
    fixture
        .variables
        .insert("CARGO", Some(toolchain.join("bin/cargo").into()));
    both_ways(&fixture);
    fixture
        .variables
        .insert("RUSTC", Some(toolchain.join("bin/rustc").into()));
    both_ways(&fixture);
}

#[test]
fn credential_providers_and_aliases() {
    let (fixture, program) = hostile();
    fixture.lock();
    fixture.write(
        CARGO_CONFIG,
        &format!(
            "[alias]\nmetadata = \"run\"\n[registry]\nglobal-credential-providers = [{program:?}]\n\
             [registries.crates-io]\nprotocol = \"sparse\"\n[env]\nRUSTC = {{ value = {program:?}, force = true }}\n\
             [target.'cfg(all())']\nrunner = {program:?}\nlinker = {program:?}\n\
             [source.crates-io]\nreplace-with = \"evil\"\n[source.evil]\nregistry = \"sparse+http://127.0.0.1:1/\"\n"
        ),
    );
    both_ways(&fixture);
    let effects = fixture.describe().unwrap().effects;
    let effects: Vec<&str> = effects.iter().map(|effect| &*effect.effect).collect();
    assert_eq!(
        effects,
        [
            "`registry` was not used",
            "`registries` was not used",
            "`env` was not used",
            "`target` was not used",
            "the replacement of `crates-io` was not used: it does not lead to a folder",
        ]
    );
}

#[test]
fn files_that_are_none() {
    let (fixture, _) = hostile();
    let member = "[workspace]\nmembers = [\"m*\"]\n[dependencies]\ny = { path = \"y\" }\n";
    fixture.library(".", "x", member);
    fixture.library("member", "member", "");
    fixture.library("y", "y", "");
    fixture.lock();
    // Where cargo looks for targets, it opens nothing.
    for place in ["src/bin/f.rs", "tests/f.rs", "build.rs", "y/src/main.rs"] {
        fixture.write(place, "");
        fifo(&fixture.project().join(place));
    }
    fixture.inquest_without_listing();
    for folder in ["member", "y"] {
        let manifest = fixture.project().join(folder).join("Cargo.toml");
        let text = fs::read(&manifest).unwrap();
        fifo(&manifest);
        let error = fixture.describe().unwrap_err();
        assert!(matches!(error, ResolveError::Manifest(_)), "{error}");
        fs::remove_file(&manifest).unwrap();
        symlink("/dev/zero", &manifest).unwrap();
        let error = fixture.describe().unwrap_err();
        assert!(matches!(error, ResolveError::Manifest(_)), "{error}");
        fs::remove_file(&manifest).unwrap();
        fs::write(&manifest, text).unwrap();
    }
    let lockfile = fixture.project().join("Cargo.lock");
    fifo(&lockfile);
    let error = fixture.describe().unwrap_err();
    assert!(matches!(error, ResolveError::Lockfile(_)), "{error}");
    fs::remove_file(&lockfile).unwrap();
    let secret = fixture.path("secret");
    fs::write(&secret, "version = 4\n").unwrap();
    symlink(&secret, &lockfile).unwrap();
    let error = fixture.describe().unwrap_err();
    assert!(matches!(error, ResolveError::Lockfile(_)), "{error}");
}

#[test]
fn vendored_packages_that_are_none() {
    let (fixture, _) = hostile();
    fixture.library("vendor/dep", "dep", "");
    fixture.write("vendor/dep/.cargo-checksum.json", "{\"files\":{}}");
    fixture.lock();
    let config = "[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = \"vendor\"\n";
    fixture.write(CARGO_CONFIG, config);
    let used = |fixture: &Fixture| {
        let effects = fixture.describe().unwrap().effects;
        effects[0].effect.clone()
    };
    assert!(
        used(&fixture).contains("are taken from"),
        "{}",
        used(&fixture)
    );
    for file in ["Cargo.toml", ".cargo-checksum.json"] {
        let path = fixture.project().join("vendor/dep").join(file);
        let text = fs::read(&path).unwrap();
        fifo(&path);
        assert!(
            used(&fixture).contains("no regular file"),
            "{}",
            used(&fixture)
        );
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        assert!(
            used(&fixture).contains("no regular file"),
            "{}",
            used(&fixture)
        );
        fs::remove_file(&path).unwrap();
        fs::write(&path, text).unwrap();
    }
    // The folder itself may not be elsewhere.
    let away = fixture.path("away");
    fs::rename(fixture.project().join("vendor"), &away).unwrap();
    symlink(&away, fixture.project().join("vendor")).unwrap();
    assert!(
        used(&fixture).contains("leads out of"),
        "{}",
        used(&fixture)
    );
    // Nor the configuration.
    fs::remove_file(fixture.project().join(CARGO_CONFIG)).unwrap();
    fs::write(away.join("config.toml"), config).unwrap();
    symlink(
        away.join("config.toml"),
        fixture.project().join(CARGO_CONFIG),
    )
    .unwrap();
    assert!(
        used(&fixture).contains("leads out of"),
        "{}",
        used(&fixture)
    );
    fifo(&fixture.project().join(CARGO_CONFIG));
    let effects = fixture.describe_without_listing().unwrap().effects;
    assert!(effects[0].effect.contains("FIFO"), "{effects:?}");
}
