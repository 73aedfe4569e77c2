//! From the scans of a package's files to its facts: what the package's own macros do to code that
//! is handed to them.
//!
//! A call whose arguments hold something of interest is expanded by the definition of that name, in
//! the same file where there is one, else anywhere in the package. Where what was handed over stands
//! in the expansion, and under what conditions, is what becomes of it. A macro that can't be found
//! or whose arms do not fit is taken to leave its arguments where the call is.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::operations;
use super::public;
use super::scan::{Definition, Draft, Scan, draft, module};
use super::{
    ConditionFact, ConditionId, ConditionKind, FactGap, FileFacts, IncludeFact, ModuleFact,
    PackageFacts,
};
use crate::census::link::{folder, join};
use crate::source::expand;
use crate::source::outline::{self, Context, Outline, Source, Watch};

/// How deep expansions may lead to expansions.
const MAX_DEPTH: u32 = 48;
/// How much text all expansions of a package may read and make, in bytes.
const MAX_TEXT: usize = 96 * 1024 * 1024;
/// How many conditions the places in all expansions of a package may have together.
const MAX_CONDITIONS: usize = 4 * 1024 * 1024;

/// Through how many definitions a call may come to one that declares modules.
const MAX_LEVELS: usize = 4;
/// How many definitions that declare modules are looked for in others.
const MAX_MAKERS: usize = 64;

/// Conditions from the call on, outermost first.
type Chain = Rc<[ConditionKind]>;

/// What a call makes of its arguments.
#[derive(Debug, Default)]
struct Expanded {
    /// For places in the arguments, in order: under what each stands afterwards.
    places: Vec<(u32, Chain)>,
    modules: Vec<(ModuleFact, Chain)>,
}

struct Expander<'a> {
    definitions: Definitions<'a>,
    /// Those that make modules, or call one that does.
    with_modules: HashSet<&'a str>,
    scans: &'a [Scan],
    /// Those that were read, by their place in memory.
    read: RefCell<HashMap<*const Definition, Rc<expand::Definition<'a>>>>,
    /// How much text may still be read and made.
    fuel: Cell<usize>,
    /// How many conditions there may still be.
    conditions: Cell<usize>,
}

/// Puts a package's facts together. The scans may come in any order.
#[must_use]
pub fn package(mut scans: Vec<Scan>) -> PackageFacts {
    scans.sort_by(|a, b| a.facts.path.cmp(&b.facts.path));
    let mut facts = PackageFacts {
        looked_at: u32::try_from(scans.len()).unwrap_or(u32::MAX),
        bytes: scans.iter().map(|scan| scan.len).sum(),
        ..PackageFacts::default()
    };
    let mut files = Vec::new();
    {
        let expander = Expander::new(&scans);
        for (index, scan) in scans.iter().enumerate() {
            facts.gaps.extend(scan.gaps.iter().cloned());
            if let Some(helper) = &scan.helper {
                facts.helper.get_or_insert_default().add(helper);
            }
            let file = expander.file(index, scan);
            match file.is_empty() {
                true => facts.quiet.push(file.path),
                false => files.push(file),
            }
        }
        if expander.is_spent() {
            facts.gaps.push(FactGap {
                path: String::new(),
                reason: "its macros make more code than is followed: what is handed to them may \
                         be in another state"
                    .to_owned(),
            });
        }
    }
    facts.gaps.sort();
    facts.files = files;
    operations::decide_all(&mut facts, &scans);
    public::decide(&mut facts, &scans);
    facts
}

/// The scans of files, by their places, that call macros of the package that declare modules, and
/// where these calls were left out: [`Scanner::scan_fully`](super::scan::Scanner::scan_fully) has them.
#[must_use]
pub fn to_read_again(scans: &[Scan]) -> Vec<usize> {
    let with_modules = with_modules(&definitions(scans));
    let is_called = |scan: &Scan| scan.bare.iter().any(|name| with_modules.contains(&**name));
    let scans = scans.iter().enumerate();
    scans
        .filter(|(_, scan)| !with_modules.is_empty() && is_called(scan))
        .map(|(at, _)| at)
        .collect()
}

/// By name; the file that each is in.
type Definitions<'a> = HashMap<&'a str, Vec<(usize, &'a Definition)>>;

fn definitions(scans: &[Scan]) -> Definitions<'_> {
    let mut definitions = Definitions::new();
    for (index, scan) in scans.iter().enumerate() {
        for definition in &scan.definitions {
            let same = definitions.entry(&definition.name).or_default();
            same.push((index, definition));
        }
    }
    definitions
}

/// The files that a file calls for by their names: paths from the package's folder, with `/`, and
/// with `..` where they leave it.
#[must_use]
pub fn wanted(scan: &Scan) -> Vec<String> {
    wanted_by(&scan.facts.path, &scan.facts.includes, &scan.facts.modules)
}

/// The same of a file with these includes and modules.
pub(super) fn wanted_by(
    path: &str,
    includes: &[IncludeFact],
    modules: &[ModuleFact],
) -> Vec<String> {
    let folder = folder(path);
    let mut wanted: Vec<String> = includes
        .iter()
        .filter_map(|include| Some(join(folder, include.path.as_deref()?)))
        .collect();
    for module in modules {
        for (_, path) in &module.paths {
            let mut inside = folder.to_owned();
            for (name, own) in &module.inside {
                inside = join(&inside, own.as_deref().unwrap_or(name));
            }
            wanted.push(join(&inside, path));
        }
    }
    // A file below one that lies elsewhere lies there, too.
    if path.starts_with("..") {
        let stem = path.strip_suffix(".rs").unwrap_or(folder);
        for module in modules {
            for place in [folder, stem] {
                for path in [
                    format!("{}.rs", module.name),
                    format!("{}/mod.rs", module.name),
                ] {
                    wanted.push(join(place, &path));
                }
            }
        }
    }
    wanted
}

impl FileFacts {
    /// Whether it says nothing.
    fn is_empty(&self) -> bool {
        self.sites.is_empty()
            && self.modules.is_empty()
            && self.includes.is_empty()
            && self.lints.is_empty()
            && self.condition == 0
    }
}

impl<'a> Expander<'a> {
    fn new(scans: &'a [Scan]) -> Self {
        let definitions = definitions(scans);
        Self {
            with_modules: with_modules(&definitions),
            definitions,
            scans,
            read: RefCell::default(),
            fuel: Cell::new(MAX_TEXT),
            conditions: Cell::new(MAX_CONDITIONS),
        }
    }

    fn is_spent(&self) -> bool {
        self.fuel.get() == 0 || self.conditions.get() == 0
    }

    fn file(&self, index: usize, scan: &Scan) -> FileFacts {
        let mut file = scan.facts.clone();
        let mut expansions: Expansions = BTreeMap::new();
        let asked: HashSet<u32> = scan
            .drafts
            .iter()
            .filter_map(|(_, draft)| match draft {
                Draft::Call(call) => Some(*call),
                Draft::Known(_) => None,
            })
            .collect();
        // Whether a condition is inside of a call whose expansion is known. A call's own condition
        // comes before those of its arguments, and what is around a call before the call.
        let mut is_known: Vec<bool> = Vec::new();
        for (at, call) in scan.calls.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            while is_known.len() <= call.condition as usize {
                let Some((parent, draft)) = scan.drafts.get(is_known.len()) else {
                    break;
                };
                let own = match draft {
                    Draft::Call(call) => matches!(expansions.get(call), Some(Some(_))),
                    Draft::Known(_) => false,
                };
                is_known.push(own || is_known.get(*parent as usize) == Some(&true));
            }
            if is_known.get(call.condition as usize) == Some(&true) {
                continue;
            }
            let is_asked = asked.contains(&at) && self.is_defined(&call.path);
            if is_asked || self.declares_modules(&call.path) {
                let arguments = scan.arguments(call);
                let expanded = self.call(&call.path, &arguments, call.context, index, MAX_DEPTH);
                expansions.insert(at, expanded);
            }
        }
        file.conditions = scan
            .drafts
            .iter()
            .map(|(parent, draft)| ConditionFact {
                parent: *parent,
                kind: match draft {
                    Draft::Known(kind) => kind.clone(),
                    Draft::Call(call) => match scan.calls.get(*call as usize) {
                        // What is known of a call's arguments is put in the place of this.
                        Some(call) => ConditionKind::Handed(call.path.clone()),
                        None => ConditionKind::Always,
                    },
                },
            })
            .collect();
        if expansions.values().all(Option::is_none) {
            return file;
        }
        self.apply(scan, &mut file, &expansions);
        file
    }

    /// Puts what the expansions tell in the place of what the arguments look like.
    fn apply(&self, scan: &Scan, file: &mut FileFacts, expansions: &Expansions) {
        let calls = outermost(scan, expansions);
        let outermost = |condition: ConditionId| -> Option<(u32, &Expanded)> {
            let call = calls.get(condition as usize).copied().flatten()?;
            Some((call, expansions.get(&call)?.as_ref()?))
        };
        let mut grafts = Grafts::default();
        let never = [ConditionKind::Never];
        for (site, offset) in file.sites.iter_mut().zip(&scan.offsets) {
            let Some((call, expanded)) = site.conditions.first().copied().and_then(outermost)
            else {
                continue;
            };
            let Some(call) = scan.calls.get(call as usize) else {
                continue;
            };
            let place = offset.saturating_sub(call.arguments.0);
            let first = expanded.places.partition_point(|(at, _)| *at < place);
            let chains = expanded.places.get(first..).unwrap_or_default().iter();
            site.conditions = chains
                .take_while(|(at, _)| *at == place)
                .map(|(_, chain)| grafts.add(&mut file.conditions, call.condition, chain))
                .collect();
            site.conditions.sort_unstable();
            site.conditions.dedup();
            if site.conditions.is_empty() {
                site.conditions = vec![grafts.add(&mut file.conditions, call.condition, &never)];
            }
        }
        file.modules
            .retain(|module| outermost(module.condition).is_none());
        for (at, expanded) in expansions {
            let (Some(expanded), Some(call)) = (expanded, scan.calls.get(*at as usize)) else {
                continue;
            };
            // What is inside of another call is known from that.
            if outermost(call.condition).is_some() {
                continue;
            }
            for (module, chain) in &expanded.modules {
                let mut module = within(module, &call.inside);
                module.condition = grafts.add(&mut file.conditions, call.condition, chain);
                file.modules.push(module);
            }
        }
    }

    fn is_defined(&self, path: &str) -> bool {
        self.definitions.contains_key(last_segment(path))
    }

    fn declares_modules(&self, path: &str) -> bool {
        self.with_modules.contains(last_segment(path))
    }

    /// The definitions that a call may mean: those in its file, else all of that name.
    fn candidates(&self, path: &str, file: usize) -> Vec<(usize, &'a Definition)> {
        let all = self.definitions.get(last_segment(path));
        let all = all.map(Vec::as_slice).unwrap_or_default();
        let here: Vec<_> = all
            .iter()
            .filter(|(index, _)| *index == file)
            .copied()
            .collect();
        if here.is_empty() { all.to_vec() } else { here }
    }

    fn read(&self, definition: &'a Definition) -> Rc<expand::Definition<'a>> {
        let mut read = self.read.borrow_mut();
        let known = read.entry(std::ptr::from_ref(definition));
        Rc::clone(known.or_insert_with(|| Rc::new(expand::Definition::new(&definition.body))))
    }

    /// What a call makes of its arguments; none if that can't be told.
    fn call(
        &self,
        path: &str,
        arguments: &str,
        context: Context,
        file: usize,
        depth: u32,
    ) -> Option<Expanded> {
        let depth = depth.checked_sub(1)?;
        let watch = Watch {
            bare_calls: !self.with_modules.is_empty(),
            ..Watch::default()
        };
        let mut all: Option<Expanded> = None;
        let candidates = self.candidates(path, file);
        // Which of several is meant is not known.
        let guess = (candidates.len() > 1).then(|| ConditionKind::Handed(path.to_owned()));
        for (index, definition) in candidates {
            // A short one has its cost, too.
            self.spend(512 + definition.body.len() + arguments.len())?;
            let Some(expansion) = self.read(definition).expand(arguments) else {
                continue;
            };
            self.spend(expansion.text.len())?;
            let source = Source::new(expansion.text.as_bytes());
            let outline = Outline::of_fragment(&source, watch, context);
            let around = self
                .scans
                .get(index)
                .map(|scan| definition_chain(scan, definition));
            let mut around = around.unwrap_or_default();
            around.extend(guess.clone());

            // What is inside of a call whose expansion is known is known from that.
            let mut nested: Vec<Option<Expanded>> = Vec::with_capacity(outline.calls.len());
            let mut is_known: Vec<bool> = Vec::new();
            for call in &outline.calls {
                while is_known.len() <= call.condition as usize {
                    let Some(condition) = outline.conditions.get(is_known.len()) else {
                        break;
                    };
                    let own = match condition.kind {
                        outline::ConditionKind::Call(call) => {
                            matches!(nested.get(call as usize), Some(Some(_)))
                        }
                        _ => false,
                    };
                    is_known.push(own || is_known.get(condition.parent as usize) == Some(&true));
                }
                if is_known.get(call.condition as usize) == Some(&true) {
                    nested.push(None);
                    continue;
                }
                let path = source.text_between(call.path as usize, call.bang as usize);
                let path = path.replace(char::is_whitespace, "");
                let open = call.arguments as usize;
                let start = source.token(open).end as usize;
                let end = source.token(source.groups.end(open)).start as usize;
                let arguments = expansion.text.get(start..end);
                let arguments = arguments.filter(|_| self.is_defined(&path));
                nested.push(
                    arguments.and_then(|arguments| {
                        self.call(&path, arguments, call.context, file, depth)
                    }),
                );
            }
            let mut outer: HashMap<outline::ConditionId, Option<Chain>> = HashMap::new();
            let mut outer = |condition: outline::ConditionId| -> Option<Chain> {
                let known = outer.entry(condition);
                let chain = known.or_insert_with(|| {
                    let own = chain(&source, &outline, &nested, condition)?;
                    Some(around.iter().cloned().chain(own).collect())
                });
                chain.clone()
            };
            let all = all.get_or_insert_default();
            for mark in &outline.marks {
                let place = source.token(mark.token as usize).start;
                if let Some(origin) = expansion.origin(place)
                    && let Some(chain) = outer(mark.condition)
                {
                    self.note(chain.len())?;
                    all.places.push((origin, chain));
                }
            }
            for declared in &outline.modules {
                if let Some(chain) = outer(declared.condition) {
                    all.modules.push((module(declared), chain));
                }
            }
            for (call, inner) in outline.calls.iter().zip(&nested) {
                let Some(inner) = inner else { continue };
                let Some(outer) = outer(call.condition) else {
                    continue;
                };
                // Many places have the same conditions: these are joined once.
                let mut joined: HashMap<*const ConditionKind, Chain> = HashMap::new();
                let mut joined = |chain: &Chain| -> Chain {
                    let known = joined.entry(chain.as_ptr());
                    let made =
                        known.or_insert_with(|| outer.iter().chain(&**chain).cloned().collect());
                    Rc::clone(made)
                };
                let start = source.token(call.arguments as usize).end;
                for (place, chain) in &inner.places {
                    if let Some(origin) = expansion.origin(start + place) {
                        let chain = joined(chain);
                        self.note(chain.len())?;
                        all.places.push((origin, chain));
                    }
                }
                if inner.modules.is_empty() {
                    continue;
                }
                let inside = outline.inline_modules(&source, call.item);
                let inside = inside.unwrap_or_default();
                for (module, chain) in &inner.modules {
                    self.note(1 + inside.len() + chain.len())?;
                    all.modules.push((within(module, &inside), joined(chain)));
                }
            }
        }
        if let Some(all) = &mut all {
            all.places.sort_by_key(|(at, _)| *at);
        }
        all
    }

    /// Takes text from what may be read and made; none if there is not so much left.
    fn spend(&self, bytes: usize) -> Option<()> {
        let left = self.fuel.get().checked_sub(bytes);
        self.fuel.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// The same with conditions.
    fn note(&self, count: usize) -> Option<()> {
        let left = self.conditions.get().checked_sub(count + 1);
        self.conditions.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}

/// The definitions whose expansion may declare modules.
fn with_modules<'a>(definitions: &Definitions<'a>) -> HashSet<&'a str> {
    let that = |holds: &dyn Fn(&str) -> bool| -> HashSet<&'a str> {
        let found = definitions.iter();
        let found = found.filter(|(_, all)| all.iter().any(|(_, d)| holds(&d.body)));
        found.map(|(name, _)| *name).collect()
    };
    let mut all = that(&|body| body.contains("mod "));
    for _ in 0..MAX_LEVELS {
        // Each is looked for in each.
        if all.is_empty() || all.len() > MAX_MAKERS {
            break;
        }
        let calls: Vec<String> = all.iter().map(|name| format!("{name}!")).collect();
        let next = that(&|body| {
            body.contains("mod ") || calls.iter().any(|call| body.contains(call.as_str()))
        });
        if next.len() == all.len() {
            break;
        }
        all.extend(next);
    }
    all
}

/// A module that is declared in an expansion, as it is seen from around the call.
fn within(module: &ModuleFact, inside: &[(String, Option<String>)]) -> ModuleFact {
    let mut module = module.clone();
    module.inside.splice(0..0, inside.iter().cloned());
    module
}

/// What calls become, by their places in a scan; none where that can't be told.
type Expansions = BTreeMap<u32, Option<Expanded>>;

/// For each condition the outermost call around it whose expansion is known.
fn outermost(scan: &Scan, expansions: &Expansions) -> Vec<Option<u32>> {
    let mut calls: Vec<Option<u32>> = Vec::with_capacity(scan.drafts.len());
    for (parent, draft) in &scan.drafts {
        let around = calls.get(*parent as usize).copied().flatten();
        let own = match draft {
            Draft::Call(call) if matches!(expansions.get(call), Some(Some(_))) => Some(*call),
            _ => None,
        };
        calls.push(around.or(own));
    }
    calls
}

/// The conditions of an expansion's outline, outermost first; none where an inner call's expansion
/// tells.
fn chain(
    source: &Source<'_>,
    outline: &Outline,
    nested: &[Option<Expanded>],
    condition: outline::ConditionId,
) -> Option<Vec<ConditionKind>> {
    let mut kinds = Vec::new();
    let mut at = condition;
    while at != outline::ALWAYS {
        let found = outline.conditions.get(at as usize)?;
        match draft(&found.kind) {
            Draft::Known(kind) => kinds.push(kind),
            Draft::Call(call) => {
                if nested.get(call as usize).is_some_and(Option::is_some) {
                    return None;
                }
                if let Some(call) = outline.calls.get(call as usize) {
                    let path = source.text_between(call.path as usize, call.bang as usize);
                    kinds.push(ConditionKind::Handed(path.replace(char::is_whitespace, "")));
                }
            }
        }
        at = found.parent;
    }
    kinds.reverse();
    Some(kinds)
}

/// Under what a definition stands in its file, as far as `cfg`s say.
fn definition_chain(scan: &Scan, definition: &Definition) -> Vec<ConditionKind> {
    let mut kinds = Vec::new();
    let mut at = definition.condition;
    while at != 0 {
        let Some((parent, draft)) = scan.drafts.get(at as usize) else {
            break;
        };
        if let Draft::Known(kind @ (ConditionKind::Cfg(_) | ConditionKind::NotCfg(_))) = draft {
            kinds.push(kind.clone());
        }
        at = *parent;
    }
    kinds.reverse();
    kinds
}

/// Conditions that were added, each once.
#[derive(Debug, Default)]
struct Grafts {
    /// By the chain and what is around it.
    chains: HashMap<(ConditionId, *const ConditionKind), ConditionId>,
    /// By what is around it.
    each: HashMap<(ConditionId, ConditionKind), ConditionId>,
}

impl Grafts {
    /// Adds conditions below one, and gives the last. The chain has to outlive this.
    fn add(
        &mut self,
        conditions: &mut Vec<ConditionFact>,
        below: ConditionId,
        chain: &[ConditionKind],
    ) -> ConditionId {
        let key = (below, chain.as_ptr());
        if chain.is_empty() {
            return below;
        }
        if let Some(known) = self.chains.get(&key) {
            return *known;
        }
        let mut at = below;
        for kind in chain {
            let next = u32::try_from(conditions.len()).unwrap_or(u32::MAX);
            let around = at;
            at = *self.each.entry((around, kind.clone())).or_insert(next);
            if at == next {
                conditions.push(ConditionFact {
                    parent: around,
                    kind: kind.clone(),
                });
            }
        }
        self.chains.insert(key, at);
        at
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::super::scan::{Scanner, scan};
    use super::*;

    #[test]
    fn modules_that_macros_declare_by_other_macros() {
        let text = "macro_rules! all { ($m:ident) => { mod $m; }; }
            macro_rules! one { ($c:ident, $m:ident) => { #[cfg($c)] all!($m); }; }
            one!(fast, inner);";
        let facts = package(vec![scan("src/lib.rs", text.as_bytes())]);
        let file = &facts.files[0];
        let module = &file.modules[0];
        let condition = &file.conditions[module.condition as usize];
        assert_eq!(module.name, "inner");
        assert_eq!(condition.kind, ConditionKind::Cfg("fast".to_owned()));
    }

    #[test]
    fn a_call_that_declares_modules_has_its_file_read_again() {
        let files = [
            ("src/lib.rs", "#[macro_use] mod m; mod a; mod b;"),
            (
                "src/m.rs",
                "macro_rules! one { ($m:ident) => { mod $m; }; }
                macro_rules! two { ($m:ident) => { one!($m); }; }",
            ),
            ("src/a.rs", "two!(inner); other!(x); mod c;"),
            ("src/b.rs", "other!(x); mod d;"),
        ];
        let mut scanner = Scanner::default();
        let scans = files.map(|(path, text)| scanner.scan(path, text.as_bytes()));
        assert_eq!(to_read_again(&scans), [2]);
        let mut scans = scans.to_vec();
        scans[2] = scanner.scan_fully(files[2].0, files[2].1.as_bytes());
        let fully = files.map(|(path, text)| scan(path, text.as_bytes()));
        assert_eq!(package(scans), package(fully.to_vec()));
    }
}
