//! Lines and columns of places in a file.

use crate::facts::dance::Span;

/// The lines of a file.
pub(crate) struct Places<'a> {
    bytes: &'a [u8],
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        // A byte order mark is no character of the line.
        let first = match bytes.starts_with(b"\xef\xbb\xbf") {
            true => 3,
            false => 0,
        };
        let behind = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
        let lines = std::iter::once(first).chain(behind).collect();
        Self { bytes, lines }
    }

    /// The line and the column of a place, both from 1, the column in characters.
    pub(crate) fn place(&self, at: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|begin| *begin <= at).max(1);
        let begin = self.lines.get(line - 1).copied().unwrap_or_default();
        let text = self.bytes.get(begin..at).unwrap_or_default();
        let is_begin = |byte: &&u8| **byte & 0xc0 != 0x80;
        let column = text.iter().filter(is_begin).count() + 1;
        (number(line), number(column))
    }

    /// A stretch of the file.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let (line, column) = self.place(start);
        let (end_line, end_column) = self.place(end);
        Span {
            start: number(start),
            end: number(end),
            line,
            column,
            end_line,
            end_column,
        }
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
