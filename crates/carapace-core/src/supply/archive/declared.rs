//! Whether the registry's index and an archive's manifest declare the same.
//!
//! Cargo chooses versions by the index and builds by the manifest. Dependencies for tests are left
//! out: a package that is depended on is built without them, and old releases of cargo changed them
//! while packing.

use std::collections::BTreeSet;

use semver::VersionReq;

use crate::graph::metadata::DependencyKind;
use crate::knowledge::registry::{Declared, IndexDependency};

/// What differs, a fact a line, sorted.
#[must_use]
pub fn differences(index: &Declared, manifest: &Declared) -> Vec<String> {
    let mut found = Vec::new();
    let mut tell = |what: &str, index: &BTreeSet<String>, manifest: &BTreeSet<String>| {
        let only = |own: &BTreeSet<String>, other: &BTreeSet<String>, place: &str| {
            let own = own.difference(other);
            own.map(|text| format!("{what} in {place} only: {text}"))
                .collect::<Vec<_>>()
        };
        found.extend(only(index, manifest, "the index"));
        found.extend(only(manifest, index, "the manifest"));
    };
    tell("dependency", &dependencies(index), &dependencies(manifest));
    tell("feature", &features(index), &features(manifest));
    let links = |declared: &Declared| declared.links.iter().cloned().collect();
    tell("links", &links(index), &links(manifest));
    found.sort();
    found
}

fn dependencies(declared: &Declared) -> BTreeSet<String> {
    let all = declared.dependencies.iter();
    let built = all.filter(|dependency| dependency.kind != DependencyKind::Dev);
    built.map(in_words).collect()
}

/// All that counts of a dependency, in one form.
fn in_words(dependency: &IndexDependency) -> String {
    let requirement = VersionReq::parse(&dependency.requirement);
    let requirement = requirement.map_or_else(
        |_| dependency.requirement.clone(),
        |parsed| parsed.to_string(),
    );
    let mut words = format!("{} {requirement}", dependency.package);
    if dependency.name != dependency.package {
        words += &format!(", as {}", dependency.name);
    }
    if dependency.kind == DependencyKind::Build {
        words += ", for the build script";
    }
    if let Some(target) = &dependency.target {
        let target: String = target.split_whitespace().collect();
        words += &format!(", for {target}");
    }
    if dependency.is_optional {
        words += ", optional";
    }
    if !dependency.default_features {
        words += ", without default features";
    }
    let features = list(&dependency.features);
    if !features.is_empty() {
        words += &format!(", with {features}");
    }
    if let Some(registry) = &dependency.registry {
        words += &format!(", from {registry}");
    }
    words
}

fn features(declared: &Declared) -> BTreeSet<String> {
    let all = declared.features.iter();
    all.map(|(name, turned_on)| format!("{name} = [{}]", list(turned_on)))
        .collect()
}

fn list(names: &[String]) -> String {
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
