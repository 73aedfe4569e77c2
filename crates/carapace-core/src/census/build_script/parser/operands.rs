//! What operators stand between: literals, paths, calls, and expressions that end with a block.

use std::rc::Rc;

use super::literals::literal;
use super::{MAX_DEPTH, Parser, followed};
use crate::census::build_script::syntax::{Arm, Closure, Expr, Name};
use crate::source::lexer::TokenKind as T;

impl Parser<'_, '_, '_> {
    pub(super) fn closure(&mut self) -> Expr {
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

    pub(super) fn postfix(&mut self, mut value: Expr) -> Expr {
        let mut chain = 0_usize;
        while !self.is_done() {
            chain += 1;
            if chain > MAX_DEPTH {
                return self.opaque_rest();
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
                followed(value, rest)
            }
        }
    }

    fn arguments(&mut self) -> Vec<Expr> {
        let inside = self.group();
        self.inside(inside, Parser::list)
    }

    pub(super) fn primary(&mut self) -> Expr {
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

    pub(super) fn array(&mut self) -> Expr {
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
    pub(super) fn path(&mut self) -> Expr {
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
}
