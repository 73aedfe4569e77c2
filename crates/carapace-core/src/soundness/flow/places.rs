//! Which place an expression speaks of: a variable with fields, behind pointers and references.

use super::{Flow, MAX_AROUND};
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::source::syntax::{ExprId, ExprKind, Parent, Path, PatternKind, Prefix, StatementKind};

/// How many steps are taken from an expression to its place.
const MAX_STEPS: u32 = 24;

/// Methods whose result leads to what their receiver is or holds.
const LEADS: [&str; 36] = [
    "as_ptr",
    "as_mut_ptr",
    "as_ref",
    "as_mut",
    "as_slice",
    "as_mut_slice",
    "add",
    "offset",
    "sub",
    "wrapping_add",
    "wrapping_sub",
    "wrapping_offset",
    "cast",
    "get_unchecked",
    "get_unchecked_mut",
    "iter",
    "iter_mut",
    "get",
    "get_mut",
    "ptr",
    "ptr_mut",
    "data_raw",
    "split_at_mut",
    "as_mut_vec",
    "deref",
    "deref_mut",
    "borrow_mut",
    "unwrap",
    "expect",
    "unwrap_unchecked",
    "first_mut",
    "last_mut",
    "as_bytes_mut",
    "chunks_mut",
    "as_mut_bytes",
    "as_nonnull",
];

/// Functions whose result leads to what their first argument leads to.
const WRAPS: [&str; 14] = [
    "from_raw_parts",
    "from_raw_parts_mut",
    "slice_from_raw_parts",
    "slice_from_raw_parts_mut",
    "new_unchecked",
    "from_mut",
    "from_ref",
    "addr_of",
    "addr_of_mut",
    "deref_mut",
    "as_mut_ptr",
    "as_ptr",
    "ManuallyDrop",
    "transmute",
];

impl Flow<'_, '_> {
    /// The place that an expression speaks of, or that a pointer leads to.
    pub(crate) fn place(&self, id: ExprId) -> Option<String> {
        self.placed(id, MAX_STEPS)
    }

    fn placed(&self, id: ExprId, steps: u32) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        let inner = |id: ExprId| self.placed(id, steps);
        match self.at.kind(id) {
            ExprKind::Paren(of) | ExprKind::Try(of) => inner(*of),
            ExprKind::Borrow { operand, .. } => inner(*operand),
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => inner(*operand),
            ExprKind::Cast { operand, .. } => inner(*operand),
            ExprKind::Index { base, .. } => inner(*base),
            ExprKind::Method { receiver, .. } => inner(*receiver),
            ExprKind::Field { base, name } => {
                let base = inner(*base)?;
                Some(format!("{base}.{}", self.at.name(*name)))
            }
            ExprKind::Call { arguments, .. } => {
                let first = arguments.first()?;
                self.leads(id, steps).then(|| inner(*first)).flatten()
            }
            ExprKind::Macro {
                path, arguments, ..
            } => {
                let last = path.segments.last()?;
                let is_address = self.at.is_name(last.name, "addr_of")
                    || self.at.is_name(last.name, "addr_of_mut");
                is_address.then(|| inner(*arguments.first()?)).flatten()
            }
            ExprKind::Block(_) => inner(self.at.tail(id)?),
            ExprKind::Path(path) => {
                if path.segments.len() != 1 {
                    return None;
                }
                let name = self.at.single(id)?;
                if name == "self" {
                    return Some(name.to_owned());
                }
                let Some(binding) = self.at.binding(name, id) else {
                    return Some(name.to_owned());
                };
                let leads = match binding.bound {
                    // It frees by itself, whatever it was made of.
                    Bound::Let {
                        declared: Some(of), ..
                    } if is_own(&self.at.written(of)) => None,
                    Bound::Let {
                        value: Some(value), ..
                    } => self.leads(value, steps).then_some(value),
                    Bound::Each(over) => self.leads(over, steps).then_some(over),
                    Bound::Taken { value, .. } => Some(value),
                    Bound::Somehow => self.each_of(name, id),
                    _ => None,
                };
                let leads = leads.filter(|value| !self.at.syntax().is_within(id, *value));
                leads.and_then(inner).or_else(|| Some(name.to_owned()))
            }
            _ => None,
        }
    }

    /// What a `for` goes over that takes a name out of a pattern: `for (i, x) in items.iter().enumerate()`.
    fn each_of(&self, name: &str, id: ExprId) -> Option<ExprId> {
        let mut around = self.at.syntax().ancestors(id).take(MAX_AROUND);
        around.find_map(|around| match self.at.kind(around) {
            ExprKind::For { pattern, over, .. } => {
                let tokens = self.at.pattern_tokens(*pattern);
                self.at.mentions(tokens, name).then_some(*over)
            }
            _ => None,
        })
    }

    /// Whether a value leads to what it is made of: a pointer, a reference, a variable under another name.
    fn leads(&self, value: ExprId, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        let value = self.at.bare(value);
        let is_leading = || matches!(self.at.type_of(value), Ty::Pointer { .. } | Ty::Ref { .. });
        match self.at.kind(value) {
            ExprKind::Borrow { .. } | ExprKind::Path(_) => true,
            ExprKind::Field { .. } => is_leading(),
            ExprKind::Cast { operand, .. } => {
                is_leading() || self.leads(*operand, steps) && self.is_address(value)
            }
            ExprKind::Method { name, receiver, .. } => {
                LEADS.iter().any(|word| self.at.is_name(*name, word))
                    && !matches!(self.at.kind(self.at.bare(*receiver)), ExprKind::Call { .. })
                    || is_leading()
            }
            ExprKind::Try(of) => self.leads(*of, steps),
            ExprKind::Block(_) => self
                .at
                .tail(value)
                .is_some_and(|tail| self.leads(tail, steps)),
            ExprKind::Call { .. } => {
                let path = self.at.called_path(value);
                let makes_own = is_own(&self.at.type_of(value))
                    || path.is_some_and(|path| self.makes_own(path));
                if makes_own {
                    return false;
                }
                let names = path.map(|path| path.segments.iter().rev().take(2));
                let mut names = names.into_iter().flatten();
                names.any(|segment| WRAPS.iter().any(|word| self.at.is_name(segment.name, word)))
                    || is_leading()
            }
            ExprKind::Macro { .. } => self.placed(value, steps).is_some(),
            _ => false,
        }
    }

    /// `Vec::from_raw_parts` and its like: what it gives frees by itself.
    fn makes_own(&self, path: &Path) -> bool {
        let [.., parent, last] = path.segments.as_slice() else {
            return false;
        };
        let is_raw =
            self.at.is_name(last.name, "from_raw_parts") || self.at.is_name(last.name, "from_raw");
        is_raw && !(self.at.is_name(parent.name, "slice") || self.at.is_name(parent.name, "ptr"))
    }

    /// Whether a cast gives a pointer.
    fn is_address(&self, cast: ExprId) -> bool {
        matches!(self.at.type_of(cast), Ty::Pointer { .. } | Ty::Unknown)
    }

    /// The name that a `let` gives the value of an expression.
    pub(crate) fn named(&self, id: ExprId) -> Option<String> {
        let syntax = self.at.syntax();
        let mut at = id;
        let statement = loop {
            match syntax.expr(at).parent {
                Parent::Expr(around) => match self.at.kind(around) {
                    ExprKind::Paren(_) | ExprKind::Unary { .. } | ExprKind::Borrow { .. } => {
                        at = around
                    }
                    _ => return None,
                },
                Parent::Statement(statement) => break statement,
                _ => return None,
            }
        };
        match syntax.statement(statement)?.kind {
            StatementKind::Let {
                pattern,
                value: Some(value),
                ..
            } if value == at => match syntax.pattern(pattern) {
                PatternKind::Name { name, .. } => Some(self.at.name(*name).to_owned()),
                _ => None,
            },
            // The value of a block that a `let` takes: `let x = unsafe { … };`
            StatementKind::Expr { value, ends: false } if value == at => {
                let block = syntax.statement(statement)?.block?;
                (at != block).then(|| self.named(block)).flatten()
            }
            _ => None,
        }
    }
}

/// Whether values of a type free what they hold.
fn is_own(of: &Ty) -> bool {
    match of {
        Ty::Vec(_) | Ty::Boxed(_) | Ty::String => true,
        Ty::Named(name, _) => matches!(name.as_str(), "Arc" | "Rc"),
        _ => false,
    }
}

/// Whether two places are one, or one holds the other.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    let holds = |outer: &str, inner: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    holds(a, b) || holds(b, a)
}

/// The variable of a place.
pub(crate) fn root(place: &str) -> &str {
    place.split('.').next().unwrap_or(place)
}
