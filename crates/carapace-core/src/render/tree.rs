//! Which packages stand below which, as rows of a tree.
//!
//! *Invariants.* Every package that is not left out has a row; of those that no build here has, a tree
//! tells how many it leaves out. What a package depends on is below
//! its first row only, unless that is asked for. A tree ends: a package is not below itself, its
//! lines are drawn for [`DEEPEST`] levels, and it has no more than [`ROWS`] rows.

use std::cmp::Reverse;

use crate::census::Census;
use crate::census::summary::Summary;
use crate::graph::paths::Dependents;
use crate::graph::units::Role;
use crate::graph::{Graph, PackageIdx};
use crate::render::view::{Charset, Layout, View, names};
use crate::report::{Edges, Input};

/// Levels whose lines are drawn; what lies deeper is drawn at the last one.
const DEEPEST: usize = 64;

/// Rows of a tree that anybody reads. A graph can ask for exponentially many.
const ROWS: usize = 100_000;

/// The roles of what a build here has.
const BUILT: [Role; 4] = [Role::Runtime, Role::Build, Role::ProcMacro, Role::Dev];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The package.
    pub(super) package: PackageIdx,
    /// What stands before its name: lines of the tree, or its depth.
    pub(super) before: String,
    /// Whether it has a row above, which tells the rest.
    pub(super) again: bool,
}

/// The rows of a graph's packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    /// The rows, from above.
    pub(super) rows: Vec<Row>,
    /// Whether there were too many, and the rest is left out.
    pub(super) cut: bool,
    /// How many packages are left out because they are for other platforms or switched off.
    pub(super) elsewhere: usize,
}

/// Lays the packages of an input out.
pub(super) fn rows(input: &Input, census: &Census, view: &View) -> Rows {
    let graph = &*input.graph;
    let selected = view.sites.as_ref().filter(|sites| {
        // Who names packages and no tree wants to see these.
        !sites.packages.is_empty() && view.invert.is_empty()
    });
    let is_table = view.layout == Layout::Table || selected.is_some();
    let mut elsewhere = 0;
    let shown: Vec<bool> = graph
        .packages()
        .iter()
        .zip(&census.packages)
        .enumerate()
        .map(|(at, (package, census))| {
            let roles = input.details.roles.get(at);
            let is_elsewhere =
                roles.is_some_and(|roles| !roles.iter().any(|role| BUILT.contains(&role)));
            if is_elsewhere && !is_table && view.invert.is_empty() {
                elsewhere += 1;
                return false;
            }
            // What nothing has linked in is no less there for that.
            let build_only = census.build_time && !census.runtime && !census.dev_only;
            selected.is_none_or(|sites| sites.has_package(package))
                && !(view.no_build && build_only)
                && !(view.no_dev && census.dev_only)
        })
        .collect();
    let mut walk = Walk {
        graph,
        view,
        order: order(graph),
        shown,
        seen: vec![false; graph.packages().len()],
        above: vec![false; graph.packages().len()],
        rows: Vec::new(),
    };
    if is_table {
        walk.table(census);
        return Rows {
            rows: walk.rows,
            cut: false,
            elsewhere,
        };
    }
    let links = Links::new(input);
    let cut = match view.invert.as_slice() {
        [] => {
            let is_root = |package: &PackageIdx| {
                let of = links.dependents(*package);
                of.iter().all(|other| other == package)
            };
            // First members that no one depends on, then those in a circle, then what is left.
            let (roots, inner): (Vec<_>, Vec<_>) = graph.members().into_iter().partition(is_root);
            let all: Vec<_> = graph.iter().map(|(index, _)| index).collect();
            let (tops, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(is_root);
            [roots, inner, tops, rest]
                .into_iter()
                .any(|roots| walk.trees(roots, &|package| links.dependencies(package)))
        }
        specs => {
            let roots = graph.iter().filter(|(_, package)| {
                let names = |spec: &String| names(spec, package);
                specs.iter().any(names)
            });
            let roots = roots.map(|(index, _)| index).collect();
            walk.trees(roots, &|package| links.dependents(package))
        }
    };
    Rows {
        rows: walk.rows,
        cut,
        elsewhere,
    }
}

/// Who depends on whom in what is judged, both ways.
enum Links<'a> {
    /// By the graph.
    Graph(Dependents<'a>),
    /// By what is known better.
    Edges(&'a Graph, &'a Edges, Vec<Vec<PackageIdx>>),
}

impl<'a> Links<'a> {
    fn new(input: &'a Input) -> Self {
        let graph = &*input.graph;
        let Some(edges) = &input.details.edges else {
            return Self::Graph(Dependents::new(graph));
        };
        let mut dependents = vec![Vec::new(); graph.packages().len()];
        for ((from, _), to) in graph.iter().zip(&edges.packages) {
            for (to, _) in to {
                let place = graph.position(*to).and_then(|at| dependents.get_mut(at));
                place.into_iter().for_each(|of: &mut Vec<_>| of.push(from));
            }
        }
        Self::Edges(graph, edges, dependents)
    }

    fn dependencies(&self, package: PackageIdx) -> Vec<PackageIdx> {
        match self {
            Self::Graph(dependents) => dependents.graph().depends_on(package).collect(),
            Self::Edges(graph, edges, _) => {
                let place = graph.position(package);
                let edges = place.and_then(|at| edges.packages.get(at));
                let edges = edges.into_iter().flatten();
                edges.map(|(to, _)| *to).collect()
            }
        }
    }

    fn dependents(&self, package: PackageIdx) -> Vec<PackageIdx> {
        match self {
            Self::Graph(dependents) => dependents.of(package).to_vec(),
            Self::Edges(graph, _, dependents) => {
                let place = graph.position(package);
                let of = place.and_then(|at| dependents.get(at));
                of.cloned().unwrap_or_default()
            }
        }
    }
}

/// The place of each package in the order of names and versions.
fn order(graph: &Graph) -> Vec<usize> {
    let mut all: Vec<_> = graph.packages().iter().enumerate().collect();
    all.sort_by(|(_, a), (_, b)| {
        let key = |p: &crate::graph::Package| p.source.as_ref().map(|source| source.text.clone());
        (&a.name, &a.version)
            .cmp(&(&b.name, &b.version))
            .then_with(|| key(a).cmp(&key(b)))
    });
    let mut order = vec![0; all.len()];
    for (place, (position, _)) in all.into_iter().enumerate() {
        if let Some(slot) = order.get_mut(position) {
            *slot = place;
        }
    }
    order
}

struct Walk<'a> {
    graph: &'a Graph,
    view: &'a View,
    order: Vec<usize>,
    shown: Vec<bool>,
    /// The packages that have a row.
    seen: Vec<bool>,
    /// The packages that the present one is below.
    above: Vec<bool>,
    rows: Vec<Row>,
}

impl Walk<'_> {
    fn of<T: Copy + Default>(&self, list: &[T], package: PackageIdx) -> T {
        let position = self.graph.position(package);
        let value = position.and_then(|at| list.get(at).copied());
        value.unwrap_or_default()
    }

    /// The packages that are shown of some, each once, by name.
    fn sorted(&self, mut packages: Vec<PackageIdx>) -> Vec<PackageIdx> {
        packages.retain(|package| self.of(&self.shown, *package));
        packages.sort_by_key(|package| self.of(&self.order, *package));
        packages.dedup();
        packages
    }

    /// Each package once, those with the most unsafe code first.
    fn table(&mut self, census: &Census) {
        let mut rows: Vec<_> = self
            .graph
            .iter()
            .zip(&census.packages)
            .filter(|((index, _), _)| self.of(&self.shown, *index))
            .map(|((index, _), census)| {
                let code = Summary::of(census).unsafe_code();
                let used = Reverse(code.used(self.view.tests));
                (used, self.of(&self.order, index), index)
            })
            .collect();
        rows.sort_unstable();
        self.rows
            .extend(rows.into_iter().map(|(_, _, package)| Row {
                package,
                before: String::new(),
                again: false,
            }));
    }

    /// A tree for each of some packages that has no row yet; whether there was too much.
    fn trees(
        &mut self,
        roots: Vec<PackageIdx>,
        below: &dyn Fn(PackageIdx) -> Vec<PackageIdx>,
    ) -> bool {
        let roots = self.sorted(roots);
        roots.into_iter().any(|root| {
            let is_new = !self.of(&self.seen, root);
            is_new && self.tree(root, below)
        })
    }

    /// Depth first, without recursion: how deep a graph is, is up to whoever made it.
    fn tree(&mut self, root: PackageIdx, below: &dyn Fn(PackageIdx) -> Vec<PackageIdx>) -> bool {
        let mut stack = vec![(root, 0_usize, true)];
        // Of the levels above: the package, and whether more follow on that level.
        let mut levels: Vec<(PackageIdx, bool)> = Vec::new();
        while let Some((package, depth, is_last)) = stack.pop() {
            if self.rows.len() >= ROWS {
                return true;
            }
            for (left, _) in levels.drain(depth..) {
                mark(&mut self.above, self.graph.position(left), false);
            }
            let position = self.graph.position(package);
            let again = self.of(&self.seen, package);
            let circular = self.of(&self.above, package);
            let before = self.before(&levels, depth, is_last);
            self.rows.push(Row {
                package,
                before,
                again,
            });
            mark(&mut self.seen, position, true);
            if circular || (again && !self.view.repeat) {
                continue;
            }
            levels.push((package, !is_last));
            mark(&mut self.above, position, true);
            let children = self.sorted(below(package));
            let last = children.last().copied();
            let children = children.into_iter().rev();
            stack.extend(children.map(|child| (child, depth + 1, Some(child) == last)));
        }
        for (left, _) in levels {
            mark(&mut self.above, self.graph.position(left), false);
        }
        false
    }

    fn before(&self, levels: &[(PackageIdx, bool)], depth: usize, is_last: bool) -> String {
        match self.view.layout {
            Layout::NoIndent | Layout::Table => return String::new(),
            Layout::Depth => return format!("{depth} "),
            Layout::Tree if depth == 0 => return String::new(),
            Layout::Tree => {}
        }
        let [more, none, fork, end] = match self.view.charset {
            Charset::Utf8 => ["│   ", "    ", "├── ", "└── "],
            Charset::Ascii => ["|   ", "    ", "|-- ", "`-- "],
        };
        let levels = levels.iter().skip(1).take(DEEPEST);
        let mut before: String = levels
            .map(|(_, follows)| if *follows { more } else { none })
            .collect();
        before += if is_last { end } else { fork };
        before
    }
}

fn mark(list: &mut [bool], at: Option<usize>, value: bool) {
    if let Some(slot) = at.and_then(|at| list.get_mut(at)) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::census::PackageCensus;
    use crate::graph::metadata::DependencyKind;
    use crate::graph::units::Roles;
    use crate::rules::example;

    fn input(packages: &[(bool, Vec<usize>)]) -> Input {
        let mut text = "--- Cargo.lock\n".to_owned();
        for (index, (local, dependencies)) in packages.iter().enumerate() {
            let dependencies: Vec<String> = dependencies.iter().map(|d| format!("p{d}")).collect();
            let source = if *local {
                ""
            } else {
                "source = \"registry+u\"\n"
            };
            text += &format!(
                "[[package]]\nname = \"p{index}\"\nversion = \"1.0.0\"\n{source}dependencies = {dependencies:?}\n"
            );
        }
        example::run(&text).inputs.remove(0)
    }

    fn census(input: &Input) -> Census {
        Census {
            packages: vec![PackageCensus::default(); input.graph.packages().len()],
        }
    }

    fn drawn(input: &Input, view: &View) -> Vec<String> {
        let Rows { rows, cut, .. } = rows(input, &census(input), view);
        assert!(!cut);
        let row = |row: Row| {
            let name = &input.graph.get(row.package).unwrap().name;
            format!("{}{name}{}", row.before, if row.again { " *" } else { "" })
        };
        rows.into_iter().map(row).collect()
    }

    fn small() -> Input {
        input(&[
            (true, vec![2, 3]),
            (true, vec![3]),
            (false, vec![4]),
            (false, vec![4]),
            (false, vec![2]),
            (false, vec![]),
        ])
    }

    #[test]
    fn trees_begin_at_members() {
        let tree = [
            "p0",
            "├── p2",
            "│   └── p4",
            "│       └── p2 *",
            "└── p3",
            "    └── p4 *",
            "p1",
            "└── p3 *",
            "p5",
        ];
        assert_eq!(drawn(&small(), &View::default()), tree);
        let view = View {
            charset: Charset::Ascii,
            ..View::default()
        };
        assert_eq!(drawn(&small(), &view)[2], "|   `-- p4");
        let view = View {
            layout: Layout::Depth,
            ..View::default()
        };
        assert_eq!(drawn(&small(), &view)[..3], ["0 p0", "1 p2", "2 p4"]);
    }

    #[test]
    fn trees_can_be_turned_around_and_repeat() {
        let mut view = View {
            invert: vec!["p3".to_owned()],
            ..View::default()
        };
        assert_eq!(drawn(&small(), &view), ["p3", "├── p0", "└── p1"]);
        view.invert.clear();
        view.repeat = true;
        let drawn = drawn(&small(), &view);
        assert_eq!(
            drawn[4..9],
            [
                "└── p3",
                "    └── p4 *",
                "        └── p2 *",
                "            └── p4 *",
                "p1"
            ]
        );
    }

    #[test]
    fn what_is_known_of_edges_counts_more_than_the_graph() {
        let mut input = small();
        let at = |at: usize| input.graph.iter().nth(at).unwrap().0;
        let mut packages = vec![Vec::new(); 6];
        packages[0] = vec![
            (at(3), DependencyKind::Normal),
            (at(3), DependencyKind::Build),
        ];
        packages[3] = vec![(at(4), DependencyKind::Normal)];
        input.details.edges = Some(Edges { packages }.into());
        let mut view = View::default();
        let tree = ["p0", "└── p3", "    └── p4", "p1", "p2", "p5"];
        assert_eq!(drawn(&input, &view), tree);
        view.invert = vec!["p4@1".to_owned()];
        assert_eq!(drawn(&input, &view), ["p4", "└── p3", "    └── p0"]);
    }

    #[test]
    fn what_no_build_has_is_told_and_in_tables() {
        let mut input = small();
        input.details.roles = vec![Roles::from_iter([Role::Runtime]); 6];
        input.details.roles[4] = Roles::from_iter([Role::OtherTarget]);
        input.details.roles[5] = Roles::from_iter([Role::Disabled]);
        let mut view = View::default();
        let Rows {
            rows, elsewhere, ..
        } = super::rows(&input, &census(&input), &view);
        assert_eq!((rows.len(), elsewhere), (5, 2));
        view.layout = Layout::Table;
        let Rows {
            rows, elsewhere, ..
        } = super::rows(&input, &census(&input), &view);
        assert_eq!((rows.len(), elsewhere), (6, 0));
    }

    #[test]
    fn what_doubles_at_each_level_is_cut() {
        // Each package depends on the next two: that many paths are too many.
        let packages: Vec<_> = (0..60)
            .map(|n| (n == 0, (n + 1..n + 3).filter(|n| *n < 60).collect()))
            .collect();
        let input = input(&packages);
        let view = View {
            repeat: true,
            ..View::default()
        };
        let Rows { rows, cut, .. } = rows(&input, &census(&input), &view);
        assert!(cut);
        assert_eq!(rows.len(), ROWS);
    }

    #[test]
    fn a_chain_is_not_drawn_beyond_the_deepest_level() {
        let packages: Vec<_> = (0..2_000)
            .map(|n| (n == 0, vec![(n + 1) % 2_000]))
            .collect();
        let input = input(&packages);
        let Rows { rows, cut, .. } = rows(&input, &census(&input), &View::default());
        assert!(!cut && rows.len() == 2_001);
        assert!(
            rows.iter()
                .all(|row| row.before.chars().count() <= 4 * (DEEPEST + 1))
        );
    }

    proptest! {
        #[test]
        fn every_package_has_a_first_row(
            edges in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0_usize..8, 0..4)), 8),
            repeat: bool,
        ) {
            let input = input(&edges);
            let Rows { rows, cut, .. } = rows(&input, &census(&input), &View { repeat, ..View::default() });
            prop_assert!(!cut);
            let mut first: Vec<_> = rows.iter().filter(|r| !r.again).map(|r| r.package).collect();
            first.sort();
            let all: Vec<_> = input.graph.iter().map(|(index, _)| index).collect();
            prop_assert_eq!(first, all);
        }
    }
}
