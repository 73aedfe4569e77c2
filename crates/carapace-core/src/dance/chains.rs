//! Variables and fields: which of them lie in each other.

use super::at::At;
use crate::source::syntax::{ExprId, ExprKind, Parent, Prefix};

impl At<'_> {
    /// A variable and the fields that are taken of it, by name: `self.a.b`. What a place is indexed
    /// by or borrowed as does not count.
    pub(crate) fn chain(&self, place: ExprId) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut at = place;
        loop {
            match self.kind(at) {
                ExprKind::Paren(inner)
                | ExprKind::Borrow { operand: inner, .. }
                | ExprKind::Index { base: inner, .. }
                | ExprKind::Unary {
                    operator: Prefix::Deref,
                    operand: inner,
                } => at = *inner,
                ExprKind::Field { base, name } => {
                    names.push(self.name(*name).to_owned());
                    at = *base;
                }
                ExprKind::Path(_) => {
                    names.push(self.single(at)?.to_owned());
                    names.reverse();
                    return Some(names);
                }
                _ => return None,
            }
        }
    }

    /// The places in an expression that a chain's variable is named, each with all of its fields.
    pub(crate) fn places_of(&self, chain: &[String], within: ExprId) -> Vec<ExprId> {
        let Some(first) = chain.first() else {
            return Vec::new();
        };
        let parts = self.syntax().within(within);
        let named = parts.filter(|part| {
            matches!(self.kind(*part), ExprKind::Path(_))
                && self.single(*part) == Some(first.as_str())
        });
        let widened = named.map(|mut at| {
            while let Parent::Expr(around) = self.syntax().expr(at).parent {
                let is_field = matches!(self.kind(around), ExprKind::Field { .. })
                    || matches!(self.kind(around), ExprKind::Paren(_));
                if !is_field || !self.syntax().is_within(around, within) {
                    break;
                }
                at = around;
            }
            at
        });
        widened.collect()
    }

    /// Whether an expression speaks of a place, or of what lies in it or around it.
    pub(crate) fn touches(&self, expr: ExprId, chain: &[String]) -> bool {
        let places = self.places_of(chain, expr);
        let mut chains = places.into_iter().map(|place| self.chain(place));
        chains.any(|other| other.is_none_or(|other| overlap(&other, chain)))
    }
}

/// Whether one place lies in another, or is it.
pub(crate) fn overlap(a: &[String], b: &[String]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}
