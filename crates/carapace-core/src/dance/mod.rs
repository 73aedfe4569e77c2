//! The safety-dance: unsafe code that safe code can replace.
//!
//! Rules look at each operation that needs `unsafe`, with the expressions around it and the types
//! that declarations give; what they propose becomes facts ([`crate::facts::dance`]).
//!
//! | Step | Where |
//! |---|---|
//! | a file's tree | [`crate::source::syntax`] |
//! | what the package declares | `declared` |
//! | what a name stands for, what a path names, what type an expression has | `scope`, `paths`, `types` |
//! | which element a pointer leads to, which stretch of elements is meant | `pointers`, `stretches` |
//! | what is transmuted into what | `transmutes` |
//! | which operations need a site to be unsafe | `needs` |
//! | what vectors hold, and what takes the place of memory never written | `vectors`, `values` |
//! | what a rule gives | `replacement` |
//! | what the site becomes | `compose` |
//!
//! *Invariants.* A rule gives pieces of text and expressions to be kept, never offsets: so
//! replacements inside of others compose. What is not known is `Ty::Unknown`; a rule that
//! needs to know proposes nothing then, or something to be looked at. A site is only done away with
//! where every operation of it is replaced.

pub(crate) mod at;
pub(crate) mod chains;
mod compose;
pub(crate) mod declared;
pub(crate) mod growth;
pub(crate) mod needs;
mod paths;
pub(crate) mod places;
pub(crate) mod pointers;
pub(crate) mod replacement;
pub(crate) mod scope;
pub(crate) mod sites;
pub(crate) mod stretches;
#[cfg(test)]
mod tests;
pub(crate) mod transmutes;
pub(crate) mod types;
pub(crate) mod values;
pub(crate) mod vectors;

pub use replacement::Replaces;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use at::FileView;
use declared::Declared;

use crate::facts::FactGap;
use crate::facts::dance::{DancedFile, PackageDance};
use crate::facts::scan::MAX_OUTLINED;
use crate::soundness;
use crate::source::lexer::{Lexed, TokenKind};
use crate::source::outline::{ALWAYS, FILE, Source, UseDeclaration, Visibility};
use crate::source::syntax::{Depth, ItemKind, Syntax};
use crate::source::tree::Groups;
use crate::source::uses::imports;

/// Why nothing is said of what is unsound in a file.
const UNJUDGED: &str = "expressions in it nest too deep, or a block is too long: rules on unsound code \
                        have not looked at it";

/// A file of a package, read as far as the rules need it: all of it where something unsafe may stand
/// in it, else what it declares.
#[derive(Debug)]
pub struct Danced {
    path: String,
    bytes: Vec<u8>,
    lexed: Lexed,
    groups: Groups,
    syntax: Syntax,
    is_looked_at: bool,
    gap: Option<&'static str>,
}

impl Danced {
    /// The files that it calls for by their paths, from the package's folder, with `/`.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads a file; `path` is from the package's folder, with `/`.
#[must_use]
pub fn read(path: &str, bytes: &[u8]) -> Danced {
    let mut danced = Danced {
        path: path.to_owned(),
        bytes: Vec::new(),
        lexed: Lexed::default(),
        groups: Groups::default(),
        syntax: Syntax::default(),
        is_looked_at: false,
        gap: None,
    };
    if bytes.len() > MAX_OUTLINED {
        danced.gap = Some("is too large to be read for replaceable unsafe code");
        return danced;
    }
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    danced.is_looked_at = has("unsafe") || has("static mut");
    let depth = match danced.is_looked_at {
        true => Depth::Bodies,
        false => Depth::Declarations,
    };
    let source = Source::new(bytes);
    danced.syntax = Syntax::new(&source, depth);
    if danced.syntax.too_deep.is_some() && danced.is_looked_at {
        danced.gap = Some("nests too deep: not all of its unsafe code was looked at");
    }
    danced.lexed = source.lexed;
    danced.groups = source.groups;
    danced.bytes = bytes.to_owned();
    danced
}

/// Puts a package's files together, in whatever order they come, and asks the rules.
#[must_use]
pub fn package(mut files: Vec<Danced>) -> PackageDance {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut gaps: Vec<FactGap> = Vec::new();
    for file in &files {
        gaps.extend(file.gap.map(|reason| FactGap {
            path: file.path.clone(),
            reason: reason.to_owned(),
        }));
    }
    if !files.iter().any(|file| file.is_looked_at) {
        return PackageDance {
            files: Vec::new(),
            gaps,
        };
    }
    let mut parts = Vec::with_capacity(files.len());
    for file in &mut files {
        let lexed = std::mem::take(&mut file.lexed);
        parts.push((lexed, std::mem::take(&mut file.groups)));
    }
    let sources: Vec<Source<'_>> = files
        .iter()
        .zip(parts)
        .map(|(file, (lexed, groups))| Source {
            bytes: &file.bytes,
            lexed,
            groups,
        })
        .collect();
    let views: Vec<FileView<'_>> = files
        .iter()
        .zip(&sources)
        .enumerate()
        .map(|(index, (file, source))| FileView {
            index,
            path: &file.path,
            source,
            syntax: &file.syntax,
            imports: names_of(source, &file.syntax),
        })
        .collect();
    let declared = Declared::new(&views);
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let looked_at = files
        .iter()
        .zip(&views)
        .filter(|(file, _)| file.is_looked_at);
    let danced = looked_at.map(|(file, view)| {
        let at = at::At {
            file: view,
            declared: &declared,
        };
        let mut faults = Vec::new();
        match soundness::is_judged(&file.syntax) {
            true => faults = soundness::faults(at, &paths),
            false => gaps.push(FactGap {
                path: file.path.clone(),
                reason: UNJUDGED.to_owned(),
            }),
        }
        DancedFile {
            path: file.path.clone(),
            sites: sites::sites(at),
            faults,
        }
    });
    let files = danced.filter(|file| !file.is_empty()).collect();
    PackageDance { files, gaps }
}

/// What the `use` declarations of a file call things.
fn names_of(source: &Source<'_>, syntax: &Syntax) -> HashMap<String, Vec<String>, RandomState> {
    let mut names = HashMap::default();
    for item in &syntax.items {
        if item.kind != ItemKind::Use {
            continue;
        }
        let is_extern_crate = source.kind(item.head as usize) == TokenKind::Extern;
        let declaration = UseDeclaration {
            start: item.head + if is_extern_crate { 2 } else { 1 },
            end: item.tokens.end.saturating_sub(1),
            visibility: Visibility::Inherited,
            is_extern_crate,
            condition: ALWAYS,
            item: FILE,
        };
        for import in imports(source, &declaration) {
            if let Some(name) = import.name {
                names.entry(name).or_insert(import.path);
            }
        }
    }
    names
}
