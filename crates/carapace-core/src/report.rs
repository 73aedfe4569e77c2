//! The report: one value that says everything a run found out, in a fixed order.

mod fixes;
mod proof;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use fixes::{FixChange, FixStatus, Fixed, FixedFinding};
pub use proof::{KindChange, Proof};

use crate::census::Census;
use crate::census::compiled::Reconciliation;
use crate::census::dance::Dance;
use crate::engine::Toolchain;
use crate::finding::{Finding, Location};
use crate::graph::metadata::DependencyKind;
use crate::graph::units::{Role, Roles, Units};
use crate::graph::{Graph, PackageIdx};
use crate::knowledge::advisory::Advisory;
use crate::knowledge::advisory::index::DatabaseInfo;
use crate::knowledge::date::Date;
use crate::supply::Supply;
use crate::supply::reach::Reached;

/// What kind of thing was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputKind {
    /// A `Cargo.toml`, by way of its lockfile.
    Manifest,
    /// A `Cargo.lock`.
    Lockfile,
    /// The folder of one package, without what it depends on.
    Package,
    /// A compiled program or library.
    Binary,
}

impl InputKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Lockfile => "lockfile",
            Self::Package => "package",
            Self::Binary => "binary",
        }
    }

    /// Whether what has these roles, and no others, is no part of what is shipped. What a binary was
    /// built with is not in it; who ships sources has others run their build scripts.
    #[must_use]
    pub fn ships_none_of(self, roles: Roles) -> bool {
        let is_build = roles.are_among(&[Role::Build, Role::ProcMacro]);
        roles.are_never_shipped() || (self == Self::Binary && is_build)
    }
}

/// How a run, or one input of it, ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing that fails, and everything that was asked for was looked at.
    Pass,
    /// Something that was asked for could not be looked at.
    Incomplete,
    /// Something fails.
    Fail,
}

impl Verdict {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Incomplete => "incomplete",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was judged.
#[derive(Debug, Clone)]
pub struct Input {
    /// What findings and gaps refer to it by: its path, and a number if that is not unique.
    pub id: String,
    /// Its path as the user would write it; `-` for standard input.
    pub path: String,
    /// Its path from the root of its repository, with `/`, where it is in one.
    pub repository_path: Option<String>,
    /// What it is.
    pub kind: InputKind,
    /// Its packages.
    pub graph: Arc<Graph>,
    /// What was found in it, sorted.
    pub findings: Vec<Finding>,
    /// How it ends.
    pub verdict: Verdict,
    /// The unsafe code of its packages, where it was counted.
    pub census: Option<Arc<Census>>,
    /// How its packages are published, where that was looked at.
    pub supply: Option<Arc<Supply>>,
    /// What of their unsafe code safe code could replace, where that was looked for.
    pub dance: Option<Arc<Dance>>,
    /// What else a report on these shows. It decides nothing.
    pub details: Details,
}

/// What some formats show beside the findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// Who depends on whom in what is judged, where that is known. The graph has more: what cargo
    /// resolves is for all features and platforms.
    pub edges: Option<Arc<Edges>>,
    /// What each package is for, by the places of packages in the graph; empty where that is not
    /// known.
    pub roles: Vec<Roles>,
    /// What the compiler says, where it was asked.
    pub reconciliation: Option<Arc<Reconciliation>>,
    /// The lines of sources that are shown.
    pub sources: Sources,
    /// What accounts could change, where that was looked at.
    pub reached: Option<Arc<Reached>>,
    /// What compiles it, where that is known.
    pub toolchain: Option<Toolchain>,
    /// The advisories that policy left out of it.
    pub left_out: Vec<LeftOut>,
}

/// An advisory that speaks of a package, or of the toolchain, and that policy left out.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The package; none for the toolchain.
    pub package: Option<PackageIdx>,
    /// The advisory.
    pub advisory: Arc<Advisory>,
    /// Why.
    pub exclusion: Exclusion,
}

/// Why policy leaves an advisory out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// What kind of reason it is.
    pub by: ExcludedBy,
    /// The reason.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// By what an advisory is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcludedBy {
    /// Somebody decided so: an exception that names it, or a rule that is allowed.
    Decision,
    /// The functions that it names are not reached.
    NotReached,
    /// It affects only platforms that were said not to count.
    Platform,
    /// A setting that is about many: a threshold, a scope, a kind.
    Setting,
}

/// Who depends on whom, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// By the places of packages in the graph: on what each depends.
    pub packages: Vec<Vec<(PackageIdx, DependencyKind)>>,
}

impl Edges {
    /// The edges between the units of a build, as `cargo tree` shows them: each once, whatever the
    /// units of a package differ in.
    #[must_use]
    pub fn of_units(graph: &Graph, units: &Units) -> Self {
        let mut packages = vec![Vec::new(); graph.packages().len()];
        for unit in units.units() {
            let place = graph.position(unit.package);
            let Some(edges) = place.and_then(|at| packages.get_mut(at)) else {
                continue;
            };
            let to = unit.dependencies.iter();
            edges.extend(to.filter_map(|edge| Some((units.get(edge.to)?.package, edge.kind))));
        }
        for edges in &mut packages {
            edges.sort_unstable();
            edges.dedup();
        }
        Self { packages }
    }
}

impl Input {
    /// The file that a finding of this input is in, from the root of its repository where that is
    /// known, else as the user would write it. A finding without a place is in the input itself.
    #[must_use]
    pub fn repository_file<'a>(&'a self, location: Option<&'a Location>) -> &'a str {
        let own = || self.repository_path.as_ref().unwrap_or(&self.path);
        match location {
            Some(location) => match &location.repository_file {
                Some(file) => file,
                None if location.file == self.path => own(),
                None => &location.file,
            },
            None => own(),
        }
    }
}

/// Lines of packages' sources, to be shown. Who reads files fills it, with what
/// [`crate::render::view::Selection::lines`] asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    packages: BTreeMap<PackageIdx, PackageSources>,
}

/// The lines of one package, and where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageSources {
    /// Its folder, as the user would write it.
    pub folder: String,
    /// The lines, from 1, of each file, by its path from that folder.
    pub files: BTreeMap<String, BTreeMap<u32, String>>,
}

impl Sources {
    /// Takes what is known of a package.
    pub fn insert(&mut self, package: PackageIdx, sources: PackageSources) {
        self.packages.insert(package, sources);
    }

    /// A package's folder, as the user would write it.
    #[must_use]
    pub fn folder(&self, package: PackageIdx) -> Option<&str> {
        let sources = self.packages.get(&package)?;
        Some(&sources.folder)
    }

    /// The text of a line, without its end.
    #[must_use]
    pub fn line(&self, package: PackageIdx, file: &str, line: u32) -> Option<&str> {
        let lines = self.packages.get(&package)?.files.get(file)?;
        lines.get(&line).map(String::as_str)
    }
}

/// What the configuration of the analysed project switched off or pointed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigEffect {
    /// The file, as the user would write it.
    pub file: String,
    /// Its path from the root of its repository, with `/`, where it is in one.
    pub repository_file: Option<String>,
    /// The line, from 1.
    pub line: u32,
    /// What it does.
    pub effect: String,
}

impl ConfigEffect {
    /// What a line of a file does, before it is known which repository the file is in.
    #[must_use]
    pub fn new(file: String, line: u32, effect: String) -> Self {
        Self {
            file,
            repository_file: None,
            line,
            effect,
        }
    }
}

/// Something that was not looked at, or not decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The input's id; none for the whole run.
    pub input: Option<String>,
    /// What was to be done: `advisories`, `yanked`, `roles`, …
    pub what: &'static str,
    /// The package's id, if it is about one.
    pub package: Option<String>,
    /// The file, if it is about one.
    pub path: Option<String>,
    /// Why it was not done.
    pub reason: String,
    /// Whether it was asked for, so that the verdict is `incomplete`.
    pub blocking: bool,
}

impl Gap {
    /// Of an input that could not be read: it is in no [`Report::inputs`].
    pub const INPUT: &'static str = "input";
    /// Of a project without a lockfile that fits: a build may choose other versions.
    pub const LOCKFILE: &'static str = "lockfile";

    /// A gap of the whole run that does not block.
    #[must_use]
    pub fn new(what: &'static str, reason: impl Into<String>) -> Self {
        Self {
            input: None,
            what,
            package: None,
            path: None,
            reason: reason.into(),
            blocking: false,
        }
    }
}

/// A finding that policy left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// What was left out: the advisory's id; of what is no advisory, the rule's code.
    pub code: String,
    /// Why.
    pub reason: String,
    /// The last day on which it is.
    pub until: Option<Date>,
}

/// Where a database came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseOrigin {
    /// The snapshot in the program.
    Embedded,
    /// The store in the user's cache folder.
    Cache,
    /// A folder that the user named.
    Path,
}

impl DatabaseOrigin {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Cache => "cache",
            Self::Path => "path",
        }
    }
}

/// A database that the run used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it came from.
    pub origin: DatabaseOrigin,
    /// What it is.
    pub info: DatabaseInfo,
}

/// What a peer's format says of the settings of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The architectures that count.
    pub target_arch: Vec<String>,
    /// The systems that count.
    pub target_os: Vec<String>,
    /// The severity threshold.
    pub severity: Option<&'static str>,
    /// The ids that are left out.
    pub ignore: Vec<String>,
    /// The informational kinds that are shown.
    pub informational_warnings: Vec<&'static str>,
}

/// Which configuration ruled a run, beside the flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What kind of configuration it is.
    pub kind: RulingKind,
    /// Its file, as shown; none where there is none.
    pub file: Option<String>,
    /// The organisation's policy that was over it, as shown; none where there is none.
    pub floor: Option<String>,
}

/// What kind of configuration rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulingKind {
    /// The file that the user names.
    Named,
    /// The project's `carapace.toml`, or what its manifest holds of it.
    CarapaceToml,
    /// The project's `.cargo/audit.toml`.
    AuditToml,
    /// The project's `deny.toml`.
    DenyToml,
    /// The user's own `audit.toml`.
    User,
    /// None: what is usual.
    None,
}

impl RulingKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::CarapaceToml => "carapace.toml",
            Self::AuditToml => "audit.toml",
            Self::DenyToml => "deny.toml",
            Self::User => "user",
            Self::None => "none",
        }
    }
}

/// Everything a run found out. *Invariant:* all lists are sorted, so the same run gives the same
/// report.
#[derive(Debug, Clone)]
pub struct Report {
    /// The command: `audit`, `unsafe`, `publishers` or `dance`.
    pub command: &'static str,
    /// What was judged, in the order asked for.
    pub inputs: Vec<Input>,
    /// Which configuration ruled, where that is told.
    pub ruling: Option<Ruling>,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// The databases; the first is the main one.
    pub databases: Vec<Database>,
    /// What was not looked at.
    pub gaps: Vec<Gap>,
    /// What was left out.
    pub ignored: Vec<Ignored>,
    /// What was done about findings, by input; none where nobody asked for it.
    pub fixes: Option<Vec<Fixed>>,
    /// What fixes change in sources, as a unified diff from the project's folder.
    pub patch: Option<String>,
    /// What came of fixes that were tried in a copy; empty where nobody asked for it.
    pub proofs: Vec<Proof>,
    /// The settings.
    pub settings: Settings,
    /// How it ends.
    pub verdict: Verdict,
}

impl Report {
    /// Takes in what was done about findings, and what of it could not be tried.
    pub fn add_fixes(&mut self, fixes: Vec<Fixed>, gaps: Vec<Gap>) {
        if gaps.iter().any(|gap| gap.blocking) {
            self.verdict = self.verdict.max(Verdict::Incomplete);
        }
        self.gaps.extend(gaps);
        self.gaps.sort();
        self.fixes = Some(fixes);
    }
}
