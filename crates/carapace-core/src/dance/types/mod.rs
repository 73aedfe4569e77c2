//! Light types: what declarations, literals, casts and names of the standard library tell of an
//! expression's type.
//!
//! Nothing is inferred through unification. Where these do not suffice the type is
//! [`Ty::Unknown`], and nobody guesses.

mod called;
mod found;
mod wanted;
mod written;

use super::at::At;
use super::declared::Place;
use crate::source::syntax::{ExprId, Function, ItemId, Path, TypeId};

/// How many steps from declaration to declaration are taken.
const MAX_STEPS: u32 = 24;

/// How many expressions and types are looked at to answer one question: `let b = a + a;` and its like
/// double what there is to look at with each step.
const MAX_LOOKUPS: u32 = 4096;

/// A type, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The name of each is what it says.
pub(crate) enum Ty {
    Unknown,
    /// An integer; without a name, one that other code decides on.
    Int(&'static str),
    Float(&'static str),
    Bool,
    Char,
    Str,
    String,
    Ref {
        mutable: bool,
        of: Box<Ty>,
    },
    Pointer {
        mutable: bool,
        of: Box<Ty>,
    },
    Slice(Box<Ty>),
    /// An array, with its length as it is written.
    Array(Box<Ty>, Option<String>),
    Vec(Box<Ty>),
    Boxed(Box<Ty>),
    Option(Box<Ty>),
    Result(Box<Ty>),
    Tuple(Vec<Ty>),
    Range(Box<Ty>),
    /// A type by its name, with what is between its angle brackets.
    Named(String, Vec<Ty>),
    /// A type parameter.
    Parameter(String),
}

const INTEGERS: [&str; 12] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
];

/// Whether a name is that of an integer, a float, `bool`, `char` or `str`.
pub(crate) fn is_primitive(name: &str) -> bool {
    primitive(name).is_some()
}

/// An array's length as a generic argument.
pub(crate) fn generic_length(length: &str) -> String {
    let mut bytes = length.bytes();
    match bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => length.to_owned(),
        false => format!("{{ {length} }}"),
    }
}

fn primitive(name: &str) -> Option<Ty> {
    if let Some(integer) = INTEGERS.iter().find(|integer| **integer == name) {
        return Some(Ty::Int(integer));
    }
    Some(match name {
        "f32" => Ty::Float("f32"),
        "f64" => Ty::Float("f64"),
        "bool" => Ty::Bool,
        "char" => Ty::Char,
        "str" => Ty::Str,
        "String" => Ty::String,
        _ => return None,
    })
}

impl Ty {
    /// What a reference or a box leads to, through all of them; the type itself otherwise.
    pub(crate) fn peeled(&self) -> &Self {
        let mut at = self;
        while let Self::Ref { of, .. } | Self::Boxed(of) = at {
            at = of;
        }
        at
    }

    /// What a slice, an array or a vector holds, through references.
    pub(crate) fn element(&self) -> Option<&Self> {
        match self.peeled() {
            Self::Slice(of) | Self::Array(of, _) | Self::Vec(of) => Some(of),
            _ => None,
        }
    }

    /// Whether it can be indexed as slices are, and panics where they do.
    pub(crate) fn is_sequence(&self) -> bool {
        self.element().is_some()
    }

    /// The name of an integer that is known.
    pub(crate) fn integer(&self) -> Option<&'static str> {
        match self {
            Self::Int(name) if !name.is_empty() => Some(name),
            _ => None,
        }
    }

    /// How many bytes an integer or a float has; of `usize`, nothing is known.
    pub(crate) fn bytes(&self) -> Option<u32> {
        Some(match self {
            Self::Int("u8" | "i8") => 1,
            Self::Int("u16" | "i16") => 2,
            Self::Int("u32" | "i32") | Self::Float("f32") => 4,
            Self::Int("u64" | "i64") | Self::Float("f64") => 8,
            Self::Int("u128" | "i128") => 16,
            _ => return None,
        })
    }

    /// Whether it is a number, a truth value or a character.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Int(_) | Self::Float(_) | Self::Bool | Self::Char
        )
    }

    /// How many bytes an array of bytes has, where that is a number that is written.
    pub(crate) fn byte_array(&self) -> Option<u64> {
        match self {
            Self::Array(of, Some(length)) if **of == Self::Int("u8") => length.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is memory that may not be written yet.
    pub(crate) fn is_uninit(&self) -> bool {
        matches!(self, Self::Named(name, _) if name == "MaybeUninit")
    }

    /// Whether all of it is known.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Unknown | Self::Int("") | Self::Float("") => false,
            Self::Ref { of, .. }
            | Self::Pointer { of, .. }
            | Self::Slice(of)
            | Self::Array(of, _)
            | Self::Vec(of)
            | Self::Boxed(of)
            | Self::Option(of)
            | Self::Result(of)
            | Self::Range(of) => of.is_known(),
            Self::Tuple(parts) | Self::Named(_, parts) => parts.iter().all(Self::is_known),
            _ => true,
        }
    }

    fn reference(mutable: bool, of: Self) -> Self {
        Self::Ref {
            mutable,
            of: Box::new(of),
        }
    }

    fn pointer(mutable: bool, of: Self) -> Self {
        Self::Pointer {
            mutable,
            of: Box::new(of),
        }
    }
}

impl<'p> At<'p> {
    /// The type of an expression.
    pub(crate) fn type_of(&self, id: ExprId) -> Ty {
        self.asked(|steps| self.typed(id, steps))
    }

    /// What the code around an expression wants it to be.
    pub(crate) fn expected(&self, id: ExprId) -> Ty {
        self.asked(|steps| self.wanted(id, steps))
    }

    /// A type as it is written, in this file.
    pub(crate) fn written(&self, id: TypeId) -> Ty {
        self.written_in(id, None)
    }

    /// A type as it is written in an item, of which `Self` may speak.
    pub(crate) fn written_in(&self, id: TypeId, item: Option<ItemId>) -> Ty {
        self.asked(|steps| self.declared_type(id, item, steps))
    }

    /// A type that is written in the generic arguments at an expression; unknown where there is none.
    pub(crate) fn stated(&self, of: Option<&TypeId>, near: ExprId) -> Ty {
        let of = of.map(|of| self.written_in(*of, self.item_of(near)));
        of.unwrap_or(Ty::Unknown)
    }

    /// The same, or what the code around wants the expression to be, and whether it is written.
    pub(crate) fn stated_or_expected(&self, of: Option<&TypeId>, id: ExprId) -> (Ty, bool) {
        match self.stated(of, id) {
            Ty::Unknown => (self.expected(id), false),
            stated => (stated, true),
        }
    }

    /// Whether an expression is a vector, or leads to one.
    pub(crate) fn is_vec(&self, id: ExprId) -> bool {
        matches!(self.type_of(id).peeled(), Ty::Vec(_))
    }

    /// What `Self` is in an item.
    pub(crate) fn own_type(&self, item: ItemId) -> Ty {
        self.asked(|steps| self.self_type(item, steps))
    }

    /// The function of the package that a path means, where only one can be meant.
    pub(crate) fn declared_function(
        &self,
        id: ExprId,
        path: &Path,
    ) -> Option<(Place, &'p Function)> {
        self.asked(|steps| self.function_meant(id, path, steps))
    }

    fn asked<T>(&self, answer: impl FnOnce(u32) -> T) -> T {
        self.declared.lookups.set(MAX_LOOKUPS);
        answer(MAX_STEPS)
    }

    /// The steps that are left behind this one; none where it is one too many.
    fn step(&self, steps: u32) -> Option<u32> {
        self.look(1)?;
        steps.checked_sub(1)
    }

    /// Takes lookups from those that are left for the question.
    fn look(&self, times: usize) -> Option<()> {
        let times = u32::try_from(times).ok()?;
        let left = self.declared.lookups.get().checked_sub(times);
        self.declared.lookups.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}
