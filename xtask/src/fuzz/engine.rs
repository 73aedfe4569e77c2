//! Runs a target over inputs until it fails or its time is over.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::minimise::minimise;
use super::mutate::{MAX_INPUT_BYTES, mutate};
use super::rng::Rng;
use super::signature::{Signature, hash};
use super::targets::Target;

/// An input that takes longer than this is a finding.
const SLOW: Duration = Duration::from_secs(1);

/// An input that takes longer than this is taken to never end.
const ENDLESS: Duration = Duration::from_secs(20);

/// No more inputs than this are kept.
const MAX_CORPUS: usize = 4_096;

/// When a target is left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    /// Runs of each lane.
    pub(crate) runs: u64,
}

/// What came of one target.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) runs: u64,
    /// Inputs with a signature of their own.
    pub(crate) kept: usize,
    pub(crate) finding: Option<Finding>,
}

/// An input that makes a target fail.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) input: Vec<u8>,
    pub(crate) why: String,
}

/// What a lane is at: for the watchman, who may find that it never ends.
type Slot = Mutex<Option<(Instant, Vec<u8>)>>;

/// Runs a target in `lanes` threads. Each lane has random numbers and kept inputs of its own, so
/// that what it tries depends on the seed and its number alone.
pub(crate) fn fuzz(
    target: &Target,
    seeds: &[Vec<u8>],
    seed: u64,
    lanes: usize,
    limits: Limits,
    artifacts: &Path,
) -> Result<Outcome, String> {
    hush();
    let slots: Vec<Slot> = (0..lanes).map(|_| Mutex::default()).collect();
    let found = AtomicBool::new(false);
    let outcomes = thread::scope(|scope| {
        let lanes: Vec<_> = slots
            .iter()
            .zip(0_u64..)
            .map(|(slot, number)| {
                let mut lane = Lane {
                    target,
                    accepted: Vec::new(),
                    refused: Vec::new(),
                    signatures: HashSet::new(),
                    rng: Rng::new(Rng::new(seed).next() ^ number),
                    slot,
                    running: artifacts.join(format!("{}-running-{number}", target.name)),
                };
                let found = &found;
                scope.spawn(move || lane.run(seeds, limits, found))
            })
            .collect();
        while !lanes.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(20));
            for slot in &slots {
                watch(target, slot, artifacts);
            }
        }
        let join = |lane: thread::ScopedJoinHandle<'_, _>| {
            let joined = lane.join();
            joined.unwrap_or_else(|_| Err("the fuzzer itself failed".to_owned()))
        };
        lanes
            .into_iter()
            .map(join)
            .collect::<Result<Vec<_>, String>>()
    })?;
    let mut all = Outcome::default();
    for outcome in outcomes {
        all.runs += outcome.runs;
        all.kept += outcome.kept;
        all.finding = all.finding.or(outcome.finding);
    }
    if let Some(finding) = &mut all.finding {
        let kind = |why: &str| why.split(':').next().unwrap_or_default().to_owned();
        let same = kind(&finding.why);
        let fails = |input: &[u8]| try_input(target, input).is_err_and(|why| kind(&why) == same);
        finding.input = minimise(&finding.input, 20_000, fails);
        if let Err(why) = try_input(target, &finding.input) {
            finding.why = why;
        }
    }
    Ok(all)
}

/// Writes a failing input down.
pub(crate) fn keep(artifacts: &Path, target: &Target, input: &[u8]) -> Result<PathBuf, String> {
    let path = artifacts.join(format!("{}-{:016x}", target.name, hash(input)));
    let written = fs::create_dir_all(artifacts).and_then(|()| fs::write(&path, input));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Ends the program if a lane does not come back from its input: a thread cannot be stopped.
fn watch(target: &Target, slot: &Slot, artifacts: &Path) {
    let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((since, input)) = &*slot
        && since.elapsed() > ENDLESS
    {
        let kept = keep(artifacts, target, input);
        eprintln!("{}: does not end on {kept:?}", target.name);
        std::process::exit(1);
    }
}

struct Lane<'a> {
    target: &'a Target,
    accepted: Vec<Vec<u8>>,
    refused: Vec<Vec<u8>>,
    signatures: HashSet<Signature>,
    rng: Rng,
    slot: &'a Slot,
    /// Holds the input that is tried: what is left if it kills the process (a stack overflow).
    running: PathBuf,
}

impl Lane<'_> {
    fn run(
        &mut self,
        seeds: &[Vec<u8>],
        limits: Limits,
        found: &AtomicBool,
    ) -> Result<Outcome, String> {
        let path = self.running.clone();
        let at = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut running = File::create(&path).map_err(at)?;
        let started = Instant::now();
        let mut outcome = Outcome::default();
        let mut seeds = seeds.iter();
        while outcome.runs < limits.runs
            && started.elapsed() < limits.time
            && !found.load(Ordering::Relaxed)
        {
            let mut input = match seeds.next() {
                Some(seed) => seed.clone(),
                None => self.next(),
            };
            input.truncate(MAX_INPUT_BYTES);
            outcome.runs += 1;
            running
                .rewind()
                .and_then(|()| running.write_all(&input))
                .and_then(|()| running.set_len(input.len() as u64))
                .map_err(at)?;
            self.set_slot(Some(&input));
            let tried = try_input(self.target, &input);
            self.set_slot(None);
            match tried {
                Ok(signature) => self.keep(signature, input),
                Err(why) => {
                    found.store(true, Ordering::Relaxed);
                    outcome.finding = Some(Finding { input, why });
                    break;
                }
            }
        }
        outcome.kept = self.signatures.len();
        fs::remove_file(&path).map_err(at)?;
        Ok(outcome)
    }

    /// Keeps an input that led to something new. One that led to something known in fewer bytes
    /// does not take its place: what makes it longer is what further steps need.
    fn keep(&mut self, signature: Signature, input: Vec<u8>) {
        let corpus = if signature.is_accepted() {
            &mut self.accepted
        } else {
            &mut self.refused
        };
        if self.signatures.insert(signature) && corpus.len() < MAX_CORPUS {
            corpus.push(input);
        }
    }

    fn next(&mut self) -> Vec<u8> {
        let refused = self.accepted.is_empty() || self.rng.below(8) == 0;
        let corpus = if refused {
            &self.refused
        } else {
            &self.accepted
        };
        mutate(&mut self.rng, corpus, self.target.dictionary)
    }

    fn set_slot(&self, input: Option<&[u8]>) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = input.map(|input| (Instant::now(), input.to_vec()));
    }
}

thread_local! {
    /// The last panic of a target on this thread; none while no target runs on it.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a target on one input: the signature of what it did, or why that is a finding.
pub(crate) fn try_input(target: &Target, input: &[u8]) -> Result<Signature, String> {
    let mut fastest = Duration::MAX;
    // A machine that had other things to do is no finding: only what is slow again and again.
    for _ in 0..3 {
        let started = Instant::now();
        PANIC.set(Some(String::new()));
        let signature = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        let panic = PANIC.take().unwrap_or_default();
        let signature = signature.map_err(|_| format!("panicked: {panic}"))?;
        fastest = fastest.min(started.elapsed());
        if fastest <= SLOW {
            return Ok(signature);
        }
    }
    Err(format!("slow: took {fastest:.1?} at least"))
}

/// Keeps panics of targets from being printed; those of anything else still are.
pub(crate) fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let expected = PANIC.with_borrow_mut(|panic| match panic {
                Some(message) => {
                    *message = info.to_string();
                    true
                }
                None => false,
            });
            if !expected {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(run: fn(&[u8]) -> Signature) -> Target {
        Target {
            name: "test",
            about: "",
            seeds: || vec![b"abc".to_vec()],
            dictionary: &["needle"],
            run,
            planted: false,
        }
    }

    fn by_length(input: &[u8]) -> Signature {
        let mut signature = Signature::new();
        signature.add(input.len() as u64);
        signature
    }

    fn try_target(target: &Target, runs: u64) -> Outcome {
        let folder = crate::process::TempFolder::new().unwrap();
        let time = Duration::from_secs(60);
        let limits = Limits { time, runs };
        fuzz(target, &(target.seeds)(), 7, 1, limits, folder.path()).unwrap()
    }

    #[test]
    fn a_failing_input_is_found_and_minimised() {
        let target = target(|input| {
            let text = String::from_utf8_lossy(input);
            assert!(!text.contains("needle"), "found the needle");
            by_length(input)
        });
        let finding = try_target(&target, 10_000).finding.unwrap();
        assert_eq!(finding.input, b"needle");
        assert!(finding.why.contains("found the needle"), "{}", finding.why);
    }

    #[test]
    fn runs_are_counted_and_the_same_seed_keeps_the_same() {
        let target = target(by_length);
        let (one, two) = (try_target(&target, 500), try_target(&target, 500));
        assert_eq!((one.runs, one.kept), (500, two.kept));
        assert!(one.finding.is_none() && one.kept > 10);
    }
}
