//! The compiler's word and the census, held against each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lines::Lines;
use super::lint::{Reported, is_judged, kind_of};
use super::{PackageComparison, Place, Reconciliation};
use crate::census::link::{join, relative};
use crate::census::{Census, PackageCensus, Site, State};
use crate::facts::unsafety::SiteKind;

/// One unit that was compiled, and what the compiler said of it. All files are in full, with `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// The place of its package in the graph.
    pub package: usize,
    /// The files that it was compiled from.
    pub files: Vec<String>,
    /// What the compiler reports.
    pub reported: Vec<Reported>,
}

/// What was compiled of a graph.
#[derive(Clone, Copy)]
pub struct Compiled<'a> {
    /// The folder of each package, in full, with `/`, by the places of packages in the graph.
    pub folders: &'a [String],
    /// The folder that it was built in: what is in there is generated.
    pub generated: &'a str,
    /// The units.
    pub units: &'a [Unit],
    /// Whether all that was to be compiled was.
    pub is_whole: bool,
    /// Reads a source, by its path in full.
    pub text: &'a dyn Fn(&str) -> Option<String>,
}

/// A place in a file, which is named as the census does.
type Spot = (String, u32, u32);

/// Sources that were read, each once.
struct Texts<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    known: HashMap<String, Lines>,
}

impl Texts<'_> {
    fn lines(&mut self, file: &str) -> &Lines {
        let read = self.read;
        self.known.entry(file.to_owned()).or_insert_with(|| {
            let text = read(file);
            text.map(|text| Lines::new(&text)).unwrap_or_default()
        })
    }
}

/// What the units of one package say together.
#[derive(Default)]
struct Word {
    /// The places where code is written, with what rustc says of them.
    seen: BTreeMap<Spot, BTreeSet<String>>,
    /// Places in the bodies of macros, and of what macros put together.
    bodies: BTreeSet<Spot>,
    /// Places in generated code.
    generated: BTreeSet<Spot>,
    /// The files that were compiled.
    files: BTreeSet<String>,
}

impl Compiled<'_> {
    /// Compares, and settles by the compiler's word what the census left open: a site whose state
    /// is [`State::Unknown`] is active if the compiler reports it, and inactive if it would have
    /// and does not.
    #[must_use]
    pub fn reconcile(&self, census: &mut Census) -> Reconciliation {
        let mut texts = Texts {
            read: self.text,
            known: HashMap::new(),
        };
        let mut units: BTreeMap<usize, Vec<&Unit>> = BTreeMap::new();
        for unit in self.units {
            units.entry(unit.package).or_default().push(unit);
        }
        let packages = census.packages.iter_mut().enumerate();
        let packages = packages.map(|(place, package)| match units.get(&place) {
            Some(units) => self.package(place, package, units, &mut texts),
            None => PackageComparison::default(),
        });
        Reconciliation {
            packages: packages.collect(),
        }
    }

    fn package(
        &self,
        place: usize,
        package: &mut PackageCensus,
        units: &[&Unit],
        texts: &mut Texts<'_>,
    ) -> PackageComparison {
        let folder = self.folders.get(place).map_or("", String::as_str);
        let word = self.word(folder, package, units, texts);
        let mut comparison = PackageComparison {
            units: count(units.len()),
            in_macros: count(word.bodies.len()),
            generated: count(word.generated.len()),
            ..PackageComparison::default()
        };
        let mut agreed: BTreeSet<(&Spot, &str)> = BTreeSet::new();
        for site in &mut package.sites {
            let full = in_full(folder, &site.file);
            let spot = spot(site, &full, texts);
            let said = word.seen.get_key_value(&spot);
            let said = said.and_then(|(spot, said)| {
                // A message of a later rustc still tells the place.
                let of_kind =
                    |message: &&String| kind_of(message).is_none_or(|kind| kind == site.kind);
                Some((spot, said.iter().find(of_kind)?))
            });
            let is_missing = said.is_none()
                && is_judged(site.kind)
                && !word.bodies.contains(&spot)
                && texts.lines(&full).is_unsafe(site.line, site.column);
            // Of a build that failed, only files that were compiled are spoken of.
            let is_in = word.files.contains(&full);
            let was_silent = is_missing && (is_in || self.is_whole);
            if site.state == State::Unknown {
                // What the lint says nothing of is settled where its file was not even opened.
                let was_left_out = self.is_whole && !is_in && !word.files.is_empty();
                match said {
                    Some(_) => settle(site, State::Active),
                    None if was_left_out || was_silent => settle(site, State::Inactive),
                    None => {}
                }
                comparison.decided += u32::from(site.state != State::Unknown);
            }
            match said {
                Some((spot, message)) if site.state > State::Macro => {
                    agreed.insert((spot, message));
                }
                None if was_silent && site.state == State::Active => {
                    comparison.census_only.push(Place {
                        file: site.file.clone(),
                        line: site.line,
                        column: site.column,
                        what: site.kind.name().to_owned(),
                    });
                }
                _ => {}
            }
        }
        for (spot, said) in &word.seen {
            for message in said {
                if !agreed.contains(&(spot, message.as_str())) {
                    let (file, line, column) = spot.clone();
                    comparison.compiler_only.push(Place {
                        file,
                        line,
                        column,
                        what: message.clone(),
                    });
                }
            }
        }
        comparison.agreed = count(agreed.len());
        comparison.census_only.sort();
        comparison.compiler_only.sort();
        comparison
    }

    /// What is said of a package, in the census's terms.
    fn word(
        &self,
        folder: &str,
        package: &PackageCensus,
        units: &[&Unit],
        texts: &mut Texts<'_>,
    ) -> Word {
        let known: BTreeSet<&str> = package.sites.iter().map(|site| &*site.file).collect();
        let mut word = Word::default();
        for unit in units {
            word.files.extend(unit.files.iter().cloned());
            for reported in &unit.reported {
                let Reported { line, column, .. } = *reported;
                let full = reported.file.as_str();
                let Some(file) = self.named(folder, full, &known) else {
                    let place = (full.to_owned(), line, column);
                    match reported.in_macro {
                        true => word.bodies.insert(place),
                        false => word.generated.insert(place),
                    };
                    continue;
                };
                if reported.in_macro {
                    word.bodies.insert((file, line, column));
                    continue;
                }
                let kind = kind_of(&reported.message);
                let lines = texts.lines(full);
                let (line, column) = match kind {
                    Some(SiteKind::Attribute) => lines.attribute(line, column),
                    Some(kind) if is_judged(kind) && !lines.is_unsafe(line, column) => {
                        lines.keyword(line, column)
                    }
                    _ => (line, column),
                };
                // A declaration that a macro put together may begin where no keyword follows.
                if kind.is_some_and(is_judged) && !lines.is_unsafe(line, column) {
                    word.bodies.insert((file, line, column));
                    continue;
                }
                let said = word.seen.entry((file, line, column)).or_default();
                said.insert(reported.message.clone());
            }
        }
        word
    }

    /// How the census of a package names a file; in full where the file is another package's. None
    /// for what is in no package: what was generated.
    fn named(&self, folder: &str, file: &str, known: &BTreeSet<&str>) -> Option<String> {
        if is_below(self.generated, file).is_some() {
            return None;
        }
        if let Some(below) = is_below(folder, file) {
            return Some(below.to_owned());
        }
        let beside = relative(folder, file);
        if known.contains(beside.as_str()) {
            return Some(beside);
        }
        let mut folders = self.folders.iter();
        folders
            .any(|folder| is_below(folder, file).is_some())
            .then(|| file.to_owned())
    }
}

/// The path of a file from a folder that it is in.
fn is_below<'a>(folder: &str, file: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        return None;
    }
    file.strip_prefix(folder.trim_end_matches('/'))?
        .strip_prefix('/')
}

/// A file of the census, in full.
fn in_full(folder: &str, file: &str) -> String {
    let root = if folder.starts_with('/') { "/" } else { "" };
    format!("{root}{}", join(folder, file))
}

/// Where a site is, as rustc would have it.
fn spot(site: &Site, full: &str, texts: &mut Texts<'_>) -> Spot {
    let (line, column) = match site.kind {
        SiteKind::Attribute => texts.lines(full).attribute(site.line, site.column),
        _ => (site.line, site.column),
    };
    (site.file.clone(), line, column)
}

/// Settles what is open of a site. For what it was compiled the compiler does not say: with it goes
/// all that is open.
fn settle(site: &mut Site, state: State) {
    for open in [&mut site.runtime, &mut site.build] {
        if *open == State::Unknown {
            *open = state;
        }
    }
    site.state = site.runtime.max(site.build);
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "fn f() { unsafe {} }\npub unsafe fn g() {}\n\
                        #[cfg_attr(all(), no_mangle)]\ntype T = unsafe fn();\n";

    fn site(line: u32, column: u32, kind: SiteKind, state: State) -> Site {
        Site {
            file: "src/lib.rs".to_owned(),
            line,
            column,
            kind,
            state,
            runtime: state,
            build: State::Inactive,
            item: String::new(),
            operations: Vec::new(),
            safety_comment: false,
            public: false,
            exported_macro: false,
        }
    }

    fn reported(file: &str, line: u32, column: u32, message: &str) -> Reported {
        Reported {
            file: file.to_owned(),
            line,
            column,
            message: message.to_owned(),
            in_macro: false,
        }
    }

    fn block(line: u32, column: u32) -> Reported {
        reported("/w/src/lib.rs", line, column, "usage of an `unsafe` block")
    }

    /// The census of one package beside another one, after the compiler's word.
    fn compare(
        sites: Vec<Site>,
        said: Vec<Reported>,
        files: &[&str],
        is_whole: bool,
    ) -> (PackageCensus, PackageComparison) {
        let mut census = Census {
            packages: vec![
                PackageCensus {
                    sites,
                    ..PackageCensus::default()
                },
                PackageCensus::default(),
            ],
        };
        let units = [Unit {
            package: 0,
            files: files.iter().map(|file| (*file).to_owned()).collect(),
            reported: said,
        }];
        let compiled = Compiled {
            folders: &["/w".to_owned(), "/x".to_owned()],
            generated: "/w/cache",
            units: &units,
            is_whole,
            text: &|file| (file != "/w/src/gone.rs").then(|| TEXT.to_owned()),
        };
        let mut compared = compiled.reconcile(&mut census);
        assert_eq!(compared.packages[1], PackageComparison::default());
        (census.packages.remove(0), compared.packages.remove(0))
    }

    fn places(places: &[Place]) -> Vec<(u32, u32, &str)> {
        let all = places.iter();
        all.map(|p| (p.line, p.column, p.what.as_str())).collect()
    }

    #[test]
    fn the_same_sites_agree() {
        let (_, compared) = compare(
            vec![
                site(1, 10, SiteKind::Block, State::Active),
                site(2, 5, SiteKind::Fn, State::Active),
                site(3, 1, SiteKind::Attribute, State::Active),
                site(4, 10, SiteKind::FnPointer, State::Active),
            ],
            vec![
                block(1, 10),
                block(1, 10),
                reported("/w/src/lib.rs", 2, 1, "declaration of an `unsafe` function"),
                reported(
                    "/w/src/lib.rs",
                    3,
                    19,
                    "declaration of a `no_mangle` function",
                ),
            ],
            &[],
            true,
        );
        let expected = PackageComparison {
            units: 1,
            agreed: 3,
            ..PackageComparison::default()
        };
        assert_eq!(compared, expected);
    }

    #[test]
    fn each_side_has_what_the_other_has_not() {
        let (census, compared) = compare(
            vec![
                site(1, 10, SiteKind::Block, State::Inactive),
                site(2, 5, SiteKind::Fn, State::Active),
            ],
            vec![block(1, 10)],
            &[],
            true,
        );
        assert_eq!(compared.agreed, 0);
        assert_eq!(
            places(&compared.compiler_only),
            [(1, 10, "usage of an `unsafe` block")]
        );
        assert_eq!(places(&compared.census_only), [(2, 5, "fn")]);
        // That is told, and not put right.
        assert_eq!(census.sites[0].state, State::Inactive);
    }

    #[test]
    fn the_compiler_decides_what_is_open() {
        let sites = || {
            vec![
                site(1, 10, SiteKind::Block, State::Unknown),
                site(2, 5, SiteKind::Fn, State::Unknown),
                site(4, 10, SiteKind::FnPointer, State::Unknown),
            ]
        };
        let states = |census: &PackageCensus| -> Vec<State> {
            census.sites.iter().map(|site| site.state).collect()
        };
        let all = [State::Active, State::Inactive, State::Unknown];
        let (census, compared) = compare(sites(), vec![block(1, 10)], &[], true);
        assert_eq!(states(&census), all);
        assert_eq!((compared.agreed, compared.decided), (1, 2));
        assert!(compared.census_only.is_empty());
        // Of a build that failed, only what is in files that were compiled.
        let (census, _) = compare(sites(), vec![block(1, 10)], &["/w/src/lib.rs"], false);
        assert_eq!(states(&census), all);
        let (census, compared) = compare(sites(), vec![block(1, 10)], &[], false);
        let open = [State::Active, State::Unknown, State::Unknown];
        assert_eq!(states(&census), open);
        assert_eq!(compared.decided, 1);
        // A file that was not opened.
        let (census, compared) = compare(sites(), vec![], &["/w/src/main.rs"], true);
        assert_eq!(states(&census), [State::Inactive; 3]);
        assert_eq!(compared.decided, 3);
    }

    #[test]
    fn macros_and_generated_code_are_apart() {
        let mut in_macro = block(1, 10);
        in_macro.in_macro = true;
        let mut of_another = in_macro.clone();
        of_another.file = "/x/src/lib.rs".to_owned();
        let function = "declaration of an `unsafe` function";
        let (_, compared) = compare(
            vec![site(1, 10, SiteKind::Block, State::Active)],
            vec![
                in_macro,
                of_another,
                // Nothing unsafe follows there.
                reported("/w/src/lib.rs", 4, 18, function),
                reported("/w/cache/out/bindings.rs", 1, 1, function),
                reported("/elsewhere.rs", 1, 1, function),
            ],
            &[],
            true,
        );
        let expected = PackageComparison {
            units: 1,
            in_macros: 3,
            generated: 2,
            ..PackageComparison::default()
        };
        assert_eq!(compared, expected);
    }

    #[test]
    fn files_beside_a_package_have_its_names_for_them() {
        let mut shared = site(1, 10, SiteKind::Block, State::Active);
        shared.file = "../x/a.rs".to_owned();
        let said = |file| reported(file, 1, 10, "usage of an `unsafe` block");
        let (_, compared) = compare(
            vec![shared],
            vec![said("/x/a.rs"), said("/x/b.rs")],
            &[],
            true,
        );
        assert_eq!((compared.generated, compared.agreed), (0, 1));
        let other = &compared.compiler_only[0];
        assert_eq!(other.file, "/x/b.rs");
        // Where there is no text, nothing says that the keyword is there.
        let gone = vec![said("/w/src/gone.rs")];
        let (_, compared) = compare(vec![], gone, &[], true);
        assert_eq!((compared.in_macros, compared.compiler_only.len()), (1, 0));
    }
}
