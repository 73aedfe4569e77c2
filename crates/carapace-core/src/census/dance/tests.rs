//! What becomes of sites, by what rules propose and the compiler has.

use super::*;
use crate::facts::dance::{Change, DancedFile, DancedSite, Need, Span};
use crate::facts::unsafety::Operation;
use crate::graph::lockfile;

fn site(line: u32, kind: SiteKind) -> Site {
    Site {
        file: "src/lib.rs".to_owned(),
        line,
        column: 5,
        kind,
        state: State::Active,
        runtime: State::Active,
        build: State::Inactive,
        item: "f".to_owned(),
        operations: vec![Operation::Unchecked],
        safety_comment: false,
        public: false,
        exported_macro: false,
    }
}

fn change(start: u32) -> Change {
    Change {
        start,
        end: start + 1,
        text: "x".to_owned(),
    }
}

fn proposal(start: u32, since: u32, applicability: Applicability) -> Proposal {
    Proposal {
        rule: "DAN900".to_owned(),
        span: Span {
            start,
            end: start + 4,
            ..Span::default()
        },
        code: format!("code{start}"),
        with: format!("with{since}"),
        message: "It can be safe".to_owned(),
        since,
        applicability,
        changes: vec![change(start)],
    }
}

fn plan(since: u32, applicability: Applicability) -> Plan {
    Plan {
        since,
        applicability,
        changes: vec![change(0), change(10)],
    }
}

fn left(start: u32) -> Left {
    Left {
        span: Span {
            start,
            ..Span::default()
        },
        need: Need::Foreign,
        name: "read".to_owned(),
    }
}

fn danced(proposals: Vec<Proposal>, plans: Vec<Plan>, left: Vec<Left>) -> DancedSite {
    DancedSite {
        line: 1,
        column: 5,
        proposals,
        plans,
        left,
    }
}

fn linked(rust: u32, kind: SiteKind, found: Option<DancedSite>) -> SiteDance {
    let census = Census {
        packages: vec![PackageCensus {
            sites: vec![site(1, kind)],
            ..PackageCensus::default()
        }],
    };
    let file = DancedFile {
        faults: Vec::new(),
        path: "src/lib.rs".to_owned(),
        sites: found.into_iter().collect(),
    };
    let asked = Asked {
        facts: Some(PackageDance {
            files: vec![file],
            ..PackageDance::default()
        }),
        rust,
        ..Asked::default()
    };
    let mut dance = Dance::link(census, vec![asked]);
    dance.packages.remove(0).unwrap().sites.remove(0)
}

#[test]
fn a_site_goes_as_surely_as_its_plan() {
    use Applicability::{Display, Safe, Unsafe};
    let one = |applicability| vec![proposal(0, 10, applicability)];
    for (proposals, plans, left, expected) in [
        (one(Safe), vec![plan(10, Safe)], vec![], Outlook::Automatic),
        (one(Unsafe), vec![plan(10, Unsafe)], vec![], Outlook::Look),
        (
            one(Display),
            vec![plan(10, Display)],
            vec![],
            Outlook::Shown,
        ),
        (one(Display), vec![], vec![], Outlook::Shown),
        (one(Safe), vec![], vec![left(9)], Outlook::Partly),
        (vec![], vec![], vec![left(9)], Outlook::Stays),
        (vec![], vec![], vec![], Outlook::Stays),
        // A block with nothing unsafe in it goes without any rule.
        (vec![], vec![plan(0, Safe)], vec![], Outlook::Automatic),
    ] {
        let found = danced(proposals, plans, left);
        let site = linked(50, SiteKind::Block, Some(found.clone()));
        assert_eq!(site.outlook, expected, "{found:?}");
        assert_eq!(site.newer, None);
    }
    let found = danced(one(Safe), vec![], vec![]);
    let function = linked(50, SiteKind::Fn, Some(found));
    assert_eq!(function.outlook, Outlook::Partly);
}

#[test]
fn what_the_compiler_does_not_have_is_not_offered() {
    use Applicability::Safe;
    let found = || {
        danced(
            vec![
                proposal(0, 80, Safe),
                proposal(0, 40, Safe),
                proposal(20, 60, Safe),
            ],
            vec![plan(80, Safe), plan(60, Safe)],
            vec![],
        )
    };
    for (rust, offered, outlook, newer) in [
        (90, vec!["with80", "with60"], Outlook::Automatic, None),
        (60, vec!["with40", "with60"], Outlook::Automatic, None),
        (59, vec!["with40"], Outlook::Partly, Some(60)),
        (39, vec![], Outlook::Stays, Some(40)),
    ] {
        let site = linked(rust, SiteKind::Block, Some(found()));
        let with: Vec<&str> = site.proposals.iter().map(|p| p.with.as_str()).collect();
        assert_eq!(
            (with, site.outlook, site.newer),
            (offered, outlook, newer),
            "{rust}"
        );
    }
}

#[test]
fn a_proposal_is_carried_out_with_the_whole_site_where_that_is_no_less_sure() {
    use Applicability::{Display, Safe, Unsafe};
    let two = |first, second| vec![proposal(0, 1, first), proposal(10, 1, second)];
    let site =
        |proposals, plans| linked(50, SiteKind::Block, Some(danced(proposals, plans, vec![])));
    let changes = |site: &SiteDance, at: usize| {
        let fix = site.fix_of(&site.proposals[at]);
        fix.map(|(applicability, changes)| (applicability, changes.len()))
    };
    let sure = site(two(Safe, Safe), vec![plan(1, Safe)]);
    assert_eq!(changes(&sure, 0), Some((Safe, 2)));
    let mixed = site(two(Safe, Unsafe), vec![plan(1, Unsafe)]);
    assert_eq!(changes(&mixed, 0), Some((Safe, 1)));
    assert_eq!(changes(&mixed, 1), Some((Unsafe, 2)));
    let mut shown = site(two(Safe, Display), vec![]);
    shown.proposals[1].changes.clear();
    assert_eq!(changes(&shown, 1), None);
}

#[test]
fn what_nobody_read_is_told_apart_from_what_declares() {
    for (kind, expected) in [
        (SiteKind::Block, Outlook::Unread),
        (SiteKind::Fn, Outlook::Unread),
        (SiteKind::ExternBlock, Outlook::Declared),
        (SiteKind::Union, Outlook::Declared),
    ] {
        assert_eq!(linked(50, kind, None).outlook, expected, "{kind}");
    }
    let mut elsewhere = danced(vec![], vec![], vec![]);
    elsewhere.line = 2;
    let census = Census {
        packages: vec![PackageCensus::default()],
    };
    let file = DancedFile {
        faults: Vec::new(),
        path: "src/lib.rs".to_owned(),
        sites: vec![elsewhere],
    };
    let facts = PackageDance {
        files: vec![file],
        ..PackageDance::default()
    };
    let asked = Asked {
        facts: Some(facts),
        ..Asked::default()
    };
    let dance = Dance::link(census, vec![asked]);
    assert_eq!(dance.packages[0].as_ref().unwrap().unknown, 1);
}

#[test]
fn an_advisory_speaks_of_what_it_names() {
    let lock = "[[package]]\nname = \"package\"\nversion = \"1.0.0\"\n";
    let graph = Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap();
    let (package, _) = graph.iter().next().unwrap();
    let advised = |functions: &[&str]| Advised {
        package,
        advisory: "RUSTSEC-0000-0000".to_owned(),
        functions: functions.iter().map(|name| (*name).to_owned()).collect(),
    };
    let of_method = advised(&["package::Ring::insert"]);
    for (item, expected) in [
        ("Ring::insert", true),
        ("ring::Ring::insert", true),
        // An implementation of a trait, which is about the type itself.
        ("ring::Ring", true),
        ("Ring::remove", false),
        ("Other::insert", false),
        ("insert", false),
    ] {
        assert_eq!(of_method.speaks_of(item), expected, "{item}");
    }
    let of_type = advised(&["package::ring::Ring"]);
    assert!(of_type.speaks_of("ring::Ring::remove"));
    assert!(!of_type.speaks_of("ring::Iter::next"));
    let of_function = advised(&["package::parse"]);
    assert!(of_function.speaks_of("text::parse"));
    assert!(!of_function.speaks_of("Parser::parse"));
    assert!(advised(&[]).speaks_of("anything") && advised(&[]).is_of_all());
}
