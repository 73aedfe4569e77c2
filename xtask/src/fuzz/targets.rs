//! What is fuzzed. To add a target: a file with `seeds`, `DICTIONARY` and `run`, and an entry here.

mod advisory;
mod archive;
mod binary;
mod build_script;
mod cfg;
mod compiled;
mod dance;
mod dump;
mod facts;
mod gate;
mod index;
mod lexer;
mod lockfile;
mod mentions;
mod metadata;
mod outline;
mod people;
mod people_index;
mod planted;
mod proof;
mod registry;
mod text;

use super::signature::Signature;

/// A function that must hold for all bytes.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Inputs to begin with: together they should hold every part of the format.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Words of the format.
    pub(crate) dictionary: &'static [&'static str],
    /// Panics if something does not hold; else a signature of what the input led to.
    pub(crate) run: fn(&[u8]) -> Signature,
    /// Has a fault on purpose, which must be found.
    pub(crate) planted: bool,
}

pub(crate) const TARGETS: &[Target] = &[
    Target {
        name: "lockfile",
        about: "both readers of Cargo.lock agree; the graph and its paths are sound",
        seeds: lockfile::seeds,
        dictionary: lockfile::DICTIONARY,
        run: lockfile::run,
        planted: false,
    },
    Target {
        name: "metadata",
        about: "cargo's metadata, the graph and the units that are made of it",
        seeds: metadata::seeds,
        dictionary: metadata::DICTIONARY,
        run: metadata::run,
        planted: false,
    },
    Target {
        name: "proof",
        about: "what builds and tests say, and what is worse after than before",
        seeds: proof::seeds,
        dictionary: proof::DICTIONARY,
        run: proof::run,
        planted: false,
    },
    Target {
        name: "cfg",
        about: "conditions of compilation and their evaluation",
        seeds: cfg::seeds,
        dictionary: cfg::DICTIONARY,
        run: cfg::run,
        planted: false,
    },
    Target {
        name: "advisory",
        about: "advisories: the short look agrees with the parser; they survive the index",
        seeds: advisory::seeds,
        dictionary: advisory::DICTIONARY,
        run: advisory::run,
        planted: false,
    },
    Target {
        name: "index",
        about: "the compact advisory index, damaged or hostile",
        seeds: index::seeds,
        dictionary: index::DICTIONARY,
        run: index::run,
        planted: false,
    },
    Target {
        name: "registry",
        about: "registry index files, as served and as cargo keeps them",
        seeds: registry::seeds,
        dictionary: registry::DICTIONARY,
        run: registry::run,
        planted: false,
    },
    Target {
        name: "dump",
        about: "the registry's dump, in any pieces, and the index made of it",
        seeds: dump::seeds,
        dictionary: dump::DICTIONARY,
        run: dump::run,
        planted: false,
    },
    Target {
        name: "people-index",
        about: "the index of people, damaged or hostile",
        seeds: people_index::seeds,
        dictionary: people_index::DICTIONARY,
        run: people_index::run,
        planted: false,
    },
    Target {
        name: "people",
        about: "what a registry's API answers about people, and locks of such facts",
        seeds: people::seeds,
        dictionary: people::DICTIONARY,
        run: people::run,
        planted: false,
    },
    Target {
        name: "binary",
        about: "compiled programs and libraries: tables, audit data, and the paths in them",
        seeds: binary::seeds,
        dictionary: binary::DICTIONARY,
        run: binary::run,
        planted: false,
    },
    Target {
        name: "build-script",
        about: "build scripts, followed through without being run",
        seeds: build_script::seeds,
        dictionary: build_script::DICTIONARY,
        run: build_script::run,
        planted: false,
    },
    Target {
        name: "dance",
        about: "the expression tree of sources, and what rules on replaceable unsafe code propose",
        seeds: dance::seeds,
        dictionary: dance::DICTIONARY,
        run: dance::run,
        planted: false,
    },
    Target {
        name: "mentions",
        about: "names that sources mention, and whether functions are reached by them",
        seeds: mentions::seeds,
        dictionary: mentions::DICTIONARY,
        run: mentions::run,
        planted: false,
    },
    Target {
        name: "gate",
        about: "baselines, carapace.toml, lists of vendored files, and the texts that fixes change",
        seeds: gate::seeds,
        dictionary: gate::DICTIONARY,
        run: gate::run,
        planted: false,
    },
    Target {
        name: "compiled",
        about: "rustc's messages of `--compiled`, and the places that they name",
        seeds: compiled::seeds,
        dictionary: compiled::DICTIONARY,
        run: compiled::run,
        planted: false,
    },
    Target {
        name: "lexer",
        about: "tokens of sources, as rustc's own lexer has them",
        seeds: lexer::seeds,
        dictionary: lexer::DICTIONARY,
        run: lexer::run,
        planted: false,
    },
    Target {
        name: "outline",
        about: "sources: outlines, macros, facts, and the census of them",
        seeds: outline::seeds,
        dictionary: outline::DICTIONARY,
        run: outline::run,
        planted: false,
    },
    Target {
        name: "facts",
        about: "facts of packages as they are kept, damaged or hostile",
        seeds: facts::seeds,
        dictionary: facts::DICTIONARY,
        run: facts::run,
        planted: false,
    },
    Target {
        name: "archive",
        about: "archives of packages, and what their code can do",
        seeds: archive::seeds,
        dictionary: archive::DICTIONARY,
        run: archive::run,
        planted: false,
    },
    Target {
        name: "text",
        about: "texts made safe to show, lines, dates, sources and version ranges",
        seeds: text::seeds,
        dictionary: text::DICTIONARY,
        run: text::run,
        planted: false,
    },
    Target {
        name: "planted",
        about: "a lockfile reader with a fault, which must be found",
        seeds: planted::seeds,
        dictionary: planted::DICTIONARY,
        run: planted::run,
        planted: true,
    },
];
