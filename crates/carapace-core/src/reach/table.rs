//! All items of the cone.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::built::Parts;
use super::scope::{Scope, scope};
use crate::census::link::{module_of, qualified};
use crate::facts::mentions::{FileMentions, NONE, NamedItem, NamedKind, PackageMentions};

/// How many modules around an item are told.
pub(super) const MAX_NESTING: usize = 128;

/// A place in [`Table::nodes`].
pub(super) type NodeIdx = u32;

/// A package of the cone.
pub(super) struct Part<'a> {
    pub(super) mentions: &'a PackageMentions,
    pub(super) parts: Parts,
    /// The names by which code may call its library.
    pub(super) names: Vec<String>,
    /// Its name and version, as shown.
    pub(super) shown: String,
    /// Whether all of its code counts as used.
    pub(super) is_member: bool,
    /// Whether it has a library, which others may use.
    pub(super) is_library: bool,
    pub(super) is_proc_macro: bool,
    /// The names by which its code calls packages that it depends on, and those of the standard
    /// library.
    pub(super) knows: HashSet<String>,
    /// On which packages of the cone its code may depend, itself included.
    pub(super) sees: HashSet<usize>,
}

impl Part<'_> {
    /// Whether code may call its library by a name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// An item of a package.
pub(super) struct Node<'a> {
    /// The package's place in [`Table::parts`].
    pub(super) part: usize,
    /// The file's place in the package.
    pub(super) file: usize,
    pub(super) item: &'a NamedItem,
    /// The item around it.
    pub(super) parent: NodeIdx,
    /// What the item around it is.
    pub(super) around: NamedKind,
    /// The type or trait that it belongs to; of an implementation, its type.
    pub(super) owner: &'a str,
    /// The trait that the implementation around it, or that it is, implements.
    pub(super) of_trait: Option<&'a str>,
    /// Whether code outside of the cone may call it: it is of an implementation of a trait that
    /// nothing in the cone declares.
    pub(super) is_foreign: bool,
    /// Whether its conditions leave it.
    pub(super) is_built: bool,
}

impl Node<'_> {
    /// Whether it is called through a type or a trait.
    pub(super) fn is_associated(&self) -> bool {
        matches!(self.around, NamedKind::Impl | NamedKind::Trait)
    }

    /// Whether it is declared by a trait or implements one.
    pub(super) fn is_of_trait(&self) -> bool {
        self.around == NamedKind::Trait || (self.is_associated() && self.of_trait.is_some())
    }
}

/// All items of the cone.
pub(super) struct Table<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) nodes: Vec<Node<'a>>,
    /// The first node of each file, by package and file.
    pub(super) first: Vec<Vec<NodeIdx>>,
    /// What implementations hold.
    children: HashMap<NodeIdx, Vec<NodeIdx>, RandomState>,
    /// Items by name.
    by_name: HashMap<&'a str, Vec<NodeIdx>, RandomState>,
    /// Implementations by package and type.
    pub(super) by_type: HashMap<(usize, &'a str), Vec<NodeIdx>, RandomState>,
    pub(super) scopes: Vec<Vec<Scope<'a>>>,
    /// Names of types and traits.
    pub(super) types: HashSet<&'a str, RandomState>,
    /// Names that stand for others.
    pub(super) aliases: HashSet<&'a str, RandomState>,
    /// Names of modules and libraries.
    pub(super) modules: HashSet<&'a str, RandomState>,
}

impl<'a> Table<'a> {
    pub(super) fn new(parts: Vec<Part<'a>>) -> Self {
        let mut table = Self {
            parts: Vec::new(),
            nodes: Vec::new(),
            first: Vec::new(),
            children: HashMap::default(),
            by_name: HashMap::default(),
            by_type: HashMap::default(),
            scopes: Vec::new(),
            types: HashSet::default(),
            aliases: HashSet::default(),
            modules: HashSet::default(),
        };
        for (at, part) in parts.iter().enumerate() {
            let mentions = part.mentions;
            let mut first = Vec::with_capacity(mentions.files.len());
            for (file, found) in mentions.files.iter().enumerate() {
                first.push(index(table.nodes.len()));
                let conditions = part.parts.files.get(file).and_then(Option::as_deref);
                table.file(at, file, mentions, found, conditions);
            }
            table.first.push(first);
        }
        table.parts = parts;
        table.scopes = table.scopes();
        for at in 0..table.nodes.len() {
            let is_foreign = table.is_foreign(at);
            if let Some(node) = table.nodes.get_mut(at) {
                node.is_foreign = is_foreign;
            }
        }
        table
    }

    fn file(
        &mut self,
        part: usize,
        file: usize,
        mentions: &'a PackageMentions,
        found: &'a FileMentions,
        conditions: Option<&[bool]>,
    ) {
        let begin = self.nodes.len();
        self.modules
            .extend(found.modules.iter().map(|module| module.name.as_str()));
        for item in &found.items {
            let name = mentions.word(item.name);
            let parent = begin + item.parent as usize;
            let (around, owner, of_trait) = match self.nodes.get(parent) {
                Some(parent) => {
                    let owner = mentions.word(parent.item.name);
                    (parent.item.kind, owner, parent.of_trait)
                }
                None => (NamedKind::File, "", None),
            };
            let is_impl = item.kind == NamedKind::Impl;
            let own_trait = item.of_trait.map(|(_, last)| mentions.word(last));
            let holds = |conditions: &[bool]| {
                conditions
                    .get(item.condition as usize)
                    .copied()
                    .unwrap_or(true)
            };
            let at = index(self.nodes.len());
            let node = Node {
                part,
                file,
                item,
                parent: index(parent),
                around,
                owner: if is_impl { name } else { owner },
                of_trait: if is_impl { own_trait } else { of_trait },
                is_foreign: false,
                is_built: conditions.is_some_and(holds),
            };
            match item.kind {
                NamedKind::Data | NamedKind::Trait => {
                    self.types.insert(name);
                }
                NamedKind::Type if !node.is_associated() => {
                    self.aliases.insert(name);
                }
                NamedKind::Alias => {
                    self.aliases.insert(name);
                }
                NamedKind::Module => {
                    self.modules.insert(name);
                }
                _ => {}
            }
            if around == NamedKind::Impl {
                self.children.entry(index(parent)).or_default().push(at);
            }
            match item.kind {
                NamedKind::Impl => self.by_type.entry((part, name)).or_default().push(at),
                NamedKind::File | NamedKind::Module | NamedKind::Foreign => {}
                _ if item.name != NONE => self.by_name.entry(name).or_default().push(at),
                _ => {}
            }
            self.nodes.push(node);
        }
    }

    fn scopes(&self) -> Vec<Vec<Scope<'a>>> {
        // Macros that bring names in do so where they are called.
        let definitions = self.nodes.iter().filter(|node| node.item.brings_names);
        let makers: HashSet<&str> = definitions
            .filter_map(|node| Some(self.parts.get(node.part)?.mentions.word(node.item.name)))
            .collect();
        let parts = self.parts.iter();
        parts
            .map(|part| {
                let files = part.mentions.files.iter().enumerate();
                let files = files.map(|(at, file)| {
                    let is_included = part.parts.included.get(at).copied().unwrap_or(false);
                    scope(part.mentions, file, is_included, &makers)
                });
                files.collect()
            })
            .collect()
    }

    pub(super) fn node(&self, at: NodeIdx) -> Option<&Node<'a>> {
        self.nodes.get(at as usize)
    }

    pub(super) fn name(&self, node: &Node<'a>) -> &'a str {
        let part = self.parts.get(node.part);
        part.map_or("", |part| part.mentions.word(node.item.name))
    }

    /// The items with a name.
    pub(super) fn named(&self, name: &str) -> &[NodeIdx] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// All names of items.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// The items that an implementation holds.
    pub(super) fn children(&self, of: NodeIdx) -> &[NodeIdx] {
        self.children.get(&of).map_or(&[], Vec::as_slice)
    }

    /// The items that all implementations of a type hold.
    pub(super) fn of_type(&self, at: NodeIdx) -> impl Iterator<Item = NodeIdx> {
        let node = self.node(at);
        let data = node.filter(|node| node.item.kind == NamedKind::Data);
        let found = data.and_then(|node| self.by_type.get(&(node.part, self.name(node))));
        let all = found.into_iter().flatten();
        all.flat_map(|implementation| self.children(*implementation).iter().copied())
    }

    /// All items of the package that code calls by a name.
    pub(super) fn of_library(&self, name: &str) -> impl Iterator<Item = NodeIdx> {
        let part = self.parts.iter().position(|part| part.is_called(name));
        let nodes = (0..).zip(&self.nodes);
        let nodes = nodes.filter(move |(_, node)| Some(node.part) == part);
        nodes.map(|(at, _)| at)
    }

    /// Whether a name is that of a module, or of a package's library.
    pub(super) fn is_module(&self, name: &str) -> bool {
        self.modules.contains(name) || self.parts.iter().any(|part| part.is_called(name))
    }

    /// The path of an item in its package, as far as its place tells.
    pub(super) fn path(&self, at: NodeIdx) -> String {
        let found = self.node(at);
        match found {
            Some(node) if node.item.kind != NamedKind::File => {
                qualified(&self.module(node), self.name(node))
            }
            Some(node) => module_of(self.file_of(node)),
            None => String::new(),
        }
    }

    /// The path of an item's file.
    pub(super) fn file_of(&self, node: &Node<'a>) -> &'a str {
        let part = self.parts.get(node.part);
        let file = part.and_then(|part| part.mentions.files.get(node.file));
        file.map_or("", |file| file.path.as_str())
    }

    /// Whether an item belongs to a type or trait of a name.
    pub(super) fn is_of(&self, node: &Node<'a>, owner: &str) -> bool {
        node.owner == owner || node.of_trait == Some(owner)
    }

    /// Whether an implementation is of a type that its package declares, so that it is of no use
    /// where the type is not named.
    pub(super) fn gate(&self, node: &Node<'a>) -> Option<(usize, &'a str)> {
        let declared = self
            .named(node.owner)
            .iter()
            .filter_map(|at| self.node(*at));
        let mut own = declared.filter(|found| found.part == node.part);
        let is_declared = own.any(|found| found.item.kind == NamedKind::Data && found.is_built);
        (is_declared && !self.aliases.contains(node.owner)).then_some((node.part, node.owner))
    }

    /// The path of the module that an item is in, as far as its place tells.
    pub(super) fn module(&self, node: &Node<'a>) -> String {
        let mut names = Vec::new();
        let mut at = node.parent;
        let is_inner = |node: &&Node<'_>| node.item.kind != NamedKind::File;
        while let Some(around) = self.node(at).filter(is_inner)
            && names.len() < MAX_NESTING
        {
            names.push(self.name(around));
            at = around.parent;
        }
        names.reverse();
        qualified(&module_of(self.file_of(node)), &names.join("::"))
    }
}

/// *Invariant.* All packages together have less than 2^32 items, as their files have less bytes.
pub(super) fn index(at: usize) -> NodeIdx {
    NodeIdx::try_from(at).unwrap_or(NodeIdx::MAX)
}
