//! Servers that misbehave, proxies and certificates, for the program itself. Nothing here leaves
//! loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use support::advisories::{
    Archive, advisory, archive, database, folder, header, lockfile, names, serving,
};
use support::process::{DAY, Home, Ran, epoch};
use support::server::{Req, Resp, Send, Server, authority};
use tar::EntryType;

/// No refusal takes longer.
const AT_ONCE: Duration = Duration::from_secs(5);

/// That an answer is refused by `db update` and by a run, which goes on with what was held.
fn refused(answer: Resp, words: &[&str]) {
    refused_from(|server| server.url("/db.tar.gz"), answer, words);
}

fn refused_from(url: impl Fn(&Server) -> String, answer: Resp, words: &[&str]) {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let good = serving(Resp::ok(archive(&database(&[]), epoch() + DAY)));
    home.update(&["--source", &good.url("/db.tar.gz")]);
    let (slot, index) = (home.slot("main"), home.index("main"));
    let before = (
        std::fs::read(&slot).unwrap(),
        std::fs::read(&index).unwrap(),
    );

    let bad = serving(answer);
    let url = url(&bad);
    let host = format!("127.0.0.1:{}", bad.port());
    let words = [words, &[host.as_str()]].concat();
    let started = Instant::now();
    home.run(["db", "update", "--source", &url]).refused(&words);
    assert!(
        started.elapsed() < AT_ONCE,
        "{words:?}: {:?}",
        started.elapsed()
    );
    let after = (
        std::fs::read(&slot).unwrap(),
        std::fs::read(&index).unwrap(),
    );
    assert!(before == after, "{words:?}");
    assert_eq!(
        names(&home.cache().join("advisories")),
        ["indexes", "lock", "slots"]
    );

    home.edit_slot("main", "source", url);
    home.age("main");
    let audit = home.audit(&[]);
    audit.has_gap(&words);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"], "{words:?}");
    assert_eq!(audit.database()["source"], "cache");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive with one good advisory, and what a test adds to it.
fn with(add: impl FnOnce(&mut Archive)) -> Resp {
    let mut archive = Archive::new().files(&database(&[]), epoch() + 9 * DAY);
    add(&mut archive);
    Resp::ok(archive.finish())
}

#[test]
fn a_status_is_told() {
    refused(Resp::status(404), &["does not exist"]);
    refused(Resp::status(500), &["status 500"]);
    refused(
        Resp::status(429).with("retry-after", "120"),
        &["is busy", "120 s"],
    );
    refused(Resp::status(401), &["status 401"]);
    refused(
        Resp::new(206, Send::Whole(b"part".to_vec())),
        &["status 206"],
    );
}

#[test]
fn what_is_no_archive_is_told() {
    refused(
        Resp::ok("<html>please log in</html>"),
        &["not a whole .tar.gz"],
    );
    refused(Resp::ok(gzip(&[0xa5; 5000])), &["not a whole .tar.gz"]);
    refused(Resp::ok(Vec::new()), &["db.tar.gz"]);
    let whole = archive(&database(&[]), epoch() + 9 * DAY);
    refused(Resp::ok(&whole[..whole.len() / 2]), &["the archive is cut"]);
    // Whole but for the checksum at its end.
    refused(Resp::ok(&whole[..whole.len() - 5]), &["the archive is cut"]);
    let mut changed = whole.clone();
    let end = changed.len() - 6;
    changed[end] ^= 1;
    refused(Resp::ok(changed), &["not a whole .tar.gz"]);
}

#[test]
fn an_archive_without_advisories_is_told() {
    refused(Resp::ok(Archive::new().finish()), &["holds no advisories"]);
    let other = vec![("src/main.rs".to_owned(), b"fn main() {}".to_vec())];
    refused(
        Resp::ok(archive(&other, epoch() + 9 * DAY)),
        &["holds no advisories"],
    );
    let bad = vec![("crates/x/RUSTSEC-2099-1.md".to_owned(), b"nothing".to_vec())];
    refused(
        Resp::ok(archive(&bad, epoch() + 9 * DAY)),
        &["holds no advisories"],
    );
}

#[test]
fn an_answer_that_is_cut_is_none() {
    let whole = archive(&database(&[]), epoch() + 9 * DAY);
    refused(
        Resp::new(200, Send::Cut(whole.len() + 1, whole.clone())),
        &["ended before"],
    );
    refused(
        Resp::new(200, Send::ChunkedCut(vec![whole.clone()])),
        &["db.tar.gz"],
    );
    refused(
        Resp::new(200, Send::UntilClose(whole)),
        &["how long its answer is"],
    );
    refused(Resp::new(200, Send::Drop), &["db.tar.gz"]);
}

#[test]
fn an_answer_without_end_is_none() {
    refused(Resp::new(200, Send::EndlessChunked), &["is larger than"]);
    refused(Resp::new(200, Send::EndlessHeaders), &["db.tar.gz"]);
    refused(
        Resp::new(200, Send::Cut(1 << 40, Vec::new())),
        &["is larger than"],
    );
}

/// A tar with one long entry of zeros, as small as gzip makes it.
fn bomb(kind: EntryType, mebibytes: usize) -> Vec<u8> {
    let mut long = header(kind, "db/crates/x/RUSTSEC-2099-0001.md", epoch());
    long.set_size((mebibytes as u64) << 20);
    long.set_cksum();
    let mut zeros = GzEncoder::new(Vec::new(), Compression::best());
    zeros.write_all(&vec![0; 1 << 20]).unwrap();
    let zeros = zeros.finish().unwrap();
    [gzip(long.as_bytes()), zeros.repeat(mebibytes)].concat()
}

#[test]
#[cfg(unix)]
fn a_bomb_does_no_harm() {
    // As an advisory, as a name, as an extension and as something else.
    let (more, name) = ("unpacks to more than it may", "too long");
    for (kind, why) in [
        (EntryType::Regular, more),
        (EntryType::Directory, more),
        (EntryType::GNULongName, name),
        (EntryType::XHeader, name),
        (EntryType::XGlobalHeader, name),
    ] {
        let bytes = bomb(kind, 600);
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
        let server = serving(Resp::ok(bytes));
        let home = Home::new();
        let started = Instant::now();
        // Beyond so many KiB of address space, a run dies.
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -v 600000; exec \"$@\"", "sh"]);
        shell.arg(env!("CARGO_BIN_EXE_cargo-carapace"));
        shell.args(["db", "update", "--source", &server.url("/bomb.tar.gz")]);
        home.clean(&mut shell);
        Ran::of(&mut shell).refused(&["127.0.0.1", "bomb.tar.gz", why]);
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{kind:?}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn entries_that_lie_do_no_harm() {
    let mut huge = header(
        EntryType::Regular,
        "db/crates/x/RUSTSEC-2099-0001.md",
        epoch(),
    );
    huge.set_size(1 << 62);
    refused(
        with(|archive| archive.lone(huge.clone())),
        &["not a whole .tar.gz"],
    );
    let mut long = header(EntryType::GNULongName, "././@LongLink", epoch());
    long.set_size(u64::MAX >> 1);
    refused(with(|archive| archive.lone(long)), &["db.tar.gz"]);
    let mut odd = header(
        EntryType::Regular,
        "db/crates/x/RUSTSEC-2099-0001.md",
        epoch(),
    );
    odd.as_old_mut().size = *b"not octal!!!";
    refused(with(|archive| archive.lone(odd)), &["not a whole .tar.gz"]);
    refused(
        with(|archive| archive.raw(&[0xff; 512])),
        &["not a whole .tar.gz"],
    );
    let size = format!("27 size={}\n", "9".repeat(18));
    let lying = with(|archive| {
        archive.entry(EntryType::XHeader, "pax", epoch(), size.as_bytes());
        huge.set_size(10);
        archive.lone(huge);
    });
    refused(lying, &["db.tar.gz"]);
}

#[test]
fn too_many_entries_are_refused() {
    // Nothing of folders is kept, and still each costs something.
    let mut folders = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..1000_u64 {
        let name = format!(
            "db/crates/{:016x}",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        );
        let mut folder = header(EntryType::Directory, &name, epoch());
        folder.set_cksum();
        folders.write_all(folder.as_bytes()).unwrap();
    }
    let folders = folders.finish().unwrap().repeat(201);
    let bytes = [folders, archive(&database(&[]), epoch() + DAY)].concat();
    let server = serving(Resp::ok(bytes));
    let home = Home::new();
    home.run(["db", "update", "--source", &server.url("/x.tgz")])
        .refused(&["127.0.0.1", "more than 200000 entries"]);
}

#[test]
fn a_long_name_is_read_however_it_is_written() {
    let home = Home::new();
    home.write(
        "Cargo.lock",
        lockfile(&[("parser", "1.0.0"), ("second", "1.0.0")]),
    );
    let top = "x".repeat(120);
    let mut long = Archive::new();
    let name = |package: &str| format!("{top}/crates/{package}/A-{package}.md");
    let record = format!(" path={}\n", name("parser"));
    let record = format!("{}{record}", record.len() + 3);
    long.entry(EntryType::XHeader, "pax", epoch(), record.as_bytes());
    let text = advisory("A-parser", "parser", "2.0.0");
    long.entry(EntryType::Regular, "cut", epoch() + DAY, text.as_bytes());
    let gnu = format!("{}\0", name("second"));
    long.entry(
        EntryType::GNULongName,
        "././@LongLink",
        epoch(),
        gnu.as_bytes(),
    );
    let text = advisory("A-second", "second", "2.0.0");
    long.entry(EntryType::Regular, "cut", epoch() + DAY, text.as_bytes());
    let server = serving(Resp::ok(long.finish()));
    home.update(&["--source", &server.url("/x.tgz")]);
    assert_eq!(home.audit(&["-n"]).ids(), ["A-parser", "A-second"]);
}

#[test]
fn entries_that_lead_elsewhere_are_left_out() {
    let home = Home::new();
    home.write(
        "Cargo.lock",
        lockfile(&[("parser", "1.0.0"), ("evil", "1.0.0")]),
    );
    let text = advisory("EVIL-1", "evil", "2.0.0").into_bytes();
    let mut files = Archive::new();
    for name in [
        "/crates/evil/EVIL-1.md",
        "../crates/evil/EVIL-1.md",
        "db/../../crates/evil/EVIL-1.md",
        "db/crates/../evil/EVIL-1.md",
        "db/x/crates/evil/EVIL-1.md",
        "crates/evil/deep/EVIL-1.md",
        "db/crates/evil/.EVIL-1.md",
    ] {
        files.entry(EntryType::Regular, name, epoch(), &text);
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
    ] {
        let mut entry = header(kind, "db/crates/evil/EVIL-1.md", epoch());
        entry.set_link_name("/etc/passwd").unwrap();
        entry.set_size(0);
        files.lone(entry);
    }
    let bytes = files.files(&database(&[]), epoch() + DAY).finish();
    let server = serving(Resp::ok(bytes));
    home.update(&["--source", &server.url("/x.tgz")]);
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    assert_eq!(
        names(&home.cache().join("advisories")),
        ["indexes", "lock", "slots"]
    );
    assert_eq!(names(&home.path("")), ["Cargo.lock"]);
}

#[test]
fn a_database_that_could_not_be_read_again_is_refused() {
    // So many malformed ones that their list would fill the index's header.
    let answer = with(|archive| {
        for number in 0..4000 {
            let name = format!("db/crates/{}/RUSTSEC-{number}.md", "x".repeat(60));
            let id = "y".repeat(280);
            let text = advisory("X-1", "parser", "2.0.0").replace("X-1", &format!("{id}!"));
            archive.entry(EntryType::Regular, &name, epoch(), text.as_bytes());
        }
    });
    refused(answer, &["cannot be kept"]);
}

#[test]
fn redirects_lead_to_no_place_of_the_users() {
    for (to, why) in [
        (
            "http://e.example/db.tar.gz".to_owned(),
            "refused the redirect",
        ),
        (
            "https://10.0.0.1/db.tar.gz".to_owned(),
            "refused the redirect",
        ),
        (
            "https://127.0.0.1:1/db.tar.gz".to_owned(),
            "our own machine",
        ),
        (
            "https://169.254.169.254/db.tar.gz".to_owned(),
            "special-purpose",
        ),
        ("file:///etc/passwd".to_owned(), "db.tar.gz"),
        ("/db.tar.gz".to_owned(), "redirects more than"),
    ] {
        refused(Resp::redirect(to), &[why]);
    }
    let other = serving(Resp::ok(archive(&database(&[]), epoch() + 9 * DAY)));
    refused(
        Resp::redirect(other.url("/db.tar.gz")),
        &["refused the redirect"],
    );
    assert_eq!(
        other.requests().len(),
        0,
        "another port of this machine is another server"
    );
}

#[test]
fn a_slow_server_costs_a_run_no_more_than_its_patience() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let good = serving(Resp::ok(archive(&database(&[]), epoch() + DAY)));
    home.update(&["--source", &good.url("/db.tar.gz")]);
    let slow = serving(Resp::new(
        200,
        Send::Drip(vec![b'x'; 5000], Duration::from_millis(100)),
    ));
    home.edit_slot("main", "source", slow.url("/db.tar.gz"));
    home.age("main");
    let started = Instant::now();
    let audit = home.audit(&[]);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    audit.has_gap(&["took too long"]);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let home = Home::new();
    home.run(["db", "update", "--source", "http://e.example/db.tar.gz"])
        .refused(&["e.example", "plain http"]);
    home.run(["db", "update", "--source", "http://10.0.0.1/db.tar.gz"])
        .refused(&["10.0.0.1", "plain http"]);
}

/// A proxy that lets nobody through.
fn proxy() -> Server {
    serving(Resp::status(403))
}

/// The hosts that a proxy was asked for.
fn asked_for(proxy: &Server) -> Vec<String> {
    let requests = proxy.requests().into_iter();
    let connects = requests.filter(|request: &Req| request.method == "CONNECT");
    connects.map(|request| request.path).collect()
}

const BEHIND: &str = "https://db.example/main.tar.gz";

#[test]
fn an_https_source_is_asked_for_through_the_proxy() {
    let proxy = proxy();
    let home = Home::new().with("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port()));
    home.run(["db", "update", "--source", BEHIND])
        .refused(&["db.example", "403"]);
    assert_eq!(asked_for(&proxy), ["db.example:443"]);
}

#[test]
fn cargos_proxy_goes_before_the_environments() {
    let proxy = proxy();
    let home = Home::new();
    let config = format!("[http]\nproxy = \"127.0.0.1:{}\"\n", proxy.port());
    std::fs::write(home.cargo_home().join("config.toml"), config).unwrap();
    home.run(["db", "update", "--source", BEHIND])
        .refused(&["db.example", "403"]);
    assert_eq!(asked_for(&proxy), ["db.example:443"]);
}

#[test]
fn an_exception_goes_past_the_proxy() {
    let proxy = proxy();
    let home = Home::new()
        .with("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port()))
        .with("NO_PROXY", "127.0.0.1");
    // Nobody listens there; it is asked all the same, and not the proxy.
    home.run(["db", "update", "--source", "https://127.0.0.1:1/x.tar.gz"])
        .refused(&["can't connect to", "127.0.0.1:1"]);
    assert_eq!(asked_for(&proxy), [""; 0]);
}

#[test]
fn certificates_that_are_not_there_are_told() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let missing = home.path("missing.pem");
    let config = format!("[http]\ncainfo = \"{}\"\n", missing.display());
    std::fs::write(home.cargo_home().join("config.toml"), config).unwrap();
    let words = ["missing.pem"];
    home.run(["db", "update", "--source", BEHIND])
        .refused(&words);
    home.write("missing.pem", "no certificate");
    home.run(["db", "update", "--source", BEHIND])
        .refused(&words);
    // A run that asks nobody needs none.
    assert_eq!(home.audit(&["-n"]).code, Some(0));
}

#[test]
fn a_server_with_an_authority_of_ones_own_is_trusted_by_cainfo_only() {
    let server = Server::tls(move |_: &Req| Resp::ok(archive(&database(&[]), epoch() + DAY)));
    let url = server.url("/db.tar.gz");
    let home = Home::new().with("NO_PROXY", "127.0.0.1,localhost");
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    home.run(["db", "update", "--source", &url])
        .refused(&["trustworthy", "127.0.0.1"]);
    let config = format!("[http]\ncainfo = \"{}\"\n", authority().display());
    std::fs::write(home.cargo_home().join("config.toml"), config).unwrap();
    home.update(&["--source", &url]);
    let audit = home.audit(&["-n"]);
    assert_eq!(audit.database()["location"], url);
    assert_eq!(audit.ids(), ["RUSTSEC-2099-0000"]);
    // And through a proxy's tunnel.
    let port = server.port();
    let tunnel = serving(Resp::new(200, Send::Tunnel(port)));
    let home = Home::new()
        .with("HTTPS_PROXY", format!("http://127.0.0.1:{}", tunnel.port()))
        .with("CARGO_HTTP_CAINFO", authority().to_str().unwrap());
    home.update(&["--source", &url]);
    assert_eq!(asked_for(&tunnel), [format!("127.0.0.1:{port}")]);
}

#[test]
fn a_projects_own_configuration_names_no_address_of_the_users() {
    let home = Home::new();
    home.write("Cargo.lock", lockfile(&[("parser", "1.0.0")]));
    let held = folder(&home, "db", &database(&[]));
    home.update(&["--source", &held]);
    let server = serving(Resp::ok(archive(&database(&["x"]), epoch() + DAY)));
    home.write(
        ".cargo/audit.toml",
        format!("[database]\nurl = \"{}\"\n", server.url("/x.tar.gz")),
    );
    let audit = home.audit(&[]);
    assert_eq!(audit.database()["location"], held);
    assert!(
        audit.json["config"].to_string().contains("is not followed"),
        "{audit:?}"
    );
    assert_eq!(server.requests().len(), 0);
}
