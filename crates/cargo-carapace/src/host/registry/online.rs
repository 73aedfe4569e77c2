//! Asking the index, and when to stop.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use carapace_core::knowledge::registry::RegistryError;
use serde::Deserialize;

use super::RegistryLimits;
use super::kept::{Copy, Store};
use crate::host::foreign;
use crate::host::http::{Door, HttpError, Limits, Outlook, Request, Response};

/// After so many failures in a row to get any answer, nothing more is asked.
const MAX_FAILURES: usize = 3;

/// The index that this run asks. Threads share it.
pub(super) struct Index<'a> {
    door: &'a Door,
    address: String,
    /// Fit to be shown. Reasons name it and never a package's own address, so
    /// that one reason for many packages is one.
    shown: String,
    limits: RegistryLimits,
    started: Instant,
    /// Failures in a row.
    failures: AtomicUsize,
    /// Why nothing more is asked.
    stopped: OnceLock<String>,
    /// It gave an index file.
    proven: AtomicBool,
    /// What its `config.json` says of whether it is one.
    checked: OnceLock<Result<(), String>>,
}

/// The file that every sparse index has
/// (<https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration>).
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "dl")]
    _downloads: String,
}

/// What the server says of a file.
enum Said {
    File {
        bytes: Vec<u8>,
        etag: Option<String>,
        last_modified: Option<String>,
    },
    NotModified,
    NotThere,
}

impl<'a> Index<'a> {
    pub(super) fn new(door: &'a Door, address: String, limits: RegistryLimits) -> Self {
        Self {
            door,
            shown: foreign::address(&address),
            address,
            limits,
            started: Instant::now(),
            failures: AtomicUsize::new(0),
            stopped: OnceLock::new(),
            proven: AtomicBool::new(false),
            checked: OnceLock::new(),
        }
    }

    /// What the registry says now of a package, by `read`, which takes its index file; none if it
    /// does not know it. Or why it says nothing.
    pub(super) fn answer<T>(
        &self,
        store: &Store,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, RegistryError>,
    ) -> Result<Option<T>, String> {
        self.may_ask()?;
        let mut copy = store.ours(path);
        loop {
            match self.ask(path, copy.as_ref())? {
                Said::NotThere => {
                    self.is_index()?;
                    store.forget(path);
                    return Ok(None);
                }
                Said::NotModified => {
                    // The second time round there is no copy to ask with, and
                    // the door takes no such answer.
                    let copy = copy.take().map(|copy| copy.body).unwrap_or_default();
                    if let Ok(answer) = read(&copy) {
                        self.proven.store(true, Ordering::Relaxed);
                        store.confirm(path);
                        return Ok(Some(answer));
                    }
                }
                Said::File {
                    bytes,
                    etag,
                    last_modified,
                } => {
                    let answer = read(&bytes).map_err(|error| {
                        let shown = &self.shown;
                        format!(
                            "the answer of `{shown}` is no file of a registry index ({error}); \
                             check the address and the proxy"
                        )
                    })?;
                    self.proven.store(true, Ordering::Relaxed);
                    store.keep(path, &bytes, etag, last_modified);
                    return Ok(Some(answer));
                }
            }
        }
    }

    /// Whether there is an index at the address. Where there is none, nothing is
    /// found, which would say of every package that it was removed.
    fn is_index(&self) -> Result<(), String> {
        if self.proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        let checked = self.checked.get_or_init(|| {
            let said = self.ask("config.json", None)?;
            match said {
                Said::File { bytes, .. } if serde_json::from_slice::<Config>(&bytes).is_ok() => {
                    Ok(())
                }
                _ => Err(format!(
                    "`{}` is no registry index, as its config.json is none; check the address",
                    self.shown
                )),
            }
        });
        checked.clone()
    }

    /// One question, asked a second time where that may help.
    fn ask(&self, path: &str, copy: Option<&Copy>) -> Result<Said, String> {
        let url = format!("{}{path}", self.address);
        let mut again = false;
        loop {
            let left = self.may_ask()?;
            let limits = self.limits.request;
            let request = Request {
                etag: copy.and_then(|copy| copy.etag.as_deref()),
                last_modified: copy.and_then(|copy| copy.last_modified.as_deref()),
                ..Request::new(
                    &url,
                    Limits {
                        connect: limits.connect.min(left),
                        total: limits.total.min(left),
                        ..limits
                    },
                )
            };
            let error = match self.door.get(&request) {
                Err(HttpError::NotFound { .. }) => return Ok(self.said(Said::NotThere)),
                Ok(Response::NotModified) => return Ok(self.said(Said::NotModified)),
                Ok(Response::Body {
                    bytes,
                    etag,
                    last_modified,
                    ..
                }) => {
                    return Ok(self.said(Said::File {
                        bytes,
                        etag,
                        last_modified,
                    }));
                }
                Err(error) => error,
            };
            let is_short = |wait| wait <= self.limits.wait && wait < self.left();
            match error.outlook() {
                Outlook::Passing if !again => {}
                Outlook::Busy(Some(wait)) if !again && is_short(wait) => thread::sleep(wait),
                outlook => return Err(self.fail(error, outlook)),
            }
            again = true;
        }
    }

    fn said(&self, said: Said) -> Said {
        self.failures.store(0, Ordering::Relaxed);
        said
    }

    fn left(&self) -> Duration {
        self.limits.whole.saturating_sub(self.started.elapsed())
    }

    /// How much time is left for a question, or why it is not asked.
    fn may_ask(&self) -> Result<Duration, String> {
        let left = self.left();
        if left.is_zero() {
            let seconds = self.limits.whole.as_secs_f32();
            let reason = format!(
                "not asked: the {seconds} s for all questions to `{}` were over; \
                 check the connection, or work with --offline",
                self.shown
            );
            // Two threads may find so; the reason is the same.
            let _ = self.stopped.set(reason);
        }
        match self.stopped.get() {
            Some(reason) => Err(reason.clone()),
            None => Ok(left),
        }
    }

    /// Counts a failure, and says why there is no answer.
    fn fail(&self, error: HttpError, outlook: Outlook) -> String {
        let reason = error.of_server(&self.shown).to_string();
        let stop = match outlook {
            Outlook::OfAll => true,
            Outlook::Unreachable | Outlook::Busy(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_FAILURES
            }
            Outlook::OfThis | Outlook::Passing => {
                self.failures.store(0, Ordering::Relaxed);
                false
            }
        };
        // A question that the end of all time cut short has that reason.
        if self.may_ask().is_ok() && stop {
            let _ = self.stopped.set(reason.clone());
        }
        self.stopped.get().cloned().unwrap_or(reason)
    }
}
