//! `cargo xtask fuzz`: hostile input for every reader, on stable Rust.
//!
//! A target is a function that takes bytes and asserts what must hold for all of them. The engine
//! changes known inputs, keeps those that lead to something new, and makes a failing one small.

mod engine;
mod minimise;
mod mutate;
pub(crate) mod rng;
mod signature;
mod targets;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::process;
use engine::Limits;
use targets::{TARGETS, Target};

/// The help, without the list of targets.
const USAGE: &str = "\
usage: cargo xtask fuzz [TARGET…|all] [--seconds N] [--seed S] [--runs N] [--lanes N]
       cargo xtask fuzz --smoke [--seconds N]
       cargo xtask fuzz TARGET --replay FILE
  --seconds N   how long, per target (default 60; with --smoke 5)
  --runs N      how many inputs at most, per target and lane
  --seed S      which inputs; the same seed and number of lanes try the same
  --lanes N     how many threads (default: one per core)
  --smoke       all targets, always the same seed
A failing input is made small and written to fuzz-artifacts/TARGET-HASH. If an input kills the
process itself, it is what fuzz-artifacts/TARGET-running-LANE holds. Once mended, it belongs in
xtask/corpus/TARGET/, whose files are tried first, every time.
targets:
";

/// The planted fault is looked for this many times as long as a target is otherwise tried: it must
/// be found on a slow machine too. How many inputs that takes depends on the seed alone.
const PLANTED_PATIENCE: u32 = 20;

pub(crate) fn run(root: &Path, mut arguments: Vec<String>) -> Result<(), String> {
    let smoke = arguments.iter().any(|argument| argument == "--smoke");
    arguments.retain(|argument| argument != "--smoke");
    let seconds = process::number(&mut arguments, "--seconds")?;
    let runs = process::number(&mut arguments, "--runs")?.unwrap_or(u64::MAX);
    let seed = process::number(&mut arguments, "--seed")?;
    let lanes = process::number(&mut arguments, "--lanes")?;
    let replay = process::option(&mut arguments, "--replay")?;
    if arguments.is_empty() && !smoke {
        return Err(usage());
    }
    let targets = chosen(&arguments)?;
    if let Some(file) = replay {
        return match targets[..] {
            [target] => replay_file(target, Path::new(&file)),
            _ => Err(usage()),
        };
    }
    let time = Duration::from_secs(seconds.unwrap_or(if smoke { 5 } else { 60 }));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let lanes = lanes.map_or(cores, |lanes| usize::try_from(lanes).unwrap_or(cores));
    let seed = seed.unwrap_or_else(|| if smoke { 1 } else { from_clock() });
    println!("seed {seed}, {lanes} lanes");

    let artifacts = root.join("fuzz-artifacts");
    let at = |error| format!("{}: {error}", artifacts.display());
    std::fs::create_dir_all(&artifacts).map_err(at)?;
    let mut failed = Vec::new();
    for target in targets {
        let mut seeds = (target.seeds)();
        seeds.extend(corpus(&root.join("xtask/corpus").join(target.name))?);
        let time = if target.planted {
            time * PLANTED_PATIENCE
        } else {
            time
        };
        let started = Instant::now();
        let outcome = engine::fuzz(
            target,
            &seeds,
            seed,
            lanes,
            Limits { time, runs },
            &artifacts,
        )?;
        println!(
            "{:<10} {:>9} runs in {:>5.1} s, {:>5} kept",
            target.name,
            outcome.runs,
            started.elapsed().as_secs_f64(),
            outcome.kept
        );
        match outcome.finding {
            None if target.planted => {
                failed.push(target.name);
                println!("  the planted fault was not found: the fuzzer does not work");
            }
            None => {}
            Some(finding) if target.planted => {
                println!(
                    "  the planted fault was found, in {} bytes",
                    finding.input.len()
                );
            }
            Some(finding) => {
                failed.push(target.name);
                let file = engine::keep(&artifacts, target, &finding.input)?;
                let file = file.strip_prefix(root).unwrap_or(&file).display();
                println!("  {}", finding.why.replace('\n', "\n  "));
                println!("  cargo xtask fuzz {} --replay {file}", target.name);
            }
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

fn usage() -> String {
    let targets = TARGETS
        .iter()
        .map(|target| format!("  {:<10}  {}\n", target.name, target.about));
    targets.fold(USAGE.to_owned(), |usage, target| usage + &target)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>, String> {
    if names.is_empty() || names == ["all"] {
        return Ok(TARGETS.iter().collect());
    }
    let find = |name: &String| {
        let target = TARGETS.iter().find(|target| target.name == name);
        target.ok_or_else(|| format!("`{name}` is no target\n{}", usage()))
    };
    names.iter().map(find).collect()
}

fn from_clock() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

/// Inputs that once failed, by name.
fn corpus(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    paths.into_iter().map(read).collect()
}

fn replay_file(target: &Target, file: &Path) -> Result<(), String> {
    let input = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    engine::hush();
    engine::try_input(target, &input)?;
    println!("{}: holds for {}", target.name, file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_inputs_that_once_failed_hold() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for target in TARGETS {
            let mut seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{}", target.name);
            seeds.extend(corpus(&corpora.join(target.name)).unwrap());
            for seed in seeds {
                let tried = engine::try_input(target, &seed);
                assert!(tried.is_ok(), "{}: {tried:?}", target.name);
            }
        }
    }

    #[test]
    fn targets_are_chosen_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), TARGETS.len());
        assert_eq!(chosen(&["lockfile".to_owned()]).unwrap().len(), 1);
        assert!(chosen(&["nothing".to_owned()]).is_err());
    }
}
