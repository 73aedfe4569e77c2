//! Makes new inputs from known ones.

use std::ops::Range;

use super::rng::Rng;

/// Inputs are cut to this many bytes: what is found in larger ones is found in smaller ones too.
pub(crate) const MAX_INPUT_BYTES: usize = 4 << 10;

/// Numbers at the ends of what types hold.
const EDGES: &[&str] = &[
    "0",
    "1",
    "-1",
    "00",
    "127",
    "128",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e999",
];

/// Bytes that mean something to a reader of text.
const BYTES: &[u8] = b"\0\t\n\r \"#'(),-./:<=>@[\\]^_`{|}~\x7f\x80\xbf\xc2\xe2\xef\xf0\xff";

/// A new input: a known one, changed in one to eight places.
pub(crate) fn mutate(rng: &mut Rng, corpus: &[Vec<u8>], dictionary: &[&str]) -> Vec<u8> {
    // Half of the time one of the newest, which took the most steps to reach.
    let newest = corpus.len().saturating_sub(16);
    let from = if rng.below(2) == 0 { newest } else { 0 };
    let mut input = rng.pick(&corpus[from..]).cloned().unwrap_or_default();
    for _ in 0..1_usize << rng.below(5).saturating_sub(1) {
        change(&mut input, rng, corpus, dictionary);
        input.truncate(MAX_INPUT_BYTES);
    }
    input
}

fn change(input: &mut Vec<u8>, rng: &mut Rng, corpus: &[Vec<u8>], dictionary: &[&str]) {
    match rng.below(16) {
        0 => {
            let (at, bit) = (rng.below(input.len()), rng.below(8));
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        1 => {
            let byte = if rng.below(2) == 0 {
                rng.byte()
            } else {
                *rng.pick(BYTES).unwrap_or(&0)
            };
            let at = rng.below(input.len());
            match (input.get_mut(at), rng.below(2)) {
                (Some(old), 0) => *old = byte,
                _ => input.insert(at, byte),
            }
        }
        2 => {
            let range = rng.range(input.len());
            input.drain(range);
        }
        3 => {
            let copy = input[rng.range(input.len())].to_vec();
            let at = rng.below(input.len() + 1);
            input.splice(at..at, copy);
        }
        4 => {
            let copy = input[rng.range(input.len())].to_vec();
            let at = rng.below(input.len());
            let end = (at + copy.len()).min(input.len());
            input.splice(at..end, copy);
        }
        5 => {
            let other = rng.pick(corpus).map_or(&[][..], Vec::as_slice);
            let (cut, from) = (rng.below(input.len() + 1), rng.below(other.len() + 1));
            input.truncate(cut);
            input.extend(&other[from..]);
        }
        6 => {
            let token = rng.pick(dictionary).unwrap_or(&"").bytes();
            let at = rng.below(input.len() + 1);
            input.splice(at..at, token);
        }
        7 => {
            // A token as a line of its own, or in the place of one.
            let token = rng.pick(dictionary).unwrap_or(&"");
            let lines = lines(input);
            let at = rng.pick(&lines).cloned().unwrap_or(0..0);
            let end = if rng.below(2) == 0 { at.start } else { at.end };
            input.splice(at.start..end, format!("{token}\n").into_bytes());
        }
        8 => replace_number(input, rng),
        9 | 10 => replace_string(input, rng, dictionary),
        11 => {
            // Lines of another input.
            let other = rng.pick(corpus).map_or(&[][..], Vec::as_slice);
            let block = other[lines_range(other, rng)].to_vec();
            let at = rng.pick(&lines(input)).map_or(0, |line| line.start);
            input.splice(at..at, block);
        }
        12 => {
            let range = lines_range(input, rng);
            input.drain(range);
        }
        13 => {
            let block = input[lines_range(input, rng)].to_vec();
            let at = rng.pick(&lines(input)).map_or(0, |line| line.start);
            input.splice(at..at, block);
        }
        14 => {
            let lines = lines(input);
            if let (Some(a), Some(b)) = (rng.pick(&lines), rng.pick(&lines)) {
                let (a, b) = (a.clone().min_by_start(b), a.clone().max_by_start(b));
                if a.end <= b.start {
                    let (first, second) = (input[a.clone()].to_vec(), input[b.clone()].to_vec());
                    input.splice(b, first);
                    input.splice(a, second);
                }
            }
        }
        _ => {
            let cut = rng.below(input.len() + 1);
            input.truncate(cut);
        }
    }
}

trait ByStart {
    fn min_by_start(self, other: &Self) -> Self;
    fn max_by_start(self, other: &Self) -> Self;
}

impl ByStart for Range<usize> {
    fn min_by_start(self, other: &Self) -> Self {
        if self.start <= other.start {
            self
        } else {
            other.clone()
        }
    }

    fn max_by_start(self, other: &Self) -> Self {
        if self.start > other.start {
            self
        } else {
            other.clone()
        }
    }
}

/// The places of all lines, each with its end.
pub(crate) fn lines(input: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = input.split_inclusive(|byte| *byte == b'\n');
    ends.map(|line| {
        let range = start..start + line.len();
        start = range.end;
        range
    })
    .collect()
}

/// The place of one line or of some that follow each other, as a table of TOML is.
fn lines_range(input: &[u8], rng: &mut Rng) -> Range<usize> {
    let lines = lines(input);
    let first = rng.below(lines.len());
    let most = if rng.below(2) == 0 { 1 } else { 8 };
    let last = first + rng.below(most);
    match (lines.get(first), lines.get(last).or(lines.last())) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..0,
    }
}

fn replace_number(input: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.below(input.len());
    let digit = |at: &usize| input.get(*at).is_some_and(u8::is_ascii_digit);
    let Some(start) = (at..input.len()).find(digit) else {
        return;
    };
    let end = (start..input.len()).find(|at| !digit(at));
    let end = end.unwrap_or(input.len());
    let new = match rng.below(3) {
        0 => rng.below(12).to_string(),
        _ => (*rng.pick(EDGES).unwrap_or(&"0")).to_owned(),
    };
    input.splice(start..end, new.into_bytes());
}

/// Puts a string of the dictionary, or another one of the input, in the place of a string: so
/// names, versions and references come to mean each other.
fn replace_string(input: &mut Vec<u8>, rng: &mut Rng, dictionary: &[&str]) {
    let quotes: Vec<usize> = (0..input.len()).filter(|at| input[*at] == b'"').collect();
    let pairs = quotes.len() / 2;
    let string = |rng: &mut Rng| {
        let pair = 2 * rng.below(pairs);
        Some(quotes.get(pair)? + 1..*quotes.get(pair + 1)?)
    };
    let (Some(to), Some(from)) = (string(rng), string(rng)) else {
        return;
    };
    let new = match rng.below(3) {
        0 => rng.pick(dictionary).unwrap_or(&"").as_bytes().to_vec(),
        _ => input[from].to_vec(),
    };
    input.splice(to, new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_none_is_too_large() {
        let corpus = vec![
            b"a = \"1\"\nb = \"2\"\n".to_vec(),
            vec![b'x'; MAX_INPUT_BYTES],
            vec![],
        ];
        let make = |seed| {
            let mut rng = Rng::new(seed);
            (0..2_000)
                .map(|_| mutate(&mut rng, &corpus, &["[package]", "name"]))
                .collect::<Vec<_>>()
        };
        let inputs = make(1);
        assert_eq!(inputs, make(1));
        assert_ne!(inputs, make(2));
        assert!(inputs.iter().all(|input| input.len() <= MAX_INPUT_BYTES));
    }

    #[test]
    fn lines_cover_the_input() {
        assert_eq!(lines(b"a\n\nb"), [0..2, 2..3, 3..4]);
        assert_eq!(lines(b""), [0..0; 0]);
    }
}
