//! `publishers`: who can change what a project depends on.

use carapace_core::engine::{self, PublishersRequest};
use carapace_core::render;
use carapace_core::render::view::View;
use carapace_core::report::Report;

use super::args::{Format, PublishersArgs};
use super::{Exit, Failure, output};
use crate::publishers::take;

/// Carries the command out.
///
/// # Errors
/// [`Failure`] for wrong use and for what is needed and cannot be had.
pub fn run(arguments: &PublishersArgs) -> Result<Exit, Failure> {
    let format = arguments.output.format.unwrap_or(Format::Human);
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
    }
    output::add_repository_paths(&mut report, format);
    let text = text(&report, format, arguments)?;
    output::answer(&text, arguments.output.output.as_deref())?;
    Ok(Exit::from(report.verdict))
}

fn text(report: &Report, format: Format, arguments: &PublishersArgs) -> Result<String, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let view = View::default();
    Ok(match format {
        Format::Json => render::json::render(report, version),
        Format::Sarif => render::sarif::render(report, version),
        Format::Github => render::github::render(report),
        Format::Markdown => render::markdown::render(report, &view),
        Format::CargoAudit | Format::CycloneDx => {
            let other = "--format cargo-audit and cyclonedx show advisories: they are of `cargo \
                         carapace audit`";
            return Err(Failure(other.to_owned()));
        }
        Format::CargoGeiger => {
            let other = "--format cargo-geiger shows unsafe code: it is of `cargo carapace unsafe`";
            return Err(Failure(other.to_owned()));
        }
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
    })
}
