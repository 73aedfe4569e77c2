//! What a name in a function stands for.

use super::at::At;
use crate::source::syntax::{
    ExprId, ExprKind, Parent, PatternId, PatternKind, StatementId, StatementKind, Tokens, TypeId,
};

/// How a name was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// By `let`.
    Let {
        /// The statement.
        statement: StatementId,
        /// The type that is written.
        declared: Option<TypeId>,
        /// The value.
        value: Option<ExprId>,
    },
    /// As a function's parameter.
    Parameter(TypeId),
    /// As a closure's parameter.
    Closure(Option<TypeId>),
    /// By a `for` over this.
    Each(ExprId),
    /// In a pattern that takes something apart: a `match` of this value, a variant's only field.
    Taken {
        /// What is matched.
        value: ExprId,
        /// The pattern of the variant, where it is one.
        within: Option<PatternId>,
    },
    /// In a way of which nothing is known.
    Somehow,
}

/// A name that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    /// The pattern of the name alone.
    pub(crate) pattern: PatternId,
    /// How it was bound.
    pub(crate) bound: Bound,
    /// Whether it is `mut`.
    pub(crate) mutable: bool,
}

impl Binding {
    /// The value in its `let`.
    pub(crate) fn value(&self) -> Option<ExprId> {
        match self.bound {
            Bound::Let { value, .. } => value,
            _ => None,
        }
    }
}

impl<'p> At<'p> {
    /// What a name means at an expression: the nearest that binds it.
    pub(crate) fn binding(&self, name: &str, at: ExprId) -> Option<Binding> {
        let mut at = at;
        loop {
            match self.syntax().expr(at).parent {
                Parent::Expr(around) => {
                    if let Some(found) = self.bound_by(name, at, around) {
                        return Some(found);
                    }
                    at = around;
                }
                Parent::Statement(statement) => {
                    let block = self.syntax().statement(statement)?.block?;
                    let before = self.statements(block).iter().rev();
                    let before = before.skip_while(|found| **found != statement).skip(1);
                    for earlier in before {
                        if let Some(found) = self.bound_in(name, *earlier) {
                            return Some(found);
                        }
                    }
                    at = block;
                }
                Parent::Item(_) => {
                    let (_, function) = self.function(at)?;
                    return function.parameters.iter().rev().find_map(|parameter| {
                        let bound = Bound::Parameter(parameter.of);
                        self.in_pattern(name, parameter.pattern, bound)
                    });
                }
                Parent::None => return None,
            }
        }
    }

    /// What an expression means that is a name by itself.
    pub(crate) fn variable(&self, id: ExprId) -> Option<Binding> {
        self.binding(self.single(id)?, id)
    }

    /// The value in the `let` of a variable that an expression is.
    pub(crate) fn let_value(&self, variable: ExprId) -> Option<ExprId> {
        self.variable(variable)?.value()
    }

    /// Whether an expression is a function's parameter.
    pub(crate) fn is_parameter(&self, id: ExprId) -> bool {
        let bound = self.variable(id).map(|binding| binding.bound);
        matches!(bound, Some(Bound::Parameter(_)))
    }

    /// What an expression around another binds for it.
    fn bound_by(&self, name: &str, inner: ExprId, around: ExprId) -> Option<Binding> {
        match self.kind(around) {
            ExprKind::Closure { parameters, .. } => parameters
                .iter()
                .rev()
                .find_map(|(pattern, of)| self.in_pattern(name, *pattern, Bound::Closure(*of))),
            ExprKind::For {
                pattern,
                over,
                body,
            } if *body == inner => self.in_pattern(name, *pattern, Bound::Each(*over)),
            ExprKind::Match { value, arms } => {
                let arms = arms.iter();
                let mut arms = arms.filter(|arm| arm.body == inner || arm.guard == Some(inner));
                let arm = arms.next()?;
                let taken = Bound::Taken {
                    value: *value,
                    within: None,
                };
                self.in_pattern(name, arm.pattern, taken)
            }
            ExprKind::If {
                condition, then, ..
            } if *then == inner => self.in_condition(name, *condition),
            ExprKind::While { condition, body } if *body == inner => {
                self.in_condition(name, *condition)
            }
            _ => None,
        }
    }

    fn in_condition(&self, name: &str, condition: ExprId) -> Option<Binding> {
        self.syntax()
            .within(condition)
            .rev()
            .find_map(|part| match self.kind(part) {
                ExprKind::Let { pattern, value } => {
                    let taken = Bound::Taken {
                        value: *value,
                        within: None,
                    };
                    self.in_pattern(name, *pattern, taken)
                }
                _ => None,
            })
    }

    fn bound_in(&self, name: &str, statement: StatementId) -> Option<Binding> {
        match self.syntax().statement(statement)?.kind {
            StatementKind::Let {
                pattern,
                declared,
                value,
                ..
            } => {
                let bound = Bound::Let {
                    statement,
                    declared,
                    value,
                };
                self.in_pattern(name, pattern, bound)
            }
            _ => None,
        }
    }

    fn in_pattern(&self, name: &str, pattern: PatternId, bound: Bound) -> Option<Binding> {
        let found = |bound, mutable| Binding {
            pattern,
            bound,
            mutable,
        };
        match self.syntax().pattern(pattern) {
            PatternKind::Name {
                name: token,
                mutable,
                ..
            } => self.is_name(*token, name).then(|| found(bound, *mutable)),
            PatternKind::Wild | PatternKind::Path(_) => None,
            PatternKind::TupleStruct(_, parts) => match (parts.as_slice(), bound) {
                ([only], Bound::Taken { value, .. }) => {
                    let within = Some(pattern);
                    self.in_pattern(name, *only, Bound::Taken { value, within })
                }
                _ => self.somewhere(name, pattern),
            },
            PatternKind::Ref(_) | PatternKind::Tuple(_) | PatternKind::Other => {
                self.somewhere(name, pattern)
            }
        }
    }

    /// A name that may be bound in a pattern, of which then nothing is known.
    fn somewhere(&self, name: &str, pattern: PatternId) -> Option<Binding> {
        let tokens = self.pattern_tokens(pattern);
        self.mentions(tokens, name).then_some(Binding {
            pattern,
            bound: Bound::Somehow,
            mutable: false,
        })
    }

    /// The name that a pattern is.
    pub(crate) fn pattern_name(&self, pattern: PatternId) -> Option<&'p str> {
        match self.syntax().pattern(pattern) {
            PatternKind::Name { name, .. } => Some(self.name(*name)),
            _ => None,
        }
    }

    /// The tokens of a pattern.
    pub(crate) fn pattern_tokens(&self, pattern: PatternId) -> Tokens {
        let found = self.syntax().patterns.get(pattern.0 as usize);
        found.map(|found| found.tokens).unwrap_or_default()
    }
}
