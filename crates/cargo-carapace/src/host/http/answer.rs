//! Reading an answer: whole, in its limits, or not at all.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use ureq::Body;
use ureq::http::{HeaderMap, header};

use super::error::HttpError;
use super::{Hop, Request, Response, fault, is_dropped};

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
    ) -> Result<Streamed, HttpError> {
        let asked = request.etag.or(request.last_modified).is_some();
        let url = self.shown.clone();
        let error = match self.status {
            200 => return Ok(Streamed::Body(Box::new(self.body(request, hop)?))),
            304 if asked => return Ok(Streamed::NotModified),
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

    fn body(self, request: &Request<'_>, hop: &Hop<'_>) -> Result<BodyStream, HttpError> {
        let limit = request.limits.max_bytes;
        let length = self.body.content_length();
        if length.is_some_and(|length| length > limit) {
            return Err(HttpError::TooLarge {
                url: self.shown,
                limit,
            });
        }
        let ends = [header::TRANSFER_ENCODING, header::CONTENT_LENGTH];
        if length.is_none() && !ends.iter().any(|name| self.headers.contains_key(name)) {
            return Err(HttpError::Unmeasured { url: self.shown });
        }
        let validator = |name| {
            self.header(name)
                .filter(|value| is_validator(value))
                .map(str::to_owned)
        };
        Ok(BodyStream {
            etag: validator(header::ETAG),
            last_modified: validator(header::LAST_MODIFIED),
            final_url: hop.address.uri().to_string(),
            length,
            shown: self.shown,
            limit,
            read: 0,
            reader: self.body.into_reader(),
        })
    }
}

/// A server's answer whose body is still to be read.
#[derive(Debug)]
pub enum Streamed {
    /// What the request's validators name is still the newest.
    NotModified,
    /// The body, as it comes.
    Body(Box<BodyStream>),
}

/// The body of an answer. It ends with an error where it is cut, late or larger than it may be; so
/// it is whole where it ends without one. The errors are [`HttpError`]s, inside of the readers'
/// kind of error.
pub struct BodyStream {
    reader: ureq::BodyReader<'static>,
    shown: String,
    limit: u64,
    read: u64,
    /// How many bytes there will be, where the server says so.
    pub length: Option<u64>,
    /// To ask with next time.
    pub etag: Option<String>,
    /// To ask with next time.
    pub last_modified: Option<String>,
    final_url: String,
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream")
            .field("url", &self.shown)
            .field("read", &self.read)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl BodyStream {
    /// Reads all of it into memory.
    pub(super) fn whole(mut self: Box<Self>) -> Result<Response, HttpError> {
        let mut bytes = Vec::new();
        if let Err(error) = self.read_to_end(&mut bytes) {
            return Err(match error.downcast::<HttpError>() {
                Ok(error) => error,
                Err(error) => fault(self.shown, error.into()),
            });
        }
        Ok(Response::Body {
            bytes,
            etag: self.etag,
            last_modified: self.last_modified,
            final_url: self.final_url,
        })
    }
}

impl Read for BodyStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let url = || self.shown.clone();
        let error = match self.reader.read(buffer) {
            Err(error) => match ureq::Error::from(error) {
                ureq::Error::Io(error) if is_dropped(&error) => HttpError::Cut { url: url() },
                error => fault(url(), error),
            },
            Ok(0) if !buffer.is_empty() && self.length.is_some_and(|all| all != self.read) => {
                HttpError::Cut { url: url() }
            }
            Ok(read) => {
                self.read += read as u64;
                if self.read <= self.limit {
                    return Ok(read);
                }
                HttpError::TooLarge {
                    url: url(),
                    limit: self.limit,
                }
            }
        };
        Err(io::Error::other(error))
    }
}
