//! What an expression of a build script comes to, as far as that is known.

use std::cmp::Ordering;
use std::rc::Rc;

use super::syntax::{Closure, Name};

/// How long a text, and how many elements a list may have. What is beyond is not followed.
pub(super) const MAX_TEXT: usize = 64 * 1024;
pub(super) const MAX_LIST: usize = 4096;
/// How deep values may nest, and how many may be in one: parts can be shared, so that what is looked
/// at may be far more than what is kept.
const MAX_DEPTH: u8 = 24;
const MAX_SIZE: u32 = 16 * 1024;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// It could be anything.
    Unknown,
    Bool(bool),
    Int(i128),
    Char(char),
    /// A text, of whatever type: `str`, `OsString`, `PathBuf`, bytes.
    Text(Name),
    /// A text of which only the beginning is known.
    Prefix(Name),
    /// An array, vector, slice or set; or an iterator, with what is left of it.
    List(Rc<Node<Vec<Value>>>),
    Tuple(Rc<Node<Vec<Value>>>),
    /// A variant of an `enum`, or a tuple `struct`.
    Variant(Rc<Node<Variant>>),
    Struct(Rc<Node<Struct>>),
    Closure(Rc<Capture>),
    /// A function by its path.
    Function(Rc<[Name]>),
    /// A place that is borrowed.
    Reference(Place),
    /// A process that is to be, or was, started.
    Command(Rc<Command>),
}

/// How deep a value is, and of how many it is made.
#[derive(Debug, Clone, Copy)]
struct Extent {
    depth: u8,
    size: u32,
}

/// What other values are in.
#[derive(Debug)]
pub(super) struct Node<T> {
    extent: Extent,
    pub(super) inner: T,
}

#[derive(Debug, Clone)]
pub(super) struct Variant {
    /// The name of the type; empty where it is not the script's own.
    pub(super) of: Name,
    pub(super) name: Name,
    pub(super) fields: Vec<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Struct {
    pub(super) name: Name,
    pub(super) fields: Vec<(Name, Value)>,
}

/// A closure and what it sees.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) closure: Rc<Closure>,
    /// Names and their places.
    pub(super) scope: Vec<(Name, usize)>,
    /// The call that it was made in: its places end with it.
    pub(super) frame: u64,
    pub(super) owner: Name,
}

/// A process.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) program: Value,
    pub(super) arguments: Vec<Value>,
    pub(super) removed: Vec<Name>,
    /// Variables that are set for it.
    pub(super) set: Vec<Name>,
}

/// A place of a value: a variable, and the way into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) slot: usize,
    pub(super) steps: Rc<[Step]>,
    pub(super) mutable: bool,
}

impl Place {
    /// The whole of a variable.
    pub(super) fn variable(slot: usize) -> Self {
        Self {
            slot,
            steps: Rc::new([]),
            mutable: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Field(Name),
    Index(usize),
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if text.len() > MAX_TEXT {
            Self::Prefix(text.get(..16).unwrap_or_default().into())
        } else {
            Self::Text(text.into())
        }
    }

    pub(super) fn unit() -> Self {
        Self::tuple(Vec::new())
    }

    fn extent(&self) -> Extent {
        match self {
            Self::List(node) | Self::Tuple(node) => node.extent,
            Self::Variant(node) => node.extent,
            Self::Struct(node) => node.extent,
            Self::Command(_) => Extent { depth: 4, size: 64 },
            _ => Extent { depth: 0, size: 1 },
        }
    }

    /// The extent of what these are in; none if it is too much.
    fn above<'v>(values: impl IntoIterator<Item = &'v Self>) -> Option<Extent> {
        let mut all = Extent { depth: 0, size: 1 };
        for value in values {
            let extent = value.extent();
            all.depth = all.depth.max(extent.depth.saturating_add(1));
            all.size = all.size.saturating_add(extent.size);
        }
        (all.depth <= MAX_DEPTH && all.size <= MAX_SIZE).then_some(all)
    }

    pub(super) fn list(values: Vec<Self>) -> Self {
        match Self::above(&values) {
            Some(extent) if values.len() <= MAX_LIST => Self::List(Rc::new(Node {
                extent,
                inner: values,
            })),
            _ => Self::Unknown,
        }
    }

    pub(super) fn tuple(values: Vec<Self>) -> Self {
        match Self::above(&values) {
            Some(extent) => Self::Tuple(Rc::new(Node {
                extent,
                inner: values,
            })),
            None => Self::Unknown,
        }
    }

    pub(super) fn variant(of: &str, name: &str, fields: Vec<Self>) -> Self {
        match Self::above(&fields) {
            Some(extent) => Self::Variant(Rc::new(Node {
                extent,
                inner: Variant {
                    of: of.into(),
                    name: name.into(),
                    fields,
                },
            })),
            None => Self::Unknown,
        }
    }

    pub(super) fn structure(name: &str, fields: Vec<(Name, Self)>) -> Self {
        match Self::above(fields.iter().map(|(_, value)| value)) {
            Some(extent) => Self::Struct(Rc::new(Node {
                extent,
                inner: Struct {
                    name: name.into(),
                    fields,
                },
            })),
            None => Self::Unknown,
        }
    }

    pub(super) fn some(value: Self) -> Self {
        Self::variant("", "Some", vec![value])
    }

    pub(super) fn none() -> Self {
        Self::variant("", "None", Vec::new())
    }

    pub(super) fn ok(value: Self) -> Self {
        Self::variant("", "Ok", vec![value])
    }

    pub(super) fn err(value: Self) -> Self {
        Self::variant("", "Err", vec![value])
    }

    pub(super) fn option(value: Option<Self>) -> Self {
        value.map_or_else(Self::none, Self::some)
    }

    pub(super) fn maybe(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::Bool)
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(node) => Some(&node.inner),
            _ => None,
        }
    }

    pub(super) fn as_variant(&self) -> Option<&Variant> {
        match self {
            Self::Variant(node) => Some(&node.inner),
            _ => None,
        }
    }

    /// What is in `Some` or `Ok`.
    pub(super) fn success(&self) -> Option<&Self> {
        let variant = self.as_variant().filter(|variant| variant.of.is_empty())?;
        match &*variant.name {
            "Some" | "Ok" => variant.fields.first(),
            _ => None,
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        self.as_variant().is_some_and(|variant| {
            variant.of.is_empty() && matches!(&*variant.name, "None" | "Err")
        })
    }

    /// Whether two are the same; none if that is not known.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => None,
            (Self::Bool(a), Self::Bool(b)) => Some(a == b),
            (Self::Int(a), Self::Int(b)) => Some(a == b),
            (Self::Char(a), Self::Char(b)) => Some(a == b),
            (Self::Text(a), Self::Text(b)) => Some(a == b),
            (Self::Prefix(a), Self::Text(b)) | (Self::Text(b), Self::Prefix(a)) => {
                (!b.starts_with(&**a)).then_some(false)
            }
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => {
                if a.inner.len() != b.inner.len() {
                    return Some(false);
                }
                all_equal(a.inner.iter().zip(&b.inner))
            }
            (Self::Variant(a), Self::Variant(b)) => {
                let (a, b) = (&a.inner, &b.inner);
                if a.name != b.name {
                    return (a.of == b.of).then_some(false);
                }
                if a.fields.len() != b.fields.len() {
                    return None;
                }
                all_equal(a.fields.iter().zip(&b.fields))
            }
            (Self::Struct(a), Self::Struct(b)) if a.inner.name == b.inner.name => {
                let (a, b) = (&a.inner.fields, &b.inner.fields);
                if a.len() != b.len() || a.iter().zip(b).any(|((a, _), (b, _))| a != b) {
                    return None;
                }
                all_equal(a.iter().map(|(_, v)| v).zip(b.iter().map(|(_, v)| v)))
            }
            _ => None,
        }
    }

    /// How two of the same kind are ordered by a derived order.
    pub(super) fn compare(&self, other: &Self, order: &VariantOrder<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Char(a), Self::Char(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => {
                lexical(&a.inner, &b.inner, order)
            }
            (Self::Variant(a), Self::Variant(b)) => {
                let (a, b) = (&a.inner, &b.inner);
                if a.of != b.of {
                    return None;
                }
                if a.name != b.name {
                    return Some(order(&a.of, &a.name)?.cmp(&order(&b.of, &b.name)?));
                }
                lexical(&a.fields, &b.fields, order)
            }
            (Self::Struct(a), Self::Struct(b)) if a.inner.name == b.inner.name => {
                for ((an, a), (bn, b)) in a.inner.fields.iter().zip(&b.inner.fields) {
                    if an != bn {
                        return None;
                    }
                    match a.compare(b, order)? {
                        Ordering::Equal => {}
                        decided => return Some(decided),
                    }
                }
                Some(Ordering::Equal)
            }
            _ => None,
        }
    }

    /// What holds of both.
    pub(super) fn join(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Text(a) | Self::Prefix(a), Self::Text(b) | Self::Prefix(b)) => {
                if a == b && matches!(self, Self::Text(_)) == matches!(other, Self::Text(_)) {
                    return self;
                }
                let common = a.char_indices().zip(b.chars());
                let end = common
                    .take_while(|((_, a), b)| a == b)
                    .last()
                    .map_or(0, |((at, a), _)| at + a.len_utf8());
                Self::Prefix(a.get(..end).unwrap_or_default().into())
            }
            (Self::Tuple(a), Self::Tuple(b)) if a.inner.len() == b.inner.len() => {
                if Rc::ptr_eq(a, b) {
                    return self;
                }
                let parts = a.inner.iter().zip(&b.inner);
                Self::tuple(parts.map(|(a, b)| a.clone().join(b.clone())).collect())
            }
            (Self::List(a), Self::List(b)) if a.inner.len() == b.inner.len() => {
                if Rc::ptr_eq(a, b) {
                    return self;
                }
                let parts = a.inner.iter().zip(&b.inner);
                Self::list(parts.map(|(a, b)| a.clone().join(b.clone())).collect())
            }
            (Self::Variant(a), Self::Variant(b)) => {
                if Rc::ptr_eq(a, b) {
                    return self;
                }
                let (a, b) = (&a.inner, &b.inner);
                if a.of != b.of || a.name != b.name || a.fields.len() != b.fields.len() {
                    return Self::Unknown;
                }
                let parts = a.fields.iter().zip(&b.fields);
                let parts = parts.map(|(a, b)| a.clone().join(b.clone())).collect();
                Self::variant(&a.of, &a.name, parts)
            }
            (Self::Struct(a), Self::Struct(b)) => {
                if Rc::ptr_eq(a, b) {
                    return self;
                }
                let (a, b) = (&a.inner, &b.inner);
                let same = a.name == b.name
                    && a.fields.len() == b.fields.len()
                    && a.fields
                        .iter()
                        .zip(&b.fields)
                        .all(|((a, _), (b, _))| a == b);
                if !same {
                    return Self::Unknown;
                }
                let parts = a.fields.iter().zip(&b.fields);
                let parts = parts.map(|((n, a), (_, b))| (n.clone(), a.clone().join(b.clone())));
                Self::structure(&a.name, parts.collect())
            }
            (Self::Reference(a), Self::Reference(b)) if a == b => self,
            (Self::Closure(a), Self::Closure(b)) if Rc::ptr_eq(a, b) => self,
            (Self::Command(a), Self::Command(b)) if Rc::ptr_eq(a, b) => self,
            (Self::Function(a), Self::Function(b)) if a == b => self,
            _ if self.equals(&other) == Some(true) => self,
            _ => Self::Unknown,
        }
    }

    /// Whether it is the very same, as far as that can be seen at once.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) => true,
            (Self::Prefix(a), Self::Prefix(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => Rc::ptr_eq(a, b),
            (Self::Variant(a), Self::Variant(b)) => {
                Rc::ptr_eq(a, b) || a.inner.fields.is_empty() && self.equals(other) == Some(true)
            }
            (Self::Struct(a), Self::Struct(b)) => Rc::ptr_eq(a, b),
            (Self::Closure(a), Self::Closure(b)) => Rc::ptr_eq(a, b),
            (Self::Command(a), Self::Command(b)) => Rc::ptr_eq(a, b),
            (Self::Function(a), Self::Function(b)) => a == b,
            (Self::Reference(a), Self::Reference(b)) => a == b,
            _ => self.equals(other) == Some(true),
        }
    }

    /// What is at the end of a way into it.
    pub(super) fn at(&self, steps: &[Step]) -> Self {
        let mut value = self.clone();
        for step in steps {
            let next = match (step, &value) {
                (Step::Field(name), Self::Struct(node)) => {
                    let mut fields = node.inner.fields.iter();
                    fields
                        .find(|(n, _)| n == name)
                        .map(|(_, value)| value.clone())
                }
                (Step::Index(at), Self::Tuple(node) | Self::List(node)) => {
                    node.inner.get(*at).cloned()
                }
                (Step::Index(at), Self::Variant(node)) => node.inner.fields.get(*at).cloned(),
                _ => None,
            };
            value = next.unwrap_or(Self::Unknown);
        }
        value
    }

    /// With another value at the end of a way into it.
    pub(super) fn with(&self, steps: &[Step], new: Self) -> Self {
        let Some((step, rest)) = steps.split_first() else {
            return new;
        };
        match (step, self) {
            (Step::Field(name), Self::Struct(node)) => {
                let mut fields = node.inner.fields.clone();
                let Some((_, slot)) = fields.iter_mut().find(|(n, _)| n == name) else {
                    return Self::Unknown;
                };
                *slot = slot.with(rest, new);
                Self::structure(&node.inner.name, fields)
            }
            (Step::Index(at), Self::Tuple(node) | Self::List(node)) => {
                let mut parts = node.inner.clone();
                let Some(slot) = parts.get_mut(*at) else {
                    return Self::Unknown;
                };
                *slot = slot.with(rest, new);
                match self {
                    Self::Tuple(_) => Self::tuple(parts),
                    _ => Self::list(parts),
                }
            }
            (Step::Index(at), Self::Variant(node)) => {
                let mut parts = node.inner.fields.clone();
                let Some(slot) = parts.get_mut(*at) else {
                    return Self::Unknown;
                };
                *slot = slot.with(rest, new);
                Self::variant(&node.inner.of, &node.inner.name, parts)
            }
            _ => Self::Unknown,
        }
    }
}

/// The place of a variant in its type.
pub(super) type VariantOrder<'a> = dyn Fn(&str, &str) -> Option<usize> + 'a;

fn all_equal<'v>(mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    pairs
        .try_fold(Some(true), |all, (a, b)| match a.equals(b) {
            // One difference decides, whatever is unknown.
            Some(false) => Err(Some(false)),
            Some(true) => Ok(all),
            None => Ok(None),
        })
        .unwrap_or_else(|decided| decided)
}

fn lexical(a: &[Value], b: &[Value], order: &VariantOrder<'_>) -> Option<Ordering> {
    for (a, b) in a.iter().zip(b) {
        match a.compare(b, order)? {
            Ordering::Equal => {}
            decided => return Some(decided),
        }
    }
    Some(a.len().cmp(&b.len()))
}
