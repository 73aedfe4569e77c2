//! Unsafe code that is unsound: what rules find in a package's sources, without building it.
//!
//! | Step | Where |
//! |---|---|
//! | a file's tree, names, light types | [`crate::source::syntax`], [`crate::dance`] |
//! | type parameters and their bounds | `generics` |
//! | how a type holds a parameter | `holds` |
//! | what a type's functions hand in and out | `api` |
//! | what a function does, in order | `flow` |
//! | where it runs code of its caller | `user_code` |
//! | what repairs things while a panic unwinds | `guards` |
//! | who can call a function | `reach` |
//! | which parameters a value comes from | `sources` |
//! | whether a value was looked at before it is used | `checks` |
//! | which unsafe operations rest on a number or a pointer | `memory` |
//! | on which `unsafe` an expression rests, who reaches it | `ground` |
//! | which calls leave Rust | `foreign` |
//! | which lifetimes a head declares and uses | `lifetimes` |
//! | from what a pointer was made, where it is followed | `origin` |
//! | how types lie in memory | `layout` |
//! | which atomic operations order nothing | `atomics` |
//! | which bounds promise something that unsafe code may rely on | `trust` |
//! | what of a file several rules ask | `judged` |
//! | what rules give | this file |
//!
//! *Invariants.* A rule says what it saw, as a chain of places, and how sure it is. What is not known
//! makes a rule less sure or silent; nothing is guessed. Each doubt rests on one `unsafe`, which the
//! census knows: by it the doubt gets its item and its state.

pub(crate) mod api;
pub(crate) mod atomics;
pub(crate) mod checks;
pub(crate) mod flow;
pub(crate) mod foreign;
pub(crate) mod generics;
pub(crate) mod ground;
pub(crate) mod guards;
pub(crate) mod holds;
pub(crate) mod judged;
pub(crate) mod layout;
pub(crate) mod lifetimes;
pub(crate) mod memory;
pub(crate) mod origin;
pub(crate) mod reach;
pub(crate) mod sources;
pub(crate) mod trust;
pub(crate) mod user_code;

use std::collections::HashMap;

use judged::Judged;
use reach::Reach;

use crate::dance::at::At;
use crate::dance::places::Places;
use crate::facts::soundness::{Fault, Link};
use crate::finding::Confidence;
use crate::rules::registry::RULES;
use crate::source::syntax::{Expr, ExprKind, ItemId, ItemKind, Syntax, Tokens};

/// How deep expressions may stand in each other in a file that is judged, and how many statements in one
/// block: rules go outwards and back from where something is done, which would take quadratic time.
const MAX_DEPTH: u32 = 256;
const MAX_STATEMENTS: usize = 4096;
/// How many faults of one file are kept.
const MAX_FAULTS: usize = 1024;
/// Patterns of faults that a caller brings about: where no other package is one, they are less sure.
const OF_CALLERS: [&str; 4] = ["LIFETIME", "ALIAS_MUT", "BOUNDS", "RAW_PTR_API"];
/// Of how many functions of a file it is asked who reaches them; of others that nobody does.
const MAX_REACHED: usize = 256;
/// How many functions before a place are looked at for the one around it.
const MAX_NEAR: usize = 64;
/// How many places a chain has, and how long a text of one is, in characters.
const MAX_LINKS: usize = 12;
const MAX_TEXT: usize = 160;

/// What a rule on unsound code says of itself.
#[derive(Debug)]
pub struct Judges {
    /// The pattern, as the advisories' faults are sorted: `SEND_SYNC`.
    pub pattern: &'static str,
    /// Advisories of the same kind.
    pub alike: &'static [&'static str],
    /// Looks at one file.
    pub(crate) find: fn(&Judged<'_, '_>, &mut Vec<Doubt>),
}

/// Something that a rule finds unsound.
#[derive(Debug, Clone)]
pub(crate) struct Doubt {
    /// The keyword that it rests on: of the unsafe block, function or implementation.
    pub(crate) keyword: u32,
    /// Where.
    pub(crate) tokens: Tokens,
    /// How sure the rule is.
    pub(crate) confidence: Confidence,
    /// One sentence.
    pub(crate) message: String,
    /// The reasoning: from the source to the sink.
    pub(crate) chain: Vec<Reason>,
    /// What would make it sound.
    pub(crate) sound: String,
}

/// A place of a reasoning.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    /// The file's place among the package's.
    pub(crate) file: usize,
    /// Where.
    pub(crate) tokens: Tokens,
    /// What is so there.
    pub(crate) says: String,
}

impl At<'_> {
    /// A place of this file in a reasoning.
    pub(crate) fn reason(&self, tokens: Tokens, says: impl Into<String>) -> Reason {
        Reason {
            file: self.file.index,
            tokens,
            says: says.into(),
        }
    }
}

impl At<'_> {
    /// Notes that something of the file was not judged.
    pub(crate) fn leave_out(&self) {
        self.declared.is_cut.set(true);
    }

    /// So many of all; where there are more, that is noted.
    pub(crate) fn up_to<I: IntoIterator>(
        &self,
        most: usize,
        all: I,
    ) -> impl Iterator<Item = I::Item> {
        let mut left = most;
        all.into_iter()
            .take_while(move |_| match left.checked_sub(1) {
                Some(fewer) => {
                    left = fewer;
                    true
                }
                None => {
                    self.leave_out();
                    false
                }
            })
    }
}

/// Whether rules can judge a file in a bounded time.
pub(crate) fn is_judged(syntax: &Syntax) -> bool {
    let is_long = |expr: &Expr| match &expr.kind {
        ExprKind::Block(block) => block.statements.len() > MAX_STATEMENTS,
        _ => false,
    };
    syntax.depth() <= MAX_DEPTH && !syntax.exprs.iter().any(is_long)
}

/// What rules find unsound in a file; `paths` are those of the package's files.
pub(crate) fn faults(at: At<'_>, paths: &[&str]) -> Vec<Fault> {
    let judged = Judged::new(&at);
    let mut faults = Vec::new();
    for rule in RULES {
        let Some(judges) = rule.judges else {
            continue;
        };
        let mut found = Vec::new();
        (judges.find)(&judged, &mut found);
        faults.extend(
            at.up_to(MAX_FAULTS, found)
                .map(|doubt| (judges, rule.meta.code, doubt)),
        );
    }
    if faults.is_empty() {
        return Vec::new();
    }
    let mut reached = Reached::of(at);
    for (judges, _, doubt) in &mut faults {
        if doubt.confidence == Confidence::High && OF_CALLERS.contains(&judges.pattern) {
            doubt.confidence = reached.sureness(doubt.tokens);
        }
    }
    let places = Places::new(at.file.source.bytes);
    let mut faults: Vec<Fault> = faults
        .into_iter()
        .map(|(_, code, doubt)| fault(at, &places, paths, code, doubt))
        .collect();
    faults.sort_by(|a, b| (a.span, &a.rule, &a.message).cmp(&(b.span, &b.rule, &b.message)));
    faults.dedup();
    faults
}

/// Who reaches the functions of a file, each asked once.
struct Reached<'p> {
    at: At<'p>,
    /// The functions, by where they begin, and whether they are unsafe.
    functions: Vec<(Tokens, ItemId, bool)>,
    known: HashMap<ItemId, Reach>,
}

impl<'p> Reached<'p> {
    fn of(at: At<'p>) -> Self {
        let items = at.syntax().items_by_id();
        let functions = items.filter_map(|(id, item)| match &item.kind {
            ItemKind::Function(function) => Some((item.tokens, id, function.unsafety.is_some())),
            _ => None,
        });
        let mut functions: Vec<_> = functions.collect();
        functions.sort_by_key(|(tokens, ..)| tokens.start);
        Self {
            at,
            functions,
            known: HashMap::new(),
        }
    }

    /// How sure it is that others call the function that some tokens are in, as far as modules say.
    fn sureness(&mut self, tokens: Tokens) -> Confidence {
        let before = self
            .functions
            .partition_point(|(own, ..)| own.start <= tokens.start);
        let before = self.functions.get(..before).unwrap_or_default();
        // The last one that begins before and ends behind is the innermost.
        let mut near = before.iter().rev().take(MAX_NEAR);
        let Some((_, id, is_unsafe)) = near.find(|(own, ..)| tokens.end <= own.end) else {
            return Confidence::High;
        };
        if *is_unsafe {
            return Confidence::High;
        }
        let id = *id;
        let reach = match self.known.get(&id) {
            Some(reach) => *reach,
            None if self.known.len() >= MAX_REACHED => Reach::Package,
            None => self.at.reach_of(id),
        };
        self.known.insert(id, reach);
        match reach {
            Reach::Package => Confidence::Medium,
            Reach::Everybody => Confidence::High,
        }
    }
}

fn fault(at: At<'_>, places: &Places<'_>, paths: &[&str], code: &str, doubt: Doubt) -> Fault {
    let span = |tokens: Tokens| {
        let start = at.file.source.token(tokens.start as usize).start as usize;
        let last = tokens.end.max(tokens.start + 1) - 1;
        let end = at.file.source.token(last as usize).end as usize;
        places.span(start, end.max(start))
    };
    let keyword = at.file.source.token(doubt.keyword as usize).start as usize;
    let (line, column) = places.place(keyword);
    let chain = doubt.chain.iter().take(MAX_LINKS);
    let chain = chain.filter_map(|reason| link(at, places, paths, reason));
    Fault {
        rule: code.to_owned(),
        line,
        column,
        span: span(doubt.tokens),
        code: shortened(&at.text_of(doubt.tokens)),
        confidence: doubt.confidence,
        message: doubt.message,
        chain: chain.collect(),
        sound: doubt.sound,
    }
}

fn link(at: At<'_>, places: &Places<'_>, paths: &[&str], reason: &Reason) -> Option<Link> {
    let file = at.declared.files.get(reason.file)?;
    let start = file.source.token(reason.tokens.start as usize).start as usize;
    let (line, column) = match reason.file == at.file.index {
        true => places.place(start),
        false => Places::new(file.source.bytes).place(start),
    };
    Some(Link {
        path: (*paths.get(reason.file)?).to_owned(),
        line,
        column,
        says: shortened(&reason.says),
    })
}

/// A text in one line, cut where it is long.
fn shortened(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut line = String::new();
    for word in words.by_ref() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MAX_TEXT {
            line.truncate(line.floor_char_boundary(MAX_TEXT));
            line.push('…');
            break;
        }
    }
    line
}
