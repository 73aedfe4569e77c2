//! Which names each item of a package mentions: what it may call.
//!
//! This is a column of its own, made where it is asked whether a function is reached. It is read from
//! tokens alone: a mention is a name with what stands around it, and not what it means. What it may
//! mean, [`crate::reach`] decides for a whole graph.
//!
//! *Invariants.* Every name that stands in an item's code is among its mentions, but for names of
//! fields, of what is declared there, and of variables that `let` binds. What stands in a macro's
//! definition, or is handed to a macro of which is not known what it makes of it, is mentioned
//! [`MentionKind::Loose`]: the name may come to stand anywhere. Items that are local to a function are
//! a part of it. Conditions are kept, and not evaluated.

mod attributes;
mod composed;
mod imports;
mod shapes;
mod stretches;
mod walk;

pub(crate) use stretches::end_of;

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::scan::MAX_OUTLINED;
use super::{ConditionFact, ConditionId, FactGap, IncludeFact, ModuleFact};
use crate::source::outline::Source;

/// The version of the column.
pub const VERSION: u32 = 2;

/// A place in [`PackageMentions::words`]; the first is the empty word.
pub type Word = u32;

/// The empty word.
pub const NONE: Word = 0;

/// How a name is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MentionKind {
    /// By itself: `name`, `name(…)`.
    Bare,
    /// Behind a dot: `x.name(…)`.
    Method,
    /// At the end of a path: `a::name`. The qualifier is the segment before it, `crate` where that
    /// is a keyword, and nothing where it is not known.
    Path,
    /// The same at the end of a path of more than two segments.
    Deep,
    /// In a path, before its end: `name::…`.
    Prefix,
    /// As a macro: `name!(…)`, `#[name]`, `#[derive(name)]`.
    Macro,
    /// In what a macro may make anything of.
    Loose,
    /// As a part of a name that a macro puts together; what is not known of it is `*`.
    Pattern,
}

/// A name that an item mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mention {
    /// How.
    pub kind: MentionKind,
    /// What stands before it; see [`MentionKind::Path`].
    pub qualifier: Word,
    /// The name.
    pub name: Word,
    /// The first line of the file on which the item does so, from 1.
    pub line: u32,
}

/// What a named item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NamedKind {
    /// The file; what stands in it and in none of its items.
    File,
    /// A module with a body in the file.
    Module,
    /// A function, of whatever kind.
    Function,
    /// `struct`, `enum`, `union`.
    Data,
    /// `type`
    Type,
    /// `trait`
    Trait,
    /// `impl`; its name is the last segment of its type's.
    Impl,
    /// `const`, `static`.
    Value,
    /// `extern "C" { … }`
    Foreign,
    /// A macro.
    Macro,
    /// `use … as name;`
    Alias,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedItem {
    /// The item around it, which comes before it in the list; the first is the file.
    pub parent: u32,
    /// What it is.
    pub kind: NamedKind,
    /// Its name.
    pub name: Word,
    /// The trait that an `impl` implements: the first and the last segment of its path.
    pub of_trait: Option<(Word, Word)>,
    /// The line that it begins on, from 1.
    pub line: u32,
    /// Under what it stands.
    pub condition: ConditionId,
    /// The macro that it is handed to.
    pub handed_to: Word,
    /// Whether it takes part without being named: it is exported to other languages, registered by
    /// an attribute, or holds an implementation.
    pub is_registered: bool,
    /// Whether a macro takes whole items and can do nothing but pass them on (`$x:item`).
    pub takes_items: bool,
    /// Whether a macro brings names in (`use`).
    pub brings_names: bool,
    /// What it mentions, sorted.
    pub mentions: Vec<Mention>,
}

/// What a file brings in by `use`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedImport {
    /// The item that it stands in: the file, a module, a function.
    pub parent: u32,
    /// The path's first segment; `crate` for `self`, `super` and `crate`.
    pub first: Word,
    /// The segment before the last, or the last one for `*`; `crate` for `self`, `super` and `crate`.
    pub qualifier: Word,
    /// The path's last segment; nothing for `*`.
    pub last: Word,
    /// The name that it has here; nothing for `*`.
    pub name: Word,
    /// Whether it is `pub`.
    pub public: bool,
    /// The line, from 1.
    pub line: u32,
}

/// What a file mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMentions {
    /// Its path from the package's folder, with `/`.
    pub path: String,
    /// The conditions; the first always holds.
    pub conditions: Vec<ConditionFact>,
    /// The condition of the whole file.
    pub condition: ConditionId,
    /// Modules in files of their own.
    pub modules: Vec<ModuleFact>,
    /// Files that are included.
    pub includes: Vec<IncludeFact>,
    /// What it brings in.
    pub imports: Vec<NamedImport>,
    /// Its items; the first is the file itself.
    pub items: Vec<NamedItem>,
}

/// What a package mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageMentions {
    /// All names, each once.
    pub words: Vec<String>,
    /// Its files, by path.
    pub files: Vec<FileMentions>,
    /// What could not be read, sorted.
    pub gaps: Vec<FactGap>,
}

impl PackageMentions {
    /// A word; empty where there is none.
    #[must_use]
    pub fn word(&self, at: Word) -> &str {
        self.words.get(at as usize).map_or("", String::as_str)
    }
}

/// What is taken in besides names in code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// Names in strings: what makes code may make it of text.
    pub strings: bool,
}

/// The mentions of one file, with words of its own.
#[derive(Debug, Clone)]
pub struct Mentioned {
    file: FileMentions,
    words: Vec<String>,
    gap: Option<FactGap>,
}

impl Mentioned {
    /// The files that it calls for by their paths, from the package's folder, with `/`.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        super::package::wanted_by(&self.file.path, &self.file.includes, &self.file.modules)
    }
}

/// The mentions of a file; `path` is from the package's folder, with `/`.
#[must_use]
pub fn mentions(path: &str, bytes: &[u8], scope: Scope) -> Mentioned {
    if bytes.len() > MAX_OUTLINED {
        let file = FileMentions {
            path: path.to_owned(),
            ..FileMentions::default()
        };
        let reason = "is too large to be read for names";
        return Mentioned {
            gap: Some(gap(&file, reason)),
            file,
            words: Words::default().all,
        };
    }
    walk::walk(path, &Source::new(bytes), scope)
}

fn gap(file: &FileMentions, reason: &str) -> FactGap {
    FactGap {
        path: file.path.clone(),
        reason: reason.to_owned(),
    }
}

/// Puts a package's files together, in whatever order they come.
#[must_use]
pub fn package(mut files: Vec<Mentioned>) -> PackageMentions {
    files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let mut words = Words::default();
    let mut gaps = Vec::new();
    let files = files.into_iter().map(|mentioned| {
        gaps.extend(mentioned.gap);
        let own: Vec<Word> = mentioned.words.iter().map(|word| words.add(word)).collect();
        let word = |at: Word| own.get(at as usize).copied().unwrap_or(NONE);
        let mut file = mentioned.file;
        for import in &mut file.imports {
            import.first = word(import.first);
            import.qualifier = word(import.qualifier);
            import.last = word(import.last);
            import.name = word(import.name);
        }
        for item in &mut file.items {
            item.name = word(item.name);
            item.handed_to = word(item.handed_to);
            item.of_trait = item.of_trait.map(|(first, last)| (word(first), word(last)));
            for mention in &mut item.mentions {
                mention.qualifier = word(mention.qualifier);
                mention.name = word(mention.name);
            }
            item.mentions.sort_unstable();
        }
        file
    });
    let files = files.collect();
    PackageMentions {
        words: words.all,
        files,
        gaps,
    }
}

/// Words, each once.
#[derive(Debug)]
struct Words {
    places: HashMap<String, Word, RandomState>,
    all: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        let mut words = Self {
            places: HashMap::default(),
            all: Vec::new(),
        };
        words.add("");
        words
    }
}

impl Words {
    fn add(&mut self, word: &str) -> Word {
        if let Some(at) = self.places.get(word) {
            return *at;
        }
        // A file has less than 2^32 bytes; of a package whose words are more, the rest is one.
        let at = Word::try_from(self.all.len()).unwrap_or(NONE);
        self.all.push(word.to_owned());
        self.places.insert(word.to_owned(), at);
        at
    }
}

#[cfg(test)]
mod tests;
