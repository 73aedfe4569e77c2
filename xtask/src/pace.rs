//! `cargo xtask pace`: the census of unsafe code beside cargo-geiger's, and how its cost grows with
//! what is read: whole processes, with everything that they write read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::compare::{median, peak, shown};
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask pace --binary PATH [--peer CARGO_GEIGER --workspace FOLDER] [--growth FOLDER] [--runs N]
  --peer PATH         cargo-geiger, run once for each of our runs; it builds the workspace, in a
                      copy that is made anew each time
  --workspace FOLDER  what both judge; what it depends on must have been fetched
  --growth FOLDER     a folder of packages (cargo's `registry/src/…`): as many of their files as make
                      10, 100 and 400 MB are copied into one package, and judged with an empty cache
  --runs N            how often (default 3)
";

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let mut path = |flag: &str| -> Result<Option<PathBuf>, String> {
        let text = process::option(&mut arguments, flag).map_err(usage)?;
        let path =
            text.map(|text| fs::canonicalize(&text).map_err(|error| format!("{text}: {error}")));
        path.transpose()
    };
    let (binary, peer) = (path("--binary")?, path("--peer")?);
    let (workspace, growth) = (path("--workspace")?, path("--growth")?);
    let runs = process::number(&mut arguments, "--runs").map_err(usage)?;
    let (Some(binary), true) = (binary, arguments.is_empty()) else {
        return Err(USAGE.to_owned());
    };
    if let (Some(peer), Some(workspace)) = (&peer, &workspace) {
        beside(&binary, peer, workspace, runs.unwrap_or(3).max(1))?;
    }
    if let Some(growth) = &growth {
        grow(&binary, growth, runs.unwrap_or(3).max(1))?;
    }
    Ok(())
}

/// Milliseconds, peak memory in KiB where it can be had, and what was written.
struct Timed {
    milliseconds: f64,
    memory: Option<u64>,
    stdout: String,
}

/// One run, by GNU time where it is installed.
fn timed(program: &Path, arguments: &[&str], folder: &Path, cache: &Path) -> Result<Timed, String> {
    let gnu_time = Path::new("/usr/bin/time");
    let mut command = if gnu_time.exists() {
        let mut command: Command = process::command(gnu_time, cache);
        command.arg("-v").arg(program);
        command
    } else {
        process::command(program, cache)
    };
    command.args(arguments).current_dir(folder);
    let started = Instant::now();
    let finished = process::run(&mut command)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    // cargo-geiger ends with 1 where it has warnings.
    if finished.stdout.trim().is_empty() {
        let program = program.display();
        return Err(format!(
            "{program} {}\n{}",
            finished.ending(),
            finished.stderr
        ));
    }
    Ok(Timed {
        milliseconds,
        memory: peak(&finished.stderr),
        stdout: finished.stdout,
    })
}

fn beside(binary: &Path, peer: &Path, workspace: &Path, runs: u64) -> Result<(), String> {
    let (mut theirs, mut cold, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cold_ratios, mut warm_ratios) = (Vec::new(), Vec::new());
    let (mut their_memory, mut our_memory) = (0, 0);
    let ask = ["unsafe", "--offline", "--format", "cargo-geiger"];
    for run in 0..runs {
        let copy = TempFolder::new()?;
        copy_sources(workspace, copy.path())?;
        let cache = TempFolder::new()?;
        // With the files in the system's cache, as the peer has them after cargo's own reading.
        if run == 0 {
            let warming = TempFolder::new()?;
            timed(binary, &ask, copy.path(), warming.path())?;
        }
        let first = timed(binary, &ask, copy.path(), cache.path())?;
        let second = timed(binary, &ask, copy.path(), cache.path())?;
        if first.stdout != second.stdout {
            return Err("what is kept gives another answer than what is read".to_owned());
        }
        let geiger = ["geiger", "--offline", "--output-format", "Json"];
        let their = timed(peer, &geiger, copy.path(), cache.path())?;
        if run == 0 {
            agree(&their.stdout, &first.stdout)?;
        }
        cold_ratios.push(their.milliseconds / first.milliseconds);
        warm_ratios.push(their.milliseconds / second.milliseconds);
        their_memory = their_memory.max(their.memory.unwrap_or(0));
        our_memory = our_memory
            .max(first.memory.unwrap_or(0))
            .max(second.memory.unwrap_or(0));
        theirs.push(their.milliseconds);
        cold.push(first.milliseconds);
        warm.push(second.milliseconds);
    }
    println!("{runs} runs each, taking turns; milliseconds, median (least to most)\n");
    println!("| | cargo-geiger | cargo-carapace | ratio, median of pairs | memory, KiB |");
    println!("|---|---|---|---|---|");
    for (name, ours, ratios) in [
        ("nothing kept", &cold, &cold_ratios),
        ("facts kept", &warm, &warm_ratios),
    ] {
        println!(
            "| {name} | {} | {} | {:.0} | {their_memory} and {our_memory} |",
            shown(&theirs),
            shown(ours),
            median(ratios)
        );
    }
    Ok(())
}

/// By package: whether unsafe code is used.
fn used(json: &str) -> Result<BTreeMap<String, bool>, String> {
    let start = json.find('{').unwrap_or(0);
    let text = json.get(start..).unwrap_or_default();
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let packages = document["packages"].as_array().cloned().unwrap_or_default();
    let mut used = BTreeMap::new();
    for package in &packages {
        let id = &package["package"]["id"];
        let name = format!(
            "{} {}",
            id["name"].as_str().unwrap_or_default(),
            id["version"].as_str().unwrap_or_default()
        );
        let counts = package["unsafety"]["used"].as_object();
        let any = counts.into_iter().flatten();
        let any = any
            .filter_map(|(_, count)| count["unsafe_"].as_u64())
            .sum::<u64>()
            > 0;
        used.insert(name, any);
    }
    Ok(used)
}

/// Holds the packages of both answers against each other. That theirs are in ours is asked for; where
/// they differ about one is told: see the documentation for who is right.
fn agree(theirs: &str, ours: &str) -> Result<(), String> {
    let (theirs, ours) = (used(theirs)?, used(ours)?);
    let missing: BTreeSet<&String> = theirs
        .keys()
        .filter(|name| !ours.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(format!("packages that only cargo-geiger has: {missing:?}"));
    }
    let same = theirs
        .iter()
        .filter(|(name, used)| ours.get(*name) == Some(used))
        .count();
    println!(
        "{} packages of cargo-geiger's are all among our {}; about {same} both say the same of whether \
         unsafe code is used",
        theirs.len(),
        ours.len()
    );
    for (name, their) in &theirs {
        if ours.get(name) != Some(their) {
            let (yes, no) = if *their {
                ("cargo-geiger", "we")
            } else {
                ("we", "cargo-geiger")
            };
            println!("  {name}: {yes} say it is used, {no} do not");
        }
    }
    println!();
    Ok(())
}

/// Copies a package's files, but for what was built.
fn copy_sources(from: &Path, to: &Path) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", from.display());
    for entry in fs::read_dir(from).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "target" && entry.file_name() != ".git" {
                fs::create_dir_all(&target).map_err(fault)?;
                copy_sources(&path, &target)?;
            }
        } else {
            fs::copy(&path, &target).map_err(fault)?;
        }
    }
    Ok(())
}

fn grow(binary: &Path, packages: &Path, runs: u64) -> Result<(), String> {
    println!("| MB | files | milliseconds, median (least to most) | MB/s | memory, KiB |");
    println!("|---|---|---|---|---|");
    for megabytes in [10_u64, 100, 400] {
        let folder = TempFolder::new()?;
        let (bytes, files) = fill(packages, folder.path(), megabytes * 1_000_000)?;
        let folder_text = folder.path().to_string_lossy().into_owned();
        let ask = ["unsafe", "--no-deps", &folder_text, "--format", "json"];
        let (mut times, mut memory) = (Vec::new(), 0);
        for run in 0..=runs {
            let cache = TempFolder::new()?;
            let timed = timed(binary, &ask, folder.path(), cache.path())?;
            if run > 0 {
                times.push(timed.milliseconds);
                memory = memory.max(timed.memory.unwrap_or(0));
            }
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "sizes of files, shown with few digits"
        )]
        let size = bytes as f64 / 1e6;
        println!(
            "| {size:.0} | {files} | {} | {:.0} | {memory} |",
            shown(&times),
            size * 1_000.0 / median(&times)
        );
    }
    Ok(())
}

/// Copies files of packages into one package until there are so many bytes of Rust in it. They are
/// taken as a hash of their paths orders them: small sets are of the same mixture as large ones.
fn fill(packages: &Path, into: &Path, wanted: u64) -> Result<(u64, usize), String> {
    let fault = |error: std::io::Error| error.to_string();
    fs::write(
        into.join("Cargo.toml"),
        "[package]\nname = \"growth\"\nversion = \"0.0.0\"\nedition = \"2021\"\n",
    )
    .map_err(fault)?;
    let source = into.join("src");
    fs::create_dir(&source).map_err(fault)?;
    let mut all: Vec<PathBuf> = Vec::new();
    let mut work = vec![packages.to_owned()];
    while let Some(path) = work.pop() {
        if path.is_dir() {
            let below = fs::read_dir(&path).map_err(fault)?;
            work.extend(below.filter_map(|entry| Some(entry.ok()?.path())));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
    // FNV-1a
    let hash = |path: &PathBuf| {
        let name = path
            .strip_prefix(packages)
            .unwrap_or(path)
            .to_string_lossy();
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    all.sort_by_cached_key(|path| (hash(path), path.clone()));
    let (mut bytes, mut files) = (0, 0);
    let mut library = String::new();
    for path in all {
        if bytes >= wanted {
            break;
        }
        let name = format!("m{files}");
        bytes += fs::copy(&path, source.join(format!("{name}.rs"))).map_err(fault)?;
        library += &format!("mod {name};\n");
        files += 1;
    }
    fs::write(source.join("lib.rs"), library).map_err(fault)?;
    Ok((bytes, files))
}
