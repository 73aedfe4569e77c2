//! Our own resolution beside cargo's: the same packages, features and edges, for published programs
//! with the lockfiles that they were published with, and for workspaces made to be difficult.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use carapace_core::graph::units::{FeatureFlags, Resolver, Role, Selected, Units, roles};
use carapace_core::graph::units::{Platforms, Request};
use cargo_carapace::host::cargo::Environment;
use cargo_carapace::host::metadata::{Described, MetadataOptions, describe};
use cargo_carapace::host::workspace::discover;
use support::oracle::{Asked, Flags, Wanted, builds, platform, roles_shown, run, trees};
use support::project::Fixture;

/// A platform that is not the host.
const OTHER: &str = "x86_64-pc-windows-msvc";

/// Published with their lockfiles: of resolver 1 and 2, with build scripts, procedural macros,
/// renamed and platform-specific dependencies.
const PUBLISHED: [(&str, &str); 9] = [
    ("exa", "0.10.1"),
    ("fd-find", "10.5.0"),
    ("hexyl", "0.14.0"),
    ("hyperfine", "1.19.0"),
    ("just", "1.59.0"),
    ("ripgrep", "13.0.0"),
    ("ripgrep", "14.1.1"),
    ("sd", "1.0.0"),
    ("tokei", "15.0.0"),
];

fn options(work: &Path) -> MetadataOptions {
    MetadataOptions {
        offline: false,
        locked: true,
        project_config: true,
        target: None,
        timeout: Duration::from_secs(300),
        work: work.to_owned(),
        cache: None,
        environment: Environment::of_process(),
        shown: |path| path.display().to_string(),
    }
}

fn describe_in(folder: &Path) -> Described {
    let work = tempfile::tempdir().unwrap();
    let project = discover(folder, None).unwrap();
    describe(&project, &options(work.path())).unwrap()
}

fn features(features: &[&str], all: bool, no_default: bool) -> FeatureFlags {
    FeatureFlags {
        features: features.iter().map(|text| (*text).to_owned()).collect(),
        all,
        no_default,
    }
}

/// All that is compared for a workspace.
fn compare(folder: &Path, more: &[Flags]) -> Described {
    let described = describe_in(folder);
    let (host, other) = (platform(None).unwrap(), platform(Some(OTHER)).unwrap());
    let asked = Asked {
        folder,
        metadata: &described.metadata,
        resolver: described.resolver,
        host: &host,
        other: Some(&other),
    };
    let mut all = more.to_vec();
    for (platforms, all_features) in [
        (Wanted::Host, false),
        (Wanted::Host, true),
        (Wanted::All, false),
        (Wanted::All, true),
        (Wanted::HostNamed, true),
        (Wanted::Other, false),
    ] {
        all.push(Flags {
            selected: Selected::Default,
            features: features(&[], all_features, false),
            platforms,
        });
    }
    for flags in all {
        trees(&asked, &flags).unwrap_or_else(|error| panic!("{error}"));
        if matches!(flags.platforms, Wanted::HostNamed | Wanted::Other) {
            builds(&asked, &flags).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    roles_shown(&asked).unwrap_or_else(|error| panic!("{error}"));
    described
}

/// A program as it was published, unpacked by cargo.
fn published(name: &str, version: &str, into: &Path) -> PathBuf {
    let home = Environment::of_process().cargo_home().unwrap();
    let find = || {
        let registries = fs::read_dir(home.join("registry/src")).ok()?;
        let folders = registries.map(|entry| entry.unwrap().path());
        let mut folders = folders.filter(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("index.crates.io-")
        });
        folders.find_map(|folder| {
            let folder = folder.join(format!("{name}-{version}"));
            folder.join("Cargo.lock").is_file().then_some(folder)
        })
    };
    let unpacked = find().unwrap_or_else(|| {
        let spec = format!("{name}@{version}");
        let arguments = ["info", "--quiet", "--registry", "crates-io", &spec];
        run(into, "cargo", &arguments.map(str::to_owned)).unwrap();
        find().unwrap()
    });
    let folder = into.join(format!("{name}-{version}"));
    copy(&unpacked, &folder);
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let path = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &path),
            false => drop(fs::copy(entry.path(), path).unwrap()),
        }
    }
}

/// Those of the list whose place in it leaves this rest, so that tests run side by side.
fn compare_published(rest: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeMap::new();
    for (name, version) in PUBLISHED.iter().skip(rest).step_by(2) {
        let folder = published(name, version, folder.path());
        let described = compare(&folder, &[]);
        assert!(described.metadata.packages.len() > 15, "{name}");
        seen.insert(*name, described.resolver);
    }
    assert!(seen.len() > 3);
}

#[test]
fn published_programs() {
    compare_published(0);
}

#[test]
fn more_published_programs() {
    compare_published(1);
}

/// Writes the lockfile of a workspace of our own.
fn lock(fixture: &Fixture) -> PathBuf {
    let folder = fixture.project();
    let arguments = ["generate-lockfile", "--offline"].map(str::to_owned);
    run(&folder, "cargo", &arguments).unwrap();
    folder
}

fn libraries(fixture: &Fixture, packages: &[(&str, &str)]) {
    for (name, rest) in packages {
        fixture.library(name, name, rest);
    }
}

/// A workspace whose parts have features of their own for host, target and tests.
fn tricky(root: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.write("Cargo.toml", root);
    libraries(
        &fixture,
        &[
            (
                "leaf",
                "[features]\ndefault = [\"std\"]\nstd = []\nhost = []\ntarget = []\ndev = []\nwindows = []\nweak = []\nrenamed = []\n",
            ),
            (
                "other",
                "[dependencies]\nleaf = { path = \"../leaf\", default-features = false }\n[features]\nextra = [\"leaf/weak\"]\n",
            ),
            ("hidden", "[features]\nx = []\n"),
            (
                "middle",
                "[dependencies]\nleaf = { path = \"../leaf\", default-features = false, features = [\"target\"] }\n\
                 other = { path = \"../other\", optional = true }\n\
                 hidden = { path = \"../hidden\", optional = true }\n\
                 [target.'cfg(windows)'.dependencies]\nleaf = { path = \"../leaf\", default-features = false, features = [\"windows\"] }\n\
                 [features]\nwith-other = [\"dep:other\"]\nweakly = [\"other?/extra\"]\nstrongly = [\"other/extra\"]\n\
                 implied = [\"hidden\"]\n",
            ),
            (
                "script",
                "build = \"build.rs\"\n[build-dependencies]\nleaf = { path = \"../leaf\", features = [\"host\"] }\n\
                 [dependencies]\nmiddle = { path = \"../middle\" }\n",
            ),
            (
                "macros",
                "[lib]\nproc-macro = true\n[dependencies]\nother = { path = \"../other\", features = [\"extra\"] }\n\
                 [dev-dependencies]\nmiddle = { path = \"../middle\", features = [\"weakly\"] }\n",
            ),
            (
                "app",
                "[dependencies]\nscript = { path = \"../script\" }\nmacros = { path = \"../macros\" }\n\
                 again = { package = \"leaf\", path = \"../leaf\", features = [\"renamed\"], optional = true }\n\
                 middle = { path = \"../middle\", features = [\"weakly\"] }\n\
                 [dev-dependencies]\nagain = { package = \"leaf\", path = \"../leaf\", features = [\"dev\"] }\n\
                 [features]\ndefault = []\nmore = [\"again\", \"middle/with-other\"]\nstrong = [\"middle/strongly\"]\n",
            ),
        ],
    );
    fixture.write("script/build.rs", "fn main() {}");
    fixture.write("app/src/main.rs", "fn main() {}");
    fixture.write("macros/src/lib.rs", "");
    fixture.write("macros/tests/all.rs", "");
    fixture.write("leaf/tests/all.rs", "");
    fixture
}

fn more_flags() -> Vec<Flags> {
    let mut all = Vec::new();
    let packages =
        |specs: &[&str]| Selected::Packages(specs.iter().map(|spec| (*spec).to_owned()).collect());
    for platforms in [Wanted::HostNamed, Wanted::Other] {
        for (selected, features) in [
            (packages(&["app"]), features(&[], false, false)),
            (packages(&["app"]), features(&["more"], false, true)),
            (packages(&["app"]), features(&["strong"], false, false)),
            (
                packages(&["app"]),
                features(&["app/more,again/dev"], false, false),
            ),
            (
                packages(&["app"]),
                features(&["middle/implied"], false, false),
            ),
            (packages(&["ma*", "leaf@0.1"]), features(&[], true, false)),
            (packages(&["script"]), features(&[], false, false)),
            (
                Selected::Workspace {
                    exclude: vec!["macros".to_owned()],
                },
                features(&["more"], false, false),
            ),
        ] {
            all.push(Flags {
                selected,
                features,
                platforms,
            });
        }
    }
    all
}

#[test]
fn resolver_2_of_a_virtual_manifest() {
    let fixture = tricky(
        "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\nexclude = [\".git\"]\ndefault-members = [\"app\", \"script\"]\n",
    );
    let described = compare(&lock(&fixture), &more_flags());
    assert_eq!(described.resolver, Resolver::V2);
    assert_eq!(described.metadata.root, None);
    assert_eq!(described.metadata.default_members.len(), 2);
}

#[test]
fn resolver_1_of_a_virtual_manifest() {
    let fixture = tricky("[workspace]\nmembers = [\"*\"]\nexclude = [\".git\"]\n");
    // Without resolver 2, the flags for features are refused at a virtual manifest.
    let flags = more_flags().into_iter();
    let flags: Vec<_> = flags
        .filter(|flags| flags.features == FeatureFlags::default())
        .collect();
    let described = describe_in(&lock(&fixture));
    assert_eq!(described.resolver, Resolver::V1);
    let (host, other) = (platform(None).unwrap(), platform(Some(OTHER)).unwrap());
    let folder = fixture.project();
    let asked = Asked {
        folder: &folder,
        metadata: &described.metadata,
        resolver: described.resolver,
        host: &host,
        other: Some(&other),
    };
    for flags in flags {
        trees(&asked, &flags).unwrap_or_else(|error| panic!("{error}"));
        builds(&asked, &flags).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn a_root_package_of_either_resolver() {
    for resolver in ["1", "2", "3"] {
        let root = format!(
            "[package]\nname = \"root\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [workspace]\nresolver = \"{resolver}\"\nmembers = [\"app\", \"macros\", \"leaf\", \"script\"]\n\
             [dependencies]\nmiddle = {{ path = \"middle\", optional = true }}\nleaf = {{ path = \"leaf\" }}\n\
             [dev-dependencies]\nmacros = {{ path = \"macros\" }}\n\
             [features]\nf = [\"middle?/weakly\"]\n"
        );
        let fixture = tricky(&root);
        fixture.write("src/lib.rs", "");
        let mut flags = vec![
            Flags {
                selected: Selected::Default,
                features: features(&["f"], false, true),
                platforms: Wanted::HostNamed,
            },
            Flags {
                selected: Selected::Workspace { exclude: vec![] },
                features: features(&["f middle"], false, false),
                platforms: Wanted::HostNamed,
            },
        ];
        if resolver != "1" {
            flags.extend(more_flags().into_iter().filter(|flags| !flags.features.all));
        }
        let described = compare(&lock(&fixture), &flags);
        assert!(described.metadata.root.is_some());
    }
}

/// Patched, from git, several versions of one name, renamed, a build dependency without a script.
#[test]
fn sources_of_every_kind() {
    let fixture = Fixture::new();
    let git = fixture.path("git");
    fs::create_dir(&git).unwrap();
    let write = |path: &str, text: &str| {
        let path = git.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let manifest = |name: &str, version: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}")
    };
    write(
        "Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n",
    );
    write(
        "from-git/Cargo.toml",
        &manifest(
            "from-git",
            "1.2.3-alpha.1",
            "[dependencies]\nbeside = { path = \"../beside\" }\n",
        ),
    );
    write("from-git/src/lib.rs", "");
    write(
        "beside/Cargo.toml",
        &manifest(
            "beside",
            "2.0.0",
            "[lib]\nname = \"be_side\"\n[features]\na = []\n",
        ),
    );
    write("beside/src/lib.rs", "");
    write(
        "log/Cargo.toml",
        &manifest("log", "0.4.99", "[features]\nstd = []\n"),
    );
    write("log/src/lib.rs", "");
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@e.org",
            "commit",
            "--quiet",
            "-m",
            "t",
        ],
    ] {
        let status = Command::new("git")
            .args(arguments)
            .current_dir(&git)
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success());
    }
    let url = format!("file://{}", git.display());
    fixture.library("local/beside", "beside", "[features]\nb = []\n");
    fixture.library(
        ".",
        "root",
        &format!(
            "[dependencies]\nfrom-git = {{ git = \"{url}\", branch = \"main\" }}\n\
             beside = {{ path = \"local/beside\", features = [\"b\"], optional = true }}\n\
             beside-2 = {{ package = \"beside\", git = \"{url}\", branch = \"main\", features = [\"a\"] }}\n\
             log = {{ version = \"0.4\", features = [\"std\"] }}\n\
             [build-dependencies]\nlog = \"0.4\"\n\
             [patch.crates-io]\nlog = {{ git = \"{url}\", branch = \"main\" }}\n\
             [features]\nold = [\"dep:beside\"]\n"
        ),
    );
    let folder = fixture.project();
    run(&folder, "cargo", &["generate-lockfile".to_owned()]).unwrap();
    let described = compare(
        &folder,
        &[Flags {
            selected: Selected::Default,
            features: features(&["old"], false, false),
            platforms: Wanted::HostNamed,
        }],
    );
    let packages = described.metadata.packages.iter();
    let ids: Vec<&str> = packages.map(|package| &*package.id).collect();
    assert_eq!(ids.len(), 5, "{ids:?}");
    let local = format!(
        "path+file://{}#beside@0.1.0",
        folder.join("local/beside").display()
    );
    let local = local.replace("#beside@", "#");
    assert!(ids.contains(&&*local), "{local} {ids:?}");
    let git_id = format!("git+{url}?branch=main#beside@2.0.0");
    assert!(ids.contains(&&*git_id), "{git_id} {ids:?}");
}

#[test]
fn roles_of_packages() {
    let fixture =
        tricky("[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\nexclude = [\".git\"]\n");
    let described = describe_in(&lock(&fixture));
    let host = platform(None).unwrap();
    let request = Request {
        resolver: described.resolver,
        selected: Selected::Packages(vec!["app".to_owned()]),
        features: FeatureFlags::default(),
        dev: false,
        host: &host,
        targets: Platforms::Only(&[]),
    };
    let roles = roles(&described.metadata, &request).unwrap();
    let packages = described.metadata.packages.iter();
    let shown: Vec<String> = packages
        .zip(roles)
        .map(|(package, roles)| {
            let roles: Vec<&str> = roles.iter().map(Role::name).collect();
            format!("{}: {}", package.name, roles.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "app: runtime",
            "hidden: disabled",
            "leaf: runtime build proc-macro dev",
            "macros: proc-macro",
            "middle: runtime",
            "other: proc-macro",
            "script: runtime",
        ]
    );
}

/// `cargo xtask graph FOLDER…`: compares the workspaces in these folders, and takes the times; by
/// itself, the example of this repository.
#[test]
fn folders() {
    let folders = std::env::var_os("CARAPACE_GRAPH_FOLDERS").unwrap_or_else(|| {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/guestbook");
        let example = std::fs::canonicalize(example).unwrap();
        let fetched = Command::new(env!("CARGO"))
            .args(["fetch", "--locked", "--manifest-path"])
            .arg(example.join("Cargo.toml"))
            .status();
        assert!(fetched.unwrap().success());
        example.into_os_string()
    });
    let mut differences = Vec::new();
    for folder in std::env::split_paths(&folders) {
        let work = tempfile::tempdir().unwrap();
        let options = MetadataOptions {
            cache: Some(work.path().join("cache")),
            ..options(work.path())
        };
        let ask = || {
            let start = Instant::now();
            let project = discover(&folder, None).unwrap();
            (describe(&project, &options), start.elapsed())
        };
        let (described, cold) = ask();
        let described = described.unwrap_or_else(|error| panic!("{error}"));
        let warm = (0..10).map(|_| ask().1).min().unwrap();
        let (host, other) = (platform(None).unwrap(), platform(Some(OTHER)).unwrap());
        let request = Request {
            resolver: described.resolver,
            selected: Selected::Workspace { exclude: vec![] },
            features: features(&[], true, false),
            dev: true,
            host: &host,
            targets: Platforms::Only(&[]),
        };
        let time = || {
            let start = Instant::now();
            let units = Units::resolve(&described.metadata, &request).unwrap();
            (start.elapsed(), units.units().len())
        };
        let (units, count) = (0..10).map(|_| time()).min().unwrap();
        println!(
            "{}: {:?}, {} packages, {count} units; cold {cold:.1?}, warm {warm:.1?}, units {units:.1?}",
            folder.display(),
            described.resolver,
            described.metadata.packages.len(),
        );
        let asked = Asked {
            folder: &folder,
            metadata: &described.metadata,
            resolver: described.resolver,
            host: &host,
            other: Some(&other),
        };
        differences.extend(roles_shown(&asked).err());
        for platforms in [Wanted::Host, Wanted::HostNamed, Wanted::Other, Wanted::All] {
            for (all, no_default) in [(false, false), (true, false), (false, true)] {
                for selected in [Selected::Default, Selected::Workspace { exclude: vec![] }] {
                    let flags = Flags {
                        selected,
                        features: features(&[], all, no_default),
                        platforms,
                    };
                    differences.extend(trees(&asked, &flags).err());
                    if matches!(platforms, Wanted::HostNamed | Wanted::Other) {
                        differences.extend(builds(&asked, &flags).err());
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
