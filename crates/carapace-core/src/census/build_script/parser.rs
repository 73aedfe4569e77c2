//! From tokens to expressions, patterns and statements.
//!
//! It takes what rustc takes, as far as build scripts need it, and a bit more. What it does not
//! understand becomes [`Expr::Opaque`], up to where it understands again.
//!
//! *Invariants.* Nesting is at most [`MAX_DEPTH`] deep, also that of chains which nest by their
//! left side. Every loop takes at least a token at each turn.

use std::rc::Rc;

use super::items::Reader;
use super::syntax::{Arm, Closure, Condition, Expr, Name, Opaque, Operator, Pattern, Statement};
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 48;

/// Reads a stretch of tokens.
pub(super) struct Parser<'s, 'r, 'p> {
    pub(super) source: &'s Source<'s>,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
    /// Whether `Name { … }` is no value: in the head of `if`, `match` and loops.
    is_head: bool,
    pub(super) reader: &'r mut Reader<'p>,
}

impl<'s, 'r, 'p> Parser<'s, 'r, 'p> {
    pub(super) fn new(
        source: &'s Source<'s>,
        (at, end): (usize, usize),
        depth: usize,
        reader: &'r mut Reader<'p>,
    ) -> Self {
        let end = end.min(source.lexed.tokens.len());
        Self {
            source,
            at,
            end,
            depth,
            is_head: false,
            reader,
        }
    }

    pub(super) fn kind(&self, ahead: usize) -> T {
        match self.at + ahead {
            at if at < self.end => self.source.kind(at),
            _ => T::Unknown,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn take(&mut self, kind: T) -> bool {
        let found = self.kind(0) == kind && !self.is_done();
        self.at += usize::from(found);
        found
    }

    pub(super) fn name(&self) -> Name {
        self.source.name(self.at).into()
    }

    fn is_pair(&self, first: T, second: T) -> bool {
        self.at + 1 < self.end && self.source.is_pair(self.at, first, second)
    }

    fn take_pair(&mut self, first: T, second: T) -> bool {
        let found = self.is_pair(first, second);
        self.at += if found { 2 } else { 0 };
        found
    }

    /// Whether `self.at + ahead` stands right behind the token before.
    fn is_joined(&self, ahead: usize) -> bool {
        self.source.is_joined(self.at + ahead)
    }

    /// Goes into a group, and behind it.
    pub(super) fn group(&mut self) -> (usize, usize) {
        let inside = (self.at + 1, self.source.groups.end(self.at).min(self.end));
        self.at = self
            .source
            .after_tree(self.at)
            .min(self.end)
            .max(self.at + 1);
        inside
    }

    /// Reads a stretch inside of this one, and goes on where this one was.
    pub(super) fn inside<R>(
        &mut self,
        (at, end): (usize, usize),
        read: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let end = end.min(self.end);
        let around = (
            std::mem::replace(&mut self.at, at),
            std::mem::replace(&mut self.end, end),
            std::mem::replace(&mut self.is_head, false),
        );
        let value = read(self);
        (self.at, self.end, self.is_head) = around;
        value
    }

    /// What stands between two tokens, not understood.
    pub(super) fn opaque(&self, from: usize, to: usize) -> Expr {
        opaque(self.source, from, to)
    }

    // Statements.

    /// A block's statements, from within its braces.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            if self.take(T::Semi) {
                continue;
            }
            let (conditions, _) = self.attributes();
            if self.item(&conditions) {
                continue;
            }
            let statement = if self.kind(0) == T::Let {
                self.let_statement(&conditions)
            } else {
                let value = self.statement_expression();
                let has_semi = self.take(T::Semi);
                let value = conditions.into_iter().fold(value, |value, condition| {
                    Expr::Conditional(condition, Box::new(value))
                });
                Statement::Expr(value, !has_semi)
            };
            all.push(statement);
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }

    /// An item among statements is noted where all can find it.
    fn item(&mut self, conditions: &[Condition]) -> bool {
        let is_item = match self.kind(0) {
            T::Fn
            | T::Use
            | T::Static
            | T::Struct
            | T::Enum
            | T::Impl
            | T::Trait
            | T::Mod
            | T::Type
            | T::Extern
            | T::Pub => true,
            T::Const => !matches!(self.kind(1), T::OpenBrace | T::Pipe | T::Move),
            T::Unsafe => matches!(self.kind(1), T::Fn | T::Impl | T::Extern | T::Trait),
            T::Ident => self.source.is_word(self.at, "macro_rules") && self.kind(1) == T::Bang,
            _ => false,
        };
        if !is_item {
            return false;
        }
        let (at, end) = (self.at, self.end);
        let next = self
            .reader
            .item(self.source, at, end, conditions.to_vec(), self.depth);
        self.at = next.max(at + 1);
        true
    }

    fn let_statement(&mut self, conditions: &[Condition]) -> Statement {
        self.at += 1;
        let pattern = self.pattern();
        if self.take(T::Colon) {
            self.skip_type(&[T::Eq, T::Semi]);
        }
        let mut value = None;
        let mut otherwise = None;
        if self.take(T::Eq) {
            value = Some(self.expression());
            if self.take(T::Else) && self.kind(0) == T::OpenBrace {
                otherwise = Some(self.block(None));
            }
        }
        if !self.take(T::Semi) {
            value = Some(self.rest_of_statement(value));
        }
        match conditions.first() {
            Some(condition) => Statement::LetIf(condition.clone(), pattern, value),
            None => Statement::Let(pattern, value, otherwise),
        }
    }

    /// What is left of a statement that was not understood.
    fn rest_of_statement(&mut self, value: Option<Expr>) -> Expr {
        let from = self.at;
        while !self.is_done() && self.kind(0) != T::Semi {
            self.at = self.source.after_tree(self.at).max(self.at + 1);
        }
        let rest = self.opaque(from, self.at);
        self.take(T::Semi);
        let mut parts: Vec<_> = value
            .into_iter()
            .map(|e| Statement::Expr(e, false))
            .collect();
        parts.push(Statement::Expr(rest, true));
        Expr::Block(None, parts)
    }

    fn statement_expression(&mut self) -> Expr {
        let is_block = match self.kind(0) {
            T::If | T::Match | T::For | T::While | T::Loop | T::OpenBrace => true,
            T::Unsafe => self.kind(1) == T::OpenBrace,
            T::Lifetime => true,
            _ => false,
        };
        let first = self.at;
        let mut value = if is_block {
            // A block ends the statement, unless a method is called on it.
            let value = self.primary();
            if matches!(self.kind(0), T::Dot | T::Question) {
                let value = self.postfix(value);
                self.infix(value, 0)
            } else {
                value
            }
        } else {
            self.expression()
        };
        let is_end = matches!(self.kind(0), T::Semi) || self.is_done() || is_block;
        let is_macro = self.at > first && self.source.kind(self.at - 1) == T::CloseBrace;
        if !is_end && !is_macro {
            value = self.rest_of_statement(Some(value));
        }
        value
    }

    // Attributes.

    /// Passes over attributes: the conditions that they are, and the text of each.
    pub(super) fn attributes(&mut self) -> (Vec<Condition>, Vec<String>) {
        let (mut conditions, mut texts) = (Vec::new(), Vec::new());
        while self.kind(0) == T::Pound
            && (self.kind(1) == T::OpenBracket
                || self.kind(1) == T::Bang && self.kind(2) == T::OpenBracket)
        {
            self.at += if self.kind(1) == T::Bang { 2 } else { 1 };
            let (from, to) = self.group();
            let text = self.source.text_between(from, to);
            if self.source.is_word(from, "cfg") && self.source.kind(from + 1) == T::OpenParen {
                let predicate = self
                    .source
                    .text_between(from + 2, self.source.groups.end(from + 1));
                conditions.push(Condition::Cfg(predicate.into()));
            } else if self.source.is_word(from, "rustversion") {
                let rest = self.source.text_between(from + 3, to);
                conditions.push(Condition::RustVersion(rest.into()));
            }
            texts.push(text);
        }
        (conditions, texts)
    }

    /// Passes over a type, up to a token of these kinds that is not inside of it.
    pub(super) fn skip_type(&mut self, until: &[T]) {
        let mut angles = 0_usize;
        while !self.is_done() {
            let kind = self.kind(0);
            if angles == 0 && until.contains(&kind) {
                return;
            }
            match kind {
                T::Lt => angles += 1,
                T::Minus if self.is_pair(T::Minus, T::Gt) => self.at += 1,
                T::Gt => angles = angles.saturating_sub(1),
                // What can't stand in a type.
                T::Semi => return,
                _ => {}
            }
            self.at = self.source.after_tree(self.at).max(self.at + 1);
        }
    }

    /// Passes over `<…>`: the text in it.
    pub(super) fn generics(&mut self) -> Option<Name> {
        if self.kind(0) != T::Lt {
            return None;
        }
        let from = self.at + 1;
        let mut angles = 0_usize;
        while !self.is_done() {
            match self.kind(0) {
                T::Lt => angles += 1,
                T::Minus if self.is_pair(T::Minus, T::Gt) => self.at += 1,
                T::Gt => {
                    angles -= 1;
                    if angles == 0 {
                        self.at += 1;
                        return Some(self.source.text_between(from, self.at - 1).into());
                    }
                }
                T::Semi | T::OpenBrace => return None,
                _ => {}
            }
            self.at = self.source.after_tree(self.at).max(self.at + 1);
        }
        None
    }

    // Expressions.

    pub(super) fn expression(&mut self) -> Expr {
        let from = self.at;
        if self.depth >= MAX_DEPTH {
            // To where a list or statement goes on.
            while !self.is_done() && !matches!(self.kind(0), T::Semi | T::Comma) {
                self.at = self.source.after_tree(self.at).max(self.at + 1);
            }
            return self.opaque(from, self.at);
        }
        self.depth += 1;
        let value = self.prefix();
        let value = self.infix(value, 0);
        self.depth -= 1;
        value
    }

    /// An expression in the head of `if` and its kind.
    fn head(&mut self) -> Expr {
        let around = std::mem::replace(&mut self.is_head, true);
        let value = self.expression();
        self.is_head = around;
        value
    }

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

    fn infix(&mut self, mut left: Expr, strength: u8) -> Expr {
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
                let from = self.at;
                while !self.is_done() && !matches!(self.kind(0), T::Semi | T::Comma) {
                    self.at = self.source.after_tree(self.at).max(self.at + 1);
                }
                return self.opaque(from, self.at);
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
    fn prefix(&mut self) -> Expr {
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

    fn label(&mut self) -> Option<Name> {
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

    fn closure(&mut self) -> Expr {
        self.take(T::Move);
        let mut parameters = Vec::new();
        if self.take(T::Pipe) {
            while !self.is_done() && self.kind(0) != T::Pipe {
                let start = self.at;
                parameters.push(self.pattern_without_or());
                if self.take(T::Colon) {
                    self.skip_type(&[T::Comma, T::Pipe]);
                }
                self.take(T::Comma);
                if self.at == start {
                    self.at += 1;
                }
            }
            self.take(T::Pipe);
        }
        let body = if self.is_pair(T::Minus, T::Gt) {
            self.skip_type(&[T::OpenBrace]);
            self.block(None)
        } else {
            self.expression()
        };
        Expr::Closure(Rc::new(Closure { parameters, body }))
    }

    fn postfix(&mut self, mut value: Expr) -> Expr {
        let mut chain = 0_usize;
        while !self.is_done() {
            chain += 1;
            if chain > MAX_DEPTH {
                let from = self.at;
                while !self.is_done() && !matches!(self.kind(0), T::Semi | T::Comma) {
                    self.at = self.source.after_tree(self.at).max(self.at + 1);
                }
                return self.opaque(from, self.at);
            }
            match self.kind(0) {
                T::Question => {
                    self.at += 1;
                    value = Expr::Try(Box::new(value));
                }
                T::OpenParen => {
                    let arguments = self.arguments();
                    value = Expr::Call(Box::new(value), arguments);
                }
                T::OpenBracket => {
                    let inside = self.group();
                    let index = self.inside(inside, Parser::expression);
                    value = Expr::Index(Box::new(value), Box::new(index));
                }
                T::As => {
                    self.at += 1;
                    let name = self.name();
                    self.cast_type();
                    value = Expr::Cast(Box::new(value), name);
                }
                T::Dot if !self.is_pair(T::Dot, T::Dot) => {
                    self.at += 1;
                    value = self.member(value);
                }
                _ => return value,
            }
        }
        value
    }

    /// Passes over the type of a cast: a path, or a pointer to one.
    fn cast_type(&mut self) {
        while matches!(self.kind(0), T::Star | T::Const | T::Mut | T::Amp) {
            self.at += 1;
        }
        loop {
            self.at += 1;
            if self.is_pair(T::Colon, T::Colon) {
                self.at += 2;
            } else {
                break;
            }
        }
    }

    fn member(&mut self, value: Expr) -> Expr {
        let name = self.name();
        match self.kind(0) {
            T::Number => {
                self.at += 1;
                // `x.0.1` is read as a float.
                name.split('.').fold(value, |value, part| {
                    Expr::Field(Box::new(value), part.into())
                })
            }
            kind if kind.is_path_segment() => {
                self.at += 1;
                let mut generics = None;
                if self.is_pair(T::Colon, T::Colon) && self.kind(2) == T::Lt {
                    self.at += 2;
                    generics = self.generics();
                }
                if self.kind(0) == T::OpenParen {
                    let arguments = self.arguments();
                    Expr::Method(Box::new(value), name, generics, arguments)
                } else {
                    Expr::Field(Box::new(value), name)
                }
            }
            _ => {
                let from = self.at;
                self.at = (self.at + 1).min(self.end);
                let rest = self.opaque(from, self.at);
                Expr::Block(
                    None,
                    vec![Statement::Expr(value, false), Statement::Expr(rest, true)],
                )
            }
        }
    }

    fn arguments(&mut self) -> Vec<Expr> {
        let inside = self.group();
        self.inside(inside, Parser::list)
    }

    /// Expressions between commas.
    pub(super) fn list(&mut self) -> Vec<Expr> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            let (conditions, _) = self.attributes();
            let value = self.expression();
            let value = conditions.into_iter().fold(value, |value, condition| {
                Expr::Conditional(condition, Box::new(value))
            });
            all.push(self.list_end(value));
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }

    /// Takes the comma behind an element; what stands before it is not understood.
    fn list_end(&mut self, value: Expr) -> Expr {
        if self.is_done() || self.take(T::Comma) {
            return value;
        }
        let from = self.at;
        while !self.is_done() && self.kind(0) != T::Comma {
            self.at = self.source.after_tree(self.at).max(self.at + 1);
        }
        let rest = self.opaque(from, self.at);
        self.take(T::Comma);
        Expr::Block(
            None,
            vec![Statement::Expr(value, false), Statement::Expr(rest, true)],
        )
    }

    /// `{ … }`
    pub(super) fn block(&mut self, label: Option<Name>) -> Expr {
        if self.kind(0) != T::OpenBrace {
            return self.opaque(self.at, self.at);
        }
        let inside = self.group();
        if self.depth >= MAX_DEPTH {
            return self.opaque(inside.0, inside.1);
        }
        self.depth += 1;
        let statements = self.inside(inside, Parser::statements);
        self.depth -= 1;
        Expr::Block(label, statements)
    }

    fn primary(&mut self) -> Expr {
        let start = self.at;
        match self.kind(0) {
            T::Str | T::RawStr | T::Char | T::Number => {
                self.at += 1;
                literal(self.source, start).unwrap_or_else(|| self.opaque(start, self.at))
            }
            T::OpenParen => self.parenthesis(),
            T::OpenBracket => {
                let inside = self.group();
                self.inside(inside, Parser::array)
            }
            T::OpenBrace => self.block(None),
            T::Unsafe | T::Const | T::Async if self.kind(1) == T::OpenBrace => {
                self.at += 1;
                self.block(None)
            }
            T::Lifetime => {
                let label = self.label();
                self.take(T::Colon);
                self.loop_or_block(label)
            }
            T::Loop | T::While | T::For => self.loop_or_block(None),
            T::If => self.if_expression(),
            T::Match => self.match_expression(),
            T::Lt => self.qualified(),
            T::Colon if self.is_pair(T::Colon, T::Colon) => {
                self.at += 2;
                self.path()
            }
            kind if kind.is_path_segment() => self.path(),
            _ => {
                self.at = (self.at + 1).min(self.end);
                self.opaque(start, self.at)
            }
        }
    }

    fn parenthesis(&mut self) -> Expr {
        let inside = self.group();
        let has_comma = {
            let mut at = inside.0;
            let mut found = false;
            while at < inside.1 && !found {
                found = self.source.kind(at) == T::Comma;
                at = self.source.after_tree(at).max(at + 1);
            }
            found
        };
        let mut all = self.inside(inside, Parser::list);
        match all.pop() {
            Some(only) if all.is_empty() && !has_comma => only,
            Some(last) => {
                all.push(last);
                Expr::Tuple(all)
            }
            None => Expr::Tuple(all),
        }
    }

    fn array(&mut self) -> Expr {
        if self.is_done() {
            return Expr::Array(Vec::new());
        }
        let (from, to) = (self.at, self.end);
        let first = self.expression();
        if self.take(T::Semi) {
            let count = self.expression();
            return Expr::Repeat(Box::new(first), Box::new(count));
        }
        self.inside((from, to), |parser| Expr::Array(parser.list()))
    }

    fn loop_or_block(&mut self, label: Option<Name>) -> Expr {
        match self.kind(0) {
            T::Loop => {
                self.at += 1;
                Expr::Loop(label, None, Box::new(self.block(None)))
            }
            T::While => {
                self.at += 1;
                let condition = self.head();
                Expr::Loop(label, Some(Box::new(condition)), Box::new(self.block(None)))
            }
            T::For => {
                self.at += 1;
                let pattern = self.pattern();
                self.take(T::In);
                let over = self.head();
                let body = self.block(None);
                Expr::For(label, Box::new(pattern), Box::new(over), Box::new(body))
            }
            _ => self.block(label),
        }
    }

    fn if_expression(&mut self) -> Expr {
        if self.depth >= MAX_DEPTH {
            let from = self.at;
            self.at = self.end;
            return self.opaque(from, self.at);
        }
        self.at += 1;
        let condition = self.head();
        let then = self.block(None);
        let mut otherwise = None;
        if self.take(T::Else) {
            self.depth += 1;
            let value = if self.kind(0) == T::If {
                self.if_expression()
            } else {
                self.block(None)
            };
            self.depth -= 1;
            otherwise = Some(Box::new(value));
        }
        Expr::If(Box::new(condition), Box::new(then), otherwise)
    }

    fn match_expression(&mut self) -> Expr {
        self.at += 1;
        let value = self.head();
        if self.kind(0) != T::OpenBrace {
            return self.opaque(self.at, self.at);
        }
        let inside = self.group();
        let arms = self.inside(inside, Parser::arms);
        Expr::Match(Box::new(value), arms)
    }

    fn arms(&mut self) -> Vec<Arm> {
        let mut arms = Vec::new();
        while !self.is_done() {
            let start = self.at;
            let (conditions, _) = self.attributes();
            let pattern = self.pattern();
            let guard = self.take(T::If).then(|| self.expression());
            let body = if self.take_pair(T::Eq, T::Gt) {
                if self.kind(0) == T::OpenBrace {
                    let value = self.block(None);
                    if self.is_done()
                        || self.take(T::Comma)
                        || !matches!(self.kind(0), T::Dot | T::Question)
                    {
                        value
                    } else {
                        let value = self.postfix(value);
                        let value = self.infix(value, 0);
                        self.list_end(value)
                    }
                } else {
                    let value = self.expression();
                    self.list_end(value)
                }
            } else {
                // No arm: all that is left.
                let rest = self.opaque(self.at, self.end);
                self.at = self.end;
                rest
            };
            arms.push(Arm {
                condition: conditions.into_iter().next(),
                pattern,
                guard,
                body,
            });
            if self.at == start {
                self.at += 1;
            }
        }
        arms
    }

    /// `<T as Trait>::name`, `<T>::name`
    fn qualified(&mut self) -> Expr {
        let start = self.at;
        let Some(text) = self.generics() else {
            self.at = start + 1;
            return self.opaque(start, self.at);
        };
        let own = text.split(" as ").next().unwrap_or_default().trim();
        let mut path: Vec<Name> = vec![own.into()];
        let mut generics = None;
        while self.take_pair(T::Colon, T::Colon) {
            if self.kind(0) == T::Lt {
                generics = self.generics();
            } else if self.kind(0).is_path_segment() {
                path.push(self.name());
                self.at += 1;
            }
        }
        Expr::Path(path, generics)
    }

    /// A path, and what stands behind it: a macro's arguments or a struct's fields.
    fn path(&mut self) -> Expr {
        let mut path: Vec<Name> = Vec::new();
        let mut generics = None;
        loop {
            if self.kind(0) == T::Lt {
                generics = self.generics();
            } else if self.kind(0).is_path_segment() {
                path.push(self.name());
                self.at += 1;
            } else {
                break;
            }
            if !self.take_pair(T::Colon, T::Colon) {
                break;
            }
        }
        if self.kind(0) == T::Bang && self.kind(1).is_open() && !self.is_pair(T::Bang, T::Eq) {
            self.at += 1;
            return self.macro_call(&path);
        }
        if self.kind(0) == T::OpenBrace && self.is_struct(&path) {
            let inside = self.group();
            return self.inside(inside, |parser| parser.fields(path));
        }
        if let [only] = path.as_slice() {
            match &**only {
                "true" => return Expr::Bool(true),
                "false" => return Expr::Bool(false),
                _ => {}
            }
        }
        Expr::Path(path, generics)
    }

    /// Whether braces behind a path are a struct's.
    fn is_struct(&self, path: &[Name]) -> bool {
        let is_type = path
            .last()
            .is_some_and(|name| name.chars().next().is_some_and(char::is_uppercase));
        !self.is_head && is_type
    }

    fn fields(&mut self, path: Vec<Name>) -> Expr {
        let mut fields = Vec::new();
        let mut rest = None;
        while !self.is_done() {
            let start = self.at;
            self.attributes();
            if self.take_pair(T::Dot, T::Dot) {
                rest = Some(Box::new(self.expression()));
                continue;
            }
            let name = self.name();
            self.at += 1;
            let value = if self.take(T::Colon) {
                self.expression()
            } else {
                Expr::Path(vec![name.clone()], None)
            };
            let value = self.list_end(value);
            fields.push((name, value));
            if self.at == start {
                self.at += 1;
            }
        }
        Expr::Struct(path, fields, rest)
    }

    fn macro_call(&mut self, path: &[Name]) -> Expr {
        let inside = self.group();
        let name = path.last().cloned().unwrap_or_else(|| "".into());
        let is_local = path.len() == 1 && self.reader.defines(&name);
        if is_local {
            return self.local_macro(&name, inside);
        }
        let text = || -> Name { self.source.text_between(inside.0, inside.1).into() };
        match &*name {
            "println" | "print" | "eprintln" | "eprint" | "format" | "panic" | "write"
            | "writeln" | "unreachable" | "todo" | "unimplemented" | "assert" | "assert_eq"
            | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne"
            | "format_args" | "compile_error" | "bail" | "dbg" => {
                let arguments = self.inside(inside, Parser::format_arguments);
                Expr::Format(name, arguments)
            }
            "vec" => self.inside(inside, Parser::array),
            "matches" => self.inside(inside, Parser::matches_macro),
            "cfg"
                if path
                    .first()
                    .is_some_and(|first| first.starts_with("rustversion")) =>
            {
                Expr::RustVersion(text())
            }
            "cfg" => Expr::Cfg(text()),
            "env" | "option_env" => {
                let value = self.inside(inside, Parser::expression);
                Expr::Env(&*name == "option_env", Box::new(value))
            }
            "concat" => Expr::Concat(self.inside(inside, Parser::list)),
            "stringify" => Expr::Str(text()),
            "cfg_aliases" => Expr::Aliases(self.inside(inside, Parser::aliases).into()),
            "include" => {
                self.reader.include(self.source, inside);
                Expr::Tuple(Vec::new())
            }
            _ => self.opaque(inside.0, inside.1),
        }
    }

    /// A macro of the script's own: what it becomes is read in its place.
    fn local_macro(&mut self, name: &str, inside: (usize, usize)) -> Expr {
        let unknown = self.opaque(inside.0, inside.1);
        if self.depth >= MAX_DEPTH {
            return unknown;
        }
        let start = self.source.token(inside.0).start as usize;
        let end = match inside.1.checked_sub(1).filter(|last| *last >= inside.0) {
            Some(last) => self.source.token(last).end as usize,
            None => start,
        };
        let text = String::from_utf8_lossy(self.source.bytes.get(start..end).unwrap_or_default());
        let Some(expansion) = self.reader.expand(name, &text) else {
            return self.reader.unexpanded(name, unknown);
        };
        let source = Source::new(expansion.as_bytes());
        let whole = (0, source.lexed.tokens.len());
        let mut parser = Parser::new(&source, whole, self.depth + 1, self.reader);
        Expr::Block(None, parser.statements())
    }

    fn format_arguments(&mut self) -> Vec<(Option<Name>, Expr)> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            let name = (self.kind(0).is_ident()
                && self.kind(1) == T::Eq
                && !matches!(self.kind(2), T::Eq | T::Gt))
            .then(|| self.name());
            if name.is_some() {
                self.at += 2;
            }
            let value = self.expression();
            let value = self.list_end(value);
            all.push((name, value));
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }

    fn matches_macro(&mut self) -> Expr {
        let value = self.expression();
        self.take(T::Comma);
        let pattern = self.pattern();
        let guard = self.take(T::If).then(|| self.expression());
        let arm = |pattern, guard, body| Arm {
            condition: None,
            pattern,
            guard,
            body: Expr::Bool(body),
        };
        let arms = vec![
            arm(pattern, guard, true),
            arm(Pattern::Wildcard, None, false),
        ];
        Expr::Match(Box::new(value), arms)
    }

    /// `name: { predicate }, …`
    fn aliases(&mut self) -> Vec<(Name, Name)> {
        let mut all = Vec::new();
        while !self.is_done() {
            if self.kind(0).is_ident() && self.kind(1) == T::Colon && self.kind(2) == T::OpenBrace {
                let name = self.name();
                self.at += 2;
                let (from, to) = self.group();
                all.push((name, self.source.text_between(from, to).into()));
            } else {
                self.at += 1;
            }
        }
        all
    }

    // Patterns.

    pub(super) fn pattern(&mut self) -> Pattern {
        self.take(T::Pipe);
        let first = self.pattern_without_or();
        if self.kind(0) != T::Pipe || self.is_pair(T::Pipe, T::Pipe) {
            return first;
        }
        let mut all = vec![first];
        while self.take(T::Pipe) {
            all.push(self.pattern_without_or());
        }
        Pattern::Or(all)
    }

    fn pattern_without_or(&mut self) -> Pattern {
        if self.depth >= MAX_DEPTH || self.is_done() {
            let from = self.at;
            self.at = (self.at + 1).min(self.end);
            return self.opaque_pattern(from);
        }
        self.depth += 1;
        let pattern = self.pattern_within();
        self.depth -= 1;
        pattern
    }

    fn opaque_pattern(&self, from: usize) -> Pattern {
        let names = (from..self.at).filter(|at| self.source.kind(*at) == T::Ident);
        Pattern::Opaque(names.map(|at| self.source.name(at).into()).collect())
    }

    fn pattern_within(&mut self) -> Pattern {
        let start = self.at;
        match self.kind(0) {
            T::Amp => {
                self.at += 1;
                self.take(T::Mut);
                self.pattern_without_or()
            }
            T::Ref | T::Mut => {
                self.at += 1;
                self.take(T::Mut);
                self.bind()
            }
            T::Dot if self.is_pair(T::Dot, T::Dot) => {
                self.at += 2;
                if self.take(T::Eq) {
                    let end = self.pattern_value();
                    return Pattern::Range(None, end.map(Box::new), true);
                }
                Pattern::Rest
            }
            T::OpenParen => {
                let inside = self.group();
                let has_comma = (inside.0..inside.1).any(|at| self.source.kind(at) == T::Comma);
                let mut all = self.inside(inside, Parser::patterns);
                match all.pop() {
                    Some(only) if all.is_empty() && !has_comma => only,
                    last => {
                        all.extend(last);
                        Pattern::Tuple(all)
                    }
                }
            }
            T::OpenBracket => {
                let inside = self.group();
                Pattern::Slice(self.inside(inside, Parser::patterns))
            }
            T::Str | T::RawStr | T::Char | T::Number | T::Minus => {
                let value = self.pattern_value();
                self.range_pattern(value)
            }
            T::Ident if self.source.is_word(self.at, "_") => {
                self.at += 1;
                Pattern::Wildcard
            }
            kind if kind.is_path_segment() || kind == T::Lt => self.path_pattern(),
            _ => {
                self.at = (self.at + 1).min(self.end);
                self.opaque_pattern(start)
            }
        }
    }

    fn patterns(&mut self) -> Vec<Pattern> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            self.attributes();
            all.push(self.pattern());
            let behind = self.at;
            while !self.is_done() && self.kind(0) != T::Comma {
                self.at = self.source.after_tree(self.at).max(self.at + 1);
            }
            if self.at > behind {
                let names = self.opaque_pattern(behind);
                all.push(names);
            }
            self.take(T::Comma);
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }

    fn bind(&mut self) -> Pattern {
        let name = self.name();
        self.at += 1;
        let inner = self
            .take(T::At)
            .then(|| Box::new(self.pattern_without_or()));
        Pattern::Bind(name, inner)
    }

    /// A literal or path in a pattern.
    fn pattern_value(&mut self) -> Option<Expr> {
        let negative = self.take(T::Minus);
        let value = match self.kind(0) {
            T::Str | T::RawStr | T::Char | T::Number => {
                self.at += 1;
                literal(self.source, self.at - 1)?
            }
            kind if kind.is_path_segment() => self.path(),
            _ => return None,
        };
        Some(if negative {
            Expr::Negative(Box::new(value))
        } else {
            value
        })
    }

    fn range_pattern(&mut self, start: Option<Expr>) -> Pattern {
        let Some(value) = start else {
            return self.opaque_pattern(self.at);
        };
        if !self.take_pair(T::Dot, T::Dot) {
            return Pattern::Value(value);
        }
        let inclusive = self.take(T::Eq) || self.take(T::Dot);
        let end = self.pattern_value();
        Pattern::Range(Some(Box::new(value)), end.map(Box::new), inclusive)
    }

    fn path_pattern(&mut self) -> Pattern {
        let start = self.at;
        let is_single = !matches!(self.kind(1), T::OpenParen | T::OpenBrace | T::Bang)
            && !self.source.is_pair(self.at + 1, T::Colon, T::Colon)
            && !self.source.is_pair(self.at + 1, T::Dot, T::Dot);
        if self.kind(0).is_ident() && is_single {
            let name = self.name();
            let first = name.chars().next();
            return match &*name {
                "true" | "false" => {
                    self.at += 1;
                    Pattern::Value(Expr::Bool(&*name == "true"))
                }
                // Constants and variants by their case, as all do who use none of the lints.
                _ if first.is_some_and(char::is_uppercase) && self.kind(1) != T::At => {
                    self.at += 1;
                    Pattern::Value(Expr::Path(vec![name], None))
                }
                _ => self.bind(),
            };
        }
        let around = std::mem::replace(&mut self.is_head, true);
        let value = self.path();
        self.is_head = around;
        let Expr::Path(path, _) = value else {
            return match value {
                Expr::Str(_) | Expr::Concat(_) | Expr::Env(..) => Pattern::Value(value),
                _ => self.opaque_pattern(start),
            };
        };
        match self.kind(0) {
            T::OpenParen => {
                let inside = self.group();
                let fields = self.inside(inside, Parser::patterns);
                Pattern::Variant(path, fields)
            }
            T::OpenBrace => {
                let inside = self.group();
                let fields = self.inside(inside, Parser::field_patterns);
                Pattern::Struct(path, fields)
            }
            _ => self.range_pattern(Some(Expr::Path(path, None))),
        }
    }

    fn field_patterns(&mut self) -> Vec<(Name, Pattern)> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            self.attributes();
            if !self.take_pair(T::Dot, T::Dot) {
                while matches!(self.kind(0), T::Ref | T::Mut) {
                    self.at += 1;
                }
                let name = self.name();
                self.at += 1;
                let pattern = if self.take(T::Colon) {
                    self.pattern()
                } else {
                    Pattern::Bind(name.clone(), None)
                };
                all.push((name, pattern));
            }
            self.take(T::Comma);
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }
}

/// What stands between operands.
enum Infix {
    All,
    Any,
    Binary(Operator),
    Assign(Option<Operator>),
    Range(bool),
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

/// What stands between two tokens, not understood.
pub(super) fn opaque(source: &Source<'_>, from: usize, to: usize) -> Expr {
    let mut found = Opaque::default();
    for at in from..to {
        match source.kind(at) {
            T::Str | T::RawStr => {
                if let Some(Expr::Str(text)) = literal(source, at) {
                    found.strings.push(text);
                }
            }
            T::Ident => found.names.push(source.name(at).into()),
            _ => {}
        }
    }
    Expr::Opaque(Rc::new(found))
}

/// The value of a literal; none of a float, and of what is none.
fn literal(source: &Source<'_>, at: usize) -> Option<Expr> {
    let text = std::str::from_utf8(source.bytes_of(at)).ok()?;
    match source.kind(at) {
        T::Str => {
            let inner = text
                .trim_start_matches(['b', 'c'])
                .strip_prefix('"')?
                .strip_suffix('"')?;
            Some(Expr::Str(unescape(inner)?.into()))
        }
        T::RawStr => {
            let inner = text
                .trim_start_matches(['b', 'c'])
                .strip_prefix('r')?
                .trim_start_matches('#')
                .trim_end_matches('#');
            let inner = inner.strip_prefix('"')?.strip_suffix('"')?;
            Some(Expr::Str(inner.into()))
        }
        T::Char => {
            let is_byte = text.starts_with('b');
            let inner = text
                .trim_start_matches('b')
                .strip_prefix('\'')?
                .strip_suffix('\'')?;
            let value = unescape(inner)?.chars().next()?;
            Some(if is_byte {
                Expr::Int(i128::from(u32::from(value)))
            } else {
                Expr::Char(value)
            })
        }
        T::Number => number(text).map(Expr::Int),
        _ => None,
    }
}

/// The value of an integer.
fn number(text: &str) -> Option<i128> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let (digits, radix) = match plain.get(..2) {
        Some("0x") => (plain.get(2..)?, 16),
        Some("0o") => (plain.get(2..)?, 8),
        Some("0b") => (plain.get(2..)?, 2),
        _ => (plain.as_str(), 10),
    };
    // A suffix: `u32`, `usize`, `i64`.
    let end = match radix {
        16 => digits.find(['u', 'i']),
        _ => digits.find(|c: char| c.is_alphabetic()),
    };
    let (digits, suffix) = digits.split_at_checked(end.unwrap_or(digits.len()))?;
    if suffix.starts_with('f') || suffix.starts_with('e') {
        return None;
    }
    i128::from_str_radix(digits, radix).ok()
}

/// A string without its escapes.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            '\\' => out.push('\\'),
            '"' => out.push('"'),
            '\'' => out.push('\''),
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                let value = u8::from_str_radix(&digits, 16).ok()?;
                out.push(char::from(value));
            }
            'u' => {
                let digits: String = rest
                    .by_ref()
                    .skip(1)
                    .take_while(|c| *c != '}')
                    .filter(|c| *c != '_')
                    .collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            // The end of the line and what the next begins with.
            '\n' | '\r' => {
                let kept = rest.as_str().trim_start();
                rest = kept.chars();
            }
            _ => return None,
        }
    }
    Some(out)
}
