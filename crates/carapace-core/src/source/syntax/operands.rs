//! Operands: what operators stand between, with their calls, fields and indices.

use super::super::lexer::TokenKind as T;
use super::exprs::Place;
use super::parser::Parser;
use super::{Arm, Block, BlockKind, ExprId, ExprKind, Few, Path};

const HEAD: Place = Place { no_struct: true };

impl Parser<'_, '_> {
    /// An operand with all that stands behind it.
    pub(super) fn postfix(&mut self, place: Place) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let operand = self.operand(place);
        self.suffixed(first, start, operand)
    }

    /// Calls, fields, indices and `?` behind an operand.
    pub(super) fn suffixed(&mut self, first: u32, start: usize, mut operand: ExprId) -> ExprId {
        loop {
            let kind = match self.kind() {
                _ if self.is_done() => return operand,
                T::Question => {
                    self.at += 1;
                    ExprKind::Try(operand)
                }
                T::OpenParen => ExprKind::Call {
                    callee: operand,
                    arguments: self.group(Self::list),
                },
                T::OpenBracket => {
                    let index = self.group(|parser| parser.whole());
                    ExprKind::Index {
                        base: operand,
                        index,
                    }
                }
                T::Dot if !self.is_pair(0, T::Dot, T::Dot) => {
                    self.at += 1;
                    self.behind_dot(operand)
                }
                _ => return operand,
            };
            operand = self.expr(first, start, kind);
        }
    }

    fn behind_dot(&mut self, operand: ExprId) -> ExprKind {
        if self.is_word("await") && self.ahead(1) != T::OpenParen {
            self.at += 1;
            return ExprKind::Await(operand);
        }
        // `.$name`
        self.eat(T::Dollar);
        let name = match self.is_done() {
            true => super::parser::place(self.at),
            false => self.bump(),
        };
        let generics = match self.is_pair(0, T::Colon, T::Colon) && self.ahead(2) == T::Lt {
            true => {
                self.at += 2;
                self.generic_arguments()
            }
            false => Few::None,
        };
        match self.is(T::OpenParen) {
            true => ExprKind::Method {
                receiver: operand,
                name,
                generics,
                arguments: self.group(Self::list),
            },
            false => ExprKind::Field {
                base: operand,
                name,
            },
        }
    }

    /// Expressions between commas, up to the end of the group.
    pub(super) fn list(&mut self) -> Few<ExprId> {
        let mut list = Few::None;
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            if !self.is(T::Comma) {
                list.push(self.any_expr());
            }
            if !self.eat(T::Comma) && !self.is_done() {
                // What stands behind an expression without a comma is not read.
                if self.at == before {
                    self.skip_tree();
                } else {
                    list.push(self.unknown());
                }
            }
        }
        list
    }

    /// The one expression of a group, all of which it is.
    pub(super) fn whole(&mut self) -> ExprId {
        let (first, start) = (self.next(), self.at);
        let inner = self.any_expr();
        if self.is_done() {
            return inner;
        }
        self.at = self.end;
        self.expr(first, start, ExprKind::Unknown)
    }

    /// An operand by itself: what begins a statement as a block, a loop or a condition.
    pub(super) fn block_like(&mut self) -> ExprId {
        self.operand(Place::default())
    }

    fn operand(&mut self, place: Place) -> ExprId {
        self.attributes();
        let (first, start) = (self.next(), self.at);
        let kind = match self.kind() {
            _ if self.is_done() => ExprKind::Unknown,
            T::Number | T::Char | T::Str | T::RawStr => {
                self.at += 1;
                ExprKind::Literal
            }
            T::Ident if self.is_word("true") || self.is_word("false") => {
                self.at += 1;
                ExprKind::Literal
            }
            T::OpenParen => self.parenthesised(),
            T::OpenBracket => self.group(Self::bracketed),
            T::OpenBrace => return self.block(BlockKind::Plain, start),
            T::Unsafe if self.ahead(1) == T::OpenBrace => {
                self.at += 1;
                return self.block(BlockKind::Unsafe, start);
            }
            T::Const if self.ahead(1) == T::OpenBrace => {
                self.at += 1;
                return self.block(BlockKind::Const, start);
            }
            T::Async
                if self.ahead(1) == T::OpenBrace
                    || self.ahead(1) == T::Move && self.ahead(2) == T::OpenBrace =>
            {
                self.at += 1;
                self.eat(T::Move);
                return self.block(BlockKind::Async, start);
            }
            T::Lifetime if self.ahead(1) == T::Colon => {
                self.at += 2;
                return self.operand(place);
            }
            T::If => return self.conditional(),
            T::Let => return self.let_condition(first, start),
            T::Match => self.matched(),
            T::While => {
                self.at += 1;
                let condition = self.condition();
                let body = self.body();
                ExprKind::While { condition, body }
            }
            T::Loop => {
                self.at += 1;
                ExprKind::Loop(self.body())
            }
            T::For if self.ahead(1) != T::Lt => self.for_loop(),
            T::Pipe | T::Move | T::Static | T::Async | T::For => self.closure(place),
            T::Return => {
                self.at += 1;
                ExprKind::Return(self.optional(place))
            }
            T::Break => {
                self.at += 1;
                self.eat(T::Lifetime);
                ExprKind::Break(self.optional(place))
            }
            T::Continue => {
                self.at += 1;
                self.eat(T::Lifetime);
                ExprKind::Continue
            }
            T::Dollar if self.ahead(1) == T::OpenParen => self.repetition(),
            T::Ident
            | T::RawIdent
            | T::Crate
            | T::SelfType
            | T::SelfValue
            | T::Super
            | T::Colon
            | T::Lt
            | T::Dollar => self.named(place),
            _ => return self.unknown(),
        };
        self.expr(first, start, kind)
    }

    fn optional(&mut self, place: Place) -> Option<ExprId> {
        self.begins_expr(place).then(|| self.expression(place))
    }

    fn parenthesised(&mut self) -> ExprKind {
        let end = self.source.groups.end(self.at).min(self.end);
        let has_comma = end > self.at + 1 && self.source.kind(end - 1) == T::Comma;
        let list = self.group(Self::list);
        match list.as_slice() {
            [one] if !has_comma => ExprKind::Paren(*one),
            all => ExprKind::Tuple(all.to_vec()),
        }
    }

    fn bracketed(&mut self) -> ExprKind {
        if self.is_done() {
            return ExprKind::Array(Vec::new());
        }
        self.attributes();
        let value = self.any_expr();
        if self.eat(T::Semi) {
            let length = self.whole();
            return ExprKind::Repeat { value, length };
        }
        let mut list = vec![value];
        if !self.eat(T::Comma) && !self.is_done() {
            list.push(self.unknown());
            self.eat(T::Comma);
        }
        list.extend_from_slice(&self.list());
        ExprKind::Array(list)
    }

    /// A block, at its brace.
    pub(super) fn block(&mut self, kind: BlockKind, start: usize) -> ExprId {
        let first = self.next();
        let open = super::parser::place(self.at);
        let read = self.deeper(|parser| parser.group(Self::statements));
        let Some(statements) = read else {
            self.skip_tree();
            return self.expr(first, start, ExprKind::Unknown);
        };
        let block = Block {
            kind,
            open,
            statements,
        };
        self.expr(first, start, ExprKind::Block(block))
    }

    /// The block behind a loop's head.
    fn body(&mut self) -> ExprId {
        match self.is(T::OpenBrace) {
            true => self.block(BlockKind::Plain, self.at),
            false => {
                let (first, start) = (self.next(), self.at);
                self.expr(first, start, ExprKind::Unknown)
            }
        }
    }

    /// What stands between `if` or `while` and the block: `let` among it.
    fn condition(&mut self) -> ExprId {
        self.expression(HEAD)
    }

    /// `let pattern = value`, in a condition.
    pub(super) fn let_condition(&mut self, first: u32, start: usize) -> ExprId {
        self.at += 1;
        let pattern = self.pattern();
        let value = match self.eat(T::Eq) {
            true => self.let_value(),
            false => self.unknown(),
        };
        self.expr(first, start, ExprKind::Let { pattern, value })
    }

    /// A chain of `else if` is a loop: there are chains of hundreds.
    fn conditional(&mut self) -> ExprId {
        let mut heads = Vec::new();
        let mut last = None;
        loop {
            let (first, start) = (self.next(), self.at);
            self.at += 1;
            let condition = self.condition();
            let then = self.body();
            heads.push((first, start, condition, then));
            if !self.eat(T::Else) {
                break;
            }
            if !self.is(T::If) {
                last = Some(self.body());
                break;
            }
        }
        let mut whole = last;
        while let Some((first, start, condition, then)) = heads.pop() {
            let kind = ExprKind::If {
                condition,
                then,
                otherwise: whole,
            };
            whole = Some(self.expr(first, start, kind));
        }
        whole.unwrap_or_else(|| self.unknown())
    }

    fn matched(&mut self) -> ExprKind {
        self.at += 1;
        let value = self.expression(HEAD);
        let arms = match self.is(T::OpenBrace) {
            true => self.deeper(|parser| parser.group(Self::arms)),
            false => Some(Vec::new()),
        };
        if arms.is_none() {
            self.skip_tree();
        }
        ExprKind::Match {
            value,
            arms: arms.unwrap_or_default(),
        }
    }

    fn arms(&mut self) -> Vec<Arm> {
        let mut arms = Vec::new();
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            self.eat(T::Pipe);
            let pattern = self.pattern();
            let guard = self.eat(T::If).then(|| self.any_expr());
            if !self.eat_pair(T::Eq, T::Gt) {
                self.until_next_arm();
                if self.at == before {
                    self.skip_tree();
                }
                continue;
            }
            let is_block = self.is(T::OpenBrace);
            let body = match is_block {
                // Behind a block no comma is needed, and what follows is the next arm.
                true => {
                    let (first, start) = (self.next(), self.at);
                    let block = self.block(BlockKind::Plain, start);
                    match self.kind() {
                        T::Dot | T::Question => {
                            let operand = self.suffixed(first, start, block);
                            self.continued(first, start, operand)
                        }
                        _ => block,
                    }
                }
                false => self.any_expr(),
            };
            arms.push(Arm {
                pattern,
                guard,
                body,
            });
            if !self.eat(T::Comma) && !is_block && !self.is_done() {
                let is_arm_behind = self.ends_with_block(body);
                if !is_arm_behind {
                    self.until_next_arm();
                }
            }
        }
        arms
    }

    /// Whether an expression's last token closes a block: then no comma is needed behind an arm.
    fn ends_with_block(&self, expr: ExprId) -> bool {
        let end = self.out.expr(expr).tokens.end as usize;
        end > 0 && self.source.kind(end - 1) == T::CloseBrace
    }

    fn until_next_arm(&mut self) {
        while !self.is_done() && !self.eat(T::Comma) {
            self.skip_tree();
        }
    }

    fn for_loop(&mut self) -> ExprKind {
        self.at += 1;
        let pattern = self.pattern();
        let over = match self.eat(T::In) {
            true => self.expression(HEAD),
            false => self.unknown(),
        };
        let body = self.body();
        ExprKind::For {
            pattern,
            over,
            body,
        }
    }

    fn closure(&mut self, place: Place) -> ExprKind {
        if self.eat(T::For) && self.is(T::Lt) {
            self.skip_generics();
        }
        self.eat(T::Static);
        self.eat(T::Async);
        self.eat(T::Move);
        if !self.eat(T::Pipe) {
            self.unknown();
            return ExprKind::Unknown;
        }
        let mut parameters = Vec::new();
        while !self.is_done() && !self.is(T::Pipe) {
            self.attributes();
            let before = self.at;
            let pattern = self.simple_pattern();
            let of = self.eat(T::Colon).then(|| self.any_type());
            parameters.push((pattern, of));
            if !self.eat(T::Comma) && !self.is(T::Pipe) && self.at == before {
                self.skip_tree();
            }
        }
        self.eat(T::Pipe);
        if self.eat_pair(T::Minus, T::Gt) {
            self.type_without_bounds();
        }
        let body = self.expression(place);
        ExprKind::Closure { parameters, body }
    }

    /// A path, a macro's call, or a value of a `struct`.
    fn named(&mut self, place: Place) -> ExprKind {
        if self.is(T::Colon) && !self.is_pair(0, T::Colon, T::Colon) {
            self.unknown();
            return ExprKind::Unknown;
        }
        let path = self.expr_path();
        if self.is(T::Bang) && self.ahead(1).is_open() {
            self.at += 1;
            return self.macro_call(path);
        }
        if self.is(T::OpenBrace) && !place.no_struct && self.begins_fields() {
            return self.struct_value(path);
        }
        ExprKind::Path(path)
    }

    /// Whether a brace opens the fields of a value.
    fn begins_fields(&self) -> bool {
        let end = self.source.groups.end(self.at).min(self.end);
        let inner = self.at + 1;
        if inner >= end {
            return true;
        }
        let second = match inner + 1 < end {
            true => self.source.kind(inner + 1),
            false => T::Comma,
        };
        match self.source.kind(inner) {
            T::Ident | T::RawIdent | T::Number => {
                second == T::Comma
                    || second == T::Colon && !self.source.is_pair(inner + 1, T::Colon, T::Colon)
            }
            T::Dot => self.source.is_pair(inner, T::Dot, T::Dot),
            T::Pound | T::Dollar => true,
            _ => false,
        }
    }

    fn struct_value(&mut self, path: Path) -> ExprKind {
        let read = self.deeper(|parser| parser.group(Self::fields_of_value));
        if read.is_none() {
            self.skip_tree();
        }
        let (fields, base) = read.unwrap_or_default();
        ExprKind::Struct {
            path: Box::new(path),
            fields,
            base,
        }
    }

    fn fields_of_value(&mut self) -> (Vec<(u32, ExprId)>, Option<ExprId>) {
        let (mut fields, mut base) = (Vec::new(), None);
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            if self.eat_pair(T::Dot, T::Dot) {
                base = (!self.is_done()).then(|| self.any_expr());
            } else if self.is(T::Dollar) && self.ahead(1) == T::OpenParen {
                base = Some(self.any_expr());
            } else if !self.is_done() {
                self.eat(T::Dollar);
                let (first, start) = (self.next(), self.at);
                let name = self.bump();
                let value = match self.eat(T::Colon) {
                    true => self.any_expr(),
                    false => {
                        let path = self.one_segment(name);
                        self.expr(first, start, ExprKind::Path(path))
                    }
                };
                fields.push((name, value));
            }
            if !self.eat(T::Comma) && !self.is_done() {
                self.unknown();
                self.eat(T::Comma);
                if self.at == before {
                    self.skip_tree();
                }
            }
        }
        (fields, base)
    }
}
