//! People as the registry's dump tells of them: taken in once, and then known without a network.

use serde_json::Value;

use crate::support::dump::{dump, tables};
use crate::support::registry::Supplied;
use crate::support::run::{Run, found, gap};

/// A project that depends on packages of two people, and the dump that tells so.
fn world() -> Supplied {
    let world = Supplied::new(
        "parser = \"1\"\n",
        &["parser 1.0.0: format 1", "format 1.0.0"],
        &[],
    );
    world.cargo(&["fetch", "--locked"]);
    world
}

fn run(world: &Supplied, arguments: &[&str]) -> Run {
    let run = world.world.plain(arguments);
    run.set("SOURCE_DATE_EPOCH", "1772712000")
}

fn take_in(world: &Supplied, day: &str, packages: &[(&str, &str)]) {
    let file = world.world.path("dump.tar.gz");
    world
        .world
        .write("dump.tar.gz", dump(day, &tables(packages)));
    let arguments = ["publishers", "update", "--registry-dump"];
    run(world, &arguments).arg(file).exits(0);
}

fn document(world: &Supplied) -> Value {
    run(world, &["publishers", "--offline"]).json(0)
}

#[test]
fn a_dump_tells_of_people_without_a_network() {
    let world = world();
    take_in(
        &world,
        "2026-03-04",
        &[("parser", "ann"), ("format", "bob")],
    );
    let document = document(&world);
    let accounts = document["people"][0]["accounts"].as_array().unwrap();
    let of = |account: &Value| (account["login"].clone(), account["crates"].clone());
    let accounts: Vec<_> = accounts.iter().map(of).collect();
    assert_eq!(
        accounts,
        [
            ("ann".into(), vec!["parser"].into()),
            ("bob".into(), vec!["format"].into()),
        ]
    );
    let packages = document["packages"].as_array().unwrap();
    let parser = packages.iter().find(|package| package["name"] == "parser");
    let people = &parser.unwrap()["people"];
    assert_eq!(people["owners_from"]["source"], "dump");
    assert_eq!(people["owners_from"]["date"], "2026-03-04");
    assert_eq!(people["publisher"]["login"], "ann");
    let output = run(&world, &["publishers", "--offline"]).exits(0);
    output.shows(&[
        "ann, user ",
        "via parser\n",
        "owners: dump of 2026-03-04",
        "2 people can change 2 of 2 crates of crates.io, 1 is enough for half of them",
    ]);
    let lines = run(&world, &["publishers", "--offline", "-d", "--by", "crate"]).exits(0);
    let names: Vec<&str> = lines.stdout.lines().map(|line| &line[..7]).collect();
    assert_eq!(names, ["format:", "parser:"]);
}

#[test]
fn the_users_environment_names_another_dump() {
    let world = world();
    let file = world.world.path("dump.tar.gz");
    let packages = [("parser", "ann"), ("format", "bob")];
    world
        .world
        .write("dump.tar.gz", dump("2026-03-04", &tables(&packages)));
    let update = run(&world, &["publishers", "update"]);
    update.set("CARAPACE_REGISTRY_DUMP", file).exits(0);
    let known = &document(&world)["people"][0];
    assert_eq!(known["unknown"].as_array().unwrap().len(), 0, "{known:#}");
}

#[test]
fn a_run_takes_the_dump_in_that_is_named() {
    let world = world();
    let packages = [("parser", "ann"), ("format", "bob")];
    world
        .world
        .write("dump.tar.gz", dump("2026-03-04", &tables(&packages)));
    let named = ["publishers", "--offline", "--registry-dump"];
    let judged = |file: &str| run(&world, &named).arg(world.world.path(file));
    let known = &judged("dump.tar.gz").json(0)["people"][0];
    assert_eq!(known["unknown"].as_array().unwrap().len(), 0, "{known:#}");
    judged("none.tar.gz").exits(2).says(&["none.tar.gz"]);
}

#[test]
fn archives_tell_what_runs_at_build_where_a_lockfile_alone_is_judged() {
    let world = Supplied::new("parser = \"1\"\n", &["parser 1.0.0 script"], &[]);
    world.cargo(&["fetch", "--locked"]);
    take_in(&world, "2026-03-04", &[("parser", "ann")]);
    let at_build = |arguments: &[&str]| {
        let document = run(&world, &["publishers", "--offline"])
            .args(arguments)
            .json(0);
        document["people"][0]["accounts"][0]["at_build"].clone()
    };
    assert_eq!(at_build(&[]), 1);
    assert_eq!(at_build(&["Cargo.lock"]), 1);
    assert_eq!(at_build(&["Cargo.lock", "--no-signals"]), 0);
}

#[test]
fn what_a_dump_lacks_is_a_gap() {
    let world = world();
    take_in(&world, "2026-03-04", &[("parser", "ann")]);
    assert!(!gap(
        &document(&world),
        "people",
        &["format@1.0.0", "not known"]
    ));
}

#[test]
fn an_old_dump_and_one_of_tomorrow_are_told() {
    let world = world();
    let packages = [("parser", "ann"), ("format", "bob")];
    for (day, said) in [
        ("2025-03-04", "366 days old"),
        ("2026-04-01", "yet to come"),
    ] {
        take_in(&world, day, &packages);
        assert!(!gap(&document(&world), "people", &[day, said]));
    }
}

#[test]
fn impostors_are_looked_for_of_what_the_dump_says_is_downloaded() {
    let world = Supplied::unlocked("zyxwvutsrq = \"1\"\n");
    let young = "zyxwvutsrq 1.0.0 at=2026-03-01T00:00:00Z";
    world.registry.publish(&[young]);
    world.lock();
    world.cargo(&["fetch", "--locked"]);
    let is_found = || {
        let run = run(&world, &["publishers", "--offline"]);
        let found = found(&run.json(0));
        found.iter().any(|finding| finding.contains("SUP021"))
    };
    // What the registry says is kept, and answers without a network.
    world.advisory(1, "another", "\">= 1\"");
    world.audit(&[]).run();
    take_in(&world, "2026-03-04", &[("another", "ann")]);
    assert!(!is_found());
    take_in(&world, "2026-03-05", &[("zyxwvutsrqp", "ann")]);
    assert!(is_found());
}
