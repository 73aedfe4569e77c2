//! How fast a server is asked: the same for all runs of this user.
//!
//! Runs tell each other by a file, which holds the moment before which nobody asks. It is locked
//! while it is read and written, and not while anybody waits. Where it cannot be had, a run still
//! keeps its own pace.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment that lies further ahead was written by a clock that went wrong.
const MAX_AHEAD: Duration = Duration::from_secs(600);
/// What is slept at once: another run may meanwhile get what this one waits to ask for.
const NAP: Duration = Duration::from_secs(1);
/// Another run holds the file for less.
const MOMENT: Duration = Duration::from_millis(2);
/// A run that holds it for so long has been stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// A run's turns to ask a server.
#[derive(Debug)]
pub(super) struct Pace {
    /// Between two questions.
    interval: Duration,
    /// When this run may ask again.
    own: Instant,
    /// What runs share.
    shared: Option<File>,
}

impl Pace {
    /// A pace of one question in each interval, shared by all that keep it in this folder.
    pub(super) fn new(interval: Duration, folder: Option<&Path>) -> Self {
        let open = |folder: &Path| {
            fs::create_dir_all(folder).ok()?;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(folder.join("pace")).ok()
        };
        Self {
            interval,
            own: Instant::now(),
            shared: folder.and_then(open),
        }
    }

    /// Waits until it is this run's turn, and takes it. Says whether it did: it does not where the
    /// question has become idle while it waited.
    pub(super) fn take_turn(&mut self, is_idle: impl Fn() -> bool) -> bool {
        loop {
            let wait = self.own.saturating_duration_since(Instant::now());
            let wait = match wait.is_zero() {
                true => self.shared_wait(),
                false => wait,
            };
            if wait.is_zero() {
                return true;
            }
            thread::sleep(wait.min(NAP));
            if is_idle() {
                return false;
            }
        }
    }

    /// Tells that the question is answered: the way there may have taken longer than it will the next
    /// time, and the server is not to be asked twice in an interval.
    pub(super) fn answered(&mut self) {
        self.own = Instant::now() + self.interval;
    }

    /// Has nobody ask for so long.
    pub(super) fn hold_off(&mut self, wait: Duration) {
        self.own = self.own.max(Instant::now() + wait);
        self.with_shared(|mut file| {
            let until = read(&mut file).max(since_epoch() + wait);
            write(&mut file, until);
        });
    }

    /// How long other runs have this one wait; if not at all, the turn is taken from them.
    fn shared_wait(&mut self) -> Duration {
        let interval = self.interval;
        let wait = self.with_shared(|mut file| {
            let now = since_epoch();
            let ahead = read(&mut file).saturating_sub(now);
            if !ahead.is_zero() && ahead <= MAX_AHEAD {
                return ahead;
            }
            write(&mut file, now + interval);
            Duration::ZERO
        });
        wait.unwrap_or_default()
    }

    /// What is done with the file while no other run has it; nothing where it cannot be had.
    fn with_shared<T>(&mut self, work: impl FnOnce(&File) -> T) -> Option<T> {
        let start = Instant::now();
        let file = self.shared.as_ref()?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    thread::sleep(MOMENT);
                }
                Err(_) => {
                    self.shared = None;
                    return None;
                }
            }
        }
        let done = work(file);
        // What can't be unlocked now is so by the end of the run.
        let _ = file.unlock();
        Some(done)
    }
}

/// The time since the beginning of 1970.
pub(super) fn since_epoch() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// The moment in a file, since the epoch; of what is none, the epoch.
fn read(file: &mut &File) -> Duration {
    let mut bytes = [0; 16];
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.read_exact(&mut bytes));
    match read {
        Ok(()) => Duration::from_nanos(u128::from_le_bytes(bytes).try_into().unwrap_or(0)),
        Err(_) => Duration::ZERO,
    }
}

fn write(file: &mut &File, moment: Duration) {
    // A moment that could not be written is one that others do not wait for.
    let _ = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.write_all(&moment.as_nanos().to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_share_a_pace() {
        let folder = tempfile::tempdir().unwrap();
        let interval = Duration::from_millis(40);
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut pace = Pace::new(interval, Some(folder.path()));
                    for _ in 0..5 {
                        assert!(pace.take_turn(|| false));
                        pace.answered();
                    }
                });
            }
        });
        assert!(start.elapsed() >= interval * 9, "{:?}", start.elapsed());
    }

    #[test]
    fn an_idle_question_takes_no_turn() {
        let folder = tempfile::tempdir().unwrap();
        let interval = Duration::from_millis(50);
        let mut one = Pace::new(interval, Some(folder.path()));
        let mut other = Pace::new(interval, Some(folder.path()));
        assert!(one.take_turn(|| true));
        assert!(!other.take_turn(|| true));
        other.hold_off(Duration::from_millis(200));
        let start = Instant::now();
        assert!(one.take_turn(|| false));
        assert!(start.elapsed() >= Duration::from_millis(190));
    }

    #[test]
    fn a_moment_far_ahead_is_no_moment() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pace"), [0x7f; 16]).unwrap();
        let mut pace = Pace::new(Duration::ZERO, Some(folder.path()));
        let far = (since_epoch() + 2 * MAX_AHEAD).as_nanos().to_le_bytes();
        assert!(pace.take_turn(|| false));
        fs::write(folder.path().join("pace"), far).unwrap();
        let start = Instant::now();
        assert!(pace.take_turn(|| false));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
