//! A number is taken for a truth value or a character without a look
//!
//! A `bool` that is neither 0 nor 1 and a `char` that is no scalar value are undefined behaviour as soon as
//! they are there.
//!
//! ## What to do
//! Write `n != 0`, and `char::from_u32` with what is to come where there is no such character.
//!
//! ## Known problems
//! For numbers that are no character the replacement panics, where it was undefined before: it is to be
//! looked at, as mostly there is something better to do than to panic.
//!
//! ## Example
//! ```text,bad
//! pub fn truth(n: u8) -> bool {
//!     unsafe { std::mem::transmute(n & 1) }
//! }
//!
//! pub fn character(n: u32) -> char {
//!     unsafe { std::mem::transmute::<u32, char>(n) }
//! }
//!
//! pub fn unchecked(n: u32) -> char {
//!     unsafe { std::char::from_u32_unchecked(n) }
//! }
//! ```
//! ```text,good
//! pub fn truth(n: u8) -> bool {
//!     (n & 1) != 0
//! }
//!
//! pub fn character(n: u32) -> char {
//!     ::std::char::from_u32(n).unwrap()
//! }
//!
//! pub fn unchecked(n: u32) -> char {
//!     std::char::from_u32(n).unwrap()
//! }
//! ```
//! ```text,cases
//! show!(truth(random.any()));
//! let character_ = random.any::<char>() as u32;
//! show!(character(character_));
//! show!(unchecked(character_));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.char.html#method.from_u32>
//! - <https://doc.rust-lang.org/reference/behavior-considered-undefined.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN040",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if let Some(([value], _)) = at.call_of(operation.expr, "char", &["from_u32_unchecked"]) {
        let Some(callee) = checked(at, operation.expr) else {
            return;
        };
        found.push(character(at, operation, &callee, value));
        return;
    }
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    match (&transmute.from, &transmute.to) {
        (Ty::Int("u8" | "i8"), Ty::Bool) => {
            let text = Pieces::default().operand(transmute.value).text(" != 0");
            found.push(
                Replacement::new(operation, operation.expr, text)
                    .binds(Binds::Loose)
                    .says("a number that is taken for a truth value"),
            );
        }
        (Ty::Int("u32"), Ty::Char) => {
            // The crate's root is where the call says that it is.
            let ExprKind::Call { callee, .. } = at.kind(operation.expr) else {
                return;
            };
            let text = at.text(at.bare(*callee));
            let root = if text.contains("core::") {
                "core"
            } else {
                "std"
            };
            let callee = format!("::{root}::char::from_u32");
            found.push(character(at, operation, &callee, transmute.value));
        }
        _ => {}
    }
}

fn character(at: &At<'_>, operation: &Operation, callee: &str, value: ExprId) -> Replacement {
    let text = Pieces::of(format!("{callee}("))
        .keep(value)
        .text(").unwrap()");
    Replacement::new(operation, operation.expr, text)
        .since(if at.runs(operation.expr) { 2 } else { 83 })
        .says("a number that is taken for a character")
        .applies(Applicability::Unsafe)
}

/// What is called with a look, by the path that is written.
fn checked(at: &At<'_>, call: ExprId) -> Option<String> {
    let ExprKind::Call { callee, .. } = at.kind(call) else {
        return None;
    };
    let text = at.text(at.bare(*callee));
    let before = text.strip_suffix("from_u32_unchecked")?;
    (!before.is_empty()).then(|| format!("{before}from_u32"))
}
