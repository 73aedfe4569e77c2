use super::super::{Files, Store};
use super::*;

fn store(audits: &str, config: &str, imports: &str) -> Store {
    let files = Files {
        audits: Some(audits),
        config: Some(config),
        imports: Some(imports),
    };
    Store::read(&files).unwrap()
}

fn of(store: &Store, version: &str) -> Vec<(String, Basis)> {
    let version = version.parse().unwrap();
    let certified = store.certified("parser", &version, None).into_iter();
    certified.map(|one| (one.criterion, one.basis)).collect()
}

fn basis(root: Root, versions: &[&str], who: &[&str], imports: &[&str]) -> Basis {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    Basis {
        root,
        versions: texts(versions),
        who: texts(who),
        imports: texts(imports),
    }
}

fn audited(versions: &[&str], who: &[&str], imports: &[&str]) -> Basis {
    basis(Root::Audited, versions, who, imports)
}

#[test]
fn audits_of_changes_lead_on() {
    let store = store(
        "[[audits.parser]]\nwho = 'Ann'\ncriteria = 'safe-to-deploy'\nversion = '1.0.0'\n\
         [[audits.parser]]\nwho = ['Bob']\ncriteria = ['safe-to-run']\ndelta = '1.0.0 -> 1.1.0'\n\
         [[audits.parser]]\ncriteria = 'safe-to-run'\ndelta = '1.2.0 -> 1.3.0'\n",
        "",
        "",
    );
    let whole = audited(&["1.0.0"], &["Ann"], &[]);
    assert_eq!(
        of(&store, "1.0.0"),
        [
            ("safe-to-deploy".to_owned(), whole.clone()),
            ("safe-to-run".to_owned(), whole),
        ]
    );
    let change = audited(&["1.0.0", "1.1.0"], &["Ann", "Bob"], &[]);
    assert_eq!(of(&store, "1.1.0"), [("safe-to-run".to_owned(), change)]);
    // Nothing says what 1.2.0 is.
    assert_eq!(of(&store, "1.3.0"), []);
    assert_eq!(
        store.certified("other", &"1.0.0".parse().unwrap(), None),
        []
    );
}

#[test]
fn what_imports_say_counts_by_our_names() {
    let store = store(
        "[criteria.reviewed]\nimplies = 'safe-to-run'\n[audits]\n",
        "[imports.us]\nurl = 'https://example.com/audits.toml'\nexclude = ['format']\n\
         [imports.us.criteria-map]\nfull = 'reviewed'\n",
        "[audits.us.criteria.full]\ndescription = 'x'\n\
         [[audits.us.audits.parser]]\nwho = 'Cem'\ncriteria = 'full'\nversion = '2.0.0'\nnew-key = 1\n\
         [[audits.us.audits.parser]]\ncriteria = 'unmapped'\nversion = '3.0.0'\n\
         [[audits.us.audits.format]]\ncriteria = 'safe-to-run'\nversion = '1.0.0'\n",
    );
    let by_us = audited(&["2.0.0"], &["Cem"], &["us"]);
    assert_eq!(
        of(&store, "2.0.0"),
        [
            ("reviewed".to_owned(), by_us.clone()),
            ("safe-to-run".to_owned(), by_us),
        ]
    );
    assert_eq!(of(&store, "3.0.0"), []);
    assert!(!store.packages.contains_key("format"));
}

#[test]
fn publishers_have_two_shapes() {
    let store = store(
        "[audits]\n\
         [[trusted.parser]]\ncriteria = 'safe-to-deploy'\nuser-id = 7\nstart = '2098-01-01'\nend = '2099-01-01'\n\
         [[wildcard-audits.parser]]\ncriteria = 'safe-to-run'\ntrusted-publisher = 'github:o/r'\n\
         start = 2098-01-01\nend = 2099-01-01\n",
        "",
        "[[publisher.parser]]\nversion = '1.0.0'\nwhen = '2098-06-01'\nuser-id = 7\nuser-login = 'ann'\n\
         [[publisher.parser]]\nversion = '1.1.0'\nwhen = '2098-06-01'\ntrusted-publisher = 'github:o/r'\n\
         [[publisher.parser]]\nversion = '1.2.0'\nwhen = '2099-06-01'\nuser-id = 7\n\
         [[publisher.parser]]\nversion = '1.3.0'\nwhen = '2098-06-01'\nuser-id = 8\n\
         [[publisher.parser]]\nversion = 'x'\nwhen = '2098-06-01'\nuser-id = 8\n",
    );
    let trusted = basis(Root::Trusted, &["1.0.0"], &[], &[]);
    assert_eq!(
        of(&store, "1.0.0"),
        [
            ("safe-to-deploy".to_owned(), trusted.clone()),
            ("safe-to-run".to_owned(), trusted),
        ]
    );
    let wildcard = basis(Root::Wildcard, &["1.1.0"], &[], &[]);
    assert_eq!(of(&store, "1.1.0"), [("safe-to-run".to_owned(), wildcard)]);
    assert_eq!(of(&store, "1.2.0"), []);
    assert_eq!(of(&store, "1.3.0"), []);
    assert_eq!(store.set_aside, 1);
}

#[test]
fn audits_of_changes_lead_on_from_trust() {
    let store = store(
        "[[audits.parser]]\nwho = 'Ann'\ncriteria = 'safe-to-run'\ndelta = '1.0.0 -> 1.1.0'\n\
         [[trusted.parser]]\ncriteria = 'safe-to-run'\nuser-id = 7\nstart = '2098-01-01'\nend = '2099-01-01'\n",
        "",
        "[[publisher.parser]]\nversion = '1.0.0'\nwhen = '2098-06-01'\nuser-id = 7\n",
    );
    let change = basis(Root::Trusted, &["1.0.0", "1.1.0"], &["Ann"], &[]);
    assert_eq!(of(&store, "1.1.0"), [("safe-to-run".to_owned(), change)]);
}

#[test]
fn exemptions_count_last_and_violations_always() {
    let store = store(
        "[[audits.parser]]\nwho = 'Ann'\ncriteria = 'safe-to-run'\nviolation = '>=2, <3'\n\
         [[audits.parser]]\ncriteria = 'safe-to-run'\ndelta = '1.0.0 -> 1.1.0'\n",
        "[[exemptions.parser]]\nversion = '1.0.0'\ncriteria = 'safe-to-run'\n",
        "",
    );
    let exempt = |versions: &[&str]| basis(Root::Exempted, versions, &[], &[]);
    assert_eq!(
        of(&store, "1.0.0"),
        [("safe-to-run".to_owned(), exempt(&["1.0.0"]))]
    );
    assert_eq!(
        of(&store, "1.1.0"),
        [("safe-to-run".to_owned(), exempt(&["1.0.0", "1.1.0"]))]
    );
    let broken = |version: &str| store.violations("parser", &version.parse().unwrap()).len();
    assert_eq!((broken("2.5.0"), broken("3.0.0")), (1, 0));
}

#[test]
fn what_is_no_store_is_an_error() {
    for text in ["[", "audits = 1", "[audits]\nparser = 1"] {
        let files = Files {
            audits: Some(text),
            ..Files::default()
        };
        assert_eq!(Store::read(&files).unwrap_err().file, "audits.toml");
    }
    assert_eq!(Store::read(&Files::default()).unwrap(), Store::default());
}
