//! Unsafe code does not say why it is sound
//!
//! An unsafe block or implementation of the workspace has no `SAFETY` comment, or an unsafe function
//! no `# Safety` section: nobody can check what it relies on, neither whoever reviews it nor whoever
//! changes the code around it.
//!
//! ## What to do
//! Write above the block or the implementation, as `// SAFETY: …`, why what it needs holds there;
//! above the function, under `# Safety`, what its callers have to hold to. Where that cannot be said,
//! the code is to be changed.
//!
//! ## Known problems
//! That there is a comment does not make it true. Methods are not asked: those of implementations
//! have their trait's documentation.
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
//! pub fn first(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     unsafe { *bytes.get_unchecked(0) }
//! }
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
//! pub fn first(bytes: &[u8]) -> u8 {
//!     assert!(!bytes.is_empty());
//!     // SAFETY: it is not empty.
//!     unsafe { *bytes.get_unchecked(0) }
//! }
//! ```
//!
//! ## References
//! - <https://std-dev-guide.rust-lang.org/policy/safety-comments.html>
//! - <https://rust-lang.github.io/api-guidelines/documentation.html#c-failure>

use std::collections::BTreeMap;

use crate::census::baseline::SiteKey;
use crate::census::budget::is_undocumented;
use crate::facts::unsafety::SiteKind;
use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule, in_words};

pub(crate) const META: Meta = Meta {
    code: "UNS002",
    level: Level::Note,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, census) in context.members() {
        let Some(package) = context.graph.get(member.package) else {
            continue;
        };
        let mut alike: BTreeMap<SiteKey, u32> = BTreeMap::new();
        for site in census.sites.iter().filter(|site| is_undocumented(site)) {
            let (lacks, help) = match site.kind {
                SiteKind::Fn => (
                    "no `# Safety` section",
                    "write under `# Safety`, in its documentation, what callers have to hold to",
                ),
                _ => (
                    "no `SAFETY` comment",
                    "write above it, as `// SAFETY: …`, why what it needs holds",
                ),
            };
            let message = format!("{} has {lacks}", in_words(site));
            let mut finding = context.site(rule, member, site, message);
            let key = SiteKey::of(site);
            let (code, name) = (rule.meta.code, &package.name);
            let number = alike.entry(key.clone()).or_default();
            *number += 1;
            finding.fingerprint = format!("{code}:{name}:{key}#{number}");
            finding.help = vec![help.to_owned()];
            findings.push(finding);
        }
    }
    findings
}
