//! One report with everything that a format must show, and what no format may do with it.

#![expect(
    clippy::disallowed_macros,
    reason = "insta finds the snapshots by the crate's folder"
)]

use std::sync::Arc;

use proptest::prelude::*;

use crate::engine::Subject;
use crate::graph::{Graph, lockfile};
use crate::knowledge::advisory::index::DatabaseInfo;
use crate::knowledge::registry::{Answer, Lookup, Release};
use crate::policy::{Deny, Ignore};
use crate::render::{github, human, sarif};
use crate::report::{ConfigEffect, Database, DatabaseOrigin, Gap, InputKind, Report};
use crate::rules::example::run_with;

const LOCK: &str = r#"--- Cargo.lock
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["web", "forked"]

[[package]]
name = "cli"
version = "0.1.0"
dependencies = ["web"]

[[package]]
name = "tool-a"
version = "0.1.0"
dependencies = ["parser"]

[[package]]
name = "tool-b"
version = "0.1.0"
dependencies = ["parser", "parsre"]

[[package]]
name = "web"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "ff"
dependencies = ["parser"]

[[package]]
name = "parser"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "parsre"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://example.org/forked#0123456789012345678901234567890123456789"
--- crates/parser/RUSTSEC-2099-0001.md
# Reads past the end of *nested* [lists](https://example.org)
aliases = ["CVE-2099-0001", "GHSA-aaaa-bbbb-cccc"]
categories = ["memory-exposure"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
patched = [">= 1.2.0"]
unaffected = ["< 1.0.0"]
--- crates/parser/RUSTSEC-2099-0002.md
patched = []
--- crates/parsre/RUSTSEC-2099-0003.md
# Steals keys
categories = ["malicious"]
patched = []
--- crates/forked/RUSTSEC-2099-0004.md
# Overflow
patched = [">= 1.2.0"]
--- crates/web/RUSTSEC-2099-0005.md
# No longer maintained
informational = "unmaintained"
patched = []
--- crates/web/RUSTSEC-2099-0006.md
# Slow
patched = [">= 3.0.0"]
--- index/web
{"name":"web","vers":"2.0.0","cksum":"aa","yanked":true}
--- ignore
RUSTSEC-2099-0006
RUSTSEC-2099-9999
"#;

/// Everything at once.
fn everything() -> Report {
    run_with(LOCK, |request, knowledge, policy| {
        let untitled = |id: &str| id == "RUSTSEC-2099-0002";
        for advisory in &mut knowledge.advisories {
            if untitled(&advisory.id) {
                (advisory.title, advisory.description) = (None, None);
            } else {
                advisory.description = Some("Some\n\n## Details\nof it.".to_owned());
            }
        }
        let database = |origin, source: &str, advisories| Database {
            origin,
            info: DatabaseInfo {
                source: source.to_owned(),
                date: "2099-01-02".parse().ok(),
                advisories,
                ..DatabaseInfo::default()
            },
        };
        knowledge.databases = vec![
            database(DatabaseOrigin::Embedded, "", 1225),
            database(DatabaseOrigin::Path, "our/advisories", 1),
        ];
        let text = "[[package]]\nname = \"parser\"\nversion = \"1.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let locked = lockfile::read(text.as_bytes()).unwrap();
        request.subjects.push(Subject {
            path: "/project/fuzz dir/Cargo.lock".to_owned(),
            repository_path: Some("fuzz dir/Cargo.lock".to_owned()),
            kind: InputKind::Manifest,
            graph: Arc::new(Graph::from_lockfile(&locked).unwrap()),
        });
        let release = Release {
            checksum: "bb".to_owned(),
            yanked: true,
        };
        let answer = Lookup::Kept(Answer::Release(release));
        let version = semver::Version::new(1, 1, 0);
        knowledge.registry.insert("parsre", version, answer);
        request.config.push(ConfigEffect {
            file: ".cargo/audit.toml".to_owned(),
            line: 4,
            effect: "ignores RUSTSEC-2099-0006".to_owned(),
        });
        request.gaps.push(Gap {
            path: Some("vendor/pipe".to_owned()),
            ..Gap::new("files", "not a regular file")
        });
        policy.deny.insert(Deny::Yanked);
        policy.ignores = vec![
            Ignore {
                id: "RUSTSEC-2099-0006".to_owned(),
                reason: "we read it only once".to_owned(),
            },
            Ignore {
                id: "RUSTSEC-2099-9999".to_owned(),
                reason: String::new(),
            },
        ];
    })
}

/// The same in which every text from outside is one text.
fn hostile(text: &str) -> Report {
    let mut report = run_with(LOCK, |request, knowledge, policy| {
        let subject = &mut request.subjects[0];
        let mut toml: String = LOCK
            .split("--- ")
            .nth(1)
            .unwrap()
            .split_once('\n')
            .unwrap()
            .1
            .into();
        // A package name may hold anything that fits into a TOML string.
        let name = format!("n{}", text.chars().take(200).collect::<String>());
        let quoted: String = name
            .chars()
            .map(|c| format!("\\U{:08X}", u32::from(c)))
            .collect();
        toml = toml.replace("name = \"parser\"", &format!("name = \"{quoted}\""));
        if let Ok(locked) = lockfile::read(toml.as_bytes())
            && let Ok(graph) = Graph::from_lockfile(&locked)
        {
            subject.graph = Arc::new(graph);
        }
        subject.path = text.to_owned();
        for advisory in &mut knowledge.advisories {
            if advisory.package == "parser" {
                advisory.package.clone_from(&name);
                advisory.id = text.to_owned();
                advisory.url = Some(text.to_owned());
            }
            advisory.title = Some(text.to_owned());
            advisory.description = Some(text.to_owned());
            advisory.aliases = vec![text.to_owned()];
            advisory.categories.push(text.to_owned());
            advisory.patched = vec![text.to_owned()];
        }
        knowledge.databases.push(Database {
            origin: DatabaseOrigin::Path,
            info: DatabaseInfo {
                source: text.to_owned(),
                ..DatabaseInfo::default()
            },
        });
        request.config.push(ConfigEffect {
            file: text.to_owned(),
            line: 1,
            effect: text.to_owned(),
        });
        for blocking in [false, true] {
            request.gaps.push(Gap {
                package: Some(text.to_owned()),
                path: Some(text.to_owned()),
                blocking,
                ..Gap::new("files", text)
            });
        }
        policy.ignores[0].reason = text.to_owned();
    });
    for finding in report
        .inputs
        .iter_mut()
        .flat_map(|input| &mut input.findings)
    {
        finding.evidence.push(text.to_owned());
        finding.help.push(text.to_owned());
        finding.references.push(text.to_owned());
    }
    report
}

fn people(report: &Report, change: impl FnOnce(&mut human::Options<'_>)) -> String {
    people_with(
        report,
        &|path, line| {
            let line = LOCK
                .lines()
                .nth(line as usize)
                .filter(|_| path == "Cargo.lock");
            line.map(str::to_owned)
        },
        change,
    )
}

fn people_with(
    report: &Report,
    source: &dyn Fn(&str, u32) -> Option<String>,
    change: impl FnOnce(&mut human::Options<'_>),
) -> String {
    let mut options = human::Options {
        color: false,
        quiet: false,
        verbose: false,
        width: None,
        source,
    };
    change(&mut options);
    human::render(report, &options)
}

#[test]
fn snapshots() {
    let report = everything();
    insta::assert_snapshot!("human", people(&report, |_| ()));
    insta::assert_snapshot!("human_narrow", people(&report, |o| o.width = Some(40)));
    insta::assert_snapshot!("human_quiet", people(&report, |o| o.quiet = true));
    insta::assert_snapshot!("human_verbose", people(&report, |o| o.verbose = true));
    let color = people(&report, |o| o.color = true).replace('\x1b', "␛");
    insta::assert_snapshot!("human_color", color);
    insta::assert_snapshot!("github", github::render(&report));
    let document: serde_json::Value =
        serde_json::from_str(&sarif::render(&report, "0.1.0")).unwrap();
    let pretty = serde_json::to_string_pretty(&document).unwrap();
    insta::assert_snapshot!("sarif", pretty);
}

#[test]
fn all_is_well() {
    let report = run_with(
        "--- Cargo.lock\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n",
        |_, _, _| (),
    );
    assert_eq!(people(&report, |o| o.quiet = true), "");
    insta::assert_snapshot!("human_well", people(&report, |_| ()));
    insta::assert_snapshot!("github_well", github::render(&report));
}

/// What no output may do, whatever it is made of.
fn check(text: &str) {
    let report = hostile(text);
    let source = |_: &str, _| Some(text.to_owned());
    let github = github::render(&report);
    let sarif = sarif::render(&report, "0.1.0");
    let plain = [
        people_with(&report, &source, |_| ()),
        people_with(&report, &source, |o| (o.verbose, o.width) = (true, Some(0))),
        github.clone(),
        sarif.clone(),
    ];
    let color = people_with(&report, &source, |o| o.color = true);
    let mut colorless = color.clone();
    for parameters in ["0", "1", "1;31", "1;32", "1;33", "1;34", "1;36"] {
        colorless = colorless.replace(&format!("\x1b[{parameters}m"), "");
    }
    assert_eq!(colorless, plain[0]);
    for output in &plain {
        assert!(output.ends_with('\n') && output.len() < 10_000_000);
        let deceptive =
            |c: char| c != '\n' && crate::text::visible(&c.to_string()) != c.to_string();
        assert_eq!(output.chars().find(|c| deceptive(*c)), None, "{output}");
        // GitHub's runner looks for the first anywhere, for the second behind white space.
        for command in ["##[", "##vso[", "##teamcity["] {
            assert!(!output.contains(command), "{output}");
        }
        for line in output
            .lines()
            .filter(|line| line.trim_start().starts_with("::"))
        {
            let ours = ["::error ", "::warning ", "::notice "];
            assert!(
                *output == github && ours.iter().any(|o| line.starts_with(o)),
                "{line}"
            );
        }
    }
    // A property's value holds no separator.
    for line in github.lines().filter_map(|line| line.strip_prefix("::")) {
        let (command, _) = line.split_once("::").unwrap();
        let (_, properties) = command.split_once(' ').unwrap();
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').unwrap();
            assert!(known.contains(&key) && !value.contains(':'), "{property}");
        }
    }
    let document: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    within_limits(&document);
    for result in document["runs"][0]["results"].as_array().unwrap() {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let uri = uri.as_str().unwrap();
        assert!(
            uri.is_ascii() && !uri.starts_with('/') && !uri.contains(':'),
            "{uri}"
        );
    }
}

/// GitHub's limits, and what it requires.
fn within_limits(document: &serde_json::Value) {
    let run = &document["runs"][0];
    let list = |value: &serde_json::Value| value.as_array().unwrap().clone();
    let length = |value: &serde_json::Value| value.as_str().unwrap().chars().count();
    let rules = list(&run["tool"]["driver"]["rules"]);
    let results = list(&run["results"]);
    assert!(results.len() <= sarif::RESULTS && rules.len() <= results.len());
    assert!(document.to_string().len() < 10_000_000);
    for rule in &rules {
        assert!((1..=20).contains(&list(&rule["properties"]["tags"]).len()));
        assert_eq!(rule["properties"]["tags"][0], "security");
        assert!(length(&rule["name"]) <= 255);
        assert!(length(&rule["shortDescription"]["text"]) <= 1024);
        assert!(length(&rule["fullDescription"]["text"]) <= 1024);
        assert!(length(&rule["help"]["text"]) > 0);
        if let Some(score) = rule["properties"].get("security-severity") {
            let score: f64 = score.as_str().unwrap().parse().unwrap();
            assert!((0.0..=10.0).contains(&score));
        }
        assert_ne!(rule.get("helpUri"), Some(&serde_json::Value::Null));
    }
    let order = ["error", "warning", "note"].map(serde_json::Value::from);
    let rank =
        |result: &serde_json::Value| order.iter().position(|l| *l == result["level"]).unwrap();
    assert!(results.is_sorted_by_key(rank));
    for result in &results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(list(&result["locations"]).len(), 1);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for field in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[field].as_u64().unwrap() > 0);
        }
        assert!(length(&result["message"]["text"]) > 0);
        assert!(length(&result["partialFingerprints"]["carapace/v1"]) > 0);
    }
}

#[test]
fn hostile_texts_do_nothing() {
    for text in [
        "\n::error::x",
        "::error file=x::y",
        "   ::add-mask::x",
        "\u{a0}::stop-commands::x",
        "%0A::error::x",
        "a ##[error]x",
        "##[add-mask]x\r\n##vso[task.setvariable variable=x]y",
        "\x1b[2J\x1b]8;;https://example.org\x07x",
        "\u{9b}2J\u{202e}txt.exe\u{2066}",
        "a,title=b:c",
        "[click](https://example.org) {0}",
        "`</script><img src=x>`\t|",
        "",
        "-",
    ] {
        check(text);
    }
    check(&"title\n".repeat(20_000));
    check(&"\u{1b}".repeat(100_000));
    check(&"##".repeat(50_000));
}

#[test]
fn many_results_are_cut_deny_first_and_it_is_said() {
    let mut report = everything();
    let input = &mut report.inputs[0];
    let denied = input.findings[0].clone();
    let mut note = denied.clone();
    note.level = crate::finding::Level::Note;
    input.findings = std::iter::repeat_n(note, 30_000).chain([denied]).collect();
    let document = serde_json::from_str(&sarif::render(&report, "0.1.0")).unwrap();
    within_limits(&document);
    assert_eq!(document["runs"][0]["results"][0]["level"], "error");
    let said = &document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(said["descriptor"]["id"], "truncated");
    let all: usize = report.inputs.iter().map(|input| input.findings.len()).sum();
    let left_out = all - document["runs"][0]["results"].as_array().unwrap().len();
    assert!(
        said["message"]["text"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{left_out} results"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_does_anything(
        text in r"(\PC|\pC|::|##\[|##vso\[|error|\]|\n|\r|%0A|,|=|\x1b\[31m|/|\\|\.\.){0,40}"
    ) {
        check(&text);
    }
}
