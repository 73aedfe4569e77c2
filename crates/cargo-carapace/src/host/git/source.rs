//! Where a repository may come from.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::GitError;
use crate::host::foreign;

/// A repository that git may be asked for: over https, over ssh, or here.
#[derive(Clone, PartialEq, Eq)]
pub struct GitSource(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Https(String),
    Ssh(String),
    Local(PathBuf),
}

impl GitSource {
    /// Reads what a user wrote: `https://…`, `ssh://…`, `user@host:path`,
    /// `file://…` or a path.
    ///
    /// # Errors
    /// [`GitError::Refused`] for everything that git would take as an option, as
    /// the name of a program to run (`ext::…`), or fetch without protection.
    pub fn parse(text: &str) -> Result<Self, GitError> {
        let refuse = |why| GitError::Refused {
            source: foreign::address(text),
            why,
        };
        if text.is_empty() {
            return Err(refuse("it is empty"));
        }
        if text.starts_with('-') {
            return Err(refuse("it begins like an option"));
        }
        if text.chars().any(char::is_control) {
            return Err(refuse("it has control characters"));
        }
        let kind = if let Some((scheme, rest)) =
            text.split_once("://").filter(|(scheme, _)| is_word(scheme))
        {
            match scheme.to_ascii_lowercase().as_str() {
                "https" => {
                    check_host(rest).map_err(refuse)?;
                    Kind::Https(format!("https://{rest}"))
                }
                "ssh" | "git+ssh" | "ssh+git" => {
                    check_host(rest).map_err(refuse)?;
                    Kind::Ssh(format!("ssh://{rest}"))
                }
                "file" => {
                    let path = rest.strip_prefix("localhost").unwrap_or(rest);
                    if !path.starts_with('/') {
                        return Err(refuse("a file address needs an absolute path"));
                    }
                    Kind::Local(PathBuf::from(
                        percent_decoded(path).ok_or_else(|| refuse("it is not valid"))?,
                    ))
                }
                "http" | "git" => {
                    return Err(refuse("anyone on the way can change what it answers"));
                }
                _ => return Err(refuse("its scheme is not supported")),
            }
        } else {
            match text.split_once(':') {
                Some((before, after)) if is_word(before) && after.starts_with(':') => {
                    return Err(refuse("it names a program to run"));
                }
                // A single letter is a drive of Windows.
                Some((host, path)) if !host.contains(['/', '\\']) && host.len() > 1 => {
                    check_host(host).map_err(refuse)?;
                    if path.is_empty() || path.starts_with('-') {
                        return Err(refuse("its path is not valid"));
                    }
                    Kind::Ssh(text.to_owned())
                }
                _ => Kind::Local(PathBuf::from(text)),
            }
        };
        Ok(Self(kind))
    }

    /// A repository in a folder of this machine.
    pub fn local(path: &Path) -> Self {
        Self(Kind::Local(path.to_owned()))
    }

    /// The protocols that this source may use (`GIT_ALLOW_PROTOCOL`).
    pub(super) fn protocol(&self) -> &'static str {
        match self.0 {
            Kind::Https(_) => "https",
            Kind::Ssh(_) => "ssh",
            Kind::Local(_) => "file",
        }
    }

    /// What git is given to fetch from. A local path is made absolute; it names
    /// a folder that looks like a repository.
    pub(super) fn remote(&self) -> Result<String, GitError> {
        let path = match &self.0 {
            Kind::Https(url) | Kind::Ssh(url) => return Ok(url.clone()),
            Kind::Local(path) => path,
        };
        let no_repository = || GitError::NotARepository { path: path.clone() };
        let path = std::fs::canonicalize(path).map_err(|_| no_repository())?;
        let bare = path.join("HEAD").is_file() && path.join("objects").is_dir();
        if !bare && !path.join(".git").exists() {
            return Err(no_repository());
        }
        let text = path
            .to_str()
            .filter(|text| !text.chars().any(char::is_control));
        text.map(str::to_owned).ok_or_else(|| GitError::Refused {
            source: foreign::shown(&path.to_string_lossy()),
            why: "its path has characters that git can't be given",
        })
    }
}

/// Fit to be shown: without credentials.
impl fmt::Display for GitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Https(url) | Kind::Ssh(url) => f.write_str(&foreign::address(url)),
            Kind::Local(path) => f.write_str(&foreign::shown(&path.to_string_lossy())),
        }
    }
}

impl fmt::Debug for GitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitSource({self})")
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))
}

/// Neither user nor host may look like an option to ssh.
fn check_host(rest: &str) -> Result<(), &'static str> {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if host.is_empty() || host.starts_with(':') {
        return Err("it has no host");
    }
    if authority.starts_with('-') || host.starts_with('-') {
        return Err("its host begins like an option");
    }
    if host.chars().any(char::is_whitespace) {
        return Err("its host is not valid");
    }
    Ok(())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::{GitError, GitSource};

    #[test]
    fn what_git_may_be_asked_for() {
        for (text, protocol) in [
            ("https://github.com/rustsec/advisory-db", "https"),
            ("HTTPS://token@host/x", "https"),
            ("ssh://git@host:22/x", "ssh"),
            ("git@github.com:rustsec/advisory-db.git", "ssh"),
            ("file:///srv/a%20b", "file"),
            ("/srv/db", "file"),
            ("./a:b", "file"),
            ("C:\\db", "file"),
            ("db", "file"),
        ] {
            assert_eq!(
                GitSource::parse(text).unwrap().protocol(),
                protocol,
                "{text}"
            );
        }
    }

    #[test]
    fn what_git_may_not_be_asked_for() {
        for text in [
            "",
            "-uext",
            "--upload-pack=touch x",
            "ext::sh -c touch% x",
            "fd::3",
            "transport::https://h/",
            "http://host/x",
            "git://host/x",
            "ftp://host/x",
            "https://",
            "https:///x",
            "https://-oProxyCommand=x/",
            "ssh://-oProxyCommand=touch x/y",
            "ssh://u@-oProxyCommand=x/y",
            "-oProxyCommand=x:y",
            "u@-oProxy:y",
            "host:-x",
            "host:",
            "https://h/\nx",
            "file://host/x",
            "file:///a%00b",
            "file:///a%zz",
            "ssh://:22/x",
        ] {
            assert!(
                matches!(GitSource::parse(text), Err(GitError::Refused { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let source = GitSource::parse("https://user:secret@host/x?token=secret").unwrap();
        assert!(!format!("{source} {source:?}").contains("secret"));
    }
}
