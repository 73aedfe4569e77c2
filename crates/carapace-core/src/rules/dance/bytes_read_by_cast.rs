//! A number is read out of bytes through a pointer that was cast
//!
//! A pointer to bytes becomes a pointer to a wider number, and what lies there is read. Nothing
//! checks that so many bytes are there, and with `read` or `*` instead of `read_unaligned` not even
//! that they lie where such a number may lie: both are undefined behaviour.
//!
//! ## What to do
//! Give the bytes to `from_ne_bytes`, which reads them in the order that the machine has, as the
//! pointer did. Compilers make one load of it. Where the bytes come from a file or a network, the order
//! is rather that of the format: `from_le_bytes` or `from_be_bytes`.
//!
//! ## Known problems
//! Where fewer bytes are there it panics, where it was undefined before. With an index that is not
//! written as a number each byte has its check; a slice of the right length before it (`&s[i..i + 4]`)
//! leaves one.
//!
//! ## Example
//! ```text,bad
//! pub fn two(bytes: &[u8], at: usize) -> u16 {
//!     assert!(at + 1 < bytes.len());
//!     unsafe { std::ptr::read_unaligned(bytes.as_ptr().offset(at as isize) as *const u16) }
//! }
//!
//! pub fn four(bytes: &[u8]) -> u32 {
//!     let head = &bytes[..4];
//!     // SAFETY: there are four.
//!     u32::from_le(unsafe { (head.as_ptr() as *const u32).read_unaligned() })
//! }
//!
//! pub fn eight(bytes: &[u8], at: usize) -> u64 {
//!     unsafe { bytes.as_ptr().add(at).cast::<u64>().read_unaligned() }
//! }
//!
//! pub fn other(bytes: &[u8], at: usize) -> i32 {
//!     let pointer = bytes.as_ptr();
//!     unsafe {
//!         let pointer = pointer.add(4);
//!         *(pointer.add(at) as *const i32)
//!     }
//! }
//! ```
//! ```text,good
//! pub fn two(bytes: &[u8], at: usize) -> u16 {
//!     assert!(at + 1 < bytes.len());
//!     u16::from_ne_bytes([bytes[at], bytes[at + 1]])
//! }
//!
//! pub fn four(bytes: &[u8]) -> u32 {
//!     let head = &bytes[..4];
//!     u32::from_le(u32::from_ne_bytes([head[0], head[1], head[2], head[3]]))
//! }
//!
//! pub fn eight(bytes: &[u8], at: usize) -> u64 {
//!     { let mut read = [0; 8]; read.copy_from_slice(&bytes[at..at + 8]); u64::from_ne_bytes(read) }
//! }
//!
//! pub fn other(bytes: &[u8], at: usize) -> i32 {
//!     i32::from_ne_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]])
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many(24..40);
//! let at = random.below(8);
//! show!(two(&bytes, at));
//! show!(four(&bytes[at..]));
//! show!(eight(&bytes, at));
//! let aligned = [1u32, 2, 3, random.any::<u32>(), 5];
//! let bytes: Vec<u8> = aligned.iter().flat_map(|n| n.to_ne_bytes()).collect();
//! if bytes.as_ptr() as usize % 4 == 0 {
//!     show!(other(&bytes, random.below(3) * 4));
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.u32.html#method.from_ne_bytes>
//! - <https://doc.rust-lang.org/std/ptr/fn.read_unaligned.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::pointers::{Spot, Way};
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN030",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How many bytes are taken one by one, where their index is no number that is written.
const MAX_SINGLE: u64 = 4;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(access) = at.access(operation.expr) else {
        return;
    };
    let spot = &access.spot;
    if access.way != Way::Read || spot.element != Ty::Int("u8") || !spot.is_cast() {
        return;
    }
    let Some((width, name)) = number(&access.of) else {
        return;
    };
    let is_const = !at.runs(operation.expr);
    let is_short = width <= MAX_SINGLE || spot.is_constant() && width <= 8;
    let (text, binds) = match spot.is_pure(at) && (is_short || is_const) {
        true => (one_by_one(at, spot, width, name), Binds::Postfix),
        false if is_const => return,
        false => match together(at, spot, width, name) {
            Some(text) => (text, Binds::Loose),
            None => return,
        },
    };
    found.push(
        Replacement::new(operation, access.target, text)
            .through(spot)
            .binds(binds)
            .since(since(&access.of, is_const))
            .says("bytes read through a pointer to another type")
            .safe_if(spot.is_certain),
    );
}

/// How many bytes something has that any bytes make, and its name if it is a number.
fn number(of: &Ty) -> Option<(u64, Option<&'static str>)> {
    if let Some(length) = of.byte_array() {
        return (1..=16).contains(&length).then_some((length, None));
    }
    match of {
        Ty::Int(name) | Ty::Float(name) => Some((u64::from(of.bytes()?), Some(name))),
        _ => None,
    }
}

fn since(of: &Ty, is_const: bool) -> u32 {
    match of {
        Ty::Array(..) => 0,
        _ if is_const => 44,
        Ty::Float(_) => 40,
        _ => 32,
    }
}

fn one_by_one(at: &At<'_>, spot: &Spot, width: u64, name: Option<&str>) -> Pieces {
    // `i8` and `u8` are one byte by themselves.
    let mut bytes = Pieces::of("[");
    for more in 0..width {
        if more > 0 {
            bytes = bytes.text(", ");
        }
        bytes = bytes.then(spot.place(at, more));
    }
    let bytes = bytes.text("]");
    match name {
        Some(name) => Pieces::of(format!("{name}::from_ne_bytes("))
            .then(bytes)
            .text(")"),
        None => bytes,
    }
}

fn together(at: &At<'_>, spot: &Spot, width: u64, name: Option<&str>) -> Option<Pieces> {
    let read = at.free_name(&["read", "bytes", "value", "part"], &spot.parts())?;
    let value = match name {
        Some(name) => format!("{name}::from_ne_bytes({read})"),
        None => read.to_owned(),
    };
    Some(
        Pieces::of(format!(
            "{{ let mut {read} = [0; {width}]; {read}.copy_from_slice(&"
        ))
        .then(spot.part(at, width))
        .text(format!("); {value} }}")),
    )
}
