//! `unsafe`: where unsafe code is, in a project and in all that it depends on.

use std::sync::Arc;

use carapace_core::engine::{self, UnsafetyRequest};
use carapace_core::render::view::{Charset, Layout, Selection, View};
use carapace_core::render::{self, compat::cargo_geiger};
use carapace_core::report::Report;
use carapace_core::text::visible;

use super::args::{CharsetArg, Format, GeigerFormat, UnsafeArgs};
use super::sources::Files;
use super::{Exit, Failure, output};
use crate::census::take;
use crate::host::dirs;

/// Carries the command out.
///
/// # Errors
/// [`Failure`] for wrong use and for what is needed and cannot be had.
pub fn run(arguments: &UnsafeArgs) -> Result<Exit, Failure> {
    let format = format(arguments)?;
    let view = view(arguments, output::is_utf8(&dirs::env))?;
    let taken = take(arguments)?;
    let graph = Arc::clone(&taken.subject.graph);
    if let Some(spec) = view.unknown_package(&graph) {
        let (spec, path) = (visible(spec), visible(&taken.subject.path));
        return Err(Failure(format!(
            "{path}: no package of it is named `{spec}`; `cargo carapace unsafe --table` lists them"
        )));
    }
    let request = UnsafetyRequest {
        subject: taken.subject,
        survey: taken.survey,
        config: taken.config,
        gaps: taken.gaps,
    };
    let mut report = engine::unsafety(request, &taken.policy);
    let files = Files {
        graph: &graph,
        folders: &taken.folders,
        read: &taken.read,
    };
    if let Some(input) = report.inputs.first_mut() {
        input.details.edges = taken.edges;
        input.details.reconciliation = taken.reconciliation;
        if format == Format::Human
            && let Some(census) = &input.census
        {
            input.details.sources = files.sources(census, &view);
        }
    }
    output::add_repository_paths(&mut report, format);
    let text = text(&report, &files, format, arguments, &view);
    output::answer(&text, arguments.output.output.as_deref())?;
    let exit = Exit::from(report.verdict);
    // The process ends now and gives all its memory back at once; see `audit`.
    std::mem::forget((report, graph, text));
    Ok(exit)
}

/// How the answer looks, whichever tool's name it was asked for by.
fn format(arguments: &UnsafeArgs) -> Result<Format, Failure> {
    let named = match arguments.output_format {
        None => arguments.output.format.unwrap_or(Format::Human),
        Some(GeigerFormat::Ascii | GeigerFormat::Utf8) => Format::Human,
        Some(GeigerFormat::Json) => Format::CargoGeiger,
        Some(GeigerFormat::GitHubMarkdown) => Format::Markdown,
        Some(GeigerFormat::Ratio) => {
            let ratio = "--output-format Ratio needs a count of safe code, and none is made: \
                         --table shows how much unsafe code is used";
            return Err(Failure(ratio.to_owned()));
        }
    };
    output::of_command(named, "unsafe")
}

/// What of the census is shown; `utf8` is whether the locale has more than ASCII.
///
/// # Errors
/// [`Failure`] if a tree is to be turned around and no package is named.
fn view(arguments: &UnsafeArgs, utf8: bool) -> Result<View, Failure> {
    let charset = match (arguments.charset, arguments.output_format) {
        (Some(CharsetArg::Ascii), _) | (None, Some(GeigerFormat::Ascii)) => Charset::Ascii,
        (Some(CharsetArg::Utf8), _)
        | (None, Some(GeigerFormat::Utf8 | GeigerFormat::GitHubMarkdown)) => Charset::Utf8,
        // A page is read elsewhere.
        (None, _) if arguments.output.format == Some(Format::Markdown) => Charset::Utf8,
        (None, _) if utf8 => Charset::Utf8,
        (None, _) => Charset::Ascii,
    };
    let invert = match &arguments.invert {
        None => Vec::new(),
        Some(named) if named.is_empty() && arguments.packages.is_empty() => {
            let missing =
                "--invert needs a package: `--invert NAME`, or `--package NAME` beside it";
            return Err(Failure(missing.to_owned()));
        }
        Some(named) if named.is_empty() => arguments.packages.clone(),
        Some(named) => named.clone(),
    };
    let layout = if arguments.table {
        Layout::Table
    } else if arguments.prefix_depth {
        Layout::Depth
    } else if arguments.no_indent {
        Layout::NoIndent
    } else {
        Layout::Tree
    };
    // A tree that begins at named packages is about these; their sites are asked for by more.
    let lists = arguments.sites
        || arguments.without_safety
        || !arguments.kinds.is_empty()
        || !arguments.states.is_empty()
        || (!arguments.packages.is_empty() && arguments.invert.is_none());
    let selection = || Selection {
        packages: arguments.packages.clone(),
        kinds: arguments.kinds.clone(),
        states: match arguments.states.as_slice() {
            [] => Selection::default().states,
            states => states.to_vec(),
        },
        without_safety: arguments.without_safety,
    };
    let only = |kind: bool| {
        let some = arguments.build_dependencies || arguments.dev_dependencies;
        some && !kind && !arguments.all_dependencies
    };
    Ok(View {
        charset,
        layout,
        invert,
        repeat: arguments.all,
        forbid_only: arguments.forbid_only,
        tests: arguments.include_tests || arguments.selection.all_targets,
        no_build: only(arguments.build_dependencies),
        no_dev: arguments.selection.built.no_dev || only(arguments.dev_dependencies),
        sites: lists.then(selection),
        ..View::default()
    })
}

fn text(
    report: &Report,
    files: &Files<'_>,
    format: Format,
    arguments: &UnsafeArgs,
    view: &View,
) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json => render::json::render(report, version),
        Format::Sarif => render::sarif::render(report, version),
        Format::Github => render::github::render(report),
        Format::Markdown => render::markdown::render(report, view),
        Format::CargoGeiger => cargo_geiger::render(report, view),
        // Refused before.
        Format::CargoAudit | Format::CycloneDx | Format::CargoSupplyChain | Format::CargoVet => {
            String::new()
        }
        Format::Human => {
            let line = files.lines();
            let to_file = arguments.output.output.is_some();
            let options = render::human::Options {
                color: !to_file && output::is_colored(arguments.output.color),
                quiet: arguments.output.quiet,
                verbose: arguments.output.verbose,
                width: None,
                source: &line,
                view,
            };
            render::human::render(report, &options)
        }
    }
}

#[cfg(test)]
mod tests {
    use carapace_core::census::State;
    use carapace_core::facts::unsafety::SiteKind;
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn parsed(line: &str) -> Result<UnsafeArgs, clap::Error> {
        let words = ["cargo-carapace", "unsafe"].into_iter();
        let cli = Cli::try_parse_from(words.chain(line.split_whitespace()))?;
        match cli.command {
            Command::Unsafe(arguments) => Ok(*arguments),
            other => panic!("{other:?}"),
        }
    }

    fn seen(line: &str) -> View {
        view(&parsed(line).unwrap(), true).unwrap()
    }

    #[test]
    fn formats_have_two_tools_names() {
        for (line, expected) in [
            ("", Format::Human),
            ("--format json", Format::Json),
            ("--output-format Json", Format::CargoGeiger),
            ("--output-format githubmarkdown", Format::Markdown),
            ("--output-format ascii", Format::Human),
        ] {
            assert_eq!(format(&parsed(line).unwrap()).unwrap(), expected, "{line}");
        }
        for (line, expected) in [
            ("--output-format Ratio", "safe code"),
            ("--format cargo-audit", "`cargo carapace audit`"),
            ("--format cyclonedx", "`cargo carapace audit`"),
        ] {
            let failure = format(&parsed(line).unwrap()).unwrap_err();
            assert!(failure.0.contains(expected), "{}", failure.0);
        }
        assert!(parsed("--output-format Json --format json").is_err());
    }

    #[test]
    fn views_are_as_asked_for() {
        assert_eq!(seen("").sites, None);
        assert_eq!(seen("--charset ascii").charset, Charset::Ascii);
        assert_eq!(seen("--output-format Ascii").charset, Charset::Ascii);
        assert_eq!(seen("--prefix-depth -a").layout, Layout::Depth);
        assert!(seen("--all-targets").tests && seen("--include-tests").tests);
        let sites = seen("-p a -p b@1 --kind block,fn --without-safety")
            .sites
            .unwrap();
        assert_eq!(sites.packages, ["a", "b@1"]);
        assert_eq!(sites.kinds, [SiteKind::Block, SiteKind::Fn]);
        assert_eq!(sites.states, [State::Active, State::Unknown]);
        assert!(sites.without_safety);
        assert_eq!(seen("--state macro").sites.unwrap().states, [State::Macro]);
        assert_eq!(seen("-i x").invert, ["x"]);
        assert_eq!(seen("-p x -i"), seen("-p x -i x"));
        assert_eq!(seen("-p x -i").sites, None);
        assert!(view(&parsed("-i").unwrap(), true).is_err());
        let dev = seen("--dev-dependencies");
        assert!(dev.no_build && !dev.no_dev);
        let all = seen("--dev-dependencies --all-dependencies");
        assert!(!all.no_build && !all.no_dev);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in [
            "--kind blocks",
            "--state used",
            "--table -i x",
            "--no-deps a --workspace",
            "--no-deps a b",
            "--write-baseline --since HEAD",
            "a --manifest-path b",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
