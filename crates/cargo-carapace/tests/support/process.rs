//! The program itself, in a home of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cargo_carapace::advisories::load::embedded_info;
use serde_json::Value;
use tempfile::TempDir;

/// A day, in seconds.
pub const DAY: i64 = 24 * 60 * 60;

/// The moment of the built-in snapshot's commit. What the tests take in is as much newer as they
/// want, whichever snapshot is built in.
pub fn epoch() -> i64 {
    embedded_info().committed.unwrap()
}

/// Writes a program of lines, in a folder that is made where it is not there.
#[cfg(unix)]
pub fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether no process has this word among its arguments any more, soon.
pub fn are_gone(word: &str) -> bool {
    let is_there = || {
        let entries = fs::read_dir("/proc");
        assert!(entries.is_ok() || !cfg!(target_os = "linux"));
        let entries = entries.into_iter().flatten().flatten();
        let mut lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines.any(|line| String::from_utf8_lossy(&line).contains(word))
    };
    let start = Instant::now();
    while is_there() {
        if start.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// A home, a cargo home, a cache folder and a place for files; no way to the network.
pub struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        };
        for folder in ["home", "cargo", "files"] {
            fs::create_dir(home.folder.path().join(folder)).unwrap();
        }
        home
    }

    /// With one more variable for every run.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// A path among the test's own files.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("files").join(path)
    }

    /// Writes a file of the test's own.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn cargo_home(&self) -> PathBuf {
        self.folder.path().join("cargo")
    }

    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The program, with nothing of the tester's environment. Whatever is not on loopback goes to a
    /// proxy that is not there.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-carapace"));
        self.clean(&mut command);
        command.args(arguments);
        command
    }

    /// Gives any program the environment of [`Self::command`].
    pub fn clean(&self, command: &mut Command) {
        let folder = self.folder.path();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.join("home"))
            .env("CARGO_HOME", self.cargo_home())
            .env("CARAPACE_CACHE_DIR", self.cache())
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("SOURCE_DATE_EPOCH", (epoch() + 30 * DAY).to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.join("files"))
            .stdin(Stdio::null());
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Takes a database in, which works.
    pub fn update(&self, arguments: &[&str]) -> Ran {
        let ran = self.run([&["db", "update"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    }

    /// The document about the lockfile `Cargo.lock` of the test's files, without asking a registry.
    pub fn audit(&self, arguments: &[&str]) -> Document {
        let fixed = [
            "audit",
            "--no-yanked",
            "--format",
            "json",
            "-f",
            "Cargo.lock",
        ];
        let ran = self.run([&fixed, arguments].concat());
        let json = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        Document {
            code: ran.code,
            json,
        }
    }

    /// A slot's file.
    pub fn slot(&self, name: &str) -> PathBuf {
        self.cache().join(format!("advisories/slots/{name}.json"))
    }

    /// Changes a slot's file.
    pub fn edit_slot(&self, name: &str, key: &str, value: impl Into<Value>) {
        let file = self.slot(name);
        let mut slot: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        slot[key] = value.into();
        fs::write(&file, slot.to_string()).unwrap();
    }

    /// The index that a slot names.
    pub fn index(&self, name: &str) -> PathBuf {
        let slot: Value = serde_json::from_slice(&fs::read(self.slot(name)).unwrap()).unwrap();
        let index = slot["index"].as_str().unwrap();
        self.cache().join("advisories/indexes").join(index)
    }

    /// As if a slot had been asked about two days ago.
    pub fn age(&self, name: &str) {
        self.edit_slot(name, "checked", 1_000_000_000);
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// That it said why it could not be done, with these words.
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert!(self.err.starts_with("error: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in {self:?}");
        }
    }
}

/// The JSON document of a run.
#[derive(Debug)]
pub struct Document {
    pub code: Option<i32>,
    pub json: Value,
}

impl Document {
    /// The main database.
    pub fn database(&self) -> &Value {
        &self.json["database"]
    }

    /// The ids of the advisories that were found, sorted.
    pub fn ids(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        let mut ids: Vec<&str> = findings
            .map(|finding| finding["advisory"]["id"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        ids
    }

    /// The one finding.
    pub fn finding(&self) -> &Value {
        assert_eq!(
            self.json["findings"].as_array().unwrap().len(),
            1,
            "{self:?}"
        );
        &self.json["findings"][0]
    }

    /// The reasons of the gaps about databases.
    pub fn gaps(&self) -> Vec<&str> {
        let gaps = self.json["gaps"].as_array().unwrap().iter();
        gaps.filter(|gap| gap["what"] != "roles")
            .map(|gap| gap["reason"].as_str().unwrap())
            .collect()
    }

    /// That a gap has these words.
    pub fn has_gap(&self, words: &[&str]) {
        let found = |gap: &&str| words.iter().all(|word| gap.contains(word));
        assert!(
            self.gaps().iter().any(found),
            "{words:?} in {:?}",
            self.gaps()
        );
    }
}
