//! Imports that a fix leaves without use: they go with it, or the compiler would warn.
//!
//! Which these are depends on all fixes of a file that are applied together, so this is asked once
//! they are chosen. Names are counted as tokens: an import goes only where its name was written in its
//! module before, and is not any more.

use std::collections::HashMap;

use super::Edit;
use crate::source::lexer::{Lexed, TokenKind as T};
use crate::source::outline::Source;
use crate::source::syntax::{Depth, Item, ItemKind, Syntax};
use crate::source::uses::imports;

/// How deep the braces of an import may nest.
const MAX_DEPTH: u32 = 16;

/// The edits that take out what `edits`, all of one file, leave unused. `is_used_elsewhere` says
/// whether another file of the package may mean the import by a name, as with `use super::*`.
#[must_use]
pub fn unused_imports(
    text: &str,
    edits: &[Edit],
    is_used_elsewhere: &dyn Fn(&str) -> bool,
) -> Vec<Edit> {
    let Some(first) = edits.first() else {
        return Vec::new();
    };
    let source = Source::new(text.as_bytes());
    let syntax = Syntax::new(&source, Depth::Declarations);
    let mut begins: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, item) in syntax.items.iter().enumerate() {
        if matches!(item.kind, ItemKind::Use | ItemKind::Mod) {
            begins
                .entry(item.tokens.start as usize)
                .or_default()
                .push(at);
        }
    }
    let counter = Counter {
        source: &source,
        syntax: &syntax,
        edits,
        begins,
    };
    let mut found = Vec::new();
    for item in &syntax.items {
        let is_import = item.kind == ItemKind::Use
            && !item.public
            && source.kind(item.head as usize) == T::Use
            && !counter.is_edited(item.tokens.start as usize);
        if !is_import {
            continue;
        }
        let tree = Tree::read(
            &source,
            item.head as usize + 1,
            item.tokens.end as usize - 1,
        );
        let Some(tree) = tree else {
            continue;
        };
        let is_gone = |name: &str| counter.loses(name, item) && !is_used_elsewhere(name);
        let cuts = match tree.cut(&source, &is_gone) {
            Cut::Nothing => continue,
            Cut::All => vec![(whole_lines(text, &source, item), String::new())],
            Cut::Some(cuts) => cuts,
        };
        found.extend(cuts.into_iter().map(|((start, end), text)| Edit {
            file: first.file.clone(),
            start,
            end,
            text,
        }));
    }
    found
}

/// Whether a file may mean by a name what another file of its package imports privately: it takes all
/// names of a module, or this one by a path. By paths into the standard library it means what that has,
/// and by `super` in a module of its own what stands around that in the file.
#[must_use]
pub fn may_take(bytes: &[u8], name: &str) -> bool {
    let source = Source::new(bytes);
    let syntax = Syntax::new(&source, Depth::Bodies);
    let is_elsewhere = |first: &str| matches!(first, "std" | "core" | "alloc");
    let is_taken = |item: &Item| {
        let Some(declaration) = item.use_declaration(&source) else {
            return false;
        };
        let supers = depth(&syntax, item);
        let brought = imports(&source, &declaration);
        brought.iter().any(|import| {
            let path = import.path.iter().map(String::as_str);
            let mut path = path.skip_while(|first| first.is_empty()).peekable();
            let is_own = || {
                import
                    .path
                    .iter()
                    .take_while(|part| *part == "super")
                    .count()
                    <= supers
            };
            match path.peek() {
                None => false,
                Some(first) if is_elsewhere(first) => false,
                Some(&("super" | "self")) if is_own() => false,
                // All names: of `a::*` the path is `a`.
                Some(_) => import.name.is_none() || path.last() == Some(name),
            }
        })
    };
    syntax.items.iter().any(is_taken) || named_by_path(&source, name, &is_elsewhere)
}

/// Whether a macro that is defined in a file writes a name that means what it does where the macro is
/// called.
#[must_use]
pub fn macros_write(bytes: &[u8], name: &str) -> bool {
    let source = Source::new(bytes);
    let syntax = Syntax::new(&source, Depth::Bodies);
    let macros = syntax.items.iter();
    let mut macros = macros.filter(|item| matches!(item.kind, ItemKind::Macro));
    macros.any(|item| {
        let mut tokens = item.tokens.start as usize..item.tokens.end as usize;
        tokens.any(|at| is_name(&source, at, name) && !is_behind_path(&source, at))
    })
}

/// How many modules with their bodies in the file an item is in.
fn depth(syntax: &Syntax, item: &Item) -> usize {
    let around = |item: &Item| item.parent.and_then(|parent| syntax.item(parent));
    let around = std::iter::successors(around(item), |item| around(item));
    around
        .filter(|item| matches!(item.kind, ItemKind::Mod))
        .count()
}

fn is_name(source: &Source<'_>, at: usize, name: &str) -> bool {
    source.kind(at).is_ident() && source.name_bytes(at) == name.as_bytes()
}

/// Whether `::` stands before a token.
fn is_behind_path(source: &Source<'_>, at: usize) -> bool {
    at >= 2 && source.is_pair(at - 2, T::Colon, T::Colon)
}

/// Whether a name is written behind `::`, in a path that does not begin where something else is.
fn named_by_path(source: &Source<'_>, name: &str, is_elsewhere: &dyn Fn(&str) -> bool) -> bool {
    let mut named = (0..source.lexed.tokens.len())
        .filter(|at| is_name(source, *at, name) && is_behind_path(source, *at));
    named.any(|mut first| {
        while is_behind_path(source, first)
            && first >= 3
            && source.kind(first - 3).is_path_segment()
        {
            first -= 3;
        }
        !is_elsewhere(&source.name(first))
    })
}

/// The bytes of an import, and of its line where nothing else is on it.
fn whole_lines(text: &str, source: &Source<'_>, item: &Item) -> (usize, usize) {
    let start = source.token(item.tokens.start as usize).start as usize;
    let end = source.token(item.tokens.end as usize - 1).end as usize;
    let before = text.get(..start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let behind = text.get(end..).unwrap_or_default();
    let is_alone = before
        .get(line..)
        .is_some_and(|text| text.trim().is_empty());
    match behind.find('\n') {
        Some(newline) if is_alone && behind.get(..newline).is_some_and(|t| t.trim().is_empty()) => {
            (line, end + newline + 1)
        }
        _ => (start, end),
    }
}

/// How often a name is written, before the edits and after them.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    before: usize,
    after: usize,
}

struct Counter<'s, 'a> {
    source: &'s Source<'a>,
    syntax: &'s Syntax,
    edits: &'s [Edit],
    /// The imports and modules that begin at a token.
    begins: HashMap<usize, Vec<usize>>,
}

impl Counter<'_, '_> {
    fn is_edited(&self, token: usize) -> bool {
        let start = self.source.token(token).start as usize;
        let mut edits = self.edits.iter();
        edits.any(|edit| edit.start <= start && start < edit.end)
    }

    /// Whether a name was used beside imports where this one counts, and is not after the edits.
    fn loses(&self, name: &str, import: &Item) -> bool {
        let (start, end) = match import.parent.and_then(|parent| self.syntax.item(parent)) {
            Some(around) => (around.tokens.start as usize, around.tokens.end as usize),
            None => (0, self.source.lexed.tokens.len()),
        };
        // Beside `name::…`, what is called `name` alone is a variable: modules have no values.
        let is_lower = name.starts_with(|first: char| first.is_lowercase());
        let (mut leading, mut alone) = (Uses::default(), Uses::default());
        let mut at = start;
        while at < end {
            if let Some(passed) = self.passed_over(at, name, import) {
                at = passed.max(at + 1);
                continue;
            }
            if is_name(self.source, at, name) {
                let leads = is_lower && self.source.is_pair(at + 1, T::Colon, T::Colon);
                let uses = if leads { &mut leading } else { &mut alone };
                uses.before += 1;
                uses.after += usize::from(!self.is_edited(at));
            }
            at += 1;
        }
        let uses = if leading.before > 0 { leading } else { alone };
        uses.before > 0 && uses.after == 0 && !self.is_put_in(name)
    }

    /// Where what begins at a token ends, if a name in it does not mean this import: another import,
    /// a module in the file that has the name from elsewhere.
    fn passed_over(&self, token: usize, name: &str, import: &Item) -> Option<usize> {
        let begun = self.begins.get(&token).into_iter().flatten();
        let mut begun = begun.filter_map(|at| self.syntax.items.get(*at));
        let item = begun.find(|item| match item.kind {
            ItemKind::Use => true,
            ItemKind::Mod => !holds(item, import) && !self.looks_up(item, name),
            _ => false,
        })?;
        Some(item.tokens.end as usize)
    }

    /// Whether a module in the file can mean what stands around it: by `super::`, and without an
    /// import of its own by the name.
    fn looks_up(&self, module: &Item, name: &str) -> bool {
        let tokens = module.tokens.start as usize..module.tokens.end as usize;
        let has_super = tokens.clone().any(|at| self.source.kind(at) == T::Super);
        let imports_itself = self.syntax.items.iter().any(|item| {
            item.kind == ItemKind::Use
                && tokens.contains(&(item.tokens.start as usize))
                && (item.tokens.start..item.tokens.end)
                    .any(|at| self.source.name_bytes(at as usize) == name.as_bytes())
        });
        has_super && !imports_itself
    }

    /// Whether what is put in has a name.
    fn is_put_in(&self, name: &str) -> bool {
        self.edits.iter().any(|edit| {
            let lexed = Lexed::new(edit.text.as_bytes());
            lexed.tokens.iter().any(|token| {
                token.kind.is_ident()
                    && edit.text.get(token.start as usize..token.end as usize) == Some(name)
            })
        })
    }
}

fn holds(around: &Item, inner: &Item) -> bool {
    around.tokens.start <= inner.tokens.start && inner.tokens.end <= around.tokens.end
}

/// A part of an import: tokens from the first to before the last.
#[derive(Debug)]
struct Tree {
    start: usize,
    end: usize,
    /// The name that it brings in; none of `*`, `_`, and of what has parts.
    name: Option<String>,
    /// What stands between its braces, and where these open.
    parts: Option<(usize, Vec<Tree>)>,
}

type Bytes = (usize, usize);

/// What goes of an import.
enum Cut {
    Nothing,
    All,
    Some(Vec<(Bytes, String)>),
}

impl Tree {
    fn read(source: &Source<'_>, start: usize, end: usize) -> Option<Self> {
        Self::read_at(source, start, end, "", MAX_DEPTH)
    }

    fn read_at(
        source: &Source<'_>,
        start: usize,
        end: usize,
        before: &str,
        depth: u32,
    ) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let open = (start..end).find(|at| source.kind(*at) == T::OpenBrace);
        let Some(open) = open else {
            let last = end.checked_sub(1).filter(|last| *last >= start)?;
            let name = match source.kind(last) {
                T::SelfValue => Some(before.to_owned()),
                kind if kind.is_ident() => Some(source.name(last)).filter(|name| name != "_"),
                _ => None,
            };
            return Some(Self {
                start,
                end,
                name,
                parts: None,
            });
        };
        // `before::{`
        let before = open
            .checked_sub(3)
            .map(|at| source.name(at))
            .unwrap_or_default();
        let close = source.groups.end(open);
        let mut parts = Vec::new();
        let mut at = open + 1;
        while at < close {
            let mut next = at;
            while next < close && source.kind(next) != T::Comma {
                next = source.after_tree(next).max(next + 1);
            }
            if next > at {
                parts.push(Self::read_at(source, at, next.min(close), &before, depth)?);
            }
            at = next + 1;
        }
        Some(Self {
            start,
            end,
            name: None,
            parts: Some((open, parts)),
        })
    }

    fn bytes(&self, source: &Source<'_>) -> Bytes {
        let start = source.token(self.start).start as usize;
        let end = source.token(self.end.saturating_sub(1).max(self.start)).end as usize;
        (start, end)
    }

    fn cut(&self, source: &Source<'_>, is_gone: &dyn Fn(&str) -> bool) -> Cut {
        let Some((open, parts)) = &self.parts else {
            return match self.name.as_deref().is_some_and(is_gone) {
                true => Cut::All,
                false => Cut::Nothing,
            };
        };
        let cuts: Vec<Cut> = parts.iter().map(|part| part.cut(source, is_gone)).collect();
        let gone = cuts.iter().filter(|cut| matches!(cut, Cut::All)).count();
        if gone == parts.len() && gone > 0 {
            return Cut::All;
        }
        let mut kept = parts
            .iter()
            .zip(&cuts)
            .filter(|(_, cut)| !matches!(cut, Cut::All));
        // One part needs no braces.
        if let (Some((only, Cut::Nothing)), None) = (kept.next(), kept.next())
            && gone > 0
            && only.parts.is_none()
            && source.kind(only.end - 1).is_ident()
        {
            let start = source.token(*open).start as usize;
            let end = source.token(source.groups.end(*open)).end as usize;
            let text = source.text_between(only.start, only.end);
            return Cut::Some(vec![((start, end), text)]);
        }
        let mut all = Vec::new();
        for (at, cut) in cuts.into_iter().enumerate() {
            match cut {
                Cut::Nothing => {}
                Cut::Some(inner) => all.extend(inner),
                Cut::All => all.extend(between(source, parts, at).map(|at| (at, String::new()))),
            }
        }
        match all.is_empty() {
            true => Cut::Nothing,
            false => Cut::Some(all),
        }
    }
}

/// The bytes of a part and of the comma that goes with it: that behind it, and of the last one that
/// before it.
fn between(source: &Source<'_>, parts: &[Tree], at: usize) -> Option<Bytes> {
    let (start, end) = parts.get(at)?.bytes(source);
    if let Some(next) = parts.get(at + 1) {
        return Some((start, next.bytes(source).0));
    }
    let before = at.checked_sub(1).and_then(|before| parts.get(before))?;
    Some((before.bytes(source).1, end))
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;

    /// The text without what is between `«` and `»`, and without the imports that this leaves.
    fn after(marked: &str) -> String {
        let mut text = String::new();
        let mut edits = Vec::new();
        for (at, part) in marked.split(['«', '»']).enumerate() {
            if at % 2 == 1 {
                edits.push(Edit {
                    file: "a".to_owned(),
                    start: text.len(),
                    end: text.len() + part.len(),
                    text: "()".to_owned(),
                });
            }
            text.push_str(part);
        }
        let unused = unused_imports(&text, &edits, &|name| name == "elsewhere");
        apply(&text, edits.iter().chain(&unused)).unwrap()
    }

    #[test]
    fn a_name_is_taken_from_around_by_globs_and_paths() {
        for text in [
            "use super::*; fn f() { ptr::x() }",
            "use super::{a, ptr};",
            "use super::ptr as p;",
            "fn f() { use crate::io::*; }",
            "fn f() { super::ptr::x() }",
            "macro_rules! m { () => { $crate::io::ptr::x() } }",
            "use io::{self, ptr};",
            "use own::*;",
            "mod t { use super::super::*; }",
        ] {
            assert!(may_take(text.as_bytes(), "ptr"), "{text}");
        }
        for text in [
            "use std::ptr; fn f() { ptr::x() }",
            "use std::{pin::Pin, ptr};",
            "use ::core::ptr;",
            "use super::{a, b}; fn f() { std::ptr::x(); ::core::ptr::y() }",
            "use std::io::*;",
            "use super::a; fn f(ptr: u8) { ptr.g() }",
            "mod t { use super::*; fn f() { ptr::x() } }",
        ] {
            assert!(!may_take(text.as_bytes(), "ptr"), "{text}");
        }
    }

    #[test]
    fn what_a_macro_writes_is_looked_for_where_it_is_called() {
        for (text, expected) in [
            ("macro_rules! m { () => { hint::black_box(1) } }", true),
            (
                "mod a { macro_rules! m { () => { hint::black_box(1) } } }",
                true,
            ),
            (
                "macro_rules! m { () => { ::core::hint::black_box(1) } }",
                false,
            ),
            ("fn f() { hint::black_box(1) }", false),
        ] {
            assert_eq!(macros_write(text.as_bytes(), "hint"), expected, "{text}");
        }
    }

    #[test]
    fn what_is_left_unused_goes() {
        for (marked, expected) in [
            ("use std::mem;\nfn f() { «mem::x()» }", "fn f() { () }"),
            (
                "use std::mem;\nfn f() { «mem::x()»; mem::y() }",
                "use std::mem;\nfn f() { (); mem::y() }",
            ),
            (
                "use std::{cmp, mem, ptr};\nfn f() { «mem::x()»; cmp::a(ptr::b) }",
                "use std::{cmp, ptr};\nfn f() { (); cmp::a(ptr::b) }",
            ),
            (
                "use std::{cmp, mem};\nfn f() { «mem::x()»; cmp::a() }",
                "use std::cmp;\nfn f() { (); cmp::a() }",
            ),
            (
                "use std::{cmp, a::{self, b}};\nfn f() { «b()»; «cmp()»; a() }",
                "use std::{a::{self}};\nfn f() { (); (); a() }",
            ),
            (
                "use std::{\n    a,\n    b,\n    c,\n};\nfn f() { «c()»; a(); b() }",
                "use std::{\n    a,\n    b,\n};\nfn f() { (); a(); b() }",
            ),
            ("use std::mem as m;\nfn f() { «m::x()» }", "fn f() { () }"),
            (
                "use std::mem::{self};\nfn f() { «mem::x()» }",
                "fn f() { () }",
            ),
            ("use a::*;\nfn f() { «b()» }", "use a::*;\nfn f() { () }"),
            (
                "#![deny(x)]\n#![allow(y)]\n\nuse std::mem;\nfn f() { «mem::x()» }",
                "#![deny(x)]\n#![allow(y)]\n\nfn f() { () }",
            ),
            (
                "#[cfg(z)]\nuse std::mem;\nfn f() { «mem::x()» }",
                "fn f() { () }",
            ),
            (
                "use std::ptr;\nfn f() { let ptr = 1; «ptr::x(ptr)» }",
                "fn f() { let ptr = 1; () }",
            ),
            (
                "use a::T;\nfn f(t: T) { «T::b()» }",
                "use a::T;\nfn f(t: T) { () }",
            ),
            (
                "use a::Trait;\nfn f() { «b()» }",
                "use a::Trait;\nfn f() { () }",
            ),
            (
                "pub use a::b;\nfn f() { «b()» }",
                "pub use a::b;\nfn f() { () }",
            ),
            (
                "use a::elsewhere;\nfn f() { «elsewhere()» }",
                "use a::elsewhere;\nfn f() { () }",
            ),
            (
                "use a::b;\nfn f() { «b()» }\nmod t { use super::*; fn g() { b() } }",
                "use a::b;\nfn f() { () }\nmod t { use super::*; fn g() { b() } }",
            ),
            (
                "use a::b;\nfn f() { «b()» }\nmod t { use a::b; fn g() { b() } }",
                "fn f() { () }\nmod t { use a::b; fn g() { b() } }",
            ),
            (
                "mod t { use a::b; fn g() { «b()» } }\nfn b() {}",
                "mod t { fn g() { () } }\nfn b() {}",
            ),
        ] {
            let after = after(marked);
            let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(plain(&after), plain(expected), "{marked}");
        }
    }
}
