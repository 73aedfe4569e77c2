//! What paths and calls name: of the standard library, of the package, of others.

use super::at::At;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{ExprId, ExprKind, Path, Tokens, TypeId};

/// Modules of the standard library that are named without it where they are imported by `*`.
const STANDARD_MODULES: [&str; 12] = [
    "ptr",
    "mem",
    "slice",
    "str",
    "char",
    "ffi",
    "alloc",
    "hint",
    "pin",
    "intrinsics",
    "boxed",
    "arch",
];

/// A call of a function of the standard library.
#[derive(Debug, Clone)]
pub(crate) struct StandardCall<'p> {
    /// The module or type that it is in.
    pub(crate) parent: &'p str,
    /// Its name.
    pub(crate) name: &'p str,
    /// Its arguments.
    pub(crate) arguments: &'p [ExprId],
    /// The types of its turbofish.
    pub(crate) generics: &'p [TypeId],
}

impl<'p> At<'p> {
    /// The segments of a path, what `use` says of the first put in its place.
    pub(crate) fn full_path(
        &self,
        path: &'p Path,
    ) -> impl DoubleEndedIterator<Item = &'p str> + use<'p> {
        let at = *self;
        let known = self.imported(path).map(Vec::as_slice).unwrap_or_default();
        let rest = path.segments.iter().skip(usize::from(!known.is_empty()));
        let rest = rest.map(move |segment| at.name(segment.name));
        known.iter().map(String::as_str).chain(rest)
    }

    /// What `use` says of a path's first segment.
    fn imported(&self, path: &Path) -> Option<&'p Vec<String>> {
        let first = path.segments.first().filter(|_| path.of_type.is_none())?;
        let name = self.file.source.name_bytes(first.name as usize);
        self.file.imports().get(std::str::from_utf8(name).ok()?)
    }

    /// Whether a path is a name that stands for itself: nothing is before it, by `use` neither.
    fn is_bare_name(&self, path: &Path) -> bool {
        path.segments.len() == 1 && self.imported(path).is_none()
    }

    /// The name at a path's end.
    pub(crate) fn last_name(&self, path: &Path) -> Option<&'p str> {
        path.segments.last().map(|last| self.name(last.name))
    }

    /// The name before that: of a module or a type.
    pub(crate) fn parent_name(&self, path: &Path) -> Option<&'p str> {
        path.parent().map(|parent| self.name(parent.name))
    }

    /// The crate from which what `core` has is named: the package may have a module of that name.
    pub(crate) fn core_root(&self) -> &'static str {
        match self.declared.has("core") {
            true => "std",
            false => "core",
        }
    }

    /// A function of `mem`, named from the root that a call names another module from.
    pub(crate) fn of_mem(&self, call: ExprId, name: &str) -> Option<String> {
        let mut full = self.full_path(self.callee_path(call)?);
        let root = full.find(|segment| !segment.is_empty());
        Some(match root {
            Some("core") => format!("::core::mem::{name}"),
            _ if self.text(call).starts_with("std::") => format!("std::mem::{name}"),
            _ => format!("::std::mem::{name}"),
        })
    }

    /// Whether a path leads through modules of another package.
    pub(crate) fn is_elsewhere(&self, path: &'p Path) -> bool {
        if self.is_bare_name(path) {
            return false;
        }
        let mut modules = self.full_path(path).filter(|name| !name.is_empty());
        modules.next_back();
        let Some(first) = modules.next() else {
            return false;
        };
        let last = modules.next_back().unwrap_or(first);
        let is_own = |name: &str| {
            matches!(name, "crate" | "self" | "super" | "Self") || self.declared.has(name)
        };
        first.starts_with(char::is_lowercase) && !is_own(first) && !is_own(last)
    }

    /// What of the standard library a path names: the last two segments.
    pub(crate) fn standard(&self, path: &'p Path) -> Option<(&'p str, &'p str)> {
        if self.is_bare_name(path) {
            return None;
        }
        let mut named = self.full_path(path).filter(|name| !name.is_empty());
        let first = named.next()?;
        let (mut parent, mut name, mut before) = (first, named.next()?, 1);
        for next in named {
            (parent, name, before) = (name, next, before + 1);
        }
        let begins = matches!(first, "std" | "core" | "alloc") && before > 1;
        let is_bare = before == 1
            && (STANDARD_MODULES.contains(&parent) || is_prelude_type(parent))
            && !self.declared.has(parent);
        (begins || is_bare).then_some((parent, name))
    }

    /// A call of a function of the standard library: where it is, its name, its arguments, and the
    /// types of its turbofish.
    pub(crate) fn standard_call(&self, id: ExprId) -> Option<StandardCall<'p>> {
        let ExprKind::Call { arguments, .. } = self.kind(id) else {
            return None;
        };
        let path = self.called_path(id)?;
        let (parent, name) = self.standard(path)?;
        let last = path.segments.last()?;
        Some(StandardCall {
            parent,
            name,
            arguments,
            generics: &last.arguments,
        })
    }

    /// A call of a function of the standard library that has one of these names.
    pub(crate) fn call_named(&self, id: ExprId, names: &[&str]) -> Option<StandardCall<'p>> {
        // Look before anything is put together: an import can change a path's only name, and of others
        // the first.
        let path = self.called_path(id)?;
        let last = path.segments.last()?;
        let is_named = match self.imported(path).filter(|_| path.segments.len() == 1) {
            Some(known) => known
                .last()
                .is_some_and(|last| names.contains(&last.as_str())),
            None => names.iter().any(|name| self.is_name(last.name, name)),
        };
        if !is_named {
            return None;
        }
        let call = self.standard_call(id)?;
        names.contains(&call.name).then_some(call)
    }

    /// A call of one of the functions of a module or a type of the standard library with so many
    /// arguments.
    pub(crate) fn call_of<const N: usize>(
        &self,
        id: ExprId,
        parent: &str,
        names: &[&str],
    ) -> Option<([ExprId; N], StandardCall<'p>)> {
        let ExprKind::Call { arguments, .. } = self.kind(id) else {
            return None;
        };
        let arguments: [ExprId; N] = arguments.as_slice().try_into().ok()?;
        let call = self.call_named(id, names)?;
        (call.parent == parent).then_some((arguments, call))
    }

    /// A call of a method with a name and so many arguments: the receiver, and the arguments.
    pub(crate) fn method_of<const N: usize>(
        &self,
        id: ExprId,
        names: &[&str],
    ) -> Option<(ExprId, [ExprId; N])> {
        let ExprKind::Method {
            receiver,
            name,
            arguments,
            ..
        } = self.kind(id)
        else {
            return None;
        };
        let arguments = arguments.as_slice().try_into().ok()?;
        let is_named = names.iter().any(|word| self.is_name(*name, word));
        is_named.then_some((*receiver, arguments))
    }

    /// The path that a call calls.
    pub(crate) fn called_path(&self, id: ExprId) -> Option<&'p Path> {
        let ExprKind::Call { callee, .. } = self.kind(id) else {
            return None;
        };
        match self.kind(self.bare(*callee)) {
            ExprKind::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The same, where it begins with no type in brackets.
    pub(crate) fn callee_path(&self, id: ExprId) -> Option<&'p Path> {
        self.called_path(id).filter(|path| path.of_type.is_none())
    }

    /// The text of a path with another name at its end: as it is written where it has several
    /// segments, from its root where its only name was imported.
    pub(crate) fn sibling(&self, path: &'p Path, name: &str) -> Option<String> {
        let last = path.segments.last()?;
        let [_] = path.segments.as_slice() else {
            let first = path.segments.first()?;
            let before = |by: u32| {
                let at = first.name.checked_sub(by)?;
                Some(self.file.source.kind(at as usize))
            };
            let start = match (before(1), before(2)) {
                (Some(TokenKind::Colon), Some(TokenKind::Colon)) => first.name - 2,
                (Some(TokenKind::Dollar), _) => first.name - 1,
                _ => first.name,
            };
            let tokens = Tokens {
                start,
                end: last.name,
            };
            return Some(format!("{}{name}", self.text_of(tokens)));
        };
        let full: Vec<&str> = self
            .full_path(path)
            .filter(|name| !name.is_empty())
            .collect();
        let (_, before) = full.split_last()?;
        match *before.first()? {
            "std" | "core" | "alloc" => Some(format!("::{}::{name}", before.join("::"))),
            _ => None,
        }
    }
}

/// Types that are named everywhere.
fn is_prelude_type(name: &str) -> bool {
    matches!(name, "Vec" | "String" | "Box" | "Option" | "Result")
        || super::types::is_primitive(name)
        // Imported nearly always, and of the standard library where the package has none of the name.
        || matches!(
            name,
            "CString" | "CStr" | "Pin" | "NonNull" | "MaybeUninit" | "Arc" | "Rc" | "ManuallyDrop"
        )
}
