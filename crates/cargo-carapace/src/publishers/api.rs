//! Asking a registry's API, one question after the other.
//!
//! What it holds to:
//! - No question is asked before its turn ([`Pace`]), nor while the server asks to wait.
//! - Each answer is kept before the next question, so that a run that is stopped goes on where it was,
//!   and two runs at once ask each question once.
//! - An answer is the API's own, or there is none: a server that has nothing at an address does not
//!   say that there is no such package.

use std::collections::BTreeSet;
use std::time::Duration;

use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::People;
use carapace_core::knowledge::people::api::{self, ApiError};
use semver::Version;

use super::answers::{Answers, Record};
use super::pace::Pace;
use crate::host::foreign;
use crate::host::http::{Door, HttpError, Limits, Outlook, Request, Response};

/// After so many failures in a row to get any answer, nothing more is asked.
const MAX_FAILURES: usize = 3;
/// How often in a row a busy server is waited for.
const MAX_WAITS: u32 = 4;
/// The longest wait that a busy server is granted.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// The first wait for a busy server that does not say how long; the next ones are each twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How many versions are asked for at once: an address has to stay short.
const MAX_VERSIONS: usize = 50;
/// What one answer may cost.
const LIMITS: Limits = Limits {
    max_bytes: api::MAX_BYTES as u64,
    connect: Duration::from_secs(10),
    total: Duration::from_secs(20),
};

/// What is to be asked about one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The package, by a name that a registry can hold.
    pub(super) name: String,
    /// Whether who owns it is.
    pub(super) owners: bool,
    /// Of which versions who published them is.
    pub(super) versions: Vec<Version>,
}

impl Question {
    /// Nothing about a package.
    pub(super) fn nothing(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            owners: false,
            versions: Vec::new(),
        }
    }

    /// How many requests it takes.
    pub(super) fn requests(&self) -> usize {
        usize::from(self.owners) + self.versions.len().div_ceil(MAX_VERSIONS)
    }
}

/// The API that this run asks.
pub(super) struct Api<'a> {
    door: &'a Door,
    address: &'a str,
    answers: &'a Answers,
    pace: Pace,
    /// When the run began, in milliseconds since the epoch, and its day.
    now: i64,
    today: Date,
    /// Failures in a row.
    failures: usize,
    /// Why nothing more is asked.
    stopped: Option<String>,
    /// It gave an answer of the documented form.
    is_proven: bool,
    /// Answers that are none.
    doubts: usize,
    /// The packages that a server without a word of an API's does not find.
    doubted: BTreeSet<String>,
}

/// What the server says to a question.
enum Said {
    Body(Vec<u8>),
    NotThere(Vec<u8>),
    /// Another run has the answer meanwhile.
    Idle,
}

impl<'a> Api<'a> {
    pub(super) fn new(
        door: &'a Door,
        address: &'a str,
        answers: &'a Answers,
        interval: Duration,
        (now, today): (i64, Date),
    ) -> Self {
        Self {
            door,
            address,
            answers,
            pace: Pace::new(interval, answers.folder()),
            now,
            today,
            failures: 0,
            stopped: None,
            is_proven: false,
            doubts: 0,
            doubted: BTreeSet::new(),
        }
    }

    /// Asks what is open of a question; `open` tells that of what is known of the package. Gives what
    /// is known in the end, and why something is left open.
    pub(super) fn ask(
        &mut self,
        name: &str,
        open: &dyn Fn(&Record) -> Question,
    ) -> (Record, Result<(), String>) {
        let answers = self.answers;
        let mut record = answers.get(name);
        loop {
            let question = open(&record);
            let some = question.versions.chunks(MAX_VERSIONS).next();
            let some = some.unwrap_or_default();
            let path = match question.owners {
                true => api::owners_path(name),
                false if some.is_empty() => return (record, Ok(())),
                false => api::versions_path(name, some),
            };
            let Some(path) = path else {
                let reason = "not a package name that a registry can hold; it was not asked";
                return (record, Err(reason.to_owned()));
            };
            // Another run may have asked meanwhile.
            let is_idle = || {
                let still = open(&answers.get(name));
                match question.owners {
                    true => !still.owners,
                    false => !some.iter().any(|version| still.versions.contains(version)),
                }
            };
            let said = self.say(&path, &is_idle).and_then(|said| {
                let bytes = match said {
                    Said::Body(bytes) => bytes,
                    Said::Idle => return Ok(answers.get(name)),
                    Said::NotThere(body) => return self.not_there(name, record.clone(), &body),
                };
                let mut record = record.clone();
                if question.owners {
                    let said = api::read_owners(&bytes, name, self.today);
                    record.take_owners(name, self.understood(said)?, self.now);
                } else {
                    let said = api::read_versions(&bytes, name, some, self.today);
                    record.take_versions(name, some, self.understood(said)?, self.now);
                }
                answers.put(name, &mut record);
                Ok(record)
            });
            match said {
                Ok(known) => record = known,
                Err(reason) => return (record, Err(reason)),
            }
        }
    }

    /// Settles what the server did not find without saying so as an API does: where it turned out to
    /// be one, it knows of no such packages. Gives what is known of these.
    pub(super) fn settle(&mut self) -> Vec<(String, Record)> {
        let doubted = std::mem::take(&mut self.doubted);
        let doubted = doubted.into_iter().filter(|_| self.is_proven);
        let settled = doubted.map(|name| {
            let record = self.gone(&name, self.answers.get(&name));
            (name, record)
        });
        settled.collect()
    }

    fn gone(&self, name: &str, mut record: Record) -> Record {
        record.take_owners(name, api::unknown(name, self.today), self.now);
        self.answers.put(name, &mut record);
        record
    }

    fn not_there(&mut self, name: &str, record: Record, body: &[u8]) -> Result<Record, String> {
        let is_known = record
            .krate
            .exists
            .as_ref()
            .is_some_and(|exists| exists.value);
        if is_known && record.asked == Some(self.now) {
            return Err(self.doubt("it has the package's owners and not its versions"));
        }
        if self.is_proven || api::is_refusal(body) {
            return Ok(self.gone(name, record));
        }
        self.doubted.insert(name.to_owned());
        Err(self.doubt("there is nothing, and it is not said as an API says it"))
    }

    fn understood(&mut self, said: Result<People, ApiError>) -> Result<People, String> {
        self.is_proven |= said.is_ok();
        said.map_err(|error| self.doubt(&foreign::shown(&error.to_string())))
    }

    /// Says that an answer is none of an API. Where there was none so far, a few are enough.
    fn doubt(&mut self, why: &str) -> String {
        let reason = format!(
            "the answer of `{}` is not that of a registry's API ({why}); check the address and the \
             proxy",
            foreign::address(self.address)
        );
        self.doubts += 1;
        if !self.is_proven && self.doubts >= MAX_FAILURES {
            self.stopped = Some(reason.clone());
        }
        reason
    }

    /// One question, asked again where that may help.
    fn say(&mut self, path: &str, is_idle: &dyn Fn() -> bool) -> Result<Said, String> {
        let url = format!("{}{path}", self.address);
        let (mut waits, mut is_again) = (0, false);
        loop {
            if let Some(reason) = &self.stopped {
                return Err(reason.clone());
            }
            if !self.pace.take_turn(is_idle) {
                return Ok(Said::Idle);
            }
            let said = self.door.get(&Request::new(&url, LIMITS));
            self.pace.answered();
            let error = match said {
                Ok(Response::Body { bytes, .. }) => {
                    self.failures = 0;
                    return Ok(Said::Body(bytes));
                }
                Err(HttpError::NotFound { body, .. }) => {
                    self.failures = 0;
                    return Ok(Said::NotThere(body));
                }
                // The door takes no such answer to a question without conditions.
                Ok(Response::NotModified) => HttpError::Status {
                    url: url.clone(),
                    status: 304,
                },
                Err(error) => error,
            };
            let outlook = error.outlook();
            match outlook {
                Outlook::Busy(wait) if waits < MAX_WAITS => {
                    let wait = wait.unwrap_or(FIRST_WAIT * (1 << waits));
                    if wait <= MAX_WAIT {
                        waits += 1;
                        self.pace.hold_off(wait);
                        continue;
                    }
                }
                Outlook::Passing if !is_again => {
                    is_again = true;
                    continue;
                }
                _ => {}
            }
            return Err(self.fail(error, outlook));
        }
    }

    /// Counts a failure, and says why there is no answer.
    fn fail(&mut self, error: HttpError, outlook: Outlook) -> String {
        // A server that refuses one of these refuses all: it is no question of the package.
        let is_refused = matches!(
            error,
            HttpError::Status {
                status: 401 | 403,
                ..
            }
        );
        let reason = error.of_server(&foreign::address(self.address)).to_string();
        self.failures = match outlook {
            Outlook::OfThis => 0,
            _ => self.failures + 1,
        };
        let is_over = match outlook {
            Outlook::OfAll | Outlook::Busy(_) => true,
            _ => is_refused || self.failures >= MAX_FAILURES,
        };
        if is_over {
            self.stopped = Some(reason.clone());
        }
        reason
    }
}
