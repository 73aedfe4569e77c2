//! Which packages are judged, and how the answer looks.

use serde_json::Value;

use crate::support::registry::Supplied;
use crate::support::run::{CRATES_IO, Run, entry, gap, lock};

/// A project with a package for each way to be left out.
fn world() -> Supplied {
    let world = Supplied::new(
        "plain = \"1\"\nswitched = { version = \"1\", optional = true }\n\
         [target.'cfg(windows)'.dependencies]\nelsewhere = \"1\"\n\
         [dev-dependencies]\ntested = \"1\"\n",
        &[
            "plain 1.0.0",
            "switched 1.0.0",
            "elsewhere 1.0.0",
            "tested 1.0.0",
        ],
        &[],
    );
    world.cargo(&["fetch", "--locked"]);
    world
}

fn publishers(world: &Supplied, arguments: &[&str]) -> Run {
    let run = world
        .world
        .plain(&["publishers", "--offline", "--no-signals"]);
    run.args(arguments)
}

/// The packages that are counted.
fn counted(document: &Value) -> Vec<&str> {
    let names = document["people"][0]["unknown"].as_array().unwrap();
    names.iter().filter_map(Value::as_str).collect()
}

#[test]
fn packages_are_those_that_are_built() {
    let world = world();
    let linux = "x86_64-unknown-linux-gnu";
    for (arguments, expected) in [
        (&[][..], &["elsewhere", "plain", "tested"][..]),
        (&["--no-dev"], &["elsewhere", "plain"]),
        (&["--no-dev", "--target", linux], &["plain"]),
        (
            &["--all-features"],
            &["elsewhere", "plain", "switched", "tested"],
        ),
        (
            &["-F", "switched", "--no-dev", "--target", linux],
            &["plain", "switched"],
        ),
        (
            &["Cargo.lock"],
            &["elsewhere", "plain", "switched", "tested"],
        ),
    ] {
        let document = publishers(&world, arguments).json(0);
        assert_eq!(counted(&document), expected, "{arguments:?}");
    }
}

#[test]
fn that_nobody_is_known_is_never_well() {
    let output = publishers(&world(), &[]).exits(0);
    output.shows(&[
        "warning: Cargo.lock (5 packages): who can change 3 crates of crates.io is not known",
    ]);
    assert!(!output.stdout.contains("ok:"));
}

#[test]
fn packages_from_elsewhere_are_a_gap() {
    let world = world();
    let text = lock(&[("plain", "1.0.0")])
        + &entry(
            "ours",
            "1.0.0",
            Some("registry+https://registry.example.com/index"),
        )
        + &entry(
            "forked",
            "1.0.0",
            Some("git+https://example.com/forked#0123"),
        )
        + &entry("theirs", "1.0.0", Some(CRATES_IO));
    world.world.write("project/other.lock", text);
    let document = publishers(&world, &["other.lock"]).json(0);
    for name in ["ours", "forked"] {
        assert!(
            !gap(&document, "people", &[name, "not from crates.io"]),
            "{document:#}"
        );
    }
    assert_eq!(counted(&document), ["plain", "theirs"]);
}

#[test]
fn formats_of_other_commands_are_refused() {
    let world = world();
    for (format, of) in [
        ("cargo-audit", "audit"),
        ("cyclonedx", "audit"),
        ("cargo-geiger", "unsafe"),
    ] {
        let output = publishers(&world, &["--format", format]).exits(2);
        output.says(&[&format!("`cargo carapace {of}`")]);
    }
    for format in ["cargo-supply-chain", "cargo-vet"] {
        let run = world.world.plain(&["unsafe", "--format", format]);
        run.exits(2).says(&["`cargo carapace publishers`"]);
    }
}

#[test]
fn what_is_not_from_the_registry_is_named_as_cargo_supply_chain_names_it() {
    let output = publishers(&world(), &["--format", "cargo-supply-chain"]).exits(0);
    let document = output.json();
    assert_eq!(document["not_audited"]["local_crates"][0], "app");
    assert!(document["crates_io_crates"].as_object().unwrap().is_empty());
}
