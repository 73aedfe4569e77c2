//! Writing answers and messages.

use std::collections::HashMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use carapace_core::report::Report;
use carapace_core::text::visible;

use super::Failure;
use super::args::{Color, Format};
use crate::audit::inputs::in_repository;
use crate::host::dirs::Env;

/// Whether colours go to standard output.
#[must_use]
pub fn is_colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

/// A format, if a command has it.
///
/// # Errors
/// [`Failure`] for one that is of another command.
pub fn of_command(format: Format, command: &str) -> Result<Format, Failure> {
    let (shows, of) = match format {
        Format::CargoAudit => ("cargo-audit shows advisories", "audit"),
        Format::CycloneDx => ("cyclonedx shows packages and advisories", "audit"),
        Format::CargoGeiger => ("cargo-geiger shows unsafe code", "unsafe"),
        Format::CargoSupplyChain => ("cargo-supply-chain shows owners", "publishers"),
        Format::CargoVet => ("cargo-vet shows publishers", "publishers"),
        Format::Human | Format::Json | Format::Sarif | Format::Github | Format::Markdown => {
            return Ok(format);
        }
    };
    if of == command {
        return Ok(format);
    }
    Err(Failure(format!(
        "--format {shows}: it is of `cargo carapace {of}`"
    )))
}

/// Whether trees and symbols may have more than ASCII, by the locale's variables in the order that
/// POSIX has them. Where none is set, as in many containers, nothing speaks against it.
#[must_use]
pub fn is_utf8(env: Env<'_>) -> bool {
    let mut set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(env);
    set.find(|locale| !locale.is_empty()).is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Works out where files are in their repositories, for the formats that show it: that asks the file
/// system.
pub fn add_repository_paths(report: &mut Report, format: Format) {
    if !matches!(format, Format::Sarif | Format::Github) {
        return;
    }
    // Many findings are in one file.
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    let mut find = |path: &str| {
        let known = known.entry(path.to_owned());
        known
            .or_insert_with(|| in_repository(Path::new(path)))
            .clone()
    };
    for input in report.inputs.iter_mut().filter(|input| input.path != "-") {
        input.repository_path = find(&input.path);
        for finding in &mut input.findings {
            if let Some(location) = &mut finding.location
                && location.file != input.path
            {
                location.repository_file = find(&location.file);
            }
        }
    }
    for effect in &mut report.config {
        effect.repository_file = find(&effect.file);
    }
}

/// Writes an answer to a file, or to standard output as it is.
///
/// # Errors
/// [`Failure`] if the file or the stream cannot be written. That a reader of standard output went
/// away is none: it has what it wanted.
pub fn answer(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = file else {
        let mut stdout = io::stdout().lock();
        return match stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure(format!("standard output: {error}")))
            }
            _ => Ok(()),
        };
    };
    fs::write(file, text)
        .map_err(|error| Failure(format!("{}: {error}", visible(&file.to_string_lossy()))))
}

/// Says on standard error what went wrong.
pub fn error(message: &str) {
    say("error", "1;31", message);
}

/// Says on standard error what is worth knowing.
pub fn note(message: &str) {
    say("note", "1;32", message);
}

/// Foreign text in the message has been made visible by who made it; here only lines are kept
/// from beginning like commands of a CI's log.
fn say(what: &str, style: &str, message: &str) {
    let mut stderr = io::stderr().lock();
    let (on, off) = if stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        (format!("\x1b[{style}m"), "\x1b[0m")
    } else {
        (String::new(), "")
    };
    let message = message.trim_end().replace('\n', "\n  ");
    // Nothing can be done about a closed stream.
    let _ = writeln!(stderr, "{on}{what}{off}: {message}");
}
