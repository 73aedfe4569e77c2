//! Makes a failing input as small as can be.

use super::mutate::lines;

/// Removes what is not needed for `fails`: first lines, then bytes, in ever smaller pieces, until
/// nothing more can go or `fails` was asked `most` times.
pub(crate) fn minimise(input: &[u8], most: usize, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut smallest = input.to_vec();
    let mut asked = 0;
    let mut try_without = |smallest: &mut Vec<u8>, from: usize, to: usize| {
        asked += 1;
        let candidate = [&smallest[..from], &smallest[to..]].concat();
        let smaller = asked <= most && fails(&candidate);
        if smaller {
            *smallest = candidate;
        }
        (smaller, asked <= most)
    };
    loop {
        let before = smallest.len();
        let mut size = lines(&smallest).len();
        while size > 0 {
            let mut at = 0;
            loop {
                let lines = lines(&smallest);
                let Some(first) = lines.get(at) else { break };
                let last = lines.get(at + size - 1).or(lines.last());
                let end = last.map_or(first.end, |last| last.end);
                let (removed, go_on) = try_without(&mut smallest, first.start, end);
                if !go_on {
                    return smallest;
                }
                if !removed {
                    at += size;
                }
            }
            size /= 2;
        }
        let mut size = smallest.len().next_power_of_two();
        while size > 0 {
            let mut at = 0;
            while at < smallest.len() {
                let end = (at + size).min(smallest.len());
                let (removed, go_on) = try_without(&mut smallest, at, end);
                if !go_on {
                    return smallest;
                }
                if !removed {
                    at += size;
                }
            }
            size /= 2;
        }
        if smallest.len() == before {
            return smallest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_stays() {
        let fails = |input: &[u8]| {
            let text = String::from_utf8_lossy(input);
            text.contains('x') && text.contains("yy")
        };
        let input = b"a line\nanother x here\n\nmore\nfooyybar\nthe end";
        assert_eq!(minimise(input, 10_000, fails), b"xyy");
    }

    #[test]
    fn an_input_that_always_fails_becomes_empty_and_one_that_never_does_stays() {
        assert_eq!(minimise(b"a\nb\n", 100, |_| true), b"");
        assert_eq!(minimise(b"a\nb\n", 100, |_| false), b"a\nb\n");
    }

    #[test]
    fn it_ends_when_it_asked_often_enough() {
        let asked = std::cell::Cell::new(0);
        let _ = minimise(&[b'a'; 5_000], 50, |input| {
            asked.set(asked.get() + 1);
            input.len() > 4_990
        });
        assert!(asked.get() <= 50);
    }
}
