//! What of a project is built decides how much a finding counts.

use std::process::Command;

use serde_json::Value;

use crate::support::run::{CRATES_IO, Output, World, advisory, found};

/// A project with these dependencies, each `(name, table)`, of version 1.2.0, which lie in its folder as
/// `cargo vendor` leaves them, and a database with a vulnerability of `parser`.
pub(crate) fn project(dependencies: &str, packages: &[(&str, &str)]) -> World {
    let world = World::new();
    world.write(
        "project/Cargo.toml",
        format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{dependencies}"
        ),
    );
    world.write("project/src/lib.rs", "");
    world.write(
        "project/.cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n",
    );
    let checksum = "0".repeat(64);
    let mut lock = "version = 4\n".to_owned();
    let mut all = vec![("app", "")];
    all.extend(packages);
    all.sort_unstable();
    for (name, manifest) in all {
        if name == "app" {
            let names = packages.iter().map(|(name, _)| format!(" \"{name}\",\n"));
            let mut names: Vec<String> = names.collect();
            names.sort();
            lock += &format!(
                "\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n{}]\n",
                names.concat()
            );
            continue;
        }
        lock += &format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.2.0\"\nsource = \"{CRATES_IO}\"\n\
             checksum = \"{checksum}\"\n"
        );
        let folder = format!("project/vendor/{name}");
        world.write(
            &format!("{folder}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nversion = \"1.2.0\"\n{manifest}"),
        );
        world.write(&format!("{folder}/src/lib.rs"), "");
        world.write(
            &format!("{folder}/.cargo-checksum.json"),
            format!("{{\"files\":{{}},\"package\":\"{checksum}\"}}"),
        );
    }
    world.write("project/Cargo.lock", lock);
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    world
}

const PARSER: &[(&str, &str)] = &[("parser", "")];

/// The roles of `parser`, and the level of what is found in it.
fn judged(output: &Output) -> (Vec<String>, String) {
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let packages = report["packages"].as_array().unwrap();
    let parser = packages.iter().find(|package| package["name"] == "parser");
    let roles = parser.unwrap()["roles"].as_array().unwrap();
    let roles = roles.iter().map(|role| role.as_str().unwrap().to_owned());
    let level = report["findings"][0]["level"].as_str().unwrap_or("none");
    let gaps = report["gaps"].as_array().unwrap();
    assert!(gaps.iter().all(|gap| gap["what"] != "roles"), "{gaps:?}");
    (roles.collect(), level.to_owned())
}

#[track_caller]
fn assert_judged(world: &World, flags: &[&str], code: i32, roles: &[&str], level: &str) {
    let run = world.audit(&["--format", "json"]).args(flags);
    let (found, found_level) = judged(&run.exits(code));
    assert_eq!(
        (found.as_slice(), found_level.as_str()),
        (
            &*roles.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>(),
            level
        )
    );
}

#[test]
fn what_is_shipped_fails() {
    let world = project("[dependencies]\nparser = \"1\"\n", PARSER);
    assert_judged(&world, &[], 1, &["runtime"], "deny");
    let world = project("[build-dependencies]\nparser = \"1\"\n", PARSER);
    world.write("project/build.rs", "fn main() {}");
    assert_judged(&world, &[], 1, &["build"], "deny");
    let proc_macro = &[("parser", "[lib]\nproc-macro = true\n")];
    let world = project("[dependencies]\nparser = \"1\"\n", proc_macro);
    assert_judged(&world, &[], 1, &["proc-macro"], "deny");
}

#[test]
fn what_only_tests_need_is_shown_and_does_not_fail() {
    let world = project("[dev-dependencies]\nparser = \"1\"\n", PARSER);
    assert_judged(&world, &[], 0, &["dev"], "warn");
    let said = world.audit(&[]).exits(0).stdout;
    assert!(said.starts_with("warning[ADV001]: parser 1.2.0"), "{said}");
    assert!(
        said.contains(" = roles: dev: not in what is shipped\n"),
        "{said}"
    );
    let shown = "roles: dev: not in what is shipped";
    world
        .audit(&["--format", "github"])
        .exits(0)
        .shows(&[shown]);
    let shown = "Roles: dev: not in what is shipped";
    world.audit(&["--format", "sarif"]).exits(0).shows(&[shown]);
    // The lockfile alone does not tell.
    let run = world.audit(&["-f", "Cargo.lock"]).exits(1);
    assert!(
        run.stdout.contains("roles: judged from the lockfile alone"),
        "{run:?}"
    );
}

#[test]
fn what_only_tests_need_can_be_left_out() {
    let world = project("[dev-dependencies]\nparser = \"1\"\n", PARSER);
    assert_judged(&world, &["--no-dev"], 0, &["dev"], "none");
    let run = world.audit(&["--no-dev", "--format", "json"]).exits(0);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["ignored"][0]["code"], "RUSTSEC-2026-0001");
}

#[test]
fn malice_fails_in_tests_too() {
    let world = project("[dev-dependencies]\nparser = \"1\"\n", PARSER);
    world.advisory(
        "RUSTSEC-2026-0001",
        "parser",
        "categories = [\"malicious\"]\n",
    );
    assert_judged(&world, &[], 1, &["dev"], "deny");
    assert_judged(&world, &["--no-dev"], 1, &["dev"], "deny");
}

#[test]
fn what_is_denied_by_name_is_denied_in_tests_too() {
    let world = project("[dev-dependencies]\nparser = \"1\"\n", PARSER);
    world.advisory(
        "RUSTSEC-2026-0001",
        "parser",
        "informational = \"unmaintained\"\n",
    );
    assert_judged(&world, &[], 0, &["dev"], "note");
    assert_judged(&world, &["-D", "unmaintained"], 1, &["dev"], "deny");
}

#[test]
fn platforms_count_unless_some_are_named() {
    let world = project(
        "[target.'cfg(target_os = \"wasi\")'.dependencies]\nparser = \"1\"\n",
        PARSER,
    );
    assert_judged(&world, &[], 1, &["other-target"], "deny");
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    assert_judged(
        &world,
        &["--target", host.unwrap()],
        0,
        &["disabled"],
        "warn",
    );
    assert_judged(
        &world,
        &["--target", "wasm32-wasip1"],
        1,
        &["runtime"],
        "deny",
    );
}

#[test]
fn features_count_unless_some_are_named() {
    let world = project(
        "[dependencies]\nparser = { version = \"1\", optional = true }\n",
        PARSER,
    );
    assert_judged(&world, &[], 1, &["runtime"], "deny");
    assert_judged(&world, &["--no-default-features"], 0, &["disabled"], "warn");
    assert_judged(&world, &["--features", "parser"], 1, &["runtime"], "deny");
}

#[test]
fn a_policy_names_what_is_shipped() {
    let dependencies = "[dependencies]\nparser = { version = \"1\", optional = true }\n";
    let world = project(dependencies, PARSER);
    world.write(
        "project/carapace.toml",
        "[audit]\nno-default-features = true\n",
    );
    assert_judged(&world, &[], 0, &["disabled"], "warn");
    assert_judged(&world, &["--all-features"], 1, &["runtime"], "deny");
    let not_shipped = "[audit]\nno-default-features = true\nnot-shipped = \"deny\"\n";
    world.write("project/carapace.toml", not_shipped);
    assert_judged(&world, &[], 1, &["disabled"], "deny");
    world.write(
        "project/carapace.toml",
        not_shipped.replace("deny", "allow"),
    );
    assert_judged(&world, &[], 0, &["disabled"], "none");
}

#[test]
fn the_toolchain_is_judged_too() {
    let world = project("", &[]);
    world.write(
        "db/rust/std/CVE-2026-7.md",
        advisory("CVE-2026-7", "std", ""),
    );
    world.write(
        "db/rust/cargo/CVE-2026-8.md",
        advisory("CVE-2026-8", "cargo", "").replace(">= 1.3.0", ">= 1.60.0"),
    );
    // What is installed is newer than both.
    let document = world.audit(&[]).json(0);
    assert!(found(&document).is_empty(), "{document:#}");
    let pin = "[toolchain]\nchannel = \"1.59\"\n";
    world.write("project/rust-toolchain.toml", pin);
    let document = world.audit(&[]).json(1);
    let finding = &document["findings"][0];
    assert_eq!(finding["code"], "ADV007");
    assert_eq!(finding["advisory"]["id"], "CVE-2026-8");
    assert_eq!(finding["location"]["file"], "rust-toolchain.toml");
    assert_eq!(finding["location"]["line"], 2);
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    world.audit(&["--ignore", "CVE-2026-8"]).exits(0);
    // That tool's document is about packages.
    let output = world.audit(&["--json"]).exits(1);
    assert_eq!(output.json()["vulnerabilities"]["count"], 0);
    output.says(&["ADV007: "]);
    // A lockfile alone says nothing of what compiles it.
    world.audit(&["-f", "Cargo.lock"]).exits(0);
}

#[test]
fn a_configuration_leaves_out_what_only_tests_need() {
    let world = project("[dev-dependencies]\nparser = \"1.2\"\n", PARSER);
    for (file, text) in [
        ("deny.toml", "[graph]\nexclude-dev = true\n"),
        ("carapace.toml", "[audit]\nno-dev = true\n"),
    ] {
        world.write(&format!("project/{file}"), text);
        let output = world.audit(&["-v"]).exits(0);
        output.shows(&[
            "parser 1.2.0: only tests need it",
            &format!("{file}:2 hides findings in what only tests need"),
        ]);
        std::fs::remove_file(world.path("project").join(file)).unwrap();
    }
}
