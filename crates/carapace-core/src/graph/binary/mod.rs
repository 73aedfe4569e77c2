//! What a compiled program or library says of its packages.
//!
//! `cargo auditable` puts the list of packages into a section, `audit_data`. Without it, names and
//! versions are recovered from paths that the compiler left in the file, `panic_paths`: such a list
//! is never the whole. `container` finds both, and for what machine and system the file is, in ELF,
//! PE, Mach-O (universal, too), WebAssembly, and static libraries of these.
//!
//! *Invariants.* Reading never fails and takes time linear in the file: what is damaged becomes a
//! gap. Whatever the file says, at most [`Limits::audit_data`] bytes are unpacked of it. A binary of
//! which no package is known has a gap that blocks.

mod audit_data;
mod container;
mod panic_paths;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

use super::source::{CRATES_IO, Source, SourceKind};
use super::units::{Role, Roles};
use super::{Graph, Package, PackageIdx, Problem};
use crate::finding::Confidence;
use crate::report::Gap;
use audit_data::Listed;
use container::Container;
pub use container::{Format, RunsOn};
use panic_paths::{Named, Place, Traces};

/// What the gaps of binaries are called.
pub const BINARY: &str = "binary";

/// What reading may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of audit data, packed as well as unpacked, over all sections of a file.
    pub audit_data: usize,
}

impl Limits {
    /// Bytes of audit data that are read if nothing else is said: as cargo-audit has it.
    pub const AUDIT_DATA: usize = 8 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            audit_data: Self::AUDIT_DATA,
        }
    }
}

/// How it is known that a package is in a binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The list in the binary has it.
    AuditData {
        /// Whether only its build needed it: then nothing of it is in the binary.
        build_only: bool,
    },
    /// A path in the binary names it.
    Path {
        /// The path, or as much of it as names the package.
        text: String,
        /// How sure it is that the package is what the path says.
        confidence: Confidence,
    },
}

impl Origin {
    /// How sure a finding about the package can be.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        match self {
            Self::AuditData { .. } => Confidence::High,
            Self::Path { confidence, .. } => *confidence,
        }
    }

    /// The same as a fact in words.
    #[must_use]
    pub fn evidence(&self) -> String {
        match self {
            Self::AuditData { build_only: false } => "the binary's audit data lists it".to_owned(),
            Self::AuditData { build_only: true } => {
                "the binary's audit data lists it as needed by the build alone".to_owned()
            }
            Self::Path { text, confidence } => format!(
                "a path in the binary names it, {} confidence: {text}",
                confidence.name()
            ),
        }
    }
}

/// What is known of a binary beside its packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// For what it is.
    pub runs_on: RunsOn,
    /// How its packages came to be known, by their places in the graph.
    pub origins: Vec<Origin>,
}

/// A binary, read.
#[derive(Debug, Clone, Default)]
pub struct Binary {
    /// Its packages. Where they were recovered, nothing is known of who depends on whom.
    pub graph: Graph,
    /// What each package is for.
    pub roles: Vec<Roles>,
    /// What else is known.
    pub provenance: Provenance,
    /// The version of rustc that compiled it, where it says one, and only one.
    pub rustc: Option<Version>,
    /// Whether anything in it is a sign of Rust.
    pub is_rust: bool,
    /// What is not known of it. They name no input.
    pub gaps: Vec<Gap>,
}

/// Reads a binary; none if this is not the content of one.
#[must_use]
pub fn read(bytes: &[u8], limits: Limits) -> Option<Binary> {
    let container = Container::read(bytes)?;
    let mut binary = Binary::default();
    let (listed, faults) = audit_data::read(&container.audit_data, limits.audit_data);
    for reason in faults {
        binary.gap(reason, true);
    }
    if container.is_damaged {
        // What is not found may be in what could not be read.
        let reason = "its tables are damaged: not all of them were read";
        binary.gap(reason, listed.is_none());
    }
    let traces = Traces::of(bytes);
    binary.provenance.runs_on = container.runs_on;
    binary.is_rust =
        !container.audit_data.is_empty() || !container.compilers.is_empty() || traces.is_rust;
    match listed {
        Some(listed) => {
            binary.list(listed);
            binary.compare(&traces);
        }
        None => binary.recover(&traces),
    }
    binary.compiler(&container.compilers, &traces);
    Some(binary)
}

/// What tells packages of a binary apart; sources as their texts, which need not be addresses.
type Key = (String, Version, Option<String>);

impl Binary {
    fn gap(&mut self, reason: impl Into<String>, blocking: bool) {
        self.gaps.push(Gap {
            blocking,
            ..Gap::new(BINARY, reason)
        });
    }

    /// Takes the packages of audit data. Lists of several sections, as a universal binary and a static
    /// library have them, become one: a package that several have is there once.
    fn list(&mut self, listed: Vec<Listed>) {
        let mut merged: BTreeMap<Key, usize> = BTreeMap::new();
        let mut packages: Vec<Package> = Vec::new();
        // By places in `packages`: what it depends on, what is in the binary, what is a root.
        let mut edges: Vec<Vec<PackageIdx>> = Vec::new();
        let mut is_runtime: Vec<bool> = Vec::new();
        let mut roots = Vec::new();
        for list in listed {
            let mut places = Vec::with_capacity(list.packages.len());
            for package in &list.packages {
                let Ok(version) = Version::parse(&package.version) else {
                    let (name, version) = (&package.name, &package.version);
                    self.gap(
                        format!(
                            "the audit data gives {name} the version `{version}`, which is no \
                             semantic version: it is not judged"
                        ),
                        true,
                    );
                    places.push(None);
                    continue;
                };
                let source = source(package.source.as_deref());
                let text = source.as_ref().map(|source| source.text.clone());
                let place = match merged.entry((package.name.clone(), version.clone(), text)) {
                    Entry::Occupied(same) => *same.get(),
                    Entry::Vacant(new) => {
                        new.insert(packages.len());
                        packages.push(named(&package.name, version, source));
                        edges.push(Vec::new());
                        is_runtime.push(false);
                        packages.len() - 1
                    }
                };
                if let Some(is_runtime) = is_runtime.get_mut(place) {
                    // What is not said to be the build's alone counts as being in the binary.
                    *is_runtime |= package.kind.as_deref() != Some("build");
                }
                if package.root {
                    roots.push(PackageIdx::new(place));
                }
                places.push(Some(place));
            }
            for (package, place) in list.packages.iter().zip(&places) {
                let Some(place) = *place else { continue };
                let mut astray = None;
                for at in &package.dependencies {
                    match (places.get(*at), edges.get_mut(place)) {
                        (Some(Some(on)), Some(edges)) => edges.push(PackageIdx::new(*on)),
                        (Some(None), _) => {}
                        _ => astray = astray.or(Some(*at)),
                    }
                }
                // The first tells enough: a list may hold millions.
                self.graph
                    .problems
                    .extend(astray.map(|at| Problem::Dependency {
                        package: PackageIdx::new(place),
                        text: at.to_string(),
                    }));
            }
        }
        for edges in &mut edges {
            edges.sort_unstable();
            edges.dedup();
            self.graph.edges.append(edges);
            self.graph
                .ends
                .push(PackageIdx::new(self.graph.edges.len()).0);
        }
        self.graph.packages = packages;
        roots.sort_unstable();
        roots.dedup();
        self.graph.members = (!roots.is_empty()).then_some(roots);
        for is_runtime in is_runtime {
            let role = if is_runtime {
                Role::Runtime
            } else {
                Role::Build
            };
            let build_only = !is_runtime;
            self.roles.push(Roles::from_iter([role]));
            self.provenance
                .origins
                .push(Origin::AuditData { build_only });
        }
        if self.graph.packages.is_empty() {
            self.gap(
                "its audit data lists no package: what it is made of is not known",
                true,
            );
        }
    }

    /// Takes the packages of crates.io that paths name and the list has not.
    fn compare(&mut self, traces: &Traces<'_>) {
        let packages = self.graph.packages.iter();
        let listed: BTreeSet<(&str, &Version)> = packages
            .map(|package| (package.name.as_str(), &package.version))
            .collect();
        let named = traces.packages.iter();
        let unlisted: Vec<&Named<'_>> = named
            .filter(|found| found.place == Place::CratesIo)
            .filter(|found| !listed.contains(&(found.name, &found.version)))
            .collect();
        if unlisted.is_empty() {
            return;
        }
        for found in &unlisted {
            self.add(found);
        }
        let names = unlisted.iter();
        let names = some(names.map(|found| format!("{} {}", found.name, found.version)));
        let reason = format!(
            "paths in it name packages that its audit data does not list, and there may be more: \
             {names}"
        );
        self.gap(reason, false);
    }

    /// Takes a package that a path names.
    fn add(&mut self, found: &Named<'_>) {
        let source = found.place.source();
        let package = named(found.name, found.version.clone(), source);
        self.graph.packages.push(package);
        self.graph
            .ends
            .push(PackageIdx::new(self.graph.edges.len()).0);
        self.roles.push(Roles::from_iter([Role::Runtime]));
        self.provenance.origins.push(Origin::Path {
            text: String::from_utf8_lossy(found.text).into_owned(),
            confidence: found.place.confidence(),
        });
    }

    /// Takes the packages that paths name.
    fn recover(&mut self, traces: &Traces<'_>) {
        for found in &traces.packages {
            self.add(found);
        }
        let packages = 0..self.graph.packages.len();
        self.graph.members = Some(packages.map(PackageIdx::new).collect());
        // What the standard library brings along says nothing of the program's own dependencies.
        let own = traces
            .packages
            .iter()
            .filter(|found| found.place != Place::StandardLibrary);
        let way_out = "`cargo auditable build` puts the whole list into a binary";
        match own.count() {
            0 if traces.is_rust => self.gap(
                format!(
                    "it has no audit data that can be read, and no path in it names a package: what it \
                     is made of is not known; {way_out}"
                ),
                true,
            ),
            0 => self.gap(
                format!("it has no audit data that can be read, and no sign of Rust; {way_out}"),
                true,
            ),
            _ => self.gap(
                format!(
                    "it has no audit data that can be read: its packages were recovered from paths in \
                     it, and there are probably more; {way_out}"
                ),
                false,
            ),
        }
        if !traces.git.is_empty() {
            let named = some(traces.git.iter().copied().map(str::to_owned));
            let reason =
                format!("packages from git are in it, of which it tells no versions: {named}");
            self.gap(reason, false);
        }
    }

    /// Takes the version of the compiler, if there is one answer.
    fn compiler(&mut self, compilers: &[Version], traces: &Traces<'_>) {
        match compilers {
            [one] => self.rustc = Some(one.clone()),
            [] => {
                if let Some(commit) = traces.rustc_commits.first() {
                    let reason = format!(
                        "it was compiled by rustc of commit {commit}, and does not tell its version: \
                         advisories about Rust itself were not looked for"
                    );
                    self.gaps.push(Gap::new("toolchain", reason));
                }
            }
            several => {
                let versions: Vec<String> = several.iter().map(Version::to_string).collect();
                let reason = format!(
                    "several versions of rustc compiled it ({}): advisories about Rust itself were \
                     not looked for",
                    versions.join(", ")
                );
                self.gaps.push(Gap::new("toolchain", reason));
            }
        }
    }
}

/// The first of many names, and how many more there are.
fn some(names: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 20;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.take(SHOWN).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn named(name: &str, version: Version, source: Option<Source>) -> Package {
    Package {
        name: name.to_owned(),
        version,
        source: source.map(Arc::new),
        checksum: None,
        line: 0,
        replaced_by: None,
        root_dir: None,
        spec: None,
    }
}

/// crates.io, as lockfiles write it.
fn crates_io() -> Source {
    elsewhere(SourceKind::Registry, CRATES_IO)
}

/// A source of which no address is known: its text says what is.
fn elsewhere(kind: SourceKind, text: &str) -> Source {
    Source {
        text: text.to_owned(),
        kind,
        url: String::new(),
        commit: None,
    }
}

/// Where a package comes from, by the word that audit data has for it
/// (<https://github.com/rust-secure-code/cargo-auditable/blob/master/cargo-auditable.schema.json>).
fn source(word: Option<&str>) -> Option<Source> {
    use super::source::GitReference::DefaultBranch;
    match word {
        Some("local") => None,
        Some("crates.io") => Some(crates_io()),
        Some("git") => Some(elsewhere(SourceKind::Git(DefaultBranch), "git")),
        other => Some(elsewhere(SourceKind::Registry, other.unwrap_or("unknown"))),
    }
}
