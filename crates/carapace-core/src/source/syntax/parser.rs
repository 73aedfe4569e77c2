//! Where the parser is, and how nodes come into the lists.

use super::super::lexer::TokenKind;
use super::super::outline::Source;
use super::{
    Depth, Expr, ExprId, ExprKind, Item, ItemId, ItemKind, MAX_DEPTH, Parent, Pattern, PatternId,
    PatternKind, Statement, StatementId, StatementKind, Syntax, Tokens, Type, TypeId, TypeKind,
};

/// Reads a file from its first token to its last.
///
/// *Invariants.* `at` never goes back, and never beyond `end`, which is that of the group it is in.
/// Whoever loops goes on by one token at least in each turn.
pub(super) struct Parser<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) read: Depth,
    pub(super) out: Syntax,
    /// The item that is being read.
    pub(super) item: Option<ItemId>,
    depth: u32,
}

impl<'s, 'a> Parser<'s, 'a> {
    pub(super) fn new(source: &'s Source<'a>, read: Depth) -> Self {
        Self {
            source,
            at: 0,
            end: source.lexed.tokens.len(),
            read,
            out: Syntax::default(),
            item: None,
            depth: 0,
        }
    }

    pub(super) fn file(mut self) -> Syntax {
        self.elements();
        self.out
    }

    // ----- Tokens -----

    /// The kind of the token that is so far ahead; [`TokenKind::Unknown`] behind the group's end.
    pub(super) fn ahead(&self, by: usize) -> TokenKind {
        match self.at + by < self.end {
            true => self.source.kind(self.at + by),
            false => TokenKind::Unknown,
        }
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.ahead(0)
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind() == kind && !self.is_done()
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        !self.is_done() && self.source.is_word(self.at, word)
    }

    /// Whether the token that is so far ahead and the one behind it are a punctuation of two
    /// characters.
    pub(super) fn is_pair(&self, by: usize, first: TokenKind, second: TokenKind) -> bool {
        let at = self.at + by;
        at + 1 < self.end && self.source.is_pair(at, first, second)
    }

    pub(super) fn bump(&mut self) -> u32 {
        let at = place(self.at);
        self.at = (self.at + 1).min(self.end);
        at
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let is = self.is(kind);
        self.at += usize::from(is);
        is
    }

    pub(super) fn eat_pair(&mut self, first: TokenKind, second: TokenKind) -> bool {
        let is = self.is_pair(0, first, second);
        self.at += 2 * usize::from(is);
        is
    }

    /// Goes on behind the token, or behind the group that it opens.
    pub(super) fn skip_tree(&mut self) {
        self.at = self
            .source
            .after_tree(self.at)
            .max(self.at + 1)
            .min(self.end);
    }

    pub(super) fn since(&self, start: usize) -> Tokens {
        Tokens {
            start: place(start),
            end: place(self.at.max(start)),
        }
    }

    /// Reads what stands in the group that opens here, and goes on behind it.
    pub(super) fn group<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let after = self.source.groups.after(self.at).min(self.end);
        let inner = self.source.groups.end(self.at).min(self.end);
        let outer = self.end;
        self.at = (self.at + 1).min(inner);
        self.end = inner;
        let value = read(self);
        self.end = outer;
        self.at = after.max(self.at);
        value
    }

    /// Reads what is one step deeper; `None` where that is too deep, and then nothing was read.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.out.too_deep.get_or_insert(place(self.at));
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        Some(value)
    }

    // ----- Nodes -----

    /// The place that the next expression gets: where the subtree of what begins here begins.
    pub(super) fn next(&self) -> u32 {
        place(self.out.exprs.len())
    }

    pub(super) fn expr(&mut self, first: u32, start: usize, kind: ExprKind) -> ExprId {
        let id = ExprId(self.next());
        let tokens = self.since(start);
        let exprs = &mut self.out.exprs;
        let statements = &mut self.out.statements;
        let mut own = |child: ExprId| {
            if let Some(child) = exprs.get_mut(child.0 as usize) {
                child.parent = Parent::Expr(id);
            }
        };
        each_child(&kind, &mut own);
        if let ExprKind::Block(block) = &kind {
            for statement in &block.statements {
                if let Some(statement) = statements.get_mut(statement.0 as usize) {
                    statement.block = Some(id);
                }
            }
        }
        self.out.exprs.push(Expr {
            kind,
            tokens,
            parent: Parent::None,
            first,
        });
        id
    }

    pub(super) fn statement(
        &mut self,
        start: usize,
        head: usize,
        kind: StatementKind,
    ) -> StatementId {
        let id = StatementId(place(self.out.statements.len()));
        let of_statement = match &kind {
            StatementKind::Let {
                value, otherwise, ..
            } => [*value, *otherwise],
            StatementKind::Expr { value, .. } => [Some(*value), None],
            StatementKind::Item(_) | StatementKind::Empty => [None, None],
        };
        for child in of_statement.into_iter().flatten() {
            self.belongs(child, Parent::Statement(id));
        }
        let tokens = self.since(start);
        self.out.statements.push(Statement {
            kind,
            tokens,
            head: place(head),
            block: None,
        });
        id
    }

    pub(super) fn belongs(&mut self, child: ExprId, parent: Parent) {
        if let Some(child) = self.out.exprs.get_mut(child.0 as usize) {
            child.parent = parent;
        }
    }

    pub(super) fn type_node(&mut self, start: usize, kind: TypeKind) -> TypeId {
        let id = TypeId(place(self.out.types.len()));
        let tokens = self.since(start);
        self.out.types.push(Type { kind, tokens });
        id
    }

    pub(super) fn pattern_node(&mut self, start: usize, kind: PatternKind) -> PatternId {
        let id = PatternId(place(self.out.patterns.len()));
        let tokens = self.since(start);
        self.out.patterns.push(Pattern { kind, tokens });
        id
    }

    /// An item, before it is read: what stands in it comes behind it.
    pub(super) fn open_item(&mut self, start: usize, public: bool) -> ItemId {
        let id = ItemId(place(self.out.items.len()));
        self.out.items.push(Item {
            kind: ItemKind::Unknown,
            name: None,
            parent: self.item,
            public,
            tokens: self.since(start),
            head: place(self.at),
        });
        id
    }

    pub(super) fn close_item(
        &mut self,
        id: ItemId,
        start: usize,
        name: Option<u32>,
        kind: ItemKind,
    ) {
        let tokens = self.since(start);
        if let Some(item) = self.out.items.get_mut(id.0 as usize) {
            item.kind = kind;
            item.name = name;
            item.tokens = tokens;
        }
    }
}

/// *Invariant.* A file has less than 2^32 bytes, so less tokens and nodes.
pub(super) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn each_child(kind: &ExprKind, own: &mut impl FnMut(ExprId)) {
    use ExprKind as K;
    match kind {
        K::Unknown | K::Literal | K::Path(_) | K::Continue | K::Block(_) => {}
        K::Macro { arguments, .. } => arguments.iter().copied().for_each(own),
        K::Tuple(parts) | K::Array(parts) => parts.iter().copied().for_each(own),
        K::Call { callee, arguments } => {
            own(*callee);
            arguments.iter().copied().for_each(own);
        }
        K::Method {
            receiver,
            arguments,
            ..
        } => {
            own(*receiver);
            arguments.iter().copied().for_each(own);
        }
        K::Field { base, .. } => own(*base),
        K::Index { base, index } => [*base, *index].into_iter().for_each(own),
        K::Unary { operand, .. } | K::Borrow { operand, .. } | K::Cast { operand, .. } => {
            own(*operand);
        }
        K::Binary { left, right, .. } | K::Assign { left, right, .. } => {
            [*left, *right].into_iter().for_each(own);
        }
        K::Range { from, to, .. } => [*from, *to].into_iter().flatten().for_each(own),
        K::Repeat { value, length } => [*value, *length].into_iter().for_each(own),
        K::Struct { fields, base, .. } => {
            fields.iter().for_each(|(_, value)| own(*value));
            base.iter().copied().for_each(own);
        }
        K::Paren(inner) | K::Loop(inner) | K::Try(inner) | K::Await(inner) => own(*inner),
        K::If {
            condition,
            then,
            otherwise,
        } => {
            [*condition, *then].into_iter().for_each(&mut *own);
            otherwise.iter().copied().for_each(own);
        }
        K::Let { value, .. } => own(*value),
        K::Match { value, arms } => {
            own(*value);
            for arm in arms {
                arm.guard.iter().copied().for_each(&mut *own);
                own(arm.body);
            }
        }
        K::While { condition, body } => [*condition, *body].into_iter().for_each(own),
        K::For { over, body, .. } => [*over, *body].into_iter().for_each(own),
        K::Closure { body, .. } => own(*body),
        K::Return(value) | K::Break(value) => value.iter().copied().for_each(own),
    }
}
