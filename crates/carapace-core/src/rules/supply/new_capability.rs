//! A version can do something that the one before could not
//!
//! The code of this version names functions that its predecessor did not: to use the network, to start
//! programs, to load code. Where that is a build script or a procedural macro, which runs on every
//! machine that builds, it counts in full. What a library can do is a level less, and so are files, the
//! environment, and programs that are not named: those are mostly the compiler.
//!
//! ## What to do
//! Look at the place, and whether the package's changelog says what it is for. A format's parser that
//! learns to send requests deserves a question.
//!
//! ## Known problems
//! Code is read, and not run: what is named need not be called, and what another package does on its
//! behalf is that package's. The version before is the next lower one in cargo's cache.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! --- archive/parser-1.0.1
//! + src/lib.rs
//! use std::net as n;
//! pub fn parse() { let _ = n::TcpStream::connect("192.0.2.1:80"); }
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.0.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- archive/parser-1.0.0
//! + src/lib.rs
//! pub fn parse() {}
//! --- archive/parser-1.0.1
//! + src/lib.rs
//! use std::net as n;
//! pub fn parse() -> n::Ipv4Addr { n::Ipv4Addr::LOCALHOST }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/net/index.html>
//! - <https://doc.rust-lang.org/std/process/struct.Command.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule};
use crate::supply::archive::ArchiveFacts;
use crate::supply::archive::capability::{Ability, Capability, Part};

pub(crate) const META: Meta = Meta {
    code: "SUP015",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in context.changed_archives() {
        let is_new = |found: &&Capability| can_newly(change.before, found);
        let new: Vec<&Capability> = change.now.capabilities.iter().filter(is_new).collect();
        let Some(worst) = new.iter().max_by_key(|found| found.is_severe()) else {
            continue;
        };
        let (name, version) = (&change.package.name, &change.package.version);
        let message = format!(
            "{} of {name} {version} can {}, and that of {} could not",
            worst.part.words(),
            worst.ability.words(),
            change.from
        );
        let mut finding = context.finding(rule, change.index, message);
        if !worst.is_severe() {
            finding.level = context.lesser(rule, change.index);
        }
        finding.evidence = new.iter().map(|found| found.words()).collect();
        findings.push(finding);
    }
    findings
}

/// Whether the version before had the part, and could not do it there. A part that is new is told by a
/// rule of its own.
fn can_newly(before: &ArchiveFacts, found: &Capability) -> bool {
    let had_part = match found.part {
        Part::BuildScript => before.build_script.is_some(),
        Part::ProcMacro => before.is_proc_macro(),
        Part::Library => !before.is_proc_macro(),
    };
    let counts = !matches!(found.ability, Ability::Foreign | Ability::Embedded);
    let could = before.capabilities.iter().any(|known| {
        let is_same = (known.part, known.ability) == (found.part, found.ability);
        is_same && (found.program.is_none() || known.program.is_some())
    });
    had_part && counts && !could
}
