//! How a kept index begins: a line that says what it is, and a line of JSON under a checksum, from
//! which a reader learns how much more it has to read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::advisory::index::IndexError;

/// The head of an index.
pub(crate) fn write(magic: &str, header: &impl Serialize) -> String {
    // Serialising strings, numbers and lists cannot fail.
    let header = serde_json::to_string(header).unwrap_or_default();
    let checksum = crc32fast::hash(header.as_bytes());
    format!("{magic}{checksum:08x} {header}\n")
}

/// Reads a head whose second line has fewer than `most` bytes, and where it ends.
///
/// # Errors
/// [`IndexError`] if `start` does not hold such a head.
pub(crate) fn read<H: DeserializeOwned>(
    start: &[u8],
    magic: &str,
    most: usize,
) -> Result<(H, usize), IndexError> {
    let rest = start
        .strip_prefix(magic.as_bytes())
        .ok_or(IndexError::Magic)?;
    let end = memchr::memchr(b'\n', rest).filter(|end| *end < most);
    let line = end.and_then(|end| rest.get(..end));
    let line = line.ok_or_else(|| IndexError::Header("it does not end".to_owned()))?;
    let (sum, json) = line.split_at_checked(9).ok_or(IndexError::Damaged)?;
    if sum != format!("{:08x} ", crc32fast::hash(json)).as_bytes() {
        return Err(IndexError::Damaged);
    }
    let header = serde_json::from_slice(json);
    let header = header.map_err(|error| IndexError::Header(error.to_string()))?;
    Ok((header, magic.len() + line.len() + 1))
}
