//! What was so before any fix: whether it builds, and which tests there are to hold fixes to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::census::compiled::dep_info;
use carapace_core::proof::messages::{Artifact, Build as Messages};
use carapace_core::proof::outcomes::TestRun;

use super::check::{Checker, Compiled, Tests, Way, flags_of};
use super::place::Place;
use super::prepare::{MAX_MANIFEST, Plan, prepare};
use super::{Options, Subject};
use crate::cli::Failure;
use crate::host::files;

/// What a list of files may weigh, in bytes.
const MAX_DEP_INFO: u64 = 16 << 20;
/// How many such lists are read.
const MAX_LISTS: usize = 20_000;
/// How many entries of folders are looked at for manifests.
const MAX_ENTRIES: usize = 20_000;
/// How many programs of tests are run one by one.
const MAX_ALONE: usize = 100;

/// What was so before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The ways in which it builds, to which fixes are held; none if it does not build.
    pub builds: Vec<Build>,
    /// Why it does not build, with default features: the first lines of what was said. Foreign text.
    pub problem: Option<Vec<String>>,
    /// What could not be kept from the commands.
    pub unconfined: Vec<String>,
    /// What else the user should know, in sentences.
    pub notes: Vec<String>,
}

/// One way to build, before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// Whether with all features, or the default ones.
    pub all_features: bool,
    /// How many warnings there were.
    pub warnings: usize,
    /// How many tests passed.
    pub passed: usize,
    /// The tests that failed before, which may fail after. Foreign text.
    pub failed: Vec<String>,
    /// Programs of tests that did not come to an end, and why: fixes are not held to these.
    pub hung: Vec<(String, String)>,
    /// Programs of tests that do not build. Fixes are not held to these.
    pub unbuilt: Vec<String>,
    /// The first lines of why. Foreign text.
    pub unbuilt_said: Vec<String>,
}

/// A way to build, with all that fixes are held to.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) way: Way,
    pub(super) messages: Messages,
    pub(super) tests: TestRun,
}

/// Finds a way in which it builds, and then all.
pub(super) fn find(
    subject: &Subject,
    place: &Place,
    options: &Options<'_>,
) -> Result<(Baseline, Vec<Known>), Failure> {
    let mut baseline = Baseline {
        notes: place
            .notes
            .iter()
            .map(|note| format!("not in the copy: {note}"))
            .collect(),
        ..Baseline::default()
    };
    let checker = Checker { place, options };
    let way = Way {
        packages: subject.packages().to_vec(),
        ..Way::default()
    };
    let Some((way, compiled)) = settle(subject, &checker, way, &mut baseline)? else {
        return Ok((baseline, Vec::new()));
    };
    let mut known = vec![hold(&checker, way.clone(), compiled, &mut baseline)?];
    if has_features(&place.root) {
        let way = Way {
            all_features: true,
            tests: Tests::All,
            ..way
        };
        (options.told)("building it with all features");
        let compiled = checker.compile(&way)?;
        match &compiled.problem {
            None => known.push(hold(&checker, way, compiled, &mut baseline)?),
            Some(said) => {
                let first = said.first().map_or("", String::as_str);
                baseline
                    .notes
                    .push(format!("with all features it does not build here: {first}"));
            }
        }
    }
    Ok((baseline, known))
}

/// The first of the plans by which it builds.
fn settle(
    subject: &Subject,
    checker: &Checker<'_>,
    way: Way,
    baseline: &mut Baseline,
) -> Result<Option<(Way, Compiled)>, Failure> {
    for plan in Plan::all(subject, checker.place) {
        if let Err(said) = prepare(plan, checker.place, checker.options)? {
            baseline.problem.get_or_insert(said);
            continue;
        }
        let mut way = way.clone();
        let mut compiled = checker.compile(&way)?;
        if is_denied(&compiled.messages) {
            way.is_lenient = true;
            compiled = checker.compile(&way)?;
        }
        let Some(said) = compiled.problem.take() else {
            baseline.problem = None;
            baseline.notes.extend(plan.note());
            if way.is_lenient {
                let note = "it makes warnings errors that its compiler did not have; they were \
                            taken for warnings";
                baseline.notes.push(note.to_owned());
            }
            return Ok(Some((way, compiled)));
        };
        baseline.problem.get_or_insert(said);
    }
    Ok(None)
}

/// Whether there are errors, and all of them are lints that the sources make errors.
fn is_denied(messages: &Messages) -> bool {
    let is_lint = |code: &Option<String>| {
        let code = code.as_deref().unwrap_or_default();
        code.contains(|c: char| c.is_ascii_lowercase())
    };
    let mut errors = messages.errors().peekable();
    errors.peek().is_some() && errors.all(|error| is_lint(&error.code))
}

/// Runs the tests that were built, and leaves out those that fixes cannot be held to.
fn hold(
    checker: &Checker<'_>,
    mut way: Way,
    compiled: Compiled,
    baseline: &mut Baseline,
) -> Result<Known, Failure> {
    let mut build = Build {
        all_features: way.all_features,
        ..Build::default()
    };
    let mut compiled = compiled;
    if let Some(said) = compiled.problem_of_tests.take() {
        build.unbuilt = unbuilt(&compiled.messages);
        build.unbuilt_said = said;
        way.tests = Tests::Some {
            targets: targets(&compiled.messages),
            documentation: has_documentation(&compiled.messages),
        };
        // What is not built any more says nothing any more.
        compiled = checker.compile(&way)?;
    }
    (checker.options.told)("running its tests as it is");
    let mut tested = checker.test(&way)?;
    if let Some(why) = tested.stopped.take() {
        (way.tests, tested.run) = one_by_one(checker, &way, &compiled.messages, &mut build)?;
        if build.hung.is_empty() {
            build.hung.push(("all of them together".to_owned(), why));
        }
    }
    build.warnings = compiled.messages.warnings().count();
    build.passed = tested.run.count().passed;
    build.failed = tested.run.failed().collect();
    baseline.builds.push(build);
    Ok(Known {
        way,
        messages: compiled.messages,
        tests: tested.run,
    })
}

/// Runs each program of tests alone: those that come to their end, and what they said.
fn one_by_one(
    checker: &Checker<'_>,
    way: &Way,
    messages: &Messages,
    build: &mut Build,
) -> Result<(Tests, TestRun), Failure> {
    let mut all: Vec<(Vec<Vec<String>>, bool)> = Vec::new();
    all.extend(
        targets(messages)
            .into_iter()
            .map(|target| (vec![target], false)),
    );
    if has_documentation(messages) {
        all.push((Vec::new(), true));
    }
    let mut kept = Vec::new();
    let mut documentation = false;
    let mut run = TestRun::default();
    for (at, (targets, is_documentation)) in all.into_iter().enumerate() {
        let name = match is_documentation {
            true => "documentation's examples".to_owned(),
            false => targets.concat().join(" "),
        };
        if at >= MAX_ALONE {
            build
                .hung
                .push((name, "there are too many to run each alone".to_owned()));
            continue;
        }
        let alone = Way {
            tests: Tests::Some {
                targets: targets.clone(),
                documentation: is_documentation,
            },
            ..way.clone()
        };
        let tested = checker.test(&alone)?;
        match tested.stopped {
            Some(why) => build.hung.push((name, why)),
            None => {
                run.extend(tested.run);
                kept.extend(targets);
                documentation |= is_documentation;
            }
        }
    }
    let tests = Tests::Some {
        targets: kept,
        documentation,
    };
    Ok((tests, run))
}

/// The targets with tests that were built.
fn targets(messages: &Messages) -> Vec<Vec<String>> {
    let tests = messages
        .artifacts
        .iter()
        .filter(|artifact| artifact.is_test);
    let flags: BTreeSet<Vec<String>> = tests.filter_map(flags_of).collect();
    flags.into_iter().collect()
}

/// The targets that were not built.
fn unbuilt(messages: &Messages) -> Vec<String> {
    let targets: BTreeSet<String> = messages
        .errors()
        .map(|error| error.target.clone())
        .collect();
    targets.into_iter().collect()
}

fn has_documentation(messages: &Messages) -> bool {
    let is_library = |artifact: &Artifact| {
        let kind = artifact.kind.as_str();
        !artifact.is_test && matches!(kind, "lib" | "rlib" | "proc-macro")
    };
    messages.artifacts.iter().any(is_library)
}

/// Whether all features are something else than the default ones, as far as manifests say: where they
/// are not, what was built is there already.
fn has_features(root: &Path) -> bool {
    let mut todo = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(folder) = todo.pop() {
        let text =
            files::read_regular(&folder.join("Cargo.toml"), MAX_MANIFEST).unwrap_or_default();
        if String::from_utf8_lossy(&text).lines().any(|line| {
            let line = line.trim().replace(' ', "");
            line.starts_with("[features") || line.contains("optional=true")
        }) {
            return true;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && seen < MAX_ENTRIES && entry.file_name() != "src" {
                todo.push(entry.path());
            }
        }
    }
    false
}

/// The sources that the compiler has read, in full paths.
pub(super) fn compiled_files(place: &Place) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = Vec::new();
    for name in ["debug/deps", "debug/examples", "debug/build"] {
        folders.push(place.built().join(name));
    }
    let builds = fs::read_dir(place.built().join("debug/build"))
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(builds.take(MAX_LISTS).map(|entry| entry.path()));
    let lists = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "d"));
    for list in lists.take(MAX_LISTS) {
        let text = files::read_regular(&list, MAX_DEP_INFO).unwrap_or_default();
        for file in dep_info::files(&String::from_utf8_lossy(&text)) {
            found.insert(files::normalized(&place.root.join(file)));
        }
    }
    found
}
