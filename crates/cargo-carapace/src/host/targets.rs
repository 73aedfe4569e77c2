//! The files by whose places cargo finds what can be built of a package: its automatic discovery of
//! targets (<https://doc.rust-lang.org/cargo/reference/cargo-targets.html#target-auto-discovery>).

use std::fs;
use std::path::{Path, PathBuf};

/// Cargo looks for a target of a kind in a folder.
pub(crate) const FOLDERS: [(&str, &str); 4] = [
    ("bin", "src/bin"),
    ("example", "examples"),
    ("test", "tests"),
    ("bench", "benches"),
];
/// Single files that make a target.
const FILES: [&str; 3] = ["build.rs", "src/lib.rs", "src/main.rs"];
/// How many targets of one folder are listed; no package on crates.io has a tenth of it.
const MAX_TARGETS: usize = 10_000;

/// The files, from the package's folder, sorted. Nothing is opened, and links are not asked where
/// they lead: whatever has such a name counts.
pub(crate) fn discovered(package: &Path) -> Vec<PathBuf> {
    let is_there = |path: &Path| fs::symlink_metadata(package.join(path)).is_ok();
    let mut files: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    files.retain(|file| is_there(file));
    for (_, folder) in FOLDERS {
        let entries = fs::read_dir(package.join(folder));
        for entry in entries.into_iter().flatten().flatten().take(MAX_TARGETS) {
            let path = Path::new(folder).join(entry.file_name());
            let has_main = |path: &Path| is_there(&path.join("main.rs"));
            if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && has_main(&path) {
                files.push(path.join("main.rs"));
            }
        }
    }
    files.sort_unstable();
    files
}
