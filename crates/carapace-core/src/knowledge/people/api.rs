//! What the registry's API answers about people (<https://crates.io/data-access>, described in
//! <https://crates.io/api/openapi.json>).
//!
//! Two questions tell all: a package's owners, users and teams in one answer, and its versions as far
//! as they are named. Texts are taken as they are: who shows them makes them safe.

use std::collections::BTreeSet;
use std::fmt;

use semver::Version;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    Account, AccountId, CratePeople, Fact, FactSource, Owner, People, Publisher, TrustedPublishing,
    VersionPeople,
};
use crate::knowledge::date::Date;
use crate::knowledge::registry::path;

/// No answer to these questions is larger, in bytes.
pub const MAX_BYTES: usize = 8 << 20;

/// How much is said of what is wrong with an answer, in characters: it may quote the answer.
const MAX_WHY: usize = 200;

/// The path of the answer with a package's owners, from the API's address; none for what is no
/// package name.
#[must_use]
pub fn owners_path(name: &str) -> Option<String> {
    path(name).map(|_| format!("api/v1/crates/{name}/owners"))
}

/// The path of the answer with some of a package's versions, from the API's address; none for what is
/// no package name.
#[must_use]
pub fn versions_path(name: &str, versions: &[Version]) -> Option<String> {
    let asked = |version: &Version| {
        // In a query, a plus is a space.
        format!("nums[]={}", version.to_string().replace('+', "%2B"))
    };
    let asked: Vec<String> = versions.iter().map(asked).collect();
    path(name).map(|_| format!("api/v1/crates/{name}/versions?{}", asked.join("&")))
}

/// Why an answer could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// It is not what is documented.
    Malformed {
        /// What is wrong, with its place. May quote the answer.
        why: String,
    },
    /// It speaks of another package.
    OtherPackage,
    /// It has a version twice.
    Twice(Version),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "it is larger than {MAX_BYTES} bytes"),
            Self::Malformed { why } => f.write_str(why),
            Self::OtherPackage => f.write_str("it speaks of another package"),
            Self::Twice(version) => write!(f, "it has version {version} twice"),
        }
    }
}

impl std::error::Error for ApiError {}

#[derive(Deserialize)]
struct RawOwners {
    users: Vec<RawOwner>,
}

#[derive(Deserialize)]
struct RawOwner {
    kind: RawKind,
    #[serde(flatten)]
    account: RawAccount,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    User,
    Team,
}

#[derive(Deserialize)]
struct RawAccount {
    id: u32,
    login: String,
    name: Option<String>,
    url: Option<String>,
    created_at: Option<String>,
}

impl RawAccount {
    fn of(self, kind: &RawKind) -> (AccountId, Account) {
        // Of users alone: a team has its login from there.
        let page = self
            .url
            .as_deref()
            .filter(|_| matches!(kind, RawKind::User));
        let at_github = page.and_then(|page| page.strip_prefix("https://github.com/"));
        let account = Account {
            github_login: at_github
                .filter(|login| *login != self.login)
                .map(str::to_owned),
            login: self.login,
            name: self.name,
            created: self.created_at.as_deref().and_then(day),
        };
        let id = match kind {
            RawKind::User => AccountId::User(self.id),
            RawKind::Team => AccountId::Team(self.id),
        };
        (id, account)
    }
}

#[derive(Deserialize)]
struct RawVersions {
    versions: Vec<RawVersion>,
}

#[derive(Deserialize)]
struct RawVersion {
    #[serde(rename = "crate")]
    package: String,
    num: Version,
    created_at: Option<String>,
    checksum: Option<String>,
    published_by: Option<RawAccount>,
    trustpub_data: Option<RawTrusted>,
}

/// One form for all providers: those that are new are expected to speak as these do.
#[derive(Deserialize)]
struct RawTrusted {
    provider: String,
    #[serde(alias = "project_path")]
    repository: String,
    #[serde(alias = "job_id")]
    run_id: Option<String>,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct RawErrors {
    errors: Vec<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(rename = "detail")]
    _detail: String,
}

/// The day of a time as RFC 3339 writes it.
fn day(time: &str) -> Option<Date> {
    time.get(..10)?.parse().ok()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.len() > MAX_BYTES {
        return Err(ApiError::TooLarge);
    }
    serde_json::from_slice(bytes).map_err(|error| ApiError::Malformed {
        why: error.to_string().chars().take(MAX_WHY).collect(),
    })
}

/// Whether the body of an answer *404 Not Found* is this API's. Any server can say that status of an
/// address that it has nothing at.
#[must_use]
pub fn is_refusal(bytes: &[u8]) -> bool {
    read::<RawErrors>(bytes).is_ok_and(|refusal| !refusal.errors.is_empty())
}

fn fact<T>(value: T, as_of: Date) -> Option<Fact<T>> {
    Some(Fact {
        value,
        source: FactSource::Api,
        as_of,
        verified: true,
    })
}

fn one(name: &str, krate: CratePeople) -> People {
    People {
        crates: [(name.to_owned(), krate)].into(),
        ..People::default()
    }
}

/// What is known of a package that the API does not know.
#[must_use]
pub fn unknown(name: &str, as_of: Date) -> People {
    let krate = CratePeople {
        exists: fact(false, as_of),
        ..CratePeople::default()
    };
    one(name, krate)
}

/// Reads a package's owners, of which the API spoke on the day `as_of`.
///
/// # Errors
/// [`ApiError`] where the answer is not what is documented.
pub fn read_owners(bytes: &[u8], name: &str, as_of: Date) -> Result<People, ApiError> {
    let raw: RawOwners = read(bytes)?;
    let accounts = raw.users.into_iter();
    let accounts = accounts.map(|owner| owner.account.of(&owner.kind));
    let accounts: super::Accounts = accounts.collect();
    let owners = accounts.keys().map(|account| Owner {
        account: *account,
        since: None,
    });
    let krate = CratePeople {
        exists: fact(true, as_of),
        owners: fact(owners.collect(), as_of),
        ..CratePeople::default()
    };
    Ok(People {
        accounts,
        ..one(name, krate)
    })
}

/// Reads who published these versions of a package, of which the API spoke on the day `as_of`. Those
/// that it does not know are not in the answer; what was not asked for is left out.
///
/// # Errors
/// [`ApiError`] where the answer is not what is documented, or is about something else.
pub fn read_versions(
    bytes: &[u8],
    name: &str,
    versions: &[Version],
    as_of: Date,
) -> Result<People, ApiError> {
    let raw: RawVersions = read(bytes)?;
    let wanted: BTreeSet<&Version> = versions.iter().collect();
    let mut accounts = super::Accounts::new();
    let mut krate = CratePeople {
        exists: fact(true, as_of),
        ..CratePeople::default()
    };
    for version in raw.versions {
        if !is_same_package(&version.package, name) {
            return Err(ApiError::OtherPackage);
        }
        if !wanted.contains(&version.num) {
            continue;
        }
        let publisher = match (version.trustpub_data, version.published_by) {
            (Some(trusted), _) => Publisher::Trusted(TrustedPublishing {
                provider: trusted.provider,
                repository: trusted.repository,
                run: trusted.run_id,
                commit: trusted.sha,
            }),
            (None, Some(account)) => {
                let number = account.id;
                let (id, account) = account.of(&RawKind::User);
                accounts.insert(id, account);
                Publisher::User(number)
            }
            (None, None) => Publisher::Unrecorded,
        };
        let known = VersionPeople {
            publisher: fact(publisher, as_of),
            published: version.created_at.as_deref().and_then(day),
            checksum: version.checksum.map(|text| text.to_ascii_lowercase()),
        };
        if krate.versions.insert(version.num.clone(), known).is_some() {
            return Err(ApiError::Twice(version.num));
        }
    }
    Ok(People {
        accounts,
        ..one(name, krate)
    })
}

/// Whether two names are of one package: the registry takes `-` and `_`, and letters of either case,
/// for the same.
fn is_same_package(one: &str, other: &str) -> bool {
    let plain = |byte: u8| match byte {
        b'_' => b'-',
        byte => byte.to_ascii_lowercase(),
    };
    one.bytes().map(plain).eq(other.bytes().map(plain))
}

#[cfg(test)]
mod tests;
