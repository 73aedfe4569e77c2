//! Which cargo is run, and with what around it: never one that the analysed
//! project could have put there, and nothing that would have it run more.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{NETWORK_VARIABLES, SearchPath, is_program};

/// Variables of the user that cargo gets besides [`NETWORK_VARIABLES`]. Of
/// cargo's own, only those that name no program, no folder and no token.
const PASSED_ON: [&str; 15] = [
    "HOME",
    "http_proxy",
    "HTTP_PROXY",
    "CARGO_HTTP_PROXY",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_CHECK_REVOKE",
    "CARGO_HTTP_LOW_SPEED_LIMIT",
    "CARGO_HTTP_MULTIPLEXING",
    "CARGO_HTTP_SSL_VERSION",
    "CARGO_HTTP_TIMEOUT",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "CARGO_NET_OFFLINE",
    "CARGO_NET_RETRY",
    "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS",
    "LOCALAPPDATA",
];

/// The variables that a program was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Our own.
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable. On Windows, names know no case.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let is_it = |key: &OsStr| {
            if cfg!(windows) {
                key.eq_ignore_ascii_case(name)
            } else {
                key == name
            }
        };
        let found = self.0.iter().find(|(key, _)| is_it(key));
        found.map(|(_, value)| value.as_os_str())
    }

    /// The value of a variable that is an absolute path.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.get(name)?);
        path.is_absolute().then_some(path)
    }

    /// The user's home.
    pub fn home(&self) -> Option<PathBuf> {
        let windows = cfg!(windows).then(|| self.absolute("USERPROFILE"));
        windows.flatten().or_else(|| self.absolute("HOME"))
    }

    /// The folder of the user's cargo. A relative one is not used: it would be
    /// another one in each folder.
    pub fn cargo_home(&self) -> Option<PathBuf> {
        let home = || self.home().map(|home| home.join(".cargo"));
        self.absolute("CARGO_HOME").or_else(home)
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// A cargo that can be run beside an analysed tree.
#[derive(Debug)]
pub(crate) struct Cargo {
    program: PathBuf,
    path: SearchPath,
    variables: Vec<(&'static str, OsString)>,
    home: Option<PathBuf>,
}

impl Cargo {
    /// The program that the variable `CARGO` names, as cargo sets it for its
    /// subcommands, or the first of `PATH`; none that is in the tree (its links
    /// resolved), or that a link leads to from outside.
    pub(crate) fn find(environment: &Environment, tree: &Path) -> Option<Self> {
        let path = SearchPath::new(environment.get("PATH").unwrap_or_default()).outside(tree);
        let is_foreign = |program: &PathBuf| is_program(program) && is_outside(tree, program);
        let named = environment.absolute("CARGO").filter(is_foreign);
        let program = named.or_else(|| path.all("cargo").find(is_foreign))?;

        let passed = NETWORK_VARIABLES.into_iter().chain(PASSED_ON);
        let mut variables: Vec<_> = passed
            .filter_map(|name| Some((name, environment.get(name)?.to_owned())))
            .collect();
        let rustup = environment.absolute("RUSTUP_HOME");
        if let Some(rustup) = rustup.filter(|folder| is_outside(tree, folder)) {
            variables.push(("RUSTUP_HOME", rustup.into()));
        }
        let toolchain = environment.get("RUSTUP_TOOLCHAIN");
        if let Some(toolchain) = toolchain.filter(|name| is_toolchain_name(name)) {
            variables.push(("RUSTUP_TOOLCHAIN", toolchain.to_owned()));
        }
        // A cargo home in the tree has the project's configuration, and
        // perhaps the project's packages.
        let home = environment
            .cargo_home()
            .filter(|home| is_outside(tree, home));
        Some(Self {
            program,
            path,
            variables,
            home,
        })
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The compiler that belongs to it: the one beside it, or the first of
    /// `PATH`, by the same rules.
    pub(crate) fn compiler(&self) -> Option<PathBuf> {
        let name = format!("rustc{}", std::env::consts::EXE_SUFFIX);
        let beside = self.program.with_file_name(name);
        let beside = Some(beside).filter(|program| is_program(program));
        beside.or_else(|| self.path.find("rustc"))
    }

    /// The user's cargo home, unless it is in the tree.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// What the program gets of the user's variables.
    pub(crate) fn variables(&self) -> &[(&'static str, OsString)] {
        &self.variables
    }

    /// A command in a working folder, which decides what configuration cargo
    /// reads and which toolchain rustup takes; `own_home` is cargo's home where
    /// the user's can't be used.
    pub(crate) fn command(&self, folder: &Path, own_home: &Path) -> Command {
        self.command_of(&self.program, folder, own_home)
    }

    /// As [`Self::command`], of another program that belongs to it.
    pub(crate) fn command_of(&self, program: &Path, folder: &Path, own_home: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("PATH", self.path.variable())
            .env("CARGO_HOME", self.home.as_deref().unwrap_or(own_home))
            .env("CARGO_TERM_COLOR", "never")
            .env("LC_ALL", "C")
            // A toolchain is not fetched on the way.
            .env("RUSTUP_AUTO_INSTALL", "0")
            // For git, where the user has cargo fetch by it.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "https:ssh:file")
            .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        command
    }
}

/// Whether a path is outside of a tree by its letters and by its links. What
/// does not exist is judged by the nearest folder that does.
fn is_outside(tree: &Path, path: &Path) -> bool {
    let resolved = path.ancestors().find_map(|at| fs::canonicalize(at).ok());
    !path.starts_with(tree) && resolved.is_some_and(|resolved| !resolved.starts_with(tree))
}

/// Whether rustup takes it for the name of a toolchain that it has, and not for
/// the path of one.
fn is_toolchain_name(name: &OsStr) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.to_str().is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain)
    })
}

#[cfg(test)]
mod tests {
    use super::is_toolchain_name;

    #[test]
    fn a_toolchain_is_a_name() {
        for (name, expected) in [
            ("stable", true),
            ("1.95.0-x86_64-unknown-linux-gnu", true),
            ("", false),
            ("/tmp/x", false),
            ("a/b", false),
            ("a\\b", false),
            ("..", false),
            ("-x", false),
        ] {
            assert_eq!(is_toolchain_name(name.as_ref()), expected, "{name}");
        }
    }
}
