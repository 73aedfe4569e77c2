//! A version requirement that takes a newer version, written as the old one was.

use semver::{BuildMetadata, Comparator, Op, Version, VersionReq};

/// The requirement in the place of `old` that takes `version`: with the same operator, and as short as
/// it was if `may_be` agrees to all that it takes then; else in full.
#[must_use]
pub fn raised(old: &str, version: &Version, may_be: &dyn Fn(&VersionReq) -> bool) -> String {
    let full = Version {
        build: BuildMetadata::EMPTY,
        ..version.clone()
    };
    let is_good = |text: &String| {
        VersionReq::parse(text).is_ok_and(|new| new.matches(version) && may_be(&new))
    };
    let parsed = VersionReq::parse(old);
    let comparators = parsed.as_ref().map(|old| old.comparators.as_slice());
    let ways = match comparators.unwrap_or_default() {
        [one] => like_one(old, one, &full),
        // A range: from the new version to where the next may break what this one does.
        [_, _, ..] => vec![format!(">={full}, <{}", next(&full))],
        [] => Vec::new(),
    };
    let good = ways.into_iter().find(is_good);
    good.unwrap_or_else(|| full.to_string())
}

/// Requirements of one comparator, the shortest first.
fn like_one(old: &str, comparator: &Comparator, version: &Version) -> Vec<String> {
    let operator = match comparator.op {
        Op::Exact | Op::GreaterEq | Op::Tilde | Op::Caret | Op::Wildcard => {
            let end = old.find(|c: char| c.is_ascii_digit());
            old.get(..end.unwrap_or(0)).unwrap_or_default()
        }
        // What was only bounded from above gets a lower bound.
        _ => "",
    };
    let star = match comparator.op {
        Op::Wildcard => ".*",
        _ => "",
    };
    let parts = match (comparator.minor, comparator.patch) {
        (None, _) => 1,
        (Some(_), None) => 2,
        (Some(_), Some(_)) => 3,
    };
    let (major, minor) = (version.major, version.minor);
    let texts = [
        format!("{major}"),
        format!("{major}.{minor}"),
        version.to_string(),
    ];
    let texts = texts.iter().skip(parts - 1);
    let is_short = |text: &&String| star.is_empty() || **text != version.to_string();
    texts
        .filter(is_short)
        .map(|text| format!("{operator}{text}{star}"))
        .collect()
}

/// The first version that may break what this one does.
fn next(version: &Version) -> Version {
    match (version.major, version.minor) {
        (0, 0) => Version::new(0, 0, version.patch.saturating_add(1)),
        (0, minor) => Version::new(0, minor.saturating_add(1), 0),
        (major, _) => Version::new(major.saturating_add(1), 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_style_is_kept() {
        for (old, version, new) in [
            ("0.3", "0.4.5", "0.4"),
            ("0.3.1", "0.4.5", "0.4.5"),
            ("1", "2.1.3", "2"),
            ("^1.2", "2.1.3", "^2.1"),
            ("~1.2", "1.4.3", "~1.4"),
            ("=1.2.3", "1.4.3", "=1.4.3"),
            ("= 1.2.3", "1.4.3+build", "= 1.4.3"),
            (">= 1.2", "1.4.3", ">= 1.4"),
            ("1.*", "2.1.3", "2.*"),
            ("1.2.*", "1.4.3", "1.4.*"),
            (">=1.2, <2", "2.1.3", ">=2.1.3, <3.0.0"),
            (">=0.2, <0.3", "0.4.1", ">=0.4.1, <0.5.0"),
            ("<2", "2.1.3", "2"),
            ("1.2", "2.0.0-rc.1", "2.0.0-rc.1"),
            ("nonsense", "2.0.0", "2.0.0"),
        ] {
            let version = Version::parse(version).unwrap();
            assert_eq!(raised(old, &version, &|_| true), new, "{old}");
        }
    }

    #[test]
    fn it_is_in_full_where_the_short_one_takes_too_much() {
        let version = Version::new(0, 4, 5);
        let bad = Version::new(0, 4, 0);
        assert_eq!(raised("0.3", &version, &|new| !new.matches(&bad)), "0.4.5");
        let version = Version::new(2, 1, 0);
        let bad = Version::new(2, 0, 3);
        assert_eq!(raised("1", &version, &|new| !new.matches(&bad)), "2.1");
    }

    proptest! {
        #[test]
        fn it_always_takes_the_version(
            old in "[~^=<>]{0,2} ?[0-9]{1,2}(\\.[0-9*]{1,2}){0,2}(, <[0-9])?",
            (major, minor, patch) in (0_u64..4, 0_u64..12, 0_u64..12),
        ) {
            let version = Version::new(major, minor, patch);
            let new = raised(&old, &version, &|_| true);
            prop_assert!(VersionReq::parse(&new).unwrap().matches(&version), "{old} {new}");
        }
    }
}
