//! From paths as they are written to the items that they mean, across packages.
//!
//! A path is resolved in a module: through its declarations, what `use` brings in, what packages
//! export anew, and globs, which names of the module's own shadow. A path of the standard library
//! becomes the one that the item has where it is defined, as far as modules tell: `std::ptr::read`
//! is `core::ptr::read`.
//!
//! *Invariants.* Conditions are not evaluated: where two `cfg`s declare a name, all candidates are
//! given. Whether something may be seen is asked between packages only: within one, a path that
//! compiles is allowed. Modules or packages that name each other in circles end: a resolution takes at
//! most [`MAX_STEPS`] steps.

use std::cell::Cell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::link::{folder, join, qualified};
use crate::facts::names::{FileNames, NameKind};

/// How many steps one resolution may take.
pub const MAX_STEPS: u32 = 2_000;
/// How deep exports may lead to exports.
const MAX_DEPTH: u32 = 48;
/// How many modules a package may have.
const MAX_MODULES: usize = 50_000;

/// A package's library, or another of its crates, by whose names paths are resolved.
#[derive(Debug, Clone, Copy)]
pub struct Crate<'a> {
    /// The file that it begins with, from the package's folder, with `/`.
    pub root: &'a str,
    /// Whether its edition is 2015, whose `use` paths begin at the crate's root.
    pub is_2015: bool,
    /// The names of the package's files.
    pub files: &'a [FileNames],
    /// Its dependencies: by which name its code knows each, and which of the crates it is.
    pub dependencies: &'a [(&'a str, usize)],
}

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resolved {
    /// The crate, by its place; none for those of the standard library.
    pub package: Option<usize>,
    /// The path from the crate's root, without the crate; of the standard library's with it.
    pub path: String,
    /// What it is; none where no declaration is known.
    pub kind: Option<NameKind>,
}

#[derive(Debug, Default)]
struct Module<'a> {
    /// Declarations by name: what each is, and whether other packages may name it.
    names: HashMap<&'a str, Vec<(NameKind, bool)>, RandomState>,
    /// What belongs to types: by the type's name and its own.
    members: HashMap<(&'a str, &'a str), NameKind, RandomState>,
    /// What is brought in by name: its path, and whether it is exported.
    imports: HashMap<&'a str, Vec<(&'a str, bool)>, RandomState>,
    /// The modules of globs, and whether they are exported.
    globs: Vec<(&'a str, bool)>,
}

struct Tree<'a> {
    is_2015: bool,
    dependencies: &'a [(&'a str, usize)],
    /// By their paths from the root.
    modules: HashMap<String, Module<'a>, RandomState>,
    /// The modules that files are.
    of_file: HashMap<&'a str, String, RandomState>,
}

/// Resolves the paths of several packages.
pub struct Names<'a> {
    trees: Vec<Tree<'a>>,
}

/// From where a name is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Within the package.
    Inside,
    /// From another package: only what is `pub`.
    Outside,
}

/// A module, or an item in one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Module(usize, String),
    Item(usize, String, Option<NameKind>),
    Standard(String),
}

impl<'a> Names<'a> {
    /// Takes in the crates of a graph, in its order.
    #[must_use]
    pub fn new(crates: &[Crate<'a>]) -> Self {
        Self {
            trees: crates.iter().map(Tree::new).collect(),
        }
    }

    /// The path of the module that a file is, if the crate's root leads to it.
    #[must_use]
    pub fn module_of(&self, package: usize, file: &str) -> Option<&str> {
        let tree = self.trees.get(package)?;
        tree.of_file.get(file).map(String::as_str)
    }

    /// What a path means that is written in a module of a crate: all candidates, sorted. `Self` is
    /// to be replaced before, and generic arguments are to be left out. Nothing where no name leads
    /// anywhere.
    #[must_use]
    pub fn resolve(&self, package: usize, module: &str, path: &str) -> Vec<Resolved> {
        let steps = Cell::new(MAX_STEPS);
        let places = self.path(package, module, path, false, MAX_DEPTH, &steps);
        let mut all: Vec<Resolved> = places
            .into_iter()
            .map(|place| match place {
                Place::Module(package, path) => Resolved {
                    package: Some(package),
                    path,
                    kind: Some(NameKind::Module),
                },
                Place::Item(package, path, kind) => Resolved {
                    package: Some(package),
                    path,
                    kind,
                },
                Place::Standard(path) => Resolved {
                    package: None,
                    path: standard(&path),
                    kind: None,
                },
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn path(
        &self,
        package: usize,
        module: &str,
        path: &str,
        is_use: bool,
        depth: u32,
        steps: &Cell<u32>,
    ) -> Vec<Place> {
        let (Some(depth), Some(tree)) = (depth.checked_sub(1), self.trees.get(package)) else {
            return Vec::new();
        };
        let mut segments = path.split("::").peekable();
        let root = || Place::Module(package, String::new());
        let mut here = module.to_owned();
        let mut places = match segments.next() {
            Some("") if tree.is_2015 => vec![root()],
            Some("") => {
                let name = segments.next().unwrap_or_default();
                self.external(package, name)
            }
            Some("extern") => {
                let name = segments.next().unwrap_or_default();
                self.external(package, name)
            }
            Some("crate" | "$crate") => vec![root()],
            Some(first @ ("self" | "super")) => {
                if first == "super" {
                    here = parent(&here).to_owned();
                }
                while segments.next_if_eq(&"super").is_some() {
                    here = parent(&here).to_owned();
                }
                vec![Place::Module(package, here)]
            }
            Some(first) if is_use && tree.is_2015 => {
                let found = self.name(package, "", first, Seen::Inside, depth, steps);
                if found.is_empty() {
                    self.external(package, first)
                } else {
                    found
                }
            }
            Some(first) => {
                let found = self.name(package, module, first, Seen::Inside, depth, steps);
                if found.is_empty() {
                    let found = self.external(package, first);
                    if found.is_empty() {
                        prelude(first)
                    } else {
                        found
                    }
                } else {
                    found
                }
            }
            None => Vec::new(),
        };
        for segment in segments {
            let next = places
                .into_iter()
                .flat_map(|place| self.member(package, place, segment, depth, steps));
            places = next.collect();
        }
        places
    }

    /// What a crate knows by a name without any declaration.
    fn external(&self, package: usize, name: &str) -> Vec<Place> {
        let tree = self.trees.get(package);
        let dependencies = tree.map_or(&[][..], |tree| tree.dependencies);
        let found = dependencies.iter().find(|(known, _)| *known == name);
        match (found, name) {
            (Some((_, package)), _) => vec![Place::Module(*package, String::new())],
            (None, "std" | "core" | "alloc" | "proc_macro" | "test") => {
                vec![Place::Standard(name.to_owned())]
            }
            (None, _) => Vec::new(),
        }
    }

    /// What a name means behind a place.
    fn member(
        &self,
        from: usize,
        place: Place,
        name: &str,
        depth: u32,
        steps: &Cell<u32>,
    ) -> Vec<Place> {
        match place {
            Place::Standard(path) => vec![Place::Standard(format!("{path}::{name}"))],
            Place::Item(package, path, _) => {
                let module = parent(&path);
                let owner = path.rsplit("::").next().unwrap_or(&path);
                let tree = self.trees.get(package);
                let kind = tree
                    .and_then(|tree| tree.modules.get(module))
                    .and_then(|module| module.members.get(&(owner, name)).copied());
                vec![Place::Item(package, format!("{path}::{name}"), kind)]
            }
            Place::Module(package, module) => {
                let seen = match package == from {
                    true => Seen::Inside,
                    false => Seen::Outside,
                };
                self.name(package, &module, name, seen, depth, steps)
            }
        }
    }

    /// What a name means in a module.
    fn name(
        &self,
        package: usize,
        module: &str,
        name: &str,
        seen: Seen,
        depth: u32,
        steps: &Cell<u32>,
    ) -> Vec<Place> {
        let Some(left) = steps.get().checked_sub(1) else {
            return Vec::new();
        };
        steps.set(left);
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        let tree = self.trees.get(package);
        let Some(found) = tree.and_then(|tree| tree.modules.get(module)) else {
            return Vec::new();
        };
        let is_seen = |public: bool| public || seen == Seen::Inside;
        let mut places = Vec::new();
        let declared = found.names.get(name).map(Vec::as_slice);
        for (kind, public) in declared.unwrap_or_default() {
            if is_seen(*public) {
                let path = qualified(module, name);
                places.push(match kind {
                    NameKind::Module => Place::Module(package, path),
                    kind => Place::Item(package, path, Some(*kind)),
                });
            }
        }
        let imported = found.imports.get(name).map(Vec::as_slice);
        for (path, public) in imported.unwrap_or_default() {
            // `use a;` in a module is about the `a` around, and not about itself.
            if is_seen(*public) && !is_itself(path, name) {
                places.extend(self.path(package, module, path, true, depth, steps));
            } else if is_seen(*public) {
                places.extend(self.external(package, name));
            }
        }
        if places.is_empty() {
            for (path, public) in &found.globs {
                if !is_seen(*public) {
                    continue;
                }
                for place in self.path(package, module, path, true, depth, steps) {
                    places.extend(match place {
                        // Nothing tells what of the standard library a glob brings in.
                        Place::Standard(_) => Vec::new(),
                        // The variants of an enumeration.
                        Place::Item(..) => {
                            let members = self.member(package, place, name, depth, steps);
                            let known = |place: &Place| matches!(place, Place::Item(_, _, Some(_)));
                            members.into_iter().filter(known).collect()
                        }
                        Place::Module(..) => self.member(package, place, name, depth, steps),
                    });
                }
            }
        }
        places.dedup();
        places
    }
}

impl<'a> Tree<'a> {
    fn new(of: &Crate<'a>) -> Self {
        let mut tree = Self {
            is_2015: of.is_2015,
            dependencies: of.dependencies,
            modules: HashMap::default(),
            of_file: HashMap::default(),
        };
        let files: HashMap<&str, &FileNames, RandomState> = of
            .files
            .iter()
            .map(|file| (file.path.as_str(), file))
            .collect();
        // A file, the module that it is, and the folder of its children.
        let mut work = vec![(
            of.root.to_owned(),
            String::new(),
            folder(of.root).to_owned(),
        )];
        while let Some((path, module, children)) = work.pop() {
            let Some(file) = files.get(path.as_str()) else {
                continue;
            };
            if tree.modules.len() > MAX_MODULES || tree.of_file.contains_key(file.path.as_str()) {
                continue;
            }
            tree.of_file.insert(&file.path, module.clone());
            tree.take(file, &module);
            for declared in &file.modules {
                let mut inside = children.clone();
                let mut around = module.clone();
                for (name, own) in &declared.inside {
                    inside = join(&inside, own.as_deref().unwrap_or(name));
                    around = qualified(&around, name);
                }
                let own = qualified(&around, &declared.name);
                let here = match declared.inside.is_empty() {
                    true => folder(&path),
                    false => &inside,
                };
                for (_, own_path) in &declared.paths {
                    let target = join(here, own_path);
                    let children = folder(&target).to_owned();
                    work.push((target, own.clone(), children));
                }
                let nested = join(&inside, &declared.name);
                work.push((format!("{nested}.rs"), own.clone(), nested.clone()));
                work.push((join(&nested, "mod.rs"), own.clone(), nested));
                let module = tree.modules.entry(around).or_default();
                let name = declared.name.as_str();
                module
                    .names
                    .entry(name)
                    .or_default()
                    .push((NameKind::Module, true));
            }
        }
        tree
    }

    fn take(&mut self, file: &'a FileNames, module: &str) {
        self.modules.entry(module.to_owned()).or_default();
        for fact in &file.names {
            let path = qualified(module, &fact.inside);
            if fact.kind == NameKind::Module {
                let own = qualified(&path, &fact.name);
                self.modules.entry(own).or_default();
            }
            let around = self.modules.entry(path).or_default();
            match &fact.owner {
                Some(owner) => {
                    let key = (owner.as_str(), fact.name.as_str());
                    around.members.insert(key, fact.kind);
                }
                None => {
                    let same = around.names.entry(&fact.name).or_default();
                    same.push((fact.kind, fact.public));
                }
            }
        }
        for import in &file.imports {
            let around = self.modules.entry(qualified(module, &import.inside));
            let around = around.or_default();
            match &import.name {
                Some(name) => {
                    let same = around.imports.entry(name).or_default();
                    same.push((&import.path, import.public));
                }
                None => around.globs.push((&import.path, import.public)),
            }
        }
    }
}

/// Whether a `use` names what has the very name that it gives.
fn is_itself(path: &str, name: &str) -> bool {
    path == name || path.strip_prefix("::") == Some(name)
}

fn parent(path: &str) -> &str {
    path.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// What every module knows of the standard library.
fn prelude(name: &str) -> Vec<Place> {
    let path = match name {
        "Box" => "alloc::boxed::Box",
        "Option" => "core::option::Option",
        "Result" => "core::result::Result",
        "String" => "alloc::string::String",
        "Vec" => "alloc::vec::Vec",
        "drop" => "core::mem::drop",
        _ => return Vec::new(),
    };
    vec![Place::Standard(path.to_owned())]
}

/// Modules of `std` whose items are all defined in `core`.
const OF_CORE: [&str; 24] = [
    "any",
    "arch",
    "array",
    "ascii",
    "cell",
    "char",
    "clone",
    "cmp",
    "convert",
    "default",
    "fmt",
    "hint",
    "intrinsics",
    "iter",
    "marker",
    "mem",
    "num",
    "ops",
    "option",
    "pin",
    "primitive",
    "ptr",
    "result",
    "task",
];
/// Modules of `std` whose items are defined in `alloc`, those that these show of `core` aside.
const OF_ALLOC: [&str; 4] = ["boxed", "rc", "string", "vec"];

/// The path of an item of the standard library where it is defined, as far as modules tell.
#[must_use]
pub fn standard(path: &str) -> String {
    let mut segments = path.split("::");
    let (first, module, item) = (segments.next(), segments.next(), segments.next());
    let rest = path.split_once("::").map_or("", |(_, rest)| rest);
    let of = match (first, module, item) {
        (Some("std" | "alloc"), Some(module), _) if OF_CORE.contains(&module) => "core",
        (Some("std"), Some(module), _) if OF_ALLOC.contains(&module) => "alloc",
        (Some("std"), Some("alloc"), Some("Layout" | "LayoutError" | "GlobalAlloc")) => "core",
        (Some("alloc"), Some("alloc"), Some("Layout" | "LayoutError" | "GlobalAlloc")) => "core",
        (Some("std"), Some("alloc"), Some(item)) if item != "System" => "alloc",
        (Some("std" | "alloc"), Some("slice" | "str"), Some(_)) => "core",
        (Some("std"), Some("sync"), Some("atomic")) => "core",
        (Some("std"), Some("sync"), Some("Arc" | "Weak")) => "alloc",
        (Some("std"), Some("borrow"), Some("Cow" | "ToOwned")) => "alloc",
        (Some("std"), Some("borrow"), Some("Borrow" | "BorrowMut")) => "core",
        _ => return path.to_owned(),
    };
    qualified(of, rest)
}

#[cfg(test)]
mod tests;
