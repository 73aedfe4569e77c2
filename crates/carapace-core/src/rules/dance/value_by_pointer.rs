//! What a reference leads to is read, written or replaced through a pointer
//!
//! `ptr::read` leaves a copy of a value behind that must not be dropped. Between it and the
//! `ptr::write` that makes up for it, a panic drops the value twice.
//!
//! ## What to do
//! Write `mem::replace(place, new)`, or `mem::take(place)` (Rust 1.40) where a default takes its place.
//! What is `Copy` is read and written by `*place`.
//!
//! ## Known problems
//! `mem::replace` evaluates the new value before the old one is taken out. Where it is made of the old
//! one, it is not rewritten.
//!
//! ## Example
//! ```text,bad
//! #[derive(Debug, Default, PartialEq)]
//! pub struct Queue {
//!     pub names: Vec<String>,
//! }
//!
//! impl Queue {
//!     pub fn drained(&mut self) -> Queue {
//!         unsafe {
//!             let old = std::ptr::read(self);
//!             std::ptr::write(self, Default::default());
//!             old
//!         }
//!     }
//! }
//!
//! pub fn exchange(place: &mut String, new: String) -> String {
//!     unsafe { std::ptr::replace(place, new) }
//! }
//!
//! pub fn next(number: &mut u32) -> u32 {
//!     let old = unsafe { std::ptr::read(number) };
//!     unsafe { std::ptr::write(number, old.wrapping_add(1)) };
//!     old
//! }
//! ```
//! ```text,good
//! #[derive(Debug, Default, PartialEq)]
//! pub struct Queue {
//!     pub names: Vec<String>,
//! }
//!
//! impl Queue {
//!     pub fn drained(&mut self) -> Queue {
//!         let old = std::mem::take(self);
//!         old
//!     }
//! }
//!
//! pub fn exchange(place: &mut String, new: String) -> String {
//!     std::mem::replace(place, new)
//! }
//!
//! pub fn next(number: &mut u32) -> u32 {
//!     let old = *number;
//!     *number = old.wrapping_add(1);
//!     old
//! }
//! ```
//! ```text,cases
//! let mut queue = Queue { names: vec!["a".to_owned(); random.below(4)] };
//! show!(queue.drained());
//! show!(queue);
//! let mut text = String::from("b");
//! show!(exchange(&mut text, String::from("c")));
//! show!(text);
//! let mut number = random.any::<u32>();
//! show!(next(&mut number));
//! show!(number);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/fn.replace.html>
//! - <https://doc.rust-lang.org/std/ptr/fn.read.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, StatementId, StatementKind};

pub(crate) const META: Meta = Meta {
    code: "DAN022",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `mem::take`.
const SINCE: u32 = 40;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let call = operation.expr;
    let offers = if let Some(([place, new], _)) = at.call_of::<2>(call, "ptr", &["replace"]) {
        Vec::from_iter(replaced(at, operation, place, new))
    } else if let Some(([place], _)) = at.call_of::<1>(call, "ptr", &["read"]) {
        let taken = taken(at, operation, place);
        match taken.is_empty() {
            true => Vec::from_iter(read(at, operation, place)),
            false => taken,
        }
    } else if let Some(([place, value], _)) = at.call_of::<2>(call, "ptr", &["write"]) {
        Vec::from_iter(written(at, operation, place, value))
    } else {
        return;
    };
    // While the program is compiled, little can be done through references.
    if at.runs(call) {
        found.extend(offers);
    }
}

/// What a reference leads to; of one that can be changed only, if that is asked.
fn lent(at: &At<'_>, id: ExprId, mutable: bool) -> Option<Ty> {
    at.chain(id)?;
    match (at.kind(at.bare(id)), at.type_of(id)) {
        (
            ExprKind::Path(_) | ExprKind::Field { .. } | ExprKind::Borrow { .. },
            Ty::Ref { mutable: is, of },
        ) if is || !mutable => Some(*of),
        _ => None,
    }
}

fn replaced(at: &At<'_>, operation: &Operation, place: ExprId, new: ExprId) -> Option<Replacement> {
    let of = lent(at, place, true)?;
    let is_known = of.is_known() && !at.touches(new, &at.chain(place)?);
    let text = Pieces::of(format!("{}(", at.of_mem(operation.expr, "replace")?))
        .keep(place)
        .text(", ")
        .keep(new)
        .text(")");
    Some(
        Replacement::new(operation, operation.expr, text)
            .says("an exchange through the reference")
            .safe_if(is_known),
    )
}

/// `let old = ptr::read(place); ptr::write(place, new);`
fn taken(at: &At<'_>, operation: &Operation, place: ExprId) -> Vec<Replacement> {
    let offers = || {
        let of = lent(at, place, true)?;
        let (statement, block) = at.statement(operation.expr)?;
        let StatementKind::Let {
            value: Some(value), ..
        } = at.syntax().statement(statement)?.kind
        else {
            return None;
        };
        if at.bare(value) != operation.expr {
            return None;
        }
        let (write, new, next) = written_next(at, statement, block)?;
        let (([to, _], _), chain) = (at.call_of::<2>(write, "ptr", &["write"])?, at.chain(place)?);
        let bound = at.let_name(statement)?;
        let tokens = at.syntax().expr(new).tokens;
        if !at.alike(to, place) || at.touches(new, &chain) || at.mentions(tokens, bound) {
            return None;
        }
        let offer = |text: Pieces, since: u32| {
            let mut offer = Replacement::new(operation, operation.expr, text)
                .covers([write])
                .since(since)
                .says("an exchange through the reference, in which no panic comes between")
                .safe_if(of.is_known());
            offer.removes.push(next);
            offer
        };
        let text = Pieces::of(format!("{}(", at.of_mem(operation.expr, "replace")?))
            .keep(place)
            .text(", ")
            .keep(new)
            .text(")");
        let mut offers = vec![offer(text, 0)];
        if at.plain(new) == "Default::default()" {
            let text = Pieces::of(format!("{}(", at.of_mem(operation.expr, "take")?));
            offers.push(offer(text.keep(place).text(")"), SINCE));
        }
        Some(offers)
    };
    offers().unwrap_or_default()
}

/// The call of `ptr::write` that is the next statement.
fn written_next(
    at: &At<'_>,
    statement: StatementId,
    block: ExprId,
) -> Option<(ExprId, ExprId, StatementId)> {
    let all = at.statements(block).iter().copied();
    let next = all.skip_while(|own| *own != statement).nth(1)?;
    let StatementKind::Expr { value, ends: true } = at.syntax().statement(next)?.kind else {
        return None;
    };
    let write = at.bare(value);
    let ([_, new], _) = at.call_of::<2>(write, "ptr", &["write"])?;
    Some((write, new, next))
}

/// A place, without the reference to it.
fn place_of(at: &At<'_>, place: ExprId) -> (Pieces, Binds) {
    match at.kind(at.bare(place)) {
        ExprKind::Borrow { operand, .. } => (Pieces::default().operand(*operand), Binds::Postfix),
        _ => (Pieces::of("*").operand(place), Binds::Prefix),
    }
}

fn read(at: &At<'_>, operation: &Operation, place: ExprId) -> Option<Replacement> {
    let of = lent(at, place, false)?;
    if at.spot(place).is_some() || !at.is_copy(&of) {
        return None;
    }
    let (text, binds) = place_of(at, place);
    Some(
        Replacement::new(operation, operation.expr, text)
            .binds(binds)
            .says("a value that is copied through the reference"),
    )
}

fn written(
    at: &At<'_>,
    operation: &Operation,
    place: ExprId,
    value: ExprId,
) -> Option<Replacement> {
    let of = lent(at, place, true)?;
    let is_own = at.own_statement(operation.expr).is_some();
    if at.spot(place).is_some() || !at.is_copy(&of) || !is_own {
        return None;
    }
    let (text, _) = place_of(at, place);
    Some(
        Replacement::new(operation, operation.expr, text.text(" = ").keep(value))
            .binds(Binds::Loose)
            .says("a value that is written through the reference"),
    )
}
