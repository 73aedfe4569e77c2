//! Examples of rules about how packages are published: people, locks, histories, archives, audits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::example::policy;
use super::example_archives as archives;
use crate::engine::{PublishersRequest, Subject, publishers};
use crate::graph::{Graph, lockfile};
use crate::knowledge::people::{
    AccountId, Fact, FactSource, Owner, People, Publisher, TrustedPublishing,
};
use crate::knowledge::registry::{History, history};
use crate::knowledge::vet;
use crate::report::{InputKind, Report};
use crate::supply::{PackageSupply, Supply};

/// What an example's `people`, by the API of its day, or `lock` of a day before says, a fact a line:
/// `user 7 ann`, `user 7 ann 2099-05-01` with the day on which the account was made,
/// `team 7 github:o:t`, `NAME owners 7 team:7`, `NAME VERSION by 7`,
/// `NAME VERSION from OWNER/REPOSITORY`, to which the commit may be added.
fn people(text: &str, source: FactSource) -> People {
    fn fact<T>(value: T, source: FactSource) -> Option<Fact<T>> {
        let is_lock = source == FactSource::Lock;
        let day = if is_lock { "2099-05-01" } else { "2099-06-01" };
        Some(Fact {
            value,
            source,
            as_of: day.parse().unwrap(),
            verified: !is_lock,
        })
    }
    let id = |word: &str| match word.strip_prefix("team:") {
        Some(number) => AccountId::Team(number.parse().unwrap()),
        None => AccountId::User(word.parse().unwrap()),
    };
    let mut people = People::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [kind @ ("user" | "team"), number, login, created @ ..] => {
                let number = number.parse().unwrap();
                let id = match *kind {
                    "user" => AccountId::User(number),
                    _ => AccountId::Team(number),
                };
                let account = people.accounts.entry(id).or_default();
                account.login = (*login).to_owned();
                account.created = created.first().map(|day| day.parse().unwrap());
            }
            [name, "owners", owners @ ..] => {
                let owners = owners.iter().map(|word| Owner {
                    account: id(word),
                    since: None,
                });
                let krate = people.crates.entry((*name).to_owned()).or_default();
                krate.owners = fact(owners.collect(), source);
            }
            [name, version, how @ ("by" | "from"), who] => {
                let krate = people.crates.entry((*name).to_owned()).or_default();
                let version = krate.versions.entry(version.parse().unwrap()).or_default();
                let publisher = match *how {
                    "by" => Publisher::User(who.parse().unwrap()),
                    _ => Publisher::Trusted(TrustedPublishing {
                        provider: "github".to_owned(),
                        repository: (*who).to_owned(),
                        run: None,
                        commit: None,
                    }),
                };
                version.publisher = fact(publisher, source);
            }
            [name, version, "from", repository, commit] => {
                let krate = people.crates.entry((*name).to_owned()).or_default();
                let version = krate.versions.entry(version.parse().unwrap()).or_default();
                let publisher = Publisher::Trusted(TrustedPublishing {
                    provider: "github".to_owned(),
                    repository: (*repository).to_owned(),
                    run: None,
                    commit: Some((*commit).to_owned()),
                });
                version.publisher = fact(publisher, source);
            }
            _ => panic!("{line}"),
        }
    }
    people
}

/// The histories in an example's `index`.
fn histories(files: &BTreeMap<String, String>) -> BTreeMap<String, Arc<History>> {
    let files = files.iter();
    let index = files.filter_map(|(name, text)| Some((name.strip_prefix("index/")?, text)));
    let histories = index.map(|(name, text)| {
        let history = history(text.as_bytes(), name).unwrap();
        (name.to_owned(), Arc::new(history))
    });
    histories.collect()
}

/// The report on an example.
pub(super) fn run(files: &BTreeMap<String, String>) -> Report {
    let (policy, config) = policy(files);
    let lock = lockfile::read(files["Cargo.lock"].as_bytes()).unwrap();
    let graph = Graph::from_lockfile(&lock).unwrap();
    let text = |name: &str| files.get(name).map(String::as_str);
    let vet = vet::Store::read(&vet::Files {
        audits: text("supply-chain/audits.toml"),
        ..vet::Files::default()
    });
    let packages = graph.packages().iter().map(|package| {
        let mut known = PackageSupply {
            is_built: true,
            ..PackageSupply::default()
        };
        archives::add(package, files, &mut known);
        known
    });
    let mut supply = Supply {
        people: people(text("people").unwrap_or_default(), FactSource::Api),
        lock: text("lock").map(|text| people(text, FactSource::Lock)),
        packages: packages.collect(),
        today: "2099-06-01".parse().ok(),
        histories: histories(files),
        ..Supply::default()
    };
    supply
        .people
        .extend(supply.lock.clone().unwrap_or_default());
    supply.hold_against(&graph, &vet.unwrap());
    let request = PublishersRequest {
        subject: Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph)),
        supply,
        config,
        gaps: Vec::new(),
    };
    publishers(request, &policy)
}
