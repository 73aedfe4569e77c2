//! Finding projects and lockfiles, and resolving, in projects that mean well.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use cargo_carapace::host::files::{FileError, read_regular};
use cargo_carapace::host::resolve::ResolveError;
use cargo_carapace::host::search::{SearchOptions, find_lockfiles};
use cargo_carapace::host::workspace::{
    ManifestError, Project, ProjectError, discover, repository_root,
};
use support::project::{Fixture, package};

fn names(project: &Project) -> Vec<&str> {
    project.members.iter().map(|m| m.name.as_str()).collect()
}

/// A virtual workspace with a glob, a path dependency that is a member by
/// that, and an excluded package.
fn workspace() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\nexclude = [\"crates/out\"]\n\
         [workspace.package]\nversion = \"3.2.1\"\n\
         [workspace.dependencies]\nshared = { path = \"shared\" }\n",
    );
    fixture.library(
        "crates/a",
        "a",
        "[dependencies]\nb = { path = \"../b\" }\nshared.workspace = true\n",
    );
    fixture.write(
        "crates/b/Cargo.toml",
        "[package]\nname = \"b\"\nversion.workspace = true\nedition = \"2021\"\n",
    );
    fixture.write("crates/b/src/lib.rs", "");
    fixture.library("crates/out", "out", "");
    fixture.library("shared", "shared", "");
    fixture.write("crates/README", "no folder");
    fixture
}

#[test]
fn a_workspace_is_found_from_a_member() {
    let fixture = workspace();
    let root = fixture.project();
    for start in ["", "crates/a", "crates/a/src", "crates/b/Cargo.toml"] {
        let project = discover(&root.join(start), None).unwrap();
        assert_eq!(project.root, root, "{start}");
        assert_eq!(project.manifest, root.join("Cargo.toml"));
        assert_eq!(project.lockfile, root.join("Cargo.lock"));
        assert!(!project.has_lockfile);
        assert_eq!(names(&project), ["a", "b", "shared"]);
        assert_eq!(project.members[1].version.as_deref(), Some("3.2.1"));
        assert_eq!(project.gaps, []);
    }
    fixture.write("Cargo.lock", "");
    assert!(fixture.discover().has_lockfile);
}

#[test]
fn what_is_excluded_is_a_project_of_its_own() {
    let fixture = workspace();
    let out = fixture.project().join("crates/out");
    let project = discover(&out, None).unwrap();
    assert_eq!(project.root, out);
    assert_eq!(names(&project), ["out"]);

    // Nobody counts this one as a member.
    fixture.library("elsewhere", "elsewhere", "");
    let project = discover(&fixture.project().join("elsewhere"), None).unwrap();
    assert_eq!(project.root, fixture.project().join("elsewhere"));
}

#[test]
fn a_pointer_leads_to_the_root() {
    let fixture = Fixture::new();
    fixture.write(
        "root/Cargo.toml",
        "[workspace]\nmembers = [\"../member\"]\n",
    );
    fixture.library("member", "member", "workspace = \"../root\"\n");
    let member = fixture.project().join("member");
    let project = discover(&member, None).unwrap();
    assert_eq!(project.root, fixture.project().join("root"));
    assert_eq!(names(&project), ["member"]);

    fixture.write("root/Cargo.toml", &package("root", ""));
    assert!(matches!(
        discover(&member, None),
        Err(ProjectError::NotARoot { .. })
    ));
}

#[test]
fn the_nearest_of_nested_workspaces_counts() {
    let fixture = workspace();
    fixture.library("crates/a/inner", "inner", "[workspace]\n");
    fixture.library("crates/a/inner/deep", "deep", "");
    fixture.write(
        "crates/a/inner/Cargo.toml",
        &package("inner", "[workspace]\nmembers = [\"deep\"]\n"),
    );
    let inner = fixture.project().join("crates/a/inner");
    let project = discover(&inner.join("deep"), None).unwrap();
    assert_eq!(project.root, inner);
    assert_eq!(names(&project), ["inner", "deep"]);
    assert_eq!(names(&fixture.discover()), ["a", "b", "shared"]);
}

#[test]
fn packages_in_cargos_home_belong_to_no_workspace_above() {
    let fixture = Fixture::new();
    fixture.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"home/registry/x\"]\n",
    );
    fixture.library("home/registry/x", "x", "");
    let x = fixture.project().join("home/registry/x");
    let home = fixture.project().join("home");
    assert_eq!(discover(&x, Some(&home)).unwrap().root, x);
    assert_eq!(discover(&x, None).unwrap().root, fixture.project());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let fixture = Fixture::new();
    let error = discover(&fixture.project(), None).unwrap_err();
    assert!(matches!(error, ProjectError::NoManifest { .. }), "{error}");

    fixture.write("Cargo.toml", "[package]\nname = \"x\"\n= nonsense\n");
    let error = discover(&fixture.project(), None).unwrap_err();
    assert!(
        matches!(
            error,
            ProjectError::Manifest(ManifestError::NotToml { line: 3, .. })
        ),
        "{error}"
    );
    fixture.write("other.toml", "");
    assert!(matches!(
        discover(&fixture.project().join("other.toml"), None),
        Err(ProjectError::NotCargoToml { .. })
    ));
    assert!(matches!(
        discover(&fixture.project().join("nowhere"), None),
        Err(ProjectError::Manifest(ManifestError::File(
            FileError::NotFound { .. }
        )))
    ));
    // A member that is missing is a gap of a project that is there.
    fixture.write("Cargo.toml", "[workspace]\nmembers = [\"gone\"]\n");
    assert_eq!(fixture.discover().gaps[0].0, fixture.project().join("gone"));
}

#[test]
fn files_are_read_up_to_a_size() {
    let fixture = Fixture::new();
    fixture.write("x", "12345");
    let file = fixture.project().join("x");
    assert_eq!(read_regular(&file, 5).unwrap(), b"12345");
    assert!(matches!(
        read_regular(&file, 4),
        Err(FileError::TooLarge { limit: 4, .. })
    ));
    assert!(matches!(
        read_regular(&fixture.project(), 5),
        Err(FileError::NotAFile { what: "folder", .. })
    ));
    // The kernel says that this one is empty.
    #[cfg(target_os = "linux")]
    assert!(matches!(
        read_regular(Path::new("/proc/self/maps"), 5),
        Err(FileError::TooLarge { .. })
    ));
}

#[test]
fn the_repository_is_the_nearest_folder_with_a_git() {
    let fixture = Fixture::new();
    fixture.write("a/b/c", "");
    let root = fixture.project();
    assert_eq!(repository_root(&root.join("a/b/c")), Some(root.clone()));
    fixture.write("a/.git", "gitdir: elsewhere\n");
    assert_eq!(repository_root(&root.join("a/b")), Some(root.join("a")));
}

/// A home that is kept in a repository is not part of each project in it.
#[test]
fn the_tree_of_a_project_is_its_repository() {
    let fixture = Fixture::new();
    fixture.library("a/x", "x", "");
    let project = discover(&fixture.project().join("a/x"), None).unwrap();
    assert_eq!(project.tree(None), fixture.project());
    assert_eq!(project.tree(Some(&fixture.path("home"))), fixture.project());
    let home = fixture.project().join("a");
    assert_eq!(project.tree(Some(&home)), project.root);
}

#[test]
fn lockfiles_are_found_in_order() {
    let fixture = Fixture::new();
    for path in [
        "b/Cargo.lock",
        "Cargo.lock",
        "a/x/Cargo.lock",
        ".git/Cargo.lock",
        "vendor/p/Cargo.lock",
        "third/p/Cargo.lock",
        "target/package/Cargo.lock",
        "c/target/Cargo.lock",
        "a/target/Cargo.lock",
    ] {
        fixture.write(path, "");
    }
    fixture.write("third/p/.cargo-checksum.json", "{}");
    fixture.write("Cargo.toml", "");
    fixture.write("c/target/CACHEDIR.TAG", "");
    fs::create_dir_all(fixture.project().join("d/Cargo.lock")).unwrap();
    let root = fixture.project();
    let paths = |paths: &[&str]| -> Vec<PathBuf> { paths.iter().map(|p| root.join(p)).collect() };

    let options = SearchOptions::default();
    let found = find_lockfiles(&root, &options);
    // `a/target` is a folder of that name and no more.
    let all = paths(&[
        "Cargo.lock",
        "a/target/Cargo.lock",
        "a/x/Cargo.lock",
        "b/Cargo.lock",
    ]);
    assert_eq!(found.files, all);
    assert_eq!(found.gaps.len(), 1);
    assert_eq!(found.gaps[0].0, root.join("d/Cargo.lock"));
    assert!(found.gaps[0].1.contains("folder"));

    let found = find_lockfiles(
        &root,
        &SearchOptions {
            include_target: true,
            include_vendored: true,
            ..options
        },
    );
    assert_eq!(found.files.len(), 8);

    let found = find_lockfiles(
        &root,
        &SearchOptions {
            max_depth: 1,
            ..options
        },
    );
    assert_eq!(found.files, paths(&["Cargo.lock", "b/Cargo.lock"]));
    assert!(found.gaps.iter().any(|(path, _)| *path == root.join("a")));
    let found = find_lockfiles(
        &root,
        &SearchOptions {
            max_files: 3,
            ..options
        },
    );
    assert!(found.gaps.iter().any(|(_, why)| why.contains("3 entries")));
    let found = find_lockfiles(&root.join("nowhere"), &options);
    assert_eq!(found.gaps.len(), 1);
}

/// What cargo itself writes in a copy of the folder.
fn cargos_own(fixture: &Fixture, project: &str) -> String {
    let from = fixture.path("");
    let to = tempfile::tempdir().unwrap();
    for path in support::project::listing(&from).into_keys() {
        let copy = to.path().join(path.strip_prefix(&from).unwrap());
        if path.is_dir() {
            fs::create_dir_all(&copy).unwrap();
        } else {
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&path, &copy).unwrap();
        }
    }
    let manifest = to.path().join(project).join("Cargo.toml");
    let said = fixture.plain_cargo(&[
        "generate-lockfile",
        "--offline",
        "--manifest-path",
        manifest.to_str().unwrap(),
    ]);
    fs::read_to_string(manifest.with_file_name("Cargo.lock")).expect(&said)
}

#[test]
fn a_workspace_is_resolved_as_cargo_would() {
    let fixture = workspace();
    let lock = fixture.resolve().unwrap();
    assert!(lock.contains("name = \"shared\""), "{lock}");
    assert_eq!(lock, cargos_own(&fixture, "project"));
}

/// Whatever has cargo look for files, or for other manifests.
#[test]
fn a_package_of_many_kinds_is_resolved_as_cargo_would() {
    let fixture = Fixture::new();
    fixture.write(
        "Cargo.toml",
        "[package]\nname = \"main\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlinks = \"z\"\n\
         default-run = \"two\"\nreadme.workspace = true\n\
         [lib]\nproc-macro = true\n\
         [[bin]]\nname = \"one\"\n\
         [[example]]\nname = \"e\"\n\
         [[test]]\nname = \"t\"\n\
         [[bench]]\nname = \"q\"\nharness = false\n\
         [dependencies]\nsibling = { path = \"../sibling/crates/s\" }\n\
         [dev-dependencies]\ndev = { path = \"tools/dev\", version = \"0.1\" }\n\
         [build-dependencies]\nbuilds = { path = \"tools/builds\" }\n\
         [target.'cfg(windows)'.dependencies]\nwin = { path = \"tools/win\" }\n\
         [patch.crates-io]\npatched = { path = \"tools/patched\" }\n\
         [workspace]\n",
    );
    fixture.write("README.md", "# main");
    fixture.write("build.rs", "fn main() {}");
    for path in ["src/lib.rs", "examples/e.rs", "tests/t.rs", "benches/q.rs"] {
        fixture.write(path, "");
    }
    fixture.write("src/bin/one.rs", "");
    fixture.write("src/bin/two/main.rs", "");
    fixture.library("tools/dev", "dev", "");
    fixture.library(
        "tools/builds",
        "builds",
        "[dependencies]\npatched = \"0.1\"\n",
    );
    fixture.library("tools/win", "win", "[lib]\npath = \"elsewhere.rs\"\n");
    fixture.library("tools/patched", "patched", "");
    // A sibling outside, which inherits from a workspace of its own.
    fixture.write(
        "../sibling/Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nversion = \"7.0.0\"\n\
         [workspace.dependencies]\nbelow = { path = \"crates/below\" }\n",
    );
    fixture.write(
        "../sibling/crates/s/Cargo.toml",
        "[package]\nname = \"sibling\"\nversion.workspace = true\n\
         [dependencies]\nbelow.workspace = true\n",
    );
    fixture.write("../sibling/crates/s/src/lib.rs", "");
    fixture.library("../sibling/crates/below", "below", "");

    let lock = fixture.resolve().unwrap();
    for name in [
        "below", "builds", "dev", "main", "patched", "sibling", "win",
    ] {
        assert!(lock.contains(&format!("name = \"{name}\"")), "{lock}");
    }
    assert_eq!(lock, cargos_own(&fixture, "project"));
}

#[test]
fn what_cargo_says_is_handed_on() {
    let fixture = Fixture::new();
    fixture.library(".", "x", "[dependencies]\nnowhere = \"1\"\n");
    let error = fixture.resolve().unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, ResolveError::Failed { unused: None, .. }),
        "{text}"
    );
    assert!(
        text.contains("no matching package named `nowhere`"),
        "{text}"
    );

    fixture.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"v\"\n",
    );
    let text = fixture.resolve().unwrap_err().to_string();
    assert!(text.contains(".cargo/config.toml` was not used"), "{text}");

    // The file is named where the user has it.
    fixture.library(".", "x", "[dependencies]\ny = { path = \"y\" }\n");
    let text = fixture.resolve().unwrap_err().to_string();
    assert!(
        text.contains(&*fixture.project().join("y").to_string_lossy()),
        "{text}"
    );
    assert!(!text.contains("target/package"), "{text}");
}

#[test]
fn cargo_is_stopped_and_missed() {
    let mut fixture = Fixture::new();
    fixture.library(".", "x", "");
    #[cfg(unix)]
    {
        fixture.program("../slow");
        let slow = fixture.path("slow");
        let script = format!(
            "#!/bin/sh\nsleep 20\ntouch '{}'\n",
            fixture.canary().display()
        );
        fs::write(&slow, script).unwrap();
        fixture.variables.insert("CARGO", Some(slow.into()));
        fixture.timeout = std::time::Duration::from_millis(300);
        assert!(matches!(
            fixture.resolve(),
            Err(ResolveError::TimedOut { .. })
        ));
    }
    fixture.variables.insert("PATH", None);
    fixture.variables.insert("CARGO", None);
    assert!(matches!(
        fixture.resolve(),
        Err(ResolveError::NoCargo { .. })
    ));
}

#[test]
fn an_absolute_path_is_refused() {
    let fixture = Fixture::new();
    let path = fixture.project().join("y");
    fixture.library("y", "y", "");
    fixture.library(".", "x", &format!("[dependencies]\ny.path = {path:?}\n"));
    assert!(matches!(
        fixture.resolve(),
        Err(ResolveError::AbsolutePath { .. })
    ));
}

/// A cache below a workspace is where some build servers want it.
#[test]
fn the_copy_is_no_part_of_what_its_folder_is_in() {
    let fixture = Fixture::new();
    fixture.library(".", "x", "");
    fs::write(
        fixture.path("Cargo.toml"),
        "[workspace]\nmembers = [\"nothing\"]\n",
    )
    .unwrap();
    fixture.resolve().unwrap();
}
