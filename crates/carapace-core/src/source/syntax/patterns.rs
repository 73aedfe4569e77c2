//! Patterns.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{PatternId, PatternKind};

impl Parser<'_, '_> {
    /// A pattern, alternatives among it.
    pub(super) fn pattern(&mut self) -> PatternId {
        let start = self.at;
        self.eat(T::Pipe);
        let first = self.simple_pattern();
        if !self.is(T::Pipe) {
            return first;
        }
        while self.eat(T::Pipe) {
            self.simple_pattern();
        }
        self.pattern_node(start, PatternKind::Other)
    }

    /// A pattern without alternatives: of a closure's parameter.
    pub(super) fn simple_pattern(&mut self) -> PatternId {
        let start = self.at;
        let read = self.deeper(|parser| parser.pattern_kind());
        let kind = read.unwrap_or_else(|| {
            self.skip_tree();
            PatternKind::Other
        });
        // The end of a range.
        if self.is_pair(0, T::Dot, T::Dot) {
            self.at += 2;
            self.eat(T::Dot);
            self.eat(T::Eq);
            self.eat(T::Minus);
            if self.kind().is_literal() {
                self.at += 1;
            } else if self.kind().is_path_segment() {
                self.expr_path();
            }
            return self.pattern_node(start, PatternKind::Other);
        }
        self.pattern_node(start, kind)
    }

    fn pattern_kind(&mut self) -> PatternKind {
        match self.kind() {
            _ if self.is_done() => PatternKind::Other,
            T::Amp => {
                self.at += 1;
                self.eat(T::Amp);
                self.eat(T::Mut);
                PatternKind::Ref(self.simple_pattern())
            }
            T::Ref | T::Mut => {
                let by_ref = self.eat(T::Ref);
                let mutable = self.eat(T::Mut);
                self.eat(T::Dollar);
                self.bound(mutable, by_ref)
            }
            T::OpenParen => {
                let list = self.group(Self::pattern_list);
                match list.as_slice() {
                    [one] => {
                        let found = self.out.patterns.get(one.0 as usize);
                        found.map_or(PatternKind::Other, |found| found.kind.clone())
                    }
                    _ => PatternKind::Tuple(list),
                }
            }
            T::OpenBracket => {
                self.skip_tree();
                PatternKind::Other
            }
            T::Minus | T::Number | T::Char | T::Str | T::RawStr => {
                self.eat(T::Minus);
                self.at = (self.at + 1).min(self.end);
                PatternKind::Other
            }
            T::Dot => PatternKind::Other,
            T::Ident if self.is_word("_") => {
                self.at += 1;
                PatternKind::Wild
            }
            T::Ident if self.is_word("box") && self.ahead(1).is_ident() => {
                self.at += 1;
                self.simple_pattern();
                PatternKind::Other
            }
            T::Const if self.ahead(1) == T::OpenBrace => {
                self.at += 1;
                self.skip_tree();
                PatternKind::Other
            }
            T::Ident
            | T::RawIdent
            | T::Crate
            | T::SelfType
            | T::SelfValue
            | T::Super
            | T::Colon
            | T::Lt
            | T::Dollar => self.named_pattern(),
            _ => PatternKind::Other,
        }
    }

    fn bound(&mut self, mutable: bool, by_ref: bool) -> PatternKind {
        if !self.kind().is_path_segment() || self.is_done() {
            return PatternKind::Other;
        }
        let name = self.bump();
        if self.eat(T::At) {
            self.simple_pattern();
        }
        PatternKind::Name {
            name,
            mutable,
            by_ref,
        }
    }

    fn named_pattern(&mut self) -> PatternKind {
        if self.is(T::Colon) && !self.is_pair(0, T::Colon, T::Colon) {
            return PatternKind::Other;
        }
        let is_single = self.kind().is_ident()
            && !self.is_pair(1, T::Colon, T::Colon)
            && !matches!(self.ahead(1), T::OpenParen | T::OpenBrace | T::Bang);
        if is_single {
            let begins_lower = self
                .source
                .name_bytes(self.at)
                .first()
                .is_some_and(|first| {
                    first.is_ascii_lowercase() || *first == b'_' || *first >= 0x80
                });
            // A constant or a unit's name, by the convention that rustc warns about.
            if begins_lower || self.ahead(1) == T::At {
                return self.bound(false, false);
            }
        }
        let path = self.expr_path();
        match self.kind() {
            T::OpenParen if !self.is_done() => {
                let list = self.group(Self::pattern_list);
                PatternKind::TupleStruct(path, list)
            }
            T::OpenBrace if !self.is_done() => {
                self.skip_tree();
                PatternKind::Other
            }
            T::Bang if self.ahead(1).is_open() => {
                self.at += 1;
                self.skip_tree();
                PatternKind::Other
            }
            _ => PatternKind::Path(path),
        }
    }

    fn pattern_list(&mut self) -> Vec<PatternId> {
        let mut list = Vec::new();
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            list.push(self.pattern());
            while !self.is_done() && !self.eat(T::Comma) {
                self.skip_tree();
            }
            if self.at == before {
                self.skip_tree();
            }
        }
        list
    }
}
