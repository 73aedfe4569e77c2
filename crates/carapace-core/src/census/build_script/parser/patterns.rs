//! Patterns.

use super::literals::literal;
use super::{MAX_DEPTH, Parser};
use crate::census::build_script::syntax::{Expr, Name, Pattern};
use crate::source::lexer::TokenKind as T;

impl Parser<'_, '_, '_> {
    pub(in crate::census::build_script) fn pattern(&mut self) -> Pattern {
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

    pub(super) fn pattern_without_or(&mut self) -> Pattern {
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
                self.pass_tree();
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
