//! What cargo knows of a project: asked so that nothing in the project is run, obeyed or written,
//! and kept until something changes that the answer depends on.
//!
//! Where the lockfile fits the manifests, cargo reads the project in its place, from the root of
//! the file system, with a cleaned environment and none of the project's configuration. All
//! manifests have been read before by our own reader, so cargo opens none that is no regular file.
//! Where there is no lockfile, or a stale one, cargo resolves in a copy of the manifests, and the
//! paths in its answer are made those of the original.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carapace_core::graph::lockfile::MAX_BYTES;
use carapace_core::graph::metadata::{self, Metadata};
use carapace_core::graph::units::Resolver;
use carapace_core::report::{ConfigEffect, Gap};

use super::cargo::{Cargo, Environment};
use super::files;
use super::kept::Kept;
use super::mirror::Mirror;
use super::project_config::{ProjectConfig, vendored_manifests};
use super::resolve::{self, Copy, ResolveError, Temporary};
use super::targets;
use super::toolchain::{self, Fingerprint};
use super::workspace::Project;

/// What cargo may say, in bytes: a workspace of 1000 packages has 5 MB.
const MAX_METADATA: u64 = 256 * 1024 * 1024;
/// Cargo's target folder, while it is asked: in a folder of ours.
const TARGET: &str = "target-folder";
/// How long a resolution is kept that stands on no lockfile: the registry goes on.
const UNLOCKED: Duration = Duration::from_secs(600);

/// How cargo is asked.
#[derive(Debug, Clone)]
pub struct MetadataOptions {
    /// Use only what cargo has already.
    pub offline: bool,
    /// Take the lockfile as it is, or nothing.
    pub locked: bool,
    /// Whether the project's own configuration may say where its packages are.
    pub project_config: bool,
    /// The platform that is built for, if not the host: where cargo has not all packages and may
    /// not get them, those of other platforms are left out.
    pub target: Option<String>,
    /// Time for cargo.
    pub timeout: Duration,
    /// A folder of ours, which exists. Copies go into fresh folders in it, which are removed again.
    pub work: PathBuf,
    /// Our cache folder, if anything is to be kept.
    pub cache: Option<PathBuf>,
    /// What cargo, its home and the network are found by.
    pub environment: Environment,
    /// A path, as the user would write it.
    pub shown: fn(&Path) -> String,
}

/// A project, as cargo knows it.
#[derive(Debug)]
pub struct Described {
    /// The packages.
    pub metadata: Metadata,
    /// How its root manifest has features unified.
    pub resolver: Resolver,
    /// The lockfile that it stands on: the project's, or what cargo resolves now.
    pub lockfile: Vec<u8>,
    /// Whether that is the project's own, and fits its manifests.
    pub has_own_lockfile: bool,
    /// What of the project's configuration cargo was given, as TOML: folders of the project that
    /// packages are taken from.
    pub passed_on: Option<String>,
    /// What the project's configuration of cargo did, or would have done.
    pub effects: Vec<ConfigEffect>,
    /// What is not as a build would have it.
    pub gaps: Vec<Gap>,
    /// Whether packages of other platforms may be left out, as cargo has them not.
    pub is_partial: bool,
    /// Whether it was kept from an earlier run.
    pub is_kept: bool,
}

/// What cargo knows of a project.
///
/// # Errors
/// See [`ResolveError`]; each of them means that there is no metadata, and leaves nothing behind.
pub fn describe(project: &Project, options: &MetadataOptions) -> Result<Described, ResolveError> {
    let environment = &options.environment;
    let tree = project.tree(environment.home().as_deref());
    let Some(cargo) = Cargo::find(environment, &tree) else {
        return Err(ResolveError::NoCargo { tree });
    };
    let mirror = Mirror::of(&project.root, &tree, environment.cargo_home().as_deref())?;
    let lockfile = match project.has_lockfile {
        true => {
            let bytes = files::read_found(&tree, &project.lockfile, MAX_BYTES as u64);
            Some(bytes.map_err(ResolveError::Lockfile)?)
        }
        false => None,
    };
    if lockfile.is_none() && options.locked {
        let lockfile = project.lockfile.clone();
        return Err(ResolveError::Locked { lockfile });
    }
    let config = match options.project_config {
        true => ProjectConfig::read(&project.root, &tree, &options.shown),
        false => ProjectConfig::default(),
    };
    let asking = Asking {
        project,
        options,
        tree: &tree,
        cargo: &cargo,
        mirror: &mirror,
        config: &config,
        lockfile: lockfile.as_deref(),
    };
    let cache = options.cache.as_deref().filter(|_| asking.may_keep());
    let cache = cache.map(|cache| (Kept::answers(cache), asking.key()));
    let max_age = lockfile.is_none().then_some(UNLOCKED);
    let kept = cache
        .as_ref()
        .and_then(|(cache, key)| cache.get(key, max_age));
    let kept = kept
        .and_then(|bytes| Answer::read(&bytes))
        .and_then(|answer| {
            let metadata = Metadata::parse(&answer.json).ok()?;
            all_there(&metadata).then_some((answer, metadata))
        });
    let is_kept = kept.is_some();
    let (answer, metadata) = match kept {
        Some(kept) => kept,
        None => {
            let answer = asking.ask()?;
            let metadata = Metadata::parse(&answer.json).map_err(ResolveError::Metadata)?;
            if let Some((cache, key)) = &cache {
                cache.put(key, &answer.written());
                cache.sweep();
            }
            (answer, metadata)
        }
    };
    let root = mirror.manifests.get(&project.root);
    Ok(Described {
        metadata,
        resolver: root.map(|root| root.resolver()).unwrap_or_default(),
        gaps: answer.gaps(lockfile.is_some()),
        has_own_lockfile: answer.lockfile.is_none() && lockfile.is_some(),
        passed_on: config.passed_on,
        lockfile: answer.lockfile.or(lockfile).unwrap_or_default(),
        effects: config.effects,
        is_partial: answer.is_partial,
        is_kept,
    })
}

/// Whether the folders of packages are still where cargo has unpacked them.
fn all_there(metadata: &Metadata) -> bool {
    let mut packages = metadata.packages.iter();
    packages.all(|package| package.source.is_none() || Path::new(&*package.manifest_path).is_file())
}

/// What cargo has said.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    /// Its JSON, as far as it is read.
    json: String,
    /// The lockfile, where it is not the project's.
    lockfile: Option<Vec<u8>>,
    /// Whether packages of other platforms are left out.
    is_partial: bool,
}

impl Answer {
    /// A line with the length of the lockfile, if any, and whether it is partial; the lockfile; the
    /// JSON.
    fn written(&self) -> Vec<u8> {
        let length = self.lockfile.as_ref().map(Vec::len);
        let length = length.map_or_else(|| "-".to_owned(), |length| length.to_string());
        let mut bytes = format!("{length} {}\n", self.is_partial).into_bytes();
        bytes.extend(self.lockfile.iter().flatten());
        bytes.extend(self.json.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let rest = bytes.get(end + 1..)?;
        let (length, is_partial) = line.split_once(' ')?;
        let (lockfile, json) = match length {
            "-" => (None, rest),
            length => {
                let (lockfile, json) = rest.split_at_checked(length.parse().ok()?)?;
                (Some(lockfile.to_owned()), json)
            }
        };
        Some(Self {
            json: String::from_utf8(json.to_owned()).ok()?,
            lockfile,
            is_partial: is_partial.parse().ok()?,
        })
    }

    fn gaps(&self, has_lockfile: bool) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if self.lockfile.is_some() {
            let reason = match has_lockfile {
                true => {
                    "it does not fit the manifests: what cargo resolves now, in a temporary \
                         copy, was judged"
                }
                false => {
                    "there is none: what cargo resolves now, in a temporary copy, was \
                          judged; a build may choose other versions"
                }
            };
            gaps.push(Gap::new(Gap::LOCKFILE, reason));
        }
        if self.is_partial {
            let reason = "cargo has not all packages of other platforms on this machine, and may \
                          not get them: they were not looked at; run `cargo fetch`, or leave out \
                          --offline";
            gaps.push(Gap::new("graph", reason));
        }
        gaps
    }
}

struct Asking<'a> {
    project: &'a Project,
    options: &'a MetadataOptions,
    tree: &'a Path,
    cargo: &'a Cargo,
    mirror: &'a Mirror,
    config: &'a ProjectConfig,
    lockfile: Option<&'a [u8]>,
}

impl Asking<'_> {
    /// Whether all that an answer depends on is known: the user's configuration may lead to more
    /// manifests and configurations.
    fn may_keep(&self) -> bool {
        let leads_on = |text: &str| {
            let mut lines = text.lines().map(str::trim_start);
            lines.any(|line| {
                let line = line.trim_start_matches('[');
                ["patch", "paths", "include"]
                    .iter()
                    .any(|key| line.starts_with(key))
            })
        };
        let files = toolchain::user_configs(self.cargo).into_iter();
        let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
        !texts.into_iter().any(|text| leads_on(&text))
    }

    /// All that an answer depends on.
    fn key(&self) -> String {
        let mut key = Fingerprint::new("metadata 3");
        key.text(&self.project.root);
        key.part(&[u8::from(self.options.locked)]);
        key.text(self.options.target.as_deref().unwrap_or_default());
        key.part(self.lockfile.unwrap_or_default());
        key.part(&[u8::from(self.lockfile.is_some())]);
        for (folder, manifest) in &self.mirror.manifests {
            key.text(folder);
            key.part(manifest.text.as_bytes());
            for file in targets::discovered(folder) {
                key.text(file);
            }
        }
        key.part(
            self.config
                .passed_on
                .as_deref()
                .unwrap_or_default()
                .as_bytes(),
        );
        for folder in &self.config.vendored {
            for (package, manifest) in vendored_manifests(folder) {
                for file in targets::discovered(&package) {
                    key.text(file);
                }
                key.text(package);
                key.part(&manifest);
            }
        }
        toolchain::add(&mut key, self.cargo, &self.options.environment);
        key.finish()
    }

    fn ask(&self) -> Result<Answer, ResolveError> {
        if self.lockfile.is_some() {
            match self.in_place() {
                // Cargo knows whether the lockfile fits, and says so by the flag that forbids to
                // change it.
                Err(ResolveError::Failed { said, .. }) if is_stale(&said) => {
                    if self.options.locked {
                        let lockfile = self.project.lockfile.clone();
                        return Err(ResolveError::Locked { lockfile });
                    }
                }
                answer => return answer,
            }
        }
        self.in_copy()
    }

    /// Asks about the project where it is.
    fn in_place(&self) -> Result<Answer, ResolveError> {
        let temporary = Temporary::new(&self.options.work)?;
        let manifest = self.project.manifest.clone();
        let (json, is_partial) = self.run(&temporary, &manifest, true)?;
        let json = metadata::compact(&json).map_err(ResolveError::Metadata)?;
        let ours = temporary.0.join(TARGET);
        let json = translated(&json, &ours, &self.project.root.join("target"));
        Ok(Answer {
            json,
            lockfile: None,
            is_partial,
        })
    }

    /// Asks about a copy of its manifests.
    fn in_copy(&self) -> Result<Answer, ResolveError> {
        let temporary = Temporary::new(&self.options.work)?;
        let copy = Copy::write(self.mirror, self.project, &temporary)?;
        if let Some(lockfile) = self.lockfile {
            let written = std::fs::write(copy.root.join("Cargo.lock"), lockfile);
            written.map_err(|error| writing("write the copy of the lockfile", error))?;
        }
        let asked = self.run(&temporary, &copy.root.join("Cargo.toml"), false);
        let (json, is_partial) = asked.map_err(|error| match error {
            ResolveError::Failed {
                manifest,
                said,
                unused,
                offline,
            } => ResolveError::Failed {
                manifest,
                said: copy.said(self.mirror, &said),
                unused,
                offline,
            },
            error => error,
        })?;
        let json = metadata::compact(&json).map_err(ResolveError::Metadata)?;
        let ours = temporary.0.join(TARGET);
        let json = translated(&json, &ours, &self.project.root.join("target"));
        Ok(Answer {
            json: translated(&json, &copy.base, &self.mirror.base),
            lockfile: Some(copy.lockfile()?),
            is_partial,
        })
    }

    /// Runs `cargo metadata`. What it says, and whether packages of other platforms are left out.
    fn run(
        &self,
        temporary: &Temporary,
        manifest: &Path,
        locked: bool,
    ) -> Result<(String, bool), ResolveError> {
        let config = match &self.config.passed_on {
            Some(text) => {
                let file = temporary.0.join("config.toml");
                let written = std::fs::write(&file, text);
                written.map_err(|error| writing("write the sources of packages", error))?;
                Some(file)
            }
            None => None,
        };
        let ask = |only: Option<&str>| {
            let mut command = temporary.command(self.cargo);
            // A target folder in the tree would be written to, and what it says of the compiler
            // would be believed.
            command
                .env("CARGO_TARGET_DIR", temporary.0.join(TARGET))
                .env("CARGO_CACHE_RUSTC_INFO", "0")
                .args([
                    "metadata",
                    "--format-version",
                    "1",
                    "--all-features",
                    "--quiet",
                ])
                .arg("--manifest-path")
                .arg(manifest);
            if locked {
                command.arg("--locked");
            }
            if self.options.offline {
                command.arg("--offline");
            }
            if let Some(only) = only {
                command.args(["--filter-platform", only]);
            }
            if let Some(config) = &config {
                command.arg("--config").arg(config);
            }
            let (json, status, said) = resolve::run(command, self.options.timeout, MAX_METADATA)?;
            if !status.success() {
                let offline = self.options.offline;
                return Err(resolve::failed(self.project, self.tree, &said, offline));
            }
            String::from_utf8(json).map_err(|_| {
                let error = io::Error::other("it says what is not UTF-8");
                writing("understand cargo", error)
            })
        };
        let all = ask(None);
        let is_missing = |error: &ResolveError| matches!(error, ResolveError::Failed { said, .. } if said.contains("--offline"));
        match all {
            Err(error) if self.options.offline && is_missing(&error) => {
                let only = self.options.target.as_deref().unwrap_or("host-tuple");
                match ask(Some(only)) {
                    Ok(json) => Ok((json, true)),
                    // What was asked for first is what the user knows of.
                    Err(_) => Err(error),
                }
            }
            all => Ok((all?, false)),
        }
    }
}

/// Whether cargo says that the lockfile does not fit.
fn is_stale(said: &str) -> bool {
    said.contains("--locked")
}

fn writing(doing: &'static str, error: io::Error) -> ResolveError {
    ResolveError::Io { doing, error }
}

/// JSON with another folder's paths, plain and in addresses.
fn translated(json: &str, from: &Path, to: &Path) -> String {
    let plain = |path: &Path| {
        let text = serde_json::Value::from(&*path.to_string_lossy()).to_string();
        text.trim_matches('"').to_owned()
    };
    let address = |path: &Path| {
        let path = path.to_string_lossy().replace('\\', "/");
        let mut text = String::with_capacity(path.len());
        for byte in path.bytes() {
            let is_plain =
                matches!(byte, b'!' | b'$'..=b';' | b'=' | b'@'..=b'_' | b'a'..=b'z' | b'|' | b'~');
            match is_plain && byte != b'%' {
                true => text.push(char::from(byte)),
                false => text.push_str(&format!("%{byte:02X}")),
            }
        }
        text
    };
    let json = json.replace(&plain(from), &plain(to));
    match address(from) == plain(from) {
        // Plain paths have been done; their addresses are the same, but not where they lead.
        true => match address(to) == plain(to) {
            true => json,
            false => json.replace(
                &format!("file://{}", plain(to)),
                &format!("file://{}", address(to)),
            ),
        },
        false => json.replace(&address(from), &address(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_said() {
        for answer in [
            Answer {
                json: "{}".to_owned(),
                lockfile: None,
                is_partial: true,
            },
            Answer {
                json: "{\n}".to_owned(),
                lockfile: Some(b"version = 4\n".to_vec()),
                is_partial: false,
            },
        ] {
            assert_eq!(Answer::read(&answer.written()), Some(answer));
        }
        for damaged in ["", "-", "- x\n{}", "9 true\n{}"] {
            assert_eq!(Answer::read(damaged.as_bytes()), None);
        }
    }

    #[test]
    fn paths_are_those_of_the_original() {
        let json = r#"{"a":"/c d/x","b":"path+file:///c%20d/x#1"}"#;
        assert_eq!(
            translated(json, Path::new("/c d"), Path::new("/p")),
            r#"{"a":"/p/x","b":"path+file:///p/x#1"}"#
        );
        let json = r#"{"a":"/c/x","b":"path+file:///c/x#1"}"#;
        assert_eq!(
            translated(json, Path::new("/c"), Path::new("/p q")),
            r#"{"a":"/p q/x","b":"path+file:///p%20q/x#1"}"#
        );
    }
}
