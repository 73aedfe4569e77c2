//! Real repositories, made with real git.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cargo_carapace::host::git::{GitError, GitLimits, GitSnapshot, GitSource, snapshot};
use tempfile::TempDir;

/// The committer's date of every commit.
pub const DATE: i64 = 1_700_000_000;

/// A folder with a repository in it, and one for git to work in.
pub struct Fixture {
    pub folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(fixture.work()).unwrap();
        fs::create_dir(fixture.repository()).unwrap();
        fixture.git(["init", "--quiet", "--initial-branch=main"]);
        fixture
    }

    pub fn with_files() -> Self {
        let fixture = Self::new();
        fixture.write("crates/a/RUSTSEC-1.md", b"one");
        fixture.write("crates/b/é \"x\"\ny.md", b"");
        fixture.write("rust/std/CVE.md", b"three\n\0\n");
        fixture.write("README.md", b"not asked for");
        fixture.commit();
        fixture
    }

    pub fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }
    pub fn canary(&self) -> PathBuf {
        self.folder.path().join("canary")
    }

    pub fn write(&self, path: &str, content: &[u8]) {
        let path = self.repository().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Git as a user has it, but with nobody's configuration.
    pub fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        self.git_at(DATE, arguments)
    }

    /// Git at a time of its own.
    pub fn git_at<S: AsRef<OsStr>>(
        &self,
        date: i64,
        arguments: impl IntoIterator<Item = S>,
    ) -> String {
        let output = git_in(&self.repository())
            .args(arguments)
            .env("GIT_COMMITTER_DATE", format!("{date} +0200"))
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

    pub fn commit(&self) {
        self.git(["add", "--all"]);
        self.git([
            "commit",
            "--quiet",
            "--message",
            "committer T <t> 1 +0000\n\ncommitter T <t> 2 +0000",
        ]);
    }

    pub fn snapshot(&self, roots: &[&str], limits: &GitLimits) -> Result<GitSnapshot, GitError> {
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

    pub fn canary_is_alive(&self, what: &str) {
        assert!(
            !self.canary().exists(),
            "{what} ran: {:?}",
            fs::read_to_string(self.canary())
        );
    }
}

pub fn limits() -> GitLimits {
    GitLimits {
        total: Duration::from_secs(20),
        ..GitLimits::default()
    }
}

/// Git in a folder, as somebody, with nobody's configuration.
pub fn git_in(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.com",
            "-c",
            "commit.gpgSign=false",
        ])
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}
