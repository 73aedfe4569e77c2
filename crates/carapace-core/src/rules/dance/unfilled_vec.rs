//! A new vector is given a length before it has elements
//!
//! `Vec::with_capacity(n)` and then `set_len(n)` make a vector whose elements were never written.
//! Reading one is undefined behaviour, and so is handing the vector to code that may read, as every
//! implementation of `Read` may; what is read can be what lay in that memory before.
//!
//! ## What to do
//! Write `vec![0; n]`. The allocator gives large vectors of zeros out as fresh pages, mostly without
//! writing them. Where all of it is written right after, `collect`, `extend` or `read_to_end` need no
//! value to begin with.
//!
//! ## Known problems
//! Elements are written once more than before. Where the capacity was asked for (`v.capacity()`), the
//! new length is the one that was wanted, of which an allocation may give more. The type of the
//! elements comes from what the function says of them; where nothing does, `Default::default()` stands
//! for their value, and is to be looked at. Of elements with a destructor the way is only shown: a
//! panic before all are written drops what never was.
//!
//! ## Example
//! ```text,bad
//! use std::io::Read;
//!
//! #[derive(Debug, Clone, PartialEq)]
//! pub struct Pixel {
//!     pub rgb: [u8; 3],
//!     pub scale: f32,
//! }
//!
//! pub struct Buffers {
//!     pub first: Vec<u8>,
//!     pub second: Vec<u16>,
//! }
//!
//! pub fn buffers(n: usize, m: usize) -> Buffers {
//!     let mut first = Vec::with_capacity(n);
//!     let mut second = Vec::with_capacity(m);
//!     unsafe {
//!         first.set_len(n);
//!         second.set_len(m);
//!     }
//!     let mut buffers = Buffers { first, second };
//!     buffers.first.iter_mut().for_each(|byte| *byte = 1);
//!     buffers.second.iter_mut().for_each(|word| *word = 2);
//!     buffers
//! }
//!
//! pub fn read(mut from: &[u8], length: u32) -> usize {
//!     let mut buffer = Vec::with_capacity(length as usize);
//!     // SAFETY: bytes have no values that are invalid.
//!     unsafe { buffer.set_len(length as usize) };
//!     from.read(&mut buffer[..]).unwrap_or(0)
//! }
//!
//! pub fn doubled(input: &[u8]) -> Vec<u8> {
//!     let mut output = Vec::with_capacity(input.len() * 2);
//!     unsafe {
//!         let capacity = output.capacity();
//!         output.set_len(capacity);
//!     };
//!     output[..input.len()].copy_from_slice(input);
//!     output[input.len()..].copy_from_slice(input);
//!     output
//! }
//!
//! pub fn size(width: usize) -> usize {
//!     let mut row = Vec::<u16>::with_capacity(width);
//!     unsafe { row.set_len(width) };
//!     std::mem::size_of_val(&row[..])
//! }
//!
//! pub fn pixels(width: usize) -> Vec<Pixel> {
//!     let mut row = Vec::<Pixel>::with_capacity(width);
//!     unsafe {
//!         row.set_len(width);
//!     }
//!     for pixel in row.iter_mut() {
//!         *pixel = Pixel { rgb: [1; 3], scale: 0.5 };
//!     }
//!     row
//! }
//! ```
//! ```text,good
//! use std::io::Read;
//!
//! #[derive(Debug, Clone, PartialEq)]
//! pub struct Pixel {
//!     pub rgb: [u8; 3],
//!     pub scale: f32,
//! }
//!
//! pub struct Buffers {
//!     pub first: Vec<u8>,
//!     pub second: Vec<u16>,
//! }
//!
//! pub fn buffers(n: usize, m: usize) -> Buffers {
//!     let first = vec![0; n];
//!     let second = vec![0; m];
//!     let mut buffers = Buffers { first, second };
//!     buffers.first.iter_mut().for_each(|byte| *byte = 1);
//!     buffers.second.iter_mut().for_each(|word| *word = 2);
//!     buffers
//! }
//!
//! pub fn read(mut from: &[u8], length: u32) -> usize {
//!     let mut buffer = vec![0; length as usize];
//!     from.read(&mut buffer[..]).unwrap_or(0)
//! }
//!
//! pub fn doubled(input: &[u8]) -> Vec<u8> {
//!     let mut output = vec![0; input.len() * 2];
//!     output[..input.len()].copy_from_slice(input);
//!     output[input.len()..].copy_from_slice(input);
//!     output
//! }
//!
//! pub fn size(width: usize) -> usize {
//!     let row = vec![0u16; width];
//!     std::mem::size_of_val(&row[..])
//! }
//!
//! pub fn pixels(width: usize) -> Vec<Pixel> {
//!     let mut row = vec![Pixel { rgb: [0; 3], scale: 0.0 }; width];
//!     for pixel in row.iter_mut() {
//!         *pixel = Pixel { rgb: [1; 3], scale: 0.5 };
//!     }
//!     row
//! }
//! ```
//! ```text,cases
//! let made = buffers(random.below(20), random.below(20));
//! show!(&made.first);
//! show!(&made.second);
//! let bytes: Vec<u8> = random.many(1..40);
//! show!(read(&bytes, random.below(30) as u32));
//! show!(doubled(&bytes));
//! show!(size(random.below(9)));
//! show!(pixels(random.below(9)));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.set_len>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#uninit_vec>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::dance::vectors::Fresh;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN010",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(fresh) = at.fresh_vector(operation.expr) else {
        return;
    };
    if fresh.element.is_uninit() {
        return;
    }
    let (name, is_macro) = at.vec_macro(fresh.path);
    let plain = match fresh.is_said_by_call {
        true => at.typed_value(&fresh.element, fresh.value),
        false => at.plain_value(&fresh.element, fresh.value),
    };
    let plain = plain.filter(|_| at.is_clone(&fresh.element));
    let value = match (&plain, &fresh.element) {
        (Some(value), _) => value.as_str(),
        // Nothing is known of what it holds: it may have a destructor, or no default.
        (None, Ty::Parameter(_)) => return found.push(shown(at, operation)),
        (None, _) => "Default::default()",
    };
    let made = Pieces::of(format!("{name}[{value}; "))
        .keep(fresh.capacity)
        .text("]");
    let mut replacement = Replacement::new(operation, operation.expr, Pieces::default())
        .says("elements that exist from the start, instead of memory that was never written")
        .also(at.syntax().expr(fresh.value).tokens, made);
    replacement.text = None;
    replacement.removes.extend(fresh.counted);
    let is_settled = settle(at, &fresh, &mut replacement);
    found.push(replacement.safe_if(plain.is_some() && is_macro && is_settled));
}

/// Takes the variable's `mut` out where nothing needs it; false where that is not known.
fn settle(at: &At<'_>, fresh: &Fresh<'_>, replacement: &mut Replacement) -> bool {
    let binding = &fresh.binding;
    match at.is_changed(binding, fresh.value, fresh.behind) {
        Some(false) if binding.mutable => {
            let Some(name) = at.name_tokens(binding.pattern) else {
                return false;
            };
            let text = Pieces::of(at.text_of(name));
            replacement
                .also
                .push((at.pattern_tokens(binding.pattern), text));
            true
        }
        Some(_) => true,
        None => false,
    }
}

/// The way where elements may have a destructor.
fn shown(at: &At<'_>, operation: &Operation) -> Replacement {
    let text = match at.method_of::<1>(operation.expr, &["set_len"]) {
        Some((receiver, _)) => Pieces::default().operand(receiver).text(".extend(values)"),
        None => Pieces::default(),
    };
    Replacement::new(operation, operation.expr, text)
        .says(
            "elements that are pushed when they are there, or a slice that the caller hands in: \
             a panic before all are written drops what never was",
        )
        .applies(Applicability::Display)
}
