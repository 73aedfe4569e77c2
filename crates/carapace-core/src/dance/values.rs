//! Values of types: what takes the place of memory that was never written.

use super::at::At;
use super::declared::{Place, of_file};
use super::types::Ty;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{ExprId, Item, ItemId, ItemKind, Tokens};

/// How many structs may stand in each other.
const MAX_STEPS: u32 = 6;
/// How many fields are written out.
const MAX_FIELDS: usize = 16;

impl At<'_> {
    /// A value of a type that nothing but its bits makes up, written at a place: zero, `false`, a
    /// struct of these. Nothing where not all of the type is known, or its parts are not named there.
    pub(crate) fn plain_value(&self, of: &Ty, at: ExprId) -> Option<String> {
        self.value(of, at, false, MAX_STEPS)
    }

    /// The same where nothing around says of which type it is: numbers say it themselves.
    pub(crate) fn typed_value(&self, of: &Ty, at: ExprId) -> Option<String> {
        self.value(of, at, true, MAX_STEPS)
    }

    fn value(&self, of: &Ty, at: ExprId, is_typed: bool, steps: u32) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        Some(match of {
            Ty::Int(name) if is_typed => format!("0{name}"),
            // Of an integer of whatever type it is a value.
            Ty::Int(_) => "0".to_owned(),
            Ty::Float(name) if is_typed && !name.is_empty() => format!("0.0{name}"),
            Ty::Float(name) if !name.is_empty() => "0.0".to_owned(),
            Ty::Bool => "false".to_owned(),
            Ty::Char => "'\\0'".to_owned(),
            Ty::Array(of, Some(length)) => {
                let is_number = length.bytes().all(|digit| digit.is_ascii_digit());
                if !is_number || !self.is_copy(of) {
                    return None;
                }
                format!("[{}; {length}]", self.value(of, at, is_typed, steps)?)
            }
            Ty::Tuple(parts) if !parts.is_empty() => {
                let parts: Option<Vec<String>> = parts
                    .iter()
                    .map(|part| self.value(part, at, is_typed, steps))
                    .collect();
                let parts = parts?;
                match parts.as_slice() {
                    [only] => format!("({only},)"),
                    parts => format!("({})", parts.join(", ")),
                }
            }
            Ty::Named(name, arguments) if arguments.is_empty() => {
                self.struct_value(name, at, steps)?
            }
            _ => return None,
        })
    }

    fn struct_value(&self, name: &str, at: ExprId, steps: u32) -> Option<String> {
        let (place, item) = self.declared.type_named(name)?;
        let (_, name) = of_file(name);
        let ItemKind::Struct { fields, generics } = &item.kind else {
            return None;
        };
        let there = self.declared.at(place)?;
        let is_near = self.is_near(place, item, at);
        let is_named = is_near || self.file.imports().contains_key(name);
        if !is_named || !generics.is_empty() || fields.len() > MAX_FIELDS {
            return None;
        }
        if there.derives(item, "Default") {
            return Some(format!("{name}::default()"));
        }
        let mut parts = Vec::with_capacity(fields.len());
        for field in fields {
            let token = field.name?;
            let is_seen = is_near || token > 0 && there.is_public_mark(token - 1);
            if !is_seen {
                return None;
            }
            let of = there.written_in(field.of, Some(place.item));
            parts.push(format!(
                "{}: {}",
                there.written_name(token),
                self.value(&of, at, false, steps)?
            ));
        }
        match parts.is_empty() {
            true => None,
            false => Some(format!("{name} {{ {} }}", parts.join(", "))),
        }
    }

    /// Whether an item is declared in the module that an expression is in.
    fn is_near(&self, place: Place, item: &Item, at: ExprId) -> bool {
        let is_same_file = place.file == self.file.index;
        let own = self
            .function(at)
            .and_then(|(own, _)| self.syntax().item(own)?.parent);
        is_same_file && self.module_of(own) == self.module_of(item.parent)
    }

    fn module_of(&self, mut around: Option<ItemId>) -> Option<ItemId> {
        while let Some(id) = around {
            let item = self.syntax().item(id)?;
            if item.kind == ItemKind::Mod {
                return Some(id);
            }
            around = item.parent;
        }
        None
    }

    /// Whether an item's attributes derive a trait, in every build: `cfg_attr` may not.
    pub(crate) fn derives(&self, item: &Item, name: &str) -> bool {
        let source = self.file.source;
        let attributes = self.attributes(item);
        let mut attributes = attributes.start.max(1)..attributes.end;
        attributes.any(|at| {
            let open = at as usize + 1;
            let derived = Tokens {
                start: at + 1,
                end: u32::try_from(source.groups.end(open)).unwrap_or(u32::MAX),
            };
            self.is_name(at, "derive")
                && source.kind(at as usize - 1) == TokenKind::OpenBracket
                && self.mentions(derived, name)
        })
    }

    /// Whether values of a type are copied by their bits, and have no destructor.
    pub(crate) fn is_copy(&self, of: &Ty) -> bool {
        match of {
            Ty::Pointer { .. } => true,
            Ty::Ref { mutable, .. } => !mutable,
            Ty::Array(of, _) => self.is_copy(of),
            Ty::Tuple(parts) => parts.iter().all(|part| self.is_copy(part)),
            Ty::Named(name, arguments) => {
                self.derives_for(name, arguments, "Copy", |part| self.is_copy(part))
            }
            of => of.is_scalar(),
        }
    }

    /// Whether a value of a type can be cloned.
    pub(crate) fn is_clone(&self, of: &Ty) -> bool {
        match of {
            Ty::Named(name, arguments) => {
                self.derives_for(name, arguments, "Clone", |part| self.is_clone(part))
            }
            Ty::Tuple(parts) => parts.iter().all(|part| self.is_clone(part)),
            of => self.is_copy(of),
        }
    }

    /// Whether a type of the package derives a trait for these arguments: what is derived holds where it
    /// holds for each type parameter.
    fn derives_for(
        &self,
        name: &str,
        arguments: &[Ty],
        derived: &str,
        holds: impl Fn(&Ty) -> bool,
    ) -> bool {
        let Some((place, item)) = self.declared.type_named(name) else {
            return false;
        };
        let has_parameters = match &item.kind {
            ItemKind::Struct { generics, .. } => !generics.is_empty(),
            ItemKind::Enum { is_generic, .. } => *is_generic,
            _ => false,
        };
        let there = self.declared.at(place);
        there.is_some_and(|there| there.derives(item, derived))
            && (!has_parameters || !arguments.is_empty())
            && arguments.iter().all(holds)
    }
}
