//! A number is taken for a character without a check
//!
//! `char::from_u32_unchecked` believes that a number is a Unicode scalar value. One that is not makes a
//! `char` that may not exist.
//!
//! ## What to do
//! Write `char::from_u32(value).unwrap()`, or hand the `None` on. A byte is a character by
//! `char::from(byte)`.
//!
//! ## Known problems
//! A number that is no character panics then. In constants `unwrap` needs Rust 1.83.
//!
//! ## Example
//! ```text,bad
//! pub fn letter(index: u32) -> char {
//!     // SAFETY: these are letters.
//!     unsafe { char::from_u32_unchecked(0x61 + index % 26) }
//! }
//!
//! pub fn digit(value: u8) -> String {
//!     let digit = unsafe { std::char::from_u32_unchecked(u32::from(value) % 10 + 48) };
//!     digit.to_string()
//! }
//! ```
//! ```text,good
//! pub fn letter(index: u32) -> char {
//!     char::from_u32(0x61 + index % 26).unwrap()
//! }
//!
//! pub fn digit(value: u8) -> String {
//!     let digit = std::char::from_u32(u32::from(value) % 10 + 48).unwrap();
//!     digit.to_string()
//! }
//! ```
//! ```text,cases
//! show!(letter(random.any()));
//! show!(digit(random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.char.html#method.from_u32>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN073",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([value], _)) = at.call_of(operation.expr, "char", &["from_u32_unchecked"]) else {
        return;
    };
    let path = at.callee_path(operation.expr);
    let Some(checked) = path.and_then(|path| at.sibling(path, "from_u32")) else {
        return;
    };
    let text = Pieces::of(format!("{checked}(")).keep(value);
    found.push(
        Replacement::new(operation, operation.expr, text.text(").unwrap()"))
            .says("a number that is taken for a character without a check")
            .since(if at.runs(operation.expr) { 0 } else { 83 }),
    );
}
