//! The registry's dump, read as it comes: one thread inflates, another one parses.

use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use carapace_core::knowledge::people::dump::Dump;
use flate2::bufread::MultiGzDecoder;

use super::error::StreamFault;
use crate::host::files::read_at_least;
use crate::host::progress::Progress;
use crate::host::tarball::{Piece, walk};

/// What a dump may cost.
#[derive(Debug, Clone, Copy)]
pub struct DumpLimits {
    /// Bytes of the archive.
    pub packed_bytes: u64,
    /// Bytes of all that is in it.
    pub unpacked_bytes: u64,
    /// How many times larger than what was read of the archive that may be, once it is larger than
    /// `free_bytes`.
    pub ratio: u64,
    /// See `ratio`.
    pub free_bytes: u64,
    /// Entries of any kind.
    pub entries: usize,
}

impl Default for DumpLimits {
    /// Four times crates.io's dump of 2026, which has 1.7 GiB, and twenty times its ratio.
    fn default() -> Self {
        Self {
            packed_bytes: 8 << 30,
            unpacked_bytes: 64 << 30,
            ratio: 100,
            free_bytes: 256 << 20,
            entries: 10_000,
        }
    }
}

/// How much is handed from one thread to the other at once, in bytes.
const BUFFER: usize = 256 << 10;
/// How many such pieces may wait.
const WAITING: usize = 4;
/// How much is read of the archive at once, in bytes.
const READ: usize = 128 << 10;

/// Reads a dump to its end. It is given up where it is older than `newest`.
pub(super) fn read(
    archive: Box<dyn Read + Send>,
    limits: &DumpLimits,
    newest: Option<i64>,
    progress: &Progress,
) -> Result<Dump, StreamFault> {
    let (send, receive) = sync_channel(WAITING);
    let (give_back, returned) = channel();
    thread::scope(|scope| {
        let inflating = scope.spawn(move || inflate(archive, limits, progress, &send, &returned));
        let stream = Inflated {
            receive,
            give_back,
            piece: Vec::new(),
            at: 0,
        };
        let dump = parse(stream, limits.entries, newest);
        // What stopped the one thread is why the other one found no more.
        match inflating.join() {
            Ok(inflated) => inflated.and(dump),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Hands on what is in the archive, and an empty piece at its end.
fn inflate(
    archive: Box<dyn Read + Send>,
    limits: &DumpLimits,
    progress: &Progress,
    send: &SyncSender<Vec<u8>>,
    returned: &Receiver<Vec<u8>>,
) -> Result<(), StreamFault> {
    let counted = Counted {
        archive,
        read: 0,
        progress,
    };
    let mut decoder = MultiGzDecoder::new(BufReader::with_capacity(READ, counted));
    let mut unpacked: u64 = 0;
    loop {
        let mut piece = returned.try_recv().unwrap_or_default();
        piece.resize(BUFFER, 0);
        let read = read_at_least(&mut decoder, &mut piece, BUFFER).map_err(StreamFault::of)?;
        piece.truncate(read);
        unpacked += read as u64;
        let packed = decoder.get_ref().get_ref().read;
        let most = limits.ratio.saturating_mul(packed).max(limits.free_bytes);
        if unpacked > most.min(limits.unpacked_bytes) {
            let reason = "it unpacks to more than it may".to_owned();
            return Err(StreamFault::Archive(reason));
        }
        // Nobody receives any more where the other thread has found a fault.
        if send.send(piece).is_err() || read == 0 {
            return Ok(());
        }
    }
}

/// Counts what was read of the archive, and tells it.
struct Counted<'a> {
    archive: Box<dyn Read + Send>,
    read: u64,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.archive.read(buffer)?;
        self.read += read as u64;
        let reached = usize::try_from(self.read).unwrap_or(usize::MAX);
        self.progress.reached(reached);
        Ok(read)
    }
}

/// What comes from the other thread.
struct Inflated {
    receive: Receiver<Vec<u8>>,
    give_back: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Inflated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            let next = self.receive.recv();
            let next = next.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let read = std::mem::replace(&mut self.piece, next);
            self.at = 0;
            // It makes a new one where this is not wanted any more.
            let _ = self.give_back.send(read);
        }
        let mut rest = self.piece.get(self.at..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

fn parse(stream: Inflated, max_entries: usize, newest: Option<i64>) -> Result<Dump, StreamFault> {
    let mut dump = Dump::default();
    let mut buffer = vec![0; BUFFER];
    walk(stream, max_entries, |piece| {
        let Piece::File(path, entry) = piece else {
            return Ok(());
        };
        if !std::str::from_utf8(path).map_or(Ok(false), |path| dump.open(path))? {
            return Ok(());
        }
        let mut left = entry.size();
        loop {
            let read = entry.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read as u64);
            dump.feed(buffer.get(..read).unwrap_or_default())?;
        }
        if left > 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        dump.close()?;
        match dump.time() {
            Some(time) if newest.is_some_and(|newest| time < newest) => {
                Err(StreamFault::Older(time))
            }
            _ => Ok(()),
        }
    })?;
    Ok(dump)
}
