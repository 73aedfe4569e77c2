//! `init`: a `carapace.toml` to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use carapace_core::policy::{audit_toml, deny_toml, init};
use carapace_core::text::visible;

use super::args::InitArgs;
use super::{Exit, Failure, output};
use crate::audit::inputs::shown;
use crate::audit::ruling::{AUDIT_TOML, others};
use crate::gate::config::{self, FILE};
use crate::host::dirs;
use crate::host::workspace::discover;

/// Carries the command out.
///
/// # Errors
/// [`Failure`] where there is a policy already, what is taken over cannot be understood, or nothing can
/// be written.
pub fn run(arguments: &InitArgs) -> Result<Exit, Failure> {
    let start = arguments.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let project = discover(&start, dirs::cargo_home(&dirs::env).as_deref())?;
    let (own, _) = config::read(&project, &shown)?;
    if let Some(own) = own {
        return Err(Failure(format!(
            "{}: there is a policy already; edit it, or remove it first",
            visible(&own.file)
        )));
    }
    let text = match others(&project.root).first() {
        None => init::empty(),
        Some(path) if path.ends_with(AUDIT_TOML) => {
            let (toml, file) = config::found(&project.root, path, &shown, audit_toml::parse)?;
            init::from_audit(&toml, &file)
        }
        Some(path) => {
            let (toml, file) = config::found(&project.root, path, &shown, deny_toml::parse)?;
            init::from_deny(&toml, &file)
        }
    };
    if arguments.dry_run {
        output::answer(&text, None)?;
        return Ok(Exit::Pass);
    }
    let path = project.root.join(FILE);
    // Whatever lies there, a link too, is somebody's.
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let what = match error.kind() {
            ErrorKind::AlreadyExists => "is there already; remove it first".to_owned(),
            _ => format!("can't be written: {error}"),
        };
        Failure(format!("{}: {what}", visible(&shown(&path))))
    })?;
    output::note(&format!("wrote {}", visible(&shown(&path))));
    Ok(Exit::Pass)
}
