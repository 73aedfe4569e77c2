//! A slice is cast to a slice of arrays, or back
//!
//! The length of the new slice is worked out by hand, and nothing checks that it is the right one.
//!
//! ## What to do
//! `as_chunks` gives the arrays and what is left over, `as_flattened` the elements of arrays.
//!
//! ## Known problems
//! Both are young: `as_chunks` is there since Rust 1.88, `as_flattened` since 1.80. Where the slice that is
//! cast to was to be written, the replacement is to be looked at: it borrows the slice that it is made of.
//!
//! ## Example
//! ```text,bad
//! pub fn pairs(bytes: &[u8]) -> &[[u8; 2]] {
//!     unsafe { std::slice::from_raw_parts(bytes.as_ptr() as *const [u8; 2], bytes.len() / 2) }
//! }
//!
//! pub fn some(numbers: &[u32], count: usize) -> usize {
//!     assert!(count * 4 <= numbers.len());
//!     let chunks = unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast::<[u32; 4]>(), count) };
//!     chunks.len()
//! }
//!
//! pub fn flat(numbers: &[[u16; 3]]) -> &[u16] {
//!     unsafe { std::slice::from_raw_parts(numbers.as_ptr() as *const u16, numbers.len() * 3) }
//! }
//!
//! pub fn clear(numbers: &mut [[u16; 3]]) {
//!     let all = unsafe {
//!         std::slice::from_raw_parts_mut(numbers.as_mut_ptr() as *mut u16, numbers.len() * 3)
//!     };
//!     all.reverse();
//! }
//! ```
//! ```text,good
//! pub fn pairs(bytes: &[u8]) -> &[[u8; 2]] {
//!     bytes.as_chunks::<2>().0
//! }
//!
//! pub fn some(numbers: &[u32], count: usize) -> usize {
//!     assert!(count * 4 <= numbers.len());
//!     let chunks = &numbers.as_chunks::<4>().0[..count];
//!     chunks.len()
//! }
//!
//! pub fn flat(numbers: &[[u16; 3]]) -> &[u16] {
//!     numbers.as_flattened()
//! }
//!
//! pub fn clear(numbers: &mut [[u16; 3]]) {
//!     let all = numbers.as_flattened_mut();
//!     all.reverse();
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many(0..40);
//! show!(pairs(&bytes));
//! let numbers: Vec<u32> = random.many(8..40);
//! show!(some(&numbers, random.below(3)));
//! let mut numbers = [[random.any(), 1, 2], [3, 4, 5]];
//! show!(flat(&numbers));
//! clear(&mut numbers);
//! show!(numbers);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.as_chunks>
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.as_flattened>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::pointers::Spot;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::{Ty, generic_length};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Operator};

pub(crate) const META: Meta = Meta {
    code: "DAN043",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["from_raw_parts", "from_raw_parts_mut"];
    let Some(([pointer, count], call)) = at.call_of(operation.expr, "slice", &names) else {
        return;
    };
    let Some(spot) = at.spot(pointer) else {
        return;
    };
    // A pointer into the middle would need the rest of the slice.
    if !spot.is_first() || !spot.calls.is_empty() || !at.is_pure(spot.base) {
        return;
    }
    let mutable = call.name.ends_with("mut");
    let Some((text, binds, since)) =
        chunks(at, &spot, count, mutable).or_else(|| flattened(at, &spot, count, mutable))
    else {
        return;
    };
    let is_const = !at.runs(operation.expr);
    found.push(
        Replacement::new(operation, operation.expr, text)
            .through(&spot)
            .binds(binds)
            .since(if is_const { since.max(88) } else { since })
            .says("a slice that is cast to one of arrays, or back")
            .safe_if(spot.is_certain && !mutable && spot.through.is_empty() && !is_const),
    );
}

/// Arrays of what a slice holds.
fn chunks(at: &At<'_>, spot: &Spot, count: ExprId, mutable: bool) -> Option<(Pieces, Binds, u32)> {
    let Ty::Array(element, Some(length)) = &spot.pointee else {
        return None;
    };
    if **element != spot.element || spot.element == Ty::Unknown || length == "0" {
        return None;
    }
    let method = if mutable {
        "as_chunks_mut"
    } else {
        "as_chunks"
    };
    let all = Pieces::default().operand(spot.base);
    let all = all.text(format!(".{method}::<{}>().0", generic_length(length)));
    if is_count(at, spot, count, Operator::Div, length) {
        // It is a reference by itself.
        return Some((all, Binds::Postfix, 88));
    }
    let borrow = if mutable { "&mut " } else { "&" };
    let text = Pieces::of(borrow)
        .then(all)
        .text("[..")
        .keep(count)
        .text("]");
    Some((text, Binds::Prefix, 88))
}

/// What the arrays of a slice hold.
fn flattened(
    at: &At<'_>,
    spot: &Spot,
    count: ExprId,
    mutable: bool,
) -> Option<(Pieces, Binds, u32)> {
    let Ty::Array(element, Some(length)) = &spot.element else {
        return None;
    };
    if **element != spot.pointee || spot.pointee == Ty::Unknown {
        return None;
    }
    let method = if mutable {
        "as_flattened_mut"
    } else {
        "as_flattened"
    };
    let all = Pieces::default()
        .operand(spot.base)
        .text(format!(".{method}()"));
    if is_count(at, spot, count, Operator::Mul, length) {
        return Some((all, Binds::Postfix, 80));
    }
    let borrow = if mutable { "&mut " } else { "&" };
    let text = Pieces::of(borrow)
        .then(all)
        .text("[..")
        .keep(count)
        .text("]");
    Some((text, Binds::Prefix, 80))
}

/// Whether a count is the slice's length by that of its arrays.
fn is_count(at: &At<'_>, spot: &Spot, count: ExprId, by: Operator, length: &str) -> bool {
    let ExprKind::Binary {
        operator,
        left,
        right,
    } = at.kind(at.bare(count))
    else {
        return false;
    };
    let is_length = |id: ExprId| at.is_length_of(id, spot.base);
    let is_own = |id: ExprId| at.plain(at.bare(id)) == length;
    let is_turned = by == Operator::Mul && is_own(*left) && is_length(*right);
    *operator == by && (is_length(*left) && is_own(*right) || is_turned)
}
