//! From what was found out to the report.
//!
//! Each command has a room of its own: what it is asked, and what it makes of it for the rules.
//! Shared is what comes after: every rule looks at every input, and what they say is levelled by
//! policy, sorted and summed up to a verdict.

mod audit;
mod dance;
mod publishers;
mod unsafety;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use audit::{Affected, Knowledge, Reached, Request, VersionFaults, affected, audit};
pub use dance::{DanceRequest, dance};
pub use publishers::{PublishersRequest, publishers};
pub use unsafety::{UnsafetyRequest, unsafety};

use semver::Version;

use crate::census::baseline::Changes;
use crate::census::dance::Dance;
use crate::census::survey::Survey;
use crate::finding::{Finding, Level};
use crate::graph::binary::Provenance;
use crate::graph::paths::Budget;
use crate::graph::units::{Role, Roles};
use crate::graph::{Graph, Package, Problem};
use crate::knowledge::advisory::Advisory;
use crate::knowledge::registry::Registry;
use crate::policy::known::{Gone, Known};
use crate::policy::unsafety::Place;
use crate::policy::{Idle, Ignore, NotShipped, Policy};
use crate::reach;
use crate::report::{
    ConfigEffect, Database, Details, ExcludedBy, Exclusion, Gap, Ignored, Input, InputKind,
    LeftOut, Report, Settings, Verdict,
};
use crate::rules::{Context, Hit, registry::RULES};
use crate::supply::Supply;

/// One thing to judge.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its path, as shown.
    pub path: String,
    /// Its path from the root of its repository, where it is in one.
    pub repository_path: Option<String>,
    /// What it is.
    pub kind: InputKind,
    /// Its packages.
    pub graph: Arc<Graph>,
    /// What each package is for, by their places in the graph; empty where that is not known. A
    /// package of which it is not known has none.
    pub roles: Vec<Roles>,
    /// What compiles it, where that is known.
    pub toolchain: Option<Toolchain>,
    /// What is known of a binary beside its packages; none of other kinds.
    pub binary: Option<Arc<Provenance>>,
}

impl Subject {
    /// One of which no more is known than its packages.
    #[must_use]
    pub fn new(path: impl Into<String>, kind: InputKind, graph: Arc<Graph>) -> Self {
        Self {
            path: path.into(),
            repository_path: None,
            kind,
            graph,
            roles: Vec::new(),
            toolchain: None,
            binary: None,
        }
    }
}

/// What compiles a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The version of rustc, and so of the standard library.
    pub version: Version,
    /// The file and line that pin it; none for what is installed.
    pub pinned: Option<Place>,
}

impl Toolchain {
    /// What the database calls its parts.
    pub const COMPONENTS: [&'static str; 4] =
        ["rust/cargo", "rust/rustc", "rust/rustdoc", "rust/std"];

    /// Those that a binary can suffer from: what is in it, and what wrote it.
    const IN_BINARY: [&'static str; 2] = ["rust/rustc", "rust/std"];
}

/// What a command has found out for the rules. Those that are about something else find nothing.
#[derive(Clone, Copy, Default)]
struct Told<'a> {
    hits: &'a [Hit],
    reached: Option<&'a Reached>,
    left_out: &'a [LeftOut],
    registry: Option<&'a Registry>,
    idle_ignores: &'a [(&'a Ignore, Idle)],
    known: Option<&'a Known>,
    gone: &'a [Gone],
    toolchain: Option<(&'a Toolchain, &'a [Arc<Advisory>])>,
    survey: Option<&'a Survey>,
    changes: Option<&'a Changes>,
    supply: Option<&'a Supply>,
    dance: Option<&'a Dance>,
}

/// What of one input was not looked at.
struct InputGaps<'a> {
    input: &'a str,
    gaps: &'a mut Vec<Gap>,
}

impl InputGaps<'_> {
    fn add(
        &mut self,
        what: &'static str,
        package: Option<&Package>,
        reason: impl Into<String>,
        blocking: bool,
    ) {
        self.gaps.push(Gap {
            input: Some(self.input.to_owned()),
            package: package.map(Package::id),
            blocking,
            ..Gap::new(what, reason)
        });
    }

    /// Of one of a package's files; of the package itself where the path is empty.
    fn of_file(&mut self, what: &'static str, package: &Package, path: String, reason: String) {
        self.gaps.push(Gap {
            input: Some(self.input.to_owned()),
            package: Some(package.id()),
            path: Some(path).filter(|path| !path.is_empty()),
            ..Gap::new(what, reason)
        });
    }

    fn of_graph(&mut self, graph: &Graph) {
        for problem in &graph.problems {
            match problem {
                Problem::Dependency { package, text } => self.add(
                    "graph",
                    graph.get(*package),
                    format!(
                        "depends on `{text}`, which is not, or not once, in the list of packages"
                    ),
                    false,
                ),
                Problem::Duplicate { package } => self.add(
                    "graph",
                    graph.get(*package),
                    "in the list of packages more than once; each is judged",
                    false,
                ),
            }
        }
    }
}

/// What one run gathers, input by input.
struct Run<'p> {
    command: &'static str,
    policy: &'p Policy,
    config: Vec<ConfigEffect>,
    gaps: Vec<Gap>,
    ignored: BTreeSet<Ignored>,
    inputs: Vec<Input>,
}

impl<'p> Run<'p> {
    fn new(
        command: &'static str,
        policy: &'p Policy,
        config: Vec<ConfigEffect>,
        gaps: Vec<Gap>,
    ) -> Self {
        Self {
            command,
            policy,
            config,
            gaps,
            ignored: BTreeSet::new(),
            inputs: Vec::new(),
        }
    }

    /// Has every rule look at a subject, after `find_gaps` has told what of it is not known.
    fn judge(
        &mut self,
        subject: Subject,
        told: Told<'_>,
        find_gaps: impl FnOnce(&Graph, &mut InputGaps<'_>),
    ) {
        let taken = self.inputs.iter();
        let id = match taken.filter(|input| input.path == subject.path).count() {
            0 => subject.path.clone(),
            n => format!("{} ({})", subject.path, n + 1),
        };
        let mut gaps = InputGaps {
            input: &id,
            gaps: &mut self.gaps,
        };
        gaps.of_graph(&subject.graph);
        find_gaps(&subject.graph, &mut gaps);
        let dependents = OnceCell::new();
        let context = Context {
            path: &subject.path,
            kind: subject.kind,
            graph: &subject.graph,
            roles: &subject.roles,
            dependents: &dependents,
            hits: told.hits,
            reached: told.reached,
            registry: told.registry,
            policy: self.policy,
            idle_ignores: told.idle_ignores,
            gone: told.gone,
            toolchain: told.toolchain,
            survey: told.survey,
            changes: told.changes,
            supply: told.supply,
            dance: told.dance,
            proposed: OnceCell::new(),
            budget: RefCell::new(Budget::default()),
            paths: RefCell::new(HashMap::new()),
        };
        let found = RULES.iter().flat_map(|rule| (rule.check)(rule, &context));
        let (graph, policy) = (&subject.graph, self.policy);
        let mut findings = Vec::new();
        let mut left_out = told.left_out.to_vec();
        // What a binary says of what depends on what is for people: in it is what it lists.
        let is_project = subject.kind != InputKind::Binary;
        let reached = is_project.then(|| policy.reached(graph)).flatten();
        for finding in found {
            let package = finding.package.and_then(|index| graph.get(index));
            let roles = finding.package.map(|index| context.roles_of(index));
            let allowed = policy.allows(finding.rule, package);
            let left_out_by = |by| move |reason| (by, reason);
            let by_setting = || {
                let roles = roles.filter(|_| finding.rule.meta.is_lowered)?;
                if policy.no_dev && roles.are_among(&[Role::Dev]) {
                    return Some("only tests need it, and `no-dev` leaves that out");
                }
                let is_reached = finding.package.zip(reached.as_ref());
                if is_reached.is_some_and(|(at, reached)| reached.get(at.get()) == Some(&false)) {
                    return Some("only what `exclude` leaves out needs it");
                }
                let is_left_out = policy.not_shipped == Some(NotShipped::Allow)
                    && subject.kind.ships_none_of(roles);
                is_left_out.then_some("it is never shipped, and `not-shipped` leaves that out")
            };
            let reason = allowed.map(left_out_by(ExcludedBy::Decision));
            let not_reached =
                || unreached(&finding, policy).map(left_out_by(ExcludedBy::NotReached));
            let reason = reason.or_else(not_reached);
            let reason = reason.or_else(|| by_setting().map(left_out_by(ExcludedBy::Setting)));
            let Some((by, reason)) = reason else {
                findings.push(finding);
                continue;
            };
            if let Some(advisory) = &finding.advisory {
                left_out.push(LeftOut {
                    package: finding
                        .package
                        .filter(|_| !finding.rule.is_about_toolchain()),
                    advisory: Arc::clone(advisory),
                    exclusion: Exclusion {
                        by,
                        reason: reason.to_owned(),
                        until: None,
                    },
                });
            }
            let advisory = finding.advisory.as_ref().map(|advisory| &advisory.id);
            self.ignored.insert(Ignored {
                code: advisory
                    .map_or(finding.rule.meta.code, String::as_str)
                    .to_owned(),
                reason: match package {
                    Some(package) => format!("{} {}: {reason}", package.name, package.version),
                    None => reason.to_owned(),
                },
                until: None,
            });
        }
        if let Some(provenance) = &subject.binary {
            of_binary(&mut findings, graph, provenance);
        }
        if let Some(known) = told.known {
            let toolchain = subject.toolchain.as_ref();
            known
                .findings
                .mark(&mut findings, graph, toolchain, &known.file);
        }
        sort(&mut findings, graph);
        if context.budget.borrow().is_spent() {
            self.gaps.push(paths_gap(Some(id.clone())));
        }
        drop(context);
        // What could not be read at all says nothing of what could.
        let is_its = |gap: &Gap| match &gap.input {
            Some(input) => *input == id,
            None => gap.what != Gap::INPUT,
        };
        let blocked = self.gaps.iter().any(|gap| gap.blocking && is_its(gap));
        self.inputs.push(Input {
            verdict: verdict(&findings, blocked),
            id,
            path: subject.path,
            repository_path: subject.repository_path,
            kind: subject.kind,
            graph: subject.graph,
            findings,
            census: None,
            supply: None,
            dance: None,
            details: Details {
                roles: subject.roles,
                toolchain: subject.toolchain,
                left_out,
                ..Details::default()
            },
        });
    }

    fn report(self, databases: Vec<Database>, settings: Settings) -> Report {
        let (mut gaps, mut config) = (self.gaps, self.config);
        gaps.sort();
        gaps.dedup();
        config.sort();
        config.dedup();
        let blocked = gaps.iter().any(|gap| gap.blocking);
        let worst = self.inputs.iter().map(|input| input.verdict).max();
        Report {
            command: self.command,
            verdict: worst.unwrap_or(Verdict::Pass).max(verdict(&[], blocked)),
            inputs: self.inputs,
            ruling: None,
            config,
            databases,
            gaps,
            ignored: self.ignored.into_iter().collect(),
            fixes: None,
            patch: None,
            proofs: Vec::new(),
            settings,
        }
    }
}

/// Why a finding is left out whose affected functions are not reached, if policy says so.
fn unreached(finding: &Finding, policy: &Policy) -> Option<&'static str> {
    let reached = finding.reachability.as_ref()?;
    let is_left_out = policy.not_reached == Some(NotShipped::Allow)
        && finding.rule.meta.is_lowered
        && reached.verdict == reach::Verdict::NotReached;
    is_left_out
        .then_some("its affected functions are not reached, and `not-reached` leaves that out")
}

/// What is found in a binary is in no line of it, and no surer than that the package is in it.
fn of_binary(findings: &mut [Finding], graph: &Graph, provenance: &Provenance) {
    for finding in findings {
        finding.location = None;
        let at = finding.package.and_then(|index| graph.position(index));
        if let Some(origin) = at.and_then(|at| provenance.origins.get(at)) {
            finding.confidence = finding.confidence.min(origin.confidence());
            finding.evidence.push(origin.evidence());
        }
    }
}

/// Tells that paths were left out because there are too many.
pub(crate) fn paths_gap(input: Option<String>) -> Gap {
    Gap {
        input,
        ..Gap::new(
            "paths",
            "there are too many or too long ones: the rest is left out",
        )
    }
}

fn verdict(findings: &[Finding], blocked: bool) -> Verdict {
    if findings.iter().any(|finding| finding.level == Level::Deny) {
        Verdict::Fail
    } else if blocked {
        Verdict::Incomplete
    } else {
        Verdict::Pass
    }
}

/// What fails first, then by package, rule and advisory.
fn sort(findings: &mut [Finding], graph: &Graph) {
    findings.sort_by(|a, b| {
        let package = |f: &Finding| f.package.and_then(|index| graph.get(index));
        let named = |f: &Finding| package(f).map(|p| (&p.name, &p.version));
        b.level
            .cmp(&a.level)
            .then_with(|| named(a).cmp(&named(b)))
            .then_with(|| a.rule.meta.code.cmp(b.rule.meta.code))
            .then_with(|| a.fingerprint.cmp(&b.fingerprint))
    });
}
