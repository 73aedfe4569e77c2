//! One build with its tests, of the copy as it is now.

use std::ffi::OsString;

use carapace_core::proof::messages::{Artifact, Build as Messages, Diagnostic};
use carapace_core::proof::outcomes::TestRun;

use super::Options;
use super::place::Place;
use crate::cli::Failure;
use crate::host::confine::{Done, Ended, variable};

/// How many lines of what was said are kept.
const MAX_LINES: usize = 12;
/// How long a kept line may be, in characters.
const MAX_LINE: usize = 400;

/// A way to build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The packages; all if there are none.
    pub(super) packages: Vec<String>,
    /// Whether all features are on, or the default ones.
    pub(super) all_features: bool,
    /// Whether warnings that the package makes errors are warnings.
    pub(super) is_lenient: bool,
    /// Which tests are built and run.
    pub(super) tests: Tests,
}

/// Which tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Tests {
    /// All that cargo takes by itself.
    #[default]
    All,
    /// Those of some targets, by cargo's flags for them, and documentation's examples or not.
    Some {
        /// As `["--test", "a"]`.
        targets: Vec<Vec<String>>,
        /// Whether documentation's examples are tests, too.
        documentation: bool,
    },
}

impl Tests {
    /// What cargo is told to build them, if there is anything to build. Of all of them those are
    /// wanted that can be built, and only a build goes on where one cannot.
    fn builds(&self) -> Option<Vec<String>> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Self::All => Some(words(&["build", "--keep-going", "--tests", "--examples"])),
            Self::Some { targets, .. } if targets.is_empty() => None,
            Self::Some { targets, .. } => {
                let test: Vec<String> = words(&["test", "--no-run"]);
                Some([test, targets.concat()].concat())
            }
        }
    }

    /// What cargo is told to run them, for each of its runs.
    fn runs(&self) -> Vec<Vec<String>> {
        match self {
            Self::All => vec![Vec::new()],
            Self::Some {
                targets,
                documentation,
            } => {
                let mut runs = Vec::new();
                if !targets.is_empty() {
                    runs.push(targets.concat());
                }
                if *documentation {
                    runs.push(vec!["--doc".to_owned()]);
                }
                runs
            }
        }
    }
}

/// What was built.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// What cargo said of libraries and programs, then of tests.
    pub(super) messages: Messages,
    /// Why libraries and programs were not built.
    pub(super) problem: Option<Vec<String>>,
    /// Why some of the tests were not.
    pub(super) problem_of_tests: Option<Vec<String>>,
}

/// What tests came to.
#[derive(Debug, Default)]
pub(super) struct Tested {
    pub(super) run: TestRun,
    /// Why they did not come to their end.
    pub(super) stopped: Option<String>,
    /// Lines that tell what went wrong.
    pub(super) said: Vec<String>,
}

/// Who builds and runs.
pub(super) struct Checker<'a> {
    pub(super) place: &'a Place,
    pub(super) options: &'a Options<'a>,
}

impl Checker<'_> {
    /// Builds libraries and programs, and tests if those were built.
    pub(super) fn compile(&self, way: &Way) -> Result<Compiled, Failure> {
        let json = ["--message-format", "json"].map(str::to_owned);
        let build = [&["build".to_owned(), "--keep-going".to_owned()], &json[..]].concat();
        let (done, messages) = self.build(way, &build)?;
        let mut compiled = Compiled {
            problem: problem(&done, &messages, self.place),
            messages,
            problem_of_tests: None,
        };
        if compiled.problem.is_some() {
            return Ok(compiled);
        }
        let Some(tests) = way.tests.builds() else {
            return Ok(compiled);
        };
        let (done, mut messages) = self.build(way, &[&tests[..], &json[..]].concat())?;
        compiled.problem_of_tests = problem(&done, &messages, self.place);
        let all = &mut compiled.messages;
        all.diagnostics.append(&mut messages.diagnostics);
        all.artifacts.append(&mut messages.artifacts);
        all.unread += messages.unread;
        Ok(compiled)
    }

    fn build(&self, way: &Way, arguments: &[String]) -> Result<(Done, Messages), Failure> {
        let mut task = self.place.task(self.arguments(way, arguments));
        task.timeout = self.options.build_timeout;
        lenient(way, &mut task.variables);
        let done = self.place.confinement.run(&task)?;
        let messages = Messages::read(&done.output);
        Ok((done, messages))
    }

    /// Runs the tests.
    pub(super) fn test(&self, way: &Way) -> Result<Tested, Failure> {
        let mut tested = Tested::default();
        for targets in way.tests.runs() {
            let test = ["test", "--no-fail-fast"].map(str::to_owned);
            let mut task = self
                .place
                .task(self.arguments(way, &[&test[..], &targets].concat()));
            task.timeout = self.options.test_timeout;
            task.is_merged = true;
            lenient(way, &mut task.variables);
            let done = self.place.confinement.run(&task)?;
            tested.run.extend(TestRun::read(&done.output));
            tested.said.extend(failures(&done, self.place));
            tested.stopped = tested.stopped.or_else(|| stopped(&done, "the tests"));
        }
        tested.said.truncate(MAX_LINES);
        Ok(tested)
    }

    fn arguments(&self, way: &Way, command: &[String]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = command.iter().map(OsString::from).collect();
        arguments.push("--frozen".into());
        arguments.push("--manifest-path".into());
        arguments.push(self.place.root.join("Cargo.toml").into());
        if way.all_features {
            arguments.push("--all-features".into());
        }
        let packages = way.packages.iter();
        arguments.extend(packages.map(|spec| format!("--package={spec}").into()));
        if way.packages.is_empty() {
            arguments.push("--workspace".into());
        }
        arguments
    }
}

/// Warnings that sources make errors were not ones when they were written.
fn lenient(way: &Way, variables: &mut Vec<(OsString, OsString)>) {
    if way.is_lenient {
        variables.push(variable("RUSTFLAGS", "--cap-lints=warn"));
        variables.push(variable("RUSTDOCFLAGS", "--cap-lints=warn"));
    }
}

/// Why a command did not come to its end.
fn stopped(done: &Done, who: &str) -> Option<String> {
    match &done.ended {
        Ended::Exited(_) => None,
        Ended::TimedOut(limit) => Some(format!("{who} did not end within {} s", limit.as_secs())),
        Ended::Stopped(why) => Some(format!("{who} were ended: {why}")),
    }
}

/// Why a build failed, the first lines of it.
fn problem(done: &Done, messages: &Messages, place: &Place) -> Option<Vec<String>> {
    if done.is_success() {
        return None;
    }
    if let Some(why) = stopped(done, "the build's commands") {
        return Some(vec![why]);
    }
    if let Some(error) = messages.errors().next() {
        return Some(lines_of(error, place));
    }
    let said = place.said(&done.said);
    let said = said
        .split("; ")
        .filter(|line| !line.starts_with("warning: "));
    let said = kept(said);
    Some(match said.is_empty() {
        true => vec![match &done.ended {
            Ended::Exited(status) => status.to_string(),
            _ => "it failed".to_owned(),
        }],
        false => said,
    })
}

/// The first lines of a message of the compiler.
pub(super) fn lines_of(diagnostic: &Diagnostic, place: &Place) -> Vec<String> {
    let rendered = place.said(&diagnostic.rendered);
    let lines = kept(rendered.lines());
    match lines.is_empty() {
        true => vec![diagnostic.text.clone()],
        false => lines,
    }
}

fn kept<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lines = lines.filter(|line| !line.trim().is_empty());
    let cut = |line: &str| line.trim_end().chars().take(MAX_LINE).collect();
    lines.take(MAX_LINES).map(cut).collect()
}

/// The lines in which tests tell what went wrong.
fn failures(done: &Done, place: &Place) -> Vec<String> {
    if done.is_success() {
        return Vec::new();
    }
    let output = place.said(&String::from_utf8_lossy(&done.output));
    let tells = |line: &&str| {
        let line = line.trim_start();
        ["panicked at ", "assertion ", "(signal: ", "exit status: "]
            .iter()
            .any(|word| line.contains(word))
            || ["left:", "right:", "error:", "error["]
                .iter()
                .any(|word| line.starts_with(word))
            || line.starts_with("test ") && line.ends_with("FAILED")
    };
    kept(output.lines().filter(tells))
}

/// A target as cargo's flags name it; none for what has no tests.
pub(super) fn flags_of(artifact: &Artifact) -> Option<Vec<String>> {
    let named = |flag: &str| vec![flag.to_owned(), artifact.name.clone()];
    Some(match artifact.kind.as_str() {
        "bin" => named("--bin"),
        "test" => named("--test"),
        "example" => named("--example"),
        "bench" => named("--bench"),
        "custom-build" => return None,
        _ => vec!["--lib".to_owned()],
    })
}
