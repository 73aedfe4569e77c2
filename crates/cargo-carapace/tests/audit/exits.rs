//! Which situation has which verdict and exit code.

use serde_json::Value;

use crate::support::index::{self, index};
use crate::support::run::{Output, World, entry, found, gap, gaps, lock};
use crate::support::server::{Resp, Server};

/// The codes and levels of a document's findings.
fn levels(document: &Value) -> Vec<(&str, &str)> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .map(|f| (f["code"].as_str().unwrap(), f["level"].as_str().unwrap()))
        .collect()
}

/// A project with one advisory of its package.
fn with(more: &str) -> World {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.advisory("RUSTSEC-2026-0002", "other", more);
    world
}

#[test]
fn nothing_found() {
    let world = World::with_lock(&[("parser", "1.3.0")]);
    let document = world.audit(&[]).json(0);
    assert_eq!(document["verdict"], "pass");
    assert!(levels(&document).is_empty());
}

#[test]
fn a_vulnerability() {
    let document = with("").audit(&[]).json(1);
    assert_eq!(document["verdict"], "fail");
    assert_eq!(levels(&document), [("ADV001", "deny")]);
}

#[test]
fn a_malicious_package_whatever_its_kind_and_whatever_hides_others() {
    for more in [
        "",
        "informational = \"notice\"\n",
        "informational = \"unmaintained\"\n",
    ] {
        // The least of all severities.
        let cvss = "cvss = \"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N\"";
        let world = with(&format!("{more}categories = [\"malicious\"]\n{cvss}"));
        world.write(
            "project/.cargo/audit.toml",
            "[advisories]\ninformational_warnings = []\nseverity_threshold = \"critical\"\n",
        );
        let document = world.audit(&[]).json(1);
        assert_eq!(levels(&document), [("ADV002", "deny")], "{more}");
    }
}

#[test]
fn what_warns_and_what_is_denied() {
    for (kind, code) in [
        ("unmaintained", "ADV004"),
        ("unsound", "ADV003"),
        ("notice", "ADV005"),
    ] {
        let world = with(&format!("informational = \"{kind}\""));
        let document = world.audit(&[]).json(0);
        assert_eq!(document["verdict"], "pass");
        assert_eq!(levels(&document), [(code, "warn")]);
        for deny in ["warnings", "unmaintained", "unsound", "notice"] {
            let denied = deny == kind || deny == "warnings";
            let document = world.audit(&["--deny", deny]).json(i32::from(denied));
            let level = if denied { "deny" } else { "warn" };
            assert_eq!(levels(&document), [(code, level)], "{deny}");
        }
        world
            .audit(&["-D", "unmaintained,unsound", "-D", "notice"])
            .exits(1);
    }
    let output = with("").audit(&["-D", "everything"]).exits(2);
    output.says(&[
        "everything",
        "warnings, unmaintained, unsound, notice, yanked",
    ]);
}

#[test]
fn a_yanked_version() {
    let server = index(&[("other", &["1.0.0!"])]);
    let world = World::with_lock(&[("other", "1.0.0")]);
    let run = |more: &[&str]| {
        let run = world.online(&["--registry-index", &server.url("/")]);
        run.args(more)
    };
    assert_eq!(levels(&run(&[]).json(0)), [("SUP001", "warn")]);
    for deny in ["yanked", "warnings"] {
        assert_eq!(levels(&run(&["-D", deny]).json(1)), [("SUP001", "deny")]);
    }
    // What was answered before is known without the network, and said to be so.
    let document = run(&["--offline", "-D", "yanked"]).json(1);
    assert_eq!(levels(&document), [("SUP001", "deny")]);
    assert!(!gap(&document, "yanked", &["kept copy"]));
    let asked = server.requests().len();
    assert!(levels(&run(&["--no-yanked"]).json(0)).is_empty());
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn a_removed_version_and_a_removed_package() {
    let server = index(&[("other", &["1.0.1"]), ("third", &["1.0.0"])]);
    let address = server.url("/");
    let arguments = ["--registry-index", &*address];
    for packages in [
        [("other", "1.0.0"), ("third", "1.0.0")],
        [("third", "1.0.0"), ("never", "1.0.0")],
    ] {
        let world = World::with_lock(&packages);
        let document = world.online(&arguments).json(1);
        assert_eq!(levels(&document), [("SUP002", "deny")]);
        // A kept copy cannot know what came after it.
        let document = world.online(&arguments).arg("--offline").json(0);
        assert!(levels(&document).is_empty());
        gap(&document, "yanked", &["kept copy"]);
    }
}

#[test]
fn a_checksum_that_is_not_the_indexes() {
    let server = index(&[("other", &["1.0.0"])]);
    let world = World::with_lock(&[]);
    for (checksum, code) in [("badc0de", 1), (index::CHECKSUM, 0), ("00FF", 0)] {
        let mut text = lock(&[("other", "1.0.0")]);
        text += &format!("checksum = \"{checksum}\"\n");
        let run = world.online(&["-", "--registry-index", &server.url("/")]);
        let document = run.stdin(text).json(code);
        let expected: &[_] = if code == 1 {
            &[("SUP003", "deny")]
        } else {
            &[]
        };
        assert_eq!(levels(&document), expected, "{checksum}");
    }
}

#[test]
fn a_check_that_could_not_be_made() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    // By default, then by name.
    let document = world.audit(&[]).json(0);
    assert!(!gap(&document, "yanked", &["other@1.0.0"]));
    let document = world.audit(&["-D", "yanked"]).json(3);
    assert!(gap(&document, "yanked", &["other@1.0.0"]));
    // Findings that fail weigh more.
    let world = with("");
    let document = world.audit(&["-D", "yanked"]).json(1);
    assert_eq!(document["verdict"], "fail");
    assert!(gap(&document, "yanked", &["other@1.0.0"]));
}

/// What a server does not answer is not clean; what it answers counts.
#[test]
fn a_registry_that_answers_in_part() {
    let server = Server::start(|request| match &*request.path {
        "/config.json" => Resp::ok(index::CONFIG),
        "/ya/nk/yanked" => Resp::ok(index::file("yanked", &["1.0.0!"])),
        "/ga/rb/garbage" => Resp::ok("<html>"),
        _ => Resp::status(403),
    });
    let names = ["yanked", "garbage", "refused"].map(|name| (name, "1.0.0"));
    let world = World::with_lock(&names);
    let address = server.url("/");
    let arguments = ["--registry-index", &*address];
    let document = world.online(&arguments).json(0);
    assert_eq!(levels(&document), [("SUP001", "warn")]);
    for name in ["garbage@1.0.0", "refused@1.0.0"] {
        assert!(!gap(&document, "yanked", &[name]));
    }
    // Findings that fail weigh more than what could not be looked at.
    world.online(&arguments).args(["-D", "yanked"]).exits(1);
    world.write("project/Cargo.lock", lock(&names[1..]));
    world.online(&arguments).args(["-D", "yanked"]).exits(3);
}

#[test]
fn what_was_ignored_does_not_fail() {
    let world = with("aliases = [\"CVE-2026-2\"]");
    let output = world.audit(&["--ignore", "RUSTSEC-2026-0002"]).exits(0);
    output.shows(&["1 advisory ignored"]);
    let document = world.audit(&["--ignore", "CVE-2026-2,CVE-2026-3"]).json(0);
    assert_eq!(levels(&document), [("POL001", "warn")]);
    assert_eq!(document["ignored"][0]["code"], "RUSTSEC-2026-0002");
    assert_eq!(document["ignored"][0]["reason"], "--ignore");
    world
        .audit(&["--ignore", "CVE-2026-2,CVE-2026-3", "-D", "warnings"])
        .exits(1);
}

#[test]
fn advisories_of_other_targets() {
    let more = "\n[affected]\nos = [\"windows\"]\narch = [\"aarch64\"]\n";
    let world = with(more);
    for (arguments, code) in [
        (&[][..], 1),
        (&["--target-os", "linux"], 0),
        (&["--target-os", "linux", "--target-os", "windows"], 1),
        (&["--target-arch", "x86_64"], 0),
        (&["--target-arch", "aarch64", "--target-os", "windows"], 1),
        (&["--target-arch", "aarch64", "--target-os", "linux"], 0),
    ] {
        let document = world.audit(arguments).json(code);
        let ignored = document["ignored"].as_array().unwrap().len();
        assert_eq!(ignored, usize::from(code == 0), "{arguments:?}");
    }
}

#[test]
fn several_databases() {
    let world = with("");
    let own = crate::support::run::advisory("OWN-2026-0001", "other", "");
    world.write("own/crates/other/OWN-2026-0001.md", own);
    let own = world.path("own");
    let own = own.to_str().unwrap();
    for arguments in [["--add-db", own], ["-d", own]] {
        let document = world.audit(&arguments).json(1);
        let expected = ["OWN-2026-0001 other@1.0.0", "RUSTSEC-2026-0002 other@1.0.0"];
        assert_eq!(found(&document), expected);
        assert_eq!(document["databases"].as_array().unwrap().len(), 2);
    }
    // The built-in snapshot, and a company's own beside it.
    let update = world.plain(&["db", "update", "--name", "own", "--source", own]);
    update.exits(0);
    let document = world.plain(&["audit", "-n"]).json(1);
    assert_eq!(found(&document), ["OWN-2026-0001 other@1.0.0"]);
    assert_eq!(document["databases"][0]["source"], "embedded");
    assert_eq!(document["databases"][1]["source"], "cache");
    // A database that was named is needed.
    for missing in ["missing", "project/src"] {
        let path = world.path(missing);
        let output = world.plain(&["audit", "-n", "-d"]).arg(&path).exits(2);
        output.says(&[path.to_str().unwrap()]);
    }
}

#[test]
fn the_library_that_rust_comes_with_is_no_package() {
    let world = World::with_lock(&[("std", "1.0.0")]);
    let advisory = crate::support::run::advisory("CVE-2026-0001", "std", "");
    world.write("db/rust/std/CVE-2026-0001.md", advisory);
    assert!(levels(&world.audit(&[]).json(0)).is_empty());
}

#[test]
fn withdrawn_advisories_and_prereleases() {
    let world = with("withdrawn = \"2026-06-02\"");
    assert!(levels(&world.audit(&[]).json(0)).is_empty());
    // 1.3.0-rc.1 comes before what has the fix.
    let world = World::with_lock(&[("parser", "1.3.0-rc.1")]);
    assert_eq!(levels(&world.audit(&[]).json(1)), [("ADV001", "deny")]);
}

#[test]
fn wrong_use() {
    let world = World::with_lock(&[]);
    for arguments in [
        &["--no-such-flag"][..],
        &["-q", "-v"],
        &["--stale", "--max-age", "1"],
        &["--max-age", "-1"],
        &["-D", "yanked", "--no-yanked"],
        &["--format", "xml"],
        &["-u", "https://example.org/x.tar.gz"],
    ] {
        let Output { stdout, stderr, .. } = world.audit(arguments).exits(2);
        assert!(
            stdout.is_empty() && stderr.starts_with("error: "),
            "{stderr}"
        );
    }
    let output = world
        .plain(&["audit", "--registry-index", "file:///x"])
        .exits(2);
    output.says(&["file:///x"]);
    let version = world.plain(&["--version"]).exits(0);
    version.shows(&["cargo-carapace 0."]);
    // As cargo calls it.
    let help = world.plain(&["carapace", "audit", "--help"]).exits(0);
    help.shows(&["Usage: cargo carapace audit"]);
}

#[test]
fn a_cycle_of_dependencies_ends() {
    let world = World::with_lock(&[]);
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let mut text = lock(&[("parser", "1.2.0")]);
    text += "dependencies = [\n \"other\",\n]\n";
    text += &entry("other", "1.0.0", Some(crate::support::run::CRATES_IO));
    text += "dependencies = [\n \"parser\",\n]\n";
    let document = world.audit(&["-"]).stdin(text).json(1);
    assert_eq!(levels(&document), [("ADV001", "deny")]);
    assert!(!gaps(&document).concat().contains("graph"));
}
