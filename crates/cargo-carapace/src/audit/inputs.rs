//! Finding and reading what is judged.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use carapace_core::engine::Subject;
use carapace_core::graph::Graph;
use carapace_core::graph::lockfile::{self, MAX_BYTES};
use carapace_core::report::{ConfigEffect, Gap, InputKind};
use carapace_core::text::visible;

use super::binaries::{self, Binaries, Candidates};
use super::reach::Ground;
use super::roles::{self, Built, Shipped};
use super::ruling::{self, Ruled};
use crate::cli::Failure;
use crate::cli::args::{AuditArgs, AuditWord};
use crate::host::cargo::Environment;
use crate::host::dirs::{self, Env};
use crate::host::files::{FileError, read_found, read_regular};
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
    /// The folders of the projects that are judged, each once.
    pub projects: Vec<PathBuf>,
    /// What rules each of them.
    pub ruled: Vec<Ruled>,
    /// What the projects' configuration of cargo did.
    pub effects: Vec<ConfigEffect>,
    /// The projects of which it is known what they build, by their paths as shown.
    pub grounds: BTreeMap<String, Ground>,
}

/// A thing to read.
enum Target {
    Stdin,
    Lockfile(PathBuf),
    /// Found in a folder, so it may not lead out of it.
    Found(PathBuf, PathBuf),
    Project(PathBuf),
    /// Binaries: one, or those in a folder.
    Binaries(Candidates),
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
    let compiled = targets.iter().filter_map(|target| match target {
        Target::Binaries(candidates) => Some(candidates),
        _ => None,
    });
    let mut binaries = Binaries::read(compiled, arguments);
    for target in &targets {
        failures.extend(read(target, arguments, env, &mut binaries, &mut inputs));
    }
    if inputs.subjects.is_empty() {
        // What the search could not look at may be what was meant.
        let gaps = inputs.gaps.into_iter();
        failures.extend(gaps.filter_map(|gap| Some((gap.path?, gap.reason))));
        if failures.is_empty() {
            let none = "no lockfile in it or below; -r leaves out `target` and vendored packages";
            let folders = searched(arguments);
            let shown = folders.iter().map(|folder| shown(folder));
            failures.extend(shown.map(|folder| (folder, none.to_owned())));
        }
        let shown = |(path, reason): &(String, String)| match path.as_str() {
            // It says where by itself.
            "" => reason.clone(),
            path => format!("{}: {reason}", visible(path)),
        };
        let failures: Vec<String> = failures.iter().map(shown).collect();
        return Err(Failure(failures.join("\n")));
    }
    let failures = failures.into_iter();
    inputs
        .gaps
        .extend(failures.map(|(path, reason)| unread(path, reason)));
    Ok(inputs)
}

/// The gap of what was asked for and could not be read.
pub(super) fn unread(path: String, reason: String) -> Gap {
    Gap {
        path: Some(path),
        blocking: true,
        ..Gap::new(Gap::INPUT, reason)
    }
}

fn targets(arguments: &AuditArgs, gaps: &mut Vec<Gap>) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for path in &searched(arguments) {
        if arguments.word == Some(AuditWord::Bin) {
            targets.push(Target::Binaries(Candidates::of(path)));
        } else if arguments.recursive && path.is_dir() {
            let options = SearchOptions {
                include_target: arguments.include_target,
                include_vendored: arguments.include_vendored,
                ..SearchOptions::default()
            };
            let found = find_lockfiles(path, &options);
            let lockfiles = found.files.into_iter();
            targets.extend(lockfiles.map(|file| Target::Found(path.clone(), file)));
            let not_searched = found.gaps.into_iter();
            gaps.extend(not_searched.map(|(path, reason)| unread(shown(&path), reason)));
        } else {
            targets.push(target(path, true));
        }
    }
    let files = arguments.paths.iter().chain(&arguments.files);
    if files.filter(|path| path.as_os_str() == "-").count() > 1 {
        let twice = "standard input can be read once: name `-` once";
        return Err(Failure(twice.to_owned()));
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

/// The paths that were given; the current folder if nothing was.
pub(super) fn searched(arguments: &AuditArgs) -> Vec<PathBuf> {
    let none = arguments.paths.is_empty()
        && arguments.files.is_empty()
        && arguments.manifest_path.is_none();
    match none {
        true => vec![PathBuf::from(".")],
        false => arguments.paths.clone(),
    }
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
        if !path.join("Cargo.toml").exists() && binaries::holds_binary(path) {
            return Target::Binaries(Candidates::of(path));
        }
        return Target::Project(path.to_owned());
    }
    if folders && binaries::is_binary(path) {
        return Target::Binaries(Candidates::of(path));
    }
    Target::Lockfile(path.to_owned())
}

/// A path as people would write it: from the current folder, if that is above or below.
pub(crate) fn shown(path: &Path) -> String {
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
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    let root = repository_root(&folder)?;
    let path = folder.join(path.file_name()?);
    let parts = path.strip_prefix(&root).ok()?.components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// Reads what a target is; what of it could not be read, with its path and why.
fn read(
    target: &Target,
    arguments: &AuditArgs,
    env: Env<'_>,
    binaries: &mut Binaries,
    inputs: &mut Inputs,
) -> Vec<(String, String)> {
    let mut lockfile = |path: &Path, bytes: Result<Vec<u8>, FileError>| {
        let bytes = bytes.map_err(|error| (shown(path), error.to_string()))?;
        subject(shown(path), InputKind::Lockfile, bytes, inputs)
    };
    let subject = match target {
        Target::Stdin => {
            let mut bytes = Vec::new();
            let stdin = std::io::stdin().lock();
            let read = stdin.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
            let read = read.map_err(|error| ("standard input".to_owned(), error.to_string()));
            read.and_then(|_| subject("-".to_owned(), InputKind::Lockfile, bytes, inputs))
        }
        Target::Lockfile(path) => lockfile(path, read_regular(path, MAX_BYTES as u64)),
        Target::Found(folder, path) => lockfile(path, read_found(folder, path, MAX_BYTES as u64)),
        Target::Project(start) => project(start, arguments, env, inputs),
        Target::Binaries(candidates) => return binaries.take(candidates, inputs),
    };
    match subject {
        Ok(subject) => inputs.subjects.push(subject),
        Err(failure) => return vec![failure],
    }
    Vec::new()
}

fn subject(
    path: String,
    kind: InputKind,
    bytes: Vec<u8>,
    inputs: &mut Inputs,
) -> Result<Subject, (String, String)> {
    let graph = lockfile::read(&bytes)
        .and_then(|lockfile| Graph::from_lockfile(&lockfile))
        .map_err(|error| (path.clone(), visible(&error.to_string()).into_owned()))?;
    inputs.texts.insert(path.clone(), bytes);
    Ok(Subject::new(path, kind, Arc::new(graph)))
}

/// Reads a project: its lockfile, or what cargo resolves now, and what cargo says of what is built.
fn project(
    start: &Path,
    arguments: &AuditArgs,
    env: Env<'_>,
    inputs: &mut Inputs,
) -> Result<Subject, (String, String)> {
    let home = dirs::cargo_home(env);
    let project = discover(start, home.as_deref());
    let project = project.map_err(|error| (shown(start), error.to_string()))?;
    let path = shown(&project.lockfile);
    let locked = match project.has_lockfile {
        true => {
            let bytes = read_found(&project.root, &project.lockfile, MAX_BYTES as u64);
            Some(bytes.map_err(|error| (path.clone(), error.to_string()))?)
        }
        false if arguments.network.locked || arguments.network.frozen => {
            let reason = "there is no lockfile, and --locked forbids to resolve one".to_owned();
            return Err((path, reason));
        }
        false => None,
    };
    let ruled =
        ruling::of(&project, arguments, env).map_err(|failure| (String::new(), failure.0))?;
    let shipped = Shipped::new(arguments, &ruled);
    if !inputs.projects.contains(&project.root) {
        inputs.projects.push(project.root.clone());
        inputs.ruled.push(ruled);
    }
    let mut built = Built::ask(&project, arguments, &shipped, env);
    let bytes = match (locked, &mut built) {
        (Some(bytes), _) => bytes,
        (None, Ok(built)) => {
            inputs.gaps.push(unlocked(&path));
            std::mem::take(&mut built.described.lockfile)
        }
        // What versions there are needs no sources, which cargo may not have and not get.
        (None, Err(_)) => {
            let bytes = resolved(&project, arguments, env).map_err(|why| (path.clone(), why))?;
            inputs.gaps.push(unlocked(&path));
            bytes
        }
    };
    let mut subject = subject(path.clone(), InputKind::Manifest, bytes, inputs)?;
    let roles = built.as_ref().map_err(Clone::clone).and_then(|built| {
        subject.toolchain = built.toolchain(&project.root);
        inputs
            .effects
            .extend(built.described.effects.iter().cloned());
        // Cargo has resolved another lockfile: what that one builds says nothing of this one.
        if project.has_lockfile && !built.described.has_own_lockfile {
            return Err("the lockfile does not fit the manifests".to_owned());
        }
        let gaps = built.described.gaps.iter();
        let gaps = gaps.filter(|gap| gap.what != Gap::LOCKFILE).cloned();
        inputs.gaps.extend(gaps.map(|gap| Gap {
            input: Some(path.clone()),
            ..gap
        }));
        built.roles(&subject.graph, &shipped)
    });
    match roles {
        Ok(roles) => {
            subject.roles = roles;
            inputs.grounds.extend(built.ok().map(|built| {
                let ground = Ground {
                    built,
                    shipped,
                    tests: !arguments.built.no_dev,
                };
                (path.clone(), ground)
            }));
        }
        Err(reason) => {
            let reason = visible(&reason).into_owned();
            inputs.gaps.push(roles::unknown(&path, &reason));
        }
    }
    Ok(subject)
}

/// The lockfile that cargo would write.
fn resolved(project: &Project, arguments: &AuditArgs, env: Env<'_>) -> Result<Vec<u8>, String> {
    let options = ResolveOptions {
        offline: arguments.network.offline,
        timeout: RESOLVE,
        work: dirs::work(env),
        environment: Environment::of_process(),
    };
    resolve(project, &options).map_err(|error| error.to_string())
}

fn unlocked(path: &str) -> Gap {
    Gap {
        input: Some(path.to_owned()),
        ..Gap::new(
            Gap::LOCKFILE,
            "there is none: what cargo resolves now, in a temporary copy, was judged; a build may \
             choose other versions",
        )
    }
}
