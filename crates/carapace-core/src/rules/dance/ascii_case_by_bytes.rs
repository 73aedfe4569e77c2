//! Letters of a text are changed through its bytes
//!
//! `as_bytes_mut` lets every byte be written, and with that text which is no UTF-8. To change the case of
//! ASCII letters nothing of it is needed.
//!
//! ## What to do
//! Write `text.make_ascii_lowercase()` or `text.make_ascii_uppercase()`.
//!
//! ## Known problems
//! Only bytes whose case is changed and nothing else are found.
//!
//! ## Example
//! ```text,bad
//! pub fn lower(text: &mut str) {
//!     unsafe { text.as_bytes_mut() }.make_ascii_lowercase();
//! }
//!
//! pub fn upper(mut text: String) -> String {
//!     // SAFETY: only ASCII letters change.
//!     unsafe {
//!         for byte in text.as_bytes_mut() {
//!             byte.make_ascii_uppercase();
//!         }
//!     }
//!     text
//! }
//!
//! pub fn loud(text: &mut String) {
//!     for byte in unsafe { text.as_bytes_mut() }.iter_mut() {
//!         *byte = byte.to_ascii_uppercase();
//!     }
//!     text.push('!');
//! }
//! ```
//! ```text,good
//! pub fn lower(text: &mut str) {
//!     text.make_ascii_lowercase();
//! }
//!
//! pub fn upper(mut text: String) -> String {
//!     text.make_ascii_uppercase();
//!     text
//! }
//!
//! pub fn loud(text: &mut String) {
//!     text.make_ascii_uppercase();
//!     text.push('!');
//! }
//! ```
//! ```text,cases
//! let mut text: String = random.many::<char>(0..9).into_iter().chain("aBc xYz".chars()).collect();
//! lower(&mut text);
//! show!(&text);
//! show!(upper(text.clone()));
//! loud(&mut text);
//! show!(&text);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.str.html#method.make_ascii_lowercase>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Prefix, StatementKind};

pub(crate) const META: Meta = Meta {
    code: "DAN054",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((text, [])) = at.method_of(operation.expr, &["as_bytes_mut"]) else {
        return;
    };
    if !matches!(at.type_of(text).peeled(), Ty::Str | Ty::String) {
        return;
    }
    let says = "letters of a text that are changed through its bytes";
    let (value, around) = outermost(at, operation.expr);
    match at.kind(around) {
        ExprKind::Method { receiver, name, .. }
            if *receiver == value
                && (at.is_name(*name, "make_ascii_lowercase")
                    || at.is_name(*name, "make_ascii_uppercase")) =>
        {
            let pieces = Pieces::default().operand(text);
            found.push(
                Replacement::new(operation, operation.expr, pieces)
                    .says(says)
                    .since(23),
            );
        }
        ExprKind::For { .. } => found.extend(in_loop(at, operation, text, around).map(|change| {
            let pieces = Pieces::default()
                .operand(text)
                .text(format!(".{change}();"));
            Replacement::new(operation, around, pieces)
                .binds(Binds::Loose)
                .says(says)
                .since(23)
        })),
        _ => {}
    }
}

/// What the bytes are handed on as through blocks and `iter_mut`, and the expression around that.
fn outermost(at: &At<'_>, mut id: ExprId) -> (ExprId, ExprId) {
    while let Some(around) = at.syntax().around(id) {
        match at.kind(around) {
            ExprKind::Block(_) if at.tail(around) == Some(id) => {}
            ExprKind::Paren(_) => {}
            ExprKind::Method { receiver, name, .. }
                if *receiver == id && at.is_name(*name, "iter_mut") => {}
            _ => return (id, around),
        }
        id = around;
    }
    (id, id)
}

/// The method that does what a loop over the bytes does.
fn in_loop(at: &At<'_>, operation: &Operation, text: ExprId, all: ExprId) -> Option<&'static str> {
    let ExprKind::For {
        pattern,
        over,
        body,
    } = at.kind(all)
    else {
        return None;
    };
    if !at.syntax().is_within(operation.expr, *over) || !at.is_pure(text) {
        return None;
    }
    at.own_statement(all)?;
    let name = at.pattern_name(*pattern)?;
    let is_byte = |id: ExprId| at.single(id) == Some(name);
    let [only] = at.statements(*body) else {
        return None;
    };
    let StatementKind::Expr { value, .. } = at.syntax().statement(*only)?.kind else {
        return None;
    };
    let changes = [
        ("make_ascii_lowercase", "to_ascii_lowercase"),
        ("make_ascii_uppercase", "to_ascii_uppercase"),
    ];
    changes.into_iter().find_map(|(change, changed)| {
        let is_changed = match at.kind(value) {
            ExprKind::Assign {
                operator: None,
                left,
                right,
            } => {
                let is_place = matches!(
                    at.kind(*left),
                    ExprKind::Unary { operator: Prefix::Deref, operand } if is_byte(*operand)
                );
                let value = at.method_of::<0>(*right, &[changed]);
                is_place && value.is_some_and(|(receiver, [])| is_byte(receiver))
            }
            _ => {
                let value = at.method_of::<0>(value, &[change]);
                value.is_some_and(|(receiver, [])| is_byte(receiver))
            }
        };
        is_changed.then_some(change)
    })
}
