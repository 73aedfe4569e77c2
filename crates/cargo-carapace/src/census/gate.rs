//! What a census is held against: the project's policy, a baseline, a revision.

use std::path::{Path, PathBuf};

use carapace_core::census::Census;
use carapace_core::census::baseline::{Baseline, SiteKey};
use carapace_core::census::survey::Known;
use carapace_core::policy::{Policy, carapace_toml};
use carapace_core::report::{ConfigEffect, Gap};
use carapace_core::text::visible;

use super::project::{Ground, sites_of};
use crate::audit::inputs::shown;
use crate::cli::Failure;
use crate::cli::args::UnsafeArgs;
use crate::gate::{baseline, config, since};
use crate::host::dirs;
use crate::host::files::read_regular;
use crate::host::workspace::Project;

/// No configuration of a person is larger, in bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// The baseline where nothing names one.
const BASELINE: &str = "carapace-baseline.toml";

/// What configuration says of the run.
#[derive(Debug, Default)]
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
    let mut settings = Settings::default();
    if let Some(path) = &arguments.config {
        let file = shown(path);
        let fault = |what: String| Failure(format!("{}: {}", visible(&file), visible(&what)));
        let bytes = read_regular(path, MAX_CONFIG).map_err(|error| fault(error.to_string()))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| fault("not UTF-8 text; save it as that".to_owned()))?;
        let toml = carapace_toml::parse(&text).map_err(|error| fault(error.to_string()))?;
        toml.add_to(policy, &file);
        settings.baseline = toml.baseline.as_ref().map(|named| {
            let folder = path.parent().unwrap_or(Path::new(""));
            (folder.join(&named.value), None)
        });
        return Ok(settings);
    }
    if arguments.no_project_config {
        return Ok(settings);
    }
    let (config, gaps) = config::read(project, &shown)?;
    settings.gaps = gaps;
    if let Some(config) = config {
        settings.effects = config.apply(policy);
        settings.baseline = config
            .baseline()
            .map(|path| (path, Some(project.root.clone())));
    }
    Ok(settings)
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
            baseline::write(&path, tree.as_deref(), &made)?;
            return Ok(Some(Known {
                baseline: made,
                from: shown(&path),
            }));
        }
        let Some((path, tree)) = named else {
            return Ok(None);
        };
        Ok(Some(Known {
            baseline: baseline::read(&path, tree.as_deref())?,
            from: shown(&path),
        }))
    }
}
