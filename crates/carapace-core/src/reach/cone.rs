//! Who can call a package.

use std::collections::BTreeSet;

use crate::graph::PackageIdx;
use crate::graph::metadata::Metadata;
use crate::graph::units::Units;

/// What every procedural macro is made with: it holds no names of what they generate.
const TOOLS: [&str; 4] = ["proc-macro2", "quote", "syn", "unicode-ident"];

/// The packages whose sources tell whether functions of some packages are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cone {
    /// These packages and all that are built with them, sorted.
    pub packages: Vec<PackageIdx>,
    /// Procedural macros that code of the cone may use, and what they are made of, sorted: the names
    /// in what they generate count, too.
    pub generators: Vec<PackageIdx>,
}

/// The cone of packages in a build.
#[must_use]
pub fn cone(metadata: &Metadata, units: &Units, affected: &[PackageIdx]) -> Cone {
    let depends = depends(metadata, units);
    let mut dependents = vec![Vec::new(); metadata.packages.len()];
    for (from, to) in depends.iter().enumerate() {
        for to in to {
            if let Some(of) = dependents.get_mut(*to) {
                of.push(from);
            }
        }
    }
    let affected = affected.iter().map(|package| package.get());
    let packages = reached(affected, |at| dependents.get(at).map(Vec::as_slice));
    // A macro is often handed on by a package that is not in the cone itself.
    let below = reached(packages.iter().copied(), |at| {
        depends.get(at).map(Vec::as_slice)
    });
    let is_macro = |at: &usize| {
        metadata
            .packages
            .get(*at)
            .is_some_and(|p| p.is_proc_macro())
    };
    let is_tool = |at: usize| {
        let package = metadata.packages.get(at);
        package.is_none_or(|package| TOOLS.contains(&&*package.name))
    };
    let macros = below.into_iter().filter(is_macro);
    let generators = reached(macros, |at| match is_tool(at) {
        true => None,
        false => depends.get(at).map(Vec::as_slice),
    });
    let index = |places: BTreeSet<usize>| {
        let all = metadata.iter();
        let chosen = all.filter(|(index, _)| places.contains(&index.get()));
        chosen.map(|(index, _)| index).collect()
    };
    Cone {
        packages: index(packages),
        generators: index(generators.into_iter().filter(|at| !is_tool(*at)).collect()),
    }
}

/// On which packages each one's code is built.
pub(super) fn depends(metadata: &Metadata, units: &Units) -> Vec<Vec<usize>> {
    let mut depends = vec![BTreeSet::new(); metadata.packages.len()];
    for unit in units.units().iter().filter(|unit| unit.is_built) {
        let edges = unit.dependencies.iter().filter(|edge| edge.is_used);
        let to = edges.filter_map(|edge| Some(units.get(edge.to)?.package.get()));
        if let Some(of) = depends.get_mut(unit.package.get()) {
            of.extend(to);
        }
    }
    let depends = depends.into_iter();
    depends.map(|of| of.into_iter().collect()).collect()
}

/// What some places lead to, themselves included.
pub(super) fn reached<'a>(
    from: impl Iterator<Item = usize>,
    next: impl Fn(usize) -> Option<&'a [usize]>,
) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut todo: Vec<usize> = from.collect();
    while let Some(at) = todo.pop() {
        if seen.insert(at) {
            todo.extend(next(at).unwrap_or_default());
        }
    }
    seen
}
