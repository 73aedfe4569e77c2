//! `cargo xtask operations`: what is said to be done in unsafe sites, and whether they are
//! documented, held against rustc and clippy.
//!
//! The workspaces and the answers are not part of this repository; see [`truth`] for what of an
//! answer is read.

mod own;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::process;
use own::Site;
use truth::{Documented, Truth};

const USAGE: &str = "\
usage: cargo xtask operations --ops DIR [--misses N] [--binary PATH] WORKSPACE…
  --ops DIR      a folder of answers: NAME.json for a workspace's folder NAME
  --misses N     also list the first N of each workspace's differences
  --binary PATH  the cargo-carapace to try; without it, the library is asked
";
/// What must hold, in thousandths.
const OPERATIONS: usize = 950;
const COMMENTS: usize = 980;

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let folder = process::required(&mut arguments, "--ops").map_err(usage)?;
    let binary = process::option(&mut arguments, "--binary").map_err(usage)?;
    let shown = process::number(&mut arguments, "--misses").map_err(usage)?;
    let shown = shown.map_or(0, |number| usize::try_from(number).unwrap_or(usize::MAX));
    if arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    println!("| workspace | operations % | comments % | sections % | not judged | |");
    println!("|---|---|---|---|---|---|");
    let mut below = 0;
    let mut texts = Vec::new();
    let mut sum = Comparison::default();
    for workspace in &arguments {
        let workspace =
            std::fs::canonicalize(workspace).map_err(|e| format!("{workspace}: {e}"))?;
        let name = workspace.file_name().unwrap_or_default().to_string_lossy();
        let answer = Path::new(&folder).join(format!("{name}.json"));
        let text = std::fs::read_to_string(&answer);
        let text = text.map_err(|error| format!("{}: {error}", answer.display()))?;
        let truth = Truth::read(&text)?;
        let sites = match &binary {
            Some(binary) => own::listed(Path::new(binary), &workspace)?,
            None => own::scanned(&truth.packages)?,
        };
        let comparison = Comparison::of(&truth, &sites);
        below += usize::from(!comparison.is_enough());
        println!("| {name} {}", comparison.row());
        texts.push(format!("\n{name}\n{}", comparison.misses(shown)));
        sum.add(&comparison);
    }
    if arguments.len() > 1 {
        println!("| all {}", sum.row());
    }
    if shown > 0 {
        print!("{}", texts.concat());
    }
    match below {
        0 => Ok(()),
        below => Err(format!("{below} workspaces below what must hold")),
    }
}

#[derive(Debug, Default)]
struct Comparison {
    operations: Share,
    comments: Share,
    sections: Share,
    apart: BTreeMap<&'static str, usize>,
    misses: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Share {
    part: usize,
    all: usize,
}

impl Share {
    fn count(&mut self, is_part: bool) -> bool {
        self.all += 1;
        self.part += usize::from(is_part);
        is_part
    }

    fn add(&mut self, other: Self) {
        self.part += other.part;
        self.all += other.all;
    }

    fn text(self) -> String {
        let percent = self.part as f64 * 100.0 / self.all.max(1) as f64;
        let percent = (percent * 100.0).floor() / 100.0;
        format!("{percent:.2} ({}/{})", self.part, self.all)
    }

    fn is_at_least(self, thousandths: usize) -> bool {
        self.part * 1_000 >= self.all * thousandths
    }
}

impl Comparison {
    fn of(truth: &Truth, sites: &[Site]) -> Self {
        let mut comparison = Self::default();
        // By file, in the order of places.
        let mut by_file: BTreeMap<&PathBuf, Vec<&Site>> = BTreeMap::new();
        for site in sites {
            by_file.entry(&site.file).or_default().push(site);
        }
        for judged in &truth.sites {
            let listed = by_file.get(&judged.file).into_iter().flatten();
            let mut listed = listed.filter(|site| {
                site.kind == judged.kind && (judged.start..=judged.end).contains(&site.place)
            });
            let Some(site) = listed.min_by_key_place() else {
                comparison.apart("not listed");
                continue;
            };
            comparison.operations(judged, site);
            comparison.documented(judged, site);
        }
        comparison
    }

    fn operations(&mut self, judged: &truth::Judged, site: &Site) {
        let Some(expected) = &judged.operations else {
            return self.apart("operations not known");
        };
        if expected.is_empty() && judged.kind == "block" {
            return self.apart("no operation in the block's own text");
        }
        let got: BTreeSet<&str> = site.operations.iter().map(|name| group(name)).collect();
        if !self.operations.count(got == *expected) {
            self.misses.push(format!(
                "operations: {}:{}:{} {} rustc {expected:?}, here {:?}",
                judged.file.display(),
                site.place.0,
                site.place.1,
                judged.kind,
                site.operations
            ));
        }
    }

    fn documented(&mut self, judged: &truth::Judged, site: &Site) {
        let (share, expected) = match judged.documented {
            Documented::Comment(is) => (&mut self.comments, is),
            Documented::NoSection => (&mut self.sections, false),
            Documented::NotJudged => return,
        };
        if !share.count(site.safety_comment == expected) {
            self.misses.push(format!(
                "documented: {}:{}:{} {} clippy {expected}",
                judged.file.display(),
                site.place.0,
                site.place.1,
                judged.kind,
            ));
        }
    }

    fn apart(&mut self, why: &'static str) {
        *self.apart.entry(why).or_default() += 1;
    }

    fn add(&mut self, other: &Self) {
        self.operations.add(other.operations);
        self.comments.add(other.comments);
        self.sections.add(other.sections);
        for (why, count) in &other.apart {
            *self.apart.entry(why).or_default() += count;
        }
    }

    fn is_enough(&self) -> bool {
        self.operations.is_at_least(OPERATIONS)
            && self.comments.is_at_least(COMMENTS)
            && self.sections.is_at_least(COMMENTS)
    }

    fn row(&self) -> String {
        let apart: Vec<String> = self
            .apart
            .iter()
            .map(|(why, n)| format!("{n} {why}"))
            .collect();
        let below = if self.is_enough() { "" } else { "below" };
        let shares = [self.operations, self.comments, self.sections].map(Share::text);
        format!(
            "| {} | {} | {below} |",
            shares.join(" | "),
            apart.join("; ")
        )
    }

    fn misses(&self, shown: usize) -> String {
        let all = self.misses.iter().take(shown);
        all.map(|miss| format!("  {miss}\n")).collect()
    }
}

trait MinByPlace<'a> {
    fn min_by_key_place(&mut self) -> Option<&'a Site>;
}

impl<'a, T: Iterator<Item = &'a &'a Site>> MinByPlace<'a> for T {
    fn min_by_key_place(&mut self) -> Option<&'a Site> {
        self.min_by_key(|site| site.place).copied()
    }
}

/// What rustc calls an operation of ours: it knows no finer names of calls.
fn group(name: &str) -> &'static str {
    match name {
        "raw-deref" => "raw-deref",
        "static-mut" => "static-mut",
        "extern-static" => "extern-static",
        "union-field" => "union-field",
        "inline-asm" => "inline-asm",
        "target-feature" => "target-feature",
        _ => "call",
    }
}
