//! Small readers of text, and what makes text safe to show.

use carapace_core::graph::source::{Source, SourceKind};
use carapace_core::knowledge::advisory::range::{self, Range};
use carapace_core::knowledge::date::Date;
use carapace_core::text::{LineIndex, visible};
use semver::{Version, VersionReq};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "\u{1b}[2J",
    "\u{202e}",
    "\u{200b}",
    "\u{e0001}",
    "\u{85}",
    "\r\n",
    "2024-02-29",
    "registry+",
    "sparse+",
    "git+https://e.org/r?branch=a%2Fb#0",
    "?tag=",
    "&rev=%",
    "%e2%80%ae",
    "1.0.0",
    "1.0.0-rc.1",
    "<",
    ">=",
    ", ",
    "18446744073709551615",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "plain\ntext é 漢字\n",
        "\u{1b}[2J\u{202e}",
        "2024-02-29",
        "git+https://e.org/r?branch=a%2Fb&rev=1#0123",
        "1.0.0<2.0.0-0",
        ">=1.0.0, <2.0.0-rc.1",
        "^1.2\n=3.0.0\n~4",
        "18446744073709551615.18446744073709551615.18446744073709551615<",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Signature::new();
    };
    let shown = visible(text);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert_eq!(visible(&shown), shown, "shown again, it is another text");
    signature.accepted();
    signature.add(u64::from(shown == text));

    let index = LineIndex::new(text);
    let mut line = 1;
    for (at, byte) in bytes.iter().enumerate() {
        assert_eq!(index.line(at), line);
        line += u32::from(*byte == b'\n');
    }
    let within = (1..=line).all(|line| index.text(line).is_some() || line > 1);
    assert!(within || text.is_empty());
    signature.count(line as usize);

    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(date.to_string(), text);
        let seconds = date.days() * 86_400;
        assert!(seconds < 0 || Date::from_unix(seconds) == Some(date));
        signature.add(2);
    }
    if let Ok(source) = Source::parse(text) {
        assert!(source.same_place(&source) && source.to_string() == text);
        signature.add(match source.kind {
            SourceKind::Git(_) => 3,
            _ => 4,
        });
        signature.add(u64::from(source.commit.is_some()));
    }
    if let Ok(range) = text.parse::<Range>() {
        assert_eq!(range.to_string().parse::<Range>().as_ref(), Ok(&range));
        signature.add(5);
    }
    let reqs: Vec<VersionReq> = text.lines().map_while(|l| l.parse().ok()).collect();
    signature.count(reqs.len());
    match range::affected(&reqs) {
        Ok(ranges) => releases_agree(&reqs, &ranges, &mut signature),
        Err(error) => signature.message(&error.to_string()),
    }
    signature
}

/// Whether a release is affected is what the requirements themselves say of it, as long as they
/// name all three numbers: with fewer, ranges follow the RustSec library and not cargo.
fn releases_agree(reqs: &[VersionReq], ranges: &[Range], signature: &mut Signature) {
    signature.count(ranges.len());
    let comparators = || reqs.iter().flat_map(|req| &req.comparators);
    if comparators().any(|c| c.patch.is_none() || !c.pre.is_empty()) {
        return;
    }
    for comparator in comparators() {
        let (minor, patch) = (comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
        for patch in [patch, patch.wrapping_add(1), patch.saturating_sub(1)] {
            let version = Version::new(comparator.major, minor, patch);
            let by_range = ranges.iter().any(|range| range.contains(&version));
            let by_req = !reqs.iter().any(|req| req.matches(&version));
            assert_eq!(by_range, by_req, "{version}");
        }
    }
}
