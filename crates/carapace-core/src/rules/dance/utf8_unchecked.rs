//! Bytes are taken for text without a check
//!
//! `from_utf8_unchecked` believes that bytes are UTF-8. Where they are not, all that is done with the
//! text is undefined.
//!
//! ## What to do
//! `from_utf8` checks, at several bytes each nanosecond; where the bytes come from outside it is the
//! check that has to be made anyway. Text that was put together by the code itself is best kept as a
//! `String` from the start.
//!
//! ## Known problems
//! The check is one pass over the bytes: the replacement is to be looked at, but for literals. `unwrap`
//! panics where it was undefined before; `from_utf8_lossy` or an error may be what is wanted.
//!
//! ## Example
//! ```text,bad
//! pub fn text(bytes: &[u8]) -> &str {
//!     unsafe { std::str::from_utf8_unchecked(bytes) }
//! }
//!
//! pub fn owned(bytes: Vec<u8>) -> String {
//!     // SAFETY: the caller has looked.
//!     unsafe { String::from_utf8_unchecked(bytes) }
//! }
//!
//! pub fn fixed() -> &'static str {
//!     unsafe { core::str::from_utf8_unchecked(b"fixed") }
//! }
//! ```
//! ```text,good
//! pub fn text(bytes: &[u8]) -> &str {
//!     std::str::from_utf8(bytes).unwrap()
//! }
//!
//! pub fn owned(bytes: Vec<u8>) -> String {
//!     String::from_utf8(bytes).unwrap()
//! }
//!
//! pub fn fixed() -> &'static str {
//!     "fixed"
//! }
//! ```
//! ```text,cases
//! let bytes: Vec<u8> = random.many::<char>(0..20).into_iter().collect::<String>().into_bytes();
//! show!(text(&bytes));
//! show!(owned(bytes));
//! show!(fixed());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/str/fn.from_utf8_unchecked.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::facts::dance::Need;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN053",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["from_utf8_unchecked", "from_utf8_unchecked_mut"];
    let Some(call) = at.call_named(operation.expr, &names) else {
        found.extend(of_package(at, operation));
        return;
    };
    let (checked, since) = match (call.parent, call.name) {
        ("str" | "String", "from_utf8_unchecked") => ("from_utf8", 0),
        ("str", "from_utf8_unchecked_mut") => ("from_utf8_mut", 20),
        _ => return,
    };
    let [bytes] = call.arguments else {
        return;
    };
    let says = "bytes that are taken for text without a check";
    if let Some(literal) = literal(at, *bytes).filter(|_| call.parent == "str") {
        let text = Pieces::of(literal);
        found.push(Replacement::new(operation, operation.expr, text).says(says));
        return;
    }
    let path = at.callee_path(operation.expr);
    let Some(checked) = path.and_then(|path| at.sibling(path, checked)) else {
        return;
    };
    if !at.runs(operation.expr) {
        return;
    }
    let text = Pieces::of(format!("{checked}(")).keep(*bytes);
    found.push(
        Replacement::new(operation, operation.expr, text.text(").unwrap()"))
            .says(says)
            .since(since)
            .applies(Applicability::Unsafe),
    );
}

/// A function of the package that hands on the belief: it needs a checked one beside it.
fn of_package(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let last = at.callee_path(operation.expr)?.segments.last()?;
    let ExprKind::Call { arguments, .. } = at.kind(operation.expr) else {
        return None;
    };
    let [bytes] = arguments.as_slice() else {
        return None;
    };
    let is_own = operation.need == Need::Own && at.is_name(last.name, "from_utf8_unchecked");
    let text = Pieces::of("str::from_utf8(").keep(*bytes).text(")");
    is_own.then(|| {
        Replacement::new(operation, operation.expr, text)
            .says("bytes that are taken for text by a function of the package; a checked one is missing")
            .applies(Applicability::Display)
    })
}

/// `"…"` for `b"…"`.
fn literal(at: &At<'_>, id: ExprId) -> Option<String> {
    if !matches!(at.kind(id), ExprKind::Literal) {
        return None;
    }
    let text = at.text(id);
    let inner = text.strip_prefix('b')?;
    (inner.starts_with('"') && !inner.contains('\\')).then(|| inner.to_owned())
}
