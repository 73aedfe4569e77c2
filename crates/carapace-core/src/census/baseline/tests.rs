//! Baselines against censuses that are made up.

use proptest::prelude::*;

use super::*;
use crate::baseline::MAX_BYTES;
use crate::graph::lockfile;
use crate::text::is_deceptive;

fn graph(packages: &[(&str, &str)]) -> Graph {
    let packages = packages.iter();
    let lock: String = packages
        .map(|(name, version)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n")
        })
        .collect();
    Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap()
}

fn site(file: &str, line: u32, item: &str, state: State) -> Site {
    Site {
        file: file.to_owned(),
        line,
        column: 1,
        kind: SiteKind::Block,
        state,
        runtime: state,
        build: State::Inactive,
        item: item.to_owned(),
        operations: vec![Operation::RawDeref],
        safety_comment: false,
        public: false,
        exported_macro: false,
    }
}

fn census(packages: Vec<Vec<Site>>) -> Census {
    let packages = packages.into_iter().map(|sites| PackageCensus {
        scanned: true,
        sites,
        ..PackageCensus::default()
    });
    Census {
        packages: packages.collect(),
    }
}

/// The lines of what is new, by package.
fn new(changes: &Changes, graph: &Graph, census: &Census) -> Vec<(String, Vec<u32>)> {
    let new = changes.new.iter();
    new.map(|new| {
        let package = &graph.packages()[graph.position(new.package).unwrap()];
        let sites = &census.packages[graph.position(new.package).unwrap()].sites;
        let lines = new.sites.iter().map(|at| sites[*at].line);
        (
            format!("{}@{}", package.name, package.version),
            lines.collect(),
        )
    })
    .collect()
}

#[test]
fn the_file_is_for_people() {
    let graph = graph(&[("app", "0.1.0"), ("dep", "1.0.0")]);
    let sites = vec![
        site(
            "src/lib.rs",
            9,
            "<impl Read for \"A\\\u{202e}\">::read",
            State::Active,
        ),
        site("src/lib.rs", 5, "peek", State::Unknown),
        site("src/lib.rs", 3, "peek", State::Active),
        site("src/lib.rs", 1, "test", State::Test),
        site("src/win.rs", 1, "win", State::Inactive),
    ];
    let baseline = Baseline::of(&graph, &census(vec![sites, Vec::new()]));
    assert_eq!(
        baseline.write(),
        r#"# Unsafe code that is known. What `cargo carapace unsafe` finds beyond it is new.
version = 1

[[package]]
name = "app"
version = "0.1.0"
sites = [
    { file = "src/lib.rs", item = "<impl Read for \"A\\\U0000202E\">::read", kind = "block", operations = ["raw-deref"] },
    { file = "src/lib.rs", item = "peek", kind = "block", operations = ["raw-deref"], count = 2 },
]

[[package]]
name = "dep"
version = "1.0.0"
"#
    );
    assert_eq!(baseline.len(), 3);
    assert_eq!(
        Baseline::parse(baseline.write().as_bytes()).unwrap(),
        baseline
    );
}

#[test]
fn what_is_new_and_what_is_gone() {
    let before = graph(&[("app", "0.1.0"), ("dep", "1.0.0"), ("old", "1.0.0")]);
    let then = census(vec![
        vec![site("a.rs", 1, "f", State::Active)],
        vec![
            site("d.rs", 1, "g", State::Active),
            site("d.rs", 2, "h", State::Active),
        ],
        vec![site("o.rs", 1, "o", State::Active)],
    ]);
    let baseline = Baseline::of(&before, &then);
    let graph = graph(&[
        ("app", "0.1.0"),
        ("dep", "1.2.0"),
        ("fresh", "1.0.0"),
        ("unread", "1.0.0"),
    ]);
    let mut now = census(vec![
        // The second of its kind, and one that is not built.
        vec![
            site("a.rs", 40, "f", State::Active),
            site("a.rs", 50, "f", State::Active),
            site("a.rs", 60, "x", State::Inactive),
        ],
        // A new version, in which one site is as it was.
        vec![
            site("d.rs", 7, "g", State::Active),
            site("d.rs", 8, "new", State::Macro),
        ],
        vec![site("f.rs", 1, "f", State::Unknown)],
        vec![site("u.rs", 1, "u", State::Active)],
    ]);
    now.packages[3].scanned = false;
    let changes = compare(&baseline, &graph, &now);
    assert_eq!(
        new(&changes, &graph, &now),
        [
            ("app@0.1.0".to_owned(), vec![50]),
            ("dep@1.2.0".to_owned(), vec![8]),
            ("fresh@1.0.0".to_owned(), vec![1]),
        ]
    );
    let known: Vec<_> = changes.new.iter().map(|new| new.known.as_ref()).collect();
    assert_eq!(known[1], Some(&Version::new(1, 0, 0)));
    assert_eq!(known[2], None);
    let gone = changes.gone.iter();
    let gone: Vec<_> = gone
        .map(|gone| format!("{} {}", gone.name, gone.site))
        .collect();
    assert_eq!(
        gone,
        ["dep d.rs:h:block:raw-deref", "old o.rs:o:block:raw-deref"]
    );
}

#[test]
fn a_version_is_held_against_itself_or_the_nearest() {
    let both = graph(&[("dep", "1.0.0"), ("dep", "3.0.0")]);
    let then = census(vec![
        vec![site("a.rs", 1, "one", State::Active)],
        vec![site("a.rs", 1, "three", State::Active)],
    ]);
    let baseline = Baseline::of(&both, &then);
    for (version, item, is_new) in [
        ("1.0.0", "one", false),
        ("1.0.0", "three", true),
        ("2.0.0", "one", false),
        ("3.1.0", "three", false),
        ("3.1.0", "one", true),
        ("0.9.0", "one", false),
    ] {
        let now = graph(&[("dep", version)]);
        let census = census(vec![vec![site("a.rs", 1, item, State::Active)]]);
        let changes = compare(&baseline, &now, &census);
        assert_eq!(!changes.new.is_empty(), is_new, "{version} {item}");
    }
}

#[test]
fn faults_are_told_with_their_line() {
    for (text, expected) in [
        ("", "missing field `version`"),
        ("version = 2\nmore = 1", "its `version` is 2"),
        (
            "version = 1\npackages = []",
            "line 2: unknown field `packages`",
        ),
        (
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"one\"",
            "line 4: `one`: unexpected character",
        ),
        (
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
             sites = [{ file = \"\", item = \"\", kind = \"blok\" }]",
            "line 5: unknown variant `blok`",
        ),
    ] {
        let error = Baseline::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert_eq!(Baseline::parse(&[0xff]), Err(BaselineError::NotText));
    let large = vec![b'\n'; MAX_BYTES + 1];
    assert_eq!(Baseline::parse(&large), Err(BaselineError::TooLarge));
}

fn any_site() -> impl Strategy<Value = Site> {
    let kinds = proptest::sample::select(SiteKind::ALL.to_vec());
    let states = proptest::sample::select(State::ALL.to_vec());
    let operations =
        proptest::collection::vec(proptest::sample::select(Operation::ALL.to_vec()), 0..3);
    (
        "[ab]\\.rs|\\PC{0,3}",
        "[fg]|.{0,4}",
        kinds,
        states,
        operations,
        1..900_u32,
    )
        .prop_map(|(file, item, kind, state, operations, line)| Site {
            kind,
            operations,
            ..site(&file, line, &item, state)
        })
}

fn any_sites() -> impl Strategy<Value = Vec<Site>> {
    proptest::collection::vec(any_site(), 0..12)
}

proptest! {
    #[test]
    fn what_is_written_is_read(packages in (any_sites(), any_sites(), any_sites())) {
        let graph = graph(&[("a", "1.0.0"), ("a", "2.0.0-rc.1+x"), ("b", "0.0.1")]);
        let baseline = Baseline::of(&graph, &census(vec![packages.0, packages.1, packages.2]));
        let text = baseline.write();
        prop_assert_eq!(Baseline::parse(text.as_bytes()).unwrap(), baseline);
        prop_assert!(!text.chars().any(|c| c != '\n' && is_deceptive(c)), "{}", text);
    }

    #[test]
    fn nothing_is_new_against_itself(sites in any_sites(), more in any_sites()) {
        let graph = graph(&[("a", "1.0.0"), ("b", "1.0.0")]);
        let census = census(vec![sites, more]);
        let baseline = Baseline::of(&graph, &census);
        prop_assert_eq!(compare(&baseline, &graph, &census), Changes::default());
    }

    #[test]
    fn moving_code_gives_nothing_new(
        sites in any_sites().prop_flat_map(|sites| (Just(sites.clone()), Just(sites).prop_shuffle())),
        by in 0..500_u32,
    ) {
        let graph = graph(&[("a", "1.0.0")]);
        let (before, mut after) = sites;
        for (at, site) in after.iter_mut().enumerate() {
            site.line += by + u32::try_from(at).unwrap();
            site.column += by;
        }
        let baseline = Baseline::of(&graph, &census(vec![before]));
        let after = census(vec![after]);
        prop_assert_eq!(compare(&baseline, &graph, &after), Changes::default());
        prop_assert_eq!(Baseline::of(&graph, &after).write(), baseline.write());
    }

    #[test]
    fn one_more_is_one_new(sites in any_sites(), one in any_site()) {
        prop_assume!(counts(&one));
        let graph = graph(&[("a", "1.0.0")]);
        let baseline = Baseline::of(&graph, &census(vec![sites.clone()]));
        let mut more = sites;
        more.push(one);
        let changes = compare(&baseline, &graph, &census(vec![more]));
        prop_assert_eq!(changes.new.len(), 1);
        prop_assert_eq!(changes.new[0].sites.len(), 1);
        prop_assert!(changes.gone.is_empty());
    }
}
