//! What `cargo metadata --format-version 1 --all-features` says, as far as a graph needs it.
//!
//! <https://doc.rust-lang.org/cargo/commands/cargo-metadata.html> describes the JSON. Its features
//! are a union over everything that could be built; which of them a build has is worked out in
//! [`units`](super::units).
//!
//! *Invariants.* Every index in a [`Metadata`] is one of its packages. [`compact`] changes nothing
//! that [`Metadata::parse`] reads.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::source::Source;
use super::{PackageIdx, Sources};

/// A resolved workspace, all features and platforms of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// All packages, in cargo's order: by name, version and source.
    pub packages: Vec<MetadataPackage>,
    /// The workspace's packages.
    pub members: Vec<PackageIdx>,
    /// Those that cargo takes where none is named.
    pub default_members: Vec<PackageIdx>,
    /// The package of the manifest that cargo was given; none if that is a virtual one.
    pub root: Option<PackageIdx>,
    /// The folder of the workspace's root manifest.
    pub workspace_root: Box<str>,
    /// Where cargo would build.
    pub target_directory: Box<str>,
}

/// A package, as its manifest declares it, and what its dependencies have become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataPackage {
    /// Cargo's package id specification.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Version,
    /// Where it comes from; none for a folder.
    pub source: Option<Arc<Source>>,
    /// Its `Cargo.toml`.
    pub manifest_path: Box<str>,
    /// Its edition.
    pub edition: Box<str>,
    /// The oldest Rust that it builds with, as written.
    pub rust_version: Option<Box<str>>,
    /// The native library that it links.
    pub links: Option<Box<str>>,
    /// Its authors, as written: anybody can write any name there.
    pub authors: Vec<Box<str>>,
    /// What it is about, in its authors' words.
    pub keywords: Vec<Box<str>>,
    /// What it is about, in the registry's words.
    pub categories: Vec<Box<str>>,
    /// What each feature turns on, sorted by feature; with those that cargo makes for optional
    /// dependencies.
    pub features: Vec<(Arc<str>, Vec<Box<str>>)>,
    /// What the manifest asks for.
    pub dependencies: Vec<Declared>,
    /// What can be built of it.
    pub targets: Vec<Target>,
    /// What its dependencies have become, all platforms and activated features together.
    pub resolved: Vec<Resolved>,
}

impl MetadataPackage {
    /// Its folder.
    #[must_use]
    pub fn root_dir(&self) -> &str {
        let path = &*self.manifest_path;
        let folder = path.strip_suffix("Cargo.toml").unwrap_or(path);
        match folder.strip_suffix(['/', '\\']) {
            // The root of a file system keeps its separator.
            Some("") | None => folder,
            Some(folder) => folder,
        }
    }

    /// The library, which dependents link; or the procedural macros.
    #[must_use]
    pub fn library(&self) -> Option<&Target> {
        self.targets.iter().find(|target| target.is_library())
    }

    /// Whether it is a package of procedural macros.
    #[must_use]
    pub fn is_proc_macro(&self) -> bool {
        self.targets.iter().any(Target::is_proc_macro)
    }

    /// The place of a feature in [`Self::features`].
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<usize> {
        let found = self.features.binary_search_by(|(key, _)| (**key).cmp(name));
        found.ok()
    }
}

/// Of which table of a manifest a dependency is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// `[dependencies]`.
    #[default]
    Normal,
    /// `[build-dependencies]`.
    Build,
    /// `[dev-dependencies]`.
    Dev,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The package's name.
    pub name: Box<str>,
    /// Where it is asked from; none for a folder.
    pub source: Option<Box<str>>,
    /// The versions that will do, as cargo writes a requirement.
    pub requirement: Box<str>,
    /// Its table.
    pub kind: DependencyKind,
    /// For which platforms: a triple or `cfg( … )`; none for all.
    pub target: Option<Box<str>>,
    /// The key in the table, where that is not the package's name.
    pub rename: Option<Box<str>>,
    /// Whether a feature has to turn it on.
    pub optional: bool,
    /// Whether it asks for the feature `default`.
    pub default_features: bool,
    /// The other features that it asks for.
    pub features: Vec<Box<str>>,
    /// The folder of a path dependency.
    pub path: Option<Box<str>>,
    /// Whether it asks for a program or other artifact, which only nightly cargo knows.
    pub is_artifact: bool,
}

impl Declared {
    /// The key in the manifest's table, by which features name it.
    #[must_use]
    pub fn key(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }
}

/// Something that can be built of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: Box<str>,
    /// `lib`, `bin`, `example`, `test`, `bench`, `custom-build`, `proc-macro`; for a library the
    /// types of crate that it is.
    pub kinds: Vec<Box<str>>,
    /// The types of crate that it is: `lib`, `bin`, `proc-macro` …
    pub crate_types: Vec<Box<str>>,
    /// Its root file.
    pub src_path: Box<str>,
    /// Its edition.
    pub edition: Box<str>,
    /// The features without which it is not built.
    pub required_features: Vec<Box<str>>,
    /// Whether its tests are run.
    pub test: bool,
    /// Whether its documentation's examples are run.
    pub doctest: bool,
    /// Whether its documentation is made.
    pub doc: bool,
}

impl Target {
    /// One of this kind, as a manifest has it that says no more: no features are asked for, and
    /// its tests are run.
    #[must_use]
    pub fn new(name: &str, kind: &str, src_path: &str, edition: &str) -> Self {
        Self {
            name: name.into(),
            kinds: vec![kind.into()],
            crate_types: Vec::new(),
            src_path: src_path.into(),
            edition: edition.into(),
            required_features: Vec::new(),
            test: true,
            doctest: false,
            doc: false,
        }
    }

    fn is(&self, wanted: &str) -> bool {
        self.kinds.iter().any(|kind| &**kind == wanted)
    }

    /// Whether it is procedural macros.
    #[must_use]
    pub fn is_proc_macro(&self) -> bool {
        self.is("proc-macro")
    }

    /// Whether it is the package's library, procedural macros included.
    #[must_use]
    pub fn is_library(&self) -> bool {
        let others = ["bin", "example", "test", "bench", "custom-build"];
        !others.iter().any(|kind| self.is(kind))
    }

    /// Whether it is the build script.
    #[must_use]
    pub fn is_build_script(&self) -> bool {
        self.is("custom-build")
    }

    /// Whether it is a test of its own.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.is("test")
    }

    /// Whether it is built only to test, to measure or to show.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        ["example", "test", "bench"]
            .iter()
            .any(|kind| self.is(kind))
    }
}

/// What one or several declared dependencies have become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The package.
    pub package: PackageIdx,
    /// The name by which the dependent's code calls its crate.
    pub name: Arc<str>,
    /// In which tables, for which platforms.
    pub kinds: Vec<(DependencyKind, Option<Box<str>>)>,
}

impl Metadata {
    /// Reads cargo's JSON.
    ///
    /// # Errors
    /// [`MetadataError`] if it is no such JSON, or contradicts itself.
    pub fn parse(json: &str) -> Result<Self, MetadataError> {
        let raw: RawMetadata<'_> = serde_json::from_str(json)?;
        let mut indices =
            HashMap::with_capacity_and_hasher(raw.packages.len(), RandomState::default());
        for (index, package) in raw.packages.iter().enumerate() {
            indices.insert(&*package.id, PackageIdx::new(index));
        }
        let find = |id: &str| {
            let found = indices.get(id).copied();
            found.ok_or_else(|| MetadataError::UnknownPackage(id.to_owned()))
        };
        let find_all = |ids: &[Text<'_>]| -> Result<Vec<_>, MetadataError> {
            ids.iter().map(|id| find(&id.0)).collect()
        };
        let members = find_all(&raw.workspace_members)?;
        let default_members = match &raw.workspace_default_members {
            Some(ids) => find_all(ids)?,
            // Cargo before 1.71 does not say.
            None => members.clone(),
        };
        let resolve = raw.resolve.as_ref().ok_or(MetadataError::NoResolve)?;
        let root = resolve.root.as_ref().map(|id| find(&id.0)).transpose()?;
        let mut resolved = vec![Vec::new(); raw.packages.len()];
        for node in &resolve.nodes {
            let at = find(&node.id)?.get();
            let dependencies: Result<Vec<_>, MetadataError> = node
                .deps
                .iter()
                .map(|dependency| {
                    Ok(Resolved {
                        package: find(&dependency.pkg)?,
                        name: Arc::from(&*dependency.name),
                        kinds: dependency.dep_kinds.iter().map(RawKind::to_kind).collect(),
                    })
                })
                .collect();
            if let Some(place) = resolved.get_mut(at) {
                *place = dependencies?;
            }
        }
        let mut sources = Sources::default();
        let packages: Result<Vec<_>, _> = raw
            .packages
            .iter()
            .zip(resolved)
            .map(|(package, resolved)| package.to_package(resolved, &mut sources))
            .collect();
        Ok(Self {
            packages: packages?,
            members,
            default_members,
            root,
            workspace_root: boxed(&raw.workspace_root),
            target_directory: boxed(&raw.target_directory),
        })
    }

    /// A package by its index; none if the index is another graph's.
    #[must_use]
    pub fn get(&self, index: PackageIdx) -> Option<&MetadataPackage> {
        self.packages.get(index.get())
    }

    /// The packages with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (PackageIdx, &MetadataPackage)> {
        let indices = (0..self.packages.len()).map(PackageIdx::new);
        indices.zip(&self.packages)
    }
}

/// Cargo's JSON without what [`Metadata::parse`] does not read: a fifth of it.
///
/// # Errors
/// As [`Metadata::parse`], as far as the form is concerned.
pub fn compact(json: &str) -> Result<String, MetadataError> {
    let raw: RawMetadata<'_> = serde_json::from_str(json)?;
    Ok(serde_json::to_string(&raw)?)
}

/// Why metadata could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataError {
    /// Not cargo's JSON; the parser's own words.
    Syntax(String),
    /// Made with `--no-deps`.
    NoResolve,
    /// An id that is of no package.
    UnknownPackage(String),
    /// A package's version is not semantic versioning.
    Version {
        /// The package's id.
        id: String,
        /// Its version as written.
        version: String,
    },
    /// A package's source is not one that cargo writes.
    Source {
        /// The package's id.
        id: String,
        /// Its source as written.
        source: String,
    },
}

impl From<serde_json::Error> for MetadataError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax(error.to_string())
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "not the JSON of `cargo metadata`: {message}"),
            Self::NoResolve => f.write_str("the metadata was made with --no-deps"),
            Self::UnknownPackage(id) => write!(f, "the metadata has no package `{id}`"),
            Self::Version { id, version } => write!(
                f,
                "package `{id}` has the version `{version}`, which is not semantic versioning"
            ),
            Self::Source { id, source } => write!(
                f,
                "package `{id}` has the source `{source}`, which cargo does not write"
            ),
        }
    }
}

impl std::error::Error for MetadataError {}

/// Borrowed wherever the JSON has no escape in it; in a list, only a type of its own is.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Serialize, Deserialize)]
struct RawMetadata<'a> {
    #[serde(borrow)]
    packages: Vec<RawPackage<'a>>,
    workspace_members: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_default_members: Option<Vec<Text<'a>>>,
    resolve: Option<RawResolve<'a>>,
    workspace_root: Cow<'a, str>,
    target_directory: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct RawPackage<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    version: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Text<'a>>,
    manifest_path: Cow<'a, str>,
    edition: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rust_version: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    links: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    features: BTreeMap<Text<'a>, Vec<Text<'a>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<RawDependency<'a>>,
    targets: Vec<RawTarget<'a>>,
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

#[derive(Serialize, Deserialize)]
struct RawDependency<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Text<'a>>,
    req: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<DependencyKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rename: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    uses_default_features: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    features: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    artifact: Option<Artifact>,
}

/// That there is one is all that matters; what it asks for is left out.
struct Artifact;

impl Serialize for Artifact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Artifact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[derive(Serialize, Deserialize)]
struct RawTarget<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    kind: Vec<Text<'a>>,
    crate_types: Vec<Text<'a>>,
    src_path: Cow<'a, str>,
    edition: Cow<'a, str>,
    #[serde(rename = "required-features")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    required_features: Vec<Text<'a>>,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    test: bool,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    doctest: bool,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    doc: bool,
}

#[derive(Serialize, Deserialize)]
struct RawResolve<'a> {
    #[serde(borrow)]
    nodes: Vec<RawNode<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct RawNode<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deps: Vec<RawResolved<'a>>,
}

#[derive(Serialize, Deserialize)]
struct RawResolved<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    pkg: Cow<'a, str>,
    #[serde(default)]
    dep_kinds: Vec<RawKind<'a>>,
}

#[derive(Serialize, Deserialize)]
struct RawKind<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<DependencyKind>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    target: Option<Text<'a>>,
}

impl RawKind<'_> {
    fn to_kind(&self) -> (DependencyKind, Option<Box<str>>) {
        (self.kind.unwrap_or_default(), optional(&self.target))
    }
}

impl RawPackage<'_> {
    fn to_package(
        &self,
        resolved: Vec<Resolved>,
        sources: &mut Sources,
    ) -> Result<MetadataPackage, MetadataError> {
        let version = Version::parse(&self.version).map_err(|_| MetadataError::Version {
            id: self.id.clone().into_owned(),
            version: self.version.clone().into_owned(),
        })?;
        let source = match &self.source {
            Some(text) => Some(sources.get(&text.0).ok_or_else(|| MetadataError::Source {
                id: self.id.clone().into_owned(),
                source: text.0.clone().into_owned(),
            })?),
            None => None,
        };
        let features = self.features.iter();
        Ok(MetadataPackage {
            id: boxed(&self.id),
            name: boxed(&self.name),
            version,
            source,
            manifest_path: boxed(&self.manifest_path),
            edition: boxed(&self.edition),
            rust_version: optional(&self.rust_version),
            links: optional(&self.links),
            authors: list(&self.authors),
            keywords: list(&self.keywords),
            categories: list(&self.categories),
            features: features
                .map(|(name, values)| (Arc::from(&*name.0), list(values)))
                .collect(),
            dependencies: self
                .dependencies
                .iter()
                .map(RawDependency::to_declared)
                .collect(),
            targets: self.targets.iter().map(RawTarget::to_target).collect(),
            resolved,
        })
    }
}

impl RawDependency<'_> {
    fn to_declared(&self) -> Declared {
        Declared {
            name: boxed(&self.name),
            source: optional(&self.source),
            requirement: boxed(&self.req),
            kind: self.kind.unwrap_or_default(),
            target: optional(&self.target),
            rename: optional(&self.rename),
            optional: self.optional,
            default_features: self.uses_default_features,
            features: list(&self.features),
            path: optional(&self.path),
            is_artifact: self.artifact.is_some(),
        }
    }
}

impl RawTarget<'_> {
    fn to_target(&self) -> Target {
        Target {
            name: boxed(&self.name),
            kinds: list(&self.kind),
            crate_types: list(&self.crate_types),
            src_path: boxed(&self.src_path),
            edition: boxed(&self.edition),
            required_features: list(&self.required_features),
            test: self.test,
            doctest: self.doctest,
            doc: self.doc,
        }
    }
}

fn boxed(text: &str) -> Box<str> {
    text.into()
}

fn optional(text: &Option<Text<'_>>) -> Option<Box<str>> {
    text.as_ref().map(|text| boxed(&text.0))
}

fn list(texts: &[Text<'_>]) -> Vec<Box<str>> {
    texts.iter().map(|text| boxed(&text.0)).collect()
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

fn is_false(value: &bool) -> bool {
    !value
}
