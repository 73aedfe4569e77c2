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

/// What a certificate rests on: where audits of changes begin, and these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Why the first version stands by itself.
    pub root: Root,
    /// The versions, the first and those that audits of changes lead over.
    pub versions: Vec<String>,
    /// Who looked, sorted.
    pub who: Vec<String>,
    /// Whose audits these are, sorted; the project's own have no name here.
    pub imports: Vec<String>,
}

/// Why a version stands by itself; the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// Somebody looked at the whole of it.
    Audited,
    /// Its publisher looks at all that they publish.
    Wildcard,
    /// Its publisher is trusted.
    Trusted,
    /// It is exempt.
    Exempted,
}

impl Root {
    const ALL: [Self; 4] = [Self::Audited, Self::Wildcard, Self::Trusted, Self::Exempted];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Audited => "audited",
            Self::Wildcard => "wildcard",
            Self::Trusted => "trusted",
            Self::Exempted => "exempted",
        }
    }
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

    /// The best that a version rests on for a criterion.
    fn basis(
        &self,
        said: &Said,
        version: &Version,
        people: Option<&VersionPeople>,
        criterion: &str,
    ) -> Option<Basis> {
        let audits = said.audits.iter();
        let audits = audits.filter(|audit| self.meets(&audit.criteria, criterion));
        let mut ways = Ways::default();
        for audit in audits.clone() {
            if let Some(before) = &audit.from {
                ways.changes.entry(before.clone()).or_default().push(audit);
            }
        }
        let to = version.to_string();
        Root::ALL.into_iter().find_map(|root| {
            match root {
                Root::Audited => {
                    for audit in audits.clone().filter(|audit| audit.from.is_none()) {
                        let (who, import) = (&audit.who, &audit.import);
                        ways.begin(audit.to.clone(), who, import.as_ref());
                    }
                }
                Root::Wildcard | Root::Trusted => {
                    let trust = said.trust.iter().filter(|trust| {
                        trust.is_wildcard == (root == Root::Wildcard)
                            && self.meets(&trust.criteria, criterion)
                    });
                    for trust in trust {
                        for (published, who, when) in published(said, version, people) {
                            if covers(trust, &who, when) {
                                ways.begin(published, &[], trust.import.as_ref());
                            }
                        }
                    }
                }
                Root::Exempted => {
                    let exempt = said.exemptions.iter();
                    let exempt = exempt.filter(|exempt| self.meets(&exempt.criteria, criterion));
                    for exempt in exempt {
                        ways.begin(exempt.version.clone(), &[], None);
                    }
                }
            }
            ways.to(&to, root)
        })
    }
}

/// The versions that were published by somebody known: those that the store names, and the one that is
/// asked about, if the store does not.
fn published(
    said: &Said,
    version: &Version,
    people: Option<&VersionPeople>,
) -> Vec<(String, Identity, Date)> {
    let own = said.publishers.iter();
    let mut all: Vec<_> = own
        .map(|own| (own.version.to_string(), own.identity.clone(), own.when))
        .collect();
    let is_own = said.publishers.iter().any(|own| own.version == *version);
    let people = people.filter(|_| !is_own);
    all.extend(people.and_then(|known| {
        let identity = identity(&known.publisher.as_ref()?.value)?;
        Some((version.to_string(), identity, known.published?))
    }));
    all
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

/// The ways from versions that stand by themselves, along audits of changes.
#[derive(Default)]
struct Ways<'a> {
    /// By the version that they begin at.
    changes: BTreeMap<String, Vec<&'a Audit>>,
    /// How each version that is reached was reached first.
    reached: BTreeMap<String, Step<'a>>,
    /// Those from which ways were not followed yet.
    open: VecDeque<String>,
}

/// How a version was reached.
struct Step<'a> {
    /// From which version; none where it stands by itself.
    from: Option<&'a str>,
    who: Vec<String>,
    import: Option<String>,
}

impl<'a> Ways<'a> {
    /// Takes in a version that stands by itself.
    fn begin(&mut self, version: String, who: &[String], import: Option<&String>) {
        self.reach(
            version,
            Step {
                from: None,
                who: who.to_vec(),
                import: import.cloned(),
            },
        );
    }

    fn reach(&mut self, version: String, step: Step<'a>) {
        if !self.reached.contains_key(&version) {
            self.open.push_back(version.clone());
            self.reached.insert(version, step);
        }
    }

    /// The shortest way to a version from those that were taken in, if there is one.
    fn to(&mut self, version: &str, root: Root) -> Option<Basis> {
        while let Some(from) = self.open.pop_front() {
            for audit in self.changes.remove(&from).unwrap_or_default() {
                let step = Step {
                    from: audit.from.as_deref(),
                    who: audit.who.clone(),
                    import: audit.import.clone(),
                };
                self.reach(audit.to.clone(), step);
            }
        }
        let mut versions = Vec::new();
        let (mut who, mut imports) = (BTreeSet::new(), BTreeSet::new());
        let mut next = Some(version);
        while let Some(at) = next {
            let step = self.reached.get(at)?;
            versions.push(at.to_owned());
            who.extend(step.who.iter().cloned());
            imports.extend(step.import.iter().cloned());
            next = step.from;
        }
        versions.reverse();
        Some(Basis {
            root,
            versions,
            who: who.into_iter().collect(),
            imports: imports.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests;
