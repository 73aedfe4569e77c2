//! A package without unsafe code does not forbid it
//!
//! No crate of this member of the workspace has unsafe code, and nothing keeps it so: with
//! `#![forbid(unsafe_code)]` the compiler refuses the first unsafe block, and nothing in the package
//! can lift that.
//!
//! ## What to do
//! Put `#![forbid(unsafe_code)]` into the root of each crate, or `unsafe_code = "forbid"` into the
//! lints of the manifest. The fix does the second where all members that inherit the workspace's
//! lints are without unsafe code, else the first.
//!
//! ## Known problems
//! A macro of another package that expands to `#[allow(unsafe_code)]` does not compile under
//! `forbid`. Then `deny` is what is left, and `allow` in `carapace.toml`, with a reason, for this
//! rule.
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
//! //! An app.
//!
//! pub fn first(bytes: &[u8]) -> Option<u8> {
//!     bytes.first().copied()
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
//! //! An app.
//!
//! #![forbid(unsafe_code)]
//!
//! pub fn first(bytes: &[u8]) -> Option<u8> {
//!     bytes.first().copied()
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/rustc/lints/listing/allowed-by-default.html#unsafe-code>
//! - <https://doc.rust-lang.org/cargo/reference/workspaces.html#the-lints-table>

use crate::census::survey::{Member, SourceText};
use crate::finding::{Finding, Level, Location};
use crate::fix::{Applicability, Edit, Fix, crate_attribute, workspace_lint};
use crate::rules::{Context, Meta, Rule};

pub(crate) const META: Meta = Meta {
    code: "UNS003",
    level: Level::Note,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let of_workspace = of_workspace(context);
    let mut findings = Vec::new();
    for (member, census) in context.members() {
        if !census.sites.is_empty() || census.forbids() {
            continue;
        }
        let Some(package) = context.graph.get(member.package) else {
            continue;
        };
        let message = format!(
            "{} has no unsafe code, and does not forbid it",
            package.name
        );
        let mut finding = context.finding(rule, member.package, message);
        if let Some(root) = member.roots.first() {
            finding.location = Some(Location::line(&root.file, 1));
        }
        finding.fingerprint = format!("{}:{}", rule.meta.code, package.name);
        finding.help = vec!["put `#![forbid(unsafe_code)]` into the root of each crate".to_owned()];
        finding.fix = match &of_workspace {
            Some(fix) if workspace_lint::inherits(&member.manifest.text) => Some(fix.clone()),
            _ => of_roots(&member.roots),
        };
        findings.push(finding);
    }
    findings
}

/// The fix for all members that inherit the workspace's lints; none if one of them has unsafe code,
/// or it is not known whether.
fn of_workspace(context: &Context<'_>) -> Option<Fix> {
    let survey = context.survey?;
    let inheriting = || {
        let members = survey.members.iter();
        members.filter(|member| workspace_lint::inherits(&member.manifest.text))
    };
    let is_free = |member: &Member| {
        let at = context.graph.position(member.package);
        let census = at.and_then(|at| survey.census.packages.get(at));
        census.is_some_and(|census| census.scanned && census.sites.is_empty())
    };
    if !inheriting().all(is_free) {
        return None;
    }
    let manifest = survey.workspace.as_ref()?;
    let edit = workspace_lint::forbid_unsafe(&manifest.file, &manifest.text)?;
    let mut roots = inheriting().flat_map(|member| &member.roots);
    Some(Fix {
        applicability: applicability(roots.any(|root| mentions(root) > 0)),
        edits: vec![edit],
    })
}

/// An edit for each root; none if one of them cannot be changed.
fn of_roots(roots: &[SourceText]) -> Option<Fix> {
    let edits = roots
        .iter()
        .map(|root| crate_attribute::forbid_unsafe(&root.file, &root.text));
    let edits: Vec<Edit> = edits.collect::<Option<_>>()?;
    // An attribute that is raised is not in the way.
    let is_named = roots
        .iter()
        .zip(&edits)
        .any(|(root, edit)| mentions(root) > usize::from(edit.end > edit.start));
    (!edits.is_empty()).then_some(Fix {
        applicability: applicability(is_named),
        edits,
    })
}

fn mentions(root: &SourceText) -> usize {
    root.text.matches("unsafe_code").count()
}

/// Where the lint is named elsewhere, it may be lifted there, and `forbid` would not build.
fn applicability(is_named: bool) -> Applicability {
    match is_named {
        true => Applicability::Unsafe,
        false => Applicability::Safe,
    }
}

#[cfg(test)]
mod tests {
    use crate::fix::apply;
    use crate::rules::example::{files, run};

    const LOCK: &str = "--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n\n\
        [[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
    const WORKSPACE: &str = "--- Cargo.toml\n[workspace]\nmembers = [\"a\", \"b\"]\n\n\
        [workspace.lints.clippy]\nall = \"warn\"\n";

    fn member(name: &str, source: &str) -> String {
        format!(
            "--- {name}/Cargo.toml\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n\
             [lints]\nworkspace = true\n--- {name}/src/lib.rs\n{source}"
        )
    }

    /// The names of the files that the fixes change, and what the engine says after them.
    fn fixed(example: &str) -> (Vec<String>, usize) {
        let report = run(example);
        let findings = report.inputs[0].findings.iter();
        let edits: Vec<_> = findings
            .flat_map(|f| f.fix.clone().unwrap().edits)
            .collect();
        let mut changed: Vec<String> = edits.iter().map(|edit| edit.file.clone()).collect();
        changed.sort();
        changed.dedup();
        let after: String = files(example)
            .into_iter()
            .map(|(name, text)| {
                let text = apply(&text, edits.iter().filter(|edit| edit.file == name)).unwrap();
                format!("--- {name}\n{text}")
            })
            .collect();
        (changed, run(&after).inputs[0].findings.len())
    }

    #[test]
    fn the_workspaces_lints_are_set_where_all_that_inherit_them_are_free() {
        let free = "pub fn f() {}\n";
        let both = [LOCK, WORKSPACE, &member("a", free), &member("b", free)].concat();
        assert_eq!(fixed(&both), (vec!["Cargo.toml".to_owned()], 0));

        let not = "fn f() {\n    // SAFETY: it is.\n    unsafe { g() }\n}\n";
        let one = [LOCK, WORKSPACE, &member("a", free), &member("b", not)].concat();
        assert_eq!(fixed(&one), (vec!["a/src/lib.rs".to_owned()], 0));
    }

    #[test]
    fn the_fix_is_in_the_documents() {
        let bad = "--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n\
            --- Cargo.toml\n[package]\nname = \"a\"\n--- src/lib.rs\nfn f() {}\n";
        let json = crate::render::json::render(&run(bad), "0.0.0");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let text = "#![forbid(unsafe_code)]\n\n";
        assert_eq!(
            json["findings"][0]["fix"],
            serde_json::json!({
                "applicability": "safe",
                "edits": [{"file": "src/lib.rs", "start": 0, "end": 0, "text": text}],
            })
        );
        let sarif = crate::render::sarif::render(&run(bad), "0.0.0");
        let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
        let change = &sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"], "src/lib.rs");
        assert_eq!(change["replacements"][0]["insertedContent"]["text"], text);
    }
}
