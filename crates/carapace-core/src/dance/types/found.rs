//! What an expression's own parts tell of its type.

use super::super::at::At;
use super::super::scope::{Binding, Bound};
use super::{INTEGERS, Ty, primitive};
use crate::source::lexer::TokenKind;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, ItemKind, Operator, Path, PatternKind, Prefix, Receiver, TypeId,
};

impl At<'_> {
    pub(super) fn typed(&self, id: ExprId, steps: u32) -> Ty {
        let Some(steps) = self.step(steps) else {
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
            ExprKind::Field { base, name } => self.field(&of(*base), self.name(*name), steps),
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
            } => self.method_result(id, *receiver, self.name(*name), generics, arguments, steps),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn literal(&self, id: ExprId) -> Ty {
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

    pub(super) fn operation(&self, operator: Operator, left: Ty, right: impl FnOnce() -> Ty) -> Ty {
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

    pub(super) fn named(&self, id: ExprId, path: &Path, steps: u32) -> Ty {
        if let Some(name) = self.single(id) {
            if name == "self" {
                return self.of_self(id, steps);
            }
            if let Some(binding) = self.binding(name, id) {
                return self.bound(binding, id, steps);
            }
        }
        let Some(name) = self.last_name(path) else {
            return Ty::Unknown;
        };
        // A variant without fields.
        if let Some(parent) = self.parent_name(path) {
            let parent = match parent {
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
                && matches!(name, "MAX" | "MIN" | "BITS")
            {
                return match name {
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

    pub(super) fn of_self(&self, id: ExprId, steps: u32) -> Ty {
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
    pub(super) fn bound(&self, binding: Binding, at: ExprId, steps: u32) -> Ty {
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
    pub(super) fn taken(&self, path: &Path, of: &Ty) -> Ty {
        let Some(variant) = self.last_name(path) else {
            return Ty::Unknown;
        };
        let through = |inner: &Ty| match of {
            Ty::Ref { mutable, .. } => Ty::reference(*mutable, inner.clone()),
            _ => inner.clone(),
        };
        match (of.peeled(), variant) {
            (Ty::Option(inner), "Some") | (Ty::Result(inner), "Ok") => return through(inner),
            _ => {}
        }
        // The enum is named before the variant.
        let Some(parent) = self.parent_name(path) else {
            return Ty::Unknown;
        };
        let Some((place, item)) = self.declared.type_named(parent) else {
            return Ty::Unknown;
        };
        let (ItemKind::Enum { variants, .. }, Some(at)) = (&item.kind, self.declared.at(place))
        else {
            return Ty::Unknown;
        };
        let mut variants = variants.iter();
        let Some(found) = variants.find(|found| at.is_name(found.name, variant)) else {
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

    pub(super) fn field(&self, base: &Ty, name: &str, steps: u32) -> Ty {
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
    pub(super) fn field_of(&self, of: &str, name: &str, steps: u32) -> Ty {
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

    pub(super) fn made_by_macro(
        &self,
        id: ExprId,
        path: &Path,
        arguments: &[ExprId],
        steps: u32,
    ) -> Ty {
        let Some(name) = self.last_name(path) else {
            return Ty::Unknown;
        };
        let first = arguments.first().map(|first| self.typed(*first, steps));
        match name {
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
    pub(super) fn is_repeat(&self, id: ExprId) -> bool {
        let tokens = self.syntax().expr(id).tokens;
        (tokens.start..tokens.end).any(|at| self.file.source.kind(at as usize) == TokenKind::Semi)
    }
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
