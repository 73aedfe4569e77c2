//! Which packages are judged, where they come from, and what is kept of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;

use super::fixture::{Fixture, named, sites};
use crate::support::repository::git_in;
use crate::support::run::{found, vendor};

const SITE: &str = "unsafe fn f() {}\n";

fn workspace() -> Fixture {
    let mut text =
        "//- Cargo.toml\n[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"b\", \"deep/c\"]\n\
                    default-members = [\"a\"]\n"
            .to_owned();
    for (folder, name) in [("a", "a"), ("b", "b"), ("deep/c", "c")] {
        text += &format!(
            "//- {folder}/Cargo.toml\n{}//- {folder}/src/lib.rs\n{SITE}",
            named(name, "")
        );
    }
    Fixture::new(&text)
}

/// The packages with a site that is built.
fn active(document: &Value) -> Vec<String> {
    let packages = document["packages"].as_array().unwrap().iter();
    let active = packages.filter(|package| package["unsafety"]["counts"]["fn"]["active"] == 1);
    active
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn members_of_a_workspace() {
    let fixture = workspace();
    assert_eq!(active(&fixture.run(&[]).json(0)), ["a"]);
    assert_eq!(
        active(&fixture.run(&["--workspace"]).json(0)),
        ["a", "b", "c"]
    );
    assert_eq!(active(&fixture.run(&["-p", "b"]).json(0)), ["b"]);
    assert_eq!(
        active(&fixture.run(&["-p", "b", "-p", "c@0.1.0"]).json(0)),
        ["b", "c"]
    );
    assert_eq!(
        active(
            &fixture
                .run(&["--manifest-path", "deep/c/Cargo.toml"])
                .json(0)
        ),
        ["c"]
    );
    assert_eq!(active(&fixture.run(&["b"]).json(0)), ["b"]);
    let folder = fixture.world.path("project/deep/c/src");
    let run = fixture.run(&[]).folder(folder);
    assert_eq!(active(&run.json(0)), ["c"]);
    fixture.run(&["--manifest-path", "a"]).exits(2);
    fixture.run(&["nowhere"]).exits(2).says(&["nowhere"]);
    let alone = fixture.run(&["--no-deps", "b"]).json(0);
    assert_eq!(active(&alone), ["b"]);
    assert_eq!(alone["packages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_package_alone() {
    let fixture = Fixture::new(&format!(
        "//- x/Cargo.toml\n[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\nbuild = \"./build.rs\"\n\
         [features]\ndefault = [\"a\"]\na = [\"dep:y\"]\n[dependencies]\ny = {{ version = \"1\", optional = true }}\n\
         [target.'cfg(windows)'.dependencies]\nz.workspace = true\n\
         //- x/src/lib.rs\n#[cfg(feature = \"a\")] {SITE}#[cfg(feature = \"y\")] {SITE}\
         //- x/src/bin/b.rs\n{SITE}//- x/tests/t.rs\n{SITE}//- x/build.rs\n{SITE}"
    ));
    // No network, no cargo home, no lockfile, no cargo.
    let run = |more: &[&str]| {
        let run = fixture
            .world
            .plain(&["unsafe", "--no-deps", "x"])
            .args(more);
        run.unset("CARGO_HOME").set("CARGO", "/nonexistent").json(0)
    };
    let states = |document: &Value| -> Vec<String> {
        let sites = sites(document, &fixture.world.path("project"));
        let words = sites.iter().map(|site| {
            let words: Vec<&str> = site.split(' ').collect();
            let file = words[0].split(':').next().unwrap();
            format!("{file} {}", words[2])
        });
        words.collect()
    };
    let document = run(&[]);
    assert_eq!(
        states(&document),
        [
            "x/build.rs active",
            "x/src/bin/b.rs active",
            "x/src/lib.rs active",
            "x/src/lib.rs inactive",
            "x/tests/t.rs test"
        ]
    );
    assert!(document["gaps"].to_string().contains("0.0.0"));
    assert_eq!(
        states(&run(&["--no-default-features"]))[2],
        "x/src/lib.rs inactive"
    );
    fixture
        .world
        .write("project/x/Cargo.toml", "[package\nname = ");
    let document = run(&[]);
    assert_eq!(document["gaps"][0]["what"], "manifest");
    assert_eq!(states(&document).len(), 5);
    fixture.run(&["--no-deps", "x/src/lib.rs"]).exits(2);
    fixture.run(&["--no-deps", "x", "--workspace"]).exits(2);
}

#[test]
fn packages_from_git() {
    let fixture = Fixture::new(&format!("//- src/lib.rs\n{SITE}"));
    let repository = fixture.world.path("repository");
    fixture
        .world
        .write("repository/Cargo.toml", named("remote", ""));
    fixture.world.write("repository/src/lib.rs", SITE);
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "x"],
    ] {
        let done = git_in(&repository).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    let manifest = format!(
        "[dependencies]\nother = {{ git = \"file://{}\", package = \"remote\" }}",
        repository.display()
    );
    fixture
        .world
        .write("project/Cargo.toml", named("app", &manifest));
    let document = fixture.world.plain(&["unsafe"]).json(0);
    assert_eq!(active(&document), ["remote", "app"]);
    let source = document["packages"][0]["source"].as_str().unwrap();
    assert!(source.starts_with("git+file://"), "{source}");
    let again = fixture.run(&[]).json(0);
    assert_eq!(active(&again), ["remote", "app"]);
}

/// A project with a package from a registry, which lies in a folder of the world.
pub(super) fn with_vendored(folder: &str, configuration: &str) -> Fixture {
    let fixture = Fixture::new(&format!(
        "//- Cargo.toml\n{}//- src/lib.rs\n{SITE}//- Cargo.lock\nversion = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
         dependencies = [\n \"dep\",\n]\n\n[[package]]\nname = \"dep\"\nversion = \"1.0.0\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n",
        named("app", "[dependencies]\ndep = \"1\""),
        "ab".repeat(32),
    ));
    let manifest = named("dep", "").replace("0.1.0", "1.0.0");
    let library = "mod a;\nunsafe fn f() {}\n";
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", library),
        ("src/a.rs", SITE),
    ];
    vendor(&fixture.world, &format!("{folder}/dep"), &files);
    let place = fixture.world.path(folder);
    let config = format!(
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"{}\"\n",
        place.display()
    );
    fixture.world.write(configuration, config);
    fixture
}

#[test]
fn a_vendored_file_that_was_edited_is_found() {
    let fixture = with_vendored("project/vendor", "project/.cargo/config.toml");
    let document = fixture.run(&[]).json(0);
    assert_eq!(
        document["packages"][1]["unsafety"]["counts"]["fn"]["active"],
        2
    );
    assert!(!found(&document).contains(&"SUP004".to_owned()));
    fixture
        .world
        .write("project/vendor/dep/src/a.rs", "unsafe fn f() { steal() }\n");
    let document = fixture.run(&[]).json(1);
    assert!(
        found(&document).contains(&"SUP004".to_owned()),
        "{document}"
    );
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn what_is_kept_changes_nothing() {
    let fixture = with_vendored("registry", "cargo/config.toml");
    let run = || fixture.run(&["--format", "json"]).exits(0).stdout;
    let cold = run();
    let kept = fixture.world.path("cache/facts");
    assert_eq!(files(&kept).len(), 1);
    assert_eq!(run(), cold);
    for damage in [
        &(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2)) as &dyn Fn(&mut Vec<u8>),
        &|bytes| bytes.clear(),
        &|bytes| *bytes = b"\xff\0garbage\n".repeat(1_000),
        &|bytes| bytes.iter_mut().for_each(|byte| *byte ^= 1),
        &|bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 0x80;
        },
        &|bytes| bytes.extend_from_slice(b"more"),
    ] {
        for folder in ["facts", "graph"] {
            for file in files(&fixture.world.path(&format!("cache/{folder}"))) {
                let mut bytes = fs::read(&file).unwrap();
                damage(&mut bytes);
                fs::write(&file, bytes).unwrap();
            }
        }
        assert_eq!(run(), cold);
    }
    let without = fixture.run(&["--format", "json"]);
    let file = fixture.world.path("project/Cargo.toml");
    assert_eq!(
        without.set("CARAPACE_CACHE_DIR", file).exits(0).stdout,
        cold
    );

    // What was edited where cargo keeps it is read again.
    fixture
        .world
        .write("registry/dep/src/a.rs", "unsafe fn f() { unsafe {} }\n");
    let document = fixture.run(&[]).json(0);
    let counts = &document["packages"][1]["unsafety"]["counts"];
    assert_eq!(counts["block"]["active"], 1, "{counts}");
}

#[test]
fn several_runs_at_once() {
    let fixture = with_vendored("registry", "cargo/config.toml");
    let outputs: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| fixture.run(&["--format", "json"]).exits(0).stdout))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    let left = files(&fixture.world.path("cache/facts"));
    // Nothing that was begun is left.
    let is_pack = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "pack");
    assert!(!left.is_empty() && left.iter().all(is_pack), "{left:?}");
}
