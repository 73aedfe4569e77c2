//! Where the index is asked: the address that the user's flag or cargo
//! configuration names. Nothing here is ever read from a project.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::host::foreign;
use crate::host::http::{SettingsError, read_config, read_toml};

/// The sparse index of crates.io
/// (<https://doc.rust-lang.org/cargo/reference/registries.html>).
pub const CRATES_IO: &str = "https://index.crates.io/";
/// What cargo calls it in its configuration.
const NAME: &str = "crates-io";
/// The index that older releases of cargo asked, which holds the same.
const CRATES_IO_GIT: &str = "https://github.com/rust-lang/crates.io-index";
/// More sources than any replacement leads through.
const MAX_STEPS: usize = 16;
/// More files than any configuration includes.
const MAX_FILES: usize = 16;

/// Where the index of crates.io is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexAddress {
    /// The address of a sparse index.
    Sparse(String),
    /// The user replaced crates.io by what can't be asked so; the reason. No
    /// server is asked in its place: the user chose who learns the names.
    NotSparse(String),
}

impl Default for IndexAddress {
    fn default() -> Self {
        Self::Sparse(CRATES_IO.to_owned())
    }
}

impl IndexAddress {
    /// The address that a user names, as in a flag: `https://host/path/`, or
    /// with cargo's `sparse+` before it.
    ///
    /// # Errors
    /// When it is no address of a sparse index.
    pub fn named(text: &str) -> Result<Self, IndexAddressError> {
        sparse(text).map(Self::Sparse).ok_or_else(|| {
            let shown = foreign::address(text);
            IndexAddressError { shown }
        })
    }
}

/// What the user named is no address of a sparse index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexAddressError {
    /// Fit to be shown.
    shown: String,
}

impl fmt::Display for IndexAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not the address of a sparse index; give one like {CRATES_IO}",
            self.shown
        )
    }
}

impl std::error::Error for IndexAddressError {}

/// The address to which the paths of index files are appended; none if it
/// can't be one. Which hosts may be asked is the network door's to say.
pub(super) fn sparse(text: &str) -> Option<String> {
    let text = text.trim();
    base(text.strip_prefix("sparse+").unwrap_or(text))
}

/// The address of a server to which paths are appended; none if it can't be one.
pub(crate) fn base(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let http = ["https", "http"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s));
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\');
    if !http || rest.is_empty() || rest.starts_with('/') || !rest.bytes().all(plain) {
        return None;
    }
    let slash = if text.ends_with('/') { "" } else { "/" };
    Some(format!("{text}{slash}"))
}

/// Where the user's cargo configuration has crates.io's index asked: in
/// `cargo_home`, with what it includes
/// (<https://doc.rust-lang.org/cargo/reference/source-replacement.html>), and
/// in the environment.
///
/// `CARGO_SOURCE_<NAME>_…` counts before the files. cargo itself reads only
/// `CARGO_REGISTRIES_<NAME>_INDEX` so; who sets the others means them.
#[must_use]
pub fn index_address(
    cargo_home: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> IndexAddress {
    match find(cargo_home, env) {
        Ok(address) => IndexAddress::Sparse(address),
        Err(reason) => IndexAddress::NotSparse(reason),
    }
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    source: BTreeMap<String, Source>,
    #[serde(default)]
    registries: BTreeMap<String, Named>,
    #[serde(default)]
    include: Vec<Include>,
}

#[derive(Default, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Source {
    replace_with: Option<String>,
    registry: Option<String>,
    local_registry: Option<String>,
    directory: Option<String>,
    git: Option<String>,
}

#[derive(Default, Deserialize)]
struct Named {
    index: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Include {
    Path(PathBuf),
    Table {
        path: PathBuf,
        #[serde(default)]
        optional: bool,
    },
}

impl Config {
    fn read(cargo_home: &Path) -> Result<Self, SettingsError> {
        let mut config: Self = read_config(cargo_home)?;
        let mut left = MAX_FILES;
        config.take_includes(cargo_home, &mut left)?;
        Ok(config)
    }

    /// Takes in what the included files say and this one does not. Of two that
    /// are included, the later counts.
    fn take_includes(&mut self, folder: &Path, left: &mut usize) -> Result<(), SettingsError> {
        for include in std::mem::take(&mut self.include).into_iter().rev() {
            let (path, optional) = match include {
                Include::Path(path) => (path, false),
                Include::Table { path, optional } => (path, optional),
            };
            let file = folder.join(path);
            let unreadable = |why: &str| SettingsError::Unreadable {
                file: file.clone(),
                why: why.to_owned(),
            };
            *left = left
                .checked_sub(1)
                .ok_or_else(|| unreadable("the configuration includes too many files"))?;
            let Some(mut included) = read_toml::<Self>(&file)? else {
                if optional {
                    continue;
                }
                return Err(unreadable("it is included and does not exist"));
            };
            included.take_includes(file.parent().unwrap_or(folder), left)?;
            self.fill(included);
        }
        Ok(())
    }

    fn fill(&mut self, other: Self) {
        for (name, from) in other.source {
            let source = self.source.entry(name).or_default();
            let fill = |own: &mut Option<String>, other| *own = own.take().or(other);
            fill(&mut source.replace_with, from.replace_with);
            fill(&mut source.registry, from.registry);
            fill(&mut source.local_registry, from.local_registry);
            fill(&mut source.directory, from.directory);
            fill(&mut source.git, from.git);
        }
        for (name, from) in other.registries {
            let named = self.registries.entry(name).or_default();
            named.index = named.index.take().or(from.index);
        }
    }

    fn source(&self, name: &str, env: &dyn Fn(&str) -> Option<String>) -> Source {
        let source = self.source.get(name).cloned().unwrap_or_default();
        let set = |key: &str| set(env, &format!("CARGO_SOURCE_{}_{key}", variable(name)));
        Source {
            replace_with: set("REPLACE_WITH").or(source.replace_with),
            registry: set("REGISTRY").or(source.registry),
            local_registry: source.local_registry,
            directory: source.directory,
            git: source.git,
        }
    }

    fn registry(&self, name: &str, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        set(env, &format!("CARGO_REGISTRIES_{}_INDEX", variable(name)))
            .or_else(|| self.registries.get(name)?.index.clone())
    }
}

/// A name as cargo has it in the names of variables.
fn variable(name: &str) -> String {
    name.to_uppercase().replace(['-', '.'], "_")
}

fn set(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.trim().is_empty())
}

fn find(cargo_home: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let config = match cargo_home {
        Some(folder) => Config::read(folder)
            .map_err(|error| format!("whether crates.io is replaced is not known: {error}"))?,
        None => Config::default(),
    };
    let mut name = NAME.to_owned();
    for _ in 0..MAX_STEPS {
        let replaced = |what: &str| {
            let name = foreign::shown(&name);
            format!("your cargo configuration replaces crates.io by `{name}`, {what}")
        };
        let source = config.source(&name, env);
        if let Some(next) = source.replace_with {
            name = next;
            continue;
        }
        let others = [
            (source.local_registry, "a local registry"),
            (source.directory, "a directory"),
            (source.git, "a git repository"),
        ];
        if let Some((_, what)) = others.iter().find(|(place, _)| place.is_some()) {
            return Err(replaced(&format!("{what}, which has no index to ask")));
        }
        let registry = match source.registry {
            Some(registry) => registry,
            None if name == NAME => return Ok(CRATES_IO.to_owned()),
            None => config
                .registry(&name, env)
                .ok_or_else(|| replaced("which it says nothing more about"))?,
        };
        if name == NAME && registry == CRATES_IO_GIT {
            return Ok(CRATES_IO.to_owned());
        }
        // Without `sparse+`, cargo takes it for a repository of git.
        return match registry.strip_prefix("sparse+").and_then(sparse) {
            Some(address) => Ok(address),
            None => Err(replaced("whose index is not a sparse one")),
        };
    }
    Err("your cargo configuration replaces crates.io in a circle".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(files: &[(&str, &str)], env: &[(&str, &str)]) -> IndexAddress {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        let env = |name: &str| {
            let found = env.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        index_address(Some(home.path()), &env)
    }

    fn asked(files: &[(&str, &str)], env: &[(&str, &str)]) -> String {
        match address(files, env) {
            IndexAddress::Sparse(address) => address,
            IndexAddress::NotSparse(reason) => panic!("{reason}"),
        }
    }

    fn refused(config: &str) -> String {
        match address(&[("config.toml", config)], &[]) {
            IndexAddress::NotSparse(reason) => reason,
            IndexAddress::Sparse(address) => panic!("{address}"),
        }
    }

    const MIRROR: &str = "[source.crates-io]\nreplace-with = \"a-b\"\n\
        [source.a-b]\nregistry = \"sparse+https://mirror/index\"\n";

    #[test]
    fn the_default_is_crates_io() {
        assert_eq!(index_address(None, &|_| None), IndexAddress::default());
        assert_eq!(asked(&[], &[]), CRATES_IO);
        let http = "[http]\nproxy = \"x\"\n[registries.own]\nindex = \"https://x\"";
        assert_eq!(asked(&[("config.toml", http)], &[]), CRATES_IO);
        let git = format!("[source.crates-io]\nregistry = \"{CRATES_IO_GIT}\"");
        assert_eq!(asked(&[("config.toml", &git)], &[]), CRATES_IO);
    }

    #[test]
    fn a_sparse_replacement_is_asked_in_its_place() {
        let mirror = "https://mirror/index/";
        assert_eq!(asked(&[("config.toml", MIRROR)], &[]), mirror);
        // Of both files, cargo takes the older name.
        assert_eq!(
            asked(&[("config", MIRROR), ("config.toml", "")], &[]),
            mirror
        );
        let registries = "[source.crates-io]\nreplace-with = \"x\"\n\
            [source.x]\nreplace-with = \"own\"\n\
            [registries.own]\nindex = \"sparse+https://own/\"\n";
        assert_eq!(asked(&[("config.toml", registries)], &[]), "https://own/");
    }

    #[test]
    fn the_environment_counts_first() {
        let by = |env: &[(&str, &str)]| asked(&[("config.toml", MIRROR)], env);
        let other = ("CARGO_SOURCE_A_B_REGISTRY", "sparse+https://other/");
        assert_eq!(by(&[other]), "https://other/");
        let replaced = ("CARGO_SOURCE_CRATES_IO_REPLACE_WITH", "own");
        let own = ("CARGO_REGISTRIES_OWN_INDEX", "sparse+https://own/");
        assert_eq!(by(&[replaced, own]), "https://own/");
        assert_eq!(
            by(&[("CARGO_SOURCE_A_B_REGISTRY", " ")]),
            "https://mirror/index/"
        );
    }

    #[test]
    fn included_files_count_after_the_one_that_includes() {
        let main = "include = [\"a.toml\", { path = \"b.toml\" }, { path = \"no\", optional = true }]\n\
            [source.crates-io]\nreplace-with = \"x\"\n";
        let a = "[source.crates-io]\nreplace-with = \"y\"\n[source.x]\nregistry = \"sparse+https://a/\"";
        let b = "[source.x]\nregistry = \"sparse+https://b/\"";
        let files = [("config.toml", main), ("a.toml", a), ("b.toml", b)];
        assert_eq!(asked(&files, &[]), "https://b/");
        assert!(refused("include = [\"no.toml\"]").contains("does not exist"));
        assert!(refused("include = [\"config.toml\"]").contains("too many"));
    }

    #[test]
    fn what_can_not_be_asked_is_not() {
        let by = |x: &str| refused(&format!("[source.crates-io]\nreplace-with = \"x\"\n{x}"));
        assert!(by("[source.x]\ndirectory = \"v\"").contains("a directory"));
        assert!(by("[source.x]\nlocal-registry = \"v\"").contains("a local registry"));
        assert!(by("[source.x]\ngit = \"https://x\"").contains("a git repository"));
        assert!(by("[source.x]\nregistry = \"https://x\"").contains("not a sparse one"));
        assert!(by("[source.x]\nregistry = \"sparse+file:///x\"").contains("not a sparse one"));
        assert!(by("").contains("nothing more"));
        assert!(by("[source.x]\nreplace-with = \"crates-io\"").contains("circle"));
        assert!(refused("[").contains("not valid"));
    }

    #[test]
    fn addresses_end_in_a_slash_and_hold_no_query() {
        let named = |text| IndexAddress::named(text).map_err(|error| error.to_string());
        let sparse = |text: &str| Ok(IndexAddress::Sparse(text.to_owned()));
        assert_eq!(named("https://a/b"), sparse("https://a/b/"));
        assert_eq!(named("sparse+HTTPS://a/"), sparse("HTTPS://a/"));
        for wrong in [
            "",
            "a",
            "https://",
            "https:///a",
            "ftp://a",
            "https://a?b",
            "https://a b/",
        ] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
        let error = named("git://user:secret@host/").unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}
