//! What a file declares that makes operations unsafe elsewhere: unsafe and foreign functions,
//! statics, unions; and what fields and functions have raw pointers for.

use super::types::{Kind, after_angles, of_type};
use crate::facts::unsafety::SiteKind;
use crate::source::lexer::TokenKind;
use crate::source::outline::{ItemKind, Mark, Outline, Source};

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The type or trait that it is a method of; none of one that is no method.
    pub(crate) owner: Option<String>,
    /// Whether it is declared in a trait, or in an implementation of one.
    pub(crate) of_trait: bool,
    /// The module in the file that it is in; none if that is the file's own.
    pub(crate) module: Option<String>,
}

/// What a file declares.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    /// Unsafe functions and methods.
    pub(crate) unsafe_functions: Vec<Function>,
    /// Safe functions and methods, of those that are known.
    pub(crate) safe_functions: Vec<Function>,
    /// Safe functions that need features of the target.
    pub(crate) featured: Vec<String>,
    /// Foreign functions.
    pub(crate) foreign: Vec<String>,
    /// Foreign statics.
    pub(crate) foreign_statics: Vec<String>,
    /// `static mut`
    pub(crate) statics: Vec<String>,
    /// The fields of unions, each with the union's name.
    pub(crate) union_fields: Vec<(String, String)>,
    /// The fields of structs and what they are: [`Kind::Value`] where they are no pointers. Of
    /// fields without names, the struct's name is before the number.
    pub(crate) fields: Vec<(String, Kind)>,
    /// Functions and what they give, where it is a pointer.
    pub(crate) results: Vec<(String, Kind)>,
}

/// Reads a file's declarations.
pub(crate) fn declared(source: &Source<'_>, outline: &Outline) -> Declared {
    let mut declared = Declared::default();
    for mark in &outline.marks {
        declared.mark(source, outline, mark);
    }
    let has_code = outline.marks.iter().any(|mark| {
        matches!(
            mark.kind,
            SiteKind::Block | SiteKind::Fn | SiteKind::Method | SiteKind::Impl | SiteKind::Trait
        )
    });
    if !has_code {
        return declared;
    }
    const FEATURE: &str = "target_feature";
    for (at, token) in source.lexed.tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Struct if source.kind(at + 1).is_ident() => {
                declared.structure(source, at + 1);
            }
            TokenKind::Fn if source.kind(at + 1).is_ident() => declared.result(source, at + 1),
            // The length tells most words apart without a look at their bytes.
            TokenKind::Ident
                if (token.end - token.start) as usize == FEATURE.len()
                    && source.is_word(at, FEATURE) =>
            {
                declared.featured(source, at);
            }
            _ => {}
        }
    }
    for item in &outline.items {
        if item.kind == ItemKind::Fn
            && !item.is_unsafe
            && let Some(name) = item.name
        {
            let name = source.name(name as usize);
            let found = function(source, outline, name, item.parent);
            declared.safe_functions.extend(found);
        }
    }
    declared
}

fn is_foreign(outline: &Outline, item: u32) -> bool {
    let item = outline.items.get(item as usize);
    item.is_some_and(|item| item.kind == ItemKind::ForeignBlock)
}

/// A function by its name and the item around; none in a block of foreign items.
fn function(source: &Source<'_>, outline: &Outline, name: String, parent: u32) -> Option<Function> {
    let around = outline.items.get(parent as usize)?;
    let owner = match around.kind {
        ItemKind::ForeignBlock => return None,
        ItemKind::Impl | ItemKind::Trait => around.name.map(|name| source.name(name as usize)),
        _ => None,
    };
    Some(Function {
        name,
        owner,
        of_trait: around.kind == ItemKind::Trait || around.marked,
        module: super::around(outline, parent, |kind| kind == ItemKind::Mod)
            .and_then(|module| outline.items.get(module as usize)?.name)
            .map(|name| source.name(name as usize)),
    })
}

impl Declared {
    fn mark(&mut self, source: &Source<'_>, outline: &Outline, mark: &Mark) {
        let item = outline.items.get(mark.item as usize);
        let name = item.and_then(|item| item.name);
        match (mark.kind, item, mark.body) {
            (SiteKind::Fn | SiteKind::Method, Some(item), _) => {
                let Some(name) = name else { return };
                let name = source.name(name as usize);
                let found = function(source, outline, name, item.parent);
                self.unsafe_functions.extend(found);
            }
            (SiteKind::StaticMut, Some(item), _) if !is_foreign(outline, item.parent) => {
                self.statics
                    .extend(name.map(|name| source.name(name as usize)));
            }
            (SiteKind::Union, Some(item), _) => {
                let owner = name.map_or_else(String::new, |name| source.name(name as usize));
                if let Some(body) = item.body {
                    let fields = &mut self.union_fields;
                    fields_of(source, body as usize, |name, _| {
                        fields.push((source.name(name), owner.clone()));
                    });
                }
            }
            (SiteKind::ExternBlock, _, Some(body)) => self.foreign_items(source, body as usize),
            _ => {}
        }
    }

    fn foreign_items(&mut self, source: &Source<'_>, open: usize) {
        let end = source.groups.end(open);
        let mut at = open + 1;
        let mut is_safe = false;
        while at < end {
            match source.kind(at) {
                TokenKind::Ident if source.is_word(at, "safe") => is_safe = true,
                TokenKind::Semi => is_safe = false,
                TokenKind::Fn if source.kind(at + 1).is_ident() && !is_safe => {
                    self.foreign.push(source.name(at + 1));
                }
                TokenKind::Static if !is_safe => {
                    let name = at + 1 + usize::from(source.kind(at + 1) == TokenKind::Mut);
                    // One that is `mut` is rustc's `static mut`, foreign or not.
                    if name == at + 1 {
                        self.foreign_statics.push(source.name(name));
                    } else {
                        self.statics.push(source.name(name));
                    }
                }
                _ => {}
            }
            at = source.after_tree(at);
        }
    }

    /// The fields of the struct with the name at a token.
    fn structure(&mut self, source: &Source<'_>, name: usize) {
        let mut at = name + 1;
        if source.kind(at) == TokenKind::Lt {
            at = after_angles(source, at);
        }
        let fields = &mut self.fields;
        match source.kind(at) {
            TokenKind::OpenParen => {
                let owner = source.name(name);
                let end = source.groups.end(at);
                let mut index = 0_u32;
                let mut at = at + 1;
                while at < end && index < 8 {
                    while source.kind(at) == TokenKind::Pound {
                        at = source.groups.after(at + 1);
                    }
                    if source.kind(at) == TokenKind::Pub {
                        at += 1;
                        if source.kind(at) == TokenKind::OpenParen {
                            at = source.groups.after(at);
                        }
                    }
                    let kind = Kind::of(&of_type(source, at), &owner);
                    fields.push((format!("{owner}.{index}"), kind));
                    index += 1;
                    at = after_comma(source, at, end);
                }
            }
            TokenKind::OpenBrace | TokenKind::Where => {
                while !source.kind(at).is_open() {
                    if matches!(source.kind(at), TokenKind::Semi | TokenKind::Unknown) {
                        return;
                    }
                    at += 1;
                }
                if source.kind(at) == TokenKind::OpenBrace {
                    fields_of(source, at, |name, of| {
                        fields.push((source.name(name), Kind::of(&of_type(source, of), "")));
                    });
                }
            }
            _ => {}
        }
    }

    /// What the function with the name at a token gives.
    fn result(&mut self, source: &Source<'_>, name: usize) {
        let mut at = name + 1;
        if source.kind(at) == TokenKind::Lt {
            at = after_angles(source, at);
        }
        if source.kind(at) != TokenKind::OpenParen {
            return;
        }
        let arrow = source.groups.after(at);
        if !source.is_pair(arrow, TokenKind::Minus, TokenKind::Gt) {
            return;
        }
        let kind = Kind::of(&of_type(source, arrow + 2), "");
        self.results.push((source.name(name), kind));
    }

    /// `#[target_feature(enable = "…")] fn name`, without `unsafe`.
    fn featured(&mut self, source: &Source<'_>, at: usize) {
        const REACH: usize = 64;
        let mut is_unsafe = false;
        for at in at..at.saturating_add(REACH) {
            match source.kind(at) {
                TokenKind::Unsafe => is_unsafe = true,
                TokenKind::Fn => {
                    if !is_unsafe {
                        self.featured.push(source.name(at + 1));
                    }
                    return;
                }
                TokenKind::OpenBrace | TokenKind::Semi => return,
                _ => {}
            }
        }
    }
}

/// The fields in braces: the token of each name, and that where its type begins.
fn fields_of(source: &Source<'_>, open: usize, mut field: impl FnMut(usize, usize)) {
    let end = source.groups.end(open);
    let mut at = open + 1;
    while at < end {
        if source.kind(at) == TokenKind::Pound {
            at = source.groups.after(at + 1);
            continue;
        }
        if source.kind(at) == TokenKind::Pub {
            at += 1;
            if source.kind(at) == TokenKind::OpenParen {
                at = source.groups.after(at);
            }
            continue;
        }
        if source.kind(at).is_ident() && source.kind(at + 1) == TokenKind::Colon {
            field(at, at + 2);
        }
        at = after_comma(source, at, end);
    }
}

/// The token behind the next comma that is in no brackets.
fn after_comma(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < end {
        match source.kind(at) {
            TokenKind::Comma if depth == 0 => return at + 1,
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if source.kind(at.wrapping_sub(1)) != TokenKind::Minus => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        at = source.after_tree(at);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::outline::Watch;

    fn of(text: &str) -> Declared {
        let source = Source::new(text.as_bytes());
        let outline = Outline::new(&source, Watch::default());
        declared(&source, &outline)
    }

    #[test]
    fn declarations_are_read() {
        let text = "extern \"C\" { fn a(x: u8); static B: u8; static mut C: u8; safe fn d(); }
            static mut E: u8 = 0; union U { f: u8, pub g: Vec<(A, B)>, h: u8 }
            unsafe fn i() {} impl J { unsafe fn k() {} } trait L { unsafe fn m(); }
            struct N<T> where T: X { o: *mut T, #[p] pub(crate) q: Option<ptr::NonNull<T>>, r: u8 }
            struct S(u8, pub *const u8); fn t<A: B<C>>(x: u8) -> *mut u8 { unsafe { u() } }
            #[target_feature(enable = \"avx\")] #[inline] pub fn v() {}
            #[target_feature(enable = \"avx\")] unsafe fn w() {}";
        let got = of(text);
        assert_eq!(got.foreign, ["a"]);
        assert_eq!(got.foreign_statics, ["B"]);
        assert_eq!(got.statics, ["C", "E"]);
        let fields: Vec<_> = got
            .union_fields
            .iter()
            .map(|(f, u)| (f.as_str(), u.as_str()))
            .collect();
        assert_eq!(fields, [("f", "U"), ("g", "U"), ("h", "U")]);
        let names = got.unsafe_functions.iter();
        let names: Vec<_> = names
            .map(|f| (f.owner.as_deref(), f.name.as_str(), f.of_trait))
            .collect();
        let expected = [
            (None, "i", false),
            (Some("J"), "k", false),
            (Some("L"), "m", true),
            (None, "w", false),
        ];
        assert_eq!(names, expected);
        let fields = [
            ("o", Kind::Raw),
            ("q", Kind::NonNull),
            ("r", Kind::Value),
            ("S.0", Kind::Value),
            ("S.1", Kind::Raw),
        ];
        assert_eq!(
            got.fields,
            fields.map(|(name, kind)| (name.to_owned(), kind))
        );
        assert_eq!(got.results, [("t".to_owned(), Kind::Raw)]);
        assert_eq!(got.featured, ["v"]);
    }
}
