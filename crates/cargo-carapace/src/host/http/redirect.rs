//! Which addresses are asked, and which redirects are followed.
//!
//! What a name leads to is judged where it is resolved; see [`super::transport`].
//! Here is what the address alone tells.

use std::net::IpAddr;

use ureq::http::Uri;

use super::address::{Zone, zone};
use super::error::HttpError;
use crate::host::foreign;

/// Longer addresses are refused, in bytes.
const MAX_URL: usize = 8 * 1024;

/// Where the addresses behind a request's host may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The user named the host: anywhere.
    Anywhere,
    /// The user named this machine, over plain http: here only.
    ThisMachine,
    /// A server of a private network named the host.
    PublicOrPrivate,
    /// A server of the internet named the host.
    PublicOnly,
}

impl Reach {
    /// Whether an address in the zone may be connected to.
    pub(super) fn allows(self, zone: Zone) -> bool {
        match self {
            Self::Anywhere => true,
            Self::ThisMachine => zone == Zone::Loopback,
            Self::PublicOrPrivate => matches!(zone, Zone::Public | Zone::Private),
            Self::PublicOnly => zone == Zone::Public,
        }
    }
}

/// An address that a request can be sent to: https, or http on this machine.
#[derive(Debug, Clone)]
pub(super) struct Address {
    uri: Uri,
    https: bool,
    /// In lower case, without the brackets of an IPv6 address.
    host: String,
    port: u16,
}

/// What a literal host says of where it leads.
enum Named {
    Literal(IpAddr),
    ThisMachine,
    /// A number in a spelling that only some resolvers read, such as `0x7f.1`.
    OddNumber,
    Name,
}

impl Address {
    /// An address that the user named.
    pub(super) fn named_by_user(url: &str) -> Result<Self, HttpError> {
        let address = Self::parse(url).map_err(|why| HttpError::BadAddress {
            url: foreign::address(url),
            why,
        })?;
        if !address.https && !address.names_this_machine() {
            return Err(HttpError::Insecure {
                url: foreign::address(url),
            });
        }
        Ok(address)
    }

    /// The address that a redirect of this one leads to, when it may be followed.
    pub(super) fn redirect(&self, location: &str) -> Result<Self, HttpError> {
        let refuse = |why| HttpError::Redirect {
            from: self.shown(),
            to: foreign::address(location),
            why,
        };
        let target = Self::parse(&self.resolve(location)).map_err(refuse)?;
        if self.same_origin(&target) {
            return Ok(target);
        }
        if !target.https {
            return Err(refuse("it leaves https"));
        }
        // Behind a proxy names are resolved elsewhere, so that a literal is
        // judged here as well.
        let literal = match target.named() {
            Named::Literal(ip) => zone(ip),
            Named::ThisMachine => Zone::Loopback,
            Named::OddNumber => Zone::Special,
            Named::Name => return Ok(target),
        };
        match literal {
            Zone::Public | Zone::Private => Ok(target),
            Zone::Loopback => Err(refuse("a server may not send us to our own machine")),
            Zone::Special => Err(refuse(
                "a server may not send us to a special-purpose address",
            )),
        }
    }

    /// Scheme, host and port are the same.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.https == other.https && self.host == other.host && self.port == other.port
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The zone, where the host is an IP address and not a name.
    pub(super) fn literal_zone(&self) -> Option<Zone> {
        match self.named() {
            Named::Literal(ip) => Some(zone(ip)),
            _ => None,
        }
    }

    /// Fit to be shown.
    pub(super) fn shown(&self) -> String {
        foreign::address(&self.uri.to_string())
    }

    fn names_this_machine(&self) -> bool {
        match self.named() {
            Named::Literal(ip) => zone(ip) == Zone::Loopback,
            Named::ThisMachine => true,
            Named::OddNumber | Named::Name => false,
        }
    }

    fn named(&self) -> Named {
        let host = self.host.trim_end_matches('.');
        if let Ok(ip) = host.parse() {
            return Named::Literal(ip);
        }
        if host == "localhost" || host.ends_with(".localhost") {
            return Named::ThisMachine;
        }
        // No top-level domain is a number, so that the last label tells (as
        // the URL standard of browsers has it).
        let last = host.rsplit('.').next().unwrap_or(host);
        let digits = last.bytes().all(|b| b.is_ascii_digit());
        let hex = last
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
        if digits || hex {
            Named::OddNumber
        } else {
            Named::Name
        }
    }

    fn parse(url: &str) -> Result<Self, &'static str> {
        if url.len() > MAX_URL {
            return Err("it is too long");
        }
        let uri: Uri = url.parse().map_err(|_| "it is not a valid address")?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("only https is supported"),
            None => return Err("it has no scheme"),
        };
        let authority = uri.authority().ok_or("it has no host")?;
        if authority.as_str().contains('@') {
            return Err("credentials in addresses are not supported");
        }
        let host = authority.host();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            // `host:` and `host:99999` have no port that the parser tells.
            None if authority.as_str().len() != host.len() => return Err("its port is not valid"),
            None if https => 443,
            None => 80,
        };
        let host = match host.strip_prefix('[') {
            Some(v6) => {
                let v6 = v6.strip_suffix(']').ok_or("its host is not valid")?;
                v6.parse::<std::net::Ipv6Addr>()
                    .map_err(|_| "its host is not valid")?
                    .to_string()
            }
            None => host.to_ascii_lowercase(),
        };
        if host.trim_end_matches('.').is_empty() {
            return Err("it has no host");
        }
        Ok(Self {
            https,
            host,
            port,
            uri,
        })
    }

    /// Resolves a reference against this address (RFC 3986, section 5.2).
    fn resolve(&self, reference: &str) -> String {
        let reference = reference.split('#').next().unwrap_or_default();
        let scheme = if self.https { "https" } else { "http" };
        let authority = self.uri.authority().map(|a| a.as_str()).unwrap_or_default();
        if has_scheme(reference) {
            // Schemes are case-insensitive, and the parser's are not.
            return match reference.split_once(':') {
                Some((scheme, rest)) => format!("{}:{rest}", scheme.to_ascii_lowercase()),
                None => reference.to_owned(),
            };
        }
        if reference.starts_with("//") {
            return format!("{scheme}:{reference}");
        }
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (reference, String::new()),
        };
        let path = if path.is_empty() {
            self.uri.path().to_owned()
        } else if path.starts_with('/') {
            without_dots(path)
        } else {
            let base = self.uri.path();
            let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
            without_dots(&format!("{folder}/{path}"))
        };
        let query = match self.uri.query() {
            Some(own) if reference.is_empty() => format!("?{own}"),
            _ => query,
        };
        format!("{scheme}://{authority}{path}{query}")
    }
}

fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    let end = if ends_in_folder && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

#[cfg(test)]
mod tests;
