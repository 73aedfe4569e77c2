//! One faulty package, and what rids the project of it.

use std::collections::BTreeSet;

use carapace_core::engine::VersionFaults;
use carapace_core::fix::apply;
use carapace_core::fix::update::{Move, Planner, Situation, Stuck};
use carapace_core::graph::{Graph, Package};
use carapace_core::report::{FixChange, Fixed};
use semver::Version;

use super::seen::{Seen, Target, Why, subject};
use super::{Work, cargo_says, specification};
use crate::cli::Failure;
use crate::host::bench::State;
use crate::host::registry;

/// So many ways are tried for one package.
const MAX_TRIES: usize = 8;
/// So many steps one after the other make one way: what depends on a package changes first.
const MAX_STEPS: usize = 6;
/// Rounds of asking the registry for what a plan turns out to need.
const MAX_ROUNDS: usize = 64;

/// What an attempt has come to.
pub(super) struct Done {
    pub(super) state: State,
    pub(super) seen: Seen,
    pub(super) fixed: Fixed,
}

/// An attempt.
pub(super) struct Attempt<'w, 'a> {
    work: &'w mut Work<'a>,
    state: &'w State,
    now: &'w Seen,
    /// What was tried and was of no use.
    refused: BTreeSet<(String, Version)>,
    /// Why the last of it was not.
    objection: Option<String>,
}

/// The project after some moves.
struct Trial {
    state: State,
    requirements: Vec<FixChange>,
    notes: Vec<String>,
}

impl<'w, 'a> Attempt<'w, 'a> {
    pub(super) fn new(work: &'w mut Work<'a>, state: &'w State, now: &'w Seen) -> Self {
        Self {
            work,
            state,
            now,
            refused: BTreeSet::new(),
            objection: None,
        }
    }

    /// Tries one way after the other. What it leads to has less that is to go, and nothing new.
    pub(super) fn run(mut self, target: &Target) -> Result<Done, Why> {
        for _ in 0..MAX_TRIES {
            let moves = match self.plan(self.state, self.now, target) {
                Ok(moves) => moves,
                Err(stuck) => return Err(self.why(Why::from(&stuck))),
            };
            match self.follow(target, moves) {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {}
                Err(failure) => {
                    return Err(self.why(Why {
                        reason: failure.0,
                        ..Why::default()
                    }));
                }
            }
        }
        let reason = "none of the changes that were tried helps".to_owned();
        Err(self.why(Why {
            reason,
            ..Why::default()
        }))
    }

    fn why(&self, mut why: Why) -> Why {
        if let Some(objection) = &self.objection {
            why.reason = format!("{}; {objection}", why.reason);
        }
        why
    }

    /// A plan, after the registry was asked for all that it stands on.
    fn plan(&mut self, state: &State, now: &Seen, target: &Target) -> Result<Vec<Move>, Stuck> {
        let locals = self.work.bench.locals(state);
        let rust_version = self.work.bench.rust_version();
        let mut advisories = now.knowledge.clone();
        let fixing = self.work.fixing;
        for _ in 0..MAX_ROUNDS {
            let known = VersionFaults::new(&advisories, &fixing.settings.policy, fixing.today);
            let faults = |name: &str, version: &Version| known.of(name, version);
            let planner = Planner::new(Situation {
                graph: &now.graph,
                locals: &locals,
                versions: &self.work.versions,
                faults: &faults,
                rust_version: rust_version.as_ref(),
                refused: &self.refused,
            });
            let plan = planner.mend(target.index, &target.faults);
            let missing = planner.missing();
            if missing.is_empty() {
                return plan;
            }
            let names: Vec<&str> = missing.iter().map(String::as_str).collect();
            let answers = registry::published(&names, fixing.registry, fixing.door);
            self.work
                .versions
                .extend(missing.iter().cloned().zip(answers));
            // Advisories are read for the versions that are asked about.
            if let Ok(again) = self.work.judged(state) {
                advisories = again.knowledge;
            }
        }
        Err(Stuck::TooMany)
    }

    /// Makes the moves, and those that they make possible. None if that is of no use.
    fn follow(&mut self, target: &Target, mut moves: Vec<Move>) -> Result<Option<Done>, Failure> {
        let mut trial = Trial {
            state: self.state.clone(),
            requirements: Vec::new(),
            notes: Vec::new(),
        };
        let mut made: Vec<Move> = Vec::new();
        for _ in 0..MAX_STEPS {
            self.work.bench.take(&trial.state)?;
            for step in &moves {
                if let Err(failure) = self.make(step, &mut trial) {
                    self.objection = Some(format!("{} does not do: {}", shown(step), failure.0));
                    self.refused.insert(step.target());
                    return Ok(None);
                }
            }
            made.append(&mut moves);
            let seen = self.work.judged(&trial.state)?;
            if self.now.is_better(&seen) {
                let gone = self.now.gone(&seen, Some(target), &trial.requirements);
                return Ok(gone.map(|fixed| Done {
                    fixed: Fixed {
                        notes: trial.notes,
                        ..fixed
                    },
                    state: trial.state,
                    seen,
                }));
            }
            let brought = self.now.brought(&seen);
            if !brought.is_empty() {
                let made: Vec<String> = made.iter().map(shown).collect();
                let (made, brought) = (made.join(" and "), brought.join(", "));
                self.objection = Some(format!("{made} would bring {brought}"));
                break;
            }
            // The same package, which those above it now let go.
            let again = seen.targets().into_iter().find(|t| t.name == target.name);
            let next = again.map(|again| self.plan(&trial.state, &seen, &again));
            match next {
                Some(Ok(next)) if !next.iter().any(|step| made.contains(step)) => moves = next,
                _ => break,
            }
        }
        self.refused.extend(made.iter().map(Move::target));
        Ok(None)
    }

    /// Makes a move in the copy.
    fn make(&mut self, step: &Move, trial: &mut Trial) -> Result<(), Failure> {
        let bench = self.work.bench;
        match step {
            Move::Update { name, from, to } => {
                let before = subject("", &trial.state.lockfile)?.graph;
                let found = find(&before, name, |version| version == from);
                let package = found.ok_or_else(|| gone(name, from))?;
                bench
                    .update(&specification(package), to)
                    .map_err(cargo_says)?;
                trial.state.lockfile = bench.lockfile()?;
            }
            Move::Raise {
                asked,
                requirement,
                to,
            } => {
                let folder = bench.folder(&asked.file);
                let text = folder.and_then(|folder| trial.state.manifests.get_mut(folder));
                let text = text.ok_or_else(|| Failure(format!("{} is gone", asked.file)))?;
                let edit = step.edit(text).into_iter();
                *text = apply(text, edit.collect::<Vec<_>>().iter())?;
                trial.requirements.push(FixChange::Requirement {
                    file: asked.file.clone(),
                    line: asked.line,
                    package: asked.package.clone(),
                    from: asked.text.clone(),
                    to: requirement.clone(),
                });
                trial.notes.push(format!(
                    "{} {to} may need changes of the code that uses it: build and test",
                    asked.package
                ));
                bench.take(&trial.state)?;
                let before = subject("", &trial.state.lockfile)?.graph;
                bench.settle().map_err(cargo_says)?;
                trial.state.lockfile = bench.lockfile()?;
                self.lower(&asked.package, to, &before, trial)?;
            }
        }
        Ok(())
    }

    /// Has the lockfile take the version that was planned rather than the newest, where cargo can.
    fn lower(
        &self,
        name: &str,
        to: &Version,
        before: &Graph,
        trial: &mut Trial,
    ) -> Result<(), Failure> {
        let after = subject("", &trial.state.lockfile)?.graph;
        let is_new = |version: &Version| find(before, name, |old| old == version).is_none();
        if let Some(new) = find(&after, name, |version| is_new(version) && version > to)
            && find(&after, name, |version| version == to).is_none()
            && self.work.bench.update(&specification(new), to).is_ok()
        {
            trial.state.lockfile = self.work.bench.lockfile()?;
        }
        Ok(())
    }
}

fn find<'g>(graph: &'g Graph, name: &str, is_it: impl Fn(&Version) -> bool) -> Option<&'g Package> {
    let mut packages = graph.packages().iter();
    packages
        .find(|package| package.name == name && package.is_crates_io() && is_it(&package.version))
}

fn gone(name: &str, version: &Version) -> Failure {
    Failure(format!("{name} {version} is no more in the lockfile"))
}

fn shown(step: &Move) -> String {
    let (name, version) = step.target();
    format!("{name} {version}")
}
