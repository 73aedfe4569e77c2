//! What formats show of unsafe code.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use crate::census::compiled::{PackageComparison, Place, Reconciliation};
use crate::census::{Census, LintLevel, LintOrigin, Native, PackageCensus, Site, State};
use crate::facts::unsafety::{Operation, SiteKind};
use crate::finding::{Finding, Location};
use crate::graph::metadata::DependencyKind;
use crate::graph::units::{Role, Roles};
use crate::graph::{Graph, lockfile};
use crate::render::compat::cargo_geiger;
use crate::render::view::{Charset, Layout, Selection, View};
use crate::render::{github, human, json, markdown, sarif};
use crate::report::{Edges, Gap, PackageSources, Report};
use crate::rules::example;
use crate::rules::registry::RULES;

/// A workspace of two, what they depend on, and where that comes from.
const PACKAGES: [(&str, &str, &str, &[usize]); 7] = [
    ("app", "0.1.0", "", &[2, 3]),
    ("cli", "0.1.0", "", &[2, 6]),
    (
        "bytes",
        "1.2.0",
        "registry+https://github.com/rust-lang/crates.io-index",
        &[4],
    ),
    (
        "native-sys",
        "0.9.1",
        "registry+https://github.com/rust-lang/crates.io-index",
        &[5],
    ),
    ("safe", "2.0.0", "sparse+https://example.org/index/", &[]),
    (
        "cc",
        "1.0.0",
        "registry+https://github.com/rust-lang/crates.io-index",
        &[],
    ),
    (
        "gone",
        "0.0.1",
        "git+https://example.org/gone.git#0123456789abcdef",
        &[],
    ),
];

fn site(file: &str, line: u32, column: u32, kind: SiteKind, state: State) -> Site {
    Site {
        file: file.to_owned(),
        line,
        column,
        kind,
        state,
        runtime: state,
        build: State::Inactive,
        item: "buffer::Buffer::grow".to_owned(),
        operations: Vec::new(),
        safety_comment: false,
        public: false,
        exported_macro: false,
    }
}

/// Some of everything. `text` stands for every text from outside but names' first letters.
fn report(text: Option<&str>) -> Report {
    let foreign = |own: &str| text.map_or_else(|| own.to_owned(), str::to_owned);
    let mut lock = String::new();
    for (name, version, source, dependencies) in PACKAGES {
        // A name may hold anything that fits into a TOML string.
        let written = |name: &str| {
            let short = |text: &str| text.chars().take(200).collect::<String>();
            let name = text.map_or_else(|| name.to_owned(), |text| name.to_owned() + &short(text));
            let escaped = name.chars().map(|c| format!("\\U{:08X}", u32::from(c)));
            escaped.collect::<String>()
        };
        lock += &format!(
            "[[package]]\nname = \"{}\"\nversion = \"{version}\"\n",
            written(name)
        );
        if !source.is_empty() {
            lock += &format!("source = \"{source}\"\n");
        }
        let dependencies = dependencies.iter().map(|at| written(PACKAGES[*at].0));
        let dependencies: Vec<String> = dependencies.map(|name| format!("\"{name}\"")).collect();
        lock += &format!("dependencies = [{}]\n", dependencies.join(", "));
    }
    let mut report =
        example::run("--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n");
    let locked = lockfile::read(lock.as_bytes()).unwrap();
    let graph = Graph::from_lockfile(&locked).unwrap();
    let at = |at: usize| graph.iter().nth(at).unwrap().0;

    let (file, item) = (foreign("src/buffer.rs"), foreign("buffer::Buffer::grow"));
    let in_file = |line, column, kind, state| Site {
        item: item.clone(),
        ..site(&file, line, column, kind, state)
    };
    let package = |sites: Vec<Site>| PackageCensus {
        scanned: true,
        runtime: true,
        files: 3,
        bytes: 4_096,
        sites,
        ..PackageCensus::default()
    };
    let forbids = |origin| Some((LintLevel::Forbid, origin));
    let bytes = package(vec![
        Site {
            operations: vec![Operation::RawDeref, Operation::UnsafeCall],
            public: true,
            ..in_file(2, 5, SiteKind::Block, State::Active)
        },
        Site {
            safety_comment: true,
            public: true,
            operations: vec![Operation::SetLen],
            ..in_file(3, 2, SiteKind::Method, State::Active)
        },
        in_file(4, 1, SiteKind::Impl, State::Unknown),
        Site {
            safety_comment: true,
            exported_macro: true,
            ..in_file(5, 9, SiteKind::Block, State::Macro)
        },
        in_file(6, 1, SiteKind::Attribute, State::Active),
        in_file(7, 200, SiteKind::Block, State::Test),
        in_file(8, 1, SiteKind::Trait, State::Inactive),
    ]);
    let native = PackageCensus {
        build_time: true,
        build_script: true,
        native: Native {
            links: Some(foreign("z")),
            sources: 12,
            tools: vec![foreign("cc")],
        },
        ..package(vec![
            in_file(1, 1, SiteKind::ExternBlock, State::Active),
            Site {
                runtime: State::Inactive,
                build: State::Active,
                ..in_file(9, 1, SiteKind::Fn, State::Active)
            },
        ])
    };
    let census = Census {
        packages: vec![
            PackageCensus {
                lint: forbids(LintOrigin::Workspace),
                ..package(Vec::new())
            },
            PackageCensus {
                lint: Some((LintLevel::Deny, LintOrigin::Manifest)),
                ..package(Vec::new())
            },
            bytes,
            native,
            PackageCensus {
                lint: forbids(LintOrigin::Attribute),
                ..package(vec![in_file(1, 1, SiteKind::Union, State::Active)])
            },
            PackageCensus {
                runtime: false,
                build_time: true,
                proc_macro: true,
                ..package(Vec::new())
            },
            PackageCensus::default(),
        ],
    };

    report.command = "unsafe";
    report.databases.clear();
    report.gaps = vec![Gap {
        package: Some(foreign("git+https://example.org/gone.git#gone@0.0.1")),
        path: Some(foreign("src/lib.rs")),
        ..Gap::new("sources", foreign("not in the cache"))
    }];
    let input = &mut report.inputs[0];
    let lines = [
        (1, "pub union Bits { a: u32, b: f32 }".to_owned()),
        (2, "    unsafe { self.move_to(*ptr, 漢) }".to_owned()),
        (3, "\tunsafe fn set_len(&mut self)".to_owned()),
        (4, "unsafe impl Send for Buffer {}".to_owned()),
        (5, "        unsafe { $e }".to_owned()),
        (6, "#[unsafe(no_mangle)] pub fn f() {}".to_owned()),
        (
            7,
            format!("{}unsafe {{ x }}{}", " ".repeat(199), " ".repeat(300)),
        ),
    ];
    let lines = lines.map(|(line, own)| (line, foreign(&own)));
    input.details.sources.insert(
        at(2),
        PackageSources {
            folder: foreign("vendor/bytes"),
            files: BTreeMap::from([(file.clone(), BTreeMap::from(lines))]),
        },
    );
    let mut edges: Vec<Vec<_>> = PACKAGES
        .iter()
        .map(|(.., to)| {
            to.iter()
                .map(|to| (at(*to), DependencyKind::Normal))
                .collect()
        })
        .collect();
    edges[3] = vec![(at(5), DependencyKind::Build)];
    edges[1][1].1 = DependencyKind::Dev;
    input.details.edges = Some(Arc::new(Edges { packages: edges }));
    input.details.roles = vec![Roles::from_iter([Role::Runtime]); PACKAGES.len()];
    input.details.roles[5] = Roles::from_iter([Role::Build, Role::ProcMacro]);
    input.details.roles[6] = Roles::from_iter([Role::OtherTarget]);
    let place = |line| Place {
        file: file.clone(),
        line,
        column: 5,
        what: foreign("usage of an `unsafe` block"),
    };
    let mut compared = vec![PackageComparison::default(); PACKAGES.len()];
    compared[2] = PackageComparison {
        units: 2,
        agreed: 3,
        compiler_only: (10..22).map(place).collect(),
        census_only: vec![place(4)],
        in_macros: 6,
        generated: 2,
        decided: 4,
    };
    input.details.reconciliation = Some(Arc::new(Reconciliation { packages: compared }));
    let mut finding = Finding::new(&RULES[0], Some(at(0)), foreign("new unsafe code"));
    finding.location = Some(Location {
        file: foreign("app/src/main.rs"),
        repository_file: Some(foreign("crates/app/src/main.rs")),
        line: 3,
        column: 5,
        end_line: 3,
        end_column: 11,
    });
    finding.fingerprint = foreign("x");
    finding.help = vec![foreign("write a SAFETY comment")];
    input.findings = vec![finding];
    input.graph = Arc::new(graph);
    input.census = Some(Arc::new(census));
    report
}

fn people(report: &Report, view: &View, verbose: bool) -> String {
    painted(report, view, verbose, false)
}

fn painted(report: &Report, view: &View, verbose: bool, color: bool) -> String {
    let source = |_: &str, _| Some("    unsafe { x }".to_owned());
    let options = human::Options {
        color,
        quiet: false,
        verbose,
        width: None,
        source: &source,
        view,
    };
    human::render(report, &options)
}

fn listing() -> View {
    View {
        sites: Some(Selection {
            states: State::ALL.to_vec(),
            ..Selection::default()
        }),
        ..View::default()
    }
}

/// The part of a text from a line on.
fn from<'a>(text: &'a str, line: &str) -> &'a str {
    let at = text.find(line).unwrap_or_else(|| panic!("{line}: {text}"));
    text.split_at(at).1
}

#[test]
fn snapshots() {
    let report = report(None);
    insta::assert_snapshot!("unsafe_human", people(&report, &View::default(), false));
    insta::assert_snapshot!("unsafe_sites", people(&report, &listing(), true));
    insta::assert_snapshot!("unsafe_markdown", markdown::render(&report, &listing()));
    let pretty = |text: &str| {
        let document: Value = serde_json::from_str(text).unwrap();
        serde_json::to_string_pretty(&document).unwrap()
    };
    insta::assert_snapshot!("unsafe_json", pretty(&json::render(&report, "0.1.0")));
    let geiger = cargo_geiger::render(&report, &View::default());
    insta::assert_snapshot!("unsafe_cargo_geiger", pretty(&geiger));
    insta::assert_snapshot!("unsafe_github", github::render(&report));
}

#[test]
fn tables_have_many_looks() {
    let report = report(None);
    let ascii = View {
        charset: Charset::Ascii,
        ..View::default()
    };
    let table = View {
        layout: Layout::Table,
        ..ascii.clone()
    };
    let inverted = View {
        invert: vec!["cc".to_owned()],
        ..ascii.clone()
    };
    let depth = View {
        layout: Layout::Depth,
        no_build: true,
        ..ascii.clone()
    };
    let forbid_only = View {
        forbid_only: true,
        ..View::default()
    };
    let looks = [ascii, table, inverted, depth, forbid_only];
    let looks = looks.map(|view| {
        let text = people(&report, &view, false);
        let text = from(&text, "Symbols:");
        text.split("warning: ").next().unwrap().to_owned()
    });
    insta::assert_snapshot!("unsafe_looks", looks.join("=====\n"));
}

#[test]
fn sites_are_selected() {
    let report = report(None);
    let listed = |change: &dyn Fn(&mut Selection)| {
        let mut selection = Selection::default();
        change(&mut selection);
        let view = View {
            sites: Some(selection),
            ..View::default()
        };
        let text = people(&report, &view, false);
        let lines = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--> "));
        let lines = lines.filter(|line| !line.starts_with("app/"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let all = listed(&|_| ());
    assert_eq!(all.len(), 7);
    assert_eq!(all[0], "vendor/bytes/src/buffer.rs:2:5");
    let bytes = |s: &mut Selection| s.packages = vec!["bytes@1.2".to_owned()];
    assert_eq!(listed(&bytes), all[..4]);
    let without = listed(&|s| {
        bytes(s);
        s.without_safety = true;
    });
    assert_eq!(without, [all[0].clone(), all[2].clone()]);
    let blocks = listed(&|s| {
        s.kinds = vec![SiteKind::Block];
        s.states = vec![State::Macro, State::Test];
    });
    let expected = [5, 7].map(|line| {
        let column = if line == 5 { 9 } else { 200 };
        format!("vendor/bytes/src/buffer.rs:{line}:{column}")
    });
    assert_eq!(blocks, expected);
    let none = people(
        &report,
        &View {
            sites: Some(Selection {
                kinds: vec![SiteKind::GlobalAsm],
                ..Selection::default()
            }),
            ..View::default()
        },
        false,
    );
    assert!(none.contains("note: no site is as asked for"));
    let unknown = View {
        invert: vec!["nobody".to_owned()],
        ..View::default()
    };
    assert_eq!(
        unknown.unknown_package(&report.inputs[0].graph),
        Some("nobody")
    );
}

#[test]
fn the_documents_counts_are_its_sites() {
    let document: Value = serde_json::from_str(&json::render(&report(None), "0.1.0")).unwrap();
    for package in document["packages"].as_array().unwrap() {
        let unsafety = &package["unsafety"];
        let counts = unsafety["counts"].as_object().unwrap().values();
        let states = counts.flat_map(|count| count.as_object().unwrap().values());
        let counted: u64 = states.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(counted, unsafety["sites"].as_array().unwrap().len() as u64);
    }
}

#[test]
fn cargo_geigers_lists_are_sorted_and_quick_with_forbid_only() {
    let report = report(None);
    let document: Value =
        serde_json::from_str(&cargo_geiger::render(&report, &View::default())).unwrap();
    let name = |package: &Value| {
        package["package"]["id"]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let names: Vec<String> = document["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    assert_eq!(names, ["app", "bytes", "cc", "cli", "native-sys", "safe"]);
    let view = View {
        forbid_only: true,
        ..View::default()
    };
    let quick: Value = serde_json::from_str(&cargo_geiger::render(&report, &view)).unwrap();
    let keys: Vec<&String> = quick.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["packages", "packages_without_metrics"]);
    assert_eq!(quick["packages"][0]["forbids_unsafe"], true);
    assert_eq!(quick["packages"][1]["forbids_unsafe"], false);
    assert_eq!(quick["packages_without_metrics"][0]["name"], "gone");
}

#[test]
fn findings_in_sources_are_where_the_repository_has_them() {
    let report = report(None);
    let document: Value = serde_json::from_str(&sarif::render(&report, "0.1.0")).unwrap();
    let place = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "crates/app/src/main.rs");
    let log = github::render(&report);
    assert!(log.contains("file=crates/app/src/main.rs,line=3,"), "{log}");
}

/// What no output may do, whatever it is made of.
fn check(text: &str) {
    let report = report(Some(text));
    let inverted = View {
        invert: vec![format!("cc{text}")],
        layout: Layout::Depth,
        charset: Charset::Ascii,
        ..listing()
    };
    let outputs = [
        people(&report, &View::default(), false),
        people(&report, &listing(), true),
        people(&report, &inverted, false),
        markdown::render(&report, &listing()),
        github::render(&report),
        sarif::render(&report, "0.1.0"),
        json::render(&report, "0.1.0"),
        cargo_geiger::render(&report, &View::default()),
    ];
    let mut colorless = painted(&report, &listing(), true, true);
    for parameters in ["0", "1", "1;31", "1;32", "1;33", "1;34", "1;36"] {
        colorless = colorless.replace(&format!("\x1b[{parameters}m"), "");
    }
    assert_eq!(colorless, outputs[1]);
    for (index, output) in outputs.iter().enumerate() {
        // JSON is for programs, and whole.
        assert!(output.ends_with('\n') && (output.len() < 10_000_000 || index > 5));
        for line in output.lines() {
            // The symbol for unsafe code is a sign with a selector of its look behind it.
            let line = line.replace("☢\u{fe0f}", "");
            assert_eq!(crate::text::visible(&line), line);
            // What GitHub's runner finds behind white space.
            let is_command = line.trim_start().starts_with("::");
            assert!(!is_command || index == 4, "{line}");
        }
    }
    // Of a text from outside nothing is structure. Where there is none, less is said.
    if !text.is_empty() {
        let harmless = markdown::render(&self::report(Some("x")), &listing());
        assert_eq!(without_code(&outputs[3]), without_code(&harmless));
    }
}

/// Markdown with all code left out.
fn without_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut rest = markdown;
    while let Some(at) = [rest.find('`'), rest.find("<code>")]
        .into_iter()
        .flatten()
        .min()
    {
        let (before, code) = rest.split_at(at);
        outside += before;
        outside += "CODE";
        let (code, behind) = match code.strip_prefix('`') {
            Some(code) => code.split_once('`').unwrap(),
            None => {
                let (code, behind) = code.split_once("</code>").unwrap();
                let code = code.strip_prefix("<code>").unwrap();
                assert!(!code.contains(['<', '*', '_', '[', '@']), "{code}");
                (code, behind)
            }
        };
        assert!(!code.contains(['|', '\n', '`']), "{code}");
        rest = behind;
    }
    outside + rest
}

#[test]
fn hostile_texts_do_nothing() {
    for text in [
        "\n::error::x",
        "   ::add-mask::x",
        "a ##[error]x",
        "##vso[task.setvariable variable=x]y",
        "\x1b[2J\x1b]8;;https://example.org\x07x",
        "\u{9b}2J\u{202e}txt.exe\u{2066}",
        "[click](https://example.org) @octocat #1",
        "`</script><img src=x>`\t|",
        "\\|`a`\\",
        "漢字\t\tunsafe",
        "",
    ] {
        check(text);
    }
    check(&"title\n".repeat(20_000));
    check(&"\u{1b}".repeat(100_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_does_anything(
        text in r"(\PC|\pC|::|##\[|##vso\[|error|\]|\n|\r|%0A|,|=|\x1b\[31m|`|\||<b>|\\){0,40}"
    ) {
        check(&text);
    }
}
