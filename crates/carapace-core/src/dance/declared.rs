//! What a package declares, by name.
//!
//! A name is looked up by its last segment alone: where several things of a kind have it, nothing is
//! known of any.

use std::cmp::Ordering;

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

/// The name of a type or trait, and that of a method of it.
type MethodName<'p> = (&'p [u8], &'p [u8]);

/// What a package declares.
#[derive(Debug, Default)]
pub(crate) struct Declared<'p> {
    /// The files.
    pub(crate) files: &'p [FileView<'p>],
    /// What has a name, sorted by it: a list is made faster than a table, and most names are never
    /// asked for.
    by_name: Vec<(&'p [u8], Place)>,
    /// Methods, sorted by the name of their type or trait, and then their own.
    methods: Vec<(MethodName<'p>, Place)>,
}

impl<'p> Declared<'p> {
    /// Goes through the files' items.
    pub(crate) fn new(files: &'p [FileView<'p>]) -> Self {
        let mut declared = Self {
            files,
            by_name: Vec::new(),
            methods: Vec::new(),
        };
        for (file, view) in files.iter().enumerate() {
            for (at, item) in view.syntax.items.iter().enumerate() {
                let is_kept = !matches!(
                    item.kind,
                    ItemKind::Impl { .. } | ItemKind::Use | ItemKind::Call | ItemKind::Unknown
                );
                let Some(name) = item.name.filter(|_| is_kept) else {
                    continue;
                };
                let place = Place {
                    file,
                    item: ItemId(u32::try_from(at).unwrap_or(u32::MAX)),
                };
                let name = view.source.name_bytes(name as usize);
                if let (ItemKind::Function(_), Some(owner)) =
                    (&item.kind, declared.owner_bytes(place))
                {
                    declared.methods.push(((owner, name), place));
                }
                declared.by_name.push((name, place));
            }
        }
        // Stable: what has one name stays in the order of the files.
        declared.by_name.sort_by_key(|(name, _)| *name);
        declared.methods.sort_by_key(|(names, _)| *names);
        declared
    }

    /// Whether anything of the package has a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.named(name).is_empty()
    }

    /// Everything that has a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = (Place, &'p Item)> + '_ {
        let places = self.named(name).iter();
        places.filter_map(|(_, place)| Some((*place, self.item(*place)?)))
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

    /// The only type that has a name; of a name from [`Self::type_in`], that of its file.
    pub(crate) fn type_named(&self, name: &str) -> Option<(Place, &'p Item)> {
        let (file, name) = of_file(name);
        let mut found = self.all(name).filter(|(place, item)| {
            is_type(&item.kind) && file.is_none_or(|file| file == place.file)
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The name by which a type of a file is found, where other files have types of the same name
    /// and it has one.
    pub(crate) fn type_in(&self, path: &str, name: &str) -> Option<String> {
        let file = self.files.iter().position(|file| file.path == path)?;
        let name = format!("{file}/{name}");
        self.type_named(&name).map(|_| name)
    }

    /// The functions that have a name; `of_type` is the type that a method has to be of.
    pub(crate) fn functions<'s>(
        &'s self,
        name: &str,
        of_type: Option<&'s str>,
    ) -> impl Iterator<Item = (Place, &'p Function)> + use<'s, 'p> {
        let (file, free, methods) = match of_type {
            None => (None, self.named(name), Default::default()),
            Some(of_type) => {
                let (file, of_type) = of_file(of_type);
                let methods = equal(&self.methods, |(owner, own)| {
                    let by_owner = (*owner).cmp(of_type.as_bytes());
                    by_owner.then_with(|| (*own).cmp(name.as_bytes()))
                });
                (file, Default::default(), methods)
            }
        };
        let places = free.iter().map(|(_, place)| *place);
        let places = places.chain(methods.iter().map(|(_, place)| *place));
        let places = places.filter(move |place| file.is_none_or(|file| file == place.file));
        places.filter_map(|place| match &self.item(place)?.kind {
            ItemKind::Function(function) => Some((place, function)),
            _ => None,
        })
    }

    /// The name of the type or the trait that a method is declared in.
    pub(crate) fn owner(&self, place: Place) -> Option<String> {
        let name = self.owner_bytes(place)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    fn owner_bytes(&self, place: Place) -> Option<&'p [u8]> {
        let file = self.files.get(place.file)?;
        let at = self.at(place)?;
        let around = at.implementation(place.item)?;
        let name = file.syntax.item(around)?.name?;
        Some(file.source.name_bytes(name as usize))
    }

    fn named(&self, name: &str) -> &[(&'p [u8], Place)] {
        equal(&self.by_name, |own| (*own).cmp(name.as_bytes()))
    }

    /// An item.
    pub(crate) fn item(&self, place: Place) -> Option<&'p Item> {
        self.files.get(place.file)?.syntax.item(place.item)
    }

    /// The file of an item, to look at.
    pub(crate) fn at(&self, place: Place) -> Option<At<'_>> {
        Some(At {
            file: self.files.get(place.file)?,
            declared: self,
        })
    }
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

/// The entries of a sorted list whose keys are equal to what they are compared with.
fn equal<K>(list: &[(K, Place)], compare: impl Fn(&K) -> Ordering) -> &[(K, Place)] {
    let from = list.partition_point(|(own, _)| compare(own) == Ordering::Less);
    let behind = list.get(from..).unwrap_or_default();
    let count = behind.partition_point(|(own, _)| compare(own) == Ordering::Equal);
    behind.get(..count).unwrap_or_default()
}

/// The file that a type's name is bound to, and the name.
pub(crate) fn of_file(name: &str) -> (Option<usize>, &str) {
    match name.split_once('/') {
        Some((file, name)) => (file.parse().ok(), name),
        None => (None, name),
    }
}
