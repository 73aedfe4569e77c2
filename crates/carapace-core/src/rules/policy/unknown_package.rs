//! A setting is about a package that is not there
//!
//! `carapace.toml` limits the unsafe code of a package, or says how a rule counts in it, and no
//! package of that name and version is in the graph: it is misspelt, was removed, or has another
//! version now. The setting does nothing.
//!
//! ## What to do
//! Correct or remove it.
//!
//! ## Known problems
//! With several workspaces that share a file, a package may be in only one of them.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- Cargo.toml
//! [package]
//! name = "app"
//! version = "0.1.0"
//! --- src/lib.rs
//! #![forbid(unsafe_code)]
//! --- carapace.toml
//! [unsafe.packages.ap]
//! max = 0
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "app"
//! version = "0.1.0"
//! --- Cargo.toml
//! [package]
//! name = "app"
//! version = "0.1.0"
//! --- src/lib.rs
//! #![forbid(unsafe_code)]
//! --- carapace.toml
//! [unsafe.packages.app]
//! max = 0
//! ```

use std::collections::BTreeMap;

use crate::finding::{Finding, Level, Location};
use crate::policy::PackageName;
use crate::policy::unsafety::Place;
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "POL002",
    level: Level::Warn,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let policy = context.policy;
    // Each package once, however much is said of it.
    let mut named: BTreeMap<&PackageName, Option<&Place>> = BTreeMap::new();
    let rules = policy.rules.iter();
    for name in rules.filter_map(|setting| setting.package.as_ref()) {
        named.entry(name).or_default();
    }
    for said in &policy.unsafety.packages {
        named.insert(&said.package, Some(&said.place));
    }
    let packages = context.graph.packages();
    named.retain(|name, _| !packages.iter().any(|package| name.is(package)));
    named
        .into_iter()
        .map(|(name, place)| {
            let message = format!("a setting is about {name}, and no package is called that");
            let mut finding = Finding::new(rule, None, message);
            finding.level = policy.level(rule, None);
            finding.location = place.map(|place| Location::line(&place.file, place.line));
            finding.help = vec!["correct or remove it where it is set".to_owned()];
            finding.fingerprint = format!("{}:{name}", rule.meta.code);
            finding
        })
        .collect()
}
