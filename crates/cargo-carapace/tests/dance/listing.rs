//! What is listed: of which packages, for which compiler, in which formats.

use serde_json::{Value, json};

use super::project::{GOES, NEWER, STAYS, findings, manifest, of, project};
use crate::support::run::{Run, World};

fn listed(world: &World, arguments: &[&str]) -> Run {
    world.plain(&["dance", "--offline"]).args(arguments)
}

#[test]
fn what_could_go_and_what_stays() {
    let world = project(&[GOES, "\n", STAYS].concat());
    let document = listed(&world, &[]).json(0);
    assert_eq!(document["command"], "dance");
    assert_eq!(document["verdict"], "pass");
    let found = findings(&document);
    assert_eq!(found.len(), 1, "{document:#}");
    let finding = found[0];
    assert_eq!(finding["level"], "note");
    assert_eq!(finding["confidence"], "high");
    assert_eq!(finding["item"], "first");
    assert!(finding.get("pattern").is_none());
    assert_eq!(finding["location"]["file"], "src/lib.rs");
    assert_eq!(finding["location"]["line"], 2);
    assert!(
        finding["evidence"][0]
            .as_str()
            .unwrap()
            .contains("get_unchecked")
    );
    assert!(finding["help"][0].as_str().unwrap().contains("bytes[0]"));
    assert_eq!(finding["fix"]["applicability"], "safe");
    assert_eq!(finding["fix"]["edits"][0]["file"], "src/lib.rs");
    let app = of(&document, "app");
    let counts = ["sites", "replaceable", "automatic", "unread"].map(|key| app[key].clone());
    assert_eq!(counts, [json!(3), json!(1), json!(1), json!(0)], "{app:#}");
    let kept = &app["kept"][0];
    assert!(
        kept["does"].as_str().unwrap().contains("foreign"),
        "{app:#}"
    );
    assert_eq!(kept["names"], json!(["getpid"]));
    assert_eq!(app.get("score"), None);
}

#[test]
fn for_people() {
    let world = project(&[GOES, "\n", STAYS].concat());
    let output = listed(&world, &[]).exits(0);
    output.shows(&[
        "note[",
        "--> src/lib.rs:2:",
        "*bytes.get_unchecked(0)",
        "help: use `bytes[0]`",
        "fix: automatic",
        "app 0.1.0, for Rust 1.",
        "3 unsafe sites: 1 could go (1 automatically, 0 after a look, 0 by hand), 2 stay",
        "calls foreign functions (getpid); missing: a crate that wraps",
    ]);
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with("warning: 1 warning, 1 note in "), "{last}");
    assert!(last.contains("3 unsafe sites: 1 could go"), "{last}");
    // The same bytes, run after run; and nothing where nothing is wanted.
    assert_eq!(listed(&world, &[]).exits(0), output);
    let sound = GOES.replace("unsafe {", "assert!(!bytes.is_empty());\n    unsafe {");
    let world = project(&sound);
    listed(&world, &[])
        .exits(0)
        .shows(&["note[", "ok: 1 note in "]);
    assert_eq!(listed(&world, &["-q"]).exits(0).stdout, "");
}

#[test]
fn other_formats() {
    let world = project(GOES);
    let sarif: Value = {
        let output = listed(&world, &["--format", "sarif"]).exits(0);
        serde_json::from_str(&output.stdout).unwrap()
    };
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "DAN001");
    let result = result.unwrap();
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "src/lib.rs");
    listed(&world, &["--format", "github"])
        .exits(0)
        .shows(&["::notice file=src/lib.rs,line=2,"]);
    listed(&world, &["--format", "markdown"])
        .exits(0)
        .shows(&["### Findings", "### Unsafe code of `app 0.1.0`"]);
    for format in ["cargo-geiger", "cargo-audit", "cyclonedx"] {
        let run = listed(&world, &["--format", format]);
        run.exits(2).says(&["it is of `cargo carapace"]);
    }
}

#[test]
fn a_folder_alone() {
    let world = project("");
    world.write(
        "unpacked/Cargo.toml",
        manifest("lone", "[dependencies]\nnowhere = \"1\"\n"),
    );
    world.write("unpacked/src/lib.rs", GOES);
    let document = world.plain(&["dance", "--no-deps", "../unpacked"]).json(0);
    assert_eq!(document["inputs"][0]["kind"], "package");
    let found = findings(&document);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["location"]["file"], "../unpacked/src/lib.rs");
    // Without a manifest the usual places count.
    std::fs::remove_file(world.path("unpacked/Cargo.toml")).unwrap();
    let document = world.plain(&["dance", "--no-deps", "../unpacked"]).json(0);
    assert_eq!(findings(&document).len(), 1);
    let run = world.plain(&["dance", "--no-deps", "../nowhere"]);
    run.exits(2).says(&["../nowhere"]);
}

/// The manifest of a package of the first edition for a Rust.
fn old(rust: &str) -> String {
    format!("[package]\nname = \"other\"\nversion = \"0.1.0\"\nrust-version = \"{rust}\"\n")
}

/// A member, and what it depends on beside the workspace.
fn with_dependency() -> World {
    let world = project(STAYS);
    let dependency = "[dependencies]\nother = { path = \"../other\" }\n";
    world.write("project/Cargo.toml", manifest("app", dependency));
    world.write("other/Cargo.toml", old("1.19"));
    world.write("other/src/lib.rs", NEWER);
    world
}

#[test]
fn dependencies_are_judged_where_they_are_asked_for() {
    let world = with_dependency();
    let document = listed(&world, &[]).json(0);
    assert_eq!(findings(&document).len(), 0);
    assert_eq!(*of(&document, "other"), Value::Null);
    // Nothing of it is for the Rust that it says it builds with.
    let document = listed(&world, &["--deps"]).json(0);
    assert_eq!(findings(&document).len(), 0);
    let other = of(&document, "other");
    assert_eq!(
        (&other["rust"], &other["stays"]),
        (&json!("1.19"), &json!(1))
    );
    listed(&world, &["--deps"])
        .exits(0)
        .shows(&["with a newer Rust, from 1.20 on"]);
    world.write("other/Cargo.toml", old("1.20"));
    for arguments in [vec!["--deps"], vec!["-p", "other"], vec!["-p", "other@0.1"]] {
        let document = listed(&world, &arguments).json(0);
        let found = findings(&document);
        assert_eq!(found.len(), 1, "{arguments:?} {document:#}");
        assert!(
            found[0]["location"]["file"]
                .as_str()
                .unwrap()
                .ends_with("other/src/lib.rs")
        );
    }
    let document = listed(&world, &["-p", "other"]).json(0);
    assert_eq!(*of(&document, "app"), Value::Null);
    listed(&world, &["-p", "nobody"])
        .exits(2)
        .says(&["no package of it is named `nobody`"]);
}

#[test]
fn states_are_told() {
    let inside = GOES.replace("pub fn first", "#[cfg(windows)]\npub fn first");
    let world = project(&inside);
    let linux = ["--target", "x86_64-unknown-linux-gnu"];
    let document = listed(&world, &linux).json(0);
    let found = findings(&document);
    assert_eq!(found.len(), 1);
    let evidence = found[0]["evidence"].to_string();
    assert!(evidence.contains("state: inactive"), "{evidence}");
}

#[test]
fn policy_decides_what_fails() {
    let world = project(GOES);
    let code = {
        let document = listed(&world, &[]).json(0);
        findings(&document)[0]["code"].as_str().unwrap().to_owned()
    };
    let name = {
        let document = listed(&world, &[]).json(0);
        findings(&document)[0]["name"].as_str().unwrap().to_owned()
    };
    world.write(
        "project/carapace.toml",
        format!("[rules]\ndeny = [\"{name}\"]\n"),
    );
    let document = listed(&world, &[]).json(1);
    assert_eq!(findings(&document)[0]["level"], "deny");
    let document = listed(&world, &["--no-project-config"]).json(0);
    assert_eq!(findings(&document)[0]["code"], code.as_str());
}
