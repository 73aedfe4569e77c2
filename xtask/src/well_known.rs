//! `cargo xtask well-known`: the names that many packages depend on, which impostors imitate.
//!
//! The source is what cargo keeps of crates.io's index on this machine: a name is on the list if so
//! many packages of it depend, or once depended, on it. The list is reviewed with every change, as a
//! name on it is trusted not to be an impostor's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use carapace_core::knowledge::registry::{History, history_in_cargo_cache};

use crate::process;

const LIST: &str = "crates/carapace-core/src/supply/well_known.txt";
const USAGE: &str = "\
usage: cargo xtask well-known [--least N] [--index FOLDER]
  --least N       how many packages have to depend on a name [default: 2]
  --index FOLDER  the folder `.cache` of an index that cargo keeps
";

pub(crate) fn run(root: &Path, mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error| format!("{error}\n{USAGE}");
    let least = process::number(&mut arguments, "--least").map_err(usage)?;
    let least = least
        .and_then(|least| usize::try_from(least).ok())
        .unwrap_or(2);
    let histories = histories(&mut arguments).map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let mut dependents: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, history) in &histories {
        let edges = history.versions().iter().flat_map(|version| &version.edges);
        for edge in edges.filter(|edge| &*edge.package != name) {
            let of = dependents.entry(edge.package.to_string()).or_default();
            of.insert(name);
        }
    }
    let mut text = format!(
        "# Names that at least {least} packages depend on, of {} in an index that cargo keeps: `cargo xtask \
         well-known`.\n",
        histories.len()
    );
    let known = dependents.iter().filter(|(_, of)| of.len() >= least);
    for (name, _) in known {
        text += name;
        text += "\n";
    }
    std::fs::write(root.join(LIST), text).map_err(|error| format!("{LIST}: {error}"))
}

/// All histories that cargo keeps on this machine, by name; takes `--index` off the arguments.
pub(crate) fn histories(arguments: &mut Vec<String>) -> Result<BTreeMap<String, History>, String> {
    let folder = match process::option(arguments, "--index")? {
        Some(folder) => PathBuf::from(folder),
        None => {
            let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
            let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
            let index = home.unwrap_or_default().join("registry/index");
            let entries = std::fs::read_dir(&index);
            let entries = entries.map_err(|error| format!("{}: {error}", index.display()))?;
            let mut folders = entries.filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                name.starts_with("index.crates.io-").then_some(name)
            });
            let folder = folders.next().ok_or("no index of crates.io is kept")?;
            index.join(folder).join(".cache")
        }
    };
    let mut histories = BTreeMap::new();
    let mut work = vec![folder];
    while let Some(path) = work.pop() {
        let at = |error: std::io::Error| format!("{}: {error}", path.display());
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(at)? {
                work.push(entry.map_err(at)?.path());
            }
            continue;
        }
        let bytes = std::fs::read(&path).map_err(at)?;
        let name = name_in(&bytes).ok_or_else(|| format!("{}: no index file", path.display()))?;
        let history = history_in_cargo_cache(&bytes, &name);
        let history = history.map_err(|error| format!("{}: {error}", path.display()))?;
        histories.insert(name, history);
    }
    Ok(histories)
}

/// The name that the first line is about: a file's own name is in lower case.
fn name_in(bytes: &[u8]) -> Option<String> {
    let line = bytes
        .split(|byte| *byte == 0)
        .find(|text| text.starts_with(b"{"))?;
    let line: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(line.get("name")?.as_str()?.to_owned())
}
