//! A sparse index, and runs that ask it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carapace_core::knowledge::registry::{Answer, Lookup, Registry, Release, path};
use cargo_carapace::host::http::Limits;
use cargo_carapace::host::registry::{IndexAddress, RegistryLimits, RegistrySettings, ask};
use semver::Version;
use tempfile::{TempDir, tempdir};

use super::door::door;
use super::server::{Req, Resp, Server};

/// Checksum of the releases here.
pub const CHECKSUM: &str = "00ff";

/// What every index has.
pub const CONFIG: &str = r#"{"dl":"https://static.crates.io/crates","api":null}"#;

/// A line of an index file; a version that ends in `!` is yanked.
pub fn line(name: &str, version: &str) -> String {
    let (version, yanked) = match version.strip_suffix('!') {
        Some(version) => (version, true),
        None => (version, false),
    };
    format!(
        r#"{{"name":"{name}","vers":"{version}","deps":[],"cksum":"{CHECKSUM}","features":{{}},"yanked":{yanked}}}"#
    )
}

/// An index file.
pub fn file(name: &str, versions: &[&str]) -> String {
    versions
        .iter()
        .map(|version| line(name, version) + "\n")
        .collect()
}

/// A file as cargo keeps it.
pub fn cargo_file(name: &str, versions: &[&str]) -> Vec<u8> {
    let mut kept = b"\x03\x02\0\0\0etag: x\0".to_vec();
    for version in versions {
        let shown = version.trim_end_matches('!');
        kept.extend(format!("{shown}\0{}\0", line(name, version)).bytes());
    }
    kept
}

/// A server of these index files, with validators and not sending again what
/// is held. What is not here is not found.
pub fn index(files: &[(&str, &[&str])]) -> Server {
    let files: BTreeMap<String, String> = files
        .iter()
        .map(|(name, versions)| (format!("/{}", path(name).unwrap()), file(name, versions)))
        .collect();
    Server::start(move |request: &Req| match files.get(&request.path) {
        None if request.path == "/config.json" => Resp::ok(CONFIG),
        None => Resp::status(404),
        Some(body) => {
            let etag = format!("\"{}-{}\"", request.path, body.len());
            if request.header("if-none-match") == Some(etag.as_str()) {
                Resp::status(304)
            } else {
                Resp::ok(body.as_bytes()).with("etag", etag)
            }
        }
    })
}

/// Asks this server, keeping copies in the folder.
pub fn settings(server: &Server, cache: &Path) -> RegistrySettings {
    let limits = RegistryLimits {
        request: Limits {
            max_bytes: 64 * 1024,
            connect: Duration::from_millis(500),
            total: Duration::from_millis(900),
        },
        whole: Duration::from_secs(5),
        wait: Duration::from_secs(1),
    };
    RegistrySettings {
        index: IndexAddress::named(&server.url("/")).unwrap(),
        cache: Some(cache.to_owned()),
        connections: 4,
        limits,
        ..RegistrySettings::default()
    }
}

/// A run that asks about these.
pub fn run(settings: &RegistrySettings, packages: &[(&str, &str)]) -> Registry {
    let versions: Vec<Version> = packages.iter().map(|(_, v)| v.parse().unwrap()).collect();
    let packages: Vec<(&str, &Version)> = packages
        .iter()
        .zip(&versions)
        .map(|((name, _), version)| (*name, version))
        .collect();
    ask(&packages, settings, Some(&door()), &|_, _| ())
}

/// What a run knows of one version.
pub fn lookup(settings: &RegistrySettings, name: &str, version: &str) -> Lookup {
    let registry = run(settings, &[(name, version)]);
    registry
        .get(name, &version.parse().unwrap())
        .unwrap()
        .clone()
}

/// The reason of an answer that is missing.
pub fn reason(lookup: &Lookup) -> &str {
    match lookup {
        Lookup::Unknown(reason) => reason,
        known => panic!("{known:?}"),
    }
}

pub fn release(yanked: bool) -> Answer {
    let checksum = CHECKSUM.to_owned();
    Answer::Release(Release { checksum, yanked })
}

/// Where `serde` is in a [`cargo_home`].
pub const CARGO_SERDE: &str = "registry/index/index.crates.io-1949cf8c6b5b557f/.cache/se/rd/serde";

/// A cargo home in which these index files are kept.
pub fn cargo_home(kept: &[(&str, Vec<u8>)]) -> TempDir {
    let home = tempdir().unwrap();
    let cache = home
        .path()
        .join("registry/index/index.crates.io-1949cf8c6b5b557f/.cache");
    for (name, bytes) in kept {
        let file = cache.join(path(name).unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    home
}

/// All files below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}
