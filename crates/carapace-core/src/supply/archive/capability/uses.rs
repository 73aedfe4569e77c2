//! The paths that a file names, in full, as far as its own `use` declarations tell.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::Ability;
use super::table::{Meaning, Table};
use crate::cfg::{CfgExpr, Predicate};
use crate::facts::mentions::end_of;
use crate::facts::scan::Lines;
use crate::source::lexer::TokenKind;
use crate::source::outline::{self, ItemKind, Outline, Source, UseDeclaration, Visibility};
use crate::source::uses;

/// Names that stand for names: how often that is followed.
const MAX_STEPS: usize = 8;
/// How many paths one name may stand for.
const MAX_WAYS: usize = 16;
/// How many segments of a path are looked at.
const MAX_SEGMENTS: usize = 12;

/// An ability that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::supply::archive) struct Mention {
    pub(in crate::supply::archive) ability: Ability,
    pub(in crate::supply::archive) names: String,
    pub(in crate::supply::archive) program: Option<String>,
    /// How little the place says; of several, the first that says most is kept.
    pub(in crate::supply::archive) rank: Rank,
    pub(in crate::supply::archive) line: u32,
}

/// How little a place says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::supply::archive) enum Rank {
    /// A program is started by its name.
    Program,
    /// A path stands in code.
    Code,
    /// A name is only brought in.
    Import,
}

/// The abilities that a file names outside of tests, each once, at its first place in code, else where
/// it is brought in.
pub(in crate::supply::archive) fn mentions(
    source: &Source<'_>,
    outline: &Outline,
    live: &[bool],
    table: &Table,
) -> Vec<Mention> {
    let mut reader = Reader {
        source,
        table,
        named: HashMap::default(),
        globs: Vec::new(),
        held: BTreeMap::new(),
        skipped: Vec::new(),
        first: BTreeMap::new(),
    };
    reader.skip(outline, live);
    reader.imports(outline, live);
    reader.foreign(outline, live);
    reader.paths();
    for (ability, token, names) in std::mem::take(&mut reader.held).into_values() {
        reader.add(ability, token, names, Rank::Import);
    }
    let start = |token: usize| source.token(token).start as usize;
    let first = reader.first.into_iter();
    first
        .map(|(ability, place)| Mention {
            ability,
            names: place.names,
            program: place.program,
            rank: place.rank,
            line: Lines::new(source.bytes).place(start(place.token)).0,
        })
        .collect()
}

/// For each condition of an outline, whether what stands under it may be a part of what is built.
pub(in crate::supply::archive) fn live(outline: &Outline) -> Vec<bool> {
    let mut all: Vec<bool> = Vec::with_capacity(outline.conditions.len());
    for condition in &outline.conditions {
        let around = all.get(condition.parent as usize).copied().unwrap_or(true);
        let own = || match &condition.kind {
            outline::ConditionKind::Cfg(text) => may_hold(text),
            outline::ConditionKind::NotCfg(text) => may_hold(&format!("not({text})")),
            outline::ConditionKind::Test => false,
            _ => true,
        };
        all.push(around && own());
    }
    all
}

/// Whether a predicate may hold where a package is built for those that depend on it.
fn may_hold(text: &str) -> bool {
    let Ok(expression) = CfgExpr::parse(text) else {
        return true;
    };
    let known = |predicate: &Predicate| match (predicate.name(), predicate.value()) {
        ("test" | "doc" | "doctest" | "miri" | "kani" | "loom", None) => Some(false),
        _ => None,
    };
    expression.eval(&known) != Some(false)
}

/// Where an ability is named.
struct Place {
    token: usize,
    names: String,
    program: Option<String>,
    rank: Rank,
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    table: &'s Table,
    /// What names of the file stand for.
    named: HashMap<String, Vec<String>, RandomState>,
    /// Modules of which all names are brought in.
    globs: Vec<String>,
    /// Modules that hold abilities and are brought in for this file, by their names here, until the
    /// file names one: others may see the rest through `super::`.
    held: BTreeMap<String, (Ability, usize, String)>,
    /// Stretches of tokens that are not built, in order.
    skipped: Vec<(usize, usize)>,
    first: BTreeMap<Ability, Place>,
}

impl Reader<'_, '_> {
    fn skip(&mut self, outline: &Outline, live: &[bool]) {
        let is_live = |id: u32| live.get(id as usize).copied().unwrap_or(true);
        let items = outline.items.iter().skip(1);
        for item in items.filter(|item| !is_live(item.condition)) {
            let stretch = (item.start as usize, end_of(self.source, item));
            // Items are in the order of their beginnings; those in it are skipped with it.
            self.skipped.push(stretch);
        }
        self.skipped.sort_unstable();
    }

    /// The place at or behind `at` that is built; `next` is the first stretch that may be ahead.
    fn built(&self, mut at: usize, next: &mut usize) -> usize {
        while let Some((_, end)) = self.skipped.get(*next).filter(|(start, _)| *start <= at) {
            at = at.max(*end);
            *next += 1;
        }
        at
    }

    /// The declarations of the file, also those in functions, which an outline passes over.
    fn declarations(&self, outline: &Outline, live: &[bool]) -> Vec<UseDeclaration> {
        let source = self.source;
        let outlined = outline.uses.iter().map(|found| (found.start, found));
        let outlined: HashMap<u32, &UseDeclaration> = outlined.collect();
        let is_live = |id: u32| live.get(id as usize).copied().unwrap_or(true);
        let count = source.lexed.tokens.len();
        let (mut found, mut at, mut next) = (Vec::new(), 0, 0);
        while at < count {
            at = self.built(at, &mut next);
            let is_extern_crate =
                source.kind(at) == TokenKind::Extern && source.kind(at + 1) == TokenKind::Crate;
            if !is_extern_crate && !self.is_use(at) {
                at += 1;
                continue;
            }
            let start = at + 1 + usize::from(is_extern_crate);
            let mut end = start;
            while end < count && source.kind(end) != TokenKind::Semi {
                end = source.after_tree(end);
            }
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            match outlined.get(&place(start)) {
                Some(outlined) if is_live(outlined.condition) => found.push(**outlined),
                Some(_) => {}
                None => found.push(UseDeclaration {
                    start: place(start),
                    end: place(end),
                    visibility: Visibility::Inherited,
                    is_extern_crate,
                    condition: outline::ALWAYS,
                    item: outline::FILE,
                }),
            }
            at = end;
        }
        found
    }

    /// Whether a declaration begins there; `impl Trait + use<'a>` is none.
    fn is_use(&self, at: usize) -> bool {
        self.source.kind(at) == TokenKind::Use && self.source.kind(at + 1) != TokenKind::Lt
    }

    fn imports(&mut self, outline: &Outline, live: &[bool]) {
        let mut brought = Vec::new();
        for declaration in self.declarations(outline, live) {
            for import in uses::imports(self.source, &declaration) {
                let path = import.path.join("::");
                let path = path.trim_start_matches("::").to_owned();
                match &import.name {
                    None => self.globs.push(path.clone()),
                    Some(name) => {
                        let ways = self.named.entry(name.clone()).or_default();
                        // `use std::fs as std` would lead to itself.
                        if ways.len() < MAX_WAYS && path != *name {
                            ways.push(path.clone());
                        }
                    }
                }
                brought.push((path, import.name, declaration));
            }
        }
        let globs = std::mem::take(&mut self.globs);
        let globs = globs.iter().flat_map(|glob| self.full(glob));
        let counts = |glob: &String| {
            self.table.has_root(glob) || self.table.meaning(glob) != Meaning::Nothing
        };
        self.globs = globs.filter(counts).collect();
        self.globs.truncate(MAX_WAYS);
        for (path, name, declaration) in brought {
            let token = declaration.start as usize;
            let is_handed_on = declaration.visibility != Visibility::Inherited;
            for full in self.full(&path) {
                match self.table.meaning(&full) {
                    Meaning::Ability(ability) => self.add(ability, token, full, Rank::Import),
                    Meaning::Holds(ability) if is_handed_on => {
                        self.add(ability, token, full, Rank::Import);
                    }
                    Meaning::Holds(ability) => {
                        let name = name.clone().unwrap_or_default();
                        self.held.insert(name, (ability, token, full));
                    }
                    Meaning::Nothing => {}
                }
            }
        }
    }

    fn foreign(&mut self, outline: &Outline, live: &[bool]) {
        let is_live = |id: u32| live.get(id as usize).copied().unwrap_or(true);
        let mut items = outline.items.iter();
        let block =
            items.find(|item| item.kind == ItemKind::ForeignBlock && is_live(item.condition));
        if let Some(block) = block {
            self.add(
                Ability::Foreign,
                block.head as usize,
                "extern".to_owned(),
                Rank::Code,
            );
        }
    }

    /// All paths that stand in the file's code.
    fn paths(&mut self) {
        let source = self.source;
        let count = source.lexed.tokens.len();
        let (mut at, mut next) = (0, 0);
        while at < count {
            at = self.built(at, &mut next);
            let kind = source.kind(at);
            // What it brings in was looked at.
            if self.is_use(at) {
                while at < count && source.kind(at) != TokenKind::Semi {
                    at = source.after_tree(at);
                }
                continue;
            }
            if !kind.is_ident() {
                at += 1;
                continue;
            }
            at = self.path(at);
        }
    }

    /// The path that begins at a name; gives the token behind it.
    fn path(&mut self, start: usize) -> usize {
        let source = self.source;
        let is_colons = |at: usize| source.is_pair(at, TokenKind::Colon, TokenKind::Colon);
        // What follows `Self::`, `crate::`, `a::` or `<T>::` is a part of another path; a `::` that
        // stands apart from what is before it begins one.
        let is_inner = start >= 3 && is_colons(start - 2) && source.is_joined(start - 3) && {
            let before = source.kind(start - 3);
            before.is_path_segment() || before == TokenKind::Gt
        };
        let is_behind = start > 0 && source.kind(start - 1) == TokenKind::Dot || is_inner;
        let mut end = start + 1;
        let mut segments = 1;
        while is_colons(end) && source.kind(end + 2).is_ident() {
            end += 3;
            segments += 1;
        }
        if is_behind {
            return end;
        }
        if source.is_word(start, "include_bytes") && source.kind(end) == TokenKind::Bang {
            self.add(
                Ability::Embedded,
                start,
                "include_bytes!".to_owned(),
                Rank::Code,
            );
            return end;
        }
        // A name that is no UTF-8 is in no path that counts.
        let first = std::str::from_utf8(source.name_bytes(start)).unwrap_or_default();
        self.held.remove(first);
        let is_known = self.table.has_root(first) || self.named.contains_key(first);
        if !is_known && self.globs.is_empty() {
            return end;
        }
        let names = (0..segments.min(MAX_SEGMENTS)).map(|nth| source.name(start + nth * 3));
        let path = names.collect::<Vec<_>>().join("::");
        for full in self.full(&path) {
            // A name alone that nothing brings in is a variable, or a function of its own.
            if (segments > 1 || full != path)
                && let Meaning::Ability(ability) = self.table.meaning(&full)
            {
                if full.ends_with("Command::new") {
                    self.program(start, end, &full);
                }
                self.add(ability, start, full, Rank::Code);
            }
        }
        end
    }

    /// What a path may be in full.
    fn full(&self, path: &str) -> Vec<String> {
        let mut ways = vec![path.to_owned()];
        let mut full = Vec::new();
        for _ in 0..MAX_STEPS {
            let mut next = Vec::new();
            for way in ways {
                let (first, rest) = way.split_once("::").unwrap_or((&way, ""));
                let join = |before: &str| match rest {
                    "" => before.to_owned(),
                    rest => format!("{before}::{rest}"),
                };
                let named = self.named.get(first).into_iter().flatten();
                next.extend(named.map(|before| join(before)));
                full.push(way);
            }
            next.truncate(MAX_WAYS);
            if next.is_empty() {
                break;
            }
            ways = next;
        }
        full.extend(self.globs.iter().map(|glob| format!("{glob}::{path}")));
        full
    }

    fn add(&mut self, ability: Ability, token: usize, names: String, rank: Rank) {
        let known = self.first.get(&ability);
        if known.is_none_or(|known| rank < known.rank) {
            let place = Place {
                token,
                names,
                program: None,
                rank,
            };
            self.first.insert(ability, place);
        }
    }

    /// `Command::new("name")`, whose arguments open at a token.
    fn program(&mut self, token: usize, open: usize, names: &str) {
        let program = match self.source.kind(open) {
            TokenKind::OpenParen => self.source.string(open + 1),
            _ => None,
        };
        let known = self.first.get(&Ability::Processes);
        let is_better = known.is_none_or(|known| known.rank > Rank::Program);
        if let Some(program) = program.filter(|program| is_better && !is_toolchain(program)) {
            let place = Place {
                token,
                names: names.to_owned(),
                program: Some(program),
                rank: Rank::Program,
            };
            self.first.insert(Ability::Processes, place);
        }
    }
}

/// Whether a program is of Rust's own toolchain.
fn is_toolchain(program: &str) -> bool {
    matches!(program, "cargo" | "rustc" | "rustdoc" | "rustup")
}
