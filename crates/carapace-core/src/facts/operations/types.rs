//! Light types: whether an expression is a raw pointer, as far as its tokens and the declarations of
//! its function tell.
//!
//! Of types, only what makes an operation unsafe is told apart. What a file alone does not tell (a
//! field's type, a function's result) is left open under its name.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

/// How deep declarations may lead to declarations, and brackets to brackets.
const MAX_DEPTH: u32 = 12;

/// What an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Light<'a> {
    /// A raw pointer.
    Raw,
    /// `NonNull`
    NonNull,
    /// `UnsafeCell`
    Cell,
    /// A pointer to an unsafe function.
    Function,
    /// A reference, a box, or a guard: what is safe to dereference; and the name of the type that it
    /// leads to, empty where that has none.
    Reference(&'a [u8]),
    /// A type with a name that is none of these.
    Named(&'a [u8]),
    /// None of these.
    Value,
    /// What `get` without arguments gives of the field with the name at a token, or of what is not
    /// known: of an `UnsafeCell`, a raw pointer.
    Got(Option<usize>),
    /// As the field with the name at a token.
    Field(usize),
    /// As the result of the function or method with the name at a token.
    Result(usize),
    /// Nothing is known.
    Unknown,
}

/// What a declared type is, beyond its file; as in [`Light`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Raw,
    NonNull,
    Cell,
    Function,
    Reference(String),
    Named(String),
    Value,
    Unknown,
}

impl Kind {
    /// What a light type is; `own` is what `Self` stands for.
    pub(crate) fn of(light: &Light<'_>, own: &str) -> Self {
        let name = |name: &[u8]| match name {
            b"Self" => own.to_owned(),
            name => String::from_utf8_lossy(name).into_owned(),
        };
        match light {
            Light::Raw => Self::Raw,
            Light::NonNull => Self::NonNull,
            Light::Cell => Self::Cell,
            Light::Function => Self::Function,
            Light::Reference(to) => Self::Reference(name(to)),
            Light::Named(to) => Self::Named(name(to)),
            Light::Value => Self::Value,
            Light::Field(_) | Light::Result(_) | Light::Got(_) | Light::Unknown => Self::Unknown,
        }
    }
}

/// What a type with a name is, in every package.
pub(crate) fn of_name(name: &[u8]) -> Light<'_> {
    match name {
        b"NonNull" => Light::NonNull,
        b"UnsafeCell" | b"SyncUnsafeCell" => Light::Cell,
        name if is_box(name) => Light::Reference(b""),
        b"Vec" | b"String" | b"str" | b"bool" | b"char" => Light::Value,
        [b'u' | b'i' | b'f', b'0'..=b'9' | b's', ..] if name.len() <= 5 => Light::Value,
        _ => Light::Named(name),
    }
}

/// Whether a type leads to another one safely.
fn is_box(name: &[u8]) -> bool {
    matches!(
        name,
        b"Box" | b"Rc" | b"Arc" | b"Ref" | b"RefMut" | b"MutexGuard" | b"Cow" | b"ManuallyDrop"
    )
}

/// The token behind the `>` of the `<` at a token.
pub(crate) fn after_angles(source: &Source<'_>, open: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = open;
    loop {
        match source.kind(at) {
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if source.kind(at.wrapping_sub(1)) != TokenKind::Minus => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            TokenKind::Semi | TokenKind::OpenBrace | TokenKind::Unknown => return at,
            kind if kind.is_close() => return at,
            _ => {}
        }
        at = source.after_tree(at);
    }
}

/// What the type is that begins at a token.
pub(crate) fn of_type<'a>(source: &Source<'a>, from: usize) -> Light<'a> {
    let mut at = from;
    let mut is_reference = false;
    loop {
        match source.kind(at) {
            _ if is_reference && !source.kind(at).is_path_segment() => match source.kind(at) {
                TokenKind::Dollar
                | TokenKind::Lifetime
                | TokenKind::Colon
                | TokenKind::Mut
                | TokenKind::Amp
                | TokenKind::Dyn => at += 1,
                _ => return Light::Reference(b""),
            },
            TokenKind::Star if matches!(source.kind(at + 1), TokenKind::Const | TokenKind::Mut) => {
                return Light::Raw;
            }
            TokenKind::Amp => {
                is_reference = true;
                at += 1;
            }
            TokenKind::Unsafe => return Light::Function,
            TokenKind::Dollar | TokenKind::Lifetime | TokenKind::Colon => at += 1,
            kind if kind.is_path_segment() => {
                if source.is_pair(at + 1, TokenKind::Colon, TokenKind::Colon)
                    && source.kind(at + 3).is_path_segment()
                {
                    at += 3;
                    continue;
                }
                // `Option<unsafe fn()>`, `Option<NonNull<T>>`: what is in it, once it is unwrapped.
                if source.is_word(at, "Option") && source.kind(at + 1) == TokenKind::Lt {
                    at += 2;
                    continue;
                }
                let name = source.bytes_of(at);
                if is_box(name) && source.kind(at + 1) == TokenKind::Lt {
                    is_reference = true;
                    at += 2;
                    continue;
                }
                return match of_name(name) {
                    Light::Named(name) if is_reference => Light::Reference(name),
                    _ if is_reference => Light::Reference(b""),
                    light => light,
                };
            }
            _ => return Light::Value,
        }
    }
}

/// A local name's declaration.
#[derive(Debug, Clone, Copy)]
struct Local {
    /// Where its name is.
    at: usize,
    /// Where its type begins.
    declared: Option<usize>,
    /// Where its value begins.
    value: Option<usize>,
}

impl Local {
    /// Whether a token is in the very value of the name: `let p = p.add(1)` speaks of another `p`.
    fn is_being_declared(self, source: &Source<'_>, at: usize) -> bool {
        const REACH: usize = 64;
        self.value.is_some_and(|value| {
            at < value.saturating_add(REACH)
                && !(value..at).any(|at| source.kind(at) == TokenKind::Semi)
        })
    }
}

/// The local names of a function.
#[derive(Debug, Default)]
pub(crate) struct Locals<'a> {
    by_name: HashMap<&'a [u8], Vec<Local>, RandomState>,
}

impl<'a> Locals<'a> {
    /// Those that are declared between two tokens: a function's, head and body.
    pub(crate) fn new(source: &Source<'a>, from: usize, body: usize, to: usize) -> Self {
        let mut locals = Self::default();
        let mut add = |at: usize, declared, value| {
            let local = Local {
                at,
                declared,
                value,
            };
            locals
                .by_name
                .entry(source.bytes_of(at))
                .or_default()
                .push(local);
        };
        let mut at = from;
        while at < to {
            match source.kind(at) {
                TokenKind::Let => {
                    let mut name = at + 1;
                    while matches!(source.kind(name), TokenKind::Mut | TokenKind::Ref) {
                        name += 1;
                    }
                    if source.kind(name).is_ident() {
                        let next = source.kind(name + 1);
                        let declared = (next == TokenKind::Colon
                            && source.kind(name + 2) != TokenKind::Colon)
                            .then_some(name + 2);
                        let value = (next == TokenKind::Eq).then_some(name + 2);
                        // `let Some(p) = …`, `let Ok(p) = …`: what is in it, once it is unwrapped.
                        if next == TokenKind::OpenParen
                            && source.kind(name + 2).is_ident()
                            && source.kind(name + 3) == TokenKind::CloseParen
                            && source.kind(name + 4) == TokenKind::Eq
                        {
                            add(name + 2, None, Some(name + 5));
                        } else {
                            add(name, declared, value);
                        }
                        at = name;
                    }
                }
                kind if kind.is_ident()
                    && source.kind(at + 1) == TokenKind::Colon
                    && source.kind(at + 2) != TokenKind::Colon
                    && at > 0
                    && source.kind(at - 1) != TokenKind::Colon =>
                {
                    // A parameter; of a closure, if it is in the body.
                    let before = source.kind(at - 1);
                    let is_parameter = if at < body {
                        matches!(
                            before,
                            TokenKind::OpenParen | TokenKind::Comma | TokenKind::Mut
                        )
                    } else {
                        before == TokenKind::Pipe
                    };
                    if is_parameter {
                        add(at, Some(at + 2), None);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        locals
    }

    /// The last declaration of a name before a token.
    fn find(&self, source: &Source<'_>, at: usize) -> Option<Local> {
        let all = self.by_name.get(source.bytes_of(at))?;
        let behind = all.partition_point(|local| local.at < at);
        let known = all.get(..behind)?;
        known
            .iter()
            .rev()
            .find(|local| !local.is_being_declared(source, at))
            .copied()
    }
}

/// Evaluates expressions of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Types<'s, 'a> {
    pub(crate) source: &'s Source<'a>,
    pub(crate) locals: &'s Locals<'a>,
    /// The token that nothing is read from on.
    pub(crate) end: usize,
}

impl<'a> Types<'_, 'a> {
    /// What the operand is that begins at a token, and the token behind it: what binds tighter than
    /// `as`.
    pub(crate) fn operand(&self, at: usize) -> (Light<'a>, usize) {
        self.unary(at, MAX_DEPTH)
    }

    /// What an operand is of which only the tokens before one count.
    pub(crate) fn before(&self, from: usize, end: usize) -> Light<'a> {
        let types = Self { end, ..*self };
        let depth = MAX_DEPTH;
        let (light, at) = types.primary(from, depth);
        types.postfix(light, at, depth).0
    }

    /// What the local name at a token is.
    pub(crate) fn local(&self, at: usize) -> Light<'a> {
        self.name(at, MAX_DEPTH)
    }

    /// What the expression is that begins at a token.
    fn expression(&self, from: usize, depth: u32) -> Light<'a> {
        let Some(depth) = depth.checked_sub(1) else {
            return Light::Unknown;
        };
        let source = self.source;
        if source.kind(from) == TokenKind::Unsafe && source.kind(from + 1) == TokenKind::OpenBrace {
            // `unsafe { expression }`
            return self.expression(from + 2, depth);
        }
        let (mut light, mut at) = self.unary(from, depth);
        while source.kind(at) == TokenKind::As {
            light = of_type(source, at + 1);
            at = self.after_type(at + 1);
        }
        match source.kind(at) {
            TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Pipe
            | TokenKind::Caret
            | TokenKind::Percent
            | TokenKind::Lt
            | TokenKind::Gt => Light::Value,
            TokenKind::Eq if source.kind(at + 1) == TokenKind::Eq => Light::Value,
            _ => light,
        }
    }

    /// The token behind a type in a cast.
    fn after_type(&self, from: usize) -> usize {
        let source = self.source;
        let mut at = from;
        loop {
            match source.kind(at) {
                TokenKind::Star | TokenKind::Const | TokenKind::Mut | TokenKind::Amp => at += 1,
                TokenKind::Lifetime | TokenKind::Dollar | TokenKind::Colon => at += 1,
                TokenKind::OpenParen | TokenKind::OpenBracket => return source.groups.after(at),
                TokenKind::Lt => return after_angles(self.source, at),
                kind if kind.is_path_segment() => {
                    at += 1;
                    match source.kind(at) {
                        TokenKind::Lt => return after_angles(self.source, at),
                        TokenKind::Colon => {}
                        _ => return at,
                    }
                }
                _ => return at,
            }
        }
    }

    fn unary(&self, from: usize, depth: u32) -> (Light<'a>, usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return (Light::Unknown, from);
        };
        let source = self.source;
        match source.kind(from) {
            TokenKind::Amp => {
                let raw = source.is_word(from + 1, "raw")
                    && matches!(source.kind(from + 2), TokenKind::Const | TokenKind::Mut);
                let mut at = from + 1;
                if raw {
                    at += 2;
                } else if source.kind(at) == TokenKind::Mut {
                    at += 1;
                }
                let (light, next) = self.unary(at, depth);
                let to = match light {
                    Light::Named(name) => name,
                    _ => b"",
                };
                (
                    if raw {
                        Light::Raw
                    } else {
                        Light::Reference(to)
                    },
                    next,
                )
            }
            TokenKind::Minus | TokenKind::Bang => (Light::Value, self.unary(from + 1, depth).1),
            TokenKind::Star => {
                let (_, next) = self.unary(from + 1, depth);
                (self.pointee(from + 1), next)
            }
            _ => {
                let (light, at) = self.primary(from, depth);
                self.postfix(light, at, depth)
            }
        }
    }

    /// What a local name, dereferenced, is.
    fn pointee(&self, at: usize) -> Light<'a> {
        let source = self.source;
        if !source.kind(at).is_ident() {
            return Light::Unknown;
        }
        let local = self.locals.find(source, at);
        let Some(mut at) = local.and_then(|local| local.declared) else {
            return Light::Unknown;
        };
        match source.kind(at) {
            TokenKind::Star => at += 2,
            TokenKind::Amp => {
                at += 1;
                while matches!(source.kind(at), TokenKind::Lifetime | TokenKind::Mut) {
                    at += 1;
                }
            }
            _ => return Light::Unknown,
        }
        of_type(source, at)
    }

    fn name(&self, at: usize, depth: u32) -> Light<'a> {
        let Some(depth) = depth.checked_sub(1) else {
            return Light::Unknown;
        };
        match self.locals.find(self.source, at) {
            Some(Local {
                declared: Some(declared),
                ..
            }) => of_type(self.source, declared),
            Some(Local {
                value: Some(value), ..
            }) => Self {
                end: usize::MAX,
                ..*self
            }
            .expression(value, depth),
            _ => Light::Unknown,
        }
    }

    fn primary(&self, from: usize, depth: u32) -> (Light<'a>, usize) {
        let source = self.source;
        let kind = source.kind(from);
        match kind {
            TokenKind::OpenParen => {
                let next = source.groups.after(from);
                (self.expression(from + 1, depth), next)
            }
            TokenKind::Unsafe if source.kind(from + 1) == TokenKind::OpenBrace => {
                let next = source.groups.after(from + 1);
                (self.expression(from + 2, depth), next)
            }
            TokenKind::OpenBracket => (Light::Value, source.groups.after(from)),
            kind if kind.is_literal() => (Light::Value, from + 1),
            kind if kind.is_path_segment() || kind == TokenKind::Lt || kind == TokenKind::Colon => {
                let (last, next) = self.path(from);
                if source.kind(next) == TokenKind::OpenParen {
                    return (self.called(from, last), source.groups.after(next));
                }
                if source.kind(next) == TokenKind::Bang && source.kind(next + 1).is_open() {
                    let light = match source.bytes_of(last) {
                        b"addr_of" | b"addr_of_mut" => Light::Raw,
                        _ => Light::Unknown,
                    };
                    return (light, source.groups.after(next + 1));
                }
                let light = match kind {
                    TokenKind::SelfValue => Light::Named(b"Self"),
                    _ if last == from => self.name(from, depth),
                    _ => Light::Unknown,
                };
                (light, next)
            }
            _ => (Light::Unknown, from + 1),
        }
    }

    /// The last segment of the path that begins at a token, and the token behind the path.
    pub(crate) fn path(&self, from: usize) -> (usize, usize) {
        let source = self.source;
        let mut at = from;
        if source.kind(at) == TokenKind::Lt {
            at = after_angles(self.source, at);
        }
        let mut last = from;
        loop {
            if source.kind(at) == TokenKind::Dollar {
                at += 1;
            }
            if source.is_pair(at, TokenKind::Colon, TokenKind::Colon) {
                at += 2;
                if source.kind(at) == TokenKind::Lt {
                    at = after_angles(self.source, at);
                    if !source.is_pair(at, TokenKind::Colon, TokenKind::Colon) {
                        return (last, at);
                    }
                    continue;
                }
            }
            if !source.kind(at).is_path_segment() {
                return (last, at);
            }
            last = at;
            at += 1;
            if !source.is_pair(at, TokenKind::Colon, TokenKind::Colon) {
                return (last, at);
            }
        }
    }

    /// What a function gives that is called by a path.
    fn called(&self, from: usize, last: usize) -> Light<'a> {
        let source = self.source;
        let owner = last.checked_sub(3).filter(|at| *at >= from);
        match source.bytes_of(last) {
            b"null"
            | b"null_mut"
            | b"into_raw"
            | b"slice_from_raw_parts"
            | b"from_exposed_addr"
            | b"slice_from_raw_parts_mut"
            | b"with_exposed_provenance"
            | b"from_mut"
            | b"from_ref"
            | b"with_exposed_provenance_mut"
            | b"alloc"
            | b"alloc_zeroed"
            | b"realloc"
            | b"without_provenance_mut"
            | b"without_provenance"
                if !owner.is_some_and(|at| source.is_word(at, "NonNull")) =>
            {
                Light::Raw
            }
            b"new" | b"new_unchecked" | b"dangling" | b"from" | b"default" | b"with_capacity"
            | b"empty" | b"zeroed" | b"uninit" => {
                owner.map_or(Light::Unknown, |at| of_name(source.bytes_of(at)))
            }
            b"Some" | b"Ok" => Light::Unknown,
            _ => Light::Result(last),
        }
    }

    /// What follows an operand: fields, methods, indexes, `?`.
    fn postfix(&self, light: Light<'a>, from: usize, depth: u32) -> (Light<'a>, usize) {
        let source = self.source;
        let mut light = light;
        let mut at = from;
        while at < self.end {
            match source.kind(at) {
                TokenKind::Dot => {
                    let name = at + 1;
                    let mut next = at + 2;
                    if source.is_pair(next, TokenKind::Colon, TokenKind::Colon)
                        && source.kind(next + 2) == TokenKind::Lt
                    {
                        next = after_angles(self.source, next + 2);
                    }
                    if source.kind(name).is_ident() && source.kind(next) == TokenKind::OpenParen {
                        light = self.method(light, name, next, depth);
                        at = source.groups.after(next);
                        continue;
                    }
                    if !source.kind(name).is_ident() && source.kind(name) != TokenKind::Number {
                        return (Light::Unknown, name);
                    }
                    light = Light::Field(name);
                    at = name + 1;
                }
                TokenKind::OpenBracket => {
                    light = Light::Unknown;
                    at = source.groups.after(at);
                }
                TokenKind::OpenParen => {
                    light = Light::Unknown;
                    at = source.groups.after(at);
                }
                TokenKind::Question => at += 1,
                _ => return (light, at),
            }
        }
        (light, at)
    }

    /// What a method gives.
    fn method(&self, receiver: Light<'a>, name: usize, open: usize, depth: u32) -> Light<'a> {
        let source = self.source;
        let is_empty = source.groups.end(open) == open + 1;
        match source.bytes_of(name) {
            b"add" | b"sub" | b"offset" | b"byte_add" | b"byte_sub" | b"byte_offset" | b"cast"
            | b"wrapping_add" | b"wrapping_sub" | b"wrapping_offset" | b"map_addr"
            | b"with_addr" => match receiver {
                Light::NonNull => Light::NonNull,
                Light::Value => Light::Value,
                _ => Light::Raw,
            },
            b"as_ptr" | b"as_mut_ptr" | b"cast_mut" | b"cast_const" | b"into_raw" | b"raw_get"
            | b"as_mut_ptr_range" | b"get_raw" => Light::Raw,
            b"get" if is_empty => match receiver {
                Light::Reference(_) | Light::Value => Light::Unknown,
                Light::Cell => Light::Raw,
                Light::Field(name) => Light::Got(Some(name)),
                _ => Light::Got(None),
            },
            b"as_ref" | b"as_mut" | b"borrow" | b"borrow_mut" | b"deref" | b"deref_mut"
            | b"lock" | b"as_slice" | b"as_mut_slice" | b"iter" | b"iter_mut"
            | b"get_unchecked" | b"get_unchecked_mut" | b"get_mut" | b"first" | b"last" => {
                Light::Reference(b"")
            }
            b"unwrap" | b"expect" | b"unwrap_unchecked" | b"clone" | b"ok" | b"take"
            | b"unwrap_or_else" | b"ok_or" | b"copied" | b"into" | b"unwrap_or" | b"to_owned" => {
                match receiver {
                    Light::Reference(_) | Light::Value => Light::Unknown,
                    other => other,
                }
            }
            b"read" | b"assume_init" if depth > 0 => Light::Unknown,
            b"len" | b"is_null" | b"capacity" | b"is_some" | b"is_none" | b"is_empty" => {
                Light::Value
            }
            _ => Light::Result(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the operand behind `@` is in a function.
    fn of(text: &str) -> Light<'_> {
        let source = Source::new(text.as_bytes());
        let to = source.lexed.tokens.len();
        let body = (0..to).find(|at| source.kind(*at) == TokenKind::OpenBrace);
        let locals = Locals::new(&source, 0, body.unwrap(), to);
        let at = (0..to)
            .find(|at| source.kind(*at) == TokenKind::At)
            .unwrap();
        let types = Types {
            source: &source,
            locals: &locals,
            end: usize::MAX,
        };
        types.operand(at + 1).0
    }

    #[test]
    fn declarations_tell() {
        assert_eq!(of("fn f(p: *mut u8) { @p; }"), Light::Raw);
        assert_eq!(of("fn f(p: &'a mut u8) { @p; }"), Light::Reference(b""));
        assert_eq!(of("fn f(p: ptr::NonNull<u8>) { @p; }"), Light::NonNull);
        assert_eq!(of("fn f() { let p: *const u8 = x; @p; }"), Light::Raw);
        assert_eq!(
            of("fn f(p: *mut u8) { let p = &x; @p; }"),
            Light::Reference(b"")
        );
        assert_eq!(
            of("fn f() { let p = x as *mut T; let q = p; @q; }"),
            Light::Raw
        );
        assert_eq!(of("fn f(p: *mut *mut u8) { @*p; }"), Light::Raw);
        assert_eq!(of("fn f() { @p; }"), Light::Unknown);
    }

    #[test]
    fn calls_tell() {
        assert_eq!(of("fn f() { @x.as_ptr().add(1); }"), Light::Raw);
        assert_eq!(of("fn f() { @NonNull::new(x).unwrap(); }"), Light::NonNull);
        assert_eq!(of("fn f() { @(x as *mut T); }"), Light::Raw);
        assert_eq!(of("fn f() { @addr_of!(x); }"), Light::Raw);
        assert_eq!(of("fn f() { @x.as_ref(); }"), Light::Reference(b""));
        assert!(matches!(of("fn f() { @g(); }"), Light::Result(_)));
        assert!(matches!(of("fn f() { @self.p; }"), Light::Field(_)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(
            text in "(let |p|=|:|\\*|mut |&|\\(|\\)|\\[|\\]|<|>|::|\\.|as |unsafe |\\{|\\}|1|!|;){0,40}",
        ) {
            of(&format!("fn f() {{ {text} @{text} }}"));
        }
    }
}
