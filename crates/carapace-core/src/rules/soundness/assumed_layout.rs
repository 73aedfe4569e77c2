//! Memory is read as a type that does not lie in it like that
//!
//! How a type lies in memory is only promised for primitive types, for `repr(C)`, `repr(transparent)` and
//! the like. A pointer to something else that is cast to it, or memory of a type of which a caller
//! decides that is shown as bytes, or bytes that are shown as such a type, rests on a promise that nobody
//! made: fields may stand elsewhere, padding was never written, and not all bytes are a value.
//!
//! ## What to do
//! Give the type a `repr`; take values apart and make them anew where the type is not yours; ask for an
//! unsafe marker trait (`Pod`, `FromBytes`, `IntoBytes`) where callers decide on the type.
//!
//! ## Known problems
//! Traits of other packages and traits that others cannot implement are taken to promise what is needed.
//!
//! ## Example
//! ```text,bad
//! pub fn bytes<T: Copy>(values: &[T]) -> &[u8] {
//!     unsafe {
//!         std::slice::from_raw_parts(
//!             values.as_ptr() as *const u8,
//!             values.len() * std::mem::size_of::<T>(),
//!         )
//!     }
//! }
//! ```
//! ```text,good
//! /// # Safety
//! /// No padding.
//! pub unsafe trait Plain: Copy {}
//!
//! pub fn bytes<T: Plain>(values: &[T]) -> &[u8] {
//!     unsafe {
//!         std::slice::from_raw_parts(
//!             values.as_ptr() as *const u8,
//!             values.len() * std::mem::size_of::<T>(),
//!         )
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/type-layout.html>

use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::ground::Entry;
use crate::soundness::judged::Judged;
use crate::soundness::origin::Follow;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, PatternKind, Prefix, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND052",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "LAYOUT_PUN",
    alike: &[
        "RUSTSEC-2020-0029",
        "RUSTSEC-2020-0079",
        "RUSTSEC-2020-0165",
        "RUSTSEC-2022-0074",
    ],
    find,
};

/// Types of the standard library that systems have others for, which do not lie in memory alike.
const ADDRESSES: [&str; 4] = ["SocketAddr", "SocketAddrV4", "SocketAddrV6", "IpAddr"];

/// What is wrong with how something is read.
struct Wrong {
    confidence: Confidence,
    message: String,
    sound: &'static str,
}

impl Wrong {
    fn new(confidence: Confidence, message: impl Into<String>, sound: &'static str) -> Self {
        Self {
            confidence,
            message: message.into(),
            sound,
        }
    }
}

/// How many places of one file are judged.
const MAX_JUDGED: usize = 16_384;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let mut left = MAX_JUDGED;
    for id in at.syntax().expr_ids() {
        let is_judged = pointer_in(at, id).is_some_and(|pointer| at.origin(pointer).is_cast);
        if is_judged && left == 0 {
            return at.leave_out();
        }
        left -= usize::from(is_judged);
        let wrong = match at.kind(id) {
            ExprKind::Cast { .. } => cast_address(at, id),
            ExprKind::Call { .. } => address_of_call(at, id)
                .or_else(|| transmuted(at, id))
                .or_else(|| at.follow(id).and_then(|follow| followed(at, id, follow)))
                .or_else(|| handed_out(at, id)),
            ExprKind::Unary { .. } | ExprKind::Method { .. } => {
                at.follow(id).and_then(|follow| followed(at, id, follow))
            }
            _ => None,
        };
        found.extend(wrong.and_then(|wrong| doubt(at, id, wrong)));
    }
}

fn doubt(at: &At<'_>, id: ExprId, wrong: Wrong) -> Option<Doubt> {
    let (item, _) = at.function(id)?;
    if at.is_test(item) {
        return None;
    }
    let keyword = at.rests_on(id).or_else(|| at.unsafe_of_users(item))?;
    let tokens = at.expr_tokens(id);
    let base = pointer_in(at, id).map(|pointer| at.origin(pointer).base);
    let base = base.filter(|base| *base != id);
    let mut chain = Vec::new();
    chain.extend(base.map(|base| at.reason(at.expr_tokens(base), "the memory is of this")));
    chain.push(at.reason(tokens, "it is taken for something else here"));
    Some(Doubt {
        keyword,
        tokens,
        confidence: wrong.confidence,
        message: wrong.message,
        chain,
        sound: wrong.sound.to_owned(),
    })
}

fn pointer_in(at: &At<'_>, id: ExprId) -> Option<ExprId> {
    match at.kind(id) {
        ExprKind::Cast { .. } => Some(id),
        _ => Some(at.follow(id)?.pointer),
    }
}

const OF_ADDRESS: &str = "make the address of the system from the address's parts";

/// `&SocketAddrV4` as a pointer to something else.
fn cast_address(at: &At<'_>, id: ExprId) -> Option<Wrong> {
    let is_outermost = at
        .around(id)
        .is_none_or(|around| !matches!(at.kind(around), ExprKind::Cast { .. }));
    let ExprKind::Cast { operand, to } = at.kind(id) else {
        return None;
    };
    let is_pointer = matches!(at.syntax().type_kind(*to), TypeKind::Pointer { .. });
    // One cast makes a pointer to the same, the second one to another.
    let is_second = matches!(at.kind(at.bare(*operand)), ExprKind::Cast { .. });
    if !is_outermost || !is_pointer || !is_second {
        return None;
    }
    let base = at.origin(id).base;
    is_address_in(at, base).then(|| {
        let message = "a socket address of the standard library is taken for one of the system";
        Wrong::new(Confidence::High, message, OF_ADDRESS)
    })
}

/// Whether an expression is a reference to an address, or what a pattern took out of one.
fn is_address_in(at: &At<'_>, base: ExprId) -> bool {
    if is_address(at, at.type_of(base).peeled()) {
        return true;
    }
    let inner = match at.kind(base) {
        ExprKind::Borrow { operand, .. } => *operand,
        _ => base,
    };
    if is_address(at, at.type_of(inner).peeled()) {
        return true;
    }
    let Some(name) = at.single(inner) else {
        return false;
    };
    let within = match at.binding(name, inner).map(|binding| binding.bound) {
        Some(Bound::Taken {
            within: Some(within),
            ..
        }) => within,
        _ => return false,
    };
    match at.syntax().pattern(within) {
        PatternKind::TupleStruct(path, _) => {
            let mut names = path.segments.iter().rev();
            let (last, before) = (names.next(), names.next());
            let is_version =
                last.is_some_and(|last| at.is_name(last.name, "V4") || at.is_name(last.name, "V6"));
            is_version && before.is_some_and(|before| is_address_name(at, at.name(before.name)))
        }
        _ => false,
    }
}

fn is_address(at: &At<'_>, of: &Ty) -> bool {
    match of {
        Ty::Named(name, _) => is_address_name(at, of_file(name).1),
        _ => false,
    }
}

/// Whether a name means an address of the standard library here.
fn is_address_name(at: &At<'_>, name: &str) -> bool {
    let imported = at.file.imports().get(name).and_then(|path| path.first());
    let is_standard = imported.is_some_and(|first| first == "std" || first == "core");
    ADDRESSES.contains(&name) && (is_standard || !at.declared.has(name))
}

/// `SocketAddr::V4(*(pointer as *const _))`
fn address_of_call(at: &At<'_>, id: ExprId) -> Option<Wrong> {
    let ExprKind::Call { arguments, .. } = at.kind(id) else {
        return None;
    };
    let [argument] = arguments.as_slice() else {
        return None;
    };
    let ExprKind::Unary {
        operator: Prefix::Deref,
        operand,
    } = at.kind(at.bare(*argument))
    else {
        return None;
    };
    let path = at.called_path(id)?;
    let mut names = path.segments.iter().rev();
    let (last, before) = (names.next()?, names.next()?);
    let is_it = (at.is_name(last.name, "V4") || at.is_name(last.name, "V6"))
        && is_address_name(at, at.name(before.name));
    (is_it && at.origin(*operand).is_cast).then(|| {
        let message = "an address of the system is taken for one of the standard library";
        Wrong::new(Confidence::High, message, OF_ADDRESS)
    })
}

/// What a pointer was made of is not what it is followed as.
fn followed(at: &At<'_>, id: ExprId, follow: Follow) -> Option<Wrong> {
    let origin = at.origin(follow.pointer);
    if !origin.is_cast {
        return None;
    }
    let from = at.pointee(origin.base);
    let to = match at.pointee(follow.pointer) {
        Ty::Unknown => at.expected_of(id, follow),
        to => to,
    };
    if is_address(at, &to) && !is_address(at, &from) {
        let message = "memory is taken for a socket address of the standard library";
        return Some(Wrong::new(Confidence::High, message, OF_ADDRESS));
    }
    if let Some(length) = follow.length
        && (is_byte(&to) || to == Ty::Unknown && gives_bytes(at, id))
    {
        return as_bytes(at, id, &from, length);
    }
    if let (Some(from), Ty::Parameter(to), false) = (parameter_of(&from), &to, follow.is_put) {
        return of_another(at, id, from, to);
    }
    let is_of_bytes = is_byte(&from) || is_bytes(&from) && follow.length.is_none() && !is_fat(&to);
    if is_of_bytes
        && !follow.is_put
        && let Some(wrong) = of_bytes(at, id, origin.base, &to)
    {
        return Some(wrong);
    }
    own_types(at, &from, &to)
}

fn is_byte(of: &Ty) -> bool {
    matches!(of, Ty::Int("u8" | "i8"))
}

fn is_bytes(of: &Ty) -> bool {
    match of {
        Ty::Slice(of) | Ty::Array(of, _) => is_byte(of),
        _ => false,
    }
}

fn is_fat(of: &Ty) -> bool {
    matches!(of, Ty::Slice(_) | Ty::Str)
}

/// Whether an expression is what a function that returns bytes ends with.
fn gives_bytes(at: &At<'_>, id: ExprId) -> bool {
    let output = at.function(id).and_then(|(item, function)| {
        let output = function.output?;
        Some(at.written_in(output, Some(item)))
    });
    output.is_some_and(|output| is_bytes(output.peeled()))
}

/// The parameter that a type is, or of which it has elements.
fn parameter_of(of: &Ty) -> Option<&str> {
    match of {
        Ty::Parameter(name) => Some(name),
        Ty::Slice(of) | Ty::Array(of, _) | Ty::Ref { of, .. } | Ty::Pointer { of, .. } => {
            parameter_of(of)
        }
        _ => None,
    }
}

const MARKER: &str =
    "ask for an unsafe marker trait of the type, such as `Pod`, or make the function unsafe";

/// Words of functions that ask what a type is, or keep what was never written apart.
const ASKS: [&str; 6] = [
    "needs_drop",
    "MaybeUninit",
    "TypeId",
    "type_id",
    "type_equal",
    "type_name",
];

/// How sure it is that callers decide on a type: they do where they call, not where others made a value.
fn by_caller(at: &At<'_>, entry: Entry<'_>, parameter: &str, bounds: &[String]) -> Confidence {
    let is_own = |tokens: &[u32]| tokens.iter().any(|token| at.is_name(*token, parameter));
    let around = at
        .implementation(entry.item)
        .and_then(|id| at.syntax().item(id));
    let is_of_type = matches!(
        around.map(|around| &around.kind),
        Some(ItemKind::Impl { generics, .. }) if is_own(generics)
    );
    match entry.is_reached && !is_of_type && !at.is_closed(bounds) {
        true => Confidence::High,
        false => Confidence::Medium,
    }
}

/// Memory of one type is taken for another, and callers decide on both.
fn of_another(at: &At<'_>, id: ExprId, from: &str, to: &str) -> Option<Wrong> {
    let entry = at.entry_around(id)?;
    let bounds = at.bounds_of(entry.item, to)?;
    if from == to || at.is_trusted(&bounds) || at.has_words(entry.item, &ASKS) {
        return None;
    }
    let message = format!("any `{from}` is taken for any `{to}`");
    Some(Wrong::new(
        by_caller(at, entry, to, &bounds),
        message,
        MARKER,
    ))
}

/// Memory of a type is shown as bytes.
fn as_bytes(at: &At<'_>, id: ExprId, from: &Ty, length: ExprId) -> Option<Wrong> {
    let measured = || measured(at, id, length);
    let parameter = parameter_of(from).map(str::to_owned).or_else(measured);
    if let Some(parameter) = parameter {
        let entry = at.entry_around(id)?;
        let bounds = at.bounds_of(entry.item, &parameter)?;
        if at.is_trusted(&bounds) || at.has_words(entry.item, &ASKS) {
            return None;
        }
        let confidence = by_caller(at, entry, &parameter, &bounds);
        let message = format!(
            "values of any `{parameter}` are shown as bytes, also those with padding, which was never written"
        );
        return Some(Wrong::new(confidence, message, MARKER));
    }
    let Ty::Named(name, _) = from else {
        return None;
    };
    at.entry_around(id)?;
    at.has_padding(name).then(|| {
        let message = format!("padding of `{}` is shown as bytes", of_file(name).1);
        Wrong::new(Confidence::Medium, message, "write each field by itself")
    })
}

/// The parameter of which a length is a multiple of its size.
fn measured(at: &At<'_>, id: ExprId, length: ExprId) -> Option<String> {
    let (item, _) = at.function(id)?;
    at.syntax().within(length).find_map(|part| {
        let ([], call) = at.call_of(part, "mem", &["size_of"])?;
        match at.written_in(*call.generics.first()?, Some(item)) {
            Ty::Parameter(name) => Some(name),
            Ty::Named(name, _) => at.bounds_of(item, &name).map(|_| name),
            _ => None,
        }
    })
}

/// Bytes are shown as a type.
fn of_bytes(at: &At<'_>, id: ExprId, base: ExprId, to: &Ty) -> Option<Wrong> {
    let entry = at.entry_around(id)?;
    if !at.is_into_sequence(base) {
        return None;
    }
    match to {
        Ty::Parameter(name) => {
            let bounds = at.bounds_of(entry.item, name)?;
            if at.is_trusted(&bounds) || at.has_words(entry.item, &ASKS) {
                return None;
            }
            let confidence = by_caller(at, entry, name, &bounds);
            let message = format!(
                "bytes are taken for any `{name}`, also one of which not all bytes are a value"
            );
            Some(Wrong::new(confidence, message, MARKER))
        }
        Ty::Named(name, _) => {
            let is_checked = |word: &[u8]| {
                let has = |part: &[u8]| word.windows(part.len()).any(|at| at == part);
                has(b"valid") || has(b"check") || has(b"verif")
            };
            if at.has_word(entry.item, is_checked) {
                return None;
            }
            let part = at.invalid_part(name)?;
            let message = format!(
                "bytes are taken for `{}`, of which not all are a value: {part}",
                of_file(name).1
            );
            let confidence = match entry.is_reached {
                true => Confidence::High,
                false => Confidence::Medium,
            };
            Some(Wrong::new(confidence, message, "check the bytes before"))
        }
        _ => None,
    }
}

/// A pointer to one type is followed as another of the package that does not say how it lies in memory.
fn own_types(at: &At<'_>, from: &Ty, to: &Ty) -> Option<Wrong> {
    let Ty::Named(name, _) = to else {
        return None;
    };
    let (_, _, item) = at.own_item(name)?;
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    if at.has_layout(name) || from == to {
        return None;
    }
    let is_alone = fields.len() == 1;
    let confidence = match from {
        Ty::Slice(_) | Ty::Str if is_alone => Confidence::High,
        Ty::Slice(_) | Ty::Str => Confidence::Medium,
        Ty::Named(other, _) => {
            let is_same = of_file(other).1 == of_file(name).1;
            let (there, _, other_item) = at.own_item(other)?;
            let ItemKind::Struct { fields, .. } = &other_item.kind else {
                return None;
            };
            // The first field of a type that lies as it is written stands where the type does.
            let first = fields.first().map(|field| there.type_tokens(field.of));
            let is_first = at.has_layout(other)
                && first.is_some_and(|first| there.mentions(first, of_file(name).1));
            if is_same || is_first {
                return None;
            }
            Confidence::Medium
        }
        Ty::Int(of) if is_alone && !of.is_empty() && !is_byte(from) => Confidence::Medium,
        Ty::String | Ty::Vec(_) if is_alone => Confidence::Medium,
        _ => return None,
    };
    let name = of_file(name).1;
    let message =
        format!("memory of another type is taken for `{name}`, which says nothing of its layout");
    Some(Wrong::new(
        confidence,
        message,
        "give it `#[repr(transparent)]` or `#[repr(C)]`, and the other one the same",
    ))
}

/// `transmute` between such types.
fn transmuted(at: &At<'_>, id: ExprId) -> Option<Wrong> {
    let ([value], call) = at.call_of(id, "mem", &["transmute", "transmute_copy"])?;
    let item = at.function(id).map(|(item, _)| item);
    let of = |number: usize| {
        let of = call.generics.get(number)?;
        Some(at.written_in(*of, item)).filter(|of| *of != Ty::Unknown)
    };
    let from = of(0).unwrap_or_else(|| at.type_of(value));
    let to = of(1).unwrap_or_else(|| at.expected(id));
    if is_address(at, from.peeled()) != is_address(at, to.peeled()) && from != Ty::Unknown {
        let message = "a socket address of the standard library is taken for something else";
        return Some(Wrong::new(Confidence::High, message, OF_ADDRESS));
    }
    match (&from, &to) {
        (Ty::Vec(a), Ty::Vec(b)) if a != b && a.is_known() && b.is_known() => {
            let message =
                "a `Vec` is taken for one of another type: nothing says that both lie alike";
            Some(Wrong::new(
                Confidence::Medium,
                message,
                "use `Vec::from_raw_parts` of its parts",
            ))
        }
        (Ty::Ref { of: from, .. }, Ty::Ref { of: to, .. }) => own_types(at, from, to),
        _ => None,
    }
}

/// Memory of a type that callers decide on is handed to a foreign function to be written.
fn handed_out(at: &At<'_>, id: ExprId) -> Option<Wrong> {
    let call = at.foreign_call(id)?;
    let entry = at.entry_around(id)?;
    let parameter = call.arguments.iter().find_map(|argument| {
        let argument = at.bare(*argument);
        let is_mutable = matches!(
            at.kind(argument),
            ExprKind::Cast { to, .. }
                if matches!(at.syntax().type_kind(*to), TypeKind::Pointer { mutable: true, .. })
        );
        if !is_mutable {
            return None;
        }
        let of = at.type_of(at.origin(argument).base);
        parameter_of(&of).map(str::to_owned)
    })?;
    let bounds = at.bounds_of(entry.item, &parameter)?;
    if at.is_trusted(&bounds) || !entry.is_reached || is_closure(&bounds) {
        return None;
    }
    // It comes back to the caller as that type.
    let output = entry.function.output?;
    let tokens = at.type_tokens(output);
    at.mentions(tokens, &parameter).then(|| {
        let message = format!(
            "`{}` writes what becomes any `{parameter}`, also one of which not all bytes are a value",
            call.name
        );
        Wrong::new(Confidence::Medium, message, MARKER)
    })
}

fn is_closure(bounds: &[String]) -> bool {
    bounds.iter().any(|bound| bound.starts_with("Fn"))
}
