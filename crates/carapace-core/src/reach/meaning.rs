//! What a name that is mentioned somewhere may mean.

use super::scope::Import;
use super::standard;
use super::table::{MAX_NESTING, Node, NodeIdx, Table, index};
use crate::facts::mentions::{Mention, MentionKind, NamedKind};

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
    /// Whether code that is not read may call an item: see [`Node::is_foreign`].
    pub(super) fn is_foreign(&self, at: usize) -> bool {
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
            part.is_some_and(|part| part.is_called(name))
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
        module.rsplit("::").next() == Some(qualifier)
            || (module.is_empty() && part.is_some_and(|part| part.is_called(qualifier)))
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
}
