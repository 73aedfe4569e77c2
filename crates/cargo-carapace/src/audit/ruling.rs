//! Which configuration of a project rules: one alone, since the exceptions of two together were agreed
//! on by nobody.
//!
//! The file that the user names; else `carapace.toml`; else `.cargo/audit.toml`; else `deny.toml`. Over
//! all of them is the organisation's policy, if there is one, which they cannot loosen.

use std::path::{Path, PathBuf};

use carapace_core::policy::Policy;
use carapace_core::policy::auditing::Auditing;
use carapace_core::policy::deny_toml::{self, DenyToml};
use carapace_core::policy::floor::Floor;
use carapace_core::report::{ConfigEffect, Gap};

use super::inputs::shown;
use super::known::BaselineFile;
use crate::cli::Failure;
use crate::cli::args::AuditArgs;
use crate::gate::config::{self, Config};
use crate::host::dirs::Env;
use crate::host::workspace::Project;

/// Where cargo-audit looks, below a project's root.
pub(crate) const AUDIT_TOML: &str = ".cargo/audit.toml";
/// Where cargo-deny looks, in its order.
const DENY_TOML: [&str; 3] = ["deny.toml", ".deny.toml", ".cargo/deny.toml"];

/// What rules.
#[derive(Debug, Default)]
pub enum Ruling {
    /// `carapace.toml`, or the file that the user names.
    Own {
        /// What it says.
        config: Config,
        /// Whether the user names it: then it is no word of the project's.
        is_named: bool,
    },
    /// `.cargo/audit.toml`, which [`super::settings`] reads.
    Audit {
        /// The file, as shown.
        file: String,
    },
    /// `deny.toml`
    Deny {
        /// What it says.
        toml: DenyToml,
        /// The file, as shown.
        file: String,
    },
    /// Nothing of the project's.
    #[default]
    Nothing,
}

/// What rules a project, and what of its configuration is not followed.
#[derive(Debug, Default)]
pub struct Ruled {
    /// What rules.
    pub ruling: Ruling,
    /// The configuration that gives way.
    pub effects: Vec<ConfigEffect>,
    /// Configuration that is never followed.
    pub gaps: Vec<Gap>,
    /// The organisation's policy, where there is one: it holds whatever rules.
    pub floor: Option<Floor>,
}

/// Finds what rules a project.
///
/// # Errors
/// [`Failure`] for a configuration that rules and cannot be read or understood.
pub fn of(project: &Project, arguments: &AuditArgs, env: Env<'_>) -> Result<Ruled, Failure> {
    let floor = config::floor(env, &shown)?;
    let mut ruled = of_project(project, arguments)?;
    let Some(floor) = floor else {
        return Ok(ruled);
    };
    match std::mem::take(&mut ruled.ruling) {
        Ruling::Nothing => {}
        Ruling::Own { config, is_named } => {
            let (config, effects) = config.held(&floor);
            ruled.ruling = Ruling::Own { config, is_named };
            ruled.effects.extend(effects);
        }
        // Whether these loosen it is not worked out: `carapace.toml` is what tightens.
        other @ (Ruling::Audit { .. } | Ruling::Deny { .. }) => {
            let file = other.file().unwrap_or_default().to_owned();
            let by = &floor.file;
            let effect = format!(
                "nothing of it is followed: {by}, the organisation's policy, rules, and only \
                 carapace.toml can tighten that"
            );
            ruled.effects.push(ConfigEffect::new(file, 1, effect));
        }
    }
    ruled.floor = Some(floor);
    Ok(ruled)
}

fn of_project(project: &Project, arguments: &AuditArgs) -> Result<Ruled, Failure> {
    if let Some(path) = &arguments.config.named {
        let config = config::named(path, &shown)?;
        let is_named = true;
        return Ok(Ruled {
            ruling: Ruling::Own { config, is_named },
            ..Ruled::default()
        });
    }
    if !arguments.config.is_projects_followed() {
        return Ok(Ruled::default());
    }
    let root = &project.root;
    let (own, gaps) = config::read(project, &shown)?;
    let mut others = others(root).into_iter();
    let ruling = match own {
        Some(config) => Ruling::Own {
            config,
            is_named: false,
        },
        None => match others.next() {
            None => Ruling::Nothing,
            Some(path) if path.ends_with(AUDIT_TOML) => Ruling::Audit { file: shown(&path) },
            Some(path) => {
                let (toml, file) = config::found(root, &path, &shown, deny_toml::parse)?;
                Ruling::Deny { toml, file }
            }
        },
    };
    let by = ruling.file().unwrap_or_default();
    let effect = format!("nothing of it is followed: {by} rules");
    let effects = others.map(|path| ConfigEffect::new(shown(&path), 1, effect.clone()));
    Ok(Ruled {
        ruling,
        effects: effects.collect(),
        gaps,
        floor: None,
    })
}

/// The configurations of other tools, the first before the others.
pub(crate) fn others(root: &Path) -> Vec<PathBuf> {
    let there = |name: &&str| root.join(name).symlink_metadata().is_ok();
    let audit = [AUDIT_TOML].into_iter().filter(there);
    let deny = DENY_TOML.into_iter().find(there);
    audit.chain(deny).map(|name| root.join(name)).collect()
}

impl Ruling {
    /// Its file, as shown.
    pub(super) fn file(&self) -> Option<&str> {
        match self {
            Self::Own { config, .. } => Some(&config.file),
            Self::Audit { file } | Self::Deny { file, .. } => Some(file),
            Self::Nothing => None,
        }
    }

    fn auditing(&self) -> Option<&Auditing> {
        match self {
            Self::Own { config, .. } => Some(&config.toml.auditing),
            Self::Deny { toml, .. } => Some(&toml.auditing),
            Self::Audit { .. } | Self::Nothing => None,
        }
    }

    fn apply(&self, policy: &mut Policy) -> Vec<ConfigEffect> {
        match self {
            Self::Own { config, is_named } => {
                let effects = config.apply(policy);
                if *is_named { Vec::new() } else { effects }
            }
            Self::Deny { toml, file } => {
                toml.add_to(policy, file);
                toml.effects(file)
            }
            Self::Audit { .. } | Self::Nothing => Vec::new(),
        }
    }
}

impl Ruled {
    /// What is said of audits; what comes first counts.
    pub fn auditing(&self) -> impl Iterator<Item = &Auditing> {
        let floor = self.floor.as_ref().map(|floor| &floor.toml.auditing);
        self.ruling.auditing().into_iter().chain(floor)
    }

    /// The baseline that is named. What the user names may be anywhere, a project's is one of its own
    /// files.
    #[must_use]
    pub fn baseline(&self) -> Option<BaselineFile> {
        let Ruling::Own { config, is_named } = &self.ruling else {
            return None;
        };
        Some(BaselineFile {
            path: config.audit_baseline()?,
            tree: (!is_named).then(|| config.folder.clone()),
        })
    }

    /// Has a policy follow what rules, and tells what a project's own switches off or loosens.
    #[must_use = "what a project switches off is shown"]
    pub fn apply(&self, policy: &mut Policy) -> Vec<ConfigEffect> {
        let effects = self.ruling.apply(policy);
        if let Some(floor) = &self.floor {
            floor.toml.add_to(policy, &floor.file);
        }
        [self.effects.as_slice(), effects.as_slice()].concat()
    }
}
