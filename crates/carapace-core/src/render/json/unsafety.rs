//! What the document says of a package's unsafe code.
//!
//! A census can have tens of thousands of sites: they are written straight from where they are.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::census::compiled::{PackageComparison, Place};
use crate::census::summary::Summary;
use crate::census::{Count, LintLevel, LintOrigin, PackageCensus, Site, State};
use crate::facts::unsafety::{Operation, SiteKind};

/// The unsafe code of a package.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct UnsafetyDocument<'a> {
    /// Whether `unsafe_code` is forbidden in everything of it that is built.
    forbids: bool,
    /// The level of the lint `unsafe_code`, where one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    lint: Option<LintDocument>,
    /// The sites by kind and state; kinds without a site are left out.
    counts: BTreeMap<&'static str, CountDocument>,
    /// The sites by kind that are compiled into what is shipped.
    runtime: BTreeMap<&'static str, u32>,
    /// The sites by kind that are compiled into what runs at build time.
    build: BTreeMap<&'static str, u32>,
    documented: DocumentedDocument,
    /// How many sites are in macros that other packages can use.
    exported_macros: u32,
    build_script: bool,
    proc_macro: bool,
    native: NativeDocument<'a>,
    /// Whether its sources were looked at; if not, a gap says why.
    scanned: bool,
    /// How many of its files were read.
    files: u32,
    bytes: u64,
    /// What the compiler says, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    compiled: Option<ComparisonDocument<'a>>,
    /// All sites, sorted by file and place.
    #[serde(serialize_with = "sites")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<SiteDocument<'static>>"))]
    sites: &'a [Site],
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct LintDocument {
    level: LintLevel,
    origin: LintOrigin,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CountDocument {
    /// Compiled for the chosen features and targets.
    active: u32,
    /// A build script's condition decides.
    unknown: u32,
    /// In tests, benchmarks or examples only.
    test: u32,
    /// In the definition of a macro, or a template for code.
    #[serde(rename = "macro")]
    in_macro: u32,
    /// Not compiled here.
    inactive: u32,
}

/// Of the built blocks, functions, methods, traits and impls.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DocumentedDocument {
    sites: u32,
    /// Those with a `SAFETY` comment or a `# Safety` section.
    with_safety: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NativeDocument<'a> {
    /// `package.links`.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<&'a str>,
    /// How many sources of C, C++, assembler and their kind it has.
    sources: u32,
    /// Its build dependencies that compile or bind native code.
    tools: &'a [String],
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ComparisonDocument<'a> {
    /// How many units of it were compiled.
    units: u32,
    /// How many sites compiler and census agree on.
    agreed: u32,
    /// How many sites the compiler reports in the bodies of macros, where the census has them apart.
    in_macros: u32,
    /// How many sites the compiler reports in what build scripts wrote.
    generated: u32,
    /// How many sites' states the compiler decided, as a build script's condition left them open.
    decided: u32,
    compiler_only: Vec<PlaceDocument<'a>>,
    census_only: Vec<PlaceDocument<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PlaceDocument<'a> {
    /// From the package's folder, else in full.
    file: &'a str,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: u32,
    /// The compiler's words, or the kind of the site.
    what: &'a str,
}

/// An unsafe site.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct SiteDocument<'a> {
    /// From the package's folder.
    file: &'a str,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: u32,
    kind: SiteKind,
    state: State,
    /// Whether it is compiled into what is shipped.
    runtime: State,
    /// Whether it is compiled into what runs at build time.
    build: State,
    /// The path of the enclosing item; of an item its own.
    item: &'a str,
    /// What is done in it that only unsafe code may do.
    operations: &'a [Operation],
    /// Whether a `SAFETY` comment or a `# Safety` section stands by it.
    safety_comment: bool,
    /// Whether safe public functions stand on it, or it is public itself.
    public: bool,
    /// Whether a macro that other packages can use holds it.
    exported_macro: bool,
}

fn sites<S: Serializer>(sites: &[Site], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(sites.iter().map(|site| SiteDocument {
        file: &site.file,
        line: site.line,
        column: site.column,
        kind: site.kind,
        state: site.state,
        runtime: site.runtime,
        build: site.build,
        item: &site.item,
        operations: &site.operations,
        safety_comment: site.safety_comment,
        public: site.public,
        exported_macro: site.exported_macro,
    }))
}

pub(super) fn document<'a>(
    census: &'a PackageCensus,
    compared: Option<&'a PackageComparison>,
) -> UnsafetyDocument<'a> {
    let summary = Summary::of(census);
    let by_kind = |of: &dyn Fn(SiteKind) -> u32| {
        let kinds = SiteKind::ALL
            .into_iter()
            .map(|kind| (kind.name(), of(kind)));
        kinds.filter(|(_, count)| *count > 0).collect()
    };
    UnsafetyDocument {
        forbids: census.forbids(),
        lint: census
            .lint
            .map(|(level, origin)| LintDocument { level, origin }),
        counts: SiteKind::ALL
            .into_iter()
            .map(|kind| (kind.name(), summary.count(kind)))
            .filter(|(_, count)| count.total() > 0)
            .map(|(name, found)| (name, count(found)))
            .collect(),
        runtime: by_kind(&|kind| summary.runtime(kind)),
        build: by_kind(&|kind| summary.build(kind)),
        documented: DocumentedDocument {
            sites: summary.documented.sites,
            with_safety: summary.documented.with_safety,
        },
        exported_macros: summary.exported_macros,
        build_script: census.build_script,
        proc_macro: census.proc_macro,
        native: NativeDocument {
            links: census.native.links.as_deref(),
            sources: census.native.sources,
            tools: &census.native.tools,
        },
        scanned: census.scanned,
        files: census.files,
        bytes: census.bytes,
        compiled: compared.map(|compared| ComparisonDocument {
            units: compared.units,
            agreed: compared.agreed,
            in_macros: compared.in_macros,
            generated: compared.generated,
            decided: compared.decided,
            compiler_only: compared.compiler_only.iter().map(place).collect(),
            census_only: compared.census_only.iter().map(place).collect(),
        }),
        sites: &census.sites,
    }
}

fn count(count: Count) -> CountDocument {
    CountDocument {
        active: count.of(State::Active),
        unknown: count.of(State::Unknown),
        test: count.of(State::Test),
        in_macro: count.of(State::Macro),
        inactive: count.of(State::Inactive),
    }
}

fn place(place: &Place) -> PlaceDocument<'_> {
    PlaceDocument {
        file: &place.file,
        line: place.line,
        column: place.column,
        what: &place.what,
    }
}
