//! By which path a package is reached.

use std::collections::VecDeque;

use super::{Graph, PackageIdx};

/// The edges of a graph turned around, built once and asked often.
#[derive(Debug, Clone)]
pub struct Dependents<'g> {
    graph: &'g Graph,
    /// All dependents, those of the first package first.
    dependents: Vec<PackageIdx>,
    /// Where the dependents of each package end in `dependents`; they begin where the ones of the
    /// package before end.
    ends: Vec<u32>,
    is_member: Vec<bool>,
}

impl<'g> Dependents<'g> {
    /// Turns the edges of a graph around.
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        // First how many each has, then from where theirs begin, and while these are put there,
        // each beginning moves to the end.
        let mut ends = vec![0_u32; graph.packages.len()];
        let mut count = 0;
        for (from, _) in graph.iter() {
            for to in graph.depends_on(from) {
                if let Some(end) = ends.get_mut(to.get()) {
                    *end += 1;
                    count += 1;
                }
            }
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut dependents = vec![PackageIdx(0); count];
        for (from, _) in graph.iter() {
            for to in graph.depends_on(from) {
                if let Some(end) = ends.get_mut(to.get())
                    && let Some(slot) = dependents.get_mut(*end as usize)
                {
                    *slot = from;
                    *end += 1;
                }
            }
        }
        let mut is_member = vec![false; graph.packages.len()];
        for member in graph.members() {
            if let Some(mark) = is_member.get_mut(member.get()) {
                *mark = true;
            }
        }
        Self {
            graph,
            dependents,
            ends,
            is_member,
        }
    }

    /// The packages that depend on a package, in the packages' order.
    #[must_use]
    pub fn of(&self, package: PackageIdx) -> &[PackageIdx] {
        let before = package
            .get()
            .checked_sub(1)
            .and_then(|index| self.ends.get(index));
        let start = before.map_or(0, |end| *end as usize);
        let end = self.ends.get(package.get()).map_or(0, |end| *end as usize);
        self.dependents.get(start..end).unwrap_or_default()
    }

    /// The shortest path to a package from each workspace member that owns it, each from the
    /// member to the package, both included; sorted by length, then by the packages' order. Of
    /// several shortest ones it is the first in that order.
    ///
    /// A member *owns* a package if it reaches it without going through another member: its
    /// manifest, or one below it, is where something can be done. A member has one path, to
    /// itself. A package that no member reaches has none. Cost: one breadth-first search, linear
    /// in packages and edges; cycles are harmless. Once the budget is used up there are no more
    /// paths.
    #[must_use]
    pub fn paths(&self, package: PackageIdx, budget: &mut Budget) -> Vec<Vec<PackageIdx>> {
        let mut distance: Vec<Option<u32>> = vec![None; self.ends.len()];
        let mut owners = Vec::new();
        let mut queue = VecDeque::from([(package, 0)]);
        if let Some(slot) = distance.get_mut(package.get()) {
            *slot = Some(0);
        }
        while let Some((current, steps)) = queue.pop_front() {
            if !budget.spend(1) {
                return Vec::new();
            }
            if self.is_member(current) {
                owners.push(current);
                continue;
            }
            for dependent in self.of(current) {
                if let Some(slot @ None) = distance.get_mut(dependent.get()) {
                    *slot = Some(steps + 1);
                    queue.push_back((*dependent, steps + 1));
                }
            }
        }
        let towards = |from: PackageIdx| {
            let steps = distance.get(from.get()).copied().flatten()?;
            let closer = |next: &PackageIdx| {
                distance.get(next.get()).copied().flatten().map(|d| d + 1) == Some(steps)
                    && (*next == package || !self.is_member(*next))
            };
            self.graph.depends_on(from).filter(closer).min()
        };
        let mut paths: Vec<Vec<PackageIdx>> = Vec::new();
        for owner in owners {
            let path: Vec<_> = std::iter::successors(Some(owner), |at| towards(*at)).collect();
            if !budget.spend(path.len()) {
                return Vec::new();
            }
            paths.push(path);
        }
        sort(&mut paths);
        paths
    }

    /// [`Self::paths`] of every package, in the packages' order, by one search per member.
    #[must_use]
    pub fn all_paths(&self, budget: &mut Budget) -> Vec<Vec<Vec<PackageIdx>>> {
        let mut all: Vec<Vec<Vec<PackageIdx>>> = vec![Vec::new(); self.ends.len()];
        let mut from: Vec<Option<PackageIdx>> = vec![None; self.ends.len()];
        for member in (0..self.is_member.len()).map(PackageIdx::new) {
            if !self.is_member(member) {
                continue;
            }
            let mut reached = vec![member];
            let mut at = 0;
            while let Some(current) = reached.get(at).copied() {
                at += 1;
                let mut path: Vec<PackageIdx> = std::iter::successors(Some(current), |step| {
                    from.get(step.get()).copied().flatten()
                })
                .collect();
                if !budget.spend(path.len()) {
                    return vec![Vec::new(); self.ends.len()];
                }
                path.reverse();
                if let Some(paths) = all.get_mut(current.get()) {
                    paths.push(path);
                }
                let mut next: Vec<PackageIdx> = self.graph.depends_on(current).collect();
                next.sort_unstable();
                for dependency in next {
                    if let Some(slot @ None) = from.get_mut(dependency.get())
                        && !self.is_member(dependency)
                    {
                        *slot = Some(current);
                        reached.push(dependency);
                    }
                }
            }
            for package in reached {
                if let Some(slot) = from.get_mut(package.get()) {
                    *slot = None;
                }
            }
        }
        for paths in &mut all {
            sort(paths);
        }
        all
    }

    fn is_member(&self, package: PackageIdx) -> bool {
        self.is_member.get(package.get()) == Some(&true)
    }

    /// The graph that this was made from.
    #[must_use]
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }
}

/// How many packages may be visited and listed on the way to paths. No project comes near it; a
/// lockfile made for that could ask for gigabytes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    left: Option<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: Some(2_000_000),
        }
    }
}

impl Budget {
    /// A budget that is used up after so many packages.
    #[must_use]
    pub fn of(packages: usize) -> Self {
        Self {
            left: Some(packages),
        }
    }

    /// Whether it has been used up.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.left.is_none()
    }

    /// Once something did not fit, nothing does any more, so that what is left out is told by one
    /// flag.
    fn spend(&mut self, packages: usize) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(packages));
        self.left.is_some()
    }
}

fn sort(paths: &mut [Vec<PackageIdx>]) {
    paths.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::lockfile;

    fn graph(packages: &[(&str, bool, &[&str])]) -> Graph {
        let mut text = String::new();
        for (name, local, dependencies) in packages {
            let source = if *local {
                ""
            } else {
                "source = \"registry+u\"\n"
            };
            text += &format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{source}dependencies = {dependencies:?}\n"
            );
        }
        let lockfile = lockfile::read(text.as_bytes()).unwrap();
        Graph::from_lockfile(&lockfile).unwrap()
    }

    fn paths(graph: &Graph, to: &str) -> Vec<String> {
        let (index, _) = graph.iter().find(|(_, p)| p.name == to).unwrap();
        let name = |i: &PackageIdx| graph.get(*i).unwrap().name.clone();
        let paths = Dependents::new(graph).paths(index, &mut Budget::default());
        let shown = paths
            .iter()
            .map(|path| path.iter().map(name).collect::<Vec<_>>().join(">"));
        shown.collect()
    }

    #[test]
    fn shortest_per_owning_member() {
        let graph = graph(&[
            ("app", true, &["lib", "x"]),
            ("lib", true, &["y"]),
            ("other", true, &[]),
            ("x", false, &["y", "z"]),
            ("y", false, &["z"]),
            ("z", false, &["y"]),
        ]);
        assert_eq!(paths(&graph, "z"), ["app>x>z", "lib>y>z"]);
        assert_eq!(paths(&graph, "lib"), ["lib"]);
        assert_eq!(paths(&graph, "y"), ["lib>y", "app>x>y"]);
    }

    #[test]
    fn a_budget_ends_it() {
        let graph = graph(&[
            ("app", true, &["a"]),
            ("a", false, &["b"]),
            ("b", false, &[]),
        ]);
        let dependents = Dependents::new(&graph);
        let (last, _) = graph.iter().last().unwrap();
        let mut budget = Budget::of(7);
        assert_eq!(dependents.paths(last, &mut budget).len(), 1);
        assert!(!budget.is_spent());
        assert!(dependents.paths(last, &mut budget).is_empty());
        assert!(budget.is_spent());
        assert!(dependents.all_paths(&mut budget).iter().all(Vec::is_empty));
    }

    #[test]
    fn cycles_and_orphans_end() {
        let graph = graph(&[
            ("app", true, &[]),
            ("a", false, &["b"]),
            ("b", false, &["a"]),
        ]);
        assert!(paths(&graph, "a").is_empty());
    }

    proptest::proptest! {
        /// Both ways of working paths out agree, each path is one, and none goes through another
        /// member.
        #[test]
        fn one_and_all_agree(edges in proptest::collection::vec((0_usize..9, 0_usize..9), 0..30)) {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
            let mut packages: Vec<(&str, bool, Vec<&str>)> =
                names.iter().enumerate().map(|(i, name)| (*name, i < 3, Vec::new())).collect();
            for (from, to) in edges {
                packages[from].2.push(names[to]);
            }
            let packages: Vec<(&str, bool, &[&str])> =
                packages.iter().map(|(n, l, d)| (*n, *l, d.as_slice())).collect();
            let graph = graph(&packages);
            let dependents = Dependents::new(&graph);
            let all = dependents.all_paths(&mut Budget::default());
            for (index, _) in graph.iter() {
                let paths = dependents.paths(index, &mut Budget::default());
                proptest::prop_assert_eq!(&paths, &all[index.get()]);
                for path in paths {
                    proptest::prop_assert_eq!(path.last(), Some(&index));
                    for step in path.windows(2) {
                        proptest::prop_assert!(graph.depends_on(step[0]).any(|d| d == step[1]));
                        proptest::prop_assert!(!dependents.is_member(step[1]) || step[1] == index);
                    }
                }
            }
        }
    }
}
