//! This program as cargo's `RUSTC_WRAPPER`: cargo calls it with rustc and rustc's arguments.
//!
//! *Invariants.* What cargo gets is what it would get of rustc, but for the messages of the lint
//! that was forced. Whatever is no unit of the build (questions about the compiler, what build
//! scripts try out) is rustc's alone.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, ExitCode, ExitStatus, Stdio};

use carapace_core::census::compiled::dep_info;
use carapace_core::census::compiled::lint::{LINT, Message, Reported};

use super::answers::{Answer, Answers, UnitName};
use crate::host::files;

/// The variable that tells where answers go, and by being there what this program is to be. The
/// folder is one of ours for one project: nobody sets it by chance.
pub(super) const ANSWERS: &str = "CARAPACE_COMPILED_ANSWERS";

/// What a line of rustc may weigh, in bytes; a longer one is passed on in parts.
const MAX_LINE: u64 = 16 * 1024 * 1024;
/// How many places of one unit are kept.
const MAX_REPORTED: usize = 1_000_000;
/// What a list of files may weigh, in bytes.
const MAX_DEP_INFO: u64 = 64 * 1024 * 1024;

/// Does rustc's work, if cargo has called for that; then the program ends so.
pub fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let folder = PathBuf::from(std::env::var_os(ANSWERS)?);
    let (_, rest) = arguments.split_first()?;
    let (rustc, rest) = rest.split_first()?;
    // A build script may well call the program for its own sake.
    if !folder.is_absolute() || !Path::new(rustc).is_absolute() {
        return None;
    }
    let ended = match Invocation::of(rest) {
        Some(unit) => compile(rustc, rest, &unit, &Answers::new(&folder)),
        None => Command::new(rustc).args(rest).status(),
    };
    Some(match ended {
        Ok(status) => code(status),
        Err(error) => {
            // Cargo shows what its compiler says.
            let _ = writeln!(io::stderr(), "{}: {error}", rustc.display());
            ExitCode::FAILURE
        }
    })
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A call that compiles a unit.
#[derive(Debug, PartialEq, Eq)]
struct Invocation {
    crate_name: String,
    kind: String,
    name: UnitName,
}

impl Invocation {
    /// Reads the arguments as cargo writes them (`build_base_args` in `cargo/src/core/compiler`).
    /// What build scripts call has no `-C metadata`.
    fn of(arguments: &[OsString]) -> Option<Self> {
        let texts: Vec<&str> = arguments.iter().filter_map(|text| text.to_str()).collect();
        let has = |wanted: &str| texts.contains(&wanted);
        let of = |flag: &str| {
            let mut pairs = texts.iter().zip(texts.iter().skip(1));
            pairs.find_map(|(name, value)| (*name == flag).then_some(*value))
        };
        let codegen = |option: &str| {
            let mut pairs = texts.iter().zip(texts.iter().skip(1));
            pairs.find_map(|(name, value)| value.strip_prefix(option).filter(|_| *name == "-C"))
        };
        if has("-") || !has("--error-format=json") {
            return None;
        }
        codegen("metadata=")?;
        let crate_name = of("--crate-name")?;
        let folder = after(arguments, "--out-dir")?;
        let crate_type = of("--crate-type").unwrap_or("bin");
        let kind = if has("--test") {
            "test"
        } else if crate_name.starts_with("build_script_") && crate_type == "bin" {
            "build-script"
        } else {
            crate_type
        };
        let extra = codegen("extra-filename=").unwrap_or_default();
        Some(Self {
            crate_name: crate_name.to_owned(),
            kind: kind.to_owned(),
            name: UnitName {
                folder: PathBuf::from(folder),
                stem: format!("{crate_name}{extra}"),
            },
        })
    }
}

fn after<'a>(arguments: &'a [OsString], flag: &str) -> Option<&'a OsStr> {
    let mut arguments = arguments.iter();
    arguments.find(|argument| *argument == flag)?;
    arguments.next().map(OsString::as_os_str)
}

/// Compiles a unit with the lint, and keeps what it says.
fn compile(
    rustc: &OsStr,
    arguments: &[OsString],
    unit: &Invocation,
    answers: &Answers,
) -> io::Result<ExitStatus> {
    // If this ends in between, there is no answer, rather than one on other sources.
    answers.remove(&unit.name);
    let mut child = Command::new(rustc)
        .args(arguments)
        // Of all levels this alone is above those of sources and of `--cap-lints`.
        .args(["--force-warn", LINT])
        .stderr(Stdio::piped())
        .spawn()?;
    let reported = match child.stderr.take() {
        Some(stderr) => pass_on(stderr, &mut io::stderr().lock()),
        None => Vec::new(),
    };
    let status = child.wait()?;
    if status.success() {
        let here = std::env::current_dir()?;
        let full = |file: &str| {
            let file = files::normalized(&here.join(file));
            file.to_string_lossy().replace('\\', "/")
        };
        let variable = |name: &str| {
            let value = std::env::var_os(name).unwrap_or_default();
            value.to_string_lossy().into_owned()
        };
        let list = unit.name.folder.join(format!("{}.d", unit.name.stem));
        let list = files::read_regular(&list, MAX_DEP_INFO).unwrap_or_default();
        let answer = Answer {
            crate_name: unit.crate_name.clone(),
            kind: unit.kind.clone(),
            package: variable("CARGO_PKG_NAME"),
            version: variable("CARGO_PKG_VERSION"),
            folder: variable("CARGO_MANIFEST_DIR"),
            files: dep_info::files(&String::from_utf8_lossy(&list))
                .iter()
                .map(|file| full(file))
                .collect(),
            reported: reported
                .into_iter()
                .map(|reported| Reported {
                    file: full(&reported.file),
                    ..reported
                })
                .collect(),
        };
        answers.put(&unit.name, &answer)?;
    }
    Ok(status)
}

/// Passes on what rustc says, and takes the lint's messages out.
fn pass_on(stderr: ChildStderr, to: &mut impl Write) -> Vec<Reported> {
    let mut reported = Vec::new();
    let mut from = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return reported;
        }
        match Message::read(&line) {
            Message::Lint(found) => {
                let room = reported.len() < MAX_REPORTED;
                reported.extend(found.filter(|_| room));
            }
            Message::Summary => {}
            // Rustc must not stop for a cargo that has gone.
            Message::Other => drop(to.write_all(&line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Invocation> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Invocation::of(&arguments)
    }

    #[test]
    fn units_are_told_from_questions() {
        let lib = "--crate-name a_b --edition=2021 src/lib.rs --error-format=json --crate-type lib \
                   --emit=dep-info,metadata -C embed-bitcode=no -C metadata=12 \
                   -C extra-filename=-34 --out-dir /t/debug/deps";
        let unit = of(lib).unwrap();
        assert_eq!(
            (unit.crate_name.as_str(), unit.kind.as_str()),
            ("a_b", "lib")
        );
        assert_eq!(unit.name.folder, Path::new("/t/debug/deps"));
        assert_eq!(unit.name.stem, "a_b-34");
        let dylib = of(&lib.replace("-C extra-filename=-34 ", "")).unwrap();
        assert_eq!(dylib.name.stem, "a_b");
        assert_eq!(of(&format!("{lib} --test")).unwrap().kind, "test");
        let script = lib.replace("a_b", "build_script_build");
        let script = of(&script.replace("--crate-type lib", "--crate-type bin"));
        assert_eq!(script.unwrap().kind, "build-script");
        for question in [
            "-vV",
            "- --crate-name ___ --print=file-names --error-format=json",
            "--crate-name=probe --crate-type=lib --emit=metadata --out-dir /t src/probe.rs",
        ] {
            assert_eq!(of(question), None, "{question}");
        }
    }
}
