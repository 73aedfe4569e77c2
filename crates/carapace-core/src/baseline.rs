//! The files of baselines: what they share, whatever is known by them.
//!
//! They are TOML, for people to read and to review: sorted, one line a thing, so that what changes in
//! them is what changed.

use std::fmt::{self, Write as _};

use semver::Version;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::text::{LineIndex, toml_string};

/// A larger file is not read, in bytes: it would hold a hundred thousand sites.
pub const MAX_BYTES: usize = 16 << 20;

/// The version of the files' form.
pub(crate) const FORM: u32 = 1;

/// The command whose baselines name none.
pub(crate) const UNSAFE: &str = "unsafe";

/// Why a baseline could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineError {
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// It is no UTF-8 text.
    NotText,
    /// Its form is of another version of this program.
    Form {
        /// The version of its form.
        found: u32,
    },
    /// It is another command's.
    Command {
        /// Whose it is.
        found: String,
        /// Whose was asked for.
        expected: &'static str,
    },
    /// It is not what is written.
    Malformed {
        /// The line, from 1, where that is known.
        line: Option<u32>,
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "larger than {MAX_BYTES} bytes; write it anew"),
            Self::NotText => f.write_str("not UTF-8 text; write it anew"),
            Self::Form { found } => write!(
                f,
                "its `version` is {found}, and this program knows {FORM}: use the version of \
                 Carapace that wrote it, or write it anew"
            ),
            Self::Command { found, expected } => write!(
                f,
                "it is a baseline of `cargo carapace {found}`, not of `cargo carapace {expected}`: \
                 each has a file of its own"
            ),
            Self::Malformed { line, message } => {
                if let Some(line) = line {
                    write!(f, "line {line}: ")?;
                }
                write!(f, "{message}; correct it, or write it anew")
            }
        }
    }
}

impl std::error::Error for BaselineError {}

#[derive(Deserialize)]
struct Form {
    version: u32,
    command: Option<String>,
}

/// Reads a command's file; gives its text, too.
///
/// # Errors
/// [`BaselineError`], with the line where there is one.
pub(crate) fn read<'a, T: DeserializeOwned>(
    bytes: &'a [u8],
    command: &'static str,
) -> Result<(T, &'a str), BaselineError> {
    if bytes.len() > MAX_BYTES {
        return Err(BaselineError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BaselineError::NotText)?;
    let toml = |error: toml::de::Error| {
        let at = error.span().map(|span| span.start);
        malformed(text, at, error.message().to_owned())
    };
    // A later form may have keys that this one does not know: its number is told first.
    let form: Form = toml::from_str(text).map_err(toml)?;
    let found = form.command.unwrap_or_else(|| UNSAFE.to_owned());
    if found != command {
        let expected = command;
        return Err(BaselineError::Command { found, expected });
    }
    if form.version != FORM {
        let found = form.version;
        return Err(BaselineError::Form { found });
    }
    Ok((toml::from_str(text).map_err(toml)?, text))
}

/// Begins a package's part of a file.
pub(crate) fn write_package(text: &mut String, name: &str, version: &Version) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n[[package]]\nname = {}\nversion = \"{version}\"\n",
        toml_string(name)
    );
}

/// What is wrong at a place in a text.
pub(crate) fn malformed(text: &str, at: Option<usize>, message: String) -> BaselineError {
    BaselineError::Malformed {
        line: at.map(|at| LineIndex::new(text).line(at)),
        message,
    }
}
