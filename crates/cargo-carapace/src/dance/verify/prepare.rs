//! Getting ready to build with the network off: a lockfile, and all packages that it names.
//!
//! Cargo does it, with the user's own home and connection. Nothing of the package is run for it.

use std::fs;
use std::path::Path;

use super::place::Place;
use super::{Options, Subject};
use crate::cli::Failure;
use crate::host::{files, resolve};

/// What a manifest may weigh, in bytes.
pub(super) const MAX_MANIFEST: u64 = 4 << 20;

/// How versions of packages are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// By the lockfile that is there.
    Locked,
    /// Anew.
    Fresh,
    /// Anew, and without those that only tests need.
    WithoutTests,
}

impl Plan {
    /// Those that may be tried, the best first.
    pub(super) fn all(subject: &Subject, place: &Place) -> Vec<Self> {
        let is_own = matches!(subject, Subject::Workspace { .. });
        let has_lockfile = place.root.join("Cargo.lock").is_file();
        let mut plans = Vec::new();
        if has_lockfile {
            plans.push(Self::Locked);
        }
        // The user's own lockfile is what they build with.
        if !has_lockfile || !is_own {
            plans.push(Self::Fresh);
        }
        if !is_own {
            plans.push(Self::WithoutTests);
        }
        plans
    }

    /// What of it the user should know.
    pub(super) fn note(self) -> Option<String> {
        let note = match self {
            Self::Locked => return None,
            Self::Fresh => "its dependencies were resolved anew",
            Self::WithoutTests => {
                "its dependencies were resolved anew, without those that only tests and examples \
                 need: they can't be had or do not build here"
            }
        };
        Some(note.to_owned())
    }
}

/// Carries a plan out: what is in the way of it, as cargo says it.
///
/// # Errors
/// [`Failure`] where files of ours cannot be written.
pub(super) fn prepare(
    plan: Plan,
    place: &Place,
    options: &Options<'_>,
) -> Result<Result<(), Vec<String>>, Failure> {
    if plan == Plan::WithoutTests && !leave_out_tests(&place.root)? {
        let said = "it has no dependencies that only tests need".to_owned();
        return Ok(Err(vec![said]));
    }
    if plan != Plan::Locked {
        let _ = fs::remove_file(place.root.join("Cargo.lock"));
        if let Err(said) = run(place, options, &["generate-lockfile"]) {
            return Ok(Err(said));
        }
    }
    let host = place.host.as_deref();
    let target: Vec<&str> = host
        .into_iter()
        .flat_map(|host| ["--target", host])
        .collect();
    let fetched = run(
        place,
        options,
        &[&["fetch", "--locked"], &target[..]].concat(),
    );
    if fetched.is_ok() {
        place.hand_over()?;
    }
    Ok(fetched)
}

/// Runs cargo on the copy's manifest: what it says if it does not succeed.
fn run(place: &Place, options: &Options<'_>, arguments: &[&str]) -> Result<(), Vec<String>> {
    let mut command = place.fetching();
    command
        // Versions are chosen for the compiler that is here.
        .env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback")
        .args(arguments)
        .args(["--quiet", "--manifest-path"])
        .arg(place.root.join("Cargo.toml"));
    if options.offline {
        command.arg("--offline");
    }
    if let Some(config) = Some(&place.sources).filter(|config| !config.is_empty()) {
        let file = place.root.with_file_name("sources.toml");
        fs::write(&file, config).map_err(|error| vec![error.to_string()])?;
        command.arg("--config").arg(file);
    }
    let done = resolve::run(command, options.fetch_timeout, resolve::MAX_OUTPUT);
    match done {
        Ok((_, status, _)) if status.success() => Ok(()),
        Ok((_, _, said)) => Err(place.said(&said).split("; ").map(str::to_owned).collect()),
        Err(error) => Err(vec![error.to_string()]),
    }
}

/// Takes the dependencies that only tests need out of the copy's manifest: whether there were any.
fn leave_out_tests(root: &Path) -> Result<bool, Failure> {
    let file = root.join("Cargo.toml");
    let text = files::read_found(root, &file, MAX_MANIFEST)?;
    let text = String::from_utf8_lossy(&text);
    match without_tests(&text) {
        Some(text) => {
            fs::write(&file, text)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// A manifest without the tables of dependencies that only tests need; none where there are none, or
/// what is left is no manifest. A package's published manifest has each in a table of its own.
fn without_tests(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut is_left_out = false;
    let mut has_any = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            is_left_out = is_for_tests(line);
            has_any |= is_left_out;
        }
        if !is_left_out {
            kept.push_str(line);
        }
    }
    (has_any && kept.parse::<toml::Table>().is_ok()).then_some(kept)
}

/// Whether a table is, or is in, one of `dev-dependencies`, of all platforms or of one.
fn is_for_tests(header: &str) -> bool {
    let Ok(table) = header.parse::<toml::Table>() else {
        return false;
    };
    let is_it = |table: &toml::Table| {
        table.contains_key("dev-dependencies") || table.contains_key("dev_dependencies")
    };
    let targets = table.get("target").and_then(toml::Value::as_table);
    let mut targets = targets.into_iter().flat_map(|targets| targets.values());
    is_it(&table) || targets.any(|target| target.as_table().is_some_and(is_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_tests_are_taken_out() {
        let text = "[package]\nname = \"a\"\n\n[dev-dependencies.rand]\nversion = \"1\"\nfeatures = [\n    \"x\",\n]\n\n\
            [target.\"cfg(unix)\".dev-dependencies]\nlibc = \"1\"\n[dependencies.b]\nversion = \"2\"\n";
        assert_eq!(
            without_tests(text).unwrap(),
            "[package]\nname = \"a\"\n\n[dependencies.b]\nversion = \"2\"\n"
        );
        assert_eq!(without_tests("[package]\nname = \"a\"\n"), None);
    }
}
