//! The examples in rules' documentation, read and run.
//!
//! An example is a text in sections, each begun by `--- NAME`:
//! - `Cargo.lock`;
//! - `crates/PACKAGE/ID.md`: lines of an advisory's front matter, and `# …` for its title;
//! - `index/PACKAGE`: the registry's file of a package; where it tells times, how packages are published
//!   is judged;
//! - `people`: what is known of who publishes them;
//! - `ignore`: ids that are ignored, a line each;
//! - `carapace.toml`, `carapace-baseline.toml` and `carapace-audit-baseline.toml`;
//! - sources: `Cargo.toml`, `src/lib.rs` of the package that this manifest names; `NAME/…` of another
//!   member; `vendor/NAME/…` of a dependency. Where there are sources, unsafe code is judged, else
//!   what is known of packages;
//! - `people` and `archive/NAME-VERSION`: how packages are published; an archive of a lower version than
//!   the locked one is that of the version before.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::example_supply as supply;
use super::registry::RULES;
use super::{Group, Rule};
use crate::census::baseline::Baseline;
use crate::census::link::{Build, Linked, Script, link};
use crate::census::survey::{Edited, Known, Member, SourceText, Survey};
use crate::census::{LintLevel, LintOrigin, PackageCensus};
use crate::cfg::CfgSet;
use crate::engine::{Knowledge, Request, Subject, Toolchain, UnsafetyRequest, audit, unsafety};
use crate::facts::package::package;
use crate::facts::scan::scan;
use crate::fix::apply;
use crate::graph::checksum::Checksum;
use crate::graph::metadata::Target;
use crate::graph::unpacked::{Contents, differences};
use crate::graph::{Graph, Package, lockfile};
use crate::knowledge::advisory::database::Collector;
use crate::knowledge::advisory::index::DatabaseInfo;
use crate::knowledge::registry::{Answer, Lookup, Registry, read_sparse};
use crate::policy::known::{self, KnownFindings};
use crate::policy::{Ignore, Policy, carapace_toml};
use crate::report::{ConfigEffect, InputKind, Report};

/// The example of a rule's documentation with a mark.
pub(crate) fn example(rule: &Rule, mark: &str) -> String {
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

/// The files of an example.
pub(crate) fn files(example: &str) -> Vec<(String, String)> {
    let sections = sections(example).into_iter();
    sections
        .map(|(name, text)| (name.to_owned(), text))
        .collect()
}

/// The report on an example.
pub(crate) fn run(example: &str) -> Report {
    let files: BTreeMap<String, String> = files(example).into_iter().collect();
    let is_published = |(name, text): (&String, &String)| {
        let is_timed = name.starts_with("index/") && text.contains("\"pubtime\"");
        let begins = ["people", "supply-chain/", "archive/"];
        begins.iter().any(|begin| name.starts_with(begin)) || is_timed
    };
    if files.iter().any(is_published) {
        return supply::run(&files);
    }
    if files.keys().any(|name| name.ends_with(".rs")) {
        return run_unsafety(&files);
    }
    run_with(example, |_, _, _| ())
}

/// Where the files of a package are.
fn folder(package: &Package, files: &BTreeMap<String, String>) -> String {
    let name = format!("name = \"{}\"", package.name);
    let is_root = |manifest: &String| manifest.contains(&name);
    match &package.source {
        Some(_) => format!("vendor/{}/", package.name),
        None if files.get("Cargo.toml").is_some_and(is_root) => String::new(),
        None => format!("{}/", package.name),
    }
}

fn source_text(files: &BTreeMap<String, String>, file: &str) -> Option<SourceText> {
    files.get(file).map(|text| SourceText {
        file: file.to_owned(),
        text: text.clone(),
    })
}

fn run_unsafety(files: &BTreeMap<String, String>) -> Report {
    let lock = lockfile::read(files["Cargo.lock"].as_bytes()).unwrap();
    let graph = Graph::from_lockfile(&lock).unwrap();
    let mut survey = Survey {
        workspace: source_text(files, "Cargo.toml").filter(|file| file.text.contains("[workspace")),
        ..Survey::default()
    };
    for (index, package) in graph.iter() {
        let folder = folder(package, files);
        let own: BTreeMap<&str, &str> = files
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix(&folder)?, text.as_str())))
            .filter(|(name, _)| !folder.is_empty() || !name.contains("/src/"))
            .collect();
        let workspace = survey.workspace.as_ref().map(|file| file.text.as_str());
        survey.census.packages.push(census_of(&own, workspace));
        if package.source.is_none() {
            let text = |name: &str| source_text(files, &format!("{folder}{name}"));
            survey.members.push(Member {
                package: index,
                folder: folder.trim_end_matches('/').to_owned(),
                manifest: text("Cargo.toml").unwrap(),
                roots: ["src/lib.rs", "src/main.rs"]
                    .into_iter()
                    .filter_map(text)
                    .collect(),
            });
        }
        if let Some(list) = own.get(".cargo-checksum.json") {
            let found = own.iter().filter(|(name, _)| !name.starts_with('.'));
            let found = found.map(|(name, text)| {
                let hash = Sha256::digest(text.as_bytes());
                ((*name).to_owned(), Checksum::Sha256(hash.into()))
            });
            let expected = Contents::parse(list.as_bytes()).unwrap();
            let locked = package.checksum.as_ref();
            survey.edited.push(Edited {
                package: index,
                folder: folder.trim_end_matches('/').to_owned(),
                differences: differences(&expected, &found.collect(), locked),
            });
        }
    }
    let baseline = files.get("carapace-baseline.toml");
    survey.known = baseline.map(|text| Known {
        baseline: Baseline::parse(text.as_bytes()).unwrap(),
        from: "carapace-baseline.toml".to_owned(),
    });
    let (policy, config) = policy(files);
    let request = UnsafetyRequest {
        subject: Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph)),
        survey,
        config,
        gaps: Vec::new(),
    };
    unsafety(request, &policy)
}

/// What an example's `carapace.toml` says, and what it loosens.
pub(super) fn policy(files: &BTreeMap<String, String>) -> (Policy, Vec<ConfigEffect>) {
    let mut policy = Policy::default();
    let mut config = Vec::new();
    if let Some(text) = files.get("carapace.toml") {
        let settings = carapace_toml::parse(text).unwrap();
        settings.add_to(&mut policy, "carapace.toml");
        config = settings.effects("carapace.toml");
    }
    (policy, config)
}

/// The census of a package's files as a build on Linux without features has it, and of the manifest of
/// its workspace.
fn census_of(files: &BTreeMap<&str, &str>, workspace: Option<&str>) -> PackageCensus {
    let sources = files.iter().filter(|(file, _)| file.ends_with(".rs"));
    let scans = sources.map(|(file, text)| scan(file, text.as_bytes()));
    let facts = package(scans.collect());
    let target = |(kind, file): (&str, &str)| {
        Target::new("example", kind, &format!("/example/{file}"), "2024")
    };
    let roots = [("lib", "src/lib.rs"), ("bin", "src/main.rs")];
    let roots = roots
        .into_iter()
        .filter(|(_, file)| files.contains_key(file));
    let targets: Vec<Target> = roots.map(target).collect();
    let cfg = CfgSet::parse("unix\ntarget_os=\"linux\"\n");
    let mut census = link(&Linked {
        script: Script::default(),
        facts: &facts,
        root_dir: "/example",
        targets: &targets,
        builds: &[Build::root(&[], &cfg)],
        host: &cfg,
    });
    census.scanned = true;
    // Manifests are the edge's to read.
    let manifest = files.get("Cargo.toml").copied().unwrap_or_default();
    let forbids = |text: &str| text.contains("unsafe_code = \"forbid\"");
    let inherits = manifest.contains("[lints]\nworkspace = true");
    if forbids(manifest) || inherits && workspace.is_some_and(forbids) {
        census.lint = Some((LintLevel::Forbid, LintOrigin::Manifest));
    }
    census
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
        if name.starts_with("crates/") || name.starts_with("rust/") {
            collector.add(name, advisory(name, text).as_bytes());
        } else if *name == "ignore" {
            let ignores = text.lines().map(|line| {
                let (id, until) = match line.split_once(" until ") {
                    Some((id, until)) => (id, Some(until.parse().unwrap())),
                    None => (line, None),
                };
                Ignore {
                    id: id.to_owned(),
                    until,
                    ..Ignore::default()
                }
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
    let toolchain = sections.iter().find(|(name, _)| *name == "toolchain");
    let subject = Subject {
        path: "Cargo.lock".to_owned(),
        repository_path: None,
        kind: InputKind::Lockfile,
        graph: Arc::new(graph),
        roles: Vec::new(),
        toolchain: toolchain.map(|(_, text)| Toolchain {
            version: text.trim().parse().unwrap(),
            pinned: None,
        }),
        binary: None,
    };
    let mut all = sections.iter();
    let known = all.find(|(name, _)| *name == "carapace-audit-baseline.toml");
    let mut request = Request {
        subjects: vec![subject],
        today: "2099-06-01".parse().ok(),
        known: known.map(|(name, text)| known::Known {
            findings: KnownFindings::parse(text.as_bytes()).unwrap(),
            file: (*name).to_owned(),
        }),
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

/// The rules whose examples are judged here; see [`super::example_dance`].
fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES
        .iter()
        .filter(|rule| !matches!(rule.group, Group::Dance | Group::Soundness))
}

#[test]
fn every_bad_example_is_found_and_every_good_one_is_not() {
    for rule in rules() {
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
fn applying_the_fix_to_a_bad_example_gives_the_good_one() {
    let mut fixed = 0;
    for rule in rules() {
        let bad = example(rule, "bad");
        let report = run(&bad);
        let fix = report.inputs[0].findings[0].fix.as_ref();
        let Some(fix) = fix else { continue };
        let after: Vec<(String, String)> = files(&bad)
            .into_iter()
            .map(|(name, text)| {
                let text = apply(&text, fix.edits.iter().filter(|edit| edit.file == name));
                (name, text.unwrap())
            })
            .collect();
        assert_eq!(after, files(&example(rule, "good")), "{}", rule.name);
        fixed += 1;
    }
    assert!(fixed > 0);
}

#[test]
fn no_rule_speaks_of_another_rules_example() {
    for rule in rules() {
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
            rule.summary()
                .starts_with(|first: char| first.is_uppercase() || first == '`')
                && !rule.summary().ends_with('.'),
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
        let subject = Subject::new("-", InputKind::Lockfile, Arc::clone(&graph));
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
