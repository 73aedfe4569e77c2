//! Unsafe code relies on what a caller's type answers
//!
//! Safe traits promise nothing that unsafe code may rely on: `size_hint` and `len` of an iterator may lie,
//! `borrow` and `as_ref` may give another value each time, a number that a trait of the package asks for
//! may be any number, and what a guard derefs to may move with it. Whoever implements such a trait in safe
//! code can have memory read and written that is not there.
//!
//! ## What to do
//! Take what the trait gives once, keep it, and check it against what is really there: count what an
//! iterator gave, stop where there is no more room. Or make the trait `unsafe`, or seal it, so that only
//! those implement it who keep its promise.
//!
//! ## Known problems
//! Only traits of the package are looked up: whether they are sealed or unsafe. Bounds like `TrustedLen`
//! and `StableDeref` are recognized by name.
//!
//! ## Example
//! ```text,bad
//! pub fn fill<I: Iterator<Item = u8>>(target: &mut Vec<u8>, iter: I) {
//!     let (lower, _) = iter.size_hint();
//!     target.reserve(lower);
//!     let mut end = unsafe { target.as_mut_ptr().add(target.len()) };
//!     for byte in iter {
//!         unsafe {
//!             end.write(byte);
//!             end = end.add(1);
//!         }
//!     }
//! }
//! ```
//! ```text,good
//! pub fn fill<I: Iterator<Item = u8>>(target: &mut Vec<u8>, iter: I) {
//!     let (lower, _) = iter.size_hint();
//!     target.reserve(lower);
//!     for byte in iter {
//!         target.push(byte);
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/iter/trait.Iterator.html#method.size_hint>
//! - <https://doc.rust-lang.org/nomicon/safe-unsafe-meaning.html>

use std::cell::Cell;

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::checks::{Checked, Checks, Needs};
use crate::soundness::generics::Generics;
use crate::soundness::judged::Judged;
use crate::soundness::memory::{Access, Kind};
use crate::soundness::reach::Safe;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, Operator, StatementKind, Tokens};

pub(crate) const META: Meta = Meta {
    code: "SND032",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "TRAIT_TRUST",
    alike: &[
        "RUSTSEC-2021-0048",
        "RUSTSEC-2021-0031",
        "RUSTSEC-2020-0091",
        "RUSTSEC-2020-0037",
    ],
    find,
};

/// How many functions of a file are reported.
const MAX_DOUBTS: usize = 512;
/// How many times all of a file is searched.
const MAX_SEARCHES: u32 = 32;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let searches = Cell::new(MAX_SEARCHES);
    for &safe in judged.safe_functions() {
        if found.len() >= MAX_DOUBTS {
            return at.leave_out();
        }
        let generics = at.generics_at(safe.id);
        let judge = Judge {
            at,
            safe,
            generics,
            searches: &searches,
        };
        let doubts = [
            judge.count(),
            judge.number(),
            judge.reserved_from_nothing(),
            judge.collected(),
        ];
        let mut doubts: Vec<Doubt> = doubts.into_iter().flatten().collect();
        doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.confidence));
        found.extend(doubts.into_iter().next());
    }
}

struct Judge<'a, 'p> {
    at: &'a At<'p>,
    safe: Safe<'p>,
    generics: Generics,
    /// How many more times all of the file is searched.
    searches: &'a Cell<u32>,
}

impl Judge<'_, '_> {
    /// Takes one search of all of the file from those that are left.
    fn search(&self) -> Option<()> {
        self.searches.set(self.searches.get().checked_sub(1)?);
        Some(())
    }

    /// `size_hint` and `len` of an iterator that the caller gives.
    fn count(&self) -> Option<Doubt> {
        let at = self.at;
        let body = self.safe.body;
        let asked = at.syntax().within(body).find_map(|id| {
            let (receiver, []) = at.method_of::<0>(id, &["size_hint", "len"])?;
            let bounds = self.at.bounds_of_given(&self.generics, receiver)?;
            let is_hint = at.method_of::<0>(id, &["size_hint"]).is_some();
            let is_iterator = bounds.iter().any(|bound| {
                if is_hint {
                    bound.contains("Iter")
                } else {
                    bound.ends_with("Iterator")
                }
            });
            let is_trusted = bounds.iter().any(|bound| bound.contains("Trusted"));
            (is_iterator && !is_trusted).then_some((id, receiver))
        });
        let (asked, receiver) = asked?;
        let names = self.names_of(asked)?;
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let (access, why, confidence) = self
            .loops_over(receiver, &known)
            .or_else(|| self.made_of(&known))?;
        let tokens = at.syntax().expr(access.0).tokens;
        let chain = vec![
            at.reason(
                at.syntax().expr(asked).tokens,
                "the caller's type says how many there are",
            ),
            at.reason(tokens, why),
        ];
        Some(self.safe.doubt(
            access.1,
            tokens,
            confidence,
            "relies on how many an iterator of the caller says it has",
            "count what the iterator gave, and stop where there is no more room",
            chain,
        ))
    }

    /// The variables that hold what a call gives, and what is computed of them.
    fn names_of(&self, call: ExprId) -> Option<Vec<String>> {
        let at = self.at;
        let (statement, _) = at.statement(call)?;
        let found = at.syntax().statement(statement)?;
        let StatementKind::Let { pattern, .. } = found.kind else {
            return None;
        };
        let tokens = at.pattern_tokens(pattern);
        let mut names: Vec<String> = (tokens.start..tokens.end)
            .filter(|token| at.file.source.kind(*token as usize).is_ident())
            .map(|token| at.name(token).to_owned())
            .filter(|name| name.starts_with(|first: char| first.is_lowercase()))
            .collect();
        for name in names.clone().into_iter().take(4) {
            names.extend(at.related(&name, self.safe.body));
        }
        Some(names)
    }

    /// A length or a slice that is made of such a count.
    fn made_of(&self, names: &[&str]) -> Option<((ExprId, u32), &'static str, Confidence)> {
        let at = self.at;
        let accesses = at.accesses(self.safe.body, false);
        let found = accesses.into_iter().find(|access| {
            let is_length = matches!(access.kind, Kind::Length | Kind::Slice);
            is_length
                && access
                    .numbers
                    .iter()
                    .any(|number| at.mentions_any(at.syntax().expr(*number).tokens, names))
        })?;
        if self.is_counted(names) {
            return None;
        }
        let why = "as many are taken to be there here";
        Some(((found.expr, found.keyword), why, Confidence::Medium))
    }

    /// Whether something asserts how many there really were.
    fn is_counted(&self, names: &[&str]) -> bool {
        let at = self.at;
        at.syntax()
            .within(self.safe.body)
            .any(|id| match at.kind(id) {
                ExprKind::Macro { path, .. } => {
                    let is_assert = path.segments.last().is_some_and(|last| {
                        let name = at.name(last.name);
                        name.starts_with("assert")
                    });
                    is_assert && at.mentions_any(at.syntax().expr(id).tokens, names)
                }
                ExprKind::If { condition, .. } => {
                    at.mentions_any(at.syntax().expr(*condition).tokens, names)
                }
                _ => false,
            })
    }

    /// A loop that writes as many as the count says, or as the iterator gives, with no look at the room.
    fn loops_over(
        &self,
        iterator: ExprId,
        names: &[&str],
    ) -> Option<((ExprId, u32), &'static str, Confidence)> {
        let at = self.at;
        let body = self.safe.body;
        let is_reserved = at.syntax().within(body).any(|id| {
            let arguments = match at.kind(id) {
                ExprKind::Method {
                    name, arguments, ..
                } if makes_room(at.name(*name)) => arguments,
                ExprKind::Call { arguments, .. } => {
                    let path = at.called_path(id).and_then(|path| path.segments.last());
                    match path.is_some_and(|last| makes_room(at.name(last.name))) {
                        true => arguments,
                        false => return false,
                    }
                }
                _ => return false,
            };
            arguments
                .iter()
                .any(|argument| at.mentions_any(at.syntax().expr(*argument).tokens, names))
        });
        let iterator = at.single(self.root(iterator));
        for id in at.syntax().within(body) {
            let (head, inner) = match at.kind(id) {
                ExprKind::For { over, body, .. } => (*over, *body),
                ExprKind::While { condition, body } => (*condition, *body),
                _ => continue,
            };
            let Some(write) = self.write_in(inner) else {
                continue;
            };
            let head = at.syntax().expr(head).tokens;
            let is_by_count = at.mentions_any(head, names);
            let is_by_iterator = iterator
                .as_ref()
                .is_some_and(|iterator| at.mentions(head, iterator));
            if is_by_count && !is_reserved && !is_by_iterator {
                let why = "as many are written here as it says";
                return Some((write, why, Confidence::High));
            }
            let is_bounded = at.mentions_any(head, &["take", "zip"]) || self.looks_at_room(inner);
            if is_by_iterator && is_reserved && !is_bounded {
                let why = "as many are written here as it gives, which may be more than there is room for";
                return Some((write, why, Confidence::High));
            }
        }
        None
    }

    fn root(&self, id: ExprId) -> ExprId {
        let at = self.at;
        let mut id = at.bare(id);
        while let Some((receiver, [])) = at.method_of::<0>(id, &["into_iter", "iter", "by_ref"]) {
            id = at.bare(receiver);
        }
        id
    }

    /// An unsafe write in a loop.
    fn write_in(&self, inner: ExprId) -> Option<(ExprId, u32)> {
        let at = self.at;
        at.syntax().within(inner).find_map(|id| {
            let is_write = match at.kind(id) {
                ExprKind::Method {
                    receiver,
                    name,
                    arguments,
                    ..
                } => {
                    at.is_name(*name, "write") && arguments.len() == 1 && at.is_pointer(*receiver)
                        || at.is_name(*name, "push_unchecked")
                }
                ExprKind::Call { arguments, .. } => {
                    let path = at.called_path(id).and_then(|path| path.segments.last());
                    arguments.len() == 2 && path.is_some_and(|last| at.is_name(last.name, "write"))
                }
                ExprKind::Assign { left, .. } => matches!(
                    at.kind(at.bare(*left)),
                    ExprKind::Unary { operand, .. } if at.is_pointer(*operand)
                ),
                _ => false,
            };
            let keyword = is_write.then(|| at.unsafe_around(id)).flatten()?;
            Some((id, keyword))
        })
    }

    /// Whether a loop's body compares anything, or makes room itself.
    fn looks_at_room(&self, inner: ExprId) -> bool {
        let at = self.at;
        at.syntax().within(inner).any(|id| match at.kind(id) {
            ExprKind::Binary { operator, .. } => matches!(
                operator,
                Operator::Lt
                    | Operator::Le
                    | Operator::Gt
                    | Operator::Ge
                    | Operator::Eq
                    | Operator::Ne
            ),
            ExprKind::Method { name, .. } => makes_room(at.name(*name)),
            ExprKind::Macro { path, .. } => path
                .segments
                .last()
                .is_some_and(|last| at.name(last.name).starts_with("assert")),
            _ => false,
        })
    }

    /// A number that a trait of the package asks of a caller's type.
    fn number(&self) -> Option<Doubt> {
        let at = self.at;
        let accesses = at.accesses(self.safe.body, false);
        accesses.into_iter().find_map(|access| {
            if access.kind == Kind::Own
                || access.kind == Kind::Offset && !at.is_reached_through(access.expr)
            {
                return None;
            }
            let mut numbers = access.numbers.iter();
            let (asked, of_trait) = numbers.find_map(|number| self.asked_number(*number))?;
            if self.is_looked_at(&access, asked) {
                return None;
            }
            let tokens = at.syntax().expr(access.expr).tokens;
            let says = format!(
                "`{of_trait}` is a safe trait that others can implement: this may be any number"
            );
            let chain = vec![
                at.reason(at.syntax().expr(asked).tokens, says),
                at.reason(tokens, "it is taken to be right here"),
            ];
            Some(self.safe.doubt(
                access.keyword,
                tokens,
                Confidence::Medium,
                &format!("relies on a number of `{of_trait}`, a safe trait"),
                "make the trait unsafe or seal it, or check the number",
                chain,
            ))
        })
    }

    /// What a number asks of a type parameter with an open trait of the package.
    fn asked_number(&self, number: ExprId) -> Option<(ExprId, String)> {
        let at = self.at;
        let mut seen = vec![number];
        let names = at
            .syntax()
            .within(number)
            .filter_map(|id| at.single(id).map(|name| (id, name)));
        for (id, name) in names.take(16) {
            if let Some(binding) = at.binding(name, id)
                && let Bound::Let {
                    value: Some(value), ..
                } = binding.bound
            {
                seen.push(value);
            }
        }
        seen.into_iter()
            .flat_map(|part| at.syntax().within(part))
            .find_map(|id| {
                let (bounds, method) = match at.kind(id) {
                    ExprKind::Method {
                        receiver,
                        name,
                        arguments,
                        ..
                    } if arguments.is_empty() => {
                        let Ty::Parameter(of) = at.type_of(*receiver).peeled().clone() else {
                            return None;
                        };
                        (self.generics.named(&of)?.bounds.clone(), *name)
                    }
                    ExprKind::Path(path) => {
                        let [first, second] = path.segments.as_slice() else {
                            return None;
                        };
                        let parameter = self.generics.named(at.name(first.name))?;
                        (parameter.bounds.clone(), second.name)
                    }
                    _ => return None,
                };
                let method = at.name(method);
                let of_trait = bounds
                    .into_iter()
                    .find(|bound| at.is_open_trait(bound) && self.has_member(bound, method))?;
                Some((id, of_trait))
            })
    }

    fn has_member(&self, of_trait: &str, name: &str) -> bool {
        let at = self.at;
        let Some((place, _)) = at.trait_named(of_trait) else {
            return false;
        };
        let Some(there) = at.declared.at(place) else {
            return false;
        };
        there.items_in(place.item).any(|(_, item)| {
            let is_safe = match &item.kind {
                ItemKind::Function(function) => function.unsafety.is_none(),
                ItemKind::Value { .. } => true,
                _ => false,
            };
            is_safe && item.name.is_some_and(|token| there.is_name(token, name))
        })
    }

    /// Whether the number got a name, and that was looked at.
    fn is_looked_at(&self, access: &Access, asked: ExprId) -> bool {
        let at = self.at;
        let Some(names) = self.names_of(asked) else {
            return false;
        };
        let checks = Checks::of(at, self.safe.body);
        checks.state(at, access.expr, &names, Needs::default()) == Checked::Yes
    }

    /// `set_len(0)`, then `reserve` while the caller's iterator gives more: room is made from nothing on.
    fn reserved_from_nothing(&self) -> Option<Doubt> {
        let at = self.at;
        let accesses = at.accesses(self.safe.body, false);
        let mut emptied = accesses.iter().filter(|access| {
            let number = access.numbers.first();
            access.kind == Kind::Length
                && number.is_some_and(|number| at.whole_number(*number) == Some(0))
        });
        let emptied = emptied.next()?;
        let base = emptied.base?;
        let start = at.syntax().expr(emptied.expr).tokens.end;
        let (looped, reserved) = at.syntax().within(self.safe.body).find_map(|id| {
            let ExprKind::For { over, body, .. } = at.kind(id) else {
                return None;
            };
            self.at.bounds_of_given(&self.generics, *over)?;
            let reserved = at.syntax().within(*body).find(|part| {
                let call = at.method_of::<1>(*part, &["reserve", "try_reserve"]);
                call.is_some_and(|(receiver, _)| at.alike(receiver, base))
            })?;
            let is_behind = at.syntax().expr(id).tokens.start >= start;
            is_behind.then_some((*over, reserved))
        })?;
        let tokens = at.syntax().expr(emptied.expr).tokens;
        let chain = vec![
            at.reason(tokens, "from here on there are no elements"),
            at.reason(
                at.syntax().expr(looped).tokens,
                "the caller's iterator may give more than it said",
            ),
            at.reason(
                at.syntax().expr(reserved).tokens,
                "room is made as if there were none, and the elements stay where they are",
            ),
        ];
        Some(self.safe.doubt(
            emptied.keyword,
            tokens,
            Confidence::High,
            "makes room from a length of zero while an iterator of the caller gives more",
            "make room from the length that there really is",
            chain,
        ))
    }

    /// A vector that was collected, forgotten, and is put together anew with another capacity.
    fn collected(&self) -> Option<Doubt> {
        let at = self.at;
        let around = at.implementation(self.safe.id)?;
        let owner = at.syntax().item(around)?.name.map(|name| at.name(name))?;
        let taken = at.syntax().within(self.safe.body).find(|id| {
            let call = at.call_of::<3>(*id, "Vec", &["from_raw_parts"]);
            call.is_some_and(|([pointer, _, capacity], _)| {
                let is_own = |id: ExprId| match at.kind(at.bare(id)) {
                    ExprKind::Field { base, .. } => at.single(*base) == Some("self"),
                    _ => false,
                };
                is_own(at.pointer_root(pointer)) && is_own(capacity)
            })
        })?;
        let keyword = at.unsafe_around(taken)?;
        self.search()?;
        let made = at.file.syntax.items.iter().find(|item| {
            let ItemKind::Function(function) = &item.kind else {
                return false;
            };
            let Some(body) = function.body else {
                return false;
            };
            let tokens = at.syntax().expr(body).tokens;
            at.mentions(tokens, "forget")
                && at.mentions(tokens, "collect")
                && at.mentions(tokens, "as_mut_ptr")
                && at.mentions_any(tokens, &[owner, "Self"])
                && !at.mentions_any(
                    tokens,
                    &[
                        "capacity",
                        "into_boxed_slice",
                        "shrink_to_fit",
                        "with_capacity",
                    ],
                )
        })?;
        let name = made.name?;
        let tokens = at.syntax().expr(taken).tokens;
        let chain = vec![
            at.reason(
                Tokens {
                    start: name,
                    end: name + 1,
                },
                "a vector is collected and forgotten here; its capacity may be any",
            ),
            at.reason(
                tokens,
                "it is put together again with the capacity asked for",
            ),
        ];
        Some(self.safe.doubt(
            keyword,
            tokens,
            Confidence::Medium,
            "relies on `collect` to make a vector of exactly as much room as there are elements",
            "keep the vector's own capacity, or a boxed slice",
            chain,
        ))
    }
}

/// Functions that make room for so many.
fn makes_room(name: &str) -> bool {
    ["reserve", "with_capacity", "alloc", "array", "grow"]
        .iter()
        .any(|word| name.contains(word))
}
