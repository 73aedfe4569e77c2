//! What the user wants of a run: what is shown, what fails, what is left out.
//!
//! A policy comes from the command line and from configuration; the edge reads those, this decides.

pub mod audit_toml;

use std::collections::BTreeSet;

use crate::finding::Level;
use crate::knowledge::advisory::{Advisory, Kind, SeverityLevel};
use crate::rules::Rule;

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

/// An advisory that the user does not want to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// Its id or another of its names.
    pub id: String,
    /// Why; where nothing was said, where it comes from.
    pub reason: String,
}

/// What the user wants of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// What fails beyond what always does.
    pub deny: BTreeSet<Deny>,
    /// The informational kinds that are shown; none means all.
    pub informational: Option<BTreeSet<Kind>>,
    /// Vulnerabilities with a score below it are left out; those without a score stay.
    pub severity_threshold: Option<SeverityLevel>,
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
}

/// Days after which a database is too old, if nothing else is said: as cargo-audit has it.
pub const MAX_AGE_DAYS: i64 = 90;

impl Policy {
    /// How a finding of a rule counts.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        let named = self.deny.iter().any(|deny| match deny.rule_name() {
            Some(name) => rule.name == name,
            None => rule.meta.level == Level::Warn,
        });
        if named { Level::Deny } else { rule.meta.level }
    }

    /// Whether a check that was asked for by name must be made.
    #[must_use]
    pub fn requires(&self, deny: Deny) -> bool {
        self.deny.contains(&deny)
    }

    /// Why an advisory is left out; none if it is not.
    #[must_use]
    pub fn leaves_out(&self, advisory: &Advisory) -> Option<String> {
        if let Some(ignore) = self.ignores.iter().find(|i| advisory.is_named(&i.id)) {
            return Some(ignore.reason.clone());
        }
        let kind = advisory.kind();
        if let Some(threshold) = self.severity_threshold
            && let Some(severity) = advisory.severity()
            && severity.level < threshold
            && !advisory.is_malicious()
        {
            let (level, threshold) = (severity.level.name(), threshold.name());
            return Some(format!(
                "severity {level} is below the threshold {threshold}"
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
            return Some(format!("{kind} is not among `informational_warnings`"));
        }
        let affected = advisory.affected.as_ref()?;
        let elsewhere = |of: &[String], wanted: &[String]| {
            !of.is_empty() && !wanted.is_empty() && !of.iter().any(|name| wanted.contains(name))
        };
        if elsewhere(&affected.arch, &self.target_arch) {
            return Some(format!("affects only {}", affected.arch.join(", ")));
        }
        if elsewhere(&affected.os, &self.target_os) {
            return Some(format!("affects only {}", affected.os.join(", ")));
        }
        None
    }
}
