//! What has become of a graph since another: which packages are as they were, and what the others
//! are held against.
//!
//! *Invariant.* A published version never changes: a package that both graphs have by name, version,
//! source and checksum has no new unsafe code, whatever is read of it.

use semver::Version;

use super::Census;
use super::baseline::Baseline;
use crate::graph::{Graph, Package, PackageIdx};

/// A package that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The package.
    pub package: PackageIdx,
    /// What the other graph had in its place; none if the package is new.
    pub before: Option<PackageIdx>,
}

/// Which packages are as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// The packages in folders: what they were is to be read at the revision.
    pub local: Vec<PackageIdx>,
    /// The packages that are as they were.
    pub same: Vec<PackageIdx>,
    /// The others.
    pub changed: Vec<Changed>,
}

impl Since {
    /// Holds the packages of a graph against those of what it was before; none for what had no
    /// lockfile: everything is new then.
    #[must_use]
    pub fn of(before: Option<&Graph>, now: &Graph) -> Self {
        let mut since = Self::default();
        for (index, package) in now.iter() {
            if package.source.is_none() {
                since.local.push(index);
                continue;
            }
            let named = || {
                let packages = before.into_iter().flat_map(Graph::iter);
                packages.filter(|(_, old)| old.name == package.name && old.source.is_some())
            };
            if named().any(|(_, old)| is_same(old, package)) {
                since.same.push(index);
                continue;
            }
            // What is still there under its own version has not become this.
            let is_gone =
                |old: &Package| !now.packages().iter().any(|package| is_same(old, package));
            let gone = named().filter(|(_, old)| is_gone(old));
            since.changed.push(Changed {
                package: index,
                before: nearest(&package.version, gone),
            });
        }
        since
    }

    /// The sites of what is as it was: known, whatever is compiled of them. What the other packages
    /// had is for the caller to add.
    #[must_use]
    pub fn known(&self, graph: &Graph, census: &Census) -> Baseline {
        let mut baseline = Baseline::default();
        for index in &self.same {
            let at = graph.position(*index);
            let found = at.and_then(|at| census.packages.get(at));
            if let (Some(package), Some(found)) = (graph.get(*index), found) {
                baseline.know(&package.name, &package.version, found);
            }
        }
        baseline
    }
}

fn is_same(a: &Package, b: &Package) -> bool {
    let place = match (&a.source, &b.source) {
        (Some(x), Some(y)) => x.text == y.text || (a.is_crates_io() && b.is_crates_io()),
        _ => false,
    };
    // A git source names its commit; an archive without a checksum is known by nothing else.
    place && a.name == b.name && a.version == b.version && a.checksum == b.checksum
}

/// The newest version up to this one, else the oldest.
fn nearest<'g>(
    version: &Version,
    packages: impl Iterator<Item = (PackageIdx, &'g Package)>,
) -> Option<PackageIdx> {
    let mut packages: Vec<_> = packages.collect();
    packages.sort_by(|(_, a), (_, b)| a.version.cmp(&b.version));
    let mut before = packages.iter().rev();
    let before = before.find(|(_, package)| package.version <= *version);
    before.or(packages.first()).map(|(index, _)| *index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::lockfile;

    fn graph(packages: &[(&str, &str, &str)]) -> Graph {
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        let packages = packages.iter();
        let lock: String = packages
            .map(|(name, version, source)| {
                let source = match *source {
                    "" => String::new(),
                    checksum if checksum.starts_with("git+") => {
                        format!("source = \"{checksum}\"\n")
                    }
                    checksum => format!("source = \"{registry}\"\nchecksum = \"{checksum}\"\n"),
                };
                format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}\n")
            })
            .collect();
        Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap()
    }

    fn shown(graph: &Graph, index: PackageIdx) -> String {
        let package = graph.get(index).unwrap();
        format!("{} {}", package.name, package.version)
    }

    #[test]
    fn packages_are_held_against_what_they_were() {
        let before = graph(&[
            ("app", "0.1.0", ""),
            ("git", "1.0.0", "git+https://e.org/g#aaaa"),
            ("kept", "1.0.0", "11"),
            ("two", "1.0.0", "21"),
            ("two", "2.0.0", "22"),
            ("swapped", "1.0.0", "31"),
            ("grown", "1.0.0", "41"),
        ]);
        let now = graph(&[
            ("app", "0.2.0", ""),
            ("fresh", "1.0.0", "51"),
            ("git", "1.0.0", "git+https://e.org/g#bbbb"),
            ("grown", "1.1.0", "42"),
            ("kept", "1.0.0", "11"),
            ("swapped", "1.0.0", "32"),
            ("two", "1.0.0", "21"),
            ("two", "2.1.0", "23"),
        ]);
        let since = Since::of(Some(&before), &now);
        let names = |indices: &[PackageIdx]| -> Vec<String> {
            indices.iter().map(|index| shown(&now, *index)).collect()
        };
        assert_eq!(names(&since.local), ["app 0.2.0"]);
        assert_eq!(names(&since.same), ["kept 1.0.0", "two 1.0.0"]);
        let changed = since.changed.iter().map(|changed| {
            let before = changed.before.map(|index| shown(&before, index));
            format!("{} from {before:?}", shown(&now, changed.package))
        });
        assert_eq!(
            changed.collect::<Vec<_>>(),
            [
                "fresh 1.0.0 from None",
                "git 1.0.0 from Some(\"git 1.0.0\")",
                "grown 1.1.0 from Some(\"grown 1.0.0\")",
                "swapped 1.0.0 from Some(\"swapped 1.0.0\")",
                "two 2.1.0 from Some(\"two 2.0.0\")",
            ]
        );
        assert_eq!(Since::of(None, &now).changed.len(), 7);
    }
}
