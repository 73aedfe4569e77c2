//! `Cargo.toml` of an archive, as far as it is looked at.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::anomaly::{Anomalies, AnomalyKind};
use super::paths::Files;
use crate::graph::metadata::DependencyKind;
use crate::knowledge::registry::{Declared, IndexDependency};

/// What a manifest may weigh, in bytes; the largest on crates.io has half of it.
const MAX_BYTES: usize = 1 << 20;

/// The tables of dependencies, also in their old spelling.
const TABLES: [(&str, DependencyKind); 5] = [
    ("dependencies", DependencyKind::Normal),
    ("build-dependencies", DependencyKind::Build),
    ("build_dependencies", DependencyKind::Build),
    ("dev-dependencies", DependencyKind::Dev),
    ("dev_dependencies", DependencyKind::Dev),
];

/// What a package's manifest declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What the registry's index has of it, too.
    pub declared: Declared,
    /// The repository that it names.
    pub repository: Option<String>,
    /// Whether its library is a procedural macro.
    pub is_proc_macro: bool,
    /// The path of its build script's root.
    pub build_script: Option<String>,
    /// The path of its library's root.
    pub library: Option<String>,
    /// The paths of its programs' roots that it names.
    pub programs: Vec<String>,
}

/// Reads the manifest among a package's files.
pub(super) fn read(
    files: &Files<'_>,
    name: &str,
    version: &Version,
    anomalies: &mut Anomalies,
) -> Option<Manifest> {
    let bytes = files
        .get("Cargo.toml")
        .filter(|bytes| bytes.len() <= MAX_BYTES);
    let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let table: Option<Table> = text.and_then(|text| {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        text.parse().ok()
    });
    let Some(table) = table else {
        anomalies.add(AnomalyKind::NoManifest, "", "");
        return None;
    };
    let package = table.get("package").or_else(|| table.get("project"));
    let package = package.and_then(Value::as_table);
    let text = |key| package.and_then(|package| package.get(key)?.as_str());
    let (own_name, own_version) = (text("name"), text("version"));
    let is_version = |text: &str| Version::parse(text.trim()).is_ok_and(|own| own == *version);
    if own_name != Some(name) || !own_version.is_some_and(is_version) {
        let or_none = |text: Option<&str>| text.unwrap_or("no one").to_owned();
        let detail = format!("{} {}", or_none(own_name), or_none(own_version));
        anomalies.add(AnomalyKind::OtherPackage, "", detail);
    }
    let library = table.get("lib").and_then(Value::as_table);
    let flag = |key| library.and_then(|library| library.get(key)?.as_bool());
    let root = library.and_then(|library| library.get("path")?.as_str());
    let exists = |path: &&str| files.contains_key(*path);
    let root = root.map(plain);
    let root = root.or_else(|| Some("src/lib.rs").filter(exists).map(str::to_owned));
    let build = match package.and_then(|package| package.get("build")) {
        Some(Value::String(path)) => Some(plain(path)),
        Some(Value::Boolean(false)) => None,
        // Nightly cargo takes several.
        Some(Value::Array(paths)) => paths.first().and_then(Value::as_str).map(plain),
        _ => Some("build.rs").filter(exists).map(str::to_owned),
    };
    let programs = table.get("bin").and_then(Value::as_array);
    let programs = programs.into_iter().flatten();
    let programs = programs.filter_map(|program| Some(plain(program.get("path")?.as_str()?)));
    Some(Manifest {
        declared: Declared {
            dependencies: dependencies(&table),
            features: features(&table),
            links: text("links").map(str::to_owned),
        },
        repository: text("repository").map(str::to_owned),
        is_proc_macro: flag("proc-macro").or_else(|| flag("proc_macro")) == Some(true),
        build_script: build.filter(|path| files.contains_key(path)),
        library: root.filter(|path| files.contains_key(path)),
        programs: programs.collect(),
    })
}

fn plain(path: &str) -> String {
    crate::census::link::join("", path)
}

fn features(table: &Table) -> BTreeMap<String, Vec<String>> {
    let features = table.get("features").and_then(Value::as_table);
    let features = features.into_iter().flatten();
    features
        .map(|(name, turned_on)| (name.clone(), texts(Some(turned_on))))
        .collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let values = value.and_then(Value::as_array).into_iter().flatten();
    let texts = values.filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn dependencies(table: &Table) -> Vec<IndexDependency> {
    let mut all = Vec::new();
    let mut take = |table: &Table, target: Option<&str>| {
        for (key, kind) in TABLES {
            let entries = table.get(key).and_then(Value::as_table);
            for (name, value) in entries.into_iter().flatten() {
                all.push(dependency(name, value, kind, target));
            }
        }
    };
    take(table, None);
    let targets = table.get("target").and_then(Value::as_table);
    for (target, value) in targets.into_iter().flatten() {
        if let Value::Table(table) = value {
            take(table, Some(target));
        }
    }
    all
}

fn dependency(
    name: &str,
    value: &Value,
    kind: DependencyKind,
    target: Option<&str>,
) -> IndexDependency {
    let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key| value.get(key).and_then(Value::as_bool);
    let version = value.as_str().map(str::to_owned);
    IndexDependency {
        name: name.to_owned(),
        package: text("package").unwrap_or_else(|| name.to_owned()),
        requirement: version
            .or_else(|| text("version"))
            .unwrap_or_else(|| "*".to_owned()),
        kind,
        target: target.map(str::to_owned),
        is_optional: flag("optional") == Some(true),
        default_features: flag("default-features").or_else(|| flag("default_features"))
            != Some(false),
        features: texts(value.get("features")),
        registry: text("registry-index"),
    }
}
