//! A `&mut` is made of what is shared
//!
//! A `&mut` promises that nothing else reaches what it leads to. A safe function that makes one of `&self`,
//! of what an `Rc` or `Arc` shares, of a `static`, or of a pointer that came from a shared reference can
//! be called twice, and then two of them lead to the same: the optimizer relies on what does not hold.
//!
//! ## What to do
//! Take `&mut self`, hand out a guard that counts (`RefCell`, `Mutex`), or make the function unsafe and say
//! what the caller has to make sure of.
//!
//! ## Known problems
//! Arenas, which hand out a new place with each call, are recognized by the value that they take.
//!
//! ## Example
//! ```text,bad
//! use std::cell::UnsafeCell;
//!
//! pub struct Slot(UnsafeCell<u32>);
//!
//! impl Slot {
//!     pub fn value(&self) -> &mut u32 {
//!         unsafe { &mut *self.0.get() }
//!     }
//! }
//! ```
//! ```text,good
//! use std::cell::UnsafeCell;
//!
//! pub struct Slot(UnsafeCell<u32>);
//!
//! impl Slot {
//!     pub fn value(&mut self) -> &mut u32 {
//!         self.0.get_mut()
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/cell/struct.UnsafeCell.html>
//! - <https://rust-lang.github.io/rust-clippy/master/#mut_from_ref>

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::ground::Entry;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, Field, ItemId, ItemKind, Prefix, Receiver, Tokens, TypeId, TypeKind,
};

pub(crate) const META: Meta = Meta {
    code: "SND050",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "ALIAS_MUT",
    alike: &[
        "RUSTSEC-2020-0046",
        "RUSTSEC-2021-0114",
        "RUSTSEC-2020-0028",
        "RUSTSEC-2025-0035",
    ],
    find,
};

/// How deep types are gone through.
const MAX_STEPS: u32 = 6;
const SOUND: &str = "take `&mut self`, hand out a guard, or make the function unsafe";

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for (entry, body, keyword) in at.entries() {
        let output = entry.function.output;
        if output.is_some_and(|output| hands_mutable(at, output, MAX_STEPS)) {
            let doubt = of_static(at, entry, keyword)
                .or_else(|| of_counted(at, entry, body))
                .or_else(|| of_shared_self(at, entry, body, keyword));
            found.extend(doubt);
        }
        let copied = copied_pointer(at, entry, body);
        // Each of the type's functions may make one.
        let is_new = |copied: &Doubt| found.iter().all(|doubt| doubt.tokens != copied.tokens);
        let copied = copied.filter(is_new);
        found.extend(copied);
        found.extend(needless(at, entry, body));
    }
    for id in at.syntax().expr_ids() {
        found.extend(of_const(at, id));
    }
}

/// Traits whose methods give one after another.
const STEPS: [&str; 2] = ["Iterator", "DoubleEndedIterator"];

/// Whether a type hands out a `&mut`: itself, or in an `Option` and its like.
fn hands_mutable(at: &At<'_>, of: TypeId, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else {
        return false;
    };
    match at.syntax().type_kind(of) {
        TypeKind::Ref { mutable, of } => *mutable || hands_mutable(at, *of, steps),
        TypeKind::Tuple(parts) => parts.iter().any(|part| hands_mutable(at, *part, steps)),
        TypeKind::Path(path) => {
            const HANDS_ON: [&str; 4] = ["Option", "Result", "Pin", "Box"];
            let Some(last) = path.segments.last() else {
                return false;
            };
            // `Self::Target` of `deref_mut` stands behind its `&mut`.
            let hands_on = HANDS_ON.iter().any(|word| at.is_name(last.name, word));
            let first = last.arguments.first();
            hands_on && first.is_some_and(|first| hands_mutable(at, *first, steps))
        }
        _ => false,
    }
}

/// Whether a parameter may be where a `&mut` comes from, or is what an arena puts at a new place.
fn takes_source(at: &At<'_>, entry: Entry<'_>) -> bool {
    entry.function.parameters.iter().any(|parameter| {
        let tokens = at.type_tokens(parameter.of);
        let source = at.file.source;
        let is_mutable =
            (tokens.start..tokens.end).any(|token| source.kind(token as usize) == T::Mut);
        let is_value = match at.written_in(parameter.of, Some(entry.item)) {
            Ty::Parameter(_) | Ty::Unknown => true,
            Ty::Named(..) | Ty::Vec(_) | Ty::Boxed(_) | Ty::String => true,
            Ty::Ref { of, .. } => matches!(*of, Ty::Str | Ty::Slice(_)),
            _ => false,
        };
        is_mutable || is_value
    })
}

/// Words of functions that see to it by themselves that nobody else is there.
const LOCKS: [&str; 16] = [
    "compare_exchange",
    "compare_exchange_weak",
    "compare_and_swap",
    "swap",
    "fetch_add",
    "fetch_or",
    "lock",
    "try_lock",
    "take",
    "replace",
    "alloc",
    "leak",
    "into_raw",
    "call_once",
    "get_or_init",
    "try_borrow_mut",
];

fn confidence(entry: Entry<'_>) -> Confidence {
    match entry.is_reached {
        true => Confidence::High,
        false => Confidence::Medium,
    }
}

fn head_doubt(
    at: &At<'_>,
    entry: Entry<'_>,
    keyword: u32,
    confidence: Confidence,
    message: String,
    says: &str,
) -> Doubt {
    let tokens = at.head_tokens(entry.item);
    let at_unsafe = Tokens {
        start: keyword,
        end: keyword + 1,
    };
    Doubt {
        keyword,
        tokens,
        confidence,
        message,
        chain: vec![
            at.reason(at.item_name_tokens(entry.item), says),
            at.reason(at_unsafe, "and `&mut` is made of it here"),
        ],
        sound: SOUND.to_owned(),
    }
}

/// `fn context() -> &'static mut Context`
fn of_static(at: &At<'_>, entry: Entry<'_>, keyword: u32) -> Option<Doubt> {
    let function = entry.function;
    let output = function.output?;
    let is_plain = matches!(
        at.syntax().type_kind(output),
        TypeKind::Ref { mutable: true, .. }
    );
    let is_alone = function.receiver.is_none() && function.parameters.is_empty();
    let name = at.text_of(at.item_name_tokens(entry.item));
    if !is_plain || !is_alone || name.contains("empty") || at.has_words(entry.item, &LOCKS) {
        return None;
    }
    // Of nothing that lasts, each call can give what is empty only.
    let lasts = |name: &[u8]| name.len() > 1 && !name.iter().any(u8::is_ascii_lowercase);
    let confidence = match at.has_word(entry.item, lasts) {
        true => confidence(entry),
        false => Confidence::Low,
    };
    let message = "each call hands out a `&mut` to the same".to_owned();
    let says = "it can be called as often as one likes";
    Some(head_doubt(at, entry, keyword, confidence, message, says))
}

/// `&self` gives `&mut`.
fn of_shared_self(at: &At<'_>, entry: Entry<'_>, body: ExprId, keyword: u32) -> Option<Doubt> {
    if entry.function.receiver != Some(Receiver::Shared) || takes_source(at, entry) {
        return None;
    }
    let name = at.text_of(at.item_name_tokens(entry.item));
    if name.contains("alloc") {
        return None;
    }
    let makes = at.syntax().within(body).any(|part| makes_mutable(at, part));
    if !makes || is_handle(at, entry.item) {
        return None;
    }
    let confidence = match at.has_words(entry.item, &LOCKS) {
        true => Confidence::Low,
        false => confidence(entry),
    };
    let message = format!("`{name}` makes a `&mut` of `&self`: two calls give two to the same");
    let says = "it takes `&self`";
    Some(head_doubt(at, entry, keyword, confidence, message, says))
}

/// Whether an expression of unsafe code makes a `&mut`.
fn makes_mutable(at: &At<'_>, id: ExprId) -> bool {
    let is_one = match at.kind(id) {
        ExprKind::Borrow {
            how: Borrow::Mut,
            operand,
        } => at.syntax().within(*operand).any(|part| {
            matches!(
                at.kind(part),
                ExprKind::Unary {
                    operator: Prefix::Deref,
                    ..
                }
            )
        }),
        ExprKind::Call { .. } => at
            .call_of::<2>(id, "slice", &["from_raw_parts_mut"])
            .is_some(),
        ExprKind::Method { .. } => {
            at.method_of::<0>(id, &["as_mut"])
                .is_some_and(|(receiver, _)| match at.type_of(receiver) {
                    Ty::Pointer { .. } => true,
                    Ty::Named(name, _) => name == "NonNull",
                    _ => false,
                })
        }
        _ => false,
    };
    is_one && at.rests_on(id).is_some()
}

/// Whether a type stands for a reference: it is copied, or it has a lifetime of its own.
fn is_handle(at: &At<'_>, method: ItemId) -> bool {
    let Ty::Named(name, _) = at.own_type(method) else {
        return false;
    };
    let Some((there, _, item)) = at.own_item(&name) else {
        return false;
    };
    there.derives(item, "Copy")
}

/// `Some((key, value))` where `key` is a `&mut` that is only given out as a `&`: others may have one.
fn needless(at: &At<'_>, entry: Entry<'_>, body: ExprId) -> Option<Doubt> {
    if entry.function.receiver != Some(Receiver::Mut) || !at.is_of_trait_named(entry.item, &STEPS) {
        return None;
    }
    let around = at.implementation(entry.item)?;
    let parts = at.items_in(around).find_map(|(_, item)| match item.kind {
        ItemKind::Alias { of: Some(of), .. } => match at.syntax().type_kind(of) {
            TypeKind::Tuple(parts) => Some(parts),
            _ => None,
        },
        _ => None,
    });
    let parts = match parts {
        Some(parts) => parts,
        None => item_of(at, around)?,
    };
    let tail = at.tail(body)?;
    let given = option_of(at, tail)?;
    let ExprKind::Tuple(values) = at.kind(at.bare(given)) else {
        return None;
    };
    let shared = parts.iter().zip(values).find_map(|(of, value)| {
        let is_shared = matches!(
            at.syntax().type_kind(*of),
            TypeKind::Ref { mutable: false, .. }
        );
        let name = at.single(*value).filter(|_| is_shared)?;
        let Bound::Let {
            value: Some(value), ..
        } = at.binding(name, *value)?.bound
        else {
            return None;
        };
        at.syntax()
            .within(value)
            .find(|part| makes_mutable(at, *part))
    })?;
    let keyword = at.rests_on(shared)?;
    let tokens = at.expr_tokens(shared);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: "a `&mut` is made of what is only given out as shared, and which others may share"
            .to_owned(),
        chain: vec![
            at.reason(tokens, "a `&mut` is made here"),
            at.reason(at.expr_tokens(tail), "and a `&` given out"),
        ],
        sound: "make a `&` of it".to_owned(),
    })
}

/// The parts of the pairs that an iterator gives, as its type's other implementations say.
fn item_of<'p>(at: &At<'p>, around: ItemId) -> Option<&'p Vec<TypeId>> {
    let name = at.syntax().item(around)?.name?;
    let name = at.name(name);
    let mut places = at.declared.implementations(name);
    places.find_map(|place| {
        if place.file != at.file.index {
            return None;
        }
        at.items_in(place.item)
            .find_map(|(_, item)| match item.kind {
                ItemKind::Alias { of: Some(of), .. } => match at.syntax().type_kind(of) {
                    TypeKind::Tuple(parts) => Some(parts),
                    _ => None,
                },
                _ => None,
            })
    })
}

/// `Some(value)`
fn option_of(at: &At<'_>, id: ExprId) -> Option<ExprId> {
    let ExprKind::Call { arguments, .. } = at.kind(at.bare(id)) else {
        return None;
    };
    let path = at.callee_path(at.bare(id))?;
    let is_some = path
        .segments
        .last()
        .is_some_and(|last| at.is_name(last.name, "Some"));
    match arguments.as_slice() {
        [only] if is_some => Some(*only),
        _ => None,
    }
}

/// The type's field that an expression is: `self.name`.
fn own_field(at: &At<'_>, id: ExprId) -> Option<(String, bool, bool)> {
    let ExprKind::Field { base, name } = at.kind(at.bare(id)) else {
        return None;
    };
    if !at.is_self(*base) {
        return None;
    }
    let (method, _) = at.function(id)?;
    let Ty::Named(own, _) = at.own_type(method) else {
        return None;
    };
    let (there, _, item) = at.own_item(&own)?;
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let name = at.name(*name);
    let field = field_named(&there, fields, name)?;
    let tokens = there.type_tokens(field.of);
    let is_counted =
        there.mentions_any(tokens, &["Rc", "Arc"]) && there.mentions(tokens, "UnsafeCell");
    let is_pointer = matches!(
        there.syntax().type_kind(field.of),
        TypeKind::Pointer { mutable: true, .. }
    ) || there.mentions(tokens, "NonNull") && !there.mentions(tokens, "Option");
    Some((name.to_owned(), is_counted, is_pointer))
}

fn field_named<'f>(there: &At<'_>, fields: &'f [Field], name: &str) -> Option<&'f Field> {
    match name.parse::<usize>() {
        Ok(number) => fields.get(number),
        Err(_) => fields
            .iter()
            .find(|field| field.name.is_some_and(|token| there.is_name(token, name))),
    }
}

/// `&mut *self.0.get()` where others share the cell by an `Rc`.
fn of_counted(at: &At<'_>, entry: Entry<'_>, body: ExprId) -> Option<Doubt> {
    let get = at.syntax().within(body).find(|part| {
        let Some((receiver, [])) = at.method_of(*part, &["get"]) else {
            return false;
        };
        let mut cell = at.bare(receiver);
        for _ in 0..MAX_STEPS {
            cell = match at.kind(cell) {
                ExprKind::Unary {
                    operator: Prefix::Deref,
                    operand,
                } => at.bare(*operand),
                ExprKind::Method { receiver, .. }
                    if at.method_of::<0>(cell, &["as_ref", "deref"]).is_some() =>
                {
                    at.bare(*receiver)
                }
                _ => break,
            };
        }
        own_field(at, cell).is_some_and(|(_, is_counted, _)| is_counted)
    })?;
    let keyword = at.rests_on(get)?;
    let message = "a `&mut` is made of what others share by their own `Rc` or `Arc`".to_owned();
    Some(head_doubt(
        at,
        entry,
        keyword,
        confidence(entry),
        message,
        "what is counted may be shared",
    ))
}

/// A clone has the pointer of which the type makes a `&mut`.
fn copied_pointer(at: &At<'_>, entry: Entry<'_>, body: ExprId) -> Option<Doubt> {
    let function = entry.function;
    let is_plain = function.output.is_some_and(|output| {
        matches!(
            at.syntax().type_kind(output),
            TypeKind::Ref { mutable: true, .. }
        )
    });
    if function.receiver != Some(Receiver::Mut) || !is_plain {
        return None;
    }
    let (follow, field) = at.syntax().within(body).find_map(|part| {
        let pointer = match at.kind(part) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => *operand,
            ExprKind::Method { .. } => at.method_of::<0>(part, &["as_mut"])?.0,
            _ => return None,
        };
        let (name, _, is_pointer) = own_field(at, pointer)?;
        is_pointer.then_some((part, name))
    })?;
    let keyword = at.rests_on(follow)?;
    let Ty::Named(own, _) = at.own_type(entry.item) else {
        return None;
    };
    let copy = clone_of(at, &own, &field)?;
    let tokens = at.expr_tokens(copy);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: format!("a clone has the same `{field}`, of which both make a `&mut`"),
        chain: vec![
            at.reason(tokens, "the pointer is copied here"),
            at.reason(at.expr_tokens(follow), "a `&mut` is made of it here"),
        ],
        sound: "let the clone have something of its own, or share it by a guard".to_owned(),
    })
}

/// Where a type's `clone` copies a field, in this file.
fn clone_of(at: &At<'_>, own: &str, field: &str) -> Option<ExprId> {
    let (_, own) = crate::dance::declared::of_file(own);
    let places = at.declared.implementations(own);
    let places = places.filter(|place| place.file == at.file.index);
    for place in places {
        let clones = at.items_in(place.item);
        let clone = clones.into_iter().find_map(|(id, item)| match &item.kind {
            ItemKind::Function(function) if at.is_of_trait_named(id, &["Clone"]) => function.body,
            _ => None,
        });
        let Some(body) = clone else {
            continue;
        };
        let copied = at.syntax().within(body).find(|part| {
            let is_value = at
                .around(*part)
                .is_some_and(|around| matches!(at.kind(around), ExprKind::Struct { .. }));
            is_value
                && matches!(
                    at.kind(*part),
                    ExprKind::Field { base, name } if at.is_self(*base) && at.is_name(*name, field)
                )
        });
        if copied.is_some() {
            return copied;
        }
    }
    None
}

/// What a shared reference leads to is written.
fn of_const(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let follow = at.follow(id).filter(|follow| follow.is_written)?;
    let origin = at.origin(follow.pointer);
    let base = origin.base;
    if !origin.is_cast {
        return None;
    }
    let of = match at.method_of::<0>(base, &["as_ptr"]) {
        Some((receiver, _)) => at.type_of(receiver),
        None => at.type_of(base),
    };
    let Ty::Ref { mutable: false, of } = of else {
        return None;
    };
    let may_be_written = match &*of {
        Ty::Named(name, _) => {
            const CELLS: [&str; 6] = [
                "UnsafeCell",
                "Cell",
                "RefCell",
                "Mutex",
                "RwLock",
                "MaybeUninit",
            ];
            CELLS.contains(&name.as_str()) || name.starts_with("Atomic") || name == "NonNull"
        }
        Ty::Pointer { .. } | Ty::Unknown => true,
        _ => false,
    };
    let (item, function) = at.function(id)?;
    if may_be_written || at.is_test(item) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    let confidence = match function.unsafety {
        Some(_) => Confidence::Low,
        None => Confidence::High,
    };
    Some(Doubt {
        keyword,
        tokens,
        confidence,
        message: "what a shared reference leads to is written".to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(base), "a shared reference"),
            at.reason(tokens, "and it is written, or a `&mut` made of it, here"),
        ],
        sound: "take a `&mut`, or keep it in a cell".to_owned(),
    })
}
