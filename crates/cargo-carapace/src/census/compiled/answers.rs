//! What rustc said of each unit, kept beside the target folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use carapace_core::census::compiled::lint::Reported;
use serde::{Deserialize, Serialize};

use crate::host::files;
use crate::host::toolchain::Fingerprint;

/// What an answer may weigh, in bytes.
const MAX_ANSWER: u64 = 512 * 1024 * 1024;

/// What rustc said of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    /// The name of the crate.
    pub(super) crate_name: String,
    /// As what it was compiled: `lib`, `bin`, `proc-macro`, `build-script`, `test` …
    pub(super) kind: String,
    /// The name of its package.
    pub(super) package: String,
    /// The version of its package.
    pub(super) version: String,
    /// The folder of its package.
    pub(super) folder: String,
    /// The files that it was compiled from, in full, with `/`.
    pub(super) files: Vec<String>,
    /// What rustc reports, with files in full, with `/`.
    pub(super) reported: Vec<Reported>,
}

/// By what a unit is known, to the compiler that is told where to write it, and to cargo that says
/// what was written: the folder, and the names of its files before their endings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitName {
    pub(super) folder: PathBuf,
    pub(super) stem: String,
}

impl UnitName {
    fn file(&self) -> String {
        let mut key = Fingerprint::new("answer 1");
        key.text(&self.folder);
        key.text(&self.stem);
        key.finish()
    }
}

/// A folder of answers.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    folder: PathBuf,
}

impl Answers {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The answer on a unit; none if there is none that can be read.
    pub(super) fn get(&self, unit: &UnitName) -> Option<Answer> {
        let bytes = files::read_regular(&self.folder.join(unit.file()), MAX_ANSWER).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps an answer: it appears whole or not at all.
    pub(super) fn put(&self, unit: &UnitName, answer: &Answer) -> io::Result<()> {
        let name = unit.file();
        let beside = self
            .folder
            .join(format!("{name}.{}.part", std::process::id()));
        let bytes = serde_json::to_vec(answer)?;
        fs::write(&beside, bytes)?;
        fs::rename(&beside, self.folder.join(name))
    }

    /// Forgets the answer on a unit, if there is one.
    pub(super) fn remove(&self, unit: &UnitName) {
        let _ = fs::remove_file(self.folder.join(unit.file()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_by_unit() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::new(folder.path());
        let unit = |stem: &str| UnitName {
            folder: PathBuf::from("/t/debug/deps"),
            stem: stem.to_owned(),
        };
        let answer = Answer {
            crate_name: "a".to_owned(),
            kind: "lib".to_owned(),
            package: "a".to_owned(),
            version: "0.1.0".to_owned(),
            folder: "/w".to_owned(),
            files: vec!["/w/src/lib.rs".to_owned()],
            reported: Vec::new(),
        };
        answers.put(&unit("a-1"), &answer).unwrap();
        assert_eq!(answers.get(&unit("a-1")), Some(answer));
        assert_eq!(answers.get(&unit("a-2")), None);
        answers.remove(&unit("a-1"));
        assert_eq!(answers.get(&unit("a-1")), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
