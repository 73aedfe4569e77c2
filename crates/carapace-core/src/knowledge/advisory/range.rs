//! Which versions an advisory speaks of: half-open ranges by semantic-version precedence.
//!
//! An advisory lists the versions that are *not* affected, as Cargo requirements. A requirement
//! matches no prerelease unless it names one, so asking it directly calls `2.0.0-rc.1` unaffected
//! by `>= 2.0.0` and also unaffected by nothing at all. Turned into half-open ranges
//! `[introduced, fixed)` over the total order of versions, as OSV's SEMVER ranges are
//! (<https://ossf.github.io/osv-schema/#affectedrangestype-field>), every version is decided. The
//! semantics are those of the RustSec library, which defines the database's meaning.

use std::cmp::Ordering;
use std::fmt;

use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

/// Affected versions: from `introduced`, if any, up to but without `fixed`, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first affected version; none if all from the beginning are.
    pub introduced: Option<Version>,
    /// The first version that is not affected any more; none if all later ones are affected.
    pub fixed: Option<Version>,
}

impl Range {
    /// Whether the version is in the range. Build metadata does not count.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        let from = self.introduced.as_ref();
        let to = self.fixed.as_ref();
        from.is_none_or(|from| version.cmp_precedence(from) != Ordering::Less)
            && to.is_none_or(|to| version.cmp_precedence(to) == Ordering::Less)
    }
}

/// `INTRODUCED<FIXED`, each possibly empty: the form that the compact index holds.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(introduced) = &self.introduced {
            write!(f, "{introduced}")?;
        }
        f.write_str("<")?;
        match &self.fixed {
            Some(fixed) => write!(f, "{fixed}"),
            None => Ok(()),
        }
    }
}

impl std::str::FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let malformed = || RangeError::Malformed(text.to_owned());
        let (introduced, fixed) = text.split_once('<').ok_or_else(malformed)?;
        let version = |text: &str| match text {
            "" => Ok(None),
            text => Version::parse(text).map(Some).map_err(|_| malformed()),
        };
        Ok(Self {
            introduced: version(introduced)?,
            fixed: version(fixed)?,
        })
    }
}

/// Why requirements could not be turned into ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeError {
    /// More than two comparators, or two bounds on one side, or `=`, `^`, `~` not alone.
    Shape(String),
    /// Nothing can be in it: its start is not before its end.
    Empty(String),
    /// Two requirements share versions, so the order of ranges would be undefined.
    Overlap(String, String),
    /// A version number at the end of what 64 bits hold.
    Overflow(String),
    /// Not a range as the compact index writes it.
    Malformed(String),
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(req) => write!(
                f,
                "`{req}` is no range: at most one lower and one upper bound, and `=`, `^`, `~` \
                 only alone"
            ),
            Self::Empty(req) => write!(f, "`{req}` holds no version"),
            Self::Overlap(a, b) => write!(f, "`{a}` and `{b}` overlap"),
            Self::Overflow(req) => write!(f, "`{req}` has a version number that is too large"),
            Self::Malformed(text) => write!(f, "`{text}` is not a range"),
        }
    }
}

impl std::error::Error for RangeError {}

/// Turns the requirements of unaffected and patched versions into the ranges of affected ones, in
/// ascending order. Without any requirement, every version is affected.
///
/// # Errors
/// [`RangeError`] if a requirement is no plain range, or two overlap.
pub fn affected<'a>(
    not_affected: impl IntoIterator<Item = &'a VersionReq>,
) -> Result<Vec<Range>, RangeError> {
    let mut gaps = not_affected
        .into_iter()
        .map(Span::new)
        .collect::<Result<Vec<_>, _>>()?;
    gaps.sort_by(|a, b| cut_order(a.start.as_ref(), b.start.as_ref()));
    for pair in gaps.windows(2) {
        if let [a, b] = pair
            && a.end.reaches_past(b.start.as_ref())
        {
            return Err(RangeError::Overlap(a.req.to_string(), b.req.to_string()));
        }
    }
    let mut ranges = Vec::with_capacity(gaps.len() + 1);
    // `None` before the first gap is the beginning of all versions.
    let mut introduced = Some(None);
    for gap in gaps {
        if let (Some(introduced), Some(start)) = (introduced, gap.start) {
            let fixed = Some(start);
            // Two requirements that meet leave nothing between them.
            if introduced != fixed {
                ranges.push(Range { introduced, fixed });
            }
        }
        introduced = gap.end.0.map(Some);
    }
    if let Some(introduced) = introduced {
        ranges.push(Range {
            introduced,
            fixed: None,
        });
    }
    Ok(ranges)
}

/// A requirement as a half-open interval of the order of versions.
struct Span<'a> {
    req: &'a VersionReq,
    /// The first version inside; none for the beginning.
    start: Option<Version>,
    end: End,
}

/// The first version behind an interval; none if there is none.
struct End(Option<Version>);

impl End {
    fn reaches_past(&self, start: Option<&Version>) -> bool {
        match (&self.0, start) {
            (None, _) | (_, None) => true,
            (Some(end), Some(start)) => end.cmp_precedence(start) == Ordering::Greater,
        }
    }
}

fn cut_order(a: Option<&Version>, b: Option<&Version>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp_precedence(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl<'a> Span<'a> {
    fn new(req: &'a VersionReq) -> Result<Self, RangeError> {
        let shape = || RangeError::Shape(req.to_string());
        let overflow = || RangeError::Overflow(req.to_string());
        let (mut start, mut end) = (None, None);
        if req.comparators.len() > 2 {
            return Err(shape());
        }
        for comparator in &req.comparators {
            let version = lowest(comparator);
            let (from, to) = match comparator.op {
                Op::Greater => (Some(after(version).ok_or_else(overflow)?), None),
                Op::GreaterEq => (Some(version), None),
                Op::Less => (None, Some(version)),
                Op::LessEq => (None, Some(after(version).ok_or_else(overflow)?)),
                Op::Exact | Op::Caret | Op::Tilde if req.comparators.len() > 1 => {
                    return Err(shape());
                }
                Op::Exact => {
                    let end = after(version.clone()).ok_or_else(overflow)?;
                    (Some(version), Some(end))
                }
                Op::Caret => (
                    Some(version),
                    Some(caret_end(comparator).ok_or_else(overflow)?),
                ),
                Op::Tilde => (
                    Some(version),
                    Some(tilde_end(comparator).ok_or_else(overflow)?),
                ),
                _ => return Err(shape()),
            };
            for (bound, side) in [(from, &mut start), (to, &mut end)] {
                if bound.is_some() && std::mem::replace(side, bound).is_some() {
                    return Err(shape());
                }
            }
        }
        let end = End(end);
        if !end.reaches_past(start.as_ref()) {
            return Err(RangeError::Empty(req.to_string()));
        }
        Ok(Self { req, start, end })
    }
}

/// The version that a comparator names, missing parts as zero.
fn lowest(comparator: &Comparator) -> Version {
    Version {
        major: comparator.major,
        minor: comparator.minor.unwrap_or(0),
        patch: comparator.patch.unwrap_or(0),
        pre: comparator.pre.clone(),
        build: BuildMetadata::EMPTY,
    }
}

/// `-0` is the lowest prerelease, so this is the lowest version with these numbers.
fn before(major: u64, minor: u64, patch: u64) -> Option<Version> {
    Some(Version {
        major,
        minor,
        patch,
        pre: Prerelease::new("0").ok()?,
        build: BuildMetadata::EMPTY,
    })
}

/// The next version in the order: a release is followed by the lowest prerelease of the next
/// patch, a prerelease by itself with the lowest further identifier (semver.org, item 11).
fn after(version: Version) -> Option<Version> {
    if version.pre.is_empty() {
        return before(version.major, version.minor, version.patch.checked_add(1)?);
    }
    let pre = Prerelease::new(&format!("{}.0", version.pre)).ok()?;
    Some(Version { pre, ..version })
}

fn caret_end(comparator: &Comparator) -> Option<Version> {
    match (comparator.major, comparator.minor, comparator.patch) {
        (0, Some(0), Some(patch)) => before(0, 0, patch.checked_add(1)?),
        (0, Some(minor), _) => before(0, minor.checked_add(1)?, 0),
        (major, _, _) => before(major.checked_add(1)?, 0, 0),
    }
}

fn tilde_end(comparator: &Comparator) -> Option<Version> {
    match comparator.minor {
        Some(minor) => before(comparator.major, minor.checked_add(1)?, 0),
        None => before(comparator.major.checked_add(1)?, 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(reqs: &[&str]) -> Result<Vec<String>, String> {
        let reqs: Vec<VersionReq> = reqs.iter().map(|r| r.parse().unwrap()).collect();
        let ranges = affected(&reqs).map_err(|error| error.to_string())?;
        Ok(ranges.iter().map(ToString::to_string).collect())
    }

    fn affects(reqs: &[&str], version: &str) -> bool {
        let version = Version::parse(version).unwrap();
        let reqs: Vec<VersionReq> = reqs.iter().map(|r| r.parse().unwrap()).collect();
        affected(&reqs)
            .unwrap()
            .iter()
            .any(|r| r.contains(&version))
    }

    #[test]
    fn the_space_between_requirements_is_affected() {
        assert_eq!(ranges(&[]).unwrap(), ["<"]);
        assert_eq!(ranges(&[">= 1.2.3"]).unwrap(), ["<1.2.3"]);
        assert_eq!(ranges(&["> 1.2.3"]).unwrap(), ["<1.2.4-0"]);
        assert_eq!(
            ranges(&[">= 2.0.0", "< 1.0.0", ">= 1.5.0, < 1.6.0"]).unwrap(),
            ["1.0.0<1.5.0", "1.6.0<2.0.0"]
        );
        assert_eq!(ranges(&["<= 1.0.0"]).unwrap(), ["1.0.1-0<"]);
        assert_eq!(
            ranges(&["= 1.0.0-rc.1"]).unwrap(),
            ["<1.0.0-rc.1", "1.0.0-rc.1.0<"]
        );
        assert_eq!(ranges(&["^1.2"]).unwrap(), ["<1.2.0", "2.0.0-0<"]);
        assert_eq!(ranges(&["^0.0.3"]).unwrap(), ["<0.0.3", "0.0.4-0<"]);
        assert_eq!(ranges(&["~1.2.3"]).unwrap(), ["<1.2.3", "1.3.0-0<"]);
        assert_eq!(ranges(&["*"]).unwrap(), [""; 0]);
        assert_eq!(ranges(&["< 1.0.0", ">= 1.0.0"]).unwrap(), [""; 0]);
    }

    #[test]
    fn prereleases_are_decided() {
        assert!(affects(&[">= 2.0.0"], "2.0.0-rc.1"));
        assert!(!affects(&[">= 2.0.0-rc.1"], "2.0.0-rc.2"));
        assert!(!affects(&[">= 1.0.0"], "1.1.0-alpha"));
        assert!(affects(&["^1.0.0"], "2.0.0-alpha"));
        assert!(!affects(&[">= 1.0.0"], "1.0.0+build"));
    }

    #[test]
    fn what_is_no_range_is_said() {
        for wrong in [&[">1, >2"][..], &["=1.0, <2"], &[">1, <3, <2"]] {
            assert!(
                ranges(wrong).unwrap_err().contains("is no range"),
                "{wrong:?}"
            );
        }
        assert!(
            ranges(&[">= 2.0.0, < 1.0.0"])
                .unwrap_err()
                .contains("no version")
        );
        assert!(
            ranges(&[">= 1.0.0", ">= 2.0.0"])
                .unwrap_err()
                .contains("overlap")
        );
        assert!(
            ranges(&["> 1.0.18446744073709551615"])
                .unwrap_err()
                .contains("too large")
        );
    }

    proptest! {
        /// A release is affected just if no requirement matches it: there, requirement and range
        /// must agree. (They differ on prereleases; that is why ranges are used.)
        #[test]
        fn releases_agree_with_requirements(
            cuts in proptest::collection::btree_set((0_u64..4, 0_u64..4, 0_u64..4), 1..5),
            inclusive in any::<bool>(),
            version in (0_u64..5, 0_u64..5, 0_u64..5),
        ) {
            let cuts: Vec<String> = cuts.iter().map(|(a, b, c)| format!("{a}.{b}.{c}")).collect();
            let mut texts = Vec::new();
            for pair in cuts.chunks(2) {
                match (pair, inclusive) {
                    ([a, b], true) => texts.push(format!(">={a}, <={b}")),
                    ([a, b], false) => texts.push(format!(">{a}, <{b}")),
                    ([a], _) => texts.push(format!(">={a}")),
                    _ => unreachable!(),
                }
            }
            let reqs: Vec<VersionReq> = texts.iter().map(|t| t.parse().unwrap()).collect();
            let version = Version::new(version.0, version.1, version.2);
            if let Ok(ranges) = affected(&reqs) {
                let by_range = ranges.iter().any(|range| range.contains(&version));
                let by_req = !reqs.iter().any(|req| req.matches(&version));
                prop_assert_eq!(by_range, by_req, "{:?} {}", texts, version);
                for range in &ranges {
                    prop_assert_eq!(&range.to_string().parse::<Range>().unwrap(), range);
                }
            }
        }
    }
}
