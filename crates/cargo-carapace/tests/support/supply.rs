//! A document on people that has everything such a document can have.

use std::sync::Arc;

use carapace_core::engine::{PublishersRequest, Subject, publishers};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::{
    Account, AccountId, CratePeople, Fact, FactSource, Owner, People, Publisher, TrustedPublishing,
    VersionPeople,
};
use carapace_core::knowledge::vet::{Basis, Certified, Root, Violation};
use carapace_core::policy::Policy;
use carapace_core::render::json;
use carapace_core::report::InputKind;
use carapace_core::supply::archive::ArchiveFacts;
use carapace_core::supply::archive::capability::{Ability, Capability, Part};
use carapace_core::supply::{PackageSupply, Supply};
use serde_json::Value;

use super::run::lock;

fn day() -> Date {
    "2099-01-01".parse().unwrap()
}

fn fact<T>(value: T) -> Option<Fact<T>> {
    Some(Fact {
        value,
        source: FactSource::Dump,
        as_of: day(),
        verified: true,
    })
}

/// The document of a report with a package for each way to publish.
pub fn document() -> Value {
    let text = lock(&[("a", "1.0.0"), ("b", "1.0.0"), ("c", "1.0.0")]);
    let graph = Graph::from_lockfile(&lockfile::read(text.as_bytes()).unwrap()).unwrap();
    let ways = [
        ("a", Publisher::User(7)),
        (
            "b",
            Publisher::Trusted(TrustedPublishing {
                provider: "github".to_owned(),
                repository: "acme/b".to_owned(),
                run: Some("1".to_owned()),
                commit: Some("0123abcd".to_owned()),
            }),
        ),
        ("c", Publisher::Unrecorded),
    ];
    let mut people = People::default();
    let ann = Account {
        login: "ann".to_owned(),
        name: Some("Ann Lee".to_owned()),
        github_login: Some("annlee".to_owned()),
        created: Some(day()),
    };
    people.accounts.insert(AccountId::User(7), ann);
    for (name, publisher) in ways {
        let owner = Owner {
            account: AccountId::User(7),
            since: Some(day()),
        };
        let version = VersionPeople {
            publisher: fact(publisher),
            published: Some(day()),
            checksum: None,
        };
        let krate = CratePeople {
            exists: fact(true),
            owners: fact(vec![owner]),
            trusted_only: Some(false),
            repository: Some("https://example.org/a".to_owned()),
            created: Some(day()),
            versions: [("1.0.0".parse().unwrap(), version)].into(),
        };
        people.crates.insert(name.to_owned(), krate);
    }
    let texts = || vec!["text".to_owned()];
    let package = PackageSupply {
        is_built: true,
        authors: texts(),
        certified: vec![Certified {
            criterion: "safe-to-run".to_owned(),
            basis: Basis {
                root: Root::Audited,
                versions: texts(),
                who: texts(),
                imports: texts(),
            },
        }],
        violations: vec![Violation {
            criteria: texts(),
            who: texts(),
            import: Some("us".to_owned()),
        }],
        archive: Some(Arc::new(ArchiveFacts {
            capabilities: vec![Capability {
                part: Part::BuildScript,
                ability: Ability::Network,
                names: "std::net::TcpStream".to_owned(),
                program: None,
                file: "build.rs".to_owned(),
                line: 3,
            }],
            ..ArchiveFacts::default()
        })),
        ..PackageSupply::default()
    };
    let request = PublishersRequest {
        supply: Supply {
            people,
            lock: None,
            packages: vec![package; graph.packages().len()],
            today: Some(day()),
            ..Supply::default()
        },
        subject: Subject::new("Cargo.lock", InputKind::Lockfile, Arc::new(graph)),
        config: Vec::new(),
        gaps: Vec::new(),
    };
    let report = publishers(request, &Policy::default());
    serde_json::from_str(&json::render(&report, "0.1.0")).unwrap()
}
