//! What a run of `dance` does: which packages there are, what of their unsafe code safe code could
//! replace, and carrying that out.

mod clean;
pub mod fix;
mod imports;
mod prove;
pub mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use carapace_core::census::PackageCensus;
use carapace_core::census::dance::Asked;
use carapace_core::engine::{DanceRequest, Subject};
use carapace_core::graph::PackageIdx;
use carapace_core::graph::metadata::MetadataPackage;
use carapace_core::knowledge::registry::rust_version;
use carapace_core::policy::Policy;
use carapace_core::render::view::names;
use carapace_core::report::{Edges, Gap};
use carapace_core::text::visible;

use crate::audit::databases;
use crate::audit::inputs::shown;
use crate::census::dance::{Proposed, Stamp};
use crate::census::extract::{Folder, Seen, of_those_there};
use crate::census::{self, Counted, Read, dance as column};
use crate::cli::Failure;
use crate::cli::args::DanceArgs;
use crate::gate::config;
use crate::ground::{Ground, Wanted};
use crate::host::compiler::Compiler;
use crate::host::dirs;

/// What rules propose for a project, and what it is held against.
pub struct Taken {
    /// What is to be judged.
    pub request: DanceRequest,
    /// What the user wants of it.
    pub policy: Policy,
    /// The folder of each package, as the user would write it, by the places of packages in the
    /// graph; empty for the current folder.
    pub folders: Vec<String>,
    /// Reads sources again, to show lines of them.
    pub read: Read,
    /// What the rules have read of packages, by their places in the graph.
    pub(crate) stamps: Vec<BTreeMap<String, Stamp>>,
    /// What all of it stands on.
    pub(crate) ground: Ground,
}

/// Finds out what was asked for.
///
/// # Errors
/// [`Failure`] where there is nothing to judge.
pub fn take(arguments: &DanceArgs) -> Result<Taken, Failure> {
    let wanted = Wanted {
        path: arguments.path.as_deref(),
        manifest_path: arguments.manifest_path.as_deref(),
        packages: &arguments.packages,
        selection: &arguments.selection,
        with_tests: arguments.selection.all_targets,
        network: arguments.network,
        project_config: arguments.config.is_projects_followed(),
    };
    let (ground, early, kind) = census::stand(&wanted, arguments.no_deps.as_deref())?;
    let named = named(arguments, &ground)?;
    let Counted {
        census,
        mut gaps,
        seen,
    } = census::count(&ground, early, wanted.with_tests);
    let mut policy = Policy::default();
    let asked = config::Asked {
        named: arguments.config.named.as_deref(),
        is_projects_followed: arguments.config.is_projects_followed(),
    };
    let ruled = config::rule(asked, &ground.project, &dirs::env, &shown, &mut policy)?;
    let mut effects = ground.effects.clone();
    effects.extend(ruled.effects);
    gaps.extend(ruled.gaps);

    let is_asked = |index: PackageIdx| match (named.as_slice(), arguments.deps) {
        ([], true) => true,
        ([], false) => is_judged(&ground, index),
        (named, _) => named.contains(&index),
    };
    let folders = census::folders_to_read(&ground)
        .into_iter()
        .zip(&census.packages);
    let looked_at: Vec<Option<Folder>> = ground
        .metadata
        .iter()
        .zip(folders)
        .map(|((index, _), (folder, census))| {
            let is_looked_at = arguments.nominate || is_asked(index);
            folder.filter(|_| is_looked_at && census.scanned)
        })
        .collect();
    let proposals = proposals(&looked_at, &census.packages, &seen);
    let advisories = databases::held_here(&ground.graph, &mut gaps);
    let folders = census::folders(&ground);
    let minor = minor(&ground.compiler);
    if minor.is_none() {
        gaps.push(Gap::new(
            "dance",
            "rustc does not say which version it is: nothing that needs one is proposed",
        ));
    }
    let (proposals, stamps): (Vec<_>, Vec<_>) = proposals
        .into_iter()
        .map(|made| match made {
            Some(Proposed { facts, stamps }) => (Some(facts), stamps),
            None => (None, BTreeMap::new()),
        })
        .unzip();
    let packages = ground.metadata.iter().zip(proposals).zip(&folders);
    let packages = packages.map(|(((index, package), facts), folder)| Asked {
        facts,
        folder: folder.clone(),
        rust: declared(package).or(minor).unwrap_or_default(),
        is_asked: is_asked(index),
        about: {
            let words = package.categories.iter().chain(&package.keywords);
            words.map(ToString::to_string).collect()
        },
    });
    Ok(Taken {
        request: DanceRequest {
            subject: Subject {
                path: census::path_of(&ground),
                repository_path: None,
                kind,
                graph: Arc::clone(&ground.graph),
                roles: ground.roles.clone(),
                toolchain: None,
                binary: None,
            },
            packages: packages.collect(),
            census,
            advisories,
            confidence: arguments.confidence.into(),
            nominate: arguments.nominate,
            edges: Arc::new(Edges::of_units(&ground.graph, &ground.units)),
            config: effects,
            gaps,
        },
        policy,
        read: census::reader(&ground),
        folders,
        stamps,
        ground,
    })
}

/// The packages that the user names.
fn named(arguments: &DanceArgs, ground: &Ground) -> Result<Vec<PackageIdx>, Failure> {
    let mut all = Vec::new();
    for spec in arguments.packages.iter().chain(&arguments.report) {
        let packages = ground.graph.iter();
        let found = packages.filter(|(_, package)| names(spec, package));
        let before = all.len();
        all.extend(found.map(|(index, _)| index));
        if all.len() == before {
            return Err(Failure(format!(
                "{}: no package of it is named `{}`; `cargo carapace unsafe --table` lists them",
                visible(&census::path_of(ground)),
                visible(spec)
            )));
        }
    }
    Ok(all)
}

/// Whether a package is one of the members that are judged.
fn is_judged(ground: &Ground, index: PackageIdx) -> bool {
    let mut units = ground.units.units_of(index);
    ground.metadata.members.contains(&index) && units.any(|(_, unit)| unit.is_built)
}

/// What rules propose for packages, in their order; none where the sources are not here or nobody
/// asked. A package without an unsafe site is not read.
fn proposals(
    folders: &[Option<Folder>],
    census: &[PackageCensus],
    seen: &Seen,
) -> Vec<Option<Proposed>> {
    let has_sites = |(folder, census): (&Option<Folder>, &PackageCensus)| {
        folder.clone().filter(|_| !census.sites.is_empty())
    };
    let to_read: Vec<Option<Folder>> = folders.iter().zip(census).map(has_sites).collect();
    let made = of_those_there(&to_read, |there| column::extract(there, seen));
    let made = made.into_iter().zip(folders);
    made.map(|(made, folder)| made.or_else(|| folder.as_ref().map(|_| Proposed::default())))
        .collect()
}

/// The minor version of Rust 1.x that a package says it builds with.
fn declared(package: &MetadataPackage) -> Option<u32> {
    let version = rust_version(package.rust_version.as_deref()?)?;
    match version.major {
        0 => Some(0),
        1 => u32::try_from(version.minor).ok(),
        _ => Some(u32::MAX),
    }
}

/// The minor version of Rust 1.x that the compiler is.
fn minor(compiler: &Compiler) -> Option<u32> {
    let mut lines = compiler.verbose.lines();
    let release = lines.find_map(|line| line.strip_prefix("release: 1."))?;
    release.split('.').next()?.parse().ok()
}
