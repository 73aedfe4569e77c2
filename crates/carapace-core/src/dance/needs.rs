//! Which operations of an unsafe block or function need it to be unsafe.

use super::at::At;
use super::types::Ty;
use crate::facts::dance::Need;
use crate::facts::operations::standard::{self, Method};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, Path, Prefix};

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
        let mut inner: Vec<ExprId> = Vec::new();
        for part in self
            .syntax()
            .within(body)
            .rev()
            .filter(|part| *part != body)
        {
            let is_outermost = !inner
                .iter()
                .any(|outer| self.syntax().is_within(part, *outer));
            if self.is_unsafe_block(part) && is_outermost {
                inner.push(part);
            }
        }
        let parts = self.syntax().within(body).rev();
        let mut found: Vec<Operation> = parts
            .filter(|part| {
                !inner
                    .iter()
                    .any(|outer| self.syntax().is_within(*part, *outer))
            })
            .filter_map(|part| self.needing(part))
            .collect();
        found.reverse();
        found
    }

    fn needing(&self, id: ExprId) -> Option<Operation> {
        let operation = |need, name: String, is_certain| {
            Some(Operation {
                expr: id,
                need,
                name,
                is_certain,
            })
        };
        match self.kind(id) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => match self.type_of(*operand) {
                Ty::Pointer { .. } => operation(Need::Deref, String::new(), true),
                Ty::Unknown | Ty::Parameter(_) => operation(Need::Deref, String::new(), false),
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
            ExprKind::Macro {
                path,
                is_read,
                arguments,
            } => {
                let name = path.segments.last().map(|last| self.name(last.name));
                let name = name.unwrap_or_default();
                match name.as_str() {
                    "asm" | "naked_asm" | "llvm_asm" => operation(Need::Assembly, name, true),
                    // What the standard library's macros make of expressions needs nothing.
                    _ if is_plain_macro(&name) => None,
                    // `addr_of!(*p)` does not dereference.
                    "addr_of" | "addr_of_mut" => None,
                    _ => {
                        let _ = (is_read, arguments);
                        operation(Need::Macro, name, false)
                    }
                }
            }
            ExprKind::Unknown => operation(Need::Unread, String::new(), false),
            _ => None,
        }
    }

    fn call(&self, id: ExprId, callee: ExprId) -> Option<Operation> {
        let callee = self.bare(callee);
        let operation = |need, name: String, is_certain| {
            Some(Operation {
                expr: id,
                need,
                name,
                is_certain,
            })
        };
        let ExprKind::Path(path) = self.kind(callee) else {
            // A pointer to a function that a field or a call gives.
            return match self.kind(callee) {
                ExprKind::Closure { .. } | ExprKind::Block(_) => None,
                _ => operation(Need::Unknown, self.text(callee), false),
            };
        };
        let written = self.text(callee);
        let written = written.split("::<").next().unwrap_or_default().to_owned();
        if let Some((parent, name)) = self.standard(path) {
            return match standard::is_unsafe(&parent, &name) {
                true => operation(Need::Standard, written, true),
                false if parent == "x86_64" || parent == "arch" || name.starts_with("_mm") => {
                    operation(Need::Standard, written, true)
                }
                false => None,
            };
        }
        let last = path.segments.last()?;
        let name = self.name(last.name);
        if name.starts_with("_mm") {
            return operation(Need::Standard, written, true);
        }
        if path.segments.len() == 1 && self.binding(&name, callee).is_some() {
            // A closure, or a pointer to a function.
            return match self.type_of(callee) {
                Ty::Unknown => None,
                _ => None,
            };
        }
        let parent = path.segments.iter().rev().nth(1);
        let parent = parent.map(|parent| self.name(parent.name));
        let mut declared = self.declared.functions(&name, None).peekable();
        if declared.peek().is_some() {
            let all: Vec<_> = declared.collect();
            let is_unsafe = |place, function: &crate::source::syntax::Function| {
                function.unsafety.is_some() || self.is_foreign(place)
            };
            let known = self.declared_function(id, path);
            if let Some((place, function)) = known {
                return match (is_unsafe(place, function), self.is_foreign(place)) {
                    (true, true) => operation(Need::Foreign, written, true),
                    (true, false) => operation(Need::Own, written, true),
                    (false, _) => None,
                };
            }
            let unsafes = all
                .iter()
                .filter(|(place, function)| is_unsafe(*place, function));
            return match unsafes.count() {
                0 => None,
                n if n == all.len() => operation(Need::Own, written, true),
                _ => operation(Need::Unknown, written, false),
            };
        }
        // A variant or a tuple struct; a function of a type of another package.
        let begins_upper = |name: &str| name.starts_with(|first: char| first.is_uppercase());
        if begins_upper(&name) {
            return None;
        }
        match parent.as_deref() {
            Some(parent) if begins_upper(parent) || super::types::is_primitive(parent) => None,
            // By the prelude.
            None if name == "drop" => None,
            _ => operation(Need::Unknown, written, false),
        }
    }

    /// Whether a function is declared in a block of foreign items.
    fn is_foreign(&self, place: super::declared::Place) -> bool {
        let Some(item) = self.declared.item(place) else {
            return false;
        };
        let around = item.parent.and_then(|parent| {
            let place = super::declared::Place {
                item: parent,
                ..place
            };
            self.declared.item(place)
        });
        around.is_some_and(|around| around.kind == ItemKind::Foreign)
    }

    fn method(&self, id: ExprId, receiver: ExprId, name: String) -> Option<Operation> {
        let operation = |need, is_certain| {
            Some(Operation {
                expr: id,
                need,
                name: name.clone(),
                is_certain,
            })
        };
        let of = self.type_of(receiver);
        if let Ty::Named(owner, _) = of.peeled()
            && self.declared.type_named(owner).is_some()
        {
            let mut own = self.declared.functions(&name, Some(owner)).peekable();
            if own.peek().is_some() {
                return match own.all(|(_, function)| function.unsafety.is_none()) {
                    true => None,
                    false => operation(Need::Own, true),
                };
            }
        }
        let declared: Vec<bool> = self
            .declared
            .functions(&name, None)
            .map(|(_, function)| function.unsafety.is_some())
            .collect();
        let is_known_type =
            of.is_known() && !matches!(of.peeled(), Ty::Named(..) | Ty::Parameter(_));
        match standard::method(&name) {
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
                of if is_own_method(of.peeled(), &name) => operation(Need::Standard, true),
                _ => None,
            },
            Method::No if declared.is_empty() => None,
            // Types of the standard library have such methods by the package's traits only.
            Method::No if is_known_type && !self.is_in_trait(&name) => None,
            Method::No => match declared.iter().filter(|is_unsafe| **is_unsafe).count() {
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
            let at = self.declared.at(place);
            let around = at.and_then(|at| at.syntax().item(at.implementation(place.item)?));
            matches!(
                around.map(|around| &around.kind),
                Some(
                    ItemKind::Trait { .. }
                        | ItemKind::Impl {
                            of_trait: Some(_),
                            ..
                        }
                )
            )
        })
    }

    fn static_mut(&self, id: ExprId, path: &Path) -> Option<Operation> {
        let last = path.segments.last()?;
        let name = self.name(last.name);
        if path.segments.len() == 1 && self.binding(&name, id).is_some() {
            return None;
        }
        let is_value = |kind: &ItemKind| matches!(kind, ItemKind::Value { .. });
        let (place, item) = self.declared.only(&name, is_value)?;
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
            name,
            is_certain: true,
        })
    }
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
