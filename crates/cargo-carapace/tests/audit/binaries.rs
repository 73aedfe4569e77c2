//! Compiled programs and libraries: real ones, built here by cargo, and such as are made to be bad.

#[path = "../../../carapace-core/tests/binary/samples.rs"]
#[allow(dead_code, reason = "the core's own tests use all of it")]
mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use self::samples::{LISTED, PATH, elf, mach_o, packed, pe, wasm};
use crate::support::run::{Output, World, fifo, found, gap, gaps, lock};

/// `cargo auditable`, from crates.io, kept beside what cargo builds.
const AUDITABLE: &str = "0.7.7";

const MANIFEST: &str = r#"
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
smallvec = "=1.2.0"
[build-dependencies]
autocfg = "=1.1.0"
[profile.release]
strip = true
debug = false
[workspace]
"#;
const SCRIPT: &str = "fn main() { autocfg::new(); }";
/// Something of the package that panics.
const MAIN: &str = "fn main() {
    let mut letters: smallvec::SmallVec<[u8; 2]> = smallvec::SmallVec::new();
    for (at, argument) in std::env::args().enumerate() {
        letters.insert(at * 7, argument.len() as u8);
    }
    println!(\"{letters:?}\");
}";

/// Starts the user's cargo as the user does, and gives what it builds.
fn cargo(folder: &Path, program: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

fn plain_cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

fn auditable() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cargo-auditable-{AUDITABLE}"));
    let program = root.join("bin/cargo-auditable");
    if !program.exists() {
        let folder = std::env::temp_dir();
        let root = root.to_str().unwrap();
        let arguments = [
            "install",
            "cargo-auditable",
            "--locked",
            "--version",
            AUDITABLE,
        ];
        cargo(
            &folder,
            &plain_cargo(),
            &[&arguments[..], &["--root", root]].concat(),
        );
    }
    program
}

/// A database with an advisory about each of the packages of the program, about NetBSD, and about Rust.
fn world() -> World {
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "smallvec", "");
    world.advisory("RUSTSEC-2026-0002", "autocfg", "");
    world.advisory(
        "RUSTSEC-2026-0003",
        "smallvec",
        "[affected]\nos = [\"netbsd\"]",
    );
    world.advisory(
        "RUSTSEC-2026-0004",
        "smallvec",
        "[affected]\nos = [\"linux\"]",
    );
    world.advisory(
        "RUSTSEC-2026-0005",
        "smallvec",
        "[affected]\narch = [\"sparc64\"]",
    );
    let of_rust = "```toml\n[advisory]\nid = \"CVE-2026-0001\"\npackage = \"std\"\ncollection = \"rust\"\n\
                   date = \"2026-06-01\"\n[versions]\npatched = [\">= 99.0.0\"]\n```\n\n# A fault of std\n\nText.\n";
    world.write("db/rust/std/CVE-2026-0001.md", of_rust);
    world
}

fn of<'a>(document: &'a Value, id: &str) -> &'a Value {
    let findings = document["findings"].as_array().unwrap();
    let is_it = |finding: &&Value| finding["advisory"]["id"] == id;
    findings
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no {id}: {document:#}"))
}

#[test]
#[cfg(target_os = "linux")]
fn programs_that_cargo_has_built() {
    let world = world();
    for (path, content) in [
        ("Cargo.toml", MANIFEST),
        ("build.rs", SCRIPT),
        ("src/main.rs", MAIN),
    ] {
        world.write(&format!("built/{path}"), content);
    }
    let folder = world.path("built");
    let target = |name: &str| world.path(name).to_str().unwrap().to_owned();
    let (listed, plain) = (target("listed"), target("plain"));
    let build = ["build", "--release", "--target-dir"];
    cargo(
        &folder,
        &auditable(),
        &[&["auditable"][..], &build, &[&listed]].concat(),
    );
    cargo(&folder, &plain_cargo(), &[&build[..], &[&plain]].concat());
    fs::create_dir(world.path("bin")).unwrap();
    fs::rename(format!("{listed}/release/app"), world.path("bin/listed")).unwrap();
    fs::rename(format!("{plain}/release/app"), world.path("bin/plain")).unwrap();

    let document = world.audit(&["bin", "../bin/listed"]).json(1);
    let everything = [
        "CVE-2026-0001 ",
        "RUSTSEC-2026-0001 smallvec@1.2.0",
        "RUSTSEC-2026-0004 smallvec@1.2.0",
        "RUSTSEC-2026-0002 autocfg@1.1.0",
    ];
    assert_eq!(found(&document), everything, "{document:#}");
    assert_eq!(document["inputs"][0]["kind"], "binary");
    let runtime = of(&document, "RUSTSEC-2026-0001");
    assert_eq!(
        (&runtime["level"], &runtime["confidence"]),
        (&json!("deny"), &json!("high"))
    );
    assert!(
        runtime["evidence"]
            .to_string()
            .contains("the binary's audit data lists it")
    );
    assert_eq!(runtime["paths"][0][0], "app@0.1.0");
    // What only built it is not in it.
    let build = of(&document, "RUSTSEC-2026-0002");
    assert_eq!(build["level"], "warn");
    assert!(
        build["evidence"]
            .to_string()
            .contains("needed by the build alone")
    );
    assert!(
        gaps(&document).concat().find("binary: ").is_none(),
        "{:?}",
        gaps(&document)
    );

    let document = world.audit(&["bin", "../bin/plain"]).json(1);
    assert_eq!(found(&document), everything[..3], "{document:#}");
    let runtime = of(&document, "RUSTSEC-2026-0001");
    assert_eq!(
        (&runtime["level"], &runtime["confidence"]),
        (&json!("deny"), &json!("medium"))
    );
    assert!(
        runtime["evidence"]
            .to_string()
            .contains("a path in the binary names it")
    );
    assert!(!gap(
        &document,
        "binary",
        &["probably more", "cargo auditable build"]
    ));

    // Folders, as the user types them and as they are told from projects; the same in every run.
    let texts: Vec<Output> = [["bin", "../bin"], ["-v", "../bin"], ["-v", "../bin"]]
        .iter()
        .map(|arguments| world.audit(arguments).args(["--format", "json"]).exits(1))
        .collect();
    assert_eq!(texts[1], texts[2]);
    for text in &texts {
        let paths: Vec<Value> = text.json()["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["path"].clone())
            .collect();
        assert_eq!(paths, ["../bin/listed", "../bin/plain"]);
    }
}

/// A world with binaries that need no compiler, in `project/bins`.
fn made() -> World {
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let data = packed(LISTED);
    let section = [(".dep-v0", &data[..])];
    world.write("project/bins/a", elf(&section));
    world.write("project/bins/b.exe", pe(&section));
    world.write("project/bins/c/d.wasm", wasm("env", &section));
    world.write("project/bins/c/e.dylib", mach_o(&section));
    world
}

const HIT: &str = "RUSTSEC-2026-0001 parser@1.2.0";

#[test]
fn binaries_are_named_in_every_way() {
    let world = made();
    world.write("project/Cargo.lock", lock(&[("parser", "1.2.0")]));
    for arguments in [
        &["bin", "bins/a"][..],
        &["bins/a"],
        &[
            "--quiet",
            "bin",
            "bins/a",
            "--max-binary-size",
            "0",
            "--audit-data-size-limit",
            "0",
        ],
    ] {
        let document = world.audit(arguments).json(1);
        assert!(found(&document).contains(&HIT.to_owned()), "{document:#}");
        assert_eq!(document["inputs"][0]["kind"], "binary");
        assert_eq!(document["inputs"][0]["packages"], 5);
    }
    let paths = |arguments: &[&str]| -> Vec<String> {
        let document = world.audit(arguments).json(1);
        let inputs = document["inputs"].as_array().unwrap().iter();
        inputs
            .map(|input| input["path"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["bins/a", "bins/b.exe", "bins/c/d.wasm", "bins/c/e.dylib"];
    assert_eq!(paths(&["bin", "bins"]), all);
    assert_eq!(paths(&["bins"]), all);
    assert_eq!(
        paths(&["bins/b.exe", "Cargo.lock", "bins/a"]),
        ["bins/b.exe", "Cargo.lock", "bins/a"]
    );
    assert_eq!(
        paths(&["bin", "bins/c", "bins/a"]),
        ["bins/c/d.wasm", "bins/c/e.dylib", "bins/a"]
    );
    world.audit(&["bin"]).exits(2).says(&["needs the paths"]);
    let fix = world.audit(&["bin", "bins", "--fix"]).exits(2);
    fix.says(&["--fix needs projects"]);
}

#[test]
fn other_registries_and_folders_are_counted() {
    let document = made().audit(&["bin", "bins/a"]).json(1);
    let counted = [
        "3 packages are not from crates.io",
        "1 from git",
        "1 in folders",
    ];
    assert!(!gap(&document, "advisories", &counted));
}

#[test]
fn what_a_binary_does_not_tell_makes_the_run_incomplete() {
    let world = made();
    let data = packed(LISTED);
    world.write("project/other", elf(&[(".rodata", b"Hello")]));
    world.write("project/rust", elf(&[(".rodata", b"RUST_BACKTRACE")]));
    world.write("project/cut", &elf(&[(".dep-v0", &data)])[..120]);
    world.write("project/broken", elf(&[(".dep-v0", &data[..20])]));
    for name in ["other", "rust", "cut", "broken"] {
        let document = world.audit(&["bin", name]).json(3);
        assert!(gap(&document, "binary", &[]), "{document:#}");
        // Beside one that is fine, which is told all the same.
        let document = world.audit(&["bin", name, "bins/a"]).json(1);
        assert_eq!(document["inputs"][0]["verdict"], "incomplete");
        assert_eq!(document["inputs"][1]["verdict"], "fail");
    }
    world.write("project/text", "text");
    for nothing in ["text", "none"] {
        world.audit(&["bin", nothing]).exits(2).says(&[nothing]);
        let document = world.audit(&["bin", nothing, "bins/a"]).json(1);
        assert!(gap(&document, "input", &[nothing]));
    }
    world.write("project/empty/text", "text");
    world
        .audit(&["bin", "empty"])
        .exits(2)
        .says(&["no binary of Rust"]);
}

#[test]
fn limits_are_told() {
    let world = made();
    let run = world.audit(&["bin", "bins/a", "bins/b.exe", "--max-binary-size", "700"]);
    let size = fs::metadata(world.path("project/bins/b.exe"))
        .unwrap()
        .len();
    assert!(size <= 700, "{size}");
    world.write(
        "project/bins/a",
        elf(&[(".dep-v0", &packed(LISTED)), (".data", &[0; 900])]),
    );
    let document = run.json(1);
    assert!(gap(&document, "input", &["bins/a", "--max-binary-size"]));
    let run = world.audit(&["bin", "bins/a", "--audit-data-size-limit", "100"]);
    let document = run.json(3);
    assert!(gap(&document, "binary", &["--audit-data-size-limit"]));
}

#[test]
#[cfg(unix)]
fn a_folder_is_searched_for_binaries_and_nothing_else_is_opened() {
    use std::os::unix::fs::symlink;
    let world = made();
    fifo(&world.path("project/bins/fifo"));
    symlink("/dev/zero", world.path("project/bins/zero")).unwrap();
    symlink(world.path("project"), world.path("project/bins/up")).unwrap();
    world.write("project/bins/read.me", "text");
    world.write("project/bins/ls", elf(&[(".rodata", b"Hello")]));
    let document = world.audit(&["bin", "bins"]).json(1);
    assert_eq!(document["inputs"].as_array().unwrap().len(), 4);
    assert_eq!(document["verdict"], "fail");
    assert!(!gap(
        &document,
        "binary",
        &["1 binaries without a sign of Rust"]
    ));
    assert!(!gap(&document, "binary", &["3 links, FIFOs or devices"]));
    assert!(!gaps(&document).concat().contains("read.me"));
    world.audit(&["bin", "bins/fifo"]).exits(2).says(&["FIFO"]);
    world
        .audit(&["bin", "bins/zero"])
        .exits(2)
        .says(&["device"]);
}

#[test]
fn every_format_tells_of_binaries() {
    let world = made();
    world.write("project/p", elf(&[(".rodata", PATH.as_bytes())]));
    let human = world.audit(&["bin", "p"]).exits(1);
    human.shows(&[
        "parser 1.2.0",
        "--> p",
        "medium confidence",
        "probably more",
    ]);
    let github = world.audit(&["bin", "p", "--format", "github"]).exits(1);
    github.shows(&[
        "::error file=p,title=ADV001 RUSTSEC-2026-0001",
        "medium confidence",
    ]);
    let sarif = world
        .audit(&["bin", "p", "--format", "sarif"])
        .exits(1)
        .json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["properties"]["confidence"], "medium");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "p");
    // A bill of what was built; what it does not tell is not said to be all.
    let bill = world
        .audit(&["bin", "p", "--format", "cyclonedx"])
        .exits(1)
        .json();
    let metadata = &bill["metadata"];
    assert_eq!(metadata["lifecycles"], json!([{"phase": "post-build"}]));
    assert_eq!(metadata["component"]["name"], "p");
    assert_eq!(bill["components"][0]["type"], "library");
    let compositions = bill["compositions"].to_string();
    assert!(!compositions.contains("\"complete\""), "{compositions}");
    // cargo-audit has its flags before the word.
    let output = world.audit(&["--json", "bin", "p", "bins/a"]).exits(1);
    let lines: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!(
            line["vulnerabilities"]["list"][0]["package"]["name"],
            "parser"
        );
    }
}

#[test]
fn many_binaries_are_told_in_order() {
    let world = made();
    let data = packed(LISTED);
    for at in 0..300 {
        world.write(&format!("project/many/{at:03}"), elf(&[(".dep-v0", &data)]));
    }
    let document = world.audit(&["bin", "many"]).json(1);
    let inputs = document["inputs"].as_array().unwrap();
    let paths: Vec<&str> = inputs
        .iter()
        .map(|input| input["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), 300);
    assert!(paths.is_sorted());
}
