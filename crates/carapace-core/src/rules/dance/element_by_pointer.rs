//! An element is reached through a pointer into its slice
//!
//! `*v.as_ptr().add(i)` is `v[i]` without the check that the index is in bounds, and without what the
//! borrow checker knows of `v`: what lies there otherwise is undefined behaviour.
//!
//! ## What to do
//! Write `v[i]`. Where a measurement shows that the check costs something, an iterator or one slice of
//! the right length before the loop does without it safely.
//!
//! ## Known problems
//! An index that is out of bounds panics then, where it was undefined before. A reference that is made
//! of the pointer lives as long as one likes; one that is made of the slice ends with it: where one is
//! kept the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub fn sum(values: &[u32]) -> u32 {
//!     let mut sum = 0u32;
//!     for i in 0..values.len() {
//!         sum = sum.wrapping_add(unsafe { *values.as_ptr().add(i) });
//!     }
//!     sum
//! }
//!
//! pub fn set(values: &mut [u16], at: usize, value: u16) {
//!     unsafe {
//!         *values.as_mut_ptr().offset(at as isize) = value;
//!         *values.as_mut_ptr().offset(at as isize + 1) = value >> 8;
//!     }
//! }
//!
//! pub fn add(values: &mut [u16; 8], at: usize) -> u16 {
//!     let pointer = values.as_mut_ptr();
//!     unsafe {
//!         *pointer.add(at) ^= 1;
//!         std::ptr::write(pointer.add(at + 1), 5);
//!         std::ptr::read(pointer)
//!     }
//! }
//! ```
//! ```text,good
//! pub fn sum(values: &[u32]) -> u32 {
//!     let mut sum = 0u32;
//!     for i in 0..values.len() {
//!         sum = sum.wrapping_add(values[i]);
//!     }
//!     sum
//! }
//!
//! pub fn set(values: &mut [u16], at: usize, value: u16) {
//!     values[at] = value;
//!     values[at + 1] = value >> 8;
//! }
//!
//! pub fn add(values: &mut [u16; 8], at: usize) -> u16 {
//!     values[at] ^= 1;
//!     values[at + 1] = 5;
//!     values[0]
//! }
//! ```
//! ```text,cases
//! let values: Vec<u32> = random.many(1..40);
//! show!(sum(&values));
//! let mut values = [3; 8];
//! let at = random.below(7);
//! set(&mut values, at, random.any());
//! show!(add(&mut values, at));
//! show!(&values);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.pointer.html#method.add>
//! - <https://nnethercote.github.io/perf-book/bounds-checks.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::pointers::{Access, Way};
use crate::dance::replacement::{Binds, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN032",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(access) = at.access(operation.expr) else {
        return;
    };
    // Two of one slice cannot be borrowed by their indices at once.
    if at.borrowed_pair(operation.expr).is_some() {
        return;
    }
    let spot = &access.spot;
    let is_as_it_is = !spot.is_cast() || spot.pointee == Ty::Unknown && access.of == spot.element;
    if !is_as_it_is || spot.element == Ty::Unknown {
        return;
    }
    let is_deref = at.dereferenced(operation.expr).is_some();
    let is_plain = is_plain(&spot.element);
    let is_lent = matches!(
        at.around(operation.expr).map(|around| at.kind(around)),
        Some(ExprKind::Borrow { .. })
    );
    // A pointer is kept so that two of its references can be there at once.
    if is_lent && !spot.through.is_empty() {
        return;
    }
    // `ptr::read` makes a second of what may be there once only; `ptr::write` does not drop.
    if !is_deref && !is_plain {
        return;
    }
    let place = spot.place(at, 0);
    let (target, text, binds) = match access.way {
        Way::Write(value) if !is_deref => {
            let text = place.text(" = ").keep(value);
            (access.target, text, Binds::Loose)
        }
        _ => (operation.expr, place, Binds::Postfix),
    };
    let is_written = matches!(access.way, Way::Write(_));
    found.push(
        Replacement::new(operation, target, text)
            .through(spot)
            .binds(binds)
            .says("an element behind a pointer into a slice, without a check of its bounds")
            .safe_if(
                spot.is_certain
                    && (!is_written || spot.mutable)
                    && is_alone(at, operation.expr, &access, is_plain),
            ),
    );
}

/// Whether values of a type are copied, and dropping one does nothing.
fn is_plain(of: &Ty) -> bool {
    match of {
        Ty::Pointer { .. } => true,
        Ty::Ref { mutable, .. } => !mutable,
        Ty::Array(of, _) => is_plain(of),
        Ty::Tuple(parts) => parts.iter().all(is_plain),
        of => of.is_scalar(),
    }
}

/// Whether no reference comes of it that may outlive what the borrow checker allows.
fn is_alone(at: &At<'_>, id: ExprId, access: &Access, is_plain: bool) -> bool {
    if access.way != Way::Place {
        return true;
    }
    let mut inner = id;
    loop {
        let Some(around) = at.around(inner) else {
            return true;
        };
        match at.kind(around) {
            ExprKind::Field { .. } => inner = around,
            ExprKind::Index { base, .. } if at.bare(*base) == inner => inner = around,
            ExprKind::Borrow { .. } => return false,
            ExprKind::Method { receiver, .. } if at.bare(*receiver) == inner => {
                return is_plain && inner == id;
            }
            _ => return true,
        }
    }
}
