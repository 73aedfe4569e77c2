//! From the functions that an advisory names to a verdict on each.

use super::closure::Closure;
use super::table::{NodeIdx, Part, Table};
use super::world::{Blocker, World};
use super::{FunctionReach, Reachability, Step, Verdict};
use crate::facts::mentions::{MentionKind, NONE, NamedImport, NamedKind};
use crate::graph::PackageIdx;

/// How many steps of a way are shown.
const MAX_STEPS: usize = 64;

/// What is asked of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The package.
    pub package: PackageIdx,
    /// The functions' paths, as advisories write them.
    pub functions: Vec<String>,
    /// Why not all is known of what depends on it.
    pub unseen: Option<String>,
}

/// Answers questions about functions of packages in the world's cone, in their order.
#[must_use]
pub fn judge(world: &World<'_>, questions: &[Question]) -> Vec<Reachability> {
    let mut blockers = Vec::new();
    let parts = world.parts(&mut blockers);
    let table = Table::new(parts);
    let generated = world.generated_names(&mut blockers);
    let all = Closure::all(&table, &generated);
    if all.is_spent() {
        let reason = "there are more names than are followed".to_owned();
        blockers.push(Blocker::of_all(reason));
    }
    let certain = Closure::certain(&all);
    let judged = Judged {
        world,
        blockers: &blockers,
        table: &table,
        all: &all,
        certain: &certain,
    };
    questions
        .iter()
        .map(|question| judged.answer(question))
        .collect()
}

struct Judged<'w, 't, 'a> {
    world: &'w World<'a>,
    blockers: &'w [Blocker],
    table: &'t Table<'a>,
    all: &'w Closure<'t, 'a>,
    certain: &'w Closure<'t, 'a>,
}

impl Judged<'_, '_, '_> {
    fn answer(&self, question: &Question) -> Reachability {
        let package = question.package.get();
        let mut units = self.world.units.units().iter();
        if !units.any(|unit| unit.package.get() == package && unit.is_built) {
            let functions = question.functions.iter().map(|function| FunctionReach {
                function: function.clone(),
                verdict: Verdict::NotReached,
                reason: "the package is not built".to_owned(),
                path: Vec::new(),
            });
            return self.with_unseen(functions.collect(), question.unseen.as_deref());
        }
        let mut blockers = self.blockers.iter();
        let blocker = blockers.find(|blocker| blocker.is_about(package));
        let blocker = blocker.map(|blocker| blocker.reason.as_str());
        let functions = question.functions.iter();
        let functions = functions.map(|function| self.function(package, function));
        self.with_unseen(functions.collect(), blocker.or(question.unseen.as_deref()))
    }

    /// What is not reached is unknown where not all was seen.
    fn with_unseen(&self, mut functions: Vec<FunctionReach>, unseen: Option<&str>) -> Reachability {
        let mut is_decisive = false;
        for function in &mut functions {
            if let Some(reason) = unseen
                && function.verdict == Verdict::NotReached
            {
                function.verdict = Verdict::Unknown;
                reason.clone_into(&mut function.reason);
                is_decisive = true;
            }
        }
        Reachability {
            unseen: unseen.filter(|_| is_decisive).map(str::to_owned),
            ..Reachability::new(functions)
        }
    }

    fn function(&self, package: usize, function: &str) -> FunctionReach {
        let answer = |verdict, reason: &str, path| FunctionReach {
            function: function.to_owned(),
            verdict,
            reason: reason.to_owned(),
            path,
        };
        let targets = self.targets(package, function);
        let is_live = |closure: &Closure<'_, '_>, at: NodeIdx| {
            let live = closure.live.get(at as usize);
            live.copied().flatten()
        };
        if let Some(at) = targets
            .nodes
            .iter()
            .find(|at| is_live(self.certain, **at).is_some())
            && !targets.is_vague
        {
            let way = self.way(self.certain, *at);
            return answer(Verdict::Reached, "what is built names it", way);
        }
        let live = targets
            .nodes
            .iter()
            .find_map(|at| Some((*at, is_live(self.all, *at)?)));
        if let Some((at, way)) = live {
            let is_foreign = self.table.node(at).is_some_and(|node| node.is_foreign);
            let reason = match (targets.is_vague, is_foreign, way.is_automatic) {
                (true, ..) => "its type is used; the function itself was not found",
                (_, true, _) => "its type is used, and other packages may call what it implements",
                (.., true) => "what a macro makes may name it",
                _ => "a name on the way to it may mean something else",
            };
            return answer(Verdict::Unknown, reason, self.way(self.all, at));
        }
        if targets.nodes.is_empty() && targets.is_absent {
            let reason = "this version has nothing of that name";
            return answer(Verdict::NotReached, reason, Vec::new());
        }
        let mut nodes = targets.nodes.iter().filter_map(|at| self.table.node(*at));
        let is_built = nodes.any(|node| node.is_built);
        if targets.nodes.is_empty() || (targets.is_guess && !is_built) {
            let reason = "it was not found in the package's sources";
            return answer(Verdict::Unknown, reason, Vec::new());
        }
        let reason = match is_built {
            true => "nothing that is built names it",
            false => "it is not built",
        };
        answer(Verdict::NotReached, reason, Vec::new())
    }

    /// The items that an advisory's path means: the path may be that of a re-export, so that only its
    /// end counts.
    fn targets(&self, package: usize, function: &str) -> Targets {
        let path = segments(function);
        let Some((name, before)) = path.split_last() else {
            return Targets::default();
        };
        let part = self.world.cone.packages.iter().zip(self.world.mentions);
        let mut there = part.filter(|(_, mentions)| mentions.is_some());
        let Some(part) = there.position(|(index, _)| index.get() == package) else {
            return Targets::default();
        };
        let of_package = |name: &str| {
            let named = self.table.named(name).iter().copied();
            let own = named.filter(|at| self.table.node(*at).is_some_and(|n| n.part == part));
            own.collect::<Vec<NodeIdx>>()
        };
        let owner = before.last().filter(|_| before.len() > 1);
        let named = of_package(name);
        let belongs = |at: &NodeIdx| {
            let node = self.table.node(*at);
            node.is_some_and(|node| {
                node.is_associated() && owner.is_some_and(|owner| self.table.is_of(node, owner))
            })
        };
        let own: Vec<NodeIdx> = named.iter().copied().filter(belongs).collect();
        // A method that is not written as one: a macro's, or a default of a trait.
        let is_type = |at: &NodeIdx| {
            let node = self.table.node(*at);
            node.is_some_and(|node| matches!(node.item.kind, NamedKind::Data | NamedKind::Trait))
        };
        let types = owner.map(|owner| of_package(owner)).unwrap_or_default();
        let types: Vec<NodeIdx> = types.into_iter().filter(is_type).collect();
        let is_built = |at: &NodeIdx| self.table.node(*at).is_some_and(|node| node.is_built);
        // One that is not built may stand beside one that is derived.
        if own.iter().any(is_built) || (!own.is_empty() && !types.iter().any(is_built)) {
            return Targets {
                nodes: own,
                ..Targets::default()
            };
        }
        let is_free = |at: &NodeIdx| {
            let node = self.table.node(*at);
            node.is_some_and(|node| !node.is_associated())
        };
        match (types.is_empty(), named.is_empty()) {
            (false, _) => Targets {
                nodes: types,
                is_vague: true,
                ..Targets::default()
            },
            (true, false) => {
                let free: Vec<NodeIdx> = named.iter().copied().filter(is_free).collect();
                let is_trait = |at: &NodeIdx| {
                    let node = self.table.node(*at);
                    node.is_some_and(|node| node.item.kind == NamedKind::Trait)
                };
                let is_there = |at: &NodeIdx| {
                    let node = self.table.node(*at);
                    node.is_some_and(|node| {
                        owner.is_none_or(|owner| self.table.is_there(node, owner))
                    })
                };
                Targets {
                    is_guess: !named.iter().any(is_there),
                    // Who names a trait may use any of its implementations.
                    is_vague: free.iter().any(is_trait),
                    nodes: match free.iter().any(is_built) {
                        true => free,
                        false => named,
                    },
                    ..Targets::default()
                }
            }
            (true, true) => Targets {
                // What is derived or otherwise generated is not written, but what it belongs to is.
                is_absent: self.table.parts.get(part).is_some_and(|part| {
                    let mut around = before.iter().skip(1);
                    lacks(part, name) && around.all(|segment| lacks(part, segment))
                }),
                ..Targets::default()
            },
        }
    }

    /// The way to a live item, from where it begins.
    fn way(&self, closure: &Closure<'_, '_>, to: NodeIdx) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = to;
        let mut line = self.table.node(to).map_or(1, |node| node.item.line);
        while steps.len() < MAX_STEPS {
            let Some(node) = self.table.node(at) else {
                break;
            };
            let part = self.table.parts.get(node.part);
            steps.push(Step {
                package: part.map(|part| part.shown.clone()).unwrap_or_default(),
                item: self.table.path(at),
                file: self.table.file_of(node).to_owned(),
                line,
            });
            let way = closure.live.get(at as usize).copied().flatten();
            let Some((by, named_on)) = way.and_then(|way| way.by).filter(|(by, _)| *by != at)
            else {
                break;
            };
            at = by;
            line = named_on;
        }
        steps.reverse();
        steps
    }
}

/// The items that an advisory's path means.
#[derive(Debug, Default)]
struct Targets {
    nodes: Vec<NodeIdx>,
    /// Whether these are not the function itself, but what it belongs to.
    is_vague: bool,
    /// Whether they have its name, but are elsewhere: it may be handed on there, or be another.
    is_guess: bool,
    /// Whether the package can't have it.
    is_absent: bool,
}

/// Whether a package can have no item of a name: it does not write the name, puts none together, and
/// hands on nothing wholesale.
fn lacks(part: &Part<'_>, name: &str) -> bool {
    let mentions = part.mentions;
    let imports = mentions.files.iter().flat_map(|file| &file.imports);
    let mut globs = imports.filter(|import| import.public && import.name == NONE);
    let is_other = |import: &NamedImport| {
        let first = mentions.word(import.first);
        let mut modules = mentions.files.iter().flat_map(|file| &file.modules);
        first != "crate" && !modules.any(|module| module.name == first)
    };
    let items = mentions.files.iter().flat_map(|file| &file.items);
    let mut all = items.flat_map(|item| &item.mentions);
    !mentions.words.iter().any(|word| word == name)
        && !globs.any(is_other)
        && !all.any(|mention| mention.kind == MentionKind::Pattern)
}

/// The names of a path without generic arguments: `a::B<T>::c` is a, B, c.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut depth = 0_u32;
    let mut begin = None;
    for (at, c) in path.char_indices() {
        let is_part = c == '_' || c.is_alphanumeric();
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (begin, is_part && depth == 0) {
            (None, true) => begin = Some(at),
            (Some(from), false) => {
                segments.extend(path.get(from..at));
                begin = None;
            }
            _ => {}
        }
    }
    segments.extend(begin.and_then(|from| path.get(from..)));
    segments
}
