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
use std::path::{Path, PathBuf};
use std::process::Command;

use pairs::{PAIRS, Pair, YANKED};
use serde_json::Value;
use support::run::{CRATES_IO, Output, Run, World};
use ways::{LIBRARY, WAYS, Way};

/// Writes a program, and has cargo get what it uses.
fn program(folder: &Path, dependencies: &str, main: &str) {
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
    if folder.join("Cargo.lock").exists() {
        return;
    }
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
    let error = String::from_utf8_lossy(&cargo.stderr);
    assert!(cargo.status.success(), "{error}");
}

/// `audit` of a program by the built-in advisories; what cargo has got is in the user's own home.
fn audit(folder: &Path, arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    let homes = ["HOME", "USERPROFILE", "CARGO_HOME"];
    let homes = homes
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    homes
        .fold(Run::new(), |run, (name, value)| run.set(name, value))
        .folder(folder)
        .set("CARAPACE_CACHE_DIR", cache.path())
        .args(["audit", "-n", "--stale", "--no-yanked"])
        .args(arguments)
        .run()
}

fn judged(folder: &Path, dependencies: &str, main: &str) -> Value {
    program(folder, dependencies, main);
    let output = audit(folder, &["--format", "json"]);
    serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reachability");
    folder.join(name)
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
    let folder = folder(&format!("{at}-{}", pair.advisory));
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
fn workspace(way: &Way<'_>) -> World {
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

const SMALLVEC: &str = "smallvec = \"=1.6.0\"";
const CALLS: &str = "
    fn main() { smallvec::SmallVec::<[u8; 2]>::new().insert_many(0, vec![1]); }";
const CALLS_NOT: &str = "fn main() { smallvec::SmallVec::<[u8; 2]>::new().push(1); }";

#[test]
fn every_format_tells() {
    let folder = folder("formats");
    program(&folder, SMALLVEC, CALLS);
    let way = "reached: smallvec::SmallVec::insert_many: what is built names it: program 0.1.0 \
               `main` (src/main.rs:2) > smallvec 1.6.0 `SmallVec::insert_many` (src/lib.rs:";
    for format in ["human", "sarif", "github", "markdown"] {
        let output = audit(&folder, &["--format", format]);
        let way = match format {
            "human" => way.to_owned(),
            _ => "reached: smallvec::SmallVec::insert_many".to_owned(),
        };
        assert!(output.stdout.contains(&way), "{format}: {}", output.stdout);
    }
    program(&folder, SMALLVEC, CALLS_NOT);
    let output = audit(&folder, &[]);
    assert_eq!(output.code, 1, "an advisory promises no complete list");
    let way = "not reached: smallvec::SmallVec::insert_many: nothing that is built names it";
    assert!(output.stdout.contains(way), "{}", output.stdout);
}

/// What is not reached counts less, or not, where policy says so; what is reached, never.
#[test]
fn policy_alone_lowers() {
    let folder = folder("policy");
    for (main, level, code) in [
        (CALLS_NOT, "deny", 1),
        (CALLS_NOT, "warn", 0),
        (CALLS_NOT, "allow", 0),
        (CALLS, "warn", 1),
        (CALLS, "allow", 1),
    ] {
        program(&folder, SMALLVEC, main);
        let policy = folder.join("carapace.toml");
        fs::write(&policy, format!("[audit]\nnot-reached = \"{level}\"\n")).unwrap();
        let output = audit(&folder, &["--format", "json"]);
        assert_eq!(output.code, code, "{level}: {}", output.stdout);
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        let is_told = |list: &str, field: &str, text: &str| {
            let all = document[list].as_array().unwrap();
            all.iter()
                .any(|one| one[field].as_str().unwrap().contains(text))
        };
        let is_allowed = level == "allow" && main == CALLS_NOT;
        assert_eq!(is_told("ignored", "code", "RUSTSEC-2021-0003"), is_allowed);
        let is_loosened = is_told("config", "effect", "affected functions are not reached");
        assert_eq!(is_loosened, level != "deny");
        fs::remove_file(policy).unwrap();
    }
    // An organisation's floor is not loosened.
    program(&folder, SMALLVEC, CALLS_NOT);
    fs::write(
        folder.join("carapace.toml"),
        "[audit]\nnot-reached = \"allow\"\n",
    )
    .unwrap();
    let floor = tempfile::tempdir().unwrap();
    fs::write(
        floor.path().join("carapace.toml"),
        "[audit]\nmax-age = 9999\n",
    )
    .unwrap();
    let home = std::env::var_os("HOME").unwrap_or_default();
    let output = Run::new()
        .folder(&folder)
        .set("HOME", home)
        .set("CARAPACE_POLICY", floor.path())
        .set("CARAPACE_CACHE_DIR", floor.path().join("cache"))
        .args(["audit", "-n", "--no-yanked"])
        .run();
    fs::remove_file(folder.join("carapace.toml")).unwrap();
    assert_eq!(output.code, 1, "{}", output.stdout);
}

/// What was asked for by name and could not be looked at is incomplete; else it is a gap.
#[test]
fn what_is_not_at_hand_is_a_gap() {
    let way = Way {
        name: "",
        function: "faulty::bad",
        files: "//- program/src/main.rs\n include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\")); fn main() {}",
    };
    let world = workspace(&way);
    let manifest = world.path("project/program/Cargo.toml");
    let run = |arguments: &[&str]| {
        let run = world.audit(&["--format", "json", "--manifest-path"]);
        run.arg(&manifest).args(arguments).run()
    };
    let blocking = |output: &Output| {
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        let gaps = document["gaps"].as_array().unwrap().clone();
        let gap = gaps.iter().find(|gap| gap["what"] == "reachability");
        let gap = gap.unwrap_or_else(|| panic!("{document:#}"));
        assert!(gap["reason"].as_str().unwrap().contains("made by a build"));
        gap["blocking"].as_bool().unwrap()
    };
    let plain = run(&[]);
    assert_eq!(plain.code, 0, "{}", plain.stdout);
    assert!(!blocking(&plain));
    let asked = run(&["--reachable"]);
    assert_eq!(asked.code, 3, "{}", asked.stdout);
    assert!(blocking(&asked));

    let folder = folder("lockfile");
    program(&folder, SMALLVEC, CALLS_NOT);
    let output = audit(
        &folder,
        &["-f", "Cargo.lock", "--reachable", "--format", "json"],
    );
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let gaps = document["gaps"].as_array().unwrap();
    let gap = gaps.iter().find(|gap| gap["what"] == "reachability");
    assert_eq!(gap.unwrap()["blocking"], true);
}

/// What is not shipped, by what the flags say, does not call.
#[test]
fn flags_say_what_is_built() {
    let host = "x86_64-unknown-linux-gnu";
    for (name, arguments) in [
        ("a test", &["--no-dev"][..]),
        ("a module's tests", &["--no-dev"]),
        ("a feature that is off", &["--no-default-features"]),
        ("another platform", &["--target", host]),
    ] {
        let way = WAYS.iter().find(|way| way.name == name).unwrap();
        // Conditions of items, not of statements, are told apart.
        let files = way.files.replace(
            "fn main() { #[cfg(feature = \"extra\")] faulty::bad(); }",
            "fn main() { run() } #[cfg(feature = \"extra\")] fn run() { faulty::bad() } \
             #[cfg(not(feature = \"extra\"))] fn run() {}",
        );
        let world = workspace(&Way {
            files: &files,
            ..*way
        });
        let manifest = world.path("project/program/Cargo.toml");
        let verdict_with = |arguments: &[&str]| {
            let run = world.audit(&["--format", "json", "--manifest-path"]);
            let output = run.arg(&manifest).args(arguments).run();
            let document: Value = serde_json::from_str(&output.stdout)
                .unwrap_or_else(|_| panic!("{name}: {}", output.stderr));
            verdict(&document, "RUSTSEC-2026-0001").0.to_owned()
        };
        assert_ne!(verdict_with(&[]), "not_reached", "{name}");
        assert_eq!(verdict_with(arguments), "not_reached", "{name}");
    }
}

/// What was made to be slow to follow is given up, and told.
#[test]
fn too_many_names_are_unknown() {
    let functions: String = (0..30_000)
        .map(|n| format!("pub fn f{n}() {{}} "))
        .collect();
    let patterns: String = (0..3_000).map(|n| format!("[<a{n} $x>] ")).collect();
    let files = format!(
        "//- faulty/src/lib.rs\n pub fn never() {{}} {functions}\n\
         //- program/src/main.rs\n macro_rules! m {{ ($x:ident) => {{ {patterns} }} }} fn main() {{ m!(y) }}"
    );
    let world = workspace(&Way {
        name: "",
        function: "faulty::never",
        files: &files,
    });
    let manifest = world.path("project/program/Cargo.toml");
    let run = world.audit(&["--format", "json", "--manifest-path"]);
    let output = run.arg(&manifest).run();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let (verdict, why) = verdict(&document, "RUSTSEC-2026-0001");
    assert_eq!(verdict, "unknown", "{why}");
    let reason = why["functions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("more names than are followed"), "{reason}");
}

/// The same bytes from what was kept as from what was read.
#[test]
fn what_is_kept_says_the_same() {
    let world = workspace(&WAYS[0]);
    let manifest = world.path("project/program/Cargo.toml");
    let run = || {
        let run = world.audit(&["--format", "json", "--manifest-path"]);
        run.arg(&manifest).run()
    };
    assert_eq!(run(), run());
}
