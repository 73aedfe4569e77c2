//! The compact index: any bytes, and indexes whose checksum is right and whose facts are not.

use carapace_core::knowledge::advisory::index::{
    self, Contents, DatabaseInfo, Index, IndexError, Wanted,
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
    "\"keys\":",
    "\"facts\":18446744073709551615",
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
    // Everything behind the second line, under a header and with checksums that fit it.
    if let Some(body) = bytes.splitn(3, |byte| *byte == b'\n').nth(2) {
        check(&signed(body), &mut signature);
    }
    signature
}

/// An index of the same keys, facts and texts in which all checksums are right.
fn signed(body: &[u8]) -> Vec<u8> {
    let is_fact = |line: &[u8]| line.windows(2).any(|pair| pair == b"\t{");
    let lines = || body.split_inclusive(|byte| *byte == b'\n');
    let keys: usize = lines().take_while(|l| !is_fact(l)).map(<[u8]>::len).sum();
    let (keys, rest) = body.split_at(keys);
    let lines = |of: &[u8], section: &[u8]| {
        let lines = of.split_inclusive(|byte| *byte == b'\n');
        let signed = lines.map(|line| signed_line(line, section).unwrap_or_else(|| line.to_vec()));
        signed.collect::<Vec<Vec<u8>>>().concat()
    };
    let facts = rest.split_inclusive(|byte| *byte == b'\n');
    let facts: usize = facts.take_while(|l| is_fact(l)).map(<[u8]>::len).sum();
    let (facts, texts) = rest.split_at(facts);
    // Checksums are all as long, so that places stay right.
    let facts = lines(facts, texts);
    let keys = lines(keys, &facts);

    let empty = index::write(&DatabaseInfo::default(), &[], Contents::Facts);
    let empty = String::from_utf8_lossy(&empty).into_owned();
    let header = empty.lines().nth(1).and_then(|line| {
        let (_, json) = line.split_once(' ')?;
        let mut header: serde_json::Value = serde_json::from_str(json).ok()?;
        let fields = header.as_object_mut()?;
        fields.insert("keys".to_owned(), keys.len().into());
        fields.insert("facts".to_owned(), facts.len().into());
        fields.insert("checksum".to_owned(), crc32fast::hash(&keys).into());
        let header = header.to_string();
        let checksum = crc32fast::hash(header.as_bytes());
        Some(format!("{checksum:08x} {header}"))
    });
    let magic = empty.lines().next().unwrap_or_default();
    let header = header.unwrap_or_default();
    let head = format!("{magic}\n{header}\n");
    [head.as_bytes(), &keys, &facts, texts].concat()
}

/// A line with the checksum of what it points to in the section behind its own; none if it points
/// nowhere. Of facts the place is the first field, of keys the last.
fn signed_line(line: &[u8], section: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(line).ok()?;
    let mut fields = text.trim_end_matches('\n').split('\t');
    let field = match text.contains("\t{") {
        true => fields.next()?,
        false => fields.next_back()?,
    };
    let place = field.split('|').next()?;
    let (place, checksum) = place.split_once(',')?;
    let (start, length) = place.split_once('+')?;
    let start: usize = start.parse().ok()?;
    let end = start.checked_add(length.parse().ok()?)?;
    let right = crc32fast::hash(section.get(start..end)?);
    (checksum.len() == 8).then_some(())?;
    let wrong = format!("{place},{checksum}");
    let right = format!("{place},{right:08x}");
    let at = field.as_ptr().addr() - text.as_ptr().addr();
    let (before, behind) = text.split_at(at);
    Some(format!("{before}{}", behind.replacen(&wrong, &right, 1)).into_bytes())
}

fn check(bytes: &[u8], signature: &mut Signature) {
    let pieces = &mut |place| index::piece(bytes, place);
    let needed = index::bytes_needed(bytes);
    let index = match Index::read(bytes) {
        Ok(index) => index,
        Err(error) => {
            signature.message(&error.to_string());
            return;
        }
    };
    // Whoever reads no more at first than is said to be needed sees the same.
    let short = needed.ok().and_then(|needed| bytes.get(..needed));
    let short = short.map(|short| Index::read(short).and_then(|index| index.all(pieces)));
    let all = index.all(pieces);
    assert_eq!(short, Some(all.clone()), "fewer bytes, another index");

    let versions = [
        Version::new(0, 0, 0),
        Version::new(1, 0, 0),
        Version::new(u64::MAX, u64::MAX, u64::MAX),
    ];
    let names = ["a", "b", "rust/std", "", "c"];
    let wanted = names
        .iter()
        .flat_map(|name| versions.iter().map(move |version| (*name, version)));
    let wanted: Wanted<'_> = wanted.collect();
    let selected = index.select(&wanted, pieces);
    outcome(&all, signature);
    outcome(&selected, signature);
    if let (Ok(all), Ok(selected)) = (&all, &selected) {
        for advisory in selected {
            assert!(all.contains(advisory), "selected, but not in it");
        }
    }
    for id in ["RUSTSEC-2020-0001", "CVE-2020-1", "", "\"", "\\", "é"] {
        signature.add(match index.knows(id, pieces) {
            Ok(known) => u64::from(known),
            Err(_) => 2,
        });
    }
    for advisory in all.iter().flatten() {
        let _ = (advisory.severity(), advisory.link(), advisory.kind());
    }
}

fn outcome(advisories: &Result<Vec<Advisory>, IndexError>, signature: &mut Signature) {
    match advisories {
        Ok(advisories) => {
            signature.accepted();
            signature.count(advisories.len());
            signature.count(advisories.iter().map(|a| a.ranges.len()).sum());
            signature.count(advisories.iter().filter(|a| a.title.is_some()).count());
        }
        Err(error) => signature.message(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_index_is_valid_under_another_header() {
        for seed in seeds() {
            let body = seed.splitn(3, |byte| *byte == b'\n').nth(2).unwrap();
            let signed = signed(body);
            let all = |bytes: &[u8]| {
                let pieces = &mut |place| index::piece(bytes, place);
                Index::read(bytes).unwrap().all(pieces).unwrap()
            };
            assert_eq!(all(&signed), all(&seed));
        }
    }
}
