//! Names and dates drawn at random: what is found is the attack, not a name of it.

use std::time::{SystemTime, UNIX_EPOCH};

use carapace_core::knowledge::date::rfc3339;
use carapace_core::supply::names::{Names, well_known};

use crate::support::run::TODAY;

/// A source of chance. `CARAPACE_TEST_SEED` repeats a run.
pub(crate) struct Draw {
    pub(crate) seed: u64,
    state: u64,
}

impl Draw {
    pub(crate) fn new() -> Self {
        let given = std::env::var("CARAPACE_TEST_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.subsec_nanos().into()
        });
        println!("CARAPACE_TEST_SEED={seed}");
        Self { seed, state: seed }
    }

    /// Sebastiano Vigna, SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// One of several.
    pub(crate) fn one<T: Clone>(&mut self, many: &[T]) -> T {
        many[self.below(many.len())].clone()
    }

    /// Two versions, the lower first.
    pub(crate) fn versions(&mut self) -> (String, String) {
        let (major, minor, patch) = (self.below(3), self.below(30), self.below(30));
        let later = patch + 1 + self.below(3);
        (
            format!("{major}.{minor}.{patch}"),
            format!("{major}.{minor}.{later}"),
        )
    }

    /// A name that is like no well-known one.
    pub(crate) fn name(&mut self) -> String {
        loop {
            let letters = 3 + self.below(3);
            let name = (0..letters).flat_map(|_| {
                let consonants = b"bdfgklmnprstvz";
                let vowels = b"aeiou";
                [
                    char::from(consonants[self.below(consonants.len())]),
                    char::from(vowels[self.below(vowels.len())]),
                ]
            });
            let name: String = name.collect();
            let known = well_known();
            if !known.contains(name.as_str()) && Names::new(known).like(&name).next().is_none() {
                return name;
            }
        }
    }

    /// A well-known name of which this can be made another one that is not well known.
    pub(crate) fn like(
        &mut self,
        change: impl Fn(&str) -> Option<String>,
    ) -> (&'static str, String) {
        let known: Vec<&str> = well_known().into_iter().collect();
        loop {
            let name = known[self.below(known.len())];
            let Some(other) = change(name) else { continue };
            // Cargo takes no name that begins with a digit.
            let is_name = other.starts_with(|first: char| first.is_ascii_alphabetic());
            if is_name && !well_known().contains(other.as_str()) && other != name {
                return (name, other);
            }
        }
    }

    /// Seconds since 1970: from so many hours to so many days before today.
    pub(crate) fn ago(&mut self, hours: usize, days: usize) -> i64 {
        let (least, most) = (hours * 3_600, days * 86_400);
        let ago = least + self.below(most - least);
        TODAY.parse::<i64>().unwrap() - i64::try_from(ago).unwrap()
    }
}

/// As an index writes a time.
pub(crate) fn at(seconds: i64) -> String {
    rfc3339(seconds).unwrap()
}
