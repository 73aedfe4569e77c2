//! Lifetimes of a function: where they are declared, and what says anything of them.

use crate::dance::at::At;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ItemId, ItemKind, Tokens};

/// How many lifetimes of an item are looked at.
const MAX_LIFETIMES: usize = 16;

/// How a lifetime stands in a function's head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// In a parameter's type, or in `&'a self`.
    pub(crate) is_taken: bool,
    /// In what is returned.
    pub(crate) is_given: bool,
    /// As an argument of a bound: `C: Context<'a>`.
    pub(crate) is_argued: bool,
    /// As what a type parameter outlives: `F: FnMut() + 'a`.
    pub(crate) is_outlived: bool,
}

impl At<'_> {
    /// The tokens of the names of an item's own lifetimes.
    pub(crate) fn lifetimes(&self, item: ItemId) -> Vec<u32> {
        let Some(found) = self.syntax().item(item) else {
            return Vec::new();
        };
        let source = self.file.source;
        let open = match (&found.kind, found.name) {
            (ItemKind::Impl { .. }, _) => {
                let start = found.tokens.start as usize;
                let end = (found.head as usize).saturating_add(8);
                let mut tokens = start..end;
                tokens.find(|at| source.kind(*at) == T::Impl)
            }
            (_, name) => name.map(|name| name as usize),
        };
        let Some(mut at) = open
            .map(|open| open + 1)
            .filter(|at| source.kind(*at) == T::Lt)
        else {
            return Vec::new();
        };
        let mut names = Vec::new();
        // Lifetimes come first: `<'a, 'b: 'a, T>`.
        loop {
            at += 1;
            if source.kind(at) != T::Lifetime || names.len() == MAX_LIFETIMES {
                return names;
            }
            names.push(u32::try_from(at).unwrap_or(u32::MAX));
            while !matches!(source.kind(at + 1), T::Comma | T::Gt) {
                if at >= found.tokens.end as usize {
                    return names;
                }
                at += 1;
            }
            at += 1;
            if source.kind(at) == T::Gt {
                return names;
            }
        }
    }

    /// Whether some tokens hold a lifetime.
    pub(crate) fn has_lifetime(&self, tokens: Tokens, name: &[u8]) -> bool {
        let source = self.file.source;
        (tokens.start..tokens.end).any(|at| {
            source.kind(at as usize) == T::Lifetime && source.bytes_of(at as usize) == name
        })
    }

    /// How a lifetime stands in a function's head, and in that of the implementation around it.
    pub(crate) fn uses_of_lifetime(&self, item: ItemId, name: u32) -> Uses {
        let mut uses = Uses::default();
        let Some(ItemKind::Function(function)) = self.syntax().item(item).map(|item| &item.kind)
        else {
            return uses;
        };
        let bytes = self.file.source.bytes_of(name as usize).to_vec();
        let head = self.head_tokens(item);
        let parameters = self.parameter_tokens(head);
        uses.is_taken = self.has_lifetime(parameters, &bytes);
        let output = function.output.map(|output| self.type_tokens(output));
        uses.is_given = output.is_some_and(|output| self.has_lifetime(output, &bytes));
        let mut heads = vec![head];
        if let Some(around) = self
            .implementation(item)
            .and_then(|id| self.syntax().item(id))
        {
            heads.push(self.generics(around).head);
        }
        for head in heads {
            for at in head.start..head.end {
                let is_it = self.file.source.kind(at as usize) == T::Lifetime
                    && self.file.source.bytes_of(at as usize) == bytes.as_slice();
                let inside = |tokens: Tokens| at >= tokens.start && at < tokens.end;
                if !is_it || at == name || inside(parameters) || output.is_some_and(inside) {
                    continue;
                }
                let before = |by: u32| self.file.source.kind(at.saturating_sub(by) as usize);
                match before(1) {
                    // `'a: 'b` ties one to the other.
                    T::Colon if before(2) == T::Lifetime => uses.is_argued = true,
                    T::Plus | T::Colon => uses.is_outlived = true,
                    _ => uses.is_argued = true,
                }
            }
        }
        uses
    }

    /// The parentheses of a function's parameters, in its head.
    pub(crate) fn parameter_tokens(&self, head: Tokens) -> Tokens {
        let source = self.file.source;
        let mut at = head.start as usize + 1;
        let end = head.end as usize;
        let mut angles = 0_u32;
        while at < end {
            match source.kind(at) {
                T::OpenParen if angles == 0 => {
                    let close = source.groups.end(at);
                    return Tokens {
                        start: u32::try_from(at).unwrap_or(u32::MAX),
                        end: u32::try_from(close).unwrap_or(u32::MAX),
                    };
                }
                T::Lt => angles += 1,
                T::Gt if source.kind(at - 1) != T::Minus => angles = angles.saturating_sub(1),
                _ => {}
            }
            at = source.after_tree(at);
        }
        Tokens::default()
    }

    /// Whether a type parameter has to outlive everything: `T: 'static` in a head.
    pub(crate) fn is_static(&self, item: ItemId, parameter: &str) -> bool {
        let mut heads = vec![self.head_tokens(item)];
        if let Some(around) = self
            .implementation(item)
            .and_then(|id| self.syntax().item(id))
        {
            heads.push(self.generics(around).head);
        }
        let source = self.file.source;
        heads.iter().any(|head| {
            (head.start..head.end).any(|at| {
                let is_bound = source.kind(at as usize).is_ident()
                    && self.is_name(at, parameter)
                    && source.kind(at as usize + 1) == T::Colon;
                is_bound && self.bound_holds(at as usize + 2, head.end as usize, b"'static")
            })
        })
    }

    /// Whether a bound holds a lifetime.
    fn bound_holds(&self, from: usize, end: usize, lifetime: &[u8]) -> bool {
        let source = self.file.source;
        let mut at = from;
        let mut angles = 0_u32;
        while at < end {
            match source.kind(at) {
                T::Lifetime if source.bytes_of(at) == lifetime => return true,
                T::Comma | T::OpenBrace | T::Where | T::Semi if angles == 0 => return false,
                T::Lt => angles += 1,
                T::Gt if source.kind(at - 1) == T::Minus => {}
                T::Gt if angles == 0 => return false,
                T::Gt => angles -= 1,
                _ => {}
            }
            at = source.after_tree(at);
        }
        false
    }
}
