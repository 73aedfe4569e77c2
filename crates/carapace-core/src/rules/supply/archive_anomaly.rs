//! An archive is not as cargo makes one
//!
//! `cargo package` writes regular files, each once, in one folder. This archive has something else:
//! links, devices, paths that leave the folder or are there twice, sizes that contradict each other,
//! or bytes where none belong. Such archives unpack to other files with one tool than with another,
//! so what was reviewed need not be what is built; some have overwritten files elsewhere.
//!
//! A program or library in machine code is told, too, one level lower: nobody can review it, and
//! nothing shows that it was made from the sources beside it.
//!
//! ## What to do
//! Do not build the version. Look at the archive's listing (`tar tvf`) and at what its repository has
//! in that place, and ask its owners. For an executable, see whether anything runs it.
//!
//! ## Known problems
//! WebAssembly, object files and static libraries are not told: packages that link them are many.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! @ src/helper.rs -> ../../../other/src/lib.rs
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! + src/helper.rs
//! pub fn help() {}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/cargo/commands/cargo-package.html>
//! - <https://blog.rust-lang.org/2022/09/14/cargo-cves/>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::archive::AnomalyKind;

pub(crate) const META: Meta = Meta {
    code: "SUP010",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, known, _) in context.published() {
        let anomalies = known.archive.iter().flat_map(|archive| &archive.anomalies);
        let (executables, others): (Vec<_>, Vec<_>) =
            anomalies.partition(|anomaly| anomaly.kind == AnomalyKind::Executable);
        let (name, version) = (&package.name, &package.version);
        for (anomalies, message) in [
            (
                others,
                format!("the archive of {name} {version} is not as cargo makes one"),
            ),
            (
                executables,
                format!("the archive of {name} {version} holds machine code"),
            ),
        ] {
            let Some(first) = anomalies.first() else {
                continue;
            };
            let mut finding = context.finding(rule, index, message);
            if first.kind == AnomalyKind::Executable {
                finding.level = context.lesser(rule, index);
                finding.fingerprint += ":executable";
            }
            finding.evidence = anomalies.iter().map(ToString::to_string).collect();
            finding.help = vec![match first.kind {
                AnomalyKind::Executable => "see whether anything of the package runs it".to_owned(),
                _ => format!("do not build {name} {version} before its owners have said why"),
            }];
            findings.push(finding);
        }
    }
    findings
}
