//! What of a graph's unsafe code safe code could replace, as its packages are built: rules' proposals
//! ([`crate::facts::dance`]) held against the census and against the compiler that a package has to
//! build with.

mod kept;
mod nominate;

use std::collections::BTreeMap;

pub use kept::{Kept, Reason, kept, reason};
pub use nominate::{Nomination, nominate};

use serde::Serialize;

use super::{Census, PackageCensus, Site, State};
use crate::facts::dance::{self as facts, Left, PackageDance, Plan, Proposal};
use crate::facts::soundness::Fault;
use crate::facts::unsafety::SiteKind;
use crate::finding::Confidence;
use crate::fix::Applicability;
use crate::graph::{Graph, PackageIdx};

/// What can become of a site.
///
/// *Invariant.* The order is that of hope: what goes by itself comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outlook {
    /// It goes, and the fix can be applied unseen.
    Automatic,
    /// It goes, and the fix is to be looked at.
    Look,
    /// It could go; there is no fix but the way.
    Shown,
    /// It stays, with less in it.
    Partly,
    /// It stays: what is done in it has no replacement.
    Stays,
    /// It stays: it declares something, and whoever uses that decides.
    Declared,
    /// No rule has seen it, as it could not be read.
    Unread,
}

impl Outlook {
    /// All, in their order.
    pub const ALL: [Self; 7] = [
        Self::Automatic,
        Self::Look,
        Self::Shown,
        Self::Partly,
        Self::Stays,
        Self::Declared,
        Self::Unread,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Look => "look",
            Self::Shown => "shown",
            Self::Partly => "partly",
            Self::Stays => "stays",
            Self::Declared => "declared",
            Self::Unread => "unread",
        }
    }

    /// Whether nothing unsafe would be left of the site.
    #[must_use]
    pub fn is_replaceable(self) -> bool {
        self <= Self::Shown
    }

    fn of_fix(applicability: Applicability) -> Self {
        match applicability {
            Applicability::Safe => Self::Automatic,
            Applicability::Unsafe => Self::Look,
            Applicability::Display => Self::Shown,
        }
    }
}

/// How many sites have which outlook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlooks {
    counts: [usize; Outlook::ALL.len()],
}

impl Outlooks {
    /// Counts one more.
    pub fn add(&mut self, outlook: Outlook) {
        if let Some(count) = self.counts.get_mut(outlook as usize) {
            *count += 1;
        }
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// How many sites have an outlook.
    #[must_use]
    pub fn of(&self, outlook: Outlook) -> usize {
        let count = self.counts.get(outlook as usize);
        count.copied().unwrap_or_default()
    }

    /// How many sites there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// How many could go.
    #[must_use]
    pub fn replaceable(&self) -> usize {
        let all = Outlook::ALL.into_iter();
        all.filter(|outlook| outlook.is_replaceable())
            .map(|outlook| self.of(outlook))
            .sum()
    }
}

/// What could become of one site of the census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDance {
    /// What can become of it.
    pub outlook: Outlook,
    /// What rules propose and the package's compiler has, by place, then by rule: one for each.
    pub proposals: Vec<Proposal>,
    /// How all of it goes at once, where it does.
    pub plan: Option<Plan>,
    /// What is done in it without a replacement, by place.
    pub left: Vec<Left>,
    /// The first compiler with which more of it could go: the minor version of Rust 1.x.
    pub newer: Option<u32>,
    /// What of it is unsound, by place.
    pub faults: Vec<Fault>,
}

impl SiteDance {
    /// What carries a proposal out: the site's plan where that is no less sure, so that the keyword
    /// goes, too; else the proposal's own changes. None where there is only the way.
    #[must_use]
    pub fn fix_of<'a>(
        &'a self,
        proposal: &'a Proposal,
    ) -> Option<(Applicability, &'a [facts::Change])> {
        let plan = self.plan.as_ref();
        let plan = plan.filter(|plan| plan.applicability >= proposal.applicability);
        let (applicability, changes) = match plan {
            Some(plan) => (plan.applicability, &plan.changes),
            None => (proposal.applicability, &proposal.changes),
        };
        (!changes.is_empty()).then_some((applicability, changes.as_slice()))
    }
}

/// What could become of a package's sites.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageSteps {
    /// Its folder, as locations show it, without a `/` at its end; empty for where paths begin.
    pub folder: String,
    /// The oldest compiler that it has to build with: the minor version of Rust 1.x.
    pub rust: u32,
    /// Whether findings about it were asked for.
    pub is_asked: bool,
    /// What it is about, as its manifest says: categories, then keywords.
    pub about: Vec<String>,
    /// Its sites, in the order of its census.
    pub sites: Vec<SiteDance>,
    /// Places that rules looked at, and that are no sites of the census.
    pub unknown: usize,
}

impl PackageSteps {
    /// A file of it, as locations show it.
    #[must_use]
    pub fn shown(&self, file: &str) -> String {
        match self.folder.as_str() {
            "" => file.to_owned(),
            folder => format!("{folder}/{file}"),
        }
    }

    /// How many of its sites have which outlook.
    #[must_use]
    pub fn outlooks(&self) -> Outlooks {
        let mut outlooks = Outlooks::default();
        for site in &self.sites {
            outlooks.add(site.outlook);
        }
        outlooks
    }
}

/// What is known of a package before it is held against anything.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What rules propose; none where nobody asked, or its sources are not here.
    pub facts: Option<PackageDance>,
    /// Its folder, as locations show it.
    pub folder: String,
    /// The oldest compiler that it has to build with: the minor version of Rust 1.x.
    pub rust: u32,
    /// Whether findings about it are asked for.
    pub is_asked: bool,
    /// What it is about, as its manifest says: categories, then keywords.
    pub about: Vec<String>,
}

/// What could become of the unsafe code of a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dance {
    /// The unsafe code.
    pub census: Census,
    /// By the places of packages in the graph; none for those that were not looked at.
    pub packages: Vec<Option<PackageSteps>>,
    /// Where a dance would win most, if that was asked for.
    pub nominations: Option<Vec<Nomination>>,
    /// How many packages were asked for and their sources are not here.
    pub unseen: usize,
    /// How sure rules have to be that something is unsound, to be told.
    pub least: Confidence,
    /// Advisories on unsound code that speak of its packages.
    pub advised: Vec<Advised>,
}

/// An advisory on memory or threads that speaks of a package's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advised {
    /// The package.
    pub package: PackageIdx,
    /// The advisory's id.
    pub advisory: String,
    /// The functions and types that it names; empty where it names none.
    pub functions: Vec<String>,
}

impl Advised {
    /// Whether it names no function: it may speak of any item of the package.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.functions.is_empty()
    }

    /// Whether it speaks of an item, by the path of that from the crate's root: of a method it names, of
    /// the type of that where the item is the type itself, and of all of a type that it names alone.
    #[must_use]
    pub fn speaks_of(&self, item: &str) -> bool {
        let item: Vec<&str> = item.split("::").filter(|part| !part.is_empty()).collect();
        let is_type = |part: &str| part.starts_with(|first: char| first.is_uppercase());
        self.is_of_all()
            || self.functions.iter().any(|named| {
                let mut last = named.rsplit("::");
                let (name, of) = (last.next().unwrap_or_default(), last.next());
                match of.filter(|of| is_type(of)) {
                    Some(of) => {
                        item.last() == Some(&of) || item.windows(2).any(|pair| pair == [of, name])
                    }
                    None if is_type(name) => item.contains(&name),
                    None => {
                        let before = item.len().checked_sub(2).and_then(|at| item.get(at));
                        item.last() == Some(&name) && !before.is_some_and(|of| is_type(of))
                    }
                }
            })
    }
}

impl Dance {
    /// Holds what rules propose, by the places of packages in the graph, against a census.
    #[must_use]
    pub fn link(census: Census, asked: Vec<Asked>) -> Self {
        let is_unseen = |asked: &&Asked| asked.is_asked && asked.facts.is_none();
        let unseen = asked.iter().filter(is_unseen).count();
        let packages = asked.into_iter().zip(&census.packages);
        let packages = packages.map(|(asked, census)| steps(asked, census));
        Self {
            packages: packages.collect(),
            census,
            nominations: None,
            unseen,
            least: Confidence::High,
            advised: Vec::new(),
        }
    }

    /// The advisories that speak of an item of a package: what is found there may be known by them.
    pub fn covering<'a>(
        &'a self,
        package: PackageIdx,
        item: &'a str,
    ) -> impl Iterator<Item = &'a Advised> {
        let own = self
            .advised
            .iter()
            .filter(move |own| own.package == package);
        own.filter(move |own| own.speaks_of(item))
    }

    /// Whether a fault of a site is told: rules are sure enough, and the site is no test's.
    #[must_use]
    pub fn tells(&self, site: &Site, fault: &Fault) -> bool {
        site.state != State::Test && fault.confidence >= self.least
    }

    /// The faults of the packages of which findings were asked for that are told: those of which rules
    /// are sure enough, tests left out.
    pub fn faults<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = &'a Fault> {
        let packages = self.asked(graph);
        let sites = packages.flat_map(|(_, census, steps)| census.sites.iter().zip(&steps.sites));
        sites.flat_map(|(site, known)| {
            let faults = known.faults.iter();
            faults.filter(|fault| self.tells(site, fault))
        })
    }

    /// The packages that were looked at, with their census.
    pub fn looked_at<'a>(
        &'a self,
        graph: &'a Graph,
    ) -> impl Iterator<Item = (PackageIdx, &'a PackageCensus, &'a PackageSteps)> {
        let packages = graph.iter().zip(&self.census.packages).zip(&self.packages);
        packages.filter_map(|(((index, _), census), steps)| Some((index, census, steps.as_ref()?)))
    }

    /// Those of them of which findings were asked for.
    pub fn asked<'a>(
        &'a self,
        graph: &'a Graph,
    ) -> impl Iterator<Item = (PackageIdx, &'a PackageCensus, &'a PackageSteps)> {
        self.looked_at(graph).filter(|(_, _, steps)| steps.is_asked)
    }
}

/// What rules say of a file, by the lines and columns of its sites.
#[derive(Default)]
struct Said {
    sites: BTreeMap<(u32, u32), facts::DancedSite>,
    faults: BTreeMap<(u32, u32), Vec<Fault>>,
}

fn steps(asked: Asked, census: &PackageCensus) -> Option<PackageSteps> {
    let rust = asked.rust;
    let mut known: BTreeMap<String, Said> = BTreeMap::new();
    for file in asked.facts?.files {
        let said = known.entry(file.path).or_default();
        let sites = file.sites.into_iter();
        said.sites
            .extend(sites.map(|site| ((site.line, site.column), site)));
        for fault in file.faults {
            let place = (fault.line, fault.column);
            said.faults.entry(place).or_default().push(fault);
        }
    }
    let sites = census.sites.iter().map(|site| {
        let place = (site.line, site.column);
        let Some(said) = known.get_mut(&site.file) else {
            return unseen(site);
        };
        let mut dance = match said.sites.remove(&place) {
            Some(found) => held(found, site, rust),
            None => unseen(site),
        };
        dance.faults = said.faults.remove(&place).unwrap_or_default();
        dance
    });
    Some(PackageSteps {
        sites: sites.collect(),
        folder: asked.folder,
        rust,
        is_asked: asked.is_asked,
        about: asked.about,
        unknown: known
            .values()
            .map(|said| said.sites.len() + said.faults.len())
            .sum(),
    })
}

/// A site that no rule has said anything of, not even what is left in it.
fn unseen(site: &Site) -> SiteDance {
    let is_read = match site.kind {
        SiteKind::Block => false,
        // One without a body, or with one in which nothing needs it.
        SiteKind::Fn | SiteKind::Method => site.operations.is_empty(),
        _ => true,
    };
    SiteDance {
        outlook: match is_read {
            true => Outlook::Declared,
            false => Outlook::Unread,
        },
        proposals: Vec::new(),
        plan: None,
        left: Vec::new(),
        newer: None,
        faults: Vec::new(),
    }
}

/// What of a site's proposals the package's compiler has, and what then becomes of it.
fn held(found: facts::DancedSite, site: &Site, rust: u32) -> SiteDance {
    let mut proposals: Vec<Proposal> = Vec::new();
    // For each place the first compiler that would do, where this one does not.
    let mut open: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let place = |proposal: &Proposal| (proposal.span.start, proposal.span.end);
    for proposal in found.proposals {
        if proposal.since > rust {
            let first = open.entry(place(&proposal)).or_insert(proposal.since);
            *first = proposal.since.min(*first);
            continue;
        }
        let is_same =
            |known: &Proposal| known.rule == proposal.rule && place(known) == place(&proposal);
        if !proposals.last().is_some_and(is_same) {
            proposals.push(proposal);
        }
    }
    open.retain(|open, _| !proposals.iter().any(|known| place(known) == *open));
    let whole = found.plans.iter().map(|plan| plan.since).min();
    let plan = found.plans.into_iter().find(|plan| plan.since <= rust);
    let newer = open.values().copied().min();
    let newer = newer.or(whole.filter(|_| plan.is_none()));
    let is_whole = found.left.is_empty() && open.is_empty();
    let outlook = match (&plan, proposals.is_empty()) {
        (Some(plan), _) => Outlook::of_fix(plan.applicability),
        (None, true) => Outlook::Stays,
        // Callers have to hold to something as long as it is an unsafe function.
        (None, false) if matches!(site.kind, SiteKind::Fn | SiteKind::Method) => Outlook::Partly,
        (None, false) if is_whole => Outlook::Shown,
        (None, false) => Outlook::Partly,
    };
    SiteDance {
        outlook,
        proposals,
        plan,
        left: found.left,
        newer,
        faults: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
