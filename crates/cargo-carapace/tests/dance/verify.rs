//! What `--fix --verify` changes, and what it leaves.

use std::os::unix::fs::symlink;

use serde_json::Value;

use super::project::{GOES, GONE, findings, manifest, project, read};
use crate::support::run::{Run, World};

fn prove(world: &World, arguments: &[&str]) -> Run {
    world
        .plain(&["dance", "--offline", "--fix", "--verify", "--allow-dirty"])
        .args(arguments)
}

/// What uses it, and holds fixes to what it does.
const TESTED: &str = "
#[test]
fn works() {
    assert_eq!(first(&[7]), 7);
}
";

#[test]
fn what_is_proven_is_changed() {
    let world = project(&[GOES, TESTED].concat());
    let document = prove(&world, &["--patch", "one.patch"]).json(0);
    let forbid = "#![forbid(unsafe_code)]\n";
    let after = read(&world, "src/lib.rs");
    assert!(after.contains(forbid), "{document:#}\n{after}");
    assert!(after.ends_with(&[GONE, TESTED].concat()), "{after}");
    assert_eq!(document["fixes"][0]["status"], "applied");
    let proof = &document["proofs"][0];
    assert_eq!(proof["subject"], "app 0.1.0");
    let patch = proof["patch"].as_str().unwrap();
    assert!(patch.contains("+    bytes[0]"), "{patch}");
    assert_eq!(read(&world, "one.patch"), patch);
}

#[test]
fn what_breaks_a_test_is_left() {
    let world = project(&[GOES, TESTED].concat());
    // It holds the code to how it is written.
    let strict = "#[test]\nfn is_as_it_was() {\n    \
        assert!(include_str!(\"../src/lib.rs\").contains(\"get_unchecked\"));\n}\n";
    world.write("project/tests/strict.rs", strict);
    let output = prove(&world, &["--patch", "one.patch"]).exits(0);
    output.shows(&[
        "not fixed: app 0.1.0",
        "tests that passed do not pass any more",
        "is_as_it_was",
        "2 tests pass",
    ]);
    assert_eq!(read(&world, "src/lib.rs"), [GOES, TESTED].concat());
    assert_eq!(read(&world, "one.patch"), "");
}

#[test]
fn what_is_proven_is_told() {
    let world = project(&[GOES, TESTED].concat());
    let output = prove(&world, &["--dry-run"]).exits(0);
    output.shows(&[
        "app 0.1.0",
        "1 tests pass",
        "-    unsafe { *bytes.get_unchecked(0) }",
        "+    bytes[0]",
    ]);
    assert_eq!(read(&world, "src/lib.rs"), [GOES, TESTED].concat());
}

#[test]
fn several_packages_have_no_patch_in_common() {
    let world = project(&[GOES, TESTED].concat());
    let dependency = "[dependencies]\nother = { path = \"../other\" }\n";
    world.write("project/Cargo.toml", manifest("app", dependency));
    world.write("other/Cargo.toml", manifest("other", ""));
    world.write("other/src/lib.rs", GOES);
    let output = prove(&world, &["--deps", "--patch", "one.patch"]).exits(2);
    output.says(&["--patch", "name one by -p"]);
    // What was done is told all the same.
    output.shows(&["app 0.1.0", "other 0.1.0", "+    bytes[0]"]);
    assert!(!world.path("project/one.patch").exists());
    prove(&world, &["-p", "other", "--patch", "one.patch"]).exits(0);
    assert!(read(&world, "one.patch").contains("+    bytes[0]"));
}

#[test]
fn nothing_is_written_through_links() {
    // What it leads to is in the workspace, and not in the package.
    let world = World::new();
    world.write(
        "project/Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"app\"]\n",
    );
    world.write("project/app/Cargo.toml", manifest("app", ""));
    world.write(
        "project/app/src/lib.rs",
        [GOES, "pub mod linked;\npub mod folder;\n"].concat(),
    );
    world.write("project/elsewhere/a.rs", GOES);
    world.write("project/elsewhere/mod.rs", GOES);
    let links = world.path("project/app/src");
    symlink("../../elsewhere/a.rs", links.join("linked.rs")).unwrap();
    symlink("../../elsewhere", links.join("folder")).unwrap();
    let document = prove(&world, &[]).json(0);
    assert!(findings(&document).len() > 1, "{document:#}");
    assert_eq!(read(&world, "elsewhere/a.rs"), GOES);
    assert_eq!(read(&world, "elsewhere/mod.rs"), GOES);
    // The others are changed all the same.
    assert!(
        read(&world, "app/src/lib.rs").starts_with(GONE),
        "{document:#}"
    );
    let fixes = document["fixes"].as_array().unwrap();
    let left = |fix: &&Value| fix["status"] == "none";
    let left: Vec<&Value> = fixes.iter().filter(left).collect();
    assert!(!left.is_empty(), "{document:#}");
    for fix in left {
        assert!(
            fix["reason"].as_str().unwrap().contains("through links"),
            "{fix:#}"
        );
    }
}
