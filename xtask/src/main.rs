//! The project's own commands: `cargo xtask COMMAND`.

#![forbid(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "its inputs are this repository's own files"
)]

mod archives;
mod compare;
mod conformance;
mod deny;
mod dump;
mod fuzz;
mod generate;
mod graph;
mod ingest;
mod json;
mod operations;
mod oracle;
mod outcome;
mod pace;
mod process;
mod signals;
mod soundness;
mod standard;
mod well_known;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  generate    write the generated files anew
  check       fail if a generated file is stale
  dump        write a made-up dump of a registry
  fuzz        hostile input for every reader
  conformance compare with what cargo-audit reports on real lockfiles
  graph       compare workspaces with what cargo makes of them
  compare     time and memory beside cargo-audit
  compare-deny  compare with what cargo-deny finds in real workspaces
  ingest      time and memory of taking a registry's dump in, beside gzip
  oracle      compare the unsafe sites of real workspaces with what rustc reports
  operations  compare what is done in unsafe sites with what rustc and clippy report
  pace        time and memory beside cargo-geiger, and how they grow
  signals     how often rules about the registry's index speak of good packages
  soundness   whether the faults that advisories tell of are found, and mended ones not
  archives    what the rules say of all archives in cargo's cache
  standard    list the standard library's unsafe functions anew
  well-known  list the names that many packages depend on anew
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let root = root();
    let result = match command.as_str() {
        "generate" => write(&root),
        "check" => check(&root),
        "dump" => dump::run(arguments.collect()),
        "fuzz" => fuzz::run(&root, arguments.collect()),
        "conformance" => conformance::run(arguments.collect()),
        "graph" => graph::run(&root, &arguments.collect::<Vec<_>>()),
        "compare" => compare::run(arguments.collect()),
        "compare-deny" => deny::run(arguments.collect()),
        "ingest" => ingest::run(arguments.collect()),
        "oracle" => oracle::run(arguments.collect()),
        "operations" => operations::run(arguments.collect()),
        "pace" => pace::run(arguments.collect()),
        "signals" => signals::run(arguments.collect()),
        "soundness" => soundness::run(arguments.collect()),
        "archives" => archives::run(arguments.collect()),
        "standard" => standard::run(&root, arguments.collect()),
        "well-known" => well_known::run(&root, arguments.collect()),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// The repository's root.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

fn write(root: &Path) -> Result<(), String> {
    for file in generate::all(root)? {
        let at = |error: std::io::Error| format!("{}: {error}", file.path.display());
        if let Some(folder) = file.path.parent() {
            std::fs::create_dir_all(folder).map_err(at)?;
        }
        std::fs::write(&file.path, &file.text).map_err(at)?;
    }
    Ok(())
}

fn check(root: &Path) -> Result<(), String> {
    let stale: Vec<String> = generate::all(root)?
        .into_iter()
        .filter(|file| std::fs::read_to_string(&file.path).ok().as_deref() != Some(&file.text))
        .map(|file| file.path.display().to_string())
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "stale, run `cargo xtask generate`:\n{}",
        stale.join("\n")
    ))
}
