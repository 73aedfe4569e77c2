//! `cargo check`, with this program as the compiler's wrapper.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};

use carapace_core::graph::metadata::{MetadataPackage, Target};
use carapace_core::graph::units::Selected;
use serde::Deserialize;

use super::answers::{Answers, UnitName};
use super::wrapper;
use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;
use crate::ground::Ground;
use crate::host::cargo::{Cargo, Environment};
use crate::host::child::{self, is_program};
use crate::host::progress::Progress;
use crate::host::{compiler, files, foreign};

/// The configuration that cargo is given, in our folder.
pub(super) const CONFIG: &str = "config.toml";
/// Variables of the user that change what is compiled; those of the project's say nothing here.
const FLAGS: [&str; 2] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
/// What a line of cargo may weigh, in bytes.
const MAX_LINE: u64 = 64 * 1024 * 1024;
/// How many units are taken.
const MAX_UNITS: usize = 200_000;
/// What is kept of the compiler's errors, in bytes.
const MAX_ERRORS: usize = 4 * 1024;

/// What is built, how, and where.
pub(super) struct Build<'a> {
    pub(super) cargo: &'a Cargo,
    pub(super) environment: &'a Environment,
    pub(super) arguments: &'a UnsafeArgs,
    pub(super) ground: &'a Ground,
    pub(super) folder: &'a Path,
    pub(super) answers: &'a Answers,
}

/// A build that has ended.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// The units that take part, compiled now or before.
    pub(super) artifacts: Vec<Artifact>,
    /// Whether that is all of them.
    pub(super) is_whole: bool,
    /// What cargo and the compiler said if not.
    pub(super) said: String,
}

/// A unit that cargo says is done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Of which package, as cargo's metadata names it.
    pub(super) package_id: String,
    target: String,
    files: Vec<PathBuf>,
}

impl Artifact {
    /// What it could be known by to the compiler: of the files that cargo names, some are copies
    /// under names for people.
    pub(super) fn names(&self) -> impl Iterator<Item = UnitName> + '_ {
        self.files.iter().flat_map(|file| {
            let folder = file.parent().unwrap_or(Path::new(""));
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let of_folder = folder.file_name().unwrap_or_default().to_string_lossy();
            // A build script is in a folder with its own hash.
            let hash = of_folder.rsplit('-').next().unwrap_or_default();
            let script = format!("{}-{hash}", self.target.replace('-', "_"));
            let library = stem.strip_prefix("lib").map(str::to_owned);
            let names = library.into_iter().chain([stem.into_owned(), script]);
            names.map(|stem| UnitName {
                folder: folder.to_owned(),
                stem,
            })
        })
    }
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    package_id: Option<String>,
    target: Option<TargetName>,
    filenames: Option<Vec<PathBuf>>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct TargetName {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

impl Build<'_> {
    /// Builds, for as long as it takes.
    pub(super) fn run(&self) -> Result<Built, Failure> {
        let io = |error: io::Error| {
            Failure(format!(
                "can't build in `{}`: {error}; check the folder's permissions and space",
                foreign::path(self.folder)
            ))
        };
        fs::create_dir_all(self.answers.folder()).map_err(io)?;
        let config = self.folder.join(CONFIG);
        let sources = self.ground.passed_on.as_deref().unwrap_or_default();
        fs::write(&config, sources).map_err(io)?;
        let command = self.command(&config)?;
        let progress = Progress::new("compiling", self.steps(), self.arguments.output.quiet);
        let ended = child::run_along(command, |stdout| read(stdout, &progress)).map_err(io)?;
        drop(progress);
        let mut built = ended.read;
        built.is_whole = ended.status.success();
        built.said = [built.said.trim(), ended.said.trim()]
            .into_iter()
            .filter(|said| !said.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        Ok(built)
    }

    /// About how many units there will be.
    fn steps(&self) -> usize {
        let units = self.ground.units.units().iter();
        let packages = units
            .filter(|unit| unit.is_built)
            .filter_map(|unit| self.ground.metadata.get(unit.package));
        let has_script = |package: &MetadataPackage| {
            let mut targets = package.targets.iter();
            targets.any(Target::is_build_script)
        };
        packages
            .map(|package| 1 + usize::from(has_script(package)))
            .sum()
    }

    /// Removes what was built, so that all is built anew.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        for folder in [&self.folder.join("target"), self.answers.folder()] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let folder = foreign::path(folder);
                    return Err(Failure(format!(
                        "`{folder}` does not belong together and can't be removed: {error}; remove it"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn command(&self, config: &Path) -> Result<Command, Failure> {
        let own = std::env::current_exe().ok();
        let Some(own) = own.filter(|program| is_program(program)) else {
            let missing = "this program cannot find itself, to be the compiler's wrapper; start it \
                           by its full path";
            return Err(Failure(missing.to_owned()));
        };
        let root = files::root_of(self.folder);
        let home = self.folder.join("home");
        let target = self.folder.join("target");
        let mut command = self.cargo.command(root, &home);
        for name in FLAGS {
            if let Some(value) = self.environment.get(name) {
                command.env(name, value);
            }
        }
        command
            .env("RUSTC", self.compiler(root, &home)?)
            .env("RUSTC_WRAPPER", own)
            // The user's own, of their cargo's configuration.
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .env(wrapper::ANSWERS, self.answers.folder())
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_BUILD_BUILD_DIR", &target)
            // What is compiled in parts is larger, and is only ever compiled once here.
            .env("CARGO_INCREMENTAL", "0")
            .args(["check", "--locked", "--keep-going", "--quiet"])
            .args(["--message-format", "json"])
            .arg("--config")
            .arg(config)
            .arg("--manifest-path")
            .arg(&self.ground.project.manifest);
        let selection = &self.arguments.selection;
        let network = &self.arguments.network;
        for (flag, is_given) in [
            ("--offline", network.offline || network.frozen),
            ("--all-features", selection.built.all_features),
            ("--no-default-features", selection.built.no_default_features),
            (
                "--all-targets",
                selection.all_targets || self.arguments.include_tests,
            ),
        ] {
            if is_given {
                command.arg(flag);
            }
        }
        // With `=`, as these are not to be taken for flags.
        for features in &selection.built.features {
            command.arg(format!("--features={features}"));
        }
        for target in &selection.built.target {
            command.arg(format!("--target={target}"));
        }
        match &self.ground.selected {
            Selected::Default => {}
            Selected::Workspace { exclude } => {
                command.arg("--workspace");
                command.args(exclude.iter().map(|spec| format!("--exclude={spec}")));
            }
            Selected::Packages(specs) => {
                command.args(specs.iter().map(|spec| format!("--package={spec}")));
            }
        }
        Ok(command)
    }

    /// The compiler itself. Cargo starts it in the workspace: where it is rustup's, a toolchain file
    /// there would say which program it is.
    fn compiler(&self, root: &Path, home: &Path) -> Result<PathBuf, Failure> {
        let programs = compiler::programs(self.cargo, root, home).map_err(Failure)?;
        Ok(programs.rustc)
    }
}

/// Reads cargo's messages (<https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>).
/// Procedural macros can print here, too: what is no message is passed over.
fn read(stdout: ChildStdout, progress: &Progress) -> io::Result<Built> {
    let mut built = Built::default();
    let mut from = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(built);
        }
        note(&mut built, &line);
        progress.reached(built.artifacts.len());
    }
}

fn note(built: &mut Built, line: &[u8]) {
    let Ok(line) = serde_json::from_slice::<Line>(line) else {
        return;
    };
    match line.reason.as_str() {
        "compiler-artifact" if built.artifacts.len() < MAX_UNITS => {
            if let (Some(package_id), Some(target), Some(files)) =
                (line.package_id, line.target, line.filenames)
            {
                built.artifacts.push(Artifact {
                    package_id,
                    target: target.name,
                    files,
                });
            }
        }
        "compiler-message" => {
            let error = line.message.filter(|message| message.level == "error");
            let said = error.and_then(|error| error.rendered).unwrap_or_default();
            let first = said.lines().filter(|line| !line.trim().is_empty()).take(2);
            for line in first {
                if built.said.len() < MAX_ERRORS {
                    if !built.said.is_empty() {
                        built.said.push_str("; ");
                    }
                    built.said.push_str(line.trim());
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let mut built = Built::default();
        for line in [
            r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"a-b"},"filenames":["/t/deps/liba_b-1.rmeta"],"fresh":true}"#,
            r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"build-script-build"},"filenames":["/t/build/p-2/build-script-build"],"fresh":false}"#,
            r#"{"reason":"compiler-artifact","package_id":1}"#,
            r#"{"reason":"compiler-message","message":{"level":"warning","rendered":"w"}}"#,
            r#"{"reason":"compiler-message","message":{"level":"error","rendered":"error: e\n\n  at x\n more"}}"#,
            "hello",
            "",
        ] {
            note(&mut built, line.as_bytes());
        }
        assert_eq!(built.said, "error: e; at x");
        let stems = |artifact: &Artifact| -> Vec<(PathBuf, String)> {
            let names = artifact.names();
            names.map(|name| (name.folder, name.stem)).collect()
        };
        let [library, script] = &built.artifacts[..] else {
            panic!("{built:?}");
        };
        let wanted = |folder: &str, stem: &str| (PathBuf::from(folder), stem.to_owned());
        assert!(stems(library).contains(&wanted("/t/deps", "a_b-1")));
        assert!(stems(script).contains(&wanted("/t/build/p-2", "build_script_build-2")));
    }
}
