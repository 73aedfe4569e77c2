//! Trying fixes: texts are written into the copy, built and tested, and held to what was before.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use carapace_core::fix::{self, Edit, Fix};
use carapace_core::proof::division::Trial;
use carapace_core::proof::judgement::{new_warnings, regressions};
use carapace_core::proof::messages::{Diagnostic, Place as Spot};

use super::baseline::{Known, compiled_files};
use super::check::{Checker, lines_of};
use super::originals::Originals;
use super::place::Place;
use super::{ChangedFile, Options, Verdict};
use crate::census::dance::Stamp;
use crate::cli::Failure;
use crate::dance::fix::CHANGED;
use crate::dance::imports::Others;
use crate::host::foreign;

/// How many of the tests that fail are named.
const MAX_NAMED: usize = 5;

/// Why fixes are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    reason: String,
    said: Vec<String>,
}

impl Refusal {
    /// The same of fixes that have passed before.
    pub(super) fn unsteady(mut self) -> Self {
        self.reason = format!(
            "it passed, and then not, with the same fixes: {}; its tests may differ from run to run",
            self.reason
        );
        self
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            reason: refusal.reason,
            said: refusal.said,
        }
    }
}

/// A file that fixes touch.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    /// As it was before any fix.
    original: String,
    /// With what is settled: edits are made for this.
    settled: String,
    /// As it was last written to the copy.
    written: Option<String>,
    /// The edits of what is settled with which it was; none where that is not known.
    edits: Option<Vec<Edit>>,
    /// The edits of that which take out imports that the others leave unused.
    imports: Vec<Edit>,
}

/// Where fixes are tried.
pub(super) struct Bench<'a> {
    pub(super) place: &'a Place,
    pub(super) options: &'a Options<'a>,
    /// How often something was tried.
    pub(super) trials: usize,
    ways: &'a [Known],
    pub(super) originals: &'a Originals,
    sources: BTreeMap<String, Source>,
    compiled: std::collections::BTreeSet<PathBuf>,
    /// The sources that are compiled, by their paths from the root.
    others: Others,
    /// The fixes of the last trial that passed, if none was after it.
    last: Option<Vec<usize>>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        place: &'a Place,
        options: &'a Options<'a>,
        ways: &'a [Known],
        originals: &'a Originals,
    ) -> Self {
        let compiled = compiled_files(place);
        let files = compiled.iter().filter_map(|path| {
            let inside = path.strip_prefix(&place.root).ok()?.to_string_lossy();
            Some((inside.replace('\\', "/"), path.clone()))
        });
        Self {
            others: Others::of_files(files),
            place,
            options,
            originals,
            trials: 0,
            ways,
            sources: BTreeMap::new(),
            compiled,
            last: None,
        }
    }

    /// The ways to build, before.
    pub(super) fn ways(&self) -> &[Known] {
        self.ways
    }

    /// Reads the files of a fix.
    ///
    /// # Errors
    /// Why it cannot be tried.
    pub(super) fn take_in(&mut self, fix: &Fix) -> Result<(), String> {
        if fix.edits.is_empty() {
            return Err("it changes nothing".to_owned());
        }
        for edit in &fix.edits {
            self.read(&edit.file)?;
        }
        let mut of_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for edit in &fix.edits {
            of_file.entry(&edit.file).or_default().push(edit);
        }
        for (file, edits) in of_file {
            let text = self.settled(file).unwrap_or_default();
            fix::check(text, edits).map_err(|error| error.to_string())?;
        }
        let is_source = |edit: &&Edit| edit.file.ends_with(".rs");
        for edit in fix.edits.iter().filter(is_source) {
            let path = self.place.root.join(&edit.file);
            if !self.compiled.contains(&path) {
                return Err(format!(
                    "{} is compiled by none of the builds here: by its conditions it is for another \
                     platform, feature or target",
                    foreign::shown(&edit.file)
                ));
            }
        }
        Ok(())
    }

    /// The text of a file as it is settled, if it is known.
    pub(super) fn settled(&self, file: &str) -> Option<&str> {
        self.sources.get(file).map(|source| source.settled.as_str())
    }

    /// The text of a file by its path from the root, as it is settled.
    pub(super) fn read(&mut self, file: &str) -> Result<&str, String> {
        if !self.sources.contains_key(file) {
            let text = self.originals.read(file)?;
            let seen = self.options.stamps.get(file);
            if seen.is_some_and(|seen| *seen != Stamp::of(text.as_bytes())) {
                return Err(CHANGED.to_owned());
            }
            let source = Source {
                path: self.place.root.join(file),
                original: text.clone(),
                settled: text,
                written: None,
                edits: None,
                imports: Vec::new(),
            };
            self.sources.insert(file.to_owned(), source);
        }
        Ok(self.settled(file).unwrap_or_default())
    }

    /// Makes edits the ground that all that comes is tried on.
    pub(super) fn settle(&mut self, edits: Vec<Edit>) -> Result<(), Failure> {
        self.write(&edits)?;
        for source in self.sources.values_mut() {
            if let Some(written) = &source.written {
                source.settled.clone_from(written);
                source.edits = Some(Vec::new());
                source.imports.clear();
            }
        }
        self.last = None;
        Ok(())
    }

    /// The files that differ from what they were.
    pub(super) fn changed(&self) -> BTreeMap<String, ChangedFile> {
        let changed = self.sources.iter();
        let changed = changed.filter(|(_, source)| source.settled != source.original);
        changed
            .map(|(file, source)| {
                let changed = ChangedFile {
                    before: source.original.clone(),
                    after: source.settled.clone(),
                };
                (file.clone(), changed)
            })
            .collect()
    }

    /// Whether these were the last that were tried, and passed.
    pub(super) fn is_last(&self, kept: &[(usize, &Fix)]) -> bool {
        let numbers = kept.iter().map(|(at, _)| *at);
        self.last
            .as_ref()
            .is_some_and(|last| last.iter().copied().eq(numbers))
    }

    /// Has the copy be what is settled, with these edits.
    fn write(&mut self, edits: &[Edit]) -> Result<(), Failure> {
        let mut of_files: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for edit in edits {
            of_files.entry(&edit.file).or_default().push(edit);
        }
        for (file, source) in &mut self.sources {
            let own = of_files.remove(file.as_str()).unwrap_or_default();
            let last = source.edits.as_ref();
            if last.is_some_and(|last| last.iter().eq(own.iter().copied())) {
                continue;
            }
            source.imports = self.others.unused(file, &source.settled, &own);
            let all = own.iter().copied().chain(&source.imports);
            let text = fix::apply(&source.settled, all)?;
            source.edits = Some(own.into_iter().cloned().collect());
            if source.written.as_ref() == Some(&text) {
                continue;
            }
            // What is run could have put anything there meanwhile.
            let _ = fs::remove_file(&source.path);
            fs::write(&source.path, &text).map_err(|error| {
                Failure(format!(
                    "can't write a file of the copy, `{}`: {error}; check the space of the disk",
                    foreign::shown(file)
                ))
            })?;
            source.written = Some(text);
        }
        Ok(())
    }

    /// Tries fixes together.
    pub(super) fn try_all(
        &mut self,
        fixes: &[(usize, &Fix)],
        with_tests: bool,
    ) -> Result<Trial<Refusal>, Failure> {
        self.trials += 1;
        (self.options.told)(&format!("trial {} of {} fixes", self.trials, fixes.len()));
        self.last = None;
        let edits: Vec<Edit> = fixes
            .iter()
            .flat_map(|(_, fix)| fix.edits.clone())
            .collect();
        self.write(&edits)?;
        let spots = self.spots(fixes);
        let trial = self.checked(&spots, with_tests)?;
        if trial == Trial::Passes {
            self.last = Some(fixes.iter().map(|(at, _)| *at).collect());
        }
        Ok(trial)
    }

    /// Tries fixes that have passed once more: what is against them.
    pub(super) fn judge(
        &mut self,
        fixes: &[(usize, &Fix)],
        with_tests: bool,
    ) -> Result<Option<Refusal>, Failure> {
        Ok(match self.try_all(fixes, with_tests)? {
            Trial::Passes | Trial::Spent => None,
            Trial::Fails { reason, .. } => Some(reason),
        })
    }

    fn checked(&self, spots: &Spots, with_tests: bool) -> Result<Trial<Refusal>, Failure> {
        let checker = Checker {
            place: self.place,
            options: self.options,
        };
        for known in self.ways {
            if let Some(failed) = self.compiled(&checker, known, spots)? {
                return Ok(failed);
            }
        }
        for known in self.ways.iter().filter(|_| with_tests) {
            if let Some(reason) = tested(&checker, known)? {
                return Ok(Trial::Fails {
                    blamed: BTreeMap::new(),
                    reason,
                });
            }
        }
        Ok(Trial::Passes)
    }

    fn compiled(
        &self,
        checker: &Checker<'_>,
        known: &Known,
        spots: &Spots,
    ) -> Result<Option<Trial<Refusal>>, Failure> {
        let compiled = checker.compile(&known.way)?;
        let features = match known.way.all_features {
            true => " with all features",
            false => "",
        };
        let whole = |said: Vec<String>| Refusal {
            reason: format!("it does not build{features} any more"),
            said,
        };
        if let Some(said) = compiled.problem.or(compiled.problem_of_tests) {
            let errors: Vec<&Diagnostic> = compiled.messages.errors().collect();
            let blamed = self.blamed(&errors, spots, |error| whole(lines_of(error, self.place)));
            let reason = whole(said);
            return Ok(Some(Trial::Fails { blamed, reason }));
        }
        let warned = |warning: &Diagnostic| Refusal {
            reason: format!("a warning is new{features}"),
            said: lines_of(warning, self.place),
        };
        let new = new_warnings(&known.messages, &compiled.messages);
        if let Some(first) = new.first() {
            let blamed = self.blamed(&new, spots, warned);
            let reason = warned(first);
            return Ok(Some(Trial::Fails { blamed, reason }));
        }
        if compiled.messages.unread > known.messages.unread {
            let reason = Refusal {
                reason: format!("the compiler says{features} what cannot be read"),
                said: Vec::new(),
            };
            let blamed = BTreeMap::new();
            return Ok(Some(Trial::Fails { blamed, reason }));
        }
        Ok(None)
    }

    /// For each fix the first message about a place that it has changed.
    fn blamed(
        &self,
        messages: &[&Diagnostic],
        spots: &Spots,
        refusal: impl Fn(&Diagnostic) -> Refusal,
    ) -> BTreeMap<usize, Refusal> {
        let mut blamed = BTreeMap::new();
        for message in messages {
            let at = message
                .places
                .iter()
                .map(|at| spots.of(at, &self.place.root));
            let fixes = at.into_iter().find(|fixes| !fixes.is_empty());
            for fix in fixes.unwrap_or_default() {
                blamed.entry(fix).or_insert_with(|| refusal(message));
            }
        }
        blamed
    }

    /// The lines that each fix has changed, in the texts as they are written.
    fn spots(&self, fixes: &[(usize, &Fix)]) -> Spots {
        let mut spots = Spots::default();
        let mut of_files: BTreeMap<&str, Vec<(Option<usize>, &Edit)>> = BTreeMap::new();
        for (at, fix) in fixes {
            for edit in &fix.edits {
                let own = of_files.entry(&edit.file).or_default();
                own.push((Some(*at), edit));
            }
        }
        for (file, source) in &self.sources {
            let mut own = of_files.remove(file.as_str()).unwrap_or_default();
            // What goes with them moves what comes behind, and is no fix's.
            let imports = source.imports.iter().map(|edit| (None, edit));
            own.extend(imports);
            own.sort_by_key(|(_, edit)| (edit.start, edit.end));
            let of_file = spots.0.entry(file.clone()).or_default();
            // What the texts have grown by; it may be less than nothing.
            let mut grown = 0_isize;
            let mut before: Option<(&Edit, usize)> = None;
            for (at, edit) in own {
                let start = match before {
                    // The same edit twice is made once.
                    Some((last, start)) if last == edit => start,
                    _ => {
                        let start = edit.start.saturating_add_signed(grown);
                        let length = |length: usize| isize::try_from(length).unwrap_or_default();
                        grown += length(edit.text.len());
                        grown -= length(edit.end.saturating_sub(edit.start));
                        start
                    }
                };
                before = Some((edit, start));
                let end = start + edit.text.len();
                let text = source.written.as_deref().unwrap_or_default();
                if let Some(at) = at {
                    of_file.push((at, lines_around(text, start, end)));
                }
            }
        }
        spots
    }
}

/// The lines that a stretch of a text is in: where they begin and end.
fn lines_around(text: &str, start: usize, end: usize) -> Range<usize> {
    let before = text.get(..start).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default();
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    let to = behind.find('\n').map_or(text.len(), |at| end + at);
    from..to
}

/// What fixes have changed: their numbers, with places in the texts, by file.
#[derive(Debug, Default)]
struct Spots(BTreeMap<String, Vec<(usize, Range<usize>)>>);

impl Spots {
    /// The fixes that have changed a place.
    fn of(&self, place: &Spot, root: &Path) -> Vec<usize> {
        let path = Path::new(&place.file);
        let file = path.strip_prefix(root).unwrap_or(path);
        let file = file.to_string_lossy().replace('\\', "/");
        let all = self.0.get(&file).into_iter().flatten();
        let here = all.filter(|(_, lines)| place.start <= lines.end && lines.start <= place.end);
        here.map(|(at, _)| *at).collect()
    }
}

/// What the tests have against it.
fn tested(checker: &Checker<'_>, known: &Known) -> Result<Option<Refusal>, Failure> {
    let tested = checker.test(&known.way)?;
    if let Some(why) = tested.stopped {
        let last = tested
            .run
            .last
            .map(|last| format!("the last program to begin was {last}"));
        return Ok(Some(Refusal {
            reason: format!("{why}, which they did before"),
            said: last.into_iter().chain(tested.said).collect(),
        }));
    }
    let worse = regressions(&known.tests, &tested.run);
    if worse.is_empty() {
        return Ok(None);
    }
    let mut said: Vec<String> = worse.iter().take(MAX_NAMED).cloned().collect();
    if let Some(more) = worse.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        said.push(format!("and {more} more"));
    }
    said.extend(tested.said);
    Ok(Some(Refusal {
        reason: "tests that passed do not pass any more".to_owned(),
        said,
    }))
}
