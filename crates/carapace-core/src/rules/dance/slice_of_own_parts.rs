//! A part of a slice is made of a pointer and a length
//!
//! `slice::from_raw_parts(v.as_ptr().add(i), n)` checks neither that there are so many elements nor
//! that nothing else changes them, and the reference lives as long as anybody likes.
//!
//! ## What to do
//! Write `&v[i..i + n]`. For two parts of one slice that are changed at once, `v.split_at_mut(i)`.
//!
//! ## Known problems
//! A range that is out of bounds panics then, where it was undefined before. The compiler holds the
//! new reference to the life of what it borrows: where that may not do, the replacement is to be looked
//! at.
//!
//! ## Example
//! ```text,bad
//! pub fn part(values: &[u16], from: usize, n: usize) -> &[u16] {
//!     unsafe { std::slice::from_raw_parts(values.as_ptr().add(from), n) }
//! }
//!
//! pub fn add(values: &mut Vec<u8>, n: usize) {
//!     for value in unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr(), n) } {
//!         *value = value.wrapping_add(1);
//!     }
//! }
//!
//! pub fn halves(values: &mut [u32], middle: usize) -> (&mut [u32], &mut [u32]) {
//!     let length = values.len();
//!     let begin = values.as_mut_ptr();
//!     unsafe {
//!         assert!(middle <= length);
//!         (
//!             std::slice::from_raw_parts_mut(begin, middle),
//!             std::slice::from_raw_parts_mut(begin.add(middle), length - middle),
//!         )
//!     }
//! }
//! ```
//! ```text,good
//! pub fn part(values: &[u16], from: usize, n: usize) -> &[u16] {
//!     &values[from..from + n]
//! }
//!
//! pub fn add(values: &mut Vec<u8>, n: usize) {
//!     for value in &mut values[..n] {
//!         *value = value.wrapping_add(1);
//!     }
//! }
//!
//! pub fn halves(values: &mut [u32], middle: usize) -> (&mut [u32], &mut [u32]) {
//!     let length = values.len();
//!     assert!(middle <= length);
//!     values.split_at_mut(middle)
//! }
//! ```
//! ```text,cases
//! let words: Vec<u16> = random.many(20..30);
//! show!(part(&words, random.below(10), random.below(10)));
//! let mut bytes: Vec<u8> = random.many(20..30);
//! add(&mut bytes, random.below(20));
//! show!(&bytes);
//! let mut values: Vec<u32> = random.many(1..30);
//! let middle = random.below(values.len());
//! show!(halves(&mut values, middle));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/slice/fn.from_raw_parts.html>
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.split_at_mut>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::chains::overlap;
use crate::dance::needs::Operation;
use crate::dance::pointers::Spot;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::stretches::Stretch;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Operator};

pub(crate) const META: Meta = Meta {
    code: "DAN016",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

const NAMES: [&str; 2] = ["from_raw_parts", "from_raw_parts_mut"];

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let is_slice = at.call_of::<2>(operation.expr, "slice", &NAMES).is_some();
    // While the program is compiled, slices have few methods.
    if !is_slice || !at.runs(operation.expr) {
        return;
    }
    if is_half(at, operation.expr) {
        found.extend(halves(at, operation));
        return;
    }
    let Some((stretch, mutable)) = stretch(at, operation.expr) else {
        return;
    };
    if at.may_be_spare(&stretch.spot, operation.expr) || mutable && !stretch.spot.mutable {
        return;
    }
    let is_steady = stretch.spot.is_certain
        && stretch.is_pure(at)
        && (!mutable || at.is_only_use(&stretch.spot, &stretch.spot, operation.expr));
    let is_known = is_steady && lives(at, operation.expr, &stretch, mutable);
    let is_lent = at.chain(stretch.spot.base);
    // A length that is asked of what is lent to be changed.
    let is_mixed = mutable && is_lent.is_none_or(|chain| stretch.touches(at, &chain));
    let text = Pieces::of(if mutable { "&mut " } else { "&" }).then(stretch.place(at));
    let text = match stretch.is_whole(at) {
        true => text.text("[..]"),
        false => text,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(Binds::Prefix)
            .through(&stretch.spot)
            .says("a range of which the bounds are checked, and that is borrowed as long as it is used")
            .safe_if(is_known && (!is_mixed || stretch.is_whole(at))),
    );
}

fn stretch(at: &At<'_>, call: ExprId) -> Option<(Stretch, bool)> {
    let ([pointer, count], called) = at.call_of::<2>(call, "slice", &NAMES)?;
    let spot = at.spot(pointer)?;
    let is_plain = spot.is_plain();
    let stretch = Stretch { spot, count };
    (is_plain && at.chain(stretch.spot.base).is_some())
        .then_some((stretch, called.name.ends_with("mut")))
}

/// Whether the compiler surely lets a reference live as long as the one made by hand is used.
fn lives(at: &At<'_>, call: ExprId, stretch: &Stretch, mutable: bool) -> bool {
    let Some((_, function)) = at.function(call) else {
        return false;
    };
    let output = function
        .output
        .map(|of| at.type_text(of))
        .unwrap_or_default();
    let base = at.type_of(stretch.spot.base);
    let is_shared = matches!(base, Ty::Ref { mutable: false, .. }) && !mutable;
    // A named lifetime may be longer than that of what it is taken of.
    if output.contains('\'') {
        return false;
    }
    if is_kept(at, call) {
        return false;
    }
    let goes_out = output.contains('&') || output.contains('<');
    if is_shared {
        return !goes_out || at.is_parameter(stretch.spot.base);
    }
    let Some(body) = function.body else {
        return false;
    };
    let Some(chain) = at.chain(stretch.spot.base) else {
        return false;
    };
    let is_reference = matches!(base, Ty::Ref { .. });
    let is_result = at.tail(body).is_some_and(|tail| {
        at.syntax().is_within(call, tail) && at.is_parameter(stretch.spot.base) && is_reference
    });
    let behind = at.syntax().expr(call).tokens.end;
    let places = at.places_of(&chain, body);
    let is_used = places.into_iter().any(|place| {
        let is_behind = at.syntax().expr(place).tokens.start >= behind;
        let is_own = at.chain(place).is_none_or(|own| overlap(&own, &chain));
        is_behind && is_own
    });
    let in_loop = is_in_loop(at, call);
    !is_used && (is_result || !goes_out) && (!in_loop || !output.contains('&'))
}

/// Whether a value is put into another that is made or changed in the same statement.
fn is_kept(at: &At<'_>, call: ExprId) -> bool {
    let mut around = at.around(call);
    while let Some(id) = around {
        if matches!(
            at.kind(id),
            ExprKind::Assign { .. } | ExprKind::Struct { .. }
        ) {
            return true;
        }
        around = at.around(id).filter(|outer| *outer != id);
    }
    false
}

fn is_in_loop(at: &At<'_>, call: ExprId) -> bool {
    at.syntax().ancestors(call).any(|around| {
        let body = at.loop_body(around);
        body.is_some_and(|body| at.syntax().is_within(call, body))
    })
}

/// Whether a call makes one of two halves that stand beside each other.
fn is_half(at: &At<'_>, call: ExprId) -> bool {
    let tuple = at.around(call).map(|around| at.kind(around));
    let Some(ExprKind::Tuple(parts)) = tuple else {
        return false;
    };
    let is_call = |part: &ExprId| {
        at.call_of::<2>(at.bare(*part), "slice", &NAMES[1..])
            .is_some()
    };
    parts.len() == 2 && parts.iter().all(is_call)
}

fn halves(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let tuple = at.around(operation.expr)?;
    let ExprKind::Tuple(parts) = at.kind(tuple) else {
        return None;
    };
    let [first, second] = parts.as_slice() else {
        return None;
    };
    let (first, second) = (at.bare(*first), at.bare(*second));
    // The other of the two says the same.
    if operation.expr != first {
        return None;
    }
    let ((left, _), (right, _)) = (stretch(at, first)?, stretch(at, second)?);
    let base = left.spot.base;
    let is_split = at.alike(base, right.spot.base)
        && left.spot.is_first()
        && begins_at(at, &right.spot, left.count)
        && at.is_pure(left.count)
        && left.spot.mutable
        && right.spot.mutable
        && is_rest(at, base, left.count, right.count);
    let chain = at.chain(base)?;
    let is_free = at.is_lent_late(base) || !at.touches(left.count, &chain);
    let is_known = left.spot.is_certain && right.spot.is_certain && is_free;
    let text = Pieces::default()
        .operand(base)
        .text(".split_at_mut(")
        .keep(left.count)
        .text(")");
    let mut offer = Replacement::new(operation, tuple, text)
        .covers([second])
        .through(&left.spot)
        .through(&right.spot)
        .says("two parts of one slice, of which the compiler knows that they are apart")
        .safe_if(is_known);
    if let ExprKind::Binary { left, .. } = at.kind(at.bare(right.count)) {
        offer.drops.extend(at.own_let(*left));
    }
    is_split.then_some(offer)
}

/// Whether an index is a number, as it is written elsewhere.
fn begins_at(at: &At<'_>, spot: &Spot, number: ExprId) -> bool {
    match spot.parts().as_slice() {
        [step, _] => at.alike(*step, number) && spot.index(at, 0) == Pieces::default().keep(*step),
        _ => false,
    }
}

/// Whether a length is that of what is behind the first elements: `v.len() - n`, of a variable too.
fn is_rest(at: &At<'_>, base: ExprId, first: ExprId, rest: ExprId) -> bool {
    let ExprKind::Binary {
        operator: Operator::Sub,
        left,
        right,
    } = at.kind(at.bare(rest))
    else {
        return false;
    };
    at.alike(*right, first) && at.is_own_length(*left, base)
}
