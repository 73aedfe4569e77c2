//! Projects for discovery and resolving, and what watches over them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use cargo_carapace::host::bench::Bench;
use cargo_carapace::host::cargo::Environment;
use cargo_carapace::host::compiler::{CompilerOptions, platforms};
use cargo_carapace::host::metadata::{Described, MetadataOptions, describe};
use cargo_carapace::host::resolve::{ResolveError, ResolveOptions, resolve};
use cargo_carapace::host::search::{SearchOptions, find_lockfiles};
use cargo_carapace::host::workspace::{Project, discover};
use tempfile::TempDir;

/// A library without dependencies, for `write`.
pub fn package(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
}

/// A folder with a project, a folder for copies, and a cargo home of its own.
pub struct Fixture {
    pub folder: TempDir,
    /// Changed variables of the environment; `None` for one that is taken away.
    pub variables: BTreeMap<&'static str, Option<OsString>>,
    pub offline: bool,
    pub timeout: Duration,
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: BTreeMap::new(),
            offline: true,
            timeout: Duration::from_secs(60),
        };
        for folder in ["project/.git", "work", "home"] {
            fs::create_dir_all(fixture.path(folder)).unwrap();
        }
        fixture
    }

    /// The folder's path, with its links resolved.
    pub fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(path)
    }
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }
    pub fn canary(&self) -> PathBuf {
        self.path("canary")
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a library and its manifest.
    pub fn library(&self, folder: &str, name: &str, rest: &str) {
        self.write(&format!("{folder}/Cargo.toml"), &package(name, rest));
        self.write(&format!("{folder}/src/lib.rs"), "");
    }

    pub fn environment(&self) -> Environment {
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        variables.insert("CARGO_HOME".into(), self.path("home").into());
        for (name, value) in &self.variables {
            match value {
                Some(value) => variables.insert((*name).into(), value.clone()),
                None => variables.remove(&OsString::from(*name)),
            };
        }
        variables.into_iter().collect()
    }

    pub fn discover(&self) -> Project {
        discover(&self.project(), None).unwrap()
    }

    fn resolve_options(&self) -> ResolveOptions {
        ResolveOptions {
            offline: self.offline,
            timeout: self.timeout,
            work: self.path("work"),
            environment: self.environment(),
        }
    }

    pub fn resolve(&self) -> Result<String, ResolveError> {
        let project = self.discover();
        let options = self.resolve_options();
        let before = listing(&self.project());
        let result = in_time(move || resolve(&project, &options));
        assert_eq!(listing(&self.project()), before, "the project is untouched");
        let left = fs::read_dir(self.path("work")).unwrap().count();
        assert_eq!(left, 0, "the work folder is left empty");
        result.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub fn metadata_options(&self) -> MetadataOptions {
        MetadataOptions {
            offline: self.offline,
            locked: false,
            project_config: true,
            target: None,
            timeout: self.timeout,
            work: self.path("work"),
            cache: Some(self.path("cache")),
            environment: self.environment(),
            shown: |path| path.display().to_string(),
        }
    }

    /// What cargo knows of the project, which is left as it is.
    pub fn describe_with(&self, options: MetadataOptions) -> Result<Described, ResolveError> {
        let project = self.discover();
        let before = listing(&self.project());
        let result = in_time(move || describe(&project, &options));
        assert_eq!(listing(&self.project()), before, "the project is untouched");
        let left = fs::read_dir(self.path("work")).unwrap().count();
        assert_eq!(left, 0, "the work folder is left empty");
        result
    }

    pub fn describe(&self) -> Result<Described, ResolveError> {
        self.describe_with(self.metadata_options())
    }

    /// [`Self::describe`] of a project with files that can't be listed by reading them.
    pub fn describe_without_listing(&self) -> Result<Described, ResolveError> {
        let (project, options) = (self.discover(), self.metadata_options());
        in_time(move || describe(&project, &options))
    }

    /// [`Self::inquest`] of such a project.
    pub fn inquest_without_listing(&self) {
        let _ = fs::remove_file(self.canary());
        self.describe_without_listing().unwrap();
        let canary = fs::read_to_string(self.canary());
        assert!(canary.is_err(), "something ran: {canary:?}");
    }

    /// [`Self::describe`] in a project that hopes for a mistake, with nothing kept.
    pub fn inquest(&self) -> Result<Described, ResolveError> {
        let _ = fs::remove_file(self.canary());
        let options = MetadataOptions {
            cache: None,
            ..self.metadata_options()
        };
        let compiler = CompilerOptions {
            timeout: self.timeout,
            work: self.path("work"),
            cache: None,
            environment: self.environment(),
        };
        let tree = self.project();
        let known = in_time(move || platforms(&tree, &[], &compiler));
        assert!(known.unwrap().host.cfg.iter().len() > 5);
        let result = self.describe_with(options);
        let canary = fs::read_to_string(self.canary());
        assert!(canary.is_err(), "something ran: {canary:?}");
        result
    }

    /// Writes the project's lockfile.
    pub fn lock(&self) {
        let said = self.plain_cargo(&["generate-lockfile", "--offline"]);
        assert!(self.project().join("Cargo.lock").exists(), "{said}");
    }

    /// Everything that this is about, in a project that hopes for a mistake.
    pub fn survey(&self) -> Result<String, ResolveError> {
        let _ = fs::remove_file(self.canary());
        let folder = self.project();
        in_time(move || find_lockfiles(&folder, &SearchOptions::default()));
        let result = self.resolve();
        self.try_changes();
        let canary = fs::read_to_string(self.canary());
        assert!(canary.is_err(), "something ran: {canary:?}");
        result
    }

    /// What a fix has cargo do, as far as cargo gets.
    fn try_changes(&self) {
        let project = self.discover();
        let options = self.resolve_options();
        let before = listing(&self.project());
        in_time(move || {
            let shown = |path: &Path| path.display().to_string();
            let (bench, state) = Bench::new(&project, &options, shown).ok()?;
            bench.take(&state).ok()?;
            bench.fetch().ok()
        });
        assert_eq!(listing(&self.project()), before, "the project is untouched");
    }

    /// Cargo as a user runs it in the project; what it says.
    pub fn plain_cargo(&self, arguments: &[&str]) -> String {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.plain(Path::new(&cargo), arguments)
    }

    pub fn plain(&self, program: &Path, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.project())
            .env("CARGO_HOME", self.path("home"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("CARGO_NET_RETRY", "0")
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTC")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// That the canary can sing, and has.
    pub fn fires(&self, how: &str) {
        assert!(self.canary().exists(), "the fixture is not hostile: {how}");
        fs::remove_file(self.canary()).unwrap();
    }

    /// A program in the project that has the canary sing.
    #[cfg(unix)]
    pub fn program(&self, path: &str) -> PathBuf {
        let canary = self.canary();
        let text = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", canary.display());
        let path = self.project().join(path);
        super::process::script(&path, &text);
        path
    }
}

/// Everything in a folder, with content and time of change.
pub fn listing(folder: &Path) -> BTreeMap<PathBuf, (Option<SystemTime>, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(path) = todo.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        if meta.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        }
        all.insert(path, (meta.modified().ok(), content));
    }
    all
}

/// Runs something that could hang.
pub fn in_time<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || send.send(run()));
    // Nothing by then is something that hangs.
    receive.recv_timeout(Duration::from_secs(100)).unwrap()
}

/// Where a project configures cargo.
pub const CARGO_CONFIG: &str = ".cargo/config.toml";

/// A library, and a program beside it that must not be run.
#[cfg(unix)]
pub fn hostile() -> (Fixture, PathBuf) {
    let fixture = Fixture::new();
    fixture.library(".", "x", "");
    let program = fixture.program("tools/program");
    (fixture, program)
}

/// Has the project name a toolchain of its own, in which there are programs: its folder.
#[cfg(unix)]
pub fn names_a_toolchain(fixture: &mut Fixture) -> PathBuf {
    fixture.program("toolchain/bin/cargo");
    fixture.program("toolchain/bin/rustc");
    let toolchain = fixture.project().join("toolchain");
    fixture.write(
        "rust-toolchain.toml",
        &format!("[toolchain]\npath = {toolchain:?}\n"),
    );
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let proxy = home.map(|home| home.join("bin/cargo")).unwrap();
    // Only where cargo is rustup's does that file mean anything.
    if fs::read_link(&proxy).is_ok_and(|to| to.ends_with("rustup")) {
        fixture.plain(&proxy, &["metadata"]);
        fixture.fires("rust-toolchain.toml");
        fixture.variables.insert("CARGO", Some(proxy.into()));
        fixture.variables.insert("RUSTUP_TOOLCHAIN", None);
    }
    toolchain
}

/// A package that has cargo ask the compiler for its version, for resolving
/// takes the versions of Rust into account.
pub fn asks_the_compiler(fixture: &Fixture) {
    let rest = "resolver = \"3\"\n[dependencies]\ny = { path = \"y\" }\n";
    fixture.library(".", "x", rest);
    fixture.library("y", "y", "");
}
