//! What a registry's API has said, kept by package.
//!
//! Who published a version never changes, and is kept for ever; who owns a package, and that it or a
//! version of it is not there, is kept with its time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carapace_core::knowledge::people::{Account, AccountId, CratePeople, People};
use carapace_core::knowledge::registry::path;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::host::kept::Kept;
use crate::host::registry;

/// What is kept of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// When its owners were told, or that there is no such package, in milliseconds since the
    /// epoch.
    pub(super) asked: Option<i64>,
    /// The versions that the registry did not know, and when it said so.
    pub(super) absent: BTreeMap<Version, i64>,
    /// The accounts that it names.
    accounts: Vec<(AccountId, Account)>,
    /// Everything else.
    pub(super) krate: CratePeople,
}

impl Record {
    /// Takes in its owners, or that there is no such package: what was known of that is over.
    pub(super) fn take_owners(&mut self, name: &str, said: People, now: i64) {
        self.asked = Some(now);
        self.krate.owners = None;
        self.krate.exists = None;
        self.take(name, said);
    }

    /// Takes in these versions, as far as they are in an answer.
    pub(super) fn take_versions(&mut self, name: &str, asked: &[Version], said: People, now: i64) {
        for version in asked {
            match said.version(name, version) {
                Some(_) => self.absent.remove(version),
                None => self.absent.insert(version.clone(), now),
            };
        }
        self.take(name, said);
    }

    /// Takes in what another run has kept meanwhile and this one has not asked.
    fn fill(&mut self, name: &str, mut kept: Self) {
        let (owners, exists) = (kept.krate.owners.take(), kept.krate.exists.take());
        if self.asked.is_none() {
            self.asked = kept.asked;
            (self.krate.owners, self.krate.exists) = (owners, exists);
        }
        let mut people = self.people(name);
        people.extend(kept.people(name));
        self.set(name, people);
    }

    /// The newer answer is the one that knows what accounts call themselves.
    fn take(&mut self, name: &str, said: People) {
        let mut people = said;
        people.extend(self.people(name));
        self.set(name, people);
    }

    fn set(&mut self, name: &str, mut people: People) {
        self.krate = people.crates.remove(name).unwrap_or_default();
        self.accounts = people.accounts.into_iter().collect();
    }

    /// What it says.
    pub(super) fn people(&self, name: &str) -> People {
        People {
            accounts: self.accounts.iter().cloned().collect(),
            crates: [(name.to_owned(), self.krate.clone())].into(),
        }
    }
}

/// The answers of one registry.
#[derive(Debug)]
pub(super) struct Answers {
    /// Where they are; none if there is no folder for what is kept.
    folder: Option<PathBuf>,
    kept: Option<Kept>,
}

impl Answers {
    /// The answers of the registry at an address.
    pub(super) fn of(cache: Option<&Path>, address: &str) -> Self {
        let folder = registry::folder(address);
        let folder = cache.map(|cache| cache.join("people").join("api").join(folder));
        Self {
            kept: folder.clone().map(Kept::in_folder),
            folder,
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// What is kept of a package. What is damaged is as if it were not there.
    pub(super) fn get(&self, name: &str) -> Record {
        let read = || {
            let bytes = self.kept.as_ref()?.get(&key(name)?, None)?;
            serde_json::from_slice(&bytes).ok()
        };
        read().unwrap_or_default()
    }

    /// Keeps what is known of a package, beside what another run has kept of it meanwhile.
    pub(super) fn put(&self, name: &str, record: &mut Record) {
        record.fill(name, self.get(name));
        let (kept, key) = (self.kept.as_ref(), key(name));
        if let (Some(kept), Some(key), Ok(bytes)) = (kept, key, serde_json::to_vec(&record)) {
            kept.put(&key, &bytes);
        }
    }
}

/// The name of a package's file; none for what is no package name. Names of packages are devices on
/// some systems.
fn key(name: &str) -> Option<String> {
    path(name).map(|_| format!("crate-{}", name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use carapace_core::knowledge::date::Date;
    use carapace_core::knowledge::people::api;

    use super::*;

    #[test]
    fn what_was_said_is_kept_and_what_is_damaged_is_not() {
        let cache = tempfile::tempdir().unwrap();
        let answers = Answers::of(Some(cache.path()), "https://example.com/");
        let day: Date = "2099-06-01".parse().unwrap();
        let owners = br#"{"users":[{"id":7,"login":"ann","kind":"team"}]}"#;
        let mut record = Record::default();
        record.take_owners("a", api::unknown("a", day), 10);
        record.take_owners("a", api::read_owners(owners, "a", day).unwrap(), 20);
        let asked: [Version; 2] = ["1.0.0", "2.0.0"].map(|text| text.parse().unwrap());
        let versions = br#"{"versions":[{"crate":"a","num":"1.0.0"}]}"#;
        let said = api::read_versions(versions, "a", &asked, day).unwrap();
        record.take_versions("a", &asked, said, 30);
        answers.put("a", &mut record);
        assert_eq!(answers.get("A"), record);
        // What another run has kept stays.
        let mut beside = Record::default();
        let one = [asked[0].clone()];
        let said = api::read_versions(versions, "a", &one, day).unwrap();
        beside.take_versions("a", &one, said, 40);
        answers.put("a", &mut beside);
        assert_eq!(beside.krate, record.krate);
        assert_eq!(beside.asked, record.asked);
        answers.put("a", &mut record);
        assert_eq!(
            (record.asked, record.absent.get(&asked[1])),
            (Some(20), Some(&30))
        );
        assert!(record.krate.exists.as_ref().unwrap().value);
        assert_eq!(record.people("a").login(AccountId::Team(7)), "ann");

        let file = answers.folder().unwrap().join("crate-a");
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            std::fs::write(&file, &bytes).unwrap();
            assert_eq!(answers.get("a"), Record::default(), "{at}");
        }
        // A name that is none is no path.
        std::fs::create_dir(answers.folder().unwrap().join("crate-x")).unwrap();
        std::fs::write(answers.folder().unwrap().join("outside"), &whole).unwrap();
        assert_eq!(answers.get("x/../outside"), Record::default());
        assert_eq!(
            Answers::of(None, "https://example.com/").get("a"),
            Record::default()
        );
    }
}
