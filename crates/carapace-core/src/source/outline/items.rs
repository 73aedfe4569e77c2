//! Items: what they are called, who can name them, and where their bodies are.

use super::ConditionKind;
use super::elements::{Element, Walk};
use super::{
    Context, Group, Item, ItemId, ItemKind, MacroDefinition, Mark, ModDeclaration, Outliner,
    UseDeclaration, Visibility, place,
};
use crate::facts::unsafety::SiteKind;
use crate::source::lexer::TokenKind;

/// What stands before an item's own keyword.
#[derive(Debug, Clone, Copy)]
struct Qualifiers {
    visibility: Visibility,
    /// The `unsafe`.
    unsafe_at: Option<usize>,
    /// The `extern` of a block of foreign items or of `extern crate`.
    extern_at: Option<usize>,
    /// The item's own keyword.
    head: usize,
}

impl Outliner<'_, '_> {
    /// Takes in the item that begins at an element, and gives the place behind it; none if it is no
    /// item. The element then is in the item.
    pub(super) fn item(&mut self, element: &mut Element, group: &Group) -> Option<usize> {
        let qualifiers = self.qualifiers(element.head, group)?;
        let source = self.source;
        let head = qualifiers.head;
        let is_in = group.context;
        match source.kind(head) {
            TokenKind::Fn => Some(self.function(&qualifiers, element, group)),
            TokenKind::Struct => Some(self.data(ItemKind::Struct, &qualifiers, element, group)),
            TokenKind::Enum => Some(self.data(ItemKind::Enum, &qualifiers, element, group)),
            TokenKind::Trait => {
                Some(self.block(ItemKind::Trait, Context::Trait, &qualifiers, element, group))
            }
            TokenKind::Impl => {
                Some(self.block(ItemKind::Impl, Context::Impl, &qualifiers, element, group))
            }
            TokenKind::OpenBrace if qualifiers.extern_at.is_some() => Some(self.block(
                ItemKind::ForeignBlock,
                Context::Foreign,
                &qualifiers,
                element,
                group,
            )),
            TokenKind::Mod if self.is_name(head + 1) => {
                Some(self.module(&qualifiers, element, group))
            }
            TokenKind::Static
                if !matches!(source.kind(head + 1), TokenKind::Pipe | TokenKind::Move) =>
            {
                Some(self.value(ItemKind::Static, &qualifiers, element, group))
            }
            TokenKind::Const if source.kind(head + 1) != TokenKind::OpenBrace => {
                Some(self.value(ItemKind::Const, &qualifiers, element, group))
            }
            TokenKind::Type => Some(self.value(ItemKind::Type, &qualifiers, element, group)),
            TokenKind::Use => Some(self.import(head + 1, false, &qualifiers, element, group)),
            TokenKind::Crate if qualifiers.extern_at.is_some() => {
                Some(self.import(head + 1, true, &qualifiers, element, group))
            }
            TokenKind::Ident if is_in != Context::Arms => match source.bytes_of(head) {
                b"union" if self.is_union(head) => {
                    let next = self.data(ItemKind::Union, &qualifiers, element, group);
                    self.item_mark(SiteKind::Union, head, None, element);
                    Some(next)
                }
                b"macro_rules" => self.definition(head + 2, &qualifiers, element, group),
                b"macro" => self.definition(head + 1, &qualifiers, element, group),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an item begins behind a comma, and nothing that an expression or a type could begin
    /// with, too.
    pub(super) fn is_item_behind_comma(&self, at: usize, group: &Group) -> bool {
        let source = self.source;
        let Some(qualifiers) = self.qualifiers(at, group) else {
            return false;
        };
        let head = qualifiers.head;
        let has_name = self.is_name(head + 1);
        match source.kind(head) {
            TokenKind::Fn
            | TokenKind::Struct
            | TokenKind::Enum
            | TokenKind::Trait
            | TokenKind::Mod
            | TokenKind::Type => has_name,
            TokenKind::Const => has_name && source.kind(head + 2) == TokenKind::Colon,
            TokenKind::Static => has_name || source.kind(head + 1) == TokenKind::Mut,
            TokenKind::Impl => self.has_body(head + 1, group.end),
            TokenKind::OpenBrace => qualifiers.extern_at.is_some(),
            TokenKind::Ident => match source.bytes_of(head) {
                b"union" => self.is_union(head),
                b"macro_rules" => source.kind(head + 1) == TokenKind::Bang,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether braces come before the next comma or `;`.
    fn has_body(&self, from: usize, end: usize) -> bool {
        let source = self.source;
        let mut at = from;
        while at < end {
            at = match source.kind(at) {
                TokenKind::OpenBrace => return true,
                TokenKind::Comma | TokenKind::Semi => return false,
                TokenKind::Lt => self.after_angles(at, end),
                _ => source.after_tree(at),
            };
        }
        false
    }

    /// Whether a name, or a macro's stand-in for one, is here.
    fn is_name(&self, at: usize) -> bool {
        let kind = self.source.kind(at);
        // `async` and `dyn` are names in the first edition.
        kind.is_ident() || matches!(kind, TokenKind::Dollar | TokenKind::Async | TokenKind::Dyn)
    }

    fn is_union(&self, head: usize) -> bool {
        self.is_name(head + 1)
            && matches!(
                self.source.kind(head + 2),
                TokenKind::OpenBrace | TokenKind::Lt | TokenKind::Where | TokenKind::Ident
            )
    }

    fn qualifiers(&self, from: usize, group: &Group) -> Option<Qualifiers> {
        let source = self.source;
        let mut at = from;
        let mut visibility = Visibility::Inherited;
        if source.kind(at) == TokenKind::Pub {
            visibility = Visibility::Public;
            at += 1;
            if source.kind(at) == TokenKind::OpenParen {
                visibility = Visibility::Restricted;
                at = source.groups.after(at);
            }
        } else if source.kind(at) == TokenKind::Crate && source.kind(at + 1) != TokenKind::Colon {
            visibility = Visibility::Restricted;
            at += 1;
        }
        let mut qualifiers = Qualifiers {
            visibility,
            unsafe_at: None,
            extern_at: None,
            head: at,
        };
        while at < group.end {
            let next = source.kind(at + 1);
            match source.kind(at) {
                // What a macro's definition puts before an item: `$vis`, `$(#[$attr])*`.
                TokenKind::Dollar => {
                    at = self.after_metavariable(at);
                    continue;
                }
                TokenKind::Pound if next == TokenKind::OpenBracket => {
                    at = source.groups.after(at + 1);
                    continue;
                }
                TokenKind::Pub => {}
                TokenKind::Ident
                    if matches!(source.bytes_of(at), b"default" | b"auto" | b"safe")
                        && begins_item(next) => {}
                TokenKind::Async if begins_item(next) => {}
                TokenKind::Const
                    if matches!(
                        next,
                        TokenKind::Fn | TokenKind::Unsafe | TokenKind::Extern | TokenKind::Async
                    ) => {}
                TokenKind::Unsafe => match self.unsafe_kind(at, group.context) {
                    SiteKind::Block | SiteKind::FnPointer => return None,
                    SiteKind::Token if next != TokenKind::Dollar => return None,
                    _ => qualifiers.unsafe_at = Some(at),
                },
                TokenKind::Extern => {
                    let mut behind = at + 1;
                    if matches!(source.kind(behind), TokenKind::Str | TokenKind::RawStr) {
                        behind += 1;
                    } else if source.kind(behind) == TokenKind::Dollar {
                        behind += 2;
                    }
                    match source.kind(behind) {
                        TokenKind::Fn | TokenKind::Unsafe => {
                            at = behind;
                            continue;
                        }
                        TokenKind::OpenBrace | TokenKind::Crate => {
                            qualifiers.extern_at = Some(at);
                            qualifiers.head = behind;
                            return Some(qualifiers);
                        }
                        _ => return None,
                    }
                }
                _ => {
                    qualifiers.head = at;
                    return Some(qualifiers);
                }
            }
            at += 1;
        }
        None
    }

    /// The place behind `$name`, `$name:kind` or `$(…)*`.
    fn after_metavariable(&self, at: usize) -> usize {
        let source = self.source;
        let next = source.kind(at + 1);
        if next != TokenKind::OpenParen {
            // A `$` by itself is none, and what stands behind it may end the element.
            let is_name = next.is_ident() || next.is_keyword();
            return at + 1 + usize::from(is_name);
        }
        let mut behind = source.groups.after(at + 1);
        for _ in 0..2 {
            let is_repeat = matches!(
                source.kind(behind),
                TokenKind::Star | TokenKind::Plus | TokenKind::Question
            );
            let is_separator =
                !is_repeat && matches!(source.kind(behind + 1), TokenKind::Star | TokenKind::Plus);
            if is_repeat {
                return behind + 1;
            }
            if is_separator {
                behind += 1;
            }
        }
        behind
    }

    fn new_item(
        &mut self,
        kind: ItemKind,
        name: Option<usize>,
        qualifiers: &Qualifiers,
        element: &mut Element,
        group: &Group,
    ) -> ItemId {
        let id = place(self.out.items.len());
        self.out.items.push(Item {
            parent: group.item,
            kind,
            name: name.map(place),
            visibility: qualifiers.visibility,
            is_unsafe: qualifiers.unsafe_at.is_some(),
            marked: false,
            condition: element.condition,
            start: place(element.start),
            head: place(element.head),
            body: None,
        });
        element.item = id;
        id
    }

    fn set_body(&mut self, item: ItemId, body: usize) {
        if let Some(item) = self.out.items.get_mut(item as usize) {
            item.body = Some(place(body));
        }
    }

    fn set_marked(&mut self, item: ItemId) {
        if let Some(item) = self.out.items.get_mut(item as usize) {
            item.marked = true;
        }
    }

    fn item_mark(&mut self, kind: SiteKind, token: usize, body: Option<usize>, element: &Element) {
        self.mark(Mark {
            kind,
            token: place(token),
            condition: element.condition,
            item: element.item,
            body: body.map(place),
            element: place(element.start),
            statement: place(element.statement),
        });
    }

    /// Notes the `unsafe` of an item's head.
    fn unsafe_mark(
        &mut self,
        qualifiers: &Qualifiers,
        body: Option<usize>,
        element: &Element,
        group: &Group,
    ) {
        if let Some(at) = qualifiers.unsafe_at {
            let kind = self.unsafe_kind(at, group.context);
            self.item_mark(kind, at, body, element);
        }
    }

    pub(super) fn body_group(
        element: &Element,
        context: Context,
        is_module: bool,
        body: usize,
    ) -> Group {
        Group {
            start: 0,
            end: 0,
            context,
            condition: element.condition,
            item: element.item,
            statement: body + 1,
            is_module,
            is_handed: false,
        }
    }

    fn function(&mut self, qualifiers: &Qualifiers, element: &mut Element, group: &Group) -> usize {
        let name = qualifiers.head + 1;
        let name = Some(if self.source.kind(name) == TokenKind::Dollar {
            name + 1
        } else {
            name
        });
        let id = self.new_item(ItemKind::Fn, name, qualifiers, element, group);
        let stop = self.walk(qualifiers.head + 1, group, element, Walk::Head);
        let has_body = stop < group.end && self.source.kind(stop) == TokenKind::OpenBrace;
        self.unsafe_mark(qualifiers, has_body.then_some(stop), element, group);
        if has_body {
            self.set_body(id, stop);
            self.later(stop, Self::body_group(element, Context::Code, false, stop));
            return self.source.groups.after(stop);
        }
        stop + 1
    }

    /// `struct`, `enum`, `union`.
    fn data(
        &mut self,
        kind: ItemKind,
        qualifiers: &Qualifiers,
        element: &mut Element,
        group: &Group,
    ) -> usize {
        let id = self.new_item(kind, Some(qualifiers.head + 1), qualifiers, element, group);
        let stop = self.walk(qualifiers.head + 1, group, element, Walk::Head);
        if stop < group.end && self.source.kind(stop) == TokenKind::OpenBrace {
            self.set_body(id, stop);
            self.later(stop, Self::body_group(element, Context::List, false, stop));
            return self.source.groups.after(stop);
        }
        stop + 1
    }

    /// `trait`, `impl`, `extern "C"`: items with items in them.
    fn block(
        &mut self,
        kind: ItemKind,
        context: Context,
        qualifiers: &Qualifiers,
        element: &mut Element,
        group: &Group,
    ) -> usize {
        let head = qualifiers.head;
        let (name, has_trait) = match kind {
            ItemKind::Trait => (Some(head + 1), false),
            ItemKind::Impl => self.implemented(head + 1, group.end),
            _ => (None, false),
        };
        let id = self.new_item(kind, name, qualifiers, element, group);
        if has_trait {
            self.set_marked(id);
        }
        let from = if kind == ItemKind::ForeignBlock {
            head
        } else {
            head + 1
        };
        let stop = self.walk(from, group, element, Walk::Head);
        let has_body = stop < group.end && self.source.kind(stop) == TokenKind::OpenBrace;
        let body = has_body.then_some(stop);
        if kind == ItemKind::ForeignBlock {
            let at = qualifiers.unsafe_at.or(qualifiers.extern_at);
            self.item_mark(SiteKind::ExternBlock, at.unwrap_or(head), body, element);
        } else {
            self.unsafe_mark(qualifiers, body, element, group);
        }
        if has_body {
            self.set_body(id, stop);
            self.later(
                stop,
                Self::body_group(element, context, group.is_module, stop),
            );
            return self.source.groups.after(stop);
        }
        stop + 1
    }

    /// The last segment of the path of the type that is implemented, and whether it is a trait that
    /// is implemented for it.
    fn implemented(&self, from: usize, end: usize) -> (Option<usize>, bool) {
        let source = self.source;
        let mut at = from;
        if source.kind(at) == TokenKind::Lt {
            at = self.after_angles(at, end);
        }
        let mut begin = at;
        let mut has_trait = false;
        while at < end {
            match source.kind(at) {
                TokenKind::OpenBrace | TokenKind::Semi | TokenKind::Comma | TokenKind::Where => {
                    break;
                }
                TokenKind::Lt => at = self.after_angles(at, end),
                TokenKind::OpenParen | TokenKind::OpenBracket => at = source.groups.after(at),
                TokenKind::For if source.kind(at + 1) != TokenKind::Lt => {
                    at += 1;
                    begin = at;
                    has_trait = true;
                }
                _ => at += 1,
            }
        }
        let mut name = None;
        let mut at = begin;
        while at < end {
            let kind = source.kind(at);
            match kind {
                TokenKind::Lifetime
                | TokenKind::Amp
                | TokenKind::Star
                | TokenKind::Mut
                | TokenKind::Const
                | TokenKind::Dyn
                | TokenKind::Colon
                | TokenKind::Dollar => {}
                _ if (kind.is_path_segment() || kind == TokenKind::Async)
                    && name.is_none_or(|_| self.is_behind_colons(at)) =>
                {
                    name = Some(at);
                }
                _ => break,
            }
            at += 1;
        }
        (name, has_trait)
    }

    fn is_behind_colons(&self, at: usize) -> bool {
        at > 0 && self.source.kind(at - 1) == TokenKind::Colon
    }

    /// The place behind the `>` that closes the `<` at a token.
    fn after_angles(&self, open: usize, end: usize) -> usize {
        let source = self.source;
        let mut depth = 0_usize;
        let mut at = open;
        while at < end {
            match source.kind(at) {
                TokenKind::Lt => depth += 1,
                // `Fn() -> T`
                TokenKind::Gt if source.is_pair(at - 1, TokenKind::Minus, TokenKind::Gt) => {}
                TokenKind::Gt => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1;
                    }
                }
                TokenKind::OpenParen | TokenKind::OpenBracket => {
                    at = source.groups.after(at);
                    continue;
                }
                // Braces are constants here, unless the angles were none.
                TokenKind::OpenBrace
                    if !matches!(
                        source.kind(at - 1),
                        TokenKind::Lt | TokenKind::Comma | TokenKind::Eq
                    ) =>
                {
                    return at;
                }
                TokenKind::OpenBrace => {
                    at = source.groups.after(at);
                    continue;
                }
                TokenKind::Semi => return at,
                _ => {}
            }
            at += 1;
        }
        end
    }

    /// `static`, `const`, `type`.
    fn value(
        &mut self,
        kind: ItemKind,
        qualifiers: &Qualifiers,
        element: &mut Element,
        group: &Group,
    ) -> usize {
        let head = qualifiers.head;
        let is_mut = self.source.kind(head + 1) == TokenKind::Mut;
        let name = head + 1 + usize::from(is_mut);
        let id = self.new_item(kind, Some(name), qualifiers, element, group);
        self.unsafe_mark(qualifiers, None, element, group);
        if kind == ItemKind::Static && is_mut {
            self.set_marked(id);
            self.item_mark(SiteKind::StaticMut, head, None, element);
        }
        self.walk(name, group, element, Walk::Statement)
    }

    fn module(&mut self, qualifiers: &Qualifiers, element: &mut Element, group: &Group) -> usize {
        let name = qualifiers.head + 1;
        let body = name + 1;
        let text = self.source.name(name);
        let paths = std::mem::take(&mut element.attributes.paths);
        if self.source.kind(body) == TokenKind::OpenBrace {
            let id = self.new_item(ItemKind::Mod, Some(name), qualifiers, element, group);
            self.unsafe_mark(qualifiers, Some(body), element, group);
            self.set_body(id, body);
            if let Some((_, path)) = paths.into_iter().next() {
                self.out.inline_paths.insert(id, path);
            }
            self.later(body, Self::body_group(element, Context::Code, true, body));
            return self.source.groups.after(body);
        }
        self.unsafe_mark(qualifiers, None, element, group);
        let inside = self.out.inline_modules(self.source, group.item);
        // What a module costs is the same for the shortest name.
        let cost = |(name, path): &(String, Option<String>)| {
            32 + name.len() + path.as_deref().map_or(0, str::len)
        };
        let cost = inside.as_ref().map(|inside| inside.iter().map(cost).sum());
        match inside {
            Some(inside) if self.may_repeat(cost.unwrap_or_default()) => {
                self.out.modules.push(ModDeclaration {
                    name: text,
                    inside,
                    paths,
                    condition: element.condition,
                    public: qualifiers.visibility == Visibility::Public,
                });
            }
            _ => self.out.is_cut = true,
        }
        body + 1
    }

    fn import(
        &mut self,
        start: usize,
        is_extern_crate: bool,
        qualifiers: &Qualifiers,
        element: &Element,
        group: &Group,
    ) -> usize {
        let mut end = start;
        while end < group.end && self.source.kind(end) != TokenKind::Semi {
            end = self.source.after_tree(end);
        }
        self.out.uses.push(UseDeclaration {
            start: place(start),
            end: place(end),
            visibility: qualifiers.visibility,
            is_extern_crate,
            condition: element.condition,
            item: group.item,
        });
        end + 1
    }

    /// `macro_rules! name { … }` and `macro name(…) { … }`.
    fn definition(
        &mut self,
        name: usize,
        qualifiers: &Qualifiers,
        element: &Element,
        group: &Group,
    ) -> Option<usize> {
        let source = self.source;
        if !self.is_name(name) {
            return None;
        }
        let name = name + usize::from(source.kind(name) == TokenKind::Dollar);
        let mut body = name + 1;
        // `macro name($x:expr) { … }`: what matches, then what it becomes.
        if source.is_word(qualifiers.head, "macro") && source.kind(body) == TokenKind::OpenParen {
            body = source.groups.after(body);
        }
        if !source.kind(body).is_open() {
            return None;
        }
        let id = place(self.out.macros.len());
        let exported = element.attributes.macro_export
            || (qualifiers.visibility == Visibility::Public
                && source.is_word(qualifiers.head, "macro"));
        self.out.macros.push(MacroDefinition {
            name: place(name),
            body: place(body),
            exported,
            condition: element.condition,
        });
        let condition = self.condition(element.condition, ConditionKind::Definition(id));
        self.later(
            body,
            Group {
                start: 0,
                end: 0,
                context: Context::Code,
                condition,
                item: group.item,
                statement: body + 1,
                is_module: false,
                is_handed: false,
            },
        );
        let next = source.groups.after(body);
        let is_semi = source.kind(next) == TokenKind::Semi;
        Some(next + usize::from(is_semi))
    }
}

/// Whether an item goes on with this token.
fn begins_item(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Fn
            | TokenKind::Unsafe
            | TokenKind::Extern
            | TokenKind::Impl
            | TokenKind::Trait
            | TokenKind::Type
            | TokenKind::Const
            | TokenKind::Static
            | TokenKind::Async
            | TokenKind::Mod
    )
}
