//! What the code around an expression wants it to be.

use super::super::at::At;
use super::super::declared::Place;
use super::{Ty, primitive};
use crate::source::syntax::{
    BlockKind, ExprId, ExprKind, Function, ItemKind, Operator, Parent, Path, PatternId, Prefix,
    StatementId, StatementKind,
};

/// How many expressions a scan passes over at the price of one that is looked at.
const EXPRS_PER_LOOKUP: usize = 64;

impl At<'_> {
    pub(super) fn wanted(&self, id: ExprId, steps: u32) -> Ty {
        let Some(steps) = self.step(steps) else {
            return Ty::Unknown;
        };
        let item = self.item_of(id);
        match self.syntax().expr(id).parent {
            Parent::Statement(statement) => {
                let Some(found) = self.syntax().statement(statement) else {
                    return Ty::Unknown;
                };
                match found.kind {
                    StatementKind::Let {
                        declared: Some(of), ..
                    } => self.declared_type(of, item, steps),
                    StatementKind::Let {
                        pattern,
                        value: Some(value),
                        ..
                    } if value == id => self.used_as(pattern, statement, steps),
                    StatementKind::Expr { ends: false, .. } => match found.block {
                        Some(block) if self.tail(block) == Some(id) => self.wanted(block, steps),
                        _ => Ty::Unknown,
                    },
                    _ => Ty::Unknown,
                }
            }
            Parent::Item(body_of) => match self.syntax().item(body_of).map(|item| &item.kind) {
                Some(ItemKind::Function(function)) => match function.output {
                    Some(output) => self.declared_type(output, Some(body_of), steps),
                    None => Ty::Tuple(Vec::new()),
                },
                Some(ItemKind::Value { of: Some(of), .. }) => {
                    self.declared_type(*of, Some(body_of), steps)
                }
                _ => Ty::Unknown,
            },
            Parent::Expr(around) => self.wanted_by(id, around, steps),
            Parent::None => Ty::Unknown,
        }
    }

    /// Whether an expression is in a closure or an `async` block of its function.
    pub(super) fn is_in_closure(&self, id: ExprId) -> bool {
        self.syntax()
            .ancestors(id)
            .any(|around| match self.kind(around) {
                ExprKind::Closure { .. } => true,
                ExprKind::Block(block) => block.kind == BlockKind::Async,
                _ => false,
            })
    }

    pub(super) fn wanted_by(&self, id: ExprId, around: ExprId, steps: u32) -> Ty {
        let item = self.item_of(id);
        match self.kind(around) {
            ExprKind::Block(block) if block.kind == BlockKind::Async => Ty::Unknown,
            ExprKind::Paren(_) | ExprKind::Block(_) => self.wanted(around, steps),
            ExprKind::If { condition, .. } => match *condition == id {
                true => Ty::Bool,
                false => self.wanted(around, steps),
            },
            ExprKind::Match { value, .. } if *value != id => self.wanted(around, steps),
            ExprKind::Return(_) if self.is_in_closure(around) => Ty::Unknown,
            ExprKind::Return(_) => match self.function(around) {
                Some((item, function)) => match function.output {
                    Some(output) => self.declared_type(output, Some(item), steps),
                    None => Ty::Tuple(Vec::new()),
                },
                None => Ty::Unknown,
            },
            ExprKind::Assign { left, right, .. } if *right == id => self.typed(*left, steps),
            ExprKind::Unary {
                operator: Prefix::Not | Prefix::Neg,
                ..
            } => self.wanted(around, steps),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                use Operator as O;
                let other = if *left == id { *right } else { *left };
                match operator {
                    O::Shl | O::Shr if *right == id => Ty::Unknown,
                    O::LazyAnd | O::LazyOr => Ty::Bool,
                    O::Shl | O::Shr => self.wanted(around, steps),
                    O::Eq | O::Ne | O::Lt | O::Le | O::Gt | O::Ge => self.typed(other, steps),
                    _ => match self.typed(other, steps) {
                        known if known.is_known() => known,
                        _ => self.wanted(around, steps),
                    },
                }
            }
            ExprKind::Index { index, .. } if *index == id => Ty::Int("usize"),
            ExprKind::Struct { path, fields, .. } => {
                let mut named = fields.iter().filter(|(_, value)| *value == id);
                let Some((name, _)) = named.next() else {
                    return Ty::Unknown;
                };
                match self.path_type(path, item, steps) {
                    Ty::Named(of, _) => self.field_of(&of, self.name(*name), steps),
                    _ => Ty::Unknown,
                }
            }
            ExprKind::Call { callee, arguments } => self.argument(id, *callee, arguments, steps),
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let Some(at) = arguments.iter().position(|argument| *argument == id) else {
                    return Ty::Unknown;
                };
                let receiver = self.typed(*receiver, steps);
                let name = self.name(*name);
                if let Ty::Int(_) | Ty::Float(_) = receiver
                    && (name.starts_with("wrapping_") || name.starts_with("checked_"))
                    && !name.ends_with("shl")
                    && !name.ends_with("shr")
                {
                    return receiver;
                }
                if let (Ty::Vec(of), "push") = (receiver.peeled(), name) {
                    return (**of).clone();
                }
                let Ty::Named(owner, _) = receiver.peeled() else {
                    return Ty::Unknown;
                };
                let mut found = self.declared.functions(name, Some(owner));
                match (found.next(), found.next()) {
                    (Some((place, function)), None) => self.parameter(place, function, at, steps),
                    _ => Ty::Unknown,
                }
            }
            _ => Ty::Unknown,
        }
    }

    /// What a function wants as an argument.
    pub(super) fn argument(
        &self,
        id: ExprId,
        callee: ExprId,
        arguments: &[ExprId],
        steps: u32,
    ) -> Ty {
        let ExprKind::Path(path) = self.kind(self.bare(callee)) else {
            return Ty::Unknown;
        };
        let Some(at) = arguments.iter().position(|argument| *argument == id) else {
            return Ty::Unknown;
        };
        let Some(last) = path.segments.last() else {
            return Ty::Unknown;
        };
        let name = self.name(last.name);
        let parent = self.parent_name(path);
        // Wrappers hand on what is wanted of them.
        if let Parent::Expr(around) = self.syntax().expr(id).parent {
            let wanted = || self.wanted(around, steps);
            match (parent, name) {
                (None, "Some") => {
                    return match wanted() {
                        Ty::Option(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                (None, "Ok") => {
                    return match wanted() {
                        Ty::Result(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                (Some("Box"), "new") => {
                    return match wanted() {
                        Ty::Boxed(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                _ => {}
            }
        }
        self.parameter_of(id, path, parent, name, at, steps)
    }

    pub(super) fn parameter_of(
        &self,
        id: ExprId,
        path: &Path,
        parent: Option<&str>,
        name: &str,
        at: usize,
        steps: u32,
    ) -> Ty {
        if let Some(own) = parent.and_then(primitive)
            && matches!(name, "from_le" | "from_be")
        {
            return own;
        }
        if let Some((place, function)) = self.function_meant(id, path, steps) {
            return self.parameter(place, function, at, steps);
        }
        // Of functions for different builds, where all want the same.
        let all = self.declared.functions(name, None);
        let all = all.filter(|_| path.segments.len() == 1);
        let mut all = all.map(
            |(place, function)| match self.declared.owner(place).is_none() {
                true => self.parameter(place, function, at, steps),
                false => Ty::Unknown,
            },
        );
        let first = all.next().unwrap_or(Ty::Unknown);
        match all.all(|other| other == first) {
            true => first,
            false => Ty::Unknown,
        }
    }

    pub(super) fn parameter(&self, place: Place, function: &Function, at: usize, steps: u32) -> Ty {
        match (function.parameters.get(at), self.declared.at(place)) {
            (Some(parameter), Some(at)) => at.declared_type(parameter.of, Some(place.item), steps),
            _ => Ty::Unknown,
        }
    }

    /// What a variable is wanted to be where it is used: handed on whole, in the same block.
    pub(super) fn used_as(&self, pattern: PatternId, statement: StatementId, steps: u32) -> Ty {
        let Some(name) = self.pattern_name(pattern) else {
            return Ty::Unknown;
        };
        let Some(block) = self.syntax().statement(statement).and_then(|s| s.block) else {
            return Ty::Unknown;
        };
        let behind = self.statement_tokens(statement).end;
        if self
            .look(self.syntax().within(block).count() / EXPRS_PER_LOOKUP)
            .is_none()
        {
            return Ty::Unknown;
        }
        let uses = self.syntax().within(block).filter(|id| {
            self.syntax().expr(*id).tokens.start >= behind
                && self.single(*id) == Some(name)
                && matches!(self.kind(*id), ExprKind::Path(_))
        });
        for used in uses.take(64) {
            let of = match self.kind(self.parent_expr(used)) {
                // `&mut x` where something wants a reference.
                ExprKind::Borrow { .. } => match self.wanted(self.parent_expr(used), steps) {
                    Ty::Ref { of, .. } => *of,
                    _ => Ty::Unknown,
                },
                _ => self.wanted(used, steps),
            };
            // Through a reference a vector may be wanted as a slice.
            if of.is_known() && !matches!(of, Ty::Slice(_)) {
                return of;
            }
        }
        Ty::Unknown
    }

    pub(super) fn parent_expr(&self, id: ExprId) -> ExprId {
        match self.syntax().expr(id).parent {
            Parent::Expr(around) => around,
            _ => id,
        }
    }
}
