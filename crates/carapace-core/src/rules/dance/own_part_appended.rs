//! A vector appends a part of itself through pointers
//!
//! `reserve`, a copy to behind the last element, and `set_len` trust that the part is there and that
//! the room suffices. Where the copy runs into what it writes, as decompressors do it, it repeats
//! elements.
//!
//! ## What to do
//! Write `v.extend_from_within(i..i + n)` (Rust 1.53). Where elements are to be repeated, push them one
//! by one, or what is there so far at once, until there are enough.
//!
//! ## Known problems
//! A range that is out of bounds panics then, where it was undefined before. Where a function of the
//! package copies, the way is only shown: it may repeat what it copies.
//!
//! ## Example
//! ```text,bad
//! pub fn again(bytes: &mut Vec<u8>, from: usize, n: usize) {
//!     let old = bytes.len();
//!     bytes.reserve(n);
//!     unsafe {
//!         let begin = bytes.as_mut_ptr();
//!         std::ptr::copy_nonoverlapping(begin.add(from), begin.add(old), n);
//!         bytes.set_len(old + n);
//!     }
//! }
//! ```
//! ```text,good
//! pub fn again(bytes: &mut Vec<u8>, from: usize, n: usize) {
//!     bytes.reserve(n);
//!     bytes.extend_from_within(from..from + n);
//! }
//! ```
//! ```text,cases
//! let mut bytes: Vec<u8> = random.many(20..30);
//! again(&mut bytes, random.below(10), random.below(10));
//! show!(&bytes);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.extend_from_within>
//! - <https://docs.rs/rle-decode-fast>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::pointers::Spot;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::stretches::{Copied, Stretch};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Operator, StatementId};

pub(crate) const META: Meta = Meta {
    code: "DAN013",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `extend_from_within`.
const SINCE: u32 = 53;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let (first, second) = match at.copied(operation.expr) {
        Some(copied) => (appended(at, operation, copied), None),
        None => (shown(at, operation), repeated(at, operation)),
    };
    let offers = first.into_iter().chain(second);
    // While the program is compiled, slices have few methods.
    found.extend(offers.filter(|_| at.runs(operation.expr)));
}

fn appended(at: &At<'_>, operation: &Operation, copied: Copied) -> Option<Replacement> {
    let Copied { from, to, count } = copied;
    let is_vec = matches!(at.type_of(to.base).peeled(), Ty::Vec(_));
    let (_, block) = at.own_statement(operation.expr)?;
    if !is_vec || !at.alike(from.base, to.base) || !at.is_pure(to.base) {
        return None;
    }
    let old = end_of(at, &to)?;
    let (set, statement) = at.statements(block).iter().find_map(|statement| {
        let set = set_length(at, *statement, to.base)?;
        is_sum(at, set.1, old, count).then_some((set.0, *statement))
    })?;
    let chain = at.chain(to.base)?;
    let source = Stretch { spot: from, count };
    let is_known = source.spot.element != Ty::Unknown
        && source.spot.is_certain
        && to.is_certain
        && source.is_pure(at)
        && !source.touches(at, &chain)
        && at.is_only_use(&to, &source.spot, operation.expr);
    let text = Pieces::default()
        .operand(to.base)
        .text(".extend_from_within(")
        .then(source.range(at))
        .text(")");
    let mut offer = Replacement::new(operation, operation.expr, text)
        .covers([set])
        .through(&source.spot)
        .through(&to)
        .since(SINCE)
        .says("a part that is appended with all checks")
        .safe_if(is_known);
    offer.removes.push(statement);
    // It may have been asked for this alone.
    offer.drops.extend(at.own_let(old));
    Some(offer)
}

/// The length of a vector to which end a pointer leads: the expression of its index.
fn end_of(at: &At<'_>, to: &Spot) -> Option<ExprId> {
    let parts = to.parts();
    let [index, _] = parts.as_slice() else {
        return None;
    };
    at.is_own_length(*index, to.base).then_some(*index)
}

/// `v.set_len(n)` as a statement: the call, and its argument.
fn set_length(at: &At<'_>, statement: StatementId, base: ExprId) -> Option<(ExprId, ExprId)> {
    use crate::source::syntax::StatementKind;
    let StatementKind::Expr { value, .. } = at.syntax().statement(statement)?.kind else {
        return None;
    };
    let (of, [length]) = at.method_of::<1>(value, &["set_len"])?;
    at.alike(of, base).then_some((value, length))
}

fn is_sum(at: &At<'_>, sum: ExprId, a: ExprId, b: ExprId) -> bool {
    match at.kind(at.bare(sum)) {
        ExprKind::Binary {
            operator: Operator::Add,
            left,
            right,
        } => at.alike(*left, a) && at.alike(*right, b) || at.alike(*left, b) && at.alike(*right, a),
        _ => false,
    }
}

/// The way where a function of the package copies: it may repeat what it writes.
fn shown(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let ExprKind::Call { arguments, .. } = at.kind(operation.expr) else {
        return None;
    };
    let [from, to, count, ..] = arguments.as_slice() else {
        return None;
    };
    if at.standard_call(operation.expr).is_some() {
        return None;
    }
    let (from, to) = (at.spot(*from)?, at.spot(*to)?);
    let is_vec = matches!(at.type_of(to.base).peeled(), Ty::Vec(_));
    if !is_vec || !at.alike(from.base, to.base) {
        return None;
    }
    end_of(at, &to)?;
    let body = at.body_of(operation.expr)?;
    let sets: Vec<ExprId> = at
        .syntax()
        .within(body)
        .filter(|part| {
            let set = at.method_of::<1>(*part, &["set_len"]);
            set.is_some_and(|(of, _)| at.alike(of, to.base))
        })
        .collect();
    if sets.is_empty() {
        return None;
    }
    let range = Stretch {
        spot: from.clone(),
        count: *count,
    };
    let text = Pieces::of("for index in ")
        .then(range.range(at))
        .text(" { let element = ")
        .operand(to.base)
        .text("[index]; ")
        .operand(to.base)
        .text(".push(element); }");
    Some(
        Replacement::new(operation, operation.expr, text)
            .covers(sets)
            .through(&from)
            .through(&to)
            .binds(Binds::Loose)
            .says(
                "elements that are pushed one by one, without `set_len`: they repeat where the part \
                 ends at what is pushed",
            )
            .applies(Applicability::Display),
    )
}

/// A helper that copies one by one from one pointer that it is handed to another: the way for those
/// that call it.
fn repeated(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let names = ["copy", "copy_nonoverlapping"];
    let ([from, to, count], _) = at.call_of::<3>(operation.expr, "ptr", &names)?;
    let (source, [index]) = at.method_of::<1>(from, &["add", "offset"])?;
    let (target, [other]) = at.method_of::<1>(to, &["add", "offset"])?;
    let is_handed =
        |id: ExprId| at.is_parameter(id) && matches!(at.type_of(id), Ty::Pointer { .. });
    let is_one = at.whole_number(count) == Some(1) && at.alike(index, other);
    if !is_one || !is_handed(source) || !is_handed(target) {
        return None;
    }
    let body = at.body_of(operation.expr)?;
    let at_once = at.syntax().within(body).filter(|part| {
        let copied = at.call_of::<3>(*part, "ptr", &names);
        copied.is_some_and(|([from, to, _], _)| at.alike(from, source) && at.alike(to, target))
    });
    let covered: Vec<ExprId> = at_once.chain([from, to]).collect();
    let text = Pieces::of("vector.push(vector[start + ")
        .keep(index)
        .text("])");
    Some(
        Replacement::new(operation, operation.expr, text)
            .covers(covered)
            .says(
                "a loop over the vector itself: elements that are pushed one by one repeat where the \
                 part ends at what is pushed",
            )
            .applies(Applicability::Display),
    )
}
