//! Bytes of a caller become text unchecked
//!
//! A `str` is UTF-8, a `char` is a scalar value: code that takes them apart relies on it. A safe function
//! that makes one of whatever bytes or number it is given, or that hands out the bytes of a text to be
//! written, lets safe code break that.
//!
//! ## What to do
//! Check with `from_utf8` or `char::from_u32`, take a `&str`, or make the function unsafe.
//!
//! ## Known problems
//! A function that speaks of UTF-8, ASCII or validity by a name is taken to check.
//!
//! ## Example
//! ```text,bad
//! pub fn text(bytes: &[u8]) -> &str {
//!     unsafe { std::str::from_utf8_unchecked(bytes) }
//! }
//! ```
//! ```text,good
//! pub fn text(bytes: &[u8]) -> Option<&str> {
//!     std::str::from_utf8(bytes).ok()
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/str/fn.from_utf8_unchecked.html>

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::atomics::has_part;
use crate::soundness::ground::Entry;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, Receiver};

pub(crate) const META: Meta = Meta {
    code: "SND054",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "UTF8",
    alike: &[
        "RUSTSEC-2024-0001",
        "RUSTSEC-2026-0111",
        "RUSTSEC-2020-0012",
        "RUSTSEC-2025-0140",
    ],
    find,
};

/// How many moves, parts and variables are gone through.
const MAX_STEPS: u32 = 16;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        let doubt = match at.kind(id) {
            ExprKind::Call { .. } => unchecked(at, id),
            ExprKind::Method { .. } => handed_out(at, id),
            _ => None,
        };
        found.extend(doubt);
    }
}

/// Where text comes from.
enum Source {
    /// From a parameter.
    Caller,
    /// From a foreign function, by a pointer and a length.
    Foreign,
    /// From a field of a type that anybody writes bytes to.
    Written,
}

fn unchecked(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    const TEXTS: [&str; 2] = ["from_utf8_unchecked", "from_utf8_unchecked_mut"];
    let text = at
        .call_of::<1>(id, "str", &TEXTS)
        .or_else(|| at.call_of::<1>(id, "String", &TEXTS));
    let is_char = text.is_none();
    let text = text.or_else(|| at.call_of::<1>(id, "char", &["from_u32_unchecked"]));
    let ([value], _) = text?;
    let entry = at.entry_around(id)?;
    let (source, origin) = source_of(at, entry, value, is_char)?;
    if checks(at, entry, is_char) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let confidence = match (&source, entry.is_reached) {
        (Source::Caller, true) => Confidence::High,
        (Source::Written, true) => Confidence::Medium,
        (Source::Foreign, _) => Confidence::Medium,
        (_, false) => Confidence::Low,
    };
    let says = match source {
        Source::Caller => "a caller gives this",
        Source::Foreign => "a foreign function gives this",
        Source::Written => "anybody writes to this",
    };
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence,
        message: match is_char {
            true => "a number becomes a `char` unchecked".to_owned(),
            false => "bytes become text unchecked: nothing says that they are UTF-8".to_owned(),
        },
        chain: vec![
            at.reason(at.expr_tokens(origin), says),
            at.reason(tokens, "nothing looked at it before this"),
        ],
        sound: "check it, take a `&str`, or make the function unsafe".to_owned(),
    })
}

/// Whether a function looks at what it makes text of.
fn checks(at: &At<'_>, entry: Entry<'_>, is_char: bool) -> bool {
    let is_check = |name: &[u8]| {
        let has = |part: &[u8]| has_part(name, part);
        let is_it = name.windows(9).any(|part| part == b"unchecked");
        !is_it && (has(b"utf8") || has(b"ascii") || has(b"valid") || has(b"utf_8") || has(b"check"))
    };
    // The function's own name says what it is for, not that it checks.
    let name = at.item_name_tokens(entry.item).start;
    let own = at.name(name);
    let own = own.as_bytes();
    at.has_word(entry.item, |name| name != own && is_check(name))
        || is_char && at.has_words(entry.item, &["contains", "assert", "from_digit"])
}

fn source_of(
    at: &At<'_>,
    entry: Entry<'_>,
    value: ExprId,
    is_char: bool,
) -> Option<(Source, ExprId)> {
    const HANDS_ON: [&str; 10] = [
        "as_ref",
        "as_slice",
        "as_mut",
        "to_vec",
        "to_owned",
        "into",
        "deref",
        "borrow",
        "clone",
        "get_unchecked",
    ];
    let mut part = at.bare(value);
    for _ in 0..MAX_STEPS {
        let next = match at.kind(part) {
            ExprKind::Borrow { operand, .. } | ExprKind::Unary { operand, .. } => *operand,
            ExprKind::Index { base, .. } => *base,
            ExprKind::Cast { operand, .. } if is_char => *operand,
            ExprKind::Method { receiver, name, .. } => {
                if !HANDS_ON.iter().any(|word| at.is_name(*name, word)) {
                    return None;
                }
                *receiver
            }
            ExprKind::Call { .. } => {
                let ([pointer, _], _) =
                    at.call_of(part, "slice", &["from_raw_parts", "from_raw_parts_mut"])?;
                at.foreign_source(pointer)?;
                return Some((Source::Foreign, pointer));
            }
            ExprKind::Field { base, .. } if at.is_self(*base) => {
                return is_written(at, entry).then_some((Source::Written, part));
            }
            ExprKind::Path(_) => {
                let name = at.single(part)?;
                match at.binding(name, part)?.bound {
                    Bound::Parameter(of) => {
                        let of = at.written_in(of, Some(entry.item));
                        // What can be written to may have been filled here.
                        let source = match of {
                            Ty::Ref { mutable: true, .. } => Source::Written,
                            _ => Source::Caller,
                        };
                        return is_unchecked(at, entry, &of, is_char).then_some((source, part));
                    }
                    Bound::Let {
                        value: Some(value), ..
                    } => value,
                    _ => return None,
                }
            }
            ExprKind::Block(_) => at.tail(part)?,
            _ => return None,
        };
        part = at.bare(next);
    }
    None
}

/// Whether values of a type may be no text.
fn is_unchecked(at: &At<'_>, entry: Entry<'_>, of: &Ty, is_char: bool) -> bool {
    let is_byte = |of: &Ty| *of == Ty::Int("u8");
    match of.peeled() {
        Ty::Int("u32") => is_char,
        Ty::Slice(of) | Ty::Vec(of) => is_byte(of),
        // A fixed number of bytes is often what digits were written to.
        Ty::Array(..) => false,
        Ty::Parameter(name) => {
            let bounds = at.bounds_of(entry.item, name).unwrap_or_default();
            let mut bounds = bounds.iter();
            let tokens = at.head_tokens(entry.item);
            !is_char
                && bounds.any(|bound| bound == "AsRef" || bound == "Into")
                && at.mentions(tokens, "u8")
        }
        _ => false,
    }
}

/// Whether anybody writes bytes to values of the type that a method is of.
fn is_written(at: &At<'_>, entry: Entry<'_>) -> bool {
    let Ty::Named(own, _) = at.own_type(entry.item) else {
        return false;
    };
    let (_, own) = crate::dance::declared::of_file(&own);
    at.declared.implementations(own).any(|place| {
        let Some(there) = at.declared.at(place) else {
            return false;
        };
        let mut methods = there.items_in(place.item);
        methods.any(|(id, item)| {
            item.name.is_some_and(|name| there.is_name(name, "write"))
                && there.is_of_trait_named(id, &["Write"])
        })
    })
}

/// `self.text.as_bytes_mut()` is what a safe function gives.
fn handed_out(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let (receiver, []) = at.method_of(id, &["as_bytes_mut", "as_mut_vec"])?;
    let entry = at.entry_around(id)?;
    let output = entry.function.output?;
    let output = at.written_in(output, Some(entry.item));
    let Ty::Ref { mutable: true, of } = output else {
        return None;
    };
    let is_bytes = match &*of {
        Ty::Slice(of) | Ty::Vec(of) => **of == Ty::Int("u8"),
        _ => false,
    };
    let is_own = entry.function.receiver == Some(Receiver::Mut);
    let is_given = at
        .around(id)
        .is_none_or(|around| matches!(at.kind(around), ExprKind::Block(_)));
    let keyword = at.rests_on(id)?;
    if !is_bytes || !is_own || !is_given || !entry.is_reached {
        return None;
    }
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::High,
        message: "the bytes of a text are handed out to be written".to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(receiver), "this is text"),
            at.reason(tokens, "a caller writes any bytes to it"),
        ],
        sound: "make the function unsafe, or check when they were written".to_owned(),
    })
}
