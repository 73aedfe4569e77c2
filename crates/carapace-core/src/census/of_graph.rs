//! The census of a graph: each package linked for each way in which the graph has it built.

use std::collections::BTreeSet;

use super::build_script::Toolchain;
use super::link::{Build, Linked, Script, link};
use super::{Native, PackageCensus};
use crate::facts::PackageFacts;
use crate::facts::build_script::HelperFacts;
use crate::graph::PackageIdx;
use crate::graph::metadata::{DependencyKind, Metadata, MetadataPackage, Resolved};
use crate::graph::units::{Follow, Platform, UnitIdx, Units};

/// Packages that compile, find or bind native code for those that depend on them.
const NATIVE_TOOLS: [&str; 14] = [
    "autotools",
    "bindgen",
    "cbindgen",
    "cc",
    "cmake",
    "cpp_build",
    "cxx-build",
    "gcc",
    "metadeps",
    "nasm-rs",
    "pkg-config",
    "swift-bridge-build",
    "system-deps",
    "vcpkg",
];

/// What a census is taken of.
#[derive(Debug, Clone, Copy)]
pub struct Surveyed<'a> {
    /// The packages.
    pub metadata: &'a Metadata,
    /// What is built of them.
    pub units: &'a Units,
    /// Where it is built.
    pub host: &'a Platform,
    /// What it is built for; empty for the host.
    pub targets: &'a [Platform],
    /// Whether tests, examples and benchmarks are built, too.
    pub tests: bool,
    /// What compiles it, as build scripts ask.
    pub toolchain: Toolchain<'a>,
    /// What the packages' sources say, in their order; none where they are not at hand.
    pub facts: &'a [Option<PackageFacts>],
}

impl Surveyed<'_> {
    /// The census of one package, where its sources are at hand.
    #[must_use]
    pub fn package(
        &self,
        index: PackageIdx,
        package: &MetadataPackage,
        facts: &PackageFacts,
        shipped: &BTreeSet<UnitIdx>,
    ) -> PackageCensus {
        let own = std::slice::from_ref(self.host);
        let targets = if self.targets.is_empty() {
            own
        } else {
            self.targets
        };
        let mut builds = Vec::new();
        let mut dev_only = true;
        let units = self.units.units_of(index);
        for (place, unit) in units.filter(|(_, unit)| unit.is_built) {
            let is_dev = !shipped.contains(&place);
            dev_only &= is_dev;
            for platform in if unit.host { own } else { targets } {
                builds.push(Build {
                    features: &unit.features,
                    cfg: &platform.cfg,
                    triple: &platform.triple,
                    build_time: unit.host || unit.is_proc_macro,
                    programs: unit.is_root,
                    dev_only: is_dev,
                    tests: unit.is_root && self.tests,
                });
            }
        }
        let version = package.version.to_string();
        let helpers = self.helpers(package);
        let mut census = link(&Linked {
            facts,
            root_dir: package.root_dir(),
            targets: &package.targets,
            builds: &builds,
            host: &self.host.cfg,
            script: Script {
                toolchain: self.toolchain,
                name: &package.name,
                version: &version,
                helpers: &helpers,
            },
        });
        census.dev_only = dev_only && !builds.is_empty();
        census.native = Native {
            links: package.links.as_deref().map(str::to_owned),
            tools: native_tools(package),
            ..census.native
        };
        census
    }

    /// The packages that a package's build script is made with, as far as they may set cfgs.
    fn helpers(&self, package: &MetadataPackage) -> Vec<(&str, &HelperFacts)> {
        let is_build = |resolved: &&Resolved| {
            let mut kinds = resolved.kinds.iter();
            kinds.any(|(kind, _)| *kind == DependencyKind::Build)
        };
        let build = package.resolved.iter().filter(is_build);
        build
            .filter_map(|resolved| {
                let name = &self.metadata.get(resolved.package)?.name;
                let facts = self.facts.get(resolved.package.get())?.as_ref()?;
                Some((&**name, facts.helper.as_ref()?))
            })
            .collect()
    }

    /// The units that are built without tests.
    #[must_use]
    pub fn shipped(&self) -> BTreeSet<UnitIdx> {
        self.units.reached(Follow::BUILT)
    }
}

fn native_tools(package: &MetadataPackage) -> Vec<String> {
    let build = package.dependencies.iter();
    let mut tools: Vec<String> = build
        .filter(|dependency| dependency.kind == DependencyKind::Build)
        .filter(|dependency| NATIVE_TOOLS.contains(&&*dependency.name))
        .map(|dependency| dependency.name.to_string())
        .collect();
    tools.sort();
    tools.dedup();
    tools
}
