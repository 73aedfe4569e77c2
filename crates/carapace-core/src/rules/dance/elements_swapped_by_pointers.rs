//! Values are swapped through pointers
//!
//! `ptr::swap` trusts that both places exist and hold values. Of elements of one slice and of
//! references, safe code does the same.
//!
//! ## What to do
//! Write `v.swap(i, j)` for elements of one slice, and `mem::swap(a, b)` for what references lead to.
//!
//! ## Known problems
//! An index that is out of bounds panics then, where it was undefined before.
//!
//! ## Example
//! ```text,bad
//! pub fn turn(values: &mut [String], i: usize, j: usize) {
//!     unsafe {
//!         std::ptr::swap(values.as_mut_ptr().add(i), values.as_mut_ptr().add(j));
//!     }
//! }
//!
//! pub fn first(a: &mut Vec<u8>, b: &mut [u8], i: usize) {
//!     unsafe { std::ptr::swap(&mut a[0], &mut b[i]) }
//! }
//!
//! pub fn both(a: &mut String, b: &mut String) {
//!     unsafe { std::ptr::swap(a, b) }
//! }
//! ```
//! ```text,good
//! pub fn turn(values: &mut [String], i: usize, j: usize) {
//!     values.swap(i, j);
//! }
//!
//! pub fn first(a: &mut Vec<u8>, b: &mut [u8], i: usize) {
//!     std::mem::swap(&mut a[0], &mut b[i])
//! }
//!
//! pub fn both(a: &mut String, b: &mut String) {
//!     std::mem::swap(a, b)
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many(2..20);
//! let mut texts: Vec<String> = bytes.iter().map(|byte| byte.to_string()).collect();
//! let (i, j) = (random.below(texts.len()), random.below(texts.len()));
//! turn(&mut texts, i, j);
//! show!(&texts);
//! let mut other: Vec<u8> = random.many(2..20);
//! let mut bytes = bytes;
//! let i = random.below(other.len());
//! first(&mut bytes, &mut other, i);
//! show!((&bytes, &other));
//! let (mut a, mut b) = (texts.remove(0), texts.remove(0));
//! both(&mut a, &mut b);
//! show!((a, b));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.swap>
//! - <https://doc.rust-lang.org/std/mem/fn.swap.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::chains::overlap;
use crate::dance::needs::Operation;
use crate::dance::pointers::Spot;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN018",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let (a, b) = if let Some(([a, b], _)) = at.call_of::<2>(operation.expr, "ptr", &["swap"]) {
        (a, b)
    } else if let Some((a, [b])) = at.method_of::<1>(operation.expr, &["swap"])
        && matches!(at.type_of(a), Ty::Pointer { .. })
    {
        (a, b)
    } else {
        return;
    };
    // While the program is compiled, slices have few methods.
    if !at.runs(operation.expr) {
        return;
    }
    let offer = match (at.spot(a), at.spot(b)) {
        (Some(one), Some(other)) if at.alike(one.base, other.base) => {
            within(at, operation, &one, &other)
        }
        _ => between(at, operation, a, b),
    };
    found.extend(offer);
}

/// Two elements of one sequence.
fn within(at: &At<'_>, operation: &Operation, a: &Spot, b: &Spot) -> Option<Replacement> {
    let is_plain = |spot: &Spot| spot.mutable && spot.is_plain();
    at.chain(a.base)?;
    if !is_plain(a) || !is_plain(b) || at.may_be_spare(a, operation.expr) {
        return None;
    }
    let text = Pieces::default()
        .operand(a.base)
        .text(".swap(")
        .then(a.index(at, 0))
        .text(", ")
        .then(b.index(at, 0))
        .text(")");
    Some(
        Replacement::new(operation, operation.expr, text)
            .through(a)
            .through(b)
            .says("a swap of two elements whose indices are checked")
            .safe_if(at.are_free(a, b, operation.expr)),
    )
}

/// What two references lead to.
fn between(at: &At<'_>, operation: &Operation, a: ExprId, b: ExprId) -> Option<Replacement> {
    let name = at.of_mem(operation.expr, "swap")?;
    let (of_a, of_b) = (lent(at, a)?, lent(at, b)?);
    let (Some(chain_a), Some(chain_b)) = (at.chain(a), at.chain(b)) else {
        return None;
    };
    if of_a != of_b && of_a != Ty::Unknown && of_b != Ty::Unknown || overlap(&chain_a, &chain_b) {
        return None;
    }
    let text = Pieces::of(format!("{name}("))
        .keep(a)
        .text(", ")
        .keep(b)
        .text(")");
    let is_known = of_a.is_known() && of_a == of_b;
    Some(
        Replacement::new(operation, operation.expr, text)
            .says("a swap of what two references lead to")
            .safe_if(is_known),
    )
}

/// What a reference that may be changed leads to, where an expression is one.
fn lent(at: &At<'_>, id: ExprId) -> Option<Ty> {
    if let ExprKind::Borrow {
        how: Borrow::Mut, ..
    } = at.kind(at.bare(id))
        && let Ty::Ref { of, .. } = at.type_of(id)
    {
        return Some(*of);
    }
    match (at.type_of(id), at.single(id)) {
        (Ty::Ref { mutable: true, of }, Some(name)) if name != "self" => Some(*of),
        _ => None,
    }
}
