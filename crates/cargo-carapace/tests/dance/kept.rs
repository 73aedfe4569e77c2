//! What is kept of published packages, so that they are read once.

use std::fs;
use std::path::PathBuf;

use super::project::{GOES, STAYS, findings, manifest, project};
use crate::support::run::{Run, World, vendor};

/// A project with a package of a registry, which lies in a folder outside of it.
fn world() -> World {
    let world = project("");
    world.write(
        "project/Cargo.toml",
        manifest("app", "[dependencies]\ndep = \"0.1\"\n"),
    );
    let package = "ab".repeat(32);
    world.write(
        "project/Cargo.lock",
        format!(
            "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"dep\",\n]\n\n\
             [[package]]\nname = \"dep\"\nversion = \"0.1.0\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{package}\"\n"
        ),
    );
    let own = manifest("dep", "");
    let files = [("Cargo.toml", own.as_str()), ("src/lib.rs", GOES)];
    vendor(&world, "registry/dep", &files);
    world.write(
        "cargo/config.toml",
        format!(
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"{}\"\n",
            world.path("registry").display()
        ),
    );
    world
}

fn run(world: &World) -> Run {
    world.plain(&["dance", "--offline", "-p", "dep", "--format", "json"])
}

fn packs(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.path("cache/facts"))
        .into_iter()
        .flatten()
        .flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn what_is_kept_changes_nothing() {
    let world = world();
    let cold = run(&world).exits(0);
    assert_eq!(findings(&cold.json()).len(), 1, "{cold:#?}");
    // The census and what rules propose.
    assert_eq!(packs(&world).len(), 2);
    assert_eq!(run(&world).exits(0), cold);
    assert_eq!(packs(&world).len(), 2);
    for damage in [
        &(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2)) as &dyn Fn(&mut Vec<u8>),
        &|bytes| bytes.clear(),
        &|bytes| bytes.iter_mut().for_each(|byte| *byte ^= 1),
        &|bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 0x80;
        },
    ] {
        for file in packs(&world) {
            let mut bytes = fs::read(&file).unwrap();
            damage(&mut bytes);
            fs::write(&file, bytes).unwrap();
        }
        assert_eq!(run(&world).exits(0), cold);
    }
    let nowhere = world.path("project/Cargo.toml");
    assert_eq!(
        run(&world).set("CARAPACE_CACHE_DIR", nowhere).exits(0),
        cold
    );
}

#[test]
fn what_was_edited_is_read_again() {
    let world = world();
    run(&world).exits(0);
    world.write("registry/dep/src/lib.rs", STAYS);
    let document = run(&world).exits(0).json();
    assert_eq!(findings(&document).len(), 0, "{document:#}");
    world.write("registry/dep/src/lib.rs", [GOES, "\n", GOES].concat());
    let document = run(&world).exits(0).json();
    assert_eq!(findings(&document).len(), 2, "{document:#}");
}

#[test]
fn what_lies_in_the_tree_is_never_kept() {
    let world = project(GOES);
    let run = || {
        world
            .plain(&["dance", "--offline", "--format", "json"])
            .exits(0)
    };
    let first = run();
    assert_eq!(packs(&world).len(), 0);
    assert_eq!(run(), first);
}
