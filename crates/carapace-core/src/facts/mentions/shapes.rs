//! What stands around a token: whether a name is declared there, a macro called, a trait implemented.

use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

/// Whether a name is declared here, or stands for a macro's argument, and mentions nothing.
pub(super) fn is_declared(source: &Source<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| source.kind(at));
    let leads_on = source.is_pair(at + 1, TokenKind::Colon, TokenKind::Colon)
        || matches!(
            source.kind(at + 1),
            TokenKind::OpenParen | TokenKind::OpenBrace
        );
    match before(1) {
        Some(TokenKind::Dollar) => true,
        Some(
            TokenKind::Fn
            | TokenKind::Struct
            | TokenKind::Enum
            | TokenKind::Trait
            | TokenKind::Mod
            | TokenKind::Type
            | TokenKind::Static
            | TokenKind::Const,
        ) => true,
        Some(TokenKind::Let) => !leads_on,
        Some(TokenKind::Mut) => match before(2) {
            Some(TokenKind::Static) => true,
            Some(TokenKind::Let) => !leads_on,
            _ => false,
        },
        _ => false,
    }
}

/// The token that opens the arguments of the macro that is called by the name at a token.
pub(super) fn call_opens(source: &Source<'_>, at: usize) -> Option<usize> {
    let open = at + 2;
    if source.kind(open).is_open() {
        return Some(open);
    }
    let is_named = source.kind(open).is_ident() && source.kind(open + 1).is_open();
    is_named.then_some(open + 1)
}

/// Whether a definition's arms take items as a whole.
pub(super) fn takes_items(source: &Source<'_>, (start, end): (usize, usize)) -> bool {
    (start..end).any(|at| {
        source.kind(at) == TokenKind::Colon
            && source.is_word(at + 1, "item")
            && at >= 2
            && source.kind(at - 2) == TokenKind::Dollar
    })
}

/// The first and last segment of the trait's path in `impl … Trait for Type`.
pub(super) fn of_trait(source: &Source<'_>, head: usize, end: usize) -> (String, String) {
    let (mut first, last, _) = header_path(source, head + 1, end);
    if matches!(first.as_str(), "self" | "super") {
        "crate".clone_into(&mut first);
    }
    (first, last)
}

/// The last segment of the type's path in `impl … for Type`, or `impl Type`.
pub(super) fn implemented(source: &Source<'_>, head: usize, end: usize) -> String {
    let (_, last, stop) = header_path(source, head + 1, end);
    match source.kind(stop) {
        TokenKind::For => header_path(source, stop + 1, end).1,
        _ => last,
    }
}

/// Of a path in an implementation's head: its first and last segment, generics left out, and the
/// token that it ends at, a `for`, a `where` or the body's brace.
fn header_path(source: &Source<'_>, from: usize, end: usize) -> (String, String, usize) {
    let mut at = from;
    let mut depth = 0_usize;
    let (mut first, mut last) = (String::new(), String::new());
    while at < end {
        match source.kind(at) {
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if !source.is_pair(at - 1, TokenKind::Minus, TokenKind::Gt) => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Where if depth == 0 => break,
            TokenKind::For if depth == 0 && source.kind(at + 1) != TokenKind::Lt => break,
            TokenKind::OpenBrace => break,
            TokenKind::OpenParen | TokenKind::OpenBracket => {
                at = source.groups.after(at);
                continue;
            }
            kind if depth == 0 && kind.is_path_segment() => {
                last = source.name(at);
                if first.is_empty() {
                    first.clone_from(&last);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (first, last, at)
}
