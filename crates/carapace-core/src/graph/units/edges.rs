//! What each declared dependency has become, and where it is active.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use semver::VersionReq;

use super::super::PackageIdx;
use super::super::metadata::{Declared, DependencyKind, Metadata, MetadataPackage, Resolved};
use super::{Platform, Platforms, Request, UnitProblem};
use crate::cfg::CfgExpr;

/// A key of a package's dependencies, by which features name one or several of them. All packages'
/// keys are numbered through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(pub(super) u32);

/// A declared dependency, resolved.
#[derive(Debug)]
pub(super) struct Edge<'a> {
    pub(super) declared: &'a Declared,
    pub(super) key: Key,
    pub(super) kind: DependencyKind,
    pub(super) optional: bool,
    /// The package and the name that it has in code.
    pub(super) to: Option<(PackageIdx, Arc<str>)>,
    /// Whether the host, and whether a target, is a platform that it is for.
    active: Active,
}

#[derive(Debug, Clone, Copy)]
struct Active {
    host: bool,
    target: bool,
}

/// The dependencies of all packages.
#[derive(Debug)]
pub(super) struct Edges<'a> {
    /// Those of the first package first, and of each package sorted by key.
    edges: Vec<Edge<'a>>,
    /// By package.
    ranges: Vec<Range<u32>>,
    /// By [`Key`].
    keys: Vec<(&'a str, Range<u32>)>,
    /// By package: its keys, sorted by name.
    key_ranges: Vec<Range<u32>>,
    /// By package: where its features begin if those of all packages are numbered through.
    pub(super) feature_starts: Vec<u32>,
    /// By package.
    proc_macros: Vec<bool>,
    pub(super) problems: Vec<UnitProblem>,
}

/// Indices are of lists that came out of JSON, which is far below 4 GiB.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn slice<'l, T>(list: &'l [T], range: Option<&Range<u32>>) -> &'l [T] {
    let range = range.map(|range| range.start as usize..range.end as usize);
    range.and_then(|range| list.get(range)).unwrap_or_default()
}

impl<'a> Edges<'a> {
    pub(super) fn new(metadata: &'a Metadata, request: &Request<'_>) -> Self {
        let count = metadata.packages.len();
        let mut edges = Self {
            edges: Vec::with_capacity(count * 8),
            ranges: Vec::with_capacity(count),
            keys: Vec::with_capacity(count * 8),
            key_ranges: Vec::with_capacity(count),
            feature_starts: Vec::with_capacity(count + 1),
            proc_macros: Vec::with_capacity(count),
            problems: Vec::new(),
        };
        let mut platforms = HashMap::with_hasher(RandomState::default());
        let mut features = 0;
        for (index, package) in metadata.iter() {
            edges.proc_macros.push(package.is_proc_macro());
            edges.feature_starts.push(number(features));
            features += package.features.len();
            edges.package(metadata, index, package, request, &mut platforms);
        }
        edges.feature_starts.push(number(features));
        edges
    }

    fn package(
        &mut self,
        metadata: &'a Metadata,
        index: PackageIdx,
        package: &'a MetadataPackage,
        request: &Request<'_>,
        platforms: &mut HashMap<&'a str, Option<Active>, RandomState>,
    ) {
        let mut declared: Vec<&Declared> = package.dependencies.iter().collect();
        declared.sort_by_key(|declared| declared.key());
        let lookup = Lookup::new(metadata, package);
        let (first_edge, first_key) = (self.edges.len(), self.keys.len());
        for run in declared.chunk_by(|a, b| a.key() == b.key()) {
            let key = Key(number(self.keys.len()));
            let start = self.edges.len();
            for declared in run {
                let active = match declared.target.as_deref() {
                    None => Some(Active {
                        host: true,
                        target: true,
                    }),
                    Some(text) => *platforms
                        .entry(text)
                        .or_insert_with(|| activity(text, request)),
                };
                let active = active.unwrap_or_else(|| {
                    let text = declared.target.clone().unwrap_or_default();
                    let problem = UnitProblem::Platform {
                        package: index,
                        text,
                    };
                    self.problems.push(problem);
                    Active {
                        host: true,
                        target: true,
                    }
                });
                let found = lookup.find(declared);
                if found.len() > 1 {
                    self.problems.push(UnitProblem::Ambiguous {
                        package: index,
                        dependency: declared.key().into(),
                    });
                }
                let mut edge = |to| {
                    self.edges.push(Edge {
                        declared,
                        key,
                        kind: declared.kind,
                        optional: declared.optional,
                        to,
                        active,
                    });
                };
                if found.is_empty() {
                    edge(None);
                }
                for resolved in found {
                    edge(Some((resolved.package, Arc::clone(&resolved.name))));
                }
            }
            let range = number(start)..number(self.edges.len());
            let name = run.first().map_or("", |declared| declared.key());
            self.keys.push((name, range));
        }
        self.ranges
            .push(number(first_edge)..number(self.edges.len()));
        self.key_ranges
            .push(number(first_key)..number(self.keys.len()));
    }

    /// All dependencies of a package.
    pub(super) fn of(&self, package: PackageIdx) -> &[Edge<'a>] {
        slice(&self.edges, self.ranges.get(package.get()))
    }

    /// The dependencies that a key names.
    pub(super) fn named(&self, key: Key) -> &[Edge<'a>] {
        let found = self.keys.get(key.0 as usize);
        slice(&self.edges, found.map(|(_, range)| range))
    }

    /// The key of a package by its name.
    pub(super) fn key(&self, package: PackageIdx, name: &str) -> Option<Key> {
        let range = self.key_ranges.get(package.get())?;
        let keys = slice(&self.keys, Some(range));
        let found = keys.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
        Some(Key(range.start + number(found)))
    }

    /// How many keys all packages have together.
    pub(super) fn keys_len(&self) -> usize {
        self.keys.len()
    }

    /// Whether its platform is one that is built for.
    pub(super) fn is_active(&self, edge: &Edge<'_>, host: bool) -> bool {
        match host {
            true => edge.active.host,
            false => edge.active.target,
        }
    }

    /// Whether a package is one of procedural macros.
    pub(super) fn is_proc_macro(&self, package: PackageIdx) -> bool {
        self.proc_macros.get(package.get()) == Some(&true)
    }
}

/// For which of what is built a platform stands; none if it can't be read.
fn activity(text: &str, request: &Request<'_>) -> Option<Active> {
    let condition = text.strip_prefix("cfg(").map(|rest| rest.strip_suffix(')'));
    let condition = match condition {
        Some(inside) => Some(CfgExpr::parse(inside?).ok()?),
        None => None,
    };
    let matches = |platform: &Platform| match &condition {
        Some(condition) => condition.matches(&platform.cfg),
        None => *platform.triple == *text,
    };
    Some(match request.targets {
        Platforms::All => Active {
            host: true,
            target: true,
        },
        Platforms::Only([]) => {
            let host = matches(request.host);
            Active { host, target: host }
        }
        Platforms::Only(targets) => Active {
            host: matches(request.host),
            target: targets.iter().any(matches),
        },
    })
}

/// Finds what a package's declared dependencies have become. The metadata does not link the two.
struct Lookup<'a> {
    metadata: &'a Metadata,
    package: &'a MetadataPackage,
    /// Sorted by the packages' names.
    resolved: Vec<(&'a str, &'a Resolved)>,
}

impl<'a> Lookup<'a> {
    fn new(metadata: &'a Metadata, package: &'a MetadataPackage) -> Self {
        let name = |resolved: &'a Resolved| {
            let package = metadata.get(resolved.package);
            package.map_or("", |package| &*package.name)
        };
        let all = package.resolved.iter();
        let mut resolved: Vec<_> = all.map(|resolved| (name(resolved), resolved)).collect();
        resolved.sort_by_key(|(name, _)| *name);
        Self {
            metadata,
            package,
            resolved,
        }
    }

    /// Mostly one; none for what is not active or has no library; several if it can't be told.
    fn find(&self, declared: &Declared) -> Vec<&'a Resolved> {
        let start = self
            .resolved
            .partition_point(|(name, _)| **name < *declared.name);
        let run = self.resolved.get(start..).unwrap_or_default().iter();
        let mut found: Vec<&Resolved> = run
            .take_while(|(name, _)| **name == *declared.name)
            .map(|(_, resolved)| *resolved)
            .filter(|resolved| {
                let mut kinds = resolved.kinds.iter();
                kinds.any(|(kind, target)| *kind == declared.kind && *target == declared.target)
            })
            .collect();
        if found.is_empty() {
            return found;
        }
        // Another dependency with the same name may have taken what was found.
        let namesakes = self.package.dependencies.iter();
        let namesakes = namesakes.filter(|other| {
            other.name == declared.name
                && other.kind == declared.kind
                && other.target == declared.target
        });
        if namesakes.take(2).count() < 2 && found.len() < 2 {
            return found;
        }
        found.retain(|resolved| self.fits(declared, resolved));
        if found.len() > 1 {
            let source = declared.source.as_deref();
            let is_from = |resolved: &&Resolved| {
                let package = self.metadata.get(resolved.package);
                let from = package.and_then(|package| package.source.as_deref());
                let place = from.map(|from| from.text.split('#').next().unwrap_or_default());
                place == source
            };
            if found.iter().filter(|resolved| is_from(resolved)).count() == 1 {
                found.retain(is_from);
            }
        }
        found
    }

    fn fits(&self, declared: &Declared, resolved: &Resolved) -> bool {
        let Some(package) = self.metadata.get(resolved.package) else {
            return false;
        };
        let has_name = match (&declared.rename, package.library()) {
            (Some(rename), _) => rename.replace('-', "_") == *resolved.name,
            (None, Some(library)) => library.name.replace('-', "_") == *resolved.name,
            (None, None) => true,
        };
        // Cargo shows a requirement that is not there as `*`, which no prerelease would meet.
        let has_version = &*declared.requirement == "*"
            || VersionReq::parse(&declared.requirement)
                .is_ok_and(|requirement| requirement.matches(&package.version));
        has_name && has_version
    }
}
