//! Names of packages that could be taken for one another.
//!
//! *Invariant.* Likeness is symmetric, and no name is like itself: property tests hold it to that.

use std::collections::BTreeSet;
use std::fmt;

use strsim::osa_distance;

use super::Supply;

/// Names that many packages depend on, sorted; `cargo xtask well-known` makes the list.
const WELL_KNOWN: &str = include_str!("well_known.txt");

/// Words that are put before or behind a name without changing what it is taken to be.
const AFFIXES: [&str; 5] = ["crate", "lib", "rs", "rst", "rust"];

/// How one name is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same letters, with other separators: `once_cell`, `oncecell`.
    Separators,
    /// The same words in another order: `cfg-if`, `if-cfg`.
    Order,
    /// Characters that look alike: `tokio`, `toki0`.
    LookAlike,
    /// With or without a word such as `rs`: `lasso`, `lasso-rs`.
    Affix,
    /// With or without an `s`: `tracing`, `tracings`.
    Plural,
    /// A letter or two differ, are missing or change places: `serde`, `serd`.
    Letters,
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Separators => "only separators differ",
            Self::Order => "the same words in another order",
            Self::LookAlike => "characters that look alike",
            Self::Affix => "only a word such as `rs` or `rust` differs",
            Self::Plural => "only an `s` differs",
            Self::Letters => "a letter or two differ",
        })
    }
}

/// Names that others may be mistaken for, ready to be compared.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    names: Vec<Name<'a>>,
}

impl<'a> Names<'a> {
    /// These names, each once.
    #[must_use]
    pub fn new(names: BTreeSet<&'a str>) -> Self {
        Self {
            names: names.into_iter().map(Name::new).collect(),
        }
    }

    /// The names that one is like, in their order, and how.
    pub fn like<'n>(
        &'n self,
        name: &'n str,
    ) -> impl Iterator<Item = (&'a str, Likeness)> + use<'n, 'a> {
        let own = Name::new(name);
        let others = self.names.iter();
        others.filter_map(move |other| Some((other.text, own.likeness(other)?)))
    }
}

/// The names that many packages of crates.io depend on.
#[must_use]
pub fn well_known() -> BTreeSet<&'static str> {
    let lines = WELL_KNOWN.lines();
    lines.filter(|line| !line.starts_with('#')).collect()
}

impl Supply {
    /// The names that impostors imitate: those that many depend on, or download.
    #[must_use]
    pub fn known_names(&self) -> BTreeSet<&str> {
        let mut names: BTreeSet<&str> = well_known();
        names.extend(self.popular.iter().map(String::as_str));
        names
    }
}

/// How one name is like another; none if it is not, or is the same: crates.io takes `-`, `_` and
/// the case of letters for one.
#[must_use]
pub fn likeness(one: &str, other: &str) -> Option<Likeness> {
    Name::new(one).likeness(&Name::new(other))
}

/// A name in the forms that are compared.
#[derive(Debug, Clone)]
struct Name<'a> {
    text: &'a str,
    /// In lower case, between separators.
    words: Vec<String>,
    /// All words in one.
    joined: String,
    /// The same without an affix.
    core: String,
    /// With one character for each group of those that look alike.
    folded: String,
}

impl<'a> Name<'a> {
    fn new(text: &'a str) -> Self {
        let lower = text.to_ascii_lowercase();
        let words = lower.split(['-', '_']).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        let joined = words.concat();
        let is_affix = |word: &String| AFFIXES.contains(&word.as_str());
        let core = match words.as_slice() {
            [first, rest @ ..] if !rest.is_empty() && is_affix(first) => rest.concat(),
            [rest @ .., last] if !rest.is_empty() && is_affix(last) => rest.concat(),
            _ => joined.clone(),
        };
        Self {
            text,
            folded: folded(&joined),
            words,
            joined,
            core,
        }
    }

    fn likeness(&self, other: &Self) -> Option<Likeness> {
        let shorter = self.joined.len().min(other.joined.len());
        let longer = self.joined.len().max(other.joined.len());
        // The longest affix, or two letters.
        if self.words == other.words || longer - shorter > 5 {
            return None;
        }
        if self.joined == other.joined {
            return Some(Likeness::Separators);
        }
        let sorted = |name: &Self| {
            let mut words = name.words.clone();
            words.sort_unstable();
            words
        };
        if longer == shorter && sorted(self) == sorted(other) {
            return Some(Likeness::Order);
        }
        if shorter >= 4 && self.folded == other.folded {
            return Some(Likeness::LookAlike);
        }
        if self.core == other.core && self.core.len() >= 3 {
            return Some(Likeness::Affix);
        }
        let singular = |name: &'_ Self| name.joined.trim_end_matches('s').to_owned();
        if shorter >= 4 && singular(self) == singular(other) {
            return Some(Likeness::Plural);
        }
        // Where one word differs, its own length counts: short words that differ in a letter, as in
        // `tokio-udp` and `tokio-uds`, are other words.
        let (one, other) = match self.differing(other) {
            Some(words) => words,
            None => (self.joined.as_str(), other.joined.as_str()),
        };
        is_misspelt(one, other).then_some(Likeness::Letters)
    }

    /// The words that differ, if it is one in each.
    fn differing<'n>(&'n self, other: &'n Self) -> Option<(&'n str, &'n str)> {
        if self.words.len() != other.words.len() {
            return None;
        }
        let pairs = self.words.iter().zip(&other.words);
        let mut differ = pairs.filter(|(one, other)| one != other);
        let (one, other) = differ.next()?;
        differ.next().is_none().then_some((one, other))
    }
}

/// Whether one could be the other, mistyped. Numbers are no mistakes: `sha2` and `sha3` are two.
fn is_misspelt(one: &str, other: &str) -> bool {
    let (shorter, longer) = match one.len() <= other.len() {
        true => (one, other),
        false => (other, one),
    };
    let most = match shorter.len() {
        0..=3 => 0,
        // A letter more or less, or two that changed places; another letter makes another word.
        4 => usize::from(longer.len() == 5 || sorted(shorter) == sorted(longer)),
        5..=9 => 1,
        _ => 2,
    };
    let digits = |text: &'_ str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    longer.len() - shorter.len() <= most
        && digits(one) == digits(other)
        && osa_distance(one, other) <= most
}

/// A word's letters, whatever their order.
fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// One character for each group of those that look alike.
fn folded(text: &str) -> String {
    let text = text.replace("rn", "m").replace("vv", "w");
    let one_of = |c: char| match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '5' => 's',
        c => c,
    };
    text.chars().map(one_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_known_impostors() {
        for (one, other, expected) in [
            ("oncecell", "once_cell", Likeness::Separators),
            ("bit-flags", "bitflags", Likeness::Separators),
            ("if-cfg", "cfg-if", Likeness::Order),
            ("toki0", "tokio", Likeness::LookAlike),
            ("lern_x", "1em-x", Likeness::LookAlike),
            ("lasso-rs", "lasso", Likeness::Affix),
            ("rust-lasso", "lasso_rs", Likeness::Affix),
            ("tracings", "tracing", Likeness::Plural),
            ("postgress", "postgres", Likeness::Plural),
            ("serd", "serde", Likeness::Letters),
            ("serde-jsno", "serde_json", Likeness::Letters),
            ("env_loger", "env_logger", Likeness::Letters),
            ("crossbeam_chanel", "crossbeam-channel", Likeness::Letters),
        ] {
            assert_eq!(likeness(one, other), Some(expected), "{one} {other}");
        }
    }

    #[test]
    fn names_that_are_two() {
        for (one, other) in [
            ("tokio-udp", "tokio-uds"),
            ("openssl-src", "openssl-sys"),
            ("futures-task", "futures-test"),
            ("sha2", "sha3"),
            ("wasip2", "wasip3"),
            ("proc-macro1", "proc-macro2"),
            ("rand", "rang"),
            ("slab", "sled"),
            ("serde-json", "serde_json"),
            ("Inflector", "inflector"),
            ("rs", "rust"),
        ] {
            assert_eq!(likeness(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn the_list_is_one_of_names() {
        let names = well_known();
        assert!(names.len() > 500, "{}", names.len());
        for name in ["serde", "rand", "once_cell", "lazy_static"] {
            assert!(names.contains(name), "{name}");
        }
        let path = crate::knowledge::registry::path;
        assert!(names.iter().all(|name| path(name).is_some()));
        let list: Vec<&str> = WELL_KNOWN.lines().filter(|l| !l.starts_with('#')).collect();
        assert!(list.is_sorted() && list.len() == names.len());
    }

    /// The least number of letters that are changed, added, left out or change places with their
    /// neighbour, each letter once: by its definition.
    fn least(one: &[u8], other: &[u8]) -> usize {
        match (one, other) {
            ([], rest) | (rest, []) => rest.len(),
            ([a, one_rest @ ..], [b, other_rest @ ..]) => {
                let same = usize::from(a != b) + least(one_rest, other_rest);
                let less = 1 + least(one_rest, other).min(least(one, other_rest));
                let swapped = match (one, other) {
                    ([a, b, one_rest @ ..], [c, d, other_rest @ ..]) if (a, b) == (d, c) => {
                        1 + least(one_rest, other_rest)
                    }
                    _ => usize::MAX,
                };
                same.min(less).min(swapped)
            }
        }
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric(one in "[a-c0-1rsnm_-]{1,9}", other in "[a-c0-1rsnm_-]{1,9}") {
            prop_assert_eq!(likeness(&one, &other), likeness(&other, &one));
            prop_assert_eq!(likeness(&one, &one), None);
            let one_set = Names::new(BTreeSet::from([other.as_str()]));
            let found = one_set.like(&one).next().map(|(_, likeness)| likeness);
            prop_assert_eq!(found, likeness(&one, &other));
        }

        #[test]
        fn a_misspelling_is_within_the_distance(one in "[ab]{5,7}", other in "[ab]{5,7}") {
            let expected = least(one.as_bytes(), other.as_bytes()) <= 1;
            prop_assert_eq!(is_misspelt(&one, &other), expected);
        }

        #[test]
        fn whatever_a_name_is_nothing_breaks(one in ".{0,12}", other in ".{0,12}") {
            prop_assert_eq!(likeness(&one, &other), likeness(&other, &one));
        }

        #[test]
        fn a_well_known_name_misspelt_is_found(at in 0_usize..900, place in 0_usize..64) {
            let known = well_known();
            let long: Vec<&str> = known.iter().copied().filter(|name| {
                name.len() >= 8 && name.bytes().all(|byte| byte.is_ascii_lowercase())
            }).collect();
            let name = long[at % long.len()];
            let place = place % name.len();
            let letters = name.char_indices().filter(|(at, _)| *at != place);
            let less: String = letters.map(|(_, letter)| letter).collect();
            prop_assume!(less != name);
            let names = Names::new(known.clone());
            prop_assert!(known.contains(less.as_str()) || names.like(&less).any(|(like, _)| like == name));
        }
    }
}
