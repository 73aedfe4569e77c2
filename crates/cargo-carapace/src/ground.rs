//! What every command that asks cargo knows of a project before it looks at its packages: the graph,
//! what of it is built with which features, for what, and by what.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use carapace_core::graph::metadata::Metadata;
use carapace_core::graph::units::{Platforms, Request, Roles, Selected, Units, roles};
use carapace_core::graph::{Graph, PackageIdx, lockfile};
use carapace_core::report::{ConfigEffect, Gap};
use carapace_core::text::visible;

use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::{NetworkArgs, SelectionArgs};
use crate::host::cargo::Environment;
use crate::host::compiler::{self, Compiler};
use crate::host::dirs;
use crate::host::metadata::{Described, MetadataOptions, describe};
use crate::host::workspace::{Project, discover};

/// Time for cargo, which may have to download.
const RESOLVE: Duration = Duration::from_secs(600);

/// Which project, and what of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Its folder or manifest.
    pub(crate) path: Option<&'a Path>,
    /// Its manifest.
    pub(crate) manifest_path: Option<&'a Path>,
    /// Packages that are named; of members only these are judged, if any is one.
    pub(crate) packages: &'a [String],
    /// What is built of it.
    pub(crate) selection: &'a SelectionArgs,
    /// Whether tests, examples and benchmarks are.
    pub(crate) with_tests: bool,
    /// Whether cargo may ask the registry and resolve.
    pub(crate) network: NetworkArgs,
    /// Whether the project's own configuration counts.
    pub(crate) project_config: bool,
}

/// Everything that is known before sources are read.
pub(crate) struct Ground {
    pub(crate) project: Project,
    /// What links may not leave.
    pub(crate) tree: PathBuf,
    pub(crate) metadata: Metadata,
    pub(crate) graph: Arc<Graph>,
    /// Which members are judged.
    pub(crate) selected: Selected,
    pub(crate) units: Units,
    pub(crate) compiler: Compiler,
    pub(crate) roles: Vec<Roles>,
    /// Whether there is a lockfile that fits the manifests.
    pub(crate) has_own_lockfile: bool,
    /// What of the project's configuration cargo is given.
    pub(crate) passed_on: Option<String>,
    pub(crate) effects: Vec<ConfigEffect>,
    pub(crate) gaps: Vec<Gap>,
}

/// Finds the project and has cargo describe it.
///
/// Meanwhile `beside` works, which is given the project, what links may not leave, and cargo's home.
///
/// # Errors
/// [`Failure`] where there is no project, or cargo has no answer.
pub(crate) fn ground<T: Send>(
    wanted: &Wanted<'_>,
    beside: impl FnOnce(&Project, &Path, Option<&Path>) -> T + Send,
) -> Result<(Ground, T), Failure> {
    let environment = Environment::of_process();
    let cargo_home = environment.cargo_home();
    let start = match (wanted.manifest_path, wanted.path) {
        (Some(manifest), _) if manifest.file_name().is_none_or(|name| name != "Cargo.toml") => {
            let shown = shown(manifest);
            return Err(Failure(format!(
                "{}: the manifest path must be a path to a Cargo.toml file",
                visible(&shown)
            )));
        }
        (Some(path), _) | (None, Some(path)) => path,
        (None, None) => Path::new("."),
    };
    let project = discover(start, cargo_home.as_deref())?;
    let tree = project.tree(environment.home().as_deref());
    let network = &wanted.network;
    let cache = dirs::cache(&dirs::env);
    let selection = wanted.selection;
    let options = MetadataOptions {
        offline: network.offline || network.frozen,
        locked: network.locked || network.frozen,
        project_config: wanted.project_config,
        target: selection.built.target.first().cloned(),
        timeout: RESOLVE,
        work: dirs::work(&dirs::env),
        cache,
        environment,
        shown,
    };
    // cargo uses one core and part of a second: rustc answers meanwhile, and `beside` works.
    let cargo_home = cargo_home.as_deref();
    let (described, compiler, beside) = thread::scope(|scope| {
        let compiler = scope.spawn(|| compiler::of_process(&tree, &selection.built.target));
        let beside = scope.spawn(|| beside(&project, &tree, cargo_home));
        (describe(&project, &options), compiler.join(), beside.join())
    });
    let described = described?;
    // A panic is a fault of ours: it goes on here.
    let compiler = compiler.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let beside = beside.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok((
        grounded(wanted, start, project, tree, described, compiler)?,
        beside,
    ))
}

fn grounded(
    wanted: &Wanted<'_>,
    start: &Path,
    project: Project,
    tree: PathBuf,
    described: Described,
    compiler: Compiler,
) -> Result<Ground, Failure> {
    let Described {
        metadata,
        resolver,
        lockfile: locked,
        has_own_lockfile,
        passed_on,
        effects,
        mut gaps,
        ..
    } = described;
    let selection = wanted.selection;
    let selected = selected(wanted, start, &metadata);
    let request = Request {
        resolver,
        selected: selected.clone(),
        features: selection.built.flags(),
        dev: wanted.with_tests,
        host: &compiler.host,
        targets: Platforms::Only(&compiler.targets),
    };
    let units = Units::resolve(&metadata, &request)?;
    let roles = roles(&metadata, &request)?;
    let locked = lockfile::read(&locked).ok();
    let graph = Arc::new(Graph::from_metadata(&metadata, locked.as_ref()));
    for problem in &units.problems {
        gaps.push(Gap {
            package: graph.get(problem.package()).map(|package| package.id()),
            ..Gap::new("graph", problem.to_string())
        });
    }
    Ok(Ground {
        project,
        tree,
        metadata,
        graph,
        selected,
        units,
        compiler,
        roles,
        has_own_lockfile,
        passed_on,
        effects,
        gaps,
    })
}

/// Which members are built, as cargo takes them: those that `-p` names, all, those of the folder, or
/// the default ones.
fn selected(wanted: &Wanted<'_>, start: &Path, metadata: &Metadata) -> Selected {
    if wanted.selection.workspace {
        let exclude = Vec::new();
        return Selected::Workspace { exclude };
    }
    let named = |member: &PackageIdx, spec: &String| {
        let (name, version) = spec.split_once('@').unwrap_or((spec, ""));
        metadata.get(*member).is_some_and(|package| {
            &*package.name == name && (version.is_empty() || package.version.to_string() == version)
        })
    };
    let specs = wanted.packages.iter();
    let specs: Vec<String> = specs
        .filter(|spec| metadata.members.iter().any(|member| named(member, spec)))
        .cloned()
        .collect();
    if !specs.is_empty() {
        return Selected::Packages(specs);
    }
    // A member's own folder is about that member.
    let start = match start.is_file() {
        true => start.parent().map(Path::to_owned).unwrap_or_default(),
        false => start.to_owned(),
    };
    let start = match start.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => start,
    };
    let Ok(start) = std::fs::canonicalize(start) else {
        return Selected::Default;
    };
    let root = Path::new(&*metadata.workspace_root);
    let members = metadata
        .members
        .iter()
        .filter_map(|member| metadata.get(*member));
    let around = members
        .filter(|member| start.starts_with(member.root_dir()))
        .max_by_key(|member| member.root_dir().len());
    match around {
        Some(member) if Path::new(member.root_dir()) != root => {
            Selected::Packages(vec![member.id.to_string()])
        }
        _ => Selected::Default,
    }
}
