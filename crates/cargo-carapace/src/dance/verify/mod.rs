//! The proof before a fix is kept: the package is built and its tests are run, before and after, in a
//! copy.
//!
//! ```text
//! resolve-P-N/run/target/package/copy    the copy, with fixes as they are tried
//! resolve-P-N/run/built                  cargo's target folder, the same for all trials
//! resolve-P-N/run/home, run/tmp          a home without the user's configuration, and temporary files
//! resolve-P-N/…                          what the commands cannot write to
//! ```
//!
//! *Invariants.* What is run is the package's own code, so it is run confined (`host/confine.rs`), and
//! what could not be confined is in the result. Before, cargo resolves and fetches with the network,
//! which runs nothing of the package. Nothing outside of that folder is written to but what cargo
//! downloads into the user's own cargo home. Texts are the original's, whatever is in the copy by
//! then. A fix is kept if everything that was built still is, what passed still passes,
//! and no warning is new; those that are kept have been through that together.

mod attempt;
mod baseline;
mod check;
mod copy;
mod forbid;
mod originals;
mod place;
mod prepare;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use carapace_core::fix::patch::{self, Changed};
use carapace_core::fix::select::contradictions;
use carapace_core::fix::{Edit, Fix};
use carapace_core::proof::division::{Trial, divide};

use crate::census::dance::Stamp;
use crate::cli::Failure;
use crate::host::cargo::Environment;
use crate::host::confine::Limits;
use crate::host::rewrite::Rewrite;
use attempt::Bench;
pub use baseline::{Baseline, Build};
use originals::Originals;
use place::Place;

/// What a fix is for.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A workspace of the user's, or a package that is in none: its own files are copied.
    Workspace {
        /// The folder of the root manifest, its links resolved.
        root: PathBuf,
        /// What links may not leave (`Project::tree`).
        tree: PathBuf,
        /// The packages to build and test, as cargo's specifications; all if there are none.
        packages: Vec<String>,
    },
    /// A package as the registry has it.
    Archive {
        /// The archive, unpacked from cargo's cache in memory once its checksum was looked at.
        bytes: Vec<u8>,
        /// The package's name.
        name: String,
        /// Its version.
        version: String,
    },
    /// A package in a folder, in no workspace.
    Folder {
        /// The folder, its links resolved.
        folder: PathBuf,
    },
}

/// How it is proven.
pub struct Options<'a> {
    /// This program, which starts itself to confine what it runs.
    pub program: PathBuf,
    /// A folder of ours, which exists; the proof's own folder is made in it, and removed again.
    pub work: PathBuf,
    /// What cargo and its home are found by.
    pub environment: Environment,
    /// Whether only what cargo has already is used.
    pub offline: bool,
    /// What each command may use.
    pub limits: Limits,
    /// Time for cargo to resolve and fetch.
    pub fetch_timeout: Duration,
    /// Time for a build.
    pub build_timeout: Duration,
    /// Time for the tests, all together; and for each program of them where they have to be run one
    /// by one.
    pub test_timeout: Duration,
    /// How many times at most fixes are tried.
    pub max_trials: usize,
    /// Whether namespaces of the system are used where there are any; to be left at true.
    pub use_namespaces: bool,
    /// What files held that fixes were made for; such a file is changed only where it holds that.
    pub stamps: BTreeMap<String, Stamp>,
    /// Is told what is about to be done.
    pub told: &'a dyn Fn(&str),
}

impl<'a> Options<'a> {
    /// What fits most packages.
    #[must_use]
    pub fn new(
        program: PathBuf,
        work: PathBuf,
        environment: Environment,
        told: &'a dyn Fn(&str),
    ) -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            program,
            work,
            environment,
            offline: false,
            limits: Limits::default(),
            fetch_timeout: minutes(10),
            build_timeout: minutes(30),
            test_timeout: minutes(10),
            max_trials: 60,
            use_namespaces: true,
            stamps: BTreeMap::new(),
            told,
        }
    }
}

/// What has become of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is proven, together with all others that are kept.
    Kept,
    /// Something is worse with it.
    Refused {
        /// What, in a sentence.
        reason: String,
        /// The first lines of what the compiler, cargo or the tests said. Foreign text.
        said: Vec<String>,
    },
    /// Nothing is known of it.
    NotTried {
        /// Why, in a sentence.
        reason: String,
    },
}

/// A file that the kept fixes change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its text as it was.
    pub before: String,
    /// Its text with the kept fixes.
    pub after: String,
}

impl ChangedFile {
    /// How it is written.
    pub(super) fn rewrite(self, path: PathBuf) -> Rewrite {
        Rewrite {
            path,
            before: Some(self.before.into_bytes()),
            after: self.after.into_bytes(),
        }
    }
}

/// What came out. Texts in it are as the package's code wrote them: whoever shows them escapes them.
#[derive(Debug)]
pub struct Verified {
    /// What was so before any fix.
    pub baseline: Baseline,
    /// For each fix, in their order.
    pub verdicts: Vec<Verdict>,
    /// For each root of a crate in which no `unsafe` is left, what has become of
    /// `#![forbid(unsafe_code)]` there.
    pub forbids: BTreeMap<String, Verdict>,
    /// The changed files, by their paths from the workspace's or package's root.
    pub files: BTreeMap<String, ChangedFile>,
    /// The same as a patch for `git apply`; empty where nothing is kept.
    pub patch: String,
    /// How often fixes were tried.
    pub trials: usize,
}

impl Verified {
    /// The fixes that are kept, by their numbers.
    pub fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        let verdicts = self.verdicts.iter().enumerate();
        verdicts
            .filter(|(_, verdict)| **verdict == Verdict::Kept)
            .map(|(at, _)| at)
    }
}

/// Tries fixes, whose files are named from the root of the workspace or package, with `/`.
///
/// # Errors
/// [`Failure`] where there is nothing to try them in: no cargo, no copy, no folder. What is wrong with
/// the package is no error but in the result.
pub fn verify(
    subject: &Subject,
    fixes: &[Fix],
    options: &Options<'_>,
) -> Result<Verified, Failure> {
    let originals = Originals::of(subject)?;
    let place = Place::new(subject, &originals, options)?;
    (options.told)("resolving and building it as it is");
    let (mut baseline, ways) = baseline::find(subject, &place, options)?;
    baseline.unconfined = place.confinement.lacking().to_vec();
    let mut verified = Verified {
        baseline,
        verdicts: Vec::new(),
        forbids: BTreeMap::new(),
        files: BTreeMap::new(),
        patch: String::new(),
        trials: 0,
    };
    if ways.is_empty() {
        let why = verified.baseline.problem.as_ref();
        let why = why.and_then(|said| said.first()).map_or("", String::as_str);
        let reason = format!("not verified: the package does not build here before: {why}");
        verified.verdicts = vec![Verdict::NotTried { reason }; fixes.len()];
        return Ok(verified);
    }
    let mut bench = Bench::new(&place, options, &ways, &originals);
    try_fixes(fixes, &mut bench, &mut verified)?;
    verified.trials = bench.trials;
    verified.patch = patch::unified(verified.files.iter().map(|(file, changed)| Changed {
        file,
        before: &changed.before,
        after: &changed.after,
    }));
    Ok(verified)
}

fn try_fixes(fixes: &[Fix], bench: &mut Bench<'_>, verified: &mut Verified) -> Result<(), Failure> {
    let mut verdicts: Vec<Option<Verdict>> = fixes
        .iter()
        .map(|fix| bench.take_in(fix).err())
        .map(|reason| reason.map(|reason| Verdict::NotTried { reason }))
        .collect();
    let (tried, numbers): (Vec<&Fix>, Vec<usize>) = fixes
        .iter()
        .zip(0..)
        .filter(|(_, at)| verdicts.get(*at).is_some_and(Option::is_none))
        .unzip();
    let kept = bench.divide(&tried, true)?;
    for (verdict, at) in kept.verdicts.into_iter().zip(numbers) {
        if let Some(place) = verdicts.get_mut(at) {
            *place = Some(verdict);
        }
    }
    verified.verdicts = verdicts.into_iter().flatten().collect();
    bench.settle(kept.edits.clone())?;
    let roots = forbid::candidates(bench);
    let forbids: Vec<Fix> = roots.iter().map(|(_, fix)| fix.clone()).collect();
    let forbidden = bench.divide(&forbids.iter().collect::<Vec<_>>(), false)?;
    let names = roots.into_iter().map(|(file, _)| file);
    verified.forbids = names.zip(forbidden.verdicts).collect();
    bench.settle(forbidden.edits)?;
    verified.files = bench.changed();
    Ok(())
}

impl Subject {
    fn packages(&self) -> &[String] {
        match self {
            Self::Workspace { packages, .. } => packages,
            _ => &[],
        }
    }
}

/// Fixes that stay, and what has become of each.
struct Divided {
    verdicts: Vec<Verdict>,
    edits: Vec<Edit>,
}

impl Bench<'_> {
    /// Tries fixes on the texts that are settled.
    fn divide(&mut self, fixes: &[&Fix], with_tests: bool) -> Result<Divided, Failure> {
        let contradictions = contradictions(fixes);
        let mut failure = None;
        let limit = self.options.max_trials.saturating_sub(self.trials);
        let division = divide(fixes.len(), limit, &contradictions, &mut |tried| {
            let tried: Vec<(usize, &Fix)> = tried
                .iter()
                .filter_map(|at| Some((*at, *fixes.get(*at)?)))
                .collect();
            self.try_all(&tried, with_tests).unwrap_or_else(|error| {
                failure = Some(error);
                Trial::Spent
            })
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let mut kept: Vec<(usize, &Fix)> = Vec::new();
        let mut verdicts = Vec::new();
        for (at, fix) in fixes.iter().enumerate() {
            let not_tried = |reason: String| Verdict::NotTried { reason };
            verdicts.push(if division.kept.contains(&at) {
                kept.push((at, fix));
                Verdict::Kept
            } else if let Some(refusal) = division.refused.get(&at) {
                refusal.clone().into()
            } else if division.in_the_way.contains(&at) {
                Verdict::Refused {
                    reason: "it changes what another fix, which is kept, changes too; look anew \
                             after that"
                        .to_owned(),
                    said: Vec::new(),
                }
            } else {
                let limit = self.options.max_trials;
                not_tried(format!("the limit of {limit} trials was reached before it"))
            });
        }
        self.once_more(&mut kept, &mut verdicts, with_tests)?;
        Ok(Divided {
            edits: kept
                .into_iter()
                .flat_map(|(_, fix)| fix.edits.clone())
                .collect(),
            verdicts,
        })
    }

    /// Judges what is kept once more, unless that was the last thing to be tried.
    fn once_more(
        &mut self,
        kept: &mut Vec<(usize, &Fix)>,
        verdicts: &mut [Verdict],
        with_tests: bool,
    ) -> Result<(), Failure> {
        if kept.is_empty() || self.is_last(kept) {
            return Ok(());
        }
        if let Some(refusal) = self.judge(kept, with_tests)? {
            let verdict = Verdict::from(refusal.unsteady());
            for (at, _) in kept.drain(..) {
                if let Some(place) = verdicts.get_mut(at) {
                    *place = verdict.clone();
                }
            }
        }
        Ok(())
    }
}
