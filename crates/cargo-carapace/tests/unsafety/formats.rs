//! What the answer looks like.

use serde_json::Value;

use super::fixture::{Fixture, named};
use crate::support::schema::faults;

/// A program, what it depends on, and everything that has a state.
fn small() -> Fixture {
    Fixture::new(&format!(
        r#"
//- Cargo.toml
{}
[dependencies]
dep = {{ path = "dep" }}
//- Cargo.lock
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "dep",
]

[[package]]
name = "dep"
version = "0.1.0"
//- src/lib.rs
#![forbid(unsafe_code)]
pub fn safe() {{}}
//- dep/Cargo.toml
{}
//- dep/src/lib.rs
pub fn f() {{
    // SAFETY: it does nothing.
    unsafe {{}}
    unsafe {{}}
}}
#[cfg(any())] unsafe fn off() {{}}
#[cfg(test)] unsafe fn tested() {{}}
macro_rules! m {{ () => {{ unsafe {{}} }} }}
unsafe impl Send for S {{}}
struct S;
"#,
        named("app", ""),
        named("dep", ""),
    ))
}

#[test]
fn json_is_by_the_schema_and_the_same_each_time() {
    let text = include_str!("../../../../schema/carapace-1.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let fixture = small();
    let first = fixture.run(&["--format", "json"]).exits(0);
    assert_eq!(faults(&schema, &first.json()), Vec::<String>::new());
    for _ in 0..3 {
        let again = fixture.run(&["--format", "json"]).exits(0);
        assert_eq!(again.stdout, first.stdout);
    }
    let document = first.json();
    assert_eq!(document["command"], "unsafe");
    assert_eq!(document["verdict"], "pass");
    let [app, dep] = [0, 1].map(|at| &document["packages"][at]["unsafety"]);
    assert_eq!(app["forbids"], true);
    assert_eq!(app["counts"], serde_json::json!({}));
    assert_eq!(dep["forbids"], false);
    assert_eq!(dep["counts"]["block"]["active"], 2);
    assert_eq!(dep["counts"]["block"]["macro"], 1);
    assert_eq!(dep["counts"]["fn"]["inactive"], 1);
    assert_eq!(dep["counts"]["fn"]["test"], 1);
    assert_eq!(dep["counts"]["impl"]["active"], 1);
}

#[test]
fn cargo_geigers_json() {
    let fixture = small();
    for arguments in [["--format", "cargo-geiger"], ["--output-format", "Json"]] {
        let output = fixture.run(&arguments).exits(0);
        assert_eq!(output.stdout.trim_end().lines().count(), 1);
        let report = output.json();
        assert_eq!(report["packages_without_metrics"], serde_json::json!([]));
        assert_eq!(report["used_but_not_scanned_files"], serde_json::json!([]));
        let packages = report["packages"].as_array().unwrap();
        let names: Vec<_> = packages
            .iter()
            .map(|package| package["package"]["id"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["app", "dep"]);
        let on = &packages[0]["package"]["dependencies"];
        assert_eq!(on[0]["name"], "dep");
        let unsafety = &packages[1]["unsafety"];
        assert_eq!(unsafety["used"]["item_impls"]["unsafe_"], 1);
        assert_eq!(unsafety["unused"]["functions"]["unsafe_"], 2);
        assert_eq!(packages[0]["unsafety"]["forbids_unsafe"], true);
    }
    let quick = fixture.run(&["--format", "cargo-geiger", "--forbid-only"]);
    let quick = quick.exits(0).json();
    assert_eq!(quick["packages"][1]["forbids_unsafe"], false);
    assert_eq!(quick["packages"][1]["unsafety"], Value::Null);
}

#[test]
fn for_people() {
    let fixture = small();
    let tree = fixture.run(&["--charset", "utf8"]).exits(0);
    tree.shows(&["🔒", "app 0.1.0", "└── dep 0.1.0", "2/3", "1/1"]);
    let ascii = fixture.run(&["--charset", "ascii"]).exits(0);
    assert!(ascii.stdout.is_ascii(), "{}", ascii.stdout);
    let inverted = fixture.run(&["--invert", "dep", "--prefix-depth"]).exits(0);
    let (dep, app) = (inverted.stdout.find("0 dep"), inverted.stdout.find("1 app"));
    assert!(dep.is_some() && dep < app, "{}", inverted.stdout);
    let table = fixture.run(&["--table"]).exits(0);
    assert!(table.stdout.find("dep 0.1.0") < table.stdout.find("app 0.1.0"));
    let forbid = fixture
        .run(&["--forbid-only", "--charset", "utf8"])
        .exits(0);
    forbid.shows(&["🔒 app", "❓ "]);
    let page = fixture.run(&["--format", "markdown"]).exits(0);
    page.shows(&["| ☢️ |", "`dep 0.1.0`"]);
    assert_eq!(fixture.run(&["-q"]).exits(0).stdout, "");
}

#[test]
fn which_sites_are_listed() {
    let fixture = small();
    let listed = |arguments: &[&str]| {
        let output = fixture.run(arguments).exits(0).stdout;
        let lines = output.lines().filter_map(|line| {
            let (_, place) = line.split_once("--> ")?;
            Some(place.rsplit_once(':')?.0.to_owned())
        });
        lines.collect::<Vec<_>>()
    };
    let all = ["dep/src/lib.rs:3", "dep/src/lib.rs:4", "dep/src/lib.rs:9"];
    assert_eq!(listed(&["--sites"]), all);
    assert_eq!(listed(&["-p", "dep"]), all);
    assert_eq!(listed(&["-p", "dep@0.1.0"]), all);
    assert_eq!(listed(&["--kind", "impl"]), ["dep/src/lib.rs:9"]);
    assert_eq!(
        listed(&["--kind", "fn", "--state", "test,inactive"]),
        ["dep/src/lib.rs:6", "dep/src/lib.rs:7"]
    );
    assert_eq!(listed(&["--state", "macro"]), ["dep/src/lib.rs:8"]);
    fixture.run(&["-p", "other"]).exits(2).says(&["`other`"]);
    fixture
        .run(&["--kind", "other"])
        .exits(2)
        .says(&["global-asm"]);
    fixture
        .run(&["--state", "other"])
        .exits(2)
        .says(&["inactive"]);
    fixture.run(&["--invert"]).exits(2).says(&["--invert NAME"]);
    fixture.run(&["--format", "cargo-audit"]).exits(2);
    fixture.run(&["--output-format", "Ratio"]).exits(2);
}
