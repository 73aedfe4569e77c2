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
use super::missing::Missing;
use super::{LintLevel, LintOrigin, PackageCensus, Site, State};
use crate::cfg::CfgSet;
use crate::facts::build_script::HelperFacts;
use crate::facts::{ConditionKind, FileFacts, ModuleFact, PackageFacts};
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
    /// Whether its own tests, examples and benchmarks are built.
    pub tests: bool,
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
            tests: false,
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

/// As what something stands in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    state: State,
    /// Whether it is known what every macro around it makes of it.
    is_sure: bool,
}

impl Standing {
    const INACTIVE: Self = Self {
        state: State::Inactive,
        is_sure: true,
    };

    fn sure(state: State) -> Self {
        Self {
            state,
            is_sure: true,
        }
    }

    /// The same in what stands so itself.
    fn within(self, around: Self) -> Self {
        Self {
            state: self.state.min(around.state),
            is_sure: self.is_sure && around.is_sure,
        }
    }

    /// Whether it has to be there for what is built to compile.
    fn is_needed(self) -> bool {
        self.is_sure && self.state == State::Active
    }
}

/// A file that is to be gone into.
struct Visit {
    file: usize,
    standing: Standing,
    /// The folder of its child modules.
    children: String,
}

struct Linker<'a> {
    facts: &'a PackageFacts,
    root_dir: &'a str,
    /// Files by path.
    files: HashMap<&'a str, usize>,
    found: Vec<Vec<Found>>,
    missing: Missing<'a>,
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
        missing: Missing::new(facts),
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
            let Some(own) = state_of(target, build) else {
                continue;
            };
            let state = match build.dev_only {
                true => State::Test,
                false => own,
            };
            // What is built for tests alone is missed as well, where it is not there.
            let inner = match build.tests {
                true => State::Active,
                false => own,
            };
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
            let path = linker.root(target);
            let root = linker.files.get(path.as_str()).copied();
            if state == State::Active && !is_script {
                // A file that says nothing is not among the facts.
                let level = root.and_then(|root| linker.root_lint(root, &mut eval));
                lint = Some(match lint {
                    Some(other) if other < level => other,
                    _ => level,
                });
            }
            let Some(root) = root else {
                if inner == State::Active && !linker.missing.is_accounted(&path) {
                    linker.missing.file("Cargo.toml", &[&path]);
                }
                continue;
            };
            let mut reached = linker.reach(root, inner, &mut eval);
            for found in reached.iter_mut().flatten() {
                *found = state.min(*found);
            }
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
    census.gaps = linker.missing.into_gaps();
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

    /// The path of the file that a target begins with.
    fn root(&self, target: &Target) -> String {
        from_root(self.root_dir, &target.src_path)
    }

    /// The files that a root leads to, and as what. A file is gone into again only for a greater
    /// state, so that modules that lead to each other have an end.
    fn reach(
        &mut self,
        root: usize,
        state: State,
        eval: &mut dyn FnMut(&str) -> State,
    ) -> Vec<Option<State>> {
        let mut reached: Vec<Option<Standing>> = vec![None; self.facts.files.len()];
        let mut known: Vec<Option<Vec<Standing>>> = vec![None; self.facts.files.len()];
        let children = self.file(root).map_or("", |file| folder(&file.path));
        let mut work = vec![Visit {
            file: root,
            standing: Standing::sure(state),
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
            if slot.is_some_and(|known| known >= visit.standing) {
                continue;
            }
            let standings = evaluated.get_or_insert_with(|| standings(file, eval));
            let of = |condition: u32| {
                let own = standings.get(condition as usize).copied();
                own.unwrap_or(Standing::INACTIVE)
            };
            let standing = of(file.condition).within(visit.standing);
            if slot.is_some_and(|known| known >= standing) {
                continue;
            }
            *slot = Some(standing);
            for module in &file.modules {
                let own = of(module.condition).within(standing);
                if own.state > State::Macro {
                    self.module(file, &visit, module, own, eval, &mut work);
                }
            }
            for include in &file.includes {
                let own = of(include.condition).within(standing);
                if own.state > State::Macro {
                    self.include(file, include.path.as_deref(), own, &mut work);
                }
            }
        }
        let state = |standing: Option<Standing>| standing.map(|standing| standing.state);
        reached.into_iter().map(state).collect()
    }

    /// Has a file gone into that has to be there; whether it is known.
    fn follow(
        &self,
        path: &str,
        standing: Standing,
        children: String,
        work: &mut Vec<Visit>,
    ) -> bool {
        let Some(found) = self.files.get(path) else {
            return self.missing.is_accounted(path);
        };
        work.push(Visit {
            file: *found,
            standing,
            children,
        });
        true
    }

    /// The file that an `include!` means. Modules that it declares lie beside it.
    fn include(
        &mut self,
        file: &FileFacts,
        path: Option<&str>,
        standing: Standing,
        work: &mut Vec<Visit>,
    ) {
        let Some(path) = path else {
            if standing.is_needed() {
                self.missing.computed(&file.path);
            }
            return;
        };
        let target = join(folder(&file.path), path);
        let children = folder(&target).to_owned();
        if !self.follow(&target, standing, children, work) && standing.is_needed() {
            self.missing.file(&file.path, &[&target]);
        }
    }

    /// The files that a `mod name;` may mean, by the reference's
    /// [rules](https://doc.rust-lang.org/reference/items/modules.html#module-source-filenames).
    fn module(
        &mut self,
        file: &FileFacts,
        visit: &Visit,
        module: &ModuleFact,
        standing: Standing,
        eval: &mut dyn FnMut(&str) -> State,
        work: &mut Vec<Visit>,
    ) {
        let here = folder(&file.path);
        let inside = folder_inside(here, &visit.children, &module.inside);
        let is_direct = module.inside.is_empty();
        let mut rest = standing;
        for (predicate, own) in &module.paths {
            let holds = predicate.as_deref().map_or(State::Active, &mut *eval);
            if holds == State::Inactive {
                continue;
            }
            let target = join(if is_direct { here } else { &inside }, own);
            let children = folder(&target).to_owned();
            let standing = Standing::sure(holds).within(rest);
            if !self.follow(&target, standing, children, work) && standing.is_needed() {
                self.missing.file(&file.path, &[&target]);
            }
            match holds {
                State::Active => return,
                // Without it, another file has to be there.
                State::Unknown => rest.is_sure = false,
                _ => {}
            }
        }
        let flat = join(&inside, &format!("{}.rs", module.name));
        let nested = join(&inside, &module.name);
        let deep = join(&nested, "mod.rs");
        let is_flat = self.follow(&flat, rest, nested.clone(), work);
        let is_deep = self.follow(&deep, rest, nested, work);
        if !is_flat && !is_deep && rest.is_needed() {
            self.missing.file(&file.path, &[&flat, &deep]);
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
            let standings = standings(file, eval);
            for (site, found) in file.sites.iter().zip(found) {
                let conditions = site.conditions.iter();
                let own = conditions.filter_map(|id| standings.get(*id as usize));
                let own = own.map(|standing| standing.state).max();
                let state = own.unwrap_or(State::Inactive).min(*reached);
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

    fn sites(&self) -> Vec<Site> {
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
fn standings(file: &FileFacts, eval: &mut dyn FnMut(&str) -> State) -> Vec<Standing> {
    let mut standings: Vec<Standing> = Vec::with_capacity(file.conditions.len());
    for condition in &file.conditions {
        let around = standings.get(condition.parent as usize).copied();
        let around = around.unwrap_or(Standing::sure(State::Active));
        let own = match around.state {
            State::Inactive => Standing::INACTIVE,
            _ => Standing {
                state: super::conditions::state(&condition.kind, eval),
                is_sure: !matches!(condition.kind, ConditionKind::Handed(_)),
            },
        };
        standings.push(own.within(around));
    }
    standings
}

/// The folder of what is declared in modules with a body; `here` is the file's, `children` that of
/// its child modules.
pub(crate) fn folder_inside(
    here: &str,
    children: &str,
    modules: &[(String, Option<String>)],
) -> String {
    let mut inside = children.to_owned();
    for (depth, (name, own)) in modules.iter().enumerate() {
        inside = match own {
            Some(own) if depth == 0 => join(here, own),
            Some(own) => join(&inside, own),
            None => join(&inside, name),
        };
    }
    inside
}

/// A name in a module; either may be empty.
pub(crate) fn qualified(module: &str, name: &str) -> String {
    match (module, name) {
        ("", name) => name.to_owned(),
        (module, "") => module.to_owned(),
        (module, name) => format!("{module}::{name}"),
    }
}

/// The module that a file is by its place: the same in every build, whatever `#[path]`s say.
pub(crate) fn module_of(path: &str) -> String {
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

/// An absolute path as facts have it: from the package's folder, with `/`.
#[must_use]
pub fn from_root(root: &str, path: &str) -> String {
    let root = root.replace('\\', "/");
    let path = path.replace('\\', "/");
    match path.strip_prefix(&root) {
        // `build = "./build.rs"`
        Some(path) if path.starts_with('/') => join("", path.trim_start_matches('/')),
        _ => relative(&root, &path),
    }
}

/// The way from a folder to a file that is not in it; both are absolute, with `/`.
#[must_use]
pub(crate) fn relative(from: &str, to: &str) -> String {
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
        assert_eq!(from_root("/w/a", "/w/a/./src/../b.rs"), "b.rs");
        assert_eq!(from_root("/w/a", "/w/ab/x.rs"), "../ab/x.rs");
        assert_eq!(from_root("C:\\a", "C:\\a\\src\\x.rs"), "src/x.rs");
        assert_eq!(module_of("src/a/mod.rs"), "a");
        assert_eq!(module_of("src/lib.rs"), "");
    }
}
