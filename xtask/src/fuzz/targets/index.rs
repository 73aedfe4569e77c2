//! The compact index: any bytes, and indexes whose checksum is right and whose facts are not.

use carapace_core::knowledge::advisory::index::{
    self, Contents, DatabaseInfo, Index, IndexError, Selected, Wanted,
};
use carapace_core::knowledge::advisory::{Advisory, Collection, format};
use semver::Version;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "carapace-advisory-index/1\n",
    "\t",
    "\t\t",
    ",",
    "+",
    "0+5",
    "18446744073709551615+1",
    "<",
    "1.0.0<",
    "<2.0.0",
    "1.0.0<2.0.0-0",
    "a",
    "b\t",
    "rust/std\t",
    "\"id\":\"RUSTSEC-2020-0001\"",
    "\"package\":\"a\"",
    "\"collection\":\"crates\"",
    "\"date\":\"2020-01-01\"",
    "\"aliases\":[\"CVE-2020-1\"]",
    "\"facts\":",
    "\"texts\":",
    "\"checksum\":",
    "\"info\":{",
    "\"CVE-2020-1\"",
    "\\u0041",
    "null",
    "{}",
    "[[[[[[[[",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let advisory = |id: &str, package: &str, versions: &str, collection| {
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2020-01-01\"\n\
             aliases = [\"CVE-2020-1\"]\n[versions]\npatched = [{versions}]\n```\n# Title\nText\n"
        );
        format::parse(text.as_bytes(), collection).ok()
    };
    let advisories: Vec<Advisory> = [
        advisory("RUSTSEC-2020-0001", "a", "", Collection::Crates),
        advisory("RUSTSEC-2020-0002", "a", "\">=2.0.0\"", Collection::Crates),
        advisory(
            "RUSTSEC-2020-0003",
            "b",
            "\"^1\", \"=0.5.0\"",
            Collection::Crates,
        ),
        advisory("CVE-2020-9", "std", "\">=1.50.0\"", Collection::Rust),
    ]
    .into_iter()
    .flatten()
    .collect();
    let info = DatabaseInfo {
        source: "s".to_owned(),
        ..DatabaseInfo::default()
    };
    vec![
        index::write(&info, &advisories, Contents::Whole),
        index::write(&info, &advisories, Contents::Facts),
        index::write(&info, &[], Contents::Facts),
    ]
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    check(bytes, &mut signature);
    // Everything behind the second line, under a header that fits it.
    if let Some(facts) = bytes.splitn(3, |byte| *byte == b'\n').nth(2) {
        check(&signed(facts), &mut signature);
    }
    signature
}

fn signed(facts: &[u8]) -> Vec<u8> {
    let info = index::write(&DatabaseInfo::default(), &[], Contents::Facts);
    let info = String::from_utf8_lossy(&info).into_owned();
    let header = info.lines().nth(1).and_then(|line| {
        let mut header: serde_json::Value = serde_json::from_str(line).ok()?;
        let fields = header.as_object_mut()?;
        fields.insert("facts".to_owned(), facts.len().into());
        fields.insert("checksum".to_owned(), crc32fast::hash(facts).into());
        Some(header.to_string())
    });
    let magic = info.lines().next().unwrap_or_default();
    let header = header.unwrap_or_default();
    [format!("{magic}\n{header}\n").as_bytes(), facts].concat()
}

fn check(bytes: &[u8], signature: &mut Signature) {
    let needed = index::bytes_needed(bytes);
    let index = match Index::read(bytes) {
        Ok(index) => index,
        Err(error) => {
            signature.message(&error.to_string());
            return;
        }
    };
    // Whoever reads no more than is said to be needed sees the same.
    let short = needed.ok().and_then(|needed| bytes.get(..needed));
    let short = short.map(|short| Index::read(short).and_then(|index| index.all()));
    let all = index.all();
    assert_eq!(short, Some(all.clone()), "fewer bytes, another index");

    let versions = [Version::new(0, 0, 0), Version::new(1, 0, 0)];
    let last = Version::new(u64::MAX, u64::MAX, u64::MAX);
    let mut wanted = Wanted::default();
    for name in ["a", "b", "rust/std", "", "c"] {
        for version in versions.iter().chain([&last]) {
            wanted.add(name, version);
        }
    }
    let selected = index.select(&wanted);
    outcome(&all, signature);
    outcome(&selected, signature);
    if let (Ok(all), Ok(selected)) = (&all, &selected) {
        for advisory in selected {
            assert!(all.contains(advisory), "selected, but not in it");
        }
    }
    for id in ["RUSTSEC-2020-0001", "CVE-2020-1", "", "\"", "\\", "é"] {
        signature.add(u64::from(index.knows(id)));
    }
    for advisory in all.iter().flatten().map(|selected| &selected.advisory) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if advisory.id.bytes().all(plain) && written_plainly(bytes, &advisory.id) {
            assert!(index.knows(&advisory.id), "does not know {}", advisory.id);
        }
        let _ = (advisory.severity(), advisory.link(), advisory.kind());
    }
}

/// Whether an id stands in the facts as the index writes it. JSON may spell it otherwise.
fn written_plainly(bytes: &[u8], id: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(&format!("\"id\":\"{id}\""))
}

fn outcome(selected: &Result<Vec<Selected>, IndexError>, signature: &mut Signature) {
    match selected {
        Ok(selected) => {
            signature.accepted();
            signature.count(selected.len());
            let ranges = selected.iter().map(|s| s.advisory.ranges.len());
            signature.count(ranges.sum());
            signature.count(selected.iter().filter(|s| s.title.is_some()).count());
        }
        Err(error) => signature.message(&error.to_string()),
    }
}
