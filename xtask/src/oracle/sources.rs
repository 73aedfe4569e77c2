//! The files that sites are in.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::census::compiled::lines::Lines;

/// Files by their lines, each read once. One that cannot be read has none.
#[derive(Debug, Default)]
pub(crate) struct Sources(HashMap<PathBuf, Lines>);

impl Sources {
    #[cfg(test)]
    pub(crate) fn with(mut self, file: &str, text: &str) -> Self {
        self.0.insert(PathBuf::from(file), Lines::new(text));
        self
    }

    fn lines(&mut self, file: &Path) -> &Lines {
        self.0.entry(file.to_owned()).or_insert_with(|| {
            let text = fs::read(file).unwrap_or_default();
            Lines::new(&String::from_utf8_lossy(&text))
        })
    }

    /// A line, from 1; empty where there is none.
    pub(crate) fn line(&mut self, file: &Path, line: usize) -> &str {
        self.lines(file).line(number(line))
    }

    /// Whether the keyword `unsafe` stands at a place.
    pub(crate) fn is_unsafe(&mut self, file: &Path, line: usize, column: usize) -> bool {
        self.lines(file).is_unsafe(number(line), number(column))
    }

    /// Where the keyword of a declaration stands that begins at a place.
    pub(crate) fn keyword(&mut self, file: &Path, line: usize, column: usize) -> (usize, usize) {
        let (line, column) = self.lines(file).keyword(number(line), number(column));
        (line as usize, column as usize)
    }

    /// Where the attribute begins that a place is in; the place itself where none is found.
    pub(crate) fn attribute(&mut self, file: &Path, line: usize, column: usize) -> (usize, usize) {
        let lines = self.lines(file);
        let (line, column) = lines.attribute(number(line), number(column));
        (line as usize, column as usize)
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_has_no_lines() {
        let file = Path::new("/w/lib.rs");
        let mut sources = Sources::default().with("/w/lib.rs", "é; unsafe {}");
        assert!(sources.is_unsafe(file, 1, 4));
        assert_eq!(sources.line(file, 1), "é; unsafe {}");
        let nowhere = Path::new("/nowhere.rs");
        assert!(!sources.is_unsafe(nowhere, 1, 1));
        assert_eq!(sources.attribute(nowhere, 7, 3), (7, 3));
    }
}
