//! What formats show of unsafe code that safe code can replace.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use crate::census::dance::Asked;
use crate::census::{Census, PackageCensus, Site, State};
use crate::engine::{DanceRequest, Subject, dance};
use crate::facts::dance::{
    Change, DancedFile, DancedSite, Left, Need, PackageDance, Plan, Proposal, Span,
};
use crate::facts::unsafety::{Operation, SiteKind};
use crate::fix::Applicability;
use crate::graph::metadata::DependencyKind;
use crate::graph::units::{Role, Roles};
use crate::graph::{Graph, lockfile};
use crate::policy::Policy;
use crate::render::view::View;
use crate::render::{github, human, json, markdown, sarif};
use crate::report::{Edges, FixChange, FixStatus, Fixed, FixedFinding, InputKind, Report};
use crate::rules::Group;
use crate::rules::registry::RULES;

const LOCK: &str = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"png-reader\"]\n\n\
    [[package]]\nname = \"png-reader\"\nversion = \"1.0.0\"\n\
    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

const SOURCE: &str = "fn f(v: &[u8]) -> u8 {\n    unsafe { *v.get_unchecked(0) }\n}\n";

/// Any rule will do.
fn code() -> &'static str {
    let mut rules = RULES.iter();
    let rule = rules.find(|rule| rule.group == Group::Dance);
    rule.unwrap().meta.code
}

fn site(line: u32, kind: SiteKind, state: State, item: &str) -> Site {
    Site {
        file: "src/lib.rs".to_owned(),
        line,
        column: 5,
        kind,
        state,
        runtime: state,
        build: State::Inactive,
        item: item.to_owned(),
        operations: vec![Operation::Unchecked],
        safety_comment: false,
        public: kind == SiteKind::Fn,
        exported_macro: false,
    }
}

fn span(line: u32) -> Span {
    Span {
        start: 36,
        end: 55,
        line,
        column: 14,
        end_line: line,
        end_column: 33,
    }
}

fn proposal(line: u32, since: u32, applicability: Applicability, text: &str) -> Proposal {
    let change = Change {
        start: 36,
        end: 55,
        text: "v[0]".to_owned(),
    };
    Proposal {
        rule: code().to_owned(),
        span: span(line),
        code: format!("*v.get_unchecked(0){text}"),
        with: format!("v[0]{text}"),
        message: format!("the index can be checked{text}"),
        since,
        applicability,
        changes: match applicability {
            Applicability::Display => Vec::new(),
            _ => vec![change],
        },
    }
}

fn danced(line: u32, proposals: Vec<Proposal>, left: Vec<Left>) -> DancedSite {
    let plan = proposals
        .first()
        .filter(|first| left.is_empty() && !first.changes.is_empty());
    let plan = plan.map(|first| Plan {
        since: first.since,
        applicability: first.applicability,
        changes: [(27, 36, ""), (55, 57, "")]
            .map(|(start, end, text)| Change {
                start,
                end,
                text: text.to_owned(),
            })
            .into_iter()
            .chain(first.changes.clone())
            .collect(),
    });
    DancedSite {
        line,
        column: 5,
        proposals,
        plans: plan.into_iter().collect(),
        left,
    }
}

/// A site with each outlook; `text` is added to every text from outside.
fn report(text: &str) -> Report {
    use Applicability::{Display, Safe, Unsafe};
    let graph = Graph::from_lockfile(&lockfile::read(LOCK.as_bytes()).unwrap()).unwrap();
    let item = format!("f{text}");
    let block = |line, state| site(line, SiteKind::Block, state, &item);
    let sites = vec![
        block(2, State::Active),
        block(4, State::Test),
        block(6, State::Inactive),
        block(8, State::Macro),
        block(10, State::Unknown),
        block(12, State::Active),
        site(14, SiteKind::Fn, State::Active, &item),
        site(16, SiteKind::ExternBlock, State::Active, ""),
    ];
    let left = |need, name: &str| Left {
        span: span(8),
        need,
        name: format!("{name}{text}"),
    };
    let file = DancedFile {
        faults: Vec::new(),
        path: "src/lib.rs".to_owned(),
        sites: vec![
            danced(2, vec![proposal(2, 0, Safe, text)], vec![]),
            danced(4, vec![proposal(4, 40, Unsafe, text)], vec![]),
            danced(6, vec![proposal(6, 60, Display, text)], vec![]),
            danced(
                8,
                vec![proposal(8, 60, Safe, text)],
                vec![left(Need::Foreign, "libc::read")],
            ),
            danced(
                10,
                vec![proposal(10, 90, Safe, text)],
                vec![left(Need::Unknown, "other::go")],
            ),
            danced(
                14,
                vec![],
                vec![left(Need::Standard, "ptr::read"), left(Need::Deref, "")],
            ),
        ],
    };
    let facts = |file| PackageDance {
        files: vec![file],
        gaps: Vec::new(),
    };
    let own = Asked {
        facts: Some(facts(file.clone())),
        folder: String::new(),
        rust: 70,
        is_asked: true,
        about: Vec::new(),
    };
    let dependency = Asked {
        is_asked: false,
        folder: "vendor/png-reader".to_owned(),
        about: vec!["multimedia::images".to_owned(), format!("x{text}")],
        ..own.clone()
    };
    let package = || PackageCensus {
        scanned: true,
        sites: sites.clone(),
        ..PackageCensus::default()
    };
    let depends = |(index, _)| {
        graph
            .depends_on(index)
            .map(|to| (to, DependencyKind::Normal))
    };
    let edges = Edges {
        packages: graph.iter().map(|one| depends(one).collect()).collect(),
    };
    let subject = Subject {
        roles: vec![[Role::Runtime].into_iter().collect::<Roles>(); 2],
        ..Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph))
    };
    let request = DanceRequest {
        advisories: Vec::new(),
        confidence: crate::finding::Confidence::High,
        subject,
        census: Census {
            packages: vec![package(), package()],
        },
        packages: vec![own, dependency],
        nominate: true,
        edges: Arc::new(edges),
        config: Vec::new(),
        gaps: Vec::new(),
    };
    let mut report = dance(request, &Policy::default());
    let finding = FixedFinding {
        fingerprint: "fingerprint".to_owned(),
        name: code().to_owned(),
    };
    let fixed = Fixed {
        input: "Cargo.lock".to_owned(),
        package: "app@0.1.0".to_owned(),
        subject: "app 0.1.0".to_owned(),
        findings: vec![finding],
        status: FixStatus::Planned,
        changes: vec![FixChange::Source {
            file: format!("src/lib.rs{text}"),
            edits: 3,
        }],
        reason: None,
        alternatives: Vec::new(),
        notes: Vec::new(),
    };
    report.add_fixes(vec![fixed], Vec::new());
    report.patch = Some(format!(
        "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,2 +1,2 @@\n fn f(v: &[u8]) -> u8 {{\n\
         -    unsafe {{ *v.get_unchecked(0) }}\n+    v[0]\n {text}\n"
    ));
    report
}

fn people(report: &Report, color: bool, verbose: bool) -> String {
    let source = |path: &str, line: u32| {
        let at = usize::try_from(line).unwrap() - 1;
        let text = SOURCE.lines().nth(at).filter(|_| path == "src/lib.rs");
        text.map(str::to_owned)
    };
    let options = human::Options {
        color,
        quiet: false,
        verbose,
        width: None,
        source: &source,
        view: &View::default(),
    };
    human::render(report, &options)
}

#[test]
fn snapshots() {
    let report = report("");
    insta::assert_snapshot!("dance_human", people(&report, false, false));
    insta::assert_snapshot!(
        "dance_markdown",
        markdown::render(&report, &View::default())
    );
    insta::assert_snapshot!("dance_audit", markdown::audit(&report));
    let document: Value = serde_json::from_str(&json::render(&report, "0.1.0")).unwrap();
    let pretty = serde_json::to_string_pretty(&document).unwrap();
    insta::assert_snapshot!("dance_json", pretty);
    insta::assert_snapshot!("dance_github", github::render(&report));
}

#[test]
fn findings_are_of_what_was_asked_for_and_all_of_a_site_share_its_plan() {
    let report = report("");
    let findings = &report.inputs[0].findings;
    let app = |finding: &&crate::finding::Finding| {
        let package = finding
            .package
            .and_then(|index| report.inputs[0].graph.get(index));
        package.unwrap().name == "app"
    };
    assert_eq!(findings.len(), findings.iter().filter(app).count());
    // One needs a newer compiler, and one site has none.
    assert_eq!(findings.len(), 4);
    let edits = |at: usize| findings[at].fix.as_ref().map(|fix| fix.edits.len());
    let mut counts: Vec<_> = (0..4).map(edits).collect();
    counts.sort();
    assert_eq!(counts, [None, Some(1), Some(3), Some(3)]);
    let mut prints: Vec<&str> = findings.iter().map(|f| f.fingerprint.as_str()).collect();
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), 4);
    let sarif: Value = serde_json::from_str(&sarif::render(&report, "0.1.0")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(
        results
            .iter()
            .filter(|result| result["fixes"].is_array())
            .count(),
        3
    );
}

#[test]
fn moved_lines_change_no_fingerprint() {
    let prints = |shift: u32| {
        let graph = Graph::from_lockfile(&lockfile::read(LOCK.as_bytes()).unwrap()).unwrap();
        let line = 2 + shift;
        let file = DancedFile {
            faults: Vec::new(),
            path: "src/lib.rs".to_owned(),
            sites: vec![danced(
                line,
                vec![proposal(line, 0, Applicability::Safe, "")],
                vec![],
            )],
        };
        let asked = Asked {
            facts: Some(PackageDance {
                files: vec![file],
                gaps: Vec::new(),
            }),
            rust: 70,
            is_asked: true,
            ..Asked::default()
        };
        let census = PackageCensus {
            scanned: true,
            sites: vec![site(line, SiteKind::Block, State::Active, "f")],
            ..PackageCensus::default()
        };
        let request = DanceRequest {
            advisories: Vec::new(),
            confidence: crate::finding::Confidence::High,
            subject: Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph)),
            census: Census {
                packages: vec![census],
            },
            packages: vec![asked],
            nominate: false,
            edges: Arc::default(),
            config: Vec::new(),
            gaps: Vec::new(),
        };
        let report = dance(request, &Policy::default());
        report.inputs[0].findings[0].fingerprint.clone()
    };
    assert_eq!(prints(0), prints(100));
}

/// What no output may do, whatever it is made of.
fn check(text: &str) {
    let report = report(text);
    let outputs = [
        people(&report, false, false),
        people(&report, false, true),
        markdown::render(&report, &View::default()),
        markdown::audit(&report),
        json::render(&report, "0.1.0"),
        github::render(&report),
    ];
    for (index, output) in outputs.iter().enumerate() {
        assert!(output.ends_with('\n'));
        for line in output.lines() {
            assert_eq!(crate::text::visible(line), line);
            let is_command = line.trim_start().starts_with("::");
            assert!(!is_command || index == 5, "{index}: {line}");
        }
    }
    // Of a text from outside nothing is structure: headings, boxes and blocks are as many.
    let harmless = self::report("x");
    let count = |page: &str| {
        let starts = |what: &str| page.lines().filter(|line| line.starts_with(what)).count();
        ["#", "- ", "| ", "  ```"].map(starts)
    };
    assert_eq!(count(&outputs[3]), count(&markdown::audit(&harmless)));
}

#[test]
fn hostile_texts_do_nothing() {
    for text in [
        "\n::error::x",
        "   ::add-mask::x",
        "a ##[error]x",
        "\x1b[2J\x1b]8;;https://example.org\x07x",
        "\u{9b}2J\u{202e}txt.exe\u{2066}",
        "[click](https://example.org) @octocat #1",
        "`</script><img src=x>`\t|",
        "\n```\n# Heading",
        "",
    ] {
        check(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_does_anything(
        text in r"(\PC|\pC|::|##\[|error|\]|\n|\r|%0A|,|=|\x1b\[31m|`|```|\||<b>|\\){0,40}"
    ) {
        check(&text);
    }
}
