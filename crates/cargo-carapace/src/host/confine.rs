//! Running what is not trusted: with an environment made from nothing, limits, no network, nothing
//! outside of its own folder to write to, and all that it has started ended with it; as far as the
//! system allows it, which is found out first and told.
//!
//! This program starts itself, takes away from itself what the command is not to have, and becomes
//! the command (`stage`). On Linux that is:
//!
//! | What | By |
//! |---|---|
//! | processes, the network, sessions' sockets | namespaces of its own, which util-linux's `unshare` makes |
//! | writing, and reading what is hidden | mounts in them, and Landlock |
//! | memory, files, processes | limits of the system; and what all of it has together is looked after (`watch`) |
//! | time, output | `host/child.rs` |
//!
//! *Invariants.* Nothing is run before it is known what holds, by a rehearsal in which no command is
//! run. What held in the rehearsal and fails later fails the run: no command gets more than was told.

mod stage;
#[cfg(target_os = "linux")]
mod walls;
mod watch;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::child::{self, ChildError, SearchPath};
use super::{files, foreign};
use watch::Watch;

pub use stage::enter;

/// What tells the program that it is to become a command.
const ENTRY: &str = "--confined-command";
/// How the program ends where it could not become the command.
const NOT_STARTED: i32 = 126;
/// Time for the rehearsal.
const REHEARSAL: Duration = Duration::from_secs(30);
/// What a rehearsal may say, in bytes.
const MAX_REHEARSED: usize = 64 * 1024;

/// What a command may use. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all its processes together, and data of any one of them.
    pub memory: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// The length of any one file.
    pub file_size: u64,
    /// What it may take of the disk that its folder is on.
    pub disk: u64,
    /// What it may say.
    pub output: usize,
}

impl Default for Limits {
    /// Enough for a build: half of the machine's memory, but 2 GiB at least; 8 GiB where that is not
    /// known.
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        let half = watch::memory_of_machine().map_or(8 * GIB, |all| all / 2);
        Self {
            memory: half.max(2 * GIB),
            processes: 2048,
            file_size: 4 * GIB,
            disk: 16 * GIB,
            output: 64 << 20,
        }
    }
}

/// Where a command may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// The one folder that it may write to, its links resolved.
    pub own: PathBuf,
    /// Folders that it cannot look into.
    pub hidden: Vec<PathBuf>,
    /// What in those it may read all the same.
    pub readable: Vec<PathBuf>,
}

/// What the program is told that it is to take away from itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    walls: Walls,
    limits: Limits,
    /// By what namespaces are made; none where there are to be none.
    unshare: Option<PathBuf>,
    /// Whether it is in them.
    is_inside: bool,
    /// Whether this only tells what would hold.
    is_rehearsal: bool,
    /// What has to hold, as the rehearsal has told it.
    held: Held,
    /// Where the first process notes its number.
    note: PathBuf,
    /// Whether standard error goes where the output goes.
    is_merged: bool,
}

/// What holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    /// Processes are in a namespace of their own, and end with it.
    processes: bool,
    /// There is no network but the command's own.
    network: bool,
    /// TCP is refused, and nothing else of the network.
    tcp: bool,
    /// Nothing but its folder can be written.
    writing: bool,
    /// Modes and times of files elsewhere can't be changed either.
    modes: bool,
    /// What is hidden cannot be read.
    reading: bool,
    /// Sockets in hidden folders cannot be connected to.
    sockets: bool,
    /// Memory, and the size of files.
    limits: bool,
}

impl Held {
    /// What does not hold, in words.
    fn lacking(self) -> Vec<String> {
        let all = [
            (
                self.network,
                match self.tcp {
                    true => "the network could not be switched off, only TCP was",
                    false => "the network could not be switched off",
                },
            ),
            (
                self.writing,
                "writing outside of the run's folder could not be forbidden",
            ),
            (
                self.modes || !self.writing,
                "changing the modes and times of files outside of the run's folder could not be \
                 forbidden",
            ),
            (self.reading, "the user's files could not be hidden"),
            (
                self.sockets,
                "programs of the user's session could be spoken to, where they listen on sockets",
            ),
            (
                self.processes,
                "processes that leave their group could not be ended",
            ),
            (
                self.limits,
                "memory and the size of files could not be limited",
            ),
        ];
        let lacking = all.into_iter().filter(|(holds, _)| !holds);
        lacking.map(|(_, words)| words.to_owned()).collect()
    }
}

/// A place to run commands in.
#[derive(Debug)]
pub struct Confinement {
    program: PathBuf,
    order: Order,
    lacking: Vec<String>,
}

/// A command, with all that it gets.
#[derive(Debug, Clone)]
pub struct Task {
    /// The program, in full.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub variables: Vec<(OsString, OsString)>,
    /// The folder that it starts in.
    pub folder: PathBuf,
    /// Whether what it says on standard error is a part of its output.
    pub is_merged: bool,
    /// Time for it.
    pub timeout: Duration,
}

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself.
    Exited(ExitStatus),
    /// It was ended, for it took longer than this.
    TimedOut(Duration),
    /// It was ended, for it went beyond a limit, which this says.
    Stopped(String),
}

/// What a command did.
#[derive(Debug)]
pub struct Done {
    /// What it wrote until it ended.
    pub output: Vec<u8>,
    /// How it ended.
    pub ended: Ended,
    /// What it said on standard error, in one line and cut, if it did not end well.
    pub said: String,
}

impl Done {
    /// Whether it ended by itself and said that all is well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(&self.ended, Ended::Exited(status) if status.success())
    }
}

impl Confinement {
    /// Finds out what the system allows. `program` is this program, `notes` a folder that exists, and
    /// that is not the command's.
    ///
    /// # Errors
    /// What the system says where the program cannot be started at all.
    pub fn new(program: &Path, notes: &Path, walls: Walls, limits: Limits) -> io::Result<Self> {
        let unshare = match cfg!(target_os = "linux") {
            true => SearchPath::of_system().find("unshare"),
            false => None,
        };
        Self::with(program, notes, walls, limits, unshare)
    }

    /// As [`Self::new`] on a system that allows no namespaces.
    ///
    /// # Errors
    /// As there.
    pub fn without_namespaces(
        program: &Path,
        notes: &Path,
        walls: Walls,
        limits: Limits,
    ) -> io::Result<Self> {
        Self::with(program, notes, walls, limits, None)
    }

    fn with(
        program: &Path,
        notes: &Path,
        walls: Walls,
        limits: Limits,
        unshare: Option<PathBuf>,
    ) -> io::Result<Self> {
        let mut confinement = Self {
            program: program.to_owned(),
            order: Order {
                walls,
                limits,
                unshare,
                is_inside: false,
                is_rehearsal: false,
                held: Held::default(),
                note: notes.join("process"),
                is_merged: false,
            },
            lacking: Vec::new(),
        };
        let held = match confinement.rehearse() {
            Ok(held) => held,
            // Systems forbid namespaces, or have them and no `unshare` that knows these options.
            Err(_) if confinement.order.unshare.is_some() => {
                confinement.order.unshare = None;
                confinement.rehearse()?
            }
            Err(error) => return Err(error),
        };
        confinement.order.held = held;
        confinement.lacking = held.lacking();
        Ok(confinement)
    }

    /// What could not be kept from a command, in words.
    #[must_use]
    pub fn lacking(&self) -> &[String] {
        &self.lacking
    }

    /// The folder that is a command's own.
    #[must_use]
    pub fn own(&self) -> &Path {
        &self.order.walls.own
    }

    fn rehearse(&self) -> io::Result<Held> {
        let order = Order {
            is_rehearsal: true,
            ..self.order.clone()
        };
        let task = Task {
            program: PathBuf::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: files::root_of(self.own()).to_owned(),
            is_merged: false,
            timeout: REHEARSAL,
        };
        let done = self.carry_out(&order, &task, MAX_REHEARSED)?;
        let held = match done.is_success() {
            true => serde_json::from_slice(&done.output).ok(),
            false => None,
        };
        held.ok_or_else(|| {
            let said = foreign::shown(&done.said);
            io::Error::other(format!("the program can't start itself confined: {said}"))
        })
    }

    /// Runs a command to its end, or to that of its time, and ends all that it has started.
    ///
    /// # Errors
    /// What the system says where it could not be started, or not as confined as was told.
    pub fn run(&self, task: &Task) -> io::Result<Done> {
        let order = Order {
            is_merged: task.is_merged,
            ..self.order.clone()
        };
        let done = self.carry_out(&order, task, order.limits.output)?;
        if let Ended::Exited(status) = &done.ended
            && status.code() == Some(NOT_STARTED)
            && done.said.contains(ENTRY)
        {
            return Err(io::Error::other(foreign::shown(&done.said)));
        }
        Ok(done)
    }

    fn carry_out(&self, order: &Order, task: &Task, max_output: usize) -> io::Result<Done> {
        let _ = fs::remove_file(&order.note);
        let mut command = Command::new(&self.program);
        command
            .arg(ENTRY)
            .arg(serde_json::to_string(order).map_err(io::Error::other)?)
            .arg(&task.program)
            .args(&task.arguments)
            .env_clear()
            .envs(task.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&task.folder);
        let output = Arc::new(Mutex::new(Vec::new()));
        let reader = {
            let output = Arc::clone(&output);
            move |stdout| collect(stdout, &output, max_output)
        };
        let watch = Watch::new(&order.note, &order.walls.own, &order.limits);
        let ended = child::run(
            command,
            Vec::new(),
            Instant::now() + task.timeout,
            reader,
            |_| true,
            &|| watch.look(),
        );
        let (ended, said) = match ended {
            Ok(ended) => (Ended::Exited(ended.status), ended.said),
            Err(ChildError::TimedOut) => (Ended::TimedOut(task.timeout), String::new()),
            Err(ChildError::Stopped(why)) => (Ended::Stopped(why), String::new()),
            Err(ChildError::Io(error)) => return Err(error),
            Err(ChildError::Lost) => return Err(io::Error::other("its output was lost")),
        };
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Done {
            output: std::mem::take(&mut output),
            ended,
            said,
        })
    }
}

/// Takes in what a command writes, as it writes it: what it has written stays when it is ended.
fn collect(mut from: impl Read, to: &Mutex<Vec<u8>>, limit: usize) -> Result<(), String> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("its output could not be read: {error}")),
        };
        let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
        let room = limit.saturating_sub(to.len());
        to.extend_from_slice(buffer.get(..read.min(room)).unwrap_or_default());
        if read > room {
            return Err(format!("it said more than {limit} bytes"));
        }
    }
}

/// A variable, for [`Task::variables`].
pub(crate) fn variable(name: &str, value: impl AsRef<OsStr>) -> (OsString, OsString) {
    (name.into(), value.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::Held;

    #[test]
    fn what_does_not_hold_is_said_once() {
        let all = Held {
            processes: true,
            network: true,
            tcp: true,
            writing: true,
            modes: true,
            reading: true,
            sockets: true,
            limits: true,
        };
        assert!(all.lacking().is_empty());
        let none = Held::default().lacking();
        assert_eq!(none.len(), 6, "{none:?}");
        let tcp = Held {
            network: false,
            ..all
        };
        assert!(tcp.lacking()[0].contains("only TCP"));
    }
}
