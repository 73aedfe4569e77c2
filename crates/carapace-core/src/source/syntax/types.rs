//! Types, paths and generic parameters.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{Few, Path, Segment, TypeId, TypeKind};

impl Parser<'_, '_> {
    /// A type in which everything may stand.
    pub(super) fn any_type(&mut self) -> TypeId {
        let start = self.at;
        let id = self.type_without_bounds();
        if !self.is(T::Plus) {
            return id;
        }
        // `dyn A + B`, and `A + B` of old.
        while self.eat(T::Plus) {
            self.eat(T::Question);
            match self.is(T::Lifetime) {
                true => {
                    self.at += 1;
                }
                false => {
                    self.type_without_bounds();
                }
            }
        }
        self.type_node(start, TypeKind::Other)
    }

    /// A type behind `as` or `->`, where `+` is no part of it.
    pub(super) fn type_without_bounds(&mut self) -> TypeId {
        let start = self.at;
        let read = self.deeper(|parser| parser.type_kind());
        let kind = read.unwrap_or_else(|| {
            self.skip_tree();
            TypeKind::Unknown
        });
        self.type_node(start, kind)
    }

    fn type_kind(&mut self) -> TypeKind {
        match self.kind() {
            _ if self.is_done() => TypeKind::Unknown,
            T::Amp => {
                self.at += 1;
                self.eat(T::Lifetime);
                let mutable = self.eat(T::Mut);
                let of = self.type_without_bounds();
                TypeKind::Ref { mutable, of }
            }
            T::Star if matches!(self.ahead(1), T::Const | T::Mut) => {
                let mutable = self.ahead(1) == T::Mut;
                self.at += 2;
                let of = self.type_without_bounds();
                TypeKind::Pointer { mutable, of }
            }
            T::OpenBracket => self.group(Self::sequence),
            T::OpenParen => {
                let end = self.source.groups.end(self.at).min(self.end);
                let has_comma = end > self.at + 1 && self.source.kind(end - 1) == T::Comma;
                let mut list = self.group(Self::type_list);
                match (list.pop(), has_comma) {
                    (Some(one), false) if list.is_empty() => self.out.type_kind(one).clone(),
                    (Some(last), _) => {
                        list.push(last);
                        TypeKind::Tuple(list)
                    }
                    (None, _) => TypeKind::Tuple(list),
                }
            }
            T::Bang => {
                self.at += 1;
                TypeKind::Other
            }
            T::Impl | T::Dyn => self.bounds(),
            // `dyn` of old is a name.
            T::For => {
                self.at += 1;
                self.skip_generics();
                self.type_without_bounds();
                TypeKind::Other
            }
            T::Unsafe | T::Extern | T::Fn => self.function_pointer(),
            T::Lt
            | T::Ident
            | T::RawIdent
            | T::Crate
            | T::SelfType
            | T::SelfValue
            | T::Super
            | T::Colon
            | T::Dollar => self.named_type(),
            T::Question => {
                self.at += 1;
                self.type_without_bounds();
                TypeKind::Other
            }
            _ => TypeKind::Unknown,
        }
    }

    fn sequence(&mut self) -> TypeKind {
        let of = self.any_type();
        if self.eat(T::Semi) {
            let length = (!self.is_done()).then(|| self.whole());
            return TypeKind::Array { of, length };
        }
        TypeKind::Slice(of)
    }

    fn type_list(&mut self) -> Vec<TypeId> {
        let mut list = Vec::new();
        while !self.is_done() {
            let before = self.at;
            list.push(self.any_type());
            while !self.is_done() && !self.eat(T::Comma) {
                self.skip_tree();
            }
            if self.at == before {
                self.skip_tree();
            }
        }
        list
    }

    fn bounds(&mut self) -> TypeKind {
        self.at += 1;
        loop {
            self.eat(T::Question);
            match self.kind() {
                T::Lifetime if !self.is_done() => {
                    self.at += 1;
                }
                _ => {
                    self.type_without_bounds();
                }
            }
            if !self.eat(T::Plus) {
                return TypeKind::Other;
            }
        }
    }

    fn function_pointer(&mut self) -> TypeKind {
        self.eat(T::Unsafe);
        if self.eat(T::Extern) {
            self.eat(T::Str);
        }
        self.eat(T::Fn);
        if self.is(T::OpenParen) {
            self.skip_tree();
        }
        if self.eat_pair(T::Minus, T::Gt) {
            self.type_without_bounds();
        }
        TypeKind::Other
    }

    fn named_type(&mut self) -> TypeKind {
        if self.is_word("_") {
            self.at += 1;
            return TypeKind::Other;
        }
        let path = self.type_path();
        if self.is(T::Bang) && self.ahead(1).is_open() {
            self.at += 1;
            self.skip_tree();
            return TypeKind::Other;
        }
        match path.segments.is_empty() {
            true => TypeKind::Unknown,
            false => TypeKind::Path(path),
        }
    }

    /// A path in which generic arguments need no `::`.
    pub(super) fn type_path(&mut self) -> Path {
        self.path(true)
    }

    /// A path in an expression or a pattern.
    pub(super) fn expr_path(&mut self) -> Path {
        self.path(false)
    }

    /// A path of one name.
    pub(super) fn one_segment(&self, name: u32) -> Path {
        Path {
            of_type: None,
            segments: Few::One(Segment {
                name,
                arguments: Few::None,
            }),
        }
    }

    fn path(&mut self, in_type: bool) -> Path {
        let mut path = Path::default();
        if self.eat(T::Lt) {
            path.of_type = Some(self.any_type());
            if self.eat(T::As) {
                self.any_type();
            }
            if !self.eat(T::Gt) {
                self.skip_angles();
            }
        }
        self.eat_pair(T::Colon, T::Colon);
        loop {
            if self.is(T::Dollar) && self.ahead(1) != T::OpenParen {
                self.at += 1;
            }
            if self.is_done() || !self.kind().is_path_segment() {
                return path;
            }
            let name = self.bump();
            let mut arguments = Few::None;
            let is_turbofish = self.is_pair(0, T::Colon, T::Colon) && self.ahead(2) == T::Lt;
            if is_turbofish {
                self.at += 2;
            }
            // `a as u32 <= b`
            let is_compared = self.is_pair(0, T::Lt, T::Eq);
            if is_turbofish || in_type && self.is(T::Lt) && !is_compared {
                arguments = self.generic_arguments();
            } else if in_type && self.is(T::OpenParen) {
                // `Fn(A) -> B`
                self.skip_tree();
                if self.eat_pair(T::Minus, T::Gt) {
                    self.type_without_bounds();
                }
            }
            path.segments.push(Segment { name, arguments });
            // `use` and patterns end before what is no segment.
            if !self.is_pair(0, T::Colon, T::Colon) {
                return path;
            }
            let behind = self.ahead(2);
            if !behind.is_path_segment() && behind != T::Dollar {
                return path;
            }
            self.at += 2;
        }
    }

    /// What stands between `<` and `>`, at the `<`: the types of it.
    pub(super) fn generic_arguments(&mut self) -> Few<TypeId> {
        let mut list = Few::None;
        self.at += 1;
        while !self.is_done() && !self.is(T::Gt) {
            let before = self.at;
            match self.kind() {
                T::Lifetime | T::Number | T::Char | T::Str | T::Minus => self.at += 1,
                T::OpenBrace => self.skip_tree(),
                T::Ident | T::RawIdent if self.names_associated() => {
                    self.at += 1;
                    self.eat(T::Eq);
                    self.eat(T::Colon);
                    self.any_type();
                }
                // Where no type can begin the list has no end: `a < b` in what was taken for one.
                T::Semi => return list,
                _ => list.push(self.any_type()),
            }
            if !self.eat(T::Comma) && !self.is(T::Gt) && self.at == before {
                self.skip_tree();
            }
        }
        self.eat(T::Gt);
        list
    }

    /// `Item = T`, `Item: Bound`
    fn names_associated(&self) -> bool {
        match self.ahead(1) {
            T::Eq => !self.is_pair(1, T::Eq, T::Eq),
            T::Colon => !self.is_pair(1, T::Colon, T::Colon),
            _ => false,
        }
    }

    /// Goes on behind the parameters between `<` and `>`, at the `<`.
    pub(super) fn skip_generics(&mut self) {
        if self.eat(T::Lt) {
            self.skip_angles();
        }
    }

    /// Goes on behind the `>` of a `<` that was read.
    pub(super) fn skip_angles(&mut self) {
        let mut open = 1_u32;
        while open > 0 && !self.is_done() {
            match self.kind() {
                T::Minus if self.is_pair(0, T::Minus, T::Gt) => self.at += 1,
                T::Lt => open += 1,
                T::Gt => open -= 1,
                T::Semi => return,
                kind if kind.is_open() => {
                    self.skip_tree();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// The names of type parameters between `<` and `>`, if they are here.
    pub(super) fn generic_parameters(&mut self) -> Vec<u32> {
        let mut names = Vec::new();
        if !self.is(T::Lt) {
            return names;
        }
        let start = self.at + 1;
        self.skip_generics();
        let mut begins = true;
        let mut open = 0_u32;
        let mut at = start;
        while at < self.at {
            match self.source.kind(at) {
                T::Ident if begins && open == 0 => {
                    names.push(super::parser::place(at));
                    begins = false;
                }
                T::Comma if open == 0 => begins = true,
                T::Lt => open += 1,
                T::Gt => open = open.saturating_sub(1),
                T::Pound => {
                    at = self.source.after_tree(at + 1);
                    continue;
                }
                kind if kind.is_open() => {
                    at = self.source.after_tree(at);
                    continue;
                }
                _ => begins = false,
            }
            at += 1;
        }
        names
    }
}
