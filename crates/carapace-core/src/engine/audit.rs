//! `audit`: what is known of what a project depends on.

mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use faults::VersionFaults;

use semver::{Version, VersionReq};

use super::{InputGaps, Run, Subject, Told, Toolchain};
use crate::graph::source::SourceKind;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::advisory::index::key;
use crate::knowledge::advisory::{Advisory, Kind};
use crate::knowledge::date::Date;
use crate::knowledge::registry::{Answer, Lookup, Registry};
use crate::policy::known::{Gone, Known};
use crate::policy::{Deny, Ignores, Policy};
use crate::reach::Reachability;
use crate::report::{
    ConfigEffect, Database, ExcludedBy, Exclusion, Gap, Ignored, InputKind, LeftOut, Report,
    Ruling, Settings,
};
use crate::rules::Hit;

/// What comes from outside the code.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The databases; the first is the main one.
    pub databases: Vec<Database>,
    /// The advisories, of whichever database, that may speak of a package of the subjects.
    pub advisories: Vec<Advisory>,
    /// The ignored ids that no database knows.
    pub unknown_ignores: Vec<String>,
    /// What the registry says of the packages.
    pub registry: Registry,
}

/// What is asked for, and what the edge found out before it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What to judge.
    pub subjects: Vec<Subject>,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What the edge could not do.
    pub gaps: Vec<Gap>,
    /// The day of the run, in UTC; none if that is not known.
    pub today: Option<Date>,
    /// Whether affected functions are reached, by subject; none where that could not be asked.
    pub reached: Vec<Option<Reached>>,
    /// Which configuration ruled.
    pub ruling: Option<Ruling>,
    /// The findings that are known, where they are held against any.
    pub known: Option<Known>,
}

/// Whether the functions that an advisory names are reached, by package and advisory.
pub type Reached = BTreeMap<(PackageIdx, String), Arc<Reachability>>;

/// Functions of a package that an advisory names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The package.
    pub package: PackageIdx,
    /// The advisory's id.
    pub advisory: String,
    /// The paths of those that are affected in the package's version.
    pub functions: Vec<String>,
}

/// The functions that advisories name in the packages of a graph, by package and advisory.
#[must_use]
pub fn affected(graph: &Graph, advisories: &[Advisory]) -> Vec<Affected> {
    let mut found: BTreeMap<(PackageIdx, &str), Affected> = BTreeMap::new();
    let named = advisories.iter().filter_map(|advisory| {
        let functions = &advisory.affected.as_ref()?.functions;
        (!functions.is_empty()).then(|| (advisory, key(advisory), functions))
    });
    for (advisory, name, functions) in named {
        for (package, of) in graph.iter() {
            if of.name != name || !advisory.affects(&of.version) {
                continue;
            }
            // The first database wins where two hold the same advisory.
            found.entry((package, &advisory.id)).or_insert_with(|| {
                let of_version = functions
                    .iter()
                    .filter(|(_, requirements)| is_in(requirements, &of.version));
                let mut paths: Vec<String> = of_version.map(|(path, _)| path.clone()).collect();
                // The version is affected: if none of the functions is, the requirements are wrong.
                if paths.is_empty() {
                    paths = functions.keys().cloned().collect();
                }
                Affected {
                    package,
                    advisory: advisory.id.clone(),
                    functions: paths,
                }
            });
        }
    }
    found.into_values().collect()
}

/// Whether a version is one of those in which a function is affected; also where that can't be said.
fn is_in(requirements: &[String], version: &Version) -> bool {
    requirements.is_empty()
        || !version.pre.is_empty()
        || requirements.iter().any(|requirement| {
            let requirement = VersionReq::parse(requirement);
            requirement.map_or(true, |requirement| requirement.matches(version))
        })
}

/// Judges the subjects by what is known.
#[must_use]
pub fn audit(request: Request, knowledge: &Knowledge, policy: &Policy) -> Report {
    let mut run = Run::new("audit", policy, request.config, request.gaps);
    database_gaps(knowledge, policy, request.today, &mut run.gaps);
    let advisories = by_package(&knowledge.advisories);
    let mut filter = Filter {
        policy,
        ignores: Ignores::new(&policy.ignores, request.today),
        ignored: BTreeSet::new(),
        left_out: Vec::new(),
    };
    let subjects = request.subjects.iter();
    let found: Vec<_> = subjects
        .map(|subject| {
            let of_toolchain = toolchain_hits(subject, &advisories, &mut filter);
            let hits = hits(subject, &advisories, &mut filter);
            Found {
                hits,
                of_toolchain,
                left_out: std::mem::take(&mut filter.left_out),
            }
        })
        .collect();
    run.ignored.append(&mut filter.ignored);
    // What is of no use in any input is told once.
    let mut idle = filter.ignores.idle(&knowledge.unknown_ignores);
    let mut reached = request.reached.into_iter();
    let known = request.known.as_ref();
    let mut gone = known.map_or_else(Vec::new, |known| {
        gone(known, &request.subjects, &found, knowledge, &run.gaps)
    });
    for (subject, found) in request.subjects.into_iter().zip(found) {
        let reached = reached.next().flatten();
        let own = std::mem::take(&mut idle);
        let gone = std::mem::take(&mut gone);
        let toolchain = subject.toolchain.clone();
        let told = Told {
            hits: &found.hits,
            left_out: &found.left_out,
            toolchain: toolchain
                .as_ref()
                .map(|toolchain| (toolchain, &*found.of_toolchain)),
            reached: reached.as_ref(),
            registry: Some(&knowledge.registry),
            idle_ignores: &own,
            known,
            gone: &gone,
            ..Told::default()
        };
        let is_told = |gap: &Gap| gap.what == ROLES && gap.input.as_ref() == Some(&subject.path);
        let are_unknown = subject.kind != InputKind::Binary
            && subject.roles.is_empty()
            && !run.gaps.iter().any(is_told);
        run.judge(subject, told, |graph, gaps| {
            if are_unknown {
                let reason =
                    "judged from the lockfile alone: what is in it counts, whether built or not";
                gaps.add(ROLES, None, reason, false);
            }
            input_gaps(graph, knowledge, policy, gaps);
            reach_gaps(graph, &found.hits, reached.as_ref(), policy, gaps);
        });
    }
    Report {
        ruling: request.ruling,
        ..run.report(knowledge.databases.clone(), settings(policy))
    }
}

/// The advisories that speak of a subject.
struct Found {
    hits: Vec<Hit>,
    of_toolchain: Vec<Arc<Advisory>>,
    left_out: Vec<LeftOut>,
}

/// What is known and not there any more, as far as that can be told.
fn gone(
    known: &Known,
    subjects: &[Subject],
    found: &[Found],
    knowledge: &Knowledge,
    gaps: &[Gap],
) -> Vec<Gone> {
    if gaps.iter().any(|gap| gap.what == Gap::INPUT) {
        return Vec::new();
    }
    let (mut spoken, mut packages) = (Vec::new(), Vec::new());
    for (subject, found) in subjects.iter().zip(found) {
        let all = subject.graph.packages().iter();
        packages.extend(all.map(|package| (package.name.as_str(), &package.version)));
        let hits = found
            .hits
            .iter()
            .map(|hit| (Some(hit.package), &hit.advisory));
        let of_toolchain = found.of_toolchain.iter().map(|advisory| (None, advisory));
        let left_out = found.left_out.iter();
        let left_out = left_out.map(|left_out| (left_out.package, &left_out.advisory));
        for (package, advisory) in hits.chain(of_toolchain).chain(left_out) {
            let version = match package {
                Some(index) => subject.graph.get(index).map(|package| &package.version),
                None => subject
                    .toolchain
                    .as_ref()
                    .map(|toolchain| &toolchain.version),
            };
            spoken.extend(version.map(|version| (&*advisory.package, version, &**advisory)));
        }
    }
    let is_toolchain_known = subjects.iter().all(|subject| subject.toolchain.is_some());
    let is_unknown = |name: &str| {
        let mut set_aside = knowledge.databases.iter().flat_map(|d| &d.info.set_aside);
        let is_of_rust = Toolchain::COMPONENTS.contains(&name);
        set_aside.any(|aside| aside.package.as_deref() == Some(name))
            || (is_of_rust && !is_toolchain_known)
    };
    known
        .findings
        .gone(&spoken, &packages, is_unknown, &known.file)
}

/// What the gap is called where it is not known what packages are for.
const ROLES: &str = "roles";

/// What the gap is called where it is not known whether functions are reached.
const REACHABILITY: &str = "reachability";

/// By their keys; see [`key`].
type ByPackage = BTreeMap<String, Vec<Arc<Advisory>>>;

/// The first database wins where two hold the same advisory.
fn by_package(advisories: &[Advisory]) -> ByPackage {
    let mut by_package = ByPackage::new();
    for advisory in advisories {
        let same = by_package.entry(key(advisory)).or_default();
        if same.iter().all(|known| known.id != advisory.id) {
            same.push(Arc::new(advisory.clone()));
        }
    }
    by_package
}

/// What advisories are left out by, and which were.
struct Filter<'a> {
    policy: &'a Policy,
    ignores: Ignores<'a>,
    ignored: BTreeSet<Ignored>,
    /// Those of the subject that is looked at.
    left_out: Vec<LeftOut>,
}

impl Filter<'_> {
    /// Whether an advisory of a package, or of the toolchain, is left out of a subject.
    fn leaves_out(
        &mut self,
        advisory: &Arc<Advisory>,
        subject: &Subject,
        package: Option<PackageIdx>,
    ) -> bool {
        let package = package.map(|package| (&*subject.graph, package));
        let ignore = self.ignores.find(advisory, package);
        let by_name = ignore.map(|ignore| Exclusion {
            by: ExcludedBy::Decision,
            reason: ignore.reason.clone(),
            until: ignore.until,
        });
        let runs_on = subject.binary.as_ref().map(|binary| &binary.runs_on);
        let by_policy = || self.policy.leaves_out(advisory, package, runs_on);
        let Some(exclusion) = by_name.or_else(by_policy) else {
            return false;
        };
        self.ignored.insert(Ignored {
            code: advisory.id.clone(),
            reason: exclusion.reason.clone(),
            until: exclusion.until,
        });
        self.left_out.push(LeftOut {
            package: package.map(|(_, index)| index),
            advisory: Arc::clone(advisory),
            exclusion,
        });
        true
    }
}

fn hits(subject: &Subject, advisories: &ByPackage, filter: &mut Filter<'_>) -> Vec<Hit> {
    let graph = &subject.graph;
    let mut hits = Vec::new();
    for (index, package) in graph.iter() {
        let Some(named) = advisories.get(&*package.name) else {
            continue;
        };
        for advisory in named.iter().filter(|a| a.affects(&package.version)) {
            if filter.leaves_out(advisory, subject, Some(index)) {
                continue;
            }
            hits.push(Hit {
                package: index,
                advisory: Arc::clone(advisory),
                certain: advisory.is_about(package.source.as_deref()),
            });
        }
    }
    hits
}

/// The advisories that speak of what compiled a subject, or compiles it.
fn toolchain_hits(
    subject: &Subject,
    advisories: &ByPackage,
    filter: &mut Filter<'_>,
) -> Vec<Arc<Advisory>> {
    let Some(toolchain) = &subject.toolchain else {
        return Vec::new();
    };
    let components = match subject.kind {
        InputKind::Binary => &Toolchain::IN_BINARY[..],
        _ => &Toolchain::COMPONENTS,
    };
    let components = components.iter();
    let named = components.filter_map(|component| advisories.get(*component));
    named
        .flatten()
        .filter(|advisory| advisory.affects(&toolchain.version))
        .filter(|advisory| !filter.leaves_out(advisory, subject, None))
        .cloned()
        .collect()
}

fn database_gaps(knowledge: &Knowledge, policy: &Policy, today: Option<Date>, gaps: &mut Vec<Gap>) {
    for database in &knowledge.databases {
        let info = &database.info;
        let mut gap = Gap::new("database", "");
        gap.path = Some(info.source.clone());
        gap.blocking = policy.age_is_required;
        let age = match (today, info.date) {
            (Some(today), Some(date)) => Some((today.days() - date.days(), date)),
            _ => None,
        };
        gap.reason = match age {
            None => "the age of the database is not known".to_owned(),
            Some((days, date)) if days < -1 => {
                format!("the database is dated {date}, in the future")
            }
            Some((days, date)) if days > policy.max_age_days => format!(
                "the database is of {date}, more than {} days ago: newer advisories are not \
                 known; `cargo carapace db update` fetches them",
                policy.max_age_days
            ),
            Some(_) => continue,
        };
        if !policy.stale {
            gaps.push(gap);
        }
    }
}

fn input_gaps(graph: &Graph, knowledge: &Knowledge, policy: &Policy, gaps: &mut InputGaps<'_>) {
    let set_aside = knowledge.databases.iter().flat_map(|d| &d.info.set_aside);
    for set_aside in set_aside {
        let named =
            |package: &&Package| set_aside.package.as_deref() == Some(package.name.as_str());
        for package in graph.packages().iter().filter(named) {
            let reason = format!(
                "the advisory {} about it could not be read: {}",
                set_aside.file, set_aside.reason
            );
            gaps.add("advisories", Some(package), reason, false);
        }
    }
    if let Some(reason) = elsewhere(graph) {
        gaps.add("advisories", None, reason, false);
    }
    if policy.registry {
        registry_gaps(graph, &knowledge.registry, policy, gaps);
    }
}

/// What of affected functions could not be looked at.
fn reach_gaps(
    graph: &Graph,
    hits: &[Hit],
    reached: Option<&Reached>,
    policy: &Policy,
    gaps: &mut InputGaps<'_>,
) {
    let Some(reached) = reached else {
        let mut affected = hits.iter().filter_map(|hit| hit.advisory.affected.as_ref());
        if policy.reachable && affected.any(|affected| !affected.functions.is_empty()) {
            let reason =
                "sources are not looked at: it takes a project, and what cargo knows of it";
            gaps.add(REACHABILITY, None, reason, true);
        }
        return;
    };
    let mut reasons: BTreeMap<&str, Vec<PackageIdx>> = BTreeMap::new();
    for hit in hits {
        let found = reached.get(&(hit.package, hit.advisory.id.clone()));
        if let Some(reason) = found.and_then(|found| found.unseen.as_deref()) {
            reasons.entry(reason).or_default().push(hit.package);
        }
    }
    for (reason, packages) in reasons {
        let package = packages.first().and_then(|index| graph.get(*index));
        let reason = format!("whether affected functions are reached is not known: {reason}");
        gaps.add(REACHABILITY, package, reason, policy.reachable);
    }
}

/// One line for all packages that no database of crates.io speaks of.
fn elsewhere(graph: &Graph) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for package in graph.packages() {
        let place = match package.source.as_deref() {
            Some(source) if source.is_crates_io() => continue,
            None => "in folders",
            Some(source) => match source.kind {
                SourceKind::Git(_) => "from git",
                SourceKind::Path => "in folders",
                _ => "from other registries",
            },
        };
        *counts.entry(place).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let counts: Vec<String> = counts
        .iter()
        .map(|(place, n)| format!("{n} {place}"))
        .collect();
    (total > 0).then(|| {
        let (packages, counts) = (counted(total), counts.join(", "));
        format!("{packages} not from crates.io ({counts}): compared by name and version only")
    })
}

fn registry_gaps(graph: &Graph, registry: &Registry, policy: &Policy, gaps: &mut InputGaps<'_>) {
    let blocking = policy.requires(Deny::Yanked);
    // One reason for hundreds of packages is one gap.
    let mut unknown: BTreeMap<&str, Vec<PackageIdx>> = BTreeMap::new();
    let mut kept = 0;
    for (index, package) in graph.iter().filter(|(_, package)| package.is_crates_io()) {
        let reason = match registry.get(&package.name, &package.version) {
            Some(Lookup::Fresh(_)) => continue,
            Some(Lookup::Kept(Answer::Release(_))) => {
                kept += 1;
                continue;
            }
            Some(Lookup::Kept(_)) => "the kept copy of the registry's index does not know it",
            Some(Lookup::Unknown(reason)) => reason,
            None => "the registry was not asked",
        };
        unknown.entry(reason).or_default().push(index);
    }
    if kept > 0 {
        let reason = format!(
            "{} answered by a kept copy of the registry's index, which may be older than the last \
             change",
            counted(kept)
        );
        gaps.add("yanked", None, reason, false);
    }
    for (reason, packages) in unknown {
        match packages.as_slice() {
            [one] => gaps.add("yanked", graph.get(*one), reason, blocking),
            many => {
                let reason = format!("{} packages: {reason}", many.len());
                gaps.add("yanked", None, reason, blocking);
            }
        }
    }
}

/// So many packages, and the verb that goes with them.
fn counted(packages: usize) -> String {
    match packages {
        1 => "1 package is".to_owned(),
        n => format!("{n} packages are"),
    }
}

fn settings(policy: &Policy) -> Settings {
    let kinds = [Kind::Unmaintained, Kind::Unsound, Kind::Notice];
    let shown = |kind: &Kind| {
        let shown = policy.informational.as_ref();
        shown.is_none_or(|shown| shown.contains(kind))
    };
    Settings {
        target_arch: policy.target_arch.clone(),
        target_os: policy.target_os.clone(),
        severity: policy.severity_threshold.map(|level| level.name()),
        ignore: policy.ignores.iter().map(|i| i.id.clone()).collect(),
        informational_warnings: kinds
            .iter()
            .filter(|k| shown(k))
            .map(|k| k.name())
            .collect(),
    }
}
