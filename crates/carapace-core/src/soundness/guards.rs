//! What repairs things while a panic unwinds: values whose `Drop` does it, aborts, `catch_unwind`.

use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Item, ItemId, ItemKind, Path};

/// Functions after which no panic of what they run goes further, or that make such values.
const STOPS: [&str; 6] = [
    "catch_unwind",
    "guard",
    "guard_on_unwind",
    "guard_on_success",
    "abort_on_panic",
    "abort_unwind",
];
/// Parts of names that types with such a `Drop` have.
const NAMES: [&str; 9] = [
    "Guard",
    "Hole",
    "OnDrop",
    "OnUnwind",
    "Bomb",
    "Abort",
    "Defer",
    "Backshift",
    "Restore",
];

impl At<'_> {
    /// Whether an expression makes something that repairs or stops while a panic unwinds.
    pub(crate) fn is_guard(&self, id: ExprId) -> bool {
        match self.kind(id) {
            ExprKind::Struct { path, .. } => self.is_guard_named(path),
            ExprKind::Call { .. } => {
                let Some(path) = self.called_path(id) else {
                    return false;
                };
                let last = path.segments.last();
                last.is_some_and(|last| STOPS.iter().any(|stop| self.is_name(last.name, stop)))
                    || self.is_guard_named(path)
            }
            ExprKind::Macro { path, .. } => path.segments.last().is_some_and(|last| {
                let name = self.name(last.name);
                name.starts_with("defer") || name == "abort_on_panic"
            }),
            // A unit struct: `let bomb = Abort;`
            ExprKind::Path(path) => match path.segments.as_slice() {
                [one] => {
                    let name = self.name(one.name);
                    NAMES.iter().any(|part| name.contains(part)) && self.has_drop(name)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `Guard { … }`, `Guard(…)`, `Guard::new(…)`
    fn is_guard_named(&self, path: &Path) -> bool {
        let names = path.segments.iter().rev().take(2);
        let mut names = names.map(|segment| self.name(segment.name));
        let named = names.find(|name| name.starts_with(|first: char| first.is_uppercase()));
        named.is_some_and(|name| name != "Self" && self.is_guard_type(name))
    }

    /// Whether a type of the package repairs something when it is dropped: it borrows what it repairs, or
    /// is called so, or is only known in one function.
    pub(crate) fn is_guard_type(&self, name: &str) -> bool {
        if !self.has_drop(name) {
            return false;
        }
        if NAMES.iter().any(|part| name.contains(part)) {
            return true;
        }
        let mut types = self.declared.all(name);
        types.any(|(place, item)| {
            let Some(there) = self.declared.at(place) else {
                return false;
            };
            matches!(item.kind, ItemKind::Struct { .. })
                && (there.borrows(item) || there.is_in_a_function(place.item))
        })
    }

    /// Whether the package implements `Drop` for a type.
    pub(crate) fn has_drop(&self, name: &str) -> bool {
        let mut places = self.declared.implementations(name).take(256);
        places.any(|place| self.drop_at(place))
    }

    fn drop_at(&self, place: Place) -> bool {
        let (Some(there), Some(item)) = (self.declared.at(place), self.declared.item(place)) else {
            return false;
        };
        let ItemKind::Impl {
            of_trait: Some(of_trait),
            ..
        } = &item.kind
        else {
            return false;
        };
        let last = of_trait.segments.last();
        last.is_some_and(|last| there.is_name(last.name, "Drop"))
    }

    /// Whether a type has a lifetime: its declaration has one before its body.
    fn borrows(&self, item: &Item) -> bool {
        let generics = self.generics(item);
        let head = generics.head.start as usize..generics.head.end as usize;
        head.take(64)
            .any(|at| self.file.source.kind(at) == T::Lifetime)
    }

    fn is_in_a_function(&self, item: ItemId) -> bool {
        let around = self.syntax().item(item).and_then(|item| item.parent);
        let around = around.and_then(|around| self.syntax().item(around));
        around.is_some_and(|around| matches!(around.kind, ItemKind::Function(_)))
    }
}
