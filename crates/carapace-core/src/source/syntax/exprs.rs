//! Expressions: operators and what binds stronger than what.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{ExprId, ExprKind, Operator, Prefix};

/// Where an expression stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether `{` behind a path begins a block, and no value of a `struct`: in the head of an `if`.
    pub(super) no_struct: bool,
}

const ANYWHERE: Place = Place { no_struct: false };

/// How strong an operator of two operands binds, from the weakest; the `cast` is stronger.
const STRENGTH_OF_CAST: u8 = 10;
/// What binds stronger than `&&`.
const STRENGTH_ABOVE_LAZY: u8 = 3;

impl Parser<'_, '_> {
    /// An expression in which everything may stand.
    pub(super) fn any_expr(&mut self) -> ExprId {
        self.expression(ANYWHERE)
    }

    /// An expression; [`ExprKind::Unknown`] where none can begin.
    pub(super) fn expression(&mut self, place: Place) -> ExprId {
        let read = self.deeper(|parser| parser.assignment(place));
        read.unwrap_or_else(|| self.unknown())
    }

    /// What cannot be read, up to the next `,` or `;` of the group.
    pub(super) fn unknown(&mut self) -> ExprId {
        let (first, start) = (self.next(), self.at);
        while !self.is_done() && !matches!(self.kind(), T::Comma | T::Semi) {
            self.skip_tree();
        }
        self.expr(first, start, ExprKind::Unknown)
    }

    fn assignment(&mut self, place: Place) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let left = self.range(place);
        self.assigned(first, start, left, place)
    }

    /// What may follow an operand that was read already.
    pub(super) fn assigned(
        &mut self,
        first: u32,
        start: usize,
        left: ExprId,
        place: Place,
    ) -> ExprId {
        let Some((operator, tokens)) = self.assign_operator() else {
            return left;
        };
        self.at += tokens;
        let right = self.expression(place);
        let kind = ExprKind::Assign {
            operator,
            left,
            right,
        };
        self.expr(first, start, kind)
    }

    fn range(&mut self, place: Place) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let from = match self.is_pair(0, T::Dot, T::Dot) {
            true => None,
            false => Some(self.binary(place, 0)),
        };
        self.ranged(first, start, from, place)
    }

    fn ranged(&mut self, first: u32, start: usize, from: Option<ExprId>, place: Place) -> ExprId {
        if !self.eat_pair(T::Dot, T::Dot) {
            return from.unwrap_or_else(|| self.unknown());
        }
        let inclusive = self.eat(T::Eq);
        // `...`, of old.
        let inclusive = self.eat(T::Dot) || inclusive;
        let to = self.begins_expr(place).then(|| self.binary(place, 0));
        let kind = ExprKind::Range {
            from,
            to,
            inclusive,
        };
        self.expr(first, start, kind)
    }

    /// Whether an expression can begin here.
    pub(super) fn begins_expr(&self, place: Place) -> bool {
        match self.kind() {
            _ if self.is_done() => false,
            T::OpenBrace => !place.no_struct,
            T::Ident
            | T::RawIdent
            | T::Lifetime
            | T::Number
            | T::Char
            | T::Str
            | T::RawStr
            | T::Async
            | T::Break
            | T::Const
            | T::Continue
            | T::Crate
            | T::For
            | T::If
            | T::Loop
            | T::Match
            | T::Move
            | T::Return
            | T::SelfType
            | T::SelfValue
            | T::Static
            | T::Super
            | T::Unsafe
            | T::While
            | T::OpenParen
            | T::OpenBracket
            | T::Amp
            | T::Bang
            | T::Colon
            | T::Dollar
            | T::Lt
            | T::Minus
            | T::Pipe
            | T::Pound
            | T::Star => true,
            _ => self.is_pair(0, T::Dot, T::Dot),
        }
    }

    /// Operands and the operators between them that bind at least so strong.
    fn binary(&mut self, place: Place, strength: u8) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let left = self.unary(place);
        self.operated(first, start, left, place, strength)
    }

    /// The operators behind an operand.
    fn operated(
        &mut self,
        first: u32,
        start: usize,
        mut left: ExprId,
        place: Place,
        strength: u8,
    ) -> ExprId {
        loop {
            if self.is(T::As) && STRENGTH_OF_CAST >= strength {
                self.at += 1;
                let to = self.type_without_bounds();
                left = self.expr(first, start, ExprKind::Cast { operand: left, to });
                continue;
            }
            let Some((operator, tokens, own)) = self.operator() else {
                return left;
            };
            if own < strength {
                return left;
            }
            self.at += tokens;
            let read = self.deeper(|parser| parser.binary(place, own + 1));
            let right = read.unwrap_or_else(|| self.unknown());
            let kind = ExprKind::Binary {
                operator,
                left,
                right,
            };
            left = self.expr(first, start, kind);
        }
    }

    /// All that may follow an operand that was read as a statement's begin.
    pub(super) fn continued(&mut self, first: u32, start: usize, operand: ExprId) -> ExprId {
        let left = self.operated(first, start, operand, ANYWHERE, 0);
        let left = self.ranged(first, start, Some(left), ANYWHERE);
        self.assigned(first, start, left, ANYWHERE)
    }

    /// The value of a `let` in a condition: `&&` and `||` behind it go on with the condition.
    pub(super) fn let_value(&mut self) -> ExprId {
        let place = Place { no_struct: true };
        let (first, start) = (self.next(), self.at);
        let read = self.deeper(|parser| parser.binary(place, STRENGTH_ABOVE_LAZY));
        let value = read.unwrap_or_else(|| self.unknown());
        self.ranged(first, start, Some(value), place)
    }

    fn unary(&mut self, place: Place) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let operator = match self.kind() {
            _ if self.is_done() => None,
            T::Minus => Some(Prefix::Neg),
            T::Bang => Some(Prefix::Not),
            T::Star => Some(Prefix::Deref),
            _ => None,
        };
        if let Some(operator) = operator {
            self.at += 1;
            let operand = self.operand_of(place);
            return self.expr(first, start, ExprKind::Unary { operator, operand });
        }
        if self.is(T::Amp) {
            return self.borrow(place, first, start);
        }
        self.postfix(place)
    }

    fn operand_of(&mut self, place: Place) -> ExprId {
        let read = self.deeper(|parser| parser.unary(place));
        read.unwrap_or_else(|| self.unknown())
    }

    /// The operator of two operands here, how many tokens it has, and how strong it binds.
    fn operator(&self) -> Option<(Operator, usize, u8)> {
        use Operator as O;
        let then = |second: T| self.is_pair(0, self.kind(), second);
        // `a <<= b` and its kind are assignments.
        let assigns = |by: usize| self.is_pair(by, self.ahead(by), T::Eq);
        let found = match self.kind() {
            _ if self.is_done() => return None,
            T::Pipe if then(T::Pipe) => (O::LazyOr, 2, 1),
            T::Amp if then(T::Amp) => (O::LazyAnd, 2, 2),
            T::Eq if then(T::Eq) => (O::Eq, 2, 3),
            T::Bang if then(T::Eq) => (O::Ne, 2, 3),
            T::Lt if then(T::Lt) && !assigns(1) => (O::Shl, 2, 7),
            T::Gt if then(T::Gt) && !assigns(1) => (O::Shr, 2, 7),
            T::Lt if then(T::Eq) => (O::Le, 2, 3),
            T::Gt if then(T::Eq) => (O::Ge, 2, 3),
            T::Lt if !then(T::Lt) && !then(T::Minus) => (O::Lt, 1, 3),
            // `x <-1`
            T::Lt if then(T::Minus) => (O::Lt, 1, 3),
            T::Gt if !then(T::Gt) => (O::Gt, 1, 3),
            T::Pipe if !assigns(0) => (O::Or, 1, 4),
            T::Caret if !assigns(0) => (O::Xor, 1, 5),
            T::Amp if !assigns(0) => (O::And, 1, 6),
            T::Plus if !assigns(0) => (O::Add, 1, 8),
            T::Minus if !assigns(0) => (O::Sub, 1, 8),
            T::Star if !assigns(0) => (O::Mul, 1, 9),
            T::Slash if !assigns(0) => (O::Div, 1, 9),
            T::Percent if !assigns(0) => (O::Rem, 1, 9),
            _ => return None,
        };
        Some(found)
    }

    /// `=` or one of its kind, and how many tokens it has.
    fn assign_operator(&self) -> Option<(Option<Operator>, usize)> {
        use Operator as O;
        let then_eq = self.is_pair(0, self.kind(), T::Eq);
        let found = match self.kind() {
            _ if self.is_done() => return None,
            T::Eq if then_eq || self.is_pair(0, T::Eq, T::Gt) => return None,
            T::Eq => return Some((None, 1)),
            T::Plus if then_eq => (O::Add, 2),
            T::Minus if then_eq => (O::Sub, 2),
            T::Star if then_eq => (O::Mul, 2),
            T::Slash if then_eq => (O::Div, 2),
            T::Percent if then_eq => (O::Rem, 2),
            T::Caret if then_eq => (O::Xor, 2),
            T::Amp if then_eq => (O::And, 2),
            T::Pipe if then_eq => (O::Or, 2),
            T::Lt if self.is_pair(0, T::Lt, T::Lt) && self.is_pair(1, T::Lt, T::Eq) => (O::Shl, 3),
            T::Gt if self.is_pair(0, T::Gt, T::Gt) && self.is_pair(1, T::Gt, T::Eq) => (O::Shr, 3),
            _ => return None,
        };
        Some((Some(found.0), found.1))
    }
}

impl Parser<'_, '_> {
    fn borrow(&mut self, place: Place, first: u32, start: usize) -> ExprId {
        use super::Borrow;
        self.at += 1;
        let is_raw = self.is_word("raw") && matches!(self.ahead(1), T::Const | T::Mut);
        let how = match is_raw {
            true => {
                self.at += 1;
                match self.bump_kind() {
                    T::Mut => Borrow::RawMut,
                    _ => Borrow::RawConst,
                }
            }
            false if self.eat(T::Mut) => Borrow::Mut,
            false => Borrow::Shared,
        };
        let operand = self.operand_of(place);
        self.expr(first, start, ExprKind::Borrow { how, operand })
    }

    fn bump_kind(&mut self) -> T {
        let kind = self.kind();
        self.bump();
        kind
    }
}
