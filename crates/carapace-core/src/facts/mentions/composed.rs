//! Names that are put together, or stand in strings.

use super::MentionKind;
use super::walk::Walk;
use crate::source::lexer::TokenKind;

impl Walk<'_, '_> {
    /// Whether a bracket is one of `paste!`: `[<a $b>]`.
    pub(super) fn is_pasted(&self, open: usize) -> bool {
        let source = self.source;
        let end = source.groups.end(open);
        source.kind(open + 1) == TokenKind::Lt
            && end > open + 2
            && source.kind(end - 1) == TokenKind::Gt
    }

    pub(super) fn paste(&mut self, open: usize) -> usize {
        let source = self.source;
        let end = source.groups.end(open) - 1;
        let mut pattern = String::new();
        let mut at = open + 2;
        while at < end {
            match source.kind(at) {
                TokenKind::Dollar => {
                    pattern.push('*');
                    at += 1;
                }
                // `:snake`
                TokenKind::Colon => at += 1,
                TokenKind::Str => pattern.push_str(&source.string(at).unwrap_or_default()),
                kind if kind.is_open() => {
                    pattern.push('*');
                    at = source.groups.after(at);
                    continue;
                }
                _ => pattern.push_str(&source.text(at)),
            }
            at += 1;
        }
        self.mention(MentionKind::Pattern, "", &pattern);
        source.groups.after(open)
    }

    /// Names in a string.
    pub(super) fn text(&mut self, at: usize) {
        let text = self.source.text(at);
        let is_code = |text: &str| {
            !text.contains(char::is_whitespace)
                || ["::", "(", ";", "!", "."]
                    .iter()
                    .any(|mark| text.contains(mark))
        };
        let behind = text.split_once('"').map_or("", |(_, behind)| behind);
        let inner = behind.rsplit_once('"').map_or(behind, |(inner, _)| inner);
        if !is_code(inner) {
            return;
        }
        let is_part = |c: char| c == '_' || c.is_alphanumeric() || matches!(c, '{' | '}');
        for word in inner.split(|c: char| !is_part(c)) {
            if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            match word.contains(['{', '}']) {
                false => self.mention(MentionKind::Loose, "", word),
                true => {
                    let pattern = holes(word);
                    self.mention(MentionKind::Pattern, "", &pattern);
                }
            }
        }
    }
}

/// What stands for what is filled in becomes `*`.
fn holes(word: &str) -> String {
    let mut pattern = String::new();
    let mut depth = 0_u32;
    for c in word.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    pattern.push('*');
                }
            }
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => pattern.push(c),
            _ => {}
        }
    }
    pattern
}
