//! What a user may name as an advisory database.

use std::path::{Path, PathBuf};

use super::{DatabaseError, RUSTSEC_ARCHIVE, RUSTSEC_REPOSITORY};
use crate::host::git::GitSource;

/// Where a database comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A checkout on this machine.
    Folder(PathBuf),
    /// A git repository.
    Git(GitSource, String),
    /// An archive behind an address.
    Archive(String),
}

impl Source {
    /// Reads what a user wrote: an `https:` address ending in `.tar.gz` or `.tgz` is an archive,
    /// the RustSec repository's address means its archive, any other address is a git repository,
    /// everything else a folder.
    ///
    /// # Errors
    /// [`DatabaseError::Source`] for an address that is neither.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let wrong = || DatabaseError::Source(crate::host::foreign::address(text));
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_address = text.contains("://");
        if is_address && is_rustsec(path) {
            return Ok(Self::Archive(RUSTSEC_ARCHIVE.to_owned()));
        }
        let ends = |end: &str| path.to_ascii_lowercase().ends_with(end);
        if is_address && (ends(".tar.gz") || ends(".tgz")) && !text.starts_with("file:") {
            return Ok(Self::Archive(text.to_owned()));
        }
        // `user@host:path` is git's own short form.
        let short = !Path::new(text).exists() && text.contains('@') && text.contains(':');
        if is_address || short {
            let git = GitSource::parse(text).map_err(|_| wrong())?;
            return Ok(Self::Git(git, text.to_owned()));
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }

    /// The source as it is written down and shown: without credentials, a folder in full.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => {
                let full = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                full.to_string_lossy().into_owned()
            }
            Self::Git(_, text) | Self::Archive(text) => crate::host::foreign::address(text),
        }
    }
}

fn is_rustsec(address: &str) -> bool {
    let address = address.trim_end_matches('/').to_ascii_lowercase();
    address.strip_suffix(".git").unwrap_or(&address) == RUSTSEC_REPOSITORY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_apart() {
        let kind = |text: &str| match Source::parse(text).unwrap() {
            Source::Folder(_) => "folder",
            Source::Git(..) => "git",
            Source::Archive(_) => "archive",
        };
        assert_eq!(kind("../db"), "folder");
        assert_eq!(kind("https://e.org/x.tar.gz?a=b"), "archive");
        assert_eq!(kind("https://e.org/x.git"), "git");
        assert_eq!(kind("git@e.org:x/y"), "git");
        let rustsec = Source::parse("https://github.com/RustSec/advisory-db.git/").unwrap();
        assert_eq!(rustsec.name(), RUSTSEC_ARCHIVE);
        assert!(Source::parse("ext::sh -c x://").is_err());
    }
}
