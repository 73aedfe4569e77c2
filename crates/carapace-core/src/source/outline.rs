//! A file's outline: its items, modules, conditions, macros, calls of macros, and what in it is
//! unsafe, each with its place.
//!
//! It is made from token groups, level by level, with a list of work instead of recursion. What it
//! knows of Rust's grammar is where an *element* begins and ends (an item, a statement, an arm of a
//! `match`, what stands between commas), since that is how far an attribute reaches, and which
//! brackets hold code. It is right about all code that rustc takes in any edition; of anything else
//! it still gives every `unsafe` once.
//!
//! *Invariants.* Conditions form a tree: a parent comes before its children, and the first is the
//! file itself; the same for items. Groups in which nothing is asked for are passed over; what is
//! asked for is in [`Watch`].

mod attributes;
mod calls;
mod elements;
mod items;

use std::collections::{HashMap, HashSet};

pub use calls::is_plain;

use super::lexer::{Lexed, Token, TokenKind};
use super::tree::Groups;
use crate::facts::unsafety::SiteKind;

/// Modules with a body, outermost first, each with its `path` attribute.
pub type InlineModules = Vec<(String, Option<String>)>;
/// A condition's place in [`Outline::conditions`].
pub type ConditionId = u32;
/// An item's place in [`Outline::items`].
pub type ItemId = u32;

/// The condition that always holds: the file's own.
pub const ALWAYS: ConditionId = 0;
/// The file as an item.
pub const FILE: ItemId = 0;

/// Under what something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The condition around it.
    pub parent: ConditionId,
    /// What this adds.
    pub kind: ConditionKind,
}

/// What a condition adds to that around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConditionKind {
    /// Nothing.
    Always,
    /// A `cfg` predicate, as it is written.
    Cfg(String),
    /// That a `cfg` predicate does not hold.
    NotCfg(String),
    /// An attribute that makes a function a test or a benchmark.
    Test,
    /// The definition of a macro, by its place in [`Outline::macros`].
    Definition(u32),
    /// Tokens that a macro makes code of later: `quote!` and its kind.
    Template,
    /// The arguments of a macro's call, by its place in [`Outline::calls`].
    Call(u32),
}

/// What kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The name of each is what it says.
pub enum ItemKind {
    File,
    Mod,
    Fn,
    Struct,
    Enum,
    Union,
    Trait,
    Impl,
    Const,
    Static,
    Type,
    ForeignBlock,
}

/// Who can name an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visibility {
    /// Nothing is written.
    Inherited,
    /// `pub(…)`
    Restricted,
    /// `pub`
    Public,
}

/// An item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The item around it.
    pub parent: ItemId,
    /// What it is.
    pub kind: ItemKind,
    /// The token of its name; of an implementation, of the last segment of its type's path.
    pub name: Option<u32>,
    /// Who can name it.
    pub visibility: Visibility,
    /// Whether it is declared `unsafe`.
    pub is_unsafe: bool,
    /// Whether it is declared `mut` (a `static`) or implements a trait (an `impl`).
    pub marked: bool,
    /// Under what it stands.
    pub condition: ConditionId,
    /// Its first token, attributes included.
    pub start: u32,
    /// The first token behind its attributes.
    pub head: u32,
    /// The token that opens its body, if it has one in braces.
    pub body: Option<u32>,
}

/// `mod name;`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModDeclaration {
    /// Its name, without `r#`.
    pub name: String,
    /// The modules in the same file that it is in, outermost first, each with its `path` attribute.
    pub inside: Vec<(String, Option<String>)>,
    /// Its `path` attributes: under what predicate, if it says so, and what path.
    pub paths: Vec<(Option<String>, String)>,
    /// Under what it stands.
    pub condition: ConditionId,
    /// Whether it is `pub`.
    pub public: bool,
}

/// `include!`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The path; none if it is not a string (mostly: made of `OUT_DIR`).
    pub path: Option<String>,
    /// Under what it stands.
    pub condition: ConditionId,
    /// The item that it is in.
    pub item: ItemId,
}

/// A macro's definition, `macro_rules!` or `macro`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacroDefinition {
    /// The token of its name.
    pub name: u32,
    /// The token that opens its body.
    pub body: u32,
    /// Whether other packages can use it.
    pub exported: bool,
    /// Under what it stands.
    pub condition: ConditionId,
}

/// A call of a macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacroCall {
    /// The first token of the macro's path.
    pub path: u32,
    /// The `!`.
    pub bang: u32,
    /// The token that opens the arguments.
    pub arguments: u32,
    /// Under what the call stands.
    pub condition: ConditionId,
    /// The item that it is in.
    pub item: ItemId,
    /// What it stands among.
    pub context: Context,
    /// Whether it is an item or a statement of its own, and no part of an expression.
    pub is_element: bool,
}

/// What a group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Items and statements.
    Code,
    /// The items of an implementation.
    Impl,
    /// The items of a trait.
    Trait,
    /// Foreign items.
    Foreign,
    /// The arms of a `match`.
    Arms,
    /// What stands between commas: fields, arguments, elements.
    List,
}

/// Something unsafe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What it is.
    pub kind: SiteKind,
    /// The token that it is named by.
    pub token: u32,
    /// Under what it stands.
    pub condition: ConditionId,
    /// The item that it is, or is in.
    pub item: ItemId,
    /// The token that opens its body, if it has one in braces.
    pub body: Option<u32>,
    /// The first token, attributes included, of the element that it is in.
    pub element: u32,
    /// The first token, attributes included, of the item or statement that it is in.
    pub statement: u32,
}

/// What an attribute at the head of a file says of `unsafe_code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintAttribute {
    /// `allow`, `warn`, `deny`, `forbid` or `expect`.
    pub level: String,
    /// The predicate of the `cfg_attr` that it is in.
    pub predicate: Option<String>,
}

/// `use`, or `extern crate`: the tokens of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UseDeclaration {
    /// The first token behind `use`, or behind `extern crate`.
    pub start: u32,
    /// The `;`.
    pub end: u32,
    /// Who can use the name.
    pub visibility: Visibility,
    /// Whether it is `extern crate`.
    pub is_extern_crate: bool,
    /// Under what it stands.
    pub condition: ConditionId,
    /// The item that it is in.
    pub item: ItemId,
}

/// What of a file is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watch {
    /// Every item at the level of modules, implementations and traits, rather than only what leads
    /// to something unsafe.
    pub all_items: bool,
    /// Calls of macros among items in which nothing asked for stands: they may declare modules by
    /// their names alone. Without it, [`Outline::bare`] has the macros' names.
    pub bare_calls: bool,
}

/// The outline of a file.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// The conditions; the first always holds.
    pub conditions: Vec<Condition>,
    /// The items; the first is the file.
    pub items: Vec<Item>,
    /// Modules in files of their own.
    pub modules: Vec<ModDeclaration>,
    /// Files that are included.
    pub includes: Vec<Include>,
    /// Macros.
    pub macros: Vec<MacroDefinition>,
    /// Calls of macros in which something asked for stands, and those of [`Watch::bare_calls`].
    pub calls: Vec<MacroCall>,
    /// The tokens of the names of macros whose calls among items were left out; one for many calls
    /// in a row.
    pub bare: Vec<u32>,
    /// `use` and `extern crate`.
    pub uses: Vec<UseDeclaration>,
    /// What is unsafe, by place.
    pub marks: Vec<Mark>,
    /// What the file's own attributes say of `unsafe_code`.
    pub lints: Vec<LintAttribute>,
    /// The condition of the file's own `#![cfg(…)]` attributes.
    pub file_condition: ConditionId,
    /// Whether something was left out, as it would have repeated too much of the file's text.
    pub is_cut: bool,
    /// Modules with a body here that have a `path` attribute.
    inline_paths: HashMap<ItemId, String>,
}

/// How deep items may nest for their modules to be known.
const MAX_NESTING: usize = 128;
/// What of an item's path is kept at most, in bytes; the innermost names.
const MAX_ITEM_PATH: usize = 1024;
/// What of one name is kept in such a path, in bytes.
const MAX_NAME: usize = 256;

/// A file's bytes, tokens and groups.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The tokens and comments.
    pub lexed: Lexed,
    /// The groups.
    pub groups: Groups,
}

/// Memory that files are read in, one after the other: taking it anew for each costs more than the
/// reading of small ones.
#[derive(Debug, Clone, Default)]
pub struct Buffers {
    lexed: Lexed,
    groups: Groups,
}

impl<'a> Source<'a> {
    /// Reads a file.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::within(bytes, Buffers::default())
    }

    /// Reads a file in the memory that another one took.
    #[must_use]
    pub fn within(bytes: &'a [u8], buffers: Buffers) -> Self {
        let Buffers {
            mut lexed,
            mut groups,
        } = buffers;
        lexed.read(bytes);
        groups.read(&lexed.tokens);
        Self {
            bytes,
            lexed,
            groups,
        }
    }

    /// Gives back the memory.
    #[must_use]
    pub fn into_buffers(self) -> Buffers {
        /// Beyond so many tokens the memory is given back to the system.
        const MAX_KEPT: usize = 1 << 20;
        match self.lexed.tokens.capacity() > MAX_KEPT {
            true => Buffers::default(),
            false => Buffers {
                lexed: self.lexed,
                groups: self.groups,
            },
        }
    }

    /// The kind of a token; [`TokenKind::Unknown`] behind the last one.
    #[must_use]
    pub fn kind(&self, at: usize) -> TokenKind {
        let token = self.lexed.tokens.get(at);
        token.map_or(TokenKind::Unknown, |token| token.kind)
    }

    /// A token; an empty one at the end behind the last one.
    #[must_use]
    pub fn token(&self, at: usize) -> Token {
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let token = self.lexed.tokens.get(at).copied();
        token.unwrap_or(Token {
            start: end,
            end,
            kind: TokenKind::Unknown,
        })
    }

    /// The bytes of a token.
    #[must_use]
    pub fn bytes_of(&self, at: usize) -> &'a [u8] {
        let token = self.token(at);
        let range = token.start as usize..token.end as usize;
        self.bytes.get(range).unwrap_or_default()
    }

    /// The text of a token, what is no UTF-8 replaced.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        String::from_utf8_lossy(self.bytes_of(at)).into_owned()
    }

    /// A name without `r#`.
    #[must_use]
    pub fn name(&self, at: usize) -> String {
        String::from_utf8_lossy(self.name_bytes(at)).into_owned()
    }

    /// The bytes of a name without `r#`.
    #[must_use]
    pub fn name_bytes(&self, at: usize) -> &'a [u8] {
        let bytes = self.bytes_of(at);
        bytes.strip_prefix(b"r#").unwrap_or(bytes)
    }

    /// The text from one token to before another, comments and all.
    #[must_use]
    pub fn text_between(&self, from: usize, to: usize) -> String {
        if from >= to {
            return String::new();
        }
        let range = self.token(from).start as usize..self.token(to - 1).end as usize;
        String::from_utf8_lossy(self.bytes.get(range).unwrap_or_default()).into_owned()
    }

    /// Whether a token is a name with a text.
    #[must_use]
    pub fn is_word(&self, at: usize, word: &str) -> bool {
        self.kind(at) == TokenKind::Ident && self.bytes_of(at) == word.as_bytes()
    }

    /// Whether two tokens stand side by side without anything between.
    #[must_use]
    pub fn is_joined(&self, at: usize) -> bool {
        self.token(at).end == self.token(at + 1).start
    }

    /// Whether a token and the next are a punctuation of two characters.
    #[must_use]
    pub fn is_pair(&self, at: usize, first: TokenKind, second: TokenKind) -> bool {
        self.kind(at) == first && self.kind(at + 1) == second && self.is_joined(at)
    }

    /// The place behind a token, or behind the group that opens there.
    #[must_use]
    pub fn after_tree(&self, at: usize) -> usize {
        if self.kind(at).is_open() {
            self.groups.after(at)
        } else {
            at + 1
        }
    }

    /// The value of a string's token, if it is one without escapes that matter to paths.
    #[must_use]
    pub fn string(&self, at: usize) -> Option<String> {
        let text = std::str::from_utf8(self.bytes_of(at)).ok()?;
        match self.kind(at) {
            TokenKind::Str => {
                let inner = text.strip_prefix('"')?.strip_suffix('"')?;
                Some(inner.replace("\\\\", "\\").replace("\\\"", "\""))
            }
            TokenKind::RawStr => {
                let inner = text.strip_prefix('r')?.trim_matches('#');
                Some(inner.strip_prefix('"')?.strip_suffix('"')?.to_owned())
            }
            _ => None,
        }
    }
}

/// A group that is still to be looked at.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    context: Context,
    condition: ConditionId,
    item: ItemId,
    /// The first token of the statement that the group is a part of.
    statement: usize,
    /// Whether its items are those of a module, and not local to a function.
    is_module: bool,
    /// Whether it is what a macro is handed: items may stand behind commas.
    is_handed: bool,
}

struct Outliner<'a, 's> {
    source: &'s Source<'a>,
    watch: Watch,
    out: Outline,
    work: Vec<Group>,
    /// The tokens that something asked for begins with, in order.
    watched: Vec<u32>,
    /// The groups that were looked at.
    seen: Vec<Group>,
    /// How much of the file's text may still be repeated, in bytes: predicates of a `cfg_attr` for
    /// each of its attributes, names of modules for each module in them.
    repeats: usize,
}

impl Outline {
    /// Looks through a file.
    #[must_use]
    pub fn new(source: &Source<'_>, watch: Watch) -> Self {
        Self::of_fragment(source, watch, Context::Code)
    }

    /// Looks through a text that stands for what a macro's call in a context becomes.
    #[must_use]
    pub fn of_fragment(source: &Source<'_>, watch: Watch, context: Context) -> Self {
        let mut outliner = Outliner {
            source,
            watch,
            out: Self::default(),
            work: Vec::new(),
            watched: watched(source),
            seen: Vec::new(),
            repeats: source.bytes.len().saturating_mul(4) + (1 << 20),
        };
        outliner.out.conditions.push(Condition {
            parent: ALWAYS,
            kind: ConditionKind::Always,
        });
        outliner.out.items.push(Item {
            parent: FILE,
            kind: ItemKind::File,
            name: None,
            visibility: Visibility::Public,
            is_unsafe: false,
            marked: false,
            condition: ALWAYS,
            start: 0,
            head: 0,
            body: None,
        });
        outliner.work.push(Group {
            start: 0,
            end: source.lexed.tokens.len(),
            context,
            condition: ALWAYS,
            item: FILE,
            statement: 0,
            is_module: true,
            is_handed: false,
        });
        while let Some(group) = outliner.work.pop() {
            outliner.group(group);
        }
        outliner.rest();
        outliner.out
    }

    /// The modules in the file that an item is in, or is: outermost first, each with its `path`
    /// attribute. None if they nest too deep.
    #[must_use]
    pub fn inline_modules(&self, source: &Source<'_>, item: ItemId) -> Option<InlineModules> {
        let mut modules = Vec::new();
        let mut at = item;
        for _ in 0..MAX_NESTING {
            let Some(found) = self.items.get(at as usize).filter(|_| at != FILE) else {
                modules.reverse();
                return Some(modules);
            };
            if found.kind == ItemKind::Mod {
                let path = self.inline_paths.get(&at).cloned();
                let name = found.name.map(|name| source.name(name as usize));
                modules.push((name.unwrap_or_default(), path));
            }
            at = found.parent;
        }
        None
    }

    /// The path of an item from the file, without the file itself. Of one that is too long, `…` and
    /// its end.
    #[must_use]
    pub fn item_path(&self, source: &Source<'_>, item: ItemId) -> String {
        let mut names = Vec::new();
        let mut length = 0;
        let mut at = item;
        let mut steps = 0;
        while let Some(found) = self.items.get(at as usize).filter(|_| at != FILE) {
            steps += 1;
            if length > MAX_ITEM_PATH || steps > MAX_NESTING {
                names.push("…".to_owned());
                break;
            }
            if let Some(name) = found.name {
                let name = shortened(source.name(name as usize));
                length += name.len();
                names.push(name);
            }
            at = found.parent;
        }
        names.reverse();
        names.join("::")
    }
}

fn shortened(mut name: String) -> String {
    if name.len() > MAX_NAME {
        name.truncate(name.floor_char_boundary(MAX_NAME));
        name.push('…');
    }
    name
}

/// Byte by byte: one tree of decisions, and not nine texts to be compared with.
#[rustfmt::skip]
fn is_watched_word(word: &[u8]) -> bool {
    matches!(
        word,
            [b'u', b'n', b'i', b'o', b'n']
            | [b'm', b'a', b'c', b'r', b'o', b'_', b'r', b'u', b'l', b'e', b's']
            | [b'm', b'a', b'c', b'r', b'o']
            | [b'i', b'n', b'c', b'l', b'u', b'd', b'e']
            | [b'g', b'l', b'o', b'b', b'a', b'l', b'_', b'a', b's', b'm']
            | [b'n', b'o', b'_', b'm', b'a', b'n', b'g', b'l', b'e']
            | [b'e', b'x', b'p', b'o', b'r', b't', b'_', b'n', b'a', b'm', b'e']
            | [b'l', b'i', b'n', b'k', b'_', b's', b'e', b'c', b't', b'i', b'o', b'n']
            | [b'l', b'i', b'n', b'k']
    )
}

/// The tokens that lead to something unsafe, to another file, or to a macro.
fn watched(source: &Source<'_>) -> Vec<u32> {
    let mut watched = Vec::new();
    for (at, token) in source.lexed.tokens.iter().enumerate() {
        let is_watched = match token.kind {
            TokenKind::Unsafe | TokenKind::Extern | TokenKind::Static | TokenKind::Mod => true,
            TokenKind::Ident => is_watched_word(source.bytes_of(at)),
            _ => false,
        };
        if is_watched {
            watched.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }
    watched
}

impl Outliner<'_, '_> {
    /// Whether something asked for stands between two tokens.
    fn is_watched(&self, from: usize, to: usize) -> bool {
        let first = self.watched.partition_point(|at| (*at as usize) < from);
        self.watched
            .get(first)
            .is_some_and(|at| (*at as usize) < to)
    }

    fn condition(&mut self, parent: ConditionId, kind: ConditionKind) -> ConditionId {
        let id = place(self.out.conditions.len());
        self.out.conditions.push(Condition { parent, kind });
        id
    }

    /// Whether so much of the text may be repeated.
    fn may_repeat(&mut self, bytes: usize) -> bool {
        match self.repeats.checked_sub(bytes) {
            Some(rest) => self.repeats = rest,
            None => self.out.is_cut = true,
        }
        !self.out.is_cut
    }

    /// A predicate that is one of several things' own; without a text, and so unknown, if that would
    /// be too much.
    fn repeated(&mut self, predicate: &str) -> String {
        match self.may_repeat(predicate.len()) {
            true => predicate.to_owned(),
            false => String::new(),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.out.marks.push(mark);
    }

    /// Has a group looked at, if there is something in it.
    fn later(&mut self, open: usize, group: Group) {
        let (start, end) = (open + 1, self.source.groups.end(open));
        let all = self.watch.all_items
            && group.is_module
            && matches!(
                group.context,
                Context::Code | Context::Impl | Context::Trait | Context::Foreign
            );
        if start < end && (all || self.is_watched(start, end)) {
            self.work.push(Group {
                start,
                end,
                ..group
            });
        }
    }

    fn group(&mut self, mut group: Group) {
        let mut at = group.start;
        while at < group.end {
            // Every element is at least one token.
            at = self.element(at, &mut group).max(at + 1);
        }
        self.seen.push(group);
    }

    /// Sorts the marks, and adds those of every `unsafe` at which none is, in places where the
    /// grammar has none.
    fn rest(&mut self) {
        let source = self.source;
        self.out.marks.sort_by_key(|mark| mark.token);
        let marks = self.out.marks.iter().filter_map(|mark| {
            let mut at = mark.token as usize;
            // An attribute is marked at its `#`, and is about the `unsafe` in it.
            if source.kind(at) == TokenKind::Pound {
                at += 2 + usize::from(source.kind(at + 1) == TokenKind::Bang);
            }
            (source.kind(at) == TokenKind::Unsafe).then_some(place(at))
        });
        let marked: HashSet<u32> = marks.collect();
        let words = self.watched.iter().copied();
        let words = words.filter(|at| source.kind(*at as usize) == TokenKind::Unsafe);
        let missed: Vec<u32> = words.filter(|at| !marked.contains(at)).collect();
        if missed.is_empty() {
            return;
        }
        let mut seen = std::mem::take(&mut self.seen);
        seen.sort_by_key(|group| (group.start, std::cmp::Reverse(group.end)));
        let mut groups = seen.into_iter().peekable();
        let mut around: Vec<Group> = Vec::new();
        for token in missed {
            let at = token as usize;
            while let Some(group) = groups.next_if(|group| group.start <= at) {
                around.push(group);
            }
            while around.pop_if(|group| group.end <= at).is_some() {}
            let Some(group) = around.last() else { continue };
            self.out.marks.push(Mark {
                kind: SiteKind::Token,
                token,
                condition: group.condition,
                item: group.item,
                body: None,
                element: token,
                statement: place(group.statement),
            });
        }
        self.out.marks.sort_by_key(|mark| mark.token);
    }
}

/// *Invariant.* A file has less than 2^32 bytes, so less tokens.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
