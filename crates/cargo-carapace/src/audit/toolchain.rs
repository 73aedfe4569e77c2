//! Which Rust compiles a project: what it pins, else what is installed.

use std::path::Path;

use carapace_core::engine::Toolchain;
use carapace_core::policy::unsafety::Place;
use semver::Version;
use toml::{Spanned, Table};

use super::inputs::shown;
use crate::host::files::read_found;

/// Where rustup looks, in its order (<https://rust-lang.github.io/rustup/overrides.html>).
const FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];
/// No such file is larger, in bytes.
const MAX_BYTES: u64 = 1 << 16;

#[derive(serde::Deserialize)]
struct Raw {
    toolchain: RawToolchain,
}

#[derive(serde::Deserialize)]
struct RawToolchain {
    channel: Option<Spanned<String>>,
    #[serde(flatten)]
    _others: Table,
}

/// The toolchain of a project; `verbose` is what `rustc -vV` prints. None where neither tells a version.
pub(super) fn of(root: &Path, verbose: &str) -> Option<Toolchain> {
    pinned(root).or_else(|| installed(verbose))
}

fn installed(verbose: &str) -> Option<Toolchain> {
    let release = verbose
        .lines()
        .find_map(|line| line.strip_prefix("release: "))?;
    Some(Toolchain {
        version: Version::parse(release.trim()).ok()?,
        pinned: None,
    })
}

/// The version that a project pins. A channel such as `stable` says nothing of it: what is installed
/// counts.
fn pinned(root: &Path) -> Option<Toolchain> {
    let path = FILES.iter().map(|name| root.join(name));
    let path = path
        .into_iter()
        .find(|path| path.symlink_metadata().is_ok())?;
    let bytes = read_found(root, &path, MAX_BYTES).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (channel, line) = channel(&text)?;
    Some(Toolchain {
        version: version(&channel)?,
        pinned: Some(Place {
            file: shown(&path),
            line,
        }),
    })
}

/// The channel, and its line. The older form of the file is a channel and nothing else.
fn channel(text: &str) -> Option<(String, u32)> {
    match toml::from_str::<Raw>(text) {
        Ok(raw) => {
            let channel = raw.toolchain.channel?;
            let before = text.get(..channel.span().start)?;
            let line = before.matches('\n').count() + 1;
            Some((channel.into_inner(), u32::try_from(line).ok()?))
        }
        Err(_) => Some((text.trim().to_owned(), 1)),
    }
}

/// `1.70`, `1.70.0`, with or without a host behind it.
fn version(channel: &str) -> Option<Version> {
    let number = channel.split('-').next()?;
    let parts: Option<Vec<u64>> = number.split('.').map(|part| part.parse().ok()).collect();
    match *parts?.as_slice() {
        [major, minor] => Some(Version::new(major, minor, 0)),
        [major, minor, patch] => Some(Version::new(major, minor, patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels() {
        let found = |text: &str| {
            let (channel, line) = channel(text)?;
            Some((version(&channel)?.to_string(), line))
        };
        let is = |version: &str, line| Some((version.to_owned(), line));
        assert_eq!(found("1.70.0\n"), is("1.70.0", 1));
        assert_eq!(found("1.70-x86_64-unknown-linux-gnu"), is("1.70.0", 1));
        let toml = "[toolchain]\nprofile = \"minimal\"\nchannel = \"1.52\"\n";
        assert_eq!(found(toml), is("1.52.0", 3));
        for text in [
            "stable",
            "nightly-2026-01-01",
            "[toolchain]\npath = \"x\"",
            "",
            "1",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_installed() {
        let verbose = "rustc 1.95.0 (x 2026-04-14)\nhost: x\nrelease: 1.95.0\n";
        assert_eq!(installed(verbose).unwrap().version, Version::new(1, 95, 0));
        assert_eq!(installed("release: ?"), None);
    }
}
