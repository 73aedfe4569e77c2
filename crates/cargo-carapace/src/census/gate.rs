//! What a census is held against: the project's policy, a baseline, a revision.

use std::path::PathBuf;

use carapace_core::census::Census;
use carapace_core::census::baseline::{Baseline, SiteKey};
use carapace_core::census::survey::Known;
use carapace_core::policy::Policy;
use carapace_core::report::{ConfigEffect, Gap};

use super::sites_of;
use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;
use crate::gate::{baseline, config, since};
use crate::ground::Ground;
use crate::host::dirs;
use crate::host::workspace::Project;

/// The baseline where nothing names one.
const BASELINE: &str = "carapace-baseline.toml";

/// What configuration says of the run.
#[derive(Debug)]
pub(super) struct Settings {
    /// What the project's own configuration did.
    pub(super) effects: Vec<ConfigEffect>,
    /// Configuration that was not followed.
    pub(super) gaps: Vec<Gap>,
    /// The baseline that configuration names, and what it may not lie outside of.
    baseline: Option<(PathBuf, Option<PathBuf>)>,
}

/// Reads the policy.
pub(super) fn settings(
    arguments: &UnsafeArgs,
    project: &Project,
    policy: &mut Policy,
) -> Result<Settings, Failure> {
    let asked = config::Asked {
        named: arguments.config.named.as_deref(),
        is_projects_followed: arguments.config.is_projects_followed(),
    };
    let ruled = config::rule(asked, project, &dirs::env, &shown, policy)?;
    let tree = arguments
        .config
        .named
        .is_none()
        .then(|| project.root.clone());
    let baseline = ruled.config.as_ref().and_then(config::Config::baseline);
    Ok(Settings {
        baseline: baseline.map(|path| (path, tree)),
        effects: ruled.effects,
        gaps: ruled.gaps,
    })
}

impl Settings {
    /// What is known of the project's unsafe code, if the census is to be held against anything.
    pub(super) fn known(
        &self,
        arguments: &UnsafeArgs,
        ground: &Ground,
        census: &Census,
        gaps: &mut Vec<Gap>,
    ) -> Result<Option<Known>, Failure> {
        if let Some(revision) = &arguments.since {
            let home = dirs::cargo_home(&dirs::env);
            let extract = |files: &[(String, Vec<u8>)]| {
                let census = sites_of(files);
                let sites = census.packages.iter().flat_map(|package| &package.sites);
                sites.map(SiteKey::of).collect()
            };
            let (known, more) = since::known(
                &ground.project,
                revision,
                &ground.graph,
                census,
                home.as_deref(),
                &extract,
            )?;
            gaps.extend(more);
            return Ok(Some(known));
        }
        let named = arguments.baseline.clone().map(|path| (path, None));
        let named = named.or_else(|| self.baseline.clone());
        if arguments.write_baseline {
            let (path, tree) = named.unwrap_or_else(|| {
                let root = ground.project.root.clone();
                (root.join(BASELINE), Some(root))
            });
            let made = Baseline::of(&ground.graph, census);
            baseline::write(&path, tree.as_deref(), &made.write())?;
            return Ok(Some(Known {
                baseline: made,
                from: shown(&path),
            }));
        }
        let Some((path, tree)) = named else {
            return Ok(None);
        };
        Ok(Some(Known {
            baseline: baseline::read(&path, tree.as_deref(), Baseline::parse)?,
            from: shown(&path),
        }))
    }
}
