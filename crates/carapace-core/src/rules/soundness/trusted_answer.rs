//! A trait is asked twice, and unsafe code relies on the same answer
//!
//! `as_ref`, `borrow` and `deref` of a caller's type may give another value each time, and a method of a
//! safe trait that says which type a value has may say what is not so. Whoever writes such a type in safe
//! code has memory read that is not there, or taken for another type.
//!
//! ## What to do
//! Ask once, and keep what it gave. Where a trait's method decides on a type, take `Any`, seal the method
//! with a parameter of a private type, or make the trait `unsafe`.
//!
//! ## Known problems
//! Calls of which nobody sees that they are of the same value are not compared.
//!
//! ## Example
//! ```text,bad
//! pub fn first_of_last<T: AsRef<[Vec<u8>]>>(all: &T) -> u8 {
//!     let end = all.as_ref().len();
//!     assert!(end > 0);
//!     let last = unsafe { all.as_ref().get_unchecked(end - 1) };
//!     last[0]
//! }
//! ```
//! ```text,good
//! pub fn first_of_last<T: AsRef<[Vec<u8>]>>(all: &T) -> u8 {
//!     let all = all.as_ref();
//!     let end = all.len();
//!     assert!(end > 0);
//!     let last = unsafe { all.get_unchecked(end - 1) };
//!     last[0]
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/safe-unsafe-meaning.html>

use std::collections::HashMap;

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::reach::Safe;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Tokens};

pub(crate) const META: Meta = Meta {
    code: "SND035",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "TRAIT_TRUST",
    alike: &["RUSTSEC-2020-0091", "RUSTSEC-2020-0036"],
    find,
};

/// How many functions of a file are reported.
const MAX_DOUBTS: usize = 512;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for &safe in judged.safe_functions() {
        if found.len() >= MAX_DOUBTS {
            return at.leave_out();
        }
        found.extend(type_id(at, safe).or_else(|| fetched_twice(at, safe)));
    }
}

/// `x.as_ref()` twice, with unsafe code that relies on both being the same.
fn fetched_twice(at: &At<'_>, safe: Safe<'_>) -> Option<Doubt> {
    const FETCHES: [&str; 6] = [
        "as_ref",
        "borrow",
        "deref",
        "as_mut",
        "borrow_mut",
        "deref_mut",
    ];
    const BOUNDS: [&str; 6] = ["AsRef", "Borrow", "Deref", "AsMut", "BorrowMut", "DerefMut"];
    let generics = at.generics_at(safe.id);
    let mut fetched: Vec<(String, ExprId)> = Vec::new();
    for id in at.syntax().within(safe.body).take(1 << 14) {
        let Some((receiver, [])) = at.method_of::<0>(id, &FETCHES) else {
            continue;
        };
        let Some(name) = at.single(receiver) else {
            continue;
        };
        let Some(bounds) = at.bounds_of_given(&generics, receiver) else {
            continue;
        };
        if bounds.iter().any(|bound| BOUNDS.contains(&bound.as_str())) {
            fetched.push((name.to_owned(), id));
        }
    }
    let mut firsts: HashMap<&str, ExprId> = HashMap::new();
    let twice = fetched.iter().find_map(|(name, id)| {
        let first = *firsts.entry(name).or_insert(*id);
        (first != *id).then_some((name.clone(), first))
    });
    let (name, first) = twice?;
    let (_, last) = fetched.iter().rfind(|(other, _)| *other == name)?.clone();
    let tokens = |id: ExprId| at.syntax().expr(id).tokens;
    let between = Tokens {
        start: tokens(first).start,
        end: tokens(last).end,
    };
    let is_within = |id: &ExprId| at.unsafe_around(*id);
    let inside = fetched
        .iter()
        .filter(|(other, _)| *other == name)
        .find_map(|(_, id)| is_within(id));
    let behind = (between.start..between.end)
        .find(|token| at.file.source.kind(*token as usize) == T::Unsafe);
    let keyword = inside.or(behind)?;
    let chain = vec![
        at.reason(tokens(first), format!("`{name}` gives a value here")),
        at.reason(tokens(last), "it may give another one here"),
    ];
    Some(safe.doubt(
        keyword,
        tokens(last),
        Confidence::Medium,
        &format!(
            "asks `{name}` twice, which may answer differently, with unsafe code that relies on it"
        ),
        "ask once, and keep what it gave",
        chain,
    ))
}

/// `if self.type_id() == TypeId::of::<T>() { unsafe { … } }` with a method that others can write.
fn type_id(at: &At<'_>, safe: Safe<'_>) -> Option<Doubt> {
    at.syntax().within(safe.body).find_map(|id| {
        let ExprKind::If {
            condition, then, ..
        } = at.kind(id)
        else {
            return None;
        };
        let condition_tokens = at.syntax().expr(*condition).tokens;
        if !at.mentions(condition_tokens, "TypeId") {
            return None;
        }
        let (asked, name) = at.syntax().within(*condition).find_map(|part| {
            let ExprKind::Method {
                name, arguments, ..
            } = at.kind(part)
            else {
                return None;
            };
            arguments.is_empty().then(|| (part, at.name(*name)))
        })?;
        let mut functions = at.declared.functions(name, None);
        let is_open = functions.any(|(place, function)| {
            let owner = at.declared.owner(place);
            function.parameters.is_empty()
                && function.unsafety.is_none()
                && owner.is_some_and(|owner| at.is_open_trait(&owner))
        });
        if !is_open {
            return None;
        }
        let keyword = at
            .syntax()
            .within(*then)
            .find_map(|part| at.unsafe_around(part))?;
        let says = format!("who implements the trait can write `{name}`");
        let chain = vec![
            at.reason(at.syntax().expr(asked).tokens, says),
            at.reason(
                Tokens {
                    start: keyword,
                    end: keyword + 1,
                },
                "the type is taken to be that one here",
            ),
        ];
        Some(safe.doubt(
            keyword,
            condition_tokens,
            Confidence::High,
            &format!("takes a value for another type because `{name}` of a safe trait says so"),
            "seal the method with a parameter of a private type, or use `Any`",
            chain,
        ))
    })
}
