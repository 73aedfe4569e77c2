//! From the three files to a [`Store`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::{Version, VersionReq};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Value;

use super::{
    Audit, Broken, Exemption, Identity, Publisher, SAFE_TO_DEPLOY, SAFE_TO_RUN, Said, Store, Trust,
};
use crate::knowledge::date::Date;

/// The texts of a store's files, as far as they are there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    /// `audits.toml`
    pub audits: Option<&'a str>,
    /// `config.toml`
    pub config: Option<&'a str>,
    /// `imports.lock`
    pub imports: Option<&'a str>,
}

/// Why a store could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VetError {
    /// The file.
    pub file: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for VetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: not a file of cargo-vet's: {}",
            self.file, self.reason
        )
    }
}

impl std::error::Error for VetError {}

/// Entries of one kind, by package. What an entry holds is looked at one by one, so that one that is
/// not understood leaves the others.
type Entries = BTreeMap<String, Vec<Value>>;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct RawAudits {
    criteria: BTreeMap<String, Value>,
    audits: Entries,
    wildcard_audits: Entries,
    trusted: Entries,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawConfig {
    imports: BTreeMap<String, Value>,
    #[serde(alias = "unaudited")]
    exemptions: Entries,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawImports {
    publisher: Entries,
    audits: BTreeMap<String, RawAudits>,
}

/// Texts that may be written as one or as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
struct RawAudit {
    #[serde(default)]
    who: OneOrMany,
    criteria: OneOrMany,
    version: Option<String>,
    delta: Option<String>,
    violation: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawTrust {
    criteria: OneOrMany,
    user_id: Option<u32>,
    trusted_publisher: Option<String>,
    start: Value,
    end: Value,
}

#[derive(Deserialize)]
struct RawExemption {
    version: String,
    #[serde(default)]
    criteria: OneOrMany,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawPublisher {
    version: String,
    when: Value,
    user_id: Option<u32>,
    trusted_publisher: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct RawImport {
    exclude: Vec<String>,
    criteria_map: BTreeMap<String, OneOrMany>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawCriterion {
    implies: OneOrMany,
}

/// What an import's names of criteria mean here.
struct Names<'a> {
    import: Option<&'a str>,
    /// For each of its names, ours.
    map: BTreeMap<String, Vec<String>>,
    /// What its own criteria imply, by its names.
    implied: BTreeMap<String, BTreeSet<String>>,
}

impl Names<'_> {
    /// What criteria of its come to in ours: the built-in ones are everybody's, others mean nothing
    /// unless the project maps them.
    fn ours(&self, theirs: Vec<String>) -> Vec<String> {
        if self.import.is_none() {
            return theirs;
        }
        let all = closure(theirs.iter().map(String::as_str), &self.implied);
        let mut ours = BTreeSet::new();
        for name in all {
            match self.map.get(&name) {
                Some(mapped) => ours.extend(mapped.iter().cloned()),
                None if matches!(name.as_str(), SAFE_TO_RUN | SAFE_TO_DEPLOY) => {
                    ours.insert(name);
                }
                None => {}
            }
        }
        ours.into_iter().collect()
    }
}

/// Criteria and all that they imply.
pub(super) fn closure<'a>(
    criteria: impl Iterator<Item = &'a str>,
    implied: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = criteria.map(str::to_owned).collect();
    while let Some(name) = open.pop() {
        if name == SAFE_TO_DEPLOY {
            open.push(SAFE_TO_RUN.to_owned());
        }
        if let Some(more) = implied.get(&name) {
            open.extend(more.iter().filter(|more| !all.contains(*more)).cloned());
        }
        all.insert(name);
    }
    all
}

fn parse<T: DeserializeOwned + Default>(
    file: &'static str,
    text: Option<&str>,
) -> Result<T, VetError> {
    let Some(text) = text else {
        return Ok(T::default());
    };
    toml::from_str(text).map_err(|error| VetError {
        file,
        reason: error.message().to_owned(),
    })
}

fn implied(criteria: BTreeMap<String, Value>) -> BTreeMap<String, BTreeSet<String>> {
    let criteria = criteria.into_iter().map(|(name, value)| {
        let criterion: RawCriterion = value.try_into().unwrap_or_default();
        (name, criterion.implies.list().into_iter().collect())
    });
    criteria.collect()
}

/// A day, written as TOML's date or as a text.
fn day(value: &Value) -> Option<Date> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Datetime(time) => {
            let date = time.date?;
            Date::new(date.year, date.month, date.day)
        }
        _ => None,
    }
}

fn identity(user: Option<u32>, workflow: Option<String>) -> Option<Identity> {
    match (user, workflow) {
        (Some(number), None) => Some(Identity::User(number)),
        (None, Some(name)) => Some(Identity::TrustedPublisher(name)),
        _ => None,
    }
}

impl Store {
    /// Reads a store's files.
    ///
    /// # Errors
    /// [`VetError`] for a file that is not TOML, or has something else where tables of packages are.
    pub fn read(files: &Files<'_>) -> Result<Self, VetError> {
        let own: RawAudits = parse("audits.toml", files.audits)?;
        let config: RawConfig = parse("config.toml", files.config)?;
        let imports: RawImports = parse("imports.lock", files.imports)?;
        let mut store = Self {
            implied: implied(own.criteria.clone()),
            ..Self::default()
        };
        let names = Names {
            import: None,
            map: BTreeMap::new(),
            implied: BTreeMap::new(),
        };
        store.take(own, &names, &BTreeSet::new());
        for (import, audits) in imports.audits {
            let settings = config.imports.get(&import).cloned();
            let settings = settings.and_then(|value| value.try_into().ok());
            let settings: RawImport = settings.unwrap_or_default();
            let map = settings.criteria_map.into_iter();
            let names = Names {
                import: Some(&import),
                map: map.map(|(theirs, ours)| (theirs, ours.list())).collect(),
                implied: implied(audits.criteria.clone()),
            };
            store.take(audits, &names, &settings.exclude.into_iter().collect());
        }
        store.each(config.exemptions, |said, raw: RawExemption| {
            said.exemptions.push(Exemption {
                version: raw.version,
                criteria: raw.criteria.list(),
            });
            Some(())
        });
        store.each(imports.publisher, |said, raw: RawPublisher| {
            said.publishers.push(Publisher {
                version: Version::parse(&raw.version).ok()?,
                when: day(&raw.when)?,
                identity: identity(raw.user_id, raw.trusted_publisher)?,
            });
            Some(())
        });
        Ok(store)
    }

    /// Takes the entries of packages in, each by `take`; those that it has no use for are counted.
    fn each<T: DeserializeOwned>(
        &mut self,
        entries: Entries,
        mut take: impl FnMut(&mut Said, T) -> Option<()>,
    ) {
        for (package, entries) in entries {
            for entry in entries {
                let said = self.packages.entry(package.clone()).or_default();
                let taken = entry.try_into().ok().and_then(|raw| take(said, raw));
                self.set_aside += usize::from(taken.is_none());
            }
        }
    }

    fn take(&mut self, mut audits: RawAudits, names: &Names<'_>, exclude: &BTreeSet<String>) {
        audits
            .audits
            .retain(|package, _| !exclude.contains(package));
        let import = names.import.map(str::to_owned);
        self.each(audits.audits, |said, raw: RawAudit| {
            let criteria = names.ours(raw.criteria.list());
            let (who, import) = (raw.who.list(), import.clone());
            let (from, to) = match (raw.version, raw.delta, raw.violation) {
                (Some(version), None, None) => (None, version),
                (None, Some(delta), None) => {
                    let (from, to) = delta.split_once("->")?;
                    (Some(from.trim().to_owned()), to.trim().to_owned())
                }
                (None, None, Some(versions)) => {
                    said.violations.push(Broken {
                        versions: VersionReq::parse(&versions).ok()?,
                        criteria,
                        who,
                        import,
                    });
                    return Some(());
                }
                _ => return None,
            };
            said.audits.push(Audit {
                from,
                to,
                criteria,
                who,
                import,
            });
            Some(())
        });
        for (entries, is_wildcard) in [(audits.wildcard_audits, true), (audits.trusted, false)] {
            self.each(entries, |said, raw: RawTrust| {
                said.trust.push(Trust {
                    identity: identity(raw.user_id, raw.trusted_publisher)?,
                    start: day(&raw.start)?,
                    end: day(&raw.end)?,
                    criteria: names.ours(raw.criteria.list()),
                    is_wildcard,
                    import: import.clone(),
                });
                Some(())
            });
        }
    }
}
