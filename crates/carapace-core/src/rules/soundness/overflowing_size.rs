//! Unsafe code relies on a size that may have overflowed
//!
//! Integers wrap around in release builds. Where a product of a caller's numbers is compared with a
//! length, or is what room is made for, a small result passes, and unsafe code then goes by the large
//! factors. What is taken away may wrap around as well: a length that is read and made smaller by a header's
//! size becomes a huge one.
//!
//! ## What to do
//! Compute sizes with `checked_mul`, `checked_add` and `checked_sub`, and stop where they give nothing.
//!
//! ## Known problems
//! Products of a caller's numbers alone are looked at, not sums. That a sum overflows needs a number
//! near the largest there is, which is only found where it is written so.
//!
//! ## Example
//! ```text,bad
//! pub fn last(pixels: &[u8], width: usize, height: usize) -> u8 {
//!     assert_eq!(width * height, pixels.len());
//!     unsafe { *pixels.get_unchecked(width * (height - 1)) }
//! }
//! ```
//! ```text,good
//! pub fn last(pixels: &[u8], width: usize, height: usize) -> u8 {
//!     assert_eq!(width.checked_mul(height), Some(pixels.len()));
//!     unsafe { *pixels.get_unchecked(width * (height - 1)) }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/expressions/operator-expr.html#overflow>

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::memory::Kind;
use crate::soundness::reach::{Reach, Safe};
use crate::soundness::sources::{Origin, Part};
use crate::soundness::{Doubt, Judges, Reason};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Operator, Tokens};

pub(crate) const META: Meta = Meta {
    code: "SND034",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "INT_OVERFLOW",
    alike: &[
        "RUSTSEC-2023-0080",
        "RUSTSEC-2021-0027",
        "RUSTSEC-2017-0004",
    ],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for &safe in judged.safe_functions() {
        let judge = Judge { at, safe };
        let doubts = [judge.compared(), judge.shortened(), judge.made_room()];
        found.extend(doubts.into_iter().flatten().next());
    }
}

struct Judge<'a, 'p> {
    at: &'a At<'p>,
    safe: Safe<'p>,
}

impl Judge<'_, '_> {
    fn keyword(&self) -> Option<u32> {
        let tokens = self.at.syntax().expr(self.safe.body).tokens;
        (tokens.start..tokens.end).find(|at| self.at.file.source.kind(*at as usize) == T::Unsafe)
    }

    /// `assert_eq!(width * height, slice.len())`, and unsafe code behind it.
    fn compared(&self) -> Option<Doubt> {
        let at = self.at;
        at.syntax().within(self.safe.body).find_map(|id| {
            let condition = match at.kind(id) {
                ExprKind::Macro { path, .. } => {
                    let name = at.name(path.segments.last()?.name);
                    let is_assert = name.starts_with("assert") && !name.contains("unchecked");
                    is_assert.then_some(id)?
                }
                ExprKind::If {
                    condition, then, ..
                } if at.leaves(*then) => *condition,
                _ => return None,
            };
            if !at.mentions(at.syntax().expr(condition).tokens, "len") {
                return None;
            }
            let product = at
                .syntax()
                .within(condition)
                .find(|part| self.is_product(*part))?;
            let start = at.syntax().expr(condition).tokens.start;
            let keyword = self.unsafe_with(product, start)?;
            let tokens = at.syntax().expr(product).tokens;
            let chain = vec![
                at.reason(tokens, "this may wrap around, and then passes"),
                at.reason(
                    Tokens {
                        start: keyword,
                        end: keyword + 1,
                    },
                    "this goes by the factors",
                ),
            ];
            let confidence = match at.reach_of(self.safe.id) {
                Reach::Everybody => Confidence::High,
                Reach::Package => Confidence::Medium,
            };
            Some(self.safe.doubt(
                keyword,
                tokens,
                confidence,
                "checks a product of the caller's numbers that may overflow",
                "multiply with `checked_mul`",
                chain,
            ))
        })
    }

    /// A product of two numbers that the caller chooses.
    fn is_product(&self, id: ExprId) -> bool {
        let at = self.at;
        let ExprKind::Binary {
            operator: Operator::Mul,
            left,
            right,
        } = at.kind(id)
        else {
            return false;
        };
        let (left, right) = (at.numbers_from(*left), at.numbers_from(*right));
        let is_number =
            |origins: &[Origin]| origins.iter().any(|origin| origin.part == Part::Number);
        is_number(&left) && is_number(&right)
    }

    /// The unsafe block behind a place that names a factor.
    fn unsafe_with(&self, product: ExprId, start: u32) -> Option<u32> {
        let at = self.at;
        let names: Vec<String> = at
            .numbers_from(product)
            .into_iter()
            .map(|origin| origin.parameter)
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        at.syntax().within(self.safe.body).find_map(|id| {
            let tokens = at.syntax().expr(id).tokens;
            let is_it =
                at.is_unsafe_block(id) && tokens.start > start && at.mentions_any(tokens, &names);
            is_it.then(|| {
                at.syntax()
                    .within(id)
                    .find_map(|part| at.unsafe_around(part))
            })?
        })
    }

    /// `set_len(read - HEADER)` where nothing says that it is that large.
    fn shortened(&self) -> Option<Doubt> {
        let at = self.at;
        let accesses = at.accesses(self.safe.body, false);
        accesses.into_iter().find_map(|access| {
            if !matches!(access.kind, Kind::Length | Kind::Slice) {
                return None;
            }
            let number = *access.numbers.first()?;
            let (less, from) = self.taken_away(number)?;
            let name = at.single(from)?;
            let value = match at.binding(name, from)?.bound {
                Bound::Let {
                    value: Some(value), ..
                } => value,
                _ => return None,
            };
            if !self.is_read(value) || self.is_large_enough(name) {
                return None;
            }
            let tokens = at.syntax().expr(access.expr).tokens;
            let chain = vec![
                at.reason(
                    at.syntax().expr(value).tokens,
                    format!("`{name}` comes from outside"),
                ),
                at.reason(
                    at.syntax().expr(less).tokens,
                    "this wraps around where it is smaller",
                ),
                at.reason(tokens, "so much is taken to be there"),
            ];
            Some(self.safe.doubt(
                access.keyword,
                tokens,
                Confidence::Medium,
                &format!(
                    "sets a length to what is left of `{name}`, which may be too small for that"
                ),
                "subtract with `checked_sub`",
                chain,
            ))
        })
    }

    /// A subtraction, and what it takes something away of.
    fn taken_away(&self, number: ExprId) -> Option<(ExprId, ExprId)> {
        let at = self.at;
        let mut at_most = at.bare(number);
        let first = at_most;
        while let ExprKind::Binary {
            operator: Operator::Sub,
            left,
            ..
        } = at.kind(at_most)
        {
            at_most = at.bare(*left);
        }
        (at_most != first).then_some((first, at_most))
    }

    /// Whether a value is one that is read from somewhere: not a length of what is there.
    fn is_read(&self, value: ExprId) -> bool {
        let at = self.at;
        let tokens = at.syntax().expr(value).tokens;
        let is_own = at.mentions_any(tokens, &["len", "capacity", "self", "count"]);
        let calls = at
            .syntax()
            .within(value)
            .any(|part| matches!(at.kind(part), ExprKind::Try(_) | ExprKind::Call { .. }));
        calls
            && (!is_own
                || at
                    .syntax()
                    .within(value)
                    .any(|part| matches!(at.kind(part), ExprKind::Try(_))))
    }

    /// Whether a comparison says that a variable is not too small.
    fn is_large_enough(&self, name: &str) -> bool {
        let at = self.at;
        let is_it = |id: ExprId| at.mentions(at.syntax().expr(id).tokens, name);
        at.syntax()
            .within(self.safe.body)
            .any(|id| match at.kind(id) {
                ExprKind::Binary {
                    operator: Operator::Lt | Operator::Le,
                    left,
                    ..
                } => is_it(*left) && self.is_in_leaving(id),
                ExprKind::Binary {
                    operator: Operator::Gt | Operator::Ge,
                    right,
                    ..
                } => is_it(*right) && self.is_in_leaving(id),
                ExprKind::Macro { path, .. } => {
                    let is_assert = path
                        .segments
                        .last()
                        .is_some_and(|last| at.name(last.name).starts_with("assert"));
                    is_assert && is_it(id)
                }
                _ => false,
            })
    }

    /// Whether a comparison is one of a condition.
    fn is_in_leaving(&self, id: ExprId) -> bool {
        let at = self.at;
        at.syntax().ancestors(id).any(|around| {
            matches!(
                at.kind(around),
                ExprKind::If { .. } | ExprKind::While { .. }
            )
        })
    }

    /// `reserve(size(len))` where the size is multiplied unchecked, and unsafe writes behind it.
    fn made_room(&self) -> Option<Doubt> {
        let at = self.at;
        let (call, product, place) = at.syntax().within(self.safe.body).find_map(|id| {
            let argument = match at.kind(id) {
                ExprKind::Method {
                    name, arguments, ..
                } if at.is_name(*name, "reserve") || at.is_name(*name, "reserve_exact") => {
                    *arguments.first()?
                }
                ExprKind::Call { arguments, .. } => {
                    let last = at.called_path(id)?.segments.last()?;
                    let is_room = at.is_name(last.name, "with_capacity");
                    is_room.then(|| arguments.first().copied()).flatten()?
                }
                _ => return None,
            };
            let (product, place) = self.product_in(argument)?;
            Some((id, product, place))
        })?;
        let start = at.syntax().expr(call).tokens.end;
        let written = at
            .accesses(self.safe.body, false)
            .into_iter()
            .find(|access| {
                let is_writing = matches!(access.kind, Kind::Element | Kind::Length | Kind::Copy)
                    || access.kind == Kind::Offset && at.is_reached_through(access.expr);
                is_writing && at.syntax().expr(access.expr).tokens.start >= start
            });
        let (written, keyword) = match written {
            Some(access) => (access.expr, access.keyword),
            None => {
                let id = at.syntax().within(self.safe.body).find(|id| {
                    at.method_of::<0>(*id, &["as_mut_vec", "as_bytes_mut"])
                        .is_some()
                        && at.unsafe_around(*id).is_some()
                })?;
                (id, at.unsafe_around(id)?)
            }
        };
        let tokens = at.syntax().expr(call).tokens;
        let chain = vec![
            Reason {
                file: place,
                tokens: product,
                says: "this may wrap around".to_owned(),
            },
            at.reason(tokens, "room is made for as much"),
            at.reason(
                at.syntax().expr(written).tokens,
                "it is written to unchecked here",
            ),
        ];
        let confidence = match self.keyword() {
            Some(_) => Confidence::Medium,
            None => Confidence::Low,
        };
        Some(self.safe.doubt(
            keyword,
            tokens,
            confidence,
            "makes room for a size that may overflow, and writes to it unchecked",
            "compute the size with `checked_mul` and `checked_add`",
            chain,
        ))
    }

    /// A product of something that the caller chooses, in an argument or in the package's function that it
    /// calls; and the file that it is in.
    fn product_in(&self, argument: ExprId) -> Option<(Tokens, usize)> {
        let at = self.at;
        let mut argument = at.bare(argument);
        if let Some(name) = at.single(argument)
            && let Some(binding) = at.binding(name, argument)
            && let Bound::Let {
                value: Some(value), ..
            } = binding.bound
        {
            argument = at.bare(value);
        }
        if self.is_product(argument) {
            return Some((at.syntax().expr(argument).tokens, at.file.index));
        }
        let path = at.called_path(argument)?;
        let (place, function) = at.declared_function(argument, path)?;
        let there = at.declared.at(place)?;
        let body = function.body?;
        let is_checked = there.mentions_any(
            there.syntax().expr(body).tokens,
            &["checked_mul", "checked_add", "saturating_mul"],
        );
        if is_checked {
            return None;
        }
        let product = there.syntax().within(body).find(|part| {
            let ExprKind::Binary {
                operator: Operator::Mul,
                left,
                right,
            } = there.kind(*part)
            else {
                return false;
            };
            [*left, *right]
                .into_iter()
                .any(|side| !there.numbers_from(side).is_empty())
        })?;
        Some((there.syntax().expr(product).tokens, place.file))
    }
}
