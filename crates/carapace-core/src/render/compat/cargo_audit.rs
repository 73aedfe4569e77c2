//! cargo-audit's JSON, field for field.
//!
//! Its types are those of the `rustsec` library: `report::Report`, `vulnerability::Vulnerability`,
//! `warning::Warning`, `advisory::Metadata`, read at cargo-audit 0.22.2. What that tool does not
//! know (packages that are not from crates.io, removed and swapped ones, gaps) has no place in it:
//! the exit code and [`beside`] tell of these, and the program's own document shows them. Each input
//! is one document on one line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{Finding, Level};
use crate::graph::{Graph, Package, PackageIdx};
use crate::knowledge::advisory::{Advisory, Affected, Kind};
use crate::knowledge::date::rfc3339;
use crate::render::words;
use crate::report::{Database, Input, Report};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    database: DatabaseDocument<'a>,
    lockfile: LockfileDocument,
    settings: SettingsDocument<'a>,
    vulnerabilities: Vulnerabilities<'a>,
    warnings: BTreeMap<&'static str, Vec<Warning<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct DatabaseDocument<'a> {
    advisory_count: usize,
    last_commit: Option<&'a str>,
    last_updated: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LockfileDocument {
    dependency_count: usize,
}

#[derive(Serialize)]
struct SettingsDocument<'a> {
    target_arch: &'a [String],
    target_os: &'a [String],
    severity: Option<&'static str>,
    ignore: &'a [String],
    informational_warnings: &'a [&'static str],
}

#[derive(Serialize)]
struct Vulnerabilities<'a> {
    found: bool,
    count: usize,
    list: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    advisory: Metadata<'a>,
    versions: Versions<'a>,
    affected: Option<AffectedDocument<'a>>,
    package: PackageDocument<'a>,
}

#[derive(Serialize)]
struct Warning<'a> {
    kind: &'static str,
    package: PackageDocument<'a>,
    advisory: Option<Metadata<'a>>,
    affected: Option<AffectedDocument<'a>>,
    versions: Option<Versions<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata<'a> {
    id: &'a str,
    package: &'a str,
    title: &'a str,
    description: &'a str,
    date: String,
    aliases: &'a [String],
    related: &'a [String],
    collection: &'static str,
    categories: &'a [String],
    keywords: &'a [String],
    cvss: Option<&'a str>,
    informational: Option<&'a str>,
    references: &'a [String],
    source: Option<&'a str>,
    url: Option<&'a str>,
    withdrawn: Option<String>,
    license: &'a str,
    expect_deleted: bool,
}

#[derive(Serialize)]
struct Versions<'a> {
    patched: &'a [String],
    unaffected: &'a [String],
}

#[derive(Serialize)]
struct AffectedDocument<'a> {
    arch: &'a [String],
    os: &'a [String],
    functions: &'a BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct PackageDocument<'a> {
    name: &'a str,
    version: String,
    source: Option<&'a str>,
    checksum: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Dependency<'a>>,
    replace: Option<Dependency<'a>>,
}

#[derive(Serialize)]
struct Dependency<'a> {
    name: &'a str,
    version: String,
    source: Option<&'a str>,
}

/// The documents of a report, one line for each input.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for input in &report.inputs {
        // Strings, numbers, lists and maps with string keys cannot fail.
        let document = serde_json::to_string(&document(report, input)).unwrap_or_default();
        text.push_str(&crate::render::disarmed(document));
        text.push('\n');
    }
    text
}

/// What the documents cannot tell, a text each: what else fails, what was asked for and not looked
/// at, and, as notes, what the project's own configuration did.
#[must_use]
pub fn beside(report: &Report) -> Vec<(Level, String)> {
    let findings = report.inputs.iter().flat_map(|input| &input.findings);
    let untold = findings.filter(|finding| {
        let is_listed = finding.advisory.is_some() && !finding.rule.is_about_toolchain();
        finding.level == Level::Deny && !is_listed && finding.rule.name != "yanked"
    });
    let untold = untold.map(|finding| {
        let (code, message) = (finding.rule.meta.code, words::shown(&finding.message));
        (Level::Deny, format!("{code}: {message}"))
    });
    let gaps = words::gaps(report).into_iter().filter(|gap| gap.blocking);
    let gaps = gaps.map(|gap| (Level::Deny, format!("incomplete: {}", gap.text)));
    let config = report.config.iter();
    let config = config.map(|effect| (Level::Note, words::effect(effect)));
    untold.chain(gaps).chain(config).collect()
}

fn document<'a>(report: &'a Report, input: &'a Input) -> Document<'a> {
    let mut list = Vec::new();
    let mut warnings: BTreeMap<&'static str, Vec<Warning<'a>>> = BTreeMap::new();
    for finding in in_lockfile_order(input) {
        let Some((index, package)) = finding
            .package
            .and_then(|index| Some((index, input.graph.get(index)?)))
        else {
            continue;
        };
        let document = package_document(&input.graph, index, package);
        match finding.advisory.as_deref() {
            Some(advisory)
                if finding.rule.name != "possible-match" && !finding.rule.is_about_toolchain() =>
            {
                match advisory.kind() {
                    Kind::Vulnerability => list.push(Vulnerability {
                        advisory: metadata(advisory),
                        versions: versions(advisory),
                        affected: affected(advisory),
                        package: document,
                    }),
                    kind => warnings.entry(kind.name()).or_default().push(Warning {
                        kind: kind.name(),
                        package: document,
                        advisory: Some(metadata(advisory)),
                        affected: affected(advisory),
                        versions: Some(versions(advisory)),
                    }),
                }
            }
            None if finding.rule.name == "yanked" => {
                warnings.entry("yanked").or_default().push(Warning {
                    kind: "yanked",
                    package: document,
                    advisory: None,
                    affected: None,
                    versions: None,
                });
            }
            _ => {}
        }
    }
    let settings = &report.settings;
    Document {
        database: database(&report.databases),
        lockfile: LockfileDocument {
            // There, the `[root]` table of old lockfiles is no package.
            dependency_count: input.graph.packages().len()
                - usize::from(input.graph.has_root_table),
        },
        settings: SettingsDocument {
            target_arch: &settings.target_arch,
            target_os: &settings.target_os,
            severity: settings.severity,
            ignore: &settings.ignore,
            informational_warnings: &settings.informational_warnings,
        },
        vulnerabilities: Vulnerabilities {
            found: !list.is_empty(),
            count: list.len(),
            list,
        },
        warnings,
    }
}

/// cargo-audit goes through the lockfile, package by package.
fn in_lockfile_order(input: &Input) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = input.findings.iter().collect();
    findings.sort_by_key(|finding| finding.package);
    findings
}

fn database(databases: &[Database]) -> DatabaseDocument<'_> {
    let main = databases.first().map(|database| &database.info);
    DatabaseDocument {
        advisory_count: databases.iter().map(|d| d.info.advisories).sum(),
        last_commit: main.and_then(|info| info.revision.as_deref()),
        last_updated: main.and_then(|info| info.committed).and_then(rfc3339),
    }
}

fn package_document<'a>(
    graph: &'a Graph,
    index: PackageIdx,
    package: &'a Package,
) -> PackageDocument<'a> {
    let dependency = |index: PackageIdx| {
        let package = graph.get(index)?;
        Some(Dependency {
            name: &package.name,
            version: package.version.to_string(),
            source: package
                .source
                .as_ref()
                .map(|source| without_commit(&source.text)),
        })
    };
    PackageDocument {
        name: &package.name,
        version: package.version.to_string(),
        source: package.source.as_ref().map(|source| source.text.as_str()),
        checksum: package.checksum.as_ref().map(ToString::to_string),
        dependencies: graph
            .dependencies(index)
            .iter()
            .copied()
            .filter_map(dependency)
            .collect(),
        replace: package.replaced_by.and_then(dependency),
    }
}

fn without_commit(source: &str) -> &str {
    source.split('#').next().unwrap_or_default()
}

fn metadata(advisory: &Advisory) -> Metadata<'_> {
    Metadata {
        id: &advisory.id,
        package: &advisory.package,
        // Its schema knows no null here; the built-in snapshot has no texts.
        title: advisory.title.as_deref().unwrap_or_default(),
        description: advisory.description.as_deref().unwrap_or_default(),
        date: advisory.date.to_string(),
        aliases: &advisory.aliases,
        related: &advisory.related,
        collection: advisory.collection.folder(),
        categories: &advisory.categories,
        keywords: &advisory.keywords,
        cvss: advisory.cvss.as_deref(),
        informational: advisory.informational.as_deref(),
        references: &advisory.references,
        source: advisory.source.as_deref(),
        url: advisory.url.as_deref(),
        withdrawn: advisory.withdrawn.map(|date| date.to_string()),
        license: advisory.license.as_deref().unwrap_or("CC0-1.0"),
        expect_deleted: advisory.expect_deleted,
    }
}

fn versions(advisory: &Advisory) -> Versions<'_> {
    Versions {
        patched: &advisory.patched,
        unaffected: &advisory.unaffected,
    }
}

fn affected(advisory: &Advisory) -> Option<AffectedDocument<'_>> {
    let affected: &Affected = advisory.affected.as_ref()?;
    Some(AffectedDocument {
        arch: &affected.arch,
        os: &affected.os,
        functions: &affected.functions,
    })
}
