//! Calls of macros, and what is known of what they do with their arguments.

use super::elements::Element;
use super::{
    ConditionId, ConditionKind, Context, Group, Include, MacroCall, Mark, Outliner, place,
};
use crate::facts::unsafety::SiteKind;
use crate::source::lexer::TokenKind;

/// Macros of the standard library and of well-known packages whose arguments become code as they
/// are, where the call stands.
const PLAIN: &[&[u8]] = &[
    b"addr_of",
    b"addr_of_mut",
    b"assert",
    b"assert_eq",
    b"assert_ne",
    b"dbg",
    b"debug",
    b"debug_assert",
    b"debug_assert_eq",
    b"debug_assert_ne",
    b"eprint",
    b"eprintln",
    b"error",
    b"format",
    b"format_args",
    b"info",
    b"lazy_static",
    b"matches",
    b"panic",
    b"pin",
    b"print",
    b"println",
    b"ready",
    b"thread_local",
    b"todo",
    b"trace",
    b"try",
    b"unimplemented",
    b"unreachable",
    b"vec",
    b"warn",
    b"write",
    b"writeln",
];

/// Macros that take tokens for what they are: to make code of them later, or text.
const TEMPLATES: &[&[u8]] = &[
    b"Token",
    b"compile_error",
    b"concat",
    b"parse_quote",
    b"parse_quote_spanned",
    b"quote",
    b"quote_spanned",
    b"stringify",
];

/// Whether a macro's arguments become code as they are, where the call stands.
#[must_use]
pub fn is_plain(name: &[u8]) -> bool {
    PLAIN.contains(&name)
}

impl Outliner<'_, '_> {
    /// Where the arguments of the macro call with this `!` open, and where its path starts.
    pub(super) fn call_at(&self, bang: usize, from: usize) -> Option<(usize, usize)> {
        let source = self.source;
        let mut start = bang.checked_sub(1).filter(|at| *at >= from)?;
        if !source.kind(start).is_path_segment() {
            return None;
        }
        let mut open = bang + 1;
        // `name! ident { … }`
        if source.kind(open).is_ident() && source.kind(open + 1).is_open() {
            open += 1;
        }
        if !source.kind(open).is_open() {
            return None;
        }
        let is_colon = |at: usize| source.kind(at) == TokenKind::Colon;
        while start >= from + 2 && is_colon(start - 1) && is_colon(start - 2) {
            let before = start.checked_sub(3).filter(|at| *at >= from);
            match before.filter(|at| source.kind(*at).is_path_segment()) {
                Some(before) => start = before,
                None => {
                    start -= 2;
                    break;
                }
            }
        }
        if start > from && source.kind(start - 1) == TokenKind::Dollar {
            start -= 1;
        }
        Some((open, start))
    }

    /// Takes in a call.
    pub(super) fn call(
        &mut self,
        path: usize,
        bang: usize,
        open: usize,
        group: &Group,
        element: &Element,
        is_element: bool,
    ) {
        let source = self.source;
        let name = source.bytes_of(bang - 1);
        let name = name.strip_prefix(b"r#").unwrap_or(name);
        let context = match group.context {
            Context::Impl | Context::Trait | Context::Foreign if is_element => group.context,
            _ => Context::Code,
        };
        let inner = Group {
            start: 0,
            end: 0,
            context,
            condition: element.condition,
            item: element.item,
            statement: open + 1,
            is_module: group.is_module && is_element,
            is_handed: false,
        };
        let handed = Group {
            is_handed: true,
            ..inner
        };
        match name {
            // Other packages have macros of that name.
            b"include" if self.is_of_std(path, bang) => {
                let path = source.string(open + 1);
                let path = path.filter(|_| source.groups.end(open) <= open + 3);
                let is_rust = path.as_deref().is_some_and(|path| path.ends_with(".rs"));
                if !is_rust && self.is_of_cpp(group) {
                    return;
                }
                self.out.includes.push(Include {
                    path,
                    condition: element.condition,
                    item: element.item,
                });
            }
            b"global_asm" => {
                self.mark(Mark {
                    kind: SiteKind::GlobalAsm,
                    token: place(path),
                    condition: element.condition,
                    item: element.item,
                    body: None,
                    element: place(element.start),
                    statement: place(element.statement),
                });
                self.later(open, inner);
            }
            b"cfg_if" => self.cfg_if(open, inner),
            b"cfg_select" | b"cfg_match" => self.cfg_select(open, inner),
            name if TEMPLATES.contains(&name) => {
                if self.is_watched(open, source.groups.end(open)) {
                    let condition = self.condition(element.condition, ConditionKind::Template);
                    self.later(
                        open,
                        Group {
                            condition,
                            ..handed
                        },
                    );
                }
            }
            name if is_plain(name) => self.later(open, handed),
            _ => {
                let all = self.watch.all_items && inner.is_module;
                let is_watched = all || self.is_watched(open, source.groups.end(open));
                if !is_watched && !inner.is_module {
                    return;
                }
                if !is_watched && !self.watch.bare_calls {
                    let last = self.out.bare.last();
                    let is_same =
                        last.is_some_and(|last| source.name(*last as usize).as_bytes() == name);
                    if !is_same {
                        self.out.bare.push(place(bang - 1));
                    }
                    return;
                }
                let id = place(self.out.calls.len());
                self.out.calls.push(MacroCall {
                    path: place(path),
                    bang: place(bang),
                    arguments: place(open),
                    condition: element.condition,
                    item: element.item,
                    context,
                    is_element,
                });
                if is_watched {
                    let condition = self.condition(element.condition, ConditionKind::Call(id));
                    self.later(
                        open,
                        Group {
                            condition,
                            ..handed
                        },
                    );
                }
            }
        }
    }

    /// Whether a group is that of an `extern "C++"`, which no compiler takes: the package `cxx` does,
    /// and an `include!` in it names a header.
    fn is_of_cpp(&self, group: &Group) -> bool {
        let block = self.out.items.get(group.item as usize);
        let body = block.and_then(|block| block.body);
        let abi = body.and_then(|body| (body as usize).checked_sub(1));
        group.context == Context::Foreign
            && abi.is_some_and(|abi| self.source.string(abi).as_deref() == Some("C++"))
    }

    /// Whether a macro's path is its name alone, or begins with the standard library.
    fn is_of_std(&self, path: usize, bang: usize) -> bool {
        let source = self.source;
        let first = (path..bang).find(|at| source.kind(*at) != TokenKind::Colon);
        first.is_some_and(|first| {
            first + 1 == bang || matches!(source.bytes_of(first), b"std" | b"core")
        })
    }

    /// `cfg_if! { if #[cfg(a)] { … } else if #[cfg(b)] { … } else { … } }`, as the package `cfg-if`
    /// documents it.
    fn cfg_if(&mut self, open: usize, group: Group) {
        let source = self.source;
        let end = source.groups.end(open);
        let mut at = open + 1;
        let mut otherwise = group.condition;
        while at < end {
            match source.kind(at) {
                TokenKind::If if source.kind(at + 1) == TokenKind::Pound => {
                    // Macros of that name in other packages take several chains.
                    if source.kind(at.wrapping_sub(1)) != TokenKind::Else {
                        otherwise = group.condition;
                    }
                    let bracket = at + 2;
                    let predicate = self.cfg_in(bracket);
                    let body = source.groups.after(bracket);
                    if body >= end {
                        break;
                    }
                    let condition = self.both(&mut otherwise, predicate);
                    self.branch(body, condition, group);
                    at = source.groups.after(body);
                }
                TokenKind::OpenBrace => {
                    self.branch(at, otherwise, group);
                    at = source.groups.after(at);
                }
                _ => at += 1,
            }
        }
    }

    /// `cfg_select! { a => { … } b => { … } _ => { … } }`, of the standard library since 1.95.
    fn cfg_select(&mut self, open: usize, group: Group) {
        let source = self.source;
        let end = source.groups.end(open);
        let mut at = open + 1;
        let mut otherwise = group.condition;
        while at < end {
            let start = at;
            while at < end && !source.is_pair(at, TokenKind::Eq, TokenKind::Gt) {
                at += 1;
            }
            let body = at + 2;
            if body >= end {
                break;
            }
            let predicate = source.text_between(start, at);
            let condition = match predicate.as_str() {
                "_" => otherwise,
                _ => self.both(&mut otherwise, predicate),
            };
            if source.kind(body).is_open() {
                self.branch(body, condition, group);
                at = source.groups.after(body);
            } else {
                at = body;
                while at < end && source.kind(at) != TokenKind::Comma {
                    at = source.after_tree(at);
                }
                self.work.push(Group {
                    start: body,
                    end: at,
                    condition,
                    ..group
                });
            }
            at += usize::from(source.kind(at) == TokenKind::Comma);
        }
    }

    /// Has a branch looked at, which stands in a group under a condition of its own.
    fn branch(&mut self, open: usize, condition: ConditionId, group: Group) {
        self.later(
            open,
            Group {
                condition,
                statement: open + 1,
                ..group
            },
        );
    }

    /// The condition of a branch; what comes after stands under that it does not hold.
    fn both(&mut self, otherwise: &mut ConditionId, predicate: String) -> ConditionId {
        let holds = self.condition(*otherwise, ConditionKind::Cfg(predicate.clone()));
        *otherwise = self.condition(*otherwise, ConditionKind::NotCfg(predicate));
        holds
    }

    /// The predicate of `[cfg(…)]`.
    fn cfg_in(&self, bracket: usize) -> String {
        let source = self.source;
        let paren = bracket + 2;
        if !source.is_word(bracket + 1, "cfg") || source.kind(paren) != TokenKind::OpenParen {
            // No predicate holds of nothing known: it is judged unknown.
            return String::new();
        }
        source.text_between(paren + 1, source.groups.end(paren))
    }
}
