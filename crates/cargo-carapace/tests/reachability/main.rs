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

use std::fs;
use std::path::Path;
use std::process::Command;

use pairs::{PAIRS, Pair, YANKED};
use serde_json::Value;
use support::run::{CRATES_IO, Run};

/// Writes a program, has cargo get what it uses, and judges it by the built-in advisories.
fn judged(folder: &Path, dependencies: &str, main: &str) -> Value {
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [workspace]\n\n[dependencies]\n{dependencies}\n"
    );
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
    // What cargo has got is in the user's own home.
    let homes = ["HOME", "USERPROFILE", "CARGO_HOME"];
    let homes = homes
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let output = homes
        .fold(Run::new(), |run, (name, value)| run.set(name, value))
        .folder(folder)
        .set("CARAPACE_CACHE_DIR", folder.join("cache"))
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
    (reachability["verdict"].as_str().unwrap(), reachability)
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
