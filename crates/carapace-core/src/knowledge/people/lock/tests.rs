use proptest::prelude::*;

use super::*;

const HEADER: &str = "version = 1\ncommand = \"publishers\"\n";

fn refused(text: &str) -> String {
    let error = parse(format!("{HEADER}{text}").as_bytes());
    error.map_err(|error| error.to_string()).unwrap_err()
}

#[test]
fn what_is_written_is_read_back() {
    let text = format!(
        "{HEAD}{HEADER}
[[package]]
name = \"parser\"
owners-as-of = \"2099-06-01\"
owners = [
    {{ user = 7, login = \"ann\" }},
    {{ team = 7, login = \"github:o:t\" }},
]

[[package.release]]
version = \"1.0.0\"
as-of = \"2099-05-01\"
published = \"2099-04-01\"
checksum = \"aa\"
publisher = {{ user = 8, login = \"bob\\U0000000A\" }}

[[package.release]]
version = \"1.1.0\"
as-of = \"2099-05-01\"
publisher = {{ provider = \"github\", repository = \"o/r\", run = \"9\", commit = \"c0\" }}

[[package]]
name = \"old\"

[[package.release]]
version = \"0.1.0\"
as-of = \"2099-05-01\"
publisher = {{ unrecorded = true }}
"
    );
    // Sorted by name.
    let (first, second) = text.split_at(text.find("\n[[package]]\nname = \"parser\"").unwrap());
    let (parser, old) = second.split_at(second.find("\n[[package]]\nname = \"old\"").unwrap());
    let people = parse(text.as_bytes()).unwrap();
    assert_eq!(write(&people), format!("{first}{old}{parser}"));
    let owners = people.crates["parser"].owners.as_ref().unwrap();
    assert!(!owners.verified && owners.source == FactSource::Lock);
    assert_eq!(people.login(AccountId::User(8)), "bob\n");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let package = "[[package]]\nname = \"a\"\n";
    let release =
        format!("{package}[[package.release]]\nversion = \"1.0.0\"\nas-of = \"2099-01-01\"\n");
    for (text, expected) in [
        ("x = 1".to_owned(), "unknown field"),
        (
            "[[package]]\nname = \"../a\"".to_owned(),
            "line 4: `../a` is no name",
        ),
        (format!("{package}{package}"), "line 6: a is there twice"),
        (
            format!("{release}{}", release.replace(package, "")),
            "is there twice",
        ),
        (format!("{package}owners = []"), "belong together"),
        (
            format!("{package}owners-as-of = \"2099-01-01\"\nowners = [{{ login = \"x\" }}]"),
            "a `user` or a `team`",
        ),
        (
            format!("{package}owners-as-of = \"2099-01-01\"\nowners = [{{ user = 1, team = 1 }}]"),
            "a `user` or a `team`",
        ),
        (
            format!("{package}owners-as-of = \"yesterday\"\nowners = []"),
            "no date",
        ),
        (release.replace("1.0.0", "one"), "line 6: `one`"),
        (
            format!("{release}publisher = {{ user = 1, repository = \"o/r\" }}"),
            "a publisher is",
        ),
        (
            format!("{release}publisher = {{ provider = \"github\" }}"),
            "a publisher is",
        ),
        (
            format!("{release}publisher = {{ unrecorded = false }}"),
            "a publisher is",
        ),
        (format!("{release}publisher = {{ user = -1 }}"), "line 8"),
        (format!("{release}yanked = true"), "unknown field"),
    ] {
        let error = refused(&text);
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let other = parse(b"version = 1\n").unwrap_err().to_string();
    assert!(other.contains("cargo carapace unsafe"), "{other}");
    let later = parse(b"version = 2\ncommand = \"publishers\"\nnew = 1\n").unwrap_err();
    assert!(later.to_string().contains("is 2"), "{later}");
    assert_eq!(
        parse(&vec![b'#'; baseline::MAX_BYTES + 1]),
        Err(BaselineError::TooLarge)
    );
    assert_eq!(parse(b"\xff"), Err(BaselineError::NotText));
}

proptest! {
    #[test]
    fn any_text_survives(login in ".*", repository in ".*", number: u32) {
        let as_of = "2099-06-01".parse().unwrap();
        let mut people = People::default();
        let account = Account { login, ..Account::default() };
        people.accounts.insert(AccountId::Team(number), account);
        let krate = people.crates.entry("a".to_owned()).or_default();
        let owner = Owner { account: AccountId::Team(number), since: None };
        krate.owners = Some(fact(vec![owner], as_of));
        let trusted = TrustedPublishing {
            provider: "github".to_owned(),
            repository,
            run: None,
            commit: None,
        };
        let known = krate.versions.entry(Version::new(1, 0, 0)).or_default();
        known.publisher = Some(fact(Publisher::Trusted(trusted), as_of));
        let text = write(&people);
        prop_assert_eq!(parse(text.as_bytes()).unwrap(), people);
    }
}
