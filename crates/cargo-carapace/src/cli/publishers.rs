//! `publishers`: who can change what a project depends on.

mod update;

use carapace_core::engine::{self, PublishersRequest};
use carapace_core::render;
use carapace_core::render::compat::{cargo_supply_chain, cargo_vet};
use carapace_core::render::view::{By, View};
use carapace_core::report::{Input, Report};
use carapace_core::supply::Supply;

use super::args::{ByArg, Format, PublishersArgs, PublishersCommand, PublishersUpdateArgs};
use super::{Exit, Failure, output};
use crate::publishers::{LockFile, recursive, take};

/// Carries the command out.
///
/// # Errors
/// [`Failure`] for wrong use and for what is needed and cannot be had.
pub fn run(arguments: &PublishersArgs) -> Result<Exit, Failure> {
    if let Some(PublishersCommand::Update(arguments)) = &arguments.command {
        return update::run(arguments);
    }
    let format = arguments.output.format.unwrap_or(Format::Human);
    let format = output::of_command(format, "publishers")?;
    if let Some(dump) = &arguments.sources.registry_dump {
        update::take_in(&PublishersUpdateArgs {
            registry_dump: dump.clone(),
            allow_older: false,
            offline: arguments.network.offline || arguments.network.frozen,
            quiet: arguments.output.quiet,
        })?;
    }
    let mut report = match arguments.recursive {
        true => recursive::look(arguments)?,
        false => judged(arguments)?,
    };
    output::add_repository_paths(&mut report, format);
    let text = text(&report, format, arguments);
    output::answer(&text, arguments.output.output.as_deref())?;
    Ok(Exit::from(report.verdict))
}

/// Judges how the packages of one project are published.
fn judged(arguments: &PublishersArgs) -> Result<Report, Failure> {
    let taken = take(arguments)?;
    let request = PublishersRequest {
        subject: taken.subject,
        supply: taken.supply,
        config: taken.config,
        gaps: taken.gaps,
    };
    let mut report = engine::publishers(request, &taken.policy);
    if let Some(input) = report.inputs.first_mut() {
        input.details.edges = taken.edges;
        if let Some(supply) = input
            .supply
            .as_ref()
            .filter(|_| arguments.sources.write_lock)
        {
            write_lock(&taken.lock, input, supply)?;
        }
    }
    Ok(report)
}

/// Writes the lock of facts, unless that would hide that it says what is not so.
fn write_lock(lock: &LockFile, input: &Input, supply: &Supply) -> Result<(), Failure> {
    let mut findings = input.findings.iter();
    if findings.any(|finding| finding.rule.name == "changed-fact") {
        output::note(&format!(
            "{} was not written, as it says what never changes otherwise than the registry: find \
             out why, and take these entries out of it",
            lock.shown()
        ));
        return Ok(());
    }
    lock.write(&input.graph, supply)
}

fn text(report: &Report, format: Format, arguments: &PublishersArgs) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let view = View {
        by: match arguments.by.unwrap_or_default() {
            ByArg::Person => By::Person,
            ByArg::Crate => By::Crate,
            ByArg::Team => By::Team,
        },
        ..View::default()
    };
    match format {
        Format::Json => render::json::render(report, version),
        Format::Sarif => render::sarif::render(report, version),
        Format::Github => render::github::render(report),
        Format::Markdown => render::markdown::render(report, &view),
        // Refused before.
        Format::CargoAudit | Format::CycloneDx | Format::CargoGeiger => String::new(),
        Format::CargoSupplyChain => cargo_supply_chain::render(report, arguments.diffable),
        Format::CargoVet => cargo_vet::render(report),
        Format::Human if arguments.diffable => render::diffable::render(report, view.by),
        Format::Human => {
            let to_file = arguments.output.output.is_some();
            let options = render::human::Options {
                color: !to_file && output::is_colored(arguments.output.color),
                quiet: arguments.output.quiet,
                verbose: arguments.output.verbose,
                width: None,
                source: &|_, _| None,
                view: &view,
            };
            render::human::render(report, &options)
        }
    }
}
