//! `cargo xtask compare`: time and memory beside cargo-audit, as their users have them: whole
//! processes, from start to end, with everything that they write read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::outcome::Outcome;
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask compare --peer CARGO_AUDIT --binary PATH --db FOLDER --lockfile FILE [--runs N]
  --runs N  how often each runs, taking turns (default 20)
";

/// A program with all its arguments.
struct Side {
    program: PathBuf,
    arguments: Vec<String>,
}

/// Milliseconds of each run.
type Times = Vec<f64>;

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let mut path = |flag: &str| -> Result<PathBuf, String> {
        let text = process::required(&mut arguments, flag).map_err(usage)?;
        std::fs::canonicalize(&text).map_err(|error| format!("{text}: {error}"))
    };
    let (peer, binary) = (path("--peer")?, path("--binary")?);
    let (db, lockfile) = (path("--db")?, path("--lockfile")?);
    let runs = process::number(&mut arguments, "--runs").map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let runs = runs.unwrap_or(20).max(1);
    let (db, lockfile) = (db.to_string_lossy(), lockfile.to_string_lossy());

    let cache = TempFolder::new()?;
    let mut update = process::command(&binary, cache.path());
    let update = process::run(update.args(["db", "update", "--source", &db]))?;
    if update.code != Some(0) {
        return Err(format!("db update failed: {}", update.stderr.trim_end()));
    }
    let side = |program: &Path, arguments: &[&str]| Side {
        program: program.to_owned(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
    };
    let ask = ["audit", "-n", "--no-yanked", "--json", "-f", &lockfile];
    let theirs = side(&peer, &[&ask[..], &["-d", &db]].concat());
    let taken_in = side(&binary, &[&ask[..], &["--stale"]].concat());
    let from_folder = side(&binary, &[&ask[..], &["--stale", "-d", &db]].concat());

    println!(
        "{runs} runs each, taking turns; milliseconds from start to end, median (least to most)\n"
    );
    println!("| | cargo-audit | cargo-carapace | ratio, median of pairs | memory, KiB |");
    println!("|---|---|---|---|---|");
    let modes = [
        ("database taken in before", &taken_in),
        ("database is a folder (`-d`)", &from_folder),
    ];
    for (name, ours) in modes {
        let (their_times, our_times) = alternate(&theirs, ours, cache.path(), runs)?;
        let ratios: Times = their_times
            .iter()
            .zip(&our_times)
            .map(|(a, b)| a / b)
            .collect();
        println!(
            "| {name} | {} | {} | {:.1} | {} and {} |",
            shown(&their_times),
            shown(&our_times),
            median(&ratios),
            memory(&theirs, cache.path()),
            memory(ours, cache.path()),
        );
    }
    let mut floors = vec![(
        "`--version`",
        side(&peer, &["--version"]),
        side(&binary, &["--version"]),
    )];
    let nothing = Path::new("/bin/true");
    if nothing.exists() {
        floors.push((
            "the floor: `/bin/true`",
            side(nothing, &[]),
            side(nothing, &[]),
        ));
    }
    for (name, theirs, ours) in floors {
        let (their_times, our_times) = alternate_unread(&theirs, &ours, cache.path(), runs)?;
        println!(
            "| {name} | {} | {} | | |",
            shown(&their_times),
            shown(&our_times)
        );
    }
    Ok(())
}

impl Side {
    fn command(&self, cache: &Path) -> Command {
        let mut command = process::command(&self.program, cache);
        command.args(&self.arguments);
        command
    }

    /// One run: its milliseconds, and what it wrote.
    fn time(&self, cache: &Path) -> Result<(f64, process::Finished), String> {
        let mut command = self.command(cache);
        let started = Instant::now();
        let finished = process::run(&mut command)?;
        Ok((started.elapsed().as_secs_f64() * 1_000.0, finished))
    }

    fn audit(&self, cache: &Path) -> Result<(f64, Outcome), String> {
        let (time, finished) = self.time(cache)?;
        let outcome = Outcome::from_cargo_audit(&finished.stdout).map_err(|error| {
            let stderr = finished.stderr.trim_end();
            format!("{}: {error}\n{stderr}", self.program.display())
        })?;
        Ok((time, outcome))
    }
}

/// Runs both in turns, A B A B. It is an error if they do not find the same.
fn alternate(a: &Side, b: &Side, cache: &Path, runs: u64) -> Result<(Times, Times), String> {
    let (mut a_times, mut b_times) = (Times::new(), Times::new());
    // The first runs find files in no cache of the system.
    for run in 0..=runs {
        let (a_time, a_found) = a.audit(cache)?;
        let (b_time, b_found) = b.audit(cache)?;
        let differences = a_found.differences(&b_found);
        if !differences.is_empty() {
            let differences = differences.join("\n");
            return Err(format!("they do not find the same:\n{differences}"));
        }
        if run > 0 {
            a_times.push(a_time);
            b_times.push(b_time);
        }
    }
    Ok((a_times, b_times))
}

fn alternate_unread(a: &Side, b: &Side, cache: &Path, runs: u64) -> Result<(Times, Times), String> {
    let (mut a_times, mut b_times) = (Times::new(), Times::new());
    for run in 0..=runs {
        let (a_time, b_time) = (a.time(cache)?.0, b.time(cache)?.0);
        if run > 0 {
            a_times.push(a_time);
            b_times.push(b_time);
        }
    }
    Ok((a_times, b_times))
}

/// The most memory a run held, of three, measured apart from time: by GNU time where it is
/// installed, as the kernel's own record of a process is gone when the process is.
fn memory(side: &Side, cache: &Path) -> String {
    let gnu_time = Path::new("/usr/bin/time");
    let one_run = || -> Option<u64> {
        let mut command = process::command(gnu_time, cache);
        command.arg("-v").arg(&side.program).args(&side.arguments);
        let finished = process::run(&mut command).ok()?;
        peak(&finished.stderr)
    };
    let most = (0..3).filter_map(|_| one_run()).max();
    most.map_or("n/a".to_owned(), |most| most.to_string())
}

/// Finds the peak in what GNU time writes.
pub(crate) fn peak(report: &str) -> Option<u64> {
    let mut lines = report.lines().rev();
    let line = lines.find_map(|line| line.trim().strip_prefix("Maximum resident set size"))?;
    line.rsplit(' ').next()?.parse().ok()
}

pub(crate) fn shown(times: &[f64]) -> String {
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    format!("{:.1} ({least:.1} to {most:.1})", median(times))
}

/// The middle of the numbers, of an even count between the two in the middle; 0 of none.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => 0.0,
        (1, Some(number)) => *number,
        (_, Some(number)) => f64::midpoint(sorted[middle - 1], *number),
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert_eq!(shown(&[1.0, 3.0, 2.0]), "2.0 (1.0 to 3.0)");
    }

    #[test]
    fn gnu_time_is_read() {
        let report = "noise\n\tUser time (seconds): 0.01\n\tMaximum resident set size (kbytes): 17468\n\tExit status: 1\n";
        assert_eq!(peak(report), Some(17_468));
        assert_eq!(peak("nothing"), None);
    }
}
