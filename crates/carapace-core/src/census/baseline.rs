//! Unsafe code that is known: written down once, and held against what is there now.
//!
//! A site is known by what it is and where it belongs, not by its line: its file, the item around it,
//! its kind and what is done in it. Sites that are alike are counted. So code that is moved within
//! its file, or a new version of a package that changes other code, has nothing new.
//!
//! In the file, each is one line.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Write as _};

use semver::Version;
use serde::Deserialize;

use super::{Census, PackageCensus, Site, State};
use crate::baseline::{self, BaselineError, FORM, write_package};
use crate::facts::unsafety::{Operation, SiteKind};
use crate::graph::{Graph, PackageIdx};
use crate::text::toml_string;

const HEAD: &str = "\
# Unsafe code that is known. What `cargo carapace unsafe` finds beyond it is new.
";

/// What a site is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteKey {
    /// The file, from the package's folder.
    pub file: String,
    /// The path of the enclosing item; of an item its own.
    pub item: String,
    /// What it is.
    pub kind: SiteKind,
    /// What is done in it, sorted, each once.
    pub operations: Vec<Operation>,
}

impl SiteKey {
    /// What a site is known by.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let mut operations = site.operations.clone();
        operations.sort();
        operations.dedup();
        Self {
            file: site.file.clone(),
            item: site.item.clone(),
            kind: site.kind,
            operations,
        }
    }
}

/// As one text, for fingerprints of findings.
impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:", self.file, self.item, self.kind)?;
        for (at, operation) in self.operations.iter().enumerate() {
            let between = if at == 0 { "" } else { "+" };
            write!(f, "{between}{}", operation.name())?;
        }
        Ok(())
    }
}

/// How often each site is there.
type Sites = BTreeMap<SiteKey, u32>;

/// Unsafe code that is known, by package and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    packages: BTreeMap<String, BTreeMap<Version, Sites>>,
}

/// Whether a site is one that a baseline holds: it is compiled, or may be. What tests, other features
/// and other targets use comes in when it is built.
#[must_use]
pub fn counts(site: &Site) -> bool {
    matches!(site.state, State::Active | State::Unknown | State::Macro)
}

fn sites_of(package: &PackageCensus, wanted: impl Fn(&Site) -> bool) -> Sites {
    let mut sites = Sites::new();
    for site in package.sites.iter().filter(|site| wanted(site)) {
        let count = sites.entry(SiteKey::of(site)).or_default();
        *count = count.saturating_add(1);
    }
    sites
}

impl Baseline {
    /// What there is now. Packages without unsafe code are in it, too: that they have none is known.
    #[must_use]
    pub fn of(graph: &Graph, census: &Census) -> Self {
        let mut baseline = Self::default();
        for (package, found) in graph.packages().iter().zip(&census.packages) {
            if found.scanned {
                let sites = sites_of(found, counts);
                baseline.merge(&package.name, &package.version, sites);
            }
        }
        baseline
    }

    /// Takes all sites of a package for known, compiled or not.
    pub fn know(&mut self, name: &str, version: &Version, package: &PackageCensus) {
        self.merge(name, version, sites_of(package, |_| true));
    }

    /// Takes sites of a package for known, as many as are given of each.
    pub fn know_sites(
        &mut self,
        name: &str,
        version: &Version,
        keys: impl IntoIterator<Item = SiteKey>,
    ) {
        let mut sites = Sites::new();
        for key in keys {
            let count = sites.entry(key).or_default();
            *count = count.saturating_add(1);
        }
        self.merge(name, version, sites);
    }

    /// Of a package that is there twice, from different sources, the more counts.
    fn merge(&mut self, name: &str, version: &Version, sites: Sites) {
        let versions = self.packages.entry(name.to_owned()).or_default();
        match versions.entry(version.clone()) {
            Entry::Vacant(slot) => {
                slot.insert(sites);
            }
            Entry::Occupied(mut known) => {
                for (key, count) in sites {
                    let known = known.get_mut().entry(key).or_default();
                    *known = count.max(*known);
                }
            }
        }
    }

    /// The version of a package that one is held against: itself, else the nearest before, else the
    /// nearest after.
    fn nearest(&self, name: &str, version: &Version) -> Option<(&Version, &Sites)> {
        let versions = self.packages.get(name)?;
        let before = versions.range(..=version.clone()).next_back();
        before.or_else(|| versions.iter().next())
    }

    /// How many sites are known.
    #[must_use]
    pub fn len(&self) -> u64 {
        let sites = self.packages.values().flat_map(BTreeMap::values);
        sites
            .flat_map(Sites::values)
            .map(|count| u64::from(*count))
            .sum()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(default, rename = "package")]
    packages: Vec<RawPackage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPackage {
    name: String,
    version: toml::Spanned<String>,
    #[serde(default)]
    sites: Vec<RawSite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSite {
    file: String,
    item: String,
    kind: SiteKind,
    #[serde(default)]
    operations: Vec<Operation>,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

impl Baseline {
    /// Reads a baseline's file.
    ///
    /// # Errors
    /// [`BaselineError`], with the line where there is one.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        let (raw, text): (Raw, &str) = baseline::read(bytes, baseline::UNSAFE)?;
        let mut baseline = Self::default();
        for package in raw.packages {
            let at = package.version.span().start;
            let version = Version::parse(package.version.get_ref()).map_err(|error| {
                let message = format!("`{}`: {error}", package.version.get_ref());
                baseline::malformed(text, Some(at), message)
            })?;
            let mut sites = Sites::new();
            for mut site in package.sites.into_iter().filter(|site| site.count > 0) {
                site.operations.sort();
                site.operations.dedup();
                let key = SiteKey {
                    file: site.file,
                    item: site.item,
                    kind: site.kind,
                    operations: site.operations,
                };
                let count = sites.entry(key).or_default();
                *count = count.saturating_add(site.count);
            }
            baseline.merge(&package.name, &version, sites);
        }
        Ok(baseline)
    }

    /// The file's text: the same for the same sites, in whichever order they were found.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = format!("{HEAD}version = {FORM}\n");
        for (name, versions) in &self.packages {
            for (version, sites) in versions {
                write_package(&mut text, name, version);
                if sites.is_empty() {
                    continue;
                }
                text.push_str("sites = [\n");
                for (key, count) in sites {
                    text.push_str(&line(key, *count));
                }
                text.push_str("]\n");
            }
        }
        text
    }
}

fn line(key: &SiteKey, count: u32) -> String {
    let mut line = format!(
        "    {{ file = {}, item = {}, kind = \"{}\"",
        toml_string(&key.file),
        toml_string(&key.item),
        key.kind
    );
    if !key.operations.is_empty() {
        let names = key.operations.iter().map(|operation| operation.name());
        let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let _ = write!(line, ", operations = [{}]", names.join(", "));
    }
    if count != 1 {
        let _ = write!(line, ", count = {count}");
    }
    line + " },\n"
}

/// New sites of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The package.
    pub package: PackageIdx,
    /// Their places in [`PackageCensus::sites`], in order. Of sites that are alike, the last ones:
    /// which of them came later cannot be told.
    pub sites: Vec<usize>,
    /// The version that is known of it; none if the package is new.
    pub known: Option<Version>,
}

/// A known site that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// The package.
    pub name: String,
    /// Its known version.
    pub version: Version,
    /// The site.
    pub site: SiteKey,
    /// How many of it are gone.
    pub count: u32,
}

/// What has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What is new, by package, in the order of the graph.
    pub new: Vec<New>,
    /// What is gone, sorted.
    pub gone: Vec<Gone>,
}

/// Holds what there is now against what is known. Packages whose sources were not at hand have
/// neither new sites nor gone ones.
#[must_use]
pub fn compare(baseline: &Baseline, graph: &Graph, census: &Census) -> Changes {
    let mut changes = Changes::default();
    // How many of each known site are there still; of several packages, the more counts.
    let mut left: BTreeMap<(&str, &Version), Sites> = BTreeMap::new();
    let mut unknown: Vec<&str> = Vec::new();
    for ((index, package), found) in graph.iter().zip(&census.packages) {
        if !found.scanned {
            unknown.push(&package.name);
            continue;
        }
        let known = baseline.nearest(&package.name, &package.version);
        let none = Sites::new();
        let known_sites = known.map_or(&none, |(_, sites)| sites);
        let mut seen = Sites::new();
        let mut new = Vec::new();
        for (place, site) in found.sites.iter().enumerate() {
            if !counts(site) {
                continue;
            }
            let key = SiteKey::of(site);
            let known = known_sites.get(&key).copied().unwrap_or_default();
            let seen = seen.entry(key).or_default();
            if *seen < known {
                *seen += 1;
            } else {
                new.push(place);
            }
        }
        if let Some((version, _)) = known {
            let left = left.entry((&package.name, version)).or_default();
            for (key, count) in seen {
                let left = left.entry(key).or_default();
                *left = count.max(*left);
            }
        }
        if !new.is_empty() {
            changes.new.push(New {
                package: index,
                sites: new,
                known: known.map(|(version, _)| version.clone()),
            });
        }
    }
    for (name, versions) in &baseline.packages {
        if unknown.contains(&name.as_str()) {
            continue;
        }
        for (version, sites) in versions {
            let left = left.get(&(name.as_str(), version));
            for (key, known) in sites {
                let left = left.and_then(|left| left.get(key)).copied();
                let count = known.saturating_sub(left.unwrap_or_default());
                if count > 0 {
                    changes.gone.push(Gone {
                        name: name.clone(),
                        version: version.clone(),
                        site: key.clone(),
                        count,
                    });
                }
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests;
