//! From tokens to expressions, patterns and statements.
//!
//! It takes what rustc takes, as far as build scripts need it, and a bit more. What it does not
//! understand becomes [`Expr::Opaque`], up to where it understands again.
//!
//! *Invariants.* Nesting is at most [`MAX_DEPTH`] deep, also that of chains which nest by their
//! left side. Every loop takes at least a token at each turn.

mod literals;
mod macros;
mod operands;
mod operators;
mod patterns;

use std::rc::Rc;

use self::literals::literal;
use super::items::Reader;
use super::syntax::{Condition, Expr, Name, Opaque, Statement};
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 48;

/// Reads a stretch of tokens.
pub(super) struct Parser<'s, 'r, 'p> {
    pub(super) source: &'s Source<'s>,
    pub(super) at: usize,
    end: usize,
    depth: usize,
    /// Whether `Name { … }` is no value: in the head of `if`, `match` and loops.
    is_head: bool,
    reader: &'r mut Reader<'p>,
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

    /// Passes over a token, or a group as a whole.
    fn pass_tree(&mut self) {
        self.at = self.source.after_tree(self.at).max(self.at + 1);
    }

    /// What stands before a token of these kinds, not understood.
    fn opaque_to(&mut self, kinds: &[T]) -> Expr {
        let from = self.at;
        while !self.is_done() && !kinds.contains(&self.kind(0)) {
            self.pass_tree();
        }
        self.opaque(from, self.at)
    }

    /// What stands before where a list or statement goes on, not understood.
    fn opaque_rest(&mut self) -> Expr {
        self.opaque_to(&[T::Semi, T::Comma])
    }

    // Statements.

    /// A block's statements, from within its braces.
    fn statements(&mut self) -> Vec<Statement> {
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
                let value = conditional(conditions, value);
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
        let rest = self.opaque_to(&[T::Semi]);
        self.take(T::Semi);
        match value {
            Some(value) => followed(value, rest),
            None => Expr::Block(None, vec![Statement::Expr(rest, true)]),
        }
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
            self.pass_tree();
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
            self.pass_tree();
        }
        None
    }

    // Expressions.

    pub(super) fn expression(&mut self) -> Expr {
        if self.depth >= MAX_DEPTH {
            return self.opaque_rest();
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

    fn list(&mut self) -> Vec<Expr> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            let (conditions, _) = self.attributes();
            let value = self.expression();
            let value = conditional(conditions, value);
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
        let rest = self.opaque_to(&[T::Comma]);
        self.take(T::Comma);
        followed(value, rest)
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
}

/// A value under the conditions of its attributes.
fn conditional(conditions: Vec<Condition>, value: Expr) -> Expr {
    conditions.into_iter().fold(value, |value, condition| {
        Expr::Conditional(condition, Box::new(value))
    })
}

/// A value, and behind it what was not understood.
fn followed(value: Expr, rest: Expr) -> Expr {
    Expr::Block(
        None,
        vec![Statement::Expr(value, false), Statement::Expr(rest, true)],
    )
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
