//! What cargo-audit 0.22.2 does wrong, and what is right.

use std::fs;

use crate::support::run::{World, advisory, entry, found, gap, gaps, lock};

#[test]
fn an_advisory_that_moved_upstream_and_left_its_old_file_behind() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let (id, old) = (
        "RUSTSEC-2026-0001",
        "db/crates/parser-old/RUSTSEC-2026-0001.md",
    );
    world.write(old, advisory(id, "parser", ""));
    let document = world.audit(&[]).json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    assert_eq!(document["database"]["advisories"], 1);
    // Where the two disagree, the one that does not count is named.
    world.write(old, advisory(id, "parser", "informational = \"notice\""));
    let document = world.audit(&[]).json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    gap(
        &document,
        "advisories",
        &["parser-old/RUSTSEC-2026-0001.md", "is also in"],
    );
}

#[test]
fn one_malformed_advisory_is_set_aside_and_named() {
    let world = World::with_lock(&[("parser", "1.2.0"), ("other", "1.0.0")]);
    world.write("db/crates/absent/RUSTSEC-2026-0002.md", "nothing");
    let document = world.audit(&[]).json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    assert!(
        !gaps(&document)
            .iter()
            .any(|gap| gap.contains("RUSTSEC-2026-0002"))
    );
    // It decides nothing, but of a package that is there it may have told something.
    world.write("db/crates/other/RUSTSEC-2026-0003.md", "nothing");
    let document = world.audit(&[]).json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    let texts = ["other@1.0.0", "crates/other/RUSTSEC-2026-0003.md"];
    assert!(!gap(&document, "advisories", &texts));
    // What is held is named by `db status`, whatever the project.
    let db = world.path("db");
    let update = world.plain(&["db", "update", "--name", "own", "--source"]);
    update.arg(db).exits(0);
    let status = world.plain(&["db", "status"]).exits(0);
    status.shows(&[
        "crates/absent/RUSTSEC-2026-0002.md",
        "crates/other/RUSTSEC-2026-0003.md",
    ]);
}

#[test]
fn yanked_that_is_denied_and_cannot_be_looked_for() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    let document = world.audit(&["-D", "yanked"]).json(3);
    assert_eq!(document["verdict"], "incomplete");
    assert!(gap(&document, "yanked", &["other@1.0.0"]));
    // Also where the file asks for it, and where nobody answers.
    world.write(
        "project/.cargo/audit.toml",
        "[output]\ndeny = [\"yanked\"]\n",
    );
    world.audit(&[]).exits(3);
    let nobody = ["--registry-index", "http://127.0.0.1:9/"];
    let document = world.online(&nobody).json(3);
    assert!(gap(&document, "yanked", &["other@1.0.0"]));
    // A default is no wish.
    let document = world.online(&nobody).arg("--no-project-config").json(0);
    assert!(!gap(&document, "yanked", &["other@1.0.0"]));
}

#[test]
fn warnings_that_are_denied_include_notices() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.advisory("RUSTSEC-2026-0002", "other", "informational = \"notice\"");
    world.audit(&[]).exits(0);
    for deny in ["warnings", "notice"] {
        world.audit(&["-D", deny]).exits(1);
    }
    world.audit(&["-D", "unsound"]).exits(0);
}

#[test]
fn sections_of_the_configuration_may_be_partial() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    for partial in [
        "",
        "[advisories]\n",
        "[database]\nfetch = true\n",
        "[output]\nquiet = false\n",
        "[target]\nos = \"linux\"\n",
        "[yanked]\nupdate_index = true\n",
    ] {
        world.write("project/.cargo/audit.toml", partial);
        world.audit(&[]).exits(1);
    }
}

#[test]
fn a_misspelt_target_is_an_error_with_a_suggestion() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let output = world.audit(&["--target-os", "lunix"]).exits(2);
    output.says(&["`lunix`", "did you mean `linux`?"]);
    assert_eq!(output.stdout, "");
    let output = world.audit(&["--target-arch", "x86-64"]).exits(2);
    output.says(&["`x86-64`", "did you mean `x86_64`?"]);
    world.write(
        "project/.cargo/audit.toml",
        "[target]\nos = [\"linux\",\n\"lunix\"]\n",
    );
    let output = world.audit(&[]).exits(2);
    output.says(&[".cargo/audit.toml", "line 2", "did you mean `linux`?"]);
}

#[test]
fn sarif_names_the_file_from_the_repositorys_root_and_the_packages_line() {
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let lock = lock(&[("parser", "1.2.0")]);
    let line = 1 + lock.lines().position(|l| l == "name = \"parser\"").unwrap();
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n";
    for (folder, expected) in [
        ("project", "Cargo.lock"),
        ("project/a b/c", "a%20b/c/Cargo.lock"),
    ] {
        world.write(&format!("{folder}/Cargo.lock"), &lock);
        world.write(&format!("{folder}/Cargo.toml"), manifest);
        world.write(&format!("{folder}/src/lib.rs"), "");
        let src = world.path(&format!("{folder}/src"));
        let file = world.path(&format!("{folder}/Cargo.lock"));
        for run in [
            world.audit(&[]).folder(world.path(folder)),
            world.audit(&[]).folder(&src),
            world
                .audit(&["-f", "Cargo.lock"])
                .folder(world.path(folder)),
            world.audit(&["-f", "../Cargo.lock"]).folder(&src),
            world.audit(&["-f"]).arg(file).folder(world.path("home")),
        ] {
            let output = run.args(["--format", "sarif"]).exits(1).json();
            let place = &output["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], expected);
            assert_eq!(place["region"]["startLine"], line);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_repository_changes_nothing_of_that() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let link = world.path("link");
    std::os::unix::fs::symlink(world.path("project"), &link).unwrap();
    for run in [
        world.audit(&["-f"]).arg(link.join("Cargo.lock")),
        world.audit(&[]).arg(&link),
    ] {
        let run = run.folder(world.path("home")).args(["--format", "sarif"]);
        let output = run.exits(1).json();
        let result = &output["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "Cargo.lock");
    }
}

#[test]
fn standard_output_holds_the_document_and_nothing_else() {
    let world = World::with_lock(&[("parser", "1.2.0"), ("other", "1.0.0"), ("third", "1.0.0")]);
    world.advisory(
        "RUSTSEC-2026-0002",
        "other",
        "informational = \"unmaintained\"",
    );
    world.advisory("RUSTSEC-2026-0003", "third", "informational = \"notice\"");
    world.write("db/crates/other/RUSTSEC-2026-0004.md", "nothing");
    world.write(
        "project/.cargo/audit.toml",
        "[advisories]\nignore = [\"RUSTSEC-1999-0001\"]\n",
    );
    for format in ["json", "sarif", "cargo-audit"] {
        let run = world.audit(&["-D", "yanked", "--format", format]);
        let output = run.exits(1);
        assert!(output.json().is_object());
        assert_eq!(output.stdout.matches('\n').count(), 1, "{output:#?}");
    }
    let output = world
        .audit(&["-D", "yanked", "--format", "github"])
        .exits(1);
    assert_eq!(output.stderr, "");
}

/// That tool's document has no place for them.
#[test]
fn what_cargo_audits_document_cannot_tell_is_told_beside_it() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.write(
        "project/.cargo/audit.toml",
        "[yanked]\nupdate_index = false\n",
    );
    let output = world.audit(&["-D", "yanked", "--json"]).exits(3);
    output.says(&["incomplete: yanked", ".cargo/audit.toml:2"]);
    assert!(output.json().is_object());
}

#[test]
fn an_advisory_is_ignored_by_any_of_its_names() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.advisory(
        "RUSTSEC-2026-0001",
        "parser",
        "aliases = [\"CVE-2026-1\", \"GHSA-a-b-c\"]",
    );
    for name in ["RUSTSEC-2026-0001", "CVE-2026-1", "GHSA-a-b-c"] {
        let document = world.audit(&["--ignore", name]).json(0);
        assert!(found(&document).is_empty(), "{document:#}");
        assert_eq!(document["ignored"][0]["code"], "RUSTSEC-2026-0001");
    }
    let document = world.audit(&["--ignore", "CVE-2026-2"]).json(1);
    assert_eq!(
        found(&document),
        ["RUSTSEC-2026-0001 parser@1.2.0", "POL001"]
    );
    let message = document["findings"][1]["message"].as_str().unwrap();
    assert!(message.contains("CVE-2026-2"), "{message}");
    // So is one that is known, and that nothing here has.
    world.advisory("RUSTSEC-2026-0009", "absent", "");
    let document = world.audit(&["--ignore", "RUSTSEC-2026-0009"]).json(1);
    assert_eq!(
        found(&document),
        ["RUSTSEC-2026-0001 parser@1.2.0", "POL003"]
    );
}

#[test]
fn the_tilde_in_the_users_configuration_is_the_home() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    fs::rename(world.path("db"), world.path("home/db")).unwrap();
    world.write("cargo/audit.toml", "[database]\npath = \"~/db\"\n");
    let document = world.plain(&["audit", "-n"]).json(1);
    let location = document["database"]["location"].as_str().unwrap();
    assert_eq!(location, world.path("home/db").to_str().unwrap());
    // The user's own settings are no news.
    assert_eq!(document["config"].as_array().unwrap().len(), 0);
}

#[test]
fn it_works_in_the_folder_of_a_workspaces_member() {
    let world = World::new();
    world.advisory("RUSTSEC-2026-0001", "parser", "");
    let member = entry("member", "0.1.0", None) + "dependencies = [\"parser\"]\n";
    let parser = entry("parser", "1.2.0", Some(crate::support::run::CRATES_IO));
    world.write(
        "project/Cargo.lock",
        format!("version = 4\n{member}{parser}"),
    );
    world.write(
        "project/Cargo.toml",
        "[workspace]\nmembers = [\"member\"]\n",
    );
    let manifest = "[package]\nname = \"member\"\nversion = \"0.1.0\"\n";
    world.write("project/member/Cargo.toml", manifest);
    world.write("project/member/src/lib.rs", "");
    for folder in ["project", "project/member", "project/member/src"] {
        let document = world.audit(&[]).folder(world.path(folder)).json(1);
        assert_eq!(
            found(&document),
            ["RUSTSEC-2026-0001 parser@1.2.0"],
            "{folder}"
        );
        assert_eq!(document["inputs"][0]["kind"], "manifest");
    }
    // Its configuration is the workspace's.
    let ignore = "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n";
    world.write("project/.cargo/audit.toml", ignore);
    let document = world
        .audit(&[])
        .folder(world.path("project/member"))
        .json(0);
    assert_eq!(document["config"][0]["line"], 2);
}

#[test]
fn the_databases_age_is_looked_at_without_fetching_too() {
    const LATER: &str = "1793491200"; // 2026-11-01
    const EARLIER: &str = "1767225600"; // 2026-01-01
    let world = World::with_lock(&[("other", "1.0.0")]);
    let run =
        |today: &str, arguments: &[&str]| world.audit(arguments).set("SOURCE_DATE_EPOCH", today);
    assert!(
        !gaps(&run(crate::support::run::TODAY, &[]).json(0))
            .concat()
            .contains("database")
    );
    for (today, text) in [(LATER, "2026-06-01"), (EARLIER, "in the future")] {
        assert!(!gap(&run(today, &[]).json(0), "database", &[text]));
        for set in ["true", "1", "yes"] {
            let document = run(today, &[]).set("CI", set).json(3);
            assert!(gap(&document, "database", &[text]));
            assert_eq!(document["verdict"], "incomplete");
        }
        run(today, &["--max-age", "90"]).exits(3);
        run(today, &[]).set("CI", "false").exits(0);
        let document = run(today, &["--stale"]).set("CI", "true").json(0);
        assert!(!gaps(&document).concat().contains("database"));
    }
    run(LATER, &["--max-age", "365"]).set("CI", "true").exits(0);
    run(crate::support::run::TODAY, &["--max-age", "7"]).exits(3);
}
