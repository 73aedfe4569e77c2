//! Running git: cleaned of everything that it could be told to run.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::GitError;
use crate::host::foreign;

/// What of git's messages is kept, in bytes.
const MAX_SAID: u64 = 16 * 1024;
/// How often a running git is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How long a git that was stopped may take to be gone.
const GRACE: Duration = Duration::from_secs(2);

/// Variables that say how the user reaches the network, and the few that
/// programs of Windows can't start without.
const PASSED_ON: [&str; 16] = [
    "SSH_AUTH_SOCK",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SystemRoot",
    "SystemDrive",
    "TEMP",
    "TMP",
    "USERPROFILE",
];

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
        let io = |error| GitError::Io {
            doing: "run git",
            error,
        };
        let mut child = Stopping(self.command(arguments).spawn().map_err(io)?);
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (
            child.0.stdin.take(),
            child.0.stdout.take(),
            child.0.stderr.take(),
        ) else {
            return Err(GitError::Malformed { doing });
        };
        // The threads are not joined: what git has started may hold on to the
        // other end of a pipe. They end with it.
        thread::spawn(move || stdin.write_all(&input));
        let (said, saying) = mpsc::channel();
        thread::spawn(move || said.send(read_said(stderr)));
        let (done, result) = mpsc::channel();
        thread::spawn(move || done.send(reader(stdout)));

        let timed_out = || GitError::TimedOut {
            doing,
            source: self.source.to_owned(),
            limit: self.limit,
        };
        let read = loop {
            match result.recv_timeout(TICK) {
                Ok(read) => break read,
                Err(RecvTimeoutError::Disconnected) => break Err(GitError::Malformed { doing }),
                Err(RecvTimeoutError::Timeout) => watch()?,
            }
            if Instant::now() >= self.deadline {
                return Err(timed_out());
            }
        };
        if let Err(error @ GitError::TooLarge { .. }) = read {
            return Err(error);
        }
        let status = loop {
            if let Some(status) = child.0.try_wait().map_err(io)? {
                break status;
            }
            if Instant::now() >= self.deadline {
                return Err(timed_out());
            }
            thread::sleep(Duration::from_millis(1));
        };
        if !status.success() {
            let said = saying.recv_timeout(GRACE).unwrap_or_default();
            let said = if said.is_empty() {
                status.to_string()
            } else {
                said
            };
            return Err(GitError::Failed {
                doing,
                source: self.source.to_owned(),
                said,
            });
        }
        read
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .current_dir(self.home)
            .env_clear()
            .env("PATH", absolute_path_variable())
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
            // A partial clone would ask its remote for what it lacks, by
            // whatever command its configuration names.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
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

/// A child that is stopped, with all that it has started, when nobody waits for
/// it any more.
struct Stopping(Child);

impl Drop for Stopping {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        // The group before its leader, as long as the leader keeps the number
        // of the group from being used again.
        #[cfg(unix)]
        kill_group(self.0.id());
        let _ = self.0.kill();
        let until = Instant::now() + GRACE;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The standard library knows how to make a group, but not how to end one
/// without unsafe code. Where there is no such program, git alone is ended, and
/// what it has started ends with its pipes.
#[cfg(unix)]
fn kill_group(leader: u32) {
    if let Some(kill) = find_program("kill") {
        let _ = Command::new(kill)
            .args(["-KILL", "--", &format!("-{leader}")])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Git's own words, cut, in one harmless line.
fn read_said(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    let _ = stderr.by_ref().take(MAX_SAID).read_to_end(&mut kept);
    let text = String::from_utf8_lossy(&kept);
    let line = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let line = line.map(without_credentials).collect::<Vec<_>>().join("; ");
    // Git must not stop for a full pipe.
    let _ = std::io::copy(&mut stderr, &mut std::io::sink());
    foreign::shown(&line)
}

/// Addresses in git's messages are those it was given, credentials and all.
fn without_credentials(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.find("://") {
        Some(at) if word.contains('@') => {
            let quote = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(at);
            let (quote, url) = word.split_at_checked(quote).unwrap_or(("", word));
            format!("{quote}{}", foreign::address(url))
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `PATH` without relative folders: they would be looked up in the folder that
/// we happen to be in.
fn absolute_path_variable() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let absolute = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    std::env::join_paths(absolute).unwrap_or_default()
}

/// A program in an absolute folder of `PATH`.
pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let path = absolute_path_variable();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path)
        .map(|folder| folder.join(&file))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn messages_keep_no_credentials() {
        let line = "fatal: unable to access 'https://u:secret@host/x/': nope";
        assert_eq!(
            without_credentials(line),
            "fatal: unable to access 'https://host/x/': nope"
        );
    }
}
