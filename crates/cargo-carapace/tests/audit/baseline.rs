//! Findings that are known, and what is new beside them.

use std::fs;

use serde_json::Value;

use crate::support::index::index;
use crate::support::run::{CRATES_IO, Run, World, entry, found, lock};

const FILE: &str = "carapace-audit-baseline.toml";

/// A vulnerability, what warns, and a package without either.
fn world() -> World {
    let world = World::with_lock(&[("parser", "1.2.0"), ("old", "1.0.0"), ("fine", "1.0.0")]);
    let names = "aliases = [\"CVE-2026-1\"]";
    world.advisory("RUSTSEC-2026-0001", "parser", names);
    world.advisory(
        "RUSTSEC-2026-0002",
        "old",
        "informational = \"unmaintained\"",
    );
    world
}

fn held(world: &World, more: &[&str]) -> Run {
    world.audit(&["--baseline", FILE]).args(more)
}

/// The findings, each with its level and whether it is known.
fn levels(document: &Value) -> Vec<(String, String, bool)> {
    let findings = document["findings"].as_array().unwrap().iter();
    let levels = findings.map(|finding| {
        let level = finding["level"].as_str().unwrap().to_owned();
        (
            level,
            finding.get("known").is_some_and(|known| known == true),
        )
    });
    found(document)
        .into_iter()
        .zip(levels)
        .map(|(name, (level, known))| (name, level, known))
        .collect()
}

fn of(name: &str, level: &str, known: bool) -> (String, String, bool) {
    (name.to_owned(), level.to_owned(), known)
}

#[test]
fn what_is_written_is_known_and_what_comes_is_new() {
    let world = world();
    world.audit(&[]).exits(1);
    let document = world.audit(&["--write-baseline"]).json(0);
    let parser = of("RUSTSEC-2026-0001 parser@1.2.0", "note", true);
    let old = of("RUSTSEC-2026-0002 old@1.0.0", "note", true);
    assert_eq!(levels(&document), [old.clone(), parser.clone()]);
    let text = fs::read_to_string(world.path("project").join(FILE)).unwrap();
    assert_eq!(
        text,
        "# Findings that are known. What `cargo carapace audit` finds beyond them is new.\n\
         command = \"audit\"\nversion = 1\n\n\
         [[package]]\nname = \"old\"\nversion = \"1.0.0\"\nfindings = [\n    \
         { code = \"ADV004\", advisory = \"RUSTSEC-2026-0002\" },\n]\n\n\
         [[package]]\nname = \"parser\"\nversion = \"1.2.0\"\nfindings = [\n    \
         { code = \"ADV001\", advisory = \"RUSTSEC-2026-0001\" },\n]\n"
    );
    // Also where warnings are denied; and it is told, but where all is well and nobody asked.
    held(&world, &["-D", "warnings"]).exits(0);
    held(&world, &[]).exits(0).shows(&[
        "note[ADV001]",
        "known: it is in carapace-audit-baseline.toml",
    ]);
    assert_eq!(held(&world, &["-q"]).exits(0).stdout, "");
    // Written again, it is the same; and nothing is left beside it.
    world.audit(&["--write-baseline"]).exits(0);
    assert_eq!(
        fs::read_to_string(world.path("project").join(FILE)).unwrap(),
        text
    );
    let files = fs::read_dir(world.path("project")).unwrap();
    assert!(files.count() < 8);
    // What is not named is not followed.
    world.audit(&[]).exits(1);

    world.advisory("RUSTSEC-2026-0003", "fine", "");
    let document = held(&world, &[]).json(1);
    assert_eq!(
        levels(&document),
        [
            of("RUSTSEC-2026-0003 fine@1.0.0", "deny", false),
            old,
            parser
        ]
    );
    let sarif = held(&world, &["--format", "sarif"]).exits(1).json();
    let states = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let states: Vec<&str> = states
        .map(|result| result["baselineState"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["new", "unchanged", "unchanged"]);
}

#[test]
fn a_version_may_move_and_one_more_is_new() {
    let world = world();
    world.audit(&["--write-baseline"]).exits(0);
    let parser = |versions: &[&str]| {
        let mut text = lock(&[("old", "1.0.0"), ("fine", "1.0.0")]);
        for version in versions {
            text += &entry("parser", version, Some(CRATES_IO));
        }
        world.write("project/Cargo.lock", text);
    };
    parser(&["1.2.5"]);
    held(&world, &[]).exits(0);
    parser(&["0.9.0", "1.2.0"]);
    let document = held(&world, &[]).json(1);
    assert_eq!(
        levels(&document)[0],
        of("RUSTSEC-2026-0001 parser@0.9.0", "deny", false)
    );
    assert_eq!(
        levels(&document)[2],
        of("RUSTSEC-2026-0001 parser@1.2.0", "note", true)
    );
    // What was fixed is told, so that the file gets shorter.
    parser(&["1.3.0"]);
    let output = held(&world, &[]).exits(0);
    output.shows(&[
        "note[POL005]: RUSTSEC-2026-0001 in parser 1.2.0 is known, and not there any more",
        "carapace-audit-baseline.toml:16",
        "`--write-baseline`",
    ]);
    world.audit(&["--write-baseline"]).exits(0);
    let text = fs::read_to_string(world.path("project").join(FILE)).unwrap();
    assert!(!text.contains("parser"), "{text}");
    // It comes back, and is new.
    parser(&["1.2.0"]);
    held(&world, &[]).exits(1);
}

#[test]
fn other_names_of_an_advisory_are_its_own() {
    let world = world();
    world.audit(&["--write-baseline"]).exits(0);
    let path = world.path("project").join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("RUSTSEC-2026-0001", "CVE-2026-1")).unwrap();
    held(&world, &[]).exits(0);
    // An advisory that is ignored is there, too.
    let output = held(&world, &["-v", "--ignore", "CVE-2026-1"]).exits(0);
    assert!(!output.stdout.contains("POL005"), "{output:#?}");
    // What an advisory that cannot be read would have said, nobody knows.
    world.write("db/crates/parser/RUSTSEC-2026-0001.md", "nothing");
    let output = held(&world, &["-v"]).exits(0);
    assert!(!output.stdout.contains("POL005"), "{output:#?}");
    output.shows(&["could not be read"]);
}

#[test]
fn harm_is_never_known() {
    let world = world();
    world.advisory("RUSTSEC-2026-0004", "fine", "categories = [\"malicious\"]");
    world
        .audit(&["--write-baseline"])
        .exits(1)
        .shows(&["error[ADV002]"]);
    let path = world.path("project").join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("ADV002"), "{text}");
    held(&world, &[]).exits(1);
    fs::write(&path, text.replace("ADV004", "ADV002")).unwrap();
    held(&world, &[])
        .exits(2)
        .says(&["line 9", "ADV002 is never known", "[[audit.ignore]]"]);

    // What the registry says of a version is known of that version alone.
    let server = index(&[("parser", &["1.2.0", "1.3.0!", "1.3.1!"])]);
    let world = World::with_lock(&[("parser", "1.3.0")]);
    let run = |more: &[&str]| {
        let asked = ["--registry-index", &server.url("/"), "-D", "yanked"];
        world.online(&asked).args(more)
    };
    run(&[]).exits(1);
    run(&["--write-baseline"]).exits(0);
    run(&["--baseline", FILE]).exits(0);
    world.write("project/Cargo.lock", lock(&[("parser", "1.3.1")]));
    let document = run(&["--baseline", FILE]).json(1);
    assert_eq!(
        levels(&document),
        [of("SUP001", "deny", false), of("POL005", "note", false)]
    );
}

#[test]
fn gaps_are_not_known() {
    let world = world();
    // Nobody could be asked.
    world.audit(&["--write-baseline", "-D", "yanked"]).exits(3);
    held(&world, &["-D", "yanked"]).exits(3);
    held(&world, &["Cargo.lock", "missing.lock"]).exits(3);
}

#[test]
fn what_cannot_be_used_is_told() {
    let world = world();
    held(&world, &[])
        .exits(2)
        .says(&[FILE, "no such baseline", "`--write-baseline`"]);
    for (text, expected) in [
        ("version = 1\n", "a baseline of `cargo carapace unsafe`"),
        ("command = \"audit\"\nversion = 9\n", "this program knows 1"),
        ("{}", "line 1"),
        ("command = \"audit\"\nversion = 1\nfinding = 1\n", "line 3"),
    ] {
        world.write(&format!("project/{FILE}"), text);
        held(&world, &[]).exits(2).says(&[FILE, expected]);
    }
    world.write(&format!("project/{FILE}"), [0xff]);
    held(&world, &[]).exits(2).says(&["not UTF-8"]);
    // The other command says the same.
    world.write(
        &format!("project/{FILE}"),
        "command = \"audit\"\nversion = 1\n",
    );
    let run = world.plain(&["unsafe", "--offline", "--baseline", FILE]);
    run.exits(2).says(&["a baseline of `cargo carapace audit`"]);
    // Where it is to be written has to be known.
    let run = world
        .audit(&["-f", "Cargo.lock", "--write-baseline"])
        .exits(2);
    run.says(&["--baseline FILE"]);
    world
        .audit(&[
            "-f",
            "Cargo.lock",
            "--write-baseline",
            "--baseline",
            "b.toml",
        ])
        .exits(0);
    assert!(world.path("project/b.toml").exists());
}

#[test]
fn a_project_names_its_own_and_the_organisation_forbids_it() {
    let world = world();
    world.write(
        "project/carapace.toml",
        "[audit]\nbaseline = \"ci/known.toml\"\n",
    );
    world
        .audit(&[])
        .exits(2)
        .says(&["ci/known.toml", "no such baseline"]);
    fs::create_dir(world.path("project/ci")).unwrap();
    world.audit(&["--write-baseline"]).exits(0);
    assert!(world.path("project/ci/known.toml").exists());
    let output = world.audit(&[]).exits(0);
    output.shows(&["carapace.toml:2 takes the findings in ci/known.toml for known"]);
    // Without it, and under a policy that projects cannot loosen, nothing is known.
    world.audit(&["--no-project-config"]).exits(1);
    world.write("policy/carapace.toml", "[audit]\nmax-age = 900\n");
    let under = |arguments: &[&str]| {
        let policy = world.path("policy");
        world.audit(arguments).set("CARAPACE_POLICY", policy)
    };
    under(&[]).exits(1).shows(&["`baseline` is not followed"]);
    // What the user names is the user's word.
    under(&["--baseline", "ci/known.toml"]).exits(0);
    // A project's own lies in it.
    world.write(
        "project/carapace.toml",
        "[audit]\nbaseline = \"../known.toml\"\n",
    );
    world.audit(&[]).exits(2).says(&["carapace.toml", "line 2"]);
    #[cfg(unix)]
    {
        world.write("outside.toml", "command = \"audit\"\nversion = 1\n");
        std::os::unix::fs::symlink(world.path("outside.toml"), world.path("project/link.toml"))
            .unwrap();
        world.write(
            "project/carapace.toml",
            "[audit]\nbaseline = \"link.toml\"\n",
        );
        world.audit(&[]).exits(2).says(&["link.toml"]);
    }
}
