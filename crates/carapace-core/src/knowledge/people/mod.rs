//! Who can publish packages of crates.io, and who did.
//!
//! *Invariant.* An account is known by its kind and its number on crates.io: a login can be given
//! up and taken by another, and a user and a team may have the same number or name.
//!
//! Three sources give the same values: the registry's API, its database dump, and the lock of facts
//! in a repository. Each [`Fact`] says which, and of which day it is.

pub mod api;
pub mod dump;
pub mod index;
pub mod lock;

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::date::Date;

/// An account of crates.io.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountId {
    /// A person, or a machine that acts as one: the number of its row in `users`.
    User(u32),
    /// A team of an organisation at GitHub: the number of its row in `teams`.
    Team(u32),
}

impl AccountId {
    /// `user` or `team`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Team(_) => "team",
        }
    }

    /// Whether it stands for all members of a team.
    #[must_use]
    pub fn is_team(self) -> bool {
        matches!(self, Self::Team(_))
    }

    /// The number, unique within its kind.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::User(number) | Self::Team(number) => number,
        }
    }
}

/// What an account calls itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its login; of a team `github:ORGANISATION:TEAM`.
    pub login: String,
    /// The name that people read, where it has one.
    pub name: Option<String>,
    /// Its login at GitHub, where that is another one.
    pub github_login: Option<String>,
    /// The day on which it was made; of owners the API does not tell.
    pub created: Option<Date>,
}

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactSource {
    /// The lock of facts in the user's repository.
    Lock,
    /// The registry's database dump.
    Dump,
    /// The registry's API.
    Api,
}

impl FactSource {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Dump => "dump",
            Self::Api => "api",
        }
    }
}

/// Something that a source says, and when it said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// What it says.
    pub value: T,
    /// Who says so.
    pub source: FactSource,
    /// The day of which it is.
    pub as_of: Date,
    /// Whether the registry said so to this machine. What a lock says may have been written by
    /// whoever wrote a change to it.
    pub verified: bool,
}

impl<T> Fact<T> {
    /// Who says so and of which day it is, in words.
    #[must_use]
    pub fn origin(&self) -> String {
        let doubt = if self.verified { "" } else { ", not verified" };
        format!("{} of {}{doubt}", self.source.name(), self.as_of)
    }

    /// Whether this says more than another one: what is verified before what is not, then the newer.
    fn precedes(&self, other: &Self) -> bool {
        (self.verified, self.as_of, self.source) > (other.verified, other.as_of, other.source)
    }
}

impl Fact<Publisher> {
    /// Whether nothing more will be known. That nobody is named is the last word of the API; the dump
    /// leaves out the workflows that published, and so knows it of no version.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.value != Publisher::Unrecorded || self.source != FactSource::Dump
    }
}

/// Who may publish a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// Who.
    pub account: AccountId,
    /// Since which day; the API does not tell.
    pub since: Option<Date>,
}

/// Who published a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Publisher {
    /// A user, by their number.
    User(u32),
    /// A workflow of a repository, without a user's token.
    Trusted(TrustedPublishing),
    /// The source names nobody: so it is of versions from before this was kept, and in the dump also
    /// of those that a workflow published.
    Unrecorded,
}

/// From where a version was published without a token
/// (<https://crates.io/docs/trusted-publishing>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrustedPublishing {
    /// Who runs the workflow: `github`, `gitlab`.
    pub provider: String,
    /// The repository there, `OWNER/NAME`.
    pub repository: String,
    /// The number of the run.
    pub run: Option<String>,
    /// The commit that it ran on, in hexadecimal.
    pub commit: Option<String>,
}

/// What is known of one version of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionPeople {
    /// Who published it. Never changes.
    pub publisher: Option<Fact<Publisher>>,
    /// The day on which it was published.
    pub published: Option<Date>,
    /// The SHA-256 of its archive, in lower-case hexadecimal. Never changes.
    pub checksum: Option<String>,
}

/// What is known of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CratePeople {
    /// Whether the registry knows it; none where it was not asked.
    pub exists: Option<Fact<bool>>,
    /// Who may publish it, sorted.
    pub owners: Option<Fact<Vec<Owner>>>,
    /// Whether it takes versions from workflows only.
    pub trusted_only: Option<bool>,
    /// The repository that it names.
    pub repository: Option<String>,
    /// The day of its first version.
    pub created: Option<Date>,
    /// Its versions, as far as they were asked for.
    pub versions: BTreeMap<Version, VersionPeople>,
}

/// Accounts, by who they are.
pub type Accounts = BTreeMap<AccountId, Account>;

/// What is known of a set of packages, whatever the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The accounts that any of the packages names.
    pub accounts: Accounts,
    /// The packages, by name.
    pub crates: BTreeMap<String, CratePeople>,
}

impl People {
    /// Takes in what another source knows: of each fact the better one stays.
    pub fn extend(&mut self, other: Self) {
        for (id, account) in other.accounts {
            let own = self.accounts.entry(id).or_default();
            if own.login.is_empty() {
                own.login = account.login;
            }
            own.name = own.name.take().or(account.name);
            own.github_login = own.github_login.take().or(account.github_login);
            own.created = own.created.or(account.created);
        }
        for (name, theirs) in other.crates {
            let own = self.crates.entry(name).or_default();
            take(&mut own.exists, theirs.exists);
            take(&mut own.owners, theirs.owners);
            own.trusted_only = own.trusted_only.or(theirs.trusted_only);
            own.repository = own.repository.take().or(theirs.repository);
            own.created = own.created.or(theirs.created);
            for (version, theirs) in theirs.versions {
                let own = own.versions.entry(version).or_default();
                take_publisher(&mut own.publisher, theirs.publisher);
                own.published = own.published.or(theirs.published);
                own.checksum = own.checksum.take().or(theirs.checksum);
            }
        }
    }

    /// An account's login; of one without a login, its kind and number.
    #[must_use]
    pub fn login(&self, id: AccountId) -> String {
        let account = self.accounts.get(&id);
        let login = account.map(|account| account.login.as_str());
        match login.filter(|login| !login.is_empty()) {
            Some(login) => login.to_owned(),
            None => format!("{} {}", id.kind(), id.number()),
        }
    }

    /// The users who published a version of a package or may publish the next, each once and with what
    /// they do.
    #[must_use]
    pub fn users_of(&self, name: &str, version: &Version) -> BTreeMap<AccountId, &'static str> {
        let krate = self.crates.get(name);
        let owners = krate.and_then(|krate| krate.owners.as_ref());
        let owners = owners.into_iter().flat_map(|owners| &owners.value);
        let users = owners.map(|owner| owner.account);
        let users = users.filter(|account| matches!(account, AccountId::User(_)));
        let mut users: BTreeMap<AccountId, &'static str> =
            users.map(|account| (account, "who owns")).collect();
        let published = self.version(name, version);
        let publisher = published.and_then(|version| version.publisher.as_ref());
        if let Some(Publisher::User(number)) = publisher.map(|publisher| &publisher.value) {
            users.insert(AccountId::User(*number), "who published");
        }
        users
    }

    /// What is known of a version of a package.
    #[must_use]
    pub fn version(&self, name: &str, version: &Version) -> Option<&VersionPeople> {
        self.crates.get(name)?.versions.get(version)
    }
}

fn take<T>(own: &mut Option<Fact<T>>, theirs: Option<Fact<T>>) {
    if let Some(theirs) = theirs
        && own.as_ref().is_none_or(|own| theirs.precedes(own))
    {
        *own = Some(theirs);
    }
}

/// A source that does not know says less than any that does, however new.
fn take_publisher(own: &mut Option<Fact<Publisher>>, theirs: Option<Fact<Publisher>>) {
    let knows = |fact: &Option<Fact<Publisher>>| fact.as_ref().is_some_and(Fact::is_final);
    match (knows(own), knows(&theirs)) {
        (true, false) => {}
        (false, true) => *own = theirs,
        _ => take(own, theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(value: Publisher, source: FactSource, day: u8, verified: bool) -> Fact<Publisher> {
        Fact {
            value,
            source,
            as_of: Date::new(2099, 1, day).unwrap(),
            verified,
        }
    }

    #[test]
    fn the_better_fact_stays() {
        let version = Version::new(1, 0, 0);
        let of = |fact: Fact<Publisher>| {
            let mut people = People::default();
            let krate = people.crates.entry("a".to_owned()).or_default();
            let known = krate.versions.entry(version.clone()).or_default();
            known.publisher = Some(fact);
            people
        };
        let lock = fact(Publisher::User(1), FactSource::Lock, 9, false);
        let dump = fact(Publisher::Unrecorded, FactSource::Dump, 8, true);
        let api = fact(Publisher::User(2), FactSource::Api, 1, true);
        // The last word, unlike the dump's.
        let nobody = fact(Publisher::Unrecorded, FactSource::Api, 1, true);
        for (first, second, expected) in [
            (&lock, &dump, &lock),
            (&dump, &lock, &lock),
            (&lock, &api, &api),
            (&api, &lock, &api),
            (&dump, &api, &api),
            (&lock, &nobody, &nobody),
            (&nobody, &lock, &nobody),
        ] {
            let mut people = of(first.clone());
            people.extend(of(second.clone()));
            let known = people.version("a", &version).unwrap();
            assert_eq!(known.publisher.as_ref(), Some(expected));
        }
    }
}
