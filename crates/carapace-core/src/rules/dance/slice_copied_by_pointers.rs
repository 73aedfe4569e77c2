//! Elements are copied from one slice to another through pointers
//!
//! `ptr::copy_nonoverlapping` trusts that both places have as many elements as it is told, and that
//! they do not overlap. A length that is wrong overwrites memory of something else.
//!
//! ## What to do
//! Write `to[..n].copy_from_slice(&from[..n])`, which becomes the same `memcpy` behind two checks.
//!
//! ## Known problems
//! A length that is too large panics then, where it was undefined before. Where the types of the
//! elements are not told by declarations, the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub struct Buffer {
//!     pub bytes: [u8; 64],
//!     pub at: usize,
//! }
//!
//! impl Buffer {
//!     pub fn put(&mut self, text: &[u8]) {
//!         // SAFETY: the caller has looked.
//!         unsafe {
//!             std::ptr::copy_nonoverlapping(text.as_ptr(), self.bytes.as_mut_ptr().add(self.at), text.len());
//!         }
//!         self.at += text.len();
//!     }
//! }
//!
//! pub fn start(from: &[u32], to: &mut Vec<u32>, n: usize) {
//!     unsafe { std::ptr::copy_nonoverlapping(&from[1] as *const u32, &mut to[n] as *mut u32, n) }
//! }
//!
//! pub fn fill(from: &[u16], to: &mut [u16]) {
//!     let count = from.len().min(to.len());
//!     unsafe {
//!         let place = to.as_mut_ptr();
//!         place.copy_from_nonoverlapping(from.as_ptr(), count);
//!     }
//! }
//!
//! pub fn all(from: &[u8], to: &mut Vec<u8>) {
//!     unsafe {
//!         std::ptr::copy(from.as_ptr(), to.as_mut_ptr(), to.len());
//!     }
//! }
//!
//! pub fn one<T: Copy>(from: &[T], to: &mut [T], i: usize) {
//!     unsafe { std::ptr::copy_nonoverlapping(from.as_ptr().add(i), to.as_mut_ptr(), 1) };
//! }
//! ```
//! ```text,good
//! pub struct Buffer {
//!     pub bytes: [u8; 64],
//!     pub at: usize,
//! }
//!
//! impl Buffer {
//!     pub fn put(&mut self, text: &[u8]) {
//!         self.bytes[self.at..self.at + text.len()].copy_from_slice(text);
//!         self.at += text.len();
//!     }
//! }
//!
//! pub fn start(from: &[u32], to: &mut Vec<u32>, n: usize) {
//!     to[n..n + n].copy_from_slice(&from[1..1 + n])
//! }
//!
//! pub fn fill(from: &[u16], to: &mut [u16]) {
//!     let count = from.len().min(to.len());
//!     to[..count].copy_from_slice(&from[..count]);
//! }
//!
//! pub fn all(from: &[u8], to: &mut Vec<u8>) {
//!     let count = to.len();
//!     to[..count].copy_from_slice(&from[..count]);
//! }
//!
//! pub fn one<T: Copy>(from: &[T], to: &mut [T], i: usize) {
//!     to[0] = from[i];
//! }
//! ```
//! ```text,cases
//! let mut buffer = Buffer { bytes: [0; 64], at: random.below(30) };
//! buffer.put(&random.many::<u8>(0..30));
//! show!(buffer.bytes);
//! let from: Vec<u32> = random.many(20..30);
//! let mut to: Vec<u32> = random.many(40..50);
//! start(&from, &mut to, random.below(19));
//! show!(&to);
//! let words: Vec<u16> = random.many(0..9);
//! let mut more: Vec<u16> = random.many(0..9);
//! fill(&words, &mut more);
//! show!(&more);
//! let mut bytes: Vec<u8> = random.many(0..20);
//! all(&random.many::<u8>(20..30), &mut bytes);
//! show!(&bytes);
//! one(&from, &mut to, random.below(20));
//! show!(&to);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.copy_from_slice>
//! - <https://doc.rust-lang.org/std/ptr/fn.copy_nonoverlapping.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::chains::overlap;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::stretches::{Copied, Stretch};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN014",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

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
    // What lies in the same sequence is another rule's.
    let is_apart = match at.chain(from.base) {
        Some(other) => !overlap(&other, &chain),
        None => !at.touches(from.base, &chain),
    };
    let source = Stretch { spot: from, count };
    let target = Stretch { spot: to, count };
    let indices = [&source, &target];
    let mut steps = indices.iter().flat_map(|stretch| stretch.spot.parts());
    let is_mixed = steps.any(|part| part != target.spot.base && at.touches(part, &chain));
    if !is_apart || is_mixed {
        return;
    }
    let is_known = source.spot.element != Ty::Unknown
        && source.spot.is_certain
        && target.spot.is_certain
        && at.is_only_use(&target.spot, &source.spot, operation.expr)
        && at.is_pure(source.spot.base)
        && at.is_pure(target.spot.base);
    let (text, binds) = written(at, operation, &source, &target, &chain);
    let Some(text) = text else {
        return;
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(binds)
            .through(&source.spot)
            .through(&target.spot)
            .says("a copy between slices whose lengths are checked")
            .safe_if(is_known),
    );
}

fn written(
    at: &At<'_>,
    operation: &Operation,
    source: &Stretch,
    target: &Stretch,
    chain: &[String],
) -> (Option<Pieces>, Binds) {
    let is_one = at.whole_number(source.count) == Some(1);
    if is_one && at.own_statement(operation.expr).is_some() {
        let text = target.spot.place(at, 0).text(" = ");
        return (Some(text.then(source.spot.place(at, 0))), Binds::Loose);
    }
    if !at.touches(target.count, chain) || target.is_whole(at) && at.is_lent_late(target.spot.base)
    {
        let text = target.place(at).text(".copy_from_slice(");
        return (Some(text.then(source.slice(at)).text(")")), Binds::Postfix);
    }
    // The length is asked of what is lent to the call then: it has to be known before.
    let Some(name) = at.new_name(&["count", "length", "n"], operation.expr) else {
        return (None, Binds::Loose);
    };
    let range = |stretch: &Stretch| match stretch.spot.is_first() {
        true => Pieces::of(format!("..{name}")),
        false => stretch
            .spot
            .index(at, 0)
            .text("..")
            .then(stretch.spot.summand(at))
            .text(format!(" + {name}")),
    };
    if !source.spot.is_pure(at) || !target.spot.is_pure(at) {
        return (None, Binds::Loose);
    }
    let number = Pieces::default().keep(target.count);
    let text = Pieces::default()
        .operand(target.spot.base)
        .text("[")
        .then(range(target))
        .text("].copy_from_slice(&")
        .operand(source.spot.base)
        .text("[")
        .then(range(source))
        .text("])");
    (
        Some(at.with_let(operation.expr, name, number, text)),
        Binds::Loose,
    )
}
