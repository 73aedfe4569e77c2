//! A reference to a packed field is made on the way to a pointer
//!
//! A field of a `repr(packed)` struct may lie at any address, and a reference to it is undefined before
//! anybody reads through it. Compilers of today refuse it; those of 2022 and before warned.
//!
//! ## What to do
//! Take the pointer without a reference: `&raw mut place` from Rust 1.82 on, `addr_of_mut!(place)` from
//! 1.51 on. It is read and written by `read_unaligned` and `write_unaligned`.
//!
//! ## Known problems
//! The place stays unsafe where it lies behind a raw pointer.
//!
//! ## Example
//! ```text,bad
//! #[repr(C, packed)]
//! pub struct Header {
//!     pub kind: u8,
//!     pub length: u32,
//! }
//!
//! /// # Safety
//! /// It points at a header.
//! pub unsafe fn length_of(header: *mut Header) -> *mut u32 {
//!     unsafe { &mut (*header).length as *mut u32 }
//! }
//! ```
//! ```text,good
//! #[repr(C, packed)]
//! pub struct Header {
//!     pub kind: u8,
//!     pub length: u32,
//! }
//!
//! /// # Safety
//! /// It points at a header.
//! pub unsafe fn length_of(header: *mut Header) -> *mut u32 {
//!     unsafe { &raw mut (*header).length as *mut u32 }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/error_codes/E0793.html>
//! - <https://doc.rust-lang.org/reference/expressions/operator-expr.html#raw-borrow-operators>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprId, ExprKind, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "DAN060",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if at.dereferenced(operation.expr).is_none() || !is_packed(at, operation.expr) {
        return;
    }
    let Some((borrow, place, mutable)) = borrowed(at, operation.expr) else {
        return;
    };
    let root = at.core_root();
    let (raw, by_macro) = match mutable {
        true => ("&raw mut ", format!("::{root}::ptr::addr_of_mut!(")),
        false => ("&raw const ", format!("::{root}::ptr::addr_of!(")),
    };
    let change = |text: Pieces, binds, since| {
        let mut change = Replacement::new(operation, borrow, text).binds(binds);
        // It needs the block as before.
        change.covers.clear();
        change
            .says("a reference to a packed field, made on the way to a pointer")
            .since(since)
    };
    let by_macro = Pieces::of(by_macro).keep(place).text(")");
    found.push(change(by_macro, Binds::Postfix, 51));
    found.push(change(Pieces::of(raw).operand(place), Binds::Prefix, 82));
}

/// Whether what a pointer leads to is a packed struct of the package.
fn is_packed(at: &At<'_>, deref: ExprId) -> bool {
    let Ty::Named(name, _) = at.type_of(deref) else {
        return false;
    };
    at.has_attribute(&name, "packed")
}

/// `&mut place as *mut T`: the borrow, a field as the place, and whether it is `mut`.
fn borrowed(at: &At<'_>, deref: ExprId) -> Option<(ExprId, ExprId, bool)> {
    let mut place = deref;
    let mut has_field = false;
    loop {
        let around = at.syntax().around(place)?;
        match at.kind(around) {
            ExprKind::Paren(_) => place = around,
            ExprKind::Field { .. } => (place, has_field) = (around, true),
            ExprKind::Borrow { how, .. } if has_field => {
                let mutable = match how {
                    Borrow::Mut => true,
                    Borrow::Shared => false,
                    Borrow::RawConst | Borrow::RawMut => return None,
                };
                let cast = at.around(around)?;
                let ExprKind::Cast { to, .. } = at.kind(cast) else {
                    return None;
                };
                let is_pointer = matches!(at.syntax().type_kind(*to), TypeKind::Pointer { .. });
                return is_pointer.then_some((around, place, mutable));
            }
            _ => return None,
        }
    }
}
