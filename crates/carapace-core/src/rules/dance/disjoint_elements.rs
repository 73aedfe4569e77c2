//! Two elements of a slice are borrowed at once through pointers
//!
//! Two `&mut` to elements of one slice are sound where the indices differ, which nothing checks.
//!
//! ## What to do
//! Write `v.get_disjoint_mut([i, j])` (Rust 1.86), or `split_at_mut` between them before.
//!
//! ## Known problems
//! Indices that are equal or out of bounds panic then, where they were undefined before.
//!
//! ## Example
//! ```text,bad
//! pub fn pair(values: &mut [String], i: usize, j: usize) -> (&mut String, &mut String) {
//!     assert!(i != j && i < values.len() && j < values.len());
//!     let begin = values.as_mut_ptr();
//!     unsafe { (&mut *begin.add(i), &mut *begin.add(j)) }
//! }
//! ```
//! ```text,good
//! pub fn pair(values: &mut [String], i: usize, j: usize) -> (&mut String, &mut String) {
//!     assert!(i != j && i < values.len() && j < values.len());
//!     { let [a, b] = values.get_disjoint_mut([i, j]).unwrap(); (a, b) }
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many(2..20);
//! let mut texts: Vec<String> = bytes.iter().map(|byte| byte.to_string()).collect();
//! let i = random.below(texts.len());
//! let j = (i + 1) % texts.len();
//! show!(pair(&mut texts, i, j));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.get_disjoint_mut>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN017",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `get_disjoint_mut`.
const SINCE: u32 = 86;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    // While the program is compiled, slices have few methods.
    found.extend(pair(at, operation).filter(|_| at.runs(operation.expr)));
}

fn pair(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let (tuple, [(one, a), (other, b)]) = at.borrowed_pair(operation.expr)?;
    // The other of the two says the same.
    if operation.expr != one {
        return None;
    }
    at.chain(a.base)?;
    if at.may_be_spare(&a, operation.expr) {
        return None;
    }
    let text = Pieces::of("{ let [a, b] = ")
        .operand(a.base)
        .text(".get_disjoint_mut([")
        .then(a.index(at, 0))
        .text(", ")
        .then(b.index(at, 0))
        .text("]).unwrap(); (a, b) }");
    Some(
        Replacement::new(operation, tuple, text)
            .covers([other])
            .through(&a)
            .through(&b)
            .binds(Binds::Loose)
            .since(SINCE)
            .says("two elements of which it is checked that they differ")
            .safe_if(at.are_free(&a, &b, tuple)),
    )
}
