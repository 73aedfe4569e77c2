//! The examples in rules' documentation, read and run.
//!
//! An example is a text in sections, each begun by `--- NAME`:
//! - `Cargo.lock`;
//! - `crates/PACKAGE/ID.md`: lines of an advisory's front matter, and `# …` for its title;
//! - `index/PACKAGE`: the registry's file of a package;
//! - `ignore`: ids that are ignored, a line each.

use std::sync::Arc;

use super::Rule;
use super::registry::RULES;
use crate::engine::{Knowledge, Request, Subject, audit};
use crate::graph::{Graph, lockfile};
use crate::knowledge::advisory::database::Collector;
use crate::knowledge::advisory::index::DatabaseInfo;
use crate::knowledge::registry::{Answer, Lookup, Registry, read_sparse};
use crate::policy::{Ignore, Policy};
use crate::report::{InputKind, Report};

/// The example of a rule's documentation with a mark.
fn example(rule: &Rule, mark: &str) -> String {
    let start = format!("```text,{mark}\n");
    let (_, rest) = rule
        .docs
        .split_once(&start)
        .unwrap_or_else(|| panic!("{} has no {mark} example", rule.name));
    rest.split_once("\n```").unwrap().0.to_owned()
}

fn sections(example: &str) -> Vec<(&str, String)> {
    let sections = example.split("--- ").filter(|section| !section.is_empty());
    sections
        .map(|section| {
            let (name, text) = section.split_once('\n').unwrap();
            (name.trim(), format!("{}\n", text.trim_end()))
        })
        .collect()
}

fn advisory(path: &str, lines: &str) -> String {
    let mut parts = path.trim_end_matches(".md").rsplit('/');
    let (id, package) = (parts.next().unwrap(), parts.next().unwrap());
    let (titles, lines): (Vec<&str>, Vec<&str>) =
        lines.lines().partition(|line| line.starts_with("# "));
    let title = titles.first().unwrap_or(&"# A title");
    let (versions, advisory): (Vec<&str>, Vec<&str>) = lines
        .into_iter()
        .partition(|line| line.starts_with("patched") || line.starts_with("unaffected"));
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2099-01-01\"\n{}\n\
         [versions]\n{}\n```\n{title}\n",
        advisory.join("\n"),
        versions.join("\n")
    )
}

/// The report on an example.
pub(crate) fn run(example: &str) -> Report {
    run_with(example, |_, _, _| ())
}

/// The same, after a change of what the engine is given.
pub(crate) fn run_with(
    example: &str,
    change: impl FnOnce(&mut Request, &mut Knowledge, &mut Policy),
) -> Report {
    let mut collector = Collector::default();
    let mut knowledge = Knowledge::default();
    let mut policy = Policy {
        registry: true,
        ..Policy::default()
    };
    let sections = sections(example);
    let lock = &sections
        .iter()
        .find(|(name, _)| *name == "Cargo.lock")
        .unwrap()
        .1;
    let graph = Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap();
    for (name, text) in &sections {
        if name.starts_with("crates/") {
            collector.add(name, advisory(name, text).as_bytes());
        } else if *name == "ignore" {
            let ignores = text.lines().map(|id| Ignore {
                id: id.to_owned(),
                reason: String::new(),
            });
            policy.ignores.extend(ignores);
        }
    }
    for package in graph.packages() {
        let mut files = sections
            .iter()
            .filter(|(name, _)| *name == format!("index/{}", package.name));
        let answer = match files.next() {
            Some((_, file)) => read_sparse(file.as_bytes(), &package.name, &[&package.version])
                .unwrap()
                .remove(0),
            None => continue,
        };
        knowledge.registry.insert(
            &package.name,
            package.version.clone(),
            Lookup::Fresh(answer),
        );
    }
    let (info, advisories) = collector.finish(DatabaseInfo::default());
    assert_eq!(info.set_aside, []);
    let known = |id: &str| advisories.iter().any(|advisory| advisory.is_named(id));
    let unknown = policy.ignores.iter().filter(|ignore| !known(&ignore.id));
    knowledge.unknown_ignores = unknown.map(|ignore| ignore.id.clone()).collect();
    knowledge.advisories = advisories;
    let subject = Subject {
        path: "Cargo.lock".to_owned(),
        repository_path: None,
        kind: InputKind::Lockfile,
        graph: Arc::new(graph),
    };
    let mut request = Request {
        subjects: vec![subject],
        ..Request::default()
    };
    change(&mut request, &mut knowledge, &mut policy);
    audit(request, &knowledge, &policy)
}

fn codes(example: &str) -> Vec<&'static str> {
    let report = run(example);
    report.inputs[0]
        .findings
        .iter()
        .map(|finding| finding.rule.meta.code)
        .collect()
}

#[test]
fn every_bad_example_is_found_and_every_good_one_is_not() {
    for rule in RULES {
        assert_eq!(
            codes(&example(rule, "bad")),
            [rule.meta.code],
            "{}: bad",
            rule.name
        );
        assert_eq!(
            codes(&example(rule, "good")),
            [""; 0],
            "{}: good",
            rule.name
        );
    }
}

#[test]
fn no_rule_speaks_of_another_rules_example() {
    for rule in RULES {
        for mark in ["bad", "good"] {
            let others = codes(&example(rule, mark));
            assert!(
                others.iter().all(|code| *code == rule.meta.code),
                "{}: {others:?}",
                rule.name
            );
        }
    }
}

#[test]
fn codes_and_names_are_unique_and_found() {
    for rule in RULES {
        for key in [rule.meta.code, rule.name] {
            assert_eq!(Rule::find(key).unwrap().meta.code, rule.meta.code);
        }
        assert!(rule.docs.contains("## What to do"), "{}", rule.name);
        assert!(
            !rule.summary().is_empty() && !rule.summary().ends_with('.'),
            "{}",
            rule.name
        );
    }
}

#[test]
fn an_absent_package_is_removed_and_a_kept_copy_is_a_gap() {
    let lock = "--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let report = run(lock);
    assert!(
        report
            .gaps
            .iter()
            .any(|gap| gap.what == "yanked" && !gap.blocking)
    );
    let graph = Arc::clone(&report.inputs[0].graph);
    for (lookup, found) in [
        (Lookup::Fresh(Answer::NoPackage), 1),
        (Lookup::Kept(Answer::NoPackage), 0),
    ] {
        let mut registry = Registry::default();
        registry.insert("a", semver::Version::new(1, 0, 0), lookup);
        let knowledge = Knowledge {
            registry,
            ..Knowledge::default()
        };
        let subject = Subject {
            path: "-".into(),
            repository_path: None,
            kind: InputKind::Lockfile,
            graph: Arc::clone(&graph),
        };
        let request = Request {
            subjects: vec![subject],
            ..Request::default()
        };
        let policy = Policy {
            registry: true,
            ..Policy::default()
        };
        let report = audit(request, &knowledge, &policy);
        assert_eq!(report.inputs[0].findings.len(), found);
        assert_eq!(
            report.gaps.iter().any(|gap| gap.what == "yanked"),
            found == 0
        );
    }
}
