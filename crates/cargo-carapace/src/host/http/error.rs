//! What can go wrong at the network door.

use std::fmt;
use std::time::Duration;

use super::settings::SettingsError;

/// Why a request has no answer that may be used.
///
/// Addresses in it are fit to be shown: no credentials, no queries, no control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The user's own network settings can't be used.
    Settings(SettingsError),
    /// The address is none that a request could be sent to.
    BadAddress {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Plain `http:` to another machine; nothing was sent.
    Insecure {
        /// The address.
        url: String,
    },
    /// A redirect that is not followed; nothing was sent to its target.
    Redirect {
        /// Who redirected.
        from: String,
        /// Where to.
        to: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// More redirects than are followed.
    TooManyRedirects {
        /// The address that was asked for.
        url: String,
    },
    /// The server says that there is no such thing (404, 410, 451).
    NotFound {
        /// The address that answered.
        url: String,
        /// What it says of that, where it is short.
        body: Vec<u8>,
    },
    /// The server asks to come back later (429, 503).
    Busy {
        /// The address that answered.
        url: String,
        /// How long it asks to wait, where it says so in seconds; at most a day.
        retry_after: Option<Duration>,
    },
    /// Any other status than the ones a request can mean.
    Status {
        /// The address that answered.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is longer than the request allowed.
    TooLarge {
        /// The address that answered.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The answer was not there in the time that the request allowed.
    TimedOut {
        /// The address that was asked.
        url: String,
        /// What took too long: `connect`, `answer` …
        phase: String,
    },
    /// The connection ended before the answer did.
    Cut {
        /// The address that answered.
        url: String,
    },
    /// The answer has neither a length nor an end of its own, so that a cut one
    /// would look whole.
    Unmeasured {
        /// The address that answered.
        url: String,
    },
    /// No connection: name, network, proxy.
    Connect {
        /// The address that was asked.
        url: String,
        /// What the system says.
        why: String,
    },
    /// The server could not prove who it is, or speaks no TLS that we accept.
    Tls {
        /// The address that was asked.
        url: String,
        /// What the TLS library says.
        why: String,
    },
    /// What arrived is not HTTP.
    Protocol {
        /// The address that answered.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::BadAddress { url, why } => {
                write!(
                    f,
                    "can't fetch `{url}`: {why}; give an address like https://host/path"
                )
            }
            Self::Insecure { url } => write!(
                f,
                "refused to fetch `{url}`: plain http can be changed by anyone on the way; use https (plain http is for this machine only)"
            ),
            Self::Redirect { from, to, why } => write!(
                f,
                "refused the redirect from `{from}` to `{to}`: {why}; where that is the right place, configure it as the address to ask"
            ),
            Self::TooManyRedirects { url } => write!(
                f,
                "`{url}` redirects more than {} times; check the address, or ask the server's owner",
                super::MAX_REDIRECTS
            ),
            Self::NotFound { url, .. } => write!(f, "`{url}` does not exist; check the address"),
            Self::Busy {
                url,
                retry_after: Some(wait),
            } => {
                write!(
                    f,
                    "`{url}` is busy and asks to wait {} s; try again then",
                    wait.as_secs()
                )
            }
            Self::Busy {
                url,
                retry_after: None,
            } => write!(f, "`{url}` is busy; try again later"),
            Self::Status { url, status } => write!(
                f,
                "`{url}` answered with status {status}; check the address{}, or try again later",
                if matches!(status, 401 | 403 | 407) {
                    " and that you may read it"
                } else {
                    ""
                }
            ),
            Self::TooLarge { url, limit } => write!(
                f,
                "the answer of `{url}` is larger than {limit} bytes; check that the address is the right one"
            ),
            Self::TimedOut { url, phase } => write!(
                f,
                "`{url}` took too long ({phase}); check the connection or the proxy, or work with --offline"
            ),
            Self::Cut { url } => {
                write!(
                    f,
                    "the connection to `{url}` ended before the answer was whole; try again"
                )
            }
            Self::Unmeasured { url } => write!(
                f,
                "`{url}` does not say how long its answer is, so that a cut one can't be told; ask the server's (or proxy's) owner to send content-length"
            ),
            Self::Connect { url, why } => write!(
                f,
                "can't connect to `{url}`: {why}; check the connection, the proxy and the address, or work with --offline"
            ),
            Self::Tls { url, why } => write!(
                f,
                "no trustworthy connection to `{url}`: {why}; behind an inspecting proxy, name its certificate in http.cainfo of your cargo configuration"
            ),
            Self::Protocol { url, why } => {
                write!(
                    f,
                    "the answer of `{url}` is not valid HTTP: {why}; check the address and the proxy"
                )
            }
        }
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Settings(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SettingsError> for HttpError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}
