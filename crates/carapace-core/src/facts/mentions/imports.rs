//! What `use` and `extern crate` bring in, and names that stand for others.

use super::walk::{Walk, item, place};
use super::{Mention, MentionKind, NONE, NamedImport, NamedItem, NamedKind, Word};
use crate::source::lexer::TokenKind;
use crate::source::outline::{self, UseDeclaration, Visibility};
use crate::source::uses;

impl Walk<'_, '_> {
    /// `use …;` or, behind `extern`, `crate …;`, whose first keyword is at a token.
    pub(super) fn import(&mut self, at: usize, is_extern_crate: bool) -> usize {
        let source = self.source;
        let mut end = at + 1;
        let last = source.lexed.tokens.len();
        while end < last && source.kind(end) != TokenKind::Semi {
            end = source.after_tree(end);
        }
        let before = at.checked_sub(1 + usize::from(is_extern_crate));
        let public = before.is_some_and(|at| source.kind(at) == TokenKind::Pub);
        let declaration = UseDeclaration {
            start: place(at + 1),
            end: place(end),
            visibility: Visibility::Inherited,
            is_extern_crate,
            condition: outline::ALWAYS,
            item: outline::FILE,
        };
        self.note_line(at);
        for import in uses::imports(source, &declaration) {
            let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
            let first = match path.as_slice() {
                ["crate" | "self" | "super", ..] => "crate",
                ["", first, ..] | [first, ..] => first,
                [] => "",
            };
            let last = match import.name {
                Some(_) => path.last().copied().unwrap_or_default(),
                None => "",
            };
            let name = import.name.as_deref().unwrap_or_default();
            // A type whose variants are brought in.
            let is_type = |segment: &str| segment.starts_with(char::is_uppercase);
            let around = path.len() - usize::from(import.name.is_some() && !path.is_empty());
            for segment in path.iter().take(around).filter(|segment| is_type(segment)) {
                self.mention(MentionKind::Prefix, "", segment);
            }
            let before = if last.is_empty() { 0 } else { 1 };
            let qualifier = match path.iter().rev().nth(before) {
                Some(&("self" | "super" | "crate")) => "crate",
                Some(segment) => segment,
                None => "",
            };
            let found = NamedImport {
                parent: place(self.frame().item),
                first: self.words.add(first),
                qualifier: self.words.add(qualifier),
                last: self.words.add(last),
                name: self.words.add(name),
                public,
                line: self.line,
            };
            if last != name && name != "_" {
                self.alias(&found);
            }
            self.file.imports.push(found);
        }
        end
    }

    /// The name of `use …::qualifier::last as name`.
    fn alias(&mut self, import: &NamedImport) {
        let around = self.frame().item;
        let kind = match import.qualifier {
            NONE => MentionKind::Loose,
            _ => MentionKind::Path,
        };
        self.push_alias(around, import.name, (kind, import.qualifier, import.last));
    }

    /// Another name of the innermost item.
    pub(super) fn alias_of_item(&mut self, name: &str) {
        let item = self.frame().item;
        let found = self
            .file
            .items
            .get(item)
            .map(|item| (item.parent, item.name));
        if let Some((around, of)) = found {
            let name = self.words.add(name);
            self.push_alias(around as usize, name, (MentionKind::Loose, NONE, of));
        }
    }

    fn push_alias(&mut self, around: usize, name: Word, of: (MentionKind, Word, Word)) {
        let (kind, qualifier, of) = of;
        let condition = self.file.items.get(around).map(|item| item.condition);
        self.file.items.push(NamedItem {
            name,
            condition: condition.unwrap_or_default(),
            mentions: vec![Mention {
                kind,
                qualifier,
                name: of,
                line: self.line,
            }],
            ..item(around, NamedKind::Alias, self.line)
        });
    }
}
