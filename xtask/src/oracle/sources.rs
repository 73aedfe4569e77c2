//! The files that sites are in.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files by their lines, each read once. One that cannot be read has none.
#[derive(Debug, Default)]
pub(crate) struct Sources(HashMap<PathBuf, Vec<String>>);

/// How many lines before its end an attribute may begin.
const LINES: usize = 40;

impl Sources {
    #[cfg(test)]
    pub(crate) fn with(mut self, file: &str, text: &str) -> Self {
        self.0.insert(PathBuf::from(file), lines(text));
        self
    }

    fn lines(&mut self, file: &Path) -> &[String] {
        if !self.0.contains_key(file) {
            let text = fs::read(file).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            self.0.insert(file.to_owned(), lines(&text));
        }
        self.0.get(file).map_or(&[], Vec::as_slice)
    }

    /// A line, from 1; empty where there is none.
    pub(crate) fn line(&mut self, file: &Path, line: usize) -> &str {
        let at = line.checked_sub(1);
        at.and_then(|at| self.lines(file).get(at))
            .map_or("", String::as_str)
    }

    /// Whether the keyword `unsafe` stands at a place.
    pub(crate) fn is_unsafe(&mut self, file: &Path, line: usize, column: usize) -> bool {
        let before = column.saturating_sub(1);
        let mut characters = self.line(file, line).chars().skip(before);
        "unsafe".chars().all(|c| characters.next() == Some(c))
            && characters
                .next()
                .is_none_or(|c| !c.is_alphanumeric() && c != '_')
    }

    /// Where the attribute begins that a place is in: rustc gives the `#` of an attribute, but of
    /// one within `cfg_attr` its path, and for those that are written `unsafe(…)` the keyword is a
    /// fair answer too. The place itself where no attribute is found.
    pub(crate) fn attribute(&mut self, file: &Path, line: usize, column: usize) -> (usize, usize) {
        let lines = self.lines(file);
        for at in (line.saturating_sub(LINES).max(1)..=line).rev() {
            let Some(text) = lines.get(at - 1) else {
                continue;
            };
            let end = if at == line { column } else { usize::MAX };
            let characters: Vec<char> = text.chars().collect();
            let starts = |&place: &usize| {
                let mut rest = characters.iter().skip(place).filter(|c| !c.is_whitespace());
                rest.next() == Some(&'#') && matches!(rest.next(), Some('[' | '!'))
            };
            if let Some(place) = (0..characters.len().min(end)).rev().find(starts) {
                // From white space before it, the search has seen the same `#`.
                let blanks = characters.iter().skip(place);
                let blanks = blanks.take_while(|c| c.is_whitespace()).count();
                return (at, place + blanks + 1);
            }
        }
        (line, column)
    }
}

/// Lines as rustc counts them: what a carriage return ends is part of the line.
fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/w/lib.rs";

    #[test]
    fn keywords_are_found_by_characters() {
        let mut sources = Sources::default().with(FILE, "é; unsafe {}\nlet unsafety = 1;");
        let file = Path::new(FILE);
        assert!(sources.is_unsafe(file, 1, 4));
        assert!(!sources.is_unsafe(file, 1, 5));
        assert!(!sources.is_unsafe(file, 2, 5));
        assert!(!sources.is_unsafe(file, 9, 1));
        assert!(!sources.is_unsafe(file, 0, 0));
        assert!(!sources.is_unsafe(Path::new("/nowhere.rs"), 1, 1));
    }

    #[test]
    fn an_attribute_is_where_its_sign_is() {
        let text = "#[a] #[unsafe(no_mangle)] fn f() {}\n  #[cfg_attr(\n    all(),\n    no_mangle)]\nfn g() {}";
        let mut sources = Sources::default().with(FILE, text);
        let file = Path::new(FILE);
        for (place, expected) in [
            ((1, 6), (1, 6)),
            ((1, 8), (1, 6)),
            ((1, 1), (1, 1)),
            ((2, 3), (2, 3)),
            ((4, 5), (2, 3)),
        ] {
            assert_eq!(sources.attribute(file, place.0, place.1), expected);
        }
        assert_eq!(sources.attribute(Path::new("/nowhere.rs"), 7, 3), (7, 3));
    }
}
