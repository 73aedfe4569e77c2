//! A registry on loopback from which cargo builds, in the place of crates.io, and projects that take
//! their packages from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use carapace_core::knowledge::registry::path;
use cargo_carapace::gate::archive::checksum;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::run::{DATE, Output, Run, World};
use super::server::{Req, Resp, Server};

/// Bodies by path.
type Files = BTreeMap<String, Vec<u8>>;

/// The registry. What is published later is there from then on.
pub struct Registry {
    server: Server,
    files: Arc<Mutex<Files>>,
}

impl Registry {
    pub fn new() -> Self {
        let files = Arc::new(Mutex::new(Files::new()));
        let shared = Arc::clone(&files);
        let server = Server::start(move |request: &Req| answer(request, &shared.lock().unwrap()));
        let address = server.url("");
        let config = format!("{{\"dl\":\"{address}/dl/{{crate}}-{{version}}.crate\"}}");
        let root = "/config.json".to_owned();
        files.lock().unwrap().insert(root, config.into_bytes());
        Self { server, files }
    }

    /// Publishes releases: `NAME VERSION`, with `!` if it is yanked, then ` rust=VERSION` if it needs
    /// that, ` at=TIME` if the index tells when it was published, ` script` if it has a build script,
    /// then `: PACKAGE REQUIREMENT, …` if it depends on some, with `build:` before those of that
    /// script.
    pub fn publish(&self, releases: &[impl AsRef<str>]) {
        for release in releases {
            let release = release.as_ref();
            let (subject, needs) = release.split_once(": ").unwrap_or((release, ""));
            let words: Vec<&str> = subject.split(' ').collect();
            let version = words[1].trim_end_matches('!');
            let word = |start: &str| words.iter().find_map(|word| word.strip_prefix(start));
            self.add(&Release {
                name: words[0],
                version,
                yanked: words[1] != version,
                rust: word("rust="),
                time: word("at="),
                has_script: words.contains(&"script"),
                needs: needs
                    .split(", ")
                    .filter_map(|need| need.split_once(' '))
                    .collect(),
            });
        }
    }

    fn add(&self, release: &Release<'_>) {
        let Release {
            name,
            version,
            yanked,
            rust,
            time,
            has_script,
            ref needs,
        } = *release;
        let mut manifest = format!("[package]\nname = {name:?}\nversion = {version:?}\n");
        manifest += &rust.map_or(String::new(), |rust| format!("rust-version = {rust:?}\n"));
        let mut needed = Vec::new();
        for (package, requirement) in needs {
            let (kind, table, package) = match package.strip_prefix("build:") {
                Some(package) => ("build", "build-dependencies", package),
                None => ("normal", "dependencies", *package),
            };
            writeln!(manifest, "[{table}.{package}]\nversion = {requirement:?}").unwrap();
            needed.push(format!(
                r#"{{"name":"{package}","req":"{requirement}","features":[],"optional":false,"default_features":true,"target":null,"kind":"{kind}"}}"#
            ));
        }
        let commit = format!(r#"{{"git":{{"sha1":"{}"}}}}"#, "5a".repeat(20));
        let mut sources = vec![
            ("Cargo.toml", manifest.as_str()),
            (".cargo_vcs_info.json", commit.as_str()),
            ("src/lib.rs", ""),
        ];
        if has_script {
            sources.push(("build.rs", "fn main() {}"));
        }
        let archive = archive(&format!("{name}-{version}"), &sources);
        let time = time.map_or(String::new(), |time| format!(",\"pubtime\":{time:?}"));
        let line = format!(
            "{{\"name\":{name:?},\"vers\":{version:?},\"deps\":[{}],\"cksum\":\"{}\",\"features\":{{}},\
             \"yanked\":{yanked},\"rust_version\":{}{time}}}\n",
            needed.join(","),
            checksum(&archive),
            rust.map_or("null".to_owned(), |rust| format!("{rust:?}")),
        );
        let mut files = self.files.lock().unwrap();
        let index = files.entry(format!("/{}", path(name).unwrap()));
        index.or_default().extend(line.bytes());
        files.insert(format!("/dl/{name}-{version}.crate"), archive);
    }

    /// Takes an archive away that the index still names.
    pub fn lose(&self, name: &str, version: &str) {
        let mut files = self.files.lock().unwrap();
        files.remove(&format!("/dl/{name}-{version}.crate"));
    }

    /// What makes it crates.io in a user's configuration of cargo.
    fn config(&self) -> String {
        let index = self.server.url("/");
        format!(
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nregistry = \"sparse+{index}\"\n\
             [net]\nretry = 0\n"
        )
    }
}

/// What is published at once.
struct Release<'a> {
    name: &'a str,
    version: &'a str,
    yanked: bool,
    rust: Option<&'a str>,
    time: Option<&'a str>,
    has_script: bool,
    needs: Vec<(&'a str, &'a str)>,
}

fn answer(request: &Req, files: &Files) -> Resp {
    let Some(body) = files.get(&request.path) else {
        return Resp::status(404);
    };
    let etag = format!("\"{}\"", checksum(body));
    if request.header("if-none-match") == Some(etag.as_str()) {
        return Resp::status(304);
    }
    Resp::ok(body.as_slice()).with("etag", etag)
}

/// An archive of sources as a registry has it, all of them in a folder.
pub fn archive(folder: &str, sources: &[(&str, &str)]) -> Vec<u8> {
    let mut packed = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (file, text) in sources {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("{folder}/{file}");
        packed
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    let mut packed = packed.into_inner().unwrap();
    packed.flush().unwrap();
    packed.finish().unwrap()
}

/// A project and what it takes its packages from.
pub struct Supplied {
    pub world: World,
    pub registry: Registry,
}

impl Supplied {
    /// A project `app` with these lines of dependencies, its lockfile made by cargo of what is
    /// published first; then the rest is published.
    pub fn new(dependencies: &str, first: &[&str], rest: &[&str]) -> Self {
        let supplied = Self::unlocked(dependencies);
        supplied.registry.publish(first);
        supplied.lock();
        supplied.registry.publish(rest);
        supplied
    }

    /// The same, without a lockfile and with nothing published.
    pub fn unlocked(dependencies: &str) -> Self {
        let (world, registry) = (World::new(), Registry::new());
        world.project();
        let manifest = fs::read_to_string(world.path("project/Cargo.toml")).unwrap();
        world.write(
            "project/Cargo.toml",
            format!("{manifest}\n[dependencies]\n{dependencies}"),
        );
        let supplied = Self { world, registry };
        supplied.use_registry();
        supplied
    }

    /// Has the user's configuration of cargo name the registry.
    pub fn use_registry(&self) {
        let config = self.registry.config();
        self.world.write("cargo/config.toml", config);
    }

    /// Has cargo write the lockfile.
    pub fn lock(&self) {
        self.cargo(&["generate-lockfile"]);
    }

    /// Cargo, as a user runs it in the project.
    #[track_caller]
    pub fn cargo(&self, arguments: &[&str]) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(self.world.path("project"))
            .env("CARGO_HOME", self.world.path("cargo"))
            .env("CARGO_TARGET_DIR", self.world.path("target"))
            .env_remove("RUSTC_WRAPPER")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// A vulnerability of a package, and the versions without it.
    pub fn advisory(&self, number: u32, package: &str, patched: &str) -> &Self {
        let id = format!("RUSTSEC-2026-{number:04}");
        self.world.write(
            &format!("db/crates/{package}/{id}.md"),
            format!(
                "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"{DATE}\"\n\
                 [versions]\npatched = [{patched}]\n```\n\n# A fault in {package}\n\nWhat is wrong.\n"
            ),
        );
        self
    }

    /// `audit` with these arguments, which may ask the registry.
    pub fn audit(&self, arguments: &[&str]) -> Run {
        let run = self.world.online(arguments);
        run.unset("CARGO_HTTP_PROXY")
    }

    /// `audit --fix`, its exit code, and its document.
    #[track_caller]
    pub fn fix(&self, code: i32) -> Value {
        self.audit(&["--fix"]).json(code)
    }

    /// `audit --fix` for people, and its exit code.
    #[track_caller]
    pub fn fix_shown(&self, code: i32) -> Output {
        self.audit(&["--fix"]).exits(code)
    }

    pub fn file(&self, file: &str) -> PathBuf {
        self.world.path("project").join(file)
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.file(file)).unwrap()
    }

    /// The versions of a package in the lockfile.
    pub fn locked(&self, name: &str) -> Vec<String> {
        let text = self.text("Cargo.lock");
        let mut lines = text.lines();
        let mut versions = Vec::new();
        while let Some(line) = lines.next() {
            if line == format!("name = {name:?}") {
                let version = lines.next().unwrap();
                versions.push(version.trim_start_matches("version = ").replace('"', ""));
            }
        }
        versions
    }
}

/// The status of each fix of a document, with the package it is about.
pub fn statuses(document: &Value) -> Vec<String> {
    let fixes = document["fixes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    fixes
        .iter()
        .map(|fix| {
            let package = text(&fix["package"]);
            let package = package.rsplit('#').next().unwrap();
            format!("{} {package}", text(&fix["status"]))
        })
        .collect()
}
