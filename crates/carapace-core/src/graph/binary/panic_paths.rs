//! Names and versions of packages in the paths that the compiler leaves in a binary, for messages of
//! panics and for debuggers.
//!
//! Strings stand in a binary one behind the other, so that of a path only what is between separators
//! can be relied on. All paths of interest have a folder `src`: one search finds them.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use semver::Version;

use super::super::source::{Source, SourceKind};
use super::{crates_io, elsewhere};
use crate::finding::Confidence;
use crate::knowledge::registry::name_and_version;

/// Where a path says that a package lay when it was compiled, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place<'a> {
    /// In cargo's folder of packages of crates.io, or of a public mirror of it.
    CratesIo,
    /// Where Debian's and Fedora's packages of crates.io are installed.
    Distribution,
    /// With the sources of the standard library.
    StandardLibrary,
    /// In cargo's folder of another registry, of this name.
    Registry(&'a str),
    /// In another folder, as `cargo vendor --versioned-dirs` makes them.
    Folder,
}

impl Place<'_> {
    pub(super) fn source(self) -> Option<Source> {
        match self {
            Self::CratesIo | Self::Distribution | Self::StandardLibrary => Some(crates_io()),
            Self::Registry(folder) => Some(elsewhere(SourceKind::Registry, folder)),
            Self::Folder => None,
        }
    }

    pub(super) fn confidence(self) -> Confidence {
        match self {
            Self::CratesIo => Confidence::Medium,
            _ => Confidence::Low,
        }
    }
}

/// A package that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) version: Version,
    pub(super) place: Place<'a>,
    /// The path's part that names it, and the folder before.
    pub(super) text: &'a [u8],
}

/// What paths in a binary tell.
#[derive(Debug, Default)]
pub(super) struct Traces<'a> {
    /// By name and version; of several places the surest.
    pub(super) packages: Vec<Named<'a>>,
    /// Checkouts of git repositories, `NAME-HASH/COMMIT` as cargo names their folders.
    pub(super) git: BTreeSet<&'a str>,
    /// The commits of the compilers whose standard library is in it.
    pub(super) rustc_commits: BTreeSet<&'a str>,
    /// Whether anything is a sign of Rust.
    pub(super) is_rust: bool,
}

/// Texts that programs with Rust's standard library have.
const SIGNS: [&[u8]; 3] = [b"RUST_BACKTRACE", b"rust_panic", b"rust_begin_unwind"];

/// Bytes of a path that are looked at before and behind its `src`.
const REACH: usize = 512;

/// Packages and checkouts that are kept: many times what the largest programs have.
const MOST: usize = 100_000;

/// Hosts of crates.io, and public mirrors of it that cargo is told to ask in its place. Cargo calls
/// its folder of a registry `HOST-HASH`.
const CRATES_IO_HOSTS: [&str; 7] = [
    "index.crates.io",
    "mirror.sjtu.edu.cn",
    "mirrors.bfsu.edu.cn",
    "mirrors.sjtug.sjtu.edu.cn",
    "mirrors.tuna.tsinghua.edu.cn",
    "mirrors.ustc.edu.cn",
    "rsproxy.cn",
];
/// The folder of crates.io while its index was a git repository: others on that host have other hashes.
const CRATES_IO_GIT: &str = "github.com-1ecc6299db9ec823";

impl<'a> Traces<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let mut traces = Self::default();
        let mut packages: BTreeMap<(&str, Version), (Place<'_>, &[u8])> = BTreeMap::new();
        for at in memmem::find_iter(bytes, b"src") {
            let before = bytes.get(at.saturating_sub(REACH)..at).unwrap_or_default();
            let Some((_, folder)) = before.split_last().filter(|(last, _)| is_separator(last))
            else {
                continue;
            };
            let behind = bytes.get(at + 3..).unwrap_or_default();
            let behind = behind.get(..REACH).unwrap_or(behind);
            let folder = Folder(folder);
            let named = match folder.part(0) {
                Some(b"registry") => in_registry(behind),
                _ => folder.package(behind),
            };
            if let Some(Named {
                name,
                version,
                place,
                text,
            }) = named
                && packages.len() < MOST
            {
                let known = packages.entry((name, version)).or_insert((place, text));
                if place < known.0 {
                    *known = (place, text);
                }
            }
            if traces.git.len() < MOST {
                traces.git.extend(folder.checkout());
            }
            if folder.is_in_library() {
                traces.is_rust = true;
                traces.rustc_commits.extend(folder.rustc_commit());
            }
        }
        traces.is_rust |= !packages.is_empty()
            || !traces.git.is_empty()
            || SIGNS.iter().any(|sign| memmem::find(bytes, sign).is_some());
        let named = packages.into_iter();
        let named = named.map(|((name, version), (place, text))| Named {
            name,
            version,
            place,
            text,
        });
        traces.packages = named.collect();
        traces
    }
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// A package in cargo's folder of a registry's packages: `/FOLDER/NAME-VERSION/…`.
fn in_registry(behind: &[u8]) -> Option<Named<'_>> {
    let behind = behind
        .strip_prefix(b"/")
        .or_else(|| behind.strip_prefix(b"\\"))?;
    let mut ends = (0..behind.len()).filter(|at| behind.get(*at).is_some_and(is_separator));
    let (folder, end) = (behind.get(..ends.next()?)?, ends.next()?);
    let (name, version) = name_and_version(behind.get(folder.len() + 1..end)?)?;
    let place = match is_crates_io(folder, <[u8]>::eq) {
        true => Place::CratesIo,
        false => Place::Registry(std::str::from_utf8(folder).ok()?),
    };
    let text = behind.get(..end)?;
    Some(Named {
        name,
        version,
        place,
        text,
    })
}

/// Whether cargo's folder of a registry is that of crates.io; `is` compares it with a host.
fn is_crates_io(folder: &[u8], is: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    const HASH: usize = "-1949cf8c6b5b557f".len();
    let host = folder
        .len()
        .checked_sub(HASH)
        .and_then(|end| folder.get(..end));
    let is_host = |host: &[u8]| {
        CRATES_IO_HOSTS
            .iter()
            .any(|known| is(host, known.as_bytes()))
    };
    host.is_some_and(is_host) || is(folder, CRATES_IO_GIT.as_bytes())
}

/// The path to a folder `src`, without it and the separator before it. What comes first in it may be
/// the end of another text.
#[derive(Clone, Copy)]
struct Folder<'a>(&'a [u8]);

impl<'a> Folder<'a> {
    /// Its parts, the last one first.
    fn parts(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.rsplit(is_separator)
    }

    fn part(self, at: usize) -> Option<&'a [u8]> {
        self.parts().nth(at)
    }

    /// Its end from one of its parts on, counted from the last.
    fn end(self, at: usize) -> &'a [u8] {
        let length = self
            .parts()
            .take(at + 1)
            .map(|part| part.len() + 1)
            .sum::<usize>()
            - 1;
        self.0
            .get(self.0.len().saturating_sub(length)..)
            .unwrap_or_default()
    }

    /// A package whose sources have this folder `src`.
    fn package(self, behind: &[u8]) -> Option<Named<'a>> {
        let (name, version) = name_and_version(self.part(0)?)?;
        let around = self.part(1)?;
        let place = match (around, self.part(2), self.part(3)) {
            // Its folder is known, and [`in_registry`] has looked at it.
            (_, Some(b"src"), Some(b"registry")) => return None,
            // Where `--remap-path-prefix` has cut what is before.
            (folder, ..) if is_crates_io(folder, |folder, known| folder.ends_with(known)) => {
                Place::CratesIo
            }
            (b"registry", Some(b"cargo"), Some(b"share")) => Place::Distribution,
            (b"deps" | b"vendor", Some(b"rust"), _) => Place::StandardLibrary,
            _ if is_rust_file(behind) => Place::Folder,
            _ => return None,
        };
        Some(Named {
            name,
            version,
            place,
            text: self.end(1),
        })
    }

    /// `…/git/checkouts/NAME-HASH/COMMIT/…`
    fn checkout(self) -> Option<&'a str> {
        let marks: [&[u8]; 2] = [b"git/checkouts/", b"git\\checkouts\\"];
        let behind = |mark: &[u8]| Some(memmem::rfind(self.0, mark)? + mark.len());
        let rest = self.0.get(marks.into_iter().find_map(behind)?..)?;
        let separators = (0..rest.len()).filter(|at| rest.get(*at).is_some_and(is_separator));
        let end = separators.chain([rest.len()]).nth(1)?;
        let text = std::str::from_utf8(rest.get(..end)?).ok()?;
        let commit = text.rsplit(['/', '\\']).next()?;
        let is_commit = !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit());
        is_commit.then_some(text)
    }

    /// Whether it is that of a part of the standard library.
    fn is_in_library(self) -> bool {
        self.part(1) == Some(b"library")
            && matches!(self.part(0), Some(b"alloc" | b"core" | b"std"))
    }

    /// The commit of rustc, in whose name the paths of the standard library begin: `/rustc/COMMIT/`.
    fn rustc_commit(self) -> Option<&'a str> {
        let commit = self.part(2).filter(|_| self.part(3) == Some(b"rustc"))?;
        let is_hash = commit.len() == 40 && commit.iter().all(u8::is_ascii_hexdigit);
        std::str::from_utf8(commit).ok().filter(|_| is_hash)
    }
}

/// Whether what is behind a folder's name goes on to a file of Rust.
fn is_rust_file(behind: &[u8]) -> bool {
    let is_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/\\._-".contains(byte);
    let length = behind.iter().take_while(is_path).count();
    let path = behind.get(..length).unwrap_or_default();
    path.first().is_some_and(is_separator) && memmem::find(path, b".rs").is_some()
}
