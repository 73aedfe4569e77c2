//! Where advisory databases come from, and what runs make of them: the program itself, real
//! repositories, a real server. Nothing here leaves loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use serde_json::Value;
use support::advisories::{
    COMMIT, Files, advisory, advisory_with, archive, database, day, folder, lockfile, names,
    serving,
};
use support::process::{DAY, Home, epoch};
use support::repository;
use support::server::Resp;

/// A home with a lockfile of `parser` and more packages, all of 1.0.0.
fn home_with(packages: &[&str]) -> Home {
    let home = Home::new();
    let packages: Vec<(&str, &str)> = std::iter::once(&"parser")
        .chain(packages)
        .map(|package| (*package, "1.0.0"))
        .collect();
    home.write("Cargo.lock", lockfile(&packages));
    home
}

/// A repository of a database, committed so many days after the built-in snapshot.
fn repository_of(files: &Files, days: i64) -> repository::Fixture {
    let repository = repository::Fixture::new();
    for (path, bytes) in files {
        repository.write(path, bytes);
    }
    repository.git(["add", "--all"]);
    let date = epoch() + days * DAY;
    repository.git_at(date, ["commit", "--quiet", "--message", "advisories"]);
    repository
}

#[test]
fn a_folder_is_taken_in_and_used() {
    let home = home_with(&[]);
    let db = folder(&home, "db", &database(&["other"]));
    let ran = home.update(&["--source", &db]);
    assert_eq!(
        ran.out,
        format!("taken in: 2 advisories of {}, from {db}\n", day(5))
    );

    // What is taken in stays, whatever becomes of the folder.
    std::fs::remove_dir_all(&db).unwrap();
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.code, Some(1));
    let database = audit.database();
    assert_eq!(database["source"], "cache");
    assert_eq!(database["location"], db);
    assert_eq!(database["revision"], Value::Null);
    assert_eq!(database["date"], day(5));
    assert_eq!(database["advisories"], 2);
    let finding = audit.finding();
    assert_eq!(finding["advisory"]["id"], "RUSTSEC-2099-0000");
    assert_eq!(finding["advisory"]["title"], "Title of RUSTSEC-2099-0000");
    assert_eq!(audit.gaps(), [""; 0]);
}

#[test]
fn a_repository_is_taken_in_whichever_way_it_is_named() {
    let files = database(&[]);
    let checkout = repository_of(&files, 7);
    let bare = checkout.folder.path().join("bare.git");
    checkout.git(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let revision = checkout.git(["rev-parse", "HEAD"]);
    let checkout_path = checkout.repository().to_str().unwrap().to_owned();
    for source in [
        checkout_path.clone(),
        format!("file://{checkout_path}"),
        bare.to_str().unwrap().to_owned(),
        format!("file://{}", bare.display()),
    ] {
        let home = home_with(&[]);
        let ran = home.update(&["--source", &source]);
        assert!(
            ran.out
                .contains(&format!("of {}, revision {}", day(7), &revision[..12])),
            "{ran:?}"
        );
        let audit = home.audit(&["-n"]);
        assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"], "{source}");
        assert_eq!(audit.database()["revision"], revision);
        assert_eq!(audit.database()["date"], day(7));
        assert_eq!(
            audit.finding()["advisory"]["title"],
            "Title of RUSTSEC-2099-0000"
        );
        // Nothing that git needed is left.
        assert_eq!(
            names(&home.cache().join("advisories")),
            ["indexes", "lock", "slots"]
        );
    }
}

#[test]
fn an_archive_is_taken_in_with_its_commit() {
    let home = home_with(&[]);
    let server = serving(Resp::ok(archive(&database(&[]), epoch() + 9 * DAY)));
    let url = server.url("/db/main.tar.gz");
    let ran = home.update(&["--source", &url]);
    assert_eq!(
        ran.out,
        format!(
            "taken in: 1 advisories of {}, revision {}, from {url}\n",
            day(9),
            &COMMIT[..12]
        )
    );
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.database()["source"], "cache");
    assert_eq!(audit.database()["location"], url);
    assert_eq!(audit.database()["revision"], COMMIT);
    assert_eq!(audit.database()["date"], day(9));
    assert_eq!(
        audit.finding()["advisory"]["title"],
        "Title of RUSTSEC-2099-0000"
    );
    assert_eq!(server.requests().len(), 1, "-n asks nothing");
}

#[test]
fn without_a_database_the_snapshot_is_used_and_links_stand_in_for_titles() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("base64", "0.5.1")]));
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.code, Some(1));
    assert_eq!(audit.database()["source"], "embedded");
    assert_eq!(audit.database()["date"], day(0));
    let advisory = &audit.json["findings"][0]["advisory"];
    assert_eq!(advisory["id"], "RUSTSEC-2017-0004");
    assert_eq!(advisory["title"], Value::Null);
    let link = "https://rustsec.org/advisories/RUSTSEC-2017-0004";
    assert!(advisory["url"].as_str().unwrap().starts_with(link));
    assert!(!home.cache().exists(), "reading makes no folders");
}

#[test]
fn status_shows_what_is_held_and_what_was_set_aside() {
    let home = home_with(&[]);
    let before = home.run(["db", "status"]);
    assert_eq!(before.code, Some(0));
    assert!(
        before.out.starts_with("built in: ") && before.out.lines().count() == 1,
        "{before:?}"
    );

    let mut files = database(&[]);
    files.push((
        "crates/bad/RUSTSEC-2099-0009.md".to_owned(),
        b"nothing".to_vec(),
    ));
    let db = folder(&home, "db", &files);
    let taken = home.update(&["--source", &db]);
    let status = home.run(["db", "status"]);
    assert_eq!(status.code, Some(0));
    for text in [&taken.out, &status.out] {
        assert!(text.contains("1 advisories of "), "{text}");
        assert!(
            text.contains("  set aside: crates/bad/RUSTSEC-2099-0009.md: does not begin"),
            "{text}"
        );
    }
    assert!(
        status
            .out
            .contains(&format!("\nmain: 1 advisories of {}, from {db}\n", day(5)))
    );
}

#[test]
fn a_database_of_ones_own_judges_beside_the_main_one() {
    let home = home_with(&["inhouse"]);
    let main = folder(&home, "main", &database(&[]));
    // A company's own is as old as it is.
    let text = advisory("COMPANY-1", "inhouse", "1.5.0").replace(&day(5), "2019-01-01");
    let own = ("crates/inhouse/COMPANY-1.md".to_owned(), text.into_bytes());
    let own = folder(&home, "own", &vec![own]);
    home.update(&["--source", &main]);
    home.update(&["--source", &own, "--name", "company"]);

    let audit = home.audit(&["-n", "--stale"]);
    assert_eq!(audit.ids(), ["COMPANY-1", "RUSTSEC-2099-0000"]);
    let locations: Vec<&Value> = audit.json["databases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|database| &database["location"])
        .collect();
    assert_eq!(locations, [&main, &own]);
    let status = home.run(["db", "status"]).out;
    assert!(
        status.find("\nmain: ").unwrap() < status.find("\ncompany: ").unwrap(),
        "{status}"
    );

    assert_eq!(home.run(["db", "remove", "company"]).code, Some(0));
    assert_eq!(home.audit(&["-n"]).ids(), ["RUSTSEC-2099-0000"]);
    home.run(["db", "remove", "company"])
        .refused(&["no database named `company`"]);
    assert_eq!(home.run(["db", "remove"]).code, Some(0));
    assert_eq!(home.audit(&["-n"]).database()["source"], "embedded");
    assert_eq!(names(&home.cache().join("advisories/indexes")), [""; 0]);
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    let home = home_with(&[]);
    let db = folder(&home, "db", &database(&[]));
    for name in ["../x", "", "a/b", "a b", "x.y", &"n".repeat(65)] {
        home.run(["db", "update", "--source", &db, "--name", name])
            .refused(&["is no name"]);
        home.run(["db", "remove", name]).refused(&["is no name"]);
    }
    home.run(["db", "update", "--source", &db, "--name", "url-1"])
        .refused(&["`url-`"]);
    home.run(["db", "update", "--name", "company"])
        .refused(&["company", "--source"]);
    assert!(!home.cache().exists());
}

#[test]
fn an_address_given_to_one_run_judges_no_other() {
    let home = home_with(&["other"]);
    home.update(&["--source", &folder(&home, "main", &database(&[]))]);
    let text = advisory("COMPANY-1", "other", "2.0.0").into_bytes();
    let files = vec![("crates/other/COMPANY-1.md".to_owned(), text)];
    let server = serving(Resp::ok(archive(&files, epoch() + DAY)));
    let url = server.url("/x.tar.gz");
    let audit = home.audit(&["-u", &url]);
    assert_eq!(audit.ids(), ["COMPANY-1"]);
    assert_eq!(audit.database()["location"], url);
    // It is kept for the next run that names it, with or without the network.
    assert_eq!(home.audit(&["-n", "-u", &url]).ids(), ["COMPANY-1"]);
    assert_eq!(home.audit(&["-u", &url]).ids(), ["COMPANY-1"]);
    assert_eq!(server.requests().len(), 1);
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(audit.json["databases"].as_array().unwrap().len(), 1);
}

#[test]
fn an_address_that_cannot_be_had_is_an_error() {
    let home = home_with(&[]);
    let server = serving(Resp::status(404));
    let url = server.url("/x.tar.gz");
    let run = |more: &[&str]| {
        home.run(
            [
                &["audit", "--no-yanked", "-f", "Cargo.lock", "-u", &url],
                more,
            ]
            .concat(),
        )
    };
    run(&["-n"]).refused(&[&url, "offline"]);
    assert_eq!(server.requests().len(), 0);
    run(&[]).refused(&[&url, "does not exist"]);
    // It is not asked again at once, and still no run passes without its advisories.
    run(&[]).refused(&[&url, "a short while ago"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn folders_are_read_as_they_are() {
    let home = home_with(&["second", "third"]);
    let of = |name: &str, package: &str, id: &str| {
        let text = advisory(id, package, "2.0.0").into_bytes();
        folder(
            &home,
            name,
            &vec![(format!("crates/{package}/{id}.md"), text)],
        )
    };
    let first = of("first", "parser", "A-1");
    let second = of("second", "second", "B-1");
    let third = of("third", "third", "C-1");
    home.update(&["--source", &first]);
    let audit = home.audit(&["-n", "-d", &second, "-d", &third]);
    assert_eq!(audit.ids(), ["B-1", "C-1"], "only these");
    assert_eq!(audit.database()["source"], "path");
    assert_eq!(audit.json["databases"][1]["location"], third);
    let audit = home.audit(&["-n", "--add-db", &second]);
    assert_eq!(audit.ids(), ["A-1", "B-1"], "beside what is held");
    let audit = home.audit(&["-n", "-d", &third, "--add-db", &second]);
    assert_eq!(audit.ids(), ["B-1", "C-1"]);

    let missing = home.path("missing");
    let missing = missing.to_str().unwrap();
    for flag in ["-d", "--add-db"] {
        home.run(["audit", "-n", "-f", "Cargo.lock", flag, missing])
            .refused(&[missing]);
        let empty = home.path("empty");
        std::fs::create_dir_all(&empty).unwrap();
        home.run(["audit", "-n", "-f", "Cargo.lock", flag, "empty"])
            .refused(&["empty", "holds no advisories"]);
    }
}

#[test]
fn sources_that_are_none_are_refused_by_name() {
    let home = home_with(&[]);
    std::fs::create_dir(home.path("empty")).unwrap();
    home.write("file", "x");
    for (source, said) in [
        ("missing", "missing"),
        ("empty", "holds no advisories"),
        ("file", "file"),
        ("ext::sh -c 'touch x'", "ext"),
        ("http://e.example/x.git", "e.example"),
        ("file:///does/not/exist", "/does/not/exist"),
        ("--upload-pack=x", "upload-pack"),
    ] {
        home.run(["db", "update", &format!("--source={source}")])
            .refused(&[said]);
        home.run(["db", "status"]);
    }
    assert_eq!(names(&home.cache().join("advisories/slots")), [""; 0]);
}

#[test]
fn malformed_advisories_are_named_each_with_its_fault() {
    let home = home_with(&["bad-toml"]);
    let good = |id: &str| advisory(id, "bad-toml", "2.0.0");
    let faults: [(&str, Vec<u8>, &str); 13] = [
        ("RUSTSEC-2099-0101", b"".to_vec(), "does not begin"),
        ("RUSTSEC-2099-0102", b"\xff\xfe".to_vec(), "not UTF-8"),
        (
            "RUSTSEC-2099-0103",
            good("X-1").replace("# Title", "Title").into(),
            "no `# Title`",
        ),
        (
            "RUSTSEC-2099-0104",
            good("X-1").replace("id = ", "id : ").into(),
            "front matter: ",
        ),
        (
            "RUSTSEC-2099-0105",
            good("X-1").replace("[versions]", "[x]").into(),
            "`versions`",
        ),
        (
            "RUSTSEC-2099-0106",
            good("X-1").replace(&day(5), "2099-13-01").into(),
            "is no date",
        ),
        (
            "RUSTSEC-2099-0107",
            good("../../x").into(),
            "not an advisory id",
        ),
        (
            "RUSTSEC-2099-0108",
            good("X-1").replace(">= 2", "=> 2").into(),
            "not a version req",
        ),
        (
            "RUSTSEC-2099-0109",
            good("X-1").replace(">= 2", "= 3, < 2").into(),
            "no range",
        ),
        (
            "RUSTSEC-2099-0110",
            good("X-1").replace(">= 2.0.0", "< 1, > 2").into(),
            "no version",
        ),
        ("RUSTSEC-2099-0111", vec![b'x'; (1 << 20) + 1], "KiB"),
        (
            "RUSTSEC-2099-0112",
            good("X-1").replace("bad-toml\"\n", "a\\tb\"\n").into(),
            "name",
        ),
        (
            "RUSTSEC-2099-0113",
            good("X-1").replace("bad-toml\"\n", "a\\nb\"\n").into(),
            "name",
        ),
    ];
    let mut files = database(&[]);
    for (id, bytes, _) in &faults {
        files.push((format!("crates/bad-toml/{id}.md"), bytes.clone()));
    }
    files.push((
        "crates/bad-toml/dup.md".into(),
        advisory("RUSTSEC-2099-0000", "parser", "1.0.0").into(),
    ));
    let db = folder(&home, "db", &files);
    home.update(&["--source", &db]);
    let status = home.run(["db", "status"]);
    let audit = home.audit(&["-n"]);
    for (id, _, fault) in &faults {
        let file = format!("crates/bad-toml/{id}.md");
        let line = status.out.lines().find(|line| line.contains(&file));
        let line = line.unwrap_or_else(|| panic!("{id} in {status:?}"));
        assert!(line.contains(fault), "{fault:?} in {line}");
        // They are about a package of the graph, as far as that can be told by the folder.
        match *id {
            "RUSTSEC-2099-0112" | "RUSTSEC-2099-0113" => {}
            _ => audit.has_gap(&[&file, "could not be read"]),
        }
    }
    assert!(
        status
            .out
            .contains("dup.md: `RUSTSEC-2099-0000` is also in crates/parser/")
    );
    // The others decide as ever, whichever way the database is read.
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    let direct = home.audit(&["-n", "-d", &db]);
    assert_eq!(direct.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(direct.gaps().len(), audit.gaps().len());
    // About what is not in the graph, nothing is said.
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let audit = home.audit(&["-n"]);
    assert!(
        audit.gaps().iter().all(|gap| gap.contains("dup.md")),
        "{audit:?}"
    );
}

#[test]
fn what_matches_is_what_the_advisory_says() {
    let home = Home::new();
    let pre = "2.0.0-rc.1";
    home.write(
        "Cargo.lock",
        lockfile(&[
            ("withdrawn", "1.0.0"),
            ("std", "1.0.0"),
            ("cargo", "0.1.0"),
            ("before", pre),
            ("from", pre),
            ("future", "1.0.0"),
        ]),
    );
    let mut files: Files = Vec::new();
    let mut add = |collection: &str, id: &str, package: &str, text: String| {
        files.push((format!("{collection}/{package}/{id}.md"), text.into_bytes()));
    };
    let gone = format!("withdrawn = \"{}\"", day(6));
    add(
        "crates",
        "W-1",
        "withdrawn",
        advisory_with("W-1", "withdrawn", "2.0.0", &gone),
    );
    add("rust", "CVE-1", "std", advisory("CVE-1", "std", "2.0.0"));
    add(
        "rust",
        "CVE-2",
        "cargo",
        advisory("CVE-2", "cargo", "2.0.0"),
    );
    add(
        "crates",
        "P-1",
        "before",
        advisory("P-1", "before", "2.0.0"),
    );
    add(
        "crates",
        "P-2",
        "from",
        advisory("P-2", "from", "2.0.0-rc.1"),
    );
    let new = "informational = \"something-new\"";
    add(
        "crates",
        "N-1",
        "future",
        advisory_with("N-1", "future", "2.0.0", new),
    );
    let db = folder(&home, "db", &files);
    home.update(&["--source", &db]);
    for flags in [&["-n"][..], &["-n", "-d", &db]] {
        let audit = home.audit(flags);
        assert_eq!(audit.ids(), ["N-1", "P-1"], "{flags:?}");
        assert_eq!(audit.database()["advisories"], 6);
        let notice = audit.json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["advisory"]["id"] == "N-1")
            .unwrap();
        assert_eq!(notice["advisory"]["kind"], "notice");
        assert_eq!(notice["level"], "warn");
    }
}
