//! `cargo xtask signals`: how often the rules about the registry's index speak of packages that are as
//! they should be.
//!
//! Once for all archives in cargo's cache as of today; and once for a project that would depend on
//! every package of the index that cargo keeps, in its newest version, on a day of each of the last
//! months. Whether a version is yanked is known of today alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use carapace_core::engine::{PublishersRequest, Subject, publishers};
use carapace_core::finding::Level;
use carapace_core::graph::{Graph, lockfile};
use carapace_core::knowledge::date::{Date, from_rfc3339};
use carapace_core::knowledge::registry::{History, history};
use carapace_core::policy::Policy;
use carapace_core::report::InputKind;
use carapace_core::supply::{PackageSupply, Supply};
use semver::Version;

use crate::process;
use crate::well_known::{IndexFile, index_files, kept_index};

const USAGE: &str = "\
usage: cargo xtask signals [--months N] [--index FOLDER] [--show]
  --months N      so many months back [default: 60]
  --index FOLDER  the folder `.cache` of an index that cargo keeps
  --show          print each finding
";
const DAY: i64 = 86_400;

/// How many findings a rule has, by level.
type Counts = BTreeMap<(&'static str, Level), usize>;

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error| format!("{error}\n{USAGE}");
    let months = process::number(&mut arguments, "--months").map_err(usage)?;
    let index = kept_index(&mut arguments).map_err(usage)?;
    let show = arguments.iter().position(|argument| argument == "--show");
    let show = show.map(|at| arguments.remove(at)).is_some();
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let files = index_files(&index)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_secs().cast_signed());

    let archives = archives(&index, &files)?;
    let known = archives.keys().filter_map(|name| {
        let file = files.get(name)?;
        Some((name.as_str(), file.as_of(i64::MAX).ok()?))
    });
    let known: BTreeMap<&str, History> = known.collect();
    let counts = judge(&archives, known, now, show)?;
    let all = archives.values().map(BTreeSet::len).sum();
    table("archives in cargo's cache, today", &counts, all);

    let (mut counts, mut all) = (Counts::new(), 0);
    for month in 0..months.unwrap_or(60).cast_signed() {
        let day = now - month * 30 * DAY;
        let known = files.iter().filter_map(|(name, file)| {
            let known = file.as_of(day).ok()?;
            Some((name.as_str(), known))
        });
        let known: BTreeMap<&str, History> = known.collect();
        let newest = known.iter().filter_map(|(name, history)| {
            let versions = history.versions().iter().rev();
            let mut usual = versions.filter(|past| past.version.pre.is_empty() && !past.yanked);
            let version = usual.next()?.version.clone();
            Some(((*name).to_owned(), BTreeSet::from([version])))
        });
        let newest: BTreeMap<String, BTreeSet<Version>> = newest.collect();
        all += newest.len();
        for (rule, count) in judge(&newest, known, day, show)? {
            *counts.entry(rule).or_default() += count;
        }
    }
    table("newest versions, a day of each month", &counts, all);
    Ok(())
}

fn table(of: &str, counts: &Counts, all: usize) {
    println!("{of}: {all} packages");
    for ((rule, level), count) in counts {
        let share = *count as f64 * 1000.0 / all as f64;
        println!("  {rule:<16} {level:<5} {count:>5}  {share:.2} in 1,000");
    }
}

/// The versions of which the archive is in cargo's cache.
fn archives(
    index: &Path,
    files: &BTreeMap<String, IndexFile>,
) -> Result<BTreeMap<String, BTreeSet<Version>>, String> {
    // `registry/index/NAME/.cache` and `registry/cache/NAME`.
    let registry = index
        .parent()
        .and_then(|folder| Some((folder.file_name()?, folder.ancestors().nth(2)?)));
    let (name, root) = registry.ok_or("the index is not in cargo's home")?;
    let folder = root.join("cache").join(name);
    let entries = std::fs::read_dir(&folder);
    let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut archives: BTreeMap<String, BTreeSet<Version>> = BTreeMap::new();
    for entry in entries.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = file.strip_suffix(".crate") else {
            continue;
        };
        let found = stem.match_indices('-').find_map(|(at, _)| {
            let version = Version::parse(&stem[at + 1..]).ok()?;
            let name = &stem[..at];
            files.contains_key(name).then(|| (name.to_owned(), version))
        });
        if let Some((name, version)) = found {
            archives.entry(name).or_default().insert(version);
        }
    }
    Ok(archives)
}

/// What the rules say of a project that depends on all of these.
fn judge(
    packages: &BTreeMap<String, BTreeSet<Version>>,
    histories: BTreeMap<&str, History>,
    now: i64,
    show: bool,
) -> Result<Counts, String> {
    let mut text = String::from("version = 4\n");
    for (name, versions) in packages {
        for version in versions {
            let past = histories
                .get(name.as_str())
                .and_then(|history| history.get(version));
            let edges = past.into_iter().flat_map(|past| &past.edges);
            let needs: BTreeSet<String> = edges
                .filter_map(|edge| {
                    let of = packages.get(&*edge.package)?.last()?;
                    Some(format!("\"{} {of}\"", edge.package))
                })
                .collect();
            let needs: Vec<String> = needs.into_iter().collect();
            text += &format!(
                "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \
                 \"registry+https://github.com/rust-lang/crates.io-index\"\ndependencies = [{}]\n",
                needs.join(", ")
            );
        }
    }
    let locked = lockfile::read(text.as_bytes()).map_err(|error| error.to_string())?;
    let graph = Graph::from_lockfile(&locked).map_err(|error| error.to_string())?;
    let package = PackageSupply {
        is_built: true,
        ..PackageSupply::default()
    };
    let histories = histories.into_iter();
    let request = PublishersRequest {
        supply: Supply {
            packages: vec![package; graph.packages().len()],
            histories: histories
                .map(|(name, history)| (name.to_owned(), Arc::new(history)))
                .collect(),
            today: Date::from_unix(now),
            ..Supply::default()
        },
        subject: Subject::new("Cargo.lock", InputKind::Lockfile, Arc::new(graph)),
        config: Vec::new(),
        gaps: Vec::new(),
    };
    let report = publishers(request, &Policy::default());
    let mut counts = Counts::new();
    for finding in report.inputs.iter().flat_map(|input| &input.findings) {
        if show {
            println!(
                "    {} {}: {}",
                finding.level, finding.rule.name, finding.message
            );
        }
        *counts
            .entry((finding.rule.name, finding.level))
            .or_default() += 1;
    }
    Ok(counts)
}

impl IndexFile {
    /// What the file said at a time.
    fn as_of(&self, time: i64) -> Result<History, String> {
        let lines = self.lines.iter().filter(|line| {
            let published = line.published.as_deref().and_then(from_rfc3339);
            published.is_some_and(|published| published <= time)
        });
        let lines: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
        history(lines.join("\n").as_bytes(), &self.name).map_err(|error| error.to_string())
    }
}
