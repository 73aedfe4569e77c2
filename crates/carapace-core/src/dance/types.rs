//! Light types: what declarations, literals, casts and names of the standard library tell of an
//! expression's type.
//!
//! Nothing is inferred through unification. Where these do not suffice the type is
//! [`Ty::Unknown`], and nobody guesses.

use super::at::At;
use super::declared::Place;
use super::scope::{Binding, Bound};
use crate::source::lexer::TokenKind;
use crate::source::syntax::{
    BlockKind, Borrow, ExprId, ExprKind, Function, Item, ItemId, ItemKind, Operator, Parent, Path,
    PatternId, PatternKind, Prefix, Receiver, StatementId, StatementKind, TypeId, TypeKind,
};

/// How many steps from declaration to declaration are taken.
const MAX_STEPS: u32 = 24;

/// A type, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The name of each is what it says.
pub(crate) enum Ty {
    Unknown,
    /// An integer; without a name, one that other code decides on.
    Int(&'static str),
    Float(&'static str),
    Bool,
    Char,
    Str,
    String,
    Ref {
        mutable: bool,
        of: Box<Ty>,
    },
    Pointer {
        mutable: bool,
        of: Box<Ty>,
    },
    Slice(Box<Ty>),
    /// An array, with its length as it is written.
    Array(Box<Ty>, Option<String>),
    Vec(Box<Ty>),
    Boxed(Box<Ty>),
    Option(Box<Ty>),
    Result(Box<Ty>),
    Tuple(Vec<Ty>),
    Range(Box<Ty>),
    /// A type by its name, with what is between its angle brackets.
    Named(String, Vec<Ty>),
    /// A type parameter.
    Parameter(String),
}

const INTEGERS: [&str; 12] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
];

/// Whether a name is that of an integer, a float, `bool`, `char` or `str`.
pub(crate) fn is_primitive(name: &str) -> bool {
    primitive(name).is_some()
}

fn primitive(name: &str) -> Option<Ty> {
    if let Some(integer) = INTEGERS.iter().find(|integer| **integer == name) {
        return Some(Ty::Int(integer));
    }
    Some(match name {
        "f32" => Ty::Float("f32"),
        "f64" => Ty::Float("f64"),
        "bool" => Ty::Bool,
        "char" => Ty::Char,
        "str" => Ty::Str,
        "String" => Ty::String,
        _ => return None,
    })
}

impl Ty {
    /// What a reference or a box leads to, through all of them; the type itself otherwise.
    pub(crate) fn peeled(&self) -> &Self {
        let mut at = self;
        while let Self::Ref { of, .. } | Self::Boxed(of) = at {
            at = of;
        }
        at
    }

    /// What a slice, an array or a vector holds, through references.
    pub(crate) fn element(&self) -> Option<&Self> {
        match self.peeled() {
            Self::Slice(of) | Self::Array(of, _) | Self::Vec(of) => Some(of),
            _ => None,
        }
    }

    /// Whether it can be indexed as slices are, and panics where they do.
    pub(crate) fn is_sequence(&self) -> bool {
        self.element().is_some()
    }

    /// The name of an integer that is known.
    pub(crate) fn integer(&self) -> Option<&'static str> {
        match self {
            Self::Int(name) if !name.is_empty() => Some(name),
            _ => None,
        }
    }

    /// How many bytes an integer or a float has; of `usize`, nothing is known.
    pub(crate) fn bytes(&self) -> Option<u32> {
        Some(match self {
            Self::Int("u8" | "i8") => 1,
            Self::Int("u16" | "i16") => 2,
            Self::Int("u32" | "i32") | Self::Float("f32") => 4,
            Self::Int("u64" | "i64") | Self::Float("f64") => 8,
            Self::Int("u128" | "i128") => 16,
            _ => return None,
        })
    }

    /// Whether all of it is known.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Unknown | Self::Int("") | Self::Float("") => false,
            Self::Ref { of, .. }
            | Self::Pointer { of, .. }
            | Self::Slice(of)
            | Self::Array(of, _)
            | Self::Vec(of)
            | Self::Boxed(of)
            | Self::Option(of)
            | Self::Result(of)
            | Self::Range(of) => of.is_known(),
            Self::Tuple(parts) | Self::Named(_, parts) => parts.iter().all(Self::is_known),
            _ => true,
        }
    }

    fn reference(mutable: bool, of: Self) -> Self {
        Self::Ref {
            mutable,
            of: Box::new(of),
        }
    }

    fn pointer(mutable: bool, of: Self) -> Self {
        Self::Pointer {
            mutable,
            of: Box::new(of),
        }
    }
}

impl<'p> At<'p> {
    /// The type of an expression.
    pub(crate) fn type_of(&self, id: ExprId) -> Ty {
        self.typed(id, MAX_STEPS)
    }

    /// What the code around an expression wants it to be.
    pub(crate) fn expected(&self, id: ExprId) -> Ty {
        self.wanted(id, MAX_STEPS)
    }

    /// A type as it is written, in this file.
    pub(crate) fn written(&self, id: TypeId) -> Ty {
        self.declared_type(id, None, MAX_STEPS)
    }

    /// A type as it is written in an item, of which `Self` may speak.
    pub(crate) fn written_in(&self, id: TypeId, item: Option<ItemId>) -> Ty {
        self.declared_type(id, item, MAX_STEPS)
    }

    fn declared_type(&self, id: TypeId, item: Option<ItemId>, steps: u32) -> Ty {
        let Some(steps) = steps.checked_sub(1) else {
            return Ty::Unknown;
        };
        let of = |id: TypeId| self.declared_type(id, item, steps);
        match self.syntax().type_kind(id) {
            TypeKind::Unknown | TypeKind::Other => Ty::Unknown,
            TypeKind::Ref { mutable, of: inner } => Ty::reference(*mutable, of(*inner)),
            TypeKind::Pointer { mutable, of: inner } => Ty::pointer(*mutable, of(*inner)),
            TypeKind::Slice(inner) => Ty::Slice(Box::new(of(*inner))),
            TypeKind::Array { of: inner, length } => {
                let length = length.map(|length| self.plain(length));
                Ty::Array(Box::new(of(*inner)), length)
            }
            TypeKind::Tuple(parts) => Ty::Tuple(parts.iter().map(|part| of(*part)).collect()),
            TypeKind::Path(path) => self.path_type(path, item, steps),
        }
    }

    fn path_type(&self, path: &Path, item: Option<ItemId>, steps: u32) -> Ty {
        if path.of_type.is_some() {
            return Ty::Unknown;
        }
        let Some(last) = path.segments.last() else {
            return Ty::Unknown;
        };
        let name = self.name(last.name);
        let arguments = last.arguments.iter();
        let arguments: Vec<Ty> = arguments
            .map(|argument| self.declared_type(*argument, item, steps))
            .collect();
        let is_single = path.segments.len() == 1;
        if is_single && item.is_some_and(|item| self.is_type_parameter(item, &name)) {
            return Ty::Parameter(name);
        }
        if name == "Self" && is_single {
            return item.map_or(Ty::Unknown, |item| self.self_type(item, steps));
        }
        if !is_single && self.standard(path).is_none() && self.declared.type_named(&name).is_none()
        {
            let full = self.full_path(path);
            let is_standard = full
                .first()
                .is_some_and(|first| first == "std" || first == "core");
            if !is_standard {
                return Ty::Unknown;
            }
        }
        let meant = match is_single {
            true => self.declared.type_meant(self.file.index, &name),
            false => {
                let only = self.declared.type_named(&name);
                only.map(|(place, found)| (name.clone(), place, found))
            }
        };
        if let Some((name, place, found)) = meant {
            return match &found.kind {
                ItemKind::Alias {
                    of: Some(of),
                    is_generic: false,
                } => match self.declared.at(place) {
                    Some(at) => at.declared_type(*of, Some(place.item), steps),
                    None => Ty::Unknown,
                },
                ItemKind::Alias { of: Some(of), .. } => {
                    self.wrapper(place, found, *of, arguments, steps)
                }
                ItemKind::Alias { .. } => Ty::Unknown,
                _ => Ty::Named(name, arguments),
            };
        }
        if let Some(primitive) = primitive(&name) {
            return primitive;
        }
        let first = || Box::new(arguments.first().cloned().unwrap_or(Ty::Unknown));
        match name.as_str() {
            "Vec" => Ty::Vec(first()),
            "Box" => Ty::Boxed(first()),
            "Option" => Ty::Option(first()),
            // `io::Result<T>` has one argument, too.
            "Result" => Ty::Result(first()),
            "Range" | "RangeInclusive" | "RangeFrom" | "RangeTo" => Ty::Range(first()),
            "c_char" => Ty::Unknown,
            _ => Ty::Named(name, arguments),
        }
    }

    /// `type Result<T> = std::result::Result<T, Error>;` of an argument.
    fn wrapper(&self, place: Place, alias: &Item, of: TypeId, given: Vec<Ty>, steps: u32) -> Ty {
        let Some(at) = self.declared.at(place) else {
            return Ty::Unknown;
        };
        let parameter = alias.name.map(|name| at.name(name + 2)).unwrap_or_default();
        match (
            at.declared_type(of, Some(place.item), steps),
            given.into_iter().next(),
        ) {
            (Ty::Result(inner), Some(given)) if *inner == Ty::Named(parameter, Vec::new()) => {
                Ty::Result(Box::new(given))
            }
            _ => Ty::Unknown,
        }
    }

    /// What `Self` is in an item.
    pub(crate) fn self_type(&self, item: ItemId, steps: u32) -> Ty {
        let Some(around) = self.implementation(item) else {
            return Ty::Unknown;
        };
        match self.syntax().item(around).map(|found| &found.kind) {
            Some(ItemKind::Impl { of, .. }) => self.declared_type(*of, Some(around), steps),
            _ => Ty::Unknown,
        }
    }

    /// The function that an expression is in.
    pub(crate) fn item_of(&self, id: ExprId) -> Option<ItemId> {
        self.function(id).map(|(item, _)| item)
    }

    fn typed(&self, id: ExprId, steps: u32) -> Ty {
        let Some(steps) = steps.checked_sub(1) else {
            return Ty::Unknown;
        };
        let of = |id: ExprId| self.typed(id, steps);
        match self.kind(id) {
            ExprKind::Literal => self.literal(id),
            ExprKind::Path(path) => self.named(id, path, steps),
            ExprKind::Paren(inner) => of(*inner),
            ExprKind::Borrow { how, operand } => {
                let inner = of(*operand);
                match how {
                    Borrow::Shared => Ty::reference(false, inner),
                    Borrow::Mut => Ty::reference(true, inner),
                    Borrow::RawConst => Ty::pointer(false, inner),
                    Borrow::RawMut => Ty::pointer(true, inner),
                }
            }
            ExprKind::Unary { operator, operand } => match (operator, of(*operand)) {
                (Prefix::Deref, Ty::Ref { of, .. } | Ty::Pointer { of, .. } | Ty::Boxed(of)) => *of,
                (Prefix::Deref, Ty::Vec(of)) => Ty::Slice(of),
                (Prefix::Deref, Ty::String) => Ty::Str,
                (Prefix::Deref, _) => Ty::Unknown,
                (_, inner) => inner,
            },
            ExprKind::Binary {
                operator,
                left,
                right,
            } => self.operation(*operator, of(*left), || of(*right)),
            ExprKind::Cast { operand, to } => {
                let to = self.declared_type(*to, self.item_of(id), steps);
                match to {
                    // `as *const _`
                    Ty::Pointer { mutable, of: inner } if *inner == Ty::Unknown => {
                        match of(*operand) {
                            Ty::Pointer { of, .. } | Ty::Ref { of, .. } => {
                                Ty::Pointer { mutable, of }
                            }
                            _ => Ty::pointer(mutable, Ty::Unknown),
                        }
                    }
                    to => to,
                }
            }
            ExprKind::Field { base, name } => self.field(&of(*base), &self.name(*name), steps),
            ExprKind::Index { base, index } => {
                let base = of(*base);
                match (base.peeled(), of(*index)) {
                    (Ty::Str | Ty::String, _) => Ty::Str,
                    (Ty::Slice(of) | Ty::Array(of, _) | Ty::Vec(of), Ty::Range(_)) => {
                        Ty::Slice(of.clone())
                    }
                    (Ty::Slice(of) | Ty::Array(of, _) | Ty::Vec(of), _) => (**of).clone(),
                    _ => Ty::Unknown,
                }
            }
            ExprKind::Range { from, to, .. } => {
                let bound = from.or(*to).map_or(Ty::Unknown, of);
                let bound = match (bound, to) {
                    (Ty::Int(""), Some(to)) => of(*to),
                    (bound, _) => bound,
                };
                Ty::Range(Box::new(bound))
            }
            ExprKind::Tuple(parts) => Ty::Tuple(parts.iter().map(|part| of(*part)).collect()),
            ExprKind::Array(parts) => {
                let mut kinds = parts.iter().map(|part| of(*part));
                let first = kinds.next().unwrap_or(Ty::Unknown);
                let first = match first.is_known() {
                    true => first,
                    false => kinds.find(Ty::is_known).unwrap_or(first),
                };
                Ty::Array(Box::new(first), Some(parts.len().to_string()))
            }
            ExprKind::Repeat { value, length } => {
                Ty::Array(Box::new(of(*value)), Some(self.plain(*length)))
            }
            ExprKind::Block(_) => self.tail(id).map_or(Ty::Unknown, of),
            ExprKind::If { then, .. } => of(*then),
            ExprKind::Match { arms, .. } => {
                let mut arms = arms.iter().map(|arm| of(arm.body));
                arms.find(Ty::is_known).unwrap_or(Ty::Unknown)
            }
            ExprKind::Struct { path, .. } => self.path_type(path, self.item_of(id), steps),
            ExprKind::Try(inner) => match of(*inner) {
                Ty::Option(of) | Ty::Result(of) => *of,
                _ => Ty::Unknown,
            },
            ExprKind::Macro {
                path, arguments, ..
            } => self.made_by_macro(id, path, arguments, steps),
            ExprKind::Call { callee, arguments } => self.called(id, *callee, arguments, steps),
            ExprKind::Method {
                receiver,
                name,
                generics,
                arguments,
            } => self.method_result(id, *receiver, &self.name(*name), generics, arguments, steps),
            _ => Ty::Unknown,
        }
    }

    fn literal(&self, id: ExprId) -> Ty {
        let tokens = self.syntax().expr(id).tokens;
        let text = self.text(id);
        let array = |bytes: usize| {
            let of = Box::new(Ty::Int("u8"));
            Ty::reference(false, Ty::Array(of, Some(bytes.to_string())))
        };
        match self.file.source.kind(tokens.start as usize) {
            TokenKind::Char if text.starts_with('b') => Ty::Int("u8"),
            TokenKind::Char => Ty::Char,
            TokenKind::Str | TokenKind::RawStr if text.starts_with('b') => {
                let inner = text
                    .trim_start_matches(['b', 'r', '#'])
                    .trim_end_matches('#');
                // Escapes make it longer to write than to hold.
                match inner.contains('\\') {
                    true => Ty::Unknown,
                    false => array(inner.len().saturating_sub(2)),
                }
            }
            TokenKind::Str | TokenKind::RawStr if text.starts_with('c') => Ty::Unknown,
            TokenKind::Str | TokenKind::RawStr => Ty::reference(false, Ty::Str),
            TokenKind::Number => number(&text),
            _ => Ty::Bool,
        }
    }

    fn operation(&self, operator: Operator, left: Ty, right: impl FnOnce() -> Ty) -> Ty {
        use Operator as O;
        match operator {
            O::Eq | O::Ne | O::Lt | O::Le | O::Gt | O::Ge | O::LazyAnd | O::LazyOr => Ty::Bool,
            O::Shl | O::Shr => left.peeled().clone(),
            _ => match left.peeled() {
                Ty::Int("") | Ty::Float("") | Ty::Unknown => match right().peeled() {
                    // Of an unknown type's operators anything may come.
                    Ty::Int(_) | Ty::Float(_) if left == Ty::Unknown => Ty::Unknown,
                    right => right.clone(),
                },
                left @ (Ty::Int(_) | Ty::Float(_) | Ty::Bool) => left.clone(),
                _ => Ty::Unknown,
            },
        }
    }

    fn named(&self, id: ExprId, path: &Path, steps: u32) -> Ty {
        if let Some(name) = self.single(id) {
            if name == "self" {
                return self.of_self(id, steps);
            }
            if let Some(binding) = self.binding(&name, id) {
                return self.bound(binding, id, steps);
            }
        }
        let names: Vec<String> = path.segments.iter().map(|s| self.name(s.name)).collect();
        let Some((name, before)) = names.split_last() else {
            return Ty::Unknown;
        };
        // A variant without fields.
        if let Some(parent) = before.last() {
            let parent = match parent.as_str() {
                "Self" => match self.item_of(id).map(|item| self.self_type(item, steps)) {
                    Some(Ty::Named(name, _)) => name,
                    _ => return Ty::Unknown,
                },
                parent => parent.to_owned(),
            };
            if let Some((place, item)) = self.declared.type_named(&parent)
                && let ItemKind::Enum { variants, .. } = &item.kind
                && let Some(at) = self.declared.at(place)
                && variants
                    .iter()
                    .any(|variant| at.is_name(variant.name, name))
            {
                return Ty::Named(parent, Vec::new());
            }
            if let Some(primitive) = primitive(&parent)
                && matches!(name.as_str(), "MAX" | "MIN" | "BITS")
            {
                return match name.as_str() {
                    "BITS" => Ty::Int("u32"),
                    _ => primitive,
                };
            }
        }
        let is_value = |kind: &ItemKind| matches!(kind, ItemKind::Value { .. });
        match self.declared.only(name, is_value) {
            Some((place, item)) => match (&item.kind, self.declared.at(place)) {
                (ItemKind::Value { of: Some(of), .. }, Some(at)) => {
                    at.declared_type(*of, Some(place.item), steps)
                }
                _ => Ty::Unknown,
            },
            None => Ty::Unknown,
        }
    }

    fn of_self(&self, id: ExprId, steps: u32) -> Ty {
        let Some((item, function)) = self.function(id) else {
            return Ty::Unknown;
        };
        let own = self.self_type(item, steps);
        match function.receiver {
            Some(Receiver::Value) => own,
            Some(Receiver::Shared) => Ty::reference(false, own),
            Some(Receiver::Mut) => Ty::reference(true, own),
            None => Ty::Unknown,
        }
    }

    /// The type of what a name was bound to.
    fn bound(&self, binding: Binding, at: ExprId, steps: u32) -> Ty {
        let item = self.item_of(at);
        let written = |of: TypeId| self.declared_type(of, item, steps);
        let by_ref = matches!(
            self.syntax().pattern(binding.pattern),
            PatternKind::Name { by_ref: true, .. }
        );
        let found = match binding.bound {
            Bound::Let {
                declared: Some(of), ..
            } => written(of),
            Bound::Let {
                value: Some(value), ..
            } => self.typed(value, steps),
            Bound::Parameter(of) | Bound::Closure(Some(of)) => written(of),
            Bound::Each(over) => match self.typed(over, steps) {
                Ty::Range(of) => *of,
                Ty::Ref { mutable, of } => match of.element() {
                    Some(element) => Ty::reference(mutable, element.clone()),
                    None => Ty::Unknown,
                },
                Ty::Vec(of) => *of,
                _ => Ty::Unknown,
            },
            Bound::Taken { value, within } => {
                let of = self.typed(value, steps);
                match within.map(|within| self.syntax().pattern(within)) {
                    Some(PatternKind::TupleStruct(variant, _)) => self.taken(variant, &of),
                    // A name by itself.
                    _ => of,
                }
            }
            Bound::Let { .. } | Bound::Closure(None) | Bound::Somehow => Ty::Unknown,
        };
        match (by_ref, found) {
            (_, Ty::Unknown) => Ty::Unknown,
            (true, found) => Ty::reference(binding.mutable, found),
            (false, found) => found,
        }
    }

    /// What a variant holds that a pattern takes apart.
    fn taken(&self, path: &Path, of: &Ty) -> Ty {
        let Some(variant) = path.segments.last().map(|last| self.name(last.name)) else {
            return Ty::Unknown;
        };
        let through = |inner: &Ty| match of {
            Ty::Ref { mutable, .. } => Ty::reference(*mutable, inner.clone()),
            _ => inner.clone(),
        };
        match (of.peeled(), variant.as_str()) {
            (Ty::Option(inner), "Some") | (Ty::Result(inner), "Ok") => return through(inner),
            _ => {}
        }
        // The enum is named before the variant.
        let before = path.segments.iter().rev().nth(1);
        let Some(parent) = before.map(|before| self.name(before.name)) else {
            return Ty::Unknown;
        };
        let Some((place, item)) = self.declared.type_named(&parent) else {
            return Ty::Unknown;
        };
        let (ItemKind::Enum { variants, .. }, Some(at)) = (&item.kind, self.declared.at(place))
        else {
            return Ty::Unknown;
        };
        let mut variants = variants.iter();
        let Some(found) = variants.find(|found| at.is_name(found.name, &variant)) else {
            return Ty::Unknown;
        };
        let fields = found
            .fields
            .map(|fields| at.text_of(fields))
            .unwrap_or_default();
        let inner = fields.trim_start_matches('(').trim_end_matches(')').trim();
        let inner = inner.trim_end_matches(',');
        simple_type(inner).map_or(Ty::Unknown, |inner| through(&inner))
    }

    fn field(&self, base: &Ty, name: &str, steps: u32) -> Ty {
        match base.peeled() {
            Ty::Tuple(parts) => {
                let at: Option<usize> = name.parse().ok();
                at.and_then(|at| parts.get(at).cloned())
                    .unwrap_or(Ty::Unknown)
            }
            Ty::Named(of, _) => self.field_of(of, name, steps),
            Ty::Range(of) if matches!(name, "start" | "end") => (**of).clone(),
            _ => Ty::Unknown,
        }
    }

    /// The type of a struct's field.
    pub(crate) fn field_of(&self, of: &str, name: &str, steps: u32) -> Ty {
        let Some((place, item)) = self.declared.type_named(of) else {
            return Ty::Unknown;
        };
        let ItemKind::Struct { fields, .. } = &item.kind else {
            return Ty::Unknown;
        };
        let Some(at) = self.declared.at(place) else {
            return Ty::Unknown;
        };
        let field = match name.parse::<usize>() {
            Ok(number) => fields.get(number).filter(|field| field.name.is_none()),
            Err(_) => fields
                .iter()
                .find(|field| field.name.is_some_and(|token| at.is_name(token, name))),
        };
        match field {
            Some(field) => at.declared_type(field.of, Some(place.item), steps),
            None => Ty::Unknown,
        }
    }

    fn made_by_macro(&self, id: ExprId, path: &Path, arguments: &[ExprId], steps: u32) -> Ty {
        let Some(name) = path.segments.last().map(|last| self.name(last.name)) else {
            return Ty::Unknown;
        };
        let first = arguments.first().map(|first| self.typed(*first, steps));
        match name.as_str() {
            "vec" => {
                let others = || {
                    let mut others = arguments.iter().skip(1);
                    others.find_map(|other| Some(self.typed(*other, steps)).filter(Ty::is_known))
                };
                let of = match first {
                    Some(first) if first.is_known() => first,
                    // `vec![value; length]` has the length behind.
                    first if self.is_repeat(id) => first.unwrap_or(Ty::Unknown),
                    first => others().or(first).unwrap_or(Ty::Unknown),
                };
                Ty::Vec(Box::new(of))
            }
            "try" => match first {
                Some(Ty::Option(of) | Ty::Result(of)) => *of,
                _ => Ty::Unknown,
            },
            "format" => Ty::String,
            "line" | "column" => Ty::Int("u32"),
            _ => Ty::Unknown,
        }
    }

    /// Whether a semicolon stands in a macro's arguments.
    fn is_repeat(&self, id: ExprId) -> bool {
        let tokens = self.syntax().expr(id).tokens;
        (tokens.start..tokens.end).any(|at| self.file.source.kind(at as usize) == TokenKind::Semi)
    }

    fn called(&self, id: ExprId, callee: ExprId, arguments: &[ExprId], steps: u32) -> Ty {
        let ExprKind::Path(path) = self.kind(self.bare(callee)) else {
            return Ty::Unknown;
        };
        let item = self.item_of(id);
        let first = || {
            arguments
                .first()
                .map_or(Ty::Unknown, |a| self.typed(*a, steps))
        };
        let segments = &path.segments;
        let Some(last) = segments.last() else {
            return Ty::Unknown;
        };
        let name = self.name(last.name);
        let before = segments.iter().rev().nth(1);
        let generic = |of: &[TypeId]| {
            let first = of.first();
            first.map_or(Ty::Unknown, |of| self.declared_type(*of, item, steps))
        };
        let parent = before.map(|before| self.name(before.name));
        match (parent.as_deref(), name.as_str()) {
            (None, "Some") => return Ty::Option(Box::new(first())),
            (None, "Ok") => return Ty::Result(Box::new(first())),
            (Some("Vec"), "new" | "with_capacity") => {
                let of = before.map_or(Ty::Unknown, |before| generic(&before.arguments));
                return Ty::Vec(Box::new(of));
            }
            (Some("String"), "new" | "with_capacity" | "from") => return Ty::String,
            (Some("Box"), "new") => return Ty::Boxed(Box::new(first())),
            (Some("mem"), "size_of" | "align_of" | "size_of_val") => return Ty::Int("usize"),
            (Some("mem"), "replace" | "take") => return deref(first()),
            (Some("ptr"), "null") => return Ty::pointer(false, generic(&last.arguments)),
            (Some("ptr"), "null_mut") => return Ty::pointer(true, generic(&last.arguments)),
            (Some("ptr"), "read" | "read_unaligned" | "read_volatile") => {
                return match generic(&last.arguments) {
                    Ty::Unknown => deref(first()),
                    known => known,
                };
            }
            (Some("slice"), "from_raw_parts" | "from_raw_parts_mut") => {
                let of = Ty::Slice(Box::new(deref(first())));
                return Ty::reference(name.ends_with("mut"), of);
            }
            (Some("str"), "from_utf8_unchecked") => return Ty::reference(false, Ty::Str),
            (Some("mem"), "transmute") => {
                let to = last.arguments.get(1);
                return to.map_or(Ty::Unknown, |to| self.declared_type(*to, item, steps));
            }
            (Some(parent), _) if primitive(parent).is_some() => {
                let own = primitive(parent).unwrap_or(Ty::Unknown);
                return match name.as_str() {
                    n if n.starts_with("from") || n.starts_with("wrapping") => own,
                    "min" | "max" | "to_le" | "to_be" | "swap_bytes" => own,
                    "try_from" => Ty::Result(Box::new(own)),
                    _ => Ty::Unknown,
                };
            }
            _ => {}
        }
        self.declared_call(id, path, steps)
    }

    /// What a function of the package returns.
    fn declared_call(&self, id: ExprId, path: &Path, steps: u32) -> Ty {
        let Some((place, function)) = self.declared_function(id, path) else {
            // A tuple struct.
            let name = path.segments.last().map(|last| self.name(last.name));
            let is_struct = |kind: &ItemKind| matches!(kind, ItemKind::Struct { .. });
            return match name.filter(|name| self.declared.only(name, is_struct).is_some()) {
                Some(name) => Ty::Named(name, Vec::new()),
                None => Ty::Unknown,
            };
        };
        match (function.output, self.declared.at(place)) {
            (Some(output), Some(at)) => at.declared_type(output, Some(place.item), steps),
            (None, _) => Ty::Tuple(Vec::new()),
            _ => Ty::Unknown,
        }
    }

    /// The function of the package that a path means, where only one can be meant.
    pub(crate) fn declared_function(
        &self,
        id: ExprId,
        path: &Path,
    ) -> Option<(Place, &'p Function)> {
        let name = path.segments.last().map(|last| self.name(last.name))?;
        let parent = path.segments.iter().rev().nth(1);
        let parent = parent.map(|parent| self.name(parent.name));
        if self.is_elsewhere(path) {
            return None;
        }
        let owner = match parent.as_deref() {
            Some("Self") => match self.item_of(id).map(|item| self.self_type(item, MAX_STEPS)) {
                Some(Ty::Named(name, _)) => Some(name),
                _ => return None,
            },
            Some(parent) if self.declared.type_named(parent).is_some() => Some(parent.to_owned()),
            _ => None,
        };
        let mut found = self.declared.functions(&name, owner.as_deref());
        let first = found.next()?;
        // Free functions only, where no type stands before it.
        let is_free = owner.is_some() || self.declared.owner(first.0).is_none();
        (found.next().is_none() && is_free).then_some(first)
    }

    #[allow(clippy::too_many_arguments)] // The parts of one node.
    fn method_result(
        &self,
        id: ExprId,
        receiver: ExprId,
        name: &str,
        generics: &[TypeId],
        arguments: &[ExprId],
        steps: u32,
    ) -> Ty {
        let of = self.typed(receiver, steps);
        let element = of.element().cloned();
        let item = self.item_of(id);
        let generic = || {
            let first = generics.first();
            first.map_or(Ty::Unknown, |of| self.declared_type(*of, item, steps))
        };
        match name {
            "len" | "capacity" if arguments.is_empty() => {
                return Ty::Int("usize");
            }
            "count_ones" | "count_zeros" | "leading_zeros" | "trailing_zeros" => {
                return Ty::Int("u32");
            }
            "as_bytes" => {
                return Ty::reference(false, Ty::Slice(Box::new(Ty::Int("u8"))));
            }
            "as_bytes_mut" | "as_mut_vec" => {
                return Ty::reference(true, Ty::Slice(Box::new(Ty::Int("u8"))));
            }
            "clone" | "to_owned" | "copied" | "cloned" => {
                let inner = of.peeled().clone();
                return match inner {
                    Ty::Slice(of) => Ty::Vec(of),
                    Ty::Str => Ty::String,
                    Ty::Option(of) if name == "copied" || name == "cloned" => {
                        Ty::Option(Box::new(deref(*of)))
                    }
                    inner => inner,
                };
            }
            _ => {}
        }
        if let Some(element) = element {
            let of_element = |mutable: bool| Ty::reference(mutable, element.clone());
            let of_slice = |mutable| Ty::reference(mutable, Ty::Slice(Box::new(element.clone())));
            let is_range = || {
                let first = arguments.first();
                first.is_some_and(|first| matches!(self.typed(*first, steps), Ty::Range(_)))
            };
            match name {
                "as_ptr" => return Ty::pointer(false, element),
                "as_mut_ptr" => return Ty::pointer(true, element),
                "as_slice" | "as_ref" | "borrow" => return of_slice(false),
                "as_mut_slice" | "as_mut" | "borrow_mut" => return of_slice(true),
                "to_vec" | "into_vec" => return Ty::Vec(Box::new(element)),
                "get_unchecked" if is_range() => return of_slice(false),
                "get_unchecked_mut" if is_range() => return of_slice(true),
                "get_unchecked" => return of_element(false),
                "get_unchecked_mut" => return of_element(true),
                "get" | "first" | "last" if !is_range() => {
                    return Ty::Option(Box::new(of_element(false)));
                }
                "get_mut" | "first_mut" | "last_mut" if !is_range() => {
                    return Ty::Option(Box::new(of_element(true)));
                }
                "pop" => return Ty::Option(Box::new(element)),
                _ => {}
            }
        }
        match (of.peeled(), name) {
            (
                Ty::Option(inner) | Ty::Result(inner),
                "unwrap" | "expect" | "unwrap_or" | "unwrap_unchecked" | "unwrap_or_default",
            ) => {
                return (**inner).clone();
            }
            (Ty::Option(inner) | Ty::Result(inner), "as_ref") => {
                return Ty::Option(Box::new(Ty::reference(false, (**inner).clone())));
            }
            (Ty::Option(inner) | Ty::Result(inner), "as_mut") => {
                return Ty::Option(Box::new(Ty::reference(true, (**inner).clone())));
            }
            (Ty::Option(inner), "take") => return Ty::Option(inner.clone()),
            (Ty::Result(inner), "ok") => return Ty::Option(inner.clone()),
            (
                pointer @ Ty::Pointer { .. },
                "add" | "sub" | "offset" | "wrapping_add" | "wrapping_sub" | "wrapping_offset",
            ) => {
                return pointer.clone();
            }
            (Ty::Pointer { mutable, .. }, "cast") => return Ty::pointer(*mutable, generic()),
            (Ty::Pointer { of, .. }, "cast_mut") => {
                return Ty::Pointer {
                    mutable: true,
                    of: of.clone(),
                };
            }
            (Ty::Pointer { of, .. }, "cast_const") => {
                return Ty::Pointer {
                    mutable: false,
                    of: of.clone(),
                };
            }
            (Ty::Pointer { of, .. }, "read" | "read_unaligned" | "read_volatile") => {
                return (**of).clone();
            }
            (Ty::Pointer { of, .. }, "as_ref") => {
                return Ty::Option(Box::new(Ty::reference(false, (**of).clone())));
            }
            (Ty::Pointer { of, .. }, "as_mut") => {
                return Ty::Option(Box::new(Ty::reference(true, (**of).clone())));
            }
            (Ty::Str | Ty::String, "as_ptr") => return Ty::pointer(false, Ty::Int("u8")),
            (Ty::Str | Ty::String, "as_str") => return Ty::reference(false, Ty::Str),
            (Ty::Float("f32"), "to_bits") => return Ty::Int("u32"),
            (Ty::Float("f64"), "to_bits") => return Ty::Int("u64"),
            (number, "to_ne_bytes" | "to_le_bytes" | "to_be_bytes") if number.bytes().is_some() => {
                let length = number.bytes().map(|bytes| bytes.to_string());
                return Ty::Array(Box::new(Ty::Int("u8")), length);
            }
            (number @ (Ty::Int(_) | Ty::Float(_)), _) if keeps_number(name) => {
                return number.clone();
            }
            (Ty::Named(own, arguments), "get_ref" | "get_mut" | "into_inner")
                if own == "Cursor" =>
            {
                let inner = arguments.first().cloned().unwrap_or(Ty::Unknown);
                return match name {
                    "into_inner" => inner,
                    _ => Ty::reference(name == "get_mut", inner),
                };
            }
            (Ty::Named(own, _), "position") if own == "Cursor" => return Ty::Int("u64"),
            (Ty::Named(own, arguments), "as_slice" | "as_ref")
                if own == "Iter" && !self.declared.has("Iter") =>
            {
                let inner = arguments.first().cloned().unwrap_or(Ty::Unknown);
                return Ty::reference(false, Ty::Slice(Box::new(inner)));
            }
            (Ty::Named(own, arguments), "as_ptr") if own == "NonNull" => {
                return Ty::pointer(true, arguments.first().cloned().unwrap_or(Ty::Unknown));
            }
            (Ty::Named(own, arguments), "get") if own == "UnsafeCell" => {
                return Ty::pointer(true, arguments.first().cloned().unwrap_or(Ty::Unknown));
            }
            _ => {}
        }
        let Ty::Named(owner, _) = of.peeled() else {
            return Ty::Unknown;
        };
        let mut found = self.declared.functions(name, Some(owner));
        let (Some((place, function)), None) = (found.next(), found.next()) else {
            return Ty::Unknown;
        };
        match (function.output, self.declared.at(place)) {
            (Some(output), Some(at)) => {
                let output = at.declared_type(output, Some(place.item), steps);
                at.filled_in(output, place.item, of.peeled(), steps)
            }
            (None, _) => Ty::Tuple(Vec::new()),
            _ => Ty::Unknown,
        }
    }

    /// A type that a method speaks of, where it is a parameter of what it is implemented for.
    fn filled_in(&self, of: Ty, method: ItemId, owner: &Ty, steps: u32) -> Ty {
        let Ty::Parameter(name) = &of else {
            return of;
        };
        let (Ty::Named(_, own), Ty::Named(_, given)) = (self.self_type(method, steps), owner)
        else {
            return of;
        };
        let at = own
            .iter()
            .position(|own| matches!(own, Ty::Parameter(own) if own == name));
        at.and_then(|at| given.get(at)).cloned().unwrap_or(of)
    }

    fn wanted(&self, id: ExprId, steps: u32) -> Ty {
        let Some(steps) = steps.checked_sub(1) else {
            return Ty::Unknown;
        };
        let item = self.item_of(id);
        match self.syntax().expr(id).parent {
            Parent::Statement(statement) => {
                let Some(found) = self.syntax().statement(statement) else {
                    return Ty::Unknown;
                };
                match found.kind {
                    StatementKind::Let {
                        declared: Some(of), ..
                    } => self.declared_type(of, item, steps),
                    StatementKind::Let {
                        pattern,
                        value: Some(value),
                        ..
                    } if value == id => self.used_as(pattern, statement, steps),
                    StatementKind::Expr { ends: false, .. } => match found.block {
                        Some(block) if self.tail(block) == Some(id) => self.wanted(block, steps),
                        _ => Ty::Unknown,
                    },
                    _ => Ty::Unknown,
                }
            }
            Parent::Item(body_of) => match self.syntax().item(body_of).map(|item| &item.kind) {
                Some(ItemKind::Function(function)) => match function.output {
                    Some(output) => self.declared_type(output, Some(body_of), steps),
                    None => Ty::Tuple(Vec::new()),
                },
                Some(ItemKind::Value { of: Some(of), .. }) => {
                    self.declared_type(*of, Some(body_of), steps)
                }
                _ => Ty::Unknown,
            },
            Parent::Expr(around) => self.wanted_by(id, around, steps),
            Parent::None => Ty::Unknown,
        }
    }

    /// Whether an expression is in a closure or an `async` block of its function.
    fn is_in_closure(&self, id: ExprId) -> bool {
        self.syntax()
            .ancestors(id)
            .any(|around| match self.kind(around) {
                ExprKind::Closure { .. } => true,
                ExprKind::Block(block) => block.kind == BlockKind::Async,
                _ => false,
            })
    }

    fn wanted_by(&self, id: ExprId, around: ExprId, steps: u32) -> Ty {
        let item = self.item_of(id);
        match self.kind(around) {
            ExprKind::Block(block) if block.kind == BlockKind::Async => Ty::Unknown,
            ExprKind::Paren(_) | ExprKind::Block(_) => self.wanted(around, steps),
            ExprKind::If { condition, .. } => match *condition == id {
                true => Ty::Bool,
                false => self.wanted(around, steps),
            },
            ExprKind::Match { value, .. } if *value != id => self.wanted(around, steps),
            ExprKind::Return(_) if self.is_in_closure(around) => Ty::Unknown,
            ExprKind::Return(_) => match self.function(around) {
                Some((item, function)) => match function.output {
                    Some(output) => self.declared_type(output, Some(item), steps),
                    None => Ty::Tuple(Vec::new()),
                },
                None => Ty::Unknown,
            },
            ExprKind::Assign { left, right, .. } if *right == id => self.typed(*left, steps),
            ExprKind::Unary {
                operator: Prefix::Not | Prefix::Neg,
                ..
            } => self.wanted(around, steps),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                use Operator as O;
                let other = if *left == id { *right } else { *left };
                match operator {
                    O::Shl | O::Shr if *right == id => Ty::Unknown,
                    O::LazyAnd | O::LazyOr => Ty::Bool,
                    O::Shl | O::Shr => self.wanted(around, steps),
                    O::Eq | O::Ne | O::Lt | O::Le | O::Gt | O::Ge => self.typed(other, steps),
                    _ => match self.typed(other, steps) {
                        known if known.is_known() => known,
                        _ => self.wanted(around, steps),
                    },
                }
            }
            ExprKind::Index { index, .. } if *index == id => Ty::Int("usize"),
            ExprKind::Struct { path, fields, .. } => {
                let mut named = fields.iter().filter(|(_, value)| *value == id);
                let Some((name, _)) = named.next() else {
                    return Ty::Unknown;
                };
                match self.path_type(path, item, steps) {
                    Ty::Named(of, _) => self.field_of(&of, &self.name(*name), steps),
                    _ => Ty::Unknown,
                }
            }
            ExprKind::Call { callee, arguments } => self.argument(id, *callee, arguments, steps),
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let Some(at) = arguments.iter().position(|argument| *argument == id) else {
                    return Ty::Unknown;
                };
                let receiver = self.typed(*receiver, steps);
                let name = self.name(*name);
                if let Ty::Int(_) | Ty::Float(_) = receiver
                    && (name.starts_with("wrapping_") || name.starts_with("checked_"))
                    && !name.ends_with("shl")
                    && !name.ends_with("shr")
                {
                    return receiver;
                }
                if let (Ty::Vec(of), "push") = (receiver.peeled(), name.as_str()) {
                    return (**of).clone();
                }
                let Ty::Named(owner, _) = receiver.peeled() else {
                    return Ty::Unknown;
                };
                let mut found = self.declared.functions(&name, Some(owner));
                match (found.next(), found.next()) {
                    (Some((place, function)), None) => self.parameter(place, function, at, steps),
                    _ => Ty::Unknown,
                }
            }
            _ => Ty::Unknown,
        }
    }

    /// What a function wants as an argument.
    fn argument(&self, id: ExprId, callee: ExprId, arguments: &[ExprId], steps: u32) -> Ty {
        let ExprKind::Path(path) = self.kind(self.bare(callee)) else {
            return Ty::Unknown;
        };
        let Some(at) = arguments.iter().position(|argument| *argument == id) else {
            return Ty::Unknown;
        };
        let Some(last) = path.segments.last() else {
            return Ty::Unknown;
        };
        let name = self.name(last.name);
        let before = path.segments.iter().rev().nth(1);
        let parent = before.map(|before| self.name(before.name));
        // Wrappers hand on what is wanted of them.
        if let Parent::Expr(around) = self.syntax().expr(id).parent {
            let wanted = || self.wanted(around, steps);
            match (parent.as_deref(), name.as_str()) {
                (None, "Some") => {
                    return match wanted() {
                        Ty::Option(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                (None, "Ok") => {
                    return match wanted() {
                        Ty::Result(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                (Some("Box"), "new") => {
                    return match wanted() {
                        Ty::Boxed(of) => *of,
                        _ => Ty::Unknown,
                    };
                }
                _ => {}
            }
        }
        self.parameter_of(id, path, parent, &name, at, steps)
    }

    fn parameter_of(
        &self,
        id: ExprId,
        path: &Path,
        parent: Option<String>,
        name: &str,
        at: usize,
        steps: u32,
    ) -> Ty {
        if let Some(own) = parent.as_deref().and_then(primitive)
            && matches!(name, "from_le" | "from_be")
        {
            return own;
        }
        if let Some((place, function)) = self.declared_function(id, path) {
            return self.parameter(place, function, at, steps);
        }
        // Of functions for different builds, where all want the same.
        let all = self.declared.functions(name, None);
        let all = all.filter(|_| path.segments.len() == 1);
        let mut all = all.map(
            |(place, function)| match self.declared.owner(place).is_none() {
                true => self.parameter(place, function, at, steps),
                false => Ty::Unknown,
            },
        );
        let first = all.next().unwrap_or(Ty::Unknown);
        match all.all(|other| other == first) {
            true => first,
            false => Ty::Unknown,
        }
    }

    fn parameter(&self, place: Place, function: &Function, at: usize, steps: u32) -> Ty {
        match (function.parameters.get(at), self.declared.at(place)) {
            (Some(parameter), Some(at)) => at.declared_type(parameter.of, Some(place.item), steps),
            _ => Ty::Unknown,
        }
    }

    /// What a variable is wanted to be where it is used: handed on whole, in the same block.
    fn used_as(&self, pattern: PatternId, statement: StatementId, steps: u32) -> Ty {
        let PatternKind::Name { name, .. } = self.syntax().pattern(pattern) else {
            return Ty::Unknown;
        };
        let name = self.name(*name);
        let Some(block) = self.syntax().statement(statement).and_then(|s| s.block) else {
            return Ty::Unknown;
        };
        let behind = self.statement_tokens(statement).end;
        let uses = self.syntax().within(block).filter(|id| {
            self.syntax().expr(*id).tokens.start >= behind
                && self.single(*id).as_deref() == Some(&name)
                && matches!(self.kind(*id), ExprKind::Path(_))
        });
        for used in uses.take(64) {
            let of = match self.kind(self.parent_expr(used)) {
                // `&mut x` where something wants a reference.
                ExprKind::Borrow { .. } => match self.wanted(self.parent_expr(used), steps) {
                    Ty::Ref { of, .. } => *of,
                    _ => Ty::Unknown,
                },
                _ => self.wanted(used, steps),
            };
            // Through a reference a vector may be wanted as a slice.
            if of.is_known() && !matches!(of, Ty::Slice(_)) {
                return of;
            }
        }
        Ty::Unknown
    }

    fn parent_expr(&self, id: ExprId) -> ExprId {
        match self.syntax().expr(id).parent {
            Parent::Expr(around) => around,
            _ => id,
        }
    }
}

fn deref(of: Ty) -> Ty {
    match of {
        Ty::Ref { of, .. } | Ty::Pointer { of, .. } | Ty::Boxed(of) => *of,
        _ => Ty::Unknown,
    }
}

/// Methods of numbers that give a number of the same type.
fn keeps_number(name: &str) -> bool {
    name.starts_with("wrapping_")
        || name.starts_with("saturating_")
        || name.starts_with("rotate_")
        || matches!(
            name,
            "min"
                | "max"
                | "to_le"
                | "to_be"
                | "swap_bytes"
                | "abs"
                | "pow"
                | "clamp"
                | "reverse_bits"
                | "floor"
                | "ceil"
                | "round"
                | "sqrt"
                | "next_power_of_two"
        )
}

/// The type of a number's literal.
fn number(text: &str) -> Ty {
    let is_radix = text.starts_with("0x") || text.starts_with("0b") || text.starts_with("0o");
    if let Some(integer) = INTEGERS.iter().find(|name| text.ends_with(**name)) {
        return Ty::Int(integer);
    }
    if !is_radix {
        if text.ends_with("f32") {
            return Ty::Float("f32");
        }
        if text.ends_with("f64") {
            return Ty::Float("f64");
        }
        if text.contains(['.', 'e', 'E']) {
            return Ty::Float("");
        }
    }
    Ty::Int("")
}

/// A type that is one of the simple ones, by its text: a primitive, or a vector of one.
fn simple_type(text: &str) -> Option<Ty> {
    if let Some(primitive) = primitive(text) {
        return Some(primitive);
    }
    let inner = text.strip_prefix("Vec<")?.strip_suffix('>')?;
    Some(Ty::Vec(Box::new(primitive(inner.trim())?)))
}
