//! Tokens of sources: held against rustc's own lexer, up to what rustc refuses.

use carapace_core::source::lexer::{Lexer, Piece, TokenKind};
use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind as Theirs, tokenize};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "unsafe",
    "r#unsafe",
    "r#\"",
    "\"#",
    "br##\"",
    "\"##",
    "c\"",
    "b\"",
    "b'",
    "'",
    "'a",
    "'r#a",
    "'\\''",
    "'\\u{1F600}'",
    "\\",
    "\"",
    "/*",
    "*/",
    "//",
    "\n",
    "\r",
    "#!",
    "#![",
    "0x",
    "0b1",
    "0o7",
    "1e",
    "1e+",
    "1.",
    ".0",
    "..",
    "e-1",
    "_",
    "u8",
    "é",
    "日",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    "::",
    "=>",
    "r",
    "b",
    "br",
    "cr#\"",
    "k#",
    "\0",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "fn f<'a>(x: &'a str) -> u8 { unsafe { *x.as_ptr() } } // unsafe\n",
        "r#\"a\"#; br##\"\"#\"##; c\"x\\\"\"; b'\\''; '\\u{41}'; 'é'; \"\\\\\"; r#type; 'r#a",
        "1..2; 1.0e-3; 0x1e+1; 1.max(2); 1_000u8; 2.; 1e+5; x.0.1; 0b1; 0o7; 1f32",
        "#!/bin/x\n/* a /* b */ c */ /** d */ unsafe\r\n\u{feff} {}",
        "\u{feff}#![no_std]\n@~`\\ $x ?; a::<b>() => ..= && || << >>=",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let mut at = 0;
    let mut ours = Vec::new();
    for piece in Lexer::new(bytes) {
        let (start, end) = match piece {
            Piece::Token(token) => {
                ours.push((token.start as usize, token.end as usize, token.kind));
                (token.start, token.end)
            }
            Piece::Comment(comment) => (comment.start, comment.end),
        };
        assert!(
            start as usize >= at && end > start,
            "{start}..{end} behind {at}"
        );
        at = end as usize;
    }
    assert!(at <= bytes.len());
    signature.count(ours.len());
    for (_, _, kind) in ours.iter().take(4) {
        signature.add(*kind as u64);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        signature.accepted();
        compare(text, &ours);
    }
    signature
}

/// Holds our tokens against rustc's, to the first thing that rustc takes in no edition: from there
/// on each may go its own way.
fn compare(text: &str, ours: &[(usize, usize, TokenKind)]) {
    let mut ours = ours.iter().peekable();
    // The file's first line is not its lexer's matter.
    let mut at = ours.peek().map_or(text.len(), |token| token.0);
    if !text.starts_with("#!") && !text.starts_with('\u{feff}') {
        at = 0;
    }
    let rest = text.get(at..).unwrap_or_default();
    let mut tokens = tokenize(rest, FrontmatterAllowed::No).peekable();
    while let Some(token) = tokens.next() {
        let (start, end) = (at, at + token.len as usize);
        at = end;
        let kind = match token.kind {
            Theirs::Whitespace | Theirs::LineComment { .. } => continue,
            Theirs::BlockComment { terminated, .. } => match terminated {
                true => continue,
                false => return,
            },
            kind => kind,
        };
        // What is beyond ASCII and no part of a name is one here: it takes what is beside it.
        let next = tokens.peek().is_some_and(|next| is_refused(&next.kind));
        let is_high = text.as_bytes().get(end).is_some_and(|byte| *byte >= 0x80);
        let word = text.get(start..end).unwrap_or_default();
        // `k#fn` is for editions to come.
        if word.starts_with("k#")
            || is_refused(&kind)
            || is_no_character(&kind, word)
            || next && is_high
        {
            return;
        }
        let found = ours.next();
        let found = found.map(|(start, end, kind)| (*start, *end, *kind));
        assert_eq!(
            found.map(|(start, end, _)| (start, end)),
            Some((start, end)),
            "{word:?} of {text:?}"
        );
        let ours = found.map_or(TokenKind::Unknown, |(_, _, kind)| kind);
        let is_alike = match kind {
            Theirs::Ident => ours == TokenKind::Ident || ours.is_keyword(),
            Theirs::RawIdent => ours == TokenKind::RawIdent,
            Theirs::Lifetime { .. } | Theirs::RawLifetime => ours == TokenKind::Lifetime,
            Theirs::Literal { kind, .. } => match kind {
                LiteralKind::Int { .. } | LiteralKind::Float { .. } => ours == TokenKind::Number,
                LiteralKind::Char { .. } | LiteralKind::Byte { .. } => ours == TokenKind::Char,
                LiteralKind::Str { .. }
                | LiteralKind::ByteStr { .. }
                | LiteralKind::CStr { .. } => ours == TokenKind::Str,
                LiteralKind::RawStr { .. }
                | LiteralKind::RawByteStr { .. }
                | LiteralKind::RawCStr { .. } => ours == TokenKind::RawStr,
            },
            _ => !ours.is_ident() && !ours.is_keyword() && !ours.is_literal(),
        };
        assert!(is_alike, "{word:?} is {kind:?}, not {ours:?}, in {text:?}");
        assert_eq!(
            ours == TokenKind::Unsafe,
            kind == Theirs::Ident && word == "unsafe"
        );
    }
    let more = ours.next();
    assert!(more.is_none(), "{more:?} is no token of {text:?}");
}

/// Whether a literal has quotes around more than one character, around none, or around an escape
/// that is none.
fn is_no_character(kind: &Theirs, word: &str) -> bool {
    let kind = match kind {
        Theirs::Literal { kind, .. } => kind,
        _ => return false,
    };
    if !matches!(kind, LiteralKind::Char { .. } | LiteralKind::Byte { .. }) {
        return false;
    }
    let inner = word.trim_start_matches('b').strip_prefix('\'');
    let inner = inner.and_then(|inner| inner.rsplit_once('\''));
    let inner = inner.map_or("", |(inner, _)| inner);
    match inner.strip_prefix('\\') {
        None => inner == "'" || inner.chars().count() != 1,
        Some(escape) => {
            let mut escape = escape.chars();
            let is_known = escape.next().is_some_and(|c| "nrt0xu\\'\"".contains(c));
            !is_known || !escape.all(|c| c.is_ascii_hexdigit() || "{}_".contains(c))
        }
    }
}

/// Whether rustc takes a token in no edition, or in the old ones alone as something else.
fn is_refused(kind: &Theirs) -> bool {
    match kind {
        Theirs::Unknown
        | Theirs::InvalidIdent
        | Theirs::UnknownPrefix
        | Theirs::UnknownPrefixLifetime
        | Theirs::GuardedStrPrefix => true,
        Theirs::Lifetime { starts_with_number } => *starts_with_number,
        Theirs::Literal { kind, .. } => match kind {
            LiteralKind::Int { empty_int, .. } => *empty_int,
            LiteralKind::Float { empty_exponent, .. } => *empty_exponent,
            LiteralKind::Char { terminated }
            | LiteralKind::Byte { terminated }
            | LiteralKind::Str { terminated }
            | LiteralKind::ByteStr { terminated }
            | LiteralKind::CStr { terminated } => !terminated,
            LiteralKind::RawStr { n_hashes }
            | LiteralKind::RawByteStr { n_hashes }
            | LiteralKind::RawCStr { n_hashes } => n_hashes.is_none(),
        },
        _ => false,
    }
}
