//! What we say of a workspace's sites.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carapace_core::census::operations::{Package, operations};
use carapace_core::facts::PackageFacts;
use carapace_core::facts::package::package;
use carapace_core::facts::scan::scan;
use serde_json::Value;

use super::truth::Place;
use crate::json::{flag_at, list, number_at, parse, text_at};
use crate::process::{self, TempFolder};

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) file: PathBuf,
    pub(crate) place: Place,
    pub(crate) kind: String,
    pub(crate) operations: Vec<String>,
    pub(crate) safety_comment: bool,
}

/// As the program lists them.
pub(crate) fn listed(binary: &Path, workspace: &Path) -> Result<Vec<Site>, String> {
    let cache = TempFolder::new()?;
    let mut command = process::command(binary, cache.path());
    command
        .args(["unsafe", "--offline", "--format", "json", "--manifest-path"])
        .arg(workspace.join("Cargo.toml"));
    let finished = process::run(&mut command)?;
    let document = parse(&finished.stdout).map_err(|e| format!("{e}; {}", finished.ending()))?;
    let mut sites = Vec::new();
    for package in list(&document, "/packages")? {
        let Some(unsafety) = package.get("unsafety").filter(|value| !value.is_null()) else {
            continue;
        };
        let root = Path::new(text_at(package, "/root_dir")?);
        for site in list(unsafety, "/sites")? {
            let operations = list(site, "/operations")?.iter();
            sites.push(Site {
                file: root.join(text_at(site, "/file")?),
                place: (number_at(site, "/line")?, number_at(site, "/column")?),
                kind: text_at(site, "/kind")?.to_owned(),
                operations: operations
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                safety_comment: flag_at(site, "/safety_comment")?,
            });
        }
    }
    Ok(sites)
}

/// As the library finds them: every package is taken to depend on all others, by the names of their
/// crates.
pub(crate) fn scanned(crates: &BTreeMap<String, PathBuf>) -> Result<Vec<Site>, String> {
    let mut folders: Vec<&PathBuf> = crates.values().collect();
    folders.sort();
    folders.dedup();
    let mut facts: Vec<PackageFacts> = Vec::new();
    for folder in &folders {
        let mut scans = Vec::new();
        for path in sources(folder)? {
            let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            scans.push(scan(&name.to_string_lossy(), &bytes));
        }
        facts.push(package(scans));
    }
    let dependencies: Vec<(&str, usize)> = crates
        .iter()
        .filter_map(|(name, folder)| Some((name.as_str(), folders.binary_search(&folder).ok()?)))
        .collect();
    let packages: Vec<Package<'_>> = facts
        .iter()
        .map(|facts| Package {
            facts: Some(facts),
            dependencies: &dependencies,
        })
        .collect();
    let mut sites = Vec::new();
    for (index, (folder, facts)) in folders.iter().zip(&facts).enumerate() {
        let done = operations(&packages, index);
        for (file, done) in facts.files.iter().zip(done) {
            for (site, done) in file.sites.iter().zip(done) {
                sites.push(Site {
                    file: folder.join(&file.path),
                    place: (site.line as usize, site.column as usize),
                    kind: site.kind.name().to_owned(),
                    operations: done.iter().map(|one| one.name().to_owned()).collect(),
                    safety_comment: site.safety_comment,
                });
            }
        }
    }
    Ok(sites)
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut work = vec![folder.to_owned()];
    while let Some(folder) = work.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.map_err(|error| format!("{}: {error}", folder.display()))? {
            let entry = entry.map_err(|error| error.to_string())?;
            let path = entry.path();
            let name = entry.file_name();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && name != "target" && name != ".git" {
                work.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
