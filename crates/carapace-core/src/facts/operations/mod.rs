//! Which unsafe operations happen in a site.
//!
//! The tokens of a site give [`Candidate`]s: what is called, dereferenced, named. One file tells of
//! some what they are; of others the package tells ([`decide`]), which declares unsafe functions,
//! foreign ones, statics, unions and the types of fields; and of the rest the packages that it
//! depends on, once a graph is known (`census::operations`). What stays open is decided by what rustc
//! itself warns of: a block without an unsafe operation.
//!
//! *Invariants.* Only the tokens of sites, and of the functions that they are in, are read. An
//! operation belongs to the innermost block; what is in functions inside a site is none of it.

pub(crate) mod decide;
pub(crate) mod declared;
pub(crate) mod standard;
pub(crate) mod types;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::scan::Scan;
use super::unsafety::{Operation, SiteKind};
use super::{OpenSite, PackageFacts};
use crate::source::lexer::TokenKind;
use crate::source::outline::{FILE, ItemId, ItemKind, Mark, Outline, Source};
use crate::source::uses::{self, Import};
use types::{Kind, Light, Locals, Types};

/// What may be an unsafe operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Candidate {
    /// It is one.
    Known(Operation),
    /// A function is called: its path, expanded by the file's `use`.
    Call(String),
    /// A method is called.
    Method(String, Receiver),
    /// A field, or what is in brackets, is called.
    CallField(String),
    /// A place is dereferenced that is as a field of a name; and whether it is written as what is
    /// needed for raw pointers alone: `(*p).field`, `&mut *p`.
    DerefField(String, bool),
    /// A place is dereferenced that is the result of a function or method of a name; likewise.
    DerefResult(String, bool),
    /// What `get` gives of a field of a name, or of what is not known, is dereferenced.
    DerefGot(Option<String>),
    /// A place is dereferenced of which nothing is known; likewise.
    Deref(bool),
    /// A path that may be a static's.
    Name(String),
    /// A field is read that may be a union's, of what.
    Field(String, Receiver),
}

/// What a method is called on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Receiver {
    /// A raw pointer, or `NonNull`.
    Pointer,
    /// A value of the type with a name, or a reference to one.
    Of(String),
    /// A field of a name.
    Field(String),
    /// The result of a function or method of a name.
    Result(String),
    /// No pointer.
    Value,
    /// Nothing is known.
    Unknown,
}

/// How many candidates a site may have: tables of a thousand calls are told by the first.
const MAX_CANDIDATES: usize = 512;

/// The candidates of a file's marks, in their order.
pub(crate) fn candidates(source: &Source<'_>, outline: &Outline) -> Vec<Vec<Candidate>> {
    let mut reader = Reader {
        source,
        outline,
        imports: None,
        locals: HashMap::default(),
    };
    let marks = outline.marks.iter();
    marks.map(|mark| reader.candidates(mark)).collect()
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    outline: &'s Outline,
    imports: Option<Imports>,
    /// By the item that they are local to and, where that is no function, the statement.
    locals: HashMap<(ItemId, u32), Locals<'a>, RandomState>,
}

/// What a file's `use` declarations bring in, by the item that they are in and the name.
#[derive(Debug, Default)]
struct Imports {
    names: HashMap<(ItemId, String), Vec<String>, RandomState>,
    globs: Vec<(ItemId, Vec<String>)>,
}

impl Imports {
    fn new(source: &Source<'_>, outline: &Outline) -> Self {
        let mut imports = Self::default();
        for declaration in &outline.uses {
            for Import { path, name } in uses::imports(source, declaration) {
                match name {
                    Some(name) => {
                        let key = (declaration.item, name);
                        imports.names.entry(key).or_insert(path);
                    }
                    None => imports.globs.push((declaration.item, path)),
                }
            }
        }
        imports
    }
}

/// What a site's tokens are read with.
struct Site<'r, 's, 'a> {
    types: Types<'s, 'a>,
    outline: &'s Outline,
    imports: &'r Imports,
    /// The item that the site is in.
    item: ItemId,
    /// The type that the implementation around is for.
    own: Option<String>,
    /// Whether the function around has features of the target.
    features: bool,
    found: Vec<Candidate>,
}

impl<'a> Reader<'_, 'a> {
    fn candidates(&mut self, mark: &Mark) -> Vec<Candidate> {
        match mark.kind {
            SiteKind::Impl => return self.implementation(mark),
            SiteKind::GlobalAsm => return vec![Candidate::Known(Operation::InlineAsm)],
            SiteKind::Block | SiteKind::Fn | SiteKind::Method => {}
            _ => return Vec::new(),
        }
        let Some(open) = mark.body.map(|body| body as usize) else {
            return Vec::new();
        };
        let (source, outline) = (self.source, self.outline);
        let function = self.around(mark.item, |kind| kind == ItemKind::Fn);
        let scope = function.unwrap_or(mark.item);
        let item = outline.items.get(scope as usize);
        let imports = self
            .imports
            .get_or_insert_with(|| Imports::new(source, outline));
        let statement = function.map_or(mark.statement, |_| 0);
        let locals = self
            .locals
            .entry((scope, statement))
            .or_insert_with(|| match item {
                Some(item) if function.is_some() => {
                    let body = item.body.unwrap_or(item.head) as usize;
                    let end = source.groups.end(body);
                    Locals::new(source, item.head as usize, body, end)
                }
                _ => {
                    // Blocks in each other share no function to be read once.
                    let from = mark.statement as usize;
                    let end = source.groups.end(open).min(from + MAX_STATEMENT);
                    Locals::new(source, from, from, end)
                }
            });
        let own = around(outline, mark.item, |kind| {
            matches!(kind, ItemKind::Impl | ItemKind::Trait)
        });
        let own = own.and_then(|own| outline.items.get(own as usize)?.name);
        let features = item.is_some_and(|item| {
            (item.start as usize..item.head as usize).any(|at| {
                source.is_word(at, "target_feature") && source.kind(at + 1) == TokenKind::OpenParen
            })
        });
        let mut site = Site {
            types: Types {
                source,
                locals,
                end: usize::MAX,
            },
            outline,
            imports,
            item: mark.item,
            own: own.map(|name| source.name(name as usize)),
            features,
            found: Vec::new(),
        };
        site.read(open + 1, source.groups.end(open));
        site.found
    }

    fn around(&self, item: ItemId, is: impl Fn(ItemKind) -> bool) -> Option<ItemId> {
        around(self.outline, item, is)
    }

    /// `unsafe impl Send for T`
    fn implementation(&self, mark: &Mark) -> Vec<Candidate> {
        let source = self.source;
        let mut at = mark.token as usize;
        while at < source.lexed.tokens.len() {
            match source.kind(at) {
                TokenKind::OpenBrace | TokenKind::Semi => break,
                TokenKind::For => {
                    return match source.bytes_of(at.saturating_sub(1)) {
                        b"Send" => vec![Candidate::Known(Operation::SendImpl)],
                        b"Sync" => vec![Candidate::Known(Operation::SyncImpl)],
                        _ => Vec::new(),
                    };
                }
                _ => at += 1,
            }
        }
        Vec::new()
    }
}

/// Decides what is done in the sites of a package, and keeps what it declares for others. The scans
/// are those that the facts were made of.
pub(crate) fn decide_all(facts: &mut PackageFacts, scans: &[Scan]) {
    let files = scans.iter();
    let names = decide::Names::new(files.map(|scan| (scan.facts.path.as_str(), &scan.declared)));
    let mut words = Words::default();
    let mut scans = scans.iter().enumerate();
    for file in &mut facts.files {
        // Files that say nothing are no part of the facts; all are in the order of their paths.
        let Some((place, scan)) = scans
            .by_ref()
            .find(|(_, scan)| scan.facts.path == file.path)
        else {
            break;
        };
        let sites = file.sites.iter_mut().zip(&scan.candidates);
        for (index, (site, candidates)) in sites.enumerate() {
            let decided = names.decide(place, candidates, site.kind == SiteKind::Block);
            site.operations = decided.operations;
            let is_open = !(decided.calls.is_empty()
                && decided.methods.is_empty()
                && decided.names.is_empty());
            if is_open {
                let mut all = |texts: Vec<String>| {
                    let ids = texts.into_iter().map(|text| words.id(text));
                    ids.collect::<Vec<u32>>()
                };
                file.open.push(OpenSite {
                    site: u32::try_from(index).unwrap_or(u32::MAX),
                    calls: all(decided.calls),
                    methods: all(decided.methods),
                    names: all(decided.names),
                    otherwise: decided.otherwise,
                });
            } else {
                site.operations.extend(decided.otherwise);
            }
        }
    }
    facts.words = words.texts;
    facts.unsafe_names = names.exported();
}

/// Texts, each once.
#[derive(Debug, Default)]
struct Words {
    texts: Vec<String>,
    ids: HashMap<String, u32, RandomState>,
}

impl Words {
    fn id(&mut self, text: String) -> u32 {
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }
}

/// How many tokens of a statement outside of functions are looked through for its variables.
const MAX_STATEMENT: usize = 2048;

/// The nearest item around of a kind.
pub(crate) fn around(
    outline: &Outline,
    item: ItemId,
    is: impl Fn(ItemKind) -> bool,
) -> Option<ItemId> {
    let mut at = item;
    while at != FILE {
        let found = outline.items.get(at as usize)?;
        if is(found.kind) {
            return Some(at);
        }
        at = found.parent;
    }
    None
}

impl<'a> Site<'_, '_, 'a> {
    fn add(&mut self, candidate: Candidate) {
        if self.found.len() < MAX_CANDIDATES && !self.found.contains(&candidate) {
            self.found.push(candidate);
        }
    }

    fn source(&self) -> &Source<'a> {
        self.types.source
    }

    fn read(&mut self, from: usize, end: usize) {
        let mut at = from;
        while at < end {
            at = self.token(at).max(at + 1);
        }
    }

    /// Takes in what a token begins, and gives the place to go on at.
    fn token(&mut self, at: usize) -> usize {
        let source = self.types.source;
        let kind = source.kind(at);
        let next = source.kind(at + 1);
        match kind {
            TokenKind::Unsafe if next == TokenKind::OpenBrace => source.groups.after(at + 1),
            // Functions of their own, and what implements something for types of their own.
            TokenKind::Fn if next.is_ident() => self.after_body(at),
            TokenKind::Impl | TokenKind::Trait | TokenKind::Mod if self.begins_item(at) => {
                self.after_body(at)
            }
            TokenKind::Use if self.begins_item(at) => self.after_semicolon(at),
            TokenKind::Pound if next == TokenKind::OpenBracket => source.groups.after(at + 1),
            TokenKind::Amp if self.is_raw_borrow(at) => self.raw_place(at + 3),
            TokenKind::Star if !matches!(next, TokenKind::Const | TokenKind::Mut) => {
                if self.is_prefix(at) {
                    self.dereference(at);
                }
                at + 1
            }
            TokenKind::Dot => self.member(at),
            TokenKind::OpenParen if at > 0 => {
                let before = source.kind(at - 1);
                if matches!(before, TokenKind::CloseParen | TokenKind::CloseBracket)
                    && self.is_value_called(at)
                {
                    let name = source.name(at.saturating_sub(2));
                    self.add(Candidate::CallField(name));
                }
                at + 1
            }
            // A type in a cast or declaration names no value.
            TokenKind::Colon if next == TokenKind::Colon && source.is_joined(at) => {
                if source.kind(at + 2).is_path_segment() {
                    self.path(at)
                } else {
                    at + 2
                }
            }
            _ if kind.is_path_segment() => self.path(at),
            _ => at + 1,
        }
    }

    fn begins_item(&self, at: usize) -> bool {
        at == 0
            || matches!(
                self.source().kind(at - 1),
                TokenKind::OpenBrace
                    | TokenKind::CloseBrace
                    | TokenKind::Semi
                    | TokenKind::CloseBracket
                    | TokenKind::Unsafe
                    | TokenKind::Pub
            )
    }

    fn after_body(&self, from: usize) -> usize {
        let source = self.source();
        let mut at = from;
        loop {
            match source.kind(at) {
                TokenKind::OpenBrace => return source.groups.after(at),
                TokenKind::Semi | TokenKind::Unknown => return at + 1,
                kind if kind.is_close() => return at,
                _ => at = source.after_tree(at),
            }
        }
    }

    fn after_semicolon(&self, from: usize) -> usize {
        let source = self.source();
        let mut at = from;
        while !matches!(source.kind(at), TokenKind::Semi | TokenKind::Unknown)
            && !source.kind(at).is_close()
        {
            at = source.after_tree(at);
        }
        at + 1
    }

    /// `&raw const place`
    fn is_raw_borrow(&self, at: usize) -> bool {
        let source = self.source();
        source.is_word(at + 1, "raw")
            && matches!(source.kind(at + 2), TokenKind::Const | TokenKind::Mut)
    }

    /// The address of a place is no use of it: neither of a static, nor of what a pointer points to.
    fn raw_place(&mut self, from: usize) -> usize {
        let source = self.types.source;
        let mut at = from;
        while source.kind(at) == TokenKind::OpenParen {
            at += 1;
        }
        match source.kind(at) {
            // `&raw const (*p).field` is one.
            TokenKind::Star if !self.is_projected(at) => at + 1,
            kind if kind.is_path_segment() => {
                let (last, next) = self.types.path(at);
                match source.kind(next) {
                    TokenKind::OpenParen | TokenKind::Bang => at,
                    TokenKind::Dot if source.kind(next + 1).is_ident() => next + 2,
                    _ => next.max(last + 1),
                }
            }
            _ => at,
        }
    }

    /// Whether a field or element is taken of the place that is dereferenced at a token.
    fn is_projected(&self, star: usize) -> bool {
        let source = self.source();
        let (_, next) = self.types.operand(star + 1);
        source.kind(next) == TokenKind::CloseParen
            && matches!(
                source.kind(next + 1),
                TokenKind::Dot | TokenKind::OpenBracket
            )
    }

    /// Whether an operator stands before its operand, by what stands before it.
    fn is_prefix(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else {
            return true;
        };
        let kind = self.source().kind(before);
        let is_operand = kind.is_path_segment()
            || kind.is_literal()
            || matches!(
                kind,
                TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::Question
            );
        // `if (x) *p = 1` is no Rust, but `as *mut`, `return *p` and their kind are.
        !is_operand
    }

    fn dereference(&mut self, star: usize) {
        let source = self.types.source;
        let (light, _) = self.types.operand(star + 1);
        let candidate = match light {
            Light::Raw => Candidate::Known(Operation::RawDeref),
            Light::Field(name) => Candidate::DerefField(self.field_key(name), self.is_strong(star)),
            Light::Result(name) => {
                // Few functions give references whose values are taken at once.
                let is_method = name > 0 && source.kind(name - 1) == TokenKind::Dot;
                Candidate::DerefResult(source.name(name), !is_method || self.is_strong(star))
            }
            Light::Got(field) => Candidate::DerefGot(field.map(|name| self.field_key(name))),
            Light::Unknown => Candidate::Deref(self.is_strong(star)),
            Light::Named(b"Self") | Light::NonNull | Light::Cell | Light::Function => return,
            Light::Reference(_) | Light::Value => return,
            // A type parameter or an alias may stand for a pointer, but does so seldom.
            Light::Named(_) => Candidate::Deref(false),
        };
        self.add(candidate);
    }

    /// A field's name; of a field without a name, with that of the type that `self` is.
    fn field_key(&self, name: usize) -> String {
        let source = self.source();
        if source.kind(name) != TokenKind::Number {
            return source.name(name);
        }
        let is_own = name >= 2 && source.kind(name - 2) == TokenKind::SelfValue;
        match &self.own {
            Some(own) if is_own => format!("{own}.{}", source.name(name)),
            _ => source.name(name),
        }
    }

    /// `.method(…)` and `.field`
    fn member(&mut self, dot: usize) -> usize {
        let source = self.types.source;
        let name = dot + 1;
        if !source.kind(name).is_ident() {
            return name;
        }
        let mut next = name + 1;
        if source.is_pair(next, TokenKind::Colon, TokenKind::Colon)
            && source.kind(next + 2) == TokenKind::Lt
        {
            next = types::after_angles(source, next + 2);
        }
        if source.kind(next) == TokenKind::OpenParen {
            let receiver = self.receiver(dot);
            self.add(Candidate::Method(source.name(name), receiver));
            return next;
        }
        // A field of a union may be written, but not read.
        let is_written = source.kind(next) == TokenKind::Eq
            && !source.is_pair(next, TokenKind::Eq, TokenKind::Eq);
        if !is_written {
            let receiver = self.receiver(dot);
            self.add(Candidate::Field(source.name(name), receiver));
        }
        next
    }

    /// What a method is called on, by the token before the dot.
    fn receiver(&self, dot: usize) -> Receiver {
        let source = self.source();
        let Some(before) = dot.checked_sub(1) else {
            return Receiver::Unknown;
        };
        let start = self.operand_start(before);

        // The operand goes on behind the dot: only what is before it is asked for.
        let light = self.types.before(start, dot);
        match light {
            Light::Raw | Light::NonNull => Receiver::Pointer,
            Light::Field(name) => Receiver::Field(self.field_key(name)),
            Light::Result(name) => Receiver::Result(source.name(name)),
            Light::Reference(name) | Light::Named(name) if !name.is_empty() => {
                match Kind::of(&Light::Named(name), self.own.as_deref().unwrap_or_default()) {
                    Kind::Named(name) if !name.is_empty() => Receiver::Of(name),
                    _ => Receiver::Unknown,
                }
            }
            Light::Reference(_) | Light::Named(_) => Receiver::Unknown,
            Light::Value | Light::Cell | Light::Function => Receiver::Value,
            Light::Got(_) => Receiver::Pointer,
            Light::Unknown => Receiver::Unknown,
        }
    }

    /// Whether a dereference is written as raw pointers need it: a reference leads to fields and
    /// methods by itself, and is seldom borrowed anew.
    fn is_strong(&self, star: usize) -> bool {
        let source = self.source();
        let before = star.checked_sub(1).map(|at| source.kind(at));
        match before {
            Some(TokenKind::OpenParen) => self.is_projected(star),
            Some(TokenKind::Amp) => true,
            Some(TokenKind::Mut) => star >= 2 && source.kind(star - 2) == TokenKind::Amp,
            _ => false,
        }
    }

    /// Where the operand begins that ends with a token.
    fn operand_start(&self, end: usize) -> usize {
        const REACH: usize = 256;
        let source = self.source();
        let mut at = end;
        for _ in 0..REACH {
            // A group is left at its begin.
            if source.kind(at).is_close() {
                at = source.groups.end(at);
            }
            let Some(before) = at.checked_sub(1) else {
                return at;
            };
            let kind = source.kind(before);
            let is_open = source.kind(at).is_open();
            let goes_on = match kind {
                TokenKind::Dot | TokenKind::Question => true,
                TokenKind::Colon => {
                    source.kind(at).is_path_segment()
                        || matches!(source.kind(at), TokenKind::Lt | TokenKind::Colon)
                }
                TokenKind::Bang => is_open && before > 0 && source.kind(before - 1).is_ident(),
                TokenKind::Gt => is_open && source.kind(at) == TokenKind::OpenParen,
                _ if kind.is_close() || kind.is_path_segment() => {
                    (is_open && source.kind(at) != TokenKind::OpenBrace)
                        || matches!(
                            source.kind(at),
                            TokenKind::Dot
                                | TokenKind::Question
                                | TokenKind::Colon
                                | TokenKind::Bang
                        )
                }
                kind if kind.is_literal() => source.kind(at) == TokenKind::Dot,
                _ => false,
            };
            if !goes_on {
                return at;
            }
            at = before;
            if kind == TokenKind::Gt {
                // `::<T>(`: back to the `<`.
                let mut depth = 0_usize;
                for _ in 0..REACH {
                    match source.kind(at) {
                        TokenKind::Gt => depth += 1,
                        TokenKind::Lt => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 || at == 0 {
                        break;
                    }
                    at -= 1;
                }
            }
        }
        at
    }

    /// Whether what is in the brackets before a token is a value that is called.
    fn is_value_called(&self, open: usize) -> bool {
        let source = self.source();
        let begin = source.groups.begin(open - 1);
        match begin.checked_sub(1).map(|before| source.kind(before)) {
            // `f(…)(…)`, `x[…](…)` and `(x.f)(…)` call values.
            None => true,
            Some(kind) => {
                source.kind(open - 1) == TokenKind::CloseBracket
                    || !(kind.is_path_segment() || kind == TokenKind::Bang || kind == TokenKind::Gt)
            }
        }
    }

    /// A path: of a function that is called, of a macro, of a static.
    fn path(&mut self, from: usize) -> usize {
        let source = self.types.source;
        let (last, next) = self.types.path(from);
        let next = next.max(from + 1);
        match source.kind(next) {
            TokenKind::OpenParen => {
                self.call(from, last);
                next
            }
            TokenKind::Bang if source.kind(next + 1).is_open() => {
                match source.bytes_of(last) {
                    b"asm" | b"llvm_asm" | b"naked_asm" => {
                        self.add(Candidate::Known(Operation::InlineAsm));
                        return source.groups.after(next + 1);
                    }
                    b"addr_of" | b"addr_of_mut" => return self.raw_place(next + 2),
                    b"macro_rules" | b"stringify" | b"concat" => {
                        return source.groups.after(next + 1);
                    }
                    _ => {}
                }
                next + 2
            }
            TokenKind::OpenBrace if self.is_literal_of_type(last) => next,
            _ => {
                self.name(from, last);
                next
            }
        }
    }

    fn is_literal_of_type(&self, last: usize) -> bool {
        let name = self.source().bytes_of(last);
        name.first().is_some_and(u8::is_ascii_uppercase) && name.iter().any(u8::is_ascii_lowercase)
    }

    fn call(&mut self, from: usize, last: usize) {
        let source = self.types.source;
        let name = source.bytes_of(last);
        // Variants are made this way.
        if matches!(name, b"Some" | b"Ok" | b"Err") || source.kind(last) == TokenKind::SelfType {
            return;
        }
        if from == last {
            match self.types.local(from) {
                Light::Function => return self.add(Candidate::Known(Operation::UnsafeCall)),
                Light::Unknown => {}
                // A closure, or a pointer to a function that only its type tells to be unsafe.
                _ => return self.add(Candidate::CallField(source.name(from))),
            }
        }
        let path = self.expanded(from, last);
        if let Some(operation) = intrinsic(&path, self.features) {
            if let Some(operation) = operation {
                self.add(Candidate::Known(operation));
            }
            return;
        }
        self.add(Candidate::Call(path));
    }

    /// A path as written, its first segment replaced by what `use` says that it is. Generic arguments
    /// are left out, and `Self` is the type that is implemented.
    fn expanded(&self, from: usize, last: usize) -> String {
        let source = self.source();
        let mut segments: Vec<String> = Vec::new();
        let mut at = from;
        if source.kind(at) == TokenKind::Lt {
            at = types::after_angles(source, at);
            segments.push("<>".to_owned());
        }
        if source.kind(at) == TokenKind::Colon && segments.is_empty() {
            segments.push(String::new());
        }
        while at <= last {
            match source.kind(at) {
                TokenKind::Lt => {
                    at = types::after_angles(source, at).max(at + 1);
                    continue;
                }
                TokenKind::SelfType => {
                    segments.push(self.own.clone().unwrap_or_else(|| "Self".to_owned()));
                }
                kind if kind.is_path_segment() => segments.push(source.name(at)),
                _ => {}
            }
            at += 1;
        }
        let Some(first) = segments.first() else {
            return String::new();
        };
        if let Some(path) = self.import(first) {
            let rest = segments.get(1..).unwrap_or_default();
            let all: Vec<&str> = path.iter().chain(rest).map(String::as_str).collect();
            return all.join("::");
        }
        // A name of `core` that only a glob can have brought in.
        if segments.len() == 1
            && let Some(glob) = self.glob(first)
        {
            return format!("{}::{first}", glob.join("::"));
        }
        segments.join("::")
    }

    /// What `use` says that a name is, in the nearest item around.
    fn import(&self, name: &str) -> Option<&Vec<String>> {
        let mut at = self.item;
        loop {
            if let Some(path) = self.imports.names.get(&(at, name.to_owned())) {
                return Some(path);
            }
            if at == FILE {
                return None;
            }
            let item = self.outline.items.get(at as usize)?;
            // A module does not see what the one around it uses.
            if item.kind == ItemKind::Mod {
                return None;
            }
            at = item.parent;
        }
    }

    /// The module of the standard library that a glob brings a name in from.
    fn glob(&self, name: &str) -> Option<&Vec<String>> {
        let is_standard = |path: &&(ItemId, Vec<String>)| {
            let segments = &path.1;
            let first = segments.iter().find(|segment| !segment.is_empty());
            let last = segments.last().map_or("", String::as_str);
            first.is_some_and(|first| matches!(first.as_str(), "core" | "std" | "alloc"))
                && (standard::is_unsafe(last, name)
                    || name.starts_with('_') && segments.iter().any(|segment| segment == "arch"))
        };
        let found = self.imports.globs.iter().find(is_standard);
        found.map(|(_, path)| path)
    }

    /// A path without a call, in capitals: a static's, perhaps.
    fn name(&mut self, from: usize, last: usize) {
        let source = self.types.source;
        let name = source.bytes_of(last);
        let is_capital = !name.iter().any(u8::is_ascii_lowercase);
        let before = from.checked_sub(1).map(|at| source.kind(at));
        let is_declared = matches!(
            before,
            Some(TokenKind::Static | TokenKind::Const | TokenKind::Mut | TokenKind::Lifetime)
        ) && !self.is_borrowed_mut(from);
        if name.len() > 1 && is_capital && !is_declared && source.kind(last).is_ident() {
            let path = self.expanded(from, last);
            self.add(Candidate::Name(path));
        } else if from == last && !is_declared && source.kind(last).is_ident() {
            // Foreign statics have names in small letters, too: `environ`.
            if self.types.local(from) == Light::Unknown && !name.starts_with(b"_") {
                self.add(Candidate::Name(source.name(last)));
            }
        }
    }

    /// `&mut NAME`
    fn is_borrowed_mut(&self, at: usize) -> bool {
        let source = self.source();
        at >= 2 && source.kind(at - 1) == TokenKind::Mut && source.kind(at - 2) == TokenKind::Amp
    }
}

/// Whether a path is that of an intrinsic of an architecture and, if so, what calling it is.
#[allow(clippy::option_option, reason = "the inner one says that it is safe")]
fn intrinsic(path: &str, features: bool) -> Option<Option<Operation>> {
    let name = path.rsplit("::").next().unwrap_or(path);
    let is_arch = path.starts_with("core::arch::")
        || path.starts_with("std::arch::")
        || path.starts_with("::core::arch::")
        || path.starts_with("::std::arch::")
        || name.starts_with("_mm_")
        || name.starts_with("_mm256_")
        || name.starts_with("_mm512_");
    if !is_arch {
        return None;
    }
    if standard::is_unsafe_intrinsic(name) {
        return Some(Some(Operation::UnsafeCall));
    }
    Some((!features && !is_without_features(name)).then_some(Operation::TargetFeature))
}

/// Intrinsics that every processor of their architecture has.
fn is_without_features(name: &str) -> bool {
    name.starts_with("__cpuid") || matches!(name, "_rdtsc" | "__rdtscp" | "has_cpuid" | "_bswap")
}

#[cfg(test)]
mod tests;
