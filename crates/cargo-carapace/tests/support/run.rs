//! Runs of the program, each with folders of its own, and what it judges by.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cargo_carapace::gate::archive::checksum;
use serde_json::Value;
use tempfile::TempDir;

/// crates.io, as lockfiles write it.
pub const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// 2026-06-15, the day of the runs; the advisories here are of the day below.
pub const TODAY: &str = "1781481600";
pub const DATE: &str = "2026-06-01";

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// A project in a repository, a database, and a user's folders.
pub struct World {
    folder: TempDir,
}

impl World {
    /// With the project's `.git`, and nothing else.
    pub fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["home", "cargo", "project/.git"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        world
    }

    /// A project with this lockfile, and a database with one vulnerability of `parser`, fixed in
    /// 1.3.0.
    pub fn with_lock(packages: &[(&str, &str)]) -> Self {
        let world = Self::new();
        world.write("project/Cargo.lock", lock(packages));
        world.project();
        world.advisory("RUSTSEC-2026-0001", "parser", "");
        world
    }

    pub fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A package without dependencies in its manifest; the lockfile is what is judged.
    pub fn project(&self) {
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        self.write("project/Cargo.toml", manifest);
        self.write("project/src/lib.rs", "");
    }

    /// An advisory in the database, fixed in 1.3.0.
    pub fn advisory(&self, id: &str, package: &str, more: &str) {
        let path = format!("db/crates/{package}/{id}.md");
        self.write(&path, advisory(id, package, more));
    }

    /// The command `audit` in the project, which asks nobody and takes the advisories from the
    /// database here.
    pub fn audit(&self, arguments: &[&str]) -> Run {
        self.online(&["-n"]).args(arguments)
    }

    /// The same, which may ask.
    pub fn online(&self, arguments: &[&str]) -> Run {
        let run = self.plain(&["audit", "-d"]).arg(self.path("db"));
        run.args(arguments)
    }

    /// The program in the project.
    pub fn plain(&self, arguments: &[&str]) -> Run {
        let run = Run::new()
            .folder(self.path("project"))
            .set("HOME", self.path("home"))
            .set("CARGO_HOME", self.path("cargo"))
            .set("CARAPACE_CACHE_DIR", self.path("cache"));
        run.args(arguments)
    }
}

/// A run of the program, in an environment of few variables.
pub struct Run {
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    stdin: Vec<u8>,
    /// What starts it in its place, with arguments.
    through: Vec<String>,
}

/// What a run has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn new() -> Self {
        // What cargo and git are found by, and an address for the proxy at which nobody answers:
        // what is not meant for this machine does not leave it.
        let kept = [
            "PATH",
            "CARGO",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "SystemRoot",
        ];
        let kept = kept.iter().filter_map(|name| {
            let value = std::env::var_os(name)?;
            Some((OsString::from(name), value))
        });
        Self {
            arguments: Vec::new(),
            variables: kept.collect(),
            folder: std::env::temp_dir(),
            stdin: Vec::new(),
            through: Vec::new(),
        }
        .set("SOURCE_DATE_EPOCH", TODAY)
        .set("CARGO_HTTP_PROXY", "http://127.0.0.1:9")
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }
    pub fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }
    pub fn set(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.into(), value.as_ref().into());
        self
    }
    pub fn unset(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = folder.as_ref().to_owned();
        self
    }
    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_owned();
        self
    }

    /// With no more memory than this, in KiB, where that can be had.
    pub fn bounded(self, memory: u32) -> Self {
        match cfg!(target_os = "linux") {
            true => self.within(memory),
            false => self,
        }
    }

    /// With no more memory than this, in KiB; of Linux alone.
    pub fn within(mut self, memory: u32) -> Self {
        let script = format!("ulimit -v {memory} && exec \"$0\" \"$@\"");
        self.through = vec!["sh".into(), "-c".into(), script];
        self
    }

    /// On these cores alone, as `taskset` names them; of Linux alone.
    pub fn on_cores(mut self, cores: &str) -> Self {
        self.through = vec!["taskset".into(), "-c".into(), cores.into()];
        self
    }

    pub fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_cargo-carapace");
        let mut command = match self.through.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(self) -> Output {
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.clone();
        // Who does not read it closes it.
        let writer = thread::spawn(move || drop(stdin.write_all(&text)));
        let stdout = all(child.stdout.take().unwrap());
        let stderr = all(child.stderr.take().unwrap());
        let status = in_time(&mut child);
        writer.join().unwrap();
        let output = Output {
            code: status.code().unwrap_or(-1),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
        };
        assert!(!output.stderr.contains("panicked"), "{output:#?}");
        output
    }

    /// Runs, and looks at the exit code.
    pub fn exits(self, code: i32) -> Output {
        let output = self.run();
        assert_eq!(output.code, code, "{output:#?}");
        output
    }

    /// Runs with `--format json`, looks at the exit code, and gives the document.
    pub fn json(self, code: i32) -> Value {
        self.args(["--format", "json"]).exits(code).json()
    }
}

impl Output {
    /// Standard output, which is one document and nothing else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Asserts that this is said on standard error.
    pub fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        }
        self
    }

    /// Asserts that this is in the answer.
    pub fn shows(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        }
        self
    }
}

fn all(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// A registry's package in a folder of a world, with a list of its files as cargo writes it. Its
/// checksum is `ab` over and over.
pub fn vendor(world: &World, folder: &str, files: &[(&str, &str)]) {
    let listed: Vec<String> = files
        .iter()
        .map(|(path, text)| {
            world.write(&format!("{folder}/{path}"), text);
            format!("\"{path}\":\"{}\"", checksum(text.as_bytes()))
        })
        .collect();
    let list = format!(
        "{{\"files\":{{{}}},\"package\":\"{}\"}}",
        listed.join(","),
        "ab".repeat(32)
    );
    world.write(&format!("{folder}/.cargo-checksum.json"), list);
}

/// Waits for a process, but not for one that hangs.
pub fn in_time(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("it hangs");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// A lockfile of `app`, which depends on all these packages of crates.io.
pub fn lock(packages: &[(&str, &str)]) -> String {
    let names: Vec<String> = packages
        .iter()
        .map(|(name, _)| format!(" \"{name}\",\n"))
        .collect();
    let mut text = format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n{}]\n",
        names.concat()
    );
    for (name, version) in packages {
        text += &entry(name, version, Some(CRATES_IO));
    }
    text
}

/// An entry of a lockfile.
pub fn entry(name: &str, version: &str, source: Option<&str>) -> String {
    let mut text = format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    if let Some(source) = source {
        text += &format!("source = \"{source}\"\n");
    }
    text
}

/// An advisory, with more lines of its table; fixed in 1.3.0.
pub fn advisory(id: &str, package: &str, more: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"{DATE}\"\n{more}\n\
         [versions]\npatched = [\">= 1.3.0\"]\n```\n\n# A fault in {package}\n\nWhat is wrong.\n"
    )
}

/// The ids of the advisories of a document's findings, each with its package, and the codes of
/// findings without one.
pub fn found(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|finding| match &finding["advisory"] {
            Value::Null => text(&finding["code"]),
            advisory => {
                let package = text(&finding["package"]);
                let package = package.rsplit('#').next().unwrap();
                format!("{} {package}", text(&advisory["id"]))
            }
        })
        .collect()
}

/// What the gaps of a document are about, with their reasons.
pub fn gaps(document: &Value) -> Vec<String> {
    let gaps = document["gaps"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    gaps.iter()
        .map(|gap| format!("{}: {}", text(&gap["what"]), text(&gap["reason"])))
        .collect()
}

/// Asserts that there is a gap about this, with all the texts, and says whether it blocks.
pub fn gap(document: &Value, what: &str, texts: &[&str]) -> bool {
    let gaps = document["gaps"].as_array().unwrap();
    let is_it = |gap: &&Value| {
        gap["what"] == what && texts.iter().all(|text| gap.to_string().contains(text))
    };
    let gap = gaps.iter().find(is_it);
    let gap = gap.unwrap_or_else(|| panic!("no {what} {texts:?} in {gaps:#?}"));
    gap["blocking"].as_bool().unwrap()
}

/// A FIFO.
pub fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}
