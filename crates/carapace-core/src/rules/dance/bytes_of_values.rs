//! The bytes of values are read, or values made of bytes, by a cast of a slice
//!
//! The bytes of a type with padding, and a type for which not all bytes are right, are undefined behaviour;
//! so is a slice whose address is not aligned for the new type. None of that is checked, and a field that
//! is added to the type later may change it.
//!
//! ## What to do
//! `bytemuck` and `zerocopy` have functions for it that check length and alignment, and traits to derive
//! that the compiler refuses for types with padding: `bytemuck::bytes_of(&value)`,
//! `bytemuck::cast_slice(&values)`, `bytemuck::cast_vec(values)`, `zerocopy::IntoBytes::as_bytes`. Numbers
//! can go one by one through `to_ne_bytes`.
//!
//! ## Known problems
//! That is shown only: it needs a crate, and a derived trait where the type is the package's own.
//!
//! ## Example
//! ```text,bad
//! pub struct Pair(pub u32, pub u32);
//!
//! pub fn bytes(pair: &Pair) -> &[u8] {
//!     unsafe {
//!         std::slice::from_raw_parts(pair as *const Pair as *const u8, std::mem::size_of::<Pair>())
//!     }
//! }
//!
//! pub fn all(numbers: &[u32]) -> &[u8] {
//!     unsafe { std::slice::from_raw_parts(numbers.as_ptr() as *const u8, numbers.len() * 4) }
//! }
//!
//! pub fn owned(numbers: Vec<i32>) -> Vec<u32> {
//!     let mut numbers = std::mem::ManuallyDrop::new(numbers);
//!     let (length, capacity) = (numbers.len(), numbers.capacity());
//!     let pointer: *mut i32 = numbers.as_mut_ptr();
//!     unsafe { Vec::from_raw_parts(pointer as *mut u32, length, capacity) }
//! }
//! ```
//! ```text,good
//! #[repr(C)]
//! #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
//! pub struct Pair(pub u32, pub u32);
//!
//! pub fn bytes(pair: &Pair) -> &[u8] {
//!     bytemuck::bytes_of(pair)
//! }
//!
//! pub fn all(numbers: &[u32]) -> &[u8] {
//!     bytemuck::cast_slice(numbers)
//! }
//!
//! pub fn owned(numbers: Vec<i32>) -> Vec<u32> {
//!     bytemuck::cast_vec(numbers)
//! }
//! ```
//!
//! ## References
//! - <https://docs.rs/bytemuck/latest/bytemuck/fn.cast_slice.html>
//! - <https://docs.rs/zerocopy/latest/zerocopy/trait.IntoBytes.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN045",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(text) = slice(at, operation).or_else(|| vector(at, operation)) else {
        return;
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says("values whose bytes are taken for another type's")
            .applies(Applicability::Display),
    );
}

/// A slice of another type than the pointer was made of.
fn slice(at: &At<'_>, operation: &Operation) -> Option<Pieces> {
    let names = ["from_raw_parts", "from_raw_parts_mut"];
    let ([pointer, count], call) = at.call_of(operation.expr, "slice", &names)?;
    let mutable = call.name.ends_with("mut");
    if let Some(spot) = at.spot(pointer) {
        // Arrays of the elements have functions of their own, and `MaybeUninit` is for them.
        let is_array = |of: &Ty| matches!(of, Ty::Array(..) | Ty::Slice(_));
        let is_odd = |of: &Ty| *of == Ty::Unknown || is_array(of) || of.is_uninit();
        if !spot.is_cast() || is_odd(&spot.element) || is_odd(&spot.pointee) {
            return None;
        }
        let name = if mutable {
            "cast_slice_mut"
        } else {
            "cast_slice"
        };
        let borrow = match at.type_of(spot.base) {
            Ty::Ref { .. } => "",
            _ if mutable => "&mut ",
            _ => "&",
        };
        return Some(
            Pieces::of(format!("bytemuck::{name}({borrow}"))
                .keep(spot.base)
                .text(")"),
        );
    }
    let ExprKind::Cast { operand, .. } = at.kind(at.bare(pointer)) else {
        return None;
    };
    let is_bytes = matches!(at.type_of(pointer), Ty::Pointer { of, .. } if *of == Ty::Int("u8"));
    if !is_bytes || !is_size(at, count) {
        return None;
    }
    let value = referred(at, *operand)?;
    let name = if mutable { "bytes_of_mut" } else { "bytes_of" };
    Some(
        Pieces::of(format!("bytemuck::{name}("))
            .keep(value)
            .text(")"),
    )
}

/// Whether a count is the size of a type or a value.
fn is_size(at: &At<'_>, count: ExprId) -> bool {
    let call = at.standard_call(at.bare(count));
    call.is_some_and(|call| call.parent == "mem" && call.name.starts_with("size_of"))
}

/// The reference that a pointer was cast from.
fn referred(at: &At<'_>, mut id: ExprId) -> Option<ExprId> {
    loop {
        id = at.bare(id);
        match at.kind(id) {
            ExprKind::Cast { operand, .. } => id = *operand,
            _ => return matches!(at.type_of(id), Ty::Ref { .. }).then_some(id),
        }
    }
}

/// A vector of another type than the one that the pointer is of.
fn vector(at: &At<'_>, operation: &Operation) -> Option<Pieces> {
    let ([pointer, _, _], _) = at.call_of(operation.expr, "Vec", &["from_raw_parts"])?;
    let source = source(at, pointer)?;
    Some(Pieces::of("bytemuck::cast_vec(").keep(source).text(")"))
}

/// The vector that a pointer which was cast comes from.
fn source(at: &At<'_>, pointer: ExprId) -> Option<ExprId> {
    let mut id = at.bare(pointer);
    let mut is_cast = false;
    for _ in 0..8 {
        id = at.bare(id);
        if let ExprKind::Cast { operand, .. } = at.kind(id) {
            is_cast = true;
            id = *operand;
        } else if let Some((receiver, [])) = at.method_of(id, &["cast"]) {
            is_cast = true;
            id = receiver;
        } else if let Some((receiver, [])) = at.method_of(id, &["as_mut_ptr", "as_ptr"]) {
            return is_cast.then_some(receiver);
        } else {
            id = at.let_value(id)?;
        }
    }
    None
}
