//! A document on unsafe code that safe code can replace, with everything such a document can have.

use std::sync::Arc;

use carapace_core::census::dance::{Asked, Dance, nominate};
use carapace_core::census::{Census, PackageCensus, Site, State};
use carapace_core::facts::dance::{
    Change, DancedFile, DancedSite, Left, Need, PackageDance, Plan, Proposal, Span,
};
use carapace_core::facts::unsafety::{Operation, SiteKind};
use carapace_core::finding::Finding;
use carapace_core::fix::Applicability;
use carapace_core::graph::{Graph, lockfile};
use carapace_core::render::json;
use carapace_core::report::{
    Details, Edges, FixChange, FixStatus, Fixed, FixedFinding, Input, InputKind, KindChange, Proof,
    Report, Settings, Verdict,
};
use carapace_core::rules::Rule;
use serde_json::Value;

fn site(line: u32) -> Site {
    Site {
        file: "src/lib.rs".to_owned(),
        line,
        column: 5,
        kind: SiteKind::Block,
        state: State::Active,
        runtime: State::Active,
        build: State::Inactive,
        item: "f".to_owned(),
        operations: vec![Operation::Unchecked],
        safety_comment: false,
        public: true,
        exported_macro: false,
    }
}

/// What rules propose: one site goes, one stays.
fn facts() -> PackageDance {
    let span = Span {
        start: 20,
        end: 30,
        line: 3,
        column: 14,
        end_line: 3,
        end_column: 24,
    };
    let change = Change {
        start: 20,
        end: 30,
        text: "v[0]".to_owned(),
    };
    let goes = DancedSite {
        line: 3,
        column: 5,
        proposals: vec![Proposal {
            rule: "DAN000".to_owned(),
            span,
            code: "*v.get_unchecked(0)".to_owned(),
            with: "v[0]".to_owned(),
            message: "the index can be checked".to_owned(),
            since: 0,
            applicability: Applicability::Safe,
            changes: vec![change.clone()],
        }],
        plans: vec![Plan {
            since: 0,
            applicability: Applicability::Safe,
            changes: vec![change],
        }],
        left: Vec::new(),
    };
    let stays = DancedSite {
        line: 9,
        column: 5,
        proposals: Vec::new(),
        plans: Vec::new(),
        left: vec![Left {
            span,
            need: Need::Foreign,
            name: "libc::read".to_owned(),
        }],
    };
    PackageDance {
        files: vec![DancedFile {
            path: "src/lib.rs".to_owned(),
            sites: vec![goes, stays],
            faults: Vec::new(),
        }],
        gaps: Vec::new(),
    }
}

/// What a rule finds unsound.
fn unsound() -> Finding {
    let rule = Rule::find("SND001").unwrap();
    let mut finding = Finding::new(rule, None, "it is Send whatever `T` is".to_owned());
    finding.pattern = rule.judges.map(|judges| judges.pattern);
    finding.covered_by = vec!["RUSTSEC-2020-0111".to_owned()];
    finding
}

/// The document of a report with one package, a fix and its patch.
pub fn document() -> Value {
    let text = "[[package]]\nname = \"parser\"\nversion = \"1.0.0\"\n";
    let locked = lockfile::read(text.as_bytes()).unwrap();
    let graph = Arc::new(Graph::from_lockfile(&locked).unwrap());
    let census = Census {
        packages: vec![PackageCensus {
            scanned: true,
            sites: vec![site(3), site(9)],
            ..PackageCensus::default()
        }],
    };
    let asked = Asked {
        facts: Some(facts()),
        rust: 70,
        is_asked: true,
        ..Asked::default()
    };
    let mut dance = Dance::link(census, vec![asked]);
    dance.nominations = Some(nominate(&graph, &dance, &[], &Edges::default()));
    let fixed = Fixed {
        input: "Cargo.toml".to_owned(),
        package: "parser@1.0.0".to_owned(),
        subject: "parser 1.0.0".to_owned(),
        findings: vec![FixedFinding {
            fingerprint: "DAN000:parser".to_owned(),
            name: "DAN000".to_owned(),
        }],
        status: FixStatus::Applied,
        changes: vec![FixChange::Source {
            file: "src/lib.rs".to_owned(),
            edits: 1,
        }],
        reason: None,
        alternatives: Vec::new(),
        notes: Vec::new(),
    };
    let report = Report {
        command: "dance",
        ruling: None,
        inputs: vec![Input {
            id: "Cargo.toml".to_owned(),
            path: "Cargo.toml".to_owned(),
            repository_path: None,
            kind: InputKind::Manifest,
            graph,
            findings: vec![unsound()],
            verdict: Verdict::Pass,
            supply: None,
            dance: Some(Arc::new(dance)),
            census: None,
            details: Details::default(),
        }],
        config: Vec::new(),
        databases: Vec::new(),
        gaps: Vec::new(),
        ignored: Vec::new(),
        fixes: Some(vec![fixed]),
        patch: Some("--- a/src/lib.rs\n+++ b/src/lib.rs\n".to_owned()),
        proofs: vec![Proof {
            subject: "parser 1.0.0".to_owned(),
            before: vec!["3 tests pass".to_owned()],
            kept: [("DAN000".to_owned(), 1)].into(),
            kinds: vec![KindChange {
                kind: SiteKind::Block,
                before: 2,
                after: 1,
            }],
            forbids: vec!["src/lib.rs".to_owned()],
            patch: "--- a/src/lib.rs\n+++ b/src/lib.rs\n".to_owned(),
        }],
        settings: Settings::default(),
        verdict: Verdict::Pass,
    };
    serde_json::from_str(&json::render(&report, "0.1.0")).unwrap()
}
