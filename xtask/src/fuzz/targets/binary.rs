//! Compiled programs and libraries: their tables, audit data, and the paths in them.

#[path = "../../../../crates/carapace-core/tests/binary/samples.rs"]
#[allow(
    clippy::unwrap_used,
    dead_code,
    reason = "of the tests; it makes the seeds"
)]
mod samples;

use carapace_core::graph::binary::{self, Format, Limits};
use carapace_core::graph::paths::{Budget, Dependents};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    ".dep-v0",
    "__DATA",
    ".comment",
    "rustc version 1.95.0 (",
    "producers",
    "/registry/src/index.crates.io-1949cf8c6b5b557f/",
    "\\registry\\src\\",
    "/git/checkouts/a-0123456789abcdef/0123456/",
    "/a-1.0.0-rc.1+b/src/",
    "/rustc/0123456789012345678901234567890123456789/library/core/src/",
    "/vendor/",
    ".rs",
    "RUST_BACKTRACE",
    "{\"packages\":[{\"name\":\"a\",\"version\":\"1.0.0\",\"source\":\"local\"",
    ",\"dependencies\":[0,1]",
    ",\"kind\":\"build\"",
    ",\"root\":true",
    "}]}",
    "!<arch>\n",
    "\0asm",
    "MZ",
    "PE\0\0",
    "\u{7f}ELF",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    // Not packed, a list is changed in more ways than those that are no list any more.
    for data in [samples::packed(samples::LISTED), stored(samples::LISTED)] {
        seeds.extend(samples::each(&data).into_iter().map(|(_, bytes)| bytes));
    }
    seeds.push(samples::elf(&[
        (".comment", b"rustc version 1.95.0 (59807616e 2026-04-14)\0"),
        (".rodata", samples::PATH.as_bytes()),
    ]));
    seeds
}

/// The same as audit data, as it is: with zlib's frame, and no checksum that a change would break.
fn stored(json: &str) -> Vec<u8> {
    let length = u16::try_from(json.len()).unwrap_or(0);
    let head = [
        &[0x78, 0x01, 1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
    ]
    .concat();
    [&head, json.as_bytes()].concat()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    const LIMIT: usize = 1 << 20;
    let mut signature = Signature::new();
    let limits = Limits { audit_data: LIMIT };
    let read = binary::read(bytes, limits);
    assert_eq!(
        read.is_some(),
        Format::of(bytes).is_some(),
        "of a format, or not"
    );
    let Some(read) = read else { return signature };
    signature.accepted();
    let graph = &read.graph;
    let count = graph.packages().len();
    assert_eq!(
        (read.roles.len(), read.provenance.origins.len()),
        (count, count)
    );
    let is_blocked = read.gaps.iter().any(|gap| gap.blocking);
    assert!(count > 0 || is_blocked, "nothing known, nothing said");
    let dependents = Dependents::new(graph);
    for (index, package) in graph.iter() {
        assert!(!package.id().is_empty());
        assert!(
            graph.depends_on(index).all(|on| graph.get(on).is_some()),
            "an edge to nowhere"
        );
        let _ = dependents.paths(index, &mut Budget::default());
    }
    assert!(
        graph
            .members()
            .iter()
            .all(|member| graph.get(*member).is_some())
    );
    let runs_on = &read.provenance.runs_on;
    assert!(runs_on.systems.is_sorted() && runs_on.architectures.is_sorted());
    let again = binary::read(bytes, limits);
    assert_eq!(
        again.map(|again| again.gaps),
        Some(read.gaps.clone()),
        "not the same twice"
    );
    signature.count(count);
    signature.count(graph.problems.len());
    for gap in &read.gaps {
        // Behind it are names.
        let kind = gap.reason.split([':', '`']).next();
        signature.message(kind.unwrap_or_default());
    }
    for name in runs_on.systems.iter().chain(&runs_on.architectures) {
        signature.message(name);
    }
    signature.add(u64::from(read.is_rust) + 2 * u64::from(read.rustc.is_some()));
    signature
}
