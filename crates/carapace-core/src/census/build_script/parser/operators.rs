//! Operators and their operands, by how strongly they bind.

use super::{MAX_DEPTH, Parser};
use crate::census::build_script::syntax::{Expr, Name, Operator};
use crate::source::lexer::TokenKind as T;

/// What stands between operands.
enum Infix {
    All,
    Any,
    Binary(Operator),
    Assign(Option<Operator>),
    Range(bool),
}

impl Parser<'_, '_, '_> {
    fn nested(&mut self, strength: u8) -> Expr {
        if self.depth >= MAX_DEPTH {
            let from = self.at;
            self.at = self.end;
            return self.opaque(from, self.end);
        }
        self.depth += 1;
        let value = self.prefix();
        let value = self.infix(value, strength);
        self.depth -= 1;
        value
    }

    /// The operator here, how it binds, and how many tokens it has.
    fn operator(&self) -> Option<(Infix, u8, usize)> {
        use Infix::{All, Any, Assign, Binary, Range};
        let second = if self.at + 1 < self.end && self.is_joined(0) {
            self.kind(1)
        } else {
            T::Unknown
        };
        let third = if second != T::Unknown && self.at + 2 < self.end && self.is_joined(1) {
            self.kind(2)
        } else {
            T::Unknown
        };
        let with_equals = |operator, strength| {
            if second == T::Eq {
                (Assign(Some(operator)), 1, 2)
            } else {
                (Binary(operator), strength, 1)
            }
        };
        Some(match self.kind(0) {
            T::Pipe if second == T::Pipe => (Any, 3, 2),
            T::Amp if second == T::Amp => (All, 4, 2),
            T::Eq if second == T::Eq => (Binary(Operator::Equal), 5, 2),
            T::Eq if second == T::Gt => return None,
            T::Eq => (Assign(None), 1, 1),
            T::Bang if second == T::Eq => (Binary(Operator::Unequal), 5, 2),
            T::Lt if second == T::Lt && third == T::Eq => (Assign(Some(Operator::Left)), 1, 3),
            T::Lt if second == T::Lt => (Binary(Operator::Left), 9, 2),
            T::Lt if second == T::Eq => (Binary(Operator::LessEqual), 5, 2),
            T::Lt => (Binary(Operator::Less), 5, 1),
            T::Gt if second == T::Gt && third == T::Eq => (Assign(Some(Operator::Right)), 1, 3),
            T::Gt if second == T::Gt => (Binary(Operator::Right), 9, 2),
            T::Gt if second == T::Eq => (Binary(Operator::GreaterEqual), 5, 2),
            T::Gt => (Binary(Operator::Greater), 5, 1),
            T::Plus => with_equals(Operator::Add, 10),
            T::Minus => with_equals(Operator::Subtract, 10),
            T::Star => with_equals(Operator::Multiply, 11),
            T::Slash => with_equals(Operator::Divide, 11),
            T::Percent => with_equals(Operator::Remainder, 11),
            T::Pipe => with_equals(Operator::Or, 6),
            T::Caret => with_equals(Operator::Xor, 7),
            T::Amp => with_equals(Operator::And, 8),
            T::Dot if second == T::Dot && third == T::Eq => (Range(true), 2, 3),
            T::Dot if second == T::Dot => (Range(false), 2, 2),
            _ => return None,
        })
    }

    pub(super) fn infix(&mut self, mut left: Expr, strength: u8) -> Expr {
        let mut chain = 0_usize;
        while !self.is_done() {
            let Some((operator, binds, tokens)) = self.operator() else {
                return left;
            };
            if binds <= strength && !(binds == 1 && strength == 0) {
                return left;
            }
            chain += 1;
            if chain > MAX_DEPTH && !matches!(operator, Infix::All | Infix::Any) {
                return self.opaque_rest();
            }
            self.at += tokens;
            left = match operator {
                Infix::Any => {
                    let right = self.nested(binds);
                    joined(left, right, true)
                }
                Infix::All => {
                    let right = self.nested(binds);
                    joined(left, right, false)
                }
                Infix::Binary(operator) => {
                    let right = self.nested(binds);
                    Expr::Binary(operator, Box::new(left), Box::new(right))
                }
                Infix::Assign(operator) => {
                    // From the right.
                    let right = self.nested(0);
                    Expr::Assign(operator, Box::new(left), Box::new(right))
                }
                Infix::Range(inclusive) => {
                    let right = self.range_end(binds);
                    Expr::Range(Some(Box::new(left)), right, inclusive)
                }
            };
        }
        left
    }

    fn range_end(&mut self, strength: u8) -> Option<Box<Expr>> {
        let is_open = self.is_done()
            || matches!(
                self.kind(0),
                T::CloseParen | T::CloseBracket | T::Comma | T::Semi
            )
            || self.kind(0) == T::OpenBrace && self.is_head
            || self.is_pair(T::Eq, T::Gt);
        (!is_open).then(|| Box::new(self.nested(strength)))
    }

    /// What stands before its operand.
    pub(super) fn prefix(&mut self) -> Expr {
        if self.depth >= MAX_DEPTH {
            let from = self.at;
            self.at = (self.at + 1).min(self.end);
            return self.opaque(from, self.at);
        }
        self.depth += 1;
        let value = self.prefix_within();
        self.depth -= 1;
        value
    }

    fn prefix_within(&mut self) -> Expr {
        match self.kind(0) {
            T::Bang => {
                self.at += 1;
                Expr::Not(Box::new(self.prefix()))
            }
            T::Minus => {
                self.at += 1;
                Expr::Negative(Box::new(self.prefix()))
            }
            T::Star => {
                self.at += 1;
                Expr::Deref(Box::new(self.prefix()))
            }
            T::Amp => {
                self.at += 1;
                // `&&x` is two of them, and `&raw const x` one.
                let mutable = self.take(T::Mut);
                let inner = self.prefix();
                Expr::Reference(mutable, Box::new(inner))
            }
            T::Dot if self.is_pair(T::Dot, T::Dot) => {
                self.at += 2;
                let inclusive = self.take(T::Eq);
                let end = self.range_end(2);
                Expr::Range(None, end, inclusive)
            }
            T::Pipe | T::Move => self.closure(),
            T::Return => {
                self.at += 1;
                Expr::Return(self.operand())
            }
            T::Break => {
                self.at += 1;
                let label = self.label();
                let value = self.operand();
                Expr::Break(label, value)
            }
            T::Continue => {
                self.at += 1;
                Expr::Continue(self.label())
            }
            T::Let => {
                self.at += 1;
                let pattern = self.pattern();
                self.take(T::Eq);
                // `let a = b && c`: the condition ends before `&&`.
                let value = self.nested(4);
                Expr::Let(Box::new(pattern), Box::new(value))
            }
            _ => {
                let value = self.primary();
                self.postfix(value)
            }
        }
    }

    pub(super) fn label(&mut self) -> Option<Name> {
        if self.kind(0) != T::Lifetime {
            return None;
        }
        let name = self.name();
        self.at += 1;
        Some(name)
    }

    /// The value of `return` and `break`, if there is one.
    fn operand(&mut self) -> Option<Box<Expr>> {
        let is_none = self.is_done()
            || matches!(
                self.kind(0),
                T::Semi | T::Comma | T::CloseParen | T::CloseBracket | T::CloseBrace
            )
            || self.is_pair(T::Eq, T::Gt);
        (!is_none).then(|| Box::new(self.expression()))
    }
}

/// `a || b || c` as one, so that it does not nest.
fn joined(left: Expr, right: Expr, any: bool) -> Expr {
    let mut parts = match (left, any) {
        (Expr::Any(parts), true) | (Expr::All(parts), false) => parts,
        (left, _) => vec![left],
    };
    parts.push(right);
    if any {
        Expr::Any(parts)
    } else {
        Expr::All(parts)
    }
}
