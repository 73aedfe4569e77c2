//! What the user wants of a run: what is shown, what fails, what is left out.
//!
//! A policy comes from the command line and from configuration; the edge reads those, this decides.

pub mod audit_toml;
pub mod auditing;
pub mod carapace_toml;
pub mod deny_toml;
pub mod floor;
mod ignores;
pub mod init;
pub mod known;
pub mod publishers;
mod reader;
pub mod unsafety;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;

use crate::finding::Level;
use crate::graph::binary::RunsOn;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::advisory::{Advisory, Kind, SeverityLevel};
use crate::report::{ExcludedBy, Exclusion};
use crate::rules::Rule;
use publishers::PublishersPolicy;
use unsafety::UnsafePolicy;

pub(crate) use ignores::Ignores;
pub use ignores::{Idle, Ignore};

/// What `-D` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deny {
    /// Every warning.
    Warnings,
    /// `unmaintained` advisories.
    Unmaintained,
    /// `unsound` advisories.
    Unsound,
    /// `notice` advisories.
    Notice,
    /// Yanked versions, and that they could not be looked for.
    Yanked,
}

impl Deny {
    /// All, by the name that the command line and `audit.toml` use.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("warnings", Self::Warnings),
        ("unmaintained", Self::Unmaintained),
        ("unsound", Self::Unsound),
        ("notice", Self::Notice),
        ("yanked", Self::Yanked),
    ];

    /// The one with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(known, _)| *known == name)
            .map(|(_, deny)| *deny)
    }

    /// The rule that it makes fail; none for all of them.
    fn rule_name(self) -> Option<&'static str> {
        match self {
            Self::Warnings => None,
            Self::Unmaintained => Some("unmaintained"),
            Self::Unsound => Some("unsound"),
            Self::Notice => Some("notice"),
            Self::Yanked => Some("yanked"),
        }
    }
}

/// In which packages advisories of a kind count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// In members of the workspace.
    Workspace,
    /// In members and in what these depend on by themselves.
    Direct,
    /// In what something depends on that is no member.
    Transitive,
    /// In every package.
    #[default]
    All,
}

impl Scope {
    /// All, by the name that `carapace.toml` uses.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("workspace", Self::Workspace),
        ("direct", Self::Direct),
        ("transitive", Self::Transitive),
        ("all", Self::All),
    ];

    fn holds(self, graph: &Graph, index: PackageIdx) -> bool {
        let members = graph.members();
        let depend = |of: &PackageIdx| graph.depends_on(*of).any(|on| on == index);
        match self {
            Self::Workspace => members.contains(&index),
            Self::Direct => members.contains(&index) || members.iter().any(depend),
            Self::Transitive => {
                let mut others = graph.iter().map(|(other, _)| other);
                others.any(|other| depend(&other) && !members.contains(&other))
            }
            Self::All => true,
        }
    }

    /// Whether it holds wherever another does.
    fn covers(self, other: Self) -> bool {
        self == Self::All || self == other || (self, other) == (Self::Direct, Self::Workspace)
    }
}

/// What findings count for in what is never shipped: what only tests need, or nothing builds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotShipped {
    /// What they count for elsewhere.
    Deny,
    /// One step less.
    #[default]
    Warn,
    /// Nothing: they are left out.
    Allow,
}

impl NotShipped {
    /// All, by the name that `carapace.toml` uses.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("deny", Self::Deny),
        ("warn", Self::Warn),
        ("allow", Self::Allow),
    ];
}

/// A package as people name it: `NAME`, or `NAME@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageName {
    /// Its name.
    pub name: String,
    /// Its version; none for every one.
    pub version: Option<Version>,
}

impl PackageName {
    /// Reads it; none for what can be no package's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(Version::parse(version).ok()?)),
            None => (text, None),
        };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        (!name.is_empty() && name.chars().all(is_name)).then(|| Self {
            name: name.to_owned(),
            version,
        })
    }

    /// Whether it names this package.
    #[must_use]
    pub fn is(&self, package: &Package) -> bool {
        let version = self.version.as_ref();
        self.name == package.name && version.is_none_or(|version| *version == package.version)
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// How the findings of a rule count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetting {
    /// The rule's name.
    pub rule: &'static str,
    /// The package that this is about; none for all.
    pub package: Option<PackageName>,
    /// How they count; none if they are left out.
    pub level: Option<Level>,
    /// Why. There is one wherever this is less than the rule's own level.
    pub reason: Option<String>,
}

/// What the user wants of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// What fails beyond what always does.
    pub deny: BTreeSet<Deny>,
    /// How findings of single rules count. What is about one package comes before what is about all;
    /// else the first counts.
    pub rules: Vec<RuleSetting>,
    /// How much unsafe code there may be.
    pub unsafety: UnsafePolicy,
    /// How packages are to be published.
    pub publishers: PublishersPolicy,
    /// The informational kinds that are shown; none means all.
    pub informational: Option<BTreeSet<Kind>>,
    /// Vulnerabilities with a score below it are left out.
    pub severity_threshold: Option<SeverityLevel>,
    /// Whether those without a score are, too, where there is a threshold.
    pub needs_score: bool,
    /// In which packages advisories of a kind count; of what is not named, in all.
    pub scopes: BTreeMap<Kind, Scope>,
    /// What findings count for in what is never shipped; see [`NotShipped::default`].
    pub not_shipped: Option<NotShipped>,
    /// What findings count for whose affected functions are not reached; none for what they count for
    /// elsewhere.
    pub not_reached: Option<NotShipped>,
    /// Whether it was asked for by name whether affected functions are reached.
    pub reachable: bool,
    /// Advisories that are left out.
    pub ignores: Vec<Ignore>,
    /// The architectures that count; empty for all.
    pub target_arch: Vec<String>,
    /// The systems that count; empty for all.
    pub target_os: Vec<String>,
    /// Whether the registry is asked for yanked, removed and swapped packages.
    pub registry: bool,
    /// Databases older than so many days are a gap.
    pub max_age_days: i64,
    /// Whether that gap blocks: `max-age` was set, or this is a CI run.
    pub age_is_required: bool,
    /// Accept a database of any age.
    pub stale: bool,
    /// Leave out what only tests need.
    pub no_dev: bool,
    /// Packages that are left out, with what only they need.
    pub excluded: Vec<PackageName>,
}

/// The rule that `allow-new` is about.
const NEW_UNSAFE: &str = "new-unsafe";

/// Days after which a database is too old, if nothing else is said: as cargo-audit has it.
pub const MAX_AGE_DAYS: i64 = 90;

impl Policy {
    /// How a finding of a rule counts, about a package or about everything. What is asked to fail
    /// by name is not loosened by what is said of the rule.
    #[must_use]
    pub fn level(&self, rule: &Rule, package: Option<&Package>) -> Level {
        if self.is_denied(rule) {
            return Level::Deny;
        }
        let setting = self.setting(rule, package);
        setting
            .and_then(|setting| setting.level)
            .unwrap_or(rule.meta.level)
    }

    /// Why a finding of a rule is left out; none if it is not.
    #[must_use]
    pub fn allows(&self, rule: &Rule, package: Option<&Package>) -> Option<&str> {
        if rule.name == NEW_UNSAFE
            && let Some(reason) = package.and_then(|package| self.unsafety.allows_new(package))
        {
            return Some(reason);
        }
        let setting = self.setting(rule, package)?;
        let is_allowed = setting.level.is_none() && !self.is_denied(rule);
        is_allowed.then(|| setting.reason.as_deref().unwrap_or_default())
    }

    /// Whether something is said of a rule, by name.
    pub(crate) fn speaks_of(&self, rule: &Rule, package: Option<&Package>) -> bool {
        self.is_denied(rule) || self.setting(rule, package).is_some()
    }

    /// Whether `-D` names a rule.
    fn is_denied(&self, rule: &Rule) -> bool {
        self.deny.iter().any(|deny| match deny.rule_name() {
            Some(name) => rule.name == name,
            None => rule.meta.level == Level::Warn,
        })
    }

    fn setting(&self, rule: &Rule, package: Option<&Package>) -> Option<&RuleSetting> {
        let named = || {
            self.rules
                .iter()
                .filter(|setting| setting.rule == rule.name)
        };
        let is_about = |setting: &&RuleSetting| match (&setting.package, package) {
            (Some(name), Some(package)) => name.is(package),
            _ => false,
        };
        let of_all = || named().find(|setting| setting.package.is_none());
        named().find(is_about).or_else(of_all)
    }

    /// The packages that members reach without those that are left out, by their places in the graph;
    /// none where none is left out.
    pub(crate) fn reached(&self, graph: &Graph) -> Option<Vec<bool>> {
        if self.excluded.is_empty() {
            return None;
        }
        let is_excluded = |index: PackageIdx| {
            let package = graph.get(index);
            package.is_none_or(|package| self.excluded.iter().any(|name| name.is(package)))
        };
        let mut reached = vec![false; graph.packages().len()];
        let mut open = graph.members();
        while let Some(index) = open.pop() {
            let Some(seen) = reached.get_mut(index.get()) else {
                continue;
            };
            if !*seen && !is_excluded(index) {
                *seen = true;
                open.extend(graph.depends_on(index));
            }
        }
        Some(reached)
    }

    /// Whether a check that was asked for by name must be made.
    #[must_use]
    pub fn requires(&self, deny: Deny) -> bool {
        self.deny.contains(&deny)
    }

    /// Why an advisory is left out of a package, or of the toolchain, but for what is ignored by name;
    /// none if it is not. What a binary itself is for, as far as that is known, comes before the
    /// targets of the policy.
    #[must_use]
    pub fn leaves_out(
        &self,
        advisory: &Advisory,
        package: Option<(&Graph, PackageIdx)>,
        runs_on: Option<&RunsOn>,
    ) -> Option<Exclusion> {
        let by_setting = |reason| {
            Some(Exclusion {
                by: ExcludedBy::Setting,
                reason,
                until: None,
            })
        };
        let kind = advisory.kind();
        if let Some(threshold) = self.severity_threshold
            && !advisory.is_malicious()
        {
            let threshold = threshold.name();
            match advisory.severity() {
                Some(severity) if Some(severity.level) < self.severity_threshold => {
                    let level = severity.level.name();
                    return by_setting(format!(
                        "severity {level} is below the threshold {threshold}"
                    ));
                }
                None if self.needs_score && kind == Kind::Vulnerability => {
                    return by_setting(format!(
                        "it has no score, and the threshold is {threshold}"
                    ));
                }
                _ => {}
            }
        }
        let scope = self.scopes.get(&kind).copied().unwrap_or_default();
        if let Some((graph, index)) = package
            && !advisory.is_malicious()
            && !scope.holds(graph, index)
        {
            let package = graph.get(index)?;
            return by_setting(format!(
                "{} {} is out of the scope of {kind} advisories",
                package.name, package.version
            ));
        }
        let shown = self.informational.as_ref();
        let asked = match kind {
            Kind::Vulnerability => true,
            Kind::Unmaintained => self.requires(Deny::Unmaintained),
            Kind::Unsound => self.requires(Deny::Unsound),
            Kind::Notice => self.requires(Deny::Notice),
        };
        if !asked
            && !advisory.is_malicious()
            && !self.requires(Deny::Warnings)
            && shown.is_some_and(|shown| !shown.contains(&kind))
        {
            return by_setting(format!("{kind} is not among `informational_warnings`"));
        }
        let affected = advisory.affected.as_ref()?;
        let known = runs_on.map(|on| (on.architectures.as_slice(), on.systems.as_slice()));
        let (architectures, systems) = known.unwrap_or_default();
        let is_elsewhere = |of: &[String], known: &[&str], wanted: &[String]| {
            let is_meant = |name: &String| match known {
                [] => wanted.is_empty() || wanted.contains(name),
                known => known.contains(&name.as_str()),
            };
            !of.is_empty() && !of.iter().any(is_meant)
        };
        let only = if is_elsewhere(&affected.arch, architectures, &self.target_arch) {
            &affected.arch
        } else if is_elsewhere(&affected.os, systems, &self.target_os) {
            &affected.os
        } else {
            return None;
        };
        Some(Exclusion {
            by: ExcludedBy::Platform,
            reason: format!("affects only {}", only.join(", ")),
            until: None,
        })
    }
}
