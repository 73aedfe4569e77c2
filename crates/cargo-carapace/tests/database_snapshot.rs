//! The snapshot that is built in, and the command that makes one: facts, and no sentence of anybody.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use carapace_core::knowledge::advisory::index::{Index, piece};
use cargo_carapace::advisories::SNAPSHOT;
use support::advisories::{advisory_with, archive, database, folder, lockfile, serving};
use support::process::{DAY, Home, epoch};
use support::server::Resp;

#[test]
fn a_snapshot_holds_facts_only() {
    let home = Home::new();
    let more = "categories = [\"memory-corruption\"]\naliases = [\"CVE-2099-1\"]\n\
                related = [\"RELATED-1\"]\nurl = \"https://announcement.example/1\"\n\
                license = \"CC-BY-4.0\"\ncvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\n\
                [affected]\nfunctions = { \"parser::run\" = [\"< 2.0.0\"] }";
    let text = advisory_with("A-1", "parser", "2.0.0", more);
    let db = folder(
        &home,
        "db",
        &vec![("crates/parser/A-1.md".to_owned(), text.into_bytes())],
    );
    let ran = home.run(["db", "snapshot", "--source", &db, "-o", "one.idx"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let bytes = std::fs::read(home.path("one.idx")).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    for word in [
        "Title of",
        "Text of",
        "keyword-of",
        "reference.example",
        "announcement.example",
        "RELATED",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    for fact in [
        "A-1",
        "parser",
        "CVE-2099-1",
        "memory-corruption",
        "CVSS:3.1",
        "parser::run",
    ] {
        assert!(text.contains(fact), "{fact}");
    }
    // The folder that it was made in is nobody's business.
    assert!(!text.contains(&db) && text.contains("https://github.com/rustsec/advisory-db"));
    assert!(!home.cache().exists(), "nothing is kept of it");
}

#[test]
fn the_same_advisories_give_the_same_bytes() {
    let home = Home::new();
    let files = database(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let mut turned = files.clone();
    turned.reverse();
    let (one, two) = (folder(&home, "one", &files), folder(&home, "two", &turned));
    let made = |source: &str, name: &str| {
        let ran = home.run(["db", "snapshot", "--source", source, "-o", name]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        std::fs::read(home.path(name)).unwrap()
    };
    let first = made(&one, "1.idx");
    assert_eq!(first, made(&one, "2.idx"));
    assert_eq!(first, made(&two, "3.idx"));
    let servers = [&files, &turned].map(|files| serving(Resp::ok(archive(files, epoch() + DAY))));
    let [third, fourth] = servers
        .each_ref()
        .map(|server| made(&server.url("/x.tar.gz"), "4.idx"));
    assert_eq!(third, fourth);
}

#[test]
fn a_snapshot_that_cannot_be_made_or_written_is_told() {
    let home = Home::new();
    home.run(["db", "snapshot", "--source", "missing", "-o", "x.idx"])
        .refused(&["missing"]);
    let db = folder(&home, "db", &database(&[]));
    home.run(["db", "snapshot", "--source", &db, "-o", "no/such/x.idx"])
        .refused(&["no/such"]);
    assert!(!home.path("x.idx").exists());
}

#[test]
fn the_snapshot_that_is_built_in_is_whole() {
    let index = Index::read(SNAPSHOT).unwrap();
    let advisories = index.all(&mut |place| piece(SNAPSHOT, place)).unwrap();
    assert!(advisories.len() > 1000);
    assert_eq!(advisories.len(), index.info.advisories);
    assert_eq!(index.info.set_aside, []);
    for advisory in &advisories {
        let id = &advisory.id;
        assert_eq!(
            (&advisory.title, &advisory.description),
            (&None, &None),
            "{id}"
        );
        assert!(
            advisory.keywords.is_empty() && advisory.references.is_empty(),
            "{id}"
        );
        assert!(
            advisory.related.is_empty() && advisory.url.is_none(),
            "{id}"
        );
        assert_eq!(
            advisory.ranges.is_empty(),
            advisory.withdrawn.is_some(),
            "{id}"
        );
        assert!(advisory.date <= index.info.newest.unwrap(), "{id}");
    }
    // Behind the facts there is nothing.
    let texts = SNAPSHOT.rsplit(|byte| *byte == b'\n').next().unwrap();
    assert_eq!(texts, b"");

    let info = index.info;
    let status = Home::new().run(["db", "status"]);
    let (date, revision) = (info.date.unwrap(), info.revision.unwrap());
    assert_eq!(
        status.out,
        format!(
            "built in: {} advisories of {date}, revision {}, from {}\n",
            info.advisories,
            &revision[..12],
            info.source
        )
    );
}

#[test]
fn a_snapshot_of_another_program_version_is_mended_not_believed() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let db = folder(&home, "db", &database(&[]));
    home.update(&["--source", &db]);
    let index = std::fs::read_to_string(home.index("main")).unwrap();
    let (_, rest) = index.split_once('\n').unwrap();
    let other = format!("carapace-advisory-index/1\n{rest}");
    std::fs::write(home.index("main"), other).unwrap();
    let audit = home.audit(&["-n", "--stale"]);
    audit.has_gap(&["main cannot be read", "not an index of this program"]);
    assert_eq!(audit.database()["source"], "embedded");
    home.update(&["--source", &db]);
    assert_eq!(home.audit(&["-n"]).ids(), ["RUSTSEC-2099-0000"]);
}
