//! What is done through a pointer into a sequence.

use super::super::at::At;
use super::super::types::Ty;
use super::Spot;
use crate::source::syntax::{ExprId, ExprKind};

/// What is done through a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something is read.
    Read,
    /// A value is written.
    Write(ExprId),
    /// It is a place, that something is called on or taken of.
    Place,
}

/// An operation through a pointer into a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Where.
    pub(crate) spot: Spot,
    /// What is done.
    pub(crate) way: Way,
    /// The expression that does it.
    pub(crate) target: ExprId,
    /// The type of what is read or written.
    pub(crate) of: Ty,
}

impl<'p> At<'p> {
    /// What an operation does through a pointer into a sequence.
    pub(crate) fn access(&self, operation: ExprId) -> Option<Access> {
        const READS: [&str; 2] = ["read", "read_unaligned"];
        const WRITES: [&str; 2] = ["write", "write_unaligned"];
        let mut stated = Ty::Unknown;
        let (pointer, way, target) = if let Some(pointer) = self.dereferenced(operation) {
            let (way, target) = self.used_place(operation);
            (pointer, way, target)
        } else if let Some((receiver, [])) = self.method_of(operation, &READS) {
            (receiver, Way::Read, operation)
        } else if let Some((receiver, [value])) = self.method_of(operation, &WRITES) {
            (receiver, Way::Write(value), operation)
        } else if let Some(([pointer], call)) = self.call_of(operation, "ptr", &READS) {
            stated = self.stated(call.generics.first(), operation);
            (pointer, Way::Read, operation)
        } else {
            let ([pointer, value], call) = self.call_of(operation, "ptr", &WRITES)?;
            stated = self.stated(call.generics.first(), operation);
            (pointer, Way::Write(value), operation)
        };
        let mut spot = self.spot(pointer)?;
        // Under another name it may be another function elsewhere.
        if let ExprKind::Call { callee, .. } = self.kind(operation) {
            let name = self.standard_call(operation).map(|call| call.name);
            let text = self.plain(self.bare(*callee));
            let last = text
                .split("::<")
                .next()
                .and_then(|path| path.rsplit("::").next());
            spot.is_certain &= last == name;
        }
        if !spot.pointee.is_known() && stated.is_known() {
            spot.pointee = stated;
        }
        // Methods of numbers take a copy.
        let is_number = matches!(spot.pointee, Ty::Int(_) | Ty::Float(_));
        let is_called = self
            .around(operation)
            .is_some_and(|around| matches!(self.kind(around), ExprKind::Method { .. }));
        let way = match way {
            Way::Place if is_number && is_called => Way::Read,
            way => way,
        };
        spot.is_certain &= self.is_used_here_only(&spot, operation);
        // Behind what a vector holds there may be room that is written to first.
        if self.is_vec(spot.base) {
            if self.makes_room(operation) {
                return None;
            }
            spot.is_certain &= way == Way::Read;
        }
        let of = match (&spot.pointee, way) {
            (Ty::Unknown, Way::Read) => self.expected(operation),
            (Ty::Unknown, Way::Write(value)) => self.type_of(value),
            (known, _) => known.clone(),
        };
        Some(Access {
            spot,
            way,
            target,
            of,
        })
    }

    /// Whether the variables on the way are used in one unsafe block: where several are replaced one by
    /// one, a variable is left that nothing uses.
    fn is_used_here_only(&self, spot: &Spot, operation: ExprId) -> bool {
        let mut around = self.syntax().ancestors(operation);
        let block = around.find(|around| self.is_unsafe_block(*around));
        let is_on_the_way = |used: ExprId| {
            let own = self.syntax().expr(used).tokens;
            spot.through.iter().any(|statement| {
                let tokens = self.statement_tokens(*statement);
                tokens.start <= own.start && own.end <= tokens.end
            })
        };
        spot.through.iter().all(|statement| {
            let uses = self.uses_of(*statement).unwrap_or_default();
            let is_here = |used: &ExprId| {
                block.is_none_or(|block| self.syntax().is_within(*used, block))
                    || is_on_the_way(*used)
            };
            uses.iter().all(is_here)
        })
    }

    /// Whether the function around something speaks of a vector's room.
    fn makes_room(&self, id: ExprId) -> bool {
        const WORDS: [&str; 6] = [
            "set_len",
            "reserve",
            "reserve_exact",
            "with_capacity",
            "capacity",
            "spare_capacity_mut",
        ];
        let Some(item) = self
            .function(id)
            .and_then(|(item, _)| self.syntax().item(item))
        else {
            return true;
        };
        self.mentions_any(item.tokens, &WORDS)
    }

    /// How a place is used, and the expression that uses it.
    fn used_place(&self, place: ExprId) -> (Way, ExprId) {
        let Some(around) = self.around(place) else {
            return (Way::Read, place);
        };
        let is = |id: ExprId| self.bare(id) == place;
        match self.kind(around) {
            ExprKind::Assign {
                operator: None,
                left,
                right,
            } if is(*left) => (Way::Write(*right), around),
            ExprKind::Assign { left, .. } if is(*left) => (Way::Place, place),
            ExprKind::Borrow { .. } | ExprKind::Field { .. } => (Way::Place, place),
            ExprKind::Method { receiver, .. } if is(*receiver) => (Way::Place, place),
            ExprKind::Index { base, .. } if is(*base) => (Way::Place, place),
            _ => (Way::Read, place),
        }
    }

    /// A name of these that some expressions do not mention.
    pub(crate) fn free_name(
        &self,
        names: &[&'static str],
        near: &[ExprId],
    ) -> Option<&'static str> {
        let is_free = |name: &&&str| {
            let mut near = near.iter();
            !near.any(|id| self.mentions(self.syntax().expr(*id).tokens, name))
        };
        names.iter().find(is_free).copied()
    }

    /// The variable that a place is a part of.
    pub(crate) fn root(&self, id: ExprId) -> Option<&'p str> {
        let id = self.bare(id);
        match self.kind(id) {
            ExprKind::Path(_) => self.single(id),
            ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => self.root(*base),
            ExprKind::Unary { operand, .. } | ExprKind::Borrow { operand, .. } => {
                self.root(*operand)
            }
            ExprKind::Method { receiver, .. } => self.root(*receiver),
            _ => None,
        }
    }
}
