//! Whether a build can come to a function: what `affected.functions` of advisories is held against.
//!
//! ```text
//! graph ──► cone ──► mentions of its packages ──► table ──► closure ──► verdicts
//! ```
//!
//! The *cone* of a package is itself and all that depend on it: nobody else can call it. An item is
//! *live* if something live mentions its name, beginning with all code of the workspace. A name is
//! taken for every item that it could mean: a method for the methods of that name of all types, a
//! path for what its last two segments allow. What needs no name is live with its type: operators,
//! `Drop`, and every other implementation of a trait that nothing in the cone declares, as code
//! that is not in the cone may call it.
//!
//! *Invariants.* A function that is not live is named by nothing that is built: [`Verdict::NotReached`]
//! is said of nothing else, and only where every package of the cone was read. [`Verdict::Reached`] is
//! said where each name on the way can mean only one item; what is live by other ways is
//! [`Verdict::Unknown`]. Work is linear in the names that are mentioned and in the items that they
//! may mean.

mod built;
mod closure;
mod cone;
mod meaning;
mod question;
mod scope;
pub(crate) mod standard;
mod table;
mod world;

pub(crate) use built::is_apart;

pub use cone::{Cone, cone};
pub use question::{Question, judge};
pub use world::World;

use serde::Serialize;

/// Whether a build comes to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Nothing that is built names it.
    NotReached,
    /// It may be reached, or not all could be read.
    Unknown,
    /// Code that is built names it.
    Reached,
}

impl Verdict {
    /// In words, before what it is about.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotReached => "not reached",
            Self::Unknown => "unknown whether reached",
            Self::Reached => "reached",
        }
    }
}

/// A place on the way to a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// The package: its name and version.
    pub package: String,
    /// The item that names the next one; of the last, the function itself.
    pub item: String,
    /// The file, from the package's folder, with `/`.
    pub file: String,
    /// The line on which it does so, from 1; of the last, that of the function.
    pub line: u32,
}

/// What is known of one affected function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FunctionReach {
    /// Its path, as the advisory has it.
    pub function: String,
    /// Whether it is reached.
    pub verdict: Verdict,
    /// Why that is so, in a few words.
    pub reason: String,
    /// The shortest way to it, from the workspace's code; empty where there is none.
    pub path: Vec<Step>,
}

/// What is known of the affected functions of an advisory in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reachability {
    /// The greatest of the functions' verdicts.
    pub verdict: Verdict,
    /// The functions, by path.
    pub functions: Vec<FunctionReach>,
    /// Why not all could be looked at, where that makes something unknown.
    #[serde(skip)]
    pub unseen: Option<String>,
}

impl Reachability {
    /// Sums up the functions, which come in any order.
    #[must_use]
    pub fn new(mut functions: Vec<FunctionReach>) -> Self {
        functions.sort_by(|a, b| a.function.cmp(&b.function));
        let verdict = functions.iter().map(|function| function.verdict).max();
        Self {
            verdict: verdict.unwrap_or(Verdict::Unknown),
            functions,
            unseen: None,
        }
    }

    /// That nothing is known of these functions, and why.
    #[must_use]
    pub fn impossible(functions: &[String], reason: &str) -> Self {
        let functions = functions.iter().map(|function| FunctionReach {
            function: function.clone(),
            verdict: Verdict::Unknown,
            reason: reason.to_owned(),
            path: Vec::new(),
        });
        Self {
            unseen: Some(reason.to_owned()),
            ..Self::new(functions.collect())
        }
    }
}
