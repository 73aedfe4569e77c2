//! What of a package's unsafe code safe code could replace: the rules' proposals, as plain data.
//!
//! This is a column of its own, made where it is asked for. Rules propose while the sources are read
//! (`crate::dance`); which proposals hold for a build (the compiler that a package has to build
//! with, whether the site is compiled at all) is decided by the link stage from what is kept here.
//!
//! *Invariants.* A site is named as the census names it: by its file, and the line and column of its
//! `unsafe` keyword (or what stands for it). Changes of one plan or proposal never overlap, and their
//! places are bytes of the file as it was read.

use serde::{Deserialize, Serialize};

use super::FactGap;
use super::soundness::Fault;
use crate::fix::Applicability;

/// The version of the column: of the rules, of what they see, and of how it is written down.
pub const VERSION: u32 = 4;

/// What a compiler is called, by the minor version of Rust 1.x: `1.70`.
#[must_use]
pub(crate) fn rust(minor: u32) -> String {
    format!("1.{minor}")
}

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The offset in bytes of its first one.
    pub start: u32,
    /// The offset behind its last one.
    pub end: u32,
    /// The first line, from 1.
    pub line: u32,
    /// The first column, from 1, in characters.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column behind the last character.
    pub end_column: u32,
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// The offset in bytes of what is replaced.
    pub start: u32,
    /// The offset behind it; the same where something is put in.
    pub end: u32,
    /// What comes in its place.
    pub text: String,
}

/// What a rule says of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The rule's code.
    pub rule: String,
    /// What would be replaced.
    pub span: Span,
    /// What stands there, in one line, cut where it is long.
    pub code: String,
    /// What would come in its place, in the same way; empty where it is taken out.
    pub with: String,
    /// One sentence for this place, without the code.
    pub message: String,
    /// The first compiler that has the replacement: the minor version of Rust 1.x.
    pub since: u32,
    /// Whether it can be applied unseen.
    pub applicability: Applicability,
    /// What carries it out and leaves the site unsafe; empty where only the way can be shown.
    pub changes: Vec<Change>,
}

/// How all that is unsafe of a site goes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first compiler that has all of it: the minor version of Rust 1.x.
    pub since: u32,
    /// Whether it can be applied unseen: the least of what it is made of.
    pub applicability: Applicability,
    /// All changes, the keyword's among them.
    pub changes: Vec<Change>,
}

/// What kind of operation needs the site to be unsafe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Need {
    /// A foreign function is called.
    Foreign,
    /// An unsafe function of the package is called.
    Own,
    /// An unsafe function or method of the standard library is called.
    Standard,
    /// What is called is another package's, or has a name that several functions have.
    Unknown,
    /// A raw pointer is dereferenced.
    Deref,
    /// A `static mut` is used.
    StaticMut,
    /// A field of a union is read.
    Union,
    /// `asm!` and its kind.
    Assembly,
    /// A macro is called whose arguments are no expressions.
    Macro,
    /// What could not be read as an expression.
    Unread,
}

/// An operation for which no rule has a replacement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Left {
    /// Where.
    pub span: Span,
    /// What kind it is.
    pub need: Need,
    /// What is called or used, as it is written and without its arguments; empty where it has no
    /// name.
    pub name: String,
}

/// An unsafe site with a body: a block, a function, a method; or a `static mut`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DancedSite {
    /// The line of its keyword, as in the census.
    pub line: u32,
    /// The column of its keyword, in characters.
    pub column: u32,
    /// What rules propose, by place, then by rule, then the newest compiler first: of several for
    /// one place by one rule, the first counts whose compiler is old enough.
    pub proposals: Vec<Proposal>,
    /// Where every operation of a block has a replacement: how the whole of it goes, the newest
    /// compiler first.
    pub plans: Vec<Plan>,
    /// Operations without a replacement, by place; at most a few dozen are kept.
    pub left: Vec<Left>,
}

/// A file with such sites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DancedFile {
    /// Its path from the package's folder, with `/`.
    pub path: String,
    /// Its sites, by place.
    pub sites: Vec<DancedSite>,
    /// What of them is unsound, by place.
    pub faults: Vec<Fault>,
}

impl DancedFile {
    /// Whether rules say nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.faults.is_empty()
    }
}

/// What rules propose for a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDance {
    /// Its files, by path.
    pub files: Vec<DancedFile>,
    /// What could not be read, sorted.
    pub gaps: Vec<FactGap>,
}
