//! What unsafe code is held against: configuration, baselines, revisions, archives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::fs;
use std::path::Path;

use carapace_core::census::baseline::{Baseline, SiteKey, compare};
use carapace_core::census::{Census, PackageCensus, Site, State};
use carapace_core::facts::unsafety::SiteKind;
use carapace_core::graph::checksum::Checksum;
use carapace_core::graph::{Graph, lockfile};
use carapace_core::policy::Policy;
use cargo_carapace::gate::{archive, baseline, config, since, unpacked};
use cargo_carapace::host::git::{GitError, GitLimits, files_at_revision};
use cargo_carapace::host::workspace::discover;
use semver::Version;
use support::repository::{Fixture, limits};

fn shown(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A workspace with a member in the root, one below, and one beside it.
fn workspace() -> Fixture {
    let fixture = Fixture::new();
    for (path, text) in [
        (
            "project/Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[workspace]\nmembers = [\"inner\", \"../beside\"]\n",
        ),
        (
            "project/Cargo.lock",
            "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n",
        ),
        ("project/src/lib.rs", "unsafe fn f() {}\n"),
        ("project/README.md", "not a source\n"),
        (
            "project/inner/Cargo.toml",
            "[package]\nname = \"inner\"\nversion = \"0.1.0\"\n",
        ),
        ("project/inner/src/a b.rs", "fn g() {}\n"),
        (
            "beside/Cargo.toml",
            "[package]\nname = \"beside\"\nversion = \"0.1.0\"\nworkspace = \"../project\"\n",
        ),
        ("beside/src/lib.rs", "fn h() {}\n"),
        ("elsewhere/src/lib.rs", "fn i() {}\n"),
    ] {
        fixture.write(path, text.as_bytes());
    }
    fixture.commit();
    fixture
}

#[test]
fn a_revision_is_read_package_by_package() {
    let fixture = workspace();
    let first = fixture.git(["rev-parse", "HEAD"]);
    // What is there now is of no interest; neither is where the package was moved to.
    fixture.write("project/src/lib.rs", b"changed\n");
    fixture.git(["mv", "project/inner", "project/moved"]);
    let manifest = fixture.repository().join("project/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("inner", "moved")).unwrap();
    fixture.commit();
    let project = discover(&fixture.repository().join("project"), None).unwrap();
    let then = since::read(&project, "HEAD~1").unwrap();
    assert_eq!(then.revision, first);
    assert_eq!(then.graph.unwrap().packages().len(), 1);
    let packages: Vec<_> = then
        .packages
        .iter()
        .map(|package| {
            let files: Vec<&str> = package
                .files
                .iter()
                .map(|(path, _)| path.as_str())
                .collect();
            (package.name.as_str(), package.folder.as_str(), files)
        })
        .collect();
    assert_eq!(
        packages,
        [
            ("beside", "beside", vec!["src/lib.rs"]),
            ("app", "project", vec!["src/lib.rs"]),
            ("inner", "project/inner", vec!["src/a b.rs"]),
        ]
    );
    let app = &then.packages[1].files[0].1;
    assert_eq!(app, b"unsafe fn f() {}\n");

    // A worktree has a file where others have their repository.
    let worktree = fixture.folder.path().join("worktree");
    fixture.git(["worktree", "add", "--quiet", worktree.to_str().unwrap()]);
    let project = discover(&worktree.join("project"), None).unwrap();
    assert_eq!(since::read(&project, "main~1").unwrap().revision, first);
}

/// A stand-in for the extraction: a site for each line with `unsafe` in it.
fn extract(files: &[(String, Vec<u8>)]) -> Vec<SiteKey> {
    let files = files.iter();
    let keys = files.flat_map(|(file, bytes)| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines
            .into_iter()
            .filter(|line| line.contains("unsafe"))
            .map(|line| SiteKey {
                file: file.clone(),
                item: line,
                kind: SiteKind::Fn,
                operations: Vec::new(),
            })
            .collect::<Vec<_>>()
    });
    keys.collect()
}

#[test]
fn what_was_at_a_revision_is_known() {
    let fixture = workspace();
    let home = fixture.folder.path().join("cargo");
    let cache = home.join("registry/cache/index.crates.io-1");
    fs::create_dir_all(&cache).unwrap();
    let bytes = packed(&[("src/lib.rs", "unsafe fn old() {}\n")]);
    fs::write(cache.join("dep-1.0.0.crate"), &bytes).unwrap();
    let locked = archive::checksum(&bytes);
    let lock = |packages: &[(&str, &str, &str)]| {
        let mut lock = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\n".to_owned();
        for (name, version, checksum) in packages {
            lock += &format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{checksum}\"\n\n"
            );
        }
        lock
    };
    let checksum = locked.to_string();
    let then = lock(&[
        ("dep", "1.0.0", &checksum),
        ("lost", "1.0.0", "aa"),
        ("same", "1.0.0", "bb"),
    ]);
    fixture.write("project/Cargo.lock", then.as_bytes());
    fixture.commit();
    let now = lock(&[
        ("dep", "1.1.0", "cc"),
        ("lost", "1.1.0", "dd"),
        ("same", "1.0.0", "bb"),
    ]);
    let graph = Graph::from_lockfile(&lockfile::read(now.as_bytes()).unwrap()).unwrap();
    let site = |file: &str, item: &str| Site {
        file: file.to_owned(),
        line: 1,
        column: 1,
        kind: SiteKind::Fn,
        state: State::Active,
        runtime: State::Active,
        build: State::Inactive,
        item: item.to_owned(),
        operations: Vec::new(),
        safety_comment: false,
        public: false,
        exported_macro: false,
    };
    let sites = [
        vec![
            site("src/lib.rs", "unsafe fn f() {}"),
            site("src/lib.rs", "new"),
        ],
        vec![
            site("src/lib.rs", "unsafe fn old() {}"),
            site("src/lib.rs", "new"),
        ],
        vec![site("src/lib.rs", "any")],
        vec![site("src/lib.rs", "any")],
    ];
    let census = Census {
        packages: sites
            .map(|sites| PackageCensus {
                scanned: true,
                sites,
                ..PackageCensus::default()
            })
            .into(),
    };
    let project = discover(&fixture.repository().join("project"), None).unwrap();
    let (known, gaps) =
        since::known(&project, "main", &graph, &census, Some(&home), &extract).unwrap();
    let changes = compare(&known.baseline, &graph, &census);
    let new: Vec<_> = changes
        .new
        .iter()
        .map(|new| {
            (
                graph.get(new.package).unwrap().name.as_str(),
                new.sites.clone(),
            )
        })
        .collect();
    assert_eq!(new, [("app", vec![1]), ("dep", vec![1]), ("lost", vec![0])]);
    assert_eq!(gaps.len(), 1);
    assert!(
        gaps[0]
            .reason
            .starts_with("the archive of lost 1.0.0, which it was at main")
    );
    assert!(!gaps[0].blocking);
    assert!(known.from.starts_with("main ("));
}

#[test]
fn what_is_no_revision_is_told() {
    let fixture = workspace();
    let project = discover(&fixture.repository().join("project"), None).unwrap();
    let failure = since::read(&project, "v9\u{1b}[2J").unwrap_err();
    assert!(
        failure.0.contains("has no commit `v9\\u{1b}[2J`"),
        "{}",
        failure.0
    );
    assert!(
        failure.0.contains("a shallow clone has only the newest"),
        "{}",
        failure.0
    );

    fs::remove_dir_all(fixture.repository().join(".git")).unwrap();
    let project = discover(&fixture.repository().join("project"), None).unwrap();
    let failure = since::read(&project, "HEAD").unwrap_err();
    assert!(
        failure.0.contains("is in no git repository"),
        "{}",
        failure.0
    );
}

#[test]
fn a_revision_is_bounded_and_its_folders_are_no_patterns() {
    let fixture = workspace();
    let read = |roots: &[&str], limits: GitLimits| {
        let is_source = |path: &str| path.ends_with(".rs");
        files_at_revision(&fixture.repository(), "main", roots, is_source, &limits)
    };
    let mut few = limits();
    few.max_files = 3;
    assert!(matches!(
        read(&[], few),
        Err(GitError::TooLarge { what: "files", .. })
    ));
    let mut small = limits();
    small.max_total_bytes = 20;
    assert!(matches!(read(&[], small), Err(GitError::TooLarge { .. })));
    for pattern in ["*", "projec?", ":(top)beside", ":/beside", ":(glob)**"] {
        assert_eq!(read(&[pattern], limits()).unwrap().files, [], "{pattern}");
    }
    assert_eq!(read(&[""], limits()).unwrap().files.len(), 4);
    assert_eq!(
        read(&["beside", "project/inner"], limits())
            .unwrap()
            .files
            .len(),
        2
    );
}

#[test]
fn configuration_is_read_from_the_root_alone() {
    let fixture = workspace();
    let folder = fixture.repository().join("project");
    let project = || discover(&folder, None).unwrap();
    let (none, gaps) = config::read(&project(), &shown).unwrap();
    assert!(none.is_none() && gaps.is_empty());

    let member = "[package]\nname = \"inner\"\nversion = \"0.1.0\"\n[package.metadata.carapace.unsafe.budget]\nmax = 0\n";
    fixture.write("project/inner/Cargo.toml", member.as_bytes());
    fixture.write(
        "project/carapace.toml",
        b"[unsafe]\nbaseline = \"ci/base.toml\"\nallow-new = true\nreason = \"the port\"\n",
    );
    let (config, gaps) = config::read(&project(), &shown).unwrap();
    let config = config.unwrap();
    let root = fs::canonicalize(&folder).unwrap();
    assert_eq!(config.baseline().unwrap(), root.join("ci/base.toml"));
    let mut policy = Policy::default();
    let effects = config.apply(&mut policy);
    assert_eq!(effects.len(), 1);
    assert_eq!(
        (effects[0].file.as_str(), effects[0].line),
        ("carapace.toml", 3)
    );
    assert_eq!(policy.unsafety.allow_new.as_deref(), Some("the port"));
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].reason.contains("of a member is not followed"));

    // Two of them: it is not known which was meant.
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let both = format!("{manifest}\n[workspace.metadata.carapace.unsafe.budget]\nmax = 1\n");
    fs::write(folder.join("Cargo.toml"), both).unwrap();
    let failure = config::read(&project(), &shown).unwrap_err();
    assert!(failure.0.contains("keep one of them"), "{}", failure.0);
    fs::remove_file(folder.join("carapace.toml")).unwrap();
    assert!(config::read(&project(), &shown).unwrap().0.is_some());

    fixture.write("project/carapace.toml", b"[unsafe]\nbugdet = 1\n");
    let failure = config::read(&project(), &shown).unwrap_err();
    assert!(
        failure
            .0
            .starts_with("carapace.toml: line 2: unknown field"),
        "{}",
        failure.0
    );
}

fn some_baseline() -> Baseline {
    let mut baseline = Baseline::default();
    let key = SiteKey {
        file: "src/lib.rs".to_owned(),
        item: "f".to_owned(),
        kind: SiteKind::Block,
        operations: Vec::new(),
    };
    baseline.know_sites("a", &Version::new(1, 0, 0), [key]);
    baseline
}

#[test]
fn a_baseline_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.toml");
    baseline::write(&path, Some(folder.path()), &some_baseline().write()).unwrap();
    assert_eq!(
        baseline::read(&path, Some(folder.path()), Baseline::parse).unwrap(),
        some_baseline()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::write(&path, "version = 9").unwrap();
    let failure = baseline::read(&path, None, Baseline::parse).unwrap_err();
    assert!(failure.0.contains("its `version` is 9"), "{}", failure.0);
}

#[cfg(unix)]
#[test]
fn a_baseline_leads_out_of_no_tree() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let (tree, outside) = (folder.path().join("tree"), folder.path().join("outside"));
    fs::create_dir(&tree).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), "kept").unwrap();
    symlink(&outside, tree.join("folder")).unwrap();
    symlink(outside.join("kept"), tree.join("link.toml")).unwrap();

    let inside = tree.join("folder/base.toml");
    assert!(baseline::write(&inside, Some(&tree), &some_baseline().write()).is_err());
    assert!(baseline::read(&tree.join("link.toml"), Some(&tree), Baseline::parse).is_err());
    // A link is replaced, what it leads to is kept.
    baseline::write(
        &tree.join("link.toml"),
        Some(&tree),
        &some_baseline().write(),
    )
    .unwrap();
    assert_eq!(fs::read_to_string(outside.join("kept")).unwrap(), "kept");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert!(baseline::read(&tree.join("link.toml"), Some(&tree), Baseline::parse).is_ok());
}

/// A graph of one package with that checksum.
fn graph(checksum: &Checksum) -> Graph {
    let lock = format!(
        "[[package]]\nname = \"dep\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{checksum}\"\n"
    );
    Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap()
}

/// A package's archive.
fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(encoder);
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let path = format!("dep-1.0.0/{path}");
        archive
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_edited_package_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let vendored = folder.path().join("vendor/dep");
    let bytes = packed(&[("src/lib.rs", "fn f() {}\n"), ("Cargo.toml", "[package]\n")]);
    let locked = archive::checksum(&bytes);
    let graph = graph(&locked);
    let package = &graph.packages()[0];
    let cache = home.join("registry/cache/index.crates.io-1");
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir_all(vendored.join("src")).unwrap();
    fs::write(vendored.join("Cargo.toml"), "[package]\n").unwrap();
    let list = |text: &str| {
        let hash = archive::checksum(text.as_bytes());
        let manifest = archive::checksum(b"[package]\n");
        let list = format!(
            "{{\"files\":{{\"src/lib.rs\":\"{hash}\",\"Cargo.toml\":\"{manifest}\"}},\"package\":\"{locked}\"}}"
        );
        fs::write(vendored.join(".cargo-checksum.json"), list).unwrap();
    };
    let check = || -> Vec<String> {
        let found = unpacked::check(&vendored, package, Some(&home)).unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    fs::write(vendored.join("src/lib.rs"), "fn f() {}\n").unwrap();
    assert!(unpacked::check(&vendored, package, Some(&home)).is_err());
    list("fn f() {}\n");
    assert_eq!(check(), [""; 0]);

    fs::write(vendored.join("src/lib.rs"), "fn g() {}\n").unwrap();
    fs::write(vendored.join("build.rs"), "fn main() {}\n").unwrap();
    assert_eq!(
        check(),
        ["changed: src/lib.rs", "not in the archive: build.rs"]
    );
    // Whoever changes the file can change the list, but not the archive.
    list("fn g() {}\n");
    assert_eq!(check(), ["not in the archive: build.rs"]);
    fs::write(cache.join("dep-1.0.0.crate"), &bytes).unwrap();
    assert_eq!(
        check(),
        ["changed: src/lib.rs", "not in the archive: build.rs"]
    );
    // An archive that is not the locked one says nothing.
    fs::write(
        cache.join("dep-1.0.0.crate"),
        packed(&[("src/lib.rs", "fn g() {}\n")]),
    )
    .unwrap();
    assert_eq!(check(), ["not in the archive: build.rs"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_never_passes_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("dep");
    fs::create_dir(&package).unwrap();
    fs::write(folder.path().join("outside.rs"), "x").unwrap();
    std::os::unix::fs::symlink("../outside.rs", package.join("link.rs")).unwrap();
    std::os::unix::fs::symlink("nowhere", package.join("gone.rs")).unwrap();
    let status = std::process::Command::new("mkfifo")
        .arg(package.join("pipe.rs"))
        .status();
    assert!(status.unwrap().success());
    let found = unpacked::hashes(&package).unwrap();
    assert_eq!(found.len(), 3);
    assert!(
        found
            .values()
            .all(|checksum| matches!(checksum, Checksum::Other(_)))
    );
}
