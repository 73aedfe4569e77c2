//! From a `.crate` file to the tar stream in it.

use flate2::{Decompress, FlushDecompress, Status};

use super::anomaly::{Anomalies, AnomalyKind};

/// How much room is made at once, in bytes.
const STEP: usize = 256 << 10;

/// What an archive may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that it may unpack to.
    pub unpacked: usize,
}

impl Limits {
    /// What cargo itself takes (`MAX_UNPACK_SIZE` in `cargo::sources::registry`).
    pub const CARGO: Self = Self {
        unpacked: 512 << 20,
    };
}

/// The tar stream, as far as it can be had: that of the first gzip member, which is all that cargo
/// reads.
pub(super) fn inflate(packed: &[u8], limits: Limits, anomalies: &mut Anomalies) -> Vec<u8> {
    let mut unpacked = Vec::new();
    let Some(body) = header(packed).and_then(|end| packed.get(end..)) else {
        anomalies.add(AnomalyKind::NotGzip, "", "");
        return unpacked;
    };
    let mut deflate = Decompress::new(false);
    let read = |deflate: &Decompress| usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
    loop {
        if unpacked.len() > limits.unpacked {
            let detail = format!("more than {} MiB", limits.unpacked >> 20);
            anomalies.add(AnomalyKind::TooLarge, "", detail);
            unpacked.truncate(limits.unpacked);
            return unpacked;
        }
        // One more than is allowed, to know that there is more.
        let room = limits.unpacked.saturating_sub(unpacked.len()) + 1;
        unpacked.reserve(STEP.min(room));
        let before = (deflate.total_in(), deflate.total_out());
        let input = body.get(read(&deflate)..).unwrap_or_default();
        let status = deflate.decompress_vec(input, &mut unpacked, FlushDecompress::None);
        match status {
            Ok(Status::StreamEnd) => break,
            Ok(_) if before != (deflate.total_in(), deflate.total_out()) => {}
            _ => {
                anomalies.add(AnomalyKind::NotGzip, "", "damaged or cut");
                return unpacked;
            }
        }
    }
    let behind = body.get(read(&deflate)..).unwrap_or_default();
    let Some((trailer, behind)) = behind.split_first_chunk::<8>() else {
        anomalies.add(AnomalyKind::NotGzip, "", "damaged or cut");
        return unpacked;
    };
    let mut expected = [0; 8];
    let (crc, len) = expected.split_at_mut(4);
    crc.copy_from_slice(&crc32fast::hash(&unpacked).to_le_bytes());
    let length = u32::try_from(unpacked.len() & 0xffff_ffff).unwrap_or_default();
    len.copy_from_slice(&length.to_le_bytes());
    if *trailer != expected {
        anomalies.add(AnomalyKind::NotGzip, "", "its own checksum is another");
    }
    if !behind.is_empty() {
        let detail = format!("{} bytes", behind.len());
        anomalies.add(AnomalyKind::BehindGzip, "", detail);
    }
    unpacked
}

/// Where the packed bytes begin (RFC 1952, 2.3).
fn header(packed: &[u8]) -> Option<usize> {
    const CHECKED: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let &[0x1f, 0x8b, 8, flags, ..] = packed else {
        return None;
    };
    let mut at = 10;
    if flags & EXTRA != 0 {
        let len: [u8; 2] = packed.get(at..at + 2)?.try_into().ok()?;
        at += 2 + usize::from(u16::from_le_bytes(len));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += 1 + memchr::memchr(0, packed.get(at..)?)?;
        }
    }
    if flags & CHECKED != 0 {
        at += 2;
    }
    Some(at)
}
