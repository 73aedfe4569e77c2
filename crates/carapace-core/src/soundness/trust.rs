//! Which bounds of a type parameter promise something that unsafe code may rely on.

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::soundness::generics::Generics;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, ItemId, ItemKind, TypeId, TypeKind};

/// Traits of the standard library that anybody implements as they like, or that say nothing of bytes.
const SAYS_NOTHING: [&str; 42] = [
    "Copy",
    "Clone",
    "Send",
    "Sync",
    "Sized",
    "Default",
    "Debug",
    "Display",
    "PartialEq",
    "Eq",
    "PartialOrd",
    "Ord",
    "Hash",
    "Unpin",
    "From",
    "Into",
    "TryFrom",
    "TryInto",
    "AsRef",
    "AsMut",
    "Any",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Rem",
    "Neg",
    "Not",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Shl",
    "Shr",
    "AddAssign",
    "SubAssign",
    "MulAssign",
    "DivAssign",
    "Borrow",
    "ToOwned",
    "UnwindSafe",
    "RefUnwindSafe",
    "Drop",
];
/// How far traits are followed to those that they ask for.
const MAX_STEPS: u32 = 4;

impl At<'_> {
    /// The bounds of a type parameter that holds in an item: its own, and those behind `where`. Nothing
    /// where no item around has such a parameter.
    pub(crate) fn bounds_of(&self, item: ItemId, parameter: &str) -> Option<Vec<String>> {
        let mut at = Some(item);
        let mut found: Option<Vec<String>> = None;
        while let Some(around) = at.and_then(|at| self.syntax().item(at)) {
            let generics = self.generics(around);
            if let Some(named) = generics.named(parameter) {
                found
                    .get_or_insert_default()
                    .extend(named.bounds.iter().cloned());
            }
            let clauses = generics.clauses.iter().filter(|clause| {
                let one = clause.subject.end == clause.subject.start + 1;
                one && self.is_name(clause.subject.start, parameter)
            });
            for clause in clauses {
                found
                    .get_or_insert_default()
                    .extend(clause.bounds.iter().cloned());
            }
            at = around.parent;
        }
        found
    }

    /// Whether one of the bounds may be a promise: an `unsafe` trait, one that only the package
    /// implements, or one of another package.
    pub(crate) fn is_trusted(&self, bounds: &[String]) -> bool {
        bounds.iter().any(|bound| self.is_promise(bound, MAX_STEPS))
    }

    /// The bounds of the type parameter, or of the `impl Trait`, that a value has that a caller gives:
    /// a parameter, or the iterator that is made of it.
    pub(crate) fn bounds_of_given(&self, generics: &Generics, id: ExprId) -> Option<Vec<String>> {
        let mut id = self.bare(id);
        for _ in 0..8 {
            id = match self.kind(id) {
                ExprKind::Borrow { operand, .. } | ExprKind::Unary { operand, .. } => {
                    self.bare(*operand)
                }
                ExprKind::Method { .. } => {
                    const HANDS_ON: [&str; 5] =
                        ["into_iter", "iter", "iter_mut", "by_ref", "enumerate"];
                    let (receiver, []) = self.method_of::<0>(id, &HANDS_ON)?;
                    self.bare(receiver)
                }
                ExprKind::Path(_) => {
                    let name = self.single(id)?;
                    match self.binding(name, id)?.bound {
                        Bound::Parameter(of) => return self.bounds_of_type(generics, of),
                        Bound::Let {
                            value: Some(value), ..
                        } => self.bare(value),
                        _ => return None,
                    }
                }
                _ => return None,
            };
        }
        None
    }

    fn bounds_of_type(&self, generics: &Generics, of: TypeId) -> Option<Vec<String>> {
        match self.syntax().type_kind(of) {
            TypeKind::Ref { of, .. } => self.bounds_of_type(generics, *of),
            TypeKind::Path(path) => {
                let [one] = path.segments.as_slice() else {
                    return None;
                };
                let parameter = generics.named(self.name(one.name))?;
                Some(parameter.bounds.clone())
            }
            TypeKind::Other => {
                let tokens = self.type_tokens(of);
                let is_impl = matches!(
                    self.file.source.kind(tokens.start as usize),
                    T::Impl | T::Dyn
                );
                is_impl.then(|| {
                    let names = (tokens.start + 1..tokens.end)
                        .filter(|token| self.file.source.kind(*token as usize).is_ident());
                    names.map(|token| self.name(token).to_owned()).collect()
                })
            }
            _ => None,
        }
    }

    fn is_promise(&self, bound: &str, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else {
            return true;
        };
        if bound.starts_with('?') || bound.starts_with('\'') || SAYS_NOTHING.contains(&bound) {
            return false;
        }
        let mut traits = self
            .declared
            .all(bound)
            .filter(|(_, item)| matches!(item.kind, ItemKind::Trait { .. }));
        let Some((place, item)) = traits.next() else {
            return true;
        };
        let is_unsafe = matches!(item.kind, ItemKind::Trait { unsafety: Some(_) });
        if traits.next().is_some() || is_unsafe || !item.public {
            return true;
        }
        let Some(there) = self.declared.at(place) else {
            return true;
        };
        let asked = there.supertraits(item);
        asked.iter().any(|bound| {
            bound.contains("Sealed") || bound.contains("Private") || there.is_promise(bound, steps)
        })
    }
}
