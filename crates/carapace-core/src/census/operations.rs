//! What is done in sites of which only other packages tell.
//!
//! A path that begins with the name of a dependency is looked up there and, as packages show what
//! others declare, in what that depends on. Methods have no paths: those that one of the
//! dependencies declares unsafe are taken where nothing else is known to be done.

use crate::facts::operations::decide::{last, of_call};
use crate::facts::unsafety::Operation;
use crate::facts::{OpenSite, PackageFacts, UnsafeNames};
use crate::graph::metadata::Metadata;

/// A package among others.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// What its sources say; none if they are not at hand.
    pub facts: Option<&'a PackageFacts>,
    /// Its dependencies: by which name its code knows each, and which of the packages it is.
    pub dependencies: &'a [(&'a str, usize)],
}

/// Settles what is done in the sites of all packages of a graph, whose facts are given in its order.
pub fn settle(metadata: &Metadata, facts: &mut [Option<PackageFacts>]) {
    let dependencies: Vec<Vec<(&str, usize)>> = metadata
        .packages
        .iter()
        .map(|package| {
            let resolved = package.resolved.iter();
            let names = resolved.map(|found| (&*found.name, found.package.get()));
            // A package's programs name its own library.
            names.collect()
        })
        .collect();
    let packages: Vec<Package<'_>> = facts
        .iter()
        .zip(&dependencies)
        .map(|(facts, dependencies)| Package {
            facts: facts.as_ref(),
            dependencies,
        })
        .collect();
    let all: Vec<_> = (0..packages.len())
        .map(|package| operations(&packages, package))
        .collect();
    for (facts, done) in facts.iter_mut().zip(all) {
        let files = facts.iter_mut().flat_map(|facts| &mut facts.files);
        for (file, done) in files.zip(done) {
            for (site, done) in file.sites.iter_mut().zip(done) {
                site.operations = done;
            }
        }
    }
}

/// How far a name is followed through packages that show what others declare.
const MAX_DEPTH: usize = 3;
/// How many packages are asked for one name.
const MAX_ASKED: usize = 64;

/// What is done in the sites of a package's files, sorted, each once.
#[must_use]
pub fn operations(packages: &[Package<'_>], package: usize) -> Vec<Vec<Vec<Operation>>> {
    let Some(Package {
        facts: Some(facts), ..
    }) = packages.get(package)
    else {
        return Vec::new();
    };
    let resolver = Resolver {
        packages,
        package,
        facts,
    };
    let of_file = |file: &crate::facts::FileFacts| {
        let sites = file.sites.iter();
        let mut all: Vec<Vec<Operation>> = sites.map(|site| site.operations.clone()).collect();
        for open in &file.open {
            if let Some(operations) = all.get_mut(open.site as usize) {
                resolver.add(open, operations);
                operations.sort();
                operations.dedup();
            }
        }
        all
    };
    facts.files.iter().map(of_file).collect()
}

struct Resolver<'p, 'a> {
    packages: &'p [Package<'a>],
    package: usize,
    facts: &'a PackageFacts,
}

impl<'a> Resolver<'_, 'a> {
    fn add(&self, open: &OpenSite, operations: &mut Vec<Operation>) {
        let word = |id: &u32| self.facts.words.get(*id as usize).map(String::as_str);
        for path in open.calls.iter().filter_map(word) {
            operations.extend(self.call(path));
        }
        for path in open.names.iter().filter_map(word) {
            operations.extend(self.name(path));
        }
        let Some(otherwise) = open.otherwise.filter(|_| operations.is_empty()) else {
            return;
        };
        let by_name = open.calls.iter().filter_map(word);
        let by_name = by_name.filter_map(|path| self.anywhere(last(path)));
        operations.extend(by_name);
        if operations.is_empty() {
            let methods = open.methods.iter().filter_map(word);
            operations.extend(methods.filter_map(|name| self.method(name)));
        }
        if operations.is_empty() {
            operations.push(otherwise);
        }
    }

    /// What calling the function with a path is, if it is another package's and unsafe.
    fn call(&self, path: &str) -> Option<Operation> {
        let mut before = path.strip_suffix(last(path))?;
        before = before.strip_suffix("::").unwrap_or(before);
        let owner = last(before);
        // `nix::libc::read`: the last of the segments that is a package's name.
        let segments = path.split("::").filter(|segment| !segment.is_empty());
        let mut at = self.package;
        let mut is_found = false;
        for segment in segments {
            if let Some(next) = self.dependency(at, segment) {
                at = next;
                is_found = true;
            }
        }
        if !is_found {
            return None;
        }
        self.shown_by(at, &|names| {
            if owner.starts_with(char::is_uppercase) {
                let key = (last(path), owner);
                let found = names
                    .methods
                    .binary_search_by(|(name, owner)| (name.as_str(), owner.as_str()).cmp(&key));
                return found.is_ok().then(|| of_call(last(path)));
            }
            function(names, last(path))
        })
    }

    fn name(&self, path: &str) -> Option<Operation> {
        let first = path.split("::").find(|segment| !segment.is_empty())?;
        let package = self.dependency(self.package, first)?;
        self.shown_by(package, &|names| {
            if has(&names.statics, last(path)) {
                return Some(Operation::StaticMut);
            }
            has(&names.foreign_statics, last(path)).then_some(Operation::ExternStatic)
        })
    }

    /// What calling a function of a name is, if one of the dependencies has it.
    fn anywhere(&self, name: &str) -> Option<Operation> {
        self.dependencies(self.package)
            .iter()
            .find_map(|(_, package)| self.shown_by(*package, &|names| function(names, name)))
    }

    fn method(&self, name: &str) -> Option<Operation> {
        let has_method = |names: &UnsafeNames| {
            let at = names
                .methods
                .partition_point(|(known, _)| known.as_str() < name);
            let found = names
                .methods
                .get(at)
                .is_some_and(|(known, _)| known == name);
            found.then(|| of_call(name))
        };
        self.dependencies(self.package)
            .iter()
            .find_map(|(_, package)| self.shown_by(*package, &has_method))
    }

    fn dependencies(&self, package: usize) -> &'a [(&'a str, usize)] {
        let package = self.packages.get(package);
        package.map_or(&[], |package| package.dependencies)
    }

    fn dependency(&self, package: usize, name: &str) -> Option<usize> {
        let mut all = self.dependencies(package).iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, package)| *package)
    }

    /// What a package says, or one whose names it may show.
    fn shown_by(
        &self,
        package: usize,
        ask: &dyn Fn(&UnsafeNames) -> Option<Operation>,
    ) -> Option<Operation> {
        let mut work = vec![(package, 0)];
        let mut asked = Vec::new();
        while let Some((at, depth)) = work.pop() {
            if asked.contains(&at) || asked.len() >= MAX_ASKED {
                continue;
            }
            asked.push(at);
            let facts = self.packages.get(at).and_then(|package| package.facts);
            if let Some(found) = facts.and_then(|facts| ask(&facts.unsafe_names)) {
                return Some(found);
            }
            if depth < MAX_DEPTH {
                let next = self.dependencies(at).iter();
                work.extend(next.map(|(_, package)| (*package, depth + 1)));
            }
        }
        None
    }
}

fn function(names: &UnsafeNames, name: &str) -> Option<Operation> {
    if has(&names.foreign, name) {
        return Some(Operation::FfiCall);
    }
    if has(&names.functions, name) {
        return Some(of_call(name));
    }
    has(&names.featured, name).then_some(Operation::TargetFeature)
}

fn has(sorted: &[String], name: &str) -> bool {
    sorted
        .binary_search_by(|known| known.as_str().cmp(name))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::package::package;
    use crate::facts::scan::scan;
    use crate::facts::unsafety::Operation as O;

    /// What is done in the sites of the first of several packages.
    fn done(packages: &[(&str, &[(&str, usize)])]) -> Vec<Vec<Operation>> {
        let facts: Vec<PackageFacts> = packages
            .iter()
            .map(|(text, _)| package(vec![scan("src/lib.rs", text.as_bytes())]))
            .collect();
        let packages: Vec<Package<'_>> = facts
            .iter()
            .zip(packages)
            .map(|(facts, (_, dependencies))| Package {
                facts: Some(facts),
                dependencies,
            })
            .collect();
        operations(&packages, 0).concat()
    }

    const SYS: &str = "extern { pub fn read(); pub static ENV: u8; pub static mut STATE: u8; }
        pub unsafe fn close() {} pub struct S; impl S { pub unsafe fn poke(&self) {} pub unsafe fn at() {} }";

    #[test]
    fn dependencies_decide() {
        let own = "use sys::S; fn f() { unsafe { sys::read() } unsafe { sys::close() }
            unsafe { S::at(); } unsafe { sys::ENV } unsafe { sys::STATE = 1 } unsafe { x.poke() } }";
        let expected = [
            vec![O::FfiCall],
            vec![O::UnsafeCall],
            vec![O::UnsafeCall],
            vec![O::ExternStatic],
            vec![O::StaticMut],
            vec![O::UnsafeCall],
        ];
        assert_eq!(done(&[(own, &[("sys", 1)]), (SYS, &[])]), expected);
    }

    #[test]
    fn names_are_followed_through_packages() {
        let own = "fn f() { unsafe { shown::sys::read(); } unsafe { shown::close() } }";
        let shown = "pub use sys; pub use sys::close;";
        let expected = [vec![O::FfiCall], vec![O::UnsafeCall]];
        let packages: &[(&str, &[(&str, usize)])] =
            &[(own, &[("shown", 1)]), (shown, &[("sys", 2)]), (SYS, &[])];
        assert_eq!(done(packages), expected);
    }

    #[test]
    fn packages_that_depend_on_each_other_end() {
        let own = "unsafe fn f() { b::g() }";
        let circle: &[(&str, usize)] = &[("a", 0), ("b", 1)];
        assert_eq!(done(&[(own, circle), ("", circle)]), [vec![]]);
    }
}
