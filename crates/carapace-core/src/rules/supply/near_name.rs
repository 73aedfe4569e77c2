//! A young package is named like another one
//!
//! The package was first published less than 180 days ago, and its name could be taken for that of a
//! well-known package, or of an older one that the project depends on: other separators, the same
//! words in another order, characters that look alike, a word such as `rs` before or behind it, an
//! `s`, or a letter or two. Impostors are named so, and are downloaded by those who mistype a name or
//! believe a machine that does.
//!
//! ## What to do
//! See whether the manifest that asks for it meant the other one. If so, the package has run on this
//! machine where it was built: look at what it does.
//!
//! ## Known problems
//! Well-known are names that several packages of an index depend on
//! (`carapace-core/src/supply/well_known.txt`); an impostor of what is not on that list, and not among
//! the dependencies, is not found so. Names of two or three letters are not compared letter by letter.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "oncecell"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/oncecell
//! {"name":"oncecell","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2099-05-01T10:00:00Z"}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "oncecell"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/oncecell
//! {"name":"oncecell","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2096-05-01T10:00:00Z"}
//! ```
//!
//! ## References
//! - <https://rustsec.org/categories/malicious.html>

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::Supply;
use crate::supply::names::{Likeness, Names};
use crate::supply::times::time;

pub(crate) const META: Meta = Meta {
    code: "SUP021",
    level: Level::Warn,
    is_lowered: false,
};

/// Impostors were found within weeks; a package that is older is not taken for one.
const YOUNG: i64 = 180;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (known, names) = (OnceCell::new(), OnceCell::new());
    for (index, package, _, supply) in context.published() {
        let history = supply.history(&package.name);
        let Some((history, born)) = history.and_then(|h| Some((h, h.first_published()?))) else {
            continue;
        };
        let is_young = supply.days_since(born).is_some_and(|days| days < YOUNG);
        if !is_young {
            continue;
        }
        // Most graphs have no young package, and need no names to compare with.
        let known = known.get_or_init(|| supply.known_names());
        if known.contains(package.name.as_str()) {
            continue;
        }
        let names = names.get_or_init(|| {
            let packages = context.graph.packages().iter();
            let own = packages.filter(|package| package.is_crates_io());
            let own: BTreeSet<&str> = own.map(|package| package.name.as_str()).collect();
            Names::new(known.union(&own).copied().collect())
        });
        let is_older = |other: &str| known.contains(other) || is_before(supply, other, born);
        let like = names
            .like(&package.name)
            .filter(|(other, _)| is_older(other));
        let like: Vec<(&str, Likeness)> = like.collect();
        let Some((nearest, _)) = like.iter().min_by_key(|(_, how)| *how) else {
            continue;
        };
        let message = format!(
            "{} is named like {nearest}, and was first published {}",
            package.name,
            time(born)
        );
        let mut finding = context.finding(rule, index, message);
        let like = like.iter();
        finding.evidence = like
            .map(
                |(other, how)| match supply.history(other).and_then(|h| h.first_published()) {
                    Some(older) => format!("{other}, first published {}: {how}", time(older)),
                    None => format!("{other}: {how}"),
                },
            )
            .collect();
        finding.evidence.push(format!(
            "{} has {} in the index",
            package.name,
            match history.versions().len() {
                1 => "one version".to_owned(),
                count => format!("{count} versions"),
            }
        ));
        finding.help = vec![format!("see whether {nearest} was meant")];
        findings.push(finding);
    }
    findings
}

/// Whether a package was there before a time.
fn is_before(supply: &Supply, name: &str, time: i64) -> bool {
    let first = supply
        .history(name)
        .and_then(|history| history.first_published());
    first.is_some_and(|first| first < time)
}
