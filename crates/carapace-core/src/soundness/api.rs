//! What the safe functions of a type hand in and out of a type parameter.

use crate::dance::at::At;
use crate::dance::declared::{Place, of_file};
use crate::soundness::generics::Generics;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{Function, ItemId, ItemKind, Path, Receiver, Tokens, TypeId, TypeKind};

/// How deep types are gone through.
const MAX_STEPS: u32 = 8;
/// How many functions of a type are looked at.
const MAX_FUNCTIONS: usize = 1024;
/// How many items of a file are looked at for functions that make a type.
const MAX_ITEMS: usize = 4096;

/// How a value is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// By value into the function.
    In,
    /// By value out of it.
    Out,
    /// As a shared reference out of it, or to a closure of the caller.
    Shared,
    /// As a mutable reference.
    Mutable,
}

/// One way in which a function hands over a type parameter of its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handing {
    /// The function.
    pub(crate) place: Place,
    /// How it takes its type: as `self` or as its first parameter.
    pub(crate) receiver: Option<Receiver>,
    /// How.
    pub(crate) how: How,
    /// Whether a closure of the caller gets or gives it.
    pub(crate) by_closure: bool,
    /// Whether it is a type that a trait gives to the parameter, `T::Owned`, and not it itself.
    pub(crate) of_associated: bool,
    /// Whether it is there only for a parameter that is `Send`.
    pub(crate) asks_send: bool,
    /// Whether it is there only for a parameter that is `Sync`.
    pub(crate) asks_sync: bool,
    /// Whether what comes out is a copy, most likely: the parameter is `Clone` or `Copy`.
    pub(crate) is_copied: bool,
    /// Whether it has to be borrowed for good: what is in there neither moves nor is dropped.
    pub(crate) for_good: bool,
    /// Whether the caller shows something that says where it runs: a token of a thread or of a lock.
    pub(crate) by_token: bool,
    /// The tokens of the function's name.
    pub(crate) tokens: Tokens,
}

impl Handing {
    /// Whether a copy comes out of what stays, which needs to be shared only.
    pub(crate) fn is_lent(&self) -> bool {
        self.is_copied && self.how == How::Out && self.receiver == Some(Receiver::Shared)
    }
}

/// Words in the names of types of which a value proves where the caller runs, most likely.
const TOKENS: [&str; 6] = ["Thread", "Token", "Section", "Marker", "Python", "Proof"];

impl<'p> At<'p> {
    /// What the safe functions of a type hand over of its type parameter with a number. Functions that
    /// others cannot call are left out where the type can be named by others.
    pub(crate) fn handings(&self, name: &str, number: usize) -> Vec<Handing> {
        let mut handings = Vec::new();
        let Some((bound, _, own)) = self.declared.type_at_top(self.file.index, name) else {
            return handings;
        };
        let (file, name) = of_file(&bound);
        let is_public = own.public;
        let mut left = MAX_FUNCTIONS;
        let places = self.declared.implementations(name);
        for place in places.filter(|place| file.is_none_or(|file| file == place.file)) {
            let (Some(at), Some(item)) = (self.declared.at(place), self.declared.item(place))
            else {
                continue;
            };
            let ItemKind::Impl { of, of_trait, .. } = &item.kind else {
                continue;
            };
            let Some(parameter) = at.argument_name(*of, number) else {
                continue;
            };
            for (id, found) in at.items_in(place.item) {
                let ItemKind::Function(function) = &found.kind else {
                    continue;
                };
                let is_reached = of_trait.is_some() || found.public || !is_public;
                if function.unsafety.is_some() || !is_reached {
                    continue;
                }
                if left == 0 {
                    return handings;
                }
                left -= 1;
                let place = Place {
                    file: place.file,
                    item: id,
                };
                let asked = at.generics(item);
                at.handed_by(place, (function, &asked), &parameter, name, &mut handings);
            }
        }
        handings
    }

    /// Of each function in a type's file that gives one back: whether it asks the bound of what it
    /// puts in place of the type parameter with a number.
    pub(crate) fn makers(&self, name: &str, number: usize, bound: &str) -> Vec<bool> {
        let Some((_, place, _)) = self.declared.type_at_top(self.file.index, name) else {
            return Vec::new();
        };
        let Some(at) = self.declared.at(place) else {
            return Vec::new();
        };
        let functions = at
            .syntax()
            .items_by_id()
            .take(MAX_ITEMS)
            .filter_map(|(id, item)| match &item.kind {
                ItemKind::Function(function) => Some((id, item, function.output?)),
                _ => None,
            });
        let made = functions
            .take(MAX_FUNCTIONS)
            .filter_map(|(id, item, output)| {
                let around = at.implementation(id).and_then(|id| at.syntax().item(id));
                let parameter = match around.map(|around| &around.kind) {
                    Some(ItemKind::Impl { of, .. })
                        if at.gives(output, "Self", MAX_STEPS).is_some() =>
                    {
                        at.is_of(*of, name).then(|| at.argument_name(*of, number))?
                    }
                    _ => at.argument_name(at.gives(output, name, MAX_STEPS)?, number),
                };
                let Some(parameter) = parameter else {
                    return Some(false);
                };
                let both = [around, Some(item)].into_iter().flatten();
                let mut both = both.map(|item| at.generics(item));
                Some(both.any(|generics| {
                    let named = generics.named(&parameter);
                    named.is_some_and(|named| at.has_bound(named, bound))
                }))
            });
        made.collect()
    }

    /// The part of a type that is one of that name, where values of it are handed on.
    fn gives(&self, of: TypeId, name: &str, steps: u32) -> Option<TypeId> {
        let steps = steps.checked_sub(1)?;
        let TypeKind::Path(path) = self.syntax().type_kind(of) else {
            return None;
        };
        if self.is_of(of, name) {
            return Some(of);
        }
        let mut arguments = path.segments.last()?.arguments.iter();
        arguments.find_map(|of| self.gives(*of, name, steps))
    }

    /// Whether a type is a path to a name.
    fn is_of(&self, of: TypeId, name: &str) -> bool {
        match self.syntax().type_kind(of) {
            TypeKind::Path(path) => path
                .segments
                .last()
                .is_some_and(|last| self.is_name(last.name, name)),
            _ => false,
        }
    }

    /// The name that a type argument with a number is, where it is one.
    pub(crate) fn argument_name(&self, of: TypeId, number: usize) -> Option<String> {
        let TypeKind::Path(path) = self.syntax().type_kind(of) else {
            return None;
        };
        let argument = path.segments.last()?.arguments.get(number)?;
        match self.syntax().type_kind(*argument) {
            TypeKind::Path(Path {
                of_type: None,
                segments,
            }) => match segments.as_slice() {
                [one] => Some(self.name(one.name).to_owned()),
                _ => None,
            },
            _ => None,
        }
    }

    fn handed_by(
        &self,
        place: Place,
        (function, around): (&'p Function, &Generics),
        parameter: &str,
        owner: &str,
        handings: &mut Vec<Handing>,
    ) {
        let Some(item) = self.declared.item(place) else {
            return;
        };
        let Some(name) = item.name else {
            return;
        };
        let first = function.parameters.first();
        let receiver = function
            .receiver
            .or_else(|| first.and_then(|first| self.taken_as(first.of, owner)));
        let tokens = Tokens {
            start: name,
            end: name + 1,
        };
        let generics = self.generics(item);
        let asks = |bound: &str| {
            let both = [around, &generics].into_iter();
            let mut named = both.filter_map(|generics| generics.named(parameter));
            named.any(|of| self.has_bound(of, bound))
        };
        let (asks_send, asks_sync) = (asks("Send"), asks("Sync"));
        let is_copied = asks("Copy") || asks("Clone");
        let for_good = self.is_for_good(place.item);
        let by_token = function.parameters.iter().any(|of| self.is_token(of.of));
        let mut add = |how, by_closure, of_associated| {
            handings.push(Handing {
                place,
                receiver,
                how,
                by_closure,
                of_associated,
                asks_send,
                asks_sync,
                is_copied,
                for_good,
                by_token,
                tokens,
            });
        };
        for of_associated in [false, true] {
            let sought = Sought {
                parameter,
                function: place.item,
                of_associated,
            };
            let mut parameters = function.parameters.iter();
            if parameters.any(|of| self.handed(of.of, sought, MAX_STEPS) == Some(How::Out)) {
                add(How::In, false, of_associated);
            }
            let output = function.output;
            if let Some(how) = output.and_then(|of| self.handed(of, sought, MAX_STEPS)) {
                add(how, false, of_associated);
            }
        }
        for how in self.handed_to_closures(generics.head, parameter) {
            add(how, true, false);
        }
    }

    /// `&'static self`
    fn is_for_good(&self, function: ItemId) -> bool {
        let head = self.head_tokens(function);
        let source = self.file.source;
        (head.start as usize..head.end as usize).any(|at| {
            source.kind(at) == T::Lifetime
                && source.name_bytes(at).ends_with(b"static")
                && source.kind(at + 1) == T::SelfValue
        })
    }

    /// Whether a value of a type proves where its owner runs.
    fn is_token(&self, of: TypeId) -> bool {
        match self.syntax().type_kind(of) {
            TypeKind::Ref { of, .. } => match self.syntax().type_kind(*of) {
                TypeKind::Path(path) => self.is_named_token(path),
                _ => false,
            },
            TypeKind::Path(path) => self.is_named_token(path),
            _ => false,
        }
    }

    fn is_named_token(&self, path: &Path) -> bool {
        path.segments.last().is_some_and(|last| {
            let name = self.name(last.name);
            TOKENS.iter().any(|word| name.contains(word))
        })
    }

    /// How a parameter takes a type: `this: &Self`.
    fn taken_as(&self, of: TypeId, owner: &str) -> Option<Receiver> {
        let is_own = |of: TypeId| match self.syntax().type_kind(of) {
            TypeKind::Path(path) => path.segments.last().is_some_and(|last| {
                self.is_name(last.name, "Self") || self.is_name(last.name, owner)
            }),
            _ => false,
        };
        match self.syntax().type_kind(of) {
            TypeKind::Ref { mutable, of } if is_own(*of) => Some(match mutable {
                true => Receiver::Mut,
                false => Receiver::Shared,
            }),
            TypeKind::Path(_) if is_own(of) => Some(Receiver::Value),
            _ => None,
        }
    }

    /// How a type as it is written hands over a type parameter: `How::Out` by value.
    fn handed(&self, of: TypeId, sought: Sought<'_>, steps: u32) -> Option<How> {
        let steps = steps.checked_sub(1)?;
        let inner = |of: TypeId| self.handed(of, sought, steps);
        match self.syntax().type_kind(of) {
            TypeKind::Ref { mutable, of } => inner(*of).map(|_| match mutable {
                true => How::Mutable,
                false => How::Shared,
            }),
            TypeKind::Slice(of) | TypeKind::Array { of, .. } => inner(*of),
            TypeKind::Tuple(parts) => parts.iter().find_map(|part| inner(*part)),
            TypeKind::Path(path) => {
                let last = path.segments.last()?;
                if let Some(of) = path.of_type {
                    // `<T as Trait>::Owned`
                    let is_it = sought.of_associated && self.is_single(of, sought.parameter);
                    return is_it.then_some(How::Out);
                }
                match path.segments.as_slice() {
                    [one] if self.is_name(one.name, sought.parameter) => {
                        return (!sought.of_associated).then_some(How::Out);
                    }
                    [first, _] if self.is_name(first.name, sought.parameter) => {
                        return sought.of_associated.then_some(How::Out);
                    }
                    // `Self::Target`
                    [first, second] if self.is_name(first.name, "Self") => {
                        let of = self.associated(sought.function, self.name(second.name))?;
                        return inner(of);
                    }
                    _ => {}
                }
                const HANDS_ON: [&str; 11] = [
                    "Option",
                    "Result",
                    "Box",
                    "Vec",
                    "Pin",
                    "LockResult",
                    "Poll",
                    "Cow",
                    "VecDeque",
                    "TryLockResult",
                    "MaybeUninit",
                ];
                let hands_on = HANDS_ON.iter().any(|word| self.is_name(last.name, word));
                match hands_on {
                    true => last.arguments.iter().find_map(|argument| inner(*argument)),
                    false => None,
                }
            }
            TypeKind::Pointer { .. } | TypeKind::Unknown | TypeKind::Other => None,
        }
    }

    /// Whether a type is one name.
    fn is_single(&self, of: TypeId, name: &str) -> bool {
        match self.syntax().type_kind(of) {
            TypeKind::Path(path) => {
                matches!(path.segments.as_slice(), [one] if self.is_name(one.name, name))
            }
            _ => false,
        }
    }

    /// A type that the implementation around a function gives a name: `type Target = T;`.
    fn associated(&self, function: ItemId, name: &str) -> Option<TypeId> {
        let around = self.implementation(function)?;
        self.items_in(around).find_map(|(_, item)| match item.kind {
            ItemKind::Alias { of, .. } if item.name.is_some_and(|of| self.is_name(of, name)) => of,
            _ => None,
        })
    }

    /// What a function's bounds say of closures: `F: FnOnce(&T) -> T`.
    fn handed_to_closures(&self, head: Tokens, parameter: &str) -> Vec<How> {
        let source = self.file.source;
        let mut found = Vec::new();
        let is_parameter =
            |at: usize| source.kind(at).is_ident() && source.name_bytes(at) == parameter.as_bytes();
        for at in head.start as usize..head.end as usize {
            let is_closure = ["Fn", "FnMut", "FnOnce"]
                .iter()
                .any(|word| source.is_word(at, word));
            if !is_closure || source.kind(at + 1) != T::OpenParen {
                continue;
            }
            let close = source.groups.end(at + 1);
            for inner in (at + 2..close).filter(|at| is_parameter(*at)) {
                let before = |by: usize| source.kind(inner.saturating_sub(by));
                let is_lifetime = before(1) == T::Lifetime;
                found.push(match (before(1), before(2)) {
                    (T::Mut, _) => How::Mutable,
                    (T::Amp, _) => How::Shared,
                    (_, T::Amp) if is_lifetime => How::Shared,
                    _ => How::Out,
                });
            }
            if source.is_pair(close + 1, T::Minus, T::Gt) {
                let mut at = close + 3;
                while at < head.end as usize
                    && !matches!(
                        source.kind(at),
                        T::Comma | T::OpenBrace | T::Plus | T::Where
                    )
                {
                    let is_lent = source.kind(at - 1) == T::Amp
                        || source.kind(at - 1) == T::Lifetime && source.kind(at - 2) == T::Amp;
                    if is_parameter(at) && !is_lent {
                        found.push(How::In);
                        break;
                    }
                    at += 1;
                }
            }
        }
        found
    }
}

/// What is looked for in a function's types.
#[derive(Debug, Clone, Copy)]
struct Sought<'s> {
    parameter: &'s str,
    function: ItemId,
    of_associated: bool,
}
