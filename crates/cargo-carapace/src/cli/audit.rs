//! `audit`: what a project depends on that is known to be bad.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use carapace_core::engine::{self, Knowledge, Request, Toolchain};
use carapace_core::finding::Level;
use carapace_core::knowledge::advisory::index::Wanted;
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::registry::Registry;
use carapace_core::policy::known::Known;
use carapace_core::render::{self, view::View};
use carapace_core::report::Report;
use carapace_core::text::LineIndex;
use semver::Version;
use sha2::{Digest as _, Sha256};

use super::args::{AuditArgs, Format};
use super::{Exit, Failure, output};
use crate::advisories::load::Question;
use crate::advisories::store::Store;
use crate::audit::databases::Sources;
use crate::audit::fix::{self, Fixing};
use crate::audit::inputs::{self, Inputs};
use crate::audit::known::BaselineFile;
use crate::audit::settings::{Settings, settings};
use crate::host::dirs;
use crate::host::http::{Door, HttpSettings};
use crate::host::progress::Progress;
use crate::host::registry::{self, RegistrySettings};

/// Carries the command out.
///
/// # Errors
/// [`Failure`] for wrong use and for what is needed and cannot be had.
pub fn run(arguments: &AuditArgs) -> Result<Exit, Failure> {
    fix::check(arguments)?;
    let mut inputs = inputs::gather(arguments, &dirs::env)?;
    let settings = settings(arguments, &inputs, &dirs::env)?;
    let judge = Judge::new(arguments, &settings, &inputs)?;
    let mut report = judge.inputs(&mut inputs)?;
    if arguments.fix {
        report = fixed(&judge, &mut inputs, report)?;
    }
    output::add_repository_paths(&mut report, settings.format);
    let text = text(&report, &settings, arguments, &inputs);
    if settings.format == Format::CargoAudit {
        for (level, text) in render::compat::cargo_audit::beside(&report) {
            match level {
                Level::Note => output::note(&text),
                _ => output::error(&text),
            }
        }
    }
    output::answer(&text, arguments.output.output.as_deref())?;
    let exit = Exit::from(report.verdict);
    // The process ends now and gives all its memory back at once; taking thousands of small pieces
    // apart before is a tenth of the whole run.
    std::mem::forget((report, inputs, text));
    Ok(exit)
}

/// Seconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// The time that `SOURCE_DATE_EPOCH` gives: it makes runs repeatable
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
fn given_time() -> Option<i64> {
    dirs::env("SOURCE_DATE_EPOCH").and_then(|epoch| epoch.parse().ok())
}

/// The day of the run.
#[must_use]
pub fn today() -> Option<Date> {
    Date::from_unix(given_time().unwrap_or_else(now))
}

/// The door to the network, with the user's own settings.
///
/// # Errors
/// [`Failure`] if these cannot be used.
pub fn door() -> Result<Door, Failure> {
    let home = dirs::cargo_home(&dirs::env).unwrap_or_default();
    Ok(Door::new(HttpSettings::from_user(&home, &dirs::env)?)?)
}

/// Fixes the projects, and judges them again.
fn fixed(judge: &Judge<'_>, inputs: &mut Inputs, before: Report) -> Result<Report, Failure> {
    let Judge {
        arguments,
        settings,
        ..
    } = *judge;
    let outcome = Fixing {
        arguments,
        settings,
        env: &dirs::env,
        today: today(),
        registry: &registry_settings(arguments, settings)?,
        door: judge.door.as_ref(),
        judge: &|question| {
            let mut inputs = Inputs {
                subjects: vec![question.subject],
                ..Inputs::default()
            };
            judge.subjects(&mut inputs, &question.versions, question.registry)
        },
    }
    .run(inputs, &before);
    let mut report = before;
    if outcome.is_changed {
        *inputs = inputs::gather(arguments, &dirs::env)?;
        report = judge.inputs(inputs)?;
    }
    report.add_fixes(outcome.fixes, outcome.gaps);
    fix::decide(&mut report);
    Ok(report)
}

/// How the registry is asked.
fn registry_settings(
    arguments: &AuditArgs,
    settings: &Settings,
) -> Result<RegistrySettings, Failure> {
    let named = arguments.registry_index.as_deref();
    Ok(RegistrySettings::of_user(named, !settings.ask_registry)?)
}

/// What a run judges by, found once.
struct Judge<'a> {
    arguments: &'a AuditArgs,
    settings: &'a Settings,
    cache: Option<PathBuf>,
    door: Option<Door>,
    /// The baseline that is written.
    written: Option<BaselineFile>,
    /// What is known.
    known: Option<Known>,
}

impl<'a> Judge<'a> {
    fn new(
        arguments: &'a AuditArgs,
        settings: &'a Settings,
        inputs: &Inputs,
    ) -> Result<Self, Failure> {
        // What is wrong with it is known before anybody is asked.
        let of_project = || BaselineFile::of_project(inputs);
        let (written, known) = match (&settings.baseline, arguments.write_baseline) {
            (named, true) => (Some(named.clone().map_or_else(of_project, Ok)?), None),
            (Some(file), false) => (None, Some(file.read()?)),
            (None, false) => (None, None),
        };
        Ok(Self {
            arguments,
            settings,
            cache: dirs::cache(&dirs::env),
            door: match settings.offline {
                true => None,
                false => Some(door()?),
            },
            written,
            known,
        })
    }

    /// Judges what was asked for.
    fn inputs(&self, inputs: &mut Inputs) -> Result<Report, Failure> {
        inputs.gaps.extend(self.settings.gaps.iter().cloned());
        let (report, _) = self.subjects(inputs, &[], Registry::default())?;
        Ok(report)
    }

    /// Judges the inputs. Advisories are brought of `versions`, too; the registry is asked for what is
    /// not `answered`.
    fn subjects(
        &self,
        inputs: &mut Inputs,
        versions: &[(String, Version)],
        answered: Registry,
    ) -> Result<(Report, Knowledge), Failure> {
        let (settings, door) = (self.settings, self.door.as_ref());
        let store = self.cache.as_deref().map(Store::new);
        let mut gaps = std::mem::take(&mut inputs.gaps);
        let graphs = inputs.subjects.iter().map(|subject| &subject.graph);
        let packages = || graphs.clone().flat_map(|graph| graph.packages());

        let toolchains = inputs.subjects.iter().filter_map(|s| s.toolchain.as_ref());
        let components = toolchains.flat_map(|toolchain| {
            let of = |component| (component, &toolchain.version);
            Toolchain::COMPONENTS.map(of)
        });
        let crates = packages().map(|p| (p.name.as_str(), &p.version));
        let versions = versions.iter().map(|(name, version)| (&**name, version));
        let wanted: Wanted<'_> = crates.chain(components).chain(versions).collect();
        let ids: Vec<String> = settings
            .policy
            .ignores
            .iter()
            .map(|i| i.id.clone())
            .collect();
        let question = Question {
            wanted: &wanted,
            ids: &ids,
        };
        let sources = Sources {
            store: store.as_ref(),
            door,
            now: now(),
        };
        let mut knowledge: Knowledge = sources.bring(settings, question, &mut gaps)?;

        knowledge.registry = answered;
        if settings.policy.registry {
            let from_crates_io = packages().filter(|package| package.is_crates_io());
            let asked: BTreeSet<(&str, &Version)> = from_crates_io
                .map(|p| (p.name.as_str(), &p.version))
                .filter(|(name, version)| knowledge.registry.get(name, version).is_none())
                .collect();
            let asked: Vec<(&str, &Version)> = asked.into_iter().collect();
            let registry = registry_settings(self.arguments, settings)?;
            let progress = Progress::new("asking the registry", asked.len(), settings.quiet);
            let tell = |done, _| progress.reached(done);
            let answers = registry::ask(&asked, &registry, door, &tell);
            knowledge.registry.extend(answers);
        }

        let reached = inputs.subjects.iter().map(|subject| {
            let ground = inputs.grounds.get(&subject.path)?;
            let affected = engine::affected(&subject.graph, &knowledge.advisories);
            Some(ground.reached(&subject.graph, &affected, self.cache.as_deref()))
        });
        let mut request = Request {
            reached: reached.collect(),
            subjects: inputs.subjects.clone(),
            config: [&*settings.effects, &*inputs.effects].concat(),
            gaps,
            today: today(),
            ruling: Some(settings.ruling.clone()),
            known: self.known.clone(),
        };
        let audit = |request| engine::audit(request, &knowledge, &settings.policy);
        if let Some(file) = &self.written {
            request.known = Some(file.write(&audit(request.clone()))?);
        }
        let report = audit(request);
        Ok((report, knowledge))
    }
}

fn text(report: &Report, settings: &Settings, arguments: &AuditArgs, inputs: &Inputs) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match settings.format {
        Format::Json => render::json::render(report, version),
        Format::CargoAudit => render::compat::cargo_audit::render(report),
        // Refused before.
        Format::CargoGeiger | Format::CargoSupplyChain | Format::CargoVet => String::new(),
        Format::Markdown => render::markdown::render(report, &View::default()),
        Format::Sarif => render::sarif::render(report, version),
        Format::Github => render::github::render(report),
        Format::CycloneDx => {
            let options = render::cyclonedx::Options {
                version,
                timestamp: given_time(),
                sha256: |bytes| Sha256::digest(bytes).into(),
            };
            render::cyclonedx::render(report, &options)
        }
        Format::Human => {
            let line = |path: &str, line: u32| {
                let text = std::str::from_utf8(inputs.texts.get(path)?).ok()?;
                LineIndex::new(text).text(line).map(str::to_owned)
            };
            let to_file = arguments.output.output.is_some();
            let options = render::human::Options {
                color: !to_file && output::is_colored(arguments.output.color),
                quiet: settings.quiet,
                verbose: arguments.output.verbose,
                width: None,
                source: &line,
                view: &View::default(),
            };
            render::human::render(report, &options)
        }
    }
}
