//! Finding and reading what is judged.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use carapace_core::engine::Subject;
use carapace_core::graph::Graph;
use carapace_core::graph::lockfile::{self, MAX_BYTES};
use carapace_core::report::{Gap, InputKind};
use carapace_core::text::visible;

use crate::cli::Failure;
use crate::cli::args::AuditArgs;
use crate::host::cargo::Environment;
use crate::host::dirs::{self, Env};
use crate::host::files::{read_found, read_regular};
use crate::host::resolve::{ResolveOptions, resolve};
use crate::host::search::{SearchOptions, find_lockfiles};
use crate::host::workspace::{Project, discover, repository_root};

/// How long cargo may take to resolve a project without a lockfile.
const RESOLVE: Duration = Duration::from_secs(120);

/// What is judged, read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What is judged, in the order asked for.
    pub subjects: Vec<Subject>,
    /// The text of each lockfile by its path as shown, to show lines of it.
    pub texts: HashMap<String, Vec<u8>>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// The folder of the project that is judged, if it is one.
    pub project: Option<PathBuf>,
}

/// A thing to read.
enum Target {
    Stdin,
    Lockfile(PathBuf),
    /// Found in a folder, so it may not lead out of it.
    Found(PathBuf, PathBuf),
    Project(PathBuf),
}

/// Finds and reads everything that was asked for.
///
/// # Errors
/// [`Failure`] where nothing is left to judge. Of several inputs, one that cannot be read is a
/// blocking gap.
pub fn gather(arguments: &AuditArgs, env: Env<'_>) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::default();
    let targets = targets(arguments, &mut inputs.gaps)?;
    let mut failures = Vec::new();
    for target in &targets {
        match read(target, arguments, env, &mut inputs) {
            Ok(subject) => inputs.subjects.push(subject),
            Err((path, reason)) => failures.push((path, reason)),
        }
    }
    if inputs.subjects.is_empty() {
        let shown = |(path, reason): &(String, String)| format!("{}: {reason}", visible(path));
        let failures: Vec<String> = failures.iter().map(shown).collect();
        return Err(Failure(match failures.as_slice() {
            [] => "no lockfile found".to_owned(),
            failures => failures.join("\n"),
        }));
    }
    inputs
        .gaps
        .extend(failures.into_iter().map(|(path, reason)| Gap {
            path: Some(path),
            blocking: true,
            ..Gap::new("input", reason)
        }));
    Ok(inputs)
}

fn targets(arguments: &AuditArgs, gaps: &mut Vec<Gap>) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    let current = PathBuf::from(".");
    let none = arguments.paths.is_empty()
        && arguments.files.is_empty()
        && arguments.manifest_path.is_none();
    let paths = if none {
        std::slice::from_ref(&current)
    } else {
        &arguments.paths
    };
    for path in paths {
        if arguments.recursive && path.is_dir() {
            let options = SearchOptions {
                include_target: arguments.include_target,
                include_vendored: arguments.include_vendored,
                ..SearchOptions::default()
            };
            let found = find_lockfiles(path, &options);
            let lockfiles = found.lockfiles.into_iter();
            targets.extend(lockfiles.map(|file| Target::Found(path.clone(), file)));
            gaps.extend(found.gaps.into_iter().map(|(path, reason)| Gap {
                path: Some(shown(&path)),
                blocking: true,
                ..Gap::new("input", reason)
            }));
        } else {
            targets.push(target(path, true));
        }
    }
    targets.extend(arguments.files.iter().map(|path| target(path, false)));
    if let Some(manifest) = &arguments.manifest_path {
        if manifest.file_name().is_none_or(|name| name != "Cargo.toml") {
            let shown = shown(manifest);
            return Err(Failure(format!(
                "{}: the manifest path must be a path to a Cargo.toml file",
                visible(&shown)
            )));
        }
        targets.push(Target::Project(manifest.clone()));
    }
    Ok(targets)
}

fn target(path: &Path, folders: bool) -> Target {
    if path.as_os_str() == "-" {
        return Target::Stdin;
    }
    if path.file_name().is_some_and(|name| name == "Cargo.toml") {
        return Target::Project(path.to_owned());
    }
    if folders && path.is_dir() {
        // A folder may hold a lockfile alone, as it was sent or extracted.
        let lockfile = path.join("Cargo.lock");
        if !path.join("Cargo.toml").exists() && lockfile.exists() {
            return Target::Found(path.to_owned(), lockfile);
        }
        return Target::Project(path.to_owned());
    }
    Target::Lockfile(path.to_owned())
}

/// A path as people would write it: from the current folder, if that is above or below.
fn shown(path: &Path) -> String {
    let relative = || {
        if path.is_relative() {
            return None;
        }
        let current = std::env::current_dir().ok()?;
        let mut up = PathBuf::new();
        // The root itself is above everything; a path from there is clearer in full.
        for above in current.ancestors().filter(|above| above.parent().is_some()) {
            if let Ok(below) = path.strip_prefix(above) {
                return Some(up.join(below));
            }
            up.push("..");
        }
        None
    };
    let path = relative().unwrap_or_else(|| path.to_owned());
    let path = path.strip_prefix(".").unwrap_or(&path);
    path.to_string_lossy().into_owned()
}

/// A path from the root of the repository that it is in, with `/`. Asks the file system, so it is
/// for the formats that show it.
#[must_use]
pub fn in_repository(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let root = repository_root(&path)?;
    let parts = path.strip_prefix(&root).ok()?.components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// Reads one thing; if that fails, its path and why.
fn read(
    target: &Target,
    arguments: &AuditArgs,
    env: Env<'_>,
    inputs: &mut Inputs,
) -> Result<Subject, (String, String)> {
    let (path, kind, bytes) = match target {
        Target::Stdin => {
            let mut bytes = Vec::new();
            let stdin = std::io::stdin().lock();
            let read = stdin.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|error| ("standard input".to_owned(), error.to_string()))?;
            ("-".to_owned(), InputKind::Lockfile, bytes)
        }
        Target::Lockfile(path) => {
            let bytes = read_regular(path, MAX_BYTES as u64);
            let bytes = bytes.map_err(|error| (shown(path), error.to_string()))?;
            (shown(path), InputKind::Lockfile, bytes)
        }
        Target::Found(folder, path) => {
            let bytes = read_found(folder, path, MAX_BYTES as u64);
            let bytes = bytes.map_err(|error| (shown(path), error.to_string()))?;
            (shown(path), InputKind::Lockfile, bytes)
        }
        Target::Project(start) => {
            let home = dirs::cargo_home(env);
            let project = discover(start, home.as_deref());
            let project = project.map_err(|error| (shown(start), error.to_string()))?;
            let bytes = lockfile_of(&project, arguments, env, inputs)?;
            inputs.project.get_or_insert_with(|| project.root.clone());
            (shown(&project.lockfile), InputKind::Manifest, bytes)
        }
    };
    let graph = lockfile::read(&bytes)
        .and_then(|lockfile| Graph::from_lockfile(&lockfile))
        .map_err(|error| (path.clone(), visible(&error.to_string()).into_owned()))?;
    inputs.texts.insert(path.clone(), bytes);
    Ok(Subject {
        path,
        repository_path: None,
        kind,
        graph: Arc::new(graph),
    })
}

/// A project's lockfile, or what cargo resolves for it in a temporary copy.
fn lockfile_of(
    project: &Project,
    arguments: &AuditArgs,
    env: Env<'_>,
    inputs: &mut Inputs,
) -> Result<Vec<u8>, (String, String)> {
    let path = shown(&project.lockfile);
    if project.has_lockfile {
        let bytes = read_found(&project.root, &project.lockfile, MAX_BYTES as u64);
        return bytes.map_err(|error| (path, error.to_string()));
    }
    if arguments.network.locked || arguments.network.frozen {
        let reason = "there is no lockfile, and --locked forbids to resolve one".to_owned();
        return Err((path, reason));
    }
    let work = dirs::cache(env).map(|cache| cache.join("resolve"));
    let options = ResolveOptions {
        offline: arguments.network.offline,
        timeout: RESOLVE,
        work: work.unwrap_or_else(std::env::temp_dir),
        environment: Environment::of_process(),
    };
    std::fs::create_dir_all(&options.work).map_err(|error| {
        (
            options.work.to_string_lossy().into_owned(),
            error.to_string(),
        )
    })?;
    let bytes = resolve(project, &options).map_err(|error| (path.clone(), error.to_string()))?;
    inputs.gaps.push(Gap {
        input: Some(path),
        ..Gap::new(
            "lockfile",
            "there is none: what cargo resolves now, in a temporary copy, was judged; a build may \
             choose other versions",
        )
    });
    Ok(bytes)
}
