//! The compiler is told what nothing checks
//!
//! `unreachable_unchecked` says that a place is never reached, `assert_unchecked` that something holds.
//! Where that is wrong, even once, the whole run is undefined, and the code that shows it may be far away.
//!
//! ## What to do
//! Write `unreachable!()` and `assert!(…)`. They cost a branch that is never taken, and the compiler
//! learns the same from them behind it.
//!
//! ## Known problems
//! Code that is small for the sake of being inlined grows by the call of the panic.
//!
//! ## Example
//! ```text,bad
//! pub fn half(value: u8) -> u8 {
//!     match value % 2 {
//!         0 => value / 2,
//!         1 => value / 2 + 1,
//!         _ => unsafe { std::hint::unreachable_unchecked() },
//!     }
//! }
//!
//! pub fn quarter(value: u8) -> u8 {
//!     unsafe {
//!         std::hint::assert_unchecked(value % 4 == 0);
//!     }
//!     value / 4
//! }
//! ```
//! ```text,good
//! pub fn half(value: u8) -> u8 {
//!     match value % 2 {
//!         0 => value / 2,
//!         1 => value / 2 + 1,
//!         _ => unreachable!(),
//!     }
//! }
//!
//! pub fn quarter(value: u8) -> u8 {
//!     assert!(value % 4 == 0);
//!     value / 4
//! }
//! ```
//! ```text,cases
//! show!(half(random.any()));
//! show!(quarter(random.any::<u8>() / 4 * 4));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/hint/fn.unreachable_unchecked.html>
//! - <https://doc.rust-lang.org/std/hint/fn.assert_unchecked.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN056",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = [
        "unreachable_unchecked",
        "unreachable",
        "assert_unchecked",
        "assume",
    ];
    let Some(call) = at.call_named(operation.expr, &names) else {
        return;
    };
    let (name, text, says) = match (call.parent, call.name, call.arguments) {
        ("hint", "unreachable_unchecked", []) | ("intrinsics", "unreachable", []) => (
            "unreachable",
            Pieces::of("unreachable!()"),
            "a place that is said never to be reached",
        ),
        ("hint", "assert_unchecked", [holds]) | ("intrinsics", "assume", [holds]) => (
            "assert",
            Pieces::of("assert!(").keep(*holds).text(")"),
            "something that is said to hold",
        ),
        _ => return,
    };
    // A macro of the package's own may be another thing.
    if at.declared.has(name) {
        return;
    }
    let since = if at.runs(operation.expr) { 0 } else { 57 };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says(says)
            .since(since),
    );
}
