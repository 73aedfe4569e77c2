//! Children: bounded in time and in what they say, and ended with all that
//! they have started.
//!
//! Who starts one gives it its working folder, its environment and its
//! arguments; how it is watched and ended is the same for all.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::foreign;

/// What of a child's messages is kept, in bytes.
const MAX_SAID: u64 = 16 * 1024;
/// How often a running child is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How long a child that was stopped may take to be gone.
const GRACE: Duration = Duration::from_secs(2);

/// Variables that every child gets: how the user reaches the network, and the
/// few that programs of Windows can't start without.
pub(crate) const NETWORK_VARIABLES: [&str; 16] = [
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

/// Where programs are looked for: the absolute folders of a `PATH`. Relative
/// ones would be looked up in the folder that we happen to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchPath(Vec<PathBuf>);

impl SearchPath {
    /// The folders of the variable's value.
    pub(crate) fn new(path: &OsStr) -> Self {
        let folders = std::env::split_paths(path);
        Self(folders.filter(|folder| folder.is_absolute()).collect())
    }

    /// The folders of our own `PATH`.
    pub(crate) fn of_process() -> Self {
        Self::new(&std::env::var_os("PATH").unwrap_or_default())
    }

    /// The folders that are the system's own, whatever `PATH` says.
    pub(crate) fn of_system() -> Self {
        let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
        Self(folders.map(PathBuf::from).into())
    }

    /// The folders.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.0
    }

    /// Without the folders that are in a tree, their links resolved, which is
    /// resolved already.
    pub(crate) fn outside(mut self, tree: &Path) -> Self {
        self.0.retain(|folder| {
            !folder.starts_with(tree)
                && fs::canonicalize(folder).is_ok_and(|folder| !folder.starts_with(tree))
        });
        self
    }

    /// As the value of a child's `PATH`.
    pub(crate) fn variable(&self) -> OsString {
        std::env::join_paths(&self.0).unwrap_or_default()
    }

    /// All programs of that name, in the order of the folders.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = PathBuf> + use<'a> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let files = self.0.iter().map(move |folder| folder.join(&file));
        files.filter(|file| is_program(file))
    }

    /// The program that would be run.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.all(name).next()
    }
}

/// Whether this is a file that can be run.
pub(crate) fn is_program(file: &Path) -> bool {
    let Ok(meta) = fs::metadata(file) else {
        return false;
    };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 == 0 {
        return false;
    }
    meta.is_file()
}

/// A child that has ended.
pub(crate) struct Ended<R> {
    /// What the reader made of its output.
    pub(crate) read: R,
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it said on standard error, in one line, cut where it is long and
    /// without credentials, but not escaped yet. Empty where it ended well.
    pub(crate) said: String,
}

/// Why a child was not seen to its end.
#[derive(Debug)]
pub(crate) enum ChildError<E> {
    /// It could not be started or waited for.
    Io(io::Error),
    /// It took too long.
    TimedOut,
    /// Its output was lost.
    Lost,
    /// Whoever watched or read it had it stopped.
    Stopped(E),
}

/// Runs a command in a process group of its own, feeds `input`, and hands its
/// output to `reader` on a thread of its own. `watch` is asked every now and
/// then whether to go on; what the reader says is an error ends the child at
/// once if it is `hopeless`, and is handed back beside the status otherwise.
pub(crate) fn run<T: Send + 'static, E: Send + 'static>(
    mut command: Command,
    input: Vec<u8>,
    deadline: Instant,
    reader: impl FnOnce(ChildStdout) -> Result<T, E> + Send + 'static,
    hopeless: fn(&E) -> bool,
    watch: &dyn Fn() -> Result<(), E>,
) -> Result<Ended<Result<T, E>>, ChildError<E>> {
    command
        .stdin(if input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = Stopping(command.spawn().map_err(ChildError::Io)?);
    let (Some(stdout), Some(stderr)) = (child.0.stdout.take(), child.0.stderr.take()) else {
        return Err(ChildError::Lost);
    };
    // The threads are not joined: what the child has started may hold on to the
    // other end of a pipe. They end with it.
    if let Some(mut stdin) = child.0.stdin.take() {
        thread::spawn(move || stdin.write_all(&input));
    }
    let (said, saying) = mpsc::channel();
    thread::spawn(move || said.send(read_said(stderr)));
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(reader(stdout)));

    let read = loop {
        match result.recv_timeout(TICK) {
            Ok(read) => break read,
            Err(RecvTimeoutError::Disconnected) => return Err(ChildError::Lost),
            Err(RecvTimeoutError::Timeout) => watch().map_err(ChildError::Stopped)?,
        }
        if Instant::now() >= deadline {
            return Err(ChildError::TimedOut);
        }
    };
    let read = match read {
        Err(error) if hopeless(&error) => return Err(ChildError::Stopped(error)),
        read => read,
    };
    let status = loop {
        if let Some(status) = child.0.try_wait().map_err(ChildError::Io)? {
            break status;
        }
        if Instant::now() >= deadline {
            return Err(ChildError::TimedOut);
        }
        watch().map_err(ChildError::Stopped)?;
        thread::sleep(Duration::from_millis(1));
    };
    let said = if status.success() {
        String::new()
    } else {
        saying.recv_timeout(GRACE).unwrap_or_default()
    };
    Ok(Ended { read, status, said })
}

/// Runs a command for as long as it takes, in our own process group: what ends
/// us by the group, as a terminal's Ctrl-C does, ends it and all that it has
/// started.
pub(crate) fn run_along<T>(
    mut command: Command,
    reader: impl FnOnce(ChildStdout) -> io::Result<T>,
) -> io::Result<Ended<T>> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (said, saying) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || said.send(read_said(stderr)));
    }
    let stdout = child.stdout.take();
    let stdout = stdout.ok_or_else(|| io::Error::other("its output was lost"));
    let read = stdout.and_then(reader);
    if read.is_err() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    let said = match status.success() {
        true => String::new(),
        false => saying.recv_timeout(GRACE).unwrap_or_default(),
    };
    Ok(Ended {
        read: read?,
        status,
        said,
    })
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

/// Ends a group, and with it all that its leader has started and that has not left it.
#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // There is nobody to tell where it has ended meanwhile.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// A child's own words, cut, in one line.
fn read_said(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    let _ = stderr.by_ref().take(MAX_SAID).read_to_end(&mut kept);
    let text = String::from_utf8_lossy(&kept);
    let line = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let line = line.map(without_credentials).collect::<Vec<_>>().join("; ");
    // The child must not stop for a full pipe.
    let _ = io::copy(&mut stderr, &mut io::sink());
    line
}

/// Addresses in messages are those that the child was given, credentials and
/// all.
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
