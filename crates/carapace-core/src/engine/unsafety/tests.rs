//! What of a census fails, and what of it is not known.

use std::sync::Arc;

use super::*;
use crate::census::baseline::Baseline;
use crate::census::survey::{Edited, Known, Member, SourceText};
use crate::census::{Census, PackageCensus, Site, State};
use crate::facts::unsafety::SiteKind;
use crate::graph::lockfile;
use crate::graph::unpacked::Difference;
use crate::policy::carapace_toml;
use crate::report::{InputKind, Verdict};

const LOCK: &str = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"dep\"]\n\n\
    [[package]]\nname = \"dep\"\nversion = \"1.0.0\"\n\
    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

fn site(line: u32, item: &str) -> Site {
    Site {
        file: "src/lib.rs".to_owned(),
        line,
        column: 5,
        kind: SiteKind::Block,
        state: State::Active,
        runtime: State::Active,
        build: State::Inactive,
        item: item.to_owned(),
        operations: Vec::new(),
        safety_comment: false,
        public: false,
        exported_macro: false,
    }
}

/// Two unsafe sites in the workspace, one in a dependency.
fn request() -> UnsafetyRequest {
    let graph = Graph::from_lockfile(&lockfile::read(LOCK.as_bytes()).unwrap()).unwrap();
    let package = |sites| PackageCensus {
        scanned: true,
        runtime: true,
        sites,
        ..PackageCensus::default()
    };
    let survey = Survey {
        census: Census {
            packages: vec![
                package(vec![site(3, "f"), site(9, "f")]),
                package(vec![site(1, "g")]),
            ],
        },
        members: vec![Member {
            package: graph.iter().next().unwrap().0,
            folder: "crates/app".to_owned(),
            manifest: SourceText::default(),
            roots: Vec::new(),
        }],
        ..Survey::default()
    };
    UnsafetyRequest {
        subject: Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph)),
        survey,
        config: Vec::new(),
        gaps: Vec::new(),
    }
}

fn policy(toml: &str) -> Policy {
    let mut policy = Policy::default();
    let toml = carapace_toml::parse(toml).unwrap();
    toml.add_to(&mut policy, "carapace.toml");
    policy
}

/// The findings: code, level, place and message; and the blocking gaps.
fn shown(report: &Report) -> (Vec<String>, Vec<&'static str>) {
    let findings = report.inputs[0].findings.iter().map(|finding| {
        let place = finding.location.as_ref();
        let place = place.map_or_else(String::new, |at| format!("{}:{}", at.file, at.line));
        let (code, level) = (finding.rule.meta.code, finding.level);
        format!("{code} {level} {place} {}", finding.message)
    });
    let gaps = report.gaps.iter().filter(|gap| gap.blocking);
    (findings.collect(), gaps.map(|gap| gap.what).collect())
}

#[test]
fn without_policy_or_baseline_it_is_an_inventory() {
    let report = unsafety(request(), &Policy::default());
    assert_eq!(report.verdict, Verdict::Pass);
    let (findings, gaps) = shown(&report);
    assert_eq!(
        findings,
        [
            "UNS002 note crates/app/src/lib.rs:3 unsafe block in `f` has no `SAFETY` comment",
            "UNS002 note crates/app/src/lib.rs:9 unsafe block in `f` has no `SAFETY` comment",
        ]
    );
    assert!(gaps.is_empty());
    let fingerprints: Vec<&str> = report.inputs[0]
        .findings
        .iter()
        .map(|finding| finding.fingerprint.as_str())
        .collect();
    assert_eq!(
        fingerprints,
        [
            "UNS002:app:src/lib.rs:f:block:#1",
            "UNS002:app:src/lib.rs:f:block:#2"
        ]
    );
}

#[test]
fn what_is_new_fails() {
    let mut request = request();
    let mut baseline = Baseline::of(&request.subject.graph, &request.survey.census);
    request.survey.known = Some(Known {
        baseline: baseline.clone(),
        from: "base.toml".to_owned(),
    });
    let allowed = policy("[rules]\nallow = [{ rule = \"UNS002\", reason = \"later\" }]");
    let report = unsafety(request.clone(), &allowed);
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!(report.inputs[0].findings.len(), 0);
    assert_eq!(report.ignored.len(), 1);
    assert_eq!(report.ignored[0].reason, "app 0.1.0: later");

    baseline = Baseline::default();
    baseline.know_sites("app", &semver::Version::new(0, 0, 9), []);
    request.survey.known = Some(Known {
        baseline,
        from: "base.toml".to_owned(),
    });
    let report = unsafety(request.clone(), &allowed);
    assert_eq!(report.verdict, Verdict::Fail);
    assert_eq!(
        shown(&report).0,
        [
            "UNS001 deny crates/app/src/lib.rs:3 unsafe block in `f`: not in base.toml",
            "UNS001 deny crates/app/src/lib.rs:9 unsafe block in `f`: not in base.toml",
            "UNS001 deny Cargo.lock:7 dep 1.0.0 is not in base.toml, and has 1 unsafe site",
        ]
    );
    let of_dep = report.inputs[0].findings.last().unwrap();
    assert_eq!(of_dep.evidence, ["src/lib.rs:1:5: unsafe block in `g`"]);

    let toml = "[rules]\nallow = [{ rule = \"UNS002\", reason = \"later\" }]\n\
        [unsafe]\nallow-new = true\nreason = \"the port\"\n";
    let report = unsafety(request, &policy(toml));
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!(report.ignored.len(), 3);
}

#[test]
fn limits_hold_over_all_and_of_one_package() {
    let toml = "[unsafe.budget]\nmax = 2\nruntime = 3\nundocumented = 1\n\
        [unsafe.packages.dep]\nmax = 0\n[unsafe.packages.\"dep@2.0.0\"]\nmax = 0\n";
    let report = unsafety(request(), &policy(toml));
    let (findings, _) = shown(&report);
    assert_eq!(
        findings.iter().take(3).collect::<Vec<_>>(),
        [
            "UNS004 deny carapace.toml:2 all packages have 3 unsafe sites, and 2 are agreed on",
            "UNS004 deny carapace.toml:4 all packages have 2 undocumented unsafe sites, and 1 are agreed on",
            "UNS004 deny carapace.toml:6 dep 1.0.0 has 1 unsafe site, and 0 are agreed on",
        ]
    );
    let evidence = &report.inputs[0].findings[0].evidence;
    assert_eq!(evidence, &["2 in app 0.1.0", "1 in dep 1.0.0"]);
}

#[test]
fn what_was_asked_for_and_is_not_known_blocks() {
    let mut request = request();
    request.survey.census.packages[1] = PackageCensus {
        runtime: true,
        ..PackageCensus::default()
    };
    let report = unsafety(request.clone(), &Policy::default());
    assert_eq!(report.verdict, Verdict::Pass);
    let report = unsafety(request.clone(), &policy("[unsafe.budget]\nmax = 9"));
    assert_eq!(
        (report.verdict, shown(&report).1),
        (Verdict::Incomplete, vec!["budget"])
    );
    // The workspace itself was read.
    let members = "[unsafe.budget]\nundocumented = 9\n[unsafe.packages.app]\nmax = 9";
    assert_eq!(
        unsafety(request.clone(), &policy(members)).verdict,
        Verdict::Pass
    );

    // One more that is not even in the census.
    request.survey.census.packages.clear();
    let denied = policy("[rules]\ndeny = [\"undocumented-unsafe\"]");
    let report = unsafety(request.clone(), &denied);
    assert_eq!(
        (report.verdict, shown(&report).1),
        (Verdict::Incomplete, vec!["rules"])
    );
    request.survey.known = Some(Known::default());
    let report = unsafety(request, &Policy::default());
    assert_eq!(
        (report.verdict, shown(&report).1),
        (Verdict::Incomplete, vec!["new-unsafe"])
    );
    assert_eq!(
        report.gaps[0].reason,
        "what is unsafe in 2 packages (app 0.1.0, dep 1.0.0) is not known: the sources were not read"
    );
}

#[test]
fn levels_come_from_the_rule_the_package_or_the_command_line() {
    let denied = "[rules]\ndeny = [\"UNS002\"]";
    assert_eq!(unsafety(request(), &policy(denied)).verdict, Verdict::Fail);
    let but = "[rules]\ndeny = [\"UNS002\"]\nwarn = [{ rule = \"UNS002\", package = \"app\" }]";
    assert!(carapace_toml::parse(but).is_ok());
    let report = unsafety(request(), &policy(but));
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(
        report.inputs[0]
            .findings
            .iter()
            .all(|f| f.level == Level::Warn)
    );
}

#[test]
fn an_edited_source_fails() {
    let mut request = request();
    let package = request.subject.graph.iter().nth(1).unwrap().0;
    request.survey.edited.push(Edited {
        package,
        folder: "vendor/dep".to_owned(),
        differences: vec![Difference::Changed {
            file: "src/lib.rs".to_owned(),
        }],
    });
    let report = unsafety(request, &Policy::default());
    assert_eq!(report.verdict, Verdict::Fail);
    assert_eq!(
        report.inputs[0].findings[0].evidence,
        ["changed: src/lib.rs"]
    );
}
