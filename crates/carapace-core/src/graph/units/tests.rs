use serde_json::{Value, json};

use super::super::metadata::{Metadata, MetadataError, compact};
use super::super::{Graph, lockfile};
use super::*;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Metadata in the making: packages in folders, each with a library.
#[derive(Default)]
struct Workspace {
    packages: Vec<Value>,
    nodes: Vec<Value>,
    members: Vec<String>,
}

impl Workspace {
    fn id(name: &str) -> String {
        format!("path+file:///w/{name}#1.0.0")
    }

    fn package(mut self, name: &str, features: Value, dependencies: &[Value]) -> Self {
        let mut deps: Vec<Value> = Vec::new();
        for dependency in dependencies {
            let to = dependency["name"].as_str().unwrap();
            let kind = json!({"kind": dependency["kind"], "target": dependency["target"]});
            let crate_name = dependency["rename"].as_str().unwrap_or(to);
            match deps.iter_mut().find(|found| found["pkg"] == Self::id(to)) {
                Some(found) => found["dep_kinds"].as_array_mut().unwrap().push(kind),
                None => {
                    deps.push(json!({"name": crate_name, "pkg": Self::id(to), "dep_kinds": [kind]}))
                }
            }
        }
        self.nodes.push(json!({"id": Self::id(name), "deps": deps}));
        let kind = match name.strip_prefix("macro") {
            Some(_) => "proc-macro",
            None => "lib",
        };
        self.packages.push(json!({
            "id": Self::id(name), "name": name, "version": "1.0.0", "source": null,
            "manifest_path": format!("/w/{name}/Cargo.toml"), "edition": "2021",
            "features": features, "dependencies": dependencies,
            "targets": [
                {"name": name, "kind": [kind], "crate_types": [kind],
                 "src_path": format!("/w/{name}/src/lib.rs"), "edition": "2021"},
                {"name": "build-script-build", "kind": ["custom-build"], "crate_types": ["bin"],
                 "src_path": format!("/w/{name}/build.rs"), "edition": "2021"},
            ],
        }));
        self
    }

    fn member(mut self, name: &str) -> Self {
        self.members.push(Self::id(name));
        self
    }

    fn json(&self) -> String {
        json!({
            "packages": self.packages, "workspace_members": self.members,
            "workspace_default_members": self.members, "workspace_root": "/w",
            "target_directory": "/w/target", "resolve": {"nodes": self.nodes, "root": null},
            "metadata": {"not": "read"}, "version": 1,
        })
        .to_string()
    }

    fn metadata(&self) -> Metadata {
        Metadata::parse(&self.json()).unwrap()
    }
}

fn dependency(name: &str, more: Value) -> Value {
    let mut dependency = json!({
        "name": name, "source": null, "req": "*", "kind": null, "rename": null, "optional": false,
        "uses_default_features": true, "features": [], "target": null, "path": format!("/w/{name}"),
    });
    for (key, value) in more.as_object().unwrap() {
        dependency[key] = value.clone();
    }
    dependency
}

fn linux() -> Platform {
    Platform {
        triple: "x86_64-unknown-linux-gnu".into(),
        cfg: CfgSet::parse("unix\ntarget_os=\"linux\"\n"),
    }
}

fn request(host: &Platform) -> Request<'_> {
    Request {
        resolver: Resolver::V2,
        selected: Selected::Default,
        features: FeatureFlags::default(),
        dev: false,
        host,
        targets: Platforms::Only(&[]),
    }
}

/// The units in a line each: `NAME host|target [FEATURES]`.
fn shown(metadata: &Metadata, units: &Units) -> Vec<String> {
    let mut lines: Vec<String> = units
        .units()
        .iter()
        .map(|unit| {
            let name = &metadata.get(unit.package).unwrap().name;
            let world = if unit.host { "host" } else { "target" };
            format!("{name} {world} [{}]", unit.features.join(","))
        })
        .collect();
    lines.sort();
    lines
}

/// A library with one feature for each world.
fn worlds() -> Workspace {
    Workspace::default()
        .member("app")
        .package(
            "app",
            json!({}),
            &[
                dependency("leaf", json!({"features": ["normal"]})),
                dependency("leaf", json!({"kind": "build", "features": ["script"]})),
                dependency("leaf", json!({"kind": "dev", "features": ["test"]})),
                dependency(
                    "leaf",
                    json!({"features": ["windows"], "target": "cfg(windows)"}),
                ),
                dependency("macros", json!({})),
            ],
        )
        .package(
            "leaf",
            json!({"normal": [], "script": [], "test": [], "windows": [], "macro": []}),
            &[],
        )
        .package(
            "macros",
            json!({}),
            &[dependency("leaf", json!({"features": ["macro"]}))],
        )
}

#[test]
fn each_world_has_its_own_features_with_resolver_2() {
    let (metadata, host) = (worlds().metadata(), linux());
    let mut request = request(&host);
    let units = Units::resolve(&metadata, &request).unwrap();
    assert_eq!(
        shown(&metadata, &units),
        [
            "app target []",
            "leaf host [macro,script]",
            "leaf target [normal]",
            "macros host []"
        ]
    );
    assert_eq!(units.problems, []);
    request.dev = true;
    let units = Units::resolve(&metadata, &request).unwrap();
    assert!(shown(&metadata, &units).contains(&"leaf target [normal,test]".to_owned()));
    request.targets = Platforms::All;
    let units = Units::resolve(&metadata, &request).unwrap();
    assert!(shown(&metadata, &units).contains(&"leaf target [normal,test,windows]".to_owned()));
    let windows = [Platform {
        triple: "x86_64-pc-windows-msvc".into(),
        cfg: CfgSet::parse("windows"),
    }];
    request.targets = Platforms::Only(&windows);
    request.dev = false;
    let units = Units::resolve(&metadata, &request).unwrap();
    assert!(shown(&metadata, &units).contains(&"leaf target [normal,windows]".to_owned()));
}

#[test]
fn all_worlds_have_the_same_features_with_resolver_1() {
    let (metadata, host) = (worlds().metadata(), linux());
    let request = Request {
        resolver: Resolver::V1,
        ..request(&host)
    };
    let units = Units::resolve(&metadata, &request).unwrap();
    let all = "[macro,normal,script,test,windows]";
    assert_eq!(
        shown(&metadata, &units),
        [
            "app target []".to_owned(),
            format!("leaf host {all}"),
            format!("leaf target {all}"),
            "macros host []".to_owned()
        ]
    );
}

#[test]
fn what_is_followed() {
    let (metadata, host) = (worlds().metadata(), linux());
    let units = Units::resolve(&metadata, &request(&host)).unwrap();
    let names = |follow| -> Vec<&str> {
        let packages = units.tree(follow).into_iter();
        packages
            .map(|index| &*metadata.get(index).unwrap().name)
            .collect()
    };
    assert_eq!(names(Follow::LINKED), ["app", "leaf"]);
    assert_eq!(names(Follow::BUILT), ["app", "leaf", "macros"]);
    let leaf = units
        .iter()
        .find(|(_, unit)| unit.has_feature("normal"))
        .unwrap();
    assert!(!leaf.1.host && leaf.1.is_built && !leaf.1.is_root);
    assert_eq!(units.units_of(leaf.1.package).count(), 2);
    assert!(units.get(units.roots()[0]).unwrap().is_root);
}

/// Optional dependencies, by each way that there is to turn them on.
#[test]
fn optional_weak_and_hidden_dependencies() {
    let workspace = Workspace::default()
        .member("app")
        .package(
            "app",
            json!({
                "hide": ["dep:hidden"], "weak": ["extra?/f"], "strong": ["extra/f"],
                "extra": ["dep:extra"], "plain": ["extra"], "both": ["weak", "plain"],
            }),
            &[
                dependency("extra", json!({"optional": true})),
                dependency("hidden", json!({"optional": true})),
            ],
        )
        .package("extra", json!({"f": ["default"], "default": []}), &[])
        .package("hidden", json!({}), &[]);
    let (metadata, host) = (workspace.metadata(), linux());
    for (features, expected) in [
        ("", &["app target []"][..]),
        ("hide", &["app target [hide]", "hidden target []"]),
        ("weak", &["app target [weak]"]),
        (
            "strong",
            &["app target [extra,strong]", "extra target [default,f]"],
        ),
        (
            "plain",
            &["app target [extra,plain]", "extra target [default]"],
        ),
        (
            "both",
            &[
                "app target [both,extra,plain,weak]",
                "extra target [default,f]",
            ],
        ),
        (
            "app/plain",
            &["app target [extra,plain]", "extra target [default]"],
        ),
        (
            "extra/f",
            &["app target [extra]", "extra target [default,f]"],
        ),
    ] {
        let request = Request {
            features: FeatureFlags {
                features: vec![features.to_owned()],
                ..FeatureFlags::default()
            },
            ..request(&host)
        };
        let units = Units::resolve(&metadata, &request).unwrap();
        assert_eq!(shown(&metadata, &units), expected, "{features}");
        assert_eq!(units.problems, [], "{features}");
    }
    for (features, expected) in [
        (
            "none",
            SelectionError::NoFeature {
                feature: "none".to_owned(),
            },
        ),
        (
            "dep:extra",
            SelectionError::BadFeature {
                feature: "dep:extra".to_owned(),
            },
        ),
        (
            "a/b/c",
            SelectionError::BadFeature {
                feature: "a/b/c".to_owned(),
            },
        ),
    ] {
        let request = Request {
            features: FeatureFlags {
                features: vec![features.to_owned()],
                ..FeatureFlags::default()
            },
            ..request(&host)
        };
        assert_eq!(Units::resolve(&metadata, &request).unwrap_err(), expected);
    }
}

#[test]
fn members_are_selected_by_their_specs() {
    let workspace = Workspace::default()
        .member("one")
        .member("two")
        .package("one", json!({}), &[])
        .package("two", json!({}), &[])
        .package("three", json!({}), &[]);
    let (metadata, host) = (workspace.metadata(), linux());
    let count = |selected: Selected| {
        let request = Request {
            selected,
            ..request(&host)
        };
        Units::resolve(&metadata, &request).map(|units| units.units().len())
    };
    let packages = |spec: &str| Selected::Packages(vec![spec.to_owned()]);
    for (spec, expected) in [
        ("one", 1),
        ("one@1", 1),
        ("one@1.0.0", 1),
        ("one:1.0", 1),
        ("*", 2),
        ("t?o", 1),
        ("path+file:///w/one#1.0.0", 1),
        ("file:///w/one", 1),
        ("file:///w/one#1.0", 1),
        ("file:///w/one#one@1.0.0", 1),
    ] {
        assert_eq!(count(packages(spec)), Ok(expected), "{spec}");
    }
    for spec in ["three", "one@2", "one@1.0.00", "", "file:///w/two#one", "#"] {
        assert!(count(packages(spec)).is_err(), "{spec}");
    }
    let exclude = vec!["one".to_owned(), "gone".to_owned()];
    assert_eq!(count(Selected::Workspace { exclude }), Ok(1));
    assert_eq!(count(Selected::Default), Ok(2));
}

#[test]
fn what_cannot_be_decided_is_a_problem() {
    let workspace = Workspace::default().member("app").package(
        "app",
        json!({"f": ["gone/x"]}),
        &[
            dependency(
                "leaf",
                json!({"target": "cfg(not a)", "features": ["gone"]}),
            ),
            dependency("program", json!({"artifact": {"kinds": ["bin"]}})),
        ],
    );
    let mut workspace =
        workspace
            .package("leaf", json!({}), &[])
            .package("program", json!({}), &[]);
    let lost = dependency("lost", json!({}));
    workspace.packages[0]["dependencies"]
        .as_array_mut()
        .unwrap()
        .push(lost);
    let (metadata, host) = (workspace.metadata(), linux());
    let units = Units::resolve(&metadata, &request(&host)).unwrap();
    let problems: Vec<String> = units.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 4, "{problems:?}");
    for (problem, words) in problems.iter().zip([
        "which package its dependency `lost` is",
        "`cfg(not a)`",
        "`program` is on an artifact",
        "its feature `gone`",
    ]) {
        assert!(problem.contains(words), "{problem}");
    }
}

/// Two versions of a package, one of them not active: what the metadata says of the other is not
/// taken for it.
#[test]
fn versions_and_names_are_told_apart() {
    let mut workspace = Workspace::default()
        .member("app")
        .package(
            "app",
            json!({"old": ["dep:leaf-1"]}),
            &[
                dependency("leaf", json!({"req": "^2", "features": ["new"]})),
                dependency(
                    "leaf",
                    json!({"req": "^1", "rename": "leaf-1", "optional": true, "features": ["old"]}),
                ),
            ],
        )
        .package("leaf", json!({"new": []}), &[]);
    workspace.packages[1]["version"] = json!("2.0.1");
    workspace.nodes[0]["deps"] = json!([{
        "name": "leaf", "pkg": Workspace::id("leaf"), "dep_kinds": [{"kind": null, "target": null}],
    }]);
    let (metadata, host) = (workspace.metadata(), linux());
    let units = Units::resolve(&metadata, &request(&host)).unwrap();
    assert_eq!(
        shown(&metadata, &units),
        ["app target []", "leaf target [new]"]
    );
    assert_eq!(units.problems, []);
}

/// Chains and cycles are followed without recursion, and in little time.
#[test]
fn deep_graphs() {
    const DEPTH: usize = 500;
    let mut workspace = Workspace::default().member("p0");
    for at in 0..DEPTH {
        let next = format!("p{}", (at + 1) % DEPTH);
        let previous = format!("f{}", at.saturating_sub(1));
        let mut features = serde_json::Map::new();
        features.insert("default".to_owned(), json!(["f20"]));
        for feature in 0..=20 {
            let value = match feature {
                0 => json!([format!("{next}/f20")]),
                _ => json!([format!("f{}", feature - 1)]),
            };
            features.insert(format!("f{feature}"), value);
        }
        features.insert("never".to_owned(), json!([previous]));
        workspace = workspace.package(
            &format!("p{at}"),
            features.into(),
            &[dependency(&next, json!({"optional": at % 2 == 1}))],
        );
    }
    let (metadata, host) = (workspace.metadata(), linux());
    let units = Units::resolve(&metadata, &request(&host)).unwrap();
    assert_eq!(units.units().len(), DEPTH);
    assert!(units.units().iter().all(|unit| unit.features.len() == 22));
}

#[test]
fn a_graph_of_metadata_has_what_a_lockfile_lacks() {
    let mut workspace = worlds();
    let id = format!("{CRATES_IO}#leaf@1.0.0");
    workspace.packages[1]["id"] = json!(id);
    workspace.packages[1]["source"] = json!(CRATES_IO);
    let json = workspace.json().replace(&Workspace::id("leaf"), &id);
    let metadata = Metadata::parse(&json).unwrap();
    let sum = "ab".repeat(32);
    let text = format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"leaf\"\n\
         version = \"1.0.0\"\nsource = \"{CRATES_IO}\"\nchecksum = \"{sum}\"\n"
    );
    let lockfile = lockfile::read(text.as_bytes()).unwrap();
    let graph = Graph::from_metadata(&metadata, Some(&lockfile));
    let packages = graph.packages();
    assert_eq!(packages[0].id(), "path+file:///w/app#1.0.0");
    assert_eq!(packages[0].root_dir.as_deref(), Some("/w/app"));
    assert_eq!((packages[0].line, &packages[0].checksum), (4, &None));
    assert_eq!(packages[1].id(), id);
    assert_eq!(packages[1].checksum.as_ref().unwrap().to_string(), sum);
    assert!(packages[1].is_crates_io());
    assert_eq!(graph.members().len(), 1);
    let dependencies = graph.dependencies(graph.members()[0]).iter();
    assert_eq!(
        dependencies.map(|index| index.get()).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(Graph::from_metadata(&metadata, None).lockfile_version, 0);
}

#[test]
fn what_is_left_out_is_not_read() {
    let json = worlds().json();
    let compacted = compact(&json).unwrap();
    assert!(compacted.len() < json.len());
    assert_eq!(Metadata::parse(&compacted), Metadata::parse(&json));
    assert_eq!(compact(&compacted), Ok(compacted));
    for (from, to, expected) in [
        ("\"resolve\"", "\"other\"", "NoResolve"),
        ("\"version\":\"1.0.0\"", "\"version\":\"1\"", "Version"),
        (
            "\"workspace_members\":[\"path",
            "\"workspace_members\":[\"lath",
            "UnknownPackage",
        ),
        ("\"source\":null", "\"source\":\"x\"", "Source"),
        ("{", "[", "Syntax"),
    ] {
        let error: MetadataError = Metadata::parse(&json.replace(from, to)).unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
}

#[test]
fn resolvers_of_manifests() {
    for (resolver, edition, expected) in [
        (None, None, Resolver::V1),
        (None, Some("2018"), Resolver::V1),
        (None, Some("2021"), Resolver::V2),
        (None, Some("2024"), Resolver::V2),
        (Some("1"), Some("2024"), Resolver::V1),
        (Some("3"), Some("2015"), Resolver::V2),
    ] {
        assert_eq!(Resolver::of_manifest(resolver, edition), expected);
    }
}
