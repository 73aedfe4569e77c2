//! A source by its lines, and where in it rustc's places and those of the census meet.

use crate::source::lexer::{Lexer, TokenKind};

/// How many lines before its end an attribute may begin, and behind the beginning of a declaration
/// its keyword may be.
const LINES: u32 = 40;

/// A source by its lines, as rustc counts them: what a carriage return ends is part of the line.
/// One that cannot be read has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(Vec<String>);

/// A line and a column, both from 1.
type Spot = (u32, u32);

impl Lines {
    /// The lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.split('\n').map(str::to_owned).collect())
    }

    /// A line, from 1; empty where there is none.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let at = usize::try_from(line)
            .ok()
            .and_then(|line| line.checked_sub(1));
        at.and_then(|at| self.0.get(at)).map_or("", String::as_str)
    }

    /// A line from a column on; empty where there is none.
    fn from(&self, line: u32, column: u32) -> &str {
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = self.line(line);
        let start = line.char_indices().nth(before);
        start.and_then(|(at, _)| line.get(at..)).unwrap_or_default()
    }

    /// Whether the keyword `unsafe` stands at a place.
    #[must_use]
    pub fn is_unsafe(&self, line: u32, column: u32) -> bool {
        let rest = self.from(line, column).strip_prefix("unsafe");
        rest.is_some_and(|rest| {
            let next = rest.chars().next();
            next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    }

    /// Where the keyword `unsafe` of a declaration stands that begins at a place: rustc's place is
    /// that of the visibility, or of qualifiers. The place itself where none follows.
    #[must_use]
    pub fn keyword(&self, line: u32, column: u32) -> Spot {
        let mut text = self.from(line, column).to_owned();
        if text.is_empty() {
            return (line, column);
        }
        for at in line.saturating_add(1)..=line.saturating_add(LINES) {
            text.push('\n');
            text.push_str(self.line(at));
        }
        let mut lexer = Lexer::new(text.as_bytes());
        while let Some(token) = lexer.next_token() {
            if token.kind == TokenKind::Unsafe {
                let before = text.get(..token.start as usize).unwrap_or_default();
                return match before.rsplit_once('\n') {
                    // A message may name a column 0, which there is not.
                    None => (line, column.max(1).saturating_add(characters(before))),
                    Some((above, before)) => {
                        let down = above.matches('\n').count() + 1;
                        let down = u32::try_from(down).unwrap_or(u32::MAX);
                        (line.saturating_add(down), characters(before) + 1)
                    }
                };
            }
        }
        (line, column)
    }

    /// Where the attribute begins that a place is in: rustc gives the `#` of an attribute, but of
    /// one within `cfg_attr` its path, and for those that are written `unsafe(…)` the keyword is a
    /// fair answer too. The place itself where no attribute is found.
    #[must_use]
    pub fn attribute(&self, line: u32, column: u32) -> Spot {
        for at in (line.saturating_sub(LINES).max(1)..=line).rev() {
            let end = match at == line {
                true => usize::try_from(column).unwrap_or(usize::MAX),
                false => usize::MAX,
            };
            let characters: Vec<char> = self.line(at).chars().collect();
            let starts = |&place: &usize| {
                let mut rest = characters.iter().skip(place);
                rest.next() == Some(&'#')
                    && matches!(rest.find(|c| !c.is_whitespace()), Some('[' | '!'))
            };
            if let Some(place) = (0..characters.len().min(end)).rev().find(starts) {
                return (at, u32::try_from(place + 1).unwrap_or(u32::MAX));
            }
        }
        (line, column)
    }
}

fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found_by_characters() {
        let lines = Lines::new("é; unsafe {}\nlet unsafety = 1;");
        assert!(lines.is_unsafe(1, 4));
        assert!(!lines.is_unsafe(1, 5));
        assert!(!lines.is_unsafe(2, 5));
        assert!(!lines.is_unsafe(9, 1));
        assert!(!lines.is_unsafe(0, 0));
        assert!(!Lines::default().is_unsafe(1, 1));
    }

    #[test]
    fn a_declaration_leads_to_its_keyword() {
        let lines = Lines::new(
            "é pub unsafe fn f() {}\n  pub(crate) /* unsafe */ const\r\n    unsafe fn g() {}\n\
             pub fn h() {}\n",
        );
        for (place, expected) in [
            ((1, 3), (1, 7)),
            ((1, 7), (1, 7)),
            ((2, 3), (3, 5)),
            ((4, 1), (4, 1)),
            ((9, 9), (9, 9)),
            ((0, 0), (0, 0)),
        ] {
            assert_eq!(lines.keyword(place.0, place.1), expected, "{place:?}");
        }
    }

    #[test]
    fn an_attribute_is_where_its_sign_is() {
        let text = "#[a] #[unsafe(no_mangle)] fn f() {}\n  #[cfg_attr(\n    all(),\n    no_mangle)]\nfn g() {}";
        let lines = Lines::new(text);
        for (place, expected) in [
            ((1, 6), (1, 6)),
            ((1, 8), (1, 6)),
            ((1, 1), (1, 1)),
            ((2, 3), (2, 3)),
            ((4, 5), (2, 3)),
            // White space before an attribute is not part of it.
            ((2, 2), (1, 6)),
        ] {
            assert_eq!(lines.attribute(place.0, place.1), expected);
        }
        assert_eq!(Lines::default().attribute(7, 3), (7, 3));
    }
}
