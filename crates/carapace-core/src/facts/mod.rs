//! What one package's sources say, as plain data.
//!
//! *Invariants.* Facts depend on nothing but the bytes of the package's files and the
//! [`VERSION`] of the extractor: not on features, targets or toolchains. Conditions are kept
//! unevaluated; the [`crate::census`] evaluates them for a graph. So the facts of a published
//! version never change and are kept by its checksum.

pub mod build_script;
pub mod dance;
pub mod mentions;
pub mod names;
pub(crate) mod operations;
pub mod package;
mod public;
mod safety;
pub mod scan;
pub mod soundness;
pub mod unsafety;

use serde::{Deserialize, Serialize};

use unsafety::SiteFact;

/// The version of the extractor: of what is looked for, and of how it is written down. Facts of
/// another version are made anew.
pub const VERSION: u32 = 10;

/// A condition's place in [`FileFacts::conditions`].
pub type ConditionId = u32;

/// Under what something in a file stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionFact {
    /// The condition around it; it comes before in the list.
    pub parent: ConditionId,
    /// What this adds.
    pub kind: ConditionKind,
}

/// What a condition adds to that around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConditionKind {
    /// Nothing.
    Always,
    /// A `cfg` predicate, as it is written.
    Cfg(String),
    /// That a `cfg` predicate does not hold.
    NotCfg(String),
    /// An attribute makes it a test or a benchmark.
    Test,
    /// It is part of a macro's definition, or of a template for code.
    Definition,
    /// It is handed to a macro of which is not known what it makes of it: the macro's path as
    /// written.
    Handed(String),
    /// A macro takes it and makes nothing of it.
    Never,
}

/// `mod name;`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFact {
    /// Its name.
    pub name: String,
    /// The modules in the same file that it is in, outermost first, each with its `path` attribute.
    pub inside: Vec<(String, Option<String>)>,
    /// Its `path` attributes: under what predicate, if it says so, and what path.
    pub paths: Vec<(Option<String>, String)>,
    /// Under what it stands.
    pub condition: ConditionId,
}

/// `include!("path")`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludeFact {
    /// The path; none if it is no plain string (mostly: made of `OUT_DIR`).
    pub path: Option<String>,
    /// Under what it stands.
    pub condition: ConditionId,
}

/// What a file's own attributes say of the lint `unsafe_code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LintFact {
    /// `allow`, `warn`, `deny`, `forbid` or `expect`.
    pub level: String,
    /// The predicate of the `cfg_attr` that says it.
    pub predicate: Option<String>,
}

/// What is done in a site, as far as only other packages can tell. Words are places in
/// [`PackageFacts::words`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSite {
    /// The site's place in [`FileFacts::sites`].
    pub site: u32,
    /// The paths of functions that are called.
    pub calls: Vec<u32>,
    /// The names of methods that are called.
    pub methods: Vec<u32>,
    /// The paths of what may be statics.
    pub names: Vec<u32>,
    /// What it does if none of these is unsafe: rustc would warn of a block that does nothing.
    pub otherwise: Option<unsafety::Operation>,
}

/// What a package declares that is unsafe to use, each list sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsafeNames {
    /// Functions.
    pub functions: Vec<String>,
    /// Methods, each with the name of its type or trait.
    pub methods: Vec<(String, String)>,
    /// Foreign functions.
    pub foreign: Vec<String>,
    /// Safe functions that need features of the target.
    pub featured: Vec<String>,
    /// `static mut`
    pub statics: Vec<String>,
    /// Foreign statics.
    pub foreign_statics: Vec<String>,
}

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its path from the package's folder, with `/`.
    pub path: String,
    /// The conditions; the first always holds.
    pub conditions: Vec<ConditionFact>,
    /// The condition of the whole file: its `#![cfg(…)]`.
    pub condition: ConditionId,
    /// Modules in files of their own.
    pub modules: Vec<ModuleFact>,
    /// Files that are included.
    pub includes: Vec<IncludeFact>,
    /// What its own attributes say of `unsafe_code`.
    pub lints: Vec<LintFact>,
    /// What is unsafe in it, by place.
    pub sites: Vec<SiteFact>,
    /// Sites of which other packages may tell more, in their order.
    pub open: Vec<OpenSite>,
}

/// Something of a package that could not be read or understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactGap {
    /// The file, from the package's folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a package's sources say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFacts {
    /// The files that say something, by path.
    pub files: Vec<FileFacts>,
    /// The paths of those that were looked at and say nothing, sorted.
    pub quiet: Vec<String>,
    /// All files that were looked at, those that say nothing included.
    pub looked_at: u32,
    /// How many bytes these have.
    pub bytes: u64,
    /// The words of [`OpenSite`]s.
    pub words: Vec<String>,
    /// What it declares that is unsafe to use.
    pub unsafe_names: UnsafeNames,
    /// What could not be read or understood, sorted.
    pub gaps: Vec<FactGap>,
    /// How many sources of C, C++, assembler and their kind it carries.
    pub native_sources: u32,
    /// What `[lints.rust] unsafe_code` of its manifest says: the level, or `workspace` where it
    /// inherits the workspace's.
    pub manifest_lint: Option<String>,
    /// What its build script sets.
    pub build_script: Option<build_script::BuildScriptFacts>,
    /// What its code sets in the name of build scripts that call it.
    pub helper: Option<build_script::HelperFacts>,
}
