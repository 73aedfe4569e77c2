//! What a package declares, by name.
//!
//! A name is looked up by its last segment alone: where several things of a kind have it, nothing is
//! known of any.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

use super::at::{At, FileView};
use crate::source::syntax::{Function, Item, ItemId, ItemKind};

/// An item, and the file that it is in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The file's place among the package's.
    pub(crate) file: usize,
    /// The item.
    pub(crate) item: ItemId,
}

/// How many types of one name a file may have for one of them to be meant.
const MAX_ALIKE: usize = 64;

/// Places by a key, those of one key in the order in which they came.
#[derive(Debug)]
struct Index<K> {
    /// The first and the last entry of each key.
    ends: HashMap<K, (usize, usize), RandomState>,
    /// The places, each with the next entry of its key: a list of its own for each key would cost more
    /// than all of this, as nearly every key has one place.
    entries: Vec<(Place, Option<usize>)>,
}

impl<K: Hash + Eq> Index<K> {
    /// Makes room for so many places, most of which have a key of their own.
    fn reserve(&mut self, count: usize) {
        self.ends.reserve(count);
        self.entries.reserve(count);
    }

    fn add(&mut self, key: K, place: Place) {
        let new = self.entries.len();
        let (_, last) = self.ends.entry(key).or_insert((new, new));
        if let Some((_, next)) = self.entries.get_mut(*last) {
            *next = Some(new);
        }
        *last = new;
        self.entries.push((place, None));
    }

    fn first(&self, key: &K) -> Option<usize> {
        self.ends.get(key).map(|(first, _)| *first)
    }
}

/// The places from an entry on.
fn chained(
    entries: &[(Place, Option<usize>)],
    first: Option<usize>,
) -> impl Iterator<Item = Place> {
    let mut next = first;
    std::iter::from_fn(move || {
        let (place, behind) = entries.get(next?)?;
        next = *behind;
        Some(*place)
    })
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self {
            ends: HashMap::default(),
            entries: Vec::new(),
        }
    }
}

/// What a package declares, by name.
#[derive(Debug, Default)]
pub(crate) struct Names<'p> {
    /// The files.
    files: &'p [FileView<'p>],
    by_name: Index<&'p [u8]>,
    /// Methods by the name of their type or trait, and their own.
    methods: Index<(&'p [u8], &'p [u8])>,
    /// Types by their file and their name: bindings declare the same ones for dozens of systems.
    types: Index<(usize, &'p [u8])>,
    /// Implementations by the name of their type.
    implementations: Index<&'p [u8]>,
}

impl<'p> Names<'p> {
    /// Goes through the files' items.
    pub(crate) fn new(files: &'p [FileView<'p>]) -> Self {
        let mut names = Self {
            files,
            ..Self::default()
        };
        let count = files.iter().map(|view| view.syntax.items.len()).sum();
        names.by_name.reserve(count);
        for (file, view) in files.iter().enumerate() {
            for (id, item) in view.syntax.items_by_id() {
                let is_kept = !matches!(
                    item.kind,
                    ItemKind::Use | ItemKind::Call | ItemKind::Unknown
                );
                let Some(name) = item.name.filter(|_| is_kept) else {
                    continue;
                };
                let place = Place { file, item: id };
                let name = view.source.name_bytes(name as usize);
                if let (ItemKind::Function(_), Some(owner)) = (&item.kind, owner_bytes(view, id)) {
                    names.methods.add((owner, name), place);
                }
                if is_type(&item.kind) {
                    names.types.add((file, name), place);
                }
                let index = match item.kind {
                    ItemKind::Impl { .. } => &mut names.implementations,
                    _ => &mut names.by_name,
                };
                index.add(name, place);
            }
        }
        names
    }
}

/// What a package declares, for one who asks: files are judged on several threads, and each counts its
/// questions for itself.
#[derive(Debug)]
pub(crate) struct Declared<'p> {
    /// The files.
    pub(crate) files: &'p [FileView<'p>],
    names: &'p Names<'p>,
    /// How many lookups are left for the question of a type that is being answered.
    pub(super) lookups: Cell<u32>,
}

impl<'p> Declared<'p> {
    /// To ask for what was gone through.
    pub(crate) fn new(names: &'p Names<'p>) -> Self {
        Self {
            files: names.files,
            names,
            lookups: Cell::default(),
        }
    }

    /// Whether anything of the package has a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.by_name.first(&name.as_bytes()).is_some()
    }

    /// Everything that has a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = (Place, &'p Item)> + use<'_, 'p> {
        let places = chained(
            &self.names.by_name.entries,
            self.names.by_name.first(&name.as_bytes()),
        );
        places.filter_map(|place| Some((place, self.item(place)?)))
    }

    /// The only thing of a kind that has a name.
    pub(crate) fn only(
        &self,
        name: &str,
        is: impl Fn(&ItemKind) -> bool,
    ) -> Option<(Place, &'p Item)> {
        let mut found = self.all(name).filter(|(_, item)| is(&item.kind));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The only type that has a name; of a name that is bound to a file, that of the file.
    pub(crate) fn type_named(&self, name: &str) -> Option<(Place, &'p Item)> {
        if let (Some(file), name) = of_file(name) {
            return self.type_in(file, name);
        }
        let mut found = self.all(name).filter(|(_, item)| is_type(&item.kind));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The type that a name means in a file, and the name by which it is found: the only one, or of
    /// several the file's own one, bound to the file.
    pub(crate) fn type_meant(&self, file: usize, name: &str) -> Option<(String, Place, &'p Item)> {
        let mut types = self.all(name).filter(|(_, item)| is_type(&item.kind));
        let (place, item) = types.next()?;
        if types.next().is_none() {
            return Some((name.to_owned(), place, item));
        }
        let (place, item) = self.type_in(file, name)?;
        Some((format!("{file}/{name}"), place, item))
    }

    /// The type that a name means to an item that is in no module of its file: those in such modules
    /// (tests, most often) hide nothing from it.
    pub(crate) fn type_at_top(&self, file: usize, name: &str) -> Option<(String, Place, &'p Item)> {
        if let Some(meant) = self.type_meant(file, name) {
            return Some(meant);
        }
        let first = self.names.types.first(&(file, name.as_bytes()));
        let all = chained(&self.names.types.entries, first);
        let all = all.take(MAX_ALIKE);
        let mut found = all.filter_map(|place| Some((place, self.item(place)?)));
        let (place, item) = found.find(|(_, item)| item.parent.is_none())?;
        Some((format!("{file}/{name}"), place, item))
    }

    /// The only type of a file that has a name.
    fn type_in(&self, file: usize, name: &str) -> Option<(Place, &'p Item)> {
        let first = self.names.types.first(&(file, name.as_bytes()));
        let mut found = chained(&self.names.types.entries, first);
        let place = found.next().filter(|_| found.next().is_none())?;
        Some((place, self.item(place)?))
    }

    /// The functions that have a name; `of_type` is the type that a method has to be of.
    pub(crate) fn functions<'s>(
        &'s self,
        name: &str,
        of_type: Option<&'s str>,
    ) -> impl Iterator<Item = (Place, &'p Function)> + use<'s, 'p> {
        let (file, entries, first) = match of_type {
            None => {
                let first = self.names.by_name.first(&name.as_bytes());
                (None, &self.names.by_name.entries, first)
            }
            Some(of_type) => {
                let (file, of_type) = of_file(of_type);
                let first = self
                    .names
                    .methods
                    .first(&(of_type.as_bytes(), name.as_bytes()));
                (file, &self.names.methods.entries, first)
            }
        };
        let places = chained(entries, first);
        let places = places.filter(move |place| file.is_none_or(|file| file == place.file));
        places.filter_map(|place| match &self.item(place)?.kind {
            ItemKind::Function(function) => Some((place, function)),
            _ => None,
        })
    }

    /// The implementations of types that have a name.
    pub(crate) fn implementations(&self, name: &str) -> impl Iterator<Item = Place> {
        let index = &self.names.implementations;
        chained(&index.entries, index.first(&name.as_bytes()))
    }

    /// The name of the type or the trait that a method is declared in.
    pub(crate) fn owner(&self, place: Place) -> Option<String> {
        let name = owner_bytes(self.files.get(place.file)?, place.item)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// An item.
    pub(crate) fn item(&self, place: Place) -> Option<&'p Item> {
        self.files.get(place.file)?.syntax.item(place.item)
    }

    /// An item, and its file to look at.
    pub(crate) fn there(&self, place: Place) -> Option<(At<'_>, &'p Item)> {
        self.at(place).zip(self.item(place))
    }

    /// The file of an item, to look at.
    pub(crate) fn at(&self, place: Place) -> Option<At<'_>> {
        Some(At {
            file: self.files.get(place.file)?,
            declared: self,
        })
    }
}

/// The name of what a method is declared in.
fn owner_bytes<'p>(file: &FileView<'p>, item: ItemId) -> Option<&'p [u8]> {
    let around = file.syntax.implementation(item)?;
    let name = file.syntax.item(around)?.name?;
    Some(file.source.name_bytes(name as usize))
}

fn is_type(kind: &ItemKind) -> bool {
    matches!(
        kind,
        ItemKind::Struct { .. }
            | ItemKind::Enum { .. }
            | ItemKind::Union { .. }
            | ItemKind::Alias { .. }
            | ItemKind::Trait { .. }
    )
}

/// The file that a type's name is bound to, and the name.
pub(crate) fn of_file(name: &str) -> (Option<usize>, &str) {
    match name.split_once('/') {
        Some((file, name)) => (file.parse().ok(), name),
        None => (None, name),
    }
}
