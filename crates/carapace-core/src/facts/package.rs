//! From the scans of a package's files to its facts: what the package's own macros do to code that
//! is handed to them.
//!
//! A call whose arguments hold something of interest is expanded by the definition of that name, in
//! the same file where there is one, else anywhere in the package. Where what was handed over stands
//! in the expansion, and under what conditions, is what becomes of it. A macro that can't be found
//! or whose arms do not fit is taken to leave its arguments where the call is.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::operations;
use super::public;
use super::scan::{Definition, Draft, Scan, draft, module};
use super::{ConditionFact, ConditionId, ConditionKind, FileFacts, ModuleFact, PackageFacts};
use crate::census::link::{folder, join};
use crate::source::expand::expand;
use crate::source::outline::{self, Context, Outline, Source, Watch};

/// How deep expansions may lead to expansions.
const MAX_DEPTH: u32 = 48;
/// How much text all expansions of a package may make, in bytes.
const MAX_TEXT: usize = 64 * 1024 * 1024;

/// Conditions from the call on, outermost first.
type Chain = Vec<ConditionKind>;

/// What a call makes of its arguments.
#[derive(Debug, Default)]
struct Expanded {
    /// For places in the arguments: under what each stands afterwards.
    places: Vec<(u32, Chain)>,
    modules: Vec<(ModuleFact, Chain)>,
}

struct Expander<'a> {
    /// By name; the file that each is in.
    definitions: HashMap<&'a str, Vec<(usize, &'a Definition)>>,
    scans: &'a [Scan],
    /// How much text may still be made.
    fuel: std::cell::Cell<usize>,
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
            if !file.is_empty() {
                files.push(file);
            }
        }
    }
    facts.gaps.sort();
    facts.files = files;
    operations::decide_all(&mut facts, &scans);
    public::decide(&mut facts, &scans);
    facts
}

/// The files by whose names a file calls for what may not be read otherwise: paths from the package's
/// folder, with `/`, and with `..` where they leave it.
#[must_use]
pub fn wanted(scan: &Scan) -> Vec<String> {
    let folder = folder(&scan.facts.path);
    let includes = scan.facts.includes.iter();
    let mut wanted: Vec<String> = includes
        .filter_map(|include| include.path.as_deref())
        .map(|path| join(folder, path))
        .collect();
    for module in &scan.facts.modules {
        for (_, path) in &module.paths {
            let mut inside = folder.to_owned();
            for (name, own) in &module.inside {
                inside = join(&inside, own.as_deref().unwrap_or(name));
            }
            wanted.push(join(&inside, path));
        }
    }
    wanted.retain(|path| !path.ends_with(".rs") || path.starts_with(".."));
    // A file below one that lies elsewhere lies there, too.
    if scan.facts.path.starts_with("..") {
        let stem = scan.facts.path.strip_suffix(".rs").unwrap_or(folder);
        for module in &scan.facts.modules {
            for place in [folder, stem] {
                wanted.push(join(place, &format!("{}.rs", module.name)));
                wanted.push(join(place, &format!("{}/mod.rs", module.name)));
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
        let mut definitions: HashMap<&str, Vec<(usize, &Definition)>> = HashMap::new();
        for (index, scan) in scans.iter().enumerate() {
            for definition in &scan.definitions {
                let same = definitions.entry(&definition.name).or_default();
                same.push((index, definition));
            }
        }
        Self {
            definitions,
            scans,
            fuel: std::cell::Cell::new(MAX_TEXT),
        }
    }

    fn file(&self, index: usize, scan: &Scan) -> FileFacts {
        let mut file = scan.facts.clone();
        let mut expansions: BTreeMap<u32, Option<Expanded>> = BTreeMap::new();
        let asked: HashSet<u32> = scan
            .drafts
            .iter()
            .filter_map(|(_, draft)| match draft {
                Draft::Call(call) => Some(*call),
                Draft::Known(_) => None,
            })
            .collect();
        for (at, call) in scan.calls.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let is_asked = asked.contains(&at);
            if is_asked || self.declares_modules(&call.path) {
                let (start, end) = call.arguments;
                let arguments = scan.bytes.get(start as usize..end as usize);
                let arguments = String::from_utf8_lossy(arguments.unwrap_or_default());
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
                        Some(call) if !self.is_defined(&call.path) => {
                            ConditionKind::Handed(call.path.clone())
                        }
                        _ => ConditionKind::Always,
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
    fn apply(
        &self,
        scan: &Scan,
        file: &mut FileFacts,
        expansions: &BTreeMap<u32, Option<Expanded>>,
    ) {
        let outermost = |condition| outermost(scan, expansions, condition);
        for (site, offset) in file.sites.iter_mut().zip(&scan.offsets) {
            let Some((call, expanded)) = site.conditions.first().copied().and_then(outermost)
            else {
                continue;
            };
            let Some(call) = scan.calls.get(call as usize) else {
                continue;
            };
            let place = offset.saturating_sub(call.arguments.0);
            let chains = expanded.places.iter().filter(|(at, _)| *at == place);
            site.conditions = chains
                .map(|(_, chain)| graft(&mut file.conditions, call.condition, chain))
                .collect();
            if site.conditions.is_empty() {
                let never = [ConditionKind::Never];
                site.conditions = vec![graft(&mut file.conditions, call.condition, &never)];
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
                module.condition = graft(&mut file.conditions, call.condition, chain);
                file.modules.push(module);
            }
        }
    }

    fn is_defined(&self, path: &str) -> bool {
        self.definitions.contains_key(last_segment(path))
    }

    fn declares_modules(&self, path: &str) -> bool {
        let definitions = self.definitions.get(last_segment(path));
        definitions.is_some_and(|found| found.iter().any(|(_, d)| d.body.contains("mod ")))
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
        let mut all: Option<Expanded> = None;
        for (index, definition) in self.candidates(path, file) {
            let Some(expansion) = expand(&definition.body, arguments) else {
                continue;
            };
            self.fuel
                .set(self.fuel.get().checked_sub(expansion.text.len())?);
            let source = Source::new(expansion.text.as_bytes());
            let outline = Outline::of_fragment(&source, Watch::default(), context);
            let around = self
                .scans
                .get(index)
                .map(|scan| definition_chain(scan, definition));
            let around = around.unwrap_or_default();

            let nested: Vec<Option<Expanded>> = outline
                .calls
                .iter()
                .map(|call| {
                    let path = source.text_between(call.path as usize, call.bang as usize);
                    let path = path.replace(char::is_whitespace, "");
                    if !self.is_defined(&path) {
                        return None;
                    }
                    let open = call.arguments as usize;
                    let start = source.token(open).end as usize;
                    let end = source.token(source.groups.end(open)).start as usize;
                    let arguments = expansion.text.get(start..end)?;
                    self.call(&path, arguments, call.context, file, depth)
                })
                .collect();
            let chain = |condition| chain(&source, &outline, &nested, condition);
            let joined = |condition, inner: &Chain| -> Option<Chain> {
                let outer = chain(condition)?;
                Some(
                    [&around, &outer, inner]
                        .into_iter()
                        .flatten()
                        .cloned()
                        .collect(),
                )
            };
            let all = all.get_or_insert_default();
            for mark in &outline.marks {
                let place = source.token(mark.token as usize).start;
                if let Some(origin) = expansion.origin(place)
                    && let Some(chain) = joined(mark.condition, &Chain::new())
                {
                    all.places.push((origin, chain));
                }
            }
            for declared in &outline.modules {
                if let Some(chain) = joined(declared.condition, &Chain::new()) {
                    all.modules.push((module(declared), chain));
                }
            }
            for (call, inner) in outline.calls.iter().zip(&nested) {
                let Some(inner) = inner else { continue };
                let start = source.token(call.arguments as usize).end;
                for (place, chain) in &inner.places {
                    if let Some(origin) = expansion.origin(start + place)
                        && let Some(chain) = joined(call.condition, chain)
                    {
                        all.places.push((origin, chain));
                    }
                }
                if inner.modules.is_empty() {
                    continue;
                }
                let inside = outline.inline_modules(&source, call.item);
                for (module, chain) in &inner.modules {
                    if let Some(chain) = joined(call.condition, chain) {
                        all.modules.push((within(module, &inside), chain));
                    }
                }
            }
        }
        all
    }
}

/// A module that is declared in an expansion, as it is seen from around the call.
fn within(module: &ModuleFact, inside: &[(String, Option<String>)]) -> ModuleFact {
    let mut module = module.clone();
    module.inside.splice(0..0, inside.iter().cloned());
    module
}

/// The outermost call around a condition whose expansion is known.
fn outermost<'e>(
    scan: &Scan,
    expansions: &'e BTreeMap<u32, Option<Expanded>>,
    condition: ConditionId,
) -> Option<(u32, &'e Expanded)> {
    let mut found = None;
    let mut at = condition;
    while at != 0 {
        let (parent, draft) = scan.drafts.get(at as usize)?;
        if let Draft::Call(call) = draft
            && let Some(Some(expanded)) = expansions.get(call)
        {
            found = Some((*call, expanded));
        }
        at = *parent;
    }
    found
}

/// The conditions of an expansion's outline, outermost first; none where an inner call's expansion
/// tells.
fn chain(
    source: &Source<'_>,
    outline: &Outline,
    nested: &[Option<Expanded>],
    condition: outline::ConditionId,
) -> Option<Chain> {
    let mut kinds = Chain::new();
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
fn definition_chain(scan: &Scan, definition: &Definition) -> Chain {
    let mut kinds = Chain::new();
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

/// Adds conditions below one, and gives the last.
fn graft(
    conditions: &mut Vec<ConditionFact>,
    below: ConditionId,
    chain: &[ConditionKind],
) -> ConditionId {
    let mut at = below;
    for kind in chain {
        let id = u32::try_from(conditions.len()).unwrap_or(u32::MAX);
        conditions.push(ConditionFact {
            parent: at,
            kind: kind.clone(),
        });
        at = id;
    }
    at
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
