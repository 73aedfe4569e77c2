//! The one door to the network: bounded GET requests over https.
//!
//! What it holds to:
//! - Only `https:`; plain `http:` only where the user named this machine.
//! - Redirects are followed by our own rules: a server can send us elsewhere on
//!   the internet, but not into the user's networks or onto the user's machine.
//! - An answer is whole, or an error: cut, endless and late ones never pass.
//! - Nothing is decompressed on the way in.

mod address;
mod answer;
mod error;
mod outlook;
mod redirect;
mod settings;
mod transport;

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use ureq::http::header;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

pub use error::HttpError;
pub(crate) use outlook::Outlook;
pub use settings::{HttpSettings, SettingsError};
pub(crate) use settings::{read_config, read_toml};

use crate::host::foreign;
use address::Zone;
use answer::{Answer, is_validator};
pub use answer::{BodyStream, Streamed};
use redirect::{Address, Reach};
use transport::{Forbidden, Guard, Seen, Telling, watching_connections};

/// How many redirects one request follows.
pub(crate) const MAX_REDIRECTS: usize = 5;
/// All headers of an answer, in bytes.
const MAX_HEADERS: usize = 64 * 1024;

/// What an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the body, in bytes.
    pub max_bytes: u64,
    /// Time to resolve the name, and again to connect (proxy and TLS included).
    pub connect: Duration,
    /// Time for everything, redirects included.
    pub total: Duration,
}

/// A GET request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The address, as the user or the user's configuration named it.
    pub url: &'a str,
    /// `etag` of an answer that is held already.
    pub etag: Option<&'a str>,
    /// `last-modified` of an answer that is held already.
    pub last_modified: Option<&'a str>,
    /// Value of the `authorization` header. It is sent to the origin of `url`
    /// only, never to where a redirect leads.
    pub authorization: Option<&'a str>,
    /// What the answer may cost.
    pub limits: Limits,
    /// The longest that a server may be silent, where that is less than the time for everything.
    pub stall: Option<Duration>,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &foreign::address(self.url))
            .field("etag", &self.etag)
            .field("last_modified", &self.last_modified)
            .field("authorization", &self.authorization.map(|_| "…"))
            .field("limits", &self.limits)
            .field("stall", &self.stall)
            .finish()
    }
}

impl<'a> Request<'a> {
    /// An unconditional request without credentials.
    pub fn new(url: &'a str, limits: Limits) -> Self {
        Self {
            url,
            etag: None,
            last_modified: None,
            authorization: None,
            limits,
            stall: None,
        }
    }
}

/// A server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// What the request's validators name is still the newest.
    NotModified,
    /// The whole body, as sent.
    Body {
        /// The body. Content encodings are left in place.
        bytes: Vec<u8>,
        /// To ask with next time.
        etag: Option<String>,
        /// To ask with next time.
        last_modified: Option<String>,
        /// The address that answered in the end. Foreign text where a redirect led there.
        final_url: String,
    },
}

/// Whether an address is one that a stranger may name: `https:`, and nothing but public addresses
/// behind its name. A name is resolved for it, which tells a name server that it was asked for;
/// where nobody may be asked, any name will do, for nobody is.
pub fn is_public_address(url: &str, may_ask: bool) -> bool {
    use std::net::ToSocketAddrs as _;
    let Ok(address) = Address::named_by_user(url) else {
        return false;
    };
    if !address.is_https() {
        return false;
    }
    if let Some(zone) = address.literal_zone() {
        return zone == Zone::Public;
    }
    if !may_ask {
        return true;
    }
    let resolved = (address.host(), address.port()).to_socket_addrs();
    let resolved: Vec<_> = resolved.into_iter().flatten().collect();
    let is_public = |socket: &std::net::SocketAddr| address::zone(socket.ip()) == Zone::Public;
    !resolved.is_empty() && resolved.iter().all(is_public)
}

/// The network door. One is enough for a run: threads share it by reference,
/// and with it the connections that it keeps open.
#[derive(Debug)]
pub struct Door {
    settings: HttpSettings,
    seen: Seen,
    /// One agent for every reach, so that no connection that was opened under
    /// one rule is ever taken from a pool under a stricter one.
    anywhere: Agent,
    this_machine: Agent,
    public_or_private: Agent,
    public_only: Agent,
    /// For what goes through the proxy, which does the resolving.
    proxied: Option<Agent>,
}

impl Door {
    /// A door with the user's settings. Opens no connection.
    ///
    /// # Errors
    /// [`HttpError::Settings`] when the proxy's address or the certificates
    /// can't be used.
    pub fn new(settings: HttpSettings) -> Result<Self, HttpError> {
        if !settings
            .user_agent
            .bytes()
            .all(|b| b.is_ascii_graphic() || b == b' ')
        {
            return Err(SettingsError::UserAgent.into());
        }
        let proxy = settings.proxy()?;
        let roots = match settings.certificates()? {
            Some(certificates) => RootCerts::new_with_certs(&certificates),
            None => RootCerts::PlatformVerifier,
        };
        let seen = Seen::default();
        let agent = |reach, proxy: Option<Proxy>| {
            let config = Agent::config_builder()
                .tls_config(TlsConfig::builder().root_certs(roots.clone()).build())
                .user_agent(&settings.user_agent)
                .accept_encoding("identity")
                .https_only(reach != Reach::ThisMachine)
                .proxy(proxy)
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .max_response_header_size(MAX_HEADERS)
                .max_idle_connections(32)
                .max_idle_connections_per_host(16)
                .build();
            Agent::with_parts(config, Telling::default(), Guard::new(reach, seen.clone()))
        };
        Ok(Self {
            anywhere: agent(Reach::Anywhere, None),
            this_machine: agent(Reach::ThisMachine, None),
            public_or_private: agent(Reach::PublicOrPrivate, None),
            public_only: agent(Reach::PublicOnly, None),
            proxied: proxy.map(|proxy| agent(Reach::Anywhere, Some(proxy))),
            seen,
            settings,
        })
    }

    /// Asks, follows redirects, and reads the whole answer.
    ///
    /// # Errors
    /// See [`HttpError`]; each of them means that there is no answer to use.
    pub fn get(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        match self.stream(request)? {
            Streamed::NotModified => Ok(Response::NotModified),
            Streamed::Body(body) => body.whole(),
        }
    }

    /// Asks and follows redirects; the answer's body is read by the caller, who may use nothing of
    /// it before its end has come.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn stream(&self, request: &Request<'_>) -> Result<Streamed, HttpError> {
        let started = Instant::now();
        let mut address = Address::named_by_user(request.url)?;
        let mut reach = if address.is_https() {
            Reach::Anywhere
        } else {
            Reach::ThisMachine
        };
        let mut authorization = request.authorization;
        let mut redirected_by: Option<Address> = None;
        for _ in 0..=MAX_REDIRECTS {
            let hop = Hop {
                address: &address,
                reach,
                authorization,
                from: redirected_by.as_ref(),
                started,
            };
            let answer = self.ask(request, &hop)?;
            let Some(location) = answer.redirect() else {
                return answer.finish(request, &hop);
            };
            let location = location?;
            answer.drain();
            let target = address.redirect(&location)?;
            if !address.same_origin(&target) {
                authorization = None;
                reach = self.reach_from(&address, reach);
            }
            redirected_by = Some(std::mem::replace(&mut address, target));
        }
        Err(HttpError::TooManyRedirects {
            url: foreign::address(request.url),
        })
    }

    /// Where a server may send us to, other than to itself.
    fn reach_from(&self, origin: &Address, reach: Reach) -> Reach {
        let private = match reach {
            Reach::PublicOnly => false,
            _ if self.is_proxied(origin) => origin.literal_zone() == Some(Zone::Private),
            _ => self.seen.is_private(origin.host()),
        };
        if private {
            Reach::PublicOrPrivate
        } else {
            Reach::PublicOnly
        }
    }

    fn is_proxied(&self, address: &Address) -> bool {
        // What is on this machine alone has no business at a proxy.
        self.proxied.is_some()
            && address.is_https()
            && !self.settings.bypasses_proxy(address.host(), address.port())
    }

    fn agent(&self, hop: &Hop<'_>) -> &Agent {
        match &self.proxied {
            Some(proxied) if self.is_proxied(hop.address) => proxied,
            _ => match hop.reach {
                Reach::Anywhere => &self.anywhere,
                Reach::ThisMachine => &self.this_machine,
                Reach::PublicOrPrivate => &self.public_or_private,
                Reach::PublicOnly => &self.public_only,
            },
        }
    }

    /// One request without redirects, made again when it died on a pooled connection.
    fn ask(&self, request: &Request<'_>, hop: &Hop<'_>) -> Result<Answer, HttpError> {
        if hop
            .address
            .literal_zone()
            .is_some_and(|zone| !hop.reach.allows(zone))
        {
            return Err(hop.out_of_reach());
        }
        let agent = self.agent(hop);
        let mut retried = false;
        loop {
            let (result, opened) = watching_connections(|| send(agent, request, hop));
            match result {
                Err(ureq::Error::Io(error)) if !opened && !retried && is_dropped(&error) => {
                    retried = true
                }
                Err(error) => return Err(hop.error(error)),
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let shown = hop.address.shown();
                    return Ok(Answer {
                        status: head.status.as_u16(),
                        headers: head.headers,
                        body,
                        shown,
                    });
                }
            }
        }
    }
}

/// One step on the way from the address that was asked for to the answer.
struct Hop<'a> {
    address: &'a Address,
    reach: Reach,
    authorization: Option<&'a str>,
    from: Option<&'a Address>,
    started: Instant,
}

impl Hop<'_> {
    fn out_of_reach(&self) -> HttpError {
        let to = self.address.shown();
        match self.from {
            Some(from) => HttpError::Redirect {
                from: from.shown(),
                to,
                why: "it leads into a network where that server may not send us",
            },
            None => HttpError::Insecure { url: to },
        }
    }

    fn error(&self, error: ureq::Error) -> HttpError {
        match error {
            ureq::Error::Other(inner) if inner.is::<Forbidden>() => self.out_of_reach(),
            error => fault(self.address.shown(), error),
        }
    }
}

/// What went wrong at an address that was within reach; the address as it is shown.
fn fault(url: String, error: ureq::Error) -> HttpError {
    let text = |error: &dyn fmt::Display| foreign::shown(&error.to_string());
    match error {
        ureq::Error::Timeout(phase) => HttpError::TimedOut {
            url,
            phase: match phase {
                ureq::Timeout::PerRead => "silence".to_owned(),
                phase => phase.to_string(),
            },
        },
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::TimedOut => HttpError::TimedOut {
                url,
                phase: "connect".to_owned(),
            },
            io::ErrorKind::InvalidData => HttpError::Tls {
                url,
                why: text(&error),
            },
            _ => HttpError::Connect {
                url,
                why: text(&error),
            },
        },
        ureq::Error::HostNotFound => HttpError::Connect {
            url,
            why: "no such host".to_owned(),
        },
        error @ (ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_)) => {
            HttpError::Tls {
                url,
                why: text(&error),
            }
        }
        error @ (ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::InvalidProxyUrl) => HttpError::Connect {
            url,
            why: text(&error),
        },
        error => HttpError::Protocol {
            url,
            why: text(&error),
        },
    }
}

/// What a pooled connection fails with that its server has closed.
fn is_dropped(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

fn send(
    agent: &Agent,
    request: &Request<'_>,
    hop: &Hop<'_>,
) -> Result<ureq::http::Response<Body>, ureq::Error> {
    let left = request.limits.total.saturating_sub(hop.started.elapsed());
    if left.is_zero() {
        return Err(ureq::Error::Timeout(ureq::Timeout::Global));
    }
    let mut get = agent
        .get(hop.address.uri())
        .config()
        .timeout_global(Some(left))
        .timeout_resolve(Some(request.limits.connect))
        .timeout_connect(Some(request.limits.connect))
        .timeout_per_read(request.stall)
        .build();
    let headers = [
        (
            header::IF_NONE_MATCH,
            request.etag.filter(|value| is_validator(value)),
        ),
        (
            header::IF_MODIFIED_SINCE,
            request.last_modified.filter(|value| is_validator(value)),
        ),
        (header::AUTHORIZATION, hop.authorization),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            get = get.header(name, value);
        }
    }
    get.call()
}
