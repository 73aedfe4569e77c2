//! What a file declares and brings in.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::standard;
use crate::facts::mentions::{FileMentions, MentionKind, NONE, PackageMentions, Word};

/// What is known of the names of a file.
pub(super) struct Scope<'a> {
    /// The names that it declares or brings in.
    pub(super) names: HashSet<&'a str, RandomState>,
    /// What it brings in by name.
    pub(super) imports: HashMap<&'a str, Vec<Import<'a>>, RandomState>,
    /// The items that bring names in by name.
    pub(super) importers: HashSet<u32, RandomState>,
    /// From where it brings in all names.
    pub(super) globs: HashSet<&'a str, RandomState>,
    /// Whether names may come in that are not listed.
    pub(super) is_open: bool,
}

/// From where a name is brought in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Import<'a> {
    /// The item that the import stands in.
    pub(super) parent: u32,
    /// The first segment of its path.
    pub(super) first: &'a str,
    /// The one before the last.
    pub(super) qualifier: &'a str,
}

/// The names of a file; `makers` are macros that bring names in where they are called.
pub(super) fn scope<'a>(
    mentions: &'a PackageMentions,
    file: &'a FileMentions,
    is_included: bool,
    makers: &HashSet<&str>,
) -> Scope<'a> {
    let word = |at: Word| mentions.word(at);
    let mut scope = Scope {
        names: file.items.iter().map(|item| word(item.name)).collect(),
        imports: HashMap::default(),
        importers: HashSet::default(),
        globs: HashSet::default(),
        is_open: is_included,
    };
    for import in &file.imports {
        let first = word(import.first);
        if import.name == NONE {
            scope.is_open |= !standard::is_library(first);
            scope.globs.insert(first);
        } else {
            scope.names.insert(word(import.name));
            scope.importers.insert(import.parent);
            let found = Import {
                parent: import.parent,
                first,
                qualifier: word(import.qualifier),
            };
            scope
                .imports
                .entry(word(import.name))
                .or_default()
                .push(found);
        }
    }
    let mut all = file.items.iter().flat_map(|item| &item.mentions);
    scope.is_open |= all
        .any(|mention| mention.kind == MentionKind::Macro && makers.contains(word(mention.name)));
    scope
}
