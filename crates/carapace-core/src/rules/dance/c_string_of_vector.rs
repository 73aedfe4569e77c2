//! A C string is made of bytes that are not checked for zeros
//!
//! `CString::from_vec_unchecked` believes that no byte is zero. One that is ends the string early for
//! every C function that reads it.
//!
//! ## What to do
//! Write `CString::new(bytes).unwrap()`, or hand the error on with `?`: the check is one pass over the
//! bytes.
//!
//! ## Known problems
//! The pass costs time on long strings. Where it is not known that a vector of bytes is handed in, the
//! replacement is to be looked at: `CString::new` takes several types, and a type that is only inferred
//! may stay open then.
//!
//! ## Example
//! ```text,bad
//! use std::ffi::CString;
//!
//! pub fn name(bytes: Vec<u8>) -> CString {
//!     unsafe { CString::from_vec_unchecked(bytes) }
//! }
//!
//! pub fn until_zero(bytes: &mut dyn Iterator<Item = u8>) -> Option<CString> {
//!     let mut buffer = Vec::new();
//!     loop {
//!         let byte = bytes.next()?;
//!         if byte == 0 {
//!             // SAFETY: zeros are not put in.
//!             return Some(unsafe { CString::from_vec_unchecked(buffer) });
//!         }
//!         buffer.push(byte);
//!     }
//! }
//! ```
//! ```text,good
//! use std::ffi::CString;
//!
//! pub fn name(bytes: Vec<u8>) -> CString {
//!     CString::new(bytes).unwrap()
//! }
//!
//! pub fn until_zero(bytes: &mut dyn Iterator<Item = u8>) -> Option<CString> {
//!     let mut buffer = Vec::new();
//!     loop {
//!         let byte = bytes.next()?;
//!         if byte == 0 {
//!             return Some(CString::new(buffer).unwrap());
//!         }
//!         buffer.push(byte);
//!     }
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many(0..40);
//! show!(until_zero(&mut bytes.iter().copied()));
//! show!(name(bytes.into_iter().filter(|byte| *byte != 0).collect()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ffi/struct.CString.html#method.from_vec_unchecked>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN050",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let call = at.call_of(operation.expr, "CString", &["from_vec_unchecked"]);
    let Some(([bytes], _)) = call else {
        return;
    };
    let path = at.callee_path(operation.expr);
    let Some(new) = path.and_then(|path| at.sibling(path, "new")) else {
        return;
    };
    // `new` takes more than vectors of bytes, so it has to be told where nothing else says what it is.
    let is_vector = matches!(at.type_of(bytes), Ty::Vec(_));
    let told = match is_vector && !is_bytes(at, bytes) {
        true => "::<Vec<u8>>",
        false => "",
    };
    let text = Pieces::of(format!("{new}{told}(")).keep(bytes);
    found.push(
        Replacement::new(operation, operation.expr, text.text(").unwrap()"))
            .says("a C string of bytes that are not checked for zeros")
            .safe_if(is_vector),
    );
}

/// Whether something is surely a vector of bytes without this call that says so.
fn is_bytes(at: &At<'_>, id: ExprId) -> bool {
    match at.type_of(id) {
        Ty::Vec(of) if *of == Ty::Int("u8") => true,
        Ty::Vec(of) if *of == Ty::Unknown => is_filled(at, id),
        _ => false,
    }
}

/// Whether something that has a type of its own is put into a vector that is a variable.
fn is_filled(at: &At<'_>, id: ExprId) -> bool {
    let (Some(name), Some((_, function))) = (at.single(id), at.function(id)) else {
        return false;
    };
    let Some(body) = function.body else {
        return false;
    };
    at.syntax().within(body).any(|part| {
        let names = ["push", "extend_from_slice"];
        let put = at.method_of::<1>(part, &names);
        put.is_some_and(|(receiver, [value])| {
            at.single(receiver).as_ref() == Some(&name) && has_own_type(at, value)
        })
    })
}

/// Whether what a value is does not hang on what is done with it.
fn has_own_type(at: &At<'_>, id: ExprId) -> bool {
    let of = at.type_of(id);
    if of.is_known() {
        return true;
    }
    if of != Ty::Unknown {
        return false;
    }
    let Some(value) = at.let_value(id) else {
        return false;
    };
    match at.kind(value) {
        // What was read, and not what `parse` and its kind give.
        ExprKind::Try(inner) => match at.kind(*inner) {
            ExprKind::Method { name, generics, .. } => {
                let open = ["parse", "into", "try_into", "collect"];
                generics.is_empty() && !open.iter().any(|word| at.is_name(*name, word))
            }
            _ => false,
        },
        _ => false,
    }
}
