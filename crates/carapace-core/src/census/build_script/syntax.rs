//! What a build script is made of, as far as it is understood.

use std::rc::Rc;

/// A name, or a text.
pub(super) type Name = Rc<str>;

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    /// `true`, `false`.
    Bool(bool),
    Int(i128),
    Char(char),
    Str(Name),
    /// `a::b::c`, without generic arguments; those of the last segment apart, as a text.
    Path(Vec<Name>, Option<Name>),
    Call(Box<Expr>, Vec<Expr>),
    /// A receiver, a name, the text of generic arguments, and arguments.
    Method(Box<Expr>, Name, Option<Name>, Vec<Expr>),
    Field(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Deref(Box<Expr>),
    /// `&x`, and whether it is `&mut x`.
    Reference(bool, Box<Expr>),
    /// `a && b && c`.
    All(Vec<Expr>),
    /// `a || b || c`.
    Any(Vec<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Assign(Option<Operator>, Box<Expr>, Box<Expr>),
    /// The ends, and whether the second belongs to it.
    Range(Option<Box<Expr>>, Option<Box<Expr>>, bool),
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    /// `let PATTERN = …` as a condition.
    Let(Box<Pattern>, Box<Expr>),
    Match(Box<Expr>, Vec<Arm>),
    /// `loop`, and `while` with its condition.
    Loop(Option<Name>, Option<Box<Expr>>, Box<Expr>),
    For(Option<Name>, Box<Pattern>, Box<Expr>, Box<Expr>),
    Block(Option<Name>, Vec<Statement>),
    Return(Option<Box<Expr>>),
    Break(Option<Name>, Option<Box<Expr>>),
    Continue(Option<Name>),
    Tuple(Vec<Expr>),
    Array(Vec<Expr>),
    Repeat(Box<Expr>, Box<Expr>),
    /// A path, fields, and what the rest is taken from.
    Struct(Vec<Name>, Vec<(Name, Expr)>, Option<Box<Expr>>),
    Closure(Rc<Closure>),
    Try(Box<Expr>),
    Cast(Box<Expr>, Name),
    /// A macro that takes a format and its arguments.
    Format(Name, Vec<(Option<Name>, Expr)>),
    /// `cfg!(…)`, of the script itself.
    Cfg(Name),
    /// `rustversion::cfg!(…)`.
    RustVersion(Name),
    /// `cfg_aliases! { … }`.
    Aliases(Rc<[(Name, Name)]>),
    /// `env!("…")`, and whether it is `option_env!`.
    Env(bool, Box<Expr>),
    Concat(Vec<Expr>),
    /// What stands only where a predicate holds.
    Conditional(Condition, Box<Expr>),
    /// What is not understood.
    Opaque(Rc<Opaque>),
}

/// What stands in a block.
#[derive(Debug, Clone)]
pub(super) enum Statement {
    Let(Pattern, Option<Expr>, Option<Expr>),
    /// An expression, and whether its value is that of the block if it is the last.
    Expr(Expr, bool),
    /// `let` under an attribute.
    LetIf(Condition, Pattern, Option<Expr>),
}

/// A predicate of an attribute.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// `#[cfg(…)]`
    Cfg(Name),
    /// `#[rustversion::…]`
    RustVersion(Name),
}

#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub(super) condition: Option<Condition>,
    pub(super) pattern: Pattern,
    pub(super) guard: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Debug)]
pub(super) struct Closure {
    pub(super) parameters: Vec<Pattern>,
    pub(super) body: Expr,
}

/// Code that is not understood: what in it could matter.
#[derive(Debug, Default)]
pub(super) struct Opaque {
    /// The values of its strings.
    pub(super) strings: Vec<Name>,
    /// Its names.
    pub(super) names: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Xor,
    Left,
    Right,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Wildcard,
    /// `..`
    Rest,
    /// A name, and what it must be besides.
    Bind(Name, Option<Box<Pattern>>),
    /// A literal, or a constant's path.
    Value(Expr),
    Range(Option<Box<Expr>>, Option<Box<Expr>>, bool),
    Tuple(Vec<Pattern>),
    Slice(Vec<Pattern>),
    /// A tuple's path and its fields.
    Variant(Vec<Name>, Vec<Pattern>),
    Struct(Vec<Name>, Vec<(Name, Pattern)>),
    Or(Vec<Pattern>),
    /// What is not understood, and the names in it.
    Opaque(Vec<Name>),
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: Name,
    /// The type or module that it is in.
    pub(super) owner: Name,
    /// The trait that it is a part of.
    pub(super) of_trait: Option<Name>,
    pub(super) conditions: Vec<Condition>,
    /// How it takes `self`.
    pub(super) receiver: Option<Receiver>,
    pub(super) parameters: Vec<Pattern>,
    pub(super) body: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiver {
    Value,
    Reference,
    Mutable,
}

/// A `const` or `static`.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) name: Name,
    pub(super) owner: Name,
    pub(super) conditions: Vec<Condition>,
    pub(super) value: Expr,
}

/// An `enum` or `struct`.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: Name,
    /// Its variants in order; none of a `struct`.
    pub(super) variants: Option<Vec<(Name, Option<Expr>)>>,
    /// The names of its fields in order.
    pub(super) fields: Vec<Name>,
    /// The traits whose derivation is asked for.
    pub(super) derives: Vec<Name>,
}
