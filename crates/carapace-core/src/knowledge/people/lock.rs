//! The lock of facts: what was known of people when it was written, in a file of the user's
//! repository.
//!
//! It makes a run that asks nobody, and it is what a run is held against. Whoever writes a change to
//! the repository can change it, so nothing that it says is verified.
//!
//! ```toml
//! [[package]]
//! name = "parser"
//! owners-as-of = "2099-06-01"
//! owners = [
//!     { user = 7, login = "ann" },
//!     { team = 3, login = "github:example:maintainers" },
//! ]
//!
//! [[package.release]]
//! version = "1.0.0"
//! as-of = "2099-06-01"
//! checksum = "…"
//! publisher = { user = 7, login = "ann" }
//!
//! [[package.release]]
//! version = "1.1.0"
//! as-of = "2099-06-01"
//! checksum = "…"
//! publisher = { provider = "github", repository = "example/parser", run = "1", commit = "…" }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use semver::Version;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Account, AccountId, CratePeople, Fact, FactSource, Owner, People, Publisher, TrustedPublishing,
    VersionPeople,
};
use crate::baseline::{self, BaselineError, FORM};
use crate::knowledge::date::Date;
use crate::knowledge::registry::path;
use crate::text::toml_string;

/// The command that its file names.
const COMMAND: &str = "publishers";

const HEAD: &str = "\
# Who published what this project depends on, and who can publish more of it. Written by
# `cargo carapace publishers --write-lock`; `--verify` holds it against the registry.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "command")]
    _command: String,
    #[serde(default, rename = "package")]
    packages: Vec<RawPackage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawPackage {
    name: Spanned<String>,
    owners_as_of: Option<Date>,
    owners: Option<Vec<Spanned<RawOwner>>>,
    #[serde(default, rename = "release")]
    releases: Vec<RawRelease>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwner {
    user: Option<u32>,
    team: Option<u32>,
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRelease {
    version: Spanned<String>,
    as_of: Date,
    published: Option<Date>,
    checksum: Option<String>,
    publisher: Option<Spanned<RawPublisher>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublisher {
    user: Option<u32>,
    login: Option<String>,
    provider: Option<String>,
    repository: Option<String>,
    run: Option<String>,
    commit: Option<String>,
    unrecorded: Option<bool>,
}

impl RawPublisher {
    fn of(self, people: &mut People) -> Option<Publisher> {
        match self {
            Self {
                user: Some(number),
                login,
                provider: None,
                repository: None,
                run: None,
                commit: None,
                unrecorded: None,
            } => {
                name(people, AccountId::User(number), login.unwrap_or_default());
                Some(Publisher::User(number))
            }
            Self {
                user: None,
                login: None,
                provider: Some(provider),
                repository: Some(repository),
                run,
                commit,
                unrecorded: None,
            } => Some(Publisher::Trusted(TrustedPublishing {
                provider,
                repository,
                run,
                commit,
            })),
            Self {
                user: None,
                login: None,
                provider: None,
                repository: None,
                run: None,
                commit: None,
                unrecorded: Some(true),
            } => Some(Publisher::Unrecorded),
            _ => None,
        }
    }
}

/// Tells what an account calls itself; the first to say so counts.
fn name(people: &mut People, id: AccountId, login: String) {
    let account = people.accounts.entry(id);
    account.or_insert_with(|| Account {
        login,
        ..Account::default()
    });
}

fn fact<T>(value: T, as_of: Date) -> Fact<T> {
    Fact {
        value,
        source: FactSource::Lock,
        as_of,
        verified: false,
    }
}

/// What is wrong, and where in the text.
type Malformed<'a> = &'a dyn Fn(Range<usize>, String) -> BaselineError;

/// Reads a lock's file.
///
/// # Errors
/// [`BaselineError`], with the line where there is one.
pub fn parse(bytes: &[u8]) -> Result<People, BaselineError> {
    let (raw, text): (Raw, &str) = baseline::read(bytes, COMMAND)?;
    let malformed = |at: Range<usize>, message| baseline::malformed(text, Some(at.start), message);
    let mut people = People::default();
    for package in raw.packages {
        let at = package.name.span();
        let name = package.name.into_inner();
        if path(&name).is_none() {
            return Err(malformed(at, format!("`{name}` is no name of a package")));
        }
        let owners = match (package.owners, package.owners_as_of) {
            (Some(owners), Some(as_of)) => {
                Some(fact(owners_of(owners, &mut people, &malformed)?, as_of))
            }
            (None, None) => None,
            _ => {
                let message = "`owners` and `owners-as-of` belong together".to_owned();
                return Err(malformed(at, message));
            }
        };
        let mut versions = BTreeMap::new();
        for release in package.releases {
            let (version, known) = release_of(release, &mut people, &malformed)?;
            if versions.contains_key(&version) {
                return Err(malformed(at, format!("{name} {version} is there twice")));
            }
            versions.insert(version, known);
        }
        if people.crates.contains_key(&name) {
            return Err(malformed(at, format!("{name} is there twice")));
        }
        let krate = CratePeople {
            owners,
            versions,
            ..CratePeople::default()
        };
        people.crates.insert(name, krate);
    }
    Ok(people)
}

fn owners_of(
    owners: Vec<Spanned<RawOwner>>,
    people: &mut People,
    malformed: Malformed<'_>,
) -> Result<Vec<Owner>, BaselineError> {
    let mut accounts = BTreeSet::new();
    for owner in owners {
        let at = owner.span();
        let owner = owner.into_inner();
        let account = match (owner.user, owner.team) {
            (Some(number), None) => AccountId::User(number),
            (None, Some(number)) => AccountId::Team(number),
            _ => return Err(malformed(at, "an owner is a `user` or a `team`".to_owned())),
        };
        name(people, account, owner.login);
        accounts.insert(account);
    }
    let owners = accounts.into_iter().map(|account| Owner {
        account,
        since: None,
    });
    Ok(owners.collect())
}

fn release_of(
    release: RawRelease,
    people: &mut People,
    malformed: Malformed<'_>,
) -> Result<(Version, VersionPeople), BaselineError> {
    let text = release.version.get_ref();
    let version = Version::parse(text)
        .map_err(|error| malformed(release.version.span(), format!("`{text}`: {error}")))?;
    let publisher = match release.publisher {
        None => None,
        Some(publisher) => {
            let at = publisher.span();
            let publisher = publisher.into_inner().of(people).ok_or_else(|| {
                let message = "a publisher is a `user` with a `login`, a `provider` with a \
                               `repository`, or `unrecorded = true`";
                malformed(at, message.to_owned())
            })?;
            Some(fact(publisher, release.as_of))
        }
    };
    let known = VersionPeople {
        publisher,
        published: release.published,
        checksum: release.checksum,
    };
    Ok((version, known))
}

/// The file's text: the same for the same facts. What a source leaves open is not in it.
#[must_use]
pub fn write(people: &People) -> String {
    let mut text = format!("{HEAD}version = {FORM}\ncommand = \"{COMMAND}\"\n");
    for (name, krate) in &people.crates {
        let publishers =
            |known: &VersionPeople| known.publisher.as_ref().is_some_and(Fact::is_final);
        let releases = krate.versions.iter();
        let mut releases = releases.filter(|(_, known)| publishers(known)).peekable();
        if krate.owners.is_none() && releases.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[[package]]\nname = {}\n", toml_string(name));
        if let Some(owners) = &krate.owners {
            let _ = write!(text, "owners-as-of = \"{}\"\nowners = [\n", owners.as_of);
            for owner in &owners.value {
                let _ = writeln!(text, "    {{ {} }},", account(people, owner.account));
            }
            text.push_str("]\n");
        }
        for (version, known) in releases {
            release(&mut text, people, version, known);
        }
    }
    text
}

fn release(text: &mut String, people: &People, version: &Version, known: &VersionPeople) {
    let Some(publisher) = &known.publisher else {
        return;
    };
    let as_of = publisher.as_of;
    let _ = write!(
        text,
        "\n[[package.release]]\nversion = \"{version}\"\nas-of = \"{as_of}\"\n"
    );
    if let Some(published) = known.published {
        let _ = writeln!(text, "published = \"{published}\"");
    }
    if let Some(checksum) = &known.checksum {
        let _ = writeln!(text, "checksum = {}", toml_string(checksum));
    }
    let publisher = match &publisher.value {
        Publisher::User(number) => account(people, AccountId::User(*number)),
        Publisher::Trusted(trusted) => {
            let keys = [
                ("provider", Some(&trusted.provider)),
                ("repository", Some(&trusted.repository)),
                ("run", trusted.run.as_ref()),
                ("commit", trusted.commit.as_ref()),
            ];
            let keys = keys.into_iter();
            let said = keys.filter_map(|(key, value)| Some((key, value?)));
            let said = said.map(|(key, value)| format!("{key} = {}", toml_string(value)));
            said.collect::<Vec<_>>().join(", ")
        }
        Publisher::Unrecorded => "unrecorded = true".to_owned(),
    };
    let _ = writeln!(text, "publisher = {{ {publisher} }}");
}

fn account(people: &People, id: AccountId) -> String {
    let login = people.accounts.get(&id).map(|account| &*account.login);
    let login = toml_string(login.unwrap_or_default());
    format!("{} = {}, login = {login}", id.kind(), id.number())
}

#[cfg(test)]
mod tests;
