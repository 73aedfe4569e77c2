//! What a registry's API may answer about people, and what may be in a lock of such facts.

use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::{People, api, lock};
use semver::Version;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "{\"users\":[",
    "{\"id\":7,\"login\":\"a\",\"kind\":\"user\"},",
    "\"kind\":\"team\"",
    "\"url\":\"https://github.com/b\"",
    "{\"versions\":[",
    "{\"crate\":\"a\",\"num\":\"1.0.0\"},",
    "\"num\":\"1.1.0-rc.1+b\"",
    "\"published_by\":{\"id\":7,\"login\":\"a\"}",
    "\"trustpub_data\":{\"provider\":\"gitlab\",\"project_path\":\"a/b\",\"job_id\":\"1\"}",
    "\"created_at\":\"2099-01-01T00:00:00Z\"",
    "{\"errors\":[{\"detail\":\"x\"}]}",
    "4294967296",
    "-1",
    "null",
    "\\u202e",
    "[[[[[[[[",
    "version = 1\ncommand = \"publishers\"\n",
    "[[package]]\nname = \"a\"\n",
    "owners-as-of = \"2099-01-01\"\nowners = [",
    "{ user = 7, login = \"a\" },",
    "{ team = 7, login = \"a\" },",
    "[[package.release]]\nversion = \"1.0.0\"\nas-of = \"2099-01-01\"\n",
    "publisher = { unrecorded = true }\n",
    "checksum = \"aa\"\n",
];

const OWNERS: &str = r#"{"users":[{"id":7,"login":"a","kind":"user","name":"A","avatar":null,"url":"https://github.com/b"},{"id":7,"login":"github:o:t","kind":"team","name":null}]}"#;
const VERSIONS: &str = r#"{"versions":[{"crate":"a","num":"1.0.0","checksum":"AA","created_at":"2099-01-01T00:00:00Z","yanked":false,"published_by":{"id":7,"login":"a","url":"","created_at":null},"trustpub_data":null},{"crate":"a","num":"1.1.0-rc.1+b","published_by":null,"trustpub_data":{"provider":"github","repository":"a/b","run_id":"1","sha":"cc"}}],"meta":{"total":2}}"#;
const LOCK: &str = "version = 1\ncommand = \"publishers\"\n[[package]]\nname = \"a\"\n\
    owners-as-of = \"2099-01-01\"\nowners = [\n{ user = 7, login = \"a\" },\n{ team = 7, login = \"b\" },\n]\n\
    [[package.release]]\nversion = \"1.0.0\"\nas-of = \"2099-01-01\"\npublished = \"2099-01-01\"\n\
    checksum = \"aa\"\npublisher = { provider = \"github\", repository = \"a/b\", run = \"1\", commit = \"cc\" }\n\
    [[package.release]]\nversion = \"1.1.0\"\nas-of = \"2099-01-01\"\npublisher = { user = 8, login = \"c\" }\n";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [OWNERS, VERSIONS, LOCK, r#"{"errors":[{"detail":"x"}]}"#];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let versions: Vec<Version> = ["1.0.0", "1.1.0-rc.1+b"]
        .iter()
        .filter_map(|version| version.parse().ok())
        .collect();
    if let Some(today) = Date::new(2099, 1, 1) {
        let answers = [
            api::read_owners(bytes, "a", today),
            api::read_versions(bytes, "a", &versions, today),
        ];
        for answer in answers {
            match answer {
                Ok(people) => {
                    signature.accepted();
                    locked(&people, &mut signature);
                }
                Err(error) => signature.message(&error.to_string()),
            }
        }
    }
    signature.add(u64::from(api::is_refusal(bytes)));
    match lock::parse(bytes) {
        Ok(people) => {
            signature.accepted();
            locked(&people, &mut signature);
        }
        Err(error) => signature.message(&error.to_string()),
    }
    if let Ok(name) = std::str::from_utf8(bytes)
        && let Some(path) = api::versions_path(name, &versions)
    {
        assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
        assert_eq!(path.matches('?').count(), 1, "{path}");
    }
    signature
}

/// What is locked of people is what is read back.
fn locked(people: &People, signature: &mut Signature) {
    let text = lock::write(people);
    let read = lock::parse(text.as_bytes());
    let again = read.as_ref().map(lock::write);
    assert_eq!(again.as_ref(), Ok(&text), "written, it is another");
    for (name, krate) in &people.crates {
        let read = read.as_ref().ok().and_then(|read| read.crates.get(name));
        let read = read.and_then(|read| read.owners.as_ref());
        let owners = krate.owners.as_ref();
        assert_eq!(owners.map(|fact| &fact.value), read.map(|fact| &fact.value));
        signature.count(krate.versions.len());
    }
    signature.count(people.accounts.len());
}
