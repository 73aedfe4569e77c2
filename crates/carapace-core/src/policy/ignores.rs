//! Advisories that the user does not want to hear of, and which of these wishes are of no use any more.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::PackageName;
use super::unsafety::Place;
use crate::graph::{Graph, PackageIdx};
use crate::knowledge::advisory::Advisory;
use crate::knowledge::date::Date;

/// An advisory that the user does not want to hear of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    /// Its id or another of its names.
    pub id: String,
    /// Why; where nothing was said, where it comes from.
    pub reason: String,
    /// The last day on which it is ignored; none for ever.
    pub until: Option<Date>,
    /// The package in which it is ignored; none for every one.
    pub package: Option<PackageName>,
    /// What alone may depend on that package; none for whatever does.
    pub parent: Option<PackageName>,
    /// What says so; none for the command line.
    pub place: Option<Place>,
}

/// Why it is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Idle {
    /// No database knows an advisory of that name.
    Unknown,
    /// Its last day is over.
    Expired,
    /// Nothing that is judged has the advisory, or not in that package or by that parent.
    Unused,
}

/// The wishes of a run, and which of them were of use.
#[derive(Debug)]
pub(crate) struct Ignores<'a> {
    all: &'a [Ignore],
    today: Option<Date>,
    used: RefCell<BTreeSet<usize>>,
}

impl<'a> Ignores<'a> {
    /// Those of a policy, on a day. Where the day is not known, none is over.
    pub(crate) fn new(all: &'a [Ignore], today: Option<Date>) -> Self {
        Self {
            all,
            today,
            used: RefCell::default(),
        }
    }

    fn is_over(&self, ignore: &Ignore) -> bool {
        matches!((self.today, ignore.until), (Some(today), Some(until)) if today > until)
    }

    /// The wish by which an advisory is left out of a package, or of the toolchain; none if it is not.
    pub(crate) fn find(
        &self,
        advisory: &Advisory,
        package: Option<(&Graph, PackageIdx)>,
    ) -> Option<&'a Ignore> {
        let mut all = self.all.iter().enumerate();
        let (at, ignore) = all.find(|(_, ignore)| {
            let is_about = match package {
                Some((graph, index)) => ignore.is_about(graph, index),
                None => ignore.package.is_none() && ignore.parent.is_none(),
            };
            is_about && advisory.is_named(&ignore.id) && !self.is_over(ignore)
        })?;
        self.used.borrow_mut().insert(at);
        Some(ignore)
    }

    /// Those of no use, of all that was judged by now; `unknown` are the names that no database knows.
    pub(crate) fn idle(&self, unknown: &[String]) -> Vec<(&'a Ignore, Idle)> {
        let used = self.used.borrow();
        let all = self.all.iter().enumerate();
        all.filter_map(|(at, ignore)| {
            let why = if unknown.contains(&ignore.id) {
                Idle::Unknown
            } else if self.is_over(ignore) {
                Idle::Expired
            } else if used.contains(&at) {
                return None;
            } else {
                Idle::Unused
            };
            Some((ignore, why))
        })
        .collect()
    }
}

impl Ignore {
    fn is_about(&self, graph: &Graph, index: PackageIdx) -> bool {
        let is = |name: &Option<PackageName>, index: PackageIdx| {
            let name = name.as_ref();
            name.is_none_or(|name| graph.get(index).is_some_and(|package| name.is(package)))
        };
        if !is(&self.package, index) {
            return false;
        }
        // Another way to the package is one that nobody has agreed to.
        self.parent.is_none() || {
            let depend = |of: &PackageIdx| graph.depends_on(*of).any(|on| on == index);
            let mut dependents = graph.iter().map(|(of, _)| of).filter(depend).peekable();
            dependents.peek().is_some() && dependents.all(|of| is(&self.parent, of))
        }
    }
}
