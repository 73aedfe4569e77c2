//! What is missed, what is too much, and what is left undecided.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use carapace_core::census::compiled::lint;
use carapace_core::facts::unsafety::SiteKind;

use super::answer::{Answer, Reported};
use super::report::{Report, Site, State};
use super::sources::Sources;

pub(crate) const MUST_HOLD: &str = "recall 99.9%, precision 99%, at most 2% unknown";

/// Whether the lint reports a kind of site wherever the keyword `unsafe` makes it.
fn is_judged(kind: &str) -> bool {
    SiteKind::from_name(kind).is_some_and(lint::is_judged)
}

/// A report held against rustc's answer.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Of rustc's sites outside macros' bodies, those that the report has.
    pub(crate) recall: Share,
    /// Of the report's active sites on a keyword, those that rustc has.
    pub(crate) precision: Share,
    /// Of the report's sites in files that were compiled, those whose state is unknown.
    pub(crate) unknown: Share,
    /// All sites of rustc, judged or not.
    pub(crate) sites: usize,
    /// What was not judged, by why.
    pub(crate) apart: BTreeMap<String, usize>,
    /// In the order of kinds of differences, then of places.
    pub(crate) differences: Vec<Difference>,
}

/// So many of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: usize,
    pub(crate) all: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Missed,
    TooMuch,
    Unknown,
}

/// A site that counts against the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) what: What,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) kind: String,
    /// The report's state; of what it misses, what it has there instead.
    pub(crate) state: String,
    /// The package's name and version.
    pub(crate) package: String,
    /// The line of the file.
    pub(crate) source: String,
}

impl Share {
    fn count(&mut self, is_part: bool) {
        self.all += 1;
        self.part += usize::from(is_part);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.all += other.all;
        self.part += other.part;
    }

    /// The share in percent, none where there is nothing.
    pub(crate) fn percent(self) -> Option<f64> {
        (self.all > 0).then(|| self.part as f64 * 100.0 / self.all as f64)
    }

    fn is_at_least(self, thousandths: usize) -> bool {
        self.part * 1_000 >= self.all * thousandths
    }
}

/// A place: file, line, column.
type Place = (PathBuf, usize, usize);

impl Comparison {
    pub(crate) fn of(answer: &Answer, report: &Report, sources: &mut Sources) -> Self {
        let mut comparison = Self {
            sites: answer.sites.len(),
            ..Self::default()
        };
        let mut listed: HashMap<Place, Vec<(&str, State)>> = HashMap::new();
        for site in report.packages.iter().flat_map(|package| &package.sites) {
            let place = place(&site.file, site.line, site.column, &site.kind, sources);
            listed
                .entry(place)
                .or_default()
                .push((&site.kind, site.state));
        }
        let mut reported: HashSet<(Place, &str)> = HashSet::new();
        for site in &answer.sites {
            let place = place(&site.file, site.line, site.column, site.kind, sources);
            comparison.recall(site, &place, listed.get(&place), answer, report, sources);
            reported.insert((place, site.kind));
        }
        for package in &report.packages {
            let mut seen = HashSet::new();
            for site in &package.sites {
                let place = place(&site.file, site.line, site.column, &site.kind, sources);
                if !seen.insert((place.clone(), site.kind.as_str())) {
                    comparison.apart("listed twice");
                    continue;
                }
                let is_reported = reported.contains(&(place, site.kind.as_str()));
                comparison.precision(site, is_reported, &package.name, sources);
                comparison.unknown(site, &answer.files, &package.name, sources);
            }
        }
        comparison.differences.sort();
        comparison
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.recall.is_at_least(999)
            && self.precision.is_at_least(990)
            && self.unknown.part * 100 <= self.unknown.all * 2
    }

    fn recall(
        &mut self,
        site: &Reported,
        place: &Place,
        listed: Option<&Vec<(&str, State)>>,
        answer: &Answer,
        report: &Report,
        sources: &mut Sources,
    ) {
        if site.is_macro {
            return self.apart("rustc's, in a macro's body");
        }
        // What a build script wrote is gone with the folder that it was written to.
        let is_inside = |root: &PathBuf| site.file.starts_with(root);
        if !answer.packages.iter().any(is_inside) {
            return self.apart("rustc's, outside all packages");
        }
        // A declaration that a macro put together may begin where no keyword follows.
        if is_judged(site.kind) && !sources.is_unsafe(&site.file, site.line, site.column) {
            return self.apart("rustc's, not on the keyword");
        }
        let listed = listed.map_or(&[][..], Vec::as_slice);
        let is_found = |&(kind, state): &(&str, State)| {
            kind == site.kind && matches!(state, State::Active | State::Unknown)
        };
        let is_found = listed.iter().any(is_found);
        self.recall.count(is_found);
        if !is_found {
            let of_kind = listed.iter().find(|(kind, _)| *kind == site.kind);
            let state = match (of_kind, listed.first()) {
                (Some((_, state)), _) => state.name().to_owned(),
                (None, Some((kind, state))) => format!("{kind} {}", state.name()),
                (None, None) => "not listed".to_owned(),
            };
            let (_, line, column) = *place;
            self.differences.push(Difference {
                what: What::Missed,
                file: site.file.clone(),
                line,
                column,
                kind: site.kind.to_owned(),
                state,
                package: package_of(&site.file, answer, report),
                source: sources.line(&site.file, line).to_owned(),
            });
        }
    }

    fn precision(&mut self, site: &Site, is_known: bool, package: &str, sources: &mut Sources) {
        if site.state != State::Active {
            return;
        }
        let is_judged =
            is_judged(&site.kind) && sources.is_unsafe(&site.file, site.line, site.column);
        if !is_judged {
            let known = if is_known { ", rustc's too" } else { "" };
            return self.apart(&format!("active {}{known}", site.kind));
        }
        self.precision.count(is_known);
        if !is_known {
            self.differ(What::TooMuch, site, package, sources);
        }
    }

    fn unknown(
        &mut self,
        site: &Site,
        compiled: &BTreeSet<PathBuf>,
        package: &str,
        sources: &mut Sources,
    ) {
        if !compiled.contains(&site.file) {
            return;
        }
        let is_unknown = site.state == State::Unknown;
        self.unknown.count(is_unknown);
        if is_unknown {
            self.differ(What::Unknown, site, package, sources);
        }
    }

    fn differ(&mut self, what: What, site: &Site, package: &str, sources: &mut Sources) {
        self.differences.push(Difference {
            what,
            file: site.file.clone(),
            line: site.line,
            column: site.column,
            kind: site.kind.clone(),
            state: site.state.name().to_owned(),
            package: package.to_owned(),
            source: sources.line(&site.file, site.line).to_owned(),
        });
    }

    fn apart(&mut self, why: &str) {
        *self.apart.entry(why.to_owned()).or_insert(0) += 1;
    }
}

/// A site's place, of an attribute its beginning.
fn place(file: &Path, line: usize, column: usize, kind: &str, sources: &mut Sources) -> Place {
    let (line, column) = match kind {
        "attribute" => sources.attribute(file, line, column),
        _ => (line, column),
    };
    (file.to_owned(), line, column)
}

/// The package that a file lies in; if the report does not have it, the name of its folder.
fn package_of(file: &Path, answer: &Answer, report: &Report) -> String {
    let listed = report.packages.iter();
    let listed = listed.filter(|package| file.starts_with(&package.root));
    let listed = listed.max_by_key(|package| package.root.components().count());
    let built = answer.packages.iter().filter(|root| file.starts_with(root));
    let built = built.max_by_key(|root| root.components().count());
    match (listed, built) {
        (Some(package), Some(root)) if root.starts_with(&package.root) => package.name.clone(),
        (Some(package), None) => package.name.clone(),
        (_, Some(root)) => {
            let name = root.file_name().unwrap_or_default().to_string_lossy();
            format!("{name} (not in the report)")
        }
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Package;
    use super::*;

    const FILE: &str = "/w/src/lib.rs";
    /// Line 1 has a block, 2 a function, 3 an attribute within `cfg_attr`, 4 a pointer to a function.
    const TEXT: &str = "fn f() { unsafe {} }\nunsafe fn g() {}\n#[cfg_attr(all(), no_mangle)]\n\
                        type T = unsafe fn();\n";

    fn reported(line: usize, column: usize, kind: &'static str) -> Reported {
        Reported {
            file: PathBuf::from(FILE),
            line,
            column,
            kind,
            is_macro: false,
        }
    }

    fn answer(sites: &[Reported]) -> Answer {
        Answer {
            units: 1,
            packages: BTreeSet::from([PathBuf::from("/w")]),
            files: BTreeSet::from([PathBuf::from(FILE)]),
            sites: sites.to_vec(),
        }
    }

    fn site(line: usize, column: usize, kind: &str, state: State) -> Site {
        Site {
            file: PathBuf::from(FILE),
            line,
            column,
            kind: kind.to_owned(),
            state,
        }
    }

    fn compare(reported: &[Reported], listed: &[Site]) -> Comparison {
        let report = Report {
            packages: vec![Package {
                name: "w 1.0.0".to_owned(),
                root: PathBuf::from("/w"),
                sites: listed.to_vec(),
            }],
        };
        let mut sources = Sources::default().with(FILE, TEXT);
        Comparison::of(&answer(reported), &report, &mut sources)
    }

    fn share(part: usize, all: usize) -> Share {
        Share { part, all }
    }

    /// What, line, kind and state of each difference.
    fn differences(comparison: &Comparison) -> Vec<(What, usize, &str, &str)> {
        let all = comparison.differences.iter();
        all.map(|d| (d.what, d.line, d.kind.as_str(), d.state.as_str()))
            .collect()
    }

    #[test]
    fn the_same_sites_are_all_right() {
        let comparison = compare(
            &[
                reported(1, 10, "block"),
                reported(2, 1, "fn"),
                reported(3, 19, "attribute"),
            ],
            &[
                site(1, 10, "block", State::Active),
                site(2, 1, "fn", State::Active),
                site(3, 1, "attribute", State::Active),
                site(4, 10, "fn-pointer", State::Active),
            ],
        );
        assert_eq!(differences(&comparison), []);
        assert_eq!(comparison.recall, share(3, 3));
        assert_eq!(comparison.precision, share(2, 2));
        assert_eq!(comparison.unknown, share(0, 4));
        assert_eq!(comparison.apart["active fn-pointer"], 1);
        assert_eq!(comparison.apart["active attribute, rustc's too"], 1);
        assert!(comparison.is_enough());
    }

    #[test]
    fn a_site_is_missed_by_place_kind_and_state() {
        let rustc = [reported(1, 10, "block"), reported(2, 1, "fn")];
        for (listed, state) in [
            (vec![], "not listed"),
            (vec![site(2, 2, "fn", State::Active)], "not listed"),
            (
                vec![site(2, 1, "method", State::Inactive)],
                "method inactive",
            ),
            (vec![site(2, 1, "fn", State::Test)], "test"),
            (vec![site(2, 1, "fn", State::Macro)], "macro"),
        ] {
            let found = site(1, 10, "block", State::Active);
            let comparison = compare(&rustc, &[vec![found], listed].concat());
            assert_eq!(comparison.recall, share(1, 2));
            let missed = (What::Missed, 2, "fn", state);
            assert!(differences(&comparison).contains(&missed), "{state}");
            assert!(!comparison.is_enough());
        }
    }

    #[test]
    fn an_active_site_that_rustc_has_not_is_too_much() {
        let listed = |state| [site(1, 10, "block", state), site(2, 1, "fn", State::Active)];
        let rustc = [reported(2, 1, "fn")];
        let comparison = compare(&rustc, &listed(State::Active));
        assert_eq!(comparison.precision, share(1, 2));
        assert_eq!(
            differences(&comparison),
            [(What::TooMuch, 1, "block", "active")]
        );
        assert!(!comparison.is_enough());
        assert!(compare(&rustc, &listed(State::Inactive)).is_enough());
    }

    #[test]
    fn unknown_sites_count_where_files_were_compiled() {
        let rustc = [reported(1, 10, "block")];
        let mut other = site(2, 1, "fn", State::Unknown);
        other.file = PathBuf::from("/w/src/windows.rs");
        let listed = [site(1, 10, "block", State::Unknown), other];
        let comparison = compare(&rustc, &listed);
        assert_eq!(comparison.recall, share(1, 1));
        assert_eq!(comparison.unknown, share(1, 1));
        assert_eq!(
            differences(&comparison),
            [(What::Unknown, 1, "block", "unknown")]
        );
        assert!(!comparison.is_enough());
    }

    #[test]
    fn what_the_oracle_cannot_place_is_set_apart() {
        let mut in_macro = reported(1, 10, "block");
        in_macro.is_macro = true;
        let mut generated = reported(1, 10, "block");
        generated.file = PathBuf::from("/tmp/out/bindings.rs");
        let comparison = compare(&[in_macro, generated, reported(2, 8, "fn")], &[]);
        assert_eq!(comparison.recall, share(0, 0));
        assert_eq!(comparison.apart.values().sum::<usize>(), 3);
        assert_eq!(comparison.recall.percent(), None);
        assert!(comparison.is_enough());
    }

    #[test]
    fn a_package_that_is_not_in_the_report_is_named() {
        let mut sources = Sources::default().with(FILE, TEXT);
        let rustc = answer(&[reported(1, 10, "block")]);
        let comparison = Comparison::of(&rustc, &Report::default(), &mut sources);
        assert_eq!(comparison.differences[0].package, "w (not in the report)");
        assert_eq!(comparison.differences[0].source, "fn f() { unsafe {} }");
    }

    #[test]
    fn a_site_listed_twice_is_told_and_judged_once() {
        let twice = site(2, 1, "fn", State::Active);
        let comparison = compare(&[reported(2, 1, "fn")], &[twice.clone(), twice]);
        assert_eq!(comparison.precision, share(1, 1));
        assert_eq!(comparison.apart["listed twice"], 1);
    }
}
