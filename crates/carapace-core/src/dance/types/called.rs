//! What functions and methods return: those of the standard library that the rules meet, and the
//! package's own.

use super::super::at::At;
use super::super::declared::Place;
use super::{Ty, primitive};
use crate::source::syntax::{ExprId, ExprKind, Function, ItemId, ItemKind, Path, TypeId};

impl<'p> At<'p> {
    pub(super) fn called(
        &self,
        id: ExprId,
        callee: ExprId,
        arguments: &[ExprId],
        steps: u32,
    ) -> Ty {
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
        let before = path.parent();
        let generic = |of: &[TypeId]| {
            let first = of.first();
            first.map_or(Ty::Unknown, |of| self.declared_type(*of, item, steps))
        };
        let parent = before.map(|before| self.name(before.name));
        match (parent, name) {
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
                return match name {
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
    pub(super) fn declared_call(&self, id: ExprId, path: &Path, steps: u32) -> Ty {
        let Some((place, function)) = self.function_meant(id, path, steps) else {
            // A tuple struct.
            let name = self.last_name(path);
            let is_struct = |kind: &ItemKind| matches!(kind, ItemKind::Struct { .. });
            return match name.filter(|name| self.declared.only(name, is_struct).is_some()) {
                Some(name) => Ty::Named(name.to_owned(), Vec::new()),
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
    pub(super) fn function_meant(
        &self,
        id: ExprId,
        path: &Path,
        steps: u32,
    ) -> Option<(Place, &'p Function)> {
        let name = self.last_name(path)?;
        let parent = self.parent_name(path);
        if self.is_elsewhere(path) {
            return None;
        }
        let owner = match parent {
            Some("Self") => match self.item_of(id).map(|item| self.self_type(item, steps)) {
                Some(Ty::Named(name, _)) => Some(name),
                _ => return None,
            },
            Some(parent) if self.declared.type_named(parent).is_some() => Some(parent.to_owned()),
            _ => None,
        };
        let mut found = self.declared.functions(name, owner.as_deref());
        let first = found.next()?;
        // Free functions only, where no type stands before it.
        let is_free = owner.is_some() || self.declared.owner(first.0).is_none();
        (found.next().is_none() && is_free).then_some(first)
    }

    #[allow(clippy::too_many_arguments)] // The parts of one node.
    pub(super) fn method_result(
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
    pub(super) fn filled_in(&self, of: Ty, method: ItemId, owner: &Ty, steps: u32) -> Ty {
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
