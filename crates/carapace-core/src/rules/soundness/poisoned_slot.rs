//! What is called unreachable is reached after a panic
//!
//! `match slot.take() { Some(f) => f(), None => unreachable_unchecked() }` runs a closure once and takes
//! for granted that nobody comes again. Where the closure panics, somebody does: the slot is empty, and
//! what is never to be reached is undefined behaviour.
//!
//! ## What to do
//! Panic there: `None => panic!("it was poisoned")`. `LazyLock` and `LazyCell` of the standard library do
//! all of it.
//!
//! ## Known problems
//! Slots that are emptied in other ways than by `take` are not seen.
//!
//! ## Example
//! ```text,bad
//! use std::hint::unreachable_unchecked;
//!
//! pub struct Once<F> {
//!     make: Option<F>,
//! }
//!
//! impl<T, F: FnOnce() -> T> Once<F> {
//!     pub fn run(&mut self) -> T {
//!         match self.make.take() {
//!             Some(make) => make(),
//!             None => unsafe { unreachable_unchecked() },
//!         }
//!     }
//! }
//! ```
//! ```text,good
//! pub struct Once<F> {
//!     make: Option<F>,
//! }
//!
//! impl<T, F: FnOnce() -> T> Once<F> {
//!     pub fn run(&mut self) -> T {
//!         match self.make.take() {
//!             Some(make) => make(),
//!             None => panic!("it ran before"),
//!         }
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/hint/fn.unreachable_unchecked.html>

use crate::dance::scope::Bound;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::flow::Flow;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, Tokens};

pub(crate) const META: Meta = Meta {
    code: "SND013",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "PANIC_SAFETY",
    alike: &["RUSTSEC-2019-0017"],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    for flow in judged.flows() {
        found.append(&mut taken(flow));
    }
}

/// `match slot.take() { Some(f) => f(), None => unreachable_unchecked() }`: after a panic of `f` the slot is
/// empty, and the next one gets there.
fn taken(flow: &Flow<'_, '_>) -> Vec<Doubt> {
    let at = flow.at;
    let names = |id: ExprId, name: &str| {
        let mut within = at.syntax().within(id).take(64);
        within.any(|part| {
            let path = at.called_path(part);
            let last = path.and_then(|path| path.segments.last());
            last.is_some_and(|last| at.is_name(last.name, name))
        })
    };
    let matches = at.syntax().within(flow.body).filter_map(|id| {
        let ExprKind::Match { value, arms } = at.kind(id) else {
            return None;
        };
        at.method_of::<0>(at.bare(*value), &["take"])?;
        let hopeless = arms
            .iter()
            .find(|arm| names(arm.body, "unreachable_unchecked"))?;
        let runs = arms.iter().find_map(|arm| {
            let mut within = at.syntax().within(arm.body).take(64);
            within.find(|part| {
                let ExprKind::Call { callee, .. } = at.kind(*part) else {
                    return false;
                };
                let name = at.single(*callee);
                let binding = name.and_then(|name| at.binding(name, *callee));
                matches!(
                    binding.map(|binding| binding.bound),
                    Some(Bound::Taken { .. })
                )
            })
        })?;
        Some((*value, hopeless.body, runs))
    });
    let doubt = |(value, hopeless, runs): (ExprId, ExprId, ExprId)| {
        let tokens = |id: ExprId| -> Tokens { at.syntax().expr(id).tokens };
        Doubt {
            keyword: flow.keyword(hopeless),
            tokens: tokens(hopeless),
            confidence: Confidence::High,
            message: "what is taken for unreachable is reached after a panic".to_owned(),
            chain: vec![
                at.reason(tokens(value), "it is empty from here on"),
                at.reason(tokens(runs), "a closure runs here and may panic"),
                at.reason(
                    tokens(hopeless),
                    "the next call gets here, which is undefined behaviour",
                ),
            ],
            sound: "panic where nothing is left to be taken".to_owned(),
        }
    };
    matches.map(doubt).collect()
}
