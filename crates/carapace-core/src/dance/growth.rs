//! Vectors that get more room before they get elements.

use super::at::At;
use super::chains::overlap;
use super::scope::Bound;
use crate::source::syntax::{ExprId, ExprKind, Operator, Parent, StatementId};

/// Methods that hand out a pointer to memory behind the elements, too.
const POINTS: [&str; 7] = [
    "as_mut_ptr",
    "as_ptr",
    "spare_capacity_mut",
    "chunk_mut",
    "bytes_mut",
    "get_unchecked_mut",
    "as_mut_ptr_range",
];

/// Methods that leave what lies behind the elements alone.
const KEEPS: [&str; 15] = [
    "len",
    "capacity",
    "is_empty",
    "reserve",
    "reserve_exact",
    "set_len",
    "push",
    "pop",
    "clear",
    "truncate",
    "resize",
    "extend_from_slice",
    "iter",
    "first",
    "last",
];

/// Where a vector got its room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved {
    /// The call of `reserve`, where it is one.
    call: Option<ExprId>,
    /// The call that sets the length.
    set: ExprId,
}

impl At<'_> {
    /// Where a vector got its room before a call, where no memory of it may have been written behind
    /// its elements since.
    pub(crate) fn reserved(&self, receiver: ExprId, set: ExprId) -> Option<Reserved> {
        let chain = self.chain(receiver)?;
        let (_, function) = self.function(set)?;
        let body = function.body?;
        // What calls it may have written there.
        if function.unsafety.is_some() && self.single(receiver).is_none_or(|name| name == "self") {
            return None;
        }
        let points = |part: ExprId| match self.kind(part) {
            ExprKind::Method { receiver, name, .. } => {
                POINTS.iter().any(|word| self.is_name(*name, word))
                    && self.chain(*receiver).is_none_or(|of| overlap(&of, &chain))
            }
            _ => false,
        };
        if self.syntax().within(body).any(points) {
            return None;
        }
        let (from, call) = self.room(receiver, set, body)?;
        let to = self.syntax().expr(set).tokens.start;
        let mut names = vec![chain];
        names.extend(self.taken_of(receiver));
        let is_kept = names.iter().all(|chain| {
            let uses = self.places_of(chain, body);
            let mut uses = uses.into_iter().filter(|used| {
                let start = self.syntax().expr(*used).tokens.start;
                from <= start && start < to
            });
            uses.all(|used| self.keeps(used, chain))
        });
        is_kept.then_some(Reserved { call, set })
    }

    /// Whether room is reserved for it in the same function.
    pub(crate) fn is_reserved(&self, receiver: ExprId, set: ExprId) -> bool {
        let body = self.body_of(set);
        body.is_some_and(|body| self.room_by_call(receiver, set, body).is_some())
    }

    fn room_by_call(&self, receiver: ExprId, set: ExprId, body: ExprId) -> Option<ExprId> {
        let before = self.syntax().expr(set).tokens.start;
        let mut parts = self.syntax().within(body).rev();
        parts.find(|part| {
            self.syntax().expr(*part).tokens.end <= before
                && self
                    .method_of::<1>(*part, &["reserve", "reserve_exact"])
                    .is_some_and(|(of, _)| self.alike(of, receiver))
                && self
                    .statement(*part)
                    .is_some_and(|(_, block)| self.syntax().is_within(set, block))
        })
    }

    /// The token behind which it has its room, and the call that reserves it.
    fn room(&self, receiver: ExprId, set: ExprId, body: ExprId) -> Option<(u32, Option<ExprId>)> {
        if let Some(call) = self.room_by_call(receiver, set, body) {
            return Some((self.syntax().expr(call).tokens.end, Some(call)));
        }
        let variable = match self.taken_of(receiver) {
            Some(chain) => chain.into_iter().next()?,
            None => self.single(receiver)?.to_owned(),
        };
        let value = self.binding(&variable, set)?.value()?;
        let mut parts = self.syntax().within(value);
        let has_room =
            parts.any(|part| self.call_of::<1>(part, "Vec", &["with_capacity"]).is_some());
        has_room.then(|| (self.syntax().expr(value).tokens.end, None))
    }

    /// The variable that a variable was taken out of by a pattern.
    fn taken_of(&self, receiver: ExprId) -> Option<Vec<String>> {
        match self.variable(receiver)?.bound {
            Bound::Taken { value, .. } => self.chain(value),
            _ => None,
        }
    }

    /// Whether a use leaves the memory behind a vector's elements alone.
    fn keeps(&self, used: ExprId, chain: &[String]) -> bool {
        if self.chain(used).is_some_and(|own| !overlap(&own, chain)) {
            return true;
        }
        let Parent::Expr(around) = self.syntax().expr(used).parent else {
            return false;
        };
        match self.kind(around) {
            ExprKind::Method { receiver, name, .. } => {
                *receiver == used && KEEPS.iter().any(|word| self.is_name(*name, word))
            }
            ExprKind::Index { base, .. } => *base == used,
            ExprKind::Match { value, .. } | ExprKind::Let { value, .. } => *value == used,
            _ => false,
        }
    }

    /// Whether the length is checked to be less than one that the vector had before.
    pub(crate) fn is_guarded_shrink(&self, receiver: ExprId, length: ExprId, set: ExprId) -> bool {
        let mut inner = set;
        while let Some(around) = self.syntax().around(inner) {
            if let ExprKind::If {
                condition, then, ..
            } = self.kind(around)
                && *then == inner
                && let Some(bound) = self.is_less(*condition, length)
            {
                return self.had_length(receiver, bound, around);
            }
            inner = around;
        }
        false
    }

    fn is_less(&self, condition: ExprId, length: ExprId) -> Option<ExprId> {
        let ExprKind::Binary {
            operator,
            left,
            right,
        } = self.kind(self.bare(condition))
        else {
            return None;
        };
        let (less, more) = match operator {
            Operator::Lt | Operator::Le => (*left, *right),
            Operator::Gt | Operator::Ge => (*right, *left),
            _ => return None,
        };
        self.alike(less, length).then_some(more)
    }

    fn had_length(&self, receiver: ExprId, bound: ExprId, before: ExprId) -> bool {
        if self.is_length_of(bound, receiver) {
            return true;
        }
        let Some(body) = self.body_of(before) else {
            return false;
        };
        let end = self.syntax().expr(before).tokens.start;
        self.syntax().within(body).any(|part| {
            let set = self.method_of::<1>(part, &["set_len"]);
            let set = set.map(|(of, [to])| (of, to));
            let resized = self.method_of::<2>(part, &["resize"]);
            let set = set.or(resized.map(|(of, [to, _])| (of, to)));
            self.syntax().expr(part).tokens.end <= end
                && set.is_some_and(|(of, to)| {
                    self.alike(of, receiver) && self.alike(to, bound) && self.is_pure(to)
                })
        })
    }
}

impl Reserved {
    /// The statement that reserves room, where the new length says all that it does.
    pub(crate) fn spare(&self, at: &At<'_>, length: ExprId) -> Option<StatementId> {
        let call = self.call?;
        let (receiver, [more]) = at.method_of(call, &["reserve"])?;
        let (statement, block) = at.own_statement(call)?;
        let (_, inner) = at.statement(self.set)?;
        let is_near = block == inner || at.own_statement(inner).is_some_and(|(_, of)| of == block);
        let chain = at.chain(receiver)?;
        let body = at.body_of(call)?;
        let asks = |part: ExprId| {
            let of = at.method_of::<0>(part, &["capacity"]);
            of.is_some_and(|(of, _)| at.chain(of).is_none_or(|of| overlap(&of, &chain)))
        };
        let length_tokens = at.syntax().expr(length).tokens;
        let is_said = at.syntax().within(more).all(|part| match at.kind(part) {
            ExprKind::Path(_) => at
                .single(part)
                .is_some_and(|name| at.mentions(length_tokens, name)),
            ExprKind::Method { .. } => false,
            _ => true,
        });
        let is_spare = is_near
            && is_said
            && at.is_pure(more)
            && !matches!(at.kind(at.bare(more)), ExprKind::Literal)
            && !at.syntax().within(body).any(asks);
        is_spare.then_some(statement)
    }
}
