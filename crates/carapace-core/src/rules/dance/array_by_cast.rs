//! A slice is cast to a reference to an array
//!
//! Nothing checks that the slice has so many elements.
//!
//! ## What to do
//! `first_chunk` gives the array if it is there; `try_into` does the same of a slice of that length, in
//! older compilers.
//!
//! ## Known problems
//! Where fewer elements are there it panics, where it was undefined before. An array that is to be written
//! borrows the slice: that is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub fn head(bytes: &[u8]) -> &[u8; 4] {
//!     assert!(bytes.len() >= 4);
//!     unsafe { &*(bytes.as_ptr() as *const [u8; 4]) }
//! }
//!
//! pub fn later(numbers: &[u32], at: usize) -> u32 {
//!     let four = unsafe { &*numbers.as_ptr().add(at).cast::<[u32; 4]>() };
//!     four[3]
//! }
//!
//! pub fn clear(bytes: &mut [u8]) {
//!     let head = unsafe { &mut *(bytes.as_mut_ptr() as *mut [u8; 2]) };
//!     *head = [0, 1];
//! }
//! ```
//! ```text,good
//! pub fn head(bytes: &[u8]) -> &[u8; 4] {
//!     assert!(bytes.len() >= 4);
//!     bytes.first_chunk::<4>().unwrap()
//! }
//!
//! pub fn later(numbers: &[u32], at: usize) -> u32 {
//!     let four = numbers[at..].first_chunk::<4>().unwrap();
//!     four[3]
//! }
//!
//! pub fn clear(bytes: &mut [u8]) {
//!     let head = bytes.first_chunk_mut::<2>().unwrap();
//!     *head = [0, 1];
//! }
//! ```
//! ```text,cases
//! let mut bytes: Vec<u8> = random.many(4..40);
//! show!(head(&bytes));
//! clear(&mut bytes);
//! show!(&bytes);
//! let numbers: Vec<u32> = random.many(8..40);
//! show!(later(&numbers, random.below(5)));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.first_chunk>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::{Ty, generic_length};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN044",
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
    let Some(around) = at.around(operation.expr) else {
        return;
    };
    let ExprKind::Borrow { how, .. } = at.kind(around) else {
        return;
    };
    let mutable = match how {
        Borrow::Shared => false,
        Borrow::Mut => true,
        Borrow::RawConst | Borrow::RawMut => return,
    };
    let Some(spot) = at.spot(pointer) else {
        return;
    };
    let Ty::Array(element, Some(length)) = &spot.pointee else {
        return;
    };
    if **element != spot.element || spot.element == Ty::Unknown || !spot.is_cast() {
        return;
    }
    let is_start = spot.is_first();
    let base = match is_start {
        true => Pieces::default().operand(spot.base),
        false => {
            let base = Pieces::default().operand(spot.base);
            base.text("[").then(spot.index(at, 0)).text("..]")
        }
    };
    let method = if mutable {
        "first_chunk_mut"
    } else {
        "first_chunk"
    };
    let argument = generic_length(length);
    let is_const = !at.runs(operation.expr);
    if is_const && (mutable || !is_start) {
        return;
    }
    found.push(
        Replacement::new(
            operation,
            around,
            base.text(format!(".{method}::<{argument}>().unwrap()")),
        )
        .through(&spot)
        .since(if is_const { 83 } else { 77 })
        .says("a slice that is taken for an array without a look at its length")
        .safe_if(spot.is_certain && !mutable && spot.through.is_empty()),
    );
}
