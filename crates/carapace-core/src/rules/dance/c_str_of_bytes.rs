//! A C string is taken from bytes without a look at where it ends
//!
//! `CStr::from_ptr` of a slice reads on behind the slice where no zero is in it, and
//! `CStr::from_bytes_with_nul_unchecked` believes that the only zero is the last byte.
//!
//! ## What to do
//! `CStr::from_bytes_until_nul` takes what comes before the first zero, `CStr::from_bytes_with_nul` all
//! of it; both tell where there is none. A literal is written `c"…"`, from the edition 2021 on.
//!
//! ## Known problems
//! What is made from the slice borrows it then, which the compiler may find wrong where a pointer hid it.
//! It costs a pass over the bytes.
//!
//! ## Example
//! ```text,bad
//! use std::ffi::CStr;
//!
//! pub fn lossy(bytes: &[u8]) -> String {
//!     unsafe { CStr::from_ptr(bytes.as_ptr() as *const std::os::raw::c_char).to_string_lossy().into_owned() }
//! }
//!
//! pub fn in_array(bytes: [u8; 8]) -> usize {
//!     unsafe { CStr::from_ptr(bytes.as_ptr().cast()) }.to_bytes().len()
//! }
//!
//! pub fn greeting() -> &'static CStr {
//!     unsafe { CStr::from_bytes_with_nul_unchecked(b"hello\0") }
//! }
//! ```
//! ```text,good
//! use std::ffi::CStr;
//!
//! pub fn lossy(bytes: &[u8]) -> String {
//!     CStr::from_bytes_until_nul(bytes).unwrap().to_string_lossy().into_owned()
//! }
//!
//! pub fn in_array(bytes: [u8; 8]) -> usize {
//!     CStr::from_bytes_until_nul(&bytes).unwrap().to_bytes().len()
//! }
//!
//! pub fn greeting() -> &'static CStr {
//!     CStr::from_bytes_with_nul(b"hello\0").unwrap()
//! }
//! ```
//! ```text,cases
//! let mut bytes: Vec<u8> = random.many(0..40);
//! bytes.push(0);
//! show!(lossy(&bytes));
//! let mut array = [random.any::<u8>(); 8];
//! array[random.below(8)] = 0;
//! show!(in_array(array));
//! show!(greeting());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ffi/struct.CStr.html#method.from_bytes_until_nul>
//! - <https://doc.rust-lang.org/reference/tokens.html#c-string-literals>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN051",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let path = at.callee_path(operation.expr);
    let sibling = |name: &str| path.and_then(|path| at.sibling(path, name));
    if let Some(([pointer], _)) = at.call_of(operation.expr, "CStr", &["from_ptr"])
        && let Some(until) = sibling("from_bytes_until_nul")
        && at.runs(operation.expr)
    {
        found.extend(until_zero(at, operation, pointer, &until));
    }
    let names = ["from_bytes_with_nul_unchecked"];
    let Some(([bytes], _)) = at.call_of(operation.expr, "CStr", &names) else {
        return;
    };
    if let Some(with) = sibling("from_bytes_with_nul")
        && at.runs(operation.expr)
    {
        let text = Pieces::of(format!("{with}(")).keep(bytes);
        found.push(
            Replacement::new(operation, operation.expr, text.text(").unwrap()"))
                .says("a C string of bytes whose end is not checked")
                .safe_if(is_constant(at, bytes)),
        );
    }
    if let Some(literal) = literal(at, bytes) {
        found.push(
            Replacement::new(operation, operation.expr, Pieces::of(literal))
                .says("a C string that can be a literal, from the edition 2021 on")
                .since(77)
                .applies(Applicability::Unsafe),
        );
    }
}

fn until_zero(
    at: &At<'_>,
    operation: &Operation,
    pointer: ExprId,
    until: &str,
) -> Option<Replacement> {
    let (slice, []) = at.method_of(at.without_casts(pointer), &["as_ptr"])?;
    let of = at.type_of(slice);
    let text = Pieces::of(format!("{until}("));
    let text = match (of.peeled(), &of) {
        (Ty::Str | Ty::String, _) => text.operand(slice).text(".as_bytes()"),
        (peeled, whole) if peeled.element() == Some(&Ty::Int("u8")) => match whole {
            Ty::Ref { .. } => text.keep(slice),
            Ty::Slice(_) | Ty::Array(..) | Ty::Vec(_) => text.text("&").operand(slice),
            _ => return None,
        },
        _ => return None,
    };
    let is_literal = matches!(at.kind(at.bare(slice)), ExprKind::Literal);
    Some(
        Replacement::new(operation, operation.expr, text.text(").unwrap()"))
            .says("a C string that is looked for behind the end of a slice, too")
            .since(69)
            .safe_if(is_literal || is_used_up(at, operation.expr)),
    )
}

/// Whether what is called on it in the same expression ends with something that borrows nothing.
fn is_used_up(at: &At<'_>, mut id: ExprId) -> bool {
    const OWNED: [&str; 8] = [
        "to_owned",
        "into_owned",
        "to_string",
        "to_vec",
        "len",
        "count_bytes",
        "is_empty",
        "parse",
    ];
    while let Some(around) = at.syntax().around(id) {
        match at.kind(around) {
            ExprKind::Block(_) if at.tail(around) == Some(id) => {}
            ExprKind::Paren(_) | ExprKind::Try(_) => {}
            ExprKind::Method { receiver, name, .. } if *receiver == id => {
                if OWNED.iter().any(|word| at.is_name(*name, word)) {
                    return true;
                }
            }
            _ => return false,
        }
        id = around;
    }
    false
}

/// Whether bytes are written down in the source.
fn is_constant(at: &At<'_>, id: ExprId) -> bool {
    let id = match at.method_of(id, &["as_bytes"]) {
        Some((receiver, [])) => receiver,
        _ => id,
    };
    match at.kind(at.bare(id)) {
        ExprKind::Literal => true,
        ExprKind::Macro { path, .. } => {
            let last = path.segments.last();
            last.is_some_and(|last| at.is_name(last.name, "concat"))
        }
        _ => false,
    }
}

/// `c"…"` for `b"…\0"`.
fn literal(at: &At<'_>, id: ExprId) -> Option<String> {
    if !matches!(at.kind(id), ExprKind::Literal) {
        return None;
    }
    let text = at.text(id);
    let inner = text.strip_prefix("b\"")?.strip_suffix("\\0\"")?;
    let has_zero = ["\\0", "\\x00"].iter().any(|zero| inner.contains(zero));
    (!has_zero && !inner.ends_with('\\')).then(|| format!("c\"{inner}\""))
}
