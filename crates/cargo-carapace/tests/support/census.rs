//! A document on unsafe code that has everything such a document can have.

use std::sync::Arc;

use carapace_core::census::compiled::{PackageComparison, Place, Reconciliation};
use carapace_core::census::{Census, LintLevel, LintOrigin, Native, PackageCensus, Site, State};
use carapace_core::facts::unsafety::{Operation, SiteKind};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::render::json;
use carapace_core::report::{Details, Input, InputKind, Report, Settings, Verdict};
use serde_json::Value;

/// The document of a report with one package, one site and differences.
pub fn document() -> Value {
    let text = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n";
    let lockfile = lockfile::read(text.as_bytes()).unwrap();
    let place = Place {
        file: "src/lib.rs".to_owned(),
        line: 9,
        column: 5,
        what: "usage of an `unsafe` block".to_owned(),
    };
    let site = Site {
        file: "src/lib.rs".to_owned(),
        line: 3,
        column: 5,
        kind: SiteKind::Block,
        state: State::Active,
        runtime: State::Active,
        build: State::Active,
        item: "f".to_owned(),
        operations: vec![Operation::RawDeref],
        safety_comment: true,
        public: true,
        exported_macro: true,
    };
    let package = PackageCensus {
        scanned: true,
        runtime: true,
        sites: vec![site],
        lint: Some((LintLevel::Deny, LintOrigin::Manifest)),
        native: Native {
            links: Some("z".to_owned()),
            sources: 1,
            tools: vec!["cc".to_owned()],
        },
        ..PackageCensus::default()
    };
    let compared = PackageComparison {
        units: 1,
        agreed: 1,
        compiler_only: vec![place.clone()],
        census_only: vec![place],
        in_macros: 1,
        generated: 1,
        decided: 1,
    };
    let report = Report {
        command: "unsafe",
        ruling: None,
        inputs: vec![Input {
            id: "Cargo.toml".to_owned(),
            path: "Cargo.toml".to_owned(),
            repository_path: None,
            kind: InputKind::Manifest,
            graph: Arc::new(Graph::from_lockfile(&lockfile).unwrap()),
            findings: Vec::new(),
            verdict: Verdict::Pass,
            supply: None,
            dance: None,
            census: Some(Arc::new(Census {
                packages: vec![package],
            })),
            details: Details {
                reconciliation: Some(Arc::new(Reconciliation {
                    packages: vec![compared],
                })),
                ..Details::default()
            },
        }],
        config: Vec::new(),
        databases: Vec::new(),
        gaps: Vec::new(),
        ignored: Vec::new(),
        fixes: None,
        patch: None,
        proofs: Vec::new(),
        settings: Settings::default(),
        verdict: Verdict::Pass,
    };
    serde_json::from_str(&json::render(&report, "0.1.0")).unwrap()
}
