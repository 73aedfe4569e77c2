use super::*;

fn day_of_answers() -> Date {
    "2099-06-01".parse().unwrap()
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn owners_are_known_by_kind_and_number() {
    let answer = br#"{"users":[
        {"id":7,"login":"zoe","kind":"user","name":"Zoe","avatar":null,
         "url":"https://github.com/zoe-at-github","github_username_matches":false},
        {"id":7,"login":"github:example:maintainers","kind":"team","name":null,
         "url":"https://github.com/example"},
        {"id":5,"login":"ann\u001b[31m\n\u202e","kind":"user","url":"https://github.com/ann"}
    ]}"#;
    let people = read_owners(answer, "parser", day_of_answers()).unwrap();
    let krate = &people.crates["parser"];
    assert!(krate.exists.as_ref().unwrap().value);
    let owners = krate.owners.as_ref().unwrap();
    let owners: Vec<AccountId> = owners.value.iter().map(|owner| owner.account).collect();
    let expected = [AccountId::User(5), AccountId::User(7), AccountId::Team(7)];
    assert_eq!(owners, expected);
    let account = |id| &people.accounts[&id];
    let zoe = account(AccountId::User(7));
    assert_eq!(zoe.github_login.as_deref(), Some("zoe-at-github"));
    assert_eq!(account(AccountId::Team(7)).github_login, None);
    assert_eq!(account(AccountId::User(5)).login, "ann\u{1b}[31m\n\u{202e}");
}

#[test]
fn publishers_are_users_workflows_or_nobody() {
    let answer = br#"{"versions":[
        {"crate":"a_b","num":"1.3.0","checksum":"AB","created_at":"2099-02-03T04:05:06.7Z",
         "published_by":null,"yanked":false,"audit_actions":[],
         "trustpub_data":{"provider":"github","repository":"o/r","run_id":"9","sha":"c0"}},
        {"crate":"a_b","num":"1.2.0","published_by":null,
         "trustpub_data":{"provider":"gitlab","project_path":"g/s/p","job_id":"8","sha":"c1"}},
        {"crate":"a_b","num":"1.1.0+x","published_by":
         {"id":3,"login":"cy","name":null,"url":"u","created_at":"2098-01-01T00:00:00Z"}},
        {"crate":"a_b","num":"1.0.0","published_by":null},
        {"crate":"a_b","num":"0.9.0","published_by":{"id":4,"login":"not asked"}}
    ],"meta":{"total":5,"next_page":null}}"#;
    let asked = ["1.0.0", "1.1.0+x", "1.2.0", "1.3.0", "2.0.0"].map(version);
    let people = read_versions(answer, "a-b", &asked, day_of_answers()).unwrap();
    let krate = &people.crates["a-b"];
    let known: Vec<String> = krate.versions.keys().map(ToString::to_string).collect();
    assert_eq!(known, ["1.0.0", "1.1.0+x", "1.2.0", "1.3.0"]);
    let publisher = |text: &str| {
        let known = &krate.versions[&version(text)];
        known.publisher.as_ref().unwrap().value.clone()
    };
    let trusted = |provider: &str, repository: &str, run: &str, commit: &str| {
        Publisher::Trusted(TrustedPublishing {
            provider: provider.into(),
            repository: repository.into(),
            run: Some(run.into()),
            commit: Some(commit.into()),
        })
    };
    assert_eq!(publisher("1.3.0"), trusted("github", "o/r", "9", "c0"));
    assert_eq!(publisher("1.2.0"), trusted("gitlab", "g/s/p", "8", "c1"));
    assert_eq!(publisher("1.1.0+x"), Publisher::User(3));
    assert_eq!(publisher("1.0.0"), Publisher::Unrecorded);
    let newest = &krate.versions[&version("1.3.0")];
    assert_eq!(newest.checksum.as_deref(), Some("ab"));
    assert_eq!(newest.published.unwrap().to_string(), "2099-02-03");
    let accounts: Vec<&AccountId> = people.accounts.keys().collect();
    assert_eq!(accounts, [&AccountId::User(3)]);
}

#[test]
fn what_is_not_documented_is_an_error() {
    let owners = |text: &str| read_owners(text.as_bytes(), "a", day_of_answers());
    let nested = "[".repeat(100_000);
    for wrong in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"users":{}}"#,
        r#"{"users":[{"id":-1,"login":"x","kind":"user"}]}"#,
        r#"{"users":[{"id":4294967296,"login":"x","kind":"user"}]}"#,
        r#"{"users":[{"id":1.5,"login":"x","kind":"user"}]}"#,
        r#"{"users":[{"id":"1","login":"x","kind":"user"}]}"#,
        r#"{"users":[{"id":1,"login":null,"kind":"user"}]}"#,
        r#"{"users":[{"id":1,"login":"x","kind":"robot"}]}"#,
        r#"{"users":[{"id":1,"login":"x"}]}"#,
        r#"{"users":[{"id":1,"login":"x","kind":"user"}]"#,
        &nested,
    ] {
        let error = owners(wrong).unwrap_err();
        assert!(error.to_string().len() < 4 * MAX_WHY, "{error}");
    }
    let mut large = br#"{"users":[]}"#.to_vec();
    large.resize(MAX_BYTES + 1, b' ');
    let error = read_owners(&large, "a", day_of_answers()).unwrap_err();
    assert_eq!(error, ApiError::TooLarge);
    let long = format!(
        r#"{{"users":[{{"id":1,"login":"x","kind":"{}"}}]}}"#,
        "é".repeat(9000)
    );
    assert!(owners(&long).unwrap_err().to_string().chars().count() <= MAX_WHY);

    let one = [version("1.0.0")];
    let versions = |text: &str| read_versions(text.as_bytes(), "a", &one, day_of_answers());
    let other = r#"{"versions":[{"crate":"b","num":"1.0.0"}]}"#;
    assert_eq!(versions(other).unwrap_err(), ApiError::OtherPackage);
    let twice = r#"{"versions":[{"crate":"a","num":"1.0.0"},{"crate":"a","num":"1.0.0"}]}"#;
    assert_eq!(
        versions(twice).unwrap_err(),
        ApiError::Twice(version("1.0.0"))
    );
    for wrong in [
        r#"{"versions":[{"crate":"a","num":"one"}]}"#,
        r#"{"versions":[{"crate":"a","num":"1.0.0","trustpub_data":{"provider":"x"}}]}"#,
        r#"{"versions":[{"crate":"a","num":"1.0.0","published_by":"x"}]}"#,
    ] {
        assert!(
            matches!(versions(wrong), Err(ApiError::Malformed { .. })),
            "{wrong}"
        );
    }
}

#[test]
fn only_the_api_can_say_that_it_does_not_know() {
    assert!(is_refusal(
        br#"{"errors":[{"detail":"crate `a` does not exist"}]}"#
    ));
    for other in ["", "<html>", "{}", r#"{"errors":[]}"#, r#"{"errors":"x"}"#] {
        assert!(!is_refusal(other.as_bytes()), "{other}");
    }
}

#[test]
fn nothing_but_names_and_versions_is_in_a_question() {
    assert_eq!(owners_path("a-B_1").unwrap(), "api/v1/crates/a-B_1/owners");
    let versions = [version("1.0.0-rc.1"), version("1.1.0+x")];
    assert_eq!(
        versions_path("a", &versions).unwrap(),
        "api/v1/crates/a/versions?nums[]=1.0.0-rc.1&nums[]=1.1.0%2Bx"
    );
    for no_name in ["", "..", "a/b", "a?b", "a b", "ä"] {
        assert_eq!(owners_path(no_name), None);
        assert_eq!(versions_path(no_name, &versions), None);
    }
}
