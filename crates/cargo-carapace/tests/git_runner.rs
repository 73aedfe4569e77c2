//! Git against repositories that behave, and ones that want to run something.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use cargo_carapace::host::git::{
    GitError, GitLimits, GitSnapshot, GitSource, Skipped, SkippedBecause, head_of_checkout,
    snapshot,
};
use tempfile::TempDir;

const DATE: i64 = 1_700_000_000;

/// A folder with a repository in it, and one for git to work in.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(fixture.work()).unwrap();
        fs::create_dir(fixture.repository()).unwrap();
        fixture.git(["init", "--quiet", "--initial-branch=main"]);
        fixture
    }

    fn with_files() -> Self {
        let fixture = Self::new();
        fixture.write("crates/a/RUSTSEC-1.md", b"one");
        fixture.write("crates/b/é \"x\"\ny.md", b"");
        fixture.write("rust/std/CVE.md", b"three\n\0\n");
        fixture.write("README.md", b"not asked for");
        fixture.commit();
        fixture
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }
    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }
    fn canary(&self) -> PathBuf {
        self.folder.path().join("canary")
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.repository().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Git as a user has it, but with nobody's configuration.
    fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let output = Command::new("git")
            .current_dir(self.repository())
            .args([
                "-c",
                "user.name=T",
                "-c",
                "user.email=t@example.com",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_COMMITTER_DATE", format!("{DATE} +0200"))
            .env("GIT_AUTHOR_DATE", "1600000000 +0000")
            .env_remove("GIT_DIR")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self) {
        self.git(["add", "--all"]);
        self.git([
            "commit",
            "--quiet",
            "--message",
            "committer T <t> 1 +0000\n\ncommitter T <t> 2 +0000",
        ]);
    }

    fn snapshot(&self, roots: &[&str], limits: &GitLimits) -> Result<GitSnapshot, GitError> {
        let result = snapshot(
            &GitSource::local(&self.repository()),
            &self.work(),
            roots,
            limits,
        );
        assert_eq!(
            fs::read_dir(self.work()).unwrap().count(),
            0,
            "the work folder is left empty"
        );
        result
    }

    fn canary_is_alive(&self, what: &str) {
        assert!(
            !self.canary().exists(),
            "{what} ran: {:?}",
            fs::read_to_string(self.canary())
        );
    }
}

fn limits() -> GitLimits {
    GitLimits {
        total: Duration::from_secs(20),
        ..GitLimits::default()
    }
}

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

/// A repository that tries everything we know of to have a program run.
#[cfg(unix)]
fn hostile() -> (Fixture, String) {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::with_files();
    let canary = fixture.canary();
    let program = fixture.folder.path().join("program");
    fs::write(
        &program,
        format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", canary.display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap().to_owned();

    fixture.write(".gitattributes", b"* filter=evil diff=evil text eol=crlf\n");
    fixture.write("crates/.gitattributes", b"* filter=evil export-subst\n");
    fixture.write(".lfsconfig", b"[lfs]\n\turl = ext::sh\n");
    fixture.write(
        ".gitmodules",
        format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{program}\n\tupdate = !{program}\n")
            .as_bytes(),
    );
    fixture.commit();

    let hooks = fixture.repository().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
        "post-update",
        "pre-receive",
        "update",
        "post-receive",
        "fsmonitor-watchman",
        "post-merge",
        "pre-commit",
        "proc-receive",
    ] {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    let hooks = hooks.to_str().unwrap().to_owned();
    for (key, value) in [
        ("core.fsmonitor", &program),
        ("core.hooksPath", &hooks),
        ("core.sshCommand", &program),
        ("core.pager", &program),
        ("pager.cat-file", &program),
        ("pager.ls-tree", &program),
        ("core.editor", &program),
        ("core.askPass", &program),
        ("core.gitProxy", &program),
        ("core.alternateRefsCommand", &program),
        ("credential.helper", &program),
        ("diff.external", &program),
        ("diff.evil.textconv", &program),
        ("diff.evil.command", &program),
        ("filter.evil.smudge", &program),
        ("filter.evil.clean", &program),
        ("filter.evil.process", &program),
        ("gpg.program", &program),
        ("uploadpack.packObjectsHook", &program),
        ("sequence.editor", &program),
        ("interactive.diffFilter", &program),
        ("trace2.eventTarget", &program),
        ("remote.origin.uploadpack", &program),
        ("remote.origin.receivepack", &program),
    ] {
        fixture.git(["config", key, value]);
    }
    for (key, value) in [
        ("alias.fetch", format!("!{program}")),
        ("alias.cat-file", format!("!{program}")),
        ("alias.upload-pack", format!("!{program}")),
        ("log.showSignature", "true".to_owned()),
        ("credential.https://127.0.0.1.helper", format!("!{program}")),
        ("protocol.ext.allow", "always".to_owned()),
        ("protocol.allow", "always".to_owned()),
        ("remote.origin.url", format!("ext::{program}")),
        ("uploadpack.allowFilter", "true".to_owned()),
        ("uploadpack.allowAnySHA1InWant", "true".to_owned()),
    ] {
        fixture.git(["config", key, &value]);
    }
    (fixture, program)
}

#[cfg(unix)]
#[test]
fn nothing_of_a_hostile_repository_is_run() {
    let (fixture, program) = hostile();
    // The canary can sing: this is what a user's git does there.
    let status = Command::new("git")
        .current_dir(fixture.repository())
        .arg("status")
        .output();
    status.unwrap();
    assert!(fixture.canary().exists(), "the fixture is not hostile");
    fs::remove_file(fixture.canary()).unwrap();

    let taken = fixture.snapshot(&["crates", "rust"], &limits()).unwrap();
    fixture.canary_is_alive("snapshot");
    // No attribute has changed a byte.
    assert!(
        taken
            .files
            .contains(&("rust/std/CVE.md".to_owned(), b"three\n\0\n".to_vec()))
    );
    assert!(head_of_checkout(&fixture.repository()).is_some());
    fixture.canary_is_alive("head_of_checkout");
    drop(program);
}

/// A partial clone that lacks an object asks its remote for it, by the command
/// that its configuration names.
#[cfg(unix)]
#[test]
fn a_partial_clone_asks_nobody_for_what_it_lacks() {
    let (fixture, program) = hostile();
    let elsewhere = fixture.folder.path().join("elsewhere");
    for url in [
        format!("ext::{program}"),
        "ssh://host/x".to_owned(),
        elsewhere.to_str().unwrap().to_owned(),
    ] {
        for (key, value) in [
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("remote.origin.partialCloneFilter", "blob:none"),
            ("remote.origin.url", &url),
        ] {
            fixture.git(["config", key, value]);
        }
        let _ = fs::remove_file(fixture.canary());
        let objects = fixture.repository().join(".git/objects");
        let blob = fixture.git([
            "-c",
            "core.fsmonitor=false",
            "hash-object",
            "--no-filters",
            "README.md",
        ]);
        let lacking = objects.join(&blob[..2]).join(&blob[2..]);
        let _ = fs::remove_file(&lacking);
        let _ = fs::remove_file(fixture.canary());

        assert!(fixture.snapshot(&[], &limits()).is_err());
        fixture.canary_is_alive("snapshot");

        // And where even the commit is not there.
        let head = fs::read_to_string(fixture.repository().join(".git/refs/heads/main")).unwrap();
        let commit = objects.join(&head[..2]).join(head[2..].trim());
        let content = fs::read(&commit).unwrap();
        fs::remove_file(&commit).unwrap();
        assert_eq!(head_of_checkout(&fixture.repository()), None);
        fixture.canary_is_alive("head_of_checkout");
        fs::write(&commit, content).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_repository_does_not_hold_us_up() {
    let fixture = Fixture::with_files();
    let head = fixture.repository().join(".git/HEAD");
    fs::remove_file(&head).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&head)
            .status()
            .unwrap()
            .success()
    );
    let started = Instant::now();
    assert_eq!(head_of_checkout(&fixture.repository()), None);
    let limits = GitLimits {
        total: Duration::from_secs(1),
        ..limits()
    };
    let error = fixture.snapshot(&[], &limits).unwrap_err();
    assert!(
        matches!(error, GitError::TimedOut { .. } | GitError::Failed { .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
}
