//! `cargo xtask oracle`: the unsafe sites that `cargo carapace unsafe` lists, held against those
//! that rustc itself reports.
//!
//! The workspaces are not part of this repository. What rustc's lint `unsafe_code` says of each and
//! of all that it builds is a kept answer, or what a script prints (see [`answer::Answer`] for what
//! of it is read), or what the program itself keeps of a build with `--compiled`.

mod answer;
mod comparison;
mod report;
mod sources;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::process::{self, TempFolder};
use answer::Answer;
use comparison::Comparison;
use report::Report;
use sources::Sources;

const USAGE: &str = "\
usage: cargo xtask oracle [--oracle SCRIPT] [--answers PATH] [--misses N] [--members] --binary PATH WORKSPACE…
  --oracle SCRIPT  run in place of a kept answer that is not there: `SCRIPT WORKSPACE`; without one
                   the program builds the workspace with --compiled
  --answers PATH   a kept answer, or a folder of them: NAME.json for a workspace's folder NAME
  --misses N       also list the first N of each workspace's differences
  --binary PATH    the cargo-carapace to try
  --members        judge all members of the workspaces, as `--workspace` has cargo do
";

/// Where rustc's answers come from.
struct Oracle {
    script: Option<PathBuf>,
    answers: Option<PathBuf>,
    /// Whether all members are judged.
    members: bool,
}

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let mut path = |flag: &str| -> Result<Option<PathBuf>, String> {
        let text = process::option(&mut arguments, flag).map_err(usage)?;
        text.map(|text| absolute(Path::new(&text))).transpose()
    };
    let (script, answers, binary) = (path("--oracle")?, path("--answers")?, path("--binary")?);
    let shown = process::number(&mut arguments, "--misses").map_err(usage)?;
    let before = arguments.len();
    arguments.retain(|argument| argument != "--members");
    let members = arguments.len() < before;
    let (Some(binary), false) = (binary, arguments.is_empty()) else {
        return Err(USAGE.to_owned());
    };
    let oracle = Oracle {
        script,
        answers,
        members,
    };
    let shown = shown.map_or(0, |number| usize::try_from(number).unwrap_or(usize::MAX));

    let cache = TempFolder::new()?;
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for workspace in &arguments {
        match judge(&oracle, &binary, cache.path(), Path::new(workspace)) {
            Ok(row) => rows.push(row),
            Err(error) => failed.push(format!("{workspace}: {error}")),
        }
    }
    print!("{}", table::rows(&rows));
    for row in &rows {
        print!("{}", table::offenders(row));
        print!("{}", table::differences(row, shown));
    }
    for error in &failed {
        println!("{error}");
    }
    let below = rows
        .iter()
        .filter(|row| !row.comparison.is_enough())
        .count();
    match (below, failed.len()) {
        (0, 0) => Ok(()),
        (below, failed) => Err(format!(
            "{below} of {} workspaces below what must hold ({}), {failed} not compared",
            rows.len() + failed,
            comparison::MUST_HOLD
        )),
    }
}

/// What became of one workspace.
struct Row {
    workspace: String,
    units: usize,
    /// What the program took, from start to end.
    milliseconds: f64,
    comparison: Comparison,
}

fn judge(oracle: &Oracle, binary: &Path, cache: &Path, workspace: &Path) -> Result<Row, String> {
    let workspace = absolute(workspace)?;
    let answer = oracle.answer(&workspace, binary)?;
    let mut command = process::command(binary, cache);
    command
        .args(["unsafe", "--offline", "--format", "json", "--manifest-path"])
        .arg(workspace.join("Cargo.toml"))
        .args(oracle.members.then_some("--workspace"));
    let started = Instant::now();
    let finished = process::run(&mut command)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    let report = Report::read(&finished.stdout)
        .map_err(|error| format!("{error}; {}", finished.ending()))?;
    let name = workspace.file_name().unwrap_or_default();
    Ok(Row {
        workspace: name.to_string_lossy().into_owned(),
        units: answer.units,
        milliseconds,
        comparison: Comparison::of(&answer, &report, &mut Sources::default()),
    })
}

impl Oracle {
    /// The kept answer on a workspace, else the script's, else the program's own.
    fn answer(&self, workspace: &Path, binary: &Path) -> Result<Answer, String> {
        let kept = self.answers.as_deref().map(|answers| {
            if answers.is_dir() {
                let mut name = workspace.file_name().unwrap_or_default().to_owned();
                name.push(".json");
                answers.join(name)
            } else {
                answers.to_owned()
            }
        });
        if let Some(kept) = kept.filter(|kept| kept.exists()) {
            let text = fs::read_to_string(&kept);
            let text = text.map_err(|error| format!("{}: {error}", kept.display()))?;
            return Answer::read(&text);
        }
        let Some(script) = &self.script else {
            return self.built(workspace, binary);
        };
        let members = self.members.then_some("--workspace");
        let finished = process::run(Command::new(script).arg(workspace).args(members))?;
        match finished.code {
            Some(0) => Answer::read(&finished.stdout),
            _ => Err(format!("{} {}", script.display(), finished.ending())),
        }
    }

    /// Has the program build a workspace, and takes what it keeps of rustc's words: how it compares
    /// them itself is not believed.
    fn built(&self, workspace: &Path, binary: &Path) -> Result<Answer, String> {
        // A folder of its own has the answers of this build alone.
        let cache = TempFolder::new()?;
        let mut command = process::command(binary, cache.path());
        command
            .args(["unsafe", "--compiled", "--offline", "--format", "json"])
            .arg("--manifest-path")
            .arg(workspace.join("Cargo.toml"))
            .args(self.members.then_some("--workspace"));
        let finished = process::run(&mut command)?;
        if !matches!(finished.code, Some(0 | 1)) {
            return Err(format!("--compiled {}", finished.ending()));
        }
        let mut texts = Vec::new();
        for project in entries(&cache.path().join("compiled"))? {
            for file in entries(&project.join("answers"))? {
                let text = fs::read_to_string(&file);
                texts.push(text.map_err(|error| format!("{}: {error}", file.display()))?);
            }
        }
        Answer::of_units(&texts, &mut Sources::default())
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let at = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(at)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(at));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))
}
