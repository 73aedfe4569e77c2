//! What rules say.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fix::Fix;
use crate::graph::PackageIdx;
use crate::knowledge::advisory::Advisory;
use crate::reach::Reachability;
use crate::rules::Rule;

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Worth acting on; does not fail.
    Warn,
    /// Fails.
    Deny,
}

impl Level {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

impl Level {
    /// One step less.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Deny => Self::Warn,
            Self::Warn | Self::Note => Self::Note,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How sure a rule is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Confidence {
    /// It may be.
    Low,
    /// It is likely.
    Medium,
    /// It is so.
    #[default]
    High,
}

impl Confidence {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A place in a text file; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user would write it: the input's path, or that of a source.
    pub file: String,
    /// Its path from the root of its repository, with `/`, where it is in one and is not the input
    /// itself, whose own is [`crate::report::Input::repository_path`].
    pub repository_file: Option<String>,
    /// The first line.
    pub line: u32,
    /// The first column.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column behind the last character.
    pub end_column: u32,
}

impl Location {
    /// A line as a whole.
    #[must_use]
    pub fn line(file: &str, line: u32) -> Self {
        Self {
            file: file.to_owned(),
            repository_file: None,
            line,
            column: 1,
            end_line: line,
            end_column: 1,
        }
    }
}

/// One thing that one rule says of one package.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How it counts, policy applied.
    pub level: Level,
    /// Whether a baseline knows it, so that it is a note.
    pub known: bool,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// The package of the input's graph; none if it is about the input as a whole.
    pub package: Option<PackageIdx>,
    /// One sentence.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The path of the item that it is in, from the crate's root.
    pub item: Option<String>,
    /// The shortest path from each owning member.
    pub paths: Vec<Vec<PackageIdx>>,
    /// The pattern of unsound code that it is of: `SEND_SYNC`.
    pub pattern: Option<&'static str>,
    /// What it rests on, a fact a line.
    pub evidence: Vec<String>,
    /// What to do, a step a line.
    pub help: Vec<String>,
    /// What settles it.
    pub fix: Option<Fix>,
    /// The ids of the advisories that it is already known by.
    pub covered_by: Vec<String>,
    /// The advisory that it comes from.
    pub advisory: Option<Arc<Advisory>>,
    /// Whether the affected functions are reached, where the advisory names some.
    pub reachability: Option<Arc<Reachability>>,
    /// What to read.
    pub references: Vec<String>,
    /// The same for the same thing in every run: what baselines and code scanning match by.
    pub fingerprint: String,
}

impl Finding {
    /// A finding with only what every finding has.
    #[must_use]
    pub fn new(rule: &'static Rule, package: Option<PackageIdx>, message: String) -> Self {
        Self {
            rule,
            level: rule.meta.level,
            known: false,
            confidence: Confidence::High,
            package,
            message,
            location: None,
            item: None,
            paths: Vec::new(),
            pattern: None,
            evidence: Vec::new(),
            help: Vec::new(),
            fix: None,
            covered_by: Vec::new(),
            advisory: None,
            reachability: None,
            references: Vec::new(),
            fingerprint: String::new(),
        }
    }
}
