//! What is found in one state of a project, and what is different from another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use carapace_core::engine::{Knowledge, Subject};
use carapace_core::finding::{Finding, Level};
use carapace_core::fix::update::Stuck;
use carapace_core::graph::{Graph, Package, PackageIdx, lockfile};
use carapace_core::report::{FixChange, FixStatus, Fixed, FixedFinding, Input, InputKind, Report};
use carapace_core::rules::Group;

use crate::cli::Failure;

/// What a finding is, whatever version it is found in: rule, advisory, package's name.
type Key = (&'static str, Option<String>, String);

/// A faulty package of a state, which is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its place in the state's graph; not what it is known by in another one.
    pub(super) index: PackageIdx,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) subject: String,
    /// What of it is found, as the planner calls it.
    pub(super) faults: BTreeSet<String>,
    findings: Vec<FixedFinding>,
}

/// Why nothing was done about a target.
#[derive(Debug, Clone, Default)]
pub(super) struct Why {
    pub(super) reason: String,
    pub(super) alternatives: Vec<String>,
    /// Whether that is for want of knowledge.
    pub(super) is_unknown: bool,
}

impl From<&Stuck> for Why {
    fn from(stuck: &Stuck) -> Self {
        Self {
            reason: stuck.to_string(),
            alternatives: stuck.alternatives(),
            is_unknown: matches!(stuck, Stuck::Unknown { .. }),
        }
    }
}

/// Whether a finding is one that another version of its package may not have.
fn is_of_a_version(finding: &Finding) -> bool {
    let of_versions = [
        "malicious",
        "notice",
        "unmaintained",
        "unsound",
        "vulnerability",
        "removed",
        "yanked",
    ];
    finding.package.is_some() && of_versions.contains(&finding.rule.name)
}

/// Whether a finding is one that a fix was asked for.
pub(super) fn is_to_go(finding: &Finding) -> bool {
    matches!(finding.rule.group, Group::Advisory | Group::Supply) && finding.level >= Level::Warn
}

/// Whether it is one, and other versions of its package can be chosen.
pub(super) fn is_mendable(graph: &Graph, finding: &Finding) -> bool {
    let package = finding.package.and_then(|index| graph.get(index));
    is_to_go(finding) && is_of_a_version(finding) && package.is_some_and(Package::is_crates_io)
}

/// What no change of versions does anything about.
pub(super) fn beyond_versions(input: &Input) -> Vec<Fixed> {
    let findings = input.findings.iter();
    let findings =
        findings.filter(|finding| is_to_go(finding) && !is_mendable(&input.graph, finding));
    findings
        .map(|finding| {
            let (reason, alternatives) = match is_of_a_version(finding) {
                true => (
                    "the package is not from crates.io",
                    vec!["update it where it comes from".to_owned()],
                ),
                false => (
                    "no other version of a package changes it",
                    finding.help.clone(),
                ),
            };
            Fixed {
                reason: Some(reason.to_owned()),
                alternatives,
                ..fixed(input, finding)
            }
        })
        .collect()
}

/// All that could be mended, and is not, for one reason.
pub(super) fn stuck(input: &Input, reason: &str) -> Vec<Fixed> {
    let findings = input.findings.iter();
    let findings = findings.filter(|finding| is_mendable(&input.graph, finding));
    findings
        .map(|finding| Fixed {
            reason: Some(reason.to_owned()),
            ..fixed(input, finding)
        })
        .collect()
}

fn fixed(input: &Input, finding: &Finding) -> Fixed {
    let package = finding.package.and_then(|index| input.graph.get(index));
    let is_of_rust = finding.rule.name == "toolchain";
    let left = Fixed::left(&input.path, package);
    Fixed {
        subject: match package.is_none() || is_of_rust {
            true => "the toolchain".to_owned(),
            false => left.subject,
        },
        findings: vec![named(finding)],
        ..left
    }
}

fn subject_of(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn named(finding: &Finding) -> FixedFinding {
    let advisory = finding.advisory.as_ref().map(|advisory| &advisory.id);
    FixedFinding {
        fingerprint: finding.fingerprint.clone(),
        name: advisory
            .map_or(finding.rule.name, String::as_str)
            .to_owned(),
    }
}

/// A lockfile, to be judged by itself.
pub(super) fn subject(path: &str, bytes: &[u8]) -> Result<Subject, Failure> {
    let graph = lockfile::read(bytes).and_then(|lockfile| Graph::from_lockfile(&lockfile))?;
    Ok(Subject::new(
        path.to_owned(),
        InputKind::Lockfile,
        Arc::new(graph),
    ))
}

/// What is found in a state.
pub(super) struct Seen {
    input: String,
    pub(super) graph: Arc<Graph>,
    pub(super) knowledge: Knowledge,
    findings: Vec<Finding>,
    /// What of the project itself is to go.
    wanted: BTreeSet<Key>,
}

impl Seen {
    /// `input` is the project as it was judged, with all that is known of it; what was found there and
    /// nothing else is to go.
    pub(super) fn new(
        input: &Input,
        graph: Arc<Graph>,
        report: Report,
        knowledge: Knowledge,
    ) -> Self {
        let wanted = input.findings.iter();
        let wanted = wanted.filter(|finding| is_mendable(&input.graph, finding));
        let findings = report.inputs.into_iter().flat_map(|input| input.findings);
        Self {
            input: input.path.clone(),
            knowledge,
            findings: findings.filter(is_of_a_version).collect(),
            wanted: wanted.map(|finding| key(&input.graph, finding)).collect(),
            graph,
        }
    }

    fn counts(&self) -> BTreeMap<Key, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(key(&self.graph, finding)).or_default() += 1;
        }
        counts
    }

    /// What is to go and is still there, by package.
    pub(super) fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for finding in &self.findings {
            let Some(index) = finding.package else {
                continue;
            };
            let Some(package) = self.graph.get(index) else {
                continue;
            };
            if !self.wanted.contains(&key(&self.graph, finding)) || !package.is_crates_io() {
                continue;
            }
            let named = named(finding);
            let known = targets.iter().position(|target| target.index == index);
            let at = known.unwrap_or_else(|| {
                targets.push(Target {
                    index,
                    id: package.id(),
                    name: package.name.clone(),
                    subject: subject_of(package),
                    faults: BTreeSet::new(),
                    findings: Vec::new(),
                });
                targets.len() - 1
            });
            if let Some(target) = targets.get_mut(at) {
                target.faults.insert(named.name.clone());
                target.findings.push(named);
            }
        }
        targets
    }

    /// What a change brings that was not there; none is what it has to be.
    pub(super) fn brought(&self, after: &Self) -> Vec<String> {
        let before = self.counts();
        let more = after
            .counts()
            .into_iter()
            .filter(|(key, count)| before.get(key).is_none_or(|before| count > before));
        more.map(|((rule, advisory, name), _)| {
            format!("{} of {name}", advisory.unwrap_or_else(|| rule.to_owned()))
        })
        .collect()
    }

    /// Whether there is less to go after a change, and nothing more.
    pub(super) fn is_better(&self, after: &Self) -> bool {
        after.findings.len() < self.findings.len() && self.brought(after).is_empty()
    }

    /// What a change has done away with, and what it changes besides the requirements; none if
    /// nothing is gone.
    pub(super) fn gone(
        &self,
        after: &Self,
        target: Option<&Target>,
        requirements: &[FixChange],
    ) -> Option<Fixed> {
        let left: BTreeSet<&str> = after
            .findings
            .iter()
            .map(|f| f.fingerprint.as_str())
            .collect();
        let (before, counts) = (self.counts(), after.counts());
        let is_gone = |finding: &&Finding| {
            let key = key(&self.graph, finding);
            !left.contains(finding.fingerprint.as_str())
                && counts.get(&key).unwrap_or(&0) < before.get(&key).unwrap_or(&0)
        };
        let findings: Vec<FixedFinding> = self.findings.iter().filter(is_gone).map(named).collect();
        let mut changes = requirements.to_vec();
        changes.extend(changed(&self.graph, &after.graph));
        (!findings.is_empty()).then(|| Fixed {
            input: self.input.clone(),
            package: target.map(|target| target.id.clone()).unwrap_or_default(),
            subject: match target {
                Some(target) => target.subject.clone(),
                None => "a lockfile that does not fit its manifests".to_owned(),
            },
            findings,
            status: FixStatus::Planned,
            changes,
            reason: None,
            alternatives: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// That nothing was done about a target.
    pub(super) fn stuck(&self, target: &Target, why: Why) -> Fixed {
        Fixed {
            input: self.input.clone(),
            package: target.id.clone(),
            subject: target.subject.clone(),
            findings: target.findings.clone(),
            status: FixStatus::None,
            changes: Vec::new(),
            reason: Some(why.reason),
            alternatives: why.alternatives,
            notes: Vec::new(),
        }
    }
}

fn key(graph: &Graph, finding: &Finding) -> Key {
    let package = finding.package.and_then(|index| graph.get(index));
    let advisory = finding
        .advisory
        .as_ref()
        .map(|advisory| advisory.id.clone());
    let name = package.map(|package| package.name.clone());
    (finding.rule.name, advisory, name.unwrap_or_default())
}

/// The versions that differ, by name.
fn changed(before: &Graph, after: &Graph) -> Vec<FixChange> {
    let versions = |graph: &Graph| {
        let mut versions: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for package in graph.packages() {
            let of_name = versions.entry(package.name.clone()).or_default();
            of_name.insert(package.version.clone());
        }
        versions
    };
    let (before, after) = (versions(before), versions(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = BTreeSet::new();
    names
        .into_iter()
        .filter_map(|name| {
            let old = before.get(name).unwrap_or(&none);
            let new = after.get(name).unwrap_or(&none);
            (old != new).then(|| FixChange::Lockfile {
                package: name.clone(),
                from: old.difference(new).map(ToString::to_string).collect(),
                to: new.difference(old).map(ToString::to_string).collect(),
            })
        })
        .collect()
}
