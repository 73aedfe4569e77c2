//! A number is transmuted into its bytes, or bytes into a number
//!
//! `transmute` takes any two types of one size: a type that is changed elsewhere changes what is read, and
//! nobody is told.
//!
//! ## What to do
//! `to_ne_bytes` and `from_ne_bytes` do the same, in the order that the machine has. Where the bytes come
//! from a file or a network, `to_le_bytes` and its kind say which order is meant.
//!
//! ## Known problems
//! Arrays of numbers are written out, number by number; where they are long nothing is proposed. Where
//! the type of the number is not told the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! pub fn bytes(n: u32) -> [u8; 4] {
//!     unsafe { std::mem::transmute(n.to_le()) }
//! }
//!
//! pub fn number(bytes: [u8; 8]) -> u64 {
//!     let n = unsafe { std::mem::transmute::<[u8; 8], u64>(bytes) };
//!     n
//! }
//!
//! pub fn float(bytes: [u8; 4]) -> f32 {
//!     unsafe { std::mem::transmute(bytes) }
//! }
//!
//! pub fn numbers(bytes: [u8; 4]) -> [u16; 2] {
//!     unsafe { std::mem::transmute(bytes) }
//! }
//!
//! pub fn all(numbers: &[i16; 2]) -> [u8; 4] {
//!     unsafe { std::mem::transmute::<[i16; 2], [u8; 4]>(*numbers) }
//! }
//!
//! pub fn other(numbers: [i16; 2]) -> [u16; 2] {
//!     unsafe { std::mem::transmute(numbers) }
//! }
//! ```
//! ```text,good
//! pub fn bytes(n: u32) -> [u8; 4] {
//!     n.to_le().to_ne_bytes()
//! }
//!
//! pub fn number(bytes: [u8; 8]) -> u64 {
//!     let n = u64::from_ne_bytes(bytes);
//!     n
//! }
//!
//! pub fn float(bytes: [u8; 4]) -> f32 {
//!     f32::from_ne_bytes(bytes)
//! }
//!
//! pub fn numbers(bytes: [u8; 4]) -> [u16; 2] {
//!     [u16::from_ne_bytes([bytes[0], bytes[1]]), u16::from_ne_bytes([bytes[2], bytes[3]])]
//! }
//!
//! pub fn all(numbers: &[i16; 2]) -> [u8; 4] {
//!     [(*numbers)[0].to_ne_bytes()[0], (*numbers)[0].to_ne_bytes()[1], (*numbers)[1].to_ne_bytes()[0], (*numbers)[1].to_ne_bytes()[1]]
//! }
//!
//! pub fn other(numbers: [i16; 2]) -> [u16; 2] {
//!     [numbers[0] as u16, numbers[1] as u16]
//! }
//! ```
//! ```text,cases
//! show!(bytes(random.any()));
//! show!(number(random.any::<u64>().to_ne_bytes()));
//! show!(float(random.any::<u32>().to_ne_bytes()).to_bits());
//! show!(numbers(random.any::<u32>().to_ne_bytes()));
//! show!(all(&[random.any(), random.any()]));
//! show!(other([random.any(), random.any()]));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.u32.html#method.to_ne_bytes>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#unnecessary_transmutes>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::transmutes::Transmute;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprKind;

pub(crate) const META: Meta = Meta {
    code: "DAN038",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How many numbers and bytes are written out, at most.
const MAX_BYTES: u64 = 16;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    let Some((text, is_float)) = whole(at, &transmute).or_else(|| apart(at, &transmute)) else {
        return;
    };
    let since = match (at.runs(operation.expr), is_float) {
        (false, true) => 83,
        (false, false) => 44,
        (true, true) => 40,
        (true, false) => 32,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .since(since)
            .says("numbers and their bytes, transmuted")
            .safe_if(transmute.from.is_known()),
    );
}

/// A number's bytes, or the number of bytes.
fn whole(at: &At<'_>, transmute: &Transmute) -> Option<(Pieces, bool)> {
    let value = transmute.value;
    let is_float = |of: &Ty| matches!(of, Ty::Float(_));
    match (array(&transmute.from), array(&transmute.to)) {
        (Some((Ty::Int("u8"), length)), None) => {
            let name = number(&transmute.to, length)?;
            let text = Pieces::of(format!("{name}::from_ne_bytes("))
                .keep(value)
                .text(")");
            Some((text, is_float(&transmute.to)))
        }
        (None, Some((Ty::Int("u8"), length))) if transmute.from != Ty::Unknown => {
            let name = number(&transmute.from, length)?;
            let text = match at.type_of(value) == transmute.from {
                true => Pieces::default().operand(value).text(".to_ne_bytes()"),
                false => Pieces::of(format!("{name}::to_ne_bytes("))
                    .keep(value)
                    .text(")"),
            };
            Some((text, is_float(&transmute.from)))
        }
        // A number whose type is not told.
        (None, Some((Ty::Int("u8"), 2 | 4 | 8 | 16))) => {
            let is_number = matches!(
                at.kind(at.bare(value)),
                ExprKind::Method { .. } | ExprKind::Binary { .. }
            );
            let text = Pieces::default().operand(value).text(".to_ne_bytes()");
            is_number.then_some((text, false))
        }
        _ => None,
    }
}

/// Arrays, number by number.
fn apart(at: &At<'_>, transmute: &Transmute) -> Option<(Pieces, bool)> {
    let (from, count) = array(&transmute.from)?;
    let (to, length) = array(&transmute.to)?;
    let (narrow, wide) = (u64::from(from.bytes()?), u64::from(to.bytes()?));
    let value = transmute.value;
    if from == to || !at.is_pure(value) || count.max(length) > MAX_BYTES {
        return None;
    }
    let mut parts: Vec<Pieces> = Vec::new();
    let element = |place: u64| Pieces::default().operand(value).text(format!("[{place}]"));
    match (from, to) {
        (Ty::Int("u8"), Ty::Int(name)) if wide > 1 && length.checked_mul(wide)? == count => {
            for place in 0..length {
                let mut part = Pieces::of(format!("{name}::from_ne_bytes(["));
                for byte in 0..wide {
                    let comma = if byte > 0 { ", " } else { "" };
                    part = part.text(comma).then(element(place * wide + byte));
                }
                parts.push(part.text("])"));
            }
        }
        (Ty::Int(_), Ty::Int("u8")) if narrow > 1 && count.checked_mul(narrow)? == length => {
            for byte in 0..length {
                let place = byte.checked_div(narrow)?;
                let byte = byte.checked_rem(narrow)?;
                parts.push(element(place).text(format!(".to_ne_bytes()[{byte}]")));
            }
        }
        (Ty::Int(_), Ty::Int(name)) if narrow == wide && count == length => {
            for place in 0..count {
                parts.push(element(place).text(format!(" as {name}")));
            }
        }
        _ => return None,
    }
    let mut text = Pieces::of("[");
    for (place, part) in parts.into_iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        text = text.text(comma).then(part);
    }
    Some((text.text("]"), false))
}

/// What an array holds, and how many.
fn array(of: &Ty) -> Option<(&Ty, u64)> {
    match of {
        Ty::Array(of, Some(length)) => Some((&**of, length.parse().ok()?)),
        _ => None,
    }
}

/// The name of a number that has so many bytes, and of `usize` any.
fn number(of: &Ty, length: u64) -> Option<&'static str> {
    let (Ty::Int(name) | Ty::Float(name)) = of else {
        return None;
    };
    let is_pointer_sized = matches!(*name, "usize" | "isize");
    let is_of_length = of.bytes().is_some_and(|bytes| u64::from(bytes) == length);
    (is_of_length && !is_pointer_sized).then_some(*name)
}
