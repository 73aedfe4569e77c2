//! Taking the census of unsafe code: which packages there are, what their sources say, and what of
//! it is compiled.

mod alone;
pub mod compiled;
pub mod dance;
pub mod extract;
mod gate;
mod manifest;
pub mod mentions;
mod project;
pub(crate) mod sources;
pub mod store;

use std::path::Path;
use std::sync::Arc;

use carapace_core::census::compiled::Reconciliation;
use carapace_core::census::survey::Survey;
use carapace_core::engine::Subject;
use carapace_core::graph::PackageIdx;
use carapace_core::policy::Policy;
use carapace_core::report::{ConfigEffect, Edges, Gap, InputKind};

use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;
use crate::ground::{Ground, Wanted};
use extract::Early;

pub(crate) use project::{Counted, count, folders, folders_to_read, path_of, reader, sites_of};

/// The text of a package's file, by its path from the package's folder, if it can be read.
pub type Read = Box<dyn Fn(PackageIdx, &str) -> Option<String>>;

/// A census, what it is of, and what it is held against.
pub struct Taken {
    /// What was judged.
    pub subject: Subject,
    /// What was found out about its unsafe code.
    pub survey: Survey,
    /// What the user wants of it.
    pub policy: Policy,
    /// What the project's own configuration did.
    pub config: Vec<ConfigEffect>,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// Who depends on whom with the chosen features and platforms.
    pub edges: Option<Arc<Edges>>,
    /// What the compiler says, if it was asked.
    pub reconciliation: Option<Arc<Reconciliation>>,
    /// The folder of each package, as the user would write it, by the places of packages in the
    /// graph; empty for the current folder.
    pub folders: Vec<String>,
    /// Reads sources again, to show lines of them.
    pub read: Read,
}

/// Takes the census of what was asked for.
///
/// # Errors
/// [`Failure`] where there is nothing to judge.
pub fn take(arguments: &UnsafeArgs) -> Result<Taken, Failure> {
    let wanted = Wanted {
        path: arguments.path.as_deref(),
        manifest_path: arguments.manifest_path.as_deref(),
        packages: &arguments.packages,
        selection: &arguments.selection,
        with_tests: project::with_tests(arguments),
        network: arguments.network,
        project_config: arguments.config.is_projects_followed(),
    };
    let (ground, early, kind) = stand(&wanted, arguments.no_deps.as_deref())?;
    project::taken(arguments, ground, early, kind)
}

/// What is known before sources are counted: of a project, or of the package in a folder alone.
///
/// # Errors
/// [`Failure`] where there is nothing to judge.
pub(crate) fn stand(
    wanted: &Wanted<'_>,
    no_deps: Option<&Path>,
) -> Result<(Ground, Early, InputKind), Failure> {
    match no_deps {
        // It lies in the analysed tree, so that nothing of it is kept.
        Some(folder) => {
            let ground = alone::ground(folder, wanted.selection)?;
            Ok((ground, Early::default(), InputKind::Package))
        }
        None => {
            let (ground, early) = project::ground_of(wanted)?;
            Ok((ground, early, InputKind::Manifest))
        }
    }
}
