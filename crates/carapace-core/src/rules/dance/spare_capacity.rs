//! A slice is made of a vector's memory that was never written
//!
//! `slice::from_raw_parts_mut` over what lies behind the last element is a slice of values that are not
//! there. To hand it to code that may read is undefined behaviour, even if only what was written counts
//! as the vector's afterwards.
//!
//! ## What to do
//! Give the vector the elements before (`v.resize(v.capacity(), 0)`), hand `&mut v[len..]` out, and
//! `truncate` it to what was written. Where the memory costs too much to be set, `spare_capacity_mut`
//! (Rust 1.60) says of it what it is; readers that fill a vector by themselves (`read_to_end`,
//! `take(n).read_to_end`) need neither.
//!
//! ## Known problems
//! It is only shown: three places change at once, and the memory is set once more than before.
//!
//! ## Example
//! ```text,bad
//! pub fn fill(output: &mut Vec<u8>, with: fn(&mut [u8]) -> usize) {
//!     let length = output.len();
//!     let room = output.capacity() - length;
//!     unsafe {
//!         let begin = output.as_mut_ptr().add(length);
//!         let spare = std::slice::from_raw_parts_mut(begin, room);
//!         let written = with(spare);
//!         output.set_len(length + written);
//!     }
//! }
//! ```
//! ```text,good
//! pub fn fill(output: &mut Vec<u8>, with: fn(&mut [u8]) -> usize) {
//!     let length = output.len();
//!     output.resize(output.capacity(), 0);
//!     let written = with(&mut output[length..]);
//!     output.truncate(length + written);
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.spare_capacity_mut>
//! - <https://rust-lang.github.io/rfcs/2930-read-buf.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::chains::overlap;
use crate::dance::needs::Operation;
use crate::dance::pointers::Spot;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprId;

pub(crate) const META: Meta = Meta {
    code: "DAN012",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if let Some(spot) = spare(at, operation.expr) {
        let text = Pieces::of("&mut ")
            .operand(spot.base)
            .text("[")
            .then(spot.index(at, 0))
            .text("..]");
        found.push(
            Replacement::new(operation, operation.expr, text)
                .binds(Binds::Prefix)
                .through(&spot)
                .says("a part of the vector, after a `resize` to its capacity")
                .applies(Applicability::Display),
        );
        return;
    }
    let Some((vector, [length])) = at.method_of::<1>(operation.expr, &["set_len"]) else {
        return;
    };
    let Some(body) = at.body_of(operation.expr) else {
        return;
    };
    let Some(chain) = at.chain(vector) else {
        return;
    };
    let is_filled = at.syntax().within(body).any(|part| {
        let other = spare(at, part).and_then(|spot| at.chain(spot.base));
        other.is_some_and(|other| overlap(&other, &chain))
    });
    if !is_filled {
        return;
    }
    let text = Pieces::default()
        .operand(vector)
        .text(".truncate(")
        .keep(length)
        .text(")");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says("a vector that is cut to what was written")
            .applies(Applicability::Display),
    );
}

/// The memory behind a vector's elements of which a call makes a slice: where that begins.
fn spare(at: &At<'_>, call: ExprId) -> Option<Spot> {
    let names = ["from_raw_parts_mut"];
    let ([pointer, _], _) = at.call_of::<2>(call, "slice", &names)?;
    let spot = at.spot(pointer)?;
    let is_shown = at.is_vec(spot.base) && spot.is_plain() && at.is_copy(&spot.element);
    (is_shown && at.may_be_spare(&spot, call)).then_some(spot)
}
