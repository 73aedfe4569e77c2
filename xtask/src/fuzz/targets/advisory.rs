//! Advisories, as hostile as whoever sends one in.

use carapace_core::knowledge::advisory::database::Collector;
use carapace_core::knowledge::advisory::format::{self, FormatError};
use carapace_core::knowledge::advisory::index::{self, Contents, DatabaseInfo, Index, Wanted};
use carapace_core::knowledge::advisory::range::Range;
use carapace_core::knowledge::advisory::{Advisory, Collection};
use semver::Version;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "```toml",
    "```",
    "[advisory]",
    "[affected]",
    "[versions]",
    "[affected.functions]",
    "id = \"RUSTSEC-2020-0002\"",
    "package = \"b\"",
    "package = \"a\\tb\"",
    "package = \"a\\nb\"",
    "package = \"rust/std\"",
    "date = \"2021-02-03\"",
    "withdrawn = \"2022-01-01\"",
    "informational = \"unsound\"",
    "categories = [\"malicious\"]",
    "keywords = [\"k\"]",
    "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"",
    "cvss = \"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N\"",
    "aliases = [\"CVE-2020-1\"]",
    "license = \"CC-BY-4.0\"",
    "expect-deleted = true",
    "patched = [\">=1.0.0\"]",
    "patched = [\"^1.2\", \">=2.0.0\"]",
    "unaffected = [\"<0.5\", \"=0.9.1\"]",
    "\">= 1.2.3, < 2.0.0-rc.1\"",
    ">",
    ">=",
    "<",
    "<=",
    "=",
    "^",
    "~",
    "*",
    "-rc.1",
    "-0",
    "+build",
    "x = {",
    "}",
    "x = \"\"\"",
    "\"\"\"",
    "'''",
    "x = [",
    "]",
    "# Title",
    "\\t",
    "\\n",
    "\\u0000",
    "\u{a0}",
    "\u{2028}",
    "\r",
];

const WHOLE: &str = r#"```toml
[advisory]
id = "RUSTSEC-2020-0001"
package = "a"
date = "2020-01-01"
url = "https://e.org/1"
references = ["https://e.org/2"]
categories = ["memory-corruption"]
keywords = ["k"]
aliases = ["CVE-2020-1"]
related = ["GHSA-1"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

[affected]
arch = ["x86"]
os = ["linux"]
functions = { "a::b" = ["< 1.0.0"] }

[versions]
patched = [">= 1.2.3, < 2.0.0", ">= 2.1.0-rc.1"]
unaffected = ["< 1.0.0", "= 1.1.0"]
```

# Title

Text.
"#;

const SHORT: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2021-0002\"\npackage = \"b\"\ndate = \"2021-01-01\"\n\
                     informational = \"unmaintained\"\nwithdrawn = \"2022-01-01\"\n[versions]\npatched = []\n```\n# T\n";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let bare = SHORT.replace("withdrawn = \"2022-01-01\"\n", "");
    let caret = bare.replace("patched = []", "patched = [\"^1.2\", \"~3.4\"]");
    [WHOLE, SHORT, &bare, &caret, ""].map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let peek = format::peek(bytes);
    signature.add(u64::from(peek.is_some()));
    for collection in [Collection::Crates, Collection::Rust] {
        match format::parse(bytes, collection) {
            Ok(advisory) => {
                if let Some(peek) = peek {
                    assert_eq!(peek.package, advisory.package, "the short look's package");
                    assert_eq!(peek.date, advisory.date, "the short look's date");
                }
                check(&advisory, bytes);
                describe(&advisory, &mut signature);
            }
            Err(error) => {
                let message = error.to_string();
                signature.message(&message);
                if let FormatError::Versions(error) = error {
                    signature.message(&error.to_string());
                }
            }
        }
    }
    signature
}

fn describe(advisory: &Advisory, signature: &mut Signature) {
    signature.accepted();
    signature.add(advisory.kind() as u64);
    signature.count(advisory.ranges.len());
    signature.add(u64::from(advisory.withdrawn.is_some()));
    signature.add(u64::from(advisory.affected.is_some()));
    signature.add(u64::from(advisory.is_malicious()));
    signature.add(
        advisory
            .severity()
            .map_or(9, |severity| severity.level as u64),
    );
    signature.count(advisory.patched.len());
    signature.count(advisory.unaffected.len());
    signature.count(advisory.aliases.len());
}

fn check(advisory: &Advisory, bytes: &[u8]) {
    assert!(advisory.withdrawn.is_none() || advisory.ranges.is_empty());
    ascending(&advisory.ranges);
    for version in advisory.ranges.iter().flat_map(|r| r.introduced.iter()) {
        assert!(advisory.affects(version), "{version} begins a range");
    }
    for version in advisory.ranges.iter().flat_map(|r| r.fixed.iter()) {
        assert!(!advisory.affects(version), "{version} ends a range");
    }
    let _ = advisory.link();
    let severity = advisory.severity();
    assert!(severity.is_none_or(|s| (0.0..=10.0).contains(&s.score)));

    let database = std::slice::from_ref(advisory);
    let written = index::write(&DatabaseInfo::default(), database, Contents::Whole);
    let needed = index::bytes_needed(&written);
    assert!(needed.is_ok_and(|needed| needed <= written.len()));
    let pieces = &mut |place| index::piece(&written, place);
    let read = Index::read(&written);
    let all = read.clone().and_then(|index| index.all(pieces));
    assert_eq!(all.as_deref(), Ok(database), "the index changed it");
    let known = read.and_then(|index| index.knows(&advisory.id, pieces));
    assert_eq!(known, Ok(true), "the index does not know it");
    beside_another(advisory, bytes);
}

/// One advisory, whatever it holds, stops no other; and both ways to ask find it.
fn beside_another(advisory: &Advisory, bytes: &[u8]) {
    let other = "```toml\n[advisory]\nid = \"RUSTSEC-2030-9999\"\npackage = \"neighbour\"\n\
                 date = \"2030-01-01\"\n[versions]\npatched = []\n```\n# T\n";
    let version = Version::new(1, 0, 0);
    let introduced = advisory.ranges.iter().find_map(|r| r.introduced.as_ref());
    let hit = introduced.unwrap_or(&version);
    let wanted = [("neighbour", &version), (&*advisory.package, hit)];
    let wanted: Wanted<'_> = wanted.into_iter().collect();
    let folder = advisory.collection.folder();
    let path = format!("{folder}/x/{}.md", advisory.id);

    let mut collector = Collector::default();
    collector.add("crates/neighbour/RUSTSEC-2030-9999.md", other.as_bytes());
    collector.add(&path, bytes);
    let written = collector.compile(DatabaseInfo::default(), Contents::Facts);
    let pieces = &mut |place| index::piece(&written, place);
    let selected = Index::read(&written).and_then(|index| index.select(&wanted, pieces));
    let by_index: Option<Vec<String>> = selected
        .ok()
        .map(|selected| selected.into_iter().map(|a| a.id).collect());

    let mut collector = Collector::default();
    collector.add_wanted(
        "crates/neighbour/RUSTSEC-2030-9999.md",
        other.as_bytes(),
        &wanted,
    );
    collector.add_wanted(&path, bytes, &wanted);
    let (info, advisories) = collector.finish(DatabaseInfo::default());
    let mut by_folder: Vec<&Advisory> = advisories.iter().filter(|a| wanted.matches(a)).collect();
    by_folder.sort_by_key(|advisory| (&advisory.package, &advisory.id));
    let by_folder: Vec<String> = by_folder.into_iter().map(|a| a.id.clone()).collect();
    assert_eq!(by_index, Some(by_folder), "index and folder differ");
    // An advisory with the very id of the other may push it out, but then it says so.
    let there = by_index.is_some_and(|ids| ids.iter().any(|id| id == "RUSTSEC-2030-9999"));
    assert!(there || !info.set_aside.is_empty(), "the other one is lost");
}

fn ascending(ranges: &[Range]) {
    for range in ranges {
        if let (Some(from), Some(to)) = (&range.introduced, &range.fixed) {
            assert!(from.cmp_precedence(to).is_lt(), "{range} is empty");
        }
    }
    for pair in ranges.windows(2) {
        let (Some(end), Some(start)) = (&pair[0].fixed, &pair[1].introduced) else {
            assert!(ranges.is_empty(), "{} and {} overlap", pair[0], pair[1]);
            continue;
        };
        let apart = end.cmp_precedence(start).is_lt();
        assert!(
            apart,
            "{} and {} touch or are out of order",
            pair[0], pair[1]
        );
    }
}
