//! What rules look at: one file of a package, and what all of it declares.

use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::declared::Declared;
use super::replacement::Pieces;
use crate::source::lexer::TokenKind;
use crate::source::outline::Source;
use crate::source::syntax::{
    BlockKind, ExprId, ExprKind, Function, Item, ItemId, ItemKind, Parent, Prefix, StatementId,
    StatementKind, Syntax, Tokens, TypeId,
};
use crate::source::uses::imports;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct FileView<'p> {
    /// Its place among the package's files.
    pub(crate) index: usize,
    /// Its path from the package's folder, with `/`.
    pub(crate) path: &'p str,
    /// Its tokens.
    pub(crate) source: &'p Source<'p>,
    /// Its tree.
    pub(crate) syntax: &'p Syntax,
    /// What its `use` declarations call things, once somebody asked.
    pub(super) imports: OnceLock<Imports>,
}

/// The path behind each name.
pub(crate) type Imports = HashMap<String, Vec<String>, RandomState>;

impl FileView<'_> {
    /// What its `use` declarations call things.
    pub(crate) fn imports(&self) -> &Imports {
        self.imports
            .get_or_init(|| imported(self.source, self.syntax))
    }
}

/// A place to look at: a file, and what its package declares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'p> {
    /// The file.
    pub(crate) file: &'p FileView<'p>,
    /// What the package declares.
    pub(crate) declared: &'p Declared<'p>,
}

/// How many tokens before an item in a block are looked at for its attributes.
const MAX_ATTRIBUTES: u32 = 48;

impl<'p> At<'p> {
    /// The tree.
    pub(crate) fn syntax(&self) -> &'p Syntax {
        self.file.syntax
    }

    /// What an expression is.
    pub(crate) fn kind(&self, id: ExprId) -> &'p ExprKind {
        self.file.syntax.kind(id)
    }

    /// All tokens of the file.
    pub(crate) fn tokens(&self) -> Tokens {
        let end = self.file.source.lexed.tokens.len();
        Tokens {
            start: 0,
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    /// The text of some tokens, as it stands.
    pub(crate) fn text_of(&self, tokens: Tokens) -> String {
        let (start, end) = (tokens.start as usize, tokens.end as usize);
        self.file.source.text_between(start, end)
    }

    /// The text of an expression, as it stands.
    pub(crate) fn text(&self, id: ExprId) -> String {
        self.text_of(self.syntax().expr(id).tokens)
    }

    /// The text of an expression without white space and comments: two expressions that have the
    /// same are the same.
    pub(crate) fn plain(&self, id: ExprId) -> String {
        let tokens = self.syntax().expr(id).tokens;
        let mut text = String::new();
        let mut was_word = false;
        for at in tokens.start..tokens.end {
            let kind = self.file.source.kind(at as usize);
            let is_word = kind.is_ident() || kind.is_keyword() || kind.is_literal();
            if is_word && was_word {
                text.push(' ');
            }
            text.push_str(&String::from_utf8_lossy(
                self.file.source.bytes_of(at as usize),
            ));
            was_word = is_word;
        }
        text
    }

    /// Whether two expressions are written alike.
    pub(crate) fn alike(&self, a: ExprId, b: ExprId) -> bool {
        self.plain(self.bare(a)) == self.plain(self.bare(b))
    }

    /// A name's text, without `r#`; none is what is no UTF-8, which rustc does not take either.
    pub(crate) fn name(&self, token: u32) -> &'p str {
        str::from_utf8(self.file.source.name_bytes(token as usize)).unwrap_or_default()
    }

    /// A name as it is written, `r#` and all: what is put into code.
    pub(crate) fn written_name(&self, token: u32) -> String {
        self.file.source.text(token as usize)
    }

    /// Whether a name is a word.
    pub(crate) fn is_name(&self, token: u32, word: &str) -> bool {
        self.file.source.name_bytes(token as usize) == word.as_bytes()
    }

    /// An expression without the parentheses around it.
    pub(crate) fn bare(&self, id: ExprId) -> ExprId {
        self.syntax().bare(id)
    }

    /// The name of an expression that is one name: a variable, mostly; of a macro's fragment with its
    /// `$`.
    pub(crate) fn single(&self, id: ExprId) -> Option<&'p str> {
        let ExprKind::Path(path) = self.kind(self.bare(id)) else {
            return None;
        };
        let [segment] = path.segments.as_slice() else {
            return None;
        };
        if path.of_type.is_some() {
            return None;
        }
        let source = self.file.source;
        let name = segment.name as usize;
        let dollar = name.checked_sub(1);
        match dollar.filter(|at| source.kind(*at) == TokenKind::Dollar) {
            Some(dollar) => {
                let written = source.token(dollar).start as usize..source.token(name).end as usize;
                let bytes = source.bytes.get(written)?;
                Some(str::from_utf8(bytes).unwrap_or_default())
            }
            None => Some(self.name(segment.name)),
        }
    }

    /// The expression around one, parentheses left out.
    pub(crate) fn around(&self, id: ExprId) -> Option<ExprId> {
        let mut around = match self.syntax().expr(id).parent {
            Parent::Expr(around) => around,
            _ => return None,
        };
        while let (ExprKind::Paren(_), Parent::Expr(outer)) =
            (self.kind(around), self.syntax().expr(around).parent)
        {
            around = outer;
        }
        (!matches!(self.kind(around), ExprKind::Paren(_))).then_some(around)
    }

    /// The statement that an expression is in, and the block that it is in.
    pub(crate) fn statement(&self, id: ExprId) -> Option<(StatementId, ExprId)> {
        let mut at = id;
        loop {
            match self.syntax().expr(at).parent {
                Parent::Expr(around) => at = around,
                Parent::Statement(statement) => {
                    let block = self.syntax().statement(statement)?.block?;
                    return Some((statement, block));
                }
                Parent::Item(_) | Parent::None => return None,
            }
        }
    }

    /// The statement that an expression is by itself, with or without a semicolon.
    pub(crate) fn own_statement(&self, id: ExprId) -> Option<(StatementId, ExprId)> {
        let Parent::Statement(statement) = self.syntax().expr(id).parent else {
            return None;
        };
        let found = self.syntax().statement(statement)?;
        match found.kind {
            StatementKind::Expr { value, .. } if value == id => Some((statement, found.block?)),
            _ => None,
        }
    }

    /// The statements of a block.
    pub(crate) fn statements(&self, block: ExprId) -> &'p [StatementId] {
        match self.kind(block) {
            ExprKind::Block(block) => &block.statements,
            _ => &[],
        }
    }

    /// The value of a block's last statement, where it is one.
    pub(crate) fn tail(&self, block: ExprId) -> Option<ExprId> {
        let last = self.statements(block).last()?;
        match self.syntax().statement(*last)?.kind {
            StatementKind::Expr { value, ends: false } => Some(value),
            _ => None,
        }
    }

    /// The unsafe blocks of the file.
    pub(crate) fn unsafe_blocks(&self) -> impl Iterator<Item = ExprId> + use<'p> {
        let at = *self;
        let all = at.syntax().expr_ids();
        all.filter(move |id| at.is_unsafe_block(*id))
    }

    /// Whether an expression is an unsafe block.
    pub(crate) fn is_unsafe_block(&self, id: ExprId) -> bool {
        matches!(self.kind(id), ExprKind::Block(block) if block.kind == BlockKind::Unsafe)
    }

    /// The function that an expression is in.
    pub(crate) fn function(&self, id: ExprId) -> Option<(ItemId, &'p Function)> {
        let mut at = id;
        let item = loop {
            match self.syntax().expr(at).parent {
                Parent::Expr(around) => at = around,
                Parent::Statement(statement) => match self.syntax().statement(statement)?.block {
                    Some(block) => at = block,
                    None => return None,
                },
                Parent::Item(item) => break item,
                Parent::None => return None,
            }
        };
        match &self.syntax().item(item)?.kind {
            ItemKind::Function(function) => Some((item, function)),
            _ => None,
        }
    }

    /// The implementation or the trait that an item is in.
    pub(crate) fn implementation(&self, item: ItemId) -> Option<ItemId> {
        self.syntax().implementation(item)
    }

    /// Whether a function is declared in a trait, or implements one of one.
    pub(crate) fn is_of_trait(&self, item: ItemId) -> bool {
        let around = self.implementation(item);
        let around = around.and_then(|around| self.syntax().item(around));
        around.is_some_and(|around| match &around.kind {
            ItemKind::Impl { of_trait, .. } => of_trait.is_some(),
            _ => true,
        })
    }

    /// Whether a name is that of a type parameter that holds in an item.
    pub(crate) fn is_type_parameter(&self, item: ItemId, name: &str) -> bool {
        let mut at = Some(item);
        while let Some(found) = at.and_then(|at| self.syntax().item(at)) {
            let generics = match &found.kind {
                ItemKind::Function(function) => &function.generics,
                ItemKind::Impl { generics, .. } | ItemKind::Struct { generics, .. } => generics,
                _ => const { &Vec::new() },
            };
            if generics.iter().any(|token| self.is_name(*token, name)) {
                return true;
            }
            at = found.parent;
        }
        false
    }

    /// Whether evaluating an expression once more changes nothing and gives the same: names, fields,
    /// literals, and arithmetic and indices of them.
    pub(crate) fn is_pure(&self, id: ExprId) -> bool {
        self.syntax().within(id).all(|part| match self.kind(part) {
            ExprKind::Literal
            | ExprKind::Path(_)
            | ExprKind::Field { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Cast { .. }
            | ExprKind::Paren(_)
            | ExprKind::Borrow { .. }
            | ExprKind::Range { .. } => true,
            ExprKind::Method {
                name, arguments, ..
            } => {
                const PURE: [&str; 6] = [
                    "len", "capacity", "is_empty", "as_ptr", "as_slice", "as_bytes",
                ];
                arguments.is_empty() && PURE.iter().any(|word| self.is_name(*name, word))
            }
            _ => false,
        })
    }

    /// Whether an expression is only evaluated while the program runs: in a function that is not
    /// `const`, outside of `const` blocks, lengths, and values of constants.
    pub(crate) fn runs(&self, id: ExprId) -> bool {
        let is_const = |at: ExprId| matches!(self.kind(at), ExprKind::Block(block) if block.kind == BlockKind::Const);
        let mut around = std::iter::once(id).chain(self.syntax().ancestors(id));
        !around.any(is_const)
            && self
                .function(id)
                .is_some_and(|(_, function)| !function.is_const)
    }

    /// An expression with another name in place of a token of its own, and these parts of it kept.
    pub(crate) fn renamed(&self, id: ExprId, token: u32, name: &str, parts: &[ExprId]) -> Pieces {
        let source = self.file.source;
        let start = |token: u32| source.token(token as usize).start as usize;
        let end = |token: u32| source.token(token as usize).end as usize;
        let tokens = self.syntax().expr(id).tokens;
        let mut kept: Vec<(usize, usize, Option<ExprId>)> = vec![(start(token), end(token), None)];
        kept.extend(parts.iter().map(|part| {
            let of = self.syntax().expr(*part).tokens;
            (start(of.start), end(of.end.saturating_sub(1)), Some(*part))
        }));
        kept.sort_by_key(|(start, ..)| *start);
        let between = |from: usize, to: usize| {
            let bytes = source.bytes.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (mut pieces, mut at) = (Pieces::default(), start(tokens.start));
        for (from, to, part) in kept {
            pieces = pieces.text(between(at, from));
            pieces = match part {
                Some(part) => pieces.keep(part),
                None => pieces.text(name),
            };
            at = to;
        }
        pieces.text(between(at, end(tokens.end.saturating_sub(1))))
    }

    /// The function's item that an expression is in.
    pub(crate) fn item_of(&self, id: ExprId) -> Option<ItemId> {
        self.function(id).map(|(item, _)| item)
    }

    /// The body of the function that an expression is in.
    pub(crate) fn body_of(&self, id: ExprId) -> Option<ExprId> {
        self.function(id).and_then(|(_, function)| function.body)
    }

    /// What stands behind `*`.
    pub(crate) fn dereferenced(&self, id: ExprId) -> Option<ExprId> {
        match self.kind(id) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => Some(*operand),
            _ => None,
        }
    }

    /// What a loop does again and again.
    pub(crate) fn loop_body(&self, id: ExprId) -> Option<ExprId> {
        match self.kind(id) {
            ExprKind::Loop(body) | ExprKind::While { body, .. } | ExprKind::For { body, .. } => {
                Some(*body)
            }
            _ => None,
        }
    }

    /// The outermost expression of which another is the value, through blocks and parentheses.
    pub(crate) fn outermost(&self, mut id: ExprId) -> ExprId {
        while let Some(around) = self.syntax().around(id) {
            match self.kind(around) {
                ExprKind::Paren(_) => id = around,
                ExprKind::Block(_) if self.tail(around) == Some(id) => id = around,
                _ => break,
            }
        }
        id
    }

    /// The tokens of an item's attributes.
    pub(crate) fn attributes(&self, item: &Item) -> Tokens {
        let mut start = item.tokens.start.min(item.head);
        // In a block they are the statement's.
        let source = self.file.source;
        let first = start.saturating_sub(MAX_ATTRIBUTES);
        let mut at = start;
        while at > first && source.kind(at as usize - 1) == TokenKind::CloseBracket {
            let opens = |open: &u32| source.groups.end(*open as usize) == at as usize - 1;
            let Some(open) = (first..at - 1).rev().find(opens) else {
                break;
            };
            if open == 0 || source.kind(open as usize - 1) != TokenKind::Pound {
                break;
            }
            at = open - 1;
            start = at;
        }
        Tokens {
            start,
            end: self.item_head(item),
        }
    }

    /// The keyword of a `static`, and its name.
    pub(crate) fn static_name(&self, item: &Item) -> Option<(u32, &'p str)> {
        let ItemKind::Value {
            is_static: true, ..
        } = item.kind
        else {
            return None;
        };
        let name = item.name?;
        let mut before = item.tokens.start..name;
        let keyword = before.find(|token| self.is_name(*token, "static"))?;
        Some((keyword, self.name(name)))
    }

    /// A function as it would be without a keyword before its name, its body left out.
    pub(crate) fn without_keyword(&self, item: &Item, keyword: u32, body: ExprId) -> String {
        let text = |start, end| self.text_of(Tokens { start, end });
        let before = text(self.item_head(item), keyword);
        let space = if before.is_empty() { "" } else { " " };
        let open = self.syntax().expr(body).tokens.start;
        format!("{before}{space}{} {{ … }}", text(keyword + 1, open))
    }

    /// The first token of an item behind its attributes: its visibility, or its keyword.
    pub(crate) fn item_head(&self, item: &Item) -> u32 {
        let source = self.file.source;
        let mut at = item.tokens.start as usize;
        while source.kind(at) == TokenKind::Pound && at < item.head as usize {
            let open = at + 1 + usize::from(source.kind(at + 1) == TokenKind::Bang);
            at = source.groups.end(open) + 1;
        }
        u32::try_from(at).unwrap_or(item.head).min(item.head)
    }

    /// Whether some tokens hold one of a kind.
    pub(crate) fn has_kind(&self, tokens: Tokens, kind: TokenKind) -> bool {
        (tokens.start..tokens.end).any(|at| self.file.source.kind(at as usize) == kind)
    }

    /// Whether some tokens hold a name.
    pub(crate) fn mentions(&self, tokens: Tokens, name: &str) -> bool {
        self.mentions_any(tokens, &[name])
    }

    /// Whether some tokens hold one of these names.
    pub(crate) fn mentions_any(&self, tokens: Tokens, names: &[&str]) -> bool {
        (tokens.start..tokens.end).any(|at| {
            self.file.source.kind(at as usize).is_path_segment()
                && names.iter().any(|name| self.is_name(at, name))
        })
    }

    /// The tokens of a statement.
    pub(crate) fn statement_tokens(&self, id: StatementId) -> Tokens {
        let found = self.syntax().statement(id);
        found.map(|found| found.tokens).unwrap_or_default()
    }

    /// The items that are directly in another one.
    pub(crate) fn items_in(&self, around: ItemId) -> impl Iterator<Item = (ItemId, &'p Item)> {
        let items = &self.file.syntax.items;
        let end = self.syntax().item(around).map_or(0, |item| item.tokens.end);
        let first = around.0 as usize + 1;
        // What stands around an item comes before it.
        let behind = items.get(first..).unwrap_or_default().iter().enumerate();
        let inside = behind.take_while(move |(_, item)| item.tokens.start < end);
        let inside = inside.filter(move |(_, item)| item.parent == Some(around));
        inside.map(move |(at, item)| (ItemId(u32::try_from(first + at).unwrap_or(u32::MAX)), item))
    }

    /// The tokens of a type.
    pub(crate) fn type_tokens(&self, id: TypeId) -> Tokens {
        let found = self.syntax().types.get(id.0 as usize);
        found.map(|found| found.tokens).unwrap_or_default()
    }

    /// Where the line of a place begins, in bytes.
    pub(crate) fn line_of(&self, place: usize) -> usize {
        let before = self.file.source.bytes.get(..place).unwrap_or_default();
        memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)
    }

    /// The text of a type, as it stands.
    pub(crate) fn type_text(&self, id: TypeId) -> String {
        self.text_of(self.type_tokens(id))
    }
}

/// What `use` declarations call things; of two for one name the first.
fn imported(source: &Source<'_>, syntax: &Syntax) -> Imports {
    let mut names = Imports::default();
    let declarations = syntax.items.iter();
    for declaration in declarations.filter_map(|item| item.use_declaration(source)) {
        for import in imports(source, &declaration) {
            if let Some(name) = import.name {
                names.entry(name).or_insert(import.path);
            }
        }
    }
    names
}
