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

/// A bar on standard error, if that is a terminal, once the work has lasted a second.
///
/// It is our own because the libraries for it estimate by way of the system's mathematics library,
/// and to load that is a tenth of a run that never shows a bar.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    steps: usize,
    start: Instant,
    /// When the line was last written; none where it never is.
    line: Option<Mutex<Option<Instant>>>,
}

impl Progress {
    /// A bar for a work of so many steps.
    #[must_use]
    pub fn new(what: &'static str, steps: usize, quiet: bool) -> Self {
        let is_shown = !quiet && std::io::stderr().is_terminal();
        Self {
            what,
            steps,
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
            let _ = write!(std::io::stderr(), "\r{}", bar(self.what, done, self.steps));
        }
    }
}

fn bar(what: &str, done: usize, steps: usize) -> String {
    let cells = (WIDTH * done.min(steps))
        .checked_div(steps)
        .unwrap_or(WIDTH);
    format!("{what} [{:<WIDTH$}] {done}/{steps}", "=".repeat(cells))
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
        assert_eq!(
            bar("asking", 1, 2),
            format!("asking [{}{}] 1/2", "=".repeat(15), " ".repeat(15))
        );
        assert_eq!(
            bar("asking", 0, 0),
            format!("asking [{}] 0/0", "=".repeat(30))
        );
    }
}
