//! The registry's dump: taken in from servers and files that are as they should be, and from those
//! that are not. Nothing here leaves loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use carapace_core::knowledge::people::{AccountId, FactSource, Publisher};
use cargo_carapace::publishers::update::{Times, Update};
use cargo_carapace::publishers::{DumpLimits, PeopleError, index};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use semver::Version;
use support::advisories::{Archive, Files, header, names, serving};
use support::door::door;
use support::dump::{dump, tables};
use support::process::{Home, Ran};
use support::server::{Req, Resp, Send, Server};
use tar::EntryType;

const DAY: &str = "2026-03-04";
const LATER: &str = "2026-03-05";

fn small() -> Files {
    tables(&[("brook", "ada"), ("acorn", "bo")])
}

fn update(home: &Home, from: &str, more: &[&str]) -> Ran {
    let fixed = ["publishers", "update", "--registry-dump", from];
    home.run([&fixed, more].concat())
}

/// Takes a dump in, which works.
fn taken(home: &Home, from: &str) -> Ran {
    let ran = update(home, from, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

/// A home that holds the small dump.
fn held() -> Home {
    let home = Home::new();
    taken(
        &home,
        home.write("held.tar.gz", dump(DAY, &small()))
            .to_str()
            .unwrap(),
    );
    home
}

/// The login of the one owner of a package, and of which day that is known.
fn owner(home: &Home, package: &str) -> Option<(String, String)> {
    let people = index::open(&home.cache())
        .unwrap()?
        .people(&[package])
        .unwrap();
    let owners = people.crates.get(package)?.owners.as_ref()?;
    let [owner] = owners.value[..] else {
        panic!("{owners:?}")
    };
    let login = people.accounts[&owner.account].login.clone();
    Some((login, owners.as_of.to_string()))
}

/// That it was refused with these words, and that what was held is as it was.
fn refused(home: &Home, from: &str, words: &[&str]) {
    let before = fs::read(home.cache().join("people/index")).unwrap();
    update(home, from, &[]).refused(words);
    let after = fs::read(home.cache().join("people/index")).unwrap();
    assert!(before == after, "{words:?}");
    assert_eq!(names(&home.cache().join("people")), ["index", "lock"]);
    assert_eq!(
        owner(home, "brook"),
        Some(("ada".to_owned(), DAY.to_owned()))
    );
}

/// The same for an archive.
fn refused_archive(home: &Home, archive: &[u8], words: &[&str]) {
    let file = home.write("refused.tar.gz", archive);
    refused(home, file.to_str().unwrap(), words);
}

#[test]
fn a_dump_is_taken_from_a_server_and_asked_for_again_only_where_it_is_another_one() {
    let home = Home::new();
    let bytes = dump(DAY, &small());
    let server = Server::start(move |req: &Req| match req.header("if-none-match") {
        Some("\"a\"") => Resp::status(304),
        _ => Resp::ok(bytes.clone()).with("etag", "\"a\""),
    });
    let ran = taken(&home, &server.url("/db-dump.tar.gz"));
    let words = "taken in: 2 packages with 2 versions and 2 accounts, of 2026-03-04, from http://";
    assert!(ran.out.starts_with(words), "{ran:?}");
    assert_eq!(ran.err, "");

    let kept = index::open(&home.cache()).unwrap().unwrap();
    assert_eq!(kept.as_of().to_string(), DAY);
    assert_eq!(kept.most_downloaded(9).unwrap(), ["acorn", "brook"]);
    let people = kept.people(&["acorn", "unheard-of"]).unwrap();
    assert_eq!(people.crates.len(), 1);
    let version = people.version("acorn", &Version::new(1, 0, 0)).unwrap();
    let publisher = version.publisher.as_ref().unwrap();
    assert_eq!(publisher.value, Publisher::User(1));
    assert!(publisher.verified && publisher.source == FactSource::Dump);
    assert_eq!(version.published.unwrap().to_string(), "2024-05-06");
    assert_eq!(people.accounts[&AccountId::User(1)].login, "bo");
    let package = &kept.packages(&["acorn"]).unwrap()["acorn"];
    assert_eq!(package.versions[0].is_yanked, Some(false));

    let ran = taken(&home, &server.url("/db-dump.tar.gz"));
    assert!(ran.out.starts_with("unchanged: 2 packages"), "{ran:?}");
    // What is damaged is not what the server has; nor is what came from another address.
    let file = home.cache().join("people/index");
    let mut damaged = fs::read(&file).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&file, damaged).unwrap();
    let ran = taken(&home, &server.url("/db-dump.tar.gz"));
    assert!(ran.out.starts_with("taken in:"), "{ran:?}");
    let ran = taken(&home, &server.url("/other.tar.gz"));
    assert!(ran.out.starts_with("taken in:"), "{ran:?}");
    assert_eq!(
        owner(&home, "brook"),
        Some(("ada".to_owned(), DAY.to_owned()))
    );
}

#[test]
fn a_dump_is_taken_from_a_file_without_asking_anybody() {
    let home = Home::new();
    assert_eq!(owner(&home, "brook"), None);
    let file = home.write("d.tar.gz", dump(DAY, &small()));
    let file = file.to_str().unwrap();
    let ran = update(&home, file, &["--offline", "--quiet"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(0), "", "")
    );
    assert_eq!(
        owner(&home, "brook"),
        Some(("ada".to_owned(), DAY.to_owned()))
    );
    // Relative to where the user is, and taken again each time.
    assert!(taken(&home, "d.tar.gz").out.starts_with("taken in"));
    let ran = home.run(["publishers", "update", "--offline"]);
    ran.refused(&["static.crates.io/db-dump.tar.gz", "offline"]);
    refused(
        &home,
        "missing.tar.gz",
        &["missing.tar.gz", "does not exist"],
    );
    refused(&home, ".", &["not a regular file"]);
}

#[test]
fn archives_of_other_programs_are_read() {
    let home = Home::new();
    let mut archive = Archive::without_commit();
    archive.entry(EntryType::Directory, "./d-1/", 0, b"");
    let long = format!("./{}/data/unknown.csv\0", "x".repeat(300));
    archive.entry(EntryType::GNULongName, "long", 0, long.as_bytes());
    archive.entry(EntryType::Regular, "./cut", 0, b"a,b\n");
    archive.entry(EntryType::Symlink, "./d-1/data/crates.csv", 0, b"");
    for (path, bytes) in small().iter().rev() {
        archive.entry(EntryType::XHeader, "pax", 0, b"22 mtime=1700000000.1\n");
        archive.entry(EntryType::Regular, &format!("./d-1/{path}"), 0, bytes);
    }
    let text = b"{\"timestamp\": \"2026-03-04T00:00:00+00:00\"}";
    archive.entry(EntryType::Regular, "./d-1/metadata.json", 0, text);
    let file = home.write("d.tar.gz", archive.finish());
    taken(&home, file.to_str().unwrap());
    assert_eq!(
        owner(&home, "brook"),
        Some(("ada".to_owned(), DAY.to_owned()))
    );
}

#[test]
fn what_a_server_does_not_give_whole_is_not_taken() {
    let home = held();
    let bytes = dump(LATER, &small());
    let half = bytes[..bytes.len() / 2].to_vec();
    for (send, word) in [
        (
            Send::Cut(bytes.len(), half.clone()),
            "before the answer was whole",
        ),
        (
            Send::ChunkedCut(vec![half.clone()]),
            "before the answer was whole",
        ),
        (Send::UntilClose(bytes.clone()), "does not say how long"),
        (Send::Drop, "can't connect"),
        (Send::Whole(half), "the archive is cut"),
        (Send::Whole(Vec::new()), "the archive is cut"),
        (
            Send::Whole(b"<html>nothing here</html>".to_vec()),
            "not a whole .tar.gz",
        ),
    ] {
        let server = serving(Resp::new(200, send));
        refused(&home, &server.url("/d.tar.gz"), &[word]);
    }
    for status in [404, 429, 500] {
        let server = serving(Resp::status(status));
        refused(&home, &server.url("/d.tar.gz"), &["/d.tar.gz"]);
    }
    let server = serving(Resp::new(200, Send::Chunked(vec![bytes])));
    taken(&home, &server.url("/d.tar.gz"));
    assert_eq!(owner(&home, "brook").unwrap().1, LATER);
}

#[test]
fn archives_that_are_cut_or_damaged_are_not_taken() {
    let home = held();
    let whole = dump(LATER, &small());
    for end in [1, 9, 20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        refused_archive(&home, &whole[..end], &["the archive is cut"]);
    }
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    refused_archive(&home, &damaged, &["refused.tar.gz"]);
    // The compressed stream is whole, and what is in it ends too soon.
    let mut tar = Vec::new();
    GzDecoder::new(&whole[..]).read_to_end(&mut tar).unwrap();
    for end in (600..tar.len() - 2_000).step_by(700) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&tar[..end]).unwrap();
        let cut = encoder.finish().unwrap();
        refused_archive(&home, &cut, &["refused.tar.gz"]);
    }
}

#[test]
fn dumps_that_lack_something_or_have_wrong_rows_are_not_taken() {
    let home = held();
    for table in ["crates", "users", "teams", "crate_owners", "versions"] {
        let mut tables = small();
        tables.retain(|(path, _)| *path != format!("data/{table}.csv"));
        let words = [&*format!("no table `{table}`"), "nothing of it was taken"];
        refused_archive(&home, &dump(LATER, &tables), &words);
    }
    let with = |table: &str, change: &dyn Fn(&str) -> String| {
        let mut tables = small();
        for (path, bytes) in &mut tables {
            if *path == format!("data/{table}.csv") {
                *bytes = change(std::str::from_utf8(bytes).unwrap()).into_bytes();
            }
        }
        dump(LATER, &tables)
    };
    let more = with("versions", &|text| text.replacen("1.0.0,", "1.0.0,,", 1));
    refused_archive(
        &home,
        &more,
        &["1 of 2 rows", "`versions`", "row 1", "as many fields"],
    );
    let fewer = with("users", &|text| format!("{text}1,2\n"));
    refused_archive(&home, &fewer, &["`users`", "row 3", "as many fields"]);
    let column = with("crate_owners", &|text| {
        text.replacen("owner_kind", "kind", 1)
    });
    refused_archive(
        &home,
        &column,
        &["`crate_owners` has no column `owner_kind`"],
    );
    let quote = with("crates", &|text| format!("{text}\"2,x\n"));
    refused_archive(&home, &quote, &["row 3", "`crates` does not end"]);
    let mut undated = small();
    undated.retain(|(path, _)| path != "metadata.json");
    let mut archive = Archive::without_commit();
    for (path, bytes) in &undated {
        archive.entry(EntryType::Regular, &format!("latest/{path}"), 0, bytes);
    }
    refused_archive(&home, &archive.finish(), &["of which day"]);
    refused_archive(&home, &Archive::without_commit().finish(), &["no table"]);
}

#[test]
fn an_older_dump_is_taken_only_where_that_is_wanted() {
    let home = held();
    let older = home.write("older.tar.gz", dump("2026-03-03", &small()));
    let older = older.to_str().unwrap();
    refused(
        &home,
        older,
        &[
            "2026-03-03T02:00:34Z",
            "2026-03-04T02:00:34Z",
            "--allow-older",
        ],
    );
    let ran = update(&home, older, &["--allow-older"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(owner(&home, "brook").unwrap().1, "2026-03-03");
}

/// Takes a dump in with other limits than those of the program.
fn limited(home: &Home, from: &str, limits: DumpLimits, times: Times) -> Result<(), PeopleError> {
    let update = Update {
        cache: &home.cache(),
        dump: from,
        door: Some(&door()),
        allow_older: false,
        quiet: true,
        limits,
        times,
    };
    update.run().map(drop)
}

#[test]
fn a_silent_server_is_given_up() {
    let home = held();
    let bytes = dump(LATER, &small());
    let server = serving(Resp::new(200, Send::Drip(bytes, Duration::from_secs(20))));
    let times = Times {
        stall: Duration::from_millis(300),
        ..Times::default()
    };
    let started = Instant::now();
    let address = server.url("/d.tar.gz");
    let error = limited(&home, &address, DumpLimits::default(), times).unwrap_err();
    assert!(error.to_string().contains("silence"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
    let drip = Send::Drip(dump(LATER, &small()), Duration::from_millis(50));
    let server = serving(Resp::new(200, drip));
    let times = Times {
        total: Duration::from_millis(600),
        ..Times::default()
    };
    let address = server.url("/d.tar.gz");
    let error = limited(&home, &address, DumpLimits::default(), times).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(owner(&home, "brook").unwrap().1, DAY);
}

#[test]
fn bombs_are_not_unpacked() {
    let home = held();
    let mut archive = Archive::without_commit();
    archive.entry(
        EntryType::Regular,
        "d/data/other.csv",
        0,
        &vec![b'x'; 40 << 20],
    );
    let bomb = home.write("bomb.tar.gz", archive.finish());
    let bomb = bomb.to_str().unwrap();
    let limits = DumpLimits {
        free_bytes: 1 << 20,
        ..DumpLimits::default()
    };
    let unpacked = DumpLimits {
        unpacked_bytes: 20 << 20,
        ..DumpLimits::default()
    };
    for limits in [limits, unpacked] {
        let error = limited(&home, bomb, limits, Times::default()).unwrap_err();
        assert!(error.to_string().contains("unpacks to more"), "{error}");
    }
    let packed = DumpLimits {
        packed_bytes: 1_000,
        ..DumpLimits::default()
    };
    let error = limited(&home, bomb, packed, Times::default()).unwrap_err();
    assert!(
        error.to_string().contains("larger than 1000 bytes"),
        "{error}"
    );
    let bytes = fs::read(bomb).unwrap();
    for send in [Send::Whole(bytes.clone()), Send::Chunked(vec![bytes])] {
        let server = serving(Resp::new(200, send));
        let error = limited(&home, &server.url("/d"), packed, Times::default()).unwrap_err();
        assert!(
            error.to_string().contains("larger than 1000 bytes"),
            "{error}"
        );
    }
    let few = DumpLimits {
        entries: 3,
        ..DumpLimits::default()
    };
    let file = home.write("many.tar.gz", dump(LATER, &small()));
    let error = limited(&home, file.to_str().unwrap(), few, Times::default()).unwrap_err();
    assert!(error.to_string().contains("more than 3 entries"), "{error}");
    assert_eq!(owner(&home, "brook").unwrap().1, DAY);
}

#[test]
fn huge_names_and_fields_are_not_held() {
    let home = held();
    let mut archive = Archive::without_commit();
    let mut long = header(EntryType::GNULongName, "long", 0);
    long.set_size(1 << 40);
    archive.lone(long);
    archive.raw(&[b'x'; 100_000]);
    refused_archive(
        &home,
        &archive.finish(),
        &["a name or header that is too long"],
    );
    let mut tables = small();
    let crates = &mut tables[1].1;
    crates.extend_from_slice(b"2024-01-01,9,\"");
    crates.extend(vec![b'x'; 70 << 20]);
    refused_archive(
        &home,
        &dump(LATER, &tables),
        &["row 3", "`crates` does not end"],
    );
    let mut tables = small();
    let crates = &mut tables[1].1;
    crates.extend_from_slice(b"2024-01-01,9,");
    crates.extend(vec![b'x'; 10_000]);
    crates.extend_from_slice(b",,f\n");
    refused_archive(
        &home,
        &dump(LATER, &tables),
        &["row 3", "a field is too long"],
    );
    // A readme may be long.
    let mut tables = small();
    let crates = &mut tables[1].1;
    crates.extend_from_slice(b"2024-01-01,9,cedar,\"");
    crates.extend(b"a\n\"\"".repeat(2 << 20));
    crates.extend_from_slice(b"\",f\n");
    let file = home.write("d.tar.gz", dump(LATER, &tables));
    taken(&home, file.to_str().unwrap());
}

/// A dump with so many more packages, whose owner of `brook` has this login.
fn large(login: &str, others: usize) -> Vec<u8> {
    let packages: Vec<(String, String)> = (0..others)
        .map(|at| (format!("other-{at}"), format!("user-{at}")))
        .collect();
    let others = packages
        .iter()
        .map(|(package, login)| (&**package, &**login));
    let all: Vec<(&str, &str)> = std::iter::once(("brook", login)).chain(others).collect();
    dump(DAY, &tables(&all))
}

#[test]
fn a_kill_in_the_middle_leaves_what_was_held() {
    let home = Home::new();
    let files = ["ada", "bo"].map(|login| {
        let file = home.write(&format!("{login}.tar.gz"), large(login, 3_000));
        file.to_str().unwrap().to_owned()
    });
    taken(&home, &files[0]);
    for moment in 0..30_u64 {
        let file = &files[usize::from(moment % 2 == 0)];
        let mut update = home.command(["publishers", "update", "--registry-dump", file]);
        let mut update = update
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(6 * moment));
        update.kill().unwrap();
        update.wait().unwrap();
        let (login, day) = owner(&home, "brook").unwrap();
        assert!(matches!(login.as_str(), "ada" | "bo"), "{login}");
        assert_eq!(day, DAY);
        index::open(&home.cache())
            .unwrap()
            .unwrap()
            .verify()
            .unwrap();
    }
    fs::write(home.cache().join("people/index.77.part"), "half").unwrap();
    taken(&home, &files[1]);
    assert_eq!(owner(&home, "brook").unwrap().0, "bo");
    assert_eq!(names(&home.cache().join("people")), ["index", "lock"]);
}

#[test]
fn several_at_once_all_take_a_whole_dump() {
    let home = Home::new();
    let files = ["ada", "bo", "cy"].map(|login| {
        let file = home.write(&format!("{login}.tar.gz"), large(login, 1_000));
        file.to_str().unwrap().to_owned()
    });
    taken(&home, &files[0]);
    thread::scope(|scope| {
        for file in files.iter().cycle().take(6) {
            scope.spawn(|| taken(&home, file));
        }
        for _ in 0..50 {
            let (login, _) = owner(&home, "brook").unwrap();
            assert!(matches!(login.as_str(), "ada" | "bo" | "cy"), "{login}");
            thread::sleep(Duration::from_millis(5));
        }
    });
    assert_eq!(names(&home.cache().join("people")), ["index", "lock"]);
    let times = Times {
        patience: Duration::from_millis(100),
        ..Times::default()
    };
    let lock = fs::File::open(home.cache().join("people/lock")).unwrap();
    lock.lock().unwrap();
    let error = limited(&home, &files[0], DumpLimits::default(), times).unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
}

#[test]
fn an_index_that_cannot_be_read_is_told_and_made_anew() {
    let home = held();
    let file = home.cache().join("people/index");
    let whole = fs::read(&file).unwrap();
    for end in [0, 10, 50, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..end]).unwrap();
        let error = index::open(&home.cache()).unwrap_err();
        assert!(error.to_string().contains("publishers update"), "{error}");
    }
    fs::write(&file, [&whole[..], b"x"].concat()).unwrap();
    assert!(index::open(&home.cache()).is_err());
    fs::write(&file, [b"carapace-people-index/0\n", &whole[24..]].concat()).unwrap();
    assert!(index::open(&home.cache()).is_err());
    let dump = home.write("again.tar.gz", dump("2020-01-01", &small()));
    taken(&home, dump.to_str().unwrap());
    assert_eq!(owner(&home, "brook").unwrap().1, "2020-01-01");
}
