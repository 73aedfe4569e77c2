//! `Cargo.toml`, as far as it says where other manifests are.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use carapace_core::graph::units::Resolver;
use toml::{Table, Value};

use super::files::{self, FileError};
use super::foreign;

/// What a manifest may weigh, in bytes; the largest on crates.io has half of it.
pub(crate) const MAX_MANIFEST: u64 = 1024 * 1024;

/// The tables of dependencies; cargo still knows the spelling with `_`.
const DEPENDENCIES: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];

/// Why a manifest could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestError {
    /// It could not be read.
    File(FileError),
    /// It is not TOML.
    NotToml {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, made harmless.
        why: String,
    },
}

impl From<FileError> for ManifestError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::NotToml { path, line, why } => write!(
                f,
                "{}:{line}: not TOML: {why}; correct the manifest",
                foreign::path(path)
            ),
        }
    }
}

impl std::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::NotToml { .. } => None,
        }
    }
}

/// A manifest that was read.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// Its folder: absolute, and normal.
    pub(crate) folder: PathBuf,
    /// What it says, byte for byte.
    pub(crate) text: String,
    table: Table,
    /// What `[workspace]` excludes and lists, by their letters.
    excluded: HashSet<PathBuf>,
    listed: HashSet<PathBuf>,
}

impl Manifest {
    /// Takes in the bytes of a manifest, for which the errors name `path`.
    pub(crate) fn parse(
        path: &Path,
        folder: PathBuf,
        bytes: Vec<u8>,
    ) -> Result<Self, ManifestError> {
        let not_toml = |at: usize, bytes: &[u8], why: &str| ManifestError::NotToml {
            path: path.to_owned(),
            line: 1 + bytes.iter().take(at).filter(|b| **b == b'\n').count(),
            why: foreign::shown(why),
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            not_toml(at, error.as_bytes(), "a byte is not UTF-8")
        })?;
        // Cargo takes a byte order mark, too.
        let table = text.strip_prefix('\u{feff}').unwrap_or(&text).parse();
        let table = table.map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            not_toml(at, text.as_bytes(), error.message())
        })?;
        let mut manifest = Self {
            folder,
            text,
            table,
            excluded: HashSet::new(),
            listed: HashSet::new(),
        };
        manifest.excluded = manifest.workspace_folders("exclude");
        manifest.listed = manifest.workspace_folders("members");
        Ok(manifest)
    }

    /// Reads the manifest of a folder (absolute, and normal), unless a link
    /// would lead out of the tree.
    pub(crate) fn of(tree: &Path, folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join("Cargo.toml");
        let resolved = files::resolve_reached(tree, &path)?;
        let bytes = files::read_regular(&resolved, MAX_MANIFEST)?;
        Self::parse(&path, folder.to_owned(), bytes)
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// `[package]`, or `[project]`, as it was called once.
    pub(crate) fn package(&self) -> Option<&Table> {
        let package = self.table.get("package");
        package.or_else(|| self.table.get("project"))?.as_table()
    }

    /// `[workspace]`.
    pub(crate) fn workspace(&self) -> Option<&Table> {
        self.table.get("workspace")?.as_table()
    }

    /// `package.workspace`, made a folder.
    pub(crate) fn workspace_pointer(&self) -> Option<PathBuf> {
        let pointer = self.package()?.get("workspace")?.as_str()?;
        Some(files::normalized(&self.folder.join(pointer)))
    }

    /// The strings of a list of `[workspace]`.
    pub(crate) fn workspace_list(&self, key: &str) -> Vec<&str> {
        let list = self.workspace().and_then(|workspace| workspace.get(key));
        let list = list.and_then(Value::as_array).map(Vec::as_slice);
        let strings = list.unwrap_or_default().iter();
        strings.filter_map(Value::as_str).collect()
    }

    /// Whether `[workspace]` excludes a folder: as in cargo, `members` that are
    /// named without a pattern win over `exclude`.
    pub(crate) fn excludes(&self, folder: &Path) -> bool {
        let any_is_in = |set: &HashSet<PathBuf>| folder.ancestors().any(|at| set.contains(at));
        any_is_in(&self.excluded) && !any_is_in(&self.listed)
    }

    fn workspace_folders(&self, key: &str) -> HashSet<PathBuf> {
        let folders = self.workspace_list(key).into_iter();
        folders
            .map(|path| files::normalized(&self.folder.join(path)))
            .collect()
    }

    /// A field of `[package]`, inherited from the workspace where it says so.
    pub(crate) fn field<'a>(&'a self, key: &str, root: &'a Manifest) -> Option<&'a str> {
        let value = self.package()?.get(key)?;
        if let Some(text) = value.as_str() {
            return Some(text);
        }
        value.get("workspace")?.as_bool().filter(|set| *set)?;
        root.workspace()?.get("package")?.get(key)?.as_str()
    }

    /// The tables of this package's dependencies.
    fn dependency_tables(&self) -> impl Iterator<Item = &Table> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let targets = targets.into_iter().flat_map(Table::values);
        let places = targets.filter_map(Value::as_table);
        std::iter::once(&self.table)
            .chain(places)
            .flat_map(|place| DEPENDENCIES.iter().filter_map(|key| place.get(*key)))
            .filter_map(Value::as_table)
    }

    /// The folders of the package's own path dependencies, those of
    /// `workspace.dependencies` that it inherits among them.
    pub(crate) fn path_dependencies(&self, root: &Manifest) -> Vec<PathBuf> {
        let shared = root.workspace().and_then(|w| w.get("dependencies"));
        let mut folders = Vec::new();
        for (name, dependency) in self.dependency_tables().flatten() {
            let inherits = dependency.get("workspace").and_then(Value::as_bool);
            let (from, dependency) = if inherits == Some(true) {
                (root, shared.and_then(|shared| shared.get(name)))
            } else {
                (self, Some(dependency))
            };
            let path = dependency.and_then(|dependency| dependency.get("path"));
            if let Some(path) = path.and_then(Value::as_str) {
                folders.push(files::normalized(&from.folder.join(path)));
            }
        }
        folders
    }

    /// All paths to other packages that are written here, as they are written:
    /// of dependencies of every kind, shared ones, patches and replacements.
    pub(crate) fn written_paths(&self) -> Vec<&str> {
        let shared = self.workspace().and_then(|w| w.get("dependencies"));
        let patches = self.table.get("patch").and_then(Value::as_table);
        let patches = patches.into_iter().flat_map(Table::values);
        let others = shared.into_iter().chain(self.table.get("replace"));
        let others = others.chain(patches).filter_map(Value::as_table);
        self.dependency_tables()
            .chain(others)
            .flat_map(Table::values)
            .filter_map(|dependency| dependency.get("path")?.as_str())
            .collect()
    }

    /// Whether cargo looks for `src/lib.rs`, or for any target by its place.
    pub(crate) fn needs_library_file(&self) -> bool {
        if let Some(library) = self.table.get("lib") {
            return library.get("path").is_none();
        }
        let programs = self.table.get("bin").and_then(Value::as_array);
        let has_path = |program: &Value| program.get("path").is_some();
        !programs.is_some_and(|programs| programs.iter().any(has_path))
    }

    /// Whether there is a `[lib]`.
    pub(crate) fn has_library_table(&self) -> bool {
        self.table.contains_key("lib")
    }

    /// Whether a target of a kind is named with a path.
    pub(crate) fn has_target(&self, kind: &str, name: &str) -> bool {
        let targets = self.table.get(kind).and_then(Value::as_array);
        let mut targets = targets.map(Vec::as_slice).unwrap_or_default().iter();
        targets.any(|target| {
            target.get("path").is_some() && target.get("name").and_then(Value::as_str) == Some(name)
        })
    }

    /// How the workspace of this root manifest unifies features.
    pub(crate) fn resolver(&self) -> Resolver {
        let package = self.package();
        let of = |table: Option<&Table>| Some(table?.get("resolver")?.as_str()?.to_owned());
        let resolver = of(self.workspace()).or_else(|| of(package));
        let edition = package.map(|_| self.field("edition", self).unwrap_or("2015"));
        Resolver::of_manifest(resolver.as_deref(), edition)
    }

    /// The targets of a kind (`bin`, `example` …) that are named without a
    /// path: cargo wants to find their file.
    pub(crate) fn targets_without_path(&self, kind: &str) -> Vec<&str> {
        let targets = self.table.get(kind).and_then(Value::as_array);
        let targets = targets.map(Vec::as_slice).unwrap_or_default().iter();
        targets
            .filter(|target| target.get("path").is_none())
            .filter_map(|target| target.get("name")?.as_str())
            .collect()
    }
}
