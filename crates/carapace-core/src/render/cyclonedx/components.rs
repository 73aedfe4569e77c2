//! What the inputs are made of: each package once, and who depends on whom.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use semver::Version;
use serde_json::{Map, Value, json};

use super::{add, property, purl};
use crate::finding::Finding;
use crate::graph::binary::BINARY;
use crate::graph::checksum::Checksum;
use crate::graph::source::SourceKind;
use crate::graph::units::{Role, Roles};
use crate::graph::{Package, PackageIdx, Problem};
use crate::report::{Gap, Input, InputKind, Report};
use crate::rules::Group;

/// The length of the longest version that fits, in characters.
const LONGEST_VERSION: usize = 1024;

/// How far it is known what a package depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edges {
    /// All of it.
    Complete,
    /// Nothing is locked: a build may choose otherwise.
    Unlocked,
    /// Not all of it.
    Incomplete,
}

impl Edges {
    /// The name in the document.
    pub(super) fn aggregate(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Unlocked => "unknown",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What of the inputs is one component.
struct Component {
    /// Itself, without what several inputs say of it.
    fields: Map<String, Value>,
    /// What it is for; none where an input does not tell.
    roles: Option<Roles>,
    inputs: BTreeSet<String>,
    findings: BTreeSet<String>,
    depends_on: BTreeSet<String>,
    edges: Edges,
}

/// The components of a document.
pub(super) struct Components<'a> {
    report: &'a Report,
    /// By reference.
    all: BTreeMap<String, Component>,
    /// For each input, the references of its packages, by their places in the graph.
    references: Vec<Vec<String>>,
    /// Every reference of the document.
    taken: HashSet<String>,
    /// Of each version of Rust that is a component, its reference.
    toolchains: BTreeMap<Version, String>,
    root: String,
}

impl<'a> Components<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut components = Self {
            report,
            all: BTreeMap::new(),
            references: Vec::new(),
            taken: HashSet::new(),
            toolchains: BTreeMap::new(),
            root: String::new(),
        };
        let mut known = HashMap::new();
        for input in &report.inputs {
            let packages = input.graph.packages().iter();
            let references = packages.map(|package| components.name(input, package, &mut known));
            let references = references.collect();
            components.references.push(references);
        }
        for at in 0..report.inputs.len() {
            components.take(at);
        }
        components.find_root();
        components
    }

    /// A reference that nothing else in the document has.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let mut numbered = (2..).map(|n| format!("{wanted} ({n})"));
        let mut reference = wanted.to_owned();
        while reference.is_empty() || !self.taken.insert(reference.clone()) {
            reference = numbered.next().unwrap_or_default();
        }
        reference
    }

    /// The reference of a package. Of two inputs, folders are not the same though they be called
    /// alike, nor is what has another checksum.
    fn name(
        &mut self,
        input: &'a Input,
        package: &'a Package,
        known: &mut HashMap<(String, Option<&'a Checksum>), String>,
    ) -> String {
        let several = self.report.inputs.len() > 1;
        let id = match &package.source {
            None if several => format!("{}#{}", input.id, package.id()),
            _ => package.id(),
        };
        let key = (id, package.checksum.as_ref());
        if let Some(reference) = known.get(&key) {
            return reference.clone();
        }
        let reference = self.unique(&key.0);
        known.insert(key, reference.clone());
        reference
    }

    /// The reference of a package of an input.
    pub(super) fn reference(&self, input: usize, package: PackageIdx) -> Option<&str> {
        let graph = &self.report.inputs.get(input)?.graph;
        let references = self.references.get(input)?;
        references.get(graph.position(package)?).map(String::as_str)
    }

    /// Takes in the packages of an input.
    fn take(&mut self, at: usize) {
        let report = self.report;
        let (Some(input), Some(references)) = (report.inputs.get(at), self.references.get(at))
        else {
            return;
        };
        let members: HashSet<PackageIdx> = match is_untold(report, input) {
            true => HashSet::new(),
            false => input.graph.members().into_iter().collect(),
        };
        let is_unlocked =
            |gap: &Gap| gap.what == Gap::LOCKFILE && gap.input.as_ref() == Some(&input.id);
        let of_input = if is_untold(report, input) {
            Edges::Incomplete
        } else if report.gaps.iter().any(is_unlocked) {
            Edges::Unlocked
        } else {
            Edges::Complete
        };
        let problems = input.graph.problems.iter();
        let unresolved: HashSet<PackageIdx> = problems
            .filter_map(|problem| match problem {
                Problem::Dependency { package, .. } => Some(*package),
                Problem::Duplicate { .. } => None,
            })
            .collect();
        for ((index, package), reference) in input.graph.iter().zip(references) {
            let roles = input.details.roles.get(index.get()).copied();
            let component = self
                .all
                .entry(reference.clone())
                .or_insert_with(|| Component {
                    fields: fields(package, reference, members.contains(&index)),
                    roles: Some(Roles::default()),
                    inputs: BTreeSet::new(),
                    findings: BTreeSet::new(),
                    depends_on: BTreeSet::new(),
                    edges: Edges::Complete,
                });
            // Where one input does not tell what it is for, it is not known.
            let roles = roles.filter(|roles| *roles != Roles::default());
            component.roles = match (component.roles, roles) {
                (Some(known), Some(more)) => Some(known.iter().chain(more.iter()).collect()),
                _ => None,
            };
            component.inputs.insert(input.id.clone());
            let edges = match unresolved.contains(&index) {
                true => Edges::Incomplete,
                false => of_input,
            };
            component.edges = component.edges.max(edges);
            let on = input.graph.depends_on(index);
            let on = on.filter_map(|on| references.get(input.graph.position(on)?));
            component.depends_on.extend(on.cloned());
        }
        for finding in input.findings.iter().filter(|found| is_of_package(found)) {
            let reference = finding
                .package
                .and_then(|index| references.get(index.get()));
            if let Some(component) = reference.and_then(|reference| self.all.get_mut(reference)) {
                component.findings.insert(in_words(finding));
            }
        }
    }

    /// What the document is about: the one member that no other depends on; else what holds all
    /// members of all inputs.
    fn find_root(&mut self) {
        let inputs = self.report.inputs.iter().zip(&self.references);
        let members: BTreeSet<String> = inputs
            .flat_map(|(input, references)| {
                let members = input.graph.members().into_iter();
                members.filter_map(|index| references.get(index.get()).cloned())
            })
            .collect();
        let needed: BTreeSet<&String> = members
            .iter()
            .filter_map(|member| self.all.get(member))
            .flat_map(|member| &member.depends_on)
            .collect();
        let mut tops = members.iter().filter(|member| !needed.contains(member));
        if let (Some(top), None, [input]) = (tops.next(), tops.next(), &*self.report.inputs)
            && !is_untold(self.report, input)
        {
            self.root.clone_from(top);
            return;
        }
        let name = match &*self.report.inputs {
            [input] if input.kind == InputKind::Binary => file_name(&input.path),
            [input] => folder(&input.path).unwrap_or("workspace"),
            _ => "workspaces",
        };
        let reference = self.unique("project");
        let inputs = &self.report.inputs;
        let is_unread = self.report.gaps.iter().any(|gap| gap.what == Gap::INPUT)
            || inputs.iter().any(|input| is_untold(self.report, input));
        let mut fields = Map::new();
        add(&mut fields, "type", Some("application"));
        add(&mut fields, "bom-ref", Some(reference.as_str()));
        add(&mut fields, "name", Some(name));
        let root = Component {
            fields,
            roles: None,
            inputs: self
                .report
                .inputs
                .iter()
                .map(|input| input.id.clone())
                .collect(),
            findings: BTreeSet::new(),
            depends_on: members,
            edges: if is_unread {
                Edges::Incomplete
            } else {
                Edges::Complete
            },
        };
        self.all.insert(reference.clone(), root);
        self.root = reference;
    }

    /// The reference of what compiles an input: a component that is there where something is known
    /// against it.
    pub(super) fn toolchain(&mut self, input: usize) -> Option<String> {
        let toolchain = self.report.inputs.get(input)?.details.toolchain.as_ref()?;
        let version = &toolchain.version;
        if let Some(reference) = self.toolchains.get(version) {
            return Some(reference.clone());
        }
        let reference = self.unique(&format!("toolchain rust@{version}"));
        self.toolchains.insert(version.clone(), reference.clone());
        let mut fields = Map::new();
        add(&mut fields, "type", Some("platform"));
        add(&mut fields, "bom-ref", Some(reference.as_str()));
        add(&mut fields, "name", Some("rust"));
        add(&mut fields, "version", fitting(version.to_string()));
        let component = Component {
            fields,
            roles: None,
            inputs: BTreeSet::new(),
            findings: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            edges: Edges::Unlocked,
        };
        self.all.insert(reference.clone(), component);
        Some(reference)
    }

    /// What the document is about.
    pub(super) fn root(&self) -> Option<Value> {
        self.all.get(&self.root).map(|root| self.document(root))
    }

    /// All others, sorted by reference.
    pub(super) fn all(&self) -> impl Iterator<Item = Value> {
        let others = self.all.iter().filter(|(name, _)| **name != self.root);
        others.map(|(_, component)| self.document(component))
    }

    /// Who depends on whom, sorted by reference.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = Value> {
        self.all.iter().map(|(reference, component)| {
            let mut dependency = Map::new();
            add(&mut dependency, "ref", Some(reference.as_str()));
            let on = (!component.depends_on.is_empty()).then(|| json!(component.depends_on));
            add(&mut dependency, "dependsOn", on);
            dependency.into()
        })
    }

    /// How far that is known of each.
    pub(super) fn edges(&self) -> impl Iterator<Item = (&str, Edges)> {
        let all = self.all.iter();
        all.map(|(reference, component)| (reference.as_str(), component.edges))
    }

    fn document(&self, component: &Component) -> Value {
        let mut fields = component.fields.clone();
        let roles = component.roles.unwrap_or_default();
        add(&mut fields, "scope", scope(roles));
        let roles = roles.iter().map(|role| property("role", role.name()));
        let inputs = component
            .inputs
            .iter()
            .map(|input| property("input", input));
        let inputs = inputs.filter(|_| self.report.inputs.len() > 1);
        let findings = component
            .findings
            .iter()
            .map(|text| property("finding", text));
        let properties: Vec<Value> = roles.chain(inputs).chain(findings).collect();
        add(
            &mut fields,
            "properties",
            (!properties.is_empty()).then_some(properties),
        );
        fields.into()
    }
}

/// The name of the folder that a file is in, if its path has it.
fn folder(path: &str) -> Option<&str> {
    let mut parts = path.rsplit(['/', '\\']).skip(1);
    parts
        .next()
        .filter(|name| !matches!(*name, "" | "." | ".."))
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether an input is a binary that does not tell all that is in it, or not what depends on what.
fn is_untold(report: &Report, input: &Input) -> bool {
    let mut gaps = report.gaps.iter();
    gaps.any(|gap| gap.what == BINARY && gap.input.as_ref() == Some(&input.id))
}

/// What a package is, whatever input it is in.
fn fields(package: &Package, reference: &str, is_member: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    // A member may be a library, but a lockfile does not tell; this is what the format has for it.
    let kind = if is_member { "application" } else { "library" };
    add(&mut fields, "type", Some(kind));
    add(&mut fields, "bom-ref", Some(reference));
    add(&mut fields, "name", Some(package.name.as_str()));
    add(&mut fields, "version", fitting(package.version.to_string()));
    add(&mut fields, "purl", purl::of(package));
    if let Some(sha256 @ Checksum::Sha256(_)) = &package.checksum {
        let hash = json!([{"alg": "SHA-256", "content": sha256.to_string()}]);
        add(&mut fields, "hashes", Some(hash));
    }
    let source = package.source.as_deref();
    let git = source.filter(|source| matches!(source.kind, SourceKind::Git(_)));
    let repository = git.and_then(|source| purl::web_address(&source.url));
    let reference = repository.map(|url| json!([{"type": "vcs", "url": url}]));
    add(&mut fields, "externalReferences", reference);
    fields
}

/// A version, where it fits.
pub(super) fn fitting(version: String) -> Option<String> {
    Some(version).filter(|version| version.len() <= LONGEST_VERSION)
}

/// Whether a component is needed where the program runs. What build scripts and procedural macros
/// are made of runs where it is built, and what tests need is with neither: both are excluded, as
/// cargo-cyclonedx has it. What only another platform needs, or nothing, is not there.
fn scope(roles: Roles) -> Option<&'static str> {
    let has = |role| roles.contains(role);
    if roles == Roles::default() {
        None
    } else if has(Role::Runtime) {
        Some("required")
    } else if has(Role::OtherTarget) || has(Role::Disabled) {
        Some("optional")
    } else {
        Some("excluded")
    }
}

/// Whether a finding is a property of its package: an advisory has an entry, and the user's own
/// settings are about the whole.
fn is_of_package(finding: &Finding) -> bool {
    finding.advisory.is_none() && finding.rule.group != Group::Policy
}

/// A finding that is no advisory.
pub(super) fn in_words(finding: &Finding) -> String {
    let (level, code) = (finding.level, finding.rule.meta.code);
    format!("{level} {code}: {}", finding.message)
}
