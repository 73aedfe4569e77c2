//! Items.

use super::super::lexer::TokenKind as T;
use super::parser::Parser;
use super::{
    BlockKind, Depth, Field, Function, ItemId, ItemKind, Parameter, Parent, Receiver, Tokens,
    TypeKind, Variant,
};

impl Parser<'_, '_> {
    /// Goes on behind attributes of what is around: `#![…]`.
    pub(super) fn inner_attributes(&mut self) {
        while self.is(T::Pound) && self.ahead(1) == T::Bang && self.ahead(2) == T::OpenBracket {
            self.at += 2;
            self.skip_tree();
        }
    }

    /// Goes on behind attributes.
    pub(super) fn attributes(&mut self) {
        while self.is(T::Pound) {
            let by = 1 + usize::from(self.ahead(1) == T::Bang);
            if self.ahead(by) != T::OpenBracket {
                return;
            }
            self.at += by;
            self.skip_tree();
        }
    }

    /// The item that begins here, if one does; `start` is where its attributes begin.
    pub(super) fn item(&mut self, start: usize) -> Option<ItemId> {
        let before = self.at;
        let public = self.visibility();
        if let Some(item) = self.declared(start, public) {
            return Some(item);
        }
        // A macro that makes the rest of it: `pub $item`.
        if self.at > before {
            let id = self.open_item(start, public);
            self.until_item_end();
            self.close_item(id, start, None, ItemKind::Unknown);
            return Some(id);
        }
        None
    }

    /// Whether it is `pub` without a restriction; goes on behind it.
    fn visibility(&mut self) -> bool {
        // `crate fn`, of old.
        if self.is(T::Crate) && matches!(self.ahead(1), T::Fn | T::Struct | T::Enum) {
            self.at += 1;
            return false;
        }
        if self.is(T::Dollar) && self.source.is_word(self.at + 1, "vis") {
            self.at += 2;
            return false;
        }
        if !self.eat(T::Pub) {
            return false;
        }
        let restricted = self.is(T::OpenParen)
            && matches!(self.ahead(1), T::Crate | T::SelfValue | T::Super | T::In);
        if restricted {
            self.skip_tree();
        }
        !restricted
    }

    fn declared(&mut self, start: usize, public: bool) -> Option<ItemId> {
        let kind = self.kind();
        if self.is_done() {
            return None;
        }
        match kind {
            T::Use => Some(self.plain(start, public, ItemKind::Use)),
            T::Struct => Some(self.structure(start, public, false)),
            T::Enum => Some(self.enumeration(start, public)),
            T::Mod => Some(self.module(start, public)),
            T::Type => Some(self.alias(start, public)),
            T::Static if self.ahead(1) != T::Pipe && self.ahead(1) != T::Move => {
                Some(self.value(start, public, true))
            }
            T::Const | T::Async | T::Unsafe | T::Extern | T::Fn | T::Impl | T::Trait => {
                self.qualified(start, public)
            }
            T::Ident => self.by_word(start, public),
            _ => None,
        }
    }

    /// What begins with words that are keywords in places only.
    fn by_word(&mut self, start: usize, public: bool) -> Option<ItemId> {
        let next = self.ahead(1);
        if self.is_word("union") && next.is_ident() {
            return Some(self.structure(start, public, true));
        }
        if self.is_word("macro_rules") && next == T::Bang {
            return Some(self.definition_item(start, public, 2));
        }
        if self.is_word("macro") && next.is_ident() {
            return Some(self.definition_item(start, public, 1));
        }
        let is_before_item = matches!(
            next,
            T::Fn
                | T::Impl
                | T::Trait
                | T::Unsafe
                | T::Const
                | T::Type
                | T::Async
                | T::Static
                | T::Extern
        );
        if ["auto", "default", "safe"]
            .iter()
            .any(|word| self.is_word(word))
            && is_before_item
        {
            self.at += 1;
            return self.declared(start, public);
        }
        None
    }

    /// Functions, implementations, traits, blocks of foreign items, constants: behind qualifiers.
    fn qualified(&mut self, start: usize, public: bool) -> Option<ItemId> {
        let (mut unsafety, mut is_const, mut by) = (None, false, 0);
        loop {
            match self.ahead(by) {
                T::Unsafe => unsafety = Some(super::parser::place(self.at + by)),
                T::Const => is_const = true,
                T::Async | T::Fn | T::Impl | T::Trait | T::Extern => {}
                T::Ident if self.source.is_word(self.at + by, "auto") => {}
                T::Ident if self.source.is_word(self.at + by, "safe") => {}
                T::Str | T::RawStr => {}
                _ => break,
            }
            match self.ahead(by) {
                T::Fn => {
                    self.at += by + 1;
                    return Some(self.function(start, public, unsafety, is_const));
                }
                T::Impl => {
                    self.at += by + 1;
                    return Some(self.implementation(start, unsafety));
                }
                T::Trait => {
                    self.at += by + 1;
                    return Some(self.trait_item(start, public, unsafety));
                }
                T::Extern if self.ahead(by + 1) == T::Crate => {
                    return Some(self.plain(start, public, ItemKind::Use));
                }
                _ => by += 1,
            }
        }
        if self.ahead(by) == T::OpenBrace && (0..by).any(|at| self.ahead(at) == T::Extern) {
            self.at += by;
            let id = self.open_item(start, public);
            self.inside(id, Self::elements);
            self.close_item(id, start, None, ItemKind::Foreign);
            return Some(id);
        }
        let is_value = is_const && self.is(T::Const) && by == 1;
        let named =
            self.ahead(1).is_ident() || self.ahead(1) == T::Mut || self.ahead(1) == T::Dollar;
        match is_value && named {
            true => Some(self.value(start, public, false)),
            false => None,
        }
    }

    /// Reads the group here as what stands in an item.
    fn inside<T2>(&mut self, id: ItemId, read: impl FnOnce(&mut Self) -> T2) {
        let outer = self.item.replace(id);
        let done = self.deeper(|parser| parser.group(read));
        if done.is_none() {
            self.skip_tree();
        }
        self.item = outer;
    }

    fn name(&mut self) -> Option<u32> {
        self.eat(T::Dollar);
        let is = self.kind().is_ident() && !self.is_done();
        is.then(|| self.bump())
    }

    /// An item of which only the tokens are kept, up to its semicolon.
    fn plain(&mut self, start: usize, public: bool, kind: ItemKind) -> ItemId {
        let id = self.open_item(start, public);
        self.until_semicolon();
        self.close_item(id, start, None, kind);
        id
    }

    fn until_semicolon(&mut self) {
        while !self.is_done() && !self.eat(T::Semi) {
            self.skip_tree();
        }
    }

    /// To behind the next `;` or `{ … }`.
    fn until_item_end(&mut self) {
        while !self.is_done() {
            let ends = matches!(self.kind(), T::Semi | T::OpenBrace);
            self.skip_tree();
            if ends {
                return;
            }
        }
    }

    /// What stands before a body or a semicolon: bounds, `where`.
    fn until_body(&mut self) {
        while !self.is_done() && !matches!(self.kind(), T::OpenBrace | T::Semi | T::Eq) {
            // `where T: Deref<Target = U>`
            match self.is(T::Lt) {
                true => self.skip_generics(),
                false => self.skip_tree(),
            }
        }
    }

    fn function(
        &mut self,
        start: usize,
        public: bool,
        unsafety: Option<u32>,
        is_const: bool,
    ) -> ItemId {
        let id = self.open_item(start, public);
        let name = self.name();
        let generics = self.generic_parameters();
        let (receiver, parameters) = match self.is(T::OpenParen) {
            true => self.group(Self::parameters),
            false => (None, Vec::new()),
        };
        let output = self.eat_pair(T::Minus, T::Gt).then(|| self.any_type());
        self.until_body();
        let mut body = None;
        if self.is(T::OpenBrace) {
            match self.read {
                Depth::Declarations => self.skip_tree(),
                Depth::Bodies => {
                    let outer = self.item.replace(id);
                    let block = self.block(BlockKind::Plain, self.at);
                    self.item = outer;
                    self.belongs(block, Parent::Item(id));
                    body = Some(block);
                }
            }
        } else {
            self.eat(T::Semi);
        }
        let function = Function {
            unsafety,
            is_const,
            generics,
            receiver,
            parameters,
            output,
            body,
        };
        self.close_item(id, start, name, ItemKind::Function(function));
        id
    }

    fn parameters(&mut self) -> (Option<Receiver>, Vec<Parameter>) {
        let (mut receiver, mut parameters) = (None, Vec::new());
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            if let Some(found) = self.receiver() {
                receiver = Some(found);
            } else {
                let pattern = self.pattern();
                let of = match self.eat(T::Colon) {
                    true => self.any_type(),
                    false => self.type_node(self.at, TypeKind::Unknown),
                };
                parameters.push(Parameter { pattern, of });
            }
            while !self.is_done() && !self.eat(T::Comma) {
                self.skip_tree();
            }
            if self.at == before {
                self.skip_tree();
            }
        }
        (receiver, parameters)
    }

    fn receiver(&mut self) -> Option<Receiver> {
        let mut by = 0;
        let is_ref = self.is(T::Amp);
        if is_ref {
            by += 1;
            by += usize::from(self.ahead(by) == T::Lifetime);
        }
        let mutable = self.ahead(by) == T::Mut;
        by += usize::from(mutable);
        if self.ahead(by) != T::SelfValue || self.is_pair(by + 1, T::Colon, T::Colon) {
            return None;
        }
        self.at += by + 1;
        let mut found = match (is_ref, mutable) {
            (true, true) => Receiver::Mut,
            (true, false) => Receiver::Shared,
            (false, _) => Receiver::Value,
        };
        if self.eat(T::Colon) {
            let of = self.any_type();
            found = match self.out.type_kind(of) {
                TypeKind::Ref { mutable: true, .. } => Receiver::Mut,
                TypeKind::Ref { .. } => Receiver::Shared,
                _ => Receiver::Value,
            };
        }
        Some(found)
    }

    fn implementation(&mut self, start: usize, unsafety: Option<u32>) -> ItemId {
        let id = self.open_item(start, false);
        let generics = match self.is(T::Lt) {
            true => self.generic_parameters(),
            false => Vec::new(),
        };
        self.eat(T::Const);
        self.eat(T::Bang);
        let mut of = self.any_type();
        let mut of_trait = None;
        if self.eat(T::For) {
            if let TypeKind::Path(path) = self.out.type_kind(of) {
                of_trait = Some(Box::new(path.clone()));
            }
            of = self.any_type();
        }
        self.until_body();
        let name = self.name_of_type(of);
        self.items_inside(id);
        let kind = ItemKind::Impl {
            of,
            of_trait,
            unsafety,
            generics,
        };
        self.close_item(id, start, name, kind);
        id
    }

    fn name_of_type(&self, of: super::TypeId) -> Option<u32> {
        match self.out.type_kind(of) {
            TypeKind::Path(path) => Some(path.segments.last()?.name),
            TypeKind::Ref { of, .. } => match self.out.type_kind(*of) {
                TypeKind::Path(path) => Some(path.segments.last()?.name),
                _ => None,
            },
            _ => None,
        }
    }

    fn items_inside(&mut self, id: ItemId) {
        match self.is(T::OpenBrace) {
            true => self.inside(id, Self::elements),
            false => self.until_semicolon(),
        }
    }

    fn trait_item(&mut self, start: usize, public: bool, unsafety: Option<u32>) -> ItemId {
        let id = self.open_item(start, public);
        let name = self.name();
        self.until_body();
        self.items_inside(id);
        self.close_item(id, start, name, ItemKind::Trait { unsafety });
        id
    }

    fn module(&mut self, start: usize, public: bool) -> ItemId {
        let id = self.open_item(start, public);
        self.at += 1;
        let name = self.name();
        self.items_inside(id);
        self.close_item(id, start, name, ItemKind::Mod);
        id
    }

    fn alias(&mut self, start: usize, public: bool) -> ItemId {
        let id = self.open_item(start, public);
        self.at += 1;
        let name = self.name();
        let is_generic = self.is(T::Lt);
        self.skip_generics();
        while !self.is_done() && !matches!(self.kind(), T::Eq | T::Semi) {
            self.skip_tree();
        }
        let of = self.eat(T::Eq).then(|| self.any_type());
        self.until_semicolon();
        self.close_item(id, start, name, ItemKind::Alias { of, is_generic });
        id
    }

    fn value(&mut self, start: usize, public: bool, is_static: bool) -> ItemId {
        let id = self.open_item(start, public);
        self.at += 1;
        let mutable = self.eat(T::Mut);
        self.eat(T::Ref);
        let name = self.name();
        let of = self.eat(T::Colon).then(|| self.any_type());
        let outer = self.item.replace(id);
        let value = self.eat(T::Eq).then(|| self.any_expr());
        self.item = outer;
        if let Some(value) = value {
            self.belongs(value, Parent::Item(id));
        }
        self.until_semicolon();
        let kind = ItemKind::Value {
            of,
            value,
            is_static,
            mutable,
        };
        self.close_item(id, start, name, kind);
        id
    }

    fn structure(&mut self, start: usize, public: bool, is_union: bool) -> ItemId {
        let id = self.open_item(start, public);
        self.at += 1;
        let name = self.name();
        let generics = self.generic_parameters();
        if !self.is(T::OpenParen) {
            self.until_body();
        }
        let fields = match self.kind() {
            T::OpenBrace if !self.is_done() => self.group(|parser| parser.fields(true)),
            T::OpenParen if !self.is_done() => {
                let fields = self.group(|parser| parser.fields(false));
                self.until_semicolon();
                fields
            }
            _ => {
                self.until_semicolon();
                Vec::new()
            }
        };
        let kind = match is_union {
            true => ItemKind::Union { fields },
            false => ItemKind::Struct { fields, generics },
        };
        self.close_item(id, start, name, kind);
        id
    }

    fn fields(&mut self, named: bool) -> Vec<Field> {
        let mut fields = Vec::new();
        while !self.is_done() {
            self.attributes();
            let before = self.at;
            self.visibility();
            let name = match named {
                true => {
                    let name = self.name();
                    self.eat(T::Colon);
                    name
                }
                false => None,
            };
            if !self.is_done() {
                let of = self.any_type();
                fields.push(Field { name, of });
            }
            while !self.is_done() && !self.eat(T::Comma) {
                self.skip_tree();
            }
            if self.at == before {
                self.skip_tree();
            }
        }
        fields
    }

    fn enumeration(&mut self, start: usize, public: bool) -> ItemId {
        let id = self.open_item(start, public);
        self.at += 1;
        let name = self.name();
        let is_generic = self.is(T::Lt);
        self.until_body();
        let variants = match self.is(T::OpenBrace) {
            true => self.group(Self::variants),
            false => Vec::new(),
        };
        let kind = ItemKind::Enum {
            variants,
            is_generic,
        };
        self.close_item(id, start, name, kind);
        id
    }

    fn variants(&mut self) -> Vec<Variant> {
        let mut variants = Vec::new();
        while !self.is_done() {
            let start = self.at;
            self.attributes();
            let attributes = self.since(start);
            let before = self.at;
            self.visibility();
            if let Some(name) = self.name() {
                let fields = self.kind().is_open().then(|| {
                    let start = self.at;
                    self.skip_tree();
                    self.since(start)
                });
                let value = self.eat(T::Eq).then(|| self.until_comma());
                variants.push(Variant {
                    name,
                    fields,
                    value,
                    attributes,
                });
            }
            self.until_comma();
            self.eat(T::Comma);
            if self.at == before {
                self.skip_tree();
            }
        }
        variants
    }

    fn until_comma(&mut self) -> Tokens {
        let start = self.at;
        while !self.is_done() && !self.is(T::Comma) {
            self.skip_tree();
        }
        self.since(start)
    }

    /// A macro's definition; its name is so many tokens ahead.
    fn definition_item(&mut self, start: usize, public: bool, by: usize) -> ItemId {
        let id = self.open_item(start, public);
        self.at += by;
        let name = self.name();
        // `macro name($x:expr) { … }` has parameters before its body.
        if by == 1 && self.is(T::OpenParen) {
            self.skip_tree();
            self.items_inside(id);
        } else if self.kind().is_open() && !self.is_done() {
            self.inside(id, Self::definition);
            self.eat(T::Semi);
        }
        self.close_item(id, start, name, ItemKind::Macro);
        id
    }

    /// A macro's call among items, behind its `!`: what stands in braces is read as items.
    pub(super) fn call_item(&mut self, start: usize, name: Option<u32>) -> ItemId {
        let id = self.open_item(start, false);
        self.inside(id, |parser| parser.handed_items(name));
        self.close_item(id, start, name, ItemKind::Call);
        id
    }
}
