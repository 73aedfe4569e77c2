//! Which toolchain would answer, without asking it: what changes when it does.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::cargo::{Cargo, Environment};
use super::files;

/// What a user's configuration of cargo may weigh, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;
/// How many toolchains are looked at.
const MAX_TOOLCHAINS: usize = 1000;

/// A fingerprint of everything that a kept answer depends on. Each part is led by its length, so
/// that no two lists of parts are the same bytes.
#[derive(Clone)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Of the answers of one kind, to be changed when what is kept of them changes.
    pub(crate) fn new(kind: &str) -> Self {
        let mut fingerprint = Self(Sha256::new());
        fingerprint.part(kind.as_bytes());
        fingerprint.part(env!("CARGO_PKG_VERSION").as_bytes());
        fingerprint
    }

    /// Adds some bytes.
    pub(crate) fn part(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds a path or another text of the system.
    pub(crate) fn text(&mut self, text: impl AsRef<OsStr>) {
        self.part(text.as_ref().as_encoded_bytes());
    }

    /// Adds size and time of a file, and where links to it lead.
    pub(crate) fn stamp(&mut self, path: &Path) {
        self.text(path);
        let resolved = fs::canonicalize(path);
        let Some((path, meta)) = resolved.ok().and_then(|path| {
            let meta = fs::metadata(&path).ok()?;
            Some((path, meta))
        }) else {
            return self.part(b"none");
        };
        self.text(path);
        self.part(&meta.len().to_le_bytes());
        let modified = meta.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        self.part(&since.unwrap_or_default().as_nanos().to_le_bytes());
    }

    /// Adds what is in a file of the user's.
    pub(crate) fn file(&mut self, path: &Path) {
        self.text(path);
        match files::read_regular(path, MAX_CONFIG) {
            Ok(bytes) => self.part(&bytes),
            Err(_) => self.part(b""),
        }
    }

    /// Its name: letters and digits.
    pub(crate) fn finish(self) -> String {
        let digest = self.0.finalize();
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The user's configuration of cargo, where cargo reads it from when it is started in the root of
/// the file system.
pub(crate) fn user_configs(cargo: &Cargo) -> Vec<PathBuf> {
    let root = Path::new("/").join(".cargo");
    let folders = cargo.home().map(Path::to_owned).into_iter().chain([root]);
    folders
        .flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name)))
        .collect()
}

/// What is in those that can be read.
pub(crate) fn user_tables(cargo: &Cargo) -> impl Iterator<Item = (PathBuf, toml::Table)> {
    user_configs(cargo).into_iter().filter_map(|file| {
        let bytes = files::read_regular(&file, MAX_CONFIG).ok()?;
        let table = String::from_utf8(bytes).ok()?.parse().ok()?;
        Some((file, table))
    })
}

/// Adds all that decides which toolchain answers, and how.
pub(crate) fn add(fingerprint: &mut Fingerprint, cargo: &Cargo, environment: &Environment) {
    fingerprint.stamp(cargo.program());
    match cargo.compiler() {
        Some(compiler) => fingerprint.stamp(&compiler),
        None => fingerprint.part(b"none"),
    }
    for (name, value) in cargo.variables() {
        fingerprint.text(name);
        fingerprint.text(value);
    }
    fingerprint.text(cargo.home().unwrap_or(Path::new("")));
    for file in user_configs(cargo) {
        fingerprint.file(&file);
    }
    // What the programs are that rustup puts in front of all toolchains.
    let rustup = environment.get("RUSTUP_HOME").map(PathBuf::from);
    let rustup = rustup.or_else(|| Some(environment.home()?.join(".rustup")));
    let Some(rustup) = rustup.filter(|folder| folder.is_absolute()) else {
        return;
    };
    fingerprint.file(&rustup.join("settings.toml"));
    for folder in ["toolchains", "update-hashes"] {
        let entries = fs::read_dir(rustup.join(folder)).into_iter().flatten();
        let entries = entries.flatten().take(MAX_TOOLCHAINS);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort_unstable();
        for path in paths {
            fingerprint.stamp(&path);
        }
    }
}
