//! Which unsafe operations rest on a number or a pointer: an element taken unchecked, a pointer moved,
//! a slice made, memory copied, a length set.

use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::facts::operations::standard;
use crate::source::syntax::{
    ExprId, ExprKind, Function, ItemId, ItemKind, Parent, Path, Prefix, Statement, StatementKind,
};

/// How many operations of one function are looked at.
const MAX_ACCESSES: usize = 256;
/// How many variables are followed one to another.
const MAX_STEPS: u32 = 8;
/// How many calls deep it is looked at whether a pointer is relied on.
const MAX_CALLS: u32 = 2;
/// How many calls of one function are followed into what they call, and how many expressions of
/// that are looked at.
const MAX_CALLS_FOLLOWED: usize = 64;
const MAX_PARTS_WITHIN: usize = 1024;
/// How many calls of a called function are followed.
const MAX_CALLS_WITHIN: usize = 16;

/// What an operation does with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Takes an element or a part of a slice: `get_unchecked`.
    Element,
    /// Moves a pointer: `add`.
    Offset,
    /// Makes a slice: `from_raw_parts`.
    Slice,
    /// Copies or fills so much.
    Copy,
    /// Sets a length.
    Length,
    /// Calls an unsafe function of the package.
    Own,
}

/// An unsafe operation that rests on numbers.
#[derive(Debug, Clone)]
pub(crate) struct Access<'p> {
    /// The call.
    pub(crate) expr: ExprId,
    /// The keyword of the unsafe block that it is in.
    pub(crate) keyword: u32,
    /// What it does.
    pub(crate) kind: Kind,
    /// What it does it with.
    pub(crate) base: Option<ExprId>,
    /// The numbers.
    pub(crate) numbers: Vec<ExprId>,
    /// What is called.
    pub(crate) name: &'p str,
    /// The function of the package, where it is one.
    pub(crate) own: Option<Place>,
}

impl<'p> At<'p> {
    /// The operations of a function's body that rest on numbers. `is_all` where all of it is unsafe.
    pub(crate) fn accesses(&self, body: ExprId, is_all: bool) -> Vec<Access<'p>> {
        let parts = self.syntax().within(body);
        let own_function = self.function_of(body);
        let accesses = parts.filter_map(|id| {
            let (kind, base, numbers, name, own) = self.resting(id)?;
            if self.function_of(id) != own_function {
                return None;
            }
            let keyword = match self.unsafe_around(id) {
                Some(keyword) => keyword,
                None if is_all => 0,
                None => return None,
            };
            Some(Access {
                expr: id,
                keyword,
                kind,
                base,
                numbers,
                name,
                own,
            })
        });
        self.up_to(MAX_ACCESSES, accesses).collect()
    }

    #[allow(clippy::type_complexity)] // The parts of an `Access`.
    fn resting(
        &self,
        id: ExprId,
    ) -> Option<(Kind, Option<ExprId>, Vec<ExprId>, &'p str, Option<Place>)> {
        match self.kind(id) {
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let name = self.name(*name);
                let base = Some(*receiver);
                let (kind, numbers) = match (name, arguments.as_slice()) {
                    ("get_unchecked" | "get_unchecked_mut" | "slice_unchecked", [index]) => {
                        (Kind::Element, vec![*index])
                    }
                    ("add" | "offset" | "sub" | "byte_add" | "byte_offset" | "byte_sub", [by])
                        if self.is_pointer(*receiver) =>
                    {
                        (Kind::Offset, vec![*by])
                    }
                    ("set_len", [length]) => (Kind::Length, vec![*length]),
                    (
                        "copy_to"
                        | "copy_from"
                        | "copy_to_nonoverlapping"
                        | "copy_from_nonoverlapping"
                        | "write_bytes",
                        [_, count],
                    ) => (Kind::Copy, vec![*count]),
                    (_, []) => return None,
                    (_, arguments) => {
                        let own = self.own_unsafe_method(name)?;
                        let numbers = arguments.to_vec();
                        return Some((Kind::Own, base, numbers, name, Some(own)));
                    }
                };
                Some((kind, base, numbers, name, None))
            }
            ExprKind::Call { arguments, .. } => {
                let path = self.called_path(id)?;
                let name = self.name(path.segments.last()?.name);
                let is_standard = |parent: &str| {
                    let call = self.standard(path);
                    call.is_some_and(|(found, _)| found == parent)
                        || path.segments.len() == 1 && !self.declared.has(name)
                };
                match (name, arguments.as_slice()) {
                    ("from_raw_parts" | "from_raw_parts_mut", [base, length])
                        if is_standard("slice") =>
                    {
                        Some((Kind::Slice, Some(*base), vec![*length], name, None))
                    }
                    (
                        "copy" | "copy_nonoverlapping" | "swap_nonoverlapping" | "write_bytes",
                        [base, _, count],
                    ) if is_standard("ptr") => {
                        Some((Kind::Copy, Some(*base), vec![*count], name, None))
                    }
                    (_, []) => None,
                    (_, arguments) => {
                        let (place, function) = self.declared_function(id, path)?;
                        function.unsafety?;
                        Some((Kind::Own, None, arguments.to_vec(), name, Some(place)))
                    }
                }
            }
            _ => None,
        }
    }

    /// Whether an expression is surely a raw pointer.
    pub(crate) fn is_pointer(&self, id: ExprId) -> bool {
        let id = self.bare(id);
        match self.type_of(id) {
            Ty::Pointer { .. } => return true,
            Ty::Named(name, _) if name == "NonNull" => return true,
            Ty::Unknown => {}
            _ => return false,
        }
        match self.kind(id) {
            ExprKind::Method { name, .. } => {
                const POINTERS: [&str; 8] = [
                    "as_ptr",
                    "as_mut_ptr",
                    "cast",
                    "add",
                    "offset",
                    "sub",
                    "cast_mut",
                    "ptr",
                ];
                POINTERS.iter().any(|word| self.is_name(*name, word))
            }
            _ => {
                let Some(binding) = self.single(id).and_then(|name| self.binding(name, id)) else {
                    return false;
                };
                match binding.bound {
                    Bound::Let {
                        value: Some(value), ..
                    } => matches!(
                        self.kind(self.bare(value)),
                        ExprKind::Method { name, .. }
                            if self.is_name(*name, "as_ptr") || self.is_name(*name, "as_mut_ptr")
                    ),
                    _ => false,
                }
            }
        }
    }

    /// The only unsafe method of the package under a name that safe ones do not have.
    fn own_unsafe_method(&self, name: &str) -> Option<Place> {
        if standard::method(name) == standard::Method::Shared {
            return None;
        }
        let mut functions = self.declared.functions(name, None).take(8);
        let first = functions.next()?;
        let is_unsafe = |function: &Function| function.unsafety.is_some();
        let all = is_unsafe(first.1) && functions.all(|(_, function)| is_unsafe(function));
        all.then_some(first.0)
    }

    /// Whether what a moved pointer leads to is read, written or borrowed.
    pub(crate) fn is_reached_through(&self, id: ExprId) -> bool {
        let mut at = id;
        for _ in 0..32 {
            match self.syntax().expr(at).parent {
                Parent::Expr(around) => match self.kind(around) {
                    ExprKind::Paren(_) | ExprKind::Cast { .. } => at = around,
                    ExprKind::Unary { operator, .. } => return *operator == Prefix::Deref,
                    ExprKind::Method { receiver, name, .. } if *receiver == at => {
                        const MOVES: [&str; 6] =
                            ["add", "offset", "sub", "cast", "cast_mut", "cast_const"];
                        if !MOVES.iter().any(|word| self.is_name(*name, word)) {
                            return true;
                        }
                        at = around;
                    }
                    ExprKind::Method { .. } | ExprKind::Call { .. } => return true,
                    _ => return false,
                },
                Parent::Statement(statement) => {
                    let found = self.syntax().statement(statement);
                    return matches!(
                        found,
                        Some(Statement {
                            kind: StatementKind::Let { .. },
                            ..
                        })
                    );
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether a moved pointer is kept in a field.
    pub(crate) fn is_kept(&self, id: ExprId) -> bool {
        let Some(around) = self.around(id) else {
            return false;
        };
        match self.kind(around) {
            ExprKind::Assign { left, .. } => {
                matches!(self.kind(self.bare(*left)), ExprKind::Field { .. })
            }
            _ => false,
        }
    }

    /// The variable, parameter or field that a pointer comes from: through casts, moves and `let`.
    pub(crate) fn pointer_root(&self, id: ExprId) -> ExprId {
        let mut at = self.bare(id);
        let mut steps = MAX_STEPS;
        loop {
            at = match self.kind(at) {
                ExprKind::Paren(inner) | ExprKind::Cast { operand: inner, .. } => *inner,
                ExprKind::Method { receiver, name, .. } => {
                    const KEEPS: [&str; 12] = [
                        "add",
                        "offset",
                        "sub",
                        "cast",
                        "cast_mut",
                        "cast_const",
                        "as_ptr",
                        "clone",
                        "wrapping_add",
                        "wrapping_offset",
                        "byte_add",
                        "byte_offset",
                    ];
                    let keeps = KEEPS.iter().any(|word| self.is_name(*name, word));
                    let is_pointer = !self.is_name(*name, "as_ptr") || self.is_pointer(*receiver);
                    match keeps && is_pointer {
                        true => *receiver,
                        false => return at,
                    }
                }
                ExprKind::Path(_) => {
                    let Some(name) = self.single(at) else {
                        return at;
                    };
                    let (Some(left), Some(binding)) =
                        (steps.checked_sub(1), self.binding(name, at))
                    else {
                        return at;
                    };
                    steps = left;
                    match binding.bound {
                        Bound::Let {
                            value: Some(value), ..
                        } => value,
                        _ => return at,
                    }
                }
                // `transmute(p)`
                ExprKind::Call { arguments, .. } => {
                    let path = self.called_path(at).and_then(|path| path.segments.last());
                    let is_change = path.is_some_and(|last| self.is_name(last.name, "transmute"));
                    match arguments.first() {
                        Some(first) if is_change => *first,
                        _ => return at,
                    }
                }
                _ => return at,
            };
        }
    }

    /// The pointers that are dereferenced or handed to unsafe functions in a body: the pointer, the
    /// operation, and whether another language's function gets it.
    pub(crate) fn pointer_uses(&self, body: ExprId) -> Vec<PointerUse> {
        self.pointer_uses_within(body, false, MAX_CALLS)
    }

    fn pointer_uses_within(&self, body: ExprId, is_all: bool, steps: u32) -> Vec<PointerUse> {
        let mut found = Vec::new();
        // How many more calls are followed into what they call.
        let mut left = match is_all {
            true => MAX_CALLS_WITHIN,
            false => MAX_CALLS_FOLLOWED,
        };
        let parts = match is_all {
            true => MAX_PARTS_WITHIN,
            false => usize::MAX,
        };
        let own_function = self.function_of(body);
        for id in self.syntax().within(body).take(parts) {
            if found.len() >= MAX_ACCESSES {
                self.leave_out();
                break;
            }
            let (pointers, is_foreign) = match self.kind(id) {
                ExprKind::Unary {
                    operator: Prefix::Deref,
                    operand,
                } => (vec![*operand], false),
                ExprKind::Method {
                    receiver,
                    name,
                    arguments,
                    ..
                } => {
                    const READS: [&str; 19] = [
                        "read",
                        "write",
                        "as_ref",
                        "as_mut",
                        "read_unaligned",
                        "write_unaligned",
                        "read_volatile",
                        "write_volatile",
                        "copy_from",
                        "copy_to",
                        "copy_from_nonoverlapping",
                        "copy_to_nonoverlapping",
                        "drop_in_place",
                        "write_bytes",
                        "replace",
                        "as_uninit_ref",
                        "as_uninit_mut",
                        "swap",
                        "offset_from",
                    ];
                    let name = self.name(*name);
                    if READS.contains(&name) {
                        (vec![*receiver], false)
                    } else if left > 0 && !arguments.is_empty() {
                        left -= 1;
                        match self.is_unsafe_method(name, steps) {
                            true => (arguments.to_vec(), false),
                            false => continue,
                        }
                    } else {
                        continue;
                    }
                }
                ExprKind::Call { arguments, .. } if left > 0 && !arguments.is_empty() => {
                    left -= 1;
                    match self.is_unsafe_call(id, steps) {
                        Some(is_foreign) => (arguments.to_vec(), is_foreign),
                        None => continue,
                    }
                }
                _ => continue,
            };
            let keyword = match self.unsafe_around(id) {
                Some(keyword) => keyword,
                None if is_all => 0,
                None => continue,
            };
            if self.function_of(id) != own_function {
                continue;
            }
            found.extend(pointers.into_iter().map(|pointer| PointerUse {
                pointer,
                expr: id,
                keyword,
                is_foreign,
            }));
        }
        found
    }

    /// The item of the function around an expression.
    fn function_of(&self, id: ExprId) -> Option<ItemId> {
        self.function(id).map(|(item, _)| item)
    }

    /// Whether all methods of the package under a name are unsafe and rely on their pointers, or it is
    /// one of the allocator's.
    fn is_unsafe_method(&self, name: &str, steps: u32) -> bool {
        let functions = self.declared.functions(name, None).take(16);
        let methods = functions.filter(|(_, function)| function.receiver.is_some());
        let mut functions = methods.peekable();
        match functions.peek() {
            None => matches!(name, "dealloc" | "realloc" | "deallocate"),
            Some(_) => functions.all(|(place, function)| {
                function.unsafety.is_some() && self.relies(place, function, steps) != Some(false)
            }),
        }
    }

    /// Whether an unsafe function relies on its pointers, as far as calls may be followed: one that only
    /// keeps or compares a pointer does not.
    fn relies(&self, place: Place, function: &Function, steps: u32) -> Option<bool> {
        let (body, steps) = (function.body?, steps.checked_sub(1)?);
        let there = self.declared.at(place)?;
        Some(there.relies_on_parameters(body, function, steps))
    }

    /// Whether a call is one of an unsafe function that relies on its pointers; whether it is another
    /// language's.
    fn is_unsafe_call(&self, id: ExprId, steps: u32) -> Option<bool> {
        // A function pointer in a field.
        if let ExprKind::Call { callee, .. } = self.kind(id) {
            let mut callee = self.bare(*callee);
            while let Some((inner, _)) = self.method_of::<0>(callee, &["unwrap"]) {
                callee = self.bare(inner);
            }
            if matches!(self.kind(callee), ExprKind::Field { .. }) {
                return Some(true);
            }
        }
        let path = self.called_path(id)?;
        let name = self.name(path.segments.last()?.name);
        if let Some((parent, name)) = self.standard(path) {
            if name == "transmute" {
                return matches!(self.expected(id), Ty::Ref { .. }).then_some(false);
            }
            const HARMLESS: [&str; 4] = [
                "transmute",
                "new_unchecked",
                "unreachable_unchecked",
                "zeroed",
            ];
            let relies = standard::is_unsafe(parent, name) && !HARMLESS.contains(&name);
            // Bindings are in modules of that name, too.
            if relies || parent != "ffi" {
                return relies.then_some(false);
            }
        }
        if matches!(name, "from_raw" | "from_ptr") && path.segments.len() > 1 {
            let parent = path.segments.iter().rev().nth(1)?;
            const TAKES: [&str; 5] = ["Box", "Arc", "Rc", "CString", "CStr"];
            return TAKES
                .iter()
                .any(|word| self.is_name(parent.name, word))
                .then_some(false);
        }
        let begins_lower = name.starts_with(|first: char| first.is_lowercase());
        if begins_lower && self.is_unknown(id, path, name) {
            return Some(true);
        }
        let (place, function) = self.declared_function(id, path)?;
        let there = self.declared.at(place)?;
        let item = self.declared.item(place)?;
        let around = item.parent.and_then(|parent| there.syntax().item(parent));
        if around.is_some_and(|around| matches!(around.kind, ItemKind::Foreign)) {
            return Some(true);
        }
        function.unsafety?;
        self.relies(place, function, steps)?.then_some(false)
    }

    /// Whether a function is another package's: bindings to a library, most often, where it stands in
    /// an unsafe block and gets a raw pointer.
    fn is_unknown(&self, id: ExprId, path: &Path, name: &str) -> bool {
        let is_type = path.segments.iter().rev().nth(1).is_some_and(|parent| {
            let parent = self.name(parent.name);
            parent.starts_with(|first: char| first.is_uppercase())
        });
        !is_type && !self.declared.has(name) && self.binding(name, id).is_none()
    }

    /// Whether an unsafe function dereferences one of its parameters, or hands it to who does.
    fn relies_on_parameters(&self, body: ExprId, function: &Function, steps: u32) -> bool {
        let uses = self.pointer_uses_within(body, true, steps);
        uses.iter().any(|used| {
            let root = self.pointer_root(used.pointer);
            self.parameter_meant(root, function).is_some()
        })
    }
}

/// A pointer that has to be a good one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PointerUse {
    /// The pointer.
    pub(crate) pointer: ExprId,
    /// The dereference or the call.
    pub(crate) expr: ExprId,
    /// The keyword of the unsafe block.
    pub(crate) keyword: u32,
    /// Whether a function of another language gets it.
    pub(crate) is_foreign: bool,
}
