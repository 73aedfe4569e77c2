//! Only a lifetime is transmuted
//!
//! A `transmute` between types that differ in a lifetime alone silences the borrow checker: from there on
//! nobody looks whether what is borrowed is still there.
//!
//! ## What to do
//! Which way out there is hangs on why the lifetime was too short. Threads may borrow from what outlives
//! them by `std::thread::scope`. A value that holds what it borrows from is split in two, or holds indices
//! in place of references, or an `Arc`. A borrow that is given back in some branches only is asked for
//! again in the branch that returns it.
//!
//! ## Known problems
//! What is shown is what stands there without the `transmute`; whether the compiler takes it is another
//! matter. It is found where both types are written or known.
//!
//! ## Example
//! ```text,bad
//! pub fn sum(values: &[u64]) -> u64 {
//!     let values: &'static [u64] =
//!         unsafe { std::mem::transmute::<&[u64], &'static [u64]>(values) };
//!     let handle = std::thread::spawn(move || values.iter().copied().fold(0, u64::wrapping_add));
//!     handle.join().unwrap()
//! }
//! ```
//! ```text,good
//! pub fn sum(values: &[u64]) -> u64 {
//!     std::thread::scope(|scope| {
//!         let handle = scope.spawn(|| values.iter().copied().fold(0, u64::wrapping_add));
//!         handle.join().unwrap()
//!     })
//! }
//! ```
//! ```text,cases
//! show!(sum(&random.many(0..9)));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/thread/fn.scope.html>
//! - <https://doc.rust-lang.org/nomicon/transmutes.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::TypeId;

pub(crate) const META: Meta = Meta {
    code: "DAN065",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([value], call)) = at.call_of(operation.expr, "mem", &["transmute"]) else {
        return;
    };
    let is_lifetime = match call.generics {
        [from, to] => {
            let (from, to) = (without_lifetimes(at, *from), without_lifetimes(at, *to));
            from == to && from != "_"
        }
        [] => {
            let (from, to) = (at.type_of(value), at.expected(operation.expr));
            matches!(from, Ty::Ref { .. }) && from.is_known() && from == to
        }
        _ => false,
    };
    if !is_lifetime {
        return;
    }
    found.push(
        Replacement::new(operation, operation.expr, Pieces::default().keep(value))
            .says("a lifetime that is made longer than the compiler allows")
            .applies(Applicability::Display),
    );
}

/// A type without what it says of lifetimes.
fn without_lifetimes(at: &At<'_>, of: TypeId) -> String {
    let tokens = at.type_tokens(of);
    let mut text = String::new();
    for token in tokens.start..tokens.end {
        let word = at.file.source.text(token as usize);
        if !word.starts_with('\'') {
            text.push_str(&word);
            text.push(' ');
        }
    }
    text.replace("< , ", "< ")
        .replace("< > ", "")
        .trim()
        .to_owned()
}
