//! What is transmuted into what, and what values of a type look like.

use super::at::At;
use super::replacement::Pieces;
use super::types::Ty;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{BlockKind, Borrow, ExprId, ExprKind, Field, ItemId, ItemKind, Tokens};

/// How many fields or variants are written out, at most.
const MAX_PARTS: usize = 256;

/// A value that is transmuted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transmute {
    /// The value.
    pub(crate) value: ExprId,
    /// Its type.
    pub(crate) from: Ty,
    /// What it becomes.
    pub(crate) to: Ty,
}

/// A variant without fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its name.
    pub(crate) name: String,
    /// Its value as it is written, or counted.
    pub(crate) text: String,
    /// Its value.
    pub(crate) value: i128,
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its name, or its place.
    pub(crate) name: String,
    /// Its type.
    pub(crate) of: Ty,
}

impl At<'_> {
    /// What a call transmutes, or a read through a pointer that was cast.
    pub(crate) fn transmute(&self, id: ExprId) -> Option<Transmute> {
        self.transmuted(id).or_else(|| self.read_as_other(id))
    }

    /// A number that is read as another through a pointer to it.
    fn read_as_other(&self, id: ExprId) -> Option<Transmute> {
        let pointer = if let Some(pointer) = self.dereferenced(id) {
            if self.is_place(id) {
                return None;
            }
            pointer
        } else if let Some(([pointer], _)) = self.call_of(id, "ptr", &["read", "read_unaligned"]) {
            pointer
        } else {
            let ([reference], call) = self.call_of(id, "mem", &["transmute_copy"])?;
            let (to, _) = self.stated_or_expected(call.generics.get(1), id);
            return self.other(reference, to);
        };
        let reference = self.without_casts(pointer);
        // What an operation mostly goes through is no borrow of a number: its type need not be known.
        if !matches!(self.kind(reference), ExprKind::Borrow { .. }) {
            return None;
        }
        let Ty::Pointer { of: to, .. } = self.type_of(pointer) else {
            return None;
        };
        self.other(reference, *to)
    }

    /// What a reference to a number leads to, as another type of its size.
    fn other(&self, reference: ExprId, to: Ty) -> Option<Transmute> {
        let ExprKind::Borrow {
            how: Borrow::Shared,
            operand,
        } = self.kind(self.bare(reference))
        else {
            return None;
        };
        let from = self.type_of(*operand);
        let size = |of: &Ty| match of {
            Ty::Int(_) | Ty::Float(_) => of.bytes(),
            Ty::Array(of, Some(length)) => {
                let length: u32 = length.parse().ok()?;
                of.bytes()?.checked_mul(length)
            }
            _ => None,
        };
        let is_number = matches!(from, Ty::Int(_) | Ty::Float(_));
        (is_number && size(&from)? == size(&to)?).then_some(Transmute {
            value: *operand,
            from,
            to,
        })
    }

    /// Whether an expression is written to, or borrowed.
    fn is_place(&self, id: ExprId) -> bool {
        match self.around(id).map(|around| self.kind(around)) {
            Some(ExprKind::Assign { left, .. }) => self.bare(*left) == id,
            Some(ExprKind::Borrow { .. } | ExprKind::Field { .. }) => true,
            Some(ExprKind::Index { base, .. }) => self.bare(*base) == id,
            _ => false,
        }
    }

    fn transmuted(&self, id: ExprId) -> Option<Transmute> {
        let ([value], call) = self.call_of(id, "mem", &["transmute"])?;
        let from = match self.stated(call.generics.first(), id) {
            Ty::Unknown => self.type_of(value),
            from => from,
        };
        let (to, _) = self.stated_or_expected(call.generics.get(1), id);
        Some(Transmute { value, from, to })
    }

    /// The variants of an enum of the package of which none has fields.
    pub(crate) fn units(&self, of: &Ty) -> Option<Vec<Unit>> {
        let Ty::Named(name, _) = of else {
            return None;
        };
        let (place, item) = self.declared.type_named(name)?;
        let ItemKind::Enum {
            variants,
            is_generic: false,
        } = &item.kind
        else {
            return None;
        };
        if variants.is_empty() || variants.len() > MAX_PARTS {
            return None;
        }
        let at = self.declared.at(place)?;
        let mut units: Vec<Unit> = Vec::new();
        let mut next = (0, true);
        for variant in variants {
            // What is not always there, or warns where it is named.
            let is_odd = ["cfg", "cfg_attr", "deprecated"]
                .iter()
                .any(|word| at.mentions(variant.attributes, word));
            if variant.fields.is_some() || is_odd {
                return None;
            }
            let (text, value) = match variant.value {
                Some(value) => at.number_in(value)?,
                None => (next.0.to_string(), next.0),
            };
            next.0 = value.checked_add(1)?;
            units.push(Unit {
                name: at.written_name(variant.name),
                text,
                value,
            });
        }
        Some(units)
    }

    /// The number that some tokens are, and how it is written.
    fn number_in(&self, tokens: Tokens) -> Option<(String, i128)> {
        let text = self.text_of(tokens);
        let text = text.trim().trim_start_matches('=').trim();
        if let Some(inner) = text
            .strip_prefix("b'")
            .and_then(|rest| rest.strip_suffix('\''))
        {
            let mut bytes = inner.bytes();
            let (first, None) = (bytes.next()?, bytes.next()) else {
                return None;
            };
            return Some((text.to_owned(), i128::from(first)));
        }
        let (digits, is_less) = match text.strip_prefix('-') {
            Some(rest) => (rest.trim(), true),
            None => (text, false),
        };
        if let Some((left, right)) = digits.split_once("<<") {
            let (left, right) = (whole(left.trim())?, whole(right.trim())?);
            let value = left.checked_shl(u32::try_from(right).ok()?)?;
            return (!is_less).then(|| (value.to_string(), value));
        }
        let value = whole(digits)?;
        let value = if is_less { -value } else { value };
        // A suffix may be that of another type.
        let is_plain = !digits.contains(['u', 'i']);
        let text = if is_plain {
            text.to_owned()
        } else {
            value.to_string()
        };
        Some((text, value))
    }

    /// Whether a type's name can be written at an expression as it is: it is imported, or written so
    /// in the same function, or declared beside it.
    pub(crate) fn is_nameable(&self, id: ExprId, name: &str) -> bool {
        if let Some(path) = self.file.imports().get(name) {
            return path.last().is_some_and(|last| last == name);
        }
        let Some((item, _)) = self.function(id) else {
            return false;
        };
        let Some(own) = self.syntax().item(item) else {
            return false;
        };
        let is_written = (own.tokens.start..own.tokens.end).any(|token| {
            self.is_name(token, name)
                && self.file.source.kind(token as usize).is_path_segment()
                && token > 0
                && self.file.source.kind(token as usize - 1) != TokenKind::Colon
        });
        if is_written {
            return true;
        }
        let Some((place, found)) = self.declared.type_named(name) else {
            return false;
        };
        let is_here = place.file == self.file.index;
        let mut around = own.parent;
        while let Some(item) = around.and_then(|around| self.syntax().item(around)) {
            if !matches!(item.kind, ItemKind::Impl { .. } | ItemKind::Trait { .. }) {
                break;
            }
            around = item.parent;
        }
        is_here && found.parent == around
    }

    /// Whether a type's name surely means the package's own type: it is declared in this file, or
    /// imported from one of the package's modules by its name.
    pub(crate) fn is_own(&self, of: &Ty) -> bool {
        let Ty::Named(name, _) = of else {
            return false;
        };
        if let Some(path) = self.file.imports().get(name) {
            return path.first().is_some_and(|first| {
                matches!(first.as_str(), "crate" | "self" | "super") || self.declared.has(first)
            });
        }
        let found = self.declared.type_named(name);
        found.is_some_and(|(place, _)| place.file == self.file.index)
    }

    /// The fields of a struct of the package that can be made and taken apart at an expression.
    pub(crate) fn parts(&self, id: ExprId, of: &Ty) -> Option<Vec<Part>> {
        let Ty::Named(name, _) = of else {
            return None;
        };
        let (place, item) = self.declared.type_named(name)?;
        let at = self.declared.at(place)?;
        let ItemKind::Struct { fields, .. } = &item.kind else {
            return None;
        };
        let is_inside = place.file == self.file.index && self.is_beneath(id, item.parent);
        let are_seen = is_inside || fields.iter().all(|field| at.is_public(field));
        (are_seen && self.is_nameable(id, name)).then(|| self.parts_of(of))?
    }

    /// The fields of a struct of the package.
    pub(crate) fn parts_of(&self, of: &Ty) -> Option<Vec<Part>> {
        let Ty::Named(name, arguments) = of else {
            return None;
        };
        let (place, item) = self.declared.type_named(name)?;
        let ItemKind::Struct { fields, generics } = &item.kind else {
            return None;
        };
        if !arguments.is_empty() || !generics.is_empty() || fields.len() > MAX_PARTS {
            return None;
        }
        let at = self.declared.at(place)?;
        let fields = fields.iter().enumerate().map(|(index, field)| Part {
            name: match field.name {
                Some(name) => at.written_name(name),
                None => index.to_string(),
            },
            of: at.written_in(field.of, Some(place.item)),
        });
        (!at.mentions(item.tokens, "cfg")).then(|| fields.collect())
    }

    /// Whether an expression is in a module, or in one of its modules.
    fn is_beneath(&self, id: ExprId, module: Option<ItemId>) -> bool {
        let mut at = self.item_of(id);
        while let Some(item) = at {
            if Some(item) == module {
                return true;
            }
            at = self.syntax().item(item).and_then(|item| item.parent);
        }
        module.is_none()
    }

    /// Whether a field is `pub`, for all or for the package.
    fn is_public(&self, field: &Field) -> bool {
        let first = match field.name {
            Some(name) => name,
            None => self.type_tokens(field.of).start,
        };
        let before = |back: u32| {
            let token = first.checked_sub(back);
            token.map(|token| self.file.source.kind(token as usize))
        };
        before(1) == Some(TokenKind::Pub)
            || before(1) == Some(TokenKind::CloseParen)
                && before(2) == Some(TokenKind::Crate)
                && before(4) == Some(TokenKind::Pub)
    }

    /// Whether a type of the package has an attribute that holds a word.
    pub(crate) fn has_attribute(&self, name: &str, word: &str) -> bool {
        let Some((place, item)) = self.declared.type_named(name) else {
            return false;
        };
        let there = self.declared.at(place);
        there.is_some_and(|there| there.mentions(there.attributes(item), word))
    }

    /// Text that ends in braces, in brackets where a loop's or a condition's body begins with one.
    pub(crate) fn braced(&self, id: ExprId, text: Pieces) -> Pieces {
        match self.is_in_header(id) {
            true => Pieces::of("(").then(text).text(")"),
            false => text,
        }
    }

    /// Whether an expression is what a loop, a condition or a `match` looks at, without brackets
    /// around it.
    fn is_in_header(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(around) = self.syntax().around(at) {
            match self.kind(around) {
                ExprKind::For { over, .. } => return *over == at,
                ExprKind::Match { value, .. } => return *value == at,
                ExprKind::If { condition, .. } | ExprKind::While { condition, .. } => {
                    return *condition == at;
                }
                ExprKind::Method { receiver, .. } if *receiver == at => {}
                ExprKind::Index { base, .. } if *base == at => {}
                ExprKind::Block(block) if block.kind == BlockKind::Unsafe => {}
                ExprKind::Field { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Binary { .. }
                | ExprKind::Borrow { .. }
                | ExprKind::Cast { .. }
                | ExprKind::Let { .. } => {}
                _ => return false,
            }
            at = around;
        }
        false
    }
}

fn whole(text: &str) -> Option<i128> {
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let (digits, radix) = match text.get(..2) {
        Some("0x") => (text.get(2..)?, 16),
        Some("0b") => (text.get(2..)?, 2),
        Some("0o") => (text.get(2..)?, 8),
        _ => (text.as_str(), 10),
    };
    let end = digits.find(['u', 'i']).unwrap_or(digits.len());
    i128::from_str_radix(digits.get(..end)?, radix).ok()
}
