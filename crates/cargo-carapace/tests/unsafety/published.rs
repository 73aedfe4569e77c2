//! Published packages, against what the compiler says of them; and the sources at hand, against
//! rustc's lexer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::fixture::named;
use super::tokens::accounted;
use crate::support::run::{World, lock};

/// Name, version, and how many blocks, functions, methods, traits and impls rustc's lint
/// `unsafe_code` reports of it with default features, on Linux.
const PACKAGES: [(&str, &str, [u64; 5]); 6] = [
    ("idna", "0.1.5", [1, 0, 0, 0, 0]),
    ("itertools", "0.12.1", [5, 0, 0, 0, 0]),
    ("num_cpus", "1.10.1", [4, 0, 0, 0, 0]),
    ("ref_slice", "1.1.1", [2, 0, 0, 0, 0]),
    // Yanked: a lockfile still gets it. What its own macro makes is a site of the macro here.
    ("smallvec", "0.6.9", [30, 2, 8, 1, 3]),
    ("unicode-normalization", "0.1.8", [3, 0, 0, 0, 0]),
];

#[test]
fn counts_are_the_compilers() {
    let world = World::new();
    let mut dependencies = "[dependencies]\n".to_owned();
    for (name, version, _) in PACKAGES {
        dependencies += &format!("{name} = \"={version}\"\n");
    }
    let versions = PACKAGES.map(|(name, version, _)| (name, version));
    world.write("project/Cargo.toml", named("app", &dependencies));
    world.write("project/Cargo.lock", lock(&versions));
    world.write("project/src/lib.rs", "");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fetched = Command::new(cargo)
        .args(["fetch", "--quiet"])
        .current_dir(world.path("project"))
        .env("CARGO_HOME", world.path("cargo"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(fetched.status.success(), "{fetched:?}");
    let linux = [
        "unsafe",
        "--offline",
        "--target",
        "x86_64-unknown-linux-gnu",
    ];
    let run = || world.plain(&linux).args(["--format", "json"]).exits(0);
    let first = run();
    let document = first.json();
    let packages = document["packages"].as_array().unwrap();
    for (name, version, expected) in PACKAGES {
        let is_it = |package: &&Value| package["name"] == name && package["version"] == version;
        let package = packages.iter().find(is_it).unwrap();
        let counts = &package["unsafety"]["counts"];
        let kinds = ["block", "fn", "method", "trait", "impl"];
        let found = kinds.map(|kind| counts[kind]["active"].as_u64().unwrap_or(0));
        assert_eq!(found, expected, "{name}");
    }
    accounted(&document);
    assert_eq!(run().stdout, first.stdout);
}

#[test]
fn every_unsafe_of_the_sources_at_hand() {
    let world = World::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![own.to_owned(), own.join("../carapace-core")];
    folders.extend(registry());
    for folder in folders {
        let run = world.plain(&["unsafe", "--format", "json", "--no-deps"]);
        accounted(&run.arg(folder).exits(0).json());
    }
}

/// Some of what cargo has unpacked for this very build.
fn registry() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.map(|home| home.join("registry/src"));
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let registries = sources.into_iter().flat_map(entries);
    let packages = registries.flat_map(|registry| entries(registry.path()));
    let wanted = [
        "memchr-",
        "serde_core-",
        "zlib-rs-",
        "tar-",
        "semver-",
        "object-",
        "ring-",
        "libc-",
    ];
    packages
        .filter(|package| {
            let name = package.file_name();
            let name = name.to_string_lossy();
            wanted.iter().any(|wanted| name.starts_with(wanted))
        })
        .map(|package| package.path())
        .collect()
}
