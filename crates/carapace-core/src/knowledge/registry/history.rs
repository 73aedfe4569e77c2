//! All versions that a registry has had of a package: when each was published, whether it was taken
//! back, and what it depended on.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use semver::Version;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::published::{Dependency, kind};
use super::{Named, RegistryError, cache_lines, each_line, sparse_lines};
use crate::graph::metadata::DependencyKind;
use crate::knowledge::date::{Date, from_rfc3339};

/// What the index says of a package over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The versions, the lowest first; those that are no semantic versions are left out.
    versions: Vec<PastVersion>,
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastVersion {
    /// The version.
    pub version: Version,
    /// When it was published, in seconds since 1970-01-01T00:00:00Z; none where the index does not
    /// tell, as those of other registries.
    pub published: Option<i64>,
    /// Taken back by its owners: not to be chosen anew.
    pub yanked: bool,
    /// What it depends on of the same registry, but for what only its tests do; sorted.
    pub edges: Vec<PastEdge>,
}

/// That a version of a package depended on another package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastEdge {
    /// The other package, whatever the dependent calls it.
    pub package: Arc<str>,
    /// Normal, or for its build script.
    pub kind: DependencyKind,
    /// Whether a feature turns it on.
    pub optional: bool,
}

impl PastVersion {
    /// Whether it depends on a package.
    #[must_use]
    pub fn needs(&self, package: &str) -> bool {
        self.edges.iter().any(|edge| &*edge.package == package)
    }

    /// The day on which it was published.
    #[must_use]
    pub fn day(&self) -> Option<Date> {
        Date::from_unix(self.published?)
    }
}

impl History {
    /// The versions, the lowest first.
    #[must_use]
    pub fn versions(&self) -> &[PastVersion] {
        &self.versions
    }

    /// What is known of a version.
    #[must_use]
    pub fn get(&self, version: &Version) -> Option<&PastVersion> {
        let at = self.position(version)?;
        self.versions.get(at)
    }

    /// When the first version was published; none where that is not known of every version.
    #[must_use]
    pub fn first_published(&self) -> Option<i64> {
        let times = self.versions.iter().map(|version| version.published);
        times.min().flatten()
    }

    /// The versions below one, the highest first. Prereleases are among them where the version is
    /// one itself: releases do not follow on them.
    pub fn before(&self, version: &Version) -> impl Iterator<Item = &PastVersion> + use<'_> {
        let end = self.position(version).unwrap_or_default();
        let below = self.versions.get(..end).unwrap_or_default();
        let with_prereleases = !version.pre.is_empty();
        let counts = move |past: &&PastVersion| with_prereleases || past.version.pre.is_empty();
        below.iter().rev().filter(counts)
    }

    /// The versions right below one that were yanked, the highest first.
    pub fn yanked_below(&self, version: &Version) -> impl Iterator<Item = &PastVersion> + use<'_> {
        self.before(version).take_while(|past| past.yanked)
    }

    /// Whether no release is above a version.
    #[must_use]
    pub fn is_newest(&self, version: &Version) -> bool {
        let mut releases = self.versions.iter().map(|past| &past.version);
        !releases.any(|other| other > version && other.pre.is_empty())
    }

    /// The version in which an edge appeared that a version has: the lowest of those without a gap
    /// below it that have it, too.
    #[must_use]
    pub fn introduced(&self, version: &Version, package: &str) -> Option<&PastVersion> {
        let own = self.get(version).filter(|own| own.needs(package))?;
        let before = self.before(version).take_while(|past| past.needs(package));
        Some(before.last().unwrap_or(own))
    }

    fn position(&self, version: &Version) -> Option<usize> {
        let found = self
            .versions
            .binary_search_by(|past| past.version.cmp(version));
        found.ok()
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    vers: Cow<'a, str>,
    /// Not looked at: what has none is no line of an index.
    #[serde(borrow, rename = "cksum")]
    _checksum: Cow<'a, str>,
    /// Read only where it is another one than that of the line before.
    #[serde(borrow, default)]
    deps: Option<&'a RawValue>,
    #[serde(default)]
    yanked: Option<bool>,
    #[serde(borrow, default)]
    pubtime: Option<Cow<'a, str>>,
}

impl Named for Line<'_> {
    fn name(&self) -> &str {
        &self.name
    }
}

/// What a sparse index's file says.
///
/// # Errors
/// [`RegistryError`] if it is not an index file of this package.
pub fn history(bytes: &[u8], name: &str) -> Result<History, RegistryError> {
    read(sparse_lines(bytes)?, name)
}

/// As [`history`], of a file that cargo keeps.
///
/// # Errors
/// [`RegistryError`] if it is not such a file, or of another package.
pub fn history_in_cargo_cache(bytes: &[u8], name: &str) -> Result<History, RegistryError> {
    read(cache_lines(bytes)?, name)
}

fn read<'a>(
    lines: impl Iterator<Item = (usize, &'a [u8])>,
    name: &str,
) -> Result<History, RegistryError> {
    let mut versions = Vec::new();
    let mut names = HashSet::new();
    // Neighbours mostly depend on the same.
    let (mut last, mut edges) = ("", Vec::new());
    each_line(lines, name, |line: Line<'a>, _| {
        let Ok(version) = Version::parse(&line.vers) else {
            return;
        };
        let text = line.deps.map_or("[]", RawValue::get);
        if text != last {
            (last, edges) = (text, edges_of(text, &mut names));
        }
        versions.push(PastVersion {
            version,
            published: line.pubtime.as_deref().and_then(from_rfc3339),
            yanked: line.yanked == Some(true),
            edges: edges.clone(),
        });
    })?;
    versions.sort_by(|a, b| a.version.cmp(&b.version));
    versions.dedup_by(|a, b| a.version == b.version);
    Ok(History { versions })
}

/// The edges that a list of dependencies has; `names` are those that were seen before.
fn edges_of(text: &str, names: &mut HashSet<Arc<str>>) -> Vec<PastEdge> {
    let dependencies: Vec<Dependency<'_>> = serde_json::from_str(text).unwrap_or_default();
    let of_code = dependencies
        .into_iter()
        .filter(|dependency| dependency.registry.is_none())
        .map(|dependency| (kind(dependency.kind.as_deref()), dependency))
        .filter(|(kind, _)| *kind != DependencyKind::Dev);
    let edges = of_code.map(|(kind, dependency)| {
        let name = dependency.package.unwrap_or(dependency.name);
        let package = names.get(&*name).cloned().unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            names.insert(Arc::clone(&name));
            name
        });
        PastEdge {
            package,
            kind,
            optional: dependency.optional == Some(true),
        }
    });
    let mut edges: Vec<PastEdge> = edges.collect();
    edges.sort();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        r#"{"name":"a","vers":"1.10.0","deps":[{"name":"c","req":"^1.2","optional":true,"kind":"build","package":"b"},{"name":"t","req":"*","kind":"dev"},{"name":"e","req":"*","registry":"https://r.org"}],"cksum":"AA","yanked":false,"pubtime":"2099-02-01T00:00:10Z"}"#,
        "\n",
        r#"{"name":"a","vers":"1.9.0","deps":[],"cksum":"bb","yanked":true,"pubtime":"2099-01-01T00:00:00Z"}"#,
        "\n",
        r#"{"name":"a","vers":"1.11.0-rc.1","deps":[{"name":"b","req":"not one"}],"cksum":"bb","v":3,"pubtime":"2099-03-01T00:00:00Z"}"#,
        "\n",
        r#"{"name":"a","vers":"1.11.0","deps":[{"name":"b","req":"^1"}],"cksum":"bb","pubtime":"2099-03-02T00:00:00Z"}"#,
        "\n"
    );

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn all_that_a_history_tells() {
        let history = history(FILE.as_bytes(), "a").unwrap();
        let versions: Vec<String> = history
            .versions()
            .iter()
            .map(|past| past.version.to_string())
            .collect();
        assert_eq!(versions, ["1.9.0", "1.10.0", "1.11.0-rc.1", "1.11.0"]);
        let past = history.get(&version("1.10.0")).unwrap();
        let [edge] = past.edges.as_slice() else {
            panic!("{past:?}");
        };
        assert_eq!(
            (&*edge.package, edge.kind, edge.optional),
            ("b", DependencyKind::Build, true)
        );
        assert_eq!(past.day().unwrap().to_string(), "2099-02-01");
        let first = history.first_published().and_then(Date::from_unix);
        assert_eq!(first.unwrap().to_string(), "2099-01-01");
        let before = |text: &str| -> Vec<String> {
            let before = history.before(&version(text));
            before.map(|past| past.version.to_string()).collect()
        };
        assert_eq!(before("1.11.0"), ["1.10.0", "1.9.0"]);
        assert_eq!(before("1.11.0-rc.1"), ["1.10.0", "1.9.0"]);
        assert_eq!(before("1.9.0"), [""; 0]);
        assert!(history.is_newest(&version("1.11.0")) && !history.is_newest(&version("1.10.0")));
    }

    #[test]
    fn an_edge_appeared_where_the_version_below_lacks_it() {
        let history = history(FILE.as_bytes(), "a").unwrap();
        let introduced = |text: &str| {
            let past = history.introduced(&version(text), "b")?;
            Some(past.version.to_string())
        };
        assert_eq!(introduced("1.11.0").as_deref(), Some("1.10.0"));
        assert_eq!(introduced("1.9.0"), None);
        assert_eq!(history.introduced(&version("1.11.0"), "t"), None);
    }

    #[test]
    fn without_a_time_of_every_version_the_first_is_not_known() {
        let file = FILE.replace(r#","pubtime":"2099-02-01T00:00:10Z""#, "");
        let history = history(file.as_bytes(), "a").unwrap();
        assert_eq!(history.first_published(), None);
        assert_eq!(super::history(b"<html>", "a"), Err(RegistryError::Line(1)));
        assert_eq!(
            super::history(FILE.as_bytes(), "b"),
            Err(RegistryError::OtherPackage)
        );
    }
}
