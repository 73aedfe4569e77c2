//! Facts of people from the dump, the API and the lock, together.

use std::fs;

use serde_json::Value;

use crate::support::dump::{dump, tables};
use crate::support::people::{By, Registry, asked, user};
use crate::support::run::{Run, World, found, gap};
use crate::support::server::Server;

/// The command on the lockfile, asking this server as fast as it can.
fn publishers(world: &World, server: &Server, arguments: &[&str]) -> Run {
    let base = server.url("");
    let always = ["publishers", "Cargo.lock", "--registry-api-rate", "1000"];
    let run = world.plain(&always).args(["--registry-api", &base]);
    run.args(arguments)
}

/// A project with two packages; of a dump of a day, in which a workflow has published one of them; and
/// of a registry that knows both.
fn world() -> (World, Server) {
    let world = World::with_lock(&[("parser", "1.0.0"), ("writer", "1.0.0")]);
    let mut tables = tables(&[("parser", "ann"), ("writer", "bob")]);
    let versions = tables
        .iter_mut()
        .find(|(path, _)| path == "data/versions.csv");
    let versions = &mut versions.unwrap().1;
    let text = String::from_utf8(versions.clone()).unwrap();
    *versions = text.replace(",1.0.0,1,f", ",1.0.0,,f").into_bytes();
    world.write("dump.tar.gz", dump("2026-06-10", &tables));
    let path = world.path("dump.tar.gz");
    let update = world.plain(&["publishers", "update", "--registry-dump"]);
    update.arg(path).exits(0);
    let (server, _) = Registry::default()
        .package("parser", &[user(0, "ann"), user(5, "eve")])
        .version("parser", "1.0.0", By::User(0, "ann"))
        .package("writer", &[user(1, "bob")])
        .version("writer", "1.0.0", By::Workflow("o/writer"))
        .serve();
    (world, server)
}

/// The sources that a document names.
fn sources(document: &Value) -> Vec<&'static str> {
    let text = document["packages"].to_string();
    let names = ["api", "dump", "lock"].into_iter();
    names
        .filter(|name| text.contains(&format!("\"source\":\"{name}\"")))
        .collect()
}

#[test]
fn the_api_is_asked_for_what_the_dump_leaves_out() {
    let (world, server) = world();
    let document = publishers(&world, &server, &["--offline"]).json(0);
    gap(&document, "publisher", &["writer 1.0.0"]);
    assert_eq!(sources(&document), ["dump"]);
    let document = publishers(&world, &server, &[]).json(0);
    assert_eq!(asked(&server), ["writer/versions?nums[]=1.0.0"]);
    assert_eq!(sources(&document), ["api", "dump"]);
    // Owners of the dump's day are older than is wanted.
    publishers(&world, &server, &["--cache-max-age", "100000days"]).exits(0);
    assert_eq!(server.requests().len(), 1);
    publishers(&world, &server, &["--cache-max-age", "1h"]).exits(0);
    let owners = ["parser/owners", "writer/owners"];
    assert_eq!(asked(&server)[..2], owners);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_lock_is_held_against_the_dump_and_verified_by_the_api() {
    let (world, server) = world();
    publishers(&world, &server, &["--write-lock"]).exits(0);
    assert_eq!(
        found(&publishers(&world, &server, &["--offline"]).json(0)),
        [""; 0]
    );
    // The dump does not know of the owner who came since.
    let document = publishers(&world, &server, &["--verify"]).json(0);
    assert_eq!(found(&document), ["SUP006"]);
    let file = world.path("project/carapace-publishers.lock");
    let forged = fs::read_to_string(&file).unwrap();
    let forged = forged.replace("publisher = { user = 0", "publisher = { user = 3");
    fs::write(&file, forged).unwrap();
    assert_eq!(
        found(&publishers(&world, &server, &["--offline"]).json(1))[0],
        "SUP005"
    );
}

#[test]
fn without_a_whole_index_the_api_is_asked() {
    let (world, server) = world();
    world.write("cache/people/index", "no index");
    let document = publishers(&world, &server, &[]).json(0);
    gap(&document, "people", &["index"]);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(sources(&document), ["api"]);
}
