//! What of a project is built, and for what: cargo describes it, and the roles of its packages follow.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use carapace_core::engine::Toolchain;
use carapace_core::graph::Graph;
use carapace_core::graph::units::{
    FeatureFlags, Platforms, Request, Roles, Selected, of_lockfile, roles,
};
use carapace_core::report::Gap;

use super::inputs::shown;
use super::ruling::Ruled;
use super::toolchain;
use crate::cli::args::AuditArgs;
use crate::host::cargo::Environment;
use crate::host::compiler::{self, Compiler};
use crate::host::dirs::{self, Env};
use crate::host::metadata::{Described, MetadataOptions, describe};
use crate::host::workspace::Project;

/// Time for cargo, which may have to download.
const DESCRIBE: Duration = Duration::from_secs(600);

/// What is shipped: what the flags name, else what the project's policy does.
#[derive(Debug)]
pub(super) struct Shipped {
    pub(super) features: FeatureFlags,
    pub(super) targets: Vec<String>,
}

impl Shipped {
    pub(super) fn new(arguments: &AuditArgs, ruled: &Ruled) -> Self {
        let built = &arguments.built;
        let features = match built.names_features() {
            true => Some(built.flags()),
            false => ruled
                .auditing()
                .find_map(|said| Some(said.features.as_ref()?.value.clone())),
        };
        let mut said = ruled.auditing().map(|said| said.targets.as_slice());
        let said = said.find(|targets| !targets.is_empty()).unwrap_or_default();
        let targets = match built.target.as_slice() {
            [] => said.iter().map(|target| target.value.clone()).collect(),
            typed => typed.to_vec(),
        };
        let all = || FeatureFlags {
            all: true,
            ..FeatureFlags::default()
        };
        Self {
            features: features.unwrap_or_else(all),
            targets,
        }
    }
}

/// A project, and what builds it.
#[derive(Debug)]
pub(super) struct Built {
    /// The project, as cargo knows it.
    pub(super) described: Described,
    pub(super) compiler: Compiler,
    /// What links may not leave.
    pub(super) tree: PathBuf,
}

impl Built {
    /// Asks cargo and the compiler.
    ///
    /// # Errors
    /// Why one of them has no answer.
    pub(super) fn ask(
        project: &Project,
        arguments: &AuditArgs,
        shipped: &Shipped,
        env: Env<'_>,
    ) -> Result<Self, String> {
        let environment = Environment::of_process();
        let tree = project.tree(environment.home().as_deref());
        let network = &arguments.network;
        let options = MetadataOptions {
            offline: network.offline || network.frozen || arguments.no_fetch,
            locked: network.locked || network.frozen,
            project_config: arguments.config.is_projects_followed(),
            target: shipped.targets.first().cloned(),
            timeout: DESCRIBE,
            work: dirs::work(env),
            cache: dirs::cache(env),
            environment,
            shown,
        };
        let targets = &shipped.targets;
        let (described, compiler) = thread::scope(|scope| {
            let compiler = scope.spawn(|| compiler::of_process(&tree, targets));
            (describe(project, &options), compiler.join())
        });
        // A panic is a fault of ours: it goes on here.
        let compiler = compiler.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(Self {
            compiler: compiler.map_err(|error| error.to_string())?,
            described: described.map_err(|error| error.to_string())?,
            tree,
        })
    }

    /// What compiles it.
    pub(super) fn toolchain(&self, root: &Path) -> Option<Toolchain> {
        toolchain::of(root, &self.compiler.verbose)
    }

    /// What the packages of the lockfile are for.
    ///
    /// # Errors
    /// Why that is not known.
    pub(super) fn roles(&self, graph: &Graph, shipped: &Shipped) -> Result<Vec<Roles>, String> {
        let described = &self.described;
        let exclude = Vec::new();
        let request = Request {
            resolver: described.resolver,
            selected: Selected::Workspace { exclude },
            features: shipped.features.clone(),
            dev: false,
            host: &self.compiler.host,
            targets: Platforms::Only(&self.compiler.targets),
        };
        let metadata = &described.metadata;
        let of_packages = roles(metadata, &request);
        let of_packages = of_packages.map_err(|error| error.to_string())?;
        Ok(of_lockfile(
            graph,
            metadata,
            &of_packages,
            described.is_partial,
        ))
    }
}

/// That roles are not known.
pub(super) fn unknown(input: &str, reason: &str) -> Gap {
    Gap {
        input: Some(input.to_owned()),
        ..Gap::new(
            "roles",
            format!("{reason}; what is in the lockfile counts, whether built or not"),
        )
    }
}
