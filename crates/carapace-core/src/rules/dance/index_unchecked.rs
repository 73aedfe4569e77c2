//! An element is taken without a check of its index
//!
//! `get_unchecked` and `get_unchecked_mut` leave out the check that an index is in bounds; what lies
//! there otherwise is undefined behaviour. In a loop over `0..v.len()` the compiler leaves the check
//! out by itself, and the code is the same; elsewhere it is one branch that is never taken.
//!
//! ## What to do
//! Write `v[i]`. Where a measurement shows that the check costs something, an iterator, `zip` or one
//! slice of the right length before the loop does without it safely.
//!
//! ## Known problems
//! An index that is out of bounds panics then, where it was undefined before. Where the type of what
//! is indexed is not told by a declaration, the replacement is to be looked at: types can have a
//! `get_unchecked` of their own and no index.
//!
//! ## Example
//! ```text,bad
//! pub fn sum(values: &[u32], at: &[usize]) -> u32 {
//!     let mut sum = 0u32;
//!     for i in 0..at.len() {
//!         sum = sum.wrapping_add(unsafe { *values.get_unchecked(at[i]) });
//!     }
//!     sum
//! }
//!
//! pub fn add(values: &mut [u32], at: usize) {
//!     // SAFETY: the caller has looked.
//!     unsafe { *values.get_unchecked_mut(at) += 1; }
//! }
//!
//! pub fn part(values: &[u32], from: usize) -> usize {
//!     let part = unsafe { values.get_unchecked(from..) };
//!     part.len()
//! }
//! ```
//! ```text,good
//! pub fn sum(values: &[u32], at: &[usize]) -> u32 {
//!     let mut sum = 0u32;
//!     for i in 0..at.len() {
//!         sum = sum.wrapping_add(values[at[i]]);
//!     }
//!     sum
//! }
//!
//! pub fn add(values: &mut [u32], at: usize) {
//!     values[at] += 1;
//! }
//!
//! pub fn part(values: &[u32], from: usize) -> usize {
//!     let part = &values[from..];
//!     part.len()
//! }
//! ```
//! ```text,cases
//! let mut values: Vec<u32> = random.many(1..40);
//! let at: Vec<usize> = (0..20).map(|_| random.below(values.len())).collect();
//! show!(sum(&values, &at));
//! add(&mut values, at[0]);
//! show!(&values);
//! show!(part(&values, at[1]));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.get_unchecked>
//! - <https://nnethercote.github.io/perf-book/bounds-checks.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Prefix};

pub(crate) const META: Meta = Meta {
    code: "DAN001",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["get_unchecked", "get_unchecked_mut"];
    let Some((receiver, [index])) = at.method_of(operation.expr, &names) else {
        return;
    };
    let of = at.type_of(receiver);
    let is_text = matches!(of.peeled(), Ty::Str | Ty::String);
    let is_known = of.is_sequence() || is_text;
    // A type of the package's own may mean something else by it.
    if matches!(of.peeled(), Ty::Named(..)) {
        return;
    }
    let place = Pieces::default()
        .operand(receiver)
        .text("[")
        .keep(index)
        .text("]");
    let around = at.around(operation.expr);
    let (target, text, binds) = match around.map(|around| (around, at.kind(around))) {
        // `*v.get_unchecked(i)`
        Some((
            around,
            ExprKind::Unary {
                operator: Prefix::Deref,
                ..
            },
        )) => (around, place, Binds::Postfix),
        // What is called on a reference is called on the place, too.
        Some((around, ExprKind::Method { receiver, .. }))
            if at.bare(*receiver) == operation.expr && around != operation.expr =>
        {
            (operation.expr, place, Binds::Postfix)
        }
        Some((_, ExprKind::Field { .. })) => (operation.expr, place, Binds::Postfix),
        _ => {
            let is_mut = at
                .method_of::<1>(operation.expr, &["get_unchecked_mut"])
                .is_some();
            let borrow = if is_mut { "&mut " } else { "&" };
            let text = Pieces::of(borrow)
                .operand(receiver)
                .text("[")
                .keep(index)
                .text("]");
            (operation.expr, text, Binds::Prefix)
        }
    };
    found.push(
        Replacement::new(operation, target, text)
            .binds(binds)
            .says("an index without a check of its bounds")
            .safe_if(is_known && !borrows_twice(at, operation, receiver, index)),
    );
}

/// Whether what is changed is also called on to tell where: the borrow checker may refuse that.
fn borrows_twice(at: &At<'_>, operation: &Operation, receiver: ExprId, index: ExprId) -> bool {
    if at
        .method_of::<1>(operation.expr, &["get_unchecked_mut"])
        .is_none()
    {
        return false;
    }
    let root = at
        .file
        .source
        .name(at.syntax().expr(receiver).tokens.start as usize);
    let mut parts = at.syntax().within(index);
    parts.any(|part| {
        let calls = matches!(
            at.kind(part),
            ExprKind::Method { .. } | ExprKind::Call { .. }
        );
        calls && at.mentions(at.syntax().expr(part).tokens, &root)
    })
}
