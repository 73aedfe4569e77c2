//! What a store says of one version.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use semver::Version;

use super::read::closure;
use super::{Audit, Identity, Said, Store, Trust};
use crate::knowledge::date::Date;
use crate::knowledge::people::{Publisher, VersionPeople};

/// What a version meets, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The criterion.
    pub criterion: String,
    /// What it rests on.
    pub basis: Basis,
}

/// What a certificate rests on; the better ones first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Audits: of a version, and of the changes from there; whose they are, each once.
    Audited {
        /// The versions, the one that was looked at as a whole first.
        versions: Vec<String>,
        /// Who looked, sorted.
        who: Vec<String>,
        /// Whose audits these are, sorted; the project's own have no name here.
        imports: Vec<String>,
    },
    /// Its publisher looks at all that they publish.
    Wildcard {
        /// Whose audits it is from; none for the project's own.
        import: Option<String>,
    },
    /// Its publisher is trusted.
    Trusted {
        /// Whose audits it is from; none for the project's own.
        import: Option<String>,
    },
    /// An exemption, as it is or with audits of the changes since.
    Exempted {
        /// The versions, the one that is exempt first.
        versions: Vec<String>,
    },
}

/// That a version is known to break a criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What it breaks.
    pub criteria: Vec<String>,
    /// Who says so.
    pub who: Vec<String>,
    /// Whose audits it is from; none for the project's own.
    pub import: Option<String>,
}

/// Where audits of changes begin.
#[derive(Clone, Copy)]
enum Start {
    Full,
    Exempt,
}

impl Store {
    /// What a version of a package is certified for, sorted by criterion. Who published it is taken
    /// from the store, else from what else is known.
    #[must_use]
    pub fn certified(
        &self,
        name: &str,
        version: &Version,
        people: Option<&VersionPeople>,
    ) -> Vec<Certified> {
        let Some(said) = self.packages.get(name) else {
            return Vec::new();
        };
        let mut criteria: BTreeSet<String> = BTreeSet::new();
        let audits = said.audits.iter().map(|audit| &audit.criteria);
        let trust = said.trust.iter().map(|trust| &trust.criteria);
        let exempt = said.exemptions.iter().map(|exempt| &exempt.criteria);
        for named in audits.chain(trust).chain(exempt) {
            criteria.extend(closure(named.iter().map(String::as_str), &self.implied));
        }
        let certified = criteria.into_iter().filter_map(|criterion| {
            let basis = self.basis(said, version, people, &criterion)?;
            Some(Certified { criterion, basis })
        });
        certified.collect()
    }

    /// What a version of a package is known to break.
    #[must_use]
    pub fn violations(&self, name: &str, version: &Version) -> Vec<Violation> {
        let said = self.packages.get(name).into_iter();
        let broken = said.flat_map(|said| &said.violations);
        let broken = broken.filter(|broken| broken.versions.matches(version));
        let violations = broken.map(|broken| Violation {
            criteria: broken.criteria.clone(),
            who: broken.who.clone(),
            import: broken.import.clone(),
        });
        violations.collect()
    }

    fn meets(&self, named: &[String], criterion: &str) -> bool {
        closure(named.iter().map(String::as_str), &self.implied).contains(criterion)
    }

    fn basis(
        &self,
        said: &Said,
        version: &Version,
        people: Option<&VersionPeople>,
        criterion: &str,
    ) -> Option<Basis> {
        let audits = said.audits.iter();
        let audits: Vec<&Audit> = audits
            .filter(|audit| self.meets(&audit.criteria, criterion))
            .collect();
        let version_text = version.to_string();
        if let Some(chain) = chain(said, &audits, &version_text, Start::Full, |_| true) {
            return Some(audited(&chain));
        }
        let published = published(said, version, people);
        let trust = said.trust.iter().filter(|trust| {
            self.meets(&trust.criteria, criterion)
                && published
                    .as_ref()
                    .is_some_and(|(who, when)| covers(trust, who, *when))
        });
        // A promise to look says more than trust.
        if let Some(trust) = trust.max_by_key(|trust| trust.is_wildcard) {
            let import = trust.import.clone();
            return Some(match trust.is_wildcard {
                true => Basis::Wildcard { import },
                false => Basis::Trusted { import },
            });
        }
        let is_exempt = |exempt: &[String]| self.meets(exempt, criterion);
        let chain = chain(said, &audits, &version_text, Start::Exempt, is_exempt)?;
        Some(Basis::Exempted {
            versions: chain.versions,
        })
    }
}

/// Who published a version and when.
fn published(
    said: &Said,
    version: &Version,
    people: Option<&VersionPeople>,
) -> Option<(Identity, Date)> {
    let mut own = said.publishers.iter().filter(|own| own.version == *version);
    if let Some(own) = own.next() {
        return Some((own.identity.clone(), own.when));
    }
    let people = people?;
    Some((
        identity(&people.publisher.as_ref()?.value)?,
        people.published?,
    ))
}

/// What cargo-vet calls a publisher; none where nobody is named.
#[must_use]
pub(crate) fn identity(publisher: &Publisher) -> Option<Identity> {
    match publisher {
        Publisher::User(number) => Some(Identity::User(*number)),
        Publisher::Trusted(from) => {
            let name = format!("{}:{}", from.provider, from.repository);
            Some(Identity::TrustedPublisher(name))
        }
        Publisher::Unrecorded => None,
    }
}

fn covers(trust: &Trust, who: &Identity, when: Date) -> bool {
    trust.identity == *who && trust.start <= when && when <= trust.end
}

/// Audits that lead to a version.
struct Chain<'a> {
    versions: Vec<String>,
    audits: Vec<&'a Audit>,
}

fn audited(chain: &Chain<'_>) -> Basis {
    let who: BTreeSet<&String> = chain.audits.iter().flat_map(|audit| &audit.who).collect();
    let imports = chain
        .audits
        .iter()
        .filter_map(|audit| audit.import.as_ref());
    let imports: BTreeSet<&String> = imports.collect();
    Basis::Audited {
        versions: chain.versions.clone(),
        who: who.into_iter().cloned().collect(),
        imports: imports.into_iter().cloned().collect(),
    }
}

/// The shortest way of audits from a version that stands by itself to this one.
fn chain<'a>(
    said: &'a Said,
    audits: &[&'a Audit],
    to: &str,
    start: Start,
    is_exempt: impl Fn(&[String]) -> bool,
) -> Option<Chain<'a>> {
    let mut changes: BTreeMap<&str, Vec<&'a Audit>> = BTreeMap::new();
    let mut from: BTreeMap<&str, Option<&'a Audit>> = BTreeMap::new();
    let mut open = VecDeque::new();
    for audit in audits {
        match (&audit.from, start) {
            (Some(before), _) => changes.entry(before).or_default().push(audit),
            (None, Start::Full) => {
                if from.insert(&audit.to, Some(audit)).is_none() {
                    open.push_back(audit.to.as_str());
                }
            }
            (None, Start::Exempt) => {}
        }
    }
    if let Start::Exempt = start {
        for exempt in said
            .exemptions
            .iter()
            .filter(|exempt| is_exempt(&exempt.criteria))
        {
            if from.insert(&exempt.version, None).is_none() {
                open.push_back(&exempt.version);
            }
        }
    }
    while let Some(version) = open.pop_front() {
        if version == to {
            return Some(way(&from, version));
        }
        for audit in changes.remove(version).unwrap_or_default() {
            if !from.contains_key(audit.to.as_str()) {
                from.insert(&audit.to, Some(audit));
                open.push_back(&audit.to);
            }
        }
    }
    None
}

fn way<'a>(from: &BTreeMap<&str, Option<&'a Audit>>, to: &str) -> Chain<'a> {
    let mut chain = Chain {
        versions: vec![to.to_owned()],
        audits: Vec::new(),
    };
    let mut at = to;
    while let Some(Some(audit)) = from.get(at) {
        chain.audits.push(audit);
        let Some(before) = &audit.from else { break };
        chain.versions.push(before.clone());
        at = before;
    }
    chain.versions.reverse();
    chain
}

#[cfg(test)]
mod tests;
