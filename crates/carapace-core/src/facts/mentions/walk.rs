//! From a file's tokens to what its items mention, in one pass.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{
    FileMentions, Mention, MentionKind, Mentioned, NONE, NamedImport, NamedItem, NamedKind, Scope,
    Word, Words,
};
use crate::facts::scan::{Draft, Lines, draft, module};
use crate::facts::{ConditionFact, ConditionKind, IncludeFact};
use crate::source::lexer::TokenKind;
use crate::source::outline::{
    self, Item, ItemKind, Outline, Source, UseDeclaration, Visibility, Watch, is_plain,
};
use crate::source::uses;

/// A stretch of the file that an item is.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    /// The first token behind its attributes.
    head: usize,
    is: Opens,
}

#[derive(Debug, Clone, Copy)]
enum Opens {
    /// By its place in the outline.
    Item(usize),
    /// A definition of a macro, by its place in the outline.
    Macro(usize),
}

/// An item that the walk is in.
#[derive(Debug, Clone, Copy)]
struct Frame {
    end: usize,
    head: usize,
    item: usize,
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
    file: FileMentions,
    words: Words,
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
    fn frame(&self) -> Frame {
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

    fn note_line(&mut self, at: usize) {
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
            self.mention(MentionKind::Path, &qualifier, &text);
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

    /// `use …;` or, behind `extern`, `crate …;`, whose first keyword is at a token.
    fn import(&mut self, at: usize, is_extern_crate: bool) -> usize {
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

    /// Whether a bracket is one of `paste!`: `[<a $b>]`.
    fn is_pasted(&self, open: usize) -> bool {
        let source = self.source;
        let end = source.groups.end(open);
        source.kind(open + 1) == TokenKind::Lt
            && end > open + 2
            && source.kind(end - 1) == TokenKind::Gt
    }

    fn paste(&mut self, open: usize) -> usize {
        let source = self.source;
        let end = source.groups.end(open) - 1;
        let mut pattern = String::new();
        let mut at = open + 2;
        while at < end {
            match source.kind(at) {
                TokenKind::Dollar => {
                    pattern.push('*');
                    at += 1;
                }
                // `:snake`
                TokenKind::Colon => at += 1,
                TokenKind::Str => pattern.push_str(&source.string(at).unwrap_or_default()),
                kind if kind.is_open() => {
                    pattern.push('*');
                    at = source.groups.after(at);
                    continue;
                }
                _ => pattern.push_str(&source.text(at)),
            }
            at += 1;
        }
        self.mention(MentionKind::Pattern, "", &pattern);
        source.groups.after(open)
    }

    /// Names in a string.
    pub(super) fn text(&mut self, at: usize) {
        let text = self.source.text(at);
        let is_code = |text: &str| {
            !text.contains(char::is_whitespace)
                || ["::", "(", ";", "!", "."]
                    .iter()
                    .any(|mark| text.contains(mark))
        };
        let behind = text.split_once('"').map_or("", |(_, behind)| behind);
        let inner = behind.rsplit_once('"').map_or(behind, |(inner, _)| inner);
        if !is_code(inner) {
            return;
        }
        let is_part = |c: char| c == '_' || c.is_alphanumeric() || matches!(c, '{' | '}');
        for word in inner.split(|c: char| !is_part(c)) {
            if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            match word.contains(['{', '}']) {
                false => self.mention(MentionKind::Loose, "", word),
                true => {
                    let pattern = holes(word);
                    self.mention(MentionKind::Pattern, "", &pattern);
                }
            }
        }
    }
}

/// An item of which nothing more is known.
fn item(parent: usize, kind: NamedKind, line: u32) -> NamedItem {
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

/// What stands for what is filled in becomes `*`.
fn holes(word: &str) -> String {
    let mut pattern = String::new();
    let mut depth = 0_u32;
    for c in word.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    pattern.push('*');
                }
            }
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => pattern.push(c),
            _ => {}
        }
    }
    pattern
}

/// Whether a name is declared here, or stands for a macro's argument, and mentions nothing.
fn is_declared(source: &Source<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| source.kind(at));
    let leads_on = source.is_pair(at + 1, TokenKind::Colon, TokenKind::Colon)
        || matches!(
            source.kind(at + 1),
            TokenKind::OpenParen | TokenKind::OpenBrace
        );
    match before(1) {
        Some(TokenKind::Dollar) => true,
        Some(
            TokenKind::Fn
            | TokenKind::Struct
            | TokenKind::Enum
            | TokenKind::Trait
            | TokenKind::Mod
            | TokenKind::Type
            | TokenKind::Static
            | TokenKind::Const,
        ) => true,
        Some(TokenKind::Let) => !leads_on,
        Some(TokenKind::Mut) => match before(2) {
            Some(TokenKind::Static) => true,
            Some(TokenKind::Let) => !leads_on,
            _ => false,
        },
        _ => false,
    }
}

/// The token that opens the arguments of the macro that is called by the name at a token.
fn call_opens(source: &Source<'_>, at: usize) -> Option<usize> {
    let open = at + 2;
    if source.kind(open).is_open() {
        return Some(open);
    }
    let is_named = source.kind(open).is_ident() && source.kind(open + 1).is_open();
    is_named.then_some(open + 1)
}

/// Whether a definition's arms take items as a whole.
fn takes_items(source: &Source<'_>, (start, end): (usize, usize)) -> bool {
    (start..end).any(|at| {
        source.kind(at) == TokenKind::Colon
            && source.is_word(at + 1, "item")
            && at >= 2
            && source.kind(at - 2) == TokenKind::Dollar
    })
}

/// The first and last segment of the trait's path in `impl … Trait for Type`.
fn of_trait(source: &Source<'_>, head: usize, end: usize) -> (String, String) {
    let (mut first, last, _) = header_path(source, head + 1, end);
    if matches!(first.as_str(), "self" | "super") {
        "crate".clone_into(&mut first);
    }
    (first, last)
}

/// The last segment of the type's path in `impl … for Type`, or `impl Type`.
fn implemented(source: &Source<'_>, head: usize, end: usize) -> String {
    let (_, last, stop) = header_path(source, head + 1, end);
    match source.kind(stop) {
        TokenKind::For => header_path(source, stop + 1, end).1,
        _ => last,
    }
}

/// Of a path in an implementation's head: its first and last segment, generics left out, and the
/// token that it ends at, a `for`, a `where` or the body's brace.
fn header_path(source: &Source<'_>, from: usize, end: usize) -> (String, String, usize) {
    let mut at = from;
    let mut depth = 0_usize;
    let (mut first, mut last) = (String::new(), String::new());
    while at < end {
        match source.kind(at) {
            TokenKind::Lt => depth += 1,
            TokenKind::Gt if !source.is_pair(at - 1, TokenKind::Minus, TokenKind::Gt) => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Where if depth == 0 => break,
            TokenKind::For if depth == 0 && source.kind(at + 1) != TokenKind::Lt => break,
            TokenKind::OpenBrace => break,
            TokenKind::OpenParen | TokenKind::OpenBracket => {
                at = source.groups.after(at);
                continue;
            }
            kind if depth == 0 && kind.is_path_segment() => {
                last = source.name(at);
                if first.is_empty() {
                    first.clone_from(&last);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (first, last, at)
}

/// Where the items are that are local to no function.
fn stretches(source: &Source<'_>, outline: &Outline) -> Vec<Stretch> {
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
fn end_of(source: &Source<'_>, item: &Item) -> usize {
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

/// *Invariant.* A file has less than 2^32 bytes, so less tokens and items.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
