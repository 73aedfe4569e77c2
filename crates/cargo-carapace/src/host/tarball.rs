//! The files of a tar archive, as it streams by.
//!
//! *Invariant.* Nothing of an archive is unpacked to anywhere, and its names and records are
//! bounded: the library would hold a name of any length in memory.

use std::fmt;
use std::io::{self, Read};

use super::foreign;

/// No name and no record of an archive is longer, in bytes.
const MAX_EXTENSION: u64 = 64 << 10;

/// What is wrong with an archive, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TarFault(String);

impl fmt::Display for TarFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TarFault> for String {
    fn from(fault: TarFault) -> Self {
        fault.0
    }
}

impl From<io::Error> for TarFault {
    fn from(error: io::Error) -> Self {
        Self(match error.kind() {
            io::ErrorKind::UnexpectedEof => "the archive is cut".to_owned(),
            _ => format!(
                "not a whole .tar.gz: {}",
                foreign::shown(&error.to_string())
            ),
        })
    }
}

/// Something in an archive.
pub(crate) enum Piece<'a, 'e, R: Read> {
    /// The records that hold for the whole archive.
    Records(&'a str),
    /// A regular file: its path as it stands there, and its bytes, which need not be read.
    File(&'a [u8], &'a mut tar::Entry<'e, R>),
}

/// Goes through an archive of at most so many entries, to its end and to that of the stream, so that
/// a cut one is never whole.
///
/// # Errors
/// [`TarFault`] where it is no whole archive, and what `each` gives.
pub(crate) fn walk<R: Read, E: From<TarFault>>(
    stream: R,
    max_entries: usize,
    mut each: impl FnMut(Piece<'_, '_, R>) -> Result<(), E>,
) -> Result<(), E> {
    let fault = |error: io::Error| TarFault::from(error);
    let mut archive = tar::Archive::new(stream);
    let entries = archive.entries().map_err(fault)?.raw(true);
    let mut long_name = None;
    for (count, entry) in entries.enumerate() {
        if count >= max_entries {
            return Err(TarFault(format!("more than {max_entries} entries")).into());
        }
        let mut entry = entry.map_err(fault)?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            each(Piece::Records(&extension(&mut entry)?))?;
            continue;
        }
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            let text = extension(&mut entry)?;
            let name = match kind.is_gnu_longname() {
                true => Some(text.trim_end_matches('\0').as_bytes().to_vec()),
                false => pax_path(&text)?,
            };
            long_name = name.or(long_name);
            continue;
        }
        let long_name = long_name.take();
        if kind.is_file() {
            let path = long_name.unwrap_or_else(|| entry.path_bytes().into_owned());
            each(Piece::File(&path, &mut entry))?;
        }
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(fault)?;
    Ok(())
}

/// The text of an entry that says something of others.
fn extension(entry: &mut tar::Entry<'_, impl Read>) -> Result<String, TarFault> {
    if entry.size() > MAX_EXTENSION {
        let text = "not a whole .tar.gz: a name or header that is too long";
        return Err(TarFault(text.to_owned()));
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The path among `LENGTH KEY=VALUE` records, if it is there.
fn pax_path(records: &str) -> Result<Option<Vec<u8>>, TarFault> {
    let mut path = None;
    for record in records.lines() {
        let (_, record) = record.split_once(' ').unwrap_or_default();
        match record.split_once('=') {
            Some(("path", value)) => path = Some(value.as_bytes().to_vec()),
            // It is for files of gigabytes, and would say where the next entry is.
            Some(("size", _)) => {
                let text = "not a whole .tar.gz: an entry with two sizes";
                return Err(TarFault(text.to_owned()));
            }
            _ => {}
        }
    }
    Ok(path)
}
