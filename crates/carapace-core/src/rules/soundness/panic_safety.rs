//! A panic unwinds while values exist twice
//!
//! Unsafe code may leave things wrong for a moment: a value was copied out with `ptr::read` and still
//! counts where it was, a length says more than what is there, elements were moved and leave holes.
//! Where code of the caller is run in that moment (a closure, `Clone`, `Ord`, an iterator, `Drop`), it may
//! panic. Unwinding then drops values twice, or what was never a value.
//!
//! ## What to do
//! Make the moment safe: set the length to zero before and to the right one after; hold what is copied in
//! `ManuallyDrop`; or let a value with `Drop` put things right. Best, take code that does it already:
//! `Vec::retain_mut`, `mem::take`, `array::map`.
//!
//! ## Known problems
//! Which code can panic is told by types: methods of a type that is put in may. A `Drop` that repairs is
//! recognized where it borrows what it repairs. Where a pointer leads is followed in one function only.
//!
//! ## Example
//! ```text,bad
//! use std::ptr;
//!
//! pub fn update<T, F: FnOnce(T) -> T>(slot: &mut T, change: F) {
//!     unsafe {
//!         let old = ptr::read(slot);
//!         let new = change(old);
//!         ptr::write(slot, new);
//!     }
//! }
//! ```
//! ```text,good
//! pub fn update<T: Default, F: FnOnce(T) -> T>(slot: &mut T, change: F) {
//!     let old = std::mem::take(slot);
//!     *slot = change(old);
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/exception-safety.html>
//! - <https://github.com/sslab-gatech/Rudra>

use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::flow::places::{overlap, root};
use crate::soundness::flow::{Counting, Does, Droppable, Flow};
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "SND010",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "PANIC_SAFETY",
    alike: &[
        "RUSTSEC-2018-0003",
        "RUSTSEC-2021-0009",
        "RUSTSEC-2021-0049",
        "RUSTSEC-2026-0103",
    ],
    find,
};

/// How many sources of one function, and what may unwind behind each, are looked at.
const MAX_SOURCES: usize = 64;
const MAX_SINKS: usize = 64;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    for flow in judged.flows() {
        let mut doubts: Vec<Doubt> = Vec::new();
        let numbers = (0..flow.steps.len()).filter(|number| is_source(flow, *number));
        for number in flow.at.up_to(MAX_SOURCES, numbers) {
            doubts.extend(Moment { flow, number }.doubt());
        }
        // One for each site is enough: what repairs one repairs all.
        doubts.sort_by_key(|doubt| (doubt.keyword, std::cmp::Reverse(doubt.confidence)));
        doubts.dedup_by_key(|doubt| doubt.keyword);
        found.append(&mut doubts);
    }
}

fn is_source(flow: &Flow<'_, '_>, number: usize) -> bool {
    flow.step(number).is_some_and(|step| {
        matches!(
            step.does,
            Does::Read(_)
                | Does::Shift { .. }
                | Does::Counts(_, Counting::Raised | Counting::Set)
                | Does::Owns(_)
                | Does::Drops(_)
                | Does::Write(_)
                | Does::Hands(_)
                | Does::Unwritten(_)
        )
    })
}

/// The moment that a step begins, in which things are wrong.
struct Moment<'f, 'a, 'p> {
    flow: &'f Flow<'a, 'p>,
    number: usize,
}

/// What was found wrong.
struct Wrong {
    sink: usize,
    restored: Option<usize>,
    confidence: Confidence,
    source: String,
    message: String,
    sound: &'static str,
}

impl Moment<'_, '_, '_> {
    fn doubt(&self) -> Option<Doubt> {
        let step = self.flow.step(self.number)?;
        let wrong = match &step.does {
            Does::Read(place) => self.doubled(place),
            Does::Shift { from, to } => self.shifted(from, to),
            Does::Counts(place, _) => self.counted(place),
            Does::Owns(name) => self.owned(name),
            Does::Drops(place) => self.dropped(place),
            Does::Unwritten(place) => self.claimed(place),
            Does::Write(place) | Does::Hands(place) => self.filled(place),
            _ => None,
        }?;
        Some(self.told(wrong))
    }

    /// `ptr::read(place)`, and it still counts there.
    fn doubled(&self, place: &str) -> Option<Wrong> {
        let droppable = match self.argument(0) {
            Some(pointer) => self.flow.droppable_behind(pointer),
            None => Droppable::Unknown,
        };
        let droppable = self.known(droppable)?;
        let is_apart = |does: &Does| match does {
            Does::Forgets(of) | Does::Counts(of, Counting::Zero | Counting::Set) => {
                overlap(of, place)
            }
            _ => false,
        };
        if self.before(is_apart) || self.is_untracked(place) {
            return None;
        }
        let ends = |does: &Does| match does {
            Does::Write(of) | Does::Assign(of) => of == place,
            other => is_apart(other),
        };
        let restores = |does: &Does| match does {
            Does::Write(of) | Does::Assign(of) | Does::Forgets(of) => overlap(of, place),
            Does::Shift { to, .. } => overlap(to, place),
            Does::Counts(of, _) => overlap(of, place),
            _ => false,
        };
        let (sink, is_certain) = self.sink(ends, false)?;
        let restored = self.after(sink, restores)?;
        let is_plain = matches!(
            self.flow.step(restored).map(|step| &step.does),
            Some(Does::Write(_) | Does::Forgets(_))
        );
        Some(Wrong {
            sink,
            restored: Some(restored),
            confidence: self.sure(is_certain && is_plain && droppable == Droppable::Yes),
            source: format!("a value is copied out of `{place}` here, and stays there"),
            message: format!("a value of `{place}` exists twice while other code may panic"),
            sound: "hold the copy in `ManuallyDrop`, or let a value with `Drop` put things right",
        })
    }

    /// `ptr::copy` inside of a container that counts all of its values.
    fn shifted(&self, from: &str, to: &str) -> Option<Wrong> {
        let place = root(from);
        if place.is_empty() || place != root(to) || self.is_untracked(place) {
            return None;
        }
        let droppable = match (self.argument(0), self.argument(1)) {
            (Some(a), Some(b)) => match self.flow.droppable_behind(a) {
                Droppable::Unknown => self.flow.droppable_behind(b),
                known => known,
            },
            _ => Droppable::Unknown,
        };
        let droppable = self.known(droppable)?;
        let is_lowered = |does: &Does| match does {
            Does::Forgets(of) | Does::Counts(of, Counting::Zero | Counting::Set) => {
                overlap(of, from) || overlap(of, to) || root(of) == place
            }
            _ => false,
        };
        if self.before(is_lowered) || self.flow.is_of_guard() {
            return None;
        }
        let restores = |does: &Does| match does {
            Does::Counts(of, _) | Does::Write(of) | Does::Assign(of) => root(of) == place,
            Does::Shift { to, .. } => root(to) == place,
            _ => false,
        };
        let (sink, is_certain) = self.sink(is_lowered, false)?;
        let restored = self.after(sink, restores)?;
        Some(Wrong {
            sink,
            restored: Some(restored),
            confidence: self.sure(is_certain && droppable == Droppable::Yes),
            source: format!("values of `{place}` are moved here, and count where they were"),
            message: format!("values of `{place}` exist twice while other code may panic"),
            sound: "lower the length before values are moved, and set it when all are in place",
        })
    }

    /// `set_len` before there is anything.
    fn counted(&self, place: &str) -> Option<Wrong> {
        if !self.flow.is_unwritten(self.number, place) {
            return None;
        }
        let of = self.receiver().map(|id| self.flow.element(id, place));
        let droppable = of.map_or(Droppable::Unknown, |of| self.flow.droppable(&of));
        let droppable = self.known(droppable)?;
        let ends = |does: &Does| match does {
            Does::Counts(of, Counting::Zero | Counting::Set) | Does::Forgets(of) => {
                overlap(of, place)
            }
            _ => false,
        };
        let (sink, is_certain) = self.sink(ends, droppable == Droppable::Yes)?;
        let writes = |does: &Does| match does {
            Does::Write(of) | Does::Assign(of) | Does::Shift { to: of, .. } => overlap(of, place),
            _ => false,
        };
        let written = self.after(sink, writes);
        // It was lowered, and is set again.
        let is_lower =
            |does: &Does| matches!(does, Does::Counts(of, Counting::Raised) if overlap(of, place));
        if self.after(sink, is_lower).is_some() {
            return None;
        }
        // What is in the vector has types that are not known, and nothing is put in: bytes, most likely.
        if droppable == Droppable::Unknown && written.is_none() {
            return None;
        }
        Some(Wrong {
            sink,
            restored: written,
            confidence: self.sure(is_certain && droppable == Droppable::Yes),
            source: format!("the length of `{place}` counts values here that nobody wrote"),
            message: format!("`{place}` counts what was never written while other code may panic"),
            sound: "set the length when the values are there, or push them one by one",
        })
    }

    /// A variable of a type that may have something to drop, and nothing in it yet.
    fn claimed(&self, place: &str) -> Option<Wrong> {
        let step = self.flow.step(self.number)?;
        let claim = match self.flow.at.kind(step.expr) {
            ExprKind::Method { .. } | ExprKind::Call { .. } => self.flow.at.expected(step.expr),
            _ => Ty::Unknown,
        };
        if self.flow.droppable(&claim) != Droppable::Yes {
            return None;
        }
        let ends = |does: &Does| matches!(does, Does::Forgets(of) if overlap(of, place));
        let (sink, is_certain) = self.sink(ends, true)?;
        Some(Wrong {
            sink,
            restored: None,
            confidence: self.sure(is_certain),
            source: format!("nothing was written to `{place}`, which is dropped"),
            message: format!("`{place}` is dropped without a value in it if other code panics"),
            sound: "hold it in `MaybeUninit` until all of it was written",
        })
    }

    /// Something that frees is made of a pointer that others still have, and is forgotten later.
    fn owned(&self, name: &str) -> Option<Wrong> {
        let forgets = |does: &Does| matches!(does, Does::Forgets(of) if root(of) == name);
        let (sink, is_certain) = self.sink(forgets, true)?;
        let restored = self.after(sink, forgets)?;
        Some(Wrong {
            sink,
            restored: Some(restored),
            confidence: self.sure(is_certain),
            source: format!("`{name}` frees here what others still have"),
            message: format!("`{name}` frees what others still have if other code panics"),
            sound: "put it in `ManuallyDrop` right where it is made",
        })
    }

    /// `drop_in_place`, and what is dropped counts until afterwards.
    fn dropped(&self, place: &str) -> Option<Wrong> {
        let own = root(place);
        let droppable = self.argument(0).map(|id| self.flow.droppable_behind(id));
        let droppable = self.known(droppable.unwrap_or(Droppable::Unknown))?;
        if self.flow.is_drop() && own == "self"
            || self.flow.is_of_guard()
            || self.is_guarded(self.number)
        {
            return None;
        }
        let is_apart = |does: &Does| match does {
            Does::Forgets(of) | Does::Counts(of, Counting::Zero | Counting::Set) => root(of) == own,
            _ => false,
        };
        if self.before(is_apart) || self.is_untracked(place) {
            return None;
        }
        let counts = |does: &Does| matches!(does, Does::Counts(of, _) if root(of) == own);
        let hands =
            |does: &Does| matches!(does, Does::Hands(of) if of == own && place.contains('.'));
        let writes =
            |does: &Does| matches!(does, Does::Write(of) if of == place && self.is_seen(own));
        let behind = self.number;
        let (restored, is_plain) = match self.after(behind, counts) {
            Some(restored) => (restored, true),
            None => {
                let next = self
                    .after(behind, hands)
                    .or_else(|| self.after(behind, writes));
                (next?, false)
            }
        };
        Some(Wrong {
            sink: self.number,
            restored: Some(restored),
            confidence: self.sure(is_plain && droppable == Droppable::Yes),
            source: format!("values of `{place}` are dropped here, and still count"),
            message: format!("values of `{place}` count while they are dropped, which may panic"),
            sound: "let them not count before they are dropped: `set_len(0)` comes first",
        })
    }

    /// Values of the caller's making are written one by one into what already counts them.
    fn filled(&self, place: &str) -> Option<Wrong> {
        let write = self.flow.step(self.number)?.expr;
        let around = self.flow.loop_around(write, write)?;
        let own = root(place);
        let is_self = own == "self" && self.flow.given.is_self_mut();
        let is_counted_before = |does: &Does| matches!(does, Does::Counts(of, _) if of == own);
        let is_made = || self.flow.is_own(own, write) && self.before(is_counted_before);
        if !is_self && !is_made() {
            return None;
        }
        let sink = self
            .flow
            .numbered()
            .find_map(|(number, step)| match &step.does {
                Does::Runs(code)
                    if step.expr != write && self.flow.at.syntax().is_within(step.expr, write) =>
                {
                    (!code.is_closure).then_some(number)
                }
                _ => None,
            })?;
        let begins = self
            .flow
            .numbered()
            .find(|(_, step)| self.flow.at.syntax().is_within(step.expr, around));
        let begins = begins.map(|(number, _)| number)?;
        let is_counted = self.flow.any_from(begins, self.flow.steps.len(), |does| {
            matches!(does, Does::Counts(..) | Does::Forgets(_) | Does::Guards)
        });
        let owner = match is_self {
            true => self.flow.owner()?.to_owned(),
            false => match self.flow.at.expected(write) {
                Ty::Named(name, _) => name,
                _ => self.flow.owner()?.to_owned(),
            },
        };
        if is_counted || self.is_guarded(sink) || !self.flow.at.has_drop(&owner) {
            return None;
        }
        Some(Wrong {
            sink,
            restored: None,
            confidence: Confidence::Medium.min(self.sure(true)),
            source: "what is written here is counted already".to_owned(),
            message: format!(
                "`{place}` counts what was not written yet while other code may panic"
            ),
            sound: "count each value when it is there",
        })
    }

    /// The first step behind this one in which code of the caller may panic, nothing having put things
    /// right; `leaves` says whether leaving early is as bad.
    fn sink(&self, ends: impl Fn(&Does) -> bool, leaves: bool) -> Option<(usize, bool)> {
        let is_sink = |does: &Does| match does {
            Does::Runs(code) => Some(code.is_certain),
            Does::Leaves if leaves => Some(true),
            _ => None,
        };
        let sinks = self
            .flow
            .numbered()
            .filter_map(|(number, step)| Some((number, is_sink(&step.does)?)));
        let (behind, before): (Vec<_>, Vec<_>) =
            sinks.partition(|(number, _)| *number > self.number);
        let all = behind.into_iter().chain(before).take(MAX_SINKS);
        let mut open = all.filter(|(number, _)| {
            let between = self.flow.reaches(self.number, *number);
            between.is_some_and(|between| !self.flow.any(&between, &ends))
                && !self.is_guarded(*number)
        });
        let first = open.next()?;
        match first.1 {
            true => Some(first),
            false => Some(open.find(|(_, is_certain)| *is_certain).unwrap_or(first)),
        }
    }

    /// The first step behind another one that is so.
    fn after(&self, number: usize, is: impl Fn(&Does) -> bool) -> Option<usize> {
        let mut steps = self.flow.numbered().skip(number.max(self.number) + 1);
        let behind = steps
            .find(|(_, step)| is(&step.does))
            .map(|(number, _)| number);
        behind.filter(|behind| self.flow.reaches(self.number, *behind).is_some())
    }

    /// Whether any step before this one is so, on the way to it.
    fn before(&self, is: impl Fn(&Does) -> bool) -> bool {
        let mut steps = self.flow.numbered().take(self.number);
        steps.any(|(number, step)| {
            is(&step.does) && self.flow.reaches(number, self.number).is_some()
        })
    }

    fn is_guarded(&self, number: usize) -> bool {
        self.flow.is_guarded(number.max(self.number))
            || number < self.number && self.flow.is_guarded(number)
    }

    /// Whether a variable is of a type that never drops what it holds.
    fn is_untracked(&self, place: &str) -> bool {
        let at = self.flow.at;
        let Some(step) = self.flow.step(self.number) else {
            return false;
        };
        let Some(binding) = at.binding(root(place), step.expr) else {
            return false;
        };
        if self.flow.is_guard_variable(root(place), step.expr) {
            return true;
        }
        const APART: [&str; 4] = ["ManuallyDrop", "MaybeUninit", "into_raw", "ArrayVec"];
        let tokens = match binding.bound {
            Bound::Parameter(of) => at.type_tokens(of),
            Bound::Let { statement, .. } => at.statement_tokens(statement),
            _ => return false,
        };
        at.mentions_any(tokens, &APART)
    }

    /// Whether somebody sees a variable's contents after a panic: it is borrowed from outside.
    fn is_seen(&self, name: &str) -> bool {
        if name == "self" {
            return self.flow.given.is_self_mut();
        }
        let step = self.flow.step(self.number);
        let binding = step.and_then(|step| self.flow.at.binding(name, step.expr));
        matches!(binding.map(|binding| binding.bound), Some(Bound::Parameter(of))
            if matches!(self.flow.at.written(of), Ty::Ref { mutable: true, .. }))
    }

    /// What is not known counts as droppable where a type is put in that is.
    fn known(&self, droppable: Droppable) -> Option<Droppable> {
        match droppable {
            Droppable::No => None,
            Droppable::Yes => Some(Droppable::Yes),
            Droppable::Unknown => self
                .flow
                .given
                .any_droppable()
                .then_some(Droppable::Unknown),
        }
    }

    /// An unsafe function may ask its callers not to panic.
    fn sure(&self, is_certain: bool) -> Confidence {
        match (is_certain, self.flow.function.unsafety) {
            (true, None) => Confidence::High,
            (false, None) | (true, Some(_)) => Confidence::Medium,
            (false, Some(_)) => Confidence::Low,
        }
    }

    /// An argument of the call that is the source; of a method's the receiver comes first.
    fn argument(&self, number: usize) -> Option<ExprId> {
        let step = self.flow.step(self.number)?;
        match self.flow.at.kind(step.expr) {
            ExprKind::Call { arguments, .. } => arguments.get(number).copied(),
            ExprKind::Method {
                receiver,
                arguments,
                ..
            } => match number.checked_sub(1) {
                None => Some(*receiver),
                Some(number) => arguments.get(number).copied(),
            },
            _ => None,
        }
    }

    fn receiver(&self) -> Option<ExprId> {
        let step = self.flow.step(self.number)?;
        match self.flow.at.kind(step.expr) {
            ExprKind::Method { receiver, .. } => Some(*receiver),
            ExprKind::Assign { left, .. } => match self.flow.at.kind(self.flow.at.bare(*left)) {
                ExprKind::Field { base, .. } => Some(*base),
                _ => None,
            },
            _ => None,
        }
    }

    fn told(&self, wrong: Wrong) -> Doubt {
        let at = self.flow.at;
        let tokens = |number: usize| self.flow.tokens(number);
        let mut chain = vec![at.reason(tokens(self.number), wrong.source)];
        if wrong.sink != self.number {
            let says = match self.flow.step(wrong.sink).map(|step| &step.does) {
                Some(Does::Runs(code)) => format!("{} runs here and may panic", code.says),
                _ => "the function may be left here".to_owned(),
            };
            chain.push(at.reason(tokens(wrong.sink), says));
        }
        if let Some(restored) = wrong.restored {
            chain.push(at.reason(tokens(restored), "only here things are right again"));
        }
        let step = self.flow.step(self.number);
        let expr = step.map_or(self.flow.body, |step| step.expr);
        Doubt {
            keyword: self.flow.keyword(expr),
            tokens: tokens(self.number),
            confidence: wrong.confidence,
            message: wrong.message,
            chain,
            sound: wrong.sound.to_owned(),
        }
    }
}
