//! A number is a static mut
//!
//! Every use of a `static mut` is a data race where two threads make it at once, and nothing looks. For a
//! number there is an atomic, of which every use is safe.
//!
//! ## What to do
//! Make it a `static` of the atomic of its type, and use `load`, `store`, `fetch_add`: with
//! `Ordering::Relaxed` where only the number itself is shared, as of a counter; otherwise with
//! `Ordering::SeqCst`.
//!
//! ## Known problems
//! What is shown is the way: all uses have to change together, and a read and a write that belong
//! together become one `fetch_…`. Not all machines have all atomics.
//!
//! ## Example
//! ```text,bad
//! static mut COUNT: u32 = 0;
//!
//! pub fn count() -> u32 {
//!     unsafe {
//!         COUNT += 1;
//!         COUNT
//!     }
//! }
//! ```
//! ```text,good
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! static COUNT: AtomicU32 = AtomicU32::new(0);
//!
//! pub fn count() -> u32 {
//!     COUNT.fetch_add(1, Ordering::Relaxed) + 1
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/sync/atomic/index.html>
//! - <https://doc.rust-lang.org/edition-guide/rust-2024/static-mut-references.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Item, ItemKind, Operator, TypeId};

pub(crate) const META: Meta = Meta {
    code: "DAN057",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: Some(find_in_file),
};

/// The atomic of a type.
fn atomic(at: &At<'_>, of: TypeId) -> Option<&'static str> {
    Some(match at.type_text(of).as_str() {
        "bool" => "AtomicBool",
        "u8" => "AtomicU8",
        "u16" => "AtomicU16",
        "u32" => "AtomicU32",
        "u64" => "AtomicU64",
        "usize" => "AtomicUsize",
        "i8" => "AtomicI8",
        "i16" => "AtomicI16",
        "i32" => "AtomicI32",
        "i64" => "AtomicI64",
        "isize" => "AtomicIsize",
        _ => return None,
    })
}

/// The atomic, and the value, of a `static mut` that is a number.
fn number(at: &At<'_>, item: &Item) -> Option<(&'static str, ExprId)> {
    let (of, value) = item.static_mut()?;
    Some((atomic(at, of)?, value))
}

/// The first compiler that has an atomic.
fn since(atomic: &str) -> u32 {
    match atomic {
        "AtomicBool" | "AtomicUsize" | "AtomicIsize" => 24,
        _ => 34,
    }
}

fn find_in_file(at: &At<'_>, found: &mut Vec<(u32, Replacement)>) {
    for (id, item) in at.syntax().items_by_id() {
        let (Some((atomic, value)), Some((keyword, name))) =
            (number(at, item), at.static_name(item))
        else {
            continue;
        };
        let public = if item.public { "pub " } else { "" };
        let text = Pieces::of(format!("{public}static {name}: {atomic} = {atomic}::new("));
        let change = Replacement::of_item(id, Some(text.keep(value).text(");")))
            .says(format!(
                "a number that every thread may write; `{atomic}` is safe to share"
            ))
            .since(since(atomic))
            .applies(Applicability::Display);
        found.push((keyword, change));
    }
}

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let ExprKind::Path(path) = at.kind(operation.expr) else {
        return;
    };
    let Some(name) = at.last_name(path) else {
        return;
    };
    let is_value = |kind: &ItemKind| matches!(kind, ItemKind::Value { .. });
    let Some((place, item)) = at.declared.only(name, is_value) else {
        return;
    };
    let declared = at.declared.at(place).and_then(|there| number(&there, item));
    let Some((atomic, _)) = declared else {
        return;
    };
    let around = at.around(operation.expr);
    let all = Pieces::default().operand(operation.expr);
    let (target, text) = match around.map(|around| (around, at.kind(around))) {
        Some((
            around,
            ExprKind::Assign {
                operator,
                left,
                right,
            },
        )) if *left == operation.expr => {
            let method = match operator {
                None => "store",
                Some(Operator::Add) => "fetch_add",
                Some(Operator::Sub) => "fetch_sub",
                Some(Operator::And) => "fetch_and",
                Some(Operator::Or) => "fetch_or",
                Some(Operator::Xor) => "fetch_xor",
                Some(_) => return,
            };
            let text = all.text(format!(".{method}(")).keep(*right);
            (around, text.text(", Ordering::SeqCst)"))
        }
        // Who has its address may do anything.
        Some((_, ExprKind::Borrow { .. } | ExprKind::Macro { .. })) => return,
        _ => (operation.expr, all.text(".load(Ordering::SeqCst)")),
    };
    found.push(
        Replacement::new(operation, target, text)
            .says(format!(
                "a use of a number that every thread may write; with `{atomic}` it is safe"
            ))
            .since(since(atomic))
            .applies(Applicability::Display),
    );
}
