//! An array of `MaybeUninit` becomes one of values by a transmute
//!
//! An array of memory that is filled in a loop and then transmuted trusts that the loop came to its
//! end, for each element. A panic between leaves the elements that are there without a drop.
//!
//! ## What to do
//! Write `array::from_fn(|i| …)` (Rust 1.63), which does the same and drops what is there.
//!
//! ## Known problems
//! It is only shown: what fills the array stands elsewhere. Where the function that fills may fail,
//! `array::from_fn` over `Option` values, or a vector and `try_into`, take its place.
//!
//! ## Example
//! ```text,bad
//! use std::mem::MaybeUninit;
//!
//! pub fn squares() -> [u32; 8] {
//!     let mut slots: [MaybeUninit<u32>; 8] = [const { MaybeUninit::uninit() }; 8];
//!     for (i, slot) in slots.iter_mut().enumerate() {
//!         *slot = MaybeUninit::new((i * i) as u32);
//!     }
//!     unsafe { std::mem::transmute::<[MaybeUninit<u32>; 8], [u32; 8]>(slots) }
//! }
//! ```
//! ```text,good
//! pub fn squares() -> [u32; 8] {
//!     std::array::from_fn(|i| (i * i) as u32)
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/array/fn.from_fn.html>
//! - <https://doc.rust-lang.org/std/mem/union.MaybeUninit.html#initializing-an-array-element-by-element>

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
    code: "DAN020",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `array::from_fn`.
const SINCE: u32 = 63;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let transmuted = at.call_of::<1>(operation.expr, "mem", &["transmute", "transmute_copy"]);
    let slots = match transmuted {
        Some(([slots], _)) => slots,
        None => match at.call_of::<1>(operation.expr, "ptr", &["read"]) {
            Some(([pointer], _)) => of_pointer(at, pointer),
            None => return,
        },
    };
    let Ty::Array(element, _) = at.type_of(slots).peeled().clone() else {
        return;
    };
    if !element.is_uninit() {
        return;
    }
    let text = Pieces::of("::core::array::from_fn(|index| element)");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .since(SINCE)
            .says("an array that is made of its elements, with nothing left behind by a panic")
            .applies(Applicability::Display),
    );
}

/// What `&array as *const _ as *const [T; N]` points to.
fn of_pointer(at: &At<'_>, pointer: ExprId) -> ExprId {
    let mut of = at.bare(pointer);
    loop {
        of = match at.kind(of) {
            ExprKind::Cast { operand, .. } | ExprKind::Borrow { operand, .. } => at.bare(*operand),
            _ => match at.method_of::<0>(of, &["cast", "as_ptr"]) {
                Some((receiver, [])) => at.bare(receiver),
                None => return of,
            },
        };
    }
}
