//! `cargo xtask soundness`: whether rules on unsound code find the faults that advisories tell of, and
//! no longer find them where they are mended.
//!
//! The list of faults is not part of this repository, and the packages come from crates.io: a list of
//! comma-separated rows with the columns `package`, `vulnerable_version`, `patched_version` and `pattern`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::read::GzDecoder;

use crate::json::{list, parse, text_at};
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask soundness --truth FILE --binary PATH [--archives DIR]
  --truth FILE    the list of faults, as CSV
  --binary PATH   the cargo-carapace to try
  --archives DIR  where archives of crates.io are kept (default: target/soundness-archives)
";

/// What share of the faults has to be found, in percent: of a pattern, and of all.
const FLOORS: [(&str, usize); 3] = [("SEND_SYNC", 75), ("PANIC_SAFETY", 60), ("UNINIT_READ", 60)];
const FLOOR: usize = 40;
/// What an unpacked package may weigh, in bytes.
const MAX_UNPACKED: u64 = 512 << 20;

/// A fault that was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    package: String,
    vulnerable: String,
    patched: String,
    pattern: String,
}

/// What came of one.
#[derive(Debug)]
enum Found {
    /// The items in which it is reported, and no longer where it is mended.
    Gone(BTreeSet<String>),
    Missed,
    /// The tool did not answer, which is no better than missing it.
    Failed(String),
    /// An archive is not here: nothing is known.
    Absent,
}

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let truth = process::required(&mut arguments, "--truth").map_err(usage)?;
    let binary = process::required(&mut arguments, "--binary").map_err(usage)?;
    let archives = process::option(&mut arguments, "--archives").map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let archives =
        PathBuf::from(archives.unwrap_or_else(|| "target/soundness-archives".to_owned()));
    let binary = fs::canonicalize(&binary).map_err(|error| format!("{binary}: {error}"))?;
    let text = fs::read_to_string(&truth).map_err(|error| format!("{truth}: {error}"))?;
    let pairs = pairs(&text)?;
    if fetch(&archives, &pairs)? == 0 {
        println!("no archive of crates.io can be had: not checked");
        return Ok(());
    }

    let (next, work) = (AtomicUsize::new(0), TempFolder::new()?);
    let found: Mutex<BTreeMap<usize, Found>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(pair) = pairs.get(at) else { break };
                    let work = work.path().join(at.to_string());
                    let one = judge(pair, &binary, &archives, &work).unwrap_or_else(Found::Failed);
                    if let Ok(mut found) = found.lock() {
                        found.insert(at, one);
                    }
                    // What cannot be removed goes with the folder around it.
                    let _ = fs::remove_dir_all(&work);
                }
            });
        }
    });
    let found = found.into_inner().map_err(|error| error.to_string())?;
    tell(&pairs, &found)
}

/// The rows that have both versions.
fn pairs(text: &str) -> Result<Vec<Pair>, String> {
    let mut lines = text.lines();
    let head = fields(lines.next().unwrap_or_default());
    let column = |name: &str| {
        let at = head.iter().position(|own| own == name);
        at.ok_or_else(|| format!("there is no column `{name}`"))
    };
    let columns = [
        column("package")?,
        column("vulnerable_version")?,
        column("patched_version")?,
        column("pattern")?,
    ];
    let mut pairs = Vec::new();
    for line in lines {
        let row = fields(line);
        let [package, vulnerable, patched, pattern] =
            columns.map(|at| row.get(at).cloned().unwrap_or_default());
        let is_version = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        if is_version(&vulnerable) && is_version(&patched) {
            pairs.push(Pair {
                package,
                vulnerable,
                patched,
                pattern,
            });
        }
    }
    Ok(pairs)
}

/// The fields of a row; quotes keep commas, and a quote is written twice in them.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if is_quoted && signs.peek() == Some(&'"') => {
                signs.next();
                fields.last_mut().unwrap_or(&mut String::new()).push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap_or(&mut String::new()).push(sign),
        }
    }
    fields
}

/// Fetches the archives that are missing, and says how many are there then.
fn fetch(archives: &Path, pairs: &[Pair]) -> Result<usize, String> {
    fs::create_dir_all(archives).map_err(|error| format!("{}: {error}", archives.display()))?;
    let versions = pairs.iter().flat_map(|pair| {
        [
            (&pair.package, &pair.vulnerable),
            (&pair.package, &pair.patched),
        ]
    });
    let versions: BTreeSet<_> = versions.collect();
    let is_there =
        |(package, version): &(&String, &String)| archive(archives, package, version).is_file();
    let missing: Vec<_> = versions
        .iter()
        .copied()
        .filter(|pair| !is_there(pair))
        .collect();
    // Where there is no network, the first address says so, and no other is asked.
    let (first, rest) = missing.split_at(missing.len().min(1));
    download(archives, first)?;
    if first.iter().all(is_there) {
        download(archives, rest)?;
    }
    Ok(versions.iter().filter(|pair| is_there(pair)).count())
}

/// Fetches archives, and keeps those that are whole.
fn download(archives: &Path, versions: &[(&String, &String)]) -> Result<(), String> {
    let mut config = String::new();
    for (package, version) in versions {
        let part = archive(archives, package, version).with_extension("part");
        let url = format!("https://static.crates.io/crates/{package}/{package}-{version}.crate");
        config += &format!("url = \"{url}\"\noutput = \"{}\"\n", part.display());
    }
    if !config.is_empty() {
        let arguments = "--silent --location --fail --connect-timeout 10 --max-time 120 --config -";
        let child = Command::new("curl")
            .args(arguments.split_whitespace())
            .stdin(Stdio::piped())
            .spawn();
        match child {
            Ok(mut child) => {
                if let Some(mut input) = child.stdin.take() {
                    // One that ended early has said why by its status.
                    let _ = input.write_all(config.as_bytes());
                }
                child.wait().map_err(|error| format!("curl: {error}"))?;
            }
            Err(error) => println!("curl: {error}: only what is there is judged"),
        }
    }
    for (package, version) in versions {
        let file = archive(archives, package, version);
        let part = file.with_extension("part");
        let is_whole = fs::File::open(&part).is_ok_and(|opened| {
            let mut reader = std::io::Read::take(GzDecoder::new(opened), MAX_UNPACKED);
            std::io::copy(&mut reader, &mut std::io::sink()).is_ok()
        });
        if is_whole {
            fs::rename(&part, &file).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

fn archive(archives: &Path, package: &str, version: &str) -> PathBuf {
    archives.join(format!("{package}-{version}.crate"))
}

fn judge(pair: &Pair, binary: &Path, archives: &Path, work: &Path) -> Result<Found, String> {
    let is_here = |version: &str| archive(archives, &pair.package, version).is_file();
    if !is_here(&pair.vulnerable) || !is_here(&pair.patched) {
        return Ok(Found::Absent);
    }
    let items = |version: &str| {
        let folder = unpack(&archive(archives, &pair.package, version), work)?;
        items(binary, &folder, &work.join("cache"), &pair.pattern)
    };
    let (before, after) = (items(&pair.vulnerable)?, items(&pair.patched)?);
    let gone: BTreeSet<String> = before.difference(&after).cloned().collect();
    Ok(match gone.is_empty() {
        true => Found::Missed,
        false => Found::Gone(gone),
    })
}

/// Unpacks an archive, and gives the folder of its package.
fn unpack(file: &Path, work: &Path) -> Result<PathBuf, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", file.display());
    let reader = std::io::Read::take(
        GzDecoder::new(fs::File::open(file).map_err(fault)?),
        MAX_UNPACKED,
    );
    fs::create_dir_all(work).map_err(fault)?;
    tar::Archive::new(reader).unpack(work).map_err(fault)?;
    let name = file.file_stem().unwrap_or_default();
    Ok(work.join(name))
}

/// The items in which the pattern is reported.
fn items(
    binary: &Path,
    folder: &Path,
    cache: &Path,
    pattern: &str,
) -> Result<BTreeSet<String>, String> {
    let mut command = process::command(binary, cache);
    command.args([
        "dance",
        "--offline",
        "--confidence",
        "medium",
        "--format",
        "json",
    ]);
    let finished = process::run(command.arg("--no-deps").arg(folder))?;
    let document =
        parse(&finished.stdout).map_err(|error| format!("{error}; {}", finished.ending()))?;
    let mut items = BTreeSet::new();
    for finding in list(&document, "/findings")? {
        if text_at(finding, "/pattern").is_ok_and(|own| own == pattern) {
            items.insert(text_at(finding, "/item").unwrap_or_default().to_owned());
        }
    }
    Ok(items)
}

/// Tells what was found, and whether that is enough.
fn tell(pairs: &[Pair], found: &BTreeMap<usize, Found>) -> Result<(), String> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        let Pair {
            package,
            vulnerable,
            patched,
            pattern,
        } = pair;
        if matches!(found.get(&at), Some(Found::Absent)) {
            println!("{pattern} {package} {vulnerable} {patched}: not checked, not fetched");
            continue;
        }
        let (hits, all) = counts.entry(pattern).or_default();
        *all += 1;
        let what = match found.get(&at) {
            Some(Found::Gone(items)) => {
                *hits += 1;
                let items: Vec<&str> = items.iter().take(3).map(String::as_str).collect();
                format!("found in {}", items.join(", "))
            }
            Some(Found::Missed | Found::Absent) | None => "missed".to_owned(),
            Some(Found::Failed(reason)) => format!("missed: {reason}"),
        };
        println!("{pattern} {package} {vulnerable} {patched}: {what}");
    }
    let mut below = Vec::new();
    let (mut hits, mut all) = (0, 0);
    let mut row = |name: &str, hits: usize, all: usize, floor: Option<usize>| {
        println!("{name}: {hits} of {all}");
        if floor.is_some_and(|floor| hits * 100 < all * floor) {
            below.push(name.to_owned());
        }
    };
    for (pattern, (own, of)) in counts {
        let floor = FLOORS.iter().find(|(name, _)| *name == pattern);
        row(pattern, own, of, floor.map(|(_, floor)| *floor));
        hits += own;
        all += of;
    }
    row("all", hits, all, Some(FLOOR));
    let absent = found.values().filter(|one| matches!(one, Found::Absent));
    let absent = absent.count();
    if absent * 10 > pairs.len() {
        println!("{absent} were not fetched: too many to hold the rest against anything");
        return Ok(());
    }
    match below.as_slice() {
        [] => Ok(()),
        below => Err(format!("too few are found of: {}", below.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_both_versions_are_read() {
        let text = "id,package,vulnerable_version,patched_version,pattern\n\
                    R-1,one,0.1.0,0.1.1,UTF8\n\
                    R-2,\"t,\"\"wo\",0.1.0,none,UTF8\n\
                    R-3,\"t,\"\"wo\",1.0.0,1.0.1,FFI\n";
        let pair = |package: &str, vulnerable: &str, patched: &str, pattern: &str| Pair {
            package: package.to_owned(),
            vulnerable: vulnerable.to_owned(),
            patched: patched.to_owned(),
            pattern: pattern.to_owned(),
        };
        let expected = [
            pair("one", "0.1.0", "0.1.1", "UTF8"),
            pair("t,\"wo", "1.0.0", "1.0.1", "FFI"),
        ];
        assert_eq!(pairs(text).unwrap(), expected);
        assert!(pairs("package,pattern\n").is_err());
    }

    #[test]
    fn too_few_are_told() {
        let pair = |pattern: &str| Pair {
            package: "one".to_owned(),
            vulnerable: "1.0.0".to_owned(),
            patched: "1.0.1".to_owned(),
            pattern: pattern.to_owned(),
        };
        let gone = || Found::Gone(["f".to_owned()].into());
        let pairs = [pair("SEND_SYNC"), pair("UTF8")];
        let all = BTreeMap::from([(0, gone()), (1, gone())]);
        assert_eq!(tell(&pairs, &all), Ok(()));
        let one = BTreeMap::from([(0, Found::Missed), (1, gone())]);
        let error = tell(&pairs, &one).unwrap_err();
        assert!(error.ends_with(": SEND_SYNC"), "{error}");
    }
}
