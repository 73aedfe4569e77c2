//! Which items are live: from all code of the workspace along the names that live items mention.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;

use super::meaning::From;
use super::table::{NodeIdx, Table};
use crate::facts::mentions::{Mention, MentionKind, NamedKind};

/// How often a name may be held against an item, or a pattern against a name: a second's work.
const MAX_CHECKS: usize = 50_000_000;

/// How an item came to be live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// The item that mentions it, and the line on which it does; none where it needs no mention.
    pub(super) by: Option<(NodeIdx, u32)>,
    /// Whether it is live without being named.
    pub(super) is_automatic: bool,
}

/// What counts as a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// Each that may be one.
    All,
    /// Those that can mean nothing else.
    Certain,
}

/// What live items lead to.
pub(super) struct Closure<'t, 'a> {
    table: &'t Table<'a>,
    ways: Ways,
    /// By node: how it is live.
    pub(super) live: Vec<Option<Way>>,
    /// By node: how it was named before its type was.
    named: Vec<Option<Way>>,
    /// Implementations that are open, as their type is live.
    open: Vec<bool>,
    queue: VecDeque<NodeIdx>,
    /// Names that were followed, and from where: the item only where it matters.
    followed: HashSet<(usize, usize, MentionKind, u32, u32), RandomState>,
    /// Names in what macros may make anything of, as they are put together: without case and `_`.
    loose: HashMap<String, Way, RandomState>,
    /// Whether a macro that is live puts names together of nothing but what it is handed.
    composes: bool,
    /// All names of items, with what they are without case and `_`.
    names: Vec<(&'a str, String)>,
    /// How many checks are left.
    checks: usize,
}

impl<'t, 'a> Closure<'t, 'a> {
    /// All that may be live; `generated` are names that procedural macros may write anywhere.
    pub(super) fn all(table: &'t Table<'a>, generated: &[(MentionKind, &str)]) -> Self {
        let mut closure = Self::new(table, Ways::All, vec![false; table.nodes.len()]);
        closure.begin();
        let way = Way {
            by: None,
            is_automatic: true,
        };
        for (kind, name) in generated {
            closure.loose_name(*kind, name, way);
        }
        closure.run();
        closure
    }

    /// What of it is live for certain.
    pub(super) fn certain(all: &Self) -> Self {
        // Whether a type is used at all, names of no other meaning need not tell.
        let mut closure = Self::new(all.table, Ways::Certain, all.open.clone());
        closure.begin();
        closure.run();
        closure
    }

    fn new(table: &'t Table<'a>, ways: Ways, open: Vec<bool>) -> Self {
        let count = table.nodes.len();
        Self {
            table,
            ways,
            live: vec![None; count],
            named: vec![None; count],
            open,
            queue: VecDeque::new(),
            followed: HashSet::default(),
            loose: HashMap::default(),
            composes: false,
            names: match ways {
                Ways::All => table.names().map(|name| (name, folded(name))).collect(),
                Ways::Certain => Vec::new(),
            },
            checks: MAX_CHECKS,
        }
    }

    fn begin(&mut self) {
        let begin = Way {
            by: None,
            is_automatic: false,
        };
        let table = self.table;
        for (at, node) in (0..).zip(&table.nodes) {
            let Some(part) = table.parts.get(node.part).filter(|_| node.is_built) else {
                continue;
            };
            let is_alias = node.item.kind == NamedKind::Alias;
            if part.is_member {
                if !is_alias {
                    self.live(at, begin);
                }
                if part.is_library && node.item.kind == NamedKind::File {
                    self.exports(at);
                }
            } else if matches!(node.item.kind, NamedKind::File | NamedKind::Module) {
                self.live(at, begin);
            } else if self.is_open(at) && self.is_automatic(at) {
                self.live_without_name(at, begin.by);
            } else if node.item.kind == NamedKind::Impl && self.table.gate(node).is_none() {
                self.open(at, begin.by);
            }
        }
    }

    /// What a library of the workspace hands on (`pub use`), others may call.
    fn exports(&mut self, file: NodeIdx) {
        let table = self.table;
        let found = table.node(file).and_then(|node| {
            let part = table.parts.get(node.part)?;
            Some((
                node.part,
                part.mentions,
                part.mentions.files.get(node.file)?,
            ))
        });
        let Some((own, mentions, found)) = found.filter(|_| self.ways == Ways::All) else {
            return;
        };
        for import in found.imports.iter().filter(|import| import.public) {
            let way = Way {
                by: Some((file, import.line)),
                is_automatic: true,
            };
            let first = mentions.word(import.first);
            let nodes: Vec<NodeIdx> = match mentions.word(import.last) {
                last if last.is_empty() || table.is_module(last) => {
                    table.of_library(first).collect()
                }
                last => table.named(last).to_vec(),
            };
            for at in nodes {
                let is_other = table.node(at).is_some_and(|node| node.part != own);
                if !is_other {
                    continue;
                }
                self.name(at, way);
                for child in table.of_type(at) {
                    self.name(child, way);
                }
            }
        }
    }

    fn run(&mut self) {
        while !self.is_spent() {
            match self.queue.pop_front() {
                Some(at) => self.follow(at),
                None if self.composes && self.compose() => {}
                None => return,
            }
        }
    }

    /// Whether there was too much to follow all of it.
    pub(super) fn is_spent(&self) -> bool {
        self.checks == 0
    }

    fn spend(&mut self, checks: usize) {
        self.checks = self.checks.saturating_sub(checks);
    }

    /// Follows what an item mentions.
    fn follow(&mut self, at: NodeIdx) {
        let table = self.table;
        let Some(node) = table.node(at) else { return };
        let Some(from) = table.from(at) else { return };
        let from_item = table.looks_up_by_itself(&from);
        for mention in &node.item.mentions {
            // What a name means by itself, or behind what is brought in, depends on where it stands.
            let of_file = matches!(mention.kind, MentionKind::Bare | MentionKind::Path);
            let place = match (of_file, from_item) {
                (false, _) => 0,
                (true, true) => at as usize + 1,
                (true, false) => at.saturating_sub(from.item) as usize + from.module as usize + 1,
            };
            let part = if from.in_macro {
                usize::MAX - node.part
            } else {
                node.part
            };
            let key = (part, place, mention.kind, mention.qualifier, mention.name);
            if self.followed.insert(key) {
                self.mention(from, at, mention);
            }
        }
    }

    fn mention(&mut self, from: From, at: NodeIdx, mention: &Mention) {
        let table = self.table;
        let by = Some((at, mention.line));
        if matches!(mention.kind, MentionKind::Pattern | MentionKind::Loose) {
            let word = table
                .parts
                .get(from.part)
                .map(|part| part.mentions.word(mention.name));
            let way = Way {
                by,
                is_automatic: true,
            };
            if self.ways == Ways::All {
                self.loose_name(mention.kind, word.unwrap_or_default(), way);
            }
        }
        let way = Way {
            by,
            is_automatic: false,
        };
        self.spend(table.candidates(from, mention));
        for meant in table.meant(from, mention) {
            if self.ways == Ways::All || meant.is_certain {
                self.name(meant.node, way);
            }
        }
    }

    /// Takes in a name that a macro may put to use anywhere, or as a part of another one.
    fn loose_name(&mut self, kind: MentionKind, name: &str, way: Way) {
        if kind == MentionKind::Pattern {
            let pattern = folded(name);
            if pattern.trim_matches('*').is_empty() {
                self.composes = true;
                return;
            }
            let table = self.table;
            self.spend(self.names.len());
            let fitting = self
                .names
                .iter()
                .filter(|(_, folded)| fits(&pattern, folded));
            let fitting: Vec<&str> = fitting.map(|(name, _)| *name).collect();
            for at in fitting.iter().flat_map(|name| table.named(name)) {
                self.name(*at, way);
            }
            return;
        }
        self.loose.entry(folded(name)).or_insert(way);
        if way.by.is_none() {
            for at in self.table.named(name) {
                self.name(*at, way);
            }
        }
    }

    /// Names that are put together of one or two that macros are handed; whether there are new ones.
    fn compose(&mut self) -> bool {
        let table = self.table;
        let mut found = Vec::new();
        self.spend(self.names.iter().map(|(_, folded)| folded.len()).sum());
        for (name, folded) in &self.names {
            let whole = self.loose.get(folded);
            let halves = || {
                let mut splits = folded.char_indices().skip(1);
                splits.find_map(|(at, _)| {
                    let (first, second) = folded.split_at(at);
                    self.loose.get(second)?;
                    self.loose.get(first)
                })
            };
            if let Some(way) = whole.or_else(halves) {
                found.push((*name, *way));
            }
        }
        for (name, way) in found {
            for at in table.named(name) {
                self.name(*at, way);
            }
        }
        !self.queue.is_empty()
    }

    /// Notes that an item is named.
    fn name(&mut self, at: NodeIdx, way: Way) {
        let is_built = self.table.node(at).is_some_and(|node| node.is_built);
        if !is_built {
            return;
        }
        if self.is_open(at) {
            self.live(at, way);
        } else if let Some(named) = self.named.get_mut(at as usize)
            && named.is_none()
        {
            *named = Some(way);
        }
    }

    /// Whether the implementation around an item is of a live type, or there is none.
    fn is_open(&self, at: NodeIdx) -> bool {
        let node = self.table.node(at);
        let around = node.and_then(|node| self.table.node(node.parent));
        match (node, around) {
            (Some(node), Some(around)) if around.item.kind == NamedKind::Impl => {
                let open = self.open.get(node.parent as usize);
                open.copied().unwrap_or(false)
            }
            (Some(node), _) if node.item.kind == NamedKind::Impl => {
                self.open.get(at as usize).copied().unwrap_or(false)
            }
            _ => true,
        }
    }

    /// Whether an item is live with its type, or its package.
    fn is_automatic(&self, at: NodeIdx) -> bool {
        let Some(node) = self.table.node(at) else {
            return false;
        };
        let part = self.table.parts.get(node.part);
        let is_script = part.is_some_and(|part| {
            let is_root = part.parts.scripts.get(node.file).copied().unwrap_or(false);
            is_root && part.mentions.word(node.item.name) == "main"
        });
        let is_handed = || {
            let name = part.map_or("", |part| part.mentions.word(node.item.handed_to));
            let mut own = self
                .table
                .named(name)
                .iter()
                .filter_map(|at| self.table.node(*at));
            let passes =
                |found: &super::table::Node<'_>| found.part == node.part && found.item.takes_items;
            !name.is_empty() && !own.any(passes)
        };
        is_script
            || node.item.is_registered
            || node.item.kind == NamedKind::Foreign
            || (node.item.kind == NamedKind::Type && node.is_associated())
            || (node.is_foreign && node.item.kind != NamedKind::Impl)
            || is_handed()
    }

    fn live_without_name(&mut self, at: NodeIdx, by: Option<(NodeIdx, u32)>) {
        if self.ways == Ways::All {
            self.live(
                at,
                Way {
                    by,
                    is_automatic: true,
                },
            );
        }
    }

    /// Opens an implementation, as its type is live.
    fn open(&mut self, at: NodeIdx, by: Option<(NodeIdx, u32)>) {
        let is_built = self.table.node(at).is_some_and(|node| node.is_built);
        let Some(open) = self
            .open
            .get_mut(at as usize)
            .filter(|open| is_built && !**open)
        else {
            return;
        };
        *open = true;
        self.live_without_name(at, by);
        let table = self.table;
        for child in table.children(at).iter().copied() {
            if let Some(way) = self.named.get(child as usize).copied().flatten() {
                self.live(child, way);
            } else if self.is_automatic(child) {
                self.live_without_name(child, by);
            }
        }
    }

    fn live(&mut self, at: NodeIdx, way: Way) {
        let table = self.table;
        let Some(node) = table.node(at).filter(|node| node.is_built) else {
            return;
        };
        let Some(live) = self.live.get_mut(at as usize).filter(|live| live.is_none()) else {
            return;
        };
        *live = Some(way);
        self.queue.push_back(at);
        match node.item.kind {
            NamedKind::Data => {
                let key = (node.part, table.name(node));
                let implementations = table.by_type.get(&key);
                for implementation in implementations.into_iter().flatten() {
                    self.open(*implementation, Some((at, node.item.line)));
                }
            }
            NamedKind::Impl => self.open(at, way.by),
            _ => {}
        }
    }
}

/// A name without what macros change when they put names together.
fn folded(name: &str) -> String {
    let parts = name.chars().filter(|c| *c != '_');
    parts.flat_map(char::to_lowercase).collect()
}

/// Whether a name is as a pattern says, in which `*` is anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_they_may_become() {
        assert!(fits("get*", "getmut"));
        assert!(fits("*mut", "getmut"));
        assert!(fits("a*b*c", "a1b2c"));
        assert!(fits("plain", "plain"));
        assert!(!fits("plain", "plainer"));
        assert!(!fits("a*b", "ab1"));
        assert_eq!(folded("Get_Mut"), "getmut");
    }
}
