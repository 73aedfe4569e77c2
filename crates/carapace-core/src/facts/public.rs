//! Whether safe public functions stand on a site.
//!
//! They do where it is public itself, or lies in a public function or in a method of a trait's
//! implementation, or in another function that one of these calls, directly or through others. Who
//! calls whom is told by names alone, among the files of a package that hold unsafe code. What none
//! of these calls, though all of the package may, is taken to be called by another file.
//!
//! What is `pub` in a module that is not counts where a `pub use` names it or all of its module.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::PackageFacts;
use super::operations::around;
use super::scan::Scan;
use super::unsafety::SiteKind;
use crate::source::lexer::TokenKind;
use crate::source::outline::{FILE, Item, ItemId, ItemKind, Mark, Outline, Source, Visibility};
use crate::source::uses::{self, Import};

/// A name, by its hash: two that are taken for one make a site public that is not.
type Name = u64;

/// Who can call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Its module.
    Private,
    /// The package, or a part of it.
    Package,
    /// Everybody, if its module and its type are public.
    Public,
    /// Everybody, as a trait's.
    OfTrait,
}

/// A function.
#[derive(Debug, Clone, Copy)]
struct Function {
    name: Name,
    access: Access,
    /// What must be public, too: its type, or itself.
    outer: Name,
    is_unsafe: bool,
}

/// Who calls whom in a file, and what of it is public.
#[derive(Debug, Clone, Default)]
pub(super) struct Callers {
    functions: Vec<Function>,
    /// A function's place, and the name that it calls.
    calls: Vec<(u32, Name)>,
    /// For each mark: what it is in; none where its visibility alone counts.
    sites: Vec<(Option<Function>, bool)>,
    /// The names that `pub use` exports, those of modules for globs.
    exports: Vec<Name>,
    /// The modules in files of their own that are `pub`.
    modules: Vec<Name>,
}

fn name_of(bytes: &[u8]) -> Name {
    // FNV-1a
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Reads a file.
pub(super) fn callers(source: &Source<'_>, outline: &Outline) -> Callers {
    let mut callers = Callers {
        sites: outline
            .marks
            .iter()
            .map(|mark| site(source, outline, mark))
            .collect(),
        ..Callers::default()
    };
    for module in outline.modules.iter().filter(|module| module.public) {
        callers.modules.push(name_of(module.name.as_bytes()));
    }
    let exported = outline.uses.iter();
    for declaration in exported.filter(|found| found.visibility == Visibility::Public) {
        for Import { path, name } in uses::imports(source, declaration) {
            let last = path.last().map(|name| name_of(name.as_bytes()));
            callers.exports.extend(last);
            callers
                .exports
                .extend(name.map(|name| name_of(name.as_bytes())));
        }
    }
    let needs_calls = callers
        .sites
        .iter()
        .any(|(function, _)| function.is_some_and(|function| function.access != Access::OfTrait));
    if needs_calls {
        callers.read(source);
    }
    callers
}

/// What a mark is in, and whether its own modules and visibility let others see it.
fn site(source: &Source<'_>, outline: &Outline, mark: &Mark) -> (Option<Function>, bool) {
    let is_open = modules_are_public(outline, mark.item);
    let Some(function) = around(outline, mark.item, |kind| kind == ItemKind::Fn) else {
        let item = outline.items.get(mark.item as usize);
        let is_public = item.is_some_and(|item| item.visibility == Visibility::Public);
        let is_impl = mark.kind == SiteKind::Impl;
        return (None, is_open && (is_public || is_impl));
    };
    // A function in a function is private to it: the outer one tells.
    let mut function = function;
    while let Some(outer) = outline
        .items
        .get(function as usize)
        .and_then(|item| around(outline, item.parent, |kind| kind == ItemKind::Fn))
    {
        function = outer;
    }
    let Some(item) = outline.items.get(function as usize) else {
        return (None, false);
    };
    let text = |token: Option<u32>| token.map(|token| name_of(source.bytes_of(token as usize)));
    let name = text(item.name).unwrap_or_default();
    let parent = outline.items.get(item.parent as usize);
    let (access, outer) = match parent {
        Some(parent) if parent.kind == ItemKind::Impl && parent.marked => {
            (Access::OfTrait, text(parent.name))
        }
        Some(parent) if parent.kind == ItemKind::Trait => (
            match parent.visibility {
                Visibility::Public => Access::Public,
                _ => Access::Package,
            },
            text(parent.name),
        ),
        Some(parent) if parent.kind == ItemKind::Impl => {
            (access(item.visibility), text(parent.name))
        }
        // A macro may make a trait's of a function that is one of several things handed to it.
        _ if item.visibility == Visibility::Inherited && is_behind_comma(source, item) => {
            (Access::OfTrait, Some(name))
        }
        _ => (access(item.visibility), Some(name)),
    };
    let function = Function {
        name,
        access,
        outer: outer.unwrap_or(name),
        is_unsafe: item.is_unsafe,
    };
    (Some(function), is_open)
}

fn is_behind_comma(source: &Source<'_>, item: &Item) -> bool {
    let before = (item.start as usize).checked_sub(1);
    before.is_some_and(|before| source.kind(before) == TokenKind::Comma)
}

fn access(visibility: Visibility) -> Access {
    match visibility {
        Visibility::Public => Access::Public,
        Visibility::Restricted => Access::Package,
        Visibility::Inherited => Access::Private,
    }
}

fn modules_are_public(outline: &Outline, item: ItemId) -> bool {
    let mut at = item;
    while at != FILE {
        let Some(found) = outline.items.get(at as usize) else {
            return false;
        };
        if found.kind == ItemKind::Mod && found.visibility != Visibility::Public {
            return false;
        }
        at = found.parent;
    }
    true
}

impl Callers {
    /// Goes through a file's tokens: which function calls what.
    fn read(&mut self, source: &Source<'_>) {
        // Where the implementations and functions around end, and the functions' places.
        let mut around: Vec<(usize, Option<u32>)> = Vec::new();
        // What the implementation around is of: its type, and whether a trait's.
        let mut impls: Vec<(usize, Name, bool)> = Vec::new();
        let len = source.lexed.tokens.len();
        let mut at = 0;
        while at < len {
            while around.last().is_some_and(|(end, _)| *end <= at) {
                around.pop();
            }
            while impls.last().is_some_and(|(end, ..)| *end <= at) {
                impls.pop();
            }
            match source.kind(at) {
                TokenKind::Impl if around.is_empty() => {
                    if let Some((open, name, of_trait)) = head(source, at + 1) {
                        impls.push((source.groups.end(open), name, of_trait));
                        at = open;
                    }
                }
                TokenKind::Fn if source.kind(at + 1).is_ident() => {
                    if let Some(open) = body(source, at + 1) {
                        let own = name_of(source.bytes_of(at + 1));
                        let (visibility, is_unsafe) = qualifiers(source, at);
                        let (access, outer) = match impls.last() {
                            Some((_, outer, true)) => (Access::OfTrait, *outer),
                            Some((_, outer, false)) => (access(visibility), *outer),
                            None => (access(visibility), own),
                        };
                        let place = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
                        self.functions.push(Function {
                            name: own,
                            access,
                            outer,
                            is_unsafe,
                        });
                        around.push((source.groups.end(open), Some(place)));
                        at = open;
                    }
                }
                TokenKind::Ident => {
                    let next = source.kind(at + 1);
                    let is_call = next == TokenKind::OpenParen
                        || source.is_pair(at + 1, TokenKind::Colon, TokenKind::Colon)
                            && source.kind(at + 3) == TokenKind::Lt
                        // A function that is handed on: `map(f)`.
                        || matches!(next, TokenKind::CloseParen | TokenKind::Comma);
                    if is_call && let Some((_, Some(place))) = around.last() {
                        self.calls.push((*place, name_of(source.bytes_of(at))));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The braces of an implementation's head, its type's name, and whether it is a trait's.
fn head(source: &Source<'_>, from: usize) -> Option<(usize, Name, bool)> {
    let mut name = Name::default();
    let mut of_trait = false;
    let mut depth = 0_usize;
    let mut at = from;
    loop {
        let kind = source.kind(at);
        match kind {
            TokenKind::OpenBrace => return Some((at, name, of_trait)),
            TokenKind::Semi | TokenKind::Unknown => return None,
            TokenKind::Where => depth = usize::MAX / 2,
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if source.kind(at.wrapping_sub(1)) != TokenKind::Minus => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::For if depth == 0 && source.kind(at + 1) != TokenKind::Lt => of_trait = true,
            _ if kind.is_close() => return None,
            _ if kind.is_ident() && depth == 0 => name = name_of(source.bytes_of(at)),
            _ => {}
        }
        at = source.after_tree(at);
    }
}

/// The braces of the function whose name is at a token.
fn body(source: &Source<'_>, name: usize) -> Option<usize> {
    let mut at = name + 1;
    loop {
        match source.kind(at) {
            TokenKind::OpenBrace => return Some(at),
            TokenKind::Semi | TokenKind::Unknown => return None,
            kind if kind.is_close() => return None,
            _ => at = source.after_tree(at),
        }
    }
}

/// What stands before the `fn` at a token.
fn qualifiers(source: &Source<'_>, function: usize) -> (Visibility, bool) {
    let mut is_unsafe = false;
    let mut at = function;
    while let Some(before) = at.checked_sub(1) {
        at = before;
        match source.kind(at) {
            TokenKind::Unsafe => is_unsafe = true,
            TokenKind::Const | TokenKind::Async | TokenKind::Extern | TokenKind::Str => {}
            TokenKind::CloseParen => {
                at = source.groups.end(at);
                let is_pub = at > 0 && source.kind(at - 1) == TokenKind::Pub;
                return match is_pub {
                    true => (Visibility::Restricted, is_unsafe),
                    false => (Visibility::Inherited, is_unsafe),
                };
            }
            TokenKind::Pub => return (Visibility::Public, is_unsafe),
            _ => break,
        }
    }
    (Visibility::Inherited, is_unsafe)
}

/// Decides of all sites of a package. The scans are those that the facts were made of.
pub(super) fn decide(facts: &mut PackageFacts, scans: &[Scan]) {
    let mut seen = Seen::default();
    for scan in scans {
        seen.exports.extend(&scan.callers.exports);
        seen.modules.extend(&scan.callers.modules);
    }
    let calls = Calls::new(scans, &seen);
    let has_others = scans.len() > 1;
    let mut scans = scans.iter();
    for file in &mut facts.files {
        let Some(scan) = scans.by_ref().find(|scan| scan.facts.path == file.path) else {
            break;
        };
        let module = module_of(&file.path);
        for (site, (function, is_open)) in file.sites.iter_mut().zip(&scan.callers.sites) {
            site.public = match function {
                None => *is_open && seen.module(module),
                Some(function) => {
                    seen.is_public(function, module, *is_open)
                        || calls.reached.contains(&function.name)
                        || has_others
                            && function.access >= Access::Package
                            && !calls.called.contains(&function.name)
                }
            };
        }
    }
}

impl PartialOrd for Access {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (*self as u8).partial_cmp(&(*other as u8))
    }
}

/// What others can name of a package.
#[derive(Debug, Default)]
struct Seen {
    exports: HashSet<Name, RandomState>,
    modules: HashSet<Name, RandomState>,
}

impl Seen {
    /// Whether a file's module can be named; none is the crate's root.
    fn module(&self, module: Option<Name>) -> bool {
        module.is_none_or(|name| self.modules.contains(&name) || self.exports.contains(&name))
    }

    fn is_public(&self, function: &Function, module: Option<Name>, is_open: bool) -> bool {
        match function.access {
            Access::Private | Access::Package => false,
            Access::OfTrait => true,
            Access::Public => {
                is_open && self.module(module) || self.exports.contains(&function.outer)
            }
        }
    }
}

/// The module that a file is, by its name; none for a crate's root.
fn module_of(path: &str) -> Option<Name> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path.rsplit('/').next().unwrap_or(path) {
        "lib" | "main" | "build" => None,
        name => Some(name_of(name.as_bytes())),
    }
}

/// Who calls whom in a package.
struct Calls {
    /// All that is called.
    called: HashSet<Name, RandomState>,
    /// What safe public functions call, directly or through others.
    reached: HashSet<Name, RandomState>,
}

impl Calls {
    fn new(scans: &[Scan], seen: &Seen) -> Self {
        // Only functions of which something is known lead on.
        let mut by_name: HashMap<Name, Vec<Name>, RandomState> = HashMap::default();
        let functions = scans.iter().flat_map(|scan| &scan.callers.functions);
        for function in functions {
            by_name.entry(function.name).or_default();
        }
        let mut calls = Self {
            called: HashSet::default(),
            reached: HashSet::default(),
        };
        let mut work = Vec::new();
        for scan in scans {
            let module = module_of(&scan.facts.path);
            for (caller, callee) in &scan.callers.calls {
                let Some(caller) = scan.callers.functions.get(*caller as usize) else {
                    continue;
                };
                if !by_name.contains_key(callee) || caller.name == *callee {
                    continue;
                }
                calls.called.insert(*callee);
                if !caller.is_unsafe && seen.is_public(caller, module, true) {
                    work.push(*callee);
                } else if let Some(callees) = by_name.get_mut(&caller.name) {
                    callees.push(*callee);
                }
            }
        }
        while let Some(name) = work.pop() {
            if calls.reached.insert(name) {
                work.extend(by_name.get(&name).into_iter().flatten());
            }
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::super::package::package;
    use super::super::scan::scan;

    /// Whether each site of a package is public, files in the order of their paths.
    fn public(files: &[(&str, &str)]) -> Vec<bool> {
        let scans = files.iter();
        let scans = scans.map(|(path, text)| scan(path, text.as_bytes()));
        let facts = package(scans.collect());
        let sites = facts.files.iter().flat_map(|file| &file.sites);
        sites.map(|site| site.public).collect()
    }

    #[test]
    fn public_functions_methods_and_declarations() {
        for (text, expected) in [
            ("pub fn f() { unsafe {} }", true),
            ("fn f() { unsafe {} }", false),
            ("pub unsafe fn f() {}", true),
            ("unsafe fn f() {}", false),
            ("pub struct S; impl S { pub fn f() { unsafe {} } }", true),
            ("pub struct S; impl S { fn f() { unsafe {} } }", false),
            ("impl Drop for S { fn drop(&mut self) { unsafe {} } }", true),
            ("pub unsafe trait T {}", true),
            ("unsafe trait T {}", false),
            ("mod m { pub fn f() { unsafe {} } }", false),
            ("pub mod m { pub fn f() { unsafe {} } }", true),
            ("mod m { pub fn f() { unsafe {} } } pub use m::f;", true),
            ("pub fn f() { fn g() { unsafe {} } }", true),
            ("implement!(S, fn f() { unsafe {} });", true),
            ("implement!(S, pub(crate) fn f() { unsafe {} });", false),
        ] {
            assert_eq!(public(&[("src/lib.rs", text)]), [expected], "{text}");
        }
    }

    #[test]
    fn what_public_functions_call() {
        let text = "pub fn a() { b() } fn b() { x.c::<u8>() } fn c() { unsafe {} } \
                    fn d() { e() } fn e() { unsafe {} } pub unsafe fn f() { g() } fn g() { unsafe {} }";
        assert_eq!(public(&[("src/lib.rs", text)]), [true, false, true, false]);
    }

    #[test]
    fn modules_in_files() {
        let hidden = "pub fn f() { unsafe {} }";
        for (root, expected) in [
            ("mod a; fn g() { unsafe { a::f() } }", false),
            ("mod a; pub fn g() { unsafe { a::f() } }", true),
            // Another file may call it.
            ("mod a;", true),
            ("pub mod a;", true),
            ("mod a; pub use a::f;", true),
            ("mod a; pub use a::*;", true),
        ] {
            let files = [("src/a.rs", hidden), ("src/lib.rs", root)];
            assert_eq!(public(&files)[0], expected, "{root}");
        }
    }
}
