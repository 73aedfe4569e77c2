//! A value is said to be pinned where safe code can pin it
//!
//! `Pin::new_unchecked` believes that a value is not moved any more until it is dropped. A local variable
//! that `pin!` has taken cannot be; a box is moved without what it holds; and what is `Unpin` may be
//! moved.
//!
//! ## What to do
//! Write `pin!(value)` for a local, `Box::pin(value)` for a new box, `Pin::from(boxed)` for one that is
//! there, and `Pin::new(reference)` for what is `Unpin`.
//!
//! ## Known problems
//! `pin!` takes the value, so that its name is of no use any more: only a variable that is pinned right
//! behind where it is made, and never named again, is rewritten unseen.
//!
//! ## Example
//! ```text,bad
//! use std::future::Future;
//! use std::pin::Pin;
//! use std::task::{Context, Poll};
//!
//! pub fn poll_once<F: Future>(future: F, context: &mut Context<'_>) -> Poll<F::Output> {
//!     let mut future = future;
//!     let future = unsafe { Pin::new_unchecked(&mut future) };
//!     future.poll(context)
//! }
//!
//! pub fn boxed<F: Future + 'static>(future: F) -> Pin<Box<dyn Future<Output = F::Output>>> {
//!     unsafe { Pin::new_unchecked(Box::new(future)) }
//! }
//!
//! pub fn pinned(values: Box<[u8; 4]>) -> Pin<Box<[u8; 4]>> {
//!     unsafe { Pin::new_unchecked(values) }
//! }
//!
//! pub fn of_number(number: &mut u32) -> Pin<&mut u32> {
//!     unsafe { Pin::new_unchecked(number) }
//! }
//! ```
//! ```text,good
//! use std::future::Future;
//! use std::pin::Pin;
//! use std::task::{Context, Poll};
//!
//! pub fn poll_once<F: Future>(future: F, context: &mut Context<'_>) -> Poll<F::Output> {
//!     let future = ::core::pin::pin!(future);
//!     future.poll(context)
//! }
//!
//! pub fn boxed<F: Future + 'static>(future: F) -> Pin<Box<dyn Future<Output = F::Output>>> {
//!     Box::pin(future)
//! }
//!
//! pub fn pinned(values: Box<[u8; 4]>) -> Pin<Box<[u8; 4]>> {
//!     Pin::from(values)
//! }
//!
//! pub fn of_number(number: &mut u32) -> Pin<&mut u32> {
//!     Pin::new(number)
//! }
//! ```
//! ```text,cases
//! let mut context = Context::from_waker(std::task::Waker::noop());
//! show!(poll_once(std::future::ready(random.any::<u32>()), &mut context));
//! show!(boxed(std::future::ready(random.any::<u32>())).as_mut().poll(&mut context));
//! show!(pinned(Box::new([random.any(); 4])));
//! show!(of_number(&mut random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/pin/macro.pin.html>
//! - <https://doc.rust-lang.org/std/boxed/struct.Box.html#method.pin>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprId, ExprKind, StatementId, StatementKind};

/// How long a body is gone through, in tokens.
const MAX_BODY: u32 = 50_000;

pub(crate) const META: Meta = Meta {
    code: "DAN063",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(([pointer], _)) = at.call_of(operation.expr, "Pin", &["new_unchecked"]) else {
        return;
    };
    if !at.runs(operation.expr) {
        return;
    }
    let pointer = at.bare(pointer);
    if let Some(local) = local(at, operation, pointer) {
        found.push(local);
        return;
    }
    let path = at.callee_path(operation.expr);
    let sibling = |name| path.and_then(|path| at.sibling(path, name));
    let of_box = at.call_of::<1>(pointer, "Box", &["new"]);
    let (call, value, says) = match (of_box, at.type_of(pointer)) {
        (Some(([value], _)), _) => {
            let pin = at
                .callee_path(pointer)
                .and_then(|path| at.sibling(path, "pin"));
            (pin, value, "a new box that is said to be pinned")
        }
        (None, Ty::Boxed(_)) => (sibling("from"), pointer, "a box that is said to be pinned"),
        (None, Ty::Ref { of, .. }) if is_unpin(&of) => {
            let says = "something that is said to be pinned and may be moved all the same";
            (sibling("new"), pointer, says)
        }
        _ => return,
    };
    let Some(call) = call else {
        return;
    };
    let text = Pieces::of(format!("{call}(")).keep(value).text(")");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says(says)
            .since(33),
    );
}

/// Whether something may be moved though it is pinned.
fn is_unpin(of: &Ty) -> bool {
    match of {
        Ty::Str | Ty::String => true,
        Ty::Ref { .. } | Ty::Pointer { .. } | Ty::Vec(_) | Ty::Boxed(_) => true,
        Ty::Slice(of) | Ty::Array(of, _) | Ty::Option(of) => is_unpin(of),
        Ty::Tuple(parts) => parts.iter().all(is_unpin),
        of => of.is_scalar(),
    }
}

/// `let name = unsafe { Pin::new_unchecked(&mut local) };`
fn local(at: &At<'_>, operation: &Operation, pointer: ExprId) -> Option<Replacement> {
    let ExprKind::Borrow {
        how: Borrow::Mut,
        operand,
    } = at.kind(pointer)
    else {
        return None;
    };
    let name = at.single(*operand)?;
    let binding = at.binding(name, *operand)?;
    let (statement, block) = at.statement(at.outermost(operation.expr))?;
    let StatementKind::Let { pattern, value, .. } = at.syntax().statement(statement)?.kind else {
        return None;
    };
    if value? != at.outermost(operation.expr) || !binding.mutable {
        return None;
    }
    let (_, function) = at.function(operation.expr)?;
    let body = at.syntax().expr(function.body?).tokens;
    if body.end - body.start > MAX_BODY {
        return None;
    }
    let own = at.statement_tokens(statement);
    let (made, place) = match binding.bound {
        Bound::Let {
            statement: made, ..
        } => (Some(made), at.syntax().statement(made)?.block?),
        Bound::Parameter(_) => (None, function.body?),
        _ => return None,
    };
    // In a loop it would be taken again.
    if place != block {
        return None;
    }
    let is_shadowed = at.pattern_name(pattern) == Some(name);
    let from = made.map_or(body.start, |made| at.statement_tokens(made).end);
    let count = |start: u32, end: u32| {
        (start..end)
            .filter(|token| {
                let token = *token;
                at.file.source.kind(token as usize).is_ident() && at.is_name(token, name)
            })
            .count()
    };
    let is_named_again = count(from, own.start) > 0
        || count(own.start, own.end) != 1 + usize::from(is_shadowed)
        || !is_shadowed && count(own.end, body.end) > 0;
    if is_named_again {
        return None;
    }
    let root = at.core_root();
    let text = Pieces::of(format!("::{root}::pin::pin!("))
        .keep(*operand)
        .text(")");
    let mut change = Replacement::new(operation, operation.expr, text)
        .says("a local that is said to be pinned")
        .since(68)
        // Between them something may be made that is dropped before it now, and behind it then.
        .safe_if(match made {
            Some(made) => is_next(at, block, made, statement),
            None => at.statements(block).first() == Some(&statement),
        });
    match made.filter(|made| is_only_mut(at, *made, name)) {
        Some(made) => change.removes.push(made),
        None => {
            let tokens = at.pattern_tokens(binding.pattern);
            change = change.also(tokens, Pieces::of(name));
        }
    }
    Some(change)
}

/// Whether a statement stands right behind another.
fn is_next(at: &At<'_>, block: ExprId, first: StatementId, second: StatementId) -> bool {
    let all = at.statements(block);
    all.windows(2).any(|pair| *pair == [first, second])
}

/// `let mut name = name;`
fn is_only_mut(at: &At<'_>, statement: StatementId, name: &str) -> bool {
    match at.syntax().statement(statement).map(|found| &found.kind) {
        Some(StatementKind::Let {
            value: Some(value),
            declared: None,
            ..
        }) => at.single(*value) == Some(name),
        _ => false,
    }
}
