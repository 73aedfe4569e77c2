//! How far a slow work is, on a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, if that is a terminal, once the work has lasted a second.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
    shown: Mutex<bool>,
}

impl Progress {
    /// A bar for a work of so many steps.
    #[must_use]
    pub fn new(what: &'static str, steps: usize, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what)
        });
        Self {
            bar,
            start: Instant::now(),
            shown: Mutex::new(false),
        }
    }

    /// Tells that so many steps are done.
    pub fn reached(&self, done: usize) {
        let Some(bar) = &self.bar else { return };
        if let Ok(mut shown) = self.shown.lock()
            && !*shown
            && self.start.elapsed() > PATIENCE
        {
            *shown = true;
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
