//! What all that people read is made of: first words, places, lines of files, facts.

use std::fmt::Write as _;

use super::Options;
use crate::render::words;
use crate::text::visible;

/// The characters of a line of a file that are shown where the width is not known.
const SNIPPET: usize = 160;

/// The characters of what is marked that are shown at least.
const LEAST: usize = 20;

/// What text looks like; rustc's choice of colours.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    Error,
    Warning,
    Note,
    Help,
    Gutter,
    Strong,
}

impl Style {
    /// The style of a line's first word.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "error" => Self::Error,
            "warning" => Self::Warning,
            _ => Self::Note,
        }
    }

    /// Parameters of SGR, ECMA-48 8.3.117.
    fn parameters(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Warning => "1;33",
            Self::Note => "1;32",
            Self::Help => "1;36",
            Self::Gutter => "1;34",
            Self::Strong => "1",
        }
    }
}

/// What has been written so far.
pub(super) struct Page<'a> {
    pub(super) text: String,
    pub(super) options: &'a Options<'a>,
}

/// Columns, from 1, of one line that marks stand below.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked {
    /// The first.
    pub(super) column: u32,
    /// The one behind the last; none: to the end of the line.
    pub(super) end_column: Option<u32>,
}

impl Page<'_> {
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.options.color {
            format!("\x1b[{}m{text}\x1b[0m", style.parameters())
        } else {
            text.to_owned()
        }
    }

    /// `word: text`.
    pub(super) fn line(&mut self, style: Style, word: &str, text: &str) {
        let (word, text) = (
            self.paint(style, word),
            self.paint(Style::Strong, &format!(": {text}")),
        );
        self.text += &format!("{word}{text}\n");
    }

    pub(super) fn note(&mut self, text: &str) {
        let word = self.paint(Style::Note, "note");
        self.text += &format!("{word}: {text}\n");
    }

    /// `--> file:line:column`; returns the margin that what follows has: the width of the line's
    /// number.
    pub(super) fn place(&mut self, file: &str, line: u32, column: u32) -> usize {
        let margin = line.to_string().len();
        let arrow = self.paint(Style::Gutter, &format!("{:margin$}-->", ""));
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{arrow} {}:{line}:{column}", words::shown(file));
        margin
    }

    /// `--> file`, of a file without lines; what follows has a margin of one.
    pub(super) fn file(&mut self, file: &str) {
        let arrow = self.paint(Style::Gutter, " -->");
        let _ = writeln!(self.text, "{arrow} {}", words::shown(file));
    }

    /// A line of a file, and marks below what it is about. Of a line that is too long the part
    /// around the marks is shown.
    pub(super) fn snippet(&mut self, number: u32, text: &str, marked: Marked, margin: usize) {
        let index = |column: u32| {
            usize::try_from(column)
                .unwrap_or(usize::MAX)
                .saturating_sub(1)
        };
        let mut start = index(marked.column);
        let marked = marked
            .end_column
            .map_or(usize::MAX, |end| index(end).saturating_sub(start));
        let room = self.options.width.unwrap_or(SNIPPET);
        let room = room.saturating_sub(margin + 3);
        let mut line = String::with_capacity(text.len().min(4 * room));
        let mut rest = text;
        // So far to the right that little of what is marked would be seen.
        if start.saturating_add(marked.min(LEAST)) > room
            && let Some((from, _)) = text.char_indices().nth(start.saturating_sub(room / 4))
        {
            rest = text.get(from..).unwrap_or_default();
            line.push('…');
            start = 1 + start.min(room / 4);
        }
        let rest = rest.chars().take(room.saturating_sub(line.chars().count()));
        line.extend(rest.map(|c| if c == '\t' { ' ' } else { c }));
        // Made visible as one: a text in parts may hide a command across their border. How a
        // character is shown depends only on what follows it, so differences tell the columns.
        let from = |column: usize| {
            let rest = line.char_indices().nth(column);
            let rest = rest.and_then(|(offset, _)| line.get(offset..));
            visible(rest.unwrap_or_default()).chars().count()
        };
        let (all, behind) = (from(0), from(start));
        let marks = behind.saturating_sub(from(start.saturating_add(marked)));
        let bar = self.paint(Style::Gutter, "|");
        let number = self.paint(Style::Gutter, &number.to_string());
        let marks = self.paint(Style::Error, &"^".repeat(marks.max(1)));
        let (line, blank) = (visible(&line), " ".repeat(all.saturating_sub(behind)));
        let _ = writeln!(self.text, "{:margin$} {bar}\n{number} {bar} {line}", "");
        let _ = writeln!(self.text, "{:margin$} {bar} {blank}{marks}", "");
    }

    pub(super) fn fact(&mut self, margin: usize, key: &str, style: Style, text: &str) {
        let key = self.paint(style, key);
        self.bare_fact(margin, &format!("{key}: {text}"));
    }

    pub(super) fn bare_fact(&mut self, margin: usize, text: &str) {
        let mark = self.paint(Style::Gutter, "=");
        self.text += &format!("{:margin$} {mark} {text}\n", "");
    }
}
