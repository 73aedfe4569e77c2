//! `cargo xtask graph FOLDER…`: our resolution beside cargo's for whole workspaces.
//!
//! What is compared is in `crates/cargo-carapace/tests/graph_oracle.rs`, which does it for small
//! ones whenever the tests run.

use std::path::{Path, PathBuf};
use std::process::Command;

const USAGE: &str = "usage: cargo xtask graph FOLDER…  (of workspaces with a Cargo.lock)";

/// Compares the workspaces in these folders.
pub(crate) fn run(root: &Path, folders: &[String]) -> Result<(), String> {
    if folders.is_empty() {
        return Err(USAGE.to_owned());
    }
    let folders: Result<Vec<PathBuf>, _> = folders.iter().map(std::fs::canonicalize).collect();
    let folders = folders.map_err(|error| format!("{error}\n{USAGE}"))?;
    let folders = std::env::join_paths(folders).map_err(|error| error.to_string())?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--profile", "xtask", "--package", "cargo-carapace"])
        .args(["--test", "graph_oracle", "--"])
        .args(["--exact", "--nocapture", "folders"])
        .current_dir(root)
        .env("CARAPACE_GRAPH_FOLDERS", folders)
        .status()
        .map_err(|error| error.to_string())?;
    match status.success() {
        true => Ok(()),
        false => Err("our resolution is not cargo's".to_owned()),
    }
}
