//! Cargo's metadata, and the units that are made of it: whatever it says, every index is in its
//! place, and what is left out for keeping was not read.

use carapace_core::cfg::CfgSet;
use carapace_core::graph::Graph;
use carapace_core::graph::metadata::{Metadata, compact};
use carapace_core::graph::units::{
    FeatureFlags, Follow, Platform, Platforms, Request, Resolver, Selected, Units, roles,
};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "\"kind\":null",
    "\"kind\":\"dev\"",
    "\"kind\":\"build\"",
    "\"optional\":true",
    "\"target\":\"cfg(unix)\"",
    "\"target\":\"cfg(windows)\"",
    "\"features\":[\"f\"]",
    "\"rename\":\"b\"",
    "\"uses_default_features\":false",
    "\"dep:b\"",
    "\"b?/f\"",
    "\"b/f\"",
    "\"default\"",
    "\"proc-macro\"",
    "\"custom-build\"",
    "\"f\":[\"g\"]",
    "\"id\":\"a\"",
    "\"pkg\":\"b\"",
    "null",
    "\"root\":\"a\"",
    "\\u0041",
];

const SEED: &str = r#"{"packages":[
{"id":"a","name":"a","version":"1.0.0","source":null,"manifest_path":"/w/Cargo.toml","edition":"2021",
 "features":{"default":["dep:b"],"f":["b?/f"],"g":["b/f"],"b":["dep:b"]},
 "dependencies":[{"name":"b","source":null,"req":"*","kind":null,"optional":true,"features":["g"],"target":"cfg(unix)"},
  {"name":"b","req":"^1","kind":"build","rename":"c","uses_default_features":false},
  {"name":"m","req":"1","kind":"dev"}],
 "targets":[{"name":"a","kind":["lib"],"crate_types":["lib"],"src_path":"/w/src/lib.rs","edition":"2021"},
  {"name":"s","kind":["custom-build"],"crate_types":["bin"],"src_path":"/w/build.rs","edition":"2021"}]},
{"id":"b","name":"b","version":"1.0.0","source":"registry+https://e.org","manifest_path":"/b/Cargo.toml","edition":"2018",
 "features":{"f":["g"],"g":[]},"dependencies":[],
 "targets":[{"name":"b","kind":["lib"],"crate_types":["lib"],"src_path":"/b/lib.rs","edition":"2018"}]},
{"id":"m","name":"m","version":"0.1.0","source":null,"manifest_path":"/m/Cargo.toml","edition":"2018","features":{},
 "dependencies":[{"name":"a","req":"*","optional":false}],
 "targets":[{"name":"m","kind":["proc-macro"],"crate_types":["proc-macro"],"src_path":"/m/lib.rs","edition":"2018"}]}],
"workspace_members":["a","m"],"workspace_default_members":["a"],"workspace_root":"/w","target_directory":"/t",
"resolve":{"root":"a","nodes":[{"id":"a","deps":[{"name":"b","pkg":"b","dep_kinds":[{"kind":null,"target":"cfg(unix)"}]},
 {"name":"c","pkg":"b","dep_kinds":[{"kind":"build","target":null}]},{"name":"m","pkg":"m","dep_kinds":[{"kind":"dev"}]}]},
 {"id":"m","deps":[{"name":"a","pkg":"a","dep_kinds":[{"kind":null,"target":null}]}]}]}}"#;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![SEED.into()]
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Signature::new();
    };
    let metadata = match Metadata::parse(text) {
        Ok(metadata) => metadata,
        Err(error) => {
            signature.message(&error.to_string());
            return signature;
        }
    };
    signature.accepted();
    let again = compact(text).map(|text| Metadata::parse(&text));
    assert_eq!(
        again,
        Ok(Ok(metadata.clone())),
        "what was left out was read"
    );
    let graph = Graph::from_metadata(&metadata, None);
    assert_eq!(graph.packages().len(), metadata.packages.len());
    let host = Platform {
        triple: "h".into(),
        cfg: CfgSet::parse("unix\n"),
    };
    for resolver in [Resolver::V1, Resolver::V2] {
        for (dev, targets) in [(false, Platforms::Only(&[])), (true, Platforms::All)] {
            let request = Request {
                resolver,
                selected: Selected::Workspace {
                    exclude: Vec::new(),
                },
                features: FeatureFlags {
                    all: dev,
                    ..FeatureFlags::default()
                },
                dev,
                host: &host,
                targets,
            };
            let Ok(units) = Units::resolve(&metadata, &request) else {
                continue;
            };
            for unit in units.units() {
                assert!(metadata.get(unit.package).is_some());
                assert!(unit.features.is_sorted());
                let mut edges = unit.dependencies.iter();
                assert!(edges.all(|edge| units.get(edge.to).is_some()));
                signature.count(unit.features.len() + unit.dependencies.len());
            }
            let linked = units.tree(Follow::LINKED);
            assert!(linked.is_subset(&units.tree(Follow::ALL)));
            signature.count(units.problems.len());
            let of_all = roles(&metadata, &request);
            assert!(of_all.is_ok_and(|all| all.iter().all(|roles| roles.iter().count() > 0)));
        }
    }
    signature
}
