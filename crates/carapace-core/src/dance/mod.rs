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

use std::sync::OnceLock;

use at::FileView;
use declared::{Declared, Names};

use crate::facts::FactGap;
use crate::facts::dance::{DancedFile, PackageDance};
use crate::facts::scan::MAX_OUTLINED;
use crate::soundness;
use crate::source::lexer::Lexed;
use crate::source::outline::Source;
use crate::source::syntax::{Depth, Syntax};
use crate::source::tree::Groups;

/// Why nothing is said of what is unsound in a file.
const UNJUDGED: &str = "expressions in it nest too deep, or a block is too long: rules on unsound code \
                        have not looked at it";

/// Why something may not have been looked at in a file that was judged.
const CUT: &str = "has more of some kind, or longer functions, than rules on unsound code look at: the \
                   rest was not judged";

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
    fn gap_of(&self, reason: &str) -> FactGap {
        FactGap {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
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

/// What rules say of one file.
#[derive(Debug, Clone, Default)]
pub struct Said {
    file: DancedFile,
    gap: Option<FactGap>,
}

/// One after another: see [`package`].
pub fn one_by_one(count: usize, judge: &(dyn Fn(usize) -> Said + Sync)) -> Vec<Said> {
    (0..count).map(judge).collect()
}

/// Puts a package's files together, in whatever order they come, and asks the rules. `each` calls what
/// it is given once for each number below the count, on as many threads as it likes, and gives the
/// results in that order.
#[must_use]
pub fn package(
    mut files: Vec<Danced>,
    each: impl FnOnce(usize, &(dyn Fn(usize) -> Said + Sync)) -> Vec<Said>,
) -> PackageDance {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut gaps: Vec<FactGap> = Vec::new();
    for file in &files {
        gaps.extend(file.gap.map(|reason| file.gap_of(reason)));
    }
    let looked_at: Vec<usize> = files
        .iter()
        .enumerate()
        .filter_map(|(index, file)| file.is_looked_at.then_some(index))
        .collect();
    if looked_at.is_empty() {
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
            imports: OnceLock::new(),
        })
        .collect();
    let names = Names::new(&views);
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let judge = |number: usize| {
        let index = looked_at.get(number).copied().unwrap_or_default();
        match (files.get(index), views.get(index)) {
            (Some(file), Some(view)) => judge(file, view, &names, &paths),
            _ => Said::default(),
        }
    };
    let mut danced = Vec::new();
    for said in each(looked_at.len(), &judge) {
        gaps.extend(said.gap);
        if !said.file.is_empty() {
            danced.push(said.file);
        }
    }
    PackageDance {
        files: danced,
        gaps,
    }
}

fn judge(read: &Danced, view: &FileView<'_>, names: &Names<'_>, paths: &[&str]) -> Said {
    let declared = Declared::new(names);
    let at = at::At {
        file: view,
        declared: &declared,
    };
    let is_judged = soundness::is_judged(&read.syntax);
    let file = DancedFile {
        path: read.path.clone(),
        sites: sites::sites(at),
        faults: match is_judged {
            true => soundness::faults(at, paths),
            false => Vec::new(),
        },
    };
    let gap = match (is_judged, declared.is_cut.get()) {
        (false, _) => Some(UNJUDGED),
        (true, true) => Some(CUT),
        (true, false) => None,
    };
    Said {
        gap: gap.map(|reason| read.gap_of(reason)),
        file,
    }
}
