//! All that an index file says of a package's versions, to choose one of them.

use std::borrow::Cow;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::{Entry, RegistryError, cache_lines, each_line, sparse_lines};
use crate::graph::metadata::DependencyKind;

/// The newest form of an index's lines that is known; cargo passes over newer ones, too
/// (<https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema>, `v`).
const NEWEST_FORM: u32 = 2;

/// A version that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: Version,
    /// Taken back by its owners: not to be chosen anew.
    pub yanked: bool,
    /// The oldest Rust that it says it builds with.
    pub rust_version: Option<Version>,
    /// What it depends on.
    pub needs: Vec<Need>,
}

/// A dependency of a published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The package, whatever the dependent calls it.
    pub package: String,
    /// The versions that will do.
    pub requirement: VersionReq,
    /// What it is for. Those for tests are followed in members of a workspace only.
    pub kind: DependencyKind,
    /// Whether it is asked from the registry that the index is of.
    pub is_here: bool,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    vers: Cow<'a, str>,
    #[serde(borrow, default)]
    deps: Vec<Dependency<'a>>,
    #[serde(default)]
    yanked: Option<bool>,
    #[serde(default)]
    rust_version: Option<String>,
    #[serde(default)]
    v: Option<u32>,
}

/// A dependency, as a line writes it.
#[derive(Deserialize)]
pub(super) struct Dependency<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    req: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) optional: Option<bool>,
    #[serde(borrow, default)]
    pub(super) registry: Option<Cow<'a, str>>,
    /// The package, where `name` is what the dependent calls it.
    #[serde(borrow, default)]
    pub(super) package: Option<Cow<'a, str>>,
}

/// The versions that a sparse index's file knows, the oldest first. A version that cannot be chosen,
/// as what it says of itself is not understood, is left out; as cargo does.
///
/// # Errors
/// [`RegistryError`] if it is not an index file of this package.
pub fn published(bytes: &[u8], name: &str) -> Result<Vec<Published>, RegistryError> {
    read(sparse_lines(bytes)?, name)
}

/// As [`published`], of a file that cargo keeps.
///
/// # Errors
/// [`RegistryError`] if it is not such a file, or of another package.
pub fn published_in_cargo_cache(bytes: &[u8], name: &str) -> Result<Vec<Published>, RegistryError> {
    read(cache_lines(bytes)?, name)
}

fn read<'a>(
    lines: impl Iterator<Item = (usize, &'a [u8])>,
    name: &str,
) -> Result<Vec<Published>, RegistryError> {
    let mut all = Vec::new();
    each_line(lines, name, |_: Entry<'_>, text| {
        all.extend(serde_json::from_slice(text).ok().and_then(choosable));
    })?;
    all.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(all)
}

fn choosable(line: Line<'_>) -> Option<Published> {
    if line.v.is_some_and(|form| form > NEWEST_FORM) {
        return None;
    }
    let needs = line.deps.into_iter().map(|dependency| {
        Some(Need {
            requirement: VersionReq::parse(&dependency.req?).ok()?,
            kind: kind(dependency.kind.as_deref()),
            is_here: dependency.registry.is_none(),
            package: dependency.package.unwrap_or(dependency.name).into_owned(),
        })
    });
    Some(Published {
        version: Version::parse(&line.vers).ok()?,
        yanked: line.yanked == Some(true),
        rust_version: line.rust_version.as_deref().and_then(rust_version),
        needs: needs.collect::<Option<_>>()?,
    })
}

/// What a dependency is for, by what a line says of it.
pub(super) fn kind(said: Option<&str>) -> DependencyKind {
    match said {
        Some("dev") => DependencyKind::Dev,
        Some("build") => DependencyKind::Build,
        _ => DependencyKind::Normal,
    }
}

/// A version of Rust as manifests write it: `1.70` or `1.70.1`.
#[must_use]
pub fn rust_version(text: &str) -> Option<Version> {
    let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    match *parts?.as_slice() {
        [major] => Some(Version::new(major, 0, 0)),
        [major, minor] => Some(Version::new(major, minor, 0)),
        [major, minor, patch] => Some(Version::new(major, minor, patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        r#"{"name":"a","vers":"1.10.0","deps":[{"name":"c","req":"^1.2","features":[],"optional":true,"default_features":true,"target":"cfg(unix)","kind":"build","package":"b"}],"cksum":"AA","features":{},"yanked":false,"rust_version":"1.70"}"#,
        "\n",
        r#"{"name":"a","vers":"1.9.0","deps":[{"name":"d","req":"*","kind":"dev","registry":"https://r.org"}],"cksum":"bb","features":{},"yanked":true,"v":2}"#,
        "\n",
        r#"{"name":"a","vers":"1.11.0","deps":[],"cksum":"bb","v":3}"#,
        "\n",
        r#"{"name":"a","vers":"1.12.0","deps":[{"name":"d","req":"^0-.11.0"}],"cksum":"bb"}"#,
        "\n",
        r#"{"name":"a","vers":"1.13.0","deps":[{"name":"d"}],"cksum":"bb"}"#,
        "\n"
    );

    #[test]
    fn what_can_be_chosen_is_given_in_order() {
        let all = published(FILE.as_bytes(), "a").unwrap();
        let [old, new] = all.as_slice() else {
            panic!("{all:?}");
        };
        assert_eq!(old.version, Version::new(1, 9, 0));
        assert!(old.yanked && old.rust_version.is_none());
        assert!(!old.needs[0].is_here && old.needs[0].kind == DependencyKind::Dev);
        assert_eq!(new.rust_version, Some(Version::new(1, 70, 0)));
        assert_eq!(new.needs[0].package, "b");
        assert_eq!(new.needs[0].requirement.to_string(), "^1.2");
        assert_eq!(new.needs[0].kind, DependencyKind::Build);
    }

    #[test]
    fn what_is_no_index_file_has_no_versions() {
        assert_eq!(published(b"<html>", "a"), Err(RegistryError::Line(1)));
        assert_eq!(published(b"\n", "a"), Err(RegistryError::Empty));
        assert_eq!(
            published(FILE.as_bytes(), "b"),
            Err(RegistryError::OtherPackage)
        );
    }
}
