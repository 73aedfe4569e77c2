//! `cargo xtask compare-deny`: what cargo-deny's check of advisories finds in real workspaces, beside
//! what `audit` does, with the same database. Nothing of its findings may lack here, and what is found
//! here beyond them has an explanation.
//!
//! Both are asked for all members, all features and all platforms, and for advisories of every kind,
//! whatever depends on what they are about. Yanked versions are left out, as neither may ask the
//! registry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::json::{list, parse, text_at};
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask compare-deny --binary PATH --peer PATH --database DIR WORKSPACE...
  --binary PATH   the cargo-carapace to try
  --peer PATH     the cargo-deny to compare with
  --database DIR  a folder of advisories, as RustSec's repository is
";

/// What cargo-deny calls the folder of its own database, `https://github.com/RustSec/advisory-db`:
/// the name ends in a hash of that address.
const FOLDER: &str = "advisory-db-3157b0e258782691";

/// An advisory, the package that it speaks of, and its version.
type Found = (String, String, String);

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let binary = process::required(&mut arguments, "--binary").map_err(usage)?;
    let peer = process::required(&mut arguments, "--peer").map_err(usage)?;
    let database = process::required(&mut arguments, "--database").map_err(usage)?;
    if arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let database = Path::new(&database);
    let work = TempFolder::new()?;
    let config = prepare(work.path(), database)?;
    let mut faults = Vec::new();
    println!("| Workspace | cargo-deny | Carapace | Lacking | Beyond |\n|---|---|---|---|---|");
    for workspace in &arguments {
        let workspace = Path::new(workspace);
        let name = workspace.file_name().unwrap_or_default().to_string_lossy();
        let theirs = theirs(Path::new(&peer), workspace, &config, work.path());
        let theirs = theirs.map_err(|error| format!("{name}: cargo-deny: {error}"))?;
        let ours = ours(Path::new(&binary), workspace, database, work.path());
        let ours = ours.map_err(|error| format!("{name}: {error}"))?;
        let lacking: Vec<&Found> = theirs
            .iter()
            .filter(|found| !ours.contains_key(*found))
            .collect();
        let beyond = ours.iter().filter(|(found, _)| !theirs.contains(*found));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (found, reason) in beyond {
            *reasons.entry(reason.unwrap_or("unexplained")).or_default() += 1;
            if reason.is_none() {
                faults.push(format!("{name}: only ours, unexplained: {found:?}"));
            }
        }
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(why, n)| format!("{n}: {why}"))
            .collect();
        println!(
            "| {name} | {} | {} | {} | {} |",
            theirs.len(),
            ours.len(),
            lacking.len(),
            reasons.join("; ")
        );
        faults.extend(
            lacking
                .into_iter()
                .map(|found| format!("{name}: only cargo-deny's: {found:?}")),
        );
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(faults.join("\n")),
    }
}

/// Lays the database where cargo-deny looks for it, and writes a configuration that asks for all.
fn prepare(work: &Path, database: &Path) -> Result<std::path::PathBuf, String> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    let folder = work.join("dbs").join(FOLDER);
    // By this file's time it tells how old the database is.
    let fetched = folder.join(".git/FETCH_HEAD");
    fs::create_dir_all(folder.join(".git")).map_err(at(&folder))?;
    fs::write(&fetched, "").map_err(at(&fetched))?;
    for collection in ["crates", "rust"] {
        copy(&database.join(collection), &folder.join(collection))?;
    }
    let config = work.join("deny.toml");
    let text = format!(
        "[advisories]\ndb-path = {:?}\nunmaintained = \"all\"\nunsound = \"all\"\nyanked = \"allow\"\n",
        work.join("dbs")
    );
    fs::write(&config, text).map_err(at(&config))?;
    Ok(config)
}

/// Copies a folder of folders of files.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let at = |error: std::io::Error| format!("{}: {error}", from.display());
    fs::create_dir_all(to).map_err(at)?;
    for entry in fs::read_dir(from).map_err(at)? {
        let entry = entry.map_err(at)?;
        let to = to.join(entry.file_name());
        match entry.file_type().map_err(at)?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to).map_err(at)?),
        }
    }
    Ok(())
}

/// What cargo-deny finds: a message a line, on standard error.
fn theirs(
    peer: &Path,
    workspace: &Path,
    config: &Path,
    cache: &Path,
) -> Result<BTreeSet<Found>, String> {
    let mut command = process::command(peer, cache);
    command.args([
        "--offline",
        "--format",
        "json",
        "--workspace",
        "--all-features",
    ]);
    command
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"));
    command.arg("--config").arg(config);
    let finished = process::run(command.args(["check", "advisories"]))?;
    let mut all = BTreeSet::new();
    for line in finished.stderr.lines() {
        let message = parse(line).map_err(|error| format!("{error}: {line}"))?;
        match text_at(&message, "/type")? {
            "log"
                if message
                    .pointer("/fields/level")
                    .is_some_and(|level| level == "ERROR") =>
            {
                return Err(text_at(&message, "/fields/message")?.to_owned());
            }
            "diagnostic"
                if message
                    .pointer("/fields/advisory")
                    .is_some_and(Value::is_object) =>
            {
                let text = |place: &str| text_at(&message, place).map(str::to_owned);
                all.insert((
                    text("/fields/advisory/id")?,
                    text("/fields/graphs/0/Krate/name")?,
                    text("/fields/graphs/0/Krate/version")?,
                ));
            }
            _ => {}
        }
    }
    Ok(all)
}

/// What `audit` finds; each with why cargo-deny does not, where that is known.
fn ours(
    binary: &Path,
    workspace: &Path,
    database: &Path,
    cache: &Path,
) -> Result<BTreeMap<Found, Option<&'static str>>, String> {
    let mut command = process::command(binary, cache);
    command.args([
        "audit",
        "-n",
        "--stale",
        "--no-yanked",
        "--no-project-config",
    ]);
    command.args(["--format", "json", "-d"]).arg(database);
    let finished = process::run(command.arg(workspace))?;
    let document =
        parse(&finished.stdout).map_err(|error| format!("{error}; {}", finished.ending()))?;
    let packages = list(&document, "/packages")?.iter();
    let packages: BTreeMap<&str, &Value> = packages
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let mut all = BTreeMap::new();
    for finding in list(&document, "/findings")? {
        let Ok(advisory) = text_at(finding, "/advisory/id") else {
            continue;
        };
        let id = text_at(finding, "/package")?;
        let package = packages
            .get(id)
            .ok_or_else(|| format!("`{id}` is no package"))?;
        let roles = list(package, "/roles")?;
        let reason = match text_at(finding, "/name")? {
            "possible-match" => Some("not from crates.io, name and version agree"),
            "toolchain" => Some("in the toolchain"),
            _ if matches!(&**roles, [role] if role == "disabled") => {
                Some("in the lockfile, built by nothing")
            }
            _ => None,
        };
        let (name, version) = (text_at(package, "/name")?, text_at(package, "/version")?);
        all.insert(
            (advisory.to_owned(), name.to_owned(), version.to_owned()),
            reason,
        );
    }
    Ok(all)
}
