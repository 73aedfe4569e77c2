//! Memory that threads share is read or freed without an order
//!
//! An atomic with `Ordering::Relaxed` says nothing of the memory around it. A thread that frees what a
//! count or a flag guards, or follows a pointer that another thread published, has to see what the other
//! threads did to it before: that takes a `Release` there and an `Acquire` here.
//!
//! ## What to do
//! Count down with `Ordering::Release` and put `fence(Ordering::Acquire)` before what frees, as `Arc` does,
//! or take `Ordering::AcqRel`. Load flags and pointers with `Ordering::Acquire` before memory is read on
//! their word.
//!
//! ## Known problems
//! An order that other code keeps (a lock of the caller, a thread that was joined, a queue with one writer)
//! is not seen. Where a function names an order, a fence or a lock between the atomic and the memory, nothing
//! is said. A machine with one thread has no races.
//!
//! ## Example
//! ```text,bad
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! struct Inner {
//!     count: AtomicUsize,
//!     text: String,
//! }
//!
//! pub struct Shared {
//!     inner: *mut Inner,
//! }
//!
//! impl Drop for Shared {
//!     fn drop(&mut self) {
//!         unsafe {
//!             if (*self.inner).count.fetch_sub(1, Ordering::Release) == 1 {
//!                 drop(Box::from_raw(self.inner));
//!             }
//!         }
//!     }
//! }
//! ```
//! ```text,good
//! use std::sync::atomic::{AtomicUsize, Ordering, fence};
//!
//! struct Inner {
//!     count: AtomicUsize,
//!     text: String,
//! }
//!
//! pub struct Shared {
//!     inner: *mut Inner,
//! }
//!
//! impl Drop for Shared {
//!     fn drop(&mut self) {
//!         unsafe {
//!             if (*self.inner).count.fetch_sub(1, Ordering::Release) == 1 {
//!                 fence(Ordering::Acquire);
//!                 drop(Box::from_raw(self.inner));
//!             }
//!         }
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/atomics.html>
//! - <https://doc.rust-lang.org/nomicon/arc-mutex/arc-drop.html>

use std::cell::Cell;

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::atomics::Atomic;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, Operator, Prefix, StatementKind, Tokens};

pub(crate) const META: Meta = Meta {
    code: "SND070",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "ORDERING_RACE",
    alike: &[
        "RUSTSEC-2022-0006",
        "RUSTSEC-2021-0093",
        "RUSTSEC-2020-0017",
    ],
    find,
};

/// How many atomic operations of one file are looked at.
const MAX_ATOMICS: usize = 512;
/// How many tokens are looked at for all of them.
const MAX_LOOKS: u32 = 1 << 22;
/// How many methods of one file that take a count down are looked for.
const MAX_COUNTERS: usize = 16;
/// How many expressions are gone through outwards, or into each other.
const MAX_STEPS: u32 = 24;
/// How many tokens of a called function are looked at.
const MAX_CALLED: u32 = 2048;

/// What frees or drops.
const FREES: [&str; 4] = ["from_raw", "dealloc", "deallocate", "drop_in_place"];

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let atomics = at.syntax().expr_ids().filter_map(|id| at.atomic(id));
    let mut counters = Vec::new();
    let looks = Looks(Cell::new(MAX_LOOKS));
    for atomic in at.up_to(MAX_ATOMICS, atomics) {
        if looks.take(at.expr_tokens(atomic.body)).is_none() {
            return at.leave_out();
        }
        let doubt = match atomic.is_load {
            true => loaded(at, &atomic),
            false => counted(at, &atomic, &looks),
        };
        found.extend(doubt);
        counters.extend(counter(at, atomic));
    }
    counted_by_own(at, &counters, &looks, found);
}

/// How many tokens of the file, and of what it calls, may be looked at still.
struct Looks(Cell<u32>);

impl Looks {
    fn take(&self, tokens: Tokens) -> Option<()> {
        let count = tokens.end.saturating_sub(tokens.start).max(1);
        self.0.set(self.0.get().checked_sub(count)?);
        Some(())
    }
}

/// A count that goes down, and who sees it end frees.
fn counted(at: &At<'_>, atomic: &Atomic<'_>, looks: &Looks) -> Option<Doubt> {
    let body = at.expr_tokens(atomic.body);
    let call = at.expr_tokens(atomic.call);
    let (freed, keyword) = freed_on(at, atomic.call, atomic.body, looks)?;
    let behind = Tokens {
        start: call.end,
        end: body.end,
    };
    let is_acquired = at.orders(behind);
    let releases = || at.mentions_any(body, &["Release", "AcqRel", "SeqCst"]);
    if is_acquired && (!atomic.is_relaxed || releases() || !at.mentions(behind, "Acquire")) {
        return None;
    }
    let (order, sound) = match atomic.is_relaxed {
        true => (
            "`Relaxed` lets other threads' uses come after this",
            "count down with `Ordering::AcqRel`",
        ),
        false => (
            "`Release` does not let this thread see other threads' uses",
            "put `fence(Ordering::Acquire)` before what frees",
        ),
    };
    Some(Doubt {
        keyword,
        tokens: call,
        // What others call may be kept to one thread by them.
        confidence: match at.is_of_trait_named(atomic.item, &["Drop"]) && freed.is_here {
            true => Confidence::High,
            false => Confidence::Medium,
        },
        message: "a count of references is taken down without an order to what is then freed"
            .to_owned(),
        chain: vec![
            at.reason(call, order),
            at.reason(at.expr_tokens(freed.by), "and what was counted is freed"),
        ],
        sound: sound.to_owned(),
    })
}

/// A method that does nothing but take a count down and give what it was: its name.
fn counter<'p>(at: &At<'p>, atomic: Atomic<'p>) -> Option<(String, Atomic<'p>)> {
    let is_all = !atomic.is_load && is_number_of(at, atomic.body, atomic.call);
    if !is_all || atomic.function.receiver.is_none() {
        return None;
    }
    let name = at.name(at.syntax().item(atomic.item)?.name?);
    // Of several methods of the name, another type's may keep an order.
    let mut named = at.declared.functions(name, None);
    let is_only = named.next().is_some() && named.next().is_none();
    is_only.then(|| (name.to_owned(), atomic))
}

/// The calls of such methods.
fn counted_by_own(
    at: &At<'_>,
    counters: &[(String, Atomic<'_>)],
    looks: &Looks,
    found: &mut Vec<Doubt>,
) {
    if counters.is_empty() {
        return;
    }
    let calls = at.syntax().expr_ids().filter_map(|call| {
        let ExprKind::Method {
            receiver,
            name,
            arguments,
            ..
        } = at.kind(call)
        else {
            return None;
        };
        let mut named = counters.iter().take(MAX_COUNTERS);
        let (_, counter) = named.find(|(own, _)| at.is_name(*name, own))?;
        let (item, function) = at.function(call)?;
        let is_one = arguments.is_empty() && !at.is_test(item);
        Some(Atomic {
            call,
            place: *receiver,
            item,
            function,
            body: function.body.filter(|_| is_one)?,
            ..*counter
        })
    });
    let calls = at.up_to(MAX_ATOMICS, calls);
    let calls = calls.map_while(|call| looks.take(at.expr_tokens(call.body)).map(|()| call));
    found.extend(calls.filter_map(|call| counted(at, &call, looks)));
}

/// What frees.
struct Freed {
    by: ExprId,
    /// Whether it does so itself: it calls nothing of the package.
    is_here: bool,
}

/// What frees where a count ends, and the `unsafe` that it rests on.
fn freed_on(at: &At<'_>, count: ExprId, body: ExprId, looks: &Looks) -> Option<(Freed, u32)> {
    let condition = condition_of(at, count, body)?;
    let ExprKind::If {
        then, otherwise, ..
    } = at.kind(condition)
    else {
        return None;
    };
    let leaves = at.leaves(*then);
    let branches = [Some(*then), *otherwise].into_iter().flatten();
    let inside = branches.flat_map(|branch| at.syntax().within(branch));
    let behind = at
        .syntax()
        .within(body)
        .filter(|part| leaves && *part > condition);
    let mut parts = inside.chain(behind);
    parts.find_map(|part| {
        let freed = frees(at, part, looks)?;
        let keyword = at.rests_on(part).or_else(|| at.rests_on(count));
        Some((freed, keyword?))
    })
}

/// The `if` that asks whether a count has come to its end.
fn condition_of(at: &At<'_>, count: ExprId, body: ExprId) -> Option<ExprId> {
    let asks = |around: &ExprId| match at.kind(*around) {
        ExprKind::If { condition, .. } => {
            at.syntax().is_within(count, *condition) && compares(at, *condition, count)
        }
        _ => false,
    };
    if let Some(around) = at.syntax().ancestors(count).take(32).find(asks) {
        return Some(around);
    }
    // `let before = count.fetch_sub(…); if before == 1 {`
    let mut whole = at.outermost(count);
    if let Some(around) = at.around(whole)
        && is_number_of(at, around, count)
    {
        whole = at.outermost(around);
    }
    let (statement, _) = at.statement(whole)?;
    let StatementKind::Let {
        pattern,
        value: Some(value),
        ..
    } = at.syntax().statement(statement)?.kind
    else {
        return None;
    };
    let name = at.pattern_name(pattern)?;
    if !is_number_of(at, value, count) {
        return None;
    }
    at.syntax().within(body).find(|part| match at.kind(*part) {
        ExprKind::If { condition, .. } => {
            *part > count
                && matches!(
                    at.kind(at.bare(*condition)),
                    ExprKind::Binary { left, .. }
                        if at.single(*left).is_some_and(|found| found == name)
                )
                && is_end(at, *condition)
        }
        _ => false,
    })
}

/// Whether a condition compares a count with where it ends.
fn compares(at: &At<'_>, condition: ExprId, count: ExprId) -> bool {
    match at.kind(at.bare(condition)) {
        ExprKind::Binary { left, .. } => is_number_of(at, *left, count) && is_end(at, condition),
        _ => false,
    }
}

/// Whether a value is a count, or that less one; blocks around it left out.
fn is_number_of(at: &At<'_>, value: ExprId, count: ExprId) -> bool {
    let mut value = at.bare(value);
    for _ in 0..MAX_STEPS {
        if value == count {
            return true;
        }
        value = match at.kind(value) {
            ExprKind::Binary {
                operator: Operator::Sub,
                left,
                ..
            } => at.bare(*left),
            ExprKind::Block(_) => match at.tail(value) {
                Some(tail) => at.bare(tail),
                None => return false,
            },
            _ => return false,
        };
    }
    false
}

/// `== 1`, `!= 1`, `> 1`, `== 0`
fn is_end(at: &At<'_>, condition: ExprId) -> bool {
    let ExprKind::Binary {
        operator, right, ..
    } = at.kind(at.bare(condition))
    else {
        return false;
    };
    let is_comparison = matches!(
        operator,
        Operator::Eq | Operator::Ne | Operator::Gt | Operator::Lt | Operator::Le | Operator::Ge
    );
    is_comparison && *at.kind(at.bare(*right)) == ExprKind::Literal
}

/// Whether an expression frees, or calls a function of the package that does and names no order.
fn frees(at: &At<'_>, id: ExprId, looks: &Looks) -> Option<Freed> {
    let name = match at.kind(id) {
        ExprKind::Call { .. } => at.called_path(id)?.segments.last()?.name,
        ExprKind::Method { name, .. } => *name,
        _ => return None,
    };
    if FREES.iter().any(|word| at.is_name(name, word)) {
        let is_here = true;
        return Some(Freed { by: id, is_here });
    }
    let mut functions = at.declared.functions(at.name(name), None);
    let (Some((place, function)), None) = (functions.next(), functions.next()) else {
        return None;
    };
    let there = at.declared.at(place)?;
    let tokens = there.expr_tokens(function.body?);
    let is_short = tokens.end.saturating_sub(tokens.start) < MAX_CALLED;
    if !is_short || looks.take(tokens).is_none() {
        return None;
    }
    let is_freeing = there.mentions_any(tokens, &FREES) && !there.orders(tokens);
    is_freeing.then_some(Freed {
        by: id,
        is_here: false,
    })
}

/// A flag or a pointer that is loaded without an order, and memory that is read on its word.
fn loaded(at: &At<'_>, atomic: &Atomic<'_>) -> Option<Doubt> {
    if atomic.function.unsafety.is_some() || at.is_of_trait_named(atomic.item, &["Drop", "Debug"]) {
        return None;
    }
    let (used, what) = followed(at, atomic)
        .map(|used| (used, Loaded::Pointer))
        .or_else(|| Some((guarded(at, atomic)?, Loaded::Flag)))?;
    // An order that is only kept behind it comes too late.
    let before = Tokens {
        start: at.expr_tokens(atomic.body).start,
        end: at.expr_tokens(used).end,
    };
    if at.orders(before) || at.is_own_atomic(atomic) || writes(at, atomic) {
        return None;
    }
    let keyword = at.unsafe_around(used)?;
    let tokens = at.expr_tokens(atomic.call);
    let (message, says) = match what {
        Loaded::Pointer => (
            "a pointer that other threads publish is loaded with `Relaxed` and followed",
            "what lies there may not be seen as it was written before",
        ),
        Loaded::Flag => (
            "a flag is loaded with `Relaxed`, and memory is read on its word",
            "what it says is there may not be seen yet",
        ),
    };
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: message.to_owned(),
        chain: vec![
            at.reason(tokens, "this orders nothing"),
            at.reason(at.expr_tokens(used), says),
        ],
        sound: "load it with `Ordering::Acquire`, and store it with `Ordering::Release`".to_owned(),
    })
}

/// What is loaded.
#[derive(Debug, Clone, Copy)]
enum Loaded {
    Pointer,
    Flag,
}

/// Where a loaded pointer is followed.
fn followed(at: &At<'_>, atomic: &Atomic<'_>) -> Option<ExprId> {
    let mut uses = at.syntax().within(atomic.body).filter(|part| {
        let is_deref = match at.kind(*part) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => Some(*operand),
            ExprKind::Method { receiver, name, .. } => {
                const READS: [&str; 4] = ["read", "as_ref", "as_mut", "read_volatile"];
                let reads = READS.iter().any(|word| at.is_name(*name, word));
                reads.then_some(*receiver)
            }
            _ => None,
        };
        *part > atomic.call
            && is_deref.is_some_and(|pointer| at.pointer_root(pointer) == atomic.call)
            && at.unsafe_around(*part).is_some()
    });
    // What is only asked for an address, or for another atomic, reads no memory that has no order.
    uses.find(|part| !is_asked_for_atomic(at, *part))
}

fn is_asked_for_atomic(at: &At<'_>, id: ExprId) -> bool {
    let mut part = id;
    for _ in 0..MAX_STEPS {
        let Some(around) = at.around(part) else {
            return false;
        };
        match at.kind(around) {
            ExprKind::Field { .. } | ExprKind::Index { .. } | ExprKind::Borrow { .. } => {}
            ExprKind::Method { name, .. } => {
                let name = at.name(*name);
                return matches!(name, "load" | "store" | "swap" | "get_unchecked")
                    || name.starts_with("fetch_");
            }
            _ => return false,
        }
        part = around;
    }
    false
}

/// Memory of `self` that is read where a flag is set.
fn guarded(at: &At<'_>, atomic: &Atomic<'_>) -> Option<ExprId> {
    if !at.leads_to_self(atomic.place) {
        return None;
    }
    let asks = |around: &ExprId| match at.kind(*around) {
        ExprKind::If { condition, .. } => at.syntax().is_within(atomic.call, *condition),
        _ => false,
    };
    let around = at.syntax().ancestors(atomic.call).take(16).find(asks)?;
    let ExprKind::If {
        condition, then, ..
    } = at.kind(around)
    else {
        return None;
    };
    let is_not = matches!(
        at.kind(at.bare(*condition)),
        ExprKind::Unary {
            operator: Prefix::Not,
            ..
        }
    );
    let reads = |part: &ExprId| is_cell_read(at, *part) && at.unsafe_around(*part).is_some();
    match is_not {
        false => at.syntax().within(*then).find(reads),
        true if at.leaves(*then) => {
            let mut parts = at.syntax().within(atomic.body);
            parts.find(|part| *part > around && reads(part))
        }
        true => None,
    }
}

/// `*self.value.get()`, `self.value.get().read()`, `(*self.value.get()).assume_init_ref()`
fn is_cell_read(at: &At<'_>, id: ExprId) -> bool {
    let pointer = match at.kind(id) {
        ExprKind::Unary {
            operator: Prefix::Deref,
            operand,
        } => *operand,
        _ => match at.method_of::<0>(id, &["read", "as_ref"]) {
            Some((receiver, [])) => receiver,
            None => return false,
        },
    };
    let root = at.pointer_root(pointer);
    let cell = at.method_of::<0>(root, &["get", "as_ptr"]);
    cell.is_some_and(|(cell, [])| at.leads_to_self(cell))
}

/// Whether a function writes atomics itself: who alone writes one knows what it wrote.
fn writes(at: &At<'_>, atomic: &Atomic<'_>) -> bool {
    at.any_word(at.expr_tokens(atomic.body), |word| {
        matches!(word, b"store" | b"swap") || word.starts_with(b"fetch_")
    })
}
