//! cargo-geiger's JSON, field for field.
//!
//! Its types are those of the `cargo-geiger-serde` library: `SafetyReport`, and with
//! `--forbid-only` `QuickSafetyReport`, read at cargo-geiger 0.13. What is counted there by its
//! syntax tree is here what the compiler calls unsafe:
//! - `used` is what is compiled for the chosen features and targets, `unused` everything else;
//!   there it is by file, so that what a condition switches off counts as used.
//! - `functions`, `methods`, `item_impls` and `item_traits` are declarations with `unsafe`, in
//!   traits and in macros' arguments too.
//! - `exprs` are unsafe operations, each kind once in a block or body, and a block without a known
//!   one is one; there, every expression in a block is one, safe ones too, but for paths and
//!   literals.
//! - `safe` is null: safe code is not counted.
//! - `forbids_unsafe` minds attributes, `cfg_attr` and both tables of lints.
//!
//! What that tool does not know (foreign blocks, attributes, mutable statics, states, findings) has
//! no place in it; the program's own document shows it. Each input is one document on one line.

use serde::{Serialize, Serializer};

use crate::census::{Census, PackageCensus, Site, State};
use crate::facts::unsafety::SiteKind;
use crate::graph::metadata::DependencyKind;
use crate::graph::source::{GitReference, Source, SourceKind};
use crate::graph::{Package, PackageIdx};
use crate::render::view::View;
use crate::report::{Input, Report};

/// What it calls crates.io.
const CRATES_IO: &str = "crates.io";

#[derive(Serialize)]
struct SafetyReport<'a> {
    packages: Vec<ReportEntry<'a>>,
    packages_without_metrics: Vec<PackageId<'a>>,
    used_but_not_scanned_files: Vec<&'a str>,
}

#[derive(Serialize)]
struct QuickSafetyReport<'a> {
    packages: Vec<QuickReportEntry<'a>>,
    packages_without_metrics: Vec<PackageId<'a>>,
}

#[derive(Serialize)]
struct ReportEntry<'a> {
    package: PackageInfo<'a>,
    unsafety: UnsafeInfo,
}

#[derive(Serialize)]
struct QuickReportEntry<'a> {
    package: PackageInfo<'a>,
    forbids_unsafe: bool,
}

#[derive(Serialize)]
struct PackageInfo<'a> {
    id: PackageId<'a>,
    dependencies: Vec<PackageId<'a>>,
    dev_dependencies: Vec<PackageId<'a>>,
    build_dependencies: Vec<PackageId<'a>>,
}

/// *Invariant.* The order is that of its `Ord`, by which its lists are sorted.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct PackageId<'a> {
    name: &'a str,
    #[serde(serialize_with = "display")]
    version: &'a semver::Version,
    source: SourceDocument<'a>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
enum SourceDocument<'a> {
    Git { url: &'a str, rev: &'a str },
    Registry { name: &'a str, url: &'a str },
    Path(String),
}

#[derive(Serialize)]
struct UnsafeInfo {
    used: CounterBlock,
    unused: CounterBlock,
    forbids_unsafe: bool,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct CounterBlock {
    functions: Count,
    exprs: Count,
    item_impls: Count,
    item_traits: Count,
    methods: Count,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Count {
    safe: Option<u64>,
    unsafe_: u64,
}

/// The documents of a report, one line for each input whose unsafe code was counted.
#[must_use]
pub fn render(report: &Report, view: &View) -> String {
    let mut text = String::new();
    for input in &report.inputs {
        let Some(census) = &input.census else {
            continue;
        };
        // Strings, numbers, lists and structures cannot fail.
        let document = if view.forbid_only {
            serde_json::to_string(&quick(input, census))
        } else {
            serde_json::to_string(&full(report, input, census, view))
        };
        text += &crate::render::disarmed(document.unwrap_or_default());
        text.push('\n');
    }
    text
}

fn full<'a>(
    report: &'a Report,
    input: &'a Input,
    census: &'a Census,
    view: &View,
) -> SafetyReport<'a> {
    let mut packages: Vec<_> = scanned(input, census)
        .map(|(index, package, census)| ReportEntry {
            package: info(input, index, package),
            unsafety: unsafety(census, view.tests),
        })
        .collect();
    packages.sort_by(|a, b| a.package.id.cmp(&b.package.id));
    let of_input = report
        .gaps
        .iter()
        .filter(|gap| gap.input.as_ref().is_none_or(|id| *id == input.id));
    let mut files: Vec<&str> = of_input
        .filter_map(|gap| gap.path.as_deref())
        .filter(|path| path.ends_with(".rs"))
        .collect();
    files.sort_unstable();
    files.dedup();
    SafetyReport {
        packages,
        packages_without_metrics: without_metrics(input, census),
        used_but_not_scanned_files: files,
    }
}

fn quick<'a>(input: &'a Input, census: &'a Census) -> QuickSafetyReport<'a> {
    let mut packages: Vec<_> = scanned(input, census)
        .map(|(index, package, census)| QuickReportEntry {
            package: info(input, index, package),
            forbids_unsafe: census.forbids(),
        })
        .collect();
    packages.sort_by(|a, b| a.package.id.cmp(&b.package.id));
    QuickSafetyReport {
        packages,
        packages_without_metrics: without_metrics(input, census),
    }
}

fn all<'a>(
    input: &'a Input,
    census: &'a Census,
) -> impl Iterator<Item = (PackageIdx, &'a Package, &'a PackageCensus)> {
    let packages = input.graph.iter().zip(&census.packages);
    packages.map(|((index, package), census)| (index, package, census))
}

fn scanned<'a>(
    input: &'a Input,
    census: &'a Census,
) -> impl Iterator<Item = (PackageIdx, &'a Package, &'a PackageCensus)> {
    all(input, census).filter(|(_, _, census)| census.scanned)
}

fn without_metrics<'a>(input: &'a Input, census: &'a Census) -> Vec<PackageId<'a>> {
    let without = all(input, census).filter(|(_, _, census)| !census.scanned);
    sorted(without.map(|(_, package, _)| id(package)).collect())
}

fn sorted(mut ids: Vec<PackageId<'_>>) -> Vec<PackageId<'_>> {
    ids.sort();
    ids.dedup();
    ids
}

fn info<'a>(input: &'a Input, index: PackageIdx, package: &'a Package) -> PackageInfo<'a> {
    let graph = &input.graph;
    let edges = input.details.edges.as_ref();
    let edges = edges.and_then(|edges| edges.packages.get(graph.position(index)?));
    let ids = |indices: &mut dyn Iterator<Item = PackageIdx>| {
        sorted(
            indices
                .filter_map(|index| graph.get(index))
                .map(id)
                .collect(),
        )
    };
    let of_kind = |kind: DependencyKind| {
        let edges = edges.into_iter().flatten();
        ids(&mut edges.filter(|(_, of)| *of == kind).map(|(to, _)| *to))
    };
    PackageInfo {
        id: id(package),
        dependencies: match edges {
            Some(_) => of_kind(DependencyKind::Normal),
            // A lockfile does not tell what for.
            None => ids(&mut graph.dependencies(index).iter().copied()),
        },
        dev_dependencies: of_kind(DependencyKind::Dev),
        build_dependencies: of_kind(DependencyKind::Build),
    }
}

fn display<S: Serializer>(version: &&semver::Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(version)
}

fn id(package: &Package) -> PackageId<'_> {
    PackageId {
        name: &package.name,
        version: &package.version,
        source: match package.source.as_deref() {
            Some(source) => source_document(source),
            None => SourceDocument::Path(file_url(package.root_dir.as_deref().unwrap_or("/"))),
        },
    }
}

fn source_document(source: &Source) -> SourceDocument<'_> {
    match &source.kind {
        SourceKind::Git(reference) => SourceDocument::Git {
            url: &source.url,
            rev: match (reference, &source.commit) {
                (GitReference::Rev(rev), _) => rev,
                (_, Some(commit)) => commit,
                (GitReference::Branch(name) | GitReference::Tag(name), None) => name,
                (GitReference::DefaultBranch, None) => "HEAD",
            },
        },
        SourceKind::Path => SourceDocument::Path(source.url.clone()),
        SourceKind::Registry | SourceKind::Sparse | SourceKind::Local => SourceDocument::Registry {
            // The names of other registries stand in configuration alone; their addresses tell
            // them apart.
            name: if source.is_crates_io() {
                CRATES_IO
            } else {
                &source.url
            },
            url: &source.url,
        },
    }
}

/// The `file:` address of a folder, as RFC 8089 and the URL standard write it.
fn file_url(folder: &str) -> String {
    let mut url = "file://".to_owned();
    let folder = folder.replace('\\', "/");
    if !folder.starts_with('/') {
        url.push('/');
    }
    for byte in folder.bytes() {
        if byte.is_ascii_graphic() && !b"\"#<>?`{}%\\^|".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url += &format!("%{byte:02X}");
        }
    }
    url
}

fn unsafety(census: &PackageCensus, tests: bool) -> UnsafeInfo {
    let (mut used, mut unused) = (CounterBlock::default(), CounterBlock::default());
    for site in &census.sites {
        let is_used = site.state == State::Active || (tests && site.state == State::Test);
        count(site, if is_used { &mut used } else { &mut unused });
    }
    UnsafeInfo {
        used,
        unused,
        forbids_unsafe: census.forbids(),
    }
}

fn count(site: &Site, counters: &mut CounterBlock) {
    let operations = u64::try_from(site.operations.len()).unwrap_or(u64::MAX);
    match site.kind {
        SiteKind::Block => counters.exprs.unsafe_ += operations.max(1),
        SiteKind::Fn => {
            counters.functions.unsafe_ += 1;
            counters.exprs.unsafe_ += operations;
        }
        SiteKind::Method => {
            counters.methods.unsafe_ += 1;
            counters.exprs.unsafe_ += operations;
        }
        SiteKind::Trait => counters.item_traits.unsafe_ += 1,
        SiteKind::Impl => counters.item_impls.unsafe_ += 1,
        SiteKind::ExternBlock
        | SiteKind::ExternFn
        | SiteKind::Attribute
        | SiteKind::FnPointer
        | SiteKind::StaticMut
        | SiteKind::Union
        | SiteKind::GlobalAsm
        | SiteKind::Token => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_addresses() {
        for (folder, expected) in [
            ("/a/b", "file:///a/b"),
            ("/a b/é#?%", "file:///a%20b/%C3%A9%23%3F%25"),
            ("C:\\x", "file:///C:/x"),
        ] {
            assert_eq!(file_url(folder), expected);
        }
    }

    #[test]
    fn sources_have_its_forms() {
        for (text, expected) in [
            (
                "registry+https://github.com/rust-lang/crates.io-index",
                r#"{"Registry":{"name":"crates.io","url":"https://github.com/rust-lang/crates.io-index"}}"#,
            ),
            (
                "sparse+https://example.org/index/",
                r#"{"Registry":{"name":"https://example.org/index/","url":"https://example.org/index/"}}"#,
            ),
            (
                "git+https://example.org/x.git?rev=8761fb#8761fbefb3b209",
                r#"{"Git":{"url":"https://example.org/x.git","rev":"8761fb"}}"#,
            ),
            (
                "git+https://example.org/x.git?branch=y#8761fbefb3b209",
                r#"{"Git":{"url":"https://example.org/x.git","rev":"8761fbefb3b209"}}"#,
            ),
            ("path+file:///a/b", r#"{"Path":"file:///a/b"}"#),
        ] {
            let source = Source::parse(text).unwrap();
            let document = serde_json::to_string(&source_document(&source)).unwrap();
            assert_eq!(document, expected);
        }
    }
}
