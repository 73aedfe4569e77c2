//! A pointer into a value is kept beside it, and the value moves
//!
//! What a caller's type derefs to may lie in the value itself. A pointer to it that is taken before the
//! value moves into a struct leads to where the value was.
//!
//! ## What to do
//! Ask for `StableDeref` of what is held, box it first, or take the reference anew each time.
//!
//! ## Known problems
//! Only structs that are put together by their names, with the pointer and the value as fields, are seen.
//!
//! ## Example
//! ```text,bad
//! pub struct Held<T> {
//!     value: T,
//!     pointer: *const u8,
//! }
//!
//! impl<T: AsRef<[u8]>> Held<T> {
//!     pub fn new(value: T) -> Self {
//!         let pointer = value.as_ref().as_ptr();
//!         Held { value, pointer }
//!     }
//!     pub fn first(&self) -> u8 {
//!         unsafe { *self.pointer }
//!     }
//! }
//! ```
//! ```text,good
//! pub struct Held<T> {
//!     value: T,
//! }
//!
//! impl<T: AsRef<[u8]>> Held<T> {
//!     pub fn new(value: T) -> Self {
//!         Held { value }
//!     }
//!     pub fn first(&self) -> u8 {
//!         self.value.as_ref()[0]
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://docs.rs/stable_deref_trait>

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::reach::Safe;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND036",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "TRAIT_TRUST",
    alike: &["RUSTSEC-2021-0037", "RUSTSEC-2020-0091"],
    find,
};

/// How many functions of a file are reported.
const MAX_DOUBTS: usize = 512;
/// How many times all of a file is searched.
const MAX_SEARCHES: u32 = 32;
/// How many fields of a struct are looked at for what is held and may move.
const MAX_HELD: usize = 16;
/// How many fields a struct may have.
const MAX_FIELDS: usize = 256;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let mut searches = MAX_SEARCHES;
    for &safe in judged.safe_functions() {
        if found.len() >= MAX_DOUBTS {
            return at.leave_out();
        }
        found.extend(moved(at, safe, &mut searches));
    }
}

/// A pointer to what a value derefs to, kept next to that value, which moves.
fn moved(at: &At<'_>, safe: Safe<'_>, searches: &mut u32) -> Option<Doubt> {
    let around = at.implementation(safe.id)?;
    let owner = at.syntax().item(around)?.name.map(|name| at.name(name))?;
    let used = at.pointer_uses(safe.body).into_iter().find(|used| {
        let root = at.pointer_root(used.pointer);
        matches!(at.kind(root), ExprKind::Field { .. })
    })?;
    let ExprKind::Field { base, name } = at.kind(at.pointer_root(used.pointer)) else {
        return None;
    };
    if at.single(*base) != Some("self") {
        return None;
    }
    let (pointer, (_, place, item)) = (
        at.name(*name),
        at.declared.type_meant(at.file.index, owner)?,
    );
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let there = at.declared.at(place)?;
    if fields.len() > MAX_FIELDS {
        return None;
    }
    let is_pointer = fields.iter().any(|field| {
        field.name.is_some_and(|name| there.is_name(name, pointer))
            && matches!(there.syntax().type_kind(field.of), TypeKind::Pointer { .. })
    });
    if !is_pointer {
        return None;
    }
    let generics = there.generics(item);
    let is_stable = at
        .generics_at(safe.id)
        .types
        .iter()
        .chain(&generics.types)
        .flat_map(|parameter| &parameter.bounds)
        .any(|bound| bound.contains("Stable"));
    let held: Vec<String> = fields
        .iter()
        .filter(|field| match there.syntax().type_kind(field.of) {
            TypeKind::Path(path) => match path.segments.as_slice() {
                [one] => generics.named(there.name(one.name)).is_some(),
                _ => false,
            },
            _ => false,
        })
        .filter_map(|field| Some(there.name(field.name?).to_owned()))
        .take(MAX_HELD)
        .collect();
    if is_stable || held.is_empty() {
        return None;
    }
    *searches = searches.checked_sub(1)?;
    let made = at
        .file
        .syntax
        .exprs
        .iter()
        .enumerate()
        .find_map(|(number, expr)| {
            let ExprKind::Struct { path, fields, .. } = &expr.kind else {
                return None;
            };
            let last = path.segments.last()?;
            if !at.is_name(last.name, owner) && !at.is_name(last.name, "Self") {
                return None;
            }
            let value = |of: &str| {
                fields
                    .iter()
                    .take(MAX_FIELDS)
                    .find(|(name, _)| at.is_name(*name, of))
                    .map(|(_, value)| *value)
            };
            let pointer = value(pointer)?;
            let root = at.syntax().expr(at.pointer_root(pointer)).tokens;
            held.iter().find_map(|held| {
                let kept = at.single(value(held)?)?;
                let number = u32::try_from(number).ok()?;
                at.mentions(root, kept).then_some((ExprId(number), root))
            })
        });
    let (made, root) = made?;
    let chain = vec![
        at.reason(root, "the pointer is taken while the value is here"),
        at.reason(at.syntax().expr(made).tokens, "the value moves into this"),
        at.reason(
            at.syntax().expr(used.expr).tokens,
            "the pointer is taken to be good still",
        ),
    ];
    Some(safe.doubt(
        used.keyword,
        at.syntax().expr(used.expr).tokens,
        Confidence::Medium,
        "relies on a pointer into a value of the caller's type, which has moved since",
        "ask for `StableDeref`, or take the reference anew each time",
        chain,
    ))
}
