//! The items of a build script, of all its files.

use std::collections::HashMap;
use std::rc::Rc;

use super::parser::{Parser, opaque};
use super::syntax::{Condition, Constant, Expr, Function, Name, Pattern, Receiver, Type};
use crate::census::link::{folder, join};
use crate::facts::build_script::ScriptFile;
use crate::source::expand::expand;
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// How many files and expansions are read, and how long they may be in all.
const MAX_FILES: usize = 64;
const MAX_EXPANDED: usize = 256 * 1024;
/// How deep modules may nest.
const MAX_DEPTH: usize = 24;

/// A build script.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// Functions by name.
    pub(super) functions: HashMap<Name, Vec<Rc<Function>>>,
    /// Constants by name.
    pub(super) constants: HashMap<Name, Vec<Rc<Constant>>>,
    /// What `static mut` declares: variables that all functions see.
    pub(super) statics: Vec<(Name, Rc<Constant>)>,
    /// Types by name.
    pub(super) types: HashMap<Name, Rc<Type>>,
    /// The variants of all its enums, and whose they are.
    pub(super) variants: HashMap<Name, Name>,
    /// The modules and types of which all is imported.
    pub(super) globs: Vec<Name>,
    /// What the names that are imported stand for.
    pub(super) imports: HashMap<Name, Vec<Name>>,
    /// The traits that its types implement, as type and trait.
    pub(super) implementations: Vec<(Name, Name)>,
    /// Its modules.
    pub(super) modules: Vec<Name>,
    /// Whether a part of it is not at hand, or was not understood.
    pub(super) is_partial: bool,
}

/// Reads the files of a build script.
pub(super) struct Reader<'p> {
    files: &'p [ScriptFile],
    macros: HashMap<Name, Vec<String>>,
    pub(super) program: Program,
    owner: Name,
    of_trait: Option<Name>,
    /// The file that is read, and the folder of its modules.
    path: String,
    children: String,
    read: usize,
    expanded: usize,
    nesting: usize,
}

impl Program {
    /// Reads a build script from its root.
    pub(super) fn new(root: &str, files: &[ScriptFile]) -> Self {
        let mut reader = Reader {
            files,
            macros: HashMap::new(),
            program: Self::default(),
            owner: "crate".into(),
            of_trait: None,
            path: String::new(),
            children: String::new(),
            read: 0,
            expanded: 0,
            nesting: 0,
        };
        if !reader.file(root, folder(root)) {
            reader.program.is_partial = true;
        }
        reader.program
    }
}

impl Reader<'_> {
    /// Reads a file; whether it is there.
    fn file(&mut self, path: &str, children: &str) -> bool {
        let files = self.files;
        let Some(file) = files.iter().find(|file| file.path == path) else {
            return false;
        };
        if self.read >= MAX_FILES || self.nesting >= MAX_DEPTH {
            self.program.is_partial = true;
            return true;
        }
        self.read += 1;
        self.nesting += 1;
        let around = (
            std::mem::replace(&mut self.path, path.to_owned()),
            std::mem::replace(&mut self.children, children.to_owned()),
        );
        let source = Source::new(file.text.as_bytes());
        self.items(&source, 0, source.lexed.tokens.len(), 0);
        (self.path, self.children) = around;
        self.nesting -= 1;
        true
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.macros.contains_key(name)
    }

    /// What a call of a macro of the script becomes.
    pub(super) fn expand(&mut self, name: &str, arguments: &str) -> Option<String> {
        let bodies = self.macros.get(name)?;
        // Of several of that name, the last that was defined is meant.
        let expansion = bodies
            .iter()
            .rev()
            .find_map(|body| expand(body, arguments))?;
        self.expanded += expansion.text.len();
        (self.expanded <= MAX_EXPANDED).then_some(expansion.text)
    }

    /// What a call may do whose expansion is not known.
    pub(super) fn unexpanded(&self, name: &str, arguments: Expr) -> Expr {
        let bodies = self.macros.get(name).map(Vec::as_slice).unwrap_or_default();
        let Some(body) = bodies.last() else {
            return arguments;
        };
        let source = Source::new(body.as_bytes());
        let Expr::Opaque(body) = opaque(&source, 0, source.lexed.tokens.len()) else {
            return arguments;
        };
        let Expr::Opaque(own) = &arguments else {
            return arguments;
        };
        Expr::Opaque(Rc::new(super::syntax::Opaque {
            strings: [&*body.strings, &*own.strings].concat(),
            names: [&*body.names, &*own.names].concat(),
        }))
    }

    pub(super) fn include(&mut self, source: &Source<'_>, (from, _): (usize, usize)) {
        let path = source.string(from);
        let found = path.is_some_and(|path| {
            let path = join(folder(&self.path), &path);
            let children = self.children.clone();
            self.file(&path, &children)
        });
        // What a build script generates for itself is not there.
        self.program.is_partial |= !found;
    }

    /// Reads the items between two tokens.
    fn items(&mut self, source: &Source<'_>, mut at: usize, end: usize, depth: usize) {
        while at < end {
            let mut parser = Parser::new(source, (at, end), depth, self);
            let (conditions, texts) = parser.attributes();
            let head = parser.at;
            let next = self.item_with(source, head, end, conditions, &texts, depth);
            at = next.max(at + 1);
        }
    }

    /// Reads an item behind its attributes: the token behind it.
    pub(super) fn item(
        &mut self,
        source: &Source<'_>,
        at: usize,
        end: usize,
        conditions: Vec<Condition>,
        depth: usize,
    ) -> usize {
        self.item_with(source, at, end, conditions, &[], depth)
    }

    fn item_with(
        &mut self,
        source: &Source<'_>,
        mut at: usize,
        end: usize,
        conditions: Vec<Condition>,
        attributes: &[String],
        depth: usize,
    ) -> usize {
        // Qualifiers.
        loop {
            match source.kind(at) {
                T::Pub => {
                    at += 1;
                    if source.kind(at) == T::OpenParen {
                        at = source.after_tree(at);
                    }
                }
                T::Unsafe | T::Async => at += 1,
                T::Const if matches!(source.kind(at + 1), T::Fn | T::Unsafe | T::Extern) => at += 1,
                T::Extern if source.kind(at + 1) == T::Str && source.kind(at + 2) == T::Fn => {
                    at += 2;
                }
                T::Ident if source.is_word(at, "default") && source.kind(at + 1) == T::Fn => {
                    at += 1;
                }
                _ => break,
            }
        }
        if at >= end {
            return end;
        }
        match source.kind(at) {
            T::Fn => self.function(source, at, end, conditions, depth),
            T::Const | T::Static => self.constant(source, at, end, conditions, depth),
            T::Enum => self.enumeration(source, at, end, depth),
            T::Struct => self.structure(source, at, end),
            T::Impl => self.implementation(source, at, end, depth),
            T::Trait => {
                let name: Name = source.name(at + 1).into();
                let Some(open) = brace(source, at, end) else {
                    return statement_end(source, at, end);
                };
                self.within(name.clone(), Some(name), |reader| {
                    reader.items(source, open + 1, source.groups.end(open), depth);
                });
                source.groups.after(open)
            }
            T::Mod => self.module(source, at, attributes, depth),
            T::Use => {
                let end = statement_end(source, at, end);
                self.uses(source, at + 1, end.saturating_sub(1), &mut Vec::new(), 0);
                end
            }
            T::Extern => {
                let end = statement_end(source, at, end);
                if source.kind(at + 1) == T::Crate && source.kind(at + 3) == T::As {
                    let path = vec![source.name(at + 2).into()];
                    self.program
                        .imports
                        .insert(source.name(at + 4).into(), path);
                }
                end
            }
            T::Ident if source.kind(at + 1) == T::Bang => self.macro_item(source, at, end, depth),
            kind if kind.is_open() => source.groups.after(at),
            _ => statement_end(source, at, end),
        }
    }

    fn within(&mut self, owner: Name, of_trait: Option<Name>, read: impl FnOnce(&mut Self)) {
        if self.nesting >= MAX_DEPTH {
            self.program.is_partial = true;
            return;
        }
        self.nesting += 1;
        let around = (
            std::mem::replace(&mut self.owner, owner),
            std::mem::replace(&mut self.of_trait, of_trait),
        );
        read(self);
        (self.owner, self.of_trait) = around;
        self.nesting -= 1;
    }

    fn function(
        &mut self,
        source: &Source<'_>,
        at: usize,
        end: usize,
        conditions: Vec<Condition>,
        depth: usize,
    ) -> usize {
        let name: Name = source.name(at + 1).into();
        let (owner, of_trait) = (self.owner.clone(), self.of_trait.clone());
        let mut parser = Parser::new(source, (at + 2, end), depth, self);
        parser.generics();
        if parser.kind(0) != T::OpenParen {
            return statement_end(source, at, end);
        }
        let inside = parser.group();
        let (receiver, parameters) = parser.inside(inside, parameters);
        parser.skip_type(&[T::OpenBrace, T::Semi]);
        if parser.kind(0) != T::OpenBrace {
            return parser.at + 1;
        }
        let body = parser.block(None);
        let next = parser.at;
        let function = Function {
            owner,
            of_trait,
            conditions,
            receiver,
            parameters,
            body,
        };
        let all = self.program.functions.entry(name).or_default();
        all.push(Rc::new(function));
        next
    }

    fn constant(
        &mut self,
        source: &Source<'_>,
        at: usize,
        end: usize,
        conditions: Vec<Condition>,
        depth: usize,
    ) -> usize {
        let is_variable = source.kind(at + 1) == T::Mut;
        let at = at + 1 + usize::from(is_variable);
        let name: Name = source.name(at).into();
        let owner = self.owner.clone();
        let mut parser = Parser::new(source, (at + 1, end), depth, self);
        parser.skip_type(&[T::Eq]);
        if !parser.take(T::Eq) {
            return statement_end(source, at, end);
        }
        let value = parser.expression();
        let next = statement_end(source, parser.at, end);
        let constant = Constant {
            owner,
            conditions,
            value,
        };
        let constant = Rc::new(constant);
        if is_variable {
            self.program.statics.push((name, constant));
        } else {
            let all = self.program.constants.entry(name).or_default();
            all.push(constant);
        }
        next
    }

    fn enumeration(&mut self, source: &Source<'_>, at: usize, end: usize, depth: usize) -> usize {
        let name: Name = source.name(at + 1).into();
        let Some(open) = brace(source, at, end) else {
            return statement_end(source, at, end);
        };
        let inside = (open + 1, source.groups.end(open));
        let mut parser = Parser::new(source, inside, depth, self);
        let mut variants = Vec::new();
        while !parser.is_done() {
            let start = parser.at;
            parser.attributes();
            let variant = parser.name();
            parser.at += 1;
            if parser.kind(0).is_open() {
                parser.group();
            }
            let value = parser.take(T::Eq).then(|| parser.expression());
            variants.push((variant, value));
            parser.take(T::Comma);
            parser.at = parser.at.max(start + 1);
        }
        for (variant, _) in &variants {
            let slot = self.program.variants.entry(variant.clone());
            slot.or_insert_with(|| name.clone());
        }
        let found = Type {
            variants: Some(variants),
            fields: Vec::new(),
        };
        self.program.types.insert(name, Rc::new(found));
        source.groups.after(open)
    }

    fn structure(&mut self, source: &Source<'_>, at: usize, end: usize) -> usize {
        let name: Name = source.name(at + 1).into();
        let stop = statement_end(source, at, end);
        let open = brace(source, at, end).filter(|open| *open < stop);
        let mut fields = Vec::new();
        if let Some(open) = open {
            let mut place = open + 1;
            let close = source.groups.end(open);
            let mut is_name = true;
            let mut angles = 0_usize;
            while place < close {
                match source.kind(place) {
                    T::Pound => place += 1,
                    T::Pub if source.kind(place + 1) == T::OpenParen => place += 1,
                    T::Lt => angles += 1,
                    T::Gt => angles = angles.saturating_sub(1),
                    T::Comma if angles == 0 => is_name = true,
                    kind if is_name && kind.is_ident() && source.kind(place + 1) == T::Colon => {
                        fields.push(source.name(place).into());
                        is_name = false;
                    }
                    _ => {}
                }
                place = source.after_tree(place).max(place + 1);
            }
        }
        let found = Type {
            variants: None,
            fields,
        };
        self.program.types.insert(name, Rc::new(found));
        stop
    }

    fn implementation(
        &mut self,
        source: &Source<'_>,
        at: usize,
        end: usize,
        depth: usize,
    ) -> usize {
        let Some(open) = brace(source, at, end) else {
            return statement_end(source, at, end);
        };
        let mut parser = Parser::new(source, (at + 1, open), depth, self);
        parser.generics();
        let start = parser.at;
        let split = (start..open).find(|at| source.kind(*at) == T::For);
        let (of_trait, type_at) = match split {
            Some(split) => (last_name(source, start, split), split + 1),
            None => (None, start),
        };
        let Some(owner) = last_name(source, type_at, open) else {
            return source.groups.after(open);
        };
        if let Some(of_trait) = &of_trait {
            let pair = (owner.clone(), of_trait.clone());
            self.program.implementations.push(pair);
        }
        self.within(owner, of_trait, |reader| {
            reader.items(source, open + 1, source.groups.end(open), depth);
        });
        source.groups.after(open)
    }

    fn module(
        &mut self,
        source: &Source<'_>,
        at: usize,
        attributes: &[String],
        depth: usize,
    ) -> usize {
        let name: Name = source.name(at + 1).into();
        let is_tests = attributes
            .iter()
            .any(|text| text.replace(' ', "") == "cfg(test)");
        self.program.modules.push(name.clone());
        if source.kind(at + 2) == T::OpenBrace {
            let open = at + 2;
            if !is_tests {
                let inner = join(&self.children, &name);
                let around = std::mem::replace(&mut self.children, inner);
                self.within(name, None, |reader| {
                    reader.items(source, open + 1, source.groups.end(open), depth);
                });
                self.children = around;
            }
            return source.groups.after(open);
        }
        let own = attributes.iter().find_map(|text| {
            let value = text.strip_prefix("path")?.trim_start().strip_prefix('=')?;
            Some(value.trim().trim_matches('"').to_owned())
        });
        if !is_tests {
            let nested = join(&self.children, &name);
            let places = match own {
                Some(own) => vec![join(folder(&self.path), &own)],
                None => vec![
                    join(&self.children, &format!("{name}.rs")),
                    join(&nested, "mod.rs"),
                ],
            };
            let mut found = false;
            self.within(name, None, |reader| {
                found = places.iter().any(|path| {
                    let children = match path.rsplit_once('/') {
                        Some((folder, "mod.rs")) => folder.to_owned(),
                        _ => nested.clone(),
                    };
                    reader.file(path, &children)
                });
            });
            self.program.is_partial |= !found;
        }
        at + 3
    }

    /// Reads `use` trees.
    fn uses(
        &mut self,
        source: &Source<'_>,
        mut at: usize,
        end: usize,
        prefix: &mut Vec<Name>,
        depth: usize,
    ) {
        let length = prefix.len();
        while at < end {
            match source.kind(at) {
                T::Comma => {
                    prefix.truncate(length);
                    at += 1;
                }
                T::Star => {
                    self.program.globs.extend(prefix.last().cloned());
                    at += 1;
                }
                T::OpenBrace if depth < MAX_DEPTH => {
                    let inside = (at + 1, source.groups.end(at).min(end));
                    self.uses(source, inside.0, inside.1, prefix, depth + 1);
                    at = source.groups.after(at).max(at + 1);
                }
                T::As => {
                    let alias: Name = source.name(at + 1).into();
                    self.import(alias, prefix);
                    at += 2;
                }
                kind if kind.is_path_segment() => {
                    let name: Name = source.name(at).into();
                    at += 1;
                    if &*name != "self" || prefix.is_empty() {
                        prefix.push(name.clone());
                    }
                    let goes_on = source.is_pair(at, T::Colon, T::Colon);
                    if !goes_on && source.kind(at) != T::As {
                        let last = prefix.last().cloned().unwrap_or(name);
                        self.import(last, prefix);
                    }
                }
                _ => at += 1,
            }
        }
        prefix.truncate(length);
    }

    fn import(&mut self, name: Name, path: &[Name]) {
        let path = path.iter();
        let path = path.skip_while(|part| matches!(&***part, "crate" | "self" | "super"));
        let path: Vec<Name> = path.cloned().collect();
        if !path.is_empty() {
            self.program.imports.insert(name, path);
        }
    }

    fn macro_item(&mut self, source: &Source<'_>, at: usize, end: usize, depth: usize) -> usize {
        if source.is_word(at, "macro_rules") {
            let open = at + 3;
            let name: Name = source.name(at + 2).into();
            let close = source.groups.end(open);
            let body = source.text_between(open + 1, close);
            self.macros.entry(name).or_default().push(body);
            let next = source.groups.after(open).max(at + 1);
            return next + usize::from(source.kind(next) == T::Semi);
        }
        let open = at + 2;
        if !source.kind(open).is_open() {
            return statement_end(source, at, end);
        }
        let inside = (open + 1, source.groups.end(open));
        let name = source.name(at);
        if name == "include" {
            self.include(source, inside);
        } else if self.defines(&name) && self.nesting < MAX_DEPTH {
            let text = source.text_between(inside.0, inside.1);
            match self.expand(&name, &text) {
                Some(text) => {
                    self.nesting += 1;
                    let source = Source::new(text.as_bytes());
                    self.items(&source, 0, source.lexed.tokens.len(), depth);
                    self.nesting -= 1;
                }
                None => self.program.is_partial = true,
            }
        } else if name != "compile_error" {
            // It may make functions, of which nothing is known.
            let makes = (inside.0..inside.1).any(|at| source.kind(at) == T::Fn);
            let sets = source
                .text_between(inside.0, inside.1)
                .contains("rustc-cfg");
            self.program.is_partial |= makes || sets;
        }
        let next = source.groups.after(open);
        next + usize::from(source.kind(next) == T::Semi)
    }
}

/// A function's parameters.
fn parameters(parser: &mut Parser<'_, '_, '_>) -> (Option<Receiver>, Vec<Pattern>) {
    let mut receiver = None;
    let mut all = Vec::new();
    while !parser.is_done() {
        let start = parser.at;
        parser.attributes();
        if let Some(found) = self_parameter(parser) {
            receiver = Some(found);
        } else {
            all.push(parser.pattern());
        }
        parser.skip_type(&[T::Comma]);
        parser.take(T::Comma);
        parser.at = parser.at.max(start + 1);
    }
    (receiver, all)
}

/// `self`, `&self`, `&'a mut self`
fn self_parameter(parser: &mut Parser<'_, '_, '_>) -> Option<Receiver> {
    let start = parser.at;
    let reference = parser.take(T::Amp);
    parser.take(T::Lifetime);
    let mutable = parser.take(T::Mut);
    if !parser.take(T::SelfValue) {
        parser.at = start;
        return None;
    }
    Some(match (reference, mutable) {
        (true, true) => Receiver::Mutable,
        (true, false) => Receiver::Reference,
        _ => Receiver::Value,
    })
}

/// The first brace that opens from a token on, before the statement ends.
fn brace(source: &Source<'_>, mut at: usize, end: usize) -> Option<usize> {
    while at < end {
        match source.kind(at) {
            T::OpenBrace => return Some(at),
            T::Semi => return None,
            _ => at = source.after_tree(at).max(at + 1),
        }
    }
    None
}

/// The token behind the item that a token is in: behind `;` or a brace.
fn statement_end(source: &Source<'_>, mut at: usize, end: usize) -> usize {
    while at < end {
        match source.kind(at) {
            T::Semi => return at + 1,
            // `use a::{…};`
            T::OpenBrace => {
                at = source.groups.after(at);
                return at + usize::from(source.kind(at) == T::Semi);
            }
            _ => at = source.after_tree(at).max(at + 1),
        }
    }
    end
}

/// The last name of the path between two tokens, generic arguments aside.
fn last_name(source: &Source<'_>, from: usize, to: usize) -> Option<Name> {
    let mut found = None;
    let mut angles = 0_usize;
    for at in from..to {
        match source.kind(at) {
            T::Lt => angles += 1,
            T::Gt => angles = angles.saturating_sub(1),
            T::Where => break,
            T::Ident if angles == 0 => found = Some(source.name(at).into()),
            _ => {}
        }
    }
    found
}
