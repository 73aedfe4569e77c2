//! Git against repositories that behave, and ones that want to run something.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cargo_carapace::host::git::{
    GitError, GitLimits, GitSnapshot, GitSource, Skipped, SkippedBecause, head_of_checkout, snapshot,
};
use tempfile::TempDir;

const DATE: i64 = 1_700_000_000;

/// A folder with a repository in it, and one for git to work in.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(fixture.work()).unwrap();
        fs::create_dir(fixture.repository()).unwrap();
        fixture.git(["init", "--quiet", "--initial-branch=main"]);
        fixture
    }

    fn with_files() -> Self {
        let fixture = Self::new();
        fixture.write("crates/a/RUSTSEC-1.md", b"one");
        fixture.write("crates/b/\xc3\xa9 \"x\"\ny.md".as_ref(), b"");
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

    fn write(&self, path: impl AsRef<Bytes>, content: &[u8]) {
        let path = self.repository().join(path.as_ref().path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Git as a user has it, but with nobody's configuration.
    fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let output = Command::new("git")
            .current_dir(self.repository())
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_COMMITTER_DATE", format!("{DATE} +0200"))
            .env("GIT_AUTHOR_DATE", "1600000000 +0000")
            .env_remove("GIT_DIR")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self) {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--message", "committer T <t> 1 +0000\n\ncommitter T <t> 2 +0000"]);
    }

    fn snapshot(&self, roots: &[&str], limits: &GitLimits) -> Result<GitSnapshot, GitError> {
        let result = snapshot(&GitSource::local(&self.repository()), &self.work(), roots, limits);
        assert_eq!(fs::read_dir(self.work()).unwrap().count(), 0, "the work folder is left empty");
        result
    }

    fn canary_is_alive(&self, what: &str) {
        assert!(!self.canary().exists(), "{what} ran: {:?}", fs::read_to_string(self.canary()));
    }
}

/// Paths of tests are written as text or as bytes.
struct Bytes([u8]);
impl Bytes {
    fn path(&self) -> &Path {
        Path::new(std::str::from_utf8(&self.0).unwrap())
    }
}

fn limits() -> GitLimits {
    GitLimits { total: Duration::from_secs(20), ..GitLimits::default() }
}
