//! Which bracket closes which.
//!
//! *Invariant.* Every opening bracket has an end: the bracket that closes it or, where there is none,
//! the end of the group around. Groups do not cross.

use super::lexer::{Token, TokenKind};

/// The groups of a file's tokens.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    /// For each token: an opening one's end, a closing one's begin, [`NONE`] for all else.
    mates: Vec<u32>,
    /// Whether each bracket has its twin.
    pub balanced: bool,
}

const NONE: u32 = u32::MAX;

impl Groups {
    /// Pairs the brackets, in time linear in the tokens.
    ///
    /// A closing bracket closes the nearest open one of its kind, and with it all that were opened
    /// since; where none of its kind is open, it closes nothing.
    #[must_use]
    pub fn new(tokens: &[Token]) -> Self {
        let mut groups = Self::default();
        groups.read(tokens);
        groups
    }

    /// As [`Groups::new`], in the memory that other tokens' groups took.
    pub fn read(&mut self, tokens: &[Token]) {
        let mates = &mut self.mates;
        mates.clear();
        mates.resize(tokens.len(), NONE);
        let mut open: Vec<(u32, TokenKind)> = Vec::new();
        // How many of a kind are open: without it, a run of stray brackets would be searched for
        // again and again.
        let mut counts = [0_u32; 3];
        let mut balanced = true;
        for (at, token) in tokens.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(NONE);
            if token.kind.is_open() {
                open.push((at, token.kind));
                count(&mut counts, token.kind, 1);
                continue;
            }
            let Some(opening) = opening(token.kind) else {
                continue;
            };
            if counts.get(slot(opening)).is_none_or(|count| *count == 0) {
                balanced = false;
                continue;
            }
            while let Some((begin, kind)) = open.pop() {
                count(&mut counts, kind, -1);
                set(mates, begin, at);
                if kind == opening {
                    set(mates, at, begin);
                    break;
                }
                balanced = false;
            }
        }
        let end = u32::try_from(tokens.len()).unwrap_or(NONE);
        balanced &= open.is_empty();
        for (begin, _) in open {
            set(mates, begin, end);
        }
        self.balanced = balanced;
    }

    /// Where the group that opens at a token ends: at its closing bracket, or before what closes the
    /// group around. The place itself if no group opens there.
    #[must_use]
    pub fn end(&self, open: usize) -> usize {
        match self.mates.get(open) {
            // That of a closing bracket is behind it.
            Some(&mate) if mate != NONE => open.max(mate as usize),
            _ => open,
        }
    }

    /// Where the group begins that a bracket closes; the place itself if it closes none.
    #[must_use]
    pub fn begin(&self, close: usize) -> usize {
        match self.mates.get(close) {
            Some(&mate) if mate != NONE => close.min(mate as usize),
            _ => close,
        }
    }

    /// The token behind the group that opens at a token.
    #[must_use]
    pub fn after(&self, open: usize) -> usize {
        let end = self.end(open);
        // Only a bracket that closes this very group belongs to it.
        let closes = self
            .mates
            .get(end)
            .is_some_and(|mate| *mate as usize == open);
        if closes || end == open { end + 1 } else { end }
    }
}

fn set(mates: &mut [u32], at: u32, mate: u32) {
    if let Some(slot) = mates.get_mut(at as usize) {
        *slot = mate;
    }
}

fn slot(kind: TokenKind) -> usize {
    match kind {
        TokenKind::OpenParen => 0,
        TokenKind::OpenBracket => 1,
        _ => 2,
    }
}

fn count(counts: &mut [u32; 3], kind: TokenKind, by: i32) {
    if let Some(count) = counts.get_mut(slot(kind)) {
        *count = count.saturating_add_signed(by);
    }
}

fn opening(kind: TokenKind) -> Option<TokenKind> {
    Some(match kind {
        TokenKind::CloseParen => TokenKind::OpenParen,
        TokenKind::CloseBracket => TokenKind::OpenBracket,
        TokenKind::CloseBrace => TokenKind::OpenBrace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Lexed;
    use super::*;

    fn ends(source: &str) -> Vec<usize> {
        let tokens = Lexed::new(source.as_bytes()).tokens;
        let groups = Groups::new(&tokens);
        let opens = (0..tokens.len()).filter(|at| tokens[*at].kind.is_open());
        opens.map(|at| groups.end(at)).collect()
    }

    #[test]
    fn groups_end_at_their_bracket_or_at_that_of_the_group_around() {
        assert_eq!(ends("{ ( ) [ ] }"), [5, 2, 4]);
        assert_eq!(ends("{ ( [ }"), [3, 3, 3]);
        assert_eq!(ends("( } )"), [2]);
        assert_eq!(ends("{ {"), [2, 2]);
    }

    #[test]
    fn what_opens_no_group_ends_where_it_is() {
        let tokens = Lexed::new(b"a ( ) ]").tokens;
        let groups = Groups::new(&tokens);
        let places = [0, 2, 3, 4];
        assert_eq!(places.map(|at| groups.end(at)), places);
        assert_eq!(places.map(|at| groups.after(at)), places.map(|at| at + 1));
    }

    #[test]
    fn a_million_brackets_take_linear_time() {
        for text in ["(", "([{", ")", "(]"] {
            let source = text.repeat(1_000_000 / text.len());
            let tokens = Lexed::new(source.as_bytes()).tokens;
            assert!(!Groups::new(&tokens).balanced);
        }
    }
}
