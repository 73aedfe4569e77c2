//! Two values own the same
//!
//! What is freed or dropped has one owner. A `Clone` that copies a pointer of which `Drop` frees, a value
//! that is read out of a reference by its bits, and a value that is read out of a variable that is then
//! dropped make two: both free it.
//!
//! ## What to do
//! Write `Clone` so that the clone has its own, take `self` by value, or forget what was read out
//! (`ManuallyDrop`, `mem::forget`).
//!
//! ## Known problems
//! Pointers of which `Drop` only counts down are recognized by names of counting alone.
//!
//! ## Example
//! ```text,bad
//! #[derive(Clone)]
//! pub struct Handle {
//!     value: *mut u64,
//! }
//!
//! impl Drop for Handle {
//!     fn drop(&mut self) {
//!         unsafe { drop(Box::from_raw(self.value)) }
//!     }
//! }
//! ```
//! ```text,good
//! pub struct Handle {
//!     value: *mut u64,
//! }
//!
//! impl Drop for Handle {
//!     fn drop(&mut self) {
//!         unsafe { drop(Box::from_raw(self.value)) }
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ptr/fn.read.html#ownership-of-the-returned-value>

use crate::dance::at::At;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, Field, Item, ItemId, ItemKind, Prefix, Receiver, Tokens, TypeKind,
};

pub(crate) const META: Meta = Meta {
    code: "SND056",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "OWN_LOGIC",
    alike: &[
        "RUSTSEC-2019-0023",
        "RUSTSEC-2025-0019",
        "RUSTSEC-2026-0131",
    ],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for item in &at.syntax().items {
        if let ItemKind::Struct { .. } = &item.kind {
            found.extend(cloned_owner(at, item));
            found.extend(cloned_pointer(at, item));
        }
    }
    for id in at.syntax().expr_ids() {
        match at.kind(id) {
            ExprKind::Call { .. } => {
                let doubt = read_out(at, id)
                    .or_else(|| owned_by_another(at, id))
                    .or_else(|| freed_again(at, id));
                found.extend(doubt);
            }
            ExprKind::Field { .. } => found.extend(copied_owner(at, id)),
            _ => {}
        }
    }
}

/// What frees.
const FREES: [&str; 8] = [
    "dealloc",
    "from_raw",
    "drop_in_place",
    "from_raw_parts",
    "free",
    "munmap",
    "close",
    "fclose",
];
/// What only counts.
const COUNTS: [&str; 8] = [
    "fetch_sub",
    "strong_count",
    "decrement_strong_count",
    "dec_ref",
    "decref",
    "unref",
    "release",
    "ref_count",
];

/// The `drop` of a type in this file: its body, and its item.
fn drop_of(at: &At<'_>, own: &str) -> Option<(ExprId, ItemId)> {
    let places = at.declared.implementations(own);
    let mut places = places.filter(|place| place.file == at.file.index);
    places.find_map(|place| {
        let mut items = at.items_in(place.item);
        items.find_map(|(id, found)| match &found.kind {
            ItemKind::Function(function) if at.is_of_trait_named(id, &["Drop"]) => {
                Some((function.body?, id))
            }
            _ => None,
        })
    })
}

/// Whether a type's `drop` frees what a field of `self` leads to, and does not count.
fn frees(at: &At<'_>, body: ExprId, item: ItemId, field: &str) -> bool {
    let uses = at.syntax().within(body).any(|part| {
        matches!(
            at.kind(part),
            ExprKind::Field { base, name } if at.is_self(*base) && at.is_name(*name, field)
        )
    });
    uses && at.has_words(item, &FREES) && !at.has_words(item, &COUNTS)
}

/// Whether a field holds a pointer.
fn is_pointer(at: &At<'_>, field: &Field) -> bool {
    let tokens = at.type_tokens(field.of);
    matches!(at.syntax().type_kind(field.of), TypeKind::Pointer { .. })
        || at.mentions(tokens, "NonNull") && !at.mentions_any(tokens, &["Rc", "Arc"])
}

/// `#[derive(Clone)]` on a pointer of which `Drop` frees.
fn cloned_owner(at: &At<'_>, item: &Item) -> Option<Doubt> {
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let name = item.name?;
    if !at.derives(item, "Clone") {
        return None;
    }
    let own = at.name(name);
    let (body, there) = drop_of(at, own)?;
    let fields = fields.iter().enumerate();
    let mut pointers = fields.filter(|(_, field)| is_pointer(at, field));
    pointers.find(|(number, field)| {
        let named = match field.name {
            Some(name) => at.name(name).to_owned(),
            None => number.to_string(),
        };
        frees(at, body, there, &named)
    })?;
    let keyword = unsafe_in(at, at.expr_tokens(body))?;
    let head = Tokens {
        start: item.head,
        end: name + 1,
    };
    Some(doubled(at, keyword, head, own, there))
}

/// `Self { pointer: self.pointer }` in a `clone` that does nothing else.
fn copied_owner(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ExprKind::Field { base, name } = at.kind(id) else {
        return None;
    };
    let is_value = at
        .around(id)
        .is_some_and(|around| matches!(at.kind(around), ExprKind::Struct { .. }));
    if !is_value || !at.is_self(*base) {
        return None;
    }
    let (clone, function) = at.function(id)?;
    if !at.is_of_trait_named(clone, &["Clone"]) || at.is_test(clone) {
        return None;
    }
    // Whatever is called may count.
    let calls = |part: ExprId| {
        matches!(
            at.kind(part),
            ExprKind::Call { .. } | ExprKind::Method { .. } | ExprKind::Macro { .. }
        )
    };
    if at.syntax().within(function.body?).any(calls) {
        return None;
    }
    let Ty::Named(own, _) = at.own_type(clone) else {
        return None;
    };
    let (_, own) = crate::dance::declared::of_file(&own);
    let (there, _, item) = at.own_item(own)?;
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let field = at.name(*name);
    let mut fields = fields.iter();
    let declared =
        fields.find(|found| found.name.is_some_and(|token| there.is_name(token, field)))?;
    let (body, drop) = drop_of(at, own)?;
    if !is_pointer(&there, declared) || !frees(at, body, drop, field) {
        return None;
    }
    let keyword = unsafe_in(at, at.expr_tokens(body))?;
    Some(doubled(at, keyword, at.expr_tokens(id), own, drop))
}

fn doubled(at: &At<'_>, keyword: u32, tokens: Tokens, own: &str, drop: ItemId) -> Doubt {
    Doubt {
        keyword,
        tokens,
        // Who clones one of the package's own may never do so.
        confidence: match at.is_name_exported(own) {
            true => Confidence::High,
            false => Confidence::Medium,
        },
        message: format!("a clone of `{own}` has the same pointer, which both free"),
        chain: vec![
            at.reason(tokens, "`Clone` copies the pointer"),
            at.reason(at.item_name_tokens(drop), "and this frees what it leads to"),
        ],
        sound: "write `Clone` so that the clone has its own, or count".to_owned(),
    }
}

/// The pointer of which a call makes an owner: `from_raw` of one type, or `from_raw_parts` of others.
fn owned(at: &At<'_>, id: ExprId, whole: &str, in_parts: &[&str]) -> Option<ExprId> {
    if let Some(([pointer], _)) = at.call_of(id, whole, &["from_raw"]) {
        return Some(pointer);
    }
    let mut in_parts = in_parts.iter();
    in_parts.find_map(|of| {
        let ([pointer, _, _], _) = at.call_of(id, of, &["from_raw_parts"])?;
        Some(pointer)
    })
}

/// `Box::from_raw(self.pointer)` of what `drop` frees once more.
fn freed_again(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let pointer = owned(at, id, "Box", &["Vec"])?;
    let ExprKind::Field { base, name } = at.kind(at.origin(pointer).base) else {
        return None;
    };
    let entry = at.entry_around(id)?;
    let is_left = matches!(
        entry.function.receiver,
        Some(Receiver::Value | Receiver::Shared)
    );
    if !is_left || !at.is_self(*base) || at.trait_of(entry.item).is_some() {
        return None;
    }
    const LEAVES: [&str; 9] = [
        "forget",
        "ManuallyDrop",
        "into_raw",
        "null",
        "null_mut",
        "take",
        "replace",
        "leak",
        "as_ref",
    ];
    if at.has_words(entry.item, &LEAVES) {
        return None;
    }
    let Ty::Named(own, _) = at.own_type(entry.item) else {
        return None;
    };
    let (_, own) = crate::dance::declared::of_file(&own);
    let (body, drop) = drop_of(at, own)?;
    if !frees(at, body, drop, at.name(*name)) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: match at.has_words(drop, &["is_null", "is_some"]) {
            true => Confidence::Medium,
            false => Confidence::High,
        },
        message: format!("what `{own}` owns is freed here, and by its `drop` once more"),
        chain: vec![
            at.reason(tokens, "it is owned by something else from here on"),
            at.reason(at.item_name_tokens(drop), "and this frees it again"),
        ],
        sound: "forget `self` (`ManuallyDrop`) when its parts are taken out".to_owned(),
    })
}

/// What something else allocated is made an owner of: by C, or by another vector.
fn owned_by_another(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let pointer = owned(at, id, "CString", &["Vec", "String"])?;
    let entry = at.entry_around(id)?;
    let call = at.foreign_source(pointer)?;
    // What Rust gave away before comes back.
    let is_returned = ["user", "data", "into_raw", "get_", "alloc"]
        .iter()
        .any(|word| call.name.contains(word));
    if is_returned || at.has_words(entry.item, &["forget", "ManuallyDrop", "into_raw"]) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: "what a foreign function allocated is freed by Rust's allocator".to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(pointer), "a foreign function gives this"),
            at.reason(tokens, "from here on Rust owns it"),
        ],
        sound: "copy it, and let the foreign library free it".to_owned(),
    })
}

/// `#[derive(Clone)]` on something that owns boxes, and on pointers into them.
fn cloned_pointer(at: &At<'_>, item: &Item) -> Option<Doubt> {
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let name = item.name?;
    if !at.derives(item, "Clone") || fields.len() < 2 {
        return None;
    }
    // What the boxes hold, and of which a type of the package is a pointer.
    let boxed: Vec<String> = fields
        .iter()
        .flat_map(|field| boxed_in(at, at.type_tokens(field.of)))
        .collect();
    if boxed.is_empty() {
        return None;
    }
    let (pointed, there, keyword) = fields.iter().find_map(|field| {
        let tokens = at.type_tokens(field.of);
        (tokens.start..tokens.end).find_map(|token| {
            if !at.file.source.kind(token as usize).is_ident() {
                return None;
            }
            let (there, _, inner) = at.own_item(at.name(token))?;
            let ItemKind::Struct { fields, .. } = &inner.kind else {
                return None;
            };
            let is_pointer = fields.iter().any(|field| {
                matches!(
                    there.syntax().type_kind(field.of),
                    TypeKind::Pointer { of, .. } if boxed.contains(&there.type_text(*of))
                )
            });
            let keyword = unsafe_of(at, at.name(token))?;
            (is_pointer && there.file.index == at.file.index).then_some((
                token,
                inner.name?,
                keyword,
            ))
        })
    })?;
    let own = at.name(name);
    let head = Tokens {
        start: item.head,
        end: name + 1,
    };
    let one = |token: u32| Tokens {
        start: token,
        end: token + 1,
    };
    Some(Doubt {
        keyword,
        tokens: head,
        confidence: Confidence::Medium,
        message: format!("a clone of `{own}` has pointers into what the first one owns"),
        chain: vec![
            at.reason(one(there), "this is a pointer"),
            at.reason(
                one(pointed),
                "it is copied along with boxes of what it leads to",
            ),
        ],
        sound: "write `Clone` so that the clone's pointers lead to its own".to_owned(),
    })
}

/// What boxes hold that a type names: `str` of `Vec<Box<str>>`.
fn boxed_in(at: &At<'_>, tokens: Tokens) -> Vec<String> {
    let source = at.file.source;
    let boxes = (tokens.start..tokens.end)
        .filter(|token| at.is_name(*token, "Box") && source.kind(*token as usize + 1) == T::Lt);
    boxes
        .map(|token| source.text(token as usize + 2).to_string())
        .collect()
}

/// An unsafe block in the methods of a type.
fn unsafe_of(at: &At<'_>, name: &str) -> Option<u32> {
    let mut places = at.declared.implementations(name);
    places.find_map(|place| {
        if place.file != at.file.index {
            return None;
        }
        unsafe_in(at, at.syntax().item(place.item)?.tokens)
    })
}

fn unsafe_in(at: &At<'_>, tokens: Tokens) -> Option<u32> {
    let source = at.file.source;
    (tokens.start..tokens.end).find(|token| {
        let token = *token as usize;
        source.kind(token) == T::Unsafe && source.kind(token + 1) == T::OpenBrace
    })
}

/// `ptr::read` of what stays where it is.
fn read_out(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ([pointer], _) = at.call_of(id, "ptr", &["read"])?;
    let entry = at.entry_around(id)?;
    let keyword = at.rests_on(id)?;
    let base = at.origin(pointer).base;
    let place = match at.kind(base) {
        ExprKind::Borrow {
            how: Borrow::Shared | Borrow::RawConst,
            operand,
        } => at.bare(*operand),
        _ => return None,
    };
    const KEEPS: [&str; 5] = ["forget", "ManuallyDrop", "into_raw", "write", "abort"];
    if at.has_words(entry.item, &KEEPS) {
        return None;
    }
    let tokens = at.expr_tokens(id);
    if let Some(name) = at.single(place) {
        let dropped = dropped(at, id, name)?;
        return Some(Doubt {
            keyword,
            tokens,
            confidence: Confidence::High,
            message: format!("`{name}` is read out by its bits and then dropped"),
            chain: vec![
                at.reason(tokens, "the value has two owners from here on"),
                at.reason(at.expr_tokens(dropped), "one of them drops it"),
            ],
            sound: "use `mem::forget` or `ManuallyDrop`".to_owned(),
        });
    }
    // `ptr::read(&self.field)` of a `&self`.
    let ExprKind::Field { .. } = at.kind(place) else {
        return None;
    };
    let is_own = is_of_self(at, place);
    let of = at.type_of(place);
    let is_owner = match &of {
        Ty::Parameter(name) => {
            let bounds = at.bounds_of(entry.item, name)?;
            !bounds.iter().any(|bound| bound == "Copy")
        }
        Ty::Vec(_) | Ty::String | Ty::Boxed(_) => true,
        _ => false,
    };
    if !is_own || !is_owner || entry.function.receiver != Some(Receiver::Shared) {
        return None;
    }
    Some(Doubt {
        keyword,
        tokens,
        confidence: match entry.is_reached {
            true => Confidence::High,
            false => Confidence::Medium,
        },
        message: "a value is read out of `&self` by its bits: the next call reads the same"
            .to_owned(),
        chain: vec![
            at.reason(at.item_name_tokens(entry.item), "it takes `&self`"),
            at.reason(tokens, "and takes the value along"),
        ],
        sound: "take `self` by value, or ask for `Copy`".to_owned(),
    })
}

fn is_of_self(at: &At<'_>, place: ExprId) -> bool {
    let mut part = at.bare(place);
    loop {
        part = match at.kind(part) {
            ExprKind::Field { base, .. } => at.bare(*base),
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => at.bare(*operand),
            _ => return at.is_self(part),
        };
    }
}

/// `drop(name)` behind an expression, in the same function.
fn dropped(at: &At<'_>, id: ExprId, name: &str) -> Option<ExprId> {
    let (_, function) = at.function(id)?;
    let body = function.body?;
    let mut parts = at.syntax().within(body).filter(|part| *part > id);
    parts.find(|part| {
        let ExprKind::Call { arguments, .. } = at.kind(*part) else {
            return false;
        };
        let is_drop = at.callee_path(*part).is_some_and(|path| {
            path.segments
                .last()
                .is_some_and(|last| at.is_name(last.name, "drop"))
        });
        let first = arguments.first().and_then(|first| at.single(*first));
        is_drop && arguments.len() == 1 && first.is_some_and(|first| first == name)
    })
}
