//! `cargo xtask conformance`: what cargo-audit finds in real lockfiles, and no more.
//!
//! The data is not part of this repository: a folder of lockfiles, each with what cargo-audit
//! reports on it, and the advisory database that it used.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::knowledge::advisory::database::{Collector, place};
use carapace_core::knowledge::advisory::index::DatabaseInfo;
use carapace_core::knowledge::advisory::{Advisory, Collection};
use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

use crate::outcome::Outcome;
use crate::process::{self, TempFolder};

const USAGE: &str = "\
usage: cargo xtask conformance --shared DIR --binary PATH [--pass NAME]
  --shared DIR   holds data/lockfiles/*.lock with *.expected.json, and data/advisory-db
  --binary PATH  the cargo-carapace to try; with `--pass folder`, cargo-audit itself will do
  --pass NAME    only this: folder, document, index or database
";

/// A way to ask for the same.
struct Pass {
    name: &'static str,
    format: &'static [&'static str],
    /// Whether the database is a folder named on the command line, or was taken in before.
    from_folder: bool,
    read: fn(&str) -> Result<Outcome, String>,
}

const PASSES: &[Pass] = &[
    Pass {
        name: "folder",
        format: &["--json"],
        from_folder: true,
        read: Outcome::from_cargo_audit,
    },
    Pass {
        name: "document",
        format: &["--format", "json"],
        from_folder: true,
        read: Outcome::from_carapace,
    },
    Pass {
        name: "index",
        format: &["--json"],
        from_folder: false,
        read: Outcome::from_cargo_audit,
    },
];

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let shared = process::required(&mut arguments, "--shared").map_err(usage)?;
    let binary = process::required(&mut arguments, "--binary").map_err(usage)?;
    let only = process::option(&mut arguments, "--pass").map_err(usage)?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let data = Path::new(&shared).join("data");
    let database = data.join("advisory-db");
    let binary = fs::canonicalize(&binary).map_err(|error| format!("{binary}: {error}"))?;
    let is_asked = |name: &str| only.as_deref().is_none_or(|only| only == name);

    let (mut passed, mut failed) = (0, 0);
    let mut tell = |what: &str, differences: Vec<String>| {
        if differences.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("{what}: {}", differences.join("; "));
        }
    };
    let lockfiles = lockfiles(&data.join("lockfiles"))?;
    let cache = TempFolder::new()?;
    for pass in PASSES.iter().filter(|pass| is_asked(pass.name)) {
        if !pass.from_folder {
            let mut update = process::command(&binary, cache.path());
            update.args(["db", "update", "--source"]).arg(&database);
            let update = process::run(&mut update)?;
            if update.code != Some(0) {
                tell("db update", vec![update.ending()]);
                continue;
            }
        }
        for lockfile in &lockfiles {
            let differences = judge(pass, &binary, cache.path(), &database, lockfile);
            let name = lockfile.file_name().unwrap_or_default().to_string_lossy();
            tell(
                &format!("{name} ({})", pass.name),
                differences.unwrap_or_else(|error| vec![error]),
            );
        }
    }
    if is_asked("database") {
        if database.is_dir() {
            tell("advisory-db", check_database(&database)?);
        } else {
            println!("{} is not there: not checked", database.display());
        }
    }
    println!("{passed} passed, {failed} failed");
    match (passed, failed) {
        (0, 0) => Err("nothing was checked".to_owned()),
        (_, 0) => Ok(()),
        _ => Err("it does not conform".to_owned()),
    }
}

fn lockfiles(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "lock")
        })
        .collect();
    paths.sort();
    Ok(paths)
}

/// What differs from what is expected of a lockfile.
fn judge(
    pass: &Pass,
    binary: &Path,
    cache: &Path,
    database: &Path,
    lockfile: &Path,
) -> Result<Vec<String>, String> {
    let expected = lockfile.with_extension("expected.json");
    let expected = fs::read_to_string(&expected)
        .map_err(|error| format!("{}: {error}", expected.display()))?;
    let expected = Outcome::from_expected(&expected)?;
    let mut command = process::command(binary, cache);
    command.args(["audit", "-n", "--no-yanked", "--stale"]);
    command.args(pass.format);
    if pass.from_folder {
        command.arg("-d").arg(database);
    }
    let finished = process::run(command.arg("-f").arg(lockfile))?;
    let found =
        (pass.read)(&finished.stdout).map_err(|error| format!("{error}; {}", finished.ending()))?;
    let mut differences = expected.differences(&found);
    if finished.code != Some(i32::from(expected.has_vulnerability())) {
        differences.push(finished.ending());
    }
    Ok(differences)
}

/// Whether every advisory is read, and each version near a boundary decided as it should be.
fn check_database(root: &Path) -> Result<Vec<String>, String> {
    let mut collector = Collector::default();
    for collection in [Collection::Crates, Collection::Rust] {
        for folder in sorted(&root.join(collection.folder()))? {
            for file in sorted(&folder)? {
                let path = file.strip_prefix(root).unwrap_or(&file);
                let path = path.to_string_lossy().replace('\\', "/");
                if place(&path).is_some() {
                    let bytes = fs::read(&file).map_err(|error| format!("{path}: {error}"))?;
                    collector.add(&path, &bytes);
                }
            }
        }
    }
    let (info, advisories) = collector.finish(DatabaseInfo::default());
    let set_aside = info.set_aside.iter();
    let mut differences: Vec<String> = set_aside
        .map(|aside| format!("{} is set aside: {}", aside.file, aside.reason))
        .collect();
    let mut decided = 0;
    for advisory in &advisories {
        if advisory.collection == Collection::Crates && advisory.withdrawn.is_none() {
            decided += decide(advisory, &mut differences)?;
        }
    }
    println!(
        "{} advisories, {decided} versions decided",
        advisories.len()
    );
    Ok(differences)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// Decides the versions at and beside each boundary in three ways: by the advisory's ranges; by
/// these ranges as the events of an OSV range; and by its requirements, each bound compared by
/// precedence, without ranges. Gives their number.
fn decide(advisory: &Advisory, differences: &mut Vec<String>) -> Result<usize, String> {
    let requirements = advisory.patched.iter().chain(&advisory.unaffected);
    let requirements = requirements
        .map(|text| text.parse().map_err(|error| format!("{text}: {error}")))
        .collect::<Result<Vec<VersionReq>, String>>()?;
    let comparators = requirements.iter().flat_map(|req| &req.comparators);
    let versions: Vec<Version> = comparators.flat_map(beside).collect();
    for version in &versions {
        let by_ranges = advisory.affects(version);
        let by_events = osv_affects(&events(advisory), version);
        let by_bounds = !requirements.iter().any(|req| holds(req, version));
        if by_ranges != by_events || by_ranges != by_bounds {
            differences.push(format!(
                "{}: {version} is affected by ranges {by_ranges}, by OSV events {by_events}, by \
                 requirements {by_bounds}",
                advisory.id
            ));
        }
    }
    Ok(versions.len())
}

/// The version that a comparator names, its neighbours, and prereleases of all of them.
fn beside(comparator: &Comparator) -> Vec<Version> {
    let (major, minor, patch) = numbers(comparator);
    let mut versions = vec![named(comparator)];
    for (major, minor, patch) in [
        (major, minor, patch),
        (major, minor, patch + 1),
        (major, minor, patch.saturating_sub(1)),
        (major, minor + 1, 0),
        (major, minor.saturating_sub(1), 99),
        (major + 1, 0, 0),
    ] {
        let release = Version::new(major, minor, patch);
        let prereleases = ["0", "alpha", "rc.1"].iter().filter_map(|pre| {
            let pre = Prerelease::new(pre).ok()?;
            Some(Version {
                pre,
                ..release.clone()
            })
        });
        versions.extend(prereleases);
        versions.push(release);
    }
    versions
}

fn numbers(comparator: &Comparator) -> (u64, u64, u64) {
    let (minor, patch) = (comparator.minor, comparator.patch);
    (comparator.major, minor.unwrap_or(0), patch.unwrap_or(0))
}

fn named(comparator: &Comparator) -> Version {
    let (major, minor, patch) = numbers(comparator);
    Version {
        major,
        minor,
        patch,
        pre: comparator.pre.clone(),
        build: BuildMetadata::EMPTY,
    }
}

/// Whether a version is within all bounds of a requirement, by precedence alone: prereleases are
/// versions like any other.
fn holds(requirement: &VersionReq, version: &Version) -> bool {
    requirement.comparators.iter().all(|comparator| {
        let order = version.cmp_precedence(&named(comparator));
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        let of = numbers(comparator);
        // The lowest prerelease of the next version is outside already.
        let below = |end: (u64, u64, u64)| (major, minor, patch) < end;
        match comparator.op {
            Op::Exact => order == Ordering::Equal,
            Op::Greater => order == Ordering::Greater,
            Op::GreaterEq => order != Ordering::Less,
            Op::Less => order == Ordering::Less,
            Op::LessEq => order != Ordering::Greater,
            Op::Tilde if comparator.minor.is_none() => {
                order != Ordering::Less && below((of.0 + 1, 0, 0))
            }
            Op::Tilde => order != Ordering::Less && below((of.0, of.1 + 1, 0)),
            Op::Caret => {
                let end = match (of, comparator.minor, comparator.patch) {
                    ((0, 0, patch), Some(_), Some(_)) => (0, 0, patch + 1),
                    ((0, minor, _), Some(_), _) => (0, minor + 1, 0),
                    ((major, ..), ..) => (major + 1, 0, 0),
                };
                order != Ordering::Less && below(end)
            }
            _ => true,
        }
    })
}

/// An event of an OSV range: a version from which on it is affected, or not any more.
type Event = (Version, bool);

/// The advisory's ranges as OSV's `introduced` and `fixed`; the beginning is `0.0.0-0`.
fn events(advisory: &Advisory) -> Vec<Event> {
    let beginning = Prerelease::new("0").unwrap_or_default();
    let mut events = Vec::new();
    for range in &advisory.ranges {
        let first = || Version {
            pre: beginning.clone(),
            ..Version::new(0, 0, 0)
        };
        events.push((range.introduced.clone().unwrap_or_else(first), true));
        events.extend(range.fixed.clone().map(|fixed| (fixed, false)));
    }
    events
}

/// OSV's own way to evaluate events
/// (<https://ossf.github.io/osv-schema/#evaluation>): in order, the last one that is not above the
/// version decides.
fn osv_affects(events: &[Event], version: &Version) -> bool {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by(|(a, _), (b, _)| a.cmp_precedence(b));
    let reached = |event: &&&Event| version.cmp_precedence(&event.0) != Ordering::Less;
    let last = events.iter().rfind(reached);
    last.is_some_and(|(_, affected)| *affected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carapace_core::knowledge::advisory::format;

    fn advisory(versions: &str) -> Advisory {
        let text = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2020-0001\"\npackage = \"a\"\ndate = \"2020-01-01\"\n\
             [versions]\n{versions}\n```\n# T\n"
        );
        format::parse(text.as_bytes(), Collection::Crates).unwrap()
    }

    #[test]
    fn three_ways_agree() {
        for versions in [
            "patched = []",
            "patched = [\">= 1.2.3\"]\nunaffected = [\"< 0.5.0\"]",
            "patched = [\"^0.2.3\", \"^0.0.9\", \"~1.2\", \"> 2.0.0-rc.1\"]",
            "patched = [\"= 1.0.0\", \">= 1.5.0, <= 1.6.0\"]",
        ] {
            let mut differences = Vec::new();
            let decided = decide(&advisory(versions), &mut differences).unwrap();
            assert_eq!(differences, [""; 0], "{versions}");
            assert!(decided > 0 || versions.ends_with("[]"));
        }
    }

    #[test]
    fn a_wrong_range_is_seen() {
        let mut advisory = advisory("patched = [\">= 1.2.3\"]");
        advisory.ranges[0].fixed = Some(Version::new(1, 2, 4));
        let mut differences = Vec::new();
        decide(&advisory, &mut differences).unwrap();
        assert!(!differences.is_empty());
    }
}
