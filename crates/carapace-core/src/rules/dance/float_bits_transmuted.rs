//! A float is transmuted into the number that its bits are, or back
//!
//! `transmute` takes any two types of one size, whatever is meant.
//!
//! ## What to do
//! Write `to_bits` and `from_bits`: the code is the same.
//!
//! ## Known problems
//! Where one of the types is not told by a declaration the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub fn bits(x: f32) -> u32 {
//!     unsafe { std::mem::transmute(x) }
//! }
//!
//! pub fn signed(x: f64) -> i64 {
//!     unsafe { std::mem::transmute::<f64, i64>(x + 1.0) }
//! }
//!
//! pub fn float(bits: u64) -> f64 {
//!     let x: f64 = unsafe { std::mem::transmute(bits >> 1) };
//!     x
//! }
//!
//! pub fn of_signed(bits: i32) -> f32 {
//!     unsafe { std::mem::transmute(bits) }
//! }
//!
//! pub fn by_pointer(x: f32) -> u32 {
//!     unsafe { *(&x as *const f32 as *const u32) }
//! }
//! ```
//! ```text,good
//! pub fn bits(x: f32) -> u32 {
//!     x.to_bits()
//! }
//!
//! pub fn signed(x: f64) -> i64 {
//!     (x + 1.0).to_bits() as i64
//! }
//!
//! pub fn float(bits: u64) -> f64 {
//!     let x: f64 = f64::from_bits(bits >> 1);
//!     x
//! }
//!
//! pub fn of_signed(bits: i32) -> f32 {
//!     f32::from_bits(bits as u32)
//! }
//!
//! pub fn by_pointer(x: f32) -> u32 {
//!     x.to_bits()
//! }
//! ```
//! ```text,cases
//! show!(bits(f32::from_bits(random.any())));
//! show!(by_pointer(f32::from_bits(random.any())));
//! show!(signed(random.below(1000) as f64));
//! show!(float(random.any()).to_bits());
//! show!(of_signed(random.any()).to_bits());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.f32.html#method.to_bits>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN039",
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
    let value = transmute.value;
    let (text, binds) = match (&transmute.from, &transmute.to) {
        (Ty::Float(float), to @ Ty::Int(int)) if is_of_size(float, to) => {
            let bits = match at.type_of(value) == transmute.from {
                true => Pieces::default().operand(value).text(".to_bits()"),
                false => Pieces::of(format!("{float}::to_bits("))
                    .keep(value)
                    .text(")"),
            };
            match int.starts_with('u') {
                true => (bits, Binds::Postfix),
                false => (
                    bits.text(format!(" as {int}")),
                    at.cast_binds(operation.expr),
                ),
            }
        }
        (from @ Ty::Int(int), Ty::Float(float)) if is_of_size(float, from) => {
            let text = Pieces::of(format!("{float}::from_bits("));
            let text = match int.starts_with('u') {
                true => text.keep(value),
                false => {
                    let unsigned = int.replacen('i', "u", 1);
                    text.operand(value).text(format!(" as {unsigned}"))
                }
            };
            (text.text(")"), Binds::Postfix)
        }
        // What is of another size does not build.
        (Ty::Float(float), Ty::Unknown) if !float.is_empty() => {
            let text = Pieces::of(format!("{float}::to_bits("));
            (text.keep(value).text(")"), Binds::Postfix)
        }
        (Ty::Unknown, Ty::Float(float)) if !float.is_empty() => {
            let text = Pieces::of(format!("{float}::from_bits("));
            (text.keep(value).text(")"), Binds::Postfix)
        }
        _ => return,
    };
    let is_known = transmute.from.is_known() && transmute.to.is_known();
    let since = match at.runs(operation.expr) {
        true => 20,
        false => 83,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(binds)
            .since(since)
            .says("a float and the number that its bits are, transmuted")
            .safe_if(is_known),
    );
}

fn is_of_size(float: &str, of: &Ty) -> bool {
    matches!((float, of.bytes()), ("f32", Some(4)) | ("f64", Some(8)))
}
