//! What is handed to macros, and what they are made of.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{Depth, ExprId, ExprKind, Few, Path};

impl Parser<'_, '_> {
    /// A macro's call in an expression, at the bracket.
    pub(super) fn macro_call(&mut self, path: Path) -> ExprKind {
        let is_braced = self.is(T::OpenBrace);
        let read = self.deeper(|parser| {
            parser.group(|parser| match is_braced {
                true => parser.handed_statements(),
                false => parser.handed_list(),
            })
        });
        if read.is_none() {
            self.skip_tree();
        }
        let (arguments, is_read) = read.unwrap_or_default();
        ExprKind::Macro {
            path: Box::new(path),
            arguments,
            is_read,
        }
    }

    /// Expressions between commas and semicolons.
    fn handed_list(&mut self) -> (Few<ExprId>, bool) {
        let (mut list, mut is_read) = (Few::None, true);
        while !self.is_done() {
            let before = self.at;
            if !matches!(self.kind(), T::Comma | T::Semi) {
                // `asm!` and its kind name operands: `out(reg) x`.
                let argument = self.any_expr();
                is_read &= *self.out.kind(argument) != ExprKind::Unknown;
                list.push(argument);
            }
            if !self.eat(T::Comma) && !self.eat(T::Semi) && !self.is_done() {
                is_read = false;
                // `a => b`, `a in b`: what stands behind may be an expression, too.
                self.skip_to_expr(before);
            }
        }
        (list, is_read)
    }

    fn skip_to_expr(&mut self, before: usize) {
        if self.eat_pair(T::Eq, T::Gt) || self.eat(T::In) || self.eat(T::Colon) {
            return;
        }
        if self.at == before || !self.kind().is_open() {
            self.skip_tree();
        }
    }

    /// Statements of a macro whose arguments stand between braces.
    fn handed_statements(&mut self) -> (Few<ExprId>, bool) {
        let first = self.out.statements.len();
        self.elements();
        let statements = self.out.statements.get(first..).unwrap_or_default();
        let roots = statements.iter().filter_map(|statement| {
            use super::StatementKind as K;
            match (&statement.kind, statement.block) {
                (K::Expr { value, .. }, None) => Some(*value),
                _ => None,
            }
        });
        // They have a statement around them, which keeps them.
        let is_read = roots
            .clone()
            .all(|root| *self.out.kind(root) != ExprKind::Unknown);
        (Few::None, is_read)
    }

    /// `$( … ) sep rep` in the body of a macro.
    pub(super) fn repetition(&mut self) -> ExprKind {
        self.at += 1;
        let read = self.deeper(|parser| parser.group(Self::handed_list));
        if read.is_none() {
            self.skip_tree();
        }
        self.repetition_end();
        ExprKind::Macro {
            path: Box::default(),
            arguments: read.map(|(list, _)| list).unwrap_or_default(),
            is_read: false,
        }
    }

    /// Behind a repetition's group: a separator, and how often.
    fn repetition_end(&mut self) {
        if !matches!(self.kind(), T::Star | T::Plus | T::Question) {
            self.bump();
        }
        if matches!(self.kind(), T::Star | T::Plus | T::Question) {
            self.bump();
        }
    }

    /// Whether a repetition begins here whose group begins with an item: `$( unsafe impl … )*`.
    pub(super) fn repeats_items(&self) -> bool {
        if !self.is(T::Dollar) || self.ahead(1) != T::OpenParen {
            return false;
        }
        let kind = |at: usize| self.source.kind(at);
        let mut at = self.at + 2;
        // Attributes, also those that are handed in: `$(#[$meta])*`.
        loop {
            let is_repeated = kind(at) == T::Dollar && kind(at + 1) == T::OpenParen;
            at = match kind(at) {
                T::Pound => self.source.after_tree(at + 1),
                T::Dollar if is_repeated && kind(at + 2) == T::Pound => {
                    self.source.after_tree(at + 1) + 1
                }
                T::Pub if kind(at + 1) == T::OpenParen => self.source.after_tree(at + 1),
                T::Pub => at + 1,
                _ => break,
            };
            if at >= self.end {
                return false;
            }
        }
        let is_unsafe = matches!(kind(at + 1), T::Impl | T::Fn | T::Trait | T::Extern);
        match kind(at) {
            T::Impl | T::Fn | T::Struct | T::Enum | T::Trait | T::Mod | T::Use | T::Type => true,
            T::Unsafe => is_unsafe,
            T::Const | T::Static => kind(at + 1).is_ident() || kind(at + 1) == T::Fn,
            _ => false,
        }
    }

    /// Reads the group of such a repetition once, as what it becomes.
    pub(super) fn repeated_items(&mut self) {
        self.at += 1;
        let read = self.deeper(|parser| {
            parser.group(|parser| {
                parser.elements();
            });
        });
        if read.is_none() {
            self.skip_tree();
        }
        self.repetition_end();
    }

    /// The arms of a macro's definition, in its group: what each becomes is read as statements.
    pub(super) fn definition(&mut self) {
        if self.read == Depth::Declarations {
            self.at = self.end;
            return;
        }
        while !self.is_done() {
            let is_body = self.eat_pair(T::Eq, T::Gt) && self.kind().is_open();
            if !is_body {
                self.skip_tree();
                continue;
            }
            let read = self.deeper(|parser| {
                parser.group(|parser| {
                    parser.elements();
                });
            });
            if read.is_none() {
                self.skip_tree();
            }
        }
    }

    /// What a macro among items is handed: as statements, and each block of `cfg_if!` by itself.
    pub(super) fn handed_items(&mut self, name: Option<u32>) {
        let is_conditional = name.is_some_and(|name| {
            let name = self.source.bytes_of(name as usize);
            name == b"cfg_if" || name == b"cfg_select"
        });
        if !is_conditional {
            self.elements();
            return;
        }
        while !self.is_done() {
            match self.kind() {
                T::OpenBrace => {
                    self.group(|parser| {
                        parser.elements();
                    });
                }
                _ => self.skip_tree(),
            }
        }
    }
}
