//! A vector is filtered by moving its elements through pointers
//!
//! A loop that moves what is kept to the front and then sets a smaller length trusts that nothing
//! panics: a predicate or a destructor that does leaves elements that are dropped twice, or none.
//!
//! ## What to do
//! Write `v.retain_mut(|element| …)` (Rust 1.61), or `extract_if` (Rust 1.87) where what is taken out is
//! wanted.
//!
//! ## Known problems
//! It is only shown: the loop's condition becomes the closure's value.
//!
//! ## Example
//! ```text,bad
//! pub fn keep(values: &mut Vec<u32>, least: u32) {
//!     let length = values.len();
//!     let mut removed = 0;
//!     for i in 0..length {
//!         if values[i] < least {
//!             removed += 1;
//!         } else if removed > 0 {
//!             values.swap(i - removed, i);
//!         }
//!     }
//!     unsafe { values.set_len(length - removed) }
//! }
//! ```
//! ```text,good
//! pub fn keep(values: &mut Vec<u32>, least: u32) {
//!     values.retain_mut(|value| *value >= least);
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.retain_mut>
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.extract_if>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Operator};

pub(crate) const META: Meta = Meta {
    code: "DAN023",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `retain_mut`.
const SINCE: u32 = 61;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((vector, [length])) = at.method_of::<1>(operation.expr, &["set_len"]) else {
        return;
    };
    let is_less = matches!(
        at.kind(at.bare(length)),
        ExprKind::Binary {
            operator: Operator::Sub,
            ..
        }
    );
    if !at.is_vec(vector) || !is_less {
        return;
    }
    let body = at.body_of(operation.expr);
    if !body.is_some_and(|body| is_moved_in_loop(at, body, vector)) {
        return;
    }
    let text = Pieces::default()
        .operand(vector)
        .text(".retain_mut(|element| keep(element))");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .since(SINCE)
            .says("a filter that leaves a sound vector behind if the condition panics")
            .applies(Applicability::Display),
    );
}

/// Whether a loop moves elements of a vector to other places of it.
fn is_moved_in_loop(at: &At<'_>, body: ExprId, vector: ExprId) -> bool {
    let moves = |part: ExprId| {
        let swapped = at.method_of::<2>(part, &["swap"]);
        let is_swap = swapped.is_some_and(|(of, _)| at.alike(of, vector));
        let copied = at.call_of::<3>(part, "ptr", &["copy", "copy_nonoverlapping"]);
        let is_copy = copied.is_some_and(|([from, to, _], _)| {
            let within = |pointer| {
                at.spot(pointer)
                    .is_some_and(|spot| at.alike(spot.base, vector))
            };
            within(from) && within(to)
        });
        is_swap || is_copy
    };
    at.syntax().within(body).any(|part| {
        let inner = at.loop_body(part);
        inner.is_some_and(|inner| at.syntax().within(inner).any(moves))
    })
}
