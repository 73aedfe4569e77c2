//! What cargo has said is kept as long as it holds, and no longer; and a copy of the manifests says
//! what the original would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use carapace_core::cfg::CfgExpr;
use cargo_carapace::host::compiler::{Compiler, CompilerError, CompilerOptions, platforms};
use cargo_carapace::host::metadata::{Described, MetadataOptions};
use cargo_carapace::host::resolve::ResolveError;
use support::project::Fixture;

/// A package with targets of all kinds, some found by their places, and another one in a folder.
fn project() -> Fixture {
    let fixture = Fixture::new();
    fixture.library(
        ".",
        "x",
        "build = \"build.rs\"\n[dependencies]\ny = { path = \"y\" }\n[[bin]]\nname = \"named\"\n\
         [[bin]]\nname = \"placed\"\npath = \"src/somewhere/else.rs\"\n[[test]]\nname = \"t\"\n",
    );
    for file in [
        "build.rs",
        "src/main.rs",
        "src/bin/named/main.rs",
        "src/bin/found.rs",
        "src/bin/folder/main.rs",
        "src/bin/nothing/lib.rs",
        "src/bin/note.txt",
        "src/somewhere/else.rs",
        "examples/e.rs",
        "examples/deep/main.rs",
        "tests/t.rs",
        "tests/u.rs",
        "tests/common/mod.rs",
        "benches/b.rs",
    ] {
        fixture.write(file, "fn main() {}");
    }
    fixture.library("y", "y", "[features]\nf = []\n");
    fixture
}

fn targets(described: &Described, package: &str) -> Vec<String> {
    let mut packages = described.metadata.packages.iter();
    let package = packages.find(|found| &*found.name == package).unwrap();
    let targets = package.targets.iter();
    let mut targets: Vec<_> = targets
        .map(|target| format!("{} {}", target.kinds.join(","), target.name))
        .collect();
    targets.sort_unstable();
    targets
}

/// That it is asked for again, and kept again.
fn asked_again(fixture: &Fixture, why: &str) -> Described {
    let described = fixture
        .describe()
        .unwrap_or_else(|error| panic!("{why}: {error}"));
    assert!(!described.is_kept, "{why}");
    let kept = fixture.describe().unwrap();
    assert!(kept.is_kept, "{why}");
    assert_eq!(kept.metadata, described.metadata, "{why}");
    assert_eq!(kept.lockfile, described.lockfile, "{why}");
    assert_eq!(kept.gaps, described.gaps, "{why}");
    described
}

#[test]
fn an_answer_is_kept_until_something_changes() {
    let mut fixture = project();
    fixture.lock();
    let first = asked_again(&fixture, "first");
    assert_eq!(first.gaps, []);
    assert_eq!(first.metadata.packages.len(), 2);
    let root = fixture.project();
    assert_eq!(*first.metadata.workspace_root, *root.to_string_lossy());
    assert_eq!(
        *first.metadata.target_directory,
        *root.join("target").to_string_lossy()
    );

    fixture.library("y", "y", "[features]\nf = []\ng = []\n");
    let described = asked_again(&fixture, "a manifest in a folder");
    assert!(described.metadata.packages[1].feature("g").is_some());
    fixture.write("src/bin/new.rs", "fn main() {}");
    let described = asked_again(&fixture, "a new program");
    assert!(targets(&described, "x").contains(&"bin new".to_owned()));
    fs::remove_file(root.join("src/bin/new.rs")).unwrap();
    assert!(fixture.describe().unwrap().is_kept, "as it was before");
    fs::remove_file(root.join("build.rs")).unwrap();
    fixture.write("y/tests/z.rs", "");
    let described = asked_again(&fixture, "a test in a folder");
    assert_eq!(targets(&described, "y"), ["lib y", "test z"]);
    fixture.write("y/build.rs", "fn main() {}");
    asked_again(&fixture, "a build script");

    let lockfile = root.join("Cargo.lock");
    let text = fs::read_to_string(&lockfile).unwrap();
    fs::write(&lockfile, format!("{text}\n# a comment\n")).unwrap();
    asked_again(&fixture, "the lockfile");

    fs::write(fixture.path("home/config.toml"), "[term]\nquiet = false\n").unwrap();
    asked_again(&fixture, "the user's configuration");
    fixture
        .variables
        .insert("CARGO_NET_RETRY", Some("1".into()));
    asked_again(&fixture, "the environment");
    if std::env::var_os("RUSTUP_TOOLCHAIN").is_some() {
        fixture.variables.insert("RUSTUP_TOOLCHAIN", None);
        asked_again(&fixture, "the toolchain");
    }

    // What the user's configuration leads to is not known.
    fs::write(fixture.path("home/config.toml"), "paths = []\n").unwrap();
    assert!(!fixture.describe().unwrap().is_kept);
    assert!(!fixture.describe().unwrap().is_kept);
}

#[test]
fn what_is_damaged_is_asked_for_again() {
    let fixture = project();
    fixture.lock();
    asked_again(&fixture, "first");
    let files: Vec<_> = fs::read_dir(fixture.path("cache/graph"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let whole = fs::read(&files[0]).unwrap();
    for damaged in [
        &whole[..whole.len() - 1],
        &whole[..10],
        b"",
        &[whole.as_slice(), b"x"].concat(),
        &whole.iter().rev().copied().collect::<Vec<_>>(),
    ] {
        fs::write(&files[0], damaged).unwrap();
        asked_again(&fixture, "damaged");
    }
    // Nothing can be written.
    let options = MetadataOptions {
        cache: Some(fixture.path("project/Cargo.toml")),
        ..fixture.metadata_options()
    };
    assert!(!fixture.describe_with(options).unwrap().is_kept);
}

/// In a copy, cargo finds what it would find in the original.
#[test]
fn a_copy_says_what_the_original_says() {
    let fixture = project();
    let copied = asked_again(&fixture, "without a lockfile");
    assert!(
        copied.gaps[0].reason.contains("there is none"),
        "{:?}",
        copied.gaps
    );
    fixture.lock();
    let lockfile = fs::read(fixture.project().join("Cargo.lock")).unwrap();
    assert_eq!(copied.lockfile, lockfile);
    let in_place = fixture.describe().unwrap();
    assert!(!in_place.is_kept);
    assert_eq!(in_place.metadata, copied.metadata);
    assert_eq!(
        targets(&in_place, "x"),
        [
            "bench b",
            "bin folder",
            "bin found",
            "bin named",
            "bin placed",
            "bin x",
            "custom-build build-script-build",
            "example deep",
            "example e",
            "lib x",
            "test t",
            "test u",
        ]
    );

    // One that does not fit the manifests any more.
    fixture.library("z", "z", "");
    fixture.library("y", "y", "[dependencies]\nz = { path = \"../z\" }\n");
    let stale = asked_again(&fixture, "a stale lockfile");
    assert!(
        stale.gaps[0].reason.contains("does not fit"),
        "{:?}",
        stale.gaps
    );
    assert!(
        String::from_utf8(stale.lockfile)
            .unwrap()
            .contains("name = \"z\"")
    );
    assert_eq!(
        fs::read(fixture.project().join("Cargo.lock")).unwrap(),
        lockfile
    );
    let locked = || MetadataOptions {
        locked: true,
        ..fixture.metadata_options()
    };
    let error = fixture.describe_with(locked()).unwrap_err();
    assert!(matches!(error, ResolveError::Locked { .. }), "{error}");
    fs::remove_file(fixture.project().join("Cargo.lock")).unwrap();
    let error = fixture.describe_with(locked()).unwrap_err();
    assert!(matches!(error, ResolveError::Locked { .. }), "{error}");
}

#[test]
fn a_resolution_without_a_lockfile_is_not_kept_for_long() {
    let fixture = project();
    asked_again(&fixture, "first");
    for entry in fs::read_dir(fixture.path("cache/graph")).unwrap() {
        let file = fs::File::options()
            .write(true)
            .open(entry.unwrap().path())
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
    }
    assert!(!fixture.describe().unwrap().is_kept);
}

/// Packages that cargo has unpacked and somebody has removed since.
#[test]
fn packages_have_to_be_there() {
    let fixture = Fixture::new();
    let git = fixture.path("git");
    fs::create_dir_all(git.join("src")).unwrap();
    let manifest = "[package]\nname = \"from-git\"\nversion = \"1.0.0\"\n";
    fs::write(git.join("Cargo.toml"), manifest).unwrap();
    fs::write(git.join("src/lib.rs"), "").unwrap();
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@e.org",
            "commit",
            "--quiet",
            "-m",
            "t",
        ],
    ] {
        let mut git_there = std::process::Command::new("git");
        assert!(
            git_there
                .args(arguments)
                .current_dir(&git)
                .status()
                .unwrap()
                .success()
        );
    }
    let rest = format!(
        "[dependencies]\nfrom-git = {{ git = \"file://{}\" }}\n",
        git.display()
    );
    fixture.library(".", "x", &rest);
    let said = fixture.plain_cargo(&["generate-lockfile"]);
    assert!(fixture.project().join("Cargo.lock").exists(), "{said}");
    asked_again(&fixture, "first");
    fs::remove_dir_all(fixture.path("home/git/checkouts")).unwrap();
    asked_again(&fixture, "removed");
}

#[test]
fn vendored_packages_are_found() {
    let fixture = Fixture::new();
    let checksum = "0".repeat(64);
    let vendored = |version: &str| {
        fixture.library("vendor/dep", "dep", "");
        let manifest = format!("[package]\nname = \"dep\"\nversion = \"{version}\"\n");
        fixture.write("vendor/dep/Cargo.toml", &manifest);
        let json = format!("{{\"files\":{{}},\"package\":\"{checksum}\"}}");
        fixture.write("vendor/dep/.cargo-checksum.json", &json);
    };
    vendored("1.0.0");
    fixture.library(".", "x", "[dependencies]\ndep = \"1\"\n");
    let config = "[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = \"vendor\"\n";
    fixture.write(".cargo/config.toml", config);
    fixture.lock();
    let described = asked_again(&fixture, "vendored");
    let package = described
        .metadata
        .packages
        .iter()
        .find(|found| &*found.name == "dep");
    let package = package.unwrap();
    assert_eq!(
        Path::new(package.root_dir()),
        fixture.project().join("vendor/dep")
    );
    assert_eq!(
        &*package.id,
        "registry+https://github.com/rust-lang/crates.io-index#dep@1.0.0"
    );
    assert_eq!(described.effects.len(), 1, "{:?}", described.effects);
    assert_eq!(described.effects[0].line, 1);
    fixture.write("vendor/dep/src/main.rs", "");
    let described = asked_again(&fixture, "a target of a vendored package");
    assert_eq!(targets(&described, "dep"), ["bin dep", "lib dep"]);
    let manifest = "[package]\nname = \"dep\"\nversion = \"1.0.0\"\n[features]\nf = []\n";
    fixture.write("vendor/dep/Cargo.toml", manifest);
    asked_again(&fixture, "a manifest of a vendored package");

    // Not used: nothing else has the package.
    let options = MetadataOptions {
        project_config: false,
        ..fixture.metadata_options()
    };
    let error = fixture.describe_with(options).unwrap_err();
    assert!(
        error.to_string().contains("config.toml` was not used"),
        "{error}"
    );
}

#[test]
fn platforms_are_what_the_compiler_says() {
    let mut fixture = Fixture::new();
    let options = |fixture: &Fixture| CompilerOptions {
        timeout: Duration::from_secs(60),
        work: fixture.path("work"),
        cache: Some(fixture.path("cache")),
        environment: fixture.environment(),
    };
    let tree = fixture.project();
    fixture.variables.insert("RUSTFLAGS", None);
    fixture.variables.insert("CARGO_ENCODED_RUSTFLAGS", None);
    let windows = ["x86_64-pc-windows-msvc".to_owned()];
    let holds = |platform: &carapace_core::graph::units::Platform, text: &str| {
        CfgExpr::parse(text).unwrap().matches(&platform.cfg)
    };
    for _ in 0..2 {
        let Compiler { host, targets, .. } =
            platforms(&tree, &windows, &options(&fixture)).unwrap();
        assert!(holds(&host, "any(unix, windows)"), "{host:?}");
        assert!(holds(
            &targets[0],
            "all(windows, target_env = \"msvc\", not(unix))"
        ));
        assert_eq!(&*targets[0].triple, "x86_64-pc-windows-msvc");
    }
    let kept = fs::read_dir(fixture.path("cache/graph")).unwrap().count();
    assert_eq!(kept, 3);

    let flags = "--cfg mine --cfg=v=\"1\" -C linker=nothing @nothing";
    fixture.variables.insert("RUSTFLAGS", Some(flags.into()));
    let host = platforms(&tree, &[], &options(&fixture)).unwrap().host;
    assert!(holds(&host, "all(mine, v = \"1\")"), "{host:?}");
    let Compiler { host, targets, .. } = platforms(&tree, &windows, &options(&fixture)).unwrap();
    assert!(!holds(&host, "mine") && holds(&targets[0], "mine"));
    fixture.variables.insert("RUSTFLAGS", None);
    let config = "[build]\nrustflags = [\"--cfg\", \"configured\"]\n";
    fs::write(fixture.path("home/config.toml"), config).unwrap();
    let host = platforms(&tree, &[], &options(&fixture)).unwrap().host;
    assert!(holds(&host, "configured"));

    for bad in ["../x", "x.json", "-h", "", "a/b", "@x"] {
        let error = platforms(&tree, &[bad.to_owned()], &options(&fixture)).unwrap_err();
        assert!(
            matches!(error, CompilerError::NotAName { .. }),
            "{bad}: {error}"
        );
    }
    let error = platforms(&tree, &["none".to_owned()], &options(&fixture)).unwrap_err();
    assert!(matches!(error, CompilerError::Failed { .. }), "{error}");
}
