//! The index of people: any bytes, and indexes whose checksums are right and whose values are not.

use carapace_core::knowledge::advisory::index::piece;
use carapace_core::knowledge::people::index::{Index, MAX_RANKED};
use serde_json::Value;

use super::dump;
use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "carapace-people-index/1\n",
    "\"crates\":0",
    "\"ranked\":18446744073709551615",
    "\"time\":-1",
    "\u{5}brook",
    "\u{5}acorn",
    "\0\0\0\0\u{5}",
    "\0",
    "\u{1}",
    "\u{7f}",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![dump::whole_index()]
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    check(bytes, &mut signature);
    if let Some(signed) = signed(bytes) {
        check(&signed, &mut signature);
    }
    signature
}

fn check(bytes: &[u8], signature: &mut Signature) {
    let pieces = &mut |place| piece(bytes, place);
    let index = match Index::read(bytes) {
        Ok(index) => index,
        Err(error) => return signature.message(&error.to_string()),
    };
    let verified = index.verify(pieces);
    if verified.is_ok() {
        signature.accepted();
    }
    let people = index.people(&["acorn", "brook", "gone", ""], pieces);
    match &people {
        Ok(people) => {
            signature.count(people.accounts.len());
            let versions = people.crates.values().map(|known| known.versions.len());
            signature.count(versions.sum());
        }
        Err(error) => signature.message(&error.to_string()),
    }
    let ranked = index.most_downloaded(MAX_RANKED, pieces);
    signature.count(ranked.map_or(0, |names| names.len()));
}

/// The same index in which all checksums are right.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let lines = |byte: &u8| *byte == b'\n';
    let mut parts = bytes.splitn(3, lines);
    let (magic, header, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let mut header: Value = serde_json::from_slice(header.get(9..)?).ok()?;
    let length = |header: &Value, key| usize::try_from(header[key].as_u64()?).ok();
    let directories = length(&header, "crates")?.checked_add(length(&header, "accounts")?)?;
    let (directories, mut blocks) = rest.split_at_checked(directories)?;
    let mut written = Vec::new();
    let mut entries = directories;
    while !entries.is_empty() {
        let start = directories.len() - entries.len();
        let key = number(&mut entries)?;
        let (_, after) = entries.split_at_checked(key)?;
        entries = after;
        let block = number(&mut entries)?;
        let end = directories.len() - entries.len();
        let (block, after) = blocks.split_at_checked(block)?;
        blocks = after;
        entries = entries.get(4..)?;
        written.extend_from_slice(directories.get(start..end)?);
        written.extend_from_slice(&crc32fast::hash(block).to_le_bytes());
    }
    header["checksum"] = crc32fast::hash(&written).into();
    header["ranked"] = blocks.len().into();
    header["ranked_checksum"] = crc32fast::hash(blocks).into();
    let header = header.to_string();
    let sum = format!("{:08x} ", crc32fast::hash(header.as_bytes()));
    let line = [magic, b"\n", sum.as_bytes(), header.as_bytes(), b"\n"].concat();
    let blocks = rest.get(directories.len()..)?;
    Some([&line, &written, blocks].concat())
}

/// A length of one byte or two, in LEB128, taken from the front.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let (first, mut rest) = bytes.split_first()?;
    let mut number = usize::from(first & 0x7f);
    if *first >= 0x80 {
        let (second, after) = rest.split_first()?;
        number |= usize::from(second & 0x7f) << 7;
        rest = after;
    }
    *bytes = rest;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_it_was() {
        let whole = dump::whole_index();
        let signed = signed(&whole).unwrap();
        let read = |bytes: &[u8]| {
            let index = Index::read(bytes).unwrap();
            index
                .people(&["acorn", "brook"], &mut |place| piece(bytes, place))
                .unwrap()
        };
        assert_eq!(read(&signed), read(&whole));
        // A changed value under checksums that fit.
        let mut changed = whole.clone();
        let at = changed.len() - 20;
        changed[at] ^= 1;
        assert!(Index::read(&super::signed(&changed).unwrap()).is_ok());
    }
}
