//! Small advisory databases, in all forms that they come in.

use std::io::Write;
use std::path::Path;

use carapace_core::knowledge::date::Date;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::process::{DAY, Home, epoch};
use super::server::{Req, Resp, Server};

/// What `git archive` calls its commit.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A lockfile with these packages of crates.io.
pub fn lockfile(packages: &[(&str, &str)]) -> String {
    let mut text = "version = 4\n".to_owned();
    for (name, version) in packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \
             \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        ));
    }
    text
}

/// So many days after the built-in snapshot.
pub fn day(days: i64) -> String {
    Date::from_unix(epoch() + days * DAY).unwrap().to_string()
}

/// An advisory, newer than the built-in snapshot, about all versions before `patched`, with more
/// lines of its first table.
pub fn advisory_with(id: &str, package: &str, patched: &str, more: &str) -> String {
    let day = day(5);
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"{day}\"\n\
         keywords = [\"keyword-of-{package}\"]\nreferences = [\"https://reference.example/{id}\"]\n\
         {more}\n[versions]\npatched = [\">= {patched}\"]\n```\n\n# Title of {id}\n\nText of {id}.\n"
    )
}

pub fn advisory(id: &str, package: &str, patched: &str) -> String {
    advisory_with(id, package, patched, "")
}

/// The files of a database.
pub type Files = Vec<(String, Vec<u8>)>;

/// The database of most tests: advisories about `parser` and these packages, all before 2.0.0.
pub fn database(others: &[&str]) -> Files {
    let packages = std::iter::once(&"parser").chain(others);
    packages
        .enumerate()
        .map(|(number, package)| {
            let id = format!("RUSTSEC-2099-{number:04}");
            let text = advisory(&id, package, "2.0.0");
            (format!("crates/{package}/{id}.md"), text.into_bytes())
        })
        .collect()
}

/// Writes a database into a folder of the test's files.
pub fn folder(home: &Home, name: &str, files: &Files) -> String {
    for (path, bytes) in files {
        home.write(&format!("{name}/{path}"), bytes);
    }
    home.path(name).to_str().unwrap().to_owned()
}

/// An archive as git hosts give it.
pub struct Archive(Builder<GzEncoder<Vec<u8>>>);

impl Archive {
    /// An empty one, with the commit in a global header.
    pub fn new() -> Self {
        let mut archive = Self::without_commit();
        let comment = format!("52 comment={COMMIT}\n");
        archive.entry(
            EntryType::XGlobalHeader,
            "pax_global_header",
            0,
            comment.as_bytes(),
        );
        archive
    }

    pub fn without_commit() -> Self {
        Self(Builder::new(GzEncoder::new(
            Vec::new(),
            Compression::fast(),
        )))
    }

    /// Any entry; its name is taken as it is.
    pub fn entry(&mut self, kind: EntryType, name: &str, time: i64, bytes: &[u8]) {
        let mut header = header(kind, name, time);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
    }

    /// A header without what it announces.
    pub fn lone(&mut self, mut header: Header) {
        header.set_cksum();
        self.0.get_mut().write_all(header.as_bytes()).unwrap();
    }

    /// Bytes behind a lone header.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub fn files(mut self, files: &Files, time: i64) -> Self {
        for (path, bytes) in files {
            self.entry(
                EntryType::Regular,
                &format!("advisory-db-main/{path}"),
                time,
                bytes,
            );
        }
        self
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap().finish().unwrap()
    }
}

pub fn header(kind: EntryType, name: &str, time: i64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(0);
    header.set_mtime(u64::try_from(time).unwrap());
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header
}

/// An archive of a commit at a time.
pub fn archive(files: &Files, time: i64) -> Vec<u8> {
    Archive::new().files(files, time).finish()
}

/// A server that always gives this.
pub fn serving(answer: Resp) -> Server {
    Server::start(move |_: &Req| answer.clone())
}

/// The names of the files in a folder, sorted; empty if it is not there.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
