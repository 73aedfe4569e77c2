//! The JSON document, `carapace/1`.
//!
//! Fields may be added, never changed or removed. The types here are the document: its JSON Schema,
//! `schema/carapace-1.schema.json` in the repository, is generated from them, so what is required
//! there is what is always written here. Foreign text is escaped by JSON alone: a program reads it.

mod archive;
mod dance;
mod fixes;
mod people;
mod unsafety;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use archive::ArchiveDocument;
use dance::DanceDocument;
use fixes::{FixedDocument, ProofDocument};
use people::{InputPeople, PackagePeople};
use unsafety::UnsafetyDocument;

use crate::census::PackageCensus;
use crate::census::dance::Nomination;
use crate::engine::paths_gap;
use crate::finding::{Confidence, Finding, Level};
use crate::fix::{Applicability, Edit};
use crate::graph::checksum::Checksum;
use crate::graph::paths::{Budget, Dependents};
use crate::graph::units::Role;
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::advisory::Advisory;
use crate::reach::Reachability;
use crate::report::{Gap, Input, Report};

/// The name and version of the document's form.
pub const SCHEMA: &str = "carapace/1";

/// The document.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// The form of this document: `carapace/1`.
    schema: &'static str,
    /// The program that wrote it.
    tool: Tool<'a>,
    /// The command that was run.
    command: &'static str,
    /// What was judged.
    inputs: Vec<InputDocument<'a>>,
    /// Which configuration ruled, of `audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyDocument<'a>>,
    /// What the configuration of the analysed project switched off, ignored or redirected.
    config: Vec<ConfigDocument<'a>>,
    /// The main advisory database.
    database: Option<DatabaseDocument<'a>>,
    /// All advisory databases, the main one first.
    databases: Vec<DatabaseDocument<'a>>,
    /// The packages of all inputs, sorted by id.
    packages: Vec<PackageDocument<'a>>,
    /// What accounts could change, by input, where that was looked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    people: Vec<InputPeople<'a>>,
    /// What was found, by input, then what fails first.
    findings: Vec<FindingDocument<'a>>,
    /// What was not looked at.
    gaps: Vec<GapDocument<'a>>,
    /// What policy left out.
    ignored: Vec<IgnoredDocument<'a>>,
    /// What was done about findings, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<Vec<FixedDocument<'a>>>,
    /// What fixes change in sources, as a unified diff from the project's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a str>,
    /// What came of fixes that were tried in a copy, with `--verify`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    proofs: Vec<ProofDocument<'a>>,
    /// `pass`, `fail` or `incomplete`.
    verdict: &'static str,
}

/// The program that wrote a document.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct InputDocument<'a> {
    /// What `input` refers to.
    id: &'a str,
    /// Its path; `-` is standard input.
    path: &'a str,
    /// `manifest`, `lockfile`, `package` or `binary`.
    kind: &'static str,
    /// How many packages it has.
    packages: usize,
    verdict: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PolicyDocument<'a> {
    /// `named` by the user; the project's `carapace.toml`, `audit.toml` or `deny.toml`; the `user`'s
    /// own; or `none`.
    kind: &'static str,
    /// The file that ruled.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    /// The organisation's policy that was over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ConfigDocument<'a> {
    file: &'a str,
    /// From 1.
    line: u32,
    effect: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DatabaseDocument<'a> {
    /// `embedded`, `cache` or `path`.
    source: &'static str,
    /// The address or folder that it was taken from.
    location: &'a str,
    /// The commit, where the source has one.
    revision: Option<&'a str>,
    /// The day of that commit, else of the newest advisory.
    date: Option<String>,
    /// How many advisories it holds.
    advisories: usize,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PackageDocument<'a> {
    /// Cargo's package id specification.
    id: &'a str,
    /// The inputs that it is in.
    inputs: Vec<&'a str>,
    name: &'a str,
    version: String,
    /// As the lockfile writes it; null for a folder.
    source: Option<&'a str>,
    /// The SHA-256 that the lockfile has, in hexadecimal.
    checksum: Option<String>,
    /// Empty where only a lockfile was judged; a gap says so.
    roles: Vec<&'static str>,
    /// The shortest path from each owning member, ids of packages.
    paths: Vec<Vec<&'a str>>,
    /// The folder that holds its manifest, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    root_dir: Option<&'a str>,
    /// Its unsafe code, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsafety: Option<UnsafetyDocument<'a>>,
    /// Who can change it and who published it, where that was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<PackagePeople<'a>>,
    /// What its archive in cargo's cache says, where that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<ArchiveDocument<'a>>,
    /// What of its unsafe code safe code could replace, where that was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    dance: Option<DanceDocument<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FindingDocument<'a> {
    /// The input's id.
    input: &'a str,
    /// The rule's code: `explain CODE` tells what it is about.
    code: &'static str,
    /// The rule's name.
    name: &'static str,
    group: &'static str,
    level: Level,
    /// Whether the baseline knows it: then it is a note.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<SeverityDocument>,
    confidence: Confidence,
    /// The package's id.
    package: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationDocument<'a>>,
    /// The path of the item that it is in, from the crate's root.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a str>,
    /// The shortest path from each owning member, ids of packages.
    paths: Vec<Vec<&'a str>>,
    /// The pattern of unsound code that it is of: `SEND_SYNC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'static str>,
    /// The ids of the advisories that it is already known by.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    covered_by: &'a [String],
    /// What it rests on, a fact a line.
    evidence: &'a [String],
    /// What to do, a step a line.
    help: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory: Option<AdvisoryDocument<'a>>,
    /// Whether the affected functions are reached, where the advisory names some and sources were
    /// looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    reachability: Option<&'a Reachability>,
    /// What settles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixDocument<'a>>,
    /// The same for the same thing in every run.
    fingerprint: &'a str,
    references: &'a [String],
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct SeverityDocument {
    /// CVSS, 0.0 to 10.0.
    score: f64,
    vector: String,
    /// `none`, `low`, `medium`, `high` or `critical`.
    label: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct LocationDocument<'a> {
    file: &'a str,
    /// The same from the root of its repository, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_file: Option<&'a str>,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: u32,
    end_line: u32,
    /// Behind the last character.
    end_column: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FixDocument<'a> {
    /// `safe` does not change what the code does, `unsafe` may, `display` only shows the way.
    applicability: Applicability,
    /// To be applied all together, on the files as they are.
    edits: Vec<EditDocument<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct EditDocument<'a> {
    file: &'a str,
    /// The offset of what is replaced, in bytes.
    start: usize,
    /// The offset behind it.
    end: usize,
    text: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AdvisoryDocument<'a> {
    id: &'a str,
    /// Null with the built-in snapshot.
    title: Option<&'a str>,
    aliases: &'a [String],
    /// Version requirements.
    patched: &'a [String],
    /// Version requirements.
    unaffected: &'a [String],
    /// `vulnerability`, `unmaintained`, `unsound` or `notice`.
    kind: &'static str,
    categories: &'a [String],
    date: String,
    url: String,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct GapDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    /// What was to be done.
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    reason: &'a str,
    /// Whether it makes the verdict `incomplete`.
    blocking: bool,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct IgnoredDocument<'a> {
    /// The advisory's id; of what is no advisory, the rule's code.
    code: &'a str,
    reason: &'a str,
    /// The last day on which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// The ids of a graph's packages, in their order: each is made once and named often.
struct Ids(Vec<String>);

impl Ids {
    fn of(graph: &Graph) -> Self {
        Self(graph.packages().iter().map(Package::id).collect())
    }

    fn get(&self, graph: &Graph, index: PackageIdx) -> &str {
        graph
            .position(index)
            .and_then(|at| self.0.get(at))
            .map_or("", String::as_str)
    }

    fn paths(&self, graph: &Graph, paths: &[Vec<PackageIdx>]) -> Vec<Vec<&str>> {
        let ids = |path: &Vec<PackageIdx>| path.iter().map(|i| self.get(graph, *i)).collect();
        paths.iter().map(ids).collect()
    }
}

/// The document of a report, on one line.
#[must_use]
pub fn render(report: &Report, version: &str) -> String {
    let ids: Vec<Ids> = report
        .inputs
        .iter()
        .map(|input| Ids::of(&input.graph))
        .collect();
    let mut budget = Budget::default();
    let packages = packages(&report.inputs, &ids, &mut budget);
    let cut = budget.is_spent().then(|| paths_gap(None));
    let document = document(report, &ids, packages, cut.as_ref(), version);
    // The document holds only strings, numbers, lists and structures: that cannot fail.
    let text = serde_json::to_string(&document).unwrap_or_default();
    super::disarmed(text) + "\n"
}

fn document<'a>(
    report: &'a Report,
    ids: &'a [Ids],
    packages: Vec<PackageDocument<'a>>,
    cut: Option<&'a Gap>,
    version: &'a str,
) -> Document<'a> {
    let databases = || {
        report.databases.iter().map(|database| DatabaseDocument {
            source: database.origin.name(),
            location: &database.info.source,
            revision: database.info.revision.as_deref(),
            date: database.info.date.map(|date| date.to_string()),
            advisories: database.info.advisories,
        })
    };
    Document {
        schema: SCHEMA,
        tool: Tool {
            name: "carapace",
            version,
        },
        command: report.command,
        inputs: report.inputs.iter().map(input).collect(),
        policy: report.ruling.as_ref().map(|ruling| PolicyDocument {
            kind: ruling.kind.name(),
            file: ruling.file.as_deref(),
            floor: ruling.floor.as_deref(),
        }),
        config: report
            .config
            .iter()
            .map(|config| ConfigDocument {
                file: &config.file,
                line: config.line,
                effect: &config.effect,
            })
            .collect(),
        database: databases().next(),
        databases: databases().collect(),
        packages,
        people: report
            .inputs
            .iter()
            .zip(ids)
            .filter_map(|(input, ids)| people::of_input(input, ids))
            .collect(),
        findings: report
            .inputs
            .iter()
            .zip(ids)
            .flat_map(|(input, ids)| {
                let findings = input.findings.iter();
                findings.map(move |found| finding(input, ids, found))
            })
            .collect(),
        gaps: report
            .gaps
            .iter()
            .chain(cut)
            .map(|gap| GapDocument {
                input: gap.input.as_deref(),
                what: gap.what,
                package: gap.package.as_deref(),
                path: gap.path.as_deref(),
                reason: &gap.reason,
                blocking: gap.blocking,
            })
            .collect(),
        ignored: report
            .ignored
            .iter()
            .map(|ignored| IgnoredDocument {
                code: &ignored.code,
                reason: &ignored.reason,
                until: ignored.until.map(|until| until.to_string()),
            })
            .collect(),
        fixes: report
            .fixes
            .as_ref()
            .map(|fixes| fixes.iter().map(fixes::document).collect()),
        patch: report.patch.as_deref(),
        proofs: report.proofs.iter().map(fixes::proof).collect(),
        verdict: report.verdict.name(),
    }
}

fn input(input: &Input) -> InputDocument<'_> {
    InputDocument {
        id: &input.id,
        path: &input.path,
        kind: input.kind.name(),
        packages: input.graph.packages().len(),
        verdict: input.verdict.name(),
    }
}

/// A package that several inputs hold is listed once; its paths are those of all of them.
fn packages<'a>(
    inputs: &'a [Input],
    ids: &'a [Ids],
    budget: &mut Budget,
) -> Vec<PackageDocument<'a>> {
    let mut merged: BTreeMap<(&str, Option<&Checksum>), PackageDocument<'a>> = BTreeMap::new();
    for (input, ids) in inputs.iter().zip(ids) {
        let graph = &input.graph;
        let all_paths = Dependents::new(graph).all_paths(budget);
        let of_census = |at: usize| input.census.as_ref()?.packages.get(at);
        let dance = input.dance.as_ref();
        let nominations = dance.and_then(|dance| dance.nominations.as_ref());
        let nominations: BTreeMap<PackageIdx, &Nomination> = nominations
            .into_iter()
            .flatten()
            .map(|found| (found.package, found))
            .collect();
        let compared = |at: usize| input.details.reconciliation.as_ref()?.packages.get(at);
        for (at, ((index, package), paths)) in graph.iter().zip(all_paths).enumerate() {
            let unsafety = of_census(at).map(|census| unsafety::document(census, compared(at)));
            let id = ids.get(graph, index);
            let key = (id, package.checksum.as_ref());
            let paths = ids.paths(graph, &paths);
            match merged.entry(key) {
                Entry::Vacant(slot) => {
                    slot.insert(PackageDocument {
                        id,
                        inputs: vec![&input.id],
                        name: &package.name,
                        version: package.version.to_string(),
                        source: package.source.as_ref().map(|source| source.text.as_str()),
                        checksum: package.checksum.as_ref().map(ToString::to_string),
                        roles: roles(input, at, of_census(at)),
                        paths,
                        root_dir: package.root_dir.as_deref(),
                        unsafety,
                        people: input.supply.as_ref().and_then(|supply| {
                            people::of_package(package, supply.packages.get(at)?, supply)
                        }),
                        archive: input
                            .supply
                            .as_ref()
                            .and_then(|supply| archive::of_package(supply.packages.get(at)?)),
                        dance: dance.and_then(|found| {
                            let steps = found.packages.get(at)?.as_ref()?;
                            let nomination = nominations.get(&index).copied();
                            Some(dance::document(steps, nomination))
                        }),
                    });
                }
                Entry::Occupied(mut same) => {
                    let same = same.get_mut();
                    if same.inputs.last() != Some(&input.id.as_str()) {
                        same.inputs.push(&input.id);
                    }
                    same.paths.extend(paths);
                    same.paths.sort();
                    same.paths.dedup();
                    same.paths.sort_by_key(Vec::len);
                }
            }
        }
    }
    merged.into_values().collect()
}

/// What a package is for, as far as that is known.
fn roles(input: &Input, at: usize, census: Option<&PackageCensus>) -> Vec<&'static str> {
    if let Some(roles) = input.details.roles.get(at) {
        return roles.iter().map(Role::name).collect();
    }
    let Some(census) = census else {
        return Vec::new();
    };
    let roles = [
        (census.runtime, Role::Runtime),
        (census.build_time, Role::Build),
        (census.proc_macro, Role::ProcMacro),
        (census.dev_only, Role::Dev),
    ];
    let roles = roles.into_iter().filter(|(is_so, _)| *is_so);
    roles.map(|(_, role)| role.name()).collect()
}

fn finding<'a>(input: &'a Input, ids: &'a Ids, finding: &'a Finding) -> FindingDocument<'a> {
    let package = finding.package.map(|index| ids.get(&input.graph, index));
    FindingDocument {
        input: &input.id,
        code: finding.rule.meta.code,
        name: finding.rule.name,
        group: finding.rule.group.name(),
        level: finding.level,
        known: finding.known,
        severity: finding
            .advisory
            .as_ref()
            .and_then(|advisory| advisory.severity())
            .map(|severity| SeverityDocument {
                score: severity.score,
                vector: severity.vector,
                label: severity.level.name(),
            }),
        confidence: finding.confidence,
        package: package.unwrap_or_default(),
        message: &finding.message,
        location: finding.location.as_ref().map(|location| LocationDocument {
            file: &location.file,
            repository_file: location.repository_file.as_deref(),
            line: location.line,
            column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
        }),
        item: finding.item.as_deref(),
        paths: ids.paths(&input.graph, &finding.paths),
        pattern: finding.pattern,
        covered_by: &finding.covered_by,
        evidence: &finding.evidence,
        reachability: finding.reachability.as_deref(),
        help: &finding.help,
        advisory: finding.advisory.as_deref().map(advisory),
        fix: finding.fix.as_ref().map(|fix| FixDocument {
            applicability: fix.applicability,
            edits: fix.edits.iter().map(edit).collect(),
        }),
        fingerprint: &finding.fingerprint,
        references: &finding.references,
    }
}

fn edit(edit: &Edit) -> EditDocument<'_> {
    EditDocument {
        file: &edit.file,
        start: edit.start,
        end: edit.end,
        text: &edit.text,
    }
}

fn advisory(advisory: &Advisory) -> AdvisoryDocument<'_> {
    AdvisoryDocument {
        id: &advisory.id,
        title: advisory.title.as_deref(),
        aliases: &advisory.aliases,
        patched: &advisory.patched,
        unaffected: &advisory.unaffected,
        kind: advisory.kind().name(),
        categories: &advisory.categories,
        date: advisory.date.to_string(),
        url: advisory.link(),
    }
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Document<'static>>()
}
