//! What holds of sources whatever they are: arbitrary soups of the words that matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Arc;

use carapace_core::census::State;
use carapace_core::census::link::{Build, Linked, Script, link};
use carapace_core::cfg::CfgSet;
use carapace_core::facts::PackageFacts;
use carapace_core::facts::package::package;
use carapace_core::facts::scan::scan;
use carapace_core::facts::unsafety::SiteKind;
use carapace_core::graph::metadata::Target;
use carapace_core::source::expand::expand;
use carapace_core::source::lexer::TokenKind;
use carapace_core::source::outline::{Context, Outline, Source, Watch};
use proptest::prelude::*;

/// Words and pieces of Rust.
const PIECES: &[&str] = &[
    "unsafe",
    "unsafe",
    "unsafe",
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    ":",
    "::",
    "=",
    "=>",
    "->",
    "|",
    "&",
    "#",
    "!",
    "$",
    "?",
    "'a",
    "'",
    "\"s\"",
    "fn",
    "fn f()",
    "extern",
    "\"C\"",
    "impl",
    "impl A for B",
    "trait",
    "mod",
    "mod a",
    "static",
    "mut",
    "union U",
    "const",
    "async",
    "pub",
    "pub(crate)",
    "struct S",
    "enum E",
    "type",
    "use",
    "where",
    "for",
    "if",
    "else",
    "match",
    "loop",
    "in",
    "dyn",
    "crate",
    "self",
    "macro_rules!",
    "macro_rules! m",
    "macro",
    "m!",
    "n!",
    "cfg_if!",
    "cfg_select!",
    "quote!",
    "global_asm!",
    "include!",
    "vec!",
    "#[cfg(a)]",
    "#[cfg(feature = \"f\")]",
    "#![cfg(b)]",
    "#[cfg_attr(a,",
    "#[unsafe(no_mangle)]",
    "#[no_mangle]",
    "#[test]",
    "#[path = \"x.rs\"]",
    "$($t:tt)*",
    "$($t)*",
    "$x:item",
    "$x:expr",
    "$x",
    "(a) => {",
    "_ => {",
    "safe",
    "auto",
    "default",
    "r#unsafe",
    "// unsafe\n",
    "/* unsafe */",
    "é",
    "0",
    "1.0",
];

fn soup(most: usize) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..most).prop_map(|pieces| pieces.join(" "))
}

/// The places that marks stand for: their own, of an attribute that of the `unsafe` in it.
fn words(source: &Source<'_>, outline: &Outline) -> Vec<usize> {
    let marks = outline.marks.iter().filter_map(|mark| {
        let at = mark.token as usize;
        let ahead = match source.kind(at) {
            TokenKind::Pound if source.kind(at + 1) == TokenKind::Bang => 3,
            TokenKind::Pound => 2,
            _ => 0,
        };
        (source.kind(at + ahead) == TokenKind::Unsafe).then_some(at + ahead)
    });
    marks.collect()
}

fn library(src_path: &str) -> Target {
    Target {
        name: "a".into(),
        kinds: vec!["lib".into()],
        crate_types: Vec::new(),
        src_path: src_path.into(),
        edition: "2021".into(),
        required_features: Vec::new(),
        test: true,
        doctest: false,
        doc: false,
    }
}

/// The sites' places and states in a build with these features.
fn states(facts: &PackageFacts, features: &[&str]) -> Vec<(String, u32, u32, SiteKind, State)> {
    let features: Vec<Arc<str>> = features.iter().map(|name| Arc::from(*name)).collect();
    let cfg = CfgSet::parse("a\n");
    let census = link(&Linked {
        script: Script::default(),
        facts,
        root_dir: "/p",
        targets: &[library("/p/src/lib.rs")],
        builds: &[Build {
            triple: "",
            features: &features,
            cfg: &cfg,
            build_time: false,
            programs: true,
            dev_only: false,
            tests: false,
        }],
        host: &cfg,
    });
    let sites = census.sites.into_iter();
    sites
        .map(|site| (site.file, site.line, site.column, site.kind, site.state))
        .collect()
}

fn facts(files: &[(&str, &str)]) -> PackageFacts {
    let scans = files.iter().map(|(path, text)| scan(path, text.as_bytes()));
    package(scans.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_unsafe_is_marked_once(text in soup(40)) {
        let source = Source::new(text.as_bytes());
        let tokens = 0..source.lexed.tokens.len();
        let expected: Vec<usize> =
            tokens.filter(|at| source.kind(*at) == TokenKind::Unsafe).collect();
        for context in [Context::Code, Context::Impl, Context::Foreign, Context::Arms, Context::List] {
            for all_items in [false, true] {
                let outline = Outline::of_fragment(&source, Watch { all_items, bare_calls: all_items }, context);
                let mut found = words(&source, &outline);
                found.sort_unstable();
                prop_assert_eq!(&found, &expected, "{:?}", context);
                for (at, condition) in outline.conditions.iter().enumerate().skip(1) {
                    prop_assert!((condition.parent as usize) < at);
                }
                for (at, item) in outline.items.iter().enumerate().skip(1) {
                    prop_assert!((item.parent as usize) < at);
                }
                prop_assert!(outline.marks.is_sorted_by_key(|mark| mark.token));
            }
        }
    }

    #[test]
    fn groups_do_not_cross(text in "[(){}\\[\\]a ]{0,60}") {
        let source = Source::new(text.as_bytes());
        let opens = (0..source.lexed.tokens.len()).filter(|at| source.kind(*at).is_open());
        let mut around: Vec<usize> = Vec::new();
        for open in opens {
            let end = source.groups.end(open);
            prop_assert!(end > open && end <= source.lexed.tokens.len());
            around.retain(|around| *around > open);
            prop_assert!(around.iter().all(|around| end <= *around), "{open}..{end} in {around:?}");
            prop_assert!((end..=end + 1).contains(&source.groups.after(open)));
            around.push(end);
        }
    }

    #[test]
    fn expansions_come_from_their_arguments(definition in soup(16), arguments in soup(12)) {
        let definition = format!("({definition}) => {{ {definition} }}; ($($t:tt)*) => {{ x $($t)* {{ $($t)* }} }}");
        if let Some(expansion) = expand(&definition, &arguments) {
            for at in 0..expansion.text.len() {
                if let Some(origin) = expansion.origin(at as u32) {
                    prop_assert_eq!(expansion.text.as_bytes()[at], arguments.as_bytes()[origin as usize]);
                }
            }
        }
    }

    #[test]
    fn a_feature_does_no_more_than_it_is_asked_for(text in soup(40)) {
        // Conditions that only ever ask that the feature is set.
        let facts = facts(&[("src/lib.rs", &text)]);
        let (without, with) = (states(&facts, &[]), states(&facts, &["f"]));
        prop_assert_eq!(without.len(), with.len());
        if !text.contains("cfg_if") && !text.contains("cfg_select") {
            for (without, with) in without.iter().zip(&with) {
                prop_assert!(without.4 <= with.4, "{without:?} {with:?}");
            }
        }
    }

    #[test]
    fn the_order_of_files_does_not_matter(a in soup(20), b in soup(20), c in soup(20)) {
        let root = format!("mod a; mod b; {c}");
        let files = [("src/lib.rs", root.as_str()), ("src/a.rs", &a), ("src/b.rs", &b)];
        let mut turned = files;
        turned.reverse();
        let (one, two) = (facts(&files), facts(&turned));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(states(&one, &["f"]), states(&two, &["f"]));
    }

    #[test]
    fn facts_survive_being_written(a in soup(40)) {
        let facts = facts(&[("src/lib.rs", &a), ("src/é.rs", "unsafe")]);
        let text = serde_json::to_string(&facts).unwrap();
        prop_assert_eq!(serde_json::from_str::<PackageFacts>(&text).unwrap(), facts);
    }
}
