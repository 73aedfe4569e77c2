//! A plain struct is transmuted into bytes, or bytes into it
//!
//! Whether the struct has padding, and where its fields lie, the code takes for granted: padding read as
//! bytes is undefined behaviour, and a field that is added changes what is read.
//!
//! ## What to do
//! Write the fields one by one. Compilers make the same code of it. For structs that are many, `bytemuck`
//! and `zerocopy` derive it and check that there is no padding.
//!
//! ## Known problems
//! Only structs of numbers and arrays of bytes are looked at. Without `repr(C)` the order of the fields is
//! not told: the order of their declaration is taken then, and the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! #[repr(C)]
//! #[derive(Debug, Clone, Copy)]
//! pub struct Pixel {
//!     pub colour: [u8; 3],
//!     pub exponent: u8,
//! }
//!
//! #[repr(C)]
//! #[derive(Debug)]
//! pub struct Pair(pub u16, pub i16);
//!
//! pub fn bytes(pixel: Pixel) -> [u8; 4] {
//!     let bytes: [u8; 4] = unsafe { std::mem::transmute(pixel) };
//!     bytes
//! }
//!
//! pub fn pixel(bytes: [u8; 4]) -> Option<Pixel> {
//!     Some(unsafe { std::mem::transmute(bytes) })
//! }
//!
//! pub fn pair(bytes: [u8; 4]) -> Pair {
//!     unsafe { std::mem::transmute::<[u8; 4], Pair>(bytes) }
//! }
//! ```
//! ```text,good
//! #[repr(C)]
//! #[derive(Debug, Clone, Copy)]
//! pub struct Pixel {
//!     pub colour: [u8; 3],
//!     pub exponent: u8,
//! }
//!
//! #[repr(C)]
//! #[derive(Debug)]
//! pub struct Pair(pub u16, pub i16);
//!
//! pub fn bytes(pixel: Pixel) -> [u8; 4] {
//!     let bytes: [u8; 4] = [pixel.colour[0], pixel.colour[1], pixel.colour[2], pixel.exponent];
//!     bytes
//! }
//!
//! pub fn pixel(bytes: [u8; 4]) -> Option<Pixel> {
//!     Some(Pixel { colour: [bytes[0], bytes[1], bytes[2]], exponent: bytes[3] })
//! }
//!
//! pub fn pair(bytes: [u8; 4]) -> Pair {
//!     Pair { 0: u16::from_ne_bytes([bytes[0], bytes[1]]), 1: i16::from_ne_bytes([bytes[2], bytes[3]]) }
//! }
//! ```
//! ```text,cases
//! let four = random.any::<u32>().to_ne_bytes();
//! show!(pixel(four));
//! show!(bytes(pixel(four).unwrap()));
//! show!(pair(four));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/type-layout.html#the-c-representation>
//! - <https://docs.rs/bytemuck/latest/bytemuck/trait.Pod.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::transmutes::{Part, Transmute};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN034",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How many bytes are written out, at most.
const MAX_BYTES: u64 = 32;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    if !at.is_pure(transmute.value) {
        return;
    }
    let (of, text) = match (bytes(&transmute.from), bytes(&transmute.to)) {
        (None, Some(length)) => (&transmute.from, apart(at, operation, &transmute, length)),
        (Some(length), None) => (&transmute.to, together(at, operation, &transmute, length)),
        _ => return,
    };
    let (Some((text, is_wide)), Ty::Named(name, _)) = (text, of) else {
        return;
    };
    let since = match (is_wide, at.runs(operation.expr)) {
        (true, false) => 44,
        (true, true) => 32,
        (false, _) => 19,
    };
    found.push(
        Replacement::new(operation, operation.expr, at.braced(operation.expr, text))
            .since(since)
            .says("a struct whose fields are taken for bytes in a row")
            .safe_if(is_laid_out(at, name) && at.is_own(of)),
    );
}

/// The length of an array of bytes.
fn bytes(of: &Ty) -> Option<u64> {
    of.byte_array().filter(|length| *length <= MAX_BYTES)
}

/// Whether the order of a struct's fields is told.
fn is_laid_out(at: &At<'_>, name: &str) -> bool {
    let is = |word: &str| at.has_attribute(name, word);
    is("repr") && (is("C") || is("transparent"))
}

/// How many bytes a field has: a number, or an array of bytes.
fn width(of: &Ty) -> Option<u64> {
    match of {
        Ty::Int(_) => of.bytes().map(u64::from),
        of => bytes(of),
    }
}

/// The fields of a struct that has no padding and so many bytes, each with where it begins.
fn laid_out(
    at: &At<'_>,
    operation: &Operation,
    of: &Ty,
    length: u64,
) -> Option<Vec<(Part, u64, u64)>> {
    let parts = at.parts(operation.expr, of)?;
    let mut fields = Vec::new();
    let mut begin = 0;
    for part in parts {
        let width = width(&part.of)?;
        let alignment = match part.of {
            Ty::Int(_) => width,
            _ => 1,
        };
        if begin % alignment.max(1) != 0 {
            return None;
        }
        fields.push((part, begin, width));
        begin += width;
    }
    (begin == length && !fields.is_empty()).then_some(fields)
}

/// A struct's bytes.
fn apart(
    at: &At<'_>,
    operation: &Operation,
    transmute: &Transmute,
    length: u64,
) -> Option<(Pieces, bool)> {
    let fields = laid_out(at, operation, &transmute.from, length)?;
    let mut text = Pieces::of("[");
    let mut is_wide = false;
    for (part, begin, width) in fields {
        for byte in 0..width {
            if begin + byte > 0 {
                text = text.text(", ");
            }
            let field = text
                .operand(transmute.value)
                .text(format!(".{}", part.name));
            text = match part.of {
                Ty::Int("u8") => field,
                Ty::Int(_) => {
                    is_wide = true;
                    field.text(format!(".to_ne_bytes()[{byte}]"))
                }
                _ => field.text(format!("[{byte}]")),
            };
        }
    }
    Some((text.text("]"), is_wide))
}

/// A struct of bytes.
fn together(
    at: &At<'_>,
    operation: &Operation,
    transmute: &Transmute,
    length: u64,
) -> Option<(Pieces, bool)> {
    let fields = laid_out(at, operation, &transmute.to, length)?;
    let Ty::Named(name, _) = &transmute.to else {
        return None;
    };
    let mut text = Pieces::of(format!("{} {{ ", of_file(name).1));
    let mut is_wide = false;
    for (place, (part, begin, width)) in fields.into_iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        text = text.text(format!("{comma}{}: ", part.name));
        let byte = |text: Pieces, at: u64| text.operand(transmute.value).text(format!("[{at}]"));
        if part.of == Ty::Int("u8") {
            text = byte(text, begin);
            continue;
        }
        if let Ty::Int(number) = part.of {
            is_wide = true;
            text = text.text(format!("{number}::from_ne_bytes("));
        }
        text = text.text("[");
        for more in 0..width {
            if more > 0 {
                text = text.text(", ");
            }
            text = byte(text, begin + more);
        }
        let end = if matches!(part.of, Ty::Int(_)) {
            "])"
        } else {
            "]"
        };
        text = text.text(end);
    }
    Some((text.text(" }"), is_wide))
}
