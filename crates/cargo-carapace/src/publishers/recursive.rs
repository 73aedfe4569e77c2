//! `publishers --recursive`: what was published to do harm, in any lockfile below a folder and in
//! cargo's cache. A lockfile that nobody remembers, in a `target` folder say, has been the way in.
//!
//! Advisories are brought and held against packages as `audit` does it; only those about malice count.
//! What projects say of themselves leaves nothing out here.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carapace_core::engine::{self, Request, Subject};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::knowledge::registry::name_and_version;
use carapace_core::report::{Gap, InputKind, Report};

use super::archives::MAX_ARCHIVES;
use crate::advisories::load::Question;
use crate::advisories::store::Store;
use crate::audit::databases::Sources;
use crate::audit::inputs::{Inputs, gather, shown};
use crate::audit::settings::settings;
use crate::cli::Failure;
use crate::cli::args::{AuditArgs, ConfigArgs, PublishersArgs};
use crate::cli::audit::{door, now, today};
use crate::gate::archive::registries;
use crate::host::dirs;
use crate::host::registry::is_crates_io;

/// Looks at every lockfile below the folder that is named, else the current one, and at cargo's cache.
///
/// # Errors
/// [`Failure`] where there is neither a lockfile nor a cache, and where advisories that were named
/// cannot be had.
pub fn look(arguments: &PublishersArgs) -> Result<Report, Failure> {
    let folder = arguments.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let wanted = AuditArgs {
        paths: vec![folder.clone()],
        recursive: true,
        include_target: true,
        include_vendored: true,
        no_yanked: true,
        config: ConfigArgs {
            no_project_config: true,
            ..ConfigArgs::default()
        },
        db: arguments.db.clone(),
        network: arguments.network,
        ..AuditArgs::default()
    };
    let cached = cached();
    let mut inputs = match gather(&wanted, &dirs::env) {
        Ok(inputs) => inputs,
        Err(failure) if cached.is_empty() => return Err(failure),
        Err(Failure(reason)) => Inputs {
            gaps: vec![Gap {
                path: Some(shown(&folder)),
                blocking: true,
                ..Gap::new(Gap::INPUT, reason)
            }],
            ..Inputs::default()
        },
    };
    let settings = settings(&wanted, &inputs, &dirs::env)?;
    let caches: Vec<String> = cached.iter().map(|subject| subject.path.clone()).collect();
    inputs.subjects.extend(cached);
    let packages = inputs
        .subjects
        .iter()
        .flat_map(|subject| subject.graph.packages());
    let packages = packages
        .map(|package| (package.name.as_str(), &package.version))
        .collect();
    let question = Question {
        wanted: &packages,
        ids: &[],
    };
    let store = dirs::cache(&dirs::env).map(|cache| Store::new(&cache));
    let door = match settings.offline {
        true => None,
        false => Some(door()?),
    };
    let sources = Sources {
        store: store.as_ref(),
        door: door.as_ref(),
        now: now(),
    };
    let mut gaps = inputs.gaps;
    let mut knowledge = sources.bring(&settings, question, &mut gaps)?;
    knowledge
        .advisories
        .retain(|advisory| advisory.is_malicious());
    let request = Request {
        subjects: inputs.subjects.clone(),
        gaps,
        today: today(),
        ..Request::default()
    };
    let mut report = engine::audit(request, &knowledge, &settings.policy);
    report.command = "publishers";
    for input in &mut report.inputs {
        // A folder has no lines.
        if caches.contains(&input.path) {
            input
                .findings
                .iter_mut()
                .for_each(|finding| finding.location = None);
        }
    }
    Ok(report)
}

/// The packages in cargo's folders of archives, each folder as if it were a lockfile.
fn cached() -> Vec<Subject> {
    let home = dirs::cargo_home(&dirs::env);
    let folders = home.iter().flat_map(|home| registries(home));
    folders.filter_map(|folder| in_folder(&folder)).collect()
}

fn in_folder(folder: &Path) -> Option<Subject> {
    let registry = folder.file_name()?.to_str()?;
    let source = match is_crates_io(registry) {
        true => "https://github.com/rust-lang/crates.io-index".to_owned(),
        // Which one it is, the folder's name does not tell.
        false => format!("https://{}.invalid/", registry.escape_default()),
    };
    let entries = fs::read_dir(folder).ok()?.flatten().take(MAX_ARCHIVES);
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    let mut lock = "version = 4\n".to_owned();
    for name in &names {
        let stem = name.strip_suffix(".crate").map(str::as_bytes);
        let Some((name, version)) = stem.and_then(name_and_version) else {
            continue;
        };
        // Writing to a string cannot fail.
        let _ = write!(
            lock,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \
             \"registry+{source}\"\n"
        );
    }
    let locked = lockfile::read(lock.as_bytes()).ok()?;
    let graph = Graph::from_lockfile(&locked).ok()?;
    (!graph.packages().is_empty())
        .then(|| Subject::new(shown(folder), InputKind::Lockfile, Arc::new(graph)))
}
