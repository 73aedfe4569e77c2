//! What formats show, and what no format may do with what it is given.

#![expect(
    clippy::disallowed_macros,
    reason = "insta finds the snapshots by the crate's folder"
)]

use proptest::prelude::*;
use serde_json::Value;

use super::sample::{LOCK, everything, hostile};
use super::view::View;
use super::{cyclonedx, github, human, sarif};
use crate::finding::Level;
use crate::report::Report;
use crate::rules::example::run_with;

mod census;
mod dance;
mod supply;

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
        view: &View::default(),
    };
    change(&mut options);
    human::render(report, &options)
}

#[test]
fn snapshots() {
    let report = everything();
    insta::assert_snapshot!("human", people(&report, |_| ()));
    let color = people(&report, |o| o.color = true).replace('\x1b', "␛");
    insta::assert_snapshot!("human_color", color);
    insta::assert_snapshot!("github", github::render(&report));
    let document: Value = serde_json::from_str(&sarif::render(&report, "0.1.0")).unwrap();
    let pretty = serde_json::to_string_pretty(&document).unwrap();
    insta::assert_snapshot!("sarif", pretty);
}

#[test]
fn people_choose_how_much() {
    let report = everything();
    let (path, short) = (
        "path: app 0.1.0 → web 2.0.0 → parser 1.1.0",
        "path: app 0.1.0 → … → parser 1.1.0",
    );
    let other_path = "path: cli 0.1.0 → web 2.0.0 → parser 1.1.0";
    let gap = "note: not looked at: files: not a regular file (vendor/pipe)";
    let ignored = "note: ignored: RUSTSEC-2099-0006: we read it only once";
    let narrow = people(&report, |o| o.width = Some(40));
    assert!(narrow.contains(short) && !narrow.contains(path));
    let verbose = people(&report, |o| o.verbose = true);
    for shown in [path, other_path, gap, ignored] {
        assert!(verbose.contains(shown), "{shown}");
    }
    let quiet = people(&report, |o| o.quiet = true);
    assert!(quiet.contains("error[ADV001]") && quiet.contains("error: incomplete: yanked"));
    assert!(quiet.contains(".cargo/audit.toml:4 ignores"));
    for hidden in ["note[", other_path, gap, ignored] {
        assert!(!quiet.contains(hidden), "{hidden}");
    }
}

#[test]
fn marks_stand_below_what_is_shown() {
    let mut report = everything();
    let location = report.inputs[0].findings[0].location.as_mut().unwrap();
    (location.column, location.end_column) = (3, 5);
    for (line, shown) in [
        ("\tabcd", "   |\n29 |  abcd\n   |   ^^\n"),
        (
            "\u{202e}éc漢d",
            "   |\n29 | \\u{202e}éc漢d\n   |          ^^\n",
        ),
        ("ab\u{7}d", "   |\n29 | ab\\u{7}d\n   |   ^^^^^^\n"),
        ("a##[b", "   |\n29 | a\\u{23}#[b\n   |        ^^\n"),
        ("a", "   |\n29 | a\n   |  ^\n"),
        ("", "   |\n29 | \n   | ^\n"),
    ] {
        let text = people_with(&report, &|_, _| Some(line.to_owned()), |_| ());
        assert!(text.contains(shown), "{line:?}: {text}");
    }
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
    let options = cyclonedx::Options {
        version: "0.1.0",
        timestamp: None,
        sha256: |_| [0; 32],
    };
    let bill = cyclonedx::render(&report, &options);
    let color = people_with(&report, &source, |o| o.color = true);
    let mut colorless = color.clone();
    for parameters in ["0", "1", "1;31", "1;32", "1;33", "1;34", "1;36"] {
        colorless = colorless.replace(&format!("\x1b[{parameters}m"), "");
    }
    assert_eq!(colorless, plain[0]);
    for output in &plain {
        assert!(output.ends_with('\n') && output.len() < 10_000_000);
    }
    for output in plain.iter().chain([&bill]) {
        // No control characters, and none of what GitHub's and Azure's runners find anywhere.
        for line in output.lines() {
            assert_eq!(crate::text::visible(line), line);
        }
        // What GitHub's runner finds behind white space.
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
    let document: Value = serde_json::from_str(&sarif).unwrap();
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
fn within_limits(document: &Value) {
    let run = &document["runs"][0];
    let list = |value: &Value| value.as_array().unwrap().clone();
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    let rules = list(&run["tool"]["driver"]["rules"]);
    let results = list(&run["results"]);
    assert!(results.len() <= sarif::RESULTS && rules.len() <= results.len());
    assert!(document.to_string().len() < 10_000_000);
    for rule in &rules {
        assert!((1..=20).contains(&list(&rule["properties"]["tags"]).len()));
        assert_eq!(rule["properties"]["tags"][0], "security");
        let mut tags: Vec<String> = list(&rule["properties"]["tags"])
            .iter()
            .map(Value::to_string)
            .collect();
        let all = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), all);
        assert!(length(&rule["name"]) <= 255);
        assert!(length(&rule["shortDescription"]["text"]) <= 1024);
        assert!(length(&rule["fullDescription"]["text"]) <= 1024);
        assert!(length(&rule["help"]["text"]) > 0);
        if let Some(score) = rule["properties"].get("security-severity") {
            let score: f64 = score.as_str().unwrap().parse().unwrap();
            assert!((0.0..=10.0).contains(&score));
        }
        assert_ne!(rule.get("helpUri"), Some(&Value::Null));
    }
    let order = ["error", "warning", "note"].map(Value::from);
    let rank = |result: &Value| order.iter().position(|l| *l == result["level"]).unwrap();
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
    note.level = Level::Note;
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
