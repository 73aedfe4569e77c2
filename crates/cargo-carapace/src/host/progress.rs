//! How far a slow work is, on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two lines, so that the terminal is not the slow part.
const PAUSE: Duration = Duration::from_millis(100);
/// Cells of the bar.
const WIDTH: usize = 30;

/// What steps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Things,
    Bytes,
}

/// A bar on standard error, if that is a terminal, once the work has lasted a second.
///
/// It is our own because the libraries for it estimate by way of the system's mathematics library,
/// and to load that is a tenth of a run that never shows a bar.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    steps: usize,
    unit: Unit,
    start: Instant,
    /// When the line was last written; none where it never is.
    line: Option<Mutex<Option<Instant>>>,
}

impl Progress {
    /// A bar for a work of so many steps.
    #[must_use]
    pub fn new(what: &'static str, steps: usize, quiet: bool) -> Self {
        Self::of(what, steps, Unit::Things, quiet)
    }

    /// A bar for so many bytes; 0 where it is not known how many.
    #[must_use]
    pub fn bytes(what: &'static str, bytes: u64, quiet: bool) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self::of(what, bytes, Unit::Bytes, quiet)
    }

    fn of(what: &'static str, steps: usize, unit: Unit, quiet: bool) -> Self {
        let is_shown = !quiet && std::io::stderr().is_terminal();
        Self {
            what,
            steps,
            unit,
            start: Instant::now(),
            line: is_shown.then(|| Mutex::new(None)),
        }
    }

    /// Tells that so many steps are done; from any thread.
    pub fn reached(&self, done: usize) {
        let Some(line) = self
            .line
            .as_ref()
            .filter(|_| self.start.elapsed() > PATIENCE)
        else {
            return;
        };
        // A thread that finds another one writing has nothing to add.
        if let Ok(mut last) = line.try_lock()
            && last.is_none_or(|last| last.elapsed() > PAUSE)
        {
            *last = Some(Instant::now());
            let _ = write!(
                std::io::stderr(),
                "\r{}\x1b[K",
                self.line(done, self.start.elapsed())
            );
        }
    }
}

/// Bytes of a megabyte.
const MEGABYTE: usize = 1_000_000;

impl Progress {
    /// How far the work is after so long, and how long it will take if it goes on like that.
    fn line(&self, done: usize, elapsed: Duration) -> String {
        let Self { what, steps, .. } = *self;
        let (shown, of, unit) = match self.unit {
            Unit::Things => (done, steps, ""),
            Unit::Bytes => (done / MEGABYTE, steps / MEGABYTE, " MB"),
        };
        if steps == 0 && self.unit == Unit::Bytes {
            return format!("{what} {shown}{unit}");
        }
        let cells = WIDTH as u128 * done.min(steps) as u128;
        let cells = cells.checked_div(steps as u128).unwrap_or(WIDTH as u128);
        let bar = "=".repeat(usize::try_from(cells).unwrap_or(WIDTH));
        let left = elapsed.as_secs() as u128 * steps.saturating_sub(done) as u128;
        let left = left.checked_div(done as u128).unwrap_or(0);
        let left = match (left / 60, left % 60) {
            (0, 0) => String::new(),
            (0, seconds) => format!(", {seconds} s left"),
            (minutes, seconds) => format!(", {minutes} min {seconds} s left"),
        };
        format!("{what} [{bar:<WIDTH$}] {shown}/{of}{unit}{left}")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let written = self.line.as_ref().and_then(|line| line.lock().ok());
        if written.is_some_and(|last| last.is_some()) {
            // To the line's beginning, and clear to its end.
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        let line =
            |progress: Progress, done, seconds| progress.line(done, Duration::from_secs(seconds));
        let half = format!("{}{}", "=".repeat(15), " ".repeat(15));
        let asking = |steps| Progress::new("asking", steps, true);
        assert_eq!(line(asking(2), 1, 0), format!("asking [{half}] 1/2"));
        assert_eq!(
            line(asking(2), 1, 90),
            format!("asking [{half}] 1/2, 1 min 30 s left")
        );
        assert_eq!(
            line(asking(0), 0, 5),
            format!("asking [{}] 0/0", "=".repeat(30))
        );
        let reading = |bytes| Progress::bytes("reading", bytes, true);
        assert_eq!(
            line(reading(20_000_000), 10_000_000, 9),
            format!("reading [{half}] 10/20 MB, 9 s left")
        );
        assert_eq!(line(reading(0), 10_000_000, 9), "reading 10 MB");
    }
}
