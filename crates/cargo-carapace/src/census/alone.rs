//! The census of one package's folder by itself: an unpacked archive, or a package without what it
//! depends on. No lockfile, no resolution, no network, no cargo.
//!
//! Its targets and features are read from its manifest, by cargo's own conventions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carapace_core::graph::Graph;
use carapace_core::graph::metadata::{Declared, DependencyKind, Metadata, MetadataPackage, Target};
use carapace_core::graph::units::{Platforms, Request, Resolver, Selected, UnitProblem, Units};
use carapace_core::report::Gap;
use carapace_core::text::visible;
use semver::Version;
use toml::{Table, Value};

use super::manifest;
use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::SelectionArgs;
use crate::ground::Ground;
use crate::host::compiler;
use crate::host::files;
use crate::host::targets;
use crate::host::workspace::Project;

/// What is known of the package in a folder before its sources are read.
pub(super) fn ground(folder: &Path, selection: &SelectionArgs) -> Result<Ground, Failure> {
    let fault = |what: &str| Failure(format!("{}: {}", visible(&shown(folder)), visible(what)));
    let root = fs::canonicalize(folder).map_err(|error| fault(&error.to_string()))?;
    if !root.is_dir() {
        return Err(fault(
            "not a folder; --no-deps takes the folder of a package",
        ));
    }
    let path = root.join("Cargo.toml");
    let mut gaps = Vec::new();
    let table = match read_manifest(&root, &path) {
        Ok(table) => table,
        Err(reason) => {
            gaps.push(Gap {
                path: Some(shown(&path)),
                ..Gap::new(
                    "manifest",
                    format!("{reason}: targets by their usual places, without features"),
                )
            });
            Table::new()
        }
    };
    let package = describe(&root, &path, &table, &mut gaps);
    let metadata = Metadata {
        members: Vec::new(),
        default_members: Vec::new(),
        root: None,
        workspace_root: root.to_string_lossy().into(),
        target_directory: "".into(),
        packages: vec![package],
    };
    // The place of the only package is the graph's own first one.
    let first = metadata.iter().map(|(index, _)| index).next();
    let metadata = Metadata {
        members: first.into_iter().collect(),
        default_members: first.into_iter().collect(),
        root: first,
        ..metadata
    };
    let compiler = compiler::of_process(&root, &selection.built.target)?;
    let request = Request {
        resolver: Resolver::V2,
        selected: Selected::Default,
        features: selection.built.flags(),
        dev: false,
        host: &compiler.host,
        targets: Platforms::Only(&compiler.targets),
    };
    let units = Units::resolve(&metadata, &request)?;
    for problem in &units.problems {
        // What it depends on is not looked for.
        if !matches!(problem, UnitProblem::Unresolved { .. }) {
            gaps.push(Gap::new("graph", problem.to_string()));
        }
    }
    let graph = Arc::new(Graph::from_metadata(&metadata, None));
    Ok(Ground {
        project: Project::alone(&root),
        tree: root,
        metadata,
        graph,
        selected: Selected::Default,
        units,
        compiler,
        roles: Vec::new(),
        has_own_lockfile: false,
        passed_on: None,
        effects: Vec::new(),
        gaps,
    })
}

fn read_manifest(root: &Path, path: &Path) -> Result<Table, String> {
    let bytes = files::read_found(root, path, manifest::MAX_BYTES);
    let bytes = bytes.map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())?;
    let table: Result<Table, _> = text.strip_prefix('\u{feff}').unwrap_or(&text).parse();
    table.map_err(|error| format!("not TOML: {}", error.message()))
}

fn describe(root: &Path, path: &Path, table: &Table, gaps: &mut Vec<Gap>) -> MetadataPackage {
    let empty = Table::new();
    let package = table.get("package").or_else(|| table.get("project"));
    let package = package.and_then(Value::as_table).unwrap_or(&empty);
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    let folder_name = root.file_name().unwrap_or_default().to_string_lossy();
    let name = text("name").unwrap_or(&folder_name);
    let version = text("version").and_then(|version| Version::parse(version).ok());
    if version.is_none() && !package.is_empty() {
        gaps.push(Gap::new(
            "manifest",
            "its version is the workspace's, or none: shown as 0.0.0",
        ));
    }
    let version = version.unwrap_or(Version::new(0, 0, 0));
    let edition = text("edition").unwrap_or("2015");
    if package.get("rust-version").is_some_and(Value::is_table) {
        gaps.push(Gap::new(
            "manifest",
            "its rust-version is the workspace's, which is not read: taken for this compiler's",
        ));
    }
    let id = format!("path+file://{}#{name}@{version}", root.to_string_lossy());
    MetadataPackage {
        id: id.into(),
        name: name.into(),
        version,
        source: None,
        manifest_path: path.to_string_lossy().into(),
        edition: edition.into(),
        rust_version: text("rust-version").map(Into::into),
        links: text("links").map(Into::into),
        authors: Vec::new(),
        keywords: list(package, "keywords"),
        categories: list(package, "categories"),
        features: features(table),
        dependencies: dependencies(table),
        targets: targets_of(root, table, package, name, edition),
        resolved: Vec::new(),
    }
}

fn list(package: &Table, key: &str) -> Vec<Box<str>> {
    let values = package.get(key).and_then(Value::as_array);
    let values = values.map(Vec::as_slice).unwrap_or_default().iter();
    values.filter_map(Value::as_str).map(Into::into).collect()
}

type Features = Vec<(Arc<str>, Vec<Box<str>>)>;

/// `[features]`, and those that optional dependencies make where nothing says `dep:`.
fn features(table: &Table) -> Features {
    let mut features: BTreeMap<String, Vec<Box<str>>> = BTreeMap::new();
    let written = table.get("features").and_then(Value::as_table);
    for (name, values) in written.into_iter().flatten() {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        let values = values.iter().filter_map(Value::as_str).map(Into::into);
        features.insert(name.clone(), values.collect());
    }
    let hidden: Vec<String> = features
        .values()
        .flatten()
        .filter_map(|value| Some(value.strip_prefix("dep:")?.to_owned()))
        .collect();
    for dependency in dependencies(table).iter().filter(|found| found.optional) {
        let name = dependency.key();
        if !hidden.iter().any(|hidden| hidden == name) {
            let value = format!("dep:{name}").into();
            features
                .entry(name.to_owned())
                .or_insert_with(|| vec![value]);
        }
    }
    let features = features.into_iter();
    features
        .map(|(name, values)| (name.into(), values))
        .collect()
}

fn dependencies(table: &Table) -> Vec<Declared> {
    const TABLES: [(&str, DependencyKind); 5] = [
        ("dependencies", DependencyKind::Normal),
        ("build-dependencies", DependencyKind::Build),
        ("build_dependencies", DependencyKind::Build),
        ("dev-dependencies", DependencyKind::Dev),
        ("dev_dependencies", DependencyKind::Dev),
    ];
    let targets = table.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flatten();
    let places = targets.filter_map(|(name, place)| Some((Some(name.as_str()), place.as_table()?)));
    let mut all = Vec::new();
    for (target, place) in std::iter::once((None, table)).chain(places) {
        for (key, kind) in TABLES {
            let declared = place.get(key).and_then(Value::as_table);
            for (name, value) in declared.into_iter().flatten() {
                let get = |key: &str| value.get(key);
                let features = get("features").and_then(Value::as_array);
                let features = features.map(Vec::as_slice).unwrap_or_default().iter();
                let package = get("package").and_then(Value::as_str);
                all.push(Declared {
                    name: package.unwrap_or(name).into(),
                    source: None,
                    requirement: "*".into(),
                    kind,
                    target: target.map(Into::into),
                    rename: package.map(|_| name.as_str().into()),
                    optional: get("optional").and_then(Value::as_bool) == Some(true),
                    default_features: get("default-features").and_then(Value::as_bool)
                        != Some(false),
                    features: features.filter_map(Value::as_str).map(Into::into).collect(),
                    path: None,
                    is_artifact: false,
                });
            }
        }
    }
    all
}

/// The targets, those that the manifest lists and those that cargo finds by their places.
fn targets_of(
    root: &Path,
    table: &Table,
    package: &Table,
    name: &str,
    edition: &str,
) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    let mut add = |kind: &str, name: &str, path: &Path, required: Vec<Box<str>>| {
        let path = root.join(path).to_string_lossy().into_owned();
        if found.iter().all(|known| *known.src_path != *path) {
            found.push(Target {
                required_features: required,
                ..Target::new(name, kind, &path, edition)
            });
        }
    };
    let discovered = targets::discovered(root);
    let is_there = |path: &str| discovered.iter().any(|found| found == Path::new(path));
    let library = table.get("lib").and_then(Value::as_table);
    let flag = |key: &str| {
        let value = library.and_then(|library| library.get(key));
        value.and_then(Value::as_bool) == Some(true)
    };
    let kind = match flag("proc-macro") || flag("proc_macro") {
        true => "proc-macro",
        false => "lib",
    };
    let path = library.and_then(|library| library.get("path")?.as_str());
    if let Some(path) = path.or_else(|| is_there("src/lib.rs").then_some("src/lib.rs")) {
        add(kind, name, Path::new(path), Vec::new());
    }
    match package.get("build") {
        Some(Value::Boolean(false)) => {}
        Some(Value::String(path)) => add("custom-build", "build", Path::new(path), Vec::new()),
        _ if is_there("build.rs") => {
            add("custom-build", "build", Path::new("build.rs"), Vec::new())
        }
        _ => {}
    }
    for (kind, folder) in targets::FOLDERS {
        let listed = table.get(kind).and_then(Value::as_array);
        for target in listed.map(Vec::as_slice).unwrap_or_default() {
            let text = |key: &str| target.get(key).and_then(Value::as_str);
            let own = text("name").unwrap_or(name);
            let required = target.get("required-features").and_then(Value::as_array);
            let required = required.map(Vec::as_slice).unwrap_or_default().iter();
            let required: Vec<Box<str>> =
                required.filter_map(Value::as_str).map(Into::into).collect();
            let candidates = [
                PathBuf::from(format!("{folder}/{own}.rs")),
                PathBuf::from(format!("{folder}/{own}/main.rs")),
                PathBuf::from("src/main.rs"),
            ];
            let path = text("path").map(PathBuf::from);
            let path = path.or_else(|| {
                let mut candidates = candidates.into_iter();
                candidates.find(|path| discovered.contains(path))
            });
            if let Some(path) = path {
                add(kind, own, &path, required);
            }
        }
        let auto = match kind {
            "bin" => "autobins",
            "example" => "autoexamples",
            "test" => "autotests",
            _ => "autobenches",
        };
        if package.get(auto).and_then(Value::as_bool) == Some(false) {
            continue;
        }
        if kind == "bin" && is_there("src/main.rs") {
            add(kind, name, Path::new("src/main.rs"), Vec::new());
        }
        for path in discovered.iter().filter(|path| path.starts_with(folder)) {
            let own = path.file_stem().unwrap_or_default().to_string_lossy();
            add(kind, &own, path, Vec::new());
        }
    }
    found
}
