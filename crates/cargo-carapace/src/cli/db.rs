//! `db`: advisory databases on this machine.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use carapace_core::knowledge::advisory::index::{Contents, DatabaseInfo};
use carapace_core::text::visible;

use super::args::{DbArgs, DbCommand};
use super::audit::{door, now};
use super::{Exit, Failure, output};
use crate::advisories::source::Source;
use crate::advisories::store::{MAIN, Store};
use crate::advisories::take::{Taken, Taking, Validators, take};
use crate::advisories::{DatabaseError, RUSTSEC_ARCHIVE, load};
use crate::audit::databases::{ONE_RUN, Update, UpdateError, Updated};
use crate::host::dirs;

/// Whoever asks for an update waits longer than a run does.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(15);
const TOTAL: Duration = Duration::from_secs(300);

/// Carries the command out.
///
/// # Errors
/// [`Failure`] where it cannot.
pub fn run(arguments: &DbArgs) -> Result<Exit, Failure> {
    match &arguments.command {
        DbCommand::Update {
            source,
            name,
            allow_older,
            offline,
            quiet,
        } => update(source.as_deref(), name, *allow_older, *offline, *quiet),
        DbCommand::Status => status(),
        DbCommand::Remove { name } => remove(name),
        DbCommand::Snapshot {
            source,
            label,
            output,
        } => snapshot(source, label, output),
    }
}

fn store() -> Result<Store, Failure> {
    let cache = dirs::cache(&dirs::env).ok_or(DatabaseError::NoCacheFolder)?;
    Ok(Store::new(&cache))
}

/// A name becomes part of a file's name.
fn checked(name: &str) -> Result<&str, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        return Err(Failure(format!(
            "`{}` is no name for a database: letters, digits, `-` and `_`",
            visible(name)
        )));
    }
    Ok(name)
}

fn update(
    source: Option<&str>,
    name: &str,
    allow_older: bool,
    offline: bool,
    quiet: bool,
) -> Result<Exit, Failure> {
    let (store, name) = (store()?, checked(name)?);
    let source = match (source, store.slot(name)) {
        (Some(source), _) if name.starts_with(ONE_RUN) => {
            return Err(Failure(format!(
                "`{name}` cannot be given {}: names that begin with `{ONE_RUN}` are those of \
                 addresses given by `audit -u`",
                visible(source)
            )));
        }
        (Some(source), _) => Source::parse(source)?,
        (None, Some(slot)) => Source::parse(&slot.source)?,
        (None, None) if name == MAIN => Source::parse(RUSTSEC_ARCHIVE)?,
        (None, None) => {
            return Err(Failure(format!(
                "where `{name}` came from is not known: name its --source"
            )));
        }
    };
    let door = match offline {
        true => None,
        false => Some(door()?),
    };
    let update = Update {
        store: &store,
        name,
        source: &source,
        door: door.as_ref(),
        now: now(),
        patience: PATIENCE,
        connect: CONNECT,
        total: TOTAL,
        allow_older,
    };
    let (word, info) = match update.run() {
        Ok(Updated::Taken(info)) => ("taken in", info),
        Ok(Updated::Unchanged(info)) => ("unchanged", info),
        Err(UpdateError::Failed(error) | UpdateError::NotKept { error, .. }) => {
            return Err(error.into());
        }
    };
    if !quiet {
        output::answer(&format!("{word}: {}", description(&info)), None)?;
    }
    Ok(Exit::Pass)
}

fn status() -> Result<Exit, Failure> {
    let embedded = load::embedded_info();
    let mut text = format!("built in: {}", description(&embedded));
    let store = store()?;
    let mut damaged = Vec::new();
    for name in store.names() {
        match store.info(&name) {
            Some(info) => {
                let _ = write!(text, "{}: {}", visible(&name), description(&info));
            }
            None => damaged.push(name),
        }
    }
    output::answer(&text, None)?;
    for name in &damaged {
        let name = visible(name);
        output::error(&format!(
            "{name}: the kept index cannot be read; `cargo carapace db update --name {name}` makes \
             it anew"
        ));
    }
    Ok(if damaged.is_empty() {
        Exit::Pass
    } else {
        Exit::Error
    })
}

fn remove(name: &str) -> Result<Exit, Failure> {
    let (store, name) = (store()?, checked(name)?);
    if store.lock(PATIENCE)?.remove(name)? {
        Ok(Exit::Pass)
    } else {
        Err(Failure(format!("no database named `{name}` is held")))
    }
}

fn snapshot(source: &str, label: &str, file: &Path) -> Result<Exit, Failure> {
    let source = Source::parse(source)?;
    let door = door()?;
    let work = dirs::temporary().map_err(|e| Failure(format!("a temporary folder: {e}")))?;
    let taken = take(
        &source,
        Taking {
            door: Some(&door),
            work: &work,
            validators: Validators::default(),
            connect: CONNECT,
            total: TOTAL,
            contents: Contents::Facts,
            label: Some(label),
        },
    );
    let _ = std::fs::remove_dir_all(&work);
    let Taken::Database { info, index, .. } = taken? else {
        return Err(DatabaseError::Empty(source.name()).into());
    };
    let shown = file.to_string_lossy();
    std::fs::write(file, index).map_err(|e| Failure(format!("{}: {e}", visible(&shown))))?;
    output::answer(&format!("written: {}", description(&info)), None)?;
    Ok(Exit::Pass)
}

/// What a database is, and what of it could not be read; ends with a line's end.
fn description(info: &DatabaseInfo) -> String {
    let date = info
        .date
        .map_or_else(|| "unknown date".to_owned(), |date| date.to_string());
    let revision = info.revision.as_deref().and_then(|hash| hash.get(..12));
    let revision = revision.map_or_else(String::new, |hash| format!(", revision {hash}"));
    let mut text = format!(
        "{} advisories of {date}{revision}, from {}\n",
        info.advisories,
        visible(&info.source)
    );
    for set_aside in &info.set_aside {
        let (file, reason) = (visible(&set_aside.file), visible(&set_aside.reason));
        let _ = writeln!(text, "  set aside: {file}: {reason}");
    }
    text
}
