//! `cargo xtask ingest`: what taking a registry's dump in costs, beside `gzip -dc | wc` on the same
//! file, and what a look-up in the index costs.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use carapace_core::knowledge::advisory::index::IndexError;
use carapace_core::knowledge::people::index::{Index, bytes_needed};

use crate::compare::{median, peak, shown};
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask ingest --binary PATH --dump FILE [--runs N]
  --dump FILE  as `cargo xtask dump` makes it
  --runs N     how often each runs, taking turns (default 5)
";

/// How many packages are looked up.
const LOOKED_UP: usize = 500;

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let mut path = |flag: &str| -> Result<PathBuf, String> {
        let text = process::required(&mut arguments, flag).map_err(usage)?;
        fs::canonicalize(&text).map_err(|error| format!("{text}: {error}"))
    };
    let (binary, dump) = (path("--binary")?, path("--dump")?);
    let runs = process::number(&mut arguments, "--runs").map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let cache = TempFolder::new()?;
    let (mut theirs, mut ours, mut ratios, mut memory) = (vec![], vec![], vec![], 0);
    for _ in 0..runs.unwrap_or(5).max(1) {
        let mut command = process::command(Path::new("sh"), cache.path());
        command.args(["-c", "gzip -dc \"$0\" | wc"]).arg(&dump);
        let (their, _) = timed(&mut command)?;
        let mut command = process::command(Path::new("/usr/bin/time"), cache.path());
        command.arg("-v").arg(&binary);
        command
            .args(["publishers", "update", "--registry-dump"])
            .arg(&dump);
        let (our, stderr) = timed(&mut command)?;
        memory = memory.max(peak(&stderr).unwrap_or(0));
        ratios.push(our / their);
        theirs.push(their);
        ours.push(our);
    }
    let index = cache.path().join("people/index");
    let size = fs::metadata(&index)
        .map_err(|error| error.to_string())?
        .len();
    println!("| | milliseconds, median (least to most) |");
    println!("|---|---|");
    println!("| gzip -dc \\| wc | {} |", shown(&theirs));
    println!("| publishers update | {} |", shown(&ours));
    println!("| ratio, median of pairs | {:.2} |", median(&ratios));
    println!("| memory, KiB | {memory} |");
    println!("| index, bytes | {size} |");
    let looked_up = (0..20)
        .map(|_| look_up(&index))
        .collect::<Result<Vec<f64>, _>>();
    let looked_up = looked_up.map_err(|error| format!("{}: {error}", index.display()))?;
    println!("| people of {LOOKED_UP} packages | {} |", shown(&looked_up));
    Ok(())
}

/// Runs a program; milliseconds, and what it said on standard error.
fn timed(command: &mut Command) -> Result<(f64, String), String> {
    let started = Instant::now();
    let finished = process::run(command)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    match finished.code {
        Some(0) => Ok((milliseconds, finished.stderr)),
        _ => Err(finished.ending()),
    }
}

/// Opens the index and reads who the people of some packages are; milliseconds of that.
fn look_up(path: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let names = names(path)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let started = Instant::now();
    let (index, mut file) = opened(path)?;
    let people = index.people(&names, &mut |place| piece(&mut file, place))?;
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    match people.crates.len() == names.len() {
        true => Ok(milliseconds),
        false => Err("packages are missing in it".into()),
    }
}

/// Packages from all over the index, as a graph's are: those most downloaded, which are any where
/// the downloads are made up.
fn names(path: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (index, mut file) = opened(path)?;
    Ok(index.most_downloaded(LOOKED_UP, &mut |place| piece(&mut file, place))?)
}

fn opened(path: &Path) -> Result<(Index, File), Box<dyn std::error::Error>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 512 << 10];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    let needed = bytes_needed(&bytes)?;
    if needed > read {
        bytes.resize(needed, 0);
        file.read_exact(&mut bytes[read..])?;
    }
    Ok((Index::read(&bytes)?, file))
}

fn piece(file: &mut File, place: std::ops::Range<u64>) -> Result<Cow<'static, [u8]>, IndexError> {
    let mut read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(place.end - place.start).unwrap_or(0)];
        file.seek(SeekFrom::Start(place.start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    read().map(Cow::Owned).map_err(|_| IndexError::Damaged)
}
