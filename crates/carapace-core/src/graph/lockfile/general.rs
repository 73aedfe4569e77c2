//! The general reader: any TOML that holds what a lockfile holds.

use std::borrow::Cow;

use serde::Deserialize;
use toml::Spanned;

use super::{Entry, Lockfile, LockfileError, LockfileErrorKind, NEWEST_VERSION, Span};
use crate::text::LineIndex;

#[derive(Deserialize)]
struct RawLockfile<'a> {
    version: Option<Spanned<i64>>,
    #[serde(borrow, default)]
    package: Vec<RawPackage<'a>>,
    #[serde(borrow)]
    root: Option<RawPackage<'a>>,
    metadata: Option<toml::Table>,
    #[serde(borrow, default)]
    patch: RawPatch<'a>,
}

#[derive(Deserialize, Default)]
struct RawPatch<'a> {
    #[serde(borrow, default)]
    unused: Vec<RawPackage<'a>>,
}

#[derive(Deserialize)]
struct RawPackage<'a> {
    #[serde(borrow)]
    name: Spanned<Cow<'a, str>>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    checksum: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    dependencies: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    replace: Option<Cow<'a, str>>,
}

/// Reads any TOML that holds what a lockfile holds.
///
/// # Errors
/// [`LockfileError`] with the line where the parser stopped.
pub fn read(text: &str) -> Result<Lockfile<'_>, LockfileError> {
    let lines = LineIndex::new(text);
    let raw: RawLockfile<'_> = toml::from_str(text).map_err(|error| LockfileError {
        line: error.span().map(|span| lines.line(span.start)),
        kind: LockfileErrorKind::Syntax(error.message().to_owned()),
    })?;
    if let Some(version) = &raw.version {
        let number = *version.get_ref();
        if !(1..=i64::from(NEWEST_VERSION)).contains(&number) {
            return Err(LockfileError {
                line: Some(lines.line(version.span().start)),
                kind: LockfileErrorKind::Version(number),
            });
        }
    } else if raw.package.is_empty() && raw.root.is_none() {
        return Err(LockfileErrorKind::NotALockfile.into());
    }

    let mut texts = Texts::default();
    let mut dependencies = Vec::new();
    let mut entry = |raw: RawPackage<'_>| {
        let start = dependencies.len();
        dependencies.extend(raw.dependencies.iter().map(|text| texts.add(text)));
        let mut optional =
            |text: Option<Cow<'_, str>>| text.map_or(Span::NONE, |text| texts.add(&text));
        Entry {
            source: optional(raw.source),
            checksum: optional(raw.checksum),
            replace: optional(raw.replace),
            line: lines.line(raw.name.span().start),
            name: texts.add(raw.name.get_ref()),
            version: texts.add(&raw.version),
            dependencies: Span {
                start: bounded(start),
                end: bounded(dependencies.len()),
            },
        }
    };
    let mut packages: Vec<Entry> = raw.package.into_iter().map(&mut entry).collect();
    let has_root_table = raw.root.is_some();
    packages.extend(raw.root.map(&mut entry));
    let unused_patches = raw.patch.unused.into_iter().map(&mut entry).collect();
    let metadata = raw.metadata.into_iter().flatten();
    let checksums = metadata
        .filter_map(|(key, value)| match value {
            toml::Value::String(value) => Some((texts.add(&key), texts.add(&value))),
            _ => None,
        })
        .collect();
    let mut lockfile = Lockfile {
        version: 0,
        has_root_table,
        text: Cow::Owned(texts.0),
        packages,
        unused_patches,
        dependencies,
        checksums,
    };
    lockfile.version = match raw.version {
        Some(version) => u32::try_from(version.into_inner()).unwrap_or(NEWEST_VERSION),
        None => lockfile.version_without_marker(),
    };
    Ok(lockfile)
}

/// The values of a lockfile, end to end: unlike in the file, without quotes and escapes.
#[derive(Default)]
struct Texts(String);

impl Texts {
    fn add(&mut self, text: &str) -> Span {
        let start = bounded(self.0.len());
        self.0.push_str(text);
        let end = bounded(self.0.len());
        Span { start, end }
    }
}

/// No value is longer than what it is written as, so nothing here is longer than the file, which
/// is at most `MAX_BYTES`.
fn bounded(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> LockfileError {
        read(text).expect_err("an error")
    }

    #[test]
    fn takes_what_the_fast_reader_leaves() {
        let lockfile = read(
            "version = 3\r\n[[package]]\r\nversion = '1.0.0'\r\nname = 'a'\r\n\
             dependencies = ['b']\r\n[[package]]\r\nname=\"b\"\r\nversion=\"1.0.0\"",
        )
        .unwrap();
        assert_eq!(lockfile.version, 3);
        let package = lockfile.packages().next().unwrap();
        assert_eq!(package.line(), 4);
        assert_eq!(package.dependencies().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn the_root_table_of_old_files_is_a_package() {
        let lockfile = read("[root]\nname = 'app'\nversion = '0.1.0'\n").unwrap();
        assert!(lockfile.has_root_table);
        assert_eq!(lockfile.packages().next().unwrap().name(), "app");
        assert_eq!(lockfile.version, 1);
    }

    #[test]
    fn says_what_and_where() {
        assert_eq!(error("").kind, LockfileErrorKind::NotALockfile);
        assert_eq!(
            error("# x\nversion = 99\n"),
            LockfileError {
                line: Some(2),
                kind: LockfileErrorKind::Version(99)
            }
        );
        assert_eq!(error("version = 4\n[[package]\n").line, Some(2));
        assert_eq!(error("[[package]]\nname = 'a'\n").line, Some(1));
        assert_eq!(error("package = 3").line, Some(1));
    }
}
