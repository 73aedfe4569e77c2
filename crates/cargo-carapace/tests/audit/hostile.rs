//! Projects whose files want more than to be judged.

use std::fs;

use serde_json::Value;

use crate::support::run::{CRATES_IO, World, advisory, found, gap};
use crate::support::server::{Resp, Server};

/// What the configuration did, as the JSON document says.
fn effects(document: &Value) -> Vec<String> {
    let config = document["config"].as_array().unwrap().iter();
    config
        .map(|c| {
            format!(
                "{}:{} {}",
                c["file"].as_str().unwrap(),
                c["line"],
                c["effect"].as_str().unwrap()
            )
        })
        .collect()
}

/// A project that depends on what has each kind of advisory, and says this.
fn project(config: &str) -> World {
    let world = World::with_lock(&[("parser", "1.2.0"), ("other", "1.0.0")]);
    world.advisory("RUSTSEC-2026-0002", "other", "informational = \"unsound\"");
    world.write("project/.cargo/audit.toml", config);
    world
}

#[test]
fn what_the_project_switches_off_is_shown_in_every_format() {
    let world = project(
        "[advisories]\nignore = [\n \"RUSTSEC-2026-0001\",\n]\ninformational_warnings = []\n\
         severity_threshold = \"critical\"\n[database]\nfetch = false\nstale = true\n[target]\nos = \"none\"\n\
         [yanked]\nenabled = false\n",
    );
    let expected = [
        ".cargo/audit.toml:3 ignores RUSTSEC-2026-0001",
        ".cargo/audit.toml:5 hides unmaintained, unsound, notice advisories",
        ".cargo/audit.toml:6 hides vulnerabilities below critical",
        ".cargo/audit.toml:8 fetches no advisories and asks no registry",
        ".cargo/audit.toml:9 accepts advisories of any age",
        ".cargo/audit.toml:11 hides what is not for the system none",
        ".cargo/audit.toml:13 looks for no yanked versions",
    ];
    let document = world.audit(&[]).json(0);
    assert_eq!(effects(&document), expected);
    assert!(found(&document).is_empty());
    world.audit(&[]).exits(0).shows(&expected);
    let beside = world.audit(&["--json"]).exits(0);
    beside.says(&expected);
    let github = world.audit(&["--format", "github"]).exits(0);
    let sarif = world.audit(&["--format", "sarif"]).exits(0).json();
    let notifications = &sarif["runs"][0]["invocations"][0]["toolConfigurationNotifications"];
    for (index, text) in expected.iter().enumerate() {
        let (place, text) = text.split_once(' ').unwrap();
        let line = place.rsplit(':').next().unwrap();
        let command =
            format!("::notice file=.cargo/audit.toml,line={line},title=configuration::{text}");
        github.shows(&[&command]);
        let notification = &notifications[index];
        assert_eq!(notification["message"]["text"], text);
        let place = &notification["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], ".cargo/audit.toml");
        assert_eq!(place["region"]["startLine"].to_string(), line);
    }
    // All of it is undone by one flag.
    let document = world.audit(&["--no-project-config"]).json(1);
    assert_eq!(found(&document).len(), 2);
    assert!(effects(&document).is_empty());
}

#[test]
fn the_configurations_place_is_told_from_the_repositorys_root() {
    let world = project("");
    let config = "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n";
    for file in ["Cargo.toml", "Cargo.lock", "src/lib.rs"] {
        fs::create_dir_all(world.path("project/sub/src")).unwrap();
        fs::copy(
            world.path("project").join(file),
            world.path("project/sub").join(file),
        )
        .unwrap();
    }
    world.write("project/sub/.cargo/audit.toml", config);
    let sub = world.path("project/sub");
    let run = world.audit(&["--format", "github"]).folder(&sub);
    run.exits(0).shows(&["file=sub/.cargo/audit.toml,line=2"]);
    let run = world.audit(&["--format", "sarif", "sub"]);
    let sarif = run.exits(0).json();
    let notifications = &sarif["runs"][0]["invocations"][0]["toolConfigurationNotifications"];
    let place = &notifications[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "sub/.cargo/audit.toml");
    // For people, from where they are.
    let document = world.audit(&["sub"]).json(0);
    assert_eq!(
        effects(&document),
        ["sub/.cargo/audit.toml:2 ignores RUSTSEC-2026-0001"]
    );
}

#[test]
fn what_the_command_line_asks_for_is_not_switched_off_by_the_project() {
    let world = project(
        "[advisories]\ninformational_warnings = []\n[database]\nstale = true\n[yanked]\nenabled = false\n",
    );
    let document = world.audit(&["-D", "yanked", "--max-age", "7"]).json(1);
    assert!(gap(&document, "database", &["more than 7 days ago"]));
    assert!(gap(&document, "yanked", &[]));
    let document = world.audit(&["-D", "unsound"]).json(1);
    assert_eq!(found(&document).len(), 2);
    let document = world.audit(&["-D", "warnings"]).json(1);
    assert_eq!(found(&document).len(), 2);
}

#[test]
fn one_projects_configuration_is_not_for_another() {
    let world = project("");
    fs::remove_dir_all(world.path("project/.cargo")).unwrap();
    for name in ["a", "b"] {
        for file in ["Cargo.toml", "Cargo.lock", "src/lib.rs"] {
            let copy = world.path("project").join(name).join(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(world.path("project").join(file), copy).unwrap();
        }
    }
    let ignore = "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n";
    world.write("project/a/.cargo/audit.toml", ignore);
    assert_eq!(found(&world.audit(&["a"]).json(0)).len(), 1);
    assert_eq!(found(&world.audit(&["a", "a/Cargo.toml"]).json(0)).len(), 2);
    let document = world.audit(&["a", "b"]).json(1);
    assert_eq!(found(&document).len(), 4);
    assert!(!gap(
        &document,
        "configuration",
        &["a/.cargo/audit.toml", "several projects"]
    ));
    // Where it is run is where it is configured.
    world.write("project/.cargo/audit.toml", ignore);
    let document = world.audit(&["a", "b"]).json(0);
    assert_eq!(
        effects(&document),
        [".cargo/audit.toml:2 ignores RUSTSEC-2026-0001"]
    );
}

/// `quiet` is for those who have seen it.
#[test]
fn a_project_cannot_keep_quiet_about_itself() {
    let world = project(
        "[output]\nquiet = true\n[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\ninformational_warnings = []\n",
    );
    let output = world.audit(&[]).exits(0);
    output.shows(&[".cargo/audit.toml:4 ignores RUSTSEC-2026-0001"]);
    assert_eq!(world.audit(&["-q"]).exits(0).stdout, "");
    let world = World::with_lock(&[]);
    world.write("project/.cargo/audit.toml", "[output]\nquiet = true\n");
    assert_eq!(world.audit(&[]).exits(0).stdout, "");
}

#[test]
fn a_setting_on_the_line_of_another_is_shown_too() {
    let world = project("database = { path = \"../db\", stale = true, url = \"http://x\" }\n");
    let effects = effects(&world.plain(&["audit", "-n"]).json(0));
    assert_eq!(effects.len(), 3, "{effects:?}");
    assert!(effects.contains(&".cargo/audit.toml:1 accepts advisories of any age".to_owned()));
}

#[test]
fn a_database_of_the_project_is_used_and_shown_and_no_other() {
    let world = project("[database]\npath = \"advisories\"\n");
    let id = "OWN-2026-0001";
    let own = "project/advisories/crates/other/OWN-2026-0001.md";
    world.write(own, advisory(id, "other", ""));
    let run = || world.plain(&["audit", "-n"]);
    let document = run().json(1);
    assert_eq!(found(&document), ["OWN-2026-0001 other@1.0.0"]);
    assert_eq!(
        effects(&document),
        [".cargo/audit.toml:2 takes the advisories from advisories"]
    );
    // What the user names counts, and then there is nothing to say.
    let document = world.audit(&[]).json(1);
    assert_eq!(found(&document)[0], "RUSTSEC-2026-0001 parser@1.2.0");
    assert!(effects(&document).is_empty());

    fs::rename(world.path("project/advisories"), world.path("outside")).unwrap();
    let outside = world.path("outside");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, world.path("project/link")).unwrap();
    world.write(
        "home/crates/other/OWN-2026-0001.md",
        advisory(id, "other", ""),
    );
    for path in [
        "../outside",
        "link",
        outside.to_str().unwrap(),
        "~",
        "~/../outside",
        "missing",
    ] {
        let config = format!("[database]\npath = {path:?}\n");
        world.write("project/.cargo/audit.toml", config);
        let document = run().json(0);
        assert_eq!(document["database"]["source"], "embedded", "{path}");
        let effects = effects(&document);
        let expected = ".cargo/audit.toml:2 database.path is not followed: ";
        assert!(
            effects.len() == 1 && effects[0].starts_with(expected),
            "{effects:?}"
        );
    }
}

#[test]
fn an_address_of_the_project_never_leads_inside() {
    let server = Server::start(|_| Resp::ok("x"));
    let tls = Server::tls(|_| Resp::ok("x"));
    let (world, port) = (project(""), tls.port());
    for url in [
        server.url("/db.tar.gz"),
        server.url("/db.git"),
        tls.url("/db.tar.gz"),
        tls.url("/db.git"),
        format!("https://localhost:{port}/db.tar.gz"),
        format!("https://user:secret@[::1]:{port}/db.tar.gz"),
        format!("https://2130706433:{port}/db.git"),
        "https://10.0.0.1/db.tar.gz".to_owned(),
        "https://192.168.0.1/db.git".to_owned(),
        "https://169.254.169.254/db.tar.gz".to_owned(),
        "http://example.org/db.tar.gz".to_owned(),
        "http://example.org/db.git".to_owned(),
        "ssh://git@example.org/db.git".to_owned(),
        "git@example.org:db".to_owned(),
        "ext::sh -c x".to_owned(),
        format!("file://{}", world.path("db").display()),
        world.path("db").display().to_string(),
        "../db".to_owned(),
    ] {
        world.write(
            "project/.cargo/audit.toml",
            format!("[database]\n\nurl = {url:?}\n"),
        );
        // Nothing is fetched in place of it either: the last attempt has just failed.
        let output = world
            .plain(&["audit", "--no-yanked", "--format", "json"])
            .exits(0);
        let document = output.json();
        assert_eq!(document["database"]["source"], "embedded", "{url}");
        let expected = ".cargo/audit.toml:3 database.url is not followed: \
                        a project may only name a public https address; -u names any";
        assert_eq!(effects(&document), [expected], "{url}");
        assert!(!output.stdout.contains("secret"), "{url}");
    }
    assert!(server.requests().is_empty() && tls.requests().is_empty());
}

/// Who is offline does not even ask where a host is.
#[test]
fn an_address_of_the_project_that_is_not_held_is_an_error_offline() {
    let world = project("[database]\nurl = \"https://example.invalid/db.tar.gz\"\n");
    let output = world.plain(&["audit", "-n"]).exits(2);
    output.says(&["https://example.invalid/db.tar.gz: not fetched, as the run is offline"]);
    let document = world.plain(&["audit", "-n", "--no-project-config"]).json(0);
    assert_eq!(document["database"]["source"], "embedded");
}

#[test]
fn rustsecs_own_address_changes_nothing() {
    let world = project("[database]\nurl = \"https://github.com/RustSec/advisory-db.git\"\n");
    let document = world.plain(&["audit", "-n"]).json(0);
    assert!(effects(&document).is_empty(), "{document:#}");
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_no_file_of_the_project() {
    let world = project("");
    let config = world.path("project/.cargo/audit.toml");
    let refused = |texts: &[&str]| {
        let output = world.audit(&[]).exits(2);
        output.says(&[".cargo/audit.toml"]).says(texts);
        world.audit(&["--no-project-config"]).exits(1);
    };
    fs::remove_file(&config).unwrap();
    crate::support::run::fifo(&config);
    refused(&["is a FIFO"]);
    fs::remove_file(&config).unwrap();
    fs::create_dir(&config).unwrap();
    refused(&["is a folder"]);
    fs::remove_dir(&config).unwrap();
    world.write(
        "outside.toml",
        "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n",
    );
    for target in ["../../outside.toml", "/dev/zero", "/proc/self/environ"] {
        std::os::unix::fs::symlink(target, &config).unwrap();
        refused(&["leads out of the project"]);
        fs::remove_file(&config).unwrap();
    }
    world.write("project/.cargo/audit.toml", vec![b'#'; 2 << 20]);
    refused(&["is larger than"]);
    world.write("project/.cargo/audit.toml", b"\xff");
    refused(&["not UTF-8"]);
    world.write("project/.cargo/audit.toml", "[advisories]\n[x\x1b[31m]\n");
    refused(&["line 2"]);
    assert!(!world.audit(&[]).exits(2).stderr.contains('\x1b'));
}

#[cfg(unix)]
#[test]
fn a_lockfile_that_leads_out_of_the_project() {
    let world = project("");
    let lock = world.path("project/Cargo.lock");
    fs::rename(&lock, world.path("outside.lock")).unwrap();
    std::os::unix::fs::symlink("../outside.lock", &lock).unwrap();
    for arguments in [&[][..], &["."], &["--manifest-path", "Cargo.toml"], &["-r"]] {
        let output = world.audit(arguments).exits(2);
        output.says(&["Cargo.lock", "leads out of"]);
    }
    // Who names it, means it.
    world.audit(&["-f", "Cargo.lock"]).exits(1);
}

#[cfg(unix)]
#[test]
fn cargos_configuration_in_the_project_is_never_obeyed() {
    let server = Server::start(|_| Resp::status(404));
    let index = crate::support::index::index(&[("other", &["1.0.0"])]);
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let canary = world.path("canary");
    let program = world.path("project/tools/program");
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n",
        canary.display()
    );
    crate::support::process::script(&program, &script);
    let (program, address) = (program.display().to_string(), server.url(""));
    let config = format!(
        "[build]\nrustc = {program:?}\nrustc-wrapper = {program:?}\n\
         [alias]\ncarapace = \"run\"\ngenerate-lockfile = \"run\"\nmetadata = \"run\"\n\
         [registry]\nglobal-credential-providers = [{program:?}]\ntoken = \"secret\"\n\
         [registries.crates-io]\nindex = \"sparse+{address}/index/\"\ntoken = \"secret\"\ncredential-provider = [{program:?}]\n\
         [registries.own]\nindex = \"sparse+{address}/own/\"\n\
         [source.crates-io]\nreplace-with = \"own\"\n[source.own]\nregistry = \"sparse+{address}/own/\"\n\
         [http]\nproxy = \"{address}\"\ncainfo = {program:?}\n\
         [net]\ngit-fetch-with-cli = true\n[env]\nRUSTC = {{ value = {program:?}, force = true }}\n\
         [target.x86_64-unknown-linux-gnu]\nlinker = {program:?}\nrunner = {program:?}\n"
    );
    world.write("project/.cargo/config.toml", &config);
    world.write("project/.cargo/config", &config);
    world.write(
        "project/.cargo/credentials.toml",
        "[registry]\ntoken = \"secret\"\n",
    );
    world.write(
        "project/rust-toolchain.toml",
        format!("[toolchain]\npath = {program:?}\n"),
    );
    world.write(
        "project/.git/config",
        format!("[core]\nfsmonitor = {program:?}\nhooksPath = \"tools\"\n"),
    );
    let manifest = |name: &str, rest: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.0\"\nedition = \"2024\"\nbuild = \"build.rs\"\n{rest}"
        )
    };
    world.write(
        "project/Cargo.toml",
        manifest("app", "[dependencies]\nparser = { path = \"parser\" }\n"),
    );
    world.write(
        "project/parser/Cargo.toml",
        manifest("parser", "links = \"x\"\n"),
    );
    let build = format!("fn main() {{ std::fs::write({canary:?}, \"\").unwrap(); }}");
    for folder in ["project", "project/parser"] {
        world.write(&format!("{folder}/src/lib.rs"), "");
        world.write(&format!("{folder}/build.rs"), &build);
    }
    // Cargo itself, started in there, obeys.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let plain = std::process::Command::new(cargo)
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(world.path("project"))
        .env("CARGO_HOME", world.path("cargo"))
        .env_remove("RUSTC")
        .env_remove("RUSTC_WRAPPER")
        .output()
        .unwrap();
    assert!(canary.exists(), "the fixture is not hostile: {plain:?}");
    fs::remove_file(&canary).unwrap();
    let _ = fs::remove_file(world.path("project/Cargo.lock"));
    let before = crate::support::project::listing(&world.path("project"));
    // Without a lockfile, where cargo resolves, and with one, where the registry is asked.
    let without = world.online(&["--offline"]).json(0);
    assert_eq!(found(&without), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    assert_eq!(
        crate::support::project::listing(&world.path("project")),
        before
    );
    world.write(
        "project/Cargo.lock",
        crate::support::run::lock(&[("other", "1.0.0")]),
    );
    let with = world.online(&["--registry-index", &index.url("/")]).json(0);
    assert_eq!(
        with["packages"][1]["id"],
        format!("{CRATES_IO}#other@1.0.0")
    );
    // The index of the project's choice is not the user's: who is asked cannot be reached here.
    let document = world.online(&[]).json(0);
    gap(&document, "yanked", &["other@1.0.0"]);
    // A database in the project, with a repository around it.
    fs::rename(world.path("db"), world.path("project/db")).unwrap();
    world.write(
        "project/db/.git/config",
        format!("[core]\nfsmonitor = {program:?}\n"),
    );
    let database = world.plain(&["audit", "-n", "-d", "db"]);
    database.json(0);
    assert!(!canary.exists(), "{:?}", fs::read_to_string(canary));
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}
