//! The program as it becomes a command: what it takes away from itself, in which order.
//!
//! What comes first is the program as the edge has started it. Where there are to be namespaces, it
//! becomes `unshare`, which starts it again inside them; the second one is the first process of its
//! namespace, with which all others end.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::{ENTRY, Held, NOT_STARTED, Order};

/// What is in the way.
type Fault = (&'static str, io::Error);

/// Becomes a command, if the program was started for that by itself. Comes back where it could not,
/// and from a rehearsal.
pub fn enter(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, entry, order, command @ ..] = arguments else {
        return None;
    };
    if entry != ENTRY {
        return None;
    }
    let order = order
        .to_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let (Some(order), Some((program, rest))) = (order, command.split_first()) else {
        return Some(refuse((
            "read what to do",
            io::ErrorKind::InvalidInput.into(),
        )));
    };
    Some(match begin(&order, program, rest) {
        Ok(code) => code,
        Err(fault) => refuse(fault),
    })
}

/// Says why there is no command, in words by which the one that started this knows whose they are.
fn refuse((doing, error): Fault) -> ExitCode {
    let _ = writeln!(io::stderr(), "{ENTRY}: can't {doing}: {error}");
    ExitCode::from(u8::try_from(NOT_STARTED).unwrap_or(1))
}

fn begin(order: &Order, program: &OsStr, arguments: &[OsString]) -> Result<ExitCode, Fault> {
    if let Some(unshare) = &order.unshare {
        // It is the first process that those outside know.
        note(&order.note)?;
        end_with_parent()?;
        let inside = Order {
            unshare: None,
            is_inside: true,
            ..order.clone()
        };
        return Err((
            "make namespaces",
            again_inside(unshare, &inside, program, arguments),
        ));
    }
    if !order.is_inside {
        note(&order.note)?;
    }
    end_with_parent()?;
    let held = take_away(order)?;
    if order.is_rehearsal {
        let text =
            serde_json::to_string(&held).map_err(|error| ("tell what holds", error.into()))?;
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| ("tell what holds", error))?;
        return Ok(ExitCode::SUCCESS);
    }
    if held != order.held {
        let error = io::Error::other(format!("{held:?} is not {:?}", order.held));
        return Err(("be as confined as before", error));
    }
    become_command(order, program, arguments)
}

fn note(file: &Path) -> Result<(), Fault> {
    std::fs::write(file, std::process::id().to_string())
        .map_err(|error| ("note the number of the process", error))
}

#[cfg(target_os = "linux")]
fn end_with_parent() -> Result<(), Fault> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| ("end with the program that started this", error.into()))
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> Result<(), Fault> {
    Ok(())
}

#[cfg(unix)]
fn again_inside(
    unshare: &Path,
    order: &Order,
    program: &OsStr,
    arguments: &[OsString],
) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    let order = match serde_json::to_string(order) {
        Ok(order) => order,
        Err(error) => return error.into(),
    };
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return error,
    };
    Command::new(unshare)
        // Capabilities in the new namespace are for the mounts alone, and go before the command.
        .args(["--user", "--map-current-user", "--keep-caps"])
        .args([
            "--mount",
            "--net",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .arg("--")
        .arg(own)
        .arg(ENTRY)
        .arg(order)
        .arg(program)
        .args(arguments)
        .exec()
}

#[cfg(not(unix))]
fn again_inside(_: &Path, _: &Order, _: &OsStr, _: &[OsString]) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

#[cfg(target_os = "linux")]
fn take_away(order: &Order) -> Result<Held, Fault> {
    use super::walls;
    // No terminal of the user's is this one's. A leader of a group cannot do that, and is none of a
    // terminal that is in use.
    let _ = rustix::process::setsid();
    let mut mounted = walls::Mounted::default();
    if order.is_inside {
        mounted = walls::mount(&order.walls).map_err(|error| ("make mounts", error))?;
        // Tests talk to themselves; nobody else is there. Where this fails, such tests fail before.
        let _ = walls::loopback();
    }
    limit(order)?;
    let ruled = walls::rule(&order.walls, &mounted, order.is_inside)
        .map_err(|error| ("make rules for files", error))?;
    walls::drop_capabilities().map_err(|error| ("drop capabilities", error))?;
    Ok(Held {
        processes: order.is_inside,
        network: order.is_inside,
        tcp: order.is_inside || ruled.tcp,
        writing: mounted.is_read_only || ruled.writing,
        modes: mounted.is_read_only,
        reading: mounted.is_hidden && mounted.has_own_processes || ruled.reading,
        sockets: mounted.is_hidden,
        limits: true,
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn take_away(order: &Order) -> Result<Held, Fault> {
    limit(order)?;
    Ok(Held {
        limits: true,
        ..Held::default()
    })
}

#[cfg(not(unix))]
fn take_away(_: &Order) -> Result<Held, Fault> {
    Ok(Held::default())
}

/// Data rather than addresses: what is only reserved costs nothing, and compilers reserve a lot.
#[cfg(unix)]
fn limit(order: &Order) -> Result<(), Fault> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let mut limits = vec![
        (Resource::Data, order.limits.memory),
        (Resource::Fsize, order.limits.file_size),
        (Resource::Core, 0),
    ];
    // Outside of a namespace it counts all processes of the user's.
    if order.is_inside {
        limits.push((Resource::Nproc, order.limits.processes));
    }
    for (resource, limit) in limits {
        let before = getrlimit(resource);
        let limit = before.maximum.map_or(limit, |maximum| maximum.min(limit));
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        setrlimit(resource, limit).map_err(|error| ("set limits", error.into()))?;
    }
    Ok(())
}

#[cfg(unix)]
fn become_command(
    order: &Order,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<ExitCode, Fault> {
    use std::os::fd::AsFd as _;
    use std::os::unix::process::CommandExt as _;
    let together = || io::stdout().as_fd().try_clone_to_owned();
    let mut command = command(order, program, arguments, together)?;
    Err(("run the command", command.exec()))
}

#[cfg(not(unix))]
fn become_command(
    order: &Order,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<ExitCode, Fault> {
    use std::os::windows::io::AsHandle as _;
    let together = || io::stdout().as_handle().try_clone_to_owned();
    let status = command(order, program, arguments, together)?
        .status()
        .map_err(|error| ("run the command", error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The command, with its standard error where its output goes if that is asked for; `output` gives that
/// once more.
fn command<O: Into<Stdio>>(
    order: &Order,
    program: &OsStr,
    arguments: &[OsString],
    output: impl FnOnce() -> io::Result<O>,
) -> Result<Command, Fault> {
    let mut command = Command::new(program);
    command.args(arguments);
    if order.is_merged {
        command.stderr(output().map_err(|error| ("put its output together", error))?);
    }
    Ok(command)
}
