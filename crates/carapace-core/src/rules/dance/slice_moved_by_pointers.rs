//! Elements are copied within one slice through pointers
//!
//! `ptr::copy` trusts that the places exist as far as it is told. A pointer that was made of one
//! element (`&v[i] as *const T`) may not even lead to those behind it, and `copy_nonoverlapping`
//! trusts that the places do not overlap besides.
//!
//! ## What to do
//! Write `v.copy_within(i..i + n, j)` (Rust 1.37), which becomes the same `memmove` behind checks, and
//! may overlap.
//!
//! ## Known problems
//! A range that is out of bounds panics then, where it was undefined before. Where the type of the
//! elements is not told by a declaration, the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub fn shift(values: &mut [u32], from: usize, to: usize, n: usize) {
//!     unsafe {
//!         std::ptr::copy(
//!             &values[from] as *const u32,
//!             &mut values[to] as *mut u32,
//!             n,
//!         );
//!     }
//! }
//!
//! pub fn down(values: &mut Vec<u8>, p: usize, n: usize) {
//!     unsafe { std::ptr::copy(values.as_ptr().add(p - n), values.as_mut_ptr().add(p - n + 1), n) };
//! }
//!
//! pub struct Window {
//!     pub bytes: Vec<u8>,
//! }
//!
//! impl Window {
//!     pub fn keep(&mut self, n: usize) {
//!         if self.bytes.len() > 2 * n {
//!             unsafe {
//!                 let to = self.bytes.as_mut_ptr();
//!                 let from = to.add(self.bytes.len() - n);
//!                 std::ptr::copy_nonoverlapping(from, to, n);
//!             }
//!             self.bytes.truncate(n);
//!         }
//!     }
//! }
//! ```
//! ```text,good
//! pub fn shift(values: &mut [u32], from: usize, to: usize, n: usize) {
//!     values.copy_within(from..from + n, to);
//! }
//!
//! pub fn down(values: &mut Vec<u8>, p: usize, n: usize) {
//!     values.copy_within(p - n..p, p - n + 1);
//! }
//!
//! pub struct Window {
//!     pub bytes: Vec<u8>,
//! }
//!
//! impl Window {
//!     pub fn keep(&mut self, n: usize) {
//!         if self.bytes.len() > 2 * n {
//!             let start = self.bytes.len() - n;
//!             self.bytes.copy_within(start..start + n, 0);
//!             self.bytes.truncate(n);
//!         }
//!     }
//! }
//! ```
//! ```text,cases
//! let mut values: Vec<u32> = random.many(20..40);
//! shift(&mut values, random.below(10), random.below(10), random.below(10));
//! show!(&values);
//! let mut bytes: Vec<u8> = random.many(20..40);
//! let n = random.below(9);
//! down(&mut bytes, n + random.below(9), n);
//! show!(&bytes);
//! let mut window = Window { bytes };
//! window.keep(random.below(20));
//! show!(&window.bytes);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.copy_within>
//! - <https://doc.rust-lang.org/std/ptr/fn.copy.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::stretches::{Copied, Stretch};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN015",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `copy_within`.
const SINCE: u32 = 37;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(Copied { from, to, count }) = at.copied(operation.expr) else {
        return;
    };
    // While the program is compiled, slices have few methods.
    if !at.runs(operation.expr) {
        return;
    }
    let Some(chain) = at.chain(to.base) else {
        return;
    };
    if at.may_be_spare(&to, operation.expr) {
        return;
    }
    if !at.alike(from.base, to.base) || !at.is_pure(to.base) {
        return;
    }
    let source = Stretch { spot: from, count };
    let target = Stretch { spot: to, count };
    let is_known = source.spot.element != Ty::Unknown
        && source.spot.is_certain
        && target.spot.is_certain
        && at.is_only_use(&target.spot, &source.spot, operation.expr)
        && source.is_pure(at);
    let Some((text, binds, since)) = written(at, operation, &source, &target, &chain) else {
        return;
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(binds)
            .through(&source.spot)
            .through(&target.spot)
            .since(since)
            .says("a copy within a slice whose bounds are checked")
            .safe_if(is_known),
    );
}

fn written(
    at: &At<'_>,
    operation: &Operation,
    source: &Stretch,
    target: &Stretch,
    chain: &[String],
) -> Option<(Pieces, Binds, u32)> {
    let base = target.spot.base;
    let is_mixed = |stretch: &Stretch| {
        let parts = stretch.spot.parts();
        parts
            .into_iter()
            .any(|part| part != stretch.spot.base && at.touches(part, chain))
    };
    let is_free = at.is_lent_late(base);
    if at.whole_number(source.count) == Some(1)
        && at.own_statement(operation.expr).is_some()
        && !is_mixed(source)
        && !is_mixed(target)
    {
        let text = target.spot.place(at, 0).text(" = ");
        return Some((text.then(source.spot.place(at, 0)), Binds::Loose, 0));
    }
    if !is_free && (is_mixed(target) || at.touches(source.count, chain)) {
        return None;
    }
    let call = |range: Pieces| {
        let text = Pieces::default()
            .operand(base)
            .text(".copy_within(")
            .then(range);
        text.text(", ").then(target.spot.index(at, 0)).text(")")
    };
    if is_free || !is_mixed(source) {
        return Some((call(source.range(at)), Binds::Postfix, SINCE));
    }
    // The index is asked of what is lent to the call then: it has to be known before.
    let name = at.new_name(&["start", "from", "begin"], operation.expr)?;
    let range = Pieces::of(format!("{name}..{name} + "));
    let range = range.operand(source.count);
    let text = at.with_let(operation.expr, name, source.spot.index(at, 0), call(range));
    Some((text, Binds::Loose, SINCE))
}
