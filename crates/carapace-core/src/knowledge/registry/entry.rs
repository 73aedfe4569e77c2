//! What an index's line says of a version that its manifest says, too.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{RegistryError, cache_versions, sparse_lines};
use crate::graph::metadata::DependencyKind;

/// What a version declares to the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// What it depends on.
    pub dependencies: Vec<IndexDependency>,
    /// Its features, and what each turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// The native library that it says it links.
    pub links: Option<String>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexDependency {
    /// What the dependent calls it.
    pub name: String,
    /// The package.
    pub package: String,
    /// The versions that will do, as written.
    pub requirement: String,
    /// What it is for.
    pub kind: DependencyKind,
    /// The platforms that it is for, as written.
    pub target: Option<String>,
    /// Whether a feature turns it on.
    pub is_optional: bool,
    /// Whether its default features are wanted.
    pub default_features: bool,
    /// Its features that are wanted.
    pub features: Vec<String>,
    /// Its registry's index, where that is another one.
    pub registry: Option<String>,
}

/// What the index says of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The SHA-256 of its archive, in lower-case hexadecimal.
    pub checksum: String,
    /// What it declares.
    pub declared: Declared,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    vers: String,
    cksum: String,
    #[serde(default)]
    deps: Vec<Dependency>,
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
    /// Those that older releases of cargo do not understand.
    #[serde(default)]
    features2: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    links: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default = "yes")]
    default_features: bool,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    registry: Option<String>,
    #[serde(default)]
    package: Option<String>,
}

fn yes() -> bool {
    true
}

/// What a sparse index's file says of a version; none if it does not know it.
///
/// # Errors
/// [`RegistryError`] if it is no index file, or the version's line is not of this package.
pub fn entry(
    bytes: &[u8],
    name: &str,
    version: &Version,
) -> Result<Option<IndexEntry>, RegistryError> {
    // Only the line that has the version in it can be the one.
    let quoted = format!("\"{version}\"");
    let finder = memchr::memmem::Finder::new(&quoted);
    for (number, text) in sparse_lines(bytes)? {
        if finder.find(text).is_some()
            && let Some(entry) = of_line(text, number, name, version)?
        {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// As [`entry`], of a file that cargo keeps.
///
/// # Errors
/// [`RegistryError`] if it is not such a file, or the version's line is not of this package.
pub fn entry_in_cargo_cache(
    bytes: &[u8],
    name: &str,
    version: &Version,
) -> Result<Option<IndexEntry>, RegistryError> {
    let wanted = version.to_string();
    let mut lines = cache_versions(bytes)?.enumerate();
    let line = lines.find(|(_, (version, _))| *version == wanted.as_bytes());
    match line {
        Some((at, (_, text))) => of_line(text, at + 1, name, version),
        None => Ok(None),
    }
}

fn of_line(
    text: &[u8],
    number: usize,
    name: &str,
    version: &Version,
) -> Result<Option<IndexEntry>, RegistryError> {
    let line: Line = serde_json::from_slice(text).map_err(|_| RegistryError::Line(number))?;
    if line.name != name {
        return Err(RegistryError::OtherPackage);
    }
    if line.vers != version.to_string() {
        return Ok(None);
    }
    let mut features = line.features;
    features.extend(line.features2.unwrap_or_default());
    let dependencies = line.deps.into_iter().map(|dependency| IndexDependency {
        package: dependency
            .package
            .unwrap_or_else(|| dependency.name.clone()),
        name: dependency.name,
        requirement: dependency.req,
        kind: match dependency.kind.as_deref() {
            Some("dev") => DependencyKind::Dev,
            Some("build") => DependencyKind::Build,
            _ => DependencyKind::Normal,
        },
        target: dependency.target,
        is_optional: dependency.optional,
        default_features: dependency.default_features,
        features: dependency.features,
        registry: dependency.registry,
    });
    Ok(Some(IndexEntry {
        checksum: line.cksum.to_ascii_lowercase(),
        declared: Declared {
            dependencies: dependencies.collect(),
            features,
            links: line.links,
        },
    }))
}
