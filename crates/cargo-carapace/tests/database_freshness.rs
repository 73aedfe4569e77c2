//! When runs ask for newer advisories, and that older ones never take their place. Nothing here
//! leaves loopback: every run that may ask has a database from the test's own server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::advisories::{
    Archive, Files, advisory, archive, database, day, folder, lockfile, names, serving,
};
use support::process::{DAY, Home, epoch};
use support::repository;
use support::server::{Req, Resp, Server};

/// A server whose answer the test changes.
struct Changing {
    server: Server,
    answer: Arc<Mutex<Resp>>,
}

impl Changing {
    fn new(answer: Resp) -> Self {
        let answer = Arc::new(Mutex::new(answer));
        let given = Arc::clone(&answer);
        let server = Server::start(move |_: &Req| given.lock().unwrap().clone());
        Self { server, answer }
    }

    fn answers(&self, answer: Resp) {
        *self.answer.lock().unwrap() = answer;
    }

    fn url(&self) -> String {
        self.server.url("/main.tar.gz")
    }

    fn asked(&self) -> usize {
        self.server.requests().len()
    }
}

const MODIFIED: &str = "Tue, 01 Sep 2026 00:00:00 GMT";

/// What a server has so many days after the built-in snapshot, with validators.
fn version(files: &Files, days: i64) -> Resp {
    Resp::ok(archive(files, epoch() + days * DAY))
        .with("etag", format!("\"day-{days}\""))
        .with("last-modified", MODIFIED)
}

/// A home that holds what a server had on the first day; asked just now.
fn held() -> (Home, Changing) {
    let home = Home::new();
    home.write(
        "Cargo.lock",
        lockfile(&[("parser", "1.0.0"), ("second", "1.0.0")]),
    );
    let server = Changing::new(version(&database(&[]), 1));
    home.update(&["--source", &server.url()]);
    (home, server)
}

#[test]
fn within_a_day_nothing_is_asked() {
    let (home, server) = held();
    let audit = home.audit(&[]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(audit.gaps(), [""; 0]);
    assert_eq!(server.asked(), 1);
}

#[test]
fn after_a_day_the_server_is_asked_for_what_is_newer_only() {
    let (home, server) = held();
    let slot = std::fs::read(home.slot("main")).unwrap();
    home.age("main");
    server.answers(Resp::status(304));
    let audit = home.audit(&[]);
    assert_eq!(audit.database()["date"], day(1));
    assert_eq!(audit.gaps(), [""; 0]);
    let requests = server.server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("if-none-match"), Some("\"day-1\""));
    assert_eq!(requests[1].header("if-modified-since"), Some(MODIFIED));
    // That it is confirmed is kept, with what to ask with.
    home.audit(&[]);
    assert_eq!(server.asked(), 2);
    let before: Value = serde_json::from_slice(&slot).unwrap();
    home.edit_slot("main", "checked", before["checked"].clone());
    let after: Value = serde_json::from_slice(&std::fs::read(home.slot("main")).unwrap()).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_newer_one_takes_the_place_of_what_is_held() {
    let (home, server) = held();
    home.age("main");
    server.answers(version(&database(&["second"]), 2));
    let audit = home.audit(&[]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000", "RUSTSEC-2099-0001"]);
    assert_eq!(audit.database()["date"], day(2));
    assert_eq!(names(&home.cache().join("advisories/indexes")).len(), 1);
    home.audit(&[]);
    assert_eq!(server.asked(), 2);
}

#[test]
fn a_failure_is_a_gap_and_what_is_held_is_used() {
    let (home, server) = held();
    home.age("main");
    server.answers(Resp::status(500));
    let audit = home.audit(&[]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(audit.code, Some(1));
    audit.has_gap(&["no newer advisories could be fetched", "127.0.0.1", "500"]);
    assert_eq!(server.asked(), 2);
    // Not asked again within the hour …
    home.audit(&[]);
    assert_eq!(server.asked(), 2);
    // … but after it, and whenever the user says so.
    let failed = home.cache().join("advisories/main.failed");
    std::fs::write(&failed, "1000000000").unwrap();
    home.audit(&[]);
    assert_eq!(server.asked(), 3);
    server.answers(version(&database(&["second"]), 2));
    home.update(&[]);
    assert_eq!(server.asked(), 4);
    assert!(!failed.exists());
    assert_eq!(home.audit(&[]).database()["date"], day(2));
}

#[test]
fn flags_keep_runs_from_asking() {
    let (home, server) = held();
    home.age("main");
    for flag in ["-n", "--no-fetch", "--offline", "--frozen"] {
        assert_eq!(home.audit(&[flag]).ids(), ["RUSTSEC-2099-0000"], "{flag}");
    }
    home.run(["db", "update", "--offline"])
        .refused(&["offline"]);
    assert_eq!(server.asked(), 1);
    std::fs::write(
        home.cargo_home().join("audit.toml"),
        "[database]\nfetch = false\n",
    )
    .unwrap();
    home.audit(&[]);
    assert_eq!(server.asked(), 1);
}

#[test]
fn every_named_database_is_kept_fresh() {
    let (home, main) = held();
    let own = Changing::new(version(&database(&[]), 1));
    home.update(&["--source", &own.url(), "--name", "own"]);
    home.age("own");
    let text = advisory("OWN-1", "second", "2.0.0").into_bytes();
    own.answers(version(
        &vec![("crates/second/OWN-1.md".to_owned(), text)],
        2,
    ));
    assert_eq!(home.audit(&[]).ids(), ["OWN-1", "RUSTSEC-2099-0000"]);
    assert_eq!((main.asked(), own.asked()), (1, 2));
}

#[test]
fn a_time_in_the_future_counts_for_nothing() {
    let (home, server) = held();
    home.edit_slot("main", "checked", 99_999_999_999_i64);
    server.answers(Resp::status(304));
    home.audit(&[]);
    assert_eq!(server.asked(), 2);
}

#[test]
fn another_source_is_not_asked_with_the_validators_of_the_first() {
    let (home, _first) = held();
    let second = Changing::new(version(&database(&["second"]), 1));
    home.update(&["--source", &second.url()]);
    let request = &second.server.requests()[0];
    assert_eq!(request.header("if-none-match"), None);
    assert_eq!(request.header("if-modified-since"), None);
    // A server that says so all the same has given nothing.
    let third = Changing::new(Resp::status(304));
    home.run(["db", "update", "--source", &third.url()])
        .refused(&["127.0.0.1"]);
    assert_eq!(home.audit(&["-n"]).database()["location"], second.url());
}

#[test]
fn an_older_archive_is_refused_until_it_is_allowed() {
    let (home, server) = held();
    server.answers(version(&database(&["second"]), 0));
    home.run(["db", "update"])
        .refused(&[&server.url(), &day(0), &day(1), "--allow-older"]);
    home.age("main");
    let audit = home.audit(&[]);
    audit.has_gap(&["older than what is held"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    // Nothing of it was kept, not even what it is to be asked with.
    let requests = server.server.requests();
    assert!(
        requests
            .iter()
            .skip(1)
            .all(|r| r.header("if-none-match") == Some("\"day-1\""))
    );

    home.update(&["--allow-older"]);
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000", "RUSTSEC-2099-0001"]);
    assert_eq!(audit.database()["date"], day(0));
}

#[test]
fn what_is_older_than_the_snapshot_is_refused_until_it_is_allowed() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let files = database(&[]);
    let server = serving(Resp::ok(archive(&files, epoch() - DAY)));
    let url = server.url("/old.tar.gz");
    let repository = repository::Fixture::new();
    for (path, bytes) in &files {
        repository.write(path, bytes);
    }
    repository.git(["add", "--all"]);
    repository.git_at(epoch() - DAY, ["commit", "--quiet", "--message", "old"]);
    let git = format!("file://{}", repository.repository().display());
    let old: Files = vec![(
        "crates/parser/A-1.md".to_owned(),
        advisory("A-1", "parser", "2.0.0")
            .replace(&day(5), "2019-01-01")
            .into_bytes(),
    )];
    let old_folder = folder(&home, "old", &old);
    // An archive that names no commit is held against the newest advisory as well.
    let unnamed = serving(Resp::ok(
        Archive::without_commit()
            .files(&old, epoch() + 9 * DAY)
            .finish(),
    ));
    let unnamed_url = unnamed.url("/x.tar.gz");
    for source in [&url, &git, &old_folder, &unnamed_url] {
        home.run(["db", "update", "--source", source])
            .refused(&["older than what is held"]);
        assert_eq!(home.audit(&["-n"]).database()["source"], "embedded");
        home.update(&["--source", source, "--allow-older"]);
        let audit = home.audit(&["-n", "--stale"]);
        assert_eq!(audit.database()["source"], "cache", "{source}");
        assert_eq!(audit.ids().len(), 1);
        assert_eq!(home.run(["db", "remove"]).code, Some(0));
    }
}

#[test]
fn equally_old_is_fine() {
    let (home, server) = held();
    server.answers(version(&database(&["second"]), 1));
    home.update(&[]);
    assert_eq!(home.audit(&["-n"]).ids().len(), 2);
    let home = Home::new();
    let server = serving(Resp::ok(archive(&database(&[]), epoch())));
    home.update(&["--source", &server.url("/x.tar.gz")]);
}

#[test]
fn a_folder_is_compared_by_its_newest_advisory() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let at = |name: &str, days: i64| {
        let text = advisory("A-1", "parser", "2.0.0").replace(&day(5), &day(days));
        folder(
            &home,
            name,
            &vec![("crates/parser/A-1.md".to_owned(), text.into_bytes())],
        )
    };
    let (newer, older) = (at("newer", 6), at("older", 3));
    home.update(&["--source", &newer]);
    home.run(["db", "update", "--source", &older])
        .refused(&[&older, &day(3), &day(6)]);
    assert_eq!(home.audit(&["-n"]).database()["date"], day(6));
    // An archive's advisories are held against the folder's, whatever its commit says.
    let server = serving(Resp::ok(archive(&database(&[]), epoch() + 20 * DAY)));
    home.run(["db", "update", "--source", &server.url("/x.tar.gz")])
        .refused(&["older"]);
}

#[test]
fn a_companys_own_has_an_age_of_its_own() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let server = Changing::new(version(&database(&[]), -900));
    home.update(&["--name", "own", "--source", &server.url()]);
    server.answers(version(&database(&[]), -901));
    home.run(["db", "update", "--name", "own"])
        .refused(&["older than what is held"]);
    assert_eq!(home.audit(&["-n"]).ids(), ["RUSTSEC-2099-0000"]);
}
