//! Places in texts, and texts from outside made safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Turns byte offsets into line numbers, and lines into texts.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    /// The offset of the first byte of each line.
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1))
            .collect();
        Self { text, starts }
    }

    /// The line, from 1, that holds the byte at `offset`; past the end, the last one.
    #[must_use]
    pub fn line(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The text of a line counted from 1, without its end.
    #[must_use]
    pub fn text(&self, line: u32) -> Option<&'a str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        self.text.get(start..)?.lines().next()
    }
}

/// Makes a text from outside safe for a terminal, a log or a page: what would act, hide or reorder
/// instead of being seen becomes its Rust escape.
///
/// These are the control characters (ANSI sequences begin with one), the bidirectional controls of
/// [Trojan Source](https://trojansource.codes/), characters without width, and the commands to CI
/// systems that act wherever in a line they stand: `##[…]` in
/// [GitHub's runner](https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs),
/// `##vso[…]` in Azure's, `##teamcity[…]`. GitHub's `::…::` acts at the beginning of a line only:
/// who prints puts something of its own before a text from outside.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !has_deceptive(text) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (offset, character) in text.char_indices() {
        let rest = || text.get(offset..).unwrap_or_default();
        if is_deceptive(character) || (character == '#' && begins_command(rest())) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a text begins as a command to a CI system does: `##`, a word or nothing, `[`.
fn begins_command(text: &str) -> bool {
    text.strip_prefix("##").is_some_and(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_alphabetic())
            .starts_with('[')
    })
}

/// Whether a text holds a character that would not be seen as what it is. Plain ASCII, which is
/// nearly everything, is passed over in blocks, a shape that compilers turn into vector code.
pub(crate) fn has_deceptive(text: &str) -> bool {
    const BLOCK: usize = 64;
    let is_other = |byte: &u8| !(0x20..0x7f).contains(byte);
    let mut rest = text;
    loop {
        let blocks = rest.as_bytes().chunks_exact(BLOCK);
        let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, b| found | is_other(b));
        let from = BLOCK * blocks.take_while(is_plain).count();
        // Nothing but ASCII lies before: there is a border between characters.
        rest = rest.get(from..).unwrap_or_default();
        let Some(at) = rest.as_bytes().iter().position(is_other) else {
            return false;
        };
        let mut characters = rest.get(at..).unwrap_or_default().chars();
        if characters.next().is_some_and(is_deceptive) {
            return true;
        }
        rest = characters.as_str();
    }
}

pub(crate) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A basic string of TOML. What would not be seen as what it is, is escaped: the file is reviewed.
pub(crate) fn toml_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if is_deceptive(character) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines() {
        let index = LineIndex::new("ab\ncd\n");
        let lines: Vec<u32> = (0..7).map(|offset| index.line(offset)).collect();
        assert_eq!(lines, [1, 1, 1, 2, 2, 2, 3]);
        assert_eq!(index.text(2), Some("cd"));
        assert_eq!(index.text(9), None);
    }

    proptest::proptest! {
        #[test]
        fn a_deceptive_character_is_found_wherever_it_is(
            text in "([a-z]{0,90}[\u{7f}é漢\u{202e}\n]?){0,4}"
        ) {
            let expected = text.chars().any(is_deceptive);
            proptest::prop_assert_eq!(has_deceptive(&text), expected);
        }
    }

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(visible("plain — naïve 漢字"), "plain — naïve 漢字");
        assert_eq!(visible("\x1b[2Jx"), "\\u{1b}[2Jx");
        assert_eq!(visible("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
    }

    #[test]
    fn nothing_commands_a_runner() {
        assert_eq!(visible("a ##[error]b"), "a \\u{23}#[error]b");
        assert_eq!(visible("###[x]"), "#\\u{23}#[x]");
        assert_eq!(visible("##vso[task.x]"), "\\u{23}#vso[task.x]");
        assert_eq!(visible("## A heading [1]"), "## A heading [1]");
    }
}
