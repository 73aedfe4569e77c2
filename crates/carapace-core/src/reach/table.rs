//! All items of the cone, and what a name that is mentioned somewhere may mean.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::built::Parts;
use super::standard;
use crate::census::link::{module_of, qualified};
use crate::facts::mentions::{
    FileMentions, Mention, MentionKind, NONE, NamedItem, NamedKind, PackageMentions, Word,
};

/// How many modules around an item are told.
const MAX_NESTING: usize = 128;

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
    around: NamedKind,
    /// The type or trait that it belongs to; of an implementation, its type.
    pub(super) owner: &'a str,
    /// The trait that the implementation around it, or that it is, implements.
    of_trait: Option<&'a str>,
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
    fn is_of_trait(&self) -> bool {
        self.around == NamedKind::Trait || (self.is_associated() && self.of_trait.is_some())
    }
}

/// What is known of the names of a file.
struct Scope<'a> {
    /// The names that it declares or brings in.
    names: HashSet<&'a str, RandomState>,
    /// What it brings in by name.
    imports: HashMap<&'a str, Vec<Import<'a>>, RandomState>,
    /// The items that bring names in by name.
    importers: HashSet<u32, RandomState>,
    /// From where it brings in all names.
    globs: HashSet<&'a str, RandomState>,
    /// Whether names may come in that are not listed.
    is_open: bool,
}

/// From where a name is brought in.
#[derive(Debug, Clone, Copy)]
struct Import<'a> {
    /// The item that the import stands in.
    parent: u32,
    /// The first segment of its path.
    first: &'a str,
    /// The one before the last.
    qualifier: &'a str,
}

/// All items of the cone.
pub(super) struct Table<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) nodes: Vec<Node<'a>>,
    /// The first node of each file, by package and file.
    first: Vec<Vec<NodeIdx>>,
    /// What implementations hold.
    children: HashMap<NodeIdx, Vec<NodeIdx>, RandomState>,
    /// Items by name.
    by_name: HashMap<&'a str, Vec<NodeIdx>, RandomState>,
    /// Implementations by package and type.
    pub(super) by_type: HashMap<(usize, &'a str), Vec<NodeIdx>, RandomState>,
    scopes: Vec<Vec<Scope<'a>>>,
    /// Names of types and traits.
    types: HashSet<&'a str, RandomState>,
    /// Names that stand for others.
    aliases: HashSet<&'a str, RandomState>,
    /// Names of modules and libraries.
    modules: HashSet<&'a str, RandomState>,
}

/// From where a name is mentioned.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    pub(super) part: usize,
    pub(super) file: usize,
    /// The item, and the module that it is in, by their places in the file.
    pub(super) item: u32,
    pub(super) module: u32,
    /// Whether a macro's definition mentions it, which is used elsewhere.
    pub(super) in_macro: bool,
}

/// An item that a name may mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant {
    pub(super) node: NodeIdx,
    /// Whether the name can mean nothing else.
    pub(super) is_certain: bool,
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
            match item.kind {
                _ if around == NamedKind::Impl => {
                    self.children.entry(index(parent)).or_default().push(at);
                }
                _ => {}
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
        let is_called = |part: &Part<'_>| part.names.iter().any(|known| known == name);
        let part = self.parts.iter().position(is_called);
        let nodes = (0..).zip(&self.nodes);
        let nodes = nodes.filter(move |(_, node)| Some(node.part) == part);
        nodes.map(|(at, _)| at)
    }

    /// Whether a name is that of a module, or of a package's library.
    pub(super) fn is_module(&self, name: &str) -> bool {
        let is_library = |part: &Part<'_>| part.names.iter().any(|known| known == name);
        self.modules.contains(name) || self.parts.iter().any(is_library)
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

    fn is_foreign(&self, at: usize) -> bool {
        let Some(node) = self.nodes.get(at) else {
            return false;
        };
        let implementation = match (node.item.kind, node.around) {
            (NamedKind::Impl, _) => Some(node),
            (_, NamedKind::Impl) => self.node(node.parent),
            _ => None,
        };
        let Some((first, last)) = implementation.and_then(|found| found.item.of_trait) else {
            return false;
        };
        let (Some(part), Some(from)) = (self.parts.get(node.part), self.from(index(at))) else {
            return true;
        };
        let (first, last) = (part.mentions.word(first), part.mentions.word(last));
        if standard::is_trait(last) {
            return true;
        }
        let declares = |package: &dyn Fn(usize) -> bool| {
            let mut declared = self.named(last).iter().filter_map(|at| self.node(*at));
            declared.any(|found| found.item.kind == NamedKind::Trait && package(found.part))
        };
        let is_own = |package: usize| package == node.part;
        let is_called = |package: usize, name: &str| {
            let part = self.parts.get(package);
            part.is_some_and(|part| part.names.iter().any(|known| known == name))
        };
        let root = match self.import(from, first) {
            Some(import) => import.first,
            None => first,
        };
        let is_declared = match root {
            "crate" => declares(&is_own),
            // By a name that is not that of a package: a trait or a module of the package's own, or
            // what a glob brings in.
            name if part.knows.contains(name) => declares(&|package| is_called(package, name)),
            _ => declares(&is_own),
        };
        !is_declared
    }

    /// What a name may mean.
    pub(super) fn meant(&self, from: From, mention: &Mention) -> Vec<Meant> {
        let Some(part) = self.parts.get(from.part) else {
            return Vec::new();
        };
        let name = part.mentions.word(mention.name);
        let qualifier = part.mentions.word(mention.qualifier);
        let mut nodes = Vec::new();
        let candidates = self.named(name);
        for at in candidates {
            let Some(node) = self.node(*at).filter(|node| node.is_built) else {
                continue;
            };
            let is_seen = from.in_macro || node.is_of_trait() || part.sees.contains(&node.part);
            if is_seen && self.may_mean(from, mention.kind, qualifier, name, node) {
                nodes.push(*at);
            }
        }
        let certain = self.certain(from, mention.kind, qualifier, name, &nodes);
        let meant = nodes.iter().map(|node| Meant {
            node: *node,
            is_certain: certain.contains(node),
        });
        meant.collect()
    }

    fn may_mean(
        &self,
        from: From,
        kind: MentionKind,
        qualifier: &str,
        name: &str,
        node: &Node<'_>,
    ) -> bool {
        let is = node.item.kind;
        let is_associated = node.is_associated();
        let is_type = matches!(is, NamedKind::Data | NamedKind::Trait | NamedKind::Alias)
            || (is == NamedKind::Type && !is_associated);
        match kind {
            MentionKind::Loose | MentionKind::Pattern => true,
            MentionKind::Method => is == NamedKind::Function && is_associated,
            MentionKind::Macro => {
                let is_proc_macro = self.parts.get(node.part).is_some_and(|p| p.is_proc_macro);
                matches!(is, NamedKind::Macro | NamedKind::Alias)
                    || (is == NamedKind::Function && is_proc_macro)
            }
            MentionKind::Prefix => is_type,
            MentionKind::Bare => is_type || (!is_associated && self.is_in_scope(from, name, node)),
            MentionKind::Path | MentionKind::Deep if is_type || is == NamedKind::Macro => true,
            MentionKind::Path | MentionKind::Deep if is_associated => {
                let is_alias = |name: &str| self.aliases.contains(name);
                // Of a type that is called otherwise elsewhere, or of all types.
                let is_blanket = || !self.types.contains(node.owner);
                match qualifier {
                    "" => true,
                    "crate" => false,
                    _ if is_alias(qualifier) || is_alias(node.owner) => true,
                    _ if node.owner == qualifier => true,
                    _ if !self.types.contains(qualifier) => node.is_of_trait(),
                    _ => {
                        node.around == NamedKind::Trait
                            || node.of_trait == Some(qualifier)
                            || is_blanket()
                    }
                }
            }
            MentionKind::Path | MentionKind::Deep => {
                let is_only_type =
                    self.types.contains(qualifier) && !self.modules.contains(qualifier);
                let is_standard = || {
                    let import = self.import(from, qualifier);
                    kind == MentionKind::Path
                        && import.is_some_and(|import| standard::is_library(import.first))
                };
                self.aliases.contains(qualifier)
                    || !(qualifier.is_empty() || is_only_type || is_standard())
            }
        }
    }

    /// From where a name comes in an item, if it, or the module that it is in, brings it in.
    fn import(&self, from: From, name: &str) -> Option<Import<'a>> {
        let scope = self.scopes.get(from.part)?.get(from.file)?;
        let all = scope.imports.get(name)?;
        let of = |parent: u32| all.iter().find(|import| import.parent == parent).copied();
        of(from.item).or_else(|| of(from.module))
    }

    /// How many items a name is held against to know what it may mean.
    pub(super) fn candidates(&self, from: From, mention: &Mention) -> usize {
        let part = self.parts.get(from.part);
        let name = part.map_or("", |part| part.mentions.word(mention.name));
        self.named(name).len().saturating_add(1)
    }

    /// Whether an item brings names in for itself, and not only the module that it is in.
    pub(super) fn looks_up_by_itself(&self, from: &From) -> bool {
        let scope = self
            .scopes
            .get(from.part)
            .and_then(|scopes| scopes.get(from.file));
        from.item != from.module && scope.is_some_and(|scope| scope.importers.contains(&from.item))
    }

    /// Where an item's names are looked up.
    pub(super) fn from(&self, at: NodeIdx) -> Option<From> {
        let node = self.node(at)?;
        let first = self.first.get(node.part)?.get(node.file)?;
        let is_module =
            |node: &Node<'_>| matches!(node.item.kind, NamedKind::File | NamedKind::Module);
        let mut module = at;
        for _ in 0..MAX_NESTING {
            match self.node(module) {
                Some(around) if !is_module(around) => module = around.parent,
                _ => break,
            }
        }
        Some(From {
            part: node.part,
            file: node.file,
            item: at - first,
            module: module.saturating_sub(*first),
            in_macro: node.item.kind == NamedKind::Macro,
        })
    }

    /// Whether a name by itself can mean an item.
    fn is_in_scope(&self, from: From, name: &str, node: &Node<'_>) -> bool {
        if (from.part, from.file) == (node.part, node.file) || from.in_macro {
            return true;
        }
        let scope = self
            .scopes
            .get(from.part)
            .and_then(|scopes| scopes.get(from.file));
        scope.is_none_or(|scope| scope.is_open || scope.names.contains(name))
    }

    /// Which of the items that a name may mean it means, if anything tells.
    fn certain(
        &self,
        from: From,
        kind: MentionKind,
        qualifier: &str,
        name: &str,
        nodes: &[NodeIdx],
    ) -> Vec<NodeIdx> {
        let found: Vec<(NodeIdx, &Node<'a>)> = nodes
            .iter()
            .filter_map(|at| Some((*at, self.node(*at)?)))
            .collect();
        // Those that the name tells: of a type, what is its own comes before what may be.
        let is_told = |node: &Node<'_>| !node.is_associated() || node.owner == qualifier;
        let is_one_package = || {
            let told = found.iter().filter(|(_, node)| is_told(node));
            let mut parts = told.map(|(_, node)| node.part);
            let first = parts.next();
            parts.all(|part| Some(part) == first)
        };
        let is_it = |node: &Node<'a>| match kind {
            MentionKind::Pattern => false,
            MentionKind::Method | MentionKind::Loose => {
                nodes.len() == 1 && !standard::is_method(name)
            }
            MentionKind::Prefix => true,
            MentionKind::Macro => nodes.len() == 1,
            MentionKind::Path | MentionKind::Deep if node.is_associated() => {
                node.owner == qualifier && !self.aliases.contains(qualifier) && is_one_package()
            }
            MentionKind::Path | MentionKind::Deep => {
                nodes.len() == 1 || (is_one_package() && self.is_there(node, qualifier))
            }
            MentionKind::Bare => {
                let is_here = (from.part, from.file) == (node.part, node.file);
                match self.import(from, name) {
                    Some(import) => {
                        let is_there = || self.is_there(node, import.qualifier);
                        nodes.len() == 1 || (is_one_package() && is_there())
                    }
                    None => nodes.len() == 1 && (is_here || self.has_glob(from, node.part)),
                }
            }
        };
        let certain = found.iter().filter(|(_, node)| is_it(node));
        certain.map(|(at, _)| *at).collect()
    }

    /// Whether an item is in the module, or at the root of the library, that code calls so.
    pub(super) fn is_there(&self, node: &Node<'a>, qualifier: &str) -> bool {
        let module = self.module(node);
        let part = self.parts.get(node.part);
        let is_library = |part: &Part<'_>| part.names.iter().any(|name| name == qualifier);
        module.rsplit("::").next() == Some(qualifier)
            || (module.is_empty() && part.is_some_and(is_library))
    }

    /// Whether a file brings in all names of a package's root.
    fn has_glob(&self, from: From, part: usize) -> bool {
        let scope = self
            .scopes
            .get(from.part)
            .and_then(|scopes| scopes.get(from.file));
        let names = self.parts.get(part).map(|part| part.names.as_slice());
        let mut names = names.unwrap_or_default().iter();
        scope.is_some_and(|scope| names.any(|name| scope.globs.contains(name.as_str())))
    }

    /// The path of the module that an item is in, as far as its place tells.
    fn module(&self, node: &Node<'a>) -> String {
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

fn scope<'a>(
    mentions: &'a PackageMentions,
    file: &'a FileMentions,
    is_included: bool,
    makers: &HashSet<&str>,
) -> Scope<'a> {
    let word = |at: Word| mentions.word(at);
    let mut scope = Scope {
        names: file.items.iter().map(|item| word(item.name)).collect(),
        imports: HashMap::default(),
        importers: HashSet::default(),
        globs: HashSet::default(),
        is_open: is_included,
    };
    for import in &file.imports {
        let first = word(import.first);
        if import.name == NONE {
            scope.is_open |= !standard::is_library(first);
            scope.globs.insert(first);
        } else {
            scope.names.insert(word(import.name));
            scope.importers.insert(import.parent);
            let found = Import {
                parent: import.parent,
                first,
                qualifier: word(import.qualifier),
            };
            scope
                .imports
                .entry(word(import.name))
                .or_default()
                .push(found);
        }
    }
    let mut all = file.items.iter().flat_map(|item| &item.mentions);
    scope.is_open |= all
        .any(|mention| mention.kind == MentionKind::Macro && makers.contains(word(mention.name)));
    scope
}

/// *Invariant.* All packages together have less than 2^32 items, as their files have less bytes.
fn index(at: usize) -> NodeIdx {
    NodeIdx::try_from(at).unwrap_or(NodeIdx::MAX)
}
