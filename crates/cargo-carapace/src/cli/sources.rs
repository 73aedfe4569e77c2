//! Lines of packages' sources, read again to be shown.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use carapace_core::census::Census;
use carapace_core::graph::Graph;
use carapace_core::render::view::View;
use carapace_core::report::{PackageSources, Sources};
use carapace_core::text::LineIndex;

use crate::census::Read;

/// The files of packages, to show lines of them. A census keeps no texts: what is shown is read
/// again.
pub(super) struct Files<'a> {
    pub(super) graph: &'a Graph,
    pub(super) folders: &'a [String],
    pub(super) read: &'a Read,
}

impl Files<'_> {
    /// The folders of packages, and the lines that the list of sites shows.
    pub(super) fn sources(&self, census: &Census, view: &View) -> Sources {
        let mut sources = Sources::default();
        let Some(selection) = &view.sites else {
            return sources;
        };
        for (package, files) in selection.lines(self.graph, census) {
            let place = self.graph.position(package);
            let folder = place.and_then(|at| self.folders.get(at));
            let files = files.into_iter().filter_map(|(file, wanted)| {
                let text = (self.read)(package, file)?;
                let index = LineIndex::new(&text);
                let line = |number: u32| Some((number, index.text(number)?.to_owned()));
                let lines: BTreeMap<u32, String> = wanted.into_iter().filter_map(line).collect();
                Some((file.to_owned(), lines))
            });
            let known = PackageSources {
                files: files.collect(),
                folder: folder.cloned().unwrap_or_default(),
            };
            sources.insert(package, known);
        }
        sources
    }

    /// The text of the file that a location shows.
    fn text(&self, path: &str) -> Option<String> {
        let folders = self.graph.iter().zip(self.folders);
        let found = folders.filter_map(|((package, _), folder)| {
            let below = match folder.as_str() {
                "" => path,
                folder => path.strip_prefix(folder)?.strip_prefix('/')?,
            };
            Some((package, below))
        });
        // Of packages within each other the file is the innermost one's.
        let (package, file) = found.min_by_key(|(_, below)| below.len())?;
        (self.read)(package, file)
    }

    /// Lines of files by the paths that locations show, each file read and divided once.
    pub(super) fn lines(&self) -> impl Fn(&str, u32) -> Option<String> {
        let files: RefCell<HashMap<String, Vec<String>>> = RefCell::default();
        move |path, line| {
            let mut files = files.borrow_mut();
            let lines = files.entry(path.to_owned()).or_insert_with(|| {
                let text = self.text(path).unwrap_or_default();
                text.lines().map(str::to_owned).collect()
            });
            let at = usize::try_from(line).ok()?.checked_sub(1)?;
            lines.get(at).cloned()
        }
    }
}
