//! Advisories: the RustSec database's format, its matching, and the compact index of it.
//!
//! [`mod@format`] reads one advisory as its maintainers write it, [`range`] says which versions it
//! affects, [`index`] keeps a whole database so that a run reads only what it needs, and
//! [`database`] makes that index from files. *Invariants.* An advisory that could not be read is
//! set aside and named, and stops nothing else. Advisories of the `rust/` collection never match a
//! package of a lockfile.

pub mod cvss3;
pub mod database;
pub mod format;
pub mod index;
pub mod range;

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::date::Date;
use crate::graph::source::Source;
use range::Range;

/// The two parts of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collection {
    /// Packages of crates.io.
    Crates,
    /// What a Rust installation ships: std, cargo, rustdoc.
    Rust,
}

impl Collection {
    /// The folder of the database that holds it.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Crates => "crates",
            Self::Rust => "rust",
        }
    }
}

/// What an advisory tells: a vulnerability, or one of the informational kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not informational.
    Vulnerability,
    /// `informational = "unmaintained"`.
    Unmaintained,
    /// `informational = "unsound"`.
    Unsound,
    /// `informational = "notice"`, and every informational kind that is not known.
    Notice,
}

impl Kind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Unmaintained => "unmaintained",
            Self::Unsound => "unsound",
            Self::Notice => "notice",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The category of packages that were published to do harm.
pub const MALICIOUS: &str = "malicious";

/// An advisory. Field names are those of the database's front matter
/// (<https://github.com/rustsec/advisory-db#advisory-format>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Advisory {
    /// `RUSTSEC-2024-0001`, or `CVE-…` in the `rust/` collection.
    pub id: String,
    /// The package, or the component of the `rust/` collection.
    pub package: String,
    /// Where it stands in the database.
    pub collection: Collection,
    /// The day of disclosure.
    pub date: Date,
    /// The day it was taken back; such an advisory matches nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Date>,
    /// `unmaintained`, `unsound`, `notice` or a kind that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub informational: Option<String>,
    /// Kinds of vulnerability, among them [`MALICIOUS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Free words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// The CVSS vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<String>,
    /// Other names of the same: CVE, GHSA.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Ids of others that have to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// The announcement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// More to read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The licence of the text; none means CC0-1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The registry, if it is not crates.io, as a lockfile writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The package is expected to be gone from the registry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expect_deleted: bool,
    /// Where only some systems or functions are affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<Affected>,
    /// Requirements of the versions that are fixed, normalised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patched: Vec<String>,
    /// Requirements of the versions that never were affected, normalised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unaffected: Vec<String>,
    /// The affected versions; empty for a withdrawn advisory.
    #[serde(skip)]
    pub ranges: Vec<Range>,
    /// The heading; none in the built-in snapshot.
    #[serde(skip)]
    pub title: Option<String>,
    /// The text below it; none in the built-in snapshot.
    #[serde(skip)]
    pub description: Option<String>,
}

/// `[affected]`: where a vulnerability shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Affected {
    /// Architectures, in rustc's words; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arch: Vec<String>,
    /// Systems, in rustc's words; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os: Vec<String>,
    /// Paths of functions with the requirements of the versions in which each is affected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, Vec<String>>,
}

impl Advisory {
    /// What it tells.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.informational.as_deref() {
            None => Kind::Vulnerability,
            Some("unmaintained") => Kind::Unmaintained,
            Some("unsound") => Kind::Unsound,
            Some(_) => Kind::Notice,
        }
    }

    /// Whether the package was published to do harm.
    #[must_use]
    pub fn is_malicious(&self) -> bool {
        self.categories.iter().any(|category| category == MALICIOUS)
    }

    /// Whether a version is affected.
    #[must_use]
    pub fn affects(&self, version: &Version) -> bool {
        self.ranges.iter().any(|range| range.contains(version))
    }

    /// Whether it is about the packages of a source: of the registry that it names, else of crates.io.
    #[must_use]
    pub fn is_about(&self, source: Option<&Source>) -> bool {
        source.is_some_and(|source| match &self.source {
            Some(own) => source.text == *own,
            None => source.is_crates_io(),
        })
    }

    /// Whether the id, or one of its other names, is this advisory's.
    #[must_use]
    pub fn is_named(&self, id: &str) -> bool {
        self.id == id || self.aliases.iter().any(|alias| alias == id)
    }

    /// The page that tells of it. Always known from the id, so that it is there without titles.
    #[must_use]
    pub fn link(&self) -> String {
        // A text under CC-BY keeps the address of its author.
        if self
            .license
            .as_deref()
            .is_some_and(|l| l.starts_with("CC-BY"))
            && let Some(url) = &self.url
        {
            return url.clone();
        }
        page(&self.id).unwrap_or_else(|| self.url.clone().unwrap_or_default())
    }

    /// The score and label of its CVSS vector; none without one that can be read.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        let vector = self.cvss.as_deref()?;
        let score = match vector.starts_with("CVSS:3.") {
            true => cvss3::base_score(vector)?,
            false => vector.parse::<cvss::Cvss>().ok()?.score(),
        };
        let score = (score * 10.0).round() / 10.0;
        Some(Severity {
            score,
            level: SeverityLevel::of(score),
            vector: vector.to_owned(),
        })
    }
}

/// The page of an advisory, by its id; none where nobody is known who gives such ids.
#[must_use]
pub fn page(id: &str) -> Option<String> {
    match id.split('-').next() {
        Some("RUSTSEC") => Some(format!("https://rustsec.org/advisories/{id}.html")),
        Some("CVE") => Some(format!("https://www.cve.org/CVERecord?id={id}")),
        Some("GHSA") => Some(format!("https://github.com/advisories/{id}")),
        _ => None,
    }
}

/// The CVSS qualitative rating scale (<https://www.first.org/cvss/v3.1/specification-document>,
/// section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeverityLevel {
    /// 0.0
    None,
    /// 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 to 10.0
    Critical,
}

impl SeverityLevel {
    /// The level of a score from 0.0 to 10.0.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match score {
            score if score < 0.1 => Self::None,
            score if score < 4.0 => Self::Low,
            score if score < 7.0 => Self::Medium,
            score if score < 9.0 => Self::High,
            _ => Self::Critical,
        }
    }

    /// The name in reports and configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How severe a vulnerability is, by its CVSS vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Severity {
    /// 0.0 to 10.0, with one decimal.
    pub score: f64,
    /// Its name on the rating scale.
    pub level: SeverityLevel,
    /// The vector it comes from.
    pub vector: String,
}

/// An advisory that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetAside {
    /// The file within the database.
    pub file: String,
    /// The package that it is about, as far as that can be told: its front matter's word, else its
    /// folder's.
    pub package: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}
