//! The registry's index, asked of servers that behave, and ones that don't.
//! Nothing here leaves loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use carapace_core::knowledge::registry::{Answer, Lookup};
use cargo_carapace::host::registry::{IndexAddress, RegistrySettings, ask};
use semver::Version;
use support::door::door;
use support::index::{
    CONFIG, cargo_file, cargo_home, file, files, index, lookup, reason, release, run, settings,
};
use support::server::{Req, Resp, Send, Server};
use tempfile::tempdir;

/// The reason that an answer gives where there is no copy, with the number of
/// requests it took. Where cargo has a copy, that is the answer.
fn useless(answer: impl Fn(&Req) -> Resp + std::marker::Send + Sync + 'static) -> (String, usize) {
    let server = Server::start(answer);
    let cache = tempdir().unwrap();
    let mut settings = settings(&server, cache.path());
    let started = Instant::now();
    let without = lookup(&settings, "serde", "1.0.0");
    let asked = server.requests().len();
    let home = cargo_home(&[("serde", cargo_file("serde", &["1.0.0!"]))]);
    settings.cargo_home = Some(home.path().to_owned());
    let with = lookup(&settings, "serde", "1.0.0");
    assert_eq!(with, Lookup::Kept(release(true)));
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "took {:?}",
        started.elapsed()
    );
    assert!(files(cache.path()).is_empty(), "it was kept");
    (reason(&without).to_owned(), asked)
}

#[test]
fn the_index_tells_what_is_there_yanked_and_absent() {
    let server = index(&[("serde", &["1.0.0", "1.1.0!"]), ("a", &["0.1.0+b"])]);
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    let asked = [
        ("serde", "1.0.0"),
        ("serde", "1.1.0"),
        ("serde", "1.2.0"),
        ("a", "0.1.0+b"),
        ("a", "0.1.0"),
        ("gone", "1.0.0"),
    ];
    let registry = run(&settings, &asked);
    let answers = asked.map(|(name, version)| {
        let lookup = registry.get(name, &version.parse().unwrap());
        lookup.unwrap().clone()
    });
    let fresh = [
        release(false),
        release(true),
        Answer::NoVersion,
        release(false),
        Answer::NoVersion,
        Answer::NoPackage,
    ];
    assert_eq!(answers, fresh.map(Lookup::Fresh));
    // One question for each name.
    let mut paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    paths.retain(|path| path != "/config.json");
    assert_eq!(paths.len(), 3, "{paths:?}");
    assert_eq!(run(&settings, &asked), registry, "the same from copies");
}

#[test]
fn what_is_held_is_asked_for_on_condition() {
    let server = index(&[("serde", &["1.0.0"])]);
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    let first = lookup(&settings, "serde", "1.0.0");
    assert_eq!(lookup(&settings, "serde", "1.0.0"), first);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("if-none-match"), None);
    let etag = requests[1].header("if-none-match");
    // To this validator the server sends no body.
    assert!(etag.unwrap().starts_with("\"/se/rd/serde-"));
}

#[test]
fn a_date_is_a_condition_too() {
    const DATE: &str = "Mon, 23 Nov 2026 06:00:00 GMT";
    let server = Server::start(|request| match request.header("if-modified-since") {
        Some(DATE) => Resp::status(304),
        _ => Resp::ok(file("a", &["1.0.0"])).with("last-modified", DATE),
    });
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    for _ in 0..2 {
        let found = lookup(&settings, "a", "1.0.0");
        assert_eq!(found, Lookup::Fresh(release(false)));
    }
    let requests = server.requests();
    assert_eq!(requests[1].header("if-modified-since"), Some(DATE));
}

#[test]
fn a_new_file_replaces_the_copy_and_a_removed_one_drops_it() {
    let cache = tempdir().unwrap();
    let body = std::sync::Arc::new(Mutex::new(Some(file("a", &["1.0.0"]))));
    let shared = std::sync::Arc::clone(&body);
    let server = Server::start(move |request| match shared.lock().unwrap().clone() {
        _ if request.path == "/config.json" => Resp::ok(CONFIG),
        Some(body) => Resp::ok(body),
        None => Resp::status(451),
    });
    let settings = settings(&server, cache.path());
    assert_eq!(
        lookup(&settings, "a", "1.0.0"),
        Lookup::Fresh(release(false))
    );
    *body.lock().unwrap() = Some(file("a", &["1.0.0!"]));
    assert_eq!(
        lookup(&settings, "a", "1.0.0"),
        Lookup::Fresh(release(true))
    );
    let offline = RegistrySettings {
        offline: true,
        ..settings.clone()
    };
    assert_eq!(lookup(&offline, "a", "1.0.0"), Lookup::Kept(release(true)));
    *body.lock().unwrap() = None;
    let gone = lookup(&settings, "a", "1.0.0");
    assert_eq!(gone, Lookup::Fresh(Answer::NoPackage));
    assert!(files(cache.path()).is_empty());
}

#[test]
fn what_is_no_index_file_is_no_answer() {
    let page = "<!DOCTYPE html><html>Please log in</html>";
    let (reason, asked) = useless(move |_| Resp::ok(page));
    assert!(reason.contains("line 1 is not what"), "{reason}");
    assert!(!reason.contains("serde"), "one reason for all: {reason}");
    assert_eq!(asked, 1);
    let (reason, _) = useless(|_| Resp::ok(file("other", &["1.0.0"])));
    assert!(reason.contains("another package"), "{reason}");
    let (reason, _) = useless(|_| Resp::ok("\n"));
    assert!(reason.contains("empty"), "{reason}");
}

#[test]
fn answers_that_do_not_arrive_whole_are_none() {
    let whole = file("serde", &["1.0.0", "1.1.0"]);
    let half = whole.lines().next().unwrap().to_owned() + "\n";
    let (reason, asked) =
        useless(move |_| Resp::new(200, Send::Cut(whole.len(), half.clone().into())));
    assert!(reason.contains("before the answer was whole"), "{reason}");
    assert_eq!(asked, 2, "once more");
    let (reason, asked) = useless(|_| Resp::new(200, Send::EndlessChunked));
    assert!(reason.contains("larger than"), "{reason}");
    assert_eq!(asked, 1);
    let slow = |_: &Req| Resp::new(200, Send::Drip(vec![b'x'; 100], Duration::from_millis(50)));
    let (reason, asked) = useless(slow);
    assert!(reason.contains("took too long"), "{reason}");
    assert_eq!(asked, 1);
}

#[test]
fn a_server_in_trouble_is_asked_once_more() {
    let (reason, asked) = useless(|_| Resp::status(500));
    assert!(reason.contains("status 500"), "{reason}");
    assert_eq!(asked, 2);
    let (reason, asked) = useless(|_| Resp::status(403));
    assert!(reason.contains("status 403"), "{reason}");
    assert_eq!(asked, 1);
    let (reason, asked) = useless(|_| Resp::status(429).with("retry-after", "600"));
    assert!(reason.contains("wait 600 s"), "{reason}");
    assert_eq!(asked, 1, "too long a wait");
}

#[test]
fn a_short_wait_is_granted() {
    let busy = Mutex::new(BTreeSet::new());
    let server = Server::start(move |request| {
        if busy.lock().unwrap().insert(request.path.clone()) {
            Resp::status(429).with("retry-after", "1")
        } else {
            Resp::ok(file("a", &["1.0.0"]))
        }
    });
    let cache = tempdir().unwrap();
    let started = Instant::now();
    let found = lookup(&settings(&server, cache.path()), "a", "1.0.0");
    assert_eq!(found, Lookup::Fresh(release(false)));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

/// What all of 200 names are answered with, if it is one reason.
fn one_reason_for_many(settings: &RegistrySettings) -> String {
    let names: Vec<String> = (0..200).map(|number| format!("name{number}")).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let registry = run(settings, &packages);
    let version = Version::new(1, 0, 0);
    let reasons: BTreeSet<&str> = names
        .iter()
        .map(|name| reason(registry.get(name, &version).unwrap()))
        .collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.into_iter().next().unwrap().to_owned()
}

#[test]
fn a_network_that_is_not_there_costs_a_few_attempts() {
    let cache = tempdir().unwrap();
    let hangs_up = Server::start(|_| Resp::new(200, Send::Drop));
    let reason = one_reason_for_many(&settings(&hangs_up, cache.path()));
    assert!(reason.contains("can't connect"), "{reason}");
    let attempts = hangs_up.requests().len();
    assert!(attempts <= 12, "{attempts}");

    let busy = Server::start(|_| Resp::status(503));
    let reason = one_reason_for_many(&settings(&busy, cache.path()));
    assert!(reason.contains("busy"), "{reason}");
    assert!(busy.requests().len() <= 12);

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = settings(&busy, cache.path());
    settings.index = IndexAddress::named(&format!("http://127.0.0.1:{port}/")).unwrap();
    let started = Instant::now();
    let reason = one_reason_for_many(&settings);
    assert!(reason.contains("took too long"), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(10));

    // Refused, and at once.
    drop(silent);
    let reason = one_reason_for_many(&settings);
    assert!(reason.contains("can't connect"), "{reason}");
}

#[test]
fn where_no_index_is_nothing_was_removed() {
    let cache = tempdir().unwrap();
    let server = Server::start(|_| Resp::status(404));
    let reason = one_reason_for_many(&settings(&server, cache.path()));
    assert!(reason.contains("no registry index"), "{reason}");
    let requests = server.requests();
    let checks = requests.iter().filter(|r| r.path == "/config.json");
    assert_eq!(checks.count(), 1);
    // A copy stays.
    let (reason, _) = useless(|_| Resp::status(404));
    assert!(reason.contains("no registry index"), "{reason}");
}

#[test]
fn what_would_be_refused_every_time_is_tried_once() {
    let cache = tempdir().unwrap();
    let server = index(&[]);
    let mut settings = settings(&server, cache.path());
    settings.index = IndexAddress::named("http://registry.example/").unwrap();
    let reason = one_reason_for_many(&settings);
    assert!(reason.contains("plain http"), "{reason}");
}

#[test]
fn all_questions_end_in_time() {
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(100));
        let name = request.path.rsplit('/').next().unwrap_or_default();
        Resp::ok(file(name, &["1.0.0"]))
    });
    let cache = tempdir().unwrap();
    let mut settings = settings(&server, cache.path());
    settings.limits.whole = Duration::from_millis(950);
    settings.connections = 1;
    let names: Vec<String> = (10..40).map(|number| format!("n{number}")).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let started = Instant::now();
    let registry = run(&settings, &packages);
    assert!(started.elapsed() < Duration::from_millis(2500));
    let version = Version::new(1, 0, 0);
    let first = registry.get("n10", &version).unwrap();
    assert_eq!(*first, Lookup::Fresh(release(false)));
    let last = reason(registry.get("n39", &version).unwrap());
    assert!(last.contains("0.95 s for all"), "{last}");
}

#[test]
fn few_connections_carry_many_questions() {
    let server = Server::start(|request| {
        let name = request.path.rsplit('/').next().unwrap_or_default();
        match name {
            "config.json" => Resp::ok(CONFIG),
            name if name.ends_with('7') => Resp::status(404),
            name => Resp::ok(file(name, &["1.0.0"])).with("etag", "\"1\""),
        }
    });
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    let names: Vec<String> = (0..200).map(|number| format!("name{number}")).collect();
    let version = Version::new(1, 0, 0);
    let packages: Vec<(&str, &Version)> = names.iter().map(|n| (n.as_str(), &version)).collect();
    let told = Mutex::new(Vec::new());
    let progress = |done, of| told.lock().unwrap().push((done, of));
    let registry = ask(&packages, &settings, Some(&door()), &progress);
    for name in &names {
        let answer = match name.ends_with('7') {
            true => Answer::NoPackage,
            false => release(false),
        };
        assert_eq!(registry.get(name, &version), Some(&Lookup::Fresh(answer)));
    }
    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    assert!(told.into_iter().eq((1..=200).map(|done| (done, 200))));
    let requests = server.requests();
    assert!((200..=201).contains(&requests.len()), "{}", requests.len());
    let connections = requests.iter().map(|request| request.connection + 1).max();
    assert!(connections <= Some(4), "{connections:?}");
    // Again, in another order, with what was kept.
    let reversed: Vec<(&str, &Version)> = packages.into_iter().rev().collect();
    assert_eq!(
        ask(&reversed, &settings, Some(&door()), &progress_none),
        registry
    );
}

fn progress_none(_: usize, _: usize) {}

#[test]
fn names_that_are_none_are_never_asked_or_kept() {
    let server = Server::start(|_| Resp::ok(file("x", &["1.0.0"])));
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    let long = "a".repeat(65);
    for name in [
        "../../x",
        "",
        "a/b",
        "a b",
        "é",
        "a\r\nhost: x",
        "%2e%2e",
        ".",
        &long,
    ] {
        let found = lookup(&settings, name, "1.0.0");
        assert!(reason(&found).contains("not a package name"), "{found:?}");
    }
    assert!(server.requests().is_empty());
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
}
