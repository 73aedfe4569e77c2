//! The census of a project: its graph as cargo resolves it, and the sources of every package.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use carapace_core::census::build_script::Toolchain;
use carapace_core::census::of_graph::Surveyed;
use carapace_core::census::operations;
use carapace_core::census::survey::{Edited, Member, SourceText, Survey};
use carapace_core::census::{Census, PackageCensus};
use carapace_core::engine::Subject;
use carapace_core::facts::PackageFacts;
use carapace_core::graph::{Graph, PackageIdx, lockfile};
use carapace_core::policy::Policy;
use carapace_core::report::{Edges, Gap, InputKind};

use super::extract::{Early, Folder, Seen, early, extract, identity, of_those_there};
use super::gate;
use super::store::FactsStore;
use super::{Read, Taken, compiled, manifest};
use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;
use crate::gate::unpacked;
use crate::ground::{Ground, Wanted, ground};
use crate::host::dirs;
use crate::host::files;
use crate::host::parallel::parallel;
use crate::host::workspace::Project;

/// What is shown of a file at most, in bytes.
const MAX_SHOWN: u64 = 32 * 1024 * 1024;

/// Has cargo describe the project that was asked for, and reads what it can meanwhile.
pub(super) fn ground_of(wanted: &Wanted<'_>) -> Result<(Ground, Early), Failure> {
    ground(wanted, read_early)
}

/// What is unsafe, and what could not be read.
pub(crate) struct Counted {
    pub(crate) census: Census,
    pub(crate) gaps: Vec<Gap>,
    /// What was seen of the packages' folders.
    pub(crate) seen: Seen,
}

/// Reads the sources of what is known, and says what of them is unsafe and what could not be read;
/// `tests` is whether tests, examples and benchmarks are asked for.
pub(crate) fn count(ground: &Ground, early: Early, tests: bool) -> Counted {
    let (mut facts, seen) = facts(ground, early);
    operations::settle(&ground.metadata, &mut facts);
    let surveyed = Surveyed {
        metadata: &ground.metadata,
        units: &ground.units,
        host: &ground.compiler.host,
        targets: &ground.compiler.targets,
        tests,
        toolchain: Toolchain {
            verbose: &ground.compiler.verbose,
            host: &ground.compiler.host.triple,
            c_compiler: ground.compiler.has_c,
        },
        facts: &facts,
    };
    let shipped = surveyed.shipped();
    let packages: Vec<_> = ground.metadata.iter().zip(&facts).collect();
    let packages = parallel(&packages, |((index, package), facts)| match facts {
        Some(facts) => surveyed.package(*index, package, facts, &shipped),
        None => PackageCensus::default(),
    });
    let census = Census { packages };
    let missing = source_gaps(ground, &facts, &census);
    // To give this memory back takes longer than what is left to do; then the process ends.
    std::mem::forget(facts);
    let mut gaps = ground.gaps.clone();
    gaps.extend(missing);
    Counted { census, gaps, seen }
}

/// Gathers all that is asked for.
pub(super) fn taken(
    arguments: &UnsafeArgs,
    ground: Ground,
    early: Early,
    kind: InputKind,
) -> Result<Taken, Failure> {
    let Counted {
        mut census,
        mut gaps,
        ..
    } = count(&ground, early, with_tests(arguments));
    let reconciliation = match arguments.compiled {
        true => Some(compiled::reconcile(
            arguments,
            &ground,
            &mut census,
            &mut gaps,
        )?),
        false => None,
    };

    let mut policy = Policy::default();
    let settings = gate::settings(arguments, &ground.project, &mut policy)?;
    let mut effects = ground.effects.clone();
    effects.extend(settings.effects.iter().cloned());
    gaps.extend(settings.gaps.iter().cloned());
    let known = settings.known(arguments, &ground, &census, &mut gaps)?;
    let edited = edited(&ground, &mut gaps);
    let survey = Survey {
        known,
        members: members(&ground),
        workspace: workspace_manifest(&ground),
        edited,
        census,
    };
    Ok(Taken {
        subject: Subject {
            path: path_of(&ground),
            repository_path: None,
            kind,
            graph: Arc::clone(&ground.graph),
            roles: ground.roles.clone(),
            toolchain: None,
            binary: None,
        },
        survey,
        policy,
        config: effects,
        gaps,
        edges: Some(Arc::new(Edges::of_units(&ground.graph, &ground.units))),
        reconciliation: reconciliation.map(Arc::new),
        folders: folders(&ground),
        read: reader(&ground),
    })
}

/// What a project is called: findings about dependencies are at their places in the lockfile.
pub(crate) fn path_of(ground: &Ground) -> String {
    match ground.project.has_lockfile {
        true => shown(&ground.project.lockfile),
        false => shown(&ground.project.manifest),
    }
}

/// Whether tests, examples and benchmarks are asked for.
pub(super) fn with_tests(arguments: &UnsafeArgs) -> bool {
    arguments.selection.all_targets || arguments.include_tests
}

/// The facts of all packages, in the graph's order; none where there is no folder.
fn facts(ground: &Ground, early: Early) -> (Vec<Option<PackageFacts>>, Seen) {
    let workspace_lint = files::read_regular(&ground.project.manifest, manifest::MAX_BYTES)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| manifest::workspace_lint(&text));
    let mut folders = folders_to_read(ground);
    for folder in folders.iter_mut().flatten() {
        folder.workspace_lint.clone_from(&workspace_lint);
    }
    let mut seen = Seen::default();
    let facts = of_those_there(&folders, |there| {
        let (facts, found) = extract(there, early);
        seen = found;
        facts
    });
    (facts, seen)
}

/// The packages' folders, in the graph's order; none where there is none.
pub(crate) fn folders_to_read(ground: &Ground) -> Vec<Option<Folder>> {
    let packages = ground.metadata.packages.iter().zip(ground.graph.packages());
    packages
        .map(|(package, locked)| Folder::of_package(package, Some(locked), &ground.tree))
        .collect()
}

/// Opens what is kept, and reads what the lockfile names and cargo's home has, so that both cores
/// work while cargo answers.
fn read_early(project: &Project, tree: &Path, cargo_home: Option<&Path>) -> Early {
    let folders = early_folders(project, tree, cargo_home).unwrap_or_default();
    let store = dirs::cache(&dirs::env).map(|cache| FactsStore::new(&cache));
    early(&folders, store)
}

/// The packages that the lockfile names and cargo's home has.
fn early_folders(project: &Project, tree: &Path, cargo_home: Option<&Path>) -> Option<Vec<Folder>> {
    let home = cargo_home.filter(|home| !home.starts_with(tree))?;
    let bytes = files::read_found(tree, &project.lockfile, lockfile::MAX_BYTES as u64).ok()?;
    let graph = Graph::from_lockfile(&lockfile::read(&bytes).ok()?).ok()?;
    let registries = std::fs::read_dir(home.join("registry").join("src"));
    let registries = registries.into_iter().flatten().flatten();
    let registries: Vec<PathBuf> = registries.map(|entry| entry.path()).collect();
    let folders = graph
        .packages()
        .iter()
        .filter(|package| package.checksum.is_some())
        .filter_map(|package| {
            let name = format!("{}-{}", package.name, package.version);
            // A name from a lockfile leads nowhere else; with two registries it may be another one's.
            if name.contains(['/', '\\', ':', '\0']) {
                return None;
            }
            let mut there = registries.iter().map(|registry| registry.join(&name));
            let root = there.find(|root| root.is_dir())?;
            if there.any(|root| root.is_dir()) {
                return None;
            }
            Some(Folder {
                tree: root.clone(),
                root,
                roots: Vec::new(),
                build_script: None,
                workspace_lint: None,
                identity: Some(identity(package)),
            })
        });
    Some(folders.collect())
}

/// What of packages' sources was not at hand, or not understood.
fn source_gaps(ground: &Ground, facts: &[Option<PackageFacts>], census: &Census) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let packages = ground.graph.packages().iter().zip(&census.packages);
    for ((package, census), facts) in packages.zip(facts) {
        let gap = |path: Option<String>, reason: String| Gap {
            package: Some(package.id()),
            path,
            ..Gap::new("sources", reason)
        };
        match facts {
            None => {
                let reason = "its sources are not here: `cargo fetch` gets them".to_owned();
                gaps.push(gap(None, reason));
            }
            Some(facts) => gaps.extend(facts.gaps.iter().chain(&census.gaps).map(|found| {
                let path = Some(found.path.clone()).filter(|path| !path.is_empty());
                gap(path, found.reason.clone())
            })),
        }
    }
    gaps
}

/// Vendored packages that are not what their archives held.
fn edited(ground: &Ground, gaps: &mut Vec<Gap>) -> Vec<Edited> {
    let cargo_home = dirs::cargo_home(&dirs::env);
    let mut all = Vec::new();
    for (index, package) in ground.graph.iter() {
        let Some(folder) = package.root_dir.as_deref().map(Path::new) else {
            continue;
        };
        if package.source.is_none() || !folder.starts_with(&ground.tree) {
            continue;
        }
        match unpacked::check(folder, package, cargo_home.as_deref()) {
            Ok(differences) if differences.is_empty() => {}
            Ok(differences) => all.push(Edited {
                package: index,
                folder: shown(folder),
                differences,
            }),
            Err(reason) => gaps.push(Gap {
                package: Some(package.id()),
                ..Gap::new("edited-source", reason)
            }),
        }
    }
    all
}

fn text_of(path: &Path) -> Option<SourceText> {
    let bytes = files::read_regular(path, MAX_SHOWN).ok()?;
    Some(SourceText {
        file: shown(path),
        text: String::from_utf8(bytes).ok()?,
    })
}

/// The members that are judged, with what fixes need of them.
fn members(ground: &Ground) -> Vec<Member> {
    let mut members = Vec::new();
    for (index, package) in ground.metadata.iter() {
        if !ground.metadata.members.contains(&index) {
            continue;
        }
        let units = ground.units.units_of(index);
        if units.filter(|(_, unit)| unit.is_built).count() == 0 {
            continue;
        }
        let Some(manifest) = text_of(Path::new(&*package.manifest_path)) else {
            continue;
        };
        let roots = package
            .targets
            .iter()
            .filter(|target| !target.is_dev() && !target.is_build_script());
        members.push(Member {
            package: index,
            folder: shown(Path::new(package.root_dir())),
            manifest,
            roots: roots
                .filter_map(|target| text_of(Path::new(&*target.src_path)))
                .collect(),
        });
    }
    members
}

fn workspace_manifest(ground: &Ground) -> Option<SourceText> {
    text_of(&ground.project.manifest).filter(|file| file.text.contains("[workspace"))
}

/// The packages' folders, as the user would write them, in the graph's order.
pub(crate) fn folders(ground: &Ground) -> Vec<String> {
    let packages = ground.metadata.packages.iter();
    packages
        .map(|package| shown(Path::new(package.root_dir())))
        .collect()
}

/// Reads a package's file again.
pub(crate) fn reader(ground: &Ground) -> Read {
    let roots: Vec<(PackageIdx, PathBuf)> = ground
        .metadata
        .iter()
        .map(|(index, package)| (index, PathBuf::from(package.root_dir())))
        .collect();
    Box::new(move |package, file| {
        let (_, root) = roots.iter().find(|(index, _)| *index == package)?;
        let bytes = files::read_regular(&root.join(file), MAX_SHOWN).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// The census of sources at another time: which sites there are, compiled or not.
pub(crate) fn sites_of(files: &[(String, Vec<u8>)]) -> Census {
    use carapace_core::census::link::{Linked, Script, link};
    use carapace_core::cfg::CfgSet;
    use carapace_core::facts::{package::package, scan::scan};
    let scans = files.iter().map(|(path, bytes)| scan(path, bytes));
    let facts = package(scans.collect());
    let census = link(&Linked {
        facts: &facts,
        root_dir: "",
        targets: &[],
        builds: &[],
        host: &CfgSet::default(),
        script: Script::default(),
    });
    Census {
        packages: vec![census],
    }
}
