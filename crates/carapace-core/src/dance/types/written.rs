//! Types as they are written.

use std::borrow::Cow;

use super::super::at::At;
use super::super::declared::Place;
use super::{Ty, primitive};
use crate::source::syntax::{Item, ItemId, ItemKind, Path, TypeId, TypeKind};

impl At<'_> {
    pub(super) fn declared_type(&self, id: TypeId, item: Option<ItemId>, steps: u32) -> Ty {
        let Some(steps) = self.step(steps) else {
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

    pub(super) fn path_type(&self, path: &Path, item: Option<ItemId>, steps: u32) -> Ty {
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
        if is_single && item.is_some_and(|item| self.is_type_parameter(item, name)) {
            return Ty::Parameter(name.to_owned());
        }
        if name == "Self" && is_single {
            return item.map_or(Ty::Unknown, |item| self.self_type(item, steps));
        }
        if !is_single && self.standard(path).is_none() && self.declared.type_named(name).is_none() {
            let is_standard = matches!(self.full_path(path).next(), Some("std" | "core"));
            if !is_standard {
                return Ty::Unknown;
            }
        }
        let meant = match is_single {
            true => self.declared.type_meant(self.file.index, name),
            false => {
                let only = self.declared.type_named(name);
                only.map(|(place, found)| (Cow::Borrowed(name), place, found))
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
                _ => Ty::Named(name.into_owned(), arguments),
            };
        }
        if let Some(primitive) = primitive(name) {
            return primitive;
        }
        let first = || Box::new(arguments.first().cloned().unwrap_or(Ty::Unknown));
        match name {
            "Vec" => Ty::Vec(first()),
            "Box" => Ty::Boxed(first()),
            "Option" => Ty::Option(first()),
            // `io::Result<T>` has one argument, too.
            "Result" => Ty::Result(first()),
            "Range" | "RangeInclusive" | "RangeFrom" | "RangeTo" => Ty::Range(first()),
            "c_char" => Ty::Unknown,
            _ => Ty::Named(name.to_owned(), arguments),
        }
    }

    /// `type Result<T> = std::result::Result<T, Error>;` of an argument.
    pub(super) fn wrapper(
        &self,
        place: Place,
        alias: &Item,
        of: TypeId,
        given: Vec<Ty>,
        steps: u32,
    ) -> Ty {
        let Some(at) = self.declared.at(place) else {
            return Ty::Unknown;
        };
        let parameter = alias.name.map(|name| at.name(name + 2)).unwrap_or_default();
        match (
            at.declared_type(of, Some(place.item), steps),
            given.into_iter().next(),
        ) {
            (Ty::Result(inner), Some(given)) if is_named(&inner, parameter) => {
                Ty::Result(Box::new(given))
            }
            _ => Ty::Unknown,
        }
    }

    /// What `Self` is in an item.
    pub(super) fn self_type(&self, item: ItemId, steps: u32) -> Ty {
        let Some(around) = self.implementation(item) else {
            return Ty::Unknown;
        };
        match self.syntax().item(around).map(|found| &found.kind) {
            Some(ItemKind::Impl { of, .. }) => self.declared_type(*of, Some(around), steps),
            _ => Ty::Unknown,
        }
    }
}

/// Whether a type is a name by itself.
fn is_named(of: &Ty, name: &str) -> bool {
    matches!(of, Ty::Named(own, arguments) if own == name && arguments.is_empty())
}
