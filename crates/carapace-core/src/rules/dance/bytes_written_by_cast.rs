//! A number is written over bytes through a pointer that was cast
//!
//! A pointer to bytes becomes a pointer to a wider number, and one is written there. Nothing checks
//! that so many bytes are there: what lies behind is overwritten if they are not. With `write` or
//! `*p =` instead of `write_unaligned` an address that such a number may not have is undefined, too.
//!
//! ## What to do
//! Copy what `to_ne_bytes` gives, which has the order that the machine has, as the pointer did.
//! Compilers make one store of it. Where the bytes go to a file or a network, `to_le_bytes` or
//! `to_be_bytes` says which order they have.
//!
//! ## Known problems
//! Where fewer bytes are there it panics, where it was undefined before. Where the code writes on
//! behind a slice into the buffer that it is a part of, which works mostly though it is not allowed, it
//! panics, too: give it the longer slice.
//!
//! ## Example
//! ```text,bad
//! pub fn two(value: u16, bytes: &mut [u8], at: usize) {
//!     unsafe {
//!         std::ptr::write_unaligned(bytes.as_mut_ptr().add(at) as *mut u16, value);
//!     }
//! }
//!
//! pub fn eight(value: u64, bytes: &mut [u8], at: usize) {
//!     let place = &mut bytes[at] as *mut u8 as *mut u64;
//!     unsafe { std::ptr::write_unaligned(place, value.to_le()) };
//! }
//!
//! pub fn first(bytes: &mut [u8; 32], value: u8) {
//!     unsafe { (bytes.as_mut_ptr() as *mut i32).write_unaligned(value.into()) }
//! }
//! ```
//! ```text,good
//! pub fn two(value: u16, bytes: &mut [u8], at: usize) {
//!     bytes[at..at + 2].copy_from_slice(&value.to_ne_bytes());
//! }
//!
//! pub fn eight(value: u64, bytes: &mut [u8], at: usize) {
//!     bytes[at..at + 8].copy_from_slice(&value.to_le().to_ne_bytes());
//! }
//!
//! pub fn first(bytes: &mut [u8; 32], value: u8) {
//!     bytes[..4].copy_from_slice(&i32::to_ne_bytes(value.into()))
//! }
//! ```
//! ```text,cases
//! let mut bytes: Vec<u8> = random.many(32..40);
//! two(random.any(), &mut bytes, random.below(30));
//! eight(random.any(), &mut bytes, random.below(24));
//! show!(&bytes);
//! let mut bytes = [7; 32];
//! first(&mut bytes, random.any());
//! show!(bytes);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.u32.html#method.to_ne_bytes>
//! - <https://doc.rust-lang.org/std/ptr/fn.write_unaligned.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::pointers::{Spot, Way};
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN031",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(access) = at.access(operation.expr) else {
        return;
    };
    let spot = &access.spot;
    let Way::Write(value) = access.way else {
        return;
    };
    if spot.element != Ty::Int("u8") || !spot.is_cast() || !at.runs(operation.expr) {
        return;
    }
    let Some((width, bytes)) = bytes_of(at, &access.of, value) else {
        return;
    };
    let (text, binds) = match is_apart(at, spot, value) {
        true => {
            let text = spot
                .part(at, width)
                .text(".copy_from_slice(&")
                .then(bytes)
                .text(")");
            (text, Binds::Postfix)
        }
        false => {
            let mut near = spot.parts();
            near.push(value);
            let Some(name) = at.free_name(&["written", "bytes", "part"], &near) else {
                return;
            };
            let text = Pieces::of(format!("{{ let {name} = "))
                .then(bytes)
                .text("; ")
                .then(spot.part(at, width))
                .text(format!(".copy_from_slice(&{name}) }}"));
            (text, Binds::Loose)
        }
    };
    found.push(
        Replacement::new(operation, access.target, text)
            .through(spot)
            .binds(binds)
            .since(match access.of {
                Ty::Array(..) => 9,
                Ty::Float(_) => 40,
                _ => 32,
            })
            .says("bytes written through a pointer to another type")
            .safe_if(spot.is_certain && spot.mutable),
    );
}

/// How many bytes a value has, and how they are had of it.
fn bytes_of(at: &At<'_>, of: &Ty, value: ExprId) -> Option<(u64, Pieces)> {
    let is_known = at.type_of(value) == *of;
    if let Some(length) = of.byte_array() {
        return is_known.then(|| (length, Pieces::default().operand(value)));
    }
    match of {
        Ty::Int(name) | Ty::Float(name) => {
            let width = u64::from(of.bytes()?);
            let text = match is_known {
                true => Pieces::default().operand(value).text(".to_ne_bytes()"),
                false => Pieces::of(format!("{name}::to_ne_bytes("))
                    .keep(value)
                    .text(")"),
            };
            Some((width, text))
        }
        _ => None,
    }
}

/// Whether a value can be computed while the place for it is borrowed.
fn is_apart(at: &At<'_>, spot: &Spot, value: ExprId) -> bool {
    let Some(root) = at.root(spot.base) else {
        return false;
    };
    let tokens = at.syntax().expr(value).tokens;
    if !at.mentions(tokens, root) {
        return true;
    }
    // Fields of one thing are apart, where they are not the same and nothing else is done.
    let ExprKind::Field { base, name } = at.kind(at.bare(spot.base)) else {
        return false;
    };
    at.single(*base) == Some(root)
        && !at.mentions(tokens, at.name(*name))
        && at.syntax().within(value).all(|part| match at.kind(part) {
            ExprKind::Method { receiver, .. } => {
                matches!(
                    at.kind(at.bare(*receiver)),
                    ExprKind::Field { .. } | ExprKind::Method { .. }
                )
            }
            ExprKind::Call { .. } | ExprKind::Macro { .. } | ExprKind::Closure { .. } => false,
            _ => true,
        })
}
