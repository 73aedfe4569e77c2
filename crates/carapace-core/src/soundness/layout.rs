//! How types of the package lie in memory: their size and alignment, their padding, what is promised.

use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::types::Ty;
use crate::source::syntax::{Item, ItemId, ItemKind};

/// How deep types are gone through.
const MAX_DEPTH: u32 = 8;
/// How many fields of a type are looked at.
const MAX_FIELDS: usize = 64;

/// What a type is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes, where they are known.
    pub(crate) size: Option<u32>,
    /// The alignment.
    pub(crate) align: u32,
}

impl<'p> At<'p> {
    /// A type of the package by its name.
    pub(crate) fn own_item(&self, name: &str) -> Option<(At<'_>, ItemId, &'p Item)> {
        let (place, item) = self.declared.type_named(name)?;
        Some((self.declared.at(place)?, place.item, item))
    }

    /// Whether a type of the package says how it lies in memory: `repr(C)` and the like.
    pub(crate) fn has_layout(&self, name: &str) -> bool {
        let Some((there, _, item)) = self.own_item(name) else {
            return true;
        };
        // What a macro makes of it is not known.
        let mut around = item.parent.and_then(|id| there.syntax().item(id));
        while let Some(found) = around {
            if matches!(found.kind, ItemKind::Call | ItemKind::Macro) {
                return true;
            }
            around = found.parent.and_then(|id| there.syntax().item(id));
        }
        let attributes = there.attributes(item);
        there.mentions(attributes, "repr")
            && there.mentions_any(
                attributes,
                &[
                    "C",
                    "transparent",
                    "packed",
                    "u8",
                    "i8",
                    "u16",
                    "i16",
                    "u32",
                    "i32",
                    "u64",
                    "i64",
                    "usize",
                    "isize",
                ],
            )
    }

    /// Whether a type of the package has a word in its `repr`.
    pub(crate) fn has_repr(&self, name: &str, word: &str) -> bool {
        let found = self.own_item(name);
        found.is_some_and(|(there, _, item)| {
            let attributes = there.attributes(item);
            there.mentions(attributes, "repr") && there.mentions(attributes, word)
        })
    }

    /// What a type is in memory, where that is known.
    pub(crate) fn extent(&self, of: &Ty) -> Option<Extent> {
        self.extent_in(of, MAX_DEPTH)
    }

    fn extent_in(&self, of: &Ty, depth: u32) -> Option<Extent> {
        let depth = depth.checked_sub(1)?;
        let exactly = |size: u32| {
            Some(Extent {
                size: Some(size),
                align: size,
            })
        };
        match of {
            Ty::Bool => exactly(1),
            Ty::Char => exactly(4),
            Ty::Int("usize" | "isize") | Ty::Pointer { .. } | Ty::Ref { .. } => Some(Extent {
                size: None,
                align: 4,
            }),
            Ty::Int(_) | Ty::Float(_) => exactly(of.bytes()?),
            Ty::Str => Some(Extent {
                size: None,
                align: 1,
            }),
            Ty::Slice(of) => {
                let align = self.extent_in(of, depth)?.align;
                Some(Extent { size: None, align })
            }
            Ty::Array(of, length) => {
                let of = self.extent_in(of, depth)?;
                let length = length
                    .as_ref()
                    .and_then(|length| length.parse::<u32>().ok());
                let size = of.size.zip(length).and_then(|(of, n)| of.checked_mul(n));
                Some(Extent { size, ..of })
            }
            Ty::Tuple(parts) => {
                let mut align = 1;
                for part in parts {
                    align = align.max(self.extent_in(part, depth)?.align);
                }
                Some(Extent { size: None, align })
            }
            Ty::Named(name, arguments) if name == "MaybeUninit" => {
                self.extent_in(arguments.first()?, depth)
            }
            Ty::Named(name, _) => self.struct_extent(name, depth),
            _ => None,
        }
    }

    fn struct_extent(&self, name: &str, depth: u32) -> Option<Extent> {
        let (there, id, item) = self.own_item(name)?;
        let ItemKind::Struct { fields, .. } = &item.kind else {
            return None;
        };
        let (_, bare) = of_file(name);
        let mut size = Some(0_u32);
        let mut align = 1;
        for field in fields {
            let of = there.written_in(field.of, Some(id));
            let of = there.extent_in(&of, depth)?;
            align = align.max(of.align);
            size = size
                .and_then(|size| size.checked_next_multiple_of(of.align))
                .zip(of.size)
                .and_then(|(size, of)| size.checked_add(of));
        }
        if self.has_repr(bare, "packed") {
            return Some(Extent {
                size: None,
                align: 1,
            });
        }
        Some(Extent {
            size: size.and_then(|size| size.checked_next_multiple_of(align)),
            align,
        })
    }

    /// Something in a type of the package of which not all bytes are a value.
    pub(crate) fn invalid_part(&self, name: &str) -> Option<&'static str> {
        self.invalid_in(name, MAX_DEPTH)
    }

    fn invalid_in(&self, name: &str, depth: u32) -> Option<&'static str> {
        let depth = depth.checked_sub(1)?;
        let (there, id, item) = self.own_item(name)?;
        let fields = match &item.kind {
            ItemKind::Struct { fields, .. } => fields,
            ItemKind::Enum { .. } => return Some("an `enum`"),
            _ => return None,
        };
        fields.iter().take(MAX_FIELDS).find_map(|field| {
            match there.written_in(field.of, Some(id)) {
                Ty::Bool => Some("a `bool`"),
                Ty::Char => Some("a `char`"),
                Ty::Ref { .. } => Some("a reference"),
                Ty::Boxed(_) | Ty::Vec(_) | Ty::String => Some("what owns memory"),
                Ty::Named(name, _) => self.invalid_in(&name, depth),
                _ => None,
            }
        })
    }

    /// Whether a struct of the package surely has padding, or may have since its fields stand anywhere.
    pub(crate) fn has_padding(&self, name: &str) -> bool {
        let Some((there, id, item)) = self.own_item(name) else {
            return false;
        };
        let ItemKind::Struct { fields, .. } = &item.kind else {
            return false;
        };
        if self.has_repr(name, "packed") || self.has_repr(name, "transparent") {
            return false;
        }
        let (mut sum, mut align) = (0_u32, 1);
        let mut kinds = (false, false);
        for field in fields.iter().take(MAX_FIELDS) {
            let of = there.written_in(field.of, Some(id));
            let extent = self.extent(&of);
            match extent.and_then(|extent| extent.size) {
                Some(size) => {
                    let extent = extent.map_or(1, |extent| extent.align);
                    if self.has_repr(name, "C") && sum % extent != 0 {
                        return true;
                    }
                    sum = sum.saturating_add(size);
                    align = align.max(extent);
                }
                // A number of C's of which the name says that it is wide, beside something narrow.
                None if is_wide(&there.type_text(field.of)) => kinds.0 = true,
                None => return false,
            }
            kinds.1 |= of == Ty::Bool || matches!(of, Ty::Int("u8" | "i8" | "u16" | "i16"));
        }
        match kinds {
            (true, is_mixed) => is_mixed,
            (false, _) => sum % align != 0,
        }
    }
}

fn is_wide(text: &str) -> bool {
    let last = text.rsplit("::").next().unwrap_or_default().trim();
    matches!(
        last,
        "c_int"
            | "c_uint"
            | "c_long"
            | "c_ulong"
            | "usize"
            | "isize"
            | "c_longlong"
            | "c_ulonglong"
    )
}
