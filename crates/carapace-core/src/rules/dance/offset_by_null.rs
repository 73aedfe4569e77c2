//! A field's place is taken from a null pointer
//!
//! `&(*(0 as *const T)).field as *const _ as usize` makes a reference out of null: that is undefined, and
//! only went well for as long as compilers did not look.
//!
//! ## What to do
//! Write `offset_of!(T, field)`.
//!
//! ## Known problems
//! It needs Rust 1.77, and 1.82 for a field of a field. Where the type is not one of the package's structs
//! that has the field, the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! #[repr(C)]
//! pub struct Header {
//!     pub kind: u8,
//!     pub length: u32,
//! }
//!
//! pub fn length_at() -> usize {
//!     unsafe { &(*(0 as *const Header)).length as *const _ as usize }
//! }
//!
//! pub fn kind_at() -> usize {
//!     unsafe { &(*std::ptr::null::<Header>()).kind as *const u8 as usize }
//! }
//! ```
//! ```text,good
//! #[repr(C)]
//! pub struct Header {
//!     pub kind: u8,
//!     pub length: u32,
//! }
//!
//! pub fn length_at() -> usize {
//!     ::core::mem::offset_of!(Header, length)
//! }
//!
//! pub fn kind_at() -> usize {
//!     ::core::mem::offset_of!(Header, kind)
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/macro.offset_of.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, ItemKind, TypeId, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "DAN061",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(pointer) = at.dereferenced(operation.expr) else {
        return;
    };
    let Some(of) = null_of(at, at.bare(pointer)) else {
        return;
    };
    let Some((fields, target)) = offset(at, operation.expr) else {
        return;
    };
    let names: Vec<&str> = fields.iter().map(|field| at.name(*field)).collect();
    let is_known = match (at.written(of), names.as_slice()) {
        (Ty::Named(name, _), [field]) => has_field(at, &name, field),
        _ => false,
    };
    let root = at.core_root();
    let fields = names.join(".");
    let text = format!("::{root}::mem::offset_of!({}, {fields})", at.type_text(of));
    let since = if names.len() > 1 { 82 } else { 77 };
    found.push(
        Replacement::new(operation, target, Pieces::of(text))
            .says("a field's place, taken from a null pointer")
            .since(since)
            .safe_if(is_known),
    );
}

/// The type to which a null pointer points.
fn null_of(at: &At<'_>, pointer: ExprId) -> Option<TypeId> {
    let of = match at.kind(pointer) {
        ExprKind::Cast { operand, to } => {
            let is_null = at.text(at.bare(*operand)) == "0"
                || at
                    .call_of::<0>(at.bare(*operand), "ptr", &["null", "null_mut"])
                    .is_some();
            match at.syntax().type_kind(*to) {
                TypeKind::Pointer { of, .. } if is_null => *of,
                _ => return None,
            }
        }
        _ => {
            let ([], call) = at.call_of(pointer, "ptr", &["null", "null_mut"])?;
            *call.generics.first()?
        }
    };
    matches!(at.syntax().type_kind(of), TypeKind::Path(_)).then_some(of)
}

/// The fields that are taken of a place, and the number that is made of their place.
fn offset(at: &At<'_>, mut id: ExprId) -> Option<(Vec<u32>, ExprId)> {
    let mut fields = Vec::new();
    let (mut is_borrowed, mut is_pointer) = (false, false);
    loop {
        let around = at.syntax().around(id)?;
        match at.kind(around) {
            ExprKind::Paren(_) => {}
            ExprKind::Block(_) if at.tail(around) == Some(id) => {}
            ExprKind::Field { name, .. } if !is_borrowed => fields.push(*name),
            ExprKind::Borrow { .. } if !is_borrowed && !fields.is_empty() => is_borrowed = true,
            ExprKind::Macro { path, .. } if !is_borrowed && !fields.is_empty() => {
                let name = at.name(path.segments.last()?.name);
                if name != "addr_of" && name != "addr_of_mut" {
                    return None;
                }
                (is_borrowed, is_pointer) = (true, true);
            }
            ExprKind::Cast { to, .. } if is_borrowed => match at.written(*to) {
                Ty::Int("usize") if is_pointer => return Some((fields, around)),
                Ty::Pointer { .. } => is_pointer = true,
                _ => return None,
            },
            _ => return None,
        }
        id = around;
    }
}

fn has_field(at: &At<'_>, name: &str, field: &str) -> bool {
    let Some((place, item)) = at.declared.type_named(name) else {
        return false;
    };
    let (ItemKind::Struct { fields, .. }, Some(there)) = (&item.kind, at.declared.at(place)) else {
        return false;
    };
    let mut fields = fields.iter().filter_map(|field| field.name);
    fields.any(|token| there.is_name(token, field))
}
