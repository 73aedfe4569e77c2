//! What a package declares, by name.
//!
//! A name is looked up by its last segment alone: where several things of a kind have it, nothing is
//! known of any.

use std::borrow::Cow;
use std::cell::Cell;
use std::hash::{BuildHasher, Hash};

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

/// Places by the hash of a key, those of one key in the order in which they came.
///
/// It is made once, of all places: a table that grows, with keys that lie all over the sources, cost
/// several times as much, and bindings declare half a million names.
#[derive(Debug, Default)]
struct Index {
    /// Where each bucket's entries begin, and where the last one's end.
    starts: Vec<u32>,
    /// Entries by bucket.
    entries: Vec<Entry>,
}

/// A place, and the hash of its key: who asks compares the key itself.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    hash: u32,
    file: u32,
    item: u32,
}

impl Index {
    fn new(came: &[Entry]) -> Self {
        let buckets = came.len().next_power_of_two();
        let mut starts = vec![0_u32; buckets + 1];
        // First how many a bucket has, then where it begins, then where its next one goes.
        for entry in came {
            if let Some(count) = starts.get_mut(bucket(entry.hash, buckets) + 1) {
                *count += 1;
            }
        }
        let mut begin = 0;
        for start in &mut starts {
            begin += *start;
            *start = begin;
        }
        let mut next = starts.clone();
        let mut entries = vec![Entry::default(); came.len()];
        for entry in came {
            if let Some(at) = next.get_mut(bucket(entry.hash, buckets)) {
                if let Some(place) = entries.get_mut(*at as usize) {
                    *place = *entry;
                }
                *at += 1;
            }
        }
        Self { starts, entries }
    }

    /// The places whose keys may be the one with a hash.
    fn places(&self, hash: u32) -> impl Iterator<Item = Place> {
        let bucket = bucket(hash, self.starts.len().saturating_sub(1));
        let bound = |at: usize| self.starts.get(at).map(|bound| *bound as usize);
        let bounds = bound(bucket).zip(bound(bucket + 1));
        let entries = bounds.and_then(|(start, end)| self.entries.get(start..end));
        let entries = entries.unwrap_or_default().iter();
        let alike = entries.filter(move |entry| entry.hash == hash);
        alike.map(|entry| Place {
            file: entry.file as usize,
            item: ItemId(entry.item),
        })
    }
}

/// The bucket of a hash; `buckets` is a power of two.
fn bucket(hash: u32, buckets: usize) -> usize {
    hash as usize & buckets.saturating_sub(1)
}

/// What a package declares, by name.
#[derive(Debug, Default)]
pub(crate) struct Names<'p> {
    /// The files.
    files: &'p [FileView<'p>],
    /// Other in every run, so that nobody can make names that are alike.
    hasher: RandomState,
    by_name: Index,
    /// Methods by the name of their type or trait, and their own.
    methods: Index,
    /// Types by their file and their name: bindings declare the same ones for dozens of systems.
    types: Index,
    /// Implementations by the name of their type.
    implementations: Index,
}

impl<'p> Names<'p> {
    /// Goes through the files' items.
    pub(crate) fn new(files: &'p [FileView<'p>]) -> Self {
        let mut names = Self {
            files,
            ..Self::default()
        };
        let count = files.iter().map(|view| view.syntax.items.len()).sum();
        let mut by_name: Vec<Entry> = Vec::with_capacity(count);
        let (mut methods, mut types, mut implementations) = (Vec::new(), Vec::new(), Vec::new());
        for (file, view) in (0..).zip(files) {
            for (id, item) in view.syntax.items_by_id() {
                let is_kept = !matches!(
                    item.kind,
                    ItemKind::Use | ItemKind::Call | ItemKind::Unknown
                );
                let Some(name) = item.name.filter(|_| is_kept) else {
                    continue;
                };
                let name = view.source.name_bytes(name as usize);
                let entry = |hash| Entry {
                    hash,
                    file,
                    item: id.0,
                };
                if let (ItemKind::Function(_), Some(owner)) = (&item.kind, owner_bytes(view, id)) {
                    methods.push(entry(names.hash((owner, name))));
                }
                if is_type(&item.kind) {
                    types.push(entry(names.hash((file, name))));
                }
                let index = match item.kind {
                    ItemKind::Impl { .. } => &mut implementations,
                    _ => &mut by_name,
                };
                index.push(entry(names.hash(name)));
            }
        }
        names.by_name = Index::new(&by_name);
        names.methods = Index::new(&methods);
        names.types = Index::new(&types);
        names.implementations = Index::new(&implementations);
        names
    }

    fn hash(&self, key: impl Hash) -> u32 {
        // Half of it tells nearly all keys apart, and takes half of the memory.
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// Whether a place has a name.
    fn is_named(&self, place: Place, name: &str) -> bool {
        let named = || {
            let view = self.files.get(place.file)?;
            let token = view.syntax.item(place.item)?.name?;
            Some(view.source.name_bytes(token as usize) == name.as_bytes())
        };
        named().unwrap_or(false)
    }

    /// Everything but implementations that has a name.
    fn all(&self, name: &str) -> impl Iterator<Item = Place> {
        let places = self.by_name.places(self.hash(name.as_bytes()));
        places.filter(move |place| self.is_named(*place, name))
    }

    /// The functions of a type or a trait that have a name.
    fn methods(&self, owner: &str, name: &str) -> impl Iterator<Item = Place> {
        let hash = self.hash((owner.as_bytes(), name.as_bytes()));
        self.methods.places(hash).filter(move |place| {
            let found = self.files.get(place.file);
            let found = found.and_then(|view| owner_bytes(view, place.item));
            found == Some(owner.as_bytes()) && self.is_named(*place, name)
        })
    }

    /// The types of a file that have a name.
    fn types(&self, file: usize, name: &str) -> impl Iterator<Item = Place> {
        let hash = self.hash((u32::try_from(file).unwrap_or(u32::MAX), name.as_bytes()));
        self.types
            .places(hash)
            .filter(move |place| place.file == file && self.is_named(*place, name))
    }

    /// The implementations of types that have a name.
    fn implementations(&self, name: &str) -> impl Iterator<Item = Place> {
        let places = self.implementations.places(self.hash(name.as_bytes()));
        places.filter(move |place| self.is_named(*place, name))
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
    /// Whether there was more in the file of something than rules on unsound code look at.
    pub(crate) is_cut: Cell<bool>,
}

impl<'p> Declared<'p> {
    /// To ask for what was gone through.
    pub(crate) fn new(names: &'p Names<'p>) -> Self {
        Self {
            files: names.files,
            names,
            lookups: Cell::default(),
            is_cut: Cell::default(),
        }
    }

    /// Whether anything of the package has a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.all(name).next().is_some()
    }

    /// Everything that has a name.
    pub(crate) fn all<'s>(
        &'s self,
        name: &'s str,
    ) -> impl Iterator<Item = (Place, &'p Item)> + use<'s, 'p> {
        let places = self.names.all(name);
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
    pub(crate) fn type_meant<'n>(
        &self,
        file: usize,
        name: &'n str,
    ) -> Option<(Cow<'n, str>, Place, &'p Item)> {
        let mut types = self.all(name).filter(|(_, item)| is_type(&item.kind));
        let (place, item) = types.next()?;
        if types.next().is_none() {
            return Some((Cow::Borrowed(name), place, item));
        }
        let (place, item) = self.type_in(file, name)?;
        Some((Cow::Owned(format!("{file}/{name}")), place, item))
    }

    /// The type that a name means to an item that is in no module of its file: those in such modules
    /// (tests, most often) hide nothing from it.
    pub(crate) fn type_at_top<'n>(
        &self,
        file: usize,
        name: &'n str,
    ) -> Option<(Cow<'n, str>, Place, &'p Item)> {
        if let Some(meant) = self.type_meant(file, name) {
            return Some(meant);
        }
        let all = self.names.types(file, name).take(MAX_ALIKE);
        let mut found = all.filter_map(|place| Some((place, self.item(place)?)));
        let (place, item) = found.find(|(_, item)| item.parent.is_none())?;
        Some((Cow::Owned(format!("{file}/{name}")), place, item))
    }

    /// The only type of a file that has a name.
    fn type_in(&self, file: usize, name: &str) -> Option<(Place, &'p Item)> {
        let mut found = self.names.types(file, name);
        let place = found.next().filter(|_| found.next().is_none())?;
        Some((place, self.item(place)?))
    }

    /// The functions that have a name; `of_type` is the type that a method has to be of.
    pub(crate) fn functions<'s>(
        &'s self,
        name: &'s str,
        of_type: Option<&'s str>,
    ) -> impl Iterator<Item = (Place, &'p Function)> + use<'s, 'p> {
        let of_type = of_type.map(of_file);
        let free = of_type.is_none().then(|| self.names.all(name));
        let methods = of_type.map(|(file, owner)| {
            let methods = self.names.methods(owner, name);
            methods.filter(move |place| file.is_none_or(|file| file == place.file))
        });
        let places = free.into_iter().flatten();
        let places = places.chain(methods.into_iter().flatten());
        places.filter_map(|place| match &self.item(place)?.kind {
            ItemKind::Function(function) => Some((place, function)),
            _ => None,
        })
    }

    /// The implementations of types that have a name.
    pub(crate) fn implementations(&self, name: &str) -> impl Iterator<Item = Place> {
        self.names.implementations(name)
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
