//! A number of a caller becomes an `enum` unchecked
//!
//! Only the numbers of its variants are values of an `enum`. A safe function that transmutes whatever
//! number it is given makes others, too: the optimizer relies on that there are none, and a `match` on such
//! a value may jump anywhere.
//!
//! ## What to do
//! Match on the number and refuse what is none of a variant, or derive `TryFrom`.
//!
//! ## Known problems
//! Any comparison of the number is taken for a check.
//!
//! ## Example
//! ```text,bad
//! #[repr(u8)]
//! pub enum Color {
//!     Red,
//!     Green,
//! }
//!
//! impl Color {
//!     pub fn of(number: u8) -> Color {
//!         unsafe { std::mem::transmute::<u8, Color>(number) }
//!     }
//! }
//! ```
//! ```text,good
//! pub enum Color {
//!     Red,
//!     Green,
//! }
//!
//! impl Color {
//!     pub fn of(number: u8) -> Option<Color> {
//!         match number {
//!             0 => Some(Color::Red),
//!             1 => Some(Color::Green),
//!             _ => None,
//!         }
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/behavior-considered-undefined.html>

use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemId, ItemKind, Operator};

pub(crate) const META: Meta = Meta {
    code: "SND058",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "LAYOUT_PUN",
    alike: &["RUSTSEC-2024-0426", "RUSTSEC-2023-0035"],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        if matches!(at.kind(id), ExprKind::Call { .. }) {
            found.extend(of_number(at, id));
        }
    }
}

/// A number that a caller gives becomes an enum, with nothing that looks at it before.
fn of_number(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ([value], call) = at.call_of(id, "mem", &["transmute", "transmute_copy"])?;
    let item = at.function(id).map(|(item, _)| item);
    let to = match call.generics.last().map(|to| at.written_in(*to, item)) {
        None | Some(Ty::Unknown) => at.expected(id),
        Some(to) => to,
    };
    let Ty::Named(name, _) = &to else {
        return None;
    };
    if !matches!(at.type_of(value), Ty::Int(_)) {
        return None;
    }
    let (_, _, item) = at.own_item(name)?;
    let ItemKind::Enum { variants, .. } = &item.kind else {
        return None;
    };
    // Of 256 variants each byte is one.
    if variants.len() >= 256 {
        return None;
    }
    let entry = at.entry_around(id)?;
    let given = at.single(value)?;
    let is_given = matches!(at.binding(given, value)?.bound, Bound::Parameter(_));
    if !is_given || !entry.is_reached || is_looked_at(at, entry.item, given) {
        return None;
    }
    let message = format!(
        "any number becomes `{}`: nothing looks at it",
        of_file(name).1
    );
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::High,
        message,
        chain: vec![
            at.reason(at.expr_tokens(value), "a caller gives this number"),
            at.reason(tokens, "nothing looked at it before this"),
        ],
        sound: "match on the number, or check that it is one of a variant".to_owned(),
    })
}

/// Whether a function compares a variable, matches on it, or cuts it.
fn is_looked_at(at: &At<'_>, item: ItemId, name: &str) -> bool {
    let body = match at.syntax().item(item).map(|item| &item.kind) {
        Some(ItemKind::Function(function)) => function.body,
        _ => None,
    };
    let Some(body) = body else {
        return true;
    };
    at.syntax().within(body).any(|part| {
        let looked_at = match at.kind(part) {
            ExprKind::Binary {
                operator:
                    Operator::Lt
                    | Operator::Le
                    | Operator::Gt
                    | Operator::Ge
                    | Operator::Eq
                    | Operator::Ne
                    | Operator::And
                    | Operator::Rem,
                ..
            } => part,
            ExprKind::Match { value, .. } => *value,
            ExprKind::Method { .. } => part,
            ExprKind::Macro { path, .. } => {
                let last = path.segments.last().map(|last| at.name(last.name));
                let is_debug = last.is_some_and(|last| last.starts_with("debug_assert"));
                return !is_debug && at.mentions(at.expr_tokens(part), name);
            }
            _ => return false,
        };
        at.mentions(at.expr_tokens(looked_at), name)
    })
}
