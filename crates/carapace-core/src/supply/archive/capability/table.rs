//! The paths that stand for abilities.

use std::collections::BTreeMap;

use super::Ability;
use crate::knowledge::registry::Declared;

/// The standard library's: a module and its names; no names are all of them.
const STANDARD: &[(&str, &[&str], Ability)] = &[
    (
        "std::net",
        &["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"],
        Ability::Network,
    ),
    (
        "std::os::unix::net",
        &["UnixStream", "UnixListener", "UnixDatagram"],
        Ability::Network,
    ),
    ("std::process", &["Command"], Ability::Processes),
    (
        "std::os::unix::process",
        &["CommandExt"],
        Ability::Processes,
    ),
    (
        "std::os::windows::process",
        &["CommandExt"],
        Ability::Processes,
    ),
    (
        "std::env",
        &["var", "var_os", "vars", "vars_os"],
        Ability::Environment,
    ),
    (
        "std::fs",
        &[
            "File",
            "OpenOptions",
            "DirBuilder",
            "canonicalize",
            "copy",
            "create_dir",
            "create_dir_all",
            "exists",
            "hard_link",
            "metadata",
            "read",
            "read_dir",
            "read_link",
            "read_to_string",
            "remove_dir",
            "remove_dir_all",
            "remove_file",
            "rename",
            "set_permissions",
            "soft_link",
            "symlink_metadata",
            "write",
        ],
        Ability::Files,
    ),
    ("std::os::unix::fs", &["symlink", "chown"], Ability::Files),
    (
        "std::os::windows::fs",
        &["symlink_file", "symlink_dir"],
        Ability::Files,
    ),
];

/// Other packages', by the package's name and a path in it; an empty one is the whole package.
const PACKAGES: &[(&str, &str, Ability)] = &[
    ("async-net", "", Ability::Network),
    ("async-std", "net", Ability::Network),
    ("attohttpc", "", Ability::Network),
    ("awc", "", Ability::Network),
    ("curl", "", Ability::Network),
    ("curl-sys", "", Ability::Network),
    ("git2", "", Ability::Network),
    ("hickory-resolver", "", Ability::Network),
    ("hyper", "client", Ability::Network),
    ("hyper", "server", Ability::Network),
    ("hyper", "Client", Ability::Network),
    ("hyper", "Server", Ability::Network),
    ("hyper-util", "client", Ability::Network),
    ("isahc", "", Ability::Network),
    ("lettre", "", Ability::Network),
    ("libc", "connect", Ability::Network),
    ("libc", "socket", Ability::Network),
    ("minreq", "", Ability::Network),
    ("mio", "net", Ability::Network),
    ("nix", "sys::socket", Ability::Network),
    ("quinn", "", Ability::Network),
    ("reqwest", "", Ability::Network),
    ("rustix", "net", Ability::Network),
    ("smol", "net", Ability::Network),
    ("socket2", "", Ability::Network),
    ("ssh2", "", Ability::Network),
    ("surf", "", Ability::Network),
    ("tokio", "net", Ability::Network),
    ("trust-dns-resolver", "", Ability::Network),
    ("tungstenite", "", Ability::Network),
    ("ureq", "", Ability::Network),
    ("async-process", "", Ability::Processes),
    ("async-std", "process", Ability::Processes),
    ("autotools", "", Ability::Processes),
    ("cc", "", Ability::Processes),
    ("cmake", "", Ability::Processes),
    ("duct", "", Ability::Processes),
    ("libc", "execl", Ability::Processes),
    ("libc", "execve", Ability::Processes),
    ("libc", "execvp", Ability::Processes),
    ("libc", "fork", Ability::Processes),
    ("libc", "popen", Ability::Processes),
    ("libc", "posix_spawn", Ability::Processes),
    ("libc", "system", Ability::Processes),
    ("nix", "unistd::execv", Ability::Processes),
    ("nix", "unistd::execve", Ability::Processes),
    ("nix", "unistd::execvp", Ability::Processes),
    ("nix", "unistd::fork", Ability::Processes),
    ("pkg-config", "", Ability::Processes),
    ("smol", "process", Ability::Processes),
    ("subprocess", "", Ability::Processes),
    ("tokio", "process", Ability::Processes),
    ("xshell", "", Ability::Processes),
    ("dlopen", "", Ability::Loading),
    ("dlopen2", "", Ability::Loading),
    ("libc", "dlopen", Ability::Loading),
    ("libloading", "", Ability::Loading),
    ("dotenv", "", Ability::Environment),
    ("dotenvy", "", Ability::Environment),
    ("envy", "", Ability::Environment),
    ("async-fs", "", Ability::Files),
    ("async-std", "fs", Ability::Files),
    ("fs-err", "", Ability::Files),
    ("fs_extra", "", Ability::Files),
    ("glob", "", Ability::Files),
    ("memmap2", "", Ability::Files),
    ("smol", "fs", Ability::Files),
    ("tempfile", "", Ability::Files),
    ("tokio", "fs", Ability::Files),
    ("walkdir", "", Ability::Files),
];

/// What counts in the code of one package: the standard library, and what of the known packages it
/// depends on, by the names that its code calls them.
#[derive(Debug, Default)]
pub(in crate::supply::archive) struct Table {
    /// By the first segment of a path, what may follow: segments joined with `::`; empty for all.
    roots: BTreeMap<String, Vec<(String, Ability)>>,
}

/// What a path comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It stands for an ability.
    Ability(Ability),
    /// It is a module that holds some: what is handed on with it is not seen.
    Holds(Ability),
    Nothing,
}

impl Table {
    /// For a package that declares this.
    pub(in crate::supply::archive) fn new(declared: &Declared) -> Self {
        let mut roots: BTreeMap<String, Vec<(String, Ability)>> = BTreeMap::new();
        for (module, names, ability) in STANDARD {
            let inner = module.strip_prefix("std::").unwrap_or(module);
            let entries = roots.entry("std".to_owned()).or_default();
            entries.extend(
                names
                    .iter()
                    .map(|name| (format!("{inner}::{name}"), *ability)),
            );
        }
        for dependency in &declared.dependencies {
            let known = PACKAGES
                .iter()
                .filter(|(package, _, _)| *package == dependency.package);
            for (_, path, ability) in known {
                let called = dependency.name.replace('-', "_");
                let entries = roots.entry(called).or_default();
                entries.push(((*path).to_owned(), *ability));
            }
        }
        for entries in roots.values_mut() {
            entries.sort();
            entries.dedup();
        }
        Self { roots }
    }

    /// The names that a file has to hold to say anything.
    pub(in crate::supply::archive) fn words(&self) -> impl Iterator<Item = &str> {
        self.roots.keys().map(String::as_str)
    }

    /// Whether a path may count that begins so.
    pub(super) fn has_root(&self, name: &str) -> bool {
        self.roots.contains_key(name)
    }

    /// Of a module in full that holds abilities, the last segments of what stands for them; nothing
    /// of what stands for one itself.
    pub(in crate::supply::archive) fn held(&self, module: &str) -> Vec<&str> {
        let Meaning::Holds(_) = self.meaning(module) else {
            return Vec::new();
        };
        let (root, rest) = module.split_once("::").unwrap_or((module, ""));
        let entries = self.roots.get(root).into_iter().flatten();
        let below = entries.filter_map(|(path, _)| path.strip_prefix(rest)?.strip_prefix("::"));
        below
            .map(|path| path.rsplit("::").next().unwrap_or(path))
            .collect()
    }

    /// What a path in full, with `::`, comes to.
    pub(super) fn meaning(&self, path: &str) -> Meaning {
        let (root, rest) = path.split_once("::").unwrap_or((path, ""));
        let Some(entries) = self.roots.get(root) else {
            return Meaning::Nothing;
        };
        let is_below = |path: &str, above: &str| {
            above.is_empty()
                || path
                    .strip_prefix(above)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let own = entries.iter().find(|(known, _)| is_below(rest, known));
        if let Some((_, ability)) = own {
            return Meaning::Ability(*ability);
        }
        // All of `std` holds everything, and means nothing by that.
        let held = entries
            .iter()
            .find(|(known, _)| !rest.is_empty() && is_below(known, rest));
        held.map_or(Meaning::Nothing, |(_, ability)| Meaning::Holds(*ability))
    }
}
