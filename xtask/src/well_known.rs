//! `cargo xtask well-known`: the names that many packages depend on, which impostors imitate.
//!
//! The source is what cargo keeps of crates.io's index on this machine: a name is on the list if so
//! many packages of it depend, or once depended, on it. The list is reviewed with every change, as a
//! name on it is trusted not to be an impostor's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use carapace_core::knowledge::registry::history;
use serde_json::Value;

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
    let index = kept_index(&mut arguments).map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let files = index_files(&index)?;
    let mut dependents: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, file) in &files {
        let lines: Vec<&str> = file.lines.iter().map(|line| line.text.as_str()).collect();
        let history = history(lines.join("\n").as_bytes(), name);
        let history = history.map_err(|error| format!("{name}: {error}"))?;
        let edges = history.versions().iter().flat_map(|version| &version.edges);
        for edge in edges.filter(|edge| *edge.package != **name) {
            let of = dependents.entry(edge.package.to_string()).or_default();
            of.insert(name);
        }
    }
    let mut text = format!(
        "# Names that at least {least} packages depend on, of {} in an index that cargo keeps: `cargo xtask \
         well-known`.\n",
        files.len()
    );
    let known = dependents.iter().filter(|(_, of)| of.len() >= least);
    for (name, _) in known {
        text += name;
        text += "\n";
    }
    std::fs::write(root.join(LIST), text).map_err(|error| format!("{LIST}: {error}"))
}

/// An index file that cargo keeps.
pub(crate) struct IndexFile {
    pub(crate) name: String,
    pub(crate) lines: Vec<IndexLine>,
}

/// A line of the index, and when it says that its version was published.
pub(crate) struct IndexLine {
    pub(crate) text: String,
    pub(crate) published: Option<String>,
}

/// The folder of crates.io's index that cargo keeps; takes `--index` off the arguments.
pub(crate) fn kept_index(arguments: &mut Vec<String>) -> Result<PathBuf, String> {
    if let Some(folder) = process::option(arguments, "--index")? {
        return Ok(folder.into());
    }
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
    Ok(index.join(folder).join(".cache"))
}

/// All files of an index that cargo keeps, by the names of their packages.
pub(crate) fn index_files(index: &Path) -> Result<BTreeMap<String, IndexFile>, String> {
    let mut files = BTreeMap::new();
    let mut work = vec![index.to_owned()];
    while let Some(path) = work.pop() {
        let at = |error: std::io::Error| format!("{}: {error}", path.display());
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(at)? {
                work.push(entry.map_err(at)?.path());
            }
            continue;
        }
        let bytes = std::fs::read(&path).map_err(at)?;
        let texts = bytes
            .split(|byte| *byte == 0)
            .filter(|text| text.starts_with(b"{"));
        let mut lines = Vec::new();
        let mut name = None;
        for text in texts {
            let fault = |error: serde_json::Error| format!("{}: {error}", path.display());
            let line: Value = serde_json::from_slice(text).map_err(fault)?;
            let word = |key: &str| Some(line.get(key)?.as_str()?.to_owned());
            name = name.or_else(|| word("name"));
            lines.push(IndexLine {
                text: String::from_utf8_lossy(text).into_owned(),
                published: word("pubtime"),
            });
        }
        let name = name.ok_or_else(|| format!("{}: no index file", path.display()))?;
        files.insert(name.clone(), IndexFile { name, lines });
    }
    Ok(files)
}
