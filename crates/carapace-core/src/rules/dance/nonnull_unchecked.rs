//! A pointer is said not to be null without a check
//!
//! `NonNull::new_unchecked` believes that a pointer is not null. A null makes an `Option` of it `None`
//! and every later use undefined.
//!
//! ## What to do
//! Of a reference, write `NonNull::from(reference)`: it is never null. Of a box, `Box::leak` gives the
//! reference. Of another pointer, `NonNull::new(pointer)` checks.
//!
//! ## Known problems
//! A check of a pointer that another function gives is to be looked at: it panics where it was undefined
//! before. To use what `NonNull` points at stays unsafe.
//!
//! ## Example
//! ```text,bad
//! use std::ptr::NonNull;
//!
//! pub struct Node {
//!     pub value: u32,
//! }
//!
//! pub struct List {
//!     pub head: NonNull<Node>,
//! }
//!
//! pub fn of_value(value: &mut u32) -> NonNull<u32> {
//!     unsafe { NonNull::new_unchecked(value) }
//! }
//!
//! pub fn of_local() -> bool {
//!     let mut local = 5u32;
//!     let pointer = unsafe { NonNull::new_unchecked(&mut local) };
//!     pointer.as_ptr() as usize == 0
//! }
//!
//! pub fn list(node: Node) -> List {
//!     List {
//!         head: unsafe { NonNull::new_unchecked(Box::into_raw(Box::new(node))) },
//!     }
//! }
//!
//! pub fn of_pointer(pointer: *mut u32) -> NonNull<u32> {
//!     unsafe { NonNull::new_unchecked(pointer) }
//! }
//! ```
//! ```text,good
//! use std::ptr::NonNull;
//!
//! pub struct Node {
//!     pub value: u32,
//! }
//!
//! pub struct List {
//!     pub head: NonNull<Node>,
//! }
//!
//! pub fn of_value(value: &mut u32) -> NonNull<u32> {
//!     NonNull::from(&mut *value)
//! }
//!
//! pub fn of_local() -> bool {
//!     let mut local = 5u32;
//!     let pointer = NonNull::from(&mut local);
//!     pointer.as_ptr() as usize == 0
//! }
//!
//! pub fn list(node: Node) -> List {
//!     List {
//!         head: NonNull::from(Box::leak(Box::new(node))),
//!     }
//! }
//!
//! pub fn of_pointer(pointer: *mut u32) -> NonNull<u32> {
//!     NonNull::new(pointer).unwrap()
//! }
//! ```
//! ```text,cases
//! let mut value = random.any::<u32>();
//! let address = &value as *const u32 as usize;
//! show!(of_value(&mut value).as_ptr() as usize == address);
//! show!(of_local());
//! show!(list(Node { value }).head.as_ptr() as usize == 0);
//! show!(of_pointer(&mut value).as_ptr() as usize == address);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ptr/struct.NonNull.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN062",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([pointer], _)) = at.call_of(operation.expr, "NonNull", &["new_unchecked"]) else {
        return;
    };
    if !at.runs(operation.expr) {
        return;
    }
    let path = at.callee_path(operation.expr);
    let sibling = |name| path.and_then(|path| at.sibling(path, name));
    let (Some(from), Some(new)) = (sibling("from"), sibling("new")) else {
        return;
    };
    let make = |text| Replacement::new(operation, operation.expr, text);
    if let Some((text, since, is_known)) = reference(at, pointer) {
        let text = Pieces::of(format!("{from}(")).then(text).text(")");
        found.push(
            make(text)
                .says("a pointer that comes of a reference, and so is not null")
                .since(since)
                .safe_if(is_known && is_same(at, operation.expr, pointer)),
        );
        return;
    }
    let text = Pieces::of(format!("{new}(")).keep(pointer);
    found.push(
        make(text.text(").unwrap()"))
            .says("a pointer that is said not to be null")
            .since(25)
            .applies(Applicability::Unsafe),
    );
}

/// The reference that a pointer is made of, since when, and whether its type is known.
fn reference(at: &At<'_>, pointer: ExprId) -> Option<(Pieces, u32, bool)> {
    let pointer = at.bare(pointer);
    if let ExprKind::Borrow {
        how: Borrow::Mut,
        operand,
    } = at.kind(pointer)
    {
        let is_known = at.type_of(*operand) != Ty::Unknown;
        // `&mut *pointer` would only hide where it comes from.
        return match at.kind(*operand) {
            ExprKind::Unary { .. } if !is_known => None,
            _ => Some((Pieces::default().keep(pointer), 25, is_known)),
        };
    }
    if let Some(([boxed], _)) = at.call_of(pointer, "Box", &["into_raw"]) {
        let leak = at
            .callee_path(pointer)
            .and_then(|path| at.sibling(path, "leak"))?;
        let is_known = matches!(at.type_of(boxed), Ty::Boxed(_));
        let text = Pieces::of(format!("{leak}(")).keep(boxed).text(")");
        return Some((text, 26, is_known));
    }
    match at.type_of(pointer) {
        Ty::Ref { mutable: true, .. } => {
            let text = Pieces::of("&mut *").operand(pointer);
            Some((text, 25, true))
        }
        _ => None,
    }
}

/// Whether what is wanted is not seen to point at something else, as a trait object.
fn is_same(at: &At<'_>, call: ExprId, pointer: ExprId) -> bool {
    let pointee = match at.type_of(pointer) {
        Ty::Ref { of, .. } | Ty::Pointer { of, .. } => *of,
        _ => Ty::Unknown,
    };
    match at.expected(at.outermost(call)) {
        Ty::Named(name, of) if name == "NonNull" => match of.as_slice() {
            [Ty::Unknown] => false,
            [of] => pointee == Ty::Unknown || of == &pointee,
            _ => false,
        },
        _ => true,
    }
}
