//! A bill of materials with the findings as VEX: CycloneDX 1.6, JSON.
//!
//! The format is <https://cyclonedx.org/docs/1.6/json/>. One document holds what all inputs are made
//! of (`components`, `dependencies`), what is known against it (`vulnerabilities`), and, as it must
//! not look complete where it is not, how far both go (`compositions`), and everything else that a
//! report says, as properties that begin with `carapace:`.
//!
//! *Invariants.* Every reference is of something in the document, and names it alone. The same report
//! gives the same bytes: the serial number is made of the content, and there is a time only where one
//! is given. What the format has no room for (a version beyond its length, an address that is none)
//! is left out rather than written.

mod components;
mod purl;
mod vulnerabilities;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use components::{Components, Edges};

use super::words;
use crate::graph::binary::BINARY;
use crate::knowledge::date::rfc3339;
use crate::report::{Gap, InputKind, Report};
use crate::rules::Group;

/// What a document says beside the report.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The time to give as that of the document, in seconds since 1970-01-01T00:00:00Z; none for
    /// none.
    pub timestamp: Option<i64>,
    /// SHA-256, which the serial number is made with.
    pub sha256: fn(&[u8]) -> [u8; 32],
}

/// The document of a report, on one line.
#[must_use]
pub fn render(report: &Report, options: &Options<'_>) -> String {
    let mut components = Components::of(report);
    let vulnerabilities = vulnerabilities::of(report, &mut components);
    let references = vulnerabilities.iter().map(|found| found["bom-ref"].clone());
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata(report, &components, options),
        "components": components.all().collect::<Vec<_>>(),
        "dependencies": components.dependencies().collect::<Vec<_>>(),
        "compositions": compositions(report, &components, references.collect()),
        "vulnerabilities": vulnerabilities,
        "properties": properties(report),
    });
    let digest = (options.sha256)(document.to_string().as_bytes());
    if let Some(fields) = document.as_object_mut() {
        add(fields, "serialNumber", Some(serial_number(digest)));
    }
    super::disarmed(document.to_string()) + "\n"
}

fn metadata(report: &Report, components: &Components<'_>, options: &Options<'_>) -> Value {
    // Lockfiles are read before anything is built of them.
    let phases = report.inputs.iter().map(|input| match input.kind {
        InputKind::Binary => "post-build",
        _ => "pre-build",
    });
    let phases: BTreeSet<&str> = phases.collect();
    let phases: Vec<Value> = phases
        .into_iter()
        .map(|phase| json!({"phase": phase}))
        .collect();
    let mut metadata = json!({
        "lifecycles": phases,
        "tools": {"components": [{
            "type": "application",
            "name": "carapace",
            "version": options.version,
        }]},
        "component": components.root(),
        "properties": [property("verdict", report.verdict.name())],
    });
    if let Some(fields) = metadata.as_object_mut() {
        add(fields, "timestamp", options.timestamp.and_then(rfc3339));
    }
    metadata
}

/// How far the document goes. Of what is inside a package (C code that it brings along) nothing is
/// known, and no database has every vulnerability.
fn compositions(report: &Report, components: &Components<'_>, found: Vec<Value>) -> Value {
    let mut edges: BTreeMap<Edges, Vec<&str>> = BTreeMap::new();
    let mut references = Vec::new();
    for (reference, known) in components.edges() {
        references.push(reference);
        edges.entry(known).or_default().push(reference);
    }
    let mut compositions: Vec<Value> = edges
        .into_iter()
        .map(|(known, of)| json!({"aggregate": known.aggregate(), "dependencies": of}))
        .collect();
    compositions.push(json!({"aggregate": "unknown", "assemblies": references}));
    let of_inputs = report
        .inputs
        .iter()
        .flat_map(|input| input.graph.packages());
    let mut sources = of_inputs.filter_map(|package| package.source.as_deref());
    let is_incomplete = report.gaps.iter().any(hides_vulnerabilities)
        || sources.any(|source| !source.is_crates_io());
    let aggregate = if is_incomplete {
        "incomplete"
    } else {
        "unknown"
    };
    compositions.push(json!({"aggregate": aggregate, "vulnerabilities": found}));
    compositions.into()
}

/// Whether there may be vulnerabilities that a database knows and the document does not have: not
/// all was read, or an advisory about a package was not.
fn hides_vulnerabilities(gap: &Gap) -> bool {
    let is_about_one = || gap.what == "advisories" && gap.package.is_some();
    gap.blocking || matches!(gap.what, BINARY | "database" | "graph" | Gap::INPUT) || is_about_one()
}

/// What of the report has no other place.
fn properties(report: &Report) -> Value {
    let databases = report.databases.iter().map(|database| {
        let info = &database.info;
        let parts = [
            Some(database.origin.name().to_owned()),
            Some(info.source.clone()).filter(|source| !source.is_empty()),
            info.revision.clone(),
            info.date.map(|date| date.to_string()),
            Some(words::count(info.advisories, "advisory", "advisories")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        property("database", &parts.join(", "))
    });
    let gaps = words::gaps(report).into_iter().map(|gap| {
        let name = if gap.blocking { "incomplete" } else { "gap" };
        property(name, &gap.text)
    });
    let config = report.config.iter().map(words::effect);
    let findings = report.inputs.iter().flat_map(|input| &input.findings);
    let settings = findings.filter(|finding| finding.rule.group == Group::Policy);
    let ruling = report.ruling.iter();
    let ruling = ruling.map(|ruling| property("policy", &words::ruling(ruling)));
    databases
        .chain(ruling)
        .chain(gaps)
        .chain(config.map(|text| property("configuration", &text)))
        .chain(words::ignored(report).map(|text| property("ignored", &text)))
        .chain(settings.map(|finding| property("finding", &components::in_words(finding))))
        .collect()
}

/// A property of ours; see <https://github.com/CycloneDX/cyclonedx-property-taxonomy>.
fn property(name: &str, value: &str) -> Value {
    json!({"name": format!("carapace:{name}"), "value": value})
}

/// Adds what there is to an object, and nothing where there is nothing.
fn add(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

/// A UUID of version 8, which says only that its bits are ours
/// (<https://www.rfc-editor.org/rfc/rfc9562#section-5.8>).
fn serial_number(digest: [u8; 32]) -> String {
    let [first, second, ..] = digest.as_chunks::<8>().0 else {
        return String::new();
    };
    let (high, low) = (u64::from_be_bytes(*first), u64::from_be_bytes(*second));
    let high = high & !0xf000 | 0x8000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    format!(
        "urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests;
