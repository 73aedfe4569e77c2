//! A value is made without one where its type has a constructor
//!
//! A struct that is made by `mem::uninitialized`, by `mem::zeroed`, or by an unsafe constructor that leaves
//! fields out, is there before its fields are. A field that may not be any bytes is undefined behaviour
//! even if nobody reads it.
//!
//! ## What to do
//! Call the safe constructor that the type has, and change what is to be different.
//!
//! ## Known problems
//! The safe constructor writes all fields, and may do more. Whether what is left out was left out for
//! speed, only a measurement tells.
//!
//! ## Example
//! ```text,bad
//! #[derive(Debug)]
//! pub struct State {
//!     pub table: Option<Box<u32>>,
//!     pub step: u32,
//! }
//!
//! impl State {
//!     pub fn new() -> State {
//!         State { table: None, step: 0 }
//!     }
//! }
//!
//! pub fn state(step: u32) -> State {
//!     let mut state: State = unsafe { std::mem::zeroed() };
//!     state.step = step;
//!     state
//! }
//! ```
//! ```text,good
//! #[derive(Debug)]
//! pub struct State {
//!     pub table: Option<Box<u32>>,
//!     pub step: u32,
//! }
//!
//! impl State {
//!     pub fn new() -> State {
//!         State { table: None, step: 0 }
//!     }
//! }
//!
//! pub fn state(step: u32) -> State {
//!     let mut state: State = State::new();
//!     state.step = step;
//!     state
//! }
//! ```
//! ```text,cases
//! show!(state(random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/fn.uninitialized.html>
//! - <https://doc.rust-lang.org/std/mem/union.MaybeUninit.html#initialization-invariant>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::dance::declared::of_file;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::facts::dance::Need;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprKind, Function};

pub(crate) const META: Meta = Meta {
    code: "DAN036",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((path, name)) = made(at, operation).or_else(|| built(at, operation)) else {
        return;
    };
    let Some(constructor) = constructor(at, operation, &name) else {
        return;
    };
    let text = Pieces::of(format!("{path}::{constructor}()"));
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says("a value that is made without its fields, where its type has a constructor")
            .applies(Applicability::Unsafe),
    );
}

/// What is made without a value: how its type is called, and the type's name.
fn made(at: &At<'_>, operation: &Operation) -> Option<(String, String)> {
    let id = operation.expr;
    let ([], call) = at.call_of(id, "mem", &["uninitialized", "zeroed"])?;
    let (of, _) = at.stated_or_expected(call.generics.first(), id);
    let Ty::Named(name, _) = &of else {
        return None;
    };
    (at.is_own(&of) && at.is_nameable(id, name)).then(|| (of_file(name).1.to_owned(), name.clone()))
}

/// What an unsafe constructor without arguments makes.
fn built(at: &At<'_>, operation: &Operation) -> Option<(String, String)> {
    let ExprKind::Call { callee, arguments } = at.kind(operation.expr) else {
        return None;
    };
    let callee = at.bare(*callee);
    let ExprKind::Path(path) = at.kind(callee) else {
        return None;
    };
    if operation.need != Need::Own || !arguments.is_empty() || path.segments.len() < 2 {
        return None;
    }
    let (place, function) = at.declared_function(operation.expr, path)?;
    let owner = at.declared.owner(place)?;
    let of = at
        .declared
        .at(place)?
        .written_in(function.output?, Some(place.item));
    let Ty::Named(name, _) = of else {
        return None;
    };
    let text = at.text(callee);
    let (before, _) = text.rsplit_once("::")?;
    (owner == of_file(&name).1).then(|| (before.trim().to_owned(), name))
}

/// The safe constructor without arguments that a type has.
fn constructor(at: &At<'_>, operation: &Operation, name: &str) -> Option<&'static str> {
    let has = |constructor: &str| {
        let mut found = at.declared.functions(constructor, Some(name)).peekable();
        found.peek().is_some()
            && found.all(|(place, function)| {
                makes(at, place, function, name) && !leans_on(at, place, operation)
            })
    };
    if has("new") {
        return Some("new");
    }
    let is_derived = at.has_attribute(name, "Default");
    (has("default") || is_derived && !is_in(at, operation, "default")).then_some("default")
}

/// Whether a function makes a value of a type out of nothing.
fn makes(at: &At<'_>, place: Place, function: &Function, name: &str) -> bool {
    let output = function.output.zip(at.declared.at(place));
    let output = output.map(|(of, at)| at.written_in(of, Some(place.item)));
    function.unsafety.is_none()
        && function.receiver.is_none()
        && function.parameters.is_empty()
        && matches!(output, Some(Ty::Named(of, _)) if of == name)
}

/// Whether a constructor may itself do what is to be replaced, or be where it is done.
fn leans_on(at: &At<'_>, place: Place, operation: &Operation) -> bool {
    let (Some(item), Some(inner)) = (at.declared.item(place), at.declared.at(place)) else {
        return true;
    };
    let own = at
        .function(operation.expr)
        .and_then(|(item, _)| at.syntax().item(item)?.name)
        .map(|name| at.name(name));
    let called = operation.name.rsplit("::").next().unwrap_or_default();
    let mut words = vec!["uninitialized", "zeroed", called];
    words.extend(own);
    words.iter().any(|word| inner.mentions(item.tokens, word))
}

/// Whether something is in a function of a name.
fn is_in(at: &At<'_>, operation: &Operation, name: &str) -> bool {
    let item = at.item_of(operation.expr);
    let item = item.and_then(|item| at.syntax().item(item)?.name);
    item.is_some_and(|own| at.is_name(own, name))
}
