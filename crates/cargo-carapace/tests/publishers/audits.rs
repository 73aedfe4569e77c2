//! Audits by others: the store of cargo-vet that a project has.

use std::fs;

use serde_json::Value;

use crate::support::registry::Supplied;
use crate::support::run::{Run, fifo, found, gap};

/// A project that depends on `parser`, and `publishers` in it without a network.
fn world() -> Supplied {
    let world = Supplied::new("parser = \"1\"\n", &["parser 1.2.0"], &[]);
    world.cargo(&["fetch", "--locked"]);
    world
}

fn publishers(world: &Supplied, arguments: &[&str]) -> Run {
    let run = world.world.plain(&["publishers", "--offline"]);
    run.args(arguments)
}

fn audits(world: &Supplied, text: &str) {
    world.world.write("project/supply-chain/audits.toml", text);
}

fn people<'a>(document: &'a Value, name: &str) -> &'a Value {
    let packages = document["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name);
    &package.unwrap()["people"]
}

#[test]
fn what_others_say_of_a_version_is_shown() {
    let world = world();
    audits(
        &world,
        "[[audits.parser]]\nwho = 'Ann Lee'\ncriteria = 'safe-to-deploy'\nversion = '1.2.0'\n",
    );
    let document = publishers(&world, &[]).json(0);
    let audits = people(&document, "parser")["audits"].as_array().unwrap();
    assert_eq!(audits[0]["criterion"], "safe-to-deploy");
    assert_eq!(audits[0]["who"][0], "Ann Lee");
    assert!(people(&document, "app").is_null());
    let output = publishers(&world, &["--by", "crate"]).exits(0);
    output.shows(&["= audit: safe-to-deploy, safe-to-run: audited by Ann Lee\n"]);
}

#[test]
fn what_others_call_unfit_fails() {
    let world = world();
    let said = |versions: &str| {
        format!(
            "[[audits.parser]]\nwho = 'Ann'\ncriteria = 'safe-to-run'\nviolation = '{versions}'\n"
        )
    };
    audits(&world, &said("<1.3"));
    let document = publishers(&world, &[]).json(1);
    let findings = found(&document);
    assert!(
        findings.iter().any(|finding| finding.contains("SUP031")),
        "{findings:?}"
    );
    let sarif = publishers(&world, &["--format", "sarif"]).exits(1).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let is_shown = |result: &Value| result["ruleId"] == "SUP031" && result["level"] == "error";
    assert!(results.iter().any(is_shown), "{sarif:#}");
    audits(&world, &said(">=1.3"));
    assert!(
        !found(&publishers(&world, &[]).json(0))
            .iter()
            .any(|f| f.contains("SUP031"))
    );
}

#[test]
fn a_store_that_cannot_be_read_is_a_gap() {
    let world = world();
    let store = world.file("supply-chain");
    fs::create_dir(&store).unwrap();
    let outside = world.world.path("outside.toml");
    fs::write(&outside, "[audits]\n").unwrap();
    let file = store.join("audits.toml");
    let cases: [(&str, &dyn Fn()); 5] = [
        ("a FIFO", &|| fifo(&file)),
        ("a link that leads out", &|| {
            std::os::unix::fs::symlink(&outside, &file).unwrap();
        }),
        ("no text", &|| fs::write(&file, [0xff, 0xfe]).unwrap()),
        ("no TOML", &|| fs::write(&file, "[[audits").unwrap()),
        ("other tables", &|| {
            fs::write(&file, "audits = 3\n").unwrap()
        }),
    ];
    for (what, make) in cases {
        let _ = fs::remove_file(&file);
        make();
        let document = publishers(&world, &[]).json(0);
        assert!(
            !gap(&document, "audits", &["supply-chain"]),
            "{what}: {document:#}"
        );
    }
}
