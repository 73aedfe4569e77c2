//! Answers of others, kept in our cache folder.
//!
//! ```text
//! graph/KEY    what cargo and rustc have said: a line with a checksum, and the answer; KEY is made
//!              of all that it depends on
//! people/api/…/KEY
//!              what a registry's API has said of a package, likewise
//! ```
//!
//! *Invariants.* A file appears whole or not at all: it is written beside and renamed. A damaged
//! one is as if it were not there. Nobody waits for anybody.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files;

/// How many answers of cargo and rustc are kept; the oldest go first.
const MAX_ANSWERS: usize = 128;
/// What an answer may weigh, in bytes.
const MAX_ANSWER: u64 = 256 * 1024 * 1024;
/// What the first line begins with.
const MARK: &str = "carapace-kept";

/// A folder of kept answers; it need not be there yet.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// What cargo and rustc have said.
    pub(crate) fn answers(cache: &Path) -> Self {
        Self::in_folder(cache.join("graph"))
    }

    /// What is kept in a folder of its own.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is kept under a key, if it is no older than that.
    pub(crate) fn get(&self, key: &str, max_age: Option<Duration>) -> Option<Vec<u8>> {
        let path = self.folder.join(key);
        if let Some(max_age) = max_age {
            let modified = fs::metadata(&path).ok()?.modified().ok()?;
            let age = SystemTime::now().duration_since(modified).ok()?;
            if age > max_age {
                return None;
            }
        }
        let mut bytes = files::read_regular(&path, MAX_ANSWER).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let expected = std::str::from_utf8(bytes.get(..end)?).ok()?.to_owned();
        bytes.drain(..=end);
        (first_line(&bytes) == expected).then_some(bytes)
    }

    /// Keeps an answer. That nothing can be written is no matter: then it is asked for again.
    pub(crate) fn put(&self, key: &str, answer: &[u8]) {
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let beside = self
                .folder
                .join(format!("{key}.{}.part", std::process::id()));
            let mut file = File::create(&beside)?;
            let written = writeln!(file, "{}", first_line(answer))
                .and_then(|()| file.write_all(answer))
                .and_then(|()| fs::rename(&beside, self.folder.join(key)));
            if written.is_err() {
                let _ = fs::remove_file(&beside);
            }
            written
        };
        let _ = write();
    }

    /// Has the oldest go where there are too many; to be called after something was kept.
    pub(crate) fn sweep(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut kept: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        kept.sort_unstable();
        let many = kept.len().saturating_sub(MAX_ANSWERS);
        for (_, path) in kept.into_iter().take(many) {
            let _ = fs::remove_file(path);
        }
    }
}

fn first_line(answer: &[u8]) -> String {
    format!("{MARK} {:08x} {}", crc32fast::hash(answer), answer.len())
}
