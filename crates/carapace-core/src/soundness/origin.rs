//! From what a pointer was made, through casts, moves and variables, and where it is followed.

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::source::syntax::{Borrow, ExprId, ExprKind, Prefix, TypeId, TypeKind};

/// How many casts, moves and variables are gone through.
const MAX_STEPS: u32 = 24;

/// From what a pointer was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// What was cast or moved first.
    pub(crate) base: ExprId,
    /// Whether there was a cast.
    pub(crate) is_cast: bool,
}

/// A place where a pointer is followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Follow {
    /// The pointer.
    pub(crate) pointer: ExprId,
    /// Whether a slice is made of it, and how long.
    pub(crate) length: Option<ExprId>,
    /// Whether it has to be aligned there.
    pub(crate) is_aligned: bool,
    /// Whether something is made of it that may be written, or it is written.
    pub(crate) is_written: bool,
    /// Whether it is only written, and nothing read.
    pub(crate) is_put: bool,
}

impl<'p> At<'p> {
    /// From what a pointer was made.
    pub(crate) fn origin(&self, pointer: ExprId) -> Origin {
        let mut origin = Origin {
            base: self.bare(pointer),
            is_cast: false,
        };
        for _ in 0..MAX_STEPS {
            let Some((next, is_cast)) = self.made_of(origin.base) else {
                break;
            };
            origin.base = self.bare(next);
            origin.is_cast |= is_cast;
        }
        origin
    }

    fn made_of(&self, pointer: ExprId) -> Option<(ExprId, bool)> {
        const CASTS: [&str; 4] = ["cast", "cast_mut", "cast_const", "as_ptr"];
        const MOVES: [&str; 8] = [
            "add",
            "sub",
            "offset",
            "wrapping_add",
            "wrapping_sub",
            "wrapping_offset",
            "byte_add",
            "byte_sub",
        ];
        match self.kind(pointer) {
            ExprKind::Cast { operand, to } => {
                let is_pointer = matches!(
                    self.syntax().type_kind(*to),
                    TypeKind::Pointer { .. } | TypeKind::Ref { .. }
                );
                is_pointer.then_some((*operand, true))
            }
            ExprKind::Method { .. } => {
                if let Some((receiver, [])) = self.method_of(pointer, &CASTS) {
                    // `as_ptr` of a slice is where a pointer begins.
                    let is_cast = self.method_of::<0>(pointer, &["as_ptr"]).is_none();
                    return is_cast.then_some((receiver, true));
                }
                let (receiver, [_]) = self.method_of(pointer, &MOVES)?;
                Some((receiver, false))
            }
            ExprKind::Block(_) => Some((self.tail(pointer)?, false)),
            ExprKind::Path(_) => {
                let name = self.single(pointer)?;
                let binding = self.binding(name, pointer)?;
                match binding.bound {
                    Bound::Let {
                        value: Some(value), ..
                    } if !binding.mutable && self.is_written_pointer(value) => Some((value, false)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a value is a pointer as it is written: a cast, a pointer's method, or so typed.
    fn is_written_pointer(&self, value: ExprId) -> bool {
        let value = self.bare(value);
        match self.kind(value) {
            ExprKind::Cast { to, .. } => {
                matches!(self.syntax().type_kind(*to), TypeKind::Pointer { .. })
            }
            ExprKind::Block(_) => self
                .tail(value)
                .is_some_and(|tail| self.is_written_pointer(tail)),
            ExprKind::Method { name, .. } => {
                const POINTERS: [&str; 5] = ["as_ptr", "as_mut_ptr", "cast", "add", "offset"];
                POINTERS.iter().any(|word| self.is_name(*name, word))
            }
            _ => matches!(self.type_of(value), Ty::Pointer { .. }),
        }
    }

    /// What a pointer or reference leads to; of `x.as_ptr()`, an element.
    pub(crate) fn pointee(&self, id: ExprId) -> Ty {
        match self.type_of(id) {
            Ty::Ref { of, .. } | Ty::Pointer { of, .. } => *of,
            _ => Ty::Unknown,
        }
    }

    /// The pointer that an expression follows.
    pub(crate) fn follow(&self, id: ExprId) -> Option<Follow> {
        match self.kind(id) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => {
                // What a reference leads to is there as it says.
                if matches!(self.type_of(*operand), Ty::Ref { .. } | Ty::Boxed(_)) {
                    return None;
                }
                Some(Follow {
                    pointer: *operand,
                    length: None,
                    is_aligned: !self.is_only_place(id),
                    is_written: self.is_mutably_used(id),
                    is_put: self.is_assigned(id),
                })
            }
            ExprKind::Call { .. } => self.followed_by_call(id),
            ExprKind::Method { .. } => {
                const READS: [&str; 2] = ["read", "as_ref"];
                const WRITES: [&str; 2] = ["write", "as_mut"];
                let read = self.method_of::<0>(id, &READS);
                let read = read.map(|(receiver, _)| (receiver, false));
                let write = || match self.method_of::<1>(id, &WRITES) {
                    Some((receiver, _)) => Some((receiver, true)),
                    None => Some((self.method_of::<0>(id, &WRITES)?.0, true)),
                };
                let (pointer, is_written) = read.or_else(write)?;
                let is_pointer = matches!(self.type_of(pointer), Ty::Pointer { .. })
                    || matches!(
                        self.kind(self.bare(pointer)),
                        ExprKind::Cast { to, .. }
                            if matches!(self.syntax().type_kind(*to), TypeKind::Pointer { .. })
                    );
                is_pointer.then_some(Follow {
                    pointer,
                    length: None,
                    is_aligned: true,
                    is_written,
                    is_put: self.method_of::<1>(id, &["write"]).is_some(),
                })
            }
            _ => None,
        }
    }

    fn followed_by_call(&self, id: ExprId) -> Option<Follow> {
        const SLICES: [&str; 2] = ["from_raw_parts", "from_raw_parts_mut"];
        if let Some(([pointer, length], call)) = self.call_of(id, "slice", &SLICES) {
            return Some(Follow {
                pointer,
                length: Some(length),
                is_aligned: true,
                is_written: call.name.ends_with("mut"),
                is_put: false,
            });
        }
        if let Some(([pointer], call)) = self.call_of(id, "ptr", &["read", "read_unaligned"]) {
            return Some(Follow {
                pointer,
                length: None,
                is_aligned: call.name == "read",
                is_written: false,
                is_put: false,
            });
        }
        let ([pointer, _], call) = self.call_of(id, "ptr", &["write", "write_unaligned"])?;
        Some(Follow {
            pointer,
            length: None,
            is_aligned: call.name == "write",
            is_written: true,
            is_put: true,
        })
    }

    /// Whether a dereference only names a place: `addr_of!((*p).field)`.
    fn is_only_place(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(around) = self.around(at) {
            match self.kind(around) {
                ExprKind::Field { .. } => at = around,
                ExprKind::Borrow { how, .. } => {
                    return matches!(how, Borrow::RawConst | Borrow::RawMut);
                }
                ExprKind::Macro { path, .. } => {
                    let last = path.segments.last();
                    return last.is_some_and(|last| {
                        self.is_name(last.name, "addr_of") || self.is_name(last.name, "addr_of_mut")
                    });
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether a dereference is what something is assigned to.
    fn is_assigned(&self, id: ExprId) -> bool {
        self.around(id).is_some_and(|around| {
            matches!(
                self.kind(around),
                ExprKind::Assign { operator: None, left, .. } if self.bare(*left) == id
            )
        })
    }

    /// Whether a pointer is to an element of something that the function sees: of a slice, a text, a
    /// variable. A pointer that comes from elsewhere may have been made for what it is cast to.
    pub(crate) fn is_into_sequence(&self, base: ExprId) -> bool {
        match self.method_of::<0>(base, &["as_ptr", "as_mut_ptr"]) {
            Some((receiver, _)) => {
                let of = self.type_of(receiver);
                of.is_sequence() || matches!(of.peeled(), Ty::Str | Ty::String | Ty::Unknown)
            }
            None => matches!(self.type_of(base), Ty::Ref { .. }),
        }
    }

    /// Whether what a dereference gives is borrowed to be written, or written.
    fn is_mutably_used(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(around) = self.around(at) {
            match self.kind(around) {
                ExprKind::Field { .. } | ExprKind::Index { .. } => at = around,
                ExprKind::Borrow { how, .. } => return *how == Borrow::Mut,
                ExprKind::Assign { left, .. } => return self.syntax().is_within(id, *left),
                _ => return false,
            }
        }
        false
    }

    /// The type that a cast names, where it names one and not `_`.
    pub(crate) fn cast_to(&self, pointer: ExprId) -> Option<TypeId> {
        let ExprKind::Cast { to, .. } = self.kind(self.bare(pointer)) else {
            return None;
        };
        match self.syntax().type_kind(*to) {
            TypeKind::Pointer { of, .. } => Some(*of),
            _ => None,
        }
    }
}
