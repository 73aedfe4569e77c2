//! Reading an answer: whole, in its limits, or not at all.

use std::io::Read;
use std::time::Duration;

use ureq::Body;
use ureq::http::{HeaderMap, header};

use super::error::HttpError;
use super::{Hop, Request, Response, is_dropped};

/// Longer validators (`etag`, `last-modified`) are neither kept nor sent, in bytes.
const MAX_VALIDATOR: usize = 1024;
/// Bodies of what is no answer are read up to here, also to keep the
/// connection, in bytes.
const MAX_DRAIN: u64 = 64 * 1024;
/// The longest wait that a busy server is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a validator is one that we keep and send.
pub(super) fn is_validator(value: &str) -> bool {
    (1..=MAX_VALIDATOR).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// An answer whose body has not been read.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// The address that answered, fit to be shown.
    pub(super) shown: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Where the answer redirects to, if it does.
    pub(super) fn redirect(&self) -> Option<Result<String, HttpError>> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = self.header(header::LOCATION).map(str::to_owned);
        Some(location.ok_or_else(|| HttpError::Protocol {
            url: self.shown.clone(),
            why: "a redirect without a readable location".to_owned(),
        }))
    }

    /// Reads the short body of what is no answer, so that its connection is of use again.
    pub(super) fn drain(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self
            .body
            .content_length()
            .is_none_or(|length| length <= MAX_DRAIN)
        {
            // Whatever fails here costs no more than the connection.
            let _ = self
                .body
                .as_reader()
                .take(MAX_DRAIN)
                .read_to_end(&mut bytes);
        }
        bytes
    }

    pub(super) fn finish(
        self,
        request: &Request<'_>,
        hop: &Hop<'_>,
    ) -> Result<Response, HttpError> {
        let asked = request.etag.or(request.last_modified).is_some();
        let url = self.shown.clone();
        let error = match self.status {
            200 => return self.read(request, hop),
            304 if asked => return Ok(Response::NotModified),
            // 451 as cargo has it for sparse indexes.
            404 | 410 | 451 => {
                let body = self.drain();
                return Err(HttpError::NotFound { url, body });
            }
            429 | 503 => HttpError::Busy {
                url,
                retry_after: self.retry_after(),
            },
            status => HttpError::Status { url, status },
        };
        self.drain();
        Err(error)
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header(header::RETRY_AFTER)?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    fn read(mut self, request: &Request<'_>, hop: &Hop<'_>) -> Result<Response, HttpError> {
        let limit = request.limits.max_bytes;
        let too_large = || HttpError::TooLarge {
            url: self.shown.clone(),
            limit,
        };
        let length = self.body.content_length();
        if length.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        if length.is_none() && !self.headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(HttpError::Unmeasured { url: self.shown });
        }
        let mut bytes = Vec::new();
        let read = self
            .body
            .as_reader()
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(match ureq::Error::from(error) {
                ureq::Error::Io(error) if is_dropped(&error) => HttpError::Cut { url: self.shown },
                error => hop.error(error),
            });
        }
        let read = bytes.len() as u64;
        if read > limit {
            return Err(too_large());
        }
        if length.is_some_and(|length| length != read) {
            return Err(HttpError::Cut { url: self.shown });
        }
        let validator = |name| {
            self.header(name)
                .filter(|value| is_validator(value))
                .map(str::to_owned)
        };
        Ok(Response::Body {
            etag: validator(header::ETAG),
            last_modified: validator(header::LAST_MODIFIED),
            final_url: hop.address.uri().to_string(),
            bytes,
        })
    }
}
