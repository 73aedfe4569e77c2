//! Literals, and their values.

use crate::census::build_script::syntax::Expr;
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// The value of a literal; none of a float, and of what is none.
pub(super) fn literal(source: &Source<'_>, at: usize) -> Option<Expr> {
    let text = std::str::from_utf8(source.bytes_of(at)).ok()?;
    match source.kind(at) {
        T::Str => {
            let inner = text
                .trim_start_matches(['b', 'c'])
                .strip_prefix('"')?
                .strip_suffix('"')?;
            Some(Expr::Str(unescape(inner)?.into()))
        }
        T::RawStr => {
            let inner = text
                .trim_start_matches(['b', 'c'])
                .strip_prefix('r')?
                .trim_start_matches('#')
                .trim_end_matches('#');
            let inner = inner.strip_prefix('"')?.strip_suffix('"')?;
            Some(Expr::Str(inner.into()))
        }
        T::Char => {
            let is_byte = text.starts_with('b');
            let inner = text
                .trim_start_matches('b')
                .strip_prefix('\'')?
                .strip_suffix('\'')?;
            let value = unescape(inner)?.chars().next()?;
            Some(if is_byte {
                Expr::Int(i128::from(u32::from(value)))
            } else {
                Expr::Char(value)
            })
        }
        T::Number => number(text).map(Expr::Int),
        _ => None,
    }
}

/// The value of an integer.
fn number(text: &str) -> Option<i128> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let (digits, radix) = match plain.get(..2) {
        Some("0x") => (plain.get(2..)?, 16),
        Some("0o") => (plain.get(2..)?, 8),
        Some("0b") => (plain.get(2..)?, 2),
        _ => (plain.as_str(), 10),
    };
    // A suffix: `u32`, `usize`, `i64`.
    let end = match radix {
        16 => digits.find(['u', 'i']),
        _ => digits.find(|c: char| c.is_alphabetic()),
    };
    let (digits, suffix) = digits.split_at_checked(end.unwrap_or(digits.len()))?;
    if suffix.starts_with('f') || suffix.starts_with('e') {
        return None;
    }
    i128::from_str_radix(digits, radix).ok()
}

/// A string without its escapes.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            '\\' => out.push('\\'),
            '"' => out.push('"'),
            '\'' => out.push('\''),
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                let value = u8::from_str_radix(&digits, 16).ok()?;
                out.push(char::from(value));
            }
            'u' => {
                let digits: String = rest
                    .by_ref()
                    .skip(1)
                    .take_while(|c| *c != '}')
                    .filter(|c| *c != '_')
                    .collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            // The end of the line and what the next begins with.
            '\n' | '\r' => {
                let kept = rest.as_str().trim_start();
                rest = kept.chars();
            }
            _ => return None,
        }
    }
    Some(out)
}
