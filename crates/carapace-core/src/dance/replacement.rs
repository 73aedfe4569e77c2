//! What a rule gives: how an operation is written without unsafe code.

use super::at::At;
use super::needs::Operation;
use crate::fix::Applicability;
use crate::source::syntax::{ExprId, ExprKind, ItemId, StatementId, Tokens};

/// Replacements in a file, each with the token that its site is named by in the census.
pub(crate) type InFile = Vec<(u32, Replacement)>;

/// What a rule on replaceable code says of itself.
#[derive(Debug)]
pub struct Replaces {
    /// Looks at one operation that needs unsafe code.
    pub(crate) find: fn(&At<'_>, &Operation, &mut Vec<Replacement>),
    /// Looks at one file once, at what is no operation in a block, as a `static mut`: each with the
    /// token that its site is named by in the census.
    pub(crate) find_in_file: Option<fn(&At<'_>, &mut InFile)>,
}

/// A part of a text that replaces an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text.
    Text(String),
    /// An expression of the file, as it will be written.
    Keep(ExprId),
    /// The same where something binds to it: in brackets if needed.
    Operand(ExprId),
}

/// How strong the outermost operator of a text binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binds {
    /// As an operator of two operands, or anything else.
    Loose,
    /// As `as`.
    Cast,
    /// As `&`, `*`, `-`, `!`.
    Prefix,
    /// As a call, a field, an index, or a name.
    Postfix,
}

impl At<'_> {
    /// How strong the outermost operator of an expression binds, as it stands.
    pub(crate) fn binds(&self, id: ExprId) -> Binds {
        match self.kind(id) {
            ExprKind::Unary { .. } | ExprKind::Borrow { .. } => Binds::Prefix,
            ExprKind::Cast { .. } => Binds::Cast,
            ExprKind::Literal
            | ExprKind::Path(_)
            | ExprKind::Macro { .. }
            | ExprKind::Call { .. }
            | ExprKind::Method { .. }
            | ExprKind::Field { .. }
            | ExprKind::Index { .. }
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Repeat { .. }
            | ExprKind::Paren(_)
            | ExprKind::Try(_)
            | ExprKind::Await(_) => Binds::Postfix,
            _ => Binds::Loose,
        }
    }

    /// How strong a cast binds where a call stands: `a as u32 < b` is no comparison.
    pub(crate) fn cast_binds(&self, id: ExprId) -> Binds {
        match self.around(id).map(|around| self.kind(around)) {
            Some(ExprKind::Binary { .. }) => Binds::Loose,
            _ => Binds::Cast,
        }
    }
}

/// Text that is put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pieces(pub(crate) Vec<Piece>);

impl Pieces {
    /// Text alone.
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// Adds text.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Text(text.into()));
        self
    }

    /// Adds an expression.
    #[must_use]
    pub(crate) fn keep(mut self, id: ExprId) -> Self {
        self.0.push(Piece::Keep(id));
        self
    }

    /// Adds an expression to which a method, a field or an index binds.
    #[must_use]
    pub(crate) fn operand(mut self, id: ExprId) -> Self {
        self.0.push(Piece::Operand(id));
        self
    }
}

/// How an operation is written without unsafe code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// The operations that are gone then, among them the one that was looked at.
    pub(crate) covers: Vec<ExprId>,
    /// What is replaced: an expression that holds all of these.
    pub(crate) target: ExprId,
    /// What is written in its place; none where the statement that it is goes.
    pub(crate) text: Option<Pieces>,
    /// How strong that binds.
    pub(crate) binds: Binds,
    /// What changes elsewhere with it: tokens outside of the site, and what is written there.
    pub(crate) also: Vec<(Tokens, Pieces)>,
    /// Other statements that go.
    pub(crate) removes: Vec<StatementId>,
    /// The item that is spoken of instead of an expression; without a text it goes.
    pub(crate) item: Option<ItemId>,
    /// Whether the target is a block that loses its `unsafe`.
    pub(crate) unwraps: bool,
    /// Variables that go where nothing uses them any more: their `let`.
    pub(crate) drops: Vec<StatementId>,
    /// One sentence on this place: what it does and what does it safely, without a full stop.
    pub(crate) message: String,
    /// The first compiler that has what is written: the minor version of Rust 1.x.
    pub(crate) since: u32,
    /// Whether it can be applied unseen.
    pub(crate) applicability: Applicability,
}

impl Replacement {
    /// An expression in place of an operation.
    pub(crate) fn new(operation: &Operation, target: ExprId, text: Pieces) -> Self {
        Self {
            covers: vec![operation.expr],
            target,
            text: Some(text),
            binds: Binds::Postfix,
            also: Vec::new(),
            removes: Vec::new(),
            item: None,
            unwraps: false,
            drops: Vec::new(),
            message: String::new(),
            since: 0,
            applicability: Applicability::Safe,
        }
    }

    /// Of an item, found in a file: what would be written instead, or nothing where it goes.
    pub(crate) fn of_item(item: ItemId, text: Option<Pieces>) -> Self {
        Self {
            covers: Vec::new(),
            target: ExprId(u32::MAX),
            text,
            binds: Binds::Loose,
            also: Vec::new(),
            removes: Vec::new(),
            item: Some(item),
            unwraps: false,
            drops: Vec::new(),
            message: String::new(),
            since: 0,
            applicability: Applicability::Safe,
        }
    }

    /// Of an unsafe block in which nothing needs it.
    pub(crate) fn unwrapping(block: ExprId) -> Self {
        Self {
            target: block,
            text: None,
            item: None,
            unwraps: true,
            ..Self::of_item(ItemId(u32::MAX), None)
        }
    }

    /// With a sentence.
    #[must_use]
    pub(crate) fn says(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// With the first compiler that has it.
    #[must_use]
    pub(crate) fn since(mut self, minor: u32) -> Self {
        self.since = minor;
        self
    }

    /// With how strong it binds.
    #[must_use]
    pub(crate) fn binds(mut self, binds: Binds) -> Self {
        self.binds = binds;
        self
    }

    /// With whether it can be applied unseen.
    #[must_use]
    pub(crate) fn applies(mut self, applicability: Applicability) -> Self {
        self.applicability = applicability;
        self
    }

    /// Safe if this holds; else to be looked at.
    #[must_use]
    pub(crate) fn safe_if(self, holds: bool) -> Self {
        match holds {
            true => self,
            false => self.applies(Applicability::Unsafe),
        }
    }

    /// With other operations that are gone then.
    #[must_use]
    pub(crate) fn covers(mut self, others: impl IntoIterator<Item = ExprId>) -> Self {
        self.covers.extend(others);
        self
    }

    /// With something that changes elsewhere.
    #[must_use]
    pub(crate) fn also(mut self, tokens: Tokens, text: Pieces) -> Self {
        self.also.push((tokens, text));
        self
    }
}
