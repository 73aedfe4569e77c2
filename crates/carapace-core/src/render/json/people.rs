//! Who can change packages, and who did, as the document has it.

use serde::Serialize;

use super::Ids;
use crate::graph::Package;
use crate::knowledge::people::{AccountId, Fact, People, Publisher};
use crate::knowledge::vet::{Certified, Violation};
use crate::report::Input;
use crate::supply::{PackageSupply, Supply};

/// Who can change a package, and who published this version of it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct PackagePeople<'a> {
    /// As its manifest writes them: anybody can write any name there.
    authors: &'a [String],
    /// Whether the registry knows it, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
    /// Who may publish new versions; null where no source says it.
    owners: Option<Vec<OwnerDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owners_from: Option<OriginDocument>,
    /// Who published this version; null where no source says it.
    publisher: Option<PublisherDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher_from: Option<OriginDocument>,
    /// The day on which this version was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    /// Whether it takes versions from workflows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_only: Option<bool>,
    /// The repository that the registry names.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    /// What audits by others, as cargo-vet keeps them, come to for this version.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audits: Vec<AuditDocument<'a>>,
    /// What others say that this version breaks.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    violations: Vec<ViolationDocument<'a>>,
}

/// Where a fact comes from.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OriginDocument {
    /// `api`, `dump` or `lock`.
    source: &'static str,
    /// The day of which it is.
    date: String,
    /// Whether the registry said so to this machine; what a lock says, anybody may have written.
    verified: bool,
}

/// An account that may publish.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OwnerDocument<'a> {
    #[serde(flatten)]
    account: AccountDocument<'a>,
    /// Since which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// An account of the registry: known by its kind and number.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AccountDocument<'a> {
    /// `user` or `team`.
    kind: &'static str,
    id: u32,
    /// Null where no source tells it.
    login: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    github_login: Option<&'a str>,
    /// The day on which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
}

/// Who published a version.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "kebab-case")]
enum PublisherDocument<'a> {
    /// An account, with a token.
    Account {
        #[serde(flatten)]
        account: AccountDocument<'a>,
    },
    /// A workflow of a repository, without one.
    TrustedPublishing {
        /// `github`, `gitlab`.
        provider: &'a str,
        repository: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<&'a str>,
    },
    /// The source names nobody.
    Unrecorded,
}

/// What audits come to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AuditDocument<'a> {
    criterion: &'a str,
    /// Why the first version stands by itself: `audited`, `wildcard`, `trusted` or `exempted`.
    basis: &'static str,
    /// That version, and those that audits of changes lead over.
    versions: &'a [String],
    who: &'a [String],
    /// Whose audits these are, beside the project's own.
    imports: &'a [String],
}

/// That a version is known to break a criterion.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ViolationDocument<'a> {
    criteria: &'a [String],
    who: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<&'a str>,
}

/// What accounts could change of an input.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct InputPeople<'a> {
    /// The input's id.
    input: &'a str,
    /// Those that could change most first.
    accounts: Vec<ReachDocument<'a>>,
    /// How many packages of crates.io are built, by name.
    crates: usize,
    /// Those of which no source says who owns them.
    unknown: &'a [String],
    /// Those with one owner.
    single_owner: &'a [String],
    /// How many accounts together can change half of those whose owners are known.
    half: usize,
}

/// What one account could change.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ReachDocument<'a> {
    #[serde(flatten)]
    account: AccountDocument<'a>,
    /// The packages that it can publish new versions of, by name.
    crates: &'a [String],
    /// How many of these nobody else owns.
    alone: usize,
    /// How many of these run code on the machine that builds.
    at_build: usize,
    /// How many of these are linked into what is shipped.
    shipped: usize,
    /// The members of the workspace that any of these is built into, ids of packages; left out where
    /// there is too much to follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<&'a str>>,
}

fn account(people: &People, id: AccountId) -> AccountDocument<'_> {
    let known = people.accounts.get(&id);
    let login = known.map(|known| known.login.as_str());
    AccountDocument {
        kind: id.kind(),
        id: id.number(),
        login: login.filter(|login| !login.is_empty()),
        name: known.and_then(|known| known.name.as_deref()),
        github_login: known.and_then(|known| known.github_login.as_deref()),
        created: known.and_then(|known| Some(known.created?.to_string())),
    }
}

fn origin<T>(fact: &Fact<T>) -> OriginDocument {
    OriginDocument {
        source: fact.source.name(),
        date: fact.as_of.to_string(),
        verified: fact.verified,
    }
}

fn publisher<'a>(people: &'a People, publisher: &'a Publisher) -> PublisherDocument<'a> {
    match publisher {
        Publisher::User(number) => PublisherDocument::Account {
            account: account(people, AccountId::User(*number)),
        },
        Publisher::Trusted(from) => PublisherDocument::TrustedPublishing {
            provider: &from.provider,
            repository: &from.repository,
            run: from.run.as_deref(),
            commit: from.commit.as_deref(),
        },
        Publisher::Unrecorded => PublisherDocument::Unrecorded,
    }
}

fn audit(certified: &Certified) -> AuditDocument<'_> {
    let basis = &certified.basis;
    AuditDocument {
        criterion: &certified.criterion,
        basis: basis.root.name(),
        versions: &basis.versions,
        who: &basis.who,
        imports: &basis.imports,
    }
}

fn violation(violation: &Violation) -> ViolationDocument<'_> {
    ViolationDocument {
        criteria: &violation.criteria,
        who: &violation.who,
        import: violation.import.as_deref(),
    }
}

/// What is known of a package's people; none for one that crates.io has no part in.
pub(super) fn of_package<'a>(
    package: &Package,
    known: &'a PackageSupply,
    supply: &'a Supply,
) -> Option<PackagePeople<'a>> {
    if !package.is_crates_io() {
        return None;
    }
    let people = &supply.people;
    let krate = people.crates.get(&package.name);
    let version = krate.and_then(|krate| krate.versions.get(&package.version));
    let owners = krate.and_then(|krate| krate.owners.as_ref());
    let by = version.and_then(|version| version.publisher.as_ref());
    Some(PackagePeople {
        authors: &known.authors,
        exists: krate.and_then(|krate| Some(krate.exists.as_ref()?.value)),
        owners: owners.map(|owners| {
            let owners = owners.value.iter().map(|owner| OwnerDocument {
                account: account(people, owner.account),
                since: owner.since.map(|since| since.to_string()),
            });
            owners.collect()
        }),
        owners_from: owners.map(origin),
        publisher: by.map(|by| publisher(people, &by.value)),
        publisher_from: by.map(origin),
        published: version.and_then(|version| Some(version.published?.to_string())),
        trusted_only: krate.and_then(|krate| krate.trusted_only),
        repository: krate.and_then(|krate| krate.repository.as_deref()),
        audits: known.certified.iter().map(audit).collect(),
        violations: known.violations.iter().map(violation).collect(),
    })
}

/// What accounts could change of an input, where people were looked for.
pub(super) fn of_input<'a>(input: &'a Input, ids: &'a Ids) -> Option<InputPeople<'a>> {
    let (supply, reached) = (input.supply.as_ref()?, input.details.reached.as_ref()?);
    let sum = &reached.sum;
    let accounts = reached.accounts.iter().map(|one| ReachDocument {
        account: account(&supply.people, one.account),
        crates: &one.crates,
        alone: one.alone,
        at_build: one.at_build,
        shipped: one.shipped,
        members: one.members.as_ref().map(|members| {
            let members = members.iter();
            members
                .map(|member| ids.get(&input.graph, *member))
                .collect()
        }),
    });
    Some(InputPeople {
        input: &input.id,
        accounts: accounts.collect(),
        crates: sum.crates,
        unknown: &sum.unknown,
        single_owner: &sum.single_owner,
        half: sum.half,
    })
}
