//! Which operations of an unsafe block or function need it to be unsafe.

use super::at::At;
use super::declared::Place;
use super::scope::{Binding, Bound};
use super::types::Ty;
use crate::facts::dance::Need;
use crate::facts::operations::standard::{self, Method};
use crate::reach::standard::is_method;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{ExprId, ExprKind, Item, ItemKind, Path, Prefix, TypeId, TypeKind};

/// How many functions of one name are looked at; of more, nothing is said.
const MAX_ALIKE: usize = 256;

/// How many operations of one site are looked at.
const MAX_OPERATIONS: usize = 1024;

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The call, the dereference, the name.
    pub(crate) expr: ExprId,
    /// What kind it is.
    pub(crate) need: Need,
    /// What is called or used, as it is written.
    pub(crate) name: String,
    /// Whether it surely is one. If not, nothing that is known of it says that it is not.
    pub(crate) is_certain: bool,
}

impl At<'_> {
    /// The operations in the body of an unsafe block or function: those in unsafe blocks inside
    /// belong to these.
    pub(crate) fn operations(&self, body: ExprId) -> Vec<Operation> {
        let mut found: Vec<Operation> = Vec::new();
        let mut next = self.syntax().within(body).next_back();
        while let Some(part) = next {
            if part != body && self.is_unsafe_block(part) {
                next = self.syntax().before(part, body);
                continue;
            }
            next = self.syntax().previous(part, body);
            found.extend(self.needing(part));
            if found.len() > MAX_OPERATIONS {
                // What comes before may need anything.
                found.push(Operation {
                    expr: body,
                    need: Need::Unread,
                    name: String::new(),
                    is_certain: true,
                });
                break;
            }
        }
        found.reverse();
        found
    }

    /// Whether an expression is handed to a macro that may make anything of it: its text, too.
    pub(crate) fn is_handed_on(&self, id: ExprId) -> bool {
        self.syntax().ancestors(id).any(|around| {
            let ExprKind::Macro { path, .. } = self.kind(around) else {
                return false;
            };
            // Without a name it is a repetition, which is in a macro's own body.
            let name = self.last_name(path);
            name.is_some_and(|name| !is_plain_macro(name))
        })
    }

    fn needing(&self, id: ExprId) -> Option<Operation> {
        let operation = |need, name: &str, is_certain| {
            Some(Operation {
                expr: id,
                need,
                name: name.to_owned(),
                is_certain,
            })
        };
        match self.kind(id) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => match self.type_of(*operand) {
                Ty::Pointer { .. } => operation(Need::Deref, "", true),
                Ty::Unknown | Ty::Parameter(_) => operation(Need::Deref, "", false),
                _ => None,
            },
            ExprKind::Call { callee, .. } => self.call(id, *callee),
            ExprKind::Method { receiver, name, .. } => {
                let name = self.name(*name);
                self.method(id, *receiver, name)
            }
            ExprKind::Path(path) => self.static_mut(id, path),
            ExprKind::Field { base, name } => {
                let Ty::Named(of, _) = self.type_of(*base).peeled().clone() else {
                    return None;
                };
                let (_, item) = self.declared.type_named(&of)?;
                match item.kind {
                    ItemKind::Union { .. } => operation(Need::Union, self.name(*name), true),
                    _ => None,
                }
            }
            ExprKind::Macro { path, .. } => {
                let name = self.last_name(path);
                let name = name.unwrap_or_default();
                match name {
                    "asm" | "naked_asm" | "llvm_asm" => operation(Need::Assembly, name, true),
                    // What the standard library's macros make of expressions needs nothing.
                    _ if is_plain_macro(name) => None,
                    // `addr_of!(*p)` does not dereference.
                    "addr_of" | "addr_of_mut" => None,
                    _ => operation(Need::Macro, name, false),
                }
            }
            ExprKind::Unknown => operation(Need::Unread, "", false),
            _ => None,
        }
    }

    fn call(&self, id: ExprId, callee: ExprId) -> Option<Operation> {
        let callee = self.bare(callee);
        let ExprKind::Path(path) = self.kind(callee) else {
            // A pointer to a function that a field or a call gives.
            return match self.kind(callee) {
                ExprKind::Closure { .. } | ExprKind::Block(_) => None,
                _ => Some(Operation {
                    expr: id,
                    need: Need::Unknown,
                    name: self.text(callee),
                    is_certain: false,
                }),
            };
        };
        let operation = |need, is_certain| {
            let written = self.text(callee);
            Some(Operation {
                expr: id,
                need,
                name: written.split("::<").next().unwrap_or_default().to_owned(),
                is_certain,
            })
        };
        if let Some((parent, name)) = self.standard(path) {
            return match standard::is_unsafe(parent, name) {
                true => operation(Need::Standard, true),
                false if parent == "x86_64" || parent == "arch" || name.starts_with("_mm") => {
                    operation(Need::Standard, true)
                }
                false => None,
            };
        }
        let last = path.segments.last()?;
        let name = self.name(last.name);
        if name.starts_with("_mm") {
            return operation(Need::Standard, true);
        }
        if path.segments.len() == 1
            && let Some(binding) = self.binding(name, callee)
        {
            // A closure, or a pointer to a function.
            return match self.is_bound_unsafe(binding) {
                true => operation(Need::Unknown, false),
                false => None,
            };
        }
        let is_elsewhere = self.is_elsewhere(path);
        let mut declared = self.declared.functions(name, None).peekable();
        if declared.peek().is_some() && !is_elsewhere {
            let has_features = |place| {
                let there = self.declared.there(place);
                there.is_some_and(|(there, item)| there.has_features(item))
            };
            if let Some((place, function)) = self.declared_function(id, path) {
                return match (self.is_foreign(place), function.unsafety) {
                    (true, _) => operation(Need::Foreign, true),
                    (false, Some(_)) => operation(Need::Own, true),
                    // Safe for callers that have its features.
                    (false, None) if has_features(place) => {
                        operation(Need::Own, !self.is_with_features(id))
                    }
                    (false, None) => None,
                };
            }
            let all: Vec<_> = declared.take(MAX_ALIKE).collect();
            let unsafes = all
                .iter()
                .filter(|(place, function)| function.unsafety.is_some() || self.is_foreign(*place));
            return match unsafes.count() {
                _ if all.len() == MAX_ALIKE => operation(Need::Unknown, false),
                0 => None,
                n if n == all.len() => operation(Need::Own, true),
                _ => operation(Need::Unknown, false),
            };
        }
        // A variant or a tuple struct.
        let begins_upper = |name: &str| name.starts_with(|first: char| first.is_uppercase());
        if begins_upper(name) {
            return None;
        }
        let parent = self.parent_name(path);
        match parent {
            // What a derive or a trait gives a type of the package, or a primitive one.
            Some(parent)
                if super::types::is_primitive(parent)
                    || parent == "Self"
                    || !is_elsewhere && self.declared.type_named(parent).is_some() =>
            {
                None
            }
            // By the prelude.
            None if name == "drop" => None,
            _ => operation(Need::Unknown, false),
        }
    }

    /// Whether a variable may be a pointer to an unsafe function.
    fn is_bound_unsafe(&self, binding: Binding) -> bool {
        let (Bound::Parameter(of)
        | Bound::Closure(Some(of))
        | Bound::Let {
            declared: Some(of), ..
        }) = binding.bound
        else {
            let is_closure = matches!(
                binding.bound,
                Bound::Let { value: Some(value), .. }
                    if matches!(self.kind(self.bare(value)), ExprKind::Closure { .. })
            );
            return !is_closure && !matches!(binding.bound, Bound::Closure(None));
        };
        let tokens = self.type_tokens(of);
        let mut tokens = tokens.start..tokens.end;
        let source = self.file.source;
        let names_one = self.is_alias(of);
        names_one || tokens.any(|at| source.kind(at as usize) == TokenKind::Unsafe)
    }

    /// Whether a type is a name that the package gives another.
    fn is_alias(&self, of: TypeId) -> bool {
        let TypeKind::Path(path) = self.syntax().type_kind(of) else {
            return false;
        };
        let last = self.last_name(path);
        let found = last.and_then(|name| self.declared.type_named(name));
        found.is_some_and(|(_, item)| matches!(item.kind, ItemKind::Alias { .. }))
    }

    /// Whether a function is made for features that a machine may not have.
    pub(crate) fn has_features(&self, item: &Item) -> bool {
        self.mentions(self.attributes(item), "target_feature")
    }

    /// Whether an expression is in such a function.
    pub(crate) fn is_with_features(&self, id: ExprId) -> bool {
        let item = self.item_of(id).and_then(|item| self.syntax().item(item));
        item.is_some_and(|item| self.has_features(item))
    }

    /// Whether a function is declared in a block of foreign items.
    fn is_foreign(&self, place: Place) -> bool {
        let Some((at, item)) = self.declared.there(place) else {
            return false;
        };
        let around = item.parent.and_then(|parent| {
            let place = Place {
                item: parent,
                ..place
            };
            self.declared.item(place)
        });
        match around.map(|around| &around.kind) {
            Some(ItemKind::Foreign) => true,
            Some(ItemKind::Trait { .. }) => false,
            // Without a body: a macro puts a block of foreign items around it.
            _ => {
                let last = (item.tokens.end as usize).saturating_sub(1);
                matches!(item.kind, ItemKind::Function(_))
                    && at.file.source.kind(last) == TokenKind::Semi
            }
        }
    }

    fn method(&self, id: ExprId, receiver: ExprId, name: &str) -> Option<Operation> {
        let operation = |need, is_certain| {
            Some(Operation {
                expr: id,
                need,
                name: name.to_owned(),
                is_certain,
            })
        };
        let of = self.type_of(receiver);
        if let Ty::Named(owner, _) = of.peeled()
            && self.declared.type_named(owner).is_some()
        {
            let mut own = self.declared.functions(name, Some(owner)).peekable();
            if own.peek().is_some() {
                return match own.all(|(_, function)| function.unsafety.is_none()) {
                    true => None,
                    false => operation(Need::Own, true),
                };
            }
        }
        let declared: Vec<bool> = self
            .declared
            .functions(name, None)
            .take(MAX_ALIKE)
            .map(|(_, function)| function.unsafety.is_some())
            .collect();
        let is_known_type =
            of.is_known() && !matches!(of.peeled(), Ty::Named(..) | Ty::Parameter(_));
        match standard::method(name) {
            Method::Unsafe if declared.iter().any(|is_unsafe| !is_unsafe) && !is_known_type => {
                operation(Need::Unknown, false)
            }
            Method::Unsafe => operation(Need::Standard, true),
            // Of pointers: `add`, `read`, `write`; others have safe methods of these names.
            Method::Shared => match of {
                Ty::Pointer { .. } => operation(Need::Standard, true),
                Ty::Named(ref own, _) if own == "NonNull" => operation(Need::Standard, true),
                _ if name == "as_bytes_mut" && matches!(of.peeled(), Ty::Str | Ty::String) => {
                    operation(Need::Standard, true)
                }
                Ty::Unknown if declared.is_empty() => operation(Need::Unknown, false),
                of if is_own_method(of.peeled(), name) => operation(Need::Standard, true),
                _ => None,
            },
            // Another package's, unless the standard library has one of the name.
            Method::No if declared.is_empty() => match is_known_type || is_method(name) {
                true => None,
                false => operation(Need::Unknown, false),
            },
            // Types of the standard library have such methods by the package's traits only.
            Method::No if is_known_type && !self.is_in_trait(name) => None,
            Method::No => match declared.iter().filter(|is_unsafe| **is_unsafe).count() {
                _ if declared.len() == MAX_ALIKE => operation(Need::Unknown, false),
                0 => None,
                n if n == declared.len() => operation(Need::Own, true),
                _ => operation(Need::Unknown, false),
            },
        }
    }

    /// Whether a trait of the package has a method of a name.
    fn is_in_trait(&self, name: &str) -> bool {
        let mut functions = self.declared.functions(name, None);
        functions.any(|(place, _)| {
            let there = self.declared.at(place);
            there.is_some_and(|there| there.is_of_trait(place.item))
        })
    }

    fn static_mut(&self, id: ExprId, path: &Path) -> Option<Operation> {
        let last = path.segments.last()?;
        let name = self.name(last.name);
        if path.segments.len() == 1 && self.binding(name, id).is_some() {
            return None;
        }
        let is_value = |kind: &ItemKind| matches!(kind, ItemKind::Value { .. });
        let (place, item) = self.declared.only(name, is_value)?;
        let ItemKind::Value {
            mutable, is_static, ..
        } = item.kind
        else {
            return None;
        };
        let is_foreign = is_static && self.is_foreign(place);
        (mutable || is_foreign).then_some(Operation {
            expr: id,
            need: match is_foreign {
                true => Need::Foreign,
                false => Need::StaticMut,
            },
            name: name.to_owned(),
            is_certain: true,
        })
    }
}

/// Whether a function's name says that it leaves something to its caller.
pub(crate) fn says_unchecked(name: &str) -> bool {
    name.contains("unchecked") || name.contains("unsafe")
}

/// Whether a type's own method of a name is unsafe, of a type that has such ones.
fn is_own_method(of: &Ty, name: &str) -> bool {
    let parent = match of {
        Ty::Vec(_) => "Vec",
        Ty::String => "String",
        Ty::Str => "str",
        Ty::Slice(_) | Ty::Array(..) => "slice",
        _ => return false,
    };
    standard::is_unsafe(parent, name)
}

/// Macros of the standard library, and the oldest of others, that hand on their arguments.
fn is_plain_macro(name: &str) -> bool {
    matches!(
        name,
        "assert"
            | "assert_eq"
            | "assert_ne"
            | "debug_assert"
            | "debug_assert_eq"
            | "debug_assert_ne"
            | "format"
            | "print"
            | "println"
            | "eprint"
            | "eprintln"
            | "write"
            | "writeln"
            | "panic"
            | "unreachable"
            | "unimplemented"
            | "todo"
            | "vec"
            | "try"
            | "matches"
            | "format_args"
            | "concat"
            | "stringify"
            | "line"
            | "file"
            | "column"
            | "env"
            | "option_env"
            | "include_str"
            | "include_bytes"
            | "cfg"
            | "dbg"
            | "trace"
            | "debug"
            | "info"
            | "warn"
            | "error"
            | "offset_of"
            | "ready"
            | "pin"
            | "compile_error"
            | "thread_local"
            | "module_path"
    )
}
