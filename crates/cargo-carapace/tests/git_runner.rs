//! What git takes in, within which limits, and from where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, Instant};

use cargo_carapace::host::git::{
    GitError, GitLimits, GitSource, Skipped, SkippedBecause, head_of_checkout, snapshot,
};
use support::repository::{DATE, Fixture, limits};

#[test]
fn files_are_read_as_they_are() {
    let fixture = Fixture::with_files();
    // What is in the folder, and what git would make of it, is of no interest.
    fixture.write("crates/a/uncommitted.md", b"x");
    let taken = fixture.snapshot(&["crates", "rust"], &limits()).unwrap();
    assert_eq!(taken.revision, fixture.git(["rev-parse", "HEAD"]));
    assert_eq!(taken.committed, DATE);
    assert_eq!(
        taken.files,
        [
            ("crates/a/RUSTSEC-1.md".to_owned(), b"one".to_vec()),
            ("crates/b/é \"x\"\ny.md".to_owned(), Vec::new()),
            ("rust/std/CVE.md".to_owned(), b"three\n\0\n".to_vec()),
        ]
    );
    assert_eq!(taken.skipped, []);
    assert_eq!(fixture.snapshot(&[], &limits()).unwrap().files.len(), 4);
    assert_eq!(fixture.snapshot(&["absent"], &limits()).unwrap().files, []);
}

#[test]
fn sources_in_all_spellings_of_a_folder() {
    let fixture = Fixture::with_files();
    let bare = fixture.folder.path().join("a b%41.git");
    fixture.git([
        OsStr::new("clone"),
        OsStr::new("--quiet"),
        OsStr::new("--bare"),
        OsStr::new("."),
        bare.as_os_str(),
    ]);
    let path = bare.to_str().unwrap();
    for text in [
        path.to_owned(),
        format!("file://{}", path.replace('%', "%25").replace(' ', "%20")),
    ] {
        let source = GitSource::parse(&text).unwrap();
        assert_eq!(
            snapshot(&source, &fixture.work(), &["rust"], &limits())
                .unwrap()
                .files
                .len(),
            1,
            "{text}"
        );
    }
    assert_eq!(
        head_of_checkout(&bare).unwrap().0,
        fixture.git(["rev-parse", "HEAD"])
    );
}

#[test]
fn the_head_of_a_checkout() {
    let fixture = Fixture::with_files();
    let head = fixture.git(["rev-parse", "HEAD"]);
    assert_eq!(
        head_of_checkout(&fixture.repository()),
        Some((head.clone(), DATE))
    );

    let worktree = fixture.folder.path().join("worktree");
    fixture.git([
        OsStr::new("worktree"),
        OsStr::new("add"),
        OsStr::new("--quiet"),
        worktree.as_os_str(),
    ]);
    assert_eq!(head_of_checkout(&worktree), Some((head, DATE)));

    // A folder inside a repository is no checkout of its own.
    assert_eq!(head_of_checkout(&fixture.repository().join("crates")), None);
    assert_eq!(head_of_checkout(&fixture.work()), None);
    assert_eq!(
        head_of_checkout(&fixture.folder.path().join("absent")),
        None
    );
    assert_eq!(head_of_checkout(&Fixture::new().repository()), None);
}

#[cfg(unix)]
#[test]
fn links_submodules_and_large_files_are_skipped_and_named() {
    let fixture = Fixture::with_files();
    std::os::unix::fs::symlink("/etc/passwd", fixture.repository().join("crates/link")).unwrap();
    fixture.write("crates/large", &[b'x'; 2000]);
    fixture.git(["add", "--all"]);
    let head = fixture.git(["rev-parse", "HEAD"]);
    fixture.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{head},crates/module"),
    ]);
    fixture.git(["commit", "--quiet", "--message", "more"]);
    std::os::unix::fs::symlink("crates", fixture.repository().join("root")).unwrap();
    fixture.git(["add", "root"]);
    fixture.git(["commit", "--quiet", "--message", "and a link as root"]);

    let few = GitLimits {
        max_file_bytes: 1000,
        ..limits()
    };
    let taken = fixture.snapshot(&["crates", "root"], &few).unwrap();
    assert_eq!(taken.files.len(), 2);
    let skipped = |path: &str, why| Skipped {
        path: path.to_owned(),
        why,
    };
    assert_eq!(
        taken.skipped,
        [
            skipped("crates/large", SkippedBecause::TooLarge { bytes: 2000 }),
            skipped("crates/link", SkippedBecause::Symlink),
            skipped("crates/module", SkippedBecause::Submodule),
            skipped("root", SkippedBecause::Symlink),
        ]
    );
}

#[test]
fn paths_that_lead_elsewhere_are_skipped() {
    let fixture = Fixture::with_files();
    let blob = fixture.git(["rev-parse", "HEAD:README.md"]);
    // Made by hand, for git's own commands refuse to.
    let mut id = Vec::new();
    for pair in blob.as_bytes().chunks(2) {
        id.push(u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    }
    let mut tree = Vec::new();
    for name in [&b".."[..], b".GIT", b"a\\b", b"ok", b"\xff"] {
        tree.extend_from_slice(b"100644 ");
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend_from_slice(&id);
    }
    let file = fixture.folder.path().join("tree");
    fs::write(&file, tree).unwrap();
    let tree = fixture.git([
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        file.to_str().unwrap(),
    ]);
    let commit = fixture.git(["commit-tree", &tree, "-m", "hostile"]);
    fixture.git(["update-ref", "HEAD", &commit]);
    let taken = fixture.snapshot(&[], &limits()).unwrap();
    assert_eq!(
        taken
            .files
            .iter()
            .map(|(path, _)| path.as_str())
            .collect::<Vec<_>>(),
        ["ok"]
    );
    assert_eq!(taken.skipped.len(), 4);
    assert!(
        taken
            .skipped
            .iter()
            .all(|skipped| skipped.why == SkippedBecause::Path)
    );
}

#[test]
fn limits_hold() {
    let fixture = Fixture::with_files();
    for (limits, expected) in [
        (
            GitLimits {
                max_files: 2,
                ..limits()
            },
            "files",
        ),
        (
            GitLimits {
                max_total_bytes: 5,
                ..limits()
            },
            "bytes of files",
        ),
        (
            GitLimits {
                max_fetched_bytes: 10,
                ..limits()
            },
            "bytes to fetch",
        ),
    ] {
        match fixture.snapshot(&["crates", "rust"], &limits).unwrap_err() {
            GitError::TooLarge { what, .. } => assert_eq!(what, expected),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn what_is_no_repository_is_told() {
    let fixture = Fixture::new();
    for path in [fixture.work(), fixture.folder.path().join("absent")] {
        let error =
            snapshot(&GitSource::local(&path), &fixture.work(), &[], &limits()).unwrap_err();
        assert!(matches!(error, GitError::NotARepository { .. }), "{error}");
    }
    // One without a commit.
    let error = fixture.snapshot(&[], &limits()).unwrap_err();
    assert!(matches!(error, GitError::Failed { .. }), "{error}");
    // One that only looks like it.
    fs::write(fixture.repository().join(".git/HEAD"), "\x1b[2J").unwrap();
    let error = fixture.snapshot(&[], &limits()).unwrap_err();
    assert!(matches!(error, GitError::Failed { .. }), "{error}");
    assert!(!error.to_string().contains('\x1b'));
}

#[test]
fn sources_that_are_options_or_programs_are_refused() {
    for text in [
        "--upload-pack=touch canary",
        "-u",
        "ext::sh -c touch% canary",
        "http://localhost/x",
        "git://localhost/x",
    ] {
        assert!(
            matches!(GitSource::parse(text), Err(GitError::Refused { .. })),
            "{text}"
        );
    }
    // A folder may be called anything.
    let fixture = Fixture::with_files();
    let odd = fixture
        .folder
        .path()
        .join("--upload-pack=touch canary; \"'$(touch canary)");
    fs::rename(fixture.repository(), &odd).unwrap();
    let taken = snapshot(
        &GitSource::local(&odd),
        &fixture.work(),
        &["rust"],
        &limits(),
    )
    .unwrap();
    assert_eq!(taken.files.len(), 1);
    assert!(!fixture.canary().exists() && !fixture.work().join("canary").exists());
}

#[cfg(unix)]
#[test]
fn a_server_that_never_answers_is_left_in_time() {
    // It accepts, and says nothing: no TLS, no git.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://user:secret@127.0.0.1:{}/x",
        silent.local_addr().unwrap().port()
    );
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let limits = GitLimits {
        total: Duration::from_millis(700),
        ..limits()
    };
    let error = snapshot(
        &GitSource::parse(&url).unwrap(),
        folder.path(),
        &[],
        &limits,
    )
    .unwrap_err();
    assert!(matches!(error, GitError::TimedOut { .. }), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    // What git has started is gone as well: its end of the connection is closed.
    let (mut connection, _) = silent.accept().unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    std::io::copy(&mut connection, &mut std::io::sink()).expect("still connected");
}

#[test]
fn credentials_are_in_no_message() {
    let nobody = {
        std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let url = format!("https://user:secret@127.0.0.1:{nobody}/x");
    let folder = tempfile::tempdir().unwrap();
    let error = snapshot(
        &GitSource::parse(&url).unwrap(),
        folder.path(),
        &[],
        &limits(),
    )
    .unwrap_err();
    assert!(matches!(error, GitError::Failed { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
}
