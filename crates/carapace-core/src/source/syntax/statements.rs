//! Statements, among which items stand.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{BlockKind, ExprId, ExprKind, ItemId, StatementId, StatementKind};

/// What stands in a block or among items.
enum Element {
    Item {
        item: ItemId,
        /// Where its attributes begin.
        start: usize,
        /// Where it begins behind them.
        head: usize,
    },
    Statement(StatementId),
}

impl Parser<'_, '_> {
    /// The statements of a block, items among them, up to the end of the group.
    pub(super) fn statements(&mut self) -> Vec<StatementId> {
        let mut statements = Vec::new();
        while !self.is_done() {
            let before = self.at;
            statements.extend(match self.element() {
                Some(Element::Item { item, start, head }) => {
                    Some(self.statement(start, head, StatementKind::Item(item)))
                }
                Some(Element::Statement(statement)) => Some(statement),
                None => None,
            });
            if self.at == before {
                self.skip_tree();
            }
        }
        statements
    }

    /// Items up to the end of the group, and the statements of a macro among them. An item is no
    /// statement here: bindings have a hundred thousand in a file.
    pub(super) fn elements(&mut self) {
        while !self.is_done() {
            let before = self.at;
            self.element();
            if self.at == before {
                self.skip_tree();
            }
        }
    }

    fn element(&mut self) -> Option<Element> {
        self.inner_attributes();
        let start = self.at;
        self.attributes();
        let head = self.at;
        if self.is_done() {
            return None;
        }
        if self.eat(T::Semi) {
            return Some(self.own(start, head, StatementKind::Empty));
        }
        // Between the statements of a repetition in a macro.
        if self.is(T::Comma) {
            self.at += 1;
            return None;
        }
        if self.is(T::Let) {
            let kind = self.let_statement();
            self.eat(T::Semi);
            return Some(self.own(start, head, kind));
        }
        if self.repeats_items() {
            self.repeated_items();
            return None;
        }
        if let Some(item) = self.item(start) {
            return Some(Element::Item { item, start, head });
        }
        let is_call =
            self.kind().is_ident() && self.ahead(1) == T::Bang && self.ahead(2) == T::OpenBrace;
        if is_call {
            let name = self.bump();
            self.at += 1;
            let item = self.call_item(start, Some(name));
            return Some(Element::Item { item, start, head });
        }
        let value = self.statement_expr();
        let ends = self.eat(T::Semi);
        let ends_group = self.is_done();
        let is_unknown = *self.out.kind(value) == ExprKind::Unknown;
        if is_unknown && !ends && !ends_group && self.is(T::Comma) {
            self.at += 1;
        }
        Some(self.own(start, head, StatementKind::Expr { value, ends }))
    }

    fn own(&mut self, start: usize, head: usize, kind: StatementKind) -> Element {
        Element::Statement(self.statement(start, head, kind))
    }

    fn let_statement(&mut self) -> StatementKind {
        self.at += 1;
        let pattern = self.pattern();
        let declared = self.eat(T::Colon).then(|| self.any_type());
        let value = self.eat(T::Eq).then(|| self.any_expr());
        let otherwise = match self.eat(T::Else) && self.is(T::OpenBrace) {
            true => Some(self.block(BlockKind::Plain, self.at)),
            false => None,
        };
        StatementKind::Let {
            pattern,
            declared,
            value,
            otherwise,
        }
    }

    /// An expression that begins a statement: a block ends it, unless a method is called on it.
    fn statement_expr(&mut self) -> ExprId {
        let at = match self.is(T::Lifetime) && self.ahead(1) == T::Colon {
            true => 2,
            false => 0,
        };
        let is_block = match self.ahead(at) {
            T::OpenBrace | T::If | T::Match | T::While | T::Loop => true,
            T::For => self.ahead(at + 1) != T::Lt,
            T::Unsafe | T::Const => self.ahead(at + 1) == T::OpenBrace,
            T::Async => {
                let behind = self.ahead(at + 1);
                behind == T::OpenBrace || behind == T::Move && self.ahead(at + 2) == T::OpenBrace
            }
            _ => false,
        };
        if !is_block {
            return self.any_expr();
        }
        let (first, start) = (self.next(), self.at);
        let block = self.block_like();
        let goes_on = match self.kind() {
            T::Question => true,
            T::Dot => !self.is_pair(0, T::Dot, T::Dot),
            _ => false,
        };
        match goes_on {
            true => {
                let operand = self.suffixed(first, start, block);
                self.continued(first, start, operand)
            }
            false => block,
        }
    }
}
