//! A waker is made from a table of functions
//!
//! A `RawWaker` is a pointer and four functions that have to agree on what it is, how often it was cloned,
//! and from which threads it is used.
//!
//! ## What to do
//! A waker that does nothing is `Waker::noop()`, from Rust 1.85 on. What wakes by an `Arc` implements
//! `std::task::Wake`, and is a waker by `Waker::from(arc)`.
//!
//! ## Known problems
//! Where all functions of the only table of the file do nothing, the replacement can be applied, and is
//! to be looked at: the table stays behind without use. Otherwise only the way is shown.
//!
//! ## Example
//! ```text,bad
//! use std::task::{RawWaker, RawWakerVTable, Waker};
//!
//! pub const TABLE: RawWakerVTable = RawWakerVTable::new(raw, |_| {}, |_| {}, |_| {});
//!
//! pub fn raw(_: *const ()) -> RawWaker {
//!     RawWaker::new(std::ptr::null(), &TABLE)
//! }
//!
//! pub fn nothing() -> Waker {
//!     unsafe { Waker::from_raw(raw(std::ptr::null())) }
//! }
//! ```
//! ```text,good
//! use std::task::{RawWaker, RawWakerVTable, Waker};
//!
//! pub const TABLE: RawWakerVTable = RawWakerVTable::new(raw, |_| {}, |_| {}, |_| {});
//!
//! pub fn raw(_: *const ()) -> RawWaker {
//!     RawWaker::new(std::ptr::null(), &TABLE)
//! }
//!
//! pub fn nothing() -> Waker {
//!     Waker::noop().clone()
//! }
//! ```
//! ```text,cases
//! nothing().wake_by_ref();
//! nothing().wake();
//! show!(random.any::<u32>());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/task/struct.Waker.html#method.noop>
//! - <https://doc.rust-lang.org/std/task/trait.Wake.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, ItemKind, Path};

pub(crate) const META: Meta = Meta {
    code: "DAN066",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([_], _)) = at.call_of(operation.expr, "Waker", &["from_raw"]) else {
        return;
    };
    let path = at.callee_path(operation.expr);
    let sibling = |name| path.and_then(|path| at.sibling(path, name));
    let (Some(noop), Some(from)) = (sibling("noop"), sibling("from")) else {
        return;
    };
    let change = |text: String| Replacement::new(operation, operation.expr, Pieces::of(text));
    found.push(match is_nothing(at) {
        true => change(format!("{noop}().clone()"))
            .says("a waker that does nothing, made from a table of functions")
            .since(85)
            .applies(Applicability::Unsafe),
        false => change(format!("{from}(arc)"))
            .says("a waker that is made from a table of functions; `Wake` of an `Arc` is safe")
            .since(51)
            .applies(Applicability::Display),
    });
}

/// How large a file is gone through, in expressions.
const MAX_READ: usize = 50_000;

/// Whether the only table of the file has functions that do nothing.
fn is_nothing(at: &At<'_>) -> bool {
    let mut tables = Vec::new();
    if at.syntax().exprs.len() > MAX_READ {
        return false;
    }
    for id in at.syntax().expr_ids() {
        let is_new = at.callee_path(id).is_some_and(|path| is_table(at, path));
        if let (true, ExprKind::Call { arguments, .. }) = (is_new, at.kind(id)) {
            tables.push(arguments);
        }
    }
    match tables.as_slice() {
        [arguments] => {
            arguments.len() == 4 && arguments.iter().skip(1).all(|part| is_empty(at, *part))
        }
        _ => false,
    }
}

fn is_table(at: &At<'_>, path: &Path) -> bool {
    let is_new = path
        .segments
        .last()
        .is_some_and(|last| at.is_name(last.name, "new"));
    // Another name may be imported for it by itself.
    if path.segments.len() > 1 && !is_new {
        return false;
    }
    let mut full = at.full_path(path);
    (full.next_back(), full.next_back()) == (Some("new"), Some("RawWakerVTable"))
}

/// Whether a function has an empty body.
fn is_empty(at: &At<'_>, function: ExprId) -> bool {
    let body = match at.kind(function) {
        ExprKind::Closure { body, .. } => Some((*at, *body)),
        ExprKind::Path(path) => {
            let name = at.last_name(path);
            let is_function = |kind: &ItemKind| matches!(kind, ItemKind::Function(_));
            let found = name.and_then(|name| at.declared.only(name, is_function));
            found.and_then(|(place, item)| match &item.kind {
                ItemKind::Function(function) => Some((at.declared.at(place)?, function.body?)),
                _ => None,
            })
        }
        _ => None,
    };
    body.is_some_and(|(there, body)| match there.kind(body) {
        ExprKind::Block(block) => block.statements.is_empty(),
        ExprKind::Tuple(parts) => parts.is_empty(),
        _ => false,
    })
}
