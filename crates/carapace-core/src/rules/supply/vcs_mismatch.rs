//! An archive names another commit than the workflow that published it ran on
//!
//! The version was published by a workflow of a repository, and the registry has the commit on which
//! that workflow ran. The archive says that it was made from another one, from a changed folder, or
//! says nothing: what was published need not be what the repository shows.
//!
//! ## What to do
//! Look at both commits in the repository. A workflow that commits the new version number before it
//! publishes gives just this; anything beyond it wants an explanation.
//!
//! ## Known problems
//! The archive's commit is its publisher's own word. The registry's is from the provider of the
//! workflow.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! parser 1.0.0 from some/parser 0000000000000000000000000000000000000002
//! --- archive/parser-1.0.0
//! + .cargo_vcs_info.json
//! {"git":{"sha1":"0000000000000000000000000000000000000001"},"path_in_vcs":""}
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- people
//! parser 1.0.0 from some/parser 0000000000000000000000000000000000000001
//! --- archive/parser-1.0.0
//! + .cargo_vcs_info.json
//! {"git":{"sha1":"0000000000000000000000000000000000000001"},"path_in_vcs":""}
//! ```
//!
//! ## References
//! - <https://crates.io/docs/trusted-publishing>

use crate::finding::{Finding, Level};
use crate::knowledge::people::Publisher;
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "SUP018",
    level: Level::Warn,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, supply) in context.published() {
        let (name, version) = (&package.name, &package.version);
        let people = supply.people.version(name, version);
        let publisher = people.and_then(|people| people.publisher.as_ref());
        let (Some(archive), Some(publisher)) = (&known.archive, publisher) else {
            continue;
        };
        let Publisher::Trusted(trusted) = &publisher.value else {
            continue;
        };
        let Some(commit) = &trusted.commit else {
            continue;
        };
        let said = match &archive.vcs {
            Some(vcs) if !vcs.commit.eq_ignore_ascii_case(commit) => {
                format!("in the archive: {}", vcs.commit)
            }
            Some(vcs) if vcs.is_dirty => {
                format!("in the archive: {}, with changes", vcs.commit)
            }
            Some(_) => continue,
            None => "in the archive: none".to_owned(),
        };
        let message = format!(
            "the archive of {name} {version} is not of the commit that its publishing workflow ran on"
        );
        let mut finding = context.finding(rule, index, message);
        finding.evidence = vec![
            format!("of the workflow of {}: {commit}", trusted.repository),
            said,
            format!("publisher: {}", publisher.origin()),
        ];
        findings.push(finding);
    }
    findings
}
