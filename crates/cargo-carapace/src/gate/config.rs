//! A project's own configuration: `carapace.toml`, or what its root manifest holds of it.

use std::path::{Path, PathBuf};

use carapace_core::policy::Policy;
use carapace_core::policy::carapace_toml::{self, CarapaceToml, ConfigError};
use carapace_core::policy::floor::Floor;
use carapace_core::report::{ConfigEffect, Gap};
use carapace_core::text::visible;

use crate::cli::Failure;
use crate::host::dirs::Env;
use crate::host::files::{FileError, read_found, read_regular};
use crate::host::workspace::Project;

/// No configuration of a person is larger, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The file, beside the lockfile.
pub(crate) const FILE: &str = "carapace.toml";

/// What a project says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What it says.
    pub toml: CarapaceToml,
    /// The file that says it, as shown.
    pub file: String,
    /// The folder that its paths begin at.
    pub folder: PathBuf,
}

impl Config {
    /// Has a policy follow it, and tells what it switches off or loosens.
    #[must_use = "what a project switches off is shown"]
    pub fn apply(&self, policy: &mut Policy) -> Vec<ConfigEffect> {
        self.toml.add_to(policy, &self.file);
        self.toml.effects(&self.file)
    }

    /// The baseline that it names, if there is one. It lies below [`Self::folder`] by its letters;
    /// whether it does with its links resolved is looked at when it is opened.
    #[must_use]
    pub fn baseline(&self) -> Option<PathBuf> {
        let path = self.toml.baseline.as_ref()?;
        Some(self.folder.join(&path.value))
    }

    /// The baseline of audits that it names, if there is one; likewise.
    #[must_use]
    pub fn audit_baseline(&self) -> Option<PathBuf> {
        let path = self.toml.auditing.baseline.as_ref()?;
        Some(self.folder.join(&path.value))
    }
}

/// Reads the configuration that the user names.
///
/// # Errors
/// [`Failure`] for what cannot be read or understood.
pub fn named(path: &Path, shown: &dyn Fn(&Path) -> String) -> Result<Config, Failure> {
    let file = shown(path);
    let bytes = read_regular(path, MAX_BYTES).map_err(|error| fault(&file, &error))?;
    let toml = carapace_toml::parse(&utf8(bytes, &file)?).map_err(|error| fault(&file, &error))?;
    Ok(Config {
        toml,
        file,
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
    })
}

/// The organisation's policy: the file that `CARAPACE_POLICY` names, or `carapace.toml` in the folder
/// that it names. It is the user's word: projects cannot set it.
///
/// # Errors
/// [`Failure`] for what is named and cannot be read or understood: without it, nothing would hold.
pub fn floor(env: Env<'_>, shown: &dyn Fn(&Path) -> String) -> Result<Option<Floor>, Failure> {
    let Some(named) = env("CARAPACE_POLICY").filter(|named| !named.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(named);
    let path = if path.is_dir() { path.join(FILE) } else { path };
    let config = self::named(&path, shown).map_err(|Failure(why)| {
        Failure(format!(
            "{why}; CARAPACE_POLICY names the organisation's policy"
        ))
    })?;
    Ok(Some(Floor {
        toml: config.toml,
        file: config.file,
    }))
}

impl Config {
    /// Without what loosens the organisation's policy; and what that is.
    #[must_use]
    pub fn held(self, floor: &Floor) -> (Self, Vec<ConfigEffect>) {
        let (toml, effects) = floor.hold(self.toml, &self.file);
        (Self { toml, ..self }, effects)
    }
}

/// Which configuration a run asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The file that the user names, in the place of the project's own.
    pub(crate) named: Option<&'a Path>,
    /// Whether the project's own is followed.
    pub(crate) is_projects_followed: bool,
}

/// What configuration came to.
#[derive(Debug, Default)]
pub(crate) struct Ruled {
    /// The one that rules, without what loosens the organisation's.
    pub(crate) config: Option<Config>,
    /// What the project's own did.
    pub(crate) effects: Vec<ConfigEffect>,
    /// Configuration that was not followed.
    pub(crate) gaps: Vec<Gap>,
}

/// Has a policy follow the configuration that was asked for, and the organisation's.
///
/// # Errors
/// As [`named`], [`floor`] and [`read`].
pub(crate) fn rule(
    asked: Asked<'_>,
    project: &Project,
    env: Env<'_>,
    shown: &dyn Fn(&Path) -> String,
    policy: &mut Policy,
) -> Result<Ruled, Failure> {
    let floor = floor(env, shown)?;
    let (config, gaps) = match asked.named {
        Some(path) => (Some(named(path, shown)?), Vec::new()),
        None if asked.is_projects_followed => read(project, shown)?,
        None => (None, Vec::new()),
    };
    let (config, mut effects) = match (config, &floor) {
        (Some(config), Some(floor)) => {
            let (config, effects) = config.held(floor);
            (Some(config), effects)
        }
        (config, _) => (config, Vec::new()),
    };
    let applied = config.as_ref().map(|config| config.apply(policy));
    // What the user names is no word of the project's.
    effects.extend(
        applied
            .filter(|_| asked.named.is_none())
            .unwrap_or_default(),
    );
    if let Some(floor) = &floor {
        floor.toml.add_to(policy, &floor.file);
    }
    Ok(Ruled {
        config,
        effects,
        gaps,
    })
}

/// Reads the configuration of a project; none if it has none. `shown` tells how a path is shown.
/// The gaps are of configuration that is not followed.
///
/// # Errors
/// [`Failure`] for a configuration that cannot be read or understood, that is there twice, or that is
/// a link out of the project.
pub fn read(
    project: &Project,
    shown: &dyn Fn(&Path) -> String,
) -> Result<(Option<Config>, Vec<Gap>), Failure> {
    let root = &project.root;
    let own = root.join(FILE);
    let own = match own.symlink_metadata() {
        Ok(_) => {
            let file = shown(&own);
            let text = text(root, &own, &file)?;
            let toml = carapace_toml::parse(&text).map_err(|error| fault(&file, &error))?;
            Some((file, toml))
        }
        Err(_) => None,
    };
    let file = shown(&project.manifest);
    // A folder that is judged alone may have none.
    let manifest = match project.manifest.symlink_metadata() {
        Ok(_) => of_manifest(root, &project.manifest, &file)?,
        Err(_) => None,
    };
    let found = match (own, manifest.map(|toml| (file, toml))) {
        (Some((own, _)), Some((manifest, _))) => {
            return Err(Failure(format!(
                "{}: {} has a `metadata.carapace` table, too: keep one of them",
                visible(&own),
                visible(&manifest)
            )));
        }
        (own, manifest) => own.or(manifest),
    };
    let members = project
        .members
        .iter()
        .map(|member| member.dir.join("Cargo.toml"));
    let members = members.filter(|manifest| *manifest != project.manifest);
    let mut gaps = Vec::new();
    for manifest in members {
        let file = shown(&manifest);
        // What cannot be read of a member is told by who reads its sources.
        let is_there = match of_manifest(&project.root, &manifest, &file) {
            Ok(toml) => toml.is_some(),
            Err(_) => false,
        };
        if is_there {
            gaps.push(Gap {
                path: Some(file),
                ..Gap::new(
                    "configuration",
                    "`package.metadata.carapace` of a member is not followed: put it into \
                     carapace.toml at the workspace's root",
                )
            });
        }
    }
    let config = found.map(|(file, toml)| Config {
        toml,
        file,
        folder: root.clone(),
    });
    Ok((config, gaps))
}

fn of_manifest(root: &Path, path: &Path, file: &str) -> Result<Option<CarapaceToml>, Failure> {
    let text = text(root, path, file)?;
    // Most manifests have nothing of it, and need no second reading.
    if !text.contains("carapace") {
        return Ok(None);
    }
    carapace_toml::parse_manifest(&text).map_err(|error| fault(file, &error))
}

/// Reads a configuration of another tool that was found in a project, and how it is shown.
///
/// # Errors
/// [`Failure`] for what cannot be read or understood, or leads out of the project.
pub(crate) fn found<T>(
    root: &Path,
    path: &Path,
    shown: &dyn Fn(&Path) -> String,
    parse: impl Fn(&str) -> Result<T, ConfigError>,
) -> Result<(T, String), Failure> {
    let file = shown(path);
    let parsed = parse(&text(root, path, &file)?).map_err(|error| fault(&file, &error))?;
    Ok((parsed, file))
}

fn text(root: &Path, path: &Path, file: &str) -> Result<String, Failure> {
    let bytes =
        read_found(root, path, MAX_BYTES).map_err(|error: FileError| fault(file, &error))?;
    utf8(bytes, file)
}

fn utf8(bytes: Vec<u8>, file: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| fault(file, &"not UTF-8 text; save it as that"))
}

fn fault(file: &str, what: &dyn std::fmt::Display) -> Failure {
    Failure(format!("{}: {}", visible(file), visible(&what.to_string())))
}
