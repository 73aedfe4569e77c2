//! People from a registry's API: of servers that behave, and of ones that don't. Nothing here leaves
//! loopback.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::people::{By, Registry, asked, team, user};
use crate::support::run::{Output, Run, World, gap, gaps, lock};
use crate::support::server::{Req, Resp, Send, Server};
use serde_json::json;

const PARSER: (&str, &str) = ("parser", "1.0.0");
const WRITER: (&str, &str) = ("writer", "2.0.0");

/// The command on a lockfile, asking this server as fast as it can.
fn publishers(world: &World, server: &Server) -> Run {
    let base = server.url("");
    world.plain(&[
        "publishers",
        "Cargo.lock",
        "--registry-api",
        &base,
        "--registry-api-rate",
        "1000",
    ])
}

fn small() -> Registry {
    Registry::default()
        .package("parser", &[user(7, "ann"), team(7, "github:o:t")])
        .version("parser", "1.0.0", By::User(7, "ann"))
        .package("writer", &[user(8, "bob")])
        .version("writer", "2.0.0", By::Workflow("o/writer"))
}

/// What the lock says that this run writes.
fn facts(world: &World, run: Run) -> (Output, String) {
    let path = world.path("facts.lock");
    let _ = fs::remove_file(&path);
    let output = run.arg("--write-lock").arg("--lock").arg(&path).exits(0);
    (output, fs::read_to_string(path).unwrap())
}

#[test]
fn each_question_is_asked_once() {
    let world = World::with_lock(&[PARSER, WRITER]);
    let (server, _) = small().serve();
    let expected = [
        "parser/owners",
        "parser/versions?nums[]=1.0.0",
        "writer/owners",
        "writer/versions?nums[]=2.0.0",
    ];
    let (_, first) = facts(&world, publishers(&world, &server));
    assert_eq!(asked(&server), expected);
    for text in [
        "{ user = 7, login = \"ann\" }",
        "{ team = 7, login = \"github:o:t\" }",
        "publisher = { user = 7, login = \"ann\" }",
        "publisher = { provider = \"github\", repository = \"o/writer\", run = \"123\", commit = \"c0ffee\" }",
        "published = \"2026-05-01\"",
    ] {
        assert!(first.contains(text), "{text}: {first}");
    }
    // What is kept answers alone, online and offline, to the letter.
    let (_, second) = facts(&world, publishers(&world, &server));
    assert_eq!(second, first);
    drop(facts(&world, publishers(&world, &server).arg("--offline")));
    assert_eq!(asked(&server), expected);
    let agent = server.requests()[0]
        .header("user-agent")
        .unwrap()
        .to_owned();
    assert!(
        agent.starts_with("cargo-carapace/") && agent.contains("https://"),
        "{agent}"
    );
}

#[test]
fn only_owners_grow_old() {
    let world = World::with_lock(&[PARSER]);
    let (server, registry) = small().serve();
    publishers(&world, &server).exits(0);
    let taken_over = Registry::default().package("parser", &[user(9, "eve")]);
    *registry.lock().unwrap() = taken_over;
    let (_, young) = facts(
        &world,
        publishers(&world, &server).args(["--cache-max-age", "2days"]),
    );
    assert!(
        young.contains("login = \"ann\"") && !young.contains("eve"),
        "{young}"
    );
    let (_, old) = facts(
        &world,
        publishers(&world, &server).args(["--cache-max-age", "0s"]),
    );
    assert!(
        old.contains("owners = [\n    { user = 9, login = \"eve\" },\n]"),
        "{old}"
    );
    assert!(
        old.contains("publisher = { user = 7, login = \"ann\" }"),
        "{old}"
    );
    let expected = [
        "parser/owners",
        "parser/owners",
        "parser/versions?nums[]=1.0.0",
    ];
    assert_eq!(asked(&server), expected);
    // Another version is another question.
    world.write("project/Cargo.lock", lock(&[PARSER, ("parser", "2.0.0")]));
    publishers(&world, &server).exits(0);
    assert_eq!(asked(&server)[3], "parser/versions?nums[]=2.0.0");
    // That it is not there is known for a while, and told each time.
    let document = publishers(&world, &server).json(0);
    gap(&document, "publisher", &["does not know parser 2.0.0"]);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_package_that_is_not_there_is_a_fact() {
    let world = World::with_lock(&[("gone", "1.0.0"), PARSER]);
    let (server, _) = small().serve();
    let document = publishers(&world, &server).json(0);
    assert!(
        !gaps(&document).iter().any(|gap| gap.contains("gone")),
        "{document:#}"
    );
    let many = asked(&server).len();
    assert_eq!(many, 3);
    publishers(&world, &server).exits(0);
    assert_eq!(asked(&server).len(), many);
    // A server that has nothing at all is no registry, and is not told every name.
    let names = ["a", "b", "c", "d", "e"].map(|name| (name, "1.0.0"));
    let world = World::with_lock(&names);
    let nothing = Server::start(|_| Resp::status(404));
    let document = publishers(&world, &nothing).json(0);
    gap(
        &document,
        "people",
        &["not that of a registry's API", "5 of 5"],
    );
    assert_eq!(nothing.requests().len(), 3);
    // Nor is one that knows owners and no versions of a package that is not there.
    let known = small();
    let half = Server::start(move |request| match request.path.contains("/versions") {
        true => Resp::status(404),
        false => known.answer(request),
    });
    let world = World::with_lock(&[PARSER]);
    let document = publishers(&world, &half).json(0);
    gap(
        &document,
        "people",
        &["has the package's owners and not its versions"],
    );
    // One that answers others is.
    let world = World::with_lock(&[("gone", "1.0.0"), PARSER]);
    let known = small();
    let terse = Server::start(move |request| match known.answer(request) {
        Resp { status: 404, .. } => Resp::status(404),
        answer => answer,
    });
    let document = publishers(&world, &terse).json(0);
    assert!(
        !gaps(&document).iter().any(|gap| gap.contains("gone")),
        "{document:#}"
    );
}

#[test]
fn only_packages_of_crates_io_are_asked_for() {
    let world = World::with_lock(&[PARSER]);
    let others = [
        (
            "secret",
            Some("registry+https://registry.example.com/index"),
        ),
        (
            "forked",
            Some("git+https://example.com/forked#0123456789abcdef"),
        ),
        ("local", None),
    ];
    let others = others.map(|(name, source)| crate::support::run::entry(name, "1.0.0", source));
    world.write("project/Cargo.lock", lock(&[PARSER]) + &others.concat());
    let (server, _) = small().serve();
    publishers(&world, &server).exits(0);
    assert!(
        asked(&server)
            .iter()
            .all(|path| path.starts_with("parser/"))
    );
    // Names that are none become no part of an address.
    world.write("project/Cargo.lock", lock(&[("a/../b?c#d", "1.0.0")]));
    let document = publishers(&world, &server).json(0);
    gap(&document, "people", &["not a package name", "a/../b?c#d"]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn who_chose_another_index_is_asked_nobody_unless_they_say_so() {
    let world = World::with_lock(&[PARSER]);
    let mirror = "[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"sparse+https://m.example.com/\"\n";
    world.write("cargo/config.toml", mirror);
    let document = world.plain(&["publishers", "Cargo.lock"]).json(0);
    gap(&document, "people", &["--registry-api URL"]);
    let (server, _) = small().serve();
    let run = world.plain(&["publishers", "Cargo.lock", "--registry-api-rate", "100"]);
    run.set("CARAPACE_REGISTRY_API", server.url("")).exits(0);
    assert_eq!(server.requests().len(), 2);
    let longer = server.url("/api/v1/");
    let run = world.plain(&["publishers", "Cargo.lock", "--registry-api", &longer]);
    run.exits(0);
    assert_eq!(server.requests().len(), 2);
    for (address, code) in [("ftp://x", 2), ("x", 2), ("http://192.0.2.1/", 0)] {
        let run = world.plain(&["publishers", "Cargo.lock", "--registry-api", address]);
        run.arg("--cache-max-age").arg("0s").exits(code);
    }
    for rate in ["0", "-1", "x", "NaN", "1e9"] {
        let rate = format!("--registry-api-rate={rate}");
        world.plain(&["publishers", "Cargo.lock", &rate]).exits(2);
    }
    let fast = world.plain(&[
        "publishers",
        "Cargo.lock",
        "--registry-api",
        "https://crates.io",
    ]);
    fast.args(["--registry-api-rate", "2"])
        .exits(2)
        .says(&["one question a second"]);
}

#[test]
fn the_pace_is_kept_across_runs() {
    let names = ["a", "b", "c", "d"];
    let registry = names.iter().fold(Registry::default(), |registry, name| {
        let registry = registry.package(name, &[user(1, "ann")]);
        registry.version(name, "1.0.0", By::User(1, "ann"))
    });
    let (server, _) = registry.serve();
    let world = World::with_lock(&names.map(|name| (name, "1.0.0")));
    let run = || {
        let run = world.plain(&[
            "publishers",
            "Cargo.lock",
            "--registry-api",
            &server.url(""),
        ]);
        run.args(["--registry-api-rate", "10"])
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| run().exits(0));
        run().exits(0);
        beside.join().unwrap();
    });
    // Eight questions, each asked once by either run.
    let asked = asked(&server);
    let mut once = asked.clone();
    once.dedup();
    assert_eq!((once.len(), asked.len()), (8, 8), "{asked:?}");
    assert!(start.elapsed() >= Duration::from_millis(700));
    let connections = server.requests();
    assert!(connections.iter().any(|request| request.connection > 0));
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    let names = ["a", "b", "c"];
    let world = World::with_lock(&names.map(|name| (name, "1.0.0")));
    let known = names.iter().fold(Registry::default(), |registry, name| {
        registry.package(name, &[user(1, "ann")])
    });
    let count = AtomicUsize::new(0);
    let server = Server::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        // The third question is never answered in the first run.
        2 => Resp::new(
            200,
            Send::Drip(vec![b' '; 1000], Duration::from_millis(200)),
        ),
        _ => known.answer(request),
    });
    let mut child = publishers(&world, &server).command().spawn().unwrap();
    while server.requests().len() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = server.requests().len();
    publishers(&world, &server).exits(0);
    let after = asked(&server);
    assert_eq!(before, 3);
    let expected = [
        "a/owners",
        "a/versions?nums[]=1.0.0",
        "b/owners",
        "b/owners",
    ];
    assert_eq!(after[..4], expected);
    assert_eq!(after.len(), 7);
}

#[test]
fn a_busy_server_is_waited_for_and_a_storm_is_not() {
    let world = World::with_lock(&[PARSER]);
    let (known, count) = (small(), AtomicUsize::new(0));
    let busy = Server::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Resp::status(429).with("retry-after", "1"),
        1 => Resp::status(503).with("retry-after", "0"),
        _ => known.answer(request),
    });
    let start = Instant::now();
    let document = publishers(&world, &busy).json(0);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(
        !gaps(&document).iter().any(|gap| gap.starts_with("people")),
        "{document:#}"
    );
    assert_eq!(busy.requests().len(), 4);

    let world = World::with_lock(&[PARSER, WRITER]);
    let storm = Server::start(|_| Resp::status(429).with("retry-after", "0"));
    let document = publishers(&world, &storm).json(0);
    gap(&document, "people", &["busy", "parser, writer", "2 of 2"]);
    assert_eq!(storm.requests().len(), 5);

    let patient = Server::start(|_| Resp::status(429).with("retry-after", "86400"));
    let start = Instant::now();
    let document = publishers(&world, &patient).json(0);
    gap(&document, "people", &["asks to wait 86400 s"]);
    assert_eq!(patient.requests().len(), 1);
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn answers_that_are_none_are_gaps_of_their_packages() {
    let named = |request: &Req| request.path.contains("/parser/owners");
    let wrong: Vec<(&str, Resp)> = vec![
        ("EOF", Resp::ok("{\"users\":[")),
        (
            "invalid type",
            Resp::ok(json!({"users": [{"id": "7", "login": "x", "kind": "user"}]}).to_string()),
        ),
        (
            "unknown variant",
            Resp::ok("{\"users\":[{\"id\":7,\"login\":\"x\",\"kind\":\"\\u001b[31m\\u202e\"}]}"),
        ),
        ("larger than", Resp::new(200, Send::EndlessChunked)),
        ("larger than", Resp::ok(vec![b' '; 9 << 20])),
        (
            "before the answer was whole",
            Resp::new(200, Send::Cut(1000, b"{".to_vec())),
        ),
        ("status 500", Resp::status(500)),
        (
            "status 302",
            Resp::status(302).with("location", "http://10.0.0.1/"),
        ),
    ];
    for (expected, answer) in wrong {
        let world = World::with_lock(&[WRITER, PARSER]);
        let known = small();
        let server = Server::start(move |request| match named(request) {
            true => answer.clone(),
            false => known.answer(request),
        });
        let (output, facts) = facts(&world, publishers(&world, &server));
        assert!(facts.contains("login = \"bob\""), "{expected}: {facts}");
        assert!(!output.stdout.contains('\u{1b}') && !output.stdout.contains('\u{202e}'));
        let document = publishers(&world, &server).json(0);
        let is_told = gaps(&document)
            .iter()
            .any(|gap| gap.starts_with("people") && gap.contains("of parser (1 of"));
        assert!(is_told, "{expected}: {document:#}");
        if expected != "status 302" {
            gap(&document, "people", &[expected, "of parser"]);
        }
    }
}

#[test]
fn a_slow_answer_is_an_answer() {
    let world = World::with_lock(&[PARSER]);
    let known = small();
    let slow = Server::start(move |request| {
        let mut answer = known.answer(request);
        if let Send::Whole(body) = answer.send {
            answer.send = Send::Drip(body, Duration::from_millis(2));
        }
        answer
    });
    let (_, facts) = facts(&world, publishers(&world, &slow));
    assert!(
        facts.contains("publisher = { user = 7, login = \"ann\" }"),
        "{facts}"
    );
}

#[test]
fn foreign_texts_are_data_and_shown_escaped() {
    let world = World::with_lock(&[PARSER]);
    let login = "ann\u{1b}[2J\n::error::\u{202e}";
    let (server, _) = Registry::default()
        .package("parser", &[user(7, login)])
        .version("parser", "1.0.0", By::User(7, login))
        .serve();
    for format in ["human", "markdown", "github", "json", "sarif"] {
        let output = publishers(&world, &server)
            .args(["--format", format, "-v"])
            .exits(0);
        for text in [&output.stdout, &output.stderr] {
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}'),
                "{text}"
            );
            assert!(
                !text.lines().any(|line| line.starts_with("::error::")),
                "{text}"
            );
        }
    }
    let (_, facts) = facts(&world, publishers(&world, &server));
    assert!(
        facts.contains(r#"login = "ann\U0000001B[2J\U0000000A::error::\U0000202E""#),
        "{facts}"
    );
}

#[test]
fn what_is_kept_and_damaged_is_asked_for_again() {
    let world = World::with_lock(&[PARSER]);
    let (server, _) = small().serve();
    publishers(&world, &server).exits(0);
    let folder = fs::read_dir(world.path("cache/people/api"))
        .unwrap()
        .next()
        .unwrap();
    let file = folder.unwrap().path().join("crate-parser");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    publishers(&world, &server).exits(0);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(fs::read(&file).unwrap().len(), whole.len());
}

#[test]
fn nobody_is_there() {
    let world = World::with_lock(&[PARSER, WRITER]);
    let base = {
        let gone = Server::start(|_| Resp::status(200));
        gone.url("")
    };
    let run = world.plain(&["publishers", "Cargo.lock", "--registry-api-rate", "1000"]);
    let document = run.arg("--registry-api").arg(base).json(0);
    gap(&document, "people", &["can't connect", "parser, writer"]);
}

#[test]
fn a_long_run_is_told_before() {
    let names: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let world = World::with_lock(&names);
    let refuses = Server::start(|_| Resp::status(403));
    let run = world.plain(&[
        "publishers",
        "Cargo.lock",
        "--registry-api",
        &refuses.url(""),
    ]);
    let output = run.exits(0);
    output.says(&["24 questions", "about 24 seconds", "publishers update"]);
    assert_eq!(refuses.requests().len(), 1);
}
