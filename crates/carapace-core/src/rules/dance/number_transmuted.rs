//! A number is transmuted into another of its size
//!
//! `transmute` between integers of one size, or from a `bool`, a `char` or a variant without fields to a
//! number, does what `as` does.
//!
//! ## What to do
//! Write `as`; where both types are the same, nothing.
//!
//! ## Known problems
//! None are known.
//!
//! ## Example
//! ```text,bad
//! #[derive(Clone, Copy)]
//! #[repr(u8)]
//! pub enum Kind {
//!     A = 3,
//!     B = 7,
//! }
//!
//! pub fn signed(n: u32) -> i32 {
//!     unsafe { std::mem::transmute(n ^ 5) }
//! }
//!
//! pub fn same(n: u16) -> u16 {
//!     let n: u16 = unsafe { std::mem::transmute(n) };
//!     n
//! }
//!
//! pub fn kind(kind: Kind) -> u8 {
//!     unsafe { std::mem::transmute::<Kind, u8>(kind) }
//! }
//!
//! pub fn less(n: u32) -> bool {
//!     unsafe { std::mem::transmute::<u32, i32>(n) < 4 }
//! }
//!
//! pub fn truth(is: bool) -> u8 {
//!     unsafe { std::mem::transmute(is) }
//! }
//!
//! pub fn kinds(n: u8) -> u8 {
//!     kind(if n > 7 { Kind::A } else { Kind::B })
//! }
//! ```
//! ```text,good
//! #[derive(Clone, Copy)]
//! #[repr(u8)]
//! pub enum Kind {
//!     A = 3,
//!     B = 7,
//! }
//!
//! pub fn signed(n: u32) -> i32 {
//!     (n ^ 5) as i32
//! }
//!
//! pub fn same(n: u16) -> u16 {
//!     let n: u16 = n;
//!     n
//! }
//!
//! pub fn kind(kind: Kind) -> u8 {
//!     kind as u8
//! }
//!
//! pub fn less(n: u32) -> bool {
//!     (n as i32) < 4
//! }
//!
//! pub fn truth(is: bool) -> u8 {
//!     is as u8
//! }
//!
//! pub fn kinds(n: u8) -> u8 {
//!     kind(if n > 7 { Kind::A } else { Kind::B })
//! }
//! ```
//! ```text,cases
//! show!(signed(random.any()));
//! show!(same(random.any()));
//! show!(less(random.any()));
//! show!(truth(random.any()));
//! show!(kinds(random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/expressions/operator-expr.html#type-cast-expressions>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#unnecessary_transmutes>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN041",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    let (from, to, value) = (&transmute.from, &transmute.to, transmute.value);
    let cast = |name: &str| {
        let text = Pieces::default().operand(value).text(format!(" as {name}"));
        (text, at.cast_binds(operation.expr))
    };
    let mut is_certain = true;
    let (text, binds) = match (from, to) {
        (Ty::Int(a), Ty::Int(b)) if !a.is_empty() && a == b => {
            (Pieces::default().keep(value), at.binds(value))
        }
        (Ty::Int(_), Ty::Int(name)) if is_of_one_size(from, to) => cast(name),
        (Ty::Float(a), Ty::Float(b)) if !a.is_empty() && a == b => {
            (Pieces::default().keep(value), at.binds(value))
        }
        (Ty::Bool, Ty::Int(name @ ("u8" | "i8"))) => cast(name),
        (Ty::Char, Ty::Int("u32")) => cast("u32"),
        (Ty::Named(..), Ty::Int(name)) if !name.is_empty() && at.units(from).is_some() => {
            is_certain = at.is_own(from);
            cast(name)
        }
        _ => return,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(binds)
            .says("a number that is transmuted where a cast does")
            .safe_if(is_certain),
    );
}

/// Whether two integers have one size, on every machine.
fn is_of_one_size(a: &Ty, b: &Ty) -> bool {
    match (a.bytes(), b.bytes()) {
        (Some(a), Some(b)) => a == b,
        // `usize` and `isize`.
        (None, None) => a.integer().is_some() && b.integer().is_some(),
        _ => false,
    }
}
