//! What the readers of configuration share: settings with their lines, and errors that tell them.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;

use super::PackageName;
use crate::graph::units::FeatureFlags;
use crate::knowledge::date::Date;
use crate::text::LineIndex;

/// A setting with the line, from 1, that sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// The line.
    pub line: u32,
}

/// Why a configuration could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1, where that is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Reads one text of TOML.
pub(super) struct Reader<'a> {
    lines: LineIndex<'a>,
    pub(super) text: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = LineIndex::new(text);
        Self { lines, text }
    }

    /// The text as a value that knows its keys.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error| ConfigError {
            line: error.span().map(|span| self.lines.line(span.start)),
            message: error.message().to_owned(),
        })
    }

    /// The line that a value begins in.
    pub(super) fn line<T>(&self, value: &Spanned<T>) -> u32 {
        self.lines.line(value.span().start)
    }

    pub(super) fn set<T>(&self, value: Spanned<T>) -> Set<T> {
        Set {
            line: self.line(&value),
            value: value.into_inner(),
        }
    }

    /// What is wrong with a value, and in which line.
    pub(super) fn fault<T>(&self, value: &Spanned<T>, message: String) -> ConfigError {
        ConfigError {
            line: Some(self.line(value)),
            message,
        }
    }

    pub(super) fn named<T: Copy>(
        &self,
        name: Spanned<String>,
        what: &str,
        known: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let found = known.iter().find(|(known, _)| known == name.get_ref());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` is no {what}: {}", name.get_ref(), names.join(", "));
            self.fault(&name, message)
        })
    }

    /// The line and the meaning of a setting that is one of a few words.
    pub(super) fn one_of<T: Copy>(
        &self,
        value: Option<Spanned<String>>,
        what: &str,
        known: &[(&str, T)],
    ) -> Result<Option<Set<T>>, ConfigError> {
        let Some(value) = value else { return Ok(None) };
        let line = self.line(&value);
        let value = self.named(value, what, known)?;
        Ok(Some(Set { value, line }))
    }

    /// The features that are named, with the first line that does; none if no line does.
    pub(super) fn features(
        &self,
        names: Option<Spanned<Vec<String>>>,
        all: Option<Spanned<bool>>,
        no_default: Option<Spanned<bool>>,
    ) -> Option<Set<FeatureFlags>> {
        let flags = [&all, &no_default].into_iter().flatten();
        let lines = flags.map(|flag| self.line(flag));
        let line = lines
            .chain(names.iter().map(|names| self.line(names)))
            .min()?;
        let is_set = |flag: Option<Spanned<bool>>| flag.is_some_and(Spanned::into_inner);
        Some(Set {
            line,
            value: FeatureFlags {
                features: names.map(Spanned::into_inner).unwrap_or_default(),
                all: is_set(all),
                no_default: is_set(no_default),
            },
        })
    }

    /// A day, where one is written.
    pub(super) fn day(&self, day: Option<Spanned<String>>) -> Result<Option<Date>, ConfigError> {
        let parse = |day: Spanned<String>| {
            day.get_ref().parse().map_err(|_| {
                let message = format!("`{}` is no day: write YYYY-MM-DD", day.get_ref());
                self.fault(&day, message)
            })
        };
        day.map(parse).transpose()
    }

    /// The package that is named where a value is.
    pub(super) fn package<T>(
        &self,
        value: &Spanned<T>,
        name: &str,
    ) -> Result<PackageName, ConfigError> {
        PackageName::parse(name).ok_or_else(|| {
            let message = format!("`{name}` is no package: write NAME or NAME@VERSION");
            self.fault(value, message)
        })
    }
}
