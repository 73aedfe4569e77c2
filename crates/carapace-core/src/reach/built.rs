//! What of a package's files a build has, as far as conditions tell: in doubt, it has it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::census::conditions::OF_THE_COMPILER;
use crate::census::link::{folder, folder_inside, from_root, join};
use crate::cfg::{CfgExpr, CfgSet, Predicate};
use crate::facts::mentions::{FileMentions, PackageMentions};
use crate::facts::{ConditionKind, FactGap, ModuleFact};
use crate::graph::metadata::{MetadataPackage, Target};
use crate::graph::units::{Platform, Unit};

/// How a package is built.
pub(super) struct Built<'a> {
    pub(super) package: &'a MetadataPackage,
    /// All ways in which it is.
    pub(super) units: &'a [&'a Unit],
    /// Whether it is of the workspace, with all its programs and tests.
    pub(super) is_member: bool,
    /// Whether tests are built.
    pub(super) tests: bool,
    /// What it is built for; none where every platform counts.
    pub(super) platforms: Option<&'a [Platform]>,
    /// Where it is built: what the user's flags set, too.
    pub(super) host: &'a CfgSet,
}

/// What of a package is built.
pub(super) struct Parts {
    /// By file: as what its items stand, by condition; none where the file is not built.
    pub(super) files: Vec<Option<Vec<bool>>>,
    /// Whether a file is the root of the build script.
    pub(super) scripts: Vec<bool>,
    /// Whether a file is included in another one, and so has that one's names.
    pub(super) included: Vec<bool>,
    /// What is built and could not be read.
    pub(super) gaps: Vec<FactGap>,
}

impl Built<'_> {
    /// Whether a `cfg` is set in one of the ways in which the package is built.
    fn holds(&self, unit: &Unit, cfg: Option<&CfgSet>, predicate: &Predicate) -> Option<bool> {
        let name = predicate.name();
        let has_script = self
            .package
            .targets
            .iter()
            .any(|target| target.is_build_script());
        let of_script = if has_script { None } else { Some(false) };
        match (name, predicate.value()) {
            ("test", None) => match self.is_member && self.tests {
                true => None,
                false => Some(false),
            },
            ("doc" | "doctest" | "miri", None) => Some(false),
            ("proc_macro", None) => Some(unit.is_proc_macro),
            ("debug_assertions" | "overflow_checks" | "panic" | "fmt_debug", _) => None,
            ("feature", Some(value)) => match unit.has_feature(value) {
                true => Some(true),
                false if self.package.feature(value).is_some() => Some(false),
                false => of_script,
            },
            (name, _) => match cfg {
                Some(cfg) if cfg.contains(predicate) => Some(true),
                Some(_) if OF_THE_COMPILER.contains(&name) => Some(false),
                None if OF_THE_COMPILER.contains(&name) => None,
                None if self.host.contains(predicate) => Some(true),
                _ => of_script,
            },
        }
    }

    fn may_hold(&self, text: &str, known: &mut HashMap<String, bool, RandomState>) -> bool {
        if let Some(known) = known.get(text) {
            return *known;
        }
        let Ok(expression) = CfgExpr::parse(text) else {
            return true;
        };
        let platforms = self.platforms.into_iter().flatten();
        let mut cfgs: Vec<Option<&CfgSet>> = platforms.map(|p| Some(&p.cfg)).collect();
        if cfgs.is_empty() {
            cfgs.push(None);
        }
        let may = self.units.iter().any(|unit| {
            let mut cfgs = cfgs.iter();
            cfgs.any(|cfg| {
                // What runs at build time runs on machines of all kinds.
                let cfg = cfg.filter(|_| !unit.host);
                expression.eval(&|predicate| self.holds(unit, cfg, predicate)) != Some(false)
            })
        });
        known.insert(text.to_owned(), may);
        may
    }

    fn conditions(
        &self,
        file: &FileMentions,
        known: &mut HashMap<String, bool, RandomState>,
    ) -> Vec<bool> {
        let mut all: Vec<bool> = Vec::with_capacity(file.conditions.len());
        for condition in &file.conditions {
            let around = all.get(condition.parent as usize).copied().unwrap_or(true);
            let own = match &condition.kind {
                ConditionKind::Cfg(text) => self.may_hold(text, known),
                ConditionKind::NotCfg(text) if text.is_empty() => true,
                ConditionKind::NotCfg(text) => self.may_hold(&format!("not({text})"), known),
                ConditionKind::Test => self.is_member && self.tests,
                ConditionKind::Never => false,
                _ => true,
            };
            all.push(around && own);
        }
        all
    }

    /// Finds what is built of the files.
    pub(super) fn parts(&self, mentions: &PackageMentions) -> Parts {
        let count = mentions.files.len();
        let mut search = Search {
            built: self,
            mentions,
            places: mentions
                .files
                .iter()
                .enumerate()
                .map(|(at, file)| (file.path.as_str(), at))
                .collect(),
            known: HashMap::default(),
            declared: vec![false; count],
            work: Vec::new(),
            parts: Parts {
                files: vec![None; count],
                scripts: vec![false; count],
                included: vec![false; count],
                gaps: Vec::new(),
            },
        };
        for target in &self.package.targets {
            if self.is_member || target.is_library() || target.is_build_script() {
                search.target(target);
            }
        }
        search.follow();
        // A macro may declare a module out of sight: what no declaration that is seen names, and lies
        // where no other target's files do, is taken to be one.
        for (at, file) in mentions.files.iter().enumerate() {
            if search.is_unseen(at) && (self.is_member || !is_apart(&file.path)) {
                search.work.push((at, children_of(&file.path)));
                search.follow();
            }
        }
        search.parts
    }
}

/// The way from a package's targets along its files.
struct Search<'s> {
    built: &'s Built<'s>,
    mentions: &'s PackageMentions,
    /// Files by path.
    places: HashMap<&'s str, usize, RandomState>,
    /// What predicates come to, by their texts.
    known: HashMap<String, bool, RandomState>,
    /// Files that a declaration names, whether built or not.
    declared: Vec<bool>,
    /// Files that are to be gone into, and the folder of the child modules of each.
    work: Vec<(usize, String)>,
    parts: Parts,
}

impl Search<'_> {
    fn target(&mut self, target: &Target) {
        let path = from_root(self.built.package.root_dir(), &target.src_path);
        let Some(at) = self.places.get(path.as_str()).copied() else {
            return;
        };
        if let Some(script) = self.parts.scripts.get_mut(at) {
            *script |= target.is_build_script();
        }
        self.work.push((at, folder(&path).to_owned()));
    }

    /// Whether a file is neither built nor declared.
    fn is_unseen(&self, at: usize) -> bool {
        let is_built = self.parts.files.get(at).is_some_and(Option::is_some);
        !is_built && self.declared.get(at) == Some(&false)
    }

    fn follow(&mut self) {
        let mentions = self.mentions;
        while let Some((at, children)) = self.work.pop() {
            let is_new = self.parts.files.get(at) == Some(&None);
            let Some(file) = mentions.files.get(at).filter(|_| is_new) else {
                continue;
            };
            let conditions = self.built.conditions(file, &mut self.known);
            let holds = |id: u32| conditions.get(id as usize).copied().unwrap_or(true);
            let file_holds = holds(file.condition);
            for module in &file.modules {
                let is_built = file_holds && holds(module.condition);
                self.module(file, &children, module, is_built);
            }
            for include in &file.includes {
                let is_built = file_holds && holds(include.condition);
                self.include(file, include.path.as_deref(), is_built);
            }
            if let Some(slot) = self.parts.files.get_mut(at).filter(|_| file_holds) {
                *slot = Some(conditions);
            }
        }
    }

    /// The files that a `mod name;` may mean.
    fn module(&mut self, file: &FileMentions, children: &str, module: &ModuleFact, is_built: bool) {
        let here = folder(&file.path);
        let inside = folder_inside(here, children, &module.inside);
        for (_, own) in &module.paths {
            let from = match module.inside.is_empty() {
                true => here,
                false => &inside,
            };
            let target = join(from, own);
            let children = folder(&target).to_owned();
            self.declare(&target, children, is_built);
        }
        let nested = join(&inside, &module.name);
        self.declare(&format!("{nested}.rs"), nested.clone(), is_built);
        self.declare(&join(&nested, "mod.rs"), nested, is_built);
    }

    fn include(&mut self, file: &FileMentions, path: Option<&str>, is_built: bool) {
        let target = path.map(|path| join(folder(&file.path), path));
        let place = target.as_deref().and_then(|target| self.places.get(target));
        if let (Some(place), Some(target)) = (place.copied(), &target) {
            if let Some(mark) = self.parts.included.get_mut(place) {
                *mark = true;
            }
            self.declare(target, folder(target).to_owned(), is_built);
        } else if is_built {
            let reason = match path {
                Some(_) => "includes a file that was not read",
                None => "includes a file that is made by a build",
            };
            self.parts.gaps.push(FactGap {
                path: file.path.clone(),
                reason: reason.to_owned(),
            });
        }
    }

    /// Notes that a declaration names a file, and has it gone into if it is built.
    fn declare(&mut self, path: &str, children: String, is_built: bool) {
        let Some(place) = self.places.get(path).copied() else {
            return;
        };
        if let Some(mark) = self.declared.get_mut(place) {
            *mark = true;
        }
        if is_built {
            self.work.push((place, children));
        }
    }
}

/// Whether a file lies where cargo looks for targets that a dependency does not build.
pub(crate) fn is_apart(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "tests" | "benches" | "examples")
        || path.starts_with("src/bin/")
        || path == "src/main.rs"
}

/// The folder of a file's child modules, if it is a module itself.
fn children_of(path: &str) -> String {
    match path.strip_suffix("/mod.rs") {
        Some(folder) => folder.to_owned(),
        None => path.strip_suffix(".rs").unwrap_or(path).to_owned(),
    }
}
