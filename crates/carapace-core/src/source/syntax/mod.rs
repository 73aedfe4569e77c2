//! The expression tree of a file: for what asks which expressions, types and declarations stand in
//! it, and which in which.
//!
//! It is made from the tokens and groups of a [`Source`], of all editions at once. It is ours since
//! published parsers overflow the stack on hostile nesting, take one edition at a time, and give up
//! a whole file for one thing that they do not know.
//!
//! *Invariants.* Parsing never fails: what is not understood is [`ExprKind::Unknown`], up to the next
//! place where a statement, an argument or an item can begin, and never more than its group. Nodes
//! lie in lists, in the order in which they end: what is in an expression comes before it, without
//! a gap, so that a subtree is a stretch of the list ([`Syntax::within`]) and nothing that walks it
//! recurses. Parsing itself recurses at most [`MAX_DEPTH`] deep, and a chain of operators or methods
//! is a loop. It takes linear time.

mod exprs;
mod few;
mod items;
mod macros;
mod operands;
mod parser;
mod patterns;
mod statements;
#[cfg(test)]
mod tests;
mod types;

use std::ops::Range;

pub use few::Few;

use super::lexer::TokenKind;
use super::outline::{ALWAYS, FILE, Source, UseDeclaration, Visibility};

/// How deep what stands in a file may nest to be read: each group, operand and type counts.
pub const MAX_DEPTH: u32 = 160;

/// The place of an expression in [`Syntax::exprs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);
/// The place of a type in [`Syntax::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);
/// The place of a pattern in [`Syntax::patterns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);
/// The place of a statement in [`Syntax::statements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(pub u32);
/// The place of an item in [`Syntax::items`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(pub u32);

/// Tokens: from the first to before the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tokens {
    /// The first token.
    pub start: u32,
    /// The token behind the last one.
    pub end: u32,
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The token of its name, or of `self`, `super`, `crate`, `Self`.
    pub name: u32,
    /// Its generic arguments that are types.
    pub arguments: Few<TypeId>,
}

/// A path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    /// The type in `<T as Trait>::…`.
    pub of_type: Option<TypeId>,
    /// Its segments.
    pub segments: Few<Segment>,
}

impl Path {
    /// The segment before the last: a module, a type.
    #[must_use]
    pub fn parent(&self) -> Option<&Segment> {
        self.segments.iter().rev().nth(1)
    }
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum TypeKind {
    Unknown,
    Path(Path),
    Ref {
        mutable: bool,
        of: TypeId,
    },
    Pointer {
        mutable: bool,
        of: TypeId,
    },
    Slice(TypeId),
    Array {
        of: TypeId,
        length: Option<ExprId>,
    },
    Tuple(Vec<TypeId>),
    /// `fn(…)`, `impl Trait`, `dyn Trait`, `_`, `!`, a macro's call.
    Other,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Where.
    pub tokens: Tokens,
}

/// What a pattern is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternKind {
    /// A name that is bound: its token.
    Name {
        /// The name's token.
        name: u32,
        /// Whether it is `mut`.
        mutable: bool,
        /// Whether it is `ref`.
        by_ref: bool,
    },
    /// `_`
    Wild,
    /// `&pattern`
    Ref(PatternId),
    /// `(a, b)`
    Tuple(Vec<PatternId>),
    /// `Path(a, b)`
    TupleStruct(Path, Vec<PatternId>),
    /// A path by itself with more than one segment, or a constant.
    Path(Path),
    /// Anything else; the names that may be bound in it are not known.
    Other,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where.
    pub tokens: Tokens,
}

/// An operator of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    LazyAnd,
    LazyOr,
}

/// An operator of one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum Prefix {
    Neg,
    Not,
    Deref,
}

/// What is borrowed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum Borrow {
    Shared,
    Mut,
    RawConst,
    RawMut,
}

/// What kind of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum BlockKind {
    Plain,
    Unsafe,
    Async,
    Const,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What kind.
    pub kind: BlockKind,
    /// The token of its opening brace.
    pub open: u32,
    /// Its statements; where it has a value, the last is an expression without a semicolon.
    pub statements: Vec<StatementId>,
}

/// An arm of a `match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// What it matches.
    pub pattern: PatternId,
    /// Its guard.
    pub guard: Option<ExprId>,
    /// Its value.
    pub body: ExprId,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The names say it, but for some.
pub enum ExprKind {
    /// Tokens that are no expression that we know.
    Unknown,
    Literal,
    Path(Path),
    /// A macro's call. What is handed to it is read as expressions between commas or semicolons, as
    /// statements between braces; where it is none of these, `is_read` is false.
    Macro {
        path: Box<Path>,
        arguments: Few<ExprId>,
        is_read: bool,
    },
    Call {
        callee: ExprId,
        arguments: Few<ExprId>,
    },
    Method {
        receiver: ExprId,
        /// The token of its name.
        name: u32,
        generics: Few<TypeId>,
        arguments: Few<ExprId>,
    },
    /// `base.name`, `base.0`
    Field {
        base: ExprId,
        name: u32,
    },
    Index {
        base: ExprId,
        index: ExprId,
    },
    Unary {
        operator: Prefix,
        operand: ExprId,
    },
    Borrow {
        how: Borrow,
        operand: ExprId,
    },
    Binary {
        operator: Operator,
        left: ExprId,
        right: ExprId,
    },
    Assign {
        /// The operator of `+=` and its kind.
        operator: Option<Operator>,
        left: ExprId,
        right: ExprId,
    },
    Cast {
        operand: ExprId,
        to: TypeId,
    },
    Range {
        from: Option<ExprId>,
        to: Option<ExprId>,
        inclusive: bool,
    },
    Tuple(Vec<ExprId>),
    Array(Vec<ExprId>),
    Repeat {
        value: ExprId,
        length: ExprId,
    },
    Struct {
        path: Box<Path>,
        /// The token of each field's name, and its value.
        fields: Vec<(u32, ExprId)>,
        base: Option<ExprId>,
    },
    Paren(ExprId),
    Block(Block),
    If {
        condition: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
    },
    /// `let pattern = value` in a condition.
    Let {
        pattern: PatternId,
        value: ExprId,
    },
    Match {
        value: ExprId,
        arms: Vec<Arm>,
    },
    While {
        condition: ExprId,
        body: ExprId,
    },
    Loop(ExprId),
    For {
        pattern: PatternId,
        over: ExprId,
        body: ExprId,
    },
    Closure {
        parameters: Vec<(PatternId, Option<TypeId>)>,
        body: ExprId,
    },
    Return(Option<ExprId>),
    Break(Option<ExprId>),
    Continue,
    /// `value?`
    Try(ExprId),
    Await(ExprId),
}

/// In what an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// In another expression.
    Expr(ExprId),
    /// In a statement.
    Statement(StatementId),
    /// In an item: a function's body, a constant's value.
    Item(ItemId),
    /// In a type (a length), in what could not be read, or in nothing.
    None,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub tokens: Tokens,
    /// In what it stands.
    pub parent: Parent,
    /// The first expression of its subtree.
    first: u32,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// `let pattern: declared = value else { otherwise };`
    Let {
        /// What is bound.
        pattern: PatternId,
        /// Its type, as written.
        declared: Option<TypeId>,
        /// Its value.
        value: Option<ExprId>,
        /// What comes where it does not match.
        otherwise: Option<ExprId>,
    },
    /// An expression.
    Expr {
        /// The expression.
        value: ExprId,
        /// Whether a semicolon ends it.
        ends: bool,
    },
    /// An item.
    Item(ItemId),
    /// A semicolon, or what could not be read.
    Empty,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where, attributes and semicolon included.
    pub tokens: Tokens,
    /// The first token behind its attributes.
    pub head: u32,
    /// The block that it is in; none among a file's items or in a macro's body.
    pub block: Option<ExprId>,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What is bound.
    pub pattern: PatternId,
    /// Its type.
    pub of: TypeId,
}

/// How a method takes `self`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// `self`, `self: T`
    Value,
    /// `&self`
    Shared,
    /// `&mut self`
    Mut,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Whether it is declared `unsafe`: the keyword's token.
    pub unsafety: Option<u32>,
    /// Whether it is `const`.
    pub is_const: bool,
    /// The tokens of the names of its type parameters.
    pub generics: Vec<u32>,
    /// How it takes `self`.
    pub receiver: Option<Receiver>,
    /// Its parameters, without `self`.
    pub parameters: Vec<Parameter>,
    /// What it returns.
    pub output: Option<TypeId>,
    /// Its body, where that is read.
    pub body: Option<ExprId>,
}

/// A field of a `struct`, a `union` or a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The token of its name; none where it goes by its place.
    pub name: Option<u32>,
    /// Its type.
    pub of: TypeId,
}

/// A variant of an `enum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The token of its name.
    pub name: u32,
    /// The tokens of its fields with their brackets.
    pub fields: Option<Tokens>,
    /// The tokens of its value.
    pub value: Option<Tokens>,
    /// The tokens of its attributes.
    pub attributes: Tokens,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// `fn`
    Function(Function),
    /// `struct`
    Struct {
        /// Its fields.
        fields: Vec<Field>,
        /// The tokens of its type parameters' names.
        generics: Vec<u32>,
    },
    /// `union`
    Union {
        /// Its fields.
        fields: Vec<Field>,
    },
    /// `enum`
    Enum {
        /// Its variants.
        variants: Vec<Variant>,
        /// Whether it has parameters.
        is_generic: bool,
    },
    /// `const`, `static`
    Value {
        /// Its type.
        of: Option<TypeId>,
        /// Its value.
        value: Option<ExprId>,
        /// Whether it is a `static`.
        is_static: bool,
        /// Whether it is `mut`.
        mutable: bool,
    },
    /// `type`
    Alias {
        /// What it stands for.
        of: Option<TypeId>,
        /// Whether it has parameters.
        is_generic: bool,
    },
    /// `impl`
    Impl {
        /// The type.
        of: TypeId,
        /// The trait that is implemented.
        of_trait: Option<Box<Path>>,
        /// Whether it is declared `unsafe`: the keyword's token.
        unsafety: Option<u32>,
        /// The tokens of the names of its type parameters.
        generics: Vec<u32>,
    },
    /// `trait`
    Trait {
        /// Whether it is declared `unsafe`: the keyword's token.
        unsafety: Option<u32>,
    },
    /// `mod`
    Mod,
    /// `extern { … }`
    Foreign,
    /// `use`, `extern crate`
    Use,
    /// `macro_rules!`, `macro`
    Macro,
    /// A macro's call among items.
    Call,
    /// What could not be read.
    Unknown,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its name's token.
    pub name: Option<u32>,
    /// The item around it.
    pub parent: Option<ItemId>,
    /// Whether it is `pub` without a restriction.
    pub public: bool,
    /// Where, attributes included.
    pub tokens: Tokens,
    /// The first token behind its attributes.
    pub head: u32,
}

impl Item {
    /// What a `use` or `extern crate` declares, conditions left out.
    #[must_use]
    pub fn use_declaration(&self, source: &Source<'_>) -> Option<UseDeclaration> {
        if !matches!(self.kind, ItemKind::Use) {
            return None;
        }
        let is_extern_crate = source.kind(self.head as usize) == TokenKind::Extern;
        Some(UseDeclaration {
            start: self.head + if is_extern_crate { 2 } else { 1 },
            end: self.tokens.end.saturating_sub(1),
            visibility: Visibility::Inherited,
            is_extern_crate,
            condition: ALWAYS,
            item: FILE,
        })
    }

    /// The type and the first value of a `static mut` that has both; nothing of what is none, or is
    /// foreign.
    #[must_use]
    pub fn static_mut(&self) -> Option<(TypeId, ExprId)> {
        match self.kind {
            ItemKind::Value {
                of: Some(of),
                value: Some(value),
                is_static: true,
                mutable: true,
            } => Some((of, value)),
            _ => None,
        }
    }
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Declarations: bodies of functions are passed over.
    Declarations,
    /// Everything.
    Bodies,
}

/// A file as a tree.
#[derive(Debug, Clone, Default)]
pub struct Syntax {
    /// Expressions; what stands in one comes before it.
    pub exprs: Vec<Expr>,
    /// Types.
    pub types: Vec<Type>,
    /// Patterns, in the order in which they end.
    pub patterns: Vec<Pattern>,
    /// Statements, in the order in which they end.
    pub statements: Vec<Statement>,
    /// Items; what stands around one comes before it.
    pub items: Vec<Item>,
    /// Where something nested too deep to be read, the first token.
    pub too_deep: Option<u32>,
}

impl Syntax {
    /// Reads a file.
    #[must_use]
    pub fn new(source: &Source<'_>, depth: Depth) -> Self {
        parser::Parser::new(source, depth).file()
    }

    /// An expression; one that is not there is unknown.
    #[must_use]
    pub fn expr(&self, id: ExprId) -> &Expr {
        const NOTHING: &Expr = &Expr {
            kind: ExprKind::Unknown,
            tokens: Tokens { start: 0, end: 0 },
            parent: Parent::None,
            first: 0,
        };
        self.exprs.get(id.0 as usize).unwrap_or(NOTHING)
    }

    /// What an expression is.
    #[must_use]
    pub fn kind(&self, id: ExprId) -> &ExprKind {
        &self.expr(id).kind
    }

    /// What a type is.
    #[must_use]
    pub fn type_kind(&self, id: TypeId) -> &TypeKind {
        let found = self.types.get(id.0 as usize);
        found.map_or(&TypeKind::Unknown, |found| &found.kind)
    }

    /// What a pattern is.
    #[must_use]
    pub fn pattern(&self, id: PatternId) -> &PatternKind {
        let found = self.patterns.get(id.0 as usize);
        found.map_or(&PatternKind::Other, |found| &found.kind)
    }

    /// A statement.
    #[must_use]
    pub fn statement(&self, id: StatementId) -> Option<&Statement> {
        self.statements.get(id.0 as usize)
    }

    /// An item.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(id.0 as usize)
    }

    /// All expressions, by place of their ends.
    pub fn expr_ids(&self) -> impl Iterator<Item = ExprId> + use<> {
        (0..u32::try_from(self.exprs.len()).unwrap_or(u32::MAX)).map(ExprId)
    }

    /// The implementation or the trait around an item.
    pub fn implementation(&self, item: ItemId) -> Option<ItemId> {
        let mut at = self.item(item)?.parent;
        while let Some(around) = at {
            let found = self.item(around)?;
            if matches!(found.kind, ItemKind::Impl { .. } | ItemKind::Trait { .. }) {
                return Some(around);
            }
            at = found.parent;
        }
        None
    }

    /// All items, each with what it goes by.
    pub fn items_by_id(&self) -> impl Iterator<Item = (ItemId, &Item)> {
        (0..).map(ItemId).zip(&self.items)
    }

    /// An expression and all that stand in it, by place of their ends.
    pub fn within(&self, id: ExprId) -> impl DoubleEndedIterator<Item = ExprId> + use<> {
        let range: Range<u32> = match self.exprs.get(id.0 as usize) {
            Some(expr) => expr.first..id.0 + 1,
            None => 0..0,
        };
        range.map(ExprId)
    }

    /// The expression that ends before another does, in what stands in `inside`.
    #[must_use]
    pub fn previous(&self, id: ExprId, inside: ExprId) -> Option<ExprId> {
        let before = id.0.checked_sub(1)?;
        (before >= self.expr(inside).first).then_some(ExprId(before))
    }

    /// The last expression that ends before a whole one begins, in what stands in `inside`.
    #[must_use]
    pub fn before(&self, id: ExprId, inside: ExprId) -> Option<ExprId> {
        self.previous(ExprId(self.expr(id).first), inside)
    }

    /// Whether an expression is another, or in it.
    #[must_use]
    pub fn is_within(&self, inner: ExprId, outer: ExprId) -> bool {
        inner <= outer && self.expr(outer).first <= inner.0
    }

    /// The expression around one, through the statements between them.
    #[must_use]
    pub fn around(&self, id: ExprId) -> Option<ExprId> {
        match self.expr(id).parent {
            Parent::Expr(around) => Some(around),
            Parent::Statement(statement) => self.statement(statement)?.block,
            Parent::Item(_) | Parent::None => None,
        }
    }

    /// The expressions around one, from the innermost on.
    pub fn ancestors(&self, id: ExprId) -> impl Iterator<Item = ExprId> + Clone + '_ {
        std::iter::successors(self.around(id), |around| self.around(*around))
    }

    /// How many expressions stand around the innermost one in another, at most: chains (`a.b().c()`,
    /// `else if`) are as deep as they are long.
    #[must_use]
    pub fn depth_within(&self, id: ExprId) -> u32 {
        self.deepest(self.expr(id).first..id.0.saturating_add(1))
    }

    /// The same of all expressions.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.deepest(0..u32::try_from(self.exprs.len()).unwrap_or(u32::MAX))
    }

    fn deepest(&self, range: Range<u32>) -> u32 {
        let first = range.start;
        let place = |part: ExprId| part.0.checked_sub(first).map(|at| at as usize);
        let mut depths = vec![0_u32; range.len()];
        let mut deepest = 0;
        // What stands in an expression comes before it.
        for part in range.rev().map(ExprId) {
            let around = self.around(part).and_then(place);
            let around = around.and_then(|around| depths.get(around).copied());
            let depth = around.map_or(0, |around| around + 1);
            if let Some(known) = place(part).and_then(|at| depths.get_mut(at)) {
                *known = depth;
            }
            deepest = deepest.max(depth);
        }
        deepest
    }

    /// The expression without the parentheses around it.
    #[must_use]
    pub fn bare(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Paren(inner) = self.kind(id) {
            id = *inner;
        }
        id
    }
}
