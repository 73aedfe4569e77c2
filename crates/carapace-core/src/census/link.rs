//! From facts to states: which files a build reaches, and what of them its features and platform
//! leave.
//!
//! Each package is gone through once for each of its [`Build`]s and targets: from the target's root
//! along `mod`, `#[path]` and `include!`, every condition evaluated with three values. What of a build
//! script can't be told is unknown. Of several ways to a file, that of the greatest [`State`] counts.

use std::collections::HashMap;
use std::sync::Arc;

use super::build_script::{ScriptCfgs, ScriptEnvironment, Toolchain, evaluate};
use super::conditions::{Known, Predicates};
use super::{LintLevel, LintOrigin, PackageCensus, Site, State};
use crate::cfg::CfgSet;
use crate::facts::build_script::HelperFacts;
use crate::facts::{FileFacts, ModuleFact, PackageFacts};
use crate::graph::metadata::Target;

/// One way in which a package is built.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// Its features, sorted.
    pub features: &'a [Arc<str>],
    /// What the compiler sets for its platform.
    pub cfg: &'a CfgSet,
    /// The triple of its platform.
    pub triple: &'a str,
    /// Whether it runs at build time: it is a procedural macro, or part of one or of a build script.
    pub build_time: bool,
    /// Whether its programs are built, and not its library alone.
    pub programs: bool,
    /// Whether only tests, examples and benchmarks need it.
    pub dev_only: bool,
}

impl<'a> Build<'a> {
    /// The package as itself, with its programs, on a platform that is only known by its `cfg`s.
    #[must_use]
    pub fn root(features: &'a [Arc<str>], cfg: &'a CfgSet) -> Self {
        Self {
            features,
            cfg,
            triple: "",
            build_time: false,
            programs: true,
            dev_only: false,
        }
    }
}

/// A package and how it is built.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'a> {
    /// What its sources say.
    pub facts: &'a PackageFacts,
    /// Its folder.
    pub root_dir: &'a str,
    /// Its targets.
    pub targets: &'a [Target],
    /// How it is built; none where nothing needs it.
    pub builds: &'a [Build<'a>],
    /// What the compiler sets where build scripts run.
    pub host: &'a CfgSet,
    /// What its build script is made with, and told of itself.
    pub script: Script<'a>,
}

/// What is known of a package's build script besides its sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct Script<'a> {
    /// The compiler.
    pub toolchain: Toolchain<'a>,
    /// The package's name.
    pub name: &'a str,
    /// The package's version.
    pub version: &'a str,
    /// The packages that it is made with, by name.
    pub helpers: &'a [(&'a str, &'a HelperFacts)],
}

impl Linked<'_> {
    /// What its build script sets in a build.
    fn script_cfgs(&self, build: &Build<'_>) -> ScriptCfgs {
        let Some(facts) = &self.facts.build_script else {
            return ScriptCfgs::default();
        };
        let script = &self.script;
        evaluate(
            facts,
            &ScriptEnvironment {
                toolchain: script.toolchain,
                name: script.name,
                version: script.version,
                features: build.features,
                target: build.triple,
                cfg: build.cfg,
                host: self.host,
                helpers: script.helpers,
            },
        )
    }
}

/// What is known of one site so far.
#[derive(Debug, Clone, Copy)]
struct Found {
    runtime: State,
    build: State,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            runtime: State::Inactive,
            build: State::Inactive,
        }
    }
}

/// A file that is to be gone into.
struct Visit {
    file: usize,
    state: State,
    /// The folder of its child modules.
    children: String,
}

struct Linker<'a> {
    facts: &'a PackageFacts,
    root_dir: &'a str,
    /// Files by path.
    files: HashMap<&'a str, usize>,
    found: Vec<Vec<Found>>,
}

/// The census of a package: all but what the graph knows of it.
#[must_use]
pub fn link(input: &Linked<'_>) -> PackageCensus {
    let facts = input.facts;
    let mut linker = Linker {
        facts,
        root_dir: input.root_dir,
        files: facts
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| (file.path.as_str(), index))
            .collect(),
        found: facts
            .files
            .iter()
            .map(|file| vec![Found::default(); file.sites.len()])
            .collect(),
    };
    let mut census = PackageCensus {
        scanned: true,
        build_script: input.targets.iter().any(Target::is_build_script),
        proc_macro: input.targets.iter().any(Target::is_proc_macro),
        files: facts.looked_at,
        bytes: facts.bytes,
        ..PackageCensus::default()
    };
    census.native.sources = facts.native_sources;
    let predicates = Predicates::default();
    let mut lint = None;
    for build in input.builds {
        census.runtime |= !build.build_time && !build.dev_only;
        census.build_time |= build.build_time && !build.dev_only;
        let script_cfgs = input.script_cfgs(build);
        for target in input.targets {
            let Some(mut state) = state_of(target, build) else {
                continue;
            };
            if build.dev_only {
                state = State::Test;
            }
            let is_script = target.is_build_script();
            let known = Known {
                cfg: if is_script { input.host } else { build.cfg },
                features: build.features,
                proc_macro: target.is_proc_macro(),
                // A build script is compiled before it runs.
                build_script: facts
                    .build_script
                    .as_ref()
                    .filter(|_| !is_script)
                    .map(|facts| (&script_cfgs, facts)),
            };
            let mut evaluator = predicates.evaluator(&known);
            let mut eval = |text: &str| evaluator.state(text);
            let root = linker.root(target);
            if state == State::Active && !is_script {
                // A file that says nothing is not among the facts.
                let level = root.and_then(|root| linker.root_lint(root, &mut eval));
                lint = Some(match lint {
                    Some(other) if other < level => other,
                    _ => level,
                });
            }
            let Some(root) = root else {
                continue;
            };
            let reached = linker.reach(root, state, &mut eval);
            let build_time = build.build_time || is_script || target.is_proc_macro();
            linker.note(&reached, build_time, &mut eval);
        }
    }
    // The manifest's word holds for all targets; a command line's `forbid` can't be lifted either.
    let manifest = facts.manifest_lint.as_deref().and_then(manifest_lint);
    census.lint = match (lint.flatten(), manifest) {
        (Some(own), Some(manifest)) if manifest.0 > own.0 => Some(manifest),
        (None, manifest) => manifest,
        (own, _) => own,
    };
    census.sites = linker.sites();
    census
}

/// As what a target is built; none if it is not.
fn state_of(target: &Target, build: &Build<'_>) -> Option<State> {
    if target.is_build_script() || target.is_library() {
        return Some(State::Active);
    }
    if target.is_dev() {
        return Some(State::Test);
    }
    let has = |name: &str| {
        let found = build.features.binary_search_by(|known| (**known).cmp(name));
        found.is_ok()
    };
    let is_built = build.programs && target.required_features.iter().all(|name| has(name));
    is_built.then_some(State::Active)
}

fn manifest_lint(text: &str) -> Option<(LintLevel, LintOrigin)> {
    let (origin, level) = match text.strip_prefix("workspace:") {
        Some(level) => (LintOrigin::Workspace, level),
        None => (LintOrigin::Manifest, text),
    };
    Some((level_of(level)?, origin))
}

fn level_of(name: &str) -> Option<LintLevel> {
    Some(match name {
        "allow" | "expect" => LintLevel::Allow,
        "warn" => LintLevel::Warn,
        "deny" => LintLevel::Deny,
        "forbid" => LintLevel::Forbid,
        _ => return None,
    })
}

impl<'a> Linker<'a> {
    fn file(&self, index: usize) -> Option<&'a FileFacts> {
        self.facts.files.get(index)
    }

    /// The file that a target begins with.
    fn root(&self, target: &Target) -> Option<usize> {
        let path = target.src_path.replace('\\', "/");
        let root = self.root_dir.replace('\\', "/");
        let path = match path.strip_prefix(&root) {
            Some(path) if path.starts_with('/') => path.trim_start_matches('/').to_owned(),
            _ => relative(&root, &path),
        };
        self.files.get(path.as_str()).copied()
    }

    /// The files that a root leads to, and as what. A file is gone into again only for a greater
    /// state, so that modules that lead to each other have an end.
    fn reach(
        &self,
        root: usize,
        state: State,
        eval: &mut dyn FnMut(&str) -> State,
    ) -> Vec<Option<State>> {
        let mut reached: Vec<Option<State>> = vec![None; self.facts.files.len()];
        let mut known: Vec<Option<Vec<State>>> = vec![None; self.facts.files.len()];
        let children = self.file(root).map_or("", |file| folder(&file.path));
        let mut work = vec![Visit {
            file: root,
            state,
            children: children.to_owned(),
        }];
        while let Some(visit) = work.pop() {
            let (Some(file), Some(slot), Some(evaluated)) = (
                self.file(visit.file),
                reached.get_mut(visit.file),
                known.get_mut(visit.file),
            ) else {
                continue;
            };
            if slot.is_some_and(|known| known >= visit.state) {
                continue;
            }
            let states = evaluated.get_or_insert_with(|| states(file, eval));
            let of = |condition: u32| states.get(condition as usize).copied();
            let state = visit
                .state
                .min(of(file.condition).unwrap_or(State::Inactive));
            if slot.is_some_and(|known| known >= state) {
                continue;
            }
            *slot = Some(state);
            for module in &file.modules {
                let own = of(module.condition).unwrap_or(State::Inactive).min(state);
                if own > State::Macro {
                    self.module(file, &visit, module, own, eval, &mut work);
                }
            }
            for include in &file.includes {
                let own = of(include.condition).unwrap_or(State::Inactive).min(state);
                let Some(path) = include.path.as_deref().filter(|_| own > State::Macro) else {
                    continue;
                };
                if let Some(found) = self.files.get(join(folder(&file.path), path).as_str()) {
                    work.push(Visit {
                        file: *found,
                        state: own,
                        children: visit.children.clone(),
                    });
                }
            }
        }
        reached
    }

    /// The files that a `mod name;` may mean, by the reference's
    /// [rules](https://doc.rust-lang.org/reference/items/modules.html#module-source-filenames).
    fn module(
        &self,
        file: &FileFacts,
        visit: &Visit,
        module: &ModuleFact,
        state: State,
        eval: &mut dyn FnMut(&str) -> State,
        work: &mut Vec<Visit>,
    ) {
        let here = folder(&file.path);
        let mut inside = visit.children.clone();
        for (depth, (name, own)) in module.inside.iter().enumerate() {
            inside = match own {
                Some(own) if depth == 0 => join(here, own),
                Some(own) => join(&inside, own),
                None => join(&inside, name),
            };
        }
        let is_direct = module.inside.is_empty();
        let mut add = |target: String, state: State, children: String| {
            if let Some(found) = self.files.get(target.as_str()) {
                work.push(Visit {
                    file: *found,
                    state,
                    children,
                });
            }
        };
        let mut rest = state;
        for (predicate, own) in &module.paths {
            let holds = predicate.as_deref().map_or(State::Active, &mut *eval);
            if holds == State::Inactive || rest == State::Inactive {
                continue;
            }
            let target = join(if is_direct { here } else { &inside }, own);
            let children = folder(&target).to_owned();
            add(target, rest.min(holds), children);
            if holds == State::Active {
                rest = State::Inactive;
            }
        }
        if rest > State::Inactive {
            let flat = join(&inside, &format!("{}.rs", module.name));
            let nested = join(&inside, &module.name);
            add(flat, rest, nested.clone());
            add(join(&nested, "mod.rs"), rest, nested);
        }
    }

    /// Notes what the sites of the reached files are.
    fn note(
        &mut self,
        reached: &[Option<State>],
        build_time: bool,
        eval: &mut dyn FnMut(&str) -> State,
    ) {
        let files = self.facts.files.iter().zip(&mut self.found).zip(reached);
        for ((file, found), reached) in files {
            let Some(reached) = reached else { continue };
            let states = states(file, eval);
            for (site, found) in file.sites.iter().zip(found) {
                let conditions = site.conditions.iter();
                let own = conditions.filter_map(|id| states.get(*id as usize)).max();
                let state = own.copied().unwrap_or(State::Inactive).min(*reached);
                let slot = if build_time {
                    &mut found.build
                } else {
                    &mut found.runtime
                };
                *slot = state.max(*slot);
            }
        }
    }

    /// What a root's own attributes say of `unsafe_code`.
    fn root_lint(
        &self,
        root: usize,
        eval: &mut dyn FnMut(&str) -> State,
    ) -> Option<(LintLevel, LintOrigin)> {
        let lints = &self.file(root)?.lints;
        // The last one of the same attribute's kind counts, but nothing lifts a `forbid`.
        let mut level = None;
        for lint in lints {
            let origin = match lint.predicate.as_deref() {
                None => LintOrigin::Attribute,
                Some(predicate) if eval(predicate) == State::Active => LintOrigin::CfgAttr,
                Some(_) => continue,
            };
            let is_forbidden = matches!(level, Some((LintLevel::Forbid, _)));
            if let Some(found) = level_of(&lint.level).filter(|_| !is_forbidden) {
                level = Some((found, origin));
            }
        }
        level
    }

    fn sites(self) -> Vec<Site> {
        let mut sites = Vec::new();
        for (file, found) in self.facts.files.iter().zip(&self.found) {
            let module = module_of(&file.path);
            for (site, found) in file.sites.iter().zip(found) {
                sites.push(Site {
                    file: file.path.clone(),
                    line: site.line,
                    column: site.column,
                    kind: site.kind,
                    state: found.runtime.max(found.build),
                    runtime: found.runtime,
                    build: found.build,
                    item: qualified(&module, &site.item),
                    operations: site.operations.clone(),
                    safety_comment: site.safety_comment,
                    public: site.public,
                    exported_macro: site.exported_macro,
                });
            }
        }
        sites.sort();
        sites
    }
}

/// What a file's conditions come to. *Invariant:* a parent comes before its children.
fn states(file: &FileFacts, eval: &mut dyn FnMut(&str) -> State) -> Vec<State> {
    let mut states: Vec<State> = Vec::with_capacity(file.conditions.len());
    for condition in &file.conditions {
        let around = states.get(condition.parent as usize).copied();
        let around = around.unwrap_or(State::Active);
        let own = match around {
            State::Inactive => State::Inactive,
            _ => super::conditions::state(&condition.kind, eval),
        };
        states.push(around.min(own));
    }
    states
}

fn qualified(module: &str, name: &str) -> String {
    match (module, name) {
        ("", name) => name.to_owned(),
        (module, "") => module.to_owned(),
        (module, name) => format!("{module}::{name}"),
    }
}

/// The module that a file is by its place: the same in every build, whatever `#[path]`s say.
fn module_of(path: &str) -> String {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => String::new(),
        path => path.replace('/', "::"),
    }
}

pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder, both with `/`, without `.` and with `..` taken back. What leaves the
/// package keeps its `..`.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = match path.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The way from a folder to a file that is not in it; both are absolute, with `/`.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = to.split('/').filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - common;
    let parts = std::iter::repeat_n("..", up).chain(to.into_iter().skip(common));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(join("src/a", "../b.rs"), "src/b.rs");
        assert_eq!(join("", "../x.rs"), "../x.rs");
        assert_eq!(join("src", "./a/./b.rs"), "src/a/b.rs");
        assert_eq!(relative("/w/a", "/w/b/x.rs"), "../b/x.rs");
        assert_eq!(module_of("src/a/mod.rs"), "a");
        assert_eq!(module_of("src/lib.rs"), "");
    }
}
