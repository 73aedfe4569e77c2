//! Type parameters and what is asked of them: bounds where they are declared, and behind `where`.

use crate::dance::at::At;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{Item, ItemId, ItemKind, Tokens};

/// How far traits are followed to what they ask for themselves.
const MAX_STEPS: u32 = 6;
/// How many tokens of an item's head are looked at.
const MAX_HEAD: usize = 4096;

/// A type parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeParameter {
    /// Its name.
    pub(crate) name: String,
    /// The last names of the traits that it has to have; `?Sized` with its mark.
    pub(crate) bounds: Vec<String>,
}

/// What is asked of a type that is no parameter by itself: `&'a T: Send`, `T::Owned: Send`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The type.
    pub(crate) subject: Tokens,
    /// The last names of the traits that it has to have.
    pub(crate) bounds: Vec<String>,
}

/// What an item asks of types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Generics {
    /// Its type parameters, in their order.
    pub(crate) types: Vec<TypeParameter>,
    /// What else is asked for.
    pub(crate) clauses: Vec<Clause>,
    /// Its head: from its own angle brackets to its body.
    pub(crate) head: Tokens,
}

impl Generics {
    /// A type parameter by its name.
    pub(crate) fn named(&self, name: &str) -> Option<&TypeParameter> {
        self.types.iter().find(|parameter| parameter.name == name)
    }
}

impl At<'_> {
    /// What an item asks of types.
    pub(crate) fn generics(&self, item: &Item) -> Generics {
        let mut at = match (&item.kind, item.name) {
            (ItemKind::Impl { .. }, _) => self.behind_impl(item),
            (_, Some(name)) => name as usize + 1,
            (_, None) => return Generics::default(),
        };
        let start = at;
        let end = (item.tokens.end as usize).min(at.saturating_add(MAX_HEAD));
        let mut generics = Generics::default();
        if self.file.source.kind(at) == T::Lt {
            at = self.declared_parameters(at + 1, end, &mut generics);
        }
        // Behind: parameters of a function, the type of an implementation, fields in parentheses.
        let mut angles = 0_u32;
        while at < end {
            match self.file.source.kind(at) {
                T::Where if angles == 0 => {
                    at = self.clauses(at + 1, end, &mut generics);
                    break;
                }
                T::OpenBrace | T::Semi => break,
                T::Lt => angles += 1,
                T::Gt if !self.is_arrow(at) => angles = angles.saturating_sub(1),
                _ => {}
            }
            at = self.file.source.after_tree(at);
        }
        generics.head = Tokens {
            start: number(start),
            end: number(at.min(end)),
        };
        generics
    }

    /// What a function asks of types, and what is around it.
    pub(crate) fn generics_at(&self, function: ItemId) -> Generics {
        let item = |id: ItemId| self.syntax().item(id);
        let own = item(function).map(|own| self.generics(own));
        let mut own = own.unwrap_or_default();
        let around = self.implementation(function).and_then(item);
        own.types.extend(
            around
                .into_iter()
                .flat_map(|around| self.generics(around).types),
        );
        own
    }

    /// Whether what is asked of a type parameter includes a trait: by itself, or by a trait of the
    /// package that asks for it.
    pub(crate) fn has_bound(&self, parameter: &TypeParameter, wanted: &str) -> bool {
        let mut bounds = parameter.bounds.iter();
        bounds.any(|bound| self.is_or_asks(bound, wanted, MAX_STEPS))
    }

    fn is_or_asks(&self, bound: &str, wanted: &str, steps: u32) -> bool {
        if bound == wanted {
            return true;
        }
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        let is_trait = |kind: &ItemKind| matches!(kind, ItemKind::Trait { .. });
        let Some((place, item)) = self.declared.only(bound, is_trait) else {
            return false;
        };
        let Some(there) = self.declared.at(place) else {
            return false;
        };
        let asked = there.supertraits(item);
        asked
            .iter()
            .any(|bound| there.is_or_asks(bound, wanted, steps))
    }

    /// The last names of the traits that a trait asks for.
    pub(crate) fn supertraits(&self, item: &Item) -> Vec<String> {
        let Some(name) = item.name else {
            return Vec::new();
        };
        let end = item.tokens.end as usize;
        let mut at = name as usize + 1;
        if self.file.source.kind(at) == T::Lt {
            at = self.declared_parameters(at + 1, end, &mut Generics::default());
        }
        match self.file.source.kind(at) {
            T::Colon => self.bounds(at + 1, end).0,
            _ => Vec::new(),
        }
    }

    /// Behind the keyword of an implementation, before which qualifiers stand.
    fn behind_impl(&self, item: &Item) -> usize {
        let start = item.head as usize;
        let end = (item.tokens.end as usize).min(start.saturating_add(8));
        let mut tokens = start.saturating_sub(1)..end;
        let keyword = tokens.find(|at| self.file.source.kind(*at) == T::Impl);
        keyword.map_or(start, |at| at + 1)
    }

    /// `T: Bound = Default, 'a, const N: usize>`: from behind `<` to behind `>`.
    fn declared_parameters(&self, from: usize, end: usize, generics: &mut Generics) -> usize {
        let source = self.file.source;
        let mut at = from;
        while at < end {
            match source.kind(at) {
                T::Gt => return at + 1,
                T::Comma => at += 1,
                T::Pound => at = source.after_tree(at + 1),
                T::Const => at = self.until_comma(at + 1, end),
                kind if kind.is_ident() => {
                    let name = source.name(at);
                    at += 1;
                    let mut bounds = Vec::new();
                    if source.kind(at) == T::Colon {
                        (bounds, at) = self.bounds(at + 1, end);
                    }
                    if source.kind(at) == T::Eq {
                        at = self.until_comma(at + 1, end);
                    }
                    generics.types.push(TypeParameter { name, bounds });
                }
                _ => at = self.until_comma(at + 1, end),
            }
        }
        at
    }

    /// `T: Bound, &'a T: Bound`: from behind `where` to the body.
    fn clauses(&self, from: usize, end: usize, generics: &mut Generics) -> usize {
        let source = self.file.source;
        let mut at = from;
        while at < end && !matches!(source.kind(at), T::OpenBrace | T::Semi) {
            // `for<'a> …`
            if source.kind(at) == T::For {
                at = self.behind_angles(at + 1, end);
                continue;
            }
            let start = at;
            let mut angles = 0_u32;
            while at < end && !matches!(source.kind(at), T::OpenBrace | T::Semi) {
                match source.kind(at) {
                    T::Comma if angles == 0 => break,
                    T::Lt => angles += 1,
                    T::Gt if !self.is_arrow(at) => angles = angles.saturating_sub(1),
                    T::Colon if source.is_pair(at, T::Colon, T::Colon) => at += 1,
                    T::Colon if angles == 0 => break,
                    _ => {}
                }
                at = source.after_tree(at);
            }
            if source.kind(at) != T::Colon {
                at += 1;
                continue;
            }
            let subject = Tokens {
                start: number(start),
                end: number(at),
            };
            let bounds;
            (bounds, at) = self.bounds(at + 1, end);
            let is_name = subject.end - subject.start == 1 && source.kind(start).is_ident();
            let name = source.name(start);
            let mut types = generics.types.iter_mut();
            let known = types.find(|parameter| is_name && parameter.name == name);
            match known {
                Some(known) => known.bounds.extend(bounds),
                // Of an outer item's parameter.
                None if is_name => generics.types.push(TypeParameter { name, bounds }),
                None => generics.clauses.push(Clause { subject, bounds }),
            }
        }
        at
    }

    /// `A + path::B<C> + 'a + ?Sized`: the last name of each, and where they end.
    fn bounds(&self, from: usize, end: usize) -> (Vec<String>, usize) {
        let source = self.file.source;
        let (mut bounds, mut at) = (Vec::new(), from);
        let mut last: Option<String> = None;
        let mut mark = "";
        while at < end {
            match source.kind(at) {
                T::Comma | T::Gt | T::Eq | T::OpenBrace | T::Semi | T::Where => break,
                T::Plus => {
                    bounds.extend(last.take().map(|name| format!("{mark}{name}")));
                    mark = "";
                }
                T::Question => mark = "?",
                T::For => {
                    at = self.behind_angles(at + 1, end);
                    continue;
                }
                T::Lt => {
                    at = self.behind_angles(at, end);
                    continue;
                }
                // `Fn(A) -> B`
                T::Minus if source.kind(at + 1) == T::Gt => {
                    at = self.behind_type(at + 2, end);
                    continue;
                }
                // `(A)`
                T::OpenParen if last.is_none() => {
                    at += 1;
                    continue;
                }
                kind if kind.is_path_segment() => last = Some(source.name(at)),
                _ => {}
            }
            at = source.after_tree(at);
        }
        bounds.extend(last.map(|name| format!("{mark}{name}")));
        (bounds, at)
    }

    /// Behind a type that a bound returns.
    fn behind_type(&self, from: usize, end: usize) -> usize {
        let source = self.file.source;
        let mut at = from;
        while at < end {
            match source.kind(at) {
                T::Comma | T::Gt | T::Eq | T::OpenBrace | T::Semi | T::Where | T::Plus => break,
                T::Lt => at = self.behind_angles(at, end),
                _ => at = source.after_tree(at),
            }
        }
        at
    }

    /// Behind the angle brackets that open here.
    fn behind_angles(&self, from: usize, end: usize) -> usize {
        let source = self.file.source;
        let (mut at, mut angles) = (from, 0_u32);
        while at < end {
            match source.kind(at) {
                T::Lt => angles += 1,
                T::Gt if !self.is_arrow(at) => {
                    angles = angles.saturating_sub(1);
                    if angles == 0 {
                        return at + 1;
                    }
                }
                T::Semi => return at,
                _ => {}
            }
            at = source.after_tree(at);
        }
        at
    }

    fn until_comma(&self, from: usize, end: usize) -> usize {
        let source = self.file.source;
        let mut at = from;
        while at < end && !matches!(source.kind(at), T::Comma | T::Gt) {
            at = match source.kind(at) {
                T::Lt => self.behind_angles(at, end),
                _ => source.after_tree(at),
            };
        }
        at
    }

    /// Whether a `>` is that of `->`.
    fn is_arrow(&self, at: usize) -> bool {
        at > 0 && self.file.source.kind(at - 1) == T::Minus
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
