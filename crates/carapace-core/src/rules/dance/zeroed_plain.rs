//! A number or an array of numbers is made without a value
//!
//! `mem::uninitialized` of anything is undefined behaviour, and compilers do use that; `mem::zeroed` is
//! right for numbers, and says nothing of it.
//!
//! ## What to do
//! Write the value: `0`, `[0; 64]`. Compilers leave out writes that nothing reads.
//!
//! ## Known problems
//! An array that was not initialized before is filled then; where it is large, the replacement is to be
//! looked at.
//!
//! ## Example
//! ```text,bad
//! #![allow(deprecated)]
//!
//! #[derive(Debug)]
//! pub struct Head {
//!     pub name: [u8; 4],
//!     pub size: u32,
//!     pub ratio: f32,
//!     pub is_last: bool,
//! }
//!
//! fn fill(bytes: &mut [u8; 16], with: u8) {
//!     for byte in bytes.iter_mut() {
//!         *byte = with;
//!     }
//! }
//!
//! pub fn filled(with: u8) -> [u8; 16] {
//!     let mut bytes = unsafe { std::mem::zeroed() };
//!     fill(&mut bytes, with);
//!     bytes
//! }
//!
//! pub fn head() -> Head {
//!     unsafe { std::mem::zeroed() }
//! }
//!
//! pub fn numbers() -> u64 {
//!     let table: [[u16; 4]; 8] = unsafe { std::mem::zeroed() };
//!     let more = unsafe { std::mem::MaybeUninit::<u64>::zeroed().assume_init() };
//!     more + u64::from(table[3][1])
//! }
//! ```
//! ```text,good
//! #![allow(deprecated)]
//!
//! #[derive(Debug)]
//! pub struct Head {
//!     pub name: [u8; 4],
//!     pub size: u32,
//!     pub ratio: f32,
//!     pub is_last: bool,
//! }
//!
//! fn fill(bytes: &mut [u8; 16], with: u8) {
//!     for byte in bytes.iter_mut() {
//!         *byte = with;
//!     }
//! }
//!
//! pub fn filled(with: u8) -> [u8; 16] {
//!     let mut bytes = [0; 16];
//!     fill(&mut bytes, with);
//!     bytes
//! }
//!
//! pub fn head() -> Head {
//!     Head { name: [0; 4], size: 0, ratio: 0.0, is_last: false }
//! }
//!
//! pub fn numbers() -> u64 {
//!     let table: [[u16; 4]; 8] = [[0; 4]; 8];
//!     let more = 0_u64;
//!     more + u64::from(table[3][1])
//! }
//! ```
//! ```text,cases
//! show!(filled(random.any()));
//! show!(head());
//! show!(numbers());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/fn.uninitialized.html>
//! - <https://doc.rust-lang.org/std/mem/fn.zeroed.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN035",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How deep types may stand in each other.
const MAX_DEPTH: u32 = 8;
/// How many bytes are filled that were not before, without a word.
const MAX_FILLED: u32 = 128;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((of, is_stated)) = made(at, operation) else {
        return;
    };
    let Some(text) = zero(at, operation, &of, is_stated, MAX_DEPTH) else {
        return;
    };
    found.push(
        Replacement::new(operation, operation.expr, written(at, operation, text))
            .says("a value of numbers that is made without one")
            .safe_if(is_zeroed(at, operation) || is_small(at, &of))
            .safe_if(are_own(at, &of)),
    );
}

fn written(at: &At<'_>, operation: &Operation, text: String) -> Pieces {
    match text.ends_with('}') {
        true => at.braced(operation.expr, Pieces::of(text)),
        false => Pieces::of(text),
    }
}

/// The type of what is made without a value, and whether it is written in the call.
fn made(at: &At<'_>, operation: &Operation) -> Option<(Ty, bool)> {
    let id = operation.expr;
    if let Some(([], call)) = at.call_of(id, "mem", &["uninitialized", "zeroed"]) {
        return Some(at.stated_or_expected(call.generics.first(), id));
    }
    let (receiver, []) = at.method_of(id, &["assume_init"])?;
    at.call_of::<0>(receiver, "MaybeUninit", &["zeroed"])?;
    let path = at.called_path(at.bare(receiver))?;
    Some(at.stated_or_expected(path.parent()?.arguments.first(), id))
}

/// Whether it was zeroed before.
fn is_zeroed(at: &At<'_>, operation: &Operation) -> bool {
    at.call_of::<0>(operation.expr, "mem", &["uninitialized"])
        .is_none()
}

/// Whether filling it costs next to nothing.
fn is_small(at: &At<'_>, of: &Ty) -> bool {
    match of {
        Ty::Array(of, Some(length)) => {
            let width = of.bytes().unwrap_or(8).max(1);
            !matches!(**of, Ty::Array(..) | Ty::Named(..))
                && length
                    .parse()
                    .is_ok_and(|length: u32| length <= MAX_FILLED / width)
        }
        Ty::Named(..) => {
            let parts = at.parts_of(of).unwrap_or_default();
            parts.iter().all(|part| is_small(at, &part.of))
        }
        Ty::Tuple(parts) => parts.iter().all(|part| is_small(at, part)),
        _ => true,
    }
}

/// Whether the structs in it are surely the package's own.
fn are_own(at: &At<'_>, of: &Ty) -> bool {
    match of {
        Ty::Named(..) => at.is_own(of),
        Ty::Array(of, _) => are_own(at, of),
        Ty::Tuple(parts) => parts.iter().all(|part| are_own(at, part)),
        _ => true,
    }
}

/// A value of zeros, where a type has one that can be written.
fn zero(
    at: &At<'_>,
    operation: &Operation,
    of: &Ty,
    is_stated: bool,
    depth: u32,
) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    Some(match of {
        Ty::Int("") | Ty::Float("") => return None,
        Ty::Int(name) if is_stated => format!("0_{name}"),
        Ty::Int(_) => "0".to_owned(),
        Ty::Float(name) if is_stated => format!("0.0_{name}"),
        Ty::Float(_) => "0.0".to_owned(),
        Ty::Bool => "false".to_owned(),
        Ty::Char => "'\\0'".to_owned(),
        Ty::Array(of, Some(length)) if is_written(at, operation, length) && is_copied(at, of) => {
            let value = zero(at, operation, of, is_stated, depth)?;
            format!("[{value}; {length}]")
        }
        Ty::Tuple(parts) if parts.len() > 1 => {
            let parts = parts
                .iter()
                .map(|part| zero(at, operation, part, is_stated, depth));
            let parts: Option<Vec<String>> = parts.collect();
            format!("({})", parts?.join(", "))
        }
        Ty::Named(name, _) => {
            let parts = at.parts(operation.expr, of)?;
            let mut fields = Vec::new();
            for part in parts {
                let value = zero(at, operation, &part.of, false, depth)?;
                fields.push(format!("{}: {value}", part.name));
            }
            match fields.is_empty() {
                true => return None,
                false => format!("{} {{ {} }}", of_file(name).1, fields.join(", ")),
            }
        }
        _ => return None,
    })
}

/// Whether a length can be written here: it is a number, or a name that the function has.
fn is_written(at: &At<'_>, operation: &Operation, length: &str) -> bool {
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = length
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_number || is_name && at.is_nameable(operation.expr, length)
}

/// Whether an array of a type can be made of one value.
fn is_copied(at: &At<'_>, of: &Ty) -> bool {
    match of {
        Ty::Named(name, _) => at.has_attribute(name, "Copy"),
        Ty::Array(of, _) => is_copied(at, of),
        Ty::Tuple(parts) => parts.iter().all(|part| is_copied(at, part)),
        _ => true,
    }
}
