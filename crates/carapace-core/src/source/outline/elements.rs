//! Where an element begins and ends, and what the brackets in it hold.

use super::attributes::Attributes;
use super::{Context, Group, Mark, Outliner, place};
use crate::facts::unsafety::SiteKind;
use crate::source::lexer::TokenKind;

/// An element of a group: an item, a statement, an arm, what stands between commas.
#[derive(Debug)]
pub(super) struct Element {
    /// Its first token, attributes included.
    pub(super) start: usize,
    /// Its first token behind the attributes.
    pub(super) head: usize,
    /// The first token of the item or statement that it is, or is in.
    pub(super) statement: usize,
    /// Under what it stands.
    pub(super) condition: u32,
    /// The item that it is in.
    pub(super) item: u32,
    /// What its attributes say.
    pub(super) attributes: Attributes,
}

/// How far to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// To the end of a statement.
    Statement,
    /// To the end of an arm of a `match`.
    Arm,
    /// To the next comma.
    List,
    /// To the body of an item, or its `;`: the place of that is the answer.
    Head,
}

impl Outliner<'_, '_> {
    /// Takes in the element that begins at a token, and gives the place behind it.
    pub(super) fn element(&mut self, start: usize, group: &mut Group) -> usize {
        let attributes = self.attributes(start, group);
        let head = attributes.next;
        let statement = match group.context {
            Context::List => group.statement,
            _ => start,
        };
        let mut element = Element {
            start,
            head,
            statement,
            condition: attributes.condition,
            item: group.item,
            attributes,
        };
        let next = if head >= group.end {
            group.end
        } else {
            match group.context {
                Context::Arms => self.walk(head, group, &element, Walk::Arm),
                Context::List => self.walk(head, group, &element, Walk::List),
                _ => match self.item(&mut element, group) {
                    Some(next) => next,
                    None => self.walk(head, group, &element, Walk::Statement),
                },
            }
        };
        for (token, condition) in std::mem::take(&mut element.attributes.exports) {
            self.mark(Mark {
                kind: SiteKind::Attribute,
                token,
                condition: condition.unwrap_or(element.condition),
                item: element.item,
                body: None,
                element: place(start),
                statement: place(statement),
            });
        }
        next
    }

    /// Goes through an element's tokens: notes what is unsafe, has calls of macros and groups looked
    /// at, and stops where the element ends.
    pub(super) fn walk(
        &mut self,
        from: usize,
        group: &Group,
        element: &Element,
        walk: Walk,
    ) -> usize {
        let source = self.source;
        let mut at = from;
        let mut previous = None;
        // `if`, `while`, `match` and `for` whose body is still to come.
        let mut heads: Vec<TokenKind> = Vec::new();
        let mut is_block = walk == Walk::Statement && self.begins_block(from);
        // `|x| -> T { … }`
        let mut arrow = false;
        // A list of bounds may end with a comma before the body.
        let mut is_where = false;
        // Of what a macro is handed: how many `<` are open, so that a comma is none between generics.
        let mut angles = 0_usize;
        while at < group.end {
            let kind = source.kind(at);
            match kind {
                TokenKind::Semi if walk == Walk::Head => return at,
                TokenKind::Semi => return at + 1,
                TokenKind::Comma if matches!(walk, Walk::List | Walk::Arm) => return at + 1,
                TokenKind::Comma if group.is_handed && angles == 0 => {
                    // A constant's value ends here, whatever follows.
                    let is_value = walk == Walk::Statement && element.item != group.item;
                    if is_value || self.is_item_behind_comma(at + 1, group) {
                        return at + usize::from(walk != Walk::Head);
                    }
                }
                TokenKind::Lt if group.is_handed => angles += 1,
                TokenKind::Gt if group.is_handed && previous != Some(TokenKind::Eq) => {
                    angles = angles.saturating_sub(1);
                }
                TokenKind::Eq
                    if walk == Walk::Arm && source.is_pair(at, TokenKind::Eq, TokenKind::Gt) =>
                {
                    at += 2;
                    heads.clear();
                    previous = None;
                    arrow = false;
                    is_block = self.begins_block(at);
                    continue;
                }
                TokenKind::Minus if source.is_pair(at, TokenKind::Minus, TokenKind::Gt) => {
                    arrow = true;
                    previous = Some(TokenKind::Minus);
                    at += 2;
                    continue;
                }
                TokenKind::If | TokenKind::While | TokenKind::Match if walk != Walk::Head => {
                    heads.push(kind);
                }
                TokenKind::For if walk != Walk::Head && source.kind(at + 1) != TokenKind::Lt => {
                    heads.push(kind);
                }
                TokenKind::Unsafe => self.unsafe_in(at, group, element),
                TokenKind::Pound if source.kind(at + 1) == TokenKind::OpenBracket => {
                    at = source.groups.after(at + 1);
                    continue;
                }
                TokenKind::Bang if at > from => {
                    if let Some((open, start)) = self.call_at(at, from) {
                        let is_element = start == from && walk == Walk::Statement;
                        self.call(start, at, open, group, element, is_element);
                        at = source.groups.after(open);
                        let ends = is_element && source.kind(open) == TokenKind::OpenBrace;
                        if ends && !self.goes_on(at) {
                            return at;
                        }
                        previous = Some(TokenKind::CloseBrace);
                        continue;
                    }
                }
                TokenKind::OpenBrace if walk == Walk::Head => {
                    // `Array<{ N }>` is no body.
                    let is_constant = match previous {
                        Some(TokenKind::Lt | TokenKind::Eq) => true,
                        Some(TokenKind::Comma) => !is_where,
                        _ => false,
                    };
                    if !is_constant {
                        return at;
                    }
                    self.inside(at, Context::Code, element);
                    at = source.groups.after(at);
                    previous = Some(TokenKind::CloseBrace);
                    continue;
                }
                TokenKind::OpenBrace => {
                    let is_named = is_block && at == from + 1 && heads.is_empty();
                    let is_first = at == from || (is_named && !self.holds_fields(at));
                    let context = brace(previous, &mut heads, arrow, is_first);
                    self.inside(at, context, element);
                    at = source.groups.after(at);
                    previous = Some(TokenKind::CloseBrace);
                    if is_block && heads.is_empty() {
                        if self.goes_on(at) {
                            is_block = false;
                        } else if source.kind(at) != TokenKind::Else {
                            let comma = walk == Walk::Arm && source.kind(at) == TokenKind::Comma;
                            return at + usize::from(comma);
                        }
                    }
                    continue;
                }
                TokenKind::OpenParen | TokenKind::OpenBracket => {
                    self.inside(at, Context::List, element);
                    at = source.groups.after(at);
                    previous = Some(TokenKind::CloseParen);
                    continue;
                }
                TokenKind::Pipe => arrow = false,
                TokenKind::Where => is_where = true,
                _ => {}
            }
            previous = Some(kind);
            at += 1;
        }
        group.end
    }

    /// Whether a method call or `?` makes an expression of the block before.
    fn goes_on(&self, at: usize) -> bool {
        matches!(self.source.kind(at), TokenKind::Dot | TokenKind::Question)
    }

    /// Whether braces behind a name begin as the literal of a structure does.
    fn holds_fields(&self, open: usize) -> bool {
        let source = self.source;
        let mut at = open + 1;
        while source.kind(at) == TokenKind::Pound && source.kind(at + 1) == TokenKind::OpenBracket {
            at = source.groups.after(at + 1);
        }
        let is_name = source.kind(at).is_ident() || source.kind(at) == TokenKind::Number;
        match source.kind(at + 1) {
            TokenKind::Comma | TokenKind::CloseBrace => is_name,
            TokenKind::Colon => is_name && source.kind(at + 2) != TokenKind::Colon,
            // `..rest`
            TokenKind::Dot => source.kind(at) == TokenKind::Dot,
            _ => false,
        }
    }

    /// Has a group of an element looked at.
    fn inside(&mut self, open: usize, context: Context, element: &Element) {
        self.later(
            open,
            Group {
                statement: element.statement,
                ..Self::body_group(element, context, false, open)
            },
        );
    }

    /// Whether an expression begins here that ends with its last block.
    fn begins_block(&self, at: usize) -> bool {
        let kind = |ahead: usize| self.source.kind(at + ahead);
        match kind(0) {
            TokenKind::OpenBrace
            | TokenKind::If
            | TokenKind::Match
            | TokenKind::While
            | TokenKind::Loop => true,
            TokenKind::For => kind(1) != TokenKind::Lt,
            TokenKind::Unsafe | TokenKind::Const => kind(1) == TokenKind::OpenBrace,
            TokenKind::Async => matches!(kind(1), TokenKind::OpenBrace | TokenKind::Move),
            TokenKind::Lifetime => kind(1) == TokenKind::Colon,
            // `try { … }`, `yes { … }` of a macro that takes code by names, or a structure's literal.
            TokenKind::Ident => kind(1) == TokenKind::OpenBrace,
            _ => false,
        }
    }

    /// What an `unsafe` is, by what follows it.
    pub(super) fn unsafe_kind(&self, at: usize, context: Context) -> SiteKind {
        let source = self.source;
        let function = |fn_at: usize| match (source.kind(fn_at + 1), context) {
            (TokenKind::OpenParen, _) => SiteKind::FnPointer,
            (_, Context::Impl | Context::Trait) => SiteKind::Method,
            (_, Context::Foreign) => SiteKind::ExternFn,
            _ => SiteKind::Fn,
        };
        let mut next = at + 1;
        while matches!(source.kind(next), TokenKind::Async | TokenKind::Const) {
            next += 1;
        }
        match source.kind(next) {
            TokenKind::OpenBrace => SiteKind::Block,
            TokenKind::Fn => function(next),
            TokenKind::Trait => SiteKind::Trait,
            TokenKind::Impl => SiteKind::Impl,
            TokenKind::Static => SiteKind::ExternFn,
            TokenKind::Ident if source.kind(next + 1) == TokenKind::Trait => SiteKind::Trait,
            TokenKind::Extern => {
                next += 1;
                if matches!(source.kind(next), TokenKind::Str | TokenKind::RawStr) {
                    next += 1;
                } else if source.kind(next) == TokenKind::Dollar {
                    next += 2;
                }
                match source.kind(next) {
                    TokenKind::Fn => function(next),
                    TokenKind::OpenBrace => SiteKind::ExternBlock,
                    _ => SiteKind::Token,
                }
            }
            _ => SiteKind::Token,
        }
    }

    /// Notes an `unsafe` that does not belong to an item's head.
    fn unsafe_in(&mut self, at: usize, group: &Group, element: &Element) {
        let kind = self.unsafe_kind(at, group.context);
        self.mark(Mark {
            kind,
            token: place(at),
            condition: element.condition,
            item: element.item,
            body: (kind == SiteKind::Block).then(|| place(at + 1)),
            element: place(element.start),
            statement: place(element.statement),
        });
    }
}

/// What braces hold, by what stands before them.
fn brace(
    previous: Option<TokenKind>,
    heads: &mut Vec<TokenKind>,
    arrow: bool,
    is_first: bool,
) -> Context {
    let Some(previous) = previous.filter(|_| !is_first) else {
        return Context::Code;
    };
    match previous {
        TokenKind::Unsafe
        | TokenKind::Async
        | TokenKind::Move
        | TokenKind::Const
        | TokenKind::Loop
        | TokenKind::Else => Context::Code,
        _ if !heads.is_empty() && !expects_expression(previous) => match heads.pop() {
            Some(TokenKind::Match) => Context::Arms,
            _ => Context::Code,
        },
        TokenKind::Ident | TokenKind::RawIdent | TokenKind::SelfType | TokenKind::Gt if !arrow => {
            Context::List
        }
        _ => Context::Code,
    }
}

/// Whether an operand must follow, so that braces are one, and no body.
fn expects_expression(previous: TokenKind) -> bool {
    matches!(
        previous,
        TokenKind::If
            | TokenKind::While
            | TokenKind::Match
            | TokenKind::In
            | TokenKind::Eq
            | TokenKind::Amp
            | TokenKind::Pipe
            | TokenKind::Bang
            | TokenKind::Lt
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::Caret
            | TokenKind::Comma
            | TokenKind::Return
            | TokenKind::Break
    )
}
