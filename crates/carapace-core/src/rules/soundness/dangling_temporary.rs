//! A pointer to what is gone at the end of the statement
//!
//! `CString::new(text)?.as_ptr()` gives a pointer into a value that nobody keeps: it is freed at the
//! semicolon, and the pointer leads to freed memory from there on. The same holds for what a closure takes
//! by value and gives a pointer to.
//!
//! ## What to do
//! Bind the value first, and take the pointer of the variable, which has to live as long as it is used.
//!
//! ## Known problems
//! A pointer that is only handed on in the same statement is fine, and not found.
//!
//! ## Example
//! ```text,bad
//! use std::ffi::CString;
//!
//! extern "C" {
//!     fn puts(text: *const std::ffi::c_char) -> i32;
//! }
//!
//! pub fn print(text: &str) -> i32 {
//!     let text = CString::new(text).unwrap().as_ptr();
//!     unsafe { puts(text) }
//! }
//! ```
//! ```text,good
//! use std::ffi::CString;
//!
//! extern "C" {
//!     fn puts(text: *const std::ffi::c_char) -> i32;
//! }
//!
//! pub fn print(text: &str) -> i32 {
//!     let text = CString::new(text).unwrap();
//!     unsafe { puts(text.as_ptr()) }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/ffi/struct.CString.html#method.as_ptr>

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, Parent, PatternKind, StatementKind};

pub(crate) const META: Meta = Meta {
    code: "SND057",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "LIFETIME",
    alike: &["RUSTSEC-2025-0022", "RUSTSEC-2018-0010"],
    find,
};

/// How many calls are gone through.
const MAX_STEPS: u32 = 12;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        if let Some((receiver, [])) = at.method_of(id, &["as_ptr", "as_mut_ptr"]) {
            found.extend(of_temporary(at, id, receiver).or_else(|| of_taken(at, id, receiver)));
        }
    }
}

fn doubt(at: &At<'_>, id: ExprId, made: ExprId, says: &str) -> Option<Doubt> {
    let (item, _) = at.function(id)?;
    if at.is_test(item) {
        return None;
    }
    let function = match &at.syntax().item(item)?.kind {
        ItemKind::Function(function) => function,
        _ => return None,
    };
    let tokens = at.expr_tokens(id);
    let body = function.body?;
    let keyword = at.rests_on(id).or_else(|| {
        let blocks = at.syntax().within(body);
        let mut blocks = blocks.filter(|part| at.is_unsafe_block(*part));
        blocks.next().map(|block| at.expr_tokens(block).start)
    })?;
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::High,
        message: "a pointer to a value that nobody keeps: it leads to freed memory".to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(made), says),
            at.reason(tokens, "the pointer is used after that"),
        ],
        sound: "bind the value, and take the pointer of the variable".to_owned(),
    })
}

/// `let pointer = CString::new(text).unwrap().as_ptr();`
fn of_temporary(at: &At<'_>, id: ExprId, receiver: ExprId) -> Option<Doubt> {
    let made = made_here(at, receiver)?;
    // What becomes of it: it is bound, not handed on.
    let mut last = id;
    loop {
        match at.syntax().expr(last).parent {
            Parent::Expr(around) => match at.kind(around) {
                ExprKind::Paren(_) | ExprKind::Cast { .. } => last = around,
                _ => return None,
            },
            Parent::Statement(statement) => {
                let kind = &at.syntax().statement(statement)?.kind;
                let is_bound =
                    matches!(kind, StatementKind::Let { value: Some(value), .. } if *value == last);
                return is_bound.then(|| doubt(at, id, made, "nobody keeps what is made here"))?;
            }
            Parent::Item(_) | Parent::None => return None,
        }
    }
}

/// The call that makes a value of its own: `CString::new(…).unwrap()`.
fn made_here(at: &At<'_>, receiver: ExprId) -> Option<ExprId> {
    let mut part = at.bare(receiver);
    for _ in 0..MAX_STEPS {
        part = match at.kind(part) {
            ExprKind::Method { receiver, name, .. } => {
                const HANDS_ON: [&str; 6] = [
                    "unwrap",
                    "expect",
                    "unwrap_or_default",
                    "as_c_str",
                    "as_slice",
                    "as_bytes",
                ];
                if !HANDS_ON.iter().any(|word| at.is_name(*name, word)) {
                    return None;
                }
                at.bare(*receiver)
            }
            ExprKind::Try(inner) => at.bare(*inner),
            ExprKind::Call { .. } => {
                let call = at.call_of::<1>(part, "CString", &["new"]);
                let is_own = call.is_some()
                    || at.call_of::<1>(part, "String", &["from"]).is_some()
                    || at
                        .call_of::<1>(part, "Vec", &["with_capacity", "from"])
                        .is_some();
                return is_own.then_some(part);
            }
            _ => return None,
        };
    }
    None
}

/// `text.map_or(null(), |text| text.as_ptr())` of a value that is taken along.
fn of_taken(at: &At<'_>, id: ExprId, receiver: ExprId) -> Option<Doubt> {
    let name = at.single(receiver)?;
    let closure = at.around(id)?;
    let ExprKind::Closure { parameters, body } = at.kind(closure) else {
        return None;
    };
    let [(pattern, None)] = parameters.as_slice() else {
        return None;
    };
    let is_plain = matches!(
        at.syntax().pattern(*pattern),
        PatternKind::Name { name: token, by_ref: false, .. } if at.is_name(*token, name)
    );
    if !is_plain || *body != id {
        return None;
    }
    let call = at.around(closure)?;
    let (optional, _) = at
        .method_of::<2>(call, &["map_or"])
        .map(|(receiver, _)| (receiver, ()))
        .or_else(|| {
            at.method_of::<1>(call, &["map"])
                .map(|(receiver, _)| (receiver, ()))
        })?;
    // Of a variable that is an `Option` of what owns memory.
    let variable = at.single(optional)?;
    let owns = match at.type_of(optional) {
        Ty::Option(of) => match *of {
            Ty::Named(name, _) => name == "CString",
            Ty::Vec(_) | Ty::String => true,
            _ => false,
        },
        Ty::Unknown => match at.binding(variable, optional)?.bound {
            Bound::Let {
                value: Some(value), ..
            } => {
                let is_mapped = at.method_of::<1>(value, &["map", "and_then"]).is_some();
                let makes = |part: ExprId| at.call_of::<1>(part, "CString", &["new"]).is_some();
                let value = match at.kind(at.bare(value)) {
                    ExprKind::Try(inner) => *inner,
                    _ => value,
                };
                (is_mapped || at.method_of::<0>(value, &["transpose"]).is_some())
                    && at.syntax().within(value).any(makes)
            }
            _ => false,
        },
        _ => false,
    };
    owns.then(|| {
        doubt(
            at,
            id,
            optional,
            "the closure takes it, and drops it at its end",
        )
    })?
}
