//! What a failure says of the next question to the same server.

use std::time::Duration;

use super::error::HttpError;

/// What a failure says of the next question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It is about this question alone: the server answers.
    OfThis,
    /// It is as good as none; once more may help.
    Passing,
    /// The server asks to wait, so long if it says so, and then to ask again.
    Busy(Option<Duration>),
    /// There may be no server.
    Unreachable,
    /// It would be the same for every question.
    OfAll,
}

impl HttpError {
    /// What it says of the next question.
    pub(crate) fn outlook(&self) -> Outlook {
        match self {
            Self::Settings(_) | Self::BadAddress { .. } | Self::Insecure { .. } => Outlook::OfAll,
            Self::Busy { retry_after, .. } => Outlook::Busy(*retry_after),
            Self::Connect { .. } | Self::Tls { .. } | Self::TimedOut { .. } => Outlook::Unreachable,
            Self::Cut { .. } => Outlook::Passing,
            Self::Status { status, .. } if *status >= 500 => Outlook::Passing,
            _ => Outlook::OfThis,
        }
    }

    /// The error, of a server and not of what it was asked: one reason for many questions is one.
    pub(crate) fn of_server(self, server: &str) -> Self {
        let url = server.to_owned();
        match self {
            Self::Redirect { to, why, .. } => Self::Redirect {
                from: url,
                // The path may be the question's.
                to: to.split('/').take(3).collect::<Vec<_>>().join("/"),
                why,
            },
            Self::BadAddress { why, .. } => Self::BadAddress { url, why },
            Self::Insecure { .. } => Self::Insecure { url },
            Self::TooManyRedirects { .. } => Self::TooManyRedirects { url },
            Self::NotFound { body, .. } => Self::NotFound { url, body },
            Self::Busy { retry_after, .. } => Self::Busy { url, retry_after },
            Self::Status { status, .. } => Self::Status { url, status },
            Self::TooLarge { limit, .. } => Self::TooLarge { url, limit },
            Self::TimedOut { phase, .. } => Self::TimedOut { url, phase },
            Self::Cut { .. } => Self::Cut { url },
            Self::Unmeasured { .. } => Self::Unmeasured { url },
            Self::Connect { why, .. } => Self::Connect { url, why },
            Self::Tls { why, .. } => Self::Tls { url, why },
            Self::Protocol { why, .. } => Self::Protocol { url, why },
            Self::Settings(error) => Self::Settings(error),
        }
    }
}
