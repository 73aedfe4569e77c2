//! What the user wants of a run: the command line over the project's configuration over the user's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use carapace_core::knowledge::platform::{ARCHITECTURES, SYSTEMS};
use carapace_core::policy::audit_toml::{self, AuditToml, Set, unknown_target};
use carapace_core::policy::unsafety::Place;
use carapace_core::policy::{Deny, Ignore, MAX_AGE_DAYS, Policy};
use carapace_core::report::{self, ConfigEffect, Gap, RulingKind};
use carapace_core::text::visible;

use super::inputs::{Inputs, shown};
use super::known::BaselineFile;
use super::ruling::{self, AUDIT_TOML, Ruled, Ruling};
use crate::advisories::source::Source;
use crate::cli::Failure;
use crate::cli::args::{AuditArgs, Format};
use crate::cli::output::of_command;
use crate::gate::config;
use crate::host::dirs::{self, Env};
use crate::host::files::{FileError, read_regular, resolve_within, within};
use crate::host::http::is_public_address;
use crate::host::workspace::Project;

/// No configuration of a person is larger, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Which databases a run uses.
#[derive(Debug, Clone)]
pub enum Databases {
    /// What is held, or the built-in snapshot.
    Held,
    /// These folders, and nothing else.
    Folders(Vec<PathBuf>),
    /// What this source has, kept under a name of its own.
    Fetched(Source),
}

/// Everything that a run needs to know of its user's wishes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the engine decides by.
    pub policy: Policy,
    /// Which databases are used.
    pub databases: Databases,
    /// Folders whose databases are used too.
    pub added: Vec<PathBuf>,
    /// Whether nothing may be asked for over the network.
    pub offline: bool,
    /// Whether the registry is asked, not only what is kept of its index.
    pub ask_registry: bool,
    /// How the answer looks.
    pub format: Format,
    /// Whether nothing is said when all is well.
    pub quiet: bool,
    /// Which configuration rules.
    pub ruling: report::Ruling,
    /// What the project's own configuration did.
    pub effects: Vec<ConfigEffect>,
    /// Configurations that were not followed.
    pub gaps: Vec<Gap>,
    /// The baseline that the user or the configuration names.
    pub baseline: Option<BaselineFile>,
}

/// A configuration that was found, and whose it is.
struct Config {
    toml: AuditToml,
    /// The file, as shown.
    file: String,
    /// The project's folder; none for the user's own configuration.
    project: Option<PathBuf>,
}

/// Works the settings out.
///
/// What one project says of itself is not for another: with several, the configuration of the current folder counts, as for lockfiles on their
/// own, and theirs are gaps.
///
/// # Errors
/// [`Failure`] for a configuration that cannot be read or understood, and for settings that
/// contradict each other.
pub fn settings(arguments: &AuditArgs, inputs: &Inputs, env: Env<'_>) -> Result<Settings, Failure> {
    let projects = &inputs.projects;
    if arguments.no_yanked && arguments.deny.contains(&Deny::Yanked) {
        let both = "-D yanked and --no-yanked contradict each other: leave one out";
        return Err(Failure(both.to_owned()));
    }
    let current = std::env::current_dir().ok();
    let project = match projects.as_slice() {
        [project] => Some(project),
        _ => current.as_ref(),
    };
    let of_folder = || match &current {
        Some(folder) => ruling::of(&Project::alone(folder), arguments, env),
        None => Ok(Ruled::default()),
    };
    let elsewhere;
    let ruled = match inputs.ruled.as_slice() {
        [ruled] => ruled,
        _ => {
            elsewhere = of_folder()?;
            &elsewhere
        }
    };
    if let Some(format) = arguments.output.format {
        of_command(format, "audit")?;
    }
    let config = match ruled.ruling {
        // Even the user's own gives way to the organisation's.
        _ if ruled.floor.is_some() => None,
        Ruling::Audit { .. } | Ruling::Nothing => config(arguments, project, env)?,
        Ruling::Own { .. } | Ruling::Deny { .. } => None,
    };
    let others = projects.iter().filter(|other| Some(*other) != project);
    let mut gaps: Vec<Gap> = others
        .flat_map(|other| {
            let own = other.join(config::FILE);
            let own = own.symlink_metadata().is_ok().then_some(own);
            own.into_iter().chain(ruling::others(other))
        })
        .filter(|_| arguments.config.is_projects_followed() && arguments.config.named.is_none())
        .map(|file| Gap {
            path: Some(shown(&file)),
            ..Gap::new(
                "configuration",
                "not followed, as several projects are judged at once",
            )
        })
        .collect();
    gaps.extend(ruled.gaps.iter().cloned());
    let mut effects: Vec<ConfigEffect> = Vec::new();
    let toml = match &config {
        Some(config) => {
            if config.project.is_some() {
                effects = config.toml.effects(&config.file);
            }
            config.toml.clone()
        }
        None => AuditToml::default(),
    };
    for (names, known) in [
        (&arguments.target_arch, ARCHITECTURES),
        (&arguments.target_os, SYSTEMS),
    ] {
        for name in names {
            if let Some(message) = unknown_target(name, known) {
                return Err(Failure(visible(&message).into_owned()));
            }
        }
    }
    let is_off =
        |setting: &Option<Set<bool>>| setting.as_ref().is_some_and(|setting| !setting.value);
    let network = arguments.network;
    let offline = network.offline || network.frozen || arguments.no_fetch || is_off(&toml.fetch);
    let databases = databases(arguments, config.as_ref(), offline, &mut effects, env)?;
    let format = match (arguments.output.format, arguments.json, &toml.format) {
        (_, true, _) => Format::CargoAudit,
        (Some(format), false, _) => format,
        // There, `json` is that tool's own.
        (None, false, Some(format)) => match format.value.as_str() {
            "json" => Format::CargoAudit,
            "sarif" => Format::Sarif,
            _ => Format::Human,
        },
        (None, false, None) => Format::Human,
    };
    let mut policy = policy(arguments, &toml, config.as_ref(), env);
    effects.extend(ruled.apply(&mut policy));
    let max_age = ruled.auditing().find_map(|said| said.max_age.as_ref());
    if let Some(days) = max_age.filter(|_| arguments.max_age.is_none() && !arguments.stale) {
        policy.max_age_days = i64::from(days.value);
        policy.age_is_required = true;
    }
    Ok(Settings {
        policy,
        databases,
        added: arguments.add_db.clone(),
        offline,
        ask_registry: !offline && !is_off(&toml.update_index),
        format,
        // A project is not quiet about what it switches off.
        quiet: arguments.output.quiet || (toml.quiet && effects.is_empty()),
        ruling: reported(ruled, config.as_ref()),
        effects,
        gaps,
        baseline: match &arguments.baseline {
            Some(path) => Some(BaselineFile {
                path: path.clone(),
                tree: None,
            }),
            None => ruled.baseline(),
        },
    })
}

/// Which configuration rules, for reports.
fn reported(ruled: &Ruled, config: Option<&Config>) -> report::Ruling {
    let (kind, file) = match (&ruled.ruling, config) {
        (Ruling::Own { is_named: true, .. }, _) => (RulingKind::Named, ruled.ruling.file()),
        (Ruling::Own { .. }, _) => (RulingKind::CarapaceToml, ruled.ruling.file()),
        (Ruling::Deny { .. }, _) => (RulingKind::DenyToml, ruled.ruling.file()),
        (_, Some(config)) => match &config.project {
            Some(_) => (RulingKind::AuditToml, Some(config.file.as_str())),
            None => (RulingKind::User, Some(config.file.as_str())),
        },
        (_, None) => (RulingKind::None, None),
    };
    report::Ruling {
        kind,
        file: file.map(str::to_owned),
        floor: ruled.floor.as_ref().map(|floor| floor.file.clone()),
    }
}

fn policy(
    arguments: &AuditArgs,
    toml: &AuditToml,
    config: Option<&Config>,
    env: Env<'_>,
) -> Policy {
    let names = |set: &[Set<String>]| -> Vec<String> {
        set.iter().map(|name| name.value.clone()).collect()
    };
    let or = |typed: &[String], set: Vec<String>| match typed {
        [] => set,
        typed => typed.to_vec(),
    };
    let typed = arguments.ignore.iter().map(|id| Ignore {
        id: id.clone(),
        reason: "--ignore".to_owned(),
        ..Ignore::default()
    });
    let file = config.map_or("", |config| config.file.as_str());
    let configured = toml.ignore.iter().map(|ignore| Ignore {
        id: ignore.value.clone(),
        reason: format!("{file}:{}", ignore.line),
        place: Some(Place {
            file: file.to_owned(),
            line: ignore.line,
        }),
        ..Ignore::default()
    });
    let deny: BTreeSet<Deny> = arguments.deny.iter().chain(&toml.deny).copied().collect();
    let yanked = toml.yanked.as_ref().is_none_or(|yanked| yanked.value);
    // What was asked for by name on the command line is not switched off by a file; so `stale`, too.
    let yanked = yanked || arguments.deny.contains(&Deny::Yanked);
    let is_stale = toml.stale.as_ref().is_some_and(|stale| stale.value);
    let in_ci = env("CI").is_some_and(|ci| !matches!(ci.as_str(), "0" | "false"));
    Policy {
        deny,
        informational: toml.informational.as_ref().map(|kinds| kinds.value.clone()),
        severity_threshold: toml.severity_threshold.as_ref().map(|level| level.value),
        ignores: typed.chain(configured).collect(),
        target_arch: or(&arguments.target_arch, names(&toml.target_arch)),
        target_os: or(&arguments.target_os, names(&toml.target_os)),
        registry: yanked && !arguments.no_yanked,
        max_age_days: arguments.max_age.map_or(MAX_AGE_DAYS, i64::from),
        age_is_required: arguments.max_age.is_some() || in_ci,
        stale: arguments.stale || (is_stale && arguments.max_age.is_none()),
        no_dev: arguments.built.no_dev,
        reachable: arguments.reachable,
        ..Policy::default()
    }
}

/// The project's configuration, else the user's, as cargo-audit looks for them.
fn config(
    arguments: &AuditArgs,
    project: Option<&PathBuf>,
    env: Env<'_>,
) -> Result<Option<Config>, Failure> {
    if let Some(project) = project.filter(|_| arguments.config.is_projects_followed()) {
        let path = project.join(AUDIT_TOML);
        if path.symlink_metadata().is_ok() {
            if !within(project, &path) {
                return Err(Failure(format!(
                    "{}: leads out of the project, so it is not read; --no-project-config goes \
                     without it",
                    visible(&shown(&path))
                )));
            }
            return read(&path, Some(project.clone())).map(Some);
        }
    }
    if let Some(path) = dirs::cargo_home(env).map(|home| home.join("audit.toml"))
        && path.exists()
    {
        return read(&path, None).map(Some);
    }
    Ok(None)
}

fn read(path: &Path, project: Option<PathBuf>) -> Result<Config, Failure> {
    let file = shown(path);
    let fault = |message: &str| Failure(format!("{}: {}", visible(&file), visible(message)));
    let bytes = read_regular(path, MAX_CONFIG_BYTES)
        .map_err(|error: FileError| fault(&error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| fault("not UTF-8 text"))?;
    let toml = audit_toml::parse(text).map_err(|error| fault(&error.to_string()))?;
    Ok(Config {
        toml,
        file,
        project,
    })
}

/// Which databases are used; `effects` gets what a project has to do with that.
fn databases(
    arguments: &AuditArgs,
    config: Option<&Config>,
    offline: bool,
    effects: &mut Vec<ConfigEffect>,
    env: Env<'_>,
) -> Result<Databases, Failure> {
    if !arguments.db.is_empty() {
        return Ok(Databases::Folders(arguments.db.clone()));
    }
    if let Some(url) = &arguments.url {
        return Ok(Databases::Fetched(Source::parse(url)?));
    }
    let Some(config) = config else {
        return Ok(Databases::Held);
    };
    let mut add = |line: u32, effect: String| {
        effects.push(ConfigEffect::new(config.file.clone(), line, effect));
    };
    if let Some(Set { value, line }) = &config.toml.path {
        let Some(project) = &config.project else {
            return Ok(Databases::Folders(vec![dirs::expand(value, env)]));
        };
        // A project may bring advisories of its own, but not send us to read elsewhere.
        match resolve_within(project, &project.join(value)) {
            Ok(folder) => {
                add(*line, format!("takes the advisories from {value}"));
                return Ok(Databases::Folders(vec![folder]));
            }
            Err(error) => {
                let why = match error {
                    FileError::Leaves { .. } => "it leads out of the project",
                    _ => "it cannot be read",
                };
                let effect = format!("database.path is not followed: {why}; -d names any folder");
                add(*line, effect);
            }
        }
    }
    if let Some(Set { value, line }) = &config.toml.url {
        match (&config.project, Source::parse(value)) {
            (None, source) => return Ok(Databases::Fetched(source?)),
            (Some(_), Ok(Source::Archive(address)))
                if address == crate::advisories::RUSTSEC_ARCHIVE => {}
            // Who is offline asks nobody, not even where a host is.
            (Some(_), Ok(Source::Archive(address) | Source::Git(_, address)))
                if is_public_address(&address, !offline) =>
            {
                let source = Source::parse(&address)?;
                add(
                    *line,
                    format!("takes the advisories from {}", source.name()),
                );
                return Ok(Databases::Fetched(source));
            }
            (Some(_), _) => add(
                *line,
                "database.url is not followed: a project may only name a public https address; -u \
                 names any"
                    .to_owned(),
            ),
        }
    }
    Ok(Databases::Held)
}
