//! A box is made of memory that was asked for by hand
//!
//! `Box::from_raw(alloc(layout) as *mut T)` has to get the layout, a failed allocation, and every byte of
//! the value right.
//!
//! ## What to do
//! Write `Box::new(value)`; for a long slice `vec![value; length].into_boxed_slice()`, which asks for
//! zeroed memory by itself where the value is zero. `Box::<T>::new_uninit()`, from Rust 1.82 on, is memory
//! to be filled.
//!
//! ## Known problems
//! What is shown is the way. A value that is too large for the stack is made there by `Box::new` in builds
//! without optimisation.
//!
//! ## Example
//! ```text,bad
//! use std::alloc::{Layout, alloc_zeroed};
//!
//! pub fn zero() -> Box<u64> {
//!     unsafe { Box::from_raw(alloc_zeroed(Layout::new::<u64>()) as *mut u64) }
//! }
//! ```
//! ```text,good
//! pub fn zero() -> Box<u64> {
//!     Box::new(0)
//! }
//! ```
//! ```text,cases
//! show!((zero(), random.any::<u8>()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/boxed/index.html#memory-layout>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN076",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([pointer], _)) = at.call_of(operation.expr, "Box", &["from_raw"]) else {
        return;
    };
    let Some(memory) = allocated(at, pointer, 4) else {
        return;
    };
    let value = match at.call_of::<1>(memory, "alloc", &["alloc_zeroed"]) {
        Some(_) => "Default::default()",
        None => "value",
    };
    let path = at.callee_path(operation.expr);
    let Some(new) = path.and_then(|path| at.sibling(path, "new")) else {
        return;
    };
    found.push(
        Replacement::new(
            operation,
            operation.expr,
            Pieces::of(format!("{new}({value})")),
        )
        .covers([memory])
        .says("a box of memory that was asked for by hand")
        .applies(Applicability::Display),
    );
}

/// The call that gave the memory, through casts and a variable.
fn allocated(at: &At<'_>, pointer: ExprId, steps: u32) -> Option<ExprId> {
    let steps = steps.checked_sub(1)?;
    let pointer = at.bare(pointer);
    if at
        .call_of::<1>(pointer, "alloc", &["alloc", "alloc_zeroed"])
        .is_some()
    {
        return Some(pointer);
    }
    match at.kind(pointer) {
        ExprKind::Cast { operand, .. } => allocated(at, *operand, steps),
        ExprKind::Method { receiver, name, .. } if at.is_name(*name, "cast") => {
            allocated(at, *receiver, steps)
        }
        ExprKind::Block(_) => allocated(at, at.tail(pointer)?, steps),
        ExprKind::Path(_) => allocated(at, at.let_value(pointer)?, steps),
        _ => None,
    }
}
