//! Findings that are known: written down once, and held against what is found now.
//!
//! A finding is known by its rule, its advisory and its package. That the package moves on to another
//! version with the same fault is nothing new; that it comes in a second version, is: of an advisory,
//! as many versions of a package are known as the file has. What the registry says of a version is
//! known of that version alone.
//!
//! What was published to do harm, and what is not what its registry has, is never known: nobody agrees
//! to that by writing a file. Nor are faults of the settings themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use semver::Version;
use serde::Deserialize;

use super::unsafety::Place;
use crate::baseline::{self, BaselineError, FORM, write_package};
use crate::engine::Toolchain;
use crate::finding::{Finding, Level};
use crate::graph::Graph;
use crate::knowledge::advisory::Advisory;
use crate::report::Report;
use crate::rules::{Group, Rule};
use crate::text::toml_string;

/// The command whose baselines these are.
const AUDIT: &str = "audit";

const HEAD: &str = "\
# Findings that are known. What `cargo carapace audit` finds beyond them is new.
";

/// What is known of a version of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct What {
    /// The rule's code.
    code: &'static str,
    /// The advisory's id, or another of its names; none for what is no advisory.
    advisory: Option<String>,
}

/// Findings that are known. Packages are what advisories are about: parts of Rust, too, as `rust/std`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownFindings {
    /// By package: by version what is known of it, and in which line, from 1; 0 for none.
    packages: BTreeMap<String, BTreeMap<Version, BTreeMap<What, u32>>>,
}

/// Known findings, and where they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The findings.
    pub findings: KnownFindings,
    /// The file, as shown.
    pub file: String,
}

/// A known finding that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// The package.
    pub package: String,
    /// Its known version.
    pub version: Version,
    /// The advisory's id; of what is no advisory, the rule's code.
    pub code: String,
    /// Where it is written.
    pub place: Place,
}

/// An advisory that speaks of a version of a package, or of a part of Rust.
pub(crate) type Spoken<'a> = (&'a str, &'a Version, &'a Advisory);

/// Whether findings of a rule can be known.
fn can_be_known(rule: &Rule) -> bool {
    let is_attack = matches!(rule.name, "malicious" | "checksum" | "edited-source");
    matches!(rule.group, Group::Advisory | Group::Supply) && !is_attack
}

/// The package that a finding is about, or the part of Rust, and its version.
fn subject<'a>(
    finding: &'a Finding,
    graph: &'a Graph,
    toolchain: Option<&'a Toolchain>,
) -> Option<(&'a str, &'a Version)> {
    if finding.rule.is_about_toolchain() {
        let advisory = finding.advisory.as_deref()?;
        return Some((&advisory.package, &toolchain?.version));
    }
    let package = graph.get(finding.package?)?;
    Some((&package.name, &package.version))
}

/// Of known versions and of those that are there: which of these are known, and which of those are
/// not there any more. `may_move` is whether one may have become another.
fn pair<'a>(
    known: BTreeSet<&'a Version>,
    there: &BTreeSet<&'a Version>,
    may_move: bool,
) -> (BTreeSet<&'a Version>, BTreeSet<&'a Version>) {
    let mut paired: BTreeSet<&Version> = known.intersection(there).copied().collect();
    let mut left: BTreeSet<&Version> = known.difference(there).copied().collect();
    if !may_move {
        return (paired, left);
    }
    // A package rather moves on to what is compatible with it.
    let is_compatible = |a: &Version, b: &Version| {
        let first = |v: &Version| (v.major, if v.major == 0 { v.minor } else { 0 });
        first(a) == first(b)
    };
    for is_it in [
        &is_compatible as &dyn Fn(&Version, &Version) -> bool,
        &|_, _| true,
    ] {
        for version in there {
            if paired.contains(version) {
                continue;
            }
            let found = left.iter().copied().find(|known| is_it(known, version));
            if let Some(known) = found {
                left.remove(known);
                paired.insert(version);
            }
        }
    }
    (paired, left)
}

impl KnownFindings {
    /// What there is in a report that can be known.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut known = Self::default();
        for input in &report.inputs {
            let toolchain = input.details.toolchain.as_ref();
            for finding in &input.findings {
                if let Some((name, version)) = subject(finding, &input.graph, toolchain)
                    && can_be_known(finding.rule)
                {
                    known.insert(name, version, what(finding), 0);
                }
            }
        }
        known
    }

    fn insert(&mut self, name: &str, version: &Version, what: What, line: u32) {
        let versions = self.packages.entry(name.to_owned()).or_default();
        let known = versions.entry(version.clone()).or_default();
        known.entry(what).or_insert(line);
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        let versions = self.packages.values().flat_map(BTreeMap::values);
        versions.map(BTreeMap::len).sum()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// The versions of a package of which something is known.
    fn versions(&self, name: &str, is_it: impl Fn(&What) -> bool) -> BTreeSet<&Version> {
        let versions = self.packages.get(name).into_iter().flatten();
        let versions = versions.filter(|(_, known)| known.keys().any(&is_it));
        versions.map(|(version, _)| version).collect()
    }

    /// Lowers what is known among the findings of one input to a note.
    pub(crate) fn mark(
        &self,
        findings: &mut [Finding],
        graph: &Graph,
        toolchain: Option<&Toolchain>,
        file: &str,
    ) {
        let mut groups: BTreeMap<(String, What), Vec<(Version, usize)>> = BTreeMap::new();
        for (at, finding) in findings.iter().enumerate() {
            if let Some((name, version)) = subject(finding, graph, toolchain)
                && can_be_known(finding.rule)
            {
                let group = groups.entry((name.to_owned(), what(finding))).or_default();
                group.push((version.clone(), at));
            }
        }
        for ((name, found), group) in groups {
            let first = group.first().and_then(|(_, at)| findings.get(*at));
            let advisory = first.and_then(|finding| finding.advisory.clone());
            let known = self.versions(&name, |what| {
                what.code == found.code && what.names(advisory.as_deref())
            });
            let there = group.iter().map(|(version, _)| version).collect();
            let (paired, _) = pair(known, &there, advisory.is_some());
            for (version, at) in &group {
                if let Some(finding) = findings.get_mut(*at).filter(|_| paired.contains(version)) {
                    finding.level = Level::Note;
                    finding.known = true;
                    finding.evidence.push(format!("known: it is in {file}"));
                }
            }
        }
    }

    /// What is not there any more. `spoken` is what advisories speak of, whether policy leaves it out
    /// or not; `packages` is all that was judged. Of packages that `is_unknown` it is not told.
    pub(crate) fn gone(
        &self,
        spoken: &[Spoken<'_>],
        packages: &[(&str, &Version)],
        is_unknown: impl Fn(&str) -> bool,
        file: &str,
    ) -> Vec<Gone> {
        let mut gone = Vec::new();
        for (name, versions) in self.packages.iter().filter(|(name, _)| !is_unknown(name)) {
            let all: BTreeSet<&What> = versions.values().flat_map(BTreeMap::keys).collect();
            for what in all {
                let known = self.versions(name, |other| other == what);
                let there = match &what.advisory {
                    Some(_) => spoken
                        .iter()
                        .filter(|(of, _, advisory)| of == name && what.names(Some(advisory)))
                        .map(|(_, version, _)| *version)
                        .collect(),
                    None => packages
                        .iter()
                        .filter(|(of, _)| of == name)
                        .map(|(_, version)| *version)
                        .collect(),
                };
                let (_, left) = pair(known, &there, what.advisory.is_some());
                gone.extend(left.into_iter().map(|version| {
                    Gone {
                        package: name.clone(),
                        version: version.clone(),
                        code: what
                            .advisory
                            .clone()
                            .unwrap_or_else(|| what.code.to_owned()),
                        place: Place {
                            file: file.to_owned(),
                            line: versions
                                .get(version)
                                .and_then(|known| known.get(what))
                                .copied()
                                .unwrap_or_default(),
                        },
                    }
                }));
            }
        }
        gone.sort();
        gone
    }
}

impl What {
    /// Whether it is about an advisory, or about none.
    fn names(&self, advisory: Option<&Advisory>) -> bool {
        match (&self.advisory, advisory) {
            (Some(id), Some(advisory)) => advisory.is_named(id),
            (None, None) => true,
            _ => false,
        }
    }
}

fn what(finding: &Finding) -> What {
    let advisory = finding.advisory.as_ref();
    What {
        code: finding.rule.meta.code,
        advisory: advisory.map(|advisory| advisory.id.clone()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "command")]
    _command: String,
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
    findings: Vec<RawFinding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFinding {
    code: toml::Spanned<String>,
    advisory: Option<String>,
}

impl KnownFindings {
    /// Reads a baseline's file.
    ///
    /// # Errors
    /// [`BaselineError`], with the line where there is one; also for what can never be known.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        let (raw, text): (Raw, &str) = baseline::read(bytes, AUDIT)?;
        let lines = crate::text::LineIndex::new(text);
        let malformed = |at: usize, message: String| baseline::malformed(text, Some(at), message);
        let mut known = Self::default();
        for package in raw.packages {
            let version = package.version.get_ref();
            let version = Version::parse(version).map_err(|error| {
                malformed(
                    package.version.span().start,
                    format!("`{version}`: {error}"),
                )
            })?;
            for finding in package.findings {
                let (at, code) = (finding.code.span().start, finding.code.get_ref());
                let rule = Rule::find(code)
                    .ok_or_else(|| malformed(at, format!("`{code}` is no rule's code")))?;
                if !can_be_known(rule) {
                    let message = format!(
                        "{} is never known by a baseline; [[audit.ignore]] or [rules] in \
                         carapace.toml, with a reason, leave it out",
                        rule.meta.code
                    );
                    return Err(malformed(at, message));
                }
                let what = What {
                    code: rule.meta.code,
                    advisory: finding.advisory,
                };
                known.insert(&package.name, &version, what, lines.line(at));
            }
        }
        Ok(known)
    }

    /// The file's text: the same for the same findings, in whichever order they were found.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = format!("{HEAD}command = \"{AUDIT}\"\nversion = {FORM}\n");
        for (name, versions) in &self.packages {
            for (version, known) in versions {
                write_package(&mut text, name, version);
                text.push_str("findings = [\n");
                for what in known.keys() {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "    {{ code = \"{}\"", what.code);
                    if let Some(advisory) = &what.advisory {
                        let _ = write!(text, ", advisory = {}", toml_string(advisory));
                    }
                    text.push_str(" },\n");
                }
                text.push_str("]\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::sample::everything;

    /// A known version, those that are there: which of these are known, how many are gone.
    fn paired(known: &[&str], there: &[&str], may_move: bool) -> (Vec<String>, usize) {
        let versions = |texts: &[&str]| -> Vec<Version> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let (known, there) = (versions(known), versions(there));
        let (paired, left) = pair(known.iter().collect(), &there.iter().collect(), may_move);
        (paired.iter().map(ToString::to_string).collect(), left.len())
    }

    #[test]
    fn versions_move_and_more_of_them_are_new() {
        let of =
            |versions: &[&str], left| (versions.iter().map(|v| (*v).to_owned()).collect(), left);
        assert_eq!(paired(&["1.0.0"], &["1.0.0"], true), of(&["1.0.0"], 0));
        assert_eq!(paired(&["1.0.0"], &["1.2.0"], true), of(&["1.2.0"], 0));
        assert_eq!(paired(&["1.0.0"], &["2.0.0"], true), of(&["2.0.0"], 0));
        assert_eq!(
            paired(&["1.0.0"], &["0.9.0", "1.2.0"], true),
            of(&["1.2.0"], 0)
        );
        assert_eq!(
            paired(&["1.0.0"], &["0.9.0", "1.0.0"], true),
            of(&["1.0.0"], 0)
        );
        assert_eq!(
            paired(&["0.1.0", "0.2.0"], &["0.2.3"], true),
            of(&["0.2.3"], 1)
        );
        assert_eq!(paired(&["1.0.0"], &[], true), of(&[], 1));
        assert_eq!(paired(&["1.0.0"], &["1.2.0"], false), of(&[], 1));
    }

    #[test]
    fn what_is_written_is_read() {
        let known = KnownFindings::of(&everything());
        let text = known.write();
        assert_eq!(
            text,
            "# Findings that are known. What `cargo carapace audit` finds beyond them is new.\n\
             command = \"audit\"\nversion = 1\n\n\
             [[package]]\nname = \"forked\"\nversion = \"1.0.0\"\nfindings = [\n    \
             { code = \"ADV006\", advisory = \"RUSTSEC-2099-0004\" },\n]\n\n\
             [[package]]\nname = \"parser\"\nversion = \"1.1.0\"\nfindings = [\n    \
             { code = \"ADV001\", advisory = \"RUSTSEC-2099-0001\" },\n    \
             { code = \"ADV001\", advisory = \"RUSTSEC-2099-0002\" },\n]\n\n\
             [[package]]\nname = \"parsre\"\nversion = \"1.1.0\"\nfindings = [\n    \
             { code = \"SUP001\" },\n]\n\n\
             [[package]]\nname = \"web\"\nversion = \"2.0.0\"\nfindings = [\n    \
             { code = \"ADV004\", advisory = \"RUSTSEC-2099-0005\" },\n    { code = \"SUP001\" },\n]\n"
        );
        let again = KnownFindings::parse(text.as_bytes()).unwrap();
        assert_eq!((again.write(), again.len()), (text, known.len()));
        assert!(KnownFindings::default().is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let head = "command = \"audit\"\nversion = 1\n";
        let package = |version: &str, code: &str| {
            format!(
                "{head}[[package]]\nname = \"a\"\nversion = \"{version}\"\n\
                 findings = [{{ code = \"{code}\" }}]\n"
            )
        };
        for (text, expected) in [
            (
                "version = 1\n".to_owned(),
                "a baseline of `cargo carapace unsafe`, not of `cargo carapace audit`",
            ),
            (head.replace('1', "2"), "this program knows 1"),
            (package("1", "ADV001"), "line 5: `1`: "),
            (package("1.0.0", "X"), "line 6: `X` is no rule's code"),
            (package("1.0.0", "ADV002"), "line 6: ADV002 is never known"),
            (package("1.0.0", "SUP003"), "line 6: SUP003 is never known"),
            (package("1.0.0", "POL001"), "line 6: POL001 is never known"),
            (package("1.0.0", "UNS001"), "line 6: UNS001 is never known"),
            (format!("{head}x = 1\n"), "line 3: unknown field"),
            ("[".to_owned(), "line 1: "),
        ] {
            let error = KnownFindings::parse(text.as_bytes()).unwrap_err();
            let error = error.to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        // Nor is it taken for the other command's.
        let other = crate::census::baseline::Baseline::parse(head.as_bytes()).unwrap_err();
        assert!(
            other
                .to_string()
                .contains("a baseline of `cargo carapace audit`"),
            "{other}"
        );
    }

    proptest! {
        /// As many are known as there were, and what is there as it was, is known.
        #[test]
        fn no_more_are_known_than_were(known in prop::collection::btree_set(0_u64..6, 0..5), there in prop::collection::btree_set(0_u64..6, 0..5)) {
            let versions = |minors: &BTreeSet<u64>| -> Vec<Version> {
                minors.iter().map(|n| Version::new(n % 2, *n, 0)).collect()
            };
            let (known, there) = (versions(&known), versions(&there));
            let (known, there) = (known.iter().collect::<BTreeSet<_>>(), there.iter().collect());
            let (paired, left) = pair(known.clone(), &there, true);
            prop_assert!(paired.is_superset(&known.intersection(&there).copied().collect()));
            prop_assert!(paired.is_subset(&there));
            prop_assert_eq!(paired.len() + left.len(), known.len());
            prop_assert_eq!(paired.len(), known.len().min(there.len()));
        }
    }
}
