//! `audit --fix`: what rids projects of what was found in them.
//!
//! Everything is tried in a copy first: cargo changes the lockfile there, the outcome is judged like the
//! project itself, and what does not help, or brings something else, is taken back. Only the outcome
//! of all that helps is written to the project, and all of it or nothing.

mod attempt;
mod seen;

use std::path::Path;
use std::time::Duration;

use carapace_core::engine::{Knowledge, Subject};
use carapace_core::fix::update::Versions;
use carapace_core::graph::Package;
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::registry::Registry;
use carapace_core::report::{FixStatus, Fixed, Gap, Input, Report, Verdict};
use semver::Version;

use super::inputs::{self, Inputs, shown};
use super::settings::Settings;
use crate::cli::Failure;
use crate::cli::args::{AuditArgs, AuditWord};
use crate::host::bench::{Bench, State};
use crate::host::cargo::Environment;
use crate::host::dirs::{self, Env};
use crate::host::http::Door;
use crate::host::progress::Progress;
use crate::host::registry::RegistrySettings;
use crate::host::resolve::{ResolveError, ResolveOptions};
use crate::host::rewrite::{Rewrite, rewrite};
use crate::host::workspace::{Project, discover};
use attempt::Attempt;
use seen::{Seen, Target, Why, is_mendable};

/// Time for one run of cargo.
const CARGO: Duration = Duration::from_secs(300);
/// What gaps of fixes are called.
const FIX: &str = "fix";

/// What is asked of who judges the outcome of a change.
pub struct Question {
    /// What came of it.
    pub subject: Subject,
    /// Versions of packages that advisories are wanted of, too.
    pub versions: Vec<(String, Version)>,
    /// What is known already.
    pub registry: Registry,
}

/// Who judges it, as the project itself was judged.
pub type Judge<'a> = &'a dyn Fn(Question) -> Result<(Report, Knowledge), Failure>;

/// What fixing stands on.
pub struct Fixing<'a> {
    /// What was typed.
    pub arguments: &'a AuditArgs,
    /// What of it, and of configurations, counts.
    pub settings: &'a Settings,
    /// The environment.
    pub env: Env<'a>,
    /// The day of the run.
    pub today: Option<Date>,
    /// How the registry is asked.
    pub registry: &'a RegistrySettings,
    /// The network.
    pub door: Option<&'a Door>,
    /// Who judges.
    pub judge: Judge<'a>,
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// What was done, and what could not be.
    pub fixes: Vec<Fixed>,
    /// What could not be tried.
    pub gaps: Vec<Gap>,
    /// Whether a project was changed.
    pub is_changed: bool,
}

impl Outcome {
    fn take(&mut self, other: Self) {
        self.fixes.extend(other.fixes);
        self.gaps.extend(other.gaps);
        self.is_changed |= other.is_changed;
    }
}

/// Whether what was typed names projects that can be fixed.
///
/// # Errors
/// [`Failure`] if it does not.
pub fn check(arguments: &AuditArgs) -> Result<(), Failure> {
    if !arguments.fix {
        return match arguments.dry_run {
            true => Err(Failure("--dry-run is of --fix: give that too".to_owned())),
            false => Ok(()),
        };
    }
    if arguments.write_baseline {
        let both =
            "--fix changes what there is, and --write-baseline writes it down: one after the other";
        return Err(Failure(both.to_owned()));
    }
    let network = &arguments.network;
    if (network.locked || network.frozen) && !arguments.dry_run {
        let both = "--fix changes the lockfile, which --locked and --frozen forbid: leave one out, or \
                    add --dry-run";
        return Err(Failure(both.to_owned()));
    }
    let is_project = |path: &Path| match path.is_dir() {
        true => path.join("Cargo.toml").exists() || !path.join("Cargo.lock").exists(),
        false => path.file_name().is_some_and(|name| name == "Cargo.toml"),
    };
    let paths = inputs::searched(arguments);
    let are_projects =
        arguments.word != Some(AuditWord::Bin) && paths.iter().all(|path| is_project(path));
    if !are_projects || !arguments.files.is_empty() || arguments.recursive {
        let project = "--fix needs projects, as what may change is said by manifests: name the folder \
                       or the Cargo.toml of one";
        return Err(Failure(project.to_owned()));
    }
    Ok(())
}

/// Lets what is left after a fix decide how the run ends: all of it that warns or fails.
pub fn decide(report: &mut Report) {
    let is_left = |input: &Input| input.findings.iter().any(seen::is_to_go);
    for input in &mut report.inputs {
        if is_left(input) {
            input.verdict = Verdict::Fail;
        }
    }
    if report.inputs.iter().any(is_left) {
        report.verdict = Verdict::Fail;
    }
}

impl Fixing<'_> {
    /// Fixes each of the projects by itself.
    #[must_use]
    pub fn run(&self, inputs: &Inputs, report: &Report) -> Outcome {
        let mut outcome = Outcome::default();
        for root in &inputs.projects {
            let home = dirs::cargo_home(self.env);
            let project = match discover(root, home.as_deref()) {
                Ok(project) => project,
                Err(error) => {
                    outcome.gaps.push(untried(&shown(root), &error.to_string()));
                    continue;
                }
            };
            let path = shown(&project.lockfile);
            // What could not be judged is a gap already.
            if let Some(input) = report.inputs.iter().find(|input| input.path == path) {
                outcome.take(self.input(&project, input));
            }
        }
        outcome
    }

    fn input(&self, project: &Project, input: &Input) -> Outcome {
        let mut outcome = Outcome {
            fixes: seen::beyond_versions(input),
            ..Outcome::default()
        };
        let mut findings = input.findings.iter();
        if findings.any(|finding| is_mendable(&input.graph, finding)) {
            match self.project(project, input) {
                Ok(done) => outcome.take(done),
                Err(failure) => {
                    let reason = format!("nothing was changed: {}", failure.0);
                    outcome.gaps.push(untried(&input.path, &reason));
                    let reason = "it could not be tried; see what is told to be incomplete";
                    outcome.fixes.extend(seen::stuck(input, reason));
                }
            }
        }
        outcome
    }

    /// Tries what there is, one package after the other, and writes what is left to be good.
    fn project(&self, project: &Project, input: &Input) -> Result<Outcome, Failure> {
        let network = &self.arguments.network;
        let options = ResolveOptions {
            offline: network.offline || network.frozen || self.arguments.no_fetch,
            timeout: CARGO,
            work: dirs::work(self.env),
            environment: Environment::of_process(),
        };
        let (bench, first) = Bench::new(project, &options, shown).map_err(cargo_says)?;
        if bench.is_vendored() && self.arguments.config.is_projects_followed() {
            let reason = "the project takes its packages from a folder of its own, which cargo does \
                          not update: run `cargo vendor` after an update without that source";
            return Err(Failure(reason.to_owned()));
        }
        let original = bench.original()?;
        let mut work = Work {
            fixing: self,
            bench: &bench,
            input,
            versions: Versions::new(),
            registry: Registry::default(),
        };
        let mut outcome = Outcome::default();
        let mut state = first.clone();
        let mut now = work.judged(&state)?;
        // A lockfile that did not fit is another one when it does.
        if let Some(lockfile) = original.as_ref().filter(|own| **own != first.lockfile) {
            let stale = State {
                lockfile: lockfile.clone(),
                ..first.clone()
            };
            let before = work.judged(&stale)?;
            outcome.fixes.extend(before.gone(&now, None, &[]));
        }
        let mut stuck: Vec<(Target, Why)> = Vec::new();
        let progress = Progress::new("trying changes", now.targets().len(), self.settings.quiet);
        loop {
            let targets = now.targets();
            let is_new = |target: &Target| stuck.iter().all(|(known, _)| known != target);
            let Some(target) = targets.into_iter().find(is_new) else {
                break;
            };
            match Attempt::new(&mut work, &state, &now).run(&target) {
                Ok(done) => {
                    outcome.fixes.push(done.fixed);
                    (state, now) = (done.state, done.seen);
                }
                Err(why) => stuck.push((target, why)),
            }
            progress.reached(outcome.fixes.len() + stuck.len());
        }
        // What another change has done away with in the end is stuck no more.
        let left = now.targets();
        let is_changed = !outcome.fixes.is_empty();
        for (target, why) in stuck {
            if left.contains(&target) {
                if why.is_unknown {
                    let gap = untried(&input.path, &why.reason);
                    outcome.gaps.push(gap);
                }
                outcome.fixes.push(now.stuck(&target, why));
            }
        }
        if !is_changed || self.arguments.dry_run {
            return Ok(outcome);
        }
        bench.take(&state)?;
        if !options.offline {
            bench.fetch().map_err(cargo_says)?;
        }
        rewrite(&rewrites(project, original, &first, &state))?;
        for fixed in &mut outcome.fixes {
            if fixed.status == FixStatus::Planned {
                fixed.status = FixStatus::Applied;
            }
        }
        outcome.is_changed = true;
        Ok(outcome)
    }
}

/// A gap of what was asked for and could not be tried.
fn untried(path: &str, reason: &str) -> Gap {
    Gap {
        input: Some(path.to_owned()),
        blocking: true,
        ..Gap::new(FIX, reason)
    }
}

/// The files that a state changes.
fn rewrites(
    project: &Project,
    original: Option<Vec<u8>>,
    first: &State,
    state: &State,
) -> Vec<Rewrite> {
    let manifests = first.manifests.iter();
    let mut files: Vec<Rewrite> = manifests
        .filter_map(|(folder, before)| {
            let after = state
                .manifests
                .get(folder)
                .filter(|after| *after != before)?;
            Some(Rewrite {
                path: folder.join("Cargo.toml"),
                before: Some(before.clone().into_bytes()),
                after: after.clone().into_bytes(),
            })
        })
        .collect();
    if original.as_ref() != Some(&state.lockfile) {
        files.push(Rewrite {
            path: project.lockfile.clone(),
            before: original,
            after: state.lockfile.clone(),
        });
    }
    files
}

/// What is at hand while one project is fixed.
struct Work<'a> {
    fixing: &'a Fixing<'a>,
    bench: &'a Bench<'a>,
    /// The project, as it was judged.
    input: &'a Input,
    /// What is known of packages' versions.
    versions: Versions,
    registry: Registry,
}

impl Work<'_> {
    /// What is found in a state.
    fn judged(&mut self, state: &State) -> Result<Seen, Failure> {
        let mut versions = Vec::new();
        for (name, published) in &self.versions {
            let published = published.iter().flatten();
            versions.extend(published.map(|release| (name.clone(), release.version.clone())));
        }
        let subject = seen::subject(&self.input.path, &state.lockfile)?;
        let graph = subject.graph.clone();
        let question = Question {
            subject,
            versions,
            registry: self.registry.clone(),
        };
        let (report, knowledge) = (self.fixing.judge)(question)?;
        self.registry = knowledge.registry.clone();
        Ok(Seen::new(self.input, graph, report, knowledge))
    }
}

/// What cargo said, or why it could not be asked.
fn cargo_says(error: ResolveError) -> Failure {
    Failure(match error {
        ResolveError::Failed { said, .. } => format!("cargo says: {said}"),
        error => error.to_string(),
    })
}

/// What cargo knows a package by: unlike a name and a version, it is one of a lockfile's only.
fn specification(package: &Package) -> String {
    package.id()
}
