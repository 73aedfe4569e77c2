//! Policies of a project: which of them rules, and what it does.

use crate::support::run::{CRATES_IO, Run, World, entry, found, gaps};

/// A vulnerability of `parser`, which the project has, and this `carapace.toml`.
fn world(policy: &str) -> World {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.write("project/carapace.toml", policy);
    world
}

fn ignore(rest: &str) -> String {
    format!("[[audit.ignore]]\nid = \"RUSTSEC-2026-0001\"\nreason = \"not reached\"\n{rest}")
}

#[test]
fn an_advisory_is_ignored_with_its_reason() {
    let world = world(&ignore(
        "until = \"2026-06-15\"\npackage = \"parser@1.2.0\"\n",
    ));
    let document = world.audit(&[]).json(0);
    assert!(found(&document).is_empty(), "{document:#}");
    let ignored = &document["ignored"][0];
    assert_eq!(ignored["code"], "RUSTSEC-2026-0001");
    assert_eq!(ignored["reason"], "not reached");
    assert_eq!(ignored["until"], "2026-06-15");
    let effect = &document["config"][0];
    assert_eq!(
        (&effect["file"], &effect["line"]),
        (&"carapace.toml".into(), &1.into())
    );
    // Whoever distrusts the project goes without.
    world.audit(&["--no-project-config"]).exits(1);
}

#[test]
fn what_is_ignored_too_long_or_to_no_use_is_told() {
    for (rest, code) in [
        ("until = \"2026-06-14\"\n", "POL004"),
        ("package = \"parser@1.2.1\"\n", "POL003"),
        ("parent = \"other\"\n", "POL003"),
    ] {
        let document = world(&ignore(rest)).audit(&[]).json(1);
        let codes = found(&document);
        assert_eq!(codes, ["RUSTSEC-2026-0001 parser@1.2.0", code], "{rest}");
        let finding = &document["findings"][1];
        assert_eq!(finding["location"]["file"], "carapace.toml");
    }
    // The member is its only parent.
    let document = world(&ignore("parent = \"app\"\n")).audit(&[]).json(0);
    assert!(found(&document).is_empty(), "{document:#}");
}

#[test]
fn scopes_scores_and_levels() {
    let scored = "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"";
    for (policy, more, code) in [
        ("[audit.scope]\nvulnerability = \"workspace\"\n", "", 0),
        ("[audit.scope]\nvulnerability = \"direct\"\n", "", 1),
        ("[audit]\nseverity-threshold = \"high\"\n", "", 1),
        (
            "[audit]\nseverity-threshold = \"high\"\nwithout-score = \"ignore\"\n",
            "",
            0,
        ),
        (
            "[audit]\nseverity-threshold = \"high\"\nwithout-score = \"ignore\"\n",
            scored,
            1,
        ),
        (
            "[rules]\nwarn = [{ rule = \"vulnerability\", reason = \"a demo\" }]\n",
            "",
            0,
        ),
        (
            "[rules]\ndeny = [\"advisory\"]\n",
            "informational = \"unmaintained\"",
            1,
        ),
        ("", "informational = \"unmaintained\"", 0),
        // Malice is in every scope.
        (
            "[audit.scope]\nvulnerability = \"workspace\"\n",
            "categories = [\"malicious\"]",
            1,
        ),
    ] {
        let world = world(policy);
        world.advisory("RUSTSEC-2026-0001", "parser", more);
        let output = world.audit(&[]).run();
        assert_eq!(output.code, code, "{policy}{more}: {}", output.stdout);
    }
}

#[test]
fn the_age_of_the_database_is_the_policys() {
    let world = world("[audit]\nmax-age = 3\n");
    world.advisory("RUSTSEC-2026-0001", "parser", "informational = \"notice\"");
    world.audit(&[]).exits(3);
    world.audit(&["--max-age", "90"]).exits(0);
    world.audit(&["--stale"]).exits(0);
}

#[test]
fn one_configuration_rules_and_says_so() {
    let audit_toml = "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n";
    let deny_toml =
        "[advisories]\nignore = [{ id = \"RUSTSEC-2026-0001\", reason = \"read once\" }]\n";
    let gives_way = |document: &serde_json::Value, file: &str, by: &str| {
        let config = document["config"].as_array().unwrap();
        let effect = format!("nothing of it is followed: {by} rules");
        let is_it = |entry: &serde_json::Value| entry["file"] == file && entry["effect"] == *effect;
        assert!(config.iter().any(is_it), "{document:#}");
    };
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.write("project/deny.toml", deny_toml);
    let document = world.audit(&[]).json(0);
    assert_eq!(document["ignored"][0]["reason"], "read once");
    world.write("project/.cargo/audit.toml", audit_toml);
    let document = world.audit(&[]).json(0);
    assert_eq!(document["ignored"][0]["reason"], ".cargo/audit.toml:2");
    gives_way(&document, "deny.toml", ".cargo/audit.toml");
    // Never the union: what the others ignore is not ignored.
    world.write("project/carapace.toml", "[audit]\n");
    let document = world.audit(&[]).json(1);
    gives_way(&document, "deny.toml", "carapace.toml");
    gives_way(&document, ".cargo/audit.toml", "carapace.toml");
    // What the user names rules alone, and is no word of the project's.
    world.write("mine.toml", ignore(""));
    let named = world.path("mine.toml");
    let document = world.audit(&["--config"]).arg(&named).json(0);
    assert_eq!(
        document["config"].as_array().unwrap().len(),
        0,
        "{document:#}"
    );
}

#[test]
fn a_policy_of_a_manifest() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.write(
        "project/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [[package.metadata.carapace.audit.ignore]]\nid = \"RUSTSEC-2026-0001\"\nreason = \"x\"\n",
    );
    let document = world.audit(&[]).json(0);
    assert_eq!(document["config"][0]["file"], "Cargo.toml");
}

#[test]
fn policies_that_cannot_be_followed_end_the_run() {
    for (policy, expected) in [
        ("[audit", "carapace.toml: line 1"),
        (
            "[audit]\nignores = []\n",
            "carapace.toml: line 2: unknown field `ignores`",
        ),
        (
            "[[audit.ignore]]\nid = \"RUSTSEC-2026-0001\"\n",
            "carapace.toml: line 1: an ignored advisory needs a `reason`",
        ),
    ] {
        let output = world(policy).audit(&[]).exits(2);
        output.says(&[expected]);
    }
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.write("project/deny.toml", "[advisories]\nunsound = 3\n");
    world.audit(&[]).exits(2).says(&["deny.toml: line 2"]);
}

#[test]
fn the_organisations_policy_is_tightened_and_not_loosened() {
    let world = world(&ignore("[audit]\nmax-age = 3\n"));
    world.write("org/carapace.toml", "[rules]\ndeny = [\"unmaintained\"]\n");
    world.advisory(
        "RUSTSEC-2026-0002",
        "parser",
        "informational = \"unmaintained\"",
    );
    let run = || world.audit(&[]).set("CARAPACE_POLICY", world.path("org"));
    let document = run().json(1);
    assert_eq!(
        found(&document),
        [
            "RUSTSEC-2026-0001 parser@1.2.0",
            "RUSTSEC-2026-0002 parser@1.2.0"
        ]
    );
    assert_eq!(document["findings"][1]["level"], "deny");
    let effect = document["config"][0]["effect"].as_str().unwrap();
    assert!(
        effect.starts_with("an ignored advisory is not followed"),
        "{effect}"
    );
    // What tightens is followed: the database is too old for the project.
    assert!(
        gaps(&document).iter().any(|gap| gap.contains("database")),
        "{document:#}"
    );
    // Another tool's configuration would only loosen.
    std::fs::remove_file(world.path("project/carapace.toml")).unwrap();
    world.write(
        "project/.cargo/audit.toml",
        "[advisories]\nignore = [\"RUSTSEC-2026-0001\"]\n",
    );
    let document = run().json(1);
    assert_eq!(found(&document).len(), 2, "{document:#}");
    // What is named has to be there.
    let missing = world.audit(&[]).set("CARAPACE_POLICY", world.path("none"));
    missing
        .exits(2)
        .says(&["CARAPACE_POLICY names the organisation's policy"]);
}

#[test]
fn a_policy_is_made_from_what_is_there() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    world.write(
        "project/deny.toml",
        "[advisories]\nignore = [{ id = \"RUSTSEC-2026-0001\", reason = \"read once\" }]\n",
    );
    let before = world.audit(&[]).json(0);
    let shown = world.plain(&["init", "--dry-run"]).exits(0).stdout;
    assert!(!world.path("project/carapace.toml").exists());
    world
        .plain(&["init"])
        .exits(0)
        .says(&["wrote carapace.toml"]);
    let written = std::fs::read_to_string(world.path("project/carapace.toml")).unwrap();
    assert_eq!(written, shown);
    let after = world.audit(&[]).json(0);
    assert_eq!(after["ignored"], before["ignored"]);
    // What is there is never overwritten.
    world
        .plain(&["init"])
        .exits(2)
        .says(&["there is a policy already"]);
    std::fs::remove_file(world.path("project/carapace.toml")).unwrap();
    std::fs::remove_file(world.path("project/deny.toml")).unwrap();
    world.plain(&["init"]).exits(0);
    world.audit(&[]).exits(1);
}

#[cfg(unix)]
#[test]
fn a_policy_is_not_written_through_a_link() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let target = world.path("elsewhere");
    std::os::unix::fs::symlink(&target, world.path("project/carapace.toml")).unwrap();
    world.plain(&["init"]).exits(2);
    assert!(!target.exists());
}

/// `app` depends on `web`, which depends on `parser`, which `tool`, a member, needs too, with `lexer`.
#[test]
fn what_is_excluded_and_what_only_it_needs() {
    let package = |name: &str, source: bool, on: &[&str]| {
        let on: Vec<String> = on.iter().map(|name| format!("\"{name}\"")).collect();
        let text = entry(name, "1.2.0", source.then_some(CRATES_IO));
        format!("{text}dependencies = [{}]\n", on.join(", "))
    };
    let all = [
        package("app", false, &["web"]),
        package("lexer", true, &[]),
        package("parser", true, &[]),
        package("tool", false, &["lexer", "parser"]),
        package("web", true, &["parser"]),
    ];
    let world = World::new();
    world.write(
        "project/Cargo.lock",
        format!("version = 4\n{}", all.concat()),
    );
    world.project();
    let old = "informational = \"unmaintained\"";
    world.advisory("RUSTSEC-2026-0001", "parser", old);
    world.advisory("RUSTSEC-2026-0002", "lexer", old);
    world.advisory("RUSTSEC-2026-0003", "web", old);
    let with = |file: &str, text: &str| {
        world.write(&format!("project/{file}"), text);
        let document = world.audit(&["--format", "json"]).run().json();
        std::fs::remove_file(world.path("project").join(file)).unwrap();
        let found = found(&document);
        let names = found
            .iter()
            .map(|name| name.split(['@', ' ']).nth(1).unwrap().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.join(" ")
    };
    for (file, text, left) in [
        ("deny.toml", "", "lexer parser web"),
        (
            "deny.toml",
            "[advisories]\nunmaintained = \"workspace\"\n",
            "lexer parser web",
        ),
        (
            "deny.toml",
            "[advisories]\nunmaintained = \"transitive\"\n",
            "parser",
        ),
        ("deny.toml", "[graph]\nexclude = [\"tool\"]\n", "parser web"),
        (
            "deny.toml",
            "[graph]\nexclude = [\"web:1.2.0\", \"tool\"]\n",
            "",
        ),
        (
            "deny.toml",
            "[graph]\nexclude = [\"web@1.3.0\"]\n",
            "lexer parser web",
        ),
        (
            "carapace.toml",
            "[audit.scope]\nunmaintained = \"transitive\"\n",
            "parser",
        ),
        (
            "carapace.toml",
            "[audit]\nexclude = [\"web\"]\n",
            "lexer parser",
        ),
    ] {
        assert_eq!(with(file, text), left, "{file}: {text}");
    }
    // It is told, and what does harm is not left out.
    world.advisory("RUSTSEC-2026-0004", "web", "categories = [\"malicious\"]");
    world.write("project/deny.toml", "[graph]\nexclude = [\"web\"]\n");
    let output = world.audit(&[]).exits(1);
    output.shows(&[
        "error[ADV002]",
        "deny.toml:2 leaves out web and what only it needs",
    ]);
    let output = world.audit(&["-v"]).exits(1);
    output.shows(&["web 1.2.0: only what `exclude` leaves out needs it"]);
}

#[test]
fn which_configuration_rules_is_told() {
    let world = World::with_lock(&[("parser", "1.3.0")]);
    let told = |run: Run| {
        let document = run.json(0);
        let policy = &document["policy"];
        let text = |field: &str| policy[field].as_str().unwrap_or("-").to_owned();
        [text("kind"), text("file"), text("floor")].join(" ")
    };
    assert_eq!(told(world.audit(&[])), "none - -");
    world.write("cargo/audit.toml", "[output]\nquiet = false\n");
    let user = told(world.audit(&[]));
    assert!(
        user.starts_with("user ") && user.ends_with("cargo/audit.toml -"),
        "{user}"
    );
    world.write("project/deny.toml", "[advisories]\n");
    assert_eq!(told(world.audit(&[])), "deny.toml deny.toml -");
    world.write("project/.cargo/audit.toml", "[output]\nquiet = false\n");
    assert_eq!(told(world.audit(&[])), "audit.toml .cargo/audit.toml -");
    world.write("project/carapace.toml", "[audit]\n");
    assert_eq!(told(world.audit(&[])), "carapace.toml carapace.toml -");
    world.write("project/mine.toml", "[audit]\n");
    assert_eq!(
        told(world.audit(&["--config", "mine.toml"])),
        "named mine.toml -"
    );
    world.write("project/policy/carapace.toml", "[audit]\n");
    let under = |arguments: &[&str]| world.audit(arguments).set("CARAPACE_POLICY", "policy");
    assert_eq!(
        told(under(&[])),
        "carapace.toml carapace.toml policy/carapace.toml"
    );
    assert_eq!(
        told(under(&["--no-project-config"])),
        "none - policy/carapace.toml"
    );
    let output = under(&["-v"]).exits(0);
    output.shows(&["note: policy: carapace.toml, under policy/carapace.toml\n"]);
    let output = world
        .audit(&["-v", "--no-project-config", "--format", "cyclonedx"])
        .exits(0);
    output.shows(&["carapace:policy"]);
}
