//! What the compiler says (`--compiled`): the project is built, and what rustc calls unsafe in each
//! unit is held against the census.
//!
//! This is the one way in which `unsafe` runs what it judges: building runs build scripts and
//! procedural macros. They run as the user, so nothing that they could change is trusted more than
//! they are: their answers can be false. What they are kept from is what they need not have, which
//! is most of the environment, and the project's own configuration of cargo is not obeyed here
//! either.
//!
//! ```text
//! compiled/KEY/target     cargo's target folder; KEY is made of the project's folder
//! compiled/KEY/answers    what rustc said of each unit that is in there: see `answers`
//! ```
//!
//! *Invariants.* The user is told before anything of the project runs. Nothing is written outside of
//! that folder. An answer is there for whatever cargo finds fresh in the target folder: it is
//! written before cargo learns that the unit is done, and replaced whenever it is compiled anew.

mod answers;
mod build;
pub mod wrapper;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::census::Census;
use carapace_core::census::compiled::Reconciliation;
use carapace_core::census::compiled::reconcile::{Compiled, Unit};
use carapace_core::report::Gap;

use crate::audit::inputs::shown;
use crate::cli::args::UnsafeArgs;
use crate::cli::{Failure, output};
use crate::ground::Ground;
use crate::host::cargo::{Cargo, Environment};
use crate::host::toolchain::Fingerprint;
use crate::host::{dirs, files, foreign};
use answers::Answers;
use build::{Build, Built};

/// What is read of a source at most, in bytes.
const MAX_SOURCE: u64 = 32 * 1024 * 1024;
/// How much of cargo's messages is shown, in characters.
const MAX_SAID: usize = 1500;
/// Of how many projects what was built is kept. It is large, and can be built again.
const MAX_PROJECTS: usize = 8;

/// Builds the project, compares, and settles in the census what only a build can tell.
///
/// # Errors
/// [`Failure`] where it cannot be tried.
pub(super) fn reconcile(
    arguments: &UnsafeArgs,
    ground: &Ground,
    census: &mut Census,
    gaps: &mut Vec<Gap>,
) -> Result<Reconciliation, Failure> {
    if !ground.has_own_lockfile {
        return Err(Failure(format!(
            "{}: it is missing or does not fit the manifests, and to compile without it would \
             have cargo write it; run `cargo generate-lockfile`, or leave out --compiled",
            shown(&ground.project.lockfile)
        )));
    }
    let environment = Environment::of_process();
    let Some(cargo) = Cargo::find(&environment, &ground.tree) else {
        return Err(Failure(format!(
            "there is no cargo to build with outside of `{}`; install it in an absolute folder of \
             PATH",
            foreign::path(&ground.tree)
        )));
    };
    let Some(cache) = dirs::cache(&dirs::env) else {
        let missing = "there is no folder to build in; set CARAPACE_CACHE_DIR to one";
        return Err(Failure(missing.to_owned()));
    };
    let folder = folder(&cache, &ground.project.root);
    output::note(&format!(
        "--compiled builds {} in {}: its build scripts and procedural macros, and those of all \
         that it depends on, are run",
        shown(&ground.project.manifest),
        foreign::path(&folder)
    ));
    let answers = Answers::new(&folder.join("answers"));
    let build = Build {
        cargo: &cargo,
        environment: &environment,
        arguments,
        ground,
        folder: &folder,
        answers: &answers,
    };
    let mut built = build.run()?;
    let (mut units, mut missing) = units(&built, ground, &answers);
    if missing > 0 {
        // Answers have been lost, and cargo does not ask again for what it finds fresh.
        build.forget()?;
        built = build.run()?;
        (units, missing) = self::units(&built, ground, &answers);
    }
    sweep(&cache, &folder);
    gaps.extend(unbuilt(&built, missing));
    let folders: Vec<String> = ground
        .metadata
        .packages
        .iter()
        .map(|package| package.root_dir().replace('\\', "/"))
        .collect();
    let generated = folder.to_string_lossy().replace('\\', "/");
    let compiled = Compiled {
        folders: &folders,
        generated: &generated,
        units: &units,
        is_whole: built.is_whole && missing == 0,
        text: &|file| {
            let bytes = files::read_regular(Path::new(file), MAX_SOURCE).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        },
    };
    Ok(compiled.reconcile(census))
}

/// Where a project is built.
fn folder(cache: &Path, root: &Path) -> PathBuf {
    let mut key = Fingerprint::new("compiled 1");
    key.text(root);
    cache.join("compiled").join(key.finish())
}

/// The units that take part, with the kept answers, and of how many there is none.
fn units(built: &Built, ground: &Ground, answers: &Answers) -> (Vec<Unit>, usize) {
    let places: HashMap<&str, usize> = ground
        .metadata
        .packages
        .iter()
        .enumerate()
        .map(|(place, package)| (&*package.id, place))
        .collect();
    let mut units = Vec::new();
    let mut missing = 0;
    for artifact in &built.artifacts {
        let place = places.get(artifact.package_id.as_str());
        let answer = artifact.names().find_map(|name| answers.get(&name));
        match (place, answer) {
            (Some(place), Some(answer)) => units.push(Unit {
                package: *place,
                files: answer.files,
                reported: answer.reported,
            }),
            _ => missing += 1,
        }
    }
    (units, missing)
}

/// What keeps the comparison from being whole.
fn unbuilt(built: &Built, missing: usize) -> Vec<Gap> {
    let blocking = |reason: String| Gap {
        blocking: true,
        ..Gap::new("compiled", reason)
    };
    let mut gaps = Vec::new();
    if !built.is_whole {
        let said = foreign::shown_up_to(&built.said, MAX_SAID);
        gaps.push(blocking(format!(
            "the build failed, and only what was compiled is compared: {said}; it is built without \
             the project's own configuration of cargo and with few of the environment's variables"
        )));
    }
    if missing > 0 {
        gaps.push(blocking(format!(
            "of {missing} compiled units it is not known what the compiler said"
        )));
    }
    gaps
}

/// Removes what was built of the projects that were built the longest ago.
fn sweep(cache: &Path, current: &Path) {
    let entries = fs::read_dir(cache.join("compiled")).into_iter().flatten();
    let mut others: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != current)
        .filter_map(|path| {
            // Each build writes its configuration anew.
            let used = fs::metadata(path.join(build::CONFIG)).and_then(|meta| meta.modified());
            Some((used.ok()?, path))
        })
        .collect();
    others.sort_unstable();
    others.reverse();
    for (_, path) in others.into_iter().skip(MAX_PROJECTS - 1) {
        // What can't be removed is tried again the next time.
        let _ = fs::remove_dir_all(path);
    }
}
