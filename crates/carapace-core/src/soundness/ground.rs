//! On which `unsafe` an expression rests, and who reaches the function around it.

use crate::dance::at::At;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    BlockKind, ExprId, ExprKind, Few, Function, ItemId, ItemKind, Path, Tokens,
};

/// How many tokens of a function are looked at for words.
const MAX_TOKENS: u32 = 16_384;

/// A safe function around an expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'p> {
    /// The item.
    pub(crate) item: ItemId,
    /// The same.
    pub(crate) function: &'p Function,
    /// Whether others reach it as far as its own declaration says: it is `pub`, or of a trait. Whether
    /// modules let it out, too, is [`At::reach_of`].
    pub(crate) is_reached: bool,
}

impl<'p> At<'p> {
    /// The keyword of the unsafe block that an expression is or stands in.
    pub(crate) fn unsafe_around(&self, id: ExprId) -> Option<u32> {
        let mut around = std::iter::once(id).chain(self.syntax().ancestors(id));
        let keyword = around.find_map(|around| match self.kind(around) {
            // A label may stand before it.
            ExprKind::Block(block) if block.kind == BlockKind::Unsafe => block.open.checked_sub(1),
            _ => None,
        })?;
        (self.file.source.kind(keyword as usize) == T::Unsafe).then_some(keyword)
    }

    /// The keyword of the unsafe block or function that an expression is in.
    pub(crate) fn rests_on(&self, id: ExprId) -> Option<u32> {
        self.unsafe_around(id)
            .or_else(|| self.function(id)?.1.unsafety)
    }

    /// The function around an expression, where it is safe to call.
    pub(crate) fn entry_around(&self, id: ExprId) -> Option<Entry<'p>> {
        let (item, function) = self.function(id)?;
        self.entry_of(item, function)
    }

    /// The same of a function.
    pub(crate) fn entry_of(&self, item: ItemId, function: &'p Function) -> Option<Entry<'p>> {
        if function.unsafety.is_some() || self.is_test(item) {
            return None;
        }
        Some(Entry {
            item,
            function,
            is_reached: self.is_declared_open(item),
        })
    }

    /// The safe functions of the file that have a body in which something is unsafe: the function, its
    /// body, and the keyword of the first unsafe block.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Entry<'p>, ExprId, u32)> {
        let this = *self;
        let items = self.file.syntax.items.iter().enumerate();
        items.filter_map(move |(at, item)| {
            let ItemKind::Function(function) = &item.kind else {
                return None;
            };
            let body = function.body.filter(|_| function.unsafety.is_none())?;
            let keyword = this.first_unsafe(body)?;
            let id = ItemId(u32::try_from(at).ok()?);
            Some((this.entry_of(id, function)?, body, keyword))
        })
    }

    /// The keyword of the first unsafe block in an expression.
    fn first_unsafe(&self, body: ExprId) -> Option<u32> {
        let tokens = self.syntax().expr(body).tokens;
        let source = self.file.source;
        let mut tokens = tokens.start..tokens.end;
        tokens.find(|at| {
            source.kind(*at as usize) == T::Unsafe && source.kind(*at as usize + 1) == T::OpenBrace
        })
    }

    /// An unsafe block in a function of the file that mentions another function: where what a safe
    /// function without one made is used.
    pub(crate) fn unsafe_of_users(&self, item: ItemId) -> Option<u32> {
        let name = self.syntax().item(item)?.name?;
        let name = self.name(name);
        self.syntax().items.iter().find_map(|found| {
            let ItemKind::Function(function) = &found.kind else {
                return None;
            };
            let body = function.body?;
            let mentions = self.mentions(self.expr_tokens(body), name);
            mentions.then(|| self.first_unsafe(body)).flatten()
        })
    }

    /// The trait that a method is of, or an empty path where it is declared in one.
    pub(crate) fn trait_of(&self, item: ItemId) -> Option<&'p Path> {
        const ITSELF: &Path = &Path {
            of_type: None,
            segments: Few::None,
        };
        let around = self.syntax().item(self.implementation(item)?)?;
        match &around.kind {
            ItemKind::Impl { of_trait, .. } => of_trait.as_deref(),
            ItemKind::Trait { .. } => Some(ITSELF),
            _ => None,
        }
    }

    /// Whether a method is of a trait with one of these names.
    pub(crate) fn is_of_trait_named(&self, item: ItemId, names: &[&str]) -> bool {
        let last = self.trait_of(item).and_then(|path| path.segments.last());
        last.is_some_and(|last| names.iter().any(|name| self.is_name(last.name, name)))
    }

    /// Whether a function holds a name of which this is true.
    pub(crate) fn has_word(&self, item: ItemId, is: impl Fn(&[u8]) -> bool) -> bool {
        let Some(found) = self.syntax().item(item) else {
            return false;
        };
        let tokens = Tokens {
            start: found.head,
            end: found.tokens.end.min(found.head.saturating_add(MAX_TOKENS)),
        };
        self.any_word(tokens, is)
    }

    /// Whether a function holds one of these names.
    pub(crate) fn has_words(&self, item: ItemId, words: &[&str]) -> bool {
        self.has_word(item, |name| {
            words.iter().any(|word| name == word.as_bytes())
        })
    }

    /// The tokens of an expression.
    pub(crate) fn expr_tokens(&self, id: ExprId) -> Tokens {
        self.syntax().expr(id).tokens
    }

    /// The token of an item's name.
    pub(crate) fn item_name_tokens(&self, item: ItemId) -> Tokens {
        let name = self.syntax().item(item).and_then(|item| item.name);
        name.map_or(Tokens::default(), |name| Tokens {
            start: name,
            end: name + 1,
        })
    }

    /// A function's head, from its name to its body.
    pub(crate) fn head_tokens(&self, item: ItemId) -> Tokens {
        let Some(found) = self.syntax().item(item) else {
            return Tokens::default();
        };
        let (Some(name), ItemKind::Function(function)) = (found.name, &found.kind) else {
            return Tokens::default();
        };
        let body = function.body.map(|body| self.expr_tokens(body).start);
        Tokens {
            start: name,
            end: body.unwrap_or(found.tokens.end).max(name + 1),
        }
    }

    /// Whether an expression is the variable `self`.
    pub(crate) fn is_self(&self, id: ExprId) -> bool {
        self.single(id).is_some_and(|name| name == "self")
    }
}
