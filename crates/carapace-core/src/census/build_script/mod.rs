//! What a build script sets, without running it.
//!
//! A script is followed through on values that may be unknown: its sources are read by a parser of
//! their own (`syntax`, `parser`, `items`), and gone through by the `machine`, which knows
//! what cargo tells a script, what the compiler says of itself, and the libraries that scripts use
//! to ask it. Conditions that depend on anything else are unknown: both ways are gone.
//!
//! *Invariants.* A cfg is said to be not set only where no way that ends well prints it, and set
//! only where all of them do. Code that is not understood may print whatever its strings hold. No
//! input makes it panic, or run on.

mod items;
mod machine;
mod parser;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cfg::{CfgSet, Predicate, predicate_of_line};
use crate::facts::build_script::{BuildScriptFacts, HelperFacts};

/// Where build scripts and the compiler run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Toolchain<'a> {
    /// What `rustc -vV` prints.
    pub verbose: &'a str,
    /// The triple of the host.
    pub host: &'a str,
    /// Whether there is a C compiler; none if that is not known.
    pub c_compiler: Option<bool>,
}

impl Toolchain<'_> {
    fn line(&self, name: &str) -> &str {
        let mut lines = self.verbose.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_default()
    }

    /// The version: `1.95.0`, `1.97.0-nightly`.
    fn release(&self) -> &str {
        self.line("release")
    }

    fn channel(&self) -> &str {
        match self.release().split_once('-') {
            None => "stable",
            Some((_, channel)) => channel.split('.').next().unwrap_or_default(),
        }
    }

    fn minor(&self) -> Option<u64> {
        self.release()
            .strip_prefix("1.")?
            .split('.')
            .next()?
            .parse()
            .ok()
    }
}

/// What a build script is told, and where it runs.
#[derive(Debug, Clone, Copy)]
pub struct ScriptEnvironment<'a> {
    /// The compiler.
    pub toolchain: Toolchain<'a>,
    /// The package's name.
    pub name: &'a str,
    /// The package's version.
    pub version: &'a str,
    /// The features, sorted.
    pub features: &'a [Arc<str>],
    /// The triple of the target.
    pub target: &'a str,
    /// What the compiler sets for the target.
    pub cfg: &'a CfgSet,
    /// What the compiler sets for the host.
    pub host: &'a CfgSet,
    /// What the packages that the script is made with may set.
    pub helpers: &'a [(&'a str, &'a HelperFacts)],
}

/// Packages whose functions are evaluated as what they do.
const KNOWN_HELPERS: [&str; 3] = ["autocfg", "cfg_aliases", "rustversion"];

/// The minor version of the oldest Python that a package for Python's stable interface is for. Such
/// a package is the same for all versions, and is made for CPython.
fn stable_python(environment: &ScriptEnvironment<'_>) -> Option<u8> {
    let features = environment.features.iter();
    let versions = features.filter_map(|name| name.strip_prefix("abi3-py3")?.parse().ok());
    versions.min()
}

/// Whether what a cfg tells is which Python it is.
fn is_of_python(name: &str) -> bool {
    name.starts_with("Py_") || matches!(name, "PyPy" | "GraalPy")
}

/// Where the package's folder and that for what is made are taken to be.
const PACKAGE: &str = "/package";
const OUTPUT: &str = "/output";

impl ScriptEnvironment<'_> {
    /// A variable of the environment: none of it if it is not set, and none at all if that is not
    /// known.
    fn variable(&self, name: &str, _: &items::Program) -> Option<Option<String>> {
        let own = |text: &str| Some(Some(text.to_owned()));
        if let Some(feature) = name.strip_prefix("CARGO_FEATURE_") {
            let found = self.features.iter().any(|known| upper(known) == feature);
            return Some(found.then(|| "1".to_owned()));
        }
        if let Some(key) = name.strip_prefix("CARGO_CFG_") {
            return self.cfg_variable(key);
        }
        let mut version = self.version.split(['.', '-', '+']);
        let mut part = |at: usize| Some(version.nth(at).map(str::to_owned));
        match name {
            "TARGET" => own(self.target),
            "HOST" => own(self.toolchain.host),
            "RUSTC" => own("rustc"),
            "RUSTDOC" => own("rustdoc"),
            "CARGO" => own("cargo"),
            "PROFILE" => own("debug"),
            "OPT_LEVEL" => own("0"),
            "DEBUG" => own("true"),
            "OUT_DIR" => own(OUTPUT),
            "CARGO_MANIFEST_DIR" => own(PACKAGE),
            "CARGO_MANIFEST_PATH" => own("/package/Cargo.toml"),
            "CARGO_PKG_NAME" => own(self.name),
            "CARGO_PKG_VERSION" => own(self.version),
            "CARGO_PKG_VERSION_MAJOR" => part(0),
            "CARGO_PKG_VERSION_MINOR" => part(1),
            "CARGO_PKG_VERSION_PATCH" => part(2),
            "CARGO_ENCODED_RUSTFLAGS" => own(""),
            // What other packages' scripts tell, and what every machine has of its own.
            _ if name.starts_with("DEP_") || name.starts_with("CARGO_") => None,
            "PATH" | "HOME" | "USER" | "LANG" | "PWD" | "TERM" | "SHELL" | "NUM_JOBS"
            | "USERPROFILE" | "LD_LIBRARY_PATH" | "HOSTNAME" | "LOGNAME" | "TMPDIR" | "TEMP"
            | "TMP" | "APPDATA" | "LOCALAPPDATA" | "SystemRoot" | "JOBS" | "MAKEFLAGS" => None,
            _ => Some(None),
        }
    }

    fn cfg_variable(&self, key: &str) -> Option<Option<String>> {
        // cargo leaves these out, or sets them by its own profile.
        if matches!(
            key,
            "DEBUG_ASSERTIONS" | "PROC_MACRO" | "FEATURE" | "OVERFLOW_CHECKS"
        ) {
            return None;
        }
        let mut values: Option<Vec<&str>> = None;
        for predicate in self.cfg.iter() {
            if upper(predicate.name()) == key {
                let values = values.get_or_insert_default();
                values.extend(predicate.value());
            }
        }
        Some(values.map(|values| values.join(",")))
    }

    /// The variables that cargo sets for features and cfgs.
    fn variables(&self) -> Vec<(String, String)> {
        let features = self.features.iter();
        let mut all: Vec<_> = features
            .map(|name| (format!("CARGO_FEATURE_{}", upper(name)), "1".to_owned()))
            .collect();
        for predicate in self.cfg.iter() {
            let key = upper(predicate.name());
            let name = format!("CARGO_CFG_{key}");
            if all.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(Some(value)) = self.cfg_variable(&key) {
                all.push((name, value));
            }
        }
        all
    }

    /// The value of a key of the target.
    fn value_of(&self, key: &str) -> &str {
        let mut all = self.cfg.iter();
        let found = all.find(|predicate| predicate.name() == key);
        found.and_then(Predicate::value).unwrap_or_default()
    }

    /// Whether the target has a standard library: those that are systems have.
    fn has_std(&self) -> bool {
        self.target == self.toolchain.host || !matches!(self.value_of("target_os"), "none" | "")
    }

    fn has_feature(&self, name: &str) -> bool {
        self.features
            .binary_search_by(|known| (**known).cmp(name))
            .is_ok()
    }

    /// Whether a cfg is set where the script itself is compiled.
    fn of_script(&self, predicate: &Predicate) -> Option<bool> {
        match (predicate.name(), predicate.value()) {
            ("feature", Some(name)) => Some(self.has_feature(name)),
            ("debug_assertions", None) => Some(true),
            ("test" | "doc" | "doctest" | "miri" | "clippy" | "proc_macro", None) => Some(false),
            _ => Some(self.host.contains(predicate)),
        }
    }

    /// Whether a cfg is set where the package's code is compiled, its script aside.
    fn of_package_code(&self, predicate: &Predicate) -> Option<bool> {
        match (predicate.name(), predicate.value()) {
            ("feature", Some(name)) => Some(self.has_feature(name)),
            ("debug_assertions", None) => None,
            ("test" | "doc" | "doctest" | "miri" | "proc_macro", None) => Some(false),
            _ => Some(self.cfg.contains(predicate)),
        }
    }

    /// A path from the package's folder; none if it is elsewhere.
    fn of_package(&self, path: &str) -> Option<String> {
        let path = match path.strip_prefix(PACKAGE) {
            Some(rest) => rest.trim_start_matches('/'),
            None if path.starts_with('/') => return None,
            None => path,
        };
        let path = super::link::join("", path);
        // What is around the package's folder is not known.
        (!path.starts_with("..")).then_some(path)
    }
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// What a build script sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptCfgs {
    /// What it prints, and whether it is sure to.
    printed: BTreeMap<Predicate, bool>,
    /// What the names that it may set begin with.
    prefixes: Vec<String>,
    /// Whether it may set any name that its strings allow.
    any: bool,
    /// Why.
    reason: Option<&'static str>,
}

impl ScriptCfgs {
    /// Whether a cfg is set; none if that is not known. `facts` are the script's.
    #[must_use]
    pub fn holds(&self, predicate: &Predicate, facts: &BuildScriptFacts) -> Option<bool> {
        match self.printed.get(predicate) {
            Some(true) => return Some(true),
            Some(false) => return None,
            None => {}
        }
        let name = predicate.name();
        let is_prefixed = self.prefixes.iter().any(|prefix| {
            // What is known may go on into the value.
            match prefix.split_once(['=', '"', ' ']) {
                Some((known, _)) => name == known,
                None => name.starts_with(prefix.as_str()),
            }
        });
        let may_be = is_prefixed || self.any && facts.may_set(name);
        if may_be { None } else { Some(false) }
    }

    /// Adds what a package may set whose code the script calls.
    fn add(&mut self, name: &str, helper: &HelperFacts, environment: &ScriptEnvironment<'_>) {
        let stable = match name {
            "pyo3-build-config" => stable_python(environment),
            _ => None,
        };
        let is_decided = |name: &str| stable.is_some() && is_of_python(name);
        self.any |= helper.computed;
        let prefixes = helper.prefixes.iter().filter(|name| !is_decided(name));
        self.prefixes.extend(prefixes.cloned());
        for name in helper.cfgs.iter().chain(&helper.words) {
            if !is_decided(name) {
                let flag = Predicate::Flag(name.as_str().into());
                self.printed.entry(flag).or_insert(false);
                self.prefixes.push(format!("{name}="));
            }
        }
        if let Some(minor) = stable {
            let versions = (7..=minor).map(|minor| format!("Py_3_{minor}"));
            for name in versions.chain(["Py_LIMITED_API".to_owned()]) {
                self.printed.insert(Predicate::Flag(name.into()), true);
            }
        }
    }

    /// Why it may set whatever its strings allow, where that is so.
    #[must_use]
    pub fn given_up(&self) -> Option<&'static str> {
        self.reason
    }

    /// What is printed, and whether it is sure to be.
    pub fn iter(&self) -> impl Iterator<Item = (&Predicate, bool)> {
        self.printed
            .iter()
            .map(|(predicate, sure)| (predicate, *sure))
    }
}

/// Finds out what a build script sets in one build: see [`ScriptCfgs::holds`].
#[must_use]
pub fn evaluate(facts: &BuildScriptFacts, environment: &ScriptEnvironment<'_>) -> ScriptCfgs {
    let mut cfgs = ScriptCfgs::default();
    let mut helpers = false;
    if facts.sources.is_empty() {
        cfgs.any = facts.computed || !facts.cfgs.is_empty();
        helpers = true;
    } else {
        let program = items::Program::new(&facts.root, &facts.sources);
        let mut machine = machine::Machine::new(&program, facts, environment);
        match machine.main() {
            Some(printed) => {
                for (line, sure) in printed {
                    match predicate_of_line(&line) {
                        Some(predicate) => {
                            cfgs.printed.insert(predicate, sure);
                        }
                        // Of no form that is known: nothing is claimed of its name.
                        None => cfgs.prefixes.push(line.to_string()),
                    }
                }
            }
            // The build at hand did not fail, so this is not what it did.
            None => machine.give_up("no way ends well"),
        }
        cfgs.any |= machine.any;
        cfgs.reason = machine.reason;
        helpers |= machine.helpers;
        cfgs.prefixes
            .extend(machine.prefixes.iter().map(ToString::to_string));
    }
    if helpers || cfgs.any {
        for (name, helper) in environment.helpers {
            if !KNOWN_HELPERS.contains(name) {
                cfgs.add(name, helper, environment);
            }
        }
    }
    cfgs.prefixes.sort();
    cfgs.prefixes.dedup();
    cfgs
}
