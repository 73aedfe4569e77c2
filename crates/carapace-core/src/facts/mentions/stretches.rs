//! Where in a file the items are that are local to no function, and its macros' definitions.

use crate::source::lexer::TokenKind;
use crate::source::outline::{self, Item, ItemKind, Outline, Source};

/// A stretch of the file that an item is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The first token behind its attributes.
    pub(super) head: usize,
    pub(super) is: Opens,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Opens {
    /// By its place in the outline.
    Item(usize),
    /// A definition of a macro, by its place in the outline.
    Macro(usize),
}

/// Where the items are that are local to no function.
pub(super) fn stretches(source: &Source<'_>, outline: &Outline) -> Vec<Stretch> {
    let mut is_level = vec![true; outline.items.len()];
    let mut all = Vec::new();
    for (at, item) in outline.items.iter().enumerate().skip(1) {
        let around = outline.items.get(item.parent as usize);
        let holds = around.is_some_and(|around| {
            matches!(
                around.kind,
                ItemKind::File
                    | ItemKind::Mod
                    | ItemKind::Impl
                    | ItemKind::Trait
                    | ItemKind::ForeignBlock
            )
        });
        let level = holds && is_level.get(item.parent as usize).copied().unwrap_or(false);
        if let Some(mark) = is_level.get_mut(at) {
            *mark = level;
        }
        if level && !is_in_definition(outline, item) {
            all.push(Stretch {
                start: item.start as usize,
                end: end_of(source, item),
                head: item.head as usize,
                is: Opens::Item(at),
            });
        }
    }
    for (at, definition) in outline.macros.iter().enumerate() {
        all.push(Stretch {
            start: definition.name as usize,
            end: source.groups.after(definition.body as usize),
            head: definition.name as usize,
            is: Opens::Macro(at),
        });
    }
    all.sort_by_key(|stretch| (stretch.start, std::cmp::Reverse(stretch.end)));
    all
}

/// Whether an item is a part of a macro's definition or of a template.
fn is_in_definition(outline: &Outline, item: &Item) -> bool {
    let mut at = item.condition;
    while at != outline::ALWAYS {
        let Some(condition) = outline.conditions.get(at as usize) else {
            return true;
        };
        match condition.kind {
            outline::ConditionKind::Definition(_) | outline::ConditionKind::Template => {
                return true;
            }
            _ => at = condition.parent,
        }
    }
    false
}

/// The token behind an item.
pub(crate) fn end_of(source: &Source<'_>, item: &Item) -> usize {
    if let Some(body) = item.body {
        return source.groups.after(body as usize);
    }
    let last = source.lexed.tokens.len();
    let mut at = item.head as usize;
    while at < last {
        match source.kind(at) {
            TokenKind::Semi => return at + 1,
            // Of what a macro is handed, an item may end where the brackets around it do.
            kind if kind.is_close() => return at,
            _ => at = source.after_tree(at),
        }
    }
    last
}
