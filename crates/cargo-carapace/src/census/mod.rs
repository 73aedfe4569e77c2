//! Taking the census of unsafe code: which packages there are, what their sources say, and what of
//! it is compiled.

mod alone;
pub mod compiled;
pub mod extract;
mod gate;
mod manifest;
pub mod mentions;
mod project;
mod sources;
pub mod store;

use std::sync::Arc;

use carapace_core::census::compiled::Reconciliation;
use carapace_core::census::survey::Survey;
use carapace_core::engine::Subject;
use carapace_core::graph::PackageIdx;
use carapace_core::policy::Policy;
use carapace_core::report::{ConfigEffect, Edges, Gap};

use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;

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
    match &arguments.no_deps {
        Some(folder) => alone::take(folder, arguments),
        None => project::take(arguments),
    }
}
