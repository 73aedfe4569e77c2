//! What can be judged.

use std::fs;

use serde_json::Value;

use crate::support::index::index;
use crate::support::project::listing;
use crate::support::run::{CRATES_IO, World, entry, found, gap, gaps, lock};

const HIT: [&str; 1] = ["RUSTSEC-2026-0001 parser@1.2.0"];

fn vulnerable() -> World {
    World::with_lock(&[("parser", "1.2.0")])
}

/// The id, path, kind and verdict of each input.
fn inputs(document: &Value) -> Vec<[String; 4]> {
    let inputs = document["inputs"].as_array().unwrap().iter();
    inputs
        .map(|input| {
            ["id", "path", "kind", "verdict"].map(|f| input[f].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn nothing_a_manifest_and_its_folder_are_the_project() {
    let world = vulnerable();
    let other = world.path("home");
    let manifest = world.path("project/Cargo.toml");
    for run in [
        world.audit(&[]),
        world.audit(&["."]),
        world.audit(&["Cargo.toml"]),
        world.audit(&["--manifest-path", "Cargo.toml"]),
        world
            .audit(&["--manifest-path", "../Cargo.toml"])
            .folder(world.path("project/src")),
        world
            .audit(&["--manifest-path"])
            .arg(&manifest)
            .folder(&other),
        world
            .audit(&[])
            .arg(manifest.parent().unwrap())
            .folder(&other),
    ] {
        let document = run.json(1);
        assert_eq!(found(&document), HIT);
        assert_eq!(document["inputs"][0]["kind"], "manifest");
        assert_eq!(document["inputs"][0]["packages"], 2);
    }
    let output = world.audit(&["--manifest-path", "Cargo.lock"]).exits(2);
    output.says(&["Cargo.lock", "must be a path to a Cargo.toml"]);
    let output = world.audit(&[]).folder(other).exits(2);
    output.says(&["no Cargo.toml in"]);
}

#[test]
fn several_lockfiles_have_a_verdict_each() {
    let world = vulnerable();
    world.write("project/b/Cargo.lock", lock(&[("parser", "1.3.0")]));
    world.write("project/c.lock", lock(&[("parser", "1.2.0")]));
    let document = world
        .audit(&["b/Cargo.lock", "Cargo.lock", "-f", "c.lock"])
        .json(1);
    let expected = [
        ["b/Cargo.lock", "b/Cargo.lock", "lockfile", "pass"],
        ["Cargo.lock", "Cargo.lock", "lockfile", "fail"],
        ["c.lock", "c.lock", "lockfile", "fail"],
    ];
    assert_eq!(inputs(&document), expected);
    let of: Vec<&Value> = document["findings"].as_array().unwrap().iter().collect();
    assert_eq!(
        of.iter().map(|f| &f["input"]).collect::<Vec<_>>(),
        ["Cargo.lock", "c.lock"]
    );
    // Each package once, with the inputs that it is in.
    let packages = document["packages"].as_array().unwrap();
    let parser = packages.iter().find(|p| p["version"] == "1.2.0").unwrap();
    assert_eq!(
        parser["inputs"],
        serde_json::json!(["Cargo.lock", "c.lock"])
    );
    // The same one twice has two ids.
    let document = world.audit(&["Cargo.lock", "Cargo.lock"]).json(1);
    let [first, second] = &inputs(&document)[..] else {
        panic!()
    };
    assert_eq!((&*first[0], &*second[0]), ("Cargo.lock", "Cargo.lock (2)"));
    // A peer's format has a document a line.
    let output = world
        .audit(&["Cargo.lock", "b/Cargo.lock", "--json"])
        .exits(1);
    let found: Vec<bool> = output
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["vulnerabilities"]["found"] == true
        })
        .collect();
    assert_eq!(found, [true, false]);
}

#[test]
fn standard_input() {
    let world = vulnerable();
    for arguments in [&["-"][..], &["-f", "-"]] {
        let run = world.audit(arguments).folder(world.path("home"));
        let document = run.stdin(lock(&[("parser", "1.2.0")])).json(1);
        assert_eq!(found(&document), HIT);
        assert_eq!(inputs(&document), [["-", "-", "lockfile", "fail"]]);
    }
    let output = world.audit(&["-", "-f", "-"]).exits(2);
    output.says(&["name `-` once"]);
    let output = world.audit(&["-"]).exits(2);
    output.says(&["-: ", "not a lockfile, or an empty one"]);
}

#[test]
fn a_folder_is_searched_for_lockfiles() {
    let world = vulnerable();
    for path in [
        "a",
        "a/b",
        "target/x",
        "a/target/x",
        "vendor/x",
        "a/third",
        ".git/x",
    ] {
        world.write(
            &format!("project/{path}/Cargo.lock"),
            lock(&[("parser", "1.3.0")]),
        );
    }
    world.write("project/target/CACHEDIR.TAG", "");
    world.write("project/a/target/CACHEDIR.TAG", "");
    world.write("project/a/third/.cargo-checksum.json", "{}");
    let paths = |arguments: &[&str], code| -> Vec<String> {
        let document = world.audit(arguments).json(code);
        inputs(&document)
            .into_iter()
            .map(|[_, path, ..]| path)
            .collect()
    };
    let own = ["Cargo.lock", "a/Cargo.lock", "a/b/Cargo.lock"];
    assert_eq!(paths(&["--recursive"], 1), own);
    assert_eq!(paths(&["-r", "a"], 0), &own[1..]);
    let with_target = paths(&["-r", ".", "--include-target"], 1);
    assert_eq!(with_target.len(), 5);
    assert!(with_target.contains(&"a/target/x/Cargo.lock".to_owned()));
    let with_vendored = paths(&["-r", "--include-vendored"], 1);
    assert_eq!(with_vendored.len(), 5);
    assert!(with_vendored.contains(&"a/third/Cargo.lock".to_owned()));
    world.audit(&["--include-target"]).exits(2);
    fs::create_dir(world.path("project/empty")).unwrap();
    world
        .audit(&["-r", "empty"])
        .exits(2)
        .says(&["empty", "no lockfile"]);
}

#[test]
fn all_versions_of_lockfiles() {
    let world = vulnerable();
    let app = |dependency: &str| {
        format!(
            "\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"{dependency}\",\n]\n"
        )
    };
    let parser = entry("parser", "1.2.0", Some(CRATES_IO));
    let long = format!("parser 1.2.0 ({CRATES_IO})");
    for (version, text) in [
        (
            1,
            format!(
                "[root]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"{long}\",\n]\n{parser}"
            ),
        ),
        (
            1,
            format!(
                "{}{parser}\n[metadata]\n\"checksum {long}\" = \"00ff\"\n",
                app(&long)
            ),
        ),
        (2, format!("{}{parser}checksum = \"00ff\"\n", app("parser"))),
        (
            3,
            format!(
                "version = 3\n{}{parser}checksum = \"00ff\"\n",
                app("parser")
            ),
        ),
        (
            4,
            format!(
                "version = 4\n{}{parser}checksum = \"00ff\"\n",
                app("parser")
            ),
        ),
    ] {
        let document = world.audit(&["-"]).stdin(&text).json(1);
        assert_eq!(found(&document), HIT, "{version}");
        let path = &document["findings"][0]["paths"];
        let id = format!("{CRATES_IO}#parser@1.2.0");
        assert_eq!(path, &serde_json::json!([["app@0.1.0", id]]), "{version}");
        if text.contains("00ff") {
            let packages = document["packages"].as_array().unwrap();
            let parser = packages.iter().find(|p| p["name"] == "parser").unwrap();
            assert_eq!(parser["checksum"], "00ff", "{version}");
        }
    }
}

#[test]
fn packages_of_one_name_are_told_apart_by_version_and_source() {
    let world = vulnerable();
    let git =
        "git+https://example.org/parser?branch=fork%2Fone#0123456789012345678901234567890123456789";
    let mut text = "version = 4\n".to_owned();
    for (name, dependency) in [
        ("a", "parser 1.3.0".to_owned()),
        ("b", format!("parser 1.2.0 ({CRATES_IO})")),
        (
            "c",
            "parser 1.2.0 (git+https://example.org/parser?branch=fork%2Fone)".to_owned(),
        ),
    ] {
        text += &entry(name, "0.1.0", None);
        text += &format!("dependencies = [\n \"{dependency}\",\n]\n");
    }
    text += &entry("parser", "1.2.0", Some(git));
    text += &entry("parser", "1.2.0", Some(CRATES_IO));
    text += &entry("parser", "1.3.0", Some(CRATES_IO));
    let document = world.audit(&["-"]).stdin(text).json(1);
    assert_eq!(found(&document), [HIT[0], HIT[0]]);
    let findings = &document["findings"];
    assert_eq!(findings[0]["code"], "ADV001");
    assert_eq!(findings[0]["paths"][0][0], "b@0.1.0");
    assert_eq!(findings[1]["code"], "ADV006");
    assert_eq!(findings[1]["paths"][0][0], "c@0.1.0");
    assert_eq!(findings[1]["paths"].as_array().unwrap().len(), 1);
    assert!(!gaps(&document).concat().contains("graph:"), "{document:#}");
}

#[test]
fn patches_and_replacements() {
    let world = vulnerable();
    let mut text = lock(&[("other", "1.0.0")]);
    // What `[replace]` takes the place of.
    text += &entry("parser", "1.2.0", Some(CRATES_IO));
    text += "replace = \"parser 1.2.0 (git+https://example.org/parser)\"\n";
    text += &entry(
        "parser",
        "1.2.0",
        Some("git+https://example.org/parser#0123"),
    );
    // A patch that is used has its own source; one that is not is not built.
    text += "\n[[patch.unused]]\nname = \"parser\"\nversion = \"1.1.0\"\n";
    let document = world.audit(&["-"]).stdin(text).json(1);
    assert_eq!(found(&document), [HIT[0], HIT[0]]);
    assert_eq!(document["inputs"][0]["packages"], 4);
    assert!(!document.to_string().contains("1.1.0"));
}

#[test]
fn packages_from_elsewhere_are_compared_by_name_and_never_asked_about() {
    let server = index(&[("other", &["1.0.0"])]);
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let mut text = lock(&[("other", "1.0.0")]);
    for source in [
        None,
        Some("git+https://example.org/parser#0123"),
        Some("registry+https://example.org/index"),
        Some("sparse+https://example.org/index/"),
    ] {
        text += &entry("parser", "1.2.0", source);
        text += &entry("secret", "1.0.0", source);
    }
    let run = world.online(&["-", "--registry-index", &server.url("/")]);
    let document = run.stdin(text).json(0);
    assert_eq!(document["verdict"], "pass");
    assert_eq!(found(&document), vec![HIT[0]; 4]);
    for finding in document["findings"].as_array().unwrap() {
        assert_eq!(finding["code"], "ADV006");
        assert_eq!(finding["level"], "note");
        assert_eq!(finding["confidence"], "low");
    }
    let counted = [
        "9 packages are not from crates.io",
        "2 from git",
        "4 from other registries",
    ];
    assert!(!gap(&document, "advisories", &counted));
    assert!(gap_of_folders(&document).contains("3 in folders"));
    let asked: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(asked, ["/ot/he/other"]);
}

fn gap_of_folders(document: &Value) -> String {
    gaps(document).join("\n")
}

#[test]
fn a_project_without_a_lockfile_is_resolved_in_a_copy() {
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let manifest = |name: &str, version: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}")
    };
    let dependency = "[dependencies]\nparser = { path = \"parser\" }\n";
    world.write("project/Cargo.toml", manifest("app", "0.1.0", dependency));
    world.write("project/parser/Cargo.toml", manifest("parser", "1.2.0", ""));
    for folder in ["project/src", "project/parser/src"] {
        world.write(&format!("{folder}/lib.rs"), "");
    }
    let before = listing(&world.path("project"));
    let document = world.online(&["--offline"]).json(0);
    assert_eq!(found(&document), HIT);
    assert_eq!(document["findings"][0]["code"], "ADV006");
    assert!(!gap(&document, "lockfile", &["temporary copy"]));
    let human = world.online(&["--offline"]).exits(0);
    human.shows(&["temporary copy"]);
    for no_lockfile in ["--locked", "--frozen"] {
        let output = world.online(&[no_lockfile]).exits(2);
        output.says(&["Cargo.lock", "--locked"]);
    }
    // Where no folder of ours can be written, the system's one for such things will do.
    world.write("file", "");
    let run = world
        .online(&["--offline"])
        .set("CARAPACE_CACHE_DIR", world.path("file"));
    assert_eq!(found(&run.json(0)), HIT);
    assert_eq!(listing(&world.path("project")), before);
}

#[test]
fn a_project_without_a_lockfile_needs_no_sources() {
    let server = index(&[("parser", &["1.2.0"])]);
    let world = World::new();
    world.write(
        "project/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nparser = \"1\"\n",
    );
    world.write("project/src/lib.rs", "");
    world.write(
        "cargo/config.toml",
        format!(
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nregistry = \"sparse+{}\"\n\
             [net]\nretry = 0\n",
            server.url("/")
        ),
    );
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    // The index has the version; the archive is nowhere.
    let run = world.online(&["--no-yanked"]).unset("CARGO_HTTP_PROXY");
    let document = run.json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    let gaps = gaps(&document);
    for what in ["lockfile", "roles"] {
        assert!(gaps.iter().any(|gap| gap.contains(what)), "{gaps:?}");
    }
}
