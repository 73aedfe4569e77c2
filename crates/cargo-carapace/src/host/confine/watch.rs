//! What a command has with all that it has started: no limit of the system is on a number of
//! processes together.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Limits;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(200);
/// What is kept free of a disk in any case, in bytes.
const ALWAYS_FREE: u64 = 256 << 20;

/// Memory of the machine in bytes, where the system tells.
pub(super) fn memory_of_machine() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// A size in the system's own tables.
fn kibibytes(table: &str, name: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    let number = line.trim().strip_suffix("kB")?;
    number.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The look after one command.
pub(super) struct Watch<'a> {
    note: &'a Path,
    own: &'a Path,
    limits: &'a Limits,
    free: Option<u64>,
    last: Cell<Instant>,
}

impl<'a> Watch<'a> {
    /// `note` is where the first process tells its number.
    pub(super) fn new(note: &'a Path, own: &'a Path, limits: &'a Limits) -> Self {
        Self {
            note,
            own,
            limits,
            free: free(own),
            last: Cell::new(Instant::now()),
        }
    }

    /// Whether it may go on.
    ///
    /// # Errors
    /// Which limit it is beyond, in words.
    pub(super) fn look(&self) -> Result<(), String> {
        if self.last.get().elapsed() < EVERY {
            return Ok(());
        }
        self.last.set(Instant::now());
        self.disk()?;
        let Some(used) = self.used() else {
            return Ok(());
        };
        if used.memory > self.limits.memory {
            let limit = self.limits.memory;
            return Err(format!("it used more than {limit} bytes of memory"));
        }
        if used.processes > self.limits.processes {
            let limit = self.limits.processes;
            return Err(format!("it had more than {limit} processes and threads"));
        }
        Ok(())
    }

    fn disk(&self) -> Result<(), String> {
        let (Some(before), Some(now)) = (self.free, free(self.own)) else {
            return Ok(());
        };
        if before.saturating_sub(now) > self.limits.disk {
            let limit = self.limits.disk;
            return Err(format!("it took more than {limit} bytes of the disk"));
        }
        if now < ALWAYS_FREE {
            return Err("the disk is full".to_owned());
        }
        Ok(())
    }

    fn used(&self) -> Option<Used> {
        let first: u32 = fs::read_to_string(self.note).ok()?.parse().ok()?;
        let processes = Process::all();
        let mut of_parent: HashMap<u32, Vec<&Process>> = HashMap::new();
        for process in &processes {
            of_parent.entry(process.parent).or_default().push(process);
        }
        let mut used = Used::default();
        let mut todo: Vec<&Process> = processes.iter().filter(|one| one.id == first).collect();
        while let Some(process) = todo.pop() {
            used.processes += process.threads;
            used.memory = used.memory.saturating_add(process.memory());
            todo.extend(of_parent.remove(&process.id).unwrap_or_default());
        }
        Some(used)
    }
}

#[derive(Default)]
struct Used {
    memory: u64,
    processes: u64,
}

/// A process, as the system's table of them tells of it.
struct Process {
    id: u32,
    parent: u32,
    threads: u64,
}

impl Process {
    /// All that there are; none where the system has no such table.
    fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let read = |path: PathBuf| {
            let id = path.file_name()?.to_str()?.parse().ok()?;
            Self::read(id, &fs::read(path.join("stat")).ok()?)
        };
        entries.filter_map(|entry| read(entry.path())).collect()
    }

    /// Its line (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>): behind its name,
    /// which may hold anything, come its state, its parent, and at the 18th place its threads.
    fn read(id: u32, line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let (_, rest) = line.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace().skip(1);
        Some(Self {
            id,
            parent: fields.next()?.parse().ok()?,
            threads: fields.nth(15)?.parse().ok()?,
        })
    }

    /// What it has of memory that is no file's, in bytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let of = |name| kibibytes(&status, name).unwrap_or_default();
        of("RssAnon:").saturating_add(of("RssShmem:"))
    }
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_system_are_read() {
        let line = b"7 (a) b) (c) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 5 0 100 1 1";
        let process = Process::read(7, line).unwrap();
        assert_eq!((process.parent, process.threads), (3, 5));
        assert!(Process::read(7, b"7 (a").is_none());
        assert_eq!(
            kibibytes("A: 1 kB\nMemTotal:   12 kB\n", "MemTotal:"),
            Some(12288)
        );
        assert_eq!(kibibytes("MemTotal: x kB", "MemTotal:"), None);
    }
}
