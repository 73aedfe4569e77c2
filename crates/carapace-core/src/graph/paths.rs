//! By which path a package is reached.

use std::collections::VecDeque;

use super::{Graph, PackageIdx};

/// The edges of a graph turned around, built once and asked often.
#[derive(Debug, Clone)]
pub struct Dependents<'g> {
    graph: &'g Graph,
    dependents: Vec<Vec<PackageIdx>>,
    is_member: Vec<bool>,
}

impl<'g> Dependents<'g> {
    /// Turns the edges of a graph around.
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        let mut dependents = vec![Vec::new(); graph.packages.len()];
        for (index, package) in graph.iter() {
            for dependency in package.dependencies.iter().chain(&package.replaced_by) {
                if let Some(list) = dependents.get_mut(dependency.get()) {
                    list.push(index);
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
            is_member,
        }
    }

    /// The shortest path to a package from each workspace member that owns it, each from the
    /// member to the package, both included; sorted by length, then by the packages' order.
    ///
    /// A member *owns* a package if it reaches it without going through another member: its
    /// manifest, or one below it, is where something can be done. A member has one path, to
    /// itself. A package that no member reaches has none. Cost: one breadth-first search, linear
    /// in packages and edges; cycles are harmless.
    #[must_use]
    pub fn paths(&self, package: PackageIdx) -> Vec<Vec<PackageIdx>> {
        let mut towards: Vec<Option<PackageIdx>> = vec![None; self.dependents.len()];
        let mut paths = Vec::new();
        let mut queue = VecDeque::from([package]);
        let mut seen = vec![false; self.dependents.len()];
        if let Some(mark) = seen.get_mut(package.get()) {
            *mark = true;
        }
        while let Some(current) = queue.pop_front() {
            if self.is_member.get(current.get()) == Some(&true) {
                let mut path = vec![current];
                let mut at = current;
                while let Some(next) = towards.get(at.get()).copied().flatten() {
                    path.push(next);
                    at = next;
                }
                paths.push(path);
                continue;
            }
            for dependent in self.dependents.get(current.get()).into_iter().flatten() {
                if let Some(mark @ false) = seen.get_mut(dependent.get()) {
                    *mark = true;
                    if let Some(slot) = towards.get_mut(dependent.get()) {
                        *slot = Some(current);
                    }
                    queue.push_back(*dependent);
                }
            }
        }
        paths.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        paths
    }

    /// The graph that this was made from.
    #[must_use]
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }
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
        let paths = Dependents::new(graph).paths(index);
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
    fn cycles_and_orphans_end() {
        let graph = graph(&[
            ("app", true, &[]),
            ("a", false, &["b"]),
            ("b", false, &["a"]),
        ]);
        assert!(paths(&graph, "a").is_empty());
    }
}
