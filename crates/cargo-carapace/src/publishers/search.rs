//! What of people is known, and what is still open: while it is looked for, and in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carapace_core::knowledge::people::{CratePeople, Fact, People};
use carapace_core::report::Gap;
use semver::Version;

use super::answers::Record;
use super::api::{Api, Question};
use super::pace::since_epoch;
use crate::host::progress::Progress;

/// How old owners that the API told may be, where the user does not say.
const MAX_AGE: Duration = Duration::from_secs(48 * 60 * 60);
/// What a day has.
const MILLISECONDS_OF_DAY: i64 = 86_400_000;
/// How many packages are named of those that are not known.
const NAMED: usize = 5;

/// What is known while it is looked for.
pub(super) struct Search<'a> {
    /// The packages that are built, and their versions.
    pub(super) wanted: BTreeMap<&'a str, BTreeSet<&'a Version>>,
    /// What is held on this machine of all packages.
    pub(super) held: People,
    /// What the API has said of each.
    pub(super) records: BTreeMap<String, Record>,
    /// What the lock says.
    pub(super) lock: Option<&'a People>,
    /// Whether the lock's word is not enough.
    pub(super) is_verified: bool,
    /// How old owners may be, where the user says so.
    pub(super) max_age: Option<Duration>,
    /// The moment at which the run began, in milliseconds since the epoch.
    pub(super) now: i64,
}

/// The present moment, in milliseconds since the epoch.
pub(super) fn now() -> i64 {
    milliseconds(since_epoch())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Whether it is known for good who published a version.
fn is_published(krate: &CratePeople, version: &Version) -> bool {
    let known = krate.versions.get(version);
    let publisher = known.and_then(|known| known.publisher.as_ref());
    publisher.is_some_and(Fact::is_final)
}

/// Whether the registry has said that there is no such package.
fn is_gone(record: &Record) -> bool {
    let exists = record.krate.exists.as_ref();
    exists.is_some_and(|exists| !exists.value)
}

impl Search<'_> {
    /// Everything that is known.
    pub(super) fn people(self) -> People {
        let mut people = People::default();
        for (name, record) in &self.records {
            people.extend(record.people(name));
        }
        people.extend(self.held);
        // What the registry says of an account and of a version counts before.
        if let Some(lock) = self.lock {
            let locked = lock.crates.iter();
            let locked = locked.filter(|(name, _)| self.wanted.contains_key(name.as_str()));
            people.extend(People {
                accounts: lock.accounts.clone(),
                crates: locked
                    .map(|(name, krate)| (name.clone(), krate.clone()))
                    .collect(),
            });
        }
        people
    }

    /// Whether something that was said at a moment is young enough.
    fn is_young(&self, moment: i64) -> bool {
        let max_age = match (self.max_age, self.is_verified) {
            (Some(max_age), _) => max_age,
            (None, true) => Duration::ZERO,
            (None, false) => MAX_AGE,
        };
        let oldest = self.now.saturating_sub(milliseconds(max_age));
        // Runs beside this one are told later than it began; a later day is a clock's that went wrong.
        (oldest..self.now + MILLISECONDS_OF_DAY).contains(&moment)
    }

    /// Whether a lock has a package's owners and all its versions.
    fn is_locked(&self, name: &str, lock: &CratePeople) -> bool {
        let mut versions = self.wanted.get(name).into_iter().flatten();
        lock.owners.is_some() && versions.all(|version| lock.versions.contains_key(version))
    }

    /// What is to be asked about a package of which the API has said this.
    fn question(&self, name: &str, record: &Record) -> Question {
        let is_told = record.asked.is_some_and(|asked| self.is_young(asked));
        if is_told && is_gone(record) {
            return Question::nothing(name);
        }
        let held = self.held.crates.get(name);
        let lock = self.lock.and_then(|lock| lock.crates.get(name));
        let is_age_wanted = self.is_verified || self.max_age.is_some();
        let of_held = held.and_then(|held| held.owners.as_ref());
        let is_enough = match is_age_wanted {
            true => of_held
                .is_some_and(|owners| self.is_young(owners.as_of.days() * MILLISECONDS_OF_DAY)),
            // A version that is new to the lock may be the first of a new owner.
            false => of_held.is_some() || lock.is_some_and(|lock| self.is_locked(name, lock)),
        };
        let lock = lock.filter(|_| !self.is_verified);
        let is_known = |version: &&&Version| {
            let known = [Some(&record.krate), held, lock].into_iter().flatten();
            let absent = record.absent.get(version);
            known.into_iter().any(|krate| is_published(krate, version))
                || absent.is_some_and(|said| self.is_young(*said))
        };
        let versions = self.wanted.get(name).into_iter().flatten();
        let open = versions.filter(|version| !is_known(version));
        Question {
            owners: !is_told && !is_enough,
            versions: open.map(|version| (*version).clone()).collect(),
            ..Question::nothing(name)
        }
    }

    /// Everything that is to be asked.
    pub(super) fn open(&self) -> Vec<Question> {
        let questions = self.records.iter();
        let questions = questions.map(|(name, record)| self.question(name, record));
        questions
            .filter(|question| question.requests() > 0)
            .collect()
    }

    /// Asks it. Gives what was not answered.
    pub(super) fn ask(
        &mut self,
        api: &mut Api<'_>,
        questions: Vec<Question>,
        quiet: bool,
    ) -> Vec<Gap> {
        let progress = Progress::new("asking the registry's API", questions.len(), quiet);
        let many = questions.len();
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (done, Question { name, .. }) in questions.into_iter().enumerate() {
            let (record, said) = api.ask(&name, &|record| self.question(&name, record));
            self.records.insert(name.clone(), record);
            if let Err(reason) = said {
                reasons.entry(reason).or_default().push(name);
            }
            progress.reached(done + 1);
        }
        for (name, record) in api.settle() {
            for names in reasons.values_mut() {
                names.retain(|unanswered| *unanswered != name);
            }
            self.records.insert(name, record);
        }
        let reasons = reasons.iter().filter(|(_, names)| !names.is_empty());
        let gaps = reasons.map(|(reason, names)| {
            let reason = format!("{reason}; of {} ({} of {many})", some(names), names.len());
            Gap::new("people", reason)
        });
        gaps.collect()
    }

    /// What is not known, where nothing else tells it, of what is `open` in the end.
    pub(super) fn gaps(&self, open: &[Question]) -> Vec<Gap> {
        let named = |name: &str, version: &Version| format!("{name} {version}");
        let unknown = open.iter().flat_map(|question| {
            let lock = self.lock.and_then(|lock| lock.crates.get(&question.name));
            let is_locked = move |version| lock.is_some_and(|lock| is_published(lock, version));
            let versions = question.versions.iter();
            let versions = versions.filter(move |version| !is_locked(version));
            versions.map(|version| named(&question.name, version))
        });
        let absent = self.wanted.iter().flat_map(|(name, versions)| {
            let record = self.records.get(*name);
            let versions = versions.iter().filter(move |version| {
                record.is_some_and(|record| record.absent.contains_key(version))
            });
            versions.map(|version| named(name, version))
        });
        let gap = |what, names: Vec<String>| {
            let reason = format!("{what} {}", some(&names));
            (!names.is_empty()).then(|| Gap::new("publisher", reason))
        };
        let gaps = [
            gap("who published it is not known of", unknown.collect()),
            gap("the registry does not know", absent.collect()),
        ];
        gaps.into_iter().flatten().collect()
    }

    /// What of the lock the registry has not confirmed or contradicted, after what is `open` in the
    /// end.
    pub(super) fn unverified(&self, open: &[Question]) -> Option<Gap> {
        let lock = self.lock?;
        let unasked: BTreeSet<&str> = open
            .iter()
            .filter(|question| question.owners)
            .map(|question| question.name.as_str())
            .collect();
        let is_unverified = |name: &str, versions: &BTreeSet<&Version>| {
            let (locked, record) = (lock.crates.get(name)?, self.records.get(name)?);
            let held = self.held.crates.get(name);
            let is_told = |version: &Version| {
                let told = [Some(&record.krate), held].into_iter().flatten();
                told.into_iter().any(|krate| is_published(krate, version))
            };
            let owners = locked.owners.is_some() && (unasked.contains(name) || is_gone(record));
            let mut versions = versions.iter();
            let publishers =
                versions.any(|version| locked.versions.contains_key(version) && !is_told(version));
            Some(owners || publishers)
        };
        let names = self.wanted.iter();
        let names = names.filter(|(name, v)| is_unverified(name, v).unwrap_or_default());
        let names: Vec<String> = names.map(|(name, _)| (*name).to_owned()).collect();
        let reason = format!(
            "what the lock says could not be verified of {}: the registry has not said it",
            some(&names)
        );
        (!names.is_empty()).then(|| Gap {
            blocking: true,
            ..Gap::new("verify", reason)
        })
    }
}

/// Some names, and how many more there are.
fn some(names: &[String]) -> String {
    let named = names.iter().take(NAMED).map(String::as_str);
    let named: Vec<&str> = named.collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests;
