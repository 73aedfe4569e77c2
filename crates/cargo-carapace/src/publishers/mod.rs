//! What a run of `publishers` does: which packages there are, who can change them, and what of how
//! they were published can be seen.

mod answers;
mod api;
mod archives;
mod dump;
mod error;
mod history;
pub mod index;
mod lock;
mod pace;
pub mod recursive;
mod search;
mod sources;
mod store;
pub mod update;
mod vet;

use std::path::Path;
use std::sync::Arc;

use carapace_core::engine::Subject;
use carapace_core::graph::units::{Role, Roles};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::knowledge::vet::Store;
use carapace_core::policy::Policy;
use carapace_core::policy::publishers::MinAge;
use carapace_core::report::{ConfigEffect, Edges, Gap, InputKind};
use carapace_core::supply::{PackageSupply, Supply};
use carapace_core::text::visible;

pub use lock::LockFile;

use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::PublishersArgs;
use crate::cli::audit::today;
use crate::gate::config;
use crate::ground::{self, Wanted};
use crate::host::dirs;
use crate::host::files;
use crate::host::workspace::Project;

pub use dump::DumpLimits;
pub use error::PeopleError;

/// What was found out of how a project's packages are published, and what it is held against.
pub struct Taken {
    /// What was judged.
    pub subject: Subject,
    /// What was found out.
    pub supply: Supply,
    /// What the user wants of it.
    pub policy: Policy,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// Who depends on whom with the chosen features and platforms.
    pub edges: Option<Arc<Edges>>,
    /// The lock of facts.
    pub lock: LockFile,
    /// What the project has of audits by others.
    audits: Option<Store>,
}

/// Finds out what was asked for.
///
/// # Errors
/// [`Failure`] where there is nothing to judge.
pub fn take(arguments: &PublishersArgs) -> Result<Taken, Failure> {
    let mut taken = match lockfile_of(arguments) {
        Some(path) => of_lockfile(path, arguments)?,
        None => of_project(arguments)?,
    };
    let today = today().ok_or_else(|| {
        Failure("SOURCE_DATE_EPOCH is no time between the years 1970 and 9999".to_owned())
    })?;
    let Taken {
        subject,
        supply,
        policy,
        gaps,
        audits,
        ..
    } = &mut taken;
    let found = sources::find(&subject.graph, supply, arguments, today)?;
    supply.people = found.people;
    supply.popular = found.popular;
    supply.today = Some(today);
    gaps.extend(found.gaps);
    if !arguments.no_signals {
        gaps.extend(history::find(&subject.graph, supply, arguments)?);
        let cargo_home = dirs::cargo_home(&dirs::env);
        let cache = dirs::cache(&dirs::env);
        let (cargo_home, cache) = (cargo_home.as_deref(), cache.as_deref());
        let quiet = arguments.output.quiet;
        gaps.extend(archives::look(
            &subject.graph,
            supply,
            cargo_home,
            cache,
            quiet,
        ));
    }
    let typed = |days: Option<u32>| days.map(|days| MinAge { days, place: None });
    let (age, account_age) = (arguments.min_age, arguments.min_account_age);
    policy.publishers.tighten(typed(age), typed(account_age));
    if let Some(audits) = audits {
        supply.hold_against(&subject.graph, audits);
    }
    Ok(taken)
}

/// The lockfile that is named in the place of a project.
fn lockfile_of(arguments: &PublishersArgs) -> Option<&Path> {
    let path = arguments.path.as_deref()?;
    path.extension().filter(|extension| *extension == "lock")?;
    Some(path)
}

/// All packages of a lockfile: which of them are built is not known.
fn of_lockfile(path: &Path, arguments: &PublishersArgs) -> Result<Taken, Failure> {
    let file = shown(path);
    let fault = |what: &dyn std::fmt::Display| {
        Failure(format!(
            "{}: {}",
            visible(&file),
            visible(&what.to_string())
        ))
    };
    let bytes = files::read_regular(path, lockfile::MAX_BYTES as u64);
    let bytes = bytes.map_err(|error| fault(&error))?;
    let locked = lockfile::read(&bytes).map_err(|error| fault(&error))?;
    let graph = Graph::from_lockfile(&locked).map_err(|error| fault(&error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (lock, locked) = LockFile::open(folder, arguments)?;
    // What is named counts, and the organisation's; a lockfile on its own has no project's.
    let mut policy = Policy::default();
    let asked = config::Asked {
        named: arguments.config.named.as_deref(),
        is_projects_followed: false,
    };
    let alone = Project::alone(folder);
    let ruled = config::rule(asked, &alone, &dirs::env, &shown, &mut policy)?;
    let package = PackageSupply {
        is_built: true,
        ..PackageSupply::default()
    };
    let packages = vec![package; graph.packages().len()];
    let gap = Gap {
        input: Some(file.clone()),
        ..Gap::new(
            "roles",
            "a lockfile alone does not tell what is built: all of it counts",
        )
    };
    Ok(Taken {
        subject: Subject::new(file, InputKind::Lockfile, Arc::new(graph)),
        supply: Supply {
            packages,
            lock: locked,
            ..Supply::default()
        },
        lock,
        policy,
        config: ruled.effects,
        gaps: vec![gap],
        edges: None,
        audits: None,
    })
}

/// The packages of a project that are built, as cargo resolves it.
fn of_project(arguments: &PublishersArgs) -> Result<Taken, Failure> {
    let wanted = Wanted {
        path: arguments.path.as_deref(),
        manifest_path: arguments.manifest_path.as_deref(),
        packages: &[],
        selection: &arguments.selection,
        with_tests: arguments.selection.all_targets,
        network: arguments.network,
        project_config: arguments.config.is_projects_followed(),
    };
    let (ground, ()) = ground::ground(&wanted, |_, _, _| ())?;
    let mut policy = Policy::default();
    let asked = config::Asked {
        named: arguments.config.named.as_deref(),
        is_projects_followed: arguments.config.is_projects_followed(),
    };
    let ruled = config::rule(asked, &ground.project, &dirs::env, &shown, &mut policy)?;
    let built = |roles: Roles| is_built(roles, arguments);
    let packages = ground.metadata.packages.iter().zip(&ground.roles);
    let packages = packages.map(|(package, roles)| PackageSupply {
        is_built: built(*roles),
        runs_at_build: package.is_proc_macro()
            || package
                .targets
                .iter()
                .any(|target| target.is_build_script()),
        authors: package.authors.iter().map(ToString::to_string).collect(),
        ..PackageSupply::default()
    });
    let (lock, locked) = LockFile::open(&ground.project.root, arguments)?;
    let supply = Supply {
        packages: packages.collect(),
        lock: locked,
        ..Supply::default()
    };
    let path = match ground.project.has_lockfile {
        true => shown(&ground.project.lockfile),
        false => shown(&ground.project.manifest),
    };
    let mut effects = ground.effects;
    effects.extend(ruled.effects);
    let mut gaps = ground.gaps;
    gaps.extend(ruled.gaps);
    Ok(Taken {
        audits: vet::store(&ground.project.root, &mut gaps),
        edges: Some(Arc::new(Edges::of_units(&ground.graph, &ground.units))),
        subject: Subject {
            path,
            repository_path: None,
            kind: InputKind::Manifest,
            graph: ground.graph,
            roles: ground.roles,
            toolchain: None,
            binary: None,
        },
        supply,
        lock,
        policy,
        config: effects,
        gaps,
    })
}

/// Whether a package with these roles is a part of what is judged. Where no platform is named every
/// one counts, as in cargo-supply-chain.
fn is_built(roles: Roles, arguments: &PublishersArgs) -> bool {
    let built = &arguments.selection.built;
    roles.iter().any(|role| match role {
        Role::Runtime | Role::Build | Role::ProcMacro => true,
        Role::Dev => !built.no_dev,
        Role::OtherTarget => built.target.is_empty(),
        Role::Disabled => false,
    })
}
