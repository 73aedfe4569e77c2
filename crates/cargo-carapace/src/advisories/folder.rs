//! An advisory database in a folder.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use carapace_core::knowledge::advisory::database::Collector;
use carapace_core::knowledge::advisory::format;
use carapace_core::knowledge::advisory::index::{DatabaseInfo, Wanted};

use super::DatabaseError;
use super::source::Source;
use crate::host::git::head_of_checkout;

/// Packages' folders above this number are not a database.
const MAX_FOLDERS: usize = 200_000;

/// Nearly all advisories are shorter, in bytes.
const USUAL_BYTES: usize = 16 << 10;

/// Reads the advisories of a folder: all of them, or those that may speak of wanted packages.
///
/// # Errors
/// [`DatabaseError::Empty`] if it has neither `crates` nor `rust`, [`DatabaseError::Io`] if these
/// cannot be listed. A single file that cannot be read is set aside.
pub fn read(
    folder: &Path,
    wanted: Option<&Wanted<'_>>,
) -> Result<(Collector, DatabaseInfo), DatabaseError> {
    let name = Source::Folder(folder.to_owned()).name();
    let mut folders = Vec::new();
    for collection in ["crates", "rust"] {
        let path = folder.join(collection);
        match fs::read_dir(&path) {
            Ok(entries) => {
                for entry in entries.take(MAX_FOLDERS) {
                    let entry = entry.map_err(DatabaseError::io(&path))?;
                    if let Ok(package) = entry.file_name().into_string() {
                        folders.push((entry.path(), format!("{collection}/{package}")));
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(DatabaseError::Io { path, error }),
        }
    }
    if folders.is_empty() {
        // A folder that is not there is another mistake than one that holds something else.
        fs::metadata(folder).map_err(DatabaseError::io(folder))?;
        return Err(DatabaseError::Empty(name));
    }
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8);
    let next = AtomicUsize::new(0);
    let (collector, head) = thread::scope(|scope| {
        let is_checkout = folder.join(".git").exists();
        // A folder inside another repository is no checkout of its own.
        let head = is_checkout.then(|| scope.spawn(|| head_of_checkout(folder)));
        let work = || collect(&folders, &next, wanted);
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            // A worker that panicked has said so; its advisories are missing, which is an error.
            match other.join() {
                Ok(part) => all.merge(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (all, head.and_then(|head| head.join().ok().flatten()))
    });
    let (revision, committed) = head.unzip();
    let info = DatabaseInfo {
        source: name,
        revision,
        date: committed.and_then(carapace_core::knowledge::date::Date::from_unix),
        committed,
        ..DatabaseInfo::default()
    };
    Ok((collector, info))
}

/// Reads folders, a few at a time, until none is left.
fn collect(
    folders: &[(PathBuf, String)],
    next: &AtomicUsize,
    wanted: Option<&Wanted<'_>>,
) -> Collector {
    const AT_ONCE: usize = 16;
    let mut collector = Collector::default();
    let mut buffer = vec![0; USUAL_BYTES];
    loop {
        let start = next.fetch_add(AT_ONCE, Ordering::Relaxed);
        let Some(some) = folders.get(start..folders.len().min(start.saturating_add(AT_ONCE)))
        else {
            return collector;
        };
        if some.is_empty() {
            return collector;
        }
        for (folder, name) in some {
            collect_folder(folder, name, wanted, &mut buffer, &mut collector);
        }
    }
}

fn collect_folder(
    folder: &Path,
    name: &str,
    wanted: Option<&Wanted<'_>>,
    buffer: &mut Vec<u8>,
    collector: &mut Collector,
) {
    let Ok(entries) = fs::read_dir(folder) else {
        // Files beside the packages' folders, and links to nowhere, are no advisories; a folder
        // that may not be read is one that was not looked at.
        if folder.is_dir() {
            collector.unreadable(&format!("{name}/*.md"), "the folder cannot be read".into());
        }
        return;
    };
    for entry in entries.flatten() {
        let Ok(file) = entry.file_name().into_string() else {
            continue;
        };
        if !file.ends_with(".md") {
            continue;
        }
        let path = format!("{name}/{file}");
        match (read_advisory(&entry, buffer), wanted) {
            (Ok(bytes), Some(wanted)) => collector.add_wanted(&path, bytes, wanted),
            (Ok(bytes), None) => collector.add(&path, bytes),
            (Err(error), _) => collector.unreadable(&path, error),
        }
    }
}

/// Reads an advisory into a buffer of at least [`USUAL_BYTES`].
fn read_advisory<'b>(entry: &fs::DirEntry, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], String> {
    // A link is never followed, and a FIFO never opened: both would be somebody's trap.
    if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
        return Err("not a regular file".to_owned());
    }
    let mut file = fs::File::open(entry.path()).map_err(|error| error.to_string())?;
    // One read for nearly all of them: of a regular file, it gives less than asked for only at the
    // end.
    buffer.truncate(USUAL_BYTES);
    let read = file.read(buffer).map_err(|error| error.to_string())?;
    if read == buffer.len() {
        let mut rest = file.take((format::MAX_BYTES - USUAL_BYTES) as u64 + 1);
        let more = rest
            .read_to_end(buffer)
            .map_err(|error| error.to_string())?;
        return Ok(buffer.get(..read + more).unwrap_or_default());
    }
    Ok(buffer.get(..read).unwrap_or_default())
}
