//! Where a fragment ends: `$x:expr` and its kind.

use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

/// How many tokens the punctuation at a token has: lexers give characters, macros take `=>` as one.
pub(super) fn punctuation(source: &Source<'_>, at: usize) -> usize {
    use TokenKind as K;
    let pair = |first: usize| {
        (
            source.kind(first),
            source.kind(first + 1),
            source.is_joined(first),
        )
    };
    let (first, second, is_joined) = pair(at);
    if !is_joined {
        return 1;
    }
    let third = pair(at + 1);
    let joined_third = third.2.then_some(third.1);
    match (first, second, joined_third) {
        (K::Dot, K::Dot, Some(K::Dot | K::Eq))
        | (K::Lt, K::Lt, Some(K::Eq))
        | (K::Gt, K::Gt, Some(K::Eq)) => 3,
        (K::Colon, K::Colon, _)
        | (K::Minus | K::Eq, K::Gt, _)
        | (K::Dot, K::Dot, _)
        | (K::Amp, K::Amp, _)
        | (K::Pipe, K::Pipe, _)
        | (K::Lt, K::Lt | K::Minus, _)
        | (K::Gt, K::Gt, _)
        | (
            K::Eq
            | K::Bang
            | K::Lt
            | K::Gt
            | K::Plus
            | K::Minus
            | K::Star
            | K::Slash
            | K::Percent
            | K::Caret
            | K::Amp
            | K::Pipe,
            K::Eq,
            _,
        ) => 2,
        _ => 1,
    }
}

/// The token behind the fragment of a kind that begins at a token and ends before `end`; none if
/// none does.
pub(super) fn end(source: &Source<'_>, kind: &str, at: usize, end: usize) -> Option<usize> {
    let first = source.kind(at);
    if kind == "vis" {
        return Some(visibility(source, at, end));
    }
    if at >= end {
        return None;
    }
    let behind = match kind {
        "tt" if first.is_open() => source.groups.after(at),
        "tt" => at + punctuation(source, at),
        "ident" => return is_name(source, at).then_some(at + 1),
        "lifetime" => return (first == TokenKind::Lifetime).then_some(at + 1),
        "literal" => {
            let at = at + usize::from(first == TokenKind::Minus);
            let is_literal = source.kind(at).is_literal()
                || source.is_word(at, "true")
                || source.is_word(at, "false");
            return is_literal.then_some(at + 1);
        }
        "block" => return (first == TokenKind::OpenBrace).then(|| source.groups.after(at)),
        "meta" => meta(source, at, end)?,
        "path" => type_end(source, at, end),
        "ty" => type_end(source, at, end),
        "expr" | "expr_2021" => expression(source, at, end),
        "pat" => pattern(source, at, end, true),
        "pat_param" => pattern(source, at, end, false),
        "stmt" => statement(source, at, end),
        "item" => item(source, at, end)?,
        _ => return None,
    };
    (behind > at && behind <= end).then_some(behind)
}

fn is_name(source: &Source<'_>, at: usize) -> bool {
    let kind = source.kind(at);
    (kind.is_ident() || kind.is_keyword()) && source.bytes_of(at) != b"_"
}

fn visibility(source: &Source<'_>, at: usize, end: usize) -> usize {
    if at >= end || source.kind(at) != TokenKind::Pub {
        return at;
    }
    let is_scope = matches!(
        source.kind(at + 2),
        TokenKind::Crate | TokenKind::SelfValue | TokenKind::Super | TokenKind::In
    );
    if at + 1 < end && source.kind(at + 1) == TokenKind::OpenParen && is_scope {
        return source.groups.after(at + 1);
    }
    at + 1
}

fn meta(source: &Source<'_>, at: usize, end: usize) -> Option<usize> {
    let mut at = at;
    if source.kind(at) == TokenKind::Unsafe {
        return Some(source.groups.after(at + 1));
    }
    if !is_name(source, at) {
        return None;
    }
    while at < end && (is_name(source, at) || source.kind(at) == TokenKind::Colon) {
        at += 1;
    }
    if at < end && source.kind(at).is_open() {
        return Some(source.groups.after(at));
    }
    if at < end && source.kind(at) == TokenKind::Eq {
        return Some(expression(source, at + 1, end));
    }
    Some(at)
}

fn is_arrow(source: &Source<'_>, at: usize) -> bool {
    source.is_pair(at, TokenKind::Eq, TokenKind::Gt)
}

/// Types and paths: to `{`, `[` behind a type, `,`, `;`, `=`, `|`, `:`, `as`, `where` outside of
/// angles.
fn type_end(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < end {
        match source.kind(at) {
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if source.kind(at.wrapping_sub(1)) == TokenKind::Minus => {}
            TokenKind::Gt => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return at,
            },
            TokenKind::Colon if source.is_pair(at, TokenKind::Colon, TokenKind::Colon) => {
                at += 2;
                continue;
            }
            TokenKind::OpenBracket if at > from && depth == 0 => {
                let before = source.kind(at - 1);
                if before.is_path_segment() || before.is_close() || before == TokenKind::Gt {
                    return at;
                }
            }
            TokenKind::OpenBrace
            | TokenKind::Comma
            | TokenKind::Semi
            | TokenKind::Eq
            | TokenKind::Pipe
            | TokenKind::Colon
            | TokenKind::As
            | TokenKind::Where
                if depth == 0 =>
            {
                return at;
            }
            TokenKind::Semi => return at,
            _ => {}
        }
        at = source.after_tree(at);
    }
    end
}

/// Expressions: to `,`, `;` or `=>`, those of closures' parameters and of generic arguments passed
/// over.
fn expression(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut at = from;
    while at < end {
        match source.kind(at) {
            TokenKind::Comma | TokenKind::Semi => return at,
            TokenKind::Eq if is_arrow(source, at) => return at,
            TokenKind::Lt
                if at > from + 1 && source.is_pair(at - 2, TokenKind::Colon, TokenKind::Colon) =>
            {
                at = type_end(source, at, end).max(at + 1);
                continue;
            }
            TokenKind::Pipe => {
                let begins = at == from || {
                    let before = source.kind(at - 1);
                    matches!(before, TokenKind::Move | TokenKind::Eq | TokenKind::Return)
                };
                if begins {
                    let mut close = at + 1;
                    while close < end && source.kind(close) != TokenKind::Pipe {
                        close = source.after_tree(close);
                    }
                    at = close + 1;
                    continue;
                }
            }
            _ => {}
        }
        at = source.after_tree(at);
    }
    end
}

/// Patterns: to `=>`, `,`, `=`, `if`, `in`, and `|` where alternatives are none of it.
fn pattern(source: &Source<'_>, from: usize, end: usize, alternatives: bool) -> usize {
    let mut at = from;
    while at < end {
        match source.kind(at) {
            TokenKind::Comma | TokenKind::If | TokenKind::In => return at,
            // `..=`
            TokenKind::Eq if at > from && source.kind(at - 1) == TokenKind::Dot => {}
            TokenKind::Eq => return at,
            TokenKind::Pipe if !alternatives => return at,
            _ => {}
        }
        at = source.after_tree(at);
    }
    end
}

fn statement(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut at = from;
    while at < end && !matches!(source.kind(at), TokenKind::Semi) {
        at = source.after_tree(at);
    }
    at
}

/// Items: to their `;`, or behind the braces that end them.
fn item(source: &Source<'_>, from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    while source.kind(at) == TokenKind::Pound && source.kind(at + 1) == TokenKind::OpenBracket {
        at = source.groups.after(at + 1);
    }
    at = visibility(source, at, end);
    let is_item = match source.kind(at) {
        TokenKind::Fn
        | TokenKind::Struct
        | TokenKind::Enum
        | TokenKind::Trait
        | TokenKind::Impl
        | TokenKind::Mod
        | TokenKind::Use
        | TokenKind::Static
        | TokenKind::Const
        | TokenKind::Type
        | TokenKind::Extern
        | TokenKind::Async
        | TokenKind::Unsafe => true,
        TokenKind::Ident => {
            let is_qualifier = source.kind(at + 1).is_keyword() || source.kind(at + 1).is_ident();
            is_qualifier || matches!(source.kind(at + 1), TokenKind::Bang | TokenKind::Colon)
        }
        TokenKind::Crate | TokenKind::SelfValue | TokenKind::Super => true,
        _ => false,
    };
    if !is_item || at >= end {
        return None;
    }
    let ends_with_semicolon = match source.kind(at) {
        TokenKind::Use | TokenKind::Static | TokenKind::Type => true,
        TokenKind::Const => !matches!(
            source.kind(at + 1),
            TokenKind::Fn | TokenKind::Unsafe | TokenKind::Extern | TokenKind::Async
        ),
        TokenKind::Extern => source.kind(at + 1) == TokenKind::Crate,
        _ => false,
    };
    while at < end {
        match source.kind(at) {
            TokenKind::Semi => return Some(at + 1),
            TokenKind::OpenBrace if !ends_with_semicolon => {
                return Some(source.groups.after(at));
            }
            _ => at = source.after_tree(at),
        }
    }
    // A macro call with round brackets that ends the list.
    (source.kind(end.wrapping_sub(1)).is_close()).then_some(end)
}
