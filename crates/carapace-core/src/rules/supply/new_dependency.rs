//! A release began to depend on a package that was new then
//!
//! The version in use, or one shortly before it, was the first of its package to depend on another
//! package whose own first version was less than 30 days old at that time. So stolen accounts spread
//! what they bring: the release itself differs by one line, and what does harm is in the new package.
//! Looked at are dependencies and build dependencies that are in the lockfile, and releases of the
//! last 30 days.
//!
//! ## What to do
//! Read what the new package does before it is built, above all its build script. See whether the
//! owners of the package announced it. Until then, stay on the version before:
//! `cargo update PACKAGE --precise VERSION`.
//!
//! ## Known problems
//! Maintainers do split their packages. Where the new package has the first word of the other's name
//! (`parser`, `parser-core`) and nothing else is odd, the finding is a note.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! dependencies = ["helper"]
//!
//! [[package]]
//! name = "helper"
//! version = "0.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2097-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.1","deps":[{"name":"helper","req":"^0.1","kind":"normal"}],"cksum":"bb","pubtime":"2099-05-31T10:00:00Z"}
//! --- index/helper
//! {"name":"helper","vers":"0.1.0","deps":[],"cksum":"cc","pubtime":"2099-05-31T08:00:00Z"}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! dependencies = ["helper"]
//!
//! [[package]]
//! name = "helper"
//! version = "0.1.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- index/parser
//! {"name":"parser","vers":"1.0.0","deps":[],"cksum":"aa","pubtime":"2097-01-01T10:00:00Z"}
//! {"name":"parser","vers":"1.0.1","deps":[{"name":"helper","req":"^0.1","kind":"normal"}],"cksum":"bb","pubtime":"2099-05-31T10:00:00Z"}
//! --- index/helper
//! {"name":"helper","vers":"0.1.0","deps":[],"cksum":"cc","pubtime":"2098-05-31T08:00:00Z"}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/reference/registry-index.html>

use std::collections::BTreeMap;

use crate::finding::{Finding, Level};
use crate::graph::{Package, PackageIdx};
use crate::knowledge::registry::History;
use crate::rules::{Context, Meta, Rule};
use crate::supply::Supply;
use crate::supply::names::Names;
use crate::supply::times::{DAY, between, time};

pub(crate) const META: Meta = Meta {
    code: "SUP020",
    level: Level::Warn,
    is_lowered: false,
};

/// A package is new for so many days from its first version on.
const YOUNG: i64 = 30;
/// Releases are looked at for so many days: what nobody found until then is not found by its dates.
const RECENT: i64 = 30;

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, _, supply) in context.published() {
        let Some(history) = supply.history(&package.name) else {
            continue;
        };
        let targets = context.graph.depends_on(index);
        let targets: BTreeMap<&str, PackageIdx> = targets
            .filter_map(|target| Some((context.graph.get(target)?, target)))
            .filter(|(target, _)| target.is_crates_io())
            .map(|(target, at)| (target.name.as_str(), at))
            .collect();
        let found = targets.into_iter().filter_map(|(name, at)| {
            let known = supply.packages.get(context.graph.position(at)?)?;
            let edge = Edge {
                supply,
                package,
                history,
                name,
                target: supply.history(name)?,
                runs_at_build: known.runs_at_build,
            };
            edge.finding(rule, context, index)
        });
        findings.extend(found);
    }
    findings
}

/// That a package depends on another one.
struct Edge<'a> {
    supply: &'a Supply,
    package: &'a Package,
    history: &'a History,
    /// The other one.
    name: &'a str,
    target: &'a History,
    /// Whether it runs code on the machine that builds it, as far as that is known.
    runs_at_build: bool,
}

impl Edge<'_> {
    /// What is to be said of it, if it appeared when the other package was new.
    fn finding(
        &self,
        rule: &'static Rule,
        context: &Context<'_>,
        index: PackageIdx,
    ) -> Option<Finding> {
        let (package, name) = (self.package, self.name);
        let release = self.history.introduced(&package.version, name)?;
        let (added, born) = (release.published?, self.target.first_published()?);
        let is_young = added - born < YOUNG * DAY;
        if !is_young || self.supply.days_since(added)? > RECENT {
            return None;
        }
        let message = format!(
            "{} {} depends on {name}, which was new when that began",
            package.name, package.version
        );
        let mut finding = context.finding(rule, index, message);
        finding.fingerprint += &format!(":{name}");
        finding.evidence = vec![
            format!(
                "{} {} of {} is the first version that depends on it",
                package.name,
                release.version,
                time(added)
            ),
            match added < born {
                true => format!("{name}: first published {}, later", time(born)),
                false => format!(
                    "{name}: first published {}, {} before",
                    time(born),
                    between(born, added)
                ),
            },
        ];
        if self.runs_at_build {
            let evidence = format!("{name} runs code on the machine that builds it");
            finding.evidence.push(evidence);
        }
        let odd = self.odd();
        if odd.is_empty() && is_of_family(&package.name, name) {
            finding.level = finding.level.lowered();
        }
        finding.evidence.extend(odd);
        let together = self
            .supply
            .published_together(context.graph, package, added);
        finding.evidence.extend(together);
        finding.help = vec![format!("read what {name} does before it is built")];
        let mut before = self.history.before(&release.version);
        if let Some(before) = before.find(|before| !before.yanked) {
            finding.help.push(format!(
                "stay on the version before: `cargo update {} --precise {}`",
                package.name, before.version
            ));
        }
        Some(finding)
    }

    /// What else is odd about it.
    fn odd(&self) -> Vec<String> {
        let mut odd = Vec::new();
        let known = self.supply.known_names();
        if !known.contains(self.name) {
            let names = Names::new(known);
            let like = names.like(self.name);
            odd.extend(
                like.map(|(other, how)| format!("{} is named like {other}: {how}", self.name)),
            );
        }
        odd.extend(self.supply.yanked_below(self.package));
        odd
    }
}

/// Whether a package has the first word of another one's name.
fn is_of_family(one: &str, other: &str) -> bool {
    let first = |name: &str| name.split(['-', '_']).next().map(str::to_ascii_lowercase);
    first(one) == first(other)
}
