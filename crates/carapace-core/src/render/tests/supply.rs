//! What formats show of who can change what.

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use serde_json::Value;

use crate::graph::units::{Role, Roles};
use crate::knowledge::people::{AccountId, FactSource, Publisher, TrustedPublishing};
use crate::knowledge::vet::{Files, Store};
use crate::render::compat::{cargo_supply_chain, cargo_vet};
use crate::render::view::{By, View};
use crate::render::{diffable, human, json, markdown};
use crate::report::Report;
use crate::rules::example;
use crate::supply::reach::reached;

const WORLD: &str = r#"--- Cargo.lock
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["web", "forked"]

[[package]]
name = "web"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = ["parser 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)", "derive"]

[[package]]
name = "parser"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "parser"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "derive"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "unseen"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://example.org/forked#0123456789012345678901234567890123456789"
--- people
user 7 ann
user 8 bob
team 7 github:acme:core
web owners 7 team:7
parser owners 7
derive owners 8
web 2.0.0 by 8
parser 1.0.0 by 7
derive 1.0.0 by 8
--- supply-chain/audits.toml
[[audits.parser]]
who = "Cem"
criteria = "safe-to-deploy"
version = "1.0.0"
[[audits.web]]
criteria = "safe-to-deploy"
violation = "*"
"#;

/// A report in which accounts have names and ages, and one version comes from a workflow.
fn report(change: impl FnOnce(&mut crate::supply::Supply)) -> Report {
    let mut report = example::run(WORLD);
    let input = &mut report.inputs[0];
    let roles: [&[Role]; 7] = [
        &[Role::Runtime],
        &[Role::Runtime],
        &[Role::Runtime],
        &[Role::Dev],
        &[Role::ProcMacro],
        &[Role::OtherTarget],
        &[Role::Runtime],
    ];
    let of = |roles: &[Role]| roles.iter().copied().collect::<Roles>();
    input.details.roles = roles.map(of).into();
    let supply = Arc::make_mut(input.supply.as_mut().unwrap());
    let ann = supply.people.accounts.get_mut(&AccountId::User(7)).unwrap();
    ann.name = Some("Ann Lee".to_owned());
    ann.created = "2090-01-01".parse().ok();
    let parser = supply.people.crates.get_mut("parser").unwrap();
    parser.trusted_only = Some(true);
    parser.repository = Some("https://example.org/parser".to_owned());
    for (day, version) in ["2098-01-02", "2098-03-04"].iter().zip(["1.0.0", "2.0.0"]) {
        let known = parser.versions.entry(version.parse().unwrap()).or_default();
        known.published = day.parse().ok();
    }
    let web = &supply.people.crates["web"];
    let by = web.versions.values().next().unwrap().publisher.clone();
    let mut by = by.unwrap();
    (by.source, by.verified) = (FactSource::Lock, false);
    by.value = Publisher::Trusted(TrustedPublishing {
        provider: "github".to_owned(),
        repository: "acme/parser".to_owned(),
        run: Some("1234".to_owned()),
        commit: Some("0123abcd".to_owned()),
    });
    let parser = supply.people.crates.get_mut("parser").unwrap();
    parser.versions.values_mut().next_back().unwrap().publisher = Some(by);
    change(supply);
    let reached = reached(&input.graph, &input.details.roles, supply);
    input.details.reached = Some(Arc::new(reached));
    report
}

fn by(report: &Report, by: By) -> String {
    let view = View {
        by,
        ..View::default()
    };
    let options = human::Options {
        color: false,
        quiet: false,
        verbose: false,
        width: None,
        source: &|_, _| None,
        view: &view,
    };
    human::render(report, &options)
}

#[test]
fn snapshots() {
    let report = report(|_| ());
    for (name, view) in [
        ("person", By::Person),
        ("crate", By::Crate),
        ("team", By::Team),
    ] {
        insta::assert_snapshot!(format!("people_by_{name}"), by(&report, view));
        let lines = diffable::render(&report, view);
        insta::assert_snapshot!(format!("people_diffable_{name}"), lines);
    }
    let peer = cargo_supply_chain::render(&report, true);
    insta::assert_snapshot!("people_cargo_supply_chain", peer);
    insta::assert_snapshot!("people_cargo_vet", cargo_vet::render(&report));
    let document: Value = serde_json::from_str(&json::render(&report, "0.1.0")).unwrap();
    let shown = serde_json::json!({
        "packages": document["packages"],
        "people": document["people"],
    });
    let shown = serde_json::to_string_pretty(&shown).unwrap();
    insta::assert_snapshot!("people_json", shown);
    insta::assert_snapshot!(
        "people_markdown",
        markdown::render(&report, &View::default())
    );
}

#[test]
fn a_user_and_a_team_of_one_number_are_two() {
    let lines = diffable::render(&report(|_| ()), By::Person);
    assert!(lines.contains("team \"github:acme:core\" (7): web\n"));
    assert!(lines.contains("user \"ann\" (7): parser, web\n"));
}

#[test]
fn entries_for_cargo_vet_are_read_by_it_as_they_are_meant() {
    let report = report(|supply| {
        let ann = supply.people.accounts.get_mut(&AccountId::User(7)).unwrap();
        ann.login = "ann\n[[trusted.web]]".to_owned();
    });
    let text = cargo_vet::render(&report);
    let store = Store::read(&Files {
        audits: Some(&text),
        ..Files::default()
    });
    let store = store.unwrap();
    assert_eq!(store.set_aside, 0);
    assert_eq!(store.packages.keys().collect::<Vec<_>>(), ["parser"]);
    assert_eq!(store.packages["parser"].trust.len(), 2);
}

fn outputs(report: &Report) -> Vec<String> {
    let views = [By::Person, By::Crate, By::Team];
    let mut outputs: Vec<String> = views.map(|view| by(report, view)).into();
    outputs.extend(views.map(|view| diffable::render(report, view)));
    outputs.push(cargo_supply_chain::render(report, false));
    outputs.push(cargo_vet::render(report));
    outputs.push(json::render(report, "0.1.0"));
    outputs.push(markdown::render(report, &View::default()));
    outputs
}

/// What no output may do, whatever people call themselves.
fn check(text: &str) {
    let report = report(|supply| {
        for account in supply.people.accounts.values_mut() {
            account.login = text.to_owned();
            account.name = Some(text.to_owned());
            account.github_login = Some(format!("{text}x"));
        }
        for known in &mut supply.packages {
            known.authors = vec![text.to_owned()];
            for certified in &mut known.certified {
                certified.criterion = text.to_owned();
            }
        }
        let versions = supply.people.crates.get_mut("parser").unwrap();
        for version in versions.versions.values_mut() {
            if let Some(fact) = &mut version.publisher
                && let Publisher::Trusted(from) = &mut fact.value
            {
                from.provider = text.to_owned();
                from.repository = text.to_owned();
                (from.run, from.commit) = (Some(text.to_owned()), Some(text.to_owned()));
            }
        }
    });
    let outputs = outputs(&report);
    for output in &outputs {
        for line in output.lines() {
            assert_eq!(crate::text::visible(line), line);
            assert!(!line.trim_start().starts_with("::"), "{line}");
        }
    }
    let now: Vec<usize> = outputs.iter().map(|o| o.lines().count()).collect();
    // An entry for cargo-vet may be left out, and nothing ever comes to more lines.
    let plain = report_lines();
    assert!(
        now.iter().zip(&plain).all(|(now, plain)| now <= plain),
        "{text:?}"
    );
}

/// How many lines each output has where people have names like `a`.
fn report_lines() -> Vec<usize> {
    static LINES: OnceLock<Vec<usize>> = OnceLock::new();
    LINES
        .get_or_init(|| {
            let report = report(|supply| {
                for known in &mut supply.packages {
                    known.authors = vec!["a".to_owned()];
                }
            });
            let outputs = outputs(&report);
            outputs
                .iter()
                .map(|output| output.lines().count())
                .collect()
        })
        .clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_name_does_anything(
        text in r"(\PC|\pC|::|##\[|##vso\[|error|\]|\n|\r|%0A|,|=|\x1b\[31m|/|\\|`|\|){0,40}"
    ) {
        check(&text);
    }
}
