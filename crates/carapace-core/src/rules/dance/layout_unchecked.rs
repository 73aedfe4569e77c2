//! A layout is made without a check of its size and alignment
//!
//! `Layout::from_size_align_unchecked` believes that the alignment is a power of two and that the size
//! does not overflow when rounded up. An allocator that is given another one may give memory that is too
//! small.
//!
//! ## What to do
//! Write `Layout::new::<T>()` or `Layout::array::<T>(n)` where it is that of a type, and
//! `Layout::from_size_align(size, align).unwrap()` elsewhere: beside an allocation the check costs
//! nothing.
//!
//! ## Known problems
//! A size or an alignment that is wrong panics then.
//!
//! ## Example
//! ```text,bad
//! use std::alloc::Layout;
//!
//! pub fn pages(count: usize) -> Layout {
//!     // SAFETY: a power of two.
//!     unsafe { Layout::from_size_align_unchecked(count * 4096, 4096) }
//! }
//!
//! pub fn of_type<T>() -> Layout {
//!     unsafe { Layout::from_size_align_unchecked(std::mem::size_of::<T>(), std::mem::align_of::<T>()) }
//! }
//! ```
//! ```text,good
//! use std::alloc::Layout;
//!
//! pub fn pages(count: usize) -> Layout {
//!     Layout::from_size_align(count * 4096, 4096).unwrap()
//! }
//!
//! pub fn of_type<T>() -> Layout {
//!     Layout::new::<T>()
//! }
//! ```
//! ```text,cases
//! show!(pages(random.below(100)));
//! show!(of_type::<u64>());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/alloc/struct.Layout.html#method.from_size_align>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, TypeId};

pub(crate) const META: Meta = Meta {
    code: "DAN075",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["from_size_align_unchecked"];
    let Some(([size, align], _)) = at.call_of(operation.expr, "Layout", &names) else {
        return;
    };
    let path = at.callee_path(operation.expr);
    let sibling = |name| path.and_then(|path| at.sibling(path, name));
    let says = "a layout without a check of its size and alignment";
    if let (Some(of), Some(new)) = (one_type(at, size, align), sibling("new")) {
        let text = Pieces::of(format!("{new}::<{}>()", at.type_text(of)));
        let whole = Replacement::new(operation, operation.expr, text);
        found.push(
            whole
                .says(says)
                .since(if at.runs(operation.expr) { 28 } else { 42 }),
        );
        return;
    }
    let Some(checked) = sibling("from_size_align").filter(|_| at.runs(operation.expr)) else {
        return;
    };
    let text = Pieces::of(format!("{checked}("))
        .keep(size)
        .text(", ")
        .keep(align)
        .text(").unwrap()");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says(says)
            .since(28),
    );
}

/// The type whose size and alignment these are.
fn one_type(at: &At<'_>, size: ExprId, align: ExprId) -> Option<TypeId> {
    let ([], size) = at.call_of(size, "mem", &["size_of"])?;
    let ([], align) = at.call_of(align, "mem", &["align_of"])?;
    let ([size], [align]) = (size.generics, align.generics) else {
        return None;
    };
    (at.type_text(*size) == at.type_text(*align)).then_some(*size)
}
