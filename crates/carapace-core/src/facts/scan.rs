//! What one file says by itself.
//!
//! What a macro of the package does to code that is handed to it is not known from one file; a
//! [`Scan`] keeps what [`super::package`] needs to find out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::build_script::HelperFacts;
use super::operations::declared::{Declared, declared};
use super::operations::{Candidate, candidates};
use super::public::{Callers, callers};
use super::unsafety::SiteFact;
use super::{
    ConditionFact, ConditionId, ConditionKind, FactGap, FileFacts, IncludeFact, LintFact,
    ModuleFact,
};
use crate::facts::unsafety::SiteKind;
use crate::source::lexer::{Cut, Lexer, Piece, TokenKind};
use crate::source::outline::{
    self, Buffers, Context, InlineModules, Mark, ModDeclaration, Outline, Source, Watch,
};

/// Files above this size, in bytes, are read token by token, without an outline: their sites are
/// there, but not their conditions, which is a gap.
pub const MAX_OUTLINED: usize = 24 * 1024 * 1024;

/// What of a call of a macro matters for what is handed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The macro's path as written.
    pub(super) path: String,
    /// Where its arguments are in the file, brackets not included.
    pub(super) arguments: (u32, u32),
    /// Under what it stands.
    pub(super) condition: ConditionId,
    /// What it stands among.
    pub(super) context: Context,
    /// The modules of the same file that it is in; see [`ModuleFact::inside`].
    pub(super) inside: InlineModules,
}

/// A macro's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// Its name.
    pub(super) name: String,
    /// Its arms.
    pub(super) body: String,
    /// Under what it stands.
    pub(super) condition: ConditionId,
}

/// What a condition of the outline is before the package is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Draft {
    Known(ConditionKind),
    /// The arguments of a call, by its place in [`Scan::calls`].
    Call(u32),
}

/// What one file says.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    pub(super) facts: FileFacts,
    /// The conditions, for [`FileFacts::conditions`].
    pub(super) drafts: Vec<(ConditionId, Draft)>,
    /// Where the sites' tokens begin in the file.
    pub(super) offsets: Vec<u32>,
    pub(super) calls: Vec<Call>,
    pub(super) definitions: Vec<Definition>,
    /// What may be done in the sites, one list for each.
    pub(super) candidates: Vec<Vec<Candidate>>,
    pub(super) declared: Declared,
    /// Who calls whom, and what is public.
    pub(super) callers: Callers,
    pub(super) gaps: Vec<FactGap>,
    /// The arguments of the calls.
    texts: Texts,
    /// The macros that are called among items and whose calls were left out.
    pub(super) bare: BTreeSet<String>,
    pub(super) len: u64,
    /// What its code sets in the name of build scripts; of build scripts nothing.
    pub(super) helper: Option<HelperFacts>,
}

static WORDS: LazyLock<[Finder<'static>; 7]> = LazyLock::new(|| {
    [
        "unsafe",
        "macro_rules",
        "include!",
        "no_mangle",
        "export_name",
        "link_section",
        "global_asm",
    ]
    .map(Finder::new)
});

/// A keyword, and whether it is of interest with this behind it.
type Keyword = (Finder<'static>, fn(&[u8]) -> bool);

/// Keywords that are parts of many other words or stand before much that is of no interest, and
/// whether what follows is.
static KEYWORDS: LazyLock<[Keyword; 4]> = LazyLock::new(|| {
    [
        (
            Finder::new("mod"),
            is_declared_elsewhere as fn(&[u8]) -> bool,
        ),
        (Finder::new("static"), |behind| behind.starts_with(b"mut")),
        (Finder::new("extern"), |behind| {
            !behind.starts_with(b"crate")
        }),
        (Finder::new("union"), |behind| {
            behind
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        }),
    ]
});

/// Whether a `mod` has its body in another file: what is in this one's braces is seen by itself.
fn is_declared_elsewhere(behind: &[u8]) -> bool {
    let is_name = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'#');
    let name = behind.iter().take_while(|byte| is_name(byte)).count();
    let behind = behind.get(name..).unwrap_or_default();
    trimmed(behind).first() != Some(&b'{')
}

/// Without the white space before it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let spaces = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\t'..=b'\r' | b' '));
    bytes.get(spaces.count()..).unwrap_or_default()
}

/// Whether a file can say anything of interest: a look, so that most are not read as tokens.
fn is_of_interest(path: &str, bytes: &[u8]) -> bool {
    // A file that declares modules by a macro's call alone is the root of something.
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "lib.rs" | "main.rs" | "mod.rs" | "build.rs")
        || WORDS.iter().any(|word| word.find(bytes).is_some())
        || KEYWORDS
            .iter()
            .any(|(word, is_meant)| has_keyword(word, *is_meant, bytes))
}

/// Whether a keyword stands somewhere with white space behind it and then what is meant, or with what
/// needs none (`extern"C"`), a comment, or something beyond ASCII.
fn has_keyword(word: &Finder<'_>, is_meant: fn(&[u8]) -> bool, bytes: &[u8]) -> bool {
    word.find_iter(bytes).any(|at| {
        let behind = bytes.get(at + word.needle().len()..).unwrap_or_default();
        let inner = trimmed(behind);
        matches!(behind.first(), Some(b'"' | b'{'))
            || matches!(inner.first(), Some(b'/' | 0x80..))
            || inner.len() < behind.len() && is_meant(inner)
    })
}

/// Whether a file is a build script by its name.
fn is_script(path: &str) -> bool {
    path == "build.rs" || path.starts_with("build/")
}

/// Looks through a file; `path` is from the package's folder, with `/`.
#[must_use]
pub fn scan(path: &str, bytes: &[u8]) -> Scan {
    Scanner::default().scan_fully(path, bytes)
}

/// Looks through files, one after the other.
#[derive(Debug, Default)]
pub struct Scanner {
    buffers: Buffers,
}

impl Scanner {
    /// Looks through a file; `path` is from the package's folder, with `/`. Calls of macros that may
    /// declare modules are left out: few packages have such macros, and thousands of such calls.
    /// [`super::package::to_read_again`] tells where they matter.
    pub fn scan(&mut self, path: &str, bytes: &[u8]) -> Scan {
        self.read(path, bytes, false)
    }

    /// Looks through a file, and leaves nothing out.
    pub fn scan_fully(&mut self, path: &str, bytes: &[u8]) -> Scan {
        self.read(path, bytes, true)
    }

    fn read(&mut self, path: &str, bytes: &[u8], bare_calls: bool) -> Scan {
        let mut scan = looked_at(path, bytes);
        if !is_of_interest(path, bytes) {
            return scan;
        }
        if bytes.len() > MAX_OUTLINED {
            scan.tokens_only(bytes);
            return scan;
        }
        let source = Source::within(bytes, std::mem::take(&mut self.buffers));
        let watch = Watch {
            bare_calls,
            ..Watch::default()
        };
        let outline = Outline::new(&source, watch);
        scan.outlined(&source, &outline);
        self.buffers = source.into_buffers();
        scan
    }
}

/// Stretches of a file.
#[derive(Debug, Clone, Default)]
struct Texts {
    bytes: Vec<u8>,
    /// Each stretch in the file, in order, and where its bytes begin in `bytes`.
    places: Vec<(u32, u32, usize)>,
}

impl Texts {
    /// Of a file, those that are asked for; what lies in another is in that.
    fn new(file: &[u8], mut wanted: Vec<(u32, u32)>) -> Self {
        wanted.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        let mut texts = Self::default();
        let mut behind = 0;
        for (start, end) in wanted {
            if end <= behind {
                continue;
            }
            let bytes = file.get(start as usize..end as usize);
            texts.places.push((start, end, texts.bytes.len()));
            texts.bytes.extend_from_slice(bytes.unwrap_or_default());
            behind = end;
        }
        texts
    }

    fn get(&self, start: u32, end: u32) -> Option<&[u8]> {
        let behind = self.places.partition_point(|(first, ..)| *first <= start);
        let (first, last, at) = self.places.get(behind.checked_sub(1)?)?;
        let from = at + (start - first) as usize;
        let to = at + (end.min(*last).checked_sub(*first)?) as usize;
        self.bytes.get(from..to)
    }
}

fn looked_at(path: &str, bytes: &[u8]) -> Scan {
    let mut scan = Scan {
        facts: FileFacts {
            path: path.to_owned(),
            ..FileFacts::default()
        },
        len: bytes.len() as u64,
        helper: HelperFacts::new(bytes).filter(|_| !is_script(path)),
        ..Scan::default()
    };
    if std::str::from_utf8(bytes).is_err() {
        scan.gap("is no UTF-8 text, which no compiler takes: read as far as it is one");
    }
    scan
}

impl Scan {
    /// The file, from the package's folder.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.facts.path
    }

    /// How much there is to do with it, about.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let texts = self
            .definitions
            .iter()
            .map(|definition| definition.body.len());
        let of_sites = 256 * self.facts.sites.len();
        (self.texts.bytes.len() + of_sites + texts.sum::<usize>()) as u64
    }

    /// The arguments of a call of this file.
    pub(super) fn arguments(&self, call: &Call) -> Cow<'_, str> {
        let (start, end) = call.arguments;
        String::from_utf8_lossy(self.texts.get(start, end).unwrap_or_default())
    }

    fn gap(&mut self, reason: &str) {
        self.gaps.push(FactGap {
            path: self.facts.path.clone(),
            reason: reason.to_owned(),
        });
    }

    fn cut(&mut self, cut: Option<Cut>) {
        match cut {
            Some(Cut::Comment) => self.gap("a comment in it has no end: what follows was not read"),
            Some(Cut::Literal) => self.gap("a literal in it has no end: what follows was not read"),
            None => {}
        }
    }

    /// Sites by their tokens alone, in constant memory.
    fn tokens_only(&mut self, bytes: &[u8]) {
        self.gap("too large to be read for conditions: its sites are listed as unknown");
        self.drafts = vec![
            (0, Draft::Known(ConditionKind::Always)),
            // Nothing is known of an empty predicate.
            (0, Draft::Known(ConditionKind::Cfg(String::new()))),
        ];
        let mut lines = Lines::new(bytes);
        let mut lexer = Lexer::new(bytes);
        for piece in &mut lexer {
            let Piece::Token(token) = piece else { continue };
            if token.kind != TokenKind::Unsafe {
                continue;
            }
            let (line, column) = lines.place(token.start as usize);
            self.offsets.push(token.start);
            self.facts.sites.push(SiteFact {
                line,
                column,
                kind: SiteKind::Token,
                conditions: vec![1],
                item: String::new(),
                operations: Vec::new(),
                safety_comment: false,
                public: false,
                exported_macro: false,
            });
        }
        self.cut(lexer.cut());
    }

    fn outlined(&mut self, source: &Source<'_>, outline: &Outline) {
        self.cut(source.lexed.cut);
        if !source.groups.balanced && source.lexed.cut.is_none() && !outline.marks.is_empty() {
            self.gap("its brackets do not match: conditions in it may be wrong");
        }
        self.drafts = outline
            .conditions
            .iter()
            .map(|condition| (condition.parent, draft(&condition.kind)))
            .collect();
        self.facts.condition = outline.file_condition;
        self.facts.modules = outline.modules.iter().map(module).collect();
        self.facts.includes = outline
            .includes
            .iter()
            .map(|include| IncludeFact {
                path: include.path.clone(),
                condition: include.condition,
            })
            .collect();
        self.facts.lints = outline
            .lints
            .iter()
            .map(|lint| LintFact {
                level: lint.level.clone(),
                predicate: lint.predicate.clone(),
            })
            .collect();
        let inside = |open: u32| {
            let open = open as usize;
            let close = source.token(source.groups.end(open));
            (source.token(open).end, close.start)
        };
        let mut is_cut = outline.is_cut;
        // As many as would fill the file again.
        let mut repeats = source.bytes.len() / 4 + (1 << 16);
        let mut inline_modules = |item| {
            let inside = outline.inline_modules(source, item);
            let count = inside.as_ref().map_or(0, Vec::len);
            match (repeats.checked_sub(count), inside) {
                (Some(rest), Some(inside)) => {
                    repeats = rest;
                    inside
                }
                _ => {
                    is_cut = true;
                    Vec::new()
                }
            }
        };
        self.calls = outline
            .calls
            .iter()
            .map(|call| Call {
                path: source
                    .text_between(call.path as usize, call.bang as usize)
                    .replace(char::is_whitespace, ""),
                arguments: inside(call.arguments),
                condition: call.condition,
                context: call.context,
                inside: inline_modules(call.item),
            })
            .collect();
        if is_cut {
            self.gap("its modules and conditions say too much to be followed: some are unknown");
        }
        let arguments = self.calls.iter().map(|call| call.arguments).collect();
        self.texts = Texts::new(source.bytes, arguments);
        let bare = outline.bare.iter();
        self.bare = bare.map(|name| source.name(*name as usize)).collect();
        self.definitions = outline
            .macros
            .iter()
            .map(|definition| {
                let (start, end) = inside(definition.body);
                let body = source.bytes.get(start as usize..end as usize);
                Definition {
                    name: source.name(definition.name as usize),
                    body: String::from_utf8_lossy(body.unwrap_or_default()).into_owned(),
                    condition: definition.condition,
                }
            })
            .collect();
        self.candidates = candidates(source, outline);
        self.declared = declared(source, outline);
        self.callers = callers(source, outline);
        let mut lines = Lines::new(source.bytes);
        let exported = exported(outline);
        for mark in &outline.marks {
            self.site(source, outline, mark, &mut lines, &exported);
        }
    }

    fn site(
        &mut self,
        source: &Source<'_>,
        outline: &Outline,
        mark: &Mark,
        lines: &mut Lines<'_>,
        exported: &[bool],
    ) {
        let start = source.token(mark.token as usize).start;
        let (line, column) = lines.place(start as usize);
        self.offsets.push(start);
        self.facts.sites.push(SiteFact {
            line,
            column,
            kind: mark.kind,
            conditions: vec![mark.condition],
            item: outline.item_path(source, mark.item),
            operations: Vec::new(),
            safety_comment: super::safety::is_documented(source, outline, mark),
            public: false,
            exported_macro: exported.get(mark.condition as usize) == Some(&true),
        });
    }
}

/// For each condition whether it is, or is in, the definition of a macro that other packages can use.
fn exported(outline: &Outline) -> Vec<bool> {
    let mut exported: Vec<bool> = Vec::with_capacity(outline.conditions.len());
    for condition in &outline.conditions {
        let around = exported.get(condition.parent as usize) == Some(&true);
        let own = match &condition.kind {
            outline::ConditionKind::Definition(definition) => {
                let definition = outline.macros.get(*definition as usize);
                definition.is_some_and(|definition| definition.exported)
            }
            _ => false,
        };
        exported.push(around || own);
    }
    exported
}

pub(super) fn draft(kind: &outline::ConditionKind) -> Draft {
    Draft::Known(match kind {
        outline::ConditionKind::Always => ConditionKind::Always,
        outline::ConditionKind::Cfg(text) => ConditionKind::Cfg(text.clone()),
        outline::ConditionKind::NotCfg(text) => ConditionKind::NotCfg(text.clone()),
        outline::ConditionKind::Test => ConditionKind::Test,
        outline::ConditionKind::Definition(_) | outline::ConditionKind::Template => {
            ConditionKind::Definition
        }
        outline::ConditionKind::Call(call) => return Draft::Call(*call),
    })
}

pub(super) fn module(module: &ModDeclaration) -> ModuleFact {
    ModuleFact {
        name: module.name.clone(),
        inside: module.inside.clone(),
        paths: module.paths.clone(),
        condition: module.condition,
    }
}

impl From<Scan> for FileFacts {
    /// The facts of a file by itself, every macro taken to leave what it is handed where it is.
    fn from(scan: Scan) -> Self {
        let mut facts = scan.facts;
        let kind = |draft| match draft {
            Draft::Known(kind) => kind,
            Draft::Call(_) => ConditionKind::Always,
        };
        let drafts = scan.drafts.into_iter();
        facts.conditions = drafts
            .map(|(parent, draft)| ConditionFact {
                parent,
                kind: kind(draft),
            })
            .collect();
        facts
    }
}

/// Lines and columns of places that are asked for in order.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    line: u32,
    /// The last place that was asked for.
    at: usize,
    /// How many characters of its line are before it.
    characters: u32,
}

impl<'a> Lines<'a> {
    /// Begins at a file's first line.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            line: 1,
            // A byte order mark is no character of the line.
            at: if bytes.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            },
            characters: 0,
        }
    }

    /// The line and the column, both from 1, the column in characters, of a place that is not before
    /// the last one asked for.
    pub fn place(&mut self, at: usize) -> (u32, u32) {
        let mut ahead = self.bytes.get(self.at..at).unwrap_or_default();
        self.at = self.at.max(at);
        let ends = memchr::memchr_iter(b'\n', ahead).count();
        if let Some(last) = memchr::memrchr(b'\n', ahead) {
            let ends = u32::try_from(ends).unwrap_or(u32::MAX);
            self.line = self.line.saturating_add(ends);
            self.characters = 0;
            ahead = ahead.get(last + 1..).unwrap_or_default();
        }
        let characters = ahead.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let characters = u32::try_from(characters).unwrap_or(u32::MAX);
        self.characters = self.characters.saturating_add(characters);
        (self.line, self.characters.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_not_read() {
        for text in [
            "mod tests { fn a() {} }",
            "mod r#x\n{ }",
            "a modest model; static X: u8 = 0; extern crate alloc; a.union(b); // external",
            "a.union (b) // &'static str",
        ] {
            assert!(!is_of_interest("src/a.rs", text.as_bytes()), "{text}");
        }
        for text in [
            "mod a;",
            "mod r#a ;",
            "mod /**/ a;",
            "mod\u{85}a;",
            "mod a /**/;",
            "mod \u{e9}a;",
            "mod $a;",
            "extern{}",
            "extern\"C\" {}",
            "extern\t{}",
            "extern /**/ {}",
            "static  mut A: u8 = 0;",
            "static/**/mut A: u8 = 0;",
            "union\x0bA {}",
            "union _A {}",
            "a unsafe",
        ] {
            assert!(is_of_interest("src/a.rs", text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn stretches_lie_in_stretches() {
        let texts = Texts::new(b"0123456789", vec![(5, 6), (1, 4), (2, 3), (5, 5)]);
        assert_eq!(texts.get(1, 4), Some(&b"123"[..]));
        assert_eq!(texts.get(2, 3), Some(&b"2"[..]));
        assert_eq!(texts.get(5, 6), Some(&b"5"[..]));
        assert_eq!(texts.get(0, 1), None);
    }
}
