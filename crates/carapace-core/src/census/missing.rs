//! Files that a build calls for and that were not read: what is in them is not known.
//!
//! *Invariant.* Only what has to be there is missed: what a condition that holds here, and no macro
//! of which is not known what it does, leads to.

use std::collections::BTreeSet;

use crate::facts::{FactGap, PackageFacts};

/// How many are named of one package.
const MAX_NAMED: usize = 100;

/// What of a package was missed so far.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    facts: &'a PackageFacts,
    found: BTreeSet<FactGap>,
    is_cut: bool,
}

impl<'a> Missing<'a> {
    pub(super) fn new(facts: &'a PackageFacts) -> Self {
        Self {
            facts,
            found: BTreeSet::new(),
            is_cut: false,
        }
    }

    /// Whether a file that is not among the facts was looked at, or is a gap already.
    pub(super) fn is_accounted(&self, path: &str) -> bool {
        let quiet = &self.facts.quiet;
        let gaps = &self.facts.gaps;
        quiet.binary_search_by(|known| (**known).cmp(path)).is_ok()
            || gaps.binary_search_by(|gap| (*gap.path).cmp(path)).is_ok()
    }

    /// Notes that a file calls for another one, by a name or by either of two.
    pub(super) fn file(&mut self, by: &str, names: &[&str]) {
        self.add(by, || {
            format!(
                "calls for `{}`, which is not there, is no file, or is out of reach: that was not \
                 read",
                names.join("` or `")
            )
        });
    }

    /// Notes that a file includes another one by a path that is not written.
    pub(super) fn computed(&mut self, by: &str) {
        self.add(by, || {
            "includes what its build script makes (`OUT_DIR`) or another file whose path is \
             computed: that was not read"
                .to_owned()
        });
    }

    fn add(&mut self, by: &str, reason: impl FnOnce() -> String) {
        if self.is_cut {
            return;
        }
        self.found.insert(FactGap {
            path: by.to_owned(),
            reason: reason(),
        });
        self.is_cut = self.found.len() >= MAX_NAMED;
    }

    pub(super) fn into_gaps(self) -> Vec<FactGap> {
        let rest = self.is_cut.then(|| FactGap {
            path: String::new(),
            reason: format!("calls for {MAX_NAMED} files or more that were not read"),
        });
        // What belongs to no file sorts first.
        rest.into_iter().chain(self.found).collect()
    }
}
