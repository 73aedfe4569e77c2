//! Calls of functions that other languages implement, or that another package declares unsafe.

use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::source::syntax::{ExprId, ExprKind, ItemKind};

/// A call of a foreign function.
#[derive(Debug, Clone)]
pub(crate) struct Foreign<'p> {
    /// Its last name.
    pub(crate) name: &'p str,
    /// Its arguments.
    pub(crate) arguments: &'p [ExprId],
}

impl<'p> At<'p> {
    /// A call of a foreign function: one that the package declares in a foreign block, or one of
    /// another package in unsafe code.
    pub(crate) fn foreign_call(&self, id: ExprId) -> Option<Foreign<'p>> {
        let ExprKind::Call { arguments, .. } = self.kind(id) else {
            return None;
        };
        let path = self.callee_path(id)?;
        let last = path.segments.last()?;
        let bytes = self.file.source.name_bytes(last.name as usize);
        if bytes.first().is_some_and(u8::is_ascii_uppercase) {
            return None;
        }
        let name = self.name(last.name);
        // The standard library's `ffi` has no functions: a module of that name has C's.
        let is_standard = self
            .standard(path)
            .is_some_and(|(parent, _)| parent != "ffi");
        if !name.starts_with(|first: char| first.is_lowercase()) || is_standard {
            return None;
        }
        let mut declared = self.declared.functions(name, None).peekable();
        let is_foreign = match declared.peek() {
            Some(_) if !self.is_elsewhere(path) => declared.any(|(place, _)| self.is_bound(place)),
            _ => {
                let is_variable = path.segments.len() == 1 && self.binding(name, id).is_some();
                let is_named = match path.segments.as_slice() {
                    [.., before, _] => self
                        .name(before.name)
                        .starts_with(|first: char| first.is_lowercase()),
                    _ => {
                        !self.declared.has(name)
                            && !matches!(name, "transmute" | "drop" | "forget" | "zeroed")
                    }
                };
                is_named && !is_variable && self.rests_on(id).is_some()
            }
        };
        is_foreign.then_some(Foreign { name, arguments })
    }

    /// Whether a function is declared in a foreign block.
    fn is_bound(&self, place: Place) -> bool {
        let parent = self.declared.item(place).and_then(|item| item.parent);
        let around = parent.and_then(|item| self.declared.item(Place { item, ..place }));
        around.is_some_and(|around| matches!(around.kind, ItemKind::Foreign))
    }

    /// The foreign call that gives a value: itself, or through variables and casts.
    pub(crate) fn foreign_source(&self, id: ExprId) -> Option<Foreign<'p>> {
        use crate::dance::scope::Bound;
        let base = self.origin(id).base;
        if let Some(call) = self.foreign_call(base) {
            return Some(call);
        }
        let name = self.single(base)?;
        match self.binding(name, base)?.bound {
            Bound::Let {
                value: Some(value), ..
            } => self.foreign_call(self.origin(value).base),
            _ => None,
        }
    }
}
