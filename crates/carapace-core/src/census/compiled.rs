//! What the compiler itself calls unsafe, beside what the census found.
//!
//! The compiler's word is rustc's lint `unsafe_code`, forced on for every unit of a build. It says
//! nothing of what it never sees (code that is switched off, definitions of macros), nor of code
//! from another package's macros; the census knows these and calls them what they are. What remains
//! is compared.
//!
//! [`lint`] reads the compiler's messages, [`lines`] brings its places and those of the census
//! together, [`reconcile`] compares.

pub mod dep_info;
pub mod lines;
pub mod lint;
pub mod reconcile;

/// One place that only one of the two speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the package's folder, with `/`; in full if it is not in there, as what a build
    /// script writes.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What it is said to be: the compiler's words, or the name of the site's kind.
    pub what: String,
}

/// One package, as the compiler and the census see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageComparison {
    /// How many units of it were compiled: libraries, programs, build scripts, each with its
    /// features and for its platform.
    pub units: u32,
    /// The places that both speak of.
    pub agreed: u32,
    /// The places that the compiler reports in the bodies of macros that were expanded, or of what
    /// macros put together. The census has macros' definitions apart, too.
    pub in_macros: u32,
    /// The places that the compiler reports in code that is no package's: what build scripts wrote.
    pub generated: u32,
    /// How many sites that the census left open the compiler has decided.
    pub decided: u32,
    /// What the compiler saw and the census did not, sorted.
    pub compiler_only: Vec<Place>,
    /// What the census has as compiled and the compiler did not see, sorted.
    pub census_only: Vec<Place>,
}

/// All packages of a graph, as the compiler and the census see them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// By the places of packages in the graph.
    pub packages: Vec<PackageComparison>,
}
