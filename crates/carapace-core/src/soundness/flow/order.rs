//! Which step can follow which: branches, loops, and what leaves them.

use std::ops::Range;

use super::{Does, Flow, MAX_AROUND};
use crate::source::syntax::{ExprId, ExprKind, StatementKind};

/// The steps between two: those behind the first, and where a loop begins again those before the second.
pub(crate) type Between = [Range<usize>; 2];

impl Flow<'_, '_> {
    /// The steps that lie between two, where the second can follow the first: all of them in order, or
    /// once around a loop.
    pub(crate) fn reaches(&self, from: usize, to: usize) -> Option<Between> {
        let (first, second) = (self.step(from)?.expr, self.step(to)?.expr);
        if from < to {
            let shared = self.shared(first, second)?;
            let is_left = self.is_exclusive(shared, first, second) || self.is_left(first, shared);
            return (!is_left).then_some([from + 1..to, to..to]);
        }
        let around = self.loop_around(first, second)?;
        if self.is_left(first, around) {
            return None;
        }
        let inside = |number: &usize| {
            let step = self.step(*number);
            step.is_some_and(|step| self.at.syntax().is_within(step.expr, around))
        };
        let begin = (0..to).rev().take_while(inside).last().unwrap_or(to);
        let end = (from + 1..self.steps.len()).take_while(inside).last();
        Some([from + 1..end.map_or(from + 1, |end| end + 1), begin..to])
    }

    /// Whether any step in some ranges is so.
    pub(crate) fn any(&self, ranges: &[Range<usize>], is: impl Fn(&Does) -> bool) -> bool {
        let mut ranges = ranges.iter();
        ranges.any(|range| self.any_from(range.start, range.end, &is))
    }

    /// Whether any step from one to before another is so.
    pub(crate) fn any_from(&self, from: usize, to: usize, is: impl Fn(&Does) -> bool) -> bool {
        let steps = self.steps.get(from..to).unwrap_or_default();
        steps.iter().any(|step| is(&step.does))
    }

    /// The innermost loop around two expressions.
    pub(crate) fn loop_around(&self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let syntax = self.at.syntax();
        let around = syntax.ancestors(a).take(MAX_AROUND);
        let mut loops = around
            .take_while(|around| *around <= self.body)
            .filter(|around| {
                matches!(
                    self.at.kind(*around),
                    ExprKind::For { .. } | ExprKind::While { .. } | ExprKind::Loop(_)
                )
            });
        loops.find(|around| syntax.is_within(b, *around))
    }

    /// The innermost expression around two.
    fn shared(&self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let syntax = self.at.syntax();
        if syntax.is_within(a, b) {
            return Some(b);
        }
        let mut around = syntax.ancestors(a).take(MAX_AROUND);
        around.find(|around| syntax.is_within(b, *around))
    }

    /// Whether two expressions are in different branches of one.
    fn is_exclusive(&self, shared: ExprId, a: ExprId, b: ExprId) -> bool {
        let is_in = |id: ExprId, branch: ExprId| self.at.syntax().is_within(id, branch);
        match self.at.kind(shared) {
            ExprKind::If {
                then,
                otherwise: Some(otherwise),
                ..
            } => is_in(a, *then) && is_in(b, *otherwise),
            ExprKind::Match { arms, .. } => {
                let arm = |id: ExprId| arms.iter().position(|arm| is_in(id, arm.body));
                match (arm(a), arm(b)) {
                    (Some(a), Some(b)) => a != b,
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether control goes elsewhere after an expression, before it leaves another one around it.
    fn is_left(&self, id: ExprId, around: ExprId) -> bool {
        let (mut inner, mut left) = (id, MAX_AROUND);
        while inner != around && left > 0 {
            left -= 1;
            let Some(outer) = self.at.syntax().around(inner) else {
                return false;
            };
            if outer == around {
                return false;
            }
            if self.leaves(outer) {
                return true;
            }
            if let ExprKind::Block(block) = self.at.kind(outer) {
                let tokens = self.at.syntax().expr(inner).tokens;
                let behind = block.statements.iter().rev();
                let mut behind = behind.map_while(|id| {
                    let found = self.at.syntax().statement(*id)?;
                    (found.tokens.end > tokens.end).then_some(found)
                });
                let leaves = behind.any(|statement| match statement.kind {
                    StatementKind::Expr { value, .. } => self.leaves(value),
                    _ => false,
                });
                if leaves {
                    return true;
                }
            }
            inner = outer;
        }
        false
    }

    fn leaves(&self, id: ExprId) -> bool {
        matches!(
            self.at.kind(id),
            ExprKind::Return(_) | ExprKind::Break(_) | ExprKind::Continue
        )
    }
}
