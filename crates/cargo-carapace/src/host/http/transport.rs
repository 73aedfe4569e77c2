//! Connections: which addresses may be connected to, and which are new.
//!
//! The addresses are judged in the resolver, whose answer is what the
//! connection is made to. A name that leads elsewhere the second time it is
//! asked (DNS rebinding) gains nothing.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

use super::address::{Zone, zone};
use super::redirect::Reach;

/// Which origins have only ever led to private networks. Shared by the
/// resolvers of one door.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<HashMap<String, bool>>>);

impl Seen {
    fn record(&self, host: &str, private: bool) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Once public, always public: the pool may still hold that connection.
        *seen.entry(key(host)).or_insert(private) &= private;
    }

    /// Whether the host has been resolved, and always to private addresses only.
    pub(super) fn is_private(&self, host: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&key(host)).copied().unwrap_or(false)
    }
}

fn key(host: &str) -> String {
    host.trim_matches(['[', ']'])
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// No address of the host is one that may be connected to.
#[derive(Debug)]
pub(super) struct Forbidden {
    /// The first of its addresses.
    pub(super) address: IpAddr,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is out of reach", self.address)
    }
}

impl std::error::Error for Forbidden {}

/// The system's resolver, less the addresses that are out of reach.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) reach: Reach,
    pub(super) seen: Seen,
    system: DefaultResolver,
}

impl Guard {
    pub(super) fn new(reach: Reach, seen: Seen) -> Self {
        Self {
            reach,
            seen,
            system: DefaultResolver::default(),
        }
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.system.resolve(uri, config, timeout)?;
        let mut within = self.empty();
        let mut private = true;
        for address in &found {
            let zone = zone(address.ip());
            private &= zone == Zone::Private;
            if self.reach.allows(zone) {
                within.push(*address);
            }
        }
        self.seen.record(uri.host().unwrap_or_default(), private);
        match found.first() {
            Some(first) if within.is_empty() => Err(ureq::Error::Other(Box::new(Forbidden {
                address: first.ip(),
            }))),
            _ => Ok(within),
        }
    }
}

thread_local! {
    /// Whether the request that this thread is making opened a connection. A
    /// request that fails on a pooled one may be made again: the server may have
    /// closed it just as it was taken.
    static OPENED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a request, and tells whether it opened a connection or took a pooled one.
pub(super) fn watching_connections<T>(request: impl FnOnce() -> T) -> (T, bool) {
    OPENED.set(false);
    let result = request();
    (result, OPENED.get())
}

/// The library's connector, telling when a connection is opened.
#[derive(Debug, Default)]
pub(super) struct Telling(DefaultConnector);

impl Connector<()> for Telling {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        OPENED.set(true);
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            // Our requests differ from each other in their timeouts, never in
            // TLS. Taken as such, the trusted certificates would be loaded
            // again for every connection and no TLS session be resumed.
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        self.0.connect(&details, chained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(reach: Reach, seen: &Seen, url: &str) -> Result<Vec<IpAddr>, ureq::Error> {
        let found = Guard::new(reach, seen.clone()).resolve(
            &url.parse().unwrap(),
            &Config::default(),
            NextTimeout::default(),
        )?;
        Ok(found.iter().map(|address| address.ip()).collect())
    }

    #[test]
    fn names_are_judged_by_what_they_lead_to() {
        let seen = Seen::default();
        for reach in [Reach::PublicOnly, Reach::PublicOrPrivate] {
            for url in [
                "https://localhost/",
                "https://127.1/",
                "https://[::1]/",
                "https://0/",
                "https://169.254.1.1/",
            ] {
                let error = resolve(reach, &seen, url).unwrap_err();
                assert!(
                    matches!(&error, ureq::Error::Other(inner) if inner.is::<Forbidden>()),
                    "{url}: {error}"
                );
            }
        }
        assert!(resolve(Reach::PublicOnly, &seen, "https://10.0.0.1/").is_err());
        assert!(resolve(Reach::PublicOrPrivate, &seen, "https://10.0.0.1/").is_ok());
        assert!(resolve(Reach::ThisMachine, &seen, "http://10.0.0.1/").is_err());
        assert!(resolve(Reach::ThisMachine, &seen, "http://localhost/").is_ok());
        assert!(resolve(Reach::Anywhere, &seen, "https://localhost/").is_ok());
    }

    #[test]
    fn a_host_that_was_public_once_is_never_private() {
        let seen = Seen::default();
        assert!(!seen.is_private("h"));
        seen.record("h", true);
        assert!(seen.is_private("H."));
        seen.record("h", false);
        seen.record("h", true);
        assert!(!seen.is_private("h"));
        resolve(Reach::Anywhere, &seen, "https://[fd00::1]/").unwrap();
        assert!(seen.is_private("fd00::1"));
    }
}
