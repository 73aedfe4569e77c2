//! The rules: one file a rule, in `rules/GROUP/NAME.rs`.
//!
//! A rule's file holds its documentation for users as `//!` text with a `bad` and a `good`
//! example, its [`Meta`], and its `check`. `cargo xtask generate` writes [`registry`] and the pages
//! under `docs/rules` from them; a test fails when these are stale, and runs every rule over every
//! example. Adding a rule is adding one file.

pub(crate) mod advisory;
pub(crate) mod dance;
#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod example_archives;
#[cfg(test)]
mod example_dance;
#[cfg(test)]
mod example_soundness;
#[cfg(test)]
mod example_supply;
pub(crate) mod policy;
pub mod registry;
pub(crate) mod soundness;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use semver::Version;

use crate::census::baseline::Changes;
use crate::census::dance::Dance;
use crate::census::survey::{Member, Survey};
use crate::census::{PackageCensus, Site};
use crate::dance::Replaces;
use crate::engine::{Reached, Toolchain};
use crate::facts::unsafety::SiteKind;
use crate::finding::{Finding, Level, Location};
use crate::graph::paths::{Budget, Dependents};
use crate::graph::units::Roles;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::advisory::Advisory;
use crate::knowledge::registry::{Answer, Lookup, Registry};
use crate::policy::known::Gone;
use crate::policy::{Idle, Ignore, NotShipped, Policy};
use crate::report::InputKind;
use crate::soundness::Judges;
use crate::supply::archive::ArchiveFacts;
use crate::supply::{PackageSupply, Supply};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Known faults of packages.
    Advisory,
    /// Unsafe code.
    Unsafety,
    /// How packages come here.
    Supply,
    /// The user's own settings.
    Policy,
    /// Unsafe code that safe code can replace.
    Dance,
    /// Unsafe code that is unsound.
    Soundness,
}

impl Group {
    /// The name in reports; the folder of its rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Unsafety => "unsafety",
            Self::Supply => "supply",
            Self::Policy => "policy",
            Self::Dance => "dance",
            Self::Soundness => "soundness",
        }
    }
}

/// What a rule's file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What users write and look up: `ADV001`. Never reused.
    pub code: &'static str,
    /// How its findings count, if policy says nothing else.
    pub level: Level,
    /// Whether they count less in what is never shipped. What was, or may have been, published to do
    /// harm does it wherever it is built or run, if only by a test.
    pub is_lowered: bool,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// What its file says of it.
    pub meta: Meta,
    /// Its name: its file's, with hyphens.
    pub name: &'static str,
    /// What it is about: its folder.
    pub group: Group,
    /// Its documentation, Markdown.
    pub docs: &'static str,
    /// How it finds unsafe code that safe code replaces, where it is about that.
    pub replaces: Option<&'static Replaces>,
    /// How it finds unsafe code that is unsound, where it is about that.
    pub judges: Option<&'static Judges>,
    /// Looks, and gives what it finds.
    pub check: fn(&'static Self, &Context<'_>) -> Vec<Finding>,
}

impl Rule {
    /// The rule with a code or name, whatever its case.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        registry::RULES.iter().find(|rule| {
            rule.meta.code.eq_ignore_ascii_case(code) || rule.name.eq_ignore_ascii_case(code)
        })
    }

    /// Whether its findings are about what compiles a project, which is no package of it.
    #[must_use]
    pub fn is_about_toolchain(&self) -> bool {
        self.name == "toolchain"
    }

    /// The heading of its documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.docs.lines().next().unwrap_or_default()
    }
}

/// An advisory that speaks of a package of the graph.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The package.
    pub package: PackageIdx,
    /// The advisory.
    pub advisory: Arc<Advisory>,
    /// Whether the package is from the registry that the advisory is about. If not, only the name
    /// and the version agree.
    pub certain: bool,
}

/// What rules look at: one input, and what is known.
#[derive(Debug)]
pub struct Context<'a> {
    /// The input's path, as shown.
    pub path: &'a str,
    /// What it is.
    pub kind: InputKind,
    /// Its packages.
    pub graph: &'a Graph,
    /// What they are for, where that is known; see [`crate::engine::Subject::roles`].
    pub roles: &'a [Roles],
    /// The same, turned around, once a rule asks for it.
    pub dependents: &'a OnceCell<Dependents<'a>>,
    /// The advisories that speak of them and that policy does not leave out.
    pub hits: &'a [Hit],
    /// Whether functions that these advisories name are reached, where that was asked.
    pub reached: Option<&'a Reached>,
    /// What the registry says of them, where it was asked.
    pub registry: Option<&'a Registry>,
    /// What the user wants.
    pub policy: &'a Policy,
    /// What is ignored to no use, and why.
    pub idle_ignores: &'a [(&'a Ignore, Idle)],
    /// What the baseline of audits knows and is not there any more.
    pub gone: &'a [Gone],
    /// What compiles the input, and the advisories that speak of it.
    pub toolchain: Option<(&'a Toolchain, &'a [Arc<Advisory>])>,
    /// What was found out about unsafe code, where that was looked for.
    pub survey: Option<&'a Survey>,
    /// What is new of it, where it is held against something.
    pub changes: Option<&'a Changes>,
    /// How they are published, where that was looked at.
    pub supply: Option<&'a Supply>,
    /// What of their unsafe code safe code could replace, where that was looked for.
    pub dance: Option<&'a Dance>,
    /// The same by the codes of the rules that propose it, once one of them asks for it.
    pub(crate) proposed: OnceCell<HashMap<&'a str, Vec<dance::Proposed<'a>>>>,
    /// What paths may still cost.
    pub(crate) budget: RefCell<Budget>,
    /// Paths that were worked out before, by package.
    pub(crate) paths: RefCell<HashMap<PackageIdx, Vec<Vec<PackageIdx>>>>,
}

impl Context<'_> {
    /// A finding about a package, with what every such finding has: its place in the lockfile, its
    /// paths, its fingerprint.
    #[must_use]
    pub fn finding(&self, rule: &'static Rule, package: PackageIdx, message: String) -> Finding {
        let mut finding = Finding::new(rule, Some(package), message);
        finding.level = self.level(rule, package);
        if let Some(found) = self.graph.get(package) {
            finding.location = Some(Location {
                file: self.path.to_owned(),
                repository_file: None,
                line: found.line,
                column: 1,
                end_line: found.line,
                // `name = "…"`
                end_column: u32::try_from(found.name.chars().count() + 10).unwrap_or(u32::MAX),
            });
            finding.fingerprint = format!("{}:{}", rule.meta.code, found.id());
        }
        let mut paths = self.paths.borrow_mut();
        let paths = paths.entry(package);
        finding.paths = paths
            .or_insert_with(|| {
                let dependents = self.dependents.get_or_init(|| Dependents::new(self.graph));
                dependents.paths(package, &mut self.budget.borrow_mut())
            })
            .clone();
        finding
    }

    /// What a package is for; nothing where that is not known.
    #[must_use]
    pub fn roles_of(&self, package: PackageIdx) -> Roles {
        let at = self.graph.position(package);
        let roles = at.and_then(|at| self.roles.get(at));
        roles.copied().unwrap_or_default()
    }

    /// How a finding counts: as policy says; where it says nothing of the rule, one step less in what
    /// is never shipped.
    fn level(&self, rule: &'static Rule, package: PackageIdx) -> Level {
        let found = self.graph.get(package);
        let level = self.policy.level(rule, found);
        let is_beside = self.kind.ships_none_of(self.roles_of(package));
        let counts = self.policy.not_shipped == Some(NotShipped::Deny);
        match level {
            _ if counts
                || !is_beside
                || !rule.meta.is_lowered
                || self.policy.speaks_of(rule, found) =>
            {
                level
            }
            level => level.lowered(),
        }
    }

    /// How a finding counts whose affected functions are not reached: policy alone lowers it.
    pub(crate) fn level_of_unreached(&self, rule: &'static Rule, package: PackageIdx) -> Level {
        let level = self.level(rule, package);
        let found = self.graph.get(package);
        let is_lowered = self.policy.not_reached == Some(NotShipped::Warn)
            && rule.meta.is_lowered
            && !self.policy.speaks_of(rule, found);
        if is_lowered { level.lowered() } else { level }
    }

    /// How a finding counts that says less than its rule does: one step less, unless policy speaks of
    /// the rule.
    pub(crate) fn lesser(&self, rule: &'static Rule, package: PackageIdx) -> Level {
        let level = self.level(rule, package);
        match self.policy.speaks_of(rule, self.graph.get(package)) {
            true => level,
            false => level.lowered(),
        }
    }

    /// A finding about a site of a member.
    pub(crate) fn site(
        &self,
        rule: &'static Rule,
        member: &Member,
        site: &Site,
        message: String,
    ) -> Finding {
        let mut finding = self.finding(rule, member.package, message);
        // What an attribute is told by is one character; nearly everything else, `unsafe`.
        let width = match site.kind {
            SiteKind::Attribute => 1,
            _ => 6,
        };
        finding.location = Some(Location {
            file: member.shown(&site.file),
            repository_file: None,
            line: site.line,
            column: site.column,
            end_line: site.line,
            end_column: site.column.saturating_add(width),
        });
        finding.item = (!site.item.is_empty()).then(|| site.item.clone());
        finding.evidence = operations(site).into_iter().collect();
        finding
    }

    /// The members of the workspace whose sources were read, with their census.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&Member, &PackageCensus)> {
        let surveys = self.survey.into_iter();
        surveys.flat_map(|survey| {
            survey.members.iter().filter_map(|member| {
                let at = self.graph.position(member.package)?;
                let census = survey.census.packages.get(at)?;
                census.scanned.then_some((member, census))
            })
        })
    }

    /// The packages of crates.io that are built, with what is known of how they are published.
    pub(crate) fn published(
        &self,
    ) -> impl Iterator<Item = (PackageIdx, &Package, &PackageSupply, &Supply)> {
        self.supply.into_iter().flat_map(|supply| {
            let packages = supply.of_crates_io(self.graph);
            packages.map(move |(index, package, known)| (index, package, known, supply))
        })
    }

    /// The same, of which the archive and that of the version before are at hand.
    pub(crate) fn changed_archives(&self) -> impl Iterator<Item = ArchiveChange<'_>> {
        self.published().filter_map(|(index, package, known, _)| {
            let (now, (from, before)) = (known.archive.as_deref()?, known.before.as_ref()?);
            Some(ArchiveChange {
                index,
                package,
                from,
                before,
                now,
            })
        })
    }

    /// The packages of crates.io with what the registry says of them.
    pub(crate) fn lookups(&self) -> impl Iterator<Item = (PackageIdx, &Package, &Lookup)> {
        self.graph.iter().filter_map(|(index, package)| {
            let registry = self.registry.filter(|_| package.is_crates_io())?;
            let lookup = registry.get(&package.name, &package.version)?;
            Some((index, package, lookup))
        })
    }

    /// The same, where there is an answer, however old.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (PackageIdx, &Package, &Answer)> {
        self.lookups()
            .filter_map(|(index, package, lookup)| match lookup {
                Lookup::Fresh(answer) | Lookup::Kept(answer) => Some((index, package, answer)),
                Lookup::Unknown(_) => None,
            })
    }
}

/// What a package's archive says, and what that of the version before said.
pub(crate) struct ArchiveChange<'a> {
    pub(crate) index: PackageIdx,
    pub(crate) package: &'a Package,
    /// The version before.
    pub(crate) from: &'a Version,
    pub(crate) before: &'a ArchiveFacts,
    pub(crate) now: &'a ArchiveFacts,
}

/// What is done in a site, as a fact.
pub(crate) fn operations(site: &Site) -> Option<String> {
    let names: Vec<&str> = site.operations.iter().map(|does| does.name()).collect();
    (!names.is_empty()).then(|| format!("operations: {}", names.join(", ")))
}

/// A site in words: what it is, and where.
pub(crate) fn in_words(site: &Site) -> String {
    let kind = site.kind;
    match (site.item.as_str(), kind) {
        ("", _) => format!("unsafe {kind}"),
        // These have a path of their own.
        (item, SiteKind::Fn | SiteKind::Method | SiteKind::Trait | SiteKind::Impl) => {
            format!("unsafe {kind} `{item}`")
        }
        (item, _) => format!("unsafe {kind} in `{item}`"),
    }
}
