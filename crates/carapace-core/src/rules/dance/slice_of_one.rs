//! A slice of one value is made from a pointer
//!
//! `slice::from_raw_parts(value, 1)` makes a slice of one value and forgets how long the value lives.
//!
//! ## What to do
//! Write `slice::from_ref(value)`, or `slice::from_mut`.
//!
//! ## Known problems
//! The slice borrows the value then, which the compiler may find wrong where a pointer hid it.
//!
//! ## Example
//! ```text,bad
//! use std::slice;
//!
//! pub fn one(value: &u32) -> &[u32] {
//!     unsafe { slice::from_raw_parts(value, 1) }
//! }
//!
//! pub fn sum_of(value: u64) -> u64 {
//!     let values = unsafe { slice::from_raw_parts(&value, 1) };
//!     values.iter().sum()
//! }
//! ```
//! ```text,good
//! use std::slice;
//!
//! pub fn one(value: &u32) -> &[u32] {
//!     slice::from_ref(value)
//! }
//!
//! pub fn sum_of(value: u64) -> u64 {
//!     let values = slice::from_ref(&value);
//!     values.iter().sum()
//! }
//! ```
//! ```text,cases
//! let value = random.any::<u32>();
//! show!(one(&value));
//! show!(sum_of(u64::from(value)));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/slice/fn.from_ref.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN074",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["from_raw_parts", "from_raw_parts_mut"];
    let Some(([value, count], call)) = at.call_of(operation.expr, "slice", &names) else {
        return;
    };
    if at.text(at.bare(count)) != "1" || !at.runs(operation.expr) {
        return;
    }
    let mutable = call.name == "from_raw_parts_mut";
    let of = at.type_of(value);
    let Ty::Ref {
        mutable: is_mut, ..
    } = of
    else {
        return;
    };
    if is_mut != mutable {
        return;
    }
    let path = at.callee_path(operation.expr);
    let name = if mutable { "from_mut" } else { "from_ref" };
    let Some(from) = path.and_then(|path| at.sibling(path, name)) else {
        return;
    };
    let text = Pieces::of(format!("{from}(")).keep(value);
    found.push(
        Replacement::new(operation, operation.expr, text.text(")"))
            .says("a slice of one value, made from a pointer")
            .since(28)
            .safe_if(!mutable && of.is_known() && stays(at, value)),
    );
}

/// Whether nothing can change a value while it is borrowed: a variable that is not `mut`.
fn stays(at: &At<'_>, value: ExprId) -> bool {
    let place = match at.kind(at.bare(value)) {
        ExprKind::Borrow {
            how: Borrow::Shared,
            operand,
        } => *operand,
        _ => value,
    };
    at.variable(place).is_some_and(|binding| !binding.mutable)
}
