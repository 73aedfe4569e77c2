//! Bytes are read as something that has to be aligned
//!
//! A slice of bytes may begin anywhere. A pointer into it that is cast to a wider type and then
//! dereferenced, or made a reference or a slice of, is misaligned for most of the places where it may
//! begin: that is undefined behaviour on every machine, also where it seems to work.
//!
//! ## What to do
//! Read with `read_unaligned`, or take the bytes apart with `from_le_bytes` and its kind; where a slice
//! is needed, use `align_to`, or check the address first and refuse what is not aligned.
//!
//! ## Known problems
//! Functions that speak of alignment by any name are taken to have checked it. Where the caller made
//! sure of it, say so with an `unsafe fn`.
//!
//! ## Example
//! ```text,bad
//! pub fn first(bytes: &[u8]) -> u32 {
//!     assert!(bytes.len() >= 4);
//!     unsafe { *(bytes.as_ptr() as *const u32) }
//! }
//! ```
//! ```text,good
//! pub fn first(bytes: &[u8]) -> u32 {
//!     assert!(bytes.len() >= 4);
//!     unsafe { (bytes.as_ptr() as *const u32).read_unaligned() }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ptr/index.html#alignment>
//! - <https://rust-lang.github.io/rust-clippy/master/#cast_ptr_alignment>

use crate::dance::at::At;
use crate::dance::scope::{Binding, Bound};
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::origin::Follow;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, Prefix, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND053",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "ALIGN",
    alike: &[
        "RUSTSEC-2019-0035",
        "RUSTSEC-2024-0424",
        "RUSTSEC-2024-0408",
        "RUSTSEC-2021-0145",
    ],
    find,
};

/// How many casts of one file are judged.
const MAX_JUDGED: usize = 4096;
/// How many tokens of a file are looked at for words.
const MAX_TOKENS: u32 = 65_536;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let mut left = MAX_JUDGED;
    for id in at.syntax().expr_ids() {
        found.extend(of_foreign(at, id));
        let doubt = match at.follow(id) {
            Some(follow) if follow.is_aligned => {
                if left == 0 {
                    return at.leave_out();
                }
                left -= usize::from(at.origin(follow.pointer).is_cast);
                followed(at, id, follow)
            }
            _ => transmuted(at, id),
        };
        found.extend(doubt);
    }
}

fn followed(at: &At<'_>, id: ExprId, follow: Follow) -> Option<Doubt> {
    let origin = at.origin(follow.pointer);
    if !origin.is_cast {
        return None;
    }
    // A cast to what is not known keeps what was there.
    let is_kept = |to: &Ty| *to == Ty::Unknown || *to == at.pointee(origin.base);
    let to = match at.pointee(follow.pointer) {
        to if is_kept(&to) && is_associated(at, follow.pointer) => Ty::Parameter(String::new()),
        Ty::Unknown => at.expected_of(id, follow),
        to => to,
    };
    misaligned(at, id, origin.base, &to)
}

/// `transmute(bytes.as_ptr())` that becomes a reference.
fn transmuted(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ([value], _) = at.call_of(id, "mem", &["transmute"])?;
    let Ty::Ref { of, .. } = at.expected(id) else {
        return None;
    };
    misaligned(at, id, at.origin(value).base, &of)
}

fn misaligned(at: &At<'_>, id: ExprId, base: ExprId, to: &Ty) -> Option<Doubt> {
    if !at.is_into_sequence(base) {
        return None;
    }
    let from = at.pointee(base);
    let (from, is_known) = match from {
        // What the caller sees as some slice, of which a function makes wider numbers.
        Ty::Unknown if is_slice_pointer(at, base) => (1, false),
        Ty::Int(_) | Ty::Float(_) | Ty::Slice(_) | Ty::Array(..) | Ty::Str => {
            (at.extent(&from)?.align, true)
        }
        Ty::Named(ref name, _) if name == "MaybeUninit" => (at.extent(&from)?.align, true),
        _ => return None,
    };
    let entry = at.entry_around(id)?;
    let keyword = at.rests_on(id)?;
    let wanted = match to {
        Ty::Parameter(_) | Ty::Unknown if is_known && from == 1 => None,
        Ty::Named(name, _) if is_known && from == 1 && !is_marker(name) => {
            let is_thin = at.has_repr(name, "transparent") || at.has_repr(name, "packed");
            match at.extent(to) {
                Some(extent) => Some(extent.align),
                None if is_thin => return None,
                None => None,
            }
        }
        _ => Some(at.extent(to)?.align),
    };
    if wanted.is_some_and(|wanted| wanted <= from) || !is_known && wanted.is_none() {
        return None;
    }
    // Whoever speaks of alignment has thought of it.
    let speaks = |name: &[u8]| {
        let has = |word: &[u8]| name.windows(word.len()).any(|part| part == word);
        has(b"align") || has(b"ALIGN") || has(b"Align")
    };
    if at.has_word(entry.item, speaks) || is_kept_aligned(at, base) {
        return None;
    }
    let is_named = matches!(
        to,
        Ty::Int(_) | Ty::Float(_) | Ty::Parameter(_) | Ty::Named(..)
    );
    let confidence = match (is_known, wanted, is_named) {
        (true, Some(_), _) => Confidence::High,
        // Another package's type may be packed.
        (true, None, true) if entry.is_reached && !matches!(to, Ty::Named(..)) => Confidence::High,
        (true, _, true) => Confidence::Medium,
        (false, Some(_), _) => Confidence::Medium,
        _ => Confidence::Low,
    };
    let tokens = at.expr_tokens(id);
    let chain = vec![
        at.reason(at.expr_tokens(base), format!("aligned to {from} here")),
        at.reason(tokens, "a wider alignment is needed here"),
    ];
    Some(Doubt {
        keyword,
        tokens,
        confidence,
        message:
            "a pointer that may be misaligned is followed: nothing makes sure of its alignment"
                .to_owned(),
        chain,
        sound: "use `read_unaligned`, `from_ne_bytes` or `align_to`, or check the address"
            .to_owned(),
    })
}

/// Memory of a size that foreign code gave becomes a type of which a caller decides: how far it has to be
/// aligned was never said.
fn of_foreign(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ExprKind::Cast { operand, to } = at.kind(id) else {
        return None;
    };
    let TypeKind::Pointer { of, .. } = at.syntax().type_kind(*to) else {
        return None;
    };
    let (item, function) = at.function(id)?;
    let of = at.type_tokens(*of);
    let generic = function.generics.iter();
    let mut generic = generic.filter(|name| at.mentions(of, at.name(**name)));
    let name = at.name(*generic.next()?);
    let call = at.foreign_source(*operand)?;
    let is_measured = |argument: &ExprId| {
        let measures = |part: ExprId| at.mentions(at.expr_tokens(part), "size_of");
        let named = at.single(*argument);
        measures(*argument)
            || named.is_some_and(|named| match at.binding(named, *argument) {
                Some(Binding {
                    bound:
                        Bound::Let {
                            value: Some(value), ..
                        },
                    ..
                }) => measures(value),
                _ => false,
            })
    };
    let has_aligned = |word: &[u8]| word.starts_with(b"align") || word == b"Layout";
    if !call.arguments.iter().any(is_measured) || at.has_word(item, has_aligned) || at.is_test(item)
    {
        return None;
    }
    let keyword = at.rests_on(id).or_else(|| {
        let mut blocks = at.syntax().within(function.body?);
        let block = blocks.find(|part| at.is_unsafe_block(*part))?;
        Some(at.expr_tokens(block).start)
    })?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: format!(
            "`{}` knows the size that is needed, but not the alignment of any `{name}`",
            call.name
        ),
        chain: vec![
            at.reason(at.expr_tokens(*operand), "only a size was asked for"),
            at.reason(tokens, "an aligned value is expected here"),
        ],
        sound: "let Rust allocate it (`Box`), and hand its pointer along".to_owned(),
    })
}

/// `x.as_ptr()` of something of which nothing is known but that it has elements.
fn is_slice_pointer(at: &At<'_>, base: ExprId) -> bool {
    let Some((receiver, [])) = at.method_of(base, &["as_mut_ptr"]) else {
        return false;
    };
    let mut names = Vec::new();
    let receiver = at.bare(receiver);
    if let Some(name) = at.single(receiver) {
        names.push(name);
    }
    names.iter().any(|name| {
        let Some(binding) = at.binding(name, receiver) else {
            return false;
        };
        let Bound::Let {
            value: Some(value), ..
        } = binding.bound
        else {
            return false;
        };
        at.method_of::<0>(value, &["as_mut_slice"]).is_some()
    })
}

/// Whether a cast names a type that a trait gives a type parameter: `*const <R as Trait>::Results`.
fn is_associated(at: &At<'_>, pointer: ExprId) -> bool {
    let (Some(of), Some((item, _))) = (at.cast_to(pointer), at.function(pointer)) else {
        return false;
    };
    let tokens = at.type_tokens(of);
    (tokens.start..tokens.end).any(|token| {
        at.file.source.kind(token as usize).is_ident() && at.is_type_parameter(item, at.name(token))
    })
}

/// Whether a pointer is of a field of `self`, and the file speaks of alignment: what is put into
/// the field may be aligned by what puts it there.
fn is_kept_aligned(at: &At<'_>, base: ExprId) -> bool {
    let tokens = at.expr_tokens(base);
    let source = at.file.source;
    let is_own = (tokens.start..tokens.end).any(|token| source.bytes_of(token as usize) == b"self");
    let items = at.syntax().items.iter();
    let end = items.map(|item| item.tokens.end).max().unwrap_or_default();
    is_own
        && (0..end.min(MAX_TOKENS)).any(|token| {
            source.kind(token as usize).is_ident() && {
                let name = source.name_bytes(token as usize);
                name.windows(5).any(|part| part == b"align")
            }
        })
}

fn is_marker(name: &str) -> bool {
    const MARKERS: [&str; 8] = [
        "c_char",
        "c_void",
        "c_uchar",
        "c_schar",
        "MaybeUninit",
        "OsStr",
        "Path",
        "CStr",
    ];
    name.starts_with("__m") || MARKERS.contains(&name)
}

impl At<'_> {
    /// What a pointer is followed as, where only the code around says it: `let x: &u32 = &*p.cast()`.
    pub(crate) fn expected_of(&self, id: ExprId, follow: Follow) -> Ty {
        let is_deref = matches!(
            self.kind(id),
            ExprKind::Unary {
                operator: Prefix::Deref,
                ..
            }
        );
        let outer = match (is_deref, self.around(id)) {
            (true, Some(around)) if matches!(self.kind(around), ExprKind::Borrow { .. }) => around,
            (true, _) => return self.expected(id),
            _ => id,
        };
        match (self.expected(outer), follow.length) {
            (Ty::Ref { of, .. }, Some(_)) => of.element().cloned().unwrap_or(Ty::Unknown),
            (Ty::Ref { of, .. }, None) => *of,
            (of, None) if !is_deref => of,
            _ => Ty::Unknown,
        }
    }
}
