//! The user's network settings: proxy, its exceptions, and trusted certificates.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Proxy;
use ureq::tls::{Certificate, PemItem, parse_pem};

use crate::host::foreign;

/// More than any real configuration or bundle of certificates has, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// How the network is reached. Everything here comes from the user, nothing
/// from a project under analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Address of the proxy, `[http[s]://][user:password@]host[:port]`.
    pub proxy: Option<String>,
    /// Hosts that are asked directly: `host`, `.domain`, `host:port`, `*`. A
    /// bare name stands for its subdomains too, as it does for curl and cargo.
    pub no_proxy: Vec<String>,
    /// PEM bundle of the only authorities to trust; without it, those of the
    /// platform (which respects `SSL_CERT_FILE` on Linux).
    pub cainfo: Option<PathBuf>,
    /// What requests say they come from.
    pub user_agent: String,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            proxy: None,
            no_proxy: Vec::new(),
            cainfo: None,
            user_agent: concat!(
                "cargo-carapace/",
                env!("CARGO_PKG_VERSION"),
                " (",
                env!("CARGO_PKG_REPOSITORY"),
                ")"
            )
            .to_owned(),
        }
    }
}

/// Why the user's network settings can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that the settings are in, or name, can't be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The cargo configuration is not valid.
    Config {
        /// The file.
        file: PathBuf,
        /// What is wrong and where.
        why: String,
    },
    /// The certificates can't be used.
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A relative path in the environment, which would mean another file in
    /// every folder, and one of the project's own in a project.
    RelativePath {
        /// The variable.
        variable: &'static str,
    },
    /// The proxy's address can't be used.
    Proxy {
        /// The address, fit to be shown.
        proxy: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The user agent has characters that no header can hold.
    UserAgent,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |file: &Path| foreign::shown(&file.to_string_lossy());
        match self {
            Self::Unreadable { file, why } => {
                write!(
                    f,
                    "can't read `{}`: {why}; check that it exists and may be read",
                    path(file)
                )
            }
            Self::Config { file, why } => {
                write!(
                    f,
                    "the cargo configuration `{}` is not valid: {why}; correct it",
                    path(file)
                )
            }
            Self::Certificates { file, why } => write!(
                f,
                "`{}` (http.cainfo) {why}; name a PEM file with the certificates to trust",
                path(file)
            ),
            Self::RelativePath { variable } => {
                write!(
                    f,
                    "the environment variable {variable} names a relative path; make it absolute"
                )
            }
            Self::Proxy { proxy, why } => write!(
                f,
                "the proxy `{proxy}` can't be used: {why}; correct http.proxy of your cargo configuration or the environment variable"
            ),
            Self::UserAgent => f.write_str(
                "the user agent has characters that no header can hold; use visible ASCII",
            ),
        }
    }
}

impl std::error::Error for SettingsError {}

/// The part of cargo's configuration that is read; all else is cargo's business.
#[derive(Default, Deserialize)]
struct CargoConfig {
    #[serde(default)]
    http: CargoHttp,
}

#[derive(Default, Deserialize)]
struct CargoHttp {
    proxy: Option<String>,
    cainfo: Option<PathBuf>,
}

impl HttpSettings {
    /// The settings of the user: from the environment, then from the cargo
    /// configuration in `cargo_home`, in the order of precedence that cargo and
    /// curl have (<https://doc.rust-lang.org/cargo/reference/config.html#http>).
    ///
    /// An empty `http.proxy` or `CARGO_HTTP_PROXY` means no proxy, whatever the
    /// other variables say. `http_proxy` is not read: nothing but this machine
    /// is asked over plain http, and never through a proxy.
    ///
    /// # Errors
    /// When the configuration can't be read or is not TOML, or a path in the
    /// environment is relative.
    pub fn from_user(
        cargo_home: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let config: CargoConfig = read_config(cargo_home)?;
        let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| set(name));

        let proxy = match env("CARGO_HTTP_PROXY").or(config.http.proxy) {
            Some(proxy) => Some(proxy).filter(|proxy| !proxy.trim().is_empty()),
            None => first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        };
        let no_proxy = first(&["no_proxy", "NO_PROXY"])
            .map(|list| {
                list.split([',', ' '])
                    .filter(|entry| !entry.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        let cainfo = match set("CARGO_HTTP_CAINFO").map(PathBuf::from) {
            Some(path) if path.is_relative() => {
                return Err(SettingsError::RelativePath {
                    variable: "CARGO_HTTP_CAINFO",
                });
            }
            Some(path) => Some(path),
            // Paths in a configuration are relative to the folder above the one
            // that the file is in.
            None => config
                .http
                .cainfo
                .map(|path| cargo_home.parent().unwrap_or(cargo_home).join(path)),
        };
        Ok(Self {
            proxy,
            no_proxy,
            cainfo,
            ..Self::default()
        })
    }

    /// The proxy as the HTTP library takes it.
    pub(super) fn proxy(&self) -> Result<Option<Proxy>, SettingsError> {
        let Some(address) = &self.proxy else {
            return Ok(None);
        };
        let refuse = |why| SettingsError::Proxy {
            proxy: foreign::address(address),
            why,
        };
        if let Some((scheme, _)) = address.split_once("://")
            && !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        {
            return Err(refuse("only http and https proxies are supported"));
        }
        Proxy::new(address.trim())
            .map(Some)
            .map_err(|_| refuse("it is not an address like http://host:port"))
    }

    /// The certificates to trust, where the user named some.
    pub(super) fn certificates(&self) -> Result<Option<Vec<Certificate<'static>>>, SettingsError> {
        let Some(file) = &self.cainfo else {
            return Ok(None);
        };
        let pem = read_bounded(file).map_err(|error| SettingsError::Unreadable {
            file: file.clone(),
            why: error.to_string(),
        })?;
        let refuse = |why| SettingsError::Certificates {
            file: file.clone(),
            why,
        };
        let mut certificates = Vec::new();
        for item in parse_pem(&pem) {
            match item {
                // DER begins with the tag of a sequence; the TLS library would
                // drop what does not parse without a word.
                Ok(PemItem::Certificate(certificate))
                    if certificate.der().first() == Some(&0x30) =>
                {
                    certificates.push(certificate);
                }
                Ok(PemItem::Certificate(_)) | Err(_) => {
                    return Err(refuse("has a broken certificate"));
                }
                Ok(_) => {}
            }
        }
        if certificates.is_empty() {
            return Err(refuse("has no certificate in it"));
        }
        Ok(Some(certificates))
    }

    /// Whether a host is asked directly although there is a proxy. `host` is
    /// without the brackets of an IPv6 address.
    pub(super) fn bypasses_proxy(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.no_proxy
            .iter()
            .any(|entry| entry_matches(&entry.to_ascii_lowercase(), &host, port))
    }
}

fn entry_matches(entry: &str, host: &str, port: u16) -> bool {
    let entry = entry.trim();
    if entry == "*" {
        return true;
    }
    let (name, only_port) = match entry.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((name, rest)) => (name, rest.strip_prefix(':')),
            None => return false,
        },
        // More than one colon is an IPv6 address without a port.
        None if entry.matches(':').count() == 1 => match entry.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (entry, None),
        },
        None => (entry, None),
    };
    if only_port.is_some_and(|only| only.parse() != Ok(port)) {
        return false;
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
    if name.is_empty() {
        return false;
    }
    host == name
        || host
            .strip_suffix(name)
            .is_some_and(|before| before.ends_with('.'))
}

/// The user's cargo configuration, or what the defaults are where there is none.
pub(crate) fn read_config<T: DeserializeOwned + Default>(
    cargo_home: &Path,
) -> Result<T, SettingsError> {
    // Of both, cargo takes the older name.
    for name in ["config", "config.toml"] {
        if let Some(config) = read_toml(&cargo_home.join(name))? {
            return Ok(config);
        }
    }
    Ok(T::default())
}

/// A file of the user's cargo configuration, if it is there. Links are
/// followed: many keep such files elsewhere.
pub(crate) fn read_toml<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, SettingsError> {
    let bytes = match read_bounded(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(SettingsError::Unreadable {
                file: file.to_owned(),
                why: error.to_string(),
            });
        }
    };
    let invalid = |why: &str| SettingsError::Config {
        file: file.to_owned(),
        why: foreign::shown(why),
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid("it is not UTF-8"))?;
    toml::from_str(text)
        .map(Some)
        .map_err(|error| invalid(error.message()))
}

fn read_bounded(file: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::new(
            ErrorKind::FileTooLarge,
            "larger than 16 MiB",
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::entry_matches;

    #[test]
    fn exceptions_to_the_proxy() {
        for (entry, host, port, expected) in [
            ("*", "a.b", 443, true),
            ("example.com", "example.com", 443, true),
            ("example.com", "sub.example.com", 443, true),
            (".example.com", "sub.example.com", 443, true),
            (".example.com", "example.com", 443, true),
            ("*.example.com", "sub.example.com", 443, true),
            ("example.com", "badexample.com", 443, false),
            ("example.com", "example.com.evil", 443, false),
            ("example.com:8443", "example.com", 8443, true),
            ("example.com:8443", "example.com", 443, false),
            ("127.0.0.1", "127.0.0.1", 1, true),
            ("::1", "::1", 1, true),
            ("[::1]:8080", "::1", 8080, true),
            ("[::1]:8080", "::1", 443, false),
            ("", "example.com", 443, false),
            (".", "example.com", 443, false),
            ("example.com:x", "example.com", 443, false),
        ] {
            assert_eq!(
                entry_matches(entry, host, port),
                expected,
                "{entry} {host}:{port}"
            );
        }
    }
}
