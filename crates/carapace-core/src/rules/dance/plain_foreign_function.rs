//! A foreign function takes and gives numbers only
//!
//! A foreign function that touches no memory of ours and cannot go wrong, as `abs`, can be declared safe,
//! once, where it is declared: `unsafe extern "C" { safe fn abs(value: c_int) -> c_int; }`.
//!
//! ## What to do
//! From Rust 1.82 on, write `unsafe` before `extern`, and `safe` before such a function, after a look into
//! its manual. Its calls need no `unsafe` then.
//!
//! ## Known problems
//! That a function takes and gives numbers does not mean that all numbers are allowed, or that it may be
//! called from all threads: what is shown is the way.
//!
//! ## Example
//! ```text,bad
//! use std::os::raw::c_int;
//!
//! extern "C" {
//!     fn abs(value: c_int) -> c_int;
//! }
//!
//! pub fn distance(a: c_int, b: c_int) -> c_int {
//!     unsafe { abs(a - b) }
//! }
//! ```
//! ```text,good
//! use std::os::raw::c_int;
//!
//! unsafe extern "C" {
//!     safe fn abs(value: c_int) -> c_int;
//! }
//!
//! pub fn distance(a: c_int, b: c_int) -> c_int {
//!     abs(a - b)
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/items/external-blocks.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::facts::dance::Need;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::TypeId;

pub(crate) const META: Meta = Meta {
    code: "DAN069",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if operation.need != Need::Foreign {
        return;
    }
    let Some(path) = at.called_path(operation.expr) else {
        return;
    };
    let Some((place, function)) = at.declared_function(operation.expr, path) else {
        return;
    };
    let Some(there) = at.declared.at(place) else {
        return;
    };
    let mut types = function.parameters.iter().map(|parameter| parameter.of);
    let takes_any = !function.parameters.is_empty();
    let is_plain = takes_any
        && types.all(|of| is_number(&there, of))
        && function.output.is_some_and(|of| is_number(&there, of));
    if !is_plain {
        return;
    }
    found.push(
        Replacement::new(
            operation,
            operation.expr,
            Pieces::default().keep(operation.expr),
        )
        .says("a foreign function of numbers only: where it is sound for all, declare it `safe fn`")
        .since(82)
        .applies(Applicability::Display),
    );
}

fn is_number(at: &At<'_>, of: TypeId) -> bool {
    let text = at.type_text(of);
    let name = text.rsplit("::").next().unwrap_or_default();
    let is_c = matches!(
        name,
        "c_int"
            | "c_uint"
            | "c_long"
            | "c_ulong"
            | "c_short"
            | "c_ushort"
            | "c_char"
            | "c_uchar"
            | "c_double"
            | "c_float"
            | "c_longlong"
            | "c_ulonglong"
            | "size_t"
    );
    let is_text = matches!(name, "str" | "String");
    is_c || !is_text && crate::dance::types::is_primitive(name)
}
