//! A database from its files: `crates/PACKAGE/ID.md` and `rust/COMPONENT/ID.md`.

use std::collections::BTreeMap;

use super::index::{Contents, DatabaseInfo, Wanted, key_of, write};
use super::{Advisory, Collection, SetAside, format};
use crate::knowledge::date::Date;

/// Where an advisory's file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The part of the database.
    pub collection: Collection,
    /// The folder, named like the package.
    pub folder: &'a str,
}

/// Reads a file's path within a database, with `/` between its parts; `None` for what is no
/// advisory: other folders, other extensions, hidden files.
#[must_use]
pub fn place(path: &str) -> Option<Place<'_>> {
    let mut parts = path.split('/');
    let collection = match parts.next()? {
        "crates" => Collection::Crates,
        "rust" => Collection::Rust,
        _ => return None,
    };
    let (folder, file) = (parts.next()?, parts.next()?);
    let plain = parts.next().is_none() && !file.starts_with('.');
    let advisory = plain
        && file
            .strip_suffix(".md")
            .is_some_and(|stem| !stem.is_empty());
    advisory.then_some(Place { collection, folder })
}

/// Collects the advisories of a database, file by file in any order.
#[derive(Debug, Default)]
pub struct Collector {
    /// Read advisories, by id and file.
    read: BTreeMap<String, Vec<(String, Advisory)>>,
    set_aside: Vec<SetAside>,
    /// Advisories that were counted without being read.
    passed_over: usize,
    /// The newest day of disclosure.
    newest: Option<Date>,
}

impl Collector {
    /// Takes a file in. What is no advisory by its path is left out.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        if let Some(place) = place(path) {
            self.parse(path, place, bytes);
        }
    }

    /// Takes a file in if it may speak of a wanted package; any other is counted only.
    pub fn add_wanted(&mut self, path: &str, bytes: &[u8], wanted: &Wanted<'_>) {
        let Some(place) = place(path) else { return };
        match format::peek(bytes) {
            Some(peek) if !wanted.has(&key_of(place.collection, peek.package)) => {
                self.passed_over += 1;
                self.newest = self.newest.max(Some(peek.date));
            }
            _ => self.parse(path, place, bytes),
        }
    }

    /// Names a file that could not be read at all.
    pub fn unreadable(&mut self, path: &str, reason: String) {
        if let Some(place) = place(path) {
            self.set_aside.push(SetAside {
                file: path.to_owned(),
                package: Some(place.folder.to_owned()),
                reason: cut(reason),
            });
        }
    }

    /// Takes another collector's part in.
    pub fn merge(&mut self, other: Self) {
        for (id, advisories) in other.read {
            self.read.entry(id).or_default().extend(advisories);
        }
        self.set_aside.extend(other.set_aside);
        self.passed_over += other.passed_over;
        self.newest = self.newest.max(other.newest);
    }

    fn parse(&mut self, path: &str, place: Place<'_>, bytes: &[u8]) {
        match format::parse(bytes, place.collection) {
            Ok(advisory) => {
                self.newest = self.newest.max(Some(advisory.date));
                let same_id = self.read.entry(advisory.id.clone()).or_default();
                same_id.push((path.to_owned(), advisory));
            }
            Err(error) => self.set_aside.push(SetAside {
                file: path.to_owned(),
                package: Some(
                    format::peek(bytes)
                        .map_or(place.folder, |peek| peek.package)
                        .to_owned(),
                ),
                reason: cut(error.to_string()),
            }),
        }
    }

    /// The database: one advisory per id, and what is known of the whole.
    ///
    /// Two files with one id are what a moved advisory leaves behind in a stale checkout. The one
    /// in the folder of its package counts, else the first by path; the other is set aside.
    #[must_use]
    pub fn finish(self, mut info: DatabaseInfo) -> (DatabaseInfo, Vec<Advisory>) {
        let mut set_aside = self.set_aside;
        let mut advisories = Vec::with_capacity(self.read.len());
        for (id, mut files) in self.read {
            files.sort_by(|(a_path, a), (b_path, b)| {
                let misplaced = |path: &str, advisory: &Advisory| {
                    place(path).is_none_or(|place| place.folder != advisory.package)
                };
                misplaced(a_path, a)
                    .cmp(&misplaced(b_path, b))
                    .then_with(|| a_path.cmp(b_path))
            });
            let mut files = files.into_iter();
            let Some((kept, advisory)) = files.next() else {
                continue;
            };
            for (file, other) in files {
                // The very same text twice says nothing new.
                if other != advisory {
                    set_aside.push(SetAside {
                        file,
                        package: Some(other.package),
                        reason: format!("`{id}` is also in {kept}"),
                    });
                }
            }
            advisories.push(advisory);
        }
        set_aside.sort();
        info.advisories = advisories.len() + self.passed_over;
        info.set_aside = set_aside;
        info.newest = self.newest;
        info.date = info.date.or(self.newest);
        (info, advisories)
    }

    /// The compact index of the database.
    #[must_use]
    pub fn compile(self, info: DatabaseInfo, contents: Contents) -> Vec<u8> {
        let (info, advisories) = self.finish(info);
        write(&info, &advisories, contents)
    }
}

/// What is wrong may quote from the file.
fn cut(mut reason: String) -> String {
    const MAX: usize = 300;
    if let Some((end, _)) = reason.char_indices().nth(MAX) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: &str, package: &str) -> String {
        format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2020-01-01\"\n\
             [versions]\npatched = []\n```\n# T\n"
        )
    }

    #[test]
    fn only_advisories_are_read() {
        for other in [
            "README.md",
            "crates/a.md",
            "crates/a/b.txt",
            "crates/a/b/c.md",
            "crates/a/.md",
            "x/a/b.md",
            ".git/a/b.md",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
        assert_eq!(
            place("rust/std/CVE-1.md").unwrap().collection,
            Collection::Rust
        );
    }

    #[test]
    fn a_malformed_advisory_is_set_aside_with_its_package() {
        let mut collector = Collector::default();
        collector.add("crates/a/1.md", text("RUSTSEC-2020-0001", "a").as_bytes());
        collector.add("crates/b/2.md", b"nothing");
        collector.add(
            "crates/c/3.md",
            text("RUSTSEC-2020-0003", "d")
                .replace("patched = []", "")
                .as_bytes(),
        );
        let (info, advisories) = collector.finish(DatabaseInfo::default());
        assert_eq!(advisories.len(), 1);
        let packages: Vec<_> = info
            .set_aside
            .iter()
            .map(|s| s.package.as_deref())
            .collect();
        assert_eq!(packages, [Some("b"), Some("d")]);
        assert_eq!(info.date.unwrap().to_string(), "2020-01-01");
    }

    #[test]
    fn of_two_files_with_one_id_the_one_in_its_place_counts() {
        let mut collector = Collector::default();
        collector.add(
            "crates/a-old/1.md",
            text("RUSTSEC-2020-0001", "a")
                .replace("# T", "# Old")
                .as_bytes(),
        );
        collector.add("crates/a/1.md", text("RUSTSEC-2020-0001", "a").as_bytes());
        let (info, advisories) = collector.finish(DatabaseInfo::default());
        assert_eq!(advisories[0].title.as_deref(), Some("T"));
        assert_eq!(
            info.set_aside[0].reason,
            "`RUSTSEC-2020-0001` is also in crates/a/1.md"
        );
    }

    #[test]
    fn what_is_not_wanted_is_counted_only() {
        let version = semver::Version::new(1, 0, 0);
        let wanted: Wanted<'_> = [("a", &version)].into_iter().collect();
        let mut collector = Collector::default();
        collector.add_wanted(
            "crates/a/1.md",
            text("RUSTSEC-2020-0001", "a").as_bytes(),
            &wanted,
        );
        collector.add_wanted(
            "crates/b/2.md",
            text("RUSTSEC-2020-0002", "b").as_bytes(),
            &wanted,
        );
        collector.add_wanted("crates/c/3.md", b"nothing", &wanted);
        let (info, advisories) = collector.finish(DatabaseInfo::default());
        assert_eq!(
            (info.advisories, advisories.len(), info.set_aside.len()),
            (2, 1, 1)
        );
    }
}
