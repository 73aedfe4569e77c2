//! What of a package's unsafe code is unsound, as plain data: a part of the dance's column.
//!
//! *Invariants.* A fault rests on one unsafe site, named as the census names it: by its file, and the
//! line and column of its `unsafe` keyword.

use serde::{Deserialize, Serialize};

use super::dance::Span;
use crate::finding::Confidence;

/// A place of a reasoning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// The file, from the package's folder, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is so there.
    pub says: String,
}

/// What a rule finds unsound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// The rule's code.
    pub rule: String,
    /// The line of the site's keyword, as in the census.
    pub line: u32,
    /// The column of the site's keyword, in characters.
    pub column: u32,
    /// Where.
    pub span: Span,
    /// What stands there, in one line, cut where it is long.
    pub code: String,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// One sentence.
    pub message: String,
    /// The reasoning: from the source to the sink, or to the bound that is missing.
    pub chain: Vec<Link>,
    /// What would make it sound.
    pub sound: String,
}
