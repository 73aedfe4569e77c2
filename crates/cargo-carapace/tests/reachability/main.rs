//! Whether affected functions are reached: real packages, real advisories, and programs that come to
//! the functions in every way that the language has, beside twins that do not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod pairs;
#[path = "../support/mod.rs"]
mod support;
mod ways;

use std::fs;
use std::path::Path;
use std::process::Command;

use pairs::{PAIRS, Pair, YANKED};
use serde_json::Value;
use support::run::{CRATES_IO, Run, World};
use ways::{LIBRARY, WAYS, Way};

/// Writes a program, has cargo get what it uses, and judges it by the built-in advisories.
fn judged(folder: &Path, dependencies: &str, main: &str) -> Value {
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [workspace]\n\n[dependencies]\n{dependencies}\n"
    );
    let is_known =
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|known| known == manifest);
    if !is_known {
        let _ = fs::remove_dir_all(folder);
    }
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), main).unwrap();
    if !folder.join("Cargo.lock").exists() {
        let is_used = |(name, version, _): &&(&str, &str, &str)| {
            let mut lines = dependencies.lines();
            lines.any(|line| line.starts_with(&format!("{name} =")) && line.contains(version))
        };
        let locked = YANKED
            .iter()
            .filter(is_used)
            .map(|(name, version, checksum)| {
                format!(
                    "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
                 source = \"{CRATES_IO}\"\nchecksum = \"{checksum}\"\n"
                )
            });
        let lockfile = format!("version = 4\n{}", locked.collect::<String>());
        fs::write(folder.join("Cargo.lock"), lockfile).unwrap();
        let cargo = Command::new(env!("CARGO"))
            .args(["fetch", "--quiet", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .output()
            .unwrap();
        assert!(
            cargo.status.success(),
            "{}",
            String::from_utf8_lossy(&cargo.stderr)
        );
    }
    let cache = tempfile::tempdir().unwrap();
    // What cargo has got is in the user's own home.
    let homes = ["HOME", "USERPROFILE", "CARGO_HOME"];
    let homes = homes
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let output = homes
        .fold(Run::new(), |run, (name, value)| run.set(name, value))
        .folder(folder)
        .set("CARAPACE_CACHE_DIR", cache.path())
        .args(["audit", "-n", "--stale", "--no-yanked", "--format", "json"])
        .run();
    serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr))
}

fn verdict<'a>(document: &'a Value, advisory: &str) -> (&'a str, &'a Value) {
    let findings = document["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["advisory"]["id"] == advisory);
    let found = found.unwrap_or_else(|| panic!("{advisory}: {document:#}"));
    let reachability = &found["reachability"];
    let verdict = reachability["verdict"].as_str();
    let verdict = verdict.unwrap_or_else(|| panic!("{advisory}: {:#}", document["gaps"]));
    (verdict, reachability)
}

fn judge(pair: &Pair, at: usize) -> (String, String, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("reachability")
        .join(format!("{at}-{}", pair.advisory));
    let calling = judged(&folder.join("calling"), pair.dependencies, pair.calling);
    let other = judged(&folder.join("other"), pair.dependencies, pair.other);
    let (calling, _) = verdict(&calling, pair.advisory);
    let (other, why) = verdict(&other, pair.advisory);
    (
        calling.to_owned(),
        other.to_owned(),
        why["functions"].to_string(),
    )
}

/// Never *not reached* where it is; *not reached* for at least four twins in five.
#[test]
fn pairs() {
    let (mut reached, mut apart) = (0, 0);
    for (at, pair) in PAIRS.iter().enumerate() {
        let (calling, other, why) = judge(pair, at);
        println!(
            "{} {}: {calling}, its twin {other}",
            pair.advisory, pair.way
        );
        if other != "not_reached" {
            println!("    {why}");
        }
        assert_ne!(calling, "not_reached", "{} {}", pair.advisory, pair.way);
        reached += usize::from(calling == "reached");
        apart += usize::from(other == "not_reached");
    }
    let all = PAIRS.len();
    println!("{reached} of {all} reached; of the twins, {apart} not reached");
    assert!(apart * 5 >= all * 4, "{apart} of {all}");
}

/// Writes the files of a text.
fn write(world: &World, text: &str) {
    for file in text.split("//- ").skip(1) {
        let (path, content) = file.split_once('\n').unwrap();
        world.write(&format!("project/{path}"), content);
    }
}

/// A workspace of the affected package, one between, a procedural macro, and a program.
fn workspace(way: &Way) -> World {
    let world = World::new();
    let functions = format!("[affected.functions]\n\"{}\" = []\n", way.function);
    world.advisory("RUSTSEC-2026-0001", "faulty", &functions);
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}")
    };
    let faulty = "faulty = { path = \"../faulty\" }";
    let all = "maker = { path = \"../maker\" }\nmiddle = { path = \"../middle\" }";
    let own = match way.files.contains("renamed::") {
        true => "renamed = { path = \"../faulty\", package = \"faulty\" }",
        false => faulty,
    };
    let program = format!(
        "[features]\nextra = []\n[dependencies]\n{own}\n{all}\n[build-dependencies]\n{own}\n\
         [workspace]\n"
    );
    world.write("project/program/Cargo.toml", package("program", &program));
    world.write(
        "project/faulty/Cargo.toml",
        package("faulty", "[workspace]\n"),
    );
    let middle = format!("[dependencies]\n{faulty}\n[workspace]\n");
    world.write("project/middle/Cargo.toml", package("middle", &middle));
    let maker = "[lib]\nproc-macro = true\n[workspace]\n";
    world.write("project/maker/Cargo.toml", package("maker", maker));
    for empty in ["middle", "maker"] {
        world.write(&format!("project/{empty}/src/lib.rs"), "");
    }
    write(&world, LIBRARY);
    if !way.files.contains("program/src/lib.rs") {
        world.write("project/program/src/main.rs", "fn main() {}");
    }
    write(&world, way.files);
    world
}

/// What cannot be seen for certain is at least unknown.
#[test]
fn hidden_ways() {
    let mut wrong = Vec::new();
    let mut reached = 0;
    for way in WAYS {
        let world = workspace(way);
        let manifest = world.path("project/program/Cargo.toml");
        let output = world
            .audit(["--format", "json", "--manifest-path"].as_slice())
            .arg(manifest)
            .run();
        let document: Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|_| panic!("{}: {}", way.name, output.stderr));
        let (verdict, why) = verdict(&document, "RUSTSEC-2026-0001");
        println!("{}: {verdict}", way.name);
        reached += usize::from(verdict == "reached");
        if verdict == "not_reached" {
            wrong.push(format!("{}: {}", way.name, why["functions"]));
        }
    }
    println!("{reached} of {} reached", WAYS.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
