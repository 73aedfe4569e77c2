//! A pin is taken through by hand
//!
//! `get_unchecked_mut` and `map_unchecked_mut` hand out a plain reference to what is pinned. That nothing
//! moves out through it, and that a field is pinned always or never, is upheld by every place that does so.
//!
//! ## What to do
//! The crate `pin-project-lite` makes a `project()` from the declaration, which says once for each field
//! whether it is pinned. What is `Unpin` is taken out by `get_mut`, which is safe.
//!
//! ## Known problems
//! What is shown is the way: the declaration has to change.
//!
//! ## Example
//! ```text,bad
//! use std::pin::Pin;
//!
//! pub struct Timed<F> {
//!     future: F,
//!     polls: u32,
//! }
//!
//! impl<F> Timed<F> {
//!     pub fn count(self: Pin<&mut Self>) -> u32 {
//!         let this = unsafe { self.get_unchecked_mut() };
//!         this.polls += 1;
//!         this.polls
//!     }
//!
//!     pub fn future(self: Pin<&mut Self>) -> Pin<&mut F> {
//!         unsafe { self.map_unchecked_mut(|this| &mut this.future) }
//!     }
//! }
//! ```
//! ```text,good
//! use std::pin::Pin;
//!
//! pub struct Timed<F> {
//!     future: Pin<Box<F>>,
//!     polls: u32,
//! }
//!
//! impl<F> Timed<F> {
//!     pub fn count(self: Pin<&mut Self>) -> u32 {
//!         let this = self.get_mut();
//!         this.polls += 1;
//!         this.polls
//!     }
//!
//!     pub fn future(self: Pin<&mut Self>) -> Pin<&mut F> {
//!         self.get_mut().future.as_mut()
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/pin/index.html#projections-and-structural-pinning>
//! - <https://docs.rs/pin-project-lite>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN064",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let whole = at.method_of::<0>(operation.expr, &["get_unchecked_mut"]);
    let part = at.method_of::<1>(operation.expr, &["map_unchecked", "map_unchecked_mut"]);
    let receiver = match (whole, part) {
        (Some((receiver, [])), _) | (None, Some((receiver, [_]))) => receiver,
        (None, None) => return,
    };
    let text = Pieces::default().operand(receiver).text(".project()");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says("a pin that is taken through by hand; `pin-project-lite` does it safely")
            .applies(Applicability::Display),
    );
}
