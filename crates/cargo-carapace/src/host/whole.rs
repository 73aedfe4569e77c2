//! Files of our own that are there whole or not at all, and the right to change them.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What the names of files end with that are not whole. A killed process leaves such a
/// file behind; whoever holds the lock may remove it.
const UNFINISHED: &str = ".part";

/// Writes a file, given in parts, so that it is there whole or as it was.
///
/// # Errors
/// What the system says; then the file is as it was.
pub(crate) fn write(path: &Path, parts: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}{UNFINISHED}", std::process::id()));
    let write = || {
        let mut file = File::create(&beside)?;
        for part in parts {
            file.write_all(part.as_ref())?;
        }
        file.sync_all()?;
        drop(file);
        rename(&beside, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// Windows refuses to replace a file that somebody is just reading; that does not last.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::rename(from, to) {
            Err(error) if cfg!(windows) && tries < 50 => {
                let transient = matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::ResourceBusy
                );
                if !transient {
                    return Err(error);
                }
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

/// Whether a file's name is that of one that is not whole.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.ends_with(UNFINISHED)
}

/// Takes the right to change what a lock file stands for, waiting so long for another process; none
/// if that does not end in time. It is given back where the file is dropped.
///
/// # Errors
/// What the system says.
pub(crate) fn lock(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    let mut options = File::options();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
