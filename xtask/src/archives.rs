//! `cargo xtask archives`: what the rules about archives say of every archive in cargo's cache, each
//! by itself and beside the next lower version that is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use carapace_core::engine::{PublishersRequest, Subject, publishers};
use carapace_core::finding::{Finding, Level};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::knowledge::registry::{entry_in_cargo_cache, name_and_version, path};
use carapace_core::policy::Policy;
use carapace_core::report::InputKind;
use carapace_core::supply::archive::{ArchiveFacts, Limits};
use carapace_core::supply::{PackageSupply, Supply};
use semver::Version;
use sha2::{Digest as _, Sha256};

use crate::process;

const USAGE: &str = "\
usage: cargo xtask archives [--cache DIR] [--abilities] [--findings RULE]
  --cache DIR      cargo's registry folder, with `cache` and `index` in it (default: ~/.cargo/registry)
  --findings RULE  list what this rule says (`all`: what every rule says)
  --abilities      list what code can do
";

/// An archive, and what is beside it.
struct Archive {
    name: String,
    version: Version,
    path: PathBuf,
    facts: Arc<ArchiveFacts>,
}

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let cache = process::option(&mut arguments, "--cache").map_err(usage)?;
    let listed = process::option(&mut arguments, "--findings").map_err(usage)?;
    let abilities = arguments.iter().any(|argument| argument == "--abilities");
    arguments.retain(|argument| argument != "--abilities");
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let home = std::env::var("HOME").unwrap_or_default();
    let registry = cache.map_or_else(|| Path::new(&home).join(".cargo/registry"), PathBuf::from);
    let started = Instant::now();
    let archives = read(&registry.join("cache"))?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{} archives read in {seconds:.2} s", archives.len());
    if abilities {
        show_abilities(&archives);
    }
    let index = folders(&registry.join("index"));
    let mut counts: BTreeMap<(&str, &str, Level), usize> = BTreeMap::new();
    let (mut loud, mut pairs, mut indexed) = (0, 0, 0);
    for (at, archive) in archives.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| archives.get(at));
        let before = before.filter(|before| before.name == archive.name);
        pairs += usize::from(before.is_some());
        let (findings, has_index) = judge(archive, before, &index)?;
        indexed += usize::from(has_index);
        loud += usize::from(findings.iter().any(|finding| finding.level > Level::Note));
        for finding in findings {
            let meta = (finding.rule.meta.code, finding.rule.name, finding.level);
            *counts.entry(meta).or_default() += 1;
            let is_listed = |name: &str| name == "all" || name == finding.rule.name;
            if listed.as_deref().is_some_and(is_listed) {
                println!("{} {}: {}", meta.0, finding.level, finding.message);
                for evidence in &finding.evidence {
                    println!("    {evidence}");
                }
            }
        }
    }
    println!("{pairs} have the version before beside them, {indexed} a line of the index");
    for ((code, name, level), count) in counts {
        println!("{code} {name:<20} {level:<5} {count}");
    }
    let share = 1_000.0 * loud as f64 / archives.len().max(1) as f64;
    println!("{loud} warn or deny: {share:.1} in 1,000");
    Ok(())
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// All archives, by name and version.
fn read(cache: &Path) -> Result<Vec<Archive>, String> {
    let files = folders(cache)
        .into_iter()
        .flat_map(|folder| folders(&folder));
    let files: Vec<(String, Version, PathBuf)> = files
        .filter_map(|file| {
            let stem = file.file_name()?.to_str()?.strip_suffix(".crate")?;
            let (name, version) = name_and_version(stem.as_bytes())?;
            Some((name.to_owned(), version, file.clone()))
        })
        .collect();
    let (next, archives) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((name, version, path)) =
                    files.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let Ok(bytes) = fs::read(path) else { continue };
                    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).into();
                    let facts = ArchiveFacts::read(&bytes, name, version, Limits::CARGO, sha256);
                    let archive = Archive {
                        name: name.clone(),
                        version: version.clone(),
                        path: path.clone(),
                        facts: Arc::new(facts),
                    };
                    let mut archives = archives.lock().unwrap_or_else(PoisonError::into_inner);
                    archives.push(archive);
                }
            });
        }
    });
    let mut archives = archives
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    archives.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    match archives.is_empty() {
        true => Err(format!("{}: no archives", cache.display())),
        false => Ok(archives),
    }
}

/// What the rules say of an archive, and whether there is a line of the index for it.
fn judge(
    archive: &Archive,
    before: Option<&Archive>,
    index: &[PathBuf],
) -> Result<(Vec<Finding>, bool), String> {
    let (name, version) = (&archive.name, &archive.version);
    let lock = format!(
        "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
    );
    let fault = |error: String| format!("{}: {error}", archive.path.display());
    let locked = lockfile::read(lock.as_bytes()).map_err(|error| fault(error.to_string()))?;
    let graph = Graph::from_lockfile(&locked).map_err(|error| fault(error.to_string()))?;
    let line = index.iter().find_map(|folder| {
        let file = folder.join(".cache").join(path(name)?);
        entry_in_cargo_cache(&fs::read(file).ok()?, name, version).ok()?
    });
    let has_index = line.is_some();
    let known = PackageSupply {
        is_built: true,
        archive: Some(Arc::clone(&archive.facts)),
        before: before.map(|before| (before.version.clone(), Arc::clone(&before.facts))),
        indexed: line.map(Arc::new),
        ..PackageSupply::default()
    };
    let request = PublishersRequest {
        subject: Subject::new("Cargo.lock", InputKind::Lockfile, Arc::new(graph)),
        supply: Supply {
            packages: vec![known],
            ..Supply::default()
        },
        config: Vec::new(),
        gaps: Vec::new(),
    };
    let report = publishers(request, &Policy::default());
    let inputs = report.inputs.into_iter();
    Ok((inputs.flat_map(|input| input.findings).collect(), has_index))
}

fn show_abilities(archives: &[Archive]) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for archive in archives {
        for found in &archive.facts.capabilities {
            let key = (found.part.name(), found.ability.name());
            *counts.entry(key).or_default() += 1;
            println!(
                "{} {} {} {} {found}",
                archive.name, archive.version, key.0, key.1
            );
        }
    }
    for ((part, ability), count) in counts {
        println!("{part:<13} {ability:<12} {count}");
    }
}
