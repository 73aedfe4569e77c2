//! The store of databases, with several processes at work, killed, full, damaged. Nothing here
//! leaves loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use support::advisories::{Files, advisory, archive, database, folder, lockfile, names, serving};
use support::process::{DAY, Home, epoch};
use support::server::Resp;

fn home() -> Home {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    home
}

/// A database whose one advisory about `parser` has this id, with so many others.
fn told_apart(id: &str, others: usize) -> Files {
    let mut files: Files = (0..others)
        .map(|number| {
            let package = format!("other-{number}");
            let text = advisory(&format!("{id}-{number}"), &package, "2.0.0");
            (
                format!("crates/{package}/{id}-{number}.md"),
                text.into_bytes(),
            )
        })
        .collect();
    let text = advisory(id, "parser", "2.0.0").into_bytes();
    files.push((format!("crates/parser/{id}.md"), text));
    files
}

/// A home that holds a database from a folder.
fn held() -> (Home, String) {
    let home = home();
    let db = folder(&home, "db", &database(&[]));
    home.update(&["--source", &db]);
    (home, db)
}

/// The files of the store, leftovers and all.
fn everything(home: &Home) -> Vec<String> {
    let root = home.cache().join("advisories");
    ["", "slots", "indexes"]
        .iter()
        .flat_map(|folder| names(&root.join(folder)))
        .collect()
}

#[test]
fn many_updates_and_many_readers_at_once() {
    let home = home();
    let sources = ["A-1", "B-1"].map(|id| folder(&home, id, &told_apart(id, 150)));
    home.update(&["--source", &sources[0]]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers = sources.each_ref().map(|source| {
            let home = &home;
            scope.spawn(move || {
                for _ in 0..12 {
                    home.update(&["--source", source]);
                }
            })
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let audit = home.audit(&["-n"]);
                    assert_eq!(audit.gaps(), [""; 0]);
                    assert_eq!(audit.database()["source"], "cache");
                    assert_eq!(audit.database()["advisories"], 151);
                    assert!(matches!(audit.ids()[..], ["A-1"] | ["B-1"]), "{audit:?}");
                    let location = audit.database()["location"].as_str().unwrap();
                    assert!(location.ends_with(audit.ids()[0]), "{audit:?}");
                    assert_eq!(home.run(["db", "status"]).code, Some(0));
                }
            });
        }
        // Before anything is asserted of them, so that the readers come to their end.
        let ends = writers.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::SeqCst);
        assert!(ends.iter().all(Result::is_ok));
    });
    assert_eq!(names(&home.cache().join("advisories/indexes")).len(), 1);
}

#[test]
fn a_kill_in_the_middle_of_an_update_loses_nothing() {
    let home = home();
    let sources = ["A-1", "B-1"].map(|id| folder(&home, id, &told_apart(id, 150)));
    home.update(&["--source", &sources[0]]);
    for moment in 0..30_u64 {
        let source = &sources[usize::from(moment % 2 == 0)];
        let mut update = home.command(["db", "update", "--source", source]);
        let mut update = update
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(2 * moment));
        update.kill().unwrap();
        update.wait().unwrap();
        let audit = home.audit(&["-n"]);
        assert_eq!(audit.database()["source"], "cache", "{audit:?}");
        assert!(matches!(audit.ids()[..], ["A-1"] | ["B-1"]), "{audit:?}");
        assert_eq!(audit.gaps(), [""; 0]);
    }
    home.update(&["--source", &sources[0]]);
    assert_eq!(home.audit(&["-n"]).ids(), ["A-1"]);
    assert_eq!(everything(&home).len(), 5, "{:?}", everything(&home));
}

#[test]
fn what_a_killed_update_left_behind_is_swept() {
    let (home, _) = held();
    let root = home.cache().join("advisories");
    for left in [
        "indexes/0123.77.part",
        "slots/main.77.part",
        "main.77.part",
        "indexes/dead.idx",
    ] {
        fs::write(root.join(left), "half").unwrap();
    }
    fs::create_dir_all(root.join("work/fetch-77-0.git/objects")).unwrap();
    // To be seen again, something has to be taken in.
    let newer = folder(&home, "newer", &told_apart("B-1", 0));
    home.update(&["--source", &newer]);
    assert_eq!(everything(&home).len(), 5, "{:?}", everything(&home));
    assert_eq!(home.audit(&["-n"]).ids(), ["B-1"]);
}

/// That a run told of the damage and used the built-in snapshot, and that an update mends it.
fn told_and_mended(home: &Home, db: &str, what: &str) {
    let audit = home.audit(&["-n", "--stale"]);
    audit.has_gap(&["main cannot be read"]);
    assert_eq!(audit.database()["source"], "embedded", "{what}");
    let status = home.run(["db", "status"]);
    assert_eq!(status.code, Some(2), "{what}: {status:?}");
    assert!(status.err.contains("main"), "{what}: {status:?}");
    home.update(&["--source", db]);
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"], "{what}");
    assert_eq!(audit.gaps(), [""; 0], "{what}");
}

#[test]
fn a_truncated_index_is_told_and_mended() {
    let (home, db) = held();
    let whole = fs::read(home.index("main")).unwrap();
    let header = whole
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .nth(1)
        .unwrap()
        .0;
    for length in [0, 1, 20, header / 2, header, header + 5] {
        fs::write(home.index("main"), &whole[..length]).unwrap();
        told_and_mended(&home, &db, &format!("{length} bytes"));
        assert_eq!(fs::read(home.index("main")).unwrap(), whole);
    }
    // Behind the keys, only a run that needs it can tell.
    for length in [whole.len() - 1, whole.len() - 60, header + 60] {
        fs::write(home.index("main"), &whole[..length]).unwrap();
        let audit = home.audit(&["-n", "--stale"]);
        audit.has_gap(&["main cannot be read"]);
        assert_eq!(audit.database()["source"], "embedded");
        home.update(&["--source", &db]);
    }
}

#[test]
fn a_flipped_bit_never_changes_an_answer_unseen() {
    let (home, db) = held();
    let good = home.audit(&["-n"]).json;
    let file = home.index("main");
    let whole = fs::read(&file).unwrap();
    // Places all over the file, other ones for each bit.
    for at in (0..whole.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&file, &damaged).unwrap();
        let audit = home.audit(&["-n", "--stale"]);
        if audit.json != good {
            audit.has_gap(&["main cannot be read"]);
            assert_eq!(audit.database()["source"], "embedded", "byte {at}");
        }
    }
    home.update(&["--source", &db]);
    assert_eq!(home.audit(&["-n"]).json, good);
}

#[test]
fn a_damaged_slot_is_told_and_mended() {
    let (home, db) = held();
    let good = fs::read(home.slot("main")).unwrap();
    let mut cases = vec![
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        vec![0xff; 100],
        vec![b'['; 1 << 20],
    ];
    cases.push(good[..good.len() / 2].to_vec());
    for case in cases {
        fs::write(home.slot("main"), &case).unwrap();
        told_and_mended(&home, &db, &format!("{:?}", &case[..case.len().min(20)]));
    }
}

#[test]
fn a_slot_never_leads_out_of_the_store() {
    let (home, db) = held();
    let index = home.index("main");
    let outside = home.cache().join("advisories/outside.idx");
    fs::copy(&index, &outside).unwrap();
    fs::copy(&index, home.path("outside.idx")).unwrap();
    for name in [
        "../outside.idx",
        "..",
        ".",
        "",
        ".idx",
        "..idx",
        "/etc/passwd",
        home.path("outside.idx").to_str().unwrap(),
        "missing.idx",
        "x\\..\\..\\outside.idx",
    ] {
        home.edit_slot("main", "index", name);
        told_and_mended(&home, &db, name);
    }
    assert!(outside.exists() && home.path("outside.idx").exists());
}

#[test]
fn a_named_database_that_is_damaged_makes_the_run_incomplete() {
    let (home, db) = held();
    home.update(&["--source", &db, "--name", "own"]);
    home.write("Cargo.lock", lockfile(&[("clean", "1.0.0")]));
    assert_eq!(home.audit(&["-n"]).code, Some(0));
    for damage in [Path::new("slot"), Path::new("index")] {
        let file = match damage.to_str() {
            Some("slot") => home.slot("own"),
            _ => home.index("own"),
        };
        fs::write(file, "damaged").unwrap();
        let audit = home.audit(&["-n"]);
        assert_eq!(audit.code, Some(3), "{audit:?}");
        audit.has_gap(&["own cannot be read"]);
        home.update(&["--source", &db, "--name", "own"]);
        // Main and own may share the index's bytes; both are whole again.
        home.update(&["--source", &db]);
        assert_eq!(home.audit(&["-n"]).code, Some(0));
    }
}

/// The index under a header whose checksum is right.
#[cfg(unix)]
fn signed(index: &str) -> String {
    let mut lines = index.splitn(3, '\n');
    let (magic, header) = (lines.next().unwrap(), lines.next().unwrap());
    let (_, json) = header.split_once(' ').unwrap();
    let mut checksum = flate2::Crc::new();
    checksum.update(json.as_bytes());
    let body = lines.next().unwrap();
    format!("{magic}\n{:08x} {json}\n{body}", checksum.sum())
}

#[test]
#[cfg(unix)]
fn a_header_that_lies_costs_no_memory() {
    let (home, db) = held();
    let whole = fs::read_to_string(home.index("main")).unwrap();
    assert_eq!(signed(&whole), whole);
    let number = |key: &str| {
        let at = whole.find(&format!("\"{key}\":")).unwrap() + key.len() + 3;
        let end = at + whole[at..].find([',', '}']).unwrap();
        (at, end)
    };
    for key in ["keys", "facts"] {
        for lie in [
            "0",
            "9",
            "1000000000",
            "18446744073709551615",
            "99999999999999999999",
            "-1",
        ] {
            let (at, end) = number(key);
            let lying = format!("{}{lie}{}", &whole[..at], &whole[end..]);
            fs::write(home.index("main"), signed(&lying)).unwrap();
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", "ulimit -v 600000; exec \"$@\"", "sh"]);
            shell.arg(env!("CARGO_BIN_EXE_cargo-carapace"));
            shell.args(["audit", "-n", "--stale", "--no-yanked", "-f", "Cargo.lock"]);
            home.clean(&mut shell);
            let ran = support::process::Ran::of(&mut shell);
            assert_eq!(ran.code, Some(0), "{key} {lie}: {ran:?}");
            // How long the facts are only matters to who reads them.
            let audit = home.audit(&["-n", "--stale"]);
            audit.has_gap(&["main cannot be read"]);
            assert_eq!(audit.database()["source"], "embedded");
            home.update(&["--source", &db]);
            assert_eq!(home.audit(&["-n"]).gaps(), [""; 0]);
        }
    }
}

/// As root, permissions bind nobody, so that a folder that cannot be written is a file here.
#[test]
fn without_a_folder_to_write_to_what_is_fetched_is_used_for_the_run() {
    let home = home();
    let server = serving(Resp::ok(archive(&database(&[]), epoch() + DAY)));
    let url = server.url("/x.tar.gz");
    fs::write(home.cache(), "a file").unwrap();
    home.run(["db", "update", "--source", &url])
        .refused(&["cache"]);
    let audit = home.audit(&["-u", &url]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(
        audit.finding()["advisory"]["title"],
        "Title of RUSTSEC-2099-0000"
    );
    audit.has_gap(&["could not be kept"]);
    // Nothing held, nothing to be had: the built-in snapshot.
    assert_eq!(
        home.audit(&["-n", "--stale"]).database()["source"],
        "embedded"
    );
    assert_eq!(fs::read(home.cache()).unwrap(), b"a file");
}

#[test]
fn without_any_home_the_snapshot_is_used() {
    let home = home();
    let mut command = home.command(["audit", "-n", "--stale", "-f", "Cargo.lock", "--no-yanked"]);
    for name in ["HOME", "CARGO_HOME", "CARAPACE_CACHE_DIR"] {
        command.env_remove(name);
    }
    assert_eq!(support::process::Ran::of(&mut command).code, Some(0));
    let mut command = home.command(["db", "update", "--source", "x"]);
    for name in ["HOME", "CARGO_HOME", "CARAPACE_CACHE_DIR"] {
        command.env_remove(name);
    }
    support::process::Ran::of(&mut command).refused(&["CARAPACE_CACHE_DIR"]);
}

/// A full disk, by the limit of a file's size: beyond it, writing fails.
#[test]
#[cfg(unix)]
fn a_full_cache_folder_loses_nothing() {
    let home = home();
    let small = serving(Resp::ok(archive(&told_apart("A-1", 0), epoch() + DAY)));
    let large = serving(Resp::ok(archive(
        &told_apart("B-1", 200),
        epoch() + 2 * DAY,
    )));
    home.update(&["--source", &small.url("/x.tar.gz")]);
    let limited = |arguments: &[&str]| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]);
        shell
            .arg(env!("CARGO_BIN_EXE_cargo-carapace"))
            .args(arguments);
        home.clean(&mut shell);
        support::process::Ran::of(&mut shell)
    };
    let url = large.url("/x.tar.gz");
    limited(&["db", "update", "--source", &url]).refused(&["advisories"]);
    assert_eq!(home.audit(&["-n"]).ids(), ["A-1"]);
    assert_eq!(everything(&home).len(), 5, "{:?}", everything(&home));
    home.edit_slot("main", "source", url.as_str());
    for name in ["main", "own"] {
        // The same for a database of one's own.
        if name == "own" {
            home.update(&["--source", &small.url("/x.tar.gz"), "--name", "own"]);
            home.edit_slot("own", "source", url.as_str());
        }
        home.age(name);
        let ran = limited(&[
            "audit",
            "--no-yanked",
            "--format",
            "json",
            "-f",
            "Cargo.lock",
        ]);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert!(
            json["gaps"].to_string().contains("could not be kept"),
            "{json}"
        );
        assert!(
            json["findings"].to_string().contains("\"B-1\""),
            "{name}: {json}"
        );
        assert!(
            everything(&home)
                .iter()
                .all(|file| !file.ends_with(".part"))
        );
    }
    assert_eq!(home.audit(&["-n"]).ids(), ["A-1"]);
}

#[test]
#[cfg(unix)]
fn a_run_does_not_wait_long_for_an_update_that_hangs() {
    use support::server::Send;
    let home = home();
    let good = serving(Resp::ok(archive(&told_apart("A-1", 0), epoch() + DAY)));
    home.update(&["--source", &good.url("/x.tar.gz")]);
    let hanging = serving(Resp::new(
        200,
        Send::Drip(vec![0; 9999], Duration::from_millis(50)),
    ));
    let mut update = home.command(["db", "update", "--source", &hanging.url("/x.tar.gz")]);
    let mut update = update
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while hanging.requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    home.age("main");
    let started = std::time::Instant::now();
    let audit = home.audit(&[]);
    let took = started.elapsed();
    update.kill().unwrap();
    update.wait().unwrap();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(audit.ids(), ["A-1"]);
    audit.has_gap(&["another process"]);
}
