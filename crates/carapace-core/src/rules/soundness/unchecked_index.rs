//! A number that a caller gives reaches unchecked memory access
//!
//! A safe function may be called with every value of its parameters. Where a number or a slice goes into
//! `get_unchecked`, pointer arithmetic, `from_raw_parts` or `set_len` without a check, safe code reads and
//! writes what lies behind the end. `debug_assert!` is no check: it is left out of release builds.
//!
//! ## What to do
//! Check with `assert!`, return an error or an `Option`, or index safely; the optimizer often takes such a
//! check out of loops. Where callers are to promise it, declare the function `unsafe` and write down what
//! they promise.
//!
//! ## Known problems
//! A check counts where it names the value or what is computed from it, whatever it compares with: wrong
//! checks are not found, but for those that compare with a capacity what is read. What a type holds in its
//! own fields is taken to be right.
//!
//! ## Example
//! ```text,bad
//! pub fn read_at(buffer: &[u8], at: usize) -> u8 {
//!     debug_assert!(at < buffer.len());
//!     unsafe { *buffer.get_unchecked(at) }
//! }
//! ```
//! ```text,good
//! pub fn read_at(buffer: &[u8], at: usize) -> u8 {
//!     assert!(at < buffer.len());
//!     unsafe { *buffer.get_unchecked(at) }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.get_unchecked>
//! - <https://doc.rust-lang.org/nomicon/working-with-unsafe.html>

use std::cell::{Cell, OnceCell};

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::checks::{Checked, Checks, Needs};
use crate::soundness::judged::Judged;
use crate::soundness::memory::{Access, Kind};
use crate::soundness::reach::{Reach, Safe};
use crate::soundness::sources::{Origin, Part};
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, ItemKind, Parent, PatternKind, Prefix, StatementKind, Tokens, TypeId,
};

pub(crate) const META: Meta = Meta {
    code: "SND030",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "BOUNDS",
    alike: &[
        "RUSTSEC-2020-0042",
        "RUSTSEC-2025-0137",
        "RUSTSEC-2025-0063",
        "RUSTSEC-2026-0123",
    ],
    find,
};

/// How many functions of a file are reported.
const MAX_DOUBTS: usize = 512;
/// How many values of a function are looked into, and how long a function is that it calls, in tokens.
const MAX_ASKED: u32 = 48;
const MAX_CALLED: u32 = 4096;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for &safe in judged.safe_functions() {
        if found.len() >= MAX_DOUBTS {
            return at.leave_out();
        }
        let accesses = at.accesses(safe.body, false);
        let judge = Judge {
            at,
            safe,
            checks: OnceCell::new(),
            reach: OnceCell::new(),
            asked: Cell::new(MAX_ASKED),
        };
        let mut doubts: Vec<Doubt> = accesses
            .iter()
            .filter_map(|access| judge.number(access).or_else(|| judge.slice(access)))
            .collect();
        doubts.extend(judge.narrow());
        doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.confidence));
        // One of each function: what makes it sound is one check.
        found.extend(doubts.into_iter().next());
    }
}

/// A slice by its name.
struct Slice {
    name: String,
    /// Its type, where it is a parameter.
    of: Option<TypeId>,
}

/// Of a slice, that it is not empty may suffice.
const ANY: Needs = Needs {
    is_read: false,
    is_any: true,
    is_later: false,
};

struct Judge<'a, 'p> {
    at: &'a At<'p>,
    safe: Safe<'p>,
    checks: OnceCell<Checks>,
    reach: OnceCell<Reach>,
    /// How many more values and called functions are looked into.
    asked: Cell<u32>,
}

/// What reaches an operation unchecked.
struct Unchecked<'n> {
    name: &'n str,
    of: Option<TypeId>,
    by: ExprId,
    state: Checked,
    confidence: Confidence,
    what: &'static str,
}

impl Judge<'_, '_> {
    /// Whether there is time to look into one more.
    fn checks(&self) -> &Checks {
        let make = || Checks::of(self.at, self.safe.body);
        self.checks.get_or_init(make)
    }

    fn may_ask(&self) -> bool {
        let left = self.asked.get().checked_sub(1);
        self.asked.set(left.unwrap_or(0));
        left.is_some()
    }

    /// A number that was not looked at.
    fn number(&self, access: &Access) -> Option<Doubt> {
        let at = self.at;
        if access.kind == Kind::Own && !self.is_trusted(access) {
            return None;
        }
        let is_foreign_memory = access.kind == Kind::Slice
            && access
                .base
                .is_some_and(|base| self.is_pointer_parameter(base));
        if is_foreign_memory {
            return None;
        }
        let mut origins: Vec<(ExprId, Origin)> = Vec::new();
        for number in &access.numbers {
            let from = at.numbers_from(*number);
            origins.extend(from.into_iter().map(|origin| (*number, origin)));
        }
        for (number, origin) in &origins {
            if origin.part == Part::Length {
                continue;
            }
            if !self.may_ask() {
                return None;
            }
            let names = at.related(&origin.parameter, self.safe.body);
            if self.is_made_for(access, &names) {
                continue;
            }
            let needs = Needs {
                is_read: access.kind != Kind::Copy && !self.is_written(access.expr),
                is_any: false,
                is_later: access.kind == Kind::Offset && self.is_named_first(access.expr),
            };
            let state = self.checks().state(at, access.expr, &names, needs);
            if state == Checked::Yes {
                continue;
            }
            return Some(self.doubt(
                access,
                &Unchecked {
                    name: &origin.parameter,
                    of: Some(origin.of),
                    by: *number,
                    state,
                    confidence: self.confidence(access, state),
                    what: "a number that the caller chooses",
                },
            ));
        }
        None
    }

    /// Whether an operation's result gets a name, and is used later.
    fn is_named_first(&self, id: ExprId) -> bool {
        let at = self.at;
        let is_let = |id: ExprId| match at.syntax().expr(id).parent {
            Parent::Statement(statement) => at
                .syntax()
                .statement(statement)
                .is_some_and(|found| matches!(found.kind, StatementKind::Let { .. })),
            _ => false,
        };
        std::iter::once(id)
            .chain(at.syntax().ancestors(id).take(4))
            .any(is_let)
    }

    /// Whether the memory was made for as many: by a call that got the number, or for a closure.
    fn is_made_for(&self, access: &Access, names: &[String]) -> bool {
        let at = self.at;
        let Some(base) = access.base else {
            return false;
        };
        let root = at.pointer_root(base);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let is_call = at.syntax().within(root).any(|part| {
            matches!(
                at.kind(part),
                ExprKind::Call { .. } | ExprKind::Macro { .. }
            )
        });
        if is_call && at.mentions_any(at.syntax().expr(root).tokens, &names) {
            return true;
        }
        let innermost = match at.kind(root) {
            ExprKind::Method { receiver, .. } => at.pointer_root(*receiver),
            _ => root,
        };
        let binding = at
            .single(innermost)
            .and_then(|name| at.binding(name, innermost));
        binding.is_some_and(|binding| match binding.bound {
            Bound::Closure(_) => true,
            Bound::Let {
                value: Some(value), ..
            } => at.mentions_any(at.syntax().expr(value).tokens, &names),
            _ => false,
        })
    }

    fn confidence(&self, access: &Access, state: Checked) -> Confidence {
        let is_debug = matches!(state, Checked::Debug(_));
        match access.kind {
            // `self.at = self.at.add(by)`
            Kind::Offset if self.at.is_kept(access.expr) => Confidence::Medium,
            Kind::Offset if !self.at.is_reached_through(access.expr) => Confidence::Low,
            Kind::Own if is_debug => Confidence::High,
            Kind::Own => Confidence::Medium,
            _ => Confidence::High,
        }
    }

    /// Whether an unsafe function of the package trusts a number that it gets.
    fn is_trusted(&self, access: &Access) -> bool {
        let at = self.at;
        let Some(place) = access.own else {
            return false;
        };
        let (Some(there), Some(item)) = (at.declared.at(place), at.declared.item(place)) else {
            return false;
        };
        let ItemKind::Function(function) = &item.kind else {
            return false;
        };
        let is_named = access.name.contains("unchecked") || access.name.contains("offset");
        let Some(body) = function.body else {
            return is_named;
        };
        if is_named {
            return true;
        }
        let tokens = there.syntax().expr(body).tokens;
        if !self.may_ask() || tokens.end.saturating_sub(tokens.start) > MAX_CALLED {
            return false;
        }
        let accesses = there.accesses(body, true);
        if accesses.is_empty() {
            return false;
        }
        let checks = Checks::of(&there, body);
        // The one parameter that the number goes to is not looked for: any that is trusted is enough
        // where the caller's is a number, too.
        accesses.iter().any(|inner| {
            inner.kind != Kind::Own
                && inner.numbers.iter().any(|number| {
                    there.numbers_from(*number).iter().any(|origin| {
                        let names = there.related(&origin.parameter, body);
                        origin.part == Part::Number
                            && checks.state(&there, inner.expr, &names, Needs::default())
                                != Checked::Yes
                    })
                })
        })
    }

    /// A slice of which an element is taken that it need not have: at a fixed place, or at one of
    /// another slice.
    fn slice(&self, access: &Access) -> Option<Doubt> {
        let at = self.at;
        if !matches!(access.kind, Kind::Element | Kind::Offset) {
            return None;
        }
        if access.kind == Kind::Offset && !at.is_reached_through(access.expr) {
            return None;
        }
        let base = self.slice_base(access.base?)?;
        let slice = self.slice_meant(base)?;
        let name = slice.name;
        let number = *access.numbers.first()?;
        let is_fixed = self.is_fixed(number);
        let origins = at.numbers_from(number);
        let is_of_another = !origins.is_empty()
            && origins
                .iter()
                .all(|origin| origin.part == Part::Length && origin.parameter != name);
        if !is_fixed && (!is_of_another || slice.of.is_none()) {
            return None;
        }
        if !self.may_ask() {
            return None;
        }
        let names = at.related(&name, self.safe.body);
        let state = self.checks().state(at, access.expr, &names, ANY);
        if state == Checked::Yes || is_fixed && self.is_in_length_loop(access.expr, &names) {
            return None;
        }
        let what = match is_fixed {
            true => "a slice that may be shorter",
            false => "a slice that may be shorter than the other",
        };
        Some(self.doubt(
            access,
            &Unchecked {
                name: &name,
                of: slice.of,
                by: base,
                state,
                confidence: match is_fixed || matches!(state, Checked::Debug(_)) {
                    true if slice.of.is_some() => Confidence::High,
                    _ => Confidence::Medium,
                },
                what,
            },
        ))
    }

    /// A variable that is a slice: a parameter, or one that is a part of something.
    fn slice_meant(&self, base: ExprId) -> Option<Slice> {
        let at = self.at;
        if let Some((parameter, name)) = at.parameter_meant(base, self.safe.function) {
            let of = Some(parameter.of);
            return self.is_slice(parameter.of).then_some(Slice { name, of });
        }
        let name = at.single(base)?;
        let Bound::Let { .. } = at.binding(name, base)?.bound else {
            return None;
        };
        let of = at.type_of(base);
        let is_slice = matches!(&of, Ty::Ref { of, .. } if matches!(**of, Ty::Slice(_) | Ty::Str));
        is_slice.then_some(Slice {
            name: name.to_owned(),
            of: None,
        })
    }

    /// The slice behind `slice.as_ptr()`.
    fn slice_base(&self, base: ExprId) -> Option<ExprId> {
        let bare = self.at.bare(base);
        if matches!(self.at.type_of(bare).peeled(), Ty::Slice(_) | Ty::Str) {
            return Some(bare);
        }
        let root = self.at.pointer_root(base);
        match self.at.method_of::<0>(root, &["as_ptr", "as_mut_ptr"]) {
            Some((slice, [])) => Some(slice),
            None => Some(root),
        }
    }

    fn is_slice(&self, of: TypeId) -> bool {
        let written = self.at.written_in(of, Some(self.safe.id));
        matches!(written.peeled(), Ty::Slice(_) | Ty::Str) && !matches!(written, Ty::Boxed(_))
    }

    /// Whether a number is written down: literals, and what is computed of them.
    fn is_fixed(&self, number: ExprId) -> bool {
        let at = self.at;
        at.syntax().within(number).all(|part| match at.kind(part) {
            ExprKind::Literal
            | ExprKind::Paren(_)
            | ExprKind::Binary { .. }
            | ExprKind::Range { .. }
            | ExprKind::Cast { .. } => true,
            ExprKind::Path(_) => at
                .single(part)
                .is_some_and(|name| name.chars().all(|c| c.is_uppercase() || c == '_')),
            _ => false,
        }) && at
            .syntax()
            .within(number)
            .any(|part| *at.kind(part) == ExprKind::Literal)
    }

    /// Whether a loop around an expression has to do with the slice.
    fn is_in_length_loop(&self, id: ExprId, names: &[String]) -> bool {
        let at = self.at;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        at.syntax()
            .ancestors(id)
            .any(|around| match at.kind(around) {
                ExprKind::For { over, .. } => {
                    at.mentions_any(at.syntax().expr(*over).tokens, &names)
                }
                _ => false,
            })
    }

    /// `*(slice.as_ptr() as *const Wide)`: all of what is read has to be there.
    fn narrow(&self) -> Option<Doubt> {
        let at = self.at;
        for used in at.pointer_uses(self.safe.body) {
            let root = at.pointer_root(used.pointer);
            let Some((slice, [])) = at.method_of::<0>(root, &["as_ptr", "as_mut_ptr"]) else {
                continue;
            };
            let Some((parameter, name)) = at.parameter_meant(slice, self.safe.function) else {
                continue;
            };
            if !self.is_slice(parameter.of) || !self.is_wider(used.pointer, used.expr, root) {
                continue;
            }
            if !self.may_ask() {
                return None;
            }
            let names = at.related(&name, self.safe.body);
            let state = self.checks().state(at, used.expr, &names, ANY);
            // A count of it goes along.
            let own = at.syntax().expr(used.expr).tokens;
            let is_counted = match at.kind(used.expr) {
                ExprKind::Call { arguments, .. } => arguments.len() > 1,
                _ => false,
            };
            if state == Checked::Yes || is_counted || self.counts(own) {
                continue;
            }
            let access = Access {
                expr: used.expr,
                keyword: used.keyword,
                kind: Kind::Slice,
                base: None,
                numbers: Vec::new(),
                name: "",
                own: None,
            };
            return Some(self.doubt(
                &access,
                &Unchecked {
                    name: &name,
                    of: Some(parameter.of),
                    by: slice,
                    state,
                    confidence: match matches!(state, Checked::Debug(_)) {
                        true => Confidence::High,
                        false => Confidence::Medium,
                    },
                    what: "a slice that may be shorter than what is read",
                },
            ));
        }
        None
    }

    /// Whether a length is named in some tokens.
    fn counts(&self, tokens: Tokens) -> bool {
        self.at.mentions(tokens, "len")
    }

    /// Whether a pointer is one to something else than the slice's elements.
    fn is_wider(&self, pointer: ExprId, used: ExprId, root: ExprId) -> bool {
        let at = self.at;
        let (Ty::Pointer { of, .. }, Ty::Pointer { of: element, .. }) =
            (at.type_of(pointer), at.type_of(root))
        else {
            return false;
        };
        // `&*p` of the very elements, or of what is not known.
        let is_borrow_of_same = matches!(
            at.around(used).map(|around| at.kind(around)),
            Some(ExprKind::Borrow {
                how: Borrow::Shared | Borrow::Mut,
                ..
            })
        ) && of == element;
        let is_slice = matches!(*of, Ty::Slice(_) | Ty::Str | Ty::Unknown);
        let is_wrapper = match (*of).clone() {
            Ty::Named(name, _) => self.is_wrapper(&name),
            _ => false,
        };
        of != element && !is_borrow_of_same && !is_slice && !is_wrapper
    }

    /// Whether a type of the package has one field only: it is as large as that.
    fn is_wrapper(&self, name: &str) -> bool {
        let found = self.at.declared.type_named(name);
        found.is_some_and(|(_, item)| match &item.kind {
            ItemKind::Struct { fields, .. } => fields.len() <= 1,
            _ => false,
        })
    }

    fn is_pointer_parameter(&self, base: ExprId) -> bool {
        let root = self.at.pointer_root(base);
        self.at
            .parameter_meant(root, self.safe.function)
            .is_some_and(|(parameter, _)| {
                let of = self.at.written_in(parameter.of, Some(self.safe.id));
                matches!(of, Ty::Pointer { .. })
            })
    }

    /// Whether an operation's place is written to and not read.
    fn is_written(&self, id: ExprId) -> bool {
        let at = self.at;
        let Some(around) = at.around(id) else {
            return false;
        };
        match at.kind(around) {
            ExprKind::Method { receiver, name, .. } => {
                at.bare(*receiver) == id && at.is_name(*name, "write")
            }
            ExprKind::Unary {
                operator: Prefix::Deref,
                ..
            } => false,
            ExprKind::Call { .. } => at
                .called_path(around)
                .and_then(|path| path.segments.last())
                .is_some_and(|last| at.is_name(last.name, "write")),
            _ => false,
        }
    }

    fn doubt(&self, access: &Access, unchecked: &Unchecked<'_>) -> Doubt {
        let at = self.at;
        let reach = *self.reach.get_or_init(|| at.reach_of(self.safe.id));
        let confidence = match reach {
            Reach::Everybody => unchecked.confidence,
            // Those of the package that call it may check.
            Reach::Package => unchecked.confidence.min(Confidence::Medium),
        };
        let tokens = at.syntax().expr(access.expr).tokens;
        let function = self
            .safe
            .item
            .name
            .map(|name| at.name(name))
            .unwrap_or_default();
        let name = unchecked.name;
        let mut chain = vec![at.reason(
            self.parameter_tokens(name, unchecked.of),
            format!("`{name}` is {}", unchecked.what),
        )];
        if let Checked::Debug(tokens) = unchecked.state {
            chain.push(at.reason(tokens, "it is only checked in debug builds"));
        }
        let by = at.syntax().expr(unchecked.by).tokens;
        if by != tokens {
            chain.push(at.reason(by, format!("`{name}` comes here")));
        }
        chain.push(at.reason(tokens, "what lies behind the end is reached"));
        let message = match unchecked.state {
            Checked::Debug(_) => format!(
                "`{function}` is safe to call, and `{name}` reaches unchecked memory with a check in debug builds only"
            ),
            _ => format!(
                "`{function}` is safe to call, and `{name}` reaches unchecked memory without a check"
            ),
        };
        Doubt {
            keyword: access.keyword,
            tokens,
            confidence,
            message,
            chain,
            sound: format!(
                "check `{name}` with `assert!` or index safely, or declare `{function}` unsafe"
            ),
        }
    }

    fn parameter_tokens(&self, name: &str, of: Option<TypeId>) -> Tokens {
        let at = self.at;
        let parameters = self.safe.function.parameters.iter();
        let mut named = parameters.filter(|parameter| {
            Some(parameter.of) == of
                || matches!(
                    at.syntax().pattern(parameter.pattern),
                    PatternKind::Name { name: token, .. } if at.is_name(*token, name)
                )
        });
        named.next().map_or(self.safe.item.tokens, |parameter| {
            at.pattern_tokens(parameter.pattern)
        })
    }
}
