//! Sources: each `unsafe` is marked once, conditions and items are trees, macros expand to what they
//! were handed, and what is said of a package holds for its features and survives being kept.

use std::collections::HashSet;
use std::sync::Arc;

use carapace_core::census::link::{Build, Linked, Script, link};
use carapace_core::census::{PackageCensus, State};
use carapace_core::cfg::CfgSet;
use carapace_core::facts::PackageFacts;
use carapace_core::facts::package::{package, wanted};
use carapace_core::facts::scan::scan;
use carapace_core::graph::metadata::Target;
use carapace_core::source::expand::expand;
use carapace_core::source::lexer::TokenKind;
use carapace_core::source::outline::{Context, Outline, Source, Watch};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "unsafe ",
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
    "::",
    "=>",
    "->",
    "$",
    "#[",
    "#![",
    "!",
    "|",
    "unsafe {}",
    "fn f()",
    "extern \"C\" ",
    "impl A for B ",
    "trait T ",
    "mod a;",
    "mod a {",
    "static mut S",
    "union U {",
    "const ",
    "async ",
    "pub(crate) ",
    "match x {",
    "if ",
    "else ",
    "macro_rules! m { ($($t:tt)*) => { $($t)* } }",
    "m!{",
    "m!(",
    "cfg_if! { if #[cfg(a)] {",
    "cfg_select! { a => {",
    "_ => {",
    "quote!(",
    "global_asm!(",
    "include!(\"b.rs\");",
    "#[cfg(a)]",
    "#[cfg(not(feature = \"f\"))]",
    "#[cfg_attr(a, ",
    "unsafe(no_mangle)",
    "#[test]",
    "#[path = \"b.rs\"]",
    "#[no_mangle]",
    "$x:item",
    "$x:expr",
    "$($x)*",
    "#[cfg(feature = \"f\")] $x",
    "//- b.rs\n",
    "//- build.rs\n",
    "println!(\"cargo:rustc-cfg=a\")",
    "'a",
    "\"",
    "/*",
    "//",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "mod b; #[cfg(feature = \"f\")] unsafe fn f() { unsafe { g() } }\n//- b.rs\nunsafe impl A for B {}",
        "unsafe trait T { unsafe fn f(); } extern \"C\" { static S: u8; } static mut M: unsafe fn() = f; union U {}",
        "macro_rules! m { ($($x:item)*) => { $(#[cfg(a)] $x)* } }\nm! { unsafe fn f() {} mod b; }\n//- b.rs\nunsafe fn g() {}",
        "cfg_if! { if #[cfg(a)] { unsafe {} } else { mod b; } } cfg_select! { a => { unsafe {} } _ => {} }",
        "#[cfg_attr(a, unsafe(no_mangle), path = \"b.rs\")] mod c; #[test] fn t() { match x { 0 => unsafe {}, _ => {} } }",
        "fn f() { let s = S { a: unsafe { 1 } }; if unsafe { c() } {} else if d {} quote! { unsafe #x } }",
        "#[cfg(z)] unsafe fn f() {}\n//- build.rs\nfn main() { println!(\"cargo:rustc-cfg=z\"); }",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let source = Source::new(bytes);
    let outline = Outline::new(&source, Watch::default());
    let again = Outline::new(
        &source,
        Watch {
            all_items: true,
            bare_calls: true,
        },
    );
    for outline in [&outline, &again] {
        outlined(&source, outline);
    }
    signature.count(outline.marks.len());
    signature.count(outline.conditions.len());
    signature.count(outline.calls.len() + outline.macros.len());
    for mark in outline.marks.iter().take(6) {
        signature.add(mark.kind as u64);
    }
    expanded(&source, &outline, &mut signature);
    if let Ok(text) = std::str::from_utf8(bytes) {
        signature.accepted();
        let facts = facts(text);
        linked(&facts, &mut signature);
        let kept = postcard::to_stdvec(&facts).map_err(|error| error.to_string());
        let kept = kept.map(|kept| postcard::from_bytes::<PackageFacts>(&kept));
        assert_eq!(kept, Ok(Ok(facts)), "kept, it is another");
    }
    signature
}

fn outlined(source: &Source<'_>, outline: &Outline) {
    let mut marked = HashSet::new();
    for mark in &outline.marks {
        let at = mark.token as usize;
        let ahead = match source.kind(at) {
            TokenKind::Pound if source.kind(at + 1) == TokenKind::Bang => 3,
            TokenKind::Pound => 2,
            _ => 0,
        };
        if source.kind(at + ahead) == TokenKind::Unsafe {
            assert!(marked.insert(at + ahead), "marked twice");
        }
        assert!((mark.condition as usize) < outline.conditions.len());
        assert!((mark.item as usize) < outline.items.len());
        let _ = outline.item_path(source, mark.item);
    }
    let tokens = 0..source.lexed.tokens.len();
    let words = tokens.filter(|at| source.kind(*at) == TokenKind::Unsafe);
    assert_eq!(words.count(), marked.len(), "not marked");
    let conditions = outline.conditions.iter().enumerate().skip(1);
    assert!(
        conditions
            .into_iter()
            .all(|(at, found)| (found.parent as usize) < at)
    );
    let items = outline.items.iter().enumerate().skip(1);
    assert!(
        items
            .into_iter()
            .all(|(at, found)| (found.parent as usize) < at)
    );
}

fn expanded(source: &Source<'_>, outline: &Outline, signature: &mut Signature) {
    let inside = |open: u32| {
        let open = open as usize;
        source.text_between(open + 1, source.groups.end(open))
    };
    for definition in outline.macros.iter().take(3) {
        let definition = inside(definition.body);
        for call in outline.calls.iter().take(3) {
            let arguments = inside(call.arguments);
            let Some(expansion) = expand(&definition, &arguments) else {
                continue;
            };
            signature.count(expansion.text.len());
            for (at, byte) in expansion.text.bytes().enumerate() {
                let origin = expansion.origin(u32::try_from(at).unwrap_or(u32::MAX));
                let origin = origin.and_then(|origin| arguments.as_bytes().get(origin as usize));
                assert!(
                    origin.is_none_or(|origin| *origin == byte),
                    "from elsewhere"
                );
            }
            let source = Source::new(expansion.text.as_bytes());
            outlined(
                &source,
                &Outline::of_fragment(&source, Watch::default(), Context::Impl),
            );
        }
    }
}

/// The facts of a package, the files of which are divided by `//- PATH` lines.
fn facts(text: &str) -> PackageFacts {
    let mut parts = text.split("//- ");
    let root = parts.next().unwrap_or_default();
    let more = parts.filter_map(|part| part.split_once('\n'));
    let mut seen = HashSet::new();
    let files = std::iter::once(("lib.rs", root)).chain(more);
    let files: Vec<(&str, &str)> = files.filter(|(path, _)| seen.insert(*path)).collect();
    let make = |files: &mut dyn Iterator<Item = &(&str, &str)>| {
        let scans: Vec<_> = files
            .map(|(path, text)| scan(path, text.as_bytes()))
            .collect();
        for scan in &scans {
            let _ = wanted(scan);
        }
        package(scans)
    };
    let made = make(&mut files.iter());
    assert_eq!(
        made,
        make(&mut files.iter().rev()),
        "the order of files matters"
    );
    for file in &made.files {
        let conditions = file.conditions.len();
        for (at, condition) in file.conditions.iter().enumerate().skip(1) {
            assert!((condition.parent as usize) < at);
        }
        for site in &file.sites {
            assert!(!site.conditions.is_empty());
            assert!(site.conditions.iter().all(|id| (*id as usize) < conditions));
        }
    }
    made
}

/// That a package's census is one of its facts' sites, whatever is built of it.
pub(super) fn linked(facts: &PackageFacts, signature: &mut Signature) {
    let sites: usize = facts.files.iter().map(|file| file.sites.len()).sum();
    let none = of(facts, &[], "");
    assert_eq!(none.sites.len(), sites);
    for (features, cfg) in [
        (&["f"][..], "a\n"),
        (&[][..], "a\nunix\n"),
        (&["f"][..], ""),
    ] {
        let census = of(facts, features, cfg);
        assert_eq!(census.sites.len(), sites);
        assert!(census.sites.is_sorted());
        let active = census
            .sites
            .iter()
            .filter(|site| site.state == State::Active);
        signature.count(active.count());
    }
}

fn of(facts: &PackageFacts, features: &[&str], cfg: &str) -> PackageCensus {
    let features: Vec<Arc<str>> = features.iter().map(|name| Arc::from(*name)).collect();
    let cfg = CfgSet::parse(cfg);
    let target = |kind: &str, path: &str| Target {
        name: "p".into(),
        kinds: vec![kind.into()],
        crate_types: Vec::new(),
        src_path: path.into(),
        edition: "2021".into(),
        required_features: Vec::new(),
        test: true,
        doctest: false,
        doc: false,
    };
    link(&Linked {
        script: Script::default(),
        facts,
        root_dir: "/p",
        targets: &[
            target("lib", "/p/lib.rs"),
            target("custom-build", "/p/build.rs"),
        ],
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
    })
}
