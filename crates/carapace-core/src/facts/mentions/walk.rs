//! From a file's tokens to what its items mention, in one pass.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::shapes::{call_opens, implemented, is_declared, of_trait, takes_items};
use super::stretches::{Opens, Stretch, stretches};
use super::{
    FileMentions, Mention, MentionKind, Mentioned, NONE, NamedItem, NamedKind, Scope, Word, Words,
};
use crate::facts::scan::{Draft, Lines, draft, module};
use crate::facts::{ConditionFact, ConditionKind, IncludeFact};
use crate::source::lexer::TokenKind;
use crate::source::outline::{self, ItemKind, Outline, Source, Watch, is_plain};

/// An item that the walk is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    end: usize,
    head: usize,
    pub(super) item: usize,
    is_definition: bool,
}

/// The arguments of a macro's call that the walk is in.
#[derive(Debug, Clone, Copy)]
struct Arguments {
    end: usize,
    name: Word,
    /// Whether the macro may make anything of them.
    loose: bool,
}

pub(super) struct Walk<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    pub(super) scope: Scope,
    outline: &'s Outline,
    pub(super) file: FileMentions,
    pub(super) words: Words,
    frames: Vec<Frame>,
    arguments: Vec<Arguments>,
    lines: Lines<'a>,
    pub(super) line: u32,
    /// The types that a function declares in itself, of the last one that was asked.
    locals: Option<(usize, HashSet<String, RandomState>)>,
    /// What the items that the walk is in mention so far, without the lines.
    known: HashSet<(usize, MentionKind, Word, Word), RandomState>,
}

pub(super) fn walk(path: &str, source: &Source<'_>, scope: Scope) -> Mentioned {
    let watch = Watch {
        all_items: true,
        bare_calls: true,
    };
    let outline = Outline::new(source, watch);
    let file = FileMentions {
        path: path.to_owned(),
        conditions: conditions(&outline),
        condition: outline.file_condition,
        modules: outline.modules.iter().map(module).collect(),
        includes: includes(&outline),
        ..FileMentions::default()
    };
    let mut walk = Walk {
        source,
        scope,
        outline: &outline,
        file,
        words: Words::default(),
        frames: Vec::new(),
        arguments: Vec::new(),
        lines: Lines::new(source.bytes),
        line: 1,
        locals: None,
        known: HashSet::default(),
    };
    walk.run();
    let reason = "holds more than is followed: not all of its names are known";
    Mentioned {
        gap: outline.is_cut.then(|| super::gap(&walk.file, reason)),
        file: walk.file,
        words: walk.words.all,
    }
}

/// What is handed to a macro stands where the call is, as far as conditions go.
fn conditions(outline: &Outline) -> Vec<ConditionFact> {
    let conditions = outline.conditions.iter();
    conditions
        .map(|condition| ConditionFact {
            parent: condition.parent,
            kind: match draft(&condition.kind) {
                Draft::Known(ConditionKind::Definition) | Draft::Call(_) => ConditionKind::Always,
                Draft::Known(kind) => kind,
            },
        })
        .collect()
}

fn includes(outline: &Outline) -> Vec<IncludeFact> {
    let includes = outline.includes.iter();
    includes
        .map(|include| IncludeFact {
            path: include.path.clone(),
            condition: include.condition,
        })
        .collect()
}

impl Walk<'_, '_> {
    fn run(&mut self) {
        let source = self.source;
        let stretches = stretches(source, self.outline);
        let mut stretches = stretches.into_iter().peekable();
        let end = source.lexed.tokens.len();
        self.open_file(end);
        let mut at = 0;
        while at < end {
            while self.frames.len() > 1 && self.frames.pop_if(|frame| frame.end <= at).is_some() {}
            while self.arguments.pop_if(|inside| inside.end <= at).is_some() {}
            // What begins in something that was passed over is no item.
            while stretches.next_if(|stretch| stretch.start < at).is_some() {}
            while let Some(stretch) = stretches.next_if(|stretch| stretch.start == at) {
                self.open(stretch);
            }
            at = self.token(at).max(at + 1);
        }
    }

    fn open_file(&mut self, end: usize) {
        self.file.items.push(NamedItem {
            condition: self.outline.file_condition,
            ..item(0, NamedKind::File, 1)
        });
        self.frames.push(Frame {
            end,
            head: 0,
            item: 0,
            is_definition: false,
        });
    }

    fn open(&mut self, stretch: Stretch) {
        let source = self.source;
        let around = self.frame().item;
        let handed = self
            .arguments
            .iter()
            .find(|inside| inside.loose || inside.name != NONE);
        let line = self
            .lines
            .place(source.token(stretch.head).start as usize)
            .0;
        let mut item = NamedItem {
            handed_to: handed.map_or(NONE, |inside| inside.name),
            ..item(around, NamedKind::Macro, line)
        };
        match stretch.is {
            Opens::Macro(at) => {
                let Some(definition) = self.outline.macros.get(at) else {
                    return;
                };
                item.name = self.words.add(&source.name(definition.name as usize));
                item.condition = definition.condition;
                let body = (stretch.start, stretch.end);
                item.takes_items = takes_items(source, body);
                item.brings_names = (body.0..body.1).any(|at| source.kind(at) == TokenKind::Use);
            }
            Opens::Item(at) => {
                let Some(found) = self.outline.items.get(at) else {
                    return;
                };
                item.kind = match found.kind {
                    ItemKind::File | ItemKind::Mod => NamedKind::Module,
                    ItemKind::Fn => NamedKind::Function,
                    ItemKind::Struct | ItemKind::Enum | ItemKind::Union => NamedKind::Data,
                    ItemKind::Trait => NamedKind::Trait,
                    ItemKind::Impl => NamedKind::Impl,
                    ItemKind::Const | ItemKind::Static => NamedKind::Value,
                    ItemKind::Type => NamedKind::Type,
                    ItemKind::ForeignBlock => NamedKind::Foreign,
                };
                let name = found.name.map(|name| source.name(name as usize));
                item.name = self.words.add(&name.unwrap_or_default());
                item.condition = found.condition;
                item.is_registered = item.kind == NamedKind::Value && self.is_word(item.name, "_");
                if found.kind == ItemKind::Impl && found.marked {
                    let (first, last) = of_trait(source, stretch.head, stretch.end);
                    item.of_trait = Some((self.words.add(&first), self.words.add(&last)));
                }
            }
        }
        self.frames.push(Frame {
            end: stretch.end,
            head: stretch.head,
            item: self.file.items.len(),
            is_definition: matches!(stretch.is, Opens::Macro(_)),
        });
        self.file.items.push(item);
    }

    /// The innermost item. *Invariant.* The file's frame is never taken away.
    pub(super) fn frame(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame {
            end: usize::MAX,
            head: 0,
            item: 0,
            is_definition: false,
        })
    }

    fn is_word(&self, at: Word, word: &str) -> bool {
        self.words
            .all
            .get(at as usize)
            .is_some_and(|known| known == word)
    }

    /// Whether names here may come to stand anywhere.
    fn is_loose(&self) -> bool {
        self.frame().is_definition || self.arguments.iter().any(|inside| inside.loose)
    }

    fn register(&mut self) {
        let item = self.frame().item;
        if let Some(item) = self.file.items.get_mut(item) {
            item.is_registered = true;
        }
    }

    /// Notes that the innermost item takes part without being named, if attributes that stand here are
    /// its own.
    pub(super) fn registered_at(&mut self, at: usize) {
        let frame = self.frame();
        if at < frame.head {
            self.register();
        }
    }

    pub(super) fn mention(&mut self, kind: MentionKind, qualifier: &str, name: &str) {
        let (qualifier, name) = (self.words.add(qualifier), self.words.add(name));
        let item = self.frame().item;
        if name != NONE
            && self.known.insert((item, kind, qualifier, name))
            && let Some(item) = self.file.items.get_mut(item)
        {
            let line = self.line;
            item.mentions.push(Mention {
                kind,
                qualifier,
                name,
                line,
            });
        }
    }

    /// Looks at a token, and gives the place of the next.
    fn token(&mut self, at: usize) -> usize {
        let source = self.source;
        let kind = source.kind(at);
        match kind {
            TokenKind::Pound if source.kind(at + 1) == TokenKind::OpenBracket => {
                self.note_line(at);
                self.attribute(at, at + 1)
            }
            TokenKind::Pound
                if source.kind(at + 1) == TokenKind::Bang
                    && source.kind(at + 2) == TokenKind::OpenBracket =>
            {
                self.note_line(at);
                self.attribute(at, at + 2)
            }
            // `impl Trait + use<'a>` brings nothing in.
            TokenKind::Use if source.kind(at + 1) != TokenKind::Lt => self.import(at, false),
            TokenKind::Extern if source.kind(at + 1) == TokenKind::Crate => {
                self.import(at + 1, true)
            }
            TokenKind::Impl => {
                self.local_implementation(at);
                at + 1
            }
            TokenKind::OpenBracket if self.is_loose() && self.is_pasted(at) => {
                self.note_line(at);
                self.paste(at)
            }
            TokenKind::Str | TokenKind::RawStr if self.scope.strings => {
                self.note_line(at);
                self.text(at);
                at + 1
            }
            _ if kind.is_ident() => self.name(at),
            _ => at + 1,
        }
    }

    /// An implementation in a function is one wherever its type is; so the function counts without
    /// being named, but where the type is its own.
    fn local_implementation(&mut self, at: usize) {
        let source = self.source;
        let frame = self.frame();
        let kind = self.file.items.get(frame.item).map(|item| item.kind);
        let holds = matches!(kind, Some(NamedKind::Function | NamedKind::Value));
        // `x: impl Trait`
        let is_type = matches!(
            source.kind(at.wrapping_sub(1)),
            TokenKind::Colon
                | TokenKind::Gt
                | TokenKind::Lt
                | TokenKind::Comma
                | TokenKind::Amp
                | TokenKind::Mut
                | TokenKind::OpenParen
                | TokenKind::Eq
                | TokenKind::Lifetime
        );
        if !holds || is_type || at == frame.head {
            return;
        }
        if self
            .locals
            .as_ref()
            .is_none_or(|(item, _)| *item != frame.item)
        {
            let declared = (frame.head..frame.end).filter(|at| {
                matches!(source.kind(*at), TokenKind::Struct | TokenKind::Enum)
                    || source.is_word(*at, "union")
            });
            let names = declared.map(|at| source.name(at + 1)).collect();
            self.locals = Some((frame.item, names));
        }
        let name = implemented(source, at, frame.end);
        let is_own = self
            .locals
            .as_ref()
            .is_some_and(|(_, names)| names.contains(&name));
        if !is_own {
            self.register();
        }
    }

    pub(super) fn note_line(&mut self, at: usize) {
        self.line = self.lines.place(self.source.token(at).start as usize).0;
    }

    fn name(&mut self, at: usize) -> usize {
        let source = self.source;
        let before = |back: usize| at.checked_sub(back).map(|at| source.kind(at));
        let is_colons = |first: usize| source.is_pair(first, TokenKind::Colon, TokenKind::Colon);
        let previous = before(1);
        let frame = self.frame();
        // A macro's own name, and the kind of what it takes: `$x:expr`.
        let is_of_macro = frame.is_definition
            && (at == frame.head
                || (previous == Some(TokenKind::Colon) && before(3) == Some(TokenKind::Dollar)));
        if is_of_macro || is_declared(source, at) {
            return at + 1;
        }
        let text = source.name(at);
        let next = source.kind(at + 1);
        self.note_line(at);
        if next == TokenKind::Bang
            && let Some(open) = call_opens(source, at)
        {
            if text != "macro_rules" {
                self.mention(MentionKind::Macro, "", &text);
                let name = self.words.add(&text);
                self.arguments.push(Arguments {
                    end: source.groups.after(open),
                    // Branches of code, which the outline reads itself.
                    name: match text.as_str() {
                        "cfg_if" | "cfg_select" => NONE,
                        _ => name,
                    },
                    loose: !is_plain(text.as_bytes()) && !matches!(&*text, "cfg_if" | "cfg_select"),
                });
            }
            return at + 2;
        }
        let is_loose = self.is_loose();
        if is_loose && self.scope.strings {
            self.mention(MentionKind::Loose, "", &text);
            return at + 1;
        }
        let is_dotted = previous == Some(TokenKind::Dot)
            && !(before(2) == Some(TokenKind::Dot) && source.is_joined(at - 2));
        let leads_on = is_colons(at + 1);
        let is_prefix = leads_on && source.kind(at + 3) != TokenKind::Lt;
        let is_behind = at >= 2 && is_colons(at - 2);
        let is_lower = text.starts_with(|first: char| first.is_lowercase() || first == '_');
        if is_dotted {
            // A macro may put the brackets of a call behind it.
            if next == TokenKind::OpenParen || leads_on || is_loose {
                self.mention(MentionKind::Method, "", &text);
            }
        } else if is_prefix {
            self.mention(MentionKind::Prefix, "", &text);
        } else if next == TokenKind::Colon && !leads_on && is_lower && !is_loose {
            // A field or a parameter, and its type or value.
        } else if self.frame().is_definition {
            self.mention(MentionKind::Loose, "", &text);
        } else if is_behind {
            let qualifier = self.qualifier(at);
            let is_deep = at >= 5 && is_colons(at - 5);
            let kind = match is_deep {
                true => MentionKind::Deep,
                false => MentionKind::Path,
            };
            self.mention(kind, &qualifier, &text);
        } else if is_loose {
            self.mention(MentionKind::Loose, "", &text);
        } else {
            self.mention(MentionKind::Bare, "", &text);
        }
        at + 1
    }

    /// The segment before the one at a token.
    fn qualifier(&self, at: usize) -> String {
        let source = self.source;
        let Some(before) = at.checked_sub(3) else {
            return "crate".to_owned();
        };
        let is_variable = before >= 1 && source.kind(before - 1) == TokenKind::Dollar;
        match source.kind(before) {
            TokenKind::Crate | TokenKind::SelfValue | TokenKind::Super => "crate".to_owned(),
            _ if is_variable => String::new(),
            kind if kind.is_ident() => source.name(before),
            TokenKind::SelfType => self.self_type(),
            TokenKind::Gt => String::new(),
            // `::name::…`
            _ => "crate".to_owned(),
        }
    }

    /// The type of the implementation around; nothing in a trait, whose implementations have others.
    fn self_type(&self) -> String {
        let frames = self.frames.iter().rev();
        let mut items = frames.filter_map(|frame| self.file.items.get(frame.item));
        let around = items.find(|item| {
            matches!(
                item.kind,
                NamedKind::Impl | NamedKind::Data | NamedKind::Trait
            )
        });
        let name = around
            .filter(|item| item.kind != NamedKind::Trait)
            .map(|item| item.name);
        let name = name.and_then(|name| self.words.all.get(name as usize));
        name.cloned().unwrap_or_default()
    }
}

/// An item of which nothing more is known.
pub(super) fn item(parent: usize, kind: NamedKind, line: u32) -> NamedItem {
    NamedItem {
        parent: place(parent),
        kind,
        name: NONE,
        of_trait: None,
        line,
        condition: outline::ALWAYS,
        handed_to: NONE,
        is_registered: false,
        takes_items: false,
        brings_names: false,
        mentions: Vec::new(),
    }
}

/// *Invariant.* A file has less than 2^32 bytes, so less tokens and items.
pub(super) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
