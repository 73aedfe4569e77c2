use proptest::prelude::*;

use super::super::manifest::{Manifest, locals};
use super::*;
use crate::graph::lockfile;
use crate::knowledge::registry::published;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A world of packages: `(name, version, [(package, requirement)])`; a version that ends in `!` is
/// yanked, one in `@1.80` needs that Rust.
#[derive(Default)]
struct World {
    versions: Versions,
    lock: String,
    manifest: String,
    bad: BTreeSet<(String, Version)>,
    refused: BTreeSet<(String, Version)>,
    rust_version: Option<Version>,
    is_fixed: bool,
}

type Needs<'a> = &'a [(&'a str, &'a str)];

impl World {
    fn new(dependencies: &str) -> Self {
        let mut world = Self {
            manifest: format!("[package]\nname = \"app\"\n[dependencies]\n{dependencies}"),
            ..Self::default()
        };
        world.lock = "version = 4\n".to_owned();
        world
    }

    fn registry(mut self, name: &str, versions: &[(&str, Needs<'_>)]) -> Self {
        let mut file = String::new();
        for (version, needs) in versions {
            let (version, rust) = version.split_once('@').unwrap_or((version, ""));
            let yanked = version.ends_with('!');
            let version = version.trim_end_matches('!');
            let needs = needs.iter().map(|(package, requirement)| {
                format!(r#"{{"name":"{package}","req":"{requirement}","kind":"normal"}}"#)
            });
            let needs = needs.collect::<Vec<_>>().join(",");
            let rust = match rust {
                "" => "null".to_owned(),
                rust => format!("{rust:?}"),
            };
            file += &format!(
                r#"{{"name":"{name}","vers":"{version}","deps":[{needs}],"cksum":"","yanked":{yanked},"rust_version":{rust}}}"#
            );
            file += "\n";
        }
        let all = published(file.as_bytes(), name).unwrap();
        self.versions.insert(name.to_owned(), Ok(all));
        self
    }

    fn locked(mut self, name: &str, version: &str, dependencies: &[&str]) -> Self {
        let source = match name {
            "app" => String::new(),
            _ => format!("source = \"{CRATES_IO}\"\n"),
        };
        self.lock += &format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}dependencies = {dependencies:?}\n"
        );
        self
    }

    fn bad(mut self, name: &str, versions: &[&str]) -> Self {
        let versions = versions.iter().map(|version| version.parse().unwrap());
        self.bad
            .extend(versions.map(|version| (name.to_owned(), version)));
        self
    }

    fn graph(&self) -> Graph {
        let lockfile = lockfile::read(self.lock.as_bytes()).unwrap();
        Graph::from_lockfile(&lockfile).unwrap()
    }

    fn plan(&self, name: &str, version: &str) -> Result<Vec<Move>, Stuck> {
        let manifest = Manifest {
            file: "Cargo.toml".to_owned(),
            text: self.manifest.clone(),
            is_editable: !self.is_fixed,
        };
        let (graph, locals) = (self.graph(), locals(&[manifest], None));
        let faults = |name: &str, version: &Version| {
            let is_bad = self.bad.contains(&(name.to_owned(), version.clone()));
            is_bad.then(|| "FAULT".to_owned()).into_iter().collect()
        };
        let planner = Planner::new(Situation {
            graph: &graph,
            locals: &locals,
            versions: &self.versions,
            faults: &faults,
            rust_version: self.rust_version.as_ref(),
            refused: &self.refused,
        });
        let mut packages = graph.iter();
        let is_it =
            |package: &Package| package.name == name && package.version.to_string() == version;
        let (index, _) = packages.find(|(_, package)| is_it(package)).unwrap();
        planner.mend(index, &BTreeSet::from(["FAULT".to_owned()]))
    }

    #[track_caller]
    fn gives(&self, name: &str, version: &str, expected: &[&str]) {
        let shown = |moved: &Move| match moved {
            Move::Update { name, from, to, .. } => format!("{name} {from} -> {to}"),
            Move::Raise {
                asked,
                requirement,
                to,
            } => format!(
                "line {}: {} {} -> {requirement} ({to})",
                asked.line, asked.package, asked.text
            ),
        };
        let moves: Vec<String> = self
            .plan(name, version)
            .unwrap()
            .iter()
            .map(shown)
            .collect();
        assert_eq!(moves, expected);
    }

    #[track_caller]
    fn is_stuck(&self, name: &str, version: &str, reason: &str) {
        let stuck = self.plan(name, version).unwrap_err();
        assert_eq!(stuck.to_string(), reason);
        assert!(!stuck.alternatives().is_empty());
    }
}

#[test]
fn the_nearest_version_that_all_take_is_enough() {
    let world = World::new("a = \"1\"\n")
        .registry(
            "a",
            &[
                ("1.0.0", &[]),
                ("1.1.0", &[]),
                ("1.2.0!", &[]),
                ("1.3.0", &[]),
                ("1.4.0", &[]),
            ],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "1.0.0", &[])
        .bad("a", &["1.0.0", "1.1.0"]);
    world.gives("a", "1.0.0", &["a 1.0.0 -> 1.3.0"]);
}

#[test]
fn older_versions_come_after_newer_ones() {
    let world = World::new("a = \"1\"\n")
        .registry(
            "a",
            &[
                ("1.0.0", &[]),
                ("1.1.0", &[]),
                ("1.2.0", &[]),
                ("2.0.0", &[]),
            ],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "1.2.0", &[])
        .bad("a", &["1.2.0"]);
    world.gives("a", "1.2.0", &["a 1.2.0 -> 1.1.0"]);
}

#[test]
fn what_does_not_build_with_the_workspace_s_rust_is_not_taken() {
    let mut world = World::new("a = \"1\"\n")
        .registry(
            "a",
            &[("1.0.0", &[]), ("1.1.0@1.90", &[]), ("1.2.0@1.70", &[])],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "1.0.0", &[])
        .bad("a", &["1.0.0"]);
    world.rust_version = Some(Version::new(1, 80, 0));
    world.gives("a", "1.0.0", &["a 1.0.0 -> 1.2.0"]);
    world.rust_version = Some(Version::new(1, 60, 0));
    world.is_stuck(
        "a",
        "1.0.0",
        "a 1.1.0 would do, and needs Rust 1.90.0, which is newer than the workspace's `rust-version`",
    );
}

#[test]
fn a_broken_promise_of_rust_forbids_nothing_that_it_has_not() {
    let mut world = World::new("a = \"1\"\n")
        .registry(
            "a",
            &[
                ("1.0.0@1.70", &[]),
                ("1.1.0@1.90", &[]),
                ("1.2.0@1.70", &[]),
            ],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "1.0.0", &[])
        .bad("a", &["1.0.0"]);
    world.rust_version = Some(Version::new(1, 60, 0));
    world.gives("a", "1.0.0", &["a 1.0.0 -> 1.2.0"]);
}

#[test]
fn the_parent_is_bound_to_the_workspace_s_rust_too() {
    let mut world = chain(&[("1.0.0", OLD), ("1.2.0@1.90", NEW)]);
    world.rust_version = Some(Version::new(1, 80, 0));
    world.is_stuck(
        "a",
        "0.3.1",
        "p 1.2.0 would do, and needs Rust 1.90.0, which is newer than the workspace's `rust-version`",
    );
}

#[test]
fn a_prerelease_is_for_those_who_have_one() {
    let world = |version: &str| {
        World::new("a = \"1.0.0-a\"\n")
            .registry(
                "a",
                &[
                    ("1.0.0-a", &[]),
                    ("1.0.0", &[]),
                    ("1.0.1-rc.1", &[]),
                    ("1.1.0", &[]),
                ],
            )
            .locked("app", "0.1.0", &["a"])
            .locked("a", version, &[])
            .bad("a", &["1.0.0-a", "1.0.0"])
    };
    world("1.0.0").gives("a", "1.0.0", &["a 1.0.0 -> 1.1.0"]);
    // The requirement takes no prerelease of another version.
    world("1.0.0-a").gives("a", "1.0.0-a", &["a 1.0.0-a -> 1.1.0"]);
}

#[test]
fn a_member_asks_for_more_where_it_has_to() {
    let mut world = World::new("b = { package = \"a\", version = \"0.3\" }\n")
        .registry(
            "a",
            &[
                ("0.3.1", &[]),
                ("0.4.0", &[]),
                ("0.4.5", &[]),
                ("0.5.0", &[]),
            ],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "0.3.1", &[])
        .bad("a", &["0.3.1", "0.4.0"]);
    world.gives("a", "0.3.1", &["line 4: a 0.3 -> 0.4.5 (0.4.5)"]);
    world.is_fixed = true;
    world.is_stuck(
        "a",
        "0.3.1",
        "Cargo.toml:4 asks for a 0.3, which is not this workspace's to change to 0.4.5",
    );
}

/// `app` has `p` 1.0.0, which has `a` 0.3.1.
fn chain(parent: &[(&str, Needs<'_>)]) -> World {
    World::new("p = \"1\"\n")
        .registry("p", parent)
        .registry("a", &[("0.3.1", &[]), ("0.4.0", &[])])
        .locked("app", "0.1.0", &["p"])
        .locked("p", "1.0.0", &["a"])
        .locked("a", "0.3.1", &[])
        .bad("a", &["0.3.1"])
}

const OLD: Needs<'_> = &[("a", "^0.3")];
const NEW: Needs<'_> = &[("a", "^0.4")];

#[test]
fn the_parent_changes_where_it_has_to() {
    let world = chain(&[
        ("1.0.0", OLD),
        ("1.1.0", OLD),
        ("1.2.0", NEW),
        ("1.3.0", NEW),
    ]);
    world.gives("a", "0.3.1", &["p 1.0.0 -> 1.2.0"]);
    let without = chain(&[("1.0.0", OLD), ("1.2.0", &[])]);
    without.gives("a", "0.3.1", &["p 1.0.0 -> 1.2.0"]);
    let breaking = chain(&[("1.0.0", OLD), ("2.0.0", NEW)]);
    breaking.gives("a", "0.3.1", &["line 4: p 1 -> 2 (2.0.0)"]);
    let faulty = chain(&[("1.0.0", OLD), ("1.1.0", NEW), ("1.2.0", NEW)]).bad("p", &["1.1.0"]);
    faulty.gives("a", "0.3.1", &["p 1.0.0 -> 1.2.0"]);
    let stuck = chain(&[("1.0.0", OLD), ("1.5.0", OLD)]);
    stuck.is_stuck(
        "a",
        "0.3.1",
        "p 1.0.0 asks for a ^0.3, and none of its versions up to 1.5.0 takes 0.4.0",
    );
}

#[test]
fn chains_go_as_far_up_as_they_have_to() {
    let world = World::new("q = \"1\"\n")
        .registry(
            "q",
            &[
                ("1.0.0", &[("p", "^1")]),
                ("1.1.0", &[("p", "^2")]),
                ("1.2.0", &[("p", "^2")]),
            ],
        )
        .registry("p", &[("1.0.0", OLD), ("2.0.0", OLD), ("2.1.0", NEW)])
        .registry("a", &[("0.3.1", &[]), ("0.4.0", &[])])
        .locked("app", "0.1.0", &["q"])
        .locked("q", "1.0.0", &["p"])
        .locked("p", "1.0.0", &["a"])
        .locked("a", "0.3.1", &[])
        .bad("a", &["0.3.1"]);
    world.gives("a", "0.3.1", &["q 1.0.0 -> 1.1.0"]);
}

#[test]
fn what_nobody_mends_is_done_without() {
    let world = |q: &[(&str, Needs<'_>)], p: &[(&str, Needs<'_>)]| {
        World::new("q = \"1\"\n")
            .registry("q", q)
            .registry("p", p)
            .registry("a", &[("0.3.1", &[])])
            .locked("app", "0.1.0", &["q"])
            .locked("q", "1.0.0", &["p"])
            .locked("p", "1.0.0", &["a"])
            .locked("a", "0.3.1", &[])
            .bad("a", &["0.3.1"])
    };
    let with_p: Needs<'_> = &[("p", "^1")];
    let parent = world(&[("1.0.0", with_p)], &[("1.0.0", OLD), ("1.1.0", &[])]);
    parent.gives("a", "0.3.1", &["p 1.0.0 -> 1.1.0"]);
    let above = world(&[("1.0.0", with_p), ("1.1.0", &[])], &[("1.0.0", OLD)]);
    above.gives("a", "0.3.1", &["q 1.0.0 -> 1.1.0"]);
    let nobody = world(&[("1.0.0", with_p)], &[("1.0.0", OLD)]);
    nobody.is_stuck(
        "a",
        "0.3.1",
        "p 1.0.0 asks for a ^0.3, and it has no newer version that does without it",
    );
}

#[test]
fn two_dependents_that_agree_on_nothing_change_apart() {
    let world = World::new("a = \"=0.3.1\"\np = \"1\"\n")
        .registry("p", &[("1.0.0", OLD), ("1.1.0", OLD)])
        .registry("a", &[("0.3.1", &[]), ("0.3.2", &[])])
        .locked("app", "0.1.0", &["a", "p"])
        .locked("p", "1.0.0", &["a"])
        .locked("a", "0.3.1", &[])
        .bad("a", &["0.3.1"]);
    world.gives("a", "0.3.1", &["line 4: a =0.3.1 -> =0.3.2 (0.3.2)"]);
}

#[test]
fn of_several_faults_as_many_as_can_be_go() {
    let faults = |_: &str, version: &Version| -> BTreeSet<String> {
        let all = match version.minor {
            0 => vec!["A", "B", "GONE"],
            1 => vec!["B", "GONE"],
            2 => vec!["GONE", "NEW"],
            _ => vec!["A", "B", "GONE"],
        };
        all.into_iter().map(str::to_owned).collect()
    };
    let world = World::new("a = \"1\"\n")
        .registry(
            "a",
            &[
                ("1.0.0", &[]),
                ("1.1.0", &[]),
                ("1.2.0", &[]),
                ("1.3.0", &[]),
            ],
        )
        .locked("app", "0.1.0", &["a"])
        .locked("a", "1.0.0", &[]);
    let (graph, refused) = (world.graph(), BTreeSet::new());
    let planner = Planner::new(Situation {
        graph: &graph,
        locals: &[],
        versions: &world.versions,
        faults: &faults,
        rust_version: None,
        refused: &refused,
    });
    let (index, _) = graph
        .iter()
        .find(|(_, package)| package.name == "a")
        .unwrap();
    let all = ["A", "B", "GONE"].map(str::to_owned).into();
    let moves = planner.mend(index, &all).unwrap();
    assert_eq!(moves[0].target().1, Version::new(1, 1, 0));
}

#[test]
fn what_is_not_known_is_asked_for() {
    let mut world = chain(&[("1.0.0", OLD)]);
    world.versions.remove("p");
    world.versions.remove("a");
    assert!(matches!(
        world.plan("a", "0.3.1"),
        Err(Stuck::Unknown { .. })
    ));
    let (graph, refused) = (world.graph(), BTreeSet::new());
    let planner = Planner::new(Situation {
        graph: &graph,
        locals: &[],
        versions: &world.versions,
        faults: &|_, _| BTreeSet::new(),
        rust_version: None,
        refused: &refused,
    });
    let (index, _) = graph
        .iter()
        .find(|(_, package)| package.name == "a")
        .unwrap();
    planner.mend(index, &BTreeSet::new()).unwrap_err();
    assert_eq!(planner.missing(), BTreeSet::from(["a".to_owned()]));
}

#[test]
fn nothing_that_was_refused_is_proposed_again() {
    let mut world = chain(&[("1.0.0", OLD), ("1.2.0", NEW), ("1.3.0", NEW)]);
    world
        .refused
        .insert(("p".to_owned(), Version::new(1, 2, 0)));
    world.gives("a", "0.3.1", &["p 1.0.0 -> 1.3.0"]);
}

#[test]
fn everything_has_a_bound() {
    // Layers of packages that all depend on all of the next: more paths than could be walked.
    let mut world = World::new("l0x0 = \"1\"\n").locked("app", "0.1.0", &["l0x0"]);
    let width = 6;
    for layer in 0..14 {
        let names: Vec<String> = (0..width)
            .map(|at| format!("l{}x{at}", layer + 1))
            .collect();
        let needs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "=1.0.0")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for at in 0..width {
            let name = format!("l{layer}x{at}");
            let (needs, names): (Needs<'_>, &[&str]) = match layer {
                13 => (&[], &[]),
                _ => (&needs, &names),
            };
            let versions: [(&str, Needs<'_>); 2] = [("1.0.0", needs), ("1.1.0", &[])];
            world = world
                .registry(&name, &versions)
                .locked(&name, "1.0.0", names);
        }
    }
    let world = world.bad("l13x0", &["1.0.0"]);
    let plan = world.plan("l13x0", "1.0.0");
    assert!(matches!(plan, Err(Stuck::TooMany)) || plan.is_ok());
}

proptest! {
    /// Of a package with several dependents, whatever is required and bad: an update is taken by all,
    /// and nothing nearer would do.
    #[test]
    fn an_update_is_taken_by_all_and_the_least(
        from in 0_u64..6,
        bad in proptest::collection::btree_set(0_u64..8, 0..8),
        yanked in proptest::collection::btree_set(0_u64..8, 0..4),
        requirements in proptest::collection::vec((0_u64..8, 0_u64..8, 0_usize..4), 1..4),
    ) {
        let versions: Vec<String> = (0..8)
            .map(|minor| format!("1.{minor}.0{}", if yanked.contains(&minor) { "!" } else { "" }))
            .collect();
        let versions: Vec<(&str, Needs<'_>)> = versions.iter().map(|v| (v.as_str(), &[][..])).collect();
        let requirements: Vec<String> = requirements
            .iter()
            .map(|(low, high, kind)| match kind {
                0 => "1".to_owned(),
                1 => format!("1.{low}"),
                2 => format!("~1.{low}"),
                _ => format!(">=1.{low}, <1.{high}"),
            })
            .collect();
        let current = Version::new(1, from, 0);
        let takes = |text: &String, version: &Version| VersionReq::parse(text).unwrap().matches(version);
        prop_assume!(requirements.iter().all(|text| takes(text, &current)));
        let mut world = World::new("").registry("a", &versions);
        let names: Vec<String> = (0..requirements.len()).map(|at| format!("p{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        world = world.locked("app", "0.1.0", &names);
        for (name, requirement) in names.iter().zip(&requirements) {
            let needs: Needs<'_> = &[("a", requirement)];
            world = world.registry(name, &[("1.0.0", needs)]).locked(name, "1.0.0", &["a"]);
        }
        let bad: Vec<String> = bad.iter().chain([&from]).map(|minor| format!("1.{minor}.0")).collect();
        let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
        let world = world.locked("a", &current.to_string(), &[]).bad("a", &bad);
        let good = |minor: &u64| {
            let version = Version::new(1, *minor, 0);
            !yanked.contains(minor)
                && !world.bad.contains(&("a".to_owned(), version.clone()))
                && requirements.iter().all(|text| takes(text, &version))
        };
        let newer = (from + 1..8).find(good);
        let expected = newer.or_else(|| (0..from).rev().find(good));
        let plan = world.plan("a", &current.to_string());
        match expected {
            Some(minor) => {
                let moves = plan.unwrap();
                prop_assert_eq!(moves.len(), 1);
                prop_assert_eq!(moves[0].target(), ("a".to_owned(), Version::new(1, minor, 0)));
            }
            None => prop_assert!(plan.is_err(), "{:?}", plan),
        }
    }
}
