//! What of a census, or of people, is shown, and how: the wishes that several formats share.

use std::collections::{BTreeMap, BTreeSet};

use crate::census::summary::wants_safety_comment;
use crate::census::{Census, Site, State};
use crate::facts::unsafety::SiteKind;
use crate::graph::{Graph, Package, PackageIdx};

/// The characters of trees and symbols.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Charset {
    /// Lines and emoji.
    #[default]
    Utf8,
    /// ASCII alone.
    Ascii,
}

/// How packages are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// By who depends on whom.
    #[default]
    Tree,
    /// The same, each line begun by its depth instead of lines of the tree.
    Depth,
    /// The same, without either.
    NoIndent,
    /// Each package once, those with the most unsafe code first.
    Table,
}

/// By what people are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// Each account, and what it can change.
    #[default]
    Person,
    /// Each package, and who can change it.
    Crate,
    /// Each team, and what its members can change.
    Team,
}

/// What of a census or of people is shown, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The characters of trees and symbols.
    pub charset: Charset,
    /// How packages are laid out.
    pub layout: Layout,
    /// The packages that trees begin at, and then go to who depends on them; none: at the members
    /// of the workspace, and to what they depend on.
    pub invert: Vec<String>,
    /// Whether what a package depends on is shown each time that the package is.
    pub repeat: bool,
    /// Whether only that is shown which forbids unsafe code and which does not.
    pub forbid_only: bool,
    /// Whether what tests, benchmarks and examples hold is used.
    pub tests: bool,
    /// Whether packages that only run at build time are left out.
    pub no_build: bool,
    /// Whether packages that only tests, benchmarks and examples have are left out.
    pub no_dev: bool,
    /// The sites that are listed.
    pub sites: Option<Selection>,
    /// By what people are listed.
    pub by: By,
}

/// Which sites are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Of which packages; empty: of all.
    pub packages: Vec<String>,
    /// Of which kinds; empty: of all.
    pub kinds: Vec<SiteKind>,
    /// In which states.
    pub states: Vec<State>,
    /// Only those that do not tell why they are sound, of the kinds that should.
    pub without_safety: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            kinds: Vec::new(),
            states: vec![State::Active, State::Unknown],
            without_safety: false,
        }
    }
}

impl Selection {
    /// Whether the sites of a package are among those asked for.
    #[must_use]
    pub fn has_package(&self, package: &Package) -> bool {
        self.packages.is_empty() || self.packages.iter().any(|spec| names(spec, package))
    }

    /// Whether a site of such a package is among those asked for.
    #[must_use]
    pub fn has_site(&self, site: &Site) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&site.kind))
            && self.states.contains(&site.state)
            && !(self.without_safety && (site.safety_comment || !wants_safety_comment(site.kind)))
    }

    /// The sites that are asked for, by package, in order; packages without one are left out.
    pub fn of<'a>(
        &'a self,
        graph: &'a Graph,
        census: &'a Census,
    ) -> impl Iterator<Item = (PackageIdx, Vec<&'a Site>)> {
        graph
            .iter()
            .zip(&census.packages)
            .filter(|((_, package), _)| self.has_package(package))
            .map(|((index, _), package)| {
                let sites = package.sites.iter().filter(|site| self.has_site(site));
                (index, sites.collect::<Vec<_>>())
            })
            .filter(|(_, sites)| !sites.is_empty())
    }

    /// The lines that a list of these sites shows: of which package and file.
    #[must_use]
    pub fn lines<'a>(
        &self,
        graph: &Graph,
        census: &'a Census,
    ) -> BTreeMap<PackageIdx, BTreeMap<&'a str, BTreeSet<u32>>> {
        let mut lines: BTreeMap<_, BTreeMap<&str, BTreeSet<u32>>> = BTreeMap::new();
        for ((index, package), census) in graph.iter().zip(&census.packages) {
            if !self.has_package(package) {
                continue;
            }
            for site in census.sites.iter().filter(|site| self.has_site(site)) {
                let files = lines.entry(index).or_default();
                files.entry(&site.file).or_default().insert(site.line);
            }
        }
        lines
    }
}

impl View {
    /// The first package that was asked for by name and that the graph does not have.
    #[must_use]
    pub fn unknown_package(&self, graph: &Graph) -> Option<&str> {
        let sites = self.sites.iter().flat_map(|sites| &sites.packages);
        let mut asked = self.invert.iter().chain(sites);
        let unknown = asked.find(|spec| !graph.packages().iter().any(|p| names(spec, p)));
        unknown.map(String::as_str)
    }
}

/// Whether a package id specification means a package: its whole id, or `NAME` or `NAME@VERSION`
/// (before, `NAME:VERSION`) with a version that may end early, as `1.2`.
///
/// <https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>
#[must_use]
pub fn names(spec: &str, package: &Package) -> bool {
    if spec.contains('/') {
        return spec == package.id();
    }
    let (name, version) = match spec.split_once(['@', ':']) {
        None => (spec, None),
        Some((name, version)) => (name, Some(version)),
    };
    name == package.name
        && version.is_none_or(|asked| {
            let version = package.version.to_string();
            version.strip_prefix(asked).is_some_and(|rest| {
                // `1.2` means 1.2.3, and not 1.20.0.
                rest.is_empty() || (rest.starts_with('.') && !asked.contains(['-', '+']))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example;

    #[test]
    fn packages_are_named_as_cargo_names_them() {
        let report = example::run(
            "--- Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\
             source = \"registry+https://example.org/index\"\n",
        );
        let package = &report.inputs[0].graph.packages()[0];
        for (spec, expected) in [
            ("a", true),
            ("a@1.2.3", true),
            ("a:1.2.3", true),
            ("a@1.2", true),
            ("a@1", true),
            ("a@1.2.", false),
            ("a@1.20", false),
            ("a@2", false),
            ("b", false),
            ("registry+https://example.org/index#a@1.2.3", true),
            ("registry+https://example.org/other#a@1.2.3", false),
        ] {
            assert_eq!(names(spec, package), expected, "{spec}");
        }
    }
}
