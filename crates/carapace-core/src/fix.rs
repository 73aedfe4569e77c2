//! Changes that settle a finding.
//!
//! *Invariants.* A fix is applied whole or not at all. Edits never overlap, and are applied together
//! on the text that they were made for: their places are its, not those of what other edits left.

pub mod crate_attribute;
pub mod imports;
pub mod manifest;
pub mod patch;
pub mod requirement;
pub mod select;
pub mod update;
pub mod workspace_lint;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a fix can be applied unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Applicability {
    /// It shows the way; what it gives may not build.
    Display,
    /// It may change what the code does: look at it first.
    Unsafe,
    /// It does not change what the code does.
    Safe,
}

impl Applicability {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// One change of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The file, as a location shows it.
    pub file: String,
    /// The offset in bytes of what is replaced.
    pub start: usize,
    /// The offset behind it; the same where something is put in.
    pub end: usize,
    /// What comes in its place.
    pub text: String,
}

/// What settles a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fix {
    /// Whether it can be applied unseen.
    pub applicability: Applicability,
    /// The changes, in any order.
    pub edits: Vec<Edit>,
}

/// Why edits could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixError {
    /// An edit's place is not in the text, or in the middle of a character: it was made for another.
    Place {
        /// The file.
        file: String,
        /// The offset in bytes.
        start: usize,
        /// The offset behind it.
        end: usize,
    },
    /// Two edits change the same text in different ways.
    Overlap {
        /// The file.
        file: String,
        /// Where the second begins, in bytes.
        start: usize,
    },
}

impl fmt::Display for FixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { file, start, end } => write!(
                f,
                "{file}: bytes {start} to {end} are not there as they were; look at the file anew"
            ),
            Self::Overlap { file, start } => write!(
                f,
                "{file}: two fixes change what is at byte {start}; apply one of them, then look anew"
            ),
        }
    }
}

impl std::error::Error for FixError {}

/// A text after edits of its file. The same edit twice is one: several findings may ask for it.
/// Different texts put in at one place come in the order of the edits.
///
/// # Errors
/// [`FixError`] for edits that are not of this text or that contradict each other; the text is to
/// stay as it is then.
pub fn apply<'e>(
    source: &str,
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Result<String, FixError> {
    let edits = sorted(source, edits)?;
    let mut text = String::with_capacity(source.len());
    let mut done = 0;
    for edit in edits {
        text.push_str(source.get(done..edit.start).unwrap_or_default());
        text.push_str(&edit.text);
        done = edit.end;
    }
    text.push_str(source.get(done..).unwrap_or_default());
    Ok(text)
}

/// Whether [`apply`] takes edits: no text is made.
///
/// # Errors
/// As there.
pub fn check<'e>(source: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Result<(), FixError> {
    sorted(source, edits).map(drop)
}

/// Edits as they are applied, each once, by place; those of one place as they come.
fn sorted<'e>(
    source: &str,
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Result<Vec<&'e Edit>, FixError> {
    let mut seen = BTreeSet::new();
    let edits = edits.into_iter();
    let mut sorted: Vec<&Edit> = edits.filter(|edit| seen.insert(*edit)).collect();
    sorted.sort_by_key(|edit| (edit.start, edit.end));
    let mut done = 0;
    for edit in &sorted {
        if edit.start < done {
            return Err(FixError::Overlap {
                file: edit.file.clone(),
                start: edit.start,
            });
        }
        let is_there = |from, to| source.get(from..to).is_some();
        if !is_there(done, edit.start) || !is_there(edit.start, edit.end) {
            return Err(FixError::Place {
                file: edit.file.clone(),
                start: edit.start,
                end: edit.end,
            });
        }
        done = edit.end;
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit {
            file: "a".to_owned(),
            start,
            end,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_are_applied_together_in_any_order() {
        let edits = [
            edit(4, 4, "!"),
            edit(0, 2, "x"),
            edit(2, 2, "-"),
            edit(2, 2, "+"),
        ];
        assert_eq!(apply("abcd", &edits).unwrap(), "x-+cd!");
        assert_eq!(apply("abcd", edits.iter().chain(&edits)).unwrap(), "x-+cd!");
        assert_eq!(apply("abcd", []).unwrap(), "abcd");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (source, edits) in [
            ("é", vec![edit(1, 2, "")]),
            ("é", vec![edit(0, 1, "")]),
            ("a", vec![edit(0, 2, "")]),
            ("a", vec![edit(1, 0, "")]),
            ("a", vec![edit(2, 2, "x")]),
        ] {
            let error = apply(source, &edits).unwrap_err();
            assert!(matches!(error, FixError::Place { .. }), "{source}: {error}");
        }
        let error = apply("abc", &[edit(0, 2, "x"), edit(1, 3, "y")]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("two fixes change what is at byte 1")
        );
    }

    proptest! {
        #[test]
        fn any_edits_give_a_text_or_an_error(
            source in "[aé\n]{0,8}",
            edits in proptest::collection::vec((0_usize..10, 0_usize..10, "[xy]{0,2}"), 0..4),
        ) {
            let edits: Vec<Edit> = edits.iter().map(|(s, e, text)| edit(*s, *e, text)).collect();
            prop_assert_eq!(check(&source, &edits), apply(&source, &edits).map(drop));
            if let Ok(text) = apply(&source, &edits) {
                let removed: usize = edits.iter().map(|edit| edit.end - edit.start).sum();
                prop_assert!(text.len() + removed >= source.len());
            }
        }
    }
}
