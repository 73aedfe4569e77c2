//! Running git: cleaned of everything that it could be told to run.

use std::path::Path;
use std::process::{ChildStdout, Command};
use std::time::{Duration, Instant};

use super::error::GitError;
use crate::host::child::{self, ChildError, NETWORK_VARIABLES, SearchPath};
use crate::host::foreign;

/// Settings of ours, over whatever a repository's configuration says.
const SETTINGS: [&str; 15] = [
    "core.fsmonitor=false",
    "core.askPass=",
    "credential.helper=",
    "credential.interactive=false",
    "protocol.ext.allow=never",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    // A pack can be watched as it grows; loose objects can't.
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    // Both leave processes behind that outlive us.
    "gc.auto=0",
    "maintenance.auto=false",
    // Where it leads would be judged by nobody.
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "log.showSignature=false",
];

#[cfg(windows)]
const NOWHERE: &str = "NUL";
#[cfg(not(windows))]
const NOWHERE: &str = "/dev/null";

/// A git that is about to be run.
pub(super) struct Git<'a> {
    /// The program, by its absolute path.
    pub(super) program: &'a Path,
    /// The repository (`GIT_DIR`).
    pub(super) repository: &'a Path,
    /// Working folder and home of git, never one of the analysed tree.
    pub(super) home: &'a Path,
    /// The protocols that may be used; `none` for none.
    pub(super) protocol: &'a str,
    /// What the errors call the repository.
    pub(super) source: &'a str,
    /// When it has to be done.
    pub(super) deadline: Instant,
    /// What the errors call the deadline.
    pub(super) limit: Duration,
}

impl Git<'_> {
    /// Runs git with the arguments, feeds `input`, and hands its output to
    /// `reader` on a thread of its own. `watch` is asked every now and then
    /// whether to go on.
    pub(super) fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        arguments: &[&str],
        input: Vec<u8>,
        reader: impl FnOnce(ChildStdout) -> Result<T, GitError> + Send + 'static,
        watch: &dyn Fn() -> Result<(), GitError>,
    ) -> Result<T, GitError> {
        let ended = child::run(
            self.command(arguments),
            input,
            self.deadline,
            reader,
            |error| matches!(error, GitError::TooLarge { .. }),
            watch,
        );
        let ended = ended.map_err(|error| match error {
            ChildError::Io(error) => GitError::Io {
                doing: "run git",
                error,
            },
            ChildError::TimedOut => GitError::TimedOut {
                doing,
                source: self.source.to_owned(),
                limit: self.limit,
            },
            ChildError::Lost => GitError::Malformed { doing },
            ChildError::Stopped(error) => error,
        })?;
        if !ended.status.success() {
            let said = if ended.said.is_empty() {
                ended.status.to_string()
            } else {
                foreign::shown(&ended.said)
            };
            return Err(GitError::Failed {
                doing,
                source: self.source.to_owned(),
                said,
            });
        }
        ended.read
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .current_dir(self.home)
            .env_clear()
            .env("PATH", SearchPath::of_process().variable())
            .env("HOME", self.home)
            .env("LANG", "C")
            .env("LC_ALL", "C")
            .env("GIT_DIR", self.repository)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", NOWHERE)
            .env("GIT_CONFIG_GLOBAL", NOWHERE)
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", self.protocol)
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // A folder's name is no pattern.
            .env("GIT_LITERAL_PATHSPECS", "1")
            // A partial clone would ask its remote for what it lacks, by
            // whatever command its configuration names.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        for name in NETWORK_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .arg("--no-pager")
            .arg("-c")
            .arg(format!("core.hooksPath={NOWHERE}"));
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(arguments);
        command
    }
}
