//! `publishers update`: takes in who publishes what, from the registry's dump.

use std::fmt::Write as _;

use carapace_core::knowledge::people::index::DumpInfo;
use carapace_core::text::visible;

use crate::cli::args::PublishersUpdateArgs;
use crate::cli::audit::door;
use crate::cli::{Exit, Failure, output};
use crate::host::{dirs, foreign};
use crate::publishers::update::{Times, Update, Updated};
use crate::publishers::{DumpLimits, PeopleError};

/// Carries the command out.
///
/// # Errors
/// [`Failure`] where there is no dump to take; then what is held is as it was.
pub(super) fn run(arguments: &PublishersUpdateArgs) -> Result<Exit, Failure> {
    let (word, info) = match take_in(arguments)? {
        Updated::Taken(info) => ("taken in", info),
        Updated::Unchanged(info) => ("unchanged", info),
    };
    if !arguments.quiet {
        output::answer(&format!("{word}: {}", description(&info)), None)?;
    }
    Ok(Exit::Pass)
}

/// Takes the dump in, if it is another one than what is held.
///
/// # Errors
/// As [`run`].
pub(super) fn take_in(arguments: &PublishersUpdateArgs) -> Result<Updated, Failure> {
    let cache = dirs::cache(&dirs::env).ok_or(PeopleError::NoCacheFolder)?;
    let door = match arguments.offline {
        true => None,
        false => Some(door()?),
    };
    let update = Update {
        cache: &cache,
        dump: &arguments.registry_dump,
        door: door.as_ref(),
        allow_older: arguments.allow_older,
        quiet: arguments.quiet,
        limits: DumpLimits::default(),
        times: Times::default(),
    };
    Ok(update.run()?)
}

/// What a dump is, and what of it could not be read; ends with a line's end.
fn description(info: &DumpInfo) -> String {
    let DumpInfo {
        crates,
        versions,
        accounts,
        ..
    } = info;
    let day = info
        .as_of()
        .map_or_else(|| "unknown date".to_owned(), |day| day.to_string());
    let mut text = format!(
        "{crates} packages with {versions} versions and {accounts} accounts, of {day}, from {}\n",
        foreign::address(&info.source)
    );
    for set_aside in &info.set_aside {
        let _ = writeln!(text, "  left out: {}", visible(set_aside));
    }
    text
}
