//! The dependency graph: packages and who depends on whom.
//!
//! A graph is read from a [`lockfile`], or from cargo's [`metadata`], which knows more: folders,
//! features, targets. What of it a build has is worked out in [`units`].
//!
//! *Invariants.* Every index in a graph is one of its packages. A package is in the graph once per
//! (name, version, source). What the lockfile said that could not be used is kept in
//! [`Graph::problems`], never dropped. A graph made from metadata has its packages in the
//! metadata's order, so that a [`PackageIdx`] means the same package in both.

pub mod binary;
pub mod checksum;
pub mod lockfile;
pub mod metadata;
pub mod paths;
pub mod source;
pub mod units;
pub mod unpacked;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use semver::Version;

use checksum::Checksum;
use lockfile::{LockedPackage, Lockfile, LockfileError, LockfileErrorKind};
use metadata::{Metadata, MetadataPackage};
use source::{Source, SourceKind, without_commit};

/// A package's place in [`Graph::packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageIdx(u32);

/// A package of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Where it comes from; none for a folder of this project.
    pub source: Option<Arc<Source>>,
    /// The checksum of its archive, as the lockfile has it.
    pub checksum: Option<Checksum>,
    /// The line, from 1, that names it in the lockfile; 0 if that is not known.
    pub line: u32,
    /// What a `[replace]` puts in its place.
    pub replaced_by: Option<PackageIdx>,
    /// Its folder on this machine, if cargo has said so.
    pub root_dir: Option<String>,
    /// Its id, if cargo has said so.
    pub spec: Option<Box<str>>,
}

impl Package {
    /// Whether it comes from crates.io.
    #[must_use]
    pub fn is_crates_io(&self) -> bool {
        self.source.as_deref().is_some_and(Source::is_crates_io)
    }

    /// Cargo's package id specification, `SOURCE#NAME@VERSION`; without a source, `NAME@VERSION`
    /// where only a lockfile is known, which does not tell folders.
    ///
    /// <https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>
    #[must_use]
    pub fn id(&self) -> String {
        if let Some(spec) = &self.spec {
            return spec.to_string();
        }
        match &self.source {
            Some(source) => {
                let place = source.text.split('#').next().unwrap_or_default();
                format!("{place}#{}@{}", self.name, self.version)
            }
            None => format!("{}@{}", self.name, self.version),
        }
    }
}

/// What in a lockfile could not be used. Each becomes a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A dependency that is no package of the lockfile, or could be several.
    Dependency {
        /// Who depends.
        package: PackageIdx,
        /// The dependency as written.
        text: String,
    },
    /// A package that is there more than once; each is judged.
    Duplicate {
        /// The later one.
        package: PackageIdx,
    },
}

/// The packages of one lockfile and their edges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    packages: Vec<Package>,
    /// All dependencies, those of the first package first.
    edges: Vec<PackageIdx>,
    /// Where the dependencies of each package end in `edges`; they begin where those of the package
    /// before end.
    ends: Vec<u32>,
    /// The workspace's packages, if cargo has said so.
    members: Option<Vec<PackageIdx>>,
    /// The version of the lockfile that it was read from; 0 without one.
    pub lockfile_version: u32,
    /// Whether the last package is the `[root]` table of an old lockfile.
    pub has_root_table: bool,
    /// What the lockfile said that could not be used.
    pub problems: Vec<Problem>,
}

impl Graph {
    /// Resolves a lockfile's texts to packages and edges.
    ///
    /// # Errors
    /// [`LockfileError`] if a version is no semantic version or a source none of cargo's.
    pub fn from_lockfile(lockfile: &Lockfile<'_>) -> Result<Self, LockfileError> {
        let mut sources = Sources::default();
        let mut packages = Vec::with_capacity(lockfile.packages().len());
        for locked in lockfile.packages() {
            packages.push(package(&locked, &mut sources)?);
        }
        let lookup = Lookup::new(lockfile, &packages);
        let mut problems = lookup.duplicates();

        let mut edges = Vec::with_capacity(lockfile.dependencies_len());
        let mut ends = Vec::with_capacity(packages.len());
        let mut replaced = Vec::new();
        for (index, locked) in lockfile.packages().enumerate() {
            let package = PackageIdx::new(index);
            let mut resolve = |text: &str| {
                let found = lookup.find(text);
                if found.is_none() {
                    let text = text.to_owned();
                    problems.push(Problem::Dependency { package, text });
                }
                found
            };
            edges.extend(locked.dependencies().filter_map(&mut resolve));
            ends.push(PackageIdx::new(edges.len()).0);
            replaced.extend(
                locked
                    .replace()
                    .and_then(&mut resolve)
                    .map(|by| (package, by)),
            );
        }
        let checksums: Vec<_> = lockfile
            .checksums()
            .filter(|(_, value)| *value != "<none>")
            .filter_map(|(key, value)| {
                let package = lookup.find(key.strip_prefix("checksum ")?)?;
                Some((package, Checksum::parse(value)))
            })
            .collect();

        for (index, by) in replaced {
            if let Some(package) = packages.get_mut(index.get()) {
                package.replaced_by = Some(by);
            }
        }
        for (index, checksum) in checksums {
            if let Some(package) = packages.get_mut(index.get()) {
                package.checksum.get_or_insert(checksum);
            }
        }
        Ok(Self {
            packages,
            edges,
            ends,
            members: None,
            lockfile_version: lockfile.version,
            has_root_table: lockfile.has_root_table,
            problems,
        })
    }

    /// The graph of a resolved workspace: its packages and edges, of all features and platforms.
    /// Checksums and lines are those of the lockfile, as far as it has them.
    #[must_use]
    pub fn from_metadata(metadata: &Metadata, lockfile: Option<&Lockfile<'_>>) -> Self {
        let locked = lockfile.map(Locked::new).unwrap_or_default();
        let mut packages = Vec::with_capacity(metadata.packages.len());
        let mut edges = Vec::new();
        let mut ends = Vec::with_capacity(metadata.packages.len());
        for package in &metadata.packages {
            let (checksum, line) = locked.find(package);
            packages.push(Package {
                name: package.name.to_string(),
                version: package.version.clone(),
                source: package.source.clone(),
                checksum,
                line,
                replaced_by: None,
                root_dir: Some(package.root_dir().to_owned()),
                spec: Some(package.id.clone()),
            });
            let start = edges.len();
            edges.extend(package.resolved.iter().map(|resolved| resolved.package));
            if let Some(own) = edges.get_mut(start..) {
                own.sort_unstable();
            }
            ends.push(PackageIdx::new(edges.len()).0);
        }
        Self {
            packages,
            edges,
            ends,
            members: Some(metadata.members.clone()),
            lockfile_version: lockfile.map_or(0, |lockfile| lockfile.version),
            has_root_table: false,
            problems: Vec::new(),
        }
    }

    /// The packages in the lockfile's order.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The packages with their indices, in the lockfile's order.
    pub fn iter(&self) -> impl Iterator<Item = (PackageIdx, &Package)> {
        let indices = (0..self.packages.len()).map(PackageIdx::new);
        indices.zip(&self.packages)
    }

    /// A package by its index; none if the index is another graph's.
    #[must_use]
    pub fn get(&self, index: PackageIdx) -> Option<&Package> {
        self.packages.get(index.get())
    }

    /// A package's place in [`Self::packages`]; none if the index is another graph's.
    #[must_use]
    pub fn position(&self, index: PackageIdx) -> Option<usize> {
        Some(index.get()).filter(|at| *at < self.packages.len())
    }

    /// What a package depends on, in the lockfile's order.
    #[must_use]
    pub fn dependencies(&self, index: PackageIdx) -> &[PackageIdx] {
        let before = index
            .get()
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let start = before.map_or(0, |end| *end as usize);
        let end = self.ends.get(index.get()).map_or(0, |end| *end as usize);
        self.edges.get(start..end).unwrap_or_default()
    }

    /// What a package depends on, a `[replace]`ment included.
    pub fn depends_on(&self, index: PackageIdx) -> impl Iterator<Item = PackageIdx> {
        let replaced_by = self.get(index).and_then(|package| package.replaced_by);
        self.dependencies(index).iter().copied().chain(replaced_by)
    }

    /// The workspace's members, as cargo has named them. Where only a lockfile is known: the
    /// packages without a source, which are the members and what they have in folders; if there is
    /// none, the packages that nothing depends on.
    #[must_use]
    pub fn members(&self) -> Vec<PackageIdx> {
        if let Some(members) = &self.members {
            return members.clone();
        }
        let local: Vec<_> = self
            .iter()
            .filter(|(_, package)| package.source.is_none())
            .map(|(index, _)| index)
            .collect();
        if !local.is_empty() {
            return local;
        }
        let mut depended_on = vec![false; self.packages.len()];
        for dependency in &self.edges {
            if let Some(mark) = depended_on.get_mut(dependency.get()) {
                *mark = true;
            }
        }
        self.iter()
            .zip(depended_on)
            .filter(|(_, depended_on)| !depended_on)
            .map(|((index, _), _)| index)
            .collect()
    }
}

impl PackageIdx {
    fn new(index: usize) -> Self {
        // A lockfile is at most 32 MiB, so it cannot hold 2^32 packages; metadata is bounded, too.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place in the list of packages.
    #[must_use]
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// A lockfile's packages, to be found by what metadata knows of them.
/// For each its checksum and its line.
#[derive(Default)]
struct Locked<'a> {
    packages: HashMap<LockedKey<'a>, (Option<Checksum>, u32), RandomState>,
}

/// Name, version, and source without its commit.
type LockedKey<'a> = (&'a str, &'a str, &'a str);

impl<'a> Locked<'a> {
    fn new(lockfile: &'a Lockfile<'a>) -> Self {
        let mut packages = HashMap::default();
        for index in 0..lockfile.packages().len() {
            let Some(package) = lockfile.package(index) else {
                continue;
            };
            let source = package.source().map_or("", without_commit);
            let key = (package.name(), package.version(), source);
            let checksum = package.checksum().map(Checksum::parse);
            packages.insert(key, (checksum, package.line()));
        }
        // `checksum NAME VERSION (SOURCE)`, as version 1 has them.
        for (key, value) in lockfile.checksums().filter(|(_, value)| *value != "<none>") {
            let mut words = key.splitn(4, ' ').skip(1);
            let (Some(name), Some(version), Some(source)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let source = source.trim_start_matches('(').trim_end_matches(')');
            if let Some((checksum, _)) = packages.get_mut(&(name, version, without_commit(source)))
            {
                checksum.get_or_insert_with(|| Checksum::parse(value));
            }
        }
        Self { packages }
    }

    fn find(&self, package: &MetadataPackage) -> (Option<Checksum>, u32) {
        let version = package.version.to_string();
        let source = package.source.as_deref();
        let source = source.map_or("", Source::without_commit);
        let found = self.packages.get(&(&*package.name, &version, source));
        found.cloned().unwrap_or_default()
    }
}

fn package(locked: &LockedPackage<'_>, sources: &mut Sources) -> Result<Package, LockfileError> {
    let version = Version::parse(locked.version()).map_err(|_| LockfileError {
        line: Some(locked.line()),
        kind: LockfileErrorKind::PackageVersion {
            name: locked.name().to_owned(),
            version: locked.version().to_owned(),
        },
    })?;
    let source = match locked.source() {
        Some(text) => Some(sources.get(text).ok_or_else(|| LockfileError {
            line: Some(locked.line()),
            kind: LockfileErrorKind::Source {
                name: locked.name().to_owned(),
                source: text.to_owned(),
            },
        })?),
        None => None,
    };
    Ok(Package {
        name: locked.name().to_owned(),
        version,
        source,
        checksum: locked.checksum().map(Checksum::parse),
        line: locked.line(),
        replaced_by: None,
        root_dir: None,
        spec: None,
    })
}

/// Sources read once each: nearly all packages of a lockfile share one.
#[derive(Default)]
struct Sources {
    last: Option<Arc<Source>>,
    all: HashMap<String, Arc<Source>>,
}

impl Sources {
    fn get(&mut self, text: &str) -> Option<Arc<Source>> {
        if let Some(last) = self.last.as_ref().filter(|last| last.text == text) {
            return Some(Arc::clone(last));
        }
        let source = match self.all.get(text) {
            Some(source) => Arc::clone(source),
            None => {
                let source = Arc::new(Source::parse(text).ok()?);
                self.all.insert(text.to_owned(), Arc::clone(&source));
                source
            }
        };
        self.last = Some(Arc::clone(&source));
        Some(source)
    }
}

/// Finds the package that a dependency's text means, by cargo's own rules
/// (`cargo::core::resolver::encode::into_resolve`), in time logarithmic in the packages of a name.
struct Lookup<'a> {
    lockfile: &'a Lockfile<'a>,
    packages: &'a [Package],
    /// Sorted by name, version as written, place and source: each name is one run, in it each
    /// version, and in that the package in a folder comes first.
    order: Vec<PackageIdx>,
    runs: HashMap<&'a str, Range<u32>, RandomState>,
}

impl<'a> Lookup<'a> {
    fn new(lockfile: &'a Lockfile<'a>, packages: &'a [Package]) -> Self {
        let mut lookup = Self {
            lockfile,
            packages,
            order: Vec::new(),
            runs: HashMap::with_capacity_and_hasher(packages.len(), RandomState::default()),
        };
        let mut order: Vec<PackageIdx> = (0..packages.len()).map(PackageIdx::new).collect();
        // Cargo writes packages sorted by name, which this takes in one pass.
        order.sort_by(|a, b| {
            lookup
                .name(*a)
                .cmp(lookup.name(*b))
                .then_with(|| lookup.version(*a).cmp(lookup.version(*b)))
                .then_with(|| lookup.place(*a).cmp(&lookup.place(*b)))
                .then_with(|| lookup.source(*a).cmp(&lookup.source(*b)))
        });
        let mut start = 0;
        let name = |index: PackageIdx| locked_name(lockfile, index);
        for run in order.chunk_by(|a, b| name(*a) == name(*b)) {
            let end = start + PackageIdx::new(run.len()).0;
            if let [first, ..] = run {
                lookup
                    .runs
                    .insert(locked_name(lockfile, *first), start..end);
            }
            start = end;
        }
        lookup.order = order;
        lookup
    }

    fn name(&self, index: PackageIdx) -> &'a str {
        locked_name(self.lockfile, index)
    }

    fn version(&self, index: PackageIdx) -> &'a str {
        self.lockfile
            .package(index.get())
            .map_or("", |locked| locked.version())
    }

    fn package_source(&self, index: PackageIdx) -> Option<&'a Source> {
        self.packages.get(index.get())?.source.as_deref()
    }

    fn place(&self, index: PackageIdx) -> Option<(&'a str, &'a SourceKind)> {
        self.package_source(index).map(Source::place)
    }

    fn source(&self, index: PackageIdx) -> Option<&'a str> {
        self.package_source(index)
            .map(|source| source.text.as_str())
    }

    fn find(&self, text: &str) -> Option<PackageIdx> {
        // Names are short: a plain loop is faster here than a search.
        let space = text.bytes().position(|byte| byte == b' ');
        let (name, rest) = match space {
            None => (text, None),
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
        };
        let run = self.runs.get(name)?;
        let mut run = self.order.get(run.start as usize..run.end as usize)?;
        if let ([only], None) = (run, rest) {
            return Some(*only);
        }
        let source = match rest.map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            // Without a version there must be only one.
            None if self.version(*run.first()?) == self.version(*run.last()?) => "",
            None => return None,
            Some((version, source)) => {
                let start = run.partition_point(|index| self.version(*index) < version);
                run = run.get(start..)?;
                let end = run.partition_point(|index| self.version(*index) == version);
                run = run.get(..end)?;
                source
            }
        };
        if !source.is_empty() {
            let source = source.strip_prefix('(')?.strip_suffix(')')?;
            let source = Source::parse(source).ok()?;
            let place = Some(source.place());
            let start = run.partition_point(|index| self.place(*index) < place);
            let found = run.get(start).copied();
            return found.filter(|found| self.place(*found) == place);
        }
        // A package in a folder has no source to write, so it wins over those that would need one.
        match run {
            [only] => Some(*only),
            [first, second, ..]
                if self.place(*first).is_none() && self.place(*second).is_some() =>
            {
                Some(*first)
            }
            _ => None,
        }
    }

    fn duplicates(&self) -> Vec<Problem> {
        let key =
            |index: &PackageIdx| (self.name(*index), self.version(*index), self.source(*index));
        let pairs = self.order.windows(2);
        let mut problems: Vec<Problem> = pairs
            .filter_map(|pair| match pair {
                [a, b] if key(a) == key(b) => Some(Problem::Duplicate { package: *a.max(b) }),
                _ => None,
            })
            .collect();
        problems.sort_by_key(|problem| match problem {
            Problem::Duplicate { package } | Problem::Dependency { package, .. } => *package,
        });
        problems
    }
}

fn locked_name<'a>(lockfile: &'a Lockfile<'a>, index: PackageIdx) -> &'a str {
    lockfile
        .package(index.get())
        .map_or("", |locked| locked.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn graph(text: &str) -> Graph {
        let lockfile = lockfile::read(text.as_bytes()).unwrap();
        Graph::from_lockfile(&lockfile).unwrap()
    }

    fn package(name: &str, version: &str, source: &str, dependencies: &[&str]) -> String {
        let source = if source.is_empty() {
            String::new()
        } else {
            format!("source = \"{source}\"\n")
        };
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}dependencies = {dependencies:?}\n\n"
        )
    }

    fn dependencies(graph: &Graph, name: &str) -> Vec<String> {
        let (index, _) = graph
            .iter()
            .find(|(_, package)| package.name == name)
            .unwrap();
        let ids = graph.dependencies(index).iter();
        ids.map(|index| graph.get(*index).unwrap().id()).collect()
    }

    #[test]
    fn one_version_from_two_registries_is_told_apart_by_source() {
        let graph = graph(
            &[
                package(
                    "app",
                    "0.1.0",
                    "",
                    &[
                        "d 1.0.0 (registry+https://a.org/i)",
                        "d 1.0.0 (sparse+https://b.org/)",
                    ],
                ),
                package("d", "1.0.0", "registry+https://a.org/i", &[]),
                package("d", "1.0.0", "sparse+https://b.org/", &[]),
            ]
            .concat(),
        );
        assert_eq!(
            dependencies(&graph, "app"),
            [
                "registry+https://a.org/i#d@1.0.0",
                "sparse+https://b.org/#d@1.0.0"
            ]
        );
    }

    #[test]
    fn a_folder_wins_where_no_source_is_written() {
        let graph = graph(
            &[
                package(
                    "app",
                    "0.1.0",
                    "",
                    &["d 1.0.0", "d 1.0.0 (git+https://a.org/i?branch=x)"],
                ),
                package("d", "1.0.0", "", &[]),
                package("d", "1.0.0", "git+https://a.org/i?branch=x#00ff", &[]),
            ]
            .concat(),
        );
        assert_eq!(
            dependencies(&graph, "app"),
            ["d@1.0.0", "git+https://a.org/i?branch=x#d@1.0.0"]
        );
        assert!(graph.problems.is_empty());
    }

    #[test]
    fn what_is_ambiguous_missing_or_twice_is_a_problem() {
        let graph = graph(
            &[
                package("app", "0.1.0", "", &["d", "gone 1.0.0"]),
                package("d", "1.0.0", "", &[]),
                package("d", "2.0.0", "", &[]),
                package("d", "2.0.0", "", &[]),
            ]
            .concat(),
        );
        assert_eq!(graph.problems.len(), 3);
        assert_eq!(graph.packages().len(), 4);
    }

    #[test]
    fn version_1_keeps_checksums_apart() {
        let graph = graph(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+u\"\n\n\
             [metadata]\n\"checksum a 1.0.0 (registry+u)\" = \"ff\"\n\"checksum b 1.0.0 (registry+u)\" = \"<none>\"\n",
        );
        assert_eq!(graph.lockfile_version, 1);
        assert_eq!(graph.packages()[0].checksum, Some(Checksum::parse("ff")));
    }

    #[test]
    fn a_version_or_source_out_of_the_ordinary_is_an_error_with_its_line() {
        let read = |text: &str| {
            let lockfile = lockfile::read(text.as_bytes()).unwrap();
            Graph::from_lockfile(&lockfile).unwrap_err().to_string()
        };
        assert_eq!(
            read(&package("a", "1.0", "", &[])),
            "line 2: package `a` has the version `1.0`, which is not semantic versioning"
        );
        assert!(read(&package("a", "1.0.0", "x", &[])).contains("source `x`"));
    }

    #[test]
    fn without_local_packages_the_roots_are_what_nothing_needs() {
        let graph = graph(
            &[
                package("a", "1.0.0", "registry+u", &["b"]),
                package("b", "1.0.0", "registry+u", &["b"]),
            ]
            .concat(),
        );
        assert_eq!(graph.members(), [PackageIdx(0)]);
    }
}
