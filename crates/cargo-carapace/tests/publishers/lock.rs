//! The lock of facts: written, read, held against the registry.

use std::fs;

use crate::support::people::{By, Registry, asked, team, user};
use crate::support::registry::Supplied;
use crate::support::run::{CRATES_IO, Run, World, entry, found, gap, gaps, lock};
use crate::support::server::{Resp, Server};
use serde_json::Value;

const LOCK: &str = "project/carapace-publishers.lock";

/// The command on the lockfile, asking this server as fast as it can.
fn publishers(world: &World, server: &Server, arguments: &[&str]) -> Run {
    let base = server.url("");
    let always = ["publishers", "Cargo.lock", "--registry-api-rate", "1000"];
    let run = world.plain(&always).args(["--registry-api", &base]);
    run.args(arguments)
}

/// The same on another machine: nothing is kept.
fn elsewhere(world: &World, server: &Server, arguments: &[&str]) -> Run {
    let _ = fs::remove_dir_all(world.path("cache"));
    publishers(world, server, arguments)
}

fn small() -> Registry {
    Registry::default()
        .package("parser", &[user(7, "ann"), team(9, "github:o:t")])
        .version("parser", "1.0.0", By::User(7, "ann"))
        .package("writer", &[user(8, "bob")])
        .version("writer", "2.0.0", By::Workflow("o/writer"))
}

/// A project that has a lock of these facts.
fn locked() -> (World, Server, std::sync::Arc<std::sync::Mutex<Registry>>) {
    let world = World::with_lock(&[("parser", "1.0.0"), ("writer", "2.0.0")]);
    let (server, registry) = small().serve();
    publishers(&world, &server, &["--write-lock"]).exits(0);
    (world, server, registry)
}

fn text(world: &World) -> String {
    fs::read_to_string(world.path(LOCK)).unwrap()
}

/// The level of the finding with a code.
fn level(document: &Value, code: &str) -> String {
    let findings = document["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["code"] == code);
    let finding = finding.unwrap_or_else(|| panic!("no {code} in {findings:#?}"));
    finding["level"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_with_a_lock_asks_nobody() {
    let (world, server, _) = locked();
    let before = server.requests().len();
    let document = elsewhere(&world, &server, &[]).json(0);
    assert_eq!(server.requests().len(), before);
    assert_eq!(found(&document), [""; 0]);
    let about: Vec<String> = gaps(&document);
    assert!(
        !about
            .iter()
            .any(|gap| gap.contains("publisher") || gap.contains("people")),
        "{about:?}"
    );
    let people = serde_json::to_string(&document["packages"]).unwrap();
    assert!(
        people.contains("\"lock\"") && people.contains("\"verified\":false"),
        "{people}"
    );
    // The same facts are the same file.
    let whole = text(&world);
    publishers(&world, &server, &["--write-lock"]).exits(0);
    assert_eq!(text(&world), whole);
    publishers(&world, &server, &["--write-lock", "--offline"]).exits(0);
    assert_eq!(text(&world), whole);
    // A project's word is taken no notice of where that is wanted.
    elsewhere(&world, &server, &["--no-project-config"]).exits(0);
    assert_eq!(server.requests().len(), before + 4);
}

#[test]
fn what_is_verified_is_asked_again() {
    let (world, server, _) = locked();
    let document = elsewhere(&world, &server, &["--verify"]).json(0);
    let people = serde_json::to_string(&document["packages"]).unwrap();
    assert!(!people.contains("\"verified\":false"), "{people}");
    // Owners again each time; who published is known for ever.
    let before = server.requests().len();
    publishers(&world, &server, &["--verify"]).exits(0);
    assert_eq!(server.requests().len(), before + 2);
    for refused in [["--verify", "--offline"], ["--verify", "--frozen"]] {
        let document = elsewhere(&world, &server, &refused).json(3);
        assert!(gap(&document, "verify", &["parser, writer"]));
        assert_eq!(document["verdict"], "incomplete");
        assert!(
            !gaps(&document)
                .iter()
                .any(|gap| gap.starts_with("publisher"))
        );
    }
    let storm = Server::start(|_| Resp::status(500));
    let document = elsewhere(&world, &storm, &["--verify"]).json(3);
    assert!(gap(&document, "verify", &["could not be verified"]));
    // What the registry no longer knows is not confirmed by it.
    let (server, registry) = Registry::default()
        .package("parser", &[user(7, "ann"), team(9, "github:o:t")])
        .serve();
    let document = elsewhere(&world, &server, &["--verify"]).json(3);
    assert!(gap(&document, "verify", &["parser, writer"]));
    // With an age that the user names, what is kept may be as old.
    *registry.lock().unwrap() = small();
    elsewhere(&world, &server, &["--no-project-config"]).exits(0);
    let before = server.requests().len();
    publishers(&world, &server, &["--verify", "--cache-max-age", "1h"]).exits(0);
    assert_eq!(server.requests().len(), before);
    // A lock that is not there cannot be.
    fs::remove_file(world.path(LOCK)).unwrap();
    publishers(&world, &server, &["--verify"])
        .exits(2)
        .says(&["no lock of facts"]);
    publishers(&world, &server, &["--lock", "no.lock"])
        .exits(2)
        .says(&["no lock of facts"]);
}

#[test]
fn a_forged_entry_is_found() {
    for (from, to) in [
        (
            "publisher = { user = 7, login = \"ann\" }",
            "publisher = { user = 666, login = \"ann\" }",
        ),
        ("repository = \"o/writer\"", "repository = \"x/writer\""),
        ("commit = \"c0ffee\"", "commit = \"badbad\""),
        ("checksum = \"000", "checksum = \"fff"),
    ] {
        let (world, server, _) = locked();
        let forged = text(&world).replacen(from, to, 1);
        assert_ne!(forged, text(&world));
        world.write(LOCK, &forged);
        // Who asks nobody cannot know.
        elsewhere(&world, &server, &[]).exits(0);
        let document = elsewhere(&world, &server, &["--verify"]).json(1);
        assert_eq!(found(&document), ["SUP005"]);
        // What this machine has been told is held against it offline, too.
        publishers(&world, &server, &["--offline"]).exits(1);
        let run = publishers(&world, &server, &["--write-lock"]).exits(1);
        run.says(&["was not written"]);
        assert_eq!(text(&world), forged);
    }
    // Cargo.lock has another checksum than the lock of facts.
    let (world, server, _) = locked();
    let mut lockfile = lock(&[("writer", "2.0.0")]);
    lockfile += &entry("parser", "1.0.0", Some(CRATES_IO));
    lockfile += &format!("checksum = \"{}\"\n", "ab".repeat(32));
    world.write("project/Cargo.lock", lockfile);
    let document = elsewhere(&world, &server, &["--offline"]).json(1);
    assert_eq!(found(&document), ["SUP005"]);
    assert!(
        document["findings"][0]["evidence"]
            .to_string()
            .contains("in Cargo.lock")
    );
}

#[test]
fn owners_that_come_and_go_are_told() {
    let (world, server, registry) = locked();
    let changed = small().package("writer", &[user(8, "bob"), team(8, "github:x:y")]);
    let changed = changed.package("parser", &[team(9, "github:o:t")]);
    *registry.lock().unwrap() = changed;
    assert_eq!(found(&publishers(&world, &server, &[]).json(0)), [""; 0]);
    let document = publishers(&world, &server, &["--verify"]).json(0);
    assert_eq!(found(&document), ["SUP006", "SUP009"]);
    assert_eq!(level(&document, "SUP006"), "warn");
    assert_eq!(level(&document, "SUP009"), "note");
    let said = document["findings"].to_string();
    assert!(
        said.contains("github:x:y (team 8)") && said.contains("ann (user 7)"),
        "{said}"
    );
    world.write("strict.toml", "[rules]\ndeny = [\"new-owner\"]\n");
    let strict = world.path("strict.toml");
    let run = publishers(&world, &server, &["--offline", "--config"]);
    let document = run.arg(strict).json(1);
    assert_eq!(level(&document, "SUP006"), "deny");
    // An older answer says nothing against a newer lock.
    let old = text(&world);
    let newer = old.replace(
        "owners-as-of = \"2026-06-15\"",
        "owners-as-of = \"2026-06-16\"",
    );
    world.write(LOCK, newer);
    assert_eq!(
        found(&publishers(&world, &server, &["--offline"]).json(0)),
        [""; 0]
    );
    world.write(LOCK, old);
    // Once written, it is known.
    publishers(&world, &server, &["--write-lock"]).exits(0);
    assert_eq!(found(&publishers(&world, &server, &[]).json(0)), [""; 0]);
}

#[test]
fn new_publishers_of_new_versions_are_told() {
    let (world, server, registry) = locked();
    *registry.lock().unwrap() = small()
        .version("parser", "1.1.0", By::User(66, "eve"))
        .version("parser", "1.2.0", By::User(7, "ann"))
        .version("parser", "1.3.0", By::Workflow("o/parser"))
        .version("writer", "2.1.0", By::User(8, "bob"))
        .version("writer", "2.2.0", By::Workflow("x/writer"))
        .version("writer", "2.3.0", By::Workflow("O/writer"))
        .version("writer", "1.0.0", By::User(8, "bob"));
    for (name, version, code, expected) in [
        ("parser", "1.1.0", 0, &["SUP007"][..]),
        ("parser", "1.2.0", 0, &[]),
        ("parser", "1.3.0", 0, &["SUP007"]),
        ("writer", "2.1.0", 1, &["SUP008"]),
        ("writer", "2.2.0", 1, &["SUP008"]),
        ("writer", "2.3.0", 0, &[]),
        // From before the workflow, by an owner.
        ("writer", "1.0.0", 0, &[]),
    ] {
        world.write("project/Cargo.lock", lock(&[(name, version)]));
        let before = server.requests().len();
        let document = elsewhere(&world, &server, &[]).json(code);
        assert_eq!(found(&document), expected, "{name} {version}");
        // What the lock does not have is asked for, and who owns that now.
        let question = format!("{name}/versions?nums[]={version}");
        assert!(asked(&server).contains(&question));
        assert_eq!(server.requests().len(), before + 2);
    }
}

#[test]
fn the_lock_is_of_the_graph() {
    let (world, server, registry) = locked();
    *registry.lock().unwrap() = small().version("parser", "1.1.0", By::User(7, "ann"));
    world.write("project/Cargo.lock", lock(&[("parser", "1.1.0")]));
    publishers(&world, &server, &["--write-lock"]).exits(0);
    let text = text(&world);
    assert!(
        text.contains("1.1.0") && !text.contains("1.0.0") && !text.contains("writer"),
        "{text}"
    );
    // Offline, what is new is a gap, and what is known stays.
    world.write(
        "project/Cargo.lock",
        lock(&[("parser", "1.1.0"), ("fresh", "0.1.0")]),
    );
    let document = elsewhere(&world, &server, &["--offline", "--write-lock"]).json(0);
    gap(&document, "publisher", &["fresh 0.1.0"]);
    assert_eq!(self::text(&world), text);
}

#[test]
fn a_lock_that_is_none_is_an_error() {
    let (world, server, _) = locked();
    for (wrong, says) in [
        ("x = 1", "carapace-publishers.lock"),
        (
            "version = 1\ncommand = \"publishers\"\nunknown = 1\n",
            "unknown field",
        ),
        ("version = 1\ncommand = \"audit\"\n", "cargo carapace audit"),
        ("version = 9\ncommand = \"publishers\"\n", "is 9"),
        ("\u{1b}[2J", "line 1"),
    ] {
        world.write(LOCK, wrong);
        let output = publishers(&world, &server, &[]).exits(2);
        output.says(&[says]);
        assert!(!output.stderr.contains('\u{1b}'));
    }
    world.write(LOCK, vec![b'#'; 17 << 20]);
    publishers(&world, &server, &[])
        .exits(2)
        .says(&["larger than"]);
}

#[cfg(unix)]
#[test]
fn a_lock_that_leads_out_of_the_project_is_not_followed() {
    let (world, server, _) = locked();
    let outside = world.path("outside.lock");
    fs::rename(world.path(LOCK), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.path(LOCK)).unwrap();
    publishers(&world, &server, &[])
        .exits(2)
        .says(&["leads out of"]);
    let named = publishers(&world, &server, &["--lock"]).arg(&outside);
    named.exits(0);
}

#[test]
fn a_project_has_its_lock_beside_its_lockfile() {
    let world = Supplied::new("parser = \"1\"\n", &["parser 1.0.0"], &[]);
    world.cargo(&["fetch", "--locked"]);
    let (server, _) = small().serve();
    let base = server.url("");
    let publishers = |arguments: &[&str]| {
        let run = world
            .world
            .plain(&["publishers", "--no-signals", "--registry-api", &base]);
        run.args(["--registry-api-rate", "1000"]).args(arguments)
    };
    publishers(&["--write-lock"]).exits(0);
    let facts = fs::read_to_string(world.world.path(LOCK)).unwrap();
    assert!(facts.contains("login = \"ann\""), "{facts}");
    let forged = facts.replace("publisher = { user = 7", "publisher = { user = 6");
    world.world.write(LOCK, forged);
    assert_eq!(found(&publishers(&["--frozen"]).json(1)), ["SUP005"]);
    world.world.write(
        "project/carapace.toml",
        "[rules]\nwarn = [{ rule = \"changed-fact\", reason = \"a test\" }]\n",
    );
    publishers(&["--frozen"]).exits(0);
}
