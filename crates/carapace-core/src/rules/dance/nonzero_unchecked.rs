//! A number is said not to be zero without a check
//!
//! `NonZeroU32::new_unchecked` and its kind believe that a number is not zero. One that is makes an
//! `Option` of it `None`, and every later use undefined.
//!
//! ## What to do
//! Write `NonZeroU32::new(value).unwrap()`: of a literal, the compiler does the check once and for all.
//!
//! ## Known problems
//! A zero panics then. In constants `unwrap` needs Rust 1.83.
//!
//! ## Example
//! ```text,bad
//! use std::num::{NonZeroU32, NonZeroUsize};
//!
//! pub const LIMIT: NonZeroU32 = unsafe { NonZeroU32::new_unchecked(64) };
//!
//! pub fn after(value: u32) -> NonZeroU32 {
//!     // SAFETY: it is at least one.
//!     unsafe { NonZeroU32::new_unchecked((value & 0xff) + 1) }
//! }
//!
//! pub fn length(values: &[u8]) -> usize {
//!     unsafe { NonZeroUsize::new_unchecked(values.len()) }.get()
//! }
//! ```
//! ```text,good
//! use std::num::{NonZeroU32, NonZeroUsize};
//!
//! pub const LIMIT: NonZeroU32 = NonZeroU32::new(64).unwrap();
//!
//! pub fn after(value: u32) -> NonZeroU32 {
//!     NonZeroU32::new((value & 0xff) + 1).unwrap()
//! }
//!
//! pub fn length(values: &[u8]) -> usize {
//!     NonZeroUsize::new(values.len()).unwrap().get()
//! }
//! ```
//! ```text,cases
//! show!(LIMIT);
//! show!(after(random.any()));
//! show!(length(&random.many::<u8>(1..40)));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/num/struct.NonZero.html#method.new>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN072",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(call) = at.call_named(operation.expr, &["new_unchecked"]) else {
        return;
    };
    let [value] = call.arguments else {
        return;
    };
    if !call.parent.starts_with("NonZero") {
        return;
    }
    let path = at.callee_path(operation.expr);
    let Some(new) = path.and_then(|path| at.sibling(path, "new")) else {
        return;
    };
    let text = Pieces::of(format!("{new}(")).keep(*value);
    found.push(
        Replacement::new(operation, operation.expr, text.text(").unwrap()"))
            .says("a number that is said not to be zero")
            .since(if at.runs(operation.expr) { 28 } else { 83 }),
    );
}
