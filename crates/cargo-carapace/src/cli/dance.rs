//! `dance`: unsafe code that safe code can replace.

use carapace_core::engine;
use carapace_core::render;
use carapace_core::render::view::View;
use carapace_core::report::Report;

use super::args::{DanceArgs, Format};
use super::sources::Files;
use super::{Exit, Failure, output};
use crate::dance::fix::Fixing;
use crate::dance::take;

/// Carries the command out.
///
/// # Errors
/// [`Failure`] for wrong use and for what is needed and cannot be had.
pub fn run(arguments: &DanceArgs) -> Result<Exit, Failure> {
    let format = format(arguments)?;
    let taken = take(arguments)?;
    let graph = taken.request.subject.graph.clone();
    let mut report = engine::dance(taken.request, &taken.policy);
    if arguments.fix {
        let fixing = Fixing {
            arguments,
            ground: &taken.ground,
            folders: &taken.folders,
            stamps: &taken.stamps,
        };
        match arguments.verify {
            true => fixing.prove(&mut report)?,
            false => fixing.run(&mut report)?,
        }
    }
    output::add_repository_paths(&mut report, format);
    let files = Files {
        graph: &graph,
        folders: &taken.folders,
        read: &taken.read,
    };
    let text = text(&report, &files, format, arguments);
    output::answer(&text, arguments.output.output.as_deref())?;
    // What was changed is told also where there is no one patch.
    if let Some(file) = &arguments.patch {
        output::answer(&patch(&report)?, Some(file))?;
    }
    let exit = Exit::from(report.verdict);
    // The process ends now and gives all its memory back at once; see `audit`.
    std::mem::forget((report, graph, text));
    Ok(exit)
}

/// The patch of a run.
fn patch(report: &Report) -> Result<String, Failure> {
    let proven = report.proofs.iter().map(|proof| proof.patch.as_str());
    let patches = proven.chain(report.patch.as_deref());
    let patches: Vec<&str> = patches.filter(|patch| !patch.is_empty()).collect();
    match patches.as_slice() {
        [] => Ok(String::new()),
        [one] => Ok((*one).to_owned()),
        _ => Err(Failure(
            "--patch takes the patch of the workspace or of one package, and several were \
             changed: name one by -p"
                .to_owned(),
        )),
    }
}

/// How the answer looks: an audit of a package is a page.
fn format(arguments: &DanceArgs) -> Result<Format, Failure> {
    let named = arguments.output.format;
    match (named, &arguments.report) {
        (None, Some(_)) => Ok(Format::Markdown),
        (Some(Format::Markdown | Format::Json), Some(_)) | (_, None) => {
            output::of_command(named.unwrap_or(Format::Human), "dance")
        }
        (Some(_), Some(_)) => Err(Failure(
            "--report writes Markdown, or with --format json the document: choose one of these"
                .to_owned(),
        )),
    }
}

fn text(report: &Report, files: &Files<'_>, format: Format, arguments: &DanceArgs) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let view = View::default();
    match format {
        Format::Json => render::json::render(report, version),
        Format::Sarif => render::sarif::render(report, version),
        Format::Github => render::github::render(report),
        Format::Markdown if arguments.report.is_some() => render::markdown::audit(report),
        Format::Markdown => render::markdown::render(report, &view),
        // Refused before.
        Format::CargoAudit
        | Format::CycloneDx
        | Format::CargoGeiger
        | Format::CargoSupplyChain
        | Format::CargoVet => String::new(),
        Format::Human => {
            let line = files.lines();
            let to_file = arguments.output.output.is_some();
            let options = render::human::Options {
                color: !to_file && output::is_colored(arguments.output.color),
                quiet: arguments.output.quiet,
                verbose: arguments.output.verbose,
                width: None,
                source: &line,
                view: &view,
            };
            render::human::render(report, &options)
        }
    }
}
