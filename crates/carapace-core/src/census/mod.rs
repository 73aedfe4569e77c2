//! The census: every unsafe site of every package of a graph, with what has become of it here.
//!
//! A census is an inventory, not a finding; rules turn it into findings.

pub mod baseline;
pub mod budget;
pub mod build_script;
pub mod compiled;
pub(crate) mod conditions;
pub mod dance;
pub mod link;
mod missing;
pub mod names;
pub mod of_graph;
pub mod operations;
pub mod since;
pub mod summary;
pub mod survey;

use std::fmt;

use serde::Serialize;

use crate::facts::FactGap;
use crate::facts::unsafety::{Operation, SiteKind};

/// Whether a site is compiled.
///
/// *Invariant.* The order is that of certainty to be built: of several places or units that a site is
/// part of, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// Switched off by a condition, or in a file or package that nothing here builds.
    Inactive,
    /// Inside a macro's definition, or in a template for code.
    Macro,
    /// In tests, benchmarks or examples only.
    Test,
    /// A build script's condition decides.
    Unknown,
    /// Compiled for this workspace's features and target.
    Active,
}

impl State {
    /// All, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Unknown,
        Self::Test,
        Self::Macro,
        Self::Inactive,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Macro => "macro",
            Self::Test => "test",
            Self::Unknown => "unknown",
            Self::Active => "active",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One unsafe site of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The file, from the package's folder, with `/`.
    pub file: String,
    /// The line, from 1, of the `unsafe` keyword; where there is none, of what stands for it.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What it is.
    pub kind: SiteKind,
    /// Whether it is compiled, for whatever it is built.
    pub state: State,
    /// Whether it is compiled into what is shipped.
    pub runtime: State,
    /// Whether it is compiled into what runs at build time: build scripts, procedural macros and
    /// what these are made of.
    pub build: State,
    /// The path of the enclosing item, from the crate's root; of an item its own.
    pub item: String,
    /// What is done in it, sorted, each once.
    pub operations: Vec<Operation>,
    /// Whether a `SAFETY` comment, or a `# Safety` section of documentation, stands by it.
    pub safety_comment: bool,
    /// Whether safe public functions stand on it, or it is public itself.
    pub public: bool,
    /// Whether a macro that other packages can use holds it.
    pub exported_macro: bool,
}

/// How often, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    counts: [u32; State::ALL.len()],
}

impl Count {
    /// How many sites are in a state.
    #[must_use]
    pub fn of(&self, state: State) -> u32 {
        self.counts.get(state as usize).copied().unwrap_or_default()
    }

    /// Counts one more.
    pub fn add(&mut self, state: State) {
        if let Some(count) = self.counts.get_mut(state as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// How many are used: compiled, or with `tests` also in tests, benchmarks and examples.
    #[must_use]
    pub fn used(&self, tests: bool) -> u32 {
        let tests = if tests { self.of(State::Test) } else { 0 };
        self.of(State::Active) + tests
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }
}

/// How a package is protected from unsafe code, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LintLevel {
    /// Nothing is said, or it is allowed.
    Allow,
    /// It is warned of.
    Warn,
    /// It is an error, which a part of the package may lift.
    Deny,
    /// It is an error that nothing in the package can lift.
    Forbid,
}

/// Where a lint's level is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LintOrigin {
    /// An attribute of the crate.
    Attribute,
    /// `cfg_attr`, whose condition holds here.
    CfgAttr,
    /// `[lints]` of the manifest.
    Manifest,
    /// `[workspace.lints]`, which the manifest inherits.
    Workspace,
}

/// What of a package is native code, or makes or links it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Native {
    /// `package.links`.
    pub links: Option<String>,
    /// How many sources of C, C++, assembler and their kind it carries.
    pub sources: u32,
    /// Its build dependencies that compile or bind native code (`cc`, `cmake`, `bindgen`, …).
    pub tools: Vec<String>,
}

/// The census of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageCensus {
    /// Whether its sources were at hand. If not, a gap says why.
    pub scanned: bool,
    /// Whether something that is shipped has it linked in.
    pub runtime: bool,
    /// Whether something that runs at build time has it linked in.
    pub build_time: bool,
    /// Whether only tests, benchmarks or examples have it linked in.
    pub dev_only: bool,
    /// Its sites, sorted by file and place.
    pub sites: Vec<Site>,
    /// The level of `unsafe_code` that holds in everything of it that is built, and where it is set.
    pub lint: Option<(LintLevel, LintOrigin)>,
    /// Whether it has a build script.
    pub build_script: bool,
    /// Whether it is a procedural macro.
    pub proc_macro: bool,
    /// What of it is native code.
    pub native: Native,
    /// What of it is built but was not read, sorted.
    pub gaps: Vec<FactGap>,
    /// How many of its files were read.
    pub files: u32,
    /// How many bytes these have.
    pub bytes: u64,
}

impl PackageCensus {
    /// Whether nothing of it that is built can hold unsafe code of its own.
    #[must_use]
    pub fn forbids(&self) -> bool {
        matches!(self.lint, Some((LintLevel::Forbid, _)))
    }

    /// How many sites of a kind, by state.
    #[must_use]
    pub fn count(&self, kind: SiteKind) -> Count {
        let mut count = Count::default();
        for site in self.sites.iter().filter(|site| site.kind == kind) {
            count.add(site.state);
        }
        count
    }

    /// How many sites, by state.
    #[must_use]
    pub fn total(&self) -> Count {
        let mut count = Count::default();
        for site in &self.sites {
            count.add(site.state);
        }
        count
    }
}

/// The census of a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// By the places of packages in the graph.
    pub packages: Vec<PackageCensus>,
}
