//! Who can call a function: safe code of other packages, or the package's own code alone.

use super::{Doubt, Reason};
use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::finding::Confidence;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, Function, Item, ItemId, ItemKind, Path, Tokens};

/// How many items around each other are looked at.
const MAX_STEPS: usize = 64;

/// Who can call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// The package itself.
    Package,
    /// Safe code of other packages.
    Everybody,
}

/// A safe function with a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Safe<'p> {
    /// Where it is.
    at: At<'p>,
    /// Its item in the file.
    pub(crate) id: ItemId,
    /// The same.
    pub(crate) item: &'p Item,
    /// What is declared.
    pub(crate) function: &'p Function,
    /// Its body.
    pub(crate) body: ExprId,
}

impl Safe<'_> {
    /// Something unsound of the function, which the message goes on to tell of.
    pub(crate) fn doubt(
        &self,
        keyword: u32,
        tokens: Tokens,
        confidence: Confidence,
        message: &str,
        sound: &str,
        chain: Vec<Reason>,
    ) -> Doubt {
        let name = self.item.name.map(|name| self.at.name(name));
        Doubt {
            keyword,
            tokens,
            confidence,
            message: format!("`{}` {message}", name.unwrap_or_default()),
            chain,
            sound: sound.to_owned(),
        }
    }
}

impl<'p> At<'p> {
    /// The file's safe functions that have an unsafe block and do not belong to its tests.
    pub(crate) fn safe_functions(&self) -> Vec<Safe<'p>> {
        let mut found = Vec::new();
        if self.is_left_out() {
            return found;
        }
        let items = self.file.syntax.items.iter().enumerate();
        for (at, item) in items {
            let ItemKind::Function(function) = &item.kind else {
                continue;
            };
            let (None, Some(body)) = (function.unsafety, function.body) else {
                continue;
            };
            let has_unsafe = self.has_kind(self.syntax().expr(body).tokens, T::Unsafe);
            let id = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            if has_unsafe && !self.is_test(id) {
                found.push(Safe {
                    at: *self,
                    id,
                    item,
                    function,
                    body,
                });
            }
        }
        found
    }

    /// Whether an item is only there for tests.
    pub(crate) fn is_test(&self, id: ItemId) -> bool {
        self.is_test_file() || self.outwards(id).any(|(_, item)| self.is_marked_test(item))
    }

    /// An item and those around it, from the innermost on.
    fn outwards(&self, id: ItemId) -> impl Iterator<Item = (ItemId, &'p Item)> + use<'p> {
        let syntax = self.syntax();
        let next = move |id: ItemId| Some((id, syntax.item(id)?));
        std::iter::successors(next(id), move |(_, item)| next(item.parent?)).take(MAX_STEPS)
    }

    fn is_marked_test(&self, item: &Item) -> bool {
        let attributes = self.attributes(item);
        let is_marked =
            self.mentions_any(attributes, &["test", "bench"]) && !self.mentions(attributes, "not");
        let is_named = matches!(item.kind, ItemKind::Mod)
            && item
                .name
                .is_some_and(|name| self.is_name(name, "tests") || self.is_name(name, "test"));
        is_marked || is_named
    }

    /// Whether the only module of the file's name says that it lies in another file.
    fn is_left_out(&self) -> bool {
        let modules = self.modules_of_file();
        let Some(name) = modules.last() else {
            return false;
        };
        let named = self.declared.all(name);
        let mut named = named
            .filter(|(_, item)| matches!(item.kind, ItemKind::Mod))
            .peekable();
        named.peek().is_some()
            && named.all(|(place, item)| {
                let there = self.declared.at(place);
                there.is_some_and(|there| there.is_of_path(item, name) == Some(false))
            })
    }

    fn is_test_file(&self) -> bool {
        let mut parts = self.file.path.split('/');
        parts.any(|part| {
            let stem = part.strip_suffix(".rs").unwrap_or(part);
            matches!(
                stem,
                "tests" | "test" | "benches" | "bench" | "examples" | "build"
            ) || stem.ends_with("_test")
                || stem.ends_with("_tests")
        })
    }

    /// Who can call a function.
    pub(crate) fn reach_of(&self, id: ItemId) -> Reach {
        let Some(item) = self.syntax().item(id) else {
            return Reach::Package;
        };
        let is_inner = item
            .parent
            .and_then(|parent| self.syntax().item(parent))
            .is_some_and(|parent| matches!(parent.kind, ItemKind::Function(_)));
        if is_inner {
            return Reach::Package;
        }
        let around = self.implementation(id);
        let found = around.and_then(|around| self.syntax().item(around));
        let is_let_out = || match (around, found.map(|found| (found, &found.kind))) {
            (Some(_), Some((found, ItemKind::Impl { of_trait: None, .. }))) => {
                self.is_type_exported(found)
            }
            (
                Some(_),
                Some((
                    found,
                    ItemKind::Impl {
                        of_trait: Some(of_trait),
                        unsafety: None,
                        ..
                    },
                )),
            ) => self.is_trait_exported(of_trait) && self.is_type_exported(found),
            // Those that call it know what it promises.
            (_, Some((_, ItemKind::Impl { .. }))) => false,
            (Some(around), _) => self.is_exported(around),
            (None, _) => self.is_exported(id),
        };
        let is_reached = self.is_declared_open(id) && is_let_out();
        match is_reached {
            true => Reach::Everybody,
            false => Reach::Package,
        }
    }

    /// Whether a function's declaration lets others reach it: it is `pub`, or of a trait, and its type or
    /// trait is `pub`, too. What modules say is not looked at.
    pub(crate) fn is_declared_open(&self, id: ItemId) -> bool {
        let item = |id: ItemId| self.syntax().item(id);
        let Some(found) = item(id) else {
            return false;
        };
        let Some(around) = self.implementation(id).and_then(item) else {
            return found.public;
        };
        match &around.kind {
            ItemKind::Impl { of_trait, .. } => {
                let name = around.name.map(|name| self.name(name));
                let meant = name.and_then(|name| self.declared.type_meant(self.file.index, name));
                // Another package's is open, too.
                let is_open = meant.is_none_or(|(_, _, own)| own.public);
                (found.public || of_trait.is_some()) && is_open
            }
            _ => around.public,
        }
    }

    /// Whether the type of an implementation can be named by others.
    pub(crate) fn is_type_exported(&self, implementation: &Item) -> bool {
        let Some(name) = implementation.name.map(|name| self.name(name)) else {
            return true;
        };
        self.is_name_exported(name)
    }

    /// Whether a type that the file calls by a name can be named by others.
    pub(crate) fn is_name_exported(&self, name: &str) -> bool {
        let meant = self.declared.type_meant(self.file.index, name);
        // Another package's, or one of several.
        meant.is_none_or(|(_, place, item)| item.public && self.is_place_exported(place))
    }

    /// Whether a trait can be named by others.
    fn is_trait_exported(&self, of_trait: &Path) -> bool {
        let Some(name) = of_trait.segments.last().map(|last| self.name(last.name)) else {
            return true;
        };
        match self.trait_named(name) {
            Some((place, item)) => item.public && self.is_place_exported(place),
            None => true,
        }
    }

    /// A trait of the package.
    pub(crate) fn trait_named(&self, name: &str) -> Option<(Place, &'p Item)> {
        let is_trait = |kind: &ItemKind| matches!(kind, ItemKind::Trait { .. });
        self.declared.only(name, is_trait)
    }

    /// Whether others can implement a trait of the package and need not promise anything for that.
    pub(crate) fn is_open_trait(&self, name: &str) -> bool {
        let Some((place, item)) = self.trait_named(name) else {
            return false;
        };
        let ItemKind::Trait { unsafety: None } = item.kind else {
            return false;
        };
        let Some(there) = self.declared.at(place) else {
            return false;
        };
        let asked = there.supertraits(item);
        let is_sealed = asked.iter().any(|bound| {
            bound.contains("Sealed")
                || bound.contains("Private")
                || there.trait_named(bound).is_some_and(|(place, item)| {
                    let is_unsafe = matches!(item.kind, ItemKind::Trait { unsafety: Some(_) });
                    is_unsafe || !item.public || !there.is_place_exported(place)
                })
        });
        item.public && !is_sealed && there.is_exported(place.item)
    }

    /// Whether only the package says which types meet some bounds.
    pub(crate) fn is_closed(&self, bounds: &[String]) -> bool {
        bounds
            .iter()
            .any(|bound| self.trait_named(bound).is_some() && !self.is_open_trait(bound))
    }

    /// Whether an item of any of the package's files can be named by others.
    fn is_place_exported(&self, place: Place) -> bool {
        let there = self.declared.at(place);
        there.is_some_and(|there| there.is_exported(place.item))
    }

    /// Whether all modules around an item are public, or a public `use` names it or all of one of them.
    fn is_exported(&self, id: ItemId) -> bool {
        let is_module = |item: &Item| matches!(item.kind, ItemKind::Mod);
        let is_hidden = self.is_hidden(id);
        let mut modules: Vec<String> = self
            .outwards(id)
            .skip(1)
            .filter(|(_, item)| is_module(item))
            .filter_map(|(_, item)| Some(self.name(item.name?).to_owned()))
            .collect();
        let own = self.modules_of_file();
        let is_file_open = self.is_open_file();
        if !is_hidden && is_file_open {
            return true;
        }
        modules.extend(own.into_iter().map(str::to_owned));
        let name = self.syntax().item(id).and_then(|item| item.name);
        let name = name.map(|name| self.name(name)).unwrap_or_default();
        let files = self.declared.files.iter();
        let mut uses = files.flat_map(|file| {
            let items = file.syntax.items_by_id();
            items
                .filter(|(_, item)| matches!(item.kind, ItemKind::Use) && item.public)
                .map(move |(id, item)| (file, id, item.tokens))
        });
        uses.any(|(file, id, tokens)| {
            let there = At {
                file,
                declared: self.declared,
            };
            let names_it = there.mentions(tokens, name);
            let is_all = || {
                (tokens.start..tokens.end).any(|at| file.source.kind(at as usize) == T::Star)
                    && modules.iter().any(|module| there.mentions(tokens, module))
            };
            (names_it || is_all()) && there.is_open_file() && !there.is_hidden(id)
        })
    }

    /// Whether a module around an item, in its file, is not public.
    fn is_hidden(&self, id: ItemId) -> bool {
        let mut outer = self.outwards(id).skip(1);
        outer.any(|(_, item)| matches!(item.kind, ItemKind::Mod) && !item.public)
    }

    /// The modules that the file's path says.
    fn modules_of_file(&self) -> Vec<&'p str> {
        let path: &'p str = self.file.path;
        let path = path.strip_suffix(".rs").unwrap_or(path);
        let path = path.rsplit_once("src/").map_or(path, |(_, path)| path);
        let parts = path.split('/');
        parts
            .filter(|part| !matches!(*part, "lib" | "main" | "mod"))
            .collect()
    }

    /// Whether all modules of the file are public.
    fn is_open_file(&self) -> bool {
        let own = self.modules_of_file();
        own.iter().all(|name| self.is_public_module(name))
    }

    /// Whether a module that has its own file is public; one that nothing declares is not compiled, unless
    /// it may be a crate's root.
    fn is_public_module(&self, name: &str) -> bool {
        let is_module = |item: &&Item| matches!(item.kind, ItemKind::Mod);
        let named = self.declared.all(name);
        let mut named = named.filter(|(_, item)| is_module(item)).peekable();
        if named.peek().is_some() {
            return named.any(|(place, item)| {
                let there = self.declared.at(place);
                item.public && there.is_none_or(|there| there.is_of_path(item, name) != Some(false))
            });
        }
        // `#[path = "unix.rs"] mod os;`
        let files = self.declared.files.iter();
        let mut declared = files.flat_map(|file| {
            let there = At {
                file,
                declared: self.declared,
            };
            let items = file.syntax.items.iter().filter(is_module);
            items.filter(move |item| there.is_of_path(item, name) == Some(true))
        });
        let may_be_root = || {
            let most = 1 + usize::from(!self.file.path.starts_with("src/"));
            self.modules_of_file().len() <= most
        };
        declared.next().map_or_else(may_be_root, |item| item.public)
    }

    /// Whether a module's attribute says that it is in a file of a name; nothing where it has none.
    fn is_of_path(&self, item: &Item, name: &str) -> Option<bool> {
        let attributes = self.attributes(item);
        if attributes.start == attributes.end || !self.mentions(attributes, "path") {
            return None;
        }
        let mut strings = (attributes.start..attributes.end)
            .filter_map(|at| self.file.source.string(at as usize));
        Some(strings.any(|path| {
            let file = path.strip_suffix("/mod.rs").unwrap_or(&path);
            let file = file.rsplit('/').next().unwrap_or(file);
            file.strip_suffix(".rs").unwrap_or(file) == name
        }))
    }
}
